#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "model/model.h"
#include "pipeline/ballot.h"
#include "pipeline/outputs.h"
#include "pipeline/refine.h"
#include "pipeline/stage.h"

/* Per thread. */
typedef struct bw_predict_room {
    bw_ballot ballot;
    bw_refine_room *refine; /* NULL = votes stay as they are */
    uint32_t *votes;        /* of a row; NULL when nobody asks for them */
    uint8_t *winners;       /* of a row */
    int64_t *pixels;        /* that each class won */
} bw_predict_room;

typedef struct bw_predict_run {
    const bw_model *model;
    bw_feature_plan *plan; /* of the recipe's features that the forest uses */
    uint8_t *context;      /* which of the context's features it uses; NULL = none */
    bw_stage *stage;       /* makes these; NULL = none */
    bw_source source;
    bw_grid grid;
    bw_simd level;
    bw_ballot_kind kind;
    bw_refine_spec refine; /* radius 0 = not */
    bw_outputs outputs;
    bw_predict_room *rooms;
} bw_predict_run;

typedef struct bw_predict_tile {
    const bw_predict_run *run;
    bw_predict_room *room;
    bw_box box, grown; /* what is written, and with what refining reads around it */
    int frame, thread;
} bw_predict_tile;

/* ---- a tile ---------------------------------------------------------------------------------------------------- */

/* The context's features stand behind the recipe's. */
static bw_status take_context(bw_context *ctx, void *user, int index, const bw_box *part, const float *values,
                              int64_t row, int64_t plane) {
    const bw_predict_tile *at = user;
    const int first = bw_recipe_count(at->run->model->recipe);
    return bw_ballot_take(ctx, &at->room->ballot, first + index, part, values, row, plane);
}

static void write_row(const bw_predict_tile *at, int64_t y, int64_t z) {
    const bw_predict_run *run = at->run;
    const bw_predict_room *room = at->room;
    const int64_t width = bw_box_extent(&at->box, 0);
    const bw_output_row row = {at->frame, at->box.lo[0], y, z, width, room->votes, room->winners};
    if (room->refine) {
        bw_refine_row(room->refine, y - at->box.lo[1], room->votes);
        bw_outputs_winners(room->votes, run->model->classes, width, room->winners);
    } else if (room->votes) {
        bw_ballot_row_votes(&room->ballot, y, z, room->votes);
        bw_outputs_winners(room->votes, run->model->classes, width, room->winners);
    } else {
        bw_ballot_row_winners(&room->ballot, y, z, room->winners);
    }
    for (int64_t x = 0; x < width; x++)
        room->pixels[room->winners[x]]++;
    bw_outputs_write(&run->outputs, &row);
}

static void read_votes(const void *user, int64_t y, int64_t z, uint32_t *votes) {
    bw_ballot_row_votes(user, y, z, votes);
}

/* Votes per pixel before refining. */
static uint32_t vote_total(const bw_model *model) {
    return model->calibration ? (uint32_t)BW_CALIBRATED_TOTAL : bw_forest_vote_total(model->forest);
}

static bw_status write_tile(bw_context *ctx, const bw_predict_tile *at, const bw_frame *frame) {
    const bw_predict_room *room = at->room;
    for (int64_t z = at->box.lo[2]; z < at->box.hi[2]; z++) {
        BW_TRY(bw_check(ctx));
        if (room->refine)
            BW_TRY(bw_refine_slice(ctx, room->refine, frame, &at->box, &at->grown, z, read_votes, &room->ballot,
                                   vote_total(at->run->model)));
        for (int64_t y = at->box.lo[1]; y < at->box.hi[1]; y++)
            write_row(at, y, z);
    }
    return BW_OK;
}

