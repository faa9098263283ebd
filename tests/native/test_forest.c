#include "os.h"
#include "support.h"

#include <float.h>
#include <math.h>
#include <time.h>

#include "core/alloc.h"
#include "forest/grow.h"

/* ---- problems to learn ------------------------------------------------------------------------------------------- */

enum { MAX_FEATURES = 64, LEAF_VOTES = 840 };

typedef struct problem {
    int64_t count;
    int features, classes;
    const float *columns[MAX_FEATURES];
    float *values, *weights; /* weights: NULL = 1 */
    uint8_t *labels;
} problem;

static problem make_problem(int64_t count, int features, int classes) {
    problem p = {.count = count, .features = features, .classes = classes};
    p.values = calloc((size_t)(count * features), sizeof *p.values);
    p.labels = calloc((size_t)count, 1);
    assert_true(p.values && p.labels && features <= MAX_FEATURES);
    for (int f = 0; f < features; f++)
        p.columns[f] = p.values + f * count;
    for (int64_t i = 0; i < count; i++)
        p.labels[i] = (uint8_t)(i % classes);
    return p;
}

static void free_problem(problem *p) {
    free(p->values);
    free(p->weights);
    free(p->labels);
}

static float *column(problem *p, int feature) {
    return p->values + feature * p->count;
}

/* Sum of four uniform numbers, mean 0, variance 1/3. */
static double bell(uint64_t stream, uint64_t counter) {
    double sum = -2;
    for (uint64_t i = 0; i < 4; i++)
        sum += test_uniform(stream, 4 * counter + i);
    return sum;
}

/* Every feature is the class (times `signal`) under noise. */
static problem noisy_problem(int64_t count, int features, int classes, double signal) {
    problem p = make_problem(count, features, classes);
    for (int f = 0; f < features; f++) {
        for (int64_t i = 0; i < count; i++) {
            column(&p, f)[i] = (float)(signal * p.labels[i] + bell((uint64_t)f + 1, (uint64_t)i));
        }
    }
    return p;
}

static bw_forest_options options(int trees) {
    return (bw_forest_options){.trees = trees, .min_leaf = 1, .bootstrap = 1, .seed = 1};
}

/* All samples in one part. */
typedef struct whole {
    bw_sample_part part;
    bw_samples samples;
} whole;

static const bw_samples *samples_of(const problem *p, whole *w) {
    w->part = (bw_sample_part){p->count, p->columns, p->labels, p->weights};
    w->samples = (bw_samples){p->count, p->features, p->classes, 1, &w->part};
    return &w->samples;
}

/* What a run tells about itself. */
typedef struct report {
    int64_t oob_samples;
    int64_t confusion[BW_MAX_CLASSES * BW_MAX_CLASSES]; /* [truth * classes + winner], out of bag */
    double importance[MAX_FEATURES];
    int classes;
} report;

static int winner(const uint32_t *votes, int classes, int64_t count, int64_t i) {
    int best = 0;
    for (int k = 1; k < classes; k++)
        best = votes[k * count + i] > votes[best * count + i] ? k : best;
    return best;
}

static void inspect(bw_context *ctx, const bw_growth *growth, const problem *p, report *r) {
    uint32_t *votes = malloc((size_t)(p->count * p->classes) * sizeof *votes);
    assert_non_null(votes);
    memset(r, 0, sizeof *r);
    r->classes = p->classes;
    assert_ok(ctx, bw_growth_votes(ctx, growth, NULL, BW_OUT_OF_BAG, votes));
    for (int64_t i = 0; i < p->count; i++) {
        const int best = winner(votes, p->classes, p->count, i);
        if (!votes[best * p->count + i]) continue;
        r->oob_samples++;
        r->confusion[p->labels[i] * p->classes + best]++;
    }
    bw_growth_gini(growth, r->importance);
    free(votes);
}

static bw_growth *grow(bw_context *ctx, const problem *p, const bw_forest_options *o) {
    whole w;
    bw_growth *growth;
    assert_ok(ctx, bw_growth_create(ctx, samples_of(p, &w), o, &growth));
    assert_ok(ctx, bw_growth_trees(ctx, growth, o->trees));
    assert_int_equal(bw_growth_tree_count(growth), o->trees);
    return growth;
}

/* In one call, or in two to be looked at. */
static bw_forest *train(const problem *p, const bw_forest_options *o, int threads, report *r) {
    bw_context *ctx = test_context(threads);
    bw_forest *forest;
    whole w;
    if (r) {
        bw_growth *growth = grow(ctx, p, o);
        inspect(ctx, growth, p, r);
        assert_ok(ctx, bw_growth_forest(ctx, growth, &forest));
        bw_growth_free(growth);
    } else {
        assert_ok(ctx, bw_forest_train(ctx, samples_of(p, &w), o, &forest));
    }
    bw_context_free(ctx);
    return forest;
}

/* ---- bytes and votes --------------------------------------------------------------------------------------------- */

typedef struct blob {
    uint8_t *data;
    uint64_t size;
} blob;

static blob put(const bw_forest *forest) {
    bw_context *ctx = test_context(1);
    bw_writer w;
    blob b;
    bw_writer_init(&w, ctx);
    assert_ok(ctx, bw_forest_put(&w, forest));
    b.size = w.size;
    b.data = malloc((size_t)w.size);
    assert_non_null(b.data);
    memcpy(b.data, w.data, (size_t)w.size);
    bw_writer_free(&w);
    bw_context_free(ctx);
    return b;
}

static void assert_same_blob(blob a, blob b) {
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, (size_t)a.size);
}

static blob train_blob(const problem *p, const bw_forest_options *o, int threads) {
    bw_forest *forest = train(p, o, threads, NULL);
    const blob b = put(forest);
    bw_forest_free(forest);
    return b;
}

static void assert_same_and_free(blob a, blob b) {
    assert_same_blob(a, b);
    free(a.data);
    free(b.data);
}

static bw_status get(bw_context *ctx, blob b, bw_forest **out) {
    bw_reader r;
    bw_reader_init(&r, b.data, b.size);
    return bw_forest_get(ctx, &r, out);
}

static bw_simd best_level(void) {
    bw_context *ctx = test_context(1);
    bw_simd level;
    assert_ok(ctx, bw_simd_level(ctx, &level));
    bw_context_free(ctx);
    return level;
}

/* Votes [class * count + sample] for rows of floats. */
static uint32_t *vote(const bw_forest *forest, bw_simd level, const float *const *columns, int64_t count) {
    bw_context *ctx = test_context(1);
    const int features = bw_forest_features(forest), classes = bw_forest_classes(forest);
    const int64_t padded = (count + 63) / 64 * 64, stride = count + 5;
    uint8_t *bytes = bw_alloc(ctx, (uint64_t)(padded * features), 1, "test");
    void *scratch = bw_alloc(ctx, bw_forest_scratch_size(forest), 1, "test");
    uint32_t *votes = malloc((size_t)(stride * classes) * sizeof *votes);
    const uint8_t **rows = calloc((size_t)features, sizeof *rows);
    assert_true(bytes && scratch && votes && rows);
    memset(bytes, 0xA5, (size_t)(padded * features));
    memset(scratch, 0xA5, (size_t)bw_forest_scratch_size(forest));
    memset(votes, 0xEE, (size_t)(stride * classes) * sizeof *votes);
    for (int f = 0; f < features; f++) {
        if (!bw_forest_uses(forest, f)) continue;
        bw_forest_quantise(forest, level, f, columns[f], count, bytes + f * padded);
        rows[f] = bytes + f * padded;
    }
    assert_ok(ctx, bw_forest_vote(ctx, forest, level, rows, count, votes, stride, scratch));
    for (int k = 0; k < classes; k++) {
        for (int64_t i = count; i < stride; i++)
            assert_int_equal(votes[k * stride + i], 0xEEEEEEEE);
        memmove(votes + k * count, votes + k * stride, (size_t)count * sizeof *votes);
    }
    free(rows);
    bw_free(bytes);
    bw_free(scratch);
    bw_context_free(ctx);
    return votes;
}

static double accuracy(const bw_forest *forest, const problem *p) {
    uint32_t *votes = vote(forest, best_level(), p->columns, p->count);
    int64_t right = 0;
    for (int64_t i = 0; i < p->count; i++)
        right += winner(votes, p->classes, p->count, i) == p->labels[i];
    free(votes);
    return (double)right / (double)p->count;
}

static double oob_accuracy(const report *r) {
    int64_t right = 0, all = 0;
    for (int i = 0; i < r->classes * r->classes; i++) {
        all += r->confusion[i];
        right += i % (r->classes + 1) ? 0 : r->confusion[i];
    }
    assert_int_equal(all, r->oob_samples);
    return (double)right / (double)all;
}

/* ---- an independent reader and a walk pixel by pixel, from the documented layout
 * ------------------------------------- */

typedef struct plain_node {
    int leaf, feature, left, depth;
    float threshold;
    uint16_t votes[BW_MAX_CLASSES];
} plain_node;

typedef struct plain_forest {
    int classes, features, trees;
    int cut_count[MAX_FEATURES];
    float cuts[MAX_FEATURES][255];
    int node_count[BW_MAX_TREES];
    plain_node *nodes[BW_MAX_TREES];
} plain_forest;

static void read_leaf(bw_reader *r, plain_node *n, int mixed) {
    const int value = bw_get_u8(r);
    n->leaf = 1;
    if (!mixed) n->votes[value] = LEAF_VOTES;
    for (int i = 0; mixed && i < value; i++) {
        const uint8_t label = bw_get_u8(r);
        n->votes[label] = bw_get_u16(r);
    }
}

