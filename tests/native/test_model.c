/* Model files: round trip, older versions, and no damaged file is ever believed. */
#include "damage_support.h"
#include "os.h"

#include <math.h>

#include "core/alloc.h"
#include "core/file.h"
#include "model/model.h"

/* Changes the default options. */
typedef void (*option_setter)(bw_train_options *options);

static void train_context(bw_context *ctx, bw_trainer *trainer, const bw_train_options *options,
                          const bw_image *image) {
    if (!options->context_count) return;
    assert_ok(ctx, bw_trainer_prepare_context(ctx, trainer, options));
    assert_ok(ctx, bw_trainer_add_context(ctx, trainer, 0, image));
}

/* Labels on lines of 10 pixels, by brightness of a smooth image. */
static bw_image *model_image(int64_t depth) {
    bw_image_info info = test_info(BW_UINT8, 60, 50, depth);
    bw_image *image = test_noise(&info);
    for (int64_t z = 0; z < depth; z++)
        for (int i = 0; i < 3000; i++) {
            uint8_t *at = (uint8_t *)bw_image_plane(image, 0, 0, z) + i;
            *at = (uint8_t)(*at / 3 + 2 * (i % 60));
        }
    return image;
}

static bw_image *model_labels(const bw_image *image, int classes) {
    const bw_image_info info = *bw_image_get_info(image);
    bw_image *labels = test_image(&info);
    for (int64_t z = 0; z < info.depth; z++)
        for (int i = 0; i < 3000; i++) {
            const uint8_t v = ((const uint8_t *)bw_image_plane_const(image, 0, 0, z))[i];
            if (i / 60 % 3 == 0 && i % 10 < 8)
                ((uint8_t *)bw_image_plane(labels, 0, 0, z))[i] = (uint8_t)(1 + v * classes / 186);
        }
    return labels;
}

static bw_model *train_with(const char *features, int classes, option_setter set) {
    bw_context *ctx = test_context(2);
    bw_image *image = model_image(1), *labels = model_labels(image, classes);
    assert_ok(ctx, bw_image_set_name(ctx, image, "na\xc3\xafve \"name\".tif"));
    const bw_recipe_options recipe_options = {1, 2, {1, 1, 1}};
    bw_train_options options;
    bw_recipe *recipe;
    bw_trainer *trainer;
    bw_model *model;
    bw_train_options_init(&options);
    options.forest.trees = 5;
    if (set) set(&options);
    assert_ok(ctx, bw_recipe_parse(ctx, features, &recipe_options, &recipe));
    assert_ok(ctx, bw_trainer_create(ctx, recipe, &trainer));
    assert_ok(ctx, bw_trainer_set_class(ctx, trainer, 0, &(bw_class_info){"back\"ground\"", 0x123456}));
    assert_ok(ctx, bw_trainer_add(ctx, trainer, image, labels));
    train_context(ctx, trainer, &options, image);
    assert_ok(ctx, bw_trainer_train(ctx, trainer, &options, &model));
    bw_trainer_free(trainer);
    bw_recipe_free(recipe);
    bw_image_free(image);
    bw_image_free(labels);
    bw_context_free(ctx);
    return model;
}

static bw_model *train(const char *features, int classes) {
    return train_with(features, classes, NULL);
}

/* ---- options ----------------------------------------------------------------------------------------------------- */

