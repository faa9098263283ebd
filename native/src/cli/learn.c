/* Commands that learn from labelled images: train, select. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/common.h"
#include "core/alloc.h"
#include "core/status.h"
#include "core/system.h"

/* ---- options --------------------------------------------------------------------------------------------------- */

#define OPTIONS_LEARN                                                                                                  \
    {"image", "FILE", "training image (TIFF or OME-Zarr)", 1, 1},                                                      \
        {"labels", "FILE", "its labels: 0 unlabelled, 1..K classes; one per --image, in the same order", 1, 1},        \
        OPTION_FEATURES,                                                                                               \
        {"forest", "PRESET", "how trees grow; default brushwood ('brushwood --help' lists all)", 0, 0},                \
        {"trees", "N", "trees of the forest", 0, 0},                                                                   \
        {"mtry", "N", "features tried per split: a number, sqrt, log2 or all", 0, 0},                                  \
        {"max-depth", "N", "deepest level of a tree; 0: grown to purity", 0, 0},                                       \
        {"min-leaf", "N", "fewest samples in a leaf", 0, 0},                                                           \
        {"bootstrap", "F", "samples drawn per tree, as a fraction of all; 0: every tree sees all, none is out of bag", \
         0, 0},                                                                                                        \
        {"extra", NULL, "extremely randomised trees: one random threshold per tried feature", 0, 0},                   \
        {"balance", NULL, "give every class the same weight", 0, 0},                                                   \
        {"no-balance", NULL, "let classes weigh as many pixels as they have", 0, 0},                                   \
        {"class-weights", "W,W,...", "shares of class 1, 2, ... in what trees draw, however many pixels they have", 0, \
         0},                                                                                                           \
        {"stroke-balance", "A", "from 0, every pixel counts alike, to 1, every stroke counts alike", 0, 0},            \
        {"seed", "N", "random seed; default 1. Same seed and input: same result, byte for byte", 0, 0},                \
        {"held-out", "KIND", "also check on labels left out of training: samples, strokes, blocks or images", 0, 0},   \
        {"folds", "N", "parts that are left out in turn; default 5", 0, 0},                                            \
        {"block", "N", "edge of the blocks of --held-out blocks, in pixels; default 64", 0, 0}, OPTION_SPACING,        \
        OPTION_THREADS, OPTION_MEMORY

static int get_mtry(const bw_cli_call *call, int *mtry) {
    static const struct {
        const char *name;
        int value;
    } names[] = {{"sqrt", BW_MTRY_SQRT}, {"log2", BW_MTRY_LOG2}, {"all", BW_MTRY_ALL}};
    const char *text = bw_cli_text(call, "mtry");
    int64_t number = 0;
    for (size_t i = 0; text && i < sizeof names / sizeof *names; i++)
        if (!strcmp(text, names[i].name)) {
            *mtry = names[i].value;
            return BW_EXIT_DONE;
        }
    RUN(bw_cli_integer(call, "mtry", 1, 65535, &number));
    if (text) *mtry = (int)number;
    return BW_EXIT_DONE;
}

static int get_balance(const bw_cli_call *call, bw_forest_options *forest) {
    const int balanced = bw_cli_get(call, "balance")->count, plain = bw_cli_get(call, "no-balance")->count;
    const int weighted = bw_cli_get(call, "class-weights")->count;
    double weights[BW_MAX_CLASSES];
    int count = 0;
    if (balanced + plain + weighted > 1)
        return bw_cli_usage(call, "Give one of --balance, --no-balance and --class-weights.");
    RUN(bw_cli_numbers(call, "class-weights", 0, 4096, BW_MAX_CLASSES, weights, &count));
    if (balanced) forest->balance = BW_BALANCE_CLASSES;
    if (plain) forest->balance = BW_BALANCE_NONE;
    if (!weighted) return BW_EXIT_DONE;
    forest->balance = BW_BALANCE_CUSTOM;
    for (int k = 0; k < BW_MAX_CLASSES; k++)
        forest->class_weights[k] = k < count ? (float)weights[k] : 1;
    return BW_EXIT_DONE;
}

static int get_forest(const bw_cli_call *call, bw_forest_options *forest) {
    int64_t trees = forest->trees, depth = forest->max_depth, leaf = forest->min_leaf, seed = (int64_t)forest->seed;
    RUN(bw_cli_integer(call, "trees", 1, BW_MAX_TREES, &trees));
    RUN(bw_cli_integer(call, "max-depth", 0, 1000000, &depth));
    RUN(bw_cli_integer(call, "min-leaf", 1, 1000000000, &leaf));
    RUN(bw_cli_integer(call, "seed", 0, (int64_t)1 << 53, &seed));
    RUN(bw_cli_number(call, "bootstrap", 0, 1, &forest->bootstrap));
    RUN(get_mtry(call, &forest->mtry));
    forest->trees = (int)trees;
    forest->max_depth = (int)depth;
    forest->min_leaf = (int)leaf;
    forest->seed = (uint64_t)seed;
    if (bw_cli_get(call, "extra")->count) forest->extra = 1;
    return get_balance(call, forest);
}

