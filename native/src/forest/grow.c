/* Grows one tree on binned samples: bootstrap, best Gini split among mtry varying features per node, depth first. */
#include <string.h>

#include "core/alloc.h"
#include "core/random.h"
#include "forest/grow.h"

enum {
    SMALL_NODE = 256,   /* up to here a node's bins are found through a bit set, above by looking at all of them */
    CHECK_EVERY = 65536 /* samples between two looks at the cancel flag */
};

/* A node to be grown. The larger child waits on the stack, so the depth of the stack is at most log2 of the samples. */
typedef struct task {
    int64_t begin, end;
    uint32_t node, depth;
} task;

/* The node at hand, its classes renumbered to those that occur. */
typedef struct node_view {
    bw_draw *draws;
    int64_t size, weight, squares; /* draws, sum of their weights, sum of the squared class weights */
    int classes;
    uint8_t label_of[BW_MAX_CLASSES];
    int64_t counts[BW_MAX_CLASSES];
} node_view;

typedef struct best_split {
    double score;           /* sum over the children of squares / weight; 0 = none yet */
    int feature, low, high; /* last occupied bin on the left and first on the right */
} best_split;

/* ---- scratch ----------------------------------------------------------------------------------------------------- */

bw_status bw_grower_open(bw_context *ctx, const bw_plan *plan, bw_grower *grower) {
    const bw_binned *binned = plan->binned;
    const uint64_t count = (uint64_t)binned->count, features = (uint64_t)binned->features;
    memset(grower, 0, sizeof *grower);
    grower->plan = plan;
    grower->draws = bw_alloc(ctx, count, sizeof *grower->draws, "growing a tree");
    grower->spare = bw_alloc(ctx, count, sizeof *grower->spare, "growing a tree");
    grower->histogram =
        bw_calloc(ctx, (uint64_t)binned->classes * (BW_MAX_CUTS + 1), sizeof *grower->histogram, "growing a tree");
    grower->order = bw_alloc(ctx, features, sizeof *grower->order, "growing a tree");
    grower->decrease = bw_alloc(ctx, features, sizeof *grower->decrease, "growing a tree");
    grower->importance = bw_calloc(ctx, features, sizeof *grower->importance, "growing a tree");
    const int complete =
        grower->draws && grower->spare && grower->histogram && grower->order && grower->decrease && grower->importance;
    return complete ? BW_OK : BW_ERROR_MEMORY;
}

void bw_grower_close(bw_grower *grower) {
    bw_free(grower->draws);
    bw_free(grower->spare);
    bw_free(grower->histogram);
    bw_free(grower->order);
    bw_free(grower->decrease);
    bw_free(grower->importance);
    bw_free(grower->nodes);
    bw_free(grower->votes);
    memset(grower, 0, sizeof *grower);
}

/* ---- bootstrap --------------------------------------------------------------------------------------------------- */

static uint32_t draw_one(const bw_plan *plan, uint64_t random) {
    if (!plan->by_class) return bw_random_below(random, (uint32_t)plan->binned->count);
    const int k = plan->present[bw_random_below(random, (uint32_t)plan->present_count)];
    const int64_t first = plan->class_start[k], size = plan->class_start[k + 1] - first;
    return plan->by_class[first + bw_random_below(random << 32, (uint32_t)size)];
}

/* counts[i] = how often sample i is drawn for the tree. */
static bw_status draw_counts(bw_context *ctx, const bw_plan *plan, int tree, uint32_t *counts) {
    const int64_t count = plan->binned->count;
    memset(counts, 0, (size_t)count * sizeof *counts);
    for (int64_t at = 0; at < count; at += CHECK_EVERY) {
        const int64_t end = count - at < CHECK_EVERY ? count : at + CHECK_EVERY;
        BW_TRY(bw_check(ctx));
        for (int64_t i = at; i < end; i++) {
            counts[draw_one(plan, bw_random(plan->options.seed, 2 * (uint64_t)tree, (uint64_t)i))]++;
        }
    }
    return BW_OK;
}

