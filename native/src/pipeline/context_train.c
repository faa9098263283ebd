#include <string.h>

#include "core/alloc.h"
#include "core/text.h"
#include "pipeline/stage.h"
#include "pipeline/trainer.h"

/* First forests of an autocontext. A sample sees probabilities of the forest that was grown without its fold; where
 * that one would not know the sample's class (all of the class lies in one fold), those of the forest of all samples.
 */
struct bw_stages {
    bw_train_options options;
    bw_recipe *recipe; /* of the context */
    bw_feature_plan *plan;
    bw_folds folds;
    bw_forest *without[BW_MAX_FOLDS]; /* NULL = no sample needs it */
    bw_forest *all;
};

void bw_stages_free(bw_stages *stages) {
    if (!stages) return;
    for (int fold = 0; fold < BW_MAX_FOLDS; fold++)
        bw_forest_free(stages->without[fold]);
    bw_forest_free(stages->all);
    bw_folds_close(&stages->folds);
    bw_feature_plan_free(stages->plan);
    bw_recipe_free(stages->recipe);
    bw_free(stages);
}

const bw_recipe *bw_stages_recipe(const bw_stages *stages) {
    return stages->recipe;
}

const bw_forest *bw_stages_first(const bw_stages *stages) {
    return stages->all;
}

void bw_trainer_drop_context(bw_trainer *trainer) {
    bw_stages_free(trainer->stages);
    trainer->stages = NULL;
    for (int b = 0; b < trainer->block_count; b++) {
        bw_free(trainer->blocks[b].context);
        trainer->blocks[b].context = NULL;
    }
}

/* ---- options ----------------------------------------------------------------------------------------------------- */

static int same_weights(const bw_forest_options *a, const bw_forest_options *b) {
    for (int k = 0; a->balance == BW_BALANCE_CUSTOM && k < BW_MAX_CLASSES; k++)
        if (a->class_weights[k] != b->class_weights[k]) return 0;
    return 1;
}

static int same_forest(const bw_forest_options *a, const bw_forest_options *b) {
    return a->trees == b->trees && a->mtry == b->mtry && a->max_depth == b->max_depth && a->min_leaf == b->min_leaf &&
           a->bootstrap == b->bootstrap && a->extra == b->extra && a->balance == b->balance && a->seed == b->seed &&
           same_weights(a, b);
}

static int same_holdout(const bw_holdout *a, const bw_holdout *b) {
    return a->kind == b->kind && a->folds == b->folds && a->block == b->block;
}

static int same_sigmas(const bw_train_options *a, const bw_train_options *b) {
    if (a->context_count != b->context_count) return 0;
    for (int s = 0; s < a->context_count; s++)
        if (a->context_sigmas[s] != b->context_sigmas[s]) return 0;
    return 1;
}

bw_status bw_stages_check(bw_context *ctx, const bw_trainer *trainer, const bw_train_options *options) {
    if (!options->context_count) return BW_OK;
    if (!trainer->stages)
        return bw_fail(ctx, BW_ERROR_ARGUMENT,
                       "Autocontext must be prepared after the last change of labels, and the context of every image "
                       "added, before training.");
    const bw_train_options *o = &trainer->stages->options;
    if (!same_sigmas(o, options) || !same_forest(&o->forest, &options->forest) ||
        !same_holdout(&o->holdout, &options->holdout) || o->stroke_balance != options->stroke_balance)
        return bw_fail(ctx, BW_ERROR_ARGUMENT,
                       "The autocontext was prepared with other options than those of the training. Prepare it again.");
    for (int b = 0; b < trainer->block_count; b++)
        if (trainer->blocks[b].count && !trainer->blocks[b].context)
            return bw_fail(ctx, BW_ERROR_ARGUMENT, "The context of training image %d (%s) has not been added.", b + 1,
                           trainer->blocks[b].image.name[0] ? trainer->blocks[b].image.name : "without a name");
    return BW_OK;
}

