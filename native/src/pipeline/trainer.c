#include "pipeline/trainer.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/image.h"
#include "model/format.h"

bw_status bw_recipe_copy(bw_context *ctx, const bw_recipe *recipe, bw_recipe **out) {
    char *text;
    *out = NULL;
    BW_TRY(bw_recipe_format(ctx, recipe, &text));
    bw_status status = BW_OK;
    if (strlen(text) >= BW_LONGEST_RECIPE)
        status =
            bw_fail(ctx, BW_ERROR_ARGUMENT, "The feature list is too long for a model (%zu characters, at most %d).",
                    strlen(text), BW_LONGEST_RECIPE - 1);
    if (status == BW_OK) status = bw_recipe_parse(ctx, text, bw_recipe_get_options(recipe), out);
    bw_string_free(text);
    return status;
}

bw_status bw_trainer_create(bw_context *ctx, const bw_recipe *recipe, bw_trainer **out) {
    *out = NULL;
    bw_trainer *trainer = bw_calloc(ctx, 1, sizeof *trainer, "a trainer");
    if (!trainer) return BW_ERROR_MEMORY;
    bw_status status = bw_recipe_copy(ctx, recipe, &trainer->recipe);
    if (status == BW_OK) status = bw_feature_plan_create(ctx, trainer->recipe, NULL, &trainer->plan);
    if (status != BW_OK) {
        bw_trainer_free(trainer);
        return status;
    }
    trainer->features = bw_recipe_count(trainer->recipe);
    *out = trainer;
    return BW_OK;
}

static void free_block(bw_sample_block *block) {
    bw_free(block->positions);
    bw_free(block->labels);
    bw_free(block->strokes);
    bw_free(block->values);
    bw_free(block->context);
    bw_free(block->spread);
    bw_free(block->image.labels);
    bw_source_close(&block->source);
}

void bw_trainer_free(bw_trainer *trainer) {
    if (!trainer) return;
    for (int b = 0; b < trainer->block_count; b++)
        free_block(&trainer->blocks[b]);
    bw_free(trainer->blocks);
    bw_stages_free(trainer->stages);
    bw_feature_plan_free(trainer->plan);
    bw_recipe_free(trainer->recipe);
    bw_free(trainer);
}

int bw_trainer_image_count(const bw_trainer *trainer) {
    return trainer->block_count;
}

int64_t bw_trainer_sample_count(const bw_trainer *trainer) {
    return trainer->count;
}

int64_t bw_trainer_computed_count(const bw_trainer *trainer) {
    return trainer->computed;
}

int bw_trainer_class_count(const bw_trainer *trainer) {
    return trainer->classes;
}

bw_status bw_trainer_set_class(bw_context *ctx, bw_trainer *trainer, int index, const bw_class_info *info) {
    if (index < 0 || index >= BW_MAX_CLASSES)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "Classes are numbered 1 to %d, not %d.", BW_MAX_CLASSES, index + 1);
    bw_utf8_copy(trainer->class_info[index].name, sizeof trainer->class_info[index].name, info->name);
    trainer->class_info[index].colour = info->colour & 0xffffff;
    return BW_OK;
}

/* ---- images ------------------------------------------------------------------------------------------------------ */

static void describe_image(const bw_image *image, bw_training_image *out) {
    const bw_image_info *info = bw_image_get_info(image);
    bw_utf8_copy(out->name, sizeof out->name, bw_image_name(image));
    out->width = info->width;
    out->height = info->height;
    out->depth = info->depth;
    out->channels = info->channels;
    out->frames = info->frames;
}

bw_status bw_trainer_check_image(bw_context *ctx, bw_trainer *trainer, int index, const bw_image *image) {
    char name[300];
    uint64_t hash;
    if (index < 0 || index >= trainer->block_count)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "There is no training image %d: %d were added.", index + 1,
                       trainer->block_count);
    bw_sample_block *block = &trainer->blocks[index];
    if (block->stamp == bw_image_stamp(image)) return BW_OK;
    bw_fit_image_name(image, name, sizeof name);
    BW_TRY(bw_image_hash_checked(ctx, image, &hash));
    if (hash != block->image.hash)
        return bw_fail(ctx, BW_ERROR_MISMATCH,
                       "%s is not training image %d (%s) as it was added: size, type or pixels differ. Add it as a new "
                       "image.",
                       name, index + 1, block->image.name[0] ? block->image.name : "without a name");
    block->stamp = bw_image_stamp(image);
    return BW_OK;
}

/* ---- adding ------------------------------------------------------------------------------------------------------ */