/* Fills grower->draws and the tree's `seen` bits; returns the number of draws through *size. */
static bw_status bootstrap(bw_context *ctx, bw_grower *grower, int tree, int64_t *size) {
    const bw_plan *plan = grower->plan;
    const uint8_t *labels = plan->binned->labels;
    uint32_t *counts = (uint32_t *)grower->spare;
    uint64_t *seen = plan->seen + tree * plan->seen_stride;
    int64_t n = 0;
    BW_TRY(draw_counts(ctx, plan, tree, counts));
    memset(seen, 0, (size_t)plan->seen_stride * sizeof *seen);
    for (int64_t i = 0; i < plan->binned->count; i++) {
        seen[i >> 6] |= (uint64_t)(counts[i] != 0) << (i & 63);
        for (uint32_t left = counts[i]; left > 0;) {
            const uint32_t weight = left < UINT16_MAX ? left : UINT16_MAX;
            grower->draws[n++] = (bw_draw){(uint32_t)i, (uint16_t)weight, labels[i], 0};
            left -= weight;
        }
    }
    *size = n;
    return BW_OK;
}

/* ---- the node at hand -------------------------------------------------------------------------------------------- */

static void view_node(const bw_grower *grower, const task *t, node_view *v) {
    const int classes = grower->plan->binned->classes;
    uint8_t local[BW_MAX_CLASSES + 1];
    int64_t counts[BW_MAX_CLASSES + 1];
    memset(counts, 0, (size_t)classes * sizeof *counts);
    v->draws = grower->draws + t->begin;
    v->size = t->end - t->begin;
    v->weight = v->squares = 0;
    v->classes = 0;
    for (int64_t i = 0; i < v->size; i++)
        counts[v->draws[i].label] += v->draws[i].weight;
    for (int k = 0; k < classes; k++) {
        if (!counts[k]) continue;
        local[k] = (uint8_t)v->classes;
        v->label_of[v->classes] = (uint8_t)k;
        v->counts[v->classes++] = counts[k];
        v->weight += counts[k];
        v->squares += counts[k] * counts[k];
    }
    if (v->classes == 1) return;
    for (int64_t i = 0; i < v->size; i++)
        v->draws[i].local = local[v->draws[i].label];
}

/* Votes in proportion to the class weights, rounded by largest remainder, ties to the lower class. */
static void share_votes(const node_view *v, uint16_t *votes) {
    int64_t rest[BW_MAX_CLASSES];
    int left = BW_LEAF_VOTES;
    for (int c = 0; c < v->classes; c++) {
        votes[c] = (uint16_t)(v->counts[c] * BW_LEAF_VOTES / v->weight);
        rest[c] = v->counts[c] * BW_LEAF_VOTES % v->weight;
        left -= votes[c];
    }
    for (; left > 0; left--) {
        int most = 0;
        for (int c = 1; c < v->classes; c++)
            most = rest[c] > rest[most] ? c : most;
        votes[most]++;
        rest[most] = -1;
    }
}

static bw_status reserve_votes(bw_context *ctx, bw_grower *g, int more) {
    if (g->vote_capacity - g->vote_count >= (uint32_t)more) return BW_OK;
    const uint64_t capacity = 2 * (uint64_t)g->vote_capacity + 1024;
    if (capacity > UINT32_MAX) return bw_fail(ctx, BW_ERROR_MEMORY, "A tree is too large; set a larger min_leaf.");
    bw_leaf_vote *votes = bw_realloc(ctx, g->votes, capacity, sizeof *votes, "the leaves of a tree");
    if (!votes) return BW_ERROR_MEMORY;
    g->votes = votes;
    g->vote_capacity = (uint32_t)capacity;
    return BW_OK;
}

