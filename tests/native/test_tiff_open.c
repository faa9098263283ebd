/* Streamed TIFF files: the pixels of bw_tiff_read part by part, in bounded memory, whatever happens to the file. */
#include "support.h"

#include "core/bytes.h"
#include "core/file.h"
#include "io/metadata.h"
#include "io/tiff.h"
#include "tiff_boxes.h"

static char folder[] = "test_tiff_open-XXXXXX"; /* below the working folder */

static const char *in_folder(const char *name) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_noise(const char *path, const bw_image_info *info, bw_compression compression, int big) {
    bw_context *ctx = test_context(1);
    bw_image *image = test_noise(info);
    assert_ok(ctx, bw_image_set_plane_label(ctx, image, info->frames - 1, 0, info->depth - 1, "the last"));
    assert_ok(ctx, bw_tiff_write_as(ctx, path, image, compression, big));
    bw_image_free(image);
    bw_context_free(ctx);
}

static bw_image *read_whole(const char *path) {
    bw_context *ctx = test_context(1);
    bw_image *image;
    assert_ok(ctx, bw_tiff_read(ctx, path, &image));
    bw_context_free(ctx);
    return image;
}

static bw_image *open_ok(const char *path) {
    bw_context *ctx = test_context(1);
    bw_image *image;
    assert_ok(ctx, bw_tiff_open(ctx, path, &image));
    assert_true(bw_image_is_streamed(image));
    bw_context_free(ctx);
    return image;
}

static void assert_box(const bw_image *whole, const bw_image *streamed, const bw_part *p) {
    bw_context *ctx = test_context(1);
    const int found = boxes_agree(ctx, whole, streamed, p);
    if (found != BOXES_AGREE)
        fail_msg("frame %d, x %d..%d, y %d..%d, z %d..%d: %s %s", p->frame, (int)p->lo[0], (int)p->hi[0], (int)p->lo[1],
                 (int)p->hi[1], (int)p->lo[2], (int)p->hi[2], found ? "failed:" : "differs", bw_context_error(ctx));
    bw_context_free(ctx);
}

static void assert_boxes(const bw_image *whole, const bw_image *streamed, int count) {
    for (int i = 0; i < count; i++) {
        const bw_part part = boxes_random(bw_image_get_info(whole), 5, (uint64_t)i);
        assert_box(whole, streamed, &part);
    }
}

/* ---- the same image ------------------------------------------------------------------------------------------ */

