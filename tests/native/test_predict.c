/* What prediction makes of votes, and autocontext: models are put together by hand from two forests. */
#include "model_support.h"
#include "os.h"

#include "core/alloc.h"
#include "pipeline/stage.h"

/* ---- outputs -------------------------------------------------------------------------------------------------------
 */

enum { ALL_OUTPUTS = BW_OUTPUT_PROBABILITIES | BW_OUTPUT_LABELS | BW_OUTPUT_UNCERTAINTY | BW_OUTPUT_ENTROPY };

static bw_prediction predict(const bw_model *model, const bw_image *image, int64_t tile, int threads, int outputs,
                             bw_predict_report *report) {
    bw_context *ctx = test_context(threads);
    const bw_predict_options options = {.tile = tile};
    bw_prediction out;
    assert_ok(ctx, bw_predict(ctx, model, image, &options, outputs, &out, report));
    bw_context_free(ctx);
    return out;
}

static void assert_same_prediction(const bw_prediction *a, const bw_prediction *b) {
    bw_image *const x[] = {a->probabilities, a->labels, a->uncertainty, a->entropy};
    bw_image *const y[] = {b->probabilities, b->labels, b->uncertainty, b->entropy};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(x[i] != NULL, y[i] != NULL);
        if (x[i]) assert_same_pixels(x[i], y[i]);
    }
}

/* The other outputs, from the probabilities of a pixel. */
static void check_pixel(const double *p, int classes, int label, double uncertainty, double entropy) {
    double sum = 0, spread = 0, second = 0;
    int best = 0;
    for (int k = 0; k < classes; k++) {
        assert_true(p[k] >= 0 && p[k] <= 1);
        sum += p[k];
        if (p[k] > 0) spread -= p[k] * log(p[k]);
        if (p[k] > p[best]) best = k;
    }
    for (int k = 0; k < classes; k++)
        if (k != best && p[k] > second) second = p[k];
    assert_float_equal(sum, 1, 1e-6);
    assert_int_equal(label, best + 1);
    assert_float_equal(uncertainty, 1 - (p[best] - second), 2e-7);
    assert_float_equal(entropy, spread / log(classes), 1e-6);
    assert_true(uncertainty >= 0 && uncertainty <= 1 && entropy >= 0 && entropy <= 1);
}

static void check_plane(const bw_prediction *made, int classes, int frame, int64_t z, int64_t *counts) {
    const bw_image_info *info = bw_image_get_info(made->labels);
    const uint8_t *labels = bw_image_plane_const(made->labels, frame, 0, z);
    const float *uncertainty = bw_image_plane_const(made->uncertainty, frame, 0, z);
    const float *entropy = bw_image_plane_const(made->entropy, frame, 0, z);
    for (int64_t i = 0; i < info->width * info->height; i++) {
        double p[BW_MAX_CLASSES];
        for (int k = 0; k < classes; k++)
            p[k] = (double)((const float *)bw_image_plane_const(made->probabilities, frame, k, z))[i];
        check_pixel(p, classes, labels[i], (double)uncertainty[i], (double)entropy[i]);
        counts[labels[i] - 1]++;
    }
}

/* Every combination gives the images that all together give, and the same report. */
static void check_combinations(const bw_model *model, const bw_image *image, const bw_prediction *all,
                               const bw_predict_report *expected) {
    for (int outputs = 0; outputs <= ALL_OUTPUTS; outputs++) {
        bw_predict_report report;
        bw_prediction made = predict(model, image, 40, 2, outputs, &report);
        const bw_prediction wanted = {outputs & BW_OUTPUT_PROBABILITIES ? all->probabilities : NULL,
                                      outputs & BW_OUTPUT_LABELS ? all->labels : NULL,
                                      outputs & BW_OUTPUT_UNCERTAINTY ? all->uncertainty : NULL,
                                      outputs & BW_OUTPUT_ENTROPY ? all->entropy : NULL};
        assert_same_prediction(&made, &wanted);
        assert_memory_equal(report.class_pixels, expected->class_pixels, sizeof report.class_pixels);
        bw_prediction_free(&made);
        assert_null(made.probabilities);
        assert_null(made.labels);
    }
}

