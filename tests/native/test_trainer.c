/* The training side: updates equal adding afresh, strokes, folds, assessment on held-out samples, training in steps,
 * selection of features, autocontext. */
#include "support.h"

#include <math.h>

#include "core/alloc.h"
#include "model/model.h"
#include "pipeline/trainer.h"

/* ---- support ----------------------------------------------------------------------------------------------------- */

static uint8_t *label_plane(bw_image *labels, int frame, int64_t z) {
    return bw_image_plane(labels, frame, 0, z);
}

static bw_image *no_labels(bw_image_info info) {
    info.type = BW_UINT8;
    info.channels = 1;
    info.rgb = 0;
    return test_image(&info);
}

static bw_trainer *trainer_for(const char *features, const bw_image *image) {
    const bw_image_info *info = bw_image_get_info(image);
    const bw_recipe_options options = {
        info->channels, info->depth > 1 ? 3 : 2, {info->spacing[0], info->spacing[1], info->spacing[2]}};
    bw_context *ctx = test_context(2);
    bw_recipe *recipe;
    bw_trainer *trainer;
    assert_ok(ctx, bw_recipe_parse(ctx, features, &options, &recipe));
    assert_ok(ctx, bw_trainer_create(ctx, recipe, &trainer));
    bw_recipe_free(recipe);
    bw_context_free(ctx);
    return trainer;
}

static void add(bw_trainer *trainer, const bw_image *image, const bw_image *labels) {
    bw_context *ctx = test_context(2);
    assert_ok(ctx, bw_trainer_add(ctx, trainer, image, labels));
    bw_context_free(ctx);
}

static void update(bw_trainer *trainer, int index, const bw_image *image, const bw_image *labels) {
    bw_context *ctx = test_context(2);
    assert_ok(ctx, bw_trainer_update(ctx, trainer, index, image, labels));
    bw_context_free(ctx);
}

static bw_train_options few_trees(int trees) {
    bw_train_options options;
    bw_train_options_init(&options);
    options.forest.trees = trees;
    return options;
}

static bw_model *train(const bw_trainer *trainer, const bw_train_options *options, int threads) {
    bw_context *ctx = test_context(threads);
    bw_model *model;
    assert_ok(ctx, bw_trainer_train(ctx, trainer, options, &model));
    bw_context_free(ctx);
    return model;
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

/* Trains both and compares the models. */
static void assert_same_trainer(const bw_trainer *a, const bw_trainer *b) {
    bw_train_options options = few_trees(4);
    options.stroke_balance = 0.5;
    assert_int_equal(bw_trainer_image_count(a), bw_trainer_image_count(b));
    assert_int_equal(bw_trainer_sample_count(a), bw_trainer_sample_count(b));
    assert_int_equal(bw_trainer_class_count(a), bw_trainer_class_count(b));
    assert_int_equal(bw_trainer_stroke_count(a), bw_trainer_stroke_count(b));
    bw_model *x = train(a, &options, 1), *y = train(b, &options, 3);
    assert_same_model(x, y);
    bw_model_free(x);
    bw_model_free(y);
}

static uint32_t below(uint64_t stream, uint64_t counter, uint32_t n) {
    return bw_random_below(bw_random(11, stream, counter), n);
}

/* Paints a box of at most 9 pixels an edge. */
static void paint(bw_image *labels, uint64_t stream, uint64_t counter, int label) {
    const bw_image_info *info = bw_image_get_info(labels);
    const uint64_t n = 8 * counter;
    const int frame = (int)below(stream, n, (uint32_t)info->frames);
    const int64_t z0 = below(stream, n + 1, (uint32_t)info->depth), z1 = z0 + 1 + below(stream, n + 2, 2);
    const int64_t y0 = below(stream, n + 3, (uint32_t)info->height), y1 = y0 + 1 + below(stream, n + 4, 9);
    const int64_t x0 = below(stream, n + 5, (uint32_t)info->width), x1 = x0 + 1 + below(stream, n + 6, 9);
    for (int64_t z = z0; z < z1 && z < info->depth; z++)
        for (int64_t y = y0; y < y1 && y < info->height; y++)
            for (int64_t x = x0; x < x1 && x < info->width; x++)
                label_plane(labels, frame, z)[y * info->width + x] = (uint8_t)label;
}

static int64_t label_count(const bw_image *labels) {
    const bw_image_info *info = bw_image_get_info(labels);
    return info->width * info->height * info->depth * info->frames; /* planes lie one behind the other */
}

static const uint8_t *all_labels(const bw_image *labels) {
    return bw_image_plane_const(labels, 0, 0, 0);
}

static bw_image *copy_labels(const bw_image *labels) {
    bw_image *copy = no_labels(*bw_image_get_info(labels));
    memcpy(label_plane(copy, 0, 0), all_labels(labels), (size_t)label_count(labels));
    return copy;
}

/* ---- updates ----------------------------------------------------------------------------------------------------- */

enum { IMAGES = 2, ROUNDS = 6 };

static int64_t newly_labelled(const bw_image *before, const bw_image *after) {
    int64_t count = 0;
    for (int64_t i = 0; i < label_count(after); i++)
        count += all_labels(after)[i] && !all_labels(before)[i];
    return count;
}

/* The labelled pixels of a label image. */
typedef struct pixel_list {
    int64_t count, *positions;
    uint8_t *labels;
} pixel_list;

static pixel_list pixels_of(const bw_image *labels) {
    pixel_list p = {0, test_malloc((size_t)label_count(labels) * sizeof *p.positions),
                    test_malloc((size_t)label_count(labels))};
    for (int64_t i = 0; i < label_count(labels); i++)
        if (all_labels(labels)[i]) {
            p.positions[p.count] = i;
            p.labels[p.count++] = all_labels(labels)[i];
        }
    return p;
}

static void free_pixels(pixel_list *p) {
    test_free(p->positions);
    test_free(p->labels);
}

/* Adds the image, or updates it when its index is not negative. */
static void give_pixels(bw_trainer *trainer, int index, const bw_image *image, const bw_image *labels) {
    bw_context *ctx = test_context(2);
    pixel_list p = pixels_of(labels);
    if (index < 0)
        assert_ok(ctx, bw_trainer_add_pixels(ctx, trainer, image, p.count, p.positions, p.labels));
    else
        assert_ok(ctx, bw_trainer_update_pixels(ctx, trainer, index, image, p.count, p.positions, p.labels));
    free_pixels(&p);
    bw_context_free(ctx);
}

static void check_updates(const char *features, bw_image *const *images) {
    bw_image *labels[IMAGES];
    bw_trainer *kept = trainer_for(features, images[0]), *painted = trainer_for(features, images[0]);
    for (int i = 0; i < IMAGES; i++) {
        labels[i] = no_labels(*bw_image_get_info(images[i]));
        for (int n = 0; n < 6; n++)
            paint(labels[i], (uint64_t)i, (uint64_t)n, 1 + n % 2);
        add(kept, images[i], labels[i]);
        give_pixels(painted, -1, images[i], labels[i]);
    }
    for (int round = 0; round < ROUNDS; round++) {
        const int changed = round % IMAGES;
        bw_image *before = copy_labels(labels[changed]);
        for (int n = 0; n < 5; n++) /* erases, other classes, new pixels */
            paint(labels[changed], 50 + (uint64_t)changed, (uint64_t)(10 * round + n), n % 4);
        update(kept, changed, images[changed], labels[changed]);
        give_pixels(painted, changed, images[changed], labels[changed]);
        assert_int_equal(bw_trainer_computed_count(kept), newly_labelled(before, labels[changed]));
        assert_int_equal(bw_trainer_computed_count(painted), newly_labelled(before, labels[changed]));
        bw_trainer *afresh = trainer_for(features, images[0]);
        for (int i = 0; i < IMAGES; i++)
            add(afresh, images[i], labels[i]);
        assert_same_trainer(kept, afresh);
        assert_same_trainer(painted, afresh);
        bw_trainer_free(afresh);
        bw_image_free(before);
    }
    bw_trainer_free(kept);
    bw_trainer_free(painted);
    for (int i = 0; i < IMAGES; i++)
        bw_image_free(labels[i]);
}

static void check_updates_of(const char *features, bw_image_info info) {
    bw_image_info other = info;
    other.width += 13;
    bw_image *images[IMAGES] = {test_noise(&info), test_noise(&other)};
    for (int64_t i = 0; info.type == BW_FLOAT32 && i < info.width * info.height; i += 97)
        ((float *)bw_image_plane(images[0], 0, 0, 0))[i] = NAN;
    check_updates(features, images);
    for (int i = 0; i < IMAGES; i++)
        bw_image_free(images[i]);
}

static void updates_equal_adding_in_2d(void **state) {
    (void)state;
    check_updates_of("original;gaussian:0.7,3.5;hessian:1.6", test_info(BW_FLOAT32, 150, 131, 1));
}

static void updates_equal_adding_in_3d(void **state) {
    (void)state;
    check_updates_of("gaussian:0.7,1.6;structure:1;laplacian:1@2d", test_info(BW_UINT16, 60, 51, 9));
}

static void updates_equal_adding_in_frames_and_channels(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 70, 61, 1);
    info.frames = 7;
    info.channels = 2;
    check_updates_of("gaussian:1;hessian:1@c2", info);
}

static void sixteen_bit_labels_are_the_same(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 83, 40, 1);
    bw_image_info wide_info = test_info(BW_UINT16, 83, 40, 1);
    bw_image *image = test_noise(&info), *labels = no_labels(info), *wide = test_image(&wide_info);
    for (int n = 0; n < 9; n++)
        paint(labels, 3, (uint64_t)n, 1 + n % 3);
    uint16_t *pixels = bw_image_plane(wide, 0, 0, 0);
    for (int64_t i = 0; i < label_count(labels); i++)
        pixels[i] = all_labels(labels)[i];
    bw_trainer *a = trainer_for("gaussian:1", image), *b = trainer_for("gaussian:1", image);
    add(a, image, labels);
    add(b, image, wide);
    assert_same_trainer(a, b);
    update(b, 0, image, labels);
    assert_int_equal(bw_trainer_computed_count(b), 0);
    bw_trainer_free(a);
    bw_trainer_free(b);
    bw_image_free(image);
    bw_image_free(labels);
    bw_image_free(wide);
}

