/* OME-Zarr that is written: pixels, smaller resolutions, descriptions, and what stays after failures and side by side.
 */
#include "support.h"

#include <math.h>

#include "core/alloc.h"
#include "core/bytes.h"
#include "core/file.h"
#include "core/image.h"
#include "core/sink.h"
#include "parts.h"
#include "zarr/array.h"
#include "zarr/output.h"

#ifndef _WIN32
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

static char folder[] = "test_zarr_write-XXXXXX"; /* below the working folder */

/* Room for four at a time. */
static const char *in_folder(const char *name) {
    static char paths[4][512];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static const char *below(const char *path, const char *name) {
    static char paths[4][700];
    static int next;
    char *whole = paths[next++ % 4];
    snprintf(whole, sizeof paths[0], "%s/%s", path, name);
    return whole;
}

static void remove_tree(const char *path) {
    assert_int_equal(bw_tree_remove(path), 0);
}

static int exists(const char *path) {
    return bw_system_kind(path) != BW_PATH_ABSENT;
}

/* ---- trees --------------------------------------------------------------------------------------------------- */

typedef struct tree {
    const char *root;
    char inner[600];
    uint64_t digest; /* of names and contents, in any order */
    int files;
} tree;

static int visit_entry(void *user, const char *name) {
    tree *t = user;
    char path[1300];
    const size_t length = strlen(t->inner);
    snprintf(t->inner + length, sizeof t->inner - length, "/%s", name);
    snprintf(path, sizeof path, "%s%s", t->root, t->inner);
    if (bw_system_kind(path) == BW_PATH_FOLDER) {
        assert_int_equal(bw_system_list(path, visit_entry, t), 0);
    } else {
        size_t size;
        uint8_t *data = test_load(path, &size);
        t->digest += bw_hash64(bw_hash64(1, t->inner, strlen(t->inner)), data, size);
        t->files++;
        test_free(data);
    }
    t->inner[length] = 0;
    return 0;
}

static tree look_at(const char *path) {
    tree t = {.root = path};
    assert_int_equal(bw_system_list(path, visit_entry, &t), 0);
    return t;
}

static void assert_same_trees(const char *a, const char *b) {
    const tree x = look_at(a), y = look_at(b);
    assert_int_equal(x.files, y.files);
    assert_true(x.digest == y.digest);
}

static char *text_of(const char *path) {
    size_t size;
    char *text = (char *)test_load(path, &size);
    text[size] = 0;
    return text;
}

static void assert_says(const char *path, const char *words) {
    char *text = text_of(path);
    if (!strstr(text, words)) fail_msg("%s does not say %s:\n%s", path, words, text);
    test_free(text);
}

static void assert_silent(const char *path, const char *words) {
    char *text = text_of(path);
    if (strstr(text, words)) fail_msg("%s says %s:\n%s", path, words, text);
    test_free(text);
}

/* ---- images -------------------------------------------------------------------------------------------------- */

typedef struct shape {
    bw_image_info info;
    int64_t chunk[3];
    int named;
} shape;

static const shape shapes[] = {
    {{.type = BW_UINT8, .width = 1, .height = 1, .depth = 1, .channels = 1, .frames = 1}, {0, 0, 0}, 0},
    {{.type = BW_FLOAT32, .width = 131, .height = 67, .depth = 1, .channels = 2, .frames = 1}, {32, 32, 0}, 1},
    {{.type = BW_UINT16, .width = 150, .height = 129, .depth = 9, .channels = 1, .frames = 2}, {64, 32, 4}, 0},
    {{.type = BW_UINT16,
      .width = 97,
      .height = 140,
      .depth = 7,
      .channels = 2,
      .frames = 1,
      .calibrated = 1,
      .spacing = {0.25, 0.25, 0.9},
      .unit = "um",
      .frame_interval = 2.5},
     {15, 64, 3},
     1},
    {{.type = BW_UINT8, .width = 300, .height = 66, .depth = 1, .channels = 3, .frames = 1, .rgb = 1}, {0, 0, 0}, 0},
    {{.type = BW_FLOAT32, .width = 66, .height = 1, .depth = 5, .channels = 1, .frames = 2}, {7, 1, 2}, 0},
    {{.type = BW_UINT8, .width = 515, .height = 70, .depth = 1, .channels = 1, .frames = 1}, {0, 0, 0}, 0},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static bw_image *make(const shape *s) {
    bw_context *ctx = test_context(1);
    bw_image *image = test_noise(&s->info);
    assert_ok(ctx, bw_image_set_name(ctx, image, "source \xc2\xb5.tif"));
    for (int c = 0; c < s->info.channels && s->named; c++)
        assert_ok(ctx, bw_image_set_channel_name(ctx, image, c, c ? "cell \"wall\"" : "\xc2\xb5"));
    bw_context_free(ctx);
    return image;
}

static bw_zarr_options options_of(const shape *s, bw_zarr_version version, bw_zarr_codec codec) {
    return (bw_zarr_options){.version = version, .codec = codec, .chunk = {s->chunk[0], s->chunk[1], s->chunk[2]}};
}

static bw_status create_parts(bw_context *ctx, const char *path, const bw_image *image, const bw_zarr_options *options,
                              uint64_t seed) {
    bw_sink *sink;
    bw_status status = bw_zarr_create(ctx, path, image, options, &sink);
    if (status == BW_OK) status = parts_write(ctx, sink, image, seed, NULL);
    if (status == BW_OK) status = bw_sink_finish(ctx, sink);
    bw_sink_free(sink);
    return status;
}

static void create_ok(const char *path, const bw_image *image, const bw_zarr_options *options, uint64_t seed,
                      int threads) {
    bw_context *ctx = test_context(threads);
    assert_ok(ctx, create_parts(ctx, path, image, options, seed));
    bw_context_free(ctx);
}

/* ---- levels ---------------------------------------------------------------------------------------------------- */

/* A chunk's voxels to their places. */
static void put_chunk(const bw_zarr_array *array, const int64_t at[5], const uint8_t *chunk, bw_image *image) {
    const int64_t *n = array->chunk, size = array->bytes;
    for (int64_t z = 0; z < n[2] && at[2] * n[2] + z < array->size[2]; z++) {
        uint8_t *plane = bw_image_plane(image, (int)at[0], (int)at[1], at[2] * n[2] + z);
        for (int64_t y = 0; y < n[3] && at[3] * n[3] + y < array->size[3]; y++) {
            const int64_t left = array->size[4] - at[4] * n[4], row = left < n[4] ? left : n[4];
            memcpy(plane + ((at[3] * n[3] + y) * array->size[4] + at[4] * n[4]) * size,
                   chunk + (z * n[3] + y) * n[4] * size, (size_t)(row * size));
        }
    }
}

static void read_chunks(bw_context *ctx, const bw_zarr_array *array, bw_image *image) {
    int64_t at[5] = {0}, count = 1;
    void *chunk = test_malloc((size_t)bw_zarr_chunk_bytes(array));
    for (int axis = 0; axis < 5; axis++)
        count *= bw_zarr_chunk_count(array, axis);
    for (int64_t i = 0; i < count; i++) {
        int64_t rest = i;
        for (int axis = 4; axis >= 0; axis--) {
            at[axis] = rest % bw_zarr_chunk_count(array, axis);
            rest /= bw_zarr_chunk_count(array, axis);
        }
        assert_ok(ctx, bw_zarr_chunk_read(ctx, array, at, chunk));
        put_chunk(array, at, chunk, image);
    }
    test_free(chunk);
}

/* NULL when there is no such level. */
static bw_image *read_level(const char *path, int level) {
    char name[16];
    bw_context *ctx = test_context(1);
    bw_zarr_array *array;
    snprintf(name, sizeof name, "%d", level);
    if (!bw_zarr_has_array(below(path, name))) {
        bw_context_free(ctx);
        return NULL;
    }
    assert_ok(ctx, bw_zarr_array_read(ctx, below(path, name), &array));
    assert_int_equal(array->axes, 5);
    const bw_image_info info = {.type = array->kind == BW_ZARR_FLOAT ? BW_FLOAT32
                                        : array->bytes == 2          ? BW_UINT16
                                                                     : BW_UINT8,
                                .frames = (int)array->size[0],
                                .channels = (int)array->size[1],
                                .depth = array->size[2],
                                .height = array->size[3],
                                .width = array->size[4]};
    bw_image *image = test_image(&info);
    read_chunks(ctx, array, image);
    bw_zarr_array_free(array);
    bw_context_free(ctx);
    return image;
}

static double value_at(const bw_image *image, int frame, int channel, const int64_t at[3]) {
    const bw_image_info *info = bw_image_get_info(image);
    const void *plane = bw_image_plane_const(image, frame, channel, at[2]);
    const int64_t i = at[1] * info->width + at[0];
    return info->type == BW_FLOAT32  ? ((const float *)plane)[i]
           : info->type == BW_UINT16 ? ((const uint16_t *)plane)[i]
                                     : ((const uint8_t *)plane)[i];
}

/* Of the voxels that there are: sums along x, of these along y, of these along z. */
static double mean_at(const bw_image *image, int frame, int channel, const int64_t at[3], const int64_t step[3]) {
    const bw_image_info *info = bw_image_get_info(image);
    const int64_t size[3] = {info->width, info->height, info->depth};
    float total = 0;
    int64_t count = 0, p[3];
    for (p[2] = at[2] * step[2]; p[2] < (at[2] + 1) * step[2] && p[2] < size[2]; p[2]++) {
        float slice = 0;
        for (p[1] = at[1] * step[1]; p[1] < (at[1] + 1) * step[1] && p[1] < size[1]; p[1]++) {
            float row = 0;
            for (p[0] = at[0] * step[0]; p[0] < (at[0] + 1) * step[0] && p[0] < size[0]; p[0]++, count++)
                row += (float)value_at(image, frame, channel, p);
            slice += row;
        }
        total += slice;
    }
    return info->type == BW_FLOAT32 ? (double)(total / (float)count) : floor((double)total / (double)count + 0.5);
}

static void assert_reduced(const bw_image *large, const bw_image *small, const int64_t step[3], int labels) {
    const bw_image_info *info = bw_image_get_info(small);
    int64_t at[3];
    for (int t = 0; t < info->frames; t++)
        for (int c = 0; c < info->channels; c++)
            for (at[2] = 0; at[2] < info->depth; at[2]++)
                for (at[1] = 0; at[1] < info->height; at[1]++)
                    for (at[0] = 0; at[0] < info->width; at[0]++) {
                        const int64_t first[3] = {at[0] * step[0], at[1] * step[1], at[2] * step[2]};
                        const double wanted = labels ? value_at(large, t, c, first) : mean_at(large, t, c, at, step);
                        assert_true(value_at(small, t, c, at) == wanted);
                    }
}

/* What a level must be: of the sizes and spacings alone. */
static void step_of(const bw_image_info *info, double spacing[3], int64_t step[3]) {
    const int64_t size[3] = {info->width, info->height, info->depth};
    const double longest = fmax(spacing[0], spacing[1]);
    for (int axis = 0; axis < 3; axis++)
        step[axis] = size[axis] > 1 && (axis < 2 || spacing[2] <= longest) ? 2 : 1;
    for (int axis = 0; axis < 3; axis++)
        spacing[axis] *= (double)step[axis];
}

static int check_levels(const char *path, const bw_image *image, int labels) {
    const bw_image_info *info = bw_image_get_info(image);
    double spacing[3] = {info->spacing[0], info->spacing[1], info->spacing[2]};
    bw_image *large = read_level(path, 0), *small = NULL;
    int count = 1;
    assert_same_pixels(image, large);
    for (; (small = read_level(path, count)); count++) {
        const bw_image_info *a = bw_image_get_info(large), *b = bw_image_get_info(small);
        int64_t step[3];
        assert_true(a->width > 64 || a->height > 64);
        step_of(a, spacing, step);
        assert_int_equal(b->width, (a->width + step[0] - 1) / step[0]);
        assert_int_equal(b->height, (a->height + step[1] - 1) / step[1]);
        assert_int_equal(b->depth, (a->depth + step[2] - 1) / step[2]);
        assert_reduced(large, small, step, labels);
        bw_image_free(large);
        large = small;
    }
    assert_true(bw_image_get_info(large)->width <= 64 && bw_image_get_info(large)->height <= 64);
    bw_image_free(large);
    return count;
}

static void pixels_and_levels_of_all_kinds(void **state) {
    (void)state;
    const char *path = in_folder("all.zarr");
    for (int s = 0; s < SHAPES; s++)
        for (int kind = 0; kind < 8; kind++) {
            if (test_quick() && (kind + s) % 5) continue;
            const bw_zarr_options options =
                options_of(&shapes[s], kind % 2 ? BW_OME_ZARR_05 : BW_OME_ZARR_04, (bw_zarr_codec)(kind / 2));
            bw_image *image = make(&shapes[s]);
            create_ok(path, image, &options, (uint64_t)(kind + 1), 2);
            const int labels = shapes[s].info.type != BW_FLOAT32 && shapes[s].info.channels == 1;
            check_levels(path, image, labels);
            assert_int_equal(test_walk(folder, 0), 1);
            bw_image_free(image);
        }
    remove_tree(path);
}

static void content_decides_how_levels_are_made(void **state) {
    (void)state;
    const char *path = in_folder("content.zarr");
    for (int named = 0; named < 2; named++)
        for (int content = BW_ZARR_CONTENT_AUTO; content <= BW_ZARR_CONTENT_LABELS; content++) {
            const int labels = content == BW_ZARR_CONTENT_LABELS || (!content && !named);
            shape s = shapes[2];
            s.named = named;
            bw_zarr_options options = options_of(&s, BW_OME_ZARR_04, BW_ZARR_BLOSC);
            options.content = (bw_zarr_content)content;
            bw_image *image = make(&s);
            create_ok(path, image, &options, 0, 2);
            assert_int_equal(check_levels(path, image, labels), 3);
            (labels ? assert_says : assert_silent)(below(path, ".zattrs"), "\"image-label\"");
            bw_image_free(image);
        }
    remove_tree(path);
}

static void opens_as_it_was(void **state) {
    (void)state;
    const char *path = in_folder("caf\xc3\xa9 \xe2\x82\xac.zarr");
    for (int s = 0; s < SHAPES; s++) {
        const bw_zarr_options options = options_of(&shapes[s], s % 2 ? BW_OME_ZARR_05 : BW_OME_ZARR_04, BW_ZARR_BLOSC);
        bw_context *ctx = test_context(2);
        bw_image *image = make(&shapes[s]), *back;
        create_ok(path, image, &options, 0, 2);
        assert_ok(ctx, bw_image_read_file(ctx, path, &back));
        const bw_image_info *a = bw_image_get_info(image), *b = bw_image_get_info(back);
        assert_same_pixels(image, back);
        assert_int_equal(a->calibrated, b->calibrated);
        for (int axis = 0; axis < 3; axis++)
            assert_true(a->spacing[axis] == b->spacing[axis]);
        assert_string_equal(a->unit, b->unit);
        assert_true(a->frame_interval == b->frame_interval);
        for (int c = 0; c < a->channels && shapes[s].named; c++)
            assert_string_equal(bw_image_channel_name(image, c), bw_image_channel_name(back, c));
        bw_image_free(image);
        bw_image_free(back);
        bw_context_free(ctx);
    }
    remove_tree(path);
}

static void the_same_bytes_in_any_order_and_from_any_threads(void **state) {
    (void)state;
    const char *one = in_folder("one.zarr"), *other = in_folder("other.zarr");
    for (int s = 1; s < (test_quick() ? 3 : 4); s++) {
        const bw_zarr_options options = options_of(&shapes[s], s % 2 ? BW_OME_ZARR_05 : BW_OME_ZARR_04, BW_ZARR_BLOSC);
        bw_image *image = make(&shapes[s]);
        create_ok(one, image, &options, 0, 1);
        for (int threads = 1; threads <= 4; threads += 3) {
            create_ok(other, image, &options, (uint64_t)(5 + threads), threads);
            assert_same_trees(one, other);
        }
        bw_image_free(image);
    }
    remove_tree(one);
    remove_tree(other);
}

/* ---- chunk by chunk ------------------------------------------------------------------------------------------ */

static bw_zarr_output *open_ok(bw_context *ctx, const char *path, const bw_image *image, const bw_zarr_options *options,
                               const char *note) {
    bw_zarr_output *output;
    assert_ok(ctx, bw_zarr_output_open(ctx, path, image, options, note, &output));
    return output;
}

/* Random parts, each followed by what lies above it. */
static void fill(bw_context *ctx, bw_zarr_output *output, const bw_image *image, uint64_t seed, int again) {
    static bw_part parts[PARTS_MOST];
    parts_state draws = {seed, 0};
    int64_t step[3];
    bw_sink *sink;
    assert_ok(ctx, bw_zarr_output_sink(ctx, output, &sink));
    bw_sink_step(sink, step);
    const int count = parts_make(&draws, bw_image_get_info(image), step, parts);
    assert_in_range(count, 1, PARTS_MOST);
    for (int i = 0; i < count; i++) {
        int there;
        assert_ok(ctx, bw_zarr_output_has(ctx, output, &parts[i], &there));
        assert_int_equal(there, again);
        assert_ok(ctx, parts_write_one(ctx, sink, image, &parts[i]));
        assert_ok(ctx, bw_zarr_output_has(ctx, output, &parts[i], &there));
        assert_true(there);
        assert_ok(ctx, bw_zarr_output_raise(ctx, output, &parts[i], again));
    }
    bw_sink_free(sink);
}

static void grows_block_by_block(void **state) {
    (void)state;
    const char *whole = in_folder("whole.zarr"), *grown = in_folder("grown.zarr");
    for (int s = 1; s < SHAPES; s++) {
        if (test_quick() && s % 3 == 0) continue;
        const bw_zarr_options options = options_of(&shapes[s], s % 2 ? BW_OME_ZARR_04 : BW_OME_ZARR_05, BW_ZARR_ZSTD);
        bw_image *image = make(&shapes[s]);
        bw_context *ctx = test_context(1 + s % 3);
        create_ok(whole, image, &options, 0, 2);
        bw_zarr_output *output = open_ok(ctx, grown, image, &options, NULL);
        fill(ctx, output, image, (uint64_t)s, 0);
        assert_same_trees(whole, grown);
        fill(ctx, output, image, (uint64_t)(s + 100), 1);
        assert_same_trees(whole, grown);
        bw_zarr_output_free(output);
        bw_context_free(ctx);
        bw_image_free(image);
        remove_tree(grown);
    }
    remove_tree(whole);
}

/* A parent waits for its last child, and stays as it is unless it is made again. */
static void smaller_levels_wait_for_all_they_show(void **state) {
    (void)state;
    const char *path = in_folder("waits.zarr");
    const shape s = {
        {.type = BW_FLOAT32, .width = 128, .height = 128, .depth = 1, .channels = 1, .frames = 1}, {64, 64, 1}, 0};
    const bw_zarr_options options = options_of(&s, BW_OME_ZARR_04, BW_ZARR_RAW);
    bw_image *image = make(&s);
    bw_context *ctx = test_context(2);
    bw_zarr_output *output = open_ok(ctx, path, image, &options, NULL);
    bw_sink *sink;
    assert_ok(ctx, bw_zarr_output_sink(ctx, output, &sink));
    for (int64_t i = 0; i < 4; i++) {
        const int64_t x = 64 * (i % 2), y = 64 * (i / 2);
        const bw_part part = {0, {x, y, 0}, {x + 64, y + 64, 1}};
        assert_false(exists(below(path, "1/0/0/0/0/0")));
        assert_ok(ctx, parts_write_one(ctx, sink, image, &part));
        assert_ok(ctx, bw_zarr_output_raise(ctx, output, &part, 0));
    }
    assert_true(exists(below(path, "1/0/0/0/0/0")));
    check_levels(path, image, 0);
    const bw_part part = {0, {0, 0, 0}, {64, 64, 1}};
    ((float *)bw_image_plane(image, 0, 0, 0))[0] = 1e6f;
    assert_ok(ctx, parts_write_one(ctx, sink, image, &part));
    const tree before = look_at(path);
    assert_ok(ctx, bw_zarr_output_raise(ctx, output, &part, 0));
    assert_true(look_at(path).digest == before.digest);
    assert_ok(ctx, bw_zarr_output_raise(ctx, output, &part, 1));
    check_levels(path, image, 0);
    bw_sink_free(sink);
    bw_zarr_output_free(output);
    bw_context_free(ctx);
    bw_image_free(image);
    remove_tree(path);
}

/* Until they are written, chunks read as the fill value. */
static void what_is_not_written_is_the_fill_value(void **state) {
    (void)state;
    const char *path = in_folder("empty.zarr");
    for (int version = 0; version < 2; version++)
        for (int s = 1; s < 3; s++) {
            const bw_zarr_options options = options_of(&shapes[s], (bw_zarr_version)version, BW_ZARR_BLOSC);
            bw_image *image = make(&shapes[s]), *back;
            bw_context *ctx = test_context(1);
            const int64_t at[3] = {3, 2, 0};
            bw_zarr_output_free(open_ok(ctx, path, image, &options, NULL));
            back = read_level(path, 0);
            const double value = value_at(back, 0, 0, at);
            assert_true(s == 1 ? isnan(value) : value == 0);
            bw_image_free(back);
            bw_image_free(image);
            bw_context_free(ctx);
            remove_tree(path);
        }
}

/* ---- descriptions -------------------------------------------------------------------------------------------- */

static void describes_channels_labels_and_calibration(void **state) {
    (void)state;
    const char *path = in_folder("text.zarr");
    const char note[] = "{\"model\": \"a\", \"classes\": [{\"name\": \"cell \\\"1\\\"\", \"color\": \"#0072bF\"}, "
                        "{\"name\": \"rest\", \"color\": \"#E69f00\"}]}";
    bw_context *ctx = test_context(1);
    bw_zarr_options options = options_of(&shapes[3], BW_OME_ZARR_04, BW_ZARR_BLOSC);
    bw_image *image = make(&shapes[3]);
    bw_zarr_output_free(open_ok(ctx, path, image, &options, NULL));
    bw_image_free(image);
    assert_says(below(path, ".zattrs"), "\"label\": \"cell \\\"wall\\\"\"");
    assert_says(below(path, ".zattrs"), "{\"name\": \"t\", \"type\": \"time\", \"unit\": \"second\"}");
    assert_says(below(path, ".zattrs"), "{\"name\": \"z\", \"type\": \"space\", \"unit\": \"micrometer\"}");
    assert_says(below(path, ".zattrs"), "\"scale\": [2.5, 1, 0.9, 0.5, 0.5]");
    assert_says(below(path, ".zattrs"), "\"translation\": [0, 0, 0, 0.125, 0.125]");
    assert_silent(below(path, ".zattrs"), "image-label");
    remove_tree(path);
    options = options_of(&shapes[6], BW_OME_ZARR_05, BW_ZARR_BLOSC);
    image = make(&shapes[6]);
    bw_zarr_output_free(open_ok(ctx, path, image, &options, note));
    bw_image_free(image);
    assert_says(below(path, "zarr.json"), "{\"label-value\": 1, \"class\": \"cell \\\"1\\\"\"}");
    assert_says(below(path, "zarr.json"), "{\"label-value\": 1, \"rgba\": [0, 114, 191, 255]}");
    assert_says(below(path, "zarr.json"), "{\"label-value\": 2, \"rgba\": [230, 159, 0, 255]}");
    assert_silent(below(path, "zarr.json"), "omero");
    assert_silent(below(path, "zarr.json"), "\"unit\"");
    bw_context_free(ctx);
    remove_tree(path);
}

static void chooses_chunks(void **state) {
    (void)state;
    const struct {
        int64_t size[3], asked[3], wanted[3];
    } cases[] = {{{1000, 1000, 1}, {0, 0, 0}, {512, 512, 1}},
                 {{1000, 100, 50}, {0, 0, 0}, {128, 100, 32}},
                 {{1000, 1000, 50}, {0, 64, 0}, {128, 64, 32}},
                 {{30, 1000, 50}, {64, 2000, 7}, {30, 1000, 7}},
                 {{3, 3, 2}, {0, 0, 0}, {3, 3, 2}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const bw_image_info info = test_info(BW_UINT8, cases[i].size[0], cases[i].size[1], cases[i].size[2]);
        const bw_zarr_options options = {.chunk = {cases[i].asked[0], cases[i].asked[1], cases[i].asked[2]}};
        int64_t chunk[3];
        bw_image *image = test_image(&info);
        bw_zarr_output_chunk(image, &options, chunk);
        assert_memory_equal(chunk, cases[i].wanted, sizeof chunk);
        bw_image_free(image);
    }
}

/* ---- notes and mismatches ------------------------------------------------------------------------------------ */

static void notes_come_back(void **state) {
    (void)state;
    const char *path = in_folder("note.zarr");
    for (int kind = 0; kind < 8; kind++)
        for (int s = 1; s < 3; s++) {
            const bw_zarr_options options =
                options_of(&shapes[s], kind % 2 ? BW_OME_ZARR_05 : BW_OME_ZARR_04, (bw_zarr_codec)(kind / 2));
            bw_zarr_options found;
            bw_context *ctx = test_context(1);
            bw_image *image = make(&shapes[s]);
            char *note;
            assert_ok(ctx, bw_zarr_output_note(ctx, path, &found, &note));
            assert_null(note);
            bw_zarr_output_free(
                open_ok(ctx, path, image, &options, "{\"low\": [0.1, -1e-7], \"model\": \"\xc2\xb5\"}"));
            assert_ok(ctx, bw_zarr_output_note(ctx, path, &found, &note));
            assert_non_null(strstr(note, "0.1"));
            assert_non_null(strstr(note, "\xc2\xb5"));
            assert_int_equal(found.version, options.version);
            assert_int_equal(found.codec, options.codec);
            bw_zarr_output_free(open_ok(ctx, path, image, &found, note)); /* says the same */
            bw_string_free(note);
            bw_image_free(image);
            bw_context_free(ctx);
            remove_tree(path);
        }
}

static void refuse(const char *path, const bw_image *image, const bw_zarr_options *options, const char *note,
                   const char *words) {
    bw_context *ctx = test_context(1);
    bw_zarr_output *output;
    assert_refused(ctx, bw_zarr_output_open(ctx, path, image, options, note, &output), BW_ERROR_MISMATCH, words);
    assert_null(output);
    bw_context_free(ctx);
}

static void other_recipes_are_refused(void **state) {
    (void)state;
    const char *path = in_folder("begun.zarr"), note[] = "{\"model\": \"a\", \"block\": [1, 2]}";
    for (int version = 0; version < 2; version++) {
        const char *where = version ? "attributes.brushwood.model is \"a\" there and would be \"b\" now"
                                    : "begun.zarr/.zattrs was begun with something else: brushwood.model is \"a\"";
        bw_zarr_options options = options_of(&shapes[1], (bw_zarr_version)version, BW_ZARR_BLOSC), other = options;
        bw_image *image = make(&shapes[1]), *larger = make(&shapes[2]);
        bw_context *ctx = test_context(1);
        bw_zarr_output_free(open_ok(ctx, path, image, &options, note));
        const tree before = look_at(path);
        refuse(path, image, &options, "{\"model\": \"b\", \"block\": [1, 3]}", where);
        refuse(path, image, &options, "{\"model\": \"a\", \"block\": [1, 3]}", "brushwood.block[1] is 2 there");
        refuse(path, image, &options, "{\"model\": \"a\", \"block\": [1, 2], \"more\": 1}", "more is absent there");
        refuse(path, image, &options, NULL, "would be absent now");
        refuse(path, larger, &options, note, "");
        other.codec = BW_ZARR_GZIP;
        refuse(path, image, &other, note, version ? "0/zarr.json was begun" : "0/.zarray was begun");
        other = options;
        other.chunk[0] = 16;
        refuse(path, image, &other, note, version ? "chunk_shape" : "chunks[4] is 32 there and would be 16");
        other = options;
        other.version = (bw_zarr_version)!version;
        refuse(path, image, &other, note, version ? "begun as OME-Zarr 0.5" : "begun as OME-Zarr 0.4");
        assert_true(look_at(path).digest == before.digest);
        bw_context_free(ctx);
        bw_image_free(image);
        bw_image_free(larger);
        remove_tree(path);
    }
}

/* As after a loss of power: the description is written again, and what is there is gone on with. */
static void empty_descriptions_are_written_again(void **state) {
    (void)state;
    const char *path = in_folder("empty.zarr"), note[] = "{\"model\": \"a\"}";
    for (int version = 0; version < 2; version++) {
        const bw_zarr_options options = options_of(&shapes[1], (bw_zarr_version)version, BW_ZARR_BLOSC);
        bw_image *image = make(&shapes[1]);
        bw_context *ctx = test_context(1);
        bw_zarr_output_free(open_ok(ctx, path, image, &options, note));
        const tree before = look_at(path);
        char *found;
        test_store(below(path, version ? "zarr.json" : ".zattrs"), "", 0);
        assert_ok(ctx, bw_zarr_output_note(ctx, path, NULL, &found));
        assert_null(found);
        bw_zarr_output_free(open_ok(ctx, path, image, &options, note));
        assert_true(look_at(path).digest == before.digest);
        bw_image_free(image);
        bw_context_free(ctx);
        remove_tree(path);
    }
}

static void foreign_folders_stay(void **state) {
    (void)state;
    const char *path = in_folder("foreign");
    const bw_zarr_options options = options_of(&shapes[1], BW_OME_ZARR_04, BW_ZARR_BLOSC);
    bw_image *image = make(&shapes[1]);
    bw_context *ctx = test_context(1);
    bw_sink *sink;
    char *note;
    test_store(path, "x", 1);
    refuse(path, image, &options, NULL, "is a file");
    assert_refused(ctx, bw_zarr_create(ctx, path, image, &options, &sink), BW_ERROR_IO, "it is a file");
    remove_tree(path);
    bw_context_free(ctx);
    ctx = test_context(1);
    assert_int_equal(test_make_folder(path), 0);
    test_store(below(path, "thesis.txt"), "x", 1);
    refuse(path, image, &options, NULL, "holds \"thesis.txt\"");
    assert_refused(ctx, bw_zarr_output_note(ctx, path, NULL, &note), BW_ERROR_MISMATCH, "thesis.txt");
    bw_context_free(ctx);
    ctx = test_context(1);
    assert_refused(ctx, bw_zarr_create(ctx, path, image, &options, &sink), BW_ERROR_IO, "something else than Zarr");
    assert_int_equal(look_at(path).files, 1);
    test_store(below(path, ".zattrs"), "{\"multiscales\": []}", 19);
    bw_context_free(ctx);
    ctx = test_context(1);
    assert_refused(ctx, bw_zarr_output_note(ctx, path, NULL, &note), BW_ERROR_MISMATCH, "did not begin it");
    assert_int_equal(look_at(path).files, 2);
    bw_context_free(ctx);
    bw_image_free(image);
    remove_tree(path);
}

static void wrong_options_are_refused(void **state) {
    (void)state;
    const bw_image_info huge = test_info(BW_FLOAT32, 100000, 100000, 1), small = test_info(BW_UINT8, 5, 5, 1);
    bw_image_info two = small;
    two.channels = 2;
    const struct {
        const bw_image_info *info;
        bw_zarr_options options;
        const char *path, *words;
    } cases[] = {{&small, {.version = (bw_zarr_version)2}, "a.zarr", "version 2"},
                 {&small, {.codec = (bw_zarr_codec)4}, "a.zarr", "codec 4"},
                 {&small, {.content = (bw_zarr_content)3}, "a.zarr", "content 3"},
                 {&two, {.content = BW_ZARR_CONTENT_LABELS}, "a.zarr", "one channel, not 2"},
                 {&small, {.chunk = {0, -1, 0}}, "a.zarr", "-1 voxels along y"},
                 {&huge, {.chunk = {100000, 100000, 0}}, "a.zarr", "larger than 1 GiB"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bw_context *ctx = test_context(1);
        bw_image *outline;
        bw_sink *sink;
        assert_ok(ctx, bw_image_create_sparse(ctx, cases[i].info, &outline));
        assert_refused(ctx, bw_zarr_create(ctx, in_folder(cases[i].path), outline, &cases[i].options, &sink),
                       BW_ERROR_ARGUMENT, cases[i].words);
        assert_null(sink);
        bw_image_free(outline);
        bw_context_free(ctx);
    }
    assert_int_equal(test_walk(folder, 0), 0);
}

/* ---- side by side -------------------------------------------------------------------------------------------- */

enum { WRITERS = 8 };

typedef struct writer {
    const char *path;
    const bw_image *image;
    const bw_zarr_options *options;
    int status;
    char message[300];
} writer;

static void open_and_fill(void *user) {
    writer *w = user;
    bw_context *ctx = bw_context_create();
    bw_zarr_output *output = NULL;
    bw_sink *sink = NULL;
    bw_context_set_threads(ctx, 1);
    bw_status status = bw_zarr_output_open(ctx, w->path, w->image, w->options, "{\"model\": \"same\"}", &output);
    if (status == BW_OK) status = bw_zarr_output_sink(ctx, output, &sink);
    const int64_t step = 32;
    const bw_image_info *info = bw_image_get_info(w->image);
    for (int64_t y = 0; y < info->height && status == BW_OK; y += step) {
        const bw_part part = {0, {0, y, 0}, {info->width, y + step < info->height ? y + step : info->height, 1}};
        status = parts_write_one(ctx, sink, w->image, &part);
        if (status == BW_OK) status = bw_zarr_output_raise(ctx, output, &part, 0);
        if (status == BW_OK && y == step) status = bw_zarr_output_sweep(ctx, output);
    }
    snprintf(w->message, sizeof w->message, "%s", bw_context_error(ctx));
    w->status = status;
    bw_sink_free(sink);
    bw_zarr_output_free(output);
    bw_context_free(ctx);
}

/* All write everything, and each takes the others' unfinished files away once. */
static void many_write_the_same_at_once(void **state) {
    (void)state;
    const char *one = in_folder("one.zarr"), *many = in_folder("many.zarr");
    for (int version = 0; version < 2; version++) {
        const bw_zarr_options options = options_of(&shapes[1], (bw_zarr_version)version, BW_ZARR_BLOSC);
        bw_image *image = make(&shapes[1]);
        writer alone = {one, image, &options, -1, ""}, writers[WRITERS];
        test_thread *threads[WRITERS];
        open_and_fill(&alone);
        assert_int_equal(alone.status, BW_OK);
        check_levels(one, image, 0);
        for (int i = 0; i < WRITERS; i++) {
            writers[i] = (writer){many, image, &options, -1, ""};
            threads[i] = test_start(open_and_fill, &writers[i]);
        }
        for (int i = 0; i < WRITERS; i++)
            test_join(threads[i]);
        for (int i = 0; i < WRITERS; i++)
            if (writers[i].status != BW_OK) fail_msg("%s", writers[i].message);
        assert_same_trees(one, many);
        bw_image_free(image);
        remove_tree(one);
        remove_tree(many);
    }
}

typedef struct beginner {
    const char *path, *note;
    const bw_image *image;
    bw_zarr_options options;
    bw_status status;
    char message[300];
} beginner;

static void begin_output(void *user) {
    beginner *b = user;
    bw_context *ctx = bw_context_create();
    bw_zarr_output *output = NULL;
    char *note = NULL;
    b->status = bw_zarr_output_note(ctx, b->path, NULL, &note);
    if (b->status == BW_OK) b->status = bw_zarr_output_open(ctx, b->path, b->image, &b->options, b->note, &output);
    snprintf(b->message, sizeof b->message, "%s", bw_context_error(ctx));
    bw_string_free(note);
    bw_zarr_output_free(output);
    bw_context_free(ctx);
}

/* -> which of the threads' recipes the image was begun with; none but those who have it may go on. */
static int begin_at_once(const char *path, const bw_image *image, const bw_zarr_options options[2],
                         const char *const notes[2]) {
    beginner all[WRITERS];
    test_thread *threads[WRITERS];
    int went_on[2] = {0, 0};
    for (int i = 0; i < WRITERS; i++) {
        all[i] = (beginner){path, notes[i % 2], image, options[i % 2], BW_OK, ""};
        threads[i] = test_start(begin_output, &all[i]);
    }
    for (int i = 0; i < WRITERS; i++)
        test_join(threads[i]);
    for (int i = 0; i < WRITERS; i++) {
        went_on[i % 2] += all[i].status == BW_OK;
        if (all[i].status != BW_OK && !strstr(all[i].message, "was begun")) fail_msg("%s", all[i].message);
    }
    assert_false(went_on[0] && went_on[1]);
    return went_on[0] ? 0 : 1;
}

/* Recipes, chunks or versions that differ never share an image, however close their processes begin. */
static void the_first_recipe_stays(void **state) {
    (void)state;
    static const char *const notes[] = {"{\"model\": \"a\"}", "{\"model\": \"b\"}"};
    const char *path = in_folder("race.zarr");
    bw_image *image = make(&shapes[1]);
    for (int round = 0; round < (test_quick() ? 12 : 60); round++) {
        bw_zarr_options options[2];
        for (int i = 0; i < 2; i++)
            options[i] = options_of(&shapes[1], BW_OME_ZARR_04, BW_ZARR_BLOSC);
        if (round % 3 == 1) options[1].chunk[0] = 16;
        const int first = begin_at_once(path, image, options, notes);
        if (round % 3 == 2) assert_int_equal(begin_at_once(path, image, options, notes), first);
        remove_tree(path);
    }
    bw_image_free(image);
}

/* Who comes second leaves the file alone, and nothing beside it. */
static void a_file_that_is_there_stays(void **state) {
    (void)state;
    const char *path = in_folder("new"), *file = in_folder("new/a b/\xc3\xa4");
    bw_context *ctx = test_context(1);
    size_t size;
    test_make_folder(path);
    assert_ok(ctx, bw_file_store_new(ctx, path, file, "first", 5));
    assert_ok(ctx, bw_file_store_new(ctx, path, file, "second", 6));
    uint8_t *data = test_load(file, &size);
    assert_int_equal(size, 5);
    assert_memory_equal(data, "first", 5);
    test_free(data);
    assert_int_equal(look_at(path).files, 1);
    bw_context_free(ctx);
    remove_tree(path);
}

static void sweeps_what_is_not_finished(void **state) {
    (void)state;
    const char *path = in_folder("sweep.zarr"), *own = below(path, "3.00c0ffee-12-7.part");
    const bw_zarr_options options = options_of(&shapes[1], BW_OME_ZARR_04, BW_ZARR_BLOSC);
    bw_image *image = make(&shapes[1]);
    bw_context *ctx = test_context(1);
    bw_zarr_output *output = open_ok(ctx, path, image, &options, NULL);
    const int files = look_at(path).files;
    test_store(own, "x", 1);
    test_store(below(path, "mine.part"), "x", 1);
    assert_ok(ctx, bw_zarr_output_sweep(ctx, output));
    assert_false(exists(own));
    assert_int_equal(look_at(path).files, files + 1); /* which is no name that this program gives */
    bw_zarr_output_free(output);
    bw_context_free(ctx);
    bw_image_free(image);
    remove_tree(path);
}

#ifndef _WIN32
/* Writes everything again and again until it is killed. */
static void write_forever(const char *path, const bw_image *image, const bw_zarr_options *options) {
    bw_context *ctx = bw_context_create();
    bw_zarr_output *output;
    bw_sink *sink;
    bw_context_set_threads(ctx, 1);
    if (bw_zarr_output_open(ctx, path, image, options, NULL, &output) != BW_OK) _exit(1);
    if (bw_zarr_output_sink(ctx, output, &sink) != BW_OK) _exit(1);
    while (parts_write(ctx, sink, image, 3, NULL) == BW_OK) {
    }
    _exit(1);
}

static void a_killed_writer_leaves_whole_files(void **state) {
    (void)state;
    const char *path = in_folder("killed.zarr");
    const bw_zarr_options options = options_of(&shapes[2], BW_OME_ZARR_04, BW_ZARR_BLOSC);
    bw_image *image = make(&shapes[2]);
    for (int round = 0; round < 10; round++) {
        const pid_t child = fork();
        int how;
        if (!child) write_forever(path, image, &options);
        test_sleep_ms(10 + 17 * round);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_true(WIFSIGNALED(how));
        bw_context *ctx = test_context(1);
        bw_zarr_output *output = open_ok(ctx, path, image, &options, NULL);
        bw_image *back = read_level(path, 0);
        for (int64_t z = 0; z < shapes[2].info.depth; z++) {
            const uint16_t *a = bw_image_plane_const(image, 0, 0, z), *b = bw_image_plane_const(back, 0, 0, z);
            for (int64_t i = 0; i < shapes[2].info.width * shapes[2].info.height; i++)
                assert_true(b[i] == a[i] || b[i] == 0);
        }
        bw_image_free(back);
        bw_zarr_output_free(output);
        bw_context_free(ctx);
    }
    bw_output_sweep_all(path);
    bw_context *ctx = test_context(2);
    bw_zarr_output *output = open_ok(ctx, path, image, &options, NULL);
    bw_sink *sink;
    assert_ok(ctx, bw_zarr_output_sink(ctx, output, &sink));
    assert_ok(ctx, parts_write(ctx, sink, image, 0, NULL));
    for (int frame = 0; frame < shapes[2].info.frames; frame++) {
        const bw_part all = {frame, {0, 0, 0}, {shapes[2].info.width, shapes[2].info.height, shapes[2].info.depth}};
        assert_ok(ctx, bw_zarr_output_raise(ctx, output, &all, 0));
    }
    bw_sink_free(sink);
    bw_zarr_output_free(output);
    bw_context_free(ctx);
    check_levels(path, image, 1);
    create_ok(in_folder("calm.zarr"), image, &options, 0, 1);
    assert_same_trees(in_folder("calm.zarr"), path);
    bw_image_free(image);
    remove_tree(path);
    remove_tree(in_folder("calm.zarr"));
}

/* The tree that a link leads to is not the link's. */
static void links_are_not_followed(void **state) {
    (void)state;
    const char *path = in_folder("tree"), *kept = in_folder("kept");
    assert_int_equal(test_make_folder(path), 0);
    assert_int_equal(test_make_folder(kept), 0);
    test_store(below(kept, "a"), "x", 1);
    assert_int_equal(symlink("../kept", below(path, "link")), 0);
    assert_int_equal(symlink("nowhere", below(path, "broken")), 0);
    assert_int_equal(test_make_folder(below(path, "inner")), 0);
    remove_tree(path);
    assert_false(exists(path));
    assert_int_equal(look_at(kept).files, 1);
    remove_tree(kept);
    remove_tree(in_folder("absent"));
}
#endif

/* ---- creating -------------------------------------------------------------------------------------------------- */

static void what_is_given_up_leaves_nothing(void **state) {
    (void)state;
    const char *path = in_folder("given up.zarr");
    const bw_zarr_options options = options_of(&shapes[1], BW_OME_ZARR_04, BW_ZARR_BLOSC);
    bw_image *image = make(&shapes[1]);
    bw_context *ctx = test_context(1);
    bw_sink *sink;
    assert_ok(ctx, bw_zarr_create(ctx, path, image, &options, &sink));
    const bw_part part = {0, {0, 0, 0}, {131, 32, 1}};
    assert_ok(ctx, parts_write_one(ctx, sink, image, &part));
    assert_false(exists(path));
    assert_int_equal(test_walk(folder, 0), 1);
    assert_refused(ctx, bw_sink_finish(ctx, sink), BW_ERROR_ARGUMENT, "differ from the image by");
    bw_sink_free(sink);
    bw_context_free(ctx);
    assert_int_equal(test_walk(folder, 0), 0);
    ctx = test_context(1);
    assert_ok(ctx, bw_zarr_create(ctx, path, image, &options, &sink));
    assert_ok(ctx, parts_write(ctx, sink, image, 0, NULL));
    bw_context_cancel(ctx);
    assert_int_equal(bw_sink_finish(ctx, sink), BW_ERROR_CANCELLED);
    bw_sink_free(sink);
    bw_context_free(ctx);
    bw_image_free(image);
    assert_int_equal(test_walk(folder, 0), 0);
}

static void replaces_zarr_alone(void **state) {
    (void)state;
    const char *path = in_folder("replaced.zarr");
    const bw_zarr_options options = options_of(&shapes[1], BW_OME_ZARR_04, BW_ZARR_BLOSC),
                          other = options_of(&shapes[2], BW_OME_ZARR_05, BW_ZARR_GZIP);
    bw_image *image = make(&shapes[1]), *next = make(&shapes[2]);
    bw_context *ctx = test_context(1);
    bw_sink *sink;
    assert_int_equal(test_make_folder(path), 0); /* empty */
    create_ok(below(path, ""), image, &options, 0, 1);
    check_levels(path, image, 0);
    assert_ok(ctx, bw_zarr_create(ctx, path, next, &other, &sink));
    check_levels(path, image, 0); /* until the next one is whole */
    assert_ok(ctx, parts_write(ctx, sink, next, 4, NULL));
    assert_ok(ctx, bw_sink_finish(ctx, sink));
    bw_sink_free(sink);
    check_levels(path, next, 1);
    assert_false(exists(below(path, ".zattrs")));
    assert_int_equal(test_walk(folder, 0), 1);
    bw_context_free(ctx);
    bw_image_free(image);
    bw_image_free(next);
    remove_tree(path);
}

static void folders_that_cannot_be_made(void **state) {
    (void)state;
    const bw_zarr_options options = options_of(&shapes[1], BW_OME_ZARR_04, BW_ZARR_BLOSC);
    bw_image *image = make(&shapes[1]);
    bw_context *ctx = test_context(1);
    bw_sink *sink;
    assert_refused(ctx, bw_zarr_create(ctx, in_folder("none/a.zarr"), image, &options, &sink), BW_ERROR_IO,
                   "Make its folder first");
    bw_context_free(ctx);
    ctx = test_context(1);
    assert_refused(ctx, bw_zarr_create(ctx, "", image, &options, &sink), BW_ERROR_ARGUMENT, "is empty");
    bw_context_free(ctx);
    bw_image_free(image);
    assert_int_equal(test_walk(folder, 0), 0);
}

/* ---- main ---------------------------------------------------------------------------------------------------- */

#define TEST(function) cmocka_unit_test_setup_teardown(function, test_look_at_memory, test_nothing_is_left)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(pixels_and_levels_of_all_kinds),
        TEST(content_decides_how_levels_are_made),
        TEST(opens_as_it_was),
        TEST(the_same_bytes_in_any_order_and_from_any_threads),
        TEST(grows_block_by_block),
        TEST(smaller_levels_wait_for_all_they_show),
        TEST(what_is_not_written_is_the_fill_value),
        TEST(describes_channels_labels_and_calibration),
        TEST(chooses_chunks),
        TEST(notes_come_back),
        TEST(other_recipes_are_refused),
        TEST(empty_descriptions_are_written_again),
        TEST(foreign_folders_stay),
        TEST(wrong_options_are_refused),
        TEST(many_write_the_same_at_once),
        TEST(the_first_recipe_stays),
        TEST(a_file_that_is_there_stays),
        TEST(sweeps_what_is_not_finished),
#ifndef _WIN32
        TEST(a_killed_writer_leaves_whole_files),
        TEST(links_are_not_followed),
#endif
        TEST(what_is_given_up_leaves_nothing),
        TEST(replaces_zarr_alone),
        TEST(folders_that_cannot_be_made),
    };
    if (test_make_own_folder(folder)) return 1;
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return bw_tree_remove(folder) ? 1 : failed;
}
