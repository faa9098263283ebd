#include <float.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "pipeline/trainer.h"

struct bw_training {
    const bw_trainer *trainer;
    bw_train_options options;
    bw_sample_set set;
    bw_growth *growth;
};

/* Okabe and Ito's palette, told apart by colour-blind people. */
uint32_t bw_class_colour(int index) {
    static const uint32_t palette[8] = {0x0072b2, 0xe69f00, 0x009e73, 0xcc79a7, 0xd55e00, 0x56b4e9, 0xf0e442, 0x999999};
    return palette[(unsigned)index % 8];
}

/* ---- where a model comes from ------------------------------------------------------------------------------------ */

static void name_classes(const bw_trainer *trainer, bw_model *model) {
    for (int k = 0; k < model->classes; k++) {
        bw_class_info *info = &model->class_info[k];
        *info = trainer->class_info[k];
        if (info->name[0]) continue;
        snprintf(info->name, sizeof info->name, "class %d", k + 1);
        info->colour = bw_class_colour(k);
    }
}

static void list_images(const bw_trainer *trainer, bw_model *model) {
    for (int b = 0; b < trainer->block_count; b++) {
        int64_t *counts = model->images[b].labels;
        memcpy(counts, trainer->blocks[b].image.labels, (size_t)model->classes * sizeof *counts);
        model->images[b] = trainer->blocks[b].image;
        model->images[b].labels = counts;
        for (int k = 0; k < model->classes; k++)
            model->class_counts[k] += counts[k];
    }
}

/* Of each channel, mean over the images. */
static bw_status add_spread(bw_context *ctx, const bw_trainer *trainer, bw_model *model) {
    const int channels = bw_recipe_get_options(trainer->recipe)->channels;
    model->spread = bw_alloc(ctx, (uint64_t)channels, sizeof *model->spread, "pixel statistics");
    if (!model->spread) return BW_ERROR_MEMORY;
    for (int c = 0; c < channels; c++) {
        double sum = 0;
        for (int b = 0; b < trainer->block_count; b++)
            sum += trainer->blocks[b].spread[c] / trainer->block_count;
        model->spread[c] = sum < (double)FLT_MAX ? (float)sum : FLT_MAX;
    }
    return BW_OK;
}

static bw_status copy_forest(bw_context *ctx, const bw_forest *forest, bw_forest **out) {
    bw_writer w;
    bw_reader r;
    bw_writer_init(&w, ctx);
    bw_status status = bw_forest_put(&w, forest);
    bw_reader_init(&r, w.data, w.size);
    if (status == BW_OK) status = bw_forest_get(ctx, &r, out);
    bw_writer_free(&w);
    return status;
}

static int is_complete(const bw_training *training) {
    return bw_growth_tree_count(training->growth) == training->options.forest.trees;
}

/* A model of fewer trees is one of a run that asked for no more, neither checked nor calibrated. */
static void set_options(const bw_training *training, bw_model *model) {
    model->options = training->options;
    if (is_complete(training)) return;
    model->options.forest.trees = bw_growth_tree_count(training->growth);
    model->options.holdout.kind = BW_HOLDOUT_NONE;
    model->options.calibrate = 0;
}

static bw_status add_origin(bw_context *ctx, const bw_training *training, bw_model *model) {
    const bw_trainer *trainer = training->trainer;
    BW_TRY(bw_model_make_images(ctx, model, trainer->block_count));
    model->class_counts = bw_calloc(ctx, (uint64_t)model->classes, sizeof *model->class_counts, "label counts");
    if (!model->class_counts) return BW_ERROR_MEMORY;
    name_classes(trainer, model);
    list_images(trainer, model);
    set_options(training, model);
    BW_TRY(add_spread(ctx, trainer, model));
    BW_TRY(bw_recipe_copy(ctx, trainer->recipe, &model->recipe));
    if (!training->options.context_count) return BW_OK;
    BW_TRY(bw_recipe_copy(ctx, bw_stages_recipe(trainer->stages), &model->context));
    return copy_forest(ctx, bw_stages_first(trainer->stages), &model->first);
}

