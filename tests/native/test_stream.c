/* Prediction of images that are not in memory: the bytes of prediction in memory, whatever regions, sinks, threads. */
#include "model_support.h"

#include "core/alloc.h"
#include "core/image.h"
#include "core/tile.h"
#include "pipeline/pipeline.h"
#include "pipeline/predict_image.h"

enum { ALL_OUTPUTS = BW_OUTPUT_PROBABILITIES | BW_OUTPUT_LABELS | BW_OUTPUT_UNCERTAINTY | BW_OUTPUT_ENTROPY };

/* ---- a streamed image ----------------------------------------------------------------------------------------------
 */

/* Hands out the pixels of an image in memory and counts. */
typedef struct origin {
    const bw_image *image;
    int64_t reads, largest; /* pixels of the largest part */
    int64_t fail_at;        /* this read fails; 0 = none does */
    int closed;
} origin;

static bw_status read_part(bw_context *ctx, void *user, const bw_part *part, void *to) {
    origin *from = user;
    const int64_t count = (part->hi[0] - part->lo[0]) * (part->hi[1] - part->lo[1]) * (part->hi[2] - part->lo[2]);
    if (count > from->largest) from->largest = count;
    if (++from->reads == from->fail_at)
        return bw_context_fail(ctx, BW_ERROR_IO, "The disk was pulled out. Plug it in again.");
    return bw_image_read(ctx, from->image, part, to);
}

static void close_origin(void *user) {
    ((origin *)user)->closed++;
}

static bw_image *streamed(origin *from) {
    bw_context *ctx = test_context(1);
    const bw_image_reader reader = {read_part, close_origin, from};
    bw_image *image;
    assert_ok(ctx, bw_image_create_streamed(ctx, bw_image_get_info(from->image), &reader, &image));
    bw_context_free(ctx);
    return image;
}

/* ---- a sink in memory ----------------------------------------------------------------------------------------------
 */

/* Puts parts together and checks their order of calls. */
typedef struct target {
    bw_image *image;
    int64_t step[3];
    int64_t parts, pixels;
    const bw_image *encoded; /* waits to be written */
    int finished, closed;
    int64_t fail_at; /* this write fails; 0 = none does */
} target;

static bw_status encode_part(bw_context *ctx, void *user, const bw_part *part, const bw_image *pixels) {
    target *to = user;
    (void)ctx;
    assert_null(to->encoded);
    to->encoded = pixels;
    for (int axis = 0; axis < 3; axis++)
        assert_int_equal(part->lo[axis] % to->step[axis], 0);
    return BW_OK;
}

static void put_plane(target *to, const bw_part *part, const bw_image *pixels, int channel, int64_t z) {
    const bw_image_info *info = bw_image_get_info(to->image);
    const int64_t size = bw_type_size(info->type), row = (part->hi[0] - part->lo[0]) * size;
    const char *from = bw_image_plane_const(pixels, 0, channel, z - part->lo[2]);
    char *plane = bw_image_plane(to->image, part->frame, channel, z);
    for (int64_t y = part->lo[1]; y < part->hi[1]; y++, from += row)
        memcpy(plane + (y * info->width + part->lo[0]) * size, from, (size_t)row);
}

static bw_status write_part(bw_context *ctx, void *user, const bw_part *part, const bw_image *pixels) {
    target *to = user;
    const bw_image_info *info = bw_image_get_info(pixels);
    assert_ptr_equal(to->encoded, pixels);
    to->encoded = NULL;
    if (++to->parts == to->fail_at) return bw_context_fail(ctx, BW_ERROR_IO, "The disk is full. Free some space.");
    to->pixels += info->width * info->height * info->depth;
    for (int c = 0; c < info->channels; c++)
        for (int64_t z = part->lo[2]; z < part->hi[2]; z++)
            put_plane(to, part, pixels, c, z);
    return BW_OK;
}

