#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/common.h"
#include "cli/format.h"
#include "core/random.h"
#include "core/system.h"

/* ---- features -------------------------------------------------------------------------------------------------- */

static const bw_cli_option features_options[] = {
    {"image", "FILE", "image (TIFF or OME-Zarr)", 1, 0},
    {"out", "FILE", "feature images to write (TIFF, or OME-Zarr as x.zarr; 32-bit, a channel per feature); or --plan",
     0, 0},
    {"plan", NULL, "print how the features would be computed, step by step, and write nothing", 0, 0},
    OPTION_FEATURES,
    OPTION_COMPRESSION,
    OPTIONS_ZARR,
    OPTION_SPACING,
    OPTION_THREADS,
    OPTION_MEMORY,
    OPTIONS_END,
};

static int print_plan(const bw_cli_call *call, const bw_recipe *recipe) {
    char *text;
    RUN(bw_cli_code(bw_recipe_describe_plan(call->ctx, recipe, &text)));
    fputs(text, stdout);
    bw_string_free(text);
    return BW_EXIT_DONE;
}

static int write_features(const bw_cli_call *call, const bw_recipe *recipe, const bw_image *image,
                          const bw_cli_format *format) {
    const char *out = bw_cli_text(call, "out");
    bw_image *features = NULL;
    RUN(bw_cli_code(bw_features_compute(call->ctx, recipe, image, &features)));
    const int result =
        bw_cli_code(bw_cli_is_zarr(out) ? bw_cli_write_image(call->ctx, format, out, features)
                                        : bw_tiff_write(call->ctx, out, features, format->tiff.compression));
    if (!result) printf("Wrote %d feature images to %s\n", bw_recipe_count(recipe), out);
    bw_image_free(features);
    return result;
}

static int run_features(bw_cli_call *call) {
    const int plan = bw_cli_get(call, "plan")->count > 0;
    const char *out = bw_cli_text(call, "out");
    bw_cli_format format;
    bw_image *image = NULL;
    bw_recipe *recipe = NULL;
    if (plan == (out != NULL)) return bw_cli_usage(call, "Give either --out FILE or --plan.");
    RUN(bw_cli_get_format(call, &out, 1, &format));
    RUN(bw_cli_check_values(call));
    RUN(bw_cli_set_resources(call));
    if (!plan) RUN(bw_cli_output_image(call, "out", out, (const char *const[]){"image", NULL}));
    int result = bw_cli_read_image(call, bw_cli_text(call, "image"), &image);
    if (!result) result = bw_cli_make_recipe(call, image, &recipe);
    if (!result) result = plan ? print_plan(call, recipe) : write_features(call, recipe, image, &format);
    bw_recipe_free(recipe);
    bw_image_free(image);
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
    if (path) return bw_cli_read_image(call, path, out);
    RUN(bw_cli_integer(call, "size", 64, 1 << 16, &info.width));
    RUN(bw_cli_integer(call, "depth", 1, 1 << 16, &info.depth));
    info.height = info.width;
    RUN(bw_cli_code(bw_image_create(call->ctx, &info, out)));
    paint(*out);
    return BW_EXIT_DONE;
}