static bw_status make_leaf(bw_context *ctx, bw_grower *g, const node_view *v, bw_node *node) {
    uint16_t votes[BW_MAX_CLASSES];
    share_votes(v, votes);
    for (int c = 0; c < v->classes; c++) {
        if (votes[c] < BW_LEAF_VOTES) continue;
        *node = (bw_node){0, 0, v->label_of[c], BW_NODE_PURE};
        return BW_OK;
    }
    BW_TRY(reserve_votes(ctx, g, v->classes));
    *node = (bw_node){g->vote_count, 0, 0, BW_NODE_MIXED};
    for (int c = 0; c < v->classes; c++) {
        if (!votes[c]) continue;
        g->votes[g->vote_count++] = (bw_leaf_vote){votes[c], v->label_of[c]};
        node->feature++;
    }
    return BW_OK;
}

/* ---- best split -------------------------------------------------------------------------------------------------- */

/* Adds the draws to the histogram; returns the number of occupied bins, listed in ascending order. */
static int fill_small(const node_view *v, const uint8_t *column, uint32_t *histogram, uint8_t *bins) {
    uint64_t occupied[4] = {0, 0, 0, 0};
    int count = 0;
    for (int64_t i = 0; i < v->size; i++) {
        const bw_draw d = v->draws[i];
        const int bin = column[d.sample];
        occupied[bin >> 6] |= (uint64_t)1 << (bin & 63);
        histogram[bin * v->classes + d.local] += d.weight;
    }
    for (int word = 0; word < 4; word++) {
        for (uint64_t bits = occupied[word]; bits; bits &= bits - 1) {
            bins[count++] = (uint8_t)(64 * word + __builtin_ctzll(bits));
        }
    }
    return count;
}

static int fill_large(const node_view *v, const uint8_t *column, uint32_t *histogram, uint8_t *bins) {
    int count = 0;
    for (int64_t i = 0; i < v->size; i++) {
        const bw_draw d = v->draws[i];
        histogram[column[d.sample] * v->classes + d.local] += d.weight;
    }
    for (int bin = 0; bin <= BW_MAX_CUTS; bin++) {
        uint32_t any = 0;
        for (int c = 0; c < v->classes; c++)
            any |= histogram[bin * v->classes + c];
        bins[count] = (uint8_t)bin;
        count += any != 0;
    }
    return count;
}

/* Looks at the cut behind each occupied bin but the last. `classes` is v->classes, a constant where it is small. */
static inline void scan_bins(const node_view *v, int classes, const uint32_t *histogram, const uint8_t *bins, int count,
                             int64_t min_leaf, int feature, best_split *best) {
    int64_t left[BW_MAX_CLASSES], weight = 0, squares = 0, product = 0;
    for (int c = 0; c < classes; c++)
        left[c] = 0;
    for (int i = 0; i + 1 < count; i++) {
        const uint32_t *h = histogram + bins[i] * classes;
        for (int c = 0; c < classes; c++) {
            const int64_t w = h[c];
            weight += w;
            squares += w * (2 * left[c] + w);
            product += w * v->counts[c];
            left[c] += w;
        }
        if (weight < min_leaf) continue;
        if (v->weight - weight < min_leaf) break;
        const double l = (double)weight, r = (double)(v->weight - weight);
        const double right_squares = (double)(v->squares - 2 * product + squares);
        const double score = ((double)squares * r + right_squares * l) / (l * r);
        if (score > best->score) *best = (best_split){score, feature, bins[i], bins[i + 1]};
    }
}

/* Returns 0 when the feature is constant within the node. */
static int try_feature(const bw_grower *g, const node_view *v, int feature, best_split *best) {
    const bw_binned *b = g->plan->binned;
    const uint8_t *column = b->bytes + feature * b->stride;
    const int64_t min_leaf = g->plan->options.min_leaf;
    uint32_t *h = g->histogram;
    uint8_t bins[BW_MAX_CUTS + 2]; /* fill_large writes one behind the last */
    const int small = v->size <= SMALL_NODE;
    const int count = small ? fill_small(v, column, h, bins) : fill_large(v, column, h, bins);
    switch (v->classes) {
    case 2: scan_bins(v, 2, h, bins, count, min_leaf, feature, best); break;
    case 3: scan_bins(v, 3, h, bins, count, min_leaf, feature, best); break;
    default: scan_bins(v, v->classes, h, bins, count, min_leaf, feature, best);
    }
    for (int i = 0; i < count; i++)
        memset(h + bins[i] * v->classes, 0, (size_t)v->classes * sizeof *h);
    return count > 1;
}

