/* The feature planner as a data structure, checked by simulations that share no code with it. */
#include "feature_support.h"

#include "features/steps.h"

static bw_feature_plan *plan_of(const char *list, int dims, const double spacing[3], const uint8_t *wanted) {
    bw_context *ctx = test_context(1);
    bw_recipe *recipe = test_recipe(list, 3, dims, spacing);
    bw_feature_plan *plan;
    assert_ok(ctx, bw_feature_plan_create(ctx, recipe, wanted, &plan));
    bw_recipe_free(recipe);
    bw_context_free(ctx);
    return plan;
}

/* Calls `check` with plans of all presets and of all rows: 2D and 3D, fast and exact, fine and coarse. */
static void for_plans(void (*check)(const bw_feature_plan *plan, int dims)) {
    static const double spacings[2][3] = {{1, 1, 1}, {0.2, 0.3, 0.5}}, values[] = {0.3, 2, 9};
    for (int dims = 2; dims <= 3; dims++)
        for (int mode = 0; mode < TEST_MODES; mode++)
            for (int s = test_quick(); s < 2; s++)
                for (size_t v = 0; v < sizeof values / sizeof *values + (size_t)bw_preset_count(); v++) {
                    char list[TEST_LIST] = "";
                    strcat(list, test_modes[mode]);
                    if (v < sizeof values / sizeof *values)
                        test_every_row(list, sizeof list, values[v], 1, "@c1+3");
                    else
                        strcat(list, bw_preset_get((int)(v - sizeof values / sizeof *values))->id);
                    if (dims == 3 && v == 1) test_every_row(list, sizeof list, values[v], 0, "@2d");
                    bw_feature_plan *plan = plan_of(list, dims, spacings[s], NULL);
                    check(plan, dims);
                    bw_feature_plan_free(plan);
                }
}

static int count_kind(const bw_feature_plan *plan, const char *name) {
    int count = 0;
    for (int s = 0; s < plan->step_count; s++)
        count += !strcmp(plan->steps[s].kind->name, name);
    return count;
}

/* ---- sharing --------------------------------------------------------------------------------------------------- */

static void check_counts(const char *list, int dims, int loads, int passes, int upsamplings, int steps) {
    bw_feature_plan *plan = plan_of(list, dims, NULL, NULL);
    if (count_kind(plan, "load") != loads || count_kind(plan, "pass") != passes ||
        count_kind(plan, "upsample") != upsamplings || plan->step_count != steps)
        fail_msg("%s: %d loads, %d passes, %d interpolations, %d steps", list, count_kind(plan, "load"),
                 count_kind(plan, "pass"), count_kind(plan, "upsample"), plan->step_count);
    bw_feature_plan_free(plan);
}

static void features_share_their_images(void **state) {
    (void)state;
    /* Along y orders 0, 1, 2; then along x 2, 1 | 1, 0 | 0; and length, sum, eigenvalues. */
    check_counts("exact;gradient:2@c1;laplacian:2@c1;hessian:2@c1", 2, 1, 3 + 5, 0, 1 + 8 + 3);
    check_counts("gradient:1.2@c1;laplacian:1.2@c1;hessian:1.2@c1", 2, 1, 3 + 5, 0, 1 + 8 + 3);
    /* Order 0 comes for one pass more. */
    check_counts("exact;gradient:2@c1;laplacian:2@c1;hessian:2@c1;gaussian:2@c1", 2, 1, 3 + 6, 0, 1 + 9 + 3 + 1);
    /* Presmoothing and smoothing, then along y 1, 2, along x 1, 2, and 1 after y's. */
    check_counts("gradient:2@c1;laplacian:2@c1;hessian:2@c1", 2, 1, 4 + 5, 0, 1 + 9 + 3);
    check_counts("gradient:2@c1;laplacian:2@c1;hessian:2@c1;gaussian:2@c1", 2, 1, 4 + 5, 0, 1 + 9 + 3 + 1);
    /* A second sigma has the presmoothed image for nothing. */
    check_counts("gaussian:2,3@c1", 2, 1, 2 + 2 + 2, 0, 1 + 6 + 2);
    /* On the pyramid: presmoothed, halved, smoothed; interpolated along both axes. */
    check_counts("gaussian:4@c1", 2, 1, 6, 2, 1 + 6 + 2 + 1);
    check_counts("gaussian:4,5@c1", 2, 1, 4 + 2 + 2, 4, 1 + 8 + 4 + 2);
    /* z 0, 1, 2; y of these 0, 1, 2 | 0, 1 | 0; x of these 0-2 ... 10 derivatives less order 0. */
    check_counts("exact;gradient:2@c1;laplacian:2@c1;hessian:2@c1", 3, 1, 3 + 6 + 9, 0, 1 + 18 + 3);
    /* Channels share nothing; slices and stacks share nothing but are both made. */
    check_counts("exact;gaussian:2", 2, 3, 6, 0, 3 + 6 + 3);
    check_counts("exact;gaussian:2@c1;gaussian:2@2d@c1", 3, 2, 3 + 2, 0, 2 + 5 + 2);
}

static int same(const bw_feature_plan *plan, const bw_step *a, const bw_step *b) {
    int equal = a->kind == b->kind && a->input_count == b->input_count && a->dims == b->dims && a->axis == b->axis &&
                a->kernel == b->kernel && a->scaling == b->scaling && a->channel == b->channel && a->raw == b->raw &&
                plan->nodes[a->first].precision == plan->nodes[b->first].precision;
    for (int i = 0; i < a->input_count && equal; i++)
        equal = a->inputs[i] == b->inputs[i];
    for (int i = 0; i < BW_MAX_PARAMETERS && equal; i++)
        equal = a->parameter[i] == b->parameter[i];
    return equal;
}

