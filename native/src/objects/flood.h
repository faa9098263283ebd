/* Flooding in the order of levels: buckets 0, 1, ... of voxels that wait, first in, first out; the lowest bucket that
 * holds one is served first. Lists lie in the voxels' own slots: 4 bytes per voxel and 4 per bucket, and a bit per
 * voxel.
 */
#ifndef BW_OBJECTS_FLOOD_H
#define BW_OBJECTS_FLOOD_H

#include "core/status.h"

enum { BW_MAX_NEIGHBOURS = 26, BW_FLOOD_HEIGHT = 6 };

/* Slots: the bucket that the voxel belongs to; once it waits, BW_FLOOD_WAITS + the next in line; once it was served or
 * when it is not to be flooded, BW_FLOOD_GONE. */
#define BW_FLOOD_WAITS 0x80000000u
#define BW_FLOOD_GONE 0xffffffffu

typedef struct bw_flood {
    int64_t size[3], voxels;
    int neighbours;
    int8_t step[BW_MAX_NEIGHBOURS][3];
    uint32_t offset[BW_MAX_NEIGHBOURS];
    uint64_t *edge;                    /* one bit per voxel: not all of its neighbours are in the box */
    uint32_t *slot, *own;              /* own: what is freed, NULL = slots are someone else's */
    uint32_t *tail;                    /* last in line of buckets that hold any */
    uint64_t *filled[BW_FLOOD_HEIGHT]; /* bits of buckets that hold any; above, of words that are not 0 */
    int height;
    uint32_t lowest; /* no bucket below holds any */
} bw_flood;

/* slot: as many numbers as there are voxels, which stay the caller's; NULL = own ones. They are not set. Neighbours
 * come nearest first, then in raster order. */
bw_status bw_flood_open(bw_context *ctx, const int64_t size[3], int connectivity, uint32_t *slot, bw_flood *out);
/* Before the first push. */
bw_status bw_flood_set_buckets(bw_context *ctx, bw_flood *flood, uint32_t count);
void bw_flood_close(bw_flood *flood);
/* Neighbours of a voxel at the edge of the box -> their number. */
int bw_flood_edge_neighbours(const bw_flood *flood, uint32_t voxel, uint32_t list[BW_MAX_NEIGHBOURS]);
/* Moves `lowest` to the next bucket that holds any; 0 = there is none. */
int bw_flood_seek(bw_flood *flood);

static inline int bw_flood_list(const bw_flood *flood, uint32_t voxel, uint32_t list[BW_MAX_NEIGHBOURS]) {
    if (flood->edge[voxel >> 6] >> (voxel & 63) & 1) return bw_flood_edge_neighbours(flood, voxel, list);
    for (int k = 0; k < flood->neighbours; k++)
        list[k] = voxel + flood->offset[k];
    return flood->neighbours;
}

static inline int bw_flood_holds(const bw_flood *flood, uint32_t bucket) {
    return flood->filled[0][bucket >> 6] >> (bucket & 63) & 1;
}

/* The voxel's slot holds its bucket. */
static inline void bw_flood_push(bw_flood *flood, uint32_t voxel) {
    uint32_t *slot = flood->slot;
    const uint32_t bucket = slot[voxel];
    if (bw_flood_holds(flood, bucket)) {
        const uint32_t last = flood->tail[bucket];
        slot[voxel] = slot[last];
        slot[last] = BW_FLOOD_WAITS | voxel;
    } else {
        slot[voxel] = BW_FLOOD_WAITS | voxel;
        uint32_t at = bucket;
        for (int level = 0; level < flood->height; level++, at >>= 6)
            flood->filled[level][at >> 6] |= (uint64_t)1 << (at & 63);
        if (bucket < flood->lowest) flood->lowest = bucket;
    }
    flood->tail[bucket] = voxel;
}

/* -> 0 when no voxel waits. */
static inline int bw_flood_pop(bw_flood *flood, uint32_t *voxel) {
    if (!bw_flood_holds(flood, flood->lowest) && !bw_flood_seek(flood)) return 0;
    uint32_t *slot = flood->slot, at = flood->lowest;
    const uint32_t last = flood->tail[at], first = slot[last] & ~BW_FLOOD_WAITS;
    slot[last] = slot[first];
    slot[first] = BW_FLOOD_GONE;
    *voxel = first;
    if (first != last) return 1;
    for (int level = 0; level < flood->height; level++, at >>= 6)
        if (flood->filled[level][at >> 6] &= ~((uint64_t)1 << (at & 63))) break;
    return 1;
}

#endif