/* The forest takes as long as the features, and a stage before it longer than both. */
static bw_status predict_tile(bw_context *ctx, void *user, const bw_box *tile, bw_tile_task *task, int frame,
                              int thread) {
    const bw_predict_run *run = user;
    bw_predict_tile at = {run, &run->rooms[thread], *tile, task->tile, frame, thread};
    const double progress = task->progress, first = run->stage ? 0.6 : 0;
    at.room->ballot.box = at.grown;
    if (run->stage)
        BW_TRY(bw_stage_tile(ctx, run->stage, thread, frame, &at.grown, take_context, &at, first * progress));
    task->emit = bw_ballot_take;
    task->user = &at.room->ballot;
    task->progress = 0.5 * (1 - first) * progress;
    BW_TRY(bw_features_tile(ctx, task));
    BW_TRY(bw_ballot_count(ctx, &at.room->ballot, run->model->calibration, task->progress));
    return write_tile(ctx, &at, &task->frame);
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

static bw_status find_used(bw_context *ctx, bw_predict_run *run) {
    const bw_model *model = run->model;
    const int own = bw_recipe_count(model->recipe);
    int any;
    uint8_t *used = used_features(ctx, model->forest, 0, own, &any);
    bw_status status = used ? bw_feature_plan_create(ctx, model->recipe, used, &run->plan) : BW_ERROR_MEMORY;
    bw_free(used);
    if (status != BW_OK || !model->context) return status;
    run->context = used_features(ctx, model->forest, own, bw_recipe_count(model->context), &any);
    if (!run->context) return BW_ERROR_MEMORY;
    if (any) return BW_OK;
    bw_free(run->context);
    run->context = NULL;
    return BW_OK;
}

/* Bytes per pixel beside the features' scratch; a row of votes is at most an eighth of a tile's in blocks, and a slice
 * that is refined an eighth of a stack's tile. */
static double pixel_bytes(const bw_predict_run *run) {
    static const int64_t block[3] = {BW_BLOCK, BW_BLOCK, 1};
    const int stack = bw_image_get_info(run->source.image)->depth >= BW_BLOCK_EDGE;
    const double row = run->kind == BW_BALLOT_VOTES ? 4.0 * run->model->classes / BW_BLOCK_EDGE : 0;
    const double slice = run->refine.radius ? (double)bw_refine_bytes(&run->refine, block) / (BW_BLOCK * BW_BLOCK) : 0;
    return bw_ballot_pixel_bytes(run->model->forest, run->kind) + row + slice / (stack ? BW_BLOCK_EDGE : 1);
}

/* A tree costs a pixel about as much as so many multiply-adds of the features. */
static const double tree_work = 25;

static bw_status choose_grid(bw_context *ctx, const bw_predict_run *run, int64_t edge, bw_grid *out) {
    const bw_image_info *info = bw_image_get_info(run->source.image);
    const int64_t margin = bw_refine_reach(&run->refine);
    const bw_grid_wish wish = {.size = {info->width, info->height, info->depth},
                               .frames = info->frames,
                               .bytes_per_pixel = pixel_bytes(run),
                               .work_per_pixel = (double)bw_forest_trees(run->model->forest) * tree_work,
                               .edge = edge,
                               .margin = {margin, margin, 0},
                               .whole = run->context != NULL};
    return bw_grid_choose(ctx, run->plan, &wish, out);
}

/* The grid that a context of a smaller budget chooses; threads 0 = its budget is too small. */
static bw_status try_grid(bw_context *ctx, const bw_predict_run *run, int64_t edge, uint64_t budget, bw_grid *out) {
    bw_context *trial = bw_context_create();
    if (!trial) return bw_fail(ctx, BW_ERROR_MEMORY, "There is no memory left to plan tiles.");
    bw_status status = bw_context_set_threads(trial, bw_context_threads(ctx));
    if (status == BW_OK) status = bw_context_set_memory_budget(trial, budget);
    if (status == BW_OK) status = choose_grid(trial, run, edge, out);
    bw_context_free(trial);
    if (status == BW_OK) return bw_check(ctx);
    out->threads = 0;
    return status == BW_ERROR_MEMORY ? bw_check(ctx) : choose_grid(ctx, run, edge, out); /* fails with its message */
}

/* Leaves more and more of the budget to the stage, whose need depends on the tiles, until all threads are fed; or as
 * many as possible, perhaps none. */
static bw_status share_budget(bw_context *ctx, const bw_predict_run *run, const bw_stage_spec *spec, int64_t edge,
                              bw_grid *out) {
    enum { SHARES = 16 };
    const uint64_t part = bw_context_memory_budget(ctx) / SHARES;
    out->threads = 0;
    for (uint64_t share = SHARES - 1; share > 0 && part; share--) {
        bw_grid grid = {.threads = 0};
        int64_t bytes, extent[3];
        BW_TRY(try_grid(ctx, run, edge, part * share, &grid));
        if (!grid.threads) break;
        bw_grid_grown(&grid, extent);
        BW_TRY(bw_stage_size(ctx, spec, extent, grid.wish.size, &bytes));
        const int64_t fed = (int64_t)(part * (SHARES - share)) / bytes;
        if (fed < grid.threads) grid.threads = (int)fed;
        if (grid.threads > out->threads) *out = grid;
        if (grid.threads == bw_context_threads(ctx)) break;
    }
    return BW_OK;
}

/* Time until the last thread is done, in multiply-adds. */
static bw_status duration(bw_context *ctx, const bw_predict_run *run, const bw_stage_spec *spec, const bw_grid *grid,
                          double *time) {
    const bw_shares shares = bw_share_out(&grid->bounds, grid->tile, NULL);
    const int64_t tiles = bw_share_count(&shares) * grid->wish.frames, *size = grid->wish.size;
    int64_t extent[3];
    bw_grid_grown(grid, extent);
    BW_TRY(bw_stage_cost(ctx, spec, extent, size, time));
    *time += bw_feature_plan_cost(run->plan, extent, size);
    *time *= (double)((tiles + grid->threads - 1) / grid->threads);
    return BW_OK;
}

/* The tiles that suit the features, or larger ones: what the stage computes around them costs more. */
static bw_status choose_for_stage(bw_context *ctx, bw_predict_run *run, const bw_stage_spec *spec, int64_t edge) {
    static const int64_t parts[] = {0, 1, 2, 3, 4, 6, 8};
    const bw_image_info *info = bw_image_get_info(run->source.image);
    const int64_t wide = info->width > info->height ? info->width : info->height;
    double shortest = 0, time;
    if (edge) return share_budget(ctx, run, spec, edge, &run->grid);
    run->grid.threads = 0;
    for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
        bw_grid grid;
        const int64_t forced = parts[p] ? (wide + parts[p] - 1) / parts[p] : 0;
        if (parts[p] && forced < BW_BLOCK) break;
        BW_TRY(share_budget(ctx, run, spec, forced, &grid));
        if (!grid.threads) continue;
        BW_TRY(duration(ctx, run, spec, &grid, &time));
        if (run->grid.threads && time >= shortest) continue;
        run->grid = grid;
        shortest = time;
    }
    return BW_OK;
}

