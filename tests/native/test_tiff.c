/* TIFF reading and writing: round trips, ImageJ's layouts, metadata, damaged files, failing disks. */
#include "support.h"

#include "core/bytes.h"
#include "core/file.h"
#include "core/random.h"
#include "io/metadata.h"
#include "io/samples.h"
#include "io/tiff.h"
#include "io/utf.h"

static char folder[] = "test_tiff-XXXXXX"; /* below the working folder */

static const char *in_folder(const char *name) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int count_files(void) {
    return test_walk(folder, 0);
}

/* ---- images -------------------------------------------------------------------------------------------------- */

static size_t plane_size(const bw_image_info *i) {
    return (size_t)(i->width * i->height * bw_type_size(i->type));
}

static void fill(bw_image *image, uint64_t seed) {
    const bw_image_info *info = bw_image_get_info(image);
    uint64_t n = 0;
    for (int t = 0; t < info->frames; t++)
        for (int c = 0; c < info->channels; c++)
            for (int64_t z = 0; z < info->depth; z++) {
                void *plane = bw_image_plane(image, t, c, z);
                for (int64_t i = 0; i < info->width * info->height; i++) {
                    uint64_t r = bw_random(seed, 0, n++);
                    /* half smooth, half noise, so that compression and predictors have something to do */
                    if (info->type == BW_UINT8) ((uint8_t *)plane)[i] = (uint8_t)(i % 2 ? r : (uint64_t)i);
                    if (info->type == BW_UINT16) ((uint16_t *)plane)[i] = (uint16_t)(i % 2 ? r : (uint64_t)i * 3);
                    if (info->type == BW_FLOAT32) ((float *)plane)[i] = (float)(r % 100000) / 7.0f - 3000.0f;
                }
            }
}

static bw_image *make(bw_context *ctx, bw_image_info info, uint64_t seed) {
    bw_image *image;
    assert_int_equal(bw_image_create(ctx, &info, &image), BW_OK);
    fill(image, seed);
    return image;
}

static void check_same_pixels(const bw_image *a, const bw_image *b) {
    const bw_image_info *i = bw_image_get_info(a), *k = bw_image_get_info(b);
    assert_int_equal(i->type, k->type);
    assert_true(i->width == k->width && i->height == k->height && i->depth == k->depth);
    assert_int_equal(i->channels, k->channels);
    assert_int_equal(i->frames, k->frames);
    for (int t = 0; t < i->frames; t++)
        for (int c = 0; c < i->channels; c++)
            for (int64_t z = 0; z < i->depth; z++)
                assert_memory_equal(bw_image_plane_const(a, t, c, z), bw_image_plane_const(b, t, c, z), plane_size(i));
}

static double relative_error(double value, double wanted) {
    return (value > wanted ? value - wanted : wanted - value) / wanted;
}

static void check_same_info(const bw_image_info *a, const bw_image_info *b) {
    assert_int_equal(a->rgb, b->rgb);
    assert_int_equal(a->calibrated, b->calibrated);
    assert_string_equal(a->unit, b->unit);
    for (int k = 0; k < 3; k++)
        assert_true(relative_error(b->spacing[k], a->spacing[k]) < 3e-16);
    assert_true(a->frame_interval == b->frame_interval);
}

static bw_image *read_ok(const char *path) {
    bw_context *ctx = bw_context_create();
    bw_image *image = NULL;
    if (bw_tiff_read(ctx, path, &image) != BW_OK) fail_msg("%s", bw_context_error(ctx));
    bw_context_free(ctx);
    return image;
}

static void write_ok(const char *path, const bw_image *image, bw_compression compression, int big, int threads) {
    bw_context *ctx = bw_context_create();
    assert_int_equal(bw_context_set_threads(ctx, threads), BW_OK);
    if (bw_tiff_write_as(ctx, path, image, compression, big) != BW_OK) fail_msg("%s", bw_context_error(ctx));
    bw_context_free(ctx);
}

/* ---- round trips --------------------------------------------------------------------------------------------- */

