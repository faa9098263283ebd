#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/random.h"

/* Leaves the command with its exit code on failure or wrong usage. */
#define RUN(expr)                                                                                                      \
    do {                                                                                                               \
        int run_code = (expr);                                                                                         \
        if (run_code) return run_code;                                                                                 \
    } while (0)

static int code(bw_status status) {
    return status == BW_OK ? BW_EXIT_DONE : BW_EXIT_FAILED;
}

/* ---- what several commands share ------------------------------------------------------------------------------- */

#define OPTION_THREADS                                                                                                 \
    { "threads", "N", "number of threads; default: OMP_NUM_THREADS or all this process may use", 0, 0 }
#define OPTION_MEMORY                                                                                                  \
    { "memory", "MB", "memory for tiles, in megabytes; default: half of what is free", 0, 0 }
#define OPTION_SPACING                                                                                                 \
    { "spacing", "Z,Y,X", "voxel size, replaces the file's calibration; only the ratios count", 0, 0 }
#define OPTION_FEATURES                                                                                                \
    { "features", "LIST", "preset or feature list; default balanced ('brushwood --help' lists both)", 0, 0 }
#define OPTION_COMPRESSION                                                                                             \
    { "compression", "KIND", "none, lzw, deflate or zstd; default none, as ImageJ writes", 0, 0 }
#define OPTIONS_END                                                                                                    \
    { NULL, NULL, NULL, 0, 0 }

static int set_resources(const bw_cli_call *call) {
    int64_t threads = 0, megabytes = 0;
    RUN(bw_cli_integer(call, "threads", 1, 1024, &threads));
    RUN(bw_cli_integer(call, "memory", 1, 1 << 24, &megabytes));
    RUN(code(bw_context_set_threads(call->ctx, (int)threads)));
    return code(bw_context_set_memory_budget(call->ctx, (uint64_t)megabytes * 1000000));
}

static int get_compression(const bw_cli_call *call, bw_compression *out) {
    static const char *const names[] = {"none", "lzw", "deflate", "zstd"};
    const char *text = bw_cli_text(call, "compression");
    *out = BW_COMPRESSION_NONE;
    if (!text) return BW_EXIT_DONE;
    for (int i = 0; i < 4; i++)
        if (!strcmp(text, names[i])) {
            *out = (bw_compression)i;
            return BW_EXIT_DONE;
        }
    return bw_cli_usage(call, "--compression must be none, lzw, deflate or zstd, not \"%s\".", text);
}

/* What can be told about --features and --spacing before any image is read. */
static int check_values(const bw_cli_call *call) {
    const char *list = bw_cli_get(call, "features") ? bw_cli_text(call, "features") : NULL;
    const int names_channels = list && (strstr(list, "@c") || strstr(list, "@C"));
    const bw_recipe_options any = {.channels = names_channels ? BW_MAX_CHANNELS : 3, .dims = 3, .spacing = {1, 1, 1}};
    bw_context *trial = list ? bw_context_create() : NULL;
    bw_recipe *recipe = NULL;
    double spacing[3];
    int given, result = bw_cli_spacing(call, spacing, &given);
    if (!result && trial && bw_recipe_parse(trial, list, &any, &recipe) != BW_OK)
        result = bw_cli_usage(call, "%s", bw_context_error(trial));
    bw_recipe_free(recipe);
    bw_context_free(trial);
    return result;
}

/* Reads an image and applies --spacing. */
static int read_image(const bw_cli_call *call, const char *path, bw_image **out) {
    double spacing[3];
    int given;
    *out = NULL;
    RUN(bw_cli_spacing(call, spacing, &given));
    RUN(code(bw_tiff_read(call->ctx, path, out)));
    return given ? code(bw_image_set_spacing(call->ctx, *out, spacing)) : BW_EXIT_DONE;
}

