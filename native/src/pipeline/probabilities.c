/* Probabilities that stay where there is room: in memory, else in a temporary file. */
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/image.h"

/* ---- in memory -----------------------------------------------------------------------------------------------------
 */

static bw_status copy_part(bw_context *ctx, void *user, const bw_part *part, const bw_image *pixels) {
    const bw_image_info *info = bw_image_get_info(user);
    const int64_t size = bw_type_size(info->type), row = (part->hi[0] - part->lo[0]) * size;
    (void)ctx;
    for (int c = 0; c < info->channels; c++)
        for (int64_t z = part->lo[2]; z < part->hi[2]; z++) {
            const uint8_t *from = bw_image_plane_const(pixels, 0, c, z - part->lo[2]);
            uint8_t *to = bw_image_plane(user, part->frame, c, z);
            for (int64_t y = part->lo[1]; y < part->hi[1]; y++, from += row)
                memcpy(to + (y * info->width + part->lo[0]) * size, from, (size_t)row);
        }
    return BW_OK;
}

static bw_status nothing_to_finish(bw_context *ctx, void *user) {
    (void)ctx, (void)user;
    return BW_OK;
}

static bw_status create_in_memory(bw_context *ctx, const bw_image *outline, bw_image **image, bw_sink **sink) {
    BW_TRY(bw_image_create(ctx, bw_image_get_info(outline), image));
    const bw_sink_writer writer = {.write = copy_part, .finish = nothing_to_finish, .user = *image};
    BW_TRY(bw_image_copy_names(ctx, *image, outline));
    return bw_sink_create(ctx, outline, &writer, sink);
}

/* ---- in a file -----------------------------------------------------------------------------------------------------
 */

/* The file has a temporary's name, by which it is removed when the process dies before. */
typedef struct bw_scratch {
    bw_output output;
    bw_image *file;
} bw_scratch;

static bw_status read_scratch(bw_context *ctx, void *user, const bw_part *part, void *to) {
    return bw_image_read(ctx, ((bw_scratch *)user)->file, part, to);
}

static void close_scratch(void *user) {
    bw_scratch *scratch = user;
    bw_image_free(scratch->file);
    bw_output_abandon(&scratch->output);
    bw_free(scratch);
}

static bw_status create_scratch(bw_context *ctx, const bw_image *outline, const char *beside, bw_scratch *scratch,
                                bw_sink **sink) {
    const bw_tiff_options options = {.compression = BW_COMPRESSION_ZSTD, .layout = BW_LAYOUT_TILES};
    BW_TRY(bw_output_begin(ctx, beside, &scratch->output));
    return bw_tiff_create(ctx, scratch->output.temporary, outline, &options, sink);
}

/* Takes over the scratch file. */
static bw_status open_scratch(bw_context *ctx, const bw_image *outline, bw_scratch *scratch, bw_image **out) {
    const bw_image_reader reader = {read_scratch, close_scratch, scratch};
    const bw_status status = bw_tiff_open(ctx, scratch->output.temporary, &scratch->file);
    if (status != BW_OK) {
        close_scratch(scratch);
        return status;
    }
    BW_TRY(bw_image_create_streamed(ctx, bw_image_get_info(outline), &reader, out));
    return bw_image_copy_names(ctx, *out, outline);
}

/* ---- either --------------------------------------------------------------------------------------------------------
 */

typedef struct bw_prediction_job {
    const bw_model *model;
    const bw_image *image;
    const bw_predict_options *options;
    bw_predict_report *report;
} bw_prediction_job;

static bw_status predict_into(bw_context *ctx, const bw_prediction_job *job, bw_sink *sink) {
    const bw_prediction_sinks sinks = {.probabilities = sink};
    BW_TRY(bw_predict_streamed(ctx, job->model, job->image, job->options, &sinks, job->report));
    return bw_sink_finish(ctx, sink);
}

static bw_status predict_to_memory(bw_context *ctx, const bw_prediction_job *job, const bw_image *outline,
                                   bw_image **out) {
    bw_sink *sink = NULL;
    bw_status status = create_in_memory(ctx, outline, out, &sink);
    if (status == BW_OK) status = predict_into(ctx, job, sink);
    bw_sink_free(sink);
    return status;
}

static bw_status predict_to_file(bw_context *ctx, const bw_prediction_job *job, const bw_image *outline,
                                 const char *beside, bw_image **out) {
    bw_sink *sink = NULL;
    bw_scratch *scratch = bw_calloc(ctx, 1, sizeof *scratch, "a temporary file");
    if (!scratch) return BW_ERROR_MEMORY;
    bw_status status = create_scratch(ctx, outline, beside, scratch, &sink);
    if (status == BW_OK) status = predict_into(ctx, job, sink);
    bw_sink_free(sink);
    if (status == BW_OK) return open_scratch(ctx, outline, scratch, out);
    close_scratch(scratch);
    return status;
}

bw_status bw_predict_probabilities(bw_context *ctx, const bw_model *model, const bw_image *image,
                                   const bw_predict_options *options, const char *beside, bw_image **out,
                                   bw_predict_report *report) {
    const bw_prediction_job job = {model, image, options, report};
    bw_image *outline;
    *out = NULL;
    BW_TRY(bw_predict_outline(ctx, model, image, BW_OUTPUT_PROBABILITIES, &outline));
    const bw_image_info *info = bw_image_get_info(outline);
    const double bytes = (double)info->width * (double)info->height * (double)info->depth * info->channels *
                         info->frames * sizeof(float);
    const bw_status status = bytes <= 0.25 * (double)bw_context_memory_budget(ctx)
                                 ? predict_to_memory(ctx, &job, outline, out)
                                 : predict_to_file(ctx, &job, outline, beside, out);
    bw_image_free(outline);
    if (status == BW_OK) return BW_OK;
    bw_image_free(*out);
    *out = NULL;
    return status;
}