static plain_node *read_tree(bw_reader *r, const plain_forest *p, int count) {
    plain_node *nodes = calloc((size_t)count, sizeof *nodes);
    int splits = 0;
    assert_non_null(nodes);
    for (int i = 0; i < count; i++) {
        const uint16_t mark = bw_get_u16(r);
        if (mark >= 0xFFFE) {
            read_leaf(r, &nodes[i], mark == 0xFFFE);
            continue;
        }
        nodes[i].feature = mark;
        nodes[i].threshold = p->cuts[mark][bw_get_u8(r)];
        nodes[i].left = 2 * splits++ + 1;
        for (int child = nodes[i].left; child < nodes[i].left + 2; child++)
            nodes[child].depth = nodes[i].depth + 1;
    }
    assert_int_equal(count, 2 * splits + 1);
    return nodes;
}

static plain_forest *read_plain(const bw_forest *forest) {
    plain_forest *p = calloc(1, sizeof *p);
    const blob b = put(forest);
    bw_reader r;
    assert_non_null(p);
    bw_reader_init(&r, b.data, b.size);
    assert_int_equal(bw_get_u16(&r), 1);
    p->classes = bw_get_u16(&r);
    p->features = (int)bw_get_u32(&r);
    p->trees = (int)bw_get_u32(&r);
    assert_true(p->features <= MAX_FEATURES);
    for (int f = 0; f < p->features; f++) {
        p->cut_count[f] = bw_get_u8(&r);
        for (int i = 0; i < p->cut_count[f]; i++)
            p->cuts[f][i] = bw_get_f32(&r);
    }
    for (int t = 0; t < p->trees; t++) {
        p->node_count[t] = (int)bw_get_u32(&r);
        p->nodes[t] = read_tree(&r, p, p->node_count[t]);
    }
    assert_false(r.failed);
    assert_int_equal(bw_reader_left(&r), 0);
    free(b.data);
    return p;
}

static void free_plain(plain_forest *p) {
    for (int t = 0; t < p->trees; t++)
        free(p->nodes[t]);
    free(p);
}

static void plain_vote(const plain_forest *p, const float *const *columns, int64_t i, uint32_t *votes) {
    memset(votes, 0, (size_t)p->classes * sizeof *votes);
    for (int t = 0; t < p->trees; t++) {
        const plain_node *n = p->nodes[t];
        while (!n->leaf)
            n = p->nodes[t] + n->left + !(columns[n->feature][i] <= n->threshold);
        for (int k = 0; k < p->classes; k++)
            votes[k] += n->votes[k];
    }
}

static void assert_votes_match(const bw_forest *forest, const float *const *columns, int64_t count) {
    plain_forest *plain = read_plain(forest);
    uint32_t expected[BW_MAX_CLASSES];
    for (int level = 0; level <= (int)best_level(); level++) {
        uint32_t *votes = vote(forest, (bw_simd)level, columns, count);
        for (int64_t i = 0; i < count; i++) {
            uint64_t sum = 0;
            plain_vote(plain, columns, i, expected);
            for (int k = 0; k < plain->classes; k++) {
                if (votes[k * count + i] != expected[k]) {
                    fail_msg("level %d, pixel %d, class %d: %u votes instead of %u", level, (int)i, k,
                             (unsigned)votes[k * count + i], (unsigned)expected[k]);
                }
                sum += expected[k];
            }
            assert_int_equal(sum, bw_forest_vote_total(forest));
        }
        free(votes);
    }
    free_plain(plain);
}

/* ---- training
 * --------------------------------------------------------------------------------------------------------- */

static void threads_change_no_byte(void **state) {
    (void)state;
    problem p = noisy_problem(1500, 11, 3, 0.4);
    for (int balance = 0; balance < 2; balance++) {
        bw_forest_options o = options(23);
        static report first, again;
        o.balance = (bw_balance)balance;
        bw_forest *forest = train(&p, &o, 1, &first);
        const blob expected = put(forest);
        bw_forest_free(forest);
        for (int threads = 2; threads <= 8; threads++) {
            forest = train(&p, &o, threads, &again);
            const blob b = put(forest);
            assert_same_blob(b, expected);
            assert_int_equal(again.oob_samples, first.oob_samples);
            assert_memory_equal(again.confusion, first.confusion, 9 * sizeof *first.confusion);
            assert_memory_equal(again.importance, first.importance, 11 * sizeof *first.importance);
            free(b.data);
            bw_forest_free(forest);
        }
        free(expected.data);
    }
    free_problem(&p);
}

static void the_simd_level_changes_no_byte_of_a_forest(void **state) {
    (void)state;
    static const char *const names[] = {"scalar", NULL, "avx2", "avx512"};
    const int best = (int)best_level();
    for (int kind = 0; kind < 8; kind++) {
        problem p = noisy_problem(1700, 6, 2 + kind, 0.4);
        bw_forest_options o = options(9);
        o.extra = kind % 2;
        o.min_leaf = kind % 3 * 3 + 1;
        if (kind > 4) o.mtry = BW_MTRY_ALL;
        const blob expected = train_blob(&p, &o, 2);
        for (int level = 0; level <= best; level++) {
            if (!names[level]) continue;
            test_set_variable("BRUSHWOOD_SIMD", names[level]);
            const blob b = train_blob(&p, &o, 2);
            test_set_variable("BRUSHWOOD_SIMD", NULL);
            assert_same_blob(b, expected);
            free(b.data);
        }
        free(expected.data);
        free_problem(&p);
    }
}

static void the_seed_decides(void **state) {
    (void)state;
    problem p = noisy_problem(400, 5, 2, 0.4);
    bw_forest_options o = options(5);
    blob blobs[3];
    for (int i = 0; i < 3; i++) {
        o.seed = i == 2 ? 2 : 1;
        bw_forest *forest = train(&p, &o, 2, NULL);
        blobs[i] = put(forest);
        bw_forest_free(forest);
    }
    assert_same_blob(blobs[0], blobs[1]);
    assert_true(blobs[2].size != blobs[0].size || memcmp(blobs[2].data, blobs[0].data, (size_t)blobs[0].size));
    for (int i = 0; i < 3; i++)
        free(blobs[i].data);
    free_problem(&p);
}

static void separable_classes_have_no_out_of_bag_error(void **state) {
    (void)state;
    problem p = noisy_problem(900, 4, 3, 10);
    const bw_forest_options o = options(30);
    static report r;
    bw_forest *forest = train(&p, &o, 2, &r);
    assert_float_equal(oob_accuracy(&r), 1, 0);
    assert_int_equal(r.oob_samples, 900);
    assert_float_equal(accuracy(forest, &p), 1, 0);
    bw_forest_free(forest);
    free_problem(&p);
}

/* Distinct rows with random labels: every tree is right on what it drew, and most trees drew a given row. */
static void grown_trees_know_their_samples_by_heart(void **state) {
    (void)state;
    problem p = make_problem(3000, 3, 2);
    for (int64_t i = 0; i < p.count; i++) {
        p.labels[i] = bw_random(3, 9, (uint64_t)i) & 1;
        const double u = test_uniform(1, (uint64_t)i);
        column(&p, 0)[i] = (float)(i % 200); /* every value has its own bin */
        column(&p, 1)[i] = (float)(i / 200);
        column(&p, 2)[i] = u < 0.5 ? 0.0f : (float)(1 / (1.0001 - u)); /* half zeros, long tail */
    }
    const bw_forest_options o = options(300);
    static report r;
    bw_forest *forest = train(&p, &o, 2, &r);
    plain_forest *plain = read_plain(forest);
    for (int t = 0; t < plain->trees; t++) {
        for (int i = 0; i < plain->node_count[t]; i++) {
            const plain_node *n = &plain->nodes[t][i];
            if (n->leaf) assert_true(n->votes[0] == LEAF_VOTES || n->votes[1] == LEAF_VOTES);
        }
    }
    assert_true(accuracy(forest, &p) > 0.999);
    assert_true(fabs(oob_accuracy(&r) - 0.5) < 0.05);
    free_plain(plain);
    bw_forest_free(forest);
    free_problem(&p);
}

/* A copied column offers the same splits again, so the one-feature forest must come out. */
static void a_copied_column_changes_no_vote(void **state) {
    (void)state;
    problem one = noisy_problem(800, 1, 2, 0.5), two = make_problem(800, 2, 2);
    for (int f = 0; f < 2; f++)
        memcpy(column(&two, f), one.values, 800 * sizeof(float));
    const bw_forest_options o = options(20);
    bw_forest *a = train(&one, &o, 2, NULL), *b = train(&two, &o, 2, NULL);
    uint32_t *x = vote(a, best_level(), one.columns, 800), *y = vote(b, best_level(), two.columns, 800);
    assert_memory_equal(x, y, 2 * 800 * sizeof *x);
    free(x);
    free(y);
    bw_forest_free(a);
    bw_forest_free(b);
    free_problem(&one);
    free_problem(&two);
}

/* With mtry = 1 a constant feature that counted as tried would end the tree early. */
static void constant_features_are_passed_over(void **state) {
    (void)state;
    problem p = make_problem(600, 30, 3);
    for (int f = 0; f < 30; f++) {
        for (int64_t i = 0; i < p.count; i++)
            column(&p, f)[i] = f == 17 ? (float)p.labels[i] : (float)f;
    }
    bw_forest_options o = options(20);
    o.mtry = 1;
    static report r;
    bw_forest *forest = train(&p, &o, 2, &r);
    assert_float_equal(oob_accuracy(&r), 1, 0);
    for (int f = 0; f < 30; f++) {
        assert_int_equal(bw_forest_uses(forest, f), f == 17);
        assert_float_equal(r.importance[f], f == 17, 0);
    }
    assert_false(bw_forest_uses(forest, -1) || bw_forest_uses(forest, 30));
    assert_votes_match(forest, p.columns, 100);
    bw_forest_free(forest);
    free_problem(&p);
}