static bw_status open_stage(bw_context *ctx, bw_predict_run *run, int64_t edge) {
    const bw_stage_spec spec = {run->model->recipe, run->model->first, run->model->context, run->context};
    int64_t extent[3];
    BW_TRY(choose_for_stage(ctx, run, &spec, edge));
    bw_grid_grown(&run->grid, extent);
    if (run->grid.threads) return bw_stage_create(ctx, &spec, &run->source, extent, run->grid.threads, &run->stage);
    return bw_fail(ctx, BW_ERROR_MEMORY,
                   "The memory budget of %.0f MB is too small for even one small tile of a model with autocontext. "
                   "Raise it, or train without the largest sigmas.",
                   (double)bw_context_memory_budget(ctx) / 1e6);
}

static bw_status make_room(bw_context *ctx, const bw_predict_run *run, bw_predict_room *room) {
    const uint64_t width = (uint64_t)run->grid.tile[0], classes = (uint64_t)run->model->classes;
    int64_t extent[3];
    bw_grid_grown(&run->grid, extent);
    BW_TRY(bw_ballot_open(ctx, run->model->forest, run->kind, run->level, extent, &room->ballot));
    if (run->refine.radius) BW_TRY(bw_refine_open(ctx, &run->refine, run->level, run->grid.tile, &room->refine));
    room->winners = bw_alloc(ctx, width, 1, "labels");
    room->pixels = bw_calloc(ctx, classes, sizeof *room->pixels, "class counts");
    if (!room->winners || !room->pixels) return BW_ERROR_MEMORY;
    if (run->kind == BW_BALLOT_WINNERS) return BW_OK;
    room->votes = bw_alloc(ctx, width * classes, sizeof *room->votes, "votes");
    return room->votes ? BW_OK : BW_ERROR_MEMORY;
}

