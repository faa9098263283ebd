/* Local contrast normalisation, and smoothing that keeps edges: bilateral, Kuwahara, Perona and Malik. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/math.h"
#include "features/rows.h"
#include "features/window.h"

/* ---- local mean and standard deviation -------------------------------------------------------------------------- */

typedef void (*pixel_row_fn)(const bw_step_call *call, double *const *in, float *out, int64_t n);

/* Pointwise steps on double images: rows go through `row` as they lie. */
static bw_status run_rows(bw_context *ctx, const bw_step_call *call, pixel_row_fn row) {
    const bw_box *box = &call->out[0].box;
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++) {
        BW_TRY(bw_check(ctx));
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++) {
            double *in[BW_MAX_INPUTS];
            for (int i = 0; i < call->step->input_count; i++)
                in[i] = bw_view_at(&call->in[i], box->lo[0], y, z);
            row(call, in, bw_view_at(&call->out[0], box->lo[0], y, z), bw_box_extent(box, 0));
        }
    }
    return BW_OK;
}

static double deviation(double mean, double squares) {
    const double spread = squares - mean * mean;
    return spread > 0 ? sqrt(spread) : 0;
}

/* Image, its local mean, the local mean of its square. */
static void normalise_row(const bw_step_call *call, double *const *in, float *out, int64_t n) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        const double s = deviation(in[1][i], in[2][i]);
        out[i] = s > 0 ? (float)((in[0][i] - in[1][i]) / s) : 0;
    }
}

/* Local mean, local mean of the square. */
static void deviation_row(const bw_step_call *call, double *const *in, float *out, int64_t n) {
    (void)call;
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)deviation(in[0][i], in[1][i]);
}

static bw_status run_normalise(bw_context *ctx, const bw_step_call *call) {
    return run_rows(ctx, call, normalise_row);
}

static bw_status run_deviation(bw_context *ctx, const bw_step_call *call) {
    return run_rows(ctx, call, deviation_row);
}

static bw_status run_square(bw_context *ctx, const bw_step_call *call) {
    const bw_window_ops *ops = bw_window_ops_get(call->level);
    const bw_box *box = &call->out[0].box;
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++) {
        BW_TRY(bw_check(ctx));
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++)
            ops->square(bw_view_at(&call->out[0], box->lo[0], y, z), bw_view_at(&call->in[0], box->lo[0], y, z),
                        bw_box_extent(box, 0));
    }
    return BW_OK;
}

static const bw_step_kind square_kind = {"square", run_square, NULL, NULL};
static const bw_step_kind normalise_kind = {"normalise", run_normalise, NULL, NULL};
static const bw_step_kind deviation_kind = {"deviation", run_deviation, NULL, NULL};

/* The levelled image, its local mean and that of its square, in double: their difference is small. */
static void build_moments(bw_builder *b, int moments[3]) {
    moments[0] = bw_build_source(b, b->channel, BW_SOURCE_LEVELLED, BW_DOUBLE);
    const int squares = bw_build_pointwise(b, &square_kind, moments, 1, 1);
    moments[1] = bw_build_smooth(b, moments[0], b->value, 1);
    moments[2] = bw_build_smooth(b, squares, b->value, 1);
}

static int build_floats(bw_builder *b, const bw_step_kind *kind, const int *inputs, int count) {
    bw_step step = {.kind = kind, .input_count = count};
    memcpy(step.inputs, inputs, (size_t)count * sizeof *inputs);
    return bw_build_step(b, &step, BW_SINGLE, 1);
}

void bw_build_normalised(bw_builder *b, int out[BW_MAX_OUTPUTS]) {
    int moments[3];
    build_moments(b, moments);
    out[0] = build_floats(b, &normalise_kind, moments, 3);
}

/* ---- bilateral -------------------------------------------------------------------------------------------------- */

typedef struct bilateral_room {
    bw_block block;
    int64_t count, *offsets;
    double *shares;
    float *weights, *source, *steep, *out;
} bilateral_room;

static int64_t lay_out_bilateral(const bw_step *step, const bw_box *out, bilateral_room *room, char *base) {
    bw_rooms rooms = {base, 0};
    const int64_t row = bw_window_padded(bw_box_extent(out, 0));
    room->block = bw_block_around(out, step->reach, step->reach);
    room->count = bw_ball_count(step);
    room->offsets = bw_room(&rooms, room->count, sizeof *room->offsets);
    room->shares = bw_room(&rooms, room->count, sizeof *room->shares);
    room->weights = bw_room(&rooms, room->count, sizeof *room->weights);
    room->source = bw_room(&rooms, room->block.count, sizeof *room->source);
    room->steep = bw_room(&rooms, row, sizeof *room->steep);
    room->out = bw_room(&rooms, row, sizeof *room->out);
    return rooms.used;
}

