#include "cli/names.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/bytes.h"
#include "core/status.h"
#include "core/system.h"
#include "core/text.h"

const bw_kind bw_kinds[BW_KINDS] = {{"probabilities", "probabilities", BW_OUTPUT_PROBABILITIES},
                                    {"labels", "segmentation", BW_OUTPUT_LABELS},
                                    {"uncertainty", "uncertainty", BW_OUTPUT_UNCERTAINTY},
                                    {"entropy", "entropy", BW_OUTPUT_ENTROPY},
                                    {NULL, "objects", BW_OUTPUT_OBJECTS}};

const char *bw_name_of(const char *path) {
    const char *name = path;
    for (; *path; path++)
        if (bw_system_separates(*path)) name = path + 1;
    return name;
}

size_t bw_name_stem(const char *name) {
    const char *dot = bw_name_ends(name, ".ome.zarr") ? name + strlen(name) - strlen(".ome.zarr") : strrchr(name, '.');
    return dot && dot > name ? (size_t)(dot - name) : strlen(name);
}

int bw_name_letter(char c, int fold) {
    return fold && c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

static int folded(char c) {
    return bw_name_letter(c, 1);
}

int bw_name_ends(const char *name, const char *suffix) {
    const size_t length = strlen(name), end = strlen(suffix);
    if (length < end) return 0;
    for (size_t i = 0; i < end; i++)
        if (folded(name[length - end + i]) != folded(suffix[i])) return 0;
    return 1;
}

int bw_name_is_hdf5(const char *name) {
    static const char *const suffixes[] = {".h5", ".hdf5", ".hdf", ".he5"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (bw_name_ends(name, suffixes[i])) return 1;
    return 0;
}

/* ---- patterns of files ----------------------------------------------------------------------------------------- */

static const char *next_character(const char *text) {
    do
        text++;
    while (((unsigned char)*text & 0xc0) == 0x80);
    return text;
}

/* One pattern, from `at` to `end`. After a failure the last * takes one more character. */
static int fits_one(const char *name, const char *at, const char *end) {
    const char *star = NULL, *kept = NULL;
    while (*name) {
        if (at < end && *at == '*') {
            star = ++at;
            kept = name;
        } else if (at < end && *at == '?') {
            at++;
            name = next_character(name);
        } else if (at < end && folded(*at) == folded(*name)) {
            at++;
            name++;
        } else if (star) {
            at = star;
            name = kept = next_character(kept);
        } else {
            return 0;
        }
    }
    while (at < end && *at == '*')
        at++;
    return at == end;
}

int bw_name_fits(const char *name, const char *patterns) {
    for (const char *at = patterns;; at++) {
        const char *next = at + strcspn(at, ";"), *end = next;
        while (at < end && *at == ' ')
            at++;
        while (end > at && end[-1] == ' ')
            end--;
        if (end > at && fits_one(name, at, end)) return 1;
        at = next;
        if (!*at) return 0;
    }
}

/* ---- names of results ------------------------------------------------------------------------------------------ */

/* The pattern with its placeholders filled. */
static bw_status add_filled(bw_text *text, const char *pattern, const char *name, const char *kind) {
    while (*pattern) {
        if (!strncmp(pattern, "{name}", 6) && name) {
            BW_TRY(bw_text_add(text, "%.*s", (int)bw_name_stem(name), name));
            pattern += 6;
        } else if (!strncmp(pattern, "{kind}", 6)) {
            BW_TRY(bw_text_add(text, "%s", kind));
            pattern += 6;
        } else {
            const size_t length = 1 + strcspn(pattern + 1, "{");
            BW_TRY(bw_text_add(text, "%.*s", (int)length, pattern));
            pattern += length;
        }
    }
    return BW_OK;
}

bw_status bw_naming_path(bw_context *ctx, const bw_naming *naming, const char *mirrored, int kind, char **out) {
    const char *name = naming->folder ? bw_name_of(mirrored) : NULL;
    bw_status status = BW_OK;
    bw_text text;
    *out = NULL;
    bw_text_init(&text, ctx);
    if (naming->folder) {
        const size_t length = strlen(naming->folder);
        const int ends = length && bw_system_separates(naming->folder[length - 1]);
        status = bw_text_add(&text, "%s%s%.*s", naming->folder, ends ? "" : "/", (int)(name - mirrored), mirrored);
    }
    if (status == BW_OK) status = add_filled(&text, naming->pattern, name, bw_kinds[kind].word);
    if (status == BW_OK) status = bw_text_take(&text, out);
    bw_text_free(&text);
    return status;
}

/* ---- for people ------------------------------------------------------------------------------------------------ */

void bw_name_show(const char *name, char *text, size_t size) {
    const size_t length = strlen(name);
    const char *from = name;
    int cut = 0;
    if (length >= size && size > 8) {
        for (from += length - size + 4; ((unsigned char)*from & 0xc0) == 0x80;)
            from++;
        cut = 3;
    }
    memcpy(text, "...", (size_t)cut);
    bw_utf8_copy(text + cut, size - (size_t)cut, from);
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 127) *text = '?';
}
