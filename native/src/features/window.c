/* Geometry of windows and the pixels around an output box. */
#include "features/window.h"

#include <string.h>

#include "core/levels.h"

void *bw_room(bw_rooms *rooms, int64_t count, int64_t size) {
    void *room = rooms->base ? rooms->base + rooms->used : NULL;
    rooms->used += bw_line_up(count * size);
    return room;
}

BW_LEVELS_DECLARE(bw_window_ops, bw_window_ops);
static const bw_window_ops *const levels[BW_SIMD_COUNT] = BW_LEVELS(bw_window_ops);

const bw_window_ops *bw_window_ops_get(bw_simd level) {
    return levels[level];
}

/* ---- pixels ----------------------------------------------------------------------------------------------------- */

static int64_t covered(const bw_view *view, int axis, int64_t at, int64_t size) {
    return at >= view->box.lo[axis] && at < view->box.hi[axis] ? at : bw_mirror(at, size);
}

const void *bw_window_at(const bw_step_call *call, int input, const int64_t at[3]) {
    const bw_view *view = &call->in[input];
    return bw_view_at(view, at[0], covered(view, 1, at[1], call->size[1]), covered(view, 2, at[2], call->size[2]));
}

static void convert(const bw_view *view, const int64_t at[3], int64_t n, void *out, bw_precision precision) {
    const void *in = bw_view_at(view, at[0], at[1], at[2]);
    if (view->precision == precision) {
        memcpy(out, in, (size_t)(n * bw_element_size(precision)));
        return;
    }
    double *restrict to = out;
    const float *restrict from = in;
    for (int64_t i = 0; i < n; i++)
        to[i] = from[i];
}

void bw_window_row(const bw_step_call *call, int input, const int64_t at[3], int64_t n, void *out,
                   bw_precision precision) {
    const bw_view *view = &call->in[input];
    const int64_t size = bw_element_size(precision);
    int64_t from[3] = {at[0], covered(view, 1, at[1], call->size[1]), covered(view, 2, at[2], call->size[2])};
    int64_t first = view->box.lo[0] - at[0], last = view->box.hi[0] - at[0];
    first = first < 0 ? 0 : first < n ? first : n;
    last = last > n ? n : last > first ? last : first;
    if (last > first) {
        from[0] = at[0] + first;
        convert(view, from, last - first, (char *)out + first * size, precision);
    }
    for (int64_t i = 0; i < n; i++) {
        if (i == first) i = last;
        if (i == n) break;
        from[0] = bw_mirror(at[0] + i, call->size[0]);
        convert(view, from, 1, (char *)out + i * size, precision);
    }
}

bw_block bw_block_around(const bw_box *out, const int64_t before[3], const int64_t after[3]) {
    bw_block block;
    for (int axis = 0; axis < 3; axis++) {
        block.lo[axis] = out->lo[axis] - before[axis];
        block.extent[axis] = bw_box_extent(out, axis) + before[axis] + after[axis];
    }
    block.row = bw_window_padded(bw_box_extent(out, 0)) + before[0] + after[0];
    block.plane = block.row * block.extent[1];
    block.count = block.plane * block.extent[2];
    return block;
}

bw_status bw_block_fill(bw_context *ctx, const bw_step_call *call, int input, const bw_block *block, void *values,
                        bw_precision precision) {
    const int64_t size = bw_element_size(precision);
    const int64_t n = block->extent[0];
    char *row = values;
    for (int64_t z = 0; z < block->extent[2]; z++) {
        BW_TRY(bw_check(ctx));
        for (int64_t y = 0; y < block->extent[1]; y++, row += block->row * size) {
            const int64_t at[3] = {block->lo[0], block->lo[1] + y, block->lo[2] + z};
            bw_window_row(call, input, at, n, row, precision);
            memset(row + n * size, 0, (size_t)((block->row - n) * size));
        }
    }
    return BW_OK;
}

void bw_window_store(const bw_step_call *call, int64_t y, int64_t z, const float *values) {
    const bw_view *out = &call->out[0];
    memcpy(bw_view_at(out, out->box.lo[0], y, z), values, (size_t)bw_box_extent(&out->box, 0) * sizeof(float));
}

bw_status bw_window_rows(bw_context *ctx, const bw_step_call *call, const void *room, bw_window_row_fn row) {
    const bw_box *box = &call->out[0].box;
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++)
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++) {
            BW_TRY(bw_check(ctx));
            row(call, room, y, z);
        }
    return BW_OK;
}

/* ---- balls ------------------------------------------------------------------------------------------------------ */

static const double slack = 1e-9; /* what rounding may add to a sum that is 1 */

static double squared_share(double offset, double radius) {
    return offset == 0 ? 0 : (offset / radius) * (offset / radius);
}

/* The largest d from 0 to `most` with used + (d / radius)^2 <= 1 + slack; -1 = none. */
static int64_t half_width(double used, double radius, int64_t most) {
    while (most >= 0 && used + squared_share((double)most, radius) > 1 + slack)
        most--;
    return most;
}

void bw_ball_set(const bw_builder *b, double radius, bw_step *step) {
    bw_build_axes(b, radius, step->parameter);
    for (int axis = 0; axis < 3; axis++)
        step->reach[axis] = half_width(0, step->parameter[axis], (int64_t)step->parameter[axis] + 1);
}

int bw_ball_step(bw_builder *b, const bw_step_kind *kind, int source) {
    bw_step step = {.kind = kind, .inputs = {source}, .input_count = 1};
    bw_ball_set(b, b->value, &step);
    return bw_build_step(b, &step, BW_SINGLE, 1);
}

int bw_window_source(bw_builder *b) {
    return bw_build_source(b, b->channel, BW_SOURCE_RAW, BW_SINGLE);
}

int64_t bw_ball_rows_most(const bw_step *step) {
    return (2 * step->reach[1] + 1) * (2 * step->reach[2] + 1);
}

static int64_t half_at(const bw_step *step, int64_t y, int64_t z) {
    const double *radius = step->parameter;
    return half_width(squared_share((double)y, radius[1]) + squared_share((double)z, radius[2]), radius[0],
                      step->reach[0]);
}

int64_t bw_ball_rows(const bw_step *step, bw_ball_row *rows) {
    int64_t count = 0;
    for (int64_t half = 0; half <= step->reach[0]; half++)
        for (int64_t z = -step->reach[2]; z <= step->reach[2]; z++)
            for (int64_t y = -step->reach[1]; y <= step->reach[1]; y++)
                if (half_at(step, y, z) == half) rows[count++] = (bw_ball_row){half, y, z};
    return count;
}

int64_t bw_ball_count(const bw_step *step) {
    int64_t count = 0;
    for (int64_t z = -step->reach[2]; z <= step->reach[2]; z++)
        for (int64_t y = -step->reach[1]; y <= step->reach[1]; y++)
            count += half_at(step, y, z) >= 0 ? 2 * half_at(step, y, z) + 1 : 0;
    return count;
}

void bw_ball_offsets(const bw_step *step, const bw_block *block, int64_t *offsets, double *shares) {
    const double *radius = step->parameter;
    for (int64_t z = -step->reach[2]; z <= step->reach[2]; z++)
        for (int64_t y = -step->reach[1]; y <= step->reach[1]; y++) {
            const int64_t half = half_at(step, y, z);
            const double used = squared_share((double)y, radius[1]) + squared_share((double)z, radius[2]);
            for (int64_t x = -half; x <= half; x++) {
                *offsets++ = z * block->plane + y * block->row + x;
                if (shares) *shares++ = used + squared_share((double)x, radius[0]);
            }
        }
}
