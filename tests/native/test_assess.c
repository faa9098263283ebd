/* Assessment against hand-worked scores, calibration against a plain reference. */
#include "support.h"

#include <math.h>

#include "core/alloc.h"
#include "forest/assess.h"
#include "forest/forest.h"

enum { GRID = 1024 };

static bw_assessment *test_assessment(int classes) {
    bw_context *ctx = test_context(1);
    bw_assessment *a;
    assert_ok(ctx, bw_assessment_create(ctx, classes, &a));
    bw_context_free(ctx);
    return a;
}

static void near(double a, double b, double tolerance) {
    if (!(fabs(a - b) <= tolerance)) fail_msg("%.17g is not %.17g", a, b);
}

/* ---- scores ------------------------------------------------------------------------------------------------------ */

/* Labels 60, 40, 0, 0; predictions 55, 43, 2, 0. */
static void scores_have_their_closed_forms(void **state) {
    (void)state;
    bw_assessment *a = test_assessment(4);
    static const int pairs[][3] = {{0, 0, 50}, {0, 1, 9}, {0, 2, 1}, {1, 0, 5}, {1, 1, 34}, {1, 2, 1}};
    for (int i = 0; i < 6; i++)
        bw_assessment_add_pair(a, pairs[i][0], pairs[i][1], pairs[i][2]);
    bw_class_score s;
    bw_assessment_class(a, 0, &s);
    assert_true(s.truth == 60 && s.predicted == 55 && s.hits == 50);
    near(s.precision, 50. / 55, 1e-15);
    near(s.recall, 50. / 60, 1e-15);
    near(s.f1, 100. / 115, 1e-15);
    near(s.iou, 50. / 65, 1e-15);
    bw_assessment_class(a, 2, &s);
    assert_true(s.truth == 0 && s.predicted == 2 && s.precision == 0 && isnan(s.recall) && s.f1 == 0 && s.iou == 0);
    bw_assessment_class(a, 3, &s);
    assert_true(isnan(s.precision) && isnan(s.recall) && isnan(s.f1) && isnan(s.iou));
    bw_summary all;
    bw_assessment_summary(a, &all);
    assert_true(all.pixels == 100 && all.with_probability == 0 && isnan(all.brier) && isnan(all.calibration_error));
    near(all.accuracy, 0.84, 1e-15);
    near(bw_assessment_error(a), 0.16, 1e-15);
    near(all.balanced_accuracy, (50. / 60 + 34. / 40) / 2, 1e-15);
    near(all.mean_iou, (50. / 65 + 34. / 49 + 0) / 3, 1e-15);
    near(all.mean_f1, (100. / 115 + 68. / 83 + 0) / 3, 1e-15);
    const double chance = (60 * 55 + 40 * 43) / 10000.;
    near(all.kappa, (0.84 - chance) / (1 - chance), 1e-15);
    bw_assessment_free(a);
}

static void nothing_gives_no_scores(void **state) {
    (void)state;
    bw_assessment *a = test_assessment(2);
    bw_summary s;
    bw_reliability r;
    bw_assessment_summary(a, &s);
    assert_true(s.pixels == 0 && isnan(s.accuracy) && isnan(s.balanced_accuracy) && isnan(s.mean_iou));
    assert_true(isnan(bw_assessment_error(a)));
    assert_true(isnan(s.mean_f1) && isnan(s.kappa) && isnan(s.brier) && isnan(s.calibration_error));
    bw_assessment_reliability(a, -1, 3, &r);
    assert_true(r.count == 0 && isnan(r.predicted) && isnan(r.observed));
    bw_assessment_add_pair(a, 1, 1, 5); /* one class alone: agreement by chance is certain */
    bw_assessment_summary(a, &s);
    assert_true(s.accuracy == 1 && isnan(s.kappa));
    bw_assessment_free(a);
}

static void votes_are_probabilities(void **state) {
    (void)state;
    bw_assessment *a = test_assessment(2);
    /* Class 0 has 1/2 (a tie), 1/20, 3/4, all, none of the votes; the last sample has none at all. */
    static const uint32_t votes[] = {10, 1, 3, 7, 0, 0, 10, 19, 1, 0, 9, 0};
    static const uint8_t labels[] = {0, 1, 1, 0, 0, 1};
    bw_assessment_add_votes(a, 6, votes, 6, labels);
    assert_true(bw_assessment_count(a, 0, 0) == 2 && bw_assessment_count(a, 0, 1) == 1);
    assert_true(bw_assessment_count(a, 1, 1) == 1 && bw_assessment_count(a, 1, 0) == 1);
    static const int counts[][3] = {{0, 1, 1}, {1, 1, 0}, {10, 1, 1}, {15, 1, 0}, {19, 1, 1}};
    bw_reliability r;
    for (int i = 0; i < 5; i++) {
        bw_assessment_reliability(a, 0, counts[i][0], &r);
        assert_true(r.count == counts[i][1] && r.observed == counts[i][2]);
    }
    bw_assessment_reliability(a, 0, 15, &r);
    near(r.predicted, 0.75, 1e-15);
    bw_assessment_reliability(a, -1, 10, &r);
    assert_true(r.count == 2 && r.observed == 0.5 && r.predicted == 0.5);
    bw_summary s;
    bw_assessment_summary(a, &s);
    assert_true(s.pixels == 5 && s.with_probability == 5);
    near(s.brier, (0.5 + 2 * 0.05 * 0.05 + 2 * 0.75 * 0.75 + 0 + 2) / 5, 1e-6);
    /* Class 1 has 19/20 (a hit) and 1 (none) in one bin. */
    near(s.calibration_error, (0.5 + 0.05 + 0.75 + 0 + 1 + 0.5 + 0.95 + 0.75) / 10, 1e-6);
    bw_assessment_free(a);
}

