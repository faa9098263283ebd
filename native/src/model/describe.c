#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "model/describe.h"

enum {
    MOST_IMPORTANT = 10,
    COLUMNS = 100 /* that the plugin's report window shows; feature lists, file names and matrices may be wider */
};

/* ---- what it is made of ------------------------------------------------------------------------------------------ */

static bw_status add_list(bw_text *t, const double *numbers, int n, const char *separator) {
    for (int i = 0; i < n; i++) {
        if (i) BW_TRY(bw_text_add(t, "%s", separator));
        BW_TRY(bw_text_number(t, numbers[i]));
    }
    return BW_OK;
}

static bw_status text_recipe(bw_text *t, const bw_model *model) {
    const bw_recipe_options *options = bw_recipe_get_options(model->recipe);
    char *features;
    BW_TRY(bw_recipe_format(t->ctx, model->recipe, &features));
    bw_status status = bw_text_add(t, "Brushwood model (engine %s)\nFeatures: %s\n", model->engine, features);
    bw_string_free(features);
    BW_TRY(status);
    BW_TRY(bw_text_add(t, "Feature images: %d (%dD by default), for images of %d channel%s,\n  voxel ratio ",
                       bw_recipe_count(model->recipe), options->dims, options->channels,
                       options->channels == 1 ? "" : "s"));
    BW_TRY(add_list(t, options->spacing, 3, " x "));
    return bw_text_add(t, " (x, y, z)\n");
}

static bw_status text_context(bw_text *t, const bw_model *model) {
    if (!model->context) return BW_OK;
    BW_TRY(bw_text_add(t,
                       "Autocontext: a first forest of %d trees; the second also sees its probabilities,\n"
                       "  smoothed with sigma ",
                       bw_forest_trees(model->first)));
    BW_TRY(add_list(t, model->options.context_sigmas, model->options.context_count, ", "));
    return bw_text_add(t, " (%d feature images more)\n", bw_recipe_count(model->context));
}

static void mtry_words(int mtry, char *text, size_t size) {
    static const char *const special[] = {"square root", "logarithm", "all"};
    if (mtry <= 0)
        snprintf(text, size, "%s", special[-mtry]);
    else
        snprintf(text, size, "%d", mtry);
}

static bw_status text_forest(bw_text *t, const bw_model *model) {
    const bw_forest_options *o = &model->options.forest;
    char depth[24] = "unlimited", mtry[24];
    mtry_words(o->mtry, mtry, sizeof mtry);
    if (o->max_depth) snprintf(depth, sizeof depth, "%d", o->max_depth);
    return bw_text_add(t,
                       "Forest: %d trees, %lld nodes, depth %s, balance %s, seed %llu,\n"
                       "  minimum leaf %d, features per split %s, %s\n",
                       bw_forest_trees(model->forest), (long long)bw_forest_nodes(model->forest), depth,
                       bw_describe_balance(o->balance), (unsigned long long)o->seed, o->min_leaf, mtry,
                       o->extra ? "random thresholds (extremely randomised)" : "best thresholds");
}

/* Columns of the last line (its bytes: text_weights adds ASCII alone). */
static size_t column(const bw_text *t) {
    size_t start = t->size;
    while (start && t->data[start - 1] != '\n')
        start--;
    return t->size - start;
}

static bw_status text_weights(bw_text *t, const bw_model *model) {
    BW_TRY(bw_text_add(t, ";\n  weights of the classes "));
    for (int k = 0; k < model->classes; k++) {
        if (k) BW_TRY(bw_text_add(t, column(t) > COLUMNS - BW_NUMBER_ROOM ? " :\n  " : " : "));
        BW_TRY(bw_text_number(t, (double)model->options.forest.class_weights[k]));
    }
    return BW_OK;
}

