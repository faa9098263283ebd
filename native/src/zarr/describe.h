/* The JSON texts of an OME-Zarr image that is written, and how they differ from texts that are there. */
#ifndef BW_ZARR_DESCRIBE_H
#define BW_ZARR_DESCRIBE_H

#include "core/text.h"
#include "zarr/array.h"
#include "zarr/json.h"
#include "zarr/levels.h"

typedef struct bw_zarr_group {
    const bw_image *outline;
    const char *name; /* of the image */
    const char *note; /* a JSON object, the attribute "brushwood"; NULL = none */
    bw_zarr_version version;
    int labels; /* numbers of classes or objects */
    const bw_zarr_level *levels;
    int count;
} bw_zarr_group;

/* Content of .zattrs, or of zarr.json. */
bw_status bw_zarr_describe_group(bw_text *text, const bw_zarr_group *group);
/* Content of .zarray, or of zarr.json. The array has 5 axes: t, c, z, y, x. */
bw_status bw_zarr_describe_array(bw_text *text, const bw_zarr_array *array);
/* What shows the image in colours: "omero" or "image-label", or nothing; with a comma before it. */
bw_status bw_zarr_describe_display(bw_text *text, const bw_zarr_group *group);

/* BW_ERROR_MISMATCH that names a file and what differs first, unless it holds the same JSON as the text. first: the way
 * to what is looked at before all else, ends with NULL; NULL = nothing is. */
bw_status bw_zarr_compare_text(bw_context *ctx, const char *file, const char *here, const char *const *first);

#endif
