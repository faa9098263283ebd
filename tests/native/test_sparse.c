/* Sparse images: planes that come and go, what stands for an image of which only a part is in memory, and training on
 * such images as on whole ones. */
#include "support.h"

#include <math.h>

#include "core/image.h"
#include "pipeline/trainer.h"

/* ---- support ----------------------------------------------------------------------------------------------------- */

static bw_image *make_sparse(const bw_image_info *info) {
    bw_context *ctx = test_context(1);
    bw_image *image;
    assert_ok(ctx, bw_image_create_sparse(ctx, info, &image));
    bw_context_free(ctx);
    return image;
}

/* Copies all channels of a slice: frame * depth + z. */
static void put_slice(bw_image *sparse, const bw_image *whole, int64_t slice) {
    const bw_image_info *info = bw_image_get_info(whole);
    const int frame = (int)(slice / info->depth);
    const int64_t z = slice % info->depth;
    bw_context *ctx = test_context(1);
    for (int c = 0; c < info->channels; c++) {
        void *plane;
        assert_ok(ctx, bw_image_put_plane(ctx, sparse, frame, c, z, &plane));
        memcpy(plane, bw_image_plane_const(whole, frame, c, z), (size_t)test_bytes_per_plane(info));
    }
    bw_context_free(ctx);
}

static void drop_slice(bw_image *sparse, int64_t slice) {
    const bw_image_info *info = bw_image_get_info(sparse);
    for (int c = 0; c < info->channels; c++)
        bw_image_drop_plane(sparse, (int)(slice / info->depth), c, slice % info->depth);
}

static void drop_all(bw_image *sparse) {
    const bw_image_info *info = bw_image_get_info(sparse);
    for (int64_t slice = 0; slice < info->depth * info->frames; slice++)
        drop_slice(sparse, slice);
}

static void put_survey(bw_image *sparse, const bw_image *whole) {
    int64_t slices[BW_MAX_SURVEY];
    const int count = bw_image_survey(bw_image_get_info(whole), slices);
    for (int i = 0; i < count; i++)
        put_slice(sparse, whole, slices[i]);
}

/* With all planes. */
static bw_image *sparse_copy(const bw_image *whole) {
    const bw_image_info *info = bw_image_get_info(whole);
    bw_image *sparse = make_sparse(info);
    for (int64_t slice = 0; slice < info->depth * info->frames; slice++)
        put_slice(sparse, whole, slice);
    return sparse;
}

static bw_image_info stack_info(bw_pixel_type type, int64_t depth, int channels, int frames) {
    bw_image_info info = test_info(type, 37, 29, depth);
    info.channels = channels;
    info.frames = frames;
    return info;
}

static bw_image *stack(bw_pixel_type type, int64_t depth, int channels, int frames) {
    const bw_image_info info = stack_info(type, depth, channels, frames);
    return test_noise(&info);
}

/* ---- planes ------------------------------------------------------------------------------------------------------ */

static void planes_come_and_go(void **state) {
    (void)state;
    const bw_image_info info = stack_info(BW_UINT16, 5, 2, 3);
    const uint64_t bytes = (uint64_t)test_bytes_per_plane(&info);
    bw_image *image = make_sparse(&info);
    bw_context *ctx = test_context(1);
    const uint64_t before = bw_memory_in_use(), stamp = bw_image_stamp(image);
    void *plane, *again;
    assert_true(bw_image_is_sparse(image));
    for (int64_t i = 0; i < 30; i++)
        assert_false(bw_image_has_plane(image, (int)(i / 10), (int)(i / 5 % 2), i % 5));
    assert_null(bw_image_plane_const(image, 2, 1, 4));
    assert_null(bw_image_plane(image, 2, 1, 4));
    assert_int_not_equal(bw_image_stamp(image), stamp);
    const uint64_t now = bw_image_stamp(image);
    assert_ok(ctx, bw_image_put_plane(ctx, image, 2, 1, 4, &plane));
    for (uint64_t i = 0; i < bytes; i++)
        assert_int_equal(((uint8_t *)plane)[i], 0);
    memset(plane, 7, (size_t)bytes);
    assert_ok(ctx, bw_image_put_plane(ctx, image, 2, 1, 4, &again));
    assert_ptr_equal(plane, again);
    assert_ptr_equal(bw_image_plane_const(image, 2, 1, 4), plane);
    assert_true(bw_image_has_plane(image, 2, 1, 4));
    assert_false(bw_image_has_plane(image, 2, 0, 4));
    assert_false(bw_image_has_plane(image, 3, 1, 4));
    assert_int_equal(bw_memory_in_use() - before, bytes);
    bw_image_drop_plane(image, 2, 1, 4);
    bw_image_drop_plane(image, 2, 1, 4);
    bw_image_drop_plane(image, -1, 1, 4);
    assert_null(bw_image_plane_const(image, 2, 1, 4));
    assert_int_equal(bw_memory_in_use(), before);
    assert_int_equal(bw_image_stamp(image), now);
    assert_ok(ctx, bw_image_put_plane(ctx, image, 2, 1, 4, &plane));
    assert_int_equal(((uint8_t *)plane)[0], 0);
    bw_image_free(image); /* with the plane in it */
    bw_context_free(ctx);
}

