#include "objects/divide.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "objects/grid.h"

/* Bounds of the voxels of a box from which on components are split one after the other, with all threads. */
enum { LARGE = 1 << 22, SMALL = 1 << 18 };

/* Bytes of work for a voxel of a box; of levels; of both that a voxel of the frame may take where boxes overlap. */
enum { VOXEL_BYTES = 10, LEVEL_BYTES = 2, FRAME_BYTES = 12 };

/* Voxels of a frame from which on what bands of it took goes back to the system before there are boxes. */
enum { GIVE_BACK = 1 << 20 };

/* Thresholds that distances are measured at. */
enum { LAYERS = 4 };

/* Of numbers of voxels to go, which became positions. */
#define FOUND 0x80000000u

/* Runs of a part, as they lie in a component. */
typedef struct bw_piece {
    bw_run run; /* label: 1.. within the component */
    uint32_t row;
} bw_piece;

typedef struct bw_pieces {
    bw_piece *piece;
    int64_t count, next;
    uint32_t parts, base; /* labels begin behind base */
} bw_pieces;

typedef struct bw_divider {
    const bw_runs *runs;
    const bw_division *how;
    uint32_t count; /* of components */
    bw_extent *extents;
    int64_t *first;         /* members of component c: member[first[c]..first[c + 1] - 1] */
    uint32_t *member, *row; /* runs, component by component; row of each run */
    int64_t *level;         /* of each run: where its levels begin */
    bw_pieces *pieces;
    int threads;        /* for one component */
    int64_t large_from; /* voxels of a box */
    int large;          /* these are done now */
} bw_divider;

/* ---- which runs a component has ---------------------------------------------------------------------------------- */

static void list_rows(bw_divider *d) {
    int64_t voxels = 0;
    for (int64_t row = 0; row < bw_runs_rows(d->runs); row++)
        for (int64_t i = d->runs->row[row]; i < d->runs->row[row + 1]; i++) {
            d->row[i] = (uint32_t)row;
            d->level[i] = voxels;
            voxels += d->runs->run[i].hi - d->runs->run[i].lo;
        }
}

static void list_members(bw_divider *d) {
    for (int64_t i = 0; i < d->runs->count; i++)
        d->first[d->runs->run[i].label - 1]++;
    for (uint32_t c = 1; c <= d->count; c++)
        d->first[c] += d->first[c - 1];
    for (int64_t i = d->runs->count - 1; i >= 0; i--) /* from their ends to their beginnings */
        d->member[--d->first[d->runs->run[i].label - 1]] = (uint32_t)i;
}

static bw_status prepare(bw_context *ctx, bw_divider *d) {
    const uint64_t runs = (uint64_t)d->runs->count;
    d->extents = bw_alloc(ctx, d->count, sizeof *d->extents, "components");
    d->pieces = bw_calloc(ctx, d->count, sizeof *d->pieces, "components");
    d->first = bw_calloc(ctx, (uint64_t)d->count + 1, sizeof *d->first, "components");
    d->member = bw_alloc(ctx, runs, sizeof *d->member, "runs of components");
    d->row = bw_alloc(ctx, runs, sizeof *d->row, "runs of components");
    d->level = bw_alloc(ctx, runs, sizeof *d->level, "runs of components");
    BW_TRY(bw_context_status(ctx));
    bw_runs_extents(d->runs, d->count, d->extents);
    list_rows(d);
    list_members(d);
    return BW_OK;
}

static void release(bw_divider *d) {
    for (uint32_t l = 0; d->pieces && l < d->count; l++)
        bw_free(d->pieces[l].piece);
    bw_free(d->extents);
    bw_free(d->pieces);
    bw_free(d->first);
    bw_free(d->member);
    bw_free(d->row);
    bw_free(d->level);
}

/* ---- one component ----------------------------------------------------------------------------------------------- */

/* Its box, grown by the background that distances are measured to. */
typedef struct bw_part_box {
    int64_t lo[3], size[3];
    float *level;     /* below 0 outside the component, until it is flooded */
    uint32_t *labels; /* the mask and squares of distances while these are measured */
} bw_part_box;

