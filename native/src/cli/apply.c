/* Commands that use a model: validate, info; and score. predict.c has predict. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/common.h"
#include "core/alloc.h"
#include "core/status.h"

static void note_non_finite(const char *path, int64_t count) {
    if (count)
        fprintf(stderr, "note: %" PRId64 " pixels of %s are not finite; the smallest finite value took their place.\n",
                count, path);
}

/* ---- validate -------------------------------------------------------------------------------------------------- */

const bw_cli_option bw_cli_validate_options[] = {
    {"model", "FILE", "model (.brushwood)", 1, 0},
    {"image", "FILE", "image that the model has not seen (TIFF or OME-Zarr)", 1, 1},
    {"truth", "FILE", "its classes: 0 not scored, 1..K; one per --image, in the same order", 1, 1},
    {"csv", "FILE", "also write the tables as CSV", 0, 0},
    {"json", NULL, "print JSON", 0, 0},
    OPTION_SPACING,
    OPTION_THREADS,
    OPTION_MEMORY,
    OPTIONS_END,
};

static int validate_pair(const bw_cli_call *call, const bw_model *model, int index, bw_assessment *assessment) {
    const char *image_path = bw_cli_get(call, "image")->text[index];
    bw_image *image = NULL, *truth = NULL;
    bw_prediction prediction = {NULL, NULL, NULL, NULL};
    bw_predict_report report = {0};
    int result = bw_cli_read_image(call, image_path, &image);
    if (!result) result = bw_cli_code(bw_image_read_file(call->ctx, bw_cli_get(call, "truth")->text[index], &truth));
    if (!result)
        result = bw_cli_code(bw_predict(call->ctx, model, image, NULL, BW_OUTPUT_PROBABILITIES | BW_OUTPUT_LABELS,
                                        &prediction, &report));
    if (!result) {
        note_non_finite(image_path, report.non_finite);
        result =
            bw_cli_code(bw_assessment_add(call->ctx, assessment, truth, prediction.labels, prediction.probabilities));
    }
    bw_prediction_free(&prediction);
    bw_image_free(truth);
    bw_image_free(image);
    return result;
}

static int report_validation(const bw_cli_call *call, const bw_model *model, const bw_assessment *assessment) {
    const char *path = bw_cli_text(call, "csv");
    const bw_describe_format format = bw_cli_get(call, "json")->count ? BW_DESCRIBE_JSON : BW_DESCRIBE_TEXT;
    char *text = NULL, *csv = NULL;
    RUN(bw_cli_print(bw_assessment_describe(call->ctx, assessment, model, format, &text), &text));
    if (!path) return BW_EXIT_DONE;
    RUN(bw_cli_code(bw_assessment_describe(call->ctx, assessment, model, BW_DESCRIBE_CSV, &csv)));
    const int result = bw_cli_write_text(call, path, csv);
    bw_string_free(csv);
    if (!result && format == BW_DESCRIBE_TEXT) printf("\nWrote %s\n", path);
    return result;
}

int bw_cli_run_validate(bw_cli_call *call) {
    bw_model *model = NULL;
    bw_assessment *assessment = NULL;
    RUN(bw_cli_check_pairs(call, "image", "truth"));
    RUN(bw_cli_check_values(call));
    RUN(bw_cli_set_resources(call));
    if (bw_cli_text(call, "csv"))
        RUN(bw_cli_output(call, "csv", (const char *const[]){"model", "image", "truth", NULL}));
    int result = bw_cli_code(bw_model_read(call->ctx, bw_cli_text(call, "model"), &model));
    if (!result) result = bw_cli_code(bw_assessment_create(call->ctx, bw_model_class_count(model), &assessment));
    for (int i = 0; i < bw_cli_get(call, "image")->count && !result; i++)
        result = validate_pair(call, model, i, assessment);
    if (!result) result = report_validation(call, model, assessment);
    bw_assessment_free(assessment);
    bw_model_free(model);
    return result;
}

/* ---- info ------------------------------------------------------------------------------------------------------ */

const bw_cli_option bw_cli_info_options[] = {
    {"json", NULL, "as JSON, with every feature image and training image", 0, 0},
    {"csv", NULL, "what training measured, as CSV", 0, 0},
    OPTIONS_END,
};

static int print_model(const bw_cli_call *call, bw_describe_format format) {
    bw_model *model;
    char *text = NULL;
    RUN(bw_cli_code(bw_model_read(call->ctx, call->argument, &model)));
    const int result = bw_cli_print(bw_model_describe(call->ctx, model, format, &text), &text);
    bw_model_free(model);
    return result;
}

static int print_object_model(const bw_cli_call *call, bw_describe_format format) {
    bw_object_model *model;
    char *text = NULL;
    RUN(bw_cli_code(bw_object_model_read(call->ctx, call->argument, &model)));
    const int result = bw_cli_print(bw_object_model_describe(call->ctx, model, format, &text), &text);
    bw_object_model_free(model);
    return result;
}

int bw_cli_run_info(bw_cli_call *call) {
    const int json = bw_cli_get(call, "json")->count, csv = bw_cli_get(call, "csv")->count;
    const bw_describe_format format = json ? BW_DESCRIBE_JSON : csv ? BW_DESCRIBE_CSV : BW_DESCRIBE_TEXT;
    bw_model_kind kind;
    if (json && csv) return bw_cli_usage(call, "Give --json or --csv, not both.");
    RUN(bw_cli_code(bw_model_kind_of(call->ctx, call->argument, &kind)));
    return kind == BW_MODEL_OBJECTS ? print_object_model(call, format) : print_model(call, format);
}

