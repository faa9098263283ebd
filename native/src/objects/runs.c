#include "objects/runs.h"

#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"

/* ---- building ---------------------------------------------------------------------------------------------------- */

enum { CHUNK_VOXELS = 1 << 16, CHECK_ROWS = 64 };

typedef struct bw_rows {
    bw_runs *runs;
    int64_t first, count, chunk; /* rows: where they begin, how many, how many a task does */
    bw_row_fn fn;
    void *user;
} bw_rows;

bw_status bw_runs_begin(bw_context *ctx, const int64_t size[3], bw_runs *out) {
    memset(out, 0, sizeof *out);
    memcpy(out->size, size, sizeof out->size);
    out->row = bw_calloc(ctx, (uint64_t)bw_runs_rows(out) + 1, sizeof *out->row, "rows of runs");
    return out->row ? BW_OK : BW_ERROR_MEMORY;
}

static int64_t chunk_end(const bw_rows *rows, int64_t index) {
    const int64_t end = (index + 1) * rows->chunk;
    return end < rows->count ? end : rows->count;
}

/* row[r + 1] holds the number of runs in row r until they are summed up. */
static bw_status count_chunk(bw_context *ctx, void *user, int64_t index, int thread) {
    const bw_rows *rows = user;
    (void)thread;
    for (int64_t r = index * rows->chunk; r < chunk_end(rows, index); r++) {
        const int64_t n = rows->fn(ctx, rows->user, r, NULL);
        if (n < 0) return bw_context_status(ctx);
        rows->runs->row[rows->first + r + 1] = n;
    }
    return BW_OK;
}

static bw_status fill_chunk(bw_context *ctx, void *user, int64_t index, int thread) {
    const bw_rows *rows = user;
    (void)thread;
    for (int64_t r = index * rows->chunk; r < chunk_end(rows, index); r++) {
        const int64_t at = rows->runs->row[rows->first + r];
        if (rows->runs->row[rows->first + r + 1] > at) rows->fn(ctx, rows->user, r, rows->runs->run + at);
    }
    return BW_OK;
}

static bw_status make_room(bw_context *ctx, bw_runs *runs, int64_t wanted) {
    if (wanted <= runs->capacity) return BW_OK;
    if (wanted >= (int64_t)UINT32_MAX)
        return bw_fail(ctx, BW_ERROR_MEMORY, "A frame of %lld runs of pixels is more than can be labelled.",
                       (long long)wanted);
    const int64_t capacity = wanted + (runs->rows < bw_runs_rows(runs) ? wanted / 4 : 0);
    bw_run *run = bw_realloc(ctx, runs->run, (uint64_t)capacity, sizeof *run, "runs of pixels");
    if (!run) return BW_ERROR_MEMORY;
    runs->run = run;
    runs->capacity = capacity;
    return BW_OK;
}

bw_status bw_runs_append(bw_context *ctx, bw_runs *runs, int64_t count, bw_row_fn fn, void *user) {
    bw_rows rows = {runs, runs->rows, count, CHUNK_VOXELS / runs->size[0] + 1, fn, user};
    const int64_t chunks = (count + rows.chunk - 1) / rows.chunk;
    BW_TRY(bw_parallel(ctx, chunks, count_chunk, &rows));
    for (int64_t r = rows.first; r < rows.first + count; r++)
        runs->row[r + 1] += runs->row[r];
    runs->rows += count;
    BW_TRY(make_room(ctx, runs, runs->row[runs->rows]));
    runs->count = runs->row[runs->rows];
    return bw_parallel(ctx, chunks, fill_chunk, &rows);
}

bw_status bw_runs_build(bw_context *ctx, const int64_t size[3], bw_row_fn fn, void *user, bw_runs *out) {
    bw_status status = bw_runs_begin(ctx, size, out);
    if (status == BW_OK) status = bw_runs_append(ctx, out, bw_runs_rows(out), fn, user);
    if (status != BW_OK) bw_runs_free(out);
    return status;
}

void bw_runs_free(bw_runs *runs) {
    bw_free(runs->row);
    bw_free(runs->run);
    memset(runs, 0, sizeof *runs);
}

/* ---- neighbours -------------------------------------------------------------------------------------------------- */