static bw_writer assessment_bytes(bw_context *ctx, const bw_assessment *a) {
    bw_writer w;
    bw_writer_init(&w, ctx);
    assert_ok(ctx, bw_assessment_put(&w, a));
    return w;
}

static void assert_same_assessment(const bw_assessment *a, const bw_assessment *b) {
    bw_context *ctx = test_context(1);
    bw_writer x = assessment_bytes(ctx, a), y = assessment_bytes(ctx, b);
    assert_int_equal(x.size, y.size);
    assert_memory_equal(x.data, y.data, (size_t)x.size);
    bw_writer_free(&x);
    bw_writer_free(&y);
    bw_context_free(ctx);
}

enum { SAMPLES = 3000, CLASSES = 3 };

typedef struct sample_set {
    uint32_t votes[CLASSES * SAMPLES];
    uint8_t labels[SAMPLES];
} sample_set;

/* Votes of 840 x 37 with the last digits anywhere; some samples have none. */
static sample_set *random_samples(uint64_t stream) {
    bw_context *ctx = test_context(1);
    sample_set *s = bw_calloc(ctx, 1, sizeof *s, "samples");
    assert_non_null(s);
    for (int i = 0; i < SAMPLES; i++) {
        const uint64_t counter = (uint64_t)i;
        uint32_t left = i % 50 == 7 ? 0 : 840 * 37;
        for (int k = 0; k < CLASSES; k++) {
            const uint32_t part = (uint32_t)(left * test_uniform(stream + (uint64_t)k, counter));
            s->votes[k * SAMPLES + i] = k == CLASSES - 1 ? left : part;
            left -= part;
        }
        s->labels[i] = (uint8_t)(test_uniform(stream + 9, counter) * CLASSES);
    }
    bw_context_free(ctx);
    return s;
}

static void order_and_parts_do_not_matter(void **state) {
    (void)state;
    sample_set *s = random_samples(1);
    bw_assessment *whole = test_assessment(CLASSES), *backwards = test_assessment(CLASSES);
    bw_assessment *first = test_assessment(CLASSES), *second = test_assessment(CLASSES);
    bw_assessment_add_votes(whole, SAMPLES, s->votes, SAMPLES, s->labels);
    for (int i = SAMPLES - 1; i >= 0; i--)
        bw_assessment_add_votes(backwards, 1, s->votes + i, SAMPLES, s->labels + i);
    bw_assessment_add_votes(first, 1234, s->votes, SAMPLES, s->labels);
    bw_assessment_add_votes(second, SAMPLES - 1234, s->votes + 1234, SAMPLES, s->labels + 1234);
    bw_assessment_merge(second, first);
    assert_same_assessment(whole, backwards);
    assert_same_assessment(whole, second);
    bw_summary all;
    bw_assessment_summary(whole, &all);
    assert_int_equal(all.pixels, SAMPLES - SAMPLES / 50);
    bw_assessment_free(whole);
    bw_assessment_free(backwards);
    bw_assessment_free(first);
    bw_assessment_free(second);
    bw_free(s);
}

/* ---- images ------------------------------------------------------------------------------------------------------ */

typedef struct image_set {
    bw_image *truth, *labels, *probabilities;
} image_set;

/* 3 x 2 pixels, 2 slices, 2 frames, 3 classes; truth 0 at x = 0. */
static image_set small_images(bw_pixel_type type) {
    bw_image_info info = test_info(type, 3, 2, 2);
    image_set s;
    info.frames = 2;
    s.truth = test_image(&info);
    s.labels = test_image(&info);
    info.type = BW_FLOAT32;
    info.channels = 3;
    s.probabilities = test_image(&info);
    for (int plane = 0; plane < 4; plane++)
        for (int i = 0; i < 6; i++) {
            const int truth = i % 3 == 0 ? 0 : 1 + (i + plane) % 3, label = 1 + (i * plane) % 3;
            void *t = bw_image_plane(s.truth, plane / 2, 0, plane % 2);
            void *l = bw_image_plane(s.labels, plane / 2, 0, plane % 2);
            if (type == BW_UINT8) {
                ((uint8_t *)t)[i] = (uint8_t)truth;
                ((uint8_t *)l)[i] = (uint8_t)label;
            } else {
                ((uint16_t *)t)[i] = (uint16_t)truth;
                ((uint16_t *)l)[i] = (uint16_t)label;
            }
            for (int k = 0; k < 3; k++)
                ((float *)bw_image_plane(s.probabilities, plane / 2, k, plane % 2))[i] = k + 1 == label ? 0.5f : 0.25f;
        }
    return s;
}

static void free_images(image_set *s) {
    bw_image_free(s->truth);
    bw_image_free(s->labels);
    bw_image_free(s->probabilities);
}

