#include "cli/pairs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/names.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/status.h"
#include "core/system.h"
#include "core/text.h"

enum { MOST_NAMED = 5 };

/* What names of segmentations end with; longer ones first. */
static const char *const endings[] = {"_cp_masks",     "_masks",   "_mask",   "_labels", "_label",
                                      "_segmentation", "_objects", "_truth",  "_truths", "_gt",
                                      "_result",       "_results", "_classes"};

/* A file of a folder. */
typedef struct bw_named {
    char *file;
    size_t key; /* bytes of the name that count */
    int bare;   /* without an ending */
} bw_named;

typedef struct bw_listing {
    bw_context *ctx;
    const char *folder;
    bw_named *items;
    int64_t count, room;
    int64_t skipped; /* files of segmentations that only the plugin reads */
    char *example;   /* the first one's name by the alphabet */
} bw_listing;

/* ---- a folder ---------------------------------------------------------------------------------------------------- */

static size_t key_length(const char *file, size_t stem) {
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const size_t length = strlen(endings[i]);
        size_t same = 0;
        if (length >= stem) continue;
        while (same < length && bw_name_letter(file[stem - length + same], 1) == endings[i][same])
            same++;
        if (same == length) return stem - length;
    }
    return stem;
}

static int skip_file(bw_listing *list, const char *name) {
    if (!bw_name_fits(name, "*.png;*.zip;*.roi;*.npy")) return 0;
    list->skipped++;
    if (list->example && strcmp(list->example, name) < 0) return 0;
    bw_free(list->example);
    list->example = bw_strdup(list->ctx, name);
    return !list->example;
}

static int keep_file(void *user, const char *name) {
    bw_listing *list = user;
    if (*name == '.') return 0;
    if (!bw_name_fits(name, "*.tif;*.tiff;*.zarr")) return skip_file(list, name);
    if (list->count == list->room) {
        const int64_t room = list->room ? 2 * list->room : 64;
        bw_named *items = bw_realloc(list->ctx, list->items, (uint64_t)room, sizeof *items, "the list of images");
        if (!items) return 1;
        list->items = items;
        list->room = room;
    }
    bw_named *item = list->items + list->count;
    const size_t stem = bw_name_stem(name);
    item->key = key_length(name, stem);
    item->bare = item->key == stem;
    item->file = bw_strdup(list->ctx, name);
    if (!item->file) return 1;
    list->count++;
    return 0;
}

static void free_listing(bw_listing *list) {
    for (int64_t i = 0; i < list->count; i++)
        bw_free(list->items[i].file);
    bw_free(list->items);
    bw_free(list->example);
}

static int compare_keys(const bw_named *a, const bw_named *b) {
    const int order = memcmp(a->file, b->file, a->key < b->key ? a->key : b->key);
    return order ? order : (a->key > b->key) - (a->key < b->key);
}

/* Among those with one key: with an ending before without. */
static int by_key(const void *left, const void *right) {
    const bw_named *a = left, *b = right;
    const int order = compare_keys(a, b);
    if (order) return order;
    return a->bare != b->bare ? a->bare - b->bare : strcmp(a->file, b->file);
}

/* Leaves one file for each key. */
static bw_status drop_images(bw_context *ctx, bw_listing *list) {
    int64_t kept = 0;
    bw_status status = BW_OK;
    for (int64_t i = 0; i < list->count; i++) {
        bw_named *item = list->items + i, *last = kept ? list->items + kept - 1 : NULL;
        const int same = last && !compare_keys(last, item);
        if (same && (last->bare || !item->bare) && status == BW_OK)
            status = bw_fail(ctx, BW_ERROR_MISMATCH,
                             "%s and %s in %s could both be the segmentation of %.*s. Leave one of them in the folder.",
                             last->file, item->file, list->folder, (int)item->key, item->file);
        if (!same) {
            const bw_named moved = *item;
            *item = list->items[kept];
            list->items[kept++] = moved;
            continue;
        }
        fprintf(stderr, "note: %s is taken for the image of %s and left out.\n", item->file, last->file);
    }
    for (int64_t i = kept; i < list->count; i++)
        bw_free(list->items[i].file);
    list->count = kept;
    return status;
}

/* "a.png and 3 more in /data cannot be read here: ..." */
static void tell_skipped(const bw_listing *list, char *text, size_t size) {
    char more[60] = "";
    *text = 0;
    if (!list->skipped) return;
    if (list->skipped > 1) snprintf(more, sizeof more, " and %lld more", (long long)list->skipped - 1);
    snprintf(
        text, size,
        "%s%s in %s cannot be read here: the command line reads TIFF and OME-Zarr. PNG and ROIs are read by ImageJ's "
        "Plugins > Brushwood > Compare Segmentations; Cellpose saves masks as TIFF with --save_tif.",
        list->example, more, list->folder);
}