static void other_seed(bw_train_options *o) {
    o->forest.seed = 0xfedcba9876543210u;
}
static void half_drawn(bw_train_options *o) {
    o->forest.bootstrap = 0.5;
    o->forest.mtry = BW_MTRY_LOG2;
    o->forest.max_depth = 7;
}
static void all_seen(bw_train_options *o) {
    o->forest.bootstrap = 0;
    o->forest.extra = 1;
    o->forest.mtry = BW_MTRY_ALL;
}
static void custom_weights(bw_train_options *o) {
    o->forest.balance = BW_BALANCE_CUSTOM;
    for (int k = 0; k < BW_MAX_CLASSES; k++)
        o->forest.class_weights[k] = 0.25f + (float)k / 2;
    o->forest.min_leaf = 3;
    o->forest.mtry = 2;
}
static void balanced_strokes(bw_train_options *o) {
    o->forest.balance = BW_BALANCE_CLASSES;
    o->stroke_balance = 0.75;
}
static void hold_samples(bw_train_options *o) {
    o->holdout = (bw_holdout){BW_HOLDOUT_SAMPLES, 4, 0};
}
static void hold_strokes(bw_train_options *o) {
    o->holdout = (bw_holdout){BW_HOLDOUT_STROKES, 5, 0};
    o->importance = 2;
}
static void hold_blocks(bw_train_options *o) {
    o->holdout = (bw_holdout){BW_HOLDOUT_BLOCKS, 3, 12};
    o->calibrate = 1;
}
static void calibrated(bw_train_options *o) {
    o->holdout = (bw_holdout){BW_HOLDOUT_NONE, 0, 0};
    o->calibrate = 1;
}
static void with_context(bw_train_options *o) {
    o->context_count = 2;
    o->context_sigmas[0] = 1;
    o->context_sigmas[1] = 3.5;
}
static void refined(bw_train_options *o) {
    o->refine = 3;
}
static void not_refined(bw_train_options *o) {
    o->refine = 0;
}
static void everything(bw_train_options *o) {
    o->refine = BW_MAX_REFINE;
    custom_weights(o);
    hold_strokes(o);
    with_context(o);
    o->calibrate = 1;
    o->stroke_balance = 0.5;
}

static const option_setter variants[] = {NULL,         other_seed,       half_drawn,   all_seen,    custom_weights,
                                         hold_samples, balanced_strokes, hold_strokes, hold_blocks, calibrated,
                                         with_context, refined,          not_refined,  everything};
enum { VARIANTS = sizeof variants / sizeof *variants };

static bw_writer bytes_of(bw_context *ctx, const bw_model *model) {
    bw_writer w;
    bw_writer_init(&w, ctx);
    assert_ok(ctx, bw_model_put(&w, model));
    return w;
}

static void assert_same_options(const bw_train_options *a, const bw_train_options *b, int classes) {
    const bw_forest_options *f = &a->forest, *g = &b->forest;
    assert_true(f->trees == g->trees && f->mtry == g->mtry && f->max_depth == g->max_depth);
    assert_true(f->min_leaf == g->min_leaf && f->bootstrap == g->bootstrap && f->extra == g->extra);
    assert_true(f->balance == g->balance && f->seed == g->seed);
    for (int k = 0; f->balance == BW_BALANCE_CUSTOM && k < classes; k++)
        assert_true(f->class_weights[k] == g->class_weights[k]);
    assert_true(a->stroke_balance == b->stroke_balance && a->calibrate == b->calibrate);
    assert_true(a->holdout.kind == b->holdout.kind && a->holdout.folds == b->holdout.folds);
    assert_true(a->holdout.block == b->holdout.block && a->importance == b->importance);
    assert_int_equal(a->context_count, b->context_count);
    assert_int_equal(a->refine, b->refine);
    for (int i = 0; i < a->context_count; i++)
        assert_true(a->context_sigmas[i] == b->context_sigmas[i]);
}

static void assert_same_predictions(bw_context *ctx, const bw_model *a, const bw_model *b) {
    const int all = BW_OUTPUT_PROBABILITIES | BW_OUTPUT_LABELS | BW_OUTPUT_UNCERTAINTY | BW_OUTPUT_ENTROPY;
    bw_image *image = model_image(1);
    bw_prediction x, y;
    assert_ok(ctx, bw_predict(ctx, a, image, NULL, all, &x, NULL));
    assert_ok(ctx, bw_predict(ctx, b, image, NULL, all, &y, NULL));
    assert_same_pixels(x.probabilities, y.probabilities);
    assert_same_pixels(x.labels, y.labels);
    assert_same_pixels(x.uncertainty, y.uncertainty);
    assert_same_pixels(x.entropy, y.entropy);
    bw_prediction_free(&x);
    bw_prediction_free(&y);
    bw_image_free(image);
}

