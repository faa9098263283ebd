/* Chooses tiles: what costs least arithmetic within the memory budget. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "pipeline/pipeline.h"

static const int64_t edges[] = {16, 24, 32, 48, 64, 96, 128, 160, 192, 256, 320, 384, 512, 768, 1024};
enum { EDGES = sizeof edges / sizeof *edges };

/* What a thread should take at most, and likewise the store: twice as much has to save three quarters of the work. A
 * plan that does not run in parts needs more, since there small tiles multiply the work: twice as much for a sixth
 * less. */
static const double thread_memory = 54e6;

typedef struct bw_search {
    const bw_feature_plan *plan;
    const bw_grid_wish *wish;
    int threads, in_parts;
    double budget;
} bw_search;

/* A tile for a plan or a part. */
typedef struct bw_shape {
    int64_t tile[3];
    int64_t scratch; /* 0 = none fits */
    double bytes;    /* of the caller, for the tile */
    double work;     /* of all tiles of a box one after another, divided by the threads */
    double score;    /* work, memory counted in */
} bw_shape;

/* With few threads there is more room for the store. */
static double store_memory(int threads) {
    const double all = 190e6, least = 60e6;
    return all - threads * thread_memory > least ? all - threads * thread_memory : least;
}

static int64_t cut(int64_t edge, int64_t size) {
    return edge < size ? edge : size;
}

/* Work with memory counted in: up to `enough` it hardly matters. */
static double with_memory(double work, double bytes, double enough, int in_parts) {
    const double share = bytes / enough;
    if (share <= 1) return work * (1 + 0.04 * share);
    return work * 1.04 * (in_parts ? share * share : sqrt(sqrt(share)));
}

static int in_parts(const bw_feature_plan *plan, const bw_grid_wish *wish) {
    return bw_feature_plan_part_count(plan) > 0 && !wish->whole;
}

static double caller_bytes(const bw_search *search, const int64_t tile[3]) {
    const bw_box box = {{0, 0, 0}, {tile[0], tile[1], tile[2]}};
    return search->wish->thread_bytes + search->wish->bytes_per_pixel * (double)bw_block_pixels(&box);
}

/* ---- one box ----------------------------------------------------------------------------------------------------- */

/* A box to cut into tiles for a plan or a part of one. */
typedef struct bw_region_wish {
    const bw_feature_plan *plan;
    bw_box box;
    const int64_t *step; /* extents are multiples; NULL = any */
    int times;           /* as many boxes run together */
    int threads;
    double most;     /* bytes per thread */
    int with_caller; /* the caller keeps something per pixel */
    double beside;   /* bytes that the thread has anyway */
} bw_region_wish;

static bw_shape shape_of(const bw_search *search, const bw_region_wish *wish, int64_t wide, int64_t deep) {
    const int64_t wanted[3] = {wide, wide, deep};
    const bw_shares shares = bw_share_out(&wish->box, wanted, wish->step);
    const int64_t rounds = (bw_share_count(&shares) * wish->times + wish->threads - 1) / wish->threads;
    bw_shape shape = {.bytes = wish->beside};
    memcpy(shape.tile, shares.extent, sizeof shape.tile);
    if (wish->with_caller) shape.bytes += caller_bytes(search, shape.tile);
    shape.scratch = bw_feature_plan_scratch(wish->plan, shape.tile, search->wish->size);
    if ((double)shape.scratch + shape.bytes > wish->most) shape.scratch = 0;
    if (!shape.scratch) return shape;
    /* Work space beyond the caches costs up to a fifth more. */
    const double scratch = (double)shape.scratch, large = 1 + 0.2 * scratch / (scratch + 64e6);
    double work = bw_feature_plan_cost(wish->plan, shape.tile, search->wish->size);
    if (wish->with_caller)
        work += search->wish->work_per_pixel * (double)(shape.tile[0] * shape.tile[1] * shape.tile[2]);
    shape.work = (double)rounds * large * work;
    shape.score = with_memory(shape.work, scratch + shape.bytes, thread_memory, search->in_parts);
    return shape;
}

