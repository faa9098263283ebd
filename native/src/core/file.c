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
    bw_status status = BW_ERROR_MEMORY;
    for (;;) {
        uint8_t *grown = bw_realloc(ctx, bytes, capacity, 1, "a file's content");
        if (!grown) break;
        bytes = grown;
        at += fread(bytes + at, 1, (size_t)(capacity - at), file);
        if (ferror(file)) {
            status = bw_fail(ctx, BW_ERROR_IO, "Cannot read %s: %s.", path, strerror(errno));
            break;
        }
        if (at > limit) {
            status = bw_fail(ctx, BW_ERROR_FORMAT, "%s is larger than the %llu bytes allowed here.", path,
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
    return status;
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

bw_status bw_file_read_at(bw_context *ctx, FILE *file, const char *path, uint64_t offset, void *to, uint64_t size) {
    errno = 0;
    if (!bw_system_seek(file, offset) && fread(to, 1, (size_t)size, file) == size) return BW_OK;
    if (ferror(file) || errno)
        return bw_fail(ctx, BW_ERROR_IO, "Cannot read %s: %s.", path, strerror(errno ? errno : EIO));
    return bw_fail(ctx, BW_ERROR_FORMAT, "%s ends before byte %llu; it is cut short. Copy it again.", path,
                   (unsigned long long)(offset + size));
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

/* ---- paths */

char *bw_path_join(bw_context *ctx, const char *folder, const char *name) {
    const size_t length = strlen(folder), size = length + strlen(name) + 2;
    char *path = bw_alloc(ctx, size, 1, "a path");
    if (path)
        snprintf(path, size, "%s%s%s", folder, length && !bw_system_separates(folder[length - 1]) ? "/" : "", name);
    return path;
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

/* The process that made a file, and its computer, by the file's name; 0 when none did. */
static unsigned long owner(const char *name, unsigned long *host) {
    const char *tail = name + strlen(name);
    char *end;
    for (int dots = 0; tail > name && dots < 2;)
        dots += *--tail == '.';
    *host = strtoul(tail + 1, &end, 16);
    if (*end != '-') return 0;
    const unsigned long process = strtoul(end + 1, &end, 10);
    if (*end != '-') return 0;
    strtoul(end + 1, &end, 10);
    return strcmp(end, part_suffix) ? 0 : process;
}

/* Room for a folder and a name in it. */
typedef struct bw_sweep {
    char *path;
    size_t folder, room;
    int all; /* also what others may be at */
} bw_sweep;

static int remove_if_dead(void *user, const char *name) {
    const bw_sweep *sweep = user;
    const size_t length = strlen(name), suffix = sizeof part_suffix - 1;
    unsigned long host;
    if (length <= suffix || length >= sweep->room || strcmp(name + length - suffix, part_suffix)) return 0;
    const unsigned long process = owner(name, &host);
    if (!process || (!sweep->all && (host != this_host() || bw_system_runs(process)))) return 0;
    memcpy(sweep->path + sweep->folder, name, length + 1);
    bw_tree_remove(sweep->path);
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

static void sweep_now(const char *path, size_t folder, int all) {
    enum { LONGEST_NAME = 1024 };
    bw_sweep room = {bw_alloc(NULL, folder + LONGEST_NAME, 1, "a path"), folder, LONGEST_NAME, all};
    if (!room.path) return;
    memcpy(room.path, path, folder);
    memcpy(room.path + folder, folder ? "" : ".", folder ? 1 : 2);
    bw_system_list(room.path, remove_if_dead, &room); /* what cannot be listed stays as it is */
    bw_free(room.path);
}

static void sweep(const char *path, size_t folder) {
    if (!swept_lately(path, folder)) sweep_now(path, folder, 0);
}

void bw_output_sweep(const char *folder) {
    char *path = bw_path_join(NULL, folder, "");
    if (path) sweep(path, strlen(path));
    bw_free(path);
}

void bw_output_sweep_all(const char *folder) {
    char *path = bw_path_join(NULL, folder, "");
    if (path) sweep_now(path, strlen(path), 1);
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

enum { PART_ROOM = 64 }; /* of what a temporary name has behind the path */

static void name_part(const char *path, char *temporary) {
    static _Atomic unsigned serial;
    snprintf(temporary, strlen(path) + PART_ROOM, "%.*s.%08x-%lu-%u%s", (int)stem_length(path), path, this_host(),
             bw_system_process(), atomic_fetch_add(&serial, 1), part_suffix);
}

/* Makes the file; a name that is taken belongs to an earlier process with the number of this one. */
static FILE *create_part(const char *path, char *temporary) {
    FILE *file = NULL;
    for (int attempt = 0; attempt < 1000 && !file && (!attempt || errno == EEXIST); attempt++) {
        name_part(path, temporary);
        file = bw_system_create(temporary);
    }
    return file;
}

static int create_part_folder(const char *path, char *temporary) {
    int made = 0;
    for (int attempt = 0; attempt < 1000 && !made && (!attempt || errno == EEXIST); attempt++) {
        name_part(path, temporary);
        made = !bw_system_make_folder(temporary);
    }
    return made;
}

static bw_status check_target(bw_context *ctx, const char *path) {
    if (!*path) return bw_fail(ctx, BW_ERROR_ARGUMENT, "The name of the output file is empty.");
    const bw_path_kind kind = bw_system_kind(path);
    if (kind == BW_PATH_FOLDER) return bw_fail(ctx, BW_ERROR_IO, "Cannot write %s: it is a folder. Name a file.", path);
    if (kind == BW_PATH_DEVICE) /* the final rename would replace it */
        return bw_fail(ctx, BW_ERROR_IO, "Cannot write %s: it is a device, not a file. Name a file.", path);
    return BW_OK;
}

static void forget(bw_output *out) {
    bw_free(out->path);
    bw_free(out->temporary);
    *out = (bw_output){NULL, NULL};
}

/* Room for the names. */
static bw_status begin(bw_context *ctx, const char *path, bw_output *out) {
    sweep(path, folder_length(path));
    *out = (bw_output){bw_strdup(ctx, path), bw_alloc(ctx, strlen(path) + PART_ROOM, 1, "a path")};
    if (out->path && out->temporary) return BW_OK;
    forget(out);
    return BW_ERROR_MEMORY;
}

bw_status bw_output_begin(bw_context *ctx, const char *path, bw_output *out) {
    *out = (bw_output){NULL, NULL};
    BW_TRY(check_target(ctx, path));
    BW_TRY(begin(ctx, path, out));
    FILE *file = create_part(path, out->temporary);
    if (file) {
        fclose(file);
        return BW_OK;
    }
    const int reason = errno;
    forget(out);
    return bw_output_failed(ctx, path, reason);
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
    if (out->temporary) bw_tree_remove(out->temporary);
    forget(out);
}

bw_status bw_output_check(bw_context *ctx, const char *path) {
    bw_output output;
    BW_TRY(bw_output_begin(ctx, path, &output));
    bw_output_abandon(&output);
    return BW_OK;
}

/* ---- folders as outputs */

bw_status bw_output_begin_folder(bw_context *ctx, const char *path, bw_output *out) {
    *out = (bw_output){NULL, NULL};
    if (!*path) return bw_fail(ctx, BW_ERROR_ARGUMENT, "The name of the output folder is empty.");
    BW_TRY(begin(ctx, path, out));
    if (create_part_folder(path, out->temporary)) return BW_OK;
    const int reason = errno;
    forget(out);
    return bw_output_failed(ctx, path, reason);
}

/* 0, or errno. What stands at `path` gets the name `aside`, of a temporary folder that takes its place. */
static int replace_folder(const bw_output *out, char *aside) {
    if (!bw_system_rename(out->temporary, out->path)) return 0;
    const int reason = errno;
    if (bw_system_kind(out->path) == BW_PATH_ABSENT && !bw_system_is_link(out->path)) return reason;
    name_part(out->path, aside);
    if (bw_system_rename(out->path, aside)) return errno;
    if (!bw_system_rename(out->temporary, out->path)) {
        bw_tree_remove(aside); /* what stays of it goes with the next sweep */
        return 0;
    }
    const int failed = errno;
    bw_system_rename(aside, out->path);
    return failed;
}

bw_status bw_output_commit_folder(bw_context *ctx, bw_output *out) {
    char *aside = bw_alloc(ctx, strlen(out->path) + PART_ROOM, 1, "a path");
    const int reason = aside ? replace_folder(out, aside) : 0;
    bw_status status = aside ? BW_OK : BW_ERROR_MEMORY;
    if (reason) status = bw_output_failed(ctx, out->path, reason);
    bw_free(aside);
    if (status == BW_OK)
        forget(out);
    else
        bw_output_abandon(out);
    return status;
}

/* ---- whole files */

/* 0, or errno. Closes the file. */
static int fill(FILE *file, const void *data, uint64_t size) {
    int reason = fwrite(data, 1, (size_t)size, file) == size && !fflush(file) && !flush(file) ? 0 : errno;
    if (fclose(file) && !reason) reason = errno;
    return reason;
}

/* 0, or errno; ENOENT: the folder of `path` is not there, or the temporary file is not any more. */
static int move_into_place(const char *temporary, const char *path) {
    return bw_system_rename(temporary, path) ? errno : 0;
}

static bw_status make_folder_of(bw_context *ctx, const char *path) {
    char *folder = bw_strdup(ctx, path);
    if (!folder) return BW_ERROR_MEMORY;
    folder[folder_length(path)] = 0;
    const bw_status status = bw_folder_make(ctx, folder);
    bw_free(folder);
    return status;
}

/* Whole files that replace what is there, or leave it as it is. */
typedef int (*place_fn)(const char *temporary, const char *path);

static int place_if_absent(const char *temporary, const char *path) {
    if (!bw_system_rename_new(temporary, path)) return 0;
    if (errno != EEXIST) return errno;
    bw_system_remove(temporary);
    return 0;
}

/* One try. *again: the temporary file has gone. */
static bw_status store(bw_context *ctx, const bw_output *out, const char *stem, place_fn place, const void *data,
                       uint64_t size, int *again) {
    FILE *file = create_part(stem, out->temporary);
    int reason = file ? fill(file, data, size) : errno;
    if (!reason) reason = place(out->temporary, out->path);
    if (reason == ENOENT && file && bw_system_kind(out->temporary) == BW_PATH_FILE) {
        BW_TRY(make_folder_of(ctx, out->path));
        reason = place(out->temporary, out->path);
    }
    *again = reason == ENOENT && file && bw_system_kind(out->temporary) == BW_PATH_ABSENT;
    if (!reason || *again) return BW_OK;
    return bw_output_failed(ctx, out->path, reason);
}

static bw_status store_by(bw_context *ctx, place_fn place, const char *folder, const char *path, const void *data,
                          uint64_t size) {
    enum { TRIES = 100 }; /* sweeps come once for a whole image */
    char *stem = bw_path_join(ctx, folder, path + folder_length(path));
    bw_output out = {NULL, NULL};
    bw_status status = stem ? begin(ctx, stem, &out) : BW_ERROR_MEMORY;
    int again = 1;
    if (status == BW_OK) {
        bw_free(out.path);
        out.path = bw_strdup(ctx, path);
        if (!out.path) status = BW_ERROR_MEMORY;
    }
    for (int i = 0; i < TRIES && again && status == BW_OK; i++)
        status = store(ctx, &out, stem, place, data, size, &again);
    if (status == BW_OK && again) status = bw_output_failed(ctx, path, ENOENT);
    if (status == BW_OK)
        forget(&out);
    else
        bw_output_abandon(&out);
    bw_free(stem);
    return status;
}

bw_status bw_file_store(bw_context *ctx, const char *folder, const char *path, const void *data, uint64_t size) {
    return store_by(ctx, move_into_place, folder, path, data, size);
}

bw_status bw_file_store_new(bw_context *ctx, const char *folder, const char *path, const void *data, uint64_t size) {
    return store_by(ctx, place_if_absent, folder, path, data, size);
}
