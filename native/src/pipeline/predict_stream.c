/* Prediction of images of any size: region by region. While the tiles of one are computed, the results of the one
 * before are written and the pixels of the next one read, by the thread that entered; input and output see no other. */
#include <string.h>

#include "core/sink.h"
#include "pipeline/predict_image.h"

typedef struct bw_stream {
    bw_image_run run; /* first: callbacks of the grid get the whole */
    bw_sink *sinks[BW_OUTPUT_COUNT];
    bw_window windows[2]; /* the one that tiles read, and the next */
    int reading;
    bw_outputs done; /* of the region before: encoded, not written yet */
} bw_stream;

/* ---- input ------------------------------------------------------------------------------------------------------- */

/* What features, an autocontext stage and refining of a region read. */
static bw_status pixels_read(bw_context *ctx, const bw_stream *stream, const bw_box *grown, bw_box *out) {
    const bw_image_run *run = &stream->run;
    const int64_t *size = run->grid.wish.size;
    int64_t reach[3] = {0, 0, 0};
    BW_TRY(bw_grid_reads(ctx, &run->grid, run->plan, grown, out));
    if (run->stage) bw_stage_halo(run->stage, reach);
    for (int axis = 0; axis < 2; axis++)
        if (reach[axis] < bw_refine_guide_reach(&run->run.refine))
            reach[axis] = bw_refine_guide_reach(&run->run.refine);
    const bw_box others = bw_box_grow(grown, reach, size);
    bw_box_hull(out, &others);
    return BW_OK;
}

static bw_status load(bw_context *ctx, bw_stream *stream, const bw_box *grown, int frame) {
    bw_box box;
    if (!bw_image_is_streamed(stream->run.source.image)) return BW_OK;
    BW_TRY(pixels_read(ctx, stream, grown, &box));
    return bw_source_load(ctx, &stream->run.source, frame, &box, &stream->windows[!stream->reading]);
}

/* ---- output ------------------------------------------------------------------------------------------------------ */

static bw_status write_done(bw_context *ctx, bw_stream *stream) {
    bw_status status = BW_OK;
    for (int o = 0; o < BW_OUTPUT_COUNT && status == BW_OK; o++)
        if (stream->done.images[o])
            status = bw_sink_put(ctx, stream->sinks[o], &stream->done.part, stream->done.images[o]);
    bw_outputs_free(&stream->done);
    return status;
}

static bw_status make_outputs(bw_context *ctx, bw_stream *stream, const bw_box *region, int frame) {
    const bw_part part = {
        frame, {region->lo[0], region->lo[1], region->lo[2]}, {region->hi[0], region->hi[1], region->hi[2]}};
    return bw_predict_run_make_outputs(ctx, &stream->run.run, &part);
}

static bw_status encode(bw_context *ctx, bw_stream *stream) {
    stream->done = stream->run.run.outputs;
    memset(stream->run.run.outputs.images, 0, sizeof stream->run.run.outputs.images);
    for (int o = 0; o < BW_OUTPUT_COUNT; o++)
        if (stream->done.images[o])
            BW_TRY(bw_sink_encode(ctx, stream->sinks[o], &stream->done.part, stream->done.images[o]));
    return BW_OK;
}

/* ---- regions ----------------------------------------------------------------------------------------------------- */

static bw_status ahead(bw_context *ctx, void *user, const bw_box *region, const bw_box *grown, int frame) {
    bw_stream *stream = user;
    BW_TRY(write_done(ctx, stream));
    return region ? load(ctx, stream, grown, frame) : BW_OK;
}

/* Refined outputs are made when all votes are there. */
static bw_status begin(bw_context *ctx, void *user, const bw_box *region, const bw_box *grown, int frame) {
    bw_stream *stream = user;
    stream->reading = !stream->reading;
    stream->run.source.window = &stream->windows[stream->reading];
    if (!stream->run.run.refine.radius) return make_outputs(ctx, stream, region, frame);
    return bw_predict_run_begin(ctx, &stream->run.run, region, grown, frame);
}

static bw_status finish(bw_context *ctx, void *user, const bw_box *region, const bw_box *grown, int frame) {
    bw_stream *stream = user;
    if (stream->run.run.refine.radius) {
        BW_TRY(make_outputs(ctx, stream, region, frame));
        BW_TRY(bw_predict_run_finish(ctx, &stream->run.run, region, grown, frame));
    }
    return encode(ctx, stream);
}

static bw_status run_all(bw_context *ctx, int64_t edge, bw_stream *stream) {
    bw_image_run *run = &stream->run;
    BW_TRY(bw_image_run_open(ctx, edge, run));
    const bw_grid_run tiles = {.plan = run->plan,
                               .source = &run->source,
                               .grid = &run->grid,
                               .level = run->run.level,
                               .frame = run->part ? run->part->frame : 0,
                               .progress = 1 - bw_predict_run_refine_share(&run->run),
                               .tile = bw_image_run_tile,
                               .begin = begin,
                               .finish = finish,
                               .ahead = ahead,
                               .user = stream};
    BW_TRY(bw_grid_execute(ctx, &tiles));
    return write_done(ctx, stream);
}