static void labels_may_be_erased_and_come_back(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 64, 64, 1);
    bw_image *image = test_noise(&info), *labels = no_labels(info), *none = no_labels(info);
    for (int n = 0; n < 6; n++)
        paint(labels, 4, (uint64_t)n, 1 + n % 2);
    bw_trainer *trainer = trainer_for("gaussian:1,2", image), *afresh = trainer_for("gaussian:1,2", image);
    add(trainer, image, labels);
    add(afresh, image, labels);
    update(trainer, 0, image, none);
    assert_int_equal(bw_trainer_sample_count(trainer), 0);
    assert_int_equal(bw_trainer_stroke_count(trainer), 0);
    assert_int_equal(bw_trainer_class_count(trainer), 0);
    bw_context *ctx = test_context(1);
    bw_model *model;
    assert_refused(ctx, bw_trainer_train(ctx, trainer, NULL, &model), BW_ERROR_ARGUMENT, "no pixel is labelled");
    assert_null(model);
    bw_context_free(ctx);
    update(trainer, 0, image, labels);
    assert_same_trainer(trainer, afresh);
    bw_trainer_free(trainer);
    bw_trainer_free(afresh);
    bw_image_free(image);
    bw_image_free(labels);
    bw_image_free(none);
}

/* A session may hold an image before its first stroke. */
static void images_without_pixels_wait_for_strokes(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT16, 64, 64, 1);
    bw_image *image = test_noise(&info), *labels = no_labels(info), *none = no_labels(info);
    for (int n = 0; n < 6; n++)
        paint(labels, 4, (uint64_t)n, 1 + n % 2);
    bw_trainer *trainer = trainer_for("gaussian:1,2", image), *afresh = trainer_for("gaussian:1,2", image);
    bw_context *ctx = test_context(1);
    assert_ok(ctx, bw_trainer_add_pixels(ctx, trainer, image, 0, NULL, NULL));
    assert_int_equal(bw_trainer_image_count(trainer), 1);
    assert_int_equal(bw_trainer_sample_count(trainer), 0);
    bw_model *model;
    assert_refused(ctx, bw_trainer_train(ctx, trainer, NULL, &model), BW_ERROR_ARGUMENT, "no pixel is labelled");
    assert_null(model);
    bw_context_free(ctx);
    give_pixels(trainer, 0, image, labels);
    add(afresh, image, labels);
    assert_same_trainer(trainer, afresh);
    give_pixels(trainer, 0, image, none);
    assert_int_equal(bw_trainer_sample_count(trainer), 0);
    ctx = test_context(1);
    assert_refused(ctx, bw_trainer_add(ctx, trainer, image, none), BW_ERROR_MISMATCH, "no pixel is labelled");
    bw_context_free(ctx);
    update(trainer, 0, image, labels);
    assert_same_trainer(trainer, afresh);
    bw_trainer_free(trainer);
    bw_trainer_free(afresh);
    bw_image_free(image);
    bw_image_free(labels);
    bw_image_free(none);
}

static void misplaced_pixels_are_refused(void **state) {
    (void)state;
    static const struct {
        int64_t count, positions[3];
        uint8_t labels[3];
        const char *words;
    } wrong[] = {
        {3, {5, 4, 6}, {1, 1, 1}, "position 4 comes after 5"},
        {3, {5, 6, 6}, {1, 1, 2}, "position 6 comes after 6"},
        {2, {-1, 4}, {1, 1}, "Labelled pixel 1 for \"cells.tif\" has the position -1, but positions are 0 to 20999"},
        {2, {4, 21000}, {1, 1}, "Labelled pixel 2 for \"cells.tif\" has the position 21000"},
        {1, {INT64_MAX}, {1}, "has the position 9223372036854775807"},
        {2, {4, 9}, {1, 0}, "position 9 of \"cells.tif\" has label 0"},
        {-1, {0}, {1}, "cannot be -1"},
    };
    bw_image_info info = test_info(BW_UINT8, 70, 50, 3);
    info.frames = 2;
    bw_image *image = test_noise(&info);
    bw_trainer *trainer = trainer_for("gaussian:1@2d", image), *afresh = trainer_for("gaussian:1@2d", image);
    const int64_t ends[2] = {0, 20999};
    const uint8_t labels[2] = {1, 255};
    bw_context *ctx = test_context(1);
    assert_ok(ctx, bw_image_set_name(ctx, image, "cells.tif"));
    assert_ok(ctx, bw_trainer_add_pixels(ctx, trainer, image, 2, ends, labels));
    assert_ok(ctx, bw_trainer_add_pixels(ctx, afresh, image, 2, ends, labels));
    assert_int_equal(bw_trainer_class_count(trainer), 255);
    bw_context_free(ctx);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ctx = test_context(1);
        assert_refused(ctx,
                       bw_trainer_add_pixels(ctx, trainer, image, wrong[i].count, wrong[i].positions, wrong[i].labels),
                       BW_ERROR_ARGUMENT, wrong[i].words);
        bw_context_free(ctx);
        ctx = test_context(1);
        assert_refused(
            ctx, bw_trainer_update_pixels(ctx, trainer, 0, image, wrong[i].count, wrong[i].positions, wrong[i].labels),
            BW_ERROR_ARGUMENT, wrong[i].words);
        bw_context_free(ctx);
    }
    assert_same_trainer(trainer, afresh);
    bw_trainer_free(trainer);
    bw_trainer_free(afresh);
    bw_image_free(image);
}

static int stop(void *user, double fraction) {
    int *calls = user;
    (void)fraction;
    return ++*calls > 1; /* the first one is at the labels */
}

typedef struct harm {
    const bw_image *image, *labels;
    bw_status status;
    const char *words;
    int index, cancelled;
} harm;

static void failed_updates_are_harmless(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_FLOAT32, 160, 140, 1), small = test_info(BW_FLOAT32, 160, 139, 1);
    bw_image *image = test_noise(&info), *same = test_noise(&info), *other = test_noise(&info);
    bw_image *labels = no_labels(info), *more = no_labels(info), *misfit = no_labels(small);
    for (int n = 0; n < 12; n++)
        paint(labels, 6, (uint64_t)n, 1 + n % 2);
    for (int n = 0; n < 40; n++)
        paint(more, 7, (uint64_t)n, 1 + n % 3);
    bw_context *ctx = test_context(1);
    assert_ok(ctx, bw_image_set_name(ctx, image, "cells.tif"));
    assert_ok(ctx, bw_image_set_name(ctx, other, "moved.tif"));
    assert_ok(ctx, bw_image_set_name(ctx, misfit, "strokes.tif"));
    bw_context_free(ctx);
    ((float *)bw_image_plane(other, 0, 0, 0))[5000] += 1;
    bw_trainer *trainer = trainer_for("gaussian:1,2", image), *afresh = trainer_for("gaussian:1,2", image);
    add(trainer, image, labels);
    add(afresh, image, labels);
    const harm harms[] = {{other, more, BW_ERROR_MISMATCH, "moved.tif", 0, 0},
                          {other, more, BW_ERROR_MISMATCH, "cells.tif", 0, 0},
                          {image, misfit, BW_ERROR_MISMATCH, "strokes.tif", 0, 0},
                          {image, more, BW_ERROR_ARGUMENT, "no training image 2", 1, 0},
                          {image, more, BW_ERROR_ARGUMENT, "no training image 0", -1, 0},
                          {image, more, BW_ERROR_CANCELLED, "Cancelled", 0, 1}};
    for (size_t i = 0; i < sizeof harms / sizeof *harms; i++) {
        const harm *h = &harms[i];
        int calls = 0;
        ctx = test_context(1);
        if (h->cancelled) bw_context_set_progress(ctx, stop, &calls);
        assert_refused(ctx, bw_trainer_update(ctx, trainer, h->index, h->image, h->labels), h->status, h->words);
        bw_context_free(ctx);
        assert_same_trainer(trainer, afresh);
    }
    update(trainer, 0, same, labels); /* another object of the same pixels, but without a name */
    bw_trainer_free(afresh);
    afresh = trainer_for("gaussian:1,2", image);
    add(afresh, same, labels);
    assert_same_trainer(trainer, afresh);
    bw_trainer_free(trainer);
    bw_trainer_free(afresh);
    bw_image *const images[] = {image, same, other, labels, more, misfit};
    for (size_t i = 0; i < sizeof images / sizeof *images; i++)
        bw_image_free(images[i]);
}

static void changed_pixels_are_noticed(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 40, 40, 1);
    bw_image *image = test_noise(&info), *labels = no_labels(info);
    paint(labels, 8, 0, 1);
    bw_trainer *trainer = trainer_for("gaussian:1", image);
    add(trainer, image, labels);
    update(trainer, 0, image, labels);
    ((uint8_t *)bw_image_plane(image, 0, 0, 0))[1599] ^= 1;
    bw_context *ctx = test_context(1);
    assert_refused(ctx, bw_trainer_update(ctx, trainer, 0, image, labels), BW_ERROR_MISMATCH, "pixels differ");
    bw_context_free(ctx);
    ((uint8_t *)bw_image_plane(image, 0, 0, 0))[1599] ^= 1;
    update(trainer, 0, image, labels);
    bw_trainer_free(trainer);
    bw_image_free(image);
    bw_image_free(labels);
}

/* ---- strokes ----------------------------------------------------------------------------------------------------- */

static void flood(const bw_image_info *info, const uint8_t *labels, int64_t *number, int64_t start, int64_t n) {
    int64_t *stack = calloc((size_t)(info->width * info->height * info->depth * 27), sizeof *stack), depth = 0;
    assert_non_null(stack);
    stack[depth++] = start;
    number[start] = n;
    while (depth) {
        const int64_t p = stack[--depth], x = p % info->width, y = p / info->width % info->height;
        const int64_t z = p / info->width / info->height % info->depth;
        for (int64_t d = 0; d < 27; d++) {
            const int64_t nx = x + d % 3 - 1, ny = y + d / 3 % 3 - 1, nz = z + d / 9 - 1;
            if (nx < 0 || ny < 0 || nz < 0 || nx >= info->width || ny >= info->height || nz >= info->depth) continue;
            const int64_t q = p + (nz - z) * info->width * info->height + (ny - y) * info->width + nx - x;
            if (labels[q] != labels[start] || number[q] >= 0) continue;
            number[q] = n;
            stack[depth++] = q;
        }
    }
    free(stack);
}