static void features_constant_inside_a_node_are_passed_over(void **state) {
    (void)state;
    problem p = make_problem(1024, 10, 2);
    for (int64_t i = 0; i < p.count; i++) {
        int parity = 0;
        for (int f = 0; f < 10; f++) {
            column(&p, f)[i] = (float)(i >> f & 1);
            parity ^= (int)(i >> f & 1);
        }
        p.labels[i] = (uint8_t)parity;
    }
    bw_forest_options o = options(60);
    o.mtry = 1;
    bw_forest *forest = train(&p, &o, 2, NULL);
    plain_forest *plain = read_plain(forest);
    for (int t = 0; t < plain->trees; t++) {
        for (int i = 0; i < plain->node_count[t]; i++) {
            const plain_node *n = &plain->nodes[t][i];
            if (n->leaf) assert_true(n->votes[0] == LEAF_VOTES || n->votes[1] == LEAF_VOTES);
        }
    }
    free_plain(plain);
    bw_forest_free(forest);
    free_problem(&p);
}

/* Without any split a forest votes in proportion to what was drawn. */
static void balancing_changes_the_shares_of_classes(void **state) {
    (void)state;
    problem p = make_problem(2000, 2, 3);
    for (int64_t i = 0; i < p.count; i++)
        p.labels[i] = i % 10 == 0 ? 2 : 0; /* class 1 has no sample */
    static report r;
    for (int balance = 0; balance < 2; balance++) {
        bw_forest_options o = options(100);
        o.balance = (bw_balance)balance;
        bw_forest *forest = train(&p, &o, 2, &r);
        assert_int_equal(bw_forest_nodes(forest), 100);
        uint32_t *votes = vote(forest, best_level(), p.columns, 70);
        const double total = bw_forest_vote_total(forest), share = balance ? 0.5 : 0.1;
        assert_int_equal(votes[70], 0);
        assert_int_equal(votes[0] + votes[140], bw_forest_vote_total(forest));
        assert_true(fabs(votes[140] / total - share) < 0.01);
        for (int f = 0; f < 2; f++)
            assert_float_equal(r.importance[f], 0, 0);
        free(votes);
        bw_forest_free(forest);
    }
    free_problem(&p);
}

/* More drawings of one sample than fit into 16 bits. */
static void a_rare_class_can_be_balanced(void **state) {
    (void)state;
    problem p = make_problem(150000, 1, 2);
    for (int64_t i = 0; i < p.count; i++)
        p.labels[i] = i == 77;
    bw_forest_options o = options(3);
    o.balance = BW_BALANCE_CLASSES;
    bw_forest *forest = train(&p, &o, 2, NULL);
    uint32_t *votes = vote(forest, best_level(), p.columns, 1);
    assert_true(fabs(votes[1] / (double)bw_forest_vote_total(forest) - 0.5) < 0.01);
    free(votes);
    bw_forest_free(forest);
    free_problem(&p);
}

static void depth_and_leaf_size_are_kept(void **state) {
    (void)state;
    problem p = noisy_problem(1000, 6, 3, 0.3);
    for (int depth = 1; depth <= 4; depth++) {
        bw_forest_options o = options(10);
        o.max_depth = depth;
        bw_forest *forest = train(&p, &o, 2, NULL);
        plain_forest *plain = read_plain(forest);
        int deepest = 0;
        for (int t = 0; t < 10; t++) {
            for (int i = 0; i < plain->node_count[t]; i++) {
                if (plain->nodes[t][i].depth > deepest) deepest = plain->nodes[t][i].depth;
            }
        }
        assert_int_equal(deepest, depth);
        assert_votes_match(forest, p.columns, 130);
        free_plain(plain);
        bw_forest_free(forest);
    }
    for (int leaf = 2; leaf <= 512; leaf *= 4) {
        bw_forest_options o = options(10);
        o.min_leaf = leaf;
        bw_forest *forest = train(&p, &o, 2, NULL);
        plain_forest *plain = read_plain(forest);
        for (int t = 0; t < 10; t++)
            assert_true((plain->node_count[t] + 1) / 2 <= 1000 / leaf);
        if (leaf > 500) assert_int_equal(bw_forest_nodes(forest), 10);
        if (leaf < 100) assert_true(bw_forest_nodes(forest) > 10);
        free_plain(plain);
        bw_forest_free(forest);
    }
    free_problem(&p);
}

static void all_255_classes_can_be_learnt(void **state) {
    (void)state;
    problem p = make_problem(255 * 12, 4, 255);
    for (int64_t i = 0; i < p.count; i++) {
        column(&p, 0)[i] = (float)p.labels[i] + 0.3f * (float)bell(1, (uint64_t)i);
        column(&p, 1)[i] = (float)(p.labels[i] % 16);
        column(&p, 2)[i] = (float)(p.labels[i] / 16);
        column(&p, 3)[i] = (float)bell(2, (uint64_t)i);
    }
    bw_forest_options o = options(100);
    static report r;
    bw_forest *forest = train(&p, &o, 2, &r);
    assert_true(oob_accuracy(&r) > 0.97);
    assert_votes_match(forest, p.columns, 300);
    bw_forest_free(forest);
    o.max_depth = 3;
    forest = train(&p, &o, 2, NULL);
    assert_votes_match(forest, p.columns, 300);
    bw_forest_free(forest);
    free_problem(&p);
}

/* Two classes one noise variance apart on each of two features: the best possible rule is known. */
static void noisy_classes_are_told_apart_almost_as_well_as_possible(void **state) {
    (void)state;
    problem p = noisy_problem(4000, 2, 2, 1), other = noisy_problem(8000, 2, 2, 1);
    int64_t right = 0;
    for (int64_t i = 0; i < p.count; i++)
        right += (column(&p, 0)[i] + column(&p, 1)[i] > 1) == p.labels[i];
    const double best = (double)right / (double)p.count;
    bw_forest_options o = options(100);
    o.min_leaf = 10;
    static report r;
    bw_forest *forest = train(&p, &o, 2, &r);
    for (int f = 0; f < 2; f++)
        memmove(column(&other, f), column(&other, f) + 4000, 4000 * sizeof(float));
    other.count = 4000; /* the second half was not trained on; the labels alternate in both halves */
    other.columns[1] = other.values + 8000;
    const double oob = oob_accuracy(&r), fresh = accuracy(forest, &other);
    assert_true(oob > best - 0.02 && oob < best + 0.01);
    assert_true(fabs(fresh - oob) < 0.03);
    bw_forest_free(forest);
    free_problem(&p);
    free_problem(&other);
}

static void importance_finds_the_informative_feature(void **state) {
    (void)state;
    problem p = noisy_problem(1000, 6, 2, 0);
    for (int64_t i = 0; i < p.count; i++)
        column(&p, 3)[i] += p.labels[i];
    const bw_forest_options o = options(50);
    static report r;
    bw_forest *forest = train(&p, &o, 2, &r);
    double sum = 0;
    for (int f = 0; f < 6; f++) {
        sum += r.importance[f];
        if (f != 3) assert_true(r.importance[f] > 0 && r.importance[f] < 0.5 * r.importance[3]);
    }
    assert_float_equal(sum, 1, 1e-9);
    bw_forest_free(forest);
    free_problem(&p);
}

static void one_tree_leaves_a_third_out_of_its_bag(void **state) {
    (void)state;
    problem p = noisy_problem(5000, 2, 2, 1);
    const bw_forest_options o = options(1);
    static report r;
    bw_forest *forest = train(&p, &o, 2, &r);
    assert_true(fabs((double)r.oob_samples / 5000 - 0.3679) < 0.02);
    bw_forest_free(forest);
    free_problem(&p);
}

static void refuse(const problem *p, const bw_forest_options *o, const char *words) {
    bw_context *ctx = test_context(2);
    bw_forest *forest = (bw_forest *)1;
    whole w;
    assert_refused(ctx, bw_forest_train(ctx, samples_of(p, &w), o, &forest), BW_ERROR_ARGUMENT, words);
    assert_null(forest);
    bw_context_free(ctx);
}

static void impossible_requests_are_refused(void **state) {
    (void)state;
    problem p = noisy_problem(100, 3, 2, 1);
    const bw_forest_options good = options(5);
    bw_forest_options bad[] = {good, good, good, good, good, good, good, good};
    static const char *const words[] = {"trees is 0",      "trees is 1001", "mtry is -3",   "mtry is 4",
                                        "max_depth is -1", "min_leaf is 0", "balance is 3", "balance is -1"};
    bad[0].trees = 0;
    bad[1].trees = BW_MAX_TREES + 1;
    bad[2].mtry = -3;
    bad[3].mtry = 4;
    bad[4].max_depth = -1;
    bad[5].min_leaf = 0;
    bad[6].balance = (bw_balance)3;
    bad[7].balance = (bw_balance)-1;
    for (int i = 0; i < 8; i++)
        refuse(&p, &bad[i], words[i]);
    bw_forest_options o = good;
    static const double fractions[] = {-0.1, 1.01, NAN};
    for (int i = 0; i < 3; i++) {
        o.bootstrap = fractions[i];
        refuse(&p, &o, "bootstrap is");
    }
    o = good;
    o.extra = 2;
    refuse(&p, &o, "extra is 2");
    o = good;
    o.balance = BW_BALANCE_CUSTOM;
    refuse(&p, &o, "class_weights is above 0 for 0 of the 2 labelled classes");
    o.class_weights[0] = 1;
    refuse(&p, &o, "class_weights is above 0 for 1 of the 2 labelled classes");
    static const float weights[] = {-1, 4097, NAN};
    for (int i = 0; i < 3; i++) {
        o.class_weights[1] = weights[i];
        refuse(&p, &o, "for class 2; it must be from 0 to 4096");
        p.weights = malloc(100 * sizeof *p.weights);
        assert_non_null(p.weights);
        for (int j = 0; j < 100; j++)
            p.weights[j] = j == 8 ? weights[i] : 0;
        refuse(&p, &good, "The weight of sample 8 is");
        p.weights[8] = 0;
        refuse(&p, &good, "All samples have weight 0");
        free(p.weights);
        p.weights = NULL;
    }
    static const float odd[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 3; i++) {
        const float before = column(&p, 2)[99];
        column(&p, 2)[99] = odd[i];
        refuse(&p, &good, "not a finite number");
        column(&p, 2)[99] = before;
    }
    p.labels[5] = 2;
    refuse(&p, &good, "Sample 5");
    memset(p.labels, 1, 100);
    refuse(&p, &good, "Only one class is labelled (class 2)");
    p.count = 0;
    refuse(&p, &good, "Nothing is labelled");
    p.features = 0;
    refuse(&p, &good, "features");
    p.features = 3;
    p.classes = 256;
    refuse(&p, &good, "256");
    free_problem(&p);
}

