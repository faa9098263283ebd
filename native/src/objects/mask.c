#include "objects/mask.h"

#include <string.h>

#include "core/alloc.h"
#include "core/image.h"
#include "core/parallel.h"
#include "objects/objects.h"

/* ---- all rows ---------------------------------------------------------------------------------------------------- */

/* Calls a task for the rows of all bands of all frames. */
static bw_status for_rows(bw_context *ctx, bw_foreground *f, bw_task_fn task, void *user) {
    for (int frame = 0; frame < bw_image_get_info(f->image)->frames; frame++) {
        int more;
        bw_foreground_begin(f, frame);
        BW_TRY(bw_foreground_next(ctx, f, &more));
        while (more) {
            BW_TRY(bw_parallel(ctx, f->rows, task, user));
            BW_TRY(bw_foreground_next(ctx, f, &more));
        }
    }
    return BW_OK;
}

/* ---- Otsu -------------------------------------------------------------------------------------------------------- */

enum { BINS = 256 };

typedef struct bw_histogram {
    const bw_foreground *f;
    int64_t (*bins)[BINS]; /* per thread */
} bw_histogram;

static bw_status count_row(bw_context *ctx, void *user, int64_t row, int thread) {
    const bw_histogram *h = user;
    const int64_t width = bw_image_get_info(h->f->image)->width;
    const float *at = h->f->values[0] + row * width;
    int64_t *bins = h->bins[thread];
    (void)ctx;
    for (int64_t x = 0; x < width; x++) {
        const int bin = (int)(at[x] * BINS);
        bins[bin < 0 ? 0 : bin < BINS ? bin : BINS - 1]++;
    }
    return BW_OK;
}

/* The first bin above the cut that makes the variance between both sides largest. */
static int otsu_bin(const int64_t *bins) {
    double all = 0, sum = 0, below = 0, below_sum = 0, best = -1;
    int cut = BINS / 2;
    for (int b = 0; b < BINS; b++) {
        all += (double)bins[b];
        sum += (double)bins[b] * b;
    }
    for (int b = 0; b < BINS - 1; b++) {
        below += (double)bins[b];
        below_sum += (double)bins[b] * b;
        if (!below || below == all) continue;
        const double gap = below_sum / below - (sum - below_sum) / (all - below);
        const double variance = below * (all - below) * gap * gap;
        if (variance > best) {
            best = variance;
            cut = b + 1;
        }
    }
    return cut;
}

bw_status bw_mask_otsu(bw_context *ctx, bw_foreground *f, double *out) {
    const int threads = bw_context_threads(ctx);
    int64_t(*bins)[BINS] = bw_calloc(ctx, (uint64_t)threads, sizeof *bins, "a histogram");
    if (!bins) return BW_ERROR_MEMORY;
    bw_histogram h = {f, bins};
    const bw_status status = for_rows(ctx, f, count_row, &h);
    for (int t = 1; t < threads; t++)
        for (int b = 0; b < BINS; b++)
            bins[0][b] += bins[t][b];
    *out = otsu_bin(bins[0]) / (double)BINS;
    bw_free(bins);
    return status;
}

/* ---- highest value ----------------------------------------------------------------------------------------------- */

typedef struct bw_highest {
    const bw_foreground *f;
    float *values; /* per thread */
} bw_highest;

static bw_status see_row(bw_context *ctx, void *user, int64_t row, int thread) {
    const bw_highest *h = user;
    const int64_t width = bw_image_get_info(h->f->image)->width;
    const float *at = h->f->values[0] + row * width;
    (void)ctx;
    for (int64_t x = 0; x < width; x++)
        if (at[x] > h->values[thread]) h->values[thread] = at[x];
    return BW_OK;
}

