/* How feature images are made. A plan is a list of steps; a step reads images and makes images; an image that two
 * features need is made once. Rows of features.def build their part of the plan through bw_builder; the executor
 * (execute.c) then runs the steps tile by tile. Depends on core only.
 *
 * Images lie on grids: at level l of an axis every 2^l-th pixel, beginning with the image's first one. An image covers
 * its tile and a margin. Along most axes it is cut to the frame, and whoever looks beyond mirrors (bw_mirror_on). Where
 * mirrored positions may fall between the grid's (from level 2 on), where mirroring would need another sign
 * (derivatives that will be interpolated) and in padded images it reaches beyond the frame. */
#ifndef BW_FEATURES_PLAN_H
#define BW_FEATURES_PLAN_H

#include "core/tile.h"
#include "features/kernel.h"
#include "features/ops.h"

enum { BW_MAX_INPUTS = 6, BW_MAX_OUTPUTS = 6, BW_MAX_PARAMETERS = 6, BW_MAX_LEVEL = 16 };

/* An image in memory. Elements are float or double; rows and planes may be padded. */
typedef struct bw_view {
    void *data; /* of the box's first pixel */
    bw_precision precision;
    bw_box box;
    int64_t row, plane; /* strides in elements */
} bw_view;

static inline int64_t bw_element_size(bw_precision precision) {
    return precision == BW_DOUBLE ? (int64_t)sizeof(double) : (int64_t)sizeof(float);
}

/* Bytes rounded up to whole cache lines. */
static inline int64_t bw_line_up(int64_t bytes) {
    return (bytes + 63) / 64 * 64;
}

static inline int64_t bw_view_offset(const bw_view *view, int64_t x, int64_t y, int64_t z) {
    const int64_t *lo = view->box.lo;
    return (z - lo[2]) * view->plane + (y - lo[1]) * view->row + (x - lo[0]);
}

/* The pixel at (x, y, z) of the view's grid. */
static inline void *bw_view_at(const bw_view *view, int64_t x, int64_t y, int64_t z) {
    return (char *)view->data + bw_view_offset(view, x, y, z) * bw_element_size(view->precision);
}

/* ---- steps ----------------------------------------------------------------------------------------------------- */

typedef struct bw_step bw_step;
typedef struct bw_frame bw_frame;

/* What a step gets for a tile. */
typedef struct bw_step_call {
    const bw_step *step;
    const bw_ops *ops; /* for the precision of its first output */
    bw_simd level;
    const bw_kernel *kernel;                        /* of a pass */
    bw_view in[BW_MAX_INPUTS], out[BW_MAX_OUTPUTS]; /* out: what it must fill, all of the same box */
    int64_t size[3];                                /* of the frame */
    int grid[3];                                    /* level of the first input per axis */
    const bw_frame *frame;                          /* for loading */
    void *scratch;                                  /* kind->scratch bytes, aligned to 64 */
} bw_step_call;

/* Immutable tables, one per operation. */
typedef struct bw_step_kind {
    const char *name;                                             /* as `brushwood features --plan` prints it */
    bw_status (*run)(bw_context *ctx, const bw_step_call *call);  /* looks at bw_check(ctx) at least every few ms */
    int64_t (*scratch)(const bw_step *step, const bw_box *out);   /* bytes; NULL = none; never less for a larger box */
    double (*cost)(const bw_step *step, const bw_kernel *kernel); /* per output pixel, in multiply-adds; NULL = 2 */
} bw_step_kind;

typedef enum bw_scaling { BW_SAME, BW_HALVE, BW_TWICE } bw_scaling; /* number of pixels along step->axis */

struct bw_step {
    const bw_step_kind *kind;
    int inputs[BW_MAX_INPUTS], input_count; /* images */
    int first, outputs;                     /* images that it makes */
    int dims;                               /* 2: slice by slice */
    bw_scaling scaling;
    int axis, kernel; /* of a pass: index into the plan's kernels, -1 = none */
    int64_t reach[3]; /* pixels around an output pixel that it reads, per axis of the input's grid, beside a pass's */
    int channel, raw; /* of a load */
    int batch;        /* steps of one batch are put into order together */
    double parameter[BW_MAX_PARAMETERS]; /* what the kind says */
};