static void check_outputs(const bw_model *model, const bw_image *image) {
    const bw_image_info *info = bw_image_get_info(image);
    int64_t counts[BW_MAX_CLASSES] = {0};
    bw_predict_report report;
    bw_prediction all = predict(model, image, 0, 2, ALL_OUTPUTS, &report);
    for (int t = 0; t < info->frames; t++)
        for (int64_t z = 0; z < info->depth; z++)
            check_plane(&all, model->classes, t, z, counts);
    assert_memory_equal(counts, report.class_pixels, sizeof counts);
    for (int k = 0; k < model->classes; k++)
        assert_true(counts[k] > 0);
    check_combinations(model, image, &all, &report);
    bw_prediction_free(&all);
}

static void outputs_belong_together(void **state) {
    (void)state;
    static const int classes[] = {2, 3, 7};
    for (int i = 0; i < 3; i++) {
        bw_image_info info = test_info(BW_UINT8, 91, 77, i == 1 ? 3 : 1);
        info.frames = i == 2 ? 2 : 1;
        bw_image *image = scene(info, classes[i]);
        bw_model *model = plain_model(image, classes[i], "gaussian:1,2@2d", 10 + 90 * (i == 0));
        check_outputs(model, image);
        bw_model_free(model);
        bw_image_free(image);
    }
}

static void calibrated_votes_decide(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT16, 91, 77, 1);
    bw_image *image = scene(info, 3);
    bw_model *model = plain_model(image, 3, "gaussian:1,2", 20);
    bw_image *before = probabilities_of(model, image);
    calibrate(model);
    check_outputs(model, image);
    bw_image *after = probabilities_of(model, image);
    int64_t other = 0;
    for (int64_t i = 0; i < info.width * info.height; i++)
        other += ((const float *)bw_image_plane_const(before, 0, 0, 0))[i] !=
                 ((const float *)bw_image_plane_const(after, 0, 0, 0))[i];
    assert_true(other > info.width * info.height / 2);
    bw_image_free(before);
    bw_image_free(after);
    bw_model_free(model);
    bw_image_free(image);
}

/* A model of one kind of pixel: certain, and a tie of all classes. */
static void sure_and_tied_pixels(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_FLOAT32, 20, 10, 1);
    bw_image *image = test_image(&info);
    float *pixels = bw_image_plane(image, 0, 0, 0);
    samples s = {.count = 64, .features = 1};
    s.columns[0] = malloc(64 * sizeof(float));
    s.labels = malloc(64);
    assert_true(s.columns[0] && s.labels);
    for (int i = 0; i < 64; i++) { /* below 10: class 1; above: any of four alike */
        s.columns[0][i] = i < 32 ? 0 : 20;
        s.labels[i] = (uint8_t)(i < 32 ? 0 : i % 4);
    }
    for (int i = 0; i < 200; i++)
        pixels[i] = i < 100 ? 0 : 20;
    bw_model *model = empty_model(4, "original", &info);
    bw_context *ctx = test_context(1);
    const bw_forest_options options = {.trees = 3, .mtry = BW_MTRY_ALL, .min_leaf = 1, .bootstrap = 0, .seed = 1};
    const bw_sample_part part = {s.count, (const float *const *)s.columns, s.labels, NULL};
    const bw_samples all = {s.count, 1, 4, 1, &part};
    assert_ok(ctx, bw_forest_train(ctx, &all, &options, &model->forest));
    bw_prediction made = predict(model, image, 0, 1, ALL_OUTPUTS, NULL);
    const float *uncertainty = bw_image_plane_const(made.uncertainty, 0, 0, 0);
    const float *entropy = bw_image_plane_const(made.entropy, 0, 0, 0);
    const uint8_t *labels = bw_image_plane_const(made.labels, 0, 0, 0);
    for (int i = 0; i < 200; i++) {
        assert_true(uncertainty[i] == (i < 100 ? 0.0f : 1.0f));
        assert_true(entropy[i] == (i < 100 ? 0.0f : 1.0f));
        assert_int_equal(labels[i], 1); /* the lowest of the tied ones */
    }
    bw_prediction_free(&made);
    bw_context_free(ctx);
    bw_model_free(model);
    free_samples(&s);
    bw_image_free(image);
}

