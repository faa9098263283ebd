/* Compiled once per SIMD level: plain loops over pixels that the compiler turns into vector code. */
#include "features/measure_ops.h"

#include <math.h>

#include "core/math.h"
#include "core/simd.h"

#define INLINE static inline __attribute__((always_inline))

/* Between 0 and 1 but for rounding and interpolation. 0 where there is no gradient. */
INLINE double share(double part, double total) {
    double value = part / (total > 0 ? total : 1);
    value = total > 0 ? value : 0;
    value = value > 0 ? value : 0;
    return value < 1 ? value : 1;
}

INLINE void coherence2(double *out, const double *l, const double *parameter) {
    (void)parameter;
    out[0] = share(l[0] - l[1], l[0] + l[1]);
}

INLINE void coherence3(double *out, const double *l, const double *parameter) {
    (void)parameter;
    const double trace = l[0] + l[1] + l[2];
    out[0] = share(l[0] - l[1], trace);
    out[1] = share(l[1] - l[2], trace);
}

INLINE void determinant2(double *out, const double *m, const double *parameter) {
    (void)parameter;
    out[0] = m[0] * m[2] - m[1] * m[1];
}

INLINE void determinant3(double *out, const double *m, const double *parameter) {
    (void)parameter;
    const double xx = m[0], xy = m[1], xz = m[2], yy = m[3], yz = m[4], zz = m[5];
    out[0] = xx * (yy * zz - yz * yz) - xy * (xy * zz - yz * xz) + xz * (xy * yz - yy * xz);
}

INLINE double safe(double divisor) {
    return divisor > 0 ? divisor : 1;
}

INLINE void swap_if(int swap, double *a, double *b) {
    const double first = swap ? *b : *a, second = swap ? *a : *b;
    *a = first;
    *b = second;
}

/* The Hessian's norm with the sign of the structure: 1 where all eigenvalues are negative (bright on dark), -1 where
 * all are positive, and continuous between, so that noise does not turn the sign of a saddle. */
INLINE double signed_norm(double norm, double sum, double magnitudes) {
    return -norm * (sum / safe(magnitudes));
}

/* Of equal magnitudes the smaller eigenvalue, which is the negative one, counts as the larger. */
INLINE void frangi2(double *out, const double *l, const double *parameter) {
    (void)parameter;
    double a1 = l[0], a2 = l[1];
    swap_if(fabs(a1) > fabs(a2), &a1, &a2);
    const double strength = signed_norm(sqrt(a1 * a1 + a2 * a2), l[0] + l[1], fabs(a1) + fabs(a2));
    const double ratio = a1 / (a2 != 0 ? a2 : 1), line = bw_exp(-2 * (ratio * ratio));
    out[0] = strength * line;
    out[1] = ratio > 0 ? strength * (1 - line) : 0;
}

INLINE void frangi3(double *out, const double *l, const double *parameter) {
    (void)parameter;
    double a1 = l[0], a2 = l[1], a3 = l[2];
    swap_if(fabs(a1) > fabs(a2), &a1, &a2);
    swap_if(fabs(a2) > fabs(a3), &a2, &a3);
    swap_if(fabs(a1) > fabs(a2), &a1, &a2);
    const double m1 = fabs(a1), m2 = fabs(a2), m3 = fabs(a3), flat = m2 / safe(m3);
    const double strength = signed_norm(sqrt(a1 * a1 + a2 * a2 + a3 * a3), l[0] + l[1] + l[2], m1 + m2 + m3);
    const double plate = bw_exp(-2 * (flat * flat)), line = bw_exp(-2 * (m1 / safe(m2)) * (m1 / safe(m3)));
    const double two = (a2 > 0 && a3 > 0) || (a2 < 0 && a3 < 0) ? strength : 0;
    const double three = (a1 > 0 && a3 > 0) || (a1 < 0 && a3 < 0) ? two : 0;
    out[0] = two * (1 - plate) * line;
    out[1] = strength * plate;
    out[2] = three * (1 - line);
}

INLINE double larger(double a, double b) {
    return a > b ? a : b;
}

INLINE double smaller(double a, double b) {
    return a < b ? a : b;
}

