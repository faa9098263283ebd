/* From probabilities to objects: every step against plain code or known shapes, the same whatever is streamed and on
 * however many threads. */
#include "support.h"

#include <math.h>

#include "core/image.h"

/* ---- scenes ------------------------------------------------------------------------------------------------------ */

static bw_image *blank(bw_pixel_type type, int64_t width, int64_t height, int64_t depth, int channels, int frames) {
    bw_image_info info = test_info(type, width, height, depth);
    info.channels = channels;
    info.frames = frames;
    return test_image(&info);
}

static void put(bw_image *image, int frame, int channel, int64_t x, int64_t y, int64_t z, float value) {
    const bw_image_info *info = bw_image_get_info(image);
    ((float *)bw_image_plane(image, frame, channel, z))[y * info->width + x] = value;
}

/* A ball around a voxel, or its cut by the image. */
static void ball(bw_image *image, int frame, int channel, const double centre[3], double radius, float value) {
    const bw_image_info *info = bw_image_get_info(image);
    for (int64_t z = 0; z < info->depth; z++)
        for (int64_t y = 0; y < info->height; y++)
            for (int64_t x = 0; x < info->width; x++) {
                const double d[3] = {(double)x - centre[0], (double)y - centre[1], (double)z - centre[2]};
                if (d[0] * d[0] + d[1] * d[1] + d[2] * d[2] <= radius * radius)
                    put(image, frame, channel, x, y, z, value);
            }
}

/* Smooth noise in 0..1, two channels that sum to 1. */
static bw_image *cloud(int64_t width, int64_t height, int64_t depth, int frames) {
    bw_image *image = blank(BW_FLOAT32, width, height, depth, 2, frames);
    for (int f = 0; f < frames; f++)
        for (int64_t z = 0; z < depth; z++)
            for (int64_t y = 0; y < height; y++)
                for (int64_t x = 0; x < width; x++) {
                    const double wave = sin(0.31 * (double)x + f) * sin(0.23 * (double)y) * cos(0.4 * (double)z);
                    const double noise = test_uniform((uint64_t)(f * 100 + z), (uint64_t)(y * width + x));
                    const float p = (float)(0.5 + 0.3 * wave + 0.2 * (noise - 0.5));
                    put(image, f, 1, x, y, z, p);
                    put(image, f, 0, x, y, z, 1 - p);
                }
    return image;
}

static bw_objects_options plain(void) {
    bw_objects_options options;
    bw_objects_options_init(&options);
    options.method = BW_THRESHOLD_FIXED;
    options.threshold = 0.5;
    options.core_threshold = 0;
    options.sigma = 0;
    options.fill_holes = 0;
    options.min_size = 0;
    options.min_share = 0;
    options.edge = 0;
    options.split = BW_SPLIT_NONE;
    return options;
}

static bw_image *label_on(int threads, const bw_image *image, const bw_objects_options *options,
                          bw_objects_report *report) {
    bw_context *ctx = test_context(threads);
    bw_objects *objects;
    bw_image *labels;
    assert_ok(ctx, bw_objects_label(ctx, image, options, &objects, report));
    assert_ok(ctx, bw_objects_image(ctx, objects, BW_OBJECTS_LABELS, &labels));
    bw_objects_free(objects);
    bw_context_free(ctx);
    return labels;
}

static int64_t count_objects(const bw_image *image, const bw_objects_options *options) {
    bw_objects_report report;
    bw_image_free(label_on(1, image, options, &report));
    return report.objects;
}

static uint32_t at(const bw_image *labels, int frame, int64_t x, int64_t y, int64_t z) {
    const bw_image_info *info = bw_image_get_info(labels);
    const void *plane = bw_image_plane_const(labels, frame, 0, z);
    const int64_t i = y * info->width + x;
    return info->type == BW_UINT16 ? ((const uint16_t *)plane)[i] : (uint32_t)((const float *)plane)[i];
}

/* ---- label images in and out ------------------------------------------------------------------------------------- */

static void test_labels_come_back(void **state) {
    static const bw_pixel_type types[] = {BW_UINT8, BW_UINT16, BW_FLOAT32};
    (void)state;
    for (int t = 0; t < 3; t++) {
        bw_context *ctx = test_context(3);
        bw_image_info info = test_info(types[t], 37, 11, 4);
        info.frames = 2;
        bw_image *labels = test_noise(&info), *back;
        bw_objects *objects;
        for (int64_t p = 0; types[t] == BW_FLOAT32 && p < 8; p++) {
            float *plane = bw_image_plane(labels, (int)(p / 4), 0, p % 4);
            for (int64_t i = 0; i < 37 * 11; i++)
                plane[i] = floorf(plane[i] / 20) * 10000;
        }
        assert_ok(ctx, bw_objects_from_labels(ctx, labels, &objects));
        assert_ok(ctx, bw_objects_image(ctx, objects, BW_OBJECTS_LABELS, &back));
        assert_int_equal(bw_image_get_info(back)->type, types[t] == BW_FLOAT32 ? BW_FLOAT32 : BW_UINT16);
        for (int f = 0; f < 2; f++)
            for (int64_t z = 0; z < 4; z++)
                for (int64_t i = 0; i < 37 * 11; i++) {
                    const void *plane = bw_image_plane_const(labels, f, 0, z);
                    const double wanted = types[t] == BW_UINT8    ? ((const uint8_t *)plane)[i]
                                          : types[t] == BW_UINT16 ? ((const uint16_t *)plane)[i]
                                                                  : (double)((const float *)plane)[i];
                    assert_true(at(back, f, i % 37, i / 37, z) == wanted);
                }
        bw_image_free(back);
        bw_image_free(labels);
        bw_objects_free(objects);
        bw_context_free(ctx);
    }
}

static void test_ids_with_gaps(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_image *labels = blank(BW_FLOAT32, 8, 1, 1, 1, 2);
    bw_objects *objects;
    put(labels, 0, 0, 6, 0, 0, 3);
    put(labels, 0, 0, 2, 0, 0, 70000);
    put(labels, 1, 0, 2, 0, 0, 1);
    assert_ok(ctx, bw_objects_from_labels(ctx, labels, &objects));
    assert_int_equal(bw_objects_count(objects, 0), 2);
    assert_int_equal(bw_objects_id(objects, 0, 0), 3);
    assert_int_equal(bw_objects_id(objects, 0, 1), 70000);
    assert_int_equal(bw_objects_count(objects, 1), 1);
    assert_int_equal(bw_objects_count(objects, 2), 0);
    assert_int_equal(bw_objects_id(objects, 0, 2), 0);
    bw_objects_free(objects);
    bw_image_free(labels);
    bw_context_free(ctx);
}

