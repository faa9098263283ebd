/* Votes, winners and visits of forests made up at random, against a walk pixel by pixel, on every SIMD level. */
#include "support.h"

#include "core/alloc.h"
#include "forest/parts.h"

/* ---- forests made up at random ----------------------------------------------------------------------------------- */

typedef struct shape {
    int classes, features, trees, splits; /* splits: per tree, at most */
    int mixed;                            /* percent of the leaves */
} shape;

static uint64_t draws;

static int draw(int below) {
    return (int)(bw_random(11, 3, draws++) % (uint64_t)below);
}

/* Every third feature has no thresholds and is used by no split. */
static bw_forest *empty_forest(bw_context *ctx, const shape *s) {
    bw_forest *forest;
    assert_ok(ctx, bw_forest_create(ctx, s->classes, s->features, s->trees, &forest));
    for (int f = 0; f < s->features; f++)
        forest->by_feature[f].count = (uint16_t)(f % 3 == 2 ? 0 : 1 + draw(BW_MAX_CUTS));
    assert_ok(ctx, bw_forest_layout(ctx, forest));
    for (int f = 0; f < s->features; f++)
        for (int i = 0; i < forest->by_feature[f].count; i++)
            forest->cuts[forest->by_feature[f].first + (uint32_t)i] = (float)i + 0.5f;
    bw_forest_tabulate(forest);
    return forest;
}

/* Votes in multiples of 105, so that different leaves often tie. */
static void make_leaf(bw_tree *tree, bw_node *node, const shape *s) {
    enum { PARTS = 8 };
    int given[BW_MAX_CLASSES] = {0};
    const int mixed = draw(100) < s->mixed;
    *node = (bw_node){.threshold = (uint8_t)draw(s->classes), .flags = mixed ? BW_NODE_MIXED : BW_NODE_PURE};
    if (!mixed) return;
    node->threshold = 0;
    node->next = tree->vote_count;
    for (int i = 0; i < PARTS; i++)
        given[draw(s->classes)]++;
    for (int k = 0; k < s->classes; k++) {
        if (!given[k]) continue;
        tree->votes[tree->vote_count++] =
            (bw_leaf_vote){.votes = (uint16_t)(given[k] * BW_LEAF_VOTES / PARTS), .label = (uint8_t)k};
        node->feature++;
    }
}

static void make_split(const bw_forest *forest, bw_node *node, uint32_t next) {
    const int slot = draw(forest->used), feature = forest->feature_of[slot];
    *node = (bw_node){
        .next = next, .feature = (uint16_t)slot, .threshold = (uint8_t)draw(forest->by_feature[feature].count)};
}

/* Breadth first: each node may split until all splits are made; the last one that could must. */
static void make_tree(bw_context *ctx, const bw_forest *forest, const shape *s, bw_tree *tree) {
    const int wanted = s->splits ? draw(s->splits + 1) : 0;
    int made = 0;
    tree->node_count = (uint32_t)(2 * wanted + 1);
    tree->nodes = bw_calloc(ctx, tree->node_count, sizeof *tree->nodes, "test");
    tree->votes = bw_calloc(ctx, (uint64_t)tree->node_count * 8, sizeof *tree->votes, "test");
    assert_true(tree->nodes && tree->votes);
    for (int i = 0; i < 2 * wanted + 1; i++) {
        if (made < wanted && (i == 2 * made || draw(4)))
            make_split(forest, &tree->nodes[i], (uint32_t)(2 * made++ + 1));
        else
            make_leaf(tree, &tree->nodes[i], s);
    }
    for (uint32_t i = 0; i < tree->node_count; i++) {
        bw_node *node = &tree->nodes[i];
        if (bw_node_is_leaf(node)) continue;
        if (bw_node_is_leaf(&tree->nodes[node->next])) node->flags |= BW_NODE_LEFT_LEAF;
        if (bw_node_is_leaf(&tree->nodes[node->next + 1])) node->flags |= BW_NODE_RIGHT_LEAF;
    }
}

