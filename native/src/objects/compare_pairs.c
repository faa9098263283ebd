/* Counting the pairs of values that the pixels of two images have. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/image.h"
#include "core/parallel.h"
#include "objects/compare.h"
#include "objects/objects.h"

enum { BAND_VOXELS = 1 << 21, CHUNK_VOXELS = 1 << 16, FIRST_SLOTS = 1 << 10 };

/* ---- checks ------------------------------------------------------------------------------------------------------ */

static void name_image(char *text, size_t size, const bw_image *image, const char *what) {
    const char *name = bw_image_name(image);
    if (*name)
        snprintf(text, size, "The %s %s", what, name);
    else
        snprintf(text, size, "The %s", what);
}

static bw_status check_channels(bw_context *ctx, const bw_image *image, const char *name) {
    const bw_image_info *info = bw_image_get_info(image);
    BW_TRY(bw_image_need_pixels(ctx, image, "Comparing segmentations"));
    if (info->channels == 1) return BW_OK;
    return bw_fail(ctx, BW_ERROR_MISMATCH,
                   "%s has %d channels. Segmentations have one channel that holds labels, classes or a mask.", name,
                   info->channels);
}

static bw_status check_sizes(bw_context *ctx, const bw_compared *c) {
    const bw_image_info *a = bw_image_get_info(c->images[0]), *b = bw_image_get_info(c->images[1]);
    char truth[160], result[160];
    if (a->width == b->width && a->height == b->height && a->depth == b->depth && a->frames == b->frames) return BW_OK;
    bw_image_describe(a, truth, sizeof truth);
    bw_image_describe(b, result, sizeof result);
    return bw_fail(ctx, BW_ERROR_MISMATCH, "%s is %s. %s is %s. Give images of the same size.", c->names[0], truth,
                   c->names[1], result);
}

static bw_status check_options(bw_context *ctx, bw_comparison_kind kind, int flags) {
    BW_TRY(bw_check(ctx));
    if (kind < BW_COMPARE_LABELS || kind > BW_COMPARE_CLASSES)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "There is no kind %d of comparisons.", (int)kind);
    if (flags & BW_COMPARE_IGNORE_ZERO && kind != BW_COMPARE_CLASSES)
        return bw_fail(ctx, BW_ERROR_ARGUMENT,
                       "Pixels that are 0 in the truth can be left out of classes alone: in label images and masks "
                       "they are the background.");
    if (flags & BW_COMPARE_TAKE_APART && kind != BW_COMPARE_LABELS)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "Masks are taken apart in comparisons of labels alone.");
    return BW_OK;
}

bw_status bw_compared_begin(bw_context *ctx, const bw_image *truth, const bw_image *result, bw_comparison_kind kind,
                            int flags, bw_compared *out) {
    *out = (bw_compared){.images = {truth, result}, .kind = kind, .ignore_zero = flags & BW_COMPARE_IGNORE_ZERO};
    BW_TRY(check_options(ctx, kind, flags));
    if (!truth) return BW_OK;
    name_image(out->names[0], sizeof out->names[0], truth, "truth");
    name_image(out->names[1], sizeof out->names[1], result, "result");
    for (int i = 0; i < 2; i++)
        BW_TRY(check_channels(ctx, out->images[i], out->names[i]));
    BW_TRY(check_sizes(ctx, out));
    return flags & BW_COMPARE_TAKE_APART ? bw_compared_take_apart(ctx, out) : BW_OK;
}

double bw_compared_voxels(const bw_compared *compared) {
    const bw_image_info *info = bw_image_get_info(compared->images[0]);
    return (double)info->width * (double)info->height * (double)info->depth * info->frames;
}

/* ---- tables of pairs --------------------------------------------------------------------------------------------- */

typedef struct bw_slot {
    uint64_t key; /* 0 = free */
    int64_t voxels;
} bw_slot;

typedef struct bw_pair_table {
    bw_slot *slots;
    int64_t size, used; /* size: a power of two */
} bw_pair_table;