static void put_whole(bw_image *image, int frame, int64_t z, int64_t i, uint8_t value) {
    void *plane = bw_image_plane(image, frame, 0, z);
    if (bw_image_get_info(image)->type == BW_UINT8)
        ((uint8_t *)plane)[i] = value;
    else
        ((uint16_t *)plane)[i] = value;
}

/* Noise of 0 and 255 in the second of two frames. */
static bw_image *speckles(bw_pixel_type type) {
    const int64_t plane = (int64_t)31 * 23;
    bw_image *mask = blank(type, 31, 23, 5, 1, 2);
    for (int64_t i = 0; i < 5 * plane; i++)
        if (bw_random(3, 1, (uint64_t)i) % 4 == 0) put_whole(mask, 1, i / plane, i % plane, 255);
    return mask;
}

/* found: whether it has to be taken for a mask. */
static void check_kind(const bw_image *image, int connectivity, int found) {
    bw_context *ctx = test_context(2);
    bw_objects *objects, *wanted;
    bw_image *a, *b;
    int mask = 2;
    assert_ok(ctx, bw_objects_from_image(ctx, image, connectivity, &objects, &mask));
    assert_int_equal(mask, found);
    assert_ok(ctx, found ? bw_objects_from_mask(ctx, image, connectivity, &wanted)
                         : bw_objects_from_labels(ctx, image, &wanted));
    assert_ok(ctx, bw_objects_image(ctx, objects, BW_OBJECTS_LABELS, &a));
    assert_ok(ctx, bw_objects_image(ctx, wanted, BW_OBJECTS_LABELS, &b));
    assert_same_pixels(a, b);
    bw_image_free(b);
    bw_image_free(a);
    bw_objects_free(wanted);
    bw_objects_free(objects);
    bw_context_free(ctx);
}

static void test_masks_are_told_from_labels(void **state) {
    static const int kinds[] = {0, 4, 8, 6, 26};
    (void)state;
    bw_image *mask = speckles(BW_UINT8), *words = speckles(BW_UINT16), *empty = blank(BW_UINT8, 31, 23, 5, 1, 2);
    for (int k = 0; k < 5; k++)
        check_kind(mask, kinds[k], 1);
    check_kind(words, 0, 0);
    check_kind(empty, 0, 0);
    put_whole(mask, 0, 3, 100, 254);
    check_kind(mask, 0, 0);
    bw_image_free(empty);
    bw_image_free(words);
    bw_image_free(mask);
}

static void test_what_is_no_label_image(void **state) {
    static const float values[] = {1.5f, -1, NAN, INFINITY};
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        bw_context *ctx = test_context(1);
        bw_image *labels = blank(BW_FLOAT32, 40, 30, 1, 1, 1);
        bw_objects *objects;
        assert_ok(ctx, bw_image_set_name(ctx, labels, "strange.tif"));
        put(labels, 0, 0, 17, 20, 0, values[i]);
        assert_refused(ctx, bw_objects_from_labels(ctx, labels, &objects), BW_ERROR_MISMATCH,
                       "strange.tif is no label image");
        assert_null(objects);
        bw_image_free(labels);
        bw_context_free(ctx);
    }
    bw_context *ctx = test_context(1);
    bw_image *two = blank(BW_UINT8, 4, 4, 1, 2, 1);
    bw_objects *objects;
    assert_refused(ctx, bw_objects_from_labels(ctx, two, &objects), BW_ERROR_MISMATCH, "2 channels");
    bw_image_free(two);
    bw_context_free(ctx);
}

/* Integers from 2^24 on may have been rounded to another one's number. */
static void test_labels_that_floats_merge(void **state) {
    (void)state;
    for (int k = 0; k < 3; k++) {
        bw_context *ctx = test_context(1);
        bw_image *labels = blank(BW_FLOAT32, 40, 30, 1, 1, 1);
        bw_objects *objects;
        put(labels, 0, 0, 17, 20, 0, 16777215.0f + (float)k);
        if (k)
            assert_refused(ctx, bw_objects_from_labels(ctx, labels, &objects), BW_ERROR_MISMATCH, "above 16777215");
        else
            assert_ok(ctx, bw_objects_from_labels(ctx, labels, &objects));
        assert_true(k ? !objects : bw_objects_id(objects, 0, 0) == 16777215);
        bw_objects_free(objects);
        bw_image_free(labels);
        bw_context_free(ctx);
    }
}

/* uint16 with 32768 added, as signed files are read. */
static bw_image *signed_image(const bw_image *values) {
    bw_image_info info = *bw_image_get_info(values);
    const int64_t planes = info.depth * info.channels;
    info.type = BW_UINT16;
    bw_image *out = test_image(&info);
    for (int64_t p = 0; p < planes * info.frames; p++) {
        const int frame = (int)(p / planes), channel = (int)(p % planes / info.depth);
        const float *from = bw_image_plane_const(values, frame, channel, p % info.depth);
        uint16_t *to = bw_image_plane(out, frame, channel, p % info.depth);
        for (int64_t i = 0; i < info.width * info.height; i++)
            to[i] = (uint16_t)(from[i] + 32768);
    }
    bw_image_set_offset(out, -32768);
    return out;
}

static void test_signed_labels_and_masks(void **state) {
    (void)state;
    bw_context *ctx = test_context(2);
    bw_image *values = blank(BW_FLOAT32, 40, 30, 3, 1, 2), *back;
    for (int k = 0; k < 200; k++)
        put(values, k % 2, 0, k * 7 % 40, k * 11 % 30, k % 3, (float)(k % 9 * 4000));
    bw_image *labels = signed_image(values);
    for (int mask = 0; mask < 2; mask++) {
        bw_objects *a, *b;
        assert_ok(ctx, mask ? bw_objects_from_mask(ctx, values, 0, &a) : bw_objects_from_labels(ctx, values, &a));
        assert_ok(ctx, mask ? bw_objects_from_mask(ctx, labels, 0, &b) : bw_objects_from_labels(ctx, labels, &b));
        for (int f = 0; f < 2; f++) {
            assert_int_equal(bw_objects_count(a, f), bw_objects_count(b, f));
            for (int64_t i = 0; i < bw_objects_count(a, f); i++)
                assert_int_equal(bw_objects_id(a, f, i), bw_objects_id(b, f, i));
        }
        assert_ok(ctx, bw_objects_image(ctx, b, BW_OBJECTS_LABELS, &back));
        assert_true(bw_image_offset(back) == 0);
        bw_image_free(back);
        bw_objects_free(a);
        bw_objects_free(b);
    }
    bw_image_free(labels);
    bw_image_free(values);
    bw_context_free(ctx);
}