static void planes_go_into_sparse_images_only(void **state) {
    (void)state;
    bw_image *whole = stack(BW_UINT8, 3, 1, 1), *sparse = sparse_copy(whole);
    void *plane = &plane;
    bw_context *ctx = test_context(1);
    assert_false(bw_image_is_sparse(whole));
    assert_true(bw_image_has_plane(whole, 0, 0, 2));
    assert_false(bw_image_has_plane(whole, 0, 0, 3));
    assert_refused(ctx, bw_image_put_plane(ctx, whole, 0, 0, 0, &plane), BW_ERROR_ARGUMENT, "sparse images only");
    assert_null(plane);
    bw_image_drop_plane(whole, 0, 0, 0);
    assert_true(bw_image_has_plane(whole, 0, 0, 0));
    bw_context_free(ctx);
    ctx = test_context(1);
    assert_refused(ctx, bw_image_put_plane(ctx, sparse, 0, 0, 3, &plane), BW_ERROR_ARGUMENT, "no slice 4");
    bw_context_free(ctx);
    assert_same_pixels(whole, sparse);
    bw_image_free(whole);
    bw_image_free(sparse);
}

/* Far larger than memory: only the list of planes and one plane are there. */
static void huge_images_take_what_is_put_in(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT16, 2048, 2048, 100000);
    info.channels = 2;
    const uint64_t before = bw_memory_in_use();
    bw_image *image = make_sparse(&info);
    bw_context *ctx = test_context(1);
    void *plane;
    assert_ok(ctx, bw_image_put_plane(ctx, image, 0, 1, 99999, &plane));
    assert_true(bw_memory_in_use() - before < 12000000);
    bw_image_free(image);
    bw_context_free(ctx);
}

/* ---- survey and fingerprint -------------------------------------------------------------------------------------- */

static void surveys_are_spread_evenly(void **state) {
    (void)state;
    const int64_t sizes[][2] = {{1, 1}, {16, 1}, {1, 16}, {4, 4}, {17, 1}, {1, 23}, {5, 7}, {100, 1}, {333, 1000}};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        const int64_t n = sizes[k][0] * sizes[k][1];
        const bw_image_info info = stack_info(BW_UINT8, sizes[k][0], 2, (int)sizes[k][1]);
        int64_t slices[BW_MAX_SURVEY];
        const int count = bw_image_survey(&info, slices);
        assert_int_equal(count, n < BW_MAX_SURVEY ? n : BW_MAX_SURVEY);
        for (int i = 0; i < count; i++) {
            const int64_t mirrored = n - 1 - slices[count - 1 - i], gap = slices[i] - (i ? slices[i - 1] : -1);
            assert_true(slices[i] >= 0 && slices[i] < n && gap > 0);
            assert_true(slices[i] == mirrored || slices[i] == mirrored + 1);
            if (i) assert_true(gap >= n / count && gap <= n / count + 1);
            if (n <= BW_MAX_SURVEY) assert_int_equal(slices[i], i);
        }
    }
}

static uint64_t fingerprint(const bw_image *image) {
    bw_context *ctx = test_context(1);
    uint64_t found;
    assert_ok(ctx, bw_image_fingerprint(ctx, image, &found));
    bw_context_free(ctx);
    return found;
}

static void fingerprints_know_images_again(void **state) {
    (void)state;
    bw_image *whole = stack(BW_UINT16, 20, 2, 3), *sparse = make_sparse(bw_image_get_info(whole));
    put_survey(sparse, whole);
    const uint64_t found = fingerprint(whole);
    assert_true(found == 0xb3a9ac4fd05f634bu); /* sessions keep them */
    assert_true(fingerprint(sparse) == found);
    const double spacing[3] = {0.5, 0.5, 2};
    bw_context *ctx = test_context(1);
    assert_ok(ctx, bw_image_set_name(ctx, whole, "moved.tif"));
    assert_ok(ctx, bw_image_set_spacing(ctx, whole, spacing));
    bw_context_free(ctx);
    assert_true(fingerprint(whole) == found);
    for (int c = 0; c < 2; c++) { /* the survey begins with slice 1 */
        uint8_t *looked_at = bw_image_plane(whole, 0, c, 1), *passed_over = bw_image_plane(whole, 0, c, 0);
        passed_over[0] ^= 1;
        assert_true(fingerprint(whole) == found);
        looked_at[100] ^= 1;
        assert_true(fingerprint(whole) != found);
        looked_at[100] ^= 1;
    }
    bw_image_free(whole);
    bw_image_free(sparse);
}

