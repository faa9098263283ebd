/* Nodes of so many classes or so much weight that the classes do not share a word (split.h). */
#include <string.h>

#include "core/random.h"
#include "forest/node.h"

enum { FEW = 192 }; /* draws up to which occupied bins are found through a bit set */

typedef struct wide_node {
    bw_tally tally;
    const uint32_t *samples;
    const uint64_t *weights;
    int64_t size;
    uint8_t local[BW_MAX_CLASSES + 1]; /* class -> rank among those of the node */
} wide_node;

static void view_wide(const bw_grower *g, const bw_bag *bag, const bw_task *task, wide_node *v) {
    const int classes = g->plan->binned->classes;
    int64_t counts[BW_MAX_CLASSES + 1];
    bw_tally *t = &v->tally;
    memset(counts, 0, sizeof counts);
    v->samples = bag->samples + task->begin;
    v->weights = bag->weights + task->begin;
    v->size = task->end - task->begin;
    *t = (bw_tally){.classes = 0};
    for (int64_t i = 0; i < v->size; i++)
        counts[v->weights[i] & UINT8_MAX] += (int64_t)(v->weights[i] >> BW_WIDE_SHIFT);
    for (int k = 0; k < classes; k++) {
        if (!counts[k]) continue;
        v->local[k] = (uint8_t)t->classes;
        t->label_of[t->classes] = (uint8_t)k;
        t->counts[t->classes++] = counts[k];
        t->weight += counts[k];
        t->squares += (double)counts[k] * (double)counts[k];
    }
}

static int list_few(const wide_node *v, const uint8_t *column, uint8_t *bins) {
    uint64_t occupied[BW_BINS / 64] = {0};
    int count = 0;
    for (int64_t i = 0; i < v->size; i++) {
        const unsigned bin = column[v->samples[i]];
        occupied[bin / 64] |= (uint64_t)1 << bin % 64;
    }
    for (int word = 0; word < BW_BINS / 64; word++) {
        for (uint64_t bits = occupied[word]; bits; bits &= bits - 1)
            bins[count++] = (uint8_t)(64 * word + __builtin_ctzll(bits));
    }
    return count;
}

static int list_many(const wide_node *v, const uint8_t *column, uint8_t *bins) {
    uint8_t occupied[BW_BINS] = {0};
    int count = 0;
    for (int64_t i = 0; i < v->size; i++)
        occupied[column[v->samples[i]]] = 1;
    for (int bin = 0; bin < BW_BINS; bin++) {
        bins[count] = (uint8_t)bin;
        count += occupied[bin];
    }
    return count;
}

/* Adds the draws to the histogram; returns the number of occupied bins, listed in ascending order (room for one more).
 */
static int fill_wide(const wide_node *v, const uint8_t *column, uint32_t *restrict histogram, uint8_t *bins) {
    for (int64_t i = 0; i < v->size; i++) {
        const uint64_t w = v->weights[i];
        histogram[column[v->samples[i]] * v->tally.classes + v->local[w & UINT8_MAX]] += (uint32_t)(w >> BW_WIDE_SHIFT);
    }
    return v->size <= FEW ? list_few(v, column, bins) : list_many(v, column, bins);
}

/* Looks at the cut behind each occupied bin but the last, or with only >= 0 at the one behind bin `only`. */
static void scan_wide(const bw_grower *g, const wide_node *v, const uint8_t *bins, int count, int only, int feature,
                      bw_split *best) {
    const bw_tally *t = &v->tally;
    const int64_t min_leaf = g->plan->min_leaf;
    double left[BW_MAX_CLASSES], weight = 0, squares = 0, product = 0;
    for (int c = 0; c < t->classes; c++)
        left[c] = 0;
    for (int i = 0; i + 1 < count && (only < 0 || bins[i] <= only); i++) {
        const uint32_t *h = g->wide + bins[i] * t->classes;
        for (int c = 0; c < t->classes; c++) {
            const double w = (double)h[c];
            weight += w;
            squares += w * (2 * left[c] + w);
            product += w * (double)t->counts[c];
            left[c] += w;
        }
        const double rest = (double)t->weight - weight;
        if (weight < (double)min_leaf || (only >= 0 && bins[i + 1] <= only)) continue;
        if (rest < (double)min_leaf) break;
        const double score = (squares * rest + (t->squares - 2 * product + squares) * weight) / (weight * rest);
        if (score <= best->score) continue;
        *best = only < 0 ? (bw_split){score, feature, bins[i], bins[i + 1], 0}
                         : (bw_split){score, feature, only, only + 1, 0};
    }
}

