/* Calibration of vote shares (see forest.h).
 *
 * A share is a class's votes / all votes, in 2^-20. The map of a class lives on a grid of 1/1024: it goes through knots
 * on the grid, linearly between them and flat beyond the first and the last. The fit rounds the samples' shares to the
 * grid, pools neighbours until frequencies ascend (isotonic regression), and puts a knot at the mean share of each
 * pooled block. Values are in 2^-24.
 *
 * Section of a model file: u16 version, u16 classes, per class u16 knots (1..1025) and per knot u16 share (0..1024,
 * ascending) and u32 value (0..2^24, not descending). */
#include "core/alloc.h"
#include "forest/forest.h"

enum {
    SECTION_VERSION = 1,
    GRID = 1024,        /* steps of the share */
    FRACTION_BITS = 10, /* of a share between two steps */
    SHARE_ONE = GRID << FRACTION_BITS,
    TABLE = GRID + 2, /* one more, so that a share of 1 has a right neighbour */
    CHUNK = 256,      /* pixels that are worked on at once, at most */
    VALUES = 4096     /* values of all their classes */
};

typedef struct bw_knot {
    uint16_t share; /* in 1/GRID */
    uint32_t value; /* of BW_CALIBRATED_TOTAL */
} bw_knot;

struct bw_calibration {
    int classes;
    int *knot_count;
    bw_knot *knots;  /* [class * (GRID + 1) + knot] */
    uint32_t *table; /* [class * TABLE + share] */
};

/* ---- the object -------------------------------------------------------------------------------------------------- */

static bw_status create(bw_context *ctx, int classes, bw_calibration **out) {
    const uint64_t k = (uint64_t)classes;
    *out = bw_calloc(ctx, 1, sizeof **out, "a calibration");
    if (!*out) return BW_ERROR_MEMORY;
    (*out)->classes = classes;
    (*out)->knot_count = bw_calloc(ctx, k, sizeof *(*out)->knot_count, "a calibration");
    (*out)->knots = bw_calloc(ctx, k * (GRID + 1), sizeof *(*out)->knots, "a calibration");
    (*out)->table = bw_calloc(ctx, k * TABLE, sizeof *(*out)->table, "a calibration");
    if ((*out)->knot_count && (*out)->knots && (*out)->table) return BW_OK;
    bw_calibration_free(*out);
    *out = NULL;
    return BW_ERROR_MEMORY;
}

void bw_calibration_free(bw_calibration *calibration) {
    if (!calibration) return;
    bw_free(calibration->knot_count);
    bw_free(calibration->knots);
    bw_free(calibration->table);
    bw_free(calibration);
}

int bw_calibration_classes(const bw_calibration *calibration) {
    return calibration->classes;
}

static void tabulate(const bw_knot *knots, int count, uint32_t *table) {
    int right = 0;
    for (int share = 0; share < TABLE; share++) {
        while (right < count && knots[right].share < share)
            right++;
        if (right == 0 || right == count) {
            table[share] = knots[right ? count - 1 : 0].value;
            continue;
        }
        const bw_knot *a = &knots[right - 1], *b = &knots[right];
        const uint64_t width = (uint64_t)(b->share - a->share), part = (uint64_t)(share - a->share);
        table[share] = a->value + (uint32_t)(((b->value - a->value) * part + width / 2) / width);
    }
}

static void tabulate_all(bw_calibration *c) {
    for (int k = 0; k < c->classes; k++)
        tabulate(c->knots + k * (GRID + 1), c->knot_count[k], c->table + k * TABLE);
}

/* ---- shares ------------------------------------------------------------------------------------------------------ */

/* Shares are votes * reciprocal / 2^32; the reciprocal is rounded up, so that all votes give SHARE_ONE. */
static uint64_t reciprocal_of(uint64_t total) {
    return ((((uint64_t)SHARE_ONE << 32) - 1) / total) + 1;
}

static uint32_t share_of(uint32_t votes, uint64_t reciprocal) {
    const uint64_t share = (votes * reciprocal) >> 32;
    return share < SHARE_ONE ? (uint32_t)share : SHARE_ONE;
}