static bw_status finish_target(bw_context *ctx, void *user) {
    (void)ctx;
    ((target *)user)->finished++;
    return BW_OK;
}

static void close_target(void *user) {
    ((target *)user)->closed++;
}

static bw_sink *sink_to(target *to, const bw_image *outline) {
    bw_context *ctx = test_context(1);
    const bw_sink_writer writer = {
        {to->step[0], to->step[1], to->step[2]}, encode_part, write_part, finish_target, close_target, to};
    bw_sink *sink;
    to->image = test_image(bw_image_get_info(outline));
    assert_ok(ctx, bw_sink_create(ctx, outline, &writer, &sink));
    bw_context_free(ctx);
    return sink;
}

/* ---- runs ----------------------------------------------------------------------------------------------------------
 */

typedef struct stream {
    target targets[4];
    bw_sink *sinks[4];
    origin from;
    bw_predict_report report;
} stream;

typedef struct way {
    int outputs, threads, unrefined;
    int64_t step, tile;
    uint64_t budget; /* 0 = default */
} way;

static void open_stream(const bw_model *model, const bw_image *image, const way *how, stream *s) {
    bw_context *ctx = test_context(1);
    s->from.image = image;
    for (int o = 0; o < 4; o++) {
        bw_image *outline;
        if (!(how->outputs >> o & 1)) continue;
        assert_ok(ctx, bw_predict_outline(ctx, model, image, 1 << o, &outline));
        for (int axis = 0; axis < 3; axis++)
            s->targets[o].step[axis] = axis == 2 ? 1 : how->step;
        s->sinks[o] = sink_to(&s->targets[o], outline);
        bw_image_free(outline);
    }
    bw_context_free(ctx);
}

static bw_status run_stream(bw_context *ctx, const bw_model *model, const way *how, stream *s) {
    const bw_predict_options options = {.tile = how->tile, .unrefined = how->unrefined};
    const bw_prediction_sinks sinks = {s->sinks[0], s->sinks[1], s->sinks[2], s->sinks[3]};
    bw_image *image = streamed(&s->from);
    const bw_status status = bw_predict_streamed(ctx, model, image, &options, &sinks, &s->report);
    bw_image_free(image);
    assert_int_equal(s->from.closed, 1);
    return status;
}

static void close_stream(stream *s) {
    for (int o = 0; o < 4; o++) {
        bw_sink_free(s->sinks[o]);
        if (s->sinks[o]) assert_int_equal(s->targets[o].closed, 1);
        bw_image_free(s->targets[o].image);
    }
}

static bw_context *context_of(const way *how) {
    bw_context *ctx = test_context(how->threads);
    if (how->budget) assert_ok(ctx, bw_context_set_memory_budget(ctx, how->budget));
    return ctx;
}

/* -> how many parts the first output came in. */
static int64_t check_way(const bw_model *model, const bw_image *image, const way *how) {
    const bw_image_info *info = bw_image_get_info(image);
    const bw_predict_options options = {.unrefined = how->unrefined};
    bw_context *ctx = test_context(2), *small = context_of(how);
    bw_predict_report expected;
    bw_prediction whole;
    stream s = {0};
    int64_t parts = 0;
    assert_ok(ctx, bw_predict(ctx, model, image, &options, how->outputs, &whole, &expected));
    open_stream(model, image, how, &s);
    assert_ok(small, run_stream(small, model, how, &s));
    const bw_image *made[4] = {whole.probabilities, whole.labels, whole.uncertainty, whole.entropy};
    for (int o = 0; o < 4; o++) {
        if (!made[o]) continue;
        assert_same_pixels(made[o], s.targets[o].image);
        assert_int_equal(s.targets[o].pixels, info->width * info->height * info->depth * info->frames);
        assert_int_equal(s.targets[o].finished, 0);
        parts = s.targets[o].parts;
    }
    assert_memory_equal(&expected, &s.report, sizeof expected);
    bw_prediction_free(&whole);
    close_stream(&s);
    bw_context_free(small);
    bw_context_free(ctx);
    return parts;
}

