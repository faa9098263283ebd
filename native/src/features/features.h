/* Inside of the feature engine. Depends on core only. */
#ifndef BW_FEATURES_FEATURES_H
#define BW_FEATURES_FEATURES_H

#include "core/cpu.h"
#include "core/tile.h"
#include "features/ops.h"

/* ---- Gaussian kernels (kernel.c) ------------------------------------------------------------------------------ */

/* taps[0..radius] for offsets 0..radius; the other half mirrors with sign (-1)^order. */
typedef struct bw_kernel {
    int radius, order;
    float *taps;
} bw_kernel;

/* Sampled Gaussian derivative of order 0, 1 or 2 with radius ceil(4 sigma) + order, normalised as native/DESIGN.md
 * says. sigma 0 gives the identity (order 0). Below sigma 0.3 (reached along a coarse axis only) derivatives are
 * central differences: the sampled function no longer resembles a Gaussian's. */
bw_status bw_kernel_make(bw_context *ctx, double sigma, int order, bw_kernel *out);
void bw_kernel_free(bw_kernel *kernel);
int bw_kernel_radius(double sigma, int order);

/* ---- scale space (scalespace.c) ------------------------------------------------------------------------------- */

enum { BW_D0, BW_DX, BW_DY, BW_DZ, BW_DXX, BW_DXY, BW_DXZ, BW_DYY, BW_DYZ, BW_DZZ, BW_DERIVATIVES };

extern const uint8_t bw_derivative_order[BW_DERIVATIVES][3]; /* along x, y, z */

/* A float image over a box; rows and planes may be padded. */
typedef struct bw_view {
    float *data;
    bw_box box;
    int64_t row, plane; /* strides in floats */
} bw_view;

bw_view bw_view_dense(float *data, const bw_box *box);

/* The kernels of one sigma; sigma[axis] = 0 leaves an axis alone (2D). */
typedef struct bw_scale {
    double sigma[3];
    bw_kernel kernel[3][3]; /* axis, order */
} bw_scale;

/* Pixels that the kernels reach along an axis. */
int bw_scale_radius(const bw_scale *scale, int axis);

/* Multiply-adds of bw_derive, for comparing tile shapes. */
double bw_derive_cost(const bw_scale *scale, const bw_box *out, const int64_t size[3], unsigned mask);

/* Floats of scratch that bw_derive needs at most for `out`. */
int64_t bw_derive_scratch(const bw_scale *scale, const bw_box *out, const int64_t size[3]);

/* Gaussian derivative images out[d] (dense over `box`) for every d in mask, from `source`, which must cover `box` grown
 * by the kernels' radius and cut to the image of `size` pixels. Borders are mirrored in every pass. */
bw_status bw_derive(bw_context *ctx, const bw_ops *ops, const bw_scale *scale, const bw_view *source, const bw_box *box,
                    const int64_t size[3], unsigned mask, float *const out[BW_DERIVATIVES], float *scratch);

/* ---- rows of features.def (rows.c) ---------------------------------------------------------------------------- */

enum { BW_MAX_NEEDS = 2, BW_MAX_OUTPUTS = 3 };

typedef struct bw_need {
    double factor;
    unsigned mask[2]; /* of derivatives, in 2D and 3D; 0 = unused */
} bw_need;

typedef struct bw_feature_call bw_feature_call;

typedef struct bw_feature_def {
    bw_feature_row row;
    bw_need need[BW_MAX_NEEDS];
    double window;
    int level;
    bw_status (*compute)(bw_context *ctx, const bw_feature_call *call);
} bw_feature_def;

/* What a compute function gets. Without a window every image has `count` pixels, those of `box`. */
struct bw_feature_call {
    const bw_ops *ops;
    int dims;
    int64_t count;
    const float *image[BW_MAX_NEEDS][BW_DERIVATIVES];
    float *out[BW_MAX_OUTPUTS]; /* dense over box */
    /* For rows with a window: images cover `margin_box`, and bw_call_smooth brings a product back to `box`. */
    bw_box box, margin_box;
    int64_t size[3];
    const bw_scale *window;
    float *scratch;
};