static void check_unique(const bw_feature_plan *plan, int dims) {
    (void)dims;
    for (int a = 0; a < plan->step_count; a++)
        for (int b = 0; b < a; b++)
            if (plan->steps[a].input_count && same(plan, &plan->steps[a], &plan->steps[b]))
                fail_msg("steps %d and %d are the same (%s)", b + 1, a + 1, plan->steps[a].kind->name);
}

static void no_step_is_there_twice(void **state) {
    (void)state;
    for_plans(check_unique);
}

/* Steps whose images nobody reads or emits. */
static void check_used(const bw_feature_plan *plan, int dims) {
    (void)dims;
    uint8_t *used = calloc((size_t)plan->node_count, 1);
    assert_non_null(used);
    for (int s = 0; s < plan->step_count; s++)
        for (int i = 0; i < plan->steps[s].input_count; i++)
            used[plan->steps[s].inputs[i]] = 1;
    for (int e = 0; e < plan->emission_count; e++)
        used[plan->emissions[e].node] = 1;
    for (int s = 0; s < plan->step_count; s++) {
        int any = 0;
        for (int o = 0; o < plan->steps[s].outputs; o++)
            any |= used[plan->steps[s].first + o];
        if (!any) fail_msg("step %d (%s) is for nothing", s + 1, plan->steps[s].kind->name);
    }
    free(used);
}

static void every_step_is_needed(void **state) {
    (void)state;
    for_plans(check_used);
}

/* ---- independence ---------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, const void *bytes, size_t count) {
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3u;
    return hash;
}

static uint64_t part_signature(const bw_feature_plan *plan, int part, int index);

/* Of all that an image's values depend on, back to the pixels; whole: the plan that this one is a part of, or NULL. */
static uint64_t step_signature(const bw_feature_plan *plan, int index, const bw_feature_plan *whole, int part) {
    const bw_node *node = &plan->nodes[index];
    const bw_step *step = &plan->steps[node->step];
    const int facts[] = {index - step->first, (int)node->precision, step->dims,    (int)step->scaling,
                         step->axis,          step->channel,        step->raw,     step->outputs,
                         node->level[0],      node->level[1],       node->level[2]};
    uint64_t hash = mix(0xcbf29ce484222325u, step->kind->name, strlen(step->kind->name));
    hash = mix(hash, facts, sizeof facts);
    hash = mix(hash, step->parameter, sizeof step->parameter);
    if (step->kernel >= 0) {
        const bw_kernel *kernel = &plan->kernels[step->kernel];
        hash = mix(hash, kernel->taps, ((size_t)kernel->radius + 1) * sizeof *kernel->taps);
    }
    for (int i = 0; i < step->input_count; i++) {
        const int in = step->inputs[i];
        const uint64_t input = whole ? part_signature(whole, part, in) : step_signature(plan, in, NULL, 0);
        hash = mix(hash, &input, sizeof input);
    }
    return hash;
}

static uint64_t signature(const bw_feature_plan *plan, int index) {
    return step_signature(plan, index, NULL, 0);
}

static int node_of(const bw_feature_plan *plan, int feature) {
    for (int e = 0; e < plan->emission_count; e++)
        if (plan->emissions[e].index == feature) return plan->emissions[e].node;
    fail_msg("feature %d is not made", feature);
    return 0;
}

/* The same steps, and none more, whatever else is in the list. */
static void check_alone(const char *list, int dims) {
    const double spacing[3] = {1, 1, 1.7};
    bw_recipe *recipe = test_recipe(list, 3, dims, spacing);
    const int count = bw_recipe_count(recipe);
    bw_feature_plan *all = plan_of(list, dims, spacing, NULL);
    uint8_t *wanted = calloc((size_t)count, 1);
    assert_non_null(wanted);
    assert_int_equal(all->emission_count, count);
    for (int f = 0; f < count; f++) {
        wanted[f] = 1;
        bw_feature_plan *one = plan_of(list, dims, spacing, wanted);
        wanted[f] = 0;
        assert_int_equal(one->emission_count, 1);
        assert_int_equal(one->emissions[0].index, f);
        assert_true(one->step_count <= all->step_count);
        check_used(one, dims);
        if (signature(one, node_of(one, f)) != signature(all, node_of(all, f))) {
            char name[160];
            bw_recipe_name(recipe, f, name, sizeof name);
            fail_msg("%s is made in another way among others", name);
        }
        bw_feature_plan_free(one);
    }
    free(wanted);
    bw_feature_plan_free(all);
    bw_recipe_free(recipe);
}

static void features_do_not_depend_on_their_company(void **state) {
    (void)state;
    for (int mode = 0; mode < TEST_MODES; mode++)
        for (int dims = 2; dims <= 3; dims++) {
            char list[TEST_LIST] = "";
            strcat(list, test_modes[mode]);
            test_every_row(list, sizeof list, 1.6, 1, "@c2");
            strcat(list,
                   ";gaussian:1.3,3.4,3.6,20;hessian:3.5,8@c1;structure:3.5,8@c2;dog:3.5;energy:7;normalised:1.6@c1");
            check_alone(list, dims);
        }
}

