/* Comparison of label images by the pairs of values that their pixels have, for the sources of this folder. */
#ifndef BW_OBJECTS_COMPARE_H
#define BW_OBJECTS_COMPARE_H

#include "core/status.h"

/* Pixels of a frame that have one value in the truth and one in the result. */
typedef struct bw_pair {
    uint32_t truth, result;
    int64_t voxels;
} bw_pair;

/* Each pair once, in the order of truth, then result. */
typedef struct bw_pairs {
    bw_pair *items;
    int64_t count;
} bw_pairs;

/* For qsort and bsearch. */
int bw_pair_order(const void *left, const void *right);

/* Two images, what they are compared as, and how messages call them. */
typedef struct bw_compared {
    const bw_image *images[2]; /* truth, result */
    bw_comparison_kind kind;
    int ignore_zero;
    bw_objects *parts[2]; /* whose ids count in place of the pixels; NULL = the pixels */
    char names[2][300];
} bw_compared;

/* Size, channels and whether the images are there; takes masks apart when the flags say so. truth NULL: only checks the
 * flags. To be ended whether it succeeds or not. */
bw_status bw_compared_begin(bw_context *ctx, const bw_image *truth, const bw_image *result, bw_comparison_kind kind,
                            int flags, bw_compared *out);
/* The part of it that finds masks and their components. */
bw_status bw_compared_take_apart(bw_context *ctx, bw_compared *compared);
void bw_compared_end(bw_compared *compared);
/* Values of the truth (side 0) or the result in a part of full width: to[z][y][x]. */
bw_status bw_compared_read(bw_context *ctx, const bw_compared *compared, int side, const bw_part *part, float *to);
/* Units of progress that bw_compared_pairs adds up to for all frames. */
double bw_compared_voxels(const bw_compared *compared);
/* Values are labels, 0 and 1 for masks, or classes. Pixels that do not count are left out. */
bw_status bw_compared_pairs(bw_context *ctx, const bw_compared *compared, int frame, bw_pairs *out);

/* A whole number of 128 bits: sums of squares are exact, whatever their order. */
typedef struct bw_wide {
    uint64_t high, low;
} bw_wide;

/* sum += a * b */
void bw_wide_add_product(bw_wide *sum, uint64_t a, uint64_t b);
void bw_wide_add(bw_wide *sum, bw_wide other);
double bw_wide_value(bw_wide wide);

/* What is known of the objects of a frame; of several, the sums. */
typedef struct bw_object_scores {
    int64_t objects[2]; /* truth, result */
    int64_t empty;      /* frames without an object in both */
    int64_t split, merged;
    int64_t hits[BW_COMPARE_THRESHOLDS];
    double iou[BW_COMPARE_THRESHOLDS]; /* sum over hits */
    bw_wide alike_both, alike_truth,
        alike_result;              /* ordered pairs of pixels in one segment, where the truth is not 0 */
    double split_bits, merge_bits; /* conditional entropies times pixels */
} bw_object_scores;

/* How an overlap of two objects looks in a picture. */
typedef enum bw_overlap_kind {
    BW_OVERLAP_MATCHED = 0, /* they fit each other at the first threshold */
    BW_OVERLAP_SPLIT,       /* one of the parts of an object of the truth */
    BW_OVERLAP_MERGED,      /* one of the objects of the truth that are one in the result */
    BW_OVERLAP_OTHER
} bw_overlap_kind;

double bw_compare_threshold(int index);
/* kinds: of each pair of two objects, one per pair; NULL = not wanted. */
bw_status bw_compare_objects(bw_context *ctx, const bw_pairs *pairs, bw_object_scores *out, uint8_t *kinds);

#endif