static const bw_image_info shapes[] = {
    {.type = BW_UINT8, .width = 1, .height = 1, .depth = 1, .channels = 1, .frames = 1},
    {.type = BW_UINT8, .width = 67, .height = 41, .depth = 1, .channels = 1, .frames = 1},
    {.type = BW_UINT16, .width = 33, .height = 20, .depth = 5, .channels = 1, .frames = 1, .calibrated = 1},
    {.type = BW_FLOAT32, .width = 21, .height = 33, .depth = 3, .channels = 2, .frames = 4},
    {.type = BW_UINT8, .width = 31, .height = 30, .depth = 4, .channels = 3, .frames = 2, .rgb = 1},
    {.type = BW_UINT16, .width = 900, .height = 700, .depth = 1, .channels = 1, .frames = 3, .frame_interval = 60},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static void assert_same_description(const bw_image *a, const bw_image *b) {
    const bw_image_info *i = bw_image_get_info(a), *k = bw_image_get_info(b);
    assert_memory_equal(i, k, sizeof *i);
    assert_string_equal(bw_image_name(a), bw_image_name(b));
    assert_string_equal(bw_image_plane_label(b, i->frames - 1, 0, i->depth - 1), "the last");
    assert_string_equal(bw_image_plane_label(a, i->frames - 1, 0, i->depth - 1), "the last");
}

/* Compressed strips whole, and row by row. */
static void compare_ways(const char *path, const bw_image *whole) {
    size_t size;
    uint8_t *data = test_load(path, &size);
    for (uint64_t most_whole = 1; most_whole <= 1 << 20; most_whole <<= 20) {
        bw_context *ctx = test_context(1);
        bw_image *streamed;
        assert_ok(ctx, bw_tiff_open_memory(ctx, data, size, "memory.tif", most_whole, &streamed));
        assert_boxes(whole, streamed, 40);
        bw_image_free(streamed);
        bw_context_free(ctx);
    }
    test_free(data);
}

static void test_same_as_read(void **state) {
    (void)state;
    for (int s = 0; s < SHAPES; s++)
        for (int c = BW_COMPRESSION_NONE; c <= BW_COMPRESSION_ZSTD; c++) {
            const char *path = in_folder("same.tif");
            write_noise(path, &shapes[s], (bw_compression)c, s % 2);
            bw_image *whole = read_whole(path), *streamed = open_ok(path);
            assert_same_description(whole, streamed);
            assert_boxes(whole, streamed, 40);
            compare_ways(path, whole);
            bw_image_free(streamed);
            bw_image_free(whole);
        }
}

static void test_many_pages(void **state) {
    const bw_image_info info = test_info(BW_UINT16, 16, 9, test_quick() ? 300 : 5000);
    (void)state;
    write_noise(in_folder("pages.tif"), &info, BW_COMPRESSION_LZW, 1);
    bw_image *whole = read_whole(in_folder("pages.tif")), *streamed = open_ok(in_folder("pages.tif"));
    assert_boxes(whole, streamed, 50);
    bw_image_free(streamed);
    bw_image_free(whole);
}

/* ---- a large image of one small tile ------------------------------------------------------------------------- */

enum { TILE = 64, LARGE = 40000, ACROSS = LARGE / TILE, TILES = ACROSS * ACROSS };

static uint8_t tile_value(int64_t x, int64_t y) {
    return (uint8_t)(bw_random(3, (uint64_t)(y % TILE), (uint64_t)(x % TILE)) >> 56);
}

/* Deflate's blocks that are stored as they are. */
static void put_deflated(bw_writer *w) {
    uint32_t a = 1, b = 0;
    assert_int_equal(bw_put_u16(w, 0x0178), BW_OK);
    assert_int_equal(bw_put_u8(w, 1), BW_OK);
    assert_int_equal(bw_put_u16(w, TILE * TILE), BW_OK);
    assert_int_equal(bw_put_u16(w, (uint16_t) ~(TILE * TILE)), BW_OK);
    for (int i = 0; i < TILE * TILE; i++) {
        const uint8_t value = tile_value(i % TILE, i / TILE);
        assert_int_equal(bw_put_u8(w, value), BW_OK);
        a = (a + value) % 65521;
        b = (b + a) % 65521;
    }
    for (int shift = 8; shift >= 0; shift -= 8)
        assert_int_equal(bw_put_u8(w, (uint8_t)(b >> shift)), BW_OK);
    for (int shift = 8; shift >= 0; shift -= 8)
        assert_int_equal(bw_put_u8(w, (uint8_t)(a >> shift)), BW_OK);
}

static void put_entry(bw_writer *w, int tag, int type, uint64_t count, uint64_t value) {
    assert_int_equal(bw_put_u16(w, (uint16_t)tag), BW_OK);
    assert_int_equal(bw_put_u16(w, (uint16_t)type), BW_OK);
    assert_int_equal(bw_put_u64(w, count), BW_OK);
    assert_int_equal(bw_put_u64(w, value), BW_OK);
}

/* 40000 x 40000 pixels, 390625 tiles, all of them the same bytes of a BigTIFF of 5 MB. */
static void put_large(bw_writer *w) {
    enum { TILE_BYTES = TILE * TILE + 11, COUNTS_AT = 256, OFFSETS_AT = COUNTS_AT + 4 * TILES };
    const uint64_t tile_at = OFFSETS_AT + (uint64_t)8 * TILES;
    static const uint8_t head[16] = {'I', 'I', 43, 0, 8, 0, 0, 0, 16};
    assert_int_equal(bw_put(w, head, sizeof head), BW_OK);
    assert_int_equal(bw_put_u64(w, 9), BW_OK);
    put_entry(w, 256, 4, 1, LARGE);
    put_entry(w, 257, 4, 1, LARGE);
    put_entry(w, 258, 3, 1, 8);
    put_entry(w, 259, 3, 1, 8);
    put_entry(w, 262, 3, 1, 1);
    put_entry(w, 322, 3, 1, TILE);
    put_entry(w, 323, 3, 1, TILE);
    put_entry(w, 324, 16, TILES, OFFSETS_AT);
    put_entry(w, 325, 4, TILES, COUNTS_AT);
    while (w->size < COUNTS_AT)
        assert_int_equal(bw_put_u32(w, 0), BW_OK);
    for (int i = 0; i < TILES; i++)
        assert_int_equal(bw_put_u32(w, TILE_BYTES), BW_OK);
    for (int i = 0; i < TILES; i++)
        assert_int_equal(bw_put_u64(w, tile_at), BW_OK);
    put_deflated(w);
    assert_int_equal(w->size, tile_at + TILE_BYTES);
}

typedef struct large {
    bw_context *ctx;
    bw_writer file;
    bw_image *image;
} large;

static void open_large(large *l) {
    l->ctx = test_context(1);
    bw_writer_init(&l->file, l->ctx);
    put_large(&l->file);
    assert_ok(l->ctx, bw_tiff_open_memory(l->ctx, l->file.data, l->file.size, "large.tif", 0, &l->image));
    assert_int_equal(bw_image_get_info(l->image)->width, LARGE);
}

static void close_large(large *l) {
    bw_image_free(l->image);
    bw_writer_free(&l->file);
    bw_context_free(l->ctx);
}

static void assert_tiles(const bw_part *part, const uint8_t *pixels) {
    for (int64_t y = part->lo[1]; y < part->hi[1]; y++)
        for (int64_t x = part->lo[0]; x < part->hi[0]; x++, pixels++)
            if (*pixels != tile_value(x, y)) fail_msg("pixel %d, %d is %d", (int)x, (int)y, *pixels);
}

static void test_memory_is_bounded(void **state) {
    enum { BOX = 300, MOST = 1 << 20 };
    large l;
    (void)state;
    open_large(&l);
    uint8_t *pixels = test_malloc(BOX * BOX);
    const uint64_t before = bw_memory_in_use();
    bw_memory_reset_peak();
    for (uint64_t i = 0; i < 60; i++) {
        bw_part part = {0, {0, 0, 0}, {0, 0, 1}};
        for (int axis = 0; axis < 2; axis++) {
            part.lo[axis] = bw_random_below(bw_random(11, i, (uint64_t)axis), LARGE - BOX);
            part.hi[axis] = part.lo[axis] + BOX;
        }
        assert_ok(l.ctx, bw_image_read(l.ctx, l.image, &part, pixels));
        assert_tiles(&part, pixels);
    }
    assert_true(bw_memory_peak() - before < MOST);
    test_free(pixels);
    close_large(&l);
}

static void cancel_soon(void *user) {
    test_sleep_ms(10);
    bw_context_cancel(user);
}

static double now(void) {
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Within a part that takes seconds, and another context goes on with the image. */
/* Seconds that a read takes which is cancelled after 10 ms; the whole one when it is not. */
static double read_seconds(const bw_image *image, const bw_part *part, uint8_t *pixels, int cancelled) {
    bw_context *ctx = test_context(1);
    test_thread *thread = cancelled ? test_start(cancel_soon, ctx) : NULL;
    const double start = now();
    const bw_status status = bw_image_read(ctx, image, part, pixels);
    const double taken = now() - start;
    if (thread) test_join(thread);
    assert_int_equal(status, cancelled ? BW_ERROR_CANCELLED : BW_OK);
    bw_context_free(ctx);
    return taken;
}

/* A read stops on its way; on a busy machine perhaps not at the first try. */
static void test_cancel(void **state) {
    enum { BOX = 12000, TRIES = 5 };
    const bw_part most = {0, {0, 0, 0}, {BOX, BOX, 1}}, little = {0, {7, 9, 0}, {107, 109, 1}};
    large l;
    int stopped = 0;
    (void)state;
    open_large(&l);
    uint8_t *pixels = test_malloc((size_t)BOX * BOX);
    const double whole = read_seconds(l.image, &most, pixels, 0);
    for (int i = 0; i < TRIES && !stopped; i++) {
        const double taken = read_seconds(l.image, &most, pixels, 1);
        stopped = taken < whole / 2 && taken < 1e-3 * (10 + test_cancel_ms());
    }
    assert_true(stopped);
    assert_ok(l.ctx, bw_image_read(l.ctx, l.image, &little, pixels));
    assert_tiles(&little, pixels);
    test_free(pixels);
    close_large(&l);
}

/* ---- files that change or are damaged ------------------------------------------------------------------------ */

static void assert_read_fails(const bw_image *image, const bw_part *part, const char *a, const char *b) {
    bw_context *ctx = test_context(1);
    uint8_t *pixels = test_malloc(boxes_bytes(bw_image_get_info(image), part));
    const bw_status status = bw_image_read(ctx, image, part, pixels);
    const char *message = bw_context_error(ctx);
    if (status != BW_ERROR_FORMAT || !strstr(message, a) || !strstr(message, b) || !strstr(message, "copy it again"))
        fail_msg("status %d: %s", (int)status, message);
    test_free(pixels);
    bw_context_free(ctx);
}

/* The error of one call does not reach the next. */
static void test_truncated_after_opening(void **state) {
    const bw_image_info info = shapes[5];
    const bw_part all = {1, {0, 0, 0}, {info.width, info.height, 1}};
    (void)state;
    for (int c = BW_COMPRESSION_NONE; c <= BW_COMPRESSION_ZSTD; c++) {
        const char *path = in_folder("cut.tif");
        size_t size;
        write_noise(path, &info, (bw_compression)c, 0);
        uint8_t *data = test_load(path, &size);
        bw_image *whole = read_whole(path), *streamed = open_ok(path);
        test_store(path, data, size / 10);
        assert_read_fails(streamed, &all, "cut.tif", "page 2");
        test_store(path, data, size);
        assert_box(whole, streamed, &all);
        test_free(data);
        bw_image_free(streamed);
        bw_image_free(whole);
    }
}

static uint32_t u32_at(const uint8_t *at) {
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* The value of an entry of the first directory of a small file. */
static uint8_t *first_value(uint8_t *data, int tag) {
    uint8_t *directory = data + u32_at(data + 4);
    for (int i = 0; i < directory[0]; i++)
        if (directory[2 + 12 * i] + 256 * directory[3 + 12 * i] == tag) return directory + 2 + 12 * i + 8;
    fail_msg("there is no tag %d", tag);
    return NULL;
}

/* Another program may write to a file while it is open. Eight pages are more than there are handles. */
static void test_changed_after_opening(void **state) {
    enum { WIDTH = 256, ROWS_PER_STRIP = 278 };
    const bw_image_info info = {.type = BW_UINT8, .width = 700, .height = 900, .depth = 8, .channels = 1, .frames = 1};
    const bw_part all = {0, {0, 0, 0}, {700, 900, 8}}, some = {0, {9, 9, 0}, {99, 899, 1}};
    const char *path = in_folder("changed.tif");
    size_t size;
    (void)state;
    write_noise(path, &info, BW_COMPRESSION_LZW, 0);
    uint8_t *data = test_load(path, &size), *pixels = test_malloc(boxes_bytes(&info, &all));
    for (int k = 0; k < 2; k++) {
        bw_context *ctx = test_context(1);
        bw_image *image;
        assert_ok(ctx, bw_tiff_open_memory(ctx, data, size, path, 0, &image));
        assert_ok(ctx, bw_image_read(ctx, image, &some, pixels));
        for (int64_t z = 1; z < 8; z++) {
            const bw_part other = {0, {0, 0, z}, {9, 9, z + 1}};
            assert_ok(ctx, bw_image_read(ctx, image, &other, pixels));
        }
        uint8_t *value = first_value(data, k ? WIDTH : ROWS_PER_STRIP);
        value[1] ^= 1;
        assert_read_fails(image, &some, "changed.tif, page 1", k ? "has changed" : "decoded");
        value[1] ^= 1;
        bw_image_free(image);
        bw_context_free(ctx);
    }
    test_free(pixels);
    test_free(data);
}

/* Strips of one page are gone: parts elsewhere are read, before and after the error. */
static void test_damaged_chunk(void **state) {
    const bw_image_info info = shapes[5];
    const bw_part bad = {1, {0, 0, 0}, {info.width, info.height, 1}}, good = {2, {3, 4, 0}, {800, 650, 1}};
    (void)state;
    for (uint64_t most_whole = 1; most_whole <= 1 << 20; most_whole <<= 20) {
        size_t size;
        bw_context *ctx = test_context(1);
        bw_image *streamed;
        write_noise(in_folder("damaged.tif"), &info, BW_COMPRESSION_DEFLATE, 0);
        bw_image *whole = read_whole(in_folder("damaged.tif"));
        uint8_t *data = test_load(in_folder("damaged.tif"), &size);
        memset(data + size / 2 - size / 10, 0xff, size / 5);
        assert_ok(ctx, bw_tiff_open_memory(ctx, data, size, "damaged.tif", most_whole, &streamed));
        assert_box(whole, streamed, &good);
        for (int again = 0; again < 2; again++)
            assert_read_fails(streamed, &bad, "damaged.tif", "page 2");
        assert_box(whole, streamed, &good);
        test_free(data);
        bw_image_free(streamed);
        bw_image_free(whole);
        bw_context_free(ctx);
    }
}

/* Every way to fail at opening leaves nothing open and nothing held. */
static void test_refused(void **state) {
    static const struct {
        const char *bytes;
        size_t size;
        const char *words;
    } files[] = {{"\x89PNG\r\n\x1a\n....", 12, "PNG"}, {"", 0, "empty"}, {"II*\0\xff\xff\xff\x7f", 8, "damaged"}};
    bw_image *image;
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        bw_context *ctx = test_context(1);
        test_store(in_folder("odd.tif"), files[i].bytes, files[i].size);
        assert_refused(ctx, bw_tiff_open(ctx, in_folder("odd.tif"), &image), BW_ERROR_FORMAT, files[i].words);
        assert_null(image);
        bw_context_free(ctx);
    }
    bw_context *ctx = test_context(1);
    assert_refused(ctx, bw_tiff_open(ctx, in_folder("missing.tif"), &image), BW_ERROR_IO, "No such file");
    bw_context_free(ctx);
    ctx = test_context(1);
    assert_refused(ctx, bw_tiff_open(ctx, NULL, &image), BW_ERROR_ARGUMENT, "path");
    bw_context_free(ctx);
    ctx = test_context(1);
    assert_refused(ctx, bw_tiff_open(ctx, folder, &image), BW_ERROR_IO, "folder");
    bw_context_free(ctx);
}

/* Every cut of a file: parts are those of the whole image or errors that name file and page. */
static void test_every_truncation(void **state) {
    bw_image_info info = shapes[3];
    (void)state;
    for (int c = BW_COMPRESSION_NONE; c <= BW_COMPRESSION_ZSTD; c++) {
        size_t size;
        write_noise(in_folder("cut.tif"), &info, (bw_compression)c, 0);
        bw_image *whole = read_whole(in_folder("cut.tif"));
        uint8_t *data = test_load(in_folder("cut.tif"), &size);
        for (size_t cut = 0; cut < size; cut += test_quick() ? 401 : 41) {
            bw_context *ctx = test_context(1);
            bw_image *streamed;
            uint8_t *copy = test_malloc(cut + 1); /* of exactly this size, so that a sanitizer sees every overrun */
            memcpy(copy, data, cut);
            bw_status status = bw_tiff_open_memory(ctx, copy, cut, "cut.tif", 0, &streamed);
            for (uint64_t i = 0; i < 5 && status == BW_OK; i++) {
                const bw_part part = boxes_random(&info, cut, i);
                assert_int_not_equal(boxes_agree(ctx, whole, streamed, &part), BOXES_DIFFER);
                status = bw_context_status(ctx);
            }
            if (status != BW_OK) assert_non_null(strstr(bw_context_error(ctx), "cut.tif"));
            bw_image_free(streamed);
            test_free(copy);
            bw_context_free(ctx);
        }
        test_free(data);
        bw_image_free(whole);
    }
}

/* ---- channel names ------------------------------------------------------------------------------------------- */

static bw_status note_channel(void *user, int64_t index, const char *name) {
    char *text = user;
    snprintf(text + strlen(text), 200 - strlen(text), "%d=%s;", (int)index, name);
    return BW_OK;
}

static void test_channel_names(void **state) {
    static const struct {
        const char *xml, *names;
    } cases[] = {
        {"<OME><Pixels SizeC='3'><Channel ID='a' Name='DAPI'/><Channel ID='b'/><Channel Name=\"a &lt;&amp;&gt; b\"/>",
         "0=DAPI;2=a <&> b;"},
        {"<o:OME><o:Pixels SizeC='4'><o:Channel SamplesPerPixel='3' Name='all'/><o:Channel "
         "Name='\xc2\xb5'/></o:Pixels>",
         "3=\xc2\xb5;"},
        {"<OME><Channel Name='before'/><Pixels SizeC='1'><Channel Name='in'/></Pixels><Channel Name='behind'/>",
         "0=in;"},
        {"<OME><Pixels SizeC='1'><Channel Name='&am", ""},
        {"<OME><Pixels SizeC='1'><Channel Name='&am'/>", "0=&am;"},
        {"<OME>", ""}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char found[200] = "";
        assert_int_equal(bw_ome_channels(cases[i].xml, note_channel, found), BW_OK);
        assert_string_equal(found, cases[i].names);
    }
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
        cmocka_unit_test(test_same_as_read),
        cmocka_unit_test(test_many_pages),
        cmocka_unit_test(test_memory_is_bounded),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_truncated_after_opening),
        cmocka_unit_test(test_changed_after_opening),
        cmocka_unit_test(test_damaged_chunk),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_channel_names),
    };
    return cmocka_run_group_tests_name("tiff_open", tests, set_up, tear_down);
}
