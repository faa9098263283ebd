/* Compiled once per SIMD level. Vector types are GCC's and clang's; their arithmetic is element-wise IEEE, so a wider
 * register changes no bit. */
#include "features/membrane_ops.h"

#include <math.h>
#include <string.h>

#include "core/simd.h"

enum { BLOCK = BW_MEMBRANE_BLOCK, LINES = BW_MEMBRANE_LINES, HALF = BW_MEMBRANE_LINES / 2 };

typedef float vec BW_VECTOR;
enum { LANES = BW_LANES(float) };

/* Registers that sums run in side by side: as many as a block needs, but not more than the processor has. */
enum { GROUP = BLOCK / LANES < 8 ? BLOCK / LANES : 8 };

#define INLINE static inline __attribute__((always_inline))

INLINE vec load(const float *at) {
    vec v;
    memcpy(&v, at, sizeof v);
    return v;
}

INLINE void store(float *at, vec v) {
    memcpy(at, &v, sizeof v);
}

/* One instruction each: compilers see through the loops. */
#if defined(BW_SIMD_LEVEL_SCALAR)
INLINE vec smaller(vec a, vec b) {
    return a < b ? a : b;
}

INLINE vec larger(vec a, vec b) {
    return a > b ? a : b;
}
#else
INLINE vec smaller(vec a, vec b) {
    for (int l = 0; l < LANES; l++)
        a[l] = a[l] < b[l] ? a[l] : b[l];
    return a;
}

INLINE vec larger(vec a, vec b) {
    for (int l = 0; l < LANES; l++)
        a[l] = a[l] > b[l] ? a[l] : b[l];
    return a;
}
#endif

/* Differences to the pixel in the middle: float's digits go to the structure, and integers' differences are exact. */
static void add_pairs(float (*restrict pair)[BLOCK], const float *const *rows, const bw_membrane_lines *lines,
                      int64_t at) {
    const float *middle = rows[BW_MEMBRANE_REACH] + at;
    for (int p = 0; p < lines->pairs; p++) {
        const int dx = lines->dx[p], dy = lines->dy[p];
        const float *ahead = rows[BW_MEMBRANE_REACH + dy] + at + dx, *behind = rows[BW_MEMBRANE_REACH - dy] + at - dx;
        for (int i = 0; i < BLOCK; i += LANES) {
            const vec centre = load(middle + i);
            store(pair[p] + i, (load(ahead + i) - centre) + (load(behind + i) - centre));
        }
    }
}

static void respond(float *response, float (*pair)[BLOCK], const bw_membrane_line *line) {
    for (int i = 0; i < BLOCK; i += GROUP * LANES) {
        const vec zero = {0};
        vec sum[GROUP];
        for (int v = 0; v < GROUP; v++)
            sum[v] = zero;
        for (int t = 0; t < line->count; t++)
            for (int v = 0; v < GROUP; v++)
                sum[v] = sum[v] + line->weight[t] * load(pair[line->pair[t]] + i + v * LANES);
        for (int v = 0; v < GROUP; v++)
            store(response + i + v * LANES, sum[v]);
    }
}

/* Batcher's odd-even merge sort of fifteen. */
/* clang-format off */
#define SORT_FIFTEEN(X)                                                                                                \
    X(0, 1) X(2, 3) X(4, 5) X(6, 7) X(8, 9) X(10, 11) X(12, 13) X(0, 2) X(1, 3) X(4, 6) X(5, 7) X(8, 10) X(9, 11)      \
    X(12, 14) X(1, 2) X(5, 6) X(9, 10) X(13, 14) X(0, 4) X(1, 5) X(2, 6) X(3, 7) X(8, 12) X(9, 13) X(10, 14) X(2, 4)   \
    X(3, 5) X(10, 12) X(11, 13) X(1, 2) X(3, 4) X(5, 6) X(9, 10) X(11, 12) X(13, 14) X(0, 8) X(1, 9) X(2, 10)          \
    X(3, 11) X(4, 12) X(5, 13) X(6, 14) X(4, 8) X(5, 9) X(6, 10) X(7, 11) X(2, 4) X(3, 5) X(6, 8) X(7, 9) X(10, 12)    \
    X(11, 13) X(1, 2) X(3, 4) X(5, 6) X(7, 8) X(9, 10) X(11, 12) X(13, 14)
/* clang-format on */

#define EXCHANGE(a, b)                                                                                                 \
    {                                                                                                                  \
        const vec low = smaller(v[a], v[b]);                                                                           \
        v[b] = larger(v[a], v[b]);                                                                                     \
        v[a] = low;                                                                                                    \
    }

INLINE void sort_half(vec v[HALF], float (*response)[BLOCK]) {
    for (int k = 0; k < HALF; k++)
        v[k] = load(response[k]);
    SORT_FIFTEEN(EXCHANGE)
}