typedef struct trainee {
    bw_context *ctx;
    const problem *p;
    bw_forest *forest;
    bw_status status;
} trainee;

static void train_in_thread(void *user) {
    trainee *t = user;
    const bw_forest_options o = options(BW_MAX_TREES);
    whole w;
    t->status = bw_forest_train(t->ctx, samples_of(t->p, &w), &o, &t->forest);
}

static void training_can_be_cancelled(void **state) {
    (void)state;
    problem p = noisy_problem(30000, 20, 3, 0.1);
    const uint64_t before = bw_memory_in_use();
    trainee t = {.ctx = test_context(2), .p = &p, .forest = (bw_forest *)1};
    test_thread *thread = test_start(train_in_thread, &t);
    while (bw_context_progress(t.ctx) <= 0)
        test_sleep_ms(1);
    bw_context_cancel(t.ctx);
    test_join(thread);
    assert_int_equal(t.status, BW_ERROR_CANCELLED);
    assert_null(t.forest);
    bw_context_free(t.ctx);
    assert_int_equal(bw_memory_in_use(), before);
    free_problem(&p);
}

static void prediction_can_be_cancelled(void **state) {
    (void)state;
    problem p = noisy_problem(200, 2, 2, 1);
    const bw_forest_options o = options(3);
    bw_forest *forest = train(&p, &o, 1, NULL);
    bw_context *ctx = test_context(1);
    static uint8_t bytes[256];
    const uint8_t *columns[] = {bytes, bytes};
    uint32_t votes[400];
    void *scratch = bw_alloc(ctx, bw_forest_scratch_size(forest), 1, "test");
    bw_context_cancel(ctx);
    assert_int_equal(bw_forest_vote(ctx, forest, BW_SIMD_BASE, columns, 200, votes, 200, scratch), BW_ERROR_CANCELLED);
    bw_free(scratch);
    bw_context_free(ctx);
    bw_forest_free(forest);
    free_problem(&p);
}

/* ---- runs that are looked at and changed on the way ---------------------------------------------------------------
 */

static blob blob_of(const bw_growth *growth) {
    bw_context *ctx = test_context(2);
    bw_forest *forest;
    assert_ok(ctx, bw_growth_forest(ctx, growth, &forest));
    const blob b = put(forest);
    bw_forest_free(forest);
    bw_context_free(ctx);
    return b;
}

/* Few trees are grown in parts by several threads. */
static void parts_of_trees_change_no_byte(void **state) {
    (void)state;
    static const int class_counts[] = {3, 5, 40};
    for (int c = 0; c < 3; c++) {
        problem p = noisy_problem(9000, 7, class_counts[c], 0.2);
        for (int extra = 0; extra < 2; extra++) {
            static report first, again;
            bw_forest_options o = options(2);
            o.extra = extra;
            bw_forest *forest = train(&p, &o, 1, &first);
            const blob expected = put(forest);
            bw_forest_free(forest);
            for (int threads = 2; threads <= 8; threads++) {
                forest = train(&p, &o, threads, &again);
                const blob b = put(forest);
                assert_same_blob(b, expected);
                assert_memory_equal(again.importance, first.importance, sizeof first.importance);
                free(b.data);
                bw_forest_free(forest);
            }
            free(expected.data);
        }
        free_problem(&p);
    }
}

/* Enough bytes that small nodes are copied together, which parts of trees must not be. */
static void large_trees_in_parts_change_no_byte(void **state) {
    (void)state;
    problem p = noisy_problem(42000, 20, 3, 0.2);
    static const int trees[] = {1, 5};
    for (int i = 0; i < 2; i++) {
        bw_forest_options o = options(trees[i]);
        o.mtry = i ? BW_MTRY_SQRT : BW_MTRY_ALL;
        const blob expected = train_blob(&p, &o, 1);
        for (int threads = 2; threads <= 8; threads += 3) {
            const blob b = train_blob(&p, &o, threads);
            assert_same_blob(b, expected);
            free(b.data);
        }
        free(expected.data);
    }
    free_problem(&p);
}

/* Short cuts of growing: histograms as a difference, bytes copied together. */
static void short_cuts_change_no_byte(void **state) {
    (void)state;
    problem p = noisy_problem(42000, 20, 3, 0.2);
    static const int mtry[] = {BW_MTRY_ALL, 16, BW_MTRY_SQRT};
    for (int i = 0; i < 3; i++) {
        bw_forest_options o = options(2);
        bw_context *ctx = test_context(2);
        whole w;
        blob blobs[2];
        o.mtry = mtry[i];
        for (int plain = 0; plain < 2; plain++) {
            bw_growth *growth;
            assert_ok(ctx, bw_growth_create(ctx, samples_of(&p, &w), &o, &growth));
            assert_int_equal(growth->plan.subtract, i < 2);
            assert_true(growth->plan.block_size > 0);
            if (plain) {
                growth->plan.subtract = 0;
                growth->plan.block_size = 0;
            }
            assert_ok(ctx, bw_growth_trees(ctx, growth, 2));
            blobs[plain] = blob_of(growth);
            bw_growth_free(growth);
        }
        assert_same_and_free(blobs[0], blobs[1]);
        bw_context_free(ctx);
    }
    free_problem(&p);
}

/* A budget that feeds one thread only. */
static void little_memory_changes_no_byte(void **state) {
    (void)state;
    problem p = noisy_problem(3000, 5, 3, 0.3);
    const bw_forest_options o = options(4);
    bw_context *ctx = test_context(8);
    bw_growth *growth;
    whole w;
    assert_ok(ctx, bw_context_set_memory_budget(ctx, 1));
    assert_ok(ctx, bw_growth_create(ctx, samples_of(&p, &w), &o, &growth));
    const uint64_t before = bw_memory_in_use();
    bw_memory_reset_peak();
    assert_ok(ctx, bw_growth_trees(ctx, growth, 4));
    assert_true(bw_memory_peak() - before < 2 * 3000 * 12 + 400000); /* the draws of one tree, and trees */
    assert_same_and_free(blob_of(growth), train_blob(&p, &o, 8));
    bw_growth_free(growth);
    bw_context_free(ctx);
    free_problem(&p);
}

static void the_first_trees_are_those_of_any_longer_run(void **state) {
    (void)state;
    problem p = noisy_problem(1200, 6, 3, 0.3);
    const bw_forest_options o = options(12);
    bw_context *ctx = test_context(3);
    bw_growth *growth;
    whole w;
    assert_ok(ctx, bw_growth_create(ctx, samples_of(&p, &w), &o, &growth));
    static const int steps[] = {1, 5, 3, 12};
    for (int i = 0; i < 4; i++) {
        assert_ok(ctx, bw_growth_trees(ctx, growth, steps[i]));
        const bw_forest_options shorter = options(i == 2 ? 5 : steps[i]);
        assert_int_equal(bw_growth_tree_count(growth), shorter.trees);
        assert_same_and_free(blob_of(growth), train_blob(&p, &shorter, 2));
    }
    assert_ok(ctx, bw_growth_trees(ctx, growth, 100));
    assert_int_equal(bw_growth_tree_count(growth), 12);
    bw_growth_free(growth);
    bw_context_free(ctx);
    free_problem(&p);
}

/* Features of few values, each with a bin of its own, so that any large subset has the same bins. */
static problem coarse_problem(int64_t count, int features, int classes) {
    problem p = make_problem(count, features, classes);
    for (int f = 0; f < features; f++) {
        for (int64_t i = 0; i < count; i++) {
            const double v = 10 * p.labels[i] + 12 * bell((uint64_t)f + 1, (uint64_t)i);
            column(&p, f)[i] = (float)floor(v < 0 ? 0 : v > 40 ? 40 : v);
        }
    }
    return p;
}

/* The samples and features whose byte is not 0. */
static problem subset(const problem *p, const uint8_t *samples, const uint8_t *features) {
    int64_t count = 0;
    int used = 0;
    for (int64_t i = 0; i < p->count; i++)
        count += samples[i] != 0;
    for (int f = 0; f < p->features; f++)
        used += features[f] != 0;
    problem s = make_problem(count, used, p->classes);
    for (int f = 0, to = 0; f < p->features; f++) {
        if (!features[f]) continue;
        for (int64_t i = 0, n = 0; i < p->count; i++) {
            if (!samples[i]) continue;
            s.labels[n] = p->labels[i];
            column(&s, to)[n++] = p->columns[f][i];
        }
        to++;
    }
    return s;
}

static uint32_t *growth_votes(const bw_growth *growth, const problem *p, const uint8_t *which, int out_of_bag) {
    bw_context *ctx = test_context(2);
    uint32_t *votes = malloc((size_t)(p->count * p->classes) * sizeof *votes);
    assert_non_null(votes);
    memset(votes, 0xEE, (size_t)(p->count * p->classes) * sizeof *votes);
    assert_ok(ctx, bw_growth_votes(ctx, growth, which, out_of_bag, votes));
    bw_context_free(ctx);
    return votes;
}