/* Density is out of 8. */
static void check_strokes(bw_image_info info, int frames, uint32_t density, uint32_t classes) {
    info.frames = frames;
    bw_image *image = test_noise(&info), *labels = no_labels(info);
    const int64_t pixels = label_count(labels);
    uint8_t *all = label_plane(labels, 0, 0);
    for (int64_t i = 0; i < pixels; i++)
        all[i] = below(density, (uint64_t)i, 8) < density ? (uint8_t)(1 + below(99, (uint64_t)i, classes)) : 0;
    all[0] = 1;
    int64_t *number = malloc((size_t)pixels * sizeof *number), strokes = 0, at = 0;
    assert_non_null(number);
    for (int64_t i = 0; i < pixels; i++)
        number[i] = -1;
    for (int64_t i = 0; i < pixels; i++)
        if (all[i] && number[i] < 0) flood(&info, all, number, i, strokes++);
    bw_trainer *trainer = trainer_for("original", image);
    add(trainer, image, labels);
    assert_int_equal(bw_trainer_stroke_count(trainer), strokes);
    for (int64_t i = 0; i < pixels; i++)
        if (all[i]) assert_int_equal(trainer->blocks[0].strokes[at++], number[i]);
    assert_int_equal(at, trainer->count);
    free(number);
    bw_trainer_free(trainer);
    bw_image_free(image);
    bw_image_free(labels);
}

static void strokes_are_connected_pixels_of_a_class(void **state) {
    (void)state;
    static const int64_t sizes[][3] = {{1, 1, 1}, {1, 30, 1}, {30, 1, 1}, {2, 9, 1}, {40, 31, 1},
                                       {1, 1, 9}, {1, 6, 7},  {7, 1, 6},  {2, 3, 4}, {13, 11, 9}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (uint32_t density = 1; density <= 8; density++) {
            const bw_image_info info = test_info(BW_UINT8, sizes[i][0], sizes[i][1], sizes[i][2]);
            check_strokes(info, 1, density, 1 + density % 3);
            check_strokes(info, 3, density, 2);
        }
}

/* A horizontal stroke of `length` pixels. */
static void stroke(bw_image *labels, int frame, int64_t y, int64_t x, int64_t length, int label) {
    const int64_t width = bw_image_get_info(labels)->width;
    memset(label_plane(labels, frame, 0) + y * width + x, label, (size_t)length);
}

static void stroke_weights_have_a_closed_form(void **state) {
    (void)state;
    static const int64_t lengths[] = {1, 16, 81, 4, 25}; /* classes 1 1 1 2 2 */
    bw_image_info info = test_info(BW_UINT8, 100, 20, 1);
    bw_image *image = test_noise(&info), *labels = no_labels(info);
    for (int s = 0; s < 5; s++)
        stroke(labels, 0, 2 * s, 5, lengths[s], s < 3 ? 1 : 2);
    bw_trainer *trainer = trainer_for("original", image);
    add(trainer, image, labels);
    bw_context *ctx = test_context(1);
    float *weights;
    assert_ok(ctx, bw_strokes_weigh(ctx, trainer, 0, &weights));
    assert_null(weights);
    for (int step = 1; step <= 4; step++) {
        const double balance = 0.25 * step;
        double sums[2] = {0, 0}, total[2] = {0, 0};
        assert_ok(ctx, bw_strokes_weigh(ctx, trainer, balance, &weights));
        for (int s = 0; s < 5; s++)
            sums[s >= 3] += pow((double)lengths[s], 1 - balance);
        for (int64_t i = 0, s = 0, end = lengths[0]; i < trainer->count; i++) {
            if (i == end) end += lengths[++s];
            const double class_size = s < 3 ? 98 : 29;
            const double wanted = pow((double)lengths[s], -balance) * class_size / sums[s >= 3];
            assert_float_equal(weights[i], wanted, 1e-6 * wanted);
            total[s >= 3] += weights[i];
        }
        assert_float_equal(total[0], 98, 1e-4);
        assert_float_equal(total[1], 29, 1e-4);
        bw_free(weights);
    }
    bw_context_free(ctx);
    bw_trainer_free(trainer);
    bw_image_free(image);
    bw_image_free(labels);
}

static void weights_stay_in_range(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 200, 120, 1);
    bw_image *image = test_noise(&info), *labels = no_labels(info);
    for (int64_t y = 0; y < 100; y++)
        stroke(labels, 0, y, 0, 200, 1);
    stroke(labels, 0, 110, 0, 1, 1);
    stroke(labels, 0, 115, 0, 9, 2);
    bw_trainer *trainer = trainer_for("original", image);
    add(trainer, image, labels);
    bw_context *ctx = test_context(1);
    float *weights;
    assert_ok(ctx, bw_strokes_weigh(ctx, trainer, 1, &weights));
    assert_float_equal(weights[20000], BW_MAX_WEIGHT, 0); /* it would be 10000.5 */
    assert_float_equal(weights[0], 0.500025, 1e-6);
    bw_free(weights);
    bw_train_options options = few_trees(5);
    options.stroke_balance = 1;
    bw_model *model = train(trainer, &options, 2);
    bw_model_free(model);
    bw_context_free(ctx);
    bw_trainer_free(trainer);
    bw_image_free(image);
    bw_image_free(labels);
}

/* A short stroke of class 1 looks like class 2. Among all pixels it is drowned; when strokes count alike it wins. */
static void short_strokes_can_be_heard(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 110, 30, 1);
    bw_image *image = test_image(&info), *labels = no_labels(info);
    for (int64_t y = 0; y < 10; y++)
        stroke(labels, 0, y, 0, 100, 1);
    stroke(labels, 0, 15, 0, 10, 1);
    stroke(labels, 0, 20, 0, 100, 2);
    memset((uint8_t *)bw_image_plane(image, 0, 0, 0) + 12 * 110, 150, 18 * 110);
    bw_trainer *trainer = trainer_for("original", image);
    add(trainer, image, labels);
    for (int balance = 0; balance < 2; balance++) {
        bw_train_options options = few_trees(20);
        options.stroke_balance = balance;
        bw_model *model = train(trainer, &options, 2);
        assert_int_equal(bw_assessment_count(bw_model_out_of_bag(model), 0, 1), balance ? 0 : 10);
        assert_int_equal(bw_assessment_count(bw_model_out_of_bag(model), 1, 0), balance ? 100 : 0);
        bw_model_free(model);
    }
    bw_trainer_free(trainer);
    bw_image_free(image);
    bw_image_free(labels);
}

/* ---- folds ------------------------------------------------------------------------------------------------------- */

/* Two images with strokes: class k of image i has (k + 1) * (i + 1) of them, of different lengths. */
typedef struct sketch {
    bw_image *images[2], *labels[2];
    bw_trainer *trainer;
} sketch;

static sketch make_sketch(const char *features, int classes) {
    sketch s;
    for (int i = 0; i < 2; i++) {
        bw_image_info info = test_info(BW_UINT8, 120 + 10 * i, 128, 1);
        s.images[i] = test_noise(&info);
        s.labels[i] = no_labels(info);
        int64_t row = 1;
        for (int k = 0; k < classes; k++)
            for (int n = 0; n < (k + 1) * (i + 1); n++, row += 3)
                stroke(s.labels[i], 0, row, 3 + 7 * n, 10 + 5 * n + k, k + 1);
    }
    s.trainer = trainer_for(features, s.images[0]);
    for (int i = 0; i < 2; i++)
        add(s.trainer, s.images[i], s.labels[i]);
    return s;
}

static void free_sketch(sketch *s) {
    bw_trainer_free(s->trainer);
    for (int i = 0; i < 2; i++) {
        bw_image_free(s->images[i]);
        bw_image_free(s->labels[i]);
    }
}

static bw_folds make_folds(const bw_trainer *trainer, bw_holdout holdout, int split_single) {
    bw_context *ctx = test_context(1);
    bw_folds folds;
    assert_ok(ctx, bw_folds_make(ctx, trainer, &holdout, 5, split_single, &folds));
    bw_context_free(ctx);
    return folds;
}

/* The counts belong to the partition, and what a fold's forest knows to the counts. */
static void check_partition(const bw_trainer *trainer, const bw_folds *folds) {
    int64_t *in = calloc((size_t)(folds->count * folds->classes), sizeof *in), at = 0;
    int64_t totals[BW_MAX_CLASSES] = {0};
    assert_non_null(in);
    for (int b = 0; b < trainer->block_count; b++)
        for (int64_t i = 0; i < trainer->blocks[b].count; i++, at++) {
            assert_true(folds->of[at] < folds->count);
            in[folds->of[at] * folds->classes + trainer->blocks[b].labels[i]]++;
            totals[trainer->blocks[b].labels[i]]++;
        }
    assert_memory_equal(in, folds->in, (size_t)(folds->count * folds->classes) * sizeof *in);
    for (int f = 0; f < folds->count; f++) {
        int left = 0;
        for (int k = 0; k < folds->classes; k++)
            left += in[f * folds->classes + k] < totals[k];
        for (int k = 0; k < folds->classes; k++)
            assert_int_equal(folds->known[f * folds->classes + k], left >= 2 && in[f * folds->classes + k] < totals[k]);
    }
    free(in);
}

static void folds_of_samples_are_even(void **state) {
    (void)state;
    sketch s = make_sketch("original", 3);
    for (int count = 2; count <= BW_MAX_FOLDS; count += 7) {
        bw_folds folds = make_folds(s.trainer, (bw_holdout){BW_HOLDOUT_SAMPLES, count, 0}, 0);
        int64_t least = INT64_MAX, most = 0;
        assert_int_equal(folds.count, count);
        check_partition(s.trainer, &folds);
        for (int f = 0; f < count; f++) {
            int64_t size = 0;
            for (int k = 0; k < 3; k++) {
                size += folds.in[f * 3 + k];
                assert_in_range(folds.in[f * 3 + k] + 1 - folds.in[k], 0, 2);
            }
            if (size < least) least = size;
            if (size > most) most = size;
        }
        assert_in_range(most - least, 0, 1);
        bw_folds_close(&folds);
    }
    free_sketch(&s);
}

