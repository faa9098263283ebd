/* Gabor energies (Daugman 1985; Jain and Farrokhnia 1991): the responses to a Gaussian times a wave, in several
 * orientations. A wave is a product of waves along the axes, so that the responses of all orientations come from real
 * passes that many of them share: along z, then y, then x. */
#include <math.h>
#include <string.h>

#include "core/math.h"
#include "features/features.h"
#include "features/gabor_ops.h"
#include "features/rows.h"
#include "features/steps.h"
#include "features/window.h"

BW_LEVELS_DECLARE(bw_gabor_table, bw_gabor_tables);

const bw_gabor_ops *bw_gabor_ops_get(bw_simd level, bw_precision precision) {
    static const bw_gabor_table *const tables[BW_SIMD_COUNT] = BW_LEVELS(bw_gabor_tables);
    return &(*tables[level])[precision];
}

/* ---- which passes ----------------------------------------------------------------------------------------------- */

/* Kernels that run over the same rows: even ones (Gaussian times cosine), then odd ones (times sine). Responses of a
 * stage are numbered bank by bank; `from` is the number of the previous stage's response. */
typedef struct gabor_bank {
    uint8_t from, shape, frequency[9];
} gabor_bank;

typedef struct gabor_stage {
    int banks, responses;
    const gabor_bank *bank;
} gabor_stage;

typedef struct gabor_group {
    uint8_t kind, first, frequency[3];
} gabor_group;

/* Frequencies are components of unit vectors. Response 0 of the last stage is the Gaussian's. */
typedef struct gabor_design {
    int frequencies, groups, orientations;
    double frequency[5];
    gabor_stage stage[3]; /* of each axis */
    const gabor_group *group;
} gabor_design;

static const uint8_t shape_kernels[BW_GABOR_SHAPES][2] = {{1, 0}, {1, 1}, {2, 1}, {3, 2}, {4, 3}, {5, 4}};
static const uint8_t group_parts[BW_GABOR_GROUPS] = {2, 4, 8};

/* Eight orientations in the plane: sin(pi j / 8). Those that mirror one another share all passes. */
static const gabor_bank plane_y[] = {{0, BW_GABOR_5_4, {0, 1, 2, 3, 4, 1, 2, 3, 4}}};
static const gabor_bank plane_x[] = {{0, BW_GABOR_2_1, {0, 4, 4}}, {1, BW_GABOR_1_1, {3, 3}}, {5, BW_GABOR_1_1, {3, 3}},
                                     {2, BW_GABOR_1_1, {2, 2}},    {6, BW_GABOR_1_1, {2, 2}}, {3, BW_GABOR_1_1, {1, 1}},
                                     {7, BW_GABOR_1_1, {1, 1}},    {4, BW_GABOR_1_0, {0}},    {8, BW_GABOR_1_0, {0}}};
static const gabor_group plane_groups[] = {{BW_GABOR_ONE, 1, {4, 0, 0}},
                                           {BW_GABOR_TWO, 3, {3, 1, 0}},
                                           {BW_GABOR_TWO, 7, {2, 2, 0}},
                                           {BW_GABOR_TWO, 11, {1, 3, 0}},
                                           {BW_GABOR_ONE, 15, {0, 4, 0}}};
static const gabor_design plane = {5,
                                   5,
                                   8,
                                   {0, 0.38268343236508977, 0.70710678118654752, 0.92387953251128676, 1},
                                   {{9, 17, plane_x}, {1, 9, plane_y}, {0, 0, NULL}},
                                   plane_groups};

/* Thirteen axes in space, those of a cube: through its faces, (1, 0, 0), its edges, (1, +-1, 0) / sqrt 2, and its
 * corners, (1, +-1, +-1) / sqrt 3. Turning or mirroring the grid maps them onto themselves. Frequencies: 0, 1 / sqrt 2,
 * 1 / sqrt 3, 1. */