static bw_slot *slot_of(const bw_pair_table *table, uint64_t key) {
    uint64_t at = (key * 0x9e3779b97f4a7c15u) >> 32;
    for (;; at++) {
        bw_slot *slot = table->slots + (at & (uint64_t)(table->size - 1));
        if (!slot->key || slot->key == key) return slot;
    }
}

static bw_status grow_table(bw_context *ctx, bw_pair_table *table) {
    bw_pair_table larger = {.size = table->size ? 2 * table->size : FIRST_SLOTS, .used = table->used};
    larger.slots = bw_calloc(ctx, (uint64_t)larger.size, sizeof *larger.slots, "pairs of labels");
    if (!larger.slots) return BW_ERROR_MEMORY;
    for (int64_t i = 0; i < table->size; i++)
        if (table->slots[i].key) *slot_of(&larger, table->slots[i].key) = table->slots[i];
    bw_free(table->slots);
    *table = larger;
    return BW_OK;
}

static bw_status add_key(bw_context *ctx, bw_pair_table *table, uint64_t key, int64_t voxels) {
    if (2 * (table->used + 1) > table->size) BW_TRY(grow_table(ctx, table));
    bw_slot *slot = slot_of(table, key);
    table->used += !slot->key;
    slot->key = key;
    slot->voxels += voxels;
    return BW_OK;
}

/* ---- counting ---------------------------------------------------------------------------------------------------- */

/* Rows of both images, and what the threads have found. */
typedef struct bw_counting {
    const bw_compared *compared;
    int64_t width, rows, chunk;
    float *pixels[2];
    uint32_t highest;      /* that a value may be */
    bw_pair_table *tables; /* one per thread */
    int64_t *bad;          /* of each thread: first pixel with a value that does not fit, -1 = none */
    int threads;
} bw_counting;

static int fits(float value, uint32_t highest) {
    return value >= 0 && value <= (float)highest && value == (float)(uint32_t)value;
}

/* Key of a pair of values; 0 = its pixels do not count. */
static uint64_t pair_key(const bw_compared *c, float truth, float result) {
    uint32_t a = (uint32_t)truth, b = (uint32_t)result;
    if (c->ignore_zero && !a) return 0;
    if (c->kind == BW_COMPARE_MASKS) {
        a = a != 0;
        b = b != 0;
    }
    return ((uint64_t)a << 32 | b) + 1;
}

/* Stretches of pixels with the same pair count at once. */
static bw_status count_row(bw_context *ctx, bw_counting *c, int64_t row, int thread) {
    const float *a = c->pixels[0] + row * c->width, *b = c->pixels[1] + row * c->width;
    for (int64_t x = 0; x < c->width;) {
        const int64_t from = x;
        const float truth = a[x], result = b[x];
        if (!fits(truth, c->highest) || !fits(result, c->highest)) {
            const int64_t at = row * c->width + x;
            if (c->bad[thread] < 0 || at < c->bad[thread]) c->bad[thread] = at;
            return BW_OK;
        }
        for (x++; x < c->width && a[x] == truth && b[x] == result; x++) {
        }
        const uint64_t key = pair_key(c->compared, truth, result);
        if (key) BW_TRY(add_key(ctx, c->tables + thread, key, x - from));
    }
    return BW_OK;
}

static bw_status count_chunk(bw_context *ctx, void *user, int64_t index, int thread) {
    bw_counting *c = user;
    const int64_t end = (index + 1) * c->chunk;
    for (int64_t row = index * c->chunk; row < end && row < c->rows; row++)
        BW_TRY(count_row(ctx, c, row, thread));
    return BW_OK;
}

static void describe_place(const bw_image_info *info, const bw_part *part, int64_t at, char *text, size_t size) {
    const int64_t rows = part->hi[1] - part->lo[1];
    int n = snprintf(text, size, "x = %lld, y = %lld", (long long)(at % info->width),
                     (long long)(part->lo[1] + at / info->width % rows));
    if (info->depth > 1)
        n += snprintf(text + n, size - (size_t)n, ", slice %lld",
                      (long long)(part->lo[2] + at / info->width / rows + 1));
    if (info->frames > 1) snprintf(text + n, size - (size_t)n, ", frame %d", part->frame + 1);
}

