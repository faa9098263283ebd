/* One thread's scratch, and what all ways of growing nodes share. */
#include <string.h>

#include "core/alloc.h"
#include "forest/node.h"

/* ---- scratch ----------------------------------------------------------------------------------------------------- */

uint64_t bw_grower_size(const bw_plan *plan) {
    const bw_binned *b = plan->binned;
    const int64_t draws = plan->urn.draws && plan->urn.draws < plan->urn.count ? plan->urn.draws : plan->urn.count;
    const uint64_t bags = 2 * (uint64_t)draws * (sizeof(uint32_t) + sizeof(uint64_t));
    const uint64_t per_feature = sizeof(uint16_t) + 2 * sizeof(int64_t) + (uint64_t)plan->block_size;
    uint64_t slabs = 0;
    for (int64_t size = draws; plan->subtract && size >= BW_SMALLEST_SLAB; size /= 2)
        slabs += (uint64_t)plan->feature_count * BW_BINS * sizeof(uint64_t);
    return bags + slabs + (uint64_t)b->classes * BW_BINS * sizeof(uint32_t) + (uint64_t)b->features * per_feature;
}

bw_status bw_grower_open(bw_context *ctx, const bw_plan *plan, bw_grower *g) {
    const uint64_t features = (uint64_t)plan->binned->features, classes = (uint64_t)plan->binned->classes;
    memset(g, 0, sizeof *g);
    g->plan = plan;
    g->bytes = plan->binned->bytes;
    g->stride = plan->binned->stride;
    g->histogram = bw_calloc(ctx, BW_BINS, sizeof *g->histogram, "growing a tree");
    g->wide = bw_calloc(ctx, classes * BW_BINS, sizeof *g->wide, "growing a tree");
    g->order = bw_alloc(ctx, features, sizeof *g->order, "growing a tree");
    g->decrease = bw_alloc(ctx, features, sizeof *g->decrease, "growing a tree");
    g->importance = bw_calloc(ctx, features, sizeof *g->importance, "growing a tree");
    if (!g->histogram || !g->wide || !g->order || !g->decrease || !g->importance) return BW_ERROR_MEMORY;
    memcpy(g->order, plan->features, (size_t)plan->feature_count * sizeof *g->order);
    return BW_OK;
}

void bw_grower_close(bw_grower *g) {
    bw_bag_free(&g->spare);
    for (int i = 0; i < BW_MAX_SLABS; i++) {
        bw_free(g->slabs[i].histograms);
        bw_free(g->slabs[i].valid);
    }
    bw_free(g->block);
    bw_free(g->histogram);
    bw_free(g->wide);
    bw_free(g->gathered);
    bw_free(g->order);
    bw_free(g->decrease);
    bw_free(g->importance);
    memset(g, 0, sizeof *g);
}

bw_status bw_grower_reserve(bw_context *ctx, bw_grower *g, int64_t size) {
    if (!g->plan->options.extra || size <= g->gathered_capacity) return BW_OK;
    bw_free(g->gathered);
    g->gathered_capacity = 0;
    g->gathered = bw_alloc(ctx, (uint64_t)size, sizeof *g->gathered, "growing a tree");
    if (!g->gathered) return BW_ERROR_MEMORY;
    g->gathered_capacity = size;
    return BW_OK;
}

/* ---- nodes ------------------------------------------------------------------------------------------------------- */

int bw_may_split(const bw_plan *plan, int classes, int64_t weight, uint32_t depth) {
    const uint32_t limit = (uint32_t)plan->options.max_depth;
    return classes > 1 && weight >= 2 * plan->min_leaf && (!limit || depth < limit);
}

int64_t bw_partition(bw_grower *g, bw_bag *bag, const bw_task *t, int feature, uint8_t threshold) {
    const uint8_t *column = bw_column_of(g, feature);
    uint32_t *samples = bag->samples, *other_samples = g->spare.samples;
    uint64_t *weights = bag->weights, *other_weights = g->spare.weights;
    int64_t left = t->begin, right = 0;
    for (int64_t i = t->begin; i < t->end; i++) {
        const uint32_t sample = samples[i];
        const uint64_t weight = weights[i];
        const int goes_right = column[sample] > threshold;
        samples[left] = other_samples[right] = sample;
        weights[left] = other_weights[right] = weight;
        left += !goes_right;
        right += goes_right;
    }
    memcpy(samples + left, other_samples, (size_t)right * sizeof *samples);
    memcpy(weights + left, other_weights, (size_t)right * sizeof *weights);
    return left;
}

void bw_push(bw_task *stack, int *waiting, const bw_task child[2], int children) {
    if (children == 2) {
        const int first_smaller = child[0].end - child[0].begin <= child[1].end - child[1].begin;
        stack[(*waiting)++] = child[first_smaller];
        stack[(*waiting)++] = child[!first_smaller];
    } else if (children == 1) {
        stack[(*waiting)++] = child[0];
    }
}

bw_status bw_grow(bw_context *ctx, bw_grower *g, bw_bag *bag, const bw_bud *bud, int64_t put_off, bw_sprout *s) {
    uint32_t first;
    const int64_t size = bud->task.end - bud->task.begin;
    BW_TRY(bw_bag_reserve(ctx, &g->spare, size));
    BW_TRY(bw_grower_reserve(ctx, g, size));
    if (s->node_count <= bud->task.node)
        BW_TRY(bw_sprout_add_nodes(ctx, s, bud->task.node + 1 - s->node_count, &first));
    if (bud->lanes.classes) return bw_grow_lanes(ctx, g, bag, &bud->lanes, &bud->task, put_off, s);
    return bw_grow_wide(ctx, g, bag, &bud->task, put_off, s);
}