static const gabor_bank space_z[] = {{0, BW_GABOR_4_3, {0, 1, 2, 3, 1, 2, 3}}};
static const gabor_bank space_y[] = {{0, BW_GABOR_3_2, {0, 1, 3, 1, 3}},
                                     {1, BW_GABOR_2_1, {0, 1, 1}},
                                     {4, BW_GABOR_2_1, {0, 1, 1}},
                                     {2, BW_GABOR_1_1, {2, 2}},
                                     {5, BW_GABOR_1_1, {2, 2}},
                                     {3, BW_GABOR_1_0, {0}},
                                     {6, BW_GABOR_1_0, {0}}};
static const gabor_bank space_x[] = {
    {0, BW_GABOR_2_1, {0, 3, 3}}, {1, BW_GABOR_1_1, {1, 1}},  {3, BW_GABOR_1_1, {1, 1}},  {2, BW_GABOR_1_0, {0}},
    {4, BW_GABOR_1_0, {0}},       {5, BW_GABOR_1_1, {1, 1}},  {8, BW_GABOR_1_1, {1, 1}},  {6, BW_GABOR_1_0, {0}},
    {7, BW_GABOR_1_0, {0}},       {9, BW_GABOR_1_0, {0}},     {10, BW_GABOR_1_0, {0}},    {15, BW_GABOR_1_0, {0}},
    {16, BW_GABOR_1_0, {0}},      {11, BW_GABOR_1_1, {2, 2}}, {12, BW_GABOR_1_1, {2, 2}}, {13, BW_GABOR_1_1, {2, 2}},
    {14, BW_GABOR_1_1, {2, 2}}};
static const gabor_group space_groups[] = {{BW_GABOR_ONE, 1, {3, 0, 0}},  {BW_GABOR_TWO, 3, {1, 1, 0}},
                                           {BW_GABOR_ONE, 7, {0, 3, 0}},  {BW_GABOR_TWO, 9, {1, 0, 1}},
                                           {BW_GABOR_TWO, 13, {0, 1, 1}}, {BW_GABOR_ONE, 17, {0, 0, 3}},
                                           {BW_GABOR_FOUR, 19, {2, 2, 2}}};
static const gabor_design space = {4,
                                   7,
                                   13,
                                   {0, 0.70710678118654752, 0.57735026918962576, 1},
                                   {{17, 27, space_x}, {7, 17, space_y}, {1, 7, space_z}},
                                   space_groups};

static const gabor_design *design_of(const bw_step *step) {
    return step->dims == 3 ? &space : &plane;
}

/* ---- private room ------------------------------------------------------------------------------------------------ */

/* Parameters 0 to 2: sigma along each axis, in its pixels; 3: bytes of a number. */
enum { ELEMENT = 3 };

enum { LINE = 16 }; /* elements that rows' lengths are multiples of */

typedef struct gabor {
    const bw_step_call *call;
    const gabor_design *design;
    const bw_gabor_ops *ops;
    int64_t element, radius[3], lo[3], extent[3]; /* lo, extent: of the output box and what the passes read around it */
    int64_t row, plane, at[3];                    /* strides in elements; the output row in work */
    double *even, *odd;                           /* kernels of the axis in work, frequency by frequency */
    double level[3][5];                           /* sums of the even kernels */
    const void **rows;
    char *taps[3], *planes, *rows_y, *rows_x;
} gabor;

static int64_t radius_along(const bw_step *step, int axis) {
    return axis < step->dims ? (int64_t)ceil(4 * step->parameter[axis]) : 0;
}

static int64_t round_up(int64_t n) {
    return (n + LINE - 1) / LINE * LINE;
}

static void measure(gabor *g, const bw_step *step, const bw_box *out) {
    g->design = design_of(step);
    g->element = (int64_t)step->parameter[ELEMENT];
    for (int axis = 0; axis < 3; axis++) {
        g->radius[axis] = radius_along(step, axis);
        g->lo[axis] = out->lo[axis] - g->radius[axis];
        g->extent[axis] = bw_box_extent(out, axis) + 2 * g->radius[axis];
    }
    g->row = round_up(g->extent[0]) + LINE;
    g->plane = g->row * g->extent[1];
}

