#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/system.h"

/* What is left of a folder, while its entries are visited. */
typedef struct bw_branch {
    const char *path;
    int removed, reason; /* entries; the first errno, 0 = none */
} bw_branch;

static int remove_entry(void *user, const char *name) {
    bw_branch *branch = user;
    char *path = bw_path_join(NULL, branch->path, name);
    const int reason = path ? bw_tree_remove(path) : ENOMEM;
    bw_free(path);
    branch->removed += !reason;
    if (!branch->reason) branch->reason = reason;
    return 0;
}

int bw_tree_remove(const char *path) {
    const int link = bw_system_is_link(path);
    const bw_path_kind kind = bw_system_kind(path);
    if (kind == BW_PATH_ABSENT && !link) return 0;
    if (kind != BW_PATH_FOLDER || link) return bw_system_remove(path) ? errno : 0;
    /* A listing may miss entries while others go. */
    for (int more = 1; more;) {
        bw_branch branch = {path, 0, 0};
        if (!bw_system_remove(path)) return 0;
        bw_system_list(path, remove_entry, &branch);
        if (branch.reason) return branch.reason;
        more = branch.removed > 0;
    }
    return bw_system_remove(path) ? errno : 0;
}
