/* objects: from probabilities, or from an image and a model in one go, to objects and their table. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/common.h"
#include "cli/predict.h"
#include "core/alloc.h"
#include "core/status.h"

const bw_cli_option bw_cli_objects_options[] = {
    {"probabilities", "FILE",
     "probabilities (TIFF or OME-Zarr, a channel per class), or a mask; or --model and --input", 0, 0},
    {"model", "FILE", "model to classify --input with", 0, 0},
    {"input", "FILE", "image of any size, or a folder of images; more may follow without --input", 0, 1},
    {"output", "FILE", "label image to write (TIFF, or OME-Zarr as x.zarr): 16-bit while the labels fit, else 32-bit",
     0, 0},
    {"mask", "FILE", "mask to write: 0 and 255", 0, 0},
    {"class-image", "FILE", "image of the objects' classes to write: 8-bit", 0, 0},
    {"table", "FILE", "measurements of all objects to write (CSV)", 0, 0},
    {"output-folder", "DIR", "folder for the label images of many images, made when missing", 0, 0},
    {"name", "PATTERN", "their names; default {name}_objects.tif; {name}_objects.zarr for OME-Zarr", 0, 0},
    {"tables", NULL, "write the measurements of each beside its label image, too", 0, 0},
    {"files", "PATTERNS", "which files of a folder are images; default *.tif;*.tiff;*.zarr", 0, 0},
    {"recursive", NULL, "search subfolders too; results go to the same subfolders", 0, 0},
    {"overwrite", NULL, "make results again that exist; else their images are skipped", 0, 0},
    {"csv", "FILE", "the table of all images; default brushwood_batch.csv in the output folder", 0, 0},
    {"measures", "LIST", "what is measured; default all ('brushwood measure --list' tells)", 0, 0},
    {"classes", "LIST", "names or numbers of the classes that objects are made of; default all but the background", 0,
     0},
    {"core", "LIST", "classes of the core, with --core-threshold; default as --classes", 0, 0},
    {"boundary", "CLASS", "the class between objects, for --split boundary", 0, 0},
    {"method", "KIND",
     "auto (0.5, or 0.25 for less sure objects, unless --threshold says), fixed or otsu; default auto", 0, 0},
    {"threshold", "P", "probability from which on a pixel belongs to an object; default: what --method chooses", 0, 0},
    {"core-threshold", "P",
     "objects need a pixel this probable (hysteresis), 0 = none; default 0.77 where auto chooses the threshold, and "
     "for "
     "--core and --split core, else none",
     0, 0},
    {"smooth", "SIGMA", "smoothing of the probabilities, in pixels; default 0.6", 0, 0},
    {"keep-holes", NULL, "do not fill holes", 0, 0},
    {"min-size", "N", "smallest object, in pixels or voxels; default 16", 0, 0},
    {"min-share", "SHARE", "smallest object, as a share of the frame's median object; default 0.2", 0, 0},
    {"max-size", "N", "largest object; default any", 0, 0},
    {"split", "KIND", "none, distance, probability, boundary or core; default distance", 0, 0},
    {"depth", "SHARE", "how deep the saddle between two objects is, as a share of the lower one; default 0.1", 0, 0},
    {"edge", "SHARE",
     "with --split, objects end below this share of the level that a tenth of each exceeds, 0 = at the threshold; "
     "default 0.65 where auto chooses the threshold, else 0",
     0, 0},
    {"lines", NULL, "leave a line between objects that were split", 0, 0},
    {"exclude-border", "AXES", "leave out objects that touch the border: xy or xyz", 0, 0},
    {"connectivity", "N", "4 or 8 (slice by slice), 6 or 26 (3D); default 8, or 26 for stacks", 0, 0},
    {"unrefined", NULL, "the forest's own probabilities, without the smoothing that the model may ask for", 0, 0},
    OPTION_COMPRESSION,
    OPTIONS_ZARR,
    OPTION_SPACING,
    OPTION_THREADS,
    OPTION_MEMORY,
    OPTIONS_END,
};

struct bw_cli_labelling {
    bw_objects_options options;
    const char *classes, *core, *boundary, *measures; /* NULL = not given */
    const char *mask, *class_image, *table;           /* paths, NULL = not wanted */
    int tables;                                       /* beside the label images */
};

