/* Surface by Crofton's formula: lines of voxels in 13 directions, weighted with the part of the sphere of directions
 * that is nearest to each (Legland, Kieu and Devaux 2007; Lang and Ohser). Voxels may be of any shape. */
#include <math.h>

#include "core/math.h"
#include "objects/measure.h"

/* Steps between rows, (y, z); with those along x they make the directions. */
static const int row_step[5][2] = {{0, 0}, {1, 0}, {0, 1}, {1, 1}, {-1, 1}};

/* ---- weights ----------------------------------------------------------------------------------------------------- */

enum { DIRECTIONS = 26, MOST_CORNERS = 4 + DIRECTIONS };

static double dot(const double a[3], const double b[3]) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void cross(const double a[3], const double b[3], double out[3]) {
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

static void normalise(double a[3]) {
    const double length = sqrt(dot(a, a));
    for (int i = 0; i < 3; i++)
        a[i] /= length;
}

/* Keeps what of the polygon is at the side of the normal; corners are directions, not normalised. -> corners */
static int clip(double polygon[MOST_CORNERS][3], int corners, const double normal[3]) {
    double kept[MOST_CORNERS][3];
    int count = 0;
    for (int i = 0; i < corners; i++) {
        const double *a = polygon[i], *b = polygon[(i + 1) % corners];
        const double da = dot(a, normal), db = dot(b, normal);
        for (int k = 0; k < 3 && da >= 0; k++)
            kept[count][k] = a[k];
        count += da >= 0;
        if ((da >= 0) == (db >= 0)) continue;
        for (int k = 0; k < 3; k++)
            kept[count][k] = a[k] + (b[k] - a[k]) * (da / (da - db));
        count++;
    }
    for (int i = 0; i < count; i++)
        for (int k = 0; k < 3; k++)
            polygon[i][k] = kept[i][k];
    return count;
}

/* Of three directions (van Oosterom and Strackee 1983). */
static double solid_angle(const double a[3], const double b[3], const double c[3]) {
    double normal[3];
    cross(b, c, normal);
    return 2 * bw_atan2(fabs(dot(a, normal)), 1 + dot(a, b) + dot(b, c) + dot(c, a));
}

/* Part of the sphere that is nearer to direction `own` than to the others. */
static double cell(double direction[DIRECTIONS][3], int own) {
    const double *u = direction[own];
    double first[3] = {fabs(u[0]) < 0.5, fabs(u[0]) >= 0.5, 0}, second[3], polygon[MOST_CORNERS][3], sum = 0;
    cross(u, first, second);
    normalise(second);
    cross(u, second, first);
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 3; k++)
            polygon[i][k] = u[k] + 2 * (i == 0 || i == 3 ? 1 : -1) * first[k] + 2 * (i < 2 ? 1 : -1) * second[k];
    int corners = 4;
    for (int other = 0; other < DIRECTIONS; other++) {
        const double *v = direction[other], normal[3] = {u[0] - v[0], u[1] - v[1], u[2] - v[2]};
        if (other != own) corners = clip(polygon, corners, normal);
    }
    for (int i = 0; i < corners; i++)
        normalise(polygon[i]);
    for (int i = 0; i < corners; i++)
        sum += solid_angle(u, polygon[i], polygon[(i + 1) % corners]);
    return sum / (4 * BW_PI);
}

void bw_crofton_weights(bw_measure_grid *grid) {
    double direction[DIRECTIONS][3], length[DIRECTIONS];
    const double *spacing = grid->spacing;
    int count = 0;
    for (int i = 0; i < 27; i++) {
        double v[3] = {(i % 3 - 1) * spacing[0], (i / 3 % 3 - 1) * spacing[1], (i / 9 - 1) * spacing[2]};
        if (i == 13) continue;
        length[count] = sqrt(dot(v, v));
        normalise(v);
        for (int k = 0; k < 3; k++)
            direction[count][k] = v[k];
        count++;
    }
    for (int r = 0; r < 5; r++)
        for (int dx = -1; dx <= 1; dx++) {
            const int at = (dx + 1) + 3 * (row_step[r][0] + 1) + 9 * (row_step[r][1] + 1), own = at - (at > 13);
            if (at == 13) continue;
            /* Two ends of the line; voxels per length along it give the area that belongs to one. */
            grid->crofton[r][dx + 1] =
                4 * 2 * cell(direction, own) * spacing[0] * spacing[1] * spacing[2] / length[own];
        }
    grid->crofton[0][0] = grid->crofton[0][1] = 0; /* one of the two directions along x is enough */
}

/* ---- lines that enter the object -----------------------------------------------------------------------------------
 */

/* Whether span a lies in a row before the one that the step leads to from span b. */
static int before(const bw_span *a, const bw_span *b, const int step[2]) {
    const int64_t z = (int64_t)b->z + step[1], y = (int64_t)b->y + step[0];
    return a->z < z || (a->z == z && a->y < y);
}

static int in_row(const bw_span *a, const bw_span *b, const int step[2]) {
    return a->z == b->z + step[1] && a->y == b->y + step[0];
}

/* Voxels whose next one along (dx, step) is the object's, too, for dx = -1, 0, 1. */
static void count_pairs(const bw_span *span, int64_t count, const int step[2], int64_t pairs[3]) {
    int64_t j = 0;
    for (int64_t i = 0; i < count && j < count; i++) {
        const bw_span *a = span + i;
        while (j < count && (before(span + j, a, step) || (in_row(span + j, a, step) && span[j].x1 < a->x0)))
            j++;
        for (int64_t k = j; k < count && in_row(span + k, a, step) && span[k].x0 <= a->x1; k++)
            for (int dx = -1; dx <= 1; dx++) {
                const int64_t lo = span[k].x0 - dx > a->x0 ? span[k].x0 - dx : a->x0;
                const int64_t hi = span[k].x1 - dx < a->x1 ? span[k].x1 - dx : a->x1;
                if (hi > lo) pairs[dx + 1] += hi - lo;
            }
    }
}

void bw_shape_surface(const bw_measure_grid *grid, const bw_span *span, int64_t count, bw_shape *out) {
    out->surface = (double)count * grid->crofton[0][2];
    for (int r = 1; r < 5; r++) {
        int64_t pairs[3] = {0, 0, 0};
        count_pairs(span, count, row_step[r], pairs);
        for (int dx = 0; dx < 3; dx++)
            out->surface += (double)(out->voxels - pairs[dx]) * grid->crofton[r][dx];
    }
}
