/* Groups and what their attributes say, shared by the sources that find images and describe them. */
#ifndef BW_ZARR_OME_PARTS_H
#define BW_ZARR_OME_PARTS_H

#include "zarr/json.h"
#include "zarr/ome.h"

/* A group's attributes; those of OME are in "ome" since 0.5. */
typedef struct bw_zarr_group {
    cJSON *json;
    const cJSON *attributes, *ome; /* NULL = none; within json */
    const char *file;              /* that they are in; NULL = none */
} bw_zarr_group;

/* A group without attributes is one, too. Images that are no list are an error. */
bw_status bw_zarr_group_read(bw_context *ctx, const char *path, bw_zarr_group *out);
void bw_zarr_group_free(bw_zarr_group *group);
/* The first image that the group describes; NULL when it describes none. */
const cJSON *bw_zarr_group_image(const bw_zarr_group *group);

/* Takes axes, size, type and calibration into a picture whose array was read. image, dataset: of "multiscales"; NULL
 * for arrays that no group describes. */
bw_status bw_zarr_describe_axes(bw_context *ctx, const cJSON *image, const cJSON *dataset, bw_zarr_picture *picture);
/* Takes channel names from "omero", as far as there are any. */
bw_status bw_zarr_describe_channels(bw_context *ctx, const cJSON *ome, bw_zarr_picture *picture);

#endif
