/* Tiles, threads, SIMD levels and budgets never change a byte; frames, channels, spacing and bad input. */
#include "os.h"
#include "support.h"

#include <math.h>
#include <time.h>

#include "core/alloc.h"
#include "model/model.h"

/* Blobs over noise, so that a forest has something to learn: bright discs or balls on a 40 pixel grid. */
static int blob(int64_t x, int64_t y, int64_t z) {
    const int64_t dx = x % 40 - 20, dy = y % 40 - 20, dz = (z % 12 - 6) * 2;
    return dx * dx + dy * dy + dz * dz < 100;
}

static bw_image *scene(bw_image_info info) {
    bw_image *image = test_noise(&info);
    for (int t = 0; t < info.frames; t++)
        for (int c = 0; c < info.channels; c++)
            for (int64_t z = 0; z < info.depth; z++)
                for (int64_t i = 0; i < info.width * info.height; i++) {
                    const int extra = blob(i % info.width, i / info.width, info.depth > 1 ? z : 6) ? 50 : 0;
                    void *plane = bw_image_plane(image, t, c, z);
                    if (info.type == BW_UINT8) ((uint8_t *)plane)[i] = (uint8_t)(((uint8_t *)plane)[i] + extra);
                    if (info.type == BW_UINT16)
                        ((uint16_t *)plane)[i] = (uint16_t)(((uint16_t *)plane)[i] + 50 * extra);
                    if (info.type == BW_FLOAT32) ((float *)plane)[i] += (float)extra;
                }
    return image;
}

static bw_image *scene_labels(bw_image_info info, int every) {
    info.type = BW_UINT8;
    info.channels = 1;
    info.rgb = 0;
    bw_image *labels = test_image(&info);
    for (int t = 0; t < info.frames; t++)
        for (int64_t z = 0; z < info.depth; z++)
            for (int64_t i = 0; i < info.width * info.height; i++)
                if (bw_random(5, (uint64_t)z, (uint64_t)i) % (uint64_t)every == 0)
                    ((uint8_t *)bw_image_plane(labels, t, 0, z))[i] =
                        (uint8_t)(1 + blob(i % info.width, i / info.width, info.depth > 1 ? z : 6));
    return labels;
}

static bw_recipe *recipe_for(bw_context *ctx, const char *features, const bw_image_info *info) {
    const bw_recipe_options options = {info->channels,
                                       info->depth > 1 ? 3 : 2,
                                       {info->spacing[0] ? info->spacing[0] : 1,
                                        info->spacing[1] ? info->spacing[1] : 1,
                                        info->spacing[2] ? info->spacing[2] : 1}};
    bw_recipe *recipe;
    assert_ok(ctx, bw_recipe_parse(ctx, features, &options, &recipe));
    return recipe;
}

static bw_model *train_refined(const char *features, const bw_image *image, const bw_image *labels, int threads,
                               uint64_t budget, int refine) {
    bw_context *ctx = test_context(threads);
    bw_recipe *recipe = recipe_for(ctx, features, bw_image_get_info(image));
    bw_train_options options;
    bw_trainer *trainer;
    bw_model *model;
    bw_train_options_init(&options);
    options.forest.trees = 12;
    if (refine >= 0) options.refine = refine;
    assert_ok(ctx, bw_context_set_memory_budget(ctx, budget));
    assert_ok(ctx, bw_trainer_create(ctx, recipe, &trainer));
    assert_ok(ctx, bw_trainer_add(ctx, trainer, image, labels));
    assert_ok(ctx, bw_trainer_train(ctx, trainer, &options, &model));
    bw_trainer_free(trainer);
    bw_recipe_free(recipe);
    bw_context_free(ctx);
    return model;
}

static bw_model *train(const char *features, const bw_image *image, const bw_image *labels, int threads,
                       uint64_t budget) {
    return train_refined(features, image, labels, threads, budget, -1);
}

