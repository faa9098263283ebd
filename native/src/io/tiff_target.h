/* What every sink of a TIFF file keeps while parts come in. */
#ifndef BW_IO_TIFF_TARGET_H
#define BW_IO_TIFF_TARGET_H

#include "io/tiff_encode.h"
#include "io/tiff_output.h"

typedef struct bw_tiff_target {
    bw_tiff_output file;
    bw_image *image; /* size, type, calibration, names, labels; its planes are there when the sink keeps them */
    const bw_tiff_codec *codec;
    bw_range *ranges; /* of each page's values so far; NULL for uint8 */
    int64_t missing;  /* pixels of one channel that have not been written */
} bw_tiff_target;

/* keep: with room for all pixels. */
bw_status bw_tiff_target_begin(bw_context *ctx, bw_tiff_target *t, const char *path, const bw_image *outline,
                               const bw_tiff_codec *codec, int keep);
/* Adds a part's values to the ranges. */
bw_status bw_tiff_target_survey(bw_context *ctx, bw_tiff_target *t, const bw_part *part, const bw_image *pixels);
void bw_tiff_target_count(bw_tiff_target *t, const bw_part *part);
/* BW_ERROR_ARGUMENT unless the parts counted are the image. */
bw_status bw_tiff_target_check(bw_context *ctx, const bw_tiff_target *t);
/* What was written vanishes unless the file has its name already. */
void bw_tiff_target_close(bw_tiff_target *t);

/* The sinks of each layout. */
bw_status bw_tiff_create_strips(bw_context *ctx, const char *path, const bw_image *outline, const bw_tiff_codec *codec,
                                bw_sink **out);
bw_status bw_tiff_create_tiles(bw_context *ctx, const char *path, const bw_image *outline, const bw_tiff_codec *codec,
                               int pyramid, bw_sink **out);

#endif
