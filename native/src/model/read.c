#include <float.h>
#include <string.h>

#include "core/alloc.h"
#include "model/container.h"
#include "model/model.h"

static const int64_t most_assessed = (int64_t)1 << 37; /* pixels */

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
    bw_status status =
        r->failed ? bw_container_damaged(ctx, name, "features") : parse_recipe(ctx, text, &options, name, out);
    if (status == BW_OK) status = bw_recipe_format(ctx, *out, &again);
    if (status == BW_OK && strcmp(text, again)) status = bw_container_damaged(ctx, name, "feature list not canonical");
    bw_string_free(again);
    bw_free(text);
    if (status != BW_OK) {
        bw_recipe_free(*out);
        *out = NULL;
    }
    return status;
}

void bw_forest_options_get(bw_reader *r, int version, int classes, bw_forest_options *options) {
    const int64_t most = 1 << 30, least_mtry = version < 3 ? 0 : BW_MTRY_ALL;
    const bw_balance last_balance = version < 3 ? BW_BALANCE_CLASSES : BW_BALANCE_CUSTOM;
    options->trees = (int)bw_get_within(r, bw_get_u32(r), 1, BW_MAX_TREES);
    options->mtry = (int)bw_get_within(r, (int32_t)bw_get_u32(r), least_mtry, most);
    options->max_depth = (int)bw_get_within(r, bw_get_u32(r), 0, most);
    options->min_leaf = (int)bw_get_within(r, bw_get_u32(r), 1, most);
    options->bootstrap = version < 3 ? 1 : bw_get_number(r, 0, 1);
    options->extra = version < 3 ? 0 : bw_get_flag(r);
    options->balance = (bw_balance)bw_get_within(r, bw_get_u8(r), BW_BALANCE_NONE, last_balance);
    for (int k = 0; k < BW_MAX_CLASSES; k++)
        options->class_weights[k] = 1;
    for (int k = 0; options->balance == BW_BALANCE_CUSTOM && k < classes; k++) {
        options->class_weights[k] = bw_get_f32(r);
        if (!(options->class_weights[k] >= 0 && options->class_weights[k] <= BW_MAX_WEIGHT)) r->failed = 1;
    }
    options->seed = bw_get_u64(r);
}

/* Folds and edge mean something with some kinds only; with the others they are whatever the writer had. */
static void get_holdout(bw_reader *r, bw_holdout *holdout) {
    holdout->kind = (bw_holdout_kind)bw_get_within(r, bw_get_u8(r), BW_HOLDOUT_NONE, BW_HOLDOUT_IMAGES);
    holdout->folds = (int)(int32_t)bw_get_u32(r);
    holdout->block = (int64_t)bw_get_u64(r);
    if (holdout->kind != BW_HOLDOUT_NONE) bw_get_within(r, holdout->folds, 2, 100);
    if (holdout->kind == BW_HOLDOUT_BLOCKS) bw_get_within(r, holdout->block, 1, INT64_MAX);
}

/* What versions 1 and 2 lack did not exist, and is zero. */
static void get_options(bw_reader *r, int version, int classes, bw_train_options *options) {
    *options = (bw_train_options){0};
    bw_forest_options_get(r, version, classes, &options->forest);
    if (version < 3) return;
    options->stroke_balance = bw_get_number(r, 0, 1);
    get_holdout(r, &options->holdout);
    options->calibrate = bw_get_flag(r);
    options->importance = (int)bw_get_within(r, bw_get_u32(r), 0, 100);
    options->context_count = (int)bw_get_within(r, bw_get_u8(r), 0, BW_MAX_CONTEXT_SIGMAS);
    for (int i = 0; i < options->context_count; i++)
        options->context_sigmas[i] = bw_get_number(r, i ? options->context_sigmas[i - 1] : BW_MIN_SIGMA, BW_MAX_SIGMA);
    options->refine = (int)bw_get_within(r, bw_get_u8(r), 0, BW_MAX_REFINE);
}

static void get_images(bw_reader *r, bw_model *model) {
    const int64_t longest = (int64_t)1 << 31;
    for (int i = 0; i < model->image_count; i++) {
        bw_training_image *image = &model->images[i];
        bw_get_string(r, image->name, sizeof image->name);
        image->hash = bw_get_u64(r);
        image->width = bw_get_within(r, (int64_t)bw_get_u64(r), 1, longest);
        image->height = bw_get_within(r, (int64_t)bw_get_u64(r), 1, longest);
        image->depth = bw_get_within(r, (int64_t)bw_get_u64(r), 1, longest);
        image->channels = (int)bw_get_within(r, bw_get_u32(r), 1, BW_MAX_CHANNELS);
        image->frames = (int)bw_get_within(r, bw_get_u32(r), 1, INT32_MAX);
        bw_get_counts(r, image->labels, model->classes);
    }
}