static void planes_keep_their_names(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 40, 30, 2);
    bw_image *image = scene(info, 2);
    bw_context *ctx = test_context(1);
    assert_ok(ctx, bw_image_set_name(ctx, image, "cells.tif"));
    assert_ok(ctx, bw_image_set_plane_label(ctx, image, 0, 0, 1, "z2"));
    bw_model *model = plain_model(image, 2, "gaussian:1@2d", 5);
    bw_prediction made = predict(model, image, 0, 1, ALL_OUTPUTS, NULL);
    bw_image *const flat[] = {made.labels, made.uncertainty, made.entropy};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(bw_image_get_info(flat[i])->channels, 1);
        assert_int_equal(bw_image_get_info(flat[i])->depth, 2);
        assert_null(bw_image_plane_label(flat[i], 0, 0, 0));
        assert_string_equal(bw_image_plane_label(flat[i], 0, 0, 1), "z2");
        assert_string_equal(bw_image_name(flat[i]), "cells.tif");
    }
    assert_int_equal(bw_image_get_info(made.labels)->type, BW_UINT8);
    assert_int_equal(bw_image_get_info(made.entropy)->type, BW_FLOAT32);
    assert_string_equal(bw_image_plane_label(made.probabilities, 0, 1, 0), "kind 2");
    assert_string_equal(bw_image_plane_label(made.probabilities, 0, 1, 1), "kind 2: z2");
    bw_prediction_free(&made);
    bw_prediction_free(NULL);
    bw_model_free(model);
    bw_context_free(ctx);
    bw_image_free(image);
}

static void unknown_outputs_are_refused(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 30, 20, 1);
    bw_image *image = scene(info, 2);
    bw_model *model = plain_model(image, 2, "gaussian:1", 3);
    static const int wrong[] = {16, -1, 1 << 20 | BW_OUTPUT_LABELS};
    for (int i = 0; i < 3; i++) {
        bw_context *ctx = test_context(1);
        bw_prediction out = {.labels = image};
        assert_refused(ctx, bw_predict(ctx, model, image, NULL, wrong[i], &out, NULL), BW_ERROR_ARGUMENT, "output");
        assert_null(out.labels);
        bw_context_free(ctx);
    }
    bw_model_free(model);
    bw_image_free(image);
}

/* ---- the stage -----------------------------------------------------------------------------------------------------
 */

/* Puts a stage's features into an image. */
typedef struct keeper {
    bw_image *image;
    int frame;
    const uint8_t *wanted;
    int64_t pixels;
} keeper;

static bw_status keep(bw_context *ctx, void *user, int index, const bw_box *box, const float *values, int64_t row,
                      int64_t plane) {
    keeper *k = user;
    const bw_image_info *info = bw_image_get_info(k->image);
    (void)ctx;
    assert_true(!k->wanted || k->wanted[index]);
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++)
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++)
            memcpy((float *)bw_image_plane(k->image, k->frame, index, z) + y * info->width + box->lo[0],
                   values + (z - box->lo[2]) * plane + (y - box->lo[1]) * row,
                   (size_t)bw_box_extent(box, 0) * sizeof(float));
    k->pixels += bw_box_count(box);
    return BW_OK;
}

static bw_image *image_for(const bw_image *like, int channels) {
    bw_image_info info = *bw_image_get_info(like);
    info.type = BW_FLOAT32;
    info.channels = channels;
    return test_image(&info);
}

/* All of the stage's features, in tiles of these edges; those that are not wanted stay 0. */
static bw_image *stage_features(const bw_model *model, const bw_image *image, const uint8_t *wanted,
                                const int64_t edge[3]) {
    bw_context *ctx = test_context(1);
    const bw_image_info *info = bw_image_get_info(image);
    const int64_t size[3] = {info->width, info->height, info->depth};
    const bw_stage_spec spec = {model->recipe, model->first, model->context, wanted};
    const int features = bw_recipe_count(model->context);
    int given = 0;
    bw_source source;
    bw_stage *stage;
    for (int f = 0; f < features; f++)
        given += !wanted || wanted[f];
    keeper k = {.image = image_for(image, features), .wanted = wanted};
    assert_ok(ctx, bw_source_open(ctx, image, &source));
    assert_ok(ctx, bw_stage_create(ctx, &spec, &source, edge, 2, &stage));
    for (k.frame = 0; k.frame < info->frames; k.frame++)
        for (int64_t z = 0; z < size[2]; z += edge[2])
            for (int64_t y = 0; y < size[1]; y += edge[1])
                for (int64_t x = 0; x < size[0]; x += edge[0]) {
                    bw_box tile = {{x, y, z}, {x + edge[0], y + edge[1], z + edge[2]}};
                    for (int axis = 0; axis < 3; axis++)
                        if (tile.hi[axis] > size[axis]) tile.hi[axis] = size[axis];
                    assert_ok(ctx, bw_stage_tile(ctx, stage, (int)(x / edge[0] % 2), k.frame, &tile, keep, &k, 0));
                }
    assert_int_equal(k.pixels, size[0] * size[1] * size[2] * info->frames * given);
    bw_stage_free(stage);
    bw_source_close(&source);
    bw_context_free(ctx);
    return k.image;
}