/* ---- score ----------------------------------------------------------------------------------------------------- */

const bw_cli_option bw_cli_score_options[] = {
    {"labels", "FILE", "segmentation (TIFF or OME-Zarr, class numbers)", 1, 1},
    {"truth", "FILE", "its ground truth, 0 = not scored; one per --labels, in the same order", 1, 1},
    OPTIONS_END,
};

/* Pixels per truth and result class; class 0 of the result is wrong everywhere. */
typedef struct bw_scores {
    int64_t pixels[BW_MAX_CLASSES + 1][BW_MAX_CLASSES + 1];
} bw_scores;

/* -1 when the pixel is no class number. */
static int class_at(const bw_image *image, const void *plane, int64_t i) {
    float value;
    switch (bw_image_get_info(image)->type) {
    case BW_UINT8: value = ((const uint8_t *)plane)[i]; break;
    case BW_UINT16: value = ((const uint16_t *)plane)[i]; break;
    default: value = ((const float *)plane)[i];
    }
    value += (float)bw_image_offset(image);
    return value >= 0 && value <= BW_MAX_CLASSES && value == (float)(int)value ? (int)value : -1;
}

static int check_pair(const bw_cli_call *call, const bw_image *labels, const bw_image *truth) {
    const bw_image_info *a = bw_image_get_info(labels), *b = bw_image_get_info(truth);
    if (a->channels != 1 || b->channels != 1)
        return bw_cli_code(bw_fail(call->ctx, BW_ERROR_MISMATCH,
                                   "%s has %d channels; class images have one. Export labels, not probabilities.",
                                   bw_image_name(a->channels != 1 ? labels : truth),
                                   a->channels != 1 ? a->channels : b->channels));
    if (a->width != b->width || a->height != b->height || a->depth != b->depth || a->frames != b->frames)
        return bw_cli_code(bw_fail(call->ctx, BW_ERROR_MISMATCH, "%s and %s differ in size.", bw_image_name(labels),
                                   bw_image_name(truth)));
    return BW_EXIT_DONE;
}

static int count_scores(const bw_cli_call *call, const bw_image *labels, const bw_image *truth, bw_scores *scores) {
    const bw_image_info *info = bw_image_get_info(labels);
    RUN(check_pair(call, labels, truth));
    for (int64_t k = 0; k < info->depth * info->frames; k++) {
        const void *p = bw_image_plane_const(labels, (int)(k / info->depth), 0, k % info->depth);
        const void *q = bw_image_plane_const(truth, (int)(k / info->depth), 0, k % info->depth);
        for (int64_t i = 0; i < info->width * info->height; i++) {
            const int result = class_at(labels, p, i), wanted = class_at(truth, q, i);
            if (i % info->width == 0) RUN(bw_cli_code(bw_check(call->ctx)));
            if (result < 0 || wanted < 0)
                return bw_cli_code(
                    bw_fail(call->ctx, BW_ERROR_FORMAT,
                            "%s holds a value that is no class number from 0 to %d: it is no class image.",
                            bw_image_name(result < 0 ? labels : truth), BW_MAX_CLASSES));
            scores->pixels[wanted][result]++;
        }
    }
    return BW_EXIT_DONE;
}

static void print_scores(const bw_scores *scores) {
    int64_t right = 0, all = 0;
    double sum = 0;
    int classes = 0;
    for (int k = 1; k <= BW_MAX_CLASSES; k++) {
        int64_t wanted = 0, got = 0, both = scores->pixels[k][k];
        for (int j = 0; j <= BW_MAX_CLASSES; j++) {
            wanted += scores->pixels[k][j];
            got += j ? scores->pixels[j][k] : 0;
        }
        right += both;
        all += wanted;
        if (!wanted && !got) continue;
        double iou = (double)both / (double)(wanted + got - both);
        printf("class %d: IoU %.4f (%" PRId64 " pixels)\n", k, iou, wanted);
        sum += iou;
        classes++;
    }
    printf("pixel accuracy %.4f\nmean IoU %.4f\n", all ? (double)right / (double)all : 0, classes ? sum / classes : 0);
}

int bw_cli_run_score(bw_cli_call *call) {
    const bw_cli_values *labels = bw_cli_get(call, "labels"), *truth = bw_cli_get(call, "truth");
    RUN(bw_cli_check_pairs(call, "labels", "truth"));
    bw_scores *scores = bw_calloc(call->ctx, 1, sizeof *scores, "scores");
    int result = scores ? BW_EXIT_DONE : BW_EXIT_FAILED;
    for (int i = 0; i < labels->count && !result; i++) {
        bw_image *a = NULL, *b = NULL;
        result = bw_cli_code(bw_image_read_file(call->ctx, labels->text[i], &a));
        if (!result) result = bw_cli_code(bw_image_read_file(call->ctx, truth->text[i], &b));
        if (!result) result = count_scores(call, a, b, scores);
        bw_image_free(a);
        bw_image_free(b);
    }
    if (!result) print_scores(scores);
    bw_free(scores);
    return result;
}
