#include "core/file.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/bytes.h"
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

bw_status bw_output_failed(bw_context *ctx, const char *path, int reason) {
    static const struct {
        int reason;
        const char *advice;
    } known[] = {{ENOENT, "Make its folder first."},
                 {ENOTDIR, "A file stands where a folder should be; name another one."},
                 {EACCES, "Check the rights of the folder and the file, or name another folder."},
                 {EROFS, "Name a folder elsewhere."},
                 {ENOSPC, "Free space on the disk and try again."},
                 {EFBIG, "The disk or a limit of the system takes no larger files; name a folder elsewhere."},
                 {ENAMETOOLONG, "Choose a shorter name."}};
    const char *advice = "Check the folder and the disk.";
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].reason == reason) advice = known[i].advice;
    return bw_fail(ctx, BW_ERROR_IO, "Cannot write %s: %s. %s", path, strerror(reason), advice);
}

static size_t folder_length(const char *path) {
    size_t length = strlen(path);
    while (length && !bw_system_separates(path[length - 1]))
        length--;
    return length;
}

/* ---- folders */

/* 0, or errno. */
static int make_one(const char *path) {
    if (!bw_system_make_folder(path)) return 0;
    const int reason = errno;
    return bw_system_kind(path) == BW_PATH_FOLDER ? 0 : reason;
}

static int make_with_parents(char *path) {
    const int reason = make_one(path);
    size_t parent = folder_length(path);
    while (parent && bw_system_separates(path[parent - 1]))
        parent--;
    if (reason != ENOENT || !parent) return reason;
    const char separator = path[parent];
    path[parent] = 0;
    const int failed = make_with_parents(path);
    path[parent] = separator;
    return failed ? failed : make_one(path);
}

bw_status bw_folder_make(bw_context *ctx, const char *path) {
    if (bw_system_kind(path) == BW_PATH_FOLDER) return BW_OK;
    char *own = bw_strdup(ctx, path);
    if (!own) return BW_ERROR_MEMORY;
    size_t end = strlen(own);
    while (end > 1 && bw_system_separates(own[end - 1]))
        own[--end] = 0;
    const int reason = make_with_parents(own);
    bw_free(own);
    if (!reason) return BW_OK;
    return bw_fail(ctx, BW_ERROR_IO, "Cannot make the folder %s: %s. Name another one.", path,
                   reason == EEXIST ? "there is a file of this name" : strerror(reason));
}

/* ---- temporary names: <name>.<host>-<process>-<serial>.part */

static const char part_suffix[] = ".part";

static unsigned this_host(void) {
    static _Atomic uint64_t known; /* plus 1; 0 = not asked for yet */
    if (!atomic_load(&known)) atomic_store(&known, (uint64_t)bw_system_host() + 1);
    return (unsigned)(atomic_load(&known) - 1);
}

/* The process of this computer that made a file, by its name; 0 when none did. */
static unsigned long owner(const char *name) {
    const char *tail = name + strlen(name);
    char *end;
    for (int dots = 0; tail > name && dots < 2;)
        dots += *--tail == '.';
    const unsigned long host = strtoul(tail + 1, &end, 16);
    if (*end != '-') return 0;
    const unsigned long process = strtoul(end + 1, &end, 10);
    if (*end != '-') return 0;
    strtoul(end + 1, &end, 10);
    return !strcmp(end, part_suffix) && host == this_host() ? process : 0;
}

/* Room for a folder and a name in it. */
typedef struct bw_sweep {
    char *path;
    size_t folder, room;
} bw_sweep;

static int remove_if_dead(void *user, const char *name) {
    const bw_sweep *sweep = user;
    const size_t length = strlen(name), suffix = sizeof part_suffix - 1;
    if (length <= suffix || length >= sweep->room || strcmp(name + length - suffix, part_suffix)) return 0;
    const unsigned long process = owner(name);
    if (!process || bw_system_runs(process)) return 0;
    memcpy(sweep->path + sweep->folder, name, length + 1);
    bw_system_remove(sweep->path);
    return 0;
}

/* Whether a folder was swept in the last ten seconds; it counts as swept now. Of folders with the same place in the
 * table the last one is remembered. */
static int swept_lately(const char *folder, size_t length) {
    enum { FOLDERS = 64, SECONDS = 10 };
    static _Atomic uint64_t last[FOLDERS]; /* half of the hash, and the time from 1 on */
    const uint64_t hash = bw_hash64(0, folder, length);
    const uint32_t now = (uint32_t)bw_system_clock() + 1;
    const uint64_t before = atomic_load(&last[hash % FOLDERS]);
    if ((uint32_t)(before >> 32) == (uint32_t)(hash >> 32) && (uint32_t)before && now - (uint32_t)before < SECONDS)
        return 1;
    atomic_store(&last[hash % FOLDERS], hash >> 32 << 32 | now);
    return 0;
}