static void assert_near(const bw_image *a, const bw_image *b, double tolerance) {
    const bw_image_info *info = bw_image_get_info(a);
    for (int t = 0; t < info->frames; t++)
        for (int c = 0; c < info->channels; c++)
            for (int64_t z = 0; z < info->depth; z++) {
                const float *x = bw_image_plane_const(a, t, c, z), *y = bw_image_plane_const(b, t, c, z);
                for (int64_t i = 0; i < info->width * info->height; i++)
                    assert_float_equal(x[i], y[i], tolerance);
            }
}

/* Against the features of the probability image as a whole, whose typical value is another; and tile by tile. */
static void check_stage(bw_image_info info, int classes, const char *features, const char *context) {
    static const int64_t edges[][3] = {{16, 16, 16}, {23, 50, 7}, {64, 8, 3}, {8, 100, 1}};
    bw_image *image = scene(info, classes);
    bw_model *model = context_model(image, classes, features, context);
    bw_model first = *model;
    first.forest = model->first;
    first.context = NULL;
    bw_image *probabilities = probabilities_of(&first, image);
    bw_image *expected = features_of(model->context, probabilities);
    const int64_t whole[3] = {info.width, info.height, info.depth};
    bw_image *all = stage_features(model, image, NULL, whole);
    assert_near(all, expected, 1e-5);
    for (size_t e = 0; e < sizeof edges / sizeof *edges; e++) {
        bw_image *tiled = stage_features(model, image, NULL, edges[e]);
        assert_same_pixels(all, tiled);
        bw_image_free(tiled);
    }
    bw_image_free(all);
    bw_image_free(expected);
    bw_image_free(probabilities);
    bw_model_free(model);
    bw_image_free(image);
}

static void stage_makes_the_features_of_the_probabilities(void **state) {
    (void)state;
    bw_image_info flat = test_info(BW_UINT8, 101, 83, 1), stack = test_info(BW_UINT16, 60, 50, 9);
    flat.channels = flat.frames = 2;
    check_stage(flat, 3, "gaussian:1;hessian:1.6", "original;gaussian:1,4;hessian:2");
    check_stage(flat, 3, "gaussian:1", "maximum:6"); /* needs every pixel of its halo */
    stack.calibrated = 1;
    stack.spacing[0] = stack.spacing[1] = 0.2;
    stack.spacing[2] = 0.5;
    check_stage(stack, 2, "gaussian:0.7,1.6", "gaussian:1.6,5;mean:3");
    check_stage(stack, 2, "gaussian:0.7,1.6@2d", "gaussian:1.6,5@2d");
}

static void stage_makes_only_what_is_wanted(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 80, 70, 1);
    bw_image *image = scene(info, 3);
    bw_model *model = context_model(image, 3, "gaussian:1", "gaussian:1,6");
    const int64_t whole[3] = {80, 70, 1}, tile[3] = {32, 32, 1};
    const uint8_t wanted[6] = {0, 1, 0, 0, 0, 1};
    bw_image *all = stage_features(model, image, NULL, whole), *some = stage_features(model, image, wanted, tile);
    assert_int_equal(bw_recipe_count(model->context), 6);
    for (int f = 0; f < 6; f++)
        if (wanted[f])
            assert_memory_equal(bw_image_plane_const(all, 0, f, 0), bw_image_plane_const(some, 0, f, 0), 80 * 70 * 4);
    bw_image_free(all);
    bw_image_free(some);
    bw_model_free(model);
    bw_image_free(image);
}

static void stage_takes_what_it_says(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 300, 280, 1);
    bw_image *image = scene(info, 3);
    bw_model *model = context_model(image, 3, "gaussian:1;hessian:3.5", "gaussian:1,8");
    bw_context *ctx = test_context(1);
    const bw_stage_spec spec = {model->recipe, model->first, model->context, NULL};
    const int64_t size[3] = {300, 280, 1};
    bw_source source;
    assert_ok(ctx, bw_source_open(ctx, image, &source));
    for (int64_t edge = 16; edge < 300; edge *= 2)
        for (int threads = 1; threads <= 3; threads += 2) {
            const int64_t extent[3] = {edge, edge, 1};
            int64_t bytes;
            bw_stage *stage;
            assert_ok(ctx, bw_stage_size(ctx, &spec, extent, size, &bytes));
            const uint64_t before = bw_memory_in_use();
            assert_ok(ctx, bw_stage_create(ctx, &spec, &source, extent, threads, &stage));
            const int64_t taken = (int64_t)(bw_memory_in_use() - before);
            assert_true(taken >= bytes * threads);
            assert_true(taken < bytes * threads + 80000); /* plans and small tables */
            bw_stage_free(stage);
            assert_int_equal(bw_memory_in_use(), before);
        }
    bw_source_close(&source);
    bw_context_free(ctx);
    bw_model_free(model);
    bw_image_free(image);
}