/* probabilities, labels: NULL = not wanted. */
static bw_status run(bw_context *ctx, const bw_model *model, const bw_image *image, const bw_predict_options *options,
                     bw_image **probabilities, bw_image **labels, bw_predict_report *report) {
    const int outputs = (probabilities ? BW_OUTPUT_PROBABILITIES : 0) | (labels ? BW_OUTPUT_LABELS : 0);
    bw_prediction made;
    const bw_status status = bw_predict(ctx, model, image, options, outputs, &made, report);
    if (probabilities) *probabilities = made.probabilities;
    if (labels) *labels = made.labels;
    return status;
}

static void predict(const bw_model *model, const bw_image *image, int64_t tile, int threads, uint64_t budget,
                    bw_image **probabilities, bw_image **labels) {
    bw_context *ctx = test_context(threads);
    const bw_predict_options options = {.tile = tile};
    assert_ok(ctx, bw_context_set_memory_budget(ctx, budget));
    assert_ok(ctx, run(ctx, model, image, &options, probabilities, labels, NULL));
    bw_context_free(ctx);
}

static void assert_same_model(const bw_model *a, const bw_model *b) {
    bw_context *ctx = test_context(1);
    bw_writer x, y;
    bw_writer_init(&x, ctx);
    bw_writer_init(&y, ctx);
    assert_ok(ctx, bw_model_put(&x, a));
    assert_ok(ctx, bw_model_put(&y, b));
    assert_int_equal(x.size, y.size);
    assert_memory_equal(x.data, y.data, (size_t)x.size);
    bw_writer_free(&x);
    bw_writer_free(&y);
    bw_context_free(ctx);
}

static void check_invariance(bw_image_info info, const char *features) {
    static const int64_t tiles[] = {0, 8, 32, 33, 64, 100, 128, 100000};
    static const char *const levels[] = {"scalar", "sse2", "neon", "avx2", "avx512"};
    bw_image *image = scene(info), *labels = scene_labels(info, 20), *p0, *l0;
    bw_model *model = train(features, image, labels, 1, 0);
    predict(model, image, 100000, 1, 0, &p0, &l0);
    for (size_t i = 0; i < sizeof tiles / sizeof *tiles; i++) {
        if (tiles[i] == 8 && info.depth > 1)
            continue; /* many tiny tiles with wide halos: slow, and 32 shows the same */
        bw_image *p, *l;
        predict(model, image, tiles[i], 1 + (int)i, 0, &p, &l);
        assert_same_pixels(p0, p);
        assert_same_pixels(l0, l);
        bw_image_free(p);
        bw_image_free(l);
    }
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        test_set_variable("BRUSHWOOD_SIMD", levels[i]);
        if (strcmp(bw_simd_name(), levels[i])) continue;
        bw_image *p, *l;
        bw_model *again = train(features, image, labels, 3, 0);
        assert_same_model(model, again);
        predict(again, image, 0, 2, 0, &p, &l);
        assert_same_pixels(p0, p);
        assert_same_pixels(l0, l);
        bw_image_free(p);
        bw_image_free(l);
        bw_model_free(again);
    }
    test_set_variable("BRUSHWOOD_SIMD", NULL);
    bw_image_free(p0);
    bw_image_free(l0);
    bw_model_free(model);
    bw_image_free(image);
    bw_image_free(labels);
}

static void tiles_threads_and_simd_levels_agree_in_2d(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 211, 157, 1);
    check_invariance(info, "gaussian:0.7,3.5;hessian:1.6;structure:1;dog:5");
}

static void tiles_threads_and_simd_levels_agree_in_3d(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT16, 90, 71, 20);
    info.calibrated = 1;
    info.spacing[0] = info.spacing[1] = 0.2;
    info.spacing[2] = 0.5;
    info.channels = 2;
    check_invariance(info, "gaussian:0.7,1.6;hessian:1.6;structure:1@c2;laplacian:2@2d");
}