/* A recipe for images like this one: a stack gets 3D features, calibration gives the spacing. */
static int make_recipe(const bw_cli_call *call, const bw_image *image, bw_recipe **out) {
    const bw_image_info *info = bw_image_get_info(image);
    const char *list = bw_cli_text(call, "features");
    bw_recipe_options options = {.channels = info->channels, .dims = info->depth > 1 ? 3 : 2, .spacing = {1, 1, 1}};
    if (info->calibrated) memcpy(options.spacing, info->spacing, sizeof options.spacing);
    return code(bw_recipe_parse(call->ctx, list ? list : bw_preset_default(), &options, out));
}

static void note_non_finite(const char *path, int64_t count) {
    if (count)
        fprintf(stderr, "note: %" PRId64 " pixels of %s are not finite; the smallest finite value took their place.\n",
                count, path);
}

/* ---- train ----------------------------------------------------------------------------------------------------- */

static const bw_cli_option train_options[] = {
    {"image", "FILE", "training image (TIFF)", 1, 1},
    {"labels", "FILE", "its labels: 0 unlabelled, 1..K classes; one per --image, in the same order", 1, 1},
    {"out", "FILE", "model to write (.brushwood)", 1, 0},
    OPTION_FEATURES,
    {"class", "NAME[#RRGGBB]", "name and colour of class 1, 2, ...", 0, 1},
    {"trees", "N", "trees of the forest; default 100", 0, 0},
    {"mtry", "N", "features tried per split; default: square root of their number", 0, 0},
    {"max-depth", "N", "deepest level of a tree; default: grown to purity", 0, 0},
    {"min-leaf", "N", "fewest samples in a leaf; default 1", 0, 0},
    {"balance", NULL, "give every class the same weight", 0, 0},
    {"seed", "N", "random seed; default 1. Same seed and input: same model, byte for byte", 0, 0},
    OPTION_SPACING,
    OPTION_THREADS,
    OPTION_MEMORY,
    OPTIONS_END,
};

static int get_forest_options(const bw_cli_call *call, bw_forest_options *options) {
    bw_forest_options_init(options);
    int64_t trees = options->trees, mtry = options->mtry, depth = options->max_depth, leaf = options->min_leaf;
    int64_t seed = (int64_t)options->seed;
    RUN(bw_cli_integer(call, "trees", 1, BW_MAX_TREES, &trees));
    RUN(bw_cli_integer(call, "mtry", 1, 65535, &mtry));
    RUN(bw_cli_integer(call, "max-depth", 1, 1000000, &depth));
    RUN(bw_cli_integer(call, "min-leaf", 1, 1000000000, &leaf));
    RUN(bw_cli_integer(call, "seed", 0, (int64_t)1 << 53, &seed));
    options->trees = (int)trees;
    options->mtry = (int)mtry;
    options->max_depth = (int)depth;
    options->min_leaf = (int)leaf;
    options->seed = (uint64_t)seed;
    options->balance = bw_cli_text(call, "balance") ? BW_BALANCE_CLASSES : BW_BALANCE_NONE;
    return BW_EXIT_DONE;
}

/* NAME or NAME#RRGGBB. */
static int parse_class(const bw_cli_call *call, const char *text, bw_class_info *out) {
    const char *mark = strrchr(text, '#');
    const size_t length = mark ? (size_t)(mark - text) : strlen(text);
    if (!length || (mark && (strlen(mark) != 7 || strspn(mark + 1, "0123456789abcdefABCDEF") != 6)))
        return bw_cli_usage(call, "--class must be NAME or NAME#RRGGBB, not \"%s\".", text);
    if (length >= sizeof out->name)
        return bw_cli_usage(call, "--class \"%s\": a name has at most %d bytes.", text, (int)sizeof out->name - 1);
    memcpy(out->name, text, length);
    out->name[length] = 0;
    if (mark) out->colour = (uint32_t)strtoul(mark + 1, NULL, 16);
    return BW_EXIT_DONE;
}

/* Without a trainer the names are only checked. */
static int name_classes(const bw_cli_call *call, bw_trainer *trainer) {
    const bw_cli_values *names = bw_cli_get(call, "class");
    for (int k = 0; k < names->count; k++) {
        bw_class_info info = {.colour = bw_class_colour(k)};
        RUN(parse_class(call, names->text[k], &info));
        if (trainer) RUN(code(bw_trainer_set_class(call->ctx, trainer, k, &info)));
    }
    return BW_EXIT_DONE;
}