/* ---- fit --------------------------------------------------------------------------------------------------------- */

/* Weighted samples on one step of the grid, or on steps that were pooled. Sums of integers do not depend on order. */
typedef struct bw_block {
    uint64_t weight, hits; /* units of the largest weight / 2^24 */
    double moment;         /* weight times step, summed: a whole number */
} bw_block;

static double mean_of(const bw_block *b) {
    return (double)b->hits / (double)b->weight;
}

/* Pool adjacent violators: joins blocks until their means ascend strictly; returns how many are left. */
static int pool(bw_block *blocks, int count) {
    int left = 0;
    for (int i = 0; i < count; i++) {
        if (!blocks[i].weight) continue;
        blocks[left++] = blocks[i];
        while (left > 1 && mean_of(&blocks[left - 2]) >= mean_of(&blocks[left - 1])) {
            left--;
            blocks[left - 1].weight += blocks[left].weight;
            blocks[left - 1].hits += blocks[left].hits;
            blocks[left - 1].moment += blocks[left].moment;
        }
    }
    return left;
}

static int keep_shares(bw_knot *knots) {
    knots[0] = (bw_knot){0, 0};
    knots[1] = (bw_knot){GRID, BW_CALIBRATED_TOTAL};
    return 2;
}

static int make_knots(bw_block *blocks, bw_knot *knots) {
    uint64_t hits = 0;
    for (int i = 0; i <= GRID; i++) {
        blocks[i].moment = (double)blocks[i].weight * i;
        hits += blocks[i].hits;
    }
    if (!hits) return keep_shares(knots);
    const int count = pool(blocks, GRID + 1);
    for (int i = 0; i < count; i++) {
        knots[i].share = (uint16_t)(blocks[i].moment / (double)blocks[i].weight + 0.5);
        knots[i].value = (uint32_t)(mean_of(&blocks[i]) * BW_CALIBRATED_TOTAL + 0.5);
    }
    return count;
}

typedef struct bw_votes {
    int classes;
    int64_t count, stride;
    const uint32_t *votes;
    const uint8_t *labels;
    const float *weights;
    float largest; /* of the weights */
} bw_votes;

static uint64_t weight_of(const bw_votes *v, int64_t i) {
    const uint64_t one = (uint64_t)1 << 24;
    if (!v->weights) return one;
    return (uint64_t)((double)v->weights[i] / (double)v->largest * (double)one + 0.5);
}

static bw_status collect(bw_context *ctx, const bw_votes *v, bw_block *blocks) {
    for (int64_t i = 0; i < v->count; i++) {
        uint64_t total = 0;
        if (i % 16384 == 0) BW_TRY(bw_check(ctx));
        const uint64_t weight = weight_of(v, i);
        for (int k = 0; k < v->classes; k++)
            total += v->votes[k * v->stride + i];
        if (!total) continue;
        const uint64_t reciprocal = reciprocal_of(total);
        for (int k = 0; k < v->classes; k++) {
            const uint32_t share = share_of(v->votes[k * v->stride + i], reciprocal);
            bw_block *b = &blocks[k * (GRID + 1) + (int)((share + GRID / 2) >> FRACTION_BITS)];
            b->weight += weight;
            if (v->labels[i] == k) b->hits += weight;
        }
    }
    return BW_OK;
}

bw_status bw_calibration_fit(bw_context *ctx, int classes, int64_t count, const uint32_t *votes, int64_t stride,
                             const uint8_t *labels, const float *weights, bw_calibration **out) {
    bw_votes v = {classes, count, stride, votes, labels, weights, 0};
    *out = NULL;
    BW_TRY(bw_check(ctx));
    for (int64_t i = 0; weights && i < count; i++)
        if (weights[i] > v.largest) v.largest = weights[i];
    if (weights && !(v.largest > 0)) v.count = 0;
    bw_block *blocks = bw_calloc(ctx, (uint64_t)classes * (GRID + 1), sizeof *blocks, "a calibration");
    bw_status status = blocks ? collect(ctx, &v, blocks) : BW_ERROR_MEMORY;
    if (status == BW_OK) status = create(ctx, classes, out);
    if (status == BW_OK) {
        for (int k = 0; k < classes; k++)
            (*out)->knot_count[k] = make_knots(blocks + k * (GRID + 1), (*out)->knots + k * (GRID + 1));
        tabulate_all(*out);
    }
    bw_free(blocks);
    return status;
}