static void refine(bw_model *model, int channels) {
    bw_context *ctx = test_context(1);
    model->options.refine = 6;
    model->spread = bw_alloc(ctx, (uint64_t)channels, sizeof *model->spread, "spreads");
    assert_non_null(model->spread);
    for (int c = 0; c < channels; c++)
        model->spread[c] = (float)(20 + 7 * c);
    bw_context_free(ctx);
}

/* Budgets from plenty down to what is hardly enough, every kind of thread count and step. */
static void check_ways(const bw_model *model, const bw_image *image, uint64_t least) {
    const way ways[] = {{ALL_OUTPUTS, 1, 0, 1, 0, least},
                        {BW_OUTPUT_LABELS, 2, 0, 1, 24, least},
                        {ALL_OUTPUTS, 2, 1, 48, 0, least},
                        {ALL_OUTPUTS, 3, 0, 32, 0, 2 * least},
                        {BW_OUTPUT_PROBABILITIES | BW_OUTPUT_ENTROPY, 2, 1, 1, 0, 3 * least},
                        {ALL_OUTPUTS, 2, 0, 1, 0, 0}};
    int64_t most = 0;
    for (size_t i = 0; i < (test_quick() ? 3 : sizeof ways / sizeof *ways); i++) {
        const int64_t parts = check_way(model, image, &ways[i]);
        if (parts > most) most = parts;
    }
    assert_true(most > 2 * bw_image_get_info(image)->frames); /* else nothing was tried */
}

static void check_model(bw_image_info info, int classes, const char *features, int radius, uint64_t least) {
    bw_image *image = scene(info, classes);
    bw_model *model = plain_model(image, classes, features, 9);
    if (radius) refine(model, info.channels);
    check_ways(model, image, least);
    bw_model_free(model);
    bw_image_free(image);
}

static void planes_are_the_same(void **state) {
    (void)state;
    const bw_image_info info = test_info(BW_UINT8, 507, 411, 1);
    check_model(info, 3, "gaussian:1,4;hessian:1.6;structure:2", 0, 4 << 20);
    check_model(info, 2, "gaussian:1;laplacian:10;gradient:3.5", 1, 6 << 20);
    check_model(info, 2, "original;gaussian:0.3", 1, 4 << 20); /* refining looks farther than the features */
}

static void other_types_are_the_same(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT16, 311, 407, 1);
    info.channels = 2;
    check_model(info, 3, "gaussian:1,7;median:2", 1, 5 << 20);
    info = test_info(BW_FLOAT32, 305, 233, 1);
    info.frames = 3;
    check_model(info, 2, "original;gaussian:1;hessian:5", 1, 3 << 20);
}

static void stacks_are_the_same(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT16, 131, 117, 47);
    check_model(info, 2, "gaussian:1;hessian:1.6", 1, 12 << 20);
    check_model(info, 3, "gaussian:0.7,3.5,7;gradient:5", 0, 16 << 20);
    check_model(info, 2, "gaussian:2@2d;hessian:4@2d", 1, 5 << 20);
    info.calibrated = 1;
    info.spacing[0] = info.spacing[1] = 1;
    info.spacing[2] = 3;
    check_model(info, 2, "exact;gaussian:2;structure:1.5", 0, 24 << 20);
}

static void autocontext_is_the_same(void **state) {
    (void)state;
    const bw_image_info info = test_info(BW_UINT8, 403, 311, 1);
    bw_image *image = scene(info, 3);
    bw_model *model = context_model(image, 3, "gaussian:1,2", "gaussian:3.5,7");
    check_ways(model, image, 6 << 20);
    refine(model, 1);
    check_ways(model, image, 6 << 20);
    bw_model_free(model);
    bw_image_free(image);
}

