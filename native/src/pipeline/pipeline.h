/* Tiles with halo, threads, progress and cancel live here and nowhere else. */
#ifndef BW_PIPELINE_PIPELINE_H
#define BW_PIPELINE_PIPELINE_H

#include "core/image.h"
#include "core/tile.h"
#include "features/features.h"

/* ---- source: an image as finite floats (source.c) -------------------------------------------------------------- */

/* What of a streamed image is in memory. */
typedef struct bw_window {
    int frame;
    bw_box box;
    uint8_t *pixels; /* [channel][z][y][x], tightly packed */
    uint64_t room;   /* bytes there */
} bw_window;

/* Of a sparse image these come from its survey alone; pixels elsewhere may be anything. */
typedef struct bw_source {
    const bw_image *image;
    float *low;         /* smallest finite value per frame and channel; float images only */
    int64_t non_finite; /* pixels that are replaced by it */
    int extreme;        /* |value| so large that squares may overflow */
    /* Of a streamed image: */
    const bw_window *window; /* what tiles may read; set by whoever runs them */
    float *typical;          /* [frame][slice + 1][channel], slice -1 = the whole frame */
    uint8_t *known;          /* [frame][slice + 1]: which of these are there */
} bw_source;

/* Scans float images once for NaN, infinities and extremes. Sparse ones must have their survey slices. */
bw_status bw_source_open(bw_context *ctx, const bw_image *image, bw_source *out);
void bw_source_close(bw_source *source);
/* The same without looking at the pixels of a float image: low (frames * channels numbers), non_finite and extreme are
 * those of a source of the same image. */
bw_status bw_source_open_known(bw_context *ctx, const bw_image *image, const float *low, int64_t non_finite,
                               int extreme, bw_source *out);
/* Fills a window of a streamed image and finds the typical values that its tiles ask for; on the thread that entered
 * the engine. Tiles may read another window meanwhile. */
bw_status bw_source_load(bw_context *ctx, bw_source *source, int frame, const bw_box *box, bw_window *window);
void bw_window_free(bw_window *window);
/* A frame of it for tiles to read. The typical value is the median of a few pixels; 0 for images of extreme values.
 * Reading an absent plane of a sparse image is an error that names it. */
bw_frame bw_source_frame(const bw_source *source, int index);
/* Where on an axis of `size` pixels the typical value is looked up, for steps 0..BW_TYPICAL_STEPS - 1. */
enum { BW_TYPICAL_STEPS = 4 };
int64_t bw_typical_position(int64_t size, int step);

/* ---- tiles (tile.c, tile_choice.c) ------------------------------------------------------------------------------- */

/* A box in equal shares along every axis; those at the far ends may be smaller. */
typedef struct bw_shares {
    bw_box box;
    int64_t extent[3], count[3];
} bw_shares;

/* Shares of at most `most` pixels, multiples of `step` (NULL = any). */
bw_shares bw_share_out(const bw_box *box, const int64_t most[3], const int64_t step[3]);
int64_t bw_share_count(const bw_shares *shares);
bw_box bw_share_box(const bw_shares *shares, int64_t index);

/* The forest sees a tile in blocks of 8 x 8 pixels: neighbours take similar ways through the trees. */
enum { BW_BLOCK_EDGE = 8, BW_BLOCK = BW_BLOCK_EDGE * BW_BLOCK_EDGE };
/* Blocks along an axis of a tile, the last one perhaps not full; pixels of a tile in whole blocks. */
int64_t bw_blocks_along(const bw_box *tile, int axis);
int64_t bw_block_pixels(const bw_box *tile);

/* Cuts a box to what is wanted in it; -> the number of wanted pixels. When it is 0 the box stays as it is. */
typedef int64_t (*bw_shrink_fn)(const void *user, bw_box *box);