const bw_feature_def *bw_feature_def_get(int row);
bw_status bw_call_smooth(bw_context *ctx, const bw_feature_call *call, float *product, float *out);
/* Into call->out: of the matrices xx, xy, yy in 2D; xx, xy, xz, yy, yz, zz in 3D. */
bw_status bw_call_eigenvalues(bw_context *ctx, const bw_feature_call *call, const float *const entries[6]);
/* Floats a row with a window may use at call->scratch, beside what bw_derive takes. */
int64_t bw_window_scratch(int dims, const bw_box *box, const bw_box *margin_box);

bw_status bw_compute_copy(bw_context *ctx, const bw_feature_call *call);
bw_status bw_compute_laplacian(bw_context *ctx, const bw_feature_call *call);
bw_status bw_compute_gradient(bw_context *ctx, const bw_feature_call *call);
bw_status bw_compute_difference(bw_context *ctx, const bw_feature_call *call);
bw_status bw_compute_structure(bw_context *ctx, const bw_feature_call *call);
bw_status bw_compute_hessian(bw_context *ctx, const bw_feature_call *call);

/* ---- recipe (recipe.c) ----------------------------------------------------------------------------------------- */

/* Whether any feature looks along z; a pixel's own value does not. */
int bw_recipe_is_3d(const bw_recipe *recipe);

/* ---- plan and tile computation (compute.c) -------------------------------------------------------------------- */

/* Which features to compute, grouped so that each scale's derivative images are made once. Immutable, shared by
 * threads. */
typedef struct bw_feature_plan bw_feature_plan;

/* wanted[f] != 0 selects recipe features; NULL = all. */
bw_status bw_feature_plan_create(bw_context *ctx, const bw_recipe *recipe, const uint8_t *wanted,
                                 bw_feature_plan **out);
void bw_feature_plan_free(bw_feature_plan *plan);
/* Pixels around a tile that its features look at, per axis. */
void bw_feature_plan_halo(const bw_feature_plan *plan, int64_t halo[3]);
/* Floats of scratch for one tile, and the arithmetic it costs (multiply-adds, for comparing tile shapes). */
int64_t bw_feature_plan_scratch(const bw_feature_plan *plan, const bw_box *tile, const int64_t size[3]);
double bw_feature_plan_cost(const bw_feature_plan *plan, const bw_box *tile, const int64_t size[3]);
int bw_feature_plan_uses_channel(const bw_feature_plan *plan, int channel);

/* One frame of an image, as tiles read it. */
typedef struct bw_frame bw_frame;
struct bw_frame {
    /* Fills `out` (dense over box) with one channel as finite floats. */
    bw_status (*load)(bw_context *ctx, const bw_frame *frame, int channel, const bw_box *box, float *out);
    /* A typical value of slice z of a channel, or of the whole frame when z < 0; any number, but always the same.
     * Features are computed on the difference to it: float's digits go to the structure, not to a camera's offset. */
    float (*typical)(const bw_frame *frame, int channel, int64_t z);
    const void *source; /* for these two */
    int index;
    int64_t size[3];
    int extreme; /* values so large that features may overflow: they are made finite */
};

/* Receives feature `index` of the recipe, dense over the tile; the values are valid during the call. */
typedef bw_status (*bw_emit_fn)(bw_context *ctx, void *user, int index, const float *values);

typedef struct bw_tile_task {
    const bw_feature_plan *plan;
    bw_simd level;
    bw_box tile;
    bw_frame frame;
    bw_emit_fn emit;
    void *user;
    float *scratch; /* bw_feature_plan_scratch floats */
} bw_tile_task;

bw_status bw_features_tile(bw_context *ctx, const bw_tile_task *task);

#endif
