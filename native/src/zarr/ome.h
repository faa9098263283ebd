/* OME-Zarr's description of an image: axes, resolutions, calibration, channels. */
#ifndef BW_ZARR_OME_H
#define BW_ZARR_OME_H

#include "core/image.h"
#include "zarr/array.h"

/* Where the axes of an image are among those of the array; -1 = it has none. */
typedef struct bw_zarr_axes {
    int x, y, z, channel, time;
} bw_zarr_axes;

typedef struct bw_zarr_picture {
    bw_zarr_array *array; /* the largest resolution, or the one that the path named */
    bw_zarr_axes axes;
    bw_image_info info; /* type as images have it */
    char *name;
    char **channels; /* info.channels names, each may be NULL; NULL = none */
    int labels;      /* numbers of classes or objects */
} bw_zarr_picture;

/* Finds what a path leads to: an image's group, an array in or outside of one, or a group that holds exactly one image
 * (bioformats2raw's layout). Errors name the folder and say which images it holds when there are several. */
bw_status bw_zarr_picture_read(bw_context *ctx, const char *path, bw_zarr_picture **out);
void bw_zarr_picture_free(bw_zarr_picture *picture);

/* Bytes of decoded chunks that an image keeps at most, if opened with this context. */
uint64_t bw_zarr_cache_limit(const bw_context *ctx);

#endif