static void folds_never_split_strokes(void **state) {
    (void)state;
    sketch s = make_sketch("original", 4); /* 3, 6, 9, 12 strokes */
    for (int count = 2; count <= 9; count++) {
        bw_folds folds = make_folds(s.trainer, (bw_holdout){BW_HOLDOUT_STROKES, count, 0}, 0);
        int64_t at = 0;
        check_partition(s.trainer, &folds);
        for (int b = 0; b < 2; b++) {
            int fold_of[64];
            memset(fold_of, -1, sizeof fold_of);
            for (int64_t i = 0; i < s.trainer->blocks[b].count; i++, at++) {
                int *fold = &fold_of[s.trainer->blocks[b].strokes[i]];
                if (*fold < 0) *fold = folds.of[at];
                assert_int_equal(*fold, folds.of[at]);
            }
        }
        for (int k = 0; k < 4; k++) { /* in as many folds as possible */
            int folds_with = 0;
            for (int f = 0; f < count; f++)
                folds_with += folds.in[f * 4 + k] > 0;
            assert_int_equal(folds_with, 3 * (k + 1) < count ? 3 * (k + 1) : count);
        }
        bw_folds_close(&folds);
    }
    free_sketch(&s);
}

static void folds_never_split_blocks_or_images(void **state) {
    (void)state;
    sketch s = make_sketch("original", 3);
    enum { EDGE = 25, CELLS = 6 };
    bw_folds folds = make_folds(s.trainer, (bw_holdout){BW_HOLDOUT_BLOCKS, 4, EDGE}, 0);
    int64_t at = 0, sizes[4] = {0};
    check_partition(s.trainer, &folds);
    for (int b = 0; b < 2; b++) {
        int fold_of[CELLS][CELLS];
        memset(fold_of, -1, sizeof fold_of);
        for (int64_t i = 0; i < s.trainer->blocks[b].count; i++, at++) {
            const int64_t p = s.trainer->blocks[b].positions[i], width = s.trainer->blocks[b].image.width;
            int *fold = &fold_of[p / width / EDGE][p % width / EDGE];
            if (*fold < 0) *fold = folds.of[at];
            assert_int_equal(*fold, folds.of[at]);
            sizes[folds.of[at]]++;
        }
    }
    for (int f = 0; f < 4; f++)
        assert_in_range(sizes[f], s.trainer->count / 6, s.trainer->count / 3);
    bw_folds_close(&folds);
    folds = make_folds(s.trainer, (bw_holdout){BW_HOLDOUT_IMAGES, 10, 0}, 0);
    assert_int_equal(folds.count, 2);
    check_partition(s.trainer, &folds);
    for (int64_t i = 0; i < s.trainer->count; i++)
        assert_int_equal(folds.of[i] == folds.of[0], i < s.trainer->blocks[0].count);
    bw_folds_close(&folds);
    free_sketch(&s);
}

/* Blocks are as deep as they are wide in real units, at least one slice, and the same in all frames. */
static void blocks_follow_the_spacing(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 24, 24, 12);
    info.frames = 2;
    info.calibrated = 1;
    info.spacing[0] = info.spacing[1] = 0.5;
    info.spacing[2] = 2;
    bw_image *image = test_noise(&info), *labels = no_labels(info);
    for (int64_t i = 0; i < label_count(labels); i++)
        label_plane(labels, 0, 0)[i] = (uint8_t)(1 + below(1, (uint64_t)i, 2));
    bw_trainer *trainer = trainer_for("original", image);
    add(trainer, image, labels);
    bw_folds folds = make_folds(trainer, (bw_holdout){BW_HOLDOUT_BLOCKS, 3, 12}, 0);
    int cells[4][2][2] = {{{0}}}, different = 0, along_z = 0;
    check_partition(trainer, &folds);
    for (int64_t i = 0; i < trainer->count; i++) {
        const int64_t x = i % 24, y = i / 24 % 24, z = i / 576 % 12;
        int *cell = &cells[z / 3][y / 12][x / 12];
        if (!*cell) *cell = 1 + folds.of[i];
        assert_int_equal(*cell, 1 + folds.of[i]);
        different |= folds.of[i] != folds.of[0];
    }
    for (int n = 0; n < 12; n++)
        along_z |= cells[n / 4][n / 2 % 2][n % 2] != cells[n / 4 + 1][n / 2 % 2][n % 2];
    assert_true(different);
    assert_true(along_z);
    bw_folds_close(&folds);
    bw_trainer_free(trainer);
    bw_image_free(image);
    bw_image_free(labels);
}

/* Among folds without a class the smallest is chosen. */
static void classes_spread_over_the_folds(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 50, 30, 1);
    bw_image *image = test_noise(&info), *labels = no_labels(info);
    for (int k = 0; k < 6; k++)
        stroke(labels, 0, 2 + 4 * k, 5, 30, 1 + k);
    bw_trainer *trainer = trainer_for("original", image);
    add(trainer, image, labels);
    bw_folds folds = make_folds(trainer, (bw_holdout){BW_HOLDOUT_STROKES, 3, 0}, 0);
    int64_t sizes[3] = {0};
    check_partition(trainer, &folds);
    for (int64_t i = 0; i < trainer->count; i++)
        sizes[folds.of[i]]++;
    for (int f = 0; f < 3; f++)
        assert_int_equal(sizes[f], 60);
    bw_folds_close(&folds);
    bw_trainer_free(trainer);
    bw_image_free(image);
    bw_image_free(labels);
}

static void lone_strokes_are_cut_for_autocontext(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 100, 20, 1);
    bw_image *image = test_noise(&info), *labels = no_labels(info);
    stroke(labels, 0, 3, 10, 50, 1);
    stroke(labels, 0, 9, 10, 40, 2);
    bw_trainer *trainer = trainer_for("original", image);
    add(trainer, image, labels);
    bw_folds folds = make_folds(trainer, (bw_holdout){BW_HOLDOUT_STROKES, 5, 0}, 1);
    check_partition(trainer, &folds);
    for (int f = 0; f < 5; f++) {
        assert_int_equal(folds.in[2 * f], 10);
        assert_int_equal(folds.in[2 * f + 1], 8);
    }
    for (int64_t i = 0; i < 50; i++)
        assert_int_equal(folds.of[i], folds.of[i / 10 * 10]);
    bw_folds_close(&folds);
    bw_trainer_free(trainer);
    bw_image_free(image);
    bw_image_free(labels);
}

static void refuse_folds(const bw_trainer *trainer, bw_holdout holdout, const char *words) {
    bw_train_options options = few_trees(3);
    bw_context *ctx = test_context(1);
    bw_assessment *assessment;
    bw_model *model;
    options.holdout = holdout;
    assert_refused(ctx, bw_trainer_cross_validate(ctx, trainer, &options, &assessment), BW_ERROR_ARGUMENT, words);
    assert_null(assessment);
    bw_context_free(ctx);
    ctx = test_context(1);
    assert_refused(ctx, bw_trainer_train(ctx, trainer, &options, &model), BW_ERROR_ARGUMENT, words);
    assert_null(model);
    bw_context_free(ctx);
}

static void folds_that_cannot_be_are_refused(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 100, 20, 1);
    bw_image *image = test_noise(&info), *labels = no_labels(info);
    stroke(labels, 0, 3, 10, 50, 1);
    stroke(labels, 0, 9, 10, 40, 2);
    bw_trainer *trainer = trainer_for("original", image);
    add(trainer, image, labels);
    refuse_folds(trainer, (bw_holdout){BW_HOLDOUT_STROKES, 5, 0}, "two strokes of every class");
    refuse_folds(trainer, (bw_holdout){BW_HOLDOUT_IMAGES, 5, 0}, "Only one image");
    refuse_folds(trainer, (bw_holdout){BW_HOLDOUT_BLOCKS, 5, 1000}, "one block");
    refuse_folds(trainer, (bw_holdout){BW_HOLDOUT_BLOCKS, 5, 0}, "at least 1 pixel");
    refuse_folds(trainer, (bw_holdout){BW_HOLDOUT_SAMPLES, 1, 0}, "2 to 100");
    refuse_folds(trainer, (bw_holdout){BW_HOLDOUT_SAMPLES, 101, 0}, "2 to 100");
    refuse_folds(trainer, (bw_holdout){(bw_holdout_kind)9, 5, 0}, "Unknown way");
    bw_trainer_free(trainer);
    bw_image_free(image);
    bw_image_free(labels);
}

/* ---- cross-validation -------------------------------------------------------------------------------------------- */

static bw_summary cross_validate(const bw_trainer *trainer, bw_holdout holdout) {
    bw_train_options options = few_trees(30);
    bw_context *ctx = test_context(2);
    bw_assessment *assessment;
    bw_summary summary;
    options.holdout = holdout;
    assert_ok(ctx, bw_trainer_cross_validate(ctx, trainer, &options, &assessment));
    assert_float_equal(bw_context_progress(ctx), 1, 1e-4);
    bw_assessment_summary(assessment, &summary);
    bw_assessment_free(assessment);
    bw_context_free(ctx);
    return summary;
}

static const bw_holdout every_holdout[] = {
    {BW_HOLDOUT_SAMPLES, 5, 0}, {BW_HOLDOUT_STROKES, 3, 0}, {BW_HOLDOUT_BLOCKS, 4, 20}, {BW_HOLDOUT_IMAGES, 5, 0}};
enum { KINDS = sizeof every_holdout / sizeof *every_holdout };

/* Pixels of class k get the value 50 k. */
static void make_separable(const sketch *s) {
    for (int i = 0; i < 2; i++) {
        uint8_t *pixels = bw_image_plane(s->images[i], 0, 0, 0);
        for (int64_t p = 0; p < label_count(s->labels[i]); p++)
            pixels[p] = (uint8_t)(50 * all_labels(s->labels[i])[p] + pixels[p] % 40);
    }
}

static void separable_classes_are_found(void **state) {
    (void)state;
    sketch s = make_sketch("original", 3);
    make_separable(&s);
    bw_trainer *trainer = trainer_for("original", s.images[0]);
    for (int i = 0; i < 2; i++)
        add(trainer, s.images[i], s.labels[i]);
    for (int i = 0; i < KINDS; i++) {
        const bw_summary summary = cross_validate(trainer, every_holdout[i]);
        assert_int_equal(summary.pixels, bw_trainer_sample_count(trainer));
        assert_int_equal(summary.with_probability, summary.pixels);
        assert_true(summary.accuracy > 0.99);
    }
    bw_trainer_free(trainer);
    free_sketch(&s);
}

