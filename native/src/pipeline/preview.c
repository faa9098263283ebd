/* Parts of an image classified again and again while the model changes: features come from the cache, or are computed
 * tile by tile and kept there. */
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "pipeline/predict_run.h"
#include "pipeline/trainer.h"

/* Feature values of a box of a frame. */
typedef struct bw_preview_entry bw_preview_entry;

struct bw_preview_entry {
    bw_preview_entry *next; /* used longer ago */
    int frame;
    bw_box box;
    uint64_t bytes;
    float *values; /* [feature][z][y][x] */
};

struct bw_preview {
    bw_recipe *recipe; /* own copy */
    bw_feature_plan *plan;
    bw_source source;
    int64_t size[3];
    bw_box *slots; /* room for bw_preview_slices */
    uint64_t capacity, held;
    bw_preview_entry *entries; /* the last used first */
};

/* ---- the cache --------------------------------------------------------------------------------------------------- */

static int contains(const bw_box *box, const bw_box *other) {
    for (int axis = 0; axis < 3; axis++)
        if (other->lo[axis] < box->lo[axis] || other->hi[axis] > box->hi[axis]) return 0;
    return 1;
}

static float *value_at(const bw_preview_entry *entry, int feature, const int64_t at[3]) {
    const bw_box *box = &entry->box;
    const int64_t slice = feature * bw_box_extent(box, 2) + at[2] - box->lo[2];
    return entry->values + (slice * bw_box_extent(box, 1) + at[1] - box->lo[1]) * bw_box_extent(box, 0) + at[0] -
           box->lo[0];
}

static void free_entry(bw_preview_entry *entry) {
    if (!entry) return;
    bw_retire(entry->values);
    bw_free(entry);
}

static bw_preview_entry *unlink_entry(bw_preview *preview, bw_preview_entry **at) {
    bw_preview_entry *entry = *at;
    *at = entry->next;
    preview->held -= entry->bytes;
    return entry;
}

static void link_entry(bw_preview *preview, bw_preview_entry *entry) {
    entry->next = preview->entries;
    preview->entries = entry;
    preview->held += entry->bytes;
}

/* The entry that has all of a box, which counts as used now; NULL = none. */
static bw_preview_entry *find_entry(bw_preview *preview, int frame, const bw_box *box) {
    for (bw_preview_entry **at = &preview->entries; *at; at = &(*at)->next) {
        if ((*at)->frame != frame || !contains(&(*at)->box, box)) continue;
        bw_preview_entry *found = unlink_entry(preview, at);
        link_entry(preview, found);
        return found;
    }
    return NULL;
}

/* Drops what a new entry replaces, and then the longest unused until there is room for it; -> a dropped one of its
 * size to be used again, NULL = none: new memory would cost a seventh of the time. */
static bw_preview_entry *make_way(bw_preview *preview, int frame, const bw_box *box, uint64_t bytes) {
    bw_preview_entry **at = &preview->entries, *spare = NULL;
    while (*at) {
        if ((*at)->frame == frame && contains(box, &(*at)->box))
            free_entry(unlink_entry(preview, at));
        else
            at = &(*at)->next;
    }
    while (preview->entries && preview->held + bytes > preview->capacity) {
        for (at = &preview->entries; (*at)->next;)
            at = &(*at)->next;
        free_entry(spare);
        spare = unlink_entry(preview, at);
    }
    if (!spare || spare->bytes == bytes) return spare;
    free_entry(spare);
    return NULL;
}

/* An entry to be filled, not in the cache yet; *out is NULL when it is too large for it. */
static bw_status make_entry(bw_context *ctx, bw_preview *preview, int frame, const bw_box *box,
                            bw_preview_entry **out) {
    const uint64_t count = (uint64_t)bw_box_count(box) * (uint64_t)bw_recipe_count(preview->recipe);
    *out = NULL;
    if (count > preview->capacity / sizeof(float)) return BW_OK;
    bw_preview_entry *entry = make_way(preview, frame, box, count * sizeof(float));
    if (!entry) entry = bw_calloc(ctx, 1, sizeof *entry, "a preview");
    if (!entry) return BW_ERROR_MEMORY;
    entry->frame = frame;
    entry->box = *box;
    entry->bytes = count * sizeof(float);
    if (!entry->values) entry->values = bw_alloc(ctx, count, sizeof(float), "a preview's feature values");
    if (!entry->values) {
        free_entry(entry);
        return BW_ERROR_MEMORY;
    }
    *out = entry;
    return BW_OK;
}

