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
    uint16_t *kept;        /* for refining: shares of a region's votes, [class][z][y][x] */
    int64_t kept_count;    /* that there is room for */
    bw_box region;         /* that they cover */
    int64_t piece[3];      /* largest part of a slice that is refined at once */
    bw_outputs outputs;
    bw_predict_room *rooms;
} bw_predict_run;

typedef struct bw_predict_tile {
    const bw_predict_run *run;
    bw_predict_room *room;
    bw_box box;
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

/* Votes or winners of a row are there. */
static void write_row(const bw_predict_tile *at, int64_t y, int64_t z) {
    const bw_predict_run *run = at->run;
    const bw_predict_room *room = at->room;
    const int64_t width = bw_box_extent(&at->box, 0);
    const bw_output_row row = {at->frame, at->box.lo[0], y, z, width, room->votes, room->winners};
    if (room->votes) bw_outputs_winners(room->votes, run->model->classes, width, room->winners);
    for (int64_t x = 0; x < width; x++)
        room->pixels[room->winners[x]]++;
    bw_outputs_write(&run->outputs, &row);
}

static bw_status write_tile(bw_context *ctx, const bw_predict_tile *at) {
    const bw_predict_room *room = at->room;
    for (int64_t z = at->box.lo[2]; z < at->box.hi[2]; z++)
        for (int64_t y = at->box.lo[1]; y < at->box.hi[1]; y++) {
            BW_TRY(bw_check(ctx));
            if (room->votes)
                bw_ballot_row_votes(&room->ballot, y, z, room->votes);
            else
                bw_ballot_row_winners(&room->ballot, y, z, room->winners);
            write_row(at, y, z);
        }
    return BW_OK;
}

/* ---- refining ---------------------------------------------------------------------------------------------------- */

/* Pixels of a region are refined when all of it has votes, so that tiles need no margin. Shares are kept in 16 bits. */
enum { SHARE_TOTAL = 65535 };

/* Votes per pixel before refining. */
static uint32_t vote_total(const bw_model *model) {
    return model->calibration ? (uint32_t)BW_CALIBRATED_TOTAL : bw_forest_vote_total(model->forest);
}

static int64_t kept_at(const bw_box *region, int k, int64_t x, int64_t y, int64_t z) {
    const int64_t plane = k * bw_box_extent(region, 2) + z - region->lo[2];
    return (plane * bw_box_extent(region, 1) + y - region->lo[1]) * bw_box_extent(region, 0) + x - region->lo[0];
}

static bw_status begin_region(bw_context *ctx, void *user, const bw_box *region, const bw_box *grown, int frame) {
    bw_predict_run *run = user;
    const int64_t count = bw_box_count(grown) * run->model->classes;
    (void)region, (void)frame;
    run->region = *grown;
    if (count <= run->kept_count) return BW_OK;
    bw_free(run->kept);
    run->kept = bw_alloc(ctx, (uint64_t)count, sizeof *run->kept, "votes");
    run->kept_count = run->kept ? count : 0;
    return run->kept ? BW_OK : BW_ERROR_MEMORY;
}

static bw_status keep_tile(bw_context *ctx, const bw_predict_tile *at) {
    const bw_predict_run *run = at->run;
    const int64_t width = bw_box_extent(&at->box, 0);
    const uint64_t total = vote_total(run->model);
    for (int64_t z = at->box.lo[2]; z < at->box.hi[2]; z++) {
        BW_TRY(bw_check(ctx));
        for (int64_t y = at->box.lo[1]; y < at->box.hi[1]; y++) {
            bw_ballot_row_votes(&at->room->ballot, y, z, at->room->votes);
            for (int k = 0; k < run->model->classes; k++) {
                const uint32_t *from = at->room->votes + k * width;
                uint16_t *to = run->kept + kept_at(&run->region, k, at->box.lo[0], y, z);
                for (int64_t x = 0; x < width; x++)
                    to[x] = (uint16_t)((from[x] * (uint64_t)SHARE_TOTAL + total / 2) / total);
            }
        }
    }
    return BW_OK;
}

/* Rows of the kept shares that refining a piece reads. */
typedef struct bw_kept_view {
    const bw_predict_run *run;
    bw_box grown;
} bw_kept_view;

static void read_kept(const void *user, int64_t y, int64_t z, uint32_t *votes) {
    const bw_kept_view *view = user;
    const int64_t width = bw_box_extent(&view->grown, 0);
    for (int k = 0; k < view->run->model->classes; k++) {
        const uint16_t *from = view->run->kept + kept_at(&view->run->region, k, view->grown.lo[0], y, z);
        for (int64_t x = 0; x < width; x++)
            votes[k * width + x] = from[x];
    }
}

typedef struct bw_refine_job {
    const bw_predict_run *run;
    bw_shares pieces;
    bw_frame frame;
    double progress; /* of a pixel */
} bw_refine_job;

static bw_status refine_piece(bw_context *ctx, void *user, int64_t index, int thread) {
    const bw_refine_job *job = user;
    const bw_predict_run *run = job->run;
    const bw_predict_tile at = {run, &run->rooms[thread], bw_share_box(&job->pieces, index), job->frame.index, thread};
    const int64_t reach = bw_refine_reach(&run->refine), around[3] = {reach, reach, 0}, z = at.box.lo[2];
    const bw_kept_view view = {run, bw_box_grow(&at.box, around, job->frame.size)};
    BW_TRY(bw_refine_slice(ctx, at.room->refine, &job->frame, &at.box, &view.grown, z, read_kept, &view, SHARE_TOTAL));
    for (int64_t y = at.box.lo[1]; y < at.box.hi[1]; y++) {
        bw_refine_row(at.room->refine, y - at.box.lo[1], at.room->votes);
        write_row(&at, y, z);
    }
    bw_progress_add(ctx, job->progress * (double)bw_box_count(&at.box));
    return BW_OK;
}

/* Share of the progress that refining has. */
static const double refine_progress = 0.1;

static bw_status finish_region(bw_context *ctx, void *user, const bw_box *region, const bw_box *grown, int frame) {
    const bw_predict_run *run = user;
    bw_refine_job job = {run, bw_share_out(region, run->piece, NULL), bw_source_frame(&run->source, frame),
                         refine_progress};
    (void)grown;
    return bw_parallel_threads(ctx, run->grid.threads, bw_share_count(&job.pieces), refine_piece, &job);
}

/* ---- tiles ------------------------------------------------------------------------------------------------------- */

/* The forest takes as long as the features, and a stage before it longer than both. */
static bw_status predict_tile(bw_context *ctx, void *user, bw_tile_task *task, int frame, int thread) {
    const bw_predict_run *run = user;
    bw_predict_tile at = {run, &run->rooms[thread], task->tile, frame, thread};
    const double progress = task->progress, first = run->stage ? 0.6 : 0;
    at.room->ballot.box = at.box;
    if (run->stage) BW_TRY(bw_stage_tile(ctx, run->stage, thread, frame, &at.box, take_context, &at, first * progress));
    task->emit = bw_ballot_take;
    task->user = &at.room->ballot;
    task->progress = 0.5 * (1 - first) * progress;
    BW_TRY(bw_features_tile(ctx, task));
    BW_TRY(bw_ballot_count(ctx, &at.room->ballot, run->model->calibration, task->progress));
    return run->refine.radius ? keep_tile(ctx, &at) : write_tile(ctx, &at);
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

/* Bytes per pixel beside the features' scratch; a row of votes is at most an eighth of a tile's in blocks. */
static double pixel_bytes(const bw_predict_run *run) {
    const double row = run->kind == BW_BALLOT_VOTES ? 4.0 * run->model->classes / BW_BLOCK_EDGE : 0;
    return bw_ballot_pixel_bytes(run->model->forest, run->kind) + row;
}

/* A tree costs a pixel about as much as so many multiply-adds of the features. */
static const double tree_work = 25;

static bw_status choose_grid(bw_context *ctx, const bw_predict_run *run, int64_t edge, bw_grid *out) {
    const bw_image_info *info = bw_image_get_info(run->source.image);
    const int refine = run->refine.radius > 0;
    const int64_t margin = bw_refine_reach(&run->refine);
    const bw_grid_wish wish = {.size = {info->width, info->height, info->depth},
                               .frames = info->frames,
                               .bytes_per_pixel = pixel_bytes(run),
                               .work_per_pixel = (double)bw_forest_trees(run->model->forest) * tree_work,
                               .edge = edge,
                               .thread_bytes = refine ? (double)bw_refine_bytes(&run->refine, run->piece) : 0,
                               .margin = {margin, margin, 0},
                               .bytes_per_region_pixel = refine ? 2.0 * run->model->classes : 0,
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
        int64_t bytes;
        BW_TRY(try_grid(ctx, run, edge, part * share, &grid));
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
static bw_status duration(bw_context *ctx, const bw_predict_run *run, const bw_stage_spec *spec, const bw_grid *grid,
                          double *time) {
    const bw_shares shares = bw_share_out(&grid->bounds, grid->tile, NULL);
    const int64_t tiles = bw_share_count(&shares) * grid->wish.frames, *size = grid->wish.size;
    BW_TRY(bw_stage_cost(ctx, spec, grid->tile, size, time));
    *time += bw_feature_plan_cost(run->plan, grid->tile, size);
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
    BW_TRY(choose_for_stage(ctx, run, &spec, edge));
    if (run->grid.threads)
        return bw_stage_create(ctx, &spec, &run->source, run->grid.tile, run->grid.threads, &run->stage);
    return bw_fail(ctx, BW_ERROR_MEMORY,
                   "The memory budget of %.0f MB is too small for even one small tile of a model with autocontext. "
                   "Raise it, or train without the largest sigmas.",
                   (double)bw_context_memory_budget(ctx) / 1e6);
}

static bw_status make_room(bw_context *ctx, const bw_predict_run *run, bw_predict_room *room) {
    const int64_t *tile = run->grid.tile;
    const uint64_t width = (uint64_t)(tile[0] > run->piece[0] ? tile[0] : run->piece[0]),
                   classes = (uint64_t)run->model->classes;
    BW_TRY(bw_ballot_open(ctx, run->model->forest, run->kind, run->level, tile, &room->ballot));
    if (run->refine.radius) BW_TRY(bw_refine_open(ctx, &run->refine, run->level, run->piece, &room->refine));
    room->winners = bw_alloc(ctx, width, 1, "labels");
    room->pixels = bw_calloc(ctx, classes, sizeof *room->pixels, "class counts");
    if (!room->winners || !room->pixels) return BW_ERROR_MEMORY;
    if (run->kind == BW_BALLOT_WINNERS) return BW_OK;
    room->votes = bw_alloc(ctx, width * classes, sizeof *room->votes, "votes");
    return room->votes ? BW_OK : BW_ERROR_MEMORY;
}

/* Pieces that fit the cache, and the budget if it is small. */
static void choose_piece(bw_context *ctx, bw_predict_run *run) {
    static const int64_t pieces[][2] = {{256, 96}, {96, 64}, {48, 32}, {16, 16}};
    const bw_image_info *info = bw_image_get_info(run->source.image);
    const double most = (double)bw_context_memory_budget(ctx) / bw_context_threads(ctx) / 3;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        run->piece[0] = pieces[i][0] < info->width ? pieces[i][0] : info->width;
        run->piece[1] = pieces[i][1] < info->height ? pieces[i][1] : info->height;
        run->piece[2] = 1;
        if ((double)bw_refine_bytes(&run->refine, run->piece) <= most) break;
    }
}

static bw_status prepare(bw_context *ctx, int64_t edge, bw_predict_run *run) {
    const bw_image_info *info = bw_image_get_info(run->source.image);
    const int64_t size[3] = {info->width, info->height, info->depth};
    bw_progress_begin(ctx, 1); /* the scan below listens to the progress function too */
    BW_TRY(bw_simd_level(ctx, &run->level));
    BW_TRY(find_used(ctx, run));
    BW_TRY(bw_source_open(ctx, run->source.image, &run->source));
    BW_TRY(bw_feature_plan_fit(ctx, run->plan, size));
    if (run->refine.radius) choose_piece(ctx, run);
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
    bw_free(run->kept);
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
    const int refine = run->refine.radius > 0;
    const bw_grid_run tiles = {.plan = run->plan,
                               .source = &run->source,
                               .grid = &run->grid,
                               .level = run->level,
                               .progress = refine ? 1 - refine_progress : 1,
                               .tile = predict_tile,
                               .begin = refine ? begin_region : NULL,
                               .finish = refine ? finish_region : NULL,
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