/* Values that are no numbers are replaced by the frame's smallest, wherever in the frame that lies. */
static void what_is_not_finite_is_replaced(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_FLOAT32, 305, 233, 1);
    info.frames = 2;
    bw_image *image = scene(info, 2);
    bw_model *model = plain_model(image, 2, "original;gaussian:1;hessian:5", 9);
    for (int t = 0; t < 2; t++) {
        float *plane = bw_image_plane(image, t, 0, 0);
        for (int64_t i = 0; i < info.width * info.height; i += 1009)
            plane[i] = i % 2 ? NAN : INFINITY;
        plane[info.width * info.height - 1] = (float)(-300 - t);
    }
    check_ways(model, image, 3 << 20);
    ((float *)bw_image_plane(image, 1, 0, 0))[77] = 3e30f;
    check_ways(model, image, 3 << 20);
    bw_model_free(model);
    bw_image_free(image);
}

/* ---- part by part -------------------------------------------------------------------------------------------------
 */

/* All parts of a frame in an order of no sense; the pixels that each class won are added up. */
static void run_frame(const bw_model *model, const bw_source *source, const way *how, int frame, stream *s) {
    const bw_image_info *info = bw_image_get_info(source->image);
    const bw_box all = {{0, 0, 0}, {info->width, info->height, info->depth}};
    const int64_t most[3] = {2 * how->step, how->step, 9};
    const bw_shares shares = bw_share_out(&all, most, (const int64_t[3]){how->step, how->step, 1});
    const bw_predict_options options = {.tile = how->tile, .unrefined = how->unrefined};
    const bw_prediction_sinks sinks = {s->sinks[0], s->sinks[1], s->sinks[2], s->sinks[3]};
    const int64_t count = bw_share_count(&shares);
    assert_true(count > 1);
    for (int64_t k = 0; k < count; k++) {
        const bw_box box = bw_share_box(&shares, (k * 7 + 3) % count);
        const bw_part part = {frame, {box.lo[0], box.lo[1], box.lo[2]}, {box.hi[0], box.hi[1], box.hi[2]}};
        bw_context *ctx = context_of(how);
        bw_predict_report report;
        assert_int_not_equal(count % 7, 0); /* else parts would be left out */
        assert_ok(ctx, bw_predict_part(ctx, model, source, &options, &part, &sinks, &report));
        for (int c = 0; c < BW_MAX_CLASSES; c++)
            s->report.class_pixels[c] += report.class_pixels[c];
        bw_context_free(ctx);
    }
}

static void check_parts(const bw_model *model, const bw_image *image, const way *how) {
    const bw_image_info *info = bw_image_get_info(image);
    const bw_predict_options options = {.unrefined = how->unrefined};
    bw_context *ctx = test_context(2);
    bw_predict_report expected;
    bw_prediction whole;
    bw_source source;
    stream s = {0};
    assert_ok(ctx, bw_predict(ctx, model, image, &options, how->outputs, &whole, &expected));
    open_stream(model, image, how, &s);
    bw_image *from = streamed(&s.from);
    assert_ok(ctx, bw_source_open(ctx, from, &source));
    for (int frame = info->frames - 1; frame >= 0; frame--)
        run_frame(model, &source, how, frame, &s);
    const bw_image *made[4] = {whole.probabilities, whole.labels, whole.uncertainty, whole.entropy};
    for (int o = 0; o < 4; o++) {
        if (!made[o]) continue;
        assert_same_pixels(made[o], s.targets[o].image);
        assert_int_equal(s.targets[o].pixels, info->width * info->height * info->depth * info->frames);
    }
    assert_memory_equal(expected.class_pixels, s.report.class_pixels, sizeof expected.class_pixels);
    bw_source_close(&source);
    bw_image_free(from);
    bw_prediction_free(&whole);
    close_stream(&s);
    bw_context_free(ctx);
}

