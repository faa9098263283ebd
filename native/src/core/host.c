#include "core/host.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __APPLE__
#include <sys/sysctl.h>
#endif

/* ---- processor time granted to a container */

enum { PATH = 4096 };

/* Of one control group; INT_MAX without a limit. */
typedef int (*group_fn)(const char *folder);

/* First line of a file in a folder, "" when there is none. */
static void read_line(const char *folder, const char *name, char line[64]) {
    char path[PATH + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    if (!file || !fgets(line, 64, file)) line[0] = 0;
    if (file) fclose(file);
}

static int processors(int64_t time, int64_t period) {
    if (time <= 0 || period <= 0) return INT_MAX;
    const int64_t count = (time - 1) / period + 1;
    return count < INT_MAX ? (int)count : INT_MAX;
}

/* "max 100000" (no limit) or "150000 100000" */
static int group_v2(const char *folder) {
    char line[64], *end;
    read_line(folder, "cpu.max", line);
    const int64_t time = strtoll(line, &end, 10);
    return processors(time, strtoll(end, NULL, 10));
}

static int group_v1(const char *folder) {
    char time[64], period[64];
    read_line(folder, "cpu.cfs_quota_us", time);
    read_line(folder, "cpu.cfs_period_us", period);
    return processors(strtoll(time, NULL, 10), strtoll(period, NULL, 10));
}

/* Where the hierarchies are mounted. A container may see its own group as the root of the mount, by whatever path
 * /proc names it; so all groups from that path up to the mount count, and those that are not there do not. */
static const struct {
    const char *controller; /* "" is version 2 */
    const char *folder;
    group_fn read;
} mounts[] = {
    {"", "/sys/fs/cgroup", group_v2},
    {"", "/sys/fs/cgroup/unified", group_v2},
    {"cpu", "/sys/fs/cgroup/cpu", group_v1},
    {"cpu", "/sys/fs/cgroup/cpu,cpuacct", group_v1},
    {"cpu", "/sys/fs/cgroup/cpuacct,cpu", group_v1},
};

static int smaller(int a, int b) {
    return a < b ? a : b;
}

static int least_up_to_mount(const char *root, const char *mount, const char *group, group_fn read) {
    char path[PATH];
    const size_t top = strlen(root) + strlen(mount);
    const int size = snprintf(path, sizeof path, "%s%s%s", root, mount, group);
    if (size < 0 || size >= PATH) return INT_MAX;
    int least = read(path);
    for (size_t at = strlen(path); at-- > top;) {
        if (path[at] != '/') continue;
        path[at] = 0;
        least = smaller(least, read(path));
    }
    return least;
}

/* Whether a word is among those that commas separate; "" is only in "". */
static int listed(const char *list, const char *word) {
    const size_t length = strlen(word);
    if (!*list || !length) return *list == *word;
    for (const char *at = list; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (!strncmp(at, word, length) && (at[length] == ',' || !at[length])) return 1;
    }
    return 0;
}

/* A line "4:cpu,cpuacct:/group" of /proc/self/cgroup. */
static int quota_of_line(const char *root, char *line) {
    char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
    int least = INT_MAX;
    if (!group) return least;
    *group++ = 0;
    group[strcspn(group, "\n")] = 0;
    for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++) {
        if (!listed(controllers + 1, mounts[i].controller)) continue;
        least = smaller(least, least_up_to_mount(root, mounts[i].folder, group, mounts[i].read));
    }
    return least;
}

int bw_host_quota(const char *root) {
    char line[PATH];
    int least = INT_MAX;
    if (snprintf(line, sizeof line, "%s/proc/self/cgroup", root) >= PATH) return least;
    FILE *file = fopen(line, "r");
    while (file && fgets(line, sizeof line, file))
        least = smaller(least, quota_of_line(root, line));
    if (file) fclose(file);
    return least;
}

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
