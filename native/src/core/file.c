#include "core/file.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

#include "core/alloc.h"

#ifdef _WIN32
#include <io.h>
#include <process.h>
#include <windows.h>
#else
#include <fcntl.h>
#include <unistd.h>
#endif

#ifdef _WIN32
static wchar_t *wide(bw_context *ctx, const char *path) {
    int size = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, NULL, 0);
    wchar_t *text = size > 0 ? bw_alloc(ctx, (uint64_t)size, sizeof *text, "a path") : NULL;
    if (text) MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, text, size);
    return text;
}

static FILE *open_utf8(bw_context *ctx, const char *path, const char *mode) {
    wchar_t *p = wide(ctx, path), *m = wide(ctx, mode);
    FILE *file = p && m ? _wfopen(p, m) : NULL;
    bw_free(p);
    bw_free(m);
    return file;
}

static int is_directory(bw_context *ctx, const char *path) {
    wchar_t *p = wide(ctx, path);
    DWORD attributes = p ? GetFileAttributesW(p) : INVALID_FILE_ATTRIBUTES;
    bw_free(p);
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY);
}

static int is_device(const char *path) {
    (void)path;
    return 0;
}

static int identify(const char *path, BY_HANDLE_FILE_INFORMATION *out) {
    wchar_t *p = wide(NULL, path);
    HANDLE file = p ? CreateFileW(p, 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                                  FILE_FLAG_BACKUP_SEMANTICS, NULL)
                    : INVALID_HANDLE_VALUE;
    bw_free(p);
    if (file == INVALID_HANDLE_VALUE) return 0;
    int known = GetFileInformationByHandle(file, out) != 0;
    CloseHandle(file);
    return known;
}

int bw_file_same(const char *a, const char *b) {
    BY_HANDLE_FILE_INFORMATION x, y;
    return identify(a, &x) && identify(b, &y) && x.dwVolumeSerialNumber == y.dwVolumeSerialNumber &&
           x.nFileIndexHigh == y.nFileIndexHigh && x.nFileIndexLow == y.nFileIndexLow;
}

static void remove_utf8(const char *path) {
    wchar_t *p = wide(NULL, path);
    if (p) _wremove(p);
    bw_free(p);
}

static int rename_utf8(bw_context *ctx, const char *from, const char *to) {
    wchar_t *f = wide(ctx, from), *t = wide(ctx, to);
    int ok = f && t && MoveFileExW(f, t, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH);
    bw_free(f);
    bw_free(t);
    if (!ok) errno = EACCES;
    return ok;
}

static int flush_to_disk(FILE *file) {
    return !_commit(_fileno(file));
}

int bw_file_seek(FILE *file, uint64_t offset) {
    return _fseeki64(file, (int64_t)offset, SEEK_SET);
}

#define process_id _getpid
#else
static FILE *open_utf8(bw_context *ctx, const char *path, const char *mode) {
    (void)ctx;
    return fopen(path, mode);
}

static int is_directory(bw_context *ctx, const char *path) {
    struct stat st;
    (void)ctx;
    return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static int is_device(const char *path) {
    struct stat st;
    return !stat(path, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

int bw_file_same(const char *a, const char *b) {
    struct stat x, y;
    return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static void remove_utf8(const char *path) {
    remove(path);
}

static int rename_utf8(bw_context *ctx, const char *from, const char *to) {
    (void)ctx;
    return !rename(from, to);
}

static int flush_to_disk(FILE *file) {
    return !fsync(fileno(file));
}

int bw_file_seek(FILE *file, uint64_t offset) {
    return fseeko(file, (off_t)offset, SEEK_SET);
}

#define process_id getpid
#endif

bw_status bw_file_open(bw_context *ctx, const char *path, const char *mode, FILE **out) {
    *out = NULL;
    if (is_directory(ctx, path)) return bw_fail(ctx, BW_ERROR_IO, "%s is a folder; a file is needed here.", path);
    *out = open_utf8(ctx, path, mode);
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
    if (is_directory(ctx, path)) return bw_fail(ctx, BW_ERROR_IO, "Cannot write %s: it is a folder.", path);
    if (is_device(path)) /* the final rename would replace it */
        return bw_fail(ctx, BW_ERROR_IO, "Cannot write %s: it is a device, not a file. Name a file.", path);
    size_t size = strlen(path) + 48;
    char *own = bw_strdup(ctx, path), *temporary = bw_alloc(ctx, size, 1, "a path");
    if (!own || !temporary) {
        bw_free(own);
        bw_free(temporary);
        return BW_ERROR_MEMORY;
    }
    snprintf(temporary, size, "%.*s.%ld-%u.part", (int)stem_length(path), path, (long)process_id(),
             atomic_fetch_add(&serial, 1));
    FILE *file = open_utf8(ctx, temporary, "wb");
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
    FILE *file = open_utf8(ctx, out->temporary, "rb+");
    int ok = file && flush_to_disk(file);
    if (file) ok = !fclose(file) && ok;
    if (!ok || !rename_utf8(ctx, out->temporary, out->path)) {
        bw_fail(ctx, BW_ERROR_IO, "Cannot finish %s: %s.", out->path, strerror(errno));
        bw_output_abandon(out);
        return BW_ERROR_IO;
    }
    forget(out);
    return BW_OK;
}

void bw_output_abandon(bw_output *out) {
    if (out->temporary) remove_utf8(out->temporary);
    forget(out);
}

bw_status bw_output_check(bw_context *ctx, const char *path) {
    bw_output output;
    BW_TRY(bw_output_begin(ctx, path, &output));
    bw_output_abandon(&output);
    return BW_OK;
}
