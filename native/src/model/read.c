#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "model/format.h"
#include "model/model.h"

static const uint64_t largest_file = (uint64_t)1 << 32;

static bw_status damaged(bw_context *ctx, const char *name, const char *part) {
    return bw_fail(ctx, BW_ERROR_FORMAT, "%s is damaged (%s). Use a backup copy, or train the model again.", name,
                   part);
}

/* A count or size that must lie in low..high. */
static int64_t get_within(bw_reader *r, int64_t value, int64_t low, int64_t high) {
    if (value < low || value > high) r->failed = 1;
    return r->failed ? low : value;
}

static bw_status parse_recipe(bw_context *ctx, const char *text, const bw_recipe_options *options, const char *name,
                              bw_recipe **out) {
    bw_context *own = bw_context_create();
    if (!own) return bw_fail(ctx, BW_ERROR_MEMORY, "Not enough memory to read %s.", name);
    bw_status status = bw_recipe_parse(own, text, options, out);
    if (status != BW_OK)
        bw_fail(ctx, BW_ERROR_FORMAT, "%s has features that this version does not know: %s", name,
                bw_context_error(own));
    bw_context_free(own);
    return status == BW_OK ? BW_OK : BW_ERROR_FORMAT;
}

/* Until version 1 all filters were exact, and lists did not say so. */
static bw_status get_recipe(bw_context *ctx, bw_reader *r, int version, const char *name, bw_recipe **out) {
    static const char exact[] = "exact;";
    const size_t prefix = version == 1 ? strlen(exact) : 0;
    bw_recipe_options options = {0};
    char *text = bw_alloc(ctx, BW_LONGEST_RECIPE + sizeof exact, 1, "a feature list"), *again = NULL;
    *out = NULL;
    if (!text) return BW_ERROR_MEMORY;
    memcpy(text, exact, prefix);
    bw_get_string(r, text + prefix, BW_LONGEST_RECIPE);
    options.channels = bw_get_u16(r);
    options.dims = bw_get_u8(r);
    for (int axis = 0; axis < 3; axis++)
        options.spacing[axis] = bw_get_f64(r);
    bw_status status = r->failed ? damaged(ctx, name, "features") : parse_recipe(ctx, text, &options, name, out);
    if (status == BW_OK) status = bw_recipe_format(ctx, *out, &again);
    if (status == BW_OK && strcmp(text, again)) status = damaged(ctx, name, "feature list not canonical");
    bw_string_free(again);
    bw_free(text);
    if (status != BW_OK) {
        bw_recipe_free(*out);
        *out = NULL;
    }
    return status;
}

static void get_options(bw_reader *r, bw_forest_options *options) {
    const int64_t most = 1 << 30;
    options->trees = (int)get_within(r, bw_get_u32(r), 1, BW_MAX_TREES);
    options->mtry = (int)get_within(r, bw_get_u32(r), 0, most);
    options->max_depth = (int)get_within(r, bw_get_u32(r), 0, most);
    options->min_leaf = (int)get_within(r, bw_get_u32(r), 1, most);
    options->balance = (bw_balance)get_within(r, bw_get_u8(r), BW_BALANCE_NONE, BW_BALANCE_CLASSES);
    options->seed = bw_get_u64(r);
}

/* Non-negative counts; returns their sum, at most INT64_MAX / 2. */
static int64_t get_counts(bw_reader *r, int64_t *counts, int n) {
    int64_t sum = 0;
    for (int i = 0; i < n; i++) {
        counts[i] = get_within(r, (int64_t)bw_get_u64(r), 0, INT64_MAX / 4);
        sum = get_within(r, sum + counts[i], 0, INT64_MAX / 4);
    }
    return sum;
}

static void get_images(bw_reader *r, bw_model *model) {
    const int64_t longest = (int64_t)1 << 31;
    for (int i = 0; i < model->image_count; i++) {
        bw_training_image *image = &model->images[i];
        bw_get_string(r, image->name, sizeof image->name);
        image->hash = bw_get_u64(r);
        image->width = get_within(r, (int64_t)bw_get_u64(r), 1, longest);
        image->height = get_within(r, (int64_t)bw_get_u64(r), 1, longest);
        image->depth = get_within(r, (int64_t)bw_get_u64(r), 1, longest);
        image->channels = (int)get_within(r, bw_get_u32(r), 1, BW_MAX_CHANNELS);
        image->frames = (int)get_within(r, bw_get_u32(r), 1, INT32_MAX);
        get_counts(r, image->labels, model->classes);
    }
}

