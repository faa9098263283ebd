#include "core/alloc.h"
#include "core/math.h"
#include "core/union.h"
#include "pipeline/trainer.h"

/* Union-find over the samples of a block: a sample's parent is an earlier one of its stroke, or itself. */
typedef struct bw_stroke_search {
    const bw_sample_block *block;
    int64_t *parent;
    int64_t size[3];
    int64_t cursor[4]; /* per row of neighbours: the first sample that can still be one */
} bw_stroke_search;

/* Rows above and before a pixel's own that hold neighbours: dy, dz. */
static const int neighbour_rows[4][2] = {{-1, 0}, {-1, -1}, {0, -1}, {1, -1}};

static void join_row(bw_stroke_search *s, int64_t i, int n, const int64_t at[3]) {
    const int64_t *positions = s->block->positions;
    const int dy = neighbour_rows[n][0], dz = neighbour_rows[n][1];
    if (at[1] + dy < 0 || at[1] + dy >= s->size[1] || at[2] + dz < 0) return;
    const int64_t above = positions[i] + (dz * s->size[1] + dy) * s->size[0];
    const int64_t low = above - (at[0] > 0), high = above + (at[0] + 1 < s->size[0]);
    int64_t k = s->cursor[n];
    while (positions[k] < low)
        k++;
    s->cursor[n] = k;
    for (; positions[k] <= high; k++)
        if (s->block->labels[k] == s->block->labels[i]) bw_union_join(s->parent, i, k);
}

static void join(bw_stroke_search *s, int64_t i) {
    const int64_t position = s->block->positions[i], row = position / s->size[0];
    const int64_t at[3] = {position % s->size[0], row % s->size[1], row / s->size[1] % s->size[2]};
    s->parent[i] = i;
    if (i && at[0] && s->block->positions[i - 1] == position - 1 && s->block->labels[i - 1] == s->block->labels[i])
        bw_union_join(s->parent, i, i - 1);
    for (int n = 0; n < (s->size[2] > 1 ? 4 : 1); n++)
        join_row(s, i, n, at);
}

/* Roots become numbers, in place: a root comes before everything that it is the root of. */
static int64_t number(int64_t *parent, int64_t count) {
    int64_t strokes = 0;
    for (int64_t i = 0; i < count; i++)
        parent[i] = parent[parent[i]];
    for (int64_t i = 0; i < count; i++)
        parent[i] = parent[i] == i ? strokes++ : parent[parent[i]];
    return strokes;
}

bw_status bw_strokes_number(bw_context *ctx, bw_sample_block *block) {
    block->strokes = bw_alloc(ctx, (uint64_t)block->count, sizeof *block->strokes, "strokes");
    if (!block->strokes) return BW_ERROR_MEMORY;
    bw_stroke_search s = {
        block, block->strokes, {block->image.width, block->image.height, block->image.depth}, {0, 0, 0, 0}};
    for (int64_t i = 0; i < block->count; i++) {
        if (i % 65536 == 0) BW_TRY(bw_check(ctx));
        join(&s, i);
    }
    block->stroke_count = number(block->strokes, block->count);
    return BW_OK;
}

int64_t bw_trainer_stroke_count(const bw_trainer *trainer) {
    int64_t count = 0;
    for (int b = 0; b < trainer->block_count; b++)
        count += trainer->blocks[b].stroke_count;
    return count;
}

/* ---- weights ----------------------------------------------------------------------------------------------------- */

/* Writes (pixels of the stroke)^-balance of each sample of a block. */
static bw_status block_weights(bw_context *ctx, const bw_sample_block *block, double balance, double *weights) {
    int64_t *sizes = bw_calloc(ctx, (uint64_t)block->stroke_count, sizeof *sizes, "strokes");
    const double natural = 0.69314718055994530942;
    if (!sizes) return BW_ERROR_MEMORY;
    for (int64_t i = 0; i < block->count; i++)
        sizes[block->strokes[i]]++;
    for (int64_t i = 0; i < block->count; i++)
        weights[i] = bw_exp(-balance * natural * bw_log2((double)sizes[block->strokes[i]]));
    bw_free(sizes);
    return BW_OK;
}

/* Scales the weights so that those of a class sum to its samples. */
static void normalise(const bw_trainer *trainer, const double *weights, float *out) {
    double sums[BW_MAX_CLASSES] = {0}, counts[BW_MAX_CLASSES] = {0};
    int64_t at = 0;
    for (int b = 0; b < trainer->block_count; b++)
        for (int64_t i = 0; i < trainer->blocks[b].count; i++, at++) {
            sums[trainer->blocks[b].labels[i]] += weights[at];
            counts[trainer->blocks[b].labels[i]]++;
        }
    at = 0;
    for (int b = 0; b < trainer->block_count; b++)
        for (int64_t i = 0; i < trainer->blocks[b].count; i++, at++) {
            const int k = trainer->blocks[b].labels[i];
            const double weight = weights[at] * counts[k] / sums[k];
            out[at] = (float)(weight < BW_MAX_WEIGHT ? weight : BW_MAX_WEIGHT);
        }
}

bw_status bw_strokes_weigh(bw_context *ctx, const bw_trainer *trainer, double balance, float **out) {
    bw_status status = BW_OK;
    int64_t at = 0;
    *out = NULL;
    if (balance == 0) return BW_OK;
    double *weights = bw_alloc(ctx, (uint64_t)trainer->count, sizeof *weights, "sample weights");
    float *scaled = weights ? bw_alloc(ctx, (uint64_t)trainer->count, sizeof *scaled, "sample weights") : NULL;
    if (!scaled) status = BW_ERROR_MEMORY;
    for (int b = 0; b < trainer->block_count && status == BW_OK; b++) {
        status = block_weights(ctx, &trainer->blocks[b], balance, weights + at);
        at += trainer->blocks[b].count;
    }
    if (status == BW_OK) normalise(trainer, weights, scaled);
    bw_free(weights);
    if (status == BW_OK)
        *out = scaled;
    else
        bw_free(scaled);
    return status;
}
