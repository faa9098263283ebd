/* A model applied block by block to an image, by any number of jobs at the same time: what a result needs to know of
 * the others is in its folder. */
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "pipeline/block_note.h"
#include "pipeline/outputs.h"
#include "pipeline/predict_image.h"
#include "zarr/ome.h"
#include "zarr/output.h"

/* Voxels that a block should have along x, y, z: of stacks, of single slices. */
static const int64_t usual_block[2][3] = {{256, 256, 128}, {2048, 2048, 1}};

struct bw_block_job {
    const bw_model *model;
    const bw_image *image;
    bw_block_options options;
    double spacing[3];
    int wanted; /* sum of BW_OUTPUT_ */
    bw_source source;
    bw_zarr_output *outputs[BW_OUTPUT_COUNT];
    bw_sink *sinks[BW_OUTPUT_COUNT];
    char *paths[BW_OUTPUT_COUNT];
    bw_block_info info;
};

/* ---- blocks ------------------------------------------------------------------------------------------------------ */

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t round_up(int64_t a, int64_t step) {
    return (a + step - 1) / step * step;
}

/* Whole chunks, of which the image is not smaller. */
static void choose_blocks(bw_block_job *job, const int64_t wish[3]) {
    const bw_image_info *image = bw_image_get_info(job->image);
    const int64_t size[3] = {image->width, image->height, image->depth};
    bw_block_info *info = &job->info;
    info->blocks = image->frames;
    for (int axis = 0; axis < 3; axis++) {
        const int64_t most = wish[axis] > 0 ? wish[axis] : usual_block[image->depth == 1][axis];
        info->size[axis] = round_up(smaller(most, size[axis]), info->chunk[axis]);
        info->count[axis] = (size[axis] + info->size[axis] - 1) / info->size[axis];
        info->blocks *= info->count[axis];
    }
}

bw_status bw_block_job_part(bw_context *ctx, const bw_block_job *job, int64_t index, bw_part *out) {
    const bw_image_info *image = bw_image_get_info(job->image);
    const bw_block_info *info = &job->info;
    const int64_t size[3] = {image->width, image->height, image->depth};
    int64_t rest = index;
    if (index < 0 || index >= info->blocks)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "There is no block %lld: the image has %lld, counted from 0.",
                       (long long)index, (long long)info->blocks);
    for (int axis = 0; axis < 3; axis++) {
        out->lo[axis] = rest % info->count[axis] * info->size[axis];
        out->hi[axis] = smaller(out->lo[axis] + info->size[axis], size[axis]);
        rest /= info->count[axis];
    }
    out->frame = (int)rest;
    return BW_OK;
}

bw_status bw_block_job_piece(bw_context *ctx, const bw_block_job *job, int64_t piece, int64_t pieces, int64_t *first,
                             int64_t *last) {
    const int64_t blocks = job->info.blocks;
    *first = *last = 0;
    if (pieces < 1 || piece < 0 || piece > pieces)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "There is no piece %lld of %lld.", (long long)piece, (long long)pieces);
    const int64_t begin = piece % pieces, whole = blocks / pieces, rest = blocks % pieces;
    *first = begin * whole + smaller(begin, rest);
    *last = *first + whole + (begin < rest);
    return BW_OK;
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

static int64_t statistics_count(const bw_image *image) {
    const bw_image_info *info = bw_image_get_info(image);
    return info->type == BW_FLOAT32 ? (int64_t)info->frames * info->channels : 0;
}

static bw_status keep_options(bw_context *ctx, const bw_block_options *options, const char *const paths[4],
                              bw_block_job *job) {
    if (options) job->options = *options;
    if (job->options.predict.spacing) {
        memcpy(job->spacing, job->options.predict.spacing, sizeof job->spacing);
        job->options.predict.spacing = job->spacing;
    }
    for (int o = 0; o < BW_OUTPUT_COUNT; o++) {
        if (!paths[o]) continue;
        job->wanted |= 1 << o;
        job->paths[o] = bw_strdup(ctx, paths[o]);
        if (!job->paths[o]) return BW_ERROR_MEMORY;
    }
    if (!job->wanted) return bw_fail(ctx, BW_ERROR_ARGUMENT, "A job needs the path of at least one result.");
    return BW_OK;
}

static bw_status refuse(bw_context *ctx, const char *path, const char *what, const char *there) {
    return bw_fail(
        ctx, BW_ERROR_MISMATCH,
        "%s was begun with another %s: %s. Leave the option out to go on as it was begun, name another result, "
        "or remove it first.",
        path, what, there);
}