static const bw_image_info shapes[] = {
    {.type = BW_UINT8, .width = 1, .height = 1, .depth = 1, .channels = 1, .frames = 1},
    {.type = BW_UINT8, .width = 67, .height = 41, .depth = 1, .channels = 1, .frames = 1},
    {.type = BW_UINT16,
     .width = 33,
     .height = 20,
     .depth = 5,
     .channels = 1,
     .frames = 1,
     .calibrated = 1,
     .spacing = {0.65, 0.65, 2.1},
     .unit = "um"},
    {.type = BW_FLOAT32,
     .width = 21,
     .height = 33,
     .depth = 3,
     .channels = 2,
     .frames = 4,
     .calibrated = 1,
     .spacing = {0.10833333, 0.2, 1},
     .unit = "um",
     .frame_interval = 1.5},
    {.type = BW_FLOAT32, .width = 1, .height = 77, .depth = 1, .channels = 9, .frames = 1},
    {.type = BW_UINT8,
     .width = 50,
     .height = 30,
     .depth = 1,
     .channels = 3,
     .frames = 1,
     .rgb = 1,
     .calibrated = 1,
     .spacing = {3, 4, 5},
     .unit = "mm"},
    {.type = BW_UINT8, .width = 31, .height = 30, .depth = 4, .channels = 3, .frames = 2, .rgb = 1},
    {.type = BW_UINT8, .width = 31, .height = 30, .depth = 1, .channels = 3, .frames = 1},
    {.type = BW_UINT16, .width = 900, .height = 700, .depth = 1, .channels = 1, .frames = 3, .frame_interval = 60},
    {.type = BW_UINT8, .width = 600000, .height = 2, .depth = 1, .channels = 1, .frames = 1},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static void set_labels(bw_context *ctx, bw_image *image) {
    const bw_image_info *i = bw_image_get_info(image);
    bw_image_set_plane_label(ctx, image, 0, 0, 0, "first \xc2\xb5 \xf0\x9f\x8c\xb3");
    bw_image_set_plane_label(ctx, image, i->frames - 1, i->rgb ? 0 : i->channels - 1, i->depth - 1, "last");
}

static void check_labels(const bw_image *a, const bw_image *b) {
    const bw_image_info *i = bw_image_get_info(a);
    for (int t = 0; t < i->frames; t++)
        for (int c = 0; c < i->channels; c++)
            for (int64_t z = 0; z < i->depth; z++) {
                const char *x = bw_image_plane_label(a, t, c, z), *y = bw_image_plane_label(b, t, c, z);
                assert_int_equal(x == NULL, y == NULL);
                if (x) assert_string_equal(x, y);
            }
}

static void round_trip(const bw_image_info *info, bw_compression compression, int big) {
    bw_context *ctx = bw_context_create();
    bw_image *image = make(ctx, *info, 7);
    set_labels(ctx, image);
    const char *path = in_folder("round.tif");
    write_ok(path, image, compression, big, 1);
    bw_image *back = read_ok(path);
    check_same_pixels(image, back);
    check_same_info(bw_image_get_info(image), bw_image_get_info(back));
    check_labels(image, back);
    assert_string_equal(bw_image_name(back), "round.tif");
    bw_image_free(back);
    bw_image_free(image);
    bw_context_free(ctx);
}

static void test_round_trips(void **state) {
    (void)state;
    for (int s = 0; s < SHAPES; s++)
        for (int c = BW_COMPRESSION_NONE; c <= BW_COMPRESSION_ZSTD; c++)
            for (int big = 0; big < 2; big++)
                round_trip(&shapes[s], (bw_compression)c, big);
}

static void test_same_bytes_for_any_thread_count(void **state) {
    (void)state;
    bw_context *ctx = bw_context_create();
    bw_image *image = make(ctx, shapes[8], 3);
    for (int c = BW_COMPRESSION_NONE; c <= BW_COMPRESSION_ZSTD; c++) {
        size_t one_size, many_size;
        write_ok(in_folder("threads.tif"), image, (bw_compression)c, 0, 1);
        uint8_t *one = test_load(in_folder("threads.tif"), &one_size);
        write_ok(in_folder("threads.tif"), image, (bw_compression)c, 0, 5);
        uint8_t *many = test_load(in_folder("threads.tif"), &many_size);
        assert_int_equal(one_size, many_size);
        assert_memory_equal(one, many, one_size);
        test_free(one);
        test_free(many);
    }
    bw_image_free(image);
    bw_context_free(ctx);
}

/* To the last bits within what a fraction of two 32-bit numbers can say; many sizes come back exactly. */
static void test_spacing_is_kept(void **state) {
    static const struct {
        double size, error;
    } cases[] = {{0.5, 0},
                 {0.1625, 3e-16},
                 {3.25, 3e-16},
                 {1000, 0},
                 {1e-6, 0},
                 {0.65, 3e-16},
                 {0.0645, 3e-16},
                 {1.0 / 3, 3e-16},
                 {0.2048, 3e-16},
                 {0.10833333333333334, 3e-16},
                 {0.7071067811865476, 3e-16},
                 {1.9999999, 3e-16},
                 {123456.789, 1e-9},
                 {3.1415926e-7, 1e-9}};
    (void)state;
    bw_context *ctx = bw_context_create();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double size = cases[i].size;
        bw_image_info info = {.type = BW_UINT8,
                              .width = 2,
                              .height = 2,
                              .depth = 1,
                              .channels = 1,
                              .frames = 1,
                              .calibrated = 1,
                              .spacing = {size, size, size},
                              .unit = "um"};
        bw_image *image = make(ctx, info, 1);
        write_ok(in_folder("spacing.tif"), image, BW_COMPRESSION_NONE, 0, 1);
        bw_image *back = read_ok(in_folder("spacing.tif"));
        for (int k = 0; k < 3; k++) {
            double got = bw_image_get_info(back)->spacing[k];
            if (relative_error(got, size) > cases[i].error) fail_msg("axis %d: %.17g came back as %.17g", k, size, got);
        }
        bw_image_free(back);
        bw_image_free(image);
    }
    bw_context_free(ctx);
}

