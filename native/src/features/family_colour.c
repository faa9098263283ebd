/* Features of the colours of an RGB image. */
#include <math.h>
#include <string.h>

#include "core/math.h"
#include "features/features.h"
#include "features/measures.h"
#include "features/rows.h"

static void build_on_colours(bw_builder *b, const bw_step *step, int out[BW_MAX_OUTPUTS]) {
    bw_step complete = *step;
    complete.input_count = 3;
    for (int c = 0; c < 3; c++)
        complete.inputs[c] = bw_build_source(b, c, BW_SOURCE_RAW, BW_SINGLE);
    bw_number_images(bw_build_step(b, &complete, BW_SINGLE, 3), 3, out);
}

static double cost(const bw_step *step, const bw_kernel *kernel) {
    (void)step, (void)kernel;
    return 60;
}

/* ---- hue, saturation, brightness ----------------------------------------------------------------------------------
 */

static bw_status run_hsb(bw_context *ctx, const bw_step_call *call) {
    return bw_run_measure(ctx, call, BW_HSB, NULL);
}

static const bw_step_kind kind_hsb = {"hsb", run_hsb, NULL, cost};

void bw_build_hsb(bw_builder *b, int out[BW_MAX_OUTPUTS]) {
    build_on_colours(b, &(bw_step){.kind = &kind_hsb}, out);
}

/* ---- stains (Ruifrok and Johnston 2001) ---------------------------------------------------------------------------
 */

static void cross(const double *a, const double *b, double *out) {
    for (int c = 0; c < 3; c++)
        out[c] = a[(c + 1) % 3] * b[(c + 2) % 3] - a[(c + 2) % 3] * b[(c + 1) % 3];
}

static double dot(const double *a, const double *b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void normalise(double *v) {
    const double length = sqrt(dot(v, v));
    for (int c = 0; c < 3; c++)
        v[c] /= length;
}

/* The inverse of the matrix whose rows are two stains' colours and the direction perpendicular to both. Its columns are
 * the cross products of the rows. */
static void unmixing(const double *stains, double *inverse) {
    double rows[3][3];
    memcpy(rows, stains, sizeof rows[0] + sizeof rows[1]);
    normalise(rows[0]);
    normalise(rows[1]);
    cross(rows[0], rows[1], rows[2]);
    normalise(rows[2]);
    for (int s = 0; s < 3; s++) {
        double column[3];
        cross(rows[(s + 1) % 3], rows[(s + 2) % 3], column);
        const double determinant = dot(column, rows[s]);
        for (int c = 0; c < 3; c++)
            inverse[3 * c + s] = column[c] / determinant;
    }
}

static bw_status run_stain(bw_context *ctx, const bw_step_call *call) {
    double parameter[10] = {bw_log10((double)call->frame->white + 1)};
    unmixing(call->step->parameter, parameter + 1);
    return bw_run_measure(ctx, call, BW_UNMIX, parameter);
}

/* Parameters: the two stains' optical densities in red, green and blue. */
static const bw_step_kind kind_stain = {"stain", run_stain, NULL, cost};

#define HEMATOXYLIN 0.650, 0.704, 0.286
#define EOSIN 0.072, 0.990, 0.105
#define DAB 0.268, 0.570, 0.776

void bw_build_stain_he(bw_builder *b, int out[BW_MAX_OUTPUTS]) {
    build_on_colours(b, &(bw_step){.kind = &kind_stain, .parameter = {HEMATOXYLIN, EOSIN}}, out);
}

void bw_build_stain_hdab(bw_builder *b, int out[BW_MAX_OUTPUTS]) {
    build_on_colours(b, &(bw_step){.kind = &kind_stain, .parameter = {HEMATOXYLIN, DAB}}, out);
}