static void images_are_compared_pixel_by_pixel(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_assessment *want = test_assessment(3), *plain = test_assessment(3);
    for (int plane = 0; plane < 4; plane++)
        for (int i = 0; i < 6; i++) {
            const int truth = (i + plane) % 3, label = (i * plane) % 3;
            const float p[3] = {label == 0 ? 0.5f : 0.25f, label == 1 ? 0.5f : 0.25f, label == 2 ? 0.5f : 0.25f};
            if (i % 3 == 0) continue;
            bw_assessment_note(want, truth, p, 1);
            bw_assessment_add_pair(want, truth, bw_assessment_winner(bw_assessment_classes(want), p, 1), 1);
            bw_assessment_add_pair(plain, truth, label, 1);
        }
    for (int wide = 0; wide < 2; wide++) {
        image_set s = small_images(wide ? BW_UINT16 : BW_UINT8);
        bw_assessment *both = test_assessment(3), *only = test_assessment(3), *labels = test_assessment(3);
        assert_ok(ctx, bw_assessment_add(ctx, both, s.truth, s.labels, s.probabilities));
        assert_ok(ctx, bw_assessment_add(ctx, only, s.truth, NULL, s.probabilities));
        assert_ok(ctx, bw_assessment_add(ctx, labels, s.truth, s.labels, NULL));
        assert_same_assessment(both, want);
        assert_same_assessment(only, want);
        assert_same_assessment(labels, plain);
        bw_assessment_free(both);
        bw_assessment_free(only);
        bw_assessment_free(labels);
        free_images(&s);
    }
    bw_assessment_free(want);
    bw_assessment_free(plain);
    bw_context_free(ctx);
}

/* Labels that contradict the probabilities decide the confusion matrix, probabilities the rest. */
static void labels_win_over_probabilities(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_image_info info = test_info(BW_UINT8, 1, 1, 1);
    image_set s = {test_image(&info), test_image(&info), NULL};
    info.type = BW_FLOAT32;
    info.channels = 2;
    s.probabilities = test_image(&info);
    *(uint8_t *)bw_image_plane(s.truth, 0, 0, 0) = 1;
    *(uint8_t *)bw_image_plane(s.labels, 0, 0, 0) = 2;
    *(float *)bw_image_plane(s.probabilities, 0, 0, 0) = 1;
    bw_assessment *a = test_assessment(2);
    bw_summary summary;
    assert_ok(ctx, bw_assessment_add(ctx, a, s.truth, s.labels, s.probabilities));
    bw_assessment_summary(a, &summary);
    assert_int_equal(bw_assessment_count(a, 0, 1), 1);
    assert_true(summary.brier == 0 && summary.accuracy == 0);
    bw_assessment_free(a);
    free_images(&s);
    bw_context_free(ctx);
}

/* What is refused, and what the message names. */
typedef struct refusal {
    void (*spoil)(bw_context *ctx, image_set *s);
    bw_status status;
    const char *words[3];
} refusal;

static void replace(bw_image **image, bw_pixel_type type, int64_t width, int channels) {
    bw_image_info info = *bw_image_get_info(*image);
    info.type = type;
    info.width = width;
    info.channels = channels;
    bw_image_free(*image);
    *image = test_image(&info);
}

static void float_truth(bw_context *ctx, image_set *s) {
    replace(&s->truth, BW_FLOAT32, 3, 1);
    assert_ok(ctx, bw_image_set_name(ctx, s->truth, "truth.tif"));
}
static void two_truths(bw_context *ctx, image_set *s) {
    (void)ctx;
    replace(&s->truth, BW_UINT8, 3, 2);
}
static void wide_labels(bw_context *ctx, image_set *s) {
    replace(&s->labels, BW_UINT8, 4, 1);
    assert_ok(ctx, bw_image_set_name(ctx, s->labels, "wide.tif"));
}
static void float_labels(bw_context *ctx, image_set *s) {
    (void)ctx;
    replace(&s->labels, BW_FLOAT32, 3, 1);
}
static void two_probabilities(bw_context *ctx, image_set *s) {
    (void)ctx;
    replace(&s->probabilities, BW_FLOAT32, 3, 2);
}
static void byte_probabilities(bw_context *ctx, image_set *s) {
    (void)ctx;
    replace(&s->probabilities, BW_UINT8, 3, 3);
}
static void high_truth(bw_context *ctx, image_set *s) {
    assert_ok(ctx, bw_image_set_name(ctx, s->truth, "truth.tif"));
    ((uint8_t *)bw_image_plane(s->truth, 1, 0, 1))[4] = 4;
}
static void no_label(bw_context *ctx, image_set *s) {
    (void)ctx;
    ((uint8_t *)bw_image_plane(s->labels, 0, 0, 0))[1] = 0;
}
static void high_label(bw_context *ctx, image_set *s) {
    (void)ctx;
    ((uint8_t *)bw_image_plane(s->labels, 0, 0, 0))[2] = 255;
}
static void spoil_probability(image_set *s, float value) {
    ((float *)bw_image_plane(s->probabilities, 0, 1, 0))[2] = value;
}
static void large_probability(bw_context *ctx, image_set *s) {
    assert_ok(ctx, bw_image_set_name(ctx, s->probabilities, "p.tif"));
    spoil_probability(s, 1.5f);
}
static void negative_probability(bw_context *ctx, image_set *s) {
    (void)ctx;
    spoil_probability(s, -0.25f);
}
static void no_number(bw_context *ctx, image_set *s) {
    (void)ctx;
    spoil_probability(s, NAN);
}
static void odd_sum(bw_context *ctx, image_set *s) {
    (void)ctx;
    spoil_probability(s, 1);
}
static void nothing_to_compare(bw_context *ctx, image_set *s) {
    (void)ctx;
    bw_image_free(s->labels);
    bw_image_free(s->probabilities);
    s->labels = s->probabilities = NULL;
}