static void assert_same_descriptions(bw_context *ctx, const bw_model *a, const bw_model *b) {
    static const bw_describe_format formats[] = {BW_DESCRIBE_TEXT, BW_DESCRIBE_JSON, BW_DESCRIBE_CSV};
    for (int i = 0; i < 3; i++) {
        char *x, *y;
        assert_ok(ctx, bw_model_describe(ctx, a, formats[i], &x));
        assert_ok(ctx, bw_model_describe(ctx, b, formats[i], &y));
        assert_string_equal(x, y);
        bw_string_free(x);
        bw_string_free(y);
    }
}

static void round_trip(const char *features, int classes, option_setter set) {
    bw_context *ctx = test_context(1);
    bw_model *model = train_with(features, classes, set), *again;
    bw_writer first = bytes_of(ctx, model);
    assert_ok(ctx, bw_model_read_memory(ctx, first.data, first.size, "memory", &again));
    bw_writer second = bytes_of(ctx, again);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, (size_t)first.size);
    assert_string_equal(bw_model_class(again, 0)->name, "back\"ground\"");
    assert_string_equal(bw_model_class(again, 1)->name, "class 2");
    assert_int_equal(bw_model_class(again, 0)->colour, 0x123456);
    assert_int_equal(bw_model_class_count(again), classes);
    assert_same_options(bw_model_options(model), bw_model_options(again), classes);
    assert_same_descriptions(ctx, model, again);
    assert_same_predictions(ctx, model, again);
    bw_writer_free(&first);
    bw_writer_free(&second);
    bw_model_free(model);
    bw_model_free(again);
    bw_context_free(ctx);
}

static void files_round_trip(void **state) {
    (void)state;
    static const char *const recipes[] = {"gaussian:0.7,1.6;hessian:1.6", "original", "structure:1;dog:2.5"};
    for (int i = 0; i < 3; i++)
        round_trip(recipes[i], 2 + i, NULL);
    for (int i = 0; i < VARIANTS; i++)
        round_trip("gaussian:1;hessian:1.6", 3, variants[i]);
}

static void models_have_the_parts_that_were_asked_for(void **state) {
    (void)state;
    for (int i = 0; i < VARIANTS; i++) {
        bw_model *model = train_with("gaussian:1;hessian:1.6", 3, variants[i]);
        const bw_train_options *o = bw_model_options(model);
        double gini, permutation, sum = 0;
        bw_summary s;
        assert_int_equal(bw_model_held_out(model) != NULL, o->holdout.kind != BW_HOLDOUT_NONE);
        assert_int_equal(model->calibration != NULL, o->calibrate);
        assert_int_equal(model->first != NULL, o->context_count > 0);
        assert_int_equal(bw_model_feature_count(model), 3 + 3 * o->context_count);
        bw_assessment_summary(bw_model_out_of_bag(model), &s);
        assert_int_equal(s.pixels > 0, o->forest.bootstrap > 0);
        assert_int_equal(bw_model_oob_error(model) < 0, o->forest.bootstrap <= 0);
        for (int f = 0; f < bw_model_feature_count(model); f++) {
            bw_model_importance(model, f, &gini, &permutation);
            assert_int_equal(isnan(permutation) != 0, o->importance == 0);
            sum += gini;
        }
        assert_true(fabs(sum - 1) < 1e-9);
        bw_model_importance(model, bw_model_feature_count(model), &gini, &permutation);
        assert_true(isnan(gini) && isnan(permutation));
        bw_model_free(model);
    }
}

