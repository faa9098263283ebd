/* Compiled once per SIMD level: plain loops that the compiler turns into vector code, and vector types where a loop
 * must keep its counts in registers. Every pixel sees the same operations in the same order on every level. */
#include "features/window_ops.h"

#include <math.h>
#include <string.h>

#include "core/simd.h"

#define INLINE static inline __attribute__((always_inline))

enum { BLOCK = BW_WINDOW_BLOCK, LIMITS = BW_ENTROPY_BINS - 1 };

/* ---- runs ------------------------------------------------------------------------------------------------------- */

/* Run grows by a pixel at both ends with each half width; JOIN is what a run does. */
#define DEFINE_SCAN(name, type, JOIN)                                                                                  \
    INLINE void name##_join(type *restrict to, const type *restrict more) {                                            \
        for (int i = 0; i < BLOCK; i++)                                                                                \
            to[i] = JOIN(to[i], more[i]);                                                                              \
    }                                                                                                                  \
    INLINE void name##_grow(type *restrict run, const type *behind, const type *ahead) {                               \
        for (int i = 0; i < BLOCK; i++) {                                                                              \
            const type pair = JOIN(behind[i], ahead[i]);                                                               \
            run[i] = JOIN(run[i], pair);                                                                               \
        }                                                                                                              \
    }                                                                                                                  \
    static void name(const void *row, const bw_scan *scan, int64_t n) {                                                \
        for (int64_t i = 0; i < n; i += BLOCK) {                                                                       \
            const type *centre = (const type *)row + i;                                                                \
            type run[BLOCK];                                                                                           \
            memcpy(run, centre, sizeof run);                                                                           \
            int64_t target = 0;                                                                                        \
            for (int64_t half = 0; half < scan->halves; half++) {                                                      \
                if (half) name##_grow(run, centre - half, centre + half);                                              \
                for (; target < scan->end[half]; target++)                                                             \
                    name##_join((type *)scan->targets[target] + i, run);                                               \
            }                                                                                                          \
        }                                                                                                              \
    }

#define SUM(a, b) ((a) + (b))
#define SMALLER(a, b) ((b) < (a) ? (b) : (a))
#define LARGER(a, b) ((b) > (a) ? (b) : (a))
DEFINE_SCAN(scan_sum, double, SUM)
DEFINE_SCAN(scan_minimum, float, SMALLER)
DEFINE_SCAN(scan_maximum, float, LARGER)

static void square(double *restrict out, const double *restrict in, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        out[i] = in[i] * in[i];
}

static void mean(float *restrict out, const double *restrict sum, double count, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)(sum[i] / count);
}

static void variance(float *restrict out, const double *restrict sum, const double *restrict squares, double count,
                     int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        const double spread = (count * squares[i] - sum[i] * sum[i]) / (count * count);
        out[i] = (float)(spread > 0 ? spread : 0);
    }
}

/* ---- ranks ------------------------------------------------------------------------------------------------------ */

/* A comparison's result in every lane: all bits set or none. */
#if BW_VECTOR_BYTES
#define MASK(type, comparison) ((type)(comparison))
#else
#define MASK(type, comparison) ((type)(0 - (comparison)))
#endif

/* The answer is built from its highest bit down: a bit is set when no more than `rank` values lie below. Four registers
 * of pixels at a time share the loop. */
