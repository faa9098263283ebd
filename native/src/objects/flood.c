#include "objects/flood.h"

#include <string.h>

#include "core/alloc.h"

static const int64_t max_voxels = 0x7ffffffe;

/* Steps of a given number of axes, in raster order. */
static void add_steps(bw_flood *flood, int planar, int axes) {
    for (int z = planar ? 0 : -1; z <= (planar ? 0 : 1); z++)
        for (int y = -1; y <= 1; y++)
            for (int x = -1; x <= 1; x++) {
                if ((x != 0) + (y != 0) + (z != 0) != axes) continue;
                const int k = flood->neighbours++;
                flood->step[k][0] = (int8_t)x, flood->step[k][1] = (int8_t)y, flood->step[k][2] = (int8_t)z;
                flood->offset[k] = (uint32_t)((z * flood->size[1] + y) * flood->size[0] + x);
            }
}

static void set_edge(bw_flood *flood, int64_t from, int64_t count, int64_t step) {
    for (int64_t i = from; count > 0; i += step, count--)
        flood->edge[i >> 6] |= (uint64_t)1 << (i & 63);
}

static void set_edges(bw_flood *flood, int planar) {
    const int64_t width = flood->size[0], height = flood->size[1], depth = flood->size[2], plane = width * height;
    for (int64_t z = 0; z < depth; z++) {
        const int64_t first = z * plane;
        if (!planar && (z == 0 || z == depth - 1)) {
            set_edge(flood, first, plane, 1);
            continue;
        }
        set_edge(flood, first, width, 1);
        set_edge(flood, first + plane - width, width, 1);
        set_edge(flood, first, height, width);
        set_edge(flood, first + width - 1, height, width);
    }
}

bw_status bw_flood_open(bw_context *ctx, const int64_t size[3], int connectivity, uint32_t *slot, bw_flood *out) {
    const int planar = size[2] == 1 || connectivity == 4 || connectivity == 8;
    *out = (bw_flood){.size = {size[0], size[1], size[2]}, .voxels = size[0] * size[1] * size[2]};
    if (out->voxels > max_voxels)
        return bw_fail(ctx, BW_ERROR_ARGUMENT,
                       "A watershed takes at most %lld voxels at once, but %lld x %lld x %lld are more; cut the image "
                       "into smaller ones.",
                       (long long)max_voxels, (long long)size[0], (long long)size[1], (long long)size[2]);
    for (int axes = 1; axes <= (connectivity < 8 ? 1 : connectivity == 8 ? 2 : 3); axes++)
        add_steps(out, planar, axes);
    if (!slot) slot = out->own = bw_alloc(ctx, (uint64_t)out->voxels, sizeof *slot, "levels of a watershed");
    out->slot = slot;
    out->edge = bw_calloc(ctx, (uint64_t)(out->voxels + 63) / 64, sizeof *out->edge, "the edge of a watershed");
    if (out->slot && out->edge) set_edges(out, planar);
    return bw_context_status(ctx);
}

bw_status bw_flood_set_buckets(bw_context *ctx, bw_flood *flood, uint32_t count) {
    uint64_t words[BW_FLOOD_HEIGHT], all = 0, many = count ? count : 1;
    flood->height = 0;
    do {
        many = (many + 63) / 64;
        all += words[flood->height++] = many;
    } while (many > 1);
    flood->lowest = 0;
    flood->tail = bw_alloc(ctx, count, sizeof *flood->tail, "queues of a watershed");
    uint64_t *bits = flood->filled[0] = bw_calloc(ctx, all, sizeof *bits, "queues of a watershed");
    for (int level = 0; bits && level < flood->height; bits += words[level++])
        flood->filled[level] = bits;
    return bw_context_status(ctx);
}

void bw_flood_close(bw_flood *flood) {
    bw_free(flood->own);
    bw_free(flood->edge);
    bw_free(flood->tail);
    bw_free(flood->filled[0]);
}

int bw_flood_edge_neighbours(const bw_flood *flood, uint32_t voxel, uint32_t list[BW_MAX_NEIGHBOURS]) {
    const uint32_t width = (uint32_t)flood->size[0], height = (uint32_t)flood->size[1],
                   depth = (uint32_t)flood->size[2];
    const uint32_t row = voxel / width, x = voxel % width, y = row % height, z = row / height;
    int count = 0;
    for (int k = 0; k < flood->neighbours; k++) {
        const int8_t *step = flood->step[k];
        /* Positions before 0 wrap around and are large. */
        if (x + (uint32_t)step[0] < width && y + (uint32_t)step[1] < height && z + (uint32_t)step[2] < depth)
            list[count++] = voxel + flood->offset[k];
    }
    return count;
}

static int lowest_bit(uint64_t word) {
    int at = 0;
    for (int half = 32; half; half /= 2)
        if (!(word & (((uint64_t)1 << half) - 1))) word >>= half, at += half;
    return at;
}

int bw_flood_seek(bw_flood *flood) {
    uint32_t at = 0;
    for (int level = flood->height - 1; level >= 0; level--) {
        const uint64_t word = flood->filled[level][at];
        if (!word) return 0;
        at = at << 6 | (uint32_t)lowest_bit(word);
    }
    flood->lowest = at;
    return 1;
}
