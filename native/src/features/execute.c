/* Runs a plan on a tile. */
#include <string.h>

#include "features/features.h"

/* A tile in work. */
typedef struct bw_work {
    const bw_tile_task *task;
    const int64_t *offsets; /* of buffers in the scratch */
    void *room;             /* of the step in work */
    int axis;
    int64_t lo, hi; /* of the slab in work, along the axis */
} bw_work;

/* All of an image that is in memory, which for a local one is the slab. */
static bw_view image_of(const bw_work *work, const bw_node *node, const bw_box *box, const bw_box *slab) {
    if (node->slot >= 0) return work->task->store[node->slot];
    char *data = (char *)work->task->scratch + work->offsets[node->buffer];
    return bw_view_padded(data, node->precision, node->local ? slab : box);
}

/* What a group's slab holds of an image; whole: all of the image that is in memory. */
static bw_view view_of(const bw_work *work, int index, int whole) {
    const bw_node *node = &work->task->plan->nodes[index];
    const bw_box box = bw_node_box(node, &work->task->tile, work->task->frame.size);
    bw_box slab = box;
    if (slab.lo[work->axis] < work->lo) slab.lo[work->axis] = work->lo;
    if (slab.hi[work->axis] > work->hi) slab.hi[work->axis] = work->hi;
    bw_view view = image_of(work, node, &box, &slab);
    if (!whole && !node->local) {
        view.data = bw_view_at(&view, slab.lo[0], slab.lo[1], slab.lo[2]);
        view.box = slab;
    }
    return view;
}

static bw_status run_step(bw_context *ctx, const bw_work *work, const bw_step *step) {
    const bw_feature_plan *plan = work->task->plan;
    bw_step_call call = {.step = step, .level = work->task->level, .frame = &work->task->frame, .scratch = work->room};
    for (int o = 0; o < step->outputs; o++)
        call.out[o] = view_of(work, step->first + o, 0);
    if (bw_box_extent(&call.out[0].box, work->axis) <= 0) return BW_OK;
    for (int i = 0; i < step->input_count; i++)
        call.in[i] = view_of(work, step->inputs[i], 1);
    call.ops = bw_ops_get(work->task->level, call.out[0].precision);
    if (step->kernel >= 0) call.kernel = &plan->kernels[step->kernel];
    memcpy(call.size, work->task->frame.size, sizeof call.size);
    if (step->input_count) memcpy(call.grid, plan->nodes[step->inputs[0]].level, sizeof call.grid);
    BW_TRY(bw_check(ctx));
    return step->kind->run(ctx, &call);
}

/* A copy of the box's pixels as floats, finite ones when the frame holds extreme values. */
static bw_view rounded(const bw_work *work, const bw_view *image, const bw_box *box) {
    const bw_view copy = bw_view_padded(work->room, BW_SINGLE, box);
    const bw_ops *ops = bw_ops_get(work->task->level, image->precision);
    const int64_t n = bw_box_extent(box, 0);
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++)
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++) {
            float *row = bw_view_at(&copy, box->lo[0], y, z);
            ops->to_float(row, bw_view_at(image, box->lo[0], y, z), n);
            if (work->task->frame.extreme) bw_make_finite(row, n);
        }
    return copy;
}

static bw_status emit(bw_context *ctx, const bw_work *work, const bw_emission *emission) {
    const bw_tile_task *task = work->task;
    bw_view view = view_of(work, emission->node, 0);
    bw_box box = task->tile;
    if (box.lo[work->axis] < work->lo) box.lo[work->axis] = work->lo;
    if (box.hi[work->axis] > work->hi) box.hi[work->axis] = work->hi;
    if (bw_box_extent(&box, work->axis) <= 0) return BW_OK;
    if (view.precision == BW_DOUBLE || task->frame.extreme) view = rounded(work, &view, &box);
    const float *values = bw_view_at(&view, box.lo[0], box.lo[1], box.lo[2]);
    BW_TRY(task->emit(ctx, task->user, emission->index, &box, values, view.row, view.plane));
    bw_progress_add(ctx, 0);
    return bw_check(ctx);
}

/* All steps of a group on the slab in work; *next is the first emission of the group. -> the emission behind. */
static bw_status run_slab(bw_context *ctx, const bw_work *work, const bw_group *group, int *next) {
    const bw_feature_plan *plan = work->task->plan;
    for (int s = group->first; s < group->end; s++) {
        BW_TRY(run_step(ctx, work, &plan->steps[s]));
        for (; *next < plan->emission_count && plan->nodes[plan->emissions[*next].node].step == s; ++*next)
            BW_TRY(emit(ctx, work, &plan->emissions[*next]));
    }
    return BW_OK;
}

/* Positions along the slabs' axis that the group's images cover. */
static void cover(const bw_work *work, const bw_group *group, int64_t *lo, int64_t *hi) {
    const bw_feature_plan *plan = work->task->plan;
    for (int s = group->first; s < group->end; s++) {
        const bw_box box = bw_node_box(&plan->nodes[plan->steps[s].first], &work->task->tile, work->task->frame.size);
        if (s == group->first || box.lo[group->axis] < *lo) *lo = box.lo[group->axis];
        if (s == group->first || box.hi[group->axis] > *hi) *hi = box.hi[group->axis];
    }
}

static bw_status run_group(bw_context *ctx, bw_work *work, const bw_group *group, double progress, int *next) {
    const int64_t thickness = bw_slab_thickness(group->axis, work->task->largest);
    const int begin = *next;
    int64_t lo = 0, hi = 0;
    work->axis = group->axis;
    cover(work, group, &lo, &hi);
    for (work->lo = lo; work->lo < hi; work->lo += thickness) {
        work->hi = work->lo + thickness < hi ? work->lo + thickness : hi;
        *next = begin;
        BW_TRY(run_slab(ctx, work, group, next));
        bw_progress_add(ctx, progress * (double)(work->hi - work->lo) / (double)(hi - lo));
    }
    return BW_OK;
}

bw_status bw_features_tile(bw_context *ctx, const bw_tile_task *task) {
    const bw_feature_plan *plan = task->plan;
    int64_t *offsets = task->scratch;
    double cost = 0;
    int next = 0;
    bw_plan_layout(plan, task->largest, task->frame.size, offsets);
    bw_work work = {.task = task, .offsets = offsets, .room = (char *)task->scratch + offsets[plan->buffer_count]};
    for (int g = 0; g < plan->group_count; g++)
        cost += bw_group_cost(plan, &plan->groups[g], &task->tile, task->frame.size);
    for (int g = 0; g < plan->group_count; g++) {
        const double share = bw_group_cost(plan, &plan->groups[g], &task->tile, task->frame.size) / cost;
        BW_TRY(run_group(ctx, &work, &plan->groups[g], task->progress * share, &next));
    }
    return BW_OK;
}
