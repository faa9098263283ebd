/* Watersheds of small integers in place of real levels: one bucket per step. */
#include <string.h>

#include "core/alloc.h"
#include "objects/flood.h"
#include "objects/grid.h"

enum { STEPS = 65536, CHECK = 16384 };

/* Labels while regional maxima are looked for: others, and links of a plateau's voxels. */
#define NO_MAXIMUM 0xffffffffu
#define LINK 0x80000000u
/* Of parents that became numbers. */
#define NUMBERED 0x80000000u

static inline int is_inside(const float *level, const uint8_t *mask, int64_t i) {
    return mask ? mask[i] != 0 : level[i] >= 0;
}

/* Buckets of the voxels of the mask: 0 is the highest level. Slots lie where the levels are. */
static void quantise(const float *level, const uint8_t *mask, bw_flood *flood) {
    float most = 0;
    for (int64_t i = 0; i < flood->voxels; i++)
        most = is_inside(level, mask, i) && level[i] > most ? level[i] : most;
    const double scale = most > 0 ? (STEPS - 1) / (double)most : 0;
    for (int64_t i = 0; i < flood->voxels; i++) {
        const int inside = is_inside(level, mask, i);
        const double step = inside ? (double)level[i] * scale + 0.5 : 0;
        flood->slot[i] = inside ? (uint32_t)(STEPS - 1) - (uint32_t)step : BW_FLOOD_GONE;
    }
}

static bw_status open_steps(bw_context *ctx, float *level, const uint8_t *mask, const int64_t size[3], int connectivity,
                            bw_flood *flood) {
    _Static_assert(sizeof *level == sizeof *flood->slot, "a level's memory holds a slot");
    BW_TRY(bw_flood_open(ctx, size, connectivity, (uint32_t *)level, flood));
    BW_TRY(bw_flood_set_buckets(ctx, flood, STEPS));
    quantise(level, mask, flood);
    return bw_check(ctx);
}

/* ---- regional maxima ------------------------------------------------------------------------------------------- */

/* Links the voxels of the plateau that `first` lies on -> whether a neighbour of them is higher. */
static int link_plateau(const bw_flood *flood, uint32_t first, uint32_t *labels) {
    const uint32_t bucket = flood->slot[first];
    uint32_t list[BW_MAX_NEIGHBOURS], last = first;
    int higher = 0;
    labels[first] = LINK | first;
    for (uint32_t at = first;; at = labels[at] & ~LINK) {
        const int count = bw_flood_list(flood, at, list);
        for (int k = 0; k < count; k++) {
            const uint32_t n = list[k];
            higher |= flood->slot[n] < bucket;
            if (flood->slot[n] != bucket || labels[n]) continue;
            labels[last] = LINK | n;
            labels[n] = LINK | n; /* the last one points at itself */
            last = n;
        }
        if (at == last) return higher;
    }
}

static void set_plateau(uint32_t first, uint32_t label, uint32_t *labels) {
    for (uint32_t at = first, next;; at = next) {
        next = labels[at] & ~LINK;
        labels[at] = label;
        if (next == at) return;
    }
}

/* 1 = higher neighbours, 2 = equal ones but no higher, 0 = neither. */
static int stance(const bw_flood *flood, uint32_t voxel) {
    uint32_t list[BW_MAX_NEIGHBOURS];
    const int count = bw_flood_list(flood, voxel, list);
    const uint32_t bucket = flood->slot[voxel];
    int higher = 0, equal = 0;
    for (int k = 0; k < count; k++) {
        higher |= flood->slot[list[k]] < bucket;
        equal |= flood->slot[list[k]] == bucket;
    }
    return higher ? 1 : equal ? 2 : 0;
}