static void find_box(const bw_divider *d, uint32_t component, bw_part_box *box) {
    const bw_extent *extent = d->extents + component;
    const int planar = d->how->connectivity == 4 || d->how->connectivity == 8;
    for (int axis = 0; axis < 3; axis++) {
        const int margin = axis < 2 || !planar;
        const int64_t lo = extent->lo[axis] - margin, hi = extent->hi[axis] + margin, end = d->runs->size[axis];
        box->lo[axis] = lo > 0 ? lo : 0;
        box->size[axis] = (hi < end ? hi : end) - box->lo[axis];
    }
}

static int64_t voxels_of(const bw_part_box *box) {
    return box->size[0] * box->size[1] * box->size[2];
}

/* Where a run begins in the box. */
static int64_t place(const bw_divider *d, const bw_part_box *box, uint32_t row, int32_t x) {
    const int64_t y = row % d->runs->size[1] - box->lo[1], z = row / d->runs->size[1] - box->lo[2];
    return (z * box->size[1] + y) * box->size[0] + x - box->lo[0];
}

static void paint(const bw_divider *d, const bw_part_box *box, uint32_t component) {
    for (int64_t i = 0; i < voxels_of(box); i++)
        box->level[i] = -1;
    for (int64_t m = d->first[component]; m < d->first[component + 1]; m++) {
        const uint32_t i = d->member[m];
        const bw_run *run = d->runs->run + i;
        float *level = box->level + place(d, box, d->row[i], run->lo);
        for (int64_t k = 0; k < run->hi - run->lo; k++)
            level[k] = (float)d->how->levels[d->level[i] + k];
    }
}

