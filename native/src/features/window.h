/* Windows: neighbourhoods whose pixels an operation looks at (family_window.c, family_rank.c, family_smooth.c). */
#ifndef BW_FEATURES_WINDOW_H
#define BW_FEATURES_WINDOW_H

#include "features/plan.h"
#include "features/window_ops.h"

/* ---- a step's private room -------------------------------------------------------------------------------------- */

/* Hands out pieces of call->scratch. With base NULL it only adds up the bytes: one function lays out a kind's room for
 * its `scratch` and its `run`. */
typedef struct bw_rooms {
    char *base;
    int64_t used;
} bw_rooms;

void *bw_room(bw_rooms *rooms, int64_t count, int64_t size);

/* ---- pixels ----------------------------------------------------------------------------------------------------- */

/* n pixels of a row from x on, mirrored at the frame's borders where the view is cut there. `precision` is that of out;
 * a double image does not go into floats. */
void bw_window_row(const bw_step_call *call, int input, const int64_t at[3], int64_t n, void *out,
                   bw_precision precision);

/* Where the view holds a pixel; at[0] must be inside, the row may be mirrored. */
const void *bw_window_at(const bw_step_call *call, int input, const int64_t at[3]);

/* The private copy of the input around an output box: element (0, 0, 0) is the pixel lo. Rows have room behind for
 * whole blocks of vector code (bw_window_padded). */
typedef struct bw_block {
    int64_t lo[3], extent[3], row, plane, count; /* count: elements, padding included */
} bw_block;

bw_block bw_block_around(const bw_box *out, const int64_t before[3], const int64_t after[3]);

/* The element of an output pixel's own position. */
static inline int64_t bw_block_at(const bw_block *block, int64_t x, int64_t y, int64_t z) {
    return (z - block->lo[2]) * block->plane + (y - block->lo[1]) * block->row + (x - block->lo[0]);
}

/* Fills a block with an input's pixels and the padding with 0. */
bw_status bw_block_fill(bw_context *ctx, const bw_step_call *call, int input, const bw_block *block, void *values,
                        bw_precision precision);

/* Pixels of row (y, z) of an output box go from `values` (a float per pixel) to the step's output. */
void bw_window_store(const bw_step_call *call, int64_t y, int64_t z, const float *values);

/* Runs `row` for every row of the output box. */
typedef void (*bw_window_row_fn)(const bw_step_call *call, const void *room, int64_t y, int64_t z);
bw_status bw_window_rows(bw_context *ctx, const bw_step_call *call, const void *room, bw_window_row_fn row);

/* ---- balls ------------------------------------------------------------------------------------------------------ */

/* Offsets d with sum (d[axis] / radius[axis])^2 <= 1 + 1e-9; where a radius is below one pixel only d = 0 counts. The
 * radii are a step's parameters 0 to 2. */

/* Sets a step's parameters and reach to the ball of `radius` x-pixels. */
void bw_ball_set(const bw_builder *b, double radius, bw_step *step);

/* A step of the feature's own radius from one image. */
int bw_ball_step(bw_builder *b, const bw_step_kind *kind, int source);

/* The channel for windows: as it is, in floats. */
int bw_window_source(bw_builder *b);

/* A ball as rows of pixels |dx| <= half at (y, z), short rows first. */
typedef struct bw_ball_row {
    int64_t half, y, z;
} bw_ball_row;

/* Rows are at most (2 reach[1] + 1) (2 reach[2] + 1). */
int64_t bw_ball_rows(const bw_step *step, bw_ball_row *rows);
int64_t bw_ball_rows_most(const bw_step *step);

/* Pixels of the ball. */
int64_t bw_ball_count(const bw_step *step);

/* Elements of `block` from a pixel to each of the ball's pixels, in their order in memory, and unless shares is NULL
 * their sum (d[axis] / radius[axis])^2. */
void bw_ball_offsets(const bw_step *step, const bw_block *block, int64_t *offsets, double *shares);

#endif
