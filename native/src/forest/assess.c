#include "forest/assess.h"

#include <string.h>

#include "core/alloc.h"

enum { SECTION_VERSION = 1 };

bw_status bw_assessment_create(bw_context *ctx, int classes, bw_assessment **out) {
    *out = NULL;
    BW_TRY(bw_check(ctx));
    if (classes < 2 || classes > BW_MAX_CLASSES) {
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "An assessment is for 2 to %d classes, not %d.", BW_MAX_CLASSES,
                       classes);
    }
    bw_assessment *made = bw_calloc(ctx, 1, sizeof *made, "an assessment");
    if (!made) return BW_ERROR_MEMORY;
    made->classes = classes;
    made->confusion = bw_calloc(ctx, (uint64_t)(classes * classes), sizeof *made->confusion, "an assessment");
    made->bins = bw_calloc(ctx, (uint64_t)(classes * BW_RELIABILITY_BINS), sizeof *made->bins, "an assessment");
    if (!made->confusion || !made->bins) {
        bw_assessment_free(made);
        return BW_ERROR_MEMORY;
    }
    *out = made;
    return BW_OK;
}

void bw_assessment_free(bw_assessment *assessment) {
    if (!assessment) return;
    bw_free(assessment->confusion);
    bw_free(assessment->bins);
    bw_free(assessment);
}

int bw_assessment_classes(const bw_assessment *assessment) {
    return assessment->classes;
}

/* ---- adding ------------------------------------------------------------------------------------------------------ */

void bw_assessment_add_pair(bw_assessment *assessment, int truth, int predicted, int64_t n) {
    assessment->confusion[truth * assessment->classes + predicted] += n;
    assessment->pixels += n;
}

/* One class of one pixel; returns the squared difference in units of 2^-48. */
static int64_t add_class(bw_assessment *a, int class_index, int hit, int bin, int64_t probability) {
    bw_score_bin *b = &a->bins[class_index * BW_RELIABILITY_BINS + bin];
    const int64_t difference = probability - (hit ? BW_SCORE_ONE : 0);
    b->count++;
    b->predicted += probability;
    b->hits += hit;
    return difference * difference;
}

static void add_brier(bw_assessment *a, int64_t squares) {
    a->brier += (squares + BW_SCORE_ONE / 2) / BW_SCORE_ONE;
    a->with_probability++;
}

/* Bins are found without rounding, so that a share of exactly 1/20 lies in the second one. */
static int add_sample(bw_assessment *a, const uint32_t *votes, int64_t stride, uint64_t total, int truth) {
    int64_t squares = 0;
    int winner = 0;
    for (int k = 0; k < a->classes; k++) {
        const uint64_t vote = votes[k * stride];
        const uint64_t probability = (vote * (uint64_t)BW_SCORE_ONE + total / 2) / total;
        const uint64_t bin = vote * BW_RELIABILITY_BINS / total;
        squares += add_class(a, k, k == truth, bin < BW_RELIABILITY_BINS ? (int)bin : BW_RELIABILITY_BINS - 1,
                             (int64_t)probability);
        if (vote > votes[winner * stride]) winner = k;
    }
    add_brier(a, squares);
    return winner;
}

void bw_assessment_add_votes(bw_assessment *assessment, int64_t count, const uint32_t *votes, int64_t stride,
                             const uint8_t *labels) {
    for (int64_t i = 0; i < count; i++) {
        uint64_t total = 0;
        for (int k = 0; k < assessment->classes; k++)
            total += votes[k * stride + i];
        if (!total) continue;
        const int winner = add_sample(assessment, votes + i, stride, total, labels[i]);
        bw_assessment_add_pair(assessment, labels[i], winner, 1);
    }
}

void bw_assessment_note(bw_assessment *assessment, int truth, const float *probabilities, int64_t stride) {
    int64_t squares = 0;
    for (int k = 0; k < assessment->classes; k++) {
        const double p = (double)probabilities[k * stride];
        const int bin = (int)(p * BW_RELIABILITY_BINS);
        squares += add_class(assessment, k, k == truth, bin < BW_RELIABILITY_BINS ? bin : BW_RELIABILITY_BINS - 1,
                             (int64_t)(p * (double)BW_SCORE_ONE + 0.5));
    }
    add_brier(assessment, squares);
}

int bw_assessment_winner(int classes, const float *probabilities, int64_t stride) {
    int winner = 0;
    for (int k = 1; k < classes; k++)
        if (probabilities[k * stride] > probabilities[winner * stride]) winner = k;
    return winner;
}