/* ---- what training found ----------------------------------------------------------------------------------------- */

/* Permutation importance of items, handed to each of their features. */
static bw_status add_permutation(bw_context *ctx, const bw_training *training, bw_model *model) {
    const int features = training->set.samples.features;
    int *group = bw_alloc(ctx, (uint64_t)features, sizeof *group, "importance");
    double *decrease = group ? bw_alloc(ctx, (uint64_t)features, sizeof *decrease, "importance") : NULL;
    model->permutation = decrease ? bw_alloc(ctx, (uint64_t)features, sizeof *decrease, "importance") : NULL;
    bw_status status = model->permutation ? BW_OK : BW_ERROR_MEMORY;
    if (status == BW_OK) {
        int groups = bw_recipe_items(model->recipe, 0, group);
        if (model->context) groups = bw_recipe_items(model->context, groups, group + bw_recipe_count(model->recipe));
        status = bw_growth_importance(ctx, training->growth, group, groups, training->options.importance, decrease);
    }
    for (int f = 0; f < features && status == BW_OK; f++)
        model->permutation[f] = decrease[group[f]];
    bw_free(group);
    bw_free(decrease);
    return status;
}

static bw_status add_importance(bw_context *ctx, const bw_training *training, bw_model *model) {
    model->gini = bw_alloc(ctx, (uint64_t)training->set.samples.features, sizeof *model->gini, "importance");
    if (!model->gini) return BW_ERROR_MEMORY;
    bw_growth_gini(training->growth, model->gini);
    return training->options.importance ? add_permutation(ctx, training, model) : BW_OK;
}

static bw_status calibrate(bw_context *ctx, const bw_training *training, const uint32_t *votes, bw_model *model) {
    const bw_sample_set *set = &training->set;
    if (!training->options.calibrate) return BW_OK;
    return bw_calibration_fit(ctx, set->samples.classes, set->samples.count, votes, set->samples.count, set->labels,
                              set->weights, &model->calibration);
}

static bw_status add_out_of_bag(bw_context *ctx, const bw_training *training, bw_model *model) {
    uint32_t *votes = bw_alloc_votes(ctx, &training->set);
    if (!votes) return BW_ERROR_MEMORY;
    bw_status status = bw_growth_votes(ctx, training->growth, NULL, BW_OUT_OF_BAG, votes);
    if (status == BW_OK) status = bw_assess_votes(ctx, &training->set, votes, &model->out_of_bag);
    if (status == BW_OK && training->options.holdout.kind == BW_HOLDOUT_NONE && is_complete(training))
        status = calibrate(ctx, training, votes, model);
    bw_free(votes);
    return status;
}

/* `growth` has lost its trees afterwards. */
static bw_status add_held_out(bw_context *ctx, const bw_training *training, bw_growth *growth, bw_model *model) {
    const bw_train_options *o = &training->options;
    bw_folds folds;
    BW_TRY(bw_folds_make(ctx, training->trainer, &o->holdout, o->forest.seed, 0, &folds));
    bw_progress_add(ctx, (double)(o->holdout.folds - folds.count) * o->forest.trees); /* of folds that there are not */
    uint32_t *votes = bw_alloc_votes(ctx, &training->set);
    bw_status status = votes ? BW_OK : BW_ERROR_MEMORY;
    if (status == BW_OK) status = bw_hold_out(ctx, growth, &training->set, &folds, o->forest.trees, NULL, votes);
    if (status == BW_OK) status = bw_assess_votes(ctx, &training->set, votes, &model->held_out);
    if (status == BW_OK) status = calibrate(ctx, training, votes, model);
    bw_free(votes);
    bw_folds_close(&folds);
    return status;
}

/* All but what is held out. */
static bw_status add_forest(bw_context *ctx, const bw_training *training, bw_model *model) {
    BW_TRY(add_origin(ctx, training, model));
    BW_TRY(bw_growth_forest(ctx, training->growth, &model->forest));
    BW_TRY(add_importance(ctx, training, model));
    return add_out_of_bag(ctx, training, model);
}