/* White is 32767; what is below 0 is as black as 0. */
static void test_signed_probabilities(void **state) {
    (void)state;
    bw_image *values = blank(BW_FLOAT32, 40, 30, 1, 1, 1), *white = blank(BW_FLOAT32, 40, 30, 1, 1, 1);
    for (int64_t k = 0; k < 600; k++) {
        const int64_t x = k * 7 % 40, y = k * 11 % 30;
        const float value = (float)(k % 5 - 2) * 16000;
        put(values, 0, 0, x, y, 0, value);
        put(white, 0, 0, x, y, 0, value > 0 ? value / 32767 : 0);
    }
    bw_image *image = signed_image(values);
    bw_objects_options options = plain();
    options.threshold = 0.1;
    for (int k = 0; k < 2; k++) {
        options.sigma = k;
        bw_image *a = label_on(2, image, &options, NULL), *b = label_on(2, white, &options, NULL);
        assert_true(count_objects(white, &options) > 0);
        assert_same_pixels(a, b);
        bw_image_free(a);
        bw_image_free(b);
    }
    bw_image_free(image);
    bw_image_free(white);
    bw_image_free(values);
}

/* ---- thresholds and components -------------------------------------------------------------------------------------
 */

/* Grows a component from a voxel over the mask, recursion by a stack. */
static void flood(const bw_image *image, int frame, int64_t start, int connectivity, uint32_t id, uint32_t *labels) {
    const bw_image_info *info = bw_image_get_info(image);
    const int64_t w = info->width, h = info->height, d = info->depth;
    int64_t *stack = test_malloc((size_t)(w * h * d) * sizeof *stack), count = 0;
    labels[start] = id;
    stack[count++] = start;
    while (count) {
        const int64_t p = stack[--count], x = p % w, y = p / w % h, z = p / w / h;
        for (int n = 0; n < 27; n++) {
            const int64_t dx = n % 3 - 1, dy = n / 3 % 3 - 1, dz = n / 9 - 1, steps = dx * dx + dy * dy + dz * dz;
            const int flat = connectivity == 4 || connectivity == 8, corners = connectivity == 8 || connectivity == 26;
            const int64_t u = x + dx, v = y + dy, t = z + dz, q = (t * h + v) * w + u;
            if ((flat && dz) || (!corners && steps > 1) || u < 0 || v < 0 || t < 0 || u >= w || v >= h || t >= d)
                continue;
            if (labels[q] || ((const float *)bw_image_plane_const(image, frame, 1, t))[v * w + u] < 0.65f) continue;
            labels[q] = id;
            stack[count++] = q;
        }
    }
    test_free(stack);
}

static void test_components_are_a_flood_fills(void **state) {
    static const int kinds[] = {4, 8, 6, 26};
    (void)state;
    bw_image *image = cloud(61, 47, 9, 2);
    for (int k = 0; k < 4; k++) {
        bw_objects_options options = plain();
        options.connectivity = kinds[k];
        options.threshold = 0.65;
        bw_image *labels = label_on(2, image, &options, NULL);
        for (int f = 0; f < 2; f++) {
            const int64_t voxels = 61 * 47 * 9;
            uint32_t *wanted = test_calloc((size_t)voxels, sizeof *wanted), next = 0;
            for (int64_t i = 0; i < voxels; i++) {
                const float *plane = bw_image_plane_const(image, f, 1, i / 61 / 47);
                if (!wanted[i] && plane[i % (61 * 47)] >= 0.65f) flood(image, f, i, kinds[k], ++next, wanted);
                assert_int_equal(at(labels, f, i % 61, i / 61 % 47, i / 61 / 47), wanted[i]);
            }
            assert_true(next > 5);
            test_free(wanted);
        }
        bw_image_free(labels);
    }
    bw_image_free(image);
}

static void test_smoothing_is_a_gaussians(void **state) {
    (void)state;
    /* An impulse of 1: the mask is where the kernel's product reaches the threshold. */
    bw_image *image = blank(BW_FLOAT32, 21, 21, 11, 1, 1);
    bw_objects_options options = plain();
    double kernel[12], sum = 0;
    put(image, 0, 0, 10, 10, 5, 1);
    for (int d = -12; d <= 12; d++)
        sum += exp(-0.5 * d * d / 9);
    for (int d = 0; d < 12; d++)
        kernel[d] = exp(-0.5 * d * d / 9) / sum;
    options.sigma = 3;
    options.spacing[0] = options.spacing[1] = 1;
    options.spacing[2] = 3;
    options.threshold = 0.002;
    bw_image *labels = label_on(1, image, &options, NULL);
    double flat[6], deep = 0;
    for (int d = -4; d <= 4; d++)
        deep += exp(-0.5 * d * d);
    for (int d = 0; d < 6; d++)
        flat[d] = d <= 4 ? exp(-0.5 * d * d) / deep : 0;
    int inside = 0;
    for (int64_t i = 0; i < 21 * 21 * 11; i++) {
        const int64_t x = llabs(i % 21 - 10), y = llabs(i / 21 % 21 - 10), z = llabs(i / 21 / 21 - 5);
        const double value = kernel[x] * kernel[y] * flat[z];
        if (fabs(value - 0.002) < 1e-6) continue;
        inside += value >= 0.002;
        assert_int_equal(at(labels, 0, i % 21, i / 21 % 21, i / 21 / 21) > 0, value >= 0.002);
    }
    assert_true(inside > 20);
    bw_image_free(labels);
    bw_image_free(image);
}

static void test_otsu_finds_the_gap(void **state) {
    (void)state;
    bw_image *image = blank(BW_FLOAT32, 100, 10, 1, 1, 1);
    for (int64_t i = 0; i < 1000; i++)
        put(image, 0, 0, i % 100, i / 100, 0, (float)(i % 100 < 30 ? 0.32 : 0.1) + 0.0001f * (float)(i % 7));
    bw_objects_options options = plain();
    bw_objects_report report;
    options.method = BW_THRESHOLD_OTSU;
    bw_image *labels = label_on(1, image, &options, &report);
    assert_true(report.threshold > 0.1006 && report.threshold <= 0.32);
    assert_int_equal(report.objects, 1);
    assert_int_equal(at(labels, 0, 29, 5, 0), 1);
    assert_int_equal(at(labels, 0, 30, 5, 0), 0);
    bw_image_free(labels);
    bw_image_free(image);
}

/* Mean difference of neighbours along x on both sides of a level. */
static double steepness(const bw_image *image, double level) {
    const bw_image_info *info = bw_image_get_info(image);
    double sum = 0, count = 0;
    for (int f = 0; f < info->frames; f++)
        for (int64_t z = 0; z < info->depth; z++) {
            const float *plane = bw_image_plane_const(image, f, 0, z);
            for (int64_t i = 0; i < info->width * info->height; i++) {
                if (i % info->width == info->width - 1) continue;
                const float lo = fminf(plane[i], plane[i + 1]), hi = fmaxf(plane[i], plane[i + 1]);
                count += lo < level && hi >= level;
                sum += lo < level && hi >= level ? (double)(hi - lo) : 0;
            }
        }
    return count ? sum / count : 0;
}