/* The forest of a restricted run votes as one that was trained on the subset. */
static void assert_restricted(bw_growth *growth, const problem *p, const bw_forest_options *o, const uint8_t *samples,
                              const uint8_t *features) {
    bw_context *ctx = test_context(2);
    problem part = subset(p, samples, features);
    const float *columns[MAX_FEATURES];
    int used = 0;
    assert_ok(ctx, bw_growth_restrict(ctx, growth, samples, features));
    assert_int_equal(bw_growth_tree_count(growth), 0);
    assert_ok(ctx, bw_growth_trees(ctx, growth, o->trees));
    for (int f = 0; f < p->features; f++) {
        if (features[f]) columns[used++] = p->columns[f];
    }
    bw_forest *forest = train(&part, o, 2, NULL);
    uint32_t *expected = vote(forest, best_level(), columns, p->count);
    uint32_t *votes = growth_votes(growth, p, NULL, BW_ALL_TREES);
    assert_memory_equal(votes, expected, (size_t)(p->count * p->classes) * sizeof *votes);
    free(votes);
    votes = growth_votes(growth, p, NULL, BW_OUT_OF_BAG);
    for (int64_t i = 0; i < p->count; i++) {
        for (int k = 0; k < p->classes; k++) {
            if (!samples[i]) assert_int_equal(votes[k * p->count + i], expected[k * p->count + i]);
            if (samples[i]) assert_true(votes[k * p->count + i] <= expected[k * p->count + i]);
        }
    }
    free(votes);
    free(expected);
    bw_forest_free(forest);
    free_problem(&part);
    bw_context_free(ctx);
}

static void a_restricted_run_is_one_on_the_subset(void **state) {
    (void)state;
    problem p = coarse_problem(3000, 9, 3);
    uint8_t samples[3000], features[9], all[3000];
    bw_context *ctx = test_context(2);
    memset(all, 1, sizeof all);
    for (int64_t i = 0; i < p.count; i++)
        samples[i] = i % 5 != 2 ? (uint8_t)(1 + i % 200) : 0;
    for (int f = 0; f < 9; f++)
        features[f] = f % 4 != 1;
    for (int kind = 0; kind < 4; kind++) {
        bw_forest_options o = options(8);
        o.bootstrap = kind == 1 ? 0.4 : kind == 2 ? 0 : 1;
        o.balance = kind == 3 ? BW_BALANCE_CLASSES : BW_BALANCE_NONE;
        bw_growth *growth = grow(ctx, &p, &o);
        const blob before = blob_of(growth);
        assert_restricted(growth, &p, &o, samples, features);
        assert_restricted(growth, &p, &o, samples, all);
        assert_restricted(growth, &p, &o, all, features);
        assert_ok(ctx, bw_growth_restrict(ctx, growth, NULL, NULL));
        assert_ok(ctx, bw_growth_trees(ctx, growth, o.trees));
        assert_same_and_free(before, blob_of(growth));
        bw_growth_free(growth);
    }
    bw_context_free(ctx);
    free_problem(&p);
}

static void votes_are_given_for_the_samples_asked_for(void **state) {
    (void)state;
    problem p = noisy_problem(5000, 4, 3, 0.5);
    const bw_forest_options o = options(7);
    bw_context *ctx = test_context(2);
    bw_growth *growth = grow(ctx, &p, &o);
    uint8_t which[5000] = {0};
    for (int i = 0; i < 2100; i++)
        which[i] = i % 3 == 0;
    for (int out_of_bag = 0; out_of_bag < 2; out_of_bag++) {
        uint32_t *all = growth_votes(growth, &p, NULL, out_of_bag), *some = growth_votes(growth, &p, which, out_of_bag);
        for (int64_t i = 0; i < p.count; i++) {
            int64_t sum = 0;
            for (int k = 0; k < 3; k++) {
                assert_int_equal(some[k * p.count + i], which[i] ? all[k * p.count + i] : 0);
                sum += all[k * p.count + i];
            }
            assert_int_equal(sum % LEAF_VOTES, 0);
            assert_true(out_of_bag ? sum <= 7 * LEAF_VOTES : sum == 7 * LEAF_VOTES);
        }
        free(all);
        free(some);
    }
    bw_growth_free(growth);
    bw_context_free(ctx);
    free_problem(&p);
}

/* ---- weights ----------------------------------------------------------------------------------------------------- */

/* Each sample as often as its weight says. */
static problem repeated(const problem *p) {
    int64_t count = 0;
    for (int64_t i = 0; i < p->count; i++)
        count += (int64_t)p->weights[i];
    problem r = make_problem(count, p->features, p->classes);
    for (int64_t i = 0, n = 0; i < p->count; i++) {
        for (int copy = 0; copy < (int)p->weights[i]; copy++, n++) {
            r.labels[n] = p->labels[i];
            for (int f = 0; f < p->features; f++)
                column(&r, f)[n] = p->columns[f][i];
        }
    }
    return r;
}

static bw_forest_options option_kind(int kind, int trees) {
    bw_forest_options o = options(trees);
    o.bootstrap = kind % 3 == 0 ? 1 : kind % 3 == 1 ? 0.3 : 0;
    o.balance = (bw_balance)(kind / 3 % 3);
    o.extra = kind / 9;
    o.min_leaf = 1 + kind % 2 * 3;
    o.class_weights[0] = 1;
    o.class_weights[1] = 0.3f;
    o.class_weights[2] = 2.5f;
    return o;
}

static void a_weight_is_so_many_samples(void **state) {
    (void)state;
    problem p = noisy_problem(1100, 6, 3, 0.3);
    p.weights = malloc((size_t)p.count * sizeof *p.weights);
    assert_non_null(p.weights);
    for (int64_t i = 0; i < p.count; i++)
        p.weights[i] = (float)(bw_random(4, 4, (uint64_t)i) % 4);
    problem many = repeated(&p);
    for (int kind = 0; kind < 18; kind++) {
        const bw_forest_options o = option_kind(kind, 5);
        assert_same_and_free(train_blob(&p, &o, 2), train_blob(&many, &o, 2));
    }
    free_problem(&p);
    free_problem(&many);
}

static void weights_of_one_are_no_weights(void **state) {
    (void)state;
    problem p = noisy_problem(900, 5, 3, 0.3), other = noisy_problem(900, 5, 3, 0.3);
    other.weights = malloc(900 * sizeof *other.weights);
    assert_non_null(other.weights);
    for (int64_t i = 0; i < 900; i++)
        other.weights[i] = i == 450 ? 1.000001f : 1; /* rounds to 1, but goes the way of weights */
    for (int kind = 0; kind < 18; kind++) {
        const bw_forest_options o = option_kind(kind, 4);
        const blob none = train_blob(&p, &o, 2);
        assert_same_and_free(none, train_blob(&other, &o, 2));
    }
    free_problem(&p);
    free_problem(&other);
}

/* Shares of the draws follow weights that are no whole numbers. */
static void heavy_samples_are_drawn_more_often(void **state) {
    (void)state;
    problem p = make_problem(4000, 1, 2);
    p.weights = malloc((size_t)p.count * sizeof *p.weights);
    assert_non_null(p.weights);
    for (int64_t i = 0; i < p.count; i++)
        p.weights[i] = p.labels[i] ? 0.07f * (float)(1 + i % 7) : 0.12f; /* mean 0.28 for class 1 */
    for (int kind = 0; kind < 2; kind++) {
        bw_forest_options o = options(100);
        o.bootstrap = kind ? 0 : 1;
        bw_forest *forest = train(&p, &o, 2, NULL);
        uint32_t *votes = vote(forest, best_level(), p.columns, 1);
        assert_true(fabs(votes[1] / (double)bw_forest_vote_total(forest) - 0.7) < 0.01);
        free(votes);
        bw_forest_free(forest);
    }
    free_problem(&p);
}

static void class_weights_are_shares_of_the_draws(void **state) {
    (void)state;
    problem p = make_problem(3000, 1, 4);
    for (int64_t i = 0; i < p.count; i++)
        p.labels[i] = i % 100 == 0 ? 3 : i % 10 == 1 ? 1 : i % 10 == 2 ? 2 : 0;
    for (int kind = 0; kind < 2; kind++) {
        bw_forest_options o = options(100);
        static const double shares[] = {0.25, 0.5, 0, 0.25};
        o.bootstrap = kind ? 0 : 1;
        o.balance = BW_BALANCE_CUSTOM;
        for (int k = 0; k < 4; k++)
            o.class_weights[k] = (float)shares[k] * 3;
        bw_forest *forest = train(&p, &o, 2, NULL);
        uint32_t *votes = vote(forest, best_level(), p.columns, 1);
        for (int k = 0; k < 4; k++)
            assert_true(fabs(votes[k] / (double)bw_forest_vote_total(forest) - shares[k]) < 0.01);
        assert_int_equal(votes[2], 0);
        free(votes);
        bw_forest_free(forest);
    }
    free_problem(&p);
}

/* A class of weight 0 might as well be missing. */
static void samples_of_a_class_without_weight_are_out_of_bag(void **state) {
    (void)state;
    problem p = coarse_problem(1500, 3, 3);
    bw_forest_options o = options(9);
    bw_context *ctx = test_context(2);
    o.balance = BW_BALANCE_CUSTOM;
    o.class_weights[0] = o.class_weights[2] = 1;
    bw_growth *growth = grow(ctx, &p, &o);
    uint32_t *votes = growth_votes(growth, &p, NULL, BW_OUT_OF_BAG);
    for (int64_t i = 0; i < p.count; i++) {
        assert_int_equal(votes[p.count + i], 0);
        if (p.labels[i] == 1) assert_int_equal(votes[i] + votes[2 * p.count + i], 9 * LEAF_VOTES);
    }
    free(votes);
    bw_growth_free(growth);
    bw_context_free(ctx);
    free_problem(&p);
}

static void the_fraction_drawn_is_kept(void **state) {
    (void)state;
    problem p = noisy_problem(6000, 2, 2, 1);
    static const double fractions[] = {0.1, 0.5, 1, 0};
    static const double left_out[] = {0.9048, 0.6065, 0.3679, 0};
    for (int i = 0; i < 4; i++) {
        bw_forest_options o = options(1);
        static report r;
        o.bootstrap = fractions[i];
        bw_forest *forest = train(&p, &o, 2, &r);
        assert_true(fabs((double)r.oob_samples / 6000 - left_out[i]) < 0.02);
        bw_forest_free(forest);
    }
    free_problem(&p);
}