enum { OBJECTS = 4 }; /* its row of bw_kinds */

/* ---- usage ----------------------------------------------------------------------------------------------------- */

/* Which of the words an option is; `first` without it. */
static int get_word(const bw_cli_call *call, const char *name, const char *const *words, int count, int first,
                    int *out) {
    const char *text = bw_cli_text(call, name);
    *out = first;
    for (int i = 0; text && i < count; i++)
        if (!strcmp(text, words[i])) {
            *out = i;
            return BW_EXIT_DONE;
        }
    if (!text) return BW_EXIT_DONE;
    char all[100] = "";
    for (int i = 0; i < count; i++)
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? i + 1 < count ? ", " : " or " : "", words[i]);
    return bw_cli_usage(call, "--%s must be %s, not \"%s\".", name, all, text);
}

static int get_kinds(const bw_cli_call *call, bw_objects_options *o) {
    static const char *const methods[] = {"fixed", "otsu", "auto"}, *const borders[] = {"none", "xy", "xyz"};
    static const char *const splits[] = {"none", "distance", "probability", "boundary", "core"};
    static const char *const connectivities[] = {"0", "4", "8", "6", "26"};
    static const int neighbours[] = {0, 4, 8, 6, 26};
    int method, split, connectivity;
    RUN(get_word(call, "method", methods, 3, (int)o->method, &method));
    RUN(get_word(call, "split", splits, 5, (int)o->split, &split));
    RUN(get_word(call, "exclude-border", borders, 3, 0, &o->exclude_border));
    RUN(get_word(call, "connectivity", connectivities, 5, 0, &connectivity));
    o->method = (bw_threshold)method;
    o->split = (bw_splitting)split;
    o->connectivity = neighbours[connectivity];
    return BW_EXIT_DONE;
}

/* A threshold that is given is taken as it is. */
static int choose_threshold(const bw_cli_call *call, bw_objects_options *o) {
    const int given = bw_cli_text(call, "threshold") != NULL;
    if (given && o->method == BW_THRESHOLD_OTSU)
        return bw_cli_usage(call, "--threshold is for --method fixed; otsu finds its own.");
    bw_objects_options_choose(o, given ? BW_THRESHOLD_FIXED : o->method);
    if (o->split == BW_SPLIT_CORE || bw_cli_text(call, "core")) o->core_threshold = BW_CORE_THRESHOLD;
    return BW_EXIT_DONE;
}

static int get_options(const bw_cli_call *call, bw_objects_options *o) {
    bw_objects_options_init(o);
    RUN(get_kinds(call, o));
    RUN(choose_threshold(call, o));
    RUN(bw_cli_number(call, "threshold", 0, 1, &o->threshold));
    RUN(bw_cli_number(call, "core-threshold", 0, 1, &o->core_threshold));
    RUN(bw_cli_number(call, "smooth", 0, 100, &o->sigma));
    RUN(bw_cli_number(call, "depth", 0, 1, &o->depth));
    RUN(bw_cli_number(call, "edge", 0, 1, &o->edge));
    RUN(bw_cli_integer(call, "min-size", 0, INT64_MAX, &o->min_size));
    RUN(bw_cli_integer(call, "max-size", 0, INT64_MAX, &o->max_size));
    RUN(bw_cli_number(call, "min-share", 0, 1, &o->min_share));
    o->fill_holes = !bw_cli_get(call, "keep-holes")->count;
    o->lines = bw_cli_get(call, "lines")->count;
    if (o->split == BW_SPLIT_BOUNDARY && !bw_cli_text(call, "boundary"))
        return bw_cli_usage(call, "--split boundary needs --boundary CLASS: the class between objects.");
    if (o->split == BW_SPLIT_CORE && !(o->core_threshold > 0))
        return bw_cli_usage(call,
                            "--split core needs a --core-threshold above 0: from which probability on a core begins.");
    return BW_EXIT_DONE;
}