/* Pixels that say nothing about their class, which is drawn by lot. */
static void noise_is_at_chance(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 128, 128, 1);
    bw_image *image = test_noise(&info), *labels = no_labels(info);
    for (int64_t i = 0; i < label_count(labels); i++)
        if (below(3, (uint64_t)i, 3) == 0) label_plane(labels, 0, 0)[i] = (uint8_t)(1 + below(4, (uint64_t)i, 2));
    bw_trainer *trainer = trainer_for("original;gaussian:1", image);
    add(trainer, image, labels);
    for (int i = 0; i < KINDS - 1; i++)
        assert_float_equal(cross_validate(trainer, every_holdout[i]).accuracy, 0.5, 0.04);
    bw_train_options options = few_trees(30);
    bw_model *model = train(trainer, &options, 2);
    assert_float_equal(bw_model_oob_error(model), 0.5, 0.04);
    bw_model_free(model);
    options.forest.bootstrap = 0; /* every tree has seen every sample */
    model = train(trainer, &options, 2);
    bw_summary summary;
    bw_assessment_summary(bw_model_out_of_bag(model), &summary);
    assert_int_equal(summary.pixels, 0);
    bw_model_free(model);
    bw_trainer_free(trainer);
    bw_image_free(image);
    bw_image_free(labels);
}

/* A smooth field says nothing about classes that patches of pixels have by lot; but neighbours have the same values and
 * the same class, so a forest that has seen the neighbours seems to know. */
static void neighbours_leak_but_blocks_do_not(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_FLOAT32, 256, 256, 1);
    const bw_recipe_options options = {1, 2, {1, 1, 1}};
    bw_image *noise = test_noise(&info), *field, *labels = no_labels(info);
    bw_context *ctx = test_context(2);
    bw_recipe *recipe;
    assert_ok(ctx, bw_recipe_parse(ctx, "gaussian:6", &options, &recipe));
    assert_ok(ctx, bw_features_compute(ctx, recipe, noise, &field));
    bw_recipe_free(recipe);
    bw_context_free(ctx);
    for (int64_t i = 0; i < label_count(labels); i++) {
        const int64_t patch = i / 256 / 16 * 16 + i % 256 / 16;
        if (below(5, (uint64_t)i, 6) == 0) label_plane(labels, 0, 0)[i] = (uint8_t)(1 + below(6, (uint64_t)patch, 2));
    }
    bw_trainer *trainer = trainer_for("original;gaussian:4,8,12,16,24;gradient:4,8,16;laplacian:4,8,16", field);
    add(trainer, field, labels);
    const double alone = cross_validate(trainer, (bw_holdout){BW_HOLDOUT_SAMPLES, 5, 0}).accuracy;
    const double blocks = cross_validate(trainer, (bw_holdout){BW_HOLDOUT_BLOCKS, 5, 64}).accuracy;
    print_message("smooth field: samples %.3f, blocks %.3f\n", alone, blocks);
    assert_true(alone > 0.8);
    assert_true(blocks < 0.6);
    bw_trainer_free(trainer);
    bw_image_free(noise);
    bw_image_free(field);
    bw_image_free(labels);
}

static void assert_same_assessment(const bw_assessment *a, const bw_assessment *b) {
    const int classes = bw_assessment_classes(a);
    bw_summary x, y;
    assert_int_equal(classes, bw_assessment_classes(b));
    for (int i = 0; i < classes * classes; i++)
        assert_int_equal(bw_assessment_count(a, i / classes, i % classes),
                         bw_assessment_count(b, i / classes, i % classes));
    bw_assessment_summary(a, &x);
    bw_assessment_summary(b, &y);
    assert_true(x.brier == y.brier && x.calibration_error == y.calibration_error);
}

static void models_keep_what_was_held_out(void **state) {
    (void)state;
    sketch s = make_sketch("original;gaussian:1", 3);
    for (int i = 0; i < KINDS; i++) {
        bw_train_options options = few_trees(10);
        bw_context *ctx = test_context(2);
        bw_assessment *assessment;
        options.holdout = every_holdout[i];
        options.stroke_balance = 0.5;
        assert_ok(ctx, bw_trainer_cross_validate(ctx, s.trainer, &options, &assessment));
        bw_model *model = train(s.trainer, &options, 1);
        assert_non_null(bw_model_held_out(model));
        assert_same_assessment(bw_model_held_out(model), assessment);
        bw_model_free(model);
        bw_assessment_free(assessment);
        bw_context_free(ctx);
    }
    bw_model *plain = train(s.trainer, NULL, 2);
    assert_null(bw_model_held_out(plain));
    bw_model_free(plain);
    free_sketch(&s);
}

static void assert_same_calibration(const bw_calibration *a, const bw_calibration *b) {
    bw_context *ctx = test_context(1);
    bw_writer x, y;
    bw_writer_init(&x, ctx);
    bw_writer_init(&y, ctx);
    assert_ok(ctx, bw_calibration_put(&x, a));
    assert_ok(ctx, bw_calibration_put(&y, b));
    assert_int_equal(x.size, y.size);
    assert_memory_equal(x.data, y.data, (size_t)x.size);
    bw_writer_free(&x);
    bw_writer_free(&y);
    bw_context_free(ctx);
}

/* What the samples' votes are when nothing that voted has seen them, by another way than training goes. */
static bw_calibration *calibration_by_hand(const bw_trainer *trainer, const bw_train_options *options) {
    bw_context *ctx = test_context(2);
    bw_sample_set set;
    bw_growth *growth;
    bw_calibration *calibration;
    assert_ok(ctx, bw_sample_set_open(ctx, trainer, options->stroke_balance, 0, &set));
    assert_ok(ctx, bw_growth_create(ctx, &set.samples, &options->forest, &growth));
    uint32_t *votes = bw_alloc_votes(ctx, &set);
    if (options->holdout.kind == BW_HOLDOUT_NONE) {
        assert_ok(ctx, bw_growth_trees(ctx, growth, options->forest.trees));
        assert_ok(ctx, bw_growth_votes(ctx, growth, NULL, BW_OUT_OF_BAG, votes));
    } else {
        bw_folds folds;
        assert_ok(ctx, bw_folds_make(ctx, trainer, &options->holdout, options->forest.seed, 0, &folds));
        assert_ok(ctx, bw_hold_out(ctx, growth, &set, &folds, options->forest.trees, NULL, votes));
        bw_folds_close(&folds);
    }
    assert_ok(ctx, bw_calibration_fit(ctx, set.samples.classes, set.samples.count, votes, set.samples.count, set.labels,
                                      set.weights, &calibration));
    bw_free(votes);
    bw_growth_free(growth);
    bw_sample_set_close(&set);
    bw_context_free(ctx);
    return calibration;
}

static void calibration_comes_from_unseen_samples(void **state) {
    (void)state;
    sketch s = make_sketch("original;gaussian:1", 3);
    for (int i = -1; i < KINDS; i++) {
        bw_train_options options = few_trees(15);
        if (i >= 0) options.holdout = every_holdout[i];
        options.stroke_balance = 0.5;
        bw_model *plain = train(s.trainer, &options, 2);
        assert_null(plain->calibration);
        options.calibrate = 1;
        bw_model *model = train(s.trainer, &options, 2);
        bw_calibration *wanted = calibration_by_hand(s.trainer, &options);
        assert_same_calibration(model->calibration, wanted);
        bw_calibration_free(wanted);
        bw_model_free(plain);
        bw_model_free(model);
    }
    free_sketch(&s);
}

/* A class of a single stroke is not assessed; the others are. */
static void lone_strokes_are_not_assessed(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 100, 30, 1);
    bw_image *image = test_noise(&info), *labels = no_labels(info);
    for (int n = 0; n < 4; n++)
        stroke(labels, 0, 3 + 4 * n, 10, 20, 1 + n % 2);
    stroke(labels, 0, 25, 10, 40, 3);
    bw_trainer *trainer = trainer_for("original", image);
    add(trainer, image, labels);
    bw_train_options options = few_trees(5);
    options.holdout = (bw_holdout){BW_HOLDOUT_STROKES, 2, 0};
    bw_model *model = train(trainer, &options, 2);
    bw_class_score scores[3];
    for (int k = 0; k < 3; k++)
        bw_assessment_class(bw_model_held_out(model), k, &scores[k]);
    assert_int_equal(scores[0].truth, 40);
    assert_int_equal(scores[1].truth, 40);
    assert_int_equal(scores[2].truth, 0);
    bw_model_free(model);
    bw_trainer_free(trainer);
    bw_image_free(image);
    bw_image_free(labels);
}

/* Without the fold of the only stroke of class 1 a single class is left: its samples are not assessed, whatever their
 * class; in the other fold those of class 2 are. */
static void folds_that_leave_one_class_are_skipped(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 100, 30, 1);
    bw_image *image = test_noise(&info), *labels = no_labels(info);
    stroke(labels, 0, 3, 10, 40, 1);
    for (int n = 0; n < 4; n++)
        stroke(labels, 0, 7 + 4 * n, 10, 20, 2);
    bw_trainer *trainer = trainer_for("original", image);
    add(trainer, image, labels);
    bw_train_options options = few_trees(5);
    options.holdout = (bw_holdout){BW_HOLDOUT_STROKES, 2, 0};
    bw_folds folds = make_folds(trainer, options.holdout, 0);
    check_partition(trainer, &folds);
    bw_folds_close(&folds);
    bw_model *model = train(trainer, &options, 2);
    bw_class_score scores[2];
    for (int k = 0; k < 2; k++)
        bw_assessment_class(bw_model_held_out(model), k, &scores[k]);
    assert_int_equal(scores[0].truth, 0);
    assert_int_equal(scores[1].truth, 40);
    bw_model_free(model);
    bw_trainer_free(trainer);
    bw_image_free(image);
    bw_image_free(labels);
}

/* ---- training in steps ------------------------------------------------------------------------------------------- */

static bw_model *model_of(const bw_training *training) {
    bw_context *ctx = test_context(3);
    bw_model *model;
    assert_ok(ctx, bw_training_model(ctx, training, &model));
    bw_context_free(ctx);
    return model;
}

static bw_training *begin(const bw_trainer *trainer, const bw_train_options *options) {
    bw_context *ctx = test_context(2);
    bw_training *training;
    assert_ok(ctx, bw_training_begin(ctx, trainer, options, &training));
    bw_context_free(ctx);
    return training;
}

