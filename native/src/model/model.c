#include "model/model.h"

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
    bw_forest_report_free(&model->report);
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

double bw_model_oob_error(const bw_model *model) {
    int64_t right = 0;
    if (!model->report.oob_samples) return -1;
    for (int k = 0; k < model->classes; k++)
        right += model->report.confusion[k * model->classes + k];
    return 1 - (double)right / (double)model->report.oob_samples;
}
