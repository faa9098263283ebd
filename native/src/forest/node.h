/* What the ways of growing a node share. */
#ifndef BW_FOREST_NODE_H
#define BW_FOREST_NODE_H

#include "forest/grow.h"

/* Streams of random numbers of a node, keyed by its path. */
enum { BW_KEY_LEFT, BW_KEY_RIGHT, BW_KEY_FEATURES, BW_KEY_CUTS };

/* Tasks that wait: the smaller child is grown first, so log2 of the draws is enough. */
enum { BW_STACK = 64 };

/* Draws of a node below which filling histograms costs no more than keeping them. */
enum { BW_SMALLEST_SLAB = 256 };

/* What a node holds of each class that occurs in it. */
typedef struct bw_tally {
    int classes;
    int64_t weight;
    double squares; /* sum of the squared weights */
    uint8_t label_of[BW_MAX_CLASSES];
    int64_t counts[BW_MAX_CLASSES];
} bw_tally;

static inline const uint8_t *bw_column_of(const bw_grower *g, int feature) {
    return g->bytes + feature * g->stride;
}

int bw_may_split(const bw_plan *plan, int classes, int64_t weight, uint32_t depth);
/* Moves the draws that go left to the front, keeping their order; returns the first that goes right. */
int64_t bw_partition(bw_grower *g, bw_bag *bag, const bw_task *t, int feature, uint8_t threshold);
/* Puts 0, 1 or 2 tasks on a stack, the smallest on top. */
void bw_push(bw_task *stack, int *waiting, const bw_task child[2], int children);

/* ---- the search for a split (search.c) ----------------------------------------------------------------------------
 */

/* Tries one feature; returns 0 when it is constant within the node. */
typedef int (*bw_try_fn)(bw_grower *g, const void *node, int feature, uint64_t random, bw_split *best);

/* What the search for a node's split has found so far. */
typedef struct bw_search {
    bw_try_fn attempt;
    const void *node;
    const bw_task *task;
    double perfect; /* score of a split that separates the classes */
    int tried, drawn;
    bw_split best; /* feature -1 = none */
} bw_search;

/* Draws features until mtry of them varied within the node, or one separates the classes. */
bw_status bw_search_run(bw_context *ctx, bw_grower *g, bw_search *search);
/* Extremely randomised: a cut uniform between the values in the middle of the lowest and the highest bin. */
int bw_random_cut(const bw_plan *plan, int feature, int low, int high, uint64_t random);
/* The cut nearest below the middle of the two bins' values: where a forest on unbinned values would cut. */
uint8_t bw_place_threshold(const bw_binned *binned, const bw_split *split);

/* ---- trees that grow (sprout.c) -----------------------------------------------------------------------------------
 */

bw_status bw_sprout_add_nodes(bw_context *ctx, bw_sprout *sprout, uint32_t more, uint32_t *first);
/* lanes NULL = weights as drawn. */
bw_status bw_sprout_add_bud(bw_context *ctx, bw_sprout *sprout, const bw_task *task, const bw_lanes *lanes);
bw_status bw_sprout_leaf(bw_context *ctx, bw_sprout *sprout, const bw_tally *tally, uint32_t node);
/* Turns the node of *t into a split and gives the tasks of its children, but for their draws and counts. */
bw_status bw_sprout_split(bw_context *ctx, bw_sprout *sprout, const bw_task *t, const bw_split *split,
                          uint8_t threshold, double gain, bw_task child[2]);

/* ---- two ways to grow a node and what is below it -----------------------------------------------------------------
 */

/* lanes.c */
bw_status bw_grow_lanes(bw_context *ctx, bw_grower *g, bw_bag *bag, const bw_lanes *lanes, const bw_task *root,
                        int64_t put_off, bw_sprout *sprout);
/* wide.c: changes to the other way as soon as the classes fit */
bw_status bw_grow_wide(bw_context *ctx, bw_grower *g, bw_bag *bag, const bw_task *root, int64_t put_off,
                       bw_sprout *sprout);

#endif