static int get_holdout(const bw_cli_call *call, bw_holdout *holdout) {
    static const char *const kinds[] = {"none", "samples", "strokes", "blocks", "images"};
    const char *text = bw_cli_text(call, "held-out");
    int64_t folds = holdout->folds, block = holdout->block;
    int kind = text ? -1 : (int)holdout->kind;
    for (int i = 0; text && i < (int)(sizeof kinds / sizeof *kinds); i++)
        if (!strcmp(text, kinds[i])) kind = i;
    if (kind < 0)
        return bw_cli_usage(call, "--held-out must be none, samples, strokes, blocks or images, not \"%s\".", text);
    RUN(bw_cli_integer(call, "folds", 2, 100, &folds));
    RUN(bw_cli_integer(call, "block", 1, 1 << 20, &block));
    *holdout = (bw_holdout){(bw_holdout_kind)kind, (int)folds, block};
    return BW_EXIT_DONE;
}

/* The preset's options with what was given. */
static int get_learn_options(const bw_cli_call *call, bw_train_options *options) {
    const char *name = bw_cli_text(call, "forest");
    const bw_forest_preset *preset = bw_forest_preset_get(0);
    for (int i = 0; name && (preset = bw_forest_preset_get(i)) && strcmp(preset->id, name);)
        i++;
    if (!preset) return bw_cli_usage(call, "--forest \"%s\" is not known; 'brushwood --help' lists the presets.", name);
    *options = preset->options;
    RUN(get_forest(call, &options->forest));
    RUN(bw_cli_number(call, "stroke-balance", 0, 1, &options->stroke_balance));
    return get_holdout(call, &options->holdout);
}

/* ---- images ---------------------------------------------------------------------------------------------------- */

/* Without a trainer the names are only checked. */
static int name_classes(const bw_cli_call *call, bw_trainer *trainer) {
    const bw_cli_values *names = bw_cli_get(call, "class");
    for (int k = 0; names && k < names->count; k++) {
        bw_class_info info = {.colour = bw_class_colour(k)};
        RUN(bw_cli_class(call, names->text[k], &info));
        if (trainer) RUN(bw_cli_code(bw_trainer_set_class(call->ctx, trainer, k, &info)));
    }
    return BW_EXIT_DONE;
}

static int add_pair(const bw_cli_call *call, bw_trainer **trainer, const char *image_path, const char *label_path) {
    bw_image *image = NULL, *labels = NULL;
    bw_recipe *recipe = NULL;
    int result = bw_cli_read_image(call, image_path, &image);
    if (!result) result = bw_cli_code(bw_image_read_file(call->ctx, label_path, &labels));
    if (!result && bw_system_same(image_path, label_path))
        result = bw_cli_code(bw_fail(call->ctx, BW_ERROR_ARGUMENT,
                                     "--image and --labels are both %s. Name the image of labels.", image_path));
    if (!result && !*trainer) {
        result = bw_cli_make_recipe(call, image, &recipe);
        if (!result) result = bw_cli_code(bw_trainer_create(call->ctx, recipe, trainer));
        if (!result) result = name_classes(call, *trainer);
    }
    if (!result) result = bw_cli_code(bw_trainer_add(call->ctx, *trainer, image, labels));
    bw_recipe_free(recipe);
    bw_image_free(labels);
    bw_image_free(image);
    return result;
}

/* All pairs of --image and --labels. */
static int add_pairs(const bw_cli_call *call, bw_trainer **trainer) {
    const bw_cli_values *images = bw_cli_get(call, "image"), *labels = bw_cli_get(call, "labels");
    for (int i = 0; i < images->count; i++)
        RUN(add_pair(call, trainer, images->text[i], labels->text[i]));
    return BW_EXIT_DONE;
}

static int prepare(const bw_cli_call *call, bw_train_options *options) {
    RUN(bw_cli_check_pairs(call, "image", "labels"));
    RUN(get_learn_options(call, options));
    RUN(bw_cli_check_values(call));
    return bw_cli_set_resources(call);
}

/* ---- train ----------------------------------------------------------------------------------------------------- */

const bw_cli_option bw_cli_train_options[] = {
    {"out", "FILE", "model to write (.brushwood)", 1, 0},
    {"class", "NAME[#RRGGBB]", "name and colour of class 1, 2, ...", 0, 1},
    OPTIONS_LEARN,
    {"calibrate", NULL, "make probabilities frequencies, learnt from held-out or else out-of-bag samples", 0, 0},
    {"refine", "N",
     "smooth probabilities along the image's structures in windows of N pixels around; 0: not. Default as --forest "
     "says",
     0, 0},
    {"importance", "N", "measure importance by N permutations of each feature", 0, 0},
    {"autocontext", NULL, "a second forest also sees the first one's smoothed probabilities", 0, 0},
    {"context-sigmas", "S,S,...", "sigmas of that smoothing, in x pixels; default 1.6,3.5,10", 0, 0},
    OPTIONS_END,
};

