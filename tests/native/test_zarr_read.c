/* Reading Zarr: every codec and type, shards, what is missing or damaged, and which image a path leads to. The folders
 * are written here, descriptions by hand and chunks by the codecs' own encoders or as plain bytes. */
#include "support.h"

#include <math.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/image.h"
#include "tiff_boxes.h"
#include "zarr/codecs.h"
#include "zarr/coding.h"

static char folder[] = "zarr_read ü XXXXXX";

/* folder/a, of which five are remembered. */
static const char *in(const char *a) {
    static char paths[5][400];
    static int next;
    next = (next + 1) % 5;
    snprintf(paths[next], sizeof paths[next], "%s/%s", folder, a);
    return paths[next];
}

/* With the folders that it is in. */
static void store(const char *name, const void *data, size_t size) {
    char path[400];
    snprintf(path, sizeof path, "%s", in(name));
    *strrchr(path, '/') = 0;
    bw_context *ctx = test_context(1);
    assert_ok(ctx, bw_folder_make(ctx, path));
    bw_context_free(ctx);
    test_store(in(name), data, size);
}

static void store_text(const char *name, const char *text) {
    store(name, text, strlen(text));
}

static void remove_all(const char *name) {
    assert_int_equal(bw_tree_remove(in(name)), 0);
}

static bw_zarr_array *read_array(const char *name) {
    bw_context *ctx = test_context(1);
    bw_zarr_array *array;
    assert_ok(ctx, bw_zarr_array_read(ctx, in(name), &array));
    bw_context_free(ctx);
    return array;
}

static bw_image *open_image(const char *name) {
    bw_context *ctx = test_context(2);
    bw_image *image;
    assert_ok(ctx, bw_zarr_open(ctx, in(name), &image));
    bw_context_free(ctx);
    return image;
}

/* Opening fails with this status and a message that holds both words. */
static void assert_no_image(const char *name, bw_status status, const char *a, const char *b) {
    bw_context *ctx = test_context(1);
    bw_image *image;
    assert_refused(ctx, bw_zarr_open(ctx, in(name), &image), status, a);
    assert_null(image);
    if (!strstr(bw_context_error(ctx), b)) fail_msg("\"%s\" does not say \"%s\"", bw_context_error(ctx), b);
    bw_context_free(ctx);
}

/* All pixels of a frame as numbers; for test_free. */
static float *read_floats(const bw_image *image, int frame) {
    const bw_image_info *info = bw_image_get_info(image);
    const bw_part part = {frame, {0, 0, 0}, {info->width, info->height, info->depth}};
    const size_t bytes = boxes_bytes(info, &part), count = bytes / (size_t)bw_type_size(info->type);
    uint8_t *raw = test_malloc(bytes);
    float *values = test_malloc(count * sizeof *values);
    bw_context *ctx = test_context(2);
    assert_ok(ctx, bw_image_read(ctx, image, &part, raw));
    bw_context_free(ctx);
    for (size_t i = 0; i < count; i++) {
        if (info->type == BW_UINT8) values[i] = raw[i];
        if (info->type == BW_UINT16) values[i] = ((const uint16_t *)(const void *)raw)[i];
        if (info->type == BW_FLOAT32) values[i] = ((const float *)(const void *)raw)[i];
    }
    test_free(raw);
    return values;
}

static void put_number(uint8_t *to, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++)
        to[i] = (uint8_t)(value >> 8 * i);
}

/* ---- codecs ------------------------------------------------------------------------------------------------------ */

static const char *const v2_codecs[] = {"null",
                                        "{\"id\": \"blosc\", \"cname\": \"lz4\", \"clevel\": 5, \"shuffle\": 1}",
                                        "{\"id\": \"zlib\", \"level\": 1}",
                                        "{\"id\": \"gzip\", \"level\": 1}",
                                        "{\"id\": \"zstd\", \"level\": 0}",
                                        "{\"id\": \"lz4\", \"acceleration\": 1}"};

static const char *const v3_codecs[] = {
    "\"bytes\"",
    "{\"name\": \"gzip\", \"configuration\": {\"level\": 5}}",
    "{\"name\": \"zstd\", \"configuration\": {\"level\": 3, \"checksum\": true}}",
    "{\"name\": \"blosc\", \"configuration\": {\"cname\": \"zstd\", \"typesize\": 2}}",
    "\"crc32c\"",
    "{\"name\": \"zstd\"}, {\"name\": \"crc32c\"}",
    "{\"name\": \"gzip\"}, {\"name\": \"blosc\"}, {\"name\": \"numcodecs.lz4\"}, {\"name\": \"numcodecs.zlib\"}"};

static void describe_v2(const char *name, const char *dtype, const char *codec, const char *more) {
    char text[1000], file[200];
    snprintf(text, sizeof text,
             "{\"zarr_format\": 2, \"shape\": [10, 33], \"chunks\": [7, 20], \"dtype\": \"%s\", \"compressor\": %s, "
             "\"filters\": null, \"order\": \"C\", \"fill_value\": 0%s}",
             dtype, codec, more);
    snprintf(file, sizeof file, "%s/.zarray", name);
    store_text(file, text);
}

static void describe_v3(const char *name, const char *type, const char *codecs, const char *more) {
    char text[2000], file[200];
    snprintf(text, sizeof text,
             "{\"zarr_format\": 3, \"node_type\": \"array\", \"shape\": [10, 33], \"data_type\": \"%s\", "
             "\"chunk_grid\": {\"name\": \"regular\", \"configuration\": {\"chunk_shape\": [7, 20]}}, "
             "\"chunk_key_encoding\": {\"name\": \"default\"}, \"fill_value\": 0, \"codecs\": [%s]%s}",
             type, codecs, more);
    snprintf(file, sizeof file, "%s/zarr.json", name);
    store_text(file, text);
}

static void v3_chain(const char *name, const char *codec) {
    char codecs[1000];
    const char *bytes = "{\"name\": \"bytes\", \"configuration\": {\"endian\": \"little\"}}";
    snprintf(codecs, sizeof codecs, strcmp(codec, "\"bytes\"") ? "%s, %s" : "%s", bytes, codec);
    describe_v3(name, "uint16", codecs, "");
}

/* A chunk whose file has the first `size` of these bytes: an error that names it. */
static void try_damage(const bw_zarr_array *array, const char *name, const bw_zarr_bytes *encoded, uint64_t size) {
    const int64_t at[2] = {0, 0};
    uint16_t pixels[7 * 20];
    bw_context *ctx = test_context(1);
    test_store(name, encoded->data, (size_t)size);
    assert_refused(ctx, bw_zarr_chunk_read(ctx, array, at, pixels), BW_ERROR_FORMAT, name);
    assert_non_null(strstr(bw_context_error(ctx), "damaged"));
    bw_context_free(ctx);
}

/* Whole chunks of another size than the array's. */
static void try_other_sizes(bw_zarr_array *array, const char *name) {
    static const int64_t widths[] = {10, 19, 21, 400};
    static uint16_t pixels[7 * 400];
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        bw_context *ctx = test_context(1);
        bw_zarr_bytes encoded;
        array->chunk[1] = widths[i];
        assert_ok(ctx, bw_zarr_encode(ctx, array, pixels, &encoded));
        array->chunk[1] = 20;
        try_damage(array, name, &encoded, encoded.size);
        bw_free(encoded.data);
        bw_context_free(ctx);
    }
}

