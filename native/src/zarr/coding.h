/* Between a chunk's numbers and the bytes of its file: byte order, order of axes, compressors, checksums. The
 * compressors are zlib, zstd, lz4 and blosc. */
#ifndef BW_ZARR_CODING_H
#define BW_ZARR_CODING_H

#include "core/text.h"
#include "zarr/array.h"

/* A result of encoding; freed with bw_free. */
typedef struct bw_zarr_bytes {
    uint8_t *data;
    uint64_t size;
} bw_zarr_bytes;

/* Decodes `size` bytes into exactly bw_zarr_chunk_bytes; `name` is the file, for errors. Safe for any bytes. */
bw_status bw_zarr_decode(bw_context *ctx, const bw_zarr_array *array, const char *name, const uint8_t *data,
                         uint64_t size, void *to);
/* The same bytes for the same pixels on every platform and from any number of threads. */
bw_status bw_zarr_encode(bw_context *ctx, const bw_zarr_array *array, const void *pixels, bw_zarr_bytes *out);

/* The coding that results are written with: little-endian, C order, one compressor. */
bw_status bw_zarr_coding_create(bw_context *ctx, bw_zarr_codec codec, int element_bytes, bw_zarr_coding **out);
void bw_zarr_coding_free(bw_zarr_coding *coding);
/* The JSON that describes such a coding: the value of "compressor" (version 2), of "codecs" (version 3). */
bw_status bw_zarr_coding_describe(bw_text *text, const bw_zarr_coding *coding, int version);

#endif