static void models_do_not_depend_on_threads_or_budget(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_FLOAT32, 120, 90, 6);
    bw_image *image = scene(info), *labels = scene_labels(info, 30);
    bw_model *model = train("fast", image, labels, 1, 0);
    for (int threads = 2; threads <= 8; threads += 2) {
        bw_model *again = train("fast", image, labels, threads, (uint64_t)(10 - threads) * 8000000);
        assert_same_model(model, again);
        bw_model_free(again);
    }
    bw_model_free(model);
    bw_image_free(image);
    bw_image_free(labels);
}

static void expect_small_budget(uint64_t budget, int refine) {
    bw_image_info info = test_info(BW_UINT8, 700, 600, 1);
    bw_image *image = scene(info), *labels = scene_labels(info, 200), *wide, *tight;
    bw_model *model = train_refined("fast", image, labels, 2, 0, refine);
    predict(model, image, 0, 2, 0, NULL, &wide);
    bw_memory_reset_peak();
    const uint64_t before = bw_memory_in_use();
    predict(model, image, 0, 2, budget, NULL, &tight);
    assert_in_range(bw_memory_peak() - before, 1, budget + 700 * 600 + 200000); /* budget, output, odds and ends */
    assert_same_pixels(wide, tight);
    bw_context *ctx = test_context(1);
    bw_image *none;
    assert_ok(ctx, bw_context_set_memory_budget(ctx, 1000));
    assert_refused(ctx, run(ctx, model, image, NULL, &none, NULL, NULL), BW_ERROR_MEMORY, "budget");
    assert_null(none);
    bw_context_free(ctx);
    bw_image_free(wide);
    bw_image_free(tight);
    bw_image_free(image);
    bw_image_free(labels);
    bw_model_free(model);
}

static void small_budgets_change_nothing_but_memory(void **state) {
    (void)state;
    expect_small_budget(2000000, 0);
    expect_small_budget(4000000, 8);
}

static void probabilities_and_labels_belong_together(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 130, 111, 1);
    info.frames = 2;
    bw_image *image = scene(info), *labels = scene_labels(info, 15), *p, *l;
    bw_model *model = train("fast", image, labels, 2, 0);
    bw_context *ctx = test_context(2);
    bw_predict_report report;
    assert_ok(ctx, run(ctx, model, image, NULL, &p, &l, &report));
    int64_t counts[3] = {0}, right = 0;
    for (int t = 0; t < 2; t++)
        for (int64_t i = 0; i < info.width * info.height; i++) {
            const float a = ((const float *)bw_image_plane_const(p, t, 0, 0))[i];
            const float b = ((const float *)bw_image_plane_const(p, t, 1, 0))[i];
            const int label = ((const uint8_t *)bw_image_plane_const(l, t, 0, 0))[i];
            assert_float_equal(a + b, 1, 1e-6);
            assert_true(a >= 0 && b >= 0);
            assert_int_equal(label, b > a ? 2 : 1);
            right += label == 1 + blob(i % info.width, i / info.width, 6);
            counts[label]++;
        }
    assert_true((double)right > 0.93 * 2 * 130 * 111);
    assert_int_equal(report.class_pixels[0], counts[1]);
    assert_int_equal(report.class_pixels[1], counts[2]);
    assert_string_equal(bw_image_plane_label(p, 1, 1, 0), "class 2");
    bw_context_free(ctx);
    bw_image_free(p);
    bw_image_free(l);
    bw_image_free(image);
    bw_image_free(labels);
    bw_model_free(model);
}

static void flat_models_run_slice_by_slice(void **state) {
    (void)state;
    bw_image_info one = test_info(BW_UINT8, 80, 60, 1), stack = test_info(BW_UINT8, 80, 60, 5);
    bw_image *image = scene(one), *labels = scene_labels(one, 10), *deep = scene(stack), *all, *single;
    bw_model *model = train("fast", image, labels, 1, 0);
    bw_context *ctx = test_context(2);
    bw_predict_report report;
    assert_ok(ctx, run(ctx, model, deep, NULL, &all, NULL, &report));
    assert_int_equal(report.slice_wise, 1);
    for (int64_t z = 0; z < 5; z++) {
        memcpy(bw_image_plane(image, 0, 0, 0), bw_image_plane_const(deep, 0, 0, z), 80 * 60);
        assert_ok(ctx, run(ctx, model, image, NULL, &single, NULL, &report));
        assert_int_equal(report.slice_wise, 0);
        for (int k = 0; k < 2; k++)
            assert_memory_equal(bw_image_plane_const(single, 0, k, 0), bw_image_plane_const(all, 0, k, z), 80 * 60 * 4);
        bw_image_free(single);
    }
    bw_context_free(ctx);
    bw_image_free(all);
    bw_image_free(image);
    bw_image_free(labels);
    bw_image_free(deep);
    bw_model_free(model);
}