/* The ball's radius is 2 sigma: exp(-|d|^2 / (2 sigma^2)) = exp(-2 share). */
static void set_weights(const bilateral_room *room) {
    for (int64_t k = 0; k < room->count; k++)
        room->weights[k] = (float)bw_exp(-2 * room->shares[k]);
}

/* u^2 = log2(e) difference^2 / (2 s^2) with u = difference * steep. */
static void set_steep(const bw_step_call *call, const bilateral_room *room, int64_t y, int64_t z) {
    const bw_box *box = &call->out[0].box;
    const float *s = bw_view_at(&call->in[1], box->lo[0], y, z);
    for (int64_t i = 0; i < bw_box_extent(box, 0); i++) {
        const double steep = s[i] > 0 ? 0x1.b2da4e9808a53p-1 / s[i] : 0;
        room->steep[i] = steep < FLT_MAX ? (float)steep : FLT_MAX;
    }
}

static void bilateral_row(const bw_step_call *call, const void *user, int64_t y, int64_t z) {
    const bilateral_room *room = user;
    const bw_box *box = &call->out[0].box;
    const int64_t n = bw_box_extent(box, 0);
    const float *s = bw_view_at(&call->in[1], box->lo[0], y, z);
    const float *own = room->source + bw_block_at(&room->block, box->lo[0], y, z);
    const bw_window window = {own, room->offsets, room->count};
    set_steep(call, room, y, z);
    bw_window_ops_get(call->level)->bilateral(room->out, &window, room->weights, room->steep, n);
    for (int64_t i = 0; i < n; i++)
        room->out[i] = s[i] > 0 ? room->out[i] : own[i];
    bw_window_store(call, y, z, room->out);
}

static bw_status run_bilateral(bw_context *ctx, const bw_step_call *call) {
    bilateral_room room;
    lay_out_bilateral(call->step, &call->out[0].box, &room, call->scratch);
    bw_ball_offsets(call->step, &room.block, room.offsets, room.shares);
    set_weights(&room);
    memset(room.steep, 0, (size_t)bw_window_padded(bw_box_extent(&call->out[0].box, 0)) * sizeof *room.steep);
    BW_TRY(bw_block_fill(ctx, call, 0, &room.block, room.source, BW_SINGLE));
    return bw_window_rows(ctx, call, &room, bilateral_row);
}

static int64_t bilateral_scratch(const bw_step *step, const bw_box *out) {
    bilateral_room room;
    return lay_out_bilateral(step, out, &room, NULL);
}

static double bilateral_cost(const bw_step *step, const bw_kernel *kernel) {
    (void)kernel;
    return 5 * (double)bw_ball_count(step);
}

static const bw_step_kind bilateral_kind = {"bilateral", run_bilateral, bilateral_scratch, bilateral_cost};

void bw_build_bilateral(bw_builder *b, int out[BW_MAX_OUTPUTS]) {
    int moments[3];
    bw_step step = {.kind = &bilateral_kind, .inputs = {bw_window_source(b)}, .input_count = 2};
    build_moments(b, moments);
    step.inputs[1] = build_floats(b, &deviation_kind, moments + 1, 2);
    bw_ball_set(b, 2 * b->value, &step);
    out[0] = bw_build_step(b, &step, BW_SINGLE, 1);
}

/* ---- Kuwahara --------------------------------------------------------------------------------------------------- */

/* Every box is a shifted copy of one: sums over the box that begins at each pixel are made once. */
typedef struct kuwahara_room {
    bw_block block;
    double *sum, *squares, *least, *kept;
} kuwahara_room;

/* One slice at a time in 2D. */
static bw_box kuwahara_part(const bw_step *step, const bw_box *out, int64_t z) {
    bw_box part = *out;
    if (step->dims == 2) {
        part.lo[2] = z;
        part.hi[2] = z + 1;
    }
    return part;
}