static const struct {
    int connectivity, flat, deep; /* what it is for single slices; whether it joins slices */
    int diagonal;                 /* voxels that share a corner touch */
} kinds[] = {{4, 4, 0, 0}, {8, 8, 0, 1}, {6, 4, 1, 0}, {26, 8, 1, 1}};

static int kind_of(int connectivity) {
    for (int k = 0; k < (int)(sizeof kinds / sizeof *kinds); k++)
        if (kinds[k].connectivity == connectivity) return k;
    return -1;
}

bw_status bw_connectivity_check(bw_context *ctx, int connectivity, const int64_t size[3], int *out) {
    const int kind = kind_of(connectivity ? connectivity : 26);
    if (kind < 0)
        return bw_fail(ctx, BW_ERROR_ARGUMENT,
                       "The connectivity must be 4 or 8 (slice by slice), 6 or 26 (in 3D) or 0 (automatic), not %d.",
                       connectivity);
    *out = size[2] > 1 ? kinds[kind].connectivity : kinds[kind].flat;
    return BW_OK;
}

/* Calls fn for touching runs of two rows; reach: 1 where touching corners count. */
static bw_status touch_rows(const bw_runs *runs, int64_t row, int64_t other, int reach, bw_touch_fn fn, void *user) {
    int64_t b = runs->row[other];
    for (int64_t a = runs->row[row]; a < runs->row[row + 1]; a++) {
        const bw_run *run = runs->run + a;
        while (b < runs->row[other + 1] && (int64_t)runs->run[b].hi + reach <= run->lo)
            b++;
        for (int64_t k = b; k < runs->row[other + 1] && runs->run[k].lo < (int64_t)run->hi + reach; k++)
            BW_TRY(fn(user, a, k));
    }
    return BW_OK;
}

bw_status bw_runs_touching(bw_context *ctx, const bw_runs *runs, int connectivity, bw_touch_fn fn, void *user) {
    const int kind = kind_of(connectivity), deep = kinds[kind].deep, reach = kinds[kind].diagonal;
    const int64_t height = runs->size[1];
    for (int64_t z = 0, row = 0; z < runs->size[2]; z++)
        for (int64_t y = 0; y < height; y++, row++) {
            if (row % CHECK_ROWS == 0) BW_TRY(bw_check(ctx));
            if (y) BW_TRY(touch_rows(runs, row, row - 1, reach, fn, user));
            for (int64_t dy = -reach; deep && z && dy <= reach; dy++)
                if (y + dy >= 0 && y + dy < height) BW_TRY(touch_rows(runs, row, row - height + dy, reach, fn, user));
        }
    return BW_OK;
}

/* ---- components -------------------------------------------------------------------------------------------------- */

static uint32_t root_of(uint32_t *parent, uint32_t at) {
    while (parent[at] != at) {
        parent[at] = parent[parent[at]];
        at = parent[at];
    }
    return at;
}

/* The root is the first of its runs. */
static bw_status unite(void *user, int64_t later, int64_t earlier) {
    uint32_t *parent = user;
    const uint32_t a = root_of(parent, (uint32_t)later), b = root_of(parent, (uint32_t)earlier);
    if (a < b)
        parent[b] = a;
    else
        parent[a] = b;
    return BW_OK;
}

bw_status bw_runs_components(bw_context *ctx, bw_runs *runs, int connectivity, uint32_t *count) {
    uint32_t *parent = bw_alloc(ctx, (uint64_t)runs->count, sizeof *parent, "components");
    if (!parent) return BW_ERROR_MEMORY;
    for (int64_t i = 0; i < runs->count; i++)
        parent[i] = (uint32_t)i;
    const bw_status status = bw_runs_touching(ctx, runs, connectivity, unite, parent);
    *count = 0;
    for (int64_t i = 0; i < runs->count && status == BW_OK; i++) {
        const uint32_t root = root_of(parent, (uint32_t)i);
        runs->run[i].label = root == i ? ++*count : runs->run[root].label;
    }
    bw_free(parent);
    return status;
}

/* ---- largest pieces ---------------------------------------------------------------------------------------------- */