static void bad_images_are_named(void **state) {
    (void)state;
    static const refusal refusals[] = {
        {float_truth, BW_ERROR_MISMATCH, {"truth.tif", "float32", "whole numbers"}},
        {two_truths, BW_ERROR_MISMATCH, {"The truth", "2 channels", "1 is needed"}},
        {wide_labels, BW_ERROR_MISMATCH, {"wide.tif", "4 x 2 x 2", "3 x 2 x 2"}},
        {float_labels, BW_ERROR_MISMATCH, {"The label image", "float32", "whole numbers"}},
        {two_probabilities, BW_ERROR_MISMATCH, {"The probability image", "2 channels", "3 are, one per class"}},
        {byte_probabilities, BW_ERROR_MISMATCH, {"The probability image", "uint8", "32-bit"}},
        {high_truth, BW_ERROR_MISMATCH, {"truth.tif", "label 4 at x 1, y 1, slice 2, frame 2", "1 to 3"}},
        {no_label, BW_ERROR_MISMATCH, {"The label image", "label 0 at x 1, y 0", "1 to 3"}},
        {high_label, BW_ERROR_MISMATCH, {"The label image", "label 255 at x 2, y 0", "1 to 3"}},
        {large_probability, BW_ERROR_MISMATCH, {"p.tif", "1.5 at x 2, y 0", "between 0 and 1"}},
        {negative_probability, BW_ERROR_MISMATCH, {"The probability image", "-0.25 at", "between 0 and 1"}},
        {no_number, BW_ERROR_MISMATCH, {"The probability image", "nan at", "between 0 and 1"}},
        {odd_sum, BW_ERROR_MISMATCH, {"sum of probabilities of 1.", "x 2, y 0", "sum to 1"}},
        {nothing_to_compare, BW_ERROR_ARGUMENT, {"The truth", "labels or probabilities", "compared"}},
    };
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        bw_context *ctx = test_context(1);
        image_set s = small_images(BW_UINT8);
        bw_assessment *a = test_assessment(3), *before = test_assessment(3);
        assert_ok(ctx, bw_assessment_add(ctx, a, s.truth, s.labels, s.probabilities));
        bw_assessment_merge(before, a);
        refusals[i].spoil(ctx, &s);
        for (int k = 0; k < 3; k++)
            assert_refused(ctx, bw_assessment_add(ctx, a, s.truth, s.labels, s.probabilities), refusals[i].status,
                           refusals[i].words[k]);
        assert_same_assessment(a, before);
        bw_assessment_free(a);
        bw_assessment_free(before);
        free_images(&s);
        bw_context_free(ctx);
    }
}