/* The first run of a row that ends behind x. */
static int64_t first_behind(const bw_runs *runs, uint32_t row, int32_t x) {
    int64_t lo = runs->row[row], hi = runs->row[row + 1];
    while (lo < hi) {
        const int64_t middle = lo + (hi - lo) / 2;
        if (runs->run[middle].hi <= x)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

/* Core runs lie within runs. Seeds get the labels of the whole core. */
static void plant(const bw_divider *d, const bw_part_box *box, uint32_t component) {
    const bw_runs *core = d->how->core;
    for (int64_t m = d->first[component]; m < d->first[component + 1]; m++) {
        const uint32_t row = d->row[d->member[m]];
        const bw_run *run = d->runs->run + d->member[m];
        for (int64_t i = first_behind(core, row, run->lo); i < core->row[row + 1] && core->run[i].lo < run->hi; i++) {
            const bw_run *seed = core->run + i;
            const int64_t at = place(d, box, row, seed->lo);
            for (int64_t k = 0; k < seed->hi - seed->lo; k++)
                box->labels[at + k] = seed->label;
        }
    }
}

/* Labels become 1.. in the order of their first voxels; -> how many. Different labels of a component are few. */
static bw_status number(bw_context *ctx, const bw_part_box *box, uint32_t highest, uint32_t *count) {
    uint32_t *map = bw_calloc(ctx, (uint64_t)highest + 1, sizeof *map, "parts of a component");
    if (!map) return BW_ERROR_MEMORY;
    *count = 0;
    for (int64_t i = 0; i < voxels_of(box); i++) {
        const uint32_t label = box->labels[i];
        if (!label) continue;
        if (!map[label]) map[label] = ++*count;
        box->labels[i] = map[label];
    }
    bw_free(map);
    return BW_OK;
}

/* The labels that seeds have are the core's of the frame: counted from the lowest in the box. */
static bw_status grow_seeds(bw_context *ctx, const bw_divider *d, const bw_part_box *box, uint32_t component,
                            uint32_t *count) {
    uint32_t low = UINT32_MAX, high = 0;
    const int64_t voxels = voxels_of(box);
    memset(box->labels, 0, (size_t)voxels * sizeof *box->labels);
    plant(d, box, component);
    for (int64_t i = 0; i < voxels; i++) {
        if (box->labels[i] && box->labels[i] < low) low = box->labels[i];
        if (box->labels[i] > high) high = box->labels[i];
    }
    *count = 1;
    if (low >= high) return BW_OK;
    for (int64_t i = 0; i < voxels; i++)
        if (box->labels[i]) box->labels[i] -= low - 1;
    BW_TRY(bw_grid_grow(ctx, box->level, NULL, box->size, d->how->connectivity, box->labels));
    return number(ctx, box, high - low + 1, count);
}

/* The level that a tenth of a component's voxels exceed, to 1/256 of the range. */
static double high_level(const bw_divider *d, uint32_t component) {
    int64_t bins[256] = {0}, voxels = 0, above = 0;
    for (int64_t m = d->first[component]; m < d->first[component + 1]; m++) {
        const uint32_t i = d->member[m];
        for (int64_t k = 0; k < d->runs->run[i].hi - d->runs->run[i].lo; k++)
            bins[d->how->levels[d->level[i] + k] >> 8]++;
        voxels += d->runs->run[i].hi - d->runs->run[i].lo;
    }
    int bin = 255;
    while (bin > 0 && (above += bins[bin]) * 10 <= voxels)
        bin--;
    return (bin + 1) / 256.0;
}

/* The labels are 1 at the component's voxels of at least a level, else 0. */
static void paint_layer(const bw_divider *d, const bw_part_box *box, uint32_t component, double level) {
    const uint16_t least = (uint16_t)(level * UINT16_MAX);
    memset(box->labels, 0, (size_t)voxels_of(box) * sizeof *box->labels);
    for (int64_t m = d->first[component]; m < d->first[component + 1]; m++) {
        const uint32_t i = d->member[m];
        uint32_t *at = box->labels + place(d, box, d->row[i], d->runs->run[i].lo);
        for (int64_t k = 0; k < d->runs->run[i].hi - d->runs->run[i].lo; k++)
            at[k] = d->how->levels[d->level[i] + k] >= least;
    }
}

/* Adds distances to the background of the component's voxels of at least a level. */
static bw_status add_distance(bw_context *ctx, const bw_divider *d, const bw_part_box *box, uint32_t component,
                              double level) {
    float *squares = (float *)box->labels;
    paint_layer(d, box, component, level);
    if (d->how->fill_holes) bw_grid_fill(box->labels, box->size, d->how->connectivity);
    BW_TRY(bw_grid_distance(ctx, d->threads, NULL, box->size, d->how->spacing, squares));
    for (int64_t i = 0; i < voxels_of(box); i++)
        box->level[i] += sqrtf(squares[i]);
    return BW_OK;
}

/* Sum of the distances in the masks at several thresholds, up to what the component reaches: where one of them has a
 * neck the sum has a saddle, and noise of one of them counts for less. *measured: whether there is background to
 * measure from. */
static bw_status measure_distance(bw_context *ctx, const bw_divider *d, const bw_part_box *box, uint32_t component,
                                  int *measured) {
    const double low = d->how->threshold, high = high_level(d, component);
    memset(box->level, 0, (size_t)voxels_of(box) * sizeof *box->level);
    BW_TRY(add_distance(ctx, d, box, component, 0));
    *measured = isfinite(box->level[0]) != 0;
    for (int k = 1; k < LAYERS && *measured && high > low; k++)
        BW_TRY(add_distance(ctx, d, box, component, low + (high - low) * k / LAYERS));
    paint_layer(d, box, component, 0);
    for (int64_t i = 0; i < voxels_of(box); i++)
        if (!box->labels[i]) box->level[i] = -1;
    return BW_OK;
}

static bw_status split_box(bw_context *ctx, const bw_divider *d, const bw_part_box *box, uint32_t component,
                           uint32_t *count) {
    int measured = 1;
    *count = 1;
    if (d->how->split == BW_SPLIT_DISTANCE)
        BW_TRY(measure_distance(ctx, d, box, component, &measured));
    else
        paint(d, box, component);
    if (d->how->split == BW_SPLIT_CORE) return grow_seeds(ctx, d, box, component, count);
    if (!measured) return BW_OK;
    return bw_grid_split(ctx, box->level, NULL, box->size, d->how->connectivity, d->how->depth, box->labels, count);
}

/* The voxels of all parts, the highest levels first, to 1/256 of the range; -> how many. */
static int64_t sort_voxels(const bw_divider *d, const bw_part_box *box, uint32_t component, uint32_t *order) {
    int64_t next[257] = {0};
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t m = d->first[component]; m < d->first[component + 1]; m++) {
            const uint32_t i = d->member[m];
            const int64_t at = place(d, box, d->row[i], d->runs->run[i].lo);
            const uint16_t *levels = d->how->levels + d->level[i];
            for (int64_t k = 0; k < d->runs->run[i].hi - d->runs->run[i].lo; k++) {
                if (!box->labels[at + k]) continue;
                if (pass == 0) next[256 - (levels[k] >> 8)]++;
                if (pass == 1) order[next[255 - (levels[k] >> 8)]++] = (uint32_t)(at + k);
            }
        }
        for (int b = 1; b < 257 && pass == 0; b++)
            next[b] += next[b - 1];
    }
    return next[255];
}

