/* Convex hull of an object and Feret's diameters. Hulls are made from whole numbers, without rounding. */
#include <math.h>

#include "core/math.h"
#include "objects/measure.h"

enum { LOWEST = 0, HIGHEST = 1, POINTS = 2 }; /* blocks of the scratch; measure_quickhull.c has those from 3 */
enum { LONGEST = 1 << 20 };                   /* side of a box whose hull in space fits into 64 bits */

/* ---- in the plane ------------------------------------------------------------------------------------------------ */

/* Below 0 where the way a, b, c turns to the left as seen on the screen. */
static int64_t turn(const bw_corner *a, const bw_corner *b, const bw_corner *c) {
    return (b->x - a->x) * (c->y - b->y) - (b->y - a->y) * (c->x - b->x);
}

/* Adds to a chain that begins at `from`. -> the new number of points */
static int64_t add_corner(bw_corner *out, int64_t from, int64_t count, bw_corner corner) {
    while (count - from >= 2 && turn(out + count - 2, out + count - 1, &corner) >= 0)
        count--;
    out[count] = corner;
    return count + 1;
}

int64_t bw_hull_2d(const int64_t *lo, const int64_t *hi, int64_t lines, int64_t y, int64_t z, bw_corner *out) {
    int64_t count = 0;
    for (int64_t k = 0; k < lines; k++)
        if (lo[k] <= hi[k]) count = add_corner(out, 0, count, (bw_corner){lo[k], y + k, z});
    const int64_t left = count;
    for (int64_t k = lines - 1; k >= 0; k--)
        if (lo[k] <= hi[k]) count = add_corner(out, left, count, (bw_corner){hi[k], y + k, z});
    return count;
}

/* Ranges of corners of a slice's spans on the lines between rows; lines from the box's first row. */
static void widen(const bw_shape *shape, const bw_span *span, int64_t *lo, int64_t *hi) {
    for (int64_t k = span->y - shape->lo[1]; k <= span->y - shape->lo[1] + 1; k++) {
        if (span->x0 - shape->lo[0] < lo[k]) lo[k] = span->x0 - shape->lo[0];
        if (span->x1 - shape->lo[0] > hi[k]) hi[k] = span->x1 - shape->lo[0];
    }
}

static void clear_lines(int64_t lines, int64_t *lo, int64_t *hi) {
    for (int64_t k = 0; k < lines; k++) {
        lo[k] = INT64_MAX;
        hi[k] = INT64_MIN;
    }
}

static int64_t double_area(const bw_corner *hull, int64_t count) {
    int64_t sum = 0;
    for (int64_t i = 0; i < count; i++) {
        const bw_corner *a = hull + i, *b = hull + (i + 1 < count ? i + 1 : 0);
        sum += a->x * b->y - b->x * a->y;
    }
    return sum < 0 ? -sum : sum;
}

/* Largest distance between two points and which they are: of several, the first pair. */
static bw_status find_feret(bw_context *ctx, const bw_corner *point, int64_t count, const double spacing[3],
                            double *feret, int64_t pair[2]) {
    double most = -1;
    for (int64_t i = 0; i < count; i++) {
        if ((i & 63) == 0) BW_TRY(bw_check(ctx));
        for (int64_t j = i + 1; j < count; j++) {
            const double dx = (double)(point[i].x - point[j].x) * spacing[0];
            const double dy = (double)(point[i].y - point[j].y) * spacing[1];
            const double dz = (double)(point[i].z - point[j].z) * spacing[2];
            const double square = dx * dx + dy * dy + dz * dz;
            if (square <= most) continue;
            most = square;
            pair[0] = i;
            pair[1] = j;
        }
    }
    *feret = sqrt(most);
    return BW_OK;
}

static double angle_of(const bw_corner *a, const bw_corner *b, const double spacing[3]) {
    const int64_t dx = b->x - a->x, dy = a->y - b->y, sign = dx < 0 ? -1 : 1;
    const double angle = bw_atan2((double)(sign * dy) * spacing[1], (double)(sign * dx) * spacing[0]) * (180 / BW_PI);
    return angle < 0 ? angle + 180 : angle;
}

/* Width across the edge a-b. */
static double width_across(const bw_corner *hull, int64_t count, const bw_corner *a, const bw_corner *b,
                           const double spacing[3]) {
    const double nx = (double)(b->y - a->y) * spacing[1], ny = (double)(a->x - b->x) * spacing[0];
    double most = 0;
    for (int64_t i = 0; i < count; i++) {
        const double dx = (double)(hull[i].x - b->x) * spacing[0], dy = (double)(hull[i].y - b->y) * spacing[1];
        const double distance = fabs(dx * nx + dy * ny);
        if (distance > most) most = distance;
    }
    return most / sqrt(nx * nx + ny * ny);
}

