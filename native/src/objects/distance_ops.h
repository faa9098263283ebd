/* Inner loop of the distance transform, once per SIMD level. */
#ifndef BW_OBJECTS_DISTANCE_OPS_H
#define BW_OBJECTS_DISTANCE_OPS_H

#include "core/levels.h"

enum { BW_DISTANCE_LANES = 16, BW_DISTANCE_REACH = 40 };

typedef struct bw_distance_ops {
    /* out[i] = min over k of in[i + k] + squares[|k|] for n rows of BW_DISTANCE_LANES columns, `stride` apart; squares:
     * BW_DISTANCE_REACH + 1, ascending from 0. lanes: columns that are written. -> 0 when values are so large that k
     * beyond BW_DISTANCE_REACH would have to be looked at. */
    int (*lowest)(const float *in, int64_t stride, int64_t n, const float *squares, float *out, int64_t out_stride,
                  int64_t lanes);
} bw_distance_ops;

BW_LEVELS_DECLARE(bw_distance_ops, bw_distance_ops);

#endif