static void unwanted_features_cost_nothing(void **state) {
    (void)state;
    const uint8_t first[] = {1, 0, 0}, none[] = {0, 0, 0};
    bw_feature_plan *masked = plan_of("gaussian:2@c1;hessian:2@c1", 2, NULL, first);
    bw_feature_plan *alone = plan_of("gaussian:2@c1", 2, NULL, NULL);
    const int64_t extent[3] = {100, 80, 1}, size[3] = {1000, 1000, 1};
    assert_int_equal(masked->step_count, alone->step_count);
    assert_int_equal(masked->buffer_count, alone->buffer_count);
    assert_int_equal(bw_feature_plan_scratch(masked, extent, size), bw_feature_plan_scratch(alone, extent, size));
    assert_true(bw_feature_plan_cost(masked, extent, size) == bw_feature_plan_cost(alone, extent, size));
    bw_feature_plan_free(masked);
    bw_feature_plan_free(alone);
    bw_feature_plan *empty = plan_of("gaussian:2@c1;hessian:2@c1", 2, NULL, none);
    assert_int_equal(empty->step_count, 0);
    bw_feature_plan_free(empty);
    /* Channels that no wanted feature looks at are not read. */
    bw_feature_plan *second = plan_of("gaussian:2@c2", 2, NULL, NULL);
    assert_int_equal(bw_feature_plan_uses_channel(second, 0), 0);
    assert_int_equal(bw_feature_plan_uses_channel(second, 1), 1);
    bw_feature_plan_free(second);
}

/* ---- buffers --------------------------------------------------------------------------------------------------- */

/* What a buffer holds: an image, or the slab of one that its group works on. */
typedef struct content {
    int node, slab;
} content;

enum { SLABS = 3, WHOLE = -1 };

static void simulate_step(const bw_feature_plan *plan, int s, int slab, content *buffers) {
    const bw_step *step = &plan->steps[s];
    for (int i = 0; i < step->input_count; i++) {
        const bw_node *in = &plan->nodes[step->inputs[i]];
        if (in->slot >= 0) continue;
        const content *held = &buffers[in->buffer];
        if (held->node != step->inputs[i] || (in->local && held->slab != slab))
            fail_msg("step %d reads image %d from buffer %d, which holds %d", s + 1, step->inputs[i], in->buffer,
                     held->node);
    }
    for (int o = 0; o < step->outputs; o++) {
        const int index = step->first + o;
        const bw_node *out = &plan->nodes[index];
        if (out->slot >= 0) continue;
        content *held = &buffers[out->buffer];
        assert_in_range(out->buffer, 0, plan->buffer_count - 1);
        if (!out->local && slab && held->node != index)
            fail_msg("image %d lost its first slabs in buffer %d to %d", index, out->buffer, held->node);
        for (int i = 0; i < step->input_count; i++)
            if (plan->nodes[step->inputs[i]].buffer == out->buffer) fail_msg("step %d writes over its input", s + 1);
        for (int other = 0; other < o; other++)
            assert_true(plan->nodes[step->first + other].buffer != out->buffer);
        *held = (content){index, out->local ? slab : WHOLE};
    }
}

static void check_buffers(const bw_feature_plan *plan, int dims) {
    (void)dims;
    content *buffers = malloc(((size_t)plan->buffer_count + 1) * sizeof *buffers);
    assert_non_null(buffers);
    for (int b = 0; b < plan->buffer_count; b++)
        buffers[b] = (content){-1, WHOLE};
    for (int g = 0; g < plan->group_count; g++)
        for (int slab = 0; slab < SLABS; slab++)
            for (int s = plan->groups[g].first; s < plan->groups[g].end; s++)
                simulate_step(plan, s, slab, buffers);
    free(buffers);
}

static void images_keep_their_buffers_as_long_as_they_are_read(void **state) {
    (void)state;
    for_plans(check_buffers);
}

/* ---- groups ---------------------------------------------------------------------------------------------------- */

static int group_of(const bw_feature_plan *plan, int step) {
    int g = 0;
    while (step >= plan->groups[g].end)
        g++;
    return g;
}

static void check_groups(const bw_feature_plan *plan, int dims) {
    int next = plan->stored;
    (void)dims;
    for (int g = 0; g < plan->group_count; g++) {
        assert_int_equal(plan->groups[g].first, next);
        assert_true(plan->groups[g].end > next);
        next = plan->groups[g].end;
    }
    assert_int_equal(next, plan->step_count);
    for (int s = plan->stored; s < plan->step_count; s++) {
        const bw_step *step = &plan->steps[s];
        const int axis = plan->groups[group_of(plan, s)].axis;
        const int looks = step->reach[axis] > 0 || (step->axis == axis && (step->kernel >= 0 || step->scaling));
        for (int i = 0; i < step->input_count; i++) {
            const bw_node *in = &plan->nodes[step->inputs[i]];
            const int neighbours = in->step >= plan->stored && group_of(plan, in->step) == group_of(plan, s);
            assert_true(in->step < s);
            if (neighbours && looks) fail_msg("step %d looks beyond the slab of a slabwise image", s + 1);
            if (in->local && !neighbours) fail_msg("step %d reads a slab of another group", s + 1);
            if (neighbours) assert_int_equal(in->level[axis], plan->nodes[step->first].level[axis]);
        }
    }
    for (int e = 1; e < plan->emission_count; e++)
        assert_true(plan->nodes[plan->emissions[e - 1].node].step <= plan->nodes[plan->emissions[e].node].step);
}

static void groups_run_slab_by_slab(void **state) {
    (void)state;
    for_plans(check_groups);
}

/* ---- margins --------------------------------------------------------------------------------------------------- */

/* Offsets from `at` that a step reads along an axis to make an output pixel; at: where they count from. */
static void window_of(const bw_feature_plan *plan, const bw_step *step, int axis, int64_t out, int64_t *at,
                      int64_t *before, int64_t *after) {
    const int along = axis == step->axis;
    *at = out;
    *before = *after = step->reach[axis];
    if (along && step->kernel >= 0) *before = *after = plan->kernels[step->kernel].radius;
    if (along && step->scaling == BW_HALVE) *at = 2 * out;
    if (along && step->scaling == BW_TWICE) {
        *at = out >> 1;
        *before = out % 2 || axis == 0 ? 3 : 0; /* eight samples around; along rows for even pixels too */
        *after = out % 2 || axis == 0 ? 4 : 0;
    }
}