bw_status bw_mask_highest(bw_context *ctx, bw_foreground *f, double *out) {
    const int threads = bw_context_threads(ctx);
    bw_highest h = {f, bw_calloc(ctx, (uint64_t)threads, sizeof *h.values, "the highest foreground")};
    *out = 0;
    if (!h.values) return BW_ERROR_MEMORY;
    const bw_status status = for_rows(ctx, f, see_row, &h);
    for (int t = 0; t < threads; t++)
        if ((double)h.values[t] > *out) *out = (double)h.values[t];
    bw_free(h.values);
    return status;
}

/* ---- steepness --------------------------------------------------------------------------------------------------- */

/* Steps are added up as whole numbers, so that the sums are the same in any order. */
enum { STEP_UNIT = 1 << 16 };

/* How much steeper the lower level must be: on images like those that were painted both are about equal. */
static const double STEEPER = 1.5;

/* Neighbours along x on both sides of a level. */
typedef struct bw_steps {
    int64_t count, sum; /* of their differences */
} bw_steps;

typedef struct bw_slopes {
    const bw_foreground *f;
    float level[2];
    bw_steps (*steps)[2]; /* per thread */
} bw_slopes;

static bw_status add_steps(bw_context *ctx, void *user, int64_t row, int thread) {
    const bw_slopes *s = user;
    const int64_t width = bw_image_get_info(s->f->image)->width;
    const float *at = s->f->values[0] + row * width;
    (void)ctx;
    for (int64_t x = 0; x + 1 < width; x++) {
        const float lo = at[x] < at[x + 1] ? at[x] : at[x + 1], hi = at[x] < at[x + 1] ? at[x + 1] : at[x];
        for (int l = 0; l < 2; l++) {
            const int crossed = lo < s->level[l] && hi >= s->level[l];
            s->steps[thread][l].count += crossed;
            s->steps[thread][l].sum += crossed ? (int64_t)((hi - lo) * STEP_UNIT) : 0;
        }
    }
    return BW_OK;
}

bw_status bw_mask_auto(bw_context *ctx, bw_foreground *f, double threshold, double *out) {
    const int threads = bw_context_threads(ctx);
    bw_slopes s = {f, {(float)(threshold / 2), (float)((1 + threshold) / 2)}, NULL};
    bw_steps all[2] = {{0}};
    *out = threshold;
    if (!(s.steps = bw_calloc(ctx, (uint64_t)threads, sizeof *s.steps, "steps of the foreground")))
        return BW_ERROR_MEMORY;
    const bw_status status = for_rows(ctx, f, add_steps, &s);
    for (int t = 0; t < threads; t++)
        for (int l = 0; l < 2; l++) {
            all[l].count += s.steps[t][l].count;
            all[l].sum += s.steps[t][l].sum;
        }
    bw_free(s.steps);
    if (all[0].count && all[1].count &&
        (double)all[0].sum / (double)all[0].count > STEEPER * (double)all[1].sum / (double)all[1].count)
        *out = threshold / 2;
    return status;
}

/* ---- thresholds -------------------------------------------------------------------------------------------------- */

typedef struct bw_cutter {
    int64_t width;
    const float *values, *core; /* core NULL = values alone */
    float threshold, core_threshold;
} bw_cutter;

static int64_t cut_row(bw_context *ctx, void *user, int64_t row, bw_run *runs) {
    const bw_cutter *cut = user;
    const float *at = cut->values + row * cut->width, *core = cut->core ? cut->core + row * cut->width : NULL;
    int64_t count = 0;
    (void)ctx;
    for (int64_t x = 0, lo = -1; x <= cut->width; x++) {
        const int in = x < cut->width && at[x] >= cut->threshold && (!core || core[x] >= cut->core_threshold);
        if (in && lo < 0) lo = x;
        if (in || lo < 0) continue;
        if (runs) runs[count] = (bw_run){(int32_t)lo, (int32_t)x, 1};
        count++;
        lo = -1;
    }
    return count;
}

static bw_status cut_band(bw_context *ctx, const bw_foreground *f, const bw_cut *cut) {
    bw_cutter cutter = {bw_image_get_info(f->image)->width, f->values[0], cut->cored ? f->values[f->count - 1] : NULL,
                        (float)cut->threshold, (float)cut->core_threshold};
    return bw_runs_append(ctx, cut->to, f->rows, cut_row, &cutter);
}