/* Draws features until mtry of them varied within the node. */
static bw_status find_split(bw_context *ctx, bw_grower *g, const node_view *v, int tree, uint32_t node,
                            best_split *best) {
    const bw_plan *plan = g->plan;
    const int features = plan->varying_count;
    int tried = 0;
    *best = (best_split){0, -1, 0, 0};
    BW_TRY(bw_check(ctx));
    for (int drawn = 0; drawn < features && tried < plan->options.mtry; drawn++) {
        if (v->size >= CHECK_EVERY) BW_TRY(bw_check(ctx));
        const uint64_t counter = (uint64_t)node << 16 | (uint64_t)drawn;
        const uint64_t random = bw_random(plan->options.seed, 2 * (uint64_t)tree + 1, counter);
        const int pick = drawn + (int)bw_random_below(random, (uint32_t)(features - drawn));
        const uint16_t feature = g->order[pick];
        g->order[pick] = g->order[drawn];
        g->order[drawn] = feature;
        tried += try_feature(g, v, feature, best);
    }
    return BW_OK;
}

/* ---- growing ----------------------------------------------------------------------------------------------------- */

/* The cut nearest below the middle of the two bins' values: where a forest on unbinned values would cut. */
static uint8_t place_threshold(const bw_binned *b, const best_split *s) {
    const float *centres = b->centres + (int64_t)s->feature * (BW_MAX_CUTS + 1);
    const double middle = ((double)centres[s->low] + (double)centres[s->high]) * 0.5;
    int bin = s->low;
    while (bin + 1 < s->high && (double)centres[bin + 1] <= middle)
        bin++;
    return (uint8_t)bin;
}

/* Moves the draws that go left to the front, keeping their order; returns how many those are. */
static int64_t partition(const bw_grower *g, const node_view *v, int feature, uint8_t threshold) {
    const uint8_t *column = g->plan->binned->bytes + feature * g->plan->binned->stride;
    int64_t left = 0, right = 0;
    for (int64_t i = 0; i < v->size; i++) {
        const bw_draw d = v->draws[i];
        const int goes_right = column[d.sample] > threshold;
        v->draws[left] = d;
        g->spare[right] = d;
        left += !goes_right;
        right += goes_right;
    }
    memcpy(v->draws + left, g->spare, (size_t)right * sizeof *g->spare);
    return left;
}

static bw_status add_children(bw_context *ctx, bw_grower *g, uint32_t *first) {
    if (g->node_capacity - g->node_count < 2) {
        const uint64_t capacity = 2 * (uint64_t)g->node_capacity + 1024;
        bw_node *nodes = capacity > UINT32_MAX ? NULL : bw_realloc(ctx, g->nodes, capacity, sizeof *nodes, "a tree");
        if (!nodes) return bw_fail(ctx, BW_ERROR_MEMORY, "A tree is too large; set a larger min_leaf.");
        g->nodes = nodes;
        g->node_capacity = (uint32_t)capacity;
    }
    *first = g->node_count;
    g->node_count += 2;
    return BW_OK;
}

static int may_split(const bw_forest_options *o, const node_view *v, uint32_t depth) {
    return v->classes > 1 && v->weight >= 2 * (int64_t)o->min_leaf && (!o->max_depth || depth < (uint32_t)o->max_depth);
}

/* Makes the node of *t a leaf (t->node becomes UINT32_MAX), or splits it: *t becomes the smaller child, *other the
 * larger one. */
