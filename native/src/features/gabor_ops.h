/* The arithmetic of Gabor energies. Pointers are to float or to double; outputs never overlap inputs. */
#ifndef BW_FEATURES_GABOR_OPS_H
#define BW_FEATURES_GABOR_OPS_H

#include "core/levels.h"
#include "features/ops.h"

/* How many even and odd kernels a bank holds. */
typedef enum bw_gabor_shape {
    BW_GABOR_1_0,
    BW_GABOR_1_1,
    BW_GABOR_2_1,
    BW_GABOR_3_2,
    BW_GABOR_4_3,
    BW_GABOR_5_4,
    BW_GABOR_SHAPES
} bw_gabor_shape;

/* Real responses that belong to one combination of frequencies, and the orientations that they make:
 * one:  C, S (cosine and sine along one axis);
 * two:  CC, SC, CS, SS (along two axes);
 * four: CCC, SCC, CSC, SSC, CCS, SCS, CSS, SSS (x first). */
typedef enum bw_gabor_group { BW_GABOR_ONE, BW_GABOR_TWO, BW_GABOR_FOUR, BW_GABOR_GROUPS } bw_gabor_group;

typedef struct bw_gabor_ops {
    /* out[k][i] for i < n: row by row sum kj (rj + r-j) for the even kernels, then sum kj (rj - r-j) for the odd ones;
     * taps of all kernels for offset 0, then for offset 1, ... radius. Outer taps first. */
    void (*bank[BW_GABOR_SHAPES])(void *const *out, const void *const *rows, const void *taps, int radius, int64_t n);
    /* The energies sqrt(e^2 + o^2) of a group's orientations, e less level * smooth: raises best to the largest and
     * adds them to total. */
    void (*fold[BW_GABOR_GROUPS])(void *best, void *total, const void *const *parts, const void *smooth, double level,
                                  int64_t n);
    void (*scale)(void *values, double by, int64_t n);
} bw_gabor_ops;

typedef bw_gabor_ops bw_gabor_table[2]; /* indexed by precision */

const bw_gabor_ops *bw_gabor_ops_get(bw_simd level, bw_precision precision);

#endif
