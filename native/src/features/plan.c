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

/* Beyond the frame's end an image that is cut is not computed, but mirrored from the inner side. */
static void widen_inputs(bw_feature_plan *plan, const bw_step *step, const bw_node *out) {
    for (int i = 0; i < step->input_count; i++)
        for (int axis = 0; axis < 3; axis++) {
            bw_node *in = &plan->nodes[step->inputs[i]];
            const int64_t edge = out->cut[axis] ? out->margin[axis] : out->edge[axis];
            in->margin[axis] = larger(in->margin[axis], margin_before(plan, step, axis, out->margin[axis]));
            in->edge[axis] = larger(in->edge[axis], margin_before(plan, step, axis, edge));
            in->inner[axis] = larger(in->inner[axis], margin_before(plan, step, axis, out->inner[axis]));
        }
}

/* All images of a step cover the same box. */
static void share_margins(bw_feature_plan *plan, const bw_step *step) {
    bw_node *first = &plan->nodes[step->first];
    for (int axis = 0; axis < 3; axis++) {
        for (int o = 1; o < step->outputs; o++) {
            first->margin[axis] = larger(first->margin[axis], first[o].margin[axis]);
            first->edge[axis] = larger(first->edge[axis], first[o].edge[axis]);
            first->inner[axis] = larger(first->inner[axis], first[o].inner[axis]);
        }
        if (first->cut[axis]) first->inner[axis] = larger(first->inner[axis], first->edge[axis]);
        for (int o = 1; o < step->outputs; o++) {
            first[o].margin[axis] = first->margin[axis];
            first[o].edge[axis] = first->edge[axis];
            first[o].inner[axis] = first->inner[axis];
        }
    }
}

static void set_margins(bw_feature_plan *plan) {
    for (int s = plan->step_count - 1; s >= 0; s--) {
        const bw_step *step = &plan->steps[s];
        share_margins(plan, step);
        const bw_node *out = &plan->nodes[step->first];
        widen_inputs(plan, step, out);
        for (int axis = 0; axis < 3 && !step->input_count && s >= plan->stored; axis++)
            plan->halo[axis] = larger(plan->halo[axis], out->margin[axis]);
    }
}

static int64_t grid_size(const bw_node *node, int axis, const int64_t size[3]) {
    return ((size[axis] - 1) >> node->level[axis]) + 1;
}

static void reach_edges(const bw_node *node, int axis, const bw_box *tile, const int64_t size[3], bw_box *box) {
    const int64_t edge = node->edge[axis], n = grid_size(node, axis, size);
    const int low = tile->lo[axis] <= 0, high = tile->hi[axis] >= size[axis];
    if (low) box->hi[axis] = larger(box->hi[axis], node->inner[axis] + 1);
    if (high) box->lo[axis] = smaller(box->lo[axis], n - 1 - node->inner[axis]);
    if (low) box->lo[axis] = -edge;
    if (high) box->hi[axis] = n + edge;
    if (!node->cut[axis]) return;
    box->lo[axis] = larger(box->lo[axis], 0);
    box->hi[axis] = smaller(box->hi[axis], n);
}

