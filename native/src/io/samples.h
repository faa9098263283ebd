/* From the samples of a TIFF to the engine's pixel types. */
#ifndef BW_IO_SAMPLES_H
#define BW_IO_SAMPLES_H

#include "core/image.h"

/* Converts `count` samples of a row: numbers first, first + step, ... counted in samples of `bits` bits, host byte
 * order (packed samples: most significant bit first). */
typedef void (*bw_convert_fn)(const void *row, int64_t first, int64_t step, int64_t count, int bits, void *to);

typedef struct bw_sample_kind {
    int bits_min, bits_max;
    int format; /* SAMPLEFORMAT_* */
    bw_pixel_type type;
    bw_convert_fn convert;
    int same; /* bits and meaning stay: rows may be decoded in place */
} bw_sample_kind;

/* NULL when such samples are not supported. */
const bw_sample_kind *bw_sample_kind_find(int bits, int format);

#endif
