#include <string.h>

#include "core/alloc.h"
#include "pipeline/trainer.h"

static bw_status make_arrays(bw_context *ctx, const bw_trainer *trainer, int features, bw_sample_set *set) {
    const uint64_t blocks = (uint64_t)trainer->block_count;
    set->parts = bw_calloc(ctx, blocks, sizeof *set->parts, "training samples");
    set->columns = bw_alloc(ctx, blocks * (uint64_t)features, sizeof *set->columns, "training samples");
    set->labels = bw_alloc(ctx, (uint64_t)trainer->count, 1, "training samples");
    return set->parts && set->columns && set->labels ? BW_OK : BW_ERROR_MEMORY;
}

/* Blocks without samples are no part. */
static void add_part(const bw_trainer *trainer, const bw_sample_block *block, bw_sample_set *set) {
    const float **columns = set->columns + (int64_t)set->samples.part_count * set->samples.features;
    if (!block->count) return;
    for (int f = 0; f < set->samples.features; f++)
        columns[f] = f < trainer->features ? block->values + (int64_t)f * block->count
                                           : block->context + (int64_t)(f - trainer->features) * block->count;
    memcpy(set->labels + set->samples.count, block->labels, (size_t)block->count);
    set->parts[set->samples.part_count++] =
        (bw_sample_part){.count = block->count,
                         .columns = columns,
                         .labels = block->labels,
                         .weights = set->weights ? set->weights + set->samples.count : NULL};
    set->samples.count += block->count;
}

bw_status bw_sample_set_open(bw_context *ctx, const bw_trainer *trainer, double stroke_balance, int with_context,
                             bw_sample_set *out) {
    const int context = with_context ? bw_recipe_count(bw_stages_recipe(trainer->stages)) : 0;
    *out = (bw_sample_set){.samples = {.features = trainer->features + context, .classes = trainer->classes}};
    if (!trainer->count)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "There is nothing to train from: no pixel is labelled.");
    bw_status status = make_arrays(ctx, trainer, out->samples.features, out);
    if (status == BW_OK) status = bw_strokes_weigh(ctx, trainer, stroke_balance, &out->weights);
    if (status != BW_OK) {
        bw_sample_set_close(out);
        return status;
    }
    for (int b = 0; b < trainer->block_count; b++)
        add_part(trainer, &trainer->blocks[b], out);
    out->samples.parts = out->parts;
    return BW_OK;
}

void bw_sample_set_close(bw_sample_set *set) {
    bw_free(set->parts);
    bw_free(set->columns);
    bw_free(set->weights);
    bw_free(set->labels);
    *set = (bw_sample_set){.parts = NULL};
}

/* An item's outputs follow each other in the canonical order. */
static int begins_item(const bw_recipe *recipe, int f) {
    if (!f) return 1;
    const bw_feature_info *now = bw_recipe_get(recipe, f), *before = bw_recipe_get(recipe, f - 1);
    return now->row != before->row || now->sigma != before->sigma || now->dims != before->dims ||
           now->channel != before->channel;
}

int bw_recipe_items(const bw_recipe *recipe, int first, int *group) {
    for (int f = 0; f < bw_recipe_count(recipe); f++) {
        first += begins_item(recipe, f);
        group[f] = first - 1;
    }
    return first;
}

int bw_recipe_item_count(const bw_recipe *recipe) {
    int items = 0;
    for (int f = 0; f < bw_recipe_count(recipe); f++)
        items += begins_item(recipe, f);
    return items;
}
