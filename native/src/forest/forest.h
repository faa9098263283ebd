/* Random forest on byte-quantised features: training, what training tells about itself, block prediction, calibration,
 * and their sections of a file. Depends on core only. */
#ifndef BW_FOREST_FOREST_H
#define BW_FOREST_FOREST_H

#include "core/bytes.h"
#include "core/cpu.h"
#include "core/status.h"

typedef struct bw_forest bw_forest;

/* ---- samples ----------------------------------------------------------------------------------------------------- */

/* Samples that lie together in memory, usually those of one image. columns[f] points to `count` finite floats;
 * labels[i] in 0..classes-1; weights[i] in 0..BW_MAX_WEIGHT (NULL = 1 each): a sample of weight 2 counts as two. */
typedef struct bw_sample_part {
    int64_t count;
    const float *const *columns;
    const uint8_t *labels;
    const float *weights;
} bw_sample_part;

enum { BW_MAX_WEIGHT = 4096 };

/* The parts one after the other. */
typedef struct bw_samples {
    int64_t count; /* of all parts */
    int features, classes, part_count;
    const bw_sample_part *parts;
} bw_samples;

/* ---- training (train.c, grow.c, bins.c) ---------------------------------------------------------------------------
 */

/* A training run that can be looked at on the way. Tree t depends on samples, options and t only: the first trees of a
 * run are the first trees of every longer run. Holds the samples as bytes; the caller's arrays may go after creation.
 */
typedef struct bw_growth bw_growth;

bw_status bw_growth_create(bw_context *ctx, const bw_samples *samples, const bw_forest_options *options,
                           bw_growth **out);
void bw_growth_free(bw_growth *growth);
/* Starts again with no trees, from those samples and features whose byte is not 0 (NULL = all). Options that depend on
 * the number of features or samples follow; bins do not change. Errors: fewer than two classes are left. */
bw_status bw_growth_restrict(bw_context *ctx, bw_growth *growth, const uint8_t *samples, const uint8_t *features);
/* Grows until there are so many trees (at most options.trees). Cancelled or failed: as many as before. The caller
 * begins the progress: one unit per tree. */
bw_status bw_growth_trees(bw_context *ctx, bw_growth *growth, int trees);
int bw_growth_tree_count(const bw_growth *growth);
/* A forest of the trees so far. */
bw_status bw_growth_forest(bw_context *ctx, const bw_growth *growth, bw_forest **out);

enum { BW_ALL_TREES = 0, BW_OUT_OF_BAG = 1 };

/* Votes of the trees so far for the samples whose byte in `which` is not 0 (NULL = all): votes[k * count + i], 0 for
 * the others. out_of_bag: only trees that did not draw the sample (restricted away = not drawn); the votes of a sample
 * sum to 840 x the number of trees asked. */
bw_status bw_growth_votes(bw_context *ctx, const bw_growth *growth, const uint8_t *which, int out_of_bag,
                          uint32_t *votes);

/* Gini decrease of each feature as a share of the whole (mean over trees, sums to 1; all 0 without a split). */
void bw_growth_gini(const bw_growth *growth, double *importance);

/* Permutation importance of groups of features: decrease of the out-of-bag accuracy (fraction) when the columns of the
 * group are permuted together over the samples, mean of `repeats` permutations (Breiman 2001, all trees at once), 1 to
 * 100. group_of[f] in 0..groups-1, or -1 = never permuted. NAN when no sample is out of bag. The caller begins the
 * progress: groups * repeats units. */
bw_status bw_growth_importance(bw_context *ctx, const bw_growth *growth, const int *group_of, int groups, int repeats,
                               double *decrease);

/* All of options.trees in one call. */
bw_status bw_forest_train(bw_context *ctx, const bw_samples *samples, const bw_forest_options *options,
                          bw_forest **out);
void bw_forest_free(bw_forest *forest);

int bw_forest_classes(const bw_forest *forest);
int bw_forest_features(const bw_forest *forest); /* as trained, used or not */
int bw_forest_trees(const bw_forest *forest);
int64_t bw_forest_nodes(const bw_forest *forest);
/* Whether any split looks at feature f: unused features need not be computed. */
int bw_forest_uses(const bw_forest *forest, int feature);

/* ---- prediction (predict.c, vote.c) -------------------------------------------------------------------------------
 */

/* Byte of each value: the number of the feature's thresholds that are < value. out[i] for i < count. */
void bw_forest_quantise(const bw_forest *forest, bw_simd level, int feature, const float *values, int64_t count,
                        uint8_t *out);