static int add_pair(const bw_cli_call *call, bw_trainer **trainer, const char *image_path, const char *label_path) {
    bw_image *image = NULL, *labels = NULL;
    bw_recipe *recipe = NULL;
    int result = read_image(call, image_path, &image);
    if (!result) result = code(bw_tiff_read(call->ctx, label_path, &labels));
    if (!result && bw_file_same(image_path, label_path))
        result = code(bw_fail(call->ctx, BW_ERROR_ARGUMENT,
                              "--image and --labels are both %s. Name the image of labels.", image_path));
    if (!result && !*trainer) {
        result = make_recipe(call, image, &recipe);
        if (!result) result = code(bw_trainer_create(call->ctx, recipe, trainer));
        if (!result) result = name_classes(call, *trainer);
    }
    if (!result) result = code(bw_trainer_add(call->ctx, *trainer, image, labels));
    bw_recipe_free(recipe);
    bw_image_free(labels);
    bw_image_free(image);
    return result;
}

static int print_model(const bw_cli_call *call, const bw_model *model, bw_describe_format format) {
    char *text;
    RUN(code(bw_model_describe(call->ctx, model, format, &text)));
    fputs(text, stdout);
    bw_string_free(text);
    return BW_EXIT_DONE;
}

static int run_train(bw_cli_call *call) {
    const bw_cli_values *images = bw_cli_get(call, "image"), *labels = bw_cli_get(call, "labels");
    const char *out = bw_cli_text(call, "out");
    bw_forest_options options;
    bw_trainer *trainer = NULL;
    bw_model *model = NULL;
    if (images->count != labels->count)
        return bw_cli_usage(call, "%d --image but %d --labels were given; they go in pairs.", images->count,
                            labels->count);
    RUN(get_forest_options(call, &options));
    RUN(name_classes(call, NULL));
    RUN(check_values(call));
    RUN(set_resources(call));
    RUN(bw_cli_output(call, "out", (const char *const[]){"image", "labels", NULL}));
    int result = BW_EXIT_DONE;
    for (int i = 0; i < images->count && !result; i++)
        result = add_pair(call, &trainer, images->text[i], labels->text[i]);
    if (!result && bw_cli_get(call, "class")->count > bw_trainer_class_count(trainer))
        fprintf(stderr, "note: --class names %d classes, but the labels hold %d; the others are left out.\n",
                bw_cli_get(call, "class")->count, bw_trainer_class_count(trainer));
    if (!result) result = code(bw_trainer_train(call->ctx, trainer, &options, &model));
    if (!result) result = code(bw_model_write(call->ctx, model, out));
    if (!result) result = print_model(call, model, BW_DESCRIBE_TEXT);
    if (!result) printf("\nWrote %s\n", out);
    bw_model_free(model);
    bw_trainer_free(trainer);
    return result;
}

/* ---- predict --------------------------------------------------------------------------------------------------- */

static const bw_cli_option predict_options[] = {
    {"model", "FILE", "model (.brushwood)", 1, 0},
    {"input", "FILE", "image to segment (TIFF)", 1, 0},
    {"output", "FILE", "result to write (TIFF)", 1, 0},
    {"export", "KIND", "probabilities (32-bit, a channel per class) or labels (8-bit, 1..K); default probabilities", 0,
     0},
    {"tile", "N", "edge of the tiles; default chosen. Never changes the result", 0, 0},
    OPTION_COMPRESSION,
    OPTION_SPACING,
    OPTION_THREADS,
    OPTION_MEMORY,
    OPTIONS_END,
};

