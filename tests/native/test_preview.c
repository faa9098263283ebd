/* Parts of an image have the bytes of the whole image's prediction, whether their features come from the cache or not.
 */
#include "support.h"

#include <math.h>

#include "model/model.h"

enum { ALL_OUTPUTS = BW_OUTPUT_PROBABILITIES | BW_OUTPUT_LABELS | BW_OUTPUT_UNCERTAINTY | BW_OUTPUT_ENTROPY };
static const uint64_t large_cache = (uint64_t)1 << 30;

/* ---- scenes and models ------------------------------------------------------------------------------------------- */

/* Class 1..3: stripes along y that swing with x and z. */
static int truth(int64_t x, int64_t y, int64_t z) {
    return (int)((double)y / 13 + sin((double)x / 19) + (double)z / 5 + 8) % 3 + 1;
}

/* Noise that is brighter for higher classes. */
static bw_image *scene(const bw_image_info *info) {
    bw_image *image = test_noise(info);
    for (int t = 0; t < info->frames; t++)
        for (int c = 0; c < info->channels; c++)
            for (int64_t z = 0; z < info->depth; z++)
                for (int64_t i = 0; i < info->width * info->height; i++) {
                    const int k = truth(i % info->width, i / info->width, z + t);
                    void *plane = bw_image_plane(image, t, c, z);
                    if (info->type == BW_UINT8) ((uint8_t *)plane)[i] = (uint8_t)(((uint8_t *)plane)[i] + 18 * k);
                    if (info->type == BW_UINT16) ((uint16_t *)plane)[i] = (uint16_t)(((uint16_t *)plane)[i] + 900 * k);
                    if (info->type == BW_FLOAT32) ((float *)plane)[i] += (float)(18 * k);
                    if (info->type == BW_FLOAT32 && i % 997 == 0) ((float *)plane)[i] = NAN;
                }
    return image;
}

static bw_image *labels_of(bw_image_info info) {
    info.type = BW_UINT8;
    info.channels = 1;
    info.rgb = 0;
    bw_image *labels = test_image(&info);
    for (int t = 0; t < info.frames; t++)
        for (int64_t z = 0; z < info.depth; z++)
            for (int64_t i = 0; i < info.width * info.height; i++)
                if (bw_random(5, (uint64_t)z, (uint64_t)i) % 23 == 0)
                    ((uint8_t *)bw_image_plane(labels, t, 0, z))[i] =
                        (uint8_t)truth(i % info.width, i / info.width, z + t);
    return labels;
}

static bw_recipe *parse(const char *features, const bw_image_info *info) {
    bw_context *ctx = test_context(1);
    const bw_recipe_options options = {info->channels, info->depth > 1 ? 3 : 2, {1, 1, 1}};
    bw_recipe *recipe;
    assert_ok(ctx, bw_recipe_parse(ctx, features, &options, &recipe));
    bw_context_free(ctx);
    return recipe;
}

/* An image, a recipe for it and a model. */
typedef struct setup {
    bw_image *image;
    bw_recipe *recipe;
    bw_model *model;
    uint64_t before; /* bytes that the engine held */
} setup;

static setup make_setup(const bw_image_info *info, const char *features, int refine, int calibrate) {
    setup s = {.before = bw_memory_in_use()};
    bw_context *ctx = test_context(2);
    bw_train_options options;
    bw_trainer *trainer;
    s.image = scene(info);
    s.recipe = parse(features, info);
    bw_image *labels = labels_of(*info);
    bw_train_options_init(&options);
    options.forest.trees = 15;
    options.forest.max_depth = 10;
    options.refine = refine;
    options.calibrate = calibrate;
    options.holdout.kind = BW_HOLDOUT_NONE;
    assert_ok(ctx, bw_image_set_name(ctx, s.image, "scene"));
    assert_ok(ctx, bw_image_set_plane_label(ctx, s.image, info->frames - 1, 0, info->depth - 1, "last"));
    assert_ok(ctx, bw_trainer_create(ctx, s.recipe, &trainer));
    assert_ok(ctx, bw_trainer_add(ctx, trainer, s.image, labels));
    assert_ok(ctx, bw_trainer_train(ctx, trainer, &options, &s.model));
    bw_trainer_free(trainer);
    bw_image_free(labels);
    bw_context_free(ctx);
    return s;
}

