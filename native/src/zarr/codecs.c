#include "zarr/codecs.h"

#include <blosc.h>
#include <lz4.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

uint32_t bw_zarr_u32(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

uint64_t bw_zarr_u64(const uint8_t *bytes, int big_endian) {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | bytes[big_endian ? i : 7 - i];
    return value;
}

static void put_u32(uint8_t *to, uint32_t value) {
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> 8 * i);
}

static const char no_memory[] = "there is not enough memory to decompress it";
static const char too_long[] = "it holds more than a chunk";

static const char *out_of_memory(bw_context *ctx) {
    bw_fail(ctx, BW_ERROR_MEMORY, "Not enough memory to decompress a chunk. Close other images.");
    return no_memory;
}

/* ---- blosc ------------------------------------------------------------------------------------------------------- */

/* Of a compressed stream of blosclz, which never has so many of them. */
enum { MOST_LENGTH_BYTES = 8000000 };

/* c-blosc as most systems have it adds up the length of a match, 255 for each byte 0xff, until 32 bits overflow, and
 * writes outside of its buffer then. */
static int overflows_blosclz(const uint8_t *from, uint64_t size) {
    enum { FLAGS = 2, STORED = 2, CODEC_SHIFT = 5 };
    uint64_t run = 0;
    if (size <= MOST_LENGTH_BYTES || from[FLAGS] & STORED || from[FLAGS] >> CODEC_SHIFT) return 0;
    for (uint64_t i = BLOSC_MIN_HEADER_LENGTH; i < size && run <= MOST_LENGTH_BYTES; i++)
        run = from[i] == 0xff ? run + 1 : 0;
    return run > MOST_LENGTH_BYTES;
}

static const char *blosc_decode(bw_context *ctx, const uint8_t *from, uint64_t size, uint8_t *to, uint64_t room,
                                uint64_t *made) {
    size_t found = 0;
    (void)ctx;
    if (size < BLOSC_MIN_HEADER_LENGTH || blosc_cbuffer_validate(from, (size_t)size, &found))
        return "it is no whole block of blosc";
    if (found > room) return too_long;
    if (found && (overflows_blosclz(from, size) || blosc_decompress_ctx(from, to, found, 1) != (int)found))
        return "blosc cannot decompress it";
    *made = found;
    return NULL;
}

static uint64_t blosc_bound(uint64_t size) {
    return size + BLOSC_MAX_OVERHEAD;
}

static uint64_t blosc_encode(const bw_zarr_setting *setting, const uint8_t *from, uint64_t size, uint8_t *to,
                             uint64_t room) {
    const int made = blosc_compress_ctx(setting->level, BLOSC_SHUFFLE, (size_t)setting->element, (size_t)size, from, to,
                                        (size_t)room, BLOSC_ZSTD_COMPNAME, 0, 1);
    return made > 0 ? (uint64_t)made : 0;
}

static bw_status blosc_describe(bw_text *text, const bw_zarr_setting *setting, int version) {
    BW_TRY(bw_text_add(text, "\"cname\": \"zstd\", \"clevel\": %d, ", setting->level));
    if (version == 2) return bw_text_add(text, "\"shuffle\": 1, \"blocksize\": 0");
    return bw_text_add(text, "\"shuffle\": \"shuffle\", \"typesize\": %d, \"blocksize\": 0", setting->element);
}

/* ---- zlib and gzip ----------------------------------------------------------------------------------------------- */

enum { ZLIB_FORMAT = 15, GZIP_FORMAT = 15 + 16, UNKNOWN_SYSTEM = 255 };

static const char *inflate_stream(z_stream *stream, uint64_t size, uint64_t room, uint64_t *made) {
    int status = Z_OK;
    if (size > UINT32_MAX || room > UINT32_MAX) return too_long;
    stream->avail_in = (uInt)size;
    stream->avail_out = (uInt)room;
    /* A gzip file may have several members. */
    while ((status = inflate(stream, Z_FINISH)) == Z_STREAM_END && stream->avail_in)
        if (inflateReset(stream) != Z_OK) return "its parts do not fit together";
    *made = room - stream->avail_out;
    if (status == Z_STREAM_END) return NULL;
    if (status == Z_BUF_ERROR && !stream->avail_out) return too_long;
    return status == Z_BUF_ERROR ? "its end is missing" : "its compressed data or their checksum are wrong";
}