static void check_window(const bw_feature_plan *plan, int s, const bw_node *in, const bw_box *in_box,
                         const bw_box *out_box, const int64_t size[3]) {
    for (int axis = 0; axis < 3; axis++)
        for (int64_t p = out_box->lo[axis]; p < out_box->hi[axis]; p++) {
            int64_t at, before, after;
            window_of(plan, &plan->steps[s], axis, p, &at, &before, &after);
            for (int64_t q = at - before; q <= at + after; q++) {
                const int64_t from = in->cut[axis] ? bw_mirror_on(in->level[axis], q, size[axis]) : q;
                if (from < in_box->lo[axis] || from >= in_box->hi[axis])
                    fail_msg("step %d (%s) reads position %d along %c; its input covers %d to %d", s + 1,
                             plan->steps[s].kind->name, (int)from, "xyz"[axis], (int)in_box -> lo[axis],
                             (int)in_box -> hi[axis] - 1);
            }
        }
}

static void check_tile_margins(const bw_feature_plan *plan, const bw_box *tile, const int64_t size[3]) {
    for (int s = 0; s < plan->step_count; s++) {
        const bw_step *step = &plan->steps[s];
        const bw_box out = bw_node_box(&plan->nodes[step->first], tile, size);
        for (int o = 1; o < step->outputs; o++) {
            const bw_box other = bw_node_box(&plan->nodes[step->first + o], tile, size);
            assert_memory_equal(&other, &out, sizeof out);
        }
        for (int i = 0; i < step->input_count; i++) {
            const bw_node *in = &plan->nodes[step->inputs[i]];
            const bw_box box = bw_node_box(in, tile, size);
            check_window(plan, s, in, &box, &out, size);
        }
    }
    for (int e = 0; e < plan->emission_count; e++) {
        const bw_node *node = &plan->nodes[plan->emissions[e].node];
        const bw_box box = bw_node_box(node, tile, size);
        for (int axis = 0; axis < 3; axis++) {
            assert_int_equal(node->level[axis], 0);
            assert_true(box.lo[axis] <= tile->lo[axis] && box.hi[axis] >= tile->hi[axis]);
        }
    }
}

static void check_margins(const bw_feature_plan *plan, int dims) {
    static const int64_t sizes[][3] = {{1, 1, 1}, {3, 2, 2}, {37, 50, 11}, {700, 650, 300}};
    static const bw_box tiles[] = {{{0, 0, 0}, {1, 1, 1}},
                                   {{0, 0, 0}, {3, 2, 2}},
                                   {{0, 0, 0}, {37, 50, 11}},
                                   {{13, 7, 5}, {26, 50, 6}},
                                   {{35, 49, 10}, {37, 50, 11}},
                                   {{301, 290, 151}, {318, 301, 158}},
                                   {{687, 620, 299}, {700, 650, 300}}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t t = 0; t < sizeof tiles / sizeof *tiles; t++) {
            bw_box tile = tiles[t];
            int64_t size[3];
            memcpy(size, sizes[s], sizeof size);
            int inside = 1;
            for (int axis = 0; axis < 3; axis++)
                inside &= tile.hi[axis] <= size[axis];
            if (inside && (dims == 3 || size[2] > 1 || t < 2)) check_tile_margins(plan, &tile, size);
        }
}

static void images_cover_what_is_read(void **state) {
    (void)state;
    for_plans(check_margins);
}

/* ---- scratch --------------------------------------------------------------------------------------------------- */

/* The most pixels that an image covers along an axis, over all positions of a tile far from the frame's ends. */
static int64_t most_along(const bw_node *node, int axis, int64_t extent) {
    const int64_t huge[3] = {(int64_t)1 << 40, (int64_t)1 << 40, (int64_t)1 << 40};
    int64_t most = 0;
    for (int64_t phase = 0; phase < (int64_t)1 << node->level[axis]; phase++) {
        bw_box tile = {{1 << 30, 1 << 30, 1 << 30}, {(1 << 30) + 1, (1 << 30) + 1, (1 << 30) + 1}};
        tile.lo[axis] += phase;
        tile.hi[axis] = tile.lo[axis] + extent;
        const bw_box box = bw_node_box(node, &tile, huge);
        if (bw_box_extent(&box, axis) > most) most = bw_box_extent(&box, axis);
    }
    return most;
}

static int64_t in_lines(int64_t bytes) {
    return (bytes + 63) / 64 * 64;
}

/* A buffer's room and the steps during which its images are in use, from the images themselves. */
typedef struct lease {
    int64_t bytes;
    int from, until;
} lease;

static lease *leases_of(const bw_feature_plan *plan, const int64_t extent[3]) {
    lease *leases = calloc((size_t)plan->buffer_count + 1, sizeof *leases);
    assert_non_null(leases);
    for (int b = 0; b < plan->buffer_count; b++)
        leases[b].from = plan->step_count;
    for (int n = 0; n < plan->node_count; n++) {
        const bw_node *node = &plan->nodes[n];
        if (node->slot >= 0) continue;
        const bw_group *made = &plan->groups[group_of(plan, node->step)],
                       *read = &plan->groups[group_of(plan, node->last)];
        lease *l = &leases[node->buffer];
        bw_box box = {{0, 0, 0}, {0, 0, 0}};
        for (int axis = 0; axis < 3; axis++)
            box.hi[axis] = most_along(node, axis, extent[axis]);
        const int64_t thickness = bw_slab_thickness(made->axis, extent);
        if (node->local && box.hi[made->axis] > thickness) box.hi[made->axis] = thickness;
        const bw_view view = bw_view_padded(NULL, node->precision, &box);
        if (in_lines(bw_view_bytes(&view)) > l->bytes) l->bytes = in_lines(bw_view_bytes(&view));
        /* Slab by slab, all of a group's steps run again and again. */
        if (made->first < l->from) l->from = made->first;
        if (read->end > l->until) l->until = read->end;
    }
    return leases;
}

