/* The operations of ops.h in one precision; kernels.c includes this for float and for double. Needs REAL, SQRT, EIGEN3
 * and NAME(f). */

typedef REAL NAME(vec) BW_VECTOR;
enum { NAME(LANES) = BW_LANES(REAL) };

INLINE NAME(vec) NAME(load)(const void *const *rows, int j, int64_t i) {
    NAME(vec) v;
    memcpy(&v, (const REAL *)rows[j] + i, sizeof v);
    return v;
}

INLINE REAL NAME(load_one)(const void *const *rows, int j, int64_t i) {
    return ((const REAL *)rows[j])[i];
}

/* A sum over the taps j = count..1: small terms before large. TERM(load, j, at) is what a tap multiplies at the pixels
 * from `at` on. Four registers at a time in the main loop: independent sums hide the latency of the additions. They
 * have names: compilers keep arrays of them in memory. Then single registers, then one that overlaps its forerunner;
 * rows shorter than a register go pixel by pixel. */
#define DEFINE_ONE(name, type, load, TERM, centre)                                                                     \
    INLINE void NAME(name)(REAL * out, const void *const *rows, const REAL *taps, int count, int64_t at) {             \
        type sum = {0};                                                                                                \
        for (int j = count; j > 0; j--)                                                                                \
            sum = sum + taps[j] * (TERM(NAME(load), j, at));                                                           \
        if (centre) sum = sum + taps[0] * NAME(load)(rows, 0, at);                                                     \
        memcpy(out + at, &sum, sizeof sum);                                                                            \
    }

