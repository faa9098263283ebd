#include "features/kernel.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/math.h"

static const double smallest_sampled_sigma = BW_MIN_SIGMA;

static int sampled_radius(double sigma, int order) {
    if (sigma == 0) return 0;
    if (order && sigma < smallest_sampled_sigma) return 1;
    return (int)ceil(4 * sigma) + order;
}

static bw_status make(bw_context *ctx, int radius, int order, bw_kernel *out) {
    *out = (bw_kernel){radius, order, bw_calloc(ctx, (uint64_t)radius + 1, sizeof(double), "a kernel"),
                       bw_calloc(ctx, (uint64_t)radius + 1, sizeof(float), "a kernel")};
    if (out->taps && out->single) return BW_OK;
    bw_kernel_free(out);
    return BW_ERROR_MEMORY;
}

static void round_taps(bw_kernel *kernel) {
    for (int x = 0; x <= kernel->radius; x++)
        kernel->single[x] = (float)kernel->taps[x];
}

void bw_kernel_free(bw_kernel *kernel) {
    bw_free(kernel->taps);
    bw_free(kernel->single);
    *kernel = (bw_kernel){0, 0, NULL, NULL};
}

/* ---- sampled Gaussians ----------------------------------------------------------------------------------------- */

/* exp(-(x^2 - 1) / (2 sigma^2)): scaled so that the neighbours' taps survive a tiny sigma; the normalisation removes
 * the factor. */
static double bell(double sigma, int x) {
    return bw_exp(-((double)x * x - 1) / (2 * sigma * sigma));
}

/* Order 0: the taps sum to 1. */
static void sample_order0(double sigma, int radius, double *k) {
    double sum = 0;
    for (int x = radius; x >= 0; x--) {
        k[x] = bw_exp(-(double)x * x / (2 * sigma * sigma));
        sum += x ? 2 * k[x] : k[x];
    }
    for (int x = 0; x <= radius; x++)
        k[x] /= sum;
}

/* Order 1 (positive ahead): the ramp x has derivative exactly 1. */
static void sample_order1(double sigma, int radius, double *k) {
    double moment = 0;
    k[0] = 0;
    for (int x = radius; x >= 1; x--) {
        k[x] = x * bell(sigma, x);
        moment += 2 * x * k[x];
    }
    for (int x = 0; x <= radius; x++)
        k[x] /= moment;
}

/* Order 2: the mean is removed so that constants give 0, then x^2 / 2 has second derivative exactly 1. */
static void sample_order2(double sigma, int radius, double *k) {
    double sum = 0, moment = 0, s2 = sigma * sigma;
    for (int x = radius; x >= 0; x--) {
        k[x] = ((double)x * x / s2 - 1) * bell(sigma, x);
        sum += x ? 2 * k[x] : k[x];
    }
    for (int x = radius; x >= 0; x--) {
        k[x] -= sum / (2 * radius + 1);
        moment += (double)x * x * k[x];
    }
    for (int x = 0; x <= radius; x++)
        k[x] /= moment;
}

bw_status bw_kernel_sample(bw_context *ctx, double sigma, int order, bw_kernel *out) {
    static void (*const sample[3])(double, int, double *) = {sample_order0, sample_order1, sample_order2};
    static const double differences[3][2] = {{1, 0}, {0, 0.5}, {-2, 1}};
    BW_TRY(make(ctx, sampled_radius(sigma, order), order, out));
    if (sigma == 0 || (order && sigma < smallest_sampled_sigma))
        memcpy(out->taps, differences[order], ((size_t)out->radius + 1) * sizeof(double));
    else
        sample[order](sigma, out->radius, out->taps);
    round_taps(out);
    return BW_OK;
}

/* ---- composed and matched kernels ------------------------------------------------------------------------------ */

static double tap(const bw_kernel *kernel, int x) {
    const int far = x < 0 ? -x : x;
    if (far > kernel->radius) return 0;
    return x < 0 && kernel->order == 1 ? -kernel->taps[far] : kernel->taps[far];
}

bw_status bw_kernel_compose(bw_context *ctx, const bw_kernel *base, const bw_kernel *kernel, int step, bw_kernel *out) {
    BW_TRY(make(ctx, base->radius + step * kernel->radius, kernel->order, out));
    for (int x = 0; x <= out->radius; x++)
        for (int k = -kernel->radius; k <= kernel->radius; k++)
            out->taps[x] += tap(kernel, k) * tap(base, x - step * k);
    round_taps(out);
    return BW_OK;
}

double bw_kernel_variance(const bw_kernel *kernel) {
    double sum = 0;
    for (int x = kernel->radius; x > 0; x--)
        sum += 2 * kernel->taps[x] * x * x;
    return sum;
}

/* A least-squares problem: `rows` equations, `columns` unknowns, the wanted side as the last column. Column-major. */
typedef struct bw_system {
    int rows, columns;
    double *a;
} bw_system;

/* By modified Gram-Schmidt, which needs no square of the condition number. Columns are independent (ridge rows). */
static void solve(const bw_system *s, double *triangle, double *x) {
    const int n = s->columns;
    for (int k = 0; k < n; k++) {
        double *q = s->a + (size_t)k * (size_t)s->rows, norm = 0;
        for (int i = 0; i < s->rows; i++)
            norm += q[i] * q[i];
        norm = sqrt(norm);
        triangle[k * (n + 1) + k] = norm;
        for (int i = 0; i < s->rows; i++)
            q[i] /= norm;
        for (int j = k + 1; j <= n; j++) {
            double *v = s->a + (size_t)j * (size_t)s->rows, dot = 0;
            for (int i = 0; i < s->rows; i++)
                dot += q[i] * v[i];
            for (int i = 0; i < s->rows; i++)
                v[i] -= dot * q[i];
            triangle[k * (n + 1) + j] = dot;
        }
    }
    for (int k = n - 1; k >= 0; k--) {
        x[k] = triangle[k * (n + 1) + n];
        for (int j = k + 1; j < n; j++)
            x[k] -= triangle[k * (n + 1) + j] * x[j];
        x[k] /= triangle[k * (n + 1) + k];
    }
}

