/* Any descriptions and any bytes of a chunk are either an image or an error with a message, and nothing leaks; what can
 * be read is the same with any store of chunks. The input is "2" or "3" for the version, the array's description, the
 * group's attributes and the chunk's bytes, with a zero byte after each of the first two. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../native/tiff_boxes.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/system.h"
#include "zarr/array.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int condition) {
    if (!condition) __builtin_trap();
}

/* Making one takes longer than all the rest, so those without an error stay. */
enum { CONTEXTS = 3, LARGE = 1 << 26 };
static bw_context *contexts[CONTEXTS];

static bw_context *new_context(void) {
    bw_context *ctx = bw_context_create();
    demand(ctx && bw_context_set_threads(ctx, 1) == BW_OK);
    return ctx;
}

static bw_context *get_context(int index, uint64_t budget) {
    bw_context *ctx = contexts[index];
    if (ctx && bw_context_status(ctx) != BW_OK) {
        bw_context_free(ctx);
        ctx = NULL;
    }
    contexts[index] = ctx ? ctx : new_context();
    demand(bw_context_set_memory_budget(contexts[index], budget) == BW_OK);
    return contexts[index];
}

/* Of this process; removed at its end. */
static char folder[300];

static void remove_folder(void) {
    bw_tree_remove(folder);
}

static const char *in_folder(const char *name) {
    static char path[600];
    if (!*folder) {
        const char *root = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%.200s/fuzz_zarr-%lu", root ? root : ".", bw_system_process());
        atexit(remove_folder);
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void store(const char *path, const uint8_t *data, size_t size) {
    FILE *file = bw_system_open(path, "wb");
    if (!file) return; /* a name that the system does not take */
    fwrite(data, 1, size, file);
    fclose(file);
}

static void store_below(const char *name, const uint8_t *data, size_t size) {
    store(in_folder(name), data, size);
}

/* The file of the first chunk. Whether chunks are small: a few bytes can make large ones. */
static int store_chunk(const uint8_t *data, size_t size) {
    static const int64_t first[BW_ZARR_MAX_AXES];
    bw_context *ctx = get_context(0, LARGE);
    bw_zarr_array *array;
    char *path = NULL;
    demand((bw_zarr_array_read(ctx, in_folder("0"), &array) == BW_OK) == (array != NULL));
    demand(array || bw_context_error(ctx)[0]);
    if (array && bw_zarr_chunk_path(ctx, array, first, &path) == BW_OK) {
        char *end = strrchr(path, '/');
        *end = 0;
        demand(bw_folder_make(ctx, path) == BW_OK);
        *end = '/';
        store(path, data, size);
    }
    const int small = !array || bw_zarr_chunk_bytes(array) <= 1 << 20;
    bw_free(path);
    bw_zarr_array_free(array);
    return small;
}

/* Up to the zero byte, which is skipped. */
static size_t take(const uint8_t **data, size_t *size, const uint8_t **part) {
    const uint8_t *end = memchr(*data, 0, *size);
    const size_t length = end ? (size_t)(end - *data) : *size;
    *part = *data;
    *data += end ? length + 1 : length;
    *size -= end ? length + 1 : length;
    return length;
}

static int store_all(const uint8_t *data, size_t size) {
    const uint8_t *part;
    const int version = size && *data == '3' ? 3 : 2;
    demand(bw_folder_make(get_context(0, LARGE), in_folder("0")) == BW_OK);
    data += size > 0;
    size -= size > 0;
    size_t length = take(&data, &size, &part);
    store_below(version == 3 ? "0/zarr.json" : "0/.zarray", part, length);
    length = take(&data, &size, &part);
    store_below(version == 3 ? "zarr.json" : ".zattrs", part, length);
    return store_chunk(data, size);
}

static bw_image *open_image(bw_context *ctx, const char *name) {
    bw_image *image;
    const bw_status status = bw_zarr_open(ctx, in_folder(name), &image);
    demand((status == BW_OK) == (image != NULL) && (status == BW_OK || bw_context_error(ctx)[0]));
    return image;
}

/* Small parts only, as every pixel may have a chunk of its own. */
static void compare(const char *name) {
    bw_context *ctx = get_context(1, LARGE), *small = get_context(2, 1);
    bw_image *image = open_image(ctx, name), *other = image ? open_image(small, name) : NULL;
    for (uint64_t i = 0; i < 4 && image; i++) {
        bw_part part = boxes_random(bw_image_get_info(image), 5, i);
        for (int axis = 2; axis >= 0 && boxes_bytes(bw_image_get_info(image), &part) > 1 << 10; axis--)
            part.hi[axis] = part.lo[axis] + 1;
        if (i == 3) /* where the chunk is */
            part = (bw_part){0, {0, 0, 0}, {1, 1, 1}};
        if (boxes_bytes(bw_image_get_info(image), &part) > 1 << 10) break;
        const int found = boxes_agree(ctx, image, other, &part);
        demand(found != BOXES_DIFFER);
        if (found == BOXES_FAILED) {
            bw_context *again = new_context();
            demand(bw_context_error(ctx)[0] && boxes_agree(again, other, image, &part) == BOXES_FAILED);
            bw_context_free(again);
            break;
        }
    }
    bw_image_free(image);
    bw_image_free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    for (int i = 0; i < CONTEXTS; i++)
        get_context(i, LARGE);
    const uint64_t held = bw_memory_in_use(); /* a context always takes as much */
    if (store_all(data, size)) {
        compare("");
        compare("0");
    }
    remove_folder();
    demand(bw_memory_in_use() == held);
    return 0;
}