static bw_status make_values(bw_context *ctx, const bw_trainer *trainer, bw_sample_block *block) {
    block->values =
        bw_alloc(ctx, (uint64_t)block->count * (uint64_t)trainer->features, sizeof *block->values, "training samples");
    return block->values ? BW_OK : BW_ERROR_MEMORY;
}

static bw_status read_labels(bw_context *ctx, const bw_image *image, const bw_labels *labels, bw_sample_block *block) {
    describe_image(image, &block->image);
    BW_TRY(bw_labels_read(ctx, image, labels, block));
    return bw_strokes_number(ctx, block);
}

static bw_status collect_all(bw_context *ctx, bw_trainer *trainer, const bw_image *image, bw_sample_block *block) {
    BW_TRY(make_values(ctx, trainer, block));
    BW_TRY(bw_source_open(ctx, image, &block->source));
    BW_TRY(bw_spread_measure(ctx, &block->source, &block->spread));
    bw_progress_begin(ctx, (double)block->count);
    const bw_collect_job job = {.source = &block->source,
                                .count = block->count,
                                .positions = block->positions,
                                .values = block->values,
                                .stride = block->count};
    BW_TRY(bw_collect_features(ctx, trainer, &job));
    block->stamp = bw_image_stamp(image);
    return bw_image_hash_checked(ctx, image, &block->image.hash);
}

static bw_status make_block(bw_context *ctx, bw_trainer *trainer, const bw_image *image, const bw_labels *labels,
                            bw_sample_block *block) {
    char name[300];
    BW_TRY(read_labels(ctx, image, labels, block));
    bw_fit_image_name(image, name, sizeof name);
    if (!block->count && labels->image)
        return bw_fail(ctx, BW_ERROR_MISMATCH, "The labels for %s are empty: no pixel is labelled.", name);
    return collect_all(ctx, trainer, image, block);
}

static bw_status make_room(bw_context *ctx, bw_trainer *trainer) {
    bw_sample_block *grown =
        bw_realloc(ctx, trainer->blocks, (uint64_t)trainer->block_count + 1, sizeof *grown, "training samples");
    if (!grown) return BW_ERROR_MEMORY;
    trainer->blocks = grown;
    return BW_OK;
}

/* Samples and classes follow the blocks; what was prepared from other samples goes. */
static void count_again(bw_trainer *trainer, int64_t computed) {
    trainer->count = 0;
    trainer->classes = 0;
    trainer->computed = computed;
    for (int b = 0; b < trainer->block_count; b++) {
        trainer->count += trainer->blocks[b].count;
        for (int k = trainer->classes; k < BW_MAX_CLASSES; k++)
            if (trainer->blocks[b].image.labels[k]) trainer->classes = k + 1;
    }
    bw_trainer_drop_context(trainer);
}

static bw_status check_fit(bw_context *ctx, const bw_trainer *trainer, const bw_image *image) {
    int assumed;
    BW_TRY(bw_check(ctx));
    return bw_fit_check(ctx, trainer->recipe, image, NULL, &assumed);
}

static bw_status add(bw_context *ctx, bw_trainer *trainer, const bw_image *image, const bw_labels *labels) {
    bw_sample_block block = {0};
    BW_TRY(check_fit(ctx, trainer, image));
    bw_progress_begin(ctx, 1); /* counting the labels listens to the progress function too */
    bw_status status = make_block(ctx, trainer, image, labels, &block);
    if (status == BW_OK) status = make_room(ctx, trainer);
    block.source.image = NULL;
    if (status != BW_OK) {
        free_block(&block);
        return status;
    }
    trainer->blocks[trainer->block_count++] = block;
    count_again(trainer, block.count);
    return BW_OK;
}

bw_status bw_trainer_add(bw_context *ctx, bw_trainer *trainer, const bw_image *image, const bw_image *labels) {
    const bw_labels given = {.image = labels};
    return add(ctx, trainer, image, &given);
}

bw_status bw_trainer_add_pixels(bw_context *ctx, bw_trainer *trainer, const bw_image *image, int64_t count,
                                const int64_t *positions, const uint8_t *labels) {
    const bw_labels given = {NULL, count, positions, labels};
    return add(ctx, trainer, image, &given);
}

/* ---- updating ---------------------------------------------------------------------------------------------------- */

/* Samples that follow each other in the old block and in the new one. */
typedef struct bw_run {
    int64_t from, to, count;
} bw_run;

/* How samples of the new labels come about. */
typedef struct bw_change {
    int64_t run_count, fresh_count;
    bw_run *runs;                 /* that the old ones have */
    int64_t *positions, *targets; /* of those that they do not have */
} bw_change;

static void keep(bw_change *change, int64_t from, int64_t to) {
    bw_run *last = change->run_count ? &change->runs[change->run_count - 1] : NULL;
    if (last && last->from + last->count == from && last->to + last->count == to)
        last->count++;
    else
        change->runs[change->run_count++] = (bw_run){from, to, 1};
}