static bw_shape best_shape(const bw_search *search, const bw_region_wish *wish) {
    bw_shape best = {.scratch = 0};
    if (wish->with_caller && search->wish->edge) return shape_of(search, wish, search->wish->edge, search->wish->edge);
    for (int w = 0; w < EDGES; w++) {
        for (int d = 0; d < EDGES; d++) {
            const bw_shape shape = shape_of(search, wish, edges[w], edges[d]);
            if (shape.scratch && (!best.scratch || shape.score < best.score)) best = shape;
            if (edges[d] >= bw_box_extent(&wish->box, 2)) break;
        }
        if (edges[w] >= bw_box_extent(&wish->box, 0) && edges[w] >= bw_box_extent(&wish->box, 1)) break;
    }
    return best;
}

/* What is to be cut into tiles. */
static bw_box wanted_box(const bw_search *search) {
    const int64_t *size = search->wish->size;
    return search->wish->box ? *search->wish->box : (bw_box){{0, 0, 0}, {size[0], size[1], size[2]}};
}

static void get_extent(const bw_box *box, int64_t extent[3]) {
    for (int axis = 0; axis < 3; axis++)
        extent[axis] = bw_box_extent(box, axis);
}

/* ---- regions ----------------------------------------------------------------------------------------------------- */

/* One of the regions, far from the frame's ends if they are small: it needs the most around it. */
static bw_box usual_region(const bw_shares *regions) {
    const int64_t middle[3] = {regions->count[0] / 2, regions->count[1] / 2, regions->count[2] / 2};
    return bw_share_box(regions, (middle[2] * regions->count[1] + middle[1]) * regions->count[0] + middle[0]);
}

/* An axis with a margin is spared as long as it is not much longer. 0 = all are short. */
static int halve_longest(const int64_t margin[3], int64_t extent[3]) {
    const int64_t least = 32;
    int longest = -1;
    for (int axis = 0; axis < 3; axis++)
        if (extent[axis] > least &&
            (longest < 0 || extent[axis] - 12 * margin[axis] > extent[longest] - 12 * margin[longest]))
            longest = axis;
    if (longest < 0) return 0;
    extent[longest] = (extent[longest] + 1) / 2;
    return 1;
}

/* What the caller keeps for a region, its margin and what its features read. */
static int64_t region_bytes(const bw_search *search, const bw_box *region) {
    const bw_grid_wish *wish = search->wish;
    const bw_box grown = bw_box_grow(region, wish->margin, wish->size);
    double bytes = (wish->bytes_per_region_pixel - wish->bytes_per_read_pixel) * (double)bw_box_count(&grown);
    if (wish->bytes_per_read_pixel > 0) {
        int64_t halo[3];
        bw_feature_plan_halo(search->plan, halo);
        const bw_box read = bw_box_grow(&grown, halo, wish->size);
        bytes += wish->bytes_per_read_pixel * (double)bw_box_count(&read);
    }
    return (int64_t)bytes;
}

static bw_shares share_regions(const bw_grid_wish *wish, const bw_box *bounds, const int64_t most[3]) {
    const int64_t step[3] = {wish->step[0] > 1 ? wish->step[0] : 1, wish->step[1] > 1 ? wish->step[1] : 1,
                             wish->step[2] > 1 ? wish->step[2] : 1};
    return bw_share_out(bounds, most, step);
}

bw_shares bw_grid_regions(const bw_grid *grid) {
    return share_regions(&grid->wish, &grid->bounds, grid->region);
}

/* Regions of the box for which the caller keeps no more than a third of what a store should take, nor a quarter of
 * the budget. */
static bw_shares limited_regions(const bw_search *search) {
    const double third = (store_memory(search->threads) + search->wish->region_memory) / 3;
    const double quarter = search->budget / 4, most = third < quarter ? third : quarter;
    const bw_box box = wanted_box(search);
    int64_t extent[3];
    bw_shares regions;
    if (search->wish->like) return share_regions(search->wish, &box, search->wish->like->region);
    get_extent(&box, extent);
    do {
        regions = share_regions(search->wish, &box, extent);
        const bw_box region = usual_region(&regions);
        if ((double)region_bytes(search, &region) <= most) break;
    } while (halve_longest(search->wish->margin, extent));
    return regions;
}

/* ---- the plan as a whole ----------------------------------------------------------------------------------------- */