/* ---- first forests ----------------------------------------------------------------------------------------------- */

static bw_status parse_recipe(bw_context *ctx, const bw_trainer *trainer, bw_stages *stages) {
    bw_recipe_options options = *bw_recipe_get_options(trainer->recipe);
    bw_text text;
    options.channels = trainer->classes;
    bw_text_init(&text, ctx);
    bw_status status = bw_text_add(&text, "gaussian");
    for (int s = 0; s < stages->options.context_count && status == BW_OK; s++) {
        status = bw_text_add(&text, s ? "," : ":");
        if (status == BW_OK) status = bw_text_number(&text, stages->options.context_sigmas[s]);
    }
    if (status == BW_OK) status = bw_text_add(&text, "@%dd", bw_recipe_is_3d(trainer->recipe) ? 3 : 2);
    if (status == BW_OK) status = bw_recipe_parse(ctx, text.data, &options, &stages->recipe);
    bw_text_free(&text);
    return status == BW_OK ? bw_feature_plan_create(ctx, stages->recipe, NULL, &stages->plan) : status;
}

static bw_status make_folds(bw_context *ctx, const bw_trainer *trainer, bw_stages *stages) {
    const bw_train_options *o = &stages->options;
    bw_train_options usual;
    bw_train_options_init(&usual);
    bw_holdout holdout = o->holdout.kind == BW_HOLDOUT_NONE ? usual.holdout : o->holdout;
    if (holdout.kind == BW_HOLDOUT_NONE) holdout.kind = BW_HOLDOUT_STROKES;
    return bw_folds_make(ctx, trainer, &holdout, o->forest.seed, 1, &stages->folds);
}

/* The forest whose probabilities a sample sees: a fold, or the number of folds for the forest of all samples. */
static int stage_of(const bw_stages *stages, int64_t sample, int k) {
    const int fold = stages->folds.of[sample];
    return stages->folds.known[(int64_t)fold * stages->folds.classes + k] ? fold : stages->folds.count;
}

static int fold_is_needed(const bw_folds *folds, int fold) {
    const int64_t row = (int64_t)fold * folds->classes;
    for (int k = 0; k < folds->classes; k++)
        if (folds->in[row + k] && folds->known[row + k]) return 1;
    return 0;
}

/* grown: room for a byte per sample; NULL = from all of them. */
static bw_status grow_first(bw_context *ctx, bw_growth *growth, const bw_stages *stages, uint8_t *grown, int fold,
                            int64_t samples, bw_forest **out) {
    for (int64_t i = 0; grown && i < samples; i++)
        grown[i] = stages->folds.of[i] != fold;
    BW_TRY(bw_growth_restrict(ctx, growth, grown, NULL));
    BW_TRY(bw_growth_trees(ctx, growth, stages->options.forest.trees));
    return bw_growth_forest(ctx, growth, out);
}

static bw_status grow_all(bw_context *ctx, bw_growth *growth, int64_t samples, bw_stages *stages) {
    uint8_t *grown = bw_alloc(ctx, (uint64_t)samples, 1, "folds");
    if (!grown) return BW_ERROR_MEMORY;
    int forests = 1;
    for (int fold = 0; fold < stages->folds.count; fold++)
        forests += fold_is_needed(&stages->folds, fold);
    bw_progress_begin(ctx, (double)forests * stages->options.forest.trees);
    bw_status status = grow_first(ctx, growth, stages, NULL, 0, samples, &stages->all);
    for (int fold = 0; fold < stages->folds.count && status == BW_OK; fold++)
        if (fold_is_needed(&stages->folds, fold))
            status = grow_first(ctx, growth, stages, grown, fold, samples, &stages->without[fold]);
    bw_free(grown);
    return status;
}