/* -> bytes; sets the pointers when there is a base. */
static int64_t lay_out(gabor *g, const bw_step *step, void *base) {
    bw_rooms rooms = {base, 0};
    int64_t longest = 0;
    for (int axis = 0; axis < step->dims; axis++) {
        const int64_t taps = (g->radius[axis] + 1) * g->design->stage[axis].responses;
        longest = g->radius[axis] > longest ? g->radius[axis] : longest;
        g->taps[axis] = bw_room(&rooms, taps, g->element);
    }
    g->even = bw_room(&rooms, g->design->frequencies * (longest + 1), sizeof *g->even);
    g->odd = bw_room(&rooms, g->design->frequencies * (longest + 1), sizeof *g->odd);
    g->rows = bw_room(&rooms, 2 * longest + 1, sizeof *g->rows);
    g->rows_y = bw_room(&rooms, g->row * g->design->stage[1].responses, g->element);
    g->rows_x = bw_room(&rooms, g->row * g->design->stage[0].responses, g->element);
    g->planes = bw_room(&rooms, g->plane * g->design->stage[2].responses, g->element);
    return rooms.used;
}

static int64_t scratch_gabor(const bw_step *step, const bw_box *out) {
    gabor g = {.call = NULL};
    measure(&g, step, out);
    return lay_out(&g, step, NULL);
}

/* ---- kernels ----------------------------------------------------------------------------------------------------- */

/* Phase of a wave of frequency 1 over one sigma. */
static const double phase_per_sigma = 0.56 * 0x1.921fb54442d18p+2;

/* Gaussian times wave at offsets 0..radius. */
static void sample(gabor *g, int axis, double sigma) {
    const int64_t radius = g->radius[axis];
    double sum = 0, *even = g->even, *odd = g->odd;
    for (int64_t d = radius; d >= 0; d--) {
        even[d] = bw_exp(-(double)(d * d) / (2 * sigma * sigma));
        sum += d ? 2 * even[d] : even[d];
    }
    for (int64_t d = 0; d <= radius; d++)
        even[d] /= sum;
    for (int f = g->design->frequencies - 1; f >= 0; f--)
        for (int64_t d = 0; d <= radius; d++) {
            double sine, cosine;
            bw_sin_cos(phase_per_sigma * g->design->frequency[f] * (double)d / sigma, &sine, &cosine);
            odd[f * (radius + 1) + d] = even[d] * sine;
            even[f * (radius + 1) + d] = even[d] * cosine;
        }
}

static void add_levels(gabor *g, int axis) {
    const int64_t radius = g->radius[axis];
    for (int f = 0; f < g->design->frequencies; f++) {
        const double *even = g->even + f * (radius + 1);
        double sum = 0;
        for (int64_t d = radius; d >= 1; d--)
            sum += 2 * even[d];
        g->level[axis][f] = sum + even[0];
    }
}

static void put(char *numbers, int64_t element, int64_t index, double value) {
    if (element == sizeof(double))
        ((double *)numbers)[index] = value;
    else
        ((float *)numbers)[index] = (float)value;
}

static int kernels_of(const gabor_bank *bank) {
    return shape_kernels[bank->shape][0] + shape_kernels[bank->shape][1];
}

/* All of a bank's kernels for offset 0, then for offset 1, ... */
static void interleave(gabor *g, int axis) {
    const gabor_stage *stage = &g->design->stage[axis];
    const int64_t radius = g->radius[axis];
    int64_t index = 0;
    for (int b = 0; b < stage->banks; b++)
        for (int64_t d = 0; d <= radius; d++)
            for (int k = 0; k < kernels_of(&stage->bank[b]); k++) {
                const double *kernels = k < shape_kernels[stage->bank[b].shape][0] ? g->even : g->odd;
                put(g->taps[axis], g->element, index++, kernels[stage->bank[b].frequency[k] * (radius + 1) + d]);
            }
}

