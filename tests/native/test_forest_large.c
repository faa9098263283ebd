/* Ten million samples of 37 features, their floats included, are trained on within 4 GB of address space, 400 bytes for
 * each sample. */
#include "os.h"
#include "support.h"

#include "forest/forest.h"

enum { FEATURES = 37, PARTS = 4, THREADS = 8 };
static const uint64_t per_sample = 400, given_per_sample = FEATURES * sizeof(float) + 1;

static int64_t count;

static float *columns[FEATURES];

/* Noise; three features know the class. */
static void fill_column(int feature, const uint8_t *labels) {
    uint64_t x = bw_random(1, 1, (uint64_t)feature);
    columns[feature] = malloc((size_t)count * sizeof(float));
    assert_non_null(columns[feature]);
    for (int64_t i = 0; i < count; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        columns[feature][i] = (float)(x >> 40) * 0x1p-24f + (feature % 13 == 5 ? 0.5f * (float)labels[i] : 0.0f);
    }
}

static void describe_parts(bw_sample_part *parts, const float *(*starts)[FEATURES], const uint8_t *labels) {
    for (int p = 0; p < PARTS; p++) {
        const int64_t first = count / PARTS * p;
        for (int f = 0; f < FEATURES; f++)
            starts[p][f] = columns[f] + first;
        parts[p] = (bw_sample_part){count / PARTS, starts[p], labels + first, NULL};
    }
}

static void samples_fit_into_400_bytes_each(void **state) {
    (void)state;
    count = test_quick() ? 2500000 : 10000000;
#ifdef TEST_LIMITS_MEMORY
    test_limit_memory(4000000000);
#endif
    uint8_t *labels = malloc((size_t)count);
    assert_non_null(labels);
    for (int64_t i = 0; i < count; i++)
        labels[i] = (uint8_t)(i % 3);
    for (int f = 0; f < FEATURES; f++)
        fill_column(f, labels);
    bw_sample_part parts[PARTS];
    static const float *starts[PARTS][FEATURES];
    describe_parts(parts, starts, labels);
    const bw_samples samples = {count, FEATURES, 3, PARTS, parts};
    const bw_forest_options options = {.trees = THREADS, .max_depth = 5, .min_leaf = 1, .bootstrap = 1, .seed = 1};
    bw_context *ctx = test_context(THREADS);
    bw_growth *growth;
    double gini[FEATURES], informative = 0;
    assert_ok(ctx, bw_growth_create(ctx, &samples, &options, &growth));
    assert_ok(ctx, bw_growth_trees(ctx, growth, options.trees));
    bw_growth_gini(growth, gini);
    for (int f = 5; f < FEATURES; f += 13)
        informative += gini[f];
    assert_true(informative > 0.99);
    assert_true(bw_memory_peak() < (uint64_t)count * (per_sample - given_per_sample));
    bw_growth_free(growth);
    bw_context_free(ctx);
    for (int f = 0; f < FEATURES; f++)
        free(columns[f]);
    free(labels);
    assert_int_equal(bw_memory_in_use(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(samples_fit_into_400_bytes_each)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