static int try_wide(bw_grower *g, const void *node, int feature, uint64_t random, bw_split *best) {
    const wide_node *v = node;
    const bw_plan *plan = g->plan;
    uint8_t bins[BW_BINS + 1];
    const int count = fill_wide(v, bw_column_of(g, feature), g->wide, bins);
    int only = -1;
    if (count > 1 && plan->options.extra) only = bw_random_cut(plan, feature, bins[0], bins[count - 1], random);
    scan_wide(g, v, bins, count, only, feature, best);
    for (int i = 0; i < count; i++)
        memset(g->wide + bins[i] * v->tally.classes, 0, (size_t)v->tally.classes * sizeof *g->wide);
    return count > 1;
}

static int bit_length(int64_t n) {
    int bits = 0;
    for (; n; n >>= 1)
        bits++;
    return bits;
}

/* Whether the classes of the node fit one word; then the draws get that layout. */
static int pack(bw_bag *bag, const wide_node *v, bw_task *t, bw_lanes *lanes) {
    uint8_t shift[BW_MAX_CLASSES + 1];
    const int classes = v->tally.classes, bits = bit_length(v->tally.weight);
    if (classes > BW_MAX_LANES || classes * bits > 64) return 0;
    *lanes = (bw_lanes){.classes = classes, .bits = bits};
    t->counts = 0;
    for (int c = 0; c < classes; c++) {
        lanes->label_of[c] = v->tally.label_of[c];
        shift[v->tally.label_of[c]] = (uint8_t)(c * bits);
        t->counts |= (uint64_t)v->tally.counts[c] << (c * bits);
    }
    for (int64_t i = t->begin; i < t->end; i++)
        bag->weights[i] = bag->weights[i] >> BW_WIDE_SHIFT << shift[bag->weights[i] & UINT8_MAX];
    return 1;
}

static bw_status split_wide(bw_context *ctx, bw_grower *g, bw_bag *bag, const wide_node *v, const bw_task *t,
                            bw_sprout *s, bw_task child[2], int *children) {
    bw_search look = {
        .attempt = try_wide, .node = v, .task = t, .perfect = (double)v->tally.weight, .best = {.feature = -1}};
    *children = 0;
    g->slab = NULL;
    if (bw_may_split(g->plan, v->tally.classes, v->tally.weight, t->depth)) BW_TRY(bw_search_run(ctx, g, &look));
    const bw_split split = look.best;
    if (split.feature < 0) return bw_sprout_leaf(ctx, s, &v->tally, t->node);
    const uint8_t threshold = bw_place_threshold(g->plan->binned, &split);
    const double gain = split.score - v->tally.squares / (double)v->tally.weight;
    BW_TRY(bw_sprout_split(ctx, s, t, &split, threshold, gain, child));
    child[0].begin = t->begin;
    child[0].end = child[1].begin = bw_partition(g, bag, t, split.feature, threshold);
    child[1].end = t->end;
    child[0].key = bw_random(t->key, BW_KEY_LEFT, 0);
    child[1].key = bw_random(t->key, BW_KEY_RIGHT, 0);
    *children = 2;
    return BW_OK;
}

bw_status bw_grow_wide(bw_context *ctx, bw_grower *g, bw_bag *bag, const bw_task *root, int64_t put_off, bw_sprout *s) {
    bw_task stack[BW_STACK], child[2];
    int waiting = 1, children;
    wide_node v;
    bw_lanes lanes;
    stack[0] = *root;
    while (waiting > 0) {
        bw_task t = stack[--waiting];
        if (t.end - t.begin <= put_off) {
            BW_TRY(bw_sprout_add_bud(ctx, s, &t, NULL));
            continue;
        }
        view_wide(g, bag, &t, &v);
        if (pack(bag, &v, &t, &lanes)) {
            BW_TRY(bw_grow_lanes(ctx, g, bag, &lanes, &t, put_off, s));
        } else {
            BW_TRY(split_wide(ctx, g, bag, &v, &t, s, child, &children));
            bw_push(stack, &waiting, child, children);
        }
    }
    return BW_OK;
}