static bw_status grow_stages(bw_context *ctx, const bw_trainer *trainer, bw_stages *stages) {
    bw_sample_set set;
    bw_growth *growth = NULL;
    BW_TRY(parse_recipe(ctx, trainer, stages));
    BW_TRY(bw_sample_set_open(ctx, trainer, stages->options.stroke_balance, 0, &set));
    bw_status status = make_folds(ctx, trainer, stages);
    if (status == BW_OK) status = bw_growth_create(ctx, &set.samples, &stages->options.forest, &growth);
    if (status == BW_OK) status = grow_all(ctx, growth, set.samples.count, stages);
    bw_growth_free(growth);
    bw_sample_set_close(&set);
    return status;
}

static bw_status check_prepare(bw_context *ctx, const bw_trainer *trainer, const bw_train_options *o) {
    if (!o->context_count)
        return bw_fail(ctx, BW_ERROR_ARGUMENT,
                       "Autocontext needs at least one sigma to smooth the probabilities with.");
    if (!trainer->count)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "There is nothing to train from: no pixel is labelled.");
    if (trainer->classes > BW_MAX_CHANNELS)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "Autocontext is possible with at most %d classes, not %d.",
                       BW_MAX_CHANNELS, trainer->classes);
    return BW_OK;
}

bw_status bw_trainer_prepare_context(bw_context *ctx, bw_trainer *trainer, const bw_train_options *options) {
    bw_train_options o;
    BW_TRY(bw_check(ctx));
    BW_TRY(bw_train_options_take(ctx, options, &o));
    BW_TRY(check_prepare(ctx, trainer, &o));
    bw_stages *stages = bw_calloc(ctx, 1, sizeof *stages, "an autocontext");
    if (!stages) return BW_ERROR_MEMORY;
    stages->options = o;
    const bw_status status = grow_stages(ctx, trainer, stages);
    if (status != BW_OK) {
        bw_stages_free(stages);
        return status;
    }
    bw_trainer_drop_context(trainer);
    trainer->stages = stages;
    return BW_OK;
}

/* ---- context at the samples -------------------------------------------------------------------------------------- */

typedef struct bw_stage_tiler {
    bw_stage *stage;
    const bw_feature_plan *first, *context;
    int64_t halo[3];
    double votes; /* multiply-adds that a pixel's votes are worth */
} bw_stage_tiler;

static double stage_cost(const void *self, const int64_t extent[3], const int64_t size[3]) {
    const bw_stage_tiler *t = self;
    int64_t grown[3];
    for (int axis = 0; axis < 3; axis++) {
        grown[axis] = extent[axis] + 2 * t->halo[axis];
        if (grown[axis] > size[axis]) grown[axis] = size[axis];
    }
    return bw_feature_plan_cost(t->first, grown, size) + bw_feature_plan_cost(t->context, extent, size) +
           t->votes * (double)grown[0] * (double)grown[1] * (double)grown[2];
}

static bw_status stage_tile(bw_context *ctx, void *self, int thread, int frame, const bw_box *tile, bw_emit_fn emit,
                            void *user, double progress) {
    bw_stage_tiler *t = self;
    return bw_stage_tile(ctx, t->stage, thread, frame, tile, emit, user, progress);
}

/* The largest tiles that the budget feeds, rather on fewer threads than tiny. */
static bw_status choose_extent(bw_context *ctx, const bw_stage_spec *spec, const int64_t size[3], bw_tiler *tiler) {
    static const int64_t edges[] = {512, 256, 128, 64, 32, 16, 8};
    const double budget = (double)bw_context_memory_budget(ctx);
    int64_t bytes = 0;
    for (size_t e = 0; e < sizeof edges / sizeof *edges; e++) {
        for (int axis = 0; axis < 3; axis++)
            tiler->most[axis] = edges[e] < size[axis] ? edges[e] : size[axis];
        BW_TRY(bw_stage_size(ctx, spec, tiler->most, size, &bytes));
        const double fed = budget / (double)bytes;
        tiler->threads = fed < bw_context_threads(ctx) ? (int)fed : bw_context_threads(ctx);
        if (tiler->threads && (tiler->threads == bw_context_threads(ctx) || edges[e] <= 64)) return BW_OK;
    }
    return bw_fail(ctx, BW_ERROR_MEMORY,
                   "The memory budget of %.0f MB is too small for even one small tile of the autocontext. Raise it, or "
                   "leave out the largest sigmas.",
                   budget / 1e6);
}

