#include "io/utf.h"

#include <string.h>

static int is_tail(unsigned char c) {
    return (c & 0xc0) == 0x80;
}

uint32_t bw_utf8_next(const char **text) {
    static const struct {
        unsigned char mask, lead;
        int tail;
        uint32_t least;
    } forms[] = {{0xe0, 0xc0, 1, 0x80}, {0xf0, 0xe0, 2, 0x800}, {0xf8, 0xf0, 3, 0x10000}};
    const unsigned char *c = (const unsigned char *)*text;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if ((c[0] & forms[i].mask) != forms[i].lead) continue;
        uint32_t code = c[0] & (uint32_t)~forms[i].mask & 0xff;
        int k = 1;
        for (; k <= forms[i].tail && is_tail(c[k]); k++)
            code = code << 6 | (c[k] & 0x3f);
        if (k <= forms[i].tail || code < forms[i].least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) break;
        *text += k;
        return code;
    }
    *text += 1;
    return c[0];
}

int bw_utf8_put(uint32_t code, char out[4]) {
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) code = 0xfffd;
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    int tail = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
    out[0] = (char)(lead[tail] | code >> (6 * tail));
    for (int k = 1; k <= tail; k++)
        out[k] = (char)(0x80 | (code >> (6 * (tail - k)) & 0x3f));
    return tail + 1;
}

int bw_utf8_append(char *text, size_t size, size_t *at, uint32_t code) {
    char bytes[4];
    size_t count = (size_t)bw_utf8_put(code, bytes);
    if (*at + count >= size) return 0;
    memcpy(text + *at, bytes, count);
    *at += count;
    text[*at] = 0;
    return 1;
}

uint32_t bw_utf16_join(uint32_t high, uint32_t low) {
    if (high < 0xd800 || high >= 0xdc00 || low < 0xdc00 || low >= 0xe000) return 0;
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}
