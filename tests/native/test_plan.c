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
            for (int s = 0; s < 2; s++)
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

/* Of all that an image's values depend on, back to the pixels. */
static uint64_t signature(const bw_feature_plan *plan, int index) {
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
        const uint64_t input = signature(plan, step->inputs[i]);
        hash = mix(hash, &input, sizeof input);
    }
    return hash;
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
        const content *held = &buffers[in->buffer];
        if (held->node != step->inputs[i] || (in->local && held->slab != slab))
            fail_msg("step %d reads image %d from buffer %d, which holds %d", s + 1, step->inputs[i], in->buffer,
                     held->node);
    }
    for (int o = 0; o < step->outputs; o++) {
        const int index = step->first + o;
        const bw_node *out = &plan->nodes[index];
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
    int next = 0;
    (void)dims;
    for (int g = 0; g < plan->group_count; g++) {
        assert_int_equal(plan->groups[g].first, next);
        assert_true(plan->groups[g].end > next);
        next = plan->groups[g].end;
    }
    assert_int_equal(next, plan->step_count);
    for (int s = 0; s < plan->step_count; s++) {
        const bw_step *step = &plan->steps[s];
        const int axis = plan->groups[group_of(plan, s)].axis;
        const int looks = step->reach[axis] > 0 || (step->axis == axis && (step->kernel >= 0 || step->scaling));
        for (int i = 0; i < step->input_count; i++) {
            const bw_node *in = &plan->nodes[step->inputs[i]];
            const int neighbours = group_of(plan, in->step) == group_of(plan, s);
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

/* The documented sum, from the images' own boxes. */
static int64_t expected_scratch(const bw_feature_plan *plan, const int64_t extent[3]) {
    int64_t *bytes = calloc((size_t)plan->buffer_count + 1, sizeof *bytes), room, sum;
    const bw_box tile = {{0, 0, 0}, {extent[0], extent[1], extent[2]}};
    assert_non_null(bytes);
    const bw_view emitted = bw_view_padded(NULL, BW_SINGLE, &tile);
    room = bw_view_bytes(&emitted);
    for (int n = 0; n < plan->node_count; n++) {
        const bw_node *node = &plan->nodes[n];
        const bw_step *step = &plan->steps[node->step];
        const int slabs = plan->groups[group_of(plan, node->step)].axis;
        bw_box box = {{0, 0, 0}, {0, 0, 0}};
        for (int axis = 0; axis < 3; axis++)
            box.hi[axis] = most_along(node, axis, extent[axis]);
        const int64_t thickness = bw_slab_thickness(slabs, extent);
        if (node->local && box.hi[slabs] > thickness) box.hi[slabs] = thickness;
        const bw_view view = bw_view_padded(NULL, node->precision, &box);
        if (in_lines(bw_view_bytes(&view)) > bytes[node->buffer]) bytes[node->buffer] = in_lines(bw_view_bytes(&view));
        const int64_t own = n == step->first && step->kind->scratch ? step->kind->scratch(step, &box) : 0;
        if (own > room) room = own;
    }
    sum = in_lines((plan->buffer_count + 1) * (int64_t)sizeof(int64_t)) + in_lines(room);
    for (int b = 0; b < plan->buffer_count; b++)
        sum += bytes[b];
    free(bytes);
    return sum;
}

static void check_scratch(const bw_feature_plan *plan, int dims) {
    static const int64_t extents[][3] = {{1, 1, 1}, {64, 64, 1}, {33, 47, 9}, {512, 300, 1}, {101, 16, 40}};
    const int64_t size[3] = {1 << 20, 1 << 20, 1 << 20}, larger[3] = {1 << 22, 1 << 23, 1 << 21};
    (void)dims;
    for (size_t e = 0; e < sizeof extents / sizeof *extents; e++) {
        assert_int_equal(bw_feature_plan_scratch(plan, extents[e], size), expected_scratch(plan, extents[e]));
        /* Bounded by the tile: the frame does not matter. */
        assert_int_equal(bw_feature_plan_scratch(plan, extents[e], larger), expected_scratch(plan, extents[e]));
        /* A small frame needs no more. */
        assert_true(bw_feature_plan_scratch(plan, extents[e], extents[e]) <= expected_scratch(plan, extents[e]));
    }
}

static void scratch_is_the_documented_sum(void **state) {
    (void)state;
    for_plans(check_scratch);
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
    for (int t = 0; t < 14; t++) {
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
        cmocka_unit_test(scratch_is_the_documented_sum),
        cmocka_unit_test(rows_are_padded),
        cmocka_unit_test(tiles_stay_within_their_scratch),
        cmocka_unit_test(plans_can_be_read),
        cmocka_unit_test(nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
