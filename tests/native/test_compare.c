/* Properties of comparisons that hold for any segmentation; tests/cli compares the scores with other programs. */
#include "support.h"

#include <math.h>

#include "objects/compare.h"

enum { WIDTH = 61, HEIGHT = 47, DEPTH = 5, FRAMES = 3, MOST = 64 };

static void near(double a, double b, double tolerance) {
    if (!(fabs(a - b) <= tolerance) && !(isnan(a) && isnan(b))) fail_msg("%.17g is not %.17g", a, b);
}

/* ---- images ------------------------------------------------------------------------------------------------------ */

static bw_image_info stack_info(bw_pixel_type type) {
    bw_image_info info = test_info(type, WIDTH, HEIGHT, DEPTH);
    info.frames = FRAMES;
    return info;
}

/* Boxes of random labels 1..20 on background, other ones in each frame. */
static void paint_boxes(bw_image *image, uint64_t seed) {
    for (int frame = 0; frame < FRAMES; frame++)
        for (uint64_t k = 0; k < 60; k++) {
            const uint64_t r = bw_random(seed, (uint64_t)frame, k);
            const int64_t x = (int64_t)(r % WIDTH), y = (int64_t)(r >> 8 & 255) % HEIGHT;
            const int64_t w = 3 + (int64_t)(r >> 24 & 255) % 12, h = 3 + (int64_t)(r >> 32 & 255) % 12;
            uint16_t *plane = bw_image_plane(image, frame, 0, (int64_t)(r >> 16 & 255) % DEPTH);
            for (int64_t row = y; row < y + h && row < HEIGHT; row++)
                for (int64_t column = x; column < x + w && column < WIDTH; column++)
                    plane[row * WIDTH + column] = (uint16_t)(1 + k % 20);
        }
}

static bw_image *boxes(uint64_t seed) {
    const bw_image_info info = stack_info(BW_UINT16);
    bw_image *image = test_image(&info);
    paint_boxes(image, seed);
    return image;
}

/* Other ids for the same objects, as floats. */
static bw_image *relabelled(const bw_image *image) {
    const bw_image_info info = stack_info(BW_FLOAT32);
    bw_image *out = test_image(&info);
    for (int frame = 0; frame < FRAMES; frame++)
        for (int64_t z = 0; z < DEPTH; z++) {
            const uint16_t *from = bw_image_plane_const(image, frame, 0, z);
            float *to = bw_image_plane(out, frame, 0, z);
            for (int64_t i = 0; i < WIDTH * HEIGHT; i++)
                to[i] = from[i] ? (float)(16777216 - 100 * frame - 3 * from[i]) : 0.0f;
        }
    return out;
}

static bw_status read_part(bw_context *ctx, void *user, const bw_part *part, void *to) {
    return bw_image_read(ctx, user, part, to);
}

/* The same pixels, read when they are needed. */
static bw_image *streamed(bw_context *ctx, bw_image *image) {
    const bw_image_reader reader = {.read = read_part, .user = image};
    bw_image *out;
    assert_ok(ctx, bw_image_create_streamed(ctx, bw_image_get_info(image), &reader, &out));
    return out;
}

/* ---- scores ------------------------------------------------------------------------------------------------------ */

static bw_comparison *compared(int threads, bw_comparison_kind kind, const bw_image *truth, const bw_image *result) {
    bw_context *ctx = test_context(threads);
    bw_comparison *c;
    assert_ok(ctx, bw_comparison_create(ctx, kind, 0, &c));
    assert_ok(ctx, bw_comparison_add(ctx, c, truth, result));
    bw_context_free(ctx);
    return c;
}

static int row_of(const char *id) {
    for (int i = 0; i < bw_comparison_score_count(); i++)
        if (!strcmp(bw_comparison_score_get(i)->id, id)) return i;
    fail_msg("there is no score %s", id);
    return -1;
}

static double score(const bw_comparison *c, int64_t image, const char *id) {
    double values[MOST];
    assert_true(bw_comparison_score_count() <= MOST);
    bw_comparison_values(c, image, values);
    return values[row_of(id)];
}

static char *description(const bw_comparison *c, bw_describe_format format) {
    bw_context *ctx = test_context(1);
    char *text;
    assert_ok(ctx, bw_comparison_describe(ctx, c, format, &text));
    bw_context_free(ctx);
    return text;
}

