/* Shared by tests of prediction: scenes of noise, and models put together by hand. */
#ifndef BW_TEST_MODEL_SUPPORT_H
#define BW_TEST_MODEL_SUPPORT_H

#include "support.h"

#include <math.h>

#include "model/model.h"

/* ---- a scene ------------------------------------------------------------------------------------------------------
 */

/* Class 0..classes-1: stripes along y that swing with x and z. */
static inline int truth(int64_t x, int64_t y, int64_t z, int classes) {
    const double at = (double)y / 17 + sin((double)x / 23) + (double)z / 5 + 8;
    return (int)at % classes;
}

/* Noise whose mean is the class. */
static inline bw_image *scene(bw_image_info info, int classes) {
    bw_image *image = test_image(&info);
    const bw_image_info *made = bw_image_get_info(image);
    for (int t = 0; t < made->frames; t++)
        for (int c = 0; c < made->channels; c++)
            for (int64_t z = 0; z < made->depth; z++)
                for (int64_t i = 0; i < made->width * made->height; i++) {
                    const int k = truth(i % made->width, i / made->width, z + t, classes);
                    const uint64_t stream = (uint64_t)((t * made->channels + c) * made->depth + z);
                    const double v = 20 * k + 60 * test_uniform(stream, (uint64_t)i);
                    void *plane = bw_image_plane(image, t, c, z);
                    if (made->type == BW_UINT8) ((uint8_t *)plane)[i] = (uint8_t)v;
                    if (made->type == BW_UINT16) ((uint16_t *)plane)[i] = (uint16_t)(100 * v);
                    if (made->type == BW_FLOAT32) ((float *)plane)[i] = (float)v;
                }
    return image;
}

/* ---- models by hand ------------------------------------------------------------------------------------------------
 */

/* Every STEP-th pixel of images of the same size, channel by channel behind one another. */
enum { STEP = 5, MOST_FEATURES = 200 };

typedef struct samples {
    int64_t count;
    int features;
    float *columns[MOST_FEATURES];
    uint8_t *labels;
} samples;

static inline void add_columns(samples *s, const bw_image *features) {
    const bw_image_info *info = bw_image_get_info(features);
    const int64_t plane = info->width * info->height, all = plane * info->depth * info->frames;
    s->count = (all + STEP - 1) / STEP;
    for (int f = 0; f < info->channels; f++) {
        float *column = s->columns[s->features++] = malloc((size_t)s->count * sizeof *column);
        assert_non_null(column);
        for (int64_t i = 0; i < all; i += STEP) {
            const int frame = (int)(i / plane / info->depth);
            column[i / STEP] =
                ((const float *)bw_image_plane_const(features, frame, f, i / plane % info->depth))[i % plane];
        }
    }
}

/* One in eight wrong, so that votes are divided. */
static inline void add_labels(samples *s, const bw_image_info *info, int classes) {
    const int64_t plane = info->width * info->height;
    s->labels = malloc((size_t)s->count);
    assert_non_null(s->labels);
    for (int64_t n = 0; n < s->count; n++) {
        const int64_t i = n * STEP, at = i % plane, z = i / plane % info->depth, t = i / plane / info->depth;
        const int wrong = bw_random(3, 3, (uint64_t)n) % 8 == 0;
        s->labels[n] = (uint8_t)((truth(at % info->width, at / info->width, z + t, classes) + wrong) % classes);
    }
}

static inline void free_samples(samples *s) {
    for (int f = 0; f < s->features; f++)
        free(s->columns[f]);
    free(s->labels);
}

static inline bw_forest *grow(const samples *s, int classes, int trees) {
    bw_context *ctx = test_context(2);
    bw_train_options options;
    bw_forest *forest;
    bw_train_options_init(&options);
    options.forest.trees = trees;
    options.forest.max_depth = 9;
    const bw_sample_part part = {s->count, (const float *const *)s->columns, s->labels, NULL};
    const bw_samples all = {s->count, s->features, classes, 1, &part};
    assert_ok(ctx, bw_forest_train(ctx, &all, &options.forest, &forest));
    bw_context_free(ctx);
    return forest;
}