/* Of every part the voxel whose level a tenth of it exceeds: FOUND and where it is. edges: zeros, one per part and one
 * before. */
static void find_edges(const bw_part_box *box, const uint32_t *order, int64_t voxels, uint32_t count, uint32_t *edges) {
    for (int64_t i = 0; i < voxels; i++)
        edges[box->labels[order[i]]]++;
    for (uint32_t l = 1; l <= count; l++)
        edges[l] = edges[l] / 10 + 1;
    for (int64_t i = 0; i < voxels; i++) {
        uint32_t *edge = edges + box->labels[order[i]];
        if (!(*edge & FOUND) && !--*edge) *edge = FOUND | order[i];
    }
}

/* Every part ends at a share of the level that a tenth of it exceeds. */
static bw_status trim(bw_context *ctx, const bw_divider *d, const bw_part_box *box, uint32_t component,
                      uint32_t count) {
    float *least = bw_calloc(ctx, (uint64_t)count + 1, sizeof *least, "parts of a component");
    uint32_t *edges = bw_calloc(ctx, (uint64_t)count + 1, sizeof *edges, "parts of a component");
    uint32_t *order = (uint32_t *)box->level; /* which are painted anew */
    if (least && edges) {
        find_edges(box, order, sort_voxels(d, box, component, order), count, edges);
        paint(d, box, component);
        for (uint32_t l = 1; l <= count; l++)
            if (edges[l] & FOUND) least[l] = (float)d->how->edge * box->level[edges[l] & ~FOUND];
        bw_grid_trim(box->level, least, box->size, box->labels);
    }
    bw_free(least);
    bw_free(edges);
    return bw_context_status(ctx);
}

/* Stretches of equal labels of a component's run; -> their number. pieces: NULL = only count. */
static int64_t cut_run(const bw_divider *d, const bw_part_box *box, uint32_t i, bw_piece *pieces) {
    const bw_run *run = d->runs->run + i;
    const uint32_t *labels = box->labels + place(d, box, d->row[i], run->lo);
    int64_t count = 0;
    for (int32_t x = 0; x < run->hi - run->lo;) {
        const int32_t lo = x;
        while (++x < run->hi - run->lo && labels[x] == labels[lo]) {
        }
        if (!labels[lo]) continue;
        if (pieces) pieces[count] = (bw_piece){{run->lo + lo, run->lo + x, labels[lo]}, d->row[i]};
        count++;
    }
    return count;
}

static bw_status keep_pieces(bw_context *ctx, const bw_divider *d, const bw_part_box *box, uint32_t component,
                             uint32_t parts) {
    bw_pieces *pieces = d->pieces + component;
    for (int64_t m = d->first[component]; m < d->first[component + 1]; m++)
        pieces->count += cut_run(d, box, d->member[m], NULL);
    pieces->piece = bw_alloc(ctx, (uint64_t)pieces->count, sizeof *pieces->piece, "parts of a component");
    if (!pieces->piece) return BW_ERROR_MEMORY;
    int64_t at = 0;
    for (int64_t m = d->first[component]; m < d->first[component + 1]; m++)
        at += cut_run(d, box, d->member[m], pieces->piece + at);
    pieces->parts = parts;
    return BW_OK;
}

