/* Images of half the size. */
#ifndef BW_IO_TIFF_REDUCE_H
#define BW_IO_TIFF_REDUCE_H

#include "core/status.h"

/* Pixels with interleaved samples; strides count pixels. */
typedef struct bw_tiff_tile {
    uint8_t *pixels;
    int64_t width, height, stride;
    int samples;
} bw_tiff_tile;

/* to: at least half of each extent, rounded up; a last odd row or column counts twice. */
typedef void (*bw_reduce_fn)(const bw_tiff_tile *from, uint8_t *to, int64_t stride);

/* Mean of 2 x 2 pixels; of integers to the nearest one, halves up. Classes (uint8): one pixel of four. */
bw_reduce_fn bw_tiff_reducer(bw_pixel_type type, int classes);

#endif