static void test_unicode_path_and_replacing(void **state) {
    (void)state;
    bw_context *ctx = bw_context_create();
    bw_image *first = make(ctx, shapes[1], 1), *second = make(ctx, shapes[2], 2);
    const char *path = in_folder("B\xc3\xa4ume \xe6\xa8\xb9.tif");
    int before = count_files();
    write_ok(path, first, BW_COMPRESSION_LZW, 0, 1);
    write_ok(path, second, BW_COMPRESSION_LZW, 0, 1);
    bw_image *back = read_ok(path);
    check_same_pixels(second, back);
    assert_int_equal(count_files(), before + 1);
    bw_image_free(back);
    bw_image_free(first);
    bw_image_free(second);
    bw_context_free(ctx);
}

/* ---- a small TIFF maker -------------------------------------------------------------------------------------- */

typedef struct maker {
    uint8_t bytes[4096];
    size_t size;
    int big_endian;
} maker;

static void put(maker *m, uint64_t value, int size) {
    for (int i = 0; i < size; i++)
        m->bytes[m->size++] = (uint8_t)(value >> 8 * (m->big_endian ? size - 1 - i : i));
}

static void entry(maker *m, int tag, int type, uint32_t count, uint32_t value) {
    put(m, (uint64_t)tag, 2);
    put(m, (uint64_t)type, 2);
    put(m, count, 4);
    put(m, value, type == 3 && count == 1 ? 2 : 4);
    if (type == 3 && count == 1) put(m, 0, 2);
}

enum { PIXELS_AT = 512, TEXT_AT = 256 };

/* One directory; a 4 x 3 image of 16 bits whose data begin at PIXELS_AT. */
static void begin_one_directory(maker *m, int big_endian, int width, int height, const char *description) {
    *m = (maker){.big_endian = big_endian};
    put(m, big_endian ? 0x4d4d : 0x4949, 2);
    put(m, 42, 2);
    put(m, 8, 4);
    put(m, 9, 2);
    entry(m, 256, 4, 1, (uint32_t)width);
    entry(m, 257, 4, 1, (uint32_t)height);
    entry(m, 258, 3, 1, 16);
    entry(m, 259, 3, 1, 1);
    entry(m, 262, 3, 1, 1);
    entry(m, 270, 2, (uint32_t)strlen(description) + 1, TEXT_AT);
    entry(m, 273, 4, 1, PIXELS_AT);
    entry(m, 278, 4, 1, (uint32_t)height);
    entry(m, 279, 4, 1, (uint32_t)width * (uint32_t)height * 2);
    put(m, 0, 4);
    snprintf((char *)m->bytes + TEXT_AT, PIXELS_AT - TEXT_AT, "%s", description);
    m->size = PIXELS_AT;
}

static bw_status read_memory(const maker *m, bw_image **image, char *message, size_t size) {
    bw_context *ctx = bw_context_create();
    bw_status status = bw_tiff_read_memory(ctx, m->bytes, m->size, "made.tif", image);
    snprintf(message, size, "%s", bw_context_error(ctx));
    bw_context_free(ctx);
    return status;
}

/* ImageJ's layout above 4 GiB: one directory, `images` planes behind the first. */
static void test_one_directory_many_images(void **state) {
    char message[512];
    (void)state;
    for (int big_endian = 0; big_endian < 2; big_endian++) {
        maker m;
        bw_image *image;
        begin_one_directory(&m, big_endian, 4, 3, "ImageJ=1.54p\nimages=6\nchannels=2\nslices=3\nunit=um\nspacing=2\n");
        for (int i = 0; i < 6 * 12; i++)
            put(&m, (uint64_t)(1000 + i), 2);
        assert_int_equal(read_memory(&m, &image, message, sizeof message), BW_OK);
        const bw_image_info *info = bw_image_get_info(image);
        assert_true(info->channels == 2 && info->depth == 3 && info->frames == 1 && info->spacing[2] == 2);
        for (int z = 0; z < 3; z++)
            for (int c = 0; c < 2; c++)
                assert_int_equal(((const uint16_t *)bw_image_plane_const(image, 0, c, z))[5],
                                 1000 + (z * 2 + c) * 12 + 5);
        bw_image_free(image);
        m.size -= 1;
        assert_int_equal(read_memory(&m, &image, message, sizeof message), BW_ERROR_FORMAT);
        assert_non_null(strstr(message, "6 images"));
        assert_null(image);
    }
}

