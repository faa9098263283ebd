/* A growing string; numbers are written and read without the C locale. */
#ifndef BW_CORE_TEXT_H
#define BW_CORE_TEXT_H

#include "core/status.h"

typedef struct bw_text {
    bw_context *ctx;
    char *data; /* 0-terminated once anything was added */
    size_t size, capacity;
} bw_text;

void bw_text_init(bw_text *t, bw_context *ctx);
void bw_text_free(bw_text *t);
bw_status bw_text_add(bw_text *t, const char *format, ...) BW_PRINTF(2, 3);
/* The fewest digits, at least 6, that read back as the same double; always with '.'. */
bw_status bw_text_number(bw_text *t, double value);
/* At most so many digits, 1 to 17; always with '.'. */
bw_status bw_text_digits(bw_text *t, double value, int digits);
/* Adds a JSON string literal with quotes. */
bw_status bw_text_json_string(bw_text *t, const char *utf8);
/* Hands the string over (free with bw_string_free); "" when empty. */
bw_status bw_text_take(bw_text *t, char **out);

/* Parses a decimal number at text ('.' as separator, optional exponent); returns 0 when there is none. */
int bw_number_parse(const char *text, const char **end, double *value);

#endif
