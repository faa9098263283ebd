#include <string.h>

#include "core/alloc.h"
#include "pipeline/pipeline.h"

static const int64_t edges[] = {32, 48, 64, 96, 128, 160, 192, 256, 320, 384, 512, 768, 1024};
enum { EDGES = sizeof edges / sizeof *edges };

static int64_t cut(int64_t edge, int64_t size) {
    return edge < size ? edge : size;
}

static void set_tile(bw_grid *grid, int64_t wide, int64_t deep) {
    const int64_t wanted[3] = {wide, wide, deep};
    for (int axis = 0; axis < 3; axis++) {
        int64_t tile = cut(wanted[axis], grid->size[axis]), count = (grid->size[axis] + tile - 1) / tile;
        grid->tile[axis] = (grid->size[axis] + count - 1) / count; /* equal shares */
        grid->count[axis] = count;
    }
}

int64_t bw_blocks_along(const bw_box *tile, int axis) {
    return (bw_box_extent(tile, axis) + BW_BLOCK_EDGE - 1) / BW_BLOCK_EDGE;
}

int64_t bw_block_pixels(const bw_box *tile) {
    return bw_blocks_along(tile, 0) * bw_blocks_along(tile, 1) * bw_box_extent(tile, 2) * BW_BLOCK;
}

/* Fills threads and scratch; 0 when not even one thread fits the budget. */
static int fits(bw_grid *grid, const bw_feature_plan *plan, double bytes_per_pixel, int threads, double budget) {
    const bw_box box = {{0, 0, 0}, {grid->tile[0], grid->tile[1], grid->tile[2]}};
    grid->scratch = bw_feature_plan_scratch(plan, grid->tile, grid->size);
    double bytes = (double)grid->scratch + bytes_per_pixel * (double)bw_block_pixels(&box);
    grid->threads = bytes * threads <= budget ? threads : (int)(budget / bytes);
    return grid->threads > 0;
}

/* Time until the last thread is done, in multiply-adds. Work space beyond the caches costs up to a
 * fifth more. */
static double duration(const bw_grid *grid, const bw_feature_plan *plan, int frames) {
    double rounds = (double)((bw_grid_count(grid) * frames + grid->threads - 1) / grid->threads);
    double scratch = (double)grid->scratch, large = 1 + 0.2 * scratch / (scratch + 64e6);
    return rounds * large * bw_feature_plan_cost(plan, grid->tile, grid->size);
}

static bw_status too_little(bw_context *ctx) {
    return bw_fail(ctx, BW_ERROR_MEMORY,
                   "The memory budget of %.0f MB is too small for even one small tile. Raise it, or leave out the "
                   "largest sigmas.",
                   (double)bw_context_memory_budget(ctx) / 1e6);
}

static bw_status force(bw_context *ctx, const bw_feature_plan *plan, double bytes_per_pixel, int64_t edge,
                       bw_grid *grid) {
    if (edge < 8)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "A tile's edge must be at least 8 pixels, not %lld.", (long long)edge);
    const int64_t wanted[3] = {edge, edge, edge};
    for (int axis = 0; axis < 3; axis++) {
        grid->tile[axis] = cut(wanted[axis], grid->size[axis]);
        grid->count[axis] = (grid->size[axis] + grid->tile[axis] - 1) / grid->tile[axis];
    }
    double budget = (double)bw_context_memory_budget(ctx);
    return fits(grid, plan, bytes_per_pixel, bw_context_threads(ctx), budget) ? BW_OK : too_little(ctx);
}

bw_status bw_grid_choose(bw_context *ctx, const bw_feature_plan *plan, const int64_t size[3], int frames,
                         double bytes_per_pixel, int64_t edge, bw_grid *out) {
    bw_grid best = {.threads = 0}, grid = {.threads = 0};
    double shortest = 0, budget = (double)bw_context_memory_budget(ctx);
    memcpy(grid.size, size, sizeof grid.size);
    if (edge) {
        *out = grid;
        return force(ctx, plan, bytes_per_pixel, edge, out);
    }
    for (int w = 0; w < EDGES; w++)
        for (int d = 0; d < EDGES; d++) {
            set_tile(&grid, edges[w], edges[d]);
            if (!fits(&grid, plan, bytes_per_pixel, bw_context_threads(ctx), budget)) continue;
            double time = duration(&grid, plan, frames);
            if (!best.threads || time < shortest) {
                best = grid;
                shortest = time;
            }
            if (edges[d] >= size[2]) break;
        }
    *out = best;
    return best.threads ? BW_OK : too_little(ctx);
}

int64_t bw_grid_count(const bw_grid *grid) {
    return grid->count[0] * grid->count[1] * grid->count[2];
}

bw_box bw_grid_box(const bw_grid *grid, int64_t index) {
    const int64_t at[3] = {index % grid->count[0], index / grid->count[0] % grid->count[1],
                           index / grid->count[0] / grid->count[1]};
    bw_box box;
    for (int axis = 0; axis < 3; axis++) {
        box.lo[axis] = at[axis] * grid->tile[axis];
        box.hi[axis] = cut(box.lo[axis] + grid->tile[axis], grid->size[axis]);
    }
    return box;
}

bw_status bw_grid_make_scratch(bw_context *ctx, const bw_grid *grid, void ***out) {
    *out = bw_calloc(ctx, (uint64_t)grid->threads, sizeof **out, "scratch");
    if (!*out) return BW_ERROR_MEMORY;
    for (int t = 0; t < grid->threads; t++) {
        (*out)[t] = bw_alloc(ctx, (uint64_t)grid->scratch, 1, "feature scratch");
        if (!(*out)[t]) {
            bw_grid_free_scratch(grid, *out);
            *out = NULL;
            return BW_ERROR_MEMORY;
        }
    }
    return BW_OK;
}

void bw_grid_free_scratch(const bw_grid *grid, void **scratch) {
    for (int t = 0; scratch && t < grid->threads; t++)
        bw_free(scratch[t]);
    bw_free(scratch);
}
