#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/random.h"
#include "pipeline/trainer.h"

/* Streams of random numbers that no tree uses. */
enum { STREAM_SHUFFLE = 1 << 20, STREAM_GROUPS = 1 << 21 };

typedef struct bw_dealing {
    const bw_trainer *trainer;
    const bw_holdout *holdout;
    uint64_t seed;
    int split_single;
    int64_t *group; /* of each sample */
    int64_t groups;
    int64_t classes[BW_MAX_CLASSES]; /* samples of each class */
    bw_folds *folds;
} bw_dealing;

typedef struct bw_fold_group {
    int64_t size, index, start; /* where its samples are listed */
    uint64_t key;
} bw_fold_group;

/* Class of each sample, block by block. */
static void list_classes(const bw_trainer *trainer, uint8_t *out) {
    for (int b = 0; b < trainer->block_count; b++) {
        memcpy(out, trainer->blocks[b].labels, (size_t)trainer->blocks[b].count);
        out += trainer->blocks[b].count;
    }
}

/* ---- samples one by one ------------------------------------------------------------------------------------------ */

static void shuffle(int64_t *list, int64_t count, uint64_t seed, int k) {
    for (int64_t i = count - 1; i > 0; i--) {
        const uint64_t random = bw_random(seed, STREAM_SHUFFLE + (uint64_t)k, (uint64_t)i);
        const int64_t j = (int64_t)(random % (uint64_t)(i + 1)), swapped = list[i];
        list[i] = list[j];
        list[j] = swapped;
    }
}

/* Each class shuffled, then dealt in turn: folds differ by one sample at most, and so do a class's shares of them. */
static bw_status deal_samples(bw_context *ctx, bw_dealing *d, const uint8_t *labels) {
    int64_t *list = bw_alloc(ctx, (uint64_t)d->trainer->count, sizeof *list, "folds"), begin[BW_MAX_CLASSES + 1] = {0};
    int64_t next[BW_MAX_CLASSES];
    if (!list) return BW_ERROR_MEMORY;
    for (int k = 0; k < BW_MAX_CLASSES; k++)
        begin[k + 1] = begin[k] + d->classes[k];
    memcpy(next, begin, sizeof next);
    for (int64_t i = 0; i < d->trainer->count; i++)
        list[next[labels[i]]++] = i;
    for (int k = 0; k < BW_MAX_CLASSES; k++)
        shuffle(list + begin[k], d->classes[k], d->seed, k);
    for (int64_t r = 0; r < d->trainer->count; r++)
        d->folds->of[list[r]] = (uint8_t)(r % d->folds->count);
    bw_free(list);
    return BW_OK;
}

/* ---- groups ------------------------------------------------------------------------------------------------------ */

/* Strokes per class over all images. */
static bw_status count_strokes(bw_context *ctx, const bw_trainer *trainer, int64_t *strokes) {
    for (int b = 0; b < trainer->block_count; b++) {
        const bw_sample_block *block = &trainer->blocks[b];
        uint8_t *seen = bw_calloc(ctx, (uint64_t)block->stroke_count, 1, "strokes");
        if (!seen) return BW_ERROR_MEMORY;
        for (int64_t i = 0; i < block->count; i++)
            if (!seen[block->strokes[i]]) {
                seen[block->strokes[i]] = 1;
                strokes[block->labels[i]]++;
            }
        bw_free(seen);
    }
    return BW_OK;
}