static int holds_out(const bw_training *training) {
    return training->options.holdout.kind != BW_HOLDOUT_NONE && is_complete(training);
}

/* What make_model adds to the progress. */
static double model_units(const bw_training *training) {
    const bw_train_options *o = &training->options;
    const bw_recipe *context = o->context_count ? bw_stages_recipe(training->trainer->stages) : NULL;
    const int items = bw_recipe_item_count(training->trainer->recipe) + (context ? bw_recipe_item_count(context) : 0);
    const double folds = o->holdout.kind == BW_HOLDOUT_NONE ? 0 : (double)o->holdout.folds * o->forest.trees;
    return (double)items * o->importance + folds;
}

/* ---- in steps ---------------------------------------------------------------------------------------------------- */

bw_status bw_training_begin(bw_context *ctx, const bw_trainer *trainer, const bw_train_options *options,
                            bw_training **out) {
    *out = NULL;
    BW_TRY(bw_check(ctx));
    bw_training *training = bw_calloc(ctx, 1, sizeof *training, "a training run");
    if (!training) return BW_ERROR_MEMORY;
    training->trainer = trainer;
    bw_train_options *o = &training->options;
    bw_status status = bw_train_options_take(ctx, options, o);
    if (status == BW_OK) status = bw_stages_check(ctx, trainer, o);
    if (status == BW_OK) status = bw_sample_set_open(ctx, trainer, o->stroke_balance, o->context_count, &training->set);
    if (status == BW_OK) status = bw_growth_create(ctx, &training->set.samples, &o->forest, &training->growth);
    if (status != BW_OK) {
        bw_training_free(training);
        return status;
    }
    *out = training;
    return BW_OK;
}

void bw_training_free(bw_training *training) {
    if (!training) return;
    bw_growth_free(training->growth);
    bw_sample_set_close(&training->set);
    bw_free(training);
}

bw_status bw_training_grow(bw_context *ctx, bw_training *training, int trees) {
    const int most = training->options.forest.trees;
    if (trees < 1) return bw_fail(ctx, BW_ERROR_ARGUMENT, "A forest has at least 1 tree, not %d.", trees);
    if (trees > most) trees = most;
    bw_progress_begin(ctx, trees - bw_growth_tree_count(training->growth));
    return bw_growth_trees(ctx, training->growth, trees);
}

/* With `growth` NULL the samples held out are left to another growth, so that this one keeps its trees. */
static bw_status make_model(bw_context *ctx, const bw_training *training, bw_growth *growth, bw_model **out) {
    bw_model *model;
    bw_growth *other = NULL;
    *out = NULL;
    BW_TRY(bw_model_create(ctx, training->set.samples.classes, &model));
    bw_status status = add_forest(ctx, training, model);
    if (status == BW_OK && holds_out(training)) {
        if (!growth) status = bw_growth_create(ctx, &training->set.samples, &training->options.forest, &other);
        if (status == BW_OK) status = add_held_out(ctx, training, growth ? growth : other, model);
    }
    bw_growth_free(other);
    if (status == BW_OK)
        *out = model;
    else
        bw_model_free(model);
    return status;
}

bw_status bw_training_model(bw_context *ctx, const bw_training *training, bw_model **out) {
    *out = NULL;
    BW_TRY(bw_check(ctx));
    if (!bw_growth_tree_count(training->growth))
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "There is no model yet: no tree has been grown.");
    bw_progress_begin(ctx, model_units(training) + 1);
    bw_progress_add(ctx, 1); /* there may be nothing else to do */
    return make_model(ctx, training, NULL, out);
}

bw_status bw_trainer_train(bw_context *ctx, const bw_trainer *trainer, const bw_train_options *options,
                           bw_model **out) {
    bw_training *training;
    *out = NULL;
    BW_TRY(bw_training_begin(ctx, trainer, options, &training));
    const int trees = training->options.forest.trees;
    bw_progress_begin(ctx, trees + model_units(training));
    bw_status status = bw_growth_trees(ctx, training->growth, trees);
    if (status == BW_OK) status = make_model(ctx, training, training->growth, out);
    bw_training_free(training);
    return status;
}