/* On as many threads as the budget feeds; half as many have twice the room, which may cost less. */
static bw_grid best_whole(const bw_search *search) {
    const bw_grid_wish *want = search->wish;
    const int by_region = want->bytes_per_region_pixel > 0;
    const bw_shares regions = limited_regions(search);
    const bw_box region = usual_region(&regions);
    const double rounds = by_region ? (double)(bw_share_count(&regions) * want->frames) : 1;
    bw_grid best = {.wish = *want, .bounds = wanted_box(search), .store = region_bytes(search, &region)};
    memcpy(best.region, regions.extent, sizeof best.region);
    for (int threads = search->threads; threads > 0; threads /= 2) {
        const bw_region_wish wish = {.plan = search->plan,
                                     .box = bw_box_grow(&region, want->margin, want->size),
                                     .times = by_region ? 1 : want->frames,
                                     .threads = threads,
                                     .most = (search->budget - (double)best.store) / threads,
                                     .with_caller = 1};
        const bw_shape shape = best_shape(search, &wish);
        if (shape.scratch && (!best.threads || shape.score * rounds < best.work)) {
            memcpy(best.tile, shape.tile, sizeof best.tile);
            best.threads = threads;
            best.scratch = shape.scratch;
            best.work = shape.score * rounds;
        }
        if (wish.most > 4 * thread_memory) break;
    }
    return best;
}

/* ---- in parts ---------------------------------------------------------------------------------------------------- */

/* Tiles of all parts for regions like this one. 0 = too little memory. */
static int shape_parts(const bw_search *search, const bw_box *parts, bw_grid *grid) {
    const int count = bw_feature_plan_part_count(search->plan);
    const double most = (search->budget - (double)grid->store) / grid->threads;
    bw_region_wish wish = {.plan = bw_feature_plan_part(search->plan, count - 1),
                           .box = parts[count - 1],
                           .times = 1,
                           .threads = grid->threads,
                           .most = most,
                           .with_caller = 1};
    bw_shape shape = best_shape(search, &wish);
    double ahead = 0, work = shape.score;
    if (!shape.scratch) return 0;
    memcpy(grid->tile, shape.tile, sizeof grid->tile);
    grid->scratch = shape.scratch;
    grid->part_scratch = 0;
    wish.with_caller = 0;
    wish.beside = shape.bytes;
    for (int p = 0; p < count - 1; p++) {
        int64_t step[3];
        bw_feature_plan_alignment(search->plan, p, step);
        wish.plan = bw_feature_plan_part(search->plan, p);
        wish.box = parts[p];
        wish.step = step;
        shape = best_shape(search, &wish);
        if (!shape.scratch) return 0;
        memcpy(grid->part_tile[p], shape.tile, sizeof grid->part_tile[p]);
        if (shape.scratch > grid->part_scratch) grid->part_scratch = shape.scratch;
        ahead += shape.score;
    }
    if (grid->part_scratch > grid->scratch) grid->scratch = grid->part_scratch;
    grid->work = work + ahead;
    grid->ahead = ahead / grid->work;
    return 1;
}

/* Fills grid for its regions; 0 = too little memory. */
static int plan_regions(const bw_search *search, bw_box *slots, bw_grid *grid) {
    const bw_shares regions = bw_grid_regions(grid);
    const bw_box region = usual_region(&regions);
    bw_box parts[BW_MAX_PARTS];
    bw_grid best = {.threads = 0};
    const bw_box grown = bw_box_grow(&region, search->wish->margin, search->wish->size);
    bw_feature_plan_regions(search->plan, &grown, search->wish->size, parts, slots);
    grid->store = bw_feature_plan_store(search->plan, slots) + region_bytes(search, &region);
    for (int threads = search->threads; threads > 0; threads /= 2) {
        grid->threads = threads;
        if (shape_parts(search, parts, grid) && (!best.threads || grid->work < best.work)) best = *grid;
        if ((search->budget - (double)grid->store) / threads > 4 * thread_memory) break;
    }
    *grid = best;
    grid->work = with_memory(grid->work * (double)bw_share_count(&regions) * search->wish->frames, (double)grid->store,
                             store_memory(search->threads) + search->wish->region_memory, 1);
    return grid->threads > 0;
}

