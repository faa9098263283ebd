#include <string.h>

#include "core/alloc.h"
#include "features/features.h"

enum { MAX_SLOTS = 8 };

/* One row of the table at one sigma: index[o] is the recipe's feature for output o, -1 when nobody asked for it. */
typedef struct bw_item {
    const bw_feature_def *def;
    int index[BW_MAX_OUTPUTS];
    int slot[BW_MAX_NEEDS];  /* windowless rows: which of the group's slots holds a need */
    int scale[BW_MAX_NEEDS]; /* of a need; -1 = the image itself */
    int window;              /* scale of the window, -1 = none */
} bw_item;

/* Derivative images at one scale that several items of a group read. */
typedef struct bw_slot {
    int scale;
    unsigned mask;
} bw_slot;

/* Everything at one channel, dimensionality and sigma. */
typedef struct bw_group {
    int channel, dims;
    double sigma;
    bw_item *items;
    int item_count, slot_count;
    bw_slot slots[MAX_SLOTS];
} bw_group;

struct bw_feature_plan {
    bw_group *groups;
    int group_count;
    bw_scale *scales;
    int scale_count;
    int64_t halo[3];
};

/* ---- building -------------------------------------------------------------------------------------------------- */

static int find_scale(const bw_feature_plan *plan, const double sigma[3]) {
    for (int s = 0; s < plan->scale_count; s++)
        if (!memcmp(plan->scales[s].sigma, sigma, sizeof plan->scales[s].sigma)) return s;
    return -1;
}

/* Index of the scale factor * sigma, made when new. */
static bw_status want_scale(bw_context *ctx, bw_feature_plan *plan, const bw_recipe_options *options, double sigma,
                            int dims, int *out) {
    double along[3];
    for (int axis = 0; axis < 3; axis++)
        along[axis] = axis < dims ? sigma * options->spacing[0] / options->spacing[axis] : 0;
    *out = find_scale(plan, along);
    if (*out >= 0) return BW_OK;
    bw_scale *grown = bw_realloc(ctx, plan->scales, (uint64_t)plan->scale_count + 1, sizeof *grown, "kernels");
    if (!grown) return BW_ERROR_MEMORY;
    plan->scales = grown;
    bw_scale *scale = &grown[plan->scale_count];
    memset(scale, 0, sizeof *scale);
    memcpy(scale->sigma, along, sizeof along);
    *out = plan->scale_count++;
    for (int axis = 0; axis < 3; axis++)
        for (int order = 0; order < 3; order++)
            BW_TRY(bw_kernel_make(ctx, along[axis], order, &scale->kernel[axis][order]));
    return BW_OK;
}

static bw_status want_group(bw_context *ctx, bw_feature_plan *plan, const bw_feature_info *info, bw_group **out) {
    for (int g = 0; g < plan->group_count; g++) {
        bw_group *group = &plan->groups[g];
        if (group->channel == info->channel && group->dims == info->dims && group->sigma == info->sigma) {
            *out = group;
            return BW_OK;
        }
    }
    bw_group *grown = bw_realloc(ctx, plan->groups, (uint64_t)plan->group_count + 1, sizeof *grown, "a feature plan");
    if (!grown) return BW_ERROR_MEMORY;
    plan->groups = grown;
    *out = &grown[plan->group_count++];
    memset(*out, 0, sizeof **out);
    (*out)->channel = info->channel;
    (*out)->dims = info->dims;
    (*out)->sigma = info->sigma;
    return BW_OK;
}

static void want_slot(bw_group *group, int scale, unsigned mask, int *out) {
    int s = 0;
    while (s < group->slot_count && group->slots[s].scale != scale)
        s++;
    if (s == group->slot_count) group->slots[group->slot_count++] = (bw_slot){scale, 0};
    group->slots[s].mask |= mask;
    *out = s;
}

static bw_status new_item(bw_context *ctx, bw_feature_plan *plan, const bw_recipe_options *options, bw_group *group,
                          const bw_feature_def *def, bw_item **out) {
    bw_item *grown = bw_realloc(ctx, group->items, (uint64_t)group->item_count + 1, sizeof *grown, "a feature plan");
    if (!grown) return BW_ERROR_MEMORY;
    group->items = grown;
    bw_item *item = *out = &grown[group->item_count++];
    *item = (bw_item){.def = def, .window = -1};
    for (int o = 0; o < BW_MAX_OUTPUTS; o++)
        item->index[o] = -1;
    for (int n = 0; n < BW_MAX_NEEDS; n++) {
        unsigned mask = def->need[n].mask[group->dims - 2];
        item->scale[n] = -1;
        if (mask && def->need[n].factor > 0)
            BW_TRY(want_scale(ctx, plan, options, def->need[n].factor * group->sigma, group->dims, &item->scale[n]));
        if (mask && !def->window) want_slot(group, item->scale[n], mask, &item->slot[n]);
    }
    if (def->window) BW_TRY(want_scale(ctx, plan, options, def->window * group->sigma, group->dims, &item->window));
    return BW_OK;
}