static void keep_values(const bw_preview_entry *entry, int feature, const bw_box *box, const float *values, int64_t row,
                        int64_t plane) {
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++, values += plane)
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++) {
            const int64_t at[3] = {box->lo[0], y, z};
            memcpy(value_at(entry, feature, at), values + (y - box->lo[1]) * row,
                   (size_t)bw_box_extent(box, 0) * sizeof *values);
        }
}

/* ---- computing a box of a frame ---------------------------------------------------------------------------------- */

/* What computes the wanted features of a box. */
typedef struct bw_part_run {
    const bw_preview *preview;
    const bw_feature_plan *plan;
    bw_box box;
    int frame;
    bw_grid grid;
} bw_part_run;

/* Tiles for the box; bytes: that the caller keeps per pixel, and per thread besides. */
static bw_status choose_tiles(bw_context *ctx, double pixel_bytes, double thread_bytes, bw_part_run *part) {
    const bw_preview *preview = part->preview;
    bw_grid_wish wish = {.frames = 1, .box = &part->box, .bytes_per_pixel = pixel_bytes, .thread_bytes = thread_bytes};
    memcpy(wish.size, preview->size, sizeof wish.size);
    return bw_grid_choose(ctx, part->plan, &wish, &part->grid);
}

static bw_status run_part(bw_context *ctx, const bw_part_run *part, bw_tile_fn tile, void *user, double progress) {
    bw_grid_run run = {.plan = part->plan,
                       .source = &part->preview->source,
                       .grid = &part->grid,
                       .frame = part->frame,
                       .progress = progress,
                       .tile = tile,
                       .user = user};
    BW_TRY(bw_simd_level(ctx, &run.level));
    return bw_grid_execute(ctx, &run);
}

/* ---- prediction -------------------------------------------------------------------------------------------------- */

/* A prediction of a box; what it reads around it is part of `grown`. */
typedef struct bw_preview_run {
    bw_predict_run run;
    bw_preview *preview;
    bw_part part; /* asked for: the outputs' */
    bw_box box, grown;
    bw_preview_entry *entry; /* to be read or filled; NULL = features are not kept */
    bw_shares tiles;         /* of `grown`, when the features are there */
    double progress;         /* of a pixel of `grown` */
} bw_preview_run;

typedef struct bw_taker {
    bw_ballot *ballot;
    const bw_preview_entry *entry;
} bw_taker;

static bw_status take(bw_context *ctx, void *user, int index, const bw_box *box, const float *values, int64_t row,
                      int64_t plane) {
    const bw_taker *to = user;
    if (to->entry) keep_values(to->entry, index, box, values, row, plane);
    return to->ballot->columns[index] ? bw_ballot_take(ctx, to->ballot, index, box, values, row, plane) : BW_OK;
}

static bw_status compute_tile(bw_context *ctx, void *user, bw_tile_task *task, int frame, int thread) {
    const bw_preview_run *self = user;
    bw_taker taker = {&self->run.rooms[thread].ballot, self->entry};
    taker.ballot->box = task->tile;
    task->emit = take;
    task->user = &taker;
    task->progress *= 0.5;
    BW_TRY(bw_features_tile(ctx, task));
    return bw_predict_run_tile(ctx, &self->run, frame, thread, task->progress);
}

/* Computes all features and keeps them if there is room. */
static bw_status compute(bw_context *ctx, bw_preview_run *self) {
    bw_part_run part = {self->preview, self->preview->plan, self->grown, self->part.frame, {.threads = 0}};
    const double kept = bw_predict_run_region_bytes(&self->run) * (double)bw_box_count(&self->grown);
    BW_TRY(
        choose_tiles(ctx, bw_predict_run_pixel_bytes(&self->run), bw_predict_run_room_bytes(&self->run) + kept, &part));
    BW_TRY(bw_predict_run_open(ctx, &self->run, part.grid.tile, part.grid.threads));
    BW_TRY(make_entry(ctx, self->preview, self->part.frame, &self->grown, &self->entry));
    const bw_status status = run_part(ctx, &part, compute_tile, self, self->progress);
    if (status == BW_OK && self->entry)
        link_entry(self->preview, self->entry);
    else
        free_entry(self->entry);
    self->entry = NULL;
    return status;
}