static void fingerprints_tell_sizes_apart(void **state) {
    (void)state;
    const bw_image_info infos[] = {stack_info(BW_UINT8, 4, 1, 1),  stack_info(BW_UINT8, 2, 2, 1),
                                   stack_info(BW_UINT8, 2, 1, 2),  stack_info(BW_UINT8, 1, 1, 4),
                                   stack_info(BW_UINT16, 2, 1, 1), stack_info(BW_FLOAT32, 1, 1, 1)};
    uint64_t found[6];
    for (int i = 0; i < 6; i++) {
        bw_image *image = test_image(&infos[i]);
        found[i] = fingerprint(image);
        for (int k = 0; k < i; k++)
            assert_true(found[k] != found[i]);
        assert_true(bw_image_hash(image) != found[i]);
        bw_image_free(image);
    }
}

static void the_hash_of_a_sparse_image_is_its_fingerprint(void **state) {
    (void)state;
    bw_image *whole = stack(BW_UINT8, 5, 1, 1), *sparse = sparse_copy(whole);
    assert_true(bw_image_hash(sparse) == fingerprint(sparse));
    assert_true(bw_image_hash(sparse) != bw_image_hash(whole));
    bw_image_drop_plane(sparse, 0, 0, 3);
    assert_true(bw_image_hash(sparse) == 0);
    uint64_t found = 1;
    bw_context *ctx = test_context(1);
    assert_ok(ctx, bw_image_set_name(ctx, sparse, "deep.tif"));
    assert_refused(ctx, bw_image_fingerprint(ctx, sparse, &found), BW_ERROR_ARGUMENT,
                   "Slice 4 of frame 1, channel 1 of \"deep.tif\"");
    assert_true(found == 0);
    bw_context_free(ctx);
    bw_image_free(whole);
    bw_image_free(sparse);
}

/* ---- training ---------------------------------------------------------------------------------------------------- */

static bw_trainer *trainer_for(const char *features, const bw_image *image) {
    const bw_image_info *info = bw_image_get_info(image);
    const bw_recipe_options options = {info->channels, info->depth > 1 ? 3 : 2, {1, 1, 1}};
    bw_context *ctx = test_context(2);
    bw_recipe *recipe;
    bw_trainer *trainer;
    assert_ok(ctx, bw_recipe_parse(ctx, features, &options, &recipe));
    assert_ok(ctx, bw_trainer_create(ctx, recipe, &trainer));
    bw_recipe_free(recipe);
    bw_context_free(ctx);
    return trainer;
}

/* A few pixels of two classes in a slice. */
enum { PIXELS = 40 };

typedef struct strokes {
    int64_t positions[PIXELS];
    uint8_t labels[PIXELS];
} strokes;

static strokes strokes_in(const bw_image *image, int64_t slice) {
    const bw_image_info *info = bw_image_get_info(image);
    strokes s;
    for (int i = 0; i < PIXELS; i++) {
        s.positions[i] = slice * info->width * info->height + (i / 10 * 5 + 3) * info->width + 4 + i % 10 * 2;
        s.labels[i] = (uint8_t)(1 + i / 20);
    }
    return s;
}

static void add_pixels(bw_trainer *trainer, const bw_image *image, const strokes *s) {
    bw_context *ctx = test_context(2);
    assert_ok(
        ctx, bw_trainer_add_pixels(ctx, trainer, image, s ? PIXELS : 0, s ? s->positions : NULL, s ? s->labels : NULL));
    bw_context_free(ctx);
}

static bw_status update_pixels(bw_context *ctx, bw_trainer *trainer, const bw_image *image, const strokes *s) {
    return bw_trainer_update_pixels(ctx, trainer, 0, image, PIXELS, s->positions, s->labels);
}

/* All that depends on pixels but the hash. spread: of the images is the same. */
static void assert_same_block(const bw_trainer *a, const bw_trainer *b, int spread) {
    const bw_sample_block *x = &a->blocks[0], *y = &b->blocks[0];
    const int channels = bw_recipe_get_options(a->recipe)->channels;
    assert_int_equal(x->count, PIXELS);
    assert_int_equal(y->count, PIXELS);
    assert_memory_equal(x->values, y->values, (size_t)a->features * PIXELS * sizeof *x->values);
    if (spread) assert_memory_equal(x->spread, y->spread, (size_t)channels * sizeof *x->spread);
}

