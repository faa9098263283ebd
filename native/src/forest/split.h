/* The inner loops of training: the best cut of one feature in one node. Compiled once per instruction set; every level
 * gives the same bytes. */
#ifndef BW_FOREST_SPLIT_H
#define BW_FOREST_SPLIT_H

#include "forest/parts.h"

enum { BW_MAX_LANES = 16, BW_BINS = BW_MAX_CUTS + 1 };

/* Classes whose weights share a word: that of lane c lies in the bits from c * bits on. A sum of weights of a node is
 * then one addition for all classes. */
typedef struct bw_lanes {
    int classes, bits;
    uint8_t label_of[BW_MAX_LANES];
} bw_lanes;

typedef struct bw_split_node {
    const bw_lanes *lanes;
    const uint32_t *samples; /* drawn samples of the node */
    const uint64_t *weights; /* of each, in the lane of its class */
    int64_t size;
    uint64_t counts;            /* sum of the weights */
    double total[BW_MAX_LANES]; /* the same by lane */
    double weight;              /* of all lanes */
    int64_t min_leaf;           /* weight */
} bw_split_node;

typedef struct bw_split {
    double score;           /* sum over the children of (sum over classes of weight^2) / weight; 0 = none yet */
    int feature, low, high; /* last occupied bin on the left and first on the right */
    uint64_t left;          /* counts of the left child */
} bw_split;

typedef struct bw_split_kernels {
    /* Replaces *best when the feature has a better cut. Returns 0 when it is constant within the node. histogram:
     * BW_BINS zeros, and so left behind. */
    int (*best_cut)(const bw_split_node *node, const uint8_t *column, int feature, uint64_t *histogram, bw_split *best);
    /* Adds the node's weights to a histogram of BW_BINS sums, or takes them away. */
    void (*fill)(const bw_split_node *node, const uint8_t *column, uint64_t *histogram);
    void (*drain)(const bw_split_node *node, const uint8_t *column, uint64_t *histogram);
    void (*subtract)(uint64_t *histogram, const uint64_t *less);
    /* best_cut from the node's histogram, which stays. */
    int (*scan)(const bw_split_node *node, int feature, const uint64_t *histogram, bw_split *best);
    /* bytes[i] = that of the node's i-th sample; range: the lowest and the highest of them. */
    void (*gather)(const bw_split_node *node, const uint8_t *column, uint8_t *bytes, int range[2]);
    /* Sum of the weights whose byte is at most `cut`. */
    uint64_t (*sum_below)(const bw_split_node *node, const uint8_t *bytes, int cut);
} bw_split_kernels;

const bw_split_kernels *bw_split_kernels_for(bw_simd level);

static inline uint64_t bw_lane(const bw_lanes *lanes, uint64_t counts, int c) {
    return counts >> (c * lanes->bits) & (((uint64_t)1 << lanes->bits) - 1);
}

/* Sum over the children of squares / weight, from what goes left. */
static inline double bw_split_score(const bw_split_node *node, uint64_t left) {
    double weight = 0, left_squares = 0, right_squares = 0;
    for (int c = 0; c < node->lanes->classes; c++) {
        const double l = (double)bw_lane(node->lanes, left, c), r = node->total[c] - l;
        weight += l;
        left_squares += l * l;
        right_squares += r * r;
    }
    const double rest = node->weight - weight;
    return (left_squares * rest + right_squares * weight) / (weight * rest);
}

#endif