static void print_prediction(const bw_model *model, const char *input, const bw_predict_report *report) {
    int64_t all = 0;
    note_non_finite(input, report->non_finite);
    if (report->spacing_assumed)
        fprintf(stderr, "note: %s has no calibration; the model's voxel spacing was used.\n", input);
    if (report->slice_wise) fprintf(stderr, "note: the model is 2D; %s was segmented slice by slice.\n", input);
    for (int k = 0; k < bw_model_class_count(model); k++)
        all += report->class_pixels[k];
    for (int k = 0; k < bw_model_class_count(model); k++)
        printf("%d %-23s %6.2f %% (%" PRId64 " pixels)\n", k + 1, bw_model_class(model, k)->name,
               100.0 * (double)report->class_pixels[k] / (double)all, report->class_pixels[k]);
}

static int predict_to_file(const bw_cli_call *call, const bw_model *model, const bw_image *image,
                           const bw_predict_options *options, int labels, bw_compression compression) {
    const char *output = bw_cli_text(call, "output");
    bw_predict_report report;
    bw_image *result = NULL;
    int failed =
        code(bw_predict(call->ctx, model, image, options, labels ? NULL : &result, labels ? &result : NULL, &report));
    if (!failed) failed = code(bw_tiff_write(call->ctx, output, result, compression));
    if (!failed) {
        print_prediction(model, bw_cli_text(call, "input"), &report);
        printf("Wrote %s\n", output);
    }
    bw_image_free(result);
    return failed;
}

static int run_predict(bw_cli_call *call) {
    const char *kind = bw_cli_text(call, "export");
    bw_predict_options options = {0};
    bw_compression compression;
    bw_model *model = NULL;
    bw_image *image = NULL;
    int labels = kind && !strcmp(kind, "labels");
    if (kind && !labels && strcmp(kind, "probabilities"))
        return bw_cli_usage(call, "--export must be probabilities or labels, not \"%s\".", kind);
    RUN(bw_cli_integer(call, "tile", 8, 1 << 20, &options.tile));
    RUN(get_compression(call, &compression));
    RUN(check_values(call));
    RUN(set_resources(call));
    RUN(bw_cli_output(call, "output", (const char *const[]){"model", "input", NULL}));
    int result = code(bw_model_read(call->ctx, bw_cli_text(call, "model"), &model));
    if (!result) result = read_image(call, bw_cli_text(call, "input"), &image);
    if (!result) result = predict_to_file(call, model, image, &options, labels, compression);
    bw_image_free(image);
    bw_model_free(model);
    return result;
}

/* ---- info ------------------------------------------------------------------------------------------------------ */

static const bw_cli_option info_options[] = {
    {"json", NULL, "as JSON, with every feature image and training image", 0, 0},
    OPTIONS_END,
};

static int run_info(bw_cli_call *call) {
    bw_model *model;
    RUN(code(bw_model_read(call->ctx, call->argument, &model)));
    int result = print_model(call, model, bw_cli_text(call, "json") ? BW_DESCRIBE_JSON : BW_DESCRIBE_TEXT);
    bw_model_free(model);
    return result;
}

/* ---- features -------------------------------------------------------------------------------------------------- */

static const bw_cli_option features_options[] = {
    {"image", "FILE", "image (TIFF)", 1, 0},
    {"out", "FILE", "feature images to write (32-bit TIFF, a channel per feature); or --plan", 0, 0},
    {"plan", NULL, "print how the features would be computed, step by step, and write nothing", 0, 0},
    OPTION_FEATURES,
    OPTION_COMPRESSION,
    OPTION_SPACING,
    OPTION_THREADS,
    OPTION_MEMORY,
    OPTIONS_END,
};

static int print_plan(const bw_cli_call *call, const bw_recipe *recipe) {
    char *text;
    RUN(code(bw_recipe_describe_plan(call->ctx, recipe, &text)));
    fputs(text, stdout);
    bw_string_free(text);
    return BW_EXIT_DONE;
}

static int write_features(const bw_cli_call *call, const bw_recipe *recipe, const bw_image *image,
                          bw_compression compression) {
    const char *out = bw_cli_text(call, "out");
    bw_image *features = NULL;
    RUN(code(bw_features_compute(call->ctx, recipe, image, &features)));
    const int result = code(bw_tiff_write(call->ctx, out, features, compression));
    if (!result) printf("Wrote %d feature images to %s\n", bw_recipe_count(recipe), out);
    bw_image_free(features);
    return result;
}