static bw_status group_strokes(bw_context *ctx, bw_dealing *d) {
    int64_t strokes[BW_MAX_CLASSES] = {0}, rank[BW_MAX_CLASSES] = {0}, first[BW_MAX_CLASSES];
    const int pieces = d->holdout->folds;
    BW_TRY(count_strokes(ctx, d->trainer, strokes));
    int64_t *group = d->group;
    d->groups = bw_trainer_stroke_count(d->trainer);
    for (int k = 0; k < BW_MAX_CLASSES; k++) {
        first[k] = d->groups;
        if (d->split_single && strokes[k] == 1) d->groups += pieces;
    }
    for (int64_t b = 0, before = 0; b < d->trainer->block_count; b++) {
        const bw_sample_block *block = &d->trainer->blocks[b];
        for (int64_t i = 0; i < block->count; i++) {
            const int k = block->labels[i];
            const int cut = d->split_single && strokes[k] == 1;
            *group++ = cut ? first[k] + rank[k]++ * pieces / d->classes[k] : before + block->strokes[i];
        }
        before += block->stroke_count;
    }
    return BW_OK;
}

/* Edge of a cell along an axis, in pixels: as long as `block` pixels along x. */
static int64_t cell_edge(const bw_dealing *d, int axis) {
    const double *spacing = bw_recipe_get_options(d->trainer->recipe)->spacing;
    const double edge = (double)d->holdout->block * spacing[0] / spacing[axis] + 0.5;
    return edge < 1 ? 1 : edge > 1e9 ? 1000000000 : (int64_t)edge;
}