static void only_labelled_pixels_matter(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 300, 200, 1);
    bw_image *image = scene(info), *labels = test_image(&info);
    for (int i = 0; i < 30; i++) { /* two strokes, far apart */
        ((uint8_t *)bw_image_plane(labels, 0, 0, 0))[20 * 300 + 10 + i] = 1;
        ((uint8_t *)bw_image_plane(labels, 0, 0, 0))[180 * 300 + 250 + i] = 2;
    }
    bw_model *model = train("gaussian:1;hessian:3.5", image, labels, 2, 0);
    for (int y = 80; y < 120; y++) /* beyond every kernel's reach, and no pixel of the typical value's */
        memset((uint8_t *)bw_image_plane(image, 0, 0, 0) + y * 300, 99, 300);
    bw_model *again = train("gaussian:1;hessian:3.5", image, labels, 2, 0);
    bw_context *ctx = test_context(1);
    bw_writer x, y;
    bw_writer_init(&x, ctx);
    bw_writer_init(&y, ctx);
    assert_ok(ctx, bw_forest_put(&x, model->forest));
    assert_ok(ctx, bw_forest_put(&y, again->forest));
    assert_int_equal(x.size, y.size);
    assert_memory_equal(x.data, y.data, (size_t)x.size);
    assert_int_equal(model->images[0].labels[0], 30);
    bw_writer_free(&x);
    bw_writer_free(&y);
    bw_context_free(ctx);
    bw_model_free(model);
    bw_model_free(again);
    bw_image_free(image);
    bw_image_free(labels);
}

/* The samples that training sees are the values that the feature images show. */
static void samples_equal_feature_images(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 90, 80, 1);
    bw_image *image = scene(info), *labels = scene_labels(info, 25), *features, *p;
    bw_context *ctx = test_context(2);
    bw_recipe *recipe = recipe_for(ctx, "gaussian:0.7,1.6;structure:1", &info);
    assert_ok(ctx, bw_features_compute(ctx, recipe, image, &features));
    bw_model *direct = train("gaussian:0.7,1.6;structure:1", image, labels, 2, 0);
    bw_model *shown = train("original", features, labels, 2, 0);
    bw_writer x, y;
    bw_writer_init(&x, ctx);
    bw_writer_init(&y, ctx);
    assert_ok(ctx, bw_forest_put(&x, direct->forest));
    assert_ok(ctx, bw_forest_put(&y, shown->forest));
    assert_int_equal(x.size, y.size);
    assert_memory_equal(x.data, y.data, (size_t)x.size);
    assert_ok(ctx, run(ctx, shown, features, NULL, &p, NULL, NULL));
    bw_writer_free(&x);
    bw_writer_free(&y);
    bw_image_free(p);
    bw_image_free(features);
    bw_image_free(image);
    bw_image_free(labels);
    bw_recipe_free(recipe);
    bw_model_free(direct);
    bw_model_free(shown);
    bw_context_free(ctx);
}

/* ---- refusals -------------------------------------------------------------------------------------------------- */

static void refuse_training(bw_image *image, bw_image *labels, bw_status status, const char *words) {
    bw_context *ctx = test_context(1);
    const bw_recipe_options options = {1, 2, {1, 1, 1}};
    bw_recipe *recipe;
    bw_trainer *trainer;
    bw_model *model = NULL;
    assert_ok(ctx, bw_recipe_parse(ctx, "gaussian:1", &options, &recipe));
    assert_ok(ctx, bw_trainer_create(ctx, recipe, &trainer));
    bw_status got = bw_trainer_add(ctx, trainer, image, labels);
    if (got == BW_OK) got = bw_trainer_train(ctx, trainer, NULL, &model);
    assert_null(model);
    assert_refused(ctx, got, status, words);
    bw_trainer_free(trainer);
    bw_recipe_free(recipe);
    bw_context_free(ctx);
}

