#include "core/alloc.h"
#include "core/text.h"
#include "pipeline/trainer.h"

/* A search for few features: from all items, the fifth that matters least goes, until one is left. */
typedef struct bw_search {
    const bw_trainer *trainer;
    const bw_train_options *options;
    bw_sample_set set;
    bw_folds folds; /* none with BW_HOLDOUT_NONE */
    bw_growth *growth;
    uint32_t *votes;
    int features, items, left; /* items still in */
    int *item;                 /* of each feature */
    int *group;                /* of each feature among the items still in; -1 = out */
    int *out_at;               /* step that an item is no longer in; one more than the last step for the last one */
    uint8_t *wanted;           /* of features */
    double *importance;
    bw_selection_step *steps; /* one per item at most */
    int step_count;
} bw_search;

/* ---- a step ------------------------------------------------------------------------------------------------------ */

static void list_wanted(bw_search *s) {
    int number = -1;
    for (int f = 0; f < s->features; f++) {
        const int in = s->out_at[s->item[f]] > s->step_count;
        if (in && (!f || s->item[f] != s->item[f - 1])) number++;
        s->wanted[f] = (uint8_t)in;
        s->group[f] = in ? number : -1;
        s->steps[s->step_count].features += in;
    }
}

static bw_status error_of_votes(bw_context *ctx, const bw_search *s, double *error) {
    bw_assessment *assessment;
    bw_summary summary;
    BW_TRY(bw_assess_votes(ctx, &s->set, s->votes, &assessment));
    bw_assessment_summary(assessment, &summary);
    bw_assessment_free(assessment);
    if (!summary.pixels)
        return bw_fail(ctx, BW_ERROR_ARGUMENT,
                       "Features cannot be selected: no sample is out of bag. Grow more trees.");
    *error = 1 - summary.accuracy;
    return BW_OK;
}

static int repeats_of(const bw_search *s) {
    return s->options->importance ? s->options->importance : 1;
}

static bw_status rank(bw_context *ctx, bw_search *s) {
    BW_TRY(bw_growth_restrict(ctx, s->growth, NULL, s->wanted));
    BW_TRY(bw_growth_trees(ctx, s->growth, s->options->forest.trees));
    return bw_growth_importance(ctx, s->growth, s->group, s->left, repeats_of(s), s->importance);
}

static bw_status measure(bw_context *ctx, bw_search *s, double *error) {
    if (s->options->holdout.kind == BW_HOLDOUT_NONE)
        BW_TRY(bw_growth_votes(ctx, s->growth, NULL, BW_OUT_OF_BAG, s->votes));
    else
        BW_TRY(bw_hold_out(ctx, s->growth, &s->set, &s->folds, s->options->forest.trees, s->wanted, s->votes));
    return error_of_votes(ctx, s, error);
}

/* The item of least importance that is still in; of equal ones the last, which tends to have the largest sigma. */
static int least_important(const bw_search *s) {
    int worst = -1, least = 0;
    for (int f = 0; f < s->features; f++) {
        if (s->out_at[s->item[f]] <= s->step_count + 1) continue;
        if (worst >= 0 && s->importance[s->group[f]] > s->importance[least]) continue;
        worst = s->item[f];
        least = s->group[f];
    }
    return worst;
}

static int dropped(int left) {
    return left / 5 > 1 ? left / 5 : 1;
}

static void drop(bw_search *s) {
    const int count = dropped(s->left);
    for (int n = 0; n < count; n++)
        s->out_at[least_important(s)] = s->step_count + 1;
    s->left -= count;
}

/* What all steps add to the progress. */
static double search_units(const bw_search *s) {
    const double trees = (double)s->options->forest.trees * (1 + s->folds.count);
    double units = 0;
    for (int left = s->left; left; left -= dropped(left))
        units += trees + (double)left * repeats_of(s);
    return units;
}

static bw_status search(bw_context *ctx, bw_search *s) {
    bw_progress_begin(ctx, search_units(s));
    for (; s->left; s->step_count++) {
        list_wanted(s);
        BW_TRY(rank(ctx, s));
        BW_TRY(measure(ctx, s, &s->steps[s->step_count].error));
        drop(s);
    }
    return BW_OK;
}

/* The last step within the tolerance of the best. */
static int choose(bw_search *s, double tolerance) {
    double best = s->steps[0].error;
    int chosen = 0;
    for (int i = 1; i < s->step_count; i++)
        if (s->steps[i].error < best) best = s->steps[i].error;
    for (int i = 0; i < s->step_count; i++)
        if (s->steps[i].error <= best + tolerance) chosen = i;
    s->steps[chosen].chosen = 1;
    return chosen;
}

/* ---- the chosen list --------------------------------------------------------------------------------------------- */