static const char mixed_features[] = "original;gaussian:0.7,1.6;structure:1;laplacian:1@2d;maximum:2";
static const char plane_features[] = "original;gaussian:0.7,3.5;hessian:1.6;maximum:2;entropy:3";

/* Images of so few slices that the survey is all of them. */
static void small_sparse_images_are_as_whole_ones(void **state) {
    (void)state;
    static const bw_pixel_type types[] = {BW_UINT8, BW_UINT16, BW_FLOAT32};
    for (int t = 0; t < 3; t++)
        for (int deep = 0; deep < 2; deep++) {
            bw_image *whole = stack(types[t], deep ? 12 : 1, 2, deep ? 1 : 3);
            for (int i = 0; types[t] == BW_FLOAT32 && i < 300; i += 7)
                ((float *)bw_image_plane(whole, 0, 1, 0))[i] = i % 2 ? NAN : INFINITY;
            for (int i = 0; types[t] == BW_FLOAT32 && !deep && i < 37 * 29; i++)
                ((float *)bw_image_plane(whole, 2, 0, 0))[i] = NAN;
            bw_image *sparse = sparse_copy(whole);
            for (int64_t slice = 0; slice < (deep ? 12 : 3); slice += deep ? 11 : 1) {
                const strokes s = strokes_in(whole, slice);
                bw_trainer *a = trainer_for(deep ? mixed_features : plane_features, whole);
                bw_trainer *b = trainer_for(deep ? mixed_features : plane_features, whole);
                add_pixels(a, whole, &s);
                add_pixels(b, sparse, &s);
                assert_same_block(a, b, 1);
                assert_true(b->blocks[0].image.hash == fingerprint(whole));
                bw_trainer_free(a);
                bw_trainer_free(b);
            }
            bw_image_free(whole);
            bw_image_free(sparse);
        }
}

/* The slices that features of a pixel in slice z read: within the recipe's reach, and where the typical value is from.
 */
static int is_read(const bw_trainer *trainer, int64_t depth, int64_t z, int64_t other) {
    const int64_t typical[4] = {depth / 8, depth * 3 / 8, depth - 1 - depth / 8, depth - 1 - depth * 3 / 8};
    int64_t halo[3];
    bw_feature_plan_halo(trainer->plan, halo);
    for (int i = 0; i < 4; i++)
        if (other == typical[i]) return 1;
    return other >= z - halo[2] && other <= z + halo[2];
}

static void updates_want_only_the_planes_around_them(void **state) {
    (void)state;
    const int64_t depth = 60;
    bw_image *whole = stack(BW_UINT16, depth, 2, 1), *sparse = make_sparse(bw_image_get_info(whole));
    bw_trainer *a = trainer_for(mixed_features, whole), *b = trainer_for(mixed_features, whole);
    put_survey(sparse, whole);
    add_pixels(a, whole, NULL);
    add_pixels(b, sparse, NULL);
    for (int64_t z = 0; z < depth; z += 59 - 30 * (z == 0)) { /* 0, 29 and beyond */
        const strokes s = strokes_in(whole, z);
        drop_all(sparse);
        for (int64_t other = 0; other < depth; other++)
            if (is_read(b, depth, z, other)) put_slice(sparse, whole, other);
        bw_context *ctx = test_context(2);
        assert_ok(ctx, update_pixels(ctx, a, whole, &s));
        assert_ok(ctx, update_pixels(ctx, b, sparse, &s));
        assert_same_block(a, b, 0);
        bw_context_free(ctx);
    }
    bw_trainer_free(a);
    bw_trainer_free(b);
    bw_image_free(whole);
    bw_image_free(sparse);
}

