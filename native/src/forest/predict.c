/* The forest as an object, and prediction over any number of pixels. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/levels.h"
#include "forest/parts.h"

BW_LEVELS_DECLARE(bw_vote_kernels, bw_vote_kernels);

const bw_vote_kernels *bw_vote_kernels_for(bw_simd level) {
    static const bw_vote_kernels *const kernels[BW_SIMD_COUNT] = BW_LEVELS(bw_vote_kernels);
    return kernels[level];
}

/* ---- the object -------------------------------------------------------------------------------------------------- */

bw_status bw_forest_create(bw_context *ctx, int classes, int features, int trees, bw_forest **out) {
    bw_forest *forest = bw_calloc(ctx, 1, sizeof *forest, "a forest");
    *out = NULL;
    if (!forest) return BW_ERROR_MEMORY;
    forest->classes = classes;
    forest->features = features;
    forest->trees = trees;
    forest->by_feature = bw_calloc(ctx, (uint64_t)features, sizeof *forest->by_feature, "a forest's features");
    forest->feature_of = bw_calloc(ctx, (uint64_t)features, sizeof *forest->feature_of, "a forest's features");
    forest->tree = bw_calloc(ctx, (uint64_t)trees, sizeof *forest->tree, "a forest's trees");
    if (!forest->by_feature || !forest->feature_of || !forest->tree) {
        bw_forest_free(forest);
        return BW_ERROR_MEMORY;
    }
    *out = forest;
    return BW_OK;
}

void bw_forest_free(bw_forest *forest) {
    if (!forest) return;
    for (int t = 0; forest->tree && t < forest->trees; t++) {
        bw_free(forest->tree[t].nodes);
        bw_free(forest->tree[t].votes);
    }
    bw_free(forest->tree);
    bw_free(forest->by_feature);
    bw_free(forest->feature_of);
    bw_free(forest->cuts);
    bw_free(forest->tables);
    bw_free(forest);
}

bw_status bw_forest_layout(bw_context *ctx, bw_forest *forest) {
    uint32_t cuts = 0, tables = 0;
    forest->used = 0;
    for (int f = 0; f < forest->features; f++) {
        bw_cuts *c = &forest->by_feature[f];
        c->steps = (uint8_t)bw_cuts_steps(c->count);
        c->first = cuts;
        c->table = tables;
        c->slot = c->count ? forest->used : -1;
        if (c->count) forest->feature_of[forest->used++] = (uint16_t)f;
        cuts += c->count;
        tables += (1u << c->steps) - 1;
    }
    forest->cuts = bw_calloc(ctx, cuts, sizeof *forest->cuts, "a forest's thresholds");
    forest->tables = bw_calloc(ctx, (uint64_t)tables + BW_TABLE_SLACK, sizeof *forest->tables, "a forest's thresholds");
    return forest->cuts && forest->tables ? BW_OK : BW_ERROR_MEMORY;
}

int bw_cuts_steps(int count) {
    int steps = 0;
    while ((1 << steps) <= count)
        steps++;
    return steps;
}

void bw_cuts_tabulate(const float *cuts, int count, float *table) {
    const int steps = bw_cuts_steps(count);
    for (int s = 0; s < steps; s++) {
        const int half = 1 << (steps - 1 - s);
        for (int p = 0; p < 1 << s; p++) {
            const int rank = (2 * p + 1) * half - 1;
            *table++ = rank < count ? cuts[rank] : INFINITY;
        }
    }
}

void bw_forest_tabulate(bw_forest *forest) {
    for (int f = 0; f < forest->features; f++) {
        const bw_cuts *c = &forest->by_feature[f];
        bw_cuts_tabulate(forest->cuts + c->first, c->count, forest->tables + c->table);
    }
}

int bw_forest_classes(const bw_forest *forest) {
    return forest->classes;
}

int bw_forest_features(const bw_forest *forest) {
    return forest->features;
}

int bw_forest_trees(const bw_forest *forest) {
    return forest->trees;
}

int64_t bw_forest_nodes(const bw_forest *forest) {
    int64_t nodes = 0;
    for (int t = 0; t < forest->trees; t++)
        nodes += forest->tree[t].node_count;
    return nodes;
}

int bw_forest_uses(const bw_forest *forest, int feature) {
    return feature >= 0 && feature < forest->features && forest->by_feature[feature].count > 0;
}

/* ---- prediction -------------------------------------------------------------------------------------------------- */

void bw_forest_quantise(const bw_forest *forest, bw_simd level, int feature, const float *values, int64_t count,
                        uint8_t *out) {
    const bw_cuts *c = &forest->by_feature[feature];
    bw_vote_kernels_for(level)->quantise(forest->tables + c->table, c->steps, values, count, out);
}