static void test_plane_offsets(void **state) {
    const uint64_t plane = (uint64_t)3 << 30, first = 4096;
    uint64_t offset = 0;
    (void)state;
    assert_true(bw_tiff_plane_offset(first, plane, 5, first + 5 * plane, 4, &offset));
    assert_true(offset == first + 4 * plane && offset > UINT32_MAX);
    assert_false(bw_tiff_plane_offset(first, plane, 5, first + 5 * plane - 1, 0, &offset));
    assert_false(bw_tiff_plane_offset(first, plane, 5, first + 5 * plane, 5, &offset));
    assert_false(bw_tiff_plane_offset(first, plane, 5, first + 5 * plane, -1, &offset));
    assert_false(bw_tiff_plane_offset(first, UINT64_MAX / 2, 5, UINT64_MAX, 1, &offset));
    assert_false(bw_tiff_plane_offset(first, 1, INT64_MAX, 1 << 20, 1, &offset));
    assert_false(bw_tiff_plane_offset(100, 1, 1, 99, 0, &offset));
    assert_true(bw_tiff_plane_offset(99, 0, 1, 99, 0, &offset));
}

static void test_big_tiff_when_needed(void **state) {
    bw_image_info info = {.type = BW_UINT16, .width = 32768, .height = 32768, .depth = 1, .channels = 1, .frames = 1};
    (void)state;
    assert_false(bw_tiff_needs_big(&info, BW_COMPRESSION_NONE, 0));
    assert_true(bw_tiff_needs_big(&info, BW_COMPRESSION_NONE, (uint64_t)3 << 30));
    info.frames = 2; /* exactly 4 GiB */
    assert_true(bw_tiff_needs_big(&info, BW_COMPRESSION_NONE, 0));
    info.frames = 1;
    info.height = 32768 / 8 * 13; /* 3.25 GiB: noise grows under LZW */
    assert_false(bw_tiff_needs_big(&info, BW_COMPRESSION_DEFLATE, 0));
    assert_true(bw_tiff_needs_big(&info, BW_COMPRESSION_LZW, 0));
}

/* ---- metadata ------------------------------------------------------------------------------------------------ */

typedef struct calibration_case {
    const char *description;
    bw_resolution resolution;
    int calibrated;
    double x, y, z;
    const char *unit;
} calibration_case;