static void check_codec(const char *what) {
    const int64_t at[2] = {0, 0};
    uint16_t pixels[7 * 20], back[7 * 20];
    bw_zarr_array *array = read_array("codec.zarr");
    bw_context *ctx = test_context(1);
    bw_zarr_bytes encoded;
    char *path, *file;
    for (int i = 0; i < 7 * 20; i++)
        pixels[i] = (uint16_t)(i * i % 1000);
    assert_ok(ctx, bw_zarr_encode(ctx, array, pixels, &encoded));
    assert_ok(ctx, bw_zarr_chunk_path(ctx, array, at, &path));
    file = path + strlen(folder) + 1;
    store(file, encoded.data, (size_t)encoded.size);
    assert_ok(ctx, bw_zarr_chunk_read(ctx, array, at, back));
    if (memcmp(pixels, back, sizeof back)) fail_msg("%s: other pixels", what);
    for (uint64_t size = 0; size < encoded.size; size += size < 40 ? 1 : 7)
        try_damage(array, path, &encoded, size);
    try_other_sizes(array, path);
    bw_free(encoded.data);
    bw_free(path);
    bw_zarr_array_free(array);
    bw_context_free(ctx);
    remove_all("codec.zarr");
}

static void test_codecs(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof v2_codecs / sizeof *v2_codecs; i++) {
        describe_v2("codec.zarr", "<u2", v2_codecs[i], "");
        check_codec(v2_codecs[i]);
    }
    for (size_t i = 0; i < sizeof v3_codecs / sizeof *v3_codecs; i++) {
        v3_chain("codec.zarr", v3_codecs[i]);
        check_codec(v3_codecs[i]);
    }
}

