/* compare: segmentations against their truth, two files or two folders. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/common.h"
#include "cli/format.h"
#include "cli/pairs.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/system.h"

const bw_cli_option bw_cli_compare_options[] = {
    {"truth", "PATH", "what is right: a label image, mask or image of classes (TIFF or OME-Zarr), or a folder of these",
     1, 0},
    {"result", "PATH",
     "what is compared with it: a file of the same size, or a folder with files of the same names, "
     "up to endings such as _masks or _labels",
     1, 0},
    {"kind", "KIND",
     "labels (objects), masks (0 or not) or classes; default auto: masks when all images are 8-bit and hold 0 and 255 "
     "alone, classes when all are 8-bit without a 0, else labels, and masks among them are taken apart into their "
     "connected parts",
     0, 0},
    {"ignore-zero", NULL, "classes: pixels that are 0 in the truth do not count; implies --kind classes", 0, 0},
    {"csv", "FILE", "also write the tables as CSV: a row per image, all pooled and the means", 0, 0},
    {"json", NULL, "print JSON", 0, 0},
    {"picture", "PATH",
     "also draw what differs, in colour (TIFF, or OME-Zarr as x.zarr); for folders a folder, made when missing", 0, 0},
    OPTION_COMPRESSION,
    OPTIONS_ZARR,
    OPTION_THREADS,
    OPTION_MEMORY,
    OPTIONS_END,
};

typedef struct bw_cli_comparison {
    bw_file_pairs pairs;
    int folders;
    bw_comparison_kind kind;
    int flags; /* BW_COMPARE_ */
    bw_cli_format format;
} bw_cli_comparison;

static const char *const kind_names[] = {"labels", "masks", "classes"};

enum { KINDS = sizeof kind_names / sizeof *kind_names };

/* ---- what to compare --------------------------------------------------------------------------------------------- */

static int open_pair(const bw_cli_call *call, const bw_file_pair *pair, bw_image *images[2]) {
    images[0] = images[1] = NULL;
    RUN(bw_cli_code(bw_image_open_file(call->ctx, pair->truth, &images[0])));
    return bw_cli_code(bw_image_open_file(call->ctx, pair->result, &images[1]));
}

static void close_pair(bw_image *images[2]) {
    bw_image_free(images[0]);
    bw_image_free(images[1]);
}

/* Takes away the kinds that a pair cannot be. */
static int narrow_kinds(const bw_cli_call *call, const bw_file_pair *pair, int *kinds) {
    bw_image *images[2];
    int result = open_pair(call, pair, images);
    for (int i = 0; i < 2 && !result; i++) {
        int can_be = 0;
        result = bw_cli_code(bw_comparison_kinds(call->ctx, images[i], &can_be));
        *kinds &= can_be;
    }
    close_pair(images);
    return result;
}

static int choose_kind(const bw_cli_call *call, bw_cli_comparison *job) {
    int kinds = ~0;
    for (int64_t i = 0; i < job->pairs.count && kinds & ~(1 << BW_COMPARE_LABELS); i++)
        RUN(narrow_kinds(call, &job->pairs.items[i], &kinds));
    job->kind = BW_COMPARE_LABELS;
    for (int k = 0; k < KINDS; k++)
        if (kinds == 1 << k) job->kind = (bw_comparison_kind)k;
    if (job->kind == BW_COMPARE_LABELS) job->flags |= BW_COMPARE_TAKE_APART;
    fprintf(stderr, "note: the images are taken for %s; --kind says otherwise.\n", kind_names[job->kind]);
    return BW_EXIT_DONE;
}