static bw_status recall_tile(bw_context *ctx, void *user, int64_t index, int thread) {
    const bw_preview_run *self = user;
    const bw_box *all = &self->entry->box, tile = bw_share_box(&self->tiles, index);
    bw_ballot *ballot = &self->run.rooms[thread].ballot;
    const int64_t row = bw_box_extent(all, 0), plane = row * bw_box_extent(all, 1);
    ballot->box = tile;
    for (int f = 0; f < bw_forest_features(self->run.model->forest); f++)
        if (ballot->columns[f])
            BW_TRY(bw_ballot_take(ctx, ballot, f, &tile, value_at(self->entry, f, tile.lo), row, plane));
    return bw_predict_run_tile(ctx, &self->run, self->part.frame, thread, self->progress * (double)bw_box_count(&tile));
}

/* The features are there. */
static bw_status recall(bw_context *ctx, bw_preview_run *self) {
    static const int64_t most[3] = {1024, 2 * BW_BLOCK_EDGE, 1}; /* long rows to read, few bytes to vote on */
    static const int64_t step[3] = {BW_BLOCK_EDGE, BW_BLOCK_EDGE, 1};
    int threads = bw_context_threads(ctx);
    self->tiles = bw_share_out(&self->grown, most, step);
    if (bw_share_count(&self->tiles) < threads) threads = (int)bw_share_count(&self->tiles);
    BW_TRY(bw_predict_run_open(ctx, &self->run, self->tiles.extent, threads));
    return bw_parallel_threads(ctx, threads, bw_share_count(&self->tiles), recall_tile, self);
}

static bw_status predict_box(bw_context *ctx, bw_preview_run *self, const bw_box *box) {
    int64_t margin[3];
    bw_predict_run_margin(&self->run, margin);
    self->box = *box;
    self->grown = bw_box_grow(box, margin, self->preview->size);
    self->entry = find_entry(self->preview, self->part.frame, &self->grown);
    self->progress =
        (1 - bw_predict_run_refine_share(&self->run)) * (double)bw_box_count(box) / (double)bw_box_count(&self->grown);
    BW_TRY(bw_predict_run_begin(ctx, &self->run, box, &self->grown, self->part.frame));
    BW_TRY((self->entry ? recall : compute)(ctx, self));
    return bw_predict_run_finish(ctx, &self->run, box, &self->grown, self->part.frame);
}

/* The part in boxes so small that the votes kept for refining one leave the budget to the features. */
static bw_shares boxes_of(bw_context *ctx, const bw_preview_run *self) {
    enum { LEAST = 64 };
    const double most = (double)bw_context_memory_budget(ctx) / 8 / bw_context_threads(ctx);
    const double bytes = bw_predict_run_region_bytes(&self->run);
    const bw_box all = self->box;
    int64_t margin[3], extent[3] = {bw_box_extent(&all, 0), bw_box_extent(&all, 1), bw_box_extent(&all, 2)};
    bw_predict_run_margin(&self->run, margin);
    for (;;) {
        const bw_shares shares = bw_share_out(&all, extent, NULL);
        const bw_box first = bw_share_box(&shares, 0), grown = bw_box_grow(&first, margin, self->preview->size);
        const int axis = extent[2] > 1 ? 2 : extent[1] > extent[0];
        if (bytes * (double)bw_box_count(&grown) <= most || extent[axis] <= (axis == 2 ? 1 : LEAST)) return shares;
        extent[axis] = (extent[axis] + 1) / 2;
    }
}

static bw_status predict_part(bw_context *ctx, bw_preview_run *self) {
    const bw_box all = self->box;
    const int64_t extent[3] = {bw_box_extent(&all, 0), bw_box_extent(&all, 1), bw_box_extent(&all, 2)};
    bw_predict_run_choose_piece(ctx, &self->run, extent);
    BW_TRY(bw_predict_run_make_outputs(ctx, &self->run, &self->part));
    const bw_shares boxes = boxes_of(ctx, self);
    bw_progress_begin(ctx, (double)bw_box_count(&all));
    for (int64_t b = 0; b < bw_share_count(&boxes); b++) {
        const bw_box box = bw_share_box(&boxes, b);
        BW_TRY(predict_box(ctx, self, &box));
    }
    return BW_OK;
}