/* Sharp outlines of hills that rise slowly to 1: from which share on they rise sharply decides. */
static void test_auto_takes_half_where_outlines_are(void **state) {
    (void)state;
    int halves = 0;
    for (int k = 0; k < 20; k++) {
        bw_image *image = blank(BW_FLOAT32, 120, 30, 2, 1, 2);
        const float plateau = 0.2f + 0.04f * (float)k;
        for (int64_t i = 0; i < 120 * 30 * 4; i++) {
            const int64_t x = i % 40, rise = x < 8 || x > 32 ? -1 : x <= 20 ? x - 8 : 32 - x;
            const float noise = 0.02f * (float)test_uniform((uint64_t)k, (uint64_t)i);
            put(image, (int)(i / 7200), 0, i % 120, i / 120 % 30, i / 3600 % 2,
                rise < 0 ? noise : plateau + (0.98f - plateau) * (float)rise / 12 + noise / 2);
        }
        bw_objects_options options = plain();
        bw_objects_report report;
        options.method = BW_THRESHOLD_AUTO;
        bw_image_free(label_on(2, image, &options, &report));
        const int half = steepness(image, 0.25) > 1.5 * steepness(image, 0.75);
        assert_true(report.threshold == (half ? 0.25 : 0.5));
        halves += half;
        bw_image_free(image);
    }
    assert_in_range(halves, 5, 15);
}

static void test_auto_without_objects(void **state) {
    (void)state;
    bw_image *image = blank(BW_FLOAT32, 60, 20, 1, 1, 1);
    bw_objects_options options = plain();
    bw_objects_report report;
    options.method = BW_THRESHOLD_AUTO;
    ball(image, 0, 0, (double[]){20, 10, 0}, 6, 0.4f); /* nothing is sure */
    bw_image_free(label_on(1, image, &options, &report));
    assert_true(report.threshold == 0.5);
    assert_int_equal(report.objects, 0);
    ball(image, 0, 0, (double[]){40, 10, 0}, 6, 1); /* as steep as can be */
    bw_image_free(label_on(1, image, &options, &report));
    assert_true(report.threshold == 0.5);
    assert_int_equal(report.objects, 1);
    bw_image_free(image);
}

/* ---- holes, cores, sizes ----------------------------------------------------------------------------------------- */

static void test_holes(void **state) {
    (void)state;
    bw_image *image = blank(BW_FLOAT32, 40, 20, 1, 1, 1);
    bw_objects_options options = plain();
    bw_objects_report report;
    ball(image, 0, 0, (double[]){10, 10, 0}, 7, 1);
    ball(image, 0, 0, (double[]){10, 10, 0}, 3, 0);
    ball(image, 0, 0, (double[]){39, 10, 0}, 7, 1);
    ball(image, 0, 0, (double[]){39, 10, 0}, 3, 0); /* open to the border */
    options.fill_holes = 1;
    bw_image *labels = label_on(1, image, &options, &report);
    assert_int_equal(report.filled, 29); /* pixels of a disc of radius 3 */
    assert_int_equal(at(labels, 0, 10, 10, 0), 1);
    assert_int_equal(at(labels, 0, 39, 10, 0), 0);
    assert_int_equal(report.objects, 2);
    bw_image_free(labels);
    bw_image_free(image);
}

static void test_holes_of_stacks(void **state) {
    (void)state;
    bw_image *image = blank(BW_FLOAT32, 24, 24, 15, 1, 1);
    bw_objects_options options = plain();
    bw_objects_report solid, planar;
    ball(image, 0, 0, (double[]){12, 12, 7}, 6, 1);
    ball(image, 0, 0, (double[]){12, 12, 7}, 3, 0);
    for (int64_t x = 12; x < 24; x++)
        put(image, 0, 0, x, 12, 7, 0); /* a channel to the outside in one slice */
    options.fill_holes = 1;
    options.connectivity = 26;
    bw_image_free(label_on(1, image, &options, &solid));
    options.connectivity = 8;
    bw_image_free(label_on(1, image, &options, &planar));
    assert_int_equal(solid.filled, 0);
    assert_true(planar.filled > 50); /* all slices but that one are rings */
    bw_image_free(image);
}

static void test_hysteresis(void **state) {
    (void)state;
    bw_image *image = blank(BW_FLOAT32, 30, 10, 1, 2, 1);
    bw_objects_options options = plain();
    ball(image, 0, 1, (double[]){5, 5, 0}, 3, 0.6f);
    ball(image, 0, 1, (double[]){20, 5, 0}, 3, 0.6f);
    put(image, 0, 1, 20, 5, 0, 0.9f);
    assert_int_equal(count_objects(image, &options), 2);
    options.core_threshold = 0.8;
    bw_image *labels = label_on(1, image, &options, NULL);
    assert_int_equal(at(labels, 0, 5, 5, 0), 0);
    assert_int_equal(at(labels, 0, 18, 5, 0), 1);
    bw_image_free(labels);
    bw_objects_report report;
    bw_image_free(label_on(1, image, &options, &report));
    assert_int_equal(report.without_core, 1);
    options.core[0] = 1; /* another channel holds the cores */
    put(image, 0, 0, 5, 5, 0, 0.9f);
    labels = label_on(1, image, &options, NULL);
    assert_int_equal(at(labels, 0, 5, 5, 0), 1);
    assert_int_equal(at(labels, 0, 18, 5, 0), 0);
    bw_image_free(labels);
    bw_image_free(image);
}

static void test_sizes_and_borders(void **state) {
    (void)state;
    bw_image *image = blank(BW_FLOAT32, 60, 20, 3, 1, 1);
    bw_objects_options options = plain();
    bw_objects_report report;
    put(image, 0, 0, 3, 3, 1, 1); /* 1 voxel */
    for (int64_t x = 10; x < 15; x++)
        put(image, 0, 0, x, 3, 1, 1); /* 5 */
    for (int64_t x = 20; x < 40; x++)
        put(image, 0, 0, x, 3, 1, 1); /* 20 */
    for (int64_t y = 5; y < 12; y++)
        put(image, 0, 0, 0, y, 1, 1); /* 7, at the border in x */
    for (int64_t y = 5; y < 12; y++)
        put(image, 0, 0, 50, y, 0, 1); /* 7, at the border in z */
    options.min_size = 5;
    options.max_size = 19;
    bw_image_free(label_on(1, image, &options, &report));
    assert_int_equal(report.components, 5);
    assert_int_equal(report.objects, 3);
    assert_int_equal(report.too_small, 1);
    assert_int_equal(report.too_large, 1);
    options.exclude_border = 1;
    bw_image_free(label_on(1, image, &options, &report));
    assert_int_equal(report.at_border, 1);
    assert_int_equal(report.objects, 2);
    options.exclude_border = 2;
    assert_int_equal(count_objects(image, &options), 1);
    options = plain(); /* sizes 1, 5, 7, 7, 20: the median is 7 */
    options.min_share = 0.72;
    bw_image_free(label_on(1, image, &options, &report));
    assert_int_equal(report.too_small, 2);
    options.min_share = 0.71;
    bw_image_free(label_on(1, image, &options, &report));
    assert_int_equal(report.too_small, 1);
    bw_image_free(image);
}

