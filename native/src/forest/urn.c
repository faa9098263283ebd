/* Drawing samples for trees, by weight and class. */
#include <string.h>

#include "core/alloc.h"
#include "core/random.h"
#include "forest/grow.h"

enum {
    SHARE_BITS = 61,     /* all tickets of classes with given shares are about 2^61 */
    MULTIPLIER_BITS = 12 /* precision of class multipliers without draws, at most */
};

/* What the samples of each class weigh together, and the share of the draws that the class shall have. */
typedef struct census {
    int64_t weight[BW_MAX_CLASSES];
    uint64_t share[BW_MAX_CLASSES];
    uint64_t shares;
    int present; /* classes with samples and a share */
} census;

static int64_t weight_of(const bw_binned *b, int64_t sample) {
    return b->weights ? b->weights[sample] : 1;
}

static uint64_t share_of(const bw_forest_options *o, int k) {
    if (o->balance != BW_BALANCE_CUSTOM) return BW_WEIGHT_ONE;
    const uint64_t share = (uint64_t)((double)o->class_weights[k] * BW_WEIGHT_ONE + 0.5);
    return share || o->class_weights[k] <= 0 ? share : 1;
}

static void take_census(const bw_binned *b, const bw_forest_options *o, const uint8_t *mask, census *c) {
    memset(c, 0, sizeof *c);
    for (int64_t i = 0; i < b->count; i++) {
        if (!mask || mask[i]) c->weight[b->labels[i]] += weight_of(b, i);
    }
    for (int k = 0; k < b->classes; k++) {
        if (!c->weight[k]) continue;
        c->share[k] = share_of(o, k);
        c->shares += c->share[k];
        c->present += c->share[k] > 0;
    }
}

static bw_status check_census(bw_context *ctx, const census *c) {
    int labelled = 0, last = 0;
    for (int k = 0; k < BW_MAX_CLASSES; k++) {
        labelled += c->weight[k] > 0;
        last = c->weight[k] > 0 ? k : last;
    }
    if (c->present >= 2) return BW_OK;
    if (!labelled) return bw_fail(ctx, BW_ERROR_ARGUMENT, "No samples are left to train on.");
    if (labelled == 1) {
        return bw_fail(ctx, BW_ERROR_ARGUMENT,
                       "Only one class is labelled (class %d). Label pixels of at least two classes.", last + 1);
    }
    return bw_fail(
        ctx, BW_ERROR_ARGUMENT,
        "The forest option class_weights is above 0 for %d of the %d labelled classes; it must be above 0 for "
        "at least two.",
        c->present, labelled);
}

/* ---- tickets ----------------------------------------------------------------------------------------------------- */

/* Tickets per unit of weight, by class. */
static void set_multipliers(const bw_forest_options *o, const census *c, uint64_t *multiplier) {
    for (int k = 0; k < BW_MAX_CLASSES; k++) {
        multiplier[k] = c->share[k] > 0;
        if (o->balance == BW_BALANCE_NONE || !c->share[k]) continue;
        const uint64_t tickets = ((uint64_t)1 << SHARE_BITS) / c->shares * c->share[k];
        multiplier[k] = tickets / (uint64_t)c->weight[k];
        if (!multiplier[k]) multiplier[k] = 1;
    }
}

static uint64_t tickets_of(const bw_binned *b, const uint64_t *multiplier, const uint8_t *mask, int64_t sample) {
    if (mask && !mask[sample]) return 0;
    return (uint64_t)weight_of(b, sample) * multiplier[b->labels[sample]];
}

static bw_status list_samples(bw_context *ctx, const uint64_t *multiplier, const uint8_t *mask, bw_urn *urn) {
    const bw_binned *b = urn->binned;
    for (int64_t i = 0; i < b->count; i++)
        urn->count += tickets_of(b, multiplier, mask, i) > 0;
    if (urn->count == b->count) return BW_OK;
    urn->sample = bw_alloc(ctx, (uint64_t)urn->count, sizeof *urn->sample, "drawing samples");
    if (!urn->sample) return BW_ERROR_MEMORY;
    for (int64_t i = 0, n = 0; i < b->count; i++) {
        if (tickets_of(b, multiplier, mask, i)) urn->sample[n++] = (uint32_t)i;
    }
    return BW_OK;
}

static inline int64_t sample_at(const bw_urn *urn, int64_t at) {
    return urn->sample ? urn->sample[at] : at;
}

int64_t bw_urn_sample(const bw_urn *urn, int64_t place) {
    return sample_at(urn, place);
}