static bw_status add_feature(bw_context *ctx, bw_feature_plan *plan, const bw_recipe *recipe, int index) {
    const bw_feature_info *info = bw_recipe_get(recipe, index);
    const bw_feature_def *def = bw_feature_def_get(info->row);
    bw_group *group;
    BW_TRY(want_group(ctx, plan, info, &group));
    bw_item *item = NULL;
    for (int i = 0; i < group->item_count; i++)
        if (group->items[i].def == def) item = &group->items[i];
    if (!item) BW_TRY(new_item(ctx, plan, bw_recipe_get_options(recipe), group, def, &item));
    item->index[info->output] = index;
    return BW_OK;
}

static int64_t reach(const bw_feature_plan *plan, int scale, int axis) {
    return scale < 0 ? 0 : bw_scale_radius(&plan->scales[scale], axis);
}

static int64_t item_reach(const bw_feature_plan *plan, const bw_item *item, int axis) {
    int64_t widest = 0;
    for (int n = 0; n < BW_MAX_NEEDS; n++)
        if (reach(plan, item->scale[n], axis) > widest) widest = reach(plan, item->scale[n], axis);
    return widest + reach(plan, item->window, axis);
}

static void measure_halo(bw_feature_plan *plan) {
    for (int g = 0; g < plan->group_count; g++)
        for (int i = 0; i < plan->groups[g].item_count; i++)
            for (int axis = 0; axis < 3; axis++) {
                int64_t wide = item_reach(plan, &plan->groups[g].items[i], axis);
                if (wide > plan->halo[axis]) plan->halo[axis] = wide;
            }
}

/* Where a group comes in the order of loading: channels one by one, 2D before 3D. */
static int loading_order(const bw_group *group) {
    return 2 * group->channel + (group->dims == 3);
}

static void sort_groups(bw_feature_plan *plan) {
    for (int g = 1; g < plan->group_count; g++)
        for (int k = g; k > 0 && loading_order(&plan->groups[k - 1]) > loading_order(&plan->groups[k]); k--) {
            bw_group swap = plan->groups[k];
            plan->groups[k] = plan->groups[k - 1];
            plan->groups[k - 1] = swap;
        }
}

static bw_status build(bw_context *ctx, const bw_recipe *recipe, const uint8_t *wanted, bw_feature_plan *plan) {
    for (int f = 0; f < bw_recipe_count(recipe); f++)
        if (!wanted || wanted[f]) BW_TRY(add_feature(ctx, plan, recipe, f));
    sort_groups(plan);
    measure_halo(plan);
    return BW_OK;
}

bw_status bw_feature_plan_create(bw_context *ctx, const bw_recipe *recipe, const uint8_t *wanted,
                                 bw_feature_plan **out) {
    *out = bw_calloc(ctx, 1, sizeof **out, "a feature plan");
    if (!*out) return BW_ERROR_MEMORY;
    bw_status status = build(ctx, recipe, wanted, *out);
    if (status == BW_OK) return BW_OK;
    bw_feature_plan_free(*out);
    *out = NULL;
    return status;
}

void bw_feature_plan_free(bw_feature_plan *plan) {
    if (!plan) return;
    for (int s = 0; s < plan->scale_count; s++)
        for (int k = 0; k < 9; k++)
            bw_kernel_free(&plan->scales[s].kernel[k / 3][k % 3]);
    for (int g = 0; g < plan->group_count; g++)
        bw_free(plan->groups[g].items);
    bw_free(plan->groups);
    bw_free(plan->scales);
    bw_free(plan);
}

void bw_feature_plan_halo(const bw_feature_plan *plan, int64_t halo[3]) {
    memcpy(halo, plan->halo, sizeof plan->halo);
}

int bw_feature_plan_uses_channel(const bw_feature_plan *plan, int channel) {
    for (int g = 0; g < plan->group_count; g++)
        if (plan->groups[g].channel == channel) return 1;
    return 0;
}

/* ---- sizes ----------------------------------------------------------------------------------------------------- */

static int64_t line_up(int64_t floats) {
    return (floats + 15) / 16 * 16;
}

static int bits(unsigned mask) {
    int n = 0;
    for (; mask; mask &= mask - 1)
        n++;
    return n;
}

static bw_box margin_box(const bw_feature_plan *plan, const bw_item *item, const bw_box *tile, const int64_t size[3]) {
    const int64_t margin[3] = {reach(plan, item->window, 0), reach(plan, item->window, 1),
                               reach(plan, item->window, 2)};
    return bw_box_grow(tile, margin, size);
}