static int run_features(bw_cli_call *call) {
    const int plan = bw_cli_get(call, "plan")->count > 0;
    bw_compression compression;
    bw_image *image = NULL;
    bw_recipe *recipe = NULL;
    if (plan == (bw_cli_text(call, "out") != NULL)) return bw_cli_usage(call, "Give either --out FILE or --plan.");
    RUN(get_compression(call, &compression));
    RUN(check_values(call));
    RUN(set_resources(call));
    if (!plan) RUN(bw_cli_output(call, "out", (const char *const[]){"image", NULL}));
    int result = read_image(call, bw_cli_text(call, "image"), &image);
    if (!result) result = make_recipe(call, image, &recipe);
    if (!result) result = plan ? print_plan(call, recipe) : write_features(call, recipe, image, compression);
    bw_recipe_free(recipe);
    bw_image_free(image);
    return result;
}

/* ---- score ----------------------------------------------------------------------------------------------------- */

static const bw_cli_option score_options[] = {
    {"labels", "FILE", "segmentation (TIFF, class numbers)", 1, 1},
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
    case BW_UINT8: return ((const uint8_t *)plane)[i];
    case BW_UINT16: value = ((const uint16_t *)plane)[i]; break;
    default: value = ((const float *)plane)[i];
    }
    return value >= 0 && value <= BW_MAX_CLASSES && value == (float)(int)value ? (int)value : -1;
}

