#include "features/features.h"

#include <string.h>

const uint8_t bw_derivative_order[BW_DERIVATIVES][3] = {
    [BW_D0] = {0, 0, 0},  [BW_DX] = {1, 0, 0},  [BW_DY] = {0, 1, 0},  [BW_DZ] = {0, 0, 1},  [BW_DXX] = {2, 0, 0},
    [BW_DXY] = {1, 1, 0}, [BW_DXZ] = {1, 0, 1}, [BW_DYY] = {0, 2, 0}, [BW_DYZ] = {0, 1, 1}, [BW_DZZ] = {0, 0, 2},
};

/* Rows and planes whose length is a multiple of 1 KiB would all map to the same cache sets: those get a line more.
 * Never smaller for more floats, so that scratch for the largest tile serves every tile. */
static int64_t padded(int64_t floats) {
    int64_t lines = (floats + 15) / 16;
    return 16 * (lines % 16 ? lines : lines + 1);
}

static bw_view view_padded(float *data, const bw_box *box) {
    int64_t row = padded(bw_box_extent(box, 0));
    return (bw_view){data, *box, row, padded(row * bw_box_extent(box, 1))};
}

bw_view bw_view_dense(float *data, const bw_box *box) {
    int64_t row = bw_box_extent(box, 0);
    return (bw_view){data, *box, row, row * bw_box_extent(box, 1)};
}

static int64_t view_floats(const bw_view *view) {
    return view->plane * bw_box_extent(&view->box, 2);
}

static float *at(const bw_view *view, int64_t x, int64_t y, int64_t z) {
    const bw_box *box = &view->box;
    return view->data + (z - box->lo[2]) * view->plane + (y - box->lo[1]) * view->row + (x - box->lo[0]);
}

int bw_scale_radius(const bw_scale *scale, int axis) {
    int radius = 0;
    for (int order = 0; order < 3; order++)
        if (scale->kernel[axis][order].radius > radius) radius = scale->kernel[axis][order].radius;
    return radius;
}

/* What is left to do after the x pass needs margins in y and z, after the y pass only in z. */
static void pass_boxes(const bw_scale *scale, const bw_box *out, const int64_t size[3], bw_box *after_x,
                       bw_box *after_y) {
    const int64_t ry = bw_scale_radius(scale, 1), rz = bw_scale_radius(scale, 2);
    *after_x = bw_box_grow(out, (const int64_t[3]){0, ry, rz}, size);
    *after_y = bw_box_grow(out, (const int64_t[3]){0, 0, rz}, size);
}

/* Scratch: a mirrored line (x pass), then the pointers of the taps, then the images after the x and the y pass. */
static int64_t line_floats(const bw_scale *scale, const bw_box *out) {
    return bw_box_extent(out, 0) + 2 * (int64_t)bw_scale_radius(scale, 0) + 16;
}

static int64_t widest_radius(const bw_scale *scale) {
    int64_t widest = 0;
    for (int axis = 0; axis < 3; axis++)
        if (bw_scale_radius(scale, axis) > widest) widest = bw_scale_radius(scale, axis);
    return widest;
}

static int64_t pointer_floats(const bw_scale *scale) {
    int64_t bytes = (2 * widest_radius(scale) + 1) * (int64_t)sizeof(float *);
    return (bytes / (int64_t)sizeof(float) + 15) / 16 * 16;
}

int64_t bw_derive_scratch(const bw_scale *scale, const bw_box *out, const int64_t size[3]) {
    bw_box after_x, after_y;
    pass_boxes(scale, out, size, &after_x, &after_y);
    bw_view a = view_padded(NULL, &after_x), b = view_padded(NULL, &after_y);
    return (line_floats(scale, out) + 15) / 16 * 16 + pointer_floats(scale) + (view_floats(&a) + 15) / 16 * 16 +
           view_floats(&b);
}

typedef struct bw_passes {
    bw_context *ctx;
    const bw_ops *ops;
    const bw_scale *scale;
    const int64_t *size;
    float *line;
    const float **rows; /* of the middle tap */
    bw_view source, after_x, after_y;
    int64_t work; /* multiply-adds since the last look at cancel */
} bw_passes;

/* One row; looks at cancel after every million multiply-adds. */
static bw_status convolve(bw_passes *p, const bw_kernel *kernel, float *out, int64_t n) {
    p->ops->convolve[kernel->order](out, p->rows, kernel->taps, kernel->radius, n);
    p->work += n * (kernel->radius + 1);
    if (p->work < (int64_t)1 << 20) return BW_OK;
    p->work = 0;
    return bw_check(p->ctx);
}

/* Points the taps at a row of the source, through a mirrored copy of it where the taps reach over the border. */
static void aim_along_x(const bw_passes *p, const bw_box *box, int radius, int64_t y, int64_t z) {
    const int64_t lo = box->lo[0] - radius, hi = box->hi[0] + radius, n = p->size[0];
    const float *start;
    if (lo >= 0 && hi <= n) {
        start = at(&p->source, lo, y, z);
    } else {
        const float *row = at(&p->source, p->source.box.lo[0], y, z) - p->source.box.lo[0];
        const int64_t from = lo > 0 ? lo : 0, to = hi < n ? hi : n;
        for (int64_t x = lo; x < from; x++)
            p->line[x - lo] = row[bw_mirror(x, n)];
        memcpy(p->line + (from - lo), row + from, (size_t)(to - from) * sizeof *row);
        for (int64_t x = to; x < hi; x++)
            p->line[x - lo] = row[bw_mirror(x, n)];
        start = p->line;
    }
    for (int j = -radius; j <= radius; j++)
        p->rows[j] = start + radius + j;
}

