#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "model/format.h"
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
    for (int b = 0; b < trainer->block_count; b++)
        free_block(&trainer->blocks[b]);
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

/* Labelled pixels of the frame in work: x positions row by row; first[row] is where a row begins. */
typedef struct bw_labelled {
    int64_t *first;
    int32_t *x;
    int64_t offset, count; /* of the frame's samples in the block */
    bw_box bounds;
} bw_labelled;

typedef struct bw_collect {
    bw_trainer *trainer;
    const bw_image *image, *labels;
    const bw_image_info *info;
    bw_source source;
    bw_simd level;
    bw_labelled list;
    int frame;
    int64_t most_in_frame; /* labelled pixels */
    bw_grid grid;          /* covers the labelled region only */
    int64_t largest[3];    /* extents of a tile, for the scratch */
    void **scratch;
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
        return bw_fail(
            ctx, BW_ERROR_MISMATCH,
            "Labels %s (%s) do not fit %s (%s): width, height, slices and frames must agree, and labels have "
            "one channel.",
            label_name, b, c->name, a);
    return BW_OK;
}

/* A row of class numbers as 16 bits, whatever the labels' type. */
static const uint16_t *label_row(const bw_collect *c, int frame, int64_t y, int64_t z, uint16_t *room) {
    const void *plane = bw_image_plane_const(c->labels, frame, 0, z);
    const int64_t width = c->info->width;
    if (bw_image_get_info(c->labels)->type == BW_UINT16) return (const uint16_t *)plane + y * width;
    const uint8_t *from = (const uint8_t *)plane + y * width;
    for (int64_t x = 0; x < width; x++)
        room[x] = from[x];
    return room;
}

/* Calls `visit` with every row of a frame; stops at an error or cancel. */
typedef bw_status (*bw_row_fn)(bw_context *ctx, bw_collect *c, const uint16_t *row, int64_t y, int64_t z);

static bw_status visit_rows(bw_context *ctx, bw_collect *c, int frame, bw_row_fn visit) {
    uint16_t *room = bw_alloc(ctx, (uint64_t)c->info->width, sizeof *room, "labels");
    bw_status status = room ? BW_OK : BW_ERROR_MEMORY;
    for (int64_t z = 0; z < c->info->depth && status == BW_OK; z++)
        for (int64_t y = 0; y < c->info->height && status == BW_OK; y++) {
            status = bw_check(ctx);
            if (status == BW_OK) status = visit(ctx, c, label_row(c, frame, y, z, room), y, z);
        }
    bw_free(room);
    return status;
}

static bw_status count_row(bw_context *ctx, bw_collect *c, const uint16_t *row, int64_t y, int64_t z) {
    (void)y, (void)z;
    for (int64_t x = 0; x < c->info->width; x++) {
        if (!row[x]) continue;
        if (row[x] > BW_MAX_CLASSES)
            return bw_fail(ctx, BW_ERROR_MISMATCH,
                           "The labels for %s contain class %d; at most %d classes are possible.", c->name, row[x],
                           BW_MAX_CLASSES);
        c->block.image.labels[row[x] - 1]++;
        c->block.count++;
    }
    return BW_OK;
}

