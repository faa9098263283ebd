/* What training shares between its steps: binned samples, one thread's scratch, and the growing of one tree. */
#ifndef BW_FOREST_GROW_H
#define BW_FOREST_GROW_H

#include "forest/parts.h"

/* The samples as bytes: the byte of a value is the number of the feature's cuts below it. */
typedef struct bw_binned {
    int64_t count, stride; /* stride: count rounded up to a multiple of 64 */
    int features, classes;
    const uint8_t *labels;
    uint8_t *bytes;      /* [feature * stride + sample], 0 behind the last sample */
    float *cuts;         /* [feature * BW_MAX_CUTS + i], strictly ascending */
    float *centres;      /* [feature * (BW_MAX_CUTS + 1) + byte]: a sample value of that bin */
    uint16_t *cut_count; /* per feature */
} bw_binned;

bw_status bw_binned_create(bw_context *ctx, const bw_samples *samples, bw_binned *out);
void bw_binned_free(bw_binned *binned);

/* One or more drawings of a sample. */
typedef struct bw_draw {
    uint32_t sample;
    uint16_t weight;
    uint8_t label;
    uint8_t local; /* rank of the label among the classes of the node at hand */
} bw_draw;

/* Everything the trees of one training run have in common. */
typedef struct bw_plan {
    const bw_binned *binned;
    bw_forest_options options; /* mtry resolved */
    uint32_t *by_class;        /* balanced drawing: samples grouped by class, else NULL */
    int64_t class_start[BW_MAX_CLASSES + 1];
    uint8_t present[BW_MAX_CLASSES]; /* classes that have samples */
    int present_count;
    uint16_t *varying; /* features with at least one cut */
    int varying_count;
    uint64_t *seen; /* [tree * seen_stride + sample / 64], bit sample % 64: the tree drew the sample */
    int64_t seen_stride;
} bw_plan;

/* Scratch of one thread. */
typedef struct bw_grower {
    const bw_plan *plan;
    bw_draw *draws, *spare;
    uint32_t *histogram; /* [byte * classes of the node + local class], all 0 between uses */
    uint16_t *order;     /* the varying features, permuted as they are drawn */
    double *decrease;    /* per feature: Gini decrease of the tree at hand */
    int64_t *importance; /* per feature: sum over this thread's trees of shares in units of 2^-40 */
    bw_node *nodes;      /* of the tree at hand, children adjacent */
    bw_leaf_vote *votes;
    uint32_t node_count, node_capacity, vote_count, vote_capacity;
} bw_grower;

bw_status bw_grower_open(bw_context *ctx, const bw_plan *plan, bw_grower *grower);
void bw_grower_close(bw_grower *grower);
/* Grows tree `index` into *out: features are not slots yet, thresholds index bw_binned.cuts. */
bw_status bw_grow_tree(bw_context *ctx, bw_grower *grower, int index, bw_tree *out);

#endif
