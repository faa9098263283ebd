/* An OME-Zarr image that is written chunk by chunk, by any number of processes at the same time. */
#ifndef BW_ZARR_OUTPUT_H
#define BW_ZARR_OUTPUT_H

#include "core/image.h"
#include "core/text.h"

typedef struct bw_zarr_output bw_zarr_output;

/* note: a JSON object that becomes the attribute "brushwood" of the image's group; NULL = none. Of class numbers its
 * member "classes", a list of {"name": ..., "color": "#rrggbb"} from class 1 on, also becomes names and colours that
 * viewers show. Makes folders and descriptions unless they are there; those that are there have to be the same, else
 * BW_ERROR_MISMATCH that names the file and what differs. Concurrent calls with the same arguments all succeed. */
bw_status bw_zarr_output_open(bw_context *ctx, const char *path, const bw_image *outline,
                              const bw_zarr_options *options, const char *note, bw_zarr_output **out);
void bw_zarr_output_free(bw_zarr_output *output); /* leaves the files alone */
/* The attribute "brushwood" of an image that was begun, NULL when nothing is at `path`; to be freed with
 * bw_string_free. BW_ERROR_MISMATCH: something else is there. *options (may be NULL): how it is written; the content
 * is left to be chosen. */
bw_status bw_zarr_output_note(bw_context *ctx, const char *path, bw_zarr_options *options, char **note);

/* Chunks that options mean for this outline: x, y, z. */
void bw_zarr_output_chunk(const bw_image *outline, const bw_zarr_options *options, int64_t chunk[3]);

/* Whether all chunks of a part are there, in all channels. lo: multiples of the chunk; hi, too, or the image's end. */
bw_status bw_zarr_output_has(bw_context *ctx, const bw_zarr_output *output, const bw_part *part, int *out);
/* A sink for parts that are whole chunks; those that are there are written again. Each is there as soon as it is
 * written, whether the sink is finished or not. The output has to outlive it. */
bw_status bw_zarr_output_sink(bw_context *ctx, bw_zarr_output *output, bw_sink **out);
/* Writes the chunks of smaller resolutions above a part that have all that they are made of, unless they exist (again:
 * also then). Uses all threads of ctx, or as many as a quarter of its budget feeds with 11 chunks each. */
bw_status bw_zarr_output_raise(bw_context *ctx, bw_zarr_output *output, const bw_part *part, int again);
/* Removes unfinished files from the image's folder, also those that others are at, who begin them again then. */
bw_status bw_zarr_output_sweep(bw_context *ctx, bw_zarr_output *output);

#endif