static void make_kernels(gabor *g, const bw_step *step) {
    for (int axis = 0; axis < 3; axis++)
        for (int f = 0; f < g->design->frequencies; f++)
            g->level[axis][f] = 1;
    for (int axis = 0; axis < step->dims; axis++) {
        sample(g, axis, step->parameter[axis]);
        add_levels(g, axis);
        interleave(g, axis);
    }
}

/* ---- passes ------------------------------------------------------------------------------------------------------ */

/* Columns first <= x < last of the rows around the output lie in the frame. */
static int64_t first_column(const gabor *g) {
    return g->lo[0] > 0 ? g->lo[0] : 0;
}

static int64_t last_column(const gabor *g) {
    const int64_t end = g->lo[0] + g->extent[0];
    return end < g->call->size[0] ? end : g->call->size[0];
}

static const void *image_row(const gabor *g, int64_t y, int64_t z) {
    return bw_view_at(&g->call->in[0], first_column(g), bw_mirror(y, g->call->size[1]), bw_mirror(z, g->call->size[2]));
}

/* What a stage reads at `offset` along its axis from the output row in work: response `from` of the stage before. */
static const void *source_row(const gabor *g, int axis, int from, int64_t offset) {
    const int64_t before = first_column(g) - g->lo[0];
    if (axis == 2) return image_row(g, g->at[1], g->at[2] + offset);
    if (axis == 0) return g->rows_y + (from * g->row + g->radius[0] + offset) * g->element;
    if (g->call->step->dims == 2) return image_row(g, g->at[1] + offset, g->at[2]);
    const int64_t y = bw_mirror(g->at[1] + offset, g->call->size[1]) - g->lo[1];
    return g->planes + (from * g->plane + y * g->row + before) * g->element;
}

/* All responses of a stage, `stride` elements apart from `out` on. */
static void run_stage(const gabor *g, int axis, char *out, int64_t stride, int64_t n) {
    const gabor_stage *stage = &g->design->stage[axis];
    const int64_t radius = g->radius[axis];
    const void **rows = g->rows + radius;
    int64_t taps = 0;
    for (int b = 0; b < stage->banks; b++) {
        const gabor_bank *bank = &stage->bank[b];
        const int kernels = kernels_of(bank);
        void *to[9];
        for (int64_t d = -radius; d <= radius; d++)
            rows[d] = source_row(g, axis, bank->from, d);
        for (int k = 0; k < kernels; k++, out += stride * g->element)
            to[k] = out;
        g->ops->bank[bank->shape](to, rows, g->taps[axis] + taps * g->element, (int)radius, n);
        taps += (radius + 1) * kernels;
    }
}

static void mirror_column(const gabor *g, char *row, int64_t index) {
    const int64_t from = bw_mirror(g->lo[0] + index, g->call->size[0]) - g->lo[0];
    memcpy(row + index * g->element, row + from * g->element, (size_t)g->element);
}

/* Columns outside the frame mirror those inside. */
static void extend(const gabor *g, char *row) {
    for (int64_t i = 0; i < first_column(g) - g->lo[0]; i++)
        mirror_column(g, row, i);
    for (int64_t i = last_column(g) - g->lo[0]; i < g->extent[0]; i++)
        mirror_column(g, row, i);
}

static void fold(const gabor *g) {
    const bw_view *out = g->call->out;
    const int64_t n = bw_box_extent(&out->box, 0);
    void *best = bw_view_at(&out[0], out->box.lo[0], g->at[1], g->at[2]);
    void *total = bw_view_at(&out[1], out->box.lo[0], g->at[1], g->at[2]);
    memset(best, 0, (size_t)(n * g->element));
    memset(total, 0, (size_t)(n * g->element));
    for (int k = 0; k < g->design->groups; k++) {
        const gabor_group *group = &g->design->group[k];
        const void *parts[8];
        double level = 1;
        for (int p = 0; p < group_parts[group->kind]; p++)
            parts[p] = g->rows_x + (group->first + p) * g->row * g->element;
        for (int axis = 0; axis < 3; axis++)
            level *= g->level[axis][group->frequency[axis]];
        g->ops->fold[group->kind](best, total, parts, g->rows_x, level, n);
    }
    g->ops->scale(total, 1.0 / g->design->orientations, n);
}

