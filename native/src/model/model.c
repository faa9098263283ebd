#include "model/model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"

bw_status bw_model_create(bw_context *ctx, int classes, bw_model **out) {
    *out = NULL;
    bw_model *model = bw_calloc(ctx, 1, sizeof *model, "a model");
    if (!model) return BW_ERROR_MEMORY;
    bw_utf8_copy(model->engine, sizeof model->engine, BW_VERSION);
    model->classes = classes;
    model->class_info = bw_calloc(ctx, (uint64_t)classes, sizeof *model->class_info, "a model");
    if (!model->class_info) {
        bw_model_free(model);
        return BW_ERROR_MEMORY;
    }
    *out = model;
    return BW_OK;
}

bw_status bw_model_make_images(bw_context *ctx, bw_model *model, int images) {
    model->images = bw_calloc(ctx, (uint64_t)images, sizeof *model->images, "a model");
    if (!model->images) return BW_ERROR_MEMORY;
    for (; model->image_count < images; model->image_count++) {
        int64_t *labels = bw_calloc(ctx, (uint64_t)model->classes, sizeof *labels, "a model");
        if (!labels) return BW_ERROR_MEMORY;
        model->images[model->image_count].labels = labels;
    }
    return BW_OK;
}

void bw_model_free(bw_model *model) {
    if (!model) return;
    for (int i = 0; i < model->image_count; i++)
        bw_free(model->images[i].labels);
    bw_free(model->images);
    bw_free(model->class_info);
    bw_free(model->spread);
    bw_free(model->class_counts);
    bw_free(model->gini);
    bw_free(model->permutation);
    bw_assessment_free(model->out_of_bag);
    bw_assessment_free(model->held_out);
    bw_calibration_free(model->calibration);
    bw_forest_free(model->first);
    bw_recipe_free(model->context);
    bw_forest_free(model->forest);
    bw_recipe_free(model->recipe);
    bw_free(model);
}

const bw_recipe *bw_model_recipe(const bw_model *model) {
    return model->recipe;
}

int bw_model_class_count(const bw_model *model) {
    return model->classes;
}

const bw_class_info *bw_model_class(const bw_model *model, int index) {
    return index >= 0 && index < model->classes ? &model->class_info[index] : NULL;
}

const bw_train_options *bw_model_options(const bw_model *model) {
    return &model->options;
}

const bw_assessment *bw_model_out_of_bag(const bw_model *model) {
    return model->out_of_bag;
}

const bw_assessment *bw_model_held_out(const bw_model *model) {
    return model->held_out;
}

double bw_model_oob_error(const bw_model *model) {
    const double error = bw_assessment_error(model->out_of_bag);
    return isnan(error) ? -1 : error;
}

/* ---- features ---------------------------------------------------------------------------------------------------- */

int bw_model_feature_count(const bw_model *model) {
    return bw_recipe_count(model->recipe) + (model->context ? bw_recipe_count(model->context) : 0);
}

/* The recipe's own name without the channel, which is a class here. */
static void context_name(const bw_model *model, int index, char *text, size_t size) {
    char name[160];
    const bw_feature_info *info = bw_recipe_get(model->context, index);
    if (!info) {
        text[0] = 0;
        return;
    }
    bw_recipe_name(model->context, index, name, sizeof name);
    char *channel = strstr(name, " (channel ");
    if (channel) *channel = 0;
    if (channel)
        snprintf(text, size, "context: class %s %s", model->class_info[info->channel].name, name);
    else
        snprintf(text, size, "context: %s", name);
}

void bw_model_feature_name(const bw_model *model, int index, char *text, size_t size) {
    const int own = bw_recipe_count(model->recipe);
    if (!size) return;
    if (index < own || !model->context)
        bw_recipe_name(model->recipe, index, text, size);
    else
        context_name(model, index - own, text, size);
}

void bw_model_importance(const bw_model *model, int index, double *gini, double *permutation) {
    const int known = index >= 0 && index < bw_model_feature_count(model);
    *gini = known ? model->gini[index] : (double)NAN;
    *permutation = known && model->permutation ? model->permutation[index] : (double)NAN;
}
