/* Inner structure of a forest, shared by the files of this folder only. */
#ifndef BW_FOREST_PARTS_H
#define BW_FOREST_PARTS_H

#include "forest/forest.h"

#define BW_LEAF_VOTES 840     /* votes a leaf hands out; divisible by 1..8, so small leaves are exact */
#define BW_FLUSH_TREES 78     /* trees whose votes fit 16 bits: 78 * 840 <= 65535 */
#define BW_MAX_CUTS 255       /* thresholds per feature: bytes are 0..255 */
#define BW_MAX_FEATURES 65534 /* indices fit 16 bits and leave two marks for leaves in files */
#define BW_BLOCK 64           /* pixels per traversal mask */
#define BW_CHUNK_BLOCKS 16    /* blocks that share one work queue, at most */
#define BW_TABLE_SLACK 16     /* floats that may be read behind the last search table */

enum { BW_NODE_LEFT_LEAF = 1, BW_NODE_RIGHT_LEAF = 2, BW_NODE_PURE = 4, BW_NODE_MIXED = 8 };

/* A split sends bytes <= threshold to node `next`, others to `next + 1`; both lie behind it. */
typedef struct bw_node {
    uint32_t next;     /* split: left child; mixed leaf: first entry in the tree's vote list */
    uint16_t feature;  /* split: slot of the feature (feature itself while training); mixed leaf: number of entries */
    uint8_t threshold; /* split: index of the threshold; pure leaf: class */
    uint8_t flags;     /* split: which children are leaves; leaf: BW_NODE_PURE or BW_NODE_MIXED */
} bw_node;

_Static_assert(sizeof(bw_node) == 8, "the vector walks read a node as one 64-bit integer");

typedef struct bw_leaf_vote {
    uint16_t votes; /* >= 1; a leaf's votes sum to BW_LEAF_VOTES */
    uint8_t label;
} bw_leaf_vote;

typedef struct bw_tree {
    bw_node *nodes; /* breadth first: the k-th split's children are nodes 2k + 1 and 2k + 2 */
    bw_leaf_vote *votes;
    uint32_t node_count, vote_count;
} bw_tree;

/* Thresholds of one feature. The search table holds them as a complete binary tree in level order, filled up with
 * +inf: `steps` times p = 2p + (entry < value) ends at the number of thresholds below the value. */
typedef struct bw_cuts {
    uint32_t first; /* into bw_forest.cuts, strictly ascending */
    uint32_t table; /* into bw_forest.tables, 2^steps - 1 entries */
    int32_t slot;   /* position among the features that have thresholds, -1 without */
    uint16_t count;
    uint8_t steps;
} bw_cuts;

struct bw_forest {
    int classes, features, trees, used;
    bw_cuts *by_feature;
    uint16_t *feature_of; /* slot -> feature */
    float *cuts, *tables;
    bw_tree *tree;
};

/* Levels of the search table of `count` thresholds: the smallest number with 2^steps > count. */
int bw_cuts_steps(int count);
/* Fills the 2^steps - 1 entries. */
void bw_cuts_tabulate(const float *cuts, int count, float *table);

/* A forest without trees' nodes and thresholds; everything else is filled in by the caller. */
bw_status bw_forest_create(bw_context *ctx, int classes, int features, int trees, bw_forest **out);
/* Allocates `cuts` for the counts in by_feature and sets first, steps, slot and feature_of. */
bw_status bw_forest_layout(bw_context *ctx, bw_forest *forest);
/* Fills the search tables from `cuts`. */
void bw_forest_tabulate(bw_forest *forest);

static inline int bw_node_is_leaf(const bw_node *node) {
    return node->flags >= BW_NODE_PURE;
}

/* What one call of the vote kernel works on: at most BW_CHUNK_BLOCKS blocks. Each block owns a region of the scratch
 * memory: 64 bytes per used feature, then 8 bytes per class (pixels that ended in pure leaves of the current tree),
 * then 64 vote sums of 16 bits per class. Behind the regions, classify keeps the sums of all trees so far: 64 of 32
 * bits per class and block. */
typedef struct bw_vote_job {
    const bw_forest *forest;
    const uint8_t *const *columns;
    const uint64_t *seen; /* NULL, or bit i of word [tree * seen_stride + block] set: tree gives pixel i no vote */
    int64_t seen_stride;
    int64_t first, count; /* pixels; first is a multiple of 64 */
    uint32_t *votes;      /* [class * stride + pixel - origin] */
    int64_t stride, origin;
    uint8_t *winners; /* [pixel - origin], of classify */
    void *scratch;
} bw_vote_job;

/* A list entry says that the pixels `mask` of a block have reached a node: offset of the block's region in the upper
 * half of `place`, index of the node in the lower one. The scratch memory starts with the work queue (twice what can be
 * alive at once, and room for vectors that are not full) and the list of reached leaves; the regions follow. */
enum {
    BW_VOTE_ALIVE = BW_BLOCK * BW_CHUNK_BLOCKS,
    BW_VOTE_QUEUE = 2 * BW_VOTE_ALIVE + 64,
    BW_VOTE_LEAVES = BW_VOTE_ALIVE + 64
};

/* Room for a look at a block of winners, at the end of the scratch memory. */
typedef struct bw_look {
    int32_t best[BW_BLOCK], other[BW_BLOCK];
    uint8_t open[BW_BLOCK];
} bw_look;

typedef struct bw_vote_kernels {
    bw_status (*vote)(bw_context *ctx, const bw_vote_job *job);
    bw_status (*classify)(bw_context *ctx, const bw_vote_job *job); /* needs no votes and no seen */
    void (*quantise)(const float *table, int steps, const float *values, int64_t count, uint8_t *out);
} bw_vote_kernels;

const bw_vote_kernels *bw_vote_kernels_for(bw_simd level);
/* bw_forest_vote with trees masked out per pixel (job->first and count may span any number of chunks). */
bw_status bw_vote_run(bw_context *ctx, bw_simd level, bw_vote_job *job);

/* Sizes inside the scratch memory, in bytes. */
static inline uint64_t bw_region_masks(const bw_forest *forest) {
    return (uint64_t)forest->used * BW_BLOCK;
}
static inline uint64_t bw_region_sums(const bw_forest *forest) {
    return bw_region_masks(forest) + ((uint64_t)forest->classes * 8 + 63) / 64 * 64;
}
static inline uint64_t bw_region_size(const bw_forest *forest) {
    return bw_region_sums(forest) + (uint64_t)forest->classes * BW_BLOCK * 2;
}

#endif
