/* Little-endian serialisation into a growing buffer and bounds-checked reading back. */
#ifndef BW_CORE_BYTES_H
#define BW_CORE_BYTES_H

#include "core/status.h"

typedef struct bw_writer {
    bw_context *ctx;
    uint8_t *data;
    uint64_t size, capacity;
} bw_writer;

void bw_writer_init(bw_writer *w, bw_context *ctx);
void bw_writer_free(bw_writer *w);
bw_status bw_put(bw_writer *w, const void *data, uint64_t size);
bw_status bw_put_u8(bw_writer *w, uint8_t v);
bw_status bw_put_u16(bw_writer *w, uint16_t v);
bw_status bw_put_u32(bw_writer *w, uint32_t v);
bw_status bw_put_u64(bw_writer *w, uint64_t v);
bw_status bw_put_f32(bw_writer *w, float v);
bw_status bw_put_f64(bw_writer *w, double v);
bw_status bw_put_string(bw_writer *w, const char *text); /* u32 length + UTF-8, no terminator */

/* A failed read sets `failed`, returns 0 and keeps failing: check once at the end of a record. */
typedef struct bw_reader {
    const uint8_t *data;
    uint64_t size, at;
    int failed;
} bw_reader;

void bw_reader_init(bw_reader *r, const uint8_t *data, uint64_t size);
uint64_t bw_reader_left(const bw_reader *r);
const uint8_t *bw_get(bw_reader *r, uint64_t size); /* NULL on failure */
uint8_t bw_get_u8(bw_reader *r);
uint16_t bw_get_u16(bw_reader *r);
uint32_t bw_get_u32(bw_reader *r);
uint64_t bw_get_u64(bw_reader *r);
float bw_get_f32(bw_reader *r);
double bw_get_f64(bw_reader *r);
/* Copies into text[size], 0-terminated; a string that does not fit, holds a zero byte or is not UTF-8 fails. */
void bw_get_string(bw_reader *r, char *text, size_t size);

/* Copies text, cut at a character boundary to fit size; bytes that are not UTF-8 and control characters become '?'. */
void bw_utf8_copy(char *out, size_t size, const char *text);

uint32_t bw_crc32(uint32_t crc, const void *data, uint64_t size);   /* zlib's CRC-32; start with 0 */
uint64_t bw_hash64(uint64_t hash, const void *data, uint64_t size); /* FNV-1a over 8-byte words; start with 0 */
/* The same in pieces; every piece but the last has a multiple of 8 bytes. */
uint64_t bw_hash_begin(uint64_t seed);
uint64_t bw_hash_add(uint64_t hash, const void *data, uint64_t size);
uint64_t bw_hash_end(uint64_t hash);

#endif