void bw_assessment_merge(bw_assessment *assessment, const bw_assessment *from) {
    const int classes = assessment->classes;
    assessment->pixels += from->pixels;
    assessment->with_probability += from->with_probability;
    assessment->brier += from->brier;
    for (int i = 0; i < classes * classes; i++)
        assessment->confusion[i] += from->confusion[i];
    for (int i = 0; i < classes * BW_RELIABILITY_BINS; i++) {
        bw_score_bin *to = &assessment->bins[i];
        to->count += from->bins[i].count;
        to->predicted += from->bins[i].predicted;
        to->hits += from->bins[i].hits;
    }
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

bw_status bw_assessment_put(bw_writer *w, const bw_assessment *assessment) {
    const int classes = assessment->classes;
    BW_TRY(bw_put_u16(w, SECTION_VERSION));
    BW_TRY(bw_put_u16(w, (uint16_t)classes));
    for (int i = 0; i < classes * classes; i++)
        BW_TRY(bw_put_u64(w, (uint64_t)assessment->confusion[i]));
    BW_TRY(bw_put_u64(w, (uint64_t)assessment->with_probability));
    if (!assessment->with_probability) return BW_OK;
    BW_TRY(bw_put_u64(w, (uint64_t)assessment->brier));
    for (int i = 0; i < classes * BW_RELIABILITY_BINS; i++) {
        BW_TRY(bw_put_u64(w, (uint64_t)assessment->bins[i].count));
        BW_TRY(bw_put_u64(w, (uint64_t)assessment->bins[i].predicted));
        BW_TRY(bw_put_u64(w, (uint64_t)assessment->bins[i].hits));
    }
    return BW_OK;
}

static bw_status damaged(bw_context *ctx, const char *what) {
    return bw_fail(ctx, BW_ERROR_FORMAT,
                   "The assessment in this model is damaged: %s. Use another copy of the file or train again.", what);
}

static int64_t get_within(bw_reader *r, int64_t low, int64_t high) {
    const uint64_t value = bw_get_u64(r);
    if (value > (uint64_t)high || (int64_t)value < low) r->failed = 1;
    return r->failed ? low : (int64_t)value;
}

/* Probabilities of a bin lie between its limits, up to the rounding of each. */
static bw_score_bin get_bin(bw_reader *r, int bin, int64_t most) {
    const int64_t low = bin * BW_SCORE_ONE / BW_RELIABILITY_BINS - 1;
    const int64_t high = (bin + 1) * BW_SCORE_ONE / BW_RELIABILITY_BINS + 1;
    bw_score_bin b = {0};
    b.count = get_within(r, 0, most);
    b.predicted = get_within(r, low > 0 ? b.count * low : 0, b.count * high);
    b.hits = get_within(r, 0, b.count);
    return b;
}

/* Every pixel lies in one bin of each class, and is a hit of one class. */
static void get_bins(bw_reader *r, bw_assessment *a) {
    int64_t hits = 0;
    for (int k = 0; k < a->classes; k++) {
        int64_t count = 0;
        for (int bin = 0; bin < BW_RELIABILITY_BINS; bin++) {
            bw_score_bin *b = &a->bins[k * BW_RELIABILITY_BINS + bin];
            *b = get_bin(r, bin, a->with_probability - count);
            count += b->count;
            hits += b->hits;
        }
        if (count != a->with_probability) r->failed = 1;
    }
    if (hits != a->with_probability) r->failed = 1;
}

static bw_status get_counts(bw_context *ctx, bw_reader *r, bw_assessment *a) {
    for (int i = 0; i < a->classes * a->classes; i++) {
        a->confusion[i] = get_within(r, 0, BW_MOST_ASSESSED - a->pixels);
        a->pixels += a->confusion[i];
    }
    a->with_probability = get_within(r, 0, a->pixels);
    if (r->failed) return damaged(ctx, "a count is out of range");
    if (!a->with_probability) return BW_OK;
    a->brier = get_within(r, 0, a->with_probability * (2 * BW_SCORE_ONE + 1));
    get_bins(r, a);
    return r->failed ? damaged(ctx, "its probabilities contradict one another") : BW_OK;
}

bw_status bw_assessment_get(bw_context *ctx, bw_reader *r, bw_assessment **out) {
    *out = NULL;
    const uint16_t version = bw_get_u16(r), classes = bw_get_u16(r);
    if (r->failed) return damaged(ctx, "it ends too early");
    if (version != SECTION_VERSION) {
        return bw_fail(ctx, BW_ERROR_FORMAT,
                       "The assessment in this model has version %d; this program reads version %d.", version,
                       SECTION_VERSION);
    }
    if (classes < 2 || classes > BW_MAX_CLASSES) return damaged(ctx, "the number of classes is out of range");
    if (bw_reader_left(r) / 8 < (uint64_t)classes * classes) return damaged(ctx, "it ends too early");
    BW_TRY(bw_assessment_create(ctx, classes, out));
    bw_status status = get_counts(ctx, r, *out);
    if (status == BW_OK) return BW_OK;
    bw_assessment_free(*out);
    *out = NULL;
    return status;
}
