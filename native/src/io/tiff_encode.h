/* libtiff as an encoder: one strip in, its compressed bytes out. */
#ifndef BW_IO_TIFF_ENCODE_H
#define BW_IO_TIFF_ENCODE_H

#include "core/bytes.h"

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