/* What ImageJ 1.54p makes of the same tags. */
static void test_calibration(void **state) {
    static const calibration_case cases[] = {
        {NULL, {0, 0, 0}, 0, 1, 1, 1, "pixel"},
        {NULL, {1, 1, 1}, 0, 1, 1, 1, "pixel"},
        {NULL, {72, 72, 2}, 0, 1, 1, 1, "pixel"},
        {NULL, {4, 2, 1}, 1, 0.25, 0.5, 1, "pixel"},
        {NULL, {4, 4, 0}, 0, 1, 1, 1, "pixel"},
        {NULL, {20000, 20000, 3}, 1, 1.0 / 20000 * 10000, 1.0 / 20000 * 10000, 1, "um"},
        {NULL, {10, 10, 3}, 1, 0.1, 0.1, 1, "cm"},
        {NULL, {100, 100, 2}, 1, 0.01, 0.01, 1, "inch"},
        {"ImageJ=1.54p\nunit=\\u00B5m\n", {4, 4, 1}, 1, 0.25, 0.25, 1, "um"},
        {"ImageJ=1.54p\nunit=um\nspacing=-2.5\n", {4, 4, 1}, 1, 0.25, 0.25, 2.5, "um"},
        {"ImageJ=1.54p\nunit=um\n", {20000, 20000, 3}, 1, 1.0 / 20000 * 10000, 1.0 / 20000 * 10000, 1, "um"},
        {"ImageJ=1.54p\nspacing=3\n", {0, 0, 0}, 1, 1, 1, 3, "pixel"},
        {"ImageJ=1.54p\nunit=pixel\n", {1, 1, 1}, 0, 1, 1, 1, "pixel"},
        {"ImageJ=1.54p\nunit=inch\n", {72, 72, 1}, 1, 1.0 / 72, 1.0 / 72, 1, "inch"},
        {"ImageJ=1.54p\nunit=\xb5m\nspacing=nonsense\n", {2, 2, 1}, 1, 0.5, 0.5, 1, "um"},
        {"ImageJ=1.54p\nunit=A\nunit=nm\nspacing=0\n", {2, 2, 1}, 1, 0.5, 0.5, 1, "nm"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const calibration_case *c = &cases[i];
        bw_metadata m;
        bw_metadata_parse(&m, c->description, &c->resolution);
        if (m.calibrated != c->calibrated || m.spacing[0] != c->x || m.spacing[1] != c->y || m.spacing[2] != c->z ||
            strcmp(m.unit, c->unit))
            fail_msg("case %zu: calibrated %d, %.17g x %.17g x %.17g %s", i, m.calibrated, m.spacing[0], m.spacing[1],
                     m.spacing[2], m.unit);
    }
}

static void test_imagej_sizes(void **state) {
    const bw_resolution none = {0, 0, 0};
    bw_metadata m;
    (void)state;
    bw_metadata_parse(
        &m, "ImageJ=1.49\nimages=24\nchannels=2\r\nslices = 3\nframes: 4\nfinterval=90\ntunit=ms\norder=zct", &none);
    assert_true(m.imagej && m.images == 24 && m.channels == 2 && m.slices == 3 && m.frames == 4);
    assert_true(m.frame_interval == 0.09);
    assert_string_equal(m.order, "ZCT");
    bw_metadata_parse(&m, "ImageJ=1.49\nimages=1e99\nslices=-4\nframes=\nfinterval=nan\n", &none);
    assert_true(m.images == 0 && m.channels == 1 && m.slices == 1 && m.frames == 1 && m.frame_interval == 0);
}

static void test_ome(void **state) {
    const bw_resolution none = {0, 0, 0};
    bw_metadata m;
    (void)state;
    bw_metadata_parse(
        &m,
        "<?xml version=\"1.0\"?><OME xmlns=\"x\"><Image Name=\"a > b\"><Pixels ID='Pixels:0' "
        "DimensionOrder=\"XYZCT\" SizeT=\"2\" SizeC=\"3\" SizeZ=\"5\" PhysicalSizeX=\"100\" "
        "PhysicalSizeXUnit=\"nm\" PhysicalSizeY=\"0.1\" PhysicalSizeZ=\"0.5\" PhysicalSizeZUnit=\"\xc2\xb5m\" "
        "TimeIncrement=\"2\" TimeIncrementUnit=\"min\"><TiffData/></Pixels></Image></OME>",
        &none);
    assert_true(m.has_sizes && m.channels == 3 && m.slices == 5 && m.frames == 2 && !m.imagej);
    assert_string_equal(m.order, "ZCT");
    assert_true(m.calibrated && m.spacing[0] == 0.1 && m.spacing[1] == 0.1 && m.spacing[2] == 0.5);
    assert_string_equal(m.unit, "um");
    assert_true(m.frame_interval == 120);
    static const char *const damaged[] = {
        "<OME><Pixels SizeC=\"3\"",
        "<OME><Pixels SizeC=\"3\" SizeZ=\"",
        "<OME><Pixels >",
        "<OME><Pixels SizeC=\"9999999999999999999999\" SizeZ=\"-1\" SizeT=\"1\" DimensionOrder=\"XYCZT\">",
        "<OME><Pixels SizeC=\"1\" SizeZ=\"1\" SizeT=\"1\" DimensionOrder=\"XYCCT\">",
        "<OME><Pixels SizeC SizeZ SizeT='1'>",
        "OME Pixels"};
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        bw_metadata_parse(&m, damaged[i], &none);
        assert_false(m.has_sizes);
        assert_false(m.calibrated);
    }
}

static void test_utf8(void **state) {
    (void)state;
    for (uint32_t code = 1; code < 0x110000; code += code < 0x3000 ? 1 : 61) {
        if (code >= 0xd800 && code < 0xe000) continue;
        char text[5] = {0};
        int size = bw_utf8_put(code, text);
        const char *at = text;
        assert_int_equal(bw_utf8_next(&at), code);
        assert_ptr_equal(at, text + size);
    }
    static const char *const odd[] = {"\xc0\x80", "\xe2\x82", "\xf5\x80\x80\x80", "\xed\xa0\x80", "\x80"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        const char *at = odd[i];
        assert_int_equal(bw_utf8_next(&at), (unsigned char)odd[i][0]);
        assert_ptr_equal(at, odd[i] + 1);
    }
    assert_int_equal(bw_utf16_join(0xd83c, 0xdf33), 0x1f333);
    assert_int_equal(bw_utf16_join(0x41, 0xdf33), 0);
}

/* Every half is compared with arithmetic on its parts. */
static void test_half_floats(void **state) {
    const bw_sample_kind *kind = bw_sample_kind_find(16, 3);
    (void)state;
    assert_non_null(kind);
    for (uint32_t h = 0; h < 65536; h++) {
        uint16_t in = (uint16_t)h;
        float out;
        kind->convert(&in, 0, 1, 1, 16, &out);
        int exponent = h >> 10 & 31, sign = h >> 15 ? -1 : 1;
        if (exponent == 31) {
            assert_true((h & 0x3ff) ? out != out : out * (float)sign > 3e38f);
            continue;
        }
        double value = (double)(h & 0x3ff) + (exponent ? 1024 : 0);
        for (int e = exponent ? exponent : 1; e < 25; e++)
            value /= 2;
        for (int e = 25; e < exponent; e++)
            value *= 2;
        assert_true((double)out == sign * value);
    }
}