/* The first answer of a run in steps: fewer trees than its first forest has. */
static void unfinished_models_are_kept(void **state) {
    (void)state;
    bw_context *ctx = test_context(2);
    const bw_recipe_options recipe_options = {1, 2, {1, 1, 1}};
    bw_image *image = model_image(1), *labels = model_labels(image, 3);
    bw_train_options options;
    bw_recipe *recipe;
    bw_trainer *trainer;
    bw_training *training;
    bw_model *model, *again;
    bw_train_options_init(&options);
    options.forest.trees = 5;
    everything(&options);
    assert_ok(ctx, bw_recipe_parse(ctx, "gaussian:1;hessian:1.6", &recipe_options, &recipe));
    assert_ok(ctx, bw_trainer_create(ctx, recipe, &trainer));
    assert_ok(ctx, bw_trainer_add(ctx, trainer, image, labels));
    train_context(ctx, trainer, &options, image);
    assert_ok(ctx, bw_training_begin(ctx, trainer, &options, &training));
    assert_ok(ctx, bw_training_grow(ctx, training, 2));
    assert_ok(ctx, bw_training_model(ctx, training, &model));
    bw_writer w = bytes_of(ctx, model);
    assert_ok(ctx, bw_model_read_memory(ctx, w.data, w.size, "memory", &again));
    assert_int_equal(bw_forest_trees(again->forest), 2);
    assert_int_equal(bw_forest_trees(again->first), 5);
    assert_same_descriptions(ctx, model, again);
    assert_same_predictions(ctx, model, again);
    bw_writer_free(&w);
    bw_model_free(model);
    bw_model_free(again);
    bw_training_free(training);
    bw_trainer_free(trainer);
    bw_recipe_free(recipe);
    bw_image_free(image);
    bw_image_free(labels);
    bw_context_free(ctx);
}

static void features_have_names(void **state) {
    (void)state;
    static const char *const names[] = {"gaussian 1 2D",
                                        "hessian 1.6 2D eigenvalue 1",
                                        "hessian 1.6 2D eigenvalue 2",
                                        "context: class back\"ground\" gaussian 1 2D",
                                        "context: class class 2 gaussian 1 2D",
                                        "context: class class 3 gaussian 1 2D",
                                        "context: class back\"ground\" gaussian 3.5 2D",
                                        "context: class class 2 gaussian 3.5 2D",
                                        "context: class class 3 gaussian 3.5 2D",
                                        ""};
    char text[200];
    bw_model *model = train_with("gaussian:1;hessian:1.6", 3, with_context);
    for (int i = 0; i < 10; i++) {
        bw_model_feature_name(model, i, text, sizeof text);
        assert_string_equal(text, names[i]);
    }
    bw_model_feature_name(model, 3, text, 9);
    assert_string_equal(text, "context:");
    bw_model_free(model);
}

static void seeds_decide(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_model *a = train("gaussian:1", 3), *b = train("gaussian:1", 3), *c = train_with("gaussian:1", 3, other_seed);
    bw_writer x = bytes_of(ctx, a), y = bytes_of(ctx, b), z = bytes_of(ctx, c);
    assert_true(x.size == y.size && !memcmp(x.data, y.data, (size_t)x.size));
    assert_true(x.size != z.size || memcmp(x.data, z.data, (size_t)x.size));
    bw_writer_free(&x);
    bw_writer_free(&y);
    bw_writer_free(&z);
    bw_model_free(a);
    bw_model_free(b);
    bw_model_free(c);
    bw_context_free(ctx);
}

static bw_status try_read(const uint8_t *data, uint64_t size, char *message, size_t room) {
    bw_context *ctx = test_context(1);
    bw_model *model;
    bw_status status = bw_model_read_memory(ctx, data, size, "x.brushwood", &model);
    if (status == BW_OK)
        bw_model_free(model);
    else
        assert_null(model);
    snprintf(message, room, "%s", bw_context_error(ctx));
    bw_context_free(ctx);
    return status;
}

static void every_truncation_is_refused(void **state) {
    (void)state;
    for (int full = 0; full < 2; full++) {
        bw_context *ctx = test_context(1);
        bw_model *model = train_with("gaussian:1,2", 2, full ? everything : NULL);
        bw_writer w = bytes_of(ctx, model);
        char message[300];
        for (uint64_t cut = 0; cut < w.size; cut += cut < 2000 ? 1 : 37) {
            assert_int_equal(try_read(w.data, cut, message, sizeof message), BW_ERROR_FORMAT);
            assert_non_null(strstr(message, "x.brushwood"));
        }
        bw_writer_free(&w);
        bw_model_free(model);
        bw_context_free(ctx);
    }
}

/* The frame is made to fit: the parser itself meets the end. */
static void mended_truncations_are_refused(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_model *model = train_with("gaussian:1,2", 2, everything);
    bw_writer w = bytes_of(ctx, model);
    char message[300];
    for (uint64_t cut = FRAME_SIZE; cut < w.size; cut += cut < 1500 ? 1 : 61) {
        mend_frame(w.data, cut);
        assert_int_equal(try_read(w.data, cut, message, sizeof message), BW_ERROR_FORMAT);
    }
    bw_writer_free(&w);
    bw_model_free(model);
    bw_context_free(ctx);
}