static bw_status text_drawing(bw_text *t, const bw_model *model) {
    const bw_train_options *o = &model->options;
    char percent[BW_NUMBER_ROOM];
    if (o->forest.bootstrap > 0)
        BW_TRY(bw_text_add(t, "Samples: every tree draws %s of them with replacement",
                           bw_describe_percent(percent, o->forest.bootstrap)));
    else
        BW_TRY(bw_text_add(t, "Samples: every tree sees all of them"));
    if (o->forest.balance == BW_BALANCE_CUSTOM) BW_TRY(text_weights(t, model));
    if (o->stroke_balance > 0) {
        BW_TRY(bw_text_add(t, ";\n  a stroke of n pixels weighs as n^"));
        BW_TRY(bw_text_number(t, 1 - o->stroke_balance));
    }
    return bw_text_add(t, "\n");
}

static bw_status text_probabilities(bw_text *t, const bw_model *model) {
    if (!model->calibration)
        BW_TRY(bw_text_add(t, "Probabilities: shares of the trees' votes, not calibrated"));
    else
        BW_TRY(bw_text_add(t, "Probabilities: calibrated on %s pixels by isotonic regression",
                           model->options.holdout.kind == BW_HOLDOUT_NONE ? "out-of-bag" : "held-out"));
    if (model->options.refine)
        BW_TRY(bw_text_add(t, ";\n  prediction smooths them along the image's structures (guided filter, radius %d)",
                           model->options.refine));
    return bw_text_add(t, "\n");
}

static bw_status text_classes(bw_text *t, const bw_model *model) {
    BW_TRY(bw_text_add(t, "\n    Class                   colour    labelled pixels\n"));
    for (int k = 0; k < model->classes; k++) {
        BW_TRY(bw_text_add(t, "%3d ", k + 1));
        BW_TRY(bw_describe_padded(t, model->class_info[k].name, 24));
        BW_TRY(
            bw_text_add(t, "#%06x %18lld\n", (unsigned)model->class_info[k].colour, (long long)model->class_counts[k]));
    }
    return BW_OK;
}

/* ---- how far to trust it ----------------------------------------------------------------------------------------- */

static bw_status text_error(bw_text *t, const bw_model *model, const bw_assessment *a, const char *what,
                            const char *remark) {
    bw_summary s;
    char number[BW_NUMBER_ROOM];
    bw_assessment_summary(a, &s);
    BW_TRY(bw_text_add(t, "%s: %s of %lld labelled pixels", what, bw_describe_percent(number, bw_assessment_error(a)),
                       (long long)s.pixels));
    BW_TRY(bw_text_add(t, ", mean IoU %s", bw_describe_percent(number, s.mean_iou)));
    if (s.with_probability)
        BW_TRY(bw_text_add(t, ",\n  calibration error %s%s", bw_describe_percent(number, s.calibration_error),
                           model->calibration ? " before calibration" : ""));
    return bw_text_add(t, "\n  (%s)\n", remark);
}

static bw_status text_out_of_bag(bw_text *t, const bw_model *model) {
    if (bw_model_oob_error(model) >= 0)
        return text_error(
            t, model, model->out_of_bag, "\nOut-of-bag error",
            "flatters: trees saw the neighbours of these pixels, which are alike; expect more on new images");
    return bw_text_add(t, "\nOut-of-bag error: not known (%s)\n",
                       model->options.forest.bootstrap > 0 ? "too few samples" : "every tree saw all samples");
}

static bw_status text_held_out(bw_text *t, const bw_model *model) {
    static const char *const remarks[] = {
        [BW_HOLDOUT_SAMPLES] = "flatters as well: single pixels were held out, and their neighbours were seen",
        [BW_HOLDOUT_STROKES] = "closer to new images: no tree saw a pixel of the stroke",
        [BW_HOLDOUT_BLOCKS] = "closer to new images: no tree saw a pixel of the block",
        [BW_HOLDOUT_IMAGES] = "what new images give: no tree saw a pixel of the image",
    };
    const bw_holdout *holdout = &model->options.holdout;
    char what[96];
    if (!model->held_out) return BW_OK;
    snprintf(what, sizeof what, "Held-out error (%s, %s%d folds)", bw_describe_holdout(holdout->kind),
             holdout->kind == BW_HOLDOUT_IMAGES ? "at most " : "", holdout->folds);
    return text_error(t, model, model->held_out, what, remarks[holdout->kind]);
}