static bw_status list_folder(bw_context *ctx, const char *folder, bw_listing *list) {
    *list = (bw_listing){.ctx = ctx, .folder = folder};
    char skipped[1200];
    const int failed = bw_system_list(folder, keep_file, list), reason = errno;
    BW_TRY(bw_context_status(ctx));
    if (failed) return bw_fail(ctx, BW_ERROR_IO, "The folder %s cannot be listed: %s.", folder, strerror(reason));
    tell_skipped(list, skipped, sizeof skipped);
    if (!list->count)
        return bw_fail(ctx, BW_ERROR_ARGUMENT,
                       "There are no TIFF files and no OME-Zarr images in the folder %s (subfolders do not count).%s%s",
                       folder, *skipped ? " " : "", skipped);
    if (*skipped) fprintf(stderr, "note: %s\n", skipped);
    qsort(list->items, (size_t)list->count, sizeof *list->items, by_key);
    return drop_images(ctx, list);
}

/* ---- pairs ------------------------------------------------------------------------------------------------------- */

static bw_status add_pair(bw_context *ctx, bw_file_pairs *pairs, const bw_listing lists[2], const bw_named *truth,
                          const bw_named *result) {
    bw_file_pair *pair = pairs->items + pairs->count++;
    *pair = (bw_file_pair){.name = bw_alloc(ctx, truth->key + 1, 1, "a name"),
                           .truth = bw_path_join(ctx, lists[0].folder, truth->file),
                           .result = bw_path_join(ctx, lists[1].folder, result->file)};
    if (!pair->name || !pair->truth || !pair->result) return BW_ERROR_MEMORY;
    memcpy(pair->name, truth->file, truth->key);
    pair->name[truth->key] = 0;
    return BW_OK;
}

/* The names of files that are alone, the first few of them. */
static bw_status note_alone(bw_text *alone, int64_t *count, const bw_listing *list, const bw_named *item) {
    ++*count;
    if (*count > MOST_NAMED) return BW_OK;
    return bw_text_add(alone, "%s%s in %s", *count > 1 ? ", " : "", item->file, list->folder);
}

static bw_status refuse_alone(bw_context *ctx, const bw_text *alone, int64_t count) {
    char more[40] = "";
    if (!count) return BW_OK;
    if (count > MOST_NAMED) snprintf(more, sizeof more, " and %lld more", (long long)count - MOST_NAMED);
    return bw_fail(ctx, BW_ERROR_MISMATCH,
                   "No file of the other folder belongs to %s%s. Names have to agree but for endings such as _masks or "
                   "_labels.",
                   alone->data, more);
}

/* Both lists are sorted. */
static bw_status join_lists(bw_context *ctx, const bw_listing lists[2], bw_text *alone, bw_file_pairs *out) {
    int64_t at[2] = {0, 0}, count = 0;
    while (at[0] < lists[0].count || at[1] < lists[1].count) {
        const bw_named *a = at[0] < lists[0].count ? lists[0].items + at[0] : NULL;
        const bw_named *b = at[1] < lists[1].count ? lists[1].items + at[1] : NULL;
        const int order = !a ? 1 : !b ? -1 : compare_keys(a, b);
        if (order < 0) BW_TRY(note_alone(alone, &count, lists, a));
        if (order > 0) BW_TRY(note_alone(alone, &count, lists + 1, b));
        if (!order) BW_TRY(add_pair(ctx, out, lists, a, b));
        at[0] += order <= 0;
        at[1] += order >= 0;
    }
    return refuse_alone(ctx, alone, count);
}

static bw_status make_room(bw_context *ctx, bw_file_pairs *pairs, int64_t count) {
    *pairs = (bw_file_pairs){bw_calloc(ctx, (uint64_t)count, sizeof *pairs->items, "the list of images"), 0};
    return pairs->items ? BW_OK : BW_ERROR_MEMORY;
}

bw_status bw_file_pairs_find(bw_context *ctx, const char *truth, const char *result, bw_file_pairs *out) {
    bw_listing lists[2] = {{.ctx = ctx}, {.ctx = ctx}};
    bw_text alone;
    *out = (bw_file_pairs){NULL, 0};
    bw_text_init(&alone, ctx);
    bw_status status = list_folder(ctx, truth, lists);
    if (status == BW_OK) status = list_folder(ctx, result, lists + 1);
    if (status == BW_OK) status = make_room(ctx, out, lists[0].count);
    if (status == BW_OK) status = join_lists(ctx, lists, &alone, out);
    bw_text_free(&alone);
    free_listing(lists);
    free_listing(lists + 1);
    if (status != BW_OK) bw_file_pairs_free(out);
    return status;
}

bw_status bw_file_pairs_single(bw_context *ctx, const char *truth, const char *result, bw_file_pairs *out) {
    BW_TRY(make_room(ctx, out, 1));
    out->items[out->count++] =
        (bw_file_pair){bw_strdup(ctx, bw_name_of(truth)), bw_strdup(ctx, truth), bw_strdup(ctx, result)};
    const bw_status status = bw_context_status(ctx);
    if (status != BW_OK) bw_file_pairs_free(out);
    return status;
}

void bw_file_pairs_free(bw_file_pairs *pairs) {
    for (int64_t i = 0; i < pairs->count; i++) {
        bw_free(pairs->items[i].name);
        bw_free(pairs->items[i].truth);
        bw_free(pairs->items[i].result);
    }
    bw_free(pairs->items);
    *pairs = (bw_file_pairs){NULL, 0};
}