/* Nothing of the engine's memory stays behind. */
static void free_setup(setup *s) {
    bw_model_free(s->model);
    bw_recipe_free(s->recipe);
    bw_image_free(s->image);
    assert_int_equal(bw_memory_in_use(), s->before);
}

static bw_preview *open_preview(const setup *s, uint64_t cache) {
    bw_context *ctx = test_context(2);
    bw_preview *preview;
    assert_ok(ctx, bw_preview_create(ctx, s->recipe, s->image, cache, &preview));
    assert_int_equal(bw_preview_cached(preview), 0);
    bw_context_free(ctx);
    return preview;
}

static bw_prediction predict_whole(const setup *s, int outputs) {
    bw_context *ctx = test_context(2);
    bw_prediction out;
    assert_ok(ctx, bw_predict(ctx, s->model, s->image, NULL, outputs, &out, NULL));
    bw_context_free(ctx);
    return out;
}

static bw_prediction predict_part(const setup *s, bw_preview *preview, const bw_part *part, int outputs, int threads) {
    bw_context *ctx = test_context(threads);
    bw_prediction out;
    assert_ok(ctx, bw_preview_predict(ctx, preview, s->model, part, outputs, &out));
    assert_true(bw_context_progress(ctx) > 0.999);
    bw_context_free(ctx);
    return out;
}

/* ---- comparing --------------------------------------------------------------------------------------------------- */

static bw_part whole_frame(const bw_image *image, int frame) {
    const bw_image_info *info = bw_image_get_info(image);
    return (bw_part){frame, {0, 0, 0}, {info->width, info->height, info->depth}};
}

static void assert_same_text(const char *a, const char *b) {
    assert_true(!a == !b);
    if (a) assert_string_equal(a, b);
}

/* `part` shows channel 0 and up of `whole` from `channel` on. */
static void assert_shows(const bw_image *whole, const bw_image *part, int channel, const bw_part *where) {
    const bw_image_info *w = bw_image_get_info(whole), *p = bw_image_get_info(part);
    const int64_t bytes = w->type == BW_UINT8 ? 1 : 4;
    assert_int_equal(w->type, p->type);
    assert_int_equal(p->frames, 1);
    assert_memory_equal(w->spacing, p->spacing, sizeof w->spacing);
    assert_true(p->width == where->hi[0] - where->lo[0] && p->height == where->hi[1] - where->lo[1]);
    assert_true(p->depth == where->hi[2] - where->lo[2]);
    for (int c = 0; c < p->channels; c++)
        for (int64_t z = 0; z < p->depth; z++) {
            const char *from = bw_image_plane_const(whole, where->frame, channel + c, where->lo[2] + z);
            const char *to = bw_image_plane_const(part, 0, c, z);
            assert_same_text(bw_image_plane_label(whole, where->frame, channel + c, where->lo[2] + z),
                             bw_image_plane_label(part, 0, c, z));
            for (int64_t y = 0; y < p->height; y++)
                assert_memory_equal(from + ((where->lo[1] + y) * w->width + where->lo[0]) * bytes,
                                    to + y * p->width * bytes, (size_t)(p->width * bytes));
        }
}

static void assert_shows_all(const bw_prediction *whole, bw_prediction *part, const bw_part *where) {
    bw_image *const a[] = {whole->probabilities, whole->labels, whole->uncertainty, whole->entropy};
    bw_image *const b[] = {part->probabilities, part->labels, part->uncertainty, part->entropy};
    for (int o = 0; o < 4; o++) {
        assert_true(!a[o] == !b[o]);
        if (!a[o]) continue;
        assert_int_equal(bw_image_get_info(a[o])->channels, bw_image_get_info(b[o])->channels);
        assert_string_equal(bw_image_name(b[o]), "scene");
        assert_shows(a[o], b[o], 0, where);
    }
    bw_prediction_free(part);
}

