#include "support.h"

#include <float.h>
#include <math.h>
#include <pthread.h>
#include <time.h>

#include "core/alloc.h"
#include "forest/forest.h"

/* ---- problems to learn ------------------------------------------------------------------------------------------- */

enum { MAX_FEATURES = 64, LEAF_VOTES = 840 };

typedef struct problem {
    int64_t count;
    int features, classes;
    const float *columns[MAX_FEATURES];
    float *values;
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
    return (bw_forest_options){.trees = trees, .min_leaf = 1, .seed = 1};
}

static bw_forest *train(const problem *p, const bw_forest_options *o, int threads, bw_forest_report *report) {
    bw_context *ctx = test_context(threads);
    const bw_samples samples = {p->count, p->features, p->classes, p->columns, p->labels};
    bw_forest *forest;
    assert_ok(ctx, bw_forest_train(ctx, &samples, o, &forest, report));
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

static int winner(const uint32_t *votes, int classes, int64_t count, int64_t i) {
    int best = 0;
    for (int k = 1; k < classes; k++)
        best = votes[k * count + i] > votes[best * count + i] ? k : best;
    return best;
}

static double accuracy(const bw_forest *forest, const problem *p) {
    uint32_t *votes = vote(forest, best_level(), p->columns, p->count);
    int64_t right = 0;
    for (int64_t i = 0; i < p->count; i++)
        right += winner(votes, p->classes, p->count, i) == p->labels[i];
    free(votes);
    return (double)right / (double)p->count;
}

static double oob_accuracy(const bw_forest_report *r) {
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
        bw_forest_report first, report;
        o.balance = (bw_balance)balance;
        bw_forest *forest = train(&p, &o, 1, &first);
        const blob expected = put(forest);
        bw_forest_free(forest);
        for (int threads = 2; threads <= 8; threads++) {
            forest = train(&p, &o, threads, &report);
            const blob b = put(forest);
            assert_same_blob(b, expected);
            assert_int_equal(report.oob_samples, first.oob_samples);
            assert_memory_equal(report.confusion, first.confusion, 9 * sizeof *first.confusion);
            assert_memory_equal(report.importance, first.importance, 11 * sizeof *first.importance);
            free(b.data);
            bw_forest_free(forest);
            bw_forest_report_free(&report);
        }
        free(expected.data);
        bw_forest_report_free(&first);
    }
    free_problem(&p);
}

