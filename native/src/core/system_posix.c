#include "core/system.h"

#ifndef _WIN32

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

bw_path_kind bw_system_kind(const char *path) {
    struct stat st;
    if (stat(path, &st)) return BW_PATH_ABSENT;
    return S_ISDIR(st.st_mode) ? BW_PATH_FOLDER : S_ISREG(st.st_mode) ? BW_PATH_FILE : BW_PATH_DEVICE;
}

FILE *bw_system_open(const char *path, const char *mode) {
    return fopen(path, mode);
}

int bw_system_remove(const char *path) {
    return remove(path);
}

int bw_system_rename(const char *from, const char *to) {
    return rename(from, to);
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
    struct stat x, y;
    return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

unsigned long bw_system_process(void) {
    return (unsigned long)getpid();
}

double bw_system_cpu_time(void) {
    struct timespec time;
    return clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) ? 0 : (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

#endif