/* ---- parts ------------------------------------------------------------------------------------------------------- */

/* Corners, edges, the middle, single pixels, lines and everything. */
static int list_parts(const bw_image_info *info, bw_part parts[16]) {
    const int64_t w = info->width, h = info->height, d = info->depth, z = d / 2;
    const int last = info->frames - 1;
    const bw_part all[] = {
        {0, {0, 0, 0}, {w, h, d}},
        {0, {0, 0, 0}, {1, 1, 1}},
        {last, {w - 1, h - 1, d - 1}, {w, h, d}},
        {last, {w / 2, h / 2, z}, {w / 2 + 1, h / 2 + 1, z + 1}},
        {0, {0, 0, z}, {w - 20, 30, z + 1}},
        {last, {w - 33, h - 21, 0}, {w, h, 1}},
        {0, {w / 3, h / 3, d / 3}, {w / 3 + w / 4, h / 3 + h / 5, d}},
        {last, {0, h / 2, 0}, {w, h / 2 + 1, 1}},
        {0, {w / 2, 0, z}, {w / 2 + 1, h, z + 1}},
        {last, {5, 3, 0}, {w - 4, h - 7, d}},
    };
    memcpy(parts, all, sizeof all);
    return sizeof all / sizeof *all;
}

/* Each part twice: computed, then from the cache. */
static void check_parts(const setup *s, uint64_t cache, int threads, int outputs) {
    bw_part parts[16];
    const int count = list_parts(bw_image_get_info(s->image), parts);
    bw_prediction whole = predict_whole(s, outputs);
    for (int k = 0; k < count; k++) {
        bw_preview *preview = open_preview(s, cache);
        for (int again = 0; again < 2; again++) {
            bw_prediction part = predict_part(s, preview, &parts[k], outputs, threads);
            assert_shows_all(&whole, &part, &parts[k]);
            assert_true(cache ? bw_preview_cached(preview) > 0 : bw_preview_cached(preview) == 0);
        }
        bw_preview_free(preview);
    }
    bw_prediction_free(&whole);
}

static void check_image(bw_pixel_type type, const int64_t size[3], int channels, int frames, const char *features) {
    const bw_image_info info = {.type = type,
                                .width = size[0],
                                .height = size[1],
                                .depth = size[2],
                                .channels = channels,
                                .frames = frames,
                                .rgb = type == BW_UINT8 && channels == 3};
    static const struct {
        int refine, calibrate, threads, cached, outputs;
    } ways[] = {{0, 0, 1, 1, ALL_OUTPUTS},
                {0, 0, 3, 0, BW_OUTPUT_LABELS},
                {0, 1, 2, 1, ALL_OUTPUTS},
                {3, 0, 2, 1, ALL_OUTPUTS},
                {4, 1, 4, 0, BW_OUTPUT_LABELS | BW_OUTPUT_ENTROPY}};
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        setup s = make_setup(&info, features, ways[w].refine, ways[w].calibrate);
        check_parts(&s, ways[w].cached ? large_cache : 0, ways[w].threads, ways[w].outputs);
        free_setup(&s);
    }
}

static void parts_of_planes(void **state) {
    (void)state;
    check_image(BW_UINT16, (const int64_t[]){143, 121, 1}, 2, 1, "original;gaussian:1,6;hessian:2");
    check_image(BW_UINT8, (const int64_t[]){90, 77, 1}, 3, 2, "original;gradient:1.6;variance:2");
}

static void parts_of_stacks(void **state) {
    (void)state;
    check_image(BW_FLOAT32, (const int64_t[]){61, 53, 14}, 1, 2, "gaussian:1,4;hessian:1.6");
    check_image(BW_UINT16, (const int64_t[]){72, 64, 6}, 1, 1, "original;gaussian:2@2d;laplacian:1@2d");
    check_image(BW_UINT8, (const int64_t[]){64, 57, 9}, 1, 1, "exact;gaussian:1.5;gradient:1");
}