static void assert_same_comparison(const bw_comparison *a, const bw_comparison *b) {
    for (int format = BW_DESCRIBE_TEXT; format <= BW_DESCRIBE_CSV; format++) {
        char *x = description(a, (bw_describe_format)format), *y = description(b, (bw_describe_format)format);
        assert_string_equal(x, y);
        bw_string_free(x);
        bw_string_free(y);
    }
}

static void an_image_agrees_with_itself(void **state) {
    (void)state;
    bw_image *image = boxes(1), *other = relabelled(image);
    bw_comparison *c = compared(2, BW_COMPARE_LABELS, image, other);
    static const char *const whole[] = {
        "accuracy",           "mean_iou", "mean_dice",    "iou",       "dice",        "f1_50",
        "average_precision",  "ap_75",    "precision_50", "recall_50", "rand_recall", "rand_precision",
        "panoptic_quality_50"};
    static const char *const none[] = {"rand_error", "voi_split", "voi_merge", "split", "merged", "empty_images"};
    for (int64_t which = BW_COMPARE_MEAN; which < FRAMES; which++) {
        for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
            assert_true(score(c, which, whole[i]) == 1);
        for (size_t i = 0; i < sizeof none / sizeof *none; i++)
            assert_true(score(c, which, none[i]) == 0);
    }
    assert_true(score(c, BW_COMPARE_POOLED, "truth_objects") > 20);
    assert_true(bw_comparison_images(c) == FRAMES && bw_comparison_image_frame(c, 2) == 2);
    bw_comparison_free(c);
    bw_image_free(other);
    bw_image_free(image);
}

static void swapping_swaps_the_scores(void **state) {
    (void)state;
    static const char *const pairs[][2] = {{"accuracy", "accuracy"},
                                           {"mean_iou", "mean_iou"},
                                           {"mean_dice", "mean_dice"},
                                           {"average_precision", "average_precision"},
                                           {"ap_75", "ap_75"},
                                           {"f1_50", "f1_50"},
                                           {"precision_50", "recall_50"},
                                           {"recall_50", "precision_50"},
                                           {"voi_split", "voi_merge"},
                                           {"voi_merge", "voi_split"},
                                           {"split", "merged"},
                                           {"truth_objects", "result_objects"},
                                           {"panoptic_quality_50", "panoptic_quality_50"}};
    bw_image *a = boxes(1), *b = boxes(2);
    bw_comparison *there = compared(2, BW_COMPARE_LABELS, a, b), *back = compared(2, BW_COMPARE_LABELS, b, a);
    for (int64_t which = BW_COMPARE_MEAN; which < FRAMES; which++)
        for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
            near(score(there, which, pairs[i][0]), score(back, which, pairs[i][1]), 1e-12);
    assert_true(score(there, BW_COMPARE_POOLED, "rand_error") > 0.1);
    bw_comparison_free(there);
    bw_comparison_free(back);
    bw_image_free(a);
    bw_image_free(b);
}

static void ids_do_not_matter(void **state) {
    (void)state;
    bw_image *a = boxes(1), *b = boxes(2), *other = relabelled(a);
    bw_comparison *x = compared(1, BW_COMPARE_LABELS, a, b), *y = compared(1, BW_COMPARE_LABELS, other, b);
    double values[2][MOST];
    bw_match_score s, t;
    for (int64_t which = BW_COMPARE_MEAN; which < FRAMES; which++) {
        bw_comparison_values(x, which, values[0]);
        bw_comparison_values(y, which, values[1]);
        for (int i = 0; i < bw_comparison_score_count(); i++)
            near(values[0][i], values[1][i], 1e-12);
        for (int i = 0; i < BW_COMPARE_THRESHOLDS; i++) {
            bw_comparison_match(x, which, i, &s);
            bw_comparison_match(y, which, i, &t);
            assert_true(s.hits == t.hits && s.extra == t.extra && s.missed == t.missed);
        }
    }
    bw_comparison_free(x);
    bw_comparison_free(y);
    bw_image_free(other);
    bw_image_free(a);
    bw_image_free(b);
}