static void parts_are_the_same(void **state) {
    (void)state;
    const way plain = {ALL_OUTPUTS, 2, 0, 48, 0, 0}, narrow = {ALL_OUTPUTS, 1, 0, 32, 24, 24 << 20};
    bw_image_info info = test_info(BW_FLOAT32, 305, 233, 1);
    info.frames = 2;
    bw_image *image = scene(info, 2);
    ((float *)bw_image_plane(image, 0, 0, 0))[5 * 305 + 40] = NAN;
    ((float *)bw_image_plane(image, 0, 0, 0))[200 * 305 + 290] = -70;
    bw_model *model = plain_model(image, 2, "original;gaussian:1,4;hessian:5", 9);
    check_parts(model, image, &plain);
    refine(model, 1);
    check_parts(model, image, &narrow);
    bw_model_free(model);
    bw_image_free(image);
    info = test_info(BW_UINT16, 117, 98, 31);
    info.channels = 2;
    image = scene(info, 3);
    model = plain_model(image, 3, "gaussian:0.7,3.5,7;gradient:5", 9);
    check_parts(model, image, &plain);
    bw_model_free(model);
    model = context_model(image, 3, "gaussian:1", "gaussian:2");
    check_parts(model, image, &plain);
    bw_model_free(model);
    bw_image_free(image);
}

/* ---- bounds
 * ---------------------------------------------------------------------------------------------------------- */

/* An image that nobody holds. */
static bw_status read_pattern(bw_context *ctx, void *user, const bw_part *part, void *to) {
    uint8_t *out = to;
    (void)user;
    for (int64_t y = part->lo[1]; y < part->hi[1]; y++)
        for (int64_t x = part->lo[0]; x < part->hi[0]; x++)
            *out++ = (uint8_t)(20 * truth(x, y, 0, 2) + (int64_t)(60 * test_uniform((uint64_t)y, (uint64_t)x)));
    return bw_context_status(ctx);
}

static bw_status write_nothing(bw_context *ctx, void *user, const bw_part *part, const bw_image *pixels) {
    *(int64_t *)user += bw_image_get_info(pixels)->width * bw_image_get_info(pixels)->height;
    (void)part;
    return bw_context_status(ctx);
}

static void memory_does_not_grow_with_the_image(void **state) {
    (void)state;
    const int64_t edge = test_quick() ? 700 : 9000;
    const bw_image_info small = test_info(BW_UINT8, 300, 200, 1);
    bw_image_info large = test_info(BW_UINT8, edge, edge, 1);
    bw_image *scene_image = scene(small, 2), *image, *outline;
    bw_model *model = plain_model(scene_image, 2, "gaussian:1", 1);
    bw_context *ctx = test_context(2);
    const bw_image_reader reader = {read_pattern, NULL, NULL};
    int64_t written = 0;
    const bw_sink_writer writer = {.write = write_nothing, .finish = NULL, .user = &written};
    bw_prediction_sinks sinks = {NULL, NULL, NULL, NULL};
    assert_ok(ctx, bw_context_set_memory_budget(ctx, (uint64_t)1 << 30));
    assert_ok(ctx, bw_image_create_streamed(ctx, &large, &reader, &image));
    assert_ok(ctx, bw_predict_outline(ctx, model, image, BW_OUTPUT_PROBABILITIES, &outline));
    assert_ok(ctx, bw_sink_create(ctx, outline, &writer, &sinks.probabilities));
    bw_memory_reset_peak();
    const uint64_t before = bw_memory_in_use();
    assert_ok(ctx, bw_predict_streamed(ctx, model, image, NULL, &sinks, NULL));
    assert_true(bw_memory_peak() - before < (uint64_t)250 << 20);
    assert_int_equal(written, edge * edge);
    bw_sink_free(sinks.probabilities);
    bw_image_free(outline);
    bw_image_free(image);
    bw_context_free(ctx);
    bw_model_free(model);
    bw_image_free(scene_image);
}