/* The same place in other frames is another part. */
static void frames_are_kept_apart(void **state) {
    (void)state;
    const bw_image_info info = {
        .type = BW_UINT8, .width = 60, .height = 50, .depth = 1, .channels = 1, .frames = 3, .rgb = 0};
    setup s = make_setup(&info, "gaussian:1,2", 0, 0);
    bw_prediction whole = predict_whole(&s, ALL_OUTPUTS);
    bw_preview *preview = open_preview(&s, large_cache);
    for (int frame = 0; frame < 3; frame++) {
        const bw_part part = whole_frame(s.image, frame);
        bw_prediction made = predict_part(&s, preview, &part, ALL_OUTPUTS, 2);
        assert_shows_all(&whole, &made, &part);
    }
    assert_int_equal(bw_preview_cached(preview), 3 * 60 * 50 * 2 * sizeof(float));
    bw_preview_free(preview);
    bw_prediction_free(&whole);
    free_setup(&s);
}

/* Little memory: the votes for refining are kept for a box of the part at a time; those inside are larger than the
 * first one by a margin. */
static void little_memory(void **state) {
    (void)state;
    const bw_image_info info = test_info(BW_UINT8, 900, 330, 1);
    setup s = make_setup(&info, "gaussian:1,2", 5, 0);
    bw_prediction whole = predict_whole(&s, ALL_OUTPUTS);
    const bw_part part = whole_frame(s.image, 0);
    bw_preview *preview = open_preview(&s, large_cache);
    for (int again = 0; again < 2; again++) {
        bw_context *ctx = test_context(2);
        bw_prediction made;
        assert_ok(ctx, bw_context_set_memory_budget(ctx, 5000000));
        assert_ok(ctx, bw_preview_predict(ctx, preview, s.model, &part, ALL_OUTPUTS, &made));
        assert_shows_all(&whole, &made, &part);
        bw_context_free(ctx);
    }
    bw_preview_free(preview);
    bw_prediction_free(&whole);
    free_setup(&s);
}

/* ---- the cache --------------------------------------------------------------------------------------------------- */

static setup plane_setup(int refine) {
    const bw_image_info info = test_info(BW_UINT8, 160, 128, 1);
    return make_setup(&info, "original;gaussian:1,2;hessian:1.6", refine, 0);
}

static void expect_part(const setup *s, const bw_prediction *whole, bw_preview *preview, bw_part part) {
    bw_prediction made = predict_part(s, preview, &part, BW_OUTPUT_PROBABILITIES, 2);
    assert_shows_all(whole, &made, &part);
}

static uint64_t entry_bytes(const setup *s, int64_t width, int64_t height) {
    return (uint64_t)(width * height * bw_recipe_count(s->recipe)) * sizeof(float);
}

static void larger_parts_serve_smaller_ones(void **state) {
    (void)state;
    setup s = plane_setup(4);
    bw_prediction whole = predict_whole(&s, BW_OUTPUT_PROBABILITIES);
    bw_preview *preview = open_preview(&s, large_cache);
    expect_part(&s, &whole, preview, (bw_part){0, {40, 40, 0}, {104, 72, 1}});
    assert_int_equal(bw_preview_cached(preview), entry_bytes(&s, 64 + 16, 32 + 16)); /* a margin of 8 */
    expect_part(&s, &whole, preview, (bw_part){0, {48, 50, 0}, {90, 60, 1}});
    assert_int_equal(bw_preview_cached(preview), entry_bytes(&s, 80, 48));
    /* A larger one takes the place of what lies in it. */
    expect_part(&s, &whole, preview, (bw_part){0, {30, 30, 0}, {120, 90, 1}});
    assert_int_equal(bw_preview_cached(preview), entry_bytes(&s, 106, 76));
    bw_preview_free(preview);
    bw_prediction_free(&whole);
    free_setup(&s);
}

