#include "core/cgroup.h"

#ifdef __linux__

#include <stdio.h>
#include <string.h>

static uint64_t smaller(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* A container may see its own group as the root of the mount, by whatever path /proc names it; so all groups from that
 * path up to the mount count, and those that are not there do not. */
static uint64_t least_up_to_mount(const char *root, const bw_cgroup_mount *mount, const char *group) {
    char path[BW_CGROUP_PATH];
    const size_t top = strlen(root) + strlen(mount->folder);
    const int size = snprintf(path, sizeof path, "%s%s%s", root, mount->folder, group);
    if (size < 0 || size >= BW_CGROUP_PATH) return UINT64_MAX;
    uint64_t least = mount->limit(path);
    for (size_t at = strlen(path); at-- > top;) {
        if (path[at] != '/') continue;
        path[at] = 0;
        least = smaller(least, mount->limit(path));
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
static uint64_t least_of_line(const char *root, char *line, const bw_cgroup_mount *mounts, size_t count) {
    char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
    uint64_t least = UINT64_MAX;
    if (!group) return least;
    *group++ = 0;
    group[strcspn(group, "\n")] = 0;
    for (size_t i = 0; i < count; i++)
        if (listed(controllers + 1, mounts[i].controller))
            least = smaller(least, least_up_to_mount(root, &mounts[i], group));
    return least;
}

uint64_t bw_cgroup_least(const char *root, const bw_cgroup_mount *mounts, size_t count) {
    char line[BW_CGROUP_PATH];
    uint64_t least = UINT64_MAX;
    if (snprintf(line, sizeof line, "%s/proc/self/cgroup", root) >= BW_CGROUP_PATH) return least;
    FILE *file = fopen(line, "r");
    while (file && fgets(line, sizeof line, file))
        least = smaller(least, least_of_line(root, line, mounts, count));
    if (file) fclose(file);
    return least;
}

#endif