static void test_packed_samples(void **state) {
    (void)state;
    for (int bits = 1; bits < 16; bits++) {
        if (bits == 8) continue;
        uint8_t row[64] = {0};
        uint16_t values[23];
        for (int i = 0; i < 23; i++) {
            values[i] = (uint16_t)(bw_random(1, (uint64_t)bits, (uint64_t)i) & ((1u << bits) - 1));
            for (int b = 0; b < bits; b++)
                if (values[i] >> (bits - 1 - b) & 1) row[(i * bits + b) / 8] |= (uint8_t)(0x80 >> (i * bits + b) % 8);
        }
        const bw_sample_kind *kind = bw_sample_kind_find(bits, 1);
        assert_int_equal(kind->type, bits <= 8 ? BW_UINT8 : BW_UINT16);
        uint16_t out16[23];
        kind->convert(row, 1, 2, 11, bits, out16);
        for (int i = 0; i < 11; i++) {
            int got = kind->type == BW_UINT8 ? ((uint8_t *)out16)[i] : out16[i], want = values[1 + 2 * i];
            assert_int_equal(got, bits == 1 ? want * 255 : want);
        }
    }
}

/* ---- errors -------------------------------------------------------------------------------------------------- */

static void expect_read_error(const char *path, bw_status code, const char *part) {
    bw_context *ctx = bw_context_create();
    bw_image *image = (bw_image *)1;
    bw_status status = bw_tiff_read(ctx, path, &image);
    if (status != code || !strstr(bw_context_error(ctx), part) || !strstr(bw_context_error(ctx), path))
        fail_msg("%s: status %d: %s", path, (int)status, bw_context_error(ctx));
    assert_null(image);
    bw_context_free(ctx);
}

