/* Runs the tiles of a grid. */
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "pipeline/pipeline.h"

/* ---- boxes ------------------------------------------------------------------------------------------------------- */

int64_t bw_blocks_along(const bw_box *tile, int axis) {
    return (bw_box_extent(tile, axis) + BW_BLOCK_EDGE - 1) / BW_BLOCK_EDGE;
}

int64_t bw_block_pixels(const bw_box *tile) {
    return bw_blocks_along(tile, 0) * bw_blocks_along(tile, 1) * bw_box_extent(tile, 2) * BW_BLOCK;
}

static int64_t quotient_up(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

bw_shares bw_share_out(const bw_box *box, const int64_t most[3], const int64_t step[3]) {
    bw_shares shares = {.box = *box};
    for (int axis = 0; axis < 3; axis++) {
        const int64_t whole = bw_box_extent(box, axis), unit = step ? step[axis] : 1;
        const int64_t extent = most[axis] < whole ? most[axis] : whole;
        shares.extent[axis] = quotient_up(quotient_up(whole, quotient_up(whole, extent)), unit) * unit;
        shares.count[axis] = quotient_up(whole, shares.extent[axis]);
    }
    return shares;
}

int64_t bw_share_count(const bw_shares *shares) {
    return shares->count[0] * shares->count[1] * shares->count[2];
}

bw_box bw_share_box(const bw_shares *shares, int64_t index) {
    const int64_t at[3] = {index % shares->count[0], index / shares->count[0] % shares->count[1],
                           index / shares->count[0] / shares->count[1]};
    bw_box box;
    for (int axis = 0; axis < 3; axis++) {
        box.lo[axis] = shares->box.lo[axis] + at[axis] * shares->extent[axis];
        box.hi[axis] = box.lo[axis] + shares->extent[axis];
        if (box.hi[axis] > shares->box.hi[axis]) box.hi[axis] = shares->box.hi[axis];
    }
    return box;
}

/* ---- a run ------------------------------------------------------------------------------------------------------- */

/* What all tiles of a parallel run have in common. */
typedef struct bw_round {
    const bw_grid_run *run;
    const bw_feature_plan *plan; /* the whole, or a part */
    bw_shares shares;
    int64_t most[3]; /* extents */
    int frame;       /* of the first tile */
    bw_tile_fn tile; /* NULL: a part that emits nothing */
    double progress; /* of a pixel; of a wanted one where tiles are emitted */
    const bw_view *store;
    void **scratch;             /* per thread */
    const struct bw_next *next; /* told to the caller meanwhile; NULL = nothing */
} bw_round;

/* The region that comes after the one in work. */
typedef struct bw_next {
    const bw_grid_run *run;
    bw_box box, grown;
    int frame, any;
} bw_next;

/* Cuts a box to what is wanted; -> pixels that are. */
static int64_t wanted_pixels(const bw_grid_wish *wish, bw_box *box) {
    return wish->shrink ? wish->shrink(wish->user, box) : bw_box_count(box);
}

static bw_status run_tile(bw_context *ctx, void *user, int64_t index, int thread) {
    const bw_round *round = user;
    const int64_t tiles = bw_share_count(&round->shares);
    const int frame = round->frame + (int)(index / tiles);
    bw_tile_task task = {.plan = round->plan,
                         .level = round->run->level,
                         .tile = bw_share_box(&round->shares, index % tiles),
                         .frame = bw_source_frame(round->run->source, frame),
                         .scratch = round->scratch[thread],
                         .store = round->store};
    const int64_t pixels = round->tile ? wanted_pixels(&round->run->grid->wish, &task.tile) : bw_box_count(&task.tile);
    memcpy(task.largest, round->most, sizeof task.largest);
    task.progress = round->progress * (double)pixels;
    if (!pixels) return BW_OK;
    return round->tile ? round->tile(ctx, round->run->user, &task, frame, thread) : bw_features_tile(ctx, &task);
}

static bw_status tell_next(bw_context *ctx, void *user) {
    const bw_next *next = user;
    return next->run->ahead(ctx, next->run->user, next->any ? &next->box : NULL, &next->grown, next->frame);
}

static bw_status run_round(bw_context *ctx, bw_round *round, int frames) {
    const int64_t count = frames * bw_share_count(&round->shares);
    bw_next next;
    if (!round->next) return bw_parallel_threads(ctx, round->run->grid->threads, count, run_tile, round);
    next = *round->next;
    return bw_parallel_beside(ctx, round->run->grid->threads, count, run_tile, round, tell_next, &next);
}

/* All tiles of all frames together, so that small frames run side by side. */
static bw_status run_whole(bw_context *ctx, const bw_grid_run *run, void **scratch) {
    bw_round round = {.run = run,
                      .plan = run->plan,
                      .shares = bw_share_out(&run->grid->bounds, run->grid->tile, NULL),
                      .frame = run->frame,
                      .tile = run->tile,
                      .progress = run->progress,
                      .scratch = scratch};
    memcpy(round.most, run->grid->tile, sizeof round.most);
    return run_round(ctx, &round, run->grid->wish.frames);
}

/* Boxes of a region's parts and slots, and the store. */
typedef struct bw_region {
    bw_box parts[BW_MAX_PARTS], *slots;
    bw_view *store;
    const bw_next *next; /* NULL = nobody asked */
} bw_region;

static bw_status run_part(bw_context *ctx, const bw_grid_run *run, const bw_region *region, int part, int frame,
                          double progress, void **scratch) {
    const bw_grid *grid = run->grid;
    const int last = part == bw_feature_plan_part_count(run->plan) - 1;
    const int64_t *most = last ? grid->tile : grid->part_tile[part];
    int64_t step[3];
    bw_feature_plan_alignment(run->plan, part, step);
    bw_round round = {.run = run,
                      .plan = bw_feature_plan_part(run->plan, part),
                      .shares = bw_share_out(&region->parts[part], most, step),
                      .frame = frame,
                      .tile = last ? run->tile : NULL,
                      .progress = progress,
                      .store = region->store,
                      .scratch = scratch,
                      .next = last ? region->next : NULL};
    memcpy(round.most, most, sizeof round.most);
    BW_TRY(bw_store_begin(ctx, run->plan, part, region->slots, region->store));
    return run_round(ctx, &round, 1);
}

/* Part by part; progress: of each of `wanted` pixels. */
static bw_status run_parts(bw_context *ctx, const bw_grid_run *run, bw_region *region, const bw_box *box, double wanted,
                           double progress, int frame, void **scratch) {
    const bw_grid *grid = run->grid;
    const int parts = bw_feature_plan_part_count(run->plan);
    const double ahead = progress * wanted * grid->ahead / (parts - 1);
    bw_status status = BW_OK;
    bw_feature_plan_regions(run->plan, box, grid->wish.size, region->parts, region->slots);
    for (int p = 0; p < parts && status == BW_OK; p++) {
        const double share =
            p == parts - 1 ? progress * (1 - grid->ahead) : ahead / (double)bw_box_count(&region->parts[p]);
        status = run_part(ctx, run, region, p, frame, share, scratch);
    }
    bw_store_end(run->plan, region->store);
    return status;
}

static bw_status run_undivided(bw_context *ctx, const bw_grid_run *run, const bw_next *next, const bw_box *box,
                               double progress, int frame, void **scratch) {
    bw_round round = {.run = run,
                      .plan = run->plan,
                      .shares = bw_share_out(box, run->grid->tile, NULL),
                      .frame = frame,
                      .tile = run->tile,
                      .progress = progress,
                      .scratch = scratch,
                      .next = next};
    memcpy(round.most, run->grid->tile, sizeof round.most);
    return run_round(ctx, &round, 1);
}

/* A region of which so many pixels are wanted, with the margin that the caller wants. */
static bw_status run_region(bw_context *ctx, const bw_grid_run *run, bw_region *region, const bw_box *box,
                            int64_t wanted, int frame, void **scratch) {
    const bw_grid_wish *wish = &run->grid->wish;
    const bw_box grown = bw_box_grow(box, wish->margin, wish->size);
    const double progress = run->progress * (double)bw_box_count(box) / (double)bw_box_count(&grown);
    if (run->begin) BW_TRY(run->begin(ctx, run->user, box, &grown, frame));
    if (run->grid->parts)
        BW_TRY(run_parts(ctx, run, region, &grown, (double)wanted, progress, frame, scratch));
    else
        BW_TRY(run_undivided(ctx, run, region->next, &grown, progress, frame, scratch));
    return run->finish ? run->finish(ctx, run->user, box, &grown, frame) : BW_OK;
}

/* Region k of the run, counted over all frames. */
static bw_next region_at(const bw_grid_run *run, const bw_shares *regions, int64_t k) {
    const bw_grid_wish *wish = &run->grid->wish;
    const int64_t count = bw_share_count(regions);
    bw_next at = {.run = run, .any = k < wish->frames * count};
    if (!at.any) return at;
    at.frame = run->frame + (int)(k / count);
    at.box = bw_share_box(regions, k % count);
    at.grown = bw_box_grow(&at.box, wish->margin, wish->size);
    return at;
}

static bw_status run_regions(bw_context *ctx, const bw_grid_run *run, void **scratch) {
    const bw_grid_wish *wish = &run->grid->wish;
    const uint64_t slots = (uint64_t)run->plan->slot_count + 1;
    const bw_shares regions = bw_grid_regions(run->grid);
    bw_next next = region_at(run, &regions, 0);
    bw_region region = {.slots = bw_alloc(ctx, slots, sizeof *region.slots, "tiles"),
                        .store = bw_calloc(ctx, slots, sizeof *region.store, "tiles"),
                        .next = run->ahead ? &next : NULL};
    bw_status status = region.slots && region.store ? BW_OK : BW_ERROR_MEMORY;
    if (status == BW_OK && run->ahead) status = tell_next(ctx, &next);
    for (int64_t k = 0; k < wish->frames * bw_share_count(&regions) && status == BW_OK; k++) {
        const bw_next now = next;
        bw_box box = now.box;
        const int64_t wanted = wanted_pixels(wish, &box);
        next = region_at(run, &regions, k + 1);
        if (wanted) status = run_region(ctx, run, &region, &box, wanted, now.frame, scratch);
    }
    bw_free(region.slots);
    bw_free(region.store);
    return status;
}

static void free_scratch(const bw_grid *grid, void **scratch) {
    for (int t = 0; scratch && t < grid->threads; t++)
        bw_free(scratch[t]);
    bw_free(scratch);
}

static bw_status make_scratch(bw_context *ctx, const bw_grid *grid, void ***out) {
    *out = bw_calloc(ctx, (uint64_t)grid->threads, sizeof **out, "scratch");
    if (!*out) return BW_ERROR_MEMORY;
    for (int t = 0; t < grid->threads; t++) {
        (*out)[t] = bw_alloc(ctx, (uint64_t)grid->scratch, 1, "feature scratch");
        if (!(*out)[t]) return BW_ERROR_MEMORY;
    }
    return BW_OK;
}

/* Parts of a plan may read more than the plan as a whole: their tiles begin on coarse grids. */
bw_status bw_grid_reads(bw_context *ctx, const bw_grid *grid, const bw_feature_plan *plan, const bw_box *grown,
                        bw_box *out) {
    const int64_t *size = grid->wish.size;
    bw_box parts[BW_MAX_PARTS];
    int64_t halo[3];
    bw_feature_plan_halo(plan, halo);
    *out = bw_box_grow(grown, halo, size);
    if (!grid->parts) return BW_OK;
    bw_box *slots = bw_alloc(ctx, (uint64_t)plan->slot_count + 1, sizeof *slots, "tiles");
    if (!slots) return BW_ERROR_MEMORY;
    bw_feature_plan_regions(plan, grown, size, parts, slots);
    for (int p = 0; p < bw_feature_plan_part_count(plan); p++) {
        bw_feature_plan_halo(bw_feature_plan_part(plan, p), halo);
        const bw_box read = bw_box_grow(&parts[p], halo, size);
        bw_box_hull(out, &read);
    }
    bw_free(slots);
    return BW_OK;
}

bw_status bw_grid_execute(bw_context *ctx, const bw_grid_run *run) {
    void **scratch;
    bw_status status = make_scratch(ctx, run->grid, &scratch);
    const int by_region = run->grid->parts || run->begin || run->finish;
    if (status == BW_OK) status = (by_region ? run_regions : run_whole)(ctx, run, scratch);
    free_scratch(run->grid, scratch);
    return status;
}