static bw_forest *make_forest(bw_context *ctx, const shape *s) {
    bw_forest *forest = empty_forest(ctx, s);
    for (int t = 0; t < s->trees; t++)
        make_tree(ctx, forest, s, &forest->tree[t]);
    return forest;
}

/* ---- pixels and their plain walk --------------------------------------------------------------------------------- */

typedef struct pixels {
    int64_t count, padded;
    uint8_t *bytes;
    const uint8_t **columns;
} pixels;

/* Neighbours are alike: a byte changes once in a few pixels. Behind the last pixel stands what must not matter. */
static pixels make_pixels(bw_context *ctx, const bw_forest *forest, int64_t count) {
    pixels p = {.count = count, .padded = (count + BW_BLOCK - 1) / BW_BLOCK * BW_BLOCK};
    p.bytes = bw_alloc(ctx, (uint64_t)(p.padded * forest->features), 1, "test");
    p.columns = calloc((size_t)forest->features, sizeof *p.columns);
    assert_true(p.bytes && p.columns);
    for (int f = 0; f < forest->features; f++) {
        uint8_t *column = p.bytes + f * p.padded;
        int value = 0;
        for (int64_t i = 0; i < p.padded; i++) {
            if (i % (1 + f) == 0) value = draw(forest->by_feature[f].count + 1);
            column[i] = (uint8_t)(i < count ? value : 0xA5);
        }
        if (bw_forest_uses(forest, f)) p.columns[f] = column;
    }
    return p;
}

static void free_pixels(pixels *p) {
    bw_free(p->bytes);
    free(p->columns);
}

/* The leaf of a pixel; adds the splits on the way to *depth and marks them and the leaf in `seen`. */
static const bw_node *walk(const bw_forest *forest, const bw_tree *tree, const pixels *p, int64_t i, uint8_t *seen,
                           int64_t *depth) {
    const bw_node *node = tree->nodes;
    seen[0] = 1;
    while (!bw_node_is_leaf(node)) {
        const uint8_t byte = p->columns[forest->feature_of[node->feature]][i];
        node = tree->nodes + node->next + (byte > node->threshold);
        seen[node - tree->nodes] = 1;
        ++*depth;
    }
    return node;
}

static void add_leaf(const bw_tree *tree, const bw_node *leaf, uint32_t *votes, int64_t stride) {
    if (leaf->flags & BW_NODE_PURE) {
        votes[leaf->threshold * stride] += BW_LEAF_VOTES;
        return;
    }
    for (int v = 0; v < leaf->feature; v++)
        votes[tree->votes[leaf->next + (uint32_t)v].label * stride] += tree->votes[leaf->next + (uint32_t)v].votes;
}

/* votes[class * count + pixel], and what a walk in blocks of 64 must visit. */
static uint32_t *plain_votes(const bw_forest *forest, const pixels *p, bw_forest_visits *visits) {
    uint32_t *votes = calloc((size_t)(p->count * forest->classes), sizeof *votes);
    assert_non_null(votes);
    *visits = (bw_forest_visits){.blocks = p->padded / BW_BLOCK};
    for (int t = 0; t < forest->trees; t++) {
        const bw_tree *tree = &forest->tree[t];
        uint8_t *seen = calloc(tree->node_count, 1);
        assert_non_null(seen);
        for (int64_t i = 0; i < p->count; i++) {
            add_leaf(tree, walk(forest, tree, p, i, seen, &visits->depth), votes + i, p->count);
            if ((i + 1) % BW_BLOCK && i + 1 < p->count) continue;
            for (uint32_t n = 0; n < tree->node_count; n++) {
                if (seen[n]) ++*(bw_node_is_leaf(&tree->nodes[n]) ? &visits->leaves : &visits->splits);
                seen[n] = 0;
            }
        }
        free(seen);
    }
    return votes;
}

