/* The guided filter's arithmetic on planes without gaps between rows, once per SIMD level. */
#ifndef BW_PIPELINE_REFINE_OPS_H
#define BW_PIPELINE_REFINE_OPS_H

#include "core/levels.h"

typedef struct bw_refine_ops {
    /* Convolution with 2 * radius + 1 equal (weights NULL) or given weights along x and y. `in` has width x height
     * values, `out` 2 * radius less of either; sums run in a fixed order. rows: room for as many as `in`. */
    void (*window)(const float *in, int64_t width, int64_t height, int radius, const float *weights, float *rows,
                   float *out);
    /* out = a * b */
    void (*multiply)(const float *a, const float *b, int64_t n, float *out);
    /* In: mean and mean square; out: 1 / (variance + regularisation) over the mean square. */
    void (*precision)(const float *mean, float *square, int64_t n);
    /* In: means of p, of g * p and of p * p. Out: over the mean of p the offset, over that of g * p the slope, both
     * times 1 - own; over that of p * p own, the share of p itself: how much of its variance the guide leaves over. */
    void (*fit)(const float *guide_mean, const float *precision, float *p_mean, float *gp_mean, float *pp_mean,
                int64_t n);
    /* sum += slope * guide + offset + own * p */
    void (*apply)(const float *slope, const float *guide, const float *offset, const float *own, const float *p,
                  int64_t n, float *sum);
} bw_refine_ops;

BW_LEVELS_DECLARE(bw_refine_ops, bw_refine_ops);

#endif
