/* The feature engine as the pipeline sees it. Depends on core only. */
#ifndef BW_FEATURES_FEATURES_H
#define BW_FEATURES_FEATURES_H

#include "core/cpu.h"
#include "core/tile.h"
#include "features/plan.h"

/* ---- rows of features.def (rows.c) ---------------------------------------------------------------------------- */

typedef struct bw_feature_def {
    bw_feature_row row;
    double reach_factor, reach_constant; /* values depend on at most factor * parameter + constant x-pixels around */
    int level;                           /* column of the table: 0 or 1; otherwise the question does not apply */
    void (*build)(bw_builder *b, int out[BW_MAX_OUTPUTS]);
} bw_feature_def;

const bw_feature_def *bw_feature_def_get(int row);

/* ---- recipe (recipe.c) ----------------------------------------------------------------------------------------- */

/* Whether any feature looks along z; a pixel's own value does not. */
int bw_recipe_is_3d(const bw_recipe *recipe);

int bw_recipe_is_exact(const bw_recipe *recipe);

/* ---- plan (plan.c, build.c) ------------------------------------------------------------------------------------- */

/* wanted[f] != 0 selects recipe features; NULL = all. Which others are wanted does not change a feature's values. */
bw_status bw_feature_plan_create(bw_context *ctx, const bw_recipe *recipe, const uint8_t *wanted,
                                 bw_feature_plan **out);
void bw_feature_plan_free(bw_feature_plan *plan);
/* Shares out the buffers anew, for frames of this size: how much images differ in size depends on where they are cut.
 */
bw_status bw_feature_plan_fit(bw_context *ctx, bw_feature_plan *plan, const int64_t size[3]);
/* Pixels around a tile that its features look at, per axis. */
void bw_feature_plan_halo(const bw_feature_plan *plan, int64_t halo[3]);
/* Bytes of scratch for tiles of at most these extents anywhere in a frame of `size`: the top of the highest buffer,
 * each as large as the largest image that it holds, plus the steps' largest private room. INT64_MAX / 2 when there is
 * no memory left to work it out. */
int64_t bw_feature_plan_scratch(const bw_feature_plan *plan, const int64_t extent[3], const int64_t size[3]);
/* The arithmetic that a tile costs (multiply-adds, for comparing tile shapes). */
double bw_feature_plan_cost(const bw_feature_plan *plan, const int64_t extent[3], const int64_t size[3]);
int bw_feature_plan_uses_channel(const bw_feature_plan *plan, int channel);

/* ---- plans in parts (parts.c) ----------------------------------------------------------------------------------- */

/* Images of large sigmas lie on coarse grids, but are made from many pixels around a tile. A plan with such images can
 * also be run in parts: for a region of the frame, each part makes its images of the region, tile by tile, and leaves
 * them in the store; the last one makes the features. A part is a plan; tiles of the parts before the last begin at the
 * part's region plus multiples of the part's alignment, and emit nothing. The features are the same to the bit. */

/* 0 = the plan runs only as a whole. */
int bw_feature_plan_part_count(const bw_feature_plan *plan);
const bw_feature_plan *bw_feature_plan_part(const bw_feature_plan *plan, int part);
/* For a region of the frame (pixels): where each part's tiles must lie, and each slot's box, on its own grid. The last
 * part's is the region. */
void bw_feature_plan_regions(const bw_feature_plan *plan, const bw_box *region, const int64_t size[3], bw_box *parts,
                             bw_box *slots);
void bw_feature_plan_alignment(const bw_feature_plan *plan, int part, int64_t pixels[3]);
/* The most bytes that slots of these boxes take at a time. */
int64_t bw_feature_plan_store(const bw_feature_plan *plan, const bw_box *slots);

/* store: a view per slot, all zero at first. Makes room for the images of a part that is about to run and gives back
 * what neither it nor later parts read. */
bw_status bw_store_begin(bw_context *ctx, const bw_feature_plan *plan, int part, const bw_box *slots, bw_view *store);
/* Gives everything back; also after a failure. */
void bw_store_end(const bw_feature_plan *plan, bw_view *store);

/* ---- tile computation (execute.c) ------------------------------------------------------------------------------- */

/* One frame of an image, as tiles read it. */
struct bw_frame {
    /* Fills `out` (strides in floats) with a box of one channel as finite floats. */
    bw_status (*load)(bw_context *ctx, const bw_frame *frame, int channel, const bw_box *box, float *out, int64_t row,
                      int64_t plane);
    /* A typical value of slice z of a channel, or of the whole frame when z < 0; any number, but always the same.
     * Features are computed on the difference to it: float's digits go to the structure, not to a camera's offset. */
    bw_status (*typical)(bw_context *ctx, const bw_frame *frame, int channel, int64_t z, float *out);
    const void *source; /* for these two */
    int index;
    int64_t size[3];
    float white; /* what full light is in this kind of image: 255, or 65535 for 16 bits */
    int extreme; /* values so large that features may overflow: they are made finite */
};

/* Receives a part of feature `index` of the recipe: the pixels of a box that has all of the tile's columns, valid
 * during the call; strides in floats. The parts of a tile's feature come one after the other and together are the tile.
 */
typedef bw_status (*bw_emit_fn)(bw_context *ctx, void *user, int index, const bw_box *box, const float *values,
                                int64_t row, int64_t plane);

typedef struct bw_tile_task {
    const bw_feature_plan *plan;
    bw_simd level;
    bw_box tile;
    int64_t largest[3]; /* extents that the scratch was measured for; the tile's are not larger */
    bw_frame frame;
    bw_emit_fn emit;
    void *user;
    double progress;      /* is added to the context's progress bit by bit */
    void *scratch;        /* bw_feature_plan_scratch bytes, aligned to 64 */
    const bw_view *store; /* of a part's tile */
} bw_tile_task;

/* Allocates nothing. */
bw_status bw_features_tile(bw_context *ctx, const bw_tile_task *task);

#endif