static bw_status count_labels(bw_context *ctx, bw_collect *c) {
    for (int frame = 0; frame < c->info->frames; frame++) {
        const int64_t before = c->block.count;
        BW_TRY(visit_rows(ctx, c, frame, count_row));
        if (c->block.count - before > c->most_in_frame) c->most_in_frame = c->block.count - before;
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

static bw_status list_row(bw_context *ctx, bw_collect *c, const uint16_t *row, int64_t y, int64_t z) {
    bw_labelled *list = &c->list;
    (void)ctx;
    for (int64_t x = 0; x < c->info->width; x++) {
        if (!row[x]) continue;
        c->block.labels[list->offset + list->count] = (uint8_t)(row[x] - 1);
        list->x[list->count++] = (int32_t)x;
        widen(&list->bounds, x, y, z);
    }
    list->first[z * c->info->height + y + 1] = list->count;
    return BW_OK;
}

static bw_status make_list(bw_context *ctx, bw_collect *c) {
    const uint64_t rows = (uint64_t)c->info->depth * (uint64_t)c->info->height;
    c->list.first = bw_calloc(ctx, rows + 1, sizeof *c->list.first, "labels");
    c->list.x = bw_alloc(ctx, (uint64_t)c->most_in_frame, sizeof *c->list.x, "labels");
    return c->list.first && c->list.x ? BW_OK : BW_ERROR_MEMORY;
}

/* ---- features at labelled pixels --------------------------------------------------------------------------------- */

/* The first sample of a row at or behind x. */
static int64_t sample_at(const bw_labelled *list, int64_t row, int64_t x) {
    int64_t low = list->first[row], high = list->first[row + 1];
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (list->x[middle] < x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bw_status keep(bw_context *ctx, void *user, int index, const bw_box *box, const float *values, int64_t row,
                      int64_t plane) {
    const bw_collect *c = user;
    const bw_labelled *list = &c->list;
    const int64_t height = c->info->height;
    float *column = c->block.values + (int64_t)index * c->block.count + list->offset;
    (void)ctx;
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++)
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++) {
            const float *from = values + (z - box->lo[2]) * plane + (y - box->lo[1]) * row;
            const int64_t to = sample_at(list, z * height + y, box->hi[0]);
            for (int64_t i = sample_at(list, z * height + y, box->lo[0]); i < to; i++)
                column[i] = from[list->x[i] - box->lo[0]];
        }
    return BW_OK;
}

/* Shrinks a tile to its labelled pixels and returns their number. */
static int64_t shrink(const bw_labelled *list, int64_t height, bw_box *tile) {
    bw_box bounds = {{INT64_MAX, INT64_MAX, INT64_MAX}, {0, 0, 0}};
    int64_t count = 0;
    for (int64_t z = tile->lo[2]; z < tile->hi[2]; z++)
        for (int64_t y = tile->lo[1]; y < tile->hi[1]; y++) {
            const int64_t from = sample_at(list, z * height + y, tile->lo[0]);
            const int64_t to = sample_at(list, z * height + y, tile->hi[0]);
            if (from == to) continue;
            widen(&bounds, list->x[from], y, z);
            widen(&bounds, list->x[to - 1], y, z);
            count += to - from;
        }
    *tile = bounds;
    return count;
}

/* Tiles of the frame's labelled region, at most as large as the scratch allows and the edge wants. */
static void set_grid(bw_collect *c, const bw_grid *whole, int64_t edge) {
    for (int axis = 0; axis < 3; axis++) {
        const int64_t extent = bw_box_extent(&c->list.bounds, axis), most = extent < edge ? extent : edge;
        c->grid.size[axis] = extent;
        c->grid.tile[axis] = whole->tile[axis] < most ? whole->tile[axis] : most;
        c->grid.count[axis] = (extent + c->grid.tile[axis] - 1) / c->grid.tile[axis];
    }
}

/* A tile of the grid, cut to its labelled pixels; -> their number. */
static int64_t labelled_tile(const bw_collect *c, int64_t index, bw_box *tile) {
    *tile = bw_grid_box(&c->grid, index);
    for (int axis = 0; axis < 3; axis++) {
        tile->lo[axis] += c->list.bounds.lo[axis];
        tile->hi[axis] += c->list.bounds.lo[axis];
    }
    return shrink(&c->list, c->info->height, tile);
}

/* Adds up what the grid's tiles cost, as long as it is less than `limit`. */
static bw_status grid_cost(bw_context *ctx, const bw_collect *c, double limit, double *cost) {
    const int64_t size[3] = {c->info->width, c->info->height, c->info->depth};
    *cost = 0;
    for (int64_t index = 0; index < bw_grid_count(&c->grid) && *cost < limit; index++) {
        bw_box tile;
        BW_TRY(bw_check(ctx));
        if (!labelled_tile(c, index, &tile)) continue;
        const int64_t extent[3] = {bw_box_extent(&tile, 0), bw_box_extent(&tile, 1), bw_box_extent(&tile, 2)};
        *cost += bw_feature_plan_cost(c->trainer->plan, extent, size);
    }
    return BW_OK;
}

static bw_status collect_tile(bw_context *ctx, void *user, int64_t index, int thread) {
    bw_collect *c = user;
    bw_box tile;
    const int64_t samples = labelled_tile(c, index, &tile);
    if (!samples) return BW_OK;
    bw_tile_task task = {.plan = c->trainer->plan,
                         .level = c->level,
                         .tile = tile,
                         .frame = bw_source_frame(&c->source, c->frame),
                         .emit = keep,
                         .user = c,
                         .progress = (double)samples,
                         .scratch = c->scratch[thread]};
    memcpy(task.largest, c->largest, sizeof task.largest);
    return bw_features_tile(ctx, &task);
}

/* Small tiles fit scattered labels, large ones waste less on what filters read around them. Large ones first: there are
 * few of them, and a cost to stay below. */
static bw_status choose_grid(bw_context *ctx, bw_collect *c, const bw_grid *whole) {
    static const int64_t edges[] = {INT64_MAX, 400, 160, 64, 24};
    double least = 1e300, cost;
    int64_t best = edges[0];
    for (size_t e = 0; e < sizeof edges / sizeof *edges; e++) {
        set_grid(c, whole, edges[e]);
        if (bw_grid_count(&c->grid) > 1000000) break;
        BW_TRY(grid_cost(ctx, c, least, &cost));
        if (cost >= least) continue;
        least = cost;
        best = edges[e];
    }
    set_grid(c, whole, best);
    return BW_OK;
}

static bw_status collect_frame(bw_context *ctx, bw_collect *c, const bw_grid *whole) {
    bw_labelled *list = &c->list;
    list->offset += list->count;
    list->count = 0;
    list->bounds = (bw_box){{INT64_MAX, INT64_MAX, INT64_MAX}, {0, 0, 0}};
    BW_TRY(visit_rows(ctx, c, c->frame, list_row));
    if (!list->count) return BW_OK;
    BW_TRY(choose_grid(ctx, c, whole));
    return bw_parallel_threads(ctx, c->grid.threads, bw_grid_count(&c->grid), collect_tile, c);
}

static bw_status collect_frames(bw_context *ctx, bw_collect *c) {
    const int64_t size[3] = {c->info->width, c->info->height, c->info->depth};
    bw_grid whole;
    BW_TRY(make_list(ctx, c));
    BW_TRY(bw_feature_plan_fit(ctx, c->trainer->plan, size));
    BW_TRY(bw_grid_choose(ctx, c->trainer->plan, size, 1, 0, 0, &whole));
    c->grid = whole;
    memcpy(c->largest, whole.tile, sizeof c->largest);
    BW_TRY(bw_grid_make_scratch(ctx, &c->grid, &c->scratch));
    bw_progress_begin(ctx, (double)c->block.count);
    for (; c->frame < c->info->frames; c->frame++)
        BW_TRY(collect_frame(ctx, c, &whole));
    return BW_OK;
}

static bw_status describe_image(bw_context *ctx, const bw_collect *c, bw_training_image *image) {
    bw_utf8_copy(image->name, sizeof image->name, bw_image_name(c->image));
    image->width = c->info->width;
    image->height = c->info->height;
    image->depth = c->info->depth;
    image->channels = c->info->channels;
    image->frames = c->info->frames;
    return bw_image_hash_checked(ctx, c->image, &image->hash);
}

static bw_status collect(bw_context *ctx, bw_collect *c) {
    BW_TRY(check_labels(ctx, c));
    c->block.image.labels = bw_calloc(ctx, BW_MAX_CLASSES, sizeof(int64_t), "label counts");
    if (!c->block.image.labels) return BW_ERROR_MEMORY;
    BW_TRY(count_labels(ctx, c));
    c->block.labels = bw_alloc(ctx, (uint64_t)c->block.count, 1, "labels");
    c->block.values =
        bw_alloc(ctx, (uint64_t)c->block.count * (uint64_t)c->trainer->features, sizeof(float), "training samples");
    if (!c->block.labels || !c->block.values) return BW_ERROR_MEMORY;
    BW_TRY(bw_simd_level(ctx, &c->level));
    BW_TRY(bw_source_open(ctx, c->image, &c->source));
    BW_TRY(collect_frames(ctx, c));
    return describe_image(ctx, c, &c->block.image);
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
    bw_progress_begin(ctx, 1); /* counting the labels listens to the progress function too */
    bw_status status = collect(ctx, &c);
    if (status == BW_OK) status = append(ctx, trainer, &c.block);
    bw_free(c.list.first);
    bw_free(c.list.x);
    bw_grid_free_scratch(&c.grid, c.scratch);
    bw_source_close(&c.source);
    if (status != BW_OK) free_block(&c.block);
    return status;
}

/* ---- the model --------------------------------------------------------------------------------------------------- */

/* Columns over all images, in the order they were added. */
static bw_status join_columns(bw_context *ctx, const bw_trainer *trainer, float *values, uint8_t *labels,
                              const float **columns) {
    for (int f = 0; f < trainer->features; f++)
        columns[f] = values + (int64_t)f * trainer->count;
    int64_t at = 0;
    for (int b = 0; b < trainer->block_count; b++) {
        const bw_sample_block *block = &trainer->blocks[b];
        memcpy(labels + at, block->labels, (size_t)block->count);
        for (int f = 0; f < trainer->features; f++) {
            BW_TRY(bw_check(ctx));
            memcpy(values + (int64_t)f * trainer->count + at, block->values + (int64_t)f * block->count,
                   (size_t)block->count * sizeof *values);
        }
        at += block->count;
    }
    return BW_OK;
}

static bw_status grow(bw_context *ctx, const bw_trainer *trainer, const bw_forest_options *options, bw_model *model) {
    float *values =
        bw_alloc(ctx, (uint64_t)trainer->count * (uint64_t)trainer->features, sizeof *values, "training samples");
    uint8_t *labels = bw_alloc(ctx, (uint64_t)trainer->count, 1, "labels");
    const float **columns = bw_alloc(ctx, (uint64_t)trainer->features, sizeof *columns, "training samples");
    bw_status status = BW_ERROR_MEMORY;
    if (values && labels && columns) {
        const bw_samples samples = {trainer->count, trainer->features, model->classes, columns, labels};
        status = join_columns(ctx, trainer, values, labels, columns);
        if (status == BW_OK) status = bw_forest_train(ctx, &samples, options, &model->forest, &model->report);
    }
    bw_free(values);
    bw_free(labels);
    bw_free(columns);
    return status;
}

/* Okabe and Ito's palette, told apart by colour-blind people. */
uint32_t bw_class_colour(int index) {
    static const uint32_t palette[8] = {0x0072b2, 0xe69f00, 0x009e73, 0xcc79a7, 0xd55e00, 0x56b4e9, 0xf0e442, 0x999999};
    return palette[(unsigned)index % 8];
}

static void name_classes(const bw_trainer *trainer, bw_model *model) {
    for (int k = 0; k < model->classes; k++) {
        bw_class_info *info = &model->class_info[k];
        *info = trainer->class_info[k];
        if (info->name[0]) continue;
        snprintf(info->name, sizeof info->name, "class %d", k + 1);
        info->colour = bw_class_colour(k);
    }
}

static bw_status fill(bw_context *ctx, const bw_trainer *trainer, const bw_forest_options *options, bw_model *model) {
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