/* labels: 1..*count in raster order on the maxima, 0 elsewhere. */
static bw_status find_maxima(bw_context *ctx, const bw_flood *flood, uint32_t *labels, uint32_t *count) {
    const uint32_t voxels = (uint32_t)flood->voxels;
    memset(labels, 0, voxels * sizeof *labels);
    *count = 0;
    for (uint32_t i = 0; i < voxels; i++) {
        if (i % CHECK == 0) BW_TRY(bw_check(ctx));
        if (flood->slot[i] == BW_FLOOD_GONE || labels[i]) continue;
        const int stands = stance(flood, i);
        if (stands == 0) labels[i] = ++*count;
        if (stands == 2) set_plateau(i, link_plateau(flood, i, labels) ? NO_MAXIMUM : ++*count, labels);
    }
    for (uint32_t i = 0; i < voxels; i++)
        labels[i] = labels[i] == NO_MAXIMUM ? 0 : labels[i];
    return bw_check(ctx);
}

/* ---- flood with merging ---------------------------------------------------------------------------------------- */

typedef struct basins {
    uint32_t *parent; /* a root's is itself */
    uint16_t *peak;   /* level in steps */
    double depth;
} basins;

static uint32_t root_of(basins *b, uint32_t label) {
    while (b->parent[label] != label)
        label = b->parent[label] = b->parent[b->parent[label]];
    return label;
}

/* Two basins meet at a saddle of this level. */
static void meet(basins *b, uint32_t one, uint32_t other, uint32_t saddle) {
    one = root_of(b, one), other = root_of(b, other);
    if (one == other) return;
    const int higher = b->peak[one] != b->peak[other] ? b->peak[one] > b->peak[other] : one < other;
    const uint32_t low = higher ? other : one, high = higher ? one : other;
    if (b->peak[low] - saddle < b->depth * b->peak[low]) b->parent[low] = high;
}

static void push_labelled(bw_flood *flood, const uint32_t *labels, basins *b) {
    for (uint32_t i = 0; i < (uint32_t)flood->voxels; i++) {
        if (!labels[i]) continue;
        if (b) b->peak[labels[i]] = (uint16_t)(STEPS - 1 - flood->slot[i]);
        bw_flood_push(flood, i);
    }
}

/* Floods from the labels, which wait already; basins that meet may merge (b NULL = never). */
static bw_status flood_steps(bw_context *ctx, bw_flood *flood, uint32_t *labels, basins *b) {
    uint32_t voxel, list[BW_MAX_NEIGHBOURS];
    for (uint32_t served = 0; bw_flood_pop(flood, &voxel); served++) {
        if (served % CHECK == 0) BW_TRY(bw_check(ctx));
        const uint32_t label = labels[voxel], level = STEPS - 1 - flood->lowest;
        const int count = bw_flood_list(flood, voxel, list);
        for (int k = 0; k < count; k++) {
            const uint32_t n = list[k], slot = flood->slot[n];
            if (slot < BW_FLOOD_WAITS) {
                labels[n] = label;
                bw_flood_push(flood, n);
            } else if (b && slot == BW_FLOOD_GONE && labels[n] && labels[n] != label) {
                meet(b, label, labels[n], level);
            }
        }
    }
    return bw_check(ctx);
}

/* Numbers basins in the order of their first voxels; parents, which are roots, become the numbers. */
static uint32_t renumber(const basins *b, int64_t voxels, uint32_t *labels) {
    uint32_t count = 0;
    for (int64_t i = 0; i < voxels; i++) {
        if (!labels[i]) continue;
        uint32_t *own = b->parent + labels[i];
        if (!(*own & NUMBERED)) {
            uint32_t *root = b->parent + *own;
            if (!(*root & NUMBERED)) *root = NUMBERED | ++count;
            *own = *root;
        }
        labels[i] = *own & ~NUMBERED;
    }
    return count;
}

static bw_status open_basins(bw_context *ctx, uint32_t count, basins *b) {
    b->parent = bw_alloc(ctx, (uint64_t)count + 1, sizeof *b->parent, "basins of a watershed");
    b->peak = bw_alloc(ctx, (uint64_t)count + 1, sizeof *b->peak, "basins of a watershed");
    for (uint32_t k = 0; b->parent && k <= count; k++)
        b->parent[k] = k;
    return bw_context_status(ctx);
}

