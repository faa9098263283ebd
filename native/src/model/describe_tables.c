/* A model as JSON and as CSV; FORMAT.md lists the keys. */
#include <stdio.h>

#include "model/describe.h"

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

static bw_status json_feature(bw_text *t, const bw_model *model, int index) {
    const int own = bw_recipe_count(model->recipe), context = index >= own;
    const bw_feature_info *info =
        context ? bw_recipe_get(model->context, index - own) : bw_recipe_get(model->recipe, index);
    char name[256];
    double gini, permutation;
    bw_model_feature_name(model, index, name, sizeof name);
    bw_model_importance(model, index, &gini, &permutation);
    BW_TRY(bw_json_string(t, index ? ",\n    {" : "[\n    {", "name", name));
    BW_TRY(bw_json_string(t, ", ", "id", bw_feature_row_get(info->row)->id));
    BW_TRY(bw_json_number(t, ", ", "sigma", info->sigma));
    BW_TRY(bw_json_int(t, ", ", "dims", info->dims));
    BW_TRY(bw_json_int(t, ", ", context ? "class" : "channel", info->channel + 1));
    BW_TRY(bw_json_int(t, ", ", "output", info->output + 1));
    BW_TRY(bw_json_number(t, ", ", "importance", gini));
    BW_TRY(bw_json_number(t, ", ", "permutation_importance", permutation));
    return bw_text_add(t, "}");
}

static bw_status json_list(bw_text *t, const char *key, const bw_recipe *recipe) {
    char *features;
    BW_TRY(bw_recipe_format(t->ctx, recipe, &features));
    bw_status status = bw_json_string(t, ",\n  ", key, features);
    bw_string_free(features);
    return status;
}

static bw_status json_recipe(bw_text *t, const bw_model *model) {
    const bw_recipe_options *options = bw_recipe_get_options(model->recipe);
    BW_TRY(bw_json_string(t, "{\n  ", "engine", model->engine));
    BW_TRY(bw_json_int(t, ",\n  ", "format", BW_MODEL_VERSION));
    BW_TRY(json_list(t, "features", model->recipe));
    BW_TRY(bw_json_int(t, ",\n  ", "channels", options->channels));
    BW_TRY(bw_json_int(t, ",\n  ", "dims", options->dims));
    BW_TRY(bw_json_key(t, ",\n  ", "spacing_xyz"));
    for (int axis = 0; axis < 3; axis++) {
        BW_TRY(bw_text_add(t, axis ? ", " : "["));
        BW_TRY(bw_text_number(t, options->spacing[axis]));
    }
    BW_TRY(bw_text_add(t, "]"));
    BW_TRY(bw_json_string(t, ",\n  ", "normalisation", "none"));
    if (model->context) BW_TRY(json_list(t, "context_features", model->context));
    BW_TRY(bw_json_key(t, ",\n  ", "feature_images"));
    for (int f = 0; f < bw_model_feature_count(model); f++)
        BW_TRY(json_feature(t, model, f));
    return bw_text_add(t, "]");
}

static bw_status json_classes(bw_text *t, const bw_model *model) {
    char colour[16];
    BW_TRY(bw_json_key(t, ",\n  ", "classes"));
    for (int k = 0; k < model->classes; k++) {
        snprintf(colour, sizeof colour, "#%06x", (unsigned)model->class_info[k].colour);
        BW_TRY(bw_json_string(t, k ? ",\n    {" : "[\n    {", "name", model->class_info[k].name));
        BW_TRY(bw_json_string(t, ", ", "colour", colour));
        BW_TRY(bw_json_int(t, ", ", "labelled_pixels", model->class_counts[k]));
        BW_TRY(bw_text_add(t, "}"));
    }
    return bw_text_add(t, "]");
}

static bw_status json_weights(bw_text *t, const bw_model *model) {
    if (model->options.forest.balance != BW_BALANCE_CUSTOM) return BW_OK;
    BW_TRY(bw_json_key(t, ", ", "class_weights"));
    for (int k = 0; k < model->classes; k++) {
        BW_TRY(bw_text_add(t, k ? ", " : "["));
        BW_TRY(bw_text_number(t, (double)model->options.forest.class_weights[k]));
    }
    return bw_text_add(t, "]");
}

static bw_status json_forest(bw_text *t, const bw_model *model) {
    const bw_forest_options *o = &model->options.forest;
    BW_TRY(bw_json_key(t, ",\n  ", "forest"));
    BW_TRY(bw_json_int(t, "{", "trees", bw_forest_trees(model->forest)));
    BW_TRY(bw_json_int(t, ", ", "nodes", bw_forest_nodes(model->forest)));
    BW_TRY(bw_json_int(t, ", ", "mtry", o->mtry));
    BW_TRY(bw_json_int(t, ", ", "max_depth", o->max_depth));
    BW_TRY(bw_json_int(t, ", ", "min_leaf", o->min_leaf));
    BW_TRY(bw_json_number(t, ", ", "bootstrap", o->bootstrap));
    BW_TRY(bw_json_bool(t, ", ", "extra", o->extra));
    BW_TRY(bw_json_string(t, ", ", "balance", bw_describe_balance(o->balance)));
    BW_TRY(json_weights(t, model));
    BW_TRY(bw_json_key(t, ", ", "seed"));
    return bw_text_add(t, "%llu}", (unsigned long long)o->seed);
}

