/* predict: usage, and one image. */
#include "cli/predict.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/blocks.h"
#include "cli/commands.h"
#include "cli/common.h"
#include "cli/terminal.h"
#include "core/alloc.h"
#include "core/status.h"
#include "core/system.h"

const bw_cli_option bw_cli_predict_options[] = {
    {"model", "FILE", "model (.brushwood)", 1, 0},
    {"input", "FILE", "image to segment (TIFF or OME-Zarr), or a folder of images; more may follow without --input", 1,
     1},
    {"output", "FILE",
     "result of one image: OME-Zarr when the name ends with .zarr, else TIFF; {kind} in it stands for the kind of "
     "result",
     0, 0},
    {"output-folder", "DIR", "folder for the results of many images, made when missing", 0, 0},
    {"export", "KINDS",
     "probabilities (32-bit, a channel per class), labels (8-bit, 1..K), uncertainty or entropy (32-bit, 0 to 1), or "
     "several, separated by commas; default probabilities",
     0, 0},
    {"name", "PATTERN",
     "names of results in the output folder; default {name}_{kind}.tif; {name}_{kind}.zarr for OME-Zarr", 0, 0},
    {"files", "PATTERNS", "which files of a folder are images; default *.tif;*.tiff;*.zarr", 0, 0},
    {"recursive", NULL, "search subfolders too; results go to the same subfolders", 0, 0},
    {"overwrite", NULL, "make results again that exist; else their images, or blocks in OME-Zarr, are skipped", 0, 0},
    {"csv", "FILE", "the table of all images; default brushwood_batch.csv in the output folder", 0, 0},
    {"unrefined", NULL, "the forest's own probabilities, without the smoothing that the model may ask for", 0, 0},
    {"tile", "N", "edge of the tiles; default chosen. Never changes the result", 0, 0},
    OPTION_COMPRESSION,
    OPTIONS_TIFF,
    OPTIONS_ZARR,
    {"block", "Z,Y,X", "OME-Zarr: voxels that are made at once, whole chunks; default chosen", 0, 0},
    {"chunk", "i/N", "of one image in OME-Zarr only piece i of N, for many processes that share the folders", 0, 0},
    {"prepare", NULL, "only begin the result of one image in OME-Zarr, before its pieces", 0, 0},
    {"finish", NULL, "check and tidy up the result of one image in OME-Zarr, after its pieces", 0, 0},
    {"plan", NULL, "tell blocks, memory and traffic of one image in OME-Zarr, and write nothing", 0, 0},
    {"json", NULL, "tell them as JSON", 0, 0},
    OPTION_SPACING,
    OPTION_THREADS,
    OPTION_MEMORY,
    OPTIONS_END,
};

/* ---- usage ----------------------------------------------------------------------------------------------------- */

static int get_kind(const bw_cli_call *call, const char *text, size_t length, int *kinds) {
    for (int k = 0; k < BW_KINDS; k++)
        if (bw_kinds[k].option && strlen(bw_kinds[k].option) == length && !strncmp(text, bw_kinds[k].option, length)) {
            *kinds |= bw_kinds[k].output;
            return BW_EXIT_DONE;
        }
    return bw_cli_usage(call, "--export must be probabilities, labels, uncertainty or entropy, not \"%.*s\".",
                        (int)length, text);
}

static int get_kinds(const bw_cli_call *call, int *kinds) {
    const char *text = bw_cli_text(call, "export");
    *kinds = text ? 0 : BW_OUTPUT_PROBABILITIES;
    for (; text; text = *text ? text + 1 : NULL) {
        const size_t length = strcspn(text, ",");
        RUN(get_kind(call, text, length, kinds));
        text += length;
    }
    return BW_EXIT_DONE;
}

static int is_one_kind(int kinds) {
    return !(kinds & (kinds - 1));
}

