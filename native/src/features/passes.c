/* Steps that go along one axis, and loading. */
#include <string.h>

#include "features/features.h"
#include "features/steps.h"

/* ---- loading --------------------------------------------------------------------------------------------------- */

/* A row as floats, then as doubles. */
static int64_t load_scratch(const bw_step *step, const bw_box *out) {
    (void)step;
    return bw_line_up(bw_box_extent(out, 0) * (int64_t)sizeof(float)) + bw_box_extent(out, 0) * (int64_t)sizeof(double);
}

/* What a padded image holds left and right of the frame. */
static void mirror_ends(const bw_view *out, int64_t y, int64_t z, int64_t n) {
    const int64_t element = bw_element_size(out->precision);
    const int64_t from = out->box.lo[0] > 0 ? out->box.lo[0] : 0, to = out->box.hi[0] < n ? out->box.hi[0] : n;
    for (int64_t x = out->box.lo[0]; x < from; x++)
        memcpy(bw_view_at(out, x, y, z), bw_view_at(out, bw_mirror(x, n), y, z), (size_t)element);
    for (int64_t x = to; x < out->box.hi[0]; x++)
        memcpy(bw_view_at(out, x, y, z), bw_view_at(out, bw_mirror(x, n), y, z), (size_t)element);
}

/* A row minus `level`; rows beyond the frame are mirrored. */
static bw_status load_row(bw_context *ctx, const bw_step_call *call, int64_t y, int64_t z, double level) {
    const bw_view *out = &call->out[0];
    const int64_t from = bw_mirror(y, call->size[1]), slice = bw_mirror(z, call->size[2]);
    const int64_t lo = out->box.lo[0] > 0 ? out->box.lo[0] : 0;
    const int64_t hi = out->box.hi[0] < call->size[0] ? out->box.hi[0] : call->size[0];
    const bw_box box = {{lo, from, slice}, {hi, from + 1, slice + 1}};
    float *room = call->scratch;
    void *wide = (char *)call->scratch + bw_line_up(bw_box_extent(&out->box, 0) * (int64_t)sizeof(float));
    BW_TRY(call->frame->load(ctx, call->frame, call->step->channel, &box, room, hi - lo, hi - lo));
    call->ops->from_float(wide, room, hi - lo);
    call->ops->shift(bw_view_at(out, lo, y, z), wide, -level, hi - lo);
    mirror_ends(out, y, z, call->size[0]);
    return BW_OK;
}

/* The typical value of the frame, or of every slice when features are 2D, so that a slice counts for itself. */
static bw_status typical(bw_context *ctx, const bw_step_call *call, int64_t z, float *out) {
    return call->frame->typical(ctx, call->frame, call->step->channel, call->step->dims == 3 ? -1 : z, out);
}

static bw_status run_load(bw_context *ctx, const bw_step_call *call) {
    const bw_box *box = &call->out[0].box;
    float level = 0;
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++) {
        if (!call->step->raw && (z == box->lo[2] || call->step->dims == 2)) BW_TRY(typical(ctx, call, z, &level));
        BW_TRY(bw_check(ctx));
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++)
            BW_TRY(load_row(ctx, call, y, z, level));
    }
    return BW_OK;
}

const bw_step_kind bw_kind_load = {"load", run_load, load_scratch, NULL};

static bw_status run_relevel(bw_context *ctx, const bw_step_call *call) {
    const bw_box *box = &call->out[0].box;
    float level = 0;
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++) {
        if (z == box->lo[2] || call->step->dims == 2) BW_TRY(typical(ctx, call, z, &level));
        BW_TRY(bw_check(ctx));
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++)
            call->ops->shift(bw_view_at(&call->out[0], box->lo[0], y, z), bw_view_at(&call->in[0], box->lo[0], y, z),
                             level, bw_box_extent(box, 0));
    }
    return BW_OK;
}

const bw_step_kind bw_kind_relevel = {"put the level back", run_relevel, NULL, NULL};

/* ---- passes ---------------------------------------------------------------------------------------------------- */

/* Scratch: pointers to the taps' rows, then for passes along x a mirrored line and its even and odd samples. */
static int64_t pointer_bytes(int64_t radius) {
    return bw_line_up((2 * radius + 1) * (int64_t)sizeof(void *));
}

static int64_t line_elements(const bw_step *step, int64_t radius, const bw_box *out) {
    return (step->scaling == BW_HALVE ? 2 : 1) * bw_box_extent(out, 0) + 2 * radius + 2;
}

static int64_t pass_scratch(const bw_step *step, const bw_box *out) {
    const int64_t radius = (int64_t)step->parameter[0], wide = sizeof(double);
    if (step->axis) return pointer_bytes(radius);
    return pointer_bytes(radius) + 2 * bw_line_up(line_elements(step, radius, out) * wide + 2 * wide);
}