/* ---- apply ------------------------------------------------------------------------------------------------------- */

/* What is known about the pixels of a chunk. */
typedef struct bw_calibrated {
    uint64_t reciprocal[CHUNK]; /* of the votes */
    uint64_t sum[CHUNK];        /* of the calibrated values */
    uint32_t values[VALUES];    /* [class * count + pixel] */
    uint32_t best_value[CHUNK], best_votes[CHUNK], rest[CHUNK];
    uint8_t best[CHUNK];
} bw_calibrated;

static uint32_t look_up(const uint32_t *table, uint32_t share) {
    const uint32_t *at = table + (share >> FRACTION_BITS);
    const uint64_t part = share & (GRID - 1);
    return at[0] + (uint32_t)(((at[1] - at[0]) * part) >> FRACTION_BITS);
}

/* Nearly all pixels have the same total, so that a division is rare. */
static void find_reciprocals(int classes, int count, const uint32_t *votes, int64_t stride, bw_calibrated *c) {
    uint64_t total = 0, reciprocal = 0;
    for (int i = 0; i < count; i++)
        c->sum[i] = 0;
    for (int k = 0; k < classes; k++)
        for (int i = 0; i < count; i++)
            c->sum[i] += votes[k * stride + i];
    for (int i = 0; i < count; i++) {
        if (c->sum[i] != total) {
            total = c->sum[i];
            reciprocal = total ? reciprocal_of(total) : 0;
        }
        c->reciprocal[i] = reciprocal;
    }
}

/* The largest value of a pixel; equal ones are told apart by their votes, then by the lower class. */
static void find_best(const bw_calibration *calibration, int count, const uint32_t *votes, int64_t stride,
                      bw_calibrated *c) {
    for (int i = 0; i < count; i++) {
        c->sum[i] = 0;
        c->best[i] = 0;
        c->best_value[i] = c->best_votes[i] = 0;
    }
    for (int k = 0; k < calibration->classes; k++) {
        const uint32_t *table = calibration->table + k * TABLE, *from = votes + k * stride;
        uint32_t *values = c->values + k * count;
        for (int i = 0; i < count; i++) {
            const uint32_t value = look_up(table, share_of(from[i], c->reciprocal[i]));
            values[i] = value;
            c->sum[i] += value;
            const int better = value > c->best_value[i] || (value == c->best_value[i] && from[i] > c->best_votes[i]);
            c->best[i] = better ? (uint8_t)k : c->best[i];
            c->best_value[i] = better ? value : c->best_value[i];
            c->best_votes[i] = better ? from[i] : c->best_votes[i];
        }
    }
}

/* Where every value is 0, shares of the votes replace them. */
static void use_shares(int classes, int count, int pixel, const uint32_t *votes, int64_t stride, bw_calibrated *c) {
    for (int k = 0; k < classes; k++) {
        const uint32_t share = share_of(votes[k * stride + pixel], c->reciprocal[pixel]);
        c->values[k * count + pixel] = share;
        c->sum[pixel] += share;
    }
}

/* Values are scaled to a sum of at most one less than the total and rounded down; what is missing goes to the largest,
 * which therefore stays alone. */