enum { MOMENTS = 3 };

/* Value of the composite at offset x when tap number k is 1. */
static double response(const bw_match *match, int k, int x) {
    const double ahead = tap(match->base, x - match->step * k);
    if (!k) return ahead;
    const double behind = tap(match->base, x + match->step * k);
    return match->target->order == 1 ? ahead - behind : ahead + behind;
}

static double power(double x, int n) {
    double value = 1;
    for (; n > 0; n--)
        value *= x;
    return value;
}

/* Equations: every sample x >= 0 (x > 0 counts twice, for its mirror image), the lowest moments with weight, and a
 * ridge that keeps taps small where the base says nothing. */
static void fill_column(const bw_match *match, int extent, int first, int column, int columns, double *a) {
    const int order = match->target->order;
    const double scale = (double)match->target->radius / 4 + 1, weight = 30, ridge = 1e-6;
    double moment[MOMENTS] = {0};
    for (int x = 0; x <= extent; x++) {
        const double v = column < columns ? response(match, first + column, x) : tap(match->target, x);
        const double twice = x ? 1.4142135623730951 : 1;
        a[x] = twice * v;
        for (int m = 0; m < MOMENTS; m++)
            moment[m] += twice * twice * v * power(x / scale, 2 * m + order % 2);
    }
    for (int m = 0; m < MOMENTS; m++)
        a[extent + 1 + m] = weight * moment[m] / scale;
    for (int k = 0; k < columns; k++)
        a[extent + 1 + MOMENTS + k] = k == column ? ridge * match->base->taps[0] : 0;
}

/* The lowest moments of `base` then `kernel` become exactly those of the target. */
static void fix_moments(const bw_match *match, bw_kernel *kernel) {
    double sum = 0, moment = 0, area = 0;
    for (int x = -match->base->radius; x <= match->base->radius; x++)
        area += tap(match->base, x);
    for (int k = -kernel->radius; k <= kernel->radius; k++) {
        sum += tap(kernel, k);
        moment += tap(kernel, k) * power((double)match->step * k, kernel->order);
    }
    if (kernel->order == 2) kernel->taps[0] -= sum;
    const double wanted = kernel->order == 2 ? 2 : 1;
    for (int k = 0; k <= kernel->radius; k++)
        kernel->taps[k] *= wanted / (moment * area);
}

/* Root mean square of what is missing, relative to the target. */
static double mismatch(const bw_match *match, const bw_kernel *kernel) {
    const int reach = match->base->radius + match->step * kernel->radius;
    const int extent = reach > match->target->radius ? reach : match->target->radius;
    double missing = 0, whole = 0;
    for (int x = -extent; x <= extent; x++) {
        const double wanted = tap(match->target, x);
        double got = 0;
        for (int k = -kernel->radius; k <= kernel->radius; k++)
            got += tap(kernel, k) * tap(match->base, x - match->step * k);
        missing += (got - wanted) * (got - wanted);
        whole += wanted * wanted;
    }
    return sqrt(missing / whole);
}

static bw_status match_radius(bw_context *ctx, const bw_match *match, int radius, double *room, bw_kernel *out) {
    const int order = match->target->order, first = order == 1 ? 1 : 0, columns = radius + 1 - first;
    const int reach = match->base->radius + match->step * radius;
    const int extent = reach > match->target->radius ? reach : match->target->radius;
    const bw_system system = {extent + 1 + MOMENTS + columns, columns, room};
    for (int k = 0; k <= columns; k++)
        fill_column(match, extent, first, k, columns, room + (size_t)k * (size_t)system.rows);
    BW_TRY(make(ctx, radius, order, out));
    double *triangle = room + (size_t)system.rows * ((size_t)columns + 1);
    solve(&system, triangle, out->taps + first);
    fix_moments(match, out);
    return BW_OK;
}

bw_status bw_kernel_match(bw_context *ctx, const bw_match *match, bw_kernel *out) {
    const uint64_t columns = (uint64_t)match->max_radius + 2;
    const uint64_t reach = (uint64_t)(match->base->radius + match->step * match->max_radius + match->target->radius);
    double *room = bw_alloc(ctx, columns * (reach + 1 + MOMENTS + 2 * columns), sizeof *room, "a kernel"), best = 0;
    if (!room) return BW_ERROR_MEMORY;
    bw_status status = BW_OK;
    *out = (bw_kernel){0, 0, NULL, NULL};
    for (int radius = match->min_radius; radius <= match->max_radius && status == BW_OK; radius++) {
        bw_kernel tried;
        status = bw_check(ctx);
        if (status == BW_OK) status = match_radius(ctx, match, radius, room, &tried);
        if (status != BW_OK) break;
        const double error = mismatch(match, &tried);
        if (!out->taps || error < 0.9 * best) {
            bw_kernel_free(out);
            *out = tried;
            best = error;
        } else {
            bw_kernel_free(&tried);
        }
        if (best <= match->tolerance) break;
    }
    bw_free(room);
    if (status == BW_OK)
        round_taps(out);
    else
        bw_kernel_free(out);
    return status;
}
