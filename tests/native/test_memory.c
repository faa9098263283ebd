/* Large sigmas in a volume: prediction, training and features stay within little memory, and bytes do not depend on it.
 */
#include "feature_support.h"

#include "model/model.h"

/* Sigma 10 reaches 108 pixels: the frame is not much larger, which is where tiles cost most. */
static const char list[] = "ilastik";

typedef struct volume {
    bw_image *image, *labels;
} volume;

static volume make_volume(int64_t width, int64_t height, int64_t depth, int every) {
    const bw_image_info info = test_info(BW_FLOAT32, width, height, depth);
    bw_image_info marks = info;
    marks.type = BW_UINT8;
    const volume v = {test_noise(&info), test_image(&marks)};
    for (int64_t z = 0; z < depth; z++) {
        float *pixels = bw_image_plane(v.image, 0, 0, z);
        uint8_t *classes = bw_image_plane(v.labels, 0, 0, z);
        for (int64_t i = 0; i < width * height; i++) {
            const int inside = i % width % 32 < 16 && i / width % 40 < 20 && z % 24 < 12;
            pixels[i] += inside ? 150 : 0;
            if (bw_random(3, (uint64_t)z, (uint64_t)i) % (uint64_t)every == 0) classes[i] = (uint8_t)(1 + inside);
        }
    }
    return v;
}

static void free_volume(volume *v) {
    bw_image_free(v->image);
    bw_image_free(v->labels);
}

static bw_context *context_with(int threads, uint64_t budget) {
    bw_context *ctx = test_context(threads);
    assert_ok(ctx, bw_context_set_memory_budget(ctx, budget));
    return ctx;
}

/* What a call takes at its peak beside what was there before. */
static uint64_t held_before;

static void begin_peak(void) {
    held_before = bw_memory_in_use();
    bw_memory_reset_peak();
}

static double peak_megabytes(void) {
    return (double)(bw_memory_peak() - held_before) / 1e6;
}

static bw_trainer *sample(const volume *v, int threads, uint64_t budget) {
    bw_context *ctx = context_with(threads, budget);
    bw_recipe *recipe = test_recipe(list, 1, 3, NULL);
    bw_trainer *trainer;
    assert_ok(ctx, bw_trainer_create(ctx, recipe, &trainer));
    assert_ok(ctx, bw_trainer_add(ctx, trainer, v->image, v->labels));
    bw_recipe_free(recipe);
    bw_context_free(ctx);
    return trainer;
}

static bw_model *train(const bw_trainer *trainer) {
    bw_context *ctx = test_context(1);
    bw_train_options options;
    bw_model *model;
    bw_train_options_init(&options);
    options.forest.trees = 10;
    assert_ok(ctx, bw_trainer_train(ctx, trainer, &options, &model));
    bw_context_free(ctx);
    return model;
}

static bw_prediction predict(const bw_model *model, const volume *v, int threads, uint64_t budget, int64_t tile) {
    bw_context *ctx = context_with(threads, budget);
    const bw_predict_options options = {.tile = tile};
    bw_prediction out;
    assert_ok(ctx, bw_predict(ctx, model, v->image, &options, BW_OUTPUT_PROBABILITIES, &out, NULL));
    bw_context_free(ctx);
    return out;
}

static void assert_same(const bw_image *a, const bw_image *b) {
    const bw_image_info *info = bw_image_get_info(a);
    for (int c = 0; c < info->channels; c++)
        for (int64_t z = 0; z < info->depth; z++)
            assert_memory_equal(bw_image_plane_const(a, 0, c, z), bw_image_plane_const(b, 0, c, z),
                                (size_t)(info->width * info->height) * sizeof(float));
}

static void bytes_do_not_depend_on_memory(void **state) {
    (void)state;
    static const struct {
        int threads;
        uint64_t budget;
        int64_t tile;
    } runs[] = {{1, 24000000, 0}, {2, 40000000, 0}, {3, 150000000, 0}, {2, 0, 0}, {1, 0, 33}, {2, 60000000, 24}};
    volume v = make_volume(120, 100, 48, 300);
    bw_trainer *most = sample(&v, 1, (uint64_t)4 << 30);
    bw_model *model = train(most);
    bw_prediction all = predict(model, &v, 1, (uint64_t)4 << 30, 0);
    for (size_t r = 0; r < sizeof runs / sizeof *runs; r += test_quick() ? 3 : 1) {
        begin_peak();
        bw_prediction some = predict(model, &v, runs[r].threads, runs[r].budget, runs[r].tile);
        if (runs[r].budget)
            assert_true(peak_megabytes() < (double)runs[r].budget * 1e-6 + 4.6 + 1.5); /* result, plan */
        assert_same(all.probabilities, some.probabilities);
        bw_prediction_free(&some);
        begin_peak();
        bw_trainer *trainer = sample(&v, runs[r].threads, runs[r].budget);
        if (runs[r].budget) assert_true(peak_megabytes() < (double)runs[r].budget * 1e-6 + 4.6 + 1.5);
        bw_model *again = train(trainer);
        bw_prediction other = predict(again, &v, 2, 0, 0);
        assert_same(all.probabilities, other.probabilities);
        bw_prediction_free(&other);
        bw_model_free(again);
        bw_trainer_free(trainer);
    }
    bw_prediction_free(&all);
    bw_model_free(model);
    bw_trainer_free(most);
    free_volume(&v);
}