static int read_and_use(const uint8_t *data, uint64_t size, const void *user) {
    const bw_image *image = user;
    bw_context *ctx = test_context(1);
    bw_model *odd;
    bw_prediction prediction;
    char *text;
    const int accepted = bw_model_read_memory(ctx, data, size, "x", &odd) == BW_OK;
    if (accepted) {
        if (bw_predict(ctx, odd, image, NULL, BW_OUTPUT_LABELS | BW_OUTPUT_ENTROPY, &prediction, NULL) == BW_OK)
            bw_prediction_free(&prediction);
        for (int format = 0; format < 3; format++)
            if (bw_model_describe(ctx, odd, (bw_describe_format)format, &text) == BW_OK) bw_string_free(text);
        bw_model_free(odd);
    }
    bw_context_free(ctx);
    return accepted;
}

static void flipped_bits_never_crash(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_image_info info = test_info(BW_UINT8, 20, 20, 1);
    bw_image *image = test_noise(&info);
    for (int full = 0; full < 2; full++) {
        bw_model *model = train_with("gaussian:1;hessian:1.6", 3, full ? everything : NULL);
        bw_writer w = bytes_of(ctx, model);
        assert_flips_are_survived(&w, try_read, read_and_use, image);
        bw_writer_free(&w);
        bw_model_free(model);
    }
    bw_image_free(image);
    bw_context_free(ctx);
}

/* ---- parts that contradict one another --------------------------------------------------------------------------- */

static void few_trees(bw_model *m) {
    m->options.forest.trees = 4;
}
static void not_held_out(bw_model *m) {
    m->options.holdout.kind = BW_HOLDOUT_NONE;
}
static void not_calibrated(bw_model *m) {
    m->options.calibrate = 0;
}
static void large_bootstrap(bw_model *m) {
    m->options.forest.bootstrap = 1.5;
}
static void odd_mtry(bw_model *m) {
    m->options.forest.mtry = -3;
}
static void no_leaf(bw_model *m) {
    m->options.forest.min_leaf = 0;
}
static void no_weight(bw_model *m) {
    m->options.forest.class_weights[1] = NAN;
}
static void heavy_weight(bw_model *m) {
    m->options.forest.class_weights[0] = 5000;
}
static void odd_stroke_balance(bw_model *m) {
    m->options.stroke_balance = -0.1;
}
static void one_fold(bw_model *m) {
    m->options.holdout.folds = 1;
}
static void no_block(bw_model *m) {
    m->options.holdout = (bw_holdout){BW_HOLDOUT_BLOCKS, 3, 0};
}
static void many_permutations(bw_model *m) {
    m->options.importance = 101;
}
static void falling_sigmas(bw_model *m) {
    m->options.context_sigmas[1] = 0.5;
}
static void wide_refinement(bw_model *m) {
    m->options.refine = BW_MAX_REFINE + 1;
}
static void negative_spread(bw_model *m) {
    m->spread[0] = -1;
}
static void endless_spread(bw_model *m) {
    m->spread[0] = INFINITY;
}
static void large_gini(bw_model *m) {
    m->gini[2] = 1.5;
}
static void no_gini(bw_model *m) {
    m->gini[2] = NAN;
}
static void large_permutation(bw_model *m) {
    m->permutation[1] = -1.5;
}
static void bright_colour(bw_model *m) {
    m->class_info[1].colour = 0x1000000;
}
static void negative_count(bw_model *m) {
    m->class_counts[0] = -1;
}
static void other_assessment(bw_model *m) {
    bw_context *ctx = test_context(1);
    bw_assessment_free(m->out_of_bag);
    assert_ok(ctx, bw_assessment_create(ctx, 2, &m->out_of_bag));
    bw_context_free(ctx);
}
static void other_held_out(bw_model *m) {
    bw_context *ctx = test_context(1);
    bw_assessment_free(m->held_out);
    assert_ok(ctx, bw_assessment_create(ctx, 4, &m->held_out));
    bw_context_free(ctx);
}
static void other_calibration(bw_model *m) {
    bw_context *ctx = test_context(1);
    bw_calibration_free(m->calibration);
    assert_ok(ctx, bw_calibration_fit(ctx, 2, 0, NULL, 0, NULL, NULL, &m->calibration));
    bw_context_free(ctx);
}
static void swap_forests(bw_model *m) {
    bw_forest *first = m->first;
    m->first = m->forest;
    m->forest = first;
}
static void replace_context(bw_model *m, int channels, int dims, double z) {
    const bw_recipe_options options = {channels, dims, {1, 1, z}};
    bw_context *ctx = test_context(1);
    bw_recipe_free(m->context);
    assert_ok(ctx, bw_recipe_parse(ctx, "gaussian:1,3.5", &options, &m->context));
    bw_context_free(ctx);
}
static void context_of_two(bw_model *m) {
    replace_context(m, 2, 2, 1);
}
static void deep_context(bw_model *m) {
    replace_context(m, 3, 3, 1);
}
static void flat_context(bw_model *m) {
    replace_context(m, 3, 2, 2);
}