/* ---- order and parts of the samples ------------------------------------------------------------------------------ */

static void parts_of_samples_change_no_byte(void **state) {
    (void)state;
    problem p = noisy_problem(1000, 4, 3, 0.4);
    const bw_forest_options o = options(6);
    static const int64_t ends[] = {0, 7, 7, 640, 641, 1000};
    const float *columns[5][4];
    bw_sample_part parts[5];
    for (int i = 0; i < 5; i++) {
        for (int f = 0; f < 4; f++)
            columns[i][f] = p.columns[f] + ends[i];
        parts[i] = (bw_sample_part){ends[i + 1] - ends[i], columns[i], p.labels + ends[i], NULL};
    }
    bw_context *ctx = test_context(2);
    const bw_samples samples = {1000, 4, 3, 5, parts};
    bw_forest *forest;
    assert_ok(ctx, bw_forest_train(ctx, &samples, &o, &forest));
    assert_same_and_free(put(forest), train_blob(&p, &o, 2));
    bw_forest_free(forest);
    bw_context_free(ctx);
    free_problem(&p);
}

static void the_order_of_samples_matters_to_the_drawing_only(void **state) {
    (void)state;
    problem p = noisy_problem(2000, 5, 3, 0.3), q = make_problem(2000, 5, 3);
    for (int64_t i = 0; i < p.count; i++) {
        const int64_t to = (i * 1237 + 77) % 2000; /* 1237 and 2000 have no common factor */
        q.labels[to] = p.labels[i];
        for (int f = 0; f < 5; f++)
            column(&q, f)[to] = p.columns[f][i];
    }
    for (int kind = 0; kind < 2; kind++) {
        bw_forest_options o = options(3);
        o.bootstrap = 0;
        o.mtry = BW_MTRY_ALL;
        o.balance = (bw_balance)kind;
        assert_same_and_free(train_blob(&p, &o, 2), train_blob(&q, &o, 2));
    }
    whole w;
    bw_context *ctx = test_context(2);
    bw_binned a, b;
    assert_ok(ctx, bw_binned_create(ctx, samples_of(&p, &w), &a));
    assert_ok(ctx, bw_binned_create(ctx, samples_of(&q, &w), &b));
    for (int f = 0; f < 5; f++) {
        assert_int_equal(a.cut_count[f], b.cut_count[f]);
        assert_memory_equal(a.cuts + f * BW_MAX_CUTS, b.cuts + f * BW_MAX_CUTS, a.cut_count[f] * sizeof *a.cuts);
    }
    bw_binned_free(&a);
    bw_binned_free(&b);
    bw_context_free(ctx);
    free_problem(&p);
    free_problem(&q);
}

/* ---- candidates -------------------------------------------------------------------------------------------------- */

static void special_numbers_of_candidates_follow_the_features(void **state) {
    (void)state;
    static const int mtry[][4] = {{9, 3, 4, 9}, {13, 4, 4, 13}, {1, 1, 1, 1}, {20, 4, 5, 20}};
    static const int special[] = {BW_MTRY_SQRT, BW_MTRY_LOG2, BW_MTRY_ALL};
    for (int i = 0; i < 4; i++) {
        problem p = noisy_problem(400, mtry[i][0], 2, 0.2);
        for (int s = 0; s < 3; s++) {
            bw_forest_options o = options(4), same = options(4);
            o.mtry = special[s];
            same.mtry = mtry[i][s + 1];
            assert_same_and_free(train_blob(&p, &o, 1), train_blob(&p, &same, 1));
        }
        free_problem(&p);
    }
}

/* One uniform feature, random cuts: their mean and variance are those of a uniform number. */
static void random_cuts_are_uniform(void **state) {
    (void)state;
    problem p = make_problem(2000, 1, 2);
    for (int64_t i = 0; i < p.count; i++)
        column(&p, 0)[i] = (float)i * (float)i; /* dense below, thin above: uniform in value, not in rank */
    bw_forest_options o = options(BW_MAX_TREES);
    o.extra = 1;
    o.max_depth = 1;
    o.bootstrap = 0;
    bw_forest *forest = train(&p, &o, 2, NULL);
    plain_forest *plain = read_plain(forest);
    double sum = 0, squares = 0;
    for (int t = 0; t < plain->trees; t++) {
        const double x = (double)plain->nodes[t][0].threshold / (1999.0 * 1999.0);
        assert_false(plain->nodes[t][0].leaf);
        sum += x;
        squares += x * x;
    }
    const double mean = sum / plain->trees, variance = squares / plain->trees - mean * mean;
    assert_true(fabs(mean - 0.5) < 0.03 && fabs(variance - 1.0 / 12) < 0.01);
    free_plain(plain);
    bw_forest_free(forest);
    free_problem(&p);
}

static void extremely_randomised_trees_learn(void **state) {
    (void)state;
    for (int classes = 2; classes <= 34; classes += 16) {
        problem p = noisy_problem(2040, 6, classes, 3);
        bw_forest_options o = options(40);
        static report r;
        o.extra = 1;
        const bw_forest_options searching = options(40);
        bw_forest *forest = train(&p, &o, 2, &r), *plain = train(&p, &searching, 2, NULL);
        assert_true(oob_accuracy(&r) > 0.99);
        assert_true(bw_forest_nodes(forest) > bw_forest_nodes(plain));
        assert_votes_match(forest, p.columns, 200);
        bw_forest_free(plain);
        bw_forest_free(forest);
        o.min_leaf = 30;
        forest = train(&p, &o, 2, NULL);
        assert_true(bw_forest_nodes(forest) <= 40 * (2 * 2040 / 30 - 1));
        bw_forest_free(forest);
        free_problem(&p);
    }
}

/* ---- permutation importance -------------------------------------------------------------------------------------- */

static void importance_of(const problem *p, const int *group_of, int groups, int threads, double *decrease) {
    const bw_forest_options o = options(60);
    bw_context *ctx = test_context(threads);
    bw_growth *growth = grow(ctx, p, &o);
    assert_ok(ctx, bw_growth_importance(ctx, growth, group_of, groups, 5, decrease));
    bw_growth_free(growth);
    bw_context_free(ctx);
}

static void permuting_tells_informative_features_from_noise(void **state) {
    (void)state;
    problem p = noisy_problem(2500, 6, 2, 0);
    for (int64_t i = 0; i < p.count; i++) {
        column(&p, 1)[i] += 2.0f * (float)p.labels[i];
        column(&p, 3)[i] += 0.7f * (float)p.labels[i];
    }
    static const int group_of[] = {0, 1, 2, 3, -1, 4};
    double decrease[6], again[6];
    importance_of(&p, group_of, 5, 1, decrease);
    assert_true(decrease[1] > 0.2 && decrease[1] > 3 * decrease[3] && decrease[3] > 0.01);
    assert_true(fabs(decrease[0]) < 0.01 && fabs(decrease[2]) < 0.01 && fabs(decrease[4]) < 0.01);
    for (int threads = 2; threads <= 5; threads += 3) {
        importance_of(&p, group_of, 5, threads, again);
        assert_memory_equal(again, decrease, 5 * sizeof *decrease);
    }
    free_problem(&p);
}

/* Each copy stands in for the other: only together are they missed. */
static void copies_are_missed_together(void **state) {
    (void)state;
    problem p = noisy_problem(2000, 4, 2, 0);
    for (int64_t i = 0; i < p.count; i++)
        column(&p, 0)[i] = column(&p, 1)[i] = (float)p.labels[i] + 0.4f * (float)bell(9, (uint64_t)i);
    static const int alone[] = {0, 1, 2, 3}, together[] = {0, 0, 1, 2};
    double single[4], pair[3];
    importance_of(&p, alone, 4, 2, single);
    importance_of(&p, together, 3, 2, pair);
    assert_true(pair[0] > 0.35);
    assert_true(single[0] < 0.8 * pair[0] && single[1] < 0.8 * pair[0]);
    assert_true(fabs(pair[1]) < 0.01 && fabs(pair[2]) < 0.01);
    free_problem(&p);
}

static void without_samples_out_of_bag_there_is_no_permutation_importance(void **state) {
    (void)state;
    problem p = noisy_problem(300, 2, 2, 1);
    bw_forest_options o = options(3);
    bw_context *ctx = test_context(2);
    double decrease[2];
    static const int group_of[] = {0, 1}, wrong[] = {0, 2};
    o.bootstrap = 0;
    bw_growth *growth = grow(ctx, &p, &o);
    assert_ok(ctx, bw_growth_importance(ctx, growth, group_of, 2, 1, decrease));
    assert_true(isnan(decrease[0]) && isnan(decrease[1]));
    assert_refused(ctx, bw_growth_importance(ctx, growth, wrong, 2, 1, decrease), BW_ERROR_ARGUMENT, "group 2");
    bw_context_free(ctx);
    ctx = test_context(2);
    assert_refused(ctx, bw_growth_importance(ctx, growth, group_of, 2, 101, decrease), BW_ERROR_ARGUMENT, "101");
    bw_growth_free(growth);
    bw_context_free(ctx);
    free_problem(&p);
}

/* ---- refusals and cancelling ------------------------------------------------------------------------------------- */

