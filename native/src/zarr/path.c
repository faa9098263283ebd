#include "zarr/path.h"

#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/system.h"

bw_status bw_zarr_join(bw_context *ctx, const char *folder, const char *name, char **out) {
    *out = bw_path_join(ctx, folder, name);
    return *out ? BW_OK : BW_ERROR_MEMORY;
}

static size_t without_separators(const char *path, size_t length) {
    while (length > 1 && bw_system_separates(path[length - 1]) && path[length - 1] != ':')
        length--;
    return length;
}

bw_status bw_zarr_trim(bw_context *ctx, const char *path, char **out) {
    *out = bw_strdup(ctx, path);
    if (!*out) return BW_ERROR_MEMORY;
    (*out)[without_separators(path, strlen(path))] = 0;
    return BW_OK;
}

const char *bw_zarr_last(const char *path) {
    const char *last = path + strlen(path);
    while (last > path && !bw_system_separates(last[-1]))
        last--;
    return last;
}

size_t bw_zarr_parent(const char *path) {
    return without_separators(path, (size_t)(bw_zarr_last(path) - path));
}

int bw_zarr_holds(const char *folder, const char *name) {
    char *path;
    if (bw_zarr_join(NULL, folder, name, &path) != BW_OK) return 0;
    const int found = bw_system_kind(path) == BW_PATH_FILE;
    bw_free(path);
    return found;
}

int bw_zarr_stays_below(const char *name) {
    size_t length = 0;
    for (const char *at = name; *at; at += length + (at[length] != 0)) {
        length = strcspn(at, "/\\:");
        if (!length || (length == 2 && !memcmp(at, "..", 2)) || (at[length] && at[length] != '/')) return 0;
    }
    return *name != 0;
}

/* ---- which paths mean Zarr --------------------------------------------------------------------------------------- */

static int folds_to(const char *text, size_t length, const char *ending) {
    const size_t size = strlen(ending);
    if (length < size) return 0;
    for (size_t i = 0; i < size; i++) {
        const char c = text[length - size + i];
        if ((c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c) != ending[i]) return 0;
    }
    return 1;
}

/* Files in a folder that is named like a Zarr folder. */
static int is_tiff(const char *path) {
    const size_t length = strlen(path);
    return folds_to(path, length, ".tif") || folds_to(path, length, ".tiff");
}

int bw_path_is_zarr(const char *path) {
    static const char *const marks[] = {"zarr.json", ".zarray", ".zgroup", ".zattrs"};
    const bw_path_kind kind = path ? bw_system_kind(path) : BW_PATH_FILE;
    if (kind == BW_PATH_FILE || kind == BW_PATH_DEVICE) return 0;
    for (size_t i = 0; kind == BW_PATH_FOLDER && i < sizeof marks / sizeof *marks; i++)
        if (bw_zarr_holds(path, marks[i])) return 1;
    for (const char *at = path; *at;) {
        size_t length = 0;
        while (at[length] && !bw_system_separates(at[length]))
            length++;
        if (length > 5 && folds_to(at, length, ".zarr")) return !is_tiff(path);
        at += length + (at[length] != 0);
    }
    return 0;
}