static int64_t lay_out_kuwahara(const bw_step *step, const bw_box *part, kuwahara_room *room, char *base) {
    bw_rooms rooms = {base, 0};
    const int64_t row = bw_window_padded(bw_box_extent(part, 0));
    room->block = bw_block_around(part, step->reach, step->reach);
    /* Runs along x are read and written in whole blocks from the row's beginning on. */
    room->block.row = bw_window_padded(room->block.extent[0]) + step->reach[0];
    room->block.plane = room->block.row * room->block.extent[1];
    room->block.count = room->block.plane * room->block.extent[2];
    room->sum = bw_room(&rooms, room->block.count, sizeof *room->sum);
    room->squares = bw_room(&rooms, room->block.count, sizeof *room->squares);
    room->least = bw_room(&rooms, row, sizeof *room->least);
    room->kept = bw_room(&rooms, row, sizeof *room->kept);
    return rooms.used;
}

/* Turns values into sums over the boxes that begin at them; an axis's last reach[axis] positions stay unfinished. */
static bw_status sum_boxes(bw_context *ctx, const bw_step_call *call, const bw_block *block, double *values) {
    const bw_window_ops *ops = bw_window_ops_get(call->level);
    const int64_t stride[3] = {1, block->row, block->plane};
    for (int axis = 0; axis < 3; axis++) {
        int64_t extent[3] = {block->extent[0], block->extent[1], block->extent[2]};
        const int64_t count = call->step->reach[axis] + 1;
        if (count == 1) continue;
        extent[axis] -= count - 1;
        for (int64_t z = 0; z < extent[2]; z++)
            for (int64_t y = 0; y < extent[1]; y++) {
                double *row = values + z * block->plane + y * block->row;
                BW_TRY(bw_check(ctx));
                ops->run(row, row, stride[axis], count, extent[0]);
            }
    }
    return BW_OK;
}

static void pick_row(const bw_step_call *call, const kuwahara_room *room, int64_t y, int64_t z) {
    const bw_window_ops *ops = bw_window_ops_get(call->level);
    const bw_step *step = call->step;
    const int64_t n = bw_box_extent(&call->out[0].box, 0), *q = step->reach;
    const double count = (double)((q[0] + 1) * (q[1] + 1) * (q[2] + 1));
    for (int64_t i = 0; i < n; i++) {
        room->least[i] = INFINITY;
        room->kept[i] = 0;
    }
    for (int box = 0; box < 1 << step->dims; box++) {
        const int64_t at = bw_block_at(&room->block, call->out[0].box.lo[0] - (box & 1 ? 0 : q[0]),
                                       y - (box & 2 ? 0 : q[1]), z - (box & 4 ? 0 : q[2]));
        ops->pick(room->least, room->kept, room->sum + at, room->squares + at, count, n);
    }
    ops->mean(bw_view_at(&call->out[0], call->out[0].box.lo[0], y, z), room->kept, count, n);
}

static bw_status kuwahara_of(bw_context *ctx, const bw_step_call *call, const bw_box *part) {
    kuwahara_room room;
    lay_out_kuwahara(call->step, part, &room, call->scratch);
    BW_TRY(bw_block_fill(ctx, call, 0, &room.block, room.sum, BW_DOUBLE));
    bw_window_ops_get(call->level)->square(room.squares, room.sum, room.block.count);
    BW_TRY(sum_boxes(ctx, call, &room.block, room.sum));
    BW_TRY(sum_boxes(ctx, call, &room.block, room.squares));
    for (int64_t z = part->lo[2]; z < part->hi[2]; z++)
        for (int64_t y = part->lo[1]; y < part->hi[1]; y++) {
            BW_TRY(bw_check(ctx));
            pick_row(call, &room, y, z);
        }
    return BW_OK;
}

static bw_status run_kuwahara(bw_context *ctx, const bw_step_call *call) {
    const bw_box *out = &call->out[0].box;
    for (int64_t z = out->lo[2]; z < out->hi[2];) {
        const bw_box part = kuwahara_part(call->step, out, z);
        BW_TRY(kuwahara_of(ctx, call, &part));
        z = part.hi[2];
    }
    return BW_OK;
}

static int64_t kuwahara_scratch(const bw_step *step, const bw_box *out) {
    kuwahara_room room;
    const bw_box part = kuwahara_part(step, out, out->lo[2]);
    return lay_out_kuwahara(step, &part, &room, NULL);
}

static double kuwahara_cost(const bw_step *step, const bw_kernel *kernel) {
    (void)kernel;
    return 4 * (double)(step->reach[0] + step->reach[1] + step->reach[2]) + 60;
}

static const bw_step_kind kuwahara_kind = {"kuwahara", run_kuwahara, kuwahara_scratch, kuwahara_cost};