static void threads_and_streams_make_no_difference(void **state) {
    (void)state;
    bw_image *a = boxes(3), *b = boxes(4);
    for (int kind = BW_COMPARE_LABELS; kind <= BW_COMPARE_CLASSES; kind++) {
        bw_comparison *one = compared(1, (bw_comparison_kind)kind, a, b);
        bw_comparison *many = compared(7, (bw_comparison_kind)kind, a, b);
        assert_same_comparison(one, many);
        bw_comparison_free(many);
        bw_context *ctx = test_context(3);
        bw_image *x = streamed(ctx, a), *y = streamed(ctx, b);
        many = compared(3, (bw_comparison_kind)kind, x, y);
        assert_same_comparison(one, many);
        bw_image_free(x);
        bw_image_free(y);
        bw_context_free(ctx);
        bw_comparison_free(many);
        bw_comparison_free(one);
    }
    bw_image_free(a);
    bw_image_free(b);
}

/* Many bands of rows, and rows longer than a band's usual size would be. */
static void large_images_are_counted_whole(void **state) {
    (void)state;
    const bw_image_info info = test_info(BW_UINT16, test_quick() ? 3000 : 9000, test_quick() ? 1500 : 2000, 1);
    bw_image *a = test_image(&info), *b = test_image(&info);
    uint16_t *p = bw_image_plane(a, 0, 0, 0), *q = bw_image_plane(b, 0, 0, 0);
    for (int64_t y = 0; y < info.height; y++)
        for (int64_t x = 0; x < info.width; x++) {
            p[y * info.width + x] = (uint16_t)(x / 100 + 1);
            q[y * info.width + x] = (uint16_t)(y / 500 + 1);
        }
    bw_comparison *c = compared(4, BW_COMPARE_LABELS, a, b);
    const double columns = (double)info.width / 100, rows = (double)info.height / 500;
    assert_true(score(c, 0, "pixels") == (double)(info.width * info.height));
    assert_true(score(c, 0, "truth_objects") == columns && score(c, 0, "result_objects") == rows);
    near(score(c, 0, "voi_split"), log2(rows), 1e-12);
    near(score(c, 0, "voi_merge"), log2(columns), 1e-12);
    assert_true(score(c, 0, "split") == columns);
    bw_comparison_free(c);
    bw_image_free(a);
    bw_image_free(b);
}

/* Columns of 100 pixels, made when they are read. */
static bw_status read_columns(bw_context *ctx, void *user, const bw_part *part, void *to) {
    uint16_t *at = to;
    (void)ctx, (void)user;
    for (int64_t row = 0; row < (part->hi[1] - part->lo[1]) * (part->hi[2] - part->lo[2]); row++)
        for (int64_t x = part->lo[0]; x < part->hi[0]; x++)
            *at++ = (uint16_t)(x / 100);
    return BW_OK;
}

static void memory_does_not_grow_with_the_image(void **state) {
    (void)state;
    const bw_image_info info = test_info(BW_UINT16, 5000, test_quick() ? 2000 : 10000, 1);
    const bw_image_reader reader = {.read = read_columns};
    bw_context *ctx = test_context(2);
    bw_image *image;
    bw_comparison *c;
    assert_ok(ctx, bw_image_create_streamed(ctx, &info, &reader, &image));
    assert_ok(ctx, bw_comparison_create(ctx, BW_COMPARE_LABELS, 0, &c));
    const uint64_t before = bw_memory_in_use();
    bw_memory_reset_peak();
    assert_ok(ctx, bw_comparison_add(ctx, c, image, image));
    assert_true(bw_memory_peak() - before < 18000000); /* two bands of 2^21 floats, and tables */
    assert_true(score(c, 0, "truth_objects") == 49 && score(c, 0, "accuracy") == 1);
    bw_comparison_free(c);
    bw_image_free(image);
    bw_context_free(ctx);
}

