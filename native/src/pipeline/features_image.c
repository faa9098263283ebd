#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "pipeline/pipeline.h"

typedef struct bw_visit {
    bw_feature_visitor visitor;
    void *user;
} bw_visit;

typedef struct bw_visited_tile {
    const bw_visit *visit;
    int frame, thread;
} bw_visited_tile;

static bw_status visit(bw_context *ctx, void *user, int index, const bw_box *box, const float *values, int64_t row,
                       int64_t plane) {
    const bw_visited_tile *at = user;
    bw_feature_tile tile = {
        .frame = at->frame, .feature = index, .values = values, .row = row, .plane = plane, .thread = at->thread};
    memcpy(tile.lo, box->lo, sizeof tile.lo);
    memcpy(tile.hi, box->hi, sizeof tile.hi);
    return at->visit->visitor(ctx, at->visit->user, &tile);
}

static bw_status compute(bw_context *ctx, void *user, bw_tile_task *task, int frame, int thread) {
    bw_visited_tile at = {user, frame, thread};
    task->emit = visit;
    task->user = &at;
    return bw_features_tile(ctx, task);
}

static bw_status run_all(bw_context *ctx, const bw_image *image, bw_feature_plan *plan, bw_source *source,
                         bw_visit *to) {
    const bw_image_info *info = bw_image_get_info(image);
    const bw_grid_wish wish = {.size = {info->width, info->height, info->depth}, .frames = info->frames};
    bw_grid grid;
    bw_grid_run run = {.plan = plan, .source = source, .grid = &grid, .progress = 1, .tile = compute, .user = to};
    bw_progress_begin(ctx, 1); /* the scan below listens to the progress function too */
    BW_TRY(bw_simd_level(ctx, &run.level));
    BW_TRY(bw_source_open(ctx, image, source));
    BW_TRY(bw_feature_plan_fit(ctx, plan, wish.size));
    BW_TRY(bw_grid_choose(ctx, plan, &wish, &grid));
    bw_progress_begin(ctx, (double)info->width * (double)info->height * (double)info->depth * info->frames);
    return bw_grid_execute(ctx, &run);
}

bw_status bw_features_visit(bw_context *ctx, const bw_recipe *recipe, const bw_image *image, bw_feature_visitor visitor,
                            void *user) {
    int assumed;
    bw_feature_plan *plan;
    bw_visit to = {visitor, user};
    bw_source source = {.image = image};
    BW_TRY(bw_check(ctx));
    BW_TRY(bw_image_need_whole(ctx, image, "Computing features"));
    BW_TRY(bw_fit_check(ctx, recipe, image, NULL, &assumed));
    BW_TRY(bw_feature_plan_create(ctx, recipe, NULL, &plan));
    const bw_status status = run_all(ctx, image, plan, &source, &to);
    bw_source_close(&source);
    bw_feature_plan_free(plan);
    return status;
}

/* ---- stored ---------------------------------------------------------------------------------------------------- */

static bw_status keep(bw_context *ctx, void *user, const bw_feature_tile *tile) {
    bw_image *out = user;
    const int64_t width = bw_image_get_info(out)->width;
    (void)ctx;
    for (int64_t z = tile->lo[2]; z < tile->hi[2]; z++) {
        float *plane = bw_image_plane(out, tile->frame, tile->feature, z);
        const float *from = tile->values + (z - tile->lo[2]) * tile->plane;
        for (int64_t y = tile->lo[1]; y < tile->hi[1]; y++, from += tile->row)
            memcpy(plane + y * width + tile->lo[0], from, (size_t)(tile->hi[0] - tile->lo[0]) * sizeof *from);
    }
    return BW_OK;
}

static bw_status label_planes(bw_context *ctx, const bw_recipe *recipe, bw_image *out) {
    const bw_image_info *info = bw_image_get_info(out);
    char name[160];
    for (int f = 0; f < info->channels; f++) {
        bw_recipe_name(recipe, f, name, sizeof name);
        for (int64_t k = 0; k < info->depth * info->frames; k++)
            BW_TRY(bw_image_set_plane_label(ctx, out, (int)(k / info->depth), f, k % info->depth, name));
    }
    return BW_OK;
}

bw_status bw_features_compute(bw_context *ctx, const bw_recipe *recipe, const bw_image *image, bw_image **out) {
    bw_image_info wanted = *bw_image_get_info(image);
    wanted.type = BW_FLOAT32;
    wanted.channels = bw_recipe_count(recipe);
    wanted.rgb = 0;
    *out = NULL;
    int assumed;
    BW_TRY(bw_check(ctx));
    BW_TRY(bw_image_need_whole(ctx, image, "Computing features"));
    BW_TRY(bw_fit_check(ctx, recipe, image, NULL, &assumed));
    bw_image *made = NULL;
    bw_status status = bw_image_create(ctx, &wanted, &made);
    if (status == BW_OK) status = bw_image_set_name(ctx, made, bw_image_name(image));
    if (status == BW_OK) status = label_planes(ctx, recipe, made);
    if (status == BW_OK) status = bw_features_visit(ctx, recipe, image, keep, made);
    if (status == BW_OK)
        *out = made;
    else
        bw_image_free(made);
    return status;
}