static void compare(const bw_sample_block *old, const bw_sample_block *block, bw_change *change) {
    int64_t at = 0;
    for (int64_t i = 0; i < block->count; i++) {
        while (at < old->count && old->positions[at] < block->positions[i])
            at++;
        if (at < old->count && old->positions[at] == block->positions[i]) {
            keep(change, at, i);
            continue;
        }
        change->positions[change->fresh_count] = block->positions[i];
        change->targets[change->fresh_count++] = i;
    }
}

static bw_status copy_kept(bw_context *ctx, const bw_trainer *trainer, const bw_sample_block *old,
                           const bw_change *change, bw_sample_block *block) {
    for (int f = 0; f < trainer->features; f++) {
        const float *from = old->values + (int64_t)f * old->count;
        float *to = block->values + (int64_t)f * block->count;
        BW_TRY(bw_check(ctx));
        for (const bw_run *run = change->runs; run < change->runs + change->run_count; run++)
            memcpy(to + run->to, from + run->from, (size_t)run->count * sizeof *to);
    }
    return BW_OK;
}

static bw_status collect_fresh(bw_context *ctx, bw_trainer *trainer, const bw_image *image, const bw_source *known,
                               const bw_change *change, bw_sample_block *block) {
    bw_source source = *known;
    source.image = image;
    bw_progress_begin(ctx, (double)change->fresh_count);
    const bw_collect_job job = {.source = &source,
                                .count = change->fresh_count,
                                .positions = change->positions,
                                .targets = change->targets,
                                .values = block->values,
                                .stride = block->count};
    return bw_collect_features(ctx, trainer, &job);
}

static bw_status fill_values(bw_context *ctx, bw_trainer *trainer, const bw_image *image, const bw_sample_block *old,
                             bw_sample_block *block, int64_t *computed) {
    const uint64_t count = (uint64_t)block->count;
    int64_t *room = bw_alloc(ctx, 2 * count, sizeof *room, "training samples");
    bw_run *runs = room ? bw_alloc(ctx, count, sizeof *runs, "training samples") : NULL;
    bw_change change = {0, 0, runs, room, room + count};
    bw_status status = runs ? BW_OK : BW_ERROR_MEMORY;
    if (status == BW_OK) {
        compare(old, block, &change);
        status = copy_kept(ctx, trainer, old, &change, block);
    }
    if (status == BW_OK) status = collect_fresh(ctx, trainer, image, &old->source, &change, block);
    *computed = change.fresh_count;
    bw_free(runs);
    bw_free(room);
    return status;
}

static bw_status remake_block(bw_context *ctx, bw_trainer *trainer, int index, const bw_image *image,
                              const bw_labels *labels, bw_sample_block *block, int64_t *computed) {
    BW_TRY(bw_trainer_check_image(ctx, trainer, index, image));
    const bw_sample_block *old = &trainer->blocks[index];
    BW_TRY(read_labels(ctx, image, labels, block));
    BW_TRY(make_values(ctx, trainer, block));
    return fill_values(ctx, trainer, image, old, block, computed);
}

/* What belongs to the image and not to its labels moves to the new block. */
static void replace_block(bw_sample_block *old, bw_sample_block *block) {
    block->image.hash = old->image.hash;
    block->stamp = old->stamp;
    block->source = old->source;
    block->spread = old->spread;
    old->source.low = NULL;
    old->spread = NULL;
    free_block(old);
    *old = *block;
}

static bw_status update(bw_context *ctx, bw_trainer *trainer, int index, const bw_image *image,
                        const bw_labels *labels) {
    bw_sample_block block = {0};
    int64_t computed = 0;
    BW_TRY(check_fit(ctx, trainer, image));
    bw_progress_begin(ctx, 1);
    const bw_status status = remake_block(ctx, trainer, index, image, labels, &block, &computed);
    if (status != BW_OK) {
        free_block(&block);
        return status;
    }
    replace_block(&trainer->blocks[index], &block);
    count_again(trainer, computed);
    return BW_OK;
}

bw_status bw_trainer_update(bw_context *ctx, bw_trainer *trainer, int index, const bw_image *image,
                            const bw_image *labels) {
    const bw_labels given = {.image = labels};
    return update(ctx, trainer, index, image, &given);
}

bw_status bw_trainer_update_pixels(bw_context *ctx, bw_trainer *trainer, int index, const bw_image *image,
                                   int64_t count, const int64_t *positions, const uint8_t *labels) {
    const bw_labels given = {NULL, count, positions, labels};
    return update(ctx, trainer, index, image, &given);
}