static int check_sources(const bw_cli_call *call) {
    const int model = bw_cli_text(call, "model") != NULL, inputs = bw_cli_get(call, "input")->count;
    if ((bw_cli_text(call, "probabilities") != NULL) == model)
        return bw_cli_usage(call, "Give either --probabilities or --model.");
    if (model && !inputs) return bw_cli_usage(call, "--model needs --input: the image to classify.");
    if (!bw_cli_text(call, "output-folder")) {
        if (inputs > 1) return bw_cli_usage(call, "--output is for one image; name an --output-folder for several.");
        return BW_EXIT_DONE;
    }
    if (!model) return bw_cli_usage(call, "--output-folder goes with --model and --input.");
    return BW_EXIT_DONE;
}

/* Outputs of one image and those of many exclude each other. */
static int check_outputs(const bw_cli_call *call) {
    static const char *const one[] = {"output", "mask", "class-image", "table"};
    static const char *const many[] = {"name", "tables", "files", "recursive", "overwrite", "csv"};
    const int folder = bw_cli_text(call, "output-folder") != NULL;
    int given = 0;
    for (size_t i = 0; i < sizeof one / sizeof *one; i++) {
        const int count = bw_cli_get(call, one[i])->count;
        if (folder && count) return bw_cli_usage(call, "Give --%s or --output-folder, not both.", one[i]);
        for (size_t k = 0; k < i && count; k++)
            if (bw_cli_get(call, one[k])->count && !strcmp(bw_cli_text(call, one[k]), bw_cli_text(call, one[i])))
                return bw_cli_usage(call, "--%s and --%s are both %s; name a file for each.", one[k], one[i],
                                    bw_cli_text(call, one[i]));
        given += count;
    }
    for (size_t i = 0; i < sizeof many / sizeof *many && !folder; i++)
        if (bw_cli_get(call, many[i])->count) return bw_cli_usage(call, "--%s goes with --output-folder.", many[i]);
    if (!folder && !given)
        return bw_cli_usage(call, "Name what to make: --output, --mask, --class-image, --table or --output-folder.");
    return BW_EXIT_DONE;
}

static int get_labelling(const bw_cli_call *call, bw_cli_labelling *labelling) {
    RUN(check_sources(call));
    RUN(check_outputs(call));
    RUN(get_options(call, &labelling->options));
    labelling->classes = bw_cli_text(call, "classes");
    labelling->core = bw_cli_text(call, "core");
    labelling->boundary = bw_cli_text(call, "boundary");
    labelling->measures = bw_cli_text(call, "measures");
    labelling->mask = bw_cli_text(call, "mask");
    labelling->class_image = bw_cli_text(call, "class-image");
    labelling->table = bw_cli_text(call, "table");
    labelling->tables = bw_cli_get(call, "tables")->count;
    return BW_EXIT_DONE;
}

static int get_job(const bw_cli_call *call, bw_cli_job *job) {
    const char *name = bw_cli_text(call, "name");
    job->naming.folder = bw_cli_text(call, "output-folder");
    job->naming.pattern = name ? name : "{name}_objects.tif";
    job->naming.kinds = BW_OUTPUT_OBJECTS;
    job->overwrite = bw_cli_get(call, "overwrite")->count;
    job->options.unrefined = bw_cli_get(call, "unrefined")->count;
    const char *const images[] = {job->naming.folder ? job->naming.pattern : bw_cli_text(call, "output"),
                                  bw_cli_text(call, "mask"), bw_cli_text(call, "class-image")};
    RUN(bw_cli_get_format(call, images, sizeof images / sizeof *images, &job->format));
    RUN(bw_cli_spacing(call, job->spacing, &job->spacing_given));
    return job->naming.folder ? bw_cli_check_many(call, &job->naming) : BW_EXIT_DONE;
}

/* ---- an image -------------------------------------------------------------------------------------------------- */

static bw_status resolve_classes(bw_context *ctx, const bw_cli_labelling *labelling, const bw_image *probabilities,
                                 bw_objects_options *out) {
    uint8_t boundary[BW_MAX_CLASSES];
    *out = labelling->options;
    if (labelling->classes) BW_TRY(bw_objects_channels(ctx, probabilities, labelling->classes, out->foreground));
    if (labelling->core) BW_TRY(bw_objects_channels(ctx, probabilities, labelling->core, out->core));
    if (!labelling->boundary) return BW_OK;
    BW_TRY(bw_objects_channels(ctx, probabilities, labelling->boundary, boundary));
    for (int c = BW_MAX_CLASSES - 1; c >= 0; c--)
        if (boundary[c]) out->boundary = c;
    return BW_OK;
}

