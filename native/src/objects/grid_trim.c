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

enum { OUTSIDE = 2 };

void bw_grid_fill(uint8_t *mask, const int64_t size[3], int connectivity, uint32_t *stack) {
    bw_around around;
    int64_t count = 0;
    list_neighbours(size, connectivity == 4 || connectivity == 6, &around);
    for (int64_t i = 0; i < voxels_of(size); i++) {
        if (mask[i] || !at_border(size, i)) continue;
        mask[i] = OUTSIDE;
        stack[count++] = (uint32_t)i;
    }
    while (count) {
        const int64_t at = stack[--count];
        for (int n = 0; n < around.count; n++) {
            const int64_t next = neighbour(&around, at, n);
            if (next < 0 || mask[next]) continue;
            mask[next] = OUTSIDE;
            stack[count++] = (uint32_t)next;
        }
    }
    for (int64_t i = 0; i < voxels_of(size); i++)
        mask[i] = mask[i] != OUTSIDE;
}

/* Voxels that were taken away and whose neighbours are still to be looked at are linked in place of their labels. */
#define GONE 0x80000000u
#define LAST 0xffffffffu

static int is_label(uint32_t label) {
    return label && !(label & GONE);
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
        if (!outside) continue;
        labels[i] = top;
        top = GONE | (uint32_t)i;
    }
    while (top != LAST) {
        const uint32_t at = top & ~GONE;
        top = labels[at];
        labels[at] = 0;
        for (int n = 0; n < around.count; n++) {
            const int64_t next = neighbour(&around, at, n);
            if (next < 0 || !is_label(labels[next]) || level[next] >= least[labels[next]]) continue;
            labels[next] = top;
            top = GONE | (uint32_t)next;
        }
    }
}