static void the_cache_keeps_its_size(void **state) {
    (void)state;
    setup s = plane_setup(0);
    bw_prediction whole = predict_whole(&s, BW_OUTPUT_PROBABILITIES);
    const uint64_t room = entry_bytes(&s, 32, 32) * 5 / 2;
    bw_preview *preview = open_preview(&s, room);
    for (uint64_t i = 0; i < 60; i++) {
        const int64_t x = 32 * (int64_t)(bw_random(1, 2, i) % 4), y = 32 * (int64_t)(bw_random(1, 3, i) % 3);
        expect_part(&s, &whole, preview, (bw_part){0, {x, y, 0}, {x + 32, y + 32, 1}});
        assert_true(bw_preview_cached(preview) <= room);
    }
    assert_int_equal(bw_preview_cached(preview), entry_bytes(&s, 32, 32) * 2);
    /* What would not fit is not kept and displaces nothing. */
    expect_part(&s, &whole, preview, (bw_part){0, {0, 0, 0}, {100, 100, 1}});
    assert_int_equal(bw_preview_cached(preview), entry_bytes(&s, 32, 32) * 2);
    bw_preview_free(preview);
    bw_prediction_free(&whole);
    free_setup(&s);
}

/* Whether a part's features are there: nothing has to be loaded, so that an image without planes is no matter. */
static void the_longest_unused_goes_first(void **state) {
    (void)state;
    const bw_image_info info = test_info(BW_UINT8, 64, 48, 4);
    setup s = make_setup(&info, "original@2d;gaussian:1@2d", 0, 0);
    bw_context *ctx = test_context(1);
    bw_image *sparse;
    bw_preview *preview;
    void *plane;
    assert_ok(ctx, bw_image_create_sparse(ctx, &info, &sparse));
    for (int64_t z = 0; z < 4; z++) {
        assert_ok(ctx, bw_image_put_plane(ctx, sparse, 0, 0, z, &plane));
        memcpy(plane, bw_image_plane_const(s.image, 0, 0, z), 64 * 48);
    }
    assert_ok(ctx, bw_preview_create(ctx, s.recipe, sparse, 2 * entry_bytes(&s, 64, 48), &preview));
    const int64_t order[] = {0, 1, 0, 2}; /* 1 has to go */
    for (int i = 0; i < 4; i++) {
        const bw_part part = {0, {0, 0, order[i]}, {64, 48, order[i] + 1}};
        bw_prediction made = predict_part(&s, preview, &part, BW_OUTPUT_LABELS, 1);
        bw_prediction_free(&made);
    }
    for (int64_t z = 0; z < 4; z++)
        bw_image_drop_plane(sparse, 0, 0, z);
    const int64_t rest[] = {2, 0, 1};
    for (int k = 0; k < 3; k++) {
        const int64_t z = rest[k];
        const bw_part part = {0, {0, 0, z}, {64, 48, z + 1}};
        bw_context *own = test_context(1);
        bw_prediction made;
        if (z == 1) {
            assert_refused(own, bw_preview_predict(own, preview, s.model, &part, BW_OUTPUT_LABELS, &made),
                           BW_ERROR_ARGUMENT, "absent");
            assert_null(made.labels);
        } else {
            assert_ok(own, bw_preview_predict(own, preview, s.model, &part, BW_OUTPUT_LABELS, &made));
        }
        bw_prediction_free(&made);
        bw_context_free(own);
    }
    bw_preview_free(preview);
    bw_image_free(sparse);
    bw_context_free(ctx);
    free_setup(&s);
}

/* ---- features ---------------------------------------------------------------------------------------------------- */

static void check_features(const bw_image_info *info, const char *features) {
    setup s = make_setup(info, features, 0, 0);
    bw_context *ctx = test_context(3);
    bw_part parts[16];
    bw_image *all, *one;
    const int count = list_parts(info, parts);
    assert_ok(ctx, bw_features_compute(ctx, s.recipe, s.image, &all));
    for (int k = 0; k < count; k++) {
        bw_preview *preview = open_preview(&s, large_cache);
        for (int cached = 0; cached < 2; cached++) {
            for (int f = 0; f < bw_recipe_count(s.recipe); f++) {
                assert_ok(ctx, bw_preview_feature(ctx, preview, f, &parts[k], &one));
                assert_int_equal(bw_image_get_info(one)->channels, 1);
                assert_string_equal(bw_image_name(one), "scene");
                assert_shows(all, one, f, &parts[k]);
                bw_image_free(one);
            }
            assert_int_equal(bw_preview_cached(preview) > 0, cached);
            bw_prediction made = predict_part(&s, preview, &parts[k], BW_OUTPUT_LABELS, 2);
            bw_prediction_free(&made);
        }
        bw_preview_free(preview);
    }
    bw_image_free(all);
    bw_context_free(ctx);
    free_setup(&s);
}

