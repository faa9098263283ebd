#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "model/model.h"
#include "pipeline/pipeline.h"

/* The labelled pixels of one image: values[f][i] and labels[i], i in raster order (frame, z, y, x), so that the
 * samples do not depend on tiles or threads. */
typedef struct bw_sample_block {
    int64_t count;
    float *values;
    uint8_t *labels;
    bw_training_image image; /* its labels: BW_MAX_CLASSES counts */
} bw_sample_block;

struct bw_trainer {
    const bw_recipe *recipe; /* own copy */
    bw_recipe *owned;
    bw_feature_plan *plan;
    int features, classes;
    int64_t count;
    bw_sample_block *blocks;
    int block_count;
    bw_class_info class_info[BW_MAX_CLASSES];
};

static bw_status copy_recipe(bw_context *ctx, const bw_recipe *recipe, bw_recipe **out) {
    char *text;
    BW_TRY(bw_recipe_format(ctx, recipe, &text));
    bw_status status = bw_recipe_parse(ctx, text, bw_recipe_get_options(recipe), out);
    bw_string_free(text);
    return status;
}

bw_status bw_trainer_create(bw_context *ctx, const bw_recipe *recipe, bw_trainer **out) {
    *out = NULL;
    bw_trainer *trainer = bw_calloc(ctx, 1, sizeof *trainer, "a trainer");
    if (!trainer) return BW_ERROR_MEMORY;
    bw_status status = copy_recipe(ctx, recipe, &trainer->owned);
    if (status == BW_OK) status = bw_feature_plan_create(ctx, trainer->owned, NULL, &trainer->plan);
    if (status != BW_OK) {
        bw_trainer_free(trainer);
        return status;
    }
    trainer->recipe = trainer->owned;
    trainer->features = bw_recipe_count(trainer->owned);
    *out = trainer;
    return BW_OK;
}

static void free_block(bw_sample_block *block) {
    bw_free(block->values);
    bw_free(block->labels);
    bw_free(block->image.labels);
}

void bw_trainer_free(bw_trainer *trainer) {
    if (!trainer) return;
    for (int b = 0; b < trainer->block_count; b++) free_block(&trainer->blocks[b]);
    bw_free(trainer->blocks);
    bw_feature_plan_free(trainer->plan);
    bw_recipe_free(trainer->owned);
    bw_free(trainer);
}

