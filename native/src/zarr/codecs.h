/* The codecs between the bytes of a chunk's numbers and those of its file: one row each. */
#ifndef BW_ZARR_CODECS_H
#define BW_ZARR_CODECS_H

#include "core/text.h"

/* From `size` bytes to at most `room` bytes at `to`, *made of them. NULL, or what is wrong with the bytes; running out
 * of memory is told to ctx, too. Safe for any bytes. */
typedef const char *(*bw_zarr_decode_fn)(bw_context *ctx, const uint8_t *from, uint64_t size, uint8_t *to,
                                         uint64_t room, uint64_t *made);

/* How results are compressed. */
typedef struct bw_zarr_setting {
    int level;
    int element; /* bytes of a number */
} bw_zarr_setting;

typedef struct bw_zarr_codec_row {
    const char *v2, *v3; /* names in Zarr 2 and 3; NULL = has none */
    int level;           /* that results are written with */
    bw_zarr_decode_fn decode;
    /* Bytes that encoding of so many takes at most. */
    uint64_t (*bound)(uint64_t size);
    /* Into `room` bytes, at least the bound; 0 when that failed. */
    uint64_t (*encode)(const bw_zarr_setting *setting, const uint8_t *from, uint64_t size, uint8_t *to, uint64_t room);
    /* Members of the JSON that describes it, but for its name. */
    bw_status (*describe)(bw_text *text, const bw_zarr_setting *setting, int version);
} bw_zarr_codec_row;

/* By its name; NULL when it is not known. */
const bw_zarr_codec_row *bw_zarr_codec_find(const char *name, int version);

/* Castagnoli's. */
uint32_t bw_zarr_crc32c(const uint8_t *data, uint64_t size);
uint32_t bw_zarr_u32(const uint8_t *little_endian);
uint64_t bw_zarr_u64(const uint8_t *bytes, int big_endian);

#endif