static int64_t expected_room(const bw_feature_plan *plan, const int64_t extent[3]) {
    int64_t room = 0;
    for (int e = 0; e < plan->emission_count; e++) { /* a slab as floats */
        const int slabs = plan->groups[group_of(plan, plan->nodes[plan->emissions[e].node].step)].axis;
        bw_box slab = {{0, 0, 0}, {extent[0], extent[1], extent[2]}};
        if (slab.hi[slabs] > bw_slab_thickness(slabs, extent)) slab.hi[slabs] = bw_slab_thickness(slabs, extent);
        const bw_view emitted = bw_view_padded(NULL, BW_SINGLE, &slab);
        if (bw_view_bytes(&emitted) > room) room = bw_view_bytes(&emitted);
    }
    for (int s = 0; s < plan->step_count; s++) {
        const bw_step *step = &plan->steps[s];
        const int slabs = plan->groups[group_of(plan, s)].axis;
        bw_box box = {{0, 0, 0}, {0, 0, 0}};
        for (int axis = 0; axis < 3; axis++)
            box.hi[axis] = most_along(&plan->nodes[step->first], axis, extent[axis]);
        if (plan->nodes[step->first].local && box.hi[slabs] > bw_slab_thickness(slabs, extent))
            box.hi[slabs] = bw_slab_thickness(slabs, extent);
        const int64_t own = step->kind->scratch ? step->kind->scratch(step, &box) : 0;
        if (own > room) room = own;
    }
    return in_lines(room);
}

/* Buffers in use at the same time do not lie on one another, and the scratch ends where the last one and the steps' own
 * room end. */
static void check_layout(const bw_feature_plan *plan, const int64_t extent[3]) {
    const int64_t size[3] = {1 << 20, 1 << 20, 1 << 20};
    const int count = plan->buffer_count;
    lease *leases = leases_of(plan, extent);
    int64_t *offsets = calloc(2 * (size_t)count + 1, sizeof *offsets), end = 0, sum = 0;
    assert_non_null(offsets);
    bw_plan_layout(plan, extent, size, offsets);
    for (int b = 0; b < count; b++) {
        assert_true(offsets[b] >= (2 * count + 1) * (int64_t)sizeof *offsets && offsets[b] % 64 == 0);
        for (int a = 0; a < b; a++)
            if (leases[a].from < leases[b].until && leases[b].from < leases[a].until)
                assert_true(offsets[a] + leases[a].bytes <= offsets[b] || offsets[b] + leases[b].bytes <= offsets[a]);
        if (offsets[b] + leases[b].bytes > end) end = offsets[b] + leases[b].bytes;
        sum += leases[b].bytes;
    }
    assert_int_equal(offsets[count], count ? end : in_lines((int64_t)sizeof *offsets));
    assert_true(end <= sum + in_lines((2 * count + 1) * (int64_t)sizeof *offsets));
    assert_int_equal(bw_feature_plan_scratch(plan, extent, size), offsets[count] + expected_room(plan, extent));
    free(offsets);
    free(leases);
}

static void check_scratch(const bw_feature_plan *plan, int dims) {
    static const int64_t extents[][3] = {{1, 1, 1}, {64, 64, 1}, {33, 47, 9}, {512, 300, 1}, {101, 16, 40}};
    const int64_t size[3] = {1 << 20, 1 << 20, 1 << 20}, larger[3] = {1 << 22, 1 << 23, 1 << 21};
    (void)dims;
    for (size_t e = 0; e < sizeof extents / sizeof *extents; e++) {
        check_layout(plan, extents[e]);
        const int64_t bytes = bw_feature_plan_scratch(plan, extents[e], size);
        /* Bounded by the tile: the frame does not matter. */
        assert_int_equal(bw_feature_plan_scratch(plan, extents[e], larger), bytes);
        /* A small frame needs no more. */
        assert_true(bw_feature_plan_scratch(plan, extents[e], extents[e]) <= bytes);
    }
}

static void buffers_do_not_lie_on_one_another(void **state) {
    (void)state;
    for_plans(check_scratch);
}

/* Tiles at all ends of frames and in the middle need no more than the scratch for such tiles holds. */
static void check_scratch_bound(const bw_feature_plan *plan) {
    static const int64_t extents[][3] = {{1, 1, 1}, {48, 64, 16}, {16, 80, 33}};
    const int64_t size[3] = {301, 280, 131};
    int64_t *offsets = calloc(2 * (size_t)plan->buffer_count + 1, sizeof *offsets);
    assert_non_null(offsets);
    for (size_t e = 0; e < sizeof extents / sizeof *extents; e++) {
        bw_plan_layout(plan, extents[e], size, offsets);
        const int64_t *end = offsets + plan->buffer_count + 1;
        for (int at = 0; at < 27; at++) {
            const int place[3] = {at % 3, at / 3 % 3, at / 9};
            bw_box tile;
            for (int axis = 0; axis < 3; axis++) {
                tile.lo[axis] = place[axis] == 0 ? 0 : place[axis] == 1 ? 96 : size[axis] - extents[e][axis];
                tile.hi[axis] = tile.lo[axis] + extents[e][axis];
            }
            for (int n = 0; n < plan->node_count; n++) {
                const bw_node *node = &plan->nodes[n];
                if (node->slot >= 0) continue;
                bw_box box = bw_node_box(node, &tile, size);
                const int axis = plan->groups[group_of(plan, node->step)].axis;
                const int64_t slab = bw_slab_thickness(axis, extents[e]);
                if (node->local && bw_box_extent(&box, axis) > slab) box.hi[axis] = box.lo[axis] + slab;
                const bw_view view = bw_view_padded(NULL, node->precision, &box);
                assert_true(bw_view_bytes(&view) <= end[node->buffer] - offsets[node->buffer]);
            }
        }
    }
    free(offsets);
}