static bw_status prepare(bw_context *ctx, int64_t edge, bw_predict_run *run) {
    const bw_image_info *info = bw_image_get_info(run->source.image);
    const int64_t size[3] = {info->width, info->height, info->depth};
    bw_progress_begin(ctx, 1); /* the scan below listens to the progress function too */
    BW_TRY(bw_simd_level(ctx, &run->level));
    BW_TRY(find_used(ctx, run));
    BW_TRY(bw_source_open(ctx, run->source.image, &run->source));
    BW_TRY(bw_feature_plan_fit(ctx, run->plan, size));
    BW_TRY(run->context ? open_stage(ctx, run, edge) : choose_grid(ctx, run, edge, &run->grid));
    run->rooms = bw_calloc(ctx, (uint64_t)run->grid.threads, sizeof *run->rooms, "scratch");
    if (!run->rooms) return BW_ERROR_MEMORY;
    for (int t = 0; t < run->grid.threads; t++)
        BW_TRY(make_room(ctx, run, &run->rooms[t]));
    return BW_OK;
}

static void close_run(bw_predict_run *run) {
    for (int t = 0; run->rooms && t < run->grid.threads; t++) {
        bw_ballot_close(&run->rooms[t].ballot);
        bw_refine_close(run->rooms[t].refine);
        bw_free(run->rooms[t].votes);
        bw_free(run->rooms[t].winners);
        bw_free(run->rooms[t].pixels);
    }
    bw_free(run->rooms);
    bw_stage_free(run->stage);
    bw_free(run->context);
    bw_feature_plan_free(run->plan);
    bw_source_close(&run->source);
    bw_outputs_free(&run->outputs);
}

static void report_run(const bw_predict_run *run, bw_predict_report *report) {
    const bw_image_info *info = bw_image_get_info(run->source.image);
    report->non_finite = run->source.non_finite;
    report->slice_wise = info->depth > 1 && !bw_recipe_is_3d(run->model->recipe);
    for (int t = 0; t < run->grid.threads; t++)
        for (int k = 0; k < run->model->classes; k++)
            report->class_pixels[k] += run->rooms[t].pixels[k];
}

static bw_status run_all(bw_context *ctx, const bw_predict_options *options, int outputs, bw_predict_run *run) {
    const bw_image_info *info = bw_image_get_info(run->source.image);
    BW_TRY(prepare(ctx, options ? options->tile : 0, run));
    const uint32_t total = run->refine.radius ? (uint32_t)BW_CALIBRATED_TOTAL : vote_total(run->model);
    BW_TRY(bw_outputs_create(ctx, run->model, run->source.image, outputs, total, &run->outputs));
    bw_progress_begin(ctx, (double)info->width * (double)info->height * (double)info->depth * info->frames);
    const bw_grid_run tiles = {.plan = run->plan,
                               .source = &run->source,
                               .grid = &run->grid,
                               .level = run->level,
                               .progress = 1,
                               .tile = predict_tile,
                               .user = run};
    return bw_grid_execute(ctx, &tiles);
}

/* What the model asks for, unless the caller wants none of it. */
static bw_refine_spec refine_spec(const bw_model *model, const bw_predict_options *options) {
    bw_refine_spec spec = {model->options.refine, model->classes, bw_recipe_get_options(model->recipe)->channels,
                           model->spread};
    if ((options && options->unrefined) || !bw_refine_wanted(&spec)) spec.radius = 0;
    return spec;
}

bw_status bw_predict(bw_context *ctx, const bw_model *model, const bw_image *image, const bw_predict_options *options,
                     int outputs, bw_prediction *out, bw_predict_report *report) {
    bw_predict_report own = {0};
    bw_predict_run run = {.model = model, .source = {.image = image}};
    *out = (bw_prediction){0};
    BW_TRY(bw_check(ctx));
    if (outputs & ~BW_OUTPUT_ALL)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "There is no output %d to predict.", outputs & ~BW_OUTPUT_ALL);
    run.refine = refine_spec(model, options);
    const int votes = model->calibration || run.refine.radius || bw_outputs_need_votes(outputs);
    run.kind = votes ? BW_BALLOT_VOTES : BW_BALLOT_WINNERS;
    BW_TRY(bw_fit_check(ctx, model->recipe, image, options ? options->spacing : NULL, &own.spacing_assumed));
    const bw_status status = run_all(ctx, options, outputs, &run);
    if (status == BW_OK) {
        report_run(&run, &own);
        if (report) *report = own;
        bw_outputs_take(&run.outputs, out);
    }
    close_run(&run);
    return status;
}