/* What a grid is for. */
typedef struct bw_grid_wish {
    int64_t size[3];        /* of a frame */
    int frames;             /* that are computed in one run */
    const bw_box *box;      /* the part of each frame that is wanted; NULL = all. Only bw_grid_choose looks at it */
    double bytes_per_pixel; /* that the caller keeps per pixel of a tile, counted in whole blocks */
    double work_per_pixel;  /* of the caller beside the features', in multiply-adds */
    int64_t edge;           /* of a tile, for cubes or squares; 0 = chosen */
    double thread_bytes;    /* that the caller keeps per thread besides */
    /* For callers that look at the results of a whole region and `margin` pixels around it, cut at the frame: */
    int64_t margin[3];
    double bytes_per_region_pixel; /* margin included, once for all threads; 0 = the caller is content with tiles */
    double bytes_per_read_pixel;   /* of these, what is kept per pixel that the features of a region read, too */
    double region_memory;          /* bytes that a region may take beyond what regions of images in memory should */
    int64_t step[3];               /* regions begin and end at multiples of these; 0 = anywhere */
    const struct bw_grid *like;    /* its regions; NULL = chosen */
    int whole; /* not in parts: the caller computes more around each tile, so that few large ones are better */
    bw_shrink_fn shrink; /* NULL = all of the frame is wanted */
    const void *user;    /* for shrink */
} bw_grid_wish;

enum { BW_MAX_PARTS = BW_MAX_LEVEL + 3 };

/* How frames are computed: region by region, and each region tile by tile. In parts, the plan's parts before the last
 * run on a region first, all threads together; as a whole, the frame is the region. */
typedef struct bw_grid {
    bw_grid_wish wish;                                      /* its pointers only while a grid is chosen */
    bw_box bounds;                                          /* of what is wanted of a frame */
    int parts;                                              /* whether in parts */
    int64_t region[3], tile[3], part_tile[BW_MAX_PARTS][3]; /* most extents */
    int threads;                                            /* that the memory budget feeds, at most the context's */
    int64_t scratch;                                        /* bytes per thread */
    int64_t part_scratch;                                   /* of these, what parts before the last need */
    int64_t store;                                          /* bytes for kept images */
    double work;                                            /* for comparing grids */
    double ahead;                                           /* share of the work that is done before the last part */
} bw_grid;

/* The grid that costs least of those that fit the budget, memory counting a little. */
bw_status bw_grid_choose(bw_context *ctx, const bw_feature_plan *plan, const bw_grid_wish *wish, bw_grid *out);

/* Computes a tile by bw_features_tile; `emit` and `user` of the task are to be set, its progress may be shared. */
typedef bw_status (*bw_tile_fn)(bw_context *ctx, void *user, bw_tile_task *task, int frame, int thread);
/* The regions of a grid, one after the other in this order: x fastest, then y, z, frame. */
bw_shares bw_grid_regions(const bw_grid *grid);

/* Before the tiles of a region and its margin, or after all of them. */
typedef bw_status (*bw_region_fn)(bw_context *ctx, void *user, const bw_box *region, const bw_box *grown, int frame);

typedef struct bw_grid_run {
    const bw_feature_plan *plan;
    const bw_source *source;
    const bw_grid *grid;
    bw_simd level;
    int frame;       /* the first of grid->wish.frames */
    double progress; /* of a wanted pixel */
    bw_tile_fn tile;
    bw_region_fn begin, finish; /* NULL = not asked; with them, regions run one after the other */
    bw_region_fn ahead; /* told of a region while tiles of the one before run, on the thread that entered the engine,
                           and of NULL during the last one; of the first one, before anything runs. NULL = not asked */
    void *user;
} bw_grid_run;

/* The pixels of the frame that features of a region and its margin read. */
bw_status bw_grid_reads(bw_context *ctx, const bw_grid *grid, const bw_feature_plan *plan, const bw_box *grown,
                        bw_box *out);

/* All tiles, on grid->threads threads; `thread` is below that. */
bw_status bw_grid_execute(bw_context *ctx, const bw_grid_run *run);

/* ---- fitting images to recipes (fit.c) ------------------------------------------------------------------------- */

/* Channels, dimensionality and spacing of an image against what the recipe was made for. *assumed is set when the
 * image has no calibration. spacing: replaces the image's own; may be NULL. */
bw_status bw_fit_check(bw_context *ctx, const bw_recipe *recipe, const bw_image *image, const double *spacing,
                       int *assumed);
/* "the image" or its name in quotes. */
void bw_fit_image_name(const bw_image *image, char *text, size_t size);

#endif
