/* libtiff as an encoder: one strip or tile in, its compressed bytes out. */
#ifndef BW_IO_TIFF_ENCODE_H
#define BW_IO_TIFF_ENCODE_H

#include "core/bytes.h"

/* Floats have no predictor: ImageJ would undo it wrongly, and Bio-Formats refuses TIFF's predictor for floats. */
typedef struct bw_tiff_codec {
    bw_compression compression;
    const char *name;
    int code, predictor; /* TIFF's; of integers */
    double worst;        /* bytes out per byte in */
} bw_tiff_codec;

/* NULL when there is none. */
const bw_tiff_codec *bw_tiff_codec_find(bw_compression compression);
/* The same with BW_ERROR_ARGUMENT when there is none or this libtiff lacks it. */
bw_status bw_tiff_codec_get(bw_context *ctx, bw_compression compression, const bw_tiff_codec **out);
int bw_tiff_codec_predictor(const bw_tiff_codec *codec, bw_pixel_type type);

/* A tile is encoded as a strip of its size is. */
typedef struct bw_strip_format {
    int64_t width, rows;
    int samples, bits, is_float; /* samples interleaved */
    int compression, predictor;  /* TIFF's codes */
} bw_strip_format;

/* data: rows * width * samples values, tightly packed; may be changed. `out` must be empty; the strip's bytes are
 * out->data[*first .. *first + *size). Thread-safe. */
bw_status bw_tiff_encode(bw_context *ctx, const bw_strip_format *format, void *data, bw_writer *out, uint64_t *first,
                         uint64_t *size);

#endif