/* The winner, ties to the lower class; counts ties for the first place. */
static int winner(const uint32_t *votes, int64_t stride, int classes, int64_t *ties) {
    int best = 0, tied = 0;
    for (int k = 1; k < classes; k++) {
        if (votes[k * stride] > votes[best * stride]) {
            best = k;
            tied = 0;
        } else if (votes[k * stride] == votes[best * stride]) {
            tied = 1;
        }
    }
    *ties += tied;
    return best;
}

/* ---- comparing --------------------------------------------------------------------------------------------------- */

static bw_simd best_level(void) {
    bw_context *ctx = test_context(1);
    bw_simd level;
    assert_ok(ctx, bw_simd_level(ctx, &level));
    bw_context_free(ctx);
    return level;
}

static void check_votes(bw_context *ctx, const bw_forest *forest, bw_simd level, const pixels *p,
                        const uint32_t *expected, void *scratch) {
    const int64_t stride = p->count + 3;
    uint32_t *votes = malloc((size_t)(stride * forest->classes) * sizeof *votes);
    assert_non_null(votes);
    memset(votes, 0xEE, (size_t)(stride * forest->classes) * sizeof *votes);
    assert_ok(ctx, bw_forest_vote(ctx, forest, level, p->columns, p->count, votes, stride, scratch));
    for (int k = 0; k < forest->classes; k++) {
        assert_memory_equal(votes + k * stride, expected + k * p->count, (size_t)p->count * sizeof *votes);
        for (int64_t i = p->count; i < stride; i++)
            assert_int_equal(votes[k * stride + i], 0xEEEEEEEE);
    }
    free(votes);
}

static void check_winners(bw_context *ctx, const bw_forest *forest, bw_simd level, const pixels *p,
                          const uint32_t *votes, void *scratch, int64_t *ties) {
    uint8_t *winners = malloc((size_t)p->count + 1);
    assert_non_null(winners);
    memset(winners, 0xEE, (size_t)p->count + 1);
    assert_ok(ctx, bw_forest_classify(ctx, forest, level, p->columns, p->count, winners, scratch));
    for (int64_t i = 0; i < p->count; i++)
        assert_int_equal(winners[i], winner(votes + i, p->count, forest->classes, ties));
    assert_int_equal(winners[p->count], 0xEE);
    free(winners);
}

/* -> ties for the first place. */
static int64_t check_forest(const bw_forest *forest, int64_t count) {
    bw_context *ctx = test_context(1);
    pixels p = make_pixels(ctx, forest, count);
    bw_forest_visits expected, visits;
    uint32_t *votes = plain_votes(forest, &p, &expected);
    const uint64_t size = bw_forest_scratch_size(forest);
    uint8_t *scratch = bw_alloc(ctx, size + 64, 1, "test");
    int64_t ties = 0;
    assert_non_null(scratch);
    for (int level = 0; level <= (int)best_level(); level++) {
        memset(scratch, 0xA5, (size_t)size + 64);
        check_votes(ctx, forest, (bw_simd)level, &p, votes, scratch);
        check_winners(ctx, forest, (bw_simd)level, &p, votes, scratch, &ties);
        for (int i = 0; i < 64; i++)
            assert_int_equal(scratch[size + (uint64_t)i], 0xA5);
    }
    assert_ok(ctx, bw_forest_count_visits(ctx, forest, p.columns, p.count, &visits));
    assert_int_equal(visits.blocks, expected.blocks);
    assert_int_equal(visits.splits, expected.splits);
    assert_int_equal(visits.leaves, expected.leaves);
    assert_int_equal(visits.depth, expected.depth);
    bw_free(scratch);
    free(votes);
    free_pixels(&p);
    bw_context_free(ctx);
    return ties;
}