/* ---- checks ------------------------------------------------------------------------------------------------------ */

static bw_status check_part(bw_context *ctx, const bw_preview *preview, const bw_part *part, bw_box *box) {
    const bw_image_info *info = bw_image_get_info(preview->source.image);
    int inside = part->frame >= 0 && part->frame < info->frames;
    for (int axis = 0; axis < 3; axis++) {
        inside &= part->lo[axis] >= 0 && part->lo[axis] < part->hi[axis] && part->hi[axis] <= preview->size[axis];
        box->lo[axis] = part->lo[axis];
        box->hi[axis] = part->hi[axis];
    }
    if (inside) return BW_OK;
    return bw_fail(ctx, BW_ERROR_ARGUMENT,
                   "The part from %lld, %lld, %lld to %lld, %lld, %lld of frame %d is empty or not inside the image of "
                   "%lld x %lld x %lld pixels and %d frame%s.",
                   (long long)part->lo[0], (long long)part->lo[1], (long long)part->lo[2], (long long)part->hi[0],
                   (long long)part->hi[1], (long long)part->hi[2], part->frame, (long long)info->width,
                   (long long)info->height, (long long)info->depth, info->frames, info->frames == 1 ? "" : "s");
}

static int same_feature(const bw_feature_info *a, const bw_feature_info *b) {
    return a->row == b->row && a->sigma == b->sigma && a->dims == b->dims && a->channel == b->channel &&
           a->output == b->output;
}

/* Whether both have the same features, computed alike. */
static int same_recipe(const bw_recipe *a, const bw_recipe *b) {
    const bw_recipe_options *x = bw_recipe_get_options(a), *y = bw_recipe_get_options(b);
    if (bw_recipe_count(a) != bw_recipe_count(b) || bw_recipe_is_exact(a) != bw_recipe_is_exact(b)) return 0;
    if (x->channels != y->channels) return 0;
    for (int axis = 1; axis < (bw_recipe_is_3d(a) ? 3 : 2); axis++)
        if (x->spacing[0] / x->spacing[axis] != y->spacing[0] / y->spacing[axis]) return 0;
    for (int f = 0; f < bw_recipe_count(a); f++)
        if (!same_feature(bw_recipe_get(a, f), bw_recipe_get(b, f))) return 0;
    return 1;
}

static bw_status check_model(bw_context *ctx, const bw_preview *preview, const bw_model *model) {
    if (model->context)
        return bw_fail(ctx, BW_ERROR_ARGUMENT,
                       "A model with autocontext cannot be previewed in parts. Apply it to the whole image, or train "
                       "without autocontext.");
    if (same_recipe(preview->recipe, model->recipe)) return BW_OK;
    return bw_fail(ctx, BW_ERROR_MISMATCH,
                   "The model was trained with other features or another spacing than the preview was made for. Make a "
                   "preview with the model's feature list.");
}

/* ---- the public side --------------------------------------------------------------------------------------------- */

void bw_preview_free(bw_preview *preview) {
    if (!preview) return;
    while (preview->entries)
        free_entry(unlink_entry(preview, &preview->entries));
    bw_free(preview->slots);
    bw_source_close(&preview->source);
    bw_feature_plan_free(preview->plan);
    bw_recipe_free(preview->recipe);
    bw_free(preview);
}

static bw_status open_preview(bw_context *ctx, const bw_recipe *recipe, const bw_image *image, bw_preview *preview) {
    const bw_image_info *info = bw_image_get_info(image);
    const int64_t size[3] = {info->width, info->height, info->depth};
    memcpy(preview->size, size, sizeof size);
    bw_progress_begin(ctx, 1); /* the scan below listens to the progress function too */
    BW_TRY(bw_recipe_copy(ctx, recipe, &preview->recipe));
    BW_TRY(bw_feature_plan_create(ctx, preview->recipe, NULL, &preview->plan));
    BW_TRY(bw_feature_plan_fit(ctx, preview->plan, size));
    preview->slots = bw_alloc(ctx, (uint64_t)preview->plan->slot_count + 1, sizeof *preview->slots, "a preview");
    if (!preview->slots) return BW_ERROR_MEMORY;
    return bw_source_open(ctx, image, &preview->source);
}