/* Tells of the first value of the band that does not fit, if there is one. */
static bw_status check_values(bw_context *ctx, const bw_counting *c, const bw_part *part) {
    static const char *const rules[][2] = {
        {"Objects of a label image are whole numbers from 1 to", "0 is background"},
        {"A mask is 0 outside and inside a whole number up to", "apply a threshold to other images first"},
        {"Classes are whole numbers from 0 to", "compare images of more values as labels"},
    };
    int64_t first = -1;
    char place[120];
    for (int t = 0; t < c->threads; t++)
        if (c->bad[t] >= 0 && (first < 0 || c->bad[t] < first)) first = c->bad[t];
    if (first < 0) return BW_OK;
    const int which = fits(c->pixels[0][first], c->highest);
    const double value = c->pixels[which][first];
    describe_place(bw_image_get_info(c->compared->images[0]), part, first, place, sizeof place);
    return bw_fail(ctx, BW_ERROR_MISMATCH, "%s has the value %.*g at %s. %s %u; %s.", c->compared->names[which],
                   value < BW_MAX_LABEL ? 6 : 9, value, place, rules[c->compared->kind][0], (unsigned)c->highest,
                   rules[c->compared->kind][1]);
}

static bw_status count_bands(bw_context *ctx, bw_counting *c, int frame) {
    const bw_image_info *info = bw_image_get_info(c->compared->images[0]);
    bw_part part = {.frame = frame};
    while (bw_objects_next_band(info, BAND_VOXELS, &part)) {
        for (int i = 0; i < 2; i++)
            BW_TRY(bw_compared_read(ctx, c->compared, i, &part, c->pixels[i]));
        c->rows = (part.hi[1] - part.lo[1]) * (part.hi[2] - part.lo[2]);
        BW_TRY(bw_parallel(ctx, (c->rows + c->chunk - 1) / c->chunk, count_chunk, c));
        BW_TRY(check_values(ctx, c, &part));
        bw_progress_add(ctx, (double)(c->rows * c->width));
    }
    return bw_check(ctx);
}

static bw_status begin_counting(bw_context *ctx, bw_counting *c) {
    const bw_image_info *info = bw_image_get_info(c->compared->images[0]);
    const int64_t voxels = info->width * info->height * info->depth;
    const int64_t most = voxels < BAND_VOXELS ? voxels : info->width > BAND_VOXELS ? info->width : BAND_VOXELS;
    c->width = info->width;
    c->chunk = CHUNK_VOXELS / info->width + 1;
    c->threads = bw_context_threads(ctx);
    c->highest = c->compared->kind == BW_COMPARE_CLASSES ? 255 : BW_MAX_READ_LABEL;
    for (int i = 0; i < 2; i++)
        if (!(c->pixels[i] = bw_alloc(ctx, (uint64_t)most, sizeof(float), "rows of an image"))) return BW_ERROR_MEMORY;
    c->tables = bw_calloc(ctx, (uint64_t)c->threads, sizeof *c->tables, "pairs of labels");
    c->bad = bw_alloc(ctx, (uint64_t)c->threads, sizeof *c->bad, "pairs of labels");
    if (!c->tables || !c->bad) return BW_ERROR_MEMORY;
    for (int t = 0; t < c->threads; t++)
        c->bad[t] = -1;
    return BW_OK;
}

static void end_counting(bw_counting *c) {
    for (int t = 0; c->tables && t < c->threads; t++)
        bw_free(c->tables[t].slots);
    bw_free(c->tables);
    bw_free(c->bad);
    bw_free(c->pixels[0]);
    bw_free(c->pixels[1]);
}

/* ---- in order ---------------------------------------------------------------------------------------------------- */

/* All of it goes to the first table. */
static bw_status merge_tables(bw_context *ctx, bw_counting *c) {
    for (int t = 1; t < c->threads; t++) {
        const bw_pair_table *table = c->tables + t;
        for (int64_t i = 0; i < table->size; i++)
            if (table->slots[i].key) BW_TRY(add_key(ctx, c->tables, table->slots[i].key, table->slots[i].voxels));
        bw_free(c->tables[t].slots);
        c->tables[t] = (bw_pair_table){NULL, 0, 0};
    }
    return BW_OK;
}