static int64_t larger(int64_t a, int64_t b) {
    return a > b ? a : b;
}

/* A row with a window: its derivative images over the margin box, its own scratch, the smoothing's. */
static int64_t window_item_scratch(const bw_feature_plan *plan, const bw_group *group, const bw_item *item,
                                   const bw_box *tile, const int64_t size[3]) {
    const bw_box margin = margin_box(plan, item, tile, size);
    int64_t images = bits(item->def->need[0].mask[group->dims - 2]) * line_up(bw_box_count(&margin));
    int64_t derive = bw_derive_scratch(&plan->scales[item->scale[0]], &margin, size);
    int64_t compute =
        bw_window_scratch(group->dims, tile, &margin) + bw_derive_scratch(&plan->scales[item->window], tile, size);
    return images + larger(derive, compute);
}

static int64_t group_scratch(const bw_feature_plan *plan, const bw_group *group, const bw_box *tile,
                             const int64_t size[3]) {
    int64_t images = 0, most = 0;
    for (int s = 0; s < group->slot_count; s++) {
        images += bits(group->slots[s].mask) * line_up(bw_box_count(tile));
        if (group->slots[s].scale >= 0)
            most = larger(most, bw_derive_scratch(&plan->scales[group->slots[s].scale], tile, size));
    }
    most += images;
    for (int i = 0; i < group->item_count; i++)
        if (group->items[i].window >= 0)
            most = larger(most, window_item_scratch(plan, group, &group->items[i], tile, size));
    return most;
}

int64_t bw_feature_plan_scratch(const bw_feature_plan *plan, const bw_box *tile, const int64_t size[3]) {
    const bw_box source = bw_box_grow(tile, plan->halo, size);
    int64_t most = 0;
    for (int g = 0; g < plan->group_count; g++)
        most = larger(most, group_scratch(plan, &plan->groups[g], tile, size));
    return line_up(bw_box_count(&source)) + BW_MAX_OUTPUTS * line_up(bw_box_count(tile)) + most;
}

static double item_cost(const bw_feature_plan *plan, const bw_group *group, const bw_item *item, const bw_box *tile,
                        const int64_t size[3]) {
    double pointwise = 4.0 * (double)bw_box_count(tile) * item->def->row.outputs_3d;
    if (item->window < 0) return pointwise;
    const bw_box margin = margin_box(plan, item, tile, size);
    int entries = group->dims == 3 ? 6 : 3;
    return pointwise +
           bw_derive_cost(&plan->scales[item->scale[0]], &margin, size, item->def->need[0].mask[group->dims - 2]) +
           entries *
               ((double)bw_box_count(&margin) + bw_derive_cost(&plan->scales[item->window], tile, size, 1u << BW_D0));
}

double bw_feature_plan_cost(const bw_feature_plan *plan, const bw_box *tile, const int64_t size[3]) {
    const bw_box source = bw_box_grow(tile, plan->halo, size);
    double cost = (double)bw_box_count(&source);
    for (int g = 0; g < plan->group_count; g++) {
        const bw_group *group = &plan->groups[g];
        for (int s = 0; s < group->slot_count; s++)
            if (group->slots[s].scale >= 0)
                cost += bw_derive_cost(&plan->scales[group->slots[s].scale], tile, size, group->slots[s].mask);
        for (int i = 0; i < group->item_count; i++)
            cost += item_cost(plan, group, &group->items[i], tile, size);
    }
    return cost;
}

/* ---- computing ------------------------------------------------------------------------------------------------- */

/* A tile in work: the loaded channel, the output images and the rest of the scratch. */
typedef struct bw_work {
    bw_context *ctx;
    const bw_tile_task *task;
    const bw_ops *ops;
    bw_view source;
    float *out[BW_MAX_OUTPUTS];
    float *rest;
} bw_work;

static float *take(float **rest, int64_t floats) {
    float *taken = *rest;
    *rest += line_up(floats);
    return taken;
}

/* Adds sign times the typical value: of every slice when features are 2D, so that a slice counts for itself, else of
 * the frame. */
static void shift_level(const bw_work *work, const bw_group *group, const bw_box *box, float sign, float *values) {
    const bw_frame *frame = &work->task->frame;
    const int64_t plane = bw_box_extent(box, 0) * bw_box_extent(box, 1);
    if (group->dims == 3) {
        work->ops->shift(values, sign * frame->typical(frame, group->channel, -1), bw_box_count(box));
        return;
    }
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++, values += plane)
        work->ops->shift(values, sign * frame->typical(frame, group->channel, z), plane);
}