/* The order of parts is the same on every machine that has the memory. */
static bw_status note_part(bw_context *ctx, void *user, const bw_part *part, const bw_image *pixels) {
    uint64_t *hash = user;
    (void)pixels;
    for (int axis = 0; axis < 3; axis++)
        *hash = bw_random(*hash, (uint64_t)part->lo[axis], (uint64_t)part->hi[axis]);
    return bw_context_status(ctx);
}

static void parts_do_not_depend_on_threads_and_memory(void **state) {
    (void)state;
    const int64_t edge = test_quick() ? 900 : 4000;
    const bw_image_info small = test_info(BW_UINT8, 300, 200, 1), large = test_info(BW_UINT8, edge + 100, edge, 1);
    bw_image *scene_image = scene(small, 2);
    bw_model *model = plain_model(scene_image, 2, "gaussian:1;hessian:10", 1);
    uint64_t hashes[3] = {1, 1, 1};
    for (int i = 0; i < 3; i++) {
        bw_context *ctx = test_context(1 + 2 * i);
        const bw_image_reader reader = {read_pattern, NULL, NULL};
        const bw_sink_writer writer = {.step = {256, 256, 1}, .write = note_part, .user = &hashes[i]};
        bw_prediction_sinks sinks = {NULL, NULL, NULL, NULL};
        bw_image *image, *outline;
        assert_ok(ctx, bw_context_set_memory_budget(ctx, (uint64_t)(i == 1 ? 600 : 1500) << 20));
        assert_ok(ctx, bw_image_create_streamed(ctx, &large, &reader, &image));
        assert_ok(ctx, bw_predict_outline(ctx, model, image, BW_OUTPUT_PROBABILITIES, &outline));
        assert_ok(ctx, bw_sink_create(ctx, outline, &writer, &sinks.probabilities));
        assert_ok(ctx, bw_predict_streamed(ctx, model, image, NULL, &sinks, NULL));
        bw_sink_free(sinks.probabilities);
        bw_image_free(outline);
        bw_image_free(image);
        bw_context_free(ctx);
    }
    assert_true(hashes[0] != 1 && hashes[0] == hashes[1] && hashes[0] == hashes[2]);
    bw_model_free(model);
    bw_image_free(scene_image);
}

/* ---- failures
 * -------------------------------------------------------------------------------------------------------- */

static const way usual = {ALL_OUTPUTS, 2, 0, 1, 0, 4 << 20};

static void check_failure(const bw_model *model, const bw_image *image, int64_t read, int64_t write,
                          const char *words) {
    bw_context *ctx = context_of(&usual);
    stream s = {.from = {.fail_at = read}};
    open_stream(model, image, &usual, &s);
    s.targets[2].fail_at = write;
    assert_refused(ctx, run_stream(ctx, model, &usual, &s), BW_ERROR_IO, words);
    close_stream(&s);
    bw_context_free(ctx);
}

static void failures_come_through(void **state) {
    (void)state;
    bw_image *image = scene(test_info(BW_UINT8, 507, 411, 1), 2);
    bw_model *model = plain_model(image, 2, "gaussian:1", 3);
    stream probe = {0};
    bw_context *ctx = context_of(&usual);
    open_stream(model, image, &usual, &probe);
    assert_ok(ctx, run_stream(ctx, model, &usual, &probe));
    bw_context_free(ctx);
    for (int64_t read = 1; read <= probe.from.reads; read += probe.from.reads / 7 + 1)
        check_failure(model, image, read, 0, "pulled out");
    check_failure(model, image, probe.from.reads, 0, "pulled out");
    for (int64_t write = 1; write <= probe.targets[0].parts; write++)
        check_failure(model, image, 0, write, "disk is full");
    close_stream(&probe);
    bw_model_free(model);
    bw_image_free(image);
}