static void bad_training_input_is_refused(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 20, 10, 1), other = test_info(BW_UINT8, 21, 10, 1);
    bw_image_info wide = test_info(BW_UINT16, 20, 10, 1), real = test_info(BW_FLOAT32, 20, 10, 1);
    bw_image *image = test_noise(&info), *empty = test_image(&info), *misfit = test_image(&other);
    bw_image *many = test_image(&wide), *floats = test_image(&real), *one = test_image(&info);
    bw_context *ctx = test_context(1);
    assert_ok(ctx, bw_image_set_name(ctx, image, "cells.tif"));
    assert_ok(ctx, bw_image_set_name(ctx, misfit, "strokes.tif"));
    bw_context_free(ctx);
    ((uint16_t *)bw_image_plane(many, 0, 0, 0))[7] = 300;
    for (int i = 0; i < 50; i++)
        ((uint8_t *)bw_image_plane(one, 0, 0, 0))[i] = 2;
    refuse_training(image, empty, BW_ERROR_MISMATCH, "empty");
    refuse_training(image, misfit, BW_ERROR_MISMATCH, "strokes.tif");
    refuse_training(image, misfit, BW_ERROR_MISMATCH, "cells.tif");
    refuse_training(image, many, BW_ERROR_MISMATCH, "class 300");
    refuse_training(image, floats, BW_ERROR_MISMATCH, "32-bit");
    refuse_training(image, one, BW_ERROR_ARGUMENT, "nly one class");
    bw_image_free(image);
    bw_image_free(empty);
    bw_image_free(misfit);
    bw_image_free(many);
    bw_image_free(floats);
    bw_image_free(one);
}

static void refuse_prediction(const bw_model *model, bw_image_info info, const double *spacing, const char *words) {
    bw_context *ctx = test_context(1);
    bw_image *image = test_noise(&info), *out;
    const bw_predict_options options = {.spacing = spacing};
    assert_refused(ctx, run(ctx, model, image, &options, &out, NULL, NULL), BW_ERROR_MISMATCH, words);
    assert_null(out);
    bw_image_free(image);
    bw_context_free(ctx);
}

static void images_must_fit_the_model(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 50, 40, 8);
    info.calibrated = 1;
    info.spacing[0] = info.spacing[1] = 0.1;
    info.spacing[2] = 0.3;
    bw_image *image = scene(info), *labels = scene_labels(info, 10), *out;
    bw_model *model = train("gaussian:1.6", image, labels, 1, 0);
    bw_image_info two = info, flat = info, odd = info, plain = test_info(BW_UINT8, 50, 40, 8);
    two.channels = 2;
    flat.depth = 1;
    odd.spacing[2] = 0.5;
    refuse_prediction(model, two, NULL, "2 channels");
    refuse_prediction(model, flat, NULL, "single slice");
    refuse_prediction(model, odd, NULL, "0.5");
    refuse_prediction(model, info, (const double[3]){1, 1, 1}, "ratio");
    bw_context *ctx = test_context(1);
    bw_predict_report report;
    const bw_predict_options explicit_spacing = {.spacing = (const double[3]){1, 1, 3}};
    bw_image *odd_image = test_noise(&odd), *plain_image = test_noise(&plain);
    assert_ok(ctx, run(ctx, model, odd_image, &explicit_spacing, &out, NULL, &report));
    assert_int_equal(report.spacing_assumed, 0);
    bw_image_free(out);
    assert_ok(ctx, run(ctx, model, plain_image, NULL, &out, NULL, &report));
    assert_int_equal(report.spacing_assumed, 1);
    bw_image_free(out);
    bw_context_free(ctx);
    bw_image_free(odd_image);
    bw_image_free(plain_image);
    bw_image_free(image);
    bw_image_free(labels);
    bw_model_free(model);
}