static int64_t check_shape(const shape *s, int64_t count) {
    bw_context *ctx = test_context(1);
    bw_forest *forest = make_forest(ctx, s);
    const int64_t ties = check_forest(forest, count);
    bw_forest_free(forest);
    bw_context_free(ctx);
    return ties;
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

static void winners_are_those_of_the_votes(void **state) {
    (void)state;
    static const int64_t counts[] = {1, 63, 64, 65, 1024, 1025, 1900};
    static const shape shapes[] = {{2, 5, 1, 0, 0},     {2, 5, 1, 30, 50},     {2, 4, 2, 10, 0},   {3, 7, 9, 40, 30},
                                   {2, 4, 40, 30, 0},   {4, 9, 77, 20, 50},    {4, 9, 78, 20, 50}, {4, 9, 79, 20, 50},
                                   {2, 6, 100, 60, 20}, {5, 12, 100, 200, 60}, {3, 5, 156, 9, 0},  {3, 5, 157, 9, 100},
                                   {2, 3, 200, 4, 10},  {30, 20, 200, 40, 70}};
    int64_t ties = 0;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
            ties += check_shape(&shapes[s], counts[c]);
    assert_true(ties > 1000);
}

static void winners_of_many_classes(void **state) {
    (void)state;
    static const shape shapes[] = {
        {255, 10, 1, 30, 50}, {255, 10, 60, 50, 50}, {255, 10, 200, 20, 80}, {100, 90, 130, 30, 0}};
    int64_t ties = 0;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        ties += check_shape(&shapes[s], 700);
    assert_true(ties > 100);
}

static void random_shapes(void **state) {
    (void)state;
    for (int i = 0; i < 150; i++) {
        const shape s = {2 + draw(i % 10 ? 8 : 254), 1 + draw(15), 1 + draw(200), draw(40), draw(101)};
        check_shape(&s, 1 + draw(400));
    }
}

/* Trees without a split that vote for one class after the other: `first` of them for one class, `second` for another.
 * What leads until the last tree may lose. */
static void check_turn(int classes, int a, int first, int b, int second) {
    const shape s = {classes, 2, first + second, 0, 0};
    bw_context *ctx = test_context(1);
    bw_forest *forest = make_forest(ctx, &s);
    for (int t = 0; t < first + second; t++)
        forest->tree[t].nodes[0] = (bw_node){.threshold = (uint8_t)(t < first ? a : b), .flags = BW_NODE_PURE};
    check_forest(forest, 130);
    bw_forest_free(forest);
    bw_context_free(ctx);
}

static void the_last_tree_can_turn_it(void **state) {
    (void)state;
    static const int halves[] = {1, 2, 3, 5, 8, 39, 50, 51, 78, 100, 400};
    for (size_t h = 0; h < sizeof halves / sizeof *halves; h++)
        for (int behind = -1; behind <= 1; behind++)
            for (int low = 0; low < 2; low++) {
                check_turn(3, low ? 0 : 2, halves[h], low ? 2 : 0, halves[h] + behind);
                check_turn(3, low ? 1 : 2, halves[h], low ? 2 : 1, halves[h] + behind);
            }
}

static void cancelled_runs_stop(void **state) {
    (void)state;
    const shape s = {3, 5, 20, 20, 20};
    bw_context *ctx = test_context(1);
    bw_forest *forest = make_forest(ctx, &s);
    pixels p = make_pixels(ctx, forest, 200);
    void *scratch = bw_alloc(ctx, bw_forest_scratch_size(forest), 1, "test");
    uint8_t winners[200];
    bw_forest_visits visits;
    assert_non_null(scratch);
    bw_context_cancel(ctx);
    const bw_simd level = best_level();
    assert_int_equal(bw_forest_classify(ctx, forest, level, p.columns, 200, winners, scratch), BW_ERROR_CANCELLED);
    assert_int_equal(bw_forest_count_visits(ctx, forest, p.columns, 200, &visits), BW_ERROR_CANCELLED);
    bw_free(scratch);
    free_pixels(&p);
    bw_forest_free(forest);
    bw_context_free(ctx);
}

static void nothing_leaks(void **state) {
    (void)state;
    assert_int_equal(bw_memory_in_use(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(winners_are_those_of_the_votes),
        cmocka_unit_test(winners_of_many_classes),
        cmocka_unit_test(random_shapes),
        cmocka_unit_test(the_last_tree_can_turn_it),
        cmocka_unit_test(cancelled_runs_stop),
        cmocka_unit_test(nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