static void impossible_restrictions_are_refused(void **state) {
    (void)state;
    problem p = noisy_problem(100, 3, 2, 1);
    const bw_forest_options o = options(2);
    bw_context *ctx = test_context(1);
    bw_growth *growth = grow(ctx, &p, &o);
    bw_forest *forest = (bw_forest *)1;
    uint8_t samples[100], none[100] = {0};
    for (int i = 0; i < 100; i++)
        samples[i] = p.labels[i];
    assert_refused(ctx, bw_growth_restrict(ctx, growth, samples, NULL), BW_ERROR_ARGUMENT, "Only one class");
    bw_context_free(ctx);
    ctx = test_context(1);
    assert_refused(ctx, bw_growth_restrict(ctx, growth, NULL, none), BW_ERROR_ARGUMENT, "No features");
    bw_context_free(ctx);
    ctx = test_context(1);
    assert_refused(ctx, bw_growth_restrict(ctx, growth, none, NULL), BW_ERROR_ARGUMENT, "No samples");
    bw_context_free(ctx);
    ctx = test_context(1);
    assert_int_equal(bw_growth_tree_count(growth), 2); /* as before */
    assert_ok(ctx, bw_growth_restrict(ctx, growth, NULL, NULL));
    assert_refused(ctx, bw_growth_forest(ctx, growth, &forest), BW_ERROR_ARGUMENT, "No tree");
    assert_null(forest);
    bw_growth_free(growth);
    bw_context_free(ctx);
    free_problem(&p);
}

static int stop_soon(void *user, double fraction) {
    (void)fraction;
    return ++*(int *)user > 2;
}

/* The trees grown before stay, and a longer run goes on from there. */
static void a_cancelled_run_can_be_continued(void **state) {
    (void)state;
    problem p = noisy_problem(4000, 6, 3, 0.2);
    const bw_forest_options o = options(40);
    for (int threads = 1; threads <= 4; threads += 3) {
        bw_context *ctx = test_context(threads);
        bw_growth *growth;
        whole w;
        int calls = 0;
        assert_ok(ctx, bw_growth_create(ctx, samples_of(&p, &w), &o, &growth));
        assert_ok(ctx, bw_growth_trees(ctx, growth, 3));
        bw_progress_begin(ctx, 40);
        bw_context_set_progress(ctx, stop_soon, &calls);
        assert_int_equal(bw_growth_trees(ctx, growth, 40), BW_ERROR_CANCELLED);
        bw_context_free(ctx);
        assert_int_equal(bw_growth_tree_count(growth), 3);
        ctx = test_context(2);
        const bw_forest_options three = options(3);
        assert_same_and_free(blob_of(growth), train_blob(&p, &three, 1));
        assert_ok(ctx, bw_growth_trees(ctx, growth, 40));
        assert_same_and_free(blob_of(growth), train_blob(&p, &o, 1));
        bw_growth_free(growth);
        bw_context_free(ctx);
    }
    free_problem(&p);
}

/* ---- prediction
 * --------------------------------------------------------------------------------------------------------- */

static void every_level_votes_like_a_plain_walk(void **state) {
    (void)state;
    static const int64_t counts[] = {1, 2, 63, 64, 65, 127, 129, 1000, 1024, 2100};
    static const int class_counts[] = {2, 3, 9};
    const int step = test_quick() ? 3 : 1; /* 1, 64, 129, 2100 */
    for (int c = 0; c < 3; c++) {
        problem p = noisy_problem(2100, 8, class_counts[c], 0.15);
        bw_forest_options o = options(c == 0 ? 170 : 12); /* 170 trees overflow 16-bit sums twice */
        bw_forest *forest = train(&p, &o, 2, NULL);
        for (int i = 0; i < 10; i += step)
            assert_votes_match(forest, p.columns, counts[i]);
        bw_forest_free(forest);
        o.min_leaf = 7; /* mixed leaves */
        forest = train(&p, &o, 2, NULL);
        for (int i = 0; i < 10; i += step)
            assert_votes_match(forest, p.columns, counts[i]);
        bw_forest_free(forest);
        free_problem(&p);
    }
}

/* A tree that peels off one sample per level: longer than any queue that grows with depth would like. */
static void deep_trees_are_walked(void **state) {
    (void)state;
    problem p = make_problem(6000, 40, 2);
    for (int64_t i = 0; i < p.count; i++) {
        p.labels[i] = (uint8_t)(i & 1);
        for (int f = 0; f < 40; f++)
            column(&p, f)[i] = i / 150 == f ? (float)(i % 150 + 1) : 0.0f;
    }
    const bw_forest_options o = options(6);
    bw_forest *forest = train(&p, &o, 2, NULL);
    plain_forest *plain = read_plain(forest);
    int deepest = 0;
    for (int i = 0; i < plain->node_count[0]; i++) {
        if (plain->nodes[0][i].depth > deepest) deepest = plain->nodes[0][i].depth;
    }
    assert_true(deepest > 100);
    free_plain(plain);
    assert_votes_match(forest, p.columns, 6000);
    bw_forest_free(forest);
    free_problem(&p);
}

static uint8_t brute_byte(const plain_forest *plain, int feature, float value) {
    int below = 0;
    for (int i = 0; i < plain->cut_count[feature]; i++)
        below += plain->cuts[feature][i] < value;
    return (uint8_t)below;
}

static void assert_bytes(const bw_forest *forest, const plain_forest *plain, int feature, const float *values,
                         int count) {
    uint8_t *bytes = malloc((size_t)count + 1);
    assert_non_null(bytes);
    for (int level = 0; level <= (int)best_level(); level++) {
        for (int n = count; n > 0; n = n > 70 ? n / 2 : n - 1) {
            bytes[n] = 0xA5;
            bw_forest_quantise(forest, (bw_simd)level, feature, values, n, bytes);
            assert_int_equal(bytes[n], 0xA5);
            for (int i = 0; i < n; i++) {
                if (bytes[i] == brute_byte(plain, feature, values[i])) continue;
                fail_msg("level %d, feature %d, %.9g: %d instead of %d", level, feature, (double)values[i], bytes[i],
                         brute_byte(plain, feature, values[i]));
            }
        }
    }
    free(bytes);
}

static void bytes_count_the_thresholds_below(void **state) {
    (void)state;
    static const int distinct[] = {1, 2, 3, 4, 5, 8, 9, 16, 17, 33, 65, 129, 256, 257, 3000};
    enum { COLUMNS = 15, EXTRA = 12 };
    static const float extra[EXTRA] = {0.0f,    -0.0f,    FLT_MAX,      -FLT_MAX,      INFINITY,         -INFINITY,
                                       FLT_MIN, -FLT_MIN, FLT_TRUE_MIN, -FLT_TRUE_MIN, 3 * FLT_TRUE_MIN, 1e30f};
    problem p = make_problem(3000, COLUMNS + 1, 2);
    for (int64_t i = 0; i < p.count; i++) {
        p.labels[i] = bw_random(5, 5, (uint64_t)i) & 1;
        for (int f = 0; f < COLUMNS; f++) {
            const double u = (double)(bw_random(2, (uint64_t)f, (uint64_t)i) % (uint64_t)distinct[f]) / distinct[f];
            column(&p, f)[i] = (float)(u * u * u * 1e6);
        }
        column(&p, COLUMNS)[i] = extra[(i / 2) % EXTRA];
        if (isinf(column(&p, COLUMNS)[i])) column(&p, COLUMNS)[i] = i % 4 ? FLT_TRUE_MIN * 2 : FLT_MAX / 2;
    }
    const bw_forest_options o = options(60);
    bw_forest *forest = train(&p, &o, 2, NULL);
    plain_forest *plain = read_plain(forest);
    assert_true(plain->cut_count[COLUMNS] > 8 && plain->cut_count[14] > 200);
    for (int f = 0; f <= COLUMNS; f++) {
        const int cuts = plain->cut_count[f], count = 3 * cuts + EXTRA;
        float *values = malloc((size_t)count * sizeof *values);
        assert_non_null(values);
        assert_true(cuts < distinct[f < COLUMNS ? f : 11]);
        for (int i = 0; i < cuts; i++) {
            values[3 * i] = plain->cuts[f][i];
            values[3 * i + 1] = nextafterf(plain->cuts[f][i], INFINITY);
            values[3 * i + 2] = nextafterf(plain->cuts[f][i], -INFINITY);
        }
        memcpy(values + 3 * cuts, extra, sizeof extra);
        assert_bytes(forest, plain, f, values, count);
        assert_bytes(forest, plain, f, p.columns[f], 3000);
        free(values);
    }
    free_plain(plain);
    bw_forest_free(forest);
    free_problem(&p);
}

/* ---- files
 * ---------------------------------------------------------------------------------------------------------------- */

static void a_read_forest_is_the_written_one(void **state) {
    (void)state;
    for (int mixed = 0; mixed < 2; mixed++) {
        problem p = noisy_problem(900, 9, 4, 0.3);
        bw_forest_options o = options(15);
        o.min_leaf = mixed ? 9 : 1;
        bw_forest *forest = train(&p, &o, 2, NULL), *read;
        bw_context *ctx = test_context(1);
        const blob b = put(forest);
        assert_ok(ctx, get(ctx, b, &read));
        const blob again = put(read);
        assert_same_blob(b, again);
        assert_true(b.size < (uint64_t)bw_forest_nodes(forest) * 8 + 9 * 4 * 256);
        assert_int_equal(bw_forest_nodes(read), bw_forest_nodes(forest));
        assert_int_equal(bw_forest_trees(read), 15);
        assert_int_equal(bw_forest_classes(read), 4);
        assert_int_equal(bw_forest_features(read), 9);
        uint32_t *x = vote(forest, best_level(), p.columns, 900), *y = vote(read, best_level(), p.columns, 900);
        assert_memory_equal(x, y, 4 * 900 * sizeof *x);
        free(x);
        free(y);
        free(b.data);
        free(again.data);
        bw_forest_free(forest);
        bw_forest_free(read);
        bw_context_free(ctx);
        free_problem(&p);
    }
}

static bw_forest *small_forest(problem *p) {
    bw_forest_options o = options(6);
    *p = noisy_problem(160, 4, 3, 0.5);
    o.min_leaf = 2;
    return train(p, &o, 1, NULL);
}