static void test_not_a_tiff(void **state) {
    static const struct {
        const char *bytes;
        size_t size;
        const char *part;
    } files[] = {
        {"\x89PNG\r\n\x1a\n....", 12, "PNG"},
        {"\xff\xd8\xff\xe0..........", 14, "JPEG image"},
        {"\x89HDF\r\n\x1a\n", 8, "HDF5"},
        {"PK\3\4......", 10, "ZIP"},
        {"RIFF....WEBPxxxx", 16, "WebP"},
        {"hello world, this is text", 25, "not a TIFF"},
        {"II*", 3, "not a TIFF"},
        {"II*\0\0\0\0\0", 8, "damaged"},
        {"II*\0\xff\xff\xff\x7f", 8, "damaged"},
        {"", 0, "empty"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        test_store(in_folder("odd.tif"), files[i].bytes, files[i].size);
        expect_read_error(in_folder("odd.tif"), BW_ERROR_FORMAT, files[i].part);
    }
    expect_read_error(in_folder("missing.tif"), BW_ERROR_IO, "No such file");
    expect_read_error(folder, BW_ERROR_IO, "is a folder");
    expect_read_error(in_folder("data.zarr"), BW_ERROR_FORMAT, "OME-Zarr");
}

static void expect_write_error(const char *path, const bw_image *image, bw_compression compression, const char *part) {
    bw_context *ctx = bw_context_create();
    int before = count_files();
    bw_status status = bw_tiff_write(ctx, path, image, compression);
    if (status != BW_ERROR_IO || !strstr(bw_context_error(ctx), part))
        fail_msg("%s: status %d: %s", path, (int)status, bw_context_error(ctx));
    assert_int_equal(count_files(), before);
    bw_context_free(ctx);
}

static void test_unwritable(void **state) {
    (void)state;
    bw_context *ctx = bw_context_create();
    bw_image *image = make(ctx, shapes[1], 1);
    expect_write_error(in_folder("no/such/folder.tif"), image, BW_COMPRESSION_NONE, "No such file");
    test_store(in_folder("plain"), "x", 1);
    expect_write_error(in_folder("plain/inside.tif"), image, BW_COMPRESSION_NONE, TEST_FILE_AS_FOLDER);
    expect_write_error(folder, image, BW_COMPRESSION_NONE, "folder");
    bw_image_free(image);
    bw_context_free(ctx);
}

#ifdef TEST_LIMITS_FILES
/* A limit on the file size stands in for a full disk: at every limit below the real size nothing is left behind. */
static void test_disk_full(void **state) {
    (void)state;
    bw_context *ctx = bw_context_create();
    bw_image *image = make(ctx, shapes[2], 1);
    for (int c = BW_COMPRESSION_NONE; c <= BW_COMPRESSION_ZSTD; c++) {
        size_t size;
        write_ok(in_folder("full.tif"), image, (bw_compression)c, 0, 1);
        test_free(test_load(in_folder("full.tif"), &size));
        bw_system_remove(in_folder("full.tif"));
        for (size_t limit = 0; limit < size; limit += size / 9 + 1) {
            test_limit_files(limit);
            expect_write_error(in_folder("full.tif"), image, (bw_compression)c, "File too large");
            test_limit_files(UINT64_MAX);
        }
    }
    bw_image_free(image);
    bw_context_free(ctx);
}
#endif

static void test_failed_write_keeps_old_file(void **state) {
    (void)state;
    bw_context *ctx = bw_context_create();
    bw_image *first = make(ctx, shapes[1], 1), *second = make(ctx, shapes[2], 1);
    write_ok(in_folder("kept.tif"), first, BW_COMPRESSION_NONE, 0, 1);
    test_begin_failing(in_folder("kept.tif"));
    expect_write_error(in_folder("kept.tif"), second, BW_COMPRESSION_NONE, "Cannot");
    test_end_failing();
    bw_image *back = read_ok(in_folder("kept.tif"));
    check_same_pixels(first, back);
    bw_image_free(back);
    bw_image_free(first);
    bw_image_free(second);
    bw_context_free(ctx);
}

static void test_cancel(void **state) {
    (void)state;
    bw_context *ctx = bw_context_create(), *stopped = bw_context_create();
    bw_image *image = make(ctx, shapes[2], 1), *back = NULL;
    write_ok(in_folder("cancel.tif"), image, BW_COMPRESSION_DEFLATE, 0, 1);
    int before = count_files();
    bw_context_cancel(stopped);
    assert_int_equal(bw_tiff_read(stopped, in_folder("cancel.tif"), &back), BW_ERROR_CANCELLED);
    assert_null(back);
    assert_int_equal(bw_tiff_write(stopped, in_folder("cancel2.tif"), image, BW_COMPRESSION_NONE), BW_ERROR_CANCELLED);
    assert_int_equal(count_files(), before);
    bw_image_free(image);
    bw_context_free(stopped);
    bw_context_free(ctx);
}

static void test_bad_arguments(void **state) {
    (void)state;
    bw_context *ctx = bw_context_create();
    bw_image *image = NULL;
    assert_int_equal(bw_tiff_read(ctx, NULL, &image), BW_ERROR_ARGUMENT);
    bw_context_free(ctx);
    ctx = bw_context_create();
    image = make(ctx, shapes[1], 1);
    assert_int_equal(bw_tiff_write(ctx, in_folder("x.tif"), image, (bw_compression)77), BW_ERROR_ARGUMENT);
    bw_context_free(ctx);
    bw_image_free(image);
}

/* ---- damage -------------------------------------------------------------------------------------------------- */

/* Whatever the bytes say: no crash, no leak, no allocation out of proportion. */
static bw_status survive(const uint8_t *data, size_t size, const bw_image *original) {
    bw_context *ctx = bw_context_create();
    bw_image *image = NULL;
    uint64_t before = bw_memory_in_use();
    bw_memory_reset_peak();
    uint8_t *copy = test_malloc(size + 1); /* of exactly this size, so that a sanitizer sees every overrun */
    memcpy(copy, data, size);
    bw_status status = bw_tiff_read_memory(ctx, copy, size, "damaged.tif", &image);
    test_free(copy);
    assert_true(bw_memory_peak() - before < ((uint64_t)256 << 20));
    if (status != BW_OK) {
        assert_null(image);
        assert_true(status == BW_ERROR_FORMAT || status == BW_ERROR_MEMORY);
        assert_non_null(strstr(bw_context_error(ctx), "damaged.tif"));
    } else if (original) {
        check_same_pixels(original, image);
    }
    bw_image_free(image);
    bw_context_free(ctx);
    return status;
}

static const int damage_shapes[] = {1, 2, 3, 5};

static void test_every_truncation(void **state) {
    (void)state;
    bw_context *ctx = bw_context_create();
    for (size_t s = 0; s < sizeof damage_shapes / sizeof *damage_shapes; s++)
        for (int c = BW_COMPRESSION_NONE; c <= BW_COMPRESSION_ZSTD; c++) {
            size_t size;
            bw_image_info info = shapes[damage_shapes[s]];
            info.width = info.width > 13 ? 13 : info.width;
            info.height = 7;
            bw_image *image = make(ctx, info, 1);
            write_ok(in_folder("cut.tif"), image, (bw_compression)c, (int)s % 2, 1);
            uint8_t *data = test_load(in_folder("cut.tif"), &size);
            for (size_t cut = 0; cut < size; cut += test_quick() ? 7 : 1)
                survive(data, cut, image);
            assert_int_equal(survive(data, size, image), BW_OK);
            test_free(data);
            bw_image_free(image);
        }
    bw_context_free(ctx);
}

/* ImageJ writes the first directory in front: every cut through pixels must be seen. */
static void test_truncated_imagej_layout(void **state) {
    (void)state;
    maker m;
    begin_one_directory(&m, 0, 4, 3, "ImageJ=1.54p\nimages=3\nslices=3\n");
    for (int i = 0; i < 3 * 12; i++)
        put(&m, (uint64_t)i, 2);
    assert_int_equal(survive(m.bytes, m.size, NULL), BW_OK);
    for (size_t cut = 0; cut < m.size; cut++)
        assert_int_not_equal(survive(m.bytes, cut, NULL), BW_OK);
}

static void test_random_flips(void **state) {
    (void)state;
    bw_context *ctx = bw_context_create();
    for (size_t s = 0; s < sizeof damage_shapes / sizeof *damage_shapes; s++)
        for (int c = BW_COMPRESSION_NONE; c <= BW_COMPRESSION_ZSTD; c++) {
            size_t size;
            bw_image_info info = shapes[damage_shapes[s]];
            info.width = 9;
            info.height = 5;
            bw_image *image = make(ctx, info, 1);
            set_labels(ctx, image);
            write_ok(in_folder("flip.tif"), image, (bw_compression)c, (int)(s + 1) % 2, 1);
            uint8_t *data = test_load(in_folder("flip.tif"), &size);
            for (uint64_t round = 0; round < 600; round++) {
                uint8_t saved[8];
                size_t where[8];
                int flips = 1 + (int)(round % 8);
                for (int f = 0; f < flips; f++) {
                    uint64_t r = bw_random(s, round, (uint64_t)f);
                    where[f] = bw_random_below(r, (uint32_t)size);
                    saved[f] = data[where[f]];
                    data[where[f]] = (uint8_t)(r % 3 ? saved[f] ^ 1u << (r & 7) : r >> 8);
                }
                survive(data, size, NULL);
                for (int f = flips - 1; f >= 0; f--)
                    data[where[f]] = saved[f];
            }
            test_free(data);
            bw_image_free(image);
        }
    bw_context_free(ctx);
}

static void test_allocation_bombs(void **state) {
    static const int sizes[][2] = {
        {100000, 100000}, {1, 0x7fffffff}, {0x7fffffff, 1}, {0x7fffffff, 0x7fffffff}, {-1, -1}};
    static const int compressions[] = {1, 5, 8, 32773, 50000, 34925, 7};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t c = 0; c < sizeof compressions / sizeof *compressions; c++) {
            maker m;
            begin_one_directory(&m, 0, sizes[i][0], sizes[i][1],
                                "ImageJ=1.54p\nimages=2000000000\nslices=2000000000\n");
            m.bytes[10 + 3 * 12 + 8] = (uint8_t)compressions[c];
            m.bytes[10 + 3 * 12 + 9] = (uint8_t)(compressions[c] >> 8);
            for (int k = 0; k < 60; k++)
                put(&m, 0, 4);
            assert_int_not_equal(survive(m.bytes, m.size, NULL), BW_OK);
        }
}

