/* Numbers of an array, in this machine's byte order, and the pixels that they become. */
#ifndef BW_ZARR_VALUES_H
#define BW_ZARR_VALUES_H

#include "zarr/array.h"
#include "zarr/json.h"

/* Takes "fill_value" into array->fill, whose type is known: null, a number, a truth value, "NaN", "Infinity",
 * "-Infinity" or the bits of a float as "0x7fc00000". 0 when it is no such value. */
int bw_zarr_fill_parse(const cJSON *value, bw_zarr_array *array);

/* count numbers, step numbers apart. */
typedef void (*bw_zarr_convert_fn)(const void *from, int64_t step, int64_t count, void *to);

/* The type that images have of such numbers: truth values become 0 and 255, signed numbers of 16 bits are shifted by
 * 32768, those of 8 bits, and 32 and 64 bits become float32. */
bw_pixel_type bw_zarr_pixel_type(const bw_zarr_array *array, bw_zarr_convert_fn *convert);
/* bw_image_offset of these pixels. */
double bw_zarr_value_offset(const bw_zarr_array *array);

#endif