static bw_status find_feret_min(bw_context *ctx, const bw_corner *hull, int64_t count, const double spacing[3],
                                double *feret_min) {
    *feret_min = INFINITY;
    for (int64_t i = 0; i < count; i++) {
        if ((i & 63) == 0) BW_TRY(bw_check(ctx));
        const double width = width_across(hull, count, hull + (i ? i - 1 : count - 1), hull + i, spacing);
        if (width < *feret_min) *feret_min = width;
    }
    return BW_OK;
}

static bw_status measure_plane(bw_context *ctx, const double spacing[3], const bw_corner *hull, int64_t count,
                               bw_shape *out) {
    int64_t pair[2] = {0, 0};
    out->hull = 0.5 * (double)double_area(hull, count);
    BW_TRY(find_feret(ctx, hull, count, (const double[]){spacing[0], spacing[1], 0}, &out->feret, pair));
    out->feret_angle = angle_of(hull + pair[0], hull + pair[1], spacing);
    return find_feret_min(ctx, hull, count, spacing, &out->feret_min);
}

/* ---- in space ---------------------------------------------------------------------------------------------------- */

/* Corners of the 2D hulls of every level between slices: the hull's vertices are among them. */
static bw_status collect_levels(bw_context *ctx, bw_measure_scratch *scratch, const bw_span *span, int64_t count,
                                const bw_shape *shape, bw_corner **points, int64_t *found) {
    const int64_t lines = shape->hi[1] - shape->lo[1] + 1, depth = shape->hi[2] - shape->lo[2];
    int64_t *lo = bw_scratch_room(ctx, scratch, LOWEST, lines, sizeof *lo);
    int64_t *hi = lo ? bw_scratch_room(ctx, scratch, HIGHEST, lines, sizeof *hi) : NULL;
    int64_t below = 0, end = 0;
    *found = 0;
    if (!hi) return BW_ERROR_MEMORY;
    for (int64_t level = 0; level <= depth; level++) {
        while (below < count && span[below].z - shape->lo[2] < level - 1)
            below++;
        while (end < count && span[end].z - shape->lo[2] <= level)
            end++;
        clear_lines(lines, lo, hi);
        for (int64_t i = below; i < end; i++)
            widen(shape, span + i, lo, hi);
        *points = bw_scratch_grow(ctx, scratch, POINTS, *found + 2 * lines, sizeof **points);
        if (!*points) return BW_ERROR_MEMORY;
        *found += bw_hull_2d(lo, hi, lines, 0, level, *points + *found);
    }
    return bw_check(ctx);
}

static bw_status measure_space(bw_context *ctx, bw_measure_scratch *scratch, const double spacing[3],
                               const bw_span *span, int64_t count, bw_shape *out) {
    bw_corner *points = NULL;
    int64_t found, vertices, volume, pair[2] = {0, 0};
    out->hull = out->feret = NAN;
    for (int axis = 0; axis < 3; axis++)
        if (out->hi[axis] - out->lo[axis] > LONGEST) return BW_OK;
    BW_TRY(collect_levels(ctx, scratch, span, count, out, &points, &found));
    BW_TRY(bw_hull_3d(ctx, scratch, points, found, &vertices, &volume));
    out->hull = (double)volume / 6;
    return find_feret(ctx, points, vertices, spacing, &out->feret, pair);
}

bw_status bw_shape_hull(bw_context *ctx, bw_measure_scratch *scratch, const bw_measure_grid *grid, const bw_span *span,
                        int64_t count, bw_shape *out) {
    if (!grid->flat) return measure_space(ctx, scratch, grid->spacing, span, count, out);
    const int64_t lines = out->hi[1] - out->lo[1] + 1;
    int64_t *lo = bw_scratch_room(ctx, scratch, LOWEST, lines, sizeof *lo);
    int64_t *hi = lo ? bw_scratch_room(ctx, scratch, HIGHEST, lines, sizeof *hi) : NULL;
    bw_corner *hull = hi ? bw_scratch_room(ctx, scratch, POINTS, 2 * lines, sizeof *hull) : NULL;
    if (!hull) return BW_ERROR_MEMORY;
    clear_lines(lines, lo, hi);
    for (int64_t i = 0; i < count; i++)
        widen(out, span + i, lo, hi);
    return measure_plane(ctx, grid->spacing, hull, bw_hull_2d(lo, hi, lines, 0, 0, hull), out);
}
