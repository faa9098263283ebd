#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "pipeline/pipeline.h"

/* One run over all frames and tiles of an image. */
typedef struct bw_features_run {
    const bw_feature_plan *plan;
    bw_source source;
    bw_grid grid;
    bw_simd level;
    bw_image *out;
    float **scratch; /* per thread */
} bw_features_run;

typedef struct bw_features_tile_user {
    const bw_features_run *run;
    int frame;
    const bw_box *tile;
} bw_features_tile_user;

static bw_status keep(bw_context *ctx, void *user, int index, const float *values) {
    const bw_features_tile_user *at = user;
    const bw_box *tile = at->tile;
    const int64_t n = bw_box_extent(tile, 0), width = at->run->grid.size[0];
    (void)ctx;
    for (int64_t z = tile->lo[2]; z < tile->hi[2]; z++) {
        float *plane = bw_image_plane(at->run->out, at->frame, index, z);
        for (int64_t y = tile->lo[1]; y < tile->hi[1]; y++, values += n)
            memcpy(plane + y * width + tile->lo[0], values, (size_t)n * sizeof *values);
    }
    return BW_OK;
}

static bw_status compute(bw_context *ctx, void *user, int64_t index, int thread) {
    const bw_features_run *run = user;
    const int64_t tiles = bw_grid_count(&run->grid);
    const bw_box tile = bw_grid_box(&run->grid, index % tiles);
    bw_features_tile_user at = {run, (int)(index / tiles), &tile};
    bw_tile_task task = {.plan = run->plan,
                         .level = run->level,
                         .tile = tile,
                         .frame = bw_source_frame(&run->source, at.frame),
                         .emit = keep,
                         .user = &at,
                         .scratch = run->scratch[thread]};
    BW_TRY(bw_features_tile(ctx, &task));
    bw_progress_add(ctx, (double)bw_box_count(&tile));
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

static bw_status run_all(bw_context *ctx, bw_features_run *run) {
    const bw_image_info *info = bw_image_get_info(run->source.image);
    BW_TRY(bw_grid_make_scratch(ctx, &run->grid, &run->scratch));
    bw_progress_begin(ctx, (double)info->width * (double)info->height * (double)info->depth * info->frames);
    return bw_parallel_threads(ctx, run->grid.threads, bw_grid_count(&run->grid) * info->frames, compute, run);
}

static void close_run(bw_features_run *run) {
    bw_grid_free_scratch(&run->grid, run->scratch);
    bw_source_close(&run->source);
}

static bw_status prepare(bw_context *ctx, const bw_recipe *recipe, const bw_image *image, bw_features_run *run) {
    const bw_image_info *info = bw_image_get_info(image);
    const int64_t size[3] = {info->width, info->height, info->depth};
    bw_image_info wanted = *info;
    wanted.type = BW_FLOAT32;
    wanted.channels = bw_recipe_count(recipe);
    wanted.rgb = 0;
    bw_progress_begin(ctx, 1); /* the scan below listens to the progress function too */
    BW_TRY(bw_simd_level(ctx, &run->level));
    BW_TRY(bw_source_open(ctx, image, &run->source));
    BW_TRY(bw_grid_choose(ctx, run->plan, size, info->frames, 0, 0, &run->grid));
    BW_TRY(bw_image_create(ctx, &wanted, &run->out));
    BW_TRY(bw_image_set_name(ctx, run->out, bw_image_name(image)));
    return label_planes(ctx, recipe, run->out);
}

bw_status bw_features_compute(bw_context *ctx, const bw_recipe *recipe, const bw_image *image, bw_image **out) {
    int assumed;
    bw_feature_plan *plan;
    *out = NULL;
    BW_TRY(bw_check(ctx));
    BW_TRY(bw_fit_check(ctx, recipe, image, NULL, &assumed));
    BW_TRY(bw_feature_plan_create(ctx, recipe, NULL, &plan));
    bw_features_run run = {.plan = plan};
    bw_status status = prepare(ctx, recipe, image, &run);
    if (status == BW_OK) status = run_all(ctx, &run);
    close_run(&run);
    bw_feature_plan_free(plan);
    if (status == BW_OK)
        *out = run.out;
    else
        bw_image_free(run.out);
    return status;
}