static void added_images_are_the_frames_of_one(void **state) {
    (void)state;
    bw_context *ctx = test_context(2);
    bw_image *a = boxes(1), *b = boxes(2);
    bw_comparison *whole = compared(2, BW_COMPARE_LABELS, a, b), *parts;
    assert_ok(ctx, bw_comparison_create(ctx, BW_COMPARE_LABELS, 0, &parts));
    for (int frame = 0; frame < FRAMES; frame++) {
        const bw_image_info info = test_info(BW_UINT16, WIDTH, HEIGHT, DEPTH);
        bw_image *x = test_image(&info), *y = test_image(&info);
        for (int64_t z = 0; z < DEPTH; z++) {
            const bw_part slice = {frame, {0, 0, z}, {WIDTH, HEIGHT, z + 1}};
            assert_ok(ctx, bw_image_read(ctx, a, &slice, bw_image_plane(x, 0, 0, z)));
            assert_ok(ctx, bw_image_read(ctx, b, &slice, bw_image_plane(y, 0, 0, z)));
        }
        assert_ok(ctx, bw_comparison_add(ctx, parts, x, y));
        bw_image_free(x);
        bw_image_free(y);
    }
    for (int i = 0; i < bw_comparison_score_count(); i++)
        for (int64_t which = BW_COMPARE_MEAN; which < FRAMES; which++) {
            const char *id = bw_comparison_score_get(i)->id;
            assert_true(score(whole, which, id) == score(parts, which, id));
        }
    bw_comparison_free(whole);
    bw_comparison_free(parts);
    bw_image_free(a);
    bw_image_free(b);
    bw_context_free(ctx);
}

static void wide_sums_are_exact(void **state) {
    (void)state;
    bw_wide sum = {0, 0};
    bw_wide_add_product(&sum, UINT64_MAX, UINT64_MAX);
    assert_true(sum.high == UINT64_MAX - 1 && sum.low == 1);
    bw_wide_add(&sum, (bw_wide){0, UINT64_MAX});
    assert_true(sum.high == UINT64_MAX && sum.low == 0);
    sum = (bw_wide){0, 0};
    bw_wide_add_product(&sum, 0x123456789abcdefu, 0xfedcba987654321u);
    assert_true(sum.high == 0x121fa00ad77d74u && sum.low == 0x22236d88fe5618cfu);
    near(bw_wide_value((bw_wide){1, 1u << 20}), 0x1p64 + 0x1p20, 0);
}

/* ---- masks beside labels ----------------------------------------------------------------------------------------- */

static bw_image *mask_of(const bw_image *image) {
    const bw_image_info info = stack_info(BW_UINT8);
    bw_image *out = test_image(&info);
    for (int frame = 0; frame < FRAMES; frame++)
        for (int64_t z = 0; z < DEPTH; z++) {
            const uint16_t *from = bw_image_plane_const(image, frame, 0, z);
            uint8_t *to = bw_image_plane(out, frame, 0, z);
            for (int64_t i = 0; i < WIDTH * HEIGHT; i++)
                to[i] = from[i] % 3 ? 255 : 0;
        }
    return out;
}

static bw_comparison *taken_apart(int threads, const bw_image *truth, const bw_image *result) {
    bw_context *ctx = test_context(threads);
    bw_comparison *c;
    assert_ok(ctx, bw_comparison_create(ctx, BW_COMPARE_LABELS, BW_COMPARE_TAKE_APART, &c));
    assert_ok(ctx, bw_comparison_add(ctx, c, truth, result));
    bw_context_free(ctx);
    return c;
}

/* As if their components had been given; labels are left as they are, and so are streamed ones. */
static void masks_are_compared_by_their_components(void **state) {
    (void)state;
    bw_context *ctx = test_context(2);
    bw_image *labels = boxes(7), *mask = mask_of(labels), *parts, *one, *other;
    assert_ok(ctx, bw_components(ctx, mask, 0, &parts));
    bw_image *stream = streamed(ctx, mask);
    bw_comparison *wanted = compared(1, BW_COMPARE_LABELS, labels, parts);
    for (int threads = 1; threads <= 3; threads += 2) {
        bw_comparison *got = taken_apart(threads, labels, threads == 1 ? mask : stream);
        assert_true(score(got, 0, "result_objects") > 3);
        assert_same_comparison(got, wanted);
        assert_true(bw_comparison_taken_apart(got, 0) == 0 && bw_comparison_taken_apart(got, 1) == 1);
        bw_comparison_free(got);
    }
    assert_ok(ctx, bw_comparison_picture(ctx, parts, labels, BW_COMPARE_LABELS, 0, &one));
    assert_ok(ctx, bw_comparison_picture(ctx, stream, labels, BW_COMPARE_LABELS, BW_COMPARE_TAKE_APART, &other));
    assert_same_pixels(one, other);
    bw_comparison_free(wanted);
    bw_image_free(other);
    bw_image_free(one);
    bw_image_free(stream);
    bw_image_free(parts);
    bw_image_free(mask);
    bw_image_free(labels);
    bw_context_free(ctx);
}

