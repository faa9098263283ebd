/* Classes of objects by example: train-objects, classify-objects. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/common.h"
#include "cli/format.h"
#include "core/alloc.h"
#include "core/status.h"
#include "core/text.h"

#define OPTIONS_OBJECTS                                                                                                \
    {"labels", "FILE",                                                                                                 \
     "label image of the objects (TIFF or OME-Zarr): 0 background, every other number an object; or a mask of 0 and "  \
     "255, whose connected parts are the objects",                                                                     \
     1, 1},                                                                                                            \
        {"image", "FILE", "image to measure intensities in; one per --labels, in the same order", 0, 1}, {             \
        "probabilities", "FILE", "class probabilities to measure means of; one per --labels, in the same order", 0, 1  \
    }

#define OPTION_OBJECT_SPACING                                                                                          \
    { "spacing", "Z,Y,X", "voxel size, replaces the calibration of the label images", 0, 0 }

/* ---- one label image ------------------------------------------------------------------------------------------- */

/* The objects of a label image, measured, with a class each. */
typedef struct bw_measured {
    bw_image *labels, *image, *probabilities;
    bw_objects *objects;
    bw_measurements *table;
    uint8_t *classes;
} bw_measured;

static void close_measured(bw_measured *m) {
    bw_free(m->classes);
    bw_measurements_free(m->table);
    bw_objects_free(m->objects);
    bw_image_free(m->probabilities);
    bw_image_free(m->image);
    bw_image_free(m->labels);
}

static bw_status open_beside(const bw_cli_call *call, const char *name, int index, bw_image **out) {
    const bw_cli_values *paths = bw_cli_get(call, name);
    return paths->count ? bw_image_open_file(call->ctx, paths->text[index], out) : BW_OK;
}

static bw_status measure(const bw_cli_call *call, const char *measures, bw_measured *m) {
    double spacing[3];
    int given;
    if (bw_cli_spacing(call, spacing, &given)) return BW_ERROR_ARGUMENT;
    BW_TRY(bw_objects_measure(call->ctx, m->objects, m->image, m->probabilities, measures, given ? spacing : NULL,
                              &m->table));
    m->classes = bw_calloc(call->ctx, (uint64_t)bw_measurements_rows(m->table), 1, "classes of objects");
    return m->classes ? BW_OK : BW_ERROR_MEMORY;
}

/* Label image `index`, with what belongs to it. To be closed whether it succeeds or not. */
static bw_status open_measured(const bw_cli_call *call, int index, const char *measures, bw_measured *m) {
    *m = (bw_measured){0};
    BW_TRY(bw_image_open_file(call->ctx, bw_cli_get(call, "labels")->text[index], &m->labels));
    BW_TRY(open_beside(call, "image", index, &m->image));
    BW_TRY(open_beside(call, "probabilities", index, &m->probabilities));
    BW_TRY(bw_cli_find_objects(call, m->labels, &m->objects));
    return measure(call, measures, m);
}

/* Not every message of the engine names a file. */
static int code_of(const bw_cli_call *call, int index, bw_status status) {
    const bw_cli_values *labels = bw_cli_get(call, "labels");
    if (status != BW_OK && labels->count > 1) fprintf(stderr, "With %s:\n", labels->text[index]);
    return bw_cli_code(status);
}

/* What goes with the label images: none, or one each. */
static int check_beside(const bw_cli_call *call, const char *name) {
    return bw_cli_get(call, name)->count ? bw_cli_check_pairs(call, "labels", name) : BW_EXIT_DONE;
}

static int check_objects(const bw_cli_call *call) {
    double spacing[3];
    int given;
    RUN(check_beside(call, "image"));
    RUN(check_beside(call, "probabilities"));
    RUN(bw_cli_spacing(call, spacing, &given));
    return bw_cli_set_resources(call);
}

/* ---- train-objects --------------------------------------------------------------------------------------------- */

const bw_cli_option bw_cli_train_objects_options[] = {
    {"out", "FILE", "model to write (.brushwood-objects)", 1, 0},
    OPTIONS_OBJECTS,
    {"examples", "FILE",
     "image of the same size: 0, or the class of the object below (points or strokes); one per --labels", 1, 1},
    {"class", "NAME[#RRGGBB]", "name and colour of class 1, 2, ...", 0, 1},
    {"measures", "LIST", "what to learn from: measures or groups of them, separated by commas; default all", 0, 0},
    {"trees", "N", "trees of the forest; default 200", 0, 0},
    {"seed", "N", "random seed; default 1. Same seed and input: same result, byte for byte", 0, 0},
    OPTION_OBJECT_SPACING,
    OPTION_THREADS,
    OPTION_MEMORY,
    OPTIONS_END,
};