static bw_status get_report(bw_context *ctx, bw_reader *r, bw_model *model) {
    bw_forest_report *report = &model->report;
    const int classes = model->classes, features = bw_recipe_count(model->recipe);
    *report = (bw_forest_report){.classes = classes, .features = features};
    report->class_counts = bw_calloc(ctx, (uint64_t)classes, sizeof(int64_t), "a report");
    report->confusion = bw_calloc(ctx, (uint64_t)classes * (uint64_t)classes, sizeof(int64_t), "a report");
    report->importance = bw_calloc(ctx, (uint64_t)features, sizeof(double), "a report");
    if (!report->class_counts || !report->confusion || !report->importance) return BW_ERROR_MEMORY;
    get_counts(r, report->class_counts, classes);
    report->oob_samples = get_within(r, (int64_t)bw_get_u64(r), 0, INT64_MAX / 4);
    if (get_counts(r, report->confusion, classes * classes) != report->oob_samples) r->failed = 1;
    if (bw_get_u32(r) != (uint32_t)features) r->failed = 1;
    for (int f = 0; f < features; f++) {
        double share = bw_get_f64(r);
        if (!(share >= 0 && share <= 1 + 1e-9)) r->failed = 1;
        report->importance[f] = share;
    }
    return BW_OK;
}

static bw_status get_forest(bw_context *ctx, bw_reader *r, const char *name, bw_model *model) {
    BW_TRY(bw_forest_get(ctx, r, &model->forest));
    if (bw_forest_classes(model->forest) != model->classes ||
        bw_forest_features(model->forest) != bw_recipe_count(model->recipe) ||
        bw_forest_trees(model->forest) != model->options.trees)
        return damaged(ctx, name, "the forest does not belong to the recipe");
    if (bw_reader_left(r)) return damaged(ctx, name, "bytes after the forest");
    return BW_OK;
}

static bw_status get_body(bw_context *ctx, bw_reader *r, const char *name, bw_model *model) {
    for (int k = 0; k < model->classes; k++) {
        bw_get_string(r, model->class_info[k].name, sizeof model->class_info[k].name);
        model->class_info[k].colour = (uint32_t)get_within(r, bw_get_u32(r), 0, 0xffffff);
    }
    get_options(r, &model->options);
    const int64_t record = 44 + 8 * (int64_t)model->classes, left = (int64_t)bw_reader_left(r);
    int images = (int)get_within(r, bw_get_u32(r), 0, left / record);
    if (r->failed) return damaged(ctx, name, "classes or options");
    BW_TRY(bw_model_make_images(ctx, model, images));
    get_images(r, model);
    BW_TRY(get_report(ctx, r, model));
    if (r->failed) return damaged(ctx, name, "training report");
    return get_forest(ctx, r, name, model);
}

static bw_status get_model(bw_context *ctx, bw_reader *r, int version, const char *name, bw_model **out) {
    char engine[32];
    bw_recipe *recipe;
    bw_get_string(r, engine, sizeof engine);
    if (r->failed) return damaged(ctx, name, "engine version");
    BW_TRY(get_recipe(ctx, r, version, name, &recipe));
    int classes = (int)get_within(r, bw_get_u16(r), 2, BW_MAX_CLASSES);
    bw_status status = r->failed ? damaged(ctx, name, "number of classes") : bw_model_create(ctx, classes, out);
    if (status != BW_OK) {
        bw_recipe_free(recipe);
        return status;
    }
    (*out)->recipe = recipe;
    memcpy((*out)->engine, engine, sizeof engine);
    status = get_body(ctx, r, name, *out);
    if (status == BW_OK) return BW_OK;
    bw_model_free(*out);
    *out = NULL;
    return status;
}

bw_status bw_model_read_memory(bw_context *ctx, const uint8_t *data, uint64_t size, const char *name, bw_model **out) {
    bw_reader r;
    *out = NULL;
    bw_reader_init(&r, data, size);
    const uint8_t *magic = bw_get(&r, sizeof bw_model_magic);
    if (!magic || memcmp(magic, bw_model_magic, sizeof bw_model_magic))
        return bw_fail(ctx, BW_ERROR_FORMAT, "%s is not a Brushwood model.", name);
    uint32_t version = bw_get_u32(&r);
    if (r.failed) return damaged(ctx, name, "cut short");
    if (version < 1 || version > BW_MODEL_VERSION)
        return bw_fail(
            ctx, BW_ERROR_FORMAT,
            "%s has model format %u, this version (%s) reads 1 to %d. Use the Brushwood version that wrote it, or a "
            "newer one.",
            name, (unsigned)version, BW_VERSION, BW_MODEL_VERSION);
    uint32_t crc = bw_get_u32(&r);
    uint64_t length = bw_get_u64(&r);
    if (r.failed || length != bw_reader_left(&r)) return damaged(ctx, name, "wrong length, the file was cut short");
    const uint8_t *payload = r.data + r.at;
    if (bw_crc32(0, payload, length) != crc) return damaged(ctx, name, "wrong checksum");
    return get_model(ctx, &r, (int)version, name, out);
}

bw_status bw_model_read(bw_context *ctx, const char *path, bw_model **out) {
    uint8_t *data;
    uint64_t size;
    *out = NULL;
    BW_TRY(bw_check(ctx));
    BW_TRY(bw_file_read_all(ctx, path, largest_file, &data, &size));
    bw_status status = bw_model_read_memory(ctx, data, size, path, out);
    bw_free(data);
    return status;
}
