/* The forest's section of a model file; little-endian, no padding.
 *
 *   u16 version (1), u16 classes (2..255), u32 features (1..65534), u32 trees (1..1000)
 *   per feature:  u8 number of thresholds (0..255), then that many f32: finite, strictly ascending
 *   per tree:     u32 number of nodes (odd), then the nodes breadth first:
 *     split       u16 feature, u8 threshold; values <= the threshold go left
 *     pure leaf   u16 0xFFFF, u8 class
 *     mixed leaf  u16 0xFFFE, u8 entries (2..classes), per entry u8 class (ascending), u16 votes (>= 1); the votes of
 *                 a leaf sum to 840
 *
 * Children are not stored: those of the k-th split of a tree (k from 0) are its nodes 2k + 1 and 2k + 2. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "forest/parts.h"

enum { SECTION_VERSION = 1, MARK_PURE = 0xFFFF, MARK_MIXED = 0xFFFE, NODE_BYTES = 3, LEAF_VOTE_BYTES = 3 };

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static bw_status put_cuts(bw_writer *w, const bw_forest *forest) {
    for (int f = 0; f < forest->features; f++) {
        const bw_cuts *c = &forest->by_feature[f];
        BW_TRY(bw_put_u8(w, (uint8_t)c->count));
        for (int i = 0; i < c->count; i++)
            BW_TRY(bw_put_f32(w, forest->cuts[c->first + (uint32_t)i]));
    }
    return BW_OK;
}

static bw_status put_mixed(bw_writer *w, const bw_tree *tree, const bw_node *n) {
    BW_TRY(bw_put_u16(w, MARK_MIXED));
    BW_TRY(bw_put_u8(w, (uint8_t)n->feature));
    for (uint32_t i = 0; i < n->feature; i++) {
        BW_TRY(bw_put_u8(w, tree->votes[n->next + i].label));
        BW_TRY(bw_put_u16(w, tree->votes[n->next + i].votes));
    }
    return BW_OK;
}

static bw_status put_node(bw_writer *w, const bw_forest *forest, const bw_tree *tree, const bw_node *n) {
    if (n->flags & BW_NODE_MIXED) return put_mixed(w, tree, n);
    BW_TRY(bw_put_u16(w, n->flags & BW_NODE_PURE ? MARK_PURE : forest->feature_of[n->feature]));
    return bw_put_u8(w, n->threshold);
}

bw_status bw_forest_put(bw_writer *w, const bw_forest *forest) {
    BW_TRY(bw_put_u16(w, SECTION_VERSION));
    BW_TRY(bw_put_u16(w, (uint16_t)forest->classes));
    BW_TRY(bw_put_u32(w, (uint32_t)forest->features));
    BW_TRY(bw_put_u32(w, (uint32_t)forest->trees));
    BW_TRY(put_cuts(w, forest));
    for (int t = 0; t < forest->trees; t++) {
        const bw_tree *tree = &forest->tree[t];
        BW_TRY(bw_check(w->ctx));
        BW_TRY(bw_put_u32(w, tree->node_count));
        for (uint32_t i = 0; i < tree->node_count; i++)
            BW_TRY(put_node(w, forest, tree, &tree->nodes[i]));
    }
    return BW_OK;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static bw_status damaged(bw_context *ctx, const char *what) {
    return bw_fail(ctx, BW_ERROR_FORMAT,
                   "The forest in this model is damaged: %s. Use another copy of the file or train again.", what);
}

/* Every feature takes at least one byte and every tree seven: nothing is allocated that the file cannot fill. */
static bw_status get_header(bw_context *ctx, bw_reader *r, bw_forest **out) {
    const uint16_t version = bw_get_u16(r), classes = bw_get_u16(r);
    const uint32_t features = bw_get_u32(r), trees = bw_get_u32(r);
    if (r->failed) return damaged(ctx, "it ends too early");
    if (version != SECTION_VERSION) {
        return bw_fail(ctx, BW_ERROR_FORMAT, "The forest in this model has version %d; this program reads version %d.",
                       version, SECTION_VERSION);
    }
    if (classes < 2 || classes > BW_MAX_CLASSES) return damaged(ctx, "the number of classes is out of range");
    if (features < 1 || features > BW_MAX_FEATURES) return damaged(ctx, "the number of features is out of range");
    if (trees < 1 || trees > BW_MAX_TREES) return damaged(ctx, "the number of trees is out of range");
    if (bw_reader_left(r) < features + (uint64_t)trees * 7) return damaged(ctx, "it ends too early");
    return bw_forest_create(ctx, classes, (int)features, (int)trees, out);
}

/* Reads the counts only, to find out how much room the thresholds take. */
static bw_status get_counts(bw_context *ctx, bw_reader *r, bw_forest *forest) {
    for (int f = 0; f < forest->features; f++) {
        forest->by_feature[f].count = bw_get_u8(r);
        bw_get(r, forest->by_feature[f].count * (uint64_t)4);
    }
    return r->failed ? damaged(ctx, "it ends too early") : BW_OK;
}

static bw_status get_cuts(bw_context *ctx, bw_reader *r, bw_forest *forest) {
    bw_reader counts = *r;
    BW_TRY(get_counts(ctx, &counts, forest));
    BW_TRY(bw_forest_layout(ctx, forest));
    for (int f = 0; f < forest->features; f++) {
        float *cuts = forest->cuts + forest->by_feature[f].first;
        bw_get_u8(r);
        for (int i = 0; i < forest->by_feature[f].count; i++) {
            cuts[i] = bw_get_f32(r);
            if (!isfinite(cuts[i])) return damaged(ctx, "a threshold is not a finite number");
            if (i > 0 && !(cuts[i - 1] < cuts[i])) return damaged(ctx, "thresholds are not in ascending order");
        }
    }
    bw_forest_tabulate(forest);
    return r->failed ? damaged(ctx, "it ends too early") : BW_OK;
}

