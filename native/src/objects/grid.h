/* Kernels on a box of voxels in memory, tightly packed, x fastest. They run on the calling thread unless they say
 * otherwise and make the same results everywhere. */
#ifndef BW_OBJECTS_GRID_H
#define BW_OBJECTS_GRID_H

#include "core/status.h"

/* Squared distance of each voxel where mask is not 0 to the nearest where it is 0, in units of spacing; 0 in these and
 * INFINITY without any. threads: as many as the context may use for this box; same bytes for any number. out may not
 * be mask; mask NULL = out holds it, as uint32_t. Memory besides out: of each thread 64 columns along y or z. */
bw_status bw_grid_distance(bw_context *ctx, int threads, const uint8_t *mask, const int64_t size[3],
                           const double spacing[3], float *out);

/* Watershed by descending flood from regional maxima (Meyer 1991), with maxima merged at their saddle while the lower
 * one does not stand out by its share: peak - saddle < depth * peak (dynamics: Grimaud 1992).
 * level: where mask is not 0, >= 0 and finite; quantised to 65536 steps between 0 and the box's highest value. It is
 * used up, as the queues lie in its memory. mask: NULL = levels outside are below 0.
 * labels: 0 outside the mask, else 1..*count in the order of first voxels. Ties: first come, first served; maxima come
 * in raster order, neighbours nearest first. Memory: a bit per voxel and 6 bytes per maximum, besides level and labels.
 * At most 2^31 - 2 voxels (BW_ERROR_ARGUMENT). */
bw_status bw_grid_split(bw_context *ctx, float *level, const uint8_t *mask, const int64_t size[3], int connectivity,
                        double depth, uint32_t *labels, uint32_t *count);

/* Grows labels that are not 0 over the mask from high to low levels, in the same order. level and mask as above. Voxels
 * of the mask that no label reaches stay 0, those outside become 0. */
bw_status bw_grid_grow(bw_context *ctx, float *level, const uint8_t *mask, const int64_t size[3], int connectivity,
                       uint32_t *labels);

/* Sets to 0 voxels of a label that touch a lower label, so that no two labels touch. */
void bw_grid_lines(const int64_t size[3], int connectivity, uint32_t *labels);

/* Sets mask, which is 0 or 1, to 1 where background is cut off from the box's border. connectivity: of the mask; its
 * background has the other one. Less than 2^31 - 1 voxels. */
void bw_grid_fill(uint32_t *mask, const int64_t size[3], int connectivity);

/* Takes voxels from labels, from their outsides inward, while their level is below least[label]. Labels are below 2^31,
 * voxels less than 2^31 - 1. */
void bw_grid_trim(const float *level, const float *least, const int64_t size[3], uint32_t *labels);

#endif