static bw_status write_image(bw_context *ctx, const bw_cli_job *job, const bw_objects *objects,
                             bw_objects_output output, const char *path) {
    bw_image *outline;
    bw_sink *sink = NULL;
    if (!path) return BW_OK;
    BW_TRY(bw_objects_outline(ctx, objects, output, &outline));
    bw_status status = bw_cli_create(ctx, &job->format, path, outline, &sink);
    if (status == BW_OK) status = bw_objects_write(ctx, objects, output, sink);
    if (status == BW_OK) status = bw_sink_finish(ctx, sink);
    bw_sink_free(sink);
    bw_image_free(outline);
    return status;
}

static bw_status write_table(bw_context *ctx, const bw_cli_labelling *labelling, const bw_objects *objects,
                             const bw_image *image, const bw_image *probabilities, const char *path) {
    bw_measurements *table = NULL;
    if (!path) return BW_OK;
    bw_status status = bw_objects_measure(ctx, objects, image, probabilities, labelling->measures, NULL, &table);
    if (status == BW_OK) status = bw_measurements_write(ctx, table, path);
    bw_measurements_free(table);
    return status;
}

/* x_objects.csv for x_objects.tif; NULL when no table is wanted there. */
static bw_status table_path(bw_context *ctx, const bw_cli_labelling *labelling, const char *labels, char **out) {
    const char *name = labels ? bw_name_of(labels) : NULL;
    *out = NULL;
    if (!labelling->tables || !labels) return BW_OK;
    bw_text text;
    bw_text_init(&text, ctx);
    bw_status status = bw_text_add(&text, "%.*s.csv", (int)((size_t)(name - labels) + bw_name_stem(name)), labels);
    if (status == BW_OK) status = bw_text_take(&text, out);
    bw_text_free(&text);
    return status;
}

static bw_status write_objects(bw_context *ctx, const bw_cli_job *job, const bw_objects *objects, const bw_image *image,
                               const bw_image *probabilities, const char *labels) {
    const bw_cli_labelling *labelling = job->labelling;
    char *beside;
    BW_TRY(table_path(ctx, labelling, labels, &beside));
    bw_status status = write_table(ctx, labelling, objects, image, probabilities, labelling->table);
    if (status == BW_OK) status = write_table(ctx, labelling, objects, image, probabilities, beside);
    if (status == BW_OK) status = write_image(ctx, job, objects, BW_OBJECTS_MASK, labelling->mask);
    if (status == BW_OK) status = write_image(ctx, job, objects, BW_OBJECTS_CLASSES, labelling->class_image);
    if (status == BW_OK) status = write_image(ctx, job, objects, BW_OBJECTS_LABELS, labels);
    bw_string_free(beside);
    return status;
}

/* image: for the table, may be NULL. */
static bw_status label(bw_context *ctx, const bw_cli_job *job, const bw_image *image, const bw_image *probabilities,
                       const char *labels, bw_objects_report *report) {
    bw_objects_options options;
    bw_objects *objects = NULL;
    bw_status status = resolve_classes(ctx, job->labelling, probabilities, &options);
    if (status == BW_OK) status = bw_objects_label(ctx, probabilities, &options, &objects, report);
    if (status == BW_OK) status = write_objects(ctx, job, objects, image, probabilities, labels);
    bw_objects_free(objects);
    return status;
}

static bw_status label_input(bw_context *ctx, const bw_model *model, const bw_cli_job *job, const char *input,
                             const char *labels, bw_predict_report *report, bw_objects_report *found) {
    bw_image *image = NULL, *probabilities = NULL;
    const bw_cli_labelling *l = job->labelling;
    const char *beside = labels ? labels : l->table ? l->table : l->mask ? l->mask : l->class_image;
    bw_status status = bw_cli_open_image(ctx, job, input, &image);
    if (status == BW_OK)
        status = bw_predict_probabilities(ctx, model, image, &job->options, beside, &probabilities, report);
    if (status == BW_OK) status = label(ctx, job, image, probabilities, labels, found);
    bw_image_free(probabilities);
    bw_image_free(image);
    return status;
}