#define DEFINE_SELECT(size)                                                                                            \
    typedef uint##size##_t unsigned_##size BW_VECTOR;                                                                  \
    typedef int##size##_t signed_##size BW_VECTOR;                                                                     \
    enum { VECTORS_##size = BLOCK / BW_LANES(int##size##_t) < 4 ? BLOCK / BW_LANES(int##size##_t) : 4 };               \
                                                                                                                       \
    INLINE unsigned_##size all_##size(uint64_t value) {                                                                \
        uint##size##_t lanes[BW_LANES(uint##size##_t)];                                                                \
        for (int i = 0; i < BW_LANES(uint##size##_t); i++)                                                             \
            lanes[i] = (uint##size##_t)value;                                                                          \
        unsigned_##size v;                                                                                             \
        memcpy(&v, lanes, sizeof v);                                                                                   \
        return v;                                                                                                      \
    }                                                                                                                  \
                                                                                                                       \
    INLINE void below_##size(unsigned_##size *count, const int##size##_t *values, const bw_window *window,             \
                             const signed_##size *limit) {                                                             \
        for (int v = 0; v < VECTORS_##size; v++)                                                                       \
            count[v] = all_##size(0);                                                                                  \
        for (int64_t k = 0; k < window->count; k++)                                                                    \
            for (int v = 0; v < VECTORS_##size; v++) {                                                                 \
                signed_##size neighbour;                                                                               \
                memcpy(&neighbour, values + window->offsets[k] + v * BW_LANES(int##size##_t), sizeof neighbour);       \
                count[v] -= MASK(unsigned_##size, neighbour < limit[v]);                                               \
            }                                                                                                          \
    }                                                                                                                  \
                                                                                                                       \
    static void select_##size(void *out, const bw_window *window, int64_t rank, int bits, int64_t n) {                 \
        const int64_t stride = VECTORS_##size * BW_LANES(int##size##_t);                                               \
        const unsigned_##size wanted = all_##size((uint64_t)rank);                                                     \
        for (int64_t i = 0; i < n; i += stride) {                                                                      \
            unsigned_##size found[VECTORS_##size], count[VECTORS_##size];                                              \
            for (int v = 0; v < VECTORS_##size; v++)                                                                   \
                found[v] = all_##size((uint64_t)1 << (size - 1));                                                      \
            for (int bit = bits - 1; bit >= 0; bit--) {                                                                \
                const unsigned_##size step = all_##size((uint64_t)1 << bit);                                           \
                signed_##size limit[VECTORS_##size];                                                                   \
                for (int v = 0; v < VECTORS_##size; v++)                                                               \
                    limit[v] = (signed_##size)(found[v] + step);                                                       \
                below_##size(count, (const int##size##_t *)window->values + i, window, limit);                         \
                for (int v = 0; v < VECTORS_##size; v++)                                                               \
                    found[v] += step & MASK(unsigned_##size, count[v] <= wanted);                                      \
            }                                                                                                          \
            memcpy((int##size##_t *)out + i, found, sizeof found);                                                     \
        }                                                                                                              \
    }

DEFINE_SELECT(8)
DEFINE_SELECT(16)
DEFINE_SELECT(32)

/* ---- entropy ---------------------------------------------------------------------------------------------------- */

/* The largest integer of bin j - 1 of the range low..high: ceil(j range / 16) - 1 above low. */
INLINE int32_t limit_of_integer(int32_t low, int32_t high, int32_t j) {
    return low + ((j * (high - low) + LIMITS) >> 4) - 1;
}

/* The float before or after, by way of integers in the same order. */
INLINE float beside(float value, int32_t by) {
    int32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits ^= (bits >> 31) & 0x7fffffff;
    bits += by;
    bits ^= (bits >> 31) & 0x7fffffff;
    memcpy(&value, &bits, sizeof bits);
    return value;
}

/* The smallest float of bin j: (value - low) * 16 >= j * range, in double. */
INLINE float limit_of_float(float low, float high, int32_t j) {
    const double base = low, share = j * ((double)high - base) * (1.0 / BW_ENTROPY_BINS);
    const float nearest = (float)(base + share), before = beside(nearest, -1), after = beside(nearest, 1);
    const float fits = nearest - base >= share ? nearest : after;
    return before - base >= share ? before : fits;
}

/* Values of at least a bin are counted for five bins at a time, which fit into registers. */
#define DEFINE_ENTROPY(name, type, lane, mask, counter, limit_of, ABOVE)                                               \
    INLINE lane choose_##name(mask where, lane yes, lane no) {                                                         \
        mask a, b;                                                                                                     \
        memcpy(&a, &yes, sizeof a);                                                                                    \
        memcpy(&b, &no, sizeof b);                                                                                     \
        a = (a & where) | (b & (mask)~where);                                                                          \
        memcpy(&yes, &a, sizeof yes);                                                                                  \
        return yes;                                                                                                    \
    }                                                                                                                  \
                                                                                                                       \
    INLINE void extremes_##name(type *low, type *high, const type *values, const bw_window *window) {                  \
        for (int i = 0; i < BLOCK; i += BW_LANES(type)) {                                                              \
            lane least, most;                                                                                          \
            memcpy(&least, values + i, sizeof least);                                                                  \
            memcpy(&most, values + i, sizeof most);                                                                    \
            for (int64_t k = 0; k < window->count; k++) {                                                              \
                lane neighbour;                                                                                        \
                memcpy(&neighbour, values + window->offsets[k] + i, sizeof neighbour);                                 \
                least = choose_##name(MASK(mask, neighbour < least), neighbour, least);                                \
                most = choose_##name(MASK(mask, neighbour > most), neighbour, most);                                   \
            }                                                                                                          \
            memcpy(low + i, &least, sizeof least);                                                                     \
            memcpy(high + i, &most, sizeof most);                                                                      \
        }                                                                                                              \
    }                                                                                                                  \
                                                                                                                       \
    INLINE void count_##name(counter above[LIMITS][BLOCK], type limit[LIMITS][BLOCK], const type *values,              \
                             const bw_window *window) {                                                                \
        enum { GROUP = 5 };                                                                                            \
        const mask none = {0};                                                                                         \
        for (int i = 0; i < BLOCK; i += BW_LANES(type))                                                                \
            for (int first = 0; first < LIMITS; first += GROUP) {                                                      \
                lane own[GROUP];                                                                                       \
                mask count[GROUP];                                                                                     \
                for (int j = 0; j < GROUP; j++) {                                                                      \
                    memcpy(&own[j], limit[first + j] + i, sizeof own[j]);                                              \
                    count[j] = none;                                                                                   \
                }                                                                                                      \
                for (int64_t k = 0; k < window->count; k++) {                                                          \
                    lane neighbour;                                                                                    \
                    memcpy(&neighbour, values + window->offsets[k] + i, sizeof neighbour);                             \
                    for (int j = 0; j < GROUP; j++)                                                                    \
                        count[j] -= MASK(mask, neighbour ABOVE own[j]);                                                \
                }                                                                                                      \
                for (int j = 0; j < GROUP; j++)                                                                        \
                    memcpy(above[first + j] + i, &count[j], sizeof count[j]);                                          \
            }                                                                                                          \
    }                                                                                                                  \
                                                                                                                       \
    static void entropy_##name(float *out, const bw_window *window, const double *table, int64_t n) {                  \
        type low[BLOCK], high[BLOCK], limit[LIMITS][BLOCK];                                                            \
        counter above[LIMITS][BLOCK];                                                                                  \
        for (int64_t i = 0; i < n; i += BLOCK) {                                                                       \
            const type *values = (const type *)window->values + i;                                                     \
            extremes_##name(low, high, values, window);                                                                \
            for (int j = 0; j < LIMITS; j++)                                                                           \
                for (int p = 0; p < BLOCK; p++)                                                                        \
                    limit[j][p] = (type)limit_of(low[p], high[p], j + 1);                                              \
            count_##name(above, limit, values, window);                                                                \
            double sum[BLOCK];                                                                                         \
            for (int p = 0; p < BLOCK; p++)                                                                            \
                sum[p] = table[window->count - above[0][p]] + table[above[LIMITS - 1][p]];                             \
            for (int j = 1; j < LIMITS; j++)                                                                           \
                for (int p = 0; p < BLOCK; p++)                                                                        \
                    sum[p] += table[above[j - 1][p] - above[j][p]];                                                    \
            for (int p = 0; p < BLOCK; p++)                                                                            \
                out[i + p] = (float)((table[window->count] - sum[p]) / (double)window->count);                         \
        }                                                                                                              \
    }

typedef float float_lane BW_VECTOR;
DEFINE_ENTROPY(8, int8_t, signed_8, unsigned_8, uint8_t, limit_of_integer, >)
DEFINE_ENTROPY(16, int16_t, signed_16, unsigned_16, uint16_t, limit_of_integer, >)
DEFINE_ENTROPY(float, float, float_lane, unsigned_32, uint32_t, limit_of_float, >=)

/* ---- smoothing that keeps edges --------------------------------------------------------------------------------- */

INLINE unsigned_32 bits_of(float_lane x) {
    unsigned_32 bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

INLINE float_lane float_of(unsigned_32 bits) {
    float_lane x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

INLINE float_lane load_float(const float *at) {
    float_lane x;
    memcpy(&x, at, sizeof x);
    return x;
}

/* 2^x, relative error 2e-7: the minimax polynomial on [-1/2, 1/2] times a power of two, which the rounder leaves in the
 * low bits of the sum. For x from -100 on; smaller ones count as -100. */
INLINE float_lane power_of_two(float_lane x) {
    const float_lane zero = {0}, least = zero - 100.0f;
    const unsigned_32 inside = MASK(unsigned_32, x > least);
    const float_lane kept = float_of((bits_of(x) & inside) | (bits_of(least) & ~inside));
    const float_lane shifted = kept + 0x1.8p23f, f = kept - (shifted - 0x1.8p23f);
    const float_lane p =
        ((((1.3276471e-3f * f + 9.6755419e-3f) * f + 5.5507135e-2f) * f + 2.4022120e-1f) * f + 6.9314694e-1f) * f +
        1.0000001f;
    return float_of(bits_of(p) + (bits_of(shifted) << 23));
}

/* Weights below 2^-100 weigh nothing beside the pixel's own, which is 1; cut there they stay clear of denormal numbers,
 * which are slow. */
INLINE void bilateral_block(float *out, const float *values, const bw_window *window, const float *weights,
                            const float *steep) {
    enum { VECTORS = 2 };
    float_lane own[VECTORS], slope[VECTORS], total[VECTORS], sum[VECTORS];
    for (int v = 0; v < VECTORS; v++) {
        const float_lane zero = {0};
        own[v] = load_float(values + v * BW_LANES(float));
        slope[v] = load_float(steep + v * BW_LANES(float));
        total[v] = sum[v] = zero;
    }
    for (int64_t k = 0; k < window->count; k++)
        for (int v = 0; v < VECTORS; v++) {
            const float_lane difference = load_float(values + window->offsets[k] + v * BW_LANES(float)) - own[v];
            const float_lane u = difference * slope[v], w = weights[k] * power_of_two(-(u * u));
            total[v] += w;
            sum[v] += w * difference;
        }
    for (int v = 0; v < VECTORS; v++) {
        const float_lane mean_of_window = own[v] + sum[v] / total[v];
        memcpy(out + v * BW_LANES(float), &mean_of_window, sizeof mean_of_window);
    }
}

static void bilateral(float *out, const bw_window *window, const float *weights, const float *steep, int64_t n) {
    for (int64_t i = 0; i < n; i += 2 * BW_LANES(float))
        bilateral_block(out + i, (const float *)window->values + i, window, weights, steep + i);
}

static void run(double *out, const double *in, int64_t stride, int64_t count, int64_t n) {
    for (int64_t i = 0; i < n; i += BLOCK) {
        double sum[BLOCK];
        memcpy(sum, in + i, sizeof sum);
        for (int64_t j = 1; j < count; j++)
            scan_sum_join(sum, in + i + j * stride);
        memcpy(out + i, sum, sizeof sum);
    }
}

static void pick(double *restrict least, double *restrict kept, const double *restrict sum,
                 const double *restrict squares, double count, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        const double spread = count * squares[i] - sum[i] * sum[i];
        kept[i] = spread < least[i] ? sum[i] : kept[i];
        least[i] = spread < least[i] ? spread : least[i];
    }
}

static void flux(double *restrict out, const double *a, const double *b, const double *ka, const double *kb,
                 int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        const double difference = b[i] - a[i], contrast = 0.5 * (ka[i] + kb[i]);
        const double whole = contrast + difference * difference;
        out[i] = contrast > 0 ? contrast * difference / (whole > 0 ? whole : 1) : 0;
    }
}

static void flow(double *restrict u, const double *ahead, const double *behind, double weight, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        u[i] = u[i] + weight * (ahead[i] - behind[i]);
}

extern const bw_window_ops BW_SIMD_NAME(bw_window_ops);
const bw_window_ops BW_SIMD_NAME(bw_window_ops) = {.scan = {scan_sum, scan_minimum, scan_maximum},
                                                   .square = square,
                                                   .mean = mean,
                                                   .variance = variance,
                                                   .select = {select_8, select_16, select_32, NULL},
                                                   .entropy = {entropy_8, entropy_16, NULL, entropy_float},
                                                   .bilateral = bilateral,
                                                   .run = run,
                                                   .pick = pick,
                                                   .flux = flux,
                                                   .flow = flow};