/* Negative values are no light. */
INLINE void hsb(double *out, const double *in, const double *parameter) {
    (void)parameter;
    const double r = larger(in[0], 0), g = larger(in[1], 0), b = larger(in[2], 0);
    const double high = larger(larger(r, g), b), low = smaller(smaller(r, g), b), range = high - low;
    const double red = (high - r) / safe(range), green = (high - g) / safe(range), blue = (high - b) / safe(range);
    double hue = (r == high ? blue - green : g == high ? 2 + red - blue : 4 + green - red) * (1.0 / 6);
    hue = hue < 0 ? hue + 1 : hue;
    out[0] = range > 0 && hue < 1 - 0x1p-25 ? hue : 0;
    out[1] = range / safe(high);
    out[2] = high;
}

INLINE void unmix(double *out, const double *in, const double *parameter) {
    const double *m = parameter + 1;
    double density[3];
    for (int c = 0; c < 3; c++)
        density[c] = parameter[0] - bw_log10(larger(in[c], 0) + 1);
    for (int s = 0; s < 3; s++)
        out[s] = density[0] * m[s] + density[1] * m[3 + s] + density[2] * m[6 + s];
}

/* A loop of one measure in one precision. Counts are constants: what is beyond them is never touched. Compilers honour
 * `restrict` on parameters only. */
#define DEFINE_LOOP(name, real, inputs, outputs)                                                                       \
    static void name##_##real##_loop(real *restrict out0, real *restrict out1, real *restrict out2,                    \
                                     const real *restrict in0, const real *restrict in1, const real *restrict in2,     \
                                     const real *restrict in3, const real *restrict in4, const real *restrict in5,     \
                                     const double *restrict parameter, int64_t n) {                                    \
        for (int64_t i = 0; i < n; i++) {                                                                              \
            const double v[6] = {in0[i],                                                                               \
                                 in1[i],                                                                               \
                                 inputs > 2 ? in2[i] : 0,                                                              \
                                 inputs > 3 ? in3[i] : 0,                                                              \
                                 inputs > 3 ? in4[i] : 0,                                                              \
                                 inputs > 3 ? in5[i] : 0};                                                             \
            double r[3] = {0, 0, 0};                                                                                   \
            name(r, v, parameter);                                                                                     \
            out0[i] = (real)r[0];                                                                                      \
            if (outputs > 1) out1[i] = (real)r[1];                                                                     \
            if (outputs > 2) out2[i] = (real)r[2];                                                                     \
        }                                                                                                              \
    }                                                                                                                  \
    static void name##_##real(void *const out[BW_MEASURE_OUTPUTS], const void *const in[BW_MEASURE_INPUTS],            \
                              const double *parameter, int64_t n) {                                                    \
        name##_##real##_loop(out[0], out[1], out[2], in[0], in[1], in[2], in[3], in[4], in[5], parameter, n);          \
    }
#define DEFINE(name, inputs, outputs)                                                                                  \
    DEFINE_LOOP(name, float, inputs, outputs)                                                                          \
    DEFINE_LOOP(name, double, inputs, outputs)

DEFINE(coherence2, 2, 1)
DEFINE(coherence3, 3, 2)
DEFINE(determinant2, 3, 1)
DEFINE(determinant3, 6, 1)
DEFINE(frangi2, 2, 2)
DEFINE(frangi3, 3, 3)
DEFINE(hsb, 3, 3)
DEFINE(unmix, 3, 3)

#define LISTED(measure, name) [measure] = {name##_float, name##_double}

extern const bw_measure_table BW_SIMD_NAME(bw_measures);
const bw_measure_table BW_SIMD_NAME(bw_measures) = {LISTED(BW_COHERENCE2, coherence2),
                                                    LISTED(BW_COHERENCE3, coherence3),
                                                    LISTED(BW_DETERMINANT2, determinant2),
                                                    LISTED(BW_DETERMINANT3, determinant3),
                                                    LISTED(BW_FRANGI2, frangi2),
                                                    LISTED(BW_FRANGI3, frangi3),
                                                    LISTED(BW_HSB, hsb),
                                                    LISTED(BW_UNMIX, unmix)};