/* Few enough blocks that their regions stay in the cache close to the core. */
static int chunk_blocks(const bw_forest *forest) {
    const uint64_t fit = ((uint64_t)128 << 10) / bw_region_size(forest);
    return fit < 1 ? 1 : fit > BW_CHUNK_BLOCKS ? BW_CHUNK_BLOCKS : (int)fit;
}

uint64_t bw_forest_scratch_size(const bw_forest *forest) {
    const uint64_t lists = (uint64_t)(BW_VOTE_QUEUE + BW_VOTE_LEAVES) * 2 * sizeof(uint64_t);
    const uint64_t totals = (uint64_t)forest->classes * BW_BLOCK * sizeof(uint32_t);
    return lists + (uint64_t)chunk_blocks(forest) * (bw_region_size(forest) + totals) + sizeof(bw_look);
}

uint32_t bw_forest_vote_total(const bw_forest *forest) {
    return (uint32_t)forest->trees * BW_LEAF_VOTES;
}

typedef bw_status (*chunk_fn)(bw_context *ctx, const bw_vote_job *job);

static bw_status each_chunk(bw_context *ctx, chunk_fn work, bw_vote_job *job) {
    const int64_t end = job->first + job->count, step = (int64_t)chunk_blocks(job->forest) * BW_BLOCK;
    for (; job->first < end; job->first += step) {
        job->count = end - job->first < step ? end - job->first : step;
        BW_TRY(work(ctx, job));
    }
    return BW_OK;
}

bw_status bw_vote_run(bw_context *ctx, bw_simd level, bw_vote_job *job) {
    return each_chunk(ctx, bw_vote_kernels_for(level)->vote, job);
}

bw_status bw_forest_vote(bw_context *ctx, const bw_forest *forest, bw_simd level, const uint8_t *const *columns,
                         int64_t count, uint32_t *votes, int64_t stride, void *scratch) {
    bw_vote_job job = {
        .forest = forest, .columns = columns, .count = count, .votes = votes, .stride = stride, .scratch = scratch};
    return bw_vote_run(ctx, level, &job);
}

bw_status bw_forest_classify(bw_context *ctx, const bw_forest *forest, bw_simd level, const uint8_t *const *columns,
                             int64_t count, uint8_t *winners, void *scratch) {
    bw_vote_job job = {.forest = forest, .columns = columns, .count = count, .winners = winners, .scratch = scratch};
    return each_chunk(ctx, bw_vote_kernels_for(level)->classify, &job);
}

/* ---- counting visits --------------------------------------------------------------------------------------------- */

/* Pixels of a block that wait at a node. */
typedef struct waiting {
    uint32_t node;
    uint64_t pixels;
} waiting;

/* The pixels that go right; counts all of them. */
static uint64_t split_pixels(const uint8_t *bytes, uint8_t threshold, uint64_t pixels, int64_t *depth) {
    uint64_t right = 0;
    for (int i = 0; i < BW_BLOCK; i++) {
        if (!(pixels >> i & 1)) continue;
        right |= (uint64_t)(bytes[i] > threshold) << i;
        ++*depth;
    }
    return right;
}

/* The waiting sets are disjoint and not empty, so there are never more of them than pixels. */
static void count_tree(const bw_forest *forest, const bw_tree *tree, const uint8_t *const *columns, int64_t first,
                       uint64_t pixels, bw_forest_visits *out) {
    waiting stack[BW_BLOCK] = {{0, pixels}};
    for (int height = 1; height > 0;) {
        const waiting at = stack[--height];
        const bw_node *node = tree->nodes + at.node;
        if (bw_node_is_leaf(node)) {
            out->leaves++;
            continue;
        }
        const uint8_t *bytes = columns[forest->feature_of[node->feature]] + first;
        const uint64_t right = split_pixels(bytes, node->threshold, at.pixels, &out->depth);
        out->splits++;
        if (right) stack[height++] = (waiting){node->next + 1, right};
        if (right != at.pixels) stack[height++] = (waiting){node->next, at.pixels ^ right};
    }
}

bw_status bw_forest_count_visits(bw_context *ctx, const bw_forest *forest, const uint8_t *const *columns, int64_t count,
                                 bw_forest_visits *out) {
    *out = (bw_forest_visits){0};
    for (int64_t first = 0; first < count; first += BW_BLOCK) {
        const int64_t left = count - first;
        const uint64_t pixels = left < BW_BLOCK ? ((uint64_t)1 << left) - 1 : ~(uint64_t)0;
        BW_TRY(bw_check(ctx));
        out->blocks++;
        for (int t = 0; t < forest->trees; t++)
            count_tree(forest, forest->tree + t, columns, first, pixels, out);
    }
    return BW_OK;
}
