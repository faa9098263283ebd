/* Values replaced by small integers of the same order. */
#ifndef BW_OBJECTS_RANKS_H
#define BW_OBJECTS_RANKS_H

#include "core/status.h"

/* Rank of each value where mask is not 0 (NULL = everywhere) among the different ones, from 0; elsewhere `none`.
 * *count: of different values, and more where integers do not occur. Memory: 4 bytes per voxel. BW_ERROR_MISMATCH
 * for values that are not numbers. */
bw_status bw_ranks(bw_context *ctx, const void *values, bw_pixel_type type, const uint8_t *mask, int64_t voxels,
                   uint32_t none, uint32_t *ranks, uint32_t *count);

#endif