static void smallest_images_work(void **state) {
    (void)state;
    static const int64_t sizes[][2] = {{1, 1}, {1, 9}, {9, 1}, {2, 2}, {7, 3}};
    bw_image_info info = test_info(BW_UINT8, 60, 60, 1);
    bw_image *image = scene(info), *labels = scene_labels(info, 10);
    bw_model *model = train("balanced", image, labels, 1, 0);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        bw_image_info small = test_info(BW_FLOAT32, sizes[i][0], sizes[i][1], 1);
        bw_image *tiny = test_noise(&small), *p, *l;
        predict(model, tiny, 0, 3, 0, &p, &l);
        assert_in_range(((const uint8_t *)bw_image_plane_const(l, 0, 0, 0))[0], 1, 2);
        bw_image_free(p);
        bw_image_free(l);
        bw_image_free(tiny);
    }
    bw_image_free(image);
    bw_image_free(labels);
    bw_model_free(model);
}

static void non_finite_pixels_are_reported(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_FLOAT32, 60, 50, 1);
    bw_image *image = scene(info), *labels = scene_labels(info, 10), *out;
    bw_model *model = train("fast", image, labels, 1, 0);
    float *pixels = bw_image_plane(image, 0, 0, 0);
    pixels[5] = NAN;
    pixels[500] = INFINITY;
    pixels[600] = -INFINITY;
    bw_context *ctx = test_context(1);
    bw_predict_report report;
    assert_ok(ctx, run(ctx, model, image, NULL, NULL, &out, &report));
    assert_int_equal(report.non_finite, 3);
    bw_image_free(out);
    for (int i = 0; i < 3000; i++)
        pixels[i] = NAN; /* nothing finite: counts as 0 everywhere */
    assert_ok(ctx, run(ctx, model, image, NULL, NULL, &out, &report));
    assert_int_equal(report.non_finite, 3000);
    bw_image_free(out);
    bw_context_free(ctx);
    bw_image_free(image);
    bw_image_free(labels);
    bw_model_free(model);
}

static void rows_without_sigma_make_no_model_3d(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 40, 40, 4), flat = info;
    flat.depth = 1;
    bw_image *image = scene(info), *labels = scene_labels(info, 10), *slice = scene(flat), *out;
    bw_model *model = train("original;gaussian:1@2d", image, labels, 1, 0);
    bw_context *ctx = test_context(1);
    bw_predict_report report;
    assert_ok(ctx, run(ctx, model, slice, NULL, &out, NULL, &report));
    bw_image_free(out);
    assert_ok(ctx, run(ctx, model, image, NULL, &out, NULL, &report));
    assert_int_equal(report.slice_wise, 1);
    bw_image_free(out);
    bw_context_free(ctx);
    bw_model_free(model);
    bw_image_free(slice);
    bw_image_free(image);
    bw_image_free(labels);
}

static void slice_labels_are_kept_whole(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 40, 40, 1);
    bw_image *image = scene(info), *labels = scene_labels(info, 10), *p, *l;
    char header[3000] = "";
    while (strlen(header) + 30 < sizeof header)
        strcat(header, "0008,0060  Modality: \xc2\xb5MR\n");
    bw_context *ctx = test_context(1);
    assert_ok(ctx, bw_image_set_plane_label(ctx, image, 0, 0, 0, header));
    bw_model *model = train("fast", image, labels, 1, 0);
    predict(model, image, 0, 1, 0, &p, &l);
    assert_string_equal(bw_image_plane_label(l, 0, 0, 0), header);
    const char *named = bw_image_plane_label(p, 0, 1, 0);
    assert_non_null(strstr(named, "class 2: "));
    assert_string_equal(named + strlen("class 2: "), header);
    bw_context_free(ctx);
    bw_image_free(p);
    bw_image_free(l);
    bw_model_free(model);
    bw_image_free(image);
    bw_image_free(labels);
}