static void close_basins(basins *b) {
    bw_free(b->parent);
    bw_free(b->peak);
}

static bw_status split_steps(bw_context *ctx, bw_flood *flood, double depth, uint32_t *labels, uint32_t *count) {
    uint32_t maxima;
    BW_TRY(find_maxima(ctx, flood, labels, &maxima));
    basins b = {.depth = depth};
    bw_status status = open_basins(ctx, maxima, &b);
    if (status == BW_OK) {
        push_labelled(flood, labels, &b);
        status = flood_steps(ctx, flood, labels, &b);
    }
    if (status == BW_OK) {
        for (uint32_t k = 1; k <= maxima; k++)
            b.parent[k] = root_of(&b, k);
        *count = renumber(&b, flood->voxels, labels);
    }
    close_basins(&b);
    return status;
}

bw_status bw_grid_split(bw_context *ctx, float *level, const uint8_t *mask, const int64_t size[3], int connectivity,
                        double depth, uint32_t *labels, uint32_t *count) {
    bw_flood flood;
    *count = 0;
    bw_status status = open_steps(ctx, level, mask, size, connectivity, &flood);
    if (status == BW_OK) status = split_steps(ctx, &flood, depth, labels, count);
    bw_flood_close(&flood);
    return status;
}

bw_status bw_grid_grow(bw_context *ctx, float *level, const uint8_t *mask, const int64_t size[3], int connectivity,
                       uint32_t *labels) {
    bw_flood flood;
    bw_status status = open_steps(ctx, level, mask, size, connectivity, &flood);
    if (status == BW_OK) {
        for (int64_t i = 0; i < flood.voxels; i++)
            labels[i] = flood.slot[i] == BW_FLOOD_GONE ? 0 : labels[i];
        push_labelled(&flood, labels, NULL);
        status = flood_steps(ctx, &flood, labels, NULL);
    }
    bw_flood_close(&flood);
    return status;
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

/* Whether a label in 1..label-1 is next to position x of one of the rows; x of the own row is no neighbour of itself.
 */
static int touches_lower(const uint32_t *const rows[], const int8_t *reach, int count, int64_t x, int64_t width,
                         uint32_t label) {
    for (int r = 0; r < count; r++)
        for (int64_t at = x - reach[r] < 0 ? 0 : x - reach[r]; at <= x + reach[r] && at < width; at++)
            if (rows[r][at] && rows[r][at] < label) return 1;
    return 0;
}

/* Rows that are neighbours of a row, and how far along x: -> their number. */
static int rows_near(const int64_t size[3], int connectivity, int64_t y, int64_t z, uint32_t *labels,
                     const uint32_t *rows[9], int8_t reach[9]) {
    const int planar = connectivity == 4 || connectivity == 8, full = connectivity == 8 || connectivity == 26;
    int count = 0;
    for (int64_t dz = planar ? 0 : -1; dz <= (planar ? 0 : 1); dz++)
        for (int64_t dy = -1; dy <= 1; dy++) {
            if (y + dy < 0 || y + dy >= size[1] || z + dz < 0 || z + dz >= size[2] || (!full && dy && dz)) continue;
            rows[count] = labels + ((z + dz) * size[1] + y + dy) * size[0];
            reach[count++] = full || (!dy && !dz) ? 1 : 0;
        }
    return count;
}

void bw_grid_lines(const int64_t size[3], int connectivity, uint32_t *labels) {
    for (int64_t z = 0; z < size[2]; z++)
        for (int64_t y = 0; y < size[1]; y++) {
            const uint32_t *rows[9];
            int8_t reach[9];
            const int count = rows_near(size, connectivity, y, z, labels, rows, reach);
            uint32_t *row = labels + (z * size[1] + y) * size[0];
            for (int64_t x = 0; x < size[0]; x++)
                if (row[x] > 1 && touches_lower(rows, reach, count, x, size[0], row[x])) row[x] = 0;
        }
}