static void grow(bw_training *training, int trees) {
    bw_context *ctx = test_context(2);
    assert_ok(ctx, bw_training_grow(ctx, training, trees));
    bw_context_free(ctx);
}

static void steps_lead_to_the_same_model(void **state) {
    (void)state;
    sketch s = make_sketch("original;gaussian:1;hessian:2", 3);
    for (int i = -1; i < KINDS; i++) {
        bw_train_options options = few_trees(20);
        if (i >= 0) options.holdout = every_holdout[i];
        options.calibrate = i != 1;
        options.importance = i == 0 ? 2 : 0;
        options.stroke_balance = i == 2 ? 1 : 0;
        bw_model *whole = train(s.trainer, &options, 1);
        bw_training *training = begin(s.trainer, &options);
        static const int steps[] = {3, 11, 100};
        for (int n = 0; n < 3; n++) {
            grow(training, steps[n]);
            for (int again = 0; again < 2; again++) {
                bw_model *model = model_of(training);
                assert_int_equal(bw_forest_trees(model->forest), steps[n] < 20 ? steps[n] : 20);
                if (n < 2) assert_null(bw_model_held_out(model));
                if (n < 2) assert_null(model->calibration);
                if (n == 2) assert_same_model(model, whole);
                bw_model_free(model);
            }
        }
        bw_train_options fewer = options;
        fewer.forest.trees = 11;
        fewer.holdout.kind = BW_HOLDOUT_NONE;
        fewer.calibrate = 0;
        bw_training *shorter = begin(s.trainer, &options);
        grow(shorter, 11);
        bw_model *first = model_of(shorter), *asked = train(s.trainer, &fewer, 2);
        assert_same_model(first, asked);
        bw_model_free(first);
        bw_model_free(asked);
        bw_training_free(shorter);
        bw_training_free(training);
        bw_model_free(whole);
    }
    free_sketch(&s);
}

static void steps_need_trees(void **state) {
    (void)state;
    sketch s = make_sketch("original", 2);
    bw_training *training = begin(s.trainer, NULL);
    bw_model *model;
    bw_context *ctx = test_context(1);
    assert_refused(ctx, bw_training_model(ctx, training, &model), BW_ERROR_ARGUMENT, "no tree");
    assert_null(model);
    bw_context_free(ctx);
    ctx = test_context(1);
    assert_refused(ctx, bw_training_grow(ctx, training, 0), BW_ERROR_ARGUMENT, "at least 1 tree");
    bw_context_free(ctx);
    ctx = test_context(1);
    bw_context_cancel(ctx);
    assert_refused(ctx, bw_training_grow(ctx, training, 10), BW_ERROR_CANCELLED, "Cancelled");
    bw_context_free(ctx);
    grow(training, 100);
    bw_model *grown = model_of(training), *whole = train(s.trainer, NULL, 1);
    assert_same_model(grown, whole);
    bw_model_free(grown);
    bw_model_free(whole);
    bw_training_free(training);
    free_sketch(&s);
}

static void outputs_of_an_item_share_their_importance(void **state) {
    (void)state;
    sketch s = make_sketch("original;hessian:1,2;gaussian:1", 3);
    bw_train_options options = few_trees(20);
    options.importance = 3;
    bw_model *model = train(s.trainer, &options, 2);
    double sum = 0;
    for (int f = 0; f < bw_model_feature_count(model); f++) {
        const bw_feature_info *now = bw_recipe_get(model->recipe, f), *before = bw_recipe_get(model->recipe, f - 1);
        double gini, permutation, left;
        bw_model_importance(model, f, &gini, &permutation);
        sum += gini;
        assert_true(permutation == permutation);
        if (!before || before->row != now->row || before->sigma != now->sigma) continue;
        bw_model_importance(model, f - 1, &gini, &left);
        assert_true(permutation == left);
    }
    assert_float_equal(sum, 1, 1e-9);
    bw_model_free(model);
    model = train(s.trainer, NULL, 2);
    double gini, permutation;
    bw_model_importance(model, 0, &gini, &permutation);
    assert_true(isnan(permutation));
    bw_model_free(model);
    free_sketch(&s);
}

/* Mean over the images of each channel's standard deviation; pixels that are not finite count as the smallest. */
static void models_know_the_spread_of_grey_values(void **state) {
    (void)state;
    static const bw_pixel_type types[] = {BW_UINT8, BW_UINT16, BW_FLOAT32};
    for (int type = 0; type < 3; type++) {
        bw_image_info info = test_info(types[type], 130, 70, 3);
        info.channels = 2;
        info.frames = 2;
        bw_image *images[2], *labels = no_labels(info);
        double wanted[2] = {0, 0};
        for (int n = 0; n < 8; n++)
            paint(labels, 21, (uint64_t)n, 1 + n % 2);
        for (int i = 0; i < 2; i++) {
            images[i] = test_noise(&info);
            const int64_t pixels = info.width * info.height;
            for (int c = 0; c < 2; c++) {
                double values[6 * 130 * 70], mean = 0, squares = 0;
                int64_t count = 0;
                for (int t = 0; t < 2; t++)
                    for (int64_t z = 0; z < 3; z++) {
                        void *plane = bw_image_plane(images[i], t, c, z);
                        for (int64_t p = 0; p < pixels; p++) {
                            if (type == 0) values[count++] = ((uint8_t *)plane)[p] >>= i + c;
                            if (type == 1) values[count++] = ((uint16_t *)plane)[p] >>= i + c;
                            if (type < 2) continue;
                            float *v = (float *)plane + p;
                            *v = *v / (float)(1 + i + c) + 1000;
                            if (p == 7 && z) *v = 999;
                            values[count++] = *v;
                            if (p == 7 && z == 2) *v = c ? NAN : -INFINITY;
                        }
                    }
                for (int64_t p = 0; p < count; p++)
                    mean += values[p] / (double)count;
                for (int64_t p = 0; p < count; p++)
                    squares += (values[p] - mean) * (values[p] - mean);
                wanted[c] += sqrt(squares / (double)count) / 2;
            }
        }
        bw_trainer *trainer = trainer_for("original;gaussian:1@2d", images[0]);
        for (int i = 0; i < 2; i++)
            add(trainer, images[i], labels);
        update(trainer, 1, images[1], labels);
        const bw_train_options options = few_trees(3);
        bw_model *model = train(trainer, &options, 2);
        for (int c = 0; c < 2; c++)
            assert_float_equal(model->spread[c], wanted[c], 1e-6 * wanted[c]);
        bw_model_free(model);
        bw_trainer_free(trainer);
        bw_image_free(labels);
        for (int i = 0; i < 2; i++)
            bw_image_free(images[i]);
    }
}

/* ---- options ----------------------------------------------------------------------------------------------------- */

static void refuse_options(const bw_trainer *trainer, const bw_train_options *options, const char *words) {
    bw_context *ctx = test_context(1);
    bw_model *model;
    assert_refused(ctx, bw_trainer_train(ctx, trainer, options, &model), BW_ERROR_ARGUMENT, words);
    assert_null(model);
    bw_context_free(ctx);
}

static void wrong_options_are_refused(void **state) {
    (void)state;
    sketch s = make_sketch("original", 2);
    const struct {
        double balance;
        int importance, calibrate, contexts;
        double sigmas[2], bootstrap;
        const char *words;
        int refine;
    } cases[] = {
        {-0.1, 0, 0, 0, {0, 0}, 1, "stroke balance must be 0 to 1", 0},
        {1.1, 0, 0, 0, {0, 0}, 1, "1.1", 0},
        {NAN, 0, 0, 0, {0, 0}, 1, "stroke balance", 0},
        {0, -1, 0, 0, {0, 0}, 1, "0 to 100", 0},
        {0, 101, 0, 0, {0, 0}, 1, "101", 0},
        {0, 0, 0, -1, {0, 0}, 1, "0 to 8 sigmas", 0},
        {0, 0, 0, 9, {0, 0}, 1, "0 to 8 sigmas", 0},
        {0, 0, 0, 1, {0.2, 0}, 1, "0.3 to 100", 0},
        {0, 0, 0, 1, {101, 0}, 1, "101", 0},
        {0, 0, 0, 2, {3, 3}, 1, "ascend", 0},
        {0, 0, 0, 2, {1, 2}, 1, "prepared", 0},
        {0, 2, 0, 0, {0, 0}, 0, "out-of-bag", 0},
        {0, 0, 1, 0, {0, 0}, 0, "Calibration", 0},
        {0, 0, 0, 0, {0, 0}, 2, "bootstrap", 0},
        {0, 0, 0, 0, {0, 0}, 1, "refinement must be 0 to 32", -1},
        {0, 0, 0, 0, {0, 0}, 1, "not 33", 33},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bw_train_options options = few_trees(3);
        options.stroke_balance = cases[i].balance;
        options.importance = cases[i].importance;
        options.calibrate = cases[i].calibrate;
        options.context_count = cases[i].contexts;
        memcpy(options.context_sigmas, cases[i].sigmas, sizeof cases[i].sigmas);
        options.forest.bootstrap = cases[i].bootstrap;
        options.refine = cases[i].refine;
        refuse_options(s.trainer, &options, cases[i].words);
    }
    free_sketch(&s);
}

static void presets_train(void **state) {
    (void)state;
    sketch s = make_sketch("original;gaussian:1,2;hessian:1", 3);
    bw_train_options usual;
    bw_train_options_init(&usual);
    assert_null(bw_forest_preset_get(-1));
    assert_null(bw_forest_preset_get(bw_forest_preset_count()));
    assert_string_equal(bw_forest_preset_get(0)->id, "brushwood");
    for (int i = 0; i < bw_forest_preset_count(); i++) {
        const bw_forest_preset *preset = bw_forest_preset_get(i);
        bw_model *model = train(s.trainer, &preset->options, 2);
        assert_int_equal(bw_forest_trees(model->forest), preset->options.forest.trees);
        assert_true(bw_model_oob_error(model) >= 0);
        for (int other = 0; other < i; other++)
            assert_string_not_equal(preset->id, bw_forest_preset_get(other)->id);
        if (i == 0) {
            bw_model *same = train(s.trainer, NULL, 1), *again = train(s.trainer, &usual, 1);
            assert_same_model(model, same);
            assert_same_model(model, again);
            bw_model_free(same);
            bw_model_free(again);
        }
        bw_model_free(model);
    }
    free_sketch(&s);
}

