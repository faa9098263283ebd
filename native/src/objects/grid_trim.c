/* What is inside and what is at the edge, by floods over a box. */
#include "objects/grid.h"

/* Neighbours of a voxel in a box: those that share a face, then the others. */
typedef struct bw_around {
    int64_t size[3];
    int count;
    int step[26][3];
} bw_around;

static int faces_of(const int step[3]) {
    return step[0] * step[0] + step[1] * step[1] + step[2] * step[2];
}

static void list_neighbours(const int64_t size[3], int corners, bw_around *out) {
    out->count = 0;
    for (int axis = 0; axis < 3; axis++)
        out->size[axis] = size[axis];
    for (int n = 0; n < 27; n++) {
        const int step[3] = {n % 3 - 1, n / 3 % 3 - 1, n / 9 - 1}, faces = faces_of(step);
        if (!faces || (faces > 1 && !corners)) continue;
        for (int axis = 0; axis < 3; axis++)
            out->step[out->count][axis] = step[axis];
        out->count++;
    }
}

/* -1 = beyond the box. */
static int64_t neighbour(const bw_around *around, int64_t at, int n) {
    const int64_t w = around->size[0], h = around->size[1];
    const int64_t x = at % w + around->step[n][0], y = at / w % h + around->step[n][1];
    const int64_t z = at / w / h + around->step[n][2];
    const int inside = x >= 0 && y >= 0 && z >= 0 && x < w && y < h && z < around->size[2];
    return inside ? (z * h + y) * w + x : -1;
}

static int64_t voxels_of(const int64_t size[3]) {
    return size[0] * size[1] * size[2];
}

/* In single slices z is no direction. */
static int at_border(const int64_t size[3], int64_t at) {
    const int64_t x = at % size[0], y = at / size[0] % size[1], z = at / size[0] / size[1];
    return x == 0 || y == 0 || x == size[0] - 1 || y == size[1] - 1 || (size[2] > 1 && (z == 0 || z == size[2] - 1));
}

/* Voxels whose neighbours are still to be looked at are linked in place of what they are. */
#define LINK 0x80000000u
#define LAST 0xffffffffu

static void push(uint32_t *voxels, int64_t at, uint32_t *top) {
    voxels[at] = *top;
    *top = LINK | (uint32_t)at;
}

/* What the voxel becomes is `value`. -> its position. */
static int64_t pop(uint32_t *voxels, uint32_t value, uint32_t *top) {
    const uint32_t at = *top & ~LINK;
    *top = voxels[at];
    voxels[at] = value;
    return at;
}

enum { OUTSIDE = 2 };

void bw_grid_fill(uint32_t *mask, const int64_t size[3], int connectivity) {
    bw_around around;
    uint32_t top = LAST;
    list_neighbours(size, connectivity == 4 || connectivity == 6, &around);
    for (int64_t i = 0; i < voxels_of(size); i++)
        if (!mask[i] && at_border(size, i)) push(mask, i, &top);
    while (top != LAST) {
        const int64_t at = pop(mask, OUTSIDE, &top);
        for (int n = 0; n < around.count; n++) {
            const int64_t next = neighbour(&around, at, n);
            if (next >= 0 && !mask[next]) push(mask, next, &top);
        }
    }
    for (int64_t i = 0; i < voxels_of(size); i++)
        mask[i] = mask[i] != OUTSIDE;
}

static int is_label(uint32_t label) {
    return label && !(label & LINK);
}

void bw_grid_trim(const float *level, const float *least, const int64_t size[3], uint32_t *labels) {
    bw_around around;
    uint32_t top = LAST;
    list_neighbours(size, 0, &around);
    for (int64_t i = 0; i < voxels_of(size); i++) {
        int outside = 0;
        for (int n = 0; labels[i] && level[i] < least[labels[i]] && n < around.count; n++) {
            const int64_t next = neighbour(&around, i, n);
            outside |= next >= 0 && !is_label(labels[next]);
        }
        if (outside) push(labels, i, &top);
    }
    while (top != LAST) {
        const int64_t at = pop(labels, 0, &top);
        for (int n = 0; n < around.count; n++) {
            const int64_t next = neighbour(&around, at, n);
            if (next < 0 || !is_label(labels[next]) || level[next] >= least[labels[next]]) continue;
            push(labels, next, &top);
        }
    }
}
