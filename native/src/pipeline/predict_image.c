#include "pipeline/predict_image.h"

#include <string.h>

#include "core/alloc.h"

/* ---- tiles ------------------------------------------------------------------------------------------------------- */

typedef struct bw_context_taker {
    bw_ballot *ballot;
    int first; /* number of the context's first feature: they stand behind the recipe's */
} bw_context_taker;

static bw_status take_context(bw_context *ctx, void *user, int index, const bw_box *part, const float *values,
                              int64_t row, int64_t plane) {
    const bw_context_taker *to = user;
    return bw_ballot_take(ctx, to->ballot, to->first + index, part, values, row, plane);
}

/* The forest takes as long as the features, and a stage before it longer than both. */
bw_status bw_image_run_tile(bw_context *ctx, void *user, bw_tile_task *task, int frame, int thread) {
    const bw_image_run *self = user;
    bw_ballot *ballot = &self->run.rooms[thread].ballot;
    bw_context_taker taker = {ballot, bw_recipe_count(self->run.model->recipe)};
    const double progress = task->progress, first = self->stage ? 0.6 : 0;
    ballot->box = task->tile;
    if (self->stage)
        BW_TRY(bw_stage_tile(ctx, self->stage, thread, frame, &task->tile, take_context, &taker, first * progress));
    task->emit = bw_ballot_take;
    task->user = ballot;
    task->progress = 0.5 * (1 - first) * progress;
    BW_TRY(bw_features_tile(ctx, task));
    return bw_predict_run_tile(ctx, &self->run, frame, thread, task->progress);
}

/* ---- the run --------------------------------------------------------------------------------------------------- */

/* Which of `count` features from `first` on the forest uses; *any tells whether there is one. */
static uint8_t *used_features(bw_context *ctx, const bw_forest *forest, int first, int count, int *any) {
    uint8_t *used = bw_calloc(ctx, (uint64_t)count, 1, "a feature list");
    *any = 0;
    for (int f = 0; f < count && used; f++) {
        used[f] = (uint8_t)bw_forest_uses(forest, first + f);
        *any |= used[f];
    }
    return used;
}

static bw_status find_used(bw_context *ctx, bw_image_run *self) {
    const bw_model *model = self->run.model;
    const int own = bw_recipe_count(model->recipe);
    int any;
    uint8_t *used = used_features(ctx, model->forest, 0, own, &any);
    bw_status status = used ? bw_feature_plan_create(ctx, model->recipe, used, &self->plan) : BW_ERROR_MEMORY;
    bw_free(used);
    if (status != BW_OK || !model->context) return status;
    self->context = used_features(ctx, model->forest, own, bw_recipe_count(model->context), &any);
    if (!self->context) return BW_ERROR_MEMORY;
    if (any) return BW_OK;
    bw_free(self->context);
    self->context = NULL;
    return BW_OK;
}

bw_box bw_image_run_box(const bw_image_run *self) {
    const bw_image_info *info = bw_image_get_info(self->source.image);
    const bw_part *part = self->part;
    if (!part) return (bw_box){{0, 0, 0}, {info->width, info->height, info->depth}};
    return (bw_box){{part->lo[0], part->lo[1], part->lo[2]}, {part->hi[0], part->hi[1], part->hi[2]}};
}

/* A tree costs a pixel about as much as so many multiply-adds of the features. */
static const double tree_work = 25;

/* What a streamed run keeps per pixel: two windows, and the outputs of one region, which without refining are made
 * while those of the one before are written. */
static void wish_for_stream(const bw_image_run *self, bw_grid_wish *wish) {
    const bw_image_info *info = bw_image_get_info(self->source.image);
    const double windows =
        bw_image_is_streamed(self->source.image) ? 2.0 * info->channels * (double)bw_type_size(info->type) : 0;
    const double outputs = bw_outputs_pixel_bytes(self->run.wanted, self->run.model->classes);
    wish->bytes_per_read_pixel = windows;
    wish->bytes_per_region_pixel += windows + outputs * (self->run.refine.radius ? 1 : 2);
    wish->region_memory = 400e6;
    memcpy(wish->step, self->step, sizeof wish->step);
    wish->like = self->like;
}