typedef struct bw_pieces_of {
    const bw_runs *runs;
    uint32_t *parent;
} bw_pieces_of;

static bw_status unite_alike(void *user, int64_t later, int64_t earlier) {
    const bw_pieces_of *of = user;
    return of->runs->run[later].label == of->runs->run[earlier].label ? unite(of->parent, later, earlier) : BW_OK;
}

/* size[run]: voxels of the piece whose first run it is; best[label]: first run + 1 of its largest piece. */
static void weigh_pieces(const bw_pieces_of *of, int64_t *size, uint32_t *best) {
    for (int64_t i = 0; i < of->runs->count; i++)
        size[root_of(of->parent, (uint32_t)i)] += of->runs->run[i].hi - of->runs->run[i].lo;
    for (int64_t i = 0; i < of->runs->count; i++) {
        uint32_t *top = best + of->runs->run[i].label;
        if (!*top || size[i] > size[*top - 1]) *top = (uint32_t)i + 1;
    }
}

bw_status bw_runs_largest(bw_context *ctx, bw_runs *runs, int connectivity, uint32_t count) {
    bw_pieces_of of = {runs, bw_alloc(ctx, (uint64_t)runs->count, sizeof *of.parent, "pieces of objects")};
    int64_t *size = bw_calloc(ctx, (uint64_t)runs->count, sizeof *size, "pieces of objects");
    uint32_t *best = bw_calloc(ctx, (uint64_t)count + 1, sizeof *best, "pieces of objects");
    for (int64_t i = 0; of.parent && i < runs->count; i++)
        of.parent[i] = (uint32_t)i;
    bw_status status = of.parent && size && best ? BW_OK : BW_ERROR_MEMORY;
    if (status == BW_OK) status = bw_runs_touching(ctx, runs, connectivity, unite_alike, &of);
    if (status == BW_OK) {
        weigh_pieces(&of, size, best);
        for (int64_t i = 0; i < runs->count; i++)
            size[i] = root_of(of.parent, (uint32_t)i) == best[runs->run[i].label] - 1;
        for (int64_t i = 0; i < runs->count; i++)
            if (!size[i]) runs->run[i].label = 0;
        for (uint32_t label = 0; label <= count; label++)
            best[label] = label;
        bw_runs_relabel(runs, best);
    }
    bw_free(of.parent);
    bw_free(size);
    bw_free(best);
    return status;
}

/* ---- extents, other labels --------------------------------------------------------------------------------------- */

static void widen(bw_extent *extent, const int64_t lo[3], const int64_t hi[3]) {
    for (int axis = 0; axis < 3; axis++) {
        if (!extent->voxels || lo[axis] < extent->lo[axis]) extent->lo[axis] = lo[axis];
        if (!extent->voxels || hi[axis] > extent->hi[axis]) extent->hi[axis] = hi[axis];
    }
    extent->voxels += hi[0] - lo[0];
}

void bw_runs_extents(const bw_runs *runs, uint32_t count, bw_extent *out) {
    memset(out, 0, count * sizeof *out);
    for (int64_t row = 0; row < bw_runs_rows(runs); row++)
        for (int64_t i = runs->row[row]; i < runs->row[row + 1]; i++) {
            const bw_run *run = runs->run + i;
            const int64_t y = row % runs->size[1], z = row / runs->size[1];
            if (run->label)
                widen(out + run->label - 1, (int64_t[3]){run->lo, y, z}, (int64_t[3]){run->hi, y + 1, z + 1});
        }
}

void bw_runs_relabel(bw_runs *runs, const uint32_t *map) {
    int64_t kept = 0, from = 0;
    for (int64_t row = 0; row < bw_runs_rows(runs); row++) {
        const int64_t first = kept, to = runs->row[row + 1];
        for (; from < to; from++) {
            const bw_run run = {runs->run[from].lo, runs->run[from].hi, map[runs->run[from].label]};
            bw_run *last = kept > first ? runs->run + kept - 1 : NULL;
            if (!run.label) continue;
            if (last && last->hi == run.lo && last->label == run.label)
                last->hi = run.hi;
            else
                runs->run[kept++] = run;
        }
        runs->row[row + 1] = kept;
    }
    runs->count = kept;
}