/* Numbers in cells are large and sparse: they are made dense by sorting. */
static int compare_cells(const void *left, const void *right) {
    const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static int64_t make_dense(int64_t *cells, int64_t count, int64_t *sorted, int64_t first) {
    int64_t distinct = 0;
    memcpy(sorted, cells, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, compare_cells);
    for (int64_t i = 0; i < count; i++)
        if (!i || sorted[i] != sorted[distinct - 1]) sorted[distinct++] = sorted[i];
    for (int64_t i = 0; i < count; i++) {
        const int64_t *found = bsearch(&cells[i], sorted, (size_t)distinct, sizeof *sorted, compare_cells);
        cells[i] = first + (found - sorted);
    }
    return first + distinct;
}

static bw_status group_blocks(bw_context *ctx, bw_dealing *d) {
    int64_t *sorted = bw_alloc(ctx, (uint64_t)d->trainer->count, sizeof *sorted, "folds"), *group = d->group;
    const int64_t edge[3] = {d->holdout->block, cell_edge(d, 1), cell_edge(d, 2)};
    if (!sorted) return BW_ERROR_MEMORY;
    for (int b = 0; b < d->trainer->block_count; b++) {
        const bw_sample_block *block = &d->trainer->blocks[b];
        const bw_training_image *image = &block->image;
        const int64_t wide = image->width / edge[0] + 1, high = image->height / edge[1] + 1;
        for (int64_t i = 0; i < block->count; i++) {
            const int64_t row = block->positions[i] / image->width;
            group[i] = (row / image->height % image->depth / edge[2] * high + row % image->height / edge[1]) * wide +
                       block->positions[i] % image->width / edge[0];
        }
        d->groups = make_dense(group, block->count, sorted, d->groups);
        group += block->count;
    }
    bw_free(sorted);
    return BW_OK;
}

static bw_status group_images(bw_context *ctx, bw_dealing *d) {
    int64_t *group = d->group;
    (void)ctx;
    for (int b = 0; b < d->trainer->block_count; b++) {
        for (int64_t i = 0; i < d->trainer->blocks[b].count; i++)
            *group++ = d->groups;
        d->groups += d->trainer->blocks[b].count > 0;
    }
    return BW_OK;
}

static int compare_groups(const void *left, const void *right) {
    const bw_fold_group *a = left, *b = right;
    if (a->size != b->size) return a->size < b->size ? 1 : -1;
    if (a->key != b->key) return a->key < b->key ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

/* Fills the groups' sizes and starts, and lists the samples group by group. */
static void list_groups(const bw_dealing *d, bw_fold_group *groups, int64_t *list) {
    int64_t at = 0;
    for (int64_t g = 0; g < d->groups; g++)
        groups[g] = (bw_fold_group){.index = g, .key = bw_random(d->seed, STREAM_GROUPS, (uint64_t)g)};
    for (int64_t i = 0; i < d->trainer->count; i++)
        groups[d->group[i]].size++;
    for (int64_t g = 0; g < d->groups; g++) {
        groups[g].start = at;
        at += groups[g].size;
        groups[g].size = 0;
    }
    for (int64_t i = 0; i < d->trainer->count; i++) {
        bw_fold_group *g = &groups[d->group[i]];
        list[g->start + g->size++] = i;
    }
}

/* A group's samples by class. */
typedef struct bw_mixture {
    int64_t counts[BW_MAX_CLASSES];
    uint8_t classes[BW_MAX_CLASSES]; /* that occur */
    int class_count;
} bw_mixture;

static void mix(const bw_fold_group *group, const int64_t *list, const uint8_t *labels, bw_mixture *m) {
    for (int n = 0; n < m->class_count; n++)
        m->counts[m->classes[n]] = 0;
    m->class_count = 0;
    for (int64_t i = 0; i < group->size; i++) {
        const uint8_t k = labels[list[group->start + i]];
        if (!m->counts[k]++) m->classes[m->class_count++] = k;
    }
}

/* How much a fold has of a group's classes, each as a share of the class. */
static double fullness(const bw_dealing *d, int fold, const bw_mixture *m) {
    const int64_t *in = d->folds->in + (int64_t)fold * d->folds->classes;
    double sum = 0;
    for (int n = 0; n < m->class_count; n++) {
        const int k = m->classes[n];
        sum += (double)m->counts[k] / (double)d->classes[k] * ((double)in[k] / (double)d->classes[k]);
    }
    return sum;
}

/* The fold that has least of the group's classes, and of such the smallest. */
static int emptiest(const bw_dealing *d, const bw_mixture *m, const int64_t *totals) {
    int best = 0;
    double least = fullness(d, 0, m);
    for (int fold = 1; fold < d->folds->count; fold++) {
        const double full = fullness(d, fold, m);
        if (!(full < least || (full == least && totals[fold] < totals[best]))) continue;
        best = fold;
        least = full;
    }
    return best;
}

static void deal_group(const bw_dealing *d, const bw_fold_group *group, const int64_t *list, const bw_mixture *m,
                       int64_t *totals) {
    const int fold = emptiest(d, m, totals);
    for (int64_t i = 0; i < group->size; i++)
        d->folds->of[list[group->start + i]] = (uint8_t)fold;
    for (int n = 0; n < m->class_count; n++)
        d->folds->in[(int64_t)fold * d->folds->classes + m->classes[n]] += m->counts[m->classes[n]];
    totals[fold] += group->size;
}

static bw_status deal_groups(bw_context *ctx, bw_dealing *d, const uint8_t *labels) {
    int64_t totals[BW_MAX_FOLDS] = {0};
    bw_mixture m = {.class_count = 0};
    bw_fold_group *groups = bw_alloc(ctx, (uint64_t)d->groups, sizeof *groups, "folds");
    int64_t *list = groups ? bw_alloc(ctx, (uint64_t)d->trainer->count, sizeof *list, "folds") : NULL;
    bw_status status = list ? BW_OK : BW_ERROR_MEMORY;
    if (status == BW_OK) {
        list_groups(d, groups, list);
        qsort(groups, (size_t)d->groups, sizeof *groups, compare_groups);
    }
    for (int64_t g = 0; g < d->groups && status == BW_OK; g++) {
        mix(&groups[g], list, labels, &m);
        deal_group(d, &groups[g], list, &m, totals);
        status = bw_check(ctx);
    }
    bw_free(list);
    bw_free(groups);
    return status;
}

/* ---- kinds ------------------------------------------------------------------------------------------------------- */

typedef struct bw_fold_kind {
    bw_status (*group)(bw_context *ctx, bw_dealing *d); /* NULL = every sample by itself */
    const char *few;                                    /* what to do when there are too few groups */
} bw_fold_kind;

static const bw_fold_kind kinds[] = {
    [BW_HOLDOUT_SAMPLES] = {NULL, "Only one pixel is labelled. Label more pixels."},
    [BW_HOLDOUT_STROKES] = {group_strokes,
                            "Only one stroke was drawn. Draw more strokes of every class, or hold out blocks."},
    [BW_HOLDOUT_BLOCKS] = {group_blocks, "All labelled pixels lie in one block. Choose smaller blocks."},
    [BW_HOLDOUT_IMAGES] = {group_images, "Only one image has labels. Add more images, or hold out strokes or blocks."},
};

/* Classes that have samples outside a fold, unless they are too few to grow from. */
static void list_known(const bw_dealing *d) {
    const bw_folds *folds = d->folds;
    for (int fold = 0; fold < folds->count; fold++) {
        uint8_t *known = folds->known + (int64_t)fold * folds->classes;
        int count = 0;
        for (int k = 0; k < folds->classes; k++) {
            known[k] = folds->in[(int64_t)fold * folds->classes + k] < d->classes[k];
            count += known[k];
        }
        if (count < 2) memset(known, 0, (size_t)folds->classes);
    }
}

static bw_status make_folds(bw_context *ctx, bw_dealing *d, const uint8_t *labels) {
    const bw_fold_kind *kind = &kinds[d->holdout->kind];
    if (kind->group)
        BW_TRY(kind->group(ctx, d));
    else
        d->groups = d->trainer->count;
    if (d->groups < 2) return bw_fail(ctx, BW_ERROR_ARGUMENT, "Samples cannot be held out: %s", kind->few);
    d->folds->count = d->groups < d->holdout->folds ? (int)d->groups : d->holdout->folds;
    const uint64_t cells = (uint64_t)d->folds->count * (uint64_t)d->folds->classes;
    d->folds->in = bw_calloc(ctx, cells, sizeof *d->folds->in, "folds");
    d->folds->known = bw_alloc(ctx, cells, 1, "folds");
    if (!d->folds->in || !d->folds->known) return BW_ERROR_MEMORY;
    BW_TRY(kind->group ? deal_groups(ctx, d, labels) : deal_samples(ctx, d, labels));
    memset(d->folds->in, 0, (size_t)cells * sizeof *d->folds->in);
    for (int64_t i = 0; i < d->trainer->count; i++)
        d->folds->in[(int64_t)d->folds->of[i] * d->folds->classes + labels[i]]++;
    list_known(d);
    return BW_OK;
}

bw_status bw_folds_make(bw_context *ctx, const bw_trainer *trainer, const bw_holdout *holdout, uint64_t seed,
                        int split_single, bw_folds *out) {
    bw_dealing d = {trainer, holdout, seed, split_single, NULL, 0, {0}, out};
    *out = (bw_folds){.classes = trainer->classes};
    d.group = bw_alloc(ctx, (uint64_t)trainer->count, sizeof *d.group, "folds");
    uint8_t *labels = bw_alloc(ctx, (uint64_t)trainer->count, 1, "folds");
    out->of = bw_alloc(ctx, (uint64_t)trainer->count, 1, "folds");
    bw_status status = d.group && labels && out->of ? BW_OK : BW_ERROR_MEMORY;
    if (status == BW_OK) {
        list_classes(trainer, labels);
        for (int64_t i = 0; i < trainer->count; i++)
            d.classes[labels[i]]++;
        status = make_folds(ctx, &d, labels);
    }
    bw_free(d.group);
    bw_free(labels);
    if (status != BW_OK) bw_folds_close(out);
    return status;
}

void bw_folds_close(bw_folds *folds) {
    bw_free(folds->of);
    bw_free(folds->in);
    bw_free(folds->known);
    *folds = (bw_folds){.of = NULL};
}