static void check_gaps(const char *features) {
    enum { DEPTH = 60, SLICES = 5 };
    static const int64_t labelled[SLICES] = {3, 4, 29, 31, 56};
    bw_image *whole = stack(BW_UINT16, DEPTH, 2, 1), *sparse = sparse_copy(whole);
    bw_trainer *a = trainer_for(features, whole), *b = trainer_for(features, whole);
    int64_t positions[SLICES * PIXELS], dropped = 0;
    uint8_t labels[SLICES * PIXELS];
    for (int i = 0; i < SLICES; i++) {
        const strokes s = strokes_in(whole, labelled[i]);
        memcpy(positions + i * PIXELS, s.positions, sizeof s.positions);
        memcpy(labels + i * PIXELS, s.labels, sizeof s.labels);
    }
    add_pixels(a, whole, NULL);
    add_pixels(b, sparse, NULL);
    for (int64_t z = 0; z < DEPTH; z++) {
        int read = 0;
        for (int i = 0; i < SLICES; i++)
            read |= is_read(b, DEPTH, labelled[i], z);
        if (!read) drop_slice(sparse, z);
        dropped += !read;
    }
    assert_true(dropped > 10);
    bw_context *ctx = test_context(2);
    assert_ok(ctx, bw_trainer_update_pixels(ctx, a, 0, whole, SLICES * PIXELS, positions, labels));
    assert_ok(ctx, bw_trainer_update_pixels(ctx, b, 0, sparse, SLICES * PIXELS, positions, labels));
    assert_memory_equal(a->blocks[0].values, b->blocks[0].values,
                        (size_t)a->features * SLICES * PIXELS * sizeof(float));
    bw_context_free(ctx);
    bw_trainer_free(a);
    bw_trainer_free(b);
    bw_image_free(whole);
    bw_image_free(sparse);
}

/* Slices between those that hold new pixels may be absent. */
static void slices_between_are_not_needed(void **state) {
    (void)state;
    check_gaps(mixed_features);
    check_gaps("gaussian:1;hessian:1.6@2d;maximum:2@2d");
    check_gaps("gaussian:1@2d");
    check_gaps("gaussian:5@2d;hessian:7@2d");
}

/* Also where only the typical value is read. */
static void absent_planes_are_named(void **state) {
    (void)state;
    bw_image *whole = stack(BW_UINT16, 60, 2, 1), *sparse = sparse_copy(whole);
    bw_trainer *trainer = trainer_for("gaussian:1", whole);
    const strokes s = strokes_in(whole, 40);
    int refused = 0;
    add_pixels(trainer, sparse, NULL);
    for (int k = 0; k < 2 * 60; k++) {
        const int c = k % 2, z = k / 2;
        char words[80];
        snprintf(words, sizeof words, "Slice %d of frame 1, channel %d of the image is needed", z + 1, c + 1);
        bw_image_drop_plane(sparse, 0, c, z);
        bw_context *ctx = test_context(2);
        if (is_read(trainer, 60, 40, z)) {
            assert_refused(ctx, update_pixels(ctx, trainer, sparse, &s), BW_ERROR_ARGUMENT, words);
            refused++;
        } else {
            assert_ok(ctx, update_pixels(ctx, trainer, sparse, &s));
            assert_ok(ctx, bw_trainer_update_pixels(ctx, trainer, 0, sparse, 0, NULL, NULL));
        }
        assert_int_equal(bw_trainer_sample_count(trainer), 0);
        bw_context_free(ctx);
        put_slice(sparse, whole, z);
    }
    assert_int_equal(refused, 2 * (9 + 3)); /* 36 to 44, and 7, 22, 52 */
    bw_trainer_free(trainer);
    bw_image_free(whole);
    bw_image_free(sparse);
}

static void adding_wants_the_survey(void **state) {
    (void)state;
    static const bw_pixel_type types[] = {BW_UINT8, BW_UINT16, BW_FLOAT32};
    for (int t = 0; t < 3; t++) {
        bw_image *whole = stack(types[t], 20, 1, 1), *sparse = make_sparse(bw_image_get_info(whole));
        bw_trainer *trainer = trainer_for("gaussian:1", whole);
        put_survey(sparse, whole);
        bw_image_drop_plane(sparse, 0, 0, 18);
        bw_context *ctx = test_context(2);
        assert_refused(ctx, bw_trainer_add_pixels(ctx, trainer, sparse, 0, NULL, NULL), BW_ERROR_ARGUMENT,
                       "Slice 19 of frame 1, channel 1");
        assert_int_equal(bw_trainer_image_count(trainer), 0);
        bw_context_free(ctx);
        put_slice(sparse, whole, 18);
        add_pixels(trainer, sparse, NULL);
        bw_trainer_free(trainer);
        bw_image_free(whole);
        bw_image_free(sparse);
    }
}

/* Pixels that no survey looks at may hold anything. */
static void unseen_pixels_never_make_features_infinite(void **state) {
    (void)state;
    static const float bad[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f};
    bw_image *whole = stack(BW_FLOAT32, 50, 1, 1);
    const strokes s = strokes_in(whole, 0); /* the survey begins with slice 1 */
    float *plane = bw_image_plane(whole, 0, 0, 0);
    for (int i = 0; i < 37 * 29; i++)
        plane[i] = bad[i % 5];
    bw_image *sparse = sparse_copy(whole);
    bw_trainer *trainer = trainer_for("original;gaussian:1;hessian:1;structure:1;variance:2@2d", whole);
    add_pixels(trainer, sparse, &s);
    const bw_sample_block *block = &trainer->blocks[0];
    for (int64_t i = 0; i < (int64_t)trainer->features * PIXELS; i++)
        assert_true(isfinite(block->values[i]));
    for (int i = 0; i < PIXELS; i++) { /* the original is the first feature */
        const float v = plane[s.positions[i]];
        assert_true(block->values[i] == (isfinite(v) ? v : block->source.low[0]));
    }
    bw_trainer_free(trainer);
    bw_image_free(whole);
    bw_image_free(sparse);
}