/* *given: whether --kind or --ignore-zero tells the kind. */
static int get_kind(const bw_cli_call *call, bw_cli_comparison *job, int *given) {
    const char *text = bw_cli_text(call, "kind");
    int found = -1;
    const int ignore_zero = bw_cli_get(call, "ignore-zero")->count;
    for (int k = 0; text && k < KINDS; k++)
        if (!strcmp(text, kind_names[k])) found = k;
    if (text && found < 0 && strcmp(text, "auto"))
        return bw_cli_usage(call, "--kind must be labels, masks, classes or auto, not \"%s\".", text);
    if (ignore_zero && found >= 0 && found != BW_COMPARE_CLASSES)
        return bw_cli_usage(call, "--ignore-zero goes with --kind classes: in %s, 0 is the background.", text);
    *given = found >= 0 || ignore_zero;
    job->flags = ignore_zero ? BW_COMPARE_IGNORE_ZERO : 0;
    job->kind = ignore_zero ? BW_COMPARE_CLASSES : found >= 0 ? (bw_comparison_kind)found : BW_COMPARE_LABELS;
    return BW_EXIT_DONE;
}

/* OME-Zarr is one image. */
static int is_folder(const char *path) {
    return bw_system_kind(path) == BW_PATH_FOLDER && !bw_path_is_zarr(path);
}

static int find_pairs(const bw_cli_call *call, bw_cli_comparison *job) {
    const char *truth = bw_cli_text(call, "truth"), *result = bw_cli_text(call, "result");
    const int folders = is_folder(truth) + is_folder(result);
    if (folders == 1) return bw_cli_usage(call, "--truth and --result must be two files or two folders.");
    job->folders = folders == 2;
    return bw_cli_code(job->folders ? bw_file_pairs_find(call->ctx, truth, result, &job->pairs)
                                    : bw_file_pairs_single(call->ctx, truth, result, &job->pairs));
}

/* ---- pictures ---------------------------------------------------------------------------------------------------- */

/* Freed with bw_free. */
static bw_status picture_path(const bw_cli_call *call, const bw_cli_comparison *job, const bw_file_pair *pair,
                              char **out) {
    static const char ending[] = "_comparison.tif";
    const char *path = bw_cli_text(call, "picture");
    const size_t size = strlen(pair->name) + sizeof ending;
    char *name = bw_alloc(call->ctx, size, 1, "a name");
    if (name) snprintf(name, size, "%s%s", pair->name, ending);
    *out = !name ? NULL : job->folders ? bw_path_join(call->ctx, path, name) : bw_strdup(call->ctx, path);
    bw_free(name);
    return bw_context_status(call->ctx);
}

/* Before any work: whether pictures can be written, without loss of an input. */
static int check_picture(const bw_cli_call *call, const bw_cli_comparison *job, const bw_file_pair *pair) {
    char *path;
    RUN(bw_cli_code(picture_path(call, job, pair, &path)));
    int result = BW_EXIT_DONE;
    if (bw_system_same(path, pair->truth) || bw_system_same(path, pair->result))
        result = bw_cli_usage(call, "--picture would replace %s; choose another name.", path);
    if (!result) result = bw_cli_output_image(call, "picture", path, (const char *const[]){NULL});
    bw_free(path);
    return result;
}

static int check_outputs(const bw_cli_call *call, const bw_cli_comparison *job) {
    const char *picture = bw_cli_text(call, "picture");
    if (bw_cli_text(call, "csv")) RUN(bw_cli_output(call, "csv", (const char *const[]){"truth", "result", NULL}));
    if (picture && job->folders) RUN(bw_cli_code(bw_folder_make(call->ctx, picture)));
    for (int64_t i = 0; picture && i < job->pairs.count; i++)
        RUN(check_picture(call, job, &job->pairs.items[i]));
    return BW_EXIT_DONE;
}

static bw_status write_picture(bw_context *ctx, const bw_cli_comparison *job, bw_image *const images[2],
                               const char *path) {
    bw_image *outline;
    bw_sink *sink = NULL;
    bw_status status = bw_comparison_outline(ctx, images[0], &outline);
    if (status == BW_OK) status = bw_cli_create(ctx, &job->format, path, outline, &sink);
    if (status == BW_OK) status = bw_comparison_draw(ctx, images[0], images[1], job->kind, job->flags, sink);
    if (status == BW_OK) status = bw_sink_finish(ctx, sink);
    bw_sink_free(sink);
    bw_image_free(outline);
    return status;
}