static inline bw_recipe *parse(const char *features, const bw_image_info *info, int channels) {
    bw_context *ctx = test_context(1);
    bw_recipe_options options = {channels, info->depth > 1 ? 3 : 2, {1, 1, 1}};
    bw_recipe *recipe;
    for (int axis = 0; axis < 3 && info->calibrated; axis++)
        options.spacing[axis] = info->spacing[axis];
    assert_ok(ctx, bw_recipe_parse(ctx, features, &options, &recipe));
    bw_context_free(ctx);
    return recipe;
}

static inline bw_image *features_of(const bw_recipe *recipe, const bw_image *image) {
    bw_context *ctx = test_context(2);
    bw_image *features;
    assert_ok(ctx, bw_features_compute(ctx, recipe, image, &features));
    bw_context_free(ctx);
    return features;
}

static inline bw_model *empty_model(int classes, const char *features, const bw_image_info *info) {
    bw_context *ctx = test_context(1);
    bw_model *model;
    assert_ok(ctx, bw_model_create(ctx, classes, &model));
    model->recipe = parse(features, info, info->channels);
    for (int k = 0; k < classes; k++)
        snprintf(model->class_info[k].name, sizeof model->class_info[k].name, "kind %d", k + 1);
    bw_context_free(ctx);
    return model;
}

static inline bw_model *plain_model(const bw_image *image, int classes, const char *features, int trees) {
    const bw_image_info *info = bw_image_get_info(image);
    bw_model *model = empty_model(classes, features, info);
    bw_image *values = features_of(model->recipe, image);
    samples s = {0};
    add_columns(&s, values);
    add_labels(&s, info, classes);
    model->forest = grow(&s, classes, trees);
    free_samples(&s);
    bw_image_free(values);
    return model;
}

static inline bw_image *probabilities_of(const bw_model *model, const bw_image *image) {
    bw_context *ctx = test_context(2);
    bw_prediction out;
    assert_ok(ctx, bw_predict(ctx, model, image, NULL, BW_OUTPUT_PROBABILITIES, &out, NULL));
    bw_context_free(ctx);
    return out.probabilities;
}

/* The second forest is taught with the context's features of the first one's probability image. */
static inline bw_model *context_model(const bw_image *image, int classes, const char *features, const char *context) {
    const bw_image_info *info = bw_image_get_info(image);
    bw_model *model = plain_model(image, classes, features, 11);
    bw_image *probabilities = probabilities_of(model, image);
    bw_recipe *around = parse(context, info, classes);
    bw_image *own = features_of(model->recipe, image), *more = features_of(around, probabilities);
    samples s = {0};
    add_columns(&s, own);
    add_columns(&s, more);
    add_labels(&s, info, classes);
    model->first = model->forest;
    model->context = around;
    model->forest = grow(&s, classes, 23);
    free_samples(&s);
    bw_image_free(probabilities);
    bw_image_free(own);
    bw_image_free(more);
    return model;
}

/* Flattens the votes: fitted on samples whose labels have little to do with them. */
static inline void calibrate(bw_model *model) {
    enum { N = 4000 };
    bw_context *ctx = test_context(1);
    const uint32_t total = bw_forest_vote_total(model->forest);
    uint32_t *votes = calloc((size_t)model->classes * N, sizeof *votes);
    uint8_t *labels = calloc(N, 1);
    assert_true(votes && labels);
    for (uint64_t i = 0; i < N; i++) {
        const uint64_t k = i % (uint64_t)model->classes, next = (k + 1) % (uint64_t)model->classes;
        const uint32_t share = (uint32_t)(bw_random(9, 1, i) % (total + 1));
        votes[k * N + i] = share;
        votes[next * N + i] = total - share;
        labels[i] = (uint8_t)(bw_random(9, 2, i) % 3 ? k : next);
    }
    assert_ok(ctx, bw_calibration_fit(ctx, model->classes, N, votes, N, labels, NULL, &model->calibration));
    free(votes);
    free(labels);
    bw_context_free(ctx);
}

#endif