/* Of two sorted halves a and b, the smaller of a[k] and b[14 - k] are the lower fifteen, the larger the upper ones. */
static void rank(float (*result)[BLOCK], float (*response)[BLOCK]) {
    vec a[HALF], b[HALF];
    sort_half(a, response);
    sort_half(b, response + HALF);
    vec below = smaller(a[0], b[HALF - 1]), above = larger(a[0], b[HALF - 1]);
    store(result[1], larger(a[HALF - 1], b[HALF - 1]));
    store(result[2], smaller(a[0], b[0]));
    for (int k = 1; k < HALF; k++) {
        below = larger(below, smaller(a[k], b[HALF - 1 - k]));
        above = smaller(above, larger(a[k], b[HALF - 1 - k]));
    }
    store(result[4], 0.5f * (below + above));
}

/* Sum of the responses. Part by part: small sums lose less. */
INLINE vec add_up(float (*response)[BLOCK]) {
    enum { PARTS = 5 };
    vec sum[PARTS];
    for (int p = 0; p < PARTS; p++)
        sum[p] = load(response[p]);
    for (int k = PARTS; k < LINES; k += PARTS)
        for (int p = 0; p < PARTS; p++)
            sum[p] = sum[p] + load(response[k + p]);
    return (sum[0] + sum[1]) + (sum[2] + sum[3]) + sum[4];
}

/* Sum and population variance. */
static void average(float (*result)[BLOCK], float (*response)[BLOCK]) {
    const vec sum = add_up(response), mean = sum * (1.0f / LINES);
    vec squares = {0};
    for (int k = 0; k < LINES; k++) {
        const vec difference = load(response[k]) - mean;
        squares = squares + difference * difference;
    }
    store(result[5], sum);
    store(result[3], squares * (1.0f / LINES));
}

/* Back from differences to values. */
static void finish(float (*restrict result)[BLOCK], const float *restrict middle) {
    for (int i = 0; i < BLOCK; i++) {
        const double centre = middle[i], sum = result[5][i];
        result[0][i] = (float)(centre + sum * (1.0 / LINES));
        result[5][i] = (float)(centre * LINES + sum);
        result[1][i] = (float)(centre + result[1][i]);
        result[2][i] = (float)(centre + result[2][i]);
        result[4][i] = (float)(centre + result[4][i]);
        result[3][i] = sqrtf(result[3][i]);
    }
}

static void project_block(float *const *out, const float *const *rows, const bw_membrane_lines *lines,
                          bw_membrane_room *room, int64_t at, int64_t count) {
    add_pairs(room->pair, rows, lines, at);
    for (int k = 0; k < LINES; k++)
        respond(room->response[k], room->pair, &lines->line[k]);
    for (int i = 0; i < BLOCK; i += LANES) {
        float(*result)[BLOCK] = (float(*)[BLOCK])(room->result[0] + i);
        float(*response)[BLOCK] = (float(*)[BLOCK])(room->response[0] + i);
        rank(result, response);
        average(result, response);
    }
    finish(room->result, rows[BW_MEMBRANE_REACH] + at);
    for (int o = 0; o < BW_MEMBRANE_OUTPUTS; o++)
        memcpy(out[o] + at, room->result[o], (size_t)count * sizeof(float));
}

/* A row that is shorter than a block, from a copy with room behind. */
static void project_short(float *const *out, const float *const *rows, const bw_membrane_lines *lines,
                          bw_membrane_room *room, int64_t n) {
    const float *copies[BW_MEMBRANE_ROWS];
    memset(room->edge, 0, sizeof room->edge);
    for (int r = 0; r < BW_MEMBRANE_ROWS; r++) {
        memcpy(room->edge[r], rows[r] - BW_MEMBRANE_REACH, (size_t)(n + 2 * BW_MEMBRANE_REACH) * sizeof(float));
        copies[r] = room->edge[r] + BW_MEMBRANE_REACH;
    }
    project_block(out, copies, lines, room, 0, n);
}

/* The last block overlaps the one before it. */
static void project(float *const out[BW_MEMBRANE_OUTPUTS], const float *const rows[BW_MEMBRANE_ROWS],
                    const bw_membrane_lines *lines, bw_membrane_room *room, int64_t n) {
    if (n < BLOCK) {
        project_short(out, rows, lines, room, n);
        return;
    }
    for (int64_t at = 0; at < n; at += BLOCK)
        project_block(out, rows, lines, room, at + BLOCK <= n ? at : n - BLOCK, BLOCK);
}

extern const bw_membrane_ops BW_SIMD_NAME(bw_membrane_ops);
const bw_membrane_ops BW_SIMD_NAME(bw_membrane_ops) = {project};