/* ---- the plan --------------------------------------------------------------------------------------------------- */

/* An image that a step makes. */
typedef struct bw_node {
    int step;
    bw_precision precision;
    int level[3];
    int cut[3];        /* per axis: ends at the frame (head of this file) */
    int odd[3];        /* per axis: changes sign when the frame is mirrored */
    int64_t margin[3]; /* around the tile, in pixels of its grid */
    int64_t edge[3];   /* instead, where the tile ends with the frame; not less. More only in parts of a plan */
    int64_t inner[3];  /* there, how far from the frame's last pixel it reaches at least the other way */
    int response[3];   /* kernel that leads from its root to it along an axis, -1 = it is the root */
    int last;          /* the last step that reads it */
    int local;         /* no other group reads it: it exists slab by slab */
    int kept;          /* a plan in parts computes it before its readers' tiles */
    int slot;          /* of the store that holds it, in parts of a plan; -1 = none */
    int buffer;        /* -1 = none */
} bw_node;

/* Image `node` is feature `index` of the recipe. */
typedef struct bw_emission {
    int node, index;
} bw_emission;

/* Consecutive steps that run slab by slab: all of them on the first slab, then all on the next. Slabs are cut along the
 * slowest axis that filters go along (y in 2D, z in 3D); no step looks at neighbouring slabs of an image that its own
 * group makes. So most images never exist as a whole, and a slab's are still in the cache when they are read. */
typedef struct bw_group {
    int first, end; /* steps */
    int axis;       /* of the slabs */
} bw_group;

/* Room in a tile's scratch for the images that have it in turn, taken during steps from..until. */
typedef struct bw_buffer {
    int from, until;
    int below, below_count; /* plan->below[below...]: buffers that are taken at the same time and lie below */
} bw_buffer;

/* What a kernel was made for: equal wishes share one. */
typedef struct bw_design {
    double sigma;
    int order, base, step; /* base: kernel that was applied before, -1 = none: then this is the sampled Gaussian */
    int kernel, response;  /* response: base and kernel together; order 0 only */
} bw_design;

/* A kept image in parts of a plan. */
typedef struct bw_slot {
    int made, last; /* parts: the one that makes it, the last one that reads it */
    int node;       /* of the part that makes it */
} bw_slot;

/* Steps in the order of computing; immutable once built, shared by threads.
 *
 * A plan with kept images exists twice: as a whole, which makes everything for each tile, and in parts that run one
 * after the other. A part makes some of the kept images for a whole region of the frame, tile by tile, from the frame
 * and from images that earlier parts kept; the last part makes the features. Parts are plans themselves, without parts:
 * the kept images that they read are the outputs of their first `stored` steps, which are in no group. */
typedef struct bw_feature_plan bw_feature_plan;

struct bw_feature_plan {
    bw_step *steps;
    bw_node *nodes;
    bw_emission *emissions; /* in the order of their steps */
    bw_group *groups;
    bw_kernel *kernels;
    bw_design *designs;
    bw_buffer *buffers; /* from the bottom up */
    int *below;
    int *by_buffer; /* nodes that have a buffer, in its order */
    bw_feature_plan *parts;
    bw_slot *slots;
    int step_count, node_count, emission_count, group_count, kernel_count, design_count, buffer_count, buffered;
    int part_count, slot_count, batch_count, stored;
    int is_part; /* kernels belong to the plan that it is a part of */
    int64_t halo[3];
    uint64_t channels; /* that it reads, a bit each */
};

/* Position of `index` on the grid of a level, mirrored at both ends of a frame of n pixels; levels 0 and 1 only. */
static inline int64_t bw_mirror_on(int level, int64_t index, int64_t n) {
    return bw_mirror(index * ((int64_t)1 << level), n) >> level;
}

/* The box that an image covers for a tile. */
bw_box bw_node_box(const bw_node *node, const bw_box *tile, const int64_t size[3]);

/* Pixels of a slab along its axis, for tiles of these extents. */
int64_t bw_slab_thickness(int axis, const int64_t extent[3]);

/* Where each buffer begins in the scratch of such tiles, in bytes: the first of 2 * buffer_count + 1 entries; behind
 * them, the private room of the steps. */