/* Until version 2 zeros: nothing is refined. */
static bw_status get_spread(bw_context *ctx, bw_reader *r, int version, bw_model *model) {
    const int channels = bw_recipe_get_options(model->recipe)->channels;
    model->spread = bw_calloc(ctx, (uint64_t)channels, sizeof *model->spread, "pixel statistics");
    if (!model->spread) return BW_ERROR_MEMORY;
    for (int c = 0; version >= 3 && c < channels; c++) {
        model->spread[c] = bw_get_f32(r);
        if (!(model->spread[c] >= 0 && model->spread[c] <= FLT_MAX)) r->failed = 1;
    }
    return BW_OK;
}

static bw_status get_shares(bw_context *ctx, bw_reader *r, double low, double high, int n, double **out) {
    if (bw_reader_left(r) / 8 < (uint64_t)n) r->failed = 1;
    if (r->failed) return BW_OK;
    *out = bw_calloc(ctx, (uint64_t)n, sizeof **out, "a report");
    if (!*out) return BW_ERROR_MEMORY;
    for (int i = 0; i < n; i++)
        (*out)[i] = bw_get_number(r, low, high);
    return BW_OK;
}

/* Until version 2 a count and a confusion matrix, without probabilities. */
static bw_status get_confusion(bw_context *ctx, bw_reader *r, bw_model *model) {
    BW_TRY(bw_assessment_create(ctx, model->classes, &model->out_of_bag));
    int64_t left = bw_get_within(r, (int64_t)bw_get_u64(r), 0, most_assessed);
    for (int i = 0; i < model->classes * model->classes; i++) {
        const int64_t n = bw_get_within(r, (int64_t)bw_get_u64(r), 0, left);
        bw_assessment_add_pair(model->out_of_bag, i / model->classes, i % model->classes, n);
        left -= n;
    }
    if (left) r->failed = 1;
    return BW_OK;
}

static bw_status get_importance(bw_context *ctx, bw_reader *r, int version, bw_model *model) {
    const int features = bw_model_feature_count(model);
    if (bw_get_u32(r) != (uint32_t)features) r->failed = 1;
    BW_TRY(get_shares(ctx, r, 0, 1 + 1e-9, features, &model->gini));
    if (version < 3 || !bw_get_flag(r)) return BW_OK;
    return get_shares(ctx, r, -1, 1, features, &model->permutation);
}

static bw_status get_assessments(bw_context *ctx, bw_reader *r, bw_model *model) {
    BW_TRY(bw_assessment_get(ctx, r, &model->out_of_bag));
    if (!bw_get_flag(r)) return BW_OK;
    if (model->options.holdout.kind == BW_HOLDOUT_NONE) r->failed = 1;
    return bw_assessment_get(ctx, r, &model->held_out);
}

static bw_status get_report(bw_context *ctx, bw_reader *r, int version, const char *name, bw_model *model) {
    model->class_counts = bw_calloc(ctx, (uint64_t)model->classes, sizeof(int64_t), "a report");
    if (!model->class_counts) return BW_ERROR_MEMORY;
    bw_get_counts(r, model->class_counts, model->classes);
    if (version < 3) BW_TRY(get_confusion(ctx, r, model));
    BW_TRY(get_importance(ctx, r, version, model));
    if (r->failed) return bw_container_damaged(ctx, name, "training report");
    if (version >= 3) BW_TRY(get_assessments(ctx, r, model));
    const int classes = bw_assessment_classes(model->out_of_bag);
    if (r->failed || classes != model->classes ||
        (model->held_out && bw_assessment_classes(model->held_out) != model->classes))
        return bw_container_damaged(ctx, name, "training report");
    return BW_OK;
}

static bw_status check_forest(bw_context *ctx, const char *name, const bw_model *model, const bw_forest *forest,
                              int features) {
    if (bw_forest_classes(forest) == model->classes && bw_forest_features(forest) == features) return BW_OK;
    return bw_container_damaged(ctx, name, "a forest does not belong to the recipe");
}

