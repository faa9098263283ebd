/* Nodes whose classes share a word (split.h). Bytes of small nodes are copied together; histograms of larger children
 * are their parent's less their sibling's, where that pays. */
#include <string.h>

#include "core/alloc.h"
#include "core/random.h"
#include "forest/node.h"

/* ---- histograms kept --------------------------------------------------------------------------------------------- */

static void tally_lanes(const bw_lanes *lanes, uint64_t counts, bw_tally *t) {
    t->classes = 0;
    t->weight = 0;
    for (int c = 0; c < lanes->classes; c++) {
        const uint64_t n = bw_lane(lanes, counts, c);
        if (!n) continue;
        t->label_of[t->classes] = lanes->label_of[c];
        t->counts[t->classes++] = (int64_t)n;
        t->weight += (int64_t)n;
    }
}

static uint64_t *histogram_of(const bw_slab *slab, int rank) {
    return slab->histograms + (int64_t)rank * BW_BINS;
}

static int scan_slab(const bw_grower *g, const bw_split_node *node, const uint8_t *column, int feature,
                     bw_split *best) {
    const int rank = g->plan->rank_of[feature];
    uint64_t *histogram = histogram_of(g->slab, rank);
    if (!g->slab->valid[rank]) {
        memset(histogram, 0, BW_BINS * sizeof *histogram);
        g->plan->kernels->fill(node, column, histogram);
        g->slab->valid[rank] = 1;
    }
    return g->plan->kernels->scan(node, feature, histogram, best);
}

/* Gives a node empty histograms, unless it is small. */
static bw_status open_slab(bw_context *ctx, bw_grower *g, bw_task *t, int slab) {
    const uint64_t count = (uint64_t)g->plan->feature_count;
    t->slab = 0;
    if (!g->plan->subtract || t->end - t->begin < BW_SMALLEST_SLAB || slab > BW_MAX_SLABS) return BW_OK;
    bw_slab *s = &g->slabs[slab - 1];
    if (!s->histograms) s->histograms = bw_alloc(ctx, count, BW_BINS * sizeof *s->histograms, "growing a tree");
    if (!s->valid) s->valid = bw_alloc(ctx, count, sizeof *s->valid, "growing a tree");
    if (!s->histograms || !s->valid) return BW_ERROR_MEMORY;
    memset(s->valid, 0, count * sizeof *s->valid);
    t->slab = slab;
    return BW_OK;
}

/* The larger child takes the histograms of its parent, less those of the smaller one, which are filled. As the smaller
 * one is grown first, and its slab lies behind the parent's, a slab per halving is enough. */
static bw_status hand_down(bw_context *ctx, bw_grower *g, const bw_bag *bag, const bw_task *parent, bw_task *small,
                           bw_task *large, int small_grows) {
    const bw_split_kernels *kernels = g->plan->kernels;
    const bw_slab *from = &g->slabs[parent->slab - 1];
    const bw_split_node node = {.samples = bag->samples + small->begin,
                                .weights = bag->weights + small->begin,
                                .size = small->end - small->begin};
    if (large->end - large->begin < BW_SMALLEST_SLAB) return BW_OK;
    large->slab = parent->slab;
    if (small_grows) BW_TRY(open_slab(ctx, g, small, parent->slab + 1));
    for (int rank = 0; rank < g->plan->feature_count; rank++) {
        const uint8_t *column = bw_column_of(g, g->plan->features[rank]);
        if (!from->valid[rank]) continue;
        if (!small->slab) {
            kernels->drain(&node, column, histogram_of(from, rank));
            continue;
        }
        const bw_slab *to = &g->slabs[small->slab - 1];
        memset(histogram_of(to, rank), 0, BW_BINS * sizeof *to->histograms);
        kernels->fill(&node, column, histogram_of(to, rank));
        kernels->subtract(histogram_of(from, rank), histogram_of(to, rank));
        to->valid[rank] = 1;
    }
    return BW_OK;
}

static int try_lanes(bw_grower *g, const void *user, int feature, uint64_t random, bw_split *best) {
    const bw_split_node *node = user;
    const bw_plan *plan = g->plan;
    const uint8_t *column = bw_column_of(g, feature);
    int range[2];
    if (g->slab) return scan_slab(g, node, column, feature, best);
    if (!plan->options.extra) return plan->kernels->best_cut(node, column, feature, g->histogram, best);
    plan->kernels->gather(node, column, g->gathered, range);
    if (range[0] == range[1]) return 0;
    const int bin = bw_random_cut(plan, feature, range[0], range[1], random);
    const uint64_t left = plan->kernels->sum_below(node, g->gathered, bin);
    int64_t weight = 0;
    for (int c = 0; c < node->lanes->classes; c++)
        weight += (int64_t)bw_lane(node->lanes, left, c);
    if (weight < node->min_leaf || (int64_t)node->weight - weight < node->min_leaf) return 1;
    const double score = bw_split_score(node, left);
    if (score > best->score) *best = (bw_split){score, feature, bin, bin + 1, left};
    return 1;
}

/* Children that cannot be split become leaves at once; the others are put on the stack. */
static bw_status settle(bw_context *ctx, bw_grower *g, bw_sprout *s, const bw_lanes *lanes, const bw_task *t,
                        int *grows) {
    bw_tally counts;
    tally_lanes(lanes, t->counts, &counts);
    *grows = bw_may_split(g->plan, counts.classes, counts.weight, t->depth);
    return *grows ? BW_OK : bw_sprout_leaf(ctx, s, &counts, t->node);
}