/* Single pixels are dear where strips are decoded from their beginning. */
static void few_reads_for_typical_values(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 61, 47, 1);
    info.frames = 3;
    bw_image *image = scene(info, 2);
    bw_model *model = plain_model(image, 2, "gaussian:1", 3);
    bw_context *ctx = context_of(&usual);
    stream run = {0};
    open_stream(model, image, &usual, &run);
    assert_ok(ctx, run_stream(ctx, model, &usual, &run));
    assert_int_equal(run.from.reads, info.frames * (BW_TYPICAL_STEPS * BW_TYPICAL_STEPS + run.targets[0].parts / 3));
    close_stream(&run);
    bw_context_free(ctx);
    bw_model_free(model);
    bw_image_free(image);
}

static int stop_at(void *user, double fraction) {
    return fraction >= *(double *)user;
}

static void cancel_stops(void **state) {
    (void)state;
    bw_image *image = scene(test_info(BW_UINT8, 1000, 800, 1), 2);
    bw_model *model = plain_model(image, 2, "gaussian:1;hessian:3.5", 9);
    double at[] = {0, 0.3, 0.6};
    for (int i = 0; i < 3; i++) {
        bw_context *ctx = context_of(&usual);
        stream s = {0};
        bw_context_set_progress(ctx, stop_at, &at[i]);
        open_stream(model, image, &usual, &s);
        assert_int_equal(run_stream(ctx, model, &usual, &s), BW_ERROR_CANCELLED);
        close_stream(&s);
        bw_context_free(ctx);
    }
    bw_model_free(model);
    bw_image_free(image);
}

/* What does not fit is told before anything is read. */
static void misuse_is_refused(void **state) {
    (void)state;
    bw_image *image = scene(test_info(BW_UINT8, 60, 50, 1), 2), *other = scene(test_info(BW_UINT8, 61, 50, 1), 2);
    bw_model *model = plain_model(image, 2, "gaussian:1", 3);
    bw_context *ctx = test_context(1);
    stream s = {0};
    open_stream(model, other, &usual, &s);
    s.from.image = image;
    assert_refused(ctx, run_stream(ctx, model, &usual, &s), BW_ERROR_MISMATCH, "another image");
    assert_int_equal(s.from.reads, 0);
    close_stream(&s);
    bw_context_free(ctx);
    origin from = {.image = image};
    bw_image *far = streamed(&from);
    bw_prediction made;
    ctx = test_context(1);
    assert_refused(ctx, bw_predict(ctx, model, far, NULL, BW_OUTPUT_LABELS, &made, NULL), BW_ERROR_ARGUMENT,
                   "streamed");
    bw_context_free(ctx);
    const bw_part parts[] = {{0, {0, 0, 0}, {61, 1, 1}},
                             {0, {-1, 0, 0}, {1, 1, 1}},
                             {1, {0, 0, 0}, {1, 1, 1}},
                             {0, {5, 0, 0}, {5, 1, 1}},
                             {0, {0, 0, 0}, {1, 1, 2}}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        uint8_t pixel[64];
        ctx = test_context(1);
        assert_refused(ctx, bw_image_read(ctx, far, &parts[i], pixel), BW_ERROR_ARGUMENT, "no part");
        bw_context_free(ctx);
    }
    assert_int_equal(from.reads, 0);
    bw_image_free(far);
    bw_model_free(model);
    bw_image_free(image);
    bw_image_free(other);
}

