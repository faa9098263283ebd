#include "core/csv.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/bytes.h"

/* A spreadsheet would run what begins so. */
static int looks_like_a_formula(const char *text) {
    return *text && strchr("=+-@\t\r", *text) != NULL;
}

static bw_status add_quoted(bw_text *t, const char *text) {
    BW_TRY(bw_text_add(t, "\""));
    for (;;) {
        const size_t length = strcspn(text, "\"");
        BW_TRY(bw_text_add(t, "%.*s%s", (int)length, text, text[length] ? "\"\"" : "\""));
        if (!text[length]) return BW_OK;
        text += length + 1;
    }
}

/* Bytes that are no UTF-8, as names of files may have, become '?'; ends of lines stay. */
static void mend(const char *text, char *mended, size_t size) {
    bw_utf8_copy(mended, size, text);
    for (size_t i = 0; text[i]; i++)
        if ((unsigned char)text[i] < ' ') mended[i] = text[i];
}

bw_status bw_csv_cell(bw_text *t, const char *text, const char *behind) {
    const size_t size = strlen(text) + strlen(behind) + 2;
    char *whole = bw_alloc(t->ctx, 2 * size, 1, "a text"), *mended = whole ? whole + size : NULL;
    if (!whole) return BW_ERROR_MEMORY;
    snprintf(whole, size, "%s%s%s", looks_like_a_formula(text) ? "'" : "", text, behind);
    mend(whole, mended, size);
    const bw_status status = strpbrk(mended, ",\"\r\n") ? add_quoted(t, mended) : bw_text_add(t, "%s", mended);
    bw_free(whole);
    return status;
}