static void view_lanes(const bw_grower *g, const bw_bag *bag, const bw_lanes *lanes, const bw_task *t,
                       bw_split_node *node, double *squares) {
    node->lanes = lanes;
    node->samples = bag->samples + t->begin;
    node->weights = bag->weights + t->begin;
    node->size = t->end - t->begin;
    node->counts = t->counts;
    node->min_leaf = g->plan->min_leaf;
    node->weight = *squares = 0;
    for (int c = 0; c < lanes->classes; c++) {
        node->total[c] = (double)bw_lane(lanes, t->counts, c);
        node->weight += node->total[c];
        *squares += node->total[c] * node->total[c];
    }
}

/* Splits a node that may be split; the children that may be split, too, come back in child[0 .. *children - 1]. */
static bw_status split_lanes(bw_context *ctx, bw_grower *g, bw_bag *bag, const bw_lanes *lanes, const bw_task *t,
                             bw_sprout *s, bw_task child[2], int *children) {
    bw_split_node node;
    double squares;
    int grows[2];
    view_lanes(g, bag, lanes, t, &node, &squares);
    g->slab = t->slab ? &g->slabs[t->slab - 1] : NULL;
    bw_search look = {.attempt = try_lanes, .node = &node, .task = t, .perfect = node.weight};
    BW_TRY(bw_search_run(ctx, g, &look));
    const bw_split split = look.best;
    *children = 0;
    if (split.feature < 0) {
        bw_tally counts;
        tally_lanes(lanes, t->counts, &counts);
        return bw_sprout_leaf(ctx, s, &counts, t->node);
    }
    const uint8_t threshold = bw_place_threshold(g->plan->binned, &split);
    BW_TRY(bw_sprout_split(ctx, s, t, &split, threshold, split.score - squares / node.weight, child));
    child[0].counts = split.left;
    child[1].counts = t->counts - split.left;
    for (int i = 0; i < 2; i++)
        BW_TRY(settle(ctx, g, s, lanes, &child[i], &grows[i]));
    if (!grows[0] && !grows[1]) return BW_OK;
    const int64_t middle = bw_partition(g, bag, t, split.feature, threshold);
    child[0].begin = t->begin;
    child[0].end = child[1].begin = middle;
    child[1].end = t->end;
    const int large = child[1].end - child[1].begin > middle - t->begin;
    if (t->slab && grows[large]) BW_TRY(hand_down(ctx, g, bag, t, &child[!large], &child[large], grows[!large]));
    for (int i = 0; i < 2; i++) {
        if (!grows[i]) continue;
        child[i].key = bw_random(t->key, i ? BW_KEY_RIGHT : BW_KEY_LEFT, 0);
        child[(*children)++] = child[i];
    }
    return BW_OK;
}

/* Copies the bytes of a node's draws together; the draws are numbered anew. */
static bw_status open_block(bw_context *ctx, bw_grower *g, bw_bag *bag, const bw_task *t) {
    const bw_plan *plan = g->plan;
    const uint32_t *samples = bag->samples + t->begin;
    const int64_t size = t->end - t->begin;
    if (!g->block) {
        g->block = bw_alloc(ctx, (uint64_t)plan->binned->features, (uint64_t)plan->block_size, "growing a tree");
        if (!g->block) return BW_ERROR_MEMORY;
    }
    for (int i = 0; i < plan->feature_count; i++) {
        const uint8_t *column = bw_column_of(g, plan->features[i]);
        uint8_t *to = g->block + plan->features[i] * plan->block_size;
        for (int64_t d = 0; d < size; d++)
            to[d] = column[samples[d]];
    }
    for (int64_t d = 0; d < size; d++)
        bag->samples[t->begin + d] = (uint32_t)d;
    g->bytes = g->block;
    g->stride = plan->block_size;
    return BW_OK;
}

static void close_block(bw_grower *g) {
    g->bytes = g->plan->binned->bytes;
    g->stride = g->plan->binned->stride;
}

bw_status bw_grow_lanes(bw_context *ctx, bw_grower *g, bw_bag *bag, const bw_lanes *lanes, const bw_task *root,
                        int64_t put_off, bw_sprout *s) {
    bw_task stack[BW_STACK], child[2];
    int waiting = 0, children, blocked = -1; /* the block serves the tasks above this height of the stack */
    BW_TRY(settle(ctx, g, s, lanes, root, &children));
    bw_push(stack, &waiting, root, children);
    if (children) BW_TRY(open_slab(ctx, g, &stack[0], 1));
    while (waiting > 0) {
        const bw_task t = stack[--waiting];
        const int64_t size = t.end - t.begin;
        if (size <= put_off) {
            BW_TRY(bw_sprout_add_bud(ctx, s, &t, lanes));
            continue;
        }
        if (blocked < 0 && !put_off && size <= g->plan->block_size) { /* buds keep the numbers of their samples */
            BW_TRY(open_block(ctx, g, bag, &t));
            blocked = waiting;
        }
        BW_TRY(split_lanes(ctx, g, bag, lanes, &t, s, child, &children));
        bw_push(stack, &waiting, child, children);
        if (waiting == blocked) {
            close_block(g);
            blocked = -1;
        }
    }
    return BW_OK;
}