static bw_status pass_x(bw_passes *p, int order) {
    const bw_kernel *kernel = &p->scale->kernel[0][order];
    const bw_view *to = &p->after_x;
    const int64_t n = bw_box_extent(&to->box, 0);
    for (int64_t z = to->box.lo[2]; z < to->box.hi[2]; z++)
        for (int64_t y = to->box.lo[1]; y < to->box.hi[1]; y++) {
            aim_along_x(p, &to->box, kernel->radius, y, z);
            BW_TRY(convolve(p, kernel, at(to, to->box.lo[0], y, z), n));
        }
    return BW_OK;
}

/* The y and z passes: taps are rows above and below, mirrored by position. */
static bw_status pass_rows(bw_passes *p, int axis, int order, const bw_view *from, const bw_view *to) {
    const bw_kernel *kernel = &p->scale->kernel[axis][order];
    const int64_t x = to->box.lo[0], n = bw_box_extent(&to->box, 0);
    for (int64_t z = to->box.lo[2]; z < to->box.hi[2]; z++)
        for (int64_t y = to->box.lo[1]; y < to->box.hi[1]; y++) {
            for (int j = -kernel->radius; j <= kernel->radius; j++)
                p->rows[j] = axis == 1 ? at(from, x, bw_mirror(y + j, p->size[1]), z)
                                       : at(from, x, y, bw_mirror(z + j, p->size[2]));
            BW_TRY(convolve(p, kernel, at(to, x, y, z), n));
        }
    return BW_OK;
}

/* The derivatives in mask that have this order along this axis. */
static unsigned select_orders(unsigned mask, int axis, int order) {
    unsigned selected = 0;
    for (int d = 0; d < BW_DERIVATIVES; d++)
        if (mask >> d & 1 && bw_derivative_order[d][axis] == order) selected |= 1u << d;
    return selected;
}

/* The z pass, or in 2D none: then the y pass has written the result already. */
static bw_status finish_z(bw_passes *p, unsigned mask, const bw_box *box, float *const out[BW_DERIVATIVES]) {
    for (int d = 0; d < BW_DERIVATIVES; d++) {
        if (!(mask >> d & 1)) continue;
        const bw_view to = bw_view_dense(out[d], box);
        BW_TRY(pass_rows(p, 2, bw_derivative_order[d][2], &p->after_y, &to));
    }
    return BW_OK;
}

static bw_status finish_y(bw_passes *p, unsigned mask, const bw_box *box, float *const out[BW_DERIVATIVES]) {
    for (int order = 0; order < 3; order++) {
        unsigned selected = select_orders(mask, 1, order);
        if (!selected) continue;
        if (p->scale->sigma[2] > 0) {
            BW_TRY(pass_rows(p, 1, order, &p->after_x, &p->after_y));
            BW_TRY(finish_z(p, selected, box, out));
        } else {
            int d = 0;
            while (!(selected >> d & 1))
                d++;
            const bw_view to = bw_view_dense(out[d], box);
            BW_TRY(pass_rows(p, 1, order, &p->after_x, &to));
        }
    }
    return BW_OK;
}

bw_status bw_derive(bw_context *ctx, const bw_ops *ops, const bw_scale *scale, const bw_view *source, const bw_box *box,
                    const int64_t size[3], unsigned mask, float *const out[BW_DERIVATIVES], float *scratch) {
    bw_passes p = {ctx, ops, scale, size, scratch, NULL, *source, {0}, {0}, 0};
    bw_box after_x, after_y;
    pass_boxes(scale, box, size, &after_x, &after_y);
    float *next = scratch + (line_floats(scale, box) + 15) / 16 * 16;
    p.rows = (const float **)(void *)next + widest_radius(scale);
    next += pointer_floats(scale);
    p.after_x = view_padded(next, &after_x);
    p.after_y = view_padded(next + (view_floats(&p.after_x) + 15) / 16 * 16, &after_y);
    BW_TRY(bw_check(ctx));
    for (int order = 0; order < 3; order++) {
        unsigned selected = select_orders(mask, 0, order);
        if (!selected) continue;
        BW_TRY(pass_x(&p, order));
        BW_TRY(finish_y(&p, selected, box, out));
    }
    return BW_OK;
}

double bw_derive_cost(const bw_scale *scale, const bw_box *out, const int64_t size[3], unsigned mask) {
    bw_box after_x, after_y;
    pass_boxes(scale, out, size, &after_x, &after_y);
    double x = (double)bw_box_count(&after_x) * (bw_scale_radius(scale, 0) + 2);
    double y = (double)bw_box_count(&after_y) * (bw_scale_radius(scale, 1) + 2);
    double z = (double)bw_box_count(out) * (bw_scale_radius(scale, 2) + 2), cost = 0;
    for (int order = 0; order < 3; order++) {
        unsigned selected = select_orders(mask, 0, order);
        if (selected) cost += x;
        for (int next = 0; next < 3; next++)
            if (select_orders(selected, 1, next)) cost += y;
    }
    for (int d = 0; d < BW_DERIVATIVES && scale->sigma[2] > 0; d++)
        if (mask >> d & 1) cost += z;
    return cost;
}