/* Regions from the whole box down, as long as smaller ones cost less or are needed. */
static bw_status best_parts(bw_context *ctx, const bw_search *search, bw_grid *best) {
    bw_box *slots = bw_alloc(ctx, (uint64_t)search->plan->slot_count, sizeof *slots, "tiles");
    const bw_box box = wanted_box(search);
    int64_t region[3];
    int worse = 0;
    *best = (bw_grid){.threads = 0};
    if (!slots) return BW_ERROR_MEMORY;
    get_extent(&box, region);
    if (search->wish->like) memcpy(region, search->wish->like->region, sizeof region);
    do {
        bw_grid grid = {.wish = *search->wish, .bounds = box, .parts = 1};
        memcpy(grid.region, region, sizeof grid.region);
        if (!plan_regions(search, slots, &grid)) continue;
        worse = best->threads && grid.work >= best->work ? worse + 1 : 0;
        if (!worse) *best = grid;
    } while (!search->wish->like && worse < 2 && halve_longest(search->wish->margin, region));
    bw_free(slots);
    return BW_OK;
}

/* ---- parts of the frame only ------------------------------------------------------------------------------------- */

/* Besides its arithmetic, a step takes a tile as long as so many multiply-adds, and a row of it as long as so many more
 * pixels: most of the time of small tiles. Parts before the last take so many times their arithmetic. All measured. */
static const double step_work = 4500, ahead_work = 2;
static const int64_t row_pixels = 56;

static double tile_cost(const bw_feature_plan *plan, const int64_t extent[3], const int64_t size[3]) {
    const int64_t longer[3] = {extent[0] + row_pixels, extent[1], extent[2]};
    const int64_t frame[3] = {size[0] + row_pixels, size[1], size[2]};
    return bw_feature_plan_cost(plan, longer, frame) + step_work * (plan->step_count - plan->stored);
}

/* What the wanted tiles of a region cost in the plan or its last part. */
static double tiles_cost(const bw_grid *grid, const bw_feature_plan *plan, const bw_box *region) {
    const bw_shares tiles = bw_share_out(region, grid->tile, NULL);
    double cost = 0;
    for (int64_t t = 0; t < bw_share_count(&tiles); t++) {
        bw_box tile = bw_share_box(&tiles, t);
        if (!grid->wish.shrink(grid->wish.user, &tile)) continue;
        const int64_t extent[3] = {bw_box_extent(&tile, 0), bw_box_extent(&tile, 1), bw_box_extent(&tile, 2)};
        cost += tile_cost(plan, extent, grid->wish.size);
    }
    return cost;
}

static double parts_cost(const bw_grid *grid, const bw_feature_plan *plan, const bw_box *region, bw_box *slots) {
    const int count = bw_feature_plan_part_count(plan);
    bw_box parts[BW_MAX_PARTS];
    double ahead = 0;
    bw_feature_plan_regions(plan, region, grid->wish.size, parts, slots);
    for (int p = 0; p < count - 1; p++) {
        int64_t step[3];
        bw_feature_plan_alignment(plan, p, step);
        const bw_shares tiles = bw_share_out(&parts[p], grid->part_tile[p], step);
        ahead +=
            (double)bw_share_count(&tiles) * tile_cost(bw_feature_plan_part(plan, p), tiles.extent, grid->wish.size);
    }
    return ahead_work * ahead + tiles_cost(grid, bw_feature_plan_part(plan, count - 1), region);
}

/* Adds up the cost of what is wanted, as long as it is less than `limit`. */
static bw_status wanted_cost(bw_context *ctx, const bw_grid *grid, const bw_feature_plan *plan, bw_box *slots,
                             double limit, double *cost) {
    const bw_shares regions = bw_grid_regions(grid);
    *cost = 0;
    for (int64_t r = 0; r < bw_share_count(&regions) && *cost < limit; r++) {
        bw_box region = bw_share_box(&regions, r);
        BW_TRY(bw_check(ctx));
        if (!grid->wish.shrink(grid->wish.user, &region)) continue;
        *cost += grid->parts ? parts_cost(grid, plan, &region, slots) : tiles_cost(grid, plan, &region);
    }
    return BW_OK;
}