static void scale(int classes, int count, uint32_t *votes, int64_t stride, bw_calibrated *c) {
    for (int i = 0; i < count; i++) {
        c->rest[i] = c->reciprocal[i] ? BW_CALIBRATED_TOTAL : 0;
        if (!c->sum[i]) use_shares(classes, count, i, votes, stride, c);
        c->sum[i] = c->rest[i] ? ((uint64_t)(BW_CALIBRATED_TOTAL - 1) << 32) / c->sum[i] : 0;
    }
    for (int k = 0; k < classes; k++) {
        const uint32_t *values = c->values + k * count;
        uint32_t *to = votes + k * stride;
        for (int i = 0; i < count; i++) {
            to[i] = (uint32_t)((values[i] * c->sum[i]) >> 32);
            c->rest[i] -= to[i];
        }
    }
    for (int i = 0; i < count; i++)
        votes[c->best[i] * stride + i] += c->rest[i];
}

void bw_calibration_apply(const bw_calibration *calibration, int64_t count, uint32_t *votes, int64_t stride) {
    const int classes = calibration->classes, most = VALUES / classes < CHUNK ? VALUES / classes : CHUNK;
    bw_calibrated c;
    for (int64_t first = 0; first < count; first += most) {
        const int some = count - first < most ? (int)(count - first) : most;
        find_reciprocals(classes, some, votes + first, stride, &c);
        find_best(calibration, some, votes + first, stride, &c);
        scale(classes, some, votes + first, stride, &c);
    }
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

bw_status bw_calibration_put(bw_writer *w, const bw_calibration *calibration) {
    BW_TRY(bw_put_u16(w, SECTION_VERSION));
    BW_TRY(bw_put_u16(w, (uint16_t)calibration->classes));
    for (int k = 0; k < calibration->classes; k++) {
        const bw_knot *knots = calibration->knots + k * (GRID + 1);
        BW_TRY(bw_put_u16(w, (uint16_t)calibration->knot_count[k]));
        for (int i = 0; i < calibration->knot_count[k]; i++) {
            BW_TRY(bw_put_u16(w, knots[i].share));
            BW_TRY(bw_put_u32(w, knots[i].value));
        }
    }
    return BW_OK;
}

static bw_status damaged(bw_context *ctx, const char *what) {
    return bw_fail(ctx, BW_ERROR_FORMAT,
                   "The calibration in this model is damaged: %s. Use another copy of the file or train again.", what);
}

static bw_status get_class(bw_context *ctx, bw_reader *r, int *count, bw_knot *knots) {
    *count = bw_get_u16(r);
    if (r->failed) return damaged(ctx, "it ends too early");
    if (*count < 1 || *count > GRID + 1) return damaged(ctx, "the number of knots is out of range");
    for (int i = 0; i < *count; i++) {
        knots[i].share = bw_get_u16(r);
        knots[i].value = bw_get_u32(r);
        if (knots[i].share > GRID || knots[i].value > BW_CALIBRATED_TOTAL)
            return damaged(ctx, "a knot is out of range");
        if (i && (knots[i].share <= knots[i - 1].share || knots[i].value < knots[i - 1].value))
            return damaged(ctx, "its knots do not ascend");
    }
    return r->failed ? damaged(ctx, "it ends too early") : BW_OK;
}

bw_status bw_calibration_get(bw_context *ctx, bw_reader *r, bw_calibration **out) {
    *out = NULL;
    const uint16_t version = bw_get_u16(r), classes = bw_get_u16(r);
    if (r->failed) return damaged(ctx, "it ends too early");
    if (version != SECTION_VERSION) {
        return bw_fail(ctx, BW_ERROR_FORMAT,
                       "The calibration in this model has version %d; this program reads version %d.", version,
                       SECTION_VERSION);
    }
    if (classes < 2 || classes > BW_MAX_CLASSES) return damaged(ctx, "the number of classes is out of range");
    BW_TRY(create(ctx, classes, out));
    bw_status status = BW_OK;
    for (int k = 0; k < classes && status == BW_OK; k++)
        status = get_class(ctx, r, &(*out)->knot_count[k], (*out)->knots + k * (GRID + 1));
    if (status == BW_OK) {
        tabulate_all(*out);
        return BW_OK;
    }
    bw_calibration_free(*out);
    *out = NULL;
    return status;
}
