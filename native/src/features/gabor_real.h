/* The operations of gabor_ops.h in one precision; gabor_ops.c includes this for float and for double. Needs REAL, SQRT,
 * NAME(f), MAX_KERNELS and MAX_VECTORS. */

typedef REAL NAME(vec) BW_VECTOR;
enum { NAME(LANES) = BW_LANES(REAL) };

/* `vectors` registers of pixels from i on. All counts are constants, so that the sums stay in registers. */
#define DEFINE_BLOCK(name, type)                                                                                       \
    INLINE type NAME(name##_load)(const void *row, int64_t i) {                                                        \
        type value;                                                                                                    \
        memcpy(&value, (const REAL *)row + i, sizeof value);                                                           \
        return value;                                                                                                  \
    }                                                                                                                  \
    INLINE void NAME(name)(void *const *out, const void *const *rows, const REAL *taps, int radius, int64_t i,         \
                           const int evens, const int odds, const int vectors) {                                       \
        const int64_t lanes = sizeof(type) / sizeof(REAL);                                                             \
        const type zero = {0};                                                                                         \
        type sum[MAX_KERNELS][MAX_VECTORS];                                                                            \
        for (int k = 0; k < evens + odds; k++)                                                                         \
            for (int v = 0; v < vectors; v++)                                                                          \
                sum[k][v] = zero;                                                                                      \
        for (int j = radius; j >= 1; j--) {                                                                            \
            const REAL *tap = taps + (int64_t)j * (evens + odds);                                                      \
            for (int v = 0; v < vectors; v++) {                                                                        \
                const type ahead = NAME(name##_load)(rows[j], i + v * lanes);                                          \
                const type behind = NAME(name##_load)(rows[-j], i + v * lanes);                                        \
                const type both = ahead + behind, difference = ahead - behind;                                         \
                for (int k = 0; k < evens; k++)                                                                        \
                    sum[k][v] = sum[k][v] + tap[k] * both;                                                             \
                for (int k = evens; k < evens + odds; k++)                                                             \
                    sum[k][v] = sum[k][v] + tap[k] * difference;                                                       \
            }                                                                                                          \
        }                                                                                                              \
        for (int k = 0; k < evens + odds; k++)                                                                         \
            for (int v = 0; v < vectors; v++) {                                                                        \
                const type whole =                                                                                     \
                    k < evens ? sum[k][v] + taps[k] * NAME(name##_load)(rows[0], i + v * lanes) : sum[k][v];           \
                memcpy((REAL *)out[k] + i + v * lanes, &whole, sizeof whole);                                          \
            }                                                                                                          \
    }

DEFINE_BLOCK(block, NAME(vec))
DEFINE_BLOCK(pixel, REAL)
#undef DEFINE_BLOCK

/* Groups of registers, single ones, then one that overlaps its forerunner; rows shorter than a register by pixel. */
#define DEFINE_BANK(evens, odds, vectors)                                                                              \
    static void NAME(bank_##evens##_##odds)(void *const *out, const void *const *rows, const void *taps, int radius,   \
                                            int64_t n) {                                                               \
        int64_t i = 0;                                                                                                 \
        for (; i + (vectors)*NAME(LANES) <= n; i += (vectors)*NAME(LANES))                                             \
            NAME(block)(out, rows, taps, radius, i, evens, odds, vectors);                                             \
        for (; i + NAME(LANES) <= n; i += NAME(LANES))                                                                 \
            NAME(block)(out, rows, taps, radius, i, evens, odds, 1);                                                   \
        if (i < n && n >= NAME(LANES)) NAME(block)(out, rows, taps, radius, n - NAME(LANES), evens, odds, 1);          \
        for (; i < n && n < NAME(LANES); i++)                                                                          \
            NAME(pixel)(out, rows, taps, radius, i, evens, odds, 1);                                                   \
    }

DEFINE_BANK(1, 0, 4)
DEFINE_BANK(1, 1, 4)
DEFINE_BANK(2, 1, 4)
DEFINE_BANK(3, 2, 2)
DEFINE_BANK(4, 3, 1 + (BW_VECTOR_BYTES == 64))
DEFINE_BANK(5, 4, 1 + (BW_VECTOR_BYTES == 64))
#undef DEFINE_BANK

INLINE void NAME(raise)(REAL *best, REAL *total, REAL even, REAL odd) {
    const REAL energy = SQRT(even * even + odd * odd);
    *best = *best > energy ? *best : energy;
    *total = *total + energy;
}

static void NAME(one)(REAL *restrict best, REAL *restrict total, const REAL *restrict c, const REAL *restrict s,
                      const REAL *restrict smooth, REAL level, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        NAME(raise)(&best[i], &total[i], c[i] - level * smooth[i], s[i]);
}

static void NAME(two)(REAL *restrict best, REAL *restrict total, const REAL *restrict cc, const REAL *restrict sc,
                      const REAL *restrict cs, const REAL *restrict ss, const REAL *restrict smooth, REAL level,
                      int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        const REAL even = cc[i] - level * smooth[i];
        NAME(raise)(&best[i], &total[i], even - ss[i], sc[i] + cs[i]);
        NAME(raise)(&best[i], &total[i], even + ss[i], sc[i] - cs[i]);
    }
}

static void NAME(four)(REAL *restrict best, REAL *restrict total, const REAL *restrict ccc, const REAL *restrict scc,
                       const REAL *restrict csc, const REAL *restrict ssc, const REAL *restrict ccs,
                       const REAL *restrict scs, const REAL *restrict css, const REAL *restrict sss,
                       const REAL *restrict smooth, REAL level, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        const REAL even = ccc[i] - level * smooth[i];
        const REAL near = even - ssc[i], far = even + ssc[i], x_y = scc[i] + csc[i], y_x = scc[i] - csc[i];
        const REAL z = scs[i] + css[i], turned = scs[i] - css[i], up = ccs[i] - sss[i], down = ccs[i] + sss[i];
        NAME(raise)(&best[i], &total[i], near - z, x_y + up);
        NAME(raise)(&best[i], &total[i], near + z, x_y - up);
        NAME(raise)(&best[i], &total[i], far - turned, y_x + down);
        NAME(raise)(&best[i], &total[i], far + turned, y_x - down);
    }
}

static void NAME(fold_one)(void *best, void *total, const void *const *p, const void *smooth, double level, int64_t n) {
    NAME(one)(best, total, p[0], p[1], smooth, (REAL)level, n);
}

static void NAME(fold_two)(void *best, void *total, const void *const *p, const void *smooth, double level, int64_t n) {
    NAME(two)(best, total, p[0], p[1], p[2], p[3], smooth, (REAL)level, n);
}

static void NAME(fold_four)(void *best, void *total, const void *const *p, const void *smooth, double level,
                            int64_t n) {
    NAME(four)(best, total, p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], smooth, (REAL)level, n);
}

static void NAME(scale)(void *values, double by, int64_t n) {
    REAL *at = values;
    for (int64_t i = 0; i < n; i++)
        at[i] = at[i] * (REAL)by;
}
