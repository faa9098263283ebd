#include "forest/split.h"

#include <string.h>

#include "core/simd.h"

extern const bw_split_kernels BW_SIMD_NAME(bw_split_kernels);

enum {
    FEW = 192, /* up to so many samples, occupied bins are found through a bit set, above by looking at all of them */
    LANES = BW_LANES(double),
    ROOM = BW_BINS + 8
};

typedef uint64_t words BW_VECTOR;
typedef double reals BW_VECTOR;

static inline words load(const uint64_t *from) {
    words w;
    memcpy(&w, from, sizeof w);
    return w;
}

static inline void store(double *to, reals x) {
    memcpy(to, &x, sizeof x);
}

/* Integers below 2^52, through the bits of 2^52 + x: there is no conversion instruction on most levels. */
static inline reals to_reals(words x) {
    const words bits = x | 0x4330000000000000u;
    reals r;
    memcpy(&r, &bits, sizeof r);
    return r - 0x1p52;
}

static inline reals larger(reals a, reals b) {
#if BW_VECTOR_BYTES
    const words from_a = (words)(a > b);
    words x, y;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    x = (x & from_a) | (y & ~from_a);
    memcpy(&a, &x, sizeof a);
    return a;
#else
    return a > b ? a : b;
#endif
}

/* ---- scores ------------------------------------------------------------------------------------------------------ */

/* The occupied bins of a node in ascending order, and the weights up to each. */
typedef struct profile {
    int count;
    uint8_t bins[ROOM];
    uint64_t sums[ROOM];
} profile;

/* Scores of the cuts behind bins from .. to - 1 and some beyond, whose sums repeat an earlier one; returns the highest.
 * `classes` is a constant where it is small. */
static inline double score_cuts(const bw_split_node *node, int classes, const uint64_t *sums, int from, int to,
                                double *scores) {
    const uint64_t bits = (uint64_t)node->lanes->bits, mask = ((uint64_t)1 << bits) - 1;
    reals highest = to_reals(load(sums + from) & 0);
    double lanes[LANES], most = 0;
    for (int k = from; k < to; k += LANES) {
        const words left = load(sums + k);
        reals l = to_reals(left & mask), r = node->total[0] - l, weight = l;
        reals left_squares = l * l, right_squares = r * r;
        for (int c = 1; c < classes; c++) {
            l = to_reals(left >> ((uint64_t)c * bits) & mask);
            r = node->total[c] - l;
            weight += l;
            left_squares += l * l;
            right_squares += r * r;
        }
        const reals rest = node->weight - weight;
        const reals score = (left_squares * rest + right_squares * weight) / (weight * rest);
        store(scores + k, score);
        highest = larger(score, highest);
    }
    store(lanes, highest);
    for (int i = 0; i < LANES; i++)
        most = lanes[i] > most ? lanes[i] : most;
    return most;
}

static int64_t weight_of(const bw_split_node *node, uint64_t counts) {
    uint64_t sum = 0;
    for (int c = 0; c < node->lanes->classes; c++)
        sum += bw_lane(node->lanes, counts, c);
    return (int64_t)sum;
}

/* The cuts that leave enough weight on both sides are *from .. *to - 1. */
static void limit_cuts(const bw_split_node *node, const profile *p, int *from, int *to) {
    if (node->min_leaf <= 1) return;
    while (*from < *to && weight_of(node, p->sums[*from]) < node->min_leaf)
        ++*from;
    while (*from < *to && (int64_t)node->weight - weight_of(node, p->sums[*to - 1]) < node->min_leaf)
        --*to;
}

static double score_all(const bw_split_node *node, const profile *p, int from, int to, double *scores) {
    switch (node->lanes->classes) {
    case 2: return score_cuts(node, 2, p->sums, from, to, scores);
    case 3: return score_cuts(node, 3, p->sums, from, to, scores);
    case 4: return score_cuts(node, 4, p->sums, from, to, scores);
    default: return score_cuts(node, node->lanes->classes, p->sums, from, to, scores);
    }
}

/* Of equal scores, the first wins. */
static int look_for_cut(const bw_split_node *node, profile *p, int feature, bw_split *best) {
    double scores[ROOM];
    int from = 0, to = p->count - 1;
    if (p->count < 2) return 0;
    limit_cuts(node, p, &from, &to);
    if (from == to) return 1;
    for (int k = to; k < to + LANES; k++)
        p->sums[k] = p->sums[from];
    const double most = score_all(node, p, from, to, scores);
    if (most <= best->score) return 1;
    while (scores[from] < most)
        from++;
    *best = (bw_split){most, feature, p->bins[from], p->bins[from + 1], p->sums[from]};
    return 1;
}

