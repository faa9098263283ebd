#include "core/bytes.h"

#include <string.h>

#include "core/alloc.h"

void bw_writer_init(bw_writer *w, bw_context *ctx) {
    *w = (bw_writer){.ctx = ctx};
}

void bw_writer_free(bw_writer *w) {
    bw_free(w->data);
    *w = (bw_writer){.ctx = w->ctx};
}

bw_status bw_put(bw_writer *w, const void *data, uint64_t size) {
    if (w->capacity - w->size < size) {
        uint64_t wanted = w->size + size, capacity = w->capacity ? w->capacity : 256;
        while (capacity < wanted)
            capacity *= 2;
        uint8_t *grown = bw_realloc(w->ctx, w->data, capacity, 1, "a model's bytes");
        if (!grown) return BW_ERROR_MEMORY;
        w->data = grown;
        w->capacity = capacity;
    }
    if (size) memcpy(w->data + w->size, data, (size_t)size);
    w->size += size;
    return BW_OK;
}

static bw_status put_number(bw_writer *w, uint64_t v, int size) {
    uint8_t b[8];
    for (int i = 0; i < size; i++)
        b[i] = (uint8_t)(v >> (8 * i));
    return bw_put(w, b, (uint64_t)size);
}

bw_status bw_put_u8(bw_writer *w, uint8_t v) {
    return put_number(w, v, 1);
}

bw_status bw_put_u16(bw_writer *w, uint16_t v) {
    return put_number(w, v, 2);
}

bw_status bw_put_u32(bw_writer *w, uint32_t v) {
    return put_number(w, v, 4);
}

bw_status bw_put_u64(bw_writer *w, uint64_t v) {
    return put_number(w, v, 8);
}

bw_status bw_put_f32(bw_writer *w, float v) {
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return put_number(w, bits, 4);
}

bw_status bw_put_f64(bw_writer *w, double v) {
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return put_number(w, bits, 8);
}

bw_status bw_put_string(bw_writer *w, const char *text) {
    uint64_t size = strlen(text);
    BW_TRY(bw_put_u32(w, (uint32_t)size));
    return bw_put(w, text, size);
}

void bw_reader_init(bw_reader *r, const uint8_t *data, uint64_t size) {
    *r = (bw_reader){.data = data, .size = size};
}

uint64_t bw_reader_left(const bw_reader *r) {
    return r->failed ? 0 : r->size - r->at;
}

const uint8_t *bw_get(bw_reader *r, uint64_t size) {
    if (r->failed || r->size - r->at < size) {
        r->failed = 1;
        return NULL;
    }
    const uint8_t *at = r->data + r->at;
    r->at += size;
    return at;
}

static uint64_t get_number(bw_reader *r, int size) {
    const uint8_t *b = bw_get(r, (uint64_t)size);
    uint64_t v = 0;
    for (int i = 0; b && i < size; i++)
        v |= (uint64_t)b[i] << (8 * i);
    return v;
}

uint8_t bw_get_u8(bw_reader *r) {
    return (uint8_t)get_number(r, 1);
}

uint16_t bw_get_u16(bw_reader *r) {
    return (uint16_t)get_number(r, 2);
}

uint32_t bw_get_u32(bw_reader *r) {
    return (uint32_t)get_number(r, 4);
}

uint64_t bw_get_u64(bw_reader *r) {
    return get_number(r, 8);
}

float bw_get_f32(bw_reader *r) {
    uint32_t bits = bw_get_u32(r);
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

double bw_get_f64(bw_reader *r) {
    uint64_t bits = bw_get_u64(r);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* Length of the UTF-8 sequence at s, 0 when it is malformed (overlong forms and surrogates included). */
static size_t utf8_sequence(const uint8_t *s, size_t left) {
    static const struct {
        uint8_t low, high, second_low, second_high, size;
    } forms[] = {{0x01, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
                 {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
                 {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
        if (s[0] < forms[f].low || s[0] > forms[f].high) continue;
        size_t size = forms[f].size;
        if (size > left) return 0;
        if (size > 1 && (s[1] < forms[f].second_low || s[1] > forms[f].second_high)) return 0;
        for (size_t i = 2; i < size; i++)
            if ((s[i] & 0xc0) != 0x80) return 0;
        return size;
    }
    return 0;
}

static int is_utf8(const uint8_t *text, size_t size) {
    for (size_t at = 0, step; at < size; at += step)
        if (!(step = utf8_sequence(text + at, size - at))) return 0;
    return 1;
}

void bw_get_string(bw_reader *r, char *text, size_t size) {
    text[0] = 0;
    uint32_t length = bw_get_u32(r);
    if (length >= size) r->failed = 1;
    const uint8_t *from = bw_get(r, length);
    if (!from || !is_utf8(from, length)) {
        r->failed = 1;
        return;
    }
    memcpy(text, from, length);
    text[length] = 0;
}

void bw_utf8_copy(char *out, size_t size, const char *text) {
    const uint8_t *from = (const uint8_t *)text;
    size_t left = strlen(text), used = 0;
    while (left) {
        size_t step = utf8_sequence(from, left);
        int odd = !step || *from < 0x20;
        size_t take = step ? step : 1;
        if (used + (odd ? 1 : take) >= size) break;
        if (odd) {
            out[used++] = '?';
        } else {
            memcpy(out + used, from, take);
            used += take;
        }
        from += take;
        left -= take;
    }
    out[used] = 0;
}

uint32_t bw_crc32(uint32_t crc, const void *data, uint64_t size) {
    uint32_t table[256];
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++)
            c = (c >> 1) ^ (0xedb88320u & (0u - (c & 1)));
        table[i] = c;
    }
    const uint8_t *bytes = data;
    crc = ~crc;
    for (uint64_t i = 0; i < size; i++)
        crc = table[(crc ^ bytes[i]) & 0xff] ^ (crc >> 8);
    return ~crc;
}

uint64_t bw_hash_begin(uint64_t seed) {
    return seed ^ 0xcbf29ce484222325u;
}

uint64_t bw_hash_add(uint64_t hash, const void *data, uint64_t size) {
    const uint64_t prime = 0x100000001b3u;
    const uint8_t *bytes = data;
    for (; size >= 8; size -= 8, bytes += 8) {
        uint64_t word = 0;
        for (int i = 0; i < 8; i++)
            word |= (uint64_t)bytes[i] << (8 * i);
        hash = (hash ^ word) * prime;
        hash ^= hash >> 32;
    }
    for (; size; size--, bytes++)
        hash = (hash ^ *bytes) * prime;
    return hash;
}

uint64_t bw_hash_end(uint64_t hash) {
    return hash ^ (hash >> 29);
}

uint64_t bw_hash64(uint64_t hash, const void *data, uint64_t size) {
    return bw_hash_end(bw_hash_add(bw_hash_begin(hash), data, size));
}