static void convolve(const bw_step_call *call, void *out, const void *const *rows, int64_t n) {
    const bw_kernel *kernel = call->kernel;
    const void *taps = bw_kernel_taps(kernel, call->out[0].precision);
    (kernel->order == 1 ? call->ops->odd : call->ops->even)(out, rows, taps, kernel->radius, n);
}

/* Pixels lo..hi - 1 of a row: the row itself, or a copy that is mirrored where it ends. */
static const void *line_of(const bw_step_call *call, int64_t lo, int64_t hi, int64_t y, int64_t z, void *room) {
    const bw_view *in = &call->in[0];
    if (lo >= in->box.lo[0] && hi <= in->box.hi[0]) return bw_view_at(in, lo, y, z);
    const int64_t element = bw_element_size(in->precision), n = call->size[0];
    const int level = call->grid[0];
    const int64_t from = lo > in->box.lo[0] ? lo : in->box.lo[0], to = hi < in->box.hi[0] ? hi : in->box.hi[0];
    char *line = room;
    for (int64_t x = lo; x < from; x++)
        memcpy(line + (x - lo) * element, bw_view_at(in, bw_mirror_on(level, x, n), y, z), (size_t)element);
    memcpy(line + (from - lo) * element, bw_view_at(in, from, y, z), (size_t)((to - from) * element));
    for (int64_t x = to; x < hi; x++)
        memcpy(line + (x - lo) * element, bw_view_at(in, bw_mirror_on(level, x, n), y, z), (size_t)element);
    return line;
}

static bw_status pass_along_x(bw_context *ctx, const bw_step_call *call) {
    const bw_box *box = &call->out[0].box;
    const int64_t radius = call->kernel->radius, n = bw_box_extent(box, 0),
                  element = bw_element_size(call->in[0].precision);
    const void **rows = (const void **)call->scratch + radius;
    char *room = (char *)call->scratch + pointer_bytes(radius);
    char *parts = room + bw_line_up(line_elements(call->step, radius, box) * (int64_t)sizeof(double));
    const int halve = call->step->scaling == BW_HALVE;
    const int64_t even = radius + radius % 2; /* of the line's first sample */
    const int64_t lo = halve ? 2 * box->lo[0] - even : box->lo[0] - radius;
    const int64_t hi = halve ? 2 * box->hi[0] - 1 + radius : box->hi[0] + radius;
    char *odd = parts + (hi - lo + 1) / 2 * element;
    bw_pace pace = {ctx, 0};
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++)
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++) {
            const char *line = line_of(call, lo, hi, y, z, room);
            if (halve) call->ops->part(parts, odd, line, hi - lo);
            for (int64_t j = -radius; j <= radius; j++) {
                if (halve)
                    rows[j] = ((j + even) % 2 ? odd : parts) + (j + even) / 2 * element;
                else
                    rows[j] = line + (radius + j) * element;
            }
            convolve(call, bw_view_at(&call->out[0], box->lo[0], y, z), rows, n);
            BW_TRY(bw_pace_add(&pace, (double)(n * (radius + 1))));
        }
    return BW_OK;
}

/* The row at a position along axis 1 or 2, mirrored where the input ends. */
static const void *row_at(const bw_step_call *call, int axis, int64_t position, int64_t other) {
    const bw_view *in = &call->in[0];
    if (position < in->box.lo[axis] || position >= in->box.hi[axis])
        position = bw_mirror_on(call->grid[axis], position, call->size[axis]);
    return axis == 1 ? bw_view_at(in, call->out[0].box.lo[0], position, other)
                     : bw_view_at(in, call->out[0].box.lo[0], other, position);
}

static bw_status pass_along_rows(bw_context *ctx, const bw_step_call *call) {
    const bw_box *box = &call->out[0].box;
    const int axis = call->step->axis, stride = call->step->scaling == BW_HALVE ? 2 : 1;
    const int64_t radius = call->kernel->radius, n = bw_box_extent(box, 0);
    const void **rows = (const void **)call->scratch + radius;
    bw_pace pace = {ctx, 0};
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++)
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++) {
            for (int64_t j = -radius; j <= radius; j++)
                rows[j] = row_at(call, axis, stride * (axis == 1 ? y : z) + j, axis == 1 ? z : y);
            convolve(call, bw_view_at(&call->out[0], box->lo[0], y, z), rows, n);
            BW_TRY(bw_pace_add(&pace, (double)(n * (radius + 1))));
        }
    return BW_OK;
}

static bw_status run_pass(bw_context *ctx, const bw_step_call *call) {
    return call->step->axis ? pass_along_rows(ctx, call) : pass_along_x(ctx, call);
}

