/* Tiles with halo, threads, progress and cancel live here and nowhere else. */
#ifndef BW_PIPELINE_PIPELINE_H
#define BW_PIPELINE_PIPELINE_H

#include "core/image.h"
#include "core/tile.h"
#include "features/features.h"

/* ---- source: an image as finite floats (source.c) -------------------------------------------------------------- */

typedef struct bw_source {
    const bw_image *image;
    float *low;         /* smallest finite value per frame and channel; float images only */
    int64_t non_finite; /* pixels that are replaced by it */
    int extreme;        /* |value| so large that squares may overflow */
} bw_source;

/* Scans float images once for NaN, infinities and extremes. */
bw_status bw_source_open(bw_context *ctx, const bw_image *image, bw_source *out);
void bw_source_close(bw_source *source);
/* A frame of it for tiles to read. The typical value is the median of a few pixels; 0 for images of extreme values. */
bw_frame bw_source_frame(const bw_source *source, int index);

/* ---- tiles (tile.c) -------------------------------------------------------------------------------------------- */

typedef struct bw_grid {
    int64_t size[3]; /* of a frame */
    int64_t tile[3]; /* of a tile; those at the far edges are smaller */
    int64_t count[3];
    int threads;     /* that the memory budget feeds, at most the context's */
    int64_t scratch; /* bytes per thread for the largest tile */
} bw_grid;

/* The forest sees a tile in blocks of 8 x 8 pixels: neighbours take similar ways through the trees. */
enum { BW_BLOCK_EDGE = 8, BW_BLOCK = BW_BLOCK_EDGE * BW_BLOCK_EDGE };
/* Blocks along an axis of a tile, the last one perhaps not full; pixels of a tile in whole blocks. */
int64_t bw_blocks_along(const bw_box *tile, int axis);
int64_t bw_block_pixels(const bw_box *tile);

/* Chooses tiles that fit the budget on all threads and cost least, halo included. bytes_per_pixel: what the caller
 * keeps per pixel of a tile, counted in whole blocks, beside the features' scratch. edge > 0 forces cubes (squares) of
 * that edge. */
bw_status bw_grid_choose(bw_context *ctx, const bw_feature_plan *plan, const int64_t size[3], int frames,
                         double bytes_per_pixel, int64_t edge, bw_grid *out);
int64_t bw_grid_count(const bw_grid *grid);
bw_box bw_grid_box(const bw_grid *grid, int64_t index);
/* The features' scratch of each of the grid's threads. */
bw_status bw_grid_make_scratch(bw_context *ctx, const bw_grid *grid, void ***out);
void bw_grid_free_scratch(const bw_grid *grid, void **scratch);

/* ---- fitting images to recipes (fit.c) ------------------------------------------------------------------------- */

/* Channels, dimensionality and spacing of an image against what the recipe was made for. *assumed is set when the
 * image has no calibration. spacing: replaces the image's own; may be NULL. */
bw_status bw_fit_check(bw_context *ctx, const bw_recipe *recipe, const bw_image *image, const double *spacing,
                       int *assumed);
/* "the image" or its name in quotes. */
void bw_fit_image_name(const bw_image *image, char *text, size_t size);

#endif