/* ---- histograms -------------------------------------------------------------------------------------------------- */

static void fill(const bw_split_node *node, const uint8_t *column, uint64_t *restrict histogram) {
    const uint32_t *restrict samples = node->samples;
    const uint64_t *restrict weights = node->weights;
    const int64_t size = node->size;
    for (int64_t i = 0; i < size; i++)
        histogram[column[samples[i]]] += weights[i];
}

static void drain(const bw_split_node *node, const uint8_t *column, uint64_t *restrict histogram) {
    const uint32_t *restrict samples = node->samples;
    const uint64_t *restrict weights = node->weights;
    const int64_t size = node->size;
    for (int64_t i = 0; i < size; i++)
        histogram[column[samples[i]]] -= weights[i];
}

static void subtract(uint64_t *restrict histogram, const uint64_t *restrict less) {
    for (int bin = 0; bin < BW_BINS; bin++)
        histogram[bin] -= less[bin];
}

static void profile_few(const bw_split_node *node, const uint8_t *column, uint64_t *restrict histogram, profile *p) {
    const uint32_t *restrict samples = node->samples;
    const uint64_t *restrict weights = node->weights;
    const int size = (int)node->size;
    uint64_t occupied[BW_BINS / 64] = {0}, sum = 0;
    int count = 0;
    for (int i = 0; i < size; i++) {
        const unsigned bin = column[samples[i]];
        occupied[bin / 64] |= (uint64_t)1 << bin % 64;
        histogram[bin] += weights[i];
    }
    for (int word = 0; word < BW_BINS / 64; word++) {
        for (uint64_t bits = occupied[word]; bits; bits &= bits - 1) {
            const int bin = 64 * word + __builtin_ctzll(bits);
            sum += histogram[bin];
            histogram[bin] = 0;
            p->bins[count] = (uint8_t)bin;
            p->sums[count++] = sum;
        }
    }
    p->count = count;
}

static void profile_all(const uint64_t *histogram, profile *p) {
    uint64_t sum = 0;
    int count = 0;
    for (int bin = 0; bin < BW_BINS; bin++) {
        sum += histogram[bin];
        p->bins[count] = (uint8_t)bin;
        p->sums[count] = sum;
        count += histogram[bin] != 0;
    }
    p->count = count;
}

static int best_cut(const bw_split_node *node, const uint8_t *column, int feature, uint64_t *histogram,
                    bw_split *best) {
    profile p;
    if (node->size <= FEW) {
        profile_few(node, column, histogram, &p);
    } else {
        fill(node, column, histogram);
        profile_all(histogram, &p);
        memset(histogram, 0, BW_BINS * sizeof *histogram);
    }
    return look_for_cut(node, &p, feature, best);
}

static int scan(const bw_split_node *node, int feature, const uint64_t *histogram, bw_split *best) {
    profile p;
    profile_all(histogram, &p);
    return look_for_cut(node, &p, feature, best);
}

/* ---- one cut only ------------------------------------------------------------------------------------------------ */

static void gather(const bw_split_node *node, const uint8_t *column, uint8_t *restrict bytes, int range[2]) {
    const uint32_t *restrict samples = node->samples;
    const int64_t size = node->size;
    uint8_t low = UINT8_MAX, high = 0;
    for (int64_t i = 0; i < size; i++) {
        const uint8_t byte = column[samples[i]];
        bytes[i] = byte;
        low = byte < low ? byte : low;
        high = byte > high ? byte : high;
    }
    range[0] = low;
    range[1] = high;
}

static uint64_t sum_below(const bw_split_node *node, const uint8_t *restrict bytes, int cut) {
    const uint64_t *restrict weights = node->weights;
    const int64_t size = node->size;
    uint64_t sum = 0;
    for (int64_t i = 0; i < size; i++)
        sum += weights[i] & (0 - (uint64_t)(bytes[i] <= cut));
    return sum;
}

const bw_split_kernels BW_SIMD_NAME(bw_split_kernels) = {best_cut, fill, drain, subtract, scan, gather, sum_below};