static bw_status grow_node(bw_context *ctx, bw_grower *g, int tree, task *t, task *other) {
    node_view v;
    best_split split = {0, -1, 0, 0};
    view_node(g, t, &v);
    if (may_split(&g->plan->options, &v, t->depth)) BW_TRY(find_split(ctx, g, &v, tree, t->node, &split));
    if (split.feature < 0) {
        BW_TRY(make_leaf(ctx, g, &v, &g->nodes[t->node]));
        t->node = UINT32_MAX;
        return BW_OK;
    }
    const uint8_t threshold = place_threshold(g->plan->binned, &split);
    const int64_t middle = t->begin + partition(g, &v, split.feature, threshold);
    uint32_t children = 0;
    BW_TRY(add_children(ctx, g, &children));
    g->nodes[t->node] = (bw_node){children, (uint16_t)split.feature, threshold, 0};
    g->decrease[split.feature] += split.score - (double)v.squares / (double)v.weight;
    const task left = {t->begin, middle, children, t->depth + 1}, right = {middle, t->end, children + 1, t->depth + 1};
    const int left_smaller = middle - t->begin <= t->end - middle;
    *t = left_smaller ? left : right;
    *other = left_smaller ? right : left;
    return BW_OK;
}

static bw_status grow_nodes(bw_context *ctx, bw_grower *g, int tree, int64_t size) {
    task stack[64];
    int waiting = 0;
    task t = {0, size, 0, 0};
    uint32_t root;
    g->node_count = g->vote_count = 0;
    BW_TRY(add_children(ctx, g, &root));
    g->node_count = 1;
    for (;;) {
        BW_TRY(grow_node(ctx, g, tree, &t, &stack[waiting]));
        if (t.node != UINT32_MAX) {
            waiting++;
        } else if (waiting > 0) {
            t = stack[--waiting];
        } else {
            return BW_OK;
        }
    }
}

/* Copies the nodes in breadth-first order and notes which children are leaves. */
static bw_status store_tree(bw_context *ctx, bw_grower *g, bw_tree *out) {
    uint32_t *order = (uint32_t *)g->spare, tail = 1;
    out->nodes = bw_alloc(ctx, g->node_count, sizeof *out->nodes, "a tree");
    out->votes = bw_alloc(ctx, g->vote_count, sizeof *out->votes, "the leaves of a tree");
    if (!out->nodes || !out->votes) return BW_ERROR_MEMORY;
    order[0] = 0;
    for (uint32_t i = 0; i < g->node_count; i++) {
        bw_node n = g->nodes[order[i]];
        if (!bw_node_is_leaf(&n)) {
            n.flags = (uint8_t)((bw_node_is_leaf(&g->nodes[n.next]) ? BW_NODE_LEFT_LEAF : 0) |
                                (bw_node_is_leaf(&g->nodes[n.next + 1]) ? BW_NODE_RIGHT_LEAF : 0));
            order[tail] = n.next;
            order[tail + 1] = n.next + 1;
            n.next = tail;
            tail += 2;
        }
        out->nodes[i] = n;
    }
    if (g->vote_count) memcpy(out->votes, g->votes, g->vote_count * sizeof *out->votes);
    out->node_count = g->node_count;
    out->vote_count = g->vote_count;
    return BW_OK;
}

/* Integer shares: their sum does not depend on which thread grew which tree. */
static void add_importance(bw_grower *g) {
    const bw_plan *plan = g->plan;
    double total = 0;
    for (int f = 0; f < plan->binned->features; f++)
        total += g->decrease[f];
    if (!(total > 0)) return;
    for (int f = 0; f < plan->binned->features; f++) {
        if (g->decrease[f] > 0) g->importance[f] += (int64_t)(g->decrease[f] / total * 0x1p40);
    }
}

bw_status bw_grow_tree(bw_context *ctx, bw_grower *grower, int index, bw_tree *out) {
    const bw_plan *plan = grower->plan;
    int64_t size;
    for (int i = 0; i < plan->varying_count; i++)
        grower->order[i] = plan->varying[i];
    for (int f = 0; f < plan->binned->features; f++)
        grower->decrease[f] = 0;
    BW_TRY(bootstrap(ctx, grower, index, &size));
    BW_TRY(grow_nodes(ctx, grower, index, size));
    BW_TRY(store_tree(ctx, grower, out));
    add_importance(grower);
    return BW_OK;
}