/* Counts the entries of mixed leaves up to the end of the tree. */
static uint64_t count_votes(bw_reader r, uint32_t nodes) {
    uint64_t votes = 0;
    for (uint32_t i = 0; i < nodes && !r.failed; i++) {
        const uint16_t mark = bw_get_u16(&r);
        const uint8_t value = bw_get_u8(&r);
        if (mark != MARK_MIXED) continue;
        votes += value;
        bw_get(&r, (uint64_t)value * LEAF_VOTE_BYTES);
    }
    return votes;
}

static bw_status get_mixed(bw_context *ctx, bw_reader *r, int classes, int entries, bw_tree *tree, bw_node *n) {
    int sum = 0, last = -1;
    if (entries < 2 || entries > classes) return damaged(ctx, "a leaf's number of classes is out of range");
    *n = (bw_node){tree->vote_count, (uint16_t)entries, 0, BW_NODE_MIXED};
    for (int i = 0; i < entries; i++) {
        const uint8_t label = bw_get_u8(r);
        const uint16_t votes = bw_get_u16(r);
        if (label <= last || label >= classes) return damaged(ctx, "a leaf's class is out of range");
        if (votes < 1 || votes > BW_LEAF_VOTES) return damaged(ctx, "a leaf's votes are out of range");
        tree->votes[tree->vote_count++] = (bw_leaf_vote){votes, label};
        last = label;
        sum += votes;
    }
    return sum == BW_LEAF_VOTES ? BW_OK : damaged(ctx, "a leaf's votes have a wrong sum");
}

static bw_status get_split(bw_context *ctx, const bw_forest *forest, uint16_t feature, uint8_t threshold, bw_node *n) {
    if (feature >= forest->features) return damaged(ctx, "a split's feature is out of range");
    const bw_cuts *c = &forest->by_feature[feature];
    if (threshold >= c->count) return damaged(ctx, "a split's threshold is out of range");
    *n = (bw_node){0, (uint16_t)c->slot, threshold, 0};
    return BW_OK;
}

static bw_status get_node(bw_context *ctx, bw_reader *r, const bw_forest *forest, bw_tree *tree, bw_node *n) {
    const uint16_t mark = bw_get_u16(r);
    const uint8_t value = bw_get_u8(r);
    if (r->failed) return damaged(ctx, "it ends too early");
    if (mark == MARK_MIXED) return get_mixed(ctx, r, forest->classes, value, tree, n);
    if (mark != MARK_PURE) return get_split(ctx, forest, mark, value, n);
    if (value >= forest->classes) return damaged(ctx, "a leaf's class is out of range");
    *n = (bw_node){0, 0, value, BW_NODE_PURE};
    return BW_OK;
}

static void note_leaves(bw_tree *tree) {
    for (uint32_t i = 0; i < tree->node_count; i++) {
        bw_node *n = &tree->nodes[i];
        if (bw_node_is_leaf(n)) continue;
        n->flags = (uint8_t)((bw_node_is_leaf(&tree->nodes[n->next]) ? BW_NODE_LEFT_LEAF : 0) |
                             (bw_node_is_leaf(&tree->nodes[n->next + 1]) ? BW_NODE_RIGHT_LEAF : 0));
    }
}

static bw_status get_tree(bw_context *ctx, bw_reader *r, const bw_forest *forest, bw_tree *tree) {
    const uint32_t count = bw_get_u32(r);
    uint32_t next = 1;
    if (r->failed || count > bw_reader_left(r) / NODE_BYTES) return damaged(ctx, "it ends too early");
    const uint64_t votes = count_votes(*r, count);
    if (votes > bw_reader_left(r) / LEAF_VOTE_BYTES) return damaged(ctx, "it ends too early");
    tree->nodes = bw_alloc(ctx, count, sizeof *tree->nodes, "a tree");
    tree->votes = bw_alloc(ctx, votes, sizeof *tree->votes, "the leaves of a tree");
    if (!tree->nodes || !tree->votes) return BW_ERROR_MEMORY;
    for (; tree->node_count < count; tree->node_count++) {
        bw_node *n = &tree->nodes[tree->node_count];
        if (tree->node_count == next) return damaged(ctx, "a node belongs to no split");
        BW_TRY(get_node(ctx, r, forest, tree, n));
        if (bw_node_is_leaf(n)) continue;
        if (count - next < 2) return damaged(ctx, "a split lacks a child");
        n->next = next;
        next += 2;
    }
    if (next != count) return damaged(ctx, "a tree has a wrong number of nodes");
    note_leaves(tree);
    return BW_OK;
}

bw_status bw_forest_get(bw_context *ctx, bw_reader *r, bw_forest **out) {
    bw_forest *forest = NULL;
    *out = NULL;
    BW_TRY(get_header(ctx, r, &forest));
    bw_status status = get_cuts(ctx, r, forest);
    for (int t = 0; status == BW_OK && t < forest->trees; t++) {
        status = bw_check(ctx);
        if (status == BW_OK) status = get_tree(ctx, r, forest, &forest->tree[t]);
    }
    if (status != BW_OK) {
        bw_forest_free(forest);
        return status;
    }
    *out = forest;
    return BW_OK;
}
