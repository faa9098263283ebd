/* Runs: maximal stretches of voxels along x that belong to one object. What is known of the objects of a frame is kept
 * in runs, whatever the size of the image. */
#ifndef BW_OBJECTS_RUNS_H
#define BW_OBJECTS_RUNS_H

#include "core/status.h"

/* Voxels lo..hi-1 of a row. */
typedef struct bw_run {
    int32_t lo, hi;
    uint32_t label; /* what the owner of the runs says; index + 1 of the object in bw_objects */
} bw_run;

/* The runs of a frame in raster order; rows are z * height + y. Zeroed, it may be freed. */
typedef struct bw_runs {
    int64_t size[3]; /* x, y, z */
    int64_t *row;    /* size[1] * size[2] + 1 of them: runs row[r]..row[r + 1]-1 lie in row r */
    bw_run *run;
    int64_t count;
    int64_t rows, capacity; /* that there are; of run */
} bw_runs;

static inline int64_t bw_runs_rows(const bw_runs *runs) {
    return runs->size[1] * runs->size[2];
}

/* What a row is made of. Called for each row from any thread, twice, with the same result: runs NULL = only count them.
 * row: from 0 in each bw_runs_append. -> the number of runs; below 0 after a bw_fail. */
typedef int64_t (*bw_row_fn)(bw_context *ctx, void *user, int64_t row, bw_run *runs);

/* No rows as yet. */
bw_status bw_runs_begin(bw_context *ctx, const int64_t size[3], bw_runs *out);
/* The next `rows` rows, on all threads. */
bw_status bw_runs_append(bw_context *ctx, bw_runs *runs, int64_t rows, bw_row_fn fn, void *user);
/* All rows. */
bw_status bw_runs_build(bw_context *ctx, const int64_t size[3], bw_row_fn fn, void *user, bw_runs *out);
void bw_runs_free(bw_runs *runs);

/* Connectivity of the options for frames of this size: 4, 8, 6 or 26; 0 becomes 8 or 26, and for single slices 6
 * becomes 4 and 26 becomes 8. */
bw_status bw_connectivity_check(bw_context *ctx, int connectivity, const int64_t size[3], int *out);

/* Connected components by union-find over the runs that touch (He et al. 2008): labels 1..*count in the order of first
 * voxels. */
bw_status bw_runs_components(bw_context *ctx, bw_runs *runs, int connectivity, uint32_t *count);

/* Of every label 1..count keeps the largest connected piece, the first of equal ones. */
bw_status bw_runs_largest(bw_context *ctx, bw_runs *runs, int connectivity, uint32_t count);

/* Calls fn for every two runs that touch, the later one first. */
typedef bw_status (*bw_touch_fn)(void *user, int64_t later, int64_t earlier);
bw_status bw_runs_touching(bw_context *ctx, const bw_runs *runs, int connectivity, bw_touch_fn fn, void *user);

/* Box and voxels of each label 1..count. */
typedef struct bw_extent {
    int64_t lo[3], hi[3]; /* half-open */
    int64_t voxels;
} bw_extent;

/* out[label - 1]; runs of label 0 are left out. */
void bw_runs_extents(const bw_runs *runs, uint32_t count, bw_extent *out);

/* Gives runs of label l the label map[l]; joins neighbours in a row that become one, leaves out those of label 0. */
void bw_runs_relabel(bw_runs *runs, const uint32_t *map);

#endif
