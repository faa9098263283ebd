/* The smaller resolutions of an image, and their voxels. Axes are x, y, z. */
#ifndef BW_ZARR_LEVELS_H
#define BW_ZARR_LEVELS_H

#include "core/status.h"

enum { BW_ZARR_MAX_LEVELS = 32 };

typedef struct bw_zarr_level {
    int64_t size[3], chunk[3]; /* voxels */
    int64_t step[3];           /* voxels of the level before that one voxel stands for: 1 or 2 */
    int64_t scale[3];          /* the same of the largest level */
} bw_zarr_level;

/* -> how many there are, the largest one included. chunk: of the largest. */
int bw_zarr_levels_make(const bw_image_info *info, const int64_t chunk[3], bw_zarr_level levels[BW_ZARR_MAX_LEVELS]);

static inline int64_t bw_zarr_level_count(const bw_zarr_level *level, int axis) {
    return (level->size[axis] + level->chunk[axis] - 1) / level->chunk[axis];
}

/* Means over step voxels, of integers to the nearest one, halves up; a last odd voxel stands for itself. labels: the
 * first of step voxels. from: size[] voxels, tightly packed; to: size / step rounded up, in rows of to_size[0] voxels
 * and slices of to_size[1] rows. */
void bw_zarr_reduce(bw_pixel_type type, int labels, const void *from, const int64_t size[3], const int64_t step[3],
                    void *to, const int64_t to_size[3]);

#endif