bw_status bw_cli_label(bw_context *ctx, const bw_model *model, const bw_cli_job *job, const char *input,
                       char *const outputs[BW_KINDS], bw_predict_report *report) {
    bw_objects_report found;
    return label_input(ctx, model, job, input, outputs[OBJECTS], report, &found);
}

/* ---- one image ------------------------------------------------------------------------------------------------- */

static bw_status from_probabilities(const bw_cli_call *call, const bw_cli_job *job, bw_objects_report *found) {
    const char *input = bw_cli_text(call, "input");
    bw_image *image = NULL, *probabilities = NULL;
    bw_status status = bw_cli_open_image(call->ctx, job, bw_cli_text(call, "probabilities"), &probabilities);
    if (status == BW_OK && input) status = bw_cli_open_image(call->ctx, job, input, &image);
    if (status == BW_OK) status = label(call->ctx, job, image, probabilities, bw_cli_text(call, "output"), found);
    bw_image_free(probabilities);
    bw_image_free(image);
    return status;
}

static int from_model(const bw_cli_call *call, const bw_cli_job *job, bw_objects_report *found) {
    const char *input = bw_cli_text(call, "input");
    bw_predict_report report;
    bw_model *model;
    RUN(bw_cli_code(bw_model_read(call->ctx, bw_cli_text(call, "model"), &model)));
    int result = bw_cli_code(label_input(call->ctx, model, job, input, bw_cli_text(call, "output"), &report, found));
    if (!result) result = bw_cli_print_notes(call, input, &report);
    bw_model_free(model);
    return result;
}

/* Why there are no objects. */
static void explain_none(const bw_objects_report *r) {
    if (r->components)
        fputs("note: there are no objects: all pieces are left out, as the line above tells; --min-size, --min-share, "
              "--core-threshold, --max-size and --exclude-border decide.\n",
              stderr);
    else if (r->highest > 0)
        fprintf(
            stderr,
            "note: there are no objects: no pixel reaches the threshold of %.3g, the highest foreground is %.3g. Of "
            "8-bit images 255 is 1, of 16-bit ones 65535, of signed ones 32767.\n",
            r->threshold, r->highest);
    else
        fputs("note: there are no objects: the foreground is 0 everywhere; --classes chooses its channels.\n", stderr);
}

static void print_report(const bw_objects_report *r) {
    printf("%" PRId64 " object%s (threshold %.3g", r->objects, r->objects == 1 ? "" : "s", r->threshold);
    if (r->core_threshold > 0) printf(", core %.3g", r->core_threshold);
    printf("; %" PRId64 " connected pieces; left out: %" PRId64 " small", r->components, r->too_small);
    if (r->without_core) printf(", %" PRId64 " without core", r->without_core);
    if (r->too_large) printf(", %" PRId64 " large", r->too_large);
    if (r->at_border) printf(", %" PRId64 " at the border", r->at_border);
    puts(")");
    if (!r->objects) explain_none(r);
}

static int run_one(const bw_cli_call *call, const bw_cli_job *job) {
    static const char *const outputs[] = {"output", "mask", "class-image", "table"};
    static const char *const inputs[] = {"model", "input", "probabilities", NULL};
    bw_objects_report found;
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++)
        if (bw_cli_text(call, outputs[i]))
            RUN(bw_cli_output_image(call, outputs[i], bw_cli_text(call, outputs[i]), inputs));
    RUN(bw_cli_text(call, "model") ? from_model(call, job, &found)
                                   : bw_cli_code(from_probabilities(call, job, &found)));
    print_report(&found);
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++)
        if (bw_cli_text(call, outputs[i])) printf("Wrote %s\n", bw_cli_text(call, outputs[i]));
    return BW_EXIT_DONE;
}

int bw_cli_run_objects(bw_cli_call *call) {
    bw_cli_labelling labelling = {.tables = 0};
    bw_cli_job job = {.labelling = &labelling};
    RUN(get_labelling(call, &labelling));
    RUN(get_job(call, &job));
    RUN(bw_cli_set_resources(call));
    return job.naming.folder ? bw_cli_run_batch(call, &job) : run_one(call, &job);
}