static bw_status json_holdout(bw_text *t, const bw_holdout *holdout) {
    BW_TRY(bw_json_key(t, ", ", "holdout"));
    if (holdout->kind == BW_HOLDOUT_NONE) return bw_text_add(t, "null");
    BW_TRY(bw_json_string(t, "{", "kind", bw_describe_holdout(holdout->kind)));
    BW_TRY(bw_json_int(t, ", ", "folds", holdout->folds));
    if (holdout->kind == BW_HOLDOUT_BLOCKS) BW_TRY(bw_json_int(t, ", ", "block", holdout->block));
    return bw_text_add(t, "}");
}

static bw_status json_training(bw_text *t, const bw_model *model) {
    const bw_train_options *o = &model->options;
    BW_TRY(bw_json_key(t, ",\n  ", "training"));
    BW_TRY(bw_json_number(t, "{", "stroke_balance", o->stroke_balance));
    BW_TRY(json_holdout(t, &o->holdout));
    BW_TRY(bw_json_bool(t, ", ", "calibrate", o->calibrate));
    BW_TRY(bw_json_int(t, ", ", "importance_permutations", o->importance));
    BW_TRY(bw_json_key(t, ", ", "context_sigmas"));
    BW_TRY(bw_text_add(t, "["));
    for (int i = 0; i < o->context_count; i++) {
        BW_TRY(bw_text_add(t, i ? ", " : ""));
        BW_TRY(bw_text_number(t, o->context_sigmas[i]));
    }
    BW_TRY(bw_text_add(t, "]"));
    BW_TRY(bw_json_int(t, ", ", "refine", o->refine));
    return bw_text_add(t, "}");
}

static bw_status json_probabilities(bw_text *t, const bw_model *model) {
    BW_TRY(bw_json_bool(t, ",\n  ", "calibrated", model->calibration != NULL));
    BW_TRY(bw_json_key(t, ",\n  ", "spread"));
    for (int c = 0; c < bw_recipe_get_options(model->recipe)->channels; c++) {
        BW_TRY(bw_text_add(t, c ? ", " : "["));
        BW_TRY(bw_text_number(t, (double)model->spread[c]));
    }
    return bw_text_add(t, "]");
}

static bw_status json_assessments(bw_text *t, const bw_model *model) {
    BW_TRY(bw_json_key(t, ",\n  ", "out_of_bag"));
    BW_TRY(bw_assessment_json(t, model->out_of_bag, model));
    BW_TRY(bw_json_key(t, ",\n  ", "held_out"));
    return model->held_out ? bw_assessment_json(t, model->held_out, model) : bw_text_add(t, "null");
}

static bw_status json_images(bw_text *t, const bw_model *model) {
    char hash[24];
    BW_TRY(bw_json_key(t, ",\n  ", "images"));
    BW_TRY(bw_text_add(t, "["));
    for (int i = 0; i < model->image_count; i++) {
        const bw_training_image *image = &model->images[i];
        snprintf(hash, sizeof hash, "%016llx", (unsigned long long)image->hash);
        BW_TRY(bw_json_string(t, i ? ",\n    {" : "\n    {", "name", image->name));
        BW_TRY(bw_json_string(t, ", ", "hash", hash));
        BW_TRY(bw_json_int(t, ", ", "width", image->width));
        BW_TRY(bw_json_int(t, ", ", "height", image->height));
        BW_TRY(bw_json_int(t, ", ", "depth", image->depth));
        BW_TRY(bw_json_int(t, ", ", "channels", image->channels));
        BW_TRY(bw_json_int(t, ", ", "frames", image->frames));
        BW_TRY(bw_json_key(t, ", ", "labelled_pixels"));
        BW_TRY(bw_json_counts(t, image->labels, model->classes));
        BW_TRY(bw_text_add(t, "}"));
    }
    return bw_text_add(t, "]\n}\n");
}

bw_status bw_model_json(bw_text *t, const bw_model *model) {
    BW_TRY(json_recipe(t, model));
    BW_TRY(json_classes(t, model));
    BW_TRY(json_forest(t, model));
    BW_TRY(json_training(t, model));
    BW_TRY(json_probabilities(t, model));
    BW_TRY(json_assessments(t, model));
    return json_images(t, model);
}

/* ---- CSV --------------------------------------------------------------------------------------------------------- */

bw_status bw_model_csv(bw_text *t, const bw_model *model) {
    BW_TRY(bw_text_add(t, "table,feature,gini,permutation\n"));
    for (int f = 0; f < bw_model_feature_count(model); f++) {
        char name[256];
        double gini, permutation;
        bw_model_feature_name(model, f, name, sizeof name);
        bw_model_importance(model, f, &gini, &permutation);
        BW_TRY(bw_text_add(t, "importance"));
        BW_TRY(bw_csv_text(t, name));
        BW_TRY(bw_csv_number(t, gini));
        BW_TRY(bw_csv_number(t, permutation));
        BW_TRY(bw_text_add(t, "\n"));
    }
    BW_TRY(bw_assessment_csv(t, model->out_of_bag, model, "out_of_bag_"));
    return model->held_out ? bw_assessment_csv(t, model->held_out, model, "held_out_") : BW_OK;
}
