/* predict with many images. */
#include <stdio.h>
#include <string.h>

#include "cli/blocks.h"
#include "cli/common.h"
#include "cli/inputs.h"
#include "cli/predict.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/system.h"

typedef enum bw_outcome { DONE, SKIPPED, FAILED, OUTCOMES } bw_outcome;

static const char *const outcome_names[OUTCOMES] = {"done", "skipped", "failed"};

typedef struct bw_batch {
    bw_cli_call *call;
    const bw_cli_job *job;
    const bw_model *model;
    bw_inputs inputs;
    bw_table table;
    const char *table_path;
    bw_progress progress;
    int64_t counts[OUTCOMES];
    int watched; /* people see the progress */
} bw_batch;

/* ---- an image -------------------------------------------------------------------------------------------------- */

/* Whether a path leads to a result: an empty file is what a loss of power may leave. */
static int is_result(const char *path) {
    const bw_path_facts facts = bw_system_look(path);
    if (facts.kind == BW_PATH_FOLDER) return bw_cli_is_zarr(path);
    return facts.kind == BW_PATH_FILE && facts.bytes > 0;
}

static int has_results(char *const paths[BW_KINDS]) {
    for (int k = 0; k < BW_KINDS; k++)
        if (paths[k] && !is_result(paths[k])) return 0;
    return 1;
}

static bw_status check_targets(bw_context *ctx, const bw_batch *batch, const bw_input *input,
                               char *const paths[BW_KINDS]) {
    for (int k = 0; k < BW_KINDS; k++)
        if (paths[k] && (bw_inputs_hold(&batch->inputs, paths[k]) || bw_cli_lies_in(ctx, input->path, paths[k]) ||
                         bw_cli_lies_in(ctx, bw_cli_text(batch->call, "model"), paths[k])))
            return bw_fail(ctx, BW_ERROR_ARGUMENT,
                           "Its result %s is also an input, which would be lost. Choose another --output-folder or "
                           "--name.",
                           paths[k]);
    return BW_OK;
}

/* Makes the folder that a result goes to, and removes what dead processes left in it. */
static bw_status prepare_folder(bw_context *ctx, const char *path) {
    const size_t length = (size_t)(bw_name_of(path) - path);
    char *folder = bw_strdup(ctx, path);
    if (!folder) return BW_ERROR_MEMORY;
    folder[length] = 0;
    const bw_status status = bw_folder_make(ctx, folder);
    if (status == BW_OK) bw_output_sweep(folder);
    bw_free(folder);
    return status;
}

/* Blocks that are there are kept: the image is skipped when all are. */
static bw_status predict_blocks(bw_context *ctx, const bw_batch *batch, const bw_input *input,
                                char *const paths[BW_KINDS], bw_outcome *outcome, bw_predict_report *report) {
    bw_cli_block_counts counts;
    BW_TRY(bw_cli_apply_blocks(ctx, batch->model, batch->job, input->path, paths, 0, &counts));
    *outcome = counts.made ? DONE : SKIPPED;
    *report = counts.report;
    if (counts.there) memset(report->class_pixels, 0, sizeof report->class_pixels); /* not of the whole image */
    return BW_OK;
}

static bw_status predict_to(bw_context *ctx, const bw_batch *batch, const bw_input *input, char *const paths[BW_KINDS],
                            bw_outcome *outcome, bw_predict_report *report) {
    BW_TRY(check_targets(ctx, batch, input, paths));
    for (int k = 0, seen = 0; k < BW_KINDS && !seen; k++)
        if ((seen = paths[k] != NULL)) BW_TRY(prepare_folder(ctx, paths[k]));
    if (bw_cli_is_blockwise(batch->job)) return predict_blocks(ctx, batch, input, paths, outcome, report);
    if (!batch->job->overwrite && has_results(paths)) {
        *outcome = SKIPPED;
        return BW_OK;
    }
    BW_TRY(bw_cli_apply(ctx, batch->model, batch->job, input->path, paths, report));
    *outcome = DONE;
    return BW_OK;
}