static void only_labels_have_parts(void **state) {
    (void)state;
    for (int kind = BW_COMPARE_MASKS; kind <= BW_COMPARE_CLASSES; kind++) {
        bw_context *ctx = test_context(1);
        bw_comparison *c;
        assert_refused(ctx, bw_comparison_create(ctx, (bw_comparison_kind)kind, BW_COMPARE_TAKE_APART, &c),
                       BW_ERROR_ARGUMENT, "labels alone");
        bw_context_free(ctx);
    }
}

/* ---- pictures ---------------------------------------------------------------------------------------------------- */

static bw_image *picture(int threads, bw_image *truth, bw_image *result, bw_comparison_kind kind) {
    bw_context *ctx = test_context(threads);
    bw_image *out;
    assert_ok(ctx, bw_comparison_picture(ctx, truth, result, kind, 0, &out));
    bw_context_free(ctx);
    return out;
}

static bw_status put_part(bw_context *ctx, void *user, const bw_part *part, const bw_image *pixels) {
    const bw_image_info *info = bw_image_get_info(pixels);
    (void)ctx;
    for (int c = 0; c < 3; c++)
        for (int64_t z = 0; z < info->depth; z++) {
            const uint8_t *from = bw_image_plane_const(pixels, 0, c, z);
            uint8_t *to = bw_image_plane(user, part->frame, c, part->lo[2] + z);
            memcpy(to + part->lo[1] * info->width, from, (size_t)(info->width * info->height));
        }
    return BW_OK;
}

static void pictures_are_the_same_in_parts(void **state) {
    (void)state;
    bw_image *a = boxes(5), *b = boxes(6);
    for (int kind = BW_COMPARE_LABELS; kind <= BW_COMPARE_CLASSES; kind++) {
        bw_context *ctx = test_context(3);
        bw_image *one = picture(1, a, b, (bw_comparison_kind)kind), *many = picture(4, a, b, (bw_comparison_kind)kind);
        assert_same_pixels(one, many);
        bw_image *x = streamed(ctx, a), *outline, *parts = test_image(bw_image_get_info(one));
        bw_sink *sink;
        const bw_sink_writer writer = {.step = {7, 7, 2}, .write = put_part, .user = parts};
        assert_ok(ctx, bw_comparison_outline(ctx, x, &outline));
        assert_ok(ctx, bw_sink_create(ctx, outline, &writer, &sink));
        assert_ok(ctx, bw_comparison_draw(ctx, x, b, (bw_comparison_kind)kind, 0, sink));
        assert_same_pixels(one, parts);
        bw_sink_free(sink);
        bw_image_free(outline);
        bw_image_free(parts);
        bw_image_free(x);
        bw_image_free(many);
        bw_image_free(one);
        bw_context_free(ctx);
    }
    bw_image_free(a);
    bw_image_free(b);
}

static int is_colour(const bw_image *shown, int frame, int64_t z, int64_t i, const char *id) {
    uint32_t colour = 0;
    for (int c = 0; c < 3; c++)
        colour = colour << 8 | ((const uint8_t *)bw_image_plane_const(shown, frame, c, z))[i];
    for (int k = 0; k < bw_comparison_colour_count(); k++)
        if (!strcmp(bw_comparison_colour_get(k)->id, id)) return bw_comparison_colour_get(k)->colour == colour;
    fail_msg("there is no colour %s", id);
    return 0;
}

static void pictures_tell_what_is_alone(void **state) {
    (void)state;
    bw_image *a = boxes(7), *b = boxes(8), *shown = picture(2, a, b, BW_COMPARE_LABELS);
    for (int frame = 0; frame < FRAMES; frame++)
        for (int64_t z = 0; z < DEPTH; z++)
            for (int64_t i = 0; i < WIDTH * HEIGHT; i++) {
                const int truth = ((const uint16_t *)bw_image_plane_const(a, frame, 0, z))[i] != 0;
                const int result = ((const uint16_t *)bw_image_plane_const(b, frame, 0, z))[i] != 0;
                assert_int_equal(is_colour(shown, frame, z, i, "nothing"), !truth && !result);
                assert_int_equal(is_colour(shown, frame, z, i, "missed"), truth && !result);
                assert_int_equal(is_colour(shown, frame, z, i, "extra"), !truth && result);
            }
    bw_image_free(shown);
    bw_image_free(a);
    bw_image_free(b);
}