/* Rows do not lie on each other, whatever their length, and longer ones never need less. */
static void rows_are_padded(void **state) {
    (void)state;
    int64_t before = 0;
    for (int64_t n = 1; n < 3000; n++) {
        const bw_box box = {{-7, 3, 2}, {n - 7, 8, 5}};
        const bw_view view = bw_view_padded(NULL, BW_SINGLE, &box);
        assert_true(view.row >= n && view.plane >= 5 * view.row && view.row % 16 == 0 && view.plane % 16 == 0);
        assert_true(view.row * 4 % 1024 && view.plane * 4 % 1024);
        assert_true(bw_view_bytes(&view) >= before);
        before = bw_view_bytes(&view);
    }
}

/* Tiles of all sizes up to the largest, at corners and odd places: the values of the whole frame, no byte behind the
 * scratch, no allocation. Sizes are such that narrow tiles have thicker slabs than the largest one. */
static void check_tiles(const char *list, int dims, const int64_t size[3], const int64_t largest[3]) {
    bw_image_info info = test_info(BW_FLOAT32, size[0], size[1], size[2]);
    info.channels = 3;
    bw_image *image = test_noise(&info), *whole = test_compute(list, image, dims, NULL, 1);
    bw_feature_plan *plan = plan_of(list, dims, NULL, NULL);
    test_tiles tiles = test_tiles_open(plan, image, largest);
    tiles.wanted = whole;
    const uint64_t held = bw_memory_in_use();
    bw_memory_reset_peak();
    for (int t = 0; t < 14; t += test_quick() ? 3 : 1) { /* corners and odd places either way */
        bw_box tile;
        for (int axis = 0; axis < 3; axis++) {
            const int64_t extents[] = {1, largest[axis], largest[axis] / 2 + 1, 3};
            int64_t extent = extents[t < 8 ? 1 : (t + axis) % 4];
            extent = extent < largest[axis] ? extent : largest[axis];
            const int64_t far = size[axis] - extent;
            tile.lo[axis] = t < 8 ? (t >> axis & 1 ? far : 0) : far * ((t * 7 + axis * 3) % 11) / 10;
            tile.hi[axis] = tile.lo[axis] + extent;
        }
        test_tiles_run(&tiles, &tile);
    }
    assert_int_equal(bw_memory_peak(), held);
    assert_int_equal(bw_memory_in_use(), held);
    test_tiles_close(&tiles);
    bw_feature_plan_free(plan);
    bw_image_free(whole);
    bw_image_free(image);
}

static void tiles_stay_within_their_scratch(void **state) {
    (void)state;
    const int64_t flat[3] = {211, 167, 1}, wide[3] = {97, 101, 1}, deep[3] = {40, 37, 23}, block[3] = {23, 19, 11};
    for (int mode = 0; mode < TEST_MODES; mode++) {
        char list[TEST_LIST] = "";
        strcat(list, test_modes[mode]);
        test_every_row(list, sizeof list, 1.6, 1, "@c2");
        strcat(list, ";gaussian:4,9@c1;hessian:5@c3;structure:4@c1");
        check_tiles(list, 2, flat, wide);
        check_tiles(list, 3, deep, block);
    }
    /* One-pixel tiles in the scratch of a very wide one. */
    const int64_t long_[3] = {1300, 420, 1}, strip[3] = {1100, 400, 1};
    check_tiles("gaussian:1,4@c1;hessian:2@c1;median:2@c1", 2, long_, strip);
}

/* ---- parts ----------------------------------------------------------------------------------------------------- */

/* As `signature`, through what earlier parts keep. */
static uint64_t part_signature(const bw_feature_plan *plan, int part, int index) {
    const bw_feature_plan *p = bw_feature_plan_part(plan, part);
    const bw_node *node = &p->nodes[index];
    if (node->step >= p->stored) return step_signature(p, index, plan, part);
    const bw_slot *slot = &plan->slots[node->slot];
    assert_true(slot->made < part && slot->last >= part);
    return part_signature(plan, slot->made, slot->node);
}

/* The parts together make what the plan makes as a whole, and nothing twice. */
static void check_parts(const bw_feature_plan *plan, int dims) {
    const int count = bw_feature_plan_part_count(plan);
    (void)dims;
    if (!count) return;
    const bw_feature_plan *last = bw_feature_plan_part(plan, count - 1);
    assert_int_equal(last->emission_count, plan->emission_count);
    for (int e = 0; e < last->emission_count; e++) {
        const uint64_t wanted = signature(plan, node_of(plan, last->emissions[e].index));
        if (part_signature(plan, count - 1, last->emissions[e].node) != wanted)
            fail_msg("feature %d is made in another way in parts", last->emissions[e].index);
    }
    for (int k = 0; k < plan->slot_count; k++) {
        const bw_slot *slot = &plan->slots[k];
        const bw_node *node = &bw_feature_plan_part(plan, slot->made)->nodes[slot->node];
        assert_true(slot->made < slot->last && slot->last < count);
        assert_int_equal(node->slot, k);
        assert_true(node->level[0] + node->level[1] + node->level[2] > 0);
    }
}