/* A frame's own smallest value where the survey has slices of it, else the channel's. */
static void the_smallest_value_comes_from_the_survey(void **state) {
    (void)state;
    bw_image *whole = stack(BW_FLOAT32, 1, 2, 40);
    int64_t slices[BW_MAX_SURVEY];
    assert_int_equal(bw_image_survey(bw_image_get_info(whole), slices), BW_MAX_SURVEY);
    for (int t = 0; t < 40; t++)
        for (int c = 0; c < 2; c++)
            ((float *)bw_image_plane(whole, t, c, 0))[17] = (float)(-10 - t - 100 * c);
    bw_image *sparse = make_sparse(bw_image_get_info(whole));
    put_survey(sparse, whole);
    bw_source source;
    bw_context *ctx = test_context(2);
    assert_ok(ctx, bw_source_open(ctx, sparse, &source));
    const float last = (float)(-10 - slices[BW_MAX_SURVEY - 1]);
    for (int t = 0; t < 40; t++)
        for (int c = 0; c < 2; c++) {
            const int seen = bw_image_has_plane(sparse, t, c, 0);
            assert_true(source.low[t * 2 + c] == (seen ? (float)(-10 - t) : last) - (float)(100 * c));
        }
    bw_source_close(&source);
    bw_context_free(ctx);
    bw_image_free(whole);
    bw_image_free(sparse);
}

/* ---- with a preview ---------------------------------------------------------------------------------------------- */

static void assert_shows(const bw_image *whole, const bw_image *part, const bw_part *where) {
    const bw_image_info *of = bw_image_get_info(whole), *info = bw_image_get_info(part);
    assert_int_equal(info->width, where->hi[0] - where->lo[0]);
    assert_int_equal(info->height, where->hi[1] - where->lo[1]);
    assert_int_equal(info->depth, where->hi[2] - where->lo[2]);
    for (int c = 0; c < info->channels; c++)
        for (int64_t z = 0; z < info->depth; z++) {
            const float *from = bw_image_plane_const(whole, where->frame, c, where->lo[2] + z);
            const float *shown = bw_image_plane_const(part, 0, c, z);
            for (int64_t y = 0; y < info->height; y++)
                assert_memory_equal(shown + y * info->width, from + (where->lo[1] + y) * of->width + where->lo[0],
                                    (size_t)info->width * sizeof *from);
        }
}

/* The labelled pixels of the part, of two classes. */
static int64_t pixels_of_part(const bw_image_info *info, const bw_part *part, int64_t *positions, uint8_t *labels) {
    int64_t count = 0;
    for (int64_t z = part->lo[2]; z < part->hi[2]; z++)
        for (int64_t y = part->lo[1]; y < part->hi[1]; y++)
            for (int64_t x = part->lo[0]; x < part->hi[0]; x++, count++) {
                const int64_t slice = part->frame * info->depth + z;
                positions[count] = (slice * info->height + y) * info->width + x;
                labels[count] = (uint8_t)(1 + count % 2);
            }
    return count;
}

