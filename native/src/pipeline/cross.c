#include "core/alloc.h"
#include "pipeline/trainer.h"

uint32_t *bw_alloc_votes(bw_context *ctx, const bw_sample_set *set) {
    return bw_alloc(ctx, (uint64_t)set->samples.count * (uint64_t)set->samples.classes, sizeof(uint32_t), "votes");
}

/* Marks the samples to grow from and those to assess; -> how many are assessed. */
static int64_t mark(const bw_sample_set *set, const bw_folds *folds, int fold, uint8_t *grown, uint8_t *assessed) {
    const uint8_t *known = folds->known + (int64_t)fold * folds->classes;
    int64_t count = 0;
    for (int64_t i = 0; i < set->samples.count; i++) {
        grown[i] = folds->of[i] != fold;
        assessed[i] = !grown[i] && known[set->labels[i]];
        count += assessed[i];
    }
    return count;
}

typedef struct bw_held_out {
    uint8_t *grown, *assessed;
    uint32_t *votes; /* of one fold */
    int64_t count;   /* samples assessed so far */
} bw_held_out;

static bw_status assess_fold(bw_context *ctx, bw_growth *growth, const bw_sample_set *set, const bw_folds *folds,
                             int fold, int trees, const uint8_t *features, bw_held_out *h, uint32_t *votes) {
    const int64_t samples = set->samples.count;
    const int64_t found = mark(set, folds, fold, h->grown, h->assessed);
    if (!found) {
        bw_progress_add(ctx, trees);
        return BW_OK;
    }
    BW_TRY(bw_growth_restrict(ctx, growth, h->grown, features));
    BW_TRY(bw_growth_trees(ctx, growth, trees));
    BW_TRY(bw_growth_votes(ctx, growth, h->assessed, BW_ALL_TREES, h->votes));
    for (int k = 0; k < set->samples.classes; k++)
        for (int64_t i = 0; i < samples; i++)
            if (h->assessed[i]) votes[k * samples + i] = h->votes[k * samples + i];
    h->count += found;
    return BW_OK;
}

bw_status bw_hold_out(bw_context *ctx, bw_growth *growth, const bw_sample_set *set, const bw_folds *folds, int trees,
                      const uint8_t *features, uint32_t *votes) {
    const uint64_t samples = (uint64_t)set->samples.count;
    bw_held_out h = {bw_alloc(ctx, samples, 1, "folds"), bw_alloc(ctx, samples, 1, "folds"), bw_alloc_votes(ctx, set),
                     0};
    bw_status status = h.grown && h.assessed && h.votes ? BW_OK : BW_ERROR_MEMORY;
    for (uint64_t i = 0; i < samples * (uint64_t)set->samples.classes; i++)
        votes[i] = 0;
    for (int fold = 0; fold < folds->count && status == BW_OK; fold++)
        status = assess_fold(ctx, growth, set, folds, fold, trees, features, &h, votes);
    if (status == BW_OK && !h.count)
        status =
            bw_fail(ctx, BW_ERROR_ARGUMENT,
                    "Samples cannot be held out: without any of the %d folds, fewer than two classes or other "
                    "classes than the fold's would be left to train from. Draw at least two strokes of every class, "
                    "in different places, or divide the samples in another way.",
                    folds->count);
    bw_free(h.grown);
    bw_free(h.assessed);
    bw_free(h.votes);
    return status;
}

bw_status bw_assess_votes(bw_context *ctx, const bw_sample_set *set, const uint32_t *votes, bw_assessment **out) {
    BW_TRY(bw_assessment_create(ctx, set->samples.classes, out));
    bw_assessment_add_votes(*out, set->samples.count, votes, set->samples.count, set->labels);
    return BW_OK;
}

static bw_status cross_validate(bw_context *ctx, const bw_sample_set *set, const bw_folds *folds,
                                const bw_forest_options *options, bw_assessment **out) {
    bw_growth *growth;
    BW_TRY(bw_growth_create(ctx, &set->samples, options, &growth));
    uint32_t *votes = bw_alloc_votes(ctx, set);
    bw_status status = votes ? BW_OK : BW_ERROR_MEMORY;
    bw_progress_begin(ctx, (double)folds->count * options->trees);
    if (status == BW_OK) status = bw_hold_out(ctx, growth, set, folds, options->trees, NULL, votes);
    if (status == BW_OK) status = bw_assess_votes(ctx, set, votes, out);
    bw_free(votes);
    bw_growth_free(growth);
    return status;
}

bw_status bw_trainer_cross_validate(bw_context *ctx, const bw_trainer *trainer, const bw_train_options *options,
                                    bw_assessment **out) {
    bw_train_options o;
    bw_sample_set set;
    bw_folds folds = {.count = 0};
    *out = NULL;
    BW_TRY(bw_check(ctx));
    BW_TRY(bw_train_options_take(ctx, options, &o));
    if (o.holdout.kind == BW_HOLDOUT_NONE)
        return bw_fail(ctx, BW_ERROR_ARGUMENT,
                       "Say how to divide the samples for the cross-validation: samples, strokes, blocks or images.");
    BW_TRY(bw_stages_check(ctx, trainer, &o));
    BW_TRY(bw_sample_set_open(ctx, trainer, o.stroke_balance, o.context_count, &set));
    bw_status status = bw_folds_make(ctx, trainer, &o.holdout, o.forest.seed, 0, &folds);
    if (status == BW_OK) status = cross_validate(ctx, &set, &folds, &o.forest, out);
    bw_folds_close(&folds);
    bw_sample_set_close(&set);
    return status;
}
