#include "core/text.h"

#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

void bw_text_init(bw_text *t, bw_context *ctx) {
    *t = (bw_text){.ctx = ctx};
}

void bw_text_free(bw_text *t) {
    bw_free(t->data);
    *t = (bw_text){.ctx = t->ctx};
}

static bw_status reserve(bw_text *t, size_t more) {
    if (t->capacity - t->size > more) return BW_OK;
    size_t capacity = t->capacity ? t->capacity : 128;
    while (capacity - t->size <= more)
        capacity *= 2;
    char *grown = bw_realloc(t->ctx, t->data, capacity, 1, "a text");
    if (!grown) return BW_ERROR_MEMORY;
    t->data = grown;
    t->capacity = capacity;
    return BW_OK;
}

bw_status bw_text_add(bw_text *t, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    bw_status status = size < 0 ? BW_ERROR_INTERNAL : reserve(t, (size_t)size);
    if (status == BW_OK) t->size += (size_t)vsnprintf(t->data + t->size, t->capacity - t->size, format, again);
    va_end(again);
    return status;
}

/* printf writes the separator of the process's locale, which Java or a host may have changed. */
static void force_point(char *text) {
    const char *point = localeconv()->decimal_point;
    char *at = strcmp(point, ".") ? strstr(text, point) : NULL;
    if (!at) return;
    *at = '.';
    memmove(at + 1, at + strlen(point), strlen(at + strlen(point)) + 1);
}

bw_status bw_text_number(bw_text *t, double value) {
    char text[64];
    for (int digits = 6; digits <= 17; digits += 1) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        force_point(text);
        double back = 0;
        const char *end;
        if (digits == 17 || (bw_number_parse(text, &end, &back) && back == value)) break;
    }
    return bw_text_add(t, "%s", text);
}

bw_status bw_text_digits(bw_text *t, double value, int digits) {
    char text[64];
    snprintf(text, sizeof text, "%.*g", digits, value);
    force_point(text);
    return bw_text_add(t, "%s", text);
}

bw_status bw_text_json_string(bw_text *t, const char *utf8) {
    BW_TRY(bw_text_add(t, "\""));
    for (const char *c = utf8; *c; c++) {
        if (*c == '"' || *c == '\\')
            BW_TRY(bw_text_add(t, "\\%c", *c));
        else if ((unsigned char)*c < 0x20)
            BW_TRY(bw_text_add(t, "\\u%04x", (unsigned)*c));
        else
            BW_TRY(bw_text_add(t, "%c", *c));
    }
    return bw_text_add(t, "\"");
}

bw_status bw_text_take(bw_text *t, char **out) {
    *out = NULL;
    BW_TRY(bw_text_add(t, "%s", ""));
    *out = t->data;
    *t = (bw_text){.ctx = t->ctx};
    return BW_OK;
}

/* Exact for up to 15 digits and exponents to 22, which is what people write; beyond that within one unit in the last
 * place. strtod would follow the locale. */
int bw_number_parse(const char *text, const char **end, double *value) {
    const char *at = text;
    int negative = *at == '-', digits = 0, exponent = 0;
    if (*at == '-' || *at == '+') at++;
    uint64_t mantissa = 0;
    for (int fraction = 0;; at++) {
        if (*at == '.' && !fraction) {
            fraction = 1;
            continue;
        }
        if (*at < '0' || *at > '9') break;
        digits++;
        if (mantissa < UINT64_MAX / 10 - 9) {
            mantissa = mantissa * 10 + (uint64_t)(*at - '0');
            exponent -= fraction;
        } else {
            exponent += !fraction;
        }
    }
    if (!digits) return 0;
    if (*at == 'e' || *at == 'E') {
        const char *mark = at + 1;
        int minus = *mark == '-', power = 0;
        if (*mark == '-' || *mark == '+') mark++;
        if (*mark >= '0' && *mark <= '9') {
            for (; *mark >= '0' && *mark <= '9'; mark++)
                power = power < 9999 ? power * 10 + (*mark - '0') : power;
            exponent += minus ? -power : power;
            at = mark;
        }
    }
    double v = (double)mantissa, scale = 1;
    int steps = exponent < 0 ? -exponent : exponent;
    if (steps > 400) steps = 400;
    for (int i = 0; i < steps; i++) {
        scale *= 10;
        if (i % 22 == 21 || i == steps - 1) {
            v = exponent < 0 ? v / scale : v * scale;
            scale = 1;
        }
    }
    *value = negative ? -v : v;
    *end = at;
    return 1;
}