static void features_of_parts(void **state) {
    (void)state;
    const bw_image_info plane = {
        .type = BW_UINT8, .width = 97, .height = 83, .depth = 1, .channels = 2, .frames = 2, .rgb = 0};
    const bw_image_info stack = {
        .type = BW_FLOAT32, .width = 45, .height = 41, .depth = 11, .channels = 1, .frames = 1, .rgb = 0};
    check_features(&plane, "original;gaussian:1,6;hessian:2;variance:2");
    check_features(&stack, "original;gaussian:1,4;gaussian:1@2d;structure:1");
}

/* ---- slices ------------------------------------------------------------------------------------------------------ */

/* The planes that bw_preview_slices names, and those that every preview may ask for at its creation. */
static bw_image *sparse_copy(const bw_image *image, const bw_preview *preview, const bw_part *part) {
    const bw_image_info *info = bw_image_get_info(image);
    bw_context *ctx = test_context(1);
    int64_t lo, hi, others[BW_MAX_MORE_SLICES];
    int more;
    bw_image *sparse;
    bw_preview_slices(preview, part, &lo, &hi, others, &more);
    assert_true(lo >= 0 && lo <= part->lo[2] && hi >= part->hi[2] && hi <= info->depth);
    assert_true(more >= 0 && more <= BW_MAX_MORE_SLICES);
    assert_ok(ctx, bw_image_create_sparse(ctx, info, &sparse));
    for (int c = 0; c < info->channels; c++)
        for (int64_t k = lo; k < hi + more; k++) {
            const int64_t z = k < hi ? k : others[k - hi];
            void *plane;
            assert_true(k < hi || z < lo || z >= hi);
            assert_false(bw_image_has_plane(sparse, part->frame, c, z));
            assert_ok(ctx, bw_image_put_plane(ctx, sparse, part->frame, c, z, &plane));
            memcpy(plane, bw_image_plane_const(image, part->frame, c, z), (size_t)test_bytes_per_plane(info));
        }
    bw_context_free(ctx);
    return sparse;
}

/* The slices named are enough for a part; -> how many they are. */
static int64_t check_slices(const setup *s, const bw_part *part) {
    bw_context *ctx = test_context(2);
    bw_preview *preview = open_preview(s, 0), *same;
    bw_image *sparse = sparse_copy(s->image, preview, part), *feature, *features;
    const bw_image_info *info = bw_image_get_info(s->image);
    int64_t there = 0;
    bw_prediction whole = predict_whole(s, BW_OUTPUT_PROBABILITIES);
    assert_ok(ctx, bw_preview_create(ctx, s->recipe, sparse, 0, &same));
    bw_prediction made = predict_part(s, same, part, BW_OUTPUT_PROBABILITIES, 2);
    assert_shows(whole.probabilities, made.probabilities, 0, part);
    assert_ok(ctx, bw_features_compute(ctx, s->recipe, s->image, &features));
    for (int f = 0; f < bw_recipe_count(s->recipe); f++) {
        assert_ok(ctx, bw_preview_feature(ctx, same, f, part, &feature));
        assert_shows(features, feature, f, part);
        bw_image_free(feature);
    }
    for (int64_t z = 0; z < info->depth; z++)
        there += bw_image_has_plane(sparse, part->frame, 0, z);
    bw_image_free(features);
    bw_prediction_free(&made);
    bw_prediction_free(&whole);
    bw_preview_free(same);
    bw_preview_free(preview);
    bw_image_free(sparse);
    bw_context_free(ctx);
    return there;
}