static void contradictions_are_refused(void **state) {
    (void)state;
    void (*const spoilers[])(bw_model *) = {
        wide_refinement,   negative_spread, endless_spread,    few_trees,        not_held_out,   not_calibrated,
        large_bootstrap,   odd_mtry,        no_leaf,           no_weight,        heavy_weight,   odd_stroke_balance,
        one_fold,          no_block,        many_permutations, falling_sigmas,   large_gini,     no_gini,
        large_permutation, bright_colour,   negative_count,    other_assessment, other_held_out, other_calibration,
        swap_forests,      context_of_two,  deep_context,      flat_context,
    };
    for (size_t i = 0; i < sizeof spoilers / sizeof *spoilers; i++) {
        bw_context *ctx = test_context(1);
        bw_model *model = train_with("gaussian:1;hessian:1.6", 3, everything);
        char message[300];
        bw_writer w = bytes_of(ctx, model);
        assert_int_equal(try_read(w.data, w.size, message, sizeof message), BW_OK);
        bw_writer_free(&w);
        spoilers[i](model);
        w = bytes_of(ctx, model);
        if (try_read(w.data, w.size, message, sizeof message) != BW_ERROR_FORMAT)
            fail_msg("spoiler %d was believed", (int)i);
        assert_non_null(strstr(message, "damaged"));
        bw_writer_free(&w);
        bw_model_free(model);
        bw_context_free(ctx);
    }
}

/* ---- older versions ---------------------------------------------------------------------------------------------- */

static void older_versions_mean_what_they_meant(void **state) {
    (void)state;
    const char *folder = getenv("BRUSHWOOD_TEST_GOLDEN");
    if (!folder) fail_msg("BRUSHWOOD_TEST_GOLDEN must name tests/golden");
    for (int version = 1; version <= 2; version++) {
        char path[600];
        bw_context *ctx = test_context(1);
        bw_model *model, *again;
        bw_summary s;
        double gini, permutation;
        snprintf(path, sizeof path, "%s/v%d_flat.brushwood", folder, version);
        assert_ok(ctx, bw_model_read(ctx, path, &model));
        const bw_train_options *o = bw_model_options(model);
        assert_true(o->forest.trees == 7 && o->forest.bootstrap == 1 && !o->forest.extra && o->forest.mtry == 0);
        assert_true(o->forest.balance == BW_BALANCE_NONE && o->stroke_balance == 0 && !o->calibrate);
        assert_true(o->holdout.kind == BW_HOLDOUT_NONE && !o->importance && !o->context_count && !o->refine);
        assert_true(!model->first && !model->context && !model->calibration && !bw_model_held_out(model));
        bw_assessment_summary(bw_model_out_of_bag(model), &s);
        assert_true(s.pixels > 250 && s.accuracy > 0.5 && s.with_probability == 0 && isnan(s.brier));
        bw_model_importance(model, 0, &gini, &permutation);
        assert_true(gini >= 0 && isnan(permutation));
        bw_writer w = bytes_of(ctx, model); /* as version 3 it is the same model */
        assert_ok(ctx, bw_model_read_memory(ctx, w.data, w.size, "memory", &again));
        assert_same_descriptions(ctx, model, again);
        bw_writer_free(&w);
        bw_model_free(model);
        bw_model_free(again);
        bw_context_free(ctx);
    }
}

