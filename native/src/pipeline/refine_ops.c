/* The guided filter's loops. Lanes run over pixels: every level gives the same bits. */
#include "pipeline/refine_ops.h"

#include "core/simd.h"

/* Variances below these count as noise: of the guide, in units of its spread squared; of probabilities. */
static const float guide_noise = 0.01f, own_noise = 0.05f;

static void sum_row(const float *restrict in, int64_t n, int64_t step, int taps, const float *weights,
                    float *restrict out) {
    const float first = weights ? weights[0] : 1.0f / (float)taps;
    for (int64_t x = 0; x < n; x++)
        out[x] = first * in[x];
    for (int t = 1; t < taps; t++) {
        const float w = weights ? weights[t] : first;
        const float *restrict from = in + t * step;
        for (int64_t x = 0; x < n; x++)
            out[x] += w * from[x];
    }
}

static void window(const float *in, int64_t width, int64_t height, int radius, const float *weights, float *rows,
                   float *out) {
    const int taps = 2 * radius + 1;
    const int64_t narrow = width - 2 * radius;
    for (int64_t y = 0; y < height; y++)
        sum_row(in + y * width, narrow, 1, taps, weights, rows + y * narrow);
    for (int64_t y = 0; y < height - 2 * radius; y++)
        sum_row(rows + y * narrow, narrow, narrow, taps, weights, out + y * narrow);
}

static void multiply(const float *a, const float *b, int64_t n, float *restrict out) {
    for (int64_t i = 0; i < n; i++)
        out[i] = a[i] * b[i];
}

static void precision(const float *mean, float *square, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        const float variance = square[i] - mean[i] * mean[i];
        square[i] = 1.0f / ((variance > 0 ? variance : 0) + guide_noise);
    }
}

static void fit(const float *guide_mean, const float *inverse, float *restrict p_mean, float *restrict gp_mean,
                float *restrict pp_mean, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        const float covariance = gp_mean[i] - guide_mean[i] * p_mean[i], slope = covariance * inverse[i];
        const float rest = pp_mean[i] - p_mean[i] * p_mean[i] - slope * covariance, left = rest > 0 ? rest : 0;
        const float own = left / (left + own_noise), shared = 1.0f - own;
        p_mean[i] = shared * (p_mean[i] - slope * guide_mean[i]);
        gp_mean[i] = shared * slope;
        pp_mean[i] = own;
    }
}

static void apply(const float *slope, const float *guide, const float *offset, const float *own, const float *p,
                  int64_t n, float *restrict sum) {
    for (int64_t i = 0; i < n; i++)
        sum[i] += slope[i] * guide[i] + offset[i] + own[i] * p[i];
}

const bw_refine_ops BW_SIMD_NAME(bw_refine_ops) = {window, multiply, precision, fit, apply};
