#include "cli/blocks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/common.h"
#include "cli/progress.h"
#include "cli/terminal.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/status.h"
#include "core/system.h"

/* ---- a block --------------------------------------------------------------------------------------------------- */

typedef struct bw_blocks {
    bw_context *ctx;
    const bw_cli_block_run *run;
    bw_cli_block_counts *counts;
    bw_progress progress; /* of what is shown */
    double share;         /* of the block at work, as far as ctx knows of it */
    double logged;        /* when the last line was */
    int64_t tenth;        /* of the blocks, when the last line was */
} bw_blocks;

void bw_cli_describe_part(const bw_part *part, char *text, size_t size) {
    snprintf(text, size, "(x %lld-%lld, y %lld-%lld, z %lld-%lld, frame %d)", (long long)part->lo[0],
             (long long)part->hi[0] - 1, (long long)part->lo[1], (long long)part->hi[1] - 1, (long long)part->lo[2],
             (long long)part->hi[2] - 1, part->frame + 1);
}

/* The run's context counts blocks; it may belong to a batch, whose line shows all images. */
static int relay(void *user, double fraction) {
    bw_blocks *blocks = user;
    bw_progress_add(blocks->ctx, fraction - blocks->share);
    blocks->share = fraction;
    return bw_check(blocks->ctx) != BW_OK;
}

static void add_report(bw_predict_report *sum, const bw_predict_report *report) {
    if (sum->non_finite < report->non_finite) sum->non_finite = report->non_finite; /* each knows the whole image's */
    sum->spacing_assumed |= report->spacing_assumed;
    sum->slice_wise |= report->slice_wise;
    for (int k = 0; k < BW_MAX_CLASSES; k++)
        sum->class_pixels[k] += report->class_pixels[k];
}

/* ---- what is told of it ---------------------------------------------------------------------------------------- */

static void tell_failure(const bw_blocks *blocks, int64_t index, const char *error) {
    bw_context *trial = bw_context_create();
    char where[160] = "";
    bw_part part;
    if (trial && bw_block_job_part(trial, blocks->run->job, index, &part) == BW_OK)
        bw_cli_describe_part(&part, where, sizeof where);
    bw_context_free(trial);
    bw_terminal_clear();
    fprintf(stderr, "brushwood predict: block %lld %s of %s: %s\n", (long long)index, where, blocks->run->name, error);
}

/* Every tenth of the blocks, and once a minute. */
static void tell_log(bw_blocks *blocks, int64_t index) {
    const bw_cli_block_counts *counts = blocks->counts;
    const int64_t all = blocks->run->last - blocks->run->first, done = index + 1 - blocks->run->first;
    const double now = bw_system_clock();
    char time[40];
    if (!blocks->run->logged || (done * 10 / all == blocks->tenth && now - blocks->logged < 60)) return;
    blocks->tenth = done * 10 / all;
    blocks->logged = now;
    bw_progress_describe_left(&blocks->progress, time, sizeof time);
    fprintf(stderr, "[%lld/%lld] block %lld of %s: %lld made, %lld were there, %lld failed%s\n", (long long)done,
            (long long)all, (long long)index, blocks->run->name, (long long)counts->made, (long long)counts->there,
            (long long)counts->failed, time);
}

/* ---- blocks ---------------------------------------------------------------------------------------------------- */

static bw_status run_block(bw_blocks *blocks, int64_t index) {
    bw_cli_block_counts *counts = blocks->counts;
    bw_predict_report report;
    int made = 0;
    bw_context *own = bw_cli_child(blocks->ctx);
    if (!own) return BW_ERROR_MEMORY;
    blocks->share = 0;
    bw_context_set_progress(own, blocks->run->shown ? bw_progress_show : relay,
                            blocks->run->shown ? (void *)&blocks->progress : blocks);
    bw_progress_begin_image(&blocks->progress, index - blocks->run->first, blocks->run->name, 1);
    bw_context *before = bw_cli_watch(own);
    const bw_status status = bw_block_job_run(own, blocks->run->job, index, &made, &report);
    bw_cli_watch(before);
    bw_progress_end_image(&blocks->progress, !made);
    if (status == BW_ERROR_CANCELLED) {
        bw_fail(blocks->ctx, BW_ERROR_CANCELLED, "%s", bw_context_error(own));
    } else if (status != BW_OK) {
        counts->failed++;
        tell_failure(blocks, index, bw_context_error(own));
    } else {
        *(made ? &counts->made : &counts->there) += 1;
        if (made) add_report(&counts->report, &report);
    }
    bw_context_free(own);
    return bw_check(blocks->ctx);
}