/* An image whose results an earlier one gets. */
static bw_status refuse_twin(bw_context *ctx, const bw_batch *batch, const bw_input *input, bw_outcome *outcome) {
    const bw_input *first = &batch->inputs.items[input->twin];
    *outcome = memcmp(first->id, input->id, sizeof input->id) ? FAILED : SKIPPED;
    if (*outcome == SKIPPED) return BW_OK;
    return bw_fail(ctx, BW_ERROR_ARGUMENT,
                   "Its results have the same names as those of %s. Rename one of them, or name another "
                   "--output-folder.",
                   first->path);
}

static bw_status process(bw_context *ctx, const bw_batch *batch, const bw_input *input, bw_outcome *outcome,
                         bw_predict_report *report) {
    char *paths[BW_KINDS];
    *outcome = FAILED;
    if (input->problem) return bw_context_fail(ctx, BW_ERROR_IO, input->problem);
    if (input->twin >= 0) return refuse_twin(ctx, batch, input, outcome);
    bw_status status = bw_cli_paths(ctx, batch->job, input->path + input->mirrored, paths);
    if (status == BW_OK) status = predict_to(ctx, batch, input, paths, outcome, report);
    bw_cli_free_paths(paths);
    return status;
}

/* ---- what is told of it ---------------------------------------------------------------------------------------- */

static void print_row(bw_batch *batch, int64_t index, bw_outcome outcome, double seconds, const char *message) {
    const bw_input *input = &batch->inputs.items[index];
    char name[512], line[2048];
    if (batch->watched && outcome != FAILED) return;
    bw_terminal_clear();
    bw_name_show(input->path + input->shown, name, sizeof name);
    bw_name_show(message, line, sizeof line); /* it may name files, too */
    fprintf(stderr, "[%lld/%lld] %s: %s (%.2f s)%s%s\n", (long long)index + 1, (long long)batch->inputs.count, name,
            outcome_names[outcome], seconds, *line ? ": " : "", line);
}

/* Why an image failed or was skipped, or notes on its result. */
static bw_status add_message(bw_text *text, const bw_input *input, bw_outcome outcome, const bw_predict_report *report,
                             const char *error) {
    if (outcome == FAILED) return bw_text_add(text, "%s", error);
    if (outcome == SKIPPED)
        return bw_text_add(text, "%s", input->twin < 0 ? "Its results exist." : "The file was given twice.");
    BW_TRY(bw_cli_notes(text, report, bw_name_of(input->path), "", " "));
    if (text->size) text->data[--text->size] = 0; /* the space behind the last note */
    return bw_text_add(text, "%s", "");
}

static void add_row(bw_batch *batch, int64_t index, bw_outcome outcome, double seconds, const bw_predict_report *report,
                    const char *error) {
    const bw_input *input = &batch->inputs.items[index];
    bw_text message;
    bw_text_init(&message, batch->call->ctx);
    if (add_message(&message, input, outcome, report, error) == BW_OK &&
        bw_table_add(&batch->table, input->path + input->shown, outcome_names[outcome], seconds,
                     outcome == DONE ? report : NULL, message.data) == BW_OK)
        print_row(batch, index, outcome, seconds, message.data);
    bw_text_free(&message);
    batch->counts[outcome]++;
}

/* ---- all images ------------------------------------------------------------------------------------------------ */

static bw_status run_image(bw_batch *batch, int64_t index) {
    const bw_input *input = &batch->inputs.items[index];
    bw_outcome outcome;
    bw_predict_report report;
    const double start = bw_system_clock();
    bw_context *ctx = bw_cli_child(batch->call->ctx);
    if (!ctx) return BW_ERROR_MEMORY;
    if (batch->watched) bw_context_set_progress(ctx, bw_progress_show, &batch->progress);
    bw_progress_begin_image(&batch->progress, index, input->path + input->shown, bw_progress_work(input->bytes));
    bw_context *before = bw_cli_watch(ctx);
    const bw_status failed = process(ctx, batch, input, &outcome, &report);
    bw_cli_watch(before);
    bw_progress_end_image(&batch->progress, outcome != DONE);
    if (failed == BW_ERROR_CANCELLED)
        bw_fail(batch->call->ctx, BW_ERROR_CANCELLED, "Cancelled.");
    else
        add_row(batch, index, outcome, bw_system_clock() - start, &report, bw_context_error(ctx));
    bw_context_free(ctx);
    return bw_check(batch->call->ctx);
}