static bw_status choose_grid(bw_context *ctx, const bw_image_run *self, int64_t edge, bw_grid *out) {
    const bw_predict_run *run = &self->run;
    const bw_image_info *info = bw_image_get_info(self->source.image);
    const bw_box box = bw_image_run_box(self);
    bw_grid_wish wish = {.size = {info->width, info->height, info->depth},
                         .frames = self->part ? 1 : info->frames,
                         .box = &box,
                         .bytes_per_pixel = bw_predict_run_pixel_bytes(run),
                         .work_per_pixel = (double)bw_forest_trees(run->model->forest) * tree_work,
                         .edge = edge,
                         .thread_bytes = bw_predict_run_room_bytes(run),
                         .bytes_per_region_pixel = bw_predict_run_region_bytes(run),
                         .whole = self->context != NULL};
    bw_predict_run_margin(run, wish.margin);
    if (self->streamed) wish_for_stream(self, &wish);
    BW_TRY(bw_grid_choose(ctx, self->plan, &wish, out));
    out->wish.like = NULL;
    out->wish.box = NULL;
    return BW_OK;
}

/* The grid that a context of a smaller budget chooses; threads 0 = its budget is too small. */
static bw_status try_grid(bw_context *ctx, const bw_image_run *self, int64_t edge, uint64_t budget, bw_grid *out) {
    bw_context *trial = bw_context_create();
    if (!trial) return bw_fail(ctx, BW_ERROR_MEMORY, "There is no memory left to plan tiles.");
    bw_status status = bw_context_set_threads(trial, bw_context_threads(ctx));
    if (status == BW_OK) status = bw_context_set_memory_budget(trial, budget);
    if (status == BW_OK) status = choose_grid(trial, self, edge, out);
    bw_context_free(trial);
    if (status == BW_OK) return bw_check(ctx);
    out->threads = 0;
    return status == BW_ERROR_MEMORY ? bw_check(ctx) : choose_grid(ctx, self, edge, out); /* fails with its message */
}

/* Leaves more and more of the budget to the stage, whose need depends on the tiles, until all threads are fed; or as
 * many as possible, perhaps none. */
static bw_status share_budget(bw_context *ctx, const bw_image_run *self, const bw_stage_spec *spec, int64_t edge,
                              bw_grid *out) {
    enum { SHARES = 16 };
    const uint64_t part = bw_context_memory_budget(ctx) / SHARES;
    out->threads = 0;
    for (uint64_t share = SHARES - 1; share > 0 && part; share--) {
        bw_grid grid = {.threads = 0};
        int64_t bytes;
        BW_TRY(try_grid(ctx, self, edge, part * share, &grid));
        if (!grid.threads) break;
        BW_TRY(bw_stage_size(ctx, spec, grid.tile, grid.wish.size, &bytes));
        const int64_t fed = (int64_t)(part * (SHARES - share)) / bytes;
        if (fed < grid.threads) grid.threads = (int)fed;
        if (grid.threads > out->threads) *out = grid;
        if (grid.threads == bw_context_threads(ctx)) break;
    }
    return BW_OK;
}

/* Time until the last thread is done, in multiply-adds. */
static bw_status duration(bw_context *ctx, const bw_image_run *self, const bw_stage_spec *spec, const bw_grid *grid,
                          double *time) {
    const bw_shares shares = bw_share_out(&grid->bounds, grid->tile, NULL);
    const int64_t tiles = bw_share_count(&shares) * grid->wish.frames, *size = grid->wish.size;
    BW_TRY(bw_stage_cost(ctx, spec, grid->tile, size, time));
    *time += bw_feature_plan_cost(self->plan, grid->tile, size);
    *time *= (double)((tiles + grid->threads - 1) / grid->threads);
    return BW_OK;
}