int64_t bw_trainer_sample_count(const bw_trainer *trainer) {
    return trainer->count;
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

/* ---- collecting labelled pixels ---------------------------------------------------------------------------------- */

/* Labelled pixels of one frame: x positions and classes, row by row; first[row] is where a row begins. */
typedef struct bw_labelled {
    int64_t *first;
    int32_t *x;
    int64_t offset; /* of the frame's first sample in the block */
    bw_box bounds;
} bw_labelled;

typedef struct bw_collect {
    bw_trainer *trainer;
    const bw_image *image, *labels;
    const bw_image_info *info;
    bw_source source;
    bw_simd level;
    bw_labelled *frames;
    bw_sample_block block;
    char name[300];
} bw_collect;

static bw_status check_labels(bw_context *ctx, const bw_collect *c) {
    const bw_image_info *labels = bw_image_get_info(c->labels), *info = c->info;
    char a[160], b[160], label_name[300];
    bw_image_describe(info, a, sizeof a);
    bw_image_describe(labels, b, sizeof b);
    bw_fit_image_name(c->labels, label_name, sizeof label_name);
    if (labels->type == BW_FLOAT32 || labels->rgb)
        return bw_fail(ctx, BW_ERROR_MISMATCH,
                       "Labels %s for %s must be an 8- or 16-bit image of class numbers (0 = unlabelled), not %s.",
                       label_name, c->name, labels->rgb ? "RGB" : "32-bit");
    if (labels->channels != 1 || labels->width != info->width || labels->height != info->height ||
        labels->depth != info->depth || labels->frames != info->frames)
        return bw_fail(ctx, BW_ERROR_MISMATCH,
                       "Labels %s (%s) do not fit %s (%s): width, height, slices and frames must agree, and labels have "
                       "one channel.",
                       label_name, b, c->name, a);
    return BW_OK;
}

static int label_at(const bw_image *labels, const void *plane, int64_t i) {
    return bw_image_get_info(labels)->type == BW_UINT8 ? ((const uint8_t *)plane)[i] : ((const uint16_t *)plane)[i];
}

static bw_status count_labels(bw_context *ctx, bw_collect *c) {
    const int64_t pixels = c->info->width * c->info->height;
    for (int64_t k = 0; k < c->info->depth * c->info->frames; k++) {
        const void *plane = bw_image_plane_const(c->labels, (int)(k / c->info->depth), 0, k % c->info->depth);
        BW_TRY(bw_check(ctx));
        for (int64_t i = 0; i < pixels; i++) {
            int label = label_at(c->labels, plane, i);
            if (!label) continue;
            if (label > BW_MAX_CLASSES)
                return bw_fail(ctx, BW_ERROR_MISMATCH,
                               "The labels for %s contain class %d; at most %d classes are possible.", c->name, label,
                               BW_MAX_CLASSES);
            c->block.image.labels[label - 1]++;
            c->block.count++;
        }
    }
    if (!c->block.count)
        return bw_fail(ctx, BW_ERROR_MISMATCH, "The labels for %s are empty: no pixel is labelled.", c->name);
    return BW_OK;
}

static void widen(bw_box *bounds, int64_t x, int64_t y, int64_t z) {
    const int64_t at[3] = {x, y, z};
    for (int axis = 0; axis < 3; axis++) {
        if (at[axis] < bounds->lo[axis]) bounds->lo[axis] = at[axis];
        if (at[axis] >= bounds->hi[axis]) bounds->hi[axis] = at[axis] + 1;
    }
}

static bw_status list_frame(bw_context *ctx, bw_collect *c, int frame, int64_t *next) {
    bw_labelled *list = &c->frames[frame];
    int64_t row = 0, found = 0;
    list->offset = *next;
    list->bounds = (bw_box){{INT64_MAX, INT64_MAX, INT64_MAX}, {0, 0, 0}};
    for (int64_t z = 0; z < c->info->depth; z++) {
        const void *plane = bw_image_plane_const(c->labels, frame, 0, z);
        BW_TRY(bw_check(ctx));
        for (int64_t y = 0; y < c->info->height; y++) {
            list->first[row++] = found;
            for (int64_t x = 0; x < c->info->width; x++) {
                int label = label_at(c->labels, plane, y * c->info->width + x);
                if (!label) continue;
                list->x[found++] = (int32_t)x;
                c->block.labels[(*next)++] = (uint8_t)(label - 1);
                widen(&list->bounds, x, y, z);
            }
        }
    }
    list->first[row] = found;
    return BW_OK;
}

static bw_status list_labels(bw_context *ctx, bw_collect *c) {
    const int64_t rows = c->info->depth * c->info->height;
    int64_t next = 0;
    c->block.labels = bw_alloc(ctx, (uint64_t)c->block.count, 1, "labels");
    c->frames = bw_calloc(ctx, (uint64_t)c->info->frames, sizeof *c->frames, "labels");
    if (!c->block.labels || !c->frames) return BW_ERROR_MEMORY;
    for (int frame = 0; frame < c->info->frames; frame++) {
        bw_labelled *list = &c->frames[frame];
        list->first = bw_alloc(ctx, (uint64_t)rows + 1, sizeof *list->first, "labels");
        list->x = bw_alloc(ctx, (uint64_t)(c->block.count - next), sizeof *list->x, "labels");
        if (!list->first || !list->x) return BW_ERROR_MEMORY;
        BW_TRY(list_frame(ctx, c, frame, &next));
    }
    return BW_OK;
}

/* ---- features at labelled pixels --------------------------------------------------------------------------------- */

typedef struct bw_collect_frame {
    bw_collect *collect;
    const bw_labelled *list;
    bw_box bounds; /* where the grid starts: only the labelled region is covered */
    bw_grid grid;
    float **scratch;
    int frame;
} bw_collect_frame;

typedef struct bw_collect_tile {
    const bw_collect_frame *frame;
    bw_box tile;
} bw_collect_tile;

static bw_status load(bw_context *ctx, void *user, int channel, const bw_box *box, float *out) {
    const bw_collect_tile *at = user;
    (void)ctx;
    return bw_source_load(&at->frame->collect->source, at->frame->frame, channel, box, out);
}

/* The labelled pixels of a row within [lo, hi): samples from..to of the frame. */
static void row_range(const bw_labelled *list, int64_t row, int64_t lo, int64_t hi, int64_t *from, int64_t *to) {
    *from = list->first[row];
    while (*from < list->first[row + 1] && list->x[*from] < lo) ++*from;
    *to = *from;
    while (*to < list->first[row + 1] && list->x[*to] < hi) ++*to;
}

static bw_status keep(bw_context *ctx, void *user, int index, const float *values) {
    const bw_collect_tile *at = user;
    const bw_labelled *list = at->frame->list;
    const bw_collect *c = at->frame->collect;
    const int64_t n = bw_box_extent(&at->tile, 0), height = c->info->height;
    float *column = c->block.values + (int64_t)index * c->block.count + list->offset;
    (void)ctx;
    for (int64_t z = at->tile.lo[2]; z < at->tile.hi[2]; z++)
        for (int64_t y = at->tile.lo[1]; y < at->tile.hi[1]; y++, values += n) {
            int64_t from, to;
            row_range(list, z * height + y, at->tile.lo[0], at->tile.hi[0], &from, &to);
            for (int64_t i = from; i < to; i++) column[i] = values[list->x[i] - at->tile.lo[0]];
        }
    return BW_OK;
}

/* Shrinks a tile to its labelled pixels; 0 when it has none. */
static int shrink(const bw_labelled *list, int64_t height, bw_box *tile) {
    bw_box bounds = {{INT64_MAX, INT64_MAX, INT64_MAX}, {0, 0, 0}};
    for (int64_t z = tile->lo[2]; z < tile->hi[2]; z++)
        for (int64_t y = tile->lo[1]; y < tile->hi[1]; y++) {
            int64_t from, to;
            row_range(list, z * height + y, tile->lo[0], tile->hi[0], &from, &to);
            if (from == to) continue;
            widen(&bounds, list->x[from], y, z);
            widen(&bounds, list->x[to - 1], y, z);
        }
    *tile = bounds;
    return bounds.hi[0] > 0;
}

static bw_status collect_tile(bw_context *ctx, void *user, int64_t index, int thread) {
    const bw_collect_frame *frame = user;
    bw_collect *c = frame->collect;
    const bw_box share = bw_grid_box(&frame->grid, index);
    bw_collect_tile at = {frame, share};
    for (int axis = 0; axis < 3; axis++) {
        at.tile.lo[axis] += frame->bounds.lo[axis];
        at.tile.hi[axis] += frame->bounds.lo[axis];
    }
    if (shrink(frame->list, c->info->height, &at.tile)) {
        bw_tile_task task = {.plan = c->trainer->plan, .level = c->level, .tile = at.tile,
                             .size = {c->info->width, c->info->height, c->info->depth},
                             .extreme = c->source.extreme, .load = load, .emit = keep, .user = &at,
                             .scratch = frame->scratch[thread]};
        BW_TRY(bw_features_tile(ctx, &task));
    }
    bw_progress_add(ctx, (double)bw_box_count(&share));
    return BW_OK;
}

static bw_status collect_on_grid(bw_context *ctx, bw_collect_frame *frame) {
    bw_status status = BW_OK;
    frame->scratch = bw_calloc(ctx, (uint64_t)frame->grid.threads, sizeof *frame->scratch, "scratch");
    if (!frame->scratch) return BW_ERROR_MEMORY;
    for (int t = 0; t < frame->grid.threads && status == BW_OK; t++) {
        frame->scratch[t] = bw_alloc(ctx, (uint64_t)frame->grid.scratch, sizeof(float), "feature scratch");
        if (!frame->scratch[t]) status = BW_ERROR_MEMORY;
    }
    if (status == BW_OK)
        status = bw_parallel_threads(ctx, frame->grid.threads, bw_grid_count(&frame->grid), collect_tile, frame);
    for (int t = 0; t < frame->grid.threads; t++) bw_free(frame->scratch[t]);
    bw_free(frame->scratch);
    return status;
}

/* Tiles cover the labelled region only. Scratch is measured for a tile in the middle of the whole frame, whose halo is
 * cut least. */
static bw_status collect_frame(bw_context *ctx, bw_collect *c, int index) {
    const bw_labelled *list = &c->frames[index];
    if (!list->bounds.hi[0]) return BW_OK;
    bw_collect_frame frame = {.collect = c, .list = list, .bounds = list->bounds, .frame = index};
    const int64_t size[3] = {c->info->width, c->info->height, c->info->depth};
    BW_TRY(bw_grid_choose(ctx, c->trainer->plan, size, 1, 0, 0, &frame.grid));
    for (int axis = 0; axis < 3; axis++) {
        const int64_t extent = bw_box_extent(&list->bounds, axis), most = extent < 64 ? extent : 64;
        frame.grid.size[axis] = extent;
        if (frame.grid.tile[axis] > most) frame.grid.tile[axis] = most;
        frame.grid.count[axis] = (extent + frame.grid.tile[axis] - 1) / frame.grid.tile[axis];
    }
    bw_progress_begin(ctx, (double)bw_box_count(&list->bounds));
    return collect_on_grid(ctx, &frame);
}

static void describe_image(const bw_collect *c, bw_training_image *image) {
    bw_utf8_copy(image->name, sizeof image->name, bw_image_name(c->image));
    image->hash = bw_image_hash(c->image);
    image->width = c->info->width;
    image->height = c->info->height;
    image->depth = c->info->depth;
    image->channels = c->info->channels;
    image->frames = c->info->frames;
}

static bw_status collect(bw_context *ctx, bw_collect *c) {
    BW_TRY(check_labels(ctx, c));
    c->block.image.labels = bw_calloc(ctx, BW_MAX_CLASSES, sizeof(int64_t), "label counts");
    if (!c->block.image.labels) return BW_ERROR_MEMORY;
    BW_TRY(count_labels(ctx, c));
    BW_TRY(list_labels(ctx, c));
    c->block.values =
        bw_alloc(ctx, (uint64_t)c->block.count * (uint64_t)c->trainer->features, sizeof(float), "training samples");
    if (!c->block.values) return BW_ERROR_MEMORY;
    BW_TRY(bw_simd_level(ctx, &c->level));
    BW_TRY(bw_source_open(ctx, c->image, &c->source));
    for (int frame = 0; frame < c->info->frames; frame++) BW_TRY(collect_frame(ctx, c, frame));
    describe_image(c, &c->block.image);
    return BW_OK;
}

static bw_status append(bw_context *ctx, bw_trainer *trainer, const bw_sample_block *block) {
    bw_sample_block *grown =
        bw_realloc(ctx, trainer->blocks, (uint64_t)trainer->block_count + 1, sizeof *grown, "training samples");
    if (!grown) return BW_ERROR_MEMORY;
    trainer->blocks = grown;
    grown[trainer->block_count++] = *block;
    trainer->count += block->count;
    for (int k = 0; k < BW_MAX_CLASSES; k++)
        if (block->image.labels[k] && k >= trainer->classes) trainer->classes = k + 1;
    return BW_OK;
}

bw_status bw_trainer_add(bw_context *ctx, bw_trainer *trainer, const bw_image *image, const bw_image *labels) {
    int assumed;
    BW_TRY(bw_check(ctx));
    BW_TRY(bw_fit_check(ctx, trainer->recipe, image, NULL, &assumed));
    bw_collect c = {.trainer = trainer, .image = image, .labels = labels, .info = bw_image_get_info(image)};
    bw_fit_image_name(image, c.name, sizeof c.name);
    bw_status status = collect(ctx, &c);
    if (status == BW_OK) status = append(ctx, trainer, &c.block);
    for (int frame = 0; c.frames && frame < c.info->frames; frame++) {
        bw_free(c.frames[frame].first);
        bw_free(c.frames[frame].x);
    }
    bw_free(c.frames);
    bw_source_close(&c.source);
    if (status != BW_OK) free_block(&c.block);
    return status;
}

/* ---- the model --------------------------------------------------------------------------------------------------- */

/* Columns over all images, in the order they were added. */
static void join_columns(const bw_trainer *trainer, float *values, uint8_t *labels, const float **columns) {
    for (int f = 0; f < trainer->features; f++) columns[f] = values + (int64_t)f * trainer->count;
    int64_t at = 0;
    for (int b = 0; b < trainer->block_count; b++) {
        const bw_sample_block *block = &trainer->blocks[b];
        memcpy(labels + at, block->labels, (size_t)block->count);
        for (int f = 0; f < trainer->features; f++)
            memcpy(values + (int64_t)f * trainer->count + at, block->values + (int64_t)f * block->count,
                   (size_t)block->count * sizeof *values);
        at += block->count;
    }
}

static bw_status grow(bw_context *ctx, const bw_trainer *trainer, const bw_forest_options *options,
                      bw_model *model) {
    float *values =
        bw_alloc(ctx, (uint64_t)trainer->count * (uint64_t)trainer->features, sizeof *values, "training samples");
    uint8_t *labels = bw_alloc(ctx, (uint64_t)trainer->count, 1, "labels");
    const float **columns = bw_alloc(ctx, (uint64_t)trainer->features, sizeof *columns, "training samples");
    bw_status status = BW_ERROR_MEMORY;
    if (values && labels && columns) {
        join_columns(trainer, values, labels, columns);
        const bw_samples samples = {trainer->count, trainer->features, model->classes, columns, labels};
        status = bw_forest_train(ctx, &samples, options, &model->forest, &model->report);
    }
    bw_free(values);
    bw_free(labels);
    bw_free(columns);
    return status;
}

/* Okabe and Ito's palette, told apart by colour-blind people; repeats after eight. */
static uint32_t default_colour(int index) {
    static const uint32_t palette[8] = {0x0072b2, 0xe69f00, 0x009e73, 0xcc79a7, 0xd55e00, 0x56b4e9, 0xf0e442, 0x999999};
    return palette[index % 8];
}

static void name_classes(const bw_trainer *trainer, bw_model *model) {
    for (int k = 0; k < model->classes; k++) {
        bw_class_info *info = &model->class_info[k];
        *info = trainer->class_info[k];
        if (info->name[0]) continue;
        snprintf(info->name, sizeof info->name, "class %d", k + 1);
        info->colour = default_colour(k);
    }
}

static bw_status fill(bw_context *ctx, const bw_trainer *trainer, const bw_forest_options *options,
                      bw_model *model) {
    BW_TRY(copy_recipe(ctx, trainer->recipe, &model->recipe));
    name_classes(trainer, model);
    for (int b = 0; b < trainer->block_count; b++) {
        int64_t *counts = model->images[b].labels;
        memcpy(counts, trainer->blocks[b].image.labels, (size_t)model->classes * sizeof *counts);
        model->images[b] = trainer->blocks[b].image;
        model->images[b].labels = counts;
    }
    model->options = *options;
    return grow(ctx, trainer, options, model);
}

void bw_forest_options_init(bw_forest_options *options) {
    *options = (bw_forest_options){.trees = 100, .min_leaf = 1, .balance = BW_BALANCE_NONE, .seed = 1};
}

bw_status bw_trainer_train(bw_context *ctx, const bw_trainer *trainer, const bw_forest_options *options,
                           bw_model **out) {
    bw_forest_options usual;
    *out = NULL;
    BW_TRY(bw_check(ctx));
    bw_forest_options_init(&usual);
    if (!trainer->count)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "There is nothing to train from: no labelled pixels were added.");
    bw_model *model;
    BW_TRY(bw_model_create(ctx, trainer->classes, &model));
    bw_status status = bw_model_make_images(ctx, model, trainer->block_count);
    if (status == BW_OK) status = fill(ctx, trainer, options ? options : &usual, model);
    if (status != BW_OK) {
        bw_model_free(model);
        return status;
    }
    *out = model;
    return BW_OK;
}
