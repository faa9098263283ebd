#include "core/host.h"

#include <limits.h>

#ifdef __linux__
#include <stdio.h>
#include <stdlib.h>

#include "core/cgroup.h"
#endif

#ifdef __APPLE__
#include <sys/sysctl.h>
#endif

/* ---- processor time granted to a container */

#ifdef __linux__
/* First line of a file in a folder, "" when there is none. */
static void read_line(const char *folder, const char *name, char line[64]) {
    char path[BW_CGROUP_PATH + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    if (!file || !fgets(line, 64, file)) line[0] = 0;
    if (file) fclose(file);
}

static uint64_t processors(int64_t time, int64_t period) {
    return time > 0 && period > 0 ? (uint64_t)((time - 1) / period + 1) : UINT64_MAX;
}

/* "max 100000" (no limit) or "150000 100000" */
static uint64_t group_v2(const char *folder) {
    char line[64], *end;
    read_line(folder, "cpu.max", line);
    const int64_t time = strtoll(line, &end, 10);
    return processors(time, strtoll(end, NULL, 10));
}

static uint64_t group_v1(const char *folder) {
    char time[64], period[64];
    read_line(folder, "cpu.cfs_quota_us", time);
    read_line(folder, "cpu.cfs_period_us", period);
    return processors(strtoll(time, NULL, 10), strtoll(period, NULL, 10));
}

int bw_host_quota(const char *root) {
    static const bw_cgroup_mount mounts[] = {
        {"", "/sys/fs/cgroup", group_v2},
        {"", "/sys/fs/cgroup/unified", group_v2},
        {"cpu", "/sys/fs/cgroup/cpu", group_v1},
        {"cpu", "/sys/fs/cgroup/cpu,cpuacct", group_v1},
        {"cpu", "/sys/fs/cgroup/cpuacct,cpu", group_v1},
    };
    const uint64_t count = bw_cgroup_least(root, mounts, sizeof mounts / sizeof *mounts);
    return count < INT_MAX ? (int)count : INT_MAX;
}
#else
int bw_host_quota(const char *root) {
    (void)root;
    return INT_MAX;
}
#endif

/* ---- build and machine */

#ifdef __APPLE__
int bw_host_translated(void) {
    int translated = 0;
    size_t size = sizeof translated;
    return !sysctlbyname("sysctl.proc_translated", &translated, &size, NULL, 0) && translated == 1;
}
#else
int bw_host_translated(void) {
    return 0;
}
#endif

#if defined(_WIN32)
#define SYSTEM "windows"
#elif defined(__APPLE__)
#define SYSTEM "macos"
#elif defined(__linux__)
#define SYSTEM "linux"
#else
#define SYSTEM "other"
#endif

#if defined(__x86_64__) || defined(_M_X64)
#define PROCESSOR "x86_64"
#elif defined(__aarch64__) && defined(__linux__)
#define PROCESSOR "aarch64"
#elif defined(__aarch64__)
#define PROCESSOR "arm64"
#else
#define PROCESSOR "other"
#endif

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#if defined(__clang__)
#define COMPILER "clang " TEXT(__clang_major__) "." TEXT(__clang_minor__) "." TEXT(__clang_patchlevel__)
#elif defined(__GNUC__)
#define COMPILER "gcc " TEXT(__GNUC__) "." TEXT(__GNUC_MINOR__) "." TEXT(__GNUC_PATCHLEVEL__)
#else
#define COMPILER "another compiler"
#endif

const char *bw_host_platform(void) {
    return SYSTEM "-" PROCESSOR;
}

const char *bw_host_compiler(void) {
    return COMPILER;
}