static void run_images(bw_batch *batch) {
    batch->progress = (bw_progress){.count = batch->inputs.count, .last_time = bw_system_clock()};
    for (int64_t i = 0; i < batch->inputs.count; i++)
        batch->progress.total += bw_progress_work(batch->inputs.items[i].bytes);
    for (int64_t i = 0; i < batch->inputs.count; i++)
        if (run_image(batch, i) != BW_OK) break;
    bw_terminal_clear();
}

/* Whatever happened to the images, also a cancelled job's table is written. */
static int write_table(const bw_batch *batch) {
    bw_context *own = bw_context_create();
    const bw_status status = own ? bw_table_write(own, &batch->table, batch->table_path) : BW_ERROR_MEMORY;
    if (status != BW_OK)
        fprintf(stderr, "brushwood predict: %s\n", own ? bw_context_error(own) : "Not enough memory for the table.");
    bw_context_free(own);
    return bw_cli_code(status);
}

static int finish(bw_batch *batch) {
    const int unwritten = write_table(batch);
    printf("%lld done, %lld skipped, %lld failed of %lld images", (long long)batch->counts[DONE],
           (long long)batch->counts[SKIPPED], (long long)batch->counts[FAILED], (long long)batch->inputs.count);
    if (!unwritten) printf("; table: %s", batch->table_path);
    puts("");
    if (unwritten) bw_fail(batch->call->ctx, BW_ERROR_IO, "The table %s could not be written.", batch->table_path);
    if (batch->counts[FAILED])
        bw_fail(batch->call->ctx, BW_ERROR_IO, "%lld of %lld images failed.", (long long)batch->counts[FAILED],
                (long long)batch->inputs.count);
    return bw_cli_code(bw_context_status(batch->call->ctx));
}

/* ---- before the work ------------------------------------------------------------------------------------------- */

/* Told now rather than once per image. */
static bw_status check_folder(bw_batch *batch, const char *own_table) {
    bw_context *ctx = batch->call->ctx;
    BW_TRY(bw_folder_make(ctx, batch->job->naming.folder));
    BW_TRY(bw_output_check(ctx, own_table));
    return batch->table_path == own_table ? BW_OK : bw_output_check(ctx, batch->table_path);
}

static int run_with_model(bw_batch *batch, const char *own_table) {
    RUN(bw_cli_code(check_folder(batch, own_table)));
    int result = bw_cli_code(bw_table_begin(batch->call->ctx, batch->model, &batch->table));
    if (!result) {
        run_images(batch);
        result = finish(batch);
    }
    bw_table_free(&batch->table);
    return result;
}

static int check_table(const bw_batch *batch) {
    if (!bw_inputs_hold(&batch->inputs, batch->table_path) &&
        !bw_system_same(batch->table_path, bw_cli_text(batch->call, "model")))
        return BW_EXIT_DONE;
    return bw_cli_usage(batch->call, "The table %s is also an input, which would be lost; name another --csv.",
                        batch->table_path);
}

static int run_with_inputs(bw_batch *batch, const char *own_table) {
    bw_model *model;
    RUN(check_table(batch));
    RUN(bw_cli_code(bw_model_read(batch->call->ctx, bw_cli_text(batch->call, "model"), &model)));
    batch->model = model;
    const int result = run_with_model(batch, own_table);
    bw_model_free(model);
    return result;
}

int bw_cli_run_batch(bw_cli_call *call, const bw_cli_job *job) {
    const char *files = bw_cli_text(call, "files"), *csv = bw_cli_text(call, "csv");
    const bw_cli_values *paths = bw_cli_get(call, "input");
    const bw_input_search search = {files ? files : "*.tif;*.tiff;*.zarr", bw_cli_get(call, "recursive")->count,
                                    &job->naming};
    const bw_naming table = {job->naming.folder, "brushwood_batch.csv", 0};
    bw_batch batch = {.call = call, .job = job, .watched = bw_terminal_watched()};
    char *own_table;
    RUN(bw_cli_code(bw_naming_path(call->ctx, &table, "", 0, &own_table)));
    batch.table_path = csv ? csv : own_table;
    int result = bw_cli_code(bw_inputs_find(call->ctx, &search, paths->text, paths->count, &batch.inputs));
    if (!result) result = run_with_inputs(&batch, own_table);
    bw_inputs_free(&batch.inputs);
    bw_free(own_table);
    return result;
}
