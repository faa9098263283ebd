/* Elementary functions of our own: the C library's differ between systems, and results must not. Only + - * / and bit
 * operations, no branches, so that loops that call them become vector code. Polynomials are Chebyshev interpolations;
 * the errors named below were measured against extended precision. */
#ifndef BW_CORE_MATH_H
#define BW_CORE_MATH_H

#include <stdint.h>
#include <string.h>

static inline uint64_t bw_double_bits(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double bw_bits_double(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Added to |x| < 2^51 it leaves the nearest integer in the low bits of the sum; subtracted again it is x rounded. */
#define BW_ROUNDER 0x1.8p52

/* 2^n of the integer in the low bits of `rounded` = n + BW_ROUNDER, -1022 <= n <= 1023. */
static inline double bw_power_of_two(double rounded) {
    return bw_bits_double((bw_double_bits(rounded) + 1023) << 52);
}

/* e^x for any x, within 1.2 ulp; infinity above 709.78, 0 below -745.13, not-a-number stays. */
static inline double bw_exp(double x) {
    x = x > 710 ? 710 : x;
    x = x < -746 ? -746 : x;
    const double rounded = x * 0x1.71547652b82fep+0 + BW_ROUNDER, n = rounded - BW_ROUNDER;
    const double r = (x - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33;
    double q = 0x1.af38a9b0ec855p-26;
    q = q * r + 0x1.289185613a3d6p-22;
    q = q * r + 0x1.71de0dae63bb3p-19;
    q = q * r + 0x1.a019b90d2ae7ap-16;
    q = q * r + 0x1.a01a01a7c41d5p-13;
    q = q * r + 0x1.6c16c1788bd90p-10;
    q = q * r + 0x1.11111111109b3p-7;
    q = q * r + 0x1.5555555553d63p-5;
    q = q * r + 0x1.5555555555556p-3;
    q = q * r + 0.5;
    /* In two factors, each in range where e^x is not. */
    const double half = n * 0.5 + BW_ROUNDER, rest = (n - (half - BW_ROUNDER)) + BW_ROUNDER;
    return (1 + (r + r * r * q)) * bw_power_of_two(half) * bw_power_of_two(rest);
}

/* x = 2^(the result) * (1 + *fraction), sqrt(1/2) <= 1 + *fraction < sqrt(2). */
static inline double bw_split_power(double x, double *fraction) {
    const double tiny = 0x1p-1022;
    const double scaled = x < tiny ? x * 0x1p54 : x, offset = x < tiny ? 0x1p52 + 1023 + 54 : 0x1p52 + 1023;
    const uint64_t bits = bw_double_bits(scaled);
    const double biased = bw_bits_double((bits >> 52) | bw_double_bits(0x1p52));
    const double mantissa = bw_bits_double((bits & 0xfffffffffffff) | bw_double_bits(1));
    const double above = mantissa > 0x1.6a09e667f3bcdp+0 ? 1 : 0;
    *fraction = mantissa * (1 - 0.5 * above) - 1;
    return (biased - offset) + above;
}

/* Natural logarithm of 1 + f, sqrt(1/2) <= 1 + f < sqrt(2). */
static inline double bw_log_near_one(double f) {
    const double s = f / (2 + f), z = s * s, half = 0.5 * f * f;
    double p = 0x1.2b59b713616c9p-3;
    p = p * z + 0x1.39fe42e9740a7p-3;
    p = p * z + 0x1.7462b58e46ebep-3;
    p = p * z + 0x1.c71c62e26208bp-3;
    p = p * z + 0x1.2492492df3ba9p-2;
    p = p * z + 0x1.99999999952ccp-2;
    p = p * z + 0x1.5555555555558p-1;
    return f - (half - s * (half + z * p));
}

/* Logarithms of finite x > 0 (denormal numbers too), within 2 ulp; bw_log2 is exact at powers of two. */
static inline double bw_log2(double x) {
    double fraction;
    const double power = bw_split_power(x, &fraction);
    return power + bw_log_near_one(fraction) * 0x1.71547652b82fep+0;
}

static inline double bw_log10(double x) {
    double fraction;
    const double power = bw_split_power(x, &fraction);
    const double rest = bw_log_near_one(fraction) * 0x1.bcb7b1526e50ep-2;
    return power * 0x1.34413508p-2 + (power * 0x1.f79fef311f12bp-34 + rest);
}

/* Natural logarithm of finite x > 0, within 2 ulp; exact at 1. */
static inline double bw_log(double x) {
    double fraction;
    const double power = bw_split_power(x, &fraction);
    return power * 0x1.62e42feep-1 + (bw_log_near_one(fraction) + power * 0x1.a39ef35793c76p-33);
}

/* Third root of finite x, within 1 ulp. */
static inline double bw_cbrt(double x) {
    const double size = x < 0 ? -x : x;
    const double up = size < 0x1p-960 ? 0x1p108 : size > 0x1p960 ? 0x1p-108 : 1;
    const double back = size < 0x1p-960 ? 0x1p-36 : size > 0x1p960 ? 0x1p36 : 1;
    const double a = size > 0 ? size * up : 1;
    double t = bw_bits_double(bw_double_bits(a) / 3 + 0x2a9f7893782da1ce); /* within 4 %; Halley's steps cube that */
    t = t * ((t * t * t + 2 * a) / (2 * t * t * t + a));
    t = t * ((t * t * t + 2 * a) / (2 * t * t * t + a));
    t = t + t * ((a - t * t * t) / (2 * t * t * t + a));
    return size > 0 ? (x < 0 ? -t * back : t * back) : x;
}

/* Arcus tangent of |r| <= tan(pi / 8). */
static inline double bw_atan_near_zero(double r) {
    const double z = r * r;
    double p = -0x1.3a2b7a07caea9p-6;
    p = p * z + 0x1.41603647c7a7cp-5;
    p = p * z - 0x1.a098bb6ba4941p-5;
    p = p * z + 0x1.dfe61e80903d2p-5;
    p = p * z - 0x1.10fa75382537fp-4;
    p = p * z + 0x1.3b1262d95579ep-4;
    p = p * z - 0x1.745d0b26b83e7p-4;
    p = p * z + 0x1.c71c7185314cbp-4;
    p = p * z - 0x1.24924924360cbp-3;
    p = p * z + 0x1.999999999934ap-3;
    p = p * z - 0x1.5555555555555p-2;
    return r + r * (z * p);
}

/* Angle of (x, y), -pi..pi, for finite arguments below 1e300, within 2.5 ulp; 0 for (0, 0). Zeros have no sign. */
static inline double bw_atan2(double y, double x) {
    const double a = x < 0 ? -x : x, b = y < 0 ? -y : y, high = a > b ? a : b, low = a > b ? b : a;
    const double far = low > high * 0x1.a827999fcef32p-2 ? 1 : 0; /* tan(pi / 8): from there on turned by pi / 4 */
    const double r = high > 0 ? (low - far * high) / (high + far * low) : 0;
    const double octant = far * 0x1.921fb54442d18p-1 + (bw_atan_near_zero(r) + far * 0x1.1a62633145c07p-55);
    const double quadrant = b > a ? 0x1.921fb54442d18p+0 - (octant - 0x1.1a62633145c07p-54) : octant;
    const double half = x < 0 ? 0x1.921fb54442d18p+1 - (quadrant - 0x1.1a62633145c07p-53) : quadrant;
    return y < 0 ? -half : half;
}

/* Both for |x| <= 1e5, with an absolute error below 2e-16. */
static inline void bw_sin_cos(double x, double *sine, double *cosine) {
    const double rounded = x * 0x1.45f306dc9c883p-1 + BW_ROUNDER, n = rounded - BW_ROUNDER;
    const double r = ((x - n * 0x1.921fb544p+0) - n * 0x1.0b4611a6p-34) - n * 0x1.3198a2e037073p-69, z = r * r;
    double s = 0x1.5e0af186af739p-33;
    s = s * z - 0x1.ae600a926c89ap-26;
    s = s * z + 0x1.71de37961e4c6p-19;
    s = s * z - 0x1.a01a019e8357dp-13;
    s = s * z + 0x1.1111111110bb1p-7;
    s = s * z - 0x1.5555555555555p-3;
    double c = -0x1.907d7aebd5e3dp-37;
    c = c * z + 0x1.1eeb68b109173p-29;
    c = c * z - 0x1.27e4fa17a41b4p-22;
    c = c * z + 0x1.a01a019f4e867p-16;
    c = c * z - 0x1.6c16c16c16966p-10;
    c = c * z + 0x1.5555555555555p-5;
    const uint64_t first = bw_double_bits(r + r * (z * s)), second = bw_double_bits(1 - (0.5 * z - z * z * c));
    const uint64_t quarter = bw_double_bits(rounded), odd = 0 - (quarter & 1);
    *sine = bw_bits_double(((first & ~odd) | (second & odd)) ^ (quarter & 2) << 62);
    *cosine = bw_bits_double(((second & ~odd) | (first & odd)) ^ ((quarter + 1) & 2) << 62);
}

#endif
