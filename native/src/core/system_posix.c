#include "core/system.h"

#ifndef _WIN32

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/bytes.h"

bw_path_facts bw_system_look(const char *path) {
    struct stat st;
    if (stat(path, &st)) return (bw_path_facts){.kind = BW_PATH_ABSENT};
    const bw_path_kind kind = S_ISDIR(st.st_mode)   ? BW_PATH_FOLDER
                              : S_ISREG(st.st_mode) ? BW_PATH_FILE
                                                    : BW_PATH_DEVICE;
    return (bw_path_facts){kind, (int64_t)st.st_size, {(uint64_t)st.st_dev, (uint64_t)st.st_ino}};
}

bw_path_kind bw_system_kind(const char *path) {
    return bw_system_look(path).kind;
}

int bw_system_is_link(const char *path) {
    struct stat st;
    return !lstat(path, &st) && S_ISLNK(st.st_mode);
}

int bw_system_separates(char c) {
    return c == '/';
}

int bw_system_folds_case(void) {
#ifdef __APPLE__
    return 1;
#else
    return 0;
#endif
}

FILE *bw_system_open(const char *path, const char *mode) {
    return fopen(path, mode);
}

FILE *bw_system_create(const char *path) {
    const int handle = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    FILE *file = handle < 0 ? NULL : fdopen(handle, "wb");
    if (file || handle < 0) return file;
    const int reason = errno;
    close(handle);
    unlink(path);
    errno = reason;
    return NULL;
}

int bw_system_remove(const char *path) {
    return remove(path);
}

int bw_system_rename(const char *from, const char *to) {
    return rename(from, to);
}

/* Of two processes at the same moment one wins; only where a file cannot have two names both may. */
int bw_system_rename_new(const char *from, const char *to) {
    struct stat st;
    if (!link(from, to)) {
        unlink(from);
        return 0;
    }
    if (errno == EEXIST || errno == ENOENT) return -1;
    if (lstat(to, &st)) return rename(from, to);
    errno = EEXIST;
    return -1;
}

int bw_system_make_folder(const char *path) {
    return mkdir(path, 0777);
}

int bw_system_list(const char *folder, int (*visit)(void *user, const char *name), void *user) {
    DIR *open_folder = opendir(folder);
    if (!open_folder) return -1;
    int stop = 0;
    errno = 0; /* readdir tells by it alone whether it failed */
    for (struct dirent *entry; !stop && (entry = readdir(open_folder)); errno = 0)
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) stop = visit(user, entry->d_name);
    const int reason = stop ? 0 : errno;
    closedir(open_folder);
    errno = reason;
    return reason ? -1 : 0;
}

int bw_system_flush(FILE *file) {
    return fsync(fileno(file));
}

int bw_system_seek(FILE *file, uint64_t offset) {
    return fseeko(file, (off_t)offset, SEEK_SET);
}

int64_t bw_system_length(FILE *file) {
    return fseeko(file, 0, SEEK_END) ? -1 : (int64_t)ftello(file);
}

int bw_system_same(const char *a, const char *b) {
    const bw_path_facts x = bw_system_look(a), y = bw_system_look(b);
    return x.kind != BW_PATH_ABSENT && y.kind != BW_PATH_ABSENT && !memcmp(x.id, y.id, sizeof x.id);
}

unsigned long bw_system_process(void) {
    return (unsigned long)getpid();
}

int bw_system_runs(unsigned long process) {
    return !kill((pid_t)process, 0) || errno != ESRCH;
}

#ifdef __linux__
static uint64_t add_file(uint64_t hash, const char *path) {
    char text[128];
    FILE *file = fopen(path, "r");
    const size_t size = file ? fread(text, 1, sizeof text, file) : 0;
    if (file) fclose(file);
    return bw_hash_add(hash, text, size);
}

/* Computers by their id, which they keep. Containers may share even their names, but no boot of a kernel and number of
 * a process namespace; the first namespace has a fixed number. */
static uint64_t add_machine(uint64_t hash) {
    static const char first[] = "pid:[4026531836]";
    char space[64];
    const ssize_t size = readlink("/proc/self/ns/pid", space, sizeof space);
    hash = add_file(hash, "/etc/machine-id");
    if (size <= 0 || ((size_t)size == strlen(first) && !memcmp(space, first, (size_t)size))) return hash;
    return add_file(bw_hash_add(hash, space, (uint64_t)size), "/proc/sys/kernel/random/boot_id");
}
#else
static uint64_t add_machine(uint64_t hash) {
    return hash;
}
#endif

uint32_t bw_system_host(void) {
    char name[256] = "";
    gethostname(name, sizeof name - 1);
    const uint64_t hash = bw_hash_end(add_machine(bw_hash_add(bw_hash_begin(0), name, strlen(name))));
    return (uint32_t)(hash ^ hash >> 32);
}

double bw_system_clock(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

double bw_system_cpu_time(void) {
    struct timespec time;
    return clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) ? 0 : (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

#endif