static int check_pair(const bw_cli_call *call, const bw_image *labels, const bw_image *truth) {
    const bw_image_info *a = bw_image_get_info(labels), *b = bw_image_get_info(truth);
    if (a->channels != 1 || b->channels != 1)
        return code(bw_fail(call->ctx, BW_ERROR_MISMATCH,
                            "%s has %d channels; class images have one. Export labels, not probabilities.",
                            bw_image_name(a->channels != 1 ? labels : truth),
                            a->channels != 1 ? a->channels : b->channels));
    if (a->width != b->width || a->height != b->height || a->depth != b->depth || a->frames != b->frames)
        return code(bw_fail(call->ctx, BW_ERROR_MISMATCH, "%s and %s differ in size.", bw_image_name(labels),
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
            if (i % info->width == 0) RUN(code(bw_check(call->ctx)));
            if (result < 0 || wanted < 0)
                return code(bw_fail(call->ctx, BW_ERROR_FORMAT,
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

static int run_score(bw_cli_call *call) {
    const bw_cli_values *labels = bw_cli_get(call, "labels"), *truth = bw_cli_get(call, "truth");
    if (labels->count != truth->count)
        return bw_cli_usage(call, "%d --labels but %d --truth were given; they go in pairs.", labels->count,
                            truth->count);
    bw_scores *scores = bw_calloc(call->ctx, 1, sizeof *scores, "scores");
    int result = scores ? BW_EXIT_DONE : BW_EXIT_FAILED;
    for (int i = 0; i < labels->count && !result; i++) {
        bw_image *a = NULL, *b = NULL;
        result = code(bw_tiff_read(call->ctx, labels->text[i], &a));
        if (!result) result = code(bw_tiff_read(call->ctx, truth->text[i], &b));
        if (!result) result = count_scores(call, a, b, scores);
        bw_image_free(a);
        bw_image_free(b);
    }
    if (!result) print_scores(scores);
    bw_free(scores);
    return result;
}

/* ---- bench ----------------------------------------------------------------------------------------------------- */

static const bw_cli_option bench_options[] = {
    {"image", "FILE", "image to measure on; default: a synthetic one", 0, 0},
    {"size", "N", "edge of the synthetic image; default 2048", 0, 0},
    {"depth", "N", "its slices; default 1", 0, 0},
    {"samples", "N", "labelled pixels; default 10000", 0, 0},
    {"repeats", "N", "times that features are computed; default 1", 0, 0},
    {"features-only", NULL, "leave out sampling, training and prediction", 0, 0},
    OPTION_FEATURES,
    OPTION_SPACING,
    OPTION_THREADS,
    OPTION_MEMORY,
    OPTIONS_END,
};

/* Squared distance from the middle of the nearest blob of the synthetic image. */
static int64_t blob_distance(const bw_image_info *info, int64_t x, int64_t y, int64_t z) {
    const int64_t dx = x % 64 - 32, dy = y % 64 - 32, dz = info->depth > 1 ? (z + 16) % 32 - 16 : 0;
    return dx * dx + dy * dy + 4 * dz * dz;
}

/* Smooth blobs under noise, so that trees have something to learn and something to doubt. */
static void paint(bw_image *image) {
    const bw_image_info *info = bw_image_get_info(image);
    for (int64_t z = 0; z < info->depth; z++) {
        float *plane = bw_image_plane(image, 0, 0, z);
        for (int64_t y = 0; y < info->height; y++)
            for (int64_t x = 0; x < info->width; x++) {
                const uint64_t noise = bw_random(1, (uint64_t)z, (uint64_t)(y * info->width + x));
                const int64_t r2 = blob_distance(info, x, y, z);
                plane[y * info->width + x] = (float)(noise >> 56) + (r2 < 400 ? 150.0f : r2 < 700 ? 60.0f : 0.0f);
            }
    }
}

static int bench_image(const bw_cli_call *call, bw_image **out) {
    bw_image_info info = {.type = BW_FLOAT32, .width = 2048, .depth = 1, .channels = 1, .frames = 1};
    const char *path = bw_cli_text(call, "image");
    if (path) return read_image(call, path, out);
    RUN(bw_cli_integer(call, "size", 64, 1 << 16, &info.width));
    RUN(bw_cli_integer(call, "depth", 1, 1 << 16, &info.depth));
    info.height = info.width;
    RUN(code(bw_image_create(call->ctx, &info, out)));
    paint(*out);
    return BW_EXIT_DONE;
}

/* Three classes by brightness at random places. */
static int bench_labels(const bw_cli_call *call, const bw_image *image, int64_t samples, bw_image **out) {
    bw_image_info info = *bw_image_get_info(image);
    info.type = BW_UINT8;
    info.channels = 1;
    info.rgb = 0;
    RUN(code(bw_image_create(call->ctx, &info, out)));
    for (int64_t i = 0; i < samples; i++) {
        const uint64_t at = bw_random(2, 0, (uint64_t)i);
        const int64_t x = (int64_t)((at & 0xffffff) % (uint64_t)info.width);
        const int64_t y = (int64_t)((at >> 24 & 0xffffff) % (uint64_t)info.height);
        const int64_t z = (int64_t)((at >> 48) % (uint64_t)info.depth);
        const int64_t r2 = blob_distance(&info, x, y, z);
        uint8_t *plane = bw_image_plane(*out, 0, 0, z);
        plane[y * info.width + x] = r2 < 400 ? 3 : r2 < 700 ? 2 : 1;
    }
    return BW_EXIT_DONE;
}

typedef struct bw_stopwatch {
    double wall, cpu;
} bw_stopwatch;

static bw_stopwatch now(void) {
    struct timespec time;
    timespec_get(&time, TIME_UTC);
    return (bw_stopwatch){(double)time.tv_sec + 1e-9 * (double)time.tv_nsec, (double)clock() / CLOCKS_PER_SEC};
}

static bw_status look(bw_context *ctx, void *user, const bw_feature_tile *tile) {
    (void)ctx, (void)user, (void)tile;
    return BW_OK;
}

static void lap(const char *stage, bw_stopwatch *since, double pixels) {
    const bw_stopwatch end = now();
    const double wall = end.wall - since->wall;
    printf("%-10s %8.3f s wall %8.3f s CPU %8.2f Mpixel/s\n", stage, wall, end.cpu - since->cpu, pixels / wall / 1e6);
    *since = end;
}

/* Without and with keeping all feature images. */
static int bench_features(const bw_cli_call *call, const bw_image *image, const bw_recipe *recipe, double pixels) {
    int64_t repeats = 1;
    RUN(bw_cli_integer(call, "repeats", 1, 1000, &repeats));
    for (int64_t k = 0; k < repeats; k++) {
        const uint64_t before = bw_memory_in_use();
        bw_image *features = NULL;
        bw_memory_reset_peak();
        bw_stopwatch watch = now();
        RUN(code(bw_features_visit(call->ctx, recipe, image, look, NULL)));
        lap("features", &watch, pixels);
        printf("%-10s %8.1f MB\n", " memory", (double)(bw_memory_peak() - before) / 1e6);
        watch = now();
        RUN(code(bw_features_compute(call->ctx, recipe, image, &features)));
        lap(" stored", &watch, pixels);
        bw_image_free(features);
    }
    return BW_EXIT_DONE;
}

static int bench_stages(const bw_cli_call *call, const bw_image *image, const bw_image *labels, bw_trainer *trainer,
                        const bw_recipe *recipe) {
    const bw_image_info *info = bw_image_get_info(image);
    const double pixels = (double)info->width * (double)info->height * (double)info->depth * info->frames;
    bw_image *result = NULL;
    bw_model *model = NULL;
    RUN(bench_features(call, image, recipe, pixels));
    if (bw_cli_get(call, "features-only")->count) return BW_EXIT_DONE;
    bw_stopwatch watch = now();
    int failed = code(bw_trainer_add(call->ctx, trainer, image, labels));
    lap("sampling", &watch, (double)bw_trainer_sample_count(trainer));
    if (!failed) failed = code(bw_trainer_train(call->ctx, trainer, NULL, &model));
    lap("training", &watch, (double)bw_trainer_sample_count(trainer));
    if (!failed) failed = code(bw_predict(call->ctx, model, image, NULL, &result, NULL, NULL));
    lap("predict", &watch, pixels);
    printf("engine memory, peak: %.0f MB\n", (double)bw_memory_peak() / 1e6);
    bw_model_free(model);
    bw_image_free(result);
    return failed;
}

static int run_bench(bw_cli_call *call) {
    bw_image *image = NULL, *labels = NULL;
    bw_recipe *recipe = NULL;
    bw_trainer *trainer = NULL;
    int64_t samples = 10000;
    RUN(bw_cli_integer(call, "samples", 10, 10000000, &samples));
    RUN(check_values(call));
    RUN(set_resources(call));
    int result = bench_image(call, &image);
    if (!result) result = bench_labels(call, image, samples, &labels);
    if (!result) result = make_recipe(call, image, &recipe);
    if (!result) result = code(bw_trainer_create(call->ctx, recipe, &trainer));
    if (!result) {
        printf("%s, %d threads, %d feature images\n", bw_simd_name(), bw_context_threads(call->ctx),
               bw_recipe_count(recipe));
        result = bench_stages(call, image, labels, trainer, recipe);
    }
    bw_trainer_free(trainer);
    bw_recipe_free(recipe);
    bw_image_free(labels);
    bw_image_free(image);
    return result;
}

/* ---- the table ------------------------------------------------------------------------------------------------- */

const bw_cli_command bw_cli_commands[] = {
    {"train", "train a model from images and their label images",
     "brushwood train --image a.tif --labels a_strokes.tif --features balanced --out nuclei.brushwood", NULL,
     train_options, run_train},
    {"predict", "apply a model to an image",
     "brushwood predict --model nuclei.brushwood --input x.tif --output x_labels.tif --export labels", NULL,
     predict_options, run_predict},
    {"info", "show what a model is made of and trained on", "brushwood info nuclei.brushwood --json", "MODEL",
     info_options, run_info},
    {"features", "compute feature images", "brushwood features --image a.tif --features hessian:1.6,3.5 --out f.tif",
     NULL, features_options, run_features},
    {"score", "compare segmentations with ground truth", "brushwood score --labels x_labels.tif --truth x_truth.tif",
     NULL, score_options, run_score},
    {"bench", "measure features, training and prediction on this machine", "brushwood bench --size 1024 --threads 2",
     NULL, bench_options, run_bench},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