/* The tiles that suit the features, or larger ones: what the stage computes around them costs more. */
static bw_status choose_for_stage(bw_context *ctx, bw_image_run *self, const bw_stage_spec *spec, int64_t edge) {
    static const int64_t parts[] = {0, 1, 2, 3, 4, 6, 8};
    const bw_image_info *info = bw_image_get_info(self->source.image);
    const int64_t wide = info->width > info->height ? info->width : info->height;
    double shortest = 0, time;
    if (edge) return share_budget(ctx, self, spec, edge, &self->grid);
    self->grid.threads = 0;
    for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
        bw_grid grid;
        const int64_t forced = parts[p] ? (wide + parts[p] - 1) / parts[p] : 0;
        if (parts[p] && forced < BW_BLOCK) break;
        BW_TRY(share_budget(ctx, self, spec, forced, &grid));
        if (!grid.threads) continue;
        BW_TRY(duration(ctx, self, spec, &grid, &time));
        if (self->grid.threads && time >= shortest) continue;
        self->grid = grid;
        shortest = time;
    }
    return BW_OK;
}

static bw_stage_spec stage_spec(const bw_image_run *self) {
    return (bw_stage_spec){self->run.model->recipe, self->run.model->first, self->run.model->context, self->context};
}

static bw_status choose_tiles(bw_context *ctx, bw_image_run *self, int64_t edge) {
    const bw_stage_spec spec = stage_spec(self);
    if (!self->context) return choose_grid(ctx, self, edge, &self->grid);
    BW_TRY(choose_for_stage(ctx, self, &spec, edge));
    if (self->grid.threads) return BW_OK;
    return bw_fail(ctx, BW_ERROR_MEMORY,
                   "The memory budget of %.0f MB is too small for even one small tile of a model with autocontext. "
                   "Raise it, or train without the largest sigmas.",
                   (double)bw_context_memory_budget(ctx) / 1e6);
}

/* With other resources, and without an error where memory does not suffice; *chosen tells whether it did. */
static bw_status try_tiles(bw_context *ctx, bw_image_run *self, int64_t edge, int threads, uint64_t budget,
                           int *chosen) {
    bw_context *trial = bw_context_create();
    *chosen = 0;
    if (!trial) return bw_fail(ctx, BW_ERROR_MEMORY, "There is no memory left to plan tiles.");
    bw_status status = bw_context_set_threads(trial, threads);
    if (status == BW_OK) status = bw_context_set_memory_budget(trial, budget);
    if (status == BW_OK) status = choose_tiles(trial, self, edge);
    bw_context_free(trial);
    *chosen = status == BW_OK;
    return bw_check(ctx);
}

/* The order in which results come follows from the regions. They are those of a usual machine, unless this one has too
 * little memory for them, so that compressed files do not depend on it. */
static bw_status choose_for_stream(bw_context *ctx, bw_image_run *self, int64_t edge) {
    const int usual_threads = 2;
    const uint64_t usual_budget = (uint64_t)1 << 30;
    bw_grid usual;
    int chosen;
    BW_TRY(try_tiles(ctx, self, edge, usual_threads, usual_budget, &chosen));
    if (chosen) {
        usual = self->grid;
        self->like = &usual;
        BW_TRY(try_tiles(ctx, self, edge, bw_context_threads(ctx), bw_context_memory_budget(ctx), &chosen));
        self->like = NULL;
    }
    return chosen ? BW_OK : choose_tiles(ctx, self, edge);
}

bw_status bw_image_run_open(bw_context *ctx, int64_t edge, bw_image_run *self) {
    const bw_image_info *info = bw_image_get_info(self->source.image);
    const int64_t size[3] = {info->width, info->height, info->depth};
    bw_progress_begin(ctx, 1); /* the scan below listens to the progress function too */
    BW_TRY(find_used(ctx, self));
    if (!self->shared) BW_TRY(bw_source_open(ctx, self->source.image, &self->source));
    BW_TRY(bw_feature_plan_fit(ctx, self->plan, size));
    bw_predict_run_choose_piece(ctx, &self->run, size);
    BW_TRY((self->streamed ? choose_for_stream : choose_tiles)(ctx, self, edge));
    const bw_stage_spec spec = stage_spec(self); /* whose list of features is there now */
    if (self->context)
        BW_TRY(bw_stage_create(ctx, &spec, &self->source, self->grid.tile, self->grid.threads, &self->stage));
    BW_TRY(bw_predict_run_open(ctx, &self->run, self->grid.tile, self->grid.threads));
    const bw_box box = bw_image_run_box(self);
    bw_progress_begin(ctx, (double)bw_box_count(&box) * self->grid.wish.frames);
    return BW_OK;
}