/* Three classes by brightness at random places. */
static int bench_labels(const bw_cli_call *call, const bw_image *image, int64_t samples, bw_image **out) {
    bw_image_info info = *bw_image_get_info(image);
    info.type = BW_UINT8;
    info.channels = 1;
    info.rgb = 0;
    RUN(bw_cli_code(bw_image_create(call->ctx, &info, out)));
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

/* Where a stage of the bench begins. */
typedef struct bw_stopwatch {
    double wall, cpu;
    uint64_t memory;
} bw_stopwatch;

static bw_stopwatch now(void) {
    struct timespec time;
    timespec_get(&time, TIME_UTC);
    bw_memory_reset_peak();
    return (bw_stopwatch){(double)time.tv_sec + 1e-9 * (double)time.tv_nsec, bw_system_cpu_time(), bw_memory_in_use()};
}

static bw_status look(bw_context *ctx, void *user, const bw_feature_tile *tile) {
    (void)ctx, (void)user, (void)tile;
    return BW_OK;
}

/* `results`: bytes of the stage's result, an image, which are not counted; what was there before is not either. */
static void lap(const char *stage, bw_stopwatch *since, double pixels, double results) {
    const double memory = (double)bw_memory_peak() - (double)since->memory - results;
    const bw_stopwatch end = now();
    const double wall = end.wall - since->wall;
    printf("%-10s %8.3f s wall %8.3f s CPU %8.2f Mpixel/s %8.1f MB\n", stage, wall, end.cpu - since->cpu,
           pixels / wall / 1e6, memory / 1e6);
    *since = end;
}

static double image_bytes(const bw_image *image) {
    if (!image) return 0;
    const bw_image_info *info = bw_image_get_info(image);
    const int64_t pixel = info->type == BW_FLOAT32 ? 4 : info->type == BW_UINT16 ? 2 : 1;
    return (double)(info->width * info->height * info->depth) * info->channels * info->frames * (double)pixel;
}

/* Without and with keeping all feature images. */
static int bench_features(const bw_cli_call *call, const bw_image *image, const bw_recipe *recipe, double pixels) {
    int64_t repeats = 1;
    RUN(bw_cli_integer(call, "repeats", 1, 1000, &repeats));
    for (int64_t k = 0; k < repeats; k++) {
        bw_image *features = NULL;
        bw_stopwatch watch = now();
        RUN(bw_cli_code(bw_features_visit(call->ctx, recipe, image, look, NULL)));
        lap("features", &watch, pixels, 0);
        RUN(bw_cli_code(bw_features_compute(call->ctx, recipe, image, &features)));
        lap(" stored", &watch, pixels, image_bytes(features));
        bw_image_free(features);
    }
    return BW_EXIT_DONE;
}

static int bench_stages(const bw_cli_call *call, const bw_image *image, const bw_image *labels, bw_trainer *trainer,
                        const bw_recipe *recipe) {
    const bw_image_info *info = bw_image_get_info(image);
    const double pixels = (double)info->width * (double)info->height * (double)info->depth * info->frames;
    bw_prediction result = {NULL, NULL, NULL, NULL};
    bw_model *model = NULL;
    RUN(bench_features(call, image, recipe, pixels));
    if (bw_cli_get(call, "features-only")->count) return BW_EXIT_DONE;
    bw_stopwatch watch = now();
    int failed = bw_cli_code(bw_trainer_add(call->ctx, trainer, image, labels));
    lap("sampling", &watch, (double)bw_trainer_sample_count(trainer), 0);
    if (!failed) failed = bw_cli_code(bw_trainer_train(call->ctx, trainer, NULL, &model));
    lap("training", &watch, (double)bw_trainer_sample_count(trainer), 0);
    if (!failed)
        failed = bw_cli_code(bw_predict(call->ctx, model, image, NULL, BW_OUTPUT_PROBABILITIES, &result, NULL));
    lap("predict", &watch, pixels, image_bytes(result.probabilities));
    bw_model_free(model);
    bw_prediction_free(&result);
    return failed;
}

static int run_bench(bw_cli_call *call) {
    bw_image *image = NULL, *labels = NULL;
    bw_recipe *recipe = NULL;
    bw_trainer *trainer = NULL;
    int64_t samples = 10000;
    RUN(bw_cli_integer(call, "samples", 10, 10000000, &samples));
    RUN(bw_cli_check_values(call));
    RUN(bw_cli_set_resources(call));
    int result = bench_image(call, &image);
    if (!result) result = bench_labels(call, image, samples, &labels);
    if (!result) result = bw_cli_make_recipe(call, image, &recipe);
    if (!result) result = bw_cli_code(bw_trainer_create(call->ctx, recipe, &trainer));
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
     bw_cli_train_options, bw_cli_run_train, NULL},
    {"predict", "apply a model to images",
     "brushwood predict --model nuclei.brushwood --input x.tif --output x_labels.tif --export labels", NULL,
     bw_cli_predict_options, bw_cli_run_predict, "input"},
    {"objects", "make objects of probabilities: threshold, split, label",
     "brushwood objects --model nuclei.brushwood --input x.tif --output x_objects.tif --table x_objects.csv", NULL,
     bw_cli_objects_options, bw_cli_run_objects, "input"},
    {"measure", "measure the objects of a label image or mask",
     "brushwood measure --labels x_objects.tif --image x.tif --csv x.csv", NULL, bw_cli_measure_options,
     bw_cli_run_measure, NULL},
    {"validate", "check a model on images with known classes",
     "brushwood validate --model nuclei.brushwood --image x.tif --truth x_truth.tif --csv scores.csv", NULL,
     bw_cli_validate_options, bw_cli_run_validate, NULL},
    {"select", "find the fewest features that are good enough",
     "brushwood select --image a.tif --labels a_strokes.tif --held-out strokes", NULL, bw_cli_select_options,
     bw_cli_run_select, NULL},
    {"info", "show what a model is made of and trained on", "brushwood info nuclei.brushwood --json", "MODEL",
     bw_cli_info_options, bw_cli_run_info, NULL},
    {"features", "compute feature images", "brushwood features --image a.tif --features hessian:1.6,3.5 --out f.tif",
     NULL, features_options, run_features, NULL},
    {"train-objects", "learn classes of objects from examples",
     "brushwood train-objects --labels a.tif --examples a_points.tif --out shapes.brushwood-objects", NULL,
     bw_cli_train_objects_options, bw_cli_run_train_objects, NULL},
    {"classify-objects", "give the objects of label images their classes",
     "brushwood classify-objects --model shapes.brushwood-objects --labels x.tif --output x_classes.tif --csv x.csv",
     NULL, bw_cli_classify_objects_options, bw_cli_run_classify_objects, NULL},
    {"convert", "write an image as OME-Zarr or TIFF", "brushwood convert --input x.tif --output x.zarr", NULL,
     bw_cli_convert_options, bw_cli_run_convert, NULL},
    {"score", "compare segmentations with ground truth", "brushwood score --labels x_labels.tif --truth x_truth.tif",
     NULL, bw_cli_score_options, bw_cli_run_score, NULL},
    {"compare", "compare objects, masks or classes with their truth, image by image or in folders",
     "brushwood compare --truth masks --result segmented --csv scores.csv --picture pictures", NULL,
     bw_cli_compare_options, bw_cli_run_compare, NULL},
    {"bench", "measure features, training and prediction on this machine", "brushwood bench --size 1024 --threads 2",
     NULL, bench_options, run_bench, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