/* Every shortened or changed file of an older version as well. */
static void damaged_older_versions_never_crash(void **state) {
    (void)state;
    const char *folder = getenv("BRUSHWOOD_TEST_GOLDEN");
    char path[600], message[300];
    bw_context *ctx = test_context(1);
    bw_image_info info = test_info(BW_UINT8, 20, 20, 1);
    bw_image *image = test_noise(&info);
    uint8_t *data;
    uint64_t size;
    int accepted = 0;
    if (!folder) fail_msg("BRUSHWOOD_TEST_GOLDEN must name tests/golden");
    snprintf(path, sizeof path, "%s/v2_flat.brushwood", folder);
    assert_ok(ctx, bw_file_read_all(ctx, path, 1 << 24, &data, &size));
    for (uint64_t cut = 0; cut < size; cut += 3)
        assert_int_equal(try_read(data, cut, message, sizeof message), BW_ERROR_FORMAT);
    for (uint64_t i = 0; i < 1500; i++) {
        const uint64_t at = 24 + (i < 900 ? i : bw_random(3, 3, i)) % (size - 24);
        const uint8_t bit = (uint8_t)(1u << (bw_random(3, 4, i) % 8));
        data[at] ^= bit;
        mend_frame(data, size);
        accepted += read_and_use(data, size, image);
        data[at] ^= bit;
    }
    assert_in_range(accepted, 10, 1400);
    bw_free(data);
    bw_image_free(image);
    bw_context_free(ctx);
}

static void strangers_are_named(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_model *model = train("gaussian:1", 2);
    bw_writer w = bytes_of(ctx, model);
    char message[300];
    assert_int_equal(try_read((const uint8_t *)"II*\0 a TIFF file", 16, message, sizeof message), BW_ERROR_FORMAT);
    assert_non_null(strstr(message, "not a Brushwood model"));
    w.data[8] = 99;
    assert_int_equal(try_read(w.data, w.size, message, sizeof message), BW_ERROR_FORMAT);
    assert_non_null(strstr(message, "format 99"));
    bw_writer_free(&w);
    bw_model_free(model);
    bw_context_free(ctx);
}

static void files_on_disk(void **state) {
    (void)state;
    char folder[] = "brushwood-test-XXXXXX", path[128];
    assert_int_equal(test_make_own_folder(folder), 0);
    snprintf(path, sizeof path,
             "%s/m\xc3\xb6"
             "del 1.brushwood",
             folder);
    bw_context *ctx = test_context(1);
    bw_model *model = train("gaussian:1", 2), *again;
    assert_ok(ctx, bw_model_write(ctx, model, path));
    assert_ok(ctx, bw_model_read(ctx, path, &again));
    bw_model_free(again);
    assert_refused(ctx, bw_model_write(ctx, model, folder), BW_ERROR_IO, "folder");
    bw_context_free(ctx);
    ctx = test_context(1);
    assert_refused(ctx, bw_model_write(ctx, model, "/nonexistent/m.brushwood"), BW_ERROR_IO, "/nonexistent");
    bw_context_free(ctx);
    ctx = test_context(1);
    assert_refused(ctx, bw_model_read(ctx, "/nonexistent.brushwood", &again), BW_ERROR_IO, "/nonexistent.brushwood");
    bw_context_free(ctx);
    bw_model_free(model);
    bw_system_remove(path);
    assert_int_equal(test_remove_folder(folder), 0);
}

static void assert_words(const char *text, const char *const *words) {
    for (; *words; words++)
        if (!strstr(text, *words)) fail_msg("\"%s\" is missing in:\n%s", *words, text);
}

/* No line but the list of features is wider than a report window (no name here is long). */
static void assert_columns(const char *text) {
    for (const char *end; *text; text = end + 1) {
        end = strchr(text, '\n');
        assert_non_null(end);
        if (strncmp(text, "Features: ", 10) && end - text > 100)
            fail_msg("%d columns: %.*s", (int)(end - text), (int)(end - text), text);
    }
}