static const char *inflate_as(bw_context *ctx, int format, const uint8_t *from, uint64_t size, uint8_t *to,
                              uint64_t room, uint64_t *made) {
    z_stream stream = {.next_in = (z_const Bytef *)from, .next_out = to};
    if (inflateInit2(&stream, format) != Z_OK) return out_of_memory(ctx);
    const char *wrong = inflate_stream(&stream, size, room, made);
    inflateEnd(&stream);
    return wrong;
}

static const char *zlib_decode(bw_context *ctx, const uint8_t *from, uint64_t size, uint8_t *to, uint64_t room,
                               uint64_t *made) {
    return inflate_as(ctx, ZLIB_FORMAT, from, size, to, room, made);
}

static const char *gzip_decode(bw_context *ctx, const uint8_t *from, uint64_t size, uint8_t *to, uint64_t room,
                               uint64_t *made) {
    return inflate_as(ctx, GZIP_FORMAT, from, size, to, room, made);
}

/* Of both formats, with any settings. */
static uint64_t deflate_bound(uint64_t size) {
    return size + size / 8 + 1024;
}

static uint64_t deflate_as(int format, int level, const uint8_t *from, uint64_t size, uint8_t *to, uint64_t room) {
    z_stream stream = {.next_in = (z_const Bytef *)from, .next_out = to};
    gz_header header = {.os = UNKNOWN_SYSTEM}; /* the same bytes on every system, without a time */
    if (size > UINT32_MAX || room > UINT32_MAX) return 0;
    stream.avail_in = (uInt)size;
    stream.avail_out = (uInt)room;
    if (deflateInit2(&stream, level, Z_DEFLATED, format, 8, Z_DEFAULT_STRATEGY) != Z_OK) return 0;
    if (format == GZIP_FORMAT) deflateSetHeader(&stream, &header);
    const int status = deflate(&stream, Z_FINISH);
    deflateEnd(&stream);
    return status == Z_STREAM_END ? room - stream.avail_out : 0;
}

static uint64_t zlib_encode(const bw_zarr_setting *setting, const uint8_t *from, uint64_t size, uint8_t *to,
                            uint64_t room) {
    return deflate_as(ZLIB_FORMAT, setting->level, from, size, to, room);
}

static uint64_t gzip_encode(const bw_zarr_setting *setting, const uint8_t *from, uint64_t size, uint8_t *to,
                            uint64_t room) {
    return deflate_as(GZIP_FORMAT, setting->level, from, size, to, room);
}

static bw_status level_describe(bw_text *text, const bw_zarr_setting *setting, int version) {
    (void)version;
    return bw_text_add(text, "\"level\": %d", setting->level);
}

/* ---- zstd -------------------------------------------------------------------------------------------------------- */

static const char *zstd_decode(bw_context *ctx, const uint8_t *from, uint64_t size, uint8_t *to, uint64_t room,
                               uint64_t *made) {
    const size_t found = ZSTD_decompress(to, (size_t)room, from, (size_t)size);
    if (!ZSTD_isError(found)) {
        *made = found;
        return NULL;
    }
    switch (ZSTD_getErrorCode(found)) {
    case ZSTD_error_memory_allocation: return out_of_memory(ctx);
    case ZSTD_error_dstSize_tooSmall: return too_long;
    case ZSTD_error_srcSize_wrong: return "its end is missing";
    default: return "its compressed data or their checksum are wrong";
    }
}

static uint64_t zstd_bound(uint64_t size) {
    return ZSTD_compressBound((size_t)size);
}

static uint64_t zstd_encode(const bw_zarr_setting *setting, const uint8_t *from, uint64_t size, uint8_t *to,
                            uint64_t room) {
    const size_t made = ZSTD_compress(to, (size_t)room, from, (size_t)size, setting->level);
    return ZSTD_isError(made) ? 0 : made;
}

/* Older readers of version 2 do not know "checksum". */
static bw_status zstd_describe(bw_text *text, const bw_zarr_setting *setting, int version) {
    return bw_text_add(text, version == 2 ? "\"level\": %d" : "\"level\": %d, \"checksum\": false", setting->level);
}