static void parts_make_the_same(void **state) {
    (void)state;
    for_plans(check_parts);
}

/* Every part as a plan of its own. */
static void check_each_part(const bw_feature_plan *plan, int dims) {
    for (int p = 0; p < bw_feature_plan_part_count(plan); p++) {
        check_buffers(bw_feature_plan_part(plan, p), dims);
        check_groups(bw_feature_plan_part(plan, p), dims);
        check_scratch_bound(bw_feature_plan_part(plan, p));
    }
}

static void parts_are_sound_plans(void **state) {
    (void)state;
    for_plans(check_each_part);
}

/* Reads of a part's tile, slots included. */
static void check_part_reads(const bw_feature_plan *part, const bw_box *tile, const bw_box *slots,
                             const int64_t size[3]) {
    for (int s = part->stored; s < part->step_count; s++) {
        const bw_box out = bw_node_box(&part->nodes[part->steps[s].first], tile, size);
        for (int i = 0; i < part->steps[s].input_count; i++) {
            const bw_node *in = &part->nodes[part->steps[s].inputs[i]];
            const bw_box box = in->slot >= 0 ? slots[in->slot] : bw_node_box(in, tile, size);
            check_window(part, s, in, &box, &out, size);
        }
    }
}

/* The tiles of a part fill its slots, each pixel once. */
static void check_slots_filled(const bw_feature_plan *plan, int p, const bw_shares *tiles, const bw_box *slots,
                               const int64_t size[3]) {
    const bw_feature_plan *part = bw_feature_plan_part(plan, p);
    for (int k = 0; k < plan->slot_count; k++) {
        int64_t filled = 0;
        if (plan->slots[k].made != p) continue;
        for (int64_t t = 0; t < bw_share_count(tiles); t++) {
            const bw_box tile = bw_share_box(tiles, t);
            const bw_box box = bw_node_box(&part->nodes[plan->slots[k].node], &tile, size);
            for (int axis = 0; axis < 3; axis++)
                assert_true(box.lo[axis] >= slots[k].lo[axis] && box.hi[axis] <= slots[k].hi[axis]);
            filled += bw_box_count(&box);
        }
        assert_int_equal(filled, bw_box_count(&slots[k]));
    }
}

static void check_region(const bw_feature_plan *plan, const bw_box *region, const int64_t size[3],
                         const int64_t most[3]) {
    bw_box *slots = calloc((size_t)plan->slot_count, sizeof *slots), parts[BW_MAX_PARTS];
    assert_non_null(slots);
    bw_feature_plan_regions(plan, region, size, parts, slots);
    for (int p = 0; p < bw_feature_plan_part_count(plan); p++) {
        int64_t step[3];
        bw_feature_plan_alignment(plan, p, step);
        const bw_shares tiles = bw_share_out(&parts[p], most, step);
        for (int64_t t = 0; t < bw_share_count(&tiles); t++) {
            const bw_box tile = bw_share_box(&tiles, t);
            check_part_reads(bw_feature_plan_part(plan, p), &tile, slots, size);
        }
        check_slots_filled(plan, p, &tiles, slots, size);
    }
    free(slots);
}

/* Regions at corners and in the middle of large and of tiny frames. */
static void check_regions(const bw_feature_plan *plan, int dims) {
    static const int64_t sizes[][3] = {{1, 1, 1}, {3, 2, 2}, {37, 50, 11}, {230, 201, 90}};
    static const int64_t most[][3] = {{100, 200, 64}, {48, 33, 40}};
    if (!bw_feature_plan_part_count(plan)) return;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int r = 0; r < 4; r++) {
            bw_box region = {{0, 0, 0}, {0, 0, 0}};
            int64_t size[3];
            memcpy(size, sizes[s], sizeof size);
            if (dims == 2) size[2] = 1;
            for (int axis = 0; axis < 3; axis++) {
                region.lo[axis] = r == 0 || r == 1 ? 0 : size[axis] * (1 + axis) / 5;
                region.hi[axis] = r == 0 || r == 2 ? size[axis] : size[axis] - size[axis] * (2 - axis % 2) / 6;
            }
            check_region(plan, &region, size, most[s % 2]);
        }
}

static void slots_hold_what_is_read(void **state) {
    (void)state;
    for_plans(check_regions);
}

typedef struct by_parts {
    test_tiles whole; /* for comparing */
    bw_box parts[BW_MAX_PARTS], *slots;
    bw_view *store;
} by_parts;

static void run_part(by_parts *run, const bw_feature_plan *plan, int p, const int64_t most[3]) {
    const bw_feature_plan *part = bw_feature_plan_part(plan, p);
    test_tiles *t = &run->whole;
    int64_t step[3];
    bw_feature_plan_alignment(plan, p, step);
    const bw_shares tiles = bw_share_out(&run->parts[p], most, step);
    const int64_t bytes = bw_feature_plan_scratch(part, tiles.extent, t->size);
    char *scratch = bw_alloc(t->ctx, (uint64_t)bytes + TEST_CANARY, 1, "scratch");
    assert_non_null(scratch);
    memset(scratch, 0xff, (size_t)bytes);
    memset(scratch + bytes, test_canary, TEST_CANARY);
    assert_ok(t->ctx, bw_store_begin(t->ctx, plan, p, run->slots, run->store));
    for (int k = 0; k < plan->slot_count; k++) /* not-a-number */
        if (plan->slots[k].made == p) memset(run->store[k].data, 0xff, (size_t)bw_view_bytes(&run->store[k]));
    for (int64_t i = bw_share_count(&tiles) - 1; i >= 0; i--) {
        bw_tile_task task = {.plan = part,
                             .level = t->level,
                             .tile = bw_share_box(&tiles, i),
                             .frame = bw_source_frame(&t->source, 0),
                             .emit = test_tiles_compare,
                             .user = t,
                             .scratch = scratch,
                             .store = run->store};
        memcpy(task.largest, tiles.extent, sizeof task.largest);
        assert_ok(t->ctx, bw_features_tile(t->ctx, &task));
    }
    for (int i = 0; i < TEST_CANARY; i++)
        assert_int_equal((unsigned char)scratch[bytes + i], test_canary);
    bw_free(scratch);
}

