#include "zarr/array.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/system.h"
#include "zarr/coding.h"
#include "zarr/coding_parts.h"
#include "zarr/path.h"

int64_t bw_zarr_chunk_count(const bw_zarr_array *array, int axis) {
    return (array->size[axis] + array->chunk[axis] - 1) / array->chunk[axis];
}

uint64_t bw_zarr_chunk_bytes(const bw_zarr_array *array) {
    uint64_t bytes = (uint64_t)array->bytes;
    for (int axis = 0; axis < array->axes; axis++)
        bytes *= (uint64_t)array->chunk[axis];
    return bytes;
}

void bw_zarr_array_free(bw_zarr_array *array) {
    if (!array) return;
    for (int axis = 0; axis < BW_ZARR_MAX_AXES; axis++)
        bw_free(array->names[axis]);
    bw_zarr_coding_free(array->coding);
    bw_free(array->path);
    bw_free(array);
}

/* ---- chunks ------------------------------------------------------------------------------------------------------ */

bw_status bw_zarr_chunk_path(bw_context *ctx, const bw_zarr_array *array, const int64_t *at, char **out) {
    const bw_zarr_shards *shards = array->coding->shards;
    char name[24 * BW_ZARR_MAX_AXES + 4];
    size_t length = (size_t)snprintf(name, sizeof name, "%s", array->prefixed ? "c" : "");
    for (int axis = 0; axis < array->axes; axis++) {
        const int64_t number = shards ? at[axis] / bw_zarr_shards_grid(shards)->per[axis] : at[axis];
        if (length) name[length++] = array->separator;
        length += (size_t)snprintf(name + length, sizeof name - length, "%lld", (long long)number);
    }
    return bw_zarr_join(ctx, array->path, name, out);
}

static void fill(const bw_zarr_array *array, uint8_t *to) {
    const uint64_t bytes = bw_zarr_chunk_bytes(array);
    uint64_t done = (uint64_t)array->bytes;
    memcpy(to, array->fill, (size_t)done);
    for (uint64_t n; done < bytes; done += n) {
        n = bytes - done < done ? bytes - done : done;
        memcpy(to + done, to, (size_t)n);
    }
}

/* Chunks may be missing, but not because their folder went away after it was opened. */
static bw_status check_missing(bw_context *ctx, const bw_zarr_array *array) {
    if (bw_system_kind(array->path) == BW_PATH_FOLDER) return BW_OK;
    return bw_fail(ctx, BW_ERROR_IO, "The folder %s is not there any more. Open the image again when it is back.",
                   array->path);
}

/* *file NULL: there is none. */
static bw_status open_chunk(bw_context *ctx, const bw_zarr_array *array, const char *path, FILE **file,
                            uint64_t *size) {
    *file = NULL;
    const bw_path_kind kind = bw_system_kind(path);
    if (kind == BW_PATH_FOLDER || kind == BW_PATH_DEVICE)
        return bw_zarr_damaged(ctx, path, kind == BW_PATH_FOLDER ? "it is a folder" : "it is a device or pipe");
    *file = bw_system_open(path, "rb");
    if (!*file && errno == ENOENT) return check_missing(ctx, array);
    if (!*file) return bw_file_open(ctx, path, "rb", file); /* which tells why not */
    const int64_t found = bw_system_length(*file);
    *size = found > 0 ? (uint64_t)found : 0;
    return BW_OK;
}

static bw_status read_range(bw_context *ctx, const bw_zarr_array *array, const char *path, FILE *file,
                            bw_zarr_range range, void *to) {
    if (range.size > bw_zarr_encoded_most(bw_zarr_chunk_bytes(array)))
        return bw_zarr_damaged(ctx, path, "it is too long for a chunk");
    uint8_t *data = bw_alloc(ctx, range.size, 1, "a compressed chunk");
    if (!data) return BW_ERROR_MEMORY;
    bw_status status = bw_file_read_at(ctx, file, path, range.offset, data, range.size);
    if (status == BW_OK) status = bw_zarr_decode(ctx, array, path, data, range.size, to);
    bw_free(data);
    return status;
}

static bw_status read_chunk(bw_context *ctx, const bw_zarr_array *array, const int64_t *at, const char *path,
                            FILE *file, uint64_t size, void *to) {
    bw_zarr_range range = {0, size};
    if (array->coding->shards) BW_TRY(bw_zarr_shards_find(ctx, array, at, path, file, size, &range));
    if (range.offset != UINT64_MAX) return read_range(ctx, array, path, file, range, to);
    fill(array, to);
    return BW_OK;
}

bw_status bw_zarr_chunk_read(bw_context *ctx, const bw_zarr_array *array, const int64_t *at, void *to) {
    char *path;
    FILE *file;
    uint64_t size = 0;
    BW_TRY(bw_zarr_chunk_path(ctx, array, at, &path));
    bw_status status = open_chunk(ctx, array, path, &file, &size);
    if (status == BW_OK && !file) fill(array, to);
    if (file) {
        status = read_chunk(ctx, array, at, path, file, size, to);
        fclose(file);
    }
    bw_free(path);
    return status;
}