bw_status bw_cli_run_blocks(bw_context *ctx, const bw_cli_block_run *run, bw_cli_block_counts *counts) {
    const int64_t count = run->last - run->first;
    bw_blocks blocks = {.ctx = ctx, .run = run, .counts = counts, .logged = bw_system_clock()};
    blocks.progress = (bw_progress){.count = count, .total = (double)count, .last_time = blocks.logged};
    *counts = (bw_cli_block_counts){.made = 0};
    if (!run->shown) bw_progress_begin(ctx, (double)count);
    for (int64_t i = run->first; i < run->last; i++) {
        BW_TRY(run_block(&blocks, i));
        if (!run->shown) bw_progress_add(ctx, 1 - blocks.share);
        tell_log(&blocks, i);
    }
    if (run->shown) bw_terminal_clear();
    return BW_OK;
}

bw_status bw_cli_check_blocks(bw_context *ctx, const bw_cli_block_counts *counts) {
    const int64_t all = counts->made + counts->there + counts->failed;
    if (!counts->failed) return BW_OK;
    return bw_fail(
        ctx, BW_ERROR_IO,
        "%lld of %lld blocks could not be made, for the reasons above. What was made stays: the same command "
        "makes what is missing.",
        (long long)counts->failed, (long long)all);
}

/* ---- an image in one go ---------------------------------------------------------------------------------------- */

bw_block_options bw_cli_block_options(const bw_cli_job *job) {
    bw_block_options options = {.predict = job->options, .zarr = job->format.zarr, .said = job->format.zarr_said};
    memcpy(options.block, job->block, sizeof options.block);
    return options;
}

/* Whether a folder holds Zarr; another's is not ours to remove, whatever its name. */
static int holds_zarr(bw_context *ctx, const char *folder) {
    static const char *const files[] = {"zarr.json", ".zgroup", ".zarray", ".zattrs"};
    int found = 0;
    for (size_t i = 0; i < sizeof files / sizeof *files && !found; i++) {
        char *path = bw_path_join(ctx, folder, files[i]);
        found = path && bw_system_kind(path) == BW_PATH_FILE;
        bw_free(path);
    }
    return found;
}

/* By way of another name: chunks of a result that is half removed would pass for those of the next. */
static bw_status remove_result(bw_context *ctx, const char *path) {
    bw_output old;
    BW_TRY(bw_output_begin_folder(ctx, path, &old));
    bw_system_remove(old.temporary); /* folders are not replaced */
    const int reason = bw_system_rename(path, old.temporary) ? errno : 0;
    bw_output_abandon(&old);
    if (!reason) return BW_OK;
    return bw_fail(ctx, BW_ERROR_IO, "The old result %s cannot be removed: %s. Close it elsewhere, or remove it.", path,
                   strerror(reason));
}

/* An old result stays when there will be no new one: the job is opened for its plan before. */
static bw_status remove_results(bw_context *ctx, const bw_model *model, const bw_image *image,
                                const char *const outputs[4], bw_block_options options) {
    bw_block_job *trial;
    options.plan = options.overwrite = 1;
    BW_TRY(bw_block_job_open(ctx, model, image, outputs, &options, &trial));
    bw_block_job_free(trial);
    for (int k = 0; k < 4; k++)
        if (outputs[k] && bw_system_kind(outputs[k]) == BW_PATH_FOLDER && holds_zarr(ctx, outputs[k]))
            BW_TRY(remove_result(ctx, outputs[k]));
    return bw_check(ctx);
}

static bw_status run_all(bw_context *ctx, bw_cli_block_run *run, bw_cli_block_counts *counts) {
    int64_t missing;
    run->last = bw_block_job_get_info(run->job)->blocks;
    BW_TRY(bw_cli_run_blocks(ctx, run, counts));
    bw_context *own = bw_cli_child(ctx), *before = bw_cli_watch(own);
    bw_status status = own ? bw_block_job_finish(own, run->job, &missing) : BW_ERROR_MEMORY;
    bw_cli_watch(before);
    if (own && status != BW_OK) bw_fail(ctx, status, "%s", bw_context_error(own));
    bw_context_free(own);
    return status == BW_OK ? bw_cli_check_blocks(ctx, counts) : status;
}

bw_status bw_cli_apply_blocks(bw_context *ctx, const bw_model *model, const bw_cli_job *job, const char *input,
                              char *const outputs[BW_KINDS], int shown, bw_cli_block_counts *counts) {
    const char *const paths[4] = {outputs[0], outputs[1], outputs[2], outputs[3]};
    const bw_block_options options = bw_cli_block_options(job);
    bw_cli_block_run run = {.name = input, .shown = shown};
    bw_image *image = NULL;
    *counts = (bw_cli_block_counts){.made = 0};
    bw_status status = bw_cli_open_image(ctx, job, input, &image);
    if (status == BW_OK && job->overwrite) status = remove_results(ctx, model, image, paths, options);
    if (status == BW_OK) status = bw_block_job_open(ctx, model, image, paths, &options, &run.job);
    if (status == BW_OK) status = run_all(ctx, &run, counts);
    bw_block_job_free(run.job);
    bw_image_free(image);
    return status;
}
