#include <string.h>

#include "core/alloc.h"
#include "core/image.h"
#include "core/parallel.h"
#include "pipeline/trainer.h"

/* The positions in work: those of a frame, or of some of its slices. */
typedef struct bw_positions {
    int frame;
    int64_t from, to;    /* of the job's positions */
    int64_t row, *first; /* first[r] = where the positions of the frame's row `row` + r begin; one more than rows */
    bw_box bounds;
} bw_positions;

typedef struct bw_collection {
    const bw_collect_job *job;
    const bw_tiler *tiler;       /* or */
    const bw_feature_plan *plan; /* computes them */
    int64_t size[3];             /* of a frame */
    bw_positions region;
    bw_shares tiles; /* of the region's bounds, for the tiler */
} bw_collection;

static void widen(bw_box *bounds, int64_t x, int64_t y, int64_t z) {
    const int64_t at[3] = {x, y, z};
    for (int axis = 0; axis < 3; axis++) {
        if (at[axis] < bounds->lo[axis]) bounds->lo[axis] = at[axis];
        if (at[axis] >= bounds->hi[axis]) bounds->hi[axis] = at[axis] + 1;
    }
}

static const bw_box nowhere = {{INT64_MAX, INT64_MAX, INT64_MAX}, {0, 0, 0}};

/* Position of the first pixel of a row of the frame in work. */
static int64_t row_position(const bw_collection *c, int64_t row) {
    return (c->region.frame * c->size[2] * c->size[1] + row) * c->size[0];
}

/* Of slices without positions before and behind, nothing is kept. */
static bw_status index_rows(bw_context *ctx, bw_collection *c) {
    bw_positions *r = &c->region;
    const int64_t *positions = c->job->positions, height = c->size[1], slice = c->size[0] * height;
    const int64_t below = r->frame * c->size[2], z0 = positions[r->from] / slice - below;
    const int64_t rows = (positions[r->to - 1] / slice - below - z0 + 1) * height;
    int64_t i = r->from;
    r->row = z0 * height;
    r->bounds = nowhere;
    r->first = bw_alloc(ctx, (uint64_t)rows + 1, sizeof *r->first, "labels");
    if (!r->first) return BW_ERROR_MEMORY;
    for (int64_t k = 0; k < rows; k++) {
        const int64_t row = r->row + k, begin = row_position(c, row), end = begin + c->size[0];
        r->first[k] = i;
        while (i < r->to && positions[i] < end)
            i++;
        if (i == r->first[k]) continue;
        widen(&r->bounds, positions[r->first[k]] - begin, row % height, row / height);
        widen(&r->bounds, positions[i - 1] - begin, row % height, row / height);
    }
    r->first[rows] = i;
    return BW_OK;
}

/* Where the positions of a row begin. */
static int64_t row_begin(const bw_collection *c, int64_t row) {
    return c->region.first[row - c->region.row];
}

/* The first of the row's positions at or behind x. */
static int64_t position_at(const bw_collection *c, int64_t row, int64_t x) {
    const int64_t wanted = row_position(c, row) + x;
    int64_t low = row_begin(c, row), high = row_begin(c, row + 1);
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (c->job->positions[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bw_status keep(bw_context *ctx, void *user, int index, const bw_box *box, const float *values, int64_t row,
                      int64_t plane) {
    const bw_collection *c = user;
    const bw_collect_job *job = c->job;
    float *column = job->values + (int64_t)index * job->stride;
    (void)ctx;
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++)
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++) {
            const float *from = values + (z - box->lo[2]) * plane + (y - box->lo[1]) * row;
            const int64_t line = z * c->size[1] + y, begin = row_position(c, line) + box->lo[0];
            const int64_t to = position_at(c, line, box->hi[0]);
            for (int64_t i = position_at(c, line, box->lo[0]); i < to; i++)
                column[job->targets ? job->targets[i] : i] = from[job->positions[i] - begin];
        }
    return BW_OK;
}

/* ---- tiles ------------------------------------------------------------------------------------------------------- */

/* Shrinks a box to its positions; -> their number. */
static int64_t shrink(const void *user, bw_box *box) {
    const bw_collection *c = user;
    bw_box bounds = nowhere;
    int64_t count = 0;
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++)
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++) {
            const int64_t line = z * c->size[1] + y, begin = row_position(c, line);
            if (row_begin(c, line) == row_begin(c, line + 1)) continue;
            const int64_t from = position_at(c, line, box->lo[0]), to = position_at(c, line, box->hi[0]);
            if (from == to) continue;
            widen(&bounds, c->job->positions[from] - begin, y, z);
            widen(&bounds, c->job->positions[to - 1] - begin, y, z);
            count += to - from;
        }
    if (count) *box = bounds;
    return count;
}

/* Tiles of the region, as large as the tiler allows and the edge wants. */
static void set_tiles(bw_collection *c, int64_t edge) {
    int64_t most[3];
    for (int axis = 0; axis < 3; axis++)
        most[axis] = c->tiler->most[axis] < edge ? c->tiler->most[axis] : edge;
    c->tiles = bw_share_out(&c->region.bounds, most, NULL);
}