static void the_simd_level_changes_no_byte_of_a_forest(void **state) {
    (void)state;
    static const char *const names[] = {"scalar", NULL, "avx2", "avx512"};
    problem p = noisy_problem(700, 6, 3, 0.4);
    const bw_forest_options o = options(9);
    bw_forest *forest = train(&p, &o, 2, NULL);
    const blob expected = put(forest);
    const int best = (int)best_level();
    bw_forest_free(forest);
    for (int level = 0; level <= best; level++) {
        if (!names[level]) continue;
        setenv("BRUSHWOOD_SIMD", names[level], 1);
        forest = train(&p, &o, 2, NULL);
        unsetenv("BRUSHWOOD_SIMD");
        const blob b = put(forest);
        assert_same_blob(b, expected);
        free(b.data);
        bw_forest_free(forest);
    }
    free(expected.data);
    free_problem(&p);
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
    bw_forest_report report;
    bw_forest *forest = train(&p, &o, 2, &report);
    assert_float_equal(oob_accuracy(&report), 1, 0);
    assert_int_equal(report.oob_samples, 900);
    for (int k = 0; k < 3; k++)
        assert_int_equal(report.class_counts[k], 300);
    assert_float_equal(accuracy(forest, &p), 1, 0);
    bw_forest_free(forest);
    bw_forest_report_free(&report);
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
    bw_forest_report report;
    bw_forest *forest = train(&p, &o, 2, &report);
    plain_forest *plain = read_plain(forest);
    for (int t = 0; t < plain->trees; t++) {
        for (int i = 0; i < plain->node_count[t]; i++) {
            const plain_node *n = &plain->nodes[t][i];
            if (n->leaf) assert_true(n->votes[0] == LEAF_VOTES || n->votes[1] == LEAF_VOTES);
        }
    }
    assert_true(accuracy(forest, &p) > 0.999);
    assert_true(fabs(oob_accuracy(&report) - 0.5) < 0.05);
    free_plain(plain);
    bw_forest_free(forest);
    bw_forest_report_free(&report);
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
    bw_forest_report report;
    bw_forest *forest = train(&p, &o, 2, &report);
    assert_float_equal(oob_accuracy(&report), 1, 0);
    for (int f = 0; f < 30; f++) {
        assert_int_equal(bw_forest_uses(forest, f), f == 17);
        assert_float_equal(report.importance[f], f == 17, 0);
    }
    assert_false(bw_forest_uses(forest, -1) || bw_forest_uses(forest, 30));
    assert_votes_match(forest, p.columns, 100);
    bw_forest_free(forest);
    bw_forest_report_free(&report);
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
    bw_forest_report report;
    for (int balance = 0; balance < 2; balance++) {
        bw_forest_options o = options(100);
        o.balance = (bw_balance)balance;
        bw_forest *forest = train(&p, &o, 2, &report);
        assert_int_equal(bw_forest_nodes(forest), 100);
        uint32_t *votes = vote(forest, best_level(), p.columns, 70);
        const double total = bw_forest_vote_total(forest), share = balance ? 0.5 : 0.1;
        assert_int_equal(votes[70], 0);
        assert_int_equal(votes[0] + votes[140], bw_forest_vote_total(forest));
        assert_true(fabs(votes[140] / total - share) < 0.01);
        for (int f = 0; f < 2; f++)
            assert_float_equal(report.importance[f], 0, 0);
        free(votes);
        bw_forest_free(forest);
        bw_forest_report_free(&report);
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
    bw_forest_report report;
    bw_forest *forest = train(&p, &o, 2, &report);
    assert_true(oob_accuracy(&report) > 0.97);
    assert_votes_match(forest, p.columns, 300);
    bw_forest_free(forest);
    bw_forest_report_free(&report);
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
    bw_forest_report report;
    bw_forest *forest = train(&p, &o, 2, &report);
    for (int f = 0; f < 2; f++)
        memmove(column(&other, f), column(&other, f) + 4000, 4000 * sizeof(float));
    other.count = 4000; /* the second half was not trained on; the labels alternate in both halves */
    other.columns[1] = other.values + 8000;
    const double oob = oob_accuracy(&report), fresh = accuracy(forest, &other);
    assert_true(oob > best - 0.02 && oob < best + 0.01);
    assert_true(fabs(fresh - oob) < 0.03);
    bw_forest_free(forest);
    bw_forest_report_free(&report);
    free_problem(&p);
    free_problem(&other);
}

static void importance_finds_the_informative_feature(void **state) {
    (void)state;
    problem p = noisy_problem(1000, 6, 2, 0);
    for (int64_t i = 0; i < p.count; i++)
        column(&p, 3)[i] += p.labels[i];
    const bw_forest_options o = options(50);
    bw_forest_report report;
    bw_forest *forest = train(&p, &o, 2, &report);
    double sum = 0;
    for (int f = 0; f < 6; f++) {
        sum += report.importance[f];
        if (f != 3) assert_true(report.importance[f] > 0 && report.importance[f] < 0.5 * report.importance[3]);
    }
    assert_float_equal(sum, 1, 1e-9);
    bw_forest_free(forest);
    bw_forest_report_free(&report);
    free_problem(&p);
}

static void one_tree_leaves_a_third_out_of_its_bag(void **state) {
    (void)state;
    problem p = noisy_problem(5000, 2, 2, 1);
    const bw_forest_options o = options(1);
    bw_forest_report report;
    bw_forest *forest = train(&p, &o, 2, &report);
    assert_true(fabs((double)report.oob_samples / 5000 - 0.3679) < 0.02);
    bw_forest_free(forest);
    bw_forest_report_free(&report);
    free_problem(&p);
}

static void refuse(const problem *p, const bw_forest_options *o, const char *words) {
    bw_context *ctx = test_context(2);
    const bw_samples samples = {p->count, p->features, p->classes, p->columns, p->labels};
    bw_forest *forest = (bw_forest *)1;
    bw_forest_report report;
    assert_refused(ctx, bw_forest_train(ctx, &samples, o, &forest, &report), BW_ERROR_ARGUMENT, words);
    assert_null(forest);
    assert_null(report.confusion);
    bw_context_free(ctx);
}

static void impossible_requests_are_refused(void **state) {
    (void)state;
    problem p = noisy_problem(100, 3, 2, 1);
    const bw_forest_options good = options(5);
    bw_forest_options bad[] = {good, good, good, good, good, good, good, good};
    static const char *const words[] = {"trees is 0",      "trees is 1001", "mtry is -1",   "mtry is 4",
                                        "max_depth is -1", "min_leaf is 0", "balance is 2", "balance is -1"};
    bad[0].trees = 0;
    bad[1].trees = BW_MAX_TREES + 1;
    bad[2].mtry = -1;
    bad[3].mtry = 4;
    bad[4].max_depth = -1;
    bad[5].min_leaf = 0;
    bad[6].balance = (bw_balance)2;
    bad[7].balance = (bw_balance)-1;
    for (int i = 0; i < 8; i++)
        refuse(&p, &bad[i], words[i]);
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
    refuse(&p, &good, "Only one class is labelled (class 2, 100 samples)");
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
    bw_forest_report report;
    bw_status status;
} trainee;

static void *train_in_thread(void *user) {
    trainee *t = user;
    const bw_samples samples = {t->p->count, t->p->features, t->p->classes, t->p->columns, t->p->labels};
    const bw_forest_options o = options(BW_MAX_TREES);
    t->status = bw_forest_train(t->ctx, &samples, &o, &t->forest, &t->report);
    return NULL;
}

static void pause_briefly(void) {
    const struct timespec wait = {0, 1000000};
    nanosleep(&wait, NULL);
}

static void training_can_be_cancelled(void **state) {
    (void)state;
    problem p = noisy_problem(30000, 20, 3, 0.1);
    const uint64_t before = bw_memory_in_use();
    trainee t = {.ctx = test_context(2), .p = &p, .forest = (bw_forest *)1};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, train_in_thread, &t), 0);
    while (bw_context_progress(t.ctx) <= 0)
        pause_briefly();
    bw_context_cancel(t.ctx);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(t.status, BW_ERROR_CANCELLED);
    assert_null(t.forest);
    assert_null(t.report.importance);
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

/* ---- prediction
 * --------------------------------------------------------------------------------------------------------- */

static void every_level_votes_like_a_plain_walk(void **state) {
    (void)state;
    static const int64_t counts[] = {1, 2, 63, 64, 65, 127, 129, 1000, 1024, 2100};
    static const int class_counts[] = {2, 3, 9};
    for (int c = 0; c < 3; c++) {
        problem p = noisy_problem(2100, 8, class_counts[c], 0.15);
        bw_forest_options o = options(c == 0 ? 170 : 12); /* 170 trees overflow 16-bit sums twice */
        bw_forest *forest = train(&p, &o, 2, NULL);
        for (int i = 0; i < 10; i++)
            assert_votes_match(forest, p.columns, counts[i]);
        bw_forest_free(forest);
        o.min_leaf = 7; /* mixed leaves */
        forest = train(&p, &o, 2, NULL);
        for (int i = 0; i < 10; i++)
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