/* ---- splitting --------------------------------------------------------------------------------------------------- */

static void test_touching_balls(void **state) {
    (void)state;
    for (int64_t depth = 1; depth <= 31; depth += 30) {
        const double z = (double)(depth / 2);
        bw_image *image = blank(BW_FLOAT32, 60, 40, depth, 1, 1), *whole, *parts, *lined;
        bw_objects_options options = plain();
        ball(image, 0, 0, (double[]){20, 20, z}, 11, 1);
        ball(image, 0, 0, (double[]){38, 20, z}, 11, 1);
        whole = label_on(1, image, &options, NULL);
        options.split = BW_SPLIT_DISTANCE;
        options.depth = 0.1;
        parts = label_on(2, image, &options, NULL);
        options.lines = 1;
        lined = label_on(1, image, &options, NULL);
        int64_t erased = 0;
        for (int64_t i = 0; i < 60 * 40 * depth; i++) {
            const int64_t x = i % 60, y = i / 60 % 40, s = i / 60 / 40;
            const uint32_t a = at(whole, 0, x, y, s), b = at(parts, 0, x, y, s), c = at(lined, 0, x, y, s);
            assert_int_equal(a > 0, b > 0); /* nothing is lost */
            if (x < 27 && a) assert_int_equal(b, 1);
            if (x > 31 && a) assert_int_equal(b, 2);
            assert_true(c == b || c == 0);
            erased += c != b;
            if (x) assert_false(c && at(lined, 0, x - 1, y, s) && c != at(lined, 0, x - 1, y, s));
        }
        assert_true(erased >= 8);
        bw_image_free(whole);
        bw_image_free(parts);
        bw_image_free(lined);
        options.depth = 0.9; /* a saddle that is not that deep */
        assert_int_equal(count_objects(image, &options), 1);
        bw_image_free(image);
    }
}

/* A neck that only the higher thresholds have splits; every part needs a core of its own. */
static void test_necks_at_higher_thresholds(void **state) {
    (void)state;
    bw_image *image = blank(BW_FLOAT32, 60, 30, 1, 1, 1);
    bw_objects_options options = plain();
    for (int64_t i = 0; i < 40 * 21; i++)
        put(image, 0, 0, 10 + i % 40, 5 + i / 40, 0, 0.55f);
    ball(image, 0, 0, (double[]){20, 15, 0}, 9, 0.9f);
    ball(image, 0, 0, (double[]){40, 15, 0}, 9, 0.75f);
    options.split = BW_SPLIT_DISTANCE;
    options.depth = 0.15;
    assert_int_equal(count_objects(image, &options), 2);
    options.core_threshold = 0.8;
    bw_image *labels = label_on(1, image, &options, NULL);
    assert_int_equal(at(labels, 0, 20, 15, 0), 1);
    assert_int_equal(at(labels, 0, 40, 15, 0), 0);
    bw_image_free(labels);
    bw_image_free(image);
}

/* A bright object on a faint skirt and a faint one: both end at half of their own height, and stay in one piece. */
static void test_objects_end_at_their_own_level(void **state) {
    (void)state;
    bw_image *image = blank(BW_FLOAT32, 70, 30, 1, 1, 1);
    bw_objects_options options = plain();
    options.threshold = 0.3;
    options.fill_holes = 1;
    options.split = BW_SPLIT_DISTANCE;
    options.depth = 0.9;
    ball(image, 0, 0, (double[]){15, 15, 0}, 12, 0.45f);
    ball(image, 0, 0, (double[]){15, 15, 0}, 8, 1);
    ball(image, 0, 0, (double[]){15, 15, 0}, 3, 0.4f); /* a dip within */
    ball(image, 0, 0, (double[]){50, 15, 0}, 9, 0.5f);
    put(image, 0, 0, 15, 1, 0, 1); /* a speck at the end of a bridge of the skirt, before all else */
    put(image, 0, 0, 15, 2, 0, 0.45f);
    bw_image *whole = label_on(1, image, &options, NULL);
    options.edge = 0.5;
    bw_image *ended = label_on(1, image, &options, NULL);
    assert_true(at(whole, 0, 15, 5, 0) > 0);
    assert_int_equal(at(ended, 0, 15, 5, 0), 0);
    assert_int_equal(at(ended, 0, 15, 8, 0), at(ended, 0, 15, 15, 0)); /* the dip belongs to it */
    assert_true(at(ended, 0, 15, 15, 0) > 0);
    assert_true(at(ended, 0, 58, 15, 0) > 0);
    assert_int_equal(at(whole, 0, 15, 1, 0), at(whole, 0, 15, 15, 0));
    assert_int_equal(at(ended, 0, 15, 1, 0), 0);
    bw_image_free(whole);
    bw_image_free(ended);
    bw_image_free(image);
}

/* A few brighter voxels do not move the end of an object; more than a tenth of it do. */
static void test_specks_do_not_move_the_edge(void **state) {
    (void)state;
    bw_image *image = blank(BW_FLOAT32, 30, 30, 1, 1, 1);
    bw_objects_options options = plain();
    options.threshold = 0.3;
    options.split = BW_SPLIT_DISTANCE;
    options.depth = 0.9;
    options.edge = 0.8;
    ball(image, 0, 0, (double[]){15, 15, 0}, 12, 0.5f);
    ball(image, 0, 0, (double[]){15, 15, 0}, 10, 0.6f);
    ball(image, 0, 0, (double[]){15, 15, 0}, 2, 0.8f);
    bw_image *few = label_on(1, image, &options, NULL);
    ball(image, 0, 0, (double[]){15, 15, 0}, 5, 0.8f);
    bw_image *many = label_on(1, image, &options, NULL);
    assert_int_equal(at(few, 0, 15, 4, 0), 1);
    assert_int_equal(at(many, 0, 15, 4, 0), 0);
    assert_int_equal(at(many, 0, 15, 11, 0), 1);
    bw_image_free(few);
    bw_image_free(many);
    bw_image_free(image);
}

