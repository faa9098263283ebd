#include "model/container.h"
#include "model/model.h"

static bw_status put_recipe(bw_writer *w, const bw_recipe *recipe) {
    const bw_recipe_options *options = bw_recipe_get_options(recipe);
    char *text;
    BW_TRY(bw_recipe_format(w->ctx, recipe, &text));
    bw_status status = bw_put_string(w, text);
    bw_string_free(text);
    if (status == BW_OK) status = bw_put_u16(w, (uint16_t)options->channels);
    if (status == BW_OK) status = bw_put_u8(w, (uint8_t)options->dims);
    for (int axis = 0; axis < 3 && status == BW_OK; axis++)
        status = bw_put_f64(w, options->spacing[axis]);
    return status;
}

static bw_status put_classes(bw_writer *w, const bw_model *model) {
    BW_TRY(bw_put_u16(w, (uint16_t)model->classes));
    for (int k = 0; k < model->classes; k++) {
        BW_TRY(bw_put_string(w, model->class_info[k].name));
        BW_TRY(bw_put_u32(w, model->class_info[k].colour));
    }
    return BW_OK;
}

bw_status bw_forest_options_put(bw_writer *w, const bw_forest_options *options, int classes) {
    BW_TRY(bw_put_u32(w, (uint32_t)options->trees));
    BW_TRY(bw_put_u32(w, (uint32_t)options->mtry));
    BW_TRY(bw_put_u32(w, (uint32_t)options->max_depth));
    BW_TRY(bw_put_u32(w, (uint32_t)options->min_leaf));
    BW_TRY(bw_put_f64(w, options->bootstrap));
    BW_TRY(bw_put_u8(w, options->extra != 0));
    BW_TRY(bw_put_u8(w, (uint8_t)options->balance));
    for (int k = 0; options->balance == BW_BALANCE_CUSTOM && k < classes; k++)
        BW_TRY(bw_put_f32(w, options->class_weights[k]));
    return bw_put_u64(w, options->seed);
}

static bw_status put_options(bw_writer *w, const bw_train_options *options, int classes) {
    BW_TRY(bw_forest_options_put(w, &options->forest, classes));
    BW_TRY(bw_put_f64(w, options->stroke_balance));
    BW_TRY(bw_put_u8(w, (uint8_t)options->holdout.kind));
    BW_TRY(bw_put_u32(w, (uint32_t)options->holdout.folds));
    BW_TRY(bw_put_u64(w, (uint64_t)options->holdout.block));
    BW_TRY(bw_put_u8(w, options->calibrate != 0));
    BW_TRY(bw_put_u32(w, (uint32_t)options->importance));
    BW_TRY(bw_put_u8(w, (uint8_t)options->context_count));
    for (int i = 0; i < options->context_count; i++)
        BW_TRY(bw_put_f64(w, options->context_sigmas[i]));
    return bw_put_u8(w, (uint8_t)options->refine);
}

static bw_status put_context(bw_writer *w, const bw_model *model) {
    if (!model->options.context_count) return BW_OK;
    BW_TRY(put_recipe(w, model->context));
    return bw_forest_put(w, model->first);
}

static bw_status put_images(bw_writer *w, const bw_model *model) {
    BW_TRY(bw_put_u32(w, (uint32_t)model->image_count));
    for (int i = 0; i < model->image_count; i++) {
        const bw_training_image *image = &model->images[i];
        const int64_t size[3] = {image->width, image->height, image->depth};
        BW_TRY(bw_put_string(w, image->name));
        BW_TRY(bw_put_u64(w, image->hash));
        BW_TRY(bw_put_counts(w, size, 3));
        BW_TRY(bw_put_u32(w, (uint32_t)image->channels));
        BW_TRY(bw_put_u32(w, (uint32_t)image->frames));
        BW_TRY(bw_put_counts(w, image->labels, model->classes));
    }
    return BW_OK;
}

static bw_status put_numbers(bw_writer *w, const double *numbers, int n) {
    for (int i = 0; i < n; i++)
        BW_TRY(bw_put_f64(w, numbers[i]));
    return BW_OK;
}

static bw_status put_report(bw_writer *w, const bw_model *model) {
    const int features = bw_model_feature_count(model);
    BW_TRY(bw_put_counts(w, model->class_counts, model->classes));
    BW_TRY(bw_put_u32(w, (uint32_t)features));
    BW_TRY(put_numbers(w, model->gini, features));
    BW_TRY(bw_put_u8(w, model->permutation != NULL));
    if (model->permutation) BW_TRY(put_numbers(w, model->permutation, features));
    BW_TRY(bw_assessment_put(w, model->out_of_bag));
    BW_TRY(bw_put_u8(w, model->held_out != NULL));
    return model->held_out ? bw_assessment_put(w, model->held_out) : BW_OK;
}

static bw_status put_calibration(bw_writer *w, const bw_calibration *calibration) {
    BW_TRY(bw_put_u8(w, calibration != NULL));
    return calibration ? bw_calibration_put(w, calibration) : BW_OK;
}

static bw_status put_payload(bw_writer *w, const bw_model *model) {
    BW_TRY(bw_put_string(w, model->engine));
    BW_TRY(put_recipe(w, model->recipe));
    BW_TRY(put_classes(w, model));
    BW_TRY(put_options(w, &model->options, model->classes));
    BW_TRY(put_context(w, model));
    BW_TRY(put_images(w, model));
    for (int c = 0; c < bw_recipe_get_options(model->recipe)->channels; c++)
        BW_TRY(bw_put_f32(w, model->spread[c]));
    BW_TRY(put_report(w, model));
    BW_TRY(bw_forest_put(w, model->forest));
    return put_calibration(w, model->calibration);
}

bw_status bw_model_put(bw_writer *w, const bw_model *model) {
    bw_writer payload;
    bw_writer_init(&payload, w->ctx);
    bw_status status = put_payload(&payload, model);
    if (status == BW_OK) status = bw_container_put(w, BW_CONTAINER_PIXELS, &payload);
    bw_writer_free(&payload);
    return status;
}

bw_status bw_model_write(bw_context *ctx, const bw_model *model, const char *path) {
    bw_writer w;
    BW_TRY(bw_check(ctx));
    bw_writer_init(&w, ctx);
    bw_status status = bw_model_put(&w, model);
    if (status == BW_OK) status = bw_container_store(ctx, path, &w);
    bw_writer_free(&w);
    return status;
}
