/* Membrane projections (Trainable Weka Segmentation): a line one pixel wide and nineteen long through each pixel, in
 * thirty directions. */
#include <string.h>

#include "core/math.h"
#include "features/features.h"
#include "features/membrane_ops.h"
#include "features/rows.h"
#include "features/steps.h"

BW_LEVELS_DECLARE(bw_membrane_ops, bw_membrane_ops);

const bw_membrane_ops *bw_membrane_ops_get(bw_simd level) {
    static const bw_membrane_ops *const tables[BW_SIMD_COUNT] = BW_LEVELS(bw_membrane_ops);
    return tables[level];
}

typedef struct scratch {
    bw_membrane_lines lines;
    bw_membrane_room room;
} scratch;

static double magnitude(double v) {
    return v < 0 ? -v : v;
}

/* Weight of the pixel at (dx, dy), not normalised. */
static double weight_at(int dx, int dy, double sine, double cosine) {
    const double across = magnitude(dx * cosine + dy * sine), rest = 10 - magnitude(dy * cosine - dx * sine);
    if (across >= 1 || rest <= 0) return 0;
    return (1 - across) * (rest < 1 ? rest : 1);
}

/* Weights that rounding left of zeros are zeros. */
static const double least_weight = 1e-12;

/* Puts the pair at (dx, dy) into the lines that use it; -> whether there is one. */
static int set_pair(bw_membrane_lines *lines, double weights[BW_MEMBRANE_LINES][BW_MEMBRANE_TAPS], int dx, int dy,
                    double (*angles)[2]) {
    int used = 0;
    for (int k = 0; k < BW_MEMBRANE_LINES; k++) {
        const double weight = weight_at(dx, dy, angles[k][0], angles[k][1]);
        if (weight < least_weight) continue;
        bw_membrane_line *line = &lines->line[k];
        weights[k][line->count] = weight;
        line->pair[line->count++] = (uint8_t)lines->pairs;
        used = 1;
    }
    return used;
}

static void normalise(bw_membrane_line *line, const double *weights) {
    double sum = 1; /* the pixel in the middle */
    for (int t = 0; t < line->count; t++)
        sum += 2 * weights[t];
    for (int t = 0; t < line->count; t++)
        line->weight[t] = (float)(weights[t] / sum);
}

static void make_lines(bw_membrane_lines *lines) {
    double weights[BW_MEMBRANE_LINES][BW_MEMBRANE_TAPS], angles[BW_MEMBRANE_LINES][2];
    memset(lines, 0, sizeof *lines);
    for (int k = 0; k < BW_MEMBRANE_LINES; k++)
        bw_sin_cos(k * (0x1.921fb54442d18p+1 / BW_MEMBRANE_LINES), &angles[k][0], &angles[k][1]);
    for (int dy = 0; dy <= BW_MEMBRANE_REACH; dy++)
        for (int dx = dy ? -BW_MEMBRANE_REACH : 1; dx <= BW_MEMBRANE_REACH; dx++) {
            lines->dx[lines->pairs] = (int8_t)dx;
            lines->dy[lines->pairs] = (int8_t)dy;
            lines->pairs += set_pair(lines, weights, dx, dy, angles);
        }
    for (int k = 0; k < BW_MEMBRANE_LINES; k++)
        normalise(&lines->line[k], weights[k]);
}

static void project_row(const bw_step_call *call, const bw_membrane_ops *ops, scratch *own, int64_t y, int64_t z) {
    const bw_box *box = &call->out[0].box;
    const float *rows[BW_MEMBRANE_ROWS];
    float *out[BW_MEMBRANE_OUTPUTS];
    for (int r = 0; r < BW_MEMBRANE_ROWS; r++)
        rows[r] = bw_view_at(&call->in[0], box->lo[0], y + r - BW_MEMBRANE_REACH, z);
    for (int o = 0; o < BW_MEMBRANE_OUTPUTS; o++)
        out[o] = bw_view_at(&call->out[o], box->lo[0], y, z);
    ops->project(out, rows, &own->lines, &own->room, bw_box_extent(box, 0));
}

enum { COST = 1000 };

static bw_status run_membrane(bw_context *ctx, const bw_step_call *call) {
    const bw_box *box = &call->out[0].box;
    const bw_membrane_ops *ops = bw_membrane_ops_get(call->level);
    scratch *own = call->scratch;
    bw_pace pace = {ctx, 0};
    make_lines(&own->lines);
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++)
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++) {
            project_row(call, ops, own, y, z);
            BW_TRY(bw_pace_add(&pace, COST * (double)bw_box_extent(box, 0)));
        }
    return BW_OK;
}

static int64_t scratch_membrane(const bw_step *step, const bw_box *out) {
    (void)step, (void)out;
    return sizeof(scratch);
}

static double cost_membrane(const bw_step *step, const bw_kernel *kernel) {
    (void)step, (void)kernel;
    return COST;
}

static const bw_step_kind kind_membrane = {"membrane", run_membrane, scratch_membrane, cost_membrane};

void bw_build_membrane(bw_builder *b, int out[BW_MAX_OUTPUTS]) {
    const bw_step step = {.kind = &kind_membrane,
                          .inputs = {bw_build_source(b, b->channel, BW_SOURCE_RAW, BW_SINGLE)},
                          .input_count = 1,
                          .reach = {BW_MEMBRANE_REACH, BW_MEMBRANE_REACH, 0}};
    bw_number_images(bw_build_step(b, &step, BW_SINGLE, BW_MEMBRANE_OUTPUTS), BW_MEMBRANE_OUTPUTS, out);
}
