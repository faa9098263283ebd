/* Counts of an assessment, shared by the files of this folder only. All are integers, so that the order in which pixels
 * come does not matter. */
#ifndef BW_FOREST_ASSESS_H
#define BW_FOREST_ASSESS_H

#include "forest/forest.h"

/* A probability of 1. Probabilities and squares are rounded to this unit before they are summed. */
#define BW_SCORE_ONE ((int64_t)1 << 24)
/* Sums of so many pixels fit 63 bits. */
#define BW_MOST_ASSESSED ((int64_t)1 << 37)

typedef struct bw_score_bin {
    int64_t count, predicted, hits; /* pixels, sum of their probabilities, pixels of the class */
} bw_score_bin;

struct bw_assessment {
    int classes;
    int64_t pixels, with_probability;
    int64_t brier;      /* sum over pixels of the sum over classes of squared differences */
    int64_t *confusion; /* [truth * classes + predicted] */
    bw_score_bin *bins; /* [class * BW_RELIABILITY_BINS + bin] */
};

/* Probabilities of one pixel, without its place in the confusion matrix. */
void bw_assessment_note(bw_assessment *assessment, int truth, const float *probabilities, int64_t stride);
/* The class of the highest probability, ties to the lower class. */
int bw_assessment_winner(int classes, const float *probabilities, int64_t stride);

#endif