static void descriptions_are_complete(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_model *model = train("gaussian:0.7,1.6;hessian:1.6", 3);
    char *text, *json;
    assert_ok(ctx, bw_model_describe(ctx, model, BW_DESCRIBE_TEXT, &text));
    assert_ok(ctx, bw_model_describe(ctx, model, BW_DESCRIBE_JSON, &json));
    static const char *const both[] = {"gaussian:0.7,1.6;hessian:1.6", BW_VERSION, "class 2", "#123456", NULL};
    assert_words(text, both);
    assert_words(json, both);
    assert_words(text, (const char *const[]){"Out-of-bag error", "flatters", "not calibrated", "precision", "Confusion",
                                             "Gini", NULL});
    assert_int_equal(strstr(text, "guided filter") != NULL, bw_model_options(model)->refine > 0);
    assert_columns(text);
    assert_words(json, (const char *const[]){"\"na\xc3\xafve \\\"name\\\".tif\"", "\"trees\": 5",
                                             "\"calibrated\": false", "\"permutation_importance\": null", NULL});
    assert_null(strstr(text, "Held-out"));
    bw_string_free(text);
    bw_string_free(json);
    bw_model_free(model);
    bw_context_free(ctx);
}

static void descriptions_tell_every_option(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_model *model = train_with("gaussian:1;hessian:1.6", 3, everything);
    char *text, *json, *csv;
    assert_ok(ctx, bw_model_describe(ctx, model, BW_DESCRIBE_TEXT, &text));
    assert_ok(ctx, bw_model_describe(ctx, model, BW_DESCRIBE_JSON, &json));
    assert_ok(ctx, bw_model_describe(ctx, model, BW_DESCRIBE_CSV, &csv));
    assert_words(text, (const char *const[]){
                           "Autocontext: a first forest of 5 trees", "sigma 1, 3.5 (6 feature images",
                           "features per split 2", "minimum leaf 3", "weights of the classes 0.25 : 0.75 : 1.25",
                           "weighs as n^0.5", "calibrated on held-out pixels",
                           "Held-out error (strokes, 5 folds): ", "no tree saw a pixel of the stroke",
                           "guided filter, radius 32", "On held-out pixels:", "loss of out-of-bag accuracy", NULL});
    assert_columns(text);
    assert_words(json,
                 (const char *const[]){"\"mtry\": 2", "\"class_weights\": [0.25, 0.75, 1.25]",
                                       "\"stroke_balance\": 0.5", "\"holdout\": {\"kind\": \"strokes\", \"folds\": 5}",
                                       "\"context_sigmas\": [1, 3.5]", "\"calibrated\": true", "\"refine\": 32}",
                                       "\"context_features\": \"gaussian:1,3.5\"", "\"held_out\": {", NULL});
    assert_words(csv, (const char *const[]){"table,feature,gini,permutation\nimportance,gaussian 1 2D,",
                                            "\nimportance,\"context: class back\"\"ground\"\" gaussian 1 2D\",",
                                            "\nout_of_bag_summary,accuracy,", "\nheld_out_confusion,1,1,", NULL});
    bw_string_free(text);
    bw_string_free(json);
    bw_string_free(csv);
    bw_model_free(model);
    bw_context_free(ctx);
}

static void nothing_leaks(void **state) {
    (void)state;
    assert_int_equal(bw_memory_in_use(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_round_trip),
        cmocka_unit_test(models_have_the_parts_that_were_asked_for),
        cmocka_unit_test(unfinished_models_are_kept),
        cmocka_unit_test(features_have_names),
        cmocka_unit_test(seeds_decide),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(mended_truncations_are_refused),
        cmocka_unit_test(flipped_bits_never_crash),
        cmocka_unit_test(contradictions_are_refused),
        cmocka_unit_test(older_versions_mean_what_they_meant),
        cmocka_unit_test(damaged_older_versions_never_crash),
        cmocka_unit_test(strangers_are_named),
        cmocka_unit_test(files_on_disk),
        cmocka_unit_test(descriptions_are_complete),
        cmocka_unit_test(descriptions_tell_every_option),
        cmocka_unit_test(nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
