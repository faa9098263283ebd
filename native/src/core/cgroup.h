/* Linux' control groups, by which containers and batch systems limit a process. There on Linux alone. */
#ifndef BW_CORE_CGROUP_H
#define BW_CORE_CGROUP_H

#include <stddef.h>
#include <stdint.h>

enum { BW_CGROUP_PATH = 4096 }; /* no folder's path is longer */

/* Where a hierarchy of groups may be mounted, and how a limit is read from one of its folders: UINT64_MAX without. */
typedef struct bw_cgroup_mount {
    const char *controller; /* "" is version 2 */
    const char *folder;
    uint64_t (*limit)(const char *folder);
} bw_cgroup_mount;

/* The least limit of the process's groups and of those around them; UINT64_MAX without any. `root` is put before all
 * paths: "" for this machine. */
uint64_t bw_cgroup_least(const char *root, const bw_cgroup_mount *mounts, size_t count);

#endif