bw_status bw_image_run_bytes(bw_context *ctx, const bw_image_run *self, uint64_t *out) {
    const bw_grid *grid = &self->grid;
    const bw_box tile = {{0, 0, 0}, {grid->tile[0], grid->tile[1], grid->tile[2]}};
    const double room = grid->wish.thread_bytes + grid->wish.bytes_per_pixel * (double)bw_block_pixels(&tile);
    const bw_stage_spec spec = stage_spec(self);
    int64_t stage = 0;
    if (self->context) BW_TRY(bw_stage_size(ctx, &spec, grid->tile, grid->wish.size, &stage));
    *out = (uint64_t)grid->store + (uint64_t)grid->threads * (uint64_t)(grid->scratch + stage + (int64_t)room);
    return BW_OK;
}

void bw_image_run_close(bw_image_run *self) {
    bw_predict_run_close(&self->run);
    bw_stage_free(self->stage);
    bw_free(self->context);
    bw_feature_plan_free(self->plan);
    if (!self->shared) bw_source_close(&self->source);
}

void bw_image_run_report(const bw_image_run *self, bw_predict_report *report) {
    const bw_image_info *info = bw_image_get_info(self->source.image);
    const bw_model *model = self->run.model;
    report->non_finite = self->source.non_finite;
    report->slice_wise = info->depth > 1 && !bw_recipe_is_3d(model->recipe);
    for (int t = 0; t < self->run.threads; t++)
        for (int k = 0; k < model->classes; k++)
            report->class_pixels[k] += self->run.rooms[t].pixels[k];
}

static bw_status run_all(bw_context *ctx, int64_t edge, bw_image_run *self) {
    BW_TRY(bw_image_run_open(ctx, edge, self));
    BW_TRY(bw_predict_run_make_outputs(ctx, &self->run, NULL));
    const int refine = self->run.refine.radius > 0;
    const bw_grid_run tiles = {.plan = self->plan,
                               .source = &self->source,
                               .grid = &self->grid,
                               .level = self->run.level,
                               .progress = 1 - bw_predict_run_refine_share(&self->run),
                               .tile = bw_image_run_tile,
                               .begin = refine ? bw_predict_run_begin : NULL,
                               .finish = refine ? bw_predict_run_finish : NULL,
                               .user = self};
    return bw_grid_execute(ctx, &tiles);
}

bw_status bw_image_run_check(bw_context *ctx, const bw_model *model, const bw_predict_options *options, int outputs,
                             bw_image_run *self, bw_predict_report *report) {
    const bw_image *image = self->source.image;
    *report = (bw_predict_report){0};
    BW_TRY(bw_predict_run_plan(ctx, model, &self->source, outputs, options && options->unrefined, &self->run));
    return bw_fit_check(ctx, model->recipe, image, options ? options->spacing : NULL, &report->spacing_assumed);
}

bw_status bw_predict(bw_context *ctx, const bw_model *model, const bw_image *image, const bw_predict_options *options,
                     int outputs, bw_prediction *out, bw_predict_report *report) {
    bw_predict_report own;
    bw_image_run self = {.source = {.image = image}};
    *out = (bw_prediction){0};
    BW_TRY(bw_image_need_whole(ctx, image, "Prediction"));
    BW_TRY(bw_image_run_check(ctx, model, options, outputs, &self, &own));
    const bw_status status = run_all(ctx, options ? options->tile : 0, &self);
    if (status == BW_OK) {
        bw_image_run_report(&self, &own);
        if (report) *report = own;
        bw_outputs_take(&self.run.outputs, out);
    }
    bw_image_run_close(&self);
    return status;
}