bw_status bw_preview_create(bw_context *ctx, const bw_recipe *recipe, const bw_image *image, uint64_t cache,
                            bw_preview **out) {
    int assumed;
    *out = NULL;
    BW_TRY(bw_check(ctx));
    if (bw_image_is_streamed(image)) BW_TRY(bw_image_need_whole(ctx, image, "A preview"));
    BW_TRY(bw_fit_check(ctx, recipe, image, NULL, &assumed));
    bw_preview *preview = bw_calloc(ctx, 1, sizeof *preview, "a preview");
    if (!preview) return BW_ERROR_MEMORY;
    preview->capacity = cache;
    const bw_status status = open_preview(ctx, recipe, image, preview);
    if (status == BW_OK)
        *out = preview;
    else
        bw_preview_free(preview);
    return status;
}

bw_status bw_preview_predict(bw_context *ctx, bw_preview *preview, const bw_model *model, const bw_part *part,
                             int outputs, bw_prediction *out) {
    bw_preview_run self = {.preview = preview, .part = *part};
    *out = (bw_prediction){0};
    BW_TRY(bw_predict_run_plan(ctx, model, &preview->source, outputs, 0, &self.run));
    BW_TRY(check_part(ctx, preview, part, &self.box));
    BW_TRY(check_model(ctx, preview, model));
    const bw_status status = predict_part(ctx, &self);
    if (status == BW_OK) bw_outputs_take(&self.run.outputs, out);
    bw_predict_run_close(&self.run);
    return status;
}

uint64_t bw_preview_cached(const bw_preview *preview) {
    return preview->held;
}

/* ---- slices ------------------------------------------------------------------------------------------------------ */

/* Whether features are computed on the difference to a typical value of the whole frame. */
static int looks_at_frame(const bw_recipe *recipe) {
    for (int f = 0; f < bw_recipe_count(recipe); f++)
        if (bw_recipe_get(recipe, f)->dims == 3) return 1;
    return 0;
}

static void add_slices(const bw_feature_plan *plan, const bw_box *box, int64_t *lo, int64_t *hi) {
    int64_t halo[3];
    bw_feature_plan_halo(plan, halo);
    if (box->lo[2] - halo[2] < *lo) *lo = box->lo[2] - halo[2];
    if (box->hi[2] + halo[2] > *hi) *hi = box->hi[2] + halo[2];
}

static void add_other(int64_t z, int64_t others[BW_MAX_MORE_SLICES], int *more) {
    for (int i = 0; i < *more; i++)
        if (others[i] == z) return;
    others[(*more)++] = z;
}

/* Parts of a plan may read more than the plan as a whole: their tiles begin on coarse grids. */
void bw_preview_slices(const bw_preview *preview, const bw_part *part, int64_t *lo, int64_t *hi,
                       int64_t others[BW_MAX_MORE_SLICES], int *more) {
    const bw_feature_plan *plan = preview->plan;
    const bw_box box = {{part->lo[0], part->lo[1], part->lo[2]}, {part->hi[0], part->hi[1], part->hi[2]}};
    bw_box parts[BW_MAX_PARTS];
    const int64_t depth = preview->size[2];
    *lo = box.lo[2];
    *hi = box.hi[2];
    *more = 0;
    add_slices(plan, &box, lo, hi);
    bw_feature_plan_regions(plan, &box, preview->size, parts, preview->slots);
    for (int p = 0; p < bw_feature_plan_part_count(plan); p++)
        add_slices(bw_feature_plan_part(plan, p), &parts[p], lo, hi);
    if (*lo < 0) *lo = 0;
    if (*hi > depth) *hi = depth;
    for (int step = 0; step < BW_TYPICAL_STEPS && looks_at_frame(preview->recipe); step++) {
        const int64_t z = bw_typical_position(depth, step);
        if (z < *lo || z >= *hi) add_other(z, others, more);
    }
}

/* ---- a feature --------------------------------------------------------------------------------------------------- */

typedef struct bw_feature_room {
    const bw_part *part;
    bw_image *image;
} bw_feature_room;

