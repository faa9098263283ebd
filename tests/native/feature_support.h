/* Shared by the tests of the feature engine: lists of all rows, tiles run by hand. */
#ifndef BW_TEST_FEATURE_SUPPORT_H
#define BW_TEST_FEATURE_SUPPORT_H

#include "support.h"

#include <math.h>

#include "core/alloc.h"
#include "core/cpu.h"
#include "features/features.h"
#include "pipeline/pipeline.h"

enum { TEST_LIST = 8192 };

/* Modes of precision, as they begin a feature list. */
static const char *const test_modes[] = {"", "exact;"};
enum { TEST_FAST, TEST_EXACT, TEST_MODES };

static inline double test_parameter(const bw_feature_row *row, double value) {
    return !row->has_sigma          ? 0
           : value < row->sigma_min ? row->sigma_min
           : value > row->sigma_max ? row->sigma_max
                                    : value;
}

/* A row with one parameter, moved into the row's range; `modifiers` only where the row takes them. */
static inline void test_item(char *text, size_t size, const bw_feature_row *row, double value, const char *modifiers) {
    char number[40] = "";
    if (row->has_sigma) snprintf(number, sizeof number, ":%.17g", test_parameter(row, value));
    snprintf(text, size, "%s%s%s", row->id, number, row->rgb ? "" : modifiers);
}

/* Appends every row with this parameter; those that read colours only if rgb. */
static inline void test_every_row(char *text, size_t size, double value, int rgb, const char *modifiers) {
    for (int row = 0; row < bw_feature_row_count(); row++) {
        const bw_feature_row *def = bw_feature_row_get(row);
        const size_t used = strlen(text);
        if (def->rgb && !rgb) continue;
        if (used && text[used - 1] != ';') strcat(text, ";");
        test_item(text + strlen(text), size - strlen(text), def, value, modifiers);
        assert_true(strlen(text) < size - 1);
    }
}

static inline bw_recipe *test_recipe(const char *list, int channels, int dims, const double spacing[3]) {
    bw_recipe_options options = {.channels = channels, .dims = dims, .spacing = {1, 1, 1}};
    bw_context *ctx = test_context(1);
    bw_recipe *recipe;
    if (spacing) memcpy(options.spacing, spacing, sizeof options.spacing);
    assert_ok(ctx, bw_recipe_parse(ctx, list, &options, &recipe));
    bw_context_free(ctx);
    return recipe;
}

static inline bw_image *test_compute(const char *list, const bw_image *image, int dims, const double spacing[3],
                                     int threads) {
    bw_context *ctx = test_context(threads);
    bw_recipe *recipe = test_recipe(list, bw_image_get_info(image)->channels, dims, spacing);
    bw_image *out;
    assert_ok(ctx, bw_features_compute(ctx, recipe, image, &out));
    bw_recipe_free(recipe);
    bw_context_free(ctx);
    return out;
}

static inline float test_value(const bw_image *image, int channel, int64_t x, int64_t y, int64_t z) {
    return ((const float *)bw_image_plane_const(image, 0, channel, z))[y * bw_image_get_info(image)->width + x];
}

/* Standard deviation of a feature image of frame 0. */
static inline double test_spread(const bw_image *image, int channel) {
    const bw_image_info *info = bw_image_get_info(image);
    const int64_t pixels = info->width * info->height;
    double sum = 0, squares = 0, count = (double)(pixels * info->depth);
    for (int64_t z = 0; z < info->depth; z++)
        for (int64_t i = 0; i < pixels; i++)
            sum += (double)((const float *)bw_image_plane_const(image, 0, channel, z))[i] / count;
    for (int64_t z = 0; z < info->depth; z++)
        for (int64_t i = 0; i < pixels; i++) {
            const double d = (double)((const float *)bw_image_plane_const(image, 0, channel, z))[i] - sum;
            squares += d * d;
        }
    return sqrt(squares / count);
}

/* ---- tiles by hand --------------------------------------------------------------------------------------------- */

static const unsigned char test_canary = 0xa5;
enum { TEST_CANARY = 4096 };

/* An image that is open for tiles of one plan, with scratch for tiles of `largest`. A canary follows the scratch. */
typedef struct test_tiles {
    bw_context *ctx;
    const bw_feature_plan *plan;
    bw_source source;
    int64_t size[3], largest[3], bytes;
    bw_simd level;
    char *scratch;
    const bw_image *wanted; /* what tiles are compared with, or NULL */
    int64_t seen;           /* pixels that were emitted */
} test_tiles;

static inline test_tiles test_tiles_open(const bw_feature_plan *plan, const bw_image *image, const int64_t largest[3]) {
    const bw_image_info *info = bw_image_get_info(image);
    test_tiles t = {.ctx = test_context(1), .plan = plan, .size = {info->width, info->height, info->depth}};
    memcpy(t.largest, largest, sizeof t.largest);
    assert_ok(t.ctx, bw_source_open(t.ctx, image, &t.source));
    assert_ok(t.ctx, bw_simd_level(t.ctx, &t.level));
    t.bytes = bw_feature_plan_scratch(plan, largest, t.size);
    t.scratch = bw_alloc(t.ctx, (uint64_t)t.bytes + TEST_CANARY, 1, "scratch");
    assert_non_null(t.scratch);
    memset(t.scratch, 0xff, (size_t)t.bytes); /* not-a-number: what is read before it is written shows */
    memset(t.scratch + t.bytes, test_canary, TEST_CANARY);
    return t;
}

static inline void test_tiles_close(test_tiles *t) {
    for (int i = 0; i < TEST_CANARY; i++)
        assert_int_equal((unsigned char)t->scratch[t->bytes + i], test_canary);
    bw_source_close(&t->source);
    bw_free(t->scratch);
    bw_context_free(t->ctx);
}

static inline bw_status test_tiles_compare(bw_context *ctx, void *user, int index, const bw_box *box,
                                           const float *values, int64_t row, int64_t plane) {
    test_tiles *t = user;
    (void)ctx;
    t->seen += bw_box_count(box);
    for (int64_t z = box->lo[2]; z < box->hi[2] && t->wanted; z++)
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++) {
            const float *ours = values + (z - box->lo[2]) * plane + (y - box->lo[1]) * row;
            const float *all = (const float *)bw_image_plane_const(t->wanted, 0, index, z) + y * t->size[0];
            const size_t bytes = (size_t)bw_box_extent(box, 0) * sizeof *all;
            if (!memcmp(ours, all + box->lo[0], bytes)) continue;
            for (int64_t x = box->lo[0]; x < box->hi[0]; x++)
                if (memcmp(&ours[x - box->lo[0]], &all[x], sizeof *all))
                    fail_msg("%s: %.9g at %d %d %d of the tile, %.9g in the whole",
                             bw_image_plane_label(t->wanted, 0, index, 0), ours[x - box->lo[0]], (int)x, (int)y, (int)z,
                             all[x]);
        }
    return BW_OK;
}

static inline void test_tiles_run(test_tiles *t, const bw_box *tile) {
    bw_tile_task task = {.plan = t->plan,
                         .level = t->level,
                         .tile = *tile,
                         .frame = bw_source_frame(&t->source, 0),
                         .emit = test_tiles_compare,
                         .user = t,
                         .scratch = t->scratch};
    memcpy(task.largest, t->largest, sizeof task.largest);
    t->seen = 0;
    assert_ok(t->ctx, bw_features_tile(t->ctx, &task));
    assert_int_equal(t->seen, bw_box_count(tile) * t->plan->emission_count);
}

#endif