/* ---- errors ------------------------------------------------------------------------------------------------------ */

static void refuse_add(const bw_image *truth, const bw_image *result, bw_comparison_kind kind, const char *words) {
    bw_context *ctx = test_context(2);
    bw_comparison *c;
    assert_ok(ctx, bw_comparison_create(ctx, kind, 0, &c));
    assert_refused(ctx, bw_comparison_add(ctx, c, truth, result), BW_ERROR_MISMATCH, words);
    assert_true(bw_comparison_images(c) == 0 && score(c, BW_COMPARE_POOLED, "pixels") == 0);
    assert_true(isnan(score(c, BW_COMPARE_POOLED, "accuracy")));
    bw_comparison_free(c);
    bw_context_free(ctx);
}

/* The first bad value in the order of pixels is told, whoever finds one first. */
static void bad_values_are_told(void **state) {
    (void)state;
    const bw_image_info info = test_info(BW_FLOAT32, 400, 900, 2),
                        two = {.type = BW_UINT8, .width = 400, .height = 900, .depth = 2, .channels = 2, .frames = 1};
    bw_image *a = test_image(&info), *b = test_image(&info), *channels = test_image(&two), *small = boxes(1);
    float *plane = bw_image_plane(b, 0, 0, 1);
    for (int64_t i = 123 * 400 + 45; i < 400 * 900; i++)
        plane[i] = 0.5f + (float)i;
    refuse_add(a, b, BW_COMPARE_LABELS, "The result has the value 49245.5 at x = 45, y = 123, slice 2.");
    refuse_add(b, a, BW_COMPARE_LABELS, "The truth has the value 49245.5 at x = 45, y = 123, slice 2.");
    refuse_add(a, channels, BW_COMPARE_LABELS, "2 channels");
    refuse_add(a, small, BW_COMPARE_MASKS, "same size");
    plane[3] = 256;
    refuse_add(a, b, BW_COMPARE_CLASSES, "256 at x = 3, y = 0, slice 2");
    plane[3] = NAN;
    refuse_add(a, b, BW_COMPARE_MASKS, "nan at x = 3");
    bw_image_free(small);
    bw_image_free(channels);
    bw_image_free(a);
    bw_image_free(b);
}

static void zeros_are_ignored_among_classes_alone(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_comparison *c;
    assert_refused(ctx, bw_comparison_create(ctx, BW_COMPARE_LABELS, 1, &c), BW_ERROR_ARGUMENT, "background");
    assert_null(c);
    bw_context_free(ctx);
}

static void cancelled_comparisons_leave_nothing(void **state) {
    (void)state;
    bw_context *ctx = test_context(2);
    bw_image *a = boxes(1), *b = boxes(2), *out;
    bw_comparison *c;
    assert_ok(ctx, bw_comparison_create(ctx, BW_COMPARE_LABELS, 0, &c));
    bw_context_cancel(ctx);
    assert_int_equal(bw_comparison_add(ctx, c, a, b), BW_ERROR_CANCELLED);
    assert_int_equal(bw_comparison_picture(ctx, a, b, BW_COMPARE_LABELS, 0, &out), BW_ERROR_CANCELLED);
    assert_true(!out && bw_comparison_images(c) == 0);
    bw_comparison_free(c);
    bw_image_free(a);
    bw_image_free(b);
    bw_context_free(ctx);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_look_at_memory, test_nothing_is_left)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(an_image_agrees_with_itself),
        TEST(swapping_swaps_the_scores),
        TEST(ids_do_not_matter),
        TEST(threads_and_streams_make_no_difference),
        TEST(large_images_are_counted_whole),
        TEST(memory_does_not_grow_with_the_image),
        TEST(added_images_are_the_frames_of_one),
        TEST(wide_sums_are_exact),
        TEST(masks_are_compared_by_their_components),
        TEST(only_labels_have_parts),
        TEST(pictures_are_the_same_in_parts),
        TEST(pictures_tell_what_is_alone),
        TEST(bad_values_are_told),
        TEST(zeros_are_ignored_among_classes_alone),
        TEST(cancelled_comparisons_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