typedef struct watcher {
    double last;
    int backwards, calls, distinct;
} watcher;

static int watch(void *user, double fraction) {
    watcher *w = user;
    if (fraction < w->last) w->backwards++;
    if (fraction != w->last) w->distinct++;
    w->last = fraction;
    w->calls++;
    return 0;
}

/* A time series is one job: its progress does not start again with each frame, and its lists of labelled pixels hold
 * one frame at a time. */
static void many_frames_are_one_job(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 64, 64, 1);
    info.frames = 60;
    bw_image *image = scene(info), *labels = scene_labels(info, 1);
    bw_context *ctx = test_context(2);
    bw_recipe *recipe = recipe_for(ctx, "gaussian:1", &info);
    bw_trainer *trainer;
    watcher w = {0};
    bw_context_set_progress(ctx, watch, &w);
    assert_ok(ctx, bw_trainer_create(ctx, recipe, &trainer));
    const uint64_t before = bw_memory_in_use();
    bw_memory_reset_peak();
    assert_ok(ctx, bw_trainer_add(ctx, trainer, image, labels));
    assert_int_equal(bw_trainer_sample_count(trainer), 64 * 64 * 60);
    assert_true(bw_memory_peak() - before < (uint64_t)8 << 20); /* 1.2 MB of samples, a few tiles */
    assert_true(w.calls > 0);
    assert_int_equal(w.backwards, 0);
    assert_float_equal(bw_context_progress(ctx), 1, 1e-6);
    bw_trainer_free(trainer);
    bw_recipe_free(recipe);
    bw_context_free(ctx);
    bw_image_free(image);
    bw_image_free(labels);
}

/* One large tile is most of the work: progress moves within it, through the filters and through the forest. */
static void progress_moves_within_a_tile(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 300, 280, 1);
    bw_image *image = scene(info), *labels = scene_labels(info, 7), *p, *l, *features;
    bw_model *model = train("gaussian:0.7,1.6;hessian:1.6,5", image, labels, 1, 0);
    const bw_predict_options whole = {.tile = 300};
    watcher w = {0};
    bw_context *ctx = test_context(1);
    bw_context_set_progress(ctx, watch, &w);
    assert_ok(ctx, run(ctx, model, image, &whole, &p, &l, NULL));
    assert_int_equal(w.backwards, 0);
    assert_in_range(w.distinct, 10, 100000);
    assert_float_equal(bw_context_progress(ctx), 1, 1e-6);
    w = (watcher){0};
    assert_ok(ctx, bw_features_compute(ctx, bw_model_recipe(model), image, &features));
    assert_in_range(w.distinct, 10, 100000);
    assert_float_equal(bw_context_progress(ctx), 1, 1e-6);
    bw_context_free(ctx);
    bw_image_free(features);
    bw_image_free(p);
    bw_image_free(l);
    bw_model_free(model);
    bw_image_free(image);
    bw_image_free(labels);
}

/* The forest works on blocks of 8 x 8 pixels, of which such an image fills one pixel each. */
static void thin_images_stay_within_the_budget(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 40, 40, 4), thin = test_info(BW_UINT8, 1, 1, 5000);
    bw_image *image = scene(info), *labels = scene_labels(info, 10), *line = test_noise(&thin), *l;
    bw_model *model = train_refined("gaussian:1", image, labels, 1, 0, 0);
    const uint64_t before = bw_memory_in_use(), budget = 300000;
    bw_memory_reset_peak();
    predict(model, line, 0, 1, budget, NULL, &l);
    assert_true(bw_memory_peak() - before < budget + 60000); /* the result and small tables */
    bw_image_free(l);
    bw_image_free(line);
    bw_model_free(model);
    bw_image_free(image);
    bw_image_free(labels);
}

/* ---- cancel ---------------------------------------------------------------------------------------------------- */

typedef struct canceller {
    bw_context *ctx;
    int after_ms;
    struct timespec asked;
} canceller;

static void cancel_later(void *user) {
    canceller *c = user;
    test_sleep_ms(c->after_ms);
    timespec_get(&c->asked, TIME_UTC);
    bw_context_cancel(c->ctx);
}

