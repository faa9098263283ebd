/* Stacks of strips, as plain ImageJ reads them; for the writer of images in memory and for sinks. */
#ifndef BW_IO_TIFF_WRITE_H
#define BW_IO_TIFF_WRITE_H

#include "io/tiff_encode.h"
#include "io/tiff_output.h"

typedef struct bw_strip_layout {
    int64_t rows, per_page; /* rows of a strip; strips */
} bw_strip_layout;

bw_strip_layout bw_tiff_strip_layout(const bw_image_info *info, const bw_tiff_codec *codec);
/* Pixels and directories of an image in memory into a file that has just begun. */
bw_status bw_tiff_write_strips(bw_context *ctx, bw_tiff_output *file, const bw_image *image, const bw_tiff_codec *codec,
                               int big);
/* Directories of pixels that have been written; the file stands behind them. strips: of all pages. */
bw_status bw_tiff_finish_strips(bw_context *ctx, bw_tiff_output *file, const bw_image_info *info,
                                const bw_tiff_codec *codec, const bw_tiff_meta *meta, const bw_strile *strips, int big);

#endif
