/* How much memory is free on Linux and macOS. */
#include "core/system.h"

#ifndef _WIN32

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __APPLE__
#include <mach/mach.h>

/* What holds nothing, or only what is on the disk as well. 0: not told. */
static uint64_t available(void) {
    vm_statistics64_data_t pages;
    vm_size_t size = 0;
    mach_msg_type_number_t count = HOST_VM_INFO64_COUNT;
    const mach_port_t host = mach_host_self();
    const int told = host_page_size(host, &size) == KERN_SUCCESS &&
                     host_statistics64(host, HOST_VM_INFO64, (host_info64_t)&pages, &count) == KERN_SUCCESS;
    mach_port_deallocate(mach_task_self(), host);
    return told ? ((uint64_t)pages.free_count + pages.inactive_count) * size : 0;
}

static uint64_t group_limit(void) {
    return UINT64_MAX;
}
#else
/* The number behind `key` in a file of lines "key number"; with "", the first number. 0 when there is none. */
static uint64_t number_in(const char *path, const char *key) {
    FILE *file = fopen(path, "r");
    const size_t length = strlen(key);
    char line[256];
    uint64_t number = 0;
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, key, length)) {
            number = strtoull(line + length, NULL, 10);
            break;
        }
    if (file) fclose(file);
    return number;
}

/* MemAvailable: the page cache is free for the taking. 0: not told. */
static uint64_t available(void) {
    return number_in("/proc/meminfo", "MemAvailable:") * 1024;
}

/* The files of one version of Linux' control groups. */
typedef struct group_files {
    const char *root, *controller, *limit, *used, *cache;
} group_files;

static const group_files versions[] = {
    {"/sys/fs/cgroup", "", "memory.max", "memory.current", "inactive_file "},
    {"/sys/fs/cgroup/memory", "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "},
};

static uint64_t read_group(const char *folder, const char *file, const char *key) {
    char path[600];
    const int length = snprintf(path, sizeof path, "%s/%s", folder, file);
    return length < (int)sizeof path ? number_in(path, key) : 0;
}

/* What one group leaves; UINT64_MAX without a limit. Cached files that nobody uses make room. */
static uint64_t left_in(const group_files *v, const char *folder) {
    const uint64_t limit = read_group(folder, v->limit, "");
    if (!limit) return UINT64_MAX;
    const uint64_t used = read_group(folder, v->used, ""), cache = read_group(folder, "memory.stat", v->cache);
    const uint64_t held = used > cache ? used - cache : 0;
    return limit > held ? limit - held : 0;
}

/* Whether "memory" is among "cpu,memory"; "" is version 2's whole list. */
static int controls(const char *list, size_t length, const char *controller) {
    const size_t size = strlen(controller);
    if (!size) return !length;
    for (const char *at = list; at + size <= list + length; at += strcspn(at, ",:") + 1)
        if (!strncmp(at, controller, size) && (at[size] == ',' || at[size] == ':')) return 1;
    return 0;
}

/* The process's group, from lines "number:controllers:/group", as a folder; inside a container it may not exist. */
static void find_group(const group_files *v, char *folder, size_t size) {
    FILE *file = fopen("/proc/self/cgroup", "r");
    char line[512];
    snprintf(folder, size, "%s", v->root);
    while (file && fgets(line, sizeof line, file)) {
        const char *list = strchr(line, ':'), *group = list ? strchr(list + 1, ':') : NULL;
        if (!group || !controls(list + 1, (size_t)(group - list - 1), v->controller)) continue;
        snprintf(folder, size, "%s%.*s", v->root, (int)strcspn(group + 1, "\n"), group + 1);
        break;
    }
    if (file) fclose(file);
}

/* The least that the process's group and those around it leave, as batch systems and containers limit either. */
static uint64_t group_limit(void) {
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        const size_t root = strlen(versions[i].root);
        char folder[560];
        find_group(&versions[i], folder, sizeof folder);
        for (size_t length = strlen(folder); length >= root; folder[length] = 0) {
            const uint64_t left = left_in(&versions[i], folder);
            if (left < least) least = left;
            if (length == root) break;
            while (folder[--length] != '/') {
            }
        }
    }
    return least;
}
#endif

uint64_t bw_system_free_memory(void) {
    const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    uint64_t all = available();
    if (!all) all = pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size / 2 : (uint64_t)1 << 30;
    const uint64_t group = group_limit();
    return group < all ? group : all;
}

#endif