void bw_plan_layout(const bw_feature_plan *plan, const int64_t extent[3], const int64_t size[3], int64_t *offsets);

/* The arithmetic of a group on a tile, in multiply-adds. */
double bw_group_cost(const bw_feature_plan *plan, const bw_group *group, const bw_box *tile, const int64_t size[3]);

/* Orders and groups the steps from `first` on, which may share images only with one another and with earlier ones. */
bw_status bw_plan_schedule(bw_context *ctx, bw_feature_plan *plan, int first);

/* Fills margins, last uses and buffers after the last step is scheduled. */
bw_status bw_plan_finish(bw_context *ctx, bw_feature_plan *plan);

/* Makes the parts of a finished plan that has kept images (parts.c). */
bw_status bw_plan_divide(bw_context *ctx, bw_feature_plan *plan);

/* Frees what a plan or a part holds, not itself. */
void bw_plan_clear(bw_feature_plan *plan);

/* A view of a buffer for a box, with padded rows and planes; its bytes. */
bw_view bw_view_padded(void *data, bw_precision precision, const bw_box *box);
int64_t bw_view_bytes(const bw_view *view);

/* ---- building -------------------------------------------------------------------------------------------------- */

/* A row under construction. The first error stays in `status`; from then on calls do nothing and return image 0. */
typedef struct bw_builder {
    bw_context *ctx;
    bw_status status;
    bw_feature_plan *plan;
    int exact, dims, channel;
    double value;    /* the feature's sigma or radius, 0 = none */
    int first_step;  /* of the channel: steps before are not looked at for sharing */
    double ratio[3]; /* spacing[x] / spacing[axis]: x-pixels to pixels of the axis; 0 for z in 2D */
} bw_builder;

/* Ends the building with BW_ERROR_ARGUMENT and a message. */
void bw_build_refuse(bw_builder *b, const char *format, ...);

/* `value` along each axis in its own pixels: value * ratio. */
void bw_build_axes(const bw_builder *b, double value, double along[3]);

typedef enum bw_source_kind {
    BW_SOURCE_LEVELLED, /* minus the frame's typical value (bw_frame), cut */
    BW_SOURCE_RAW       /* as it is, padded with mirrored values: for windows */
} bw_source_kind;

int bw_build_source(bw_builder *b, int channel, bw_source_kind kind, bw_precision precision);

/* A step that makes `outputs` images of `precision` on the grid of its first input; -> its first image. A step that
 * exists already is not made again. Unset fields are 0; kernel -1 is set by this function. */
int bw_build_step(bw_builder *b, const bw_step *step, bw_precision precision, int outputs);

/* The images of a step that begin with `first`: ids[0..count) = first, first + 1, ... */
static inline void bw_number_images(int first, int count, int *ids) {
    for (int i = 0; i < count; i++)
        ids[i] = first + i;
}

/* Pointwise steps; parameters up to six. */
int bw_build_pointwise(bw_builder *b, const bw_step_kind *kind, const int *inputs, int count, int outputs);

/* The Gaussian derivative of the channel at sigma (x pixels) with these orders (their sum at most 2), on the pixel
 * grid. */
int bw_build_derivative(bw_builder *b, double sigma, int x, int y, int z);

/* The Gaussian derivative's values with the typical value put back: sums that keep constants (orders 0). */
int bw_build_relevel(bw_builder *b, int image);

/* `image` (on the pixel grid, cut, not itself a result of smoothing) smoothed with a Gaussian of sigma, on the pixel
 * grid. exact: full kernels in the image's precision; else by presmoothing and pyramid, in single precision. */
int bw_build_smooth(bw_builder *b, int image, double sigma, int exact);

/* The precision for steps that follow the mode: double in exact mode. */
bw_precision bw_build_precision(const bw_builder *b);

/* The symmetric matrices' entries (xx, xy, yy or xx, xy, xz, yy, yz, zz) of the Hessian or the structure tensor; ->
 * count. */
int bw_build_hessian_entries(bw_builder *b, int entries[6]);
int bw_build_structure_entries(bw_builder *b, int entries[6]);
/* One entry of the structure tensor, of axes i and j. */
int bw_build_structure_entry(bw_builder *b, int i, int j);
int bw_build_eigenvalues(bw_builder *b, const int *entries, int count);

#endif