static bw_status derive_into(const bw_work *work, const bw_group *group, int scale, const bw_box *box, unsigned mask,
                             float **rest, float *images[BW_DERIVATIVES]) {
    for (int d = 0; d < BW_DERIVATIVES; d++)
        images[d] = mask >> d & 1 ? take(rest, bw_box_count(box)) : NULL;
    if (scale < 0) return work->task->frame.load(work->ctx, &work->task->frame, group->channel, box, images[BW_D0]);
    return bw_derive(work->ctx, work->ops, &work->task->plan->scales[scale], &work->source, box, work->task->frame.size,
                     mask, images, *rest);
}

bw_status bw_call_smooth(bw_context *ctx, const bw_feature_call *call, float *product, float *out) {
    const bw_view view = bw_view_dense(product, &call->margin_box);
    float *const images[BW_DERIVATIVES] = {[BW_D0] = out};
    float *rest = call->scratch + bw_window_scratch(call->dims, &call->box, &call->margin_box);
    return bw_derive(ctx, call->ops, call->window, &view, &call->box, call->size, 1u << BW_D0, images, rest);
}

static bw_status emit(const bw_work *work, const bw_item *item) {
    for (int o = 0; o < BW_MAX_OUTPUTS; o++) {
        if (item->index[o] < 0) continue;
        if (work->task->frame.extreme) work->ops->make_finite(work->out[o], bw_box_count(&work->task->tile));
        BW_TRY(work->task->emit(work->ctx, work->task->user, item->index[o], work->out[o]));
    }
    bw_progress_add(work->ctx, 0);
    return bw_check(work->ctx);
}

static bw_status run_item(const bw_work *work, const bw_group *group, const bw_item *item, bw_feature_call *call) {
    call->ops = work->ops;
    call->dims = group->dims;
    call->box = work->task->tile;
    call->count = bw_box_count(&call->box);
    memcpy(call->out, work->out, sizeof call->out);
    memcpy(call->size, work->task->frame.size, sizeof call->size);
    BW_TRY(item->def->compute(work->ctx, call));
    if (item->def->level && item->scale[0] >= 0) shift_level(work, group, &call->box, 1, work->out[0]);
    return emit(work, item);
}

static bw_status run_window_item(const bw_work *work, const bw_group *group, const bw_item *item) {
    const bw_feature_plan *plan = work->task->plan;
    bw_feature_call call = {.margin_box = margin_box(plan, item, &work->task->tile, work->task->frame.size),
                            .window = &plan->scales[item->window]};
    float *rest = work->rest, *images[BW_DERIVATIVES];
    BW_TRY(derive_into(work, group, item->scale[0], &call.margin_box, item->def->need[0].mask[group->dims - 2], &rest,
                       images));
    memcpy(call.image[0], images, sizeof images);
    call.scratch = rest;
    return run_item(work, group, item, &call);
}

static bw_status run_group(const bw_work *work, const bw_group *group) {
    float *images[MAX_SLOTS][BW_DERIVATIVES], *rest = work->rest;
    for (int s = 0; s < group->slot_count; s++)
        BW_TRY(
            derive_into(work, group, group->slots[s].scale, &work->task->tile, group->slots[s].mask, &rest, images[s]));
    for (int i = 0; i < group->item_count; i++) {
        const bw_item *item = &group->items[i];
        bw_feature_call call = {0};
        if (item->window >= 0) continue;
        for (int n = 0; n < BW_MAX_NEEDS; n++)
            if (item->def->need[n].mask[group->dims - 2])
                memcpy(call.image[n], images[item->slot[n]], sizeof call.image[n]);
        BW_TRY(run_item(work, group, item, &call));
    }
    for (int i = 0; i < group->item_count; i++)
        if (group->items[i].window >= 0) BW_TRY(run_window_item(work, group, &group->items[i]));
    return BW_OK;
}

bw_status bw_features_tile(bw_context *ctx, const bw_tile_task *task) {
    const bw_feature_plan *plan = task->plan;
    bw_work work = {.ctx = ctx, .task = task, .ops = bw_ops_get(task->level), .rest = task->scratch};
    const bw_box source = bw_box_grow(&task->tile, plan->halo, task->frame.size);
    work.source = bw_view_dense(take(&work.rest, bw_box_count(&source)), &source);
    for (int o = 0; o < BW_MAX_OUTPUTS; o++)
        work.out[o] = take(&work.rest, bw_box_count(&task->tile));
    for (int g = 0; g < plan->group_count; g++) {
        const bw_group *group = &plan->groups[g];
        if (!g || group[-1].channel != group->channel || group[-1].dims != group->dims) {
            BW_TRY(task->frame.load(ctx, &task->frame, group->channel, &source, work.source.data));
            shift_level(&work, group, &source, -1, work.source.data);
        }
        BW_TRY(run_group(&work, group));
    }
    return BW_OK;
}
