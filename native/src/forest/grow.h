/* What training shares between its steps: binned samples, the drawing of samples, one thread's scratch, and the growing
 * of one tree. */
#ifndef BW_FOREST_GROW_H
#define BW_FOREST_GROW_H

#include "forest/split.h"

enum {
    BW_WEIGHT_ONE = 1 << 16, /* a sample's weight of 1 in fixed point */
    BW_MAX_SAMPLES = 1 << 29 /* in number and in weight: squares of sums of weights fit 64 bits */
};

/* ---- samples as bytes (bins.c) ------------------------------------------------------------------------------------
 */

/* The byte of a value is the number of the feature's cuts below it. Cuts depend on the values and weights of the
 * samples, not on their order: a sample of weight 2 counts as two. */
typedef struct bw_binned {
    int64_t count, stride; /* stride: count rounded up to a multiple of 64 */
    int features, classes;
    uint8_t *labels;
    uint32_t *weights;   /* in units of 1 / BW_WEIGHT_ONE; NULL = all weigh 1 */
    int64_t weight;      /* of all samples: their number, or the sum of `weights` */
    uint8_t *bytes;      /* [feature * stride + sample], 0 behind the last sample */
    float *cuts;         /* [feature * BW_MAX_CUTS + i], strictly ascending */
    float *centres;      /* [feature * (BW_MAX_CUTS + 1) + byte]: a sample value of that bin */
    uint16_t *cut_count; /* per feature */
} bw_binned;

bw_status bw_binned_create(bw_context *ctx, const bw_samples *samples, bw_binned *out);
void bw_binned_free(bw_binned *binned);

/* Bytes that `binned` holds. */
uint64_t bw_binned_size(const bw_binned *binned);
/* So many of the context's threads, at least one, as the memory budget feeds: `held` bytes in all, `each` per thread.
 */
int bw_affordable_threads(const bw_context *ctx, uint64_t held, uint64_t each);

/* ---- drawing samples (urn.c) --------------------------------------------------------------------------------------
 */

/* Tickets are handed out to the samples in order, in proportion to weight times class multiplier, and a draw picks a
 * ticket: a sample of weight 2 is drawn just as two adjacent ones of weight 1 are. Samples without tickets are left
 * out. */
typedef struct bw_urn {
    const bw_binned *binned;
    int64_t count;    /* samples with tickets */
    uint32_t *sample; /* their indices, ascending; NULL = all */
    uint64_t *ends;   /* running sums of their tickets; NULL = one ticket each */
    uint32_t *guide;  /* with `ends`: [ticket >> guide_shift] is the first sample with an end above that cell's start */
    int guide_shift;
    uint64_t tickets;
    int64_t draws;                       /* per tree; 0 = every sample once, with its weight */
    int weight_drop, unit_bits;          /* without draws: bits of `weights` cut off, and those of a weight of 1 */
    uint32_t multiplier[BW_MAX_CLASSES]; /* without draws: by class */
} bw_urn;

/* mask: samples whose byte is 0 are left out; NULL = none. */
bw_status bw_urn_create(bw_context *ctx, const bw_binned *binned, const bw_forest_options *options, const uint8_t *mask,
                        bw_urn *out);
void bw_urn_free(bw_urn *urn);

/* The drawn samples of a tree, in the order of the nodes that are grown. */
typedef struct bw_bag {
    uint32_t *samples;
    uint64_t *weights; /* of each; how it holds the class is up to the node (BW_WIDE_SHIFT, bw_lanes) */
    int64_t size, capacity;
} bw_bag;

enum { BW_WIDE_SHIFT = 8 }; /* weight << BW_WIDE_SHIFT | class, as drawn */

bw_status bw_bag_reserve(bw_context *ctx, bw_bag *bag, int64_t size);
void bw_bag_free(bw_bag *bag);

/* The sample at a place of the urn, and the first place with that sample or one behind it. */
int64_t bw_urn_sample(const bw_urn *urn, int64_t place);
int64_t bw_urn_rank(const bw_urn *urn, int64_t sample);

/* Draws for a tree: fills the bag in ascending order of samples and sets the bits in `seen` of those that were drawn.
 */
bw_status bw_urn_draw(bw_context *ctx, const bw_urn *urn, uint64_t key, bw_bag *bag, uint64_t *seen);

/* ---- trees (grow.c; node.h)
 * -----------------------------------------------------------------------------------------------
 */

/* Everything the trees of one training run have in common. */
typedef struct bw_plan {
    const bw_binned *binned;
    bw_forest_options options; /* mtry resolved */
    bw_urn urn;
    uint16_t *features; /* in use and with at least one cut */
    int feature_count;
    int64_t min_leaf;   /* in the urn's units of weight */
    uint16_t *rank_of;  /* feature -> its place in `features` */
    int subtract;       /* the larger child's histograms are its parent's less its sibling's */
    int64_t block_size; /* draws below which a node's bytes are copied together; 0 = never */
    const bw_split_kernels *kernels;
} bw_plan;