static void class_numbers_are_checked(void **state) {
    (void)state;
    static const int bad[] = {-1, 0, 1, 256};
    for (int i = 0; i < 4; i++) {
        bw_context *ctx = test_context(1);
        bw_assessment *a;
        assert_refused(ctx, bw_assessment_create(ctx, bad[i], &a), BW_ERROR_ARGUMENT, "2 to 255");
        assert_null(a);
        bw_context_free(ctx);
    }
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

/* Reads a section from every shortened and many changed copies: accepted ones are written back unchanged. */
static void damage(const bw_writer *w, bw_status (*again)(bw_context *ctx, bw_reader *r, bw_writer *back)) {
    bw_context *ctx = test_context(1);
    int accepted = 0;
    uint8_t *copy = bw_alloc(ctx, w->size, 1, "a copy");
    for (uint64_t i = 0; i < w->size + 4000; i++) {
        bw_context *own = test_context(1);
        const uint64_t size = i < w->size ? i : w->size;
        bw_reader r;
        bw_writer back;
        memcpy(copy, w->data, (size_t)w->size);
        if (i >= w->size)
            copy[bw_random(5, 1, i) % (i % 2 && w->size > 100 ? 100 : w->size)] ^=
                (uint8_t)(1 << bw_random(5, 2, i) % 8);
        bw_reader_init(&r, copy, size);
        bw_writer_init(&back, own);
        if (again(own, &r, &back) == BW_OK) {
            accepted++;
            assert_true(size == w->size && back.size <= size && !memcmp(back.data, copy, (size_t)back.size));
        } else {
            assert_int_equal(bw_context_status(own), BW_ERROR_FORMAT);
        }
        bw_writer_free(&back);
        bw_context_free(own);
    }
    assert_in_range(accepted, 1, 3900);
    bw_free(copy);
    bw_context_free(ctx);
}

static bw_status assessment_again(bw_context *ctx, bw_reader *r, bw_writer *back) {
    bw_assessment *a;
    BW_TRY(bw_assessment_get(ctx, r, &a));
    bw_status status = bw_assessment_put(back, a);
    bw_assessment_free(a);
    return status;
}

static void assessments_are_kept(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    sample_set *s = random_samples(3);
    bw_assessment *a = test_assessment(CLASSES), *plain = test_assessment(255), *again;
    bw_assessment_add_votes(a, SAMPLES, s->votes, SAMPLES, s->labels);
    bw_assessment_add_pair(a, 0, 2, 77);
    bw_assessment_add_pair(plain, 254, 3, 5);
    const bw_assessment *both[] = {a, plain};
    for (int i = 0; i < 2; i++) {
        bw_writer w = assessment_bytes(ctx, both[i]);
        bw_reader r;
        bw_reader_init(&r, w.data, w.size);
        assert_ok(ctx, bw_assessment_get(ctx, &r, &again));
        assert_int_equal(bw_reader_left(&r), 0);
        assert_same_assessment(both[i], again);
        bw_assessment_free(again);
        if (!i) damage(&w, assessment_again);
        bw_writer_free(&w);
    }
    bw_assessment_free(a);
    bw_assessment_free(plain);
    bw_free(s);
    bw_context_free(ctx);
}

/* ---- descriptions ------------------------------------------------------------------------------------------------ */

static void descriptions_hold_the_scores(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_assessment *a = test_assessment(3);
    char *text, *json, *csv;
    static const uint32_t votes[] = {3, 1, 1, 3, 0, 0};
    static const uint8_t labels[] = {0, 1};
    bw_assessment_add_votes(a, 2, votes, 2, labels);
    bw_assessment_add_pair(a, 0, 1, 2);
    assert_ok(ctx, bw_assessment_describe(ctx, a, NULL, BW_DESCRIBE_TEXT, &text));
    assert_ok(ctx, bw_assessment_describe(ctx, a, NULL, BW_DESCRIBE_JSON, &json));
    assert_ok(ctx, bw_assessment_describe(ctx, a, NULL, BW_DESCRIBE_CSV, &csv));
    static const char *const texts[] = {"Pixels             4\n",
                                        "Accuracy           50.00 %",
                                        "Mean IoU           33.33 %",
                                        "class 3",
                                        "66.67 %",
                                        "0.75 to 0.80"};
    for (int i = 0; i < 6; i++)
        assert_non_null(strstr(text, texts[i]));
    static const char *const jsons[] = {"\"pixels\": 4", "\"accuracy\": 0.5", "\"precision\": null", "\"brier\": 0.125",
                                        "\"confusion\": [[1, 2, 0], [0, 1, 0], [0, 0, 0]]"};
    for (int i = 0; i < 5; i++)
        assert_non_null(strstr(json, jsons[i]));
    static const char *const lines[] = {
        "table,score,value\nsummary,pixels,4\nsummary,pixels_with_probability,2\nsummary,accuracy,0.5\n",
        "table,class,name,labelled,predicted,hits,precision,recall,f1,iou\nclasses,1,class 1,3,1,1,1,",
        "\nclasses,3,class 3,0,0,0,,,,\n",
        "table,label,forest,pixels\nconfusion,1,1,1\nconfusion,1,2,2\n",
        "table,class,from,to,pixels,predicted,observed\nreliability,all,0.00,0.05,2,0,0\n",
        "\nreliability,2,0.75,0.80,1,0.75,1\n"};
    for (int i = 0; i < 6; i++)
        assert_non_null(strstr(csv, lines[i]));
    bw_string_free(text);
    bw_string_free(json);
    bw_string_free(csv);
    bw_assessment_free(a);
    bw_context_free(ctx);
}

/* More classes than fit a line: the largest confusions come first. */
static void many_classes_are_listed(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_assessment *a = test_assessment(200);
    char *text;
    for (int k = 0; k < 200; k++) {
        bw_assessment_add_pair(a, k, k, 100);
        bw_assessment_add_pair(a, k, (k + 1) % 200, k);
    }
    assert_ok(ctx, bw_assessment_describe(ctx, a, NULL, BW_DESCRIBE_TEXT, &text));
    const char *first = strstr(text, "class 200 -> class 1\n"), *second = strstr(text, "class 199 -> class 200\n");
    assert_true(first && second && first < second);
    assert_null(strstr(text, "class 100 -> "));
    bw_string_free(text);
    bw_assessment_free(a);
    bw_context_free(ctx);
}

/* ---- calibration ------------------------------------------------------------------------------------------------- */

static bw_calibration *fit(int classes, int64_t count, const uint32_t *votes, const uint8_t *labels,
                           const float *weights) {
    bw_context *ctx = test_context(1);
    bw_calibration *c;
    assert_ok(ctx, bw_calibration_fit(ctx, classes, count, votes, count, labels, weights, &c));
    assert_int_equal(bw_calibration_classes(c), classes);
    bw_context_free(ctx);
    return c;
}

static bw_writer calibration_bytes(bw_context *ctx, const bw_calibration *c) {
    bw_writer w;
    bw_writer_init(&w, ctx);
    assert_ok(ctx, bw_calibration_put(&w, c));
    return w;
}

static void assert_same_calibration(const bw_calibration *a, const bw_calibration *b, int same) {
    bw_context *ctx = test_context(1);
    bw_writer x = calibration_bytes(ctx, a), y = calibration_bytes(ctx, b);
    assert_int_equal(x.size == y.size && !memcmp(x.data, y.data, (size_t)x.size), same);
    bw_writer_free(&x);
    bw_writer_free(&y);
    bw_context_free(ctx);
}

/* Isotonic regression by its closed form: the value at i is the largest over a <= i of the smallest over b >= i of the
 * mean of a..b. weight and hits per step of the grid; steps without weight get no value. */
static double isotonic_at(const double *weight, const double *hits, int i) {
    double best = -1;
    for (int a = 0; a <= i; a++) {
        double w = 0, h = 0, least = 2;
        for (int b = a; b <= GRID; b++) {
            w += weight[b];
            h += hits[b];
            if (b >= i && w > 0 && h / w < least) least = h / w;
        }
        if (least < 2 && least > best) best = least;
    }
    return best;
}

/* The knots of a class that the closed form gives; returns how many. */
static int reference_knots(const double *weight, const double *hits, double *share, double *value) {
    int count = 0;
    double moment = 0, mass = 0;
    for (int i = 0; i <= GRID; i++) {
        if (weight[i] <= 0) continue;
        const double v = isotonic_at(weight, hits, i);
        if (!count || v > value[count - 1] + 1e-12) {
            count++;
            moment = mass = 0;
        }
        moment += weight[i] * i;
        mass += weight[i];
        share[count - 1] = moment / mass;
        value[count - 1] = v;
    }
    return count;
}

static void compare_knots(bw_reader *r, const double *weight, const double *hits) {
    static double share[GRID + 1], value[GRID + 1];
    const int want = reference_knots(weight, hits, share, value);
    assert_int_equal(bw_get_u16(r), want);
    for (int i = 0; i < want; i++) {
        near(bw_get_u16(r), share[i], 0.5 + 1e-9);
        near(bw_get_u32(r) / 16777216., value[i], 1e-7);
    }
}

static void fit_is_isotonic_regression(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    for (uint64_t stream = 20; stream < 60; stream += 20) {
        sample_set *s = random_samples(stream);
        static double weight[CLASSES][GRID + 1], hits[CLASSES][GRID + 1];
        static float weights[SAMPLES];
        memset(weight, 0, sizeof weight);
        memset(hits, 0, sizeof hits);
        for (int i = 0; i < SAMPLES; i++) {
            weights[i] = (float)(1 + (int)(test_uniform(stream + 11, (uint64_t)i) * 8)) / 8;
            const double total = (double)s->votes[i] + s->votes[SAMPLES + i] + s->votes[2 * SAMPLES + i];
            /* frequencies that mostly rise with the share */
            s->labels[i] = test_uniform(stream + 12, (uint64_t)i) * (total + 1) < s->votes[i] ? 0 : s->labels[i];
            for (int k = 0; total > 0 && k < CLASSES; k++) {
                const int step = (int)(s->votes[k * SAMPLES + i] / total * GRID + 0.5);
                weight[k][step] += (double)weights[i];
                if (s->labels[i] == k) hits[k][step] += (double)weights[i];
            }
        }
        bw_calibration *c = fit(CLASSES, SAMPLES, s->votes, s->labels, weights);
        bw_writer w = calibration_bytes(ctx, c);
        bw_reader r;
        bw_reader_init(&r, w.data, w.size);
        bw_get(&r, 4);
        for (int k = 0; k < CLASSES; k++)
            compare_knots(&r, weight[k], hits[k]);
        assert_int_equal(bw_reader_left(&r), 0);
        bw_writer_free(&w);
        bw_calibration_free(c);
        bw_free(s);
    }
    bw_context_free(ctx);
}

/* Two classes with votes p : 100 - p; class 0 is right in `percent(p)` of 100 samples. */
static bw_calibration *fit_percent(int (*percent)(int p)) {
    enum { COUNT = 101 * 100 };
    static uint32_t votes[2 * COUNT];
    static uint8_t labels[COUNT];
    for (int i = 0; i < COUNT; i++) {
        votes[i] = (uint32_t)(i / 100) * 840;
        votes[COUNT + i] = (uint32_t)(100 - i / 100) * 840;
        labels[i] = i % 100 >= percent(i / 100);
    }
    return fit(2, COUNT, votes, labels, NULL);
}

static double apply_share(const bw_calibration *c, uint32_t share, uint32_t total) {
    uint32_t votes[2] = {share, total - share};
    bw_calibration_apply(c, 1, votes, 1);
    assert_int_equal(votes[0] + votes[1], BW_CALIBRATED_TOTAL);
    return votes[0] / (double)BW_CALIBRATED_TOTAL;
}

static int same(int p) {
    return p;
}
static int extreme(int p) {
    return p < 50 ? p / 5 : 100 - (100 - p) / 5;
}
static int wavy(int p) {
    return p % 20 < 10 ? p : 100 - p;
}

static void calibrated_votes_stay(void **state) {
    (void)state;
    bw_calibration *c = fit_percent(same);
    for (uint32_t v = 0; v <= 84000; v += 7)
        near(apply_share(c, v, 84000), v / 84000., 0.0011);
    bw_calibration_free(c);
}

static void maps_ascend(void **state) {
    (void)state;
    int (*const shapes[])(int) = {same, extreme, wavy};
    for (int i = 0; i < 3; i++) {
        bw_calibration *c = fit_percent(shapes[i]);
        double last = 0, first = apply_share(c, 0, 84000);
        for (uint32_t v = 0; v <= 84000; v += 5) {
            const double p = apply_share(c, v, 84000);
            assert_true(p >= last - 1e-7);
            last = p;
        }
        assert_true(last > first);
        bw_calibration_free(c);
    }
    bw_calibration *c = fit_percent(extreme);
    near(apply_share(c, 84000 / 4, 84000), 0.05, 0.006); /* steps of 5 are joined at their middles */
    near(apply_share(c, 84000 / 4 * 3, 84000), 0.95, 0.006);
    bw_calibration_free(c);
}

/* Labels follow p, votes are too sure (p^3 against the rest's): a map fitted on one half mends the other. */
static void distorted_votes_are_mended(void **state) {
    (void)state;
    enum { COUNT = 8000 };
    static uint32_t votes[2 * COUNT];
    static uint8_t labels[COUNT];
    bw_summary before, after;
    for (int half = 0; half < 2; half++) {
        bw_assessment *a = test_assessment(2), *b = test_assessment(2);
        static bw_calibration *c;
        for (int i = 0; i < COUNT; i++) {
            const double p = test_uniform(70 + (uint64_t)half, (uint64_t)i), q = p * p * p,
                         rest = (1 - p) * (1 - p) * (1 - p);
            votes[i] = (uint32_t)(84000 * q / (q + rest) + 0.5);
            votes[COUNT + i] = 84000 - votes[i];
            labels[i] = test_uniform(80 + (uint64_t)half, (uint64_t)i) >= p;
        }
        if (!half) {
            c = fit(2, COUNT, votes, labels, NULL);
        } else {
            bw_assessment_add_votes(a, COUNT, votes, COUNT, labels);
            bw_calibration_apply(c, COUNT, votes, COUNT);
            bw_assessment_add_votes(b, COUNT, votes, COUNT, labels);
            bw_assessment_summary(a, &before);
            bw_assessment_summary(b, &after);
            bw_calibration_free(c);
        }
        bw_assessment_free(a);
        bw_assessment_free(b);
    }
    assert_true(before.calibration_error > 0.1 && after.calibration_error < 0.02);
    assert_true(after.brier < 0.95 * before.brier);
    near(after.brier, 1. / 3, 0.01); /* mean of 2 p (1 - p) */
}

static void sums_are_exact(void **state) {
    (void)state;
    static const int class_counts[] = {2, 3, 17, 255};
    enum { COUNT = 700 };
    bw_context *ctx = test_context(1);
    for (int j = 0; j < 4; j++) {
        const int classes = class_counts[j];
        uint32_t *votes = bw_calloc(ctx, (uint64_t)classes * COUNT, sizeof *votes, "votes");
        uint32_t *single = bw_calloc(ctx, (uint64_t)classes, sizeof *single, "votes");
        uint32_t *all = bw_calloc(ctx, (uint64_t)classes * COUNT, sizeof *all, "votes");
        uint8_t labels[COUNT];
        for (int i = 0; i < COUNT; i++) {
            labels[i] = (uint8_t)(bw_random(1, 3, (uint64_t)i) % (uint64_t)classes);
            for (int tree = 0; tree < i % 41; tree++) {
                const uint64_t draw = bw_random(1, 4, (uint64_t)(i * 100 + tree));
                votes[(draw % 3 ? draw / 3 % (uint64_t)classes : labels[i]) * COUNT + (uint64_t)i] += 840;
            }
        }
        bw_calibration *c = fit(classes, COUNT, votes, labels, NULL);
        memcpy(all, votes, (size_t)classes * COUNT * sizeof *all);
        bw_calibration_apply(c, COUNT, all, COUNT);
        for (int i = 0; i < COUNT; i++) {
            uint64_t sum = 0;
            for (int k = 0; k < classes; k++) {
                single[k] = votes[k * COUNT + i];
                sum += all[k * COUNT + i];
            }
            assert_int_equal(sum, i % 41 ? BW_CALIBRATED_TOTAL : 0);
            bw_calibration_apply(c, 1, single, 1);
            for (int k = 0; k < classes; k++)
                assert_int_equal(single[k], all[k * COUNT + i]); /* whatever stands beside a pixel */
        }
        bw_calibration_free(c);
        bw_free(votes);
        bw_free(single);
        bw_free(all);
    }
    bw_context_free(ctx);
}

static int winner(const uint32_t *votes, int classes) {
    int best = 0;
    for (int k = 1; k < classes; k++)
        if (votes[k] > votes[best]) best = k;
    return best;
}

/* All maps are the same constant: only the votes tell classes apart. */
static void equal_values_keep_the_order_of_votes(void **state) {
    (void)state;
    static const uint32_t votes[] = {5, 5, 5, 5, 5, 5, 5, 5, 5};
    static const uint8_t labels[] = {0, 1, 2};
    bw_calibration *c = fit(3, 3, votes, labels, NULL);
    static const uint32_t cases[][3] = {{1, 2, 3}, {3, 2, 1}, {2, 3, 1}, {2, 2, 1}, {1, 2, 2}, {1, 1, 1}};
    static const int wanted[] = {2, 0, 1, 0, 1, 0};
    for (int i = 0; i < 6; i++) {
        uint32_t v[3];
        memcpy(v, cases[i], sizeof v);
        bw_calibration_apply(c, 1, v, 1);
        assert_int_equal(winner(v, 3), wanted[i]);
        for (int k = 0; k < 3; k++)
            near(v[k], BW_CALIBRATED_TOTAL / 3., 3);
    }
    bw_calibration_free(c);
}

/* Maps that are 0 everywhere (only a file can bring them): the votes stand. */
static void all_zero_falls_back_to_the_votes(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_calibration *c;
    bw_writer w;
    bw_reader r;
    bw_writer_init(&w, ctx);
    bw_put_u16(&w, 1);
    bw_put_u16(&w, 3);
    for (int k = 0; k < 3; k++) {
        bw_put_u16(&w, 1);
        bw_put_u16(&w, 0);
        bw_put_u32(&w, 0);
    }
    bw_reader_init(&r, w.data, w.size);
    assert_ok(ctx, bw_calibration_get(ctx, &r, &c));
    uint32_t v[6] = {5, 0, 4, 0, 0, 0};
    bw_calibration_apply(c, 2, v, 2);
    near(v[0], BW_CALIBRATED_TOTAL * 5. / 9, 20);
    near(v[2], BW_CALIBRATED_TOTAL * 4. / 9, 20);
    assert_int_equal(v[0] + v[2], BW_CALIBRATED_TOTAL);
    assert_true(v[4] == 0 && v[1] == 0 && v[3] == 0 && v[5] == 0);
    bw_writer_free(&w);
    bw_calibration_free(c);
    bw_context_free(ctx);
}

static void classes_without_samples_keep_their_shares(void **state) {
    (void)state;
    static const uint32_t votes[] = {4, 1, 1, 4, 5, 5};
    static const uint8_t labels[] = {0, 1};
    bw_context *ctx = test_context(1);
    bw_calibration *c = fit(3, 2, votes, labels, NULL), *none = fit(3, 0, votes, labels, NULL);
    bw_writer w = calibration_bytes(ctx, c);
    static const uint8_t identity[] = {2, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 1};
    assert_memory_equal(w.data + w.size - sizeof identity, identity, sizeof identity);
    uint32_t v[3] = {100, 200, 700};
    bw_calibration_apply(none, 1, v, 1);
    near(v[0] / (double)BW_CALIBRATED_TOTAL, 0.1, 1e-5);
    near(v[2] / (double)BW_CALIBRATED_TOTAL, 0.7, 1e-5);
    bw_writer_free(&w);
    bw_calibration_free(c);
    bw_calibration_free(none);
    bw_context_free(ctx);
}

static void weights_count_samples(void **state) {
    (void)state;
    sample_set *s = random_samples(90), *twice = random_samples(90);
    static float weights[SAMPLES], doubled[SAMPLES], zeros[SAMPLES];
    const int half = SAMPLES / 2;
    for (int i = 0; i < SAMPLES; i++) {
        weights[i] = i < half ? (float)(1 + i % 2) : 0;
        doubled[i] = 512 * weights[i];
        zeros[i] = 0;
        const int from = i < half ? i : i - half; /* a copy of each odd sample, nothing of the others */
        for (int k = 0; k < CLASSES; k++)
            twice->votes[k * SAMPLES + i] = i >= half && from % 2 == 0 ? 0 : s->votes[k * SAMPLES + from];
        twice->labels[i] = s->labels[from];
    }
    bw_calibration *a = fit(CLASSES, SAMPLES, s->votes, s->labels, weights);
    bw_calibration *b = fit(CLASSES, SAMPLES, s->votes, s->labels, doubled);
    bw_calibration *copies = fit(CLASSES, SAMPLES, twice->votes, twice->labels, NULL);
    bw_calibration *plain = fit(CLASSES, SAMPLES, s->votes, s->labels, NULL);
    bw_calibration *none = fit(CLASSES, SAMPLES, s->votes, s->labels, zeros);
    bw_calibration *empty = fit(CLASSES, 0, s->votes, s->labels, NULL);
    assert_same_calibration(a, b, 1);
    assert_same_calibration(a, copies, 1);
    assert_same_calibration(a, plain, 0);
    assert_same_calibration(none, empty, 1);
    bw_calibration *all[] = {a, b, copies, plain, none, empty};
    for (int i = 0; i < 6; i++)
        bw_calibration_free(all[i]);
    bw_free(s);
    bw_free(twice);
}

static bw_status calibration_again(bw_context *ctx, bw_reader *r, bw_writer *back) {
    bw_calibration *c;
    BW_TRY(bw_calibration_get(ctx, r, &c));
    uint32_t votes[255 * 2] = {0};
    for (int i = 0; i < 255 * 2; i++)
        votes[i] = (uint32_t)i * 7;
    bw_calibration_apply(c, 2, votes, 2); /* what is accepted can be used */
    bw_status status = bw_calibration_put(back, c);
    bw_calibration_free(c);
    return status;
}

static void calibrations_are_kept(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_calibration *c = fit_percent(extreme), *again;
    bw_writer w = calibration_bytes(ctx, c);
    bw_reader r;
    bw_reader_init(&r, w.data, w.size);
    assert_ok(ctx, bw_calibration_get(ctx, &r, &again));
    assert_same_calibration(c, again, 1);
    for (uint32_t v = 0; v < 840; v++)
        assert_true(apply_share(c, v, 840) == apply_share(again, v, 840));
    damage(&w, calibration_again);
    bw_writer_free(&w);
    bw_calibration_free(c);
    bw_calibration_free(again);
    bw_context_free(ctx);
}

static void cancelled_work_leaves_nothing(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    image_set s = small_images(BW_UINT8);
    bw_assessment *a = test_assessment(3), *empty = test_assessment(3), *none;
    bw_calibration *c;
    static const uint32_t votes[] = {1, 2};
    static const uint8_t labels[] = {0};
    bw_context_cancel(ctx);
    assert_int_equal(bw_assessment_add(ctx, a, s.truth, s.labels, NULL), BW_ERROR_CANCELLED);
    assert_same_assessment(a, empty);
    assert_int_equal(bw_assessment_create(ctx, 3, &none), BW_ERROR_CANCELLED);
    assert_null(none);
    assert_int_equal(bw_calibration_fit(ctx, 2, 1, votes, 1, labels, NULL, &c), BW_ERROR_CANCELLED);
    assert_null(c);
    bw_assessment_free(a);
    bw_assessment_free(empty);
    free_images(&s);
    bw_context_free(ctx);
}

static void nothing_leaks(void **state) {
    (void)state;
    assert_int_equal(bw_memory_in_use(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_have_their_closed_forms),
        cmocka_unit_test(nothing_gives_no_scores),
        cmocka_unit_test(votes_are_probabilities),
        cmocka_unit_test(order_and_parts_do_not_matter),
        cmocka_unit_test(images_are_compared_pixel_by_pixel),
        cmocka_unit_test(labels_win_over_probabilities),
        cmocka_unit_test(bad_images_are_named),
        cmocka_unit_test(class_numbers_are_checked),
        cmocka_unit_test(assessments_are_kept),
        cmocka_unit_test(descriptions_hold_the_scores),
        cmocka_unit_test(many_classes_are_listed),
        cmocka_unit_test(fit_is_isotonic_regression),
        cmocka_unit_test(calibrated_votes_stay),
        cmocka_unit_test(maps_ascend),
        cmocka_unit_test(distorted_votes_are_mended),
        cmocka_unit_test(sums_are_exact),
        cmocka_unit_test(equal_values_keep_the_order_of_votes),
        cmocka_unit_test(all_zero_falls_back_to_the_votes),
        cmocka_unit_test(classes_without_samples_keep_their_shares),
        cmocka_unit_test(weights_count_samples),
        cmocka_unit_test(calibrations_are_kept),
        cmocka_unit_test(cancelled_work_leaves_nothing),
        cmocka_unit_test(nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