/* ---- models with autocontext ---------------------------------------------------------------------------------------
 */

static void check_context_model(bw_image_info info, int classes, const char *features, const char *context,
                                int calibrated) {
    static const int64_t tiles[] = {0, 16, 33, 64, 100000};
    static const char *const levels[] = {"scalar", "sse2", "neon", "avx2", "avx512"};
    bw_image *image = scene(info, classes);
    bw_model *model = context_model(image, classes, features, context);
    if (calibrated) calibrate(model);
    bw_prediction whole = predict(model, image, 100000, 1, ALL_OUTPUTS, NULL);
    for (size_t i = 0; i < sizeof tiles / sizeof *tiles; i++) {
        bw_prediction tiled = predict(model, image, tiles[i], 1 + (int)i % 4, ALL_OUTPUTS, NULL);
        assert_same_prediction(&whole, &tiled);
        bw_prediction_free(&tiled);
    }
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        test_set_variable("BRUSHWOOD_SIMD", levels[i]);
        if (strcmp(bw_simd_name(), levels[i])) continue;
        bw_prediction other = predict(model, image, 40, 2, ALL_OUTPUTS, NULL);
        assert_same_prediction(&whole, &other);
        bw_prediction_free(&other);
    }
    test_set_variable("BRUSHWOOD_SIMD", NULL);
    bw_prediction labels = predict(model, image, 48, 2, BW_OUTPUT_LABELS, NULL);
    assert_same_pixels(whole.labels, labels.labels);
    bw_prediction_free(&labels);
    bw_prediction_free(&whole);
    bw_model_free(model);
    bw_image_free(image);
}

static void context_does_not_depend_on_tiles_in_2d(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 131, 97, 1);
    info.channels = info.frames = 2;
    check_context_model(info, 3, "gaussian:1;hessian:1.6", "gaussian:1,4", 0);
    info.channels = info.frames = 1;
    check_context_model(info, 2, "gaussian:0.7", "gaussian:2,7", 1);
}

static void context_does_not_depend_on_tiles_in_3d(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_FLOAT32, 70, 61, 11);
    info.calibrated = 1;
    info.spacing[0] = info.spacing[1] = 0.2;
    info.spacing[2] = 0.5;
    check_context_model(info, 2, "gaussian:0.7,1.6", "gaussian:1.6,3.5", 0);
    check_context_model(info, 3, "gaussian:0.7,1.6@2d", "gaussian:1.6,5@2d", 0);
}

/* The context helps: noise is smoothed, stripes are wide. */
static void context_improves_labels(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 200, 180, 1);
    bw_image *image = scene(info, 3);
    bw_model *model = context_model(image, 3, "gaussian:0.7", "gaussian:1,2,4"), first = *model;
    first.forest = model->first;
    first.context = NULL;
    bw_prediction with = predict(model, image, 0, 2, BW_OUTPUT_LABELS, NULL);
    bw_prediction without = predict(&first, image, 0, 2, BW_OUTPUT_LABELS, NULL);
    const uint8_t *a = bw_image_plane_const(with.labels, 0, 0, 0), *b = bw_image_plane_const(without.labels, 0, 0, 0);
    int64_t right = 0, before = 0;
    for (int64_t i = 0; i < info.width * info.height; i++) {
        const int k = 1 + truth(i % info.width, i / info.width, 0, 3);
        right += a[i] == k;
        before += b[i] == k;
    }
    assert_true(right > before + info.width * info.height / 10);
    bw_prediction_free(&with);
    bw_prediction_free(&without);
    bw_model_free(model);
    bw_image_free(image);
}