static bw_status show_values(bw_context *ctx, void *user, int index, const bw_box *box, const float *values,
                             int64_t row, int64_t plane) {
    const bw_feature_room *room = user;
    const int64_t *lo = room->part->lo, width = bw_image_get_info(room->image)->width;
    (void)ctx, (void)index;
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++, values += plane) {
        float *to = bw_image_plane(room->image, 0, 0, z - lo[2]);
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++)
            memcpy(to + (y - lo[1]) * width + box->lo[0] - lo[0], values + (y - box->lo[1]) * row,
                   (size_t)bw_box_extent(box, 0) * sizeof *to);
    }
    return BW_OK;
}

static bw_status show_tile(bw_context *ctx, void *user, bw_tile_task *task, int frame, int thread) {
    (void)frame, (void)thread;
    task->emit = show_values;
    task->user = user;
    return bw_features_tile(ctx, task);
}

static bw_status make_feature_image(bw_context *ctx, const bw_preview *preview, int index, const bw_part *part,
                                    bw_image **out) {
    const bw_image *source = preview->source.image;
    bw_image_info info = *bw_image_get_info(source);
    char name[160];
    info.type = BW_FLOAT32;
    info.width = part->hi[0] - part->lo[0];
    info.height = part->hi[1] - part->lo[1];
    info.depth = part->hi[2] - part->lo[2];
    info.channels = info.frames = 1;
    info.rgb = 0;
    BW_TRY(bw_image_create(ctx, &info, out));
    BW_TRY(bw_image_set_name(ctx, *out, bw_image_name(source)));
    bw_recipe_name(preview->recipe, index, name, sizeof name);
    for (int64_t z = 0; z < info.depth; z++)
        BW_TRY(bw_image_set_plane_label(ctx, *out, 0, 0, z, name));
    return BW_OK;
}

/* A plan of feature `index` alone. */
static bw_status make_plan(bw_context *ctx, const bw_preview *preview, int index, bw_feature_plan **out) {
    uint8_t *wanted = bw_calloc(ctx, (uint64_t)bw_recipe_count(preview->recipe), 1, "a feature list");
    if (!wanted) return BW_ERROR_MEMORY;
    wanted[index] = 1;
    bw_status status = bw_feature_plan_create(ctx, preview->recipe, wanted, out);
    bw_free(wanted);
    return status == BW_OK ? bw_feature_plan_fit(ctx, *out, preview->size) : status;
}

static bw_status compute_feature(bw_context *ctx, const bw_preview *preview, int index, const bw_box *box,
                                 bw_feature_room *room) {
    bw_feature_plan *plan = NULL;
    bw_part_run part = {preview, NULL, *box, room->part->frame, {.threads = 0}};
    bw_status status = make_plan(ctx, preview, index, &plan);
    part.plan = plan;
    if (status == BW_OK) status = choose_tiles(ctx, 0, 0, &part);
    if (status == BW_OK) status = run_part(ctx, &part, show_tile, room, 1);
    bw_feature_plan_free(plan);
    return status;
}

static bw_status fill_feature(bw_context *ctx, bw_preview *preview, int index, const bw_box *box,
                              bw_feature_room *room) {
    const bw_preview_entry *entry = find_entry(preview, room->part->frame, box);
    bw_progress_begin(ctx, (double)bw_box_count(box));
    if (!entry) return compute_feature(ctx, preview, index, box, room);
    const int64_t row = bw_box_extent(&entry->box, 0), plane = row * bw_box_extent(&entry->box, 1);
    bw_progress_add(ctx, (double)bw_box_count(box));
    return show_values(ctx, room, index, box, value_at(entry, index, box->lo), row, plane);
}

bw_status bw_preview_feature(bw_context *ctx, bw_preview *preview, int index, const bw_part *part, bw_image **out) {
    const int count = bw_recipe_count(preview->recipe);
    bw_feature_room room = {part, NULL};
    bw_box box;
    *out = NULL;
    BW_TRY(bw_check(ctx));
    BW_TRY(check_part(ctx, preview, part, &box));
    if (index < 0 || index >= count)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "There is no feature %d; the recipe has %d, counted from 0.", index,
                       count);
    bw_status status = make_feature_image(ctx, preview, index, part, &room.image);
    if (status == BW_OK) status = fill_feature(ctx, preview, index, &box, &room);
    if (status == BW_OK)
        *out = room.image;
    else
        bw_image_free(room.image);
    return status;
}
