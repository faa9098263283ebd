/* The outline of an object in the plane, as ImageJ's wand traces it, and its perimeter. */
#include <math.h>

#include "core/union.h"
#include "objects/measure.h"

enum { ROWS = 0, PARENTS = 1 }; /* blocks of the scratch */

/* ---- parts of an object that touch ------------------------------------------------------------------------------- */

/* parent[i] == i for the first span of each part; pixels touch at their corners, too. */
static void join_spans(const bw_span *span, int64_t count, int64_t *parent) {
    int64_t above = 0;
    for (int64_t i = 0; i < count; i++) {
        parent[i] = i;
        while (span[above].y < span[i].y - 1 || (span[above].y == span[i].y - 1 && span[above].x1 < span[i].x0))
            above++;
        for (int64_t k = above; span[k].y < span[i].y && span[k].x0 <= span[i].x1; k++)
            bw_union_join(parent, k, i);
    }
}

/* ---- tracing ----------------------------------------------------------------------------------------------------- */

/* row[k]: first span of row y + k, of `rows` rows. */
typedef struct bw_plane_spans {
    const bw_span *span;
    const int64_t *row;
    int64_t y, rows;
} bw_plane_spans;

static int holds(const bw_plane_spans *plane, int64_t x, int64_t y) {
    const int64_t k = y - plane->y;
    if (k < 0 || k >= plane->rows) return 0;
    int64_t lo = plane->row[k], hi = plane->row[k + 1];
    while (lo < hi) {
        const int64_t middle = lo + (hi - lo) / 2;
        if (plane->span[middle].x1 <= x)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo < plane->row[k + 1] && plane->span[lo].x0 <= x;
}

/* On its way along the pixels' edges, with the object at the right hand. Directions: 0 right, 1 up, 2 left, 3 down. */
typedef struct bw_walk {
    int64_t x, y;
    int direction;
    int64_t across, down, corners; /* lengths, and corners that are cut */
    int64_t side;                  /* length of the side so far */
    int begun, cut;                /* a corner was seen; the last one was cut */
} bw_walk;

/* Whether the pixel at the left hand of somebody who turned to this direction is the object's. */
static int holds_beside(const bw_plane_spans *plane, const bw_walk *walk, int direction) {
    const int d = direction & 3;
    return holds(plane, walk->x - (d == 2 || d == 3), walk->y - (d == 1 || d == 2));
}

/* Every corner is cut, but not one that a side of one pixel joins to a corner that is. */
static void pass_corner(bw_walk *walk) {
    walk->cut = !walk->begun || walk->side > 1 || !walk->cut;
    walk->corners += walk->cut;
    walk->begun = 1;
    walk->side = 0;
}

/* As far to the left as the object goes, so that pixels which touch at a corner are kept together. */
static void step(const bw_plane_spans *plane, bw_walk *walk) {
    static const int dx[4] = {1, 0, -1, 0}, dy[4] = {0, -1, 0, 1};
    int turn = walk->direction + 1;
    while (turn >= walk->direction && !holds_beside(plane, walk, turn))
        turn--;
    if (turn != walk->direction) pass_corner(walk);
    walk->direction = turn & 3;
    walk->x += dx[walk->direction];
    walk->y += dy[walk->direction];
    walk->across += dx[walk->direction] != 0;
    walk->down += dy[walk->direction] != 0;
    walk->side++;
}

/* Begins behind the first span of a part, where ImageJ does: the corners that are cut depend on it. */
static bw_status trace(bw_context *ctx, const bw_plane_spans *plane, const bw_span *from, const double spacing[3],
                       double *length) {
    bw_walk walk = {.x = from->x1, .y = from->y + 1, .direction = 3};
    int64_t steps = 0;
    do {
        step(plane, &walk);
        if ((++steps & 0xffff) == 0) BW_TRY(bw_check(ctx));
    } while (walk.x != from->x1 || walk.y != from->y + 1 || walk.direction != 3);
    const double w = spacing[0], h = spacing[1];
    *length += (double)walk.across * w + (double)walk.down * h - (double)walk.corners * (w + h - sqrt(w * w + h * h));
    return BW_OK;
}

static void find_rows(const bw_span *span, int64_t count, int64_t y, int64_t rows, int64_t *row) {
    int64_t i = 0;
    for (int64_t k = 0; k < rows; k++) {
        while (i < count && span[i].y < y + k)
            i++;
        row[k] = i;
    }
    row[rows] = count;
}

bw_status bw_shape_outline(bw_context *ctx, bw_measure_scratch *scratch, const bw_measure_grid *grid,
                           const bw_span *span, int64_t count, bw_shape *out) {
    const int64_t rows = out->hi[1] - out->lo[1];
    int64_t *row = bw_scratch_room(ctx, scratch, ROWS, rows + 1, sizeof *row);
    int64_t *parent = row ? bw_scratch_room(ctx, scratch, PARENTS, count, sizeof *parent) : NULL;
    if (!parent) return BW_ERROR_MEMORY;
    const bw_plane_spans plane = {span, row, out->lo[1], rows};
    find_rows(span, count, out->lo[1], rows, row);
    join_spans(span, count, parent);
    out->perimeter = 0;
    for (int64_t i = 0; i < count; i++)
        if (parent[i] == i) BW_TRY(trace(ctx, &plane, span + i, grid->spacing, &out->perimeter));
    return BW_OK;
}