static bw_status collect_stage(bw_context *ctx, const bw_trainer *trainer, const bw_forest *forest,
                               const bw_collect_job *job) {
    const bw_stages *stages = trainer->stages;
    const bw_image_info *info = bw_image_get_info(job->source->image);
    const int64_t size[3] = {info->width, info->height, info->depth};
    const bw_stage_spec spec = {trainer->recipe, forest, stages->recipe, NULL};
    bw_stage_tiler t = {
        .first = trainer->plan, .context = stages->plan, .votes = 20.0 * (double)stages->options.forest.trees};
    bw_tiler tiler = {.self = &t, .cost = stage_cost, .run = stage_tile};
    bw_feature_plan_halo(stages->plan, t.halo);
    BW_TRY(choose_extent(ctx, &spec, size, &tiler));
    BW_TRY(bw_stage_create(ctx, &spec, job->source, tiler.most, tiler.threads, &t.stage));
    const bw_status status = bw_collect(ctx, &tiler, job);
    bw_stage_free(t.stage);
    return status;
}

/* Lists the samples of a block that see the probabilities of stage `wanted`. */
static int64_t list_samples(const bw_trainer *trainer, int index, int wanted, int64_t *positions, int64_t *targets) {
    const bw_sample_block *block = &trainer->blocks[index];
    int64_t before = 0, count = 0;
    for (int b = 0; b < index; b++)
        before += trainer->blocks[b].count;
    for (int64_t i = 0; i < block->count; i++) {
        if (stage_of(trainer->stages, before + i, block->labels[i]) != wanted) continue;
        positions[count] = block->positions[i];
        targets[count++] = i;
    }
    return count;
}

static bw_status collect_stages(bw_context *ctx, const bw_trainer *trainer, int index, const bw_image *image,
                                float *values) {
    const bw_sample_block *block = &trainer->blocks[index];
    const bw_stages *stages = trainer->stages;
    bw_source source = block->source;
    int64_t *room = bw_alloc(ctx, 2 * (uint64_t)block->count, sizeof *room, "training samples");
    bw_status status = room ? BW_OK : BW_ERROR_MEMORY;
    source.image = image;
    bw_progress_begin(ctx, (double)block->count);
    for (int stage = 0; stage <= stages->folds.count && status == BW_OK; stage++) {
        bw_collect_job job = {.source = &source,
                              .positions = room,
                              .targets = room + block->count,
                              .values = values,
                              .stride = block->count};
        job.count = list_samples(trainer, index, stage, room, room + block->count);
        if (!job.count) continue;
        const bw_forest *forest = stage < stages->folds.count ? stages->without[stage] : stages->all;
        status = collect_stage(ctx, trainer, forest, &job);
    }
    bw_free(room);
    return status;
}

bw_status bw_trainer_add_context(bw_context *ctx, bw_trainer *trainer, int index, const bw_image *image) {
    BW_TRY(bw_check(ctx));
    if (!trainer->stages)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "Autocontext must be prepared before the context of an image is added.");
    bw_progress_begin(ctx, 1);
    BW_TRY(bw_trainer_check_image(ctx, trainer, index, image));
    bw_sample_block *block = &trainer->blocks[index];
    const uint64_t features = (uint64_t)bw_recipe_count(trainer->stages->recipe);
    float *values = bw_alloc(ctx, features * (uint64_t)block->count, sizeof *values, "training samples");
    if (!values) return BW_ERROR_MEMORY;
    const bw_status status = collect_stages(ctx, trainer, index, image, values);
    if (status != BW_OK) {
        bw_free(values);
        return status;
    }
    bw_free(block->context);
    block->context = values;
    return BW_OK;
}