/* Without a budget, and though a single large tile would be a little faster. */
static void default_takes_little(void **state) {
    (void)state;
    const int small = test_quick(); /* the same bounds hold for a smaller volume */
    volume v = small ? make_volume(128, 112, 72, 1500) : make_volume(208, 192, 96, 3000);
    for (int threads = small ? 2 : 1; threads <= 2; threads++) {
        const double most = 60 + 60 * threads;
        begin_peak();
        bw_trainer *trainer = sample(&v, threads, 0);
        assert_true(peak_megabytes() < most);
        bw_model *model = train(trainer);
        begin_peak();
        bw_prediction out = predict(model, &v, threads, 0, 0);
        assert_true(peak_megabytes() < most + 30.7); /* the result */
        bw_prediction_free(&out);
        bw_model_free(model);
        bw_trainer_free(trainer);
    }
    free_volume(&v);
}

typedef struct plan_in_use {
    bw_context *ctx;
    bw_recipe *recipe;
    bw_feature_plan *plan;
} plan_in_use;

static plan_in_use open_plan(int threads, uint64_t budget, const int64_t size[3]) {
    plan_in_use p = {.ctx = context_with(threads, budget), .recipe = test_recipe(list, 1, 3, NULL)};
    assert_ok(p.ctx, bw_feature_plan_create(p.ctx, p.recipe, NULL, &p.plan));
    assert_ok(p.ctx, bw_feature_plan_fit(p.ctx, p.plan, size));
    return p;
}

static void close_plan(plan_in_use *p) {
    bw_feature_plan_free(p->plan);
    bw_recipe_free(p->recipe);
    bw_context_free(p->ctx);
}

/* A frame of any size and any number of threads: what each thread and the store take is bounded. */
static void memory_does_not_grow_with_the_frame(void **state) {
    (void)state;
    static const int64_t sizes[][3] = {{256, 256, 128}, {1024, 1024, 300}, {4096, 4096, 2000}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int threads = 1; threads <= 16; threads *= 4) {
            plan_in_use p = open_plan(threads, (uint64_t)64 << 30, sizes[s]);
            const bw_grid_wish wish = {
                .size = {sizes[s][0], sizes[s][1], sizes[s][2]}, .frames = 1, .bytes_per_pixel = 73};
            bw_grid grid;
            assert_ok(p.ctx, bw_grid_choose(p.ctx, p.plan, &wish, &grid));
            const bw_box tile = {{0, 0, 0}, {grid.tile[0], grid.tile[1], grid.tile[2]}};
            assert_int_equal(grid.parts, 1);
            assert_int_equal(grid.threads, threads);
            assert_true((double)grid.scratch + 73.0 * (double)bw_block_pixels(&tile) < 80e6);
            assert_true(grid.store < 300000000);
            close_plan(&p);
        }
}

/* The estimate is what a run takes. */
static void grids_keep_to_the_budget(void **state) {
    (void)state;
    const int64_t size[3] = {300, 280, 140};
    for (uint64_t budget = 50000000; budget < 2000000000; budget *= 2)
        for (int threads = 1; threads <= 4; threads += 3) {
            plan_in_use p = open_plan(threads, budget, size);
            const bw_grid_wish wish = {.size = {size[0], size[1], size[2]}, .frames = 1, .bytes_per_pixel = 73};
            bw_grid grid;
            assert_ok(p.ctx, bw_grid_choose(p.ctx, p.plan, &wish, &grid));
            const bw_box tile = {{0, 0, 0}, {grid.tile[0], grid.tile[1], grid.tile[2]}};
            const double each = (double)grid.scratch + 73.0 * (double)bw_block_pixels(&tile);
            assert_in_range(grid.threads, 1, threads);
            assert_true((double)grid.store + grid.threads * each <= (double)budget);
            close_plan(&p);
        }
}

static void nothing_leaks(void **state) {
    (void)state;
    assert_int_equal(bw_memory_in_use(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_do_not_depend_on_memory),
        cmocka_unit_test(default_takes_little),
        cmocka_unit_test(memory_does_not_grow_with_the_frame),
        cmocka_unit_test(grids_keep_to_the_budget),
        cmocka_unit_test(nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