int64_t bw_urn_rank(const bw_urn *urn, int64_t sample) {
    int64_t low = 0, high = urn->count;
    if (!urn->sample) return sample < urn->count ? sample : urn->count;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (urn->sample[middle] < sample) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* About two cells per sample, so that a draw looks at one or two ends. */
static bw_status make_guide(bw_context *ctx, bw_urn *urn) {
    while (urn->tickets >> urn->guide_shift > 2 * (uint64_t)urn->count)
        urn->guide_shift++;
    const uint64_t cells = (urn->tickets >> urn->guide_shift) + 1;
    uint32_t at = 0;
    urn->guide = bw_alloc(ctx, cells, sizeof *urn->guide, "drawing samples");
    if (!urn->guide) return BW_ERROR_MEMORY;
    for (uint64_t c = 0; c < cells; c++) {
        while (at + 1 < urn->count && urn->ends[at] <= c << urn->guide_shift)
            at++;
        urn->guide[c] = at;
    }
    return BW_OK;
}

static bw_status hand_out_tickets(bw_context *ctx, const uint64_t *multiplier, bw_urn *urn) {
    urn->ends = bw_alloc(ctx, (uint64_t)urn->count, sizeof *urn->ends, "drawing samples");
    if (!urn->ends) return BW_ERROR_MEMORY;
    for (int64_t i = 0; i < urn->count; i++) {
        urn->tickets += tickets_of(urn->binned, multiplier, NULL, sample_at(urn, i));
        urn->ends[i] = urn->tickets;
    }
    return make_guide(ctx, urn);
}

/* ---- every sample once ------------------------------------------------------------------------------------------- */

static int bit_length(uint64_t n) {
    int bits = 0;
    for (; n; n >>= 1)
        bits++;
    return bits;
}

/* Weights become integers that sum to less than 2^31: as many bits behind the point as the weights need and the sum
 * allows, then such bits for the classes' multipliers. */
static void choose_units(const bw_forest_options *o, const census *c, double weight, bw_urn *urn) {
    const int spare = 30 - bit_length((uint64_t)weight);
    int weight_bits = 0, class_bits = 0;
    uint32_t any = BW_WEIGHT_ONE;
    for (int64_t i = 0; urn->binned->weights && i < urn->count; i++)
        any |= urn->binned->weights[sample_at(urn, i)];
    while (any & ((uint32_t)(BW_WEIGHT_ONE - 1) >> weight_bits) && weight_bits < spare)
        weight_bits++;
    urn->weight_drop = 16 - weight_bits;
    if (o->balance != BW_BALANCE_NONE) {
        class_bits = spare - weight_bits < MULTIPLIER_BITS ? spare - weight_bits : MULTIPLIER_BITS;
    }
    urn->unit_bits = weight_bits + class_bits;
    for (int k = 0; k < BW_MAX_CLASSES; k++) {
        double m = c->share[k] > 0;
        if (o->balance != BW_BALANCE_NONE && c->share[k]) {
            const double own = (double)c->weight[k] / (urn->binned->weights ? BW_WEIGHT_ONE : 1);
            m = weight * (double)c->share[k] / ((double)c->shares * own);
        }
        m = m * (double)((int64_t)1 << class_bits) + 0.5;
        urn->multiplier[k] = m < 1 && c->share[k] ? 1 : (uint32_t)m;
    }
}

static uint32_t whole_weight(const bw_urn *urn, int64_t sample) {
    const uint32_t m = urn->multiplier[urn->binned->labels[sample]];
    if (!urn->binned->weights) return m;
    const uint64_t w = urn->binned->weights[sample];
    const uint64_t rounded = urn->weight_drop ? (w + (1u << (urn->weight_drop - 1))) >> urn->weight_drop : w;
    return (uint32_t)((rounded ? rounded : 1) * m);
}

/* ---- the urn ----------------------------------------------------------------------------------------------------- */

static bw_status fill_urn(bw_context *ctx, const bw_forest_options *o, const uint8_t *mask, bw_urn *urn) {
    census c;
    uint64_t multiplier[BW_MAX_CLASSES];
    double weight = 0;
    take_census(urn->binned, o, mask, &c);
    BW_TRY(check_census(ctx, &c));
    set_multipliers(o, &c, multiplier);
    BW_TRY(list_samples(ctx, multiplier, mask, urn));
    for (int k = 0; k < BW_MAX_CLASSES; k++) {
        if (c.share[k]) weight += (double)c.weight[k];
    }
    if (urn->binned->weights) weight /= BW_WEIGHT_ONE;
    if (!(o->bootstrap > 0)) {
        choose_units(o, &c, weight, urn);
        return BW_OK;
    }
    urn->draws = (int64_t)(o->bootstrap * weight + 0.5);
    if (urn->draws < 1) urn->draws = 1;
    if (o->balance != BW_BALANCE_NONE || urn->binned->weights) return hand_out_tickets(ctx, multiplier, urn);
    urn->tickets = (uint64_t)urn->count;
    return BW_OK;
}

bw_status bw_urn_create(bw_context *ctx, const bw_binned *binned, const bw_forest_options *options, const uint8_t *mask,
                        bw_urn *out) {
    *out = (bw_urn){.binned = binned};
    const bw_status status = fill_urn(ctx, options, mask, out);
    if (status != BW_OK) bw_urn_free(out);
    return status;
}

void bw_urn_free(bw_urn *urn) {
    bw_free(urn->sample);
    bw_free(urn->ends);
    bw_free(urn->guide);
    memset(urn, 0, sizeof *urn);
}

/* floor(a * b / 2^64) */
static inline uint64_t high_product(uint64_t a, uint64_t b) {
    const uint64_t low = (a & 0xffffffff) * (b & 0xffffffff), left = (a >> 32) * (b & 0xffffffff);
    const uint64_t right = (a & 0xffffffff) * (b >> 32) + (low >> 32) + (left & 0xffffffff);
    return (a >> 32) * (b >> 32) + (left >> 32) + (right >> 32);
}

static inline int64_t draw_one(const bw_urn *urn, uint64_t random) {
    const uint64_t ticket = high_product(random, urn->tickets);
    if (!urn->ends) return sample_at(urn, (int64_t)ticket);
    uint32_t at = urn->guide[ticket >> urn->guide_shift];
    while (urn->ends[at] <= ticket)
        at++;
    return sample_at(urn, at);
}

enum { CHECK_EVERY = 65536 }; /* draws between two looks at the cancel flag */

/* counts[i] = how often sample i is drawn. */
static bw_status count_draws(bw_context *ctx, const bw_urn *urn, uint64_t key, uint32_t *counts) {
    memset(counts, 0, (size_t)urn->binned->count * sizeof *counts);
    for (int64_t i = 0; !urn->draws && i < urn->count; i++)
        counts[sample_at(urn, i)] = whole_weight(urn, sample_at(urn, i));
    for (int64_t at = 0; at < urn->draws; at += CHECK_EVERY) {
        const int64_t end = urn->draws - at < CHECK_EVERY ? urn->draws : at + CHECK_EVERY;
        BW_TRY(bw_check(ctx));
        for (int64_t i = at; i < end; i++)
            counts[draw_one(urn, bw_random(key, 0, (uint64_t)i))]++;
    }
    return BW_OK;
}

static int64_t fill_bag(const bw_binned *b, const uint32_t *counts, bw_bag *bag, uint64_t *seen) {
    int64_t n = 0;
    for (int64_t i = 0; i < b->count; i++) {
        if (!counts[i]) continue;
        seen[i >> 6] |= (uint64_t)1 << (i & 63);
        bag->samples[n] = (uint32_t)i;
        bag->weights[n++] = (uint64_t)counts[i] << BW_WIDE_SHIFT | b->labels[i];
    }
    return n;
}

bw_status bw_urn_draw(bw_context *ctx, const bw_urn *urn, uint64_t key, bw_bag *bag, uint64_t *seen) {
    const bw_binned *b = urn->binned;
    int64_t drawn = 0;
    uint32_t *counts = bw_alloc(ctx, (uint64_t)b->count, sizeof *counts, "drawing samples");
    if (!counts) return BW_ERROR_MEMORY;
    bw_status status = count_draws(ctx, urn, key, counts);
    for (int64_t i = 0; status == BW_OK && i < b->count; i++)
        drawn += counts[i] != 0;
    if (status == BW_OK) status = bw_bag_reserve(ctx, bag, drawn);
    if (status == BW_OK) {
        memset(seen, 0, (size_t)(b->stride / BW_BLOCK) * sizeof *seen);
        bag->size = fill_bag(b, counts, bag, seen);
    }
    bw_free(counts);
    return status;
}

bw_status bw_bag_reserve(bw_context *ctx, bw_bag *bag, int64_t size) {
    if (size <= bag->capacity) return BW_OK;
    const int64_t capacity = size + size / 64; /* the next tree draws about as many */
    bw_bag_free(bag);
    bag->samples = bw_alloc(ctx, (uint64_t)capacity, sizeof *bag->samples, "the drawn samples");
    bag->weights = bw_alloc(ctx, (uint64_t)capacity, sizeof *bag->weights, "the drawn samples");
    if (!bag->samples || !bag->weights) return BW_ERROR_MEMORY;
    bag->capacity = capacity;
    return BW_OK;
}

void bw_bag_free(bw_bag *bag) {
    bw_free(bag->samples);
    bw_free(bag->weights);
    *bag = (bw_bag){NULL, NULL, 0, 0};
}