static double pass_cost(const bw_step *step, const bw_kernel *kernel) {
    (void)step;
    return kernel->radius + 2;
}

const bw_step_kind bw_kind_pass = {"pass", run_pass, pass_scratch, pass_cost};

/* ---- interpolation --------------------------------------------------------------------------------------------- */

/* Between samples k and k + 1, from eight samples; samples themselves are kept. The weights are the least-squares ones
 * for Gaussian derivatives of order 0 to 2 at 1.75 samples, of images between white noise and 1/f^2: the error is at
 * most 9e-4 of the standard deviation there, against 8e-3 of the polynomial through six samples. */
#define WEIGHTS 0, 0.6121822515, -0.1473803304, 0.0429695381, -0.0077714592
static const double between[] = {WEIGHTS};
static const float between_single[] = {WEIGHTS};
enum { PAIRS = 4 };

static int64_t floor_half(int64_t v) {
    return v >> 1; /* also for negative positions */
}

static const void *between_taps(const bw_view *out) {
    return out->precision == BW_DOUBLE ? (const void *)between : (const void *)between_single;
}

/* Bytes of a line of the output with the margin that interpolation needs. */
static int64_t upsample_line(const bw_box *out) {
    return bw_line_up((bw_box_extent(out, 0) + 2 * PAIRS + 4) * (int64_t)sizeof(double));
}

static int64_t upsample_scratch(const bw_step *step, const bw_box *out) {
    return step->axis ? 0 : 3 * upsample_line(out);
}

static bw_status upsample_along_x(bw_context *ctx, const bw_step_call *call) {
    const bw_view *in = &call->in[0], *out = &call->out[0];
    const int64_t first = floor_half(out->box.lo[0]), last = floor_half(out->box.hi[0] - 1),
                  element = bw_element_size(in->precision);
    const int64_t n = bw_box_extent(&out->box, 0), skip = out->box.lo[0] - 2 * first;
    const int64_t part = upsample_line(&out->box);
    char *odd = call->scratch, *whole = odd + part, *room = whole + part;
    bw_pace pace = {ctx, 0};
    for (int64_t z = out->box.lo[2]; z < out->box.hi[2]; z++)
        for (int64_t y = out->box.lo[1]; y < out->box.hi[1]; y++) {
            const char *line = line_of(call, first + 1 - PAIRS, last + 1 + PAIRS, y, z, room);
            const char *even = line + (PAIRS - 1) * element;
            const void *taps[2 * PAIRS], **rows = taps + PAIRS - 1;
            char *to = bw_view_at(out, out->box.lo[0], y, z);
            for (int j = 1 - PAIRS; j <= PAIRS; j++)
                rows[j] = even + j * element;
            call->ops->half(odd, rows, between_taps(out), PAIRS, last - first + 1);
            call->ops->interleave(skip ? whole : to, even, odd, n + skip);
            if (skip) memcpy(to, whole + element, (size_t)(n * element));
            BW_TRY(bw_pace_add(&pace, 4 * (double)n));
        }
    return BW_OK;
}

static bw_status upsample_along_rows(bw_context *ctx, const bw_step_call *call) {
    const bw_view *out = &call->out[0];
    const int axis = call->step->axis;
    const int64_t n = bw_box_extent(&out->box, 0), x = out->box.lo[0];
    bw_pace pace = {ctx, 0};
    for (int64_t z = out->box.lo[2]; z < out->box.hi[2]; z++)
        for (int64_t y = out->box.lo[1]; y < out->box.hi[1]; y++) {
            const int64_t at = axis == 1 ? y : z, k = floor_half(at);
            const void *taps[2 * PAIRS], **rows = taps + PAIRS - 1;
            for (int j = 1 - PAIRS; j <= PAIRS; j++)
                rows[j] = row_at(call, axis, k + j, axis == 1 ? z : y);
            if (at == 2 * k)
                memcpy(bw_view_at(out, x, y, z), rows[0], (size_t)(n * bw_element_size(out->precision)));
            else
                call->ops->half(bw_view_at(out, x, y, z), rows, between_taps(out), PAIRS, n);
            BW_TRY(bw_pace_add(&pace, 4 * (double)n));
        }
    return BW_OK;
}

static bw_status run_upsample(bw_context *ctx, const bw_step_call *call) {
    return call->step->axis ? upsample_along_rows(ctx, call) : upsample_along_x(ctx, call);
}

static double upsample_cost(const bw_step *step, const bw_kernel *kernel) {
    (void)step, (void)kernel;
    return 3;
}

const bw_step_kind bw_kind_upsample = {"upsample", run_upsample, upsample_scratch, upsample_cost};
