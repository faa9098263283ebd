/* Boxes of pixels inside a frame. */
#ifndef BW_CORE_TILE_H
#define BW_CORE_TILE_H

#include <stdint.h>

/* Half-open: lo[axis] <= position < hi[axis]; axes x, y, z. */
typedef struct bw_box {
    int64_t lo[3], hi[3];
} bw_box;

static inline int64_t bw_box_extent(const bw_box *box, int axis) {
    return box->hi[axis] - box->lo[axis];
}

static inline int64_t bw_box_count(const bw_box *box) {
    return bw_box_extent(box, 0) * bw_box_extent(box, 1) * bw_box_extent(box, 2);
}

/* Grown by margin[axis] on both sides, cut to [0, size). */
static inline bw_box bw_box_grow(const bw_box *box, const int64_t margin[3], const int64_t size[3]) {
    bw_box grown;
    for (int axis = 0; axis < 3; axis++) {
        int64_t lo = box->lo[axis] - margin[axis], hi = box->hi[axis] + margin[axis];
        grown.lo[axis] = lo > 0 ? lo : 0;
        grown.hi[axis] = hi < size[axis] ? hi : size[axis];
    }
    return grown;
}

/* Grows a box until it holds another one, too. */
static inline void bw_box_hull(bw_box *box, const bw_box *other) {
    for (int axis = 0; axis < 3; axis++) {
        if (other->lo[axis] < box->lo[axis]) box->lo[axis] = other->lo[axis];
        if (other->hi[axis] > box->hi[axis]) box->hi[axis] = other->hi[axis];
    }
}

/* Position of `index` on an axis of n pixels mirrored at both ends without repeating the edge pixel. */
static inline int64_t bw_mirror(int64_t index, int64_t n) {
    if (n == 1) return 0;
    int64_t period = 2 * (n - 1);
    index %= period;
    if (index < 0) index += period;
    return index < n ? index : period - index;
}

#endif