static double ms_since(const struct timespec *then) {
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)(now.tv_sec - then->tv_sec) * 1e3 + (double)(now.tv_nsec - then->tv_nsec) * 1e-6;
}

/* The answer takes well under 100 ms when the machine is ours; the best of several tries is what the code can do. */
static void cancel_is_answered_quickly(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_FLOAT32, 256, 256, 96);
    bw_image *image = scene(info), *labels = scene_labels(info, 2000);
    bw_model *model = train("thorough", image, labels, 2, 0);
    const uint64_t before = bw_memory_in_use();
    double best = 1e9;
    for (int tries = 0; tries < 5; tries++) {
        bw_context *ctx = test_context(2);
        canceller c = {.ctx = ctx, .after_ms = 150 + 130 * tries};
        bw_image *out;
        test_thread *thread = test_start(cancel_later, &c);
        assert_refused(ctx, run(ctx, model, image, NULL, &out, NULL, NULL), BW_ERROR_CANCELLED, "Cancelled");
        const double took = ms_since(&c.asked);
        test_join(thread);
        assert_null(out);
        if (took < best) best = took;
        bw_context_free(ctx);
    }
    print_message("cancelled within %.0f ms\n", best);
    assert_true(best < test_cancel_ms());
    assert_int_equal(bw_memory_in_use(), before);
    bw_image_free(image);
    bw_image_free(labels);
    bw_model_free(model);
}

/* One huge plane, wide kernels: few units of work, each of them long. */
static void cancel_is_answered_within_a_plane(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_FLOAT32, 2048, 2048, 1);
    bw_image *image = test_noise(&info), *out;
    const bw_recipe_options options = {1, 2, {1000, 1, 1}};
    double best = 1e9;
    for (int tries = 0; tries < 3; tries++) {
        bw_context *ctx = test_context(1);
        canceller c = {.ctx = ctx, .after_ms = 600 + 100 * tries};
        bw_recipe *recipe;
        assert_ok(ctx, bw_recipe_parse(ctx, "gaussian:60", &options, &recipe));
        test_thread *thread = test_start(cancel_later, &c);
        assert_refused(ctx, bw_features_compute(ctx, recipe, image, &out), BW_ERROR_CANCELLED, "Cancelled");
        const double took = ms_since(&c.asked);
        test_join(thread);
        if (took < best) best = took;
        bw_recipe_free(recipe);
        bw_context_free(ctx);
    }
    print_message("cancelled within %.0f ms\n", best);
    assert_true(best < test_cancel_ms());
    bw_image_free(image);
}

static void nothing_leaks(void **state) {
    (void)state;
    assert_int_equal(bw_memory_in_use(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles_threads_and_simd_levels_agree_in_2d),
        cmocka_unit_test(tiles_threads_and_simd_levels_agree_in_3d),
        cmocka_unit_test(models_do_not_depend_on_threads_or_budget),
        cmocka_unit_test(small_budgets_change_nothing_but_memory),
        cmocka_unit_test(probabilities_and_labels_belong_together),
        cmocka_unit_test(flat_models_run_slice_by_slice),
        cmocka_unit_test(only_labelled_pixels_matter),
        cmocka_unit_test(samples_equal_feature_images),
        cmocka_unit_test(bad_training_input_is_refused),
        cmocka_unit_test(images_must_fit_the_model),
        cmocka_unit_test(smallest_images_work),
        cmocka_unit_test(non_finite_pixels_are_reported),
        cmocka_unit_test(rows_without_sigma_make_no_model_3d),
        cmocka_unit_test(slice_labels_are_kept_whole),
        cmocka_unit_test(many_frames_are_one_job),
        cmocka_unit_test(progress_moves_within_a_tile),
        cmocka_unit_test(thin_images_stay_within_the_budget),
        cmocka_unit_test(cancel_is_answered_quickly),
        cmocka_unit_test(cancel_is_answered_within_a_plane),
        cmocka_unit_test(nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