int bw_pair_order(const void *left, const void *right) {
    const bw_pair *a = left, *b = right;
    if (a->truth != b->truth) return a->truth < b->truth ? -1 : 1;
    return (a->result > b->result) - (a->result < b->result);
}

static bw_status sorted_pairs(bw_context *ctx, const bw_pair_table *table, bw_pairs *out) {
    out->items = bw_alloc(ctx, (uint64_t)table->used, sizeof *out->items, "pairs of labels");
    if (!out->items) return BW_ERROR_MEMORY;
    for (int64_t i = 0; i < table->size; i++) {
        const uint64_t key = table->slots[i].key;
        if (!key) continue;
        out->items[out->count++] =
            (bw_pair){(uint32_t)((key - 1) >> 32), (uint32_t)((key - 1) & UINT32_MAX), table->slots[i].voxels};
    }
    if (out->count) qsort(out->items, (size_t)out->count, sizeof *out->items, bw_pair_order);
    return BW_OK;
}

bw_status bw_compared_pairs(bw_context *ctx, const bw_compared *compared, int frame, bw_pairs *out) {
    bw_counting counting = {.compared = compared};
    *out = (bw_pairs){NULL, 0};
    bw_status status = begin_counting(ctx, &counting);
    if (status == BW_OK) status = count_bands(ctx, &counting, frame);
    if (status == BW_OK) status = merge_tables(ctx, &counting);
    if (status == BW_OK) status = sorted_pairs(ctx, counting.tables, out);
    end_counting(&counting);
    return status;
}

/* ---- what images can be ------------------------------------------------------------------------------------------ */

enum { ALL_KINDS = 1 << BW_COMPARE_LABELS | 1 << BW_COMPARE_MASKS | 1 << BW_COMPARE_CLASSES };

static int kinds_of(const uint8_t seen[256]) {
    int others = 0;
    for (int v = 1; v < 255; v++)
        others |= seen[v];
    if (!others && seen[255]) return 1 << BW_COMPARE_MASKS;
    if (!others) return ALL_KINDS;
    return 1 << (seen[0] ? BW_COMPARE_LABELS : BW_COMPARE_CLASSES);
}

static bw_status see_values(bw_context *ctx, const bw_image *image, uint8_t *band, uint8_t seen[256]) {
    const bw_image_info *info = bw_image_get_info(image);
    for (int frame = 0; frame < info->frames; frame++) {
        bw_part part = {.frame = frame};
        while (bw_objects_next_band(info, BAND_VOXELS, &part)) {
            const int64_t rows = (part.hi[1] - part.lo[1]) * (part.hi[2] - part.lo[2]);
            BW_TRY(bw_image_read(ctx, image, &part, band));
            for (int64_t i = 0; i < rows * info->width; i++)
                seen[band[i]] = 1;
            BW_TRY(bw_check(ctx));
        }
    }
    return BW_OK;
}

bw_status bw_comparison_kinds(bw_context *ctx, const bw_image *image, int *kinds) {
    const bw_image_info *info = bw_image_get_info(image);
    const int64_t voxels = info->width * info->height * info->depth;
    const int64_t most = voxels < BAND_VOXELS ? voxels : info->width > BAND_VOXELS ? info->width : BAND_VOXELS;
    uint8_t seen[256] = {0}, *band;
    char name[300];
    *kinds = 1 << BW_COMPARE_LABELS;
    BW_TRY(bw_check(ctx));
    name_image(name, sizeof name, image, "image");
    BW_TRY(check_channels(ctx, image, name));
    if (info->type != BW_UINT8) return BW_OK;
    band = bw_alloc(ctx, (uint64_t)most, 1, "rows of an image");
    if (!band) return BW_ERROR_MEMORY;
    const bw_status status = see_values(ctx, image, band, seen);
    bw_free(band);
    if (status == BW_OK) *kinds = kinds_of(seen);
    return status;
}
