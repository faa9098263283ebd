/* The arithmetic of windows, compiled once per SIMD level (window_ops.c): lanes are pixels. Functions that say "blocks"
 * work on n rounded up to whole blocks; what they read and write must have room for that. */
#ifndef BW_FEATURES_WINDOW_OPS_H
#define BW_FEATURES_WINDOW_OPS_H

#include <stdint.h>

#include "core/cpu.h"

enum { BW_WINDOW_BLOCK = 64, BW_ENTROPY_BINS = 16 };

static inline int64_t bw_window_padded(int64_t n) {
    return (n + BW_WINDOW_BLOCK - 1) / BW_WINDOW_BLOCK * BW_WINDOW_BLOCK;
}

/* Where the runs of a source row go: that of half width h is joined to the rows targets[end[h - 1]] (from 0 for h = 0)
 * to targets[end[h] - 1]. */
typedef struct bw_scan {
    int64_t halves; /* half widths 0 .. halves - 1 */
    const int64_t *end;
    void *const *targets;
} bw_scan;

/* Sums are double, extremes float. */
typedef enum bw_run_kind { BW_RUN_SUM, BW_RUN_MINIMUM, BW_RUN_MAXIMUM, BW_RUN_KINDS } bw_run_kind;

/* Types of the values that ranks are made of: what they are depends on how many differ (family_rank.c). */
typedef enum bw_lane { BW_LANE_8, BW_LANE_16, BW_LANE_32, BW_LANE_FLOAT, BW_LANES } bw_lane;

/* The window of the pixels of a row: values + offsets[k] + i is pixel i's k-th neighbour. */
typedef struct bw_window {
    const void *values;
    const int64_t *offsets;
    int64_t count;
} bw_window;

typedef struct bw_window_ops {
    /* The runs |dx| <= h around the pixels at row. Blocks. */
    void (*scan[BW_RUN_KINDS])(const void *row, const bw_scan *scan, int64_t n);
    void (*square)(double *out, const double *in, int64_t n);
    void (*mean)(float *out, const double *sum, double count, int64_t n);
    void (*variance)(float *out, const double *sum, const double *squares, double count, int64_t n);

    /* Value number `rank` (from 0) in ascending order, of `bits` significant bits. Integers are unsigned, stored minus
     * half their type's range. Blocks; not for BW_LANE_FLOAT. count below 2^8, 2^16 for the small types. */
    void (*select[BW_LANES])(void *out, const bw_window *window, int64_t rank, int bits, int64_t n);
    /* Entropy of the window's histogram in bits; table[h] = h log2 h for h = 0..count. Blocks; not for BW_LANE_32. */
    void (*entropy[BW_LANES])(float *out, const bw_window *window, const double *table, int64_t n);

    /* Bilateral mean, with weights[k] 2^-((neighbour - own) steep)^2. Blocks; values are float. */
    void (*bilateral)(float *out, const bw_window *window, const float *weights, const float *steep, int64_t n);

    /* out[i] = sum over j < count of in[i + j stride], j ascending; out may be in. Blocks. */
    void (*run)(double *out, const double *in, int64_t stride, int64_t count, int64_t n);
    /* Keeps the sum of the box with the least count * squares - sum^2. */
    void (*pick)(double *least, double *kept, const double *sum, const double *squares, double count, int64_t n);

    /* Flux of non-linear diffusion between pixels a and b, whose squared contrast parameters are ka and kb. */
    void (*flux)(double *out, const double *a, const double *b, const double *ka, const double *kb, int64_t n);
    /* u += weight (ahead - behind) */
    void (*flow)(double *u, const double *ahead, const double *behind, double weight, int64_t n);
} bw_window_ops;

const bw_window_ops *bw_window_ops_get(bw_simd level);

#endif