/* ---- lz4, behind the size of what it holds ----------------------------------------------------------------------- */

static const char *lz4_decode(bw_context *ctx, const uint8_t *from, uint64_t size, uint8_t *to, uint64_t room,
                              uint64_t *made) {
    (void)ctx;
    if (size < 5 || size > INT32_MAX) return "its size is impossible";
    const uint64_t found = bw_zarr_u32(from);
    if (found > room || found > INT32_MAX) return too_long;
    if (LZ4_decompress_safe((const char *)from + 4, (char *)to, (int)size - 4, (int)found) != (int)found)
        return "its compressed data are wrong";
    *made = found;
    return NULL;
}

static uint64_t lz4_bound(uint64_t size) {
    return size + size / 255 + 20;
}

static uint64_t lz4_encode(const bw_zarr_setting *setting, const uint8_t *from, uint64_t size, uint8_t *to,
                           uint64_t room) {
    if (size > LZ4_MAX_INPUT_SIZE || room > INT32_MAX) return 0;
    put_u32(to, (uint32_t)size);
    const int made = LZ4_compress_fast((const char *)from, (char *)to + 4, (int)size, (int)room - 4, setting->level);
    return made > 0 ? (uint64_t)made + 4 : 0;
}

static bw_status lz4_describe(bw_text *text, const bw_zarr_setting *setting, int version) {
    (void)version;
    return bw_text_add(text, "\"acceleration\": %d", setting->level);
}

/* ---- a checksum behind the bytes --------------------------------------------------------------------------------- */

uint32_t bw_zarr_crc32c(const uint8_t *data, uint64_t size) {
    uint32_t table[256], crc = UINT32_MAX;
    for (uint32_t i = 0; i < 256; i++) {
        table[i] = i;
        for (int bit = 0; bit < 8; bit++)
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0x82f63b78u : 0);
    }
    for (uint64_t i = 0; i < size; i++)
        crc = crc >> 8 ^ table[(crc ^ data[i]) & 255];
    return ~crc;
}

static const char *crc32c_decode(bw_context *ctx, const uint8_t *from, uint64_t size, uint8_t *to, uint64_t room,
                                 uint64_t *made) {
    (void)ctx;
    if (size < 4) return "its end is missing";
    if (size - 4 > room) return too_long;
    if (bw_zarr_crc32c(from, size - 4) != bw_zarr_u32(from + size - 4)) return "its checksum (CRC-32C) is wrong";
    if (size > 4) memcpy(to, from, (size_t)size - 4);
    *made = size - 4;
    return NULL;
}

static uint64_t crc32c_bound(uint64_t size) {
    return size + 4;
}

static uint64_t crc32c_encode(const bw_zarr_setting *setting, const uint8_t *from, uint64_t size, uint8_t *to,
                              uint64_t room) {
    (void)setting, (void)room;
    memcpy(to, from, (size_t)size);
    put_u32(to + size, bw_zarr_crc32c(from, size));
    return size + 4;
}

static bw_status no_description(bw_text *text, const bw_zarr_setting *setting, int version) {
    (void)text, (void)setting, (void)version;
    return BW_OK;
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

static const bw_zarr_codec_row rows[] = {
    {"blosc", "blosc", 3, blosc_decode, blosc_bound, blosc_encode, blosc_describe},
    {"zstd", "zstd", 3, zstd_decode, zstd_bound, zstd_encode, zstd_describe},
    {"gzip", "gzip", 5, gzip_decode, deflate_bound, gzip_encode, level_describe},
    {"zlib", "numcodecs.zlib", 5, zlib_decode, deflate_bound, zlib_encode, level_describe},
    {"lz4", "numcodecs.lz4", 1, lz4_decode, lz4_bound, lz4_encode, lz4_describe},
    {"crc32c", "crc32c", 0, crc32c_decode, crc32c_bound, crc32c_encode, no_description},
};

const bw_zarr_codec_row *bw_zarr_codec_find(const char *name, int version) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *own = version == 2 ? rows[i].v2 : rows[i].v3;
        if (own && !strcmp(own, name)) return &rows[i];
    }
    return NULL;
}
