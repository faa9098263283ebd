#include <stdio.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "core/text.h"
#include "model/model.h"

enum { MOST_IMPORTANT = 10 };

/* A feature and its importance, for ranking. */
typedef struct bw_ranked {
    int feature;
    double share;
} bw_ranked;

static int by_share(const void *left, const void *right) {
    const bw_ranked *a = left, *b = right;
    if (a->share != b->share) return a->share < b->share ? 1 : -1;
    return a->feature - b->feature;
}

static bw_status rank(bw_context *ctx, const bw_model *model, bw_ranked **out) {
    *out = bw_alloc(ctx, (uint64_t)model->report.features, sizeof **out, "a report");
    if (!*out) return BW_ERROR_MEMORY;
    for (int f = 0; f < model->report.features; f++)
        (*out)[f] = (bw_ranked){f, model->report.importance[f]};
    qsort(*out, (size_t)model->report.features, sizeof **out, by_share);
    return BW_OK;
}

static const char *balance_name(const bw_model *model) {
    return model->options.balance == BW_BALANCE_CLASSES ? "classes" : "none";
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

static bw_status add_spacing(bw_text *t, const bw_recipe_options *options) {
    for (int axis = 0; axis < 3; axis++) {
        if (axis) BW_TRY(bw_text_add(t, " x "));
        BW_TRY(bw_text_number(t, options->spacing[axis]));
    }
    return bw_text_add(t, " (x, y, z)\n");
}

static bw_status text_recipe(bw_text *t, const bw_model *model) {
    const bw_recipe_options *options = bw_recipe_get_options(model->recipe);
    char *features;
    BW_TRY(bw_recipe_format(t->ctx, model->recipe, &features));
    bw_status status = bw_text_add(t, "Brushwood model (engine %s)\nFeatures: %s\n", model->engine, features);
    bw_string_free(features);
    BW_TRY(status);
    BW_TRY(bw_text_add(t, "Feature images: %d (%dD by default), for images of %d channel%s, voxel ratio ",
                       bw_recipe_count(model->recipe), options->dims, options->channels,
                       options->channels == 1 ? "" : "s"));
    return add_spacing(t, options);
}

static bw_status text_forest(bw_text *t, const bw_model *model) {
    const bw_forest_options *o = &model->options;
    char depth[24] = "unlimited", mtry[24] = "square root";
    if (o->max_depth) snprintf(depth, sizeof depth, "%d", o->max_depth);
    if (o->mtry) snprintf(mtry, sizeof mtry, "%d", o->mtry);
    return bw_text_add(
        t,
        "Forest: %d trees, %lld nodes, features per split %s, depth %s, minimum leaf %d, balance %s, seed "
        "%llu\n",
        bw_forest_trees(model->forest), (long long)bw_forest_nodes(model->forest), mtry, depth, o->min_leaf,
        balance_name(model), (unsigned long long)o->seed);
}

static bw_status text_classes(bw_text *t, const bw_model *model) {
    BW_TRY(bw_text_add(t, "\nClass                     colour    labelled pixels\n"));
    for (int k = 0; k < model->classes; k++)
        BW_TRY(bw_text_add(t, "%d %-23s #%06x %12lld\n", k + 1, model->class_info[k].name,
                           (unsigned)model->class_info[k].colour, (long long)model->report.class_counts[k]));
    return BW_OK;
}

static bw_status text_confusion(bw_text *t, const bw_model *model) {
    const double error = bw_model_oob_error(model);
    if (error < 0) return bw_text_add(t, "\nOut-of-bag error: not known (too few samples)\n");
    BW_TRY(bw_text_add(t, "\nOut-of-bag error: "));
    char percent[32];
    snprintf(percent, sizeof percent, "%lld.%02lld", (long long)(error * 100), (long long)(error * 10000 + 0.5) % 100);
    BW_TRY(
        bw_text_add(t,
                    "%s %% of %lld labelled pixels (neighbouring pixels resemble each other, so on new images expect "
                    "more)\nConfusion (rows: label, columns: forest)\n",
                    percent, (long long)model->report.oob_samples));
    for (int row = 0; row < model->classes; row++) {
        BW_TRY(bw_text_add(t, "%3d", row + 1));
        for (int column = 0; column < model->classes; column++)
            BW_TRY(bw_text_add(t, " %8lld", (long long)model->report.confusion[row * model->classes + column]));
        BW_TRY(bw_text_add(t, "\n"));
    }
    return BW_OK;
}

static bw_status text_importance(bw_text *t, const bw_model *model, const bw_ranked *ranked) {
    char name[160];
    BW_TRY(bw_text_add(t, "\nMost important features (share of the forest's Gini decrease)\n"));
    for (int i = 0; i < MOST_IMPORTANT && i < model->report.features; i++) {
        bw_recipe_name(model->recipe, ranked[i].feature, name, sizeof name);
        const int tenths = (int)(ranked[i].share * 1000 + 0.5);
        BW_TRY(bw_text_add(t, "%3d.%d %%  %s\n", tenths / 10, tenths % 10, name));
    }
    return BW_OK;
}

static bw_status text_images(bw_text *t, const bw_model *model) {
    BW_TRY(bw_text_add(t, "\nTrained on\n"));
    for (int i = 0; i < model->image_count; i++) {
        const bw_training_image *image = &model->images[i];
        int64_t labelled = 0;
        for (int k = 0; k < model->classes; k++)
            labelled += image->labels[k];
        BW_TRY(bw_text_add(t, "%s: %lld x %lld x %lld, %d channel%s, %d frame%s, %lld labelled pixels, hash %016llx\n",
                           image->name[0] ? image->name : "(unnamed)", (long long)image->width,
                           (long long)image->height, (long long)image->depth, image->channels,
                           image->channels == 1 ? "" : "s", image->frames, image->frames == 1 ? "" : "s",
                           (long long)labelled, (unsigned long long)image->hash));
    }
    return BW_OK;
}

static bw_status describe_text(bw_text *t, const bw_model *model, const bw_ranked *ranked) {
    BW_TRY(text_recipe(t, model));
    BW_TRY(text_forest(t, model));
    BW_TRY(text_classes(t, model));
    BW_TRY(text_confusion(t, model));
    BW_TRY(text_importance(t, model, ranked));
    return text_images(t, model);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

static bw_status json_key(bw_text *t, const char *separator, const char *key) {
    BW_TRY(bw_text_add(t, "%s", separator));
    BW_TRY(bw_text_json_string(t, key));
    return bw_text_add(t, ": ");
}

static bw_status json_int(bw_text *t, const char *separator, const char *key, int64_t value) {
    BW_TRY(json_key(t, separator, key));
    return bw_text_add(t, "%lld", (long long)value);
}

static bw_status json_string(bw_text *t, const char *separator, const char *key, const char *value) {
    BW_TRY(json_key(t, separator, key));
    return bw_text_json_string(t, value);
}

static bw_status json_number(bw_text *t, const char *separator, const char *key, double value) {
    BW_TRY(json_key(t, separator, key));
    return bw_text_number(t, value);
}

static bw_status json_counts(bw_text *t, const int64_t *counts, int n) {
    for (int i = 0; i < n; i++)
        BW_TRY(bw_text_add(t, "%s%lld", i ? ", " : "[", (long long)counts[i]));
    return bw_text_add(t, "]");
}

static bw_status json_features(bw_text *t, const bw_model *model) {
    char name[160];
    BW_TRY(json_key(t, ",\n  ", "feature_images"));
    for (int f = 0; f < bw_recipe_count(model->recipe); f++) {
        const bw_feature_info *info = bw_recipe_get(model->recipe, f);
        bw_recipe_name(model->recipe, f, name, sizeof name);
        BW_TRY(json_string(t, f ? ",\n    {" : "[\n    {", "name", name));
        BW_TRY(json_string(t, ", ", "id", bw_feature_row_get(info->row)->id));
        BW_TRY(json_number(t, ", ", "sigma", info->sigma));
        BW_TRY(json_int(t, ", ", "dims", info->dims));
        BW_TRY(json_int(t, ", ", "channel", info->channel + 1));
        BW_TRY(json_int(t, ", ", "output", info->output + 1));
        BW_TRY(json_number(t, ", ", "importance", model->report.importance[f]));
        BW_TRY(bw_text_add(t, "}"));
    }
    return bw_text_add(t, "]");
}

static bw_status json_recipe(bw_text *t, const bw_model *model) {
    const bw_recipe_options *options = bw_recipe_get_options(model->recipe);
    char *features;
    BW_TRY(json_string(t, "{\n  ", "engine", model->engine));
    BW_TRY(json_int(t, ",\n  ", "format", BW_MODEL_VERSION));
    BW_TRY(bw_recipe_format(t->ctx, model->recipe, &features));
    bw_status status = json_string(t, ",\n  ", "features", features);
    bw_string_free(features);
    BW_TRY(status);
    BW_TRY(json_int(t, ",\n  ", "channels", options->channels));
    BW_TRY(json_int(t, ",\n  ", "dims", options->dims));
    BW_TRY(json_key(t, ",\n  ", "spacing_xyz"));
    for (int axis = 0; axis < 3; axis++) {
        BW_TRY(bw_text_add(t, axis ? ", " : "["));
        BW_TRY(bw_text_number(t, options->spacing[axis]));
    }
    BW_TRY(bw_text_add(t, "]"));
    BW_TRY(json_string(t, ",\n  ", "normalisation", "none"));
    return json_features(t, model);
}

static bw_status json_classes(bw_text *t, const bw_model *model) {
    char colour[16];
    BW_TRY(json_key(t, ",\n  ", "classes"));
    for (int k = 0; k < model->classes; k++) {
        snprintf(colour, sizeof colour, "#%06x", (unsigned)model->class_info[k].colour);
        BW_TRY(json_string(t, k ? ",\n    {" : "[\n    {", "name", model->class_info[k].name));
        BW_TRY(json_string(t, ", ", "colour", colour));
        BW_TRY(json_int(t, ", ", "labelled_pixels", model->report.class_counts[k]));
        BW_TRY(bw_text_add(t, "}"));
    }
    return bw_text_add(t, "]");
}

static bw_status json_forest(bw_text *t, const bw_model *model) {
    const bw_forest_options *o = &model->options;
    BW_TRY(json_key(t, ",\n  ", "forest"));
    BW_TRY(json_int(t, "{", "trees", bw_forest_trees(model->forest)));
    BW_TRY(json_int(t, ", ", "nodes", bw_forest_nodes(model->forest)));
    BW_TRY(json_int(t, ", ", "mtry", o->mtry));
    BW_TRY(json_int(t, ", ", "max_depth", o->max_depth));
    BW_TRY(json_int(t, ", ", "min_leaf", o->min_leaf));
    BW_TRY(json_string(t, ", ", "balance", balance_name(model)));
    BW_TRY(json_key(t, ", ", "seed"));
    return bw_text_add(t, "%llu}", (unsigned long long)o->seed);
}

static bw_status json_report(bw_text *t, const bw_model *model) {
    const double error = bw_model_oob_error(model);
    BW_TRY(json_key(t, ",\n  ", "out_of_bag"));
    BW_TRY(json_int(t, "{", "samples", model->report.oob_samples));
    BW_TRY(json_key(t, ", ", "error"));
    if (error < 0)
        BW_TRY(bw_text_add(t, "null"));
    else
        BW_TRY(bw_text_number(t, error));
    BW_TRY(json_key(t, ", ", "confusion"));
    for (int row = 0; row < model->classes; row++) {
        BW_TRY(bw_text_add(t, row ? ", " : "["));
        BW_TRY(json_counts(t, model->report.confusion + row * model->classes, model->classes));
    }
    return bw_text_add(t, "]}");
}

static bw_status json_images(bw_text *t, const bw_model *model) {
    char hash[24];
    BW_TRY(json_key(t, ",\n  ", "images"));
    BW_TRY(bw_text_add(t, "["));
    for (int i = 0; i < model->image_count; i++) {
        const bw_training_image *image = &model->images[i];
        snprintf(hash, sizeof hash, "%016llx", (unsigned long long)image->hash);
        BW_TRY(json_string(t, i ? ",\n    {" : "\n    {", "name", image->name));
        BW_TRY(json_string(t, ", ", "hash", hash));
        BW_TRY(json_int(t, ", ", "width", image->width));
        BW_TRY(json_int(t, ", ", "height", image->height));
        BW_TRY(json_int(t, ", ", "depth", image->depth));
        BW_TRY(json_int(t, ", ", "channels", image->channels));
        BW_TRY(json_int(t, ", ", "frames", image->frames));
        BW_TRY(json_key(t, ", ", "labelled_pixels"));
        BW_TRY(json_counts(t, image->labels, model->classes));
        BW_TRY(bw_text_add(t, "}"));
    }
    return bw_text_add(t, "]\n}\n");
}

static bw_status describe_json(bw_text *t, const bw_model *model) {
    BW_TRY(json_recipe(t, model));
    BW_TRY(json_classes(t, model));
    BW_TRY(json_forest(t, model));
    BW_TRY(json_report(t, model));
    return json_images(t, model);
}

bw_status bw_model_describe(bw_context *ctx, const bw_model *model, bw_describe_format format, char **out) {
    bw_text text;
    bw_ranked *ranked;
    *out = NULL;
    BW_TRY(bw_check(ctx));
    BW_TRY(rank(ctx, model, &ranked));
    bw_text_init(&text, ctx);
    bw_status status = format == BW_DESCRIBE_JSON ? describe_json(&text, model) : describe_text(&text, model, ranked);
    if (status == BW_OK) status = bw_text_take(&text, out);
    bw_text_free(&text);
    bw_free(ranked);
    return status;
}
