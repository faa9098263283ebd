/* Random forest on byte-quantised features: training, out-of-bag report, block prediction, (de)serialisation of its
 * own section. Depends on core only. */
#ifndef BW_FOREST_FOREST_H
#define BW_FOREST_FOREST_H

#include "core/bytes.h"
#include "core/cpu.h"
#include "core/status.h"

typedef struct bw_forest bw_forest;

/* values[f] points to `count` floats (one column per feature, all finite); labels[i] in 0..classes-1. */
typedef struct bw_samples {
    int64_t count;
    int features, classes;
    const float *const *values;
    const uint8_t *labels;
} bw_samples;

/* What a training run tells about itself. confusion[truth * classes + predicted] counts out-of-bag votes (argmax, ties
 * to the lower class); importance[f] is the share of the total Gini decrease, sums to 1 (all 0 without a split). */
typedef struct bw_forest_report {
    int classes, features;
    int64_t *class_counts; /* labelled samples per class */
    int64_t oob_samples;   /* samples that at least one tree did not see */
    int64_t *confusion;
    double *importance;
} bw_forest_report;

bw_status bw_forest_train(bw_context *ctx, const bw_samples *samples, const bw_forest_options *options, bw_forest **out,
                          bw_forest_report *report);
void bw_forest_report_free(bw_forest_report *report);
void bw_forest_free(bw_forest *forest);

int bw_forest_classes(const bw_forest *forest);
int bw_forest_features(const bw_forest *forest); /* as trained, used or not */
int bw_forest_trees(const bw_forest *forest);
int64_t bw_forest_nodes(const bw_forest *forest);
/* Whether any split looks at feature f: unused features need not be computed. */
int bw_forest_uses(const bw_forest *forest, int feature);

/* Byte of each value: the number of the feature's thresholds that are < value. out[i] for i < count. */
void bw_forest_quantise(const bw_forest *forest, bw_simd level, int feature, const float *values, int64_t count,
                        uint8_t *out);

/* Votes of all trees for `count` pixels. columns[f] points to the pixels' bytes of feature f (NULL for unused
 * features), readable up to the next multiple of 64 pixels. votes[k * stride + i] receives class k's vote of pixel i
 * for i < count; the votes of a pixel sum to bw_forest_vote_total. Same result on every SIMD level. `scratch` has
 * bw_forest_scratch_size bytes, 64-byte aligned. Returns early with an error when the context was cancelled. */
bw_status bw_forest_vote(bw_context *ctx, const bw_forest *forest, bw_simd level, const uint8_t *const *columns,
                         int64_t count, uint32_t *votes, int64_t stride, void *scratch);
uint32_t bw_forest_vote_total(const bw_forest *forest);
uint64_t bw_forest_scratch_size(const bw_forest *forest);

bw_status bw_forest_put(bw_writer *w, const bw_forest *forest);
/* Checks every count, index, threshold order and vote sum, so that prediction needs no checks. */
bw_status bw_forest_get(bw_context *ctx, bw_reader *r, bw_forest **out);

#endif