static bw_status divide_box(bw_context *ctx, const bw_divider *d, bw_part_box *box, uint32_t component) {
    const uint64_t voxels = (uint64_t)voxels_of(box);
    uint32_t count = 1;
    box->level = bw_alloc(ctx, voxels, sizeof *box->level, "a component");
    box->labels = bw_alloc(ctx, voxels, sizeof *box->labels, "a component");
    bw_status status = bw_context_status(ctx);
    if (status == BW_OK) status = split_box(ctx, d, box, component, &count);
    if (status == BW_OK && count < 2) paint_layer(d, box, component, 0); /* it is one part */
    if (status == BW_OK && d->how->edge > 0) status = trim(ctx, d, box, component, count);
    bw_free(box->level);
    if (status == BW_OK && (count > 1 || d->how->edge > 0)) {
        if (d->how->lines) bw_grid_lines(box->size, d->how->connectivity, box->labels);
        status = keep_pieces(ctx, d, box, component, count);
    }
    bw_free(box->labels);
    return status;
}

static bw_status check_room(bw_context *ctx, const bw_part_box *box) {
    const double wanted = (double)voxels_of(box) * VOXEL_BYTES, budget = (double)bw_context_memory_budget(ctx);
    if (voxels_of(box) >= INT32_MAX)
        return bw_fail(
            ctx, BW_ERROR_MEMORY,
            "A connected piece of foreground spans %lld x %lld x %lld voxels, but at most %d can be split at "
            "once. Raise the threshold, or do not split.",
            (long long)box->size[0], (long long)box->size[1], (long long)box->size[2], INT32_MAX - 1);
    if (wanted <= budget) return BW_OK;
    return bw_fail(ctx, BW_ERROR_MEMORY,
                   "A connected piece of foreground spans %lld x %lld x %lld voxels; splitting it needs %.0f MB, but "
                   "%.0f MB are allowed. Raise the threshold or the memory, or do not split.",
                   (long long)box->size[0], (long long)box->size[1], (long long)box->size[2], wanted / 1e6,
                   budget / 1e6);
}

static bw_status divide_component(bw_context *ctx, void *user, int64_t index, int thread) {
    const bw_divider *d = user;
    bw_part_box box;
    (void)thread;
    find_box(d, (uint32_t)index, &box);
    if ((voxels_of(&box) >= d->large_from) != d->large) return BW_OK;
    BW_TRY(check_room(ctx, &box));
    return divide_box(ctx, d, &box, (uint32_t)index);
}

/* ---- all of them ------------------------------------------------------------------------------------------------- */

/* Voxels of the boxes that may be held at once: the largest ones, one per thread. */
static bw_status sum_boxes(bw_context *ctx, const bw_divider *d, int threads, int64_t *sum) {
    int64_t *most = bw_calloc(ctx, (uint64_t)threads, sizeof *most, "components"); /* descending */
    if (!most) return BW_ERROR_MEMORY;
    for (uint32_t c = 0; c < d->count; c++) {
        bw_part_box box;
        find_box(d, c, &box);
        const int64_t voxels = voxels_of(&box) < LARGE ? voxels_of(&box) : 0;
        int at = threads;
        for (; at > 0 && most[at - 1] < voxels; at--)
            if (at < threads) most[at] = most[at - 1];
        if (at < threads) most[at] = voxels;
    }
    *sum = 0;
    for (int t = 0; t < threads; t++)
        *sum += most[t];
    bw_free(most);
    return BW_OK;
}