/* ---- selection --------------------------------------------------------------------------------------------------- */

/* Three channels of noise; the class is whether the second one's smoothed value is high. */
static bw_trainer *make_puzzle(const char *features, bw_image **image, bw_image **labels) {
    bw_image_info info = test_info(BW_FLOAT32, 128, 128, 1);
    const bw_recipe_options options = {3, 2, {1, 1, 1}};
    info.channels = 3;
    *image = test_noise(&info);
    *labels = no_labels(info);
    bw_context *ctx = test_context(2);
    bw_recipe *recipe;
    bw_image *smooth;
    assert_ok(ctx, bw_recipe_parse(ctx, "gaussian:2@c2", &options, &recipe));
    assert_ok(ctx, bw_features_compute(ctx, recipe, *image, &smooth));
    const float *values = bw_image_plane_const(smooth, 0, 0, 0);
    for (int64_t i = 0; i < label_count(*labels); i++)
        if (below(7, (uint64_t)i, 8) == 0) label_plane(*labels, 0, 0)[i] = values[i] > 100 ? 2 : 1;
    bw_image_free(smooth);
    bw_recipe_free(recipe);
    bw_context_free(ctx);
    bw_trainer *trainer = trainer_for(features, *image);
    add(trainer, *image, *labels);
    return trainer;
}

static char *select_features(const bw_trainer *trainer, const bw_train_options *options, double tolerance,
                             bw_selection_step *steps, int capacity, int *count) {
    bw_context *ctx = test_context(2);
    char *features;
    assert_ok(ctx, bw_trainer_select_features(ctx, trainer, options, tolerance, &features, steps, capacity, count));
    assert_float_equal(bw_context_progress(ctx), 1, 1e-4);
    bw_context_free(ctx);
    return features;
}

static void selection_keeps_what_matters(void **state) {
    (void)state;
    static const bw_holdout holdouts[] = {{BW_HOLDOUT_NONE, 0, 0}, {BW_HOLDOUT_BLOCKS, 3, 32}};
    bw_image *image, *labels;
    bw_trainer *trainer = make_puzzle("exact;original;gaussian:2;hessian:1;gradient:1", &image, &labels);
    for (int h = 0; h < 2; h++) {
        bw_train_options options = few_trees(25);
        bw_selection_step steps[20], first[2];
        int count, cut, chosen = 0;
        options.holdout = holdouts[h];
        options.forest.mtry = 1; /* noise distracts such a forest */
        char *features = select_features(trainer, &options, 0.02, steps, 20, &count);
        assert_string_equal(features, "exact;gaussian:2@c2");
        assert_int_equal(steps[0].features, bw_recipe_count(trainer->recipe));
        assert_int_equal(steps[count - 1].features, 1);
        for (int i = 0; i < count; i++) {
            if (i) assert_true(steps[i].features < steps[i - 1].features);
            assert_true(steps[i].error >= 0 && steps[i].error <= 1);
            chosen += steps[i].chosen;
        }
        assert_int_equal(chosen, 1);
        assert_int_equal(steps[count - 1].chosen, 1);
        print_message("selection: error %.4f with all features, %.4f with one\n", steps[0].error,
                      steps[count - 1].error);
        assert_true(steps[0].error > 2 * steps[count - 1].error);
        char *again = select_features(trainer, &options, 0.02, first, 2, &cut);
        assert_string_equal(features, again);
        assert_int_equal(cut, 2);
        assert_int_equal(first[1].features, steps[1].features);
        bw_string_free(features);
        bw_string_free(again);
    }
    bw_trainer_free(trainer);
    bw_image_free(image);
    bw_image_free(labels);
}

/* All items are within a tolerance of 1, so the last one is chosen; it is written as the recipe writes it. */
static void selected_lists_are_canonical(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 40, 40, 5);
    info.channels = 2;
    bw_image *image = test_noise(&info), *labels = no_labels(info);
    for (int n = 0; n < 20; n++)
        paint(labels, 9, (uint64_t)n, 1 + n % 2);
    bw_trainer *trainer = trainer_for("original;gaussian:1,2;hessian:1.5@2d@c2;minimum:2;kuwahara:2", image);
    add(trainer, image, labels);
    bw_train_options options = few_trees(10);
    bw_selection_step steps[40];
    for (int i = 0; i < 2; i++) {
        int count;
        char *features = select_features(trainer, &options, i, steps, 40, &count), *formatted;
        bw_context *ctx = test_context(1);
        bw_recipe *recipe;
        assert_ok(ctx, bw_recipe_parse(ctx, features, bw_recipe_get_options(trainer->recipe), &recipe));
        assert_ok(ctx, bw_recipe_format(ctx, recipe, &formatted));
        assert_string_equal(features, formatted);
        for (int n = 0; n < count; n++)
            if (steps[n].chosen) assert_int_equal(steps[n].features, bw_recipe_count(recipe));
        bw_string_free(formatted);
        bw_string_free(features);
        bw_recipe_free(recipe);
        bw_context_free(ctx);
    }
    bw_trainer_free(trainer);
    bw_image_free(image);
    bw_image_free(labels);
}

static void selection_is_refused_or_cancelled(void **state) {
    (void)state;
    sketch s = make_sketch("original;gaussian:1", 2);
    bw_train_options options = few_trees(5);
    char *features;
    int count = 7, calls = 0;
    bw_context *ctx = test_context(1);
    assert_refused(ctx, bw_trainer_select_features(ctx, s.trainer, &options, -1, &features, NULL, 0, &count),
                   BW_ERROR_ARGUMENT, "tolerance");
    assert_null(features);
    assert_int_equal(count, 0);
    bw_context_free(ctx);
    ctx = test_context(1);
    options.forest.bootstrap = 0;
    assert_refused(ctx, bw_trainer_select_features(ctx, s.trainer, &options, 0, &features, NULL, 0, &count),
                   BW_ERROR_ARGUMENT, "bootstrap");
    bw_context_free(ctx);
    ctx = test_context(1);
    bw_context_set_progress(ctx, stop, &calls);
    assert_refused(ctx, bw_trainer_select_features(ctx, s.trainer, NULL, 0, &features, NULL, 0, &count),
                   BW_ERROR_CANCELLED, "Cancelled");
    bw_context_free(ctx);
    free_sketch(&s);
}

/* ---- autocontext ------------------------------------------------------------------------------------------------- */

/* Squares of 32 pixels of two classes whose grey values overlap: a pixel alone tells little, its surroundings all. */
static int field_class(int64_t x, int64_t y) {
    return (int)((x / 32 + y / 32) % 2);
}

static bw_image *make_field(bw_image_info info) {
    bw_image *image = test_noise(&info);
    for (int t = 0; t < info.frames; t++)
        for (int64_t z = 0; z < info.depth; z++) {
            uint8_t *pixels = bw_image_plane(image, t, 0, z);
            for (int64_t i = 0; i < info.width * info.height; i++)
                pixels[i] = (uint8_t)(pixels[i] + 40 * field_class(i % info.width, i / info.width));
        }
    return image;
}

static bw_image *field_labels(bw_image_info info, uint32_t every) {
    bw_image *labels = no_labels(info);
    for (int64_t i = 0; i < label_count(labels); i++)
        if (below(12, (uint64_t)i, every) == 0)
            label_plane(labels, 0, 0)[i] = (uint8_t)(1 + field_class(i % info.width, i / info.width % info.height));
    return labels;
}

static bw_train_options context_options(int trees) {
    bw_train_options options = few_trees(trees);
    options.context_count = 2;
    options.context_sigmas[0] = 1;
    options.context_sigmas[1] = 5;
    return options;
}

static void add_contexts(bw_trainer *trainer, const bw_train_options *options, bw_image *const *images, int threads,
                         uint64_t budget) {
    bw_context *ctx = test_context(threads);
    assert_ok(ctx, bw_context_set_memory_budget(ctx, budget));
    assert_ok(ctx, bw_trainer_prepare_context(ctx, trainer, options));
    assert_float_equal(bw_context_progress(ctx), 1, 1e-4);
    for (int i = 0; i < bw_trainer_image_count(trainer); i++)
        assert_ok(ctx, bw_trainer_add_context(ctx, trainer, i, images[i]));
    assert_float_equal(bw_context_progress(ctx), 1, 1e-4);
    bw_context_free(ctx);
}

static double accuracy_of(const bw_assessment *assessment) {
    bw_summary summary;
    bw_assessment_summary(assessment, &summary);
    return summary.accuracy;
}

static void context_decides(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 192, 192, 1);
    bw_image *image = make_field(info), *labels = field_labels(info, 12);
    bw_trainer *trainer = trainer_for("original", image);
    add(trainer, image, labels);
    bw_train_options plain = few_trees(30), options = context_options(30);
    plain.holdout = options.holdout = (bw_holdout){BW_HOLDOUT_BLOCKS, 5, 32};
    add_contexts(trainer, &options, &image, 2, 0);
    bw_model *one = train(trainer, &plain, 2), *two = train(trainer, &options, 2);
    const double before = accuracy_of(one->held_out), after = accuracy_of(two->held_out);
    print_message("held out: one stage %.3f, with context %.3f\n", before, after);
    assert_true(before < 0.75);
    assert_true(after > 0.9);
    assert_int_equal(bw_model_feature_count(two), 1 + 2 * 2);
    assert_int_equal(bw_forest_features(two->forest), 5);
    assert_null(one->first);
    assert_null(one->context);
    bw_prediction prediction;
    bw_context *ctx = test_context(2);
    assert_ok(ctx, bw_predict(ctx, two, image, NULL, BW_OUTPUT_LABELS, &prediction, NULL));
    int64_t right = 0;
    for (int64_t i = 0; i < 192 * 192; i++)
        right += all_labels(prediction.labels)[i] == 1 + field_class(i % 192, i / 192);
    print_message("whole image: %.3f\n", (double)right / (192 * 192));
    assert_true(right > 192 * 192 * 9 / 10);
    bw_prediction_free(&prediction);
    bw_context_free(ctx);
    bw_model_free(one);
    bw_model_free(two);
    bw_trainer_free(trainer);
    bw_image_free(image);
    bw_image_free(labels);
}

