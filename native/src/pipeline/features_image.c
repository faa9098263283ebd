#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "pipeline/pipeline.h"

/* One run over all frames and tiles of an image. */
typedef struct bw_features_run {
    bw_feature_plan *plan;
    bw_source source;
    bw_grid grid;
    bw_simd level;
    bw_feature_visitor visitor;
    void *user;
    void **scratch; /* per thread */
} bw_features_run;

typedef struct bw_visited_tile {
    const bw_features_run *run;
    int frame, thread;
    bw_box box;
} bw_visited_tile;

static bw_status visit(bw_context *ctx, void *user, int index, const bw_box *box, const float *values, int64_t row,
                       int64_t plane) {
    const bw_visited_tile *at = user;
    bw_feature_tile tile = {
        .frame = at->frame, .feature = index, .values = values, .row = row, .plane = plane, .thread = at->thread};
    memcpy(tile.lo, box->lo, sizeof tile.lo);
    memcpy(tile.hi, box->hi, sizeof tile.hi);
    return at->run->visitor(ctx, at->run->user, &tile);
}

static bw_status compute(bw_context *ctx, void *user, int64_t index, int thread) {
    const bw_features_run *run = user;
    const int64_t tiles = bw_grid_count(&run->grid);
    bw_visited_tile at = {run, (int)(index / tiles), thread, bw_grid_box(&run->grid, index % tiles)};
    bw_tile_task task = {.plan = run->plan,
                         .level = run->level,
                         .tile = at.box,
                         .frame = bw_source_frame(&run->source, at.frame),
                         .emit = visit,
                         .user = &at,
                         .progress = (double)bw_box_count(&at.box),
                         .scratch = run->scratch[thread]};
    memcpy(task.largest, run->grid.tile, sizeof task.largest);
    return bw_features_tile(ctx, &task);
}

static bw_status run_all(bw_context *ctx, const bw_image *image, bw_features_run *run) {
    const bw_image_info *info = bw_image_get_info(image);
    const int64_t size[3] = {info->width, info->height, info->depth};
    bw_progress_begin(ctx, 1); /* the scan below listens to the progress function too */
    BW_TRY(bw_simd_level(ctx, &run->level));
    BW_TRY(bw_source_open(ctx, image, &run->source));
    BW_TRY(bw_feature_plan_fit(ctx, run->plan, size));
    BW_TRY(bw_grid_choose(ctx, run->plan, size, info->frames, 0, 0, &run->grid));
    BW_TRY(bw_grid_make_scratch(ctx, &run->grid, &run->scratch));
    bw_progress_begin(ctx, (double)info->width * (double)info->height * (double)info->depth * info->frames);
    return bw_parallel_threads(ctx, run->grid.threads, bw_grid_count(&run->grid) * info->frames, compute, run);
}

bw_status bw_features_visit(bw_context *ctx, const bw_recipe *recipe, const bw_image *image, bw_feature_visitor visitor,
                            void *user) {
    int assumed;
    bw_feature_plan *plan;
    BW_TRY(bw_check(ctx));
    BW_TRY(bw_fit_check(ctx, recipe, image, NULL, &assumed));
    BW_TRY(bw_feature_plan_create(ctx, recipe, NULL, &plan));
    bw_features_run run = {.plan = plan, .visitor = visitor, .user = user};
    const bw_status status = run_all(ctx, image, &run);
    bw_grid_free_scratch(&run.grid, run.scratch);
    bw_source_close(&run.source);
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