static int get_autocontext(const bw_cli_call *call, bw_train_options *options) {
    static const double usual[] = {1.6, 3.5, 10};
    if (bw_cli_get(call, "autocontext")->count) {
        options->context_count = sizeof usual / sizeof *usual;
        memcpy(options->context_sigmas, usual, sizeof usual);
    } else if (bw_cli_get(call, "context-sigmas")->count) {
        return bw_cli_usage(call, "--context-sigmas goes with --autocontext.");
    }
    return bw_cli_numbers(call, "context-sigmas", BW_MIN_SIGMA, BW_MAX_SIGMA, BW_MAX_CONTEXT_SIGMAS,
                          options->context_sigmas, &options->context_count);
}

static int get_train_options(const bw_cli_call *call, bw_train_options *options) {
    RUN(prepare(call, options));
    int64_t importance = options->importance, refine = options->refine;
    RUN(bw_cli_integer(call, "importance", 0, 100, &importance));
    RUN(bw_cli_integer(call, "refine", 0, BW_MAX_REFINE, &refine));
    options->importance = (int)importance;
    options->refine = (int)refine;
    if (bw_cli_get(call, "calibrate")->count) options->calibrate = 1;
    return get_autocontext(call, options);
}

/* Autocontext looks at the images a second time. */
static int add_context(const bw_cli_call *call, bw_trainer *trainer, const bw_train_options *options) {
    const bw_cli_values *images = bw_cli_get(call, "image");
    if (!options->context_count) return BW_EXIT_DONE;
    int result = bw_cli_code(bw_trainer_prepare_context(call->ctx, trainer, options));
    for (int i = 0; i < images->count && !result; i++) {
        bw_image *image = NULL;
        result = bw_cli_read_image(call, images->text[i], &image);
        if (!result) result = bw_cli_code(bw_trainer_add_context(call->ctx, trainer, i, image));
        bw_image_free(image);
    }
    return result;
}

static int print_model(const bw_cli_call *call, const bw_model *model) {
    char *text = NULL;
    return bw_cli_print(bw_model_describe(call->ctx, model, BW_DESCRIBE_TEXT, &text), &text);
}

int bw_cli_run_train(bw_cli_call *call) {
    const char *out = bw_cli_text(call, "out");
    bw_train_options options;
    bw_trainer *trainer = NULL;
    bw_model *model = NULL;
    RUN(get_train_options(call, &options));
    RUN(name_classes(call, NULL));
    RUN(bw_cli_output(call, "out", (const char *const[]){"image", "labels", NULL}));
    int result = add_pairs(call, &trainer);
    if (!result && bw_cli_get(call, "class")->count > bw_trainer_class_count(trainer))
        fprintf(stderr, "note: --class names %d classes, but the labels hold %d; the others are left out.\n",
                bw_cli_get(call, "class")->count, bw_trainer_class_count(trainer));
    if (!result) result = add_context(call, trainer, &options);
    if (!result) result = bw_cli_code(bw_trainer_train(call->ctx, trainer, &options, &model));
    if (!result) result = bw_cli_code(bw_model_write(call->ctx, model, out));
    if (!result) result = print_model(call, model);
    if (!result) printf("\nWrote %s\n", out);
    bw_model_free(model);
    bw_trainer_free(trainer);
    return result;
}

/* ---- select ---------------------------------------------------------------------------------------------------- */

const bw_cli_option bw_cli_select_options[] = {
    OPTIONS_LEARN,
    {"tolerance", "F", "how much worse than the best the error may be, as a fraction; default 0.005", 0, 0},
    OPTIONS_END,
};

static int select_features(const bw_cli_call *call, const bw_trainer *trainer, const bw_train_options *options,
                           double tolerance) {
    enum { MOST_STEPS = 256 };
    bw_selection_step *steps = bw_alloc(call->ctx, MOST_STEPS, sizeof *steps, "the steps of the selection");
    char *features = NULL;
    int count = 0;
    int result = steps ? BW_EXIT_DONE : BW_EXIT_FAILED;
    if (!result)
        result = bw_cli_code(
            bw_trainer_select_features(call->ctx, trainer, options, tolerance, &features, steps, MOST_STEPS, &count));
    if (!result) printf("feature images   error (%s)\n", options->holdout.kind ? "held out" : "out of bag");
    for (int i = 0; i < count && !result; i++)
        printf("%14d  %6.2f %%%s\n", steps[i].features, 100 * steps[i].error, steps[i].chosen ? "  chosen" : "");
    if (!result) printf("\n--features \"%s\"\n", features);
    bw_string_free(features);
    bw_free(steps);
    return result;
}

int bw_cli_run_select(bw_cli_call *call) {
    bw_train_options options;
    bw_trainer *trainer = NULL;
    double tolerance = 0.005;
    RUN(bw_cli_number(call, "tolerance", 0, 1, &tolerance));
    RUN(prepare(call, &options));
    int result = add_pairs(call, &trainer);
    if (!result) result = select_features(call, trainer, &options, tolerance);
    bw_trainer_free(trainer);
    return result;
}