/* Votes of all trees for `count` pixels. columns[f] points to the pixels' bytes of feature f (NULL for unused
 * features), readable up to the next multiple of 64 pixels. votes[k * stride + i] receives class k's vote of pixel i
 * for i < count; the votes of a pixel sum to bw_forest_vote_total. Same result on every SIMD level. `scratch` has
 * bw_forest_scratch_size bytes, 64-byte aligned. Returns early with an error when the context was cancelled. */
bw_status bw_forest_vote(bw_context *ctx, const bw_forest *forest, bw_simd level, const uint8_t *const *columns,
                         int64_t count, uint32_t *votes, int64_t stride, void *scratch);
/* winners[i] = class with most votes (0-based, ties to the lower class), the same as from bw_forest_vote; a block of
 * pixels is left as soon as no tree to come can change its winners. */
bw_status bw_forest_classify(bw_context *ctx, const bw_forest *forest, bw_simd level, const uint8_t *const *columns,
                             int64_t count, uint8_t *winners, void *scratch);
uint32_t bw_forest_vote_total(const bw_forest *forest);
uint64_t bw_forest_scratch_size(const bw_forest *forest);

/* What the traversal does for these pixels; for benchmarks. */
typedef struct bw_forest_visits {
    int64_t blocks; /* of 64 pixels */
    int64_t splits; /* split nodes visited, summed over blocks and trees */
    int64_t leaves;
    int64_t depth; /* splits that single pixels would pass, summed over pixels and trees */
} bw_forest_visits;
bw_status bw_forest_count_visits(bw_context *ctx, const bw_forest *forest, const uint8_t *const *columns, int64_t count,
                                 bw_forest_visits *out);

bw_status bw_forest_put(bw_writer *w, const bw_forest *forest);
/* Checks every count, index, threshold order and vote sum, so that prediction needs no checks. */
bw_status bw_forest_get(bw_context *ctx, bw_reader *r, bw_forest **out);

/* ---- calibration (calibrate.c) ------------------------------------------------------------------------------------
 */

/* Monotone maps from vote shares to frequencies, one per class against the rest, fitted by isotonic regression (pool
 * adjacent violators; Zadrozny and Elkan 2002) on votes of trees that did not see the samples. Integers only. */
typedef struct bw_calibration bw_calibration;

enum { BW_CALIBRATED_TOTAL = 1 << 24 };

/* votes[k * stride + i], labels[i], weights[i] (NULL = 1) of `count` samples; samples without votes are left out.
 * Classes without samples keep their shares. */
bw_status bw_calibration_fit(bw_context *ctx, int classes, int64_t count, const uint32_t *votes, int64_t stride,
                             const uint8_t *labels, const float *weights, bw_calibration **out);
void bw_calibration_free(bw_calibration *calibration);
int bw_calibration_classes(const bw_calibration *calibration);
/* In place: afterwards a pixel's votes sum to BW_CALIBRATED_TOTAL (0 votes stay 0). Order among equal votes is kept. */
void bw_calibration_apply(const bw_calibration *calibration, int64_t count, uint32_t *votes, int64_t stride);
bw_status bw_calibration_put(bw_writer *w, const bw_calibration *calibration);
bw_status bw_calibration_get(bw_context *ctx, bw_reader *r, bw_calibration **out);

/* ---- assessment (assess.c): the object behind bw_assessment of brushwood.h ----------------------------------------
 */

/* Adds `count` samples: votes[k * stride + i]; a sample's votes may sum to anything, 0 = not assessed. The winner is
 * the class with most votes, ties to the lower class. */
void bw_assessment_add_votes(bw_assessment *assessment, int64_t count, const uint32_t *votes, int64_t stride,
                             const uint8_t *labels);
/* Adds n pixels of one (truth, predicted) pair, without probabilities. */
void bw_assessment_add_pair(bw_assessment *assessment, int truth, int predicted, int64_t n);
/* Fraction of pixels whose prediction is not their label; NAN without pixels. */
double bw_assessment_error(const bw_assessment *assessment);
/* Adds the counts of `from`, of as many classes. */
void bw_assessment_merge(bw_assessment *assessment, const bw_assessment *from);
bw_status bw_assessment_put(bw_writer *w, const bw_assessment *assessment);
bw_status bw_assessment_get(bw_context *ctx, bw_reader *r, bw_assessment **out);

#endif