/* Where boxes overlap, those beyond a thread's share of the frame are not held side by side. */
static bw_status choose_large(bw_context *ctx, bw_divider *d, int threads) {
    const int64_t frame = d->runs->size[0] * bw_runs_rows(d->runs), share = frame / threads;
    int64_t boxes, levels = 0;
    BW_TRY(sum_boxes(ctx, d, threads, &boxes));
    for (uint32_t c = 0; c < d->count; c++)
        levels += d->extents[c].voxels;
    const int fits = boxes * VOXEL_BYTES + levels * LEVEL_BYTES <= frame * FRAME_BYTES;
    d->large_from = fits || share > LARGE ? LARGE : share > SMALL ? share : SMALL;
    return BW_OK;
}

static bw_status divide_all(bw_context *ctx, bw_divider *d) {
    const int threads = bw_context_threads(ctx);
    const double room = (double)bw_context_memory_budget(ctx) / ((double)LARGE * VOXEL_BYTES);
    d->threads = 1;
    d->large = 0;
    BW_TRY(choose_large(ctx, d, threads));
    BW_TRY(
        bw_parallel_threads(ctx, room < threads ? room < 1 ? 1 : (int)room : threads, d->count, divide_component, d));
    d->threads = threads;
    d->large = 1;
    for (uint32_t l = 0; l < d->count; l++)
        BW_TRY(divide_component(ctx, d, l, 0));
    return BW_OK;
}

/* Labels of the parts of all components, one component after the other. */
static uint32_t number_parts(bw_divider *d) {
    uint32_t base = 0;
    for (uint32_t l = 0; l < d->count; l++) {
        d->pieces[l].base = base;
        base += d->pieces[l].piece ? d->pieces[l].parts : 1;
    }
    return base;
}

/* What becomes of a run; to NULL = only counts. */
static int64_t replace_run(bw_divider *d, int64_t i, bw_run *to) {
    const bw_run *run = d->runs->run + i;
    bw_pieces *pieces = d->pieces + run->label - 1;
    int64_t count = 0;
    if (!pieces->piece) {
        if (to) *to = (bw_run){run->lo, run->hi, pieces->base + 1};
        return 1;
    }
    for (; pieces->next + count < pieces->count; count++) {
        const bw_piece *piece = pieces->piece + pieces->next + count;
        if (piece->row != d->row[i] || piece->run.lo >= run->hi) break;
        if (to) to[count] = (bw_run){piece->run.lo, piece->run.hi, pieces->base + piece->run.label};
    }
    pieces->next += count;
    return count;
}

static bw_status replace_runs(bw_context *ctx, bw_divider *d, bw_runs *runs) {
    int64_t count = 0;
    for (uint32_t l = 0; l < d->count; l++)
        count += d->pieces[l].piece ? d->pieces[l].count : d->first[l + 1] - d->first[l];
    bw_run *all = bw_alloc(ctx, (uint64_t)count, sizeof *all, "runs of pixels");
    if (!all) return BW_ERROR_MEMORY;
    count = 0;
    for (int64_t row = 0, i = 0; row < bw_runs_rows(runs); row++) {
        for (const int64_t end = runs->row[row + 1]; i < end; i++)
            count += replace_run(d, i, all + count);
        runs->row[row + 1] = count;
    }
    bw_free(runs->run);
    runs->run = all;
    runs->count = runs->capacity = count;
    return BW_OK;
}

static bw_status check_rows(bw_context *ctx, const bw_runs *runs) {
    if (bw_runs_rows(runs) < (int64_t)UINT32_MAX) return BW_OK;
    return bw_fail(ctx, BW_ERROR_MEMORY, "A frame of %lld rows is more than can be split.",
                   (long long)bw_runs_rows(runs));
}

bw_status bw_runs_divide(bw_context *ctx, bw_runs *runs, const bw_division *division, uint32_t *count) {
    bw_divider d = {.runs = runs, .how = division, .count = *count};
    BW_TRY(check_rows(ctx, runs));
    if (runs->size[0] * bw_runs_rows(runs) >= GIVE_BACK) bw_give_back();
    bw_status status = prepare(ctx, &d);
    if (status == BW_OK) status = divide_all(ctx, &d);
    if (status == BW_OK) {
        *count = number_parts(&d);
        status = replace_runs(ctx, &d, runs);
    }
    release(&d);
    return status;
}