#define DEFINE_SUM(name, TERM, centre)                                                                                 \
    DEFINE_ONE(name##_register, NAME(vec), load, TERM, centre)                                                         \
    DEFINE_ONE(name##_pixel, REAL, load_one, TERM, centre)                                                             \
    static void NAME(name)(void *out, const void *const *rows, const void *taps, int count, int64_t n) {               \
        const int64_t lanes = NAME(LANES);                                                                             \
        const REAL *const k = taps;                                                                                    \
        REAL *const to_ = out;                                                                                         \
        int64_t i = 0;                                                                                                 \
        for (; i + 4 * lanes <= n; i += 4 * lanes) {                                                                   \
            NAME(vec) a = {0}, b = {0}, c = {0}, d = {0};                                                              \
            for (int j = count; j > 0; j--) {                                                                          \
                a = a + k[j] * (TERM(NAME(load), j, i));                                                               \
                b = b + k[j] * (TERM(NAME(load), j, i + lanes));                                                       \
                c = c + k[j] * (TERM(NAME(load), j, i + 2 * lanes));                                                   \
                d = d + k[j] * (TERM(NAME(load), j, i + 3 * lanes));                                                   \
            }                                                                                                          \
            if (centre) {                                                                                              \
                a = a + k[0] * NAME(load)(rows, 0, i);                                                                 \
                b = b + k[0] * NAME(load)(rows, 0, i + lanes);                                                         \
                c = c + k[0] * NAME(load)(rows, 0, i + 2 * lanes);                                                     \
                d = d + k[0] * NAME(load)(rows, 0, i + 3 * lanes);                                                     \
            }                                                                                                          \
            memcpy(to_ + i, &a, sizeof a);                                                                             \
            memcpy(to_ + i + lanes, &b, sizeof b);                                                                     \
            memcpy(to_ + i + 2 * lanes, &c, sizeof c);                                                                 \
            memcpy(to_ + i + 3 * lanes, &d, sizeof d);                                                                 \
        }                                                                                                              \
        for (; i + lanes <= n; i += lanes)                                                                             \
            NAME(name##_register)(out, rows, taps, count, i);                                                          \
        if (i < n && n >= lanes) NAME(name##_register)(out, rows, taps, count, n - lanes);                             \
        for (; i < n && n < lanes; i++)                                                                                \
            NAME(name##_pixel)(out, rows, taps, count, i);                                                             \
    }

#define EVEN_TERM(load, j, at) load(rows, j, at) + load(rows, -(j), at)
#define ODD_TERM(load, j, at) load(rows, j, at) - load(rows, -(j), at)
#define HALF_TERM(load, j, at) load(rows, j, at) + load(rows, 1 - (j), at)
DEFINE_SUM(even, EVEN_TERM, 1)
DEFINE_SUM(odd, ODD_TERM, 0)
DEFINE_SUM(half, HALF_TERM, 0)
#undef DEFINE_ONE
#undef DEFINE_SUM
#undef EVEN_TERM
#undef ODD_TERM
#undef HALF_TERM

static void NAME(interleave)(void *out, const void *even, const void *odd, int64_t n) {
    REAL *restrict to = out;
    const REAL *restrict a = even, *restrict b = odd;
    for (int64_t i = 0; i < n / 2; i++) {
        to[2 * i] = a[i];
        to[2 * i + 1] = b[i];
    }
    if (n % 2) to[n - 1] = a[n / 2];
}

static void NAME(part)(void *even, void *odd, const void *in, int64_t n) {
    REAL *restrict a = even, *restrict b = odd;
    const REAL *restrict from = in;
    for (int64_t i = 0; i < n / 2; i++) {
        a[i] = from[2 * i];
        b[i] = from[2 * i + 1];
    }
    if (n % 2) a[n / 2] = from[n - 1];
}

/* out[i] = expression of the inputs at i. */
#define DEFINE_POINTWISE(name, parameters, inputs, expression)                                                         \
    static void NAME(name) parameters {                                                                                \
        REAL *restrict to = out;                                                                                       \
        inputs;                                                                                                        \
        for (int64_t i = 0; i < n; i++)                                                                                \
            to[i] = (expression);                                                                                      \
    }

DEFINE_POINTWISE(add, (void *out, const void *a, const void *b, int64_t n), const REAL *p = a;
                 const REAL *q = b, p[i] + q[i])
DEFINE_POINTWISE(add3, (void *out, const void *a, const void *b, const void *c, int64_t n), const REAL *p = a;
                 const REAL *q = b; const REAL *r = c, (p[i] + q[i]) + r[i])
DEFINE_POINTWISE(subtract, (void *out, const void *a, const void *b, int64_t n), const REAL *p = a;
                 const REAL *q = b, p[i] - q[i])
DEFINE_POINTWISE(multiply, (void *out, const void *a, const void *b, int64_t n), const REAL *p = a;
                 const REAL *q = b, p[i] * q[i])
DEFINE_POINTWISE(shift, (void *out, const void *a, double by, int64_t n), const REAL *p = a;
                 const REAL d = (REAL)by, p[i] + d)
DEFINE_POINTWISE(length2, (void *out, const void *a, const void *b, int64_t n), const REAL *p = a;
                 const REAL *q = b, SQRT(p[i] * p[i] + q[i] * q[i]))
DEFINE_POINTWISE(length3, (void *out, const void *a, const void *b, const void *c, int64_t n), const REAL *p = a;
                 const REAL *q = b; const REAL *r = c, SQRT((p[i] * p[i] + q[i] * q[i]) + r[i] * r[i]))
DEFINE_POINTWISE(from_float, (void *out, const float *in, int64_t n), , in[i])
#undef DEFINE_POINTWISE

static void NAME(to_float)(float *restrict out, const void *in, int64_t n) {
    const REAL *restrict from = in;
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)from[i];
}

/* In double precision, as below: the smaller eigenvalue is a difference of nearly equal numbers. */
static void NAME(eigen2)(void *const out[2], const void *const m[3], int64_t n) {
    const REAL *restrict xx = m[0], *restrict xy = m[1], *restrict yy = m[2];
    REAL *restrict high = out[0], *restrict low = out[1];
    for (int64_t i = 0; i < n; i++) {
        double a = xx[i], b = xy[i], c = yy[i], mean = 0.5 * (a + c), half = 0.5 * (a - c);
        double root = sqrt(half * half + b * b);
        high[i] = (REAL)(mean + root);
        low[i] = (REAL)(mean - root);
    }
}

static void NAME(eigen3)(void *const out[3], const void *const m[6], int64_t n) {
    double in[6][EIGEN_CHUNK], found[3][EIGEN_CHUNK];
    for (int64_t at = 0; at < n; at += EIGEN_CHUNK) {
        const int64_t count = n - at < EIGEN_CHUNK ? n - at : EIGEN_CHUNK;
        for (int e = 0; e < 6; e++)
            for (int64_t i = 0; i < count; i++)
                in[e][i] = ((const REAL *)m[e])[at + i];
        EIGEN3(found[0], found[1], found[2], in[0], in[1], in[2], in[3], in[4], in[5], count);
        for (int k = 0; k < 3; k++)
            for (int64_t i = 0; i < count; i++)
                ((REAL *)out[k])[at + i] = (REAL)found[k][i];
    }
}

#define OPERATIONS                                                                                                     \
    {                                                                                                                  \
        NAME(even), NAME(odd), NAME(half), NAME(interleave), NAME(part), NAME(add), NAME(add3), NAME(subtract),        \
            NAME(multiply), NAME(shift), NAME(length2), NAME(length3), NAME(eigen2), NAME(eigen3), NAME(from_float),   \
            NAME(to_float)                                                                                             \
    }
