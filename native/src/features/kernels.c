/* Compiled once per SIMD level. Vector types are GCC's and clang's; their arithmetic is element-wise IEEE single
 * precision, so a wider register changes no bit. */
#include "core/simd.h"
#include "features/ops.h"

#include <float.h>
#include <math.h>
#include <string.h>

#if defined(BW_SIMD_LEVEL_SCALAR)
typedef float vec;
enum { LANES = 1 };
#elif defined(BW_SIMD_LEVEL_AVX512)
typedef float vec __attribute__((vector_size(64)));
enum { LANES = 16 };
#elif defined(BW_SIMD_LEVEL_AVX2)
typedef float vec __attribute__((vector_size(32)));
enum { LANES = 8 };
#else
typedef float vec __attribute__((vector_size(16)));
enum { LANES = 4 };
#endif

#define INLINE static inline __attribute__((always_inline))

INLINE vec load(const float *at) {
    vec v;
    memcpy(&v, at, sizeof v);
    return v;
}

INLINE void store(float *at, vec v) {
    memcpy(at, &v, sizeof v);
}

/* Four independent sums hide the latency of the additions. The outer taps come first: small terms before large. */
#define DEFINE_CONVOLVE(mode, add_centre, term)                                                                        \
    INLINE void block_##mode(float *out, const float *const *rows, const float *taps, int radius, int64_t i,           \
                             int vectors) {                                                                            \
        const vec zero = {0};                                                                                          \
        vec sum[4], middle[4];                                                                                         \
        for (int v = 0; v < vectors; v++) {                                                                            \
            middle[v] = load(rows[0] + i + v * LANES);                                                                 \
            sum[v] = zero;                                                                                             \
        }                                                                                                              \
        for (int j = radius; j >= 1; j--)                                                                              \
            for (int v = 0; v < vectors; v++) {                                                                        \
                const vec ahead = load(rows[j] + i + v * LANES), behind = load(rows[-j] + i + v * LANES);              \
                const vec centre = middle[v];                                                                          \
                (void)centre;                                                                                          \
                sum[v] = sum[v] + taps[j] * (term);                                                                    \
            }                                                                                                          \
        for (int v = 0; v < vectors; v++)                                                                              \
            store(out + i + v * LANES, (add_centre) ? sum[v] + middle[v] : sum[v]);                                    \
    }                                                                                                                  \
    static void convolve_##mode(float *out, const float *const *rows, const float *taps, int radius, int64_t n) {      \
        int64_t i = 0;                                                                                                 \
        for (; i + 4 * LANES <= n; i += 4 * LANES)                                                                     \
            block_##mode(out, rows, taps, radius, i, 4);                                                               \
        for (; i + LANES <= n; i += LANES)                                                                             \
            block_##mode(out, rows, taps, radius, i, 1);                                                               \
        for (; i < n; i++) {                                                                                           \
            const float centre = rows[0][i];                                                                           \
            float sum = 0;                                                                                             \
            for (int j = radius; j >= 1; j--) {                                                                        \
                const float ahead = rows[j][i], behind = rows[-j][i];                                                  \
                sum = sum + taps[j] * (term);                                                                          \
            }                                                                                                          \
            out[i] = (add_centre) ? sum + centre : sum;                                                                \
        }                                                                                                              \
    }

DEFINE_CONVOLVE(even, 1, (ahead - centre) + (behind - centre))
DEFINE_CONVOLVE(odd, 0, ahead - behind)
DEFINE_CONVOLVE(second, 0, (ahead - centre) + (behind - centre))

static void add(float *restrict out, const float *restrict a, const float *restrict b, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        out[i] = a[i] + b[i];
}

static void add3(float *restrict out, const float *restrict a, const float *restrict b, const float *restrict c,
                 int64_t n) {
    for (int64_t i = 0; i < n; i++)
        out[i] = (a[i] + b[i]) + c[i];
}

static void subtract(float *restrict out, const float *restrict a, const float *restrict b, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        out[i] = a[i] - b[i];
}

static void shift(float *values, float by, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        values[i] = values[i] + by;
}

/* a may be b. */
static void multiply(float *restrict out, const float *a, const float *b, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        out[i] = a[i] * b[i];
}

static void length2(float *restrict out, const float *restrict a, const float *restrict b, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        out[i] = sqrtf(a[i] * a[i] + b[i] * b[i]);
}