/* What was said of results that are there already has to be true. */
static bw_status compare_layout(bw_context *ctx, const bw_block_options *wanted, const char *path,
                                const bw_image_info *info, const bw_zarr_options *there) {
    static const char *const codecs[] = {"blosc", "zstd", "gzip", "none"};
    const int64_t size[3] = {info->width, info->height, info->depth};
    char text[100];
    if ((wanted->said & BW_SAID_VERSION) && wanted->zarr.version != there->version)
        return refuse(ctx, path, "version of OME-Zarr", there->version == BW_OME_ZARR_04 ? "0.4" : "0.5");
    if ((wanted->said & BW_SAID_CODEC) && wanted->zarr.codec != there->codec)
        return refuse(ctx, path, "compression", codecs[there->codec]);
    snprintf(text, sizeof text, "%lld,%lld,%lld", (long long)there->chunk[2], (long long)there->chunk[1],
             (long long)there->chunk[0]);
    for (int axis = 0; axis < 3; axis++) {
        const int64_t chunk = wanted->zarr.chunk[axis], clipped = chunk < size[axis] ? chunk : size[axis];
        if (chunk && clipped != there->chunk[axis] && chunk != there->chunk[axis])
            return refuse(ctx, path, "size of chunks", text);
    }
    return BW_OK;
}

/* What the results that are there already say; the others will be like them. */
static bw_status read_notes(bw_context *ctx, bw_block_job *job, bw_block_note *note) {
    int found = job->options.plan && job->options.overwrite;
    for (int o = 0; o < BW_OUTPUT_COUNT && !found; o++) {
        bw_zarr_options options = job->options.zarr;
        char *text;
        if (!job->paths[o]) continue;
        BW_TRY(bw_zarr_output_note(ctx, job->paths[o], &options, &text));
        if (!text) continue;
        const bw_status status = bw_block_note_read(ctx, job->paths[o], text, statistics_count(job->image), note);
        bw_string_free(text);
        BW_TRY(status);
        BW_TRY(compare_layout(ctx, &job->options, job->paths[o], bw_image_get_info(job->image), &options));
        job->options.zarr = options;
        found = 1;
    }
    return BW_OK;
}

/* Float images are looked through unless an earlier job has done so, or nobody will ask for their values. */
static bw_status open_source(bw_context *ctx, bw_block_job *job, bw_block_note *note) {
    const int64_t count = statistics_count(job->image);
    int assumed;
    BW_TRY(bw_fit_check(ctx, job->model->recipe, job->image, job->options.predict.spacing, &assumed));
    if (job->options.plan && count && !note->low) {
        note->low = bw_calloc(ctx, (uint64_t)count, sizeof *note->low, "pixel minima");
        if (!note->low) return BW_ERROR_MEMORY;
    }
    if (!note->low) return bw_source_open(ctx, job->image, &job->source);
    return bw_source_open_known(ctx, job->image, note->low, note->non_finite, note->extreme, &job->source);
}

/* A block in the middle of the image tells what blocks read and need. */
static bw_status survey(bw_context *ctx, bw_block_job *job) {
    bw_block_info *info = &job->info;
    const int64_t middle =
        (info->count[2] / 2 * info->count[1] + info->count[1] / 2) * info->count[0] + info->count[0] / 2;
    const double outputs = bw_outputs_pixel_bytes(job->wanted, job->model->classes);
    bw_part part;
    bw_box reads;
    BW_TRY(bw_block_job_part(ctx, job, middle, &part));
    BW_TRY(bw_predict_part_survey(ctx, job->model, &job->source, &job->options.predict, job->wanted, &part, info->chunk,
                                  &reads, &info->bytes));
    double block = outputs, chunk = sizeof(float);
    for (int axis = 0; axis < 3; axis++) {
        const int64_t before = part.lo[axis] - reads.lo[axis], behind = reads.hi[axis] - part.hi[axis];
        info->margin[axis] = before > behind ? before : behind;
        block *= (double)info->size[axis];
        chunk *= (double)info->chunk[axis];
    }
    /* The results; chunks of the image that stay, and those being decoded; chunks of results, those they are made of,
     * and their bytes. */
    const uint64_t threads = (uint64_t)bw_context_threads(ctx), stay = bw_zarr_cache_limit(ctx);
    const uint64_t read = bw_image_chunk_bytes(job->image);
    info->bytes += (uint64_t)block + (read < stay ? stay : read) + threads * (2 * read + (uint64_t)(12 * chunk));
    return BW_OK;
}

static bw_status open_output(bw_context *ctx, bw_block_job *job, int o) {
    bw_zarr_options options = job->options.zarr;
    bw_image *outline;
    char *note;
    options.content = 1 << o == BW_OUTPUT_LABELS ? BW_ZARR_CONTENT_LABELS : BW_ZARR_CONTENT_IMAGE;
    BW_TRY(bw_block_note_write(ctx, job->model, &job->source, &job->options, 1 << o, job->info.size, &note));
    bw_status status = bw_predict_outline(ctx, job->model, job->image, 1 << o, &outline);
    if (status == BW_OK) status = bw_zarr_output_open(ctx, job->paths[o], outline, &options, note, &job->outputs[o]);
    bw_image_free(outline);
    bw_string_free(note);
    return status == BW_OK ? bw_zarr_output_sink(ctx, job->outputs[o], &job->sinks[o]) : status;
}

static bw_status open_job(bw_context *ctx, bw_block_job *job, bw_block_note *note) {
    BW_TRY(read_notes(ctx, job, note));
    bw_zarr_output_chunk(job->image, &job->options.zarr, job->info.chunk);
    choose_blocks(job, job->options.block[0] ? job->options.block : note->block);
    BW_TRY(open_source(ctx, job, note));
    BW_TRY(survey(ctx, job));
    for (int o = 0; o < BW_OUTPUT_COUNT && !job->options.plan; o++)
        if (job->paths[o]) BW_TRY(open_output(ctx, job, o));
    return BW_OK;
}