/* Images in memory are taken, too; sparse ones are not. */
static void images_in_memory_are_taken(void **state) {
    (void)state;
    bw_image *image = scene(test_info(BW_UINT8, 60, 50, 1), 2), *sparse;
    bw_model *model = plain_model(image, 2, "gaussian:1", 3);
    bw_context *ctx = test_context(2);
    bw_prediction whole;
    stream s = {0};
    open_stream(model, image, &usual, &s);
    const bw_prediction_sinks sinks = {s.sinks[0], s.sinks[1], s.sinks[2], s.sinks[3]};
    assert_ok(ctx, bw_predict_streamed(ctx, model, image, NULL, &sinks, NULL));
    assert_ok(ctx, bw_predict(ctx, model, image, NULL, BW_OUTPUT_PROBABILITIES, &whole, NULL));
    assert_same_pixels(whole.probabilities, s.targets[0].image);
    bw_prediction_free(&whole);
    assert_ok(ctx, bw_image_create_sparse(ctx, bw_image_get_info(image), &sparse));
    assert_refused(ctx, bw_predict_streamed(ctx, model, sparse, NULL, &sinks, NULL), BW_ERROR_ARGUMENT, "sparse");
    close_stream(&s);
    bw_image_free(sparse);
    bw_context_free(ctx);
    bw_model_free(model);
    bw_image_free(image);
}

/* Probabilities stay in memory while there is room, else in a file that goes with them. */
static void probabilities_stay_where_there_is_room(void **state) {
    (void)state;
    bw_image *image = scene(test_info(BW_UINT8, 1100, 700, 1), 2);
    bw_model *model = plain_model(image, 2, "gaussian:1", 3);
    char folder[] = "probabilities-XXXXXX", beside[64];
    assert_int_equal(test_make_own_folder(folder), 0);
    snprintf(beside, sizeof beside, "%s/result.tif", folder);
    for (int small = 0; small < 2; small++) {
        bw_context *ctx = test_context(2);
        const bw_part part = {0, {300, 200, 0}, {900, 699, 1}};
        const size_t size = 600 * 499 * 2 * sizeof(float);
        float *found = test_malloc(size), *wanted = test_malloc(size);
        bw_image *kept;
        bw_prediction whole;
        bw_predict_report report;
        assert_ok(ctx, bw_predict(ctx, model, image, NULL, BW_OUTPUT_PROBABILITIES, &whole, NULL));
        if (small) assert_ok(ctx, bw_context_set_memory_budget(ctx, 16 << 20)); /* a quarter is too little */
        assert_ok(ctx, bw_predict_probabilities(ctx, model, image, NULL, beside, &kept, &report));
        assert_int_equal(bw_image_is_streamed(kept), small);
        assert_int_equal(test_walk(folder, 0), small);
        assert_string_equal(bw_image_channel_name(kept, 1), bw_image_channel_name(whole.probabilities, 1));
        assert_int_equal(report.class_pixels[0] + report.class_pixels[1], 1100 * 700);
        assert_ok(ctx, bw_image_read(ctx, kept, &part, found));
        assert_ok(ctx, bw_image_read(ctx, whole.probabilities, &part, wanted));
        assert_memory_equal(found, wanted, size);
        bw_image_free(kept);
        assert_int_equal(test_walk(folder, 0), 0);
        bw_prediction_free(&whole);
        test_free(found);
        test_free(wanted);
        bw_context_free(ctx);
    }
    assert_int_equal(test_remove_folder(folder), 0);
    bw_model_free(model);
    bw_image_free(image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planes_are_the_same),
        cmocka_unit_test(other_types_are_the_same),
        cmocka_unit_test(stacks_are_the_same),
        cmocka_unit_test(autocontext_is_the_same),
        cmocka_unit_test(what_is_not_finite_is_replaced),
        cmocka_unit_test(parts_are_the_same),
        cmocka_unit_test(memory_does_not_grow_with_the_image),
        cmocka_unit_test(parts_do_not_depend_on_threads_and_memory),
        cmocka_unit_test(failures_come_through),
        cmocka_unit_test(cancel_stops),
        cmocka_unit_test(misuse_is_refused),
        cmocka_unit_test(few_reads_for_typical_values),
        cmocka_unit_test(images_in_memory_are_taken),
        cmocka_unit_test(probabilities_stay_where_there_is_room),
    };
    return cmocka_run_group_tests(tests, test_look_at_memory, test_nothing_is_left);
}