/* ---- entry point ------------------------------------------------------------------------------------------------- */

static int64_t common_multiple(int64_t a, int64_t b) {
    int64_t x = a, y = b;
    while (y) {
        const int64_t rest = x % y;
        x = y;
        y = rest;
    }
    return a / x * b;
}

/* A sink has to take what its output is. */
static bw_status check_sink(bw_context *ctx, const bw_stream *stream, const bw_model *model, int output) {
    const bw_image_info *takes = bw_sink_get_info(stream->sinks[output]);
    bw_image *outline;
    BW_TRY(bw_predict_outline(ctx, model, stream->run.source.image, 1 << output, &outline));
    const bw_image_info *made = bw_image_get_info(outline);
    const int fits = takes->type == made->type && takes->width == made->width && takes->height == made->height &&
                     takes->depth == made->depth && takes->channels == made->channels && takes->frames == made->frames;
    bw_image_free(outline);
    if (fits) return BW_OK;
    return bw_fail(ctx, BW_ERROR_MISMATCH, "A sink was made for another image than the one that is predicted.");
}

static bw_status take_sinks(bw_context *ctx, const bw_model *model, const bw_prediction_sinks *sinks, int *outputs,
                            bw_stream *stream) {
    bw_sink *const given[BW_OUTPUT_COUNT] = {sinks->probabilities, sinks->labels, sinks->uncertainty, sinks->entropy};
    *outputs = 0;
    for (int axis = 0; axis < 3; axis++)
        stream->run.step[axis] = 1;
    for (int o = 0; o < BW_OUTPUT_COUNT; o++) {
        int64_t step[3];
        if (!given[o]) continue;
        stream->sinks[o] = given[o];
        *outputs |= 1 << o;
        BW_TRY(check_sink(ctx, stream, model, o));
        bw_sink_step(given[o], step);
        for (int axis = 0; axis < 3; axis++)
            stream->run.step[axis] = common_multiple(stream->run.step[axis], step[axis]);
    }
    return BW_OK;
}

static bw_status predict(bw_context *ctx, const bw_model *model, const bw_predict_options *options,
                         const bw_prediction_sinks *sinks, bw_stream *stream, bw_predict_report *report) {
    bw_predict_report own;
    int outputs;
    BW_TRY(take_sinks(ctx, model, sinks, &outputs, stream));
    BW_TRY(bw_image_run_check(ctx, model, options, outputs, &stream->run, &own));
    const bw_status status = run_all(ctx, options ? options->tile : 0, stream);
    if (status == BW_OK) {
        bw_image_run_report(&stream->run, &own);
        if (report) *report = own;
    }
    bw_outputs_free(&stream->done);
    for (int w = 0; w < 2; w++)
        bw_window_free(&stream->windows[w]);
    bw_image_run_close(&stream->run);
    return status;
}

bw_status bw_predict_streamed(bw_context *ctx, const bw_model *model, const bw_image *image,
                              const bw_predict_options *options, const bw_prediction_sinks *sinks,
                              bw_predict_report *report) {
    bw_stream stream = {.run = {.source = {.image = image}, .streamed = 1}};
    BW_TRY(bw_image_need_pixels(ctx, image, "Prediction"));
    return predict(ctx, model, options, sinks, &stream, report);
}

bw_status bw_predict_part(bw_context *ctx, const bw_model *model, const bw_source *source,
                          const bw_predict_options *options, const bw_part *part, const bw_prediction_sinks *sinks,
                          bw_predict_report *report) {
    bw_stream stream = {.run = {.source = *source, .streamed = 1, .part = part, .shared = 1}};
    return predict(ctx, model, options, sinks, &stream, report);
}

static bw_status survey(bw_context *ctx, bw_stream *stream, int64_t edge, bw_box *reads, uint64_t *bytes) {
    const bw_box box = bw_image_run_box(&stream->run);
    int64_t margin[3];
    BW_TRY(bw_image_run_open(ctx, edge, &stream->run));
    bw_predict_run_margin(&stream->run.run, margin);
    const bw_box grown = bw_box_grow(&box, margin, stream->run.grid.wish.size);
    BW_TRY(pixels_read(ctx, stream, &grown, reads));
    return bw_image_run_bytes(ctx, &stream->run, bytes);
}

bw_status bw_predict_part_survey(bw_context *ctx, const bw_model *model, const bw_source *source,
                                 const bw_predict_options *options, int outputs, const bw_part *part,
                                 const int64_t step[3], bw_box *reads, uint64_t *bytes) {
    bw_stream stream = {.run = {.source = *source, .streamed = 1, .part = part, .shared = 1}};
    bw_predict_report report;
    memcpy(stream.run.step, step, sizeof stream.run.step);
    BW_TRY(bw_image_run_check(ctx, model, options, outputs, &stream.run, &report));
    const bw_status status = survey(ctx, &stream, options ? options->tile : 0, reads, bytes);
    bw_image_run_close(&stream.run);
    return status;
}