static void slices_are_enough(void **state) {
    (void)state;
    const bw_image_info info = {
        .type = BW_UINT16, .width = 40, .height = 36, .depth = 60, .channels = 2, .frames = 2, .rgb = 0};
    static const struct {
        const char *features;
        int64_t most; /* slices for one of the middle */
    } recipes[] = {{"gaussian:1;hessian:2@2d", 30},
                   {"gaussian:4;structure:3.5", 60},
                   {"gaussian:2@2d;hessian:1.6@2d", 1},
                   {"exact;gaussian:1", 30},
                   {"original", 5}};
    for (size_t r = 0; r < sizeof recipes / sizeof *recipes; r++) {
        setup s = make_setup(&info, recipes[r].features, 2, 0);
        for (int64_t z = 0; z < info.depth; z += 13)
            check_slices(&s, &(bw_part){1, {3, 5, z}, {30, 36, z + 1}});
        check_slices(&s, &(bw_part){0, {0, 0, 55}, {40, 36, 60}});
        assert_true(check_slices(&s, &(bw_part){0, {10, 10, 30}, {20, 20, 31}}) <= recipes[r].most);
        free_setup(&s);
    }
}

/* ---- errors ------------------------------------------------------------------------------------------------------ */

static void expect_refused(const setup *s, bw_preview *preview, const bw_model *model, bw_part part, int outputs,
                           bw_status status, const char *words) {
    bw_context *ctx = test_context(1);
    bw_prediction made = {.labels = s->image};
    assert_refused(ctx, bw_preview_predict(ctx, preview, model, &part, outputs, &made), status, words);
    assert_null(made.labels);
    bw_context_free(ctx);
}

static void wrong_parts(void **state) {
    (void)state;
    setup s = plane_setup(0);
    bw_preview *preview = open_preview(&s, large_cache);
    const bw_part wrong[] = {{1, {0, 0, 0}, {8, 8, 1}},   {-1, {0, 0, 0}, {8, 8, 1}},  {0, {-1, 0, 0}, {8, 8, 1}},
                             {0, {0, 0, 0}, {161, 8, 1}}, {0, {0, 0, 0}, {8, 129, 1}}, {0, {0, 0, 0}, {8, 8, 2}},
                             {0, {8, 0, 0}, {8, 8, 1}},   {0, {0, 9, 0}, {8, 8, 1}}};
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        bw_context *ctx = test_context(1);
        bw_image *out = s.image;
        expect_refused(&s, preview, s.model, wrong[k], BW_OUTPUT_LABELS, BW_ERROR_ARGUMENT, "The part from");
        assert_refused(ctx, bw_preview_feature(ctx, preview, 0, &wrong[k], &out), BW_ERROR_ARGUMENT, "The part from");
        assert_null(out);
        bw_context_free(ctx);
    }
    expect_refused(&s, preview, s.model, whole_frame(s.image, 0), 16, BW_ERROR_ARGUMENT, "no output 16");
    bw_preview_free(preview);
    free_setup(&s);
}

static void wrong_features_and_models(void **state) {
    (void)state;
    setup s = plane_setup(0);
    const bw_part part = whole_frame(s.image, 0);
    bw_preview *preview = open_preview(&s, large_cache);
    const bw_image_info *info = bw_image_get_info(s.image);
    setup other = make_setup(info, "original;gaussian:1,3;hessian:1.6", 0, 0),
          exact = make_setup(info, "exact;original;gaussian:1,2;hessian:1.6", 0, 0);
    expect_refused(&s, preview, other.model, part, BW_OUTPUT_LABELS, BW_ERROR_MISMATCH, "other features");
    expect_refused(&s, preview, exact.model, part, BW_OUTPUT_LABELS, BW_ERROR_MISMATCH, "other features");
    const bw_recipe_options stretched = {info->channels, 2, {1, 1.5, 1}};
    bw_recipe *own = s.model->recipe;
    bw_context *parsing = test_context(1);
    assert_ok(parsing, bw_recipe_parse(parsing, "original;gaussian:1,2;hessian:1.6", &stretched, &s.model->recipe));
    expect_refused(&s, preview, s.model, part, BW_OUTPUT_LABELS, BW_ERROR_MISMATCH, "another spacing");
    bw_recipe_free(s.model->recipe);
    bw_context_free(parsing);
    s.model->recipe = own;
    s.model->context = parse("gaussian:1", info);
    expect_refused(&s, preview, s.model, part, BW_OUTPUT_LABELS, BW_ERROR_ARGUMENT, "autocontext");
    bw_recipe_free(s.model->context);
    s.model->context = NULL;
    for (int f = -1; f <= bw_recipe_count(s.recipe); f += bw_recipe_count(s.recipe) + 1) {
        bw_context *ctx = test_context(1);
        bw_image *out = s.image;
        assert_refused(ctx, bw_preview_feature(ctx, preview, f, &part, &out), BW_ERROR_ARGUMENT, "There is no feature");
        assert_null(out);
        bw_context_free(ctx);
    }
    free_setup(&exact);
    free_setup(&other);
    bw_preview_free(preview);
    free_setup(&s);
}