static bw_status text_trust(bw_text *t, const bw_model *model) {
    const bw_assessment *best = model->held_out ? model->held_out : model->out_of_bag;
    bw_summary summary;
    BW_TRY(text_out_of_bag(t, model));
    BW_TRY(text_held_out(t, model));
    bw_assessment_summary(best, &summary);
    if (!summary.pixels) return BW_OK;
    BW_TRY(bw_text_add(t, "\nOn %s pixels:\n", model->held_out ? "held-out" : "out-of-bag"));
    return bw_assessment_tables(t, best, model);
}

/* ---- importance -------------------------------------------------------------------------------------------------- */

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

/* Whether the feature belongs to the same item (a row at a sigma on a channel) as the one before. */
static int continues_item(const bw_model *model, int feature) {
    const int own = bw_recipe_count(model->recipe), context = feature >= own;
    const bw_recipe *recipe = context ? model->context : model->recipe;
    const int index = context ? feature - own : feature;
    const bw_feature_info *a = bw_recipe_get(recipe, index - 1), *b = bw_recipe_get(recipe, index);
    return a && a->row == b->row && a->sigma == b->sigma && a->dims == b->dims && a->channel == b->channel;
}

/* Permutation importance is that of an item and is listed once. */
static int rank(const bw_model *model, bw_ranked *ranked) {
    int count = 0;
    for (int f = 0; f < bw_model_feature_count(model); f++) {
        if (model->permutation && continues_item(model, f)) continue;
        ranked[count++] = (bw_ranked){f, model->permutation ? model->permutation[f] : model->gini[f]};
    }
    qsort(ranked, (size_t)count, sizeof *ranked, by_share);
    return count;
}

static bw_status list_important(bw_text *t, const bw_model *model, bw_ranked *ranked) {
    const int count = rank(model, ranked);
    for (int i = 0; i < MOST_IMPORTANT && i < count; i++) {
        char name[256], number[BW_NUMBER_ROOM];
        bw_model_feature_name(model, ranked[i].feature, name, sizeof name);
        BW_TRY(bw_text_add(t, "%9s  %s\n", bw_describe_percent(number, ranked[i].share), name));
    }
    return BW_OK;
}

static bw_status text_importance(bw_text *t, const bw_model *model) {
    BW_TRY(bw_text_add(t, "\nMost important features (%s)\n",
                       model->permutation ? "loss of out-of-bag accuracy when the feature with all outputs is permuted"
                                          : "share of the forest's Gini decrease"));
    const uint64_t features = (uint64_t)bw_model_feature_count(model);
    bw_ranked *ranked = bw_alloc(t->ctx, features, sizeof *ranked, "a report");
    if (!ranked) return BW_ERROR_MEMORY;
    bw_status status = list_important(t, model, ranked);
    bw_free(ranked);
    return status;
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

static bw_status describe_text(bw_text *t, const bw_model *model) {
    BW_TRY(text_recipe(t, model));
    BW_TRY(text_context(t, model));
    BW_TRY(text_forest(t, model));
    BW_TRY(text_drawing(t, model));
    BW_TRY(text_probabilities(t, model));
    BW_TRY(text_classes(t, model));
    BW_TRY(text_trust(t, model));
    BW_TRY(text_importance(t, model));
    return text_images(t, model);
}

bw_status bw_model_describe(bw_context *ctx, const bw_model *model, bw_describe_format format, char **out) {
    bw_text text;
    *out = NULL;
    BW_TRY(bw_check(ctx));
    bw_text_init(&text, ctx);
    bw_status status = format == BW_DESCRIBE_JSON  ? bw_model_json(&text, model)
                       : format == BW_DESCRIBE_CSV ? bw_model_csv(&text, model)
                                                   : describe_text(&text, model);
    if (status == BW_OK) status = bw_text_take(&text, out);
    bw_text_free(&text);
    return status;
}