bw_box bw_node_box(const bw_node *node, const bw_box *tile, const int64_t size[3]) {
    bw_box box;
    for (int axis = 0; axis < 3; axis++) {
        box.lo[axis] = (tile->lo[axis] >> node->level[axis]) - node->margin[axis];
        box.hi[axis] = ((tile->hi[axis] - 1) >> node->level[axis]) + 1 + node->margin[axis];
        reach_edges(node, axis, tile, size, &box);
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
        if (node->cut[axis])
            box.hi[axis] =
                smaller(larger(coarse + 2 * node->margin[axis], node->inner[axis] + 1), grid_size(node, axis, size));
        else
            box.hi[axis] = larger(coarse + 2 * node->edge[axis], node->inner[axis] + 1 + node->edge[axis]);
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
    for (int s = first; s < plan->step_count; s++)
        plan->steps[s].batch = plan->batch_count;
    plan->batch_count++;
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
        plan->nodes[n].local =
            plan->nodes[n].slot < 0 && group_of(plan, plan->nodes[n].step) == group_of(plan, plan->nodes[n].last);
}

/* Buffers under allocation, for a usual tile. */
typedef struct bw_pool {
    bw_buffer *buffers;
    int64_t *bytes, *at; /* where each begins */
    int *order;          /* from the bottom up */
    int count;
    int64_t extent[3], size[3];
} bw_pool;

/* A local buffer that is free at `now` and is nearest in size, at most twice or half of what is wanted; else a new one.
 */
static int find_buffer(bw_pool *pool, int now, int64_t wanted) {
    int best = -1;
    double nearest = 2;
    for (int b = 0; b < pool->count; b++) {
        if (pool->buffers[b].until >= now) continue;
        const double ratio = (double)pool->bytes[b] / (double)wanted, distance = ratio < 1 ? 1 / ratio : ratio;
        if (distance > nearest || (best >= 0 && distance == nearest)) continue;
        nearest = distance;
        best = b;
    }
    return best < 0 ? pool->count++ : best;
}

/* What lives slab by slab has buffers as registers are allocated: from its step to its last reader. */
static void share_local(bw_feature_plan *plan, bw_pool *pool) {
    for (int s = plan->stored; s < plan->step_count; s++)
        for (int o = 0; o < plan->steps[s].outputs; o++) {
            bw_node *node = &plan->nodes[plan->steps[s].first + o];
            if (!node->local) continue;
            const int64_t wanted = node_bytes(plan, node, pool->extent, pool->size);
            node->buffer = find_buffer(pool, s, wanted);
            pool->buffers[node->buffer].until = node->last;
            pool->bytes[node->buffer] = larger(pool->bytes[node->buffer], wanted);
        }
    for (int b = 0; b < pool->count; b++) {
        pool->buffers[b].from = 0; /* small; and other buffers do not lie in between */
        pool->buffers[b].until = plan->step_count;
    }
}

/* Other images have one each, from the first step of their group to the last one of their last reader's group. */
static void add_whole(bw_feature_plan *plan, bw_pool *pool) {
    for (int s = plan->stored; s < plan->step_count; s++)
        for (int o = 0; o < plan->steps[s].outputs; o++) {
            bw_node *node = &plan->nodes[plan->steps[s].first + o];
            if (node->local || node->slot >= 0) continue;
            pool->buffers[pool->count].from = plan->groups[group_of(plan, s)].first;
            pool->buffers[pool->count].until = plan->groups[group_of(plan, node->last)].end - 1;
            pool->bytes[pool->count] = node_bytes(plan, node, pool->extent, pool->size);
            node->buffer = pool->count++;
        }
}

static int meet(const bw_buffer *a, const bw_buffer *b) {
    return a->from <= b->until && b->from <= a->until;
}

/* The lowest place where a buffer does not lie on one of order[0..placed) that is taken at the same time. */
static int64_t lowest_place(const bw_pool *pool, int placed, int buffer) {
    int64_t at = 0;
    for (int moved = 1; moved;) {
        moved = 0;
        for (int k = 0; k < placed; k++) {
            const int other = pool->order[k];
            const int64_t end = pool->at[other] + pool->bytes[other];
            if (end <= at || pool->at[other] >= at + pool->bytes[buffer]) continue;
            if (!meet(&pool->buffers[buffer], &pool->buffers[other])) continue;
            at = end;
            moved = 1;
        }
    }
    return at;
}

/* Sorts order[first..count) by falling or rising keys. */
static void sort_order(const bw_pool *pool, const int64_t *keys, int first, int falling) {
    for (int i = first + 1; i < pool->count; i++) {
        const int moved = pool->order[i];
        int k = i;
        for (; k > first; k--) {
            const int64_t other = keys[pool->order[k - 1]];
            if (falling ? other >= keys[moved] : other <= keys[moved]) break;
            pool->order[k] = pool->order[k - 1];
        }
        pool->order[k] = moved;
    }
}

/* Large ones first, each as low as it fits; local ones lie below all others. */
static void place_buffers(bw_pool *pool, int local) {
    for (int k = 0; k < pool->count; k++)
        pool->order[k] = k;
    sort_order(pool, pool->bytes, local, 1);
    for (int k = 0; k < pool->count; k++)
        pool->at[pool->order[k]] = lowest_place(pool, k, pool->order[k]);
    sort_order(pool, pool->at, 0, 0);
}

/* Numbers the buffers from the bottom up, and the nodes by them. */
static void number_buffers(bw_feature_plan *plan, const bw_pool *pool, int *number) {
    for (int k = 0; k < pool->count; k++) {
        plan->buffers[k] = pool->buffers[pool->order[k]];
        number[pool->order[k]] = k;
    }
    plan->buffer_count = pool->count;
    int *end = pool->order; /* of each buffer's nodes; the order is no longer needed */
    memset(end, 0, ((size_t)pool->count + 1) * sizeof *end);
    for (int n = 0; n < plan->node_count; n++) {
        bw_node *node = &plan->nodes[n];
        if (node->buffer < 0) continue;
        node->buffer = number[node->buffer];
        end[node->buffer + 1]++;
    }
    for (int b = 0; b < pool->count; b++)
        end[b + 1] += end[b];
    plan->buffered = end[pool->count];
    for (int n = 0; n < plan->node_count; n++)
        if (plan->nodes[n].buffer >= 0) plan->by_buffer[end[plan->nodes[n].buffer]++] = n;
}

/* Lower buffers that are taken at the same time stay below for tiles of other sizes too. */
static bw_status list_below(bw_context *ctx, bw_feature_plan *plan) {
    uint64_t count = 0;
    for (int b = 0; b < plan->buffer_count; b++)
        for (int a = 0; a < b; a++)
            count += (uint64_t)meet(&plan->buffers[a], &plan->buffers[b]);
    bw_free(plan->below);
    plan->below = bw_alloc(ctx, count, sizeof *plan->below, "a feature plan");
    if (!plan->below) return BW_ERROR_MEMORY;
    for (int b = 0, at = 0; b < plan->buffer_count; b++) {
        plan->buffers[b].below = at;
        for (int a = 0; a < b; a++)
            if (meet(&plan->buffers[a], &plan->buffers[b])) plan->below[at++] = a;
        plan->buffers[b].below_count = at - plan->buffers[b].below;
    }
    return BW_OK;
}

static bw_status assign_buffers(bw_context *ctx, bw_feature_plan *plan, bw_pool *pool, int *number) {
    for (int n = 0; n < plan->node_count; n++)
        plan->nodes[n].buffer = pool->buffers[n].until = -1;
    share_local(plan, pool);
    const int local = pool->count;
    add_whole(plan, pool);
    place_buffers(pool, local);
    number_buffers(plan, pool, number);
    return list_below(ctx, plan);
}

bw_status bw_feature_plan_fit(bw_context *ctx, bw_feature_plan *plan, const int64_t size[3]) {
    static const int64_t usual[3] = {128, 128, 64};
    const uint64_t most = (uint64_t)plan->node_count + 1;
    bw_pool pool = {.buffers = bw_calloc(ctx, most, sizeof *pool.buffers, "a feature plan"),
                    .bytes = bw_calloc(ctx, most, sizeof *pool.bytes, "a feature plan"),
                    .at = bw_calloc(ctx, most, sizeof *pool.at, "a feature plan"),
                    .order = bw_calloc(ctx, most, sizeof *pool.order, "a feature plan")};
    int *number = bw_calloc(ctx, most, sizeof *number, "a feature plan");
    bw_status status = pool.buffers && pool.bytes && pool.at && pool.order && number ? BW_OK : BW_ERROR_MEMORY;
    for (int axis = 0; axis < 3; axis++) {
        pool.size[axis] = size[axis];
        pool.extent[axis] = smaller(usual[axis], size[axis]);
    }
    if (status == BW_OK) status = assign_buffers(ctx, plan, &pool, number);
    bw_free(pool.buffers);
    bw_free(pool.bytes);
    bw_free(pool.at);
    bw_free(pool.order);
    bw_free(number);
    for (int p = 0; p < plan->part_count && status == BW_OK; p++)
        status = bw_feature_plan_fit(ctx, &plan->parts[p], size);
    return status;
}

bw_status bw_plan_finish(bw_context *ctx, bw_feature_plan *plan) {
    static const int64_t large[3] = {1 << 20, 1 << 20, 1 << 20};
    const uint64_t most = (uint64_t)plan->node_count + 1;
    plan->by_buffer = bw_alloc(ctx, most, sizeof *plan->by_buffer, "a feature plan");
    plan->buffers = bw_alloc(ctx, most, sizeof *plan->buffers, "a feature plan");
    if (!plan->by_buffer || !plan->buffers) return BW_ERROR_MEMORY;
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
    for (int e = 0; e < plan->emission_count; e++) { /* the executor rounds a feature's rows to float there */
        const int axis = slab_axis(&plan->steps[plan->nodes[plan->emissions[e].node].step]);
        bw_box slab = {{0, 0, 0}, {extent[0], extent[1], extent[2]}};
        slab.hi[axis] = smaller(slab.hi[axis], bw_slab_thickness(axis, extent));
        const bw_view emitted = bw_view_padded(NULL, BW_SINGLE, &slab);
        most = larger(most, bw_view_bytes(&emitted));
    }
    return most;
}

void bw_plan_layout(const bw_feature_plan *plan, const int64_t extent[3], const int64_t size[3], int64_t *offsets) {
    const int64_t header = bw_line_up((2 * plan->buffer_count + 1) * (int64_t)sizeof *offsets);
    int64_t *end = offsets + plan->buffer_count + 1; /* at first, bytes */
    memset(end, 0, (size_t)plan->buffer_count * sizeof *end);
    for (int k = 0; k < plan->buffered; k++) {
        const bw_node *node = &plan->nodes[plan->by_buffer[k]];
        end[node->buffer] = larger(end[node->buffer], bw_line_up(node_bytes(plan, node, extent, size)));
    }
    offsets[plan->buffer_count] = header;
    for (int b = 0; b < plan->buffer_count; b++) {
        const bw_buffer *buffer = &plan->buffers[b];
        offsets[b] = header;
        for (int k = 0; k < buffer->below_count; k++)
            offsets[b] = larger(offsets[b], end[plan->below[buffer->below + k]]);
        end[b] += offsets[b];
        offsets[plan->buffer_count] = larger(offsets[plan->buffer_count], end[b]);
    }
}

int64_t bw_feature_plan_scratch(const bw_feature_plan *plan, const int64_t extent[3], const int64_t size[3]) {
    int64_t *offsets = bw_alloc(NULL, 2 * (uint64_t)plan->buffer_count + 1, sizeof *offsets, "tiles");
    if (!offsets) return INT64_MAX / 2;
    bw_plan_layout(plan, extent, size, offsets);
    const int64_t bytes = offsets[plan->buffer_count];
    bw_free(offsets);
    return bytes + bw_line_up(room_bytes(plan, extent, size));
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
    for (int s = plan->stored; s < plan->step_count; s++) {
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

void bw_plan_clear(bw_feature_plan *plan) {
    for (int p = 0; p < plan->part_count; p++)
        bw_plan_clear(&plan->parts[p]);
    for (int k = 0; k < plan->kernel_count && !plan->is_part; k++)
        bw_kernel_free(&plan->kernels[k]);
    if (!plan->is_part) bw_free(plan->kernels);
    bw_free(plan->designs);
    bw_free(plan->emissions);
    bw_free(plan->groups);
    bw_free(plan->nodes);
    bw_free(plan->steps);
    bw_free(plan->by_buffer);
    bw_free(plan->buffers);
    bw_free(plan->below);
    bw_free(plan->parts);
    bw_free(plan->slots);
}

void bw_feature_plan_free(bw_feature_plan *plan) {
    if (plan) bw_plan_clear(plan);
    bw_free(plan);
}