bw_status bw_block_job_open(bw_context *ctx, const bw_model *model, const bw_image *image, const char *const paths[4],
                            const bw_block_options *options, bw_block_job **out) {
    bw_block_note note = {.low = NULL};
    *out = NULL;
    BW_TRY(bw_image_need_pixels(ctx, image, "Prediction"));
    bw_block_job *job = bw_calloc(ctx, 1, sizeof *job, "a job");
    if (!job) return BW_ERROR_MEMORY;
    job->model = model;
    job->image = image;
    bw_status status = keep_options(ctx, options, paths, job);
    if (status == BW_OK) status = open_job(ctx, job, &note);
    bw_block_note_free(&note);
    if (status == BW_OK)
        *out = job;
    else
        bw_block_job_free(job);
    return status;
}

void bw_block_job_free(bw_block_job *job) {
    if (!job) return;
    for (int o = 0; o < BW_OUTPUT_COUNT; o++) {
        bw_sink_free(job->sinks[o]);
        bw_zarr_output_free(job->outputs[o]);
        bw_free(job->paths[o]);
    }
    bw_source_close(&job->source);
    bw_free(job);
}

const bw_block_info *bw_block_job_get_info(const bw_block_job *job) {
    return &job->info;
}

/* ---- running ----------------------------------------------------------------------------------------------------- */

/* Results that lack chunks of a part, as a sum of BW_OUTPUT_. */
static bw_status find_missing(bw_context *ctx, const bw_block_job *job, const bw_part *part, int *out) {
    *out = 0;
    if (job->options.plan) return bw_fail(ctx, BW_ERROR_ARGUMENT, "A job that was opened for its plan has no results.");
    for (int o = 0; o < BW_OUTPUT_COUNT; o++) {
        int there = 1;
        if (job->outputs[o]) BW_TRY(bw_zarr_output_has(ctx, job->outputs[o], part, &there));
        if (!there) *out |= 1 << o;
    }
    return BW_OK;
}

bw_status bw_block_job_has(bw_context *ctx, const bw_block_job *job, int64_t index, int *out) {
    bw_part part;
    int missing;
    *out = 0;
    BW_TRY(bw_block_job_part(ctx, job, index, &part));
    BW_TRY(find_missing(ctx, job, &part, &missing));
    *out = !missing;
    return BW_OK;
}

static bw_status make_block(bw_context *ctx, bw_block_job *job, const bw_part *part, int missing,
                            bw_predict_report *report) {
    bw_sink *sinks[BW_OUTPUT_COUNT];
    for (int o = 0; o < BW_OUTPUT_COUNT; o++)
        sinks[o] = missing & 1 << o ? job->sinks[o] : NULL;
    const bw_prediction_sinks all = {sinks[0], sinks[1], sinks[2], sinks[3]};
    return bw_predict_part(ctx, job->model, &job->source, &job->options.predict, part, &all, report);
}

/* What the part completes in the smaller resolutions. */
static bw_status raise_all(bw_context *ctx, bw_block_job *job, const bw_part *part, int again) {
    for (int o = 0; o < BW_OUTPUT_COUNT; o++)
        if (job->outputs[o]) BW_TRY(bw_zarr_output_raise(ctx, job->outputs[o], part, again));
    return BW_OK;
}

bw_status bw_block_job_run(bw_context *ctx, bw_block_job *job, int64_t index, int *made, bw_predict_report *report) {
    const int again = job->options.overwrite;
    bw_part part;
    int missing;
    if (made) *made = 0;
    if (report) *report = (bw_predict_report){0};
    BW_TRY(bw_block_job_part(ctx, job, index, &part));
    BW_TRY(find_missing(ctx, job, &part, &missing));
    if (again) missing = job->wanted;
    if (missing) BW_TRY(make_block(ctx, job, &part, missing, report));
    if (made) *made = missing != 0;
    return raise_all(ctx, job, &part, again);
}

bw_status bw_block_job_finish(bw_context *ctx, bw_block_job *job, int64_t *missing) {
    *missing = 0;
    bw_progress_begin(ctx, (double)job->info.blocks);
    for (int64_t k = 0; k < job->info.blocks; k++) {
        bw_part part;
        int there;
        BW_TRY(bw_block_job_part(ctx, job, k, &part));
        BW_TRY(bw_block_job_has(ctx, job, k, &there));
        if (there) BW_TRY(raise_all(ctx, job, &part, 0));
        *missing += !there;
        bw_progress_add(ctx, 1);
        BW_TRY(bw_check(ctx));
    }
    for (int o = 0; o < BW_OUTPUT_COUNT; o++) {
        if (!job->outputs[o]) continue;
        if (*missing)
            bw_output_sweep(job->paths[o]);
        else
            BW_TRY(bw_zarr_output_sweep(ctx, job->outputs[o]));
    }
    return BW_OK;
}
