/* The arithmetic that runs over pixels, compiled once per SIMD level (kernels.c): lanes are pixels, every pixel sees
 * the same operations in the same order on every level. */
#ifndef BW_FEATURES_OPS_H
#define BW_FEATURES_OPS_H

#include "core/cpu.h"

/* How mirrored taps combine: a0 + sum kj ((aj - a0) + (a-j - a0)), sum kj (aj - a-j), sum kj ((aj - a0) + (a-j - a0)).
 * Since the taps sum to 1, 0 and 0, these equal the plain sums; but they see only differences of neighbours, so that
 * constants are exact and a large offset costs no digits. taps[0] is not read. */
typedef enum bw_tap_mode { BW_TAPS_EVEN = 0, BW_TAPS_ODD, BW_TAPS_SECOND, BW_TAP_MODES } bw_tap_mode;

typedef struct bw_ops {
    /* out[i] for i < n from rows[-radius..radius][i]; taps[0..radius]. */
    void (*convolve[BW_TAP_MODES])(float *out, const float *const *rows, const float *taps, int radius, int64_t n);
    void (*add)(float *out, const float *a, const float *b, int64_t n);
    void (*add3)(float *out, const float *a, const float *b, const float *c, int64_t n);
    void (*subtract)(float *out, const float *a, const float *b, int64_t n);
    void (*shift)(float *values, float by, int64_t n);
    void (*multiply)(float *out, const float *a, const float *b, int64_t n);
    void (*length2)(float *out, const float *a, const float *b, int64_t n);
    void (*length3)(float *out, const float *a, const float *b, const float *c, int64_t n);
    /* Eigenvalues of symmetric matrices, descending; the matrices' entries are images of n pixels. */
    void (*eigen2)(float *const out[2], const float *xx, const float *xy, const float *yy, int64_t n);
    void (*eigen3)(float *const out[3], const float *const m[6], int64_t n); /* xx xy xz yy yz zz */
    /* Not-a-number becomes 0 and overflow the largest finite value: a forest needs ordered numbers. */
    void (*make_finite)(float *values, int64_t n);
} bw_ops;

const bw_ops *bw_ops_get(bw_simd level);

#endif
