/* Compiled once per SIMD level. */
#include "core/simd.h"
#include "features/ops.h"

#include <math.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

/* cos(acos(r) / 3) for r in [-1, 1]. With u = sqrt((1 + r) / 2) it is cos(2/3 acos(u)), which is smooth on [0, 1];
 * Chebyshev interpolation in w = 2 u - 1, error 7e-15. Written out: a loop would keep compilers from vector code. */
INLINE double cos_third(double r) {
    const double w = 2 * sqrt(0.5 * (1 + r)) - 1;
    double sum = 5.1394037902334115e-10;
    sum = sum * w - 1.7059909278398005e-09;
    sum = sum * w + 3.6495327796440277e-09;
    sum = sum * w - 1.242202676210872e-08;
    sum = sum * w + 4.6107842223801048e-08;
    sum = sum * w - 1.6035992683357241e-07;
    sum = sum * w + 5.6403218276618935e-07;
    sum = sum * w - 2.03547825153849e-06;
    sum = sum * w + 7.541109306891964e-06;
    sum = sum * w - 2.8920037269262892e-05;
    sum = sum * w + 0.00011642544906965262;
    sum = sum * w - 0.00050412467841810479;
    sum = sum * w + 0.0024663528152721035;
    sum = sum * w - 0.015509188437094115;
    sum = sum * w + 0.24740906632285159;
    return sum * w + 0.76604444311898279;
}

enum { EIGEN_CHUNK = 128 };

/* Trigonometric solution of the characteristic cubic (Smith 1961) in double precision: float would lose the small
 * eigenvalues. On arrays of doubles only: compilers do not make vector code of it while it converts. Where two
 * eigenvalues are nearly equal it loses half of the digits, which leaves enough of them for single precision. */
static void eigen3_closed(double *restrict high, double *restrict middle, double *restrict low,
                          const double *restrict mxx, const double *restrict mxy, const double *restrict mxz,
                          const double *restrict myy, const double *restrict myz, const double *restrict mzz,
                          int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        const double xy = mxy[i], xz = mxz[i], yz = myz[i], mean = (mxx[i] + myy[i] + mzz[i]) * (1.0 / 3);
        const double xx = mxx[i] - mean, yy = myy[i] - mean, zz = mzz[i] - mean;
        const double off = xy * xy + xz * xz + yz * yz;
        const double p2 = (xx * xx + yy * yy + zz * zz + 2 * off) * (1.0 / 6), p = sqrt(p2);
        const double det = xx * (yy * zz - yz * yz) - xy * (xy * zz - yz * xz) + xz * (xy * yz - yy * xz);
        const double p3 = p2 * p;
        double ratio = 0.5 * det / (p3 > 0 ? p3 : 1);
        ratio = ratio < -1 ? -1 : ratio;
        ratio = ratio > 1 ? 1 : ratio;
        const double c = cos_third(ratio), s2 = 1 - c * c, s = sqrt(s2 > 0 ? s2 : 0);
        const double top = 2 * p * c, bottom = -p * (c + 1.7320508075688772 * s);
        high[i] = mean + top;
        low[i] = mean + bottom;
        middle[i] = mean - top - bottom;
    }
}

/* Sets element pq of a symmetric matrix to 0 by a rotation; r is the third axis. */
INLINE void rotate(double *pp, double *qq, double *pq, double *pr, double *qr) {
    const double off = *pq, theta = 0.5 * (*qq - *pp) / (off != 0 ? off : 1), size = theta < 0 ? -theta : theta;
    double t = 1 / (size + sqrt(theta * theta + 1));
    t = theta < 0 ? -t : t;
    t = off != 0 ? t : 0;
    const double c = 1 / sqrt(t * t + 1), s = t * c, a = *pr, b = *qr;
    *pp = *pp - t * off;
    *qq = *qq + t * off;
    *pq = 0;
    *pr = c * a - s * b;
    *qr = s * a + c * b;
}

INLINE void order(double *a, double *b) {
    const double high = *a > *b ? *a : *b, low = *a > *b ? *b : *a;
    *a = high;
    *b = low;
}

/* Cyclic Jacobi rotations, for double precision: convergence is quadratic, five sweeps reach the last digit. */
static void eigen3_jacobi(double *restrict high, double *restrict middle, double *restrict low,
                          const double *restrict mxx, const double *restrict mxy, const double *restrict mxz,
                          const double *restrict myy, const double *restrict myz, const double *restrict mzz,
                          int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        double xx = mxx[i], xy = mxy[i], xz = mxz[i], yy = myy[i], yz = myz[i], zz = mzz[i];
#define SWEEP                                                                                                          \
    rotate(&xx, &yy, &xy, &xz, &yz);                                                                                   \
    rotate(&xx, &zz, &xz, &xy, &yz);                                                                                   \
    rotate(&yy, &zz, &yz, &xy, &xz)
        SWEEP;
        SWEEP;
        SWEEP;
        SWEEP;
        SWEEP;
#undef SWEEP
        order(&xx, &yy);
        order(&yy, &zz);
        order(&xx, &yy);
        high[i] = xx;
        middle[i] = yy;
        low[i] = zz;
    }
}

#define REAL float
#define EIGEN3 eigen3_closed
#define SQRT sqrtf
#define NAME(f) f##_single
#include "features/kernels_real.h"
static const bw_ops single_ops = OPERATIONS;
#undef REAL
#undef EIGEN3
#undef SQRT
#undef NAME
#undef OPERATIONS

#define REAL double
#define EIGEN3 eigen3_jacobi
#define SQRT sqrt
#define NAME(f) f##_double
#include "features/kernels_real.h"
static const bw_ops double_ops = OPERATIONS;

extern const bw_ops *const BW_SIMD_NAME(bw_ops)[2];
const bw_ops *const BW_SIMD_NAME(bw_ops)[2] = {&single_ops, &double_ops};