/* A node to be grown from the draws begin .. end - 1 of a bag. */
typedef struct bw_task {
    int64_t begin, end;
    uint64_t key;    /* of the node's random numbers: follows from its path, not from the order of growing */
    uint64_t counts; /* with lanes: the weight of each class */
    uint32_t node, depth;
    int slab; /* with lanes: the node's histograms, counted from 1; 0 = none */
} bw_task;

enum { BW_MAX_SLABS = 32 };

/* Histograms of a node by rank of the feature; only valid ones are filled. */
typedef struct bw_slab {
    uint64_t *histograms; /* [rank * BW_BINS + bin] */
    uint8_t *valid;
} bw_slab;

/* A task that is left for later, with the layout of its weights (classes = 0: as drawn). */
typedef struct bw_bud {
    bw_task task;
    bw_lanes lanes;
} bw_bud;

/* A node of a tree that is being grown. */
typedef struct bw_green_node {
    bw_node node; /* children adjacent, leaves with their flags, splits without */
    int64_t gain; /* Gini decrease of a split in units of 2^-30 draws: integers, to be summed in any order */
} bw_green_node;

/* A tree or a part of it that is being grown. */
typedef struct bw_sprout {
    bw_green_node *nodes;
    bw_leaf_vote *votes;
    bw_bud *buds;
    uint32_t node_count, node_capacity, vote_count, vote_capacity, bud_count, bud_capacity;
} bw_sprout;

/* Growers that try the features of a node together. */
typedef struct bw_team {
    struct bw_grower *growers; /* per thread */
    int threads;
} bw_team;

/* Scratch of one thread. */
typedef struct bw_grower {
    const bw_plan *plan;
    const bw_team *team; /* NULL = alone */
    bw_bag spare;
    const uint8_t *bytes; /* [feature * stride + what the bag calls a sample]: all samples, or those of the block */
    int64_t stride;
    uint8_t *block; /* bytes of the draws of a node, in their order */
    bw_slab slabs[BW_MAX_SLABS];
    bw_slab *slab;       /* of the node at hand, or NULL */
    uint64_t *histogram; /* BW_BINS zeros between uses */
    uint32_t *wide;      /* the same for nodes without lanes: [byte * classes of the node + local class] */
    uint8_t *gathered;   /* a column of the node at hand, for extremely randomised cuts */
    int64_t gathered_capacity;
    uint16_t *order;     /* the features, permuted as they are drawn for a node, and back */
    int64_t *decrease;   /* per feature: of the tree at hand */
    int64_t *importance; /* per feature: sum over this thread's trees of shares in units of 2^-40 */
} bw_grower;

/* Streams of random numbers of a run, keyed by the seed. */
enum { BW_STREAM_DRAWS, BW_STREAM_NODES, BW_STREAM_SHUFFLE };

/* Bytes of scratch that a thread needs, about. */
uint64_t bw_grower_size(const bw_plan *plan);
bw_status bw_grower_open(bw_context *ctx, const bw_plan *plan, bw_grower *grower);
void bw_grower_close(bw_grower *grower);
/* Room to try features of a node of so many draws; bw_grow sees to its own grower. */
bw_status bw_grower_reserve(bw_context *ctx, bw_grower *grower, int64_t size);
/* Grows a node and what is below it into sprout->nodes[task.node] and behind those that there are. Nodes of at most
 * `put_off` draws are left as buds. */
bw_status bw_grow(bw_context *ctx, bw_grower *grower, bw_bag *bag, const bw_bud *bud, int64_t put_off,
                  bw_sprout *sprout);
void bw_sprout_free(bw_sprout *sprout);
/* Puts what grew from a bud in its place. */
bw_status bw_sprout_graft(bw_context *ctx, bw_sprout *sprout, const bw_bud *bud, const bw_sprout *shoot);
/* The tree in breadth-first order: features are not slots yet, thresholds index bw_binned.cuts. */
bw_status bw_sprout_store(bw_context *ctx, const bw_sprout *sprout, bw_tree *out);

/* ---- trees in parallel (plant.c) ----------------------------------------------------------------------------------
 */

/* Grows the trees first .. last - 1 of a run into their places (zeros before) and adds to its importance, both only
 * when all are grown; room for their `seen` bits is there. */
bw_status bw_plant(bw_context *ctx, bw_growth *growth, int first, int last);

/* ---- a training run (train.c, inspect.c) --------------------------------------------------------------------------
 */

struct bw_growth {
    bw_binned binned;
    bw_plan plan;
    bw_forest_options options; /* as given */
    bw_tree *trees;            /* room for options.trees */
    int tree_count;
    uint64_t *seen; /* [tree * seen_stride + sample / 64], bit sample % 64: the tree drew the sample */
    int64_t seen_stride;
    int64_t *importance; /* per feature: sum over the trees of shares in units of 2^-40 */
};

enum { BW_MAX_REPEATS = 100 }; /* permutations per group of features */

/* A forest of the trees so far. all_cuts: with every threshold of the used features, so that binned.bytes are what
 * bw_forest_quantise gives; else with those that splits use. */
bw_status bw_growth_assemble(bw_context *ctx, const bw_growth *growth, int all_cuts, bw_forest **out);

#endif