static int check_one(const bw_cli_call *call, const bw_naming *naming) {
    static const char *const others[] = {"name", "files", "recursive", "csv"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (bw_cli_get(call, others[i])->count)
            return bw_cli_usage(call, "--%s goes with --output-folder, not with --output.", others[i]);
    if (bw_cli_get(call, "overwrite")->count && !bw_cli_is_zarr(naming->pattern))
        return bw_cli_usage(call, "--overwrite goes with --output-folder or OME-Zarr: --output replaces a TIFF file.");
    if (bw_cli_get(call, "input")->count > 1)
        return bw_cli_usage(call, "--output is for one image; name an --output-folder for several.");
    if (bw_name_is_hdf5(naming->pattern))
        return bw_cli_usage(
            call,
            "%s: this program writes TIFF and OME-Zarr. ImageJ's command Brushwood Apply Model to Folder "
            "writes HDF5.",
            naming->pattern);
    if (!is_one_kind(naming->kinds) && !strstr(naming->pattern, "{kind}"))
        return bw_cli_usage(call, "--output needs {kind} in its name, as in x_{kind}.tif, for several kinds.");
    return BW_EXIT_DONE;
}

static int check_placeholders(const bw_cli_call *call, const char *pattern) {
    for (const char *at = strchr(pattern, '{'); at; at = strchr(at + 1, '{'))
        if (strncmp(at, "{name}", 6) && strncmp(at, "{kind}", 6))
            return bw_cli_usage(call, "--name \"%s\": only {name} and {kind} may stand in braces.", pattern);
    for (const char *at = pattern; *at; at++)
        if (bw_system_separates(*at))
            return bw_cli_usage(
                call, "--name \"%s\" must be a file name, not a path; --output-folder names the folder.", pattern);
    return BW_EXIT_DONE;
}

int bw_cli_check_many(const bw_cli_call *call, const bw_naming *naming) {
    const bw_cli_values *inputs = bw_cli_get(call, "input");
    const char *pattern = naming->pattern;
    RUN(check_placeholders(call, pattern));
    if (!bw_name_ends(pattern, ".tif") && !bw_name_ends(pattern, ".tiff") && !bw_name_ends(pattern, ".zarr"))
        return bw_cli_usage(
            call,
            "--name \"%s\" must end with .tif, .tiff or .zarr. ImageJ's command Brushwood Apply Model to "
            "Folder writes HDF5.",
            pattern);
    if (!is_one_kind(naming->kinds) && !strstr(pattern, "{kind}"))
        return bw_cli_usage(call, "--name \"%s\" needs {kind} when several kinds are exported.", pattern);
    if (!strstr(pattern, "{name}") && (inputs->count > 1 || bw_system_kind(inputs->text[0]) != BW_PATH_FILE))
        return bw_cli_usage(call, "--name \"%s\" needs {name} when there are several images.", pattern);
    return BW_EXIT_DONE;
}

static int get_naming(const bw_cli_call *call, bw_naming *naming) {
    const char *output = bw_cli_text(call, "output"), *name = bw_cli_text(call, "name");
    naming->folder = bw_cli_text(call, "output-folder");
    naming->pattern = output ? output : name ? name : "{name}_{kind}.tif";
    RUN(get_kinds(call, &naming->kinds));
    if (output && naming->folder) return bw_cli_usage(call, "Give --output or --output-folder, not both.");
    if (!output && !naming->folder)
        return bw_cli_usage(call, "--output FILE (one image) or --output-folder DIR (many images) is missing.");
    return output ? check_one(call, naming) : bw_cli_check_many(call, naming);
}

static int get_job(const bw_cli_call *call, bw_cli_job *job) {
    RUN(get_naming(call, &job->naming));
    job->options.unrefined = bw_cli_get(call, "unrefined")->count;
    RUN(bw_cli_integer(call, "tile", 8, 1 << 20, &job->options.tile));
    RUN(bw_cli_get_format(call, &job->naming.pattern, 1, &job->format));
    RUN(bw_cli_voxels(call, "block", job->block));
    job->overwrite = bw_cli_get(call, "overwrite")->count;
    RUN(bw_cli_spacing(call, job->spacing, &job->spacing_given));
    return bw_cli_check_values(call);
}

/* ---- any image ------------------------------------------------------------------------------------------------- */

bw_status bw_cli_paths(bw_context *ctx, const bw_cli_job *job, const char *mirrored, char *paths[BW_KINDS]) {
    for (int k = 0; k < BW_KINDS; k++)
        paths[k] = NULL;
    for (int k = 0; k < BW_KINDS; k++)
        if (job->naming.kinds & bw_kinds[k].output) BW_TRY(bw_naming_path(ctx, &job->naming, mirrored, k, &paths[k]));
    return BW_OK;
}

void bw_cli_free_paths(char *paths[BW_KINDS]) {
    for (int k = 0; k < BW_KINDS; k++)
        bw_free(paths[k]);
}

int bw_cli_is_blockwise(const bw_cli_job *job) {
    return !job->labelling && bw_cli_is_zarr(job->naming.pattern);
}

bw_status bw_cli_open_image(bw_context *ctx, const bw_cli_job *job, const char *input, bw_image **out) {
    *out = NULL;
    if (bw_name_is_hdf5(input))
        return bw_fail(
            ctx, BW_ERROR_FORMAT,
            "%s: this program reads TIFF and OME-Zarr. ImageJ's command Brushwood Apply Model to Folder reads HDF5.",
            input);
    BW_TRY(bw_image_open_file(ctx, input, out));
    return job->spacing_given ? bw_image_set_spacing(ctx, *out, job->spacing) : BW_OK;
}

static bw_status create_sink(bw_context *ctx, const bw_model *model, const bw_cli_job *job, const bw_image *image,
                             int kind, const char *path, bw_sink **out) {
    bw_image *outline;
    BW_TRY(bw_predict_outline(ctx, model, image, bw_kinds[kind].output, &outline));
    const bw_status status = bw_cli_create(ctx, &job->format, path, outline, out);
    bw_image_free(outline);
    return status;
}

bw_status bw_cli_apply(bw_context *ctx, const bw_model *model, const bw_cli_job *job, const char *input,
                       char *const outputs[BW_KINDS], bw_predict_report *report) {
    bw_sink *sinks[BW_KINDS] = {NULL, NULL, NULL, NULL, NULL};
    bw_image *image = NULL;
    if (job->labelling) return bw_cli_label(ctx, model, job, input, outputs, report);
    bw_status status = bw_cli_open_image(ctx, job, input, &image);
    for (int k = 0; k < BW_KINDS && status == BW_OK; k++)
        if (outputs[k]) status = create_sink(ctx, model, job, image, k, outputs[k], &sinks[k]);
    const bw_prediction_sinks all = {sinks[0], sinks[1], sinks[2], sinks[3]};
    if (status == BW_OK) status = bw_predict_streamed(ctx, model, image, &job->options, &all, report);
    for (int k = 0; k < BW_KINDS && status == BW_OK; k++)
        if (sinks[k]) status = bw_sink_finish(ctx, sinks[k]);
    for (int k = 0; k < BW_KINDS; k++)
        bw_sink_free(sinks[k]);
    bw_image_free(image);
    return status;
}

bw_status bw_cli_notes(bw_text *text, const bw_predict_report *report, const char *name, const char *before,
                       const char *after) {
    if (report->non_finite)
        BW_TRY(bw_text_add(text,
                           "%s%" PRId64 " pixels of %s are not finite; the smallest finite value took their place.%s",
                           before, report->non_finite, name, after));
    if (report->spacing_assumed)
        BW_TRY(
            bw_text_add(text, "%s%s has no calibration; the model's voxel spacing was used.%s", before, name, after));
    if (report->slice_wise)
        BW_TRY(bw_text_add(text, "%sthe model is 2D; %s was segmented slice by slice.%s", before, name, after));
    return BW_OK;
}

/* ---- one image ------------------------------------------------------------------------------------------------- */

int bw_cli_print_notes(const bw_cli_call *call, const char *input, const bw_predict_report *report) {
    bw_text text;
    bw_text_init(&text, call->ctx);
    const bw_status status = bw_cli_notes(&text, report, input, "note: ", "\n");
    if (text.data) fputs(text.data, stderr);
    bw_text_free(&text);
    return bw_cli_code(status);
}

static void print_classes(const bw_model *model, const bw_predict_report *report) {
    int64_t all = 0;
    for (int k = 0; k < bw_model_class_count(model); k++)
        all += report->class_pixels[k];
    for (int k = 0; k < bw_model_class_count(model); k++)
        printf("%d %-23s %6.2f %% (%" PRId64 " pixels)\n", k + 1, bw_model_class(model, k)->name,
               100.0 * (double)report->class_pixels[k] / (double)all, report->class_pixels[k]);
}

static void print_blocks(const bw_cli_block_counts *counts) {
    printf("%" PRId64 " of %" PRId64 " blocks made, %" PRId64 " were there, %" PRId64 " failed\n", counts->made,
           counts->made + counts->there + counts->failed, counts->there, counts->failed);
}

/* Shares of classes are told when the whole image was made. */
static int apply_blocks(const bw_cli_call *call, const bw_model *model, const bw_cli_job *job,
                        char *const paths[BW_KINDS]) {
    const char *input = bw_cli_text(call, "input");
    bw_cli_block_counts counts;
    const bw_status status = bw_cli_apply_blocks(call->ctx, model, job, input, paths, bw_terminal_watched(), &counts);
    if (counts.made) bw_cli_print_notes(call, input, &counts.report);
    if (status == BW_OK && !counts.there) print_classes(model, &counts.report);
    if (counts.made + counts.there + counts.failed) print_blocks(&counts);
    return bw_cli_code(status);
}

static int apply(const bw_cli_call *call, const bw_model *model, const bw_cli_job *job, char *const paths[BW_KINDS]) {
    const char *input = bw_cli_text(call, "input");
    bw_predict_report report;
    if (bw_cli_is_blockwise(job)) return apply_blocks(call, model, job, paths);
    RUN(bw_cli_code(bw_cli_apply(call->ctx, model, job, input, paths, &report)));
    RUN(bw_cli_print_notes(call, input, &report));
    print_classes(model, &report);
    return BW_EXIT_DONE;
}

static int predict_one(const bw_cli_call *call, const bw_cli_job *job, const bw_cli_cluster *cluster,
                       char *const paths[BW_KINDS]) {
    bw_model *model = NULL;
    for (int k = 0; k < BW_KINDS; k++)
        if (paths[k]) RUN(bw_cli_output_image(call, "output", paths[k], (const char *const[]){"model", "input", NULL}));
    RUN(bw_cli_code(bw_model_read(call->ctx, bw_cli_text(call, "model"), &model)));
    const int whole = cluster->part == BW_CLI_WHOLE;
    const int result = whole ? apply(call, model, job, paths) : bw_cli_run_cluster(call, cluster, job, model, paths);
    for (int k = 0; k < BW_KINDS && whole && !result; k++)
        if (paths[k]) printf("Wrote %s\n", paths[k]);
    bw_model_free(model);
    return result;
}

static int run_one(const bw_cli_call *call, const bw_cli_job *job, const bw_cli_cluster *cluster) {
    char *paths[BW_KINDS];
    int result = bw_cli_code(bw_cli_paths(call->ctx, job, "", paths));
    if (!result) result = predict_one(call, job, cluster, paths);
    bw_cli_free_paths(paths);
    return result;
}

int bw_cli_run_predict(bw_cli_call *call) {
    bw_cli_job job = {.spacing_given = 0};
    bw_cli_cluster cluster;
    RUN(bw_cli_get_cluster(call, &cluster));
    RUN(get_job(call, &job));
    RUN(bw_cli_set_resources(call));
    return job.naming.folder ? bw_cli_run_batch(call, &job) : run_one(call, &job, &cluster);
}