/* 0, 1 .. 7 as numcodecs 0.16 wrote them; of zstd also as two frames, and as one that does not tell its size. */
static void test_foreign_bytes(void **state) {
    static const struct {
        const char *codec;
        size_t size;
        const char *bytes;
    } rows[] = {
        {"{\"id\": \"lz4\"}", 13, "\x08\0\0\0\x80\0\1\2\3\4\5\6\7"},
        {"{\"id\": \"zlib\"}", 16, "\x78\x01\x63\x60\x64\x62\x66\x61\x65\x63\x07\0\0\x5c\0\x1d"},
        {"{\"id\": \"gzip\"}", 28,
         "\x1f\x8b\x08\0\xcd\xa3\x02\x6b\x04\xff\x63\x60\x64\x62\x66\x61\x65\x63\x07\0\x9f\x68\xaa\x88\x08\0\0\0"},
        {"{\"id\": \"blosc\"}", 24, "\2\1\x33\1\x08\0\0\0\x08\0\0\0\x18\0\0\0\0\1\2\3\4\5\6\7"},
        {"{\"id\": \"zstd\"}", 17, "\x28\xb5\x2f\xfd\x20\x08\x41\0\0\0\1\2\3\4\5\6\7"},
        {"{\"id\": \"zstd\"}", 26, "\x28\xb5\x2f\xfd\x20\x03\x19\0\0\0\1\2\x28\xb5\x2f\xfd\x20\x05\x29\0\0\3\4\5\6\7"},
        {"{\"id\": \"zstd\"}", 17, "\x28\xb5\x2f\xfd\0\x58\x41\0\0\0\1\2\3\4\5\6\7"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[400];
        snprintf(text, sizeof text,
                 "{\"zarr_format\": 2, \"shape\": [2, 4], \"chunks\": [2, 4], \"dtype\": \"|u1\", \"compressor\": %s, "
                 "\"filters\": [], \"order\": \"F\", \"fill_value\": null}",
                 rows[i].codec);
        store_text("foreign/.zarray", text);
        store("foreign/0.0", rows[i].bytes, rows[i].size);
        bw_image *image = open_image("foreign");
        float *values = read_floats(image, 0);
        for (int k = 0; k < 8; k++)
            assert_int_equal(values[k], k % 4 * 2 + k / 4);
        test_free(values);
        bw_image_free(image);
    }
    remove_all("foreign");
}

enum { BLOSC_HEAD = 16, BLOSC_MATCH = 27, BLOSC_STORED = 9000000 };

static void put_blosc_head(uint8_t *to, int flags, int64_t pixels, size_t size) {
    const uint8_t head[4] = {2, 1, (uint8_t)flags, 1};
    memcpy(to, head, sizeof head);
    put_number(to + 4, (uint64_t)pixels, 4);
    put_number(to + 8, (uint64_t)pixels, 4);
    put_number(to + 12, size, 4);
}

static bw_status read_blosc(bw_context *ctx, const uint8_t *bytes, size_t size, int64_t pixels, uint8_t *to) {
    const int64_t at[1] = {0};
    char text[400];
    snprintf(text, sizeof text,
             "{\"zarr_format\": 2, \"shape\": [%lld], \"chunks\": [%lld], \"dtype\": \"|u1\", \"compressor\": {\"id\": "
             "\"blosc\"}, \"filters\": null, \"order\": \"C\", \"fill_value\": 0}",
             (long long)pixels, (long long)pixels);
    store_text("long.zarr/.zarray", text);
    store("long.zarr/0", bytes, size);
    bw_zarr_array *array = read_array("long.zarr");
    const bw_status status = bw_zarr_chunk_read(ctx, array, at, to);
    bw_zarr_array_free(array);
    remove_all("long.zarr");
    return status;
}

/* The length of a match in blosclz is a sum of bytes: more than 2^31 is damage, with any c-blosc. */
static void test_endless_match(void **state) {
    enum { PIXELS = 1 << 24, SIZE = BLOSC_MATCH + 8421505 + 4 };
    uint8_t *bytes = test_malloc(SIZE), *pixels = test_malloc(PIXELS);
    bw_context *ctx = test_context(1);
    (void)state;
    memset(bytes, 0xff, SIZE);
    put_blosc_head(bytes, 0x10, PIXELS, SIZE); /* one stream in a block */
    put_number(bytes + BLOSC_HEAD, BLOSC_HEAD + 4, 4);
    put_number(bytes + BLOSC_HEAD + 4, SIZE - BLOSC_HEAD - 8, 4);
    memcpy(bytes + BLOSC_HEAD + 8, "\0A\xe0", 3); /* a letter, and a match with it */
    memcpy(bytes + SIZE - 4, "\x0a\0\0", 4);
    assert_refused(ctx, read_blosc(ctx, bytes, SIZE, PIXELS, pixels), BW_ERROR_FORMAT, "blosc cannot decompress it");
    bw_context_free(ctx);
    test_free(bytes);
    test_free(pixels);
}

static void test_stored_bytes_may_be_all_the_same(void **state) {
    enum { SIZE = BLOSC_HEAD + BLOSC_STORED };
    uint8_t *bytes = test_malloc(SIZE), *pixels = test_malloc(BLOSC_STORED);
    bw_context *ctx = test_context(1);
    (void)state;
    memset(bytes, 0xff, SIZE);
    put_blosc_head(bytes, 0x02, BLOSC_STORED, SIZE);
    assert_ok(ctx, read_blosc(ctx, bytes, SIZE, BLOSC_STORED, pixels));
    assert_memory_equal(pixels, bytes + BLOSC_HEAD, BLOSC_STORED);
    bw_context_free(ctx);
    test_free(bytes);
    test_free(pixels);
}

/* gzip without a time and a system: the same file everywhere. */
static void test_written_gzip(void **state) {
    static const uint8_t head[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
    bw_context *ctx = test_context(1);
    bw_zarr_array array = {.axes = 1, .size = {100}, .chunk = {100}, .bytes = 1};
    uint8_t pixels[100] = {1, 2, 3};
    bw_zarr_bytes bytes;
    (void)state;
    assert_ok(ctx, bw_zarr_coding_create(ctx, BW_ZARR_GZIP, 1, &array.coding));
    assert_ok(ctx, bw_zarr_encode(ctx, &array, pixels, &bytes));
    assert_memory_equal(bytes.data, head, sizeof head);
    bw_free(bytes.data);
    bw_zarr_coding_free(array.coding);
    bw_context_free(ctx);
}

/* ---- types ------------------------------------------------------------------------------------------------------- */

typedef struct type_row {
    const char *v2, *v3; /* v2 without the byte order */
    size_t bytes;
    const char *big; /* two numbers, most significant byte first */
    bw_pixel_type type;
    float values[2];
} type_row;

/* Values as a TIFF file of the same type has them. */
static const type_row type_rows[] = {
    {"b1", "bool", 1, "\0\1", BW_UINT8, {0, 255}},
    {"u1", "uint8", 1, "\x07\xff", BW_UINT8, {7, 255}},
    {"i1", "int8", 1, "\x07\xff", BW_FLOAT32, {7, -1}},
    {"u2", "uint16", 2, "\x01\x02\xff\xfe", BW_UINT16, {258, 65534}},
    {"i2", "int16", 2, "\x00\x01\xff\xff", BW_UINT16, {32769, 32767}},
    {"u4", "uint32", 4, "\0\1\0\0\xff\0\0\0", BW_FLOAT32, {65536, 4278190080.0f}},
    {"i4", "int32", 4, "\0\1\0\0\xff\xff\xff\xfe", BW_FLOAT32, {65536, -2}},
    {"u8", "uint64", 8, "\0\0\0\1\0\0\0\0\x80\0\0\0\0\0\0\0", BW_FLOAT32, {4294967296.0f, 9223372036854775808.0f}},
    {"i8", "int64", 8, "\0\0\0\1\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xfd", BW_FLOAT32, {4294967296.0f, -3}},
    {"f2", "float16", 2, "\x3c\x00\xc1\x00", BW_FLOAT32, {1, -2.5f}},
    {"f4", "float32", 4, "\x3f\xc0\0\0\xbf\x80\0\0", BW_FLOAT32, {1.5f, -1}},
    {"f8", "float64", 8, "\x3f\xf8\0\0\0\0\0\0\xc0\x08\0\0\0\0\0\0", BW_FLOAT32, {1.5f, -3}},
};

/* The value that 0 stands for: streamed and in memory. */
static void check_offset(const bw_image *image, const char *name, double offset) {
    bw_context *ctx = test_context(1);
    bw_image *whole;
    assert_ok(ctx, bw_image_read_file(ctx, in(name), &whole));
    assert_true(bw_image_offset(image) == offset && bw_image_offset(whole) == offset);
    bw_image_free(whole);
    bw_context_free(ctx);
}

static void check_type(const type_row *row, const char *name, const char *chunk, int little) {
    uint8_t bytes[16];
    for (size_t i = 0; i < 2 * row->bytes; i++)
        bytes[i] = (uint8_t)row->big[little ? i / row->bytes * row->bytes + row->bytes - 1 - i % row->bytes : i];
    store(chunk, bytes, 2 * row->bytes);
    bw_image *image = open_image(name);
    float *values = read_floats(image, 0);
    assert_int_equal(bw_image_get_info(image)->type, row->type);
    for (int i = 0; i < 2; i++)
        if (values[i] != row->values[i]) fail_msg("%s %s: %g", row->v3, little ? "little" : "big", (double)values[i]);
    check_offset(image, name, strcmp(row->v3, "int16") ? 0 : -32768);
    test_free(values);
    bw_image_free(image);
    remove_all(name);
}

static void test_types(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof type_rows / sizeof *type_rows; i++)
        for (int little = 0; little < 2; little++) {
            const type_row *row = &type_rows[i];
            char text[700];
            snprintf(text, sizeof text,
                     "{\"zarr_format\": 2, \"shape\": [1, 2], \"chunks\": [1, 2], \"dtype\": \"%c%s\", \"compressor\": "
                     "null, \"order\": \"C\", \"fill_value\": null, \"dimension_separator\": \"/\"}",
                     row->bytes == 1 ? '|' : "><"[little], row -> v2);
            store_text("type2/.zarray", text);
            check_type(row, "type2", "type2/0/0", little);
            snprintf(text, sizeof text,
                     "{\"zarr_format\": 3, \"node_type\": \"array\", \"shape\": [1, 2], \"data_type\": \"%s\", "
                     "\"chunk_grid\": {\"name\": \"regular\", \"configuration\": {\"chunk_shape\": [1, 2]}}, "
                     "\"chunk_key_encoding\": {\"name\": \"v2\"}, \"fill_value\": null, \"codecs\": [{\"name\": "
                     "\"bytes\", \"configuration\": {\"endian\": \"%s\"}}]}",
                     row->v3, little ? "little" : "big");
            store_text("type3/zarr.json", text);
            check_type(row, "type3", "type3/0.0", little);
        }
}

static void test_fill_values(void **state) {
    static const struct {
        const char *type, *fill;
        float value;
    } rows[] = {{"<f4", "\"NaN\"", NAN},
                {"<f8", "\"Infinity\"", INFINITY},
                {"<f4", "\"-Infinity\"", -INFINITY},
                {"<f4", "\"0x3fc00000\"", 1.5f},
                {"<f2", "0.333251953125", 0.333251953125f},
                {"<f2", "\"NaN\"", NAN},
                {"<f2", "1e9", INFINITY},
                {"<f2", "-65504", -65504},
                {"|u1", "200", 200},
                {"<i2", "-1", 32767},
                {">u2", "258", 258},
                {"<u8", "18446744073709551615", 18446744073709551616.0f},
                {"<i8", "-9007199254740992", -9007199254740992.0f},
                {"|b1", "true", 255},
                {"<f4", "null", 0},
                {"<f8", "2", 2}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[600];
        snprintf(text, sizeof text,
                 "{\"zarr_format\": 2, \"shape\": [3, 5], \"chunks\": [2, 2], \"dtype\": \"%s\", \"compressor\": null, "
                 "\"order\": \"C\", \"fill_value\": %s}",
                 rows[i].type, rows[i].fill);
        store_text("fill/.zarray", text);
        bw_image *image = open_image("fill");
        float *values = read_floats(image, 0);
        for (int k = 0; k < 15; k++)
            if (values[k] != rows[i].value && !(isnan(values[k]) && isnan(rows[i].value)))
                fail_msg("%s %s: %g", rows[i].type, rows[i].fill, (double)values[k]);
        test_free(values);
        bw_image_free(image);
    }
    remove_all("fill");
}

/* ---- order of axes ----------------------------------------------------------------------------------------------- */

/* An array of 4 x 5 x 6, axes z, y, x, in chunks of 3 x 2 x 4, each number its own place; order: of the axes in files.
 */
static void store_cube(const char *prefix, const int order[3], const char *separator) {
    static const int size[3] = {4, 5, 6}, chunk[3] = {3, 2, 4};
    for (int c = 0; c < 2 * 3 * 2; c++) {
        const int at[3] = {c / 6, c / 2 % 3, c % 2};
        uint8_t bytes[24], *to = bytes;
        char file[100];
        for (int i = 0; i < 24; i++, to++) {
            int in_chunk[3], left = i;
            for (int k = 2; k >= 0; k--) {
                in_chunk[order[k]] = left % chunk[order[k]];
                left /= chunk[order[k]];
            }
            int place = 0;
            for (int k = 0; k < 3; k++)
                place = place * size[k] + at[k] * chunk[k] + in_chunk[k];
            *to = (uint8_t)place;
        }
        snprintf(file, sizeof file, "%s%d%s%d%s%d", prefix, at[0], separator, at[1], separator, at[2]);
        store(file, bytes, sizeof bytes);
    }
}

static void check_cube(const char *name) {
    bw_image *image = open_image(name);
    float *values = read_floats(image, 0);
    assert_int_equal(bw_image_get_info(image)->depth, 4);
    for (int i = 0; i < 4 * 5 * 6; i++)
        assert_int_equal(values[i], i);
    test_free(values);
    bw_image_free(image);
    remove_all(name);
}

static void describe_cube(const char *transposes) {
    char text[900];
    snprintf(text, sizeof text,
             "{\"zarr_format\": 3, \"node_type\": \"array\", \"shape\": [4, 5, 6], \"data_type\": \"uint8\", "
             "\"chunk_grid\": {\"name\": \"regular\", \"configuration\": {\"chunk_shape\": [3, 2, 4]}}, "
             "\"chunk_key_encoding\": {\"name\": \"default\", \"configuration\": {\"separator\": \".\"}}, "
             "\"fill_value\": 0, \"codecs\": [%s {\"name\": \"bytes\"}], \"extra\": {\"must_understand\": false}}",
             transposes);
    store_text("cube.zarr/zarr.json", text);
}

static void test_orders(void **state) {
    static const struct {
        const char *codecs;
        int order[3];
    } rows[] = {{"", {0, 1, 2}},
                {"{\"name\": \"transpose\", \"configuration\": {\"order\": \"F\"}},", {2, 1, 0}},
                {"{\"name\": \"transpose\", \"configuration\": {\"order\": \"C\"}},", {0, 1, 2}},
                {"{\"name\": \"transpose\", \"configuration\": {\"order\": [1, 2, 0]}},", {1, 2, 0}},
                {"{\"name\": \"transpose\", \"configuration\": {\"order\": [1, 2, 0]}},"
                 "{\"name\": \"transpose\", \"configuration\": {\"order\": [1, 0, 2]}},",
                 {2, 1, 0}}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        describe_cube(rows[i].codecs);
        store_cube("cube.zarr/c.", rows[i].order, ".");
        check_cube("cube.zarr");
    }
    store_text("cube.zarr/.zarray",
               "{\"zarr_format\": 2, \"shape\": [4, 5, 6], \"chunks\": [3, 2, 4], \"dtype\": \"|u1\", \"compressor\": "
               "null, \"filters\": [], \"order\": \"F\", \"fill_value\": 0, \"dimension_separator\": \"/\"}");
    store_cube("cube.zarr/", (const int[]){2, 1, 0}, "/");
    check_cube("cube.zarr");
}

/* ---- shards ------------------------------------------------------------------------------------------------------ */

enum { INDEX = 6 * 16 + 4, INNER = 4 * 4 };

/* A shard of 2 x 3 chunks of 4 x 4 uint8, the k-th all k + 1, the last one missing, in reverse order. */
static void store_shard(const char *name, int at_start) {
    uint8_t bytes[INDEX + 5 * INNER], *index = bytes + (at_start ? 0 : 5 * INNER);
    for (int k = 0; k < 6; k++) {
        const uint64_t offset = (uint64_t)((4 - k) * INNER + (at_start ? INDEX : 0));
        put_number(index + 16 * k, k < 5 ? offset : UINT64_MAX, 8);
        put_number(index + 16 * k + 8, k < 5 ? INNER : UINT64_MAX, 8);
        if (k < 5) memset(bytes + offset, k + 1, INNER);
    }
    put_number(index + INDEX - 4, bw_zarr_crc32c(index, INDEX - 4), 4);
    store(name, bytes, sizeof bytes);
}

static void describe_shards(const char *location) {
    char text[1200];
    snprintf(
        text, sizeof text,
        "{\"zarr_format\": 3, \"node_type\": \"array\", \"shape\": [7, 30], \"data_type\": \"uint8\", \"chunk_grid\": "
        "{\"name\": \"regular\", \"configuration\": {\"chunk_shape\": [8, 12]}}, \"chunk_key_encoding\": \"default\", "
        "\"fill_value\": 9, \"codecs\": [{\"name\": \"sharding_indexed\", \"configuration\": {\"chunk_shape\": [4, "
        "4], \"codecs\": [{\"name\": \"bytes\"}], \"index_codecs\": [{\"name\": \"bytes\", \"configuration\": "
        "{\"endian\": \"little\"}}, {\"name\": \"crc32c\"}], \"index_location\": \"%s\"}}]}",
        location);
    store_text("shards.zarr/zarr.json", text);
}

static void check_shards(void) {
    bw_image *image = open_image("shards.zarr");
    float *values = read_floats(image, 0);
    for (int i = 0; i < 7 * 30; i++) {
        const int y = i / 30, x = i % 30, k = y / 4 * 3 + x % 12 / 4;
        assert_int_equal(values[i], x >= 24 || k == 5 ? 9 : k + 1);
    }
    test_free(values);
    bw_image_free(image);
}

static void test_shards(void **state) {
    (void)state;
    for (int at_start = 0; at_start < 2; at_start++) {
        describe_shards(at_start ? "start" : "end");
        store_shard("shards.zarr/c/0/0", at_start);
        store_shard("shards.zarr/c/0/1", at_start);
        check_shards();
    }
    remove_all("shards.zarr");
}

/* Reading a shard whose file was changed at a byte, or cut, fails and names it. */
static void try_shard(size_t cut, size_t at, int flip, const char *words) {
    const bw_part part = {0, {0, 0, 0}, {30, 7, 1}};
    uint8_t pixels[30 * 7];
    size_t size;
    describe_shards("end");
    store_shard("shards.zarr/c/0/1", 0);
    uint8_t *bytes = test_load(in("shards.zarr/c/0/1"), &size);
    bytes[at] = (uint8_t)(bytes[at] ^ flip);
    if (at >= 5 * INNER && at < size - 4) put_number(bytes + size - 4, bw_zarr_crc32c(bytes + 5 * INNER, INDEX - 4), 4);
    test_store(in("shards.zarr/c/0/1"), bytes, size - cut);
    test_free(bytes);
    bw_image *image = open_image("shards.zarr");
    bw_context *ctx = test_context(2);
    assert_refused(ctx, bw_image_read(ctx, image, &part, pixels), BW_ERROR_FORMAT, words);
    assert_non_null(strstr(bw_context_error(ctx), "shards.zarr/c/0/1"));
    bw_context_free(ctx);
    bw_image_free(image);
    remove_all("shards.zarr");
}

static void test_damaged_shards(void **state) {
    (void)state;
    try_shard(0, 5 * INNER + INDEX - 1, 1, "checksum of its index");
    try_shard(5 * INNER + 1, 0, 0, "too short");
    try_shard(1, 0, 0, "checksum of its index");
    try_shard(0, 5 * INNER + 7, 1, "beyond its end");     /* an offset */
    try_shard(0, 5 * INNER + 8, 0x10, "too short");       /* a size */
    try_shard(0, 5 * INNER + 9, 0x80, "beyond its end");  /* a larger one */
    try_shard(0, 5 * INNER + 15, 0x80, "beyond its end"); /* that overflows */
}

/* ---- missing and damaged chunks ---------------------------------------------------------------------------------- */

static void test_damage_names_the_chunk(void **state) {
    const bw_part whole = {0, {0, 0, 0}, {33, 10, 1}}, left = {0, {0, 0, 0}, {20, 10, 1}};
    uint8_t chunk[140], pixels[330];
    (void)state;
    memset(chunk, 5, sizeof chunk);
    describe_v2("d.zarr", "|u1", "null", ", \"dimension_separator\": \"/\"");
    store("d.zarr/0/0", chunk, sizeof chunk);
    store("d.zarr/0/1", chunk, sizeof chunk - 1);
    bw_image *image = open_image("d.zarr");
    for (int again = 0; again < 2; again++) { /* what failed does not stay as if it were whole */
        bw_context *ctx = test_context(2);
        assert_refused(ctx, bw_image_read(ctx, image, &whole, pixels), BW_ERROR_FORMAT, "d.zarr/0/1");
        bw_context_free(ctx);
        ctx = test_context(2);
        assert_ok(ctx, bw_image_read(ctx, image, &left, pixels));
        for (int i = 0; i < 200; i++)
            assert_int_equal(pixels[i], i < 7 * 20 ? 5 : 0);
        bw_context_free(ctx);
    }
    store("d.zarr/0/1", chunk, sizeof chunk);
    bw_context *ctx = test_context(2);
    assert_ok(ctx, bw_image_read(ctx, image, &whole, pixels));
    assert_int_equal(pixels[32], 5);
    bw_context_free(ctx);
    bw_image_free(image);
    remove_all("d.zarr");
}

static void test_folder_in_place_of_a_chunk(void **state) {
    const bw_part whole = {0, {0, 0, 0}, {33, 10, 1}};
    uint8_t pixels[330];
    (void)state;
    describe_v2("d.zarr", "|u1", "null", "");
    store_text("d.zarr/0.1/x", "");
    bw_image *image = open_image("d.zarr");
    bw_context *ctx = test_context(1);
    assert_refused(ctx, bw_image_read(ctx, image, &whole, pixels), BW_ERROR_FORMAT, "it is a folder");
    bw_context_free(ctx);
    bw_image_free(image);
    remove_all("d.zarr");
}

/* ---- parts, threads, memory -------------------------------------------------------------------------------------- */

/* Axes c, x, t, y, z of 3, 29, 2, 17, 11, in chunks of 2, 8, 1, 5, 4: uint16 in blosc; some chunks are missing. */
static void store_scene(void) {
    static const int64_t size[5] = {3, 29, 2, 17, 11}, chunk[5] = {2, 8, 1, 5, 4};
    store_text(
        "scene.zarr/zarr.json",
        "{\"zarr_format\": 3, \"node_type\": \"array\", \"shape\": [3, 29, 2, 17, 11], \"data_type\": \"uint16\", "
        "\"chunk_grid\": {\"name\": \"regular\", \"configuration\": {\"chunk_shape\": [2, 8, 1, 5, 4]}}, "
        "\"chunk_key_encoding\": {\"name\": \"default\"}, \"fill_value\": 77, \"codecs\": [{\"name\": \"bytes\", "
        "\"configuration\": {\"endian\": \"big\"}}, {\"name\": \"blosc\"}], \"dimension_names\": [\"channel\", "
        "\"X\", \"t\", \"y\", \"z\"]}");
    bw_zarr_array *array = read_array("scene.zarr");
    bw_context *ctx = test_context(1);
    int64_t at[5];
    for (int64_t k = 0; k < 2 * 4 * 2 * 4 * 3; k++) {
        uint16_t pixels[2 * 8 * 5 * 4];
        bw_zarr_bytes bytes;
        char *path;
        for (int64_t left = k, axis = 4; axis >= 0; axis--) {
            const int64_t count = (size[axis] + chunk[axis] - 1) / chunk[axis];
            at[axis] = left % count;
            left /= count;
        }
        if (k % 17 == 3) continue;
        for (int i = 0; i < 2 * 8 * 5 * 4; i++)
            pixels[i] = (uint16_t)(k * 320 + i);
        assert_ok(ctx, bw_zarr_encode(ctx, array, pixels, &bytes));
        assert_ok(ctx, bw_zarr_chunk_path(ctx, array, at, &path));
        store(path + strlen(folder) + 1, bytes.data, (size_t)bytes.size);
        bw_free(bytes.data);
        bw_free(path);
    }
    bw_context_free(ctx);
    bw_zarr_array_free(array);
}

static uint16_t scene_pixel(int c, int64_t x, int t, int64_t y, int64_t z) {
    const int64_t k = ((((c / 2) * 4 + x / 8) * 2 + t) * 4 + y / 5) * 3 + z / 4;
    const int64_t i = (((c % 2) * 8 + x % 8) * 5 + y % 5) * 4 + z % 4;
    return k % 17 == 3 ? 77 : (uint16_t)(k * 320 + i);
}

static void check_part(const bw_image *image, const bw_part *part, int threads) {
    const bw_image_info *info = bw_image_get_info(image);
    uint16_t *pixels = test_malloc(boxes_bytes(info, part)), *at = pixels;
    bw_context *ctx = test_context(threads);
    assert_ok(ctx, bw_image_read(ctx, image, part, pixels));
    for (int c = 0; c < info->channels; c++)
        for (int64_t z = part->lo[2]; z < part->hi[2]; z++)
            for (int64_t y = part->lo[1]; y < part->hi[1]; y++)
                for (int64_t x = part->lo[0]; x < part->hi[0]; x++)
                    assert_int_equal(*at++, scene_pixel(c, x, part->frame, y, z));
    bw_context_free(ctx);
    test_free(pixels);
}

/* Any parts in any order, with room for all chunks, for a few and for one. */
static void test_parts(void **state) {
    static const uint64_t budgets[] = {0, 4 * 640 * 7, 1};
    (void)state;
    store_scene();
    for (size_t b = 0; b < sizeof budgets / sizeof *budgets; b++) {
        bw_context *ctx = test_context(1);
        bw_image *image;
        assert_ok(ctx, bw_context_set_memory_budget(ctx, budgets[b]));
        assert_ok(ctx, bw_zarr_open(ctx, in("scene.zarr"), &image));
        bw_context_free(ctx);
        const bw_image_info *info = bw_image_get_info(image);
        assert_true(info->width == 29 && info->height == 17 && info->depth == 11);
        assert_true(info->channels == 3 && info->frames == 2 && info->type == BW_UINT16);
        for (uint64_t i = 0; i < 150; i++) {
            bw_part part = boxes_random(info, 3, i);
            for (int axis = 0; axis < 3 && i % 3 == 0; axis++)
                part.hi[axis] = part.lo[axis] + 1;
            check_part(image, &part, 1 + (int)(i % 4));
        }
        bw_image_free(image);
    }
    remove_all("scene.zarr");
}

/* Prediction looks at 16 pixels of every slice: their chunks are read once, however little memory there is. */
static void test_single_pixels_stay(void **state) {
    uint16_t pixel[3];
    (void)state;
    store_scene();
    bw_context *ctx = test_context(1);
    bw_image *image;
    assert_ok(ctx, bw_context_set_memory_budget(ctx, 1));
    assert_ok(ctx, bw_zarr_open(ctx, in("scene.zarr"), &image));
    for (int64_t z = 0; z < 4; z++) {
        for (int64_t i = 0; i < 16; i++) {
            const int64_t x = i % 4 * 8, y = i / 4 * 5 < 17 ? i / 4 * 5 : 16;
            const bw_part part = {1, {x, y, z}, {x + 1, y + 1, z + 1}};
            assert_ok(ctx, bw_image_read(ctx, image, &part, pixel));
            for (int c = 0; c < 3; c++)
                assert_int_equal(pixel[c], scene_pixel(c, x, 1, y, z));
        }
        remove_all("scene.zarr/c"); /* nobody looks there again */
    }
    bw_image_free(image);
    bw_context_free(ctx);
    remove_all("scene.zarr");
}

/* ---- what OME-Zarr says ------------------------------------------------------------------------------------------ */

/* An array of two levels' size without chunks. */
static void store_level(const char *file, const char *shape, int version) {
    char text[600];
    snprintf(text, sizeof text,
             version == 2
                 ? "{\"zarr_format\": 2, \"shape\": [%s], \"chunks\": [%s], \"dtype\": \"<u2\", \"compressor\": "
                   "null, \"order\": \"C\", \"fill_value\": 0}"
                 : "{\"zarr_format\": 3, \"node_type\": \"array\", \"shape\": [%s], \"data_type\": \"uint16\", "
                   "\"chunk_grid\": {\"name\": \"regular\", \"configuration\": {\"chunk_shape\": [%s]}}, "
                   "\"chunk_key_encoding\": {\"name\": \"default\"}, \"fill_value\": 0, \"codecs\": [{\"name\": "
                   "\"bytes\", \"configuration\": {\"endian\": \"little\"}}]}",
             shape, shape);
    store_text(file, text);
}

static const char attributes[] =
    "\"multiscales\": [{\"version\": \"0.4\", \"axes\": [{\"name\": \"t\", \"type\": \"time\", \"unit\": "
    "\"millisecond\"}, "
    "{\"name\": \"c\", \"type\": \"channel\"}, {\"name\": \"z\", \"type\": \"space\", \"unit\": \"micrometer\"}, "
    "{\"name\": \"y\", \"type\": \"space\", \"unit\": \"nanometer\"}, {\"name\": \"x\", \"type\": \"space\", \"unit\": "
    "\"nanometer\"}], \"datasets\": [{\"path\": \"0\", \"coordinateTransformations\": [{\"type\": \"scale\", "
    "\"scale\": "
    "[1, 1, 2, 250, 125]}]}, {\"path\": \"small/1\", \"coordinateTransformations\": [{\"type\": \"translation\", "
    "\"translation\": [0, 0, 0, 0, 0]}, {\"type\": \"scale\", \"scale\": [1, 1, 2, 500, 250]}]}], "
    "\"coordinateTransformations\": [{\"type\": \"scale\", \"scale\": [500, 1, 1, 2, 2]}]}], \"omero\": {\"channels\": "
    "[{\"label\": \"DAPI\"}, {\"label\": \"\"}, {\"label\": \"Zelle \xc3\xbc\"}, {\"label\": \"none\"}]}";

static void check_described(const char *name, const char *called, int64_t width, double x) {
    bw_image *image = open_image(name);
    const bw_image_info *info = bw_image_get_info(image);
    assert_true(info->width == width && info->depth == 4 && info->channels == 3 && info->frames == 2);
    assert_true(info->calibrated && fabs(info->spacing[0] - x) < 1e-12 && fabs(info->spacing[1] - 2 * x) < 1e-12);
    assert_true(info->spacing[2] == 2 && fabs(info->frame_interval - 0.5) < 1e-12);
    assert_string_equal(info->unit, "um");
    assert_string_equal(bw_image_name(image), called);
    assert_string_equal(bw_image_channel_name(image, 0), "DAPI");
    assert_string_equal(bw_image_channel_name(image, 1), "");
    assert_string_equal(bw_image_channel_name(image, 2), "Zelle \xc3\xbc");
    bw_image_free(image);
}

static void check_levels(void) {
    check_described("Bild 1.ome.zarr", "Bild 1.ome.zarr", 9, 0.25);
    check_described("Bild 1.ome.zarr//", "Bild 1.ome.zarr", 9, 0.25);
    check_described("Bild 1.ome.zarr/0", "Bild 1.ome.zarr", 9, 0.25);
    check_described("Bild 1.ome.zarr/small/1/", "Bild 1.ome.zarr", 5, 0.5);
    remove_all("Bild 1.ome.zarr");
}

static void test_ome(void **state) {
    char text[2000];
    (void)state;
    store_text("Bild 1.ome.zarr/.zgroup", "{\"zarr_format\": 2}");
    snprintf(text, sizeof text, "{%s}", attributes);
    store_text("Bild 1.ome.zarr/.zattrs", text);
    store_level("Bild 1.ome.zarr/0/.zarray", "2, 3, 4, 8, 9", 2);
    store_level("Bild 1.ome.zarr/small/1/.zarray", "2, 3, 4, 4, 5", 2);
    check_levels();
    snprintf(text, sizeof text,
             "{\"zarr_format\": 3, \"node_type\": \"group\", \"attributes\": {\"ome\": {\"version\": \"0.5\", %s}}}",
             attributes);
    store_text("Bild 1.ome.zarr/zarr.json", text);
    store_level("Bild 1.ome.zarr/0/zarr.json", "2, 3, 4, 8, 9", 3);
    store_level("Bild 1.ome.zarr/small/1/zarr.json", "2, 3, 4, 4, 5", 3);
    check_levels();
}

/* Axes and calibration: rows of a list of axes, a scale, and what becomes of them. */
static void test_axes_and_units(void **state) {
    static const struct {
        const char *axes, *scale; /* of an array of 2 x 3 x 4 */
        int64_t width, height, depth;
        int channels, frames, calibrated;
        double spacing[3], interval;
        const char *unit;
    } rows[] = {
        {"", "[1, 1, 1]", 4, 3, 2, 1, 1, 0, {1, 1, 1}, 0, "pixel"},
        {"\"axes\": [\"c\", \"y\", \"x\"],", "[1, 1, 1]", 4, 3, 1, 2, 1, 0, {1, 1, 1}, 0, "pixel"},
        {"\"axes\": [\"x\", \"y\", \"t\"],", "[3, 2, 7]", 2, 3, 1, 1, 4, 1, {3, 2, 1}, 7, "pixel"},
        {"\"axes\": [{\"name\": \"z\", \"unit\": \"angstrom\"}, {\"name\": \"y\"}, {\"name\": \"x\"}],",
         "[1, 2, 3]",
         4,
         3,
         2,
         1,
         1,
         1,
         {3e-4, 2e-4, 1e-4},
         0,
         "um"},
        {"\"axes\": [{\"name\": \"z\", \"unit\": \"parsnip\"}, {\"name\": \"y\", \"unit\": \"millimeter\"}, {\"name\": "
         "\"x\", \"unit\": \"millimeter\"}],",
         "[1, 2, 3]",
         4,
         3,
         2,
         1,
         1,
         1,
         {3000, 2000, 1},
         0,
         "um"},
        {"\"axes\": [{\"name\": \"z\"}, {\"name\": \"y\", \"unit\": \"pixel\"}, {\"name\": \"x\", \"unit\": "
         "\"pixel\"}],",
         "[1, 2, 3]",
         4,
         3,
         2,
         1,
         1,
         0,
         {1, 1, 1},
         0,
         "pixel"},
        {"\"axes\": [{\"name\": \"dye\", \"type\": \"channel\"}, {\"name\": \"y\"}, {\"name\": \"x\"}],",
         "[1, 0.5, 0.5]",
         4,
         3,
         1,
         2,
         1,
         1,
         {0.5, 0.5, 1},
         0,
         "pixel"},
        {"\"axes\": [{\"name\": \"T\", \"unit\": \"minute\"}, {\"name\": \"Y\"}, {\"name\": \"X\"}],",
         "[2, -1, 1e99]",
         4,
         3,
         1,
         1,
         2,
         0,
         {1, 1, 1},
         120,
         "pixel"},
        {"", "[1, \"a\", 2, 4]", 4, 3, 2, 1, 1, 0, {1, 1, 1}, 0, "pixel"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[900];
        snprintf(text, sizeof text,
                 "{\"multiscales\": [{%s \"datasets\": [{\"path\": \"a\", \"coordinateTransformations\": [{\"type\": "
                 "\"scale\", \"scale\": %s}]}]}]}",
                 rows[i].axes, rows[i].scale);
        store_text("axes/.zattrs", text);
        store_level("axes/a/.zarray", "2, 3, 4", 2);
        bw_image *image = open_image("axes");
        const bw_image_info *info = bw_image_get_info(image);
        if (info->width != rows[i].width || info->height != rows[i].height || info->depth != rows[i].depth ||
            info->channels != rows[i].channels || info->frames != rows[i].frames ||
            info->calibrated != rows[i].calibrated || fabs(info->frame_interval - rows[i].interval) > 1e-9 ||
            strcmp(info->unit, rows[i].unit))
            fail_msg("row %zu: %lld %lld %lld %d %d, %d, %g, %s", i, (long long)info->width, (long long)info->height,
                     (long long)info->depth, info->channels, info->frames, info->calibrated, info->frame_interval,
                     info->unit);
        for (int axis = 0; axis < 3; axis++)
            assert_true(fabs(info->spacing[axis] - rows[i].spacing[axis]) < 1e-9 * rows[i].spacing[axis]);
        bw_image_free(image);
    }
    remove_all("axes");
}

static void test_groups_of_images(void **state) {
    const char *image = "{\"multiscales\": [{\"datasets\": [{\"path\": \"0\"}]}]}";
    (void)state;
    store_text("many.zarr/.zgroup", "{\"zarr_format\": 2}");
    assert_no_image("many.zarr", BW_ERROR_FORMAT, "without an image", "many.zarr");
    store_text("many.zarr/.zattrs", "{\"bioformats2raw.layout\": 3}");
    store_text("many.zarr/OME/.zattrs", "{\"series\": [\"0\", \"1\"]}");
    store_text("many.zarr/0/.zattrs", image);
    store_level("many.zarr/0/0/.zarray", "6, 7", 2);
    bw_image *only = open_image("many.zarr");
    assert_string_equal(bw_image_name(only), "many.zarr");
    assert_true(bw_image_get_info(only)->width == 7);
    bw_image_free(only);
    store_text("many.zarr/10/.zattrs", image);
    store_text("many.zarr/2/.zattrs", image);
    assert_no_image("many.zarr", BW_ERROR_FORMAT, "holds 3 images: 0, 2, 10.", "many.zarr/0");
    store_text("many.zarr/.zattrs", "{\"plate\": {\"wells\": [{\"path\": \"B/3\"}]}}");
    assert_no_image("many.zarr", BW_ERROR_FORMAT, "is a plate", "many.zarr/B/3/0");
    remove_all("many.zarr");
    store_text("x.zarr/labels/.zattrs", "{\"labels\": [\"cells\"]}");
    store_text("x.zarr/labels/cells/.zattrs", image);
    store_level("x.zarr/labels/cells/0/.zarray", "6, 7", 2);
    only = open_image("x.zarr/labels/cells");
    assert_string_equal(bw_image_name(only), "cells");
    bw_image_free(only);
    only = open_image("x.zarr/labels");
    bw_image_free(only);
    remove_all("x.zarr");
}

static void test_paths(void **state) {
    static const struct {
        const char *path;
        int zarr;
    } rows[] = {{"a.zarr", 1}, {"a.ZARR/", 1}, {"x/a.ome.zarr/labels/b", 1}, {"a.zarr.zip", 0}, {".zarr", 0},
                {"a.tif", 0},  {"zarr", 0},    {"a.zarr/result.tif", 0},     {"a.zarrs/0", 0},  {"", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (bw_path_is_zarr(rows[i].path) != rows[i].zarr) fail_msg("\"%s\"", rows[i].path);
    assert_false(bw_path_is_zarr(NULL));
    store_text("plain/.zattrs", "{}");
    assert_true(bw_path_is_zarr(in("plain")));
    assert_false(bw_path_is_zarr(in("plain/.zattrs")));
    store_text("file.zarr", "PK");
    assert_false(bw_path_is_zarr(in("file.zarr")));
    assert_no_image("file.zarr", BW_ERROR_FORMAT, "is a file", "file.zarr");
    assert_no_image("nothing.zarr", BW_ERROR_IO, "There is no folder", "nothing.zarr");
    assert_no_image("", BW_ERROR_FORMAT, "is no folder of Zarr", "zarr_read");
    remove_all("plain");
    remove_all("file.zarr");
}

/* ---- descriptions that cannot be right --------------------------------------------------------------------------- */

static void test_bad_descriptions(void **state) {
    static const struct {
        const char *json, *words;
    } rows[] = {
        {"", "no valid JSON"},
        {"[]", "no valid JSON"},
        {"{\"zarr_format\": 2", "no valid JSON"},
        {"{} {}", "no valid JSON"},
        {"{\"zarr_format\": 3}", "\"zarr_format\" is not 2"},
        {"{\"zarr_format\": 2}", "array of 0 axes"},
        {"{\"zarr_format\": 2, \"shape\": [1, 1, 1, 1, 1, 1, 1, 1, 1]}", "array of 9 axes"},
        {"{\"zarr_format\": 2, \"shape\": [4, -1]}", "\"shape\""},
        {"{\"zarr_format\": 2, \"shape\": [4, 1e300]}", "\"shape\""},
        {"{\"zarr_format\": 2, \"shape\": [4, 1.5]}", "\"shape\""},
        {"{\"zarr_format\": 2, \"shape\": [4, \"4\"]}", "\"shape\""},
        {"{\"zarr_format\": 2, \"shape\": [4, 0]}", "axis 2 has size 0"},
        {"{\"zarr_format\": 2, \"shape\": [4, 4], \"chunks\": [4, 0]}", "its chunks"},
        {"{\"zarr_format\": 2, \"shape\": [4, 4], \"chunks\": [4]}", "its chunks"},
        {"{\"zarr_format\": 2, \"shape\": [4, 4], \"chunks\": [4, 4, 4]}", "its chunks"},
        {"{\"zarr_format\": 2, \"shape\": [4, 4], \"chunks\": [4, 4]}", "no \"dtype\""},
        {"{\"zarr_format\": 2, \"shape\": [4, 4], \"chunks\": [4, 4], \"dtype\": \"<c8\"}", "\"c8\""},
        {"{\"zarr_format\": 2, \"shape\": [4, 4], \"chunks\": [4, 4], \"dtype\": \"|u2\"}", "\"|u2\""},
        {"{\"zarr_format\": 2, \"shape\": [4, 4], \"chunks\": [4, 4], \"dtype\": [[\"a\", \"<u2\"]]}", "of structures"},
        {"{\"zarr_format\": 2, \"shape\": [4, 4], \"chunks\": [2147483647, 2147483647], \"dtype\": \"<f8\"}", "1 GiB"},
        {"{\"zarr_format\": 2, \"shape\": [4, 4], \"chunks\": [4, 4], \"dtype\": \"|u1\", \"fill_value\": 256}",
         "\"fill_value\""},
        {"{\"zarr_format\": 2, \"shape\": [4, 4], \"chunks\": [4, 4], \"dtype\": \"|u1\", \"fill_value\": \"NaN\"}",
         "\"fill_value\""},
        {"{\"zarr_format\": 2, \"shape\": [4, 4], \"chunks\": [4, 4], \"dtype\": \"<f4\", \"fill_value\": \"0x12\"}",
         "\"fill_value\""},
        {"{\"zarr_format\": 2, \"shape\": [4, 4], \"chunks\": [4, 4], \"dtype\": \"|u1\", \"dimension_separator\": "
         "\"..\"}",
         "separates"},
        {"{\"zarr_format\": 2, \"shape\": [4, 4], \"chunks\": [4, 4], \"dtype\": \"|u1\", \"order\": \"K\"}",
         "\"order\""},
        {"{\"zarr_format\": 2, \"shape\": [4, 4], \"chunks\": [4, 4], \"dtype\": \"|u1\", \"order\": \"C\", "
         "\"compressor\": {\"id\": \"snappy\"}}",
         "codec \"snappy\""},
        {"{\"zarr_format\": 2, \"shape\": [4, 4], \"chunks\": [4, 4], \"dtype\": \"|u1\", \"order\": \"C\", "
         "\"compressor\": 5}",
         "no \"id\""},
        {"{\"zarr_format\": 2, \"shape\": [4, 4], \"chunks\": [4, 4], \"dtype\": \"|u1\", \"order\": \"C\", "
         "\"filters\": [{\"id\": \"delta\"}]}",
         "filter \"delta\""},
        {"{\"zarr_format\": 2, \"shape\": [9], \"chunks\": [4], \"dtype\": \"|u1\", \"order\": \"C\"}",
         "no axes x and y"},
        {"{\"zarr_format\": 2, \"shape\": [2, 1, 1, 1, 4, 4], \"chunks\": [1, 1, 1, 1, 4, 4], \"dtype\": \"|u1\", "
         "\"order\": \"C\"}",
         "which is none of t, c, z, y, x"},
        {"{\"zarr_format\": 2, \"shape\": [4, 4503599627370496], \"chunks\": [4, 4], \"dtype\": \"|u1\", \"order\": "
         "\"C\"}",
         "not possible"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bw_context *ctx = test_context(1);
        bw_image *image;
        store_text("bad/.zarray", rows[i].json);
        const bw_status status = bw_zarr_open(ctx, in("bad"), &image);
        if (status == BW_OK || image || !strstr(bw_context_error(ctx), rows[i].words) ||
            !strstr(bw_context_error(ctx), i + 1 < sizeof rows / sizeof *rows ? "bad" : "image"))
            fail_msg("%s: \"%s\"", rows[i].json, bw_context_error(ctx));
        bw_context_free(ctx);
    }
    remove_all("bad");
}

/* One member of a good zarr.json replaced. */
static void test_bad_descriptions_v3(void **state) {
    static const struct {
        const char *type, *codecs, *more, *words;
    } rows[] = {
        {"r8", "\"bytes\"", "", "data type \"r8\""},
        {"uint8", "", "", "lack \"bytes\""},
        {"uint8", "{\"name\": \"gzip\"}", "", "lack \"bytes\""},
        {"uint8", "5", "", "has no \"name\""},
        {"uint16", "\"bytes\"", "", "\"endian\""},
        {"uint8", "\"bytes\", \"bytes\"", "", "twice"},
        {"uint8", "\"bytes\", \"vlen\"", "", "codec \"vlen\""},
        {"uint8", "\"bytes\", {\"name\": \"transpose\"}", "", "stands behind"},
        {"uint8", "{\"name\": \"transpose\", \"configuration\": {\"order\": [0, 0]}}, \"bytes\"", "", "\"order\""},
        {"uint8", "{\"name\": \"transpose\", \"configuration\": {\"order\": [0, 1, 2]}}, \"bytes\"", "", "\"order\""},
        {"uint8", "\"bytes\"", ", \"news\": 1", "extension \"news\""},
        {"uint8", "\"bytes\"", ", \"storage_transformers\": [{\"name\": \"indirect\"}]", "extension \"indirect\""},
        {"uint8", "\"bytes\"", ", \"dimension_names\": [\"x\"]", "does not name every axis"},
        {"uint8", "\"bytes\"", ", \"dimension_names\": [\"x\", \"x\"]", "two axes"},
        {"uint8", "{\"name\": \"sharding_indexed\"}", "", "number of axes"},
        {"uint8", "{\"name\": \"sharding_indexed\", \"configuration\": {\"chunk_shape\": [7, 6]}}", "", "whole number"},
        {"uint8", "{\"name\": \"sharding_indexed\", \"configuration\": {\"chunk_shape\": [7, 5]}}", "", "index codec"},
        {"uint8",
         "{\"name\": \"sharding_indexed\", \"configuration\": {\"chunk_shape\": [7, 5], \"index_location\": "
         "\"middle\"}}",
         "", "\"index_location\""},
        {"uint8",
         "{\"name\": \"sharding_indexed\", \"configuration\": {\"chunk_shape\": [7, 5], \"index_codecs\": [{\"name\": "
         "\"bytes\", \"configuration\": {\"endian\": \"big\"}}, \"gzip\"]}}",
         "", "index codec \"gzip\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        describe_v3("bad", rows[i].type, rows[i].codecs, rows[i].more);
        assert_no_image("bad", BW_ERROR_FORMAT, rows[i].words, "bad");
    }
    remove_all("bad");
}

static void test_json_limits(void **state) {
    const size_t size = ((size_t)16 << 20) + 100;
    char *text = test_malloc(size);
    (void)state;
    memset(text, '[', size);
    memcpy(text, "{\"a\":", 5);
    store("bad/.zarray", text, 100000);
    assert_no_image("bad", BW_ERROR_FORMAT, "nested", ".zarray");
    memset(text, ' ', size);
    memcpy(text, "{}", 2);
    store("bad/.zarray", text, size);
    assert_no_image("bad", BW_ERROR_FORMAT, "larger than", ".zarray");
    test_free(text);
    store_text("bad/.zattrs", "{\"multiscales\": [{\"datasets\": [{\"path\": \"../secret\"}]}]}");
    remove_all("bad/.zarray");
    assert_no_image("bad", BW_ERROR_FORMAT, "names no array", "bad");
    store_level("bad/0/.zarray", "6, 7", 2);
    store_text("bad/.zattrs", "{\"multiscales\": 3}");
    assert_no_image("bad", BW_ERROR_FORMAT, "no list of images", "bad/.zattrs");
    assert_no_image("bad/0", BW_ERROR_FORMAT, "no list of images", "bad/.zattrs");
    remove_all("bad");
}

/* ---- main -------------------------------------------------------------------------------------------------------- */

static int set_up(void **state) {
    (void)state;
    return test_make_own_folder(folder);
}

static int tear_down(void **state) {
    (void)state;
    return bw_tree_remove(folder) || bw_memory_in_use();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codecs),
        cmocka_unit_test(test_foreign_bytes),
        cmocka_unit_test(test_endless_match),
        cmocka_unit_test(test_stored_bytes_may_be_all_the_same),
        cmocka_unit_test(test_written_gzip),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_fill_values),
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_shards),
        cmocka_unit_test(test_damaged_shards),
        cmocka_unit_test(test_damage_names_the_chunk),
        cmocka_unit_test(test_folder_in_place_of_a_chunk),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_single_pixels_stay),
        cmocka_unit_test(test_ome),
        cmocka_unit_test(test_axes_and_units),
        cmocka_unit_test(test_groups_of_images),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_bad_descriptions),
        cmocka_unit_test(test_bad_descriptions_v3),
        cmocka_unit_test(test_json_limits),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