static void print_legend(bw_comparison_kind kind) {
    for (int i = 0; i < bw_comparison_colour_count(); i++) {
        const bw_comparison_colour *c = bw_comparison_colour_get(i);
        if (c->kinds >> kind & 1) printf("  #%06x %-8s %s\n", (unsigned)c->colour, c->id, c->meaning);
    }
}

/* ---- running ----------------------------------------------------------------------------------------------------- */

static int compare_pair(const bw_cli_call *call, const bw_cli_comparison *job, const bw_file_pair *pair,
                        bw_comparison *comparison) {
    bw_image *images[2];
    char *path = NULL;
    int result = open_pair(call, pair, images);
    if (!result) result = bw_cli_code(bw_comparison_add(call->ctx, comparison, images[0], images[1]));
    if (!result && bw_cli_text(call, "picture")) {
        result = bw_cli_code(picture_path(call, job, pair, &path));
        if (!result) result = bw_cli_code(write_picture(call->ctx, job, images, path));
    }
    bw_free(path);
    close_pair(images);
    return result;
}

static void note_parts(const bw_cli_comparison *job, const bw_comparison *comparison) {
    const long long truths = bw_comparison_taken_apart(comparison, 0);
    const long long results = bw_comparison_taken_apart(comparison, 1);
    static const char rest[] = "the connected parts are the objects; with --kind labels all of a mask is one";
    if (!truths && !results) return;
    if (job->folders)
        fprintf(stderr, "note: %lld images of --truth and %lld of --result are masks (0 and 255 alone): %s.\n", truths,
                results, rest);
    else
        fprintf(stderr, "note: the %s is a mask (0 and 255 alone): %s.\n", truths ? "truth" : "result", rest);
}

static int report(const bw_cli_call *call, const bw_cli_comparison *job, const bw_comparison *comparison) {
    const char *csv_path = bw_cli_text(call, "csv"), *picture = bw_cli_text(call, "picture");
    const int json = bw_cli_get(call, "json")->count;
    char *text = NULL, *csv = NULL;
    if (csv_path) {
        RUN(bw_cli_code(bw_comparison_describe(call->ctx, comparison, BW_DESCRIBE_CSV, &csv)));
        const int result = bw_cli_write_text(call, csv_path, csv);
        bw_string_free(csv);
        RUN(result);
    }
    RUN(bw_cli_print(bw_comparison_describe(call->ctx, comparison, json ? BW_DESCRIBE_JSON : BW_DESCRIBE_TEXT, &text),
                     &text));
    if (json) return BW_EXIT_DONE;
    if (csv_path) printf("\nWrote %s\n", csv_path);
    if (!picture) return BW_EXIT_DONE;
    printf("\nWrote %s%s\n", job->folders ? "pictures to " : "", picture);
    print_legend(job->kind);
    return BW_EXIT_DONE;
}

static int compare(const bw_cli_call *call, bw_cli_comparison *job, int kind_given) {
    bw_comparison *comparison = NULL;
    RUN(check_outputs(call, job));
    if (!kind_given) RUN(choose_kind(call, job));
    int result = bw_cli_code(bw_comparison_create(call->ctx, job->kind, job->flags, &comparison));
    for (int64_t i = 0; i < job->pairs.count && !result; i++)
        result = compare_pair(call, job, &job->pairs.items[i], comparison);
    if (!result) note_parts(job, comparison);
    if (!result) result = report(call, job, comparison);
    bw_comparison_free(comparison);
    return result;
}

int bw_cli_run_compare(bw_cli_call *call) {
    bw_cli_comparison job = {.folders = 0};
    int kind_given = 0;
    RUN(get_kind(call, &job, &kind_given));
    RUN(bw_cli_set_resources(call));
    int result = find_pairs(call, &job);
    const char *picture = job.folders ? NULL : bw_cli_text(call, "picture");
    if (!result) result = bw_cli_get_format(call, &picture, 1, &job.format);
    if (!result) result = compare(call, &job, kind_given);
    bw_file_pairs_free(&job.pairs);
    return result;
}