static double stage_work(const gabor *g, int axis, int64_t pixels) {
    return (double)pixels * (double)((g->radius[axis] + 1) * g->design->stage[axis].responses);
}

/* The z stage on the rows of the frame around a plane of the output. */
static bw_status run_plane(gabor *g, bw_pace *pace) {
    const int64_t n = last_column(g) - first_column(g), end = g->lo[1] + g->extent[1];
    const int64_t last = end < g->call->size[1] ? end : g->call->size[1];
    for (g->at[1] = g->lo[1] > 0 ? g->lo[1] : 0; g->at[1] < last; g->at[1]++) {
        const int64_t row = (g->at[1] - g->lo[1]) * g->row + first_column(g) - g->lo[0];
        run_stage(g, 2, g->planes + row * g->element, g->plane, n);
        BW_TRY(bw_pace_add(pace, stage_work(g, 2, n)));
    }
    return BW_OK;
}

static void run_row(const gabor *g) {
    const int64_t first = first_column(g), last = last_column(g);
    run_stage(g, 1, g->rows_y + (first - g->lo[0]) * g->element, g->row, last - first);
    for (int r = 0; r < g->design->stage[1].responses; r++)
        extend(g, g->rows_y + r * g->row * g->element);
    run_stage(g, 0, g->rows_x, g->row, bw_box_extent(&g->call->out[0].box, 0));
    fold(g);
}

static bw_status run_gabor(bw_context *ctx, const bw_step_call *call) {
    const bw_box *box = &call->out[0].box;
    gabor g = {.call = call, .ops = bw_gabor_ops_get(call->level, call->out[0].precision)};
    bw_pace pace = {ctx, 0};
    measure(&g, call->step, box);
    lay_out(&g, call->step, call->scratch);
    make_kernels(&g, call->step);
    const double work = stage_work(&g, 1, g.extent[0]) + stage_work(&g, 0, bw_box_extent(box, 0));
    for (g.at[2] = box->lo[2]; g.at[2] < box->hi[2]; g.at[2]++) {
        if (call->step->dims == 3) BW_TRY(run_plane(&g, &pace));
        for (g.at[1] = box->lo[1]; g.at[1] < box->hi[1]; g.at[1]++) {
            run_row(&g);
            BW_TRY(bw_pace_add(&pace, work));
        }
    }
    return BW_OK;
}

static double cost_gabor(const bw_step *step, const bw_kernel *kernel) {
    const gabor_design *design = design_of(step);
    double cost = 4 * design->orientations;
    (void)kernel;
    for (int axis = 0; axis < step->dims; axis++)
        cost += (double)((radius_along(step, axis) + 1) * design->stage[axis].responses);
    return cost;
}

static const bw_step_kind kind_gabor = {"gabor", run_gabor, scratch_gabor, cost_gabor};

void bw_build_gabor(bw_builder *b, int out[BW_MAX_OUTPUTS]) {
    const bw_precision precision = bw_build_precision(b);
    bw_step step = {.kind = &kind_gabor,
                    .inputs = {bw_build_source(b, b->channel, BW_SOURCE_LEVELLED, precision)},
                    .input_count = 1,
                    .dims = b->dims};
    bw_build_axes(b, b->value, step.parameter);
    step.parameter[ELEMENT] = (double)bw_element_size(precision);
    for (int axis = 0; axis < 3; axis++)
        step.reach[axis] = radius_along(&step, axis);
    bw_number_images(bw_build_step(b, &step, precision, 2), 2, out);
}