static void test_spacing_decides_what_is_round(void **state) {
    (void)state;
    /* Two balls one above the other: with slices far apart the neck between them is as wide as they are. */
    bw_image *image = blank(BW_FLOAT32, 40, 40, 44, 1, 1);
    bw_objects_options options = plain();
    ball(image, 0, 0, (double[]){20, 20, 13}, 11, 1);
    ball(image, 0, 0, (double[]){20, 20, 30}, 11, 1);
    options.split = BW_SPLIT_DISTANCE;
    options.depth = 0.1;
    assert_int_equal(count_objects(image, &options), 2);
    options.spacing[0] = options.spacing[1] = 10;
    options.spacing[2] = 0.1;
    assert_int_equal(count_objects(image, &options), 1);
    bw_image_free(image);
}

static void test_valleys_of_probability(void **state) {
    (void)state;
    bw_image *image = blank(BW_FLOAT32, 40, 9, 1, 2, 1);
    bw_objects_options options = plain();
    for (int64_t y = 2; y < 7; y++)
        for (int64_t x = 4; x < 36; x++) {
            const float p = 0.95f - 0.03f * (float)llabs(y - 4) - (float)(x == 20 ? 0.35 : x == 10 ? 0.02 : 0);
            put(image, 0, 1, x, y, 0, p);
            put(image, 0, 0, x, y, 0, x == 30 ? 0.8f : 0.01f); /* the boundary class, elsewhere */
        }
    options.foreground[1] = 1;
    options.depth = 0.1;
    options.split = BW_SPLIT_DISTANCE;
    assert_int_equal(count_objects(image, &options), 2); /* a gap at the highest thresholds */
    options.split = BW_SPLIT_PROBABILITY;
    bw_image *labels = label_on(1, image, &options, NULL);
    assert_int_equal(at(labels, 0, 5, 4, 0), 1); /* the notch at 10 is too shallow */
    assert_int_equal(at(labels, 0, 18, 4, 0), 1);
    assert_int_equal(at(labels, 0, 22, 4, 0), 2);
    bw_image_free(labels);
    options.split = BW_SPLIT_BOUNDARY;
    options.boundary = 0;
    labels = label_on(1, image, &options, NULL);
    assert_int_equal(at(labels, 0, 22, 4, 0), 1);
    assert_int_equal(at(labels, 0, 32, 4, 0), 2);
    bw_image_free(labels);
    bw_image_free(image);
}

static void test_every_core_is_an_object(void **state) {
    (void)state;
    bw_image *image = blank(BW_FLOAT32, 40, 9, 1, 2, 1);
    bw_objects_options options = plain();
    for (int64_t x = 2; x < 38; x++)
        for (int64_t y = 2; y < 7; y++)
            put(image, 0, 1, x, y, 0, 0.7f);
    for (int k = 0; k < 3; k++)
        put(image, 0, 1, 6 + 12 * k, 4, 0, 1);
    options.core_threshold = 0.9;
    options.split = BW_SPLIT_CORE;
    bw_image *labels = label_on(1, image, &options, NULL);
    for (int k = 0; k < 3; k++)
        assert_int_equal(at(labels, 0, 6 + 12 * k, 4, 0), k + 1);
    for (int64_t x = 2; x < 38; x++)
        assert_true(at(labels, 0, x, 2, 0) > 0);
    bw_image_free(labels);
    bw_image_free(image);
}

/* ---- whatever is streamed, on however many threads ----------------------------------------------------------------
 */

static bw_status read_part(bw_context *ctx, void *user, const bw_part *part, void *to) {
    return bw_image_read(ctx, user, part, to);
}

static void test_always_the_same(void **state) {
    static const bw_splitting splits[] = {BW_SPLIT_NONE, BW_SPLIT_DISTANCE, BW_SPLIT_PROBABILITY, BW_SPLIT_BOUNDARY,
                                          BW_SPLIT_CORE};
    (void)state;
    bw_context *ctx = test_context(1);
    bw_image *image = cloud(300, 90, 90, 1), *streamed;
    const bw_image_reader reader = {read_part, NULL, image};
    assert_ok(ctx, bw_image_create_streamed(ctx, bw_image_get_info(image), &reader, &streamed));
    for (int s = 0; s < 5; s++) {
        bw_objects_options options;
        bw_objects_options_init(&options);
        options.split = splits[s];
        options.boundary = 0;
        options.core_threshold = 0.7;
        options.method = s == 2 ? BW_THRESHOLD_OTSU : s == 3 ? BW_THRESHOLD_FIXED : BW_THRESHOLD_AUTO;
        bw_image *one = label_on(1, image, &options, NULL), *many = label_on(5, streamed, &options, NULL);
        assert_same_pixels(one, many);
        bw_image_free(one);
        bw_image_free(many);
    }
    bw_image_free(streamed);
    bw_image_free(image);
    bw_context_free(ctx);
}

/* Labels of smoothed noise as they came out on the first machine: the same bytes on every platform and SIMD level. */
static void test_same_bytes_everywhere(void **state) {
    static const struct {
        bw_splitting split;
        int64_t depth;
        uint64_t hash;
    } known[] = {{BW_SPLIT_DISTANCE, 1, 0x489036346240ecf3u},
                 {BW_SPLIT_DISTANCE, 14, 0xc069218f5ebf9962u},
                 {BW_SPLIT_PROBABILITY, 1, 0xc446b9f1eec30e2du},
                 {BW_SPLIT_PROBABILITY, 14, 0xc03d6fa7a6738eau},
                 {BW_SPLIT_CORE, 14, 0x241e42df15a6c3e8u}};
    (void)state;
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        bw_image *image = blank(BW_FLOAT32, 210, 130, known[k].depth, 1, 1);
        for (int64_t z = 0; z < known[k].depth; z++)
            for (int64_t i = 0; i < 210 * 130; i++)
                put(image, 0, 0, i % 210, i / 210, z, (float)test_uniform((uint64_t)z, (uint64_t)i));
        bw_objects_options options;
        bw_objects_options_init(&options);
        options.sigma = 2.5;
        options.threshold = 0.5;
        options.core_threshold = 0.51;
        options.min_share = 0.15;
        options.depth = 0.15;
        options.split = known[k].split;
        options.spacing[0] = 1;
        options.spacing[1] = 1.1;
        options.spacing[2] = 1.7;
        bw_image *labels = label_on(2, image, &options, NULL);
        assert_int_equal(bw_image_hash(labels), known[k].hash);
        bw_image_free(labels);
        bw_image_free(image);
    }
}