static void check_context_bytes(bw_image_info info, const char *features, uint64_t budget) {
    bw_image_info other = info;
    other.width += 9;
    bw_image *images[2] = {make_field(info), make_field(other)};
    bw_image *labels[2] = {field_labels(info, 60), field_labels(other, 90)};
    bw_trainer *trainer = trainer_for(features, images[0]);
    bw_train_options options = context_options(8);
    options.importance = 1;
    options.stroke_balance = 0.3;
    bw_model *first = NULL;
    for (int i = 0; i < 2; i++)
        add(trainer, images[i], labels[i]);
    for (int n = 0; n < 4; n++) {
        add_contexts(trainer, &options, images, 1 + n, n % 2 ? budget : 0);
        bw_model *model = train(trainer, &options, 4 - n);
        if (n) assert_same_model(first, model);
        if (n)
            bw_model_free(model);
        else
            first = model;
    }
    bw_trainer_free(trainer); /* the model keeps nothing of it */
    bw_context *ctx = test_context(1);
    char *text;
    assert_ok(ctx, bw_recipe_format(ctx, first->context, &text));
    assert_string_equal(text, info.depth > 1 && strstr(features, "@2d") ? "gaussian:1,5@2d" : "gaussian:1,5");
    bw_string_free(text);
    bw_context_free(ctx);
    bw_model_free(first);
    for (int i = 0; i < 2; i++) {
        bw_image_free(images[i]);
        bw_image_free(labels[i]);
    }
}

static void context_does_not_depend_on_threads_or_tiles(void **state) {
    (void)state;
    bw_image_info frames = test_info(BW_UINT8, 61, 50, 1);
    frames.frames = 3;
    check_context_bytes(test_info(BW_UINT8, 180, 170, 1), "original;gaussian:1", 3000000);
    check_context_bytes(frames, "gaussian:1;hessian:1", 1500000);
    check_context_bytes(test_info(BW_UINT8, 45, 40, 9), "original;gaussian:1", 9000000);
    check_context_bytes(test_info(BW_UINT8, 45, 40, 4), "gaussian:1@2d", 3000000);
}

/* The values are those of smoothed probability images; the forest of a fold has not seen the fold. */
static void context_is_cross_fitted(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 90, 80, 1);
    bw_image *image = test_noise(&info), *labels = no_labels(info);
    for (int n = 0; n < 8; n++)
        stroke(labels, 0, 4 + 9 * n, 20, 30, 1 + n % 2);
    bw_trainer *trainer = trainer_for("original;gaussian:1,2;hessian:1", image);
    add(trainer, image, labels);
    bw_train_options options = context_options(60);
    options.context_count = 1;
    options.context_sigmas[0] = 0.3; /* next to the probability itself */
    add_contexts(trainer, &options, &image, 2, 0);
    const bw_sample_block *block = &trainer->blocks[0];
    double own = 0;
    for (int64_t i = 0; i < block->count; i++) {
        const float p = block->context[i], q = block->context[block->count + i];
        assert_float_equal(p + q, 1, 1e-3);
        own += block->labels[i] ? q : p;
    }
    own /= (double)block->count;
    print_message("noise: probability of the own class %.3f\n", own); /* 0.9 and more for forests that saw it */
    assert_true(own < 0.6);
    bw_trainer_free(trainer);
    bw_image_free(image);
    bw_image_free(labels);
}

static void lone_strokes_do_for_context(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 128, 128, 1);
    bw_image *image = make_field(info), *labels = no_labels(info);
    for (int64_t y = 0; y < 20; y++) {
        stroke(labels, 0, 5 + y, 5, 20, 1);
        stroke(labels, 0, 5 + y, 38, 20, 2);
    }
    bw_trainer *trainer = trainer_for("original", image);
    add(trainer, image, labels);
    const bw_train_options options = context_options(20);
    add_contexts(trainer, &options, &image, 2, 0);
    bw_model *model = train(trainer, &options, 2);
    assert_true(accuracy_of(model->out_of_bag) > 0.9);
    bw_model_free(model);
    bw_trainer_free(trainer);
    bw_image_free(image);
    bw_image_free(labels);
}

static void refuse_context(const bw_trainer *trainer, const bw_train_options *options, const char *words) {
    bw_context *ctx = test_context(1);
    bw_training *training;
    assert_refused(ctx, bw_training_begin(ctx, trainer, options, &training), BW_ERROR_ARGUMENT, words);
    assert_null(training);
    bw_context_free(ctx);
}

static void context_must_be_prepared(void **state) {
    (void)state;
    sketch s = make_sketch("original", 2);
    bw_train_options options = context_options(5), other = options, none = few_trees(5);
    bw_context *ctx = test_context(1);
    assert_refused(ctx, bw_trainer_add_context(ctx, s.trainer, 0, s.images[0]), BW_ERROR_ARGUMENT, "prepared before");
    bw_context_free(ctx);
    ctx = test_context(1);
    assert_refused(ctx, bw_trainer_prepare_context(ctx, s.trainer, &none), BW_ERROR_ARGUMENT, "at least one sigma");
    bw_context_free(ctx);
    refuse_context(s.trainer, &options, "prepared after the last change");
    ctx = test_context(2);
    assert_ok(ctx, bw_trainer_prepare_context(ctx, s.trainer, &options));
    refuse_context(s.trainer, &options, "training image 1");
    assert_ok(ctx, bw_trainer_add_context(ctx, s.trainer, 0, s.images[0]));
    refuse_context(s.trainer, &options, "training image 2");
    assert_ok(ctx, bw_trainer_add_context(ctx, s.trainer, 1, s.images[1]));
    bw_model_free(train(s.trainer, &options, 1));
    bw_model_free(train(s.trainer, &none, 1)); /* without context it trains as ever */
    other.context_sigmas[1] = 6;
    refuse_context(s.trainer, &other, "other options");
    other = options;
    other.forest.seed = 2;
    refuse_context(s.trainer, &other, "other options");
    assert_refused(ctx, bw_trainer_add_context(ctx, s.trainer, 1, s.images[0]), BW_ERROR_MISMATCH, "training image 2");
    bw_context_free(ctx);
    bw_model_free(train(s.trainer, &options, 1)); /* the failure changed nothing */
    update(s.trainer, 0, s.images[0], s.labels[0]);
    refuse_context(s.trainer, &options, "prepared after the last change");
    free_sketch(&s);
}

static void context_needs_few_classes(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 100, 20, 1);
    bw_image *image = test_noise(&info), *labels = no_labels(info);
    for (int k = 1; k <= 65; k++)
        label_plane(labels, 0, 0)[7 * k] = (uint8_t)k;
    bw_trainer *trainer = trainer_for("original", image);
    add(trainer, image, labels);
    const bw_train_options options = context_options(3);
    bw_context *ctx = test_context(1);
    assert_refused(ctx, bw_trainer_prepare_context(ctx, trainer, &options), BW_ERROR_ARGUMENT, "at most 64 classes");
    bw_context_free(ctx);
    bw_trainer_free(trainer);
    bw_image_free(image);
    bw_image_free(labels);
}

static void cancelled_contexts_are_harmless(void **state) {
    (void)state;
    sketch s = make_sketch("original;gaussian:1", 2);
    const bw_train_options options = context_options(5);
    add_contexts(s.trainer, &options, s.images, 2, 0);
    bw_model *before = train(s.trainer, &options, 1);
    for (int i = 0; i < 2; i++) {
        bw_context *ctx = test_context(1);
        int calls = 0;
        bw_context_set_progress(ctx, stop, &calls);
        if (i)
            assert_refused(ctx, bw_trainer_add_context(ctx, s.trainer, 0, s.images[0]), BW_ERROR_CANCELLED,
                           "Cancelled");
        else
            assert_refused(ctx, bw_trainer_prepare_context(ctx, s.trainer, &options), BW_ERROR_CANCELLED, "Cancelled");
        bw_context_free(ctx);
        bw_model *after = train(s.trainer, &options, 2);
        assert_same_model(before, after);
        bw_model_free(after);
    }
    bw_model_free(before);
    free_sketch(&s);
}

#define leak_free(test) cmocka_unit_test_setup_teardown(test, test_look_at_memory, test_nothing_is_left)

int main(void) {
    const struct CMUnitTest tests[] = {
        leak_free(updates_equal_adding_in_2d),
        leak_free(updates_equal_adding_in_3d),
        leak_free(updates_equal_adding_in_frames_and_channels),
        leak_free(sixteen_bit_labels_are_the_same),
        leak_free(labels_may_be_erased_and_come_back),
        leak_free(images_without_pixels_wait_for_strokes),
        leak_free(misplaced_pixels_are_refused),
        leak_free(failed_updates_are_harmless),
        leak_free(changed_pixels_are_noticed),
        leak_free(strokes_are_connected_pixels_of_a_class),
        leak_free(stroke_weights_have_a_closed_form),
        leak_free(weights_stay_in_range),
        leak_free(short_strokes_can_be_heard),
        leak_free(folds_of_samples_are_even),
        leak_free(folds_never_split_strokes),
        leak_free(folds_never_split_blocks_or_images),
        leak_free(blocks_follow_the_spacing),
        leak_free(classes_spread_over_the_folds),
        leak_free(lone_strokes_are_cut_for_autocontext),
        leak_free(folds_that_cannot_be_are_refused),
        leak_free(separable_classes_are_found),
        leak_free(noise_is_at_chance),
        leak_free(neighbours_leak_but_blocks_do_not),
        leak_free(models_keep_what_was_held_out),
        leak_free(calibration_comes_from_unseen_samples),
        leak_free(lone_strokes_are_not_assessed),
        leak_free(folds_that_leave_one_class_are_skipped),
        leak_free(steps_lead_to_the_same_model),
        leak_free(steps_need_trees),
        leak_free(outputs_of_an_item_share_their_importance),
        leak_free(models_know_the_spread_of_grey_values),
        leak_free(wrong_options_are_refused),
        leak_free(presets_train),
        leak_free(selection_keeps_what_matters),
        leak_free(selected_lists_are_canonical),
        leak_free(selection_is_refused_or_cancelled),
        leak_free(context_decides),
        leak_free(context_does_not_depend_on_threads_or_tiles),
        leak_free(context_is_cross_fitted),
        leak_free(lone_strokes_do_for_context),
        leak_free(context_must_be_prepared),
        leak_free(context_needs_few_classes),
        leak_free(cancelled_contexts_are_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