static void test_directory_loop_ends(void **state) {
    (void)state;
    maker m;
    begin_one_directory(&m, 0, 4, 3, "");
    m.bytes[10 + 9 * 12] = 8; /* the next directory is this one */
    for (int k = 0; k < 12; k++)
        put(&m, 0, 2);
    survive(m.bytes, m.size, NULL);
}

/* ---- main ---------------------------------------------------------------------------------------------------- */

static int set_up(void **state) {
    (void)state;
    return test_make_own_folder(folder);
}

static int tear_down(void **state) {
    (void)state;
    test_walk(folder, 1);
    return test_remove_folder(folder) || bw_memory_in_use();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_same_bytes_for_any_thread_count),
        cmocka_unit_test(test_spacing_is_kept),
        cmocka_unit_test(test_unicode_path_and_replacing),
        cmocka_unit_test(test_one_directory_many_images),
        cmocka_unit_test(test_plane_offsets),
        cmocka_unit_test(test_big_tiff_when_needed),
        cmocka_unit_test(test_calibration),
        cmocka_unit_test(test_imagej_sizes),
        cmocka_unit_test(test_ome),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_half_floats),
        cmocka_unit_test(test_packed_samples),
        cmocka_unit_test(test_not_a_tiff),
        cmocka_unit_test(test_unwritable),
#ifdef TEST_LIMITS_FILES
        cmocka_unit_test(test_disk_full),
#endif
        cmocka_unit_test(test_failed_write_keeps_old_file),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_bad_arguments),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_truncated_imagej_layout),
        cmocka_unit_test(test_random_flips),
        cmocka_unit_test(test_allocation_bombs),
        cmocka_unit_test(test_directory_loop_ends),
    };
    return cmocka_run_group_tests_name("tiff", tests, set_up, tear_down);
}