static void images_that_do_not_fit(void **state) {
    (void)state;
    setup s = plane_setup(0);
    bw_image_info info = *bw_image_get_info(s.image);
    info.channels = 2;
    bw_context *ctx = test_context(1);
    bw_image *two = test_image(&info);
    bw_preview *preview = (bw_preview *)&two;
    assert_refused(ctx, bw_preview_create(ctx, s.recipe, two, 0, &preview), BW_ERROR_MISMATCH, "2 channels");
    assert_null(preview);
    bw_preview_free(NULL);
    bw_image_free(two);
    bw_context_free(ctx);
    free_setup(&s);
}

/* ---- cancel ------------------------------------------------------------------------------------------------------ */

static int stop_on_the_way(void *user, double fraction) {
    double *seen = user;
    *seen = fraction;
    return fraction > 0.2;
}

static void a_cancelled_call_leaves_the_cache_sound(void **state) {
    (void)state;
    const bw_image_info info = test_info(BW_UINT16, 150, 140, 24);
    setup s = make_setup(&info, "exact;gaussian:1,2;hessian:2.5;structure:2", 0, 0);
    bw_preview *preview = open_preview(&s, large_cache);
    const bw_part first = {0, {0, 0, 3}, {20, 20, 4}}, all = whole_frame(s.image, 0);
    bw_prediction whole = predict_whole(&s, ALL_OUTPUTS), made = predict_part(&s, preview, &first, ALL_OUTPUTS, 2);
    assert_shows_all(&whole, &made, &first);
    const uint64_t cached = bw_preview_cached(preview);
    double seen = 0;
    bw_context *ctx = test_context(1);
    bw_context_set_progress(ctx, stop_on_the_way, &seen);
    assert_int_equal(bw_preview_predict(ctx, preview, s.model, &all, ALL_OUTPUTS, &made), BW_ERROR_CANCELLED);
    assert_true(seen > 0.2 && seen < 1);
    assert_null(made.labels);
    assert_true(bw_preview_cached(preview) == 0 || bw_preview_cached(preview) == cached);
    bw_context_free(ctx);
    made = predict_part(&s, preview, &first, ALL_OUTPUTS, 2);
    assert_shows_all(&whole, &made, &first);
    made = predict_part(&s, preview, &all, ALL_OUTPUTS, 2);
    assert_shows_all(&whole, &made, &all);
    bw_preview_free(preview);
    bw_prediction_free(&whole);
    free_setup(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_of_planes),
        cmocka_unit_test(parts_of_stacks),
        cmocka_unit_test(frames_are_kept_apart),
        cmocka_unit_test(little_memory),
        cmocka_unit_test(larger_parts_serve_smaller_ones),
        cmocka_unit_test(the_cache_keeps_its_size),
        cmocka_unit_test(the_longest_unused_goes_first),
        cmocka_unit_test(features_of_parts),
        cmocka_unit_test(slices_are_enough),
        cmocka_unit_test(wrong_parts),
        cmocka_unit_test(wrong_features_and_models),
        cmocka_unit_test(images_that_do_not_fit),
        cmocka_unit_test(a_cancelled_call_leaves_the_cache_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