static int64_t narrow_scratch(const bw_grid *grid, const bw_feature_plan *plan) {
    const bw_feature_plan *last = grid->parts ? bw_feature_plan_part(plan, bw_feature_plan_part_count(plan) - 1) : plan;
    const int64_t scratch = bw_feature_plan_scratch(last, grid->tile, grid->wish.size);
    return grid->part_scratch > scratch ? grid->part_scratch : scratch;
}

/* Small tiles fit scattered pixels, large ones waste less on what filters read around them. Large ones first: there are
 * few of them, and a cost to stay below. */
static bw_status narrow(bw_context *ctx, const bw_feature_plan *plan, const bw_grid *from, bw_box *slots, bw_grid *best,
                        double *least) {
    static const int64_t most[] = {INT64_MAX, 400, 160, 64, 24};
    for (size_t e = 0; e < sizeof most / sizeof *most && from->threads; e++) {
        bw_grid grid = *from;
        double cost;
        for (int axis = 0; axis < 3; axis++)
            grid.tile[axis] = cut(grid.tile[axis], most[e]);
        grid.scratch = narrow_scratch(&grid, plan);
        for (int axis = 0; axis < 3 && !grid.parts; axis++)
            grid.region[axis] = grid.tile[axis];
        const bw_shares tiles = bw_share_out(&grid.bounds, grid.tile, NULL);
        if (e && bw_share_count(&tiles) > 1000000) break;
        BW_TRY(wanted_cost(ctx, &grid, plan, slots, *least, &cost));
        cost = with_memory(cost, (double)grid.scratch, thread_memory, in_parts(plan, &grid.wish));
        cost = with_memory(cost, (double)grid.store, store_memory(from->threads), 1);
        if (cost >= *least) continue;
        *least = cost;
        *best = grid;
    }
    return BW_OK;
}

/* The cheapest way to the wanted pixels, from the best ways to the whole frame. */
static bw_status choose_wanted(bw_context *ctx, const bw_feature_plan *plan, bw_grid *whole, bw_grid *parts,
                               bw_grid *out) {
    bw_box bounds = whole->threads ? whole->bounds : parts->bounds;
    double least = 1e300;
    bw_box *slots = bw_alloc(ctx, (uint64_t)plan->slot_count + 1, sizeof *slots, "tiles");
    if (!slots) return BW_ERROR_MEMORY;
    *out = whole->threads ? *whole : *parts;
    if (out->wish.shrink(out->wish.user, &bounds)) whole->bounds = parts->bounds = bounds;
    bw_status status = narrow(ctx, plan, whole, slots, out, &least);
    if (status == BW_OK) status = narrow(ctx, plan, parts, slots, out, &least);
    bw_free(slots);
    return status;
}

/* ---- the choice -------------------------------------------------------------------------------------------------- */

static bw_status too_little(bw_context *ctx) {
    return bw_fail(ctx, BW_ERROR_MEMORY,
                   "The memory budget of %.0f MB is too small for even one small tile. Raise it, or leave out the "
                   "largest sigmas.",
                   (double)bw_context_memory_budget(ctx) / 1e6);
}

bw_status bw_grid_choose(bw_context *ctx, const bw_feature_plan *plan, const bw_grid_wish *wish, bw_grid *out) {
    const bw_search search = {.plan = plan,
                              .wish = wish,
                              .threads = bw_context_threads(ctx),
                              .in_parts = wish->like ? wish->like->parts : in_parts(plan, wish),
                              .budget = (double)bw_context_memory_budget(ctx)};
    if (wish->edge && wish->edge < 8)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "A tile's edge must be at least 8 pixels, not %lld.",
                       (long long)wish->edge);
    bw_grid whole = {.threads = 0}, parts = {.threads = 0};
    if (!wish->like || !wish->like->parts) whole = best_whole(&search);
    if (search.in_parts) BW_TRY(best_parts(ctx, &search, &parts));
    if (!whole.threads && !parts.threads) return too_little(ctx);
    if (wish->shrink) return choose_wanted(ctx, plan, &whole, &parts, out);
    *out = !whole.threads || (parts.threads && parts.work < whole.work) ? parts : whole;
    return BW_OK;
}