static void length3(float *restrict out, const float *restrict a, const float *restrict b, const float *restrict c,
                    int64_t n) {
    for (int64_t i = 0; i < n; i++)
        out[i] = sqrtf((a[i] * a[i] + b[i] * b[i]) + c[i] * c[i]);
}

/* In double precision, as below: the smaller eigenvalue is a difference of nearly equal numbers. */
static void eigen2(float *const out[2], const float *restrict xx, const float *restrict xy, const float *restrict yy,
                   int64_t n) {
    float *restrict high = out[0], *restrict low = out[1];
    for (int64_t i = 0; i < n; i++) {
        double a = xx[i], b = xy[i], c = yy[i], mean = 0.5 * (a + c), half = 0.5 * (a - c);
        double root = sqrt(half * half + b * b);
        high[i] = (float)(mean + root);
        low[i] = (float)(mean - root);
    }
}

/* cos(acos(r) / 3) for r in [-1, 1]. With u = sqrt((1 + r) / 2) it is cos(2/3 acos(u)), which is smooth on [0, 1];
 * Chebyshev interpolation in w = 2 u - 1, error 7e-15. */
INLINE double cos_third(double r) {
    static const double c[16] = {
        0.76604444311898279,     0.24740906632285159,    -0.015509188437094115,   0.0024663528152721035,
        -0.00050412467841810479, 0.00011642544906965262, -2.8920037269262892e-05, 7.541109306891964e-06,
        -2.03547825153849e-06,   5.6403218276618935e-07, -1.6035992683357241e-07, 4.6107842223801048e-08,
        -1.242202676210872e-08,  3.6495327796440277e-09, -1.7059909278398005e-09, 5.1394037902334115e-10};
    double w = 2 * sqrt(0.5 * (1 + r)) - 1, sum = c[15];
    for (int k = 14; k >= 0; k--)
        sum = sum * w + c[k];
    return sum;
}

/* Trigonometric solution of the characteristic cubic (Smith 1961) in double precision: float would lose the small
 * eigenvalues. */
static void eigen3(float *const out[3], const float *const m[6], int64_t n) {
    const float *restrict mxx = m[0], *restrict mxy = m[1], *restrict mxz = m[2], *restrict myy = m[3],
                          *restrict myz = m[4], *restrict mzz = m[5];
    float *restrict high = out[0], *restrict middle = out[1], *restrict low = out[2];
    for (int64_t i = 0; i < n; i++) {
        double xy = mxy[i], xz = mxz[i], yz = myz[i], mean = ((double)mxx[i] + myy[i] + mzz[i]) * (1.0 / 3);
        double xx = mxx[i] - mean, yy = myy[i] - mean, zz = mzz[i] - mean;
        double off = xy * xy + xz * xz + yz * yz;
        double p2 = (xx * xx + yy * yy + zz * zz + 2 * off) * (1.0 / 6), p = sqrt(p2);
        double det = xx * (yy * zz - yz * yz) - xy * (xy * zz - yz * xz) + xz * (xy * yz - yy * xz);
        double p3 = p2 * p, ratio = 0.5 * det / (p3 > 0 ? p3 : 1);
        ratio = ratio < -1 ? -1 : ratio;
        ratio = ratio > 1 ? 1 : ratio;
        double c = cos_third(ratio), s2 = 1 - c * c, s = sqrt(s2 > 0 ? s2 : 0);
        double top = 2 * p * c, bottom = -p * (c + 1.7320508075688772 * s);
        high[i] = (float)(mean + top);
        low[i] = (float)(mean + bottom);
        middle[i] = (float)(mean - top - bottom);
    }
}

static void make_finite(float *values, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        float v = values[i];
        v = v > FLT_MAX ? FLT_MAX : v;
        v = v < -FLT_MAX ? -FLT_MAX : v;
        values[i] = v == v ? v : 0;
    }
}

extern const bw_ops BW_SIMD_NAME(bw_ops);
const bw_ops BW_SIMD_NAME(bw_ops) = {{convolve_even, convolve_odd, convolve_second},
                                     add,
                                     add3,
                                     subtract,
                                     shift,
                                     multiply,
                                     length2,
                                     length3,
                                     eigen2,
                                     eigen3,
                                     make_finite};