/* Paint, train, look: with the slices alone that the preview names, all is as with the whole image. */
static void check_live(bw_image_info info, const char *features, const bw_part *parts, int part_count) {
    bw_image *whole = test_noise(&info), *sparse = make_sparse(&info);
    bw_trainer *a = trainer_for(features, whole), *b = trainer_for(features, whole);
    bw_context *ctx = test_context(2);
    bw_preview *preview;
    put_survey(sparse, whole);
    add_pixels(a, whole, NULL);
    add_pixels(b, sparse, NULL);
    assert_ok(ctx, bw_preview_create(ctx, b->recipe, sparse, 1 << 20, &preview));
    for (int p = 0; p < part_count; p++) {
        const bw_part *part = &parts[p];
        int64_t positions[2000], lo, hi, others[BW_MAX_MORE_SLICES];
        uint8_t labels[2000];
        bw_model *model;
        bw_prediction all, shown;
        int more;
        const int64_t count = pixels_of_part(&info, part, positions, labels);
        bw_preview_slices(preview, part, &lo, &hi, others, &more);
        drop_all(sparse);
        for (int64_t z = lo; z < hi; z++)
            put_slice(sparse, whole, part->frame * info.depth + z);
        for (int i = 0; i < more; i++)
            put_slice(sparse, whole, part->frame * info.depth + others[i]);
        assert_ok(ctx, bw_trainer_update_pixels(ctx, a, 0, whole, count, positions, labels));
        assert_ok(ctx, bw_trainer_update_pixels(ctx, b, 0, sparse, count, positions, labels));
        assert_memory_equal(a->blocks[0].values, b->blocks[0].values,
                            (size_t)a->features * (size_t)count * sizeof(float));
        assert_ok(ctx, bw_trainer_train(ctx, b, NULL, &model));
        assert_ok(ctx, bw_predict(ctx, model, whole, NULL, BW_OUTPUT_PROBABILITIES, &all, NULL));
        assert_ok(ctx, bw_preview_predict(ctx, preview, model, part, BW_OUTPUT_PROBABILITIES, &shown));
        assert_shows(all.probabilities, shown.probabilities, part);
        bw_prediction_free(&all);
        bw_prediction_free(&shown);
        bw_model_free(model);
    }
    bw_preview_free(preview);
    bw_context_free(ctx);
    bw_trainer_free(a);
    bw_trainer_free(b);
    bw_image_free(whole);
    bw_image_free(sparse);
}

static void a_session_needs_only_the_named_slices(void **state) {
    (void)state;
    const bw_part stack_parts[] = {
        {0, {3, 4, 0}, {20, 15, 2}}, {0, {0, 0, 41}, {37, 20, 42}}, {0, {9, 9, 79}, {19, 29, 80}}};
    const bw_part frame_parts[] = {{0, {3, 4, 0}, {20, 15, 1}}, {18, {0, 0, 0}, {37, 29, 1}}};
    check_live(stack_info(BW_UINT16, 80, 1, 1), "gaussian:0.7,1.6;hessian:3.5;laplacian:1@2d", stack_parts, 3);
    check_live(stack_info(BW_UINT8, 80, 2, 1), "gaussian:1,5@c1;gradient:7", stack_parts, 3); /* in parts */
    check_live(stack_info(BW_UINT16, 1, 2, 19), "original;gaussian:0.7,7;structure:3.5", frame_parts, 2);
    check_live(stack_info(BW_FLOAT32, 1, 1, 19), "gaussian:1,3.5;hessian:1", frame_parts, 2);
}

/* Training to the end, with autocontext, which reads the image twice. */
static void autocontext_reads_sparse_images(void **state) {
    (void)state;
    bw_train_options options;
    bw_train_options_init(&options);
    options.forest.trees = 5;
    options.context_count = 1;
    options.context_sigmas[0] = 1;
    bw_image *whole = stack(BW_UINT8, 6, 1, 1), *sparse = sparse_copy(whole);
    const bw_image *images[2] = {whole, sparse};
    const strokes s = strokes_in(whole, 3);
    bw_trainer *trainers[2];
    for (int i = 0; i < 2; i++) {
        bw_model *model;
        bw_context *ctx = test_context(2);
        trainers[i] = trainer_for("gaussian:1", whole);
        add_pixels(trainers[i], images[i], &s);
        assert_ok(ctx, bw_trainer_prepare_context(ctx, trainers[i], &options));
        assert_ok(ctx, bw_trainer_add_context(ctx, trainers[i], 0, images[i]));
        assert_ok(ctx, bw_trainer_train(ctx, trainers[i], &options, &model));
        bw_model_free(model);
        bw_context_free(ctx);
    }
    const size_t features = (size_t)bw_recipe_count(bw_stages_recipe(trainers[0]->stages));
    assert_memory_equal(trainers[0]->blocks[0].context, trainers[1]->blocks[0].context,
                        features * PIXELS * sizeof(float));
    bw_image_drop_plane(sparse, 0, 0, 2);
    bw_context *ctx = test_context(2);
    assert_refused(ctx, bw_trainer_add_context(ctx, trainers[1], 0, sparse), BW_ERROR_ARGUMENT, "Slice 3 of frame 1");
    bw_context_free(ctx);
    for (int i = 0; i < 2; i++)
        bw_trainer_free(trainers[i]);
    bw_image_free(whole);
    bw_image_free(sparse);
}

/* ---- what takes whole images only -------------------------------------------------------------------------------- */

static bw_status never(bw_context *ctx, void *user, const bw_feature_tile *tile) {
    (void)user, (void)tile;
    return bw_fail(ctx, BW_ERROR_INTERNAL, "A tile of a sparse image was computed.");
}