static void every_truncation_is_refused(void **state) {
    (void)state;
    problem p;
    bw_forest *forest = small_forest(&p);
    const blob b = put(forest);
    const uint64_t before = bw_memory_in_use();
    for (uint64_t size = 0; size < b.size; size++) {
        bw_context *ctx = test_context(1);
        uint8_t *part = malloc((size_t)size + 1); /* its own block, so that a sanitizer sees reads behind the end */
        bw_forest *read = (bw_forest *)1;
        assert_non_null(part);
        memcpy(part, b.data, (size_t)size);
        assert_refused(ctx, get(ctx, (blob){part, size}, &read), BW_ERROR_FORMAT, "damaged");
        assert_null(read);
        free(part);
        bw_context_free(ctx);
    }
    assert_int_equal(bw_memory_in_use(), before);
    free(b.data);
    bw_forest_free(forest);
    free_problem(&p);
}

/* A damaged forest is refused, or it is a forest: its votes add up. */
static int load_damaged(const problem *p, blob b) {
    bw_context *ctx = test_context(1);
    bw_forest *forest = NULL;
    const bw_status status = get(ctx, b, &forest);
    if (status != BW_OK) {
        assert_int_equal(status, BW_ERROR_FORMAT);
        assert_null(forest);
    } else if (bw_forest_features(forest) <= MAX_FEATURES) {
        const float *columns[MAX_FEATURES];
        for (int f = 0; f < MAX_FEATURES; f++)
            columns[f] = p->columns[f % p->features];
        const int classes = bw_forest_classes(forest);
        uint32_t *votes = vote(forest, best_level(), columns, 100);
        for (int i = 0; i < 100; i++) {
            uint64_t sum = 0;
            for (int k = 0; k < classes; k++)
                sum += votes[k * 100 + i];
            assert_int_equal(sum, bw_forest_vote_total(forest));
        }
        free(votes);
    }
    bw_forest_free(forest);
    bw_context_free(ctx);
    return status == BW_OK;
}

static void damaged_bytes_do_no_harm(void **state) {
    (void)state;
    problem p;
    bw_forest *forest = small_forest(&p);
    const blob b = put(forest);
    const uint64_t before = bw_memory_in_use();
    uint8_t *copy = malloc((size_t)b.size);
    int loaded = 0;
    assert_non_null(copy);
    for (uint64_t trial = 0; trial < 6000; trial++) {
        memcpy(copy, b.data, (size_t)b.size);
        for (uint64_t flip = 0; flip <= trial % 3; flip++) {
            const uint64_t random = bw_random(11, trial, flip);
            const uint64_t at = trial < 2000 ? random % 64 : random % b.size;
            copy[at] = trial & 1 ? copy[at] ^ (uint8_t)(1u << (random >> 40 & 7)) : (uint8_t)(random >> 48);
        }
        loaded += load_damaged(&p, (blob){copy, b.size});
    }
    assert_true(loaded > 100 && loaded < 5900);
    assert_int_equal(bw_memory_in_use(), before);
    free(copy);
    free(b.data);
    bw_forest_free(forest);
    free_problem(&p);
}

typedef struct damage {
    const char *words;
    uint8_t bytes[40];
    int size;
} damage;

/* Two classes, one feature with two thresholds (1 and 2), one tree. */
static void each_rule_of_the_format_is_checked(void **state) {
    (void)state;
#define HEADER(classes) 1, 0, classes, 0, 1, 0, 0, 0, 1, 0, 0, 0
#define CUTS 2, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40
    static const damage cases[] = {
        {NULL, {HEADER(2), CUTS, 3, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0, 0xff, 0xff, 1}, 34},
        {"version", {2, 0, 2, 0, 1, 0, 0, 0, 1, 0, 0, 0, CUTS, 1, 0, 0, 0, 0xff, 0xff, 0}, 28},
        {"classes is", {HEADER(1), CUTS, 1, 0, 0, 0, 0xff, 0xff, 0}, 28},
        {"features is", {1, 0, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, CUTS, 1, 0, 0, 0, 0xff, 0xff, 0}, 28},
        {"trees is", {1, 0, 2, 0, 1, 0, 0, 0, 0xe9, 3, 0, 0, CUTS, 1, 0, 0, 0, 0xff, 0xff, 0}, 28},
        {"not a finite", {HEADER(2), 1, 0, 0, 0xc0, 0x7f, 1, 0, 0, 0, 0xff, 0xff, 0}, 24},
        {"ascending", {HEADER(2), 2, 0, 0, 0x80, 0x3f, 0, 0, 0x80, 0x3f, 1, 0, 0, 0, 0xff, 0xff, 0}, 28},
        {"split's feature", {HEADER(2), CUTS, 3, 0, 0, 0, 1, 0, 1, 0xff, 0xff, 0, 0xff, 0xff, 1}, 34},
        {"split's threshold", {HEADER(2), CUTS, 3, 0, 0, 0, 0, 0, 2, 0xff, 0xff, 0, 0xff, 0xff, 1}, 34},
        {"leaf's class", {HEADER(2), CUTS, 3, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 2, 0xff, 0xff, 1}, 34},
        {"belongs to no split", {HEADER(2), CUTS, 3, 0, 0, 0, 0xff, 0xff, 1, 0xff, 0xff, 0, 0xff, 0xff, 1}, 34},
        {"lacks a child", {HEADER(2), CUTS, 2, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0, 0xff, 0xff, 1}, 34},
        {"number of nodes", {HEADER(2), CUTS, 0, 0, 0, 0, 0xff, 0xff, 1, 0xff, 0xff, 0, 0xff, 0xff, 1}, 34},
        {NULL, {HEADER(2), CUTS, 1, 0, 0, 0, 0xfe, 0xff, 2, 0, 0x40, 1, 1, 8, 2}, 34},
        {"number of classes", {HEADER(2), CUTS, 1, 0, 0, 0, 0xfe, 0xff, 1, 0, 0x48, 3, 1, 8, 2}, 34},
        {"leaf's class", {HEADER(2), CUTS, 1, 0, 0, 0, 0xfe, 0xff, 2, 1, 0x40, 1, 1, 8, 2}, 34},
        {"votes are out", {HEADER(2), CUTS, 1, 0, 0, 0, 0xfe, 0xff, 2, 0, 0, 0, 1, 0x48, 3}, 34},
        {"wrong sum", {HEADER(2), CUTS, 1, 0, 0, 0, 0xfe, 0xff, 2, 0, 0x40, 1, 1, 9, 2}, 34},
        {"too early", {HEADER(2), CUTS, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0}, 28},
    };
#undef HEADER
#undef CUTS
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bw_context *ctx = test_context(1);
        uint8_t bytes[40];
        bw_forest *forest;
        memcpy(bytes, cases[i].bytes, sizeof bytes);
        const blob b = {bytes, (uint64_t)cases[i].size};
        if (cases[i].words) {
            assert_refused(ctx, get(ctx, b, &forest), BW_ERROR_FORMAT, cases[i].words);
        } else {
            assert_ok(ctx, get(ctx, b, &forest));
            const float values[] = {0.5f, 1.0f, 1.5f, 2.0f, 2.5f}, *columns[] = {values};
            assert_votes_match(forest, columns, 5);
        }
        bw_forest_free(forest);
        bw_context_free(ctx);
    }
}

static int nothing_is_left_allocated(void **state) {
    (void)state;
    return bw_memory_in_use() != 0;
}

#define forest_test(name) cmocka_unit_test_teardown(name, nothing_is_left_allocated)

int main(void) {
    const struct CMUnitTest tests[] = {
        forest_test(threads_change_no_byte),
        forest_test(the_simd_level_changes_no_byte_of_a_forest),
        forest_test(the_seed_decides),
        forest_test(separable_classes_have_no_out_of_bag_error),
        forest_test(grown_trees_know_their_samples_by_heart),
        forest_test(a_copied_column_changes_no_vote),
        forest_test(constant_features_are_passed_over),
        forest_test(features_constant_inside_a_node_are_passed_over),
        forest_test(balancing_changes_the_shares_of_classes),
        forest_test(a_rare_class_can_be_balanced),
        forest_test(depth_and_leaf_size_are_kept),
        forest_test(all_255_classes_can_be_learnt),
        forest_test(noisy_classes_are_told_apart_almost_as_well_as_possible),
        forest_test(importance_finds_the_informative_feature),
        forest_test(one_tree_leaves_a_third_out_of_its_bag),
        forest_test(impossible_requests_are_refused),
        forest_test(training_can_be_cancelled),
        forest_test(parts_of_trees_change_no_byte),
        forest_test(large_trees_in_parts_change_no_byte),
        forest_test(short_cuts_change_no_byte),
        forest_test(little_memory_changes_no_byte),
        forest_test(the_first_trees_are_those_of_any_longer_run),
        forest_test(a_restricted_run_is_one_on_the_subset),
        forest_test(votes_are_given_for_the_samples_asked_for),
        forest_test(a_weight_is_so_many_samples),
        forest_test(weights_of_one_are_no_weights),
        forest_test(heavy_samples_are_drawn_more_often),
        forest_test(class_weights_are_shares_of_the_draws),
        forest_test(samples_of_a_class_without_weight_are_out_of_bag),
        forest_test(the_fraction_drawn_is_kept),
        forest_test(parts_of_samples_change_no_byte),
        forest_test(the_order_of_samples_matters_to_the_drawing_only),
        forest_test(special_numbers_of_candidates_follow_the_features),
        forest_test(random_cuts_are_uniform),
        forest_test(extremely_randomised_trees_learn),
        forest_test(permuting_tells_informative_features_from_noise),
        forest_test(copies_are_missed_together),
        forest_test(without_samples_out_of_bag_there_is_no_permutation_importance),
        forest_test(impossible_restrictions_are_refused),
        forest_test(a_cancelled_run_can_be_continued),
        forest_test(prediction_can_be_cancelled),
        forest_test(every_level_votes_like_a_plain_walk),
        forest_test(deep_trees_are_walked),
        forest_test(bytes_count_the_thresholds_below),
        forest_test(a_read_forest_is_the_written_one),
        forest_test(every_truncation_is_refused),
        forest_test(damaged_bytes_do_no_harm),
        forest_test(each_rule_of_the_format_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