void bw_build_kuwahara(bw_builder *b, int out[BW_MAX_OUTPUTS]) {
    double along[3];
    bw_step step = {.kind = &kuwahara_kind, .inputs = {bw_window_source(b)}, .input_count = 1};
    bw_build_axes(b, b->value, along);
    for (int axis = 0; axis < 3; axis++)
        step.reach[axis] = (int64_t)(along[axis] + 0.5);
    out[0] = bw_build_step(b, &step, BW_SINGLE, 1);
}

/* ---- Perona and Malik ------------------------------------------------------------------------------------------- */

/* The row of an image (double) from the output box's first x on. Beyond the frame it is mirrored. */
static const double *row_at(const bw_step_call *call, int input, int64_t y, int64_t z) {
    const int64_t at[3] = {call->out[0].box.lo[0], y, z};
    return bw_window_at(call, input, at);
}

/* 1 / (2 dims) of the sum of the squared differences to the neighbours. */
static void add_slopes(double *restrict sum, const double *own, const double *behind, const double *ahead, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        const double a = ahead[i] - own[i], b = behind[i] - own[i];
        sum[i] += a * a + b * b;
    }
}

static bw_status run_slopes(bw_context *ctx, const bw_step_call *call) {
    const bw_box *box = &call->out[0].box;
    const int64_t n = bw_box_extent(box, 0);
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++) {
        BW_TRY(bw_check(ctx));
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++) {
            const int64_t at[3] = {box->lo[0] - 1, y, z};
            double *own = call->scratch, *sum = bw_view_at(&call->out[0], box->lo[0], y, z);
            bw_window_row(call, 0, at, n + 2, own, BW_DOUBLE);
            memset(sum, 0, (size_t)n * sizeof *sum);
            add_slopes(sum, own + 1, own, own + 2, n);
            add_slopes(sum, own + 1, row_at(call, 0, y - 1, z), row_at(call, 0, y + 1, z), n);
            if (call->step->dims == 3)
                add_slopes(sum, own + 1, row_at(call, 0, y, z - 1), row_at(call, 0, y, z + 1), n);
            for (int64_t i = 0; i < n; i++)
                sum[i] = sum[i] / (2 * call->step->dims);
        }
    }
    return BW_OK;
}

static int64_t slopes_scratch(const bw_step *step, const bw_box *out) {
    (void)step;
    return (bw_box_extent(out, 0) + 2) * (int64_t)sizeof(double);
}

static double slopes_cost(const bw_step *step, const bw_kernel *kernel) {
    (void)kernel;
    return 4 * step->dims;
}

/* Every flux is computed once, as that ahead of a pixel, and kept for the pixel behind which it is. */
typedef struct diffusion_room {
    double *own, *contrast; /* a row with a pixel more at both ends */
    double *along_x, *along_y, *next_y, *next_z;
    double *along_z; /* a plane */
    double *u;
} diffusion_room;

static int64_t lay_out_diffusion(const bw_step *step, const bw_box *out, diffusion_room *room, char *base) {
    bw_rooms rooms = {base, 0};
    const int64_t n = bw_box_extent(out, 0), plane = step->dims == 3 ? n * bw_box_extent(out, 1) : 0;
    room->own = bw_room(&rooms, n + 2, sizeof(double));
    room->contrast = bw_room(&rooms, n + 2, sizeof(double));
    room->along_x = bw_room(&rooms, n + 1, sizeof(double));
    room->along_y = bw_room(&rooms, n, sizeof(double));
    room->next_y = bw_room(&rooms, n, sizeof(double));
    room->along_z = bw_room(&rooms, plane, sizeof(double));
    room->next_z = bw_room(&rooms, n, sizeof(double));
    room->u = bw_room(&rooms, n, sizeof(double));
    return rooms.used;
}

/* From the row (y, z) to that by one further along an axis. */
static void flux_to(const bw_step_call *call, double *out, int64_t y, int64_t z, int by_y, int by_z) {
    bw_window_ops_get(call->level)
        ->flux(out, row_at(call, 0, y, z), row_at(call, 0, y + by_y, z + by_z), row_at(call, 1, y, z),
               row_at(call, 1, y + by_y, z + by_z), bw_box_extent(&call->out[0].box, 0));
}