static bw_status write_file(bw_context *ctx, const bw_trainer *trainer, const bw_image *sparse, const bw_image *whole) {
    (void)trainer, (void)whole;
    return bw_tiff_write(ctx, "sparse.tif", sparse, BW_COMPRESSION_NONE);
}

static bw_status compute(bw_context *ctx, const bw_trainer *trainer, const bw_image *sparse, const bw_image *whole) {
    bw_image *out = NULL;
    const bw_status status = bw_features_compute(ctx, trainer->recipe, sparse, &out);
    (void)whole;
    assert_null(out);
    return status;
}

static bw_status visit(bw_context *ctx, const bw_trainer *trainer, const bw_image *sparse, const bw_image *whole) {
    (void)whole;
    return bw_features_visit(ctx, trainer->recipe, sparse, never, NULL);
}

static bw_status predict(bw_context *ctx, const bw_trainer *trainer, const bw_image *sparse, const bw_image *whole) {
    bw_context *own = test_context(1);
    bw_model *model;
    bw_prediction out;
    (void)whole;
    assert_ok(own, bw_trainer_train(own, trainer, NULL, &model));
    const bw_status status = bw_predict(ctx, model, sparse, NULL, BW_OUTPUT_LABELS, &out, NULL);
    assert_null(out.labels);
    bw_model_free(model);
    bw_context_free(own);
    return status;
}

static bw_status add_labels(bw_context *ctx, const bw_trainer *trainer, const bw_image *sparse, const bw_image *whole) {
    return bw_trainer_add(ctx, (bw_trainer *)(intptr_t)trainer, whole, sparse);
}

static bw_status update_labels(bw_context *ctx, const bw_trainer *trainer, const bw_image *sparse,
                               const bw_image *whole) {
    return bw_trainer_update(ctx, (bw_trainer *)(intptr_t)trainer, 0, whole, sparse);
}

static bw_status assess(bw_context *ctx, const bw_image *truth, const bw_image *labels) {
    bw_assessment *assessment;
    assert_ok(ctx, bw_assessment_create(ctx, 2, &assessment));
    const bw_status status = bw_assessment_add(ctx, assessment, truth, labels, NULL);
    bw_assessment_free(assessment);
    return status;
}

static bw_status assess_truth(bw_context *ctx, const bw_trainer *trainer, const bw_image *sparse,
                              const bw_image *whole) {
    (void)trainer;
    return assess(ctx, sparse, whole);
}

static bw_status assess_labels(bw_context *ctx, const bw_trainer *trainer, const bw_image *sparse,
                               const bw_image *whole) {
    (void)trainer;
    return assess(ctx, whole, sparse);
}

static void others_refuse_sparse_images(void **state) {
    (void)state;
    bw_status (*const calls[])(bw_context *, const bw_trainer *, const bw_image *, const bw_image *) = {
        write_file, compute, visit, predict, add_labels, update_labels, assess_truth, assess_labels};
    bw_image *whole = stack(BW_UINT8, 3, 1, 1), *sparse = sparse_copy(whole);
    bw_trainer *trainer = trainer_for("gaussian:1", whole);
    const strokes s = strokes_in(whole, 1);
    add_pixels(trainer, whole, &s);
    for (int full = 1; full >= 0; full--) {
        for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
            bw_context *ctx = test_context(2);
            assert_refused(ctx, calls[i](ctx, trainer, sparse, whole), BW_ERROR_ARGUMENT, "is a sparse image");
            bw_context_free(ctx);
        }
        drop_all(sparse);
    }
    assert_int_equal(bw_trainer_image_count(trainer), 1);
    bw_trainer_free(trainer);
    bw_image_free(whole);
    bw_image_free(sparse);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_look_at_memory, test_nothing_is_left)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(planes_come_and_go),
        TEST(planes_go_into_sparse_images_only),
        TEST(huge_images_take_what_is_put_in),
        TEST(surveys_are_spread_evenly),
        TEST(fingerprints_know_images_again),
        TEST(fingerprints_tell_sizes_apart),
        TEST(the_hash_of_a_sparse_image_is_its_fingerprint),
        TEST(small_sparse_images_are_as_whole_ones),
        TEST(updates_want_only_the_planes_around_them),
        TEST(slices_between_are_not_needed),
        TEST(absent_planes_are_named),
        TEST(adding_wants_the_survey),
        TEST(unseen_pixels_never_make_features_infinite),
        TEST(the_smallest_value_comes_from_the_survey),
        TEST(a_session_needs_only_the_named_slices),
        TEST(autocontext_reads_sparse_images),
        TEST(others_refuse_sparse_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