/* Adds up what the tiles cost, as long as it is less than `limit`. */
static bw_status tiles_cost(bw_context *ctx, const bw_collection *c, double limit, double *cost) {
    *cost = 0;
    for (int64_t index = 0; index < bw_share_count(&c->tiles) && *cost < limit; index++) {
        bw_box tile = bw_share_box(&c->tiles, index);
        BW_TRY(bw_check(ctx));
        if (!shrink(c, &tile)) continue;
        const int64_t extent[3] = {bw_box_extent(&tile, 0), bw_box_extent(&tile, 1), bw_box_extent(&tile, 2)};
        *cost += c->tiler->cost(c->tiler->self, extent, c->size);
    }
    return BW_OK;
}

/* Small tiles fit scattered labels, large ones waste less on what filters read around them. Large ones first: there are
 * few of them, and a cost to stay below. */
static bw_status choose_tiles(bw_context *ctx, bw_collection *c) {
    static const int64_t edges[] = {INT64_MAX, 400, 160, 64, 24};
    double least = 1e300, cost;
    int64_t best = edges[0];
    for (size_t e = 0; e < sizeof edges / sizeof *edges; e++) {
        set_tiles(c, edges[e]);
        if (e && bw_share_count(&c->tiles) > 1000000) break;
        BW_TRY(tiles_cost(ctx, c, least, &cost));
        if (cost >= least) continue;
        least = cost;
        best = edges[e];
    }
    set_tiles(c, best);
    return BW_OK;
}

static bw_status collect_tile(bw_context *ctx, void *user, int64_t index, int thread) {
    bw_collection *c = user;
    bw_box tile = bw_share_box(&c->tiles, index);
    const int64_t found = shrink(c, &tile);
    if (!found) return BW_OK;
    return c->tiler->run(ctx, c->tiler->self, thread, c->region.frame, &tile, keep, c, (double)found);
}

static bw_status collect_by_tiler(bw_context *ctx, bw_collection *c) {
    BW_TRY(choose_tiles(ctx, c));
    return bw_parallel_threads(ctx, c->tiler->threads, bw_share_count(&c->tiles), collect_tile, c);
}

/* What is collected together: the positions of a frame; in sparse images those of slices that follow each other, as
 * slices between others may be absent. -> the position behind. */
static int64_t region_end(const bw_collection *c, int64_t from) {
    const int64_t slice = c->size[0] * c->size[1], *positions = c->job->positions;
    const int64_t end = (positions[from] / (slice * c->size[2]) + 1) * slice * c->size[2];
    const int sparse = bw_image_is_sparse(c->job->source->image);
    int64_t to = from + 1;
    while (to < c->job->count && positions[to] < end &&
           (!sparse || positions[to] / slice - positions[to - 1] / slice <= 1))
        to++;
    return to;
}

static bw_status collect(bw_context *ctx, bw_collection *c, bw_status (*region)(bw_context *ctx, bw_collection *c)) {
    const bw_image_info *info = bw_image_get_info(c->job->source->image);
    const int64_t size[3] = {info->width, info->height, info->depth};
    bw_positions *r = &c->region;
    bw_status status = BW_OK;
    memcpy(c->size, size, sizeof c->size);
    for (r->to = 0; r->to < c->job->count && status == BW_OK;) {
        r->from = r->to;
        r->to = region_end(c, r->from);
        r->frame = (int)(c->job->positions[r->from] / (size[0] * size[1] * size[2]));
        status = index_rows(ctx, c);
        if (status == BW_OK) status = region(ctx, c);
        bw_free(r->first);
    }
    return status;
}

bw_status bw_collect(bw_context *ctx, const bw_tiler *tiler, const bw_collect_job *job) {
    bw_collection c = {.job = job, .tiler = tiler};
    return collect(ctx, &c, collect_by_tiler);
}

/* ---- the trainer's features -------------------------------------------------------------------------------------- */

static bw_status feature_tile(bw_context *ctx, void *user, bw_tile_task *task, int frame, int thread) {
    (void)frame, (void)thread;
    task->emit = keep;
    task->user = user;
    return bw_features_tile(ctx, task);
}

static bw_status collect_by_plan(bw_context *ctx, bw_collection *c) {
    const bw_grid_wish wish = {.size = {c->size[0], c->size[1], c->size[2]},
                               .box = &c->region.bounds,
                               .frames = 1,
                               .shrink = shrink,
                               .user = c};
    bw_grid grid;
    bw_grid_run run = {.plan = c->plan,
                       .source = c->job->source,
                       .grid = &grid,
                       .frame = c->region.frame,
                       .progress = 1,
                       .tile = feature_tile,
                       .user = c};
    BW_TRY(bw_simd_level(ctx, &run.level));
    BW_TRY(bw_grid_choose(ctx, c->plan, &wish, &grid));
    return bw_grid_execute(ctx, &run);
}

static bw_status fit_plan(bw_context *ctx, bw_trainer *trainer, const int64_t size[3]) {
    if (!memcmp(trainer->fitted, size, sizeof trainer->fitted)) return BW_OK;
    memset(trainer->fitted, 0, sizeof trainer->fitted);
    BW_TRY(bw_feature_plan_fit(ctx, trainer->plan, size));
    memcpy(trainer->fitted, size, sizeof trainer->fitted);
    return BW_OK;
}

bw_status bw_collect_features(bw_context *ctx, bw_trainer *trainer, const bw_collect_job *job) {
    const bw_image_info *info = bw_image_get_info(job->source->image);
    const int64_t size[3] = {info->width, info->height, info->depth};
    bw_collection c = {.job = job, .plan = trainer->plan};
    if (!job->count) return BW_OK;
    BW_TRY(fit_plan(ctx, trainer, size));
    return collect(ctx, &c, collect_by_plan);
}
