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

uint64_t bw_system_group_memory(const char *root) {
    (void)root;
    return UINT64_MAX;
}
#else
#include "core/cgroup.h"

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
    const char *limit, *used, *cache;
} group_files;

static uint64_t read_group(const char *folder, const char *file, const char *key) {
    char path[BW_CGROUP_PATH + 64];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    return number_in(path, key);
}

/* What one group leaves. Cached files that nobody uses make room. */
static uint64_t left_in(const char *folder, const group_files *files) {
    const uint64_t limit = read_group(folder, files->limit, "");
    if (!limit) return UINT64_MAX;
    const uint64_t used = read_group(folder, files->used, ""), cache = read_group(folder, "memory.stat", files->cache);
    const uint64_t held = used > cache ? used - cache : 0;
    return limit > held ? limit - held : 0;
}

static uint64_t group_v2(const char *folder) {
    return left_in(folder, &(group_files){"memory.max", "memory.current", "inactive_file "});
}

static uint64_t group_v1(const char *folder) {
    return left_in(folder, &(group_files){"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "});
}

uint64_t bw_system_group_memory(const char *root) {
    static const bw_cgroup_mount mounts[] = {
        {"", "/sys/fs/cgroup", group_v2},
        {"", "/sys/fs/cgroup/unified", group_v2},
        {"memory", "/sys/fs/cgroup/memory", group_v1},
    };
    return bw_cgroup_least(root, mounts, sizeof mounts / sizeof *mounts);
}
#endif

uint64_t bw_system_free_memory(void) {
    const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    uint64_t all = available();
    if (!all) all = pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size / 2 : (uint64_t)1 << 30;
    const uint64_t group = bw_system_group_memory("");
    return group < all ? group : all;
}

#endif
