/* Extent, moments and principal axes of an object. */
#include <math.h>

#include "core/math.h"
#include "objects/measure.h"

void bw_shape_extent(const bw_span *span, int64_t count, bw_shape *out) {
    *out = (bw_shape){.lo = {INT64_MAX, INT64_MAX, span[0].z}, .hi = {0, 0, span[count - 1].z + 1}};
    for (int64_t i = 0; i < count; i++) {
        const bw_span *at = span + i;
        out->voxels += at->x1 - at->x0;
        if (at->x0 < out->lo[0]) out->lo[0] = at->x0;
        if (at->x1 > out->hi[0]) out->hi[0] = at->x1;
        if (at->y < out->lo[1]) out->lo[1] = at->y;
        if (at->y >= out->hi[1]) out->hi[1] = at->y + 1;
    }
}

/* Of indices from the box's corner: whole numbers, exact in doubles up to 2^53. */
typedef struct bw_sums {
    double first[3], second[3][3];
} bw_sums;

static void add_span(const bw_shape *shape, const bw_span *span, bw_sums *sums) {
    const double n = span->x1 - span->x0;
    const double x = (double)(span->x0 - shape->lo[0]) + 0.5 * (n - 1);
    const double y = (double)(span->y - shape->lo[1]), z = (double)(span->z - shape->lo[2]);
    sums->first[0] += n * x;
    sums->first[1] += n * y;
    sums->first[2] += n * z;
    sums->second[0][0] += n * x * x + n * (n * n - 1) / 12;
    sums->second[1][1] += n * y * y;
    sums->second[2][2] += n * z * z;
    sums->second[0][1] += n * x * y;
    sums->second[0][2] += n * x * z;
    sums->second[1][2] += n * y * z;
}

/* Covariance of the object taken as boxes, calibrated. */
static void find_covariance(const bw_measure_grid *grid, const bw_shape *shape, const bw_sums *sums, double out[3][3]) {
    const double n = (double)shape->voxels;
    for (int i = 0; i < 3; i++)
        for (int j = i; j < 3; j++) {
            const double central = (n * sums->second[i][j] - sums->first[i] * sums->first[j]) / n / n;
            out[i][j] = out[j][i] = (central + (i == j ? 1.0 / 12 : 0)) * grid->spacing[i] * grid->spacing[j];
        }
}

/* 0 to 180, of a direction in the plane with y downwards. */
static double turn_of(double x, double y) {
    const double angle = bw_atan2(-y, x) * (180 / BW_PI);
    const double half = angle < 0 ? angle + 180 : angle;
    return half >= 180 ? half - 180 : half;
}

static void find_ellipse(double c[3][3], bw_shape *out) {
    const double sum = c[0][0] + c[1][1], difference = c[0][0] - c[1][1];
    const double root = sqrt(difference * difference + 4 * c[0][1] * c[0][1]);
    out->variance[0] = 0.5 * (sum + root);
    out->variance[1] = (c[0][0] * c[1][1] - c[0][1] * c[0][1]) / out->variance[0];
    const double twice = bw_atan2(-2 * c[0][1], difference) * (180 / BW_PI);
    out->turn[0] = twice < 0 ? 0.5 * twice + 180 : 0.5 * twice;
    if (out->turn[0] >= 180) out->turn[0] = 0;
}

/* One rotation of Jacobi's: makes a[p][q] zero; v's columns follow. */
static void rotate(double a[3][3], double v[3][3], int p, int q) {
    if (a[p][q] == 0) return;
    const double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]), size = fabs(theta);
    const double t = (theta < 0 ? -1 : 1) / (size + sqrt(size * size + 1));
    const double c = 1 / sqrt(t * t + 1), s = t * c, change = t * a[p][q];
    const int r = 3 - p - q;
    const double rp = a[r][p], rq = a[r][q];
    a[p][p] -= change;
    a[q][q] += change;
    a[p][q] = a[q][p] = 0;
    a[r][p] = a[p][r] = c * rp - s * rq;
    a[r][q] = a[q][r] = s * rp + c * rq;
    for (int i = 0; i < 3; i++) {
        const double ip = v[i][p], iq = v[i][q];
        v[i][p] = c * ip - s * iq;
        v[i][q] = s * ip + c * iq;
    }
}

/* Variances, largest first, and their directions axis[0..2]. */
static void find_axes(double a[3][3], double variance[3], double axis[3][3]) {
    double v[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    int order[3] = {0, 1, 2};
    for (int sweep = 0; sweep < 12; sweep++) {
        rotate(a, v, 0, 1);
        rotate(a, v, 0, 2);
        rotate(a, v, 1, 2);
    }
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2 - i; j++)
            if (a[order[j + 1]][order[j + 1]] > a[order[j]][order[j]]) {
                const int swapped = order[j];
                order[j] = order[j + 1];
                order[j + 1] = swapped;
            }
    for (int k = 0; k < 3; k++) {
        variance[k] = a[order[k]][order[k]];
        for (int i = 0; i < 3; i++)
            axis[k][i] = v[i][order[k]];
    }
}

/* y is downwards in the image and upwards on the screen, where angles are seen; z goes into it. */
static void find_angles(double axis[3][3], double turn[3]) {
    const double level = sqrt(axis[0][0] * axis[0][0] + axis[0][1] * axis[0][1]);
    turn[0] = level > 0 ? turn_of(axis[0][0], axis[0][1]) : 0;
    double sine, cosine;
    bw_sin_cos(turn[0] * (BW_PI / 180), &sine, &cosine);
    /* The axis is c * (ahead, level) + s * up, followed in the direction of azimuth. */
    const double ahead = axis[0][0] * cosine - axis[0][1] * sine, z = ahead < 0 ? -axis[0][2] : axis[0][2];
    turn[1] = level > 0 ? bw_atan2(z, level) * (180 / BW_PI) : 90;
    /* Across the axis: in the slices' plane, and towards later slices. */
    double s, c;
    bw_sin_cos(turn[1] * (BW_PI / 180), &s, &c);
    const double side = -axis[1][0] * sine - axis[1][1] * cosine;
    const double up = -s * (axis[1][0] * cosine - axis[1][1] * sine) + c * axis[1][2];
    turn[2] = turn_of(side, -up);
}

static void find_ellipsoid(double covariance[3][3], bw_shape *out) {
    double axis[3][3];
    find_axes(covariance, out->variance, axis);
    find_angles(axis, out->turn);
}

void bw_shape_moments(const bw_measure_grid *grid, const bw_span *span, int64_t count, bw_shape *out) {
    bw_sums sums = {.first = {0}};
    double covariance[3][3];
    for (int64_t i = 0; i < count; i++)
        add_span(out, span + i, &sums);
    for (int axis = 0; axis < 3; axis++)
        out->mean[axis] = (double)out->lo[axis] + sums.first[axis] / (double)out->voxels;
    find_covariance(grid, out, &sums, covariance);
    if (grid->flat)
        find_ellipse(covariance, out);
    else
        find_ellipsoid(covariance, out);
}
