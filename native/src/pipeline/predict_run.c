#include "pipeline/predict_run.h"

#include "core/alloc.h"
#include "core/parallel.h"

/* ---- what is wanted ---------------------------------------------------------------------------------------------- */

/* What the model asks for, unless the caller wants none of it. */
static bw_refine_spec refine_spec(const bw_model *model, int unrefined) {
    bw_refine_spec spec = {model->options.refine, model->classes, bw_recipe_get_options(model->recipe)->channels,
                           model->spread};
    if (unrefined || !bw_refine_wanted(&spec)) spec.radius = 0;
    return spec;
}

bw_status bw_predict_run_plan(bw_context *ctx, const bw_model *model, const bw_source *source, int outputs,
                              int unrefined, bw_predict_run *out) {
    *out = (bw_predict_run){.model = model, .source = source, .wanted = outputs};
    BW_TRY(bw_check(ctx));
    if (outputs & ~BW_OUTPUT_ALL)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "There is no output %d to predict.", outputs & ~BW_OUTPUT_ALL);
    out->refine = refine_spec(model, unrefined);
    const int votes = model->calibration || out->refine.radius || bw_outputs_need_votes(outputs);
    out->kind = votes ? BW_BALLOT_VOTES : BW_BALLOT_WINNERS;
    return bw_simd_level(ctx, &out->level);
}

void bw_predict_run_choose_piece(bw_context *ctx, bw_predict_run *run, const int64_t most[3]) {
    static const int64_t pieces[][2] = {{256, 96}, {96, 64}, {48, 32}, {16, 16}};
    const double bytes = (double)bw_context_memory_budget(ctx) / bw_context_threads(ctx) / 3;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces && run->refine.radius; i++) {
        run->piece[0] = pieces[i][0] < most[0] ? pieces[i][0] : most[0];
        run->piece[1] = pieces[i][1] < most[1] ? pieces[i][1] : most[1];
        run->piece[2] = 1;
        if ((double)bw_refine_bytes(&run->refine, run->piece) <= bytes) break;
    }
}

/* A row of votes is at most an eighth of a tile's in blocks. */
double bw_predict_run_pixel_bytes(const bw_predict_run *run) {
    const double row = run->kind == BW_BALLOT_VOTES ? 4.0 * run->model->classes / BW_BLOCK_EDGE : 0;
    return bw_ballot_pixel_bytes(run->model->forest, run->kind) + row;
}

double bw_predict_run_room_bytes(const bw_predict_run *run) {
    return run->refine.radius ? (double)bw_refine_bytes(&run->refine, run->piece) : 0;
}

double bw_predict_run_region_bytes(const bw_predict_run *run) {
    return run->refine.radius ? (double)sizeof *run->kept * run->model->classes : 0;
}

void bw_predict_run_margin(const bw_predict_run *run, int64_t margin[3]) {
    margin[0] = margin[1] = bw_refine_reach(&run->refine);
    margin[2] = 0;
}

/* ---- rooms ------------------------------------------------------------------------------------------------------- */

/* Votes per pixel before refining. */
static uint32_t vote_total(const bw_model *model) {
    return model->calibration ? (uint32_t)BW_CALIBRATED_TOTAL : bw_forest_vote_total(model->forest);
}

static bw_status make_room(bw_context *ctx, const bw_predict_run *run, const int64_t tile[3], bw_predict_room *room) {
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

static void close_rooms(bw_predict_run *run) {
    for (int t = 0; t < run->threads; t++) {
        bw_ballot_close(&run->rooms[t].ballot);
        bw_refine_close(run->rooms[t].refine);
        bw_free(run->rooms[t].votes);
        bw_free(run->rooms[t].winners);
        bw_free(run->rooms[t].pixels);
    }
    bw_free(run->rooms);
    run->rooms = NULL;
    run->threads = 0;
}

bw_status bw_predict_run_open(bw_context *ctx, bw_predict_run *run, const int64_t tile[3], int threads) {
    close_rooms(run);
    run->rooms = bw_calloc(ctx, (uint64_t)threads, sizeof *run->rooms, "scratch");
    if (!run->rooms) return BW_ERROR_MEMORY;
    run->threads = threads;
    for (int t = 0; t < threads; t++)
        BW_TRY(make_room(ctx, run, tile, &run->rooms[t]));
    return BW_OK;
}

bw_status bw_predict_run_make_outputs(bw_context *ctx, bw_predict_run *run, const bw_part *part) {
    const uint32_t total = run->refine.radius ? (uint32_t)BW_CALIBRATED_TOTAL : vote_total(run->model);
    return bw_outputs_create(ctx, run->model, run->source->image, part, run->wanted, total, &run->outputs);
}

void bw_predict_run_close(bw_predict_run *run) {
    close_rooms(run);
    bw_free(run->kept);
    bw_outputs_free(&run->outputs);
}

/* ---- a tile ---------------------------------------------------------------------------------------------------- */

typedef struct bw_predict_tile {
    const bw_predict_run *run;
    bw_predict_room *room;
    bw_box box;
    int frame;
} bw_predict_tile;

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

static int64_t kept_at(const bw_box *region, int k, int64_t x, int64_t y, int64_t z) {
    const int64_t plane = k * bw_box_extent(region, 2) + z - region->lo[2];
    return (plane * bw_box_extent(region, 1) + y - region->lo[1]) * bw_box_extent(region, 0) + x - region->lo[0];
}

bw_status bw_predict_run_begin(bw_context *ctx, void *user, const bw_box *region, const bw_box *grown, int frame) {
    bw_predict_run *run = user;
    const int64_t count = bw_box_count(grown) * run->model->classes;
    (void)region, (void)frame;
    if (!run->refine.radius) return BW_OK;
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
    const bw_predict_tile at = {run, &run->rooms[thread], bw_share_box(&job->pieces, index), job->frame.index};
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

static const double refine_progress = 0.1;

double bw_predict_run_refine_share(const bw_predict_run *run) {
    return run->refine.radius ? refine_progress : 0;
}

bw_status bw_predict_run_finish(bw_context *ctx, void *user, const bw_box *region, const bw_box *grown, int frame) {
    const bw_predict_run *run = user;
    (void)grown;
    if (!run->refine.radius) return BW_OK;
    bw_refine_job job = {run, bw_share_out(region, run->piece, NULL), bw_source_frame(run->source, frame),
                         refine_progress};
    return bw_parallel_threads(ctx, run->threads, bw_share_count(&job.pieces), refine_piece, &job);
}

/* ---- tiles ------------------------------------------------------------------------------------------------------- */

bw_status bw_predict_run_tile(bw_context *ctx, const bw_predict_run *run, int frame, int thread, double progress) {
    bw_predict_room *room = &run->rooms[thread];
    const bw_predict_tile at = {run, room, room->ballot.box, frame};
    BW_TRY(bw_ballot_count(ctx, &room->ballot, run->model->calibration, progress));
    return run->refine.radius ? keep_tile(ctx, &at) : write_tile(ctx, &at);
}
