/* The arithmetic that runs over pixels, compiled once per SIMD level and precision (kernels.c): lanes are pixels, every
 * pixel sees the same operations in the same order on every level. Pointers are to float or to double. Outputs never
 * overlap inputs. */
#ifndef BW_FEATURES_OPS_H
#define BW_FEATURES_OPS_H

#include "core/cpu.h"

typedef enum bw_precision { BW_SINGLE, BW_DOUBLE } bw_precision;

typedef struct bw_ops {
    /* out[i] for i < n from rows[-radius..radius][i], taps[0..radius]: taps[0] r0 + sum kj (rj + r-j), and
     * sum kj (rj - r-j). Outer taps first: small terms before large. */
    void (*even)(void *out, const void *const *rows, const void *taps, int radius, int64_t n);
    void (*odd)(void *out, const void *const *rows, const void *taps, int radius, int64_t n);
    /* Between samples: sum over j = 1..radius of kj (rj + r(1-j)). */
    void (*half)(void *out, const void *const *rows, const void *taps, int radius, int64_t n);
    void (*interleave)(void *out, const void *even, const void *odd, int64_t n); /* n = of out */
    void (*part)(void *even, void *odd, const void *in, int64_t n);              /* n = of in */
    void (*add)(void *out, const void *a, const void *b, int64_t n);
    void (*add3)(void *out, const void *a, const void *b, const void *c, int64_t n);
    void (*subtract)(void *out, const void *a, const void *b, int64_t n);
    void (*multiply)(void *out, const void *a, const void *b, int64_t n); /* a may be b */
    void (*shift)(void *out, const void *a, double by, int64_t n);
    void (*length2)(void *out, const void *a, const void *b, int64_t n);
    void (*length3)(void *out, const void *a, const void *b, const void *c, int64_t n);
    /* Eigenvalues of symmetric matrices, descending; the matrices' entries are images of n pixels. */
    void (*eigen2)(void *const out[2], const void *const m[3], int64_t n); /* xx xy yy */
    void (*eigen3)(void *const out[3], const void *const m[6], int64_t n); /* xx xy xz yy yz zz */
    void (*from_float)(void *out, const float *in, int64_t n);
    void (*to_float)(float *out, const void *in, int64_t n);
} bw_ops;

const bw_ops *bw_ops_get(bw_simd level, bw_precision precision);

/* Not-a-number becomes 0 and overflow the largest finite value: a forest needs ordered numbers. */
void bw_make_finite(float *values, int64_t n);

#endif
