/* TIFF files written part by part: the pixels, the bytes, pyramids, what is left after failures. */
#include "support.h"

#include <math.h>

#include "core/bytes.h"
#include "core/file.h"
#include "core/image.h"
#include "core/sink.h"
#include "io/tiff.h"
#include "io/tiff_reduce.h"
#include "parts.h"

static char folder[] = "test_tiff_sink-XXXXXX"; /* below the working folder */

static const char *in_folder(const char *name) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int count_files(void) {
    return test_walk(folder, 0);
}

/* ---- images -------------------------------------------------------------------------------------------------- */

static const bw_image_info shapes[] = {
    {.type = BW_UINT8, .width = 1, .height = 1, .depth = 1, .channels = 1, .frames = 1},
    {.type = BW_FLOAT32, .width = 15, .height = 17, .depth = 1, .channels = 2, .frames = 1},
    {.type = BW_UINT16, .width = 512, .height = 512, .depth = 1, .channels = 1, .frames = 1},
    {.type = BW_FLOAT32,
     .width = 513,
     .height = 1025,
     .depth = 1,
     .channels = 2,
     .frames = 1,
     .calibrated = 1,
     .spacing = {0.25, 0.5, 1},
     .unit = "um"},
    {.type = BW_UINT8, .width = 1100, .height = 600, .depth = 1, .channels = 1, .frames = 2},
    {.type = BW_UINT8, .width = 700, .height = 530, .depth = 2, .channels = 3, .frames = 2, .rgb = 1},
    {.type = BW_UINT16,
     .width = 620,
     .height = 77,
     .depth = 5,
     .channels = 2,
     .frames = 3,
     .calibrated = 1,
     .spacing = {0.65, 0.65, 2.1},
     .unit = "um",
     .frame_interval = 1.5},
    {.type = BW_UINT8, .width = 1200, .height = 9, .depth = 1, .channels = 9, .frames = 1},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* With labels and channel names; floats beyond 0..1. */
static bw_image *make(const bw_image_info *info) {
    bw_context *ctx = test_context(1);
    bw_image *image = test_noise(info);
    assert_ok(ctx, bw_image_set_name(ctx, image, "source.tif"));
    assert_ok(ctx, bw_image_set_plane_label(ctx, image, 0, 0, 0, "first \xc2\xb5 \xf0\x9f\x8c\xb3"));
    assert_ok(ctx, bw_image_set_plane_label(ctx, image, info->frames - 1, info->rgb ? 0 : info->channels - 1,
                                            info->depth - 1, "last"));
    for (int c = 0; c < info->channels && info->type == BW_FLOAT32; c++)
        assert_ok(ctx, bw_image_set_channel_name(ctx, image, c, c ? "cell & <wall>" : "\xc2\xb5"));
    bw_context_free(ctx);
    return image;
}

/* ---- writing ------------------------------------------------------------------------------------------------- */

/* The same information without planes, as a prediction's outline is. */
static bw_image *outline_of(const bw_image *image) {
    bw_context *ctx = test_context(1);
    const bw_image_info *info = bw_image_get_info(image);
    bw_image *outline;
    assert_ok(ctx, bw_image_create_sparse(ctx, info, &outline));
    assert_ok(ctx, bw_image_set_name(ctx, outline, bw_image_name(image)));
    for (int t = 0; t < info->frames; t++)
        for (int c = 0; c < info->channels; c++) {
            assert_ok(ctx, bw_image_set_channel_name(ctx, outline, c, bw_image_channel_name(image, c)));
            for (int64_t z = 0; z < info->depth; z++) {
                const char *label = bw_image_plane_label(image, t, c, z);
                if (label) assert_ok(ctx, bw_image_set_plane_label(ctx, outline, t, c, z, label));
            }
        }
    bw_context_free(ctx);
    return outline;
}

static bw_status write_parts(bw_context *ctx, const char *path, const bw_image *image, const bw_tiff_options *options,
                             uint64_t seed) {
    bw_image *outline = outline_of(image);
    bw_sink *sink;
    bw_status status = bw_tiff_create(ctx, path, outline, options, &sink);
    bw_image_free(outline); /* is not kept */
    if (status == BW_OK) status = parts_write(ctx, sink, image, seed, NULL);
    if (status == BW_OK) status = bw_sink_finish(ctx, sink);
    bw_sink_free(sink);
    return status;
}

static void write_ok(const char *path, const bw_image *image, const bw_tiff_options *options, uint64_t seed,
                     int threads) {
    bw_context *ctx = test_context(threads);
    assert_ok(ctx, write_parts(ctx, path, image, options, seed));
    bw_context_free(ctx);
}

static bw_image *read_ok(const char *path) {
    bw_context *ctx = test_context(1);
    bw_image *image;
    assert_ok(ctx, bw_tiff_read(ctx, path, &image));
    bw_context_free(ctx);
    return image;
}

static void assert_same_information(const bw_image *a, const bw_image *b) {
    const bw_image_info *x = bw_image_get_info(a), *y = bw_image_get_info(b);
    assert_int_equal(x->rgb, y->rgb);
    assert_int_equal(x->calibrated, y->calibrated);
    assert_string_equal(x->unit, y->unit);
    for (int axis = 0; axis < 3; axis++)
        assert_float_equal(x->spacing[axis], y->spacing[axis], 1e-15);
    assert_true(x->frame_interval == y->frame_interval);
    for (int t = 0; t < x->frames; t++)
        for (int c = 0; c < x->channels; c++)
            for (int64_t z = 0; z < x->depth; z++) {
                const char *one = bw_image_plane_label(a, t, c, z), *other = bw_image_plane_label(b, t, c, z);
                assert_string_equal(one ? one : "", other ? other : "");
            }
}

static void round_trip(const bw_image *image, const bw_tiff_options *options, uint64_t seed) {
    const char *path = in_folder("parts.tif");
    write_ok(path, image, options, seed, 2);
    bw_image *back = read_ok(path);
    assert_same_pixels(image, back);
    assert_same_information(image, back);
    for (int c = 0; options->pyramid && c < bw_image_get_info(image)->channels; c++)
        assert_string_equal(bw_image_channel_name(image, c), bw_image_channel_name(back, c));
    bw_image_free(back);
    assert_int_equal(count_files(), 1);
}

/* Every shape, layout and compression, each with other parts. */
static void test_parts_make_the_image(void **state) {
    (void)state;
    uint64_t seed = 0;
    for (int s = 0; s < SHAPES; s++) {
        bw_image *image = make(&shapes[s]);
        for (int c = BW_COMPRESSION_NONE; c <= BW_COMPRESSION_ZSTD; c += test_quick() ? 2 : 1)
            for (int layout = BW_LAYOUT_STRIPS; layout <= BW_LAYOUT_TILES; layout++)
                for (int pyramid = 0; pyramid <= (layout == BW_LAYOUT_TILES); pyramid++)
                    round_trip(image, &(bw_tiff_options){(bw_compression)c, (bw_tiff_layout)layout, pyramid}, seed++);
        bw_image_free(image);
    }
}

static bw_image_info random_info(parts_state *s) {
    static const bw_pixel_type types[] = {BW_UINT8, BW_UINT16, BW_FLOAT32};
    bw_image_info info = {.type = types[parts_draw(s, 3)],
                          .width = 1 + parts_draw(s, 1300),
                          .height = 1 + parts_draw(s, 1300),
                          .depth = 1 + parts_draw(s, 3),
                          .channels = 1 + (int)parts_draw(s, 3),
                          .frames = 1 + (int)parts_draw(s, 2)};
    info.rgb = info.type == BW_UINT8 && info.channels == 3 && parts_draw(s, 2);
    return info;
}

static void test_random_images_in_random_parts(void **state) {
    (void)state;
    parts_state s = {2026, 0};
    for (int i = 0; i < (test_quick() ? 6 : 16); i++) {
        const bw_image_info info = random_info(&s);
        const bw_compression compression = (bw_compression)parts_draw(&s, BW_COMPRESSION_ZSTD + 1);
        const int pyramid = (int)parts_draw(&s, 2);
        bw_image *image = make(&info);
        round_trip(image, &(bw_tiff_options){compression, BW_LAYOUT_TILES, pyramid}, 1 + (uint64_t)i);
        round_trip(image, &(bw_tiff_options){compression, BW_LAYOUT_STRIPS, 0}, 1 + (uint64_t)i);
        bw_image_free(image);
    }
}

static void assert_same_files(const char *a, const char *b) {
    size_t one_size, other_size;
    uint8_t *one = test_load(a, &one_size), *other = test_load(b, &other_size);
    assert_int_equal(one_size, other_size);
    assert_memory_equal(one, other, one_size);
    test_free(one);
    test_free(other);
}

/* Strips are the file that bw_tiff_write makes, whatever the parts. */
static void test_strips_are_the_same_file(void **state) {
    (void)state;
    char path[512];
    bw_context *ctx = test_context(2);
    snprintf(path, sizeof path, "%s", in_folder("whole.tif"));
    for (int s = 0; s < SHAPES; s++) {
        bw_image *image = make(&shapes[s]);
        for (int c = BW_COMPRESSION_NONE; c <= BW_COMPRESSION_ZSTD; c++) {
            const bw_tiff_options options = {(bw_compression)c, BW_LAYOUT_AUTO, 0};
            assert_ok(ctx, bw_tiff_write(ctx, path, image, options.compression));
            for (uint64_t seed = 0; seed < 3; seed++) {
                write_ok(in_folder("parts.tif"), image, c || seed ? &options : NULL, seed, 1);
                assert_same_files(path, in_folder("parts.tif"));
            }
        }
        bw_image_free(image);
    }
    bw_system_remove(path);
    bw_context_free(ctx);
}

/* The order of equal values must not decide, nor values that are not finite. */
static void test_same_display_range_in_any_order(void **state) {
    (void)state;
    static const float values[] = {0.0f, -0.0f, 3.5f, NAN, INFINITY, -0.0f};
    const bw_image_info info = test_info(BW_FLOAT32, 1, 64, 1);
    bw_image *image = test_image(&info);
    float *pixels = bw_image_plane(image, 0, 0, 0);
    bw_context *ctx = test_context(1);
    char path[512];
    snprintf(path, sizeof path, "%s", in_folder("whole.tif"));
    for (int first = 0; first < 6; first++) {
        for (int i = 0; i < 64; i++)
            pixels[i] = values[(i + first) % 6];
        assert_ok(ctx, bw_tiff_write(ctx, path, image, BW_COMPRESSION_NONE));
        for (uint64_t seed = 1; seed < 4; seed++) {
            write_ok(in_folder("parts.tif"), image, NULL, seed, 1);
            assert_same_files(path, in_folder("parts.tif"));
        }
    }
    bw_system_remove(path);
    bw_image_free(image);
    bw_context_free(ctx);
}

static void test_same_bytes_for_any_thread_count(void **state) {
    (void)state;
    char path[512];
    bw_image *image = make(&shapes[3]);
    snprintf(path, sizeof path, "%s", in_folder("one.tif"));
    for (int c = BW_COMPRESSION_NONE; c <= BW_COMPRESSION_ZSTD; c++) {
        const bw_tiff_options options = {(bw_compression)c, BW_LAYOUT_TILES, 1};
        write_ok(path, image, &options, 5, 1);
        write_ok(in_folder("parts.tif"), image, &options, 5, 7);
        assert_same_files(path, in_folder("parts.tif"));
    }
    bw_system_remove(path);
    bw_image_free(image);
}

/* ---- layout -------------------------------------------------------------------------------------------------- */

static bw_image_info flat(bw_pixel_type type, int64_t width, int64_t height, int64_t depth) {
    bw_image_info info = test_info(type, width, height, depth);
    return info;
}

/* Whether a sink for the image has tiles, told by its step. */
static int has_tiles(const bw_image_info *info, const bw_tiff_options *options, uint64_t budget) {
    bw_context *ctx = test_context(1);
    bw_image *outline;
    bw_sink *sink;
    int64_t step[3];
    assert_ok(ctx, bw_context_set_memory_budget(ctx, budget));
    assert_ok(ctx, bw_image_create_sparse(ctx, info, &outline));
    assert_ok(ctx, bw_tiff_create(ctx, in_folder("layout.tif"), outline, options, &sink));
    bw_sink_step(sink, step);
    bw_sink_free(sink);
    bw_image_free(outline);
    bw_context_free(ctx);
    assert_true(step[0] == 1 || step[0] % 16 == 0);
    return step[0] > 1;
}

static void test_layout_follows_from_the_size(void **state) {
    (void)state;
    static const struct {
        int64_t size[3];
        bw_pixel_type type;
        bw_tiff_options options;
        int tiles;
        int budget; /* megabytes; 0 = plenty */
    } cases[] = {
        {{2000, 1000, 500}, BW_FLOAT32, {BW_COMPRESSION_NONE, BW_LAYOUT_AUTO, 0}, 0, 0},
        {{2000, 1000, 540}, BW_FLOAT32, {BW_COMPRESSION_NONE, BW_LAYOUT_AUTO, 0}, 1, 0},
        {{46000, 46000, 1}, BW_UINT8, {BW_COMPRESSION_NONE, BW_LAYOUT_AUTO, 0}, 0, 0},
        {{47000, 47000, 1},
         BW_UINT8,
         {BW_COMPRESSION_NONE, BW_LAYOUT_AUTO, 0},
         1,
         0}, /* more than Java's arrays hold */
        {{16383, 16384, 1}, BW_UINT8, {BW_COMPRESSION_LZW, BW_LAYOUT_AUTO, 0}, 0, 0},
        {{16384, 16384, 1}, BW_UINT8, {BW_COMPRESSION_LZW, BW_LAYOUT_AUTO, 0}, 1, 0},
        {{2000, 1000, 1}, BW_UINT8, {BW_COMPRESSION_LZW, BW_LAYOUT_AUTO, 0}, 0, 8},
        {{2000, 1000, 1}, BW_UINT8, {BW_COMPRESSION_LZW, BW_LAYOUT_AUTO, 0}, 1, 7},
        {{100, 100, 1}, BW_UINT8, {BW_COMPRESSION_NONE, BW_LAYOUT_AUTO, 1}, 1, 0},
        {{100, 100, 1}, BW_UINT8, {BW_COMPRESSION_NONE, BW_LAYOUT_TILES, 0}, 1, 0},
        {{60000, 60000, 1}, BW_UINT8, {BW_COMPRESSION_NONE, BW_LAYOUT_STRIPS, 0}, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const bw_image_info info = flat(cases[i].type, cases[i].size[0], cases[i].size[1], cases[i].size[2]);
        const uint64_t budget = (uint64_t)(cases[i].budget ? cases[i].budget : 1 << 14) * 1000000;
        if (has_tiles(&info, &cases[i].options, budget) != cases[i].tiles) fail_msg("case %d", (int)i);
    }
    assert_int_equal(count_files(), 1); /* parts.tif */
}

static void test_bad_arguments(void **state) {
    (void)state;
    const bw_image_info info = test_info(BW_UINT8, 5, 5, 1);
    bw_image *image = test_image(&info);
    bw_sink *sink;
    static const struct {
        bw_tiff_options options;
        const char *words;
    } cases[] = {{{(bw_compression)77, BW_LAYOUT_AUTO, 0}, "Unknown TIFF compression"},
                 {{BW_COMPRESSION_NONE, (bw_tiff_layout)9, 0}, "Unknown TIFF layout"},
                 {{BW_COMPRESSION_LZW, BW_LAYOUT_STRIPS, 1}, "needs tiles"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bw_context *ctx = test_context(1);
        assert_refused(ctx, bw_tiff_create(ctx, in_folder("x.tif"), image, &cases[i].options, &sink), BW_ERROR_ARGUMENT,
                       cases[i].words);
        assert_null(sink);
        bw_context_free(ctx);
    }
    bw_context *ctx = test_context(1);
    assert_refused(ctx, bw_tiff_create(ctx, NULL, image, NULL, &sink), BW_ERROR_ARGUMENT, "path");
    bw_context_free(ctx);
    bw_image_free(image);
}

/* ---- reducing ------------------------------------------------------------------------------------------------ */

static void test_means_and_classes(void **state) {
    (void)state;
    uint8_t bytes[] = {1, 2, 9, 3, 4, 250, 7, 8, 255}, small[8] = {0};
    uint16_t words[] = {65535, 65535, 65534, 65535};
    float reals[] = {0.1f, 0.2f, 0.3f, 0.4f}, mean;
    const bw_tiff_tile tile = {bytes, 3, 3, 3, 1}, two = {(uint8_t *)words, 2, 2, 2, 1},
                       four = {(uint8_t *)reals, 2, 2, 2, 1};
    bw_tiff_reducer(BW_UINT8, 0)(&tile, small, 4);
    assert_memory_equal(small, ((uint8_t[]){3, 130, 0, 0, 8, 255, 0, 0}), 8); /* (1+2+3+4)/4 = 2.5 */
    bw_tiff_reducer(BW_UINT8, 1)(&tile, small, 4);
    assert_memory_equal(small, ((uint8_t[]){1, 9, 0, 0, 7, 255, 0, 0}), 8);
    uint16_t word = 0;
    bw_tiff_reducer(BW_UINT16, 0)(&two, (uint8_t *)&word, 1);
    assert_int_equal(word, 65535);
    bw_tiff_reducer(BW_FLOAT32, 0)(&four, (uint8_t *)&mean, 1);
    assert_true(mean == ((0.1f + 0.2f) + (0.3f + 0.4f)) * 0.25f);
}

/* ---- memory -------------------------------------------------------------------------------------------------- */

/* Row by row, a pyramid keeps a row of tiles of each level; tiles without one keep a part. */
static void test_memory_is_bounded(void **state) {
    (void)state;
    const bw_image_info info = test_info(BW_UINT8, 4096, 8192, 1);
    const bw_image_info row = test_info(BW_UINT8, 4096, 1024, 1);
    bw_image *outline, *pixels = test_noise(&row);
    for (int pyramid = 0; pyramid < 2; pyramid++) {
        bw_context *ctx = test_context(1);
        bw_sink *sink;
        const bw_tiff_options options = {BW_COMPRESSION_DEFLATE, BW_LAYOUT_TILES, pyramid};
        assert_ok(ctx, bw_image_create_sparse(ctx, &info, &outline));
        const uint64_t before = bw_memory_in_use();
        bw_memory_reset_peak();
        assert_ok(ctx, bw_tiff_create(ctx, in_folder("parts.tif"), outline, &options, &sink));
        for (int64_t y = 0; y < info.height; y += row.height)
            assert_ok(ctx, bw_sink_write(ctx, sink, &(bw_part){0, {0, y, 0}, {info.width, y + row.height, 1}}, pixels));
        assert_ok(ctx, bw_sink_finish(ctx, sink));
        /* the tiles' buffers have grown in steps of two */
        const uint64_t part = (uint64_t)row.width * (uint64_t)row.height * 5 / 2;
        const uint64_t kept = pyramid ? (uint64_t)row.width * 512 * 2 : 0;
        assert_true(bw_memory_peak() - before < part + kept + (1 << 20));
        bw_sink_free(sink);
        bw_image_free(outline);
        bw_context_free(ctx);
    }
    bw_image_free(pixels);
}

/* ---- failures ------------------------------------------------------------------------------------------------ */

static const bw_tiff_options all_options[] = {{BW_COMPRESSION_NONE, BW_LAYOUT_STRIPS, 0},
                                              {BW_COMPRESSION_LZW, BW_LAYOUT_STRIPS, 0},
                                              {BW_COMPRESSION_NONE, BW_LAYOUT_TILES, 0},
                                              {BW_COMPRESSION_DEFLATE, BW_LAYOUT_TILES, 1}};
enum { OPTIONS = sizeof all_options / sizeof *all_options };

static void test_unfinished_leaves_nothing(void **state) {
    (void)state;
    bw_image *image = make(&shapes[3]);
    const int before = count_files();
    for (int o = 0; o < OPTIONS; o++)
        for (int parts = 0; parts < 2; parts++) {
            bw_context *ctx = test_context(1);
            bw_sink *sink;
            assert_ok(ctx, bw_tiff_create(ctx, in_folder("unfinished.tif"), image, &all_options[o], &sink));
            if (parts) assert_ok(ctx, parts_write(ctx, sink, image, 3, NULL));
            assert_int_equal(count_files(), before + 1); /* the temporary file */
            bw_sink_free(sink);
            assert_int_equal(count_files(), before);
            bw_context_free(ctx);
        }
    bw_image_free(image);
}

/* Finishing an image of which a part is missing, or was written twice, is an error. */
static void test_incomplete_is_refused(void **state) {
    (void)state;
    bw_image *image = make(&shapes[6]);
    const bw_image_info *info = bw_image_get_info(image);
    const bw_part first = {0, {0, 0, 0}, {info->width, info->height, 1}};
    const int before = count_files();
    for (int o = 0; o < OPTIONS; o++)
        for (int twice = 0; twice < 2; twice++) {
            bw_context *ctx = test_context(1);
            bw_sink *sink;
            assert_ok(ctx, bw_tiff_create(ctx, in_folder("incomplete.tif"), image, &all_options[o], &sink));
            if (twice) assert_ok(ctx, parts_write(ctx, sink, image, 0, NULL));
            assert_ok(ctx, parts_write_one(ctx, sink, image, &first));
            assert_refused(ctx, bw_sink_finish(ctx, sink), BW_ERROR_ARGUMENT, "incomplete.tif cannot be finished");
            bw_sink_free(sink);
            bw_context_free(ctx);
            assert_int_equal(count_files(), before);
        }
    bw_image_free(image);
}

static void test_parts_have_to_fit_tiles(void **state) {
    (void)state;
    bw_image *image = make(&shapes[3]);
    const bw_part odd = {0, {0, 0, 0}, {513, 500, 1}};
    bw_context *ctx = test_context(1);
    bw_sink *sink;
    assert_ok(ctx, bw_tiff_create(ctx, in_folder("odd.tif"), image, &all_options[2], &sink));
    assert_refused(ctx, parts_write_one(ctx, sink, image, &odd), BW_ERROR_ARGUMENT, "does not fit");
    bw_sink_free(sink);
    bw_context_free(ctx);
    bw_image_free(image);
}

static void test_unwritable(void **state) {
    (void)state;
    bw_image *image = make(&shapes[1]);
    const int before = count_files();
    for (int o = 0; o < OPTIONS; o++) {
        bw_sink *sink;
        bw_context *ctx = test_context(1);
        assert_refused(ctx, bw_tiff_create(ctx, in_folder("no/such/folder.tif"), image, &all_options[o], &sink),
                       BW_ERROR_IO, "no/such/folder.tif: No such file");
        assert_null(sink);
        bw_context_free(ctx);
        ctx = test_context(1);
        assert_refused(ctx, bw_tiff_create(ctx, folder, image, &all_options[o], &sink), BW_ERROR_IO, "folder");
        assert_null(sink);
        bw_context_free(ctx);
    }
    assert_int_equal(count_files(), before);
    bw_image_free(image);
}

/* Compressed strips are kept: what the budget does not hold is refused at once, before anything is written. */
static void test_kept_strips_need_memory(void **state) {
    (void)state;
    const bw_image_info info = test_info(BW_FLOAT32, 1000, 1000, 3);
    const int before = count_files();
    for (int enough = 0; enough < 2; enough++) {
        bw_context *ctx = test_context(1);
        bw_image *outline;
        bw_sink *sink;
        assert_ok(ctx, bw_image_create_sparse(ctx, &info, &outline));
        assert_ok(ctx, bw_context_set_memory_budget(ctx, 12000000 - 1 + (uint64_t)enough));
        if (enough)
            assert_ok(ctx, bw_tiff_create(ctx, in_folder("large.tif"), outline, &all_options[1], &sink));
        else
            assert_refused(ctx, bw_tiff_create(ctx, in_folder("large.tif"), outline, &all_options[1], &sink),
                           BW_ERROR_MEMORY, "choose tiles or no compression");
        bw_sink_free(sink);
        bw_image_free(outline);
        bw_context_free(ctx);
    }
    assert_int_equal(count_files(), before);
}

static void test_cancel(void **state) {
    (void)state;
    bw_image *image = make(&shapes[3]);
    const int before = count_files();
    for (int o = 0; o < OPTIONS; o++) {
        bw_context *ctx = test_context(1);
        bw_sink *sink;
        assert_ok(ctx, bw_tiff_create(ctx, in_folder("cancelled.tif"), image, &all_options[o], &sink));
        bw_context_cancel(ctx);
        assert_int_equal(parts_write(ctx, sink, image, 1, NULL), BW_ERROR_CANCELLED);
        assert_int_equal(bw_sink_finish(ctx, sink), BW_ERROR_CANCELLED);
        bw_sink_free(sink);
        bw_context_free(ctx);
        assert_int_equal(count_files(), before);
    }
    bw_image_free(image);
}

#ifdef TEST_LIMITS_FILES
static void expect_full(const bw_image *image, const bw_tiff_options *options, size_t limit) {
    bw_context *ctx = test_context(2);
    const int before = count_files();
    test_limit_files(limit);
    const bw_status status = write_parts(ctx, in_folder("full.tif"), image, options, 4);
    test_limit_files(UINT64_MAX);
    if (status != BW_ERROR_IO || !strstr(bw_context_error(ctx), "full.tif: File too large") ||
        !strstr(bw_context_error(ctx), "name a folder elsewhere"))
        fail_msg("limit %d: status %d, %s", (int)limit, (int)status, bw_context_error(ctx));
    assert_int_equal(count_files(), before);
    bw_context_free(ctx);
}

/* A limit on the file size stands in for a full disk: at every limit below the real size nothing is left behind. */
static void test_disk_full(void **state) {
    (void)state;
    bw_image *image = make(&shapes[3]);
    for (int o = 0; o < OPTIONS; o++) {
        size_t size;
        write_ok(in_folder("full.tif"), image, &all_options[o], 4, 1);
        test_free(test_load(in_folder("full.tif"), &size));
        bw_system_remove(in_folder("full.tif"));
        for (size_t limit = 0; limit < size; limit += size / 5)
            expect_full(image, &all_options[o], limit);
        expect_full(image, &all_options[o], size - 1);
    }
    bw_image_free(image);
}
#endif

static void test_failed_write_keeps_old_file(void **state) {
    (void)state;
    bw_image *old = make(&shapes[1]), *image = make(&shapes[3]);
    for (int o = 0; o < OPTIONS; o++) {
        write_ok(in_folder("kept.tif"), old, NULL, 0, 1);
        bw_context *ctx = test_context(1);
        test_begin_failing(in_folder("kept.tif"));
        const bw_status status = write_parts(ctx, in_folder("kept.tif"), image, &all_options[o], 4);
        test_end_failing();
        assert_int_equal(status, BW_ERROR_IO);
        assert_non_null(strstr(bw_context_error(ctx), "kept.tif"));
        bw_context_free(ctx);
        bw_image *back = read_ok(in_folder("kept.tif"));
        assert_same_pixels(old, back);
        bw_image_free(back);
    }
    bw_image_free(old);
    bw_image_free(image);
}

/* ---- main ---------------------------------------------------------------------------------------------------- */

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_look_at_memory, test_nothing_is_left)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_parts_make_the_image),
        TEST(test_random_images_in_random_parts),
        TEST(test_strips_are_the_same_file),
        TEST(test_same_display_range_in_any_order),
        TEST(test_same_bytes_for_any_thread_count),
        TEST(test_layout_follows_from_the_size),
        TEST(test_bad_arguments),
        TEST(test_means_and_classes),
        TEST(test_memory_is_bounded),
        TEST(test_unfinished_leaves_nothing),
        TEST(test_incomplete_is_refused),
        TEST(test_parts_have_to_fit_tiles),
        TEST(test_unwritable),
        TEST(test_kept_strips_need_memory),
        TEST(test_cancel),
#ifdef TEST_LIMITS_FILES
        TEST(test_disk_full),
#endif
        TEST(test_failed_write_keeps_old_file),
    };
    if (test_make_own_folder(folder)) return 1;
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_walk(folder, 1);
    return test_remove_folder(folder) || failed;
}