static bw_status add_item(bw_text *text, const bw_feature_info *info) {
    const bw_feature_row *row = bw_feature_row_get(info->row);
    BW_TRY(bw_text_add(text, ";%s", row->id));
    if (row->has_sigma) {
        BW_TRY(bw_text_add(text, ":"));
        BW_TRY(bw_text_number(text, info->sigma));
        if (row->outputs_3d) BW_TRY(bw_text_add(text, "@%dd", info->dims));
    }
    return row->rgb ? BW_OK : bw_text_add(text, "@c%d", info->channel + 1);
}

static bw_status list_items(const bw_search *s, int step, bw_text *text) {
    const bw_recipe *recipe = s->trainer->recipe;
    if (bw_recipe_is_exact(recipe)) BW_TRY(bw_text_add(text, "exact"));
    for (int f = 0; f < s->features; f++) {
        if (s->out_at[s->item[f]] <= step || (f && s->item[f] == s->item[f - 1])) continue;
        BW_TRY(add_item(text, bw_recipe_get(recipe, f)));
    }
    return BW_OK;
}

/* Through the recipe, which knows the canonical text. */
static bw_status format(bw_context *ctx, const bw_search *s, int step, char **out) {
    bw_text text;
    bw_recipe *chosen = NULL;
    bw_text_init(&text, ctx);
    bw_status status = list_items(s, step, &text);
    if (status == BW_OK) status = bw_recipe_parse(ctx, text.data, bw_recipe_get_options(s->trainer->recipe), &chosen);
    if (status == BW_OK) status = bw_recipe_format(ctx, chosen, out);
    bw_recipe_free(chosen);
    bw_text_free(&text);
    return status;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static bw_status make_arrays(bw_context *ctx, bw_search *s) {
    const uint64_t features = (uint64_t)s->features;
    s->item = bw_alloc(ctx, features, sizeof *s->item, "a feature list");
    s->group = bw_alloc(ctx, features, sizeof *s->group, "a feature list");
    s->out_at = bw_alloc(ctx, features, sizeof *s->out_at, "a feature list");
    s->wanted = bw_alloc(ctx, features, 1, "a feature list");
    s->importance = bw_alloc(ctx, features, sizeof *s->importance, "a feature list");
    s->steps = bw_calloc(ctx, features, sizeof *s->steps, "a feature list");
    s->votes = bw_alloc_votes(ctx, &s->set);
    if (!s->item || !s->group || !s->out_at || !s->wanted || !s->importance || !s->steps || !s->votes)
        return BW_ERROR_MEMORY;
    s->items = s->left = bw_recipe_items(s->trainer->recipe, 0, s->item);
    for (int i = 0; i < s->items; i++)
        s->out_at[i] = s->items + 1;
    return BW_OK;
}

static bw_status prepare(bw_context *ctx, bw_search *s) {
    const bw_train_options *o = s->options;
    BW_TRY(bw_sample_set_open(ctx, s->trainer, o->stroke_balance, 0, &s->set));
    BW_TRY(make_arrays(ctx, s));
    if (o->holdout.kind != BW_HOLDOUT_NONE)
        BW_TRY(bw_folds_make(ctx, s->trainer, &o->holdout, o->forest.seed, 0, &s->folds));
    return bw_growth_create(ctx, &s->set.samples, &o->forest, &s->growth);
}

static void close_search(bw_search *s) {
    bw_growth_free(s->growth);
    bw_folds_close(&s->folds);
    bw_sample_set_close(&s->set);
    bw_free(s->item);
    bw_free(s->group);
    bw_free(s->out_at);
    bw_free(s->wanted);
    bw_free(s->importance);
    bw_free(s->steps);
    bw_free(s->votes);
}

static bw_status check(bw_context *ctx, const bw_train_options *o, double tolerance) {
    if (!(tolerance >= 0 && tolerance <= 1))
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "The tolerance is a fraction of the samples, 0 to 1, not %g.",
                       tolerance);
    if (o->forest.bootstrap == 0)
        return bw_fail(ctx, BW_ERROR_ARGUMENT,
                       "Features are ranked on out-of-bag samples, and without bootstrap there are none. Choose a "
                       "bootstrap above 0.");
    return BW_OK;
}

bw_status bw_trainer_select_features(bw_context *ctx, const bw_trainer *trainer, const bw_train_options *options,
                                     double tolerance, char **features, bw_selection_step *steps, int capacity,
                                     int *step_count) {
    bw_train_options o;
    *features = NULL;
    *step_count = 0;
    BW_TRY(bw_check(ctx));
    BW_TRY(bw_train_options_take(ctx, options, &o));
    BW_TRY(check(ctx, &o, tolerance));
    bw_search s = {.trainer = trainer, .options = &o, .features = trainer->features};
    bw_status status = prepare(ctx, &s);
    if (status == BW_OK) status = search(ctx, &s);
    if (status == BW_OK) {
        const int chosen = choose(&s, tolerance);
        for (; *step_count < s.step_count && *step_count < capacity; ++*step_count)
            steps[*step_count] = s.steps[*step_count];
        status = format(ctx, &s, chosen, features);
    }
    if (status != BW_OK) *step_count = 0;
    close_search(&s);
    return status;
}