static void diffuse_row(const bw_step_call *call, diffusion_room *room, int64_t y, int64_t z) {
    const bw_window_ops *ops = bw_window_ops_get(call->level);
    const bw_box *box = &call->out[0].box;
    const int64_t n = bw_box_extent(box, 0), at[3] = {box->lo[0] - 1, y, z};
    const double *weight = call->step->parameter;
    bw_window_row(call, 0, at, n + 2, room->own, BW_DOUBLE);
    bw_window_row(call, 1, at, n + 2, room->contrast, BW_DOUBLE);
    ops->flux(room->along_x, room->own, room->own + 1, room->contrast, room->contrast + 1, n + 1);
    memcpy(room->u, room->own + 1, (size_t)n * sizeof(double));
    ops->flow(room->u, room->along_x + 1, room->along_x, weight[0], n);
    flux_to(call, room->next_y, y, z, 1, 0);
    ops->flow(room->u, room->next_y, room->along_y, weight[1], n);
    double *kept = room->along_y;
    room->along_y = room->next_y;
    room->next_y = kept;
    if (call->step->dims == 3) {
        double *behind = room->along_z + (y - box->lo[1]) * n;
        flux_to(call, room->next_z, y, z, 0, 1);
        ops->flow(room->u, room->next_z, behind, weight[2], n);
        memcpy(behind, room->next_z, (size_t)n * sizeof(double));
    }
}

static void store_doubles(const bw_step_call *call, const double *values, int64_t y, int64_t z) {
    const int64_t n = bw_box_extent(&call->out[0].box, 0);
    void *out = bw_view_at(&call->out[0], call->out[0].box.lo[0], y, z);
    if (call->out[0].precision == BW_DOUBLE)
        memcpy(out, values, (size_t)n * sizeof(double));
    else
        for (int64_t i = 0; i < n; i++)
            ((float *)out)[i] = (float)values[i];
}

static bw_status run_diffusion(bw_context *ctx, const bw_step_call *call) {
    const bw_box *box = &call->out[0].box;
    const int64_t n = bw_box_extent(box, 0);
    diffusion_room room;
    lay_out_diffusion(call->step, box, &room, call->scratch);
    if (call->step->dims == 3)
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++)
            flux_to(call, room.along_z + (y - box->lo[1]) * n, y, box->lo[2] - 1, 0, 1);
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++) {
        BW_TRY(bw_check(ctx));
        flux_to(call, room.along_y, box->lo[1] - 1, z, 1, 0);
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++) {
            diffuse_row(call, &room, y, z);
            store_doubles(call, room.u, y, z);
        }
    }
    return BW_OK;
}

static int64_t diffusion_scratch(const bw_step *step, const bw_box *out) {
    diffusion_room room;
    return lay_out_diffusion(step, out, &room, NULL);
}

static double diffusion_cost(const bw_step *step, const bw_kernel *kernel) {
    (void)kernel;
    return 16 * step->dims;
}

static const bw_step_kind slopes_kind = {"slopes", run_slopes, slopes_scratch, slopes_cost};
static const bw_step_kind diffusion_kind = {"diffusion", run_diffusion, diffusion_scratch, diffusion_cost};

static void set_neighbours(const bw_builder *b, bw_step *step) {
    for (int axis = 0; axis < b->dims; axis++)
        step->reach[axis] = 1;
}

/* One step of diffusion is one step of the plan: margins shrink by a pixel with each. */
void bw_build_perona_malik(bw_builder *b, int out[BW_MAX_OUTPUTS]) {
    const double sum = b->ratio[0] * b->ratio[0] + b->ratio[1] * b->ratio[1] + b->ratio[2] * b->ratio[2];
    const double time = b->value * b->value;
    const int most = 1000;
    if (time * sum > most) {
        bw_build_refuse(b,
                        "perona_malik:%g would take %.0f steps at this voxel size, at most %d are possible. Use a "
                        "smaller sigma, or correct the calibration.",
                        b->value, ceil(time * sum), most);
        return;
    }
    const int64_t steps = (int64_t)ceil(time * sum);
    const int image = bw_build_source(b, b->channel, BW_SOURCE_RAW, BW_DOUBLE);
    bw_step slopes = {.kind = &slopes_kind, .inputs = {image}, .input_count = 1};
    bw_step diffusion = {.kind = &diffusion_kind, .inputs = {image}, .input_count = 2};
    set_neighbours(b, &slopes);
    set_neighbours(b, &diffusion);
    diffusion.inputs[1] = bw_build_smooth(b, bw_build_step(b, &slopes, BW_DOUBLE, 1), 2 * b->value, 1);
    for (int axis = 0; axis < 3; axis++)
        diffusion.parameter[axis] = time / (2 * (double)steps) * b->ratio[axis] * b->ratio[axis];
    for (int64_t s = 0; s < steps; s++)
        diffusion.inputs[0] = bw_build_step(b, &diffusion, s == steps - 1 ? BW_SINGLE : BW_DOUBLE, 1);
    out[0] = diffusion.inputs[0];
}