/* Runs a region in parts and compares its features with the whole frame's. */
static void check_values(const char *list, const bw_image *image, int dims, const double spacing[3],
                         const bw_box *region, const int64_t most[3]) {
    bw_feature_plan *plan = plan_of(list, dims, spacing, NULL);
    bw_image *whole = test_compute(list, image, dims, spacing, 1);
    const int count = bw_feature_plan_part_count(plan);
    assert_true(count > 1);
    by_parts run = {.whole = test_tiles_open(plan, image, most),
                    .slots = calloc((size_t)plan->slot_count, sizeof *run.slots),
                    .store = calloc((size_t)plan->slot_count, sizeof *run.store)};
    assert_true(run.slots && run.store);
    run.whole.wanted = whole;
    bw_feature_plan_regions(plan, region, run.whole.size, run.parts, run.slots);
    const uint64_t held = bw_memory_in_use();
    for (int p = 0; p < count; p++)
        run_part(&run, plan, p, most);
    assert_int_equal(run.whole.seen, bw_box_count(region) * plan->emission_count);
    bw_store_end(plan, run.store);
    assert_int_equal(bw_memory_in_use(), held);
    test_tiles_close(&run.whole);
    free(run.slots);
    free(run.store);
    bw_image_free(whole);
    bw_feature_plan_free(plan);
}

static void parts_have_the_values_of_the_whole(void **state) {
    (void)state;
    static const char list[] = "gaussian:4,9,30@c1;hessian:3.5,11@c3;structure:4,16@c1;laplacian:0.7,40@c2;dog:5,9@c1;"
                               "energy:8@c2;median:2@c1;original";
    static const double even[3] = {1, 1, 1}, deep[3] = {1, 0.7, 2.5};
    const int64_t sizes[][3] = {{150, 131, 1}, {64, 49, 41}, {21, 9, 3}};
    for (int s = 0; s < 3; s++)
        for (int r = 0; r < 3; r++) {
            const int64_t *size = sizes[s], most[3] = {r ? 40 : 100, r ? 64 : 33, r == 1 ? 100 : 16};
            bw_image_info info = test_info(BW_FLOAT32, size[0], size[1], size[2]);
            bw_box region = {{0, 0, 0}, {size[0], size[1], size[2]}};
            info.channels = 3;
            if (r == 2) region = (bw_box){{size[0] / 3, size[1] / 4, size[2] / 2}, {size[0] - 2, size[1] - 1, size[2]}};
            bw_image *image = test_noise(&info);
            check_values(list, image, s ? 3 : 2, r == 1 ? deep : even, &region, most);
            bw_image_free(image);
        }
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

static void plans_can_be_read(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_recipe *recipe = test_recipe("hessian:5;median:2", 1, 2, NULL);
    bw_feature_plan *plan;
    char *text, first[80];
    assert_ok(ctx, bw_feature_plan_create(ctx, recipe, NULL, &plan));
    assert_ok(ctx, bw_recipe_describe_plan(ctx, recipe, &text));
    snprintf(first, sizeof first, "3 feature images by %d steps, %d images in %d buffers", plan->step_count,
             plan->node_count, plan->buffer_count);
    assert_ptr_equal(strstr(text, first), text);
    for (int f = 0; f < 3; f++) {
        char name[160];
        bw_recipe_name(recipe, f, name, sizeof name);
        assert_non_null(strstr(text, name));
    }
    for (int s = 0; s < plan->step_count; s++) {
        char line[80];
        snprintf(line, sizeof line, "\n%d. %s", s + 1, plan->steps[s].kind->name);
        assert_non_null(strstr(text, line));
    }
    bw_string_free(text);
    bw_feature_plan_free(plan);
    bw_recipe_free(recipe);
    bw_context_free(ctx);
}

static void nothing_leaks(void **state) {
    (void)state;
    assert_int_equal(bw_memory_in_use(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_share_their_images),
        cmocka_unit_test(no_step_is_there_twice),
        cmocka_unit_test(every_step_is_needed),
        cmocka_unit_test(features_do_not_depend_on_their_company),
        cmocka_unit_test(unwanted_features_cost_nothing),
        cmocka_unit_test(images_keep_their_buffers_as_long_as_they_are_read),
        cmocka_unit_test(groups_run_slab_by_slab),
        cmocka_unit_test(images_cover_what_is_read),
        cmocka_unit_test(buffers_do_not_lie_on_one_another),
        cmocka_unit_test(rows_are_padded),
        cmocka_unit_test(tiles_stay_within_their_scratch),
        cmocka_unit_test(parts_make_the_same),
        cmocka_unit_test(parts_are_sound_plans),
        cmocka_unit_test(slots_hold_what_is_read),
        cmocka_unit_test(parts_have_the_values_of_the_whole),
        cmocka_unit_test(plans_can_be_read),
        cmocka_unit_test(nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