static int get_options(const bw_cli_call *call, bw_forest_options *options) {
    bw_object_options_init(options);
    int64_t trees = options->trees, seed = (int64_t)options->seed;
    RUN(bw_cli_integer(call, "trees", 1, BW_MAX_TREES, &trees));
    RUN(bw_cli_integer(call, "seed", 0, (int64_t)1 << 53, &seed));
    options->trees = (int)trees;
    options->seed = (uint64_t)seed;
    return BW_EXIT_DONE;
}

/* Without a trainer the names are only checked. */
static int name_classes(const bw_cli_call *call, bw_object_trainer *trainer) {
    const bw_cli_values *names = bw_cli_get(call, "class");
    for (int k = 0; k < names->count; k++) {
        bw_class_info info = {.colour = bw_class_colour(k)};
        RUN(bw_cli_class(call, names->text[k], &info));
        if (trainer) RUN(bw_cli_code(bw_object_trainer_set_class(call->ctx, trainer, k, &info)));
    }
    return BW_EXIT_DONE;
}

static bw_status add_examples(const bw_cli_call *call, int index, bw_object_trainer *trainer) {
    bw_measured m;
    bw_image *paint = NULL;
    bw_status status = open_measured(call, index, bw_cli_text(call, "measures"), &m);
    if (status == BW_OK) status = bw_image_open_file(call->ctx, bw_cli_get(call, "examples")->text[index], &paint);
    if (status == BW_OK) status = bw_objects_examples(call->ctx, m.objects, paint, m.classes);
    if (status == BW_OK) status = bw_object_trainer_add(call->ctx, trainer, m.table, m.classes);
    bw_image_free(paint);
    close_measured(&m);
    return status;
}

static int train(const bw_cli_call *call, bw_object_trainer *trainer, const bw_forest_options *options,
                 bw_object_model **model) {
    const int count = bw_cli_get(call, "labels")->count, names = bw_cli_get(call, "class")->count;
    RUN(name_classes(call, trainer));
    for (int i = 0; i < count; i++)
        RUN(code_of(call, i, add_examples(call, i, trainer)));
    RUN(bw_cli_code(bw_object_trainer_train(call->ctx, trainer, options, model)));
    if (names > bw_object_model_class_count(*model))
        fprintf(stderr, "note: --class names %d classes, but there are examples of %d; the others are left out.\n",
                names, bw_object_model_class_count(*model));
    return BW_EXIT_DONE;
}

static int print_model(const bw_cli_call *call, const bw_object_model *model) {
    char *text = NULL;
    return bw_cli_print(bw_object_model_describe(call->ctx, model, BW_DESCRIBE_TEXT, &text), &text);
}

int bw_cli_run_train_objects(bw_cli_call *call) {
    static const char *const inputs[] = {"labels", "image", "probabilities", "examples", NULL};
    const char *out = bw_cli_text(call, "out");
    bw_object_trainer *trainer = NULL;
    bw_object_model *model = NULL;
    bw_forest_options options;
    RUN(bw_cli_check_pairs(call, "labels", "examples"));
    RUN(get_options(call, &options));
    RUN(name_classes(call, NULL));
    RUN(check_objects(call));
    RUN(bw_cli_output(call, "out", inputs));
    int result = bw_cli_code(bw_object_trainer_create(call->ctx, &trainer));
    if (!result) result = train(call, trainer, &options, &model);
    if (!result) result = bw_cli_code(bw_object_model_write(call->ctx, model, out));
    if (!result) result = print_model(call, model);
    if (!result) printf("\nWrote %s\n", out);
    bw_object_model_free(model);
    bw_object_trainer_free(trainer);
    return result;
}

/* ---- classify-objects ------------------------------------------------------------------------------------------ */

const bw_cli_option bw_cli_classify_objects_options[] = {
    {"model", "FILE", "model of objects (.brushwood-objects)", 1, 0},
    OPTIONS_OBJECTS,
    {"output", "FILE",
     "class image to write (TIFF, or OME-Zarr as x.zarr; 8-bit: 0 and the class); one per --labels, in the same order",
     0, 1},
    {"csv", "FILE", "table of the objects to write, with their classes; one per --labels, in the same order", 0, 1},
    {"measures", "LIST", "what the table holds beside what the model needs; default all", 0, 0},
    OPTION_COMPRESSION,
    OPTIONS_ZARR,
    OPTION_OBJECT_SPACING,
    OPTION_THREADS,
    OPTION_MEMORY,
    OPTIONS_END,
};

/* The same for all label images. */
typedef struct bw_classifying {
    bw_object_model *model;
    const char *names[BW_MAX_CLASSES];
    bw_cli_format format;
    char *measures; /* NULL = all */
} bw_classifying;

/* check: of one path. */
static int check_outputs(const bw_cli_call *call, const char *name,
                         int (*check)(const bw_cli_call *, const char *, const char *, const char *const *)) {
    static const char *const inputs[] = {"model", "labels", "image", "probabilities", NULL};
    const bw_cli_values *paths = bw_cli_get(call, name);
    RUN(check_beside(call, name));
    for (int i = 0; i < paths->count; i++) {
        for (int j = 0; j < i; j++)
            if (!strcmp(paths->text[i], paths->text[j]))
                return bw_cli_usage(call, "Two --%s are both %s; name a file for each --labels.", name, paths->text[i]);
        RUN(check(call, name, paths->text[i], inputs));
    }
    return BW_EXIT_DONE;
}

