#include <stddef.h>

#include "pipeline/trainer.h"

enum { MAX_REPEATS = 100 };

#define USUAL_HOLDOUT                                                                                                  \
    { .kind = BW_HOLDOUT_NONE, .folds = 5, .block = 64 }

/* The first is the default. */
static const bw_forest_preset presets[] = {
    {"brushwood",
     "Brushwood",
     "100 trees grown to purity on bootstrap samples, square root of the features per split; refined probabilities.",
     {.forest = {.trees = 100, .mtry = BW_MTRY_SQRT, .min_leaf = 1, .bootstrap = 1, .seed = 1},
      .holdout = USUAL_HOLDOUT,
      .refine = 8}},
    {"ilastik",
     "ilastik",
     "As ilastik's (vigra): 100 trees to purity, bootstrap, square root of the features per split.",
     {.forest = {.trees = 100, .mtry = BW_MTRY_SQRT, .min_leaf = 1, .bootstrap = 1, .seed = 1},
      .holdout = USUAL_HOLDOUT}},
    {"labkit",
     "Labkit",
     "As Labkit's: 100 trees to purity, bootstrap, floor(log2(features)) + 1 features per split.",
     {.forest = {.trees = 100, .mtry = BW_MTRY_LOG2, .min_leaf = 1, .bootstrap = 1, .seed = 1},
      .holdout = USUAL_HOLDOUT}},
    {"tws",
     "Trainable Weka Segmentation",
     "As Trainable Weka Segmentation's: 200 trees to purity, 2 features per split; it splits by entropy, here by Gini.",
     {.forest = {.trees = 200, .mtry = 2, .min_leaf = 1, .bootstrap = 1, .seed = 1}, .holdout = USUAL_HOLDOUT}},
    {"qupath",
     "QuPath",
     "As QuPath's (OpenCV): 50 trees of depth 25; it splits nodes of 10 samples or more, here leaves have 5 or more.",
     {.forest = {.trees = 50, .mtry = BW_MTRY_SQRT, .max_depth = 25, .min_leaf = 5, .bootstrap = 1, .seed = 1},
      .holdout = USUAL_HOLDOUT}},
};

int bw_forest_preset_count(void) {
    return (int)(sizeof presets / sizeof *presets);
}

const bw_forest_preset *bw_forest_preset_get(int index) {
    return index >= 0 && index < bw_forest_preset_count() ? &presets[index] : NULL;
}

void bw_train_options_init(bw_train_options *options) {
    *options = presets[0].options;
}

static bw_status check_holdout(bw_context *ctx, const bw_holdout *holdout) {
    if (holdout->kind < BW_HOLDOUT_NONE || holdout->kind > BW_HOLDOUT_IMAGES)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "Unknown way to hold out samples: %d.", (int)holdout->kind);
    if (holdout->kind == BW_HOLDOUT_NONE) return BW_OK;
    if (holdout->folds < 2 || holdout->folds > BW_MAX_FOLDS)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "The number of folds must be 2 to %d, not %d.", BW_MAX_FOLDS,
                       holdout->folds);
    if (holdout->kind == BW_HOLDOUT_BLOCKS && holdout->block < 1)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "The edge of a held-out block must be at least 1 pixel, not %lld.",
                       (long long)holdout->block);
    return BW_OK;
}

static bw_status check_context(bw_context *ctx, const bw_train_options *o) {
    if (o->context_count < 0 || o->context_count > BW_MAX_CONTEXT_SIGMAS)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "Autocontext takes 0 to %d sigmas, not %d.", BW_MAX_CONTEXT_SIGMAS,
                       o->context_count);
    for (int s = 0; s < o->context_count; s++) {
        const double sigma = o->context_sigmas[s];
        if (!(sigma >= BW_MIN_SIGMA && sigma <= BW_MAX_SIGMA))
            return bw_fail(ctx, BW_ERROR_ARGUMENT, "A sigma of the autocontext must be %g to %g, not %g.", BW_MIN_SIGMA,
                           BW_MAX_SIGMA, sigma);
        if (s && !(sigma > o->context_sigmas[s - 1]))
            return bw_fail(ctx, BW_ERROR_ARGUMENT, "The sigmas of the autocontext must ascend; %g follows %g.", sigma,
                           o->context_sigmas[s - 1]);
    }
    return BW_OK;
}

/* Without bootstrap every tree has seen every sample. */
static bw_status check_out_of_bag(bw_context *ctx, const bw_train_options *o) {
    if (o->forest.bootstrap != 0) return BW_OK;
    if (o->importance)
        return bw_fail(
            ctx, BW_ERROR_ARGUMENT,
            "Permutation importance is measured on out-of-bag samples, and without bootstrap there are none. "
            "Choose a bootstrap above 0, or no permutations.");
    if (o->calibrate && o->holdout.kind == BW_HOLDOUT_NONE)
        return bw_fail(
            ctx, BW_ERROR_ARGUMENT,
            "Calibration needs samples that trees have not seen. Choose a bootstrap above 0, or a way to hold "
            "out samples.");
    return BW_OK;
}

bw_status bw_train_options_take(bw_context *ctx, const bw_train_options *options, bw_train_options *out) {
    bw_train_options_init(out);
    if (options) *out = *options;
    if (!(out->stroke_balance >= 0 && out->stroke_balance <= 1))
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "The stroke balance must be 0 to 1, not %g.", out->stroke_balance);
    if (out->importance < 0 || out->importance > MAX_REPEATS)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "The permutations per feature must be 0 to %d, not %d.", MAX_REPEATS,
                       out->importance);
    if (out->refine < 0 || out->refine > BW_MAX_REFINE)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "The radius of the refinement must be 0 to %d pixels, not %d.",
                       BW_MAX_REFINE, out->refine);
    BW_TRY(check_holdout(ctx, &out->holdout));
    BW_TRY(check_context(ctx, out));
    return check_out_of_bag(ctx, out);
}
