#include "core/file.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "core/alloc.h"
#include "core/system.h"

bw_status bw_file_open(bw_context *ctx, const char *path, const char *mode, FILE **out) {
    *out = NULL;
    if (bw_system_kind(path) == BW_PATH_FOLDER)
        return bw_fail(ctx, BW_ERROR_IO, "%s is a folder; a file is needed here.", path);
    *out = bw_system_open(path, mode);
    if (*out) return BW_OK;
    return bw_fail(ctx, BW_ERROR_IO, "Cannot open %s for %s: %s.", path, mode[0] == 'r' ? "reading" : "writing",
                   strerror(errno));
}

static bw_status read_bytes(bw_context *ctx, FILE *file, const char *path, uint64_t limit, uint8_t **data,
                            uint64_t *size) {
    uint64_t capacity = 1 << 16, at = 0;
    uint8_t *bytes = NULL;
    for (;;) {
        uint8_t *grown = bw_realloc(ctx, bytes, capacity, 1, "a file's content");
        if (!grown) break;
        bytes = grown;
        at += fread(bytes + at, 1, (size_t)(capacity - at), file);
        if (ferror(file)) {
            bw_fail(ctx, BW_ERROR_IO, "Cannot read %s: %s.", path, strerror(errno));
            break;
        }
        if (at > limit) {
            bw_fail(ctx, BW_ERROR_FORMAT, "%s is larger than the %llu bytes allowed here.", path,
                    (unsigned long long)limit);
            break;
        }
        if (at < capacity) {
            *data = bytes;
            *size = at;
            return BW_OK;
        }
        capacity *= 2;
    }
    bw_free(bytes);
    return bw_context_status(ctx);
}

bw_status bw_file_read_all(bw_context *ctx, const char *path, uint64_t limit, uint8_t **data, uint64_t *size) {
    FILE *file;
    *data = NULL;
    *size = 0;
    BW_TRY(bw_file_open(ctx, path, "rb", &file));
    bw_status status = read_bytes(ctx, file, path, limit, data, size);
    fclose(file);
    return status;
}

/* Bytes of the path that the temporary name begins with: of a long file name only a part, cut between characters, since
 * file systems allow 255 bytes. */
static size_t stem_length(const char *path) {
    size_t length = strlen(path), folder = length;
    while (folder && path[folder - 1] != '/' && path[folder - 1] != '\\')
        folder--;
    const size_t most = folder + 200;
    if (length <= most) return length;
    for (length = most; length > folder && ((unsigned char)path[length] & 0xc0) == 0x80; length--) {
    }
    return length;
}

/* The name is unique among processes and among the outputs of this one. */
bw_status bw_output_begin(bw_context *ctx, const char *path, bw_output *out) {
    static _Atomic unsigned serial;
    *out = (bw_output){NULL, NULL};
    if (!*path) return bw_fail(ctx, BW_ERROR_ARGUMENT, "The name of the output file is empty.");
    const bw_path_kind kind = bw_system_kind(path);
    if (kind == BW_PATH_FOLDER) return bw_fail(ctx, BW_ERROR_IO, "Cannot write %s: it is a folder.", path);
    if (kind == BW_PATH_DEVICE) /* the final rename would replace it */
        return bw_fail(ctx, BW_ERROR_IO, "Cannot write %s: it is a device, not a file. Name a file.", path);
    size_t size = strlen(path) + 48;
    char *own = bw_strdup(ctx, path), *temporary = bw_alloc(ctx, size, 1, "a path");
    if (!own || !temporary) {
        bw_free(own);
        bw_free(temporary);
        return BW_ERROR_MEMORY;
    }
    snprintf(temporary, size, "%.*s.%lu-%u.part", (int)stem_length(path), path, bw_system_process(),
             atomic_fetch_add(&serial, 1));
    FILE *file = bw_system_open(temporary, "wb");
    if (!file) {
        bw_fail(ctx, BW_ERROR_IO, "Cannot write %s: %s.", path, strerror(errno));
        bw_free(own);
        bw_free(temporary);
        return BW_ERROR_IO;
    }
    fclose(file);
    *out = (bw_output){own, temporary};
    return BW_OK;
}

static void forget(bw_output *out) {
    bw_free(out->path);
    bw_free(out->temporary);
    *out = (bw_output){NULL, NULL};
}

bw_status bw_output_commit(bw_context *ctx, bw_output *out) {
    FILE *file = bw_system_open(out->temporary, "rb+");
    int ok = file && !bw_system_flush(file);
    if (file) ok = !fclose(file) && ok;
    if (!ok || bw_system_rename(out->temporary, out->path)) {
        bw_fail(ctx, BW_ERROR_IO, "Cannot finish %s: %s.", out->path, strerror(errno));
        bw_output_abandon(out);
        return BW_ERROR_IO;
    }
    forget(out);
    return BW_OK;
}

void bw_output_abandon(bw_output *out) {
    if (out->temporary) bw_system_remove(out->temporary);
    forget(out);
}

bw_status bw_output_check(bw_context *ctx, const char *path) {
    bw_output output;
    BW_TRY(bw_output_begin(ctx, path, &output));
    bw_output_abandon(&output);
    return BW_OK;
}