static void test_bytes_are_shares(void **state) {
    (void)state;
    bw_image *image = cloud(80, 60, 1, 1), *bytes = blank(BW_UINT8, 80, 60, 1, 2, 1), *floats;
    bw_objects_options options = plain();
    floats = blank(BW_FLOAT32, 80, 60, 1, 2, 1);
    for (int c = 0; c < 2; c++)
        for (int64_t i = 0; i < 80 * 60; i++) {
            const uint8_t byte = (uint8_t)(255 * ((const float *)bw_image_plane_const(image, 0, c, 0))[i]);
            ((uint8_t *)bw_image_plane(bytes, 0, c, 0))[i] = byte;
            put(floats, 0, c, i % 80, i / 80, 0, byte * (1 / 255.0f));
        }
    bw_image *a = label_on(1, bytes, &options, NULL), *b = label_on(1, floats, &options, NULL);
    assert_same_pixels(a, b);
    bw_image_free(a);
    bw_image_free(b);
    bw_image_free(image);
    bw_image_free(bytes);
    bw_image_free(floats);
}

/* ---- classes ----------------------------------------------------------------------------------------------------- */

static void test_classes(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_image *image = blank(BW_FLOAT32, 40, 12, 1, 3, 1), *classes;
    bw_objects_options options = plain();
    bw_objects *objects;
    assert_ok(ctx, bw_image_set_channel_name(ctx, image, 0, "round"));
    assert_ok(ctx, bw_image_set_channel_name(ctx, image, 1, "Background"));
    assert_ok(ctx, bw_image_set_plane_label(ctx, image, 0, 2, 0, "long: slice 1"));
    ball(image, 0, 1, (double[]){20, 6, 0}, 60, 1);
    for (int k = 0; k < 2; k++) {
        ball(image, 0, 1, (double[]){10 + 20 * k, 6, 0}, 4, 0);
        ball(image, 0, k ? 0 : 2, (double[]){10 + 20 * k, 6, 0}, 4, 0.6f);
        ball(image, 0, k ? 2 : 0, (double[]){10 + 20 * k, 6, 0}, 4, 0.4f);
    }
    assert_ok(ctx, bw_objects_label(ctx, image, &options, &objects, NULL));
    assert_int_equal(bw_objects_count(objects, 0), 2);
    assert_int_equal(bw_objects_class_count(objects), 3);
    assert_string_equal(bw_objects_class_name(objects, 1), "round");
    assert_string_equal(bw_objects_class_name(objects, 3), "long");
    assert_int_equal(bw_objects_class(objects, 0, 0), 3);
    assert_int_equal(bw_objects_class(objects, 0, 1), 1);
    assert_ok(ctx, bw_objects_image(ctx, objects, BW_OBJECTS_CLASSES, &classes));
    assert_int_equal(((const uint8_t *)bw_image_plane_const(classes, 0, 0, 0))[6 * 40 + 30], 1);
    bw_image_free(classes);
    assert_ok(ctx, bw_objects_channels(ctx, image, "long; 1", options.foreground));
    assert_true(options.foreground[0] && !options.foreground[1] && options.foreground[2]);
    assert_refused(ctx, bw_objects_channels(ctx, image, "round;square", options.foreground), BW_ERROR_ARGUMENT,
                   "\"square\". The classes are: 1 \"round\"");
    bw_objects_free(objects);
    bw_image_free(image);
    bw_context_free(ctx);
}

/* ---- extremes ---------------------------------------------------------------------------------------------------- */

static void test_nothing_and_everything(void **state) {
    (void)state;
    bw_image *image = blank(BW_FLOAT32, 50, 40, 1, 1, 1);
    bw_objects_options options;
    bw_objects_report report;
    bw_objects_options_init(&options);
    ball(image, 0, 0, (double[]){25, 20, 0}, 100, 0.125f);
    bw_image_free(label_on(2, image, &options, &report));
    assert_int_equal(report.objects, 0);
    assert_true(fabs(report.highest - 0.125) < 1e-6);
    ball(image, 0, 0, (double[]){25, 20, 0}, 100, 1);
    bw_image *labels = label_on(2, image, &options, &report);
    assert_true(report.objects == 1 && report.highest == 0);
    assert_int_equal(at(labels, 0, 0, 0, 0), 1);
    bw_image_free(labels);
    bw_image_free(image);
}

static void test_many_objects(void **state) {
    (void)state;
    bw_image *image = blank(BW_FLOAT32, 600, 600, 1, 1, 1);
    bw_objects_options options = plain();
    for (int64_t i = 0; i < 300 * 300; i++)
        put(image, 0, 0, 2 * (i % 300), 2 * (i / 300), 0, 1);
    bw_image *labels = label_on(2, image, &options, NULL);
    assert_int_equal(bw_image_get_info(labels)->type, BW_FLOAT32);
    assert_int_equal(at(labels, 0, 598, 598, 0), 90000);
    bw_image_free(labels);
    bw_image_free(image);
}

static void test_wrong_options(void **state) {
    static const char *const words[] = {"threshold",    "threshold of 0", "core threshold", "sigma",   "Sizes from",
                                        "no channel 5", "boundary class", "connectivity",   "no way 9"};
    (void)state;
    bw_image *image = blank(BW_FLOAT32, 10, 10, 1, 2, 1);
    for (int k = 0; k < 9; k++) {
        bw_context *ctx = test_context(1);
        bw_objects_options options = plain();
        bw_objects *objects;
        if (k == 0) options.threshold = 1.5;
        if (k == 1) options.threshold = 0;
        if (k == 2) options.split = BW_SPLIT_CORE;
        if (k == 3) options.sigma = NAN;
        if (k == 4) options.min_size = 9, options.max_size = 8;
        if (k == 5) options.foreground[4] = 1;
        if (k == 6) options.split = BW_SPLIT_BOUNDARY;
        if (k == 7) options.connectivity = 18;
        if (k == 8) options.split = (bw_splitting)9;
        assert_refused(ctx, bw_objects_label(ctx, image, &options, &objects, NULL), BW_ERROR_ARGUMENT, words[k]);
        assert_null(objects);
        bw_context_free(ctx);
    }
    bw_image_free(image);
}

static void test_too_many_channels(void **state) {
    (void)state;
    bw_image *image = blank(BW_FLOAT32, 10, 10, 1, BW_MAX_CLASSES + 1, 1);
    uint8_t channels[BW_MAX_CLASSES];
    bw_objects *objects;
    for (int k = 0; k < 2; k++) {
        bw_context *ctx = test_context(1);
        assert_refused(ctx,
                       k ? bw_objects_label(ctx, image, NULL, &objects, NULL)
                         : bw_objects_channels(ctx, image, "256", channels),
                       BW_ERROR_MISMATCH, "256 channels");
        bw_context_free(ctx);
    }
    bw_image_free(image);
}

