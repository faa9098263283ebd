#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/alloc.h"
#include "features/features.h"

static const double smallest_sampled_sigma = BW_MIN_SIGMA;

/* exp by argument reduction and Taylor series, error below 2 ulp: the C library's differs between systems, and kernels
 * must not. x <= 0. */
static double own_exp(double x) {
    const double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
    if (x < -700) return 0;
    int n = (int)(x / (ln2_high + ln2_low) - 0.5);
    double r = (x - n * ln2_high) - n * ln2_low, term = 1, sum = 1;
    for (int k = 1; k < 24; k++) {
        term = term * r / k;
        sum = sum + term;
    }
    uint64_t bits = (uint64_t)(1023 + n) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return sum * power;
}

static int ceil_int(double v) {
    int n = (int)v;
    return v > n ? n + 1 : n;
}

int bw_kernel_radius(double sigma, int order) {
    if (sigma == 0) return 0;
    if (order && sigma < smallest_sampled_sigma) return 1;
    return ceil_int(4 * sigma) + order;
}

/* exp(-(x^2 - 1) / (2 sigma^2)): scaled so that the neighbours' taps survive a tiny sigma; the normalisation removes
 * the factor. */
static double bell(double sigma, int x) {
    double scaled = -((double)x * x - 1) / (2 * sigma * sigma);
    return scaled > 0 ? 1 / own_exp(-scaled) : own_exp(scaled);
}

/* Order 0: the taps sum to 1. */
static void sample_order0(double sigma, int radius, double *k) {
    double sum = 0;
    for (int x = radius; x >= 0; x--) {
        k[x] = own_exp(-(double)x * x / (2 * sigma * sigma));
        sum += x ? 2 * k[x] : k[x];
    }
    for (int x = 0; x <= radius; x++)
        k[x] /= sum;
}

/* Order 1, as correlation taps (positive ahead): the ramp x has derivative exactly 1. */
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

bw_status bw_kernel_make(bw_context *ctx, double sigma, int order, bw_kernel *out) {
    static void (*const sample[3])(double, int, double *) = {sample_order0, sample_order1, sample_order2};
    static const float differences[3][2] = {{1, 0}, {0, 0.5f}, {-2, 1}};
    int radius = bw_kernel_radius(sigma, order);
    *out = (bw_kernel){radius, order, bw_calloc(ctx, (uint64_t)radius + 1, sizeof(float), "a kernel")};
    double *exact = bw_alloc(ctx, (uint64_t)radius + 1, sizeof *exact, "a kernel");
    if (!out->taps || !exact) {
        bw_free(exact);
        bw_kernel_free(out);
        return BW_ERROR_MEMORY;
    }
    if (sigma == 0 || (order && sigma < smallest_sampled_sigma)) {
        for (int x = 0; x <= radius; x++)
            out->taps[x] = differences[order][x];
    } else {
        sample[order](sigma, radius, exact);
        for (int x = 0; x <= radius; x++)
            out->taps[x] = (float)exact[x];
    }
    bw_free(exact);
    return BW_OK;
}

void bw_kernel_free(bw_kernel *kernel) {
    bw_free(kernel->taps);
    *kernel = (bw_kernel){0, 0, NULL};
}
