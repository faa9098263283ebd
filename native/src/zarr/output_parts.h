/* The inside of an image that is written, shared by the sources that begin, fill and reduce it. */
#ifndef BW_ZARR_OUTPUT_PARTS_H
#define BW_ZARR_OUTPUT_PARTS_H

#include "zarr/coding.h"
#include "zarr/levels.h"
#include "zarr/output.h"

struct bw_zarr_output {
    char *path; /* of the image's folder */
    bw_image_info info;
    int labels; /* numbers of classes or objects */
    int count;  /* of levels */
    bw_zarr_level levels[BW_ZARR_MAX_LEVELS];
    bw_zarr_array *arrays[BW_ZARR_MAX_LEVELS];
};

/* A chunk of a level. */
typedef struct bw_zarr_spot {
    int level, frame, channel;
    int64_t at[3]; /* x, y, z, counted in chunks */
} bw_zarr_spot;

/* Chunks of a level: lo <= at < hi. */
typedef struct bw_zarr_range3 {
    int64_t lo[3], hi[3];
} bw_zarr_range3;

/* As bw_zarr_output_open; name: of the image where the outline has none. */
bw_status bw_zarr_output_begin(bw_context *ctx, const char *path, const char *name, const bw_image *outline,
                               const bw_zarr_options *options, const char *note, bw_zarr_output **out);
/* As bw_zarr_output_raise; counted: every chunk is a unit of progress. */
bw_status bw_zarr_output_raise_all(bw_context *ctx, bw_zarr_output *output, int counted);
/* Chunks of all smaller levels. */
double bw_zarr_output_raised(const bw_zarr_output *output);

/* Index of a chunk of a range, x fastest, z slowest, channels outermost -> its place. */
bw_zarr_spot bw_zarr_spot_of(const bw_zarr_range3 *range, int level, int frame, int64_t index);
int64_t bw_zarr_range_count(const bw_zarr_range3 *range, int channels);
bw_status bw_zarr_spot_exists(bw_context *ctx, const bw_zarr_output *output, const bw_zarr_spot *spot, int *out);
bw_status bw_zarr_spot_read(bw_context *ctx, const bw_zarr_output *output, const bw_zarr_spot *spot, void *to);
bw_status bw_zarr_spot_store(bw_context *ctx, const bw_zarr_output *output, const bw_zarr_spot *spot,
                             const bw_zarr_bytes *bytes);
/* A chunk's room with the fill value everywhere; NULL with an error. */
void *bw_zarr_chunk_room(bw_context *ctx, const bw_zarr_array *array);

#endif