static void sweep(const char *path, size_t folder) {
    enum { LONGEST_NAME = 1024 };
    if (swept_lately(path, folder)) return;
    bw_sweep room = {bw_alloc(NULL, folder + LONGEST_NAME, 1, "a path"), folder, LONGEST_NAME};
    if (!room.path) return;
    memcpy(room.path, path, folder);
    memcpy(room.path + folder, folder ? "" : ".", folder ? 1 : 2);
    bw_system_list(room.path, remove_if_dead, &room); /* what cannot be listed stays as it is */
    bw_free(room.path);
}

void bw_output_sweep(const char *folder) {
    const size_t length = strlen(folder);
    char *path = bw_alloc(NULL, length + 2, 1, "a path");
    if (!path) return;
    snprintf(path, length + 2, "%s%s", folder, length && !bw_system_separates(folder[length - 1]) ? "/" : "");
    sweep(path, strlen(path));
    bw_free(path);
}

/* ---- outputs */

/* Bytes of the path that the temporary name begins with: of a long file name only a part, cut between characters, since
 * file systems allow 255 bytes. */
static size_t stem_length(const char *path) {
    size_t length = strlen(path);
    const size_t folder = folder_length(path), most = folder + 200;
    if (length <= most) return length;
    for (length = most; length > folder && ((unsigned char)path[length] & 0xc0) == 0x80; length--) {
    }
    return length;
}

/* Makes the file; a name that is taken belongs to an earlier process with the number of this one. */
static FILE *create_part(const char *path, char *temporary, size_t size) {
    static _Atomic unsigned serial;
    FILE *file = NULL;
    for (int attempt = 0; attempt < 1000 && !file && (!attempt || errno == EEXIST); attempt++) {
        snprintf(temporary, size, "%.*s.%08x-%lu-%u%s", (int)stem_length(path), path, this_host(), bw_system_process(),
                 atomic_fetch_add(&serial, 1), part_suffix);
        file = bw_system_create(temporary);
    }
    return file;
}

static bw_status check_target(bw_context *ctx, const char *path) {
    if (!*path) return bw_fail(ctx, BW_ERROR_ARGUMENT, "The name of the output file is empty.");
    const bw_path_kind kind = bw_system_kind(path);
    if (kind == BW_PATH_FOLDER) return bw_fail(ctx, BW_ERROR_IO, "Cannot write %s: it is a folder. Name a file.", path);
    if (kind == BW_PATH_DEVICE) /* the final rename would replace it */
        return bw_fail(ctx, BW_ERROR_IO, "Cannot write %s: it is a device, not a file. Name a file.", path);
    return BW_OK;
}

bw_status bw_output_begin(bw_context *ctx, const char *path, bw_output *out) {
    *out = (bw_output){NULL, NULL};
    BW_TRY(check_target(ctx, path));
    sweep(path, folder_length(path));
    size_t size = strlen(path) + 64;
    char *own = bw_strdup(ctx, path), *temporary = bw_alloc(ctx, size, 1, "a path");
    FILE *file = own && temporary ? create_part(path, temporary, size) : NULL;
    if (file) {
        fclose(file);
        *out = (bw_output){own, temporary};
        return BW_OK;
    }
    const bw_status status = own && temporary ? bw_output_failed(ctx, path, errno) : BW_ERROR_MEMORY;
    bw_free(own);
    bw_free(temporary);
    return status;
}

static void forget(bw_output *out) {
    bw_free(out->path);
    bw_free(out->temporary);
    *out = (bw_output){NULL, NULL};
}

/* Large files always; small ones nine times as long after the last flush as that took, at the earliest. */
static int flush(FILE *file) {
    enum { SMALL = 1 << 20 };
    static _Atomic double next;
    const double start = bw_system_clock();
    if (bw_system_length(file) < SMALL && start < atomic_load(&next)) return 0;
    const int failed = bw_system_flush(file);
    const double end = bw_system_clock();
    atomic_store(&next, end + 9 * (end - start));
    return failed;
}

bw_status bw_output_commit(bw_context *ctx, bw_output *out) {
    FILE *file = bw_system_open(out->temporary, "rb+");
    int ok = file && !flush(file), reason = errno;
    if (file && fclose(file) && ok) ok = 0, reason = errno;
    if (ok && bw_system_rename(out->temporary, out->path)) ok = 0, reason = errno;
    if (!ok) {
        bw_output_failed(ctx, out->path, reason);
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
