#include "zarr/json.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"

enum { MOST_BYTES = 16 << 20, MOST_DEPTH = 64 };

static void *allocate(size_t size) {
    return bw_alloc(NULL, size, 1, "JSON");
}

/* cJSON has one heap for all threads; whoever comes first says which. */
static void choose_heap(void) {
    static _Atomic int state; /* 0 = not chosen, 1 = being chosen, 2 = chosen */
    int none = 0;
    if (atomic_compare_exchange_strong(&state, &none, 1)) {
        cJSON_Hooks hooks = {allocate, bw_free};
        cJSON_InitHooks(&hooks);
        atomic_store(&state, 2);
    }
    while (atomic_load(&state) != 2) {
    }
}

/* The parser calls itself for every bracket. */
static int too_deep(const uint8_t *text, uint64_t size) {
    int depth = 0, quoted = 0;
    for (uint64_t i = 0; i < size && depth <= MOST_DEPTH; i++) {
        const uint8_t c = text[i];
        if (quoted && c == '\\') {
            i++;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted) {
            depth += (c == '[' || c == '{') - (c == ']' || c == '}');
        }
    }
    return depth > MOST_DEPTH;
}

/* ---- what Python writes ------------------------------------------------------------------------------------------ */

/* Python's json writes floats that are not finite as bare words, which JSON does not have. -> the length of one that
 * begins here, else 0. */
static size_t bare_word(const char *text) {
    static const char *const words[] = {"NaN", "Infinity", "-Infinity"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strncmp(text, words[i], strlen(words[i]))) return strlen(words[i]);
    return 0;
}

/* Makes strings of them, as Zarr itself has them; to NULL = only counts. text ends with 0. -> bytes, with the 0 */
static uint64_t quote_words(const char *text, char *to) {
    uint64_t size = 0;
    int quoted = 0;
    while (*text) {
        const size_t word = quoted ? 0 : bare_word(text), length = word                                 ? word
                                                                   : quoted && *text == '\\' && text[1] ? 2
                                                                                                        : 1;
        if (length == 1 && *text == '"') quoted = !quoted;
        if (to && word) to[size] = to[size + word + 1] = '"';
        if (to) memcpy(to + size + (word > 0), text, length);
        size += length + (word ? 2 : 0);
        text += length;
    }
    if (to) to[size] = 0;
    return size + 1;
}

/* ---- parsing ----------------------------------------------------------------------------------------------------- */

static bw_status parse(bw_context *ctx, const char *name, const char *text, uint64_t size, cJSON **out) {
    if (too_deep((const uint8_t *)text, size))
        return bw_fail(ctx, BW_ERROR_FORMAT,
                       "%s is nested more than %d levels deep. Check that it is what it should be.", name, MOST_DEPTH);
    choose_heap();
    const char *end = text;
    *out = cJSON_ParseWithLengthOpts(text, (size_t)size + 1, &end, 1);
    if (cJSON_IsObject(*out)) return BW_OK;
    const long at = *out ? 0 : (long)(end - text);
    bw_json_free(*out);
    *out = NULL;
    return bw_fail(ctx, BW_ERROR_FORMAT, "%s is no valid JSON object (byte %ld). Copy the file again.", name, at + 1);
}

/* Takes over data. *size: that of the text, without the 0 at its end. */
static char *make_text(bw_context *ctx, uint8_t *data, uint64_t *size) {
    char *text = bw_realloc(ctx, data, *size + 1, 1, "JSON");
    if (!text) {
        bw_free(data);
        return NULL;
    }
    text[*size] = 0;
    const uint64_t room = quote_words(text, NULL);
    if (strlen(text) < *size || room == *size + 1) return text;
    char *quoted = bw_alloc(ctx, room, 1, "JSON");
    if (quoted) *size = quote_words(text, quoted) - 1;
    bw_free(text);
    return quoted;
}

bw_status bw_json_parse(bw_context *ctx, const char *name, uint8_t *data, uint64_t size, cJSON **out) {
    *out = NULL;
    char *text = make_text(ctx, data, &size);
    if (!text) return BW_ERROR_MEMORY;
    const bw_status status = parse(ctx, name, text, size, out);
    bw_free(text);
    return status;
}

bw_status bw_json_parse_text(bw_context *ctx, const char *name, const char *text, cJSON **out) {
    const size_t size = strlen(text);
    uint8_t *copy = bw_alloc(ctx, size, 1, "JSON");
    *out = NULL;
    if (!copy) return BW_ERROR_MEMORY;
    memcpy(copy, text, size);
    return bw_json_parse(ctx, name, copy, size, out);
}

bw_status bw_json_read(bw_context *ctx, const char *path, cJSON **out) {
    uint8_t *data;
    uint64_t size;
    *out = NULL;
    BW_TRY(bw_file_read_all(ctx, path, MOST_BYTES, &data, &size));
    return bw_json_parse(ctx, path, data, size, out);
}

void bw_json_free(cJSON *json) {
    cJSON_Delete(json);
}

const cJSON *bw_json_member(const cJSON *object, const char *name) {
    const cJSON *found = cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;
    return cJSON_IsNull(found) ? NULL : found;
}

const char *bw_json_text(const cJSON *object, const char *name) {
    return cJSON_GetStringValue(bw_json_member(object, name));
}

int bw_json_integer(const cJSON *value, int64_t lo, int64_t hi, int64_t *out) {
    if (!cJSON_IsNumber(value)) return 0;
    const double number = value->valuedouble;
    if (!(number >= (double)lo && number <= (double)hi) || number != floor(number)) return 0;
    *out = (int64_t)number;
    return *out >= lo && *out <= hi;
}
