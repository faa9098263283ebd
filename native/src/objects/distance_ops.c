/* Lanes are columns: every level gives the same bits. */
#include "objects/distance_ops.h"

#include <string.h>

#include "core/simd.h"

typedef float floats BW_VECTOR;
typedef int32_t masks BW_VECTOR;

enum { LANES = BW_DISTANCE_LANES, WIDE = BW_LANES(float), PARTS = LANES / WIDE, TOGETHER = 4 };

/* All bits of lanes where a < b. */
#if BW_VECTOR_BYTES
#define BELOW(a, b) ((a) < (b))
#else
#define BELOW(a, b) (-((a) < (b)))
#endif

static inline floats smaller(floats a, floats b) {
    const masks which = BELOW(a, b);
    masks x, y;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    x = (x & which) | (y & ~which);
    memcpy(&a, &x, sizeof a);
    return a;
}

static inline void lower(floats best[PARTS], const float *from, float square) {
    for (int p = 0; p < PARTS; p++) {
        floats there;
        memcpy(&there, from + p * WIDE, sizeof there);
        best[p] = smaller(there + square, best[p]);
    }
}

static inline int any_above(const floats best[PARTS], float limit) {
    const floats zero = {0}, limits = zero + limit;
    masks any = BELOW(limits, best[0]);
    for (int p = 1; p < PARTS; p++)
        any |= BELOW(limits, best[p]);
    uint32_t words[WIDE], all = 0;
    memcpy(words, &any, sizeof words);
    for (int w = 0; w < WIDE; w++)
        all |= words[w];
    return all != 0;
}

/* Rows before and after row i, TOGETHER at once, until none can lower a lane. */
static inline int nearest(const float *in, int64_t stride, int64_t n, const float *squares, int64_t i,
                          floats best[PARTS]) {
    const int64_t after = n - 1 - i;
    _Static_assert((int)BW_DISTANCE_REACH % (int)TOGETHER == 0, "squares for all rows that are looked at together");
    for (int64_t k = 1; k <= (i > after ? i : after); k += TOGETHER) {
        if (k > BW_DISTANCE_REACH) return 0;
        if (!any_above(best, squares[k])) return 1;
        for (int64_t d = k; d < k + TOGETHER; d++) {
            if (d <= i) lower(best, in + (i - d) * stride, squares[d]);
            if (d <= after) lower(best, in + (i + d) * stride, squares[d]);
        }
    }
    return 1;
}

static int lowest(const float *in, int64_t stride, int64_t n, const float *squares, float *out, int64_t out_stride,
                  int64_t lanes) {
    for (int64_t i = 0; i < n; i++) {
        floats best[PARTS];
        memcpy(best, in + i * stride, sizeof best);
        if (!nearest(in, stride, n, squares, i, best)) return 0;
        if (lanes == LANES)
            memcpy(out + i * out_stride, best, sizeof best);
        else
            memcpy(out + i * out_stride, best, (size_t)lanes * sizeof *out);
    }
    return 1;
}

const bw_distance_ops BW_SIMD_NAME(bw_distance_ops) = {lowest};
