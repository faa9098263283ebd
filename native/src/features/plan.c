#include <string.h>

#include "core/alloc.h"
#include "features/features.h"
#include "features/steps.h"

/* ---- where images lie ------------------------------------------------------------------------------------------ */

/* Pixels of the input's grid that a margin of `margin` output pixels needs along an axis. */
static int64_t margin_before(const bw_feature_plan *plan, const bw_step *step, int axis, int64_t margin) {
    const int along = axis == step->axis;
    const int64_t radius = along && step->kernel >= 0 ? plan->kernels[step->kernel].radius : 0;
    if (along && step->scaling == BW_HALVE) return 2 * margin + radius + radius % 2 + 1; /* from an even position */
    if (along && step->scaling == BW_TWICE) return (margin + 1) / 2 + BW_UPSAMPLING_REACH;
    return margin + radius + step->reach[axis];
}

static int64_t larger(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static void widen_inputs(bw_feature_plan *plan, const bw_step *step, const bw_node *out) {
    for (int i = 0; i < step->input_count; i++)
        for (int axis = 0; axis < 3; axis++) {
            bw_node *in = &plan->nodes[step->inputs[i]];
            in->margin[axis] = larger(in->margin[axis], margin_before(plan, step, axis, out->margin[axis]));
        }
}

/* All images of a step cover the same box. */
static void share_margins(bw_feature_plan *plan, const bw_step *step) {
    bw_node *first = &plan->nodes[step->first];
    for (int o = 1; o < step->outputs; o++)
        for (int axis = 0; axis < 3; axis++)
            first->margin[axis] = larger(first->margin[axis], first[o].margin[axis]);
    for (int o = 1; o < step->outputs; o++)
        memcpy(first[o].margin, first->margin, sizeof first->margin);
}

static void set_margins(bw_feature_plan *plan) {
    for (int s = plan->step_count - 1; s >= 0; s--) {
        const bw_step *step = &plan->steps[s];
        share_margins(plan, step);
        const bw_node *out = &plan->nodes[step->first];
        widen_inputs(plan, step, out);
        for (int axis = 0; axis < 3 && !step->input_count; axis++)
            plan->halo[axis] = larger(plan->halo[axis], out->margin[axis]);
    }
}

static int64_t grid_size(const bw_node *node, int axis, const int64_t size[3]) {
    return ((size[axis] - 1) >> node->level[axis]) + 1;
}

bw_box bw_node_box(const bw_node *node, const bw_box *tile, const int64_t size[3]) {
    bw_box box;
    for (int axis = 0; axis < 3; axis++) {
        box.lo[axis] = (tile->lo[axis] >> node->level[axis]) - node->margin[axis];
        box.hi[axis] = ((tile->hi[axis] - 1) >> node->level[axis]) + 1 + node->margin[axis];
        if (!node->cut[axis]) continue;
        box.lo[axis] = larger(box.lo[axis], 0);
        box.hi[axis] = smaller(box.hi[axis], grid_size(node, axis, size));
    }
    return box;
}

int64_t bw_slab_thickness(int axis, const int64_t extent[3]) {
    const int64_t slab_pixels = 16384, across = axis == 2 ? extent[0] * extent[1] : extent[0];
    return larger(1, slab_pixels / across);
}

/* A box as large as what is in memory of an image at a time, for any tile of these extents. */
static bw_box largest_box(const bw_feature_plan *plan, const bw_node *node, const int64_t extent[3],
                          const int64_t size[3]) {
    bw_box box = {{0, 0, 0}, {0, 0, 0}};
    for (int axis = 0; axis < 3; axis++) {
        const int64_t coarse = ((extent[axis] + ((int64_t)1 << node->level[axis]) - 2) >> node->level[axis]) + 1;
        box.hi[axis] = coarse + 2 * node->margin[axis];
        if (node->cut[axis]) box.hi[axis] = smaller(box.hi[axis], grid_size(node, axis, size));
    }
    const int axis = plan->steps[node->step].dims - 1;
    if (node->local) box.hi[axis] = smaller(box.hi[axis], bw_slab_thickness(axis, extent));
    return box;
}

/* Rows and planes whose length is a multiple of 1 KiB would all map to the same cache sets: those get a line more.
 * Never smaller for more elements, so that a buffer for the largest tile serves every tile. */
static int64_t padded(int64_t elements) {
    int64_t lines = (elements + 15) / 16;
    return 16 * (lines % 16 ? lines : lines + 1);
}

bw_view bw_view_padded(void *data, bw_precision precision, const bw_box *box) {
    int64_t row = padded(bw_box_extent(box, 0));
    return (bw_view){data, precision, *box, row, padded(row * bw_box_extent(box, 1))};
}

int64_t bw_view_bytes(const bw_view *view) {
    const int64_t element = bw_element_size(view->precision);
    return view->plane * bw_box_extent(&view->box, 2) * element;
}

static int64_t node_bytes(const bw_feature_plan *plan, const bw_node *node, const int64_t extent[3],
                          const int64_t size[3]) {
    const bw_box box = largest_box(plan, node, extent, size);
    const bw_view view = bw_view_padded(NULL, node->precision, &box);
    return bw_view_bytes(&view);
}

/* ---- order and groups ------------------------------------------------------------------------------------------ */

static int slab_axis(const bw_step *step) {
    return step->dims - 1;
}

/* Whether a step looks along the axis of the slabs. */
static int looks_along(const bw_step *step) {
    const int axis = slab_axis(step);
    return step->reach[axis] > 0 || (step->axis == axis && (step->kernel >= 0 || step->scaling != BW_SAME));
}

static int rank_after(const bw_step *reader, int rank) {
    return looks_along(reader) ? rank + 1 : rank;
}

/* A step's rank counts the groups that must come before it: a step that looks along the slabs' axis ranks behind the
 * steps whose images it reads. Every step comes as late as its readers allow, so that no image waits for them. Images
 * of steps before `first` are there already. */
static void set_ranks(const bw_feature_plan *plan, int first, int *rank, int *latest) {
    for (int s = first; s < plan->step_count; s++) {
        rank[s] = 0;
        latest[s] = -1;
        for (int i = 0; i < plan->steps[s].input_count; i++) {
            const int made = plan->nodes[plan->steps[s].inputs[i]].step;
            if (made >= first && rank_after(&plan->steps[s], rank[made]) > rank[s])
                rank[s] = rank_after(&plan->steps[s], rank[made]);
        }
    }
    for (int s = plan->step_count - 1; s >= first; s--) {
        if (latest[s] > rank[s]) rank[s] = latest[s];
        for (int i = 0; i < plan->steps[s].input_count; i++) {
            const int made = plan->nodes[plan->steps[s].inputs[i]].step,
                      wanted = rank[s] - looks_along(&plan->steps[s]);
            if (made >= first && (latest[made] < 0 || wanted < latest[made])) latest[made] = wanted;
        }
    }
}

static bw_status append_group(bw_context *ctx, bw_feature_plan *plan, const bw_group *group) {
    bw_group *grown = bw_realloc(ctx, plan->groups, (uint64_t)plan->group_count + 1, sizeof *grown, "a feature plan");
    if (!grown) return BW_ERROR_MEMORY;
    plan->groups = grown;
    grown[plan->group_count++] = *group;
    return BW_OK;
}

/* Appends to order[] the steps of a rank at a level of the slabs' axis. */
static int take_rank(const bw_feature_plan *plan, int first, const int *rank, int wanted, int level, int *order,
                     int done) {
    for (int s = first; s < plan->step_count; s++) {
        const bw_step *step = &plan->steps[s];
        if (rank[s] == wanted && plan->nodes[step->first].level[slab_axis(step)] == level) order[done++] = s;
    }
    return done;
}

/* Fills order[] with the steps from `first` on: by rank, then by level, then in the order of building. Steps of one
 * rank on different levels do not read one another's images, as a pass that changes the level looks along the axis. */
static bw_status list_groups(bw_context *ctx, bw_feature_plan *plan, int first, const int *rank, int *order) {
    int done = first;
    for (int wanted = 0; done < plan->step_count; wanted++)
        for (int level = 0; level <= BW_MAX_LEVEL; level++) {
            const int end = take_rank(plan, first, rank, wanted, level, order, done);
            if (end == done) continue;
            const bw_group group = {done, end, slab_axis(&plan->steps[order[done]])};
            BW_TRY(append_group(ctx, plan, &group));
            done = end;
        }
    return BW_OK;
}

/* Moves step order[k] to place k. Images keep their numbers. */
static void reorder(bw_feature_plan *plan, int first, const int *order, bw_step *room) {
    memcpy(room, plan->steps + first, (size_t)(plan->step_count - first) * sizeof *room);
    for (int k = first; k < plan->step_count; k++) {
        plan->steps[k] = room[order[k] - first];
        for (int o = 0; o < plan->steps[k].outputs; o++)
            plan->nodes[plan->steps[k].first + o].step = k;
    }
}

bw_status bw_plan_schedule(bw_context *ctx, bw_feature_plan *plan, int first) {
    const uint64_t count = (uint64_t)plan->step_count + 1;
    int *rank = bw_calloc(ctx, count, sizeof *rank, "a feature plan");
    int *order = bw_calloc(ctx, count, sizeof *order, "a feature plan");
    bw_step *room = bw_alloc(ctx, count, sizeof *room, "a feature plan");
    bw_status status = rank && order && room ? BW_OK : BW_ERROR_MEMORY;
    if (status == BW_OK) set_ranks(plan, first, rank, order);
    if (status == BW_OK) status = list_groups(ctx, plan, first, rank, order);
    if (status == BW_OK) reorder(plan, first, order, room);
    bw_free(rank);
    bw_free(order);
    bw_free(room);
    return status;
}

/* Emissions follow the steps that make their images. */
static void sort_emissions(bw_feature_plan *plan) {
    for (int e = 1; e < plan->emission_count; e++) {
        const bw_emission moved = plan->emissions[e];
        int k = e;
        for (; k > 0 && plan->nodes[plan->emissions[k - 1].node].step > plan->nodes[moved.node].step; k--)
            plan->emissions[k] = plan->emissions[k - 1];
        plan->emissions[k] = moved;
    }
}

/* ---- buffers --------------------------------------------------------------------------------------------------- */

static int group_of(const bw_feature_plan *plan, int step) {
    int low = 0, high = plan->group_count - 1;
    while (low < high) {
        const int middle = (low + high + 1) / 2;
        if (plan->groups[middle].first <= step)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static void note_uses(bw_feature_plan *plan) {
    for (int n = 0; n < plan->node_count; n++)
        plan->nodes[n].last = plan->nodes[n].step;
    for (int s = 0; s < plan->step_count; s++)
        for (int i = 0; i < plan->steps[s].input_count; i++)
            plan->nodes[plan->steps[s].inputs[i]].last = s;
    for (int n = 0; n < plan->node_count; n++)
        plan->nodes[n].local = group_of(plan, plan->nodes[n].step) == group_of(plan, plan->nodes[n].last);
}

/* Buffers under allocation for a usual tile: sizes, and the step up to which each is taken. */
typedef struct bw_pool {
    int64_t *bytes;
    int *until;
    int count;
    int64_t extent[3], size[3];
} bw_pool;

/* A buffer that is free at `now` and is nearest in size, at most twice or half of what is wanted; else a new one. */
static int find_buffer(bw_pool *pool, int now, int64_t wanted) {
    int best = -1;
    double nearest = 2;
    for (int b = 0; b < pool->count; b++) {
        if (pool->until[b] >= now) continue;
        const double ratio = (double)pool->bytes[b] / (double)wanted, distance = ratio < 1 ? 1 / ratio : ratio;
        if (distance > nearest || (best >= 0 && distance == nearest)) continue;
        nearest = distance;
        best = b;
    }
    return best < 0 ? pool->count++ : best;
}

static void take_buffer(bw_feature_plan *plan, bw_pool *pool, bw_node *node, int now, int until) {
    const int64_t wanted = node_bytes(plan, node, pool->extent, pool->size);
    node->buffer = find_buffer(pool, now, wanted);
    pool->until[node->buffer] = until;
    pool->bytes[node->buffer] = larger(pool->bytes[node->buffer], wanted);
}

/* As registers are allocated. What lives slab by slab is taken from its step to its last reader; the rest from the
 * first step of its group to the last one of its last reader's group. */
static void assign_buffers(bw_feature_plan *plan, bw_pool *pool) {
    for (int g = 0; g < plan->group_count; g++) {
        const bw_group *group = &plan->groups[g];
        for (int pass = 0; pass < 2; pass++)
            for (int s = group->first; s < group->end; s++)
                for (int o = 0; o < plan->steps[s].outputs; o++) {
                    bw_node *node = &plan->nodes[plan->steps[s].first + o];
                    if (pass == 0 && !node->local)
                        take_buffer(plan, pool, node, group->first, plan->groups[group_of(plan, node->last)].end - 1);
                    if (pass == 1 && node->local) take_buffer(plan, pool, node, s, node->last);
                }
    }
}

bw_status bw_feature_plan_fit(bw_context *ctx, bw_feature_plan *plan, const int64_t size[3]) {
    static const int64_t usual[3] = {512, 512, 128};
    const uint64_t most = (uint64_t)plan->node_count + 1;
    bw_pool pool = {.bytes = bw_calloc(ctx, most, sizeof *pool.bytes, "a feature plan"),
                    .until = bw_alloc(ctx, most, sizeof *pool.until, "a feature plan")};
    const bw_status status = pool.bytes && pool.until ? BW_OK : BW_ERROR_MEMORY;
    for (int axis = 0; axis < 3; axis++) {
        pool.size[axis] = size[axis];
        pool.extent[axis] = smaller(usual[axis], size[axis]);
    }
    for (uint64_t b = 0; b < most && status == BW_OK; b++)
        pool.until[b] = -1;
    if (status == BW_OK) assign_buffers(plan, &pool);
    if (status == BW_OK) plan->buffer_count = pool.count;
    bw_free(pool.bytes);
    bw_free(pool.until);
    return status;
}

bw_status bw_plan_finish(bw_context *ctx, bw_feature_plan *plan) {
    static const int64_t large[3] = {1 << 20, 1 << 20, 1 << 20};
    set_margins(plan);
    note_uses(plan);
    sort_emissions(plan);
    return bw_feature_plan_fit(ctx, plan, large);
}

/* ---- sizes ----------------------------------------------------------------------------------------------------- */

static int64_t room_bytes(const bw_feature_plan *plan, const int64_t extent[3], const int64_t size[3]) {
    int64_t most = 0;
    for (int s = 0; s < plan->step_count; s++) {
        const bw_step *step = &plan->steps[s];
        const bw_box box = largest_box(plan, &plan->nodes[step->first], extent, size);
        if (step->kind->scratch) most = larger(most, step->kind->scratch(step, &box));
    }
    /* The executor rounds a feature's rows to float there. */
    const bw_box tile = {{0, 0, 0}, {extent[0], extent[1], extent[2]}};
    const bw_view emitted = bw_view_padded(NULL, BW_SINGLE, &tile);
    return larger(most, bw_view_bytes(&emitted));
}

static int64_t buffer_bytes(const bw_feature_plan *plan, int buffer, const int64_t extent[3], const int64_t size[3]) {
    int64_t most = 0;
    for (int n = 0; n < plan->node_count; n++)
        if (plan->nodes[n].buffer == buffer)
            most = larger(most, bw_line_up(node_bytes(plan, &plan->nodes[n], extent, size)));
    return most;
}

int64_t bw_feature_plan_scratch(const bw_feature_plan *plan, const int64_t extent[3], const int64_t size[3]) {
    int64_t bytes = bw_line_up((plan->buffer_count + 1) * (int64_t)sizeof(int64_t));
    for (int b = 0; b < plan->buffer_count; b++)
        bytes += buffer_bytes(plan, b, extent, size);
    return bytes + bw_line_up(room_bytes(plan, extent, size));
}

void bw_plan_layout(const bw_feature_plan *plan, const int64_t extent[3], const int64_t size[3], int64_t *offsets) {
    memset(offsets, 0, ((size_t)plan->buffer_count + 1) * sizeof *offsets);
    for (int n = 0; n < plan->node_count; n++) {
        int64_t *bytes = &offsets[plan->nodes[n].buffer + 1];
        *bytes = larger(*bytes, bw_line_up(node_bytes(plan, &plan->nodes[n], extent, size)));
    }
    offsets[0] = bw_line_up((plan->buffer_count + 1) * (int64_t)sizeof *offsets);
    for (int b = 0; b < plan->buffer_count; b++)
        offsets[b + 1] += offsets[b];
}

static double step_cost(const bw_feature_plan *plan, const bw_step *step, const bw_box *box) {
    const bw_kernel *kernel = step->kernel >= 0 ? &plan->kernels[step->kernel] : NULL;
    return (double)bw_box_count(box) * (step->kind->cost ? step->kind->cost(step, kernel) : 2);
}

double bw_group_cost(const bw_feature_plan *plan, const bw_group *group, const bw_box *tile, const int64_t size[3]) {
    double cost = 0;
    for (int s = group->first; s < group->end; s++) {
        const bw_box box = bw_node_box(&plan->nodes[plan->steps[s].first], tile, size);
        cost += step_cost(plan, &plan->steps[s], &box);
    }
    return cost;
}

double bw_feature_plan_cost(const bw_feature_plan *plan, const int64_t extent[3], const int64_t size[3]) {
    double cost = 2.0 * plan->emission_count * (double)(extent[0] * extent[1] * extent[2]);
    for (int s = 0; s < plan->step_count; s++) {
        bw_node whole = plan->nodes[plan->steps[s].first];
        whole.local = 0;
        const bw_box box = largest_box(plan, &whole, extent, size);
        cost += step_cost(plan, &plan->steps[s], &box);
    }
    return cost;
}

void bw_feature_plan_halo(const bw_feature_plan *plan, int64_t halo[3]) {
    memcpy(halo, plan->halo, sizeof plan->halo);
}

int bw_feature_plan_uses_channel(const bw_feature_plan *plan, int channel) {
    return (int)(plan->channels >> channel & 1);
}

void bw_feature_plan_free(bw_feature_plan *plan) {
    if (!plan) return;
    for (int k = 0; k < plan->kernel_count; k++)
        bw_kernel_free(&plan->kernels[k]);
    bw_free(plan->kernels);
    bw_free(plan->designs);
    bw_free(plan->emissions);
    bw_free(plan->groups);
    bw_free(plan->nodes);
    bw_free(plan->steps);
    bw_free(plan);
}
