/* The inside of measuring: what measures are made of, and how it is worked out. */
#ifndef BW_OBJECTS_MEASURE_H
#define BW_OBJECTS_MEASURE_H

#include "objects/objects.h"

#define BW_PI 3.14159265358979323846

/* What a measure needs beyond the number of voxels and the box. */
enum {
    BW_NEED_MOMENTS = 1,
    BW_NEED_OUTLINE = 2,
    BW_NEED_HULL = 4,
    BW_NEED_SURFACE = 8,
    BW_NEED_NEIGHBOURS = 16,
    BW_NEED_MEDIAN = 32
};

/* Voxels x0..x1-1 of a row of one object. */
typedef struct bw_span {
    int32_t x0, x1, y, z;
} bw_span;

/* The frame that objects lie in. */
typedef struct bw_measure_grid {
    int64_t size[3];
    double spacing[3];
    int flat;             /* one slice: 2D measures */
    double crofton[5][3]; /* area per line of voxels times 4 times the weight of direction (dx - 1, row step); below */
    double scale;         /* of probabilities */
} bw_measure_grid;

typedef struct bw_shape {
    int64_t voxels, lo[3], hi[3]; /* hi: half-open */
    double mean[3];               /* of indices */
    double variance[3];           /* along the principal axes, largest first, calibrated; 2D: two of them */
    double turn[3];               /* degrees: 2D: angle; 3D: azimuth, elevation, roll */
    double perimeter, surface;
    double hull; /* area or volume of the convex hull, in pixels or voxels */
    double feret, feret_angle, feret_min;
    int64_t neighbours;
} bw_shape;

/* Of one channel; voxels that are not finite are left out. */
typedef struct bw_values {
    int64_t count;
    double sum, squares; /* squares: sum of squared differences to the mean */
    double min, max, median;
    double weighted[3]; /* sum of value times index from the box's corner */
} bw_values;

/* Objects of a frame by themselves: object i has spans first[i]..first[i + 1]-1, in raster order. */
typedef struct bw_object_spans {
    int64_t count, *first;
    bw_span *span;
} bw_object_spans;

bw_status bw_object_spans_build(bw_context *ctx, const bw_object_frame *frame, bw_object_spans *out);
void bw_object_spans_free(bw_object_spans *spans);

/* Growing buffers of one thread. */
typedef struct bw_measure_scratch {
    void *block[8];
    uint64_t bytes[8];
} bw_measure_scratch;

/* Room for count items, not initialised, that stays until the same block is asked for again; NULL on failure. */
void *bw_scratch_room(bw_context *ctx, bw_measure_scratch *scratch, int block, int64_t count, size_t size);
/* The same, keeping what is there. */
void *bw_scratch_grow(bw_context *ctx, bw_measure_scratch *scratch, int block, int64_t count, size_t size);
void bw_scratch_free(bw_measure_scratch *scratch);

/* Voxels and box of an object. */
void bw_shape_extent(const bw_span *span, int64_t count, bw_shape *out);
/* mean, variance, turn. */
void bw_shape_moments(const bw_measure_grid *grid, const bw_span *span, int64_t count, bw_shape *out);
/* perimeter; 2D. */
bw_status bw_shape_outline(bw_context *ctx, bw_measure_scratch *scratch, const bw_measure_grid *grid,
                           const bw_span *span, int64_t count, bw_shape *out);
/* hull and Feret's diameters. */
bw_status bw_shape_hull(bw_context *ctx, bw_measure_scratch *scratch, const bw_measure_grid *grid, const bw_span *span,
                        int64_t count, bw_shape *out);
/* surface; 3D. grid->crofton from bw_crofton_weights. */
void bw_crofton_weights(bw_measure_grid *grid);
void bw_shape_surface(const bw_measure_grid *grid, const bw_span *span, int64_t count, bw_shape *out);
/* neighbours. label: of the object in the runs. */
bw_status bw_shape_neighbours(bw_context *ctx, bw_measure_scratch *scratch, const bw_runs *runs, const bw_span *span,
                              int64_t count, uint32_t label, bw_shape *out);

/* Convex hull of points on the edge of an object, in voxels' corners: 2D hulls of all levels of z, for these. */
typedef struct bw_corner {
    int64_t x, y, z;
} bw_corner;

/* Vertices of the convex hull in the plane of points that are given as the range lo..hi of x on lines y, y + 1...:
 * lines with lo > hi hold none. In the order of ImageJ's hulls: from the upper left corner down the left side.
 * out: room for two per line. -> their number. */
int64_t bw_hull_2d(const int64_t *lo, const int64_t *hi, int64_t lines, int64_t y, int64_t z, bw_corner *out);
/* Convex hull in space; coordinates from 0 to 2^20, points not all in a plane. Moves its vertices to the front.
 * *volume: six times the hull's. */
bw_status bw_hull_3d(bw_context *ctx, bw_measure_scratch *scratch, bw_corner *points, int64_t count, int64_t *vertices,
                     int64_t *volume);

/* Values of all objects of a frame: out[object * channels + channel]. */
bw_status bw_values_measure(bw_context *ctx, const bw_image *image, int frame, const bw_object_spans *spans,
                            const bw_shape *shapes, int median, bw_values *out);

/* One row of measures.def. */
typedef struct bw_measure_def {
    bw_measure_row row;
    int needs;
    /* v: NULL for measures that are not per channel. */
    double (*value)(const bw_shape *s, const bw_values *v, const bw_measure_grid *g);
} bw_measure_def;

const bw_measure_def *bw_measure_def_get(int index);

typedef struct bw_measure_column {
    const bw_measure_def *def;
    int channel;
    char *id, *heading;
    char unit[48];
    double *values;
} bw_measure_column;

struct bw_measurements {
    int64_t rows;
    int columns;
    bw_measure_column *column;
    int32_t *frame;
    uint32_t *object;
    uint8_t *classes; /* NULL = none */
    int class_count;
    char **class_names;
};

/* The columns that `measures` names, without values. */
bw_status bw_measure_select(bw_context *ctx, const char *measures, const bw_measure_grid *grid, const bw_image *image,
                            const bw_image *probabilities, const char *unit, bw_measurements *table);

#endif