/* Autocontext: the class probabilities are the channels of an image of the same kind. */
static bw_status get_context(bw_context *ctx, bw_reader *r, int version, const char *name, bw_model *model) {
    const bw_recipe_options *own = bw_recipe_get_options(model->recipe);
    if (!model->options.context_count) return BW_OK;
    BW_TRY(get_recipe(ctx, r, version, name, &model->context));
    const bw_recipe_options *o = bw_recipe_get_options(model->context);
    if (o->channels != model->classes || o->dims != own->dims || memcmp(o->spacing, own->spacing, sizeof o->spacing))
        return bw_container_damaged(ctx, name, "the context does not belong to the recipe");
    BW_TRY(bw_forest_get(ctx, r, &model->first));
    return check_forest(ctx, name, model, model->first, bw_recipe_count(model->recipe));
}

static bw_status get_calibration(bw_context *ctx, bw_reader *r, const char *name, bw_model *model) {
    if (!bw_get_flag(r)) return r->failed ? bw_container_damaged(ctx, name, "calibration") : BW_OK;
    BW_TRY(bw_calibration_get(ctx, r, &model->calibration));
    if (!model->options.calibrate || bw_calibration_classes(model->calibration) != model->classes)
        return bw_container_damaged(ctx, name, "the calibration does not belong to the classes");
    return BW_OK;
}

static bw_status get_classes(bw_context *ctx, bw_reader *r, int version, const char *name, bw_model *model) {
    for (int k = 0; k < model->classes; k++) {
        bw_get_string(r, model->class_info[k].name, sizeof model->class_info[k].name);
        model->class_info[k].colour = (uint32_t)bw_get_within(r, bw_get_u32(r), 0, 0xffffff);
    }
    get_options(r, version, model->classes, &model->options);
    return r->failed ? bw_container_damaged(ctx, name, "classes or options") : BW_OK;
}

static bw_status get_body(bw_context *ctx, bw_reader *r, int version, const char *name, bw_model *model) {
    BW_TRY(get_classes(ctx, r, version, name, model));
    BW_TRY(get_context(ctx, r, version, name, model));
    const int64_t record = 44 + 8 * (int64_t)model->classes, left = (int64_t)bw_reader_left(r);
    const int images = (int)bw_get_within(r, bw_get_u32(r), 0, left / record);
    if (r->failed) return bw_container_damaged(ctx, name, "training images");
    BW_TRY(bw_model_make_images(ctx, model, images));
    get_images(r, model);
    BW_TRY(get_spread(ctx, r, version, model));
    if (r->failed) return bw_container_damaged(ctx, name, "training images");
    BW_TRY(get_report(ctx, r, version, name, model));
    BW_TRY(bw_forest_get(ctx, r, &model->forest));
    BW_TRY(check_forest(ctx, name, model, model->forest, bw_model_feature_count(model)));
    if (bw_forest_trees(model->forest) != model->options.forest.trees)
        return bw_container_damaged(ctx, name, "the forest has another number of trees");
    if (version >= 3) BW_TRY(get_calibration(ctx, r, name, model));
    return bw_reader_left(r) ? bw_container_damaged(ctx, name, "bytes after the end") : BW_OK;
}

static bw_status get_model(bw_context *ctx, bw_reader *r, int version, const char *name, bw_model **out) {
    char engine[32];
    bw_recipe *recipe;
    bw_get_string(r, engine, sizeof engine);
    if (r->failed) return bw_container_damaged(ctx, name, "engine version");
    BW_TRY(get_recipe(ctx, r, version, name, &recipe));
    int classes = (int)bw_get_within(r, bw_get_u16(r), 2, BW_MAX_CLASSES);
    bw_status status =
        r->failed ? bw_container_damaged(ctx, name, "number of classes") : bw_model_create(ctx, classes, out);
    if (status != BW_OK) {
        bw_recipe_free(recipe);
        return status;
    }
    (*out)->recipe = recipe;
    memcpy((*out)->engine, engine, sizeof engine);
    status = get_body(ctx, r, version, name, *out);
    if (status == BW_OK) return BW_OK;
    bw_model_free(*out);
    *out = NULL;
    return status;
}

bw_status bw_model_read_memory(bw_context *ctx, const uint8_t *data, uint64_t size, const char *name, bw_model **out) {
    bw_reader r;
    int version;
    *out = NULL;
    bw_reader_init(&r, data, size);
    BW_TRY(bw_container_open(ctx, &r, BW_CONTAINER_PIXELS, name, &version));
    return get_model(ctx, &r, version, name, out);
}

bw_status bw_model_read(bw_context *ctx, const char *path, bw_model **out) {
    uint8_t *data;
    uint64_t size;
    *out = NULL;
    BW_TRY(bw_container_load(ctx, path, &data, &size));
    bw_status status = bw_model_read_memory(ctx, data, size, path, out);
    bw_free(data);
    return status;
}