/* A table shows all that can be measured or what was asked for; without a table the model's measures are enough. */
static bw_status choose_measures(const bw_cli_call *call, bw_classifying *c) {
    const char *wanted = bw_cli_text(call, "measures"), *needed = bw_object_model_measures(c->model);
    const int table = bw_cli_get(call, "csv")->count;
    bw_text text;
    if (table && !wanted) return BW_OK;
    bw_text_init(&text, call->ctx);
    bw_status status = bw_text_add(&text, "%s%s%s", table ? wanted : "", table ? "," : "", needed);
    if (status == BW_OK) status = bw_text_take(&text, &c->measures);
    bw_text_free(&text);
    return status;
}

static bw_status write_classes(bw_context *ctx, const bw_classifying *c, const bw_objects *objects, const char *path) {
    bw_image *outline = NULL;
    bw_sink *sink = NULL;
    bw_status status = bw_objects_outline(ctx, objects, BW_OBJECTS_CLASSES, &outline);
    if (status == BW_OK) status = bw_cli_create(ctx, &c->format, path, outline, &sink);
    if (status == BW_OK) status = bw_objects_write(ctx, objects, BW_OBJECTS_CLASSES, sink);
    if (status == BW_OK) status = bw_sink_finish(ctx, sink);
    bw_sink_free(sink);
    bw_image_free(outline);
    return status;
}

static void print_counts(const bw_cli_call *call, const bw_classifying *c, int index, const bw_measured *m) {
    const int64_t rows = bw_measurements_rows(m->table);
    int64_t counts[BW_MAX_CLASSES + 1] = {0};
    for (int64_t i = 0; i < rows; i++)
        counts[m->classes[i]]++;
    printf("%s: %" PRId64 " objects\n", bw_cli_get(call, "labels")->text[index], rows);
    for (int k = 0; k < bw_object_model_class_count(c->model); k++)
        printf("%3d %-23s %10" PRId64 "\n", k + 1, c->names[k], counts[k + 1]);
}

static bw_status write_table(bw_context *ctx, const bw_classifying *c, const bw_measured *m, const char *path) {
    BW_TRY(bw_measurements_set_classes(ctx, m->table, bw_object_model_class_count(c->model), c->names, m->classes));
    return bw_measurements_write(ctx, m->table, path);
}

static bw_status classify(const bw_cli_call *call, const bw_classifying *c, int index, bw_measured *m) {
    const bw_cli_values *output = bw_cli_get(call, "output"), *csv = bw_cli_get(call, "csv");
    bw_context *ctx = call->ctx;
    BW_TRY(open_measured(call, index, c->measures, m));
    BW_TRY(bw_object_model_apply(ctx, c->model, m->table, m->classes, NULL));
    BW_TRY(bw_objects_set_classes(ctx, m->objects, bw_object_model_class_count(c->model), c->names, m->classes));
    if (output->count) BW_TRY(write_classes(ctx, c, m->objects, output->text[index]));
    if (csv->count) BW_TRY(write_table(ctx, c, m, csv->text[index]));
    print_counts(call, c, index, m);
    if (output->count) printf("Wrote %s\n", output->text[index]);
    if (csv->count) printf("Wrote %s\n", csv->text[index]);
    return BW_OK;
}

static int classify_all(const bw_cli_call *call, bw_classifying *c) {
    const int count = bw_cli_get(call, "labels")->count;
    for (int k = 0; k < bw_object_model_class_count(c->model); k++)
        c->names[k] = bw_object_model_class(c->model, k)->name;
    RUN(bw_cli_code(choose_measures(call, c)));
    for (int i = 0; i < count; i++) {
        bw_measured m;
        const bw_status status = classify(call, c, i, &m);
        close_measured(&m);
        RUN(code_of(call, i, status));
    }
    return BW_EXIT_DONE;
}

int bw_cli_run_classify_objects(bw_cli_call *call) {
    const bw_cli_values *outputs = bw_cli_get(call, "output");
    bw_classifying c = {.model = NULL};
    if (!outputs->count && !bw_cli_get(call, "csv")->count)
        return bw_cli_usage(call, "--output FILE (image of classes) or --csv FILE (table) is missing.");
    RUN(bw_cli_get_format(call, outputs->text, outputs->count, &c.format));
    RUN(check_objects(call));
    RUN(check_outputs(call, "output", bw_cli_output_image));
    RUN(check_outputs(call, "csv", bw_cli_output_path));
    int result = bw_cli_code(bw_object_model_read(call->ctx, bw_cli_text(call, "model"), &c.model));
    if (!result) result = classify_all(call, &c);
    bw_string_free(c.measures);
    bw_object_model_free(c.model);
    return result;
}
