/* Union-find over numbers: parent[i] == i for the root of a set, which is its smallest number. */
#ifndef BW_CORE_UNION_H
#define BW_CORE_UNION_H

#include <stdint.h>

static inline int64_t bw_union_root(int64_t *parent, int64_t i) {
    while (parent[i] != i) {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    return i;
}

static inline void bw_union_join(int64_t *parent, int64_t a, int64_t b) {
    a = bw_union_root(parent, a);
    b = bw_union_root(parent, b);
    if (a < b)
        parent[b] = a;
    else
        parent[a] = b;
}

#endif