/* A class that nothing is split by is not looked for. */
static void test_boundary_that_is_not_used(void **state) {
    (void)state;
    bw_image *image = blank(BW_FLOAT32, 10, 10, 1, 2, 1);
    bw_objects_options options = plain();
    ball(image, 0, 1, (double[]){5, 5, 0}, 3, 1);
    options.boundary = 1 << 20;
    assert_int_equal(count_objects(image, &options), 1);
    bw_image_free(image);
}

static void test_no_probabilities(void **state) {
    static const float values[] = {NAN, -0.5f, 1.5f, INFINITY};
    (void)state;
    for (int k = 0; k < 4; k++) {
        bw_context *ctx = test_context(1);
        bw_image *image = blank(BW_FLOAT32, 10, 10, 1, 2, 1);
        bw_objects *objects;
        assert_ok(ctx, bw_image_set_name(ctx, image, "raw.tif"));
        put(image, 0, 1, 5, 5, 0, values[k]);
        assert_refused(ctx, bw_objects_label(ctx, image, NULL, &objects, NULL), BW_ERROR_MISMATCH,
                       "raw.tif: channel 2 holds the value");
        bw_image_free(image);
        bw_context_free(ctx);
    }
}

static void test_memory_is_limited(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_image *image = blank(BW_FLOAT32, 600, 600, 1, 1, 1);
    bw_objects *objects;
    ball(image, 0, 0, (double[]){300, 300, 0}, 290, 1);
    assert_ok(ctx, bw_context_set_memory_budget(ctx, 1000000));
    assert_refused(ctx, bw_objects_label(ctx, image, NULL, &objects, NULL), BW_ERROR_MEMORY, "Raise the threshold");
    bw_image_free(image);
    bw_context_free(ctx);
}

/* Two combs that reach into one another: the box of each is nearly all of the image. */
static bw_image *combs(int64_t width, int64_t height) {
    bw_image *image = blank(BW_FLOAT32, width, height, 1, 2, 1);
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++) {
            const int64_t own = y / 20 % 2, back = own ? width - 1 - x : x, other = width - 1 - back;
            const int inside = back < 8 || (other >= 16 && y % 20 < 12) || (other < 8 && y >= 12 && y < height - 20);
            put(image, 0, 1, x, y, 0, inside ? 0.9f : 0);
        }
    return image;
}

static void check_peak(const bw_image *image, bw_splitting split, int lines, int64_t components) {
    const bw_image_info *info = bw_image_get_info(image);
    const int64_t voxels = info->width * info->height * info->depth;
    bw_context *ctx = test_context(2);
    bw_objects_options options;
    bw_objects_report report;
    bw_objects *objects;
    bw_objects_options_init(&options);
    options.method = BW_THRESHOLD_FIXED;
    options.threshold = 0.05;
    options.core_threshold = 0.5;
    options.foreground[1] = 1;
    options.boundary = 0;
    options.split = split;
    options.lines = lines;
    const uint64_t before = bw_memory_in_use();
    bw_memory_reset_peak();
    assert_ok(ctx, bw_objects_label(ctx, image, &options, &objects, &report));
    assert_true(bw_memory_peak() - before <= 12 * (uint64_t)voxels + (1 << 18));
    assert_int_equal(report.components, components);
    bw_objects_free(objects);
    bw_context_free(ctx);
}

/* Where an image is one component but for a corner that distances are measured to, and where boxes of components
 * overlap. */
static void test_twelve_bytes_per_voxel(void **state) {
    (void)state;
    bw_image *flat = cloud(1000, 800, 1, 1), *deep = cloud(110, 100, 72, 1), *two = combs(1000, 800);
    ball(flat, 0, 1, (double[]){0, 0, 0}, 8, 0);
    ball(deep, 0, 1, (double[]){0, 0, 0}, 8, 0);
    for (int split = BW_SPLIT_NONE; split <= BW_SPLIT_CORE; split++) {
        check_peak(flat, (bw_splitting)split, 0, 1);
        check_peak(flat, (bw_splitting)split, 1, 1);
        check_peak(deep, (bw_splitting)split, split % 2, 1);
    }
    check_peak(two, BW_SPLIT_DISTANCE, 0, 2);
    check_peak(two, BW_SPLIT_PROBABILITY, 1, 2);
    bw_image_free(flat);
    bw_image_free(deep);
    bw_image_free(two);
}

static void test_cancel(void **state) {
    (void)state;
    bw_context *ctx = test_context(2);
    bw_image *image = cloud(100, 100, 1, 1);
    bw_objects *objects;
    bw_context_cancel(ctx);
    assert_int_equal(bw_objects_label(ctx, image, NULL, &objects, NULL), BW_ERROR_CANCELLED);
    assert_null(objects);
    bw_image_free(image);
    bw_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels_come_back),
        cmocka_unit_test(test_ids_with_gaps),
        cmocka_unit_test(test_masks_are_told_from_labels),
        cmocka_unit_test(test_what_is_no_label_image),
        cmocka_unit_test(test_labels_that_floats_merge),
        cmocka_unit_test(test_signed_labels_and_masks),
        cmocka_unit_test(test_signed_probabilities),
        cmocka_unit_test(test_components_are_a_flood_fills),
        cmocka_unit_test(test_smoothing_is_a_gaussians),
        cmocka_unit_test(test_otsu_finds_the_gap),
        cmocka_unit_test(test_auto_takes_half_where_outlines_are),
        cmocka_unit_test(test_auto_without_objects),
        cmocka_unit_test(test_holes),
        cmocka_unit_test(test_holes_of_stacks),
        cmocka_unit_test(test_hysteresis),
        cmocka_unit_test(test_sizes_and_borders),
        cmocka_unit_test(test_touching_balls),
        cmocka_unit_test(test_necks_at_higher_thresholds),
        cmocka_unit_test(test_objects_end_at_their_own_level),
        cmocka_unit_test(test_specks_do_not_move_the_edge),
        cmocka_unit_test(test_spacing_decides_what_is_round),
        cmocka_unit_test(test_valleys_of_probability),
        cmocka_unit_test(test_every_core_is_an_object),
        cmocka_unit_test(test_always_the_same),
        cmocka_unit_test(test_same_bytes_everywhere),
        cmocka_unit_test(test_bytes_are_shares),
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_nothing_and_everything),
        cmocka_unit_test(test_many_objects),
        cmocka_unit_test(test_wrong_options),
        cmocka_unit_test(test_too_many_channels),
        cmocka_unit_test(test_boundary_that_is_not_used),
        cmocka_unit_test(test_no_probabilities),
        cmocka_unit_test(test_memory_is_limited),
        cmocka_unit_test(test_twelve_bytes_per_voxel),
        cmocka_unit_test(test_cancel),
    };
    return cmocka_run_group_tests(tests, test_look_at_memory, test_nothing_is_left);
}