bw_status bw_mask_build(bw_context *ctx, bw_foreground *f, int frame, const bw_cut *cuts, int count) {
    const bw_image_info *info = bw_image_get_info(f->image);
    const int64_t size[3] = {info->width, info->height, info->depth};
    int more;
    for (int c = 0; c < count; c++)
        BW_TRY(bw_runs_begin(ctx, size, cuts[c].to));
    bw_foreground_begin(f, frame);
    BW_TRY(bw_foreground_next(ctx, f, &more));
    while (more) {
        for (int c = 0; c < count; c++)
            BW_TRY(cut_band(ctx, f, cuts + c));
        BW_TRY(bw_foreground_next(ctx, f, &more));
    }
    return BW_OK;
}

/* ---- holes ------------------------------------------------------------------------------------------------------- */

/* What lies between the runs of a row. */
static int64_t gaps_row(bw_context *ctx, void *user, int64_t row, bw_run *runs) {
    const bw_runs *from = user;
    int64_t count = 0;
    int32_t lo = 0;
    (void)ctx;
    for (int64_t i = from->row[row]; i <= from->row[row + 1]; i++) {
        const int32_t hi = i < from->row[row + 1] ? from->run[i].lo : (int32_t)from->size[0];
        if (hi > lo) {
            if (runs) runs[count] = (bw_run){lo, hi, 1};
            count++;
        }
        if (i < from->row[row + 1]) lo = from->run[i].hi;
    }
    return count;
}

static int is_open(const bw_extent *extent, const int64_t size[3], int axes) {
    int open = 0;
    for (int axis = 0; axis < axes; axis++)
        open |= extent->lo[axis] == 0 || extent->hi[axis] == size[axis];
    return open;
}

/* map[l] = 1 for components of the background that reach the border. */
static int64_t find_holes(const bw_extent *extents, uint32_t count, const int64_t size[3], int axes, uint32_t *map) {
    int64_t filled = 0;
    map[0] = 0;
    for (uint32_t l = 1; l <= count; l++) {
        map[l] = (uint32_t)is_open(extents + l - 1, size, axes);
        if (!map[l]) filled += extents[l - 1].voxels;
    }
    return filled;
}

static bw_status keep_open(bw_context *ctx, bw_runs *gaps, int connectivity, int64_t *filled) {
    const int deep = connectivity == 6 || connectivity == 26;
    const int dual = connectivity == 4 ? 8 : connectivity == 8 ? 4 : connectivity == 6 ? 26 : 6;
    uint32_t count = 0;
    BW_TRY(bw_runs_components(ctx, gaps, dual, &count));
    bw_extent *extents = bw_alloc(ctx, count, sizeof *extents, "holes");
    uint32_t *map = extents ? bw_alloc(ctx, (uint64_t)count + 1, sizeof *map, "holes") : NULL;
    if (map) {
        bw_runs_extents(gaps, count, extents);
        *filled = find_holes(extents, count, gaps->size, deep ? 3 : 2, map);
        bw_runs_relabel(gaps, map);
    }
    bw_free(extents);
    bw_free(map);
    return map ? BW_OK : BW_ERROR_MEMORY;
}

bw_status bw_mask_fill(bw_context *ctx, bw_runs *runs, int connectivity, int64_t *filled) {
    bw_runs gaps, whole;
    *filled = 0;
    BW_TRY(bw_runs_build(ctx, runs->size, gaps_row, runs, &gaps));
    bw_status status = keep_open(ctx, &gaps, connectivity, filled);
    if (status == BW_OK) status = bw_runs_build(ctx, runs->size, gaps_row, &gaps, &whole);
    bw_runs_free(&gaps);
    if (status != BW_OK) return status;
    bw_runs_free(runs);
    *runs = whole;
    return BW_OK;
}