static void context_respects_the_budget(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 500, 450, 1);
    bw_image *image = scene(info, 2);
    bw_model *model = context_model(image, 2, "gaussian:1;hessian:1.6", "gaussian:1,4");
    bw_prediction wide = predict(model, image, 0, 2, BW_OUTPUT_LABELS, NULL), tight;
    static const uint64_t budgets[] = {20000000, 4000000, 1500000};
    for (int i = 0; i < 3; i++) {
        bw_context *ctx = test_context(3);
        assert_ok(ctx, bw_context_set_memory_budget(ctx, budgets[i]));
        bw_memory_reset_peak();
        const uint64_t before = bw_memory_in_use();
        assert_ok(ctx, bw_predict(ctx, model, image, NULL, BW_OUTPUT_LABELS, &tight, NULL));
        assert_in_range(bw_memory_peak() - before, 1, budgets[i] + 500 * 450 + 200000); /* output, odds and ends */
        assert_same_pixels(wide.labels, tight.labels);
        bw_prediction_free(&tight);
        bw_context_free(ctx);
    }
    static const uint64_t too_small[] = {1, 1000, 60000};
    for (int i = 0; i < 3; i++) {
        bw_context *ctx = test_context(2);
        assert_ok(ctx, bw_context_set_memory_budget(ctx, too_small[i]));
        assert_refused(ctx, bw_predict(ctx, model, image, NULL, BW_OUTPUT_LABELS, &tight, NULL), BW_ERROR_MEMORY,
                       "autocontext");
        assert_null(tight.labels);
        bw_context_free(ctx);
    }
    bw_context *ctx = test_context(1);
    const bw_predict_options tiny = {.tile = 3};
    assert_refused(ctx, bw_predict(ctx, model, image, &tiny, BW_OUTPUT_LABELS, &tight, NULL), BW_ERROR_ARGUMENT,
                   "at least 8");
    bw_context_free(ctx);
    bw_prediction_free(&wide);
    bw_model_free(model);
    bw_image_free(image);
}

typedef struct watcher {
    double last;
    int backwards, distinct, stop_after;
} watcher;

static int watch(void *user, double fraction) {
    watcher *w = user;
    w->backwards += fraction < w->last || fraction < 0 || fraction > 1;
    w->distinct += fraction != w->last;
    w->last = fraction;
    return w->stop_after && w->distinct > w->stop_after;
}

static void context_shows_progress_and_stops(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 400, 380, 1);
    bw_image *image = scene(info, 2);
    bw_model *model = context_model(image, 2, "gaussian:0.7,1.6;hessian:1.6,5", "gaussian:1,4");
    const bw_predict_options whole = {.tile = 400};
    watcher w = {0};
    bw_prediction out;
    bw_context *ctx = test_context(1);
    bw_context_set_progress(ctx, watch, &w);
    assert_ok(ctx, bw_predict(ctx, model, image, &whole, BW_OUTPUT_LABELS, &out, NULL));
    assert_int_equal(w.backwards, 0);
    assert_in_range(w.distinct, 10, 100000);
    assert_float_equal(bw_context_progress(ctx), 1, 1e-6);
    bw_prediction_free(&out);
    bw_context_free(ctx);
    const uint64_t before = bw_memory_in_use();
    ctx = test_context(2);
    w = (watcher){.stop_after = 3};
    bw_context_set_progress(ctx, watch, &w);
    assert_refused(ctx, bw_predict(ctx, model, image, NULL, ALL_OUTPUTS, &out, NULL), BW_ERROR_CANCELLED, "Cancelled");
    assert_null(out.labels);
    bw_context_free(ctx);
    assert_int_equal(bw_memory_in_use(), before);
    bw_model_free(model);
    bw_image_free(image);
}

static void nothing_leaks(void **state) {
    (void)state;
    assert_int_equal(bw_memory_in_use(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_belong_together),
        cmocka_unit_test(calibrated_votes_decide),
        cmocka_unit_test(sure_and_tied_pixels),
        cmocka_unit_test(planes_keep_their_names),
        cmocka_unit_test(unknown_outputs_are_refused),
        cmocka_unit_test(stage_makes_the_features_of_the_probabilities),
        cmocka_unit_test(stage_makes_only_what_is_wanted),
        cmocka_unit_test(stage_takes_what_it_says),
        cmocka_unit_test(context_does_not_depend_on_tiles_in_2d),
        cmocka_unit_test(context_does_not_depend_on_tiles_in_3d),
        cmocka_unit_test(context_improves_labels),
        cmocka_unit_test(context_respects_the_budget),
        cmocka_unit_test(context_shows_progress_and_stops),
        cmocka_unit_test(nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
