/* Features made of a pixel's Hessian or structure tensor. */
#include "features/features.h"
#include "features/measures.h"
#include "features/rows.h"
#include "features/steps.h"

BW_LEVELS_DECLARE(bw_measure_table, bw_measures);

bw_measure_fn *bw_measure_get(bw_simd level, bw_precision precision, bw_measure measure) {
    static const bw_measure_table *const tables[BW_SIMD_COUNT] = BW_LEVELS(bw_measures);
    return (*tables[level])[measure][precision];
}

static void measure_row(const bw_step_call *call, bw_measure_fn *measure, const double *parameter, int64_t y,
                        int64_t z) {
    const bw_box *box = &call->out[0].box;
    void *out[BW_MEASURE_OUTPUTS] = {NULL};
    const void *in[BW_MEASURE_INPUTS] = {NULL};
    for (int o = 0; o < call->step->outputs; o++)
        out[o] = bw_view_at(&call->out[o], box->lo[0], y, z);
    for (int i = 0; i < call->step->input_count; i++)
        in[i] = bw_view_at(&call->in[i], box->lo[0], y, z);
    measure(out, in, parameter, bw_box_extent(box, 0));
}

bw_status bw_run_measure(bw_context *ctx, const bw_step_call *call, bw_measure measure, const double *parameter) {
    const bw_box *box = &call->out[0].box;
    bw_measure_fn *fn = bw_measure_get(call->level, call->out[0].precision, measure);
    const double cost = 40.0 * (double)bw_box_extent(box, 0);
    bw_pace pace = {ctx, 0};
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++)
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++) {
            measure_row(call, fn, parameter, y, z);
            BW_TRY(bw_pace_add(&pace, cost));
        }
    return BW_OK;
}

/* One measure for slices, one for stacks. */
#define DEFINE_KIND(id, slices, stacks, multiply_adds)                                                                 \
    static bw_status run_##id(bw_context *ctx, const bw_step_call *call) {                                             \
        return bw_run_measure(ctx, call, call->step->dims == 3 ? (stacks) : (slices), NULL);                           \
    }                                                                                                                  \
    static double cost_##id(const bw_step *step, const bw_kernel *kernel) {                                            \
        (void)step, (void)kernel;                                                                                      \
        return multiply_adds;                                                                                          \
    }                                                                                                                  \
    static const bw_step_kind kind_##id = {#id, run_##id, NULL, cost_##id};

DEFINE_KIND(coherence, BW_COHERENCE2, BW_COHERENCE3, 10)
DEFINE_KIND(determinant, BW_DETERMINANT2, BW_DETERMINANT3, 6)
DEFINE_KIND(frangi, BW_FRANGI2, BW_FRANGI3, 60)

/* A step on the eigenvalues of a matrix that has `count` entries. */
static void build_on_eigenvalues(bw_builder *b, const bw_step_kind *kind, const int *entries, int count, int outputs,
                                 int *out) {
    int values[3];
    bw_number_images(bw_build_eigenvalues(b, entries, count), b->dims, values);
    bw_number_images(bw_build_pointwise(b, kind, values, b->dims, outputs), outputs, out);
}

/* A ratio: where the gradient almost vanishes, the fast ways' errors would be all that there is. */
void bw_build_coherence(bw_builder *b, int out[BW_MAX_OUTPUTS]) {
    int entries[6];
    const int follows = b->exact;
    b->exact = 1;
    const int count = bw_build_structure_entries(b, entries);
    b->exact = follows;
    build_on_eigenvalues(b, &kind_coherence, entries, count, b->dims - 1, out);
}

/* In 3D the definition jumps where eigenvalues of different signs are equal in magnitude: the fast ways' errors would
 * decide there. */
void bw_build_frangi(bw_builder *b, int out[BW_MAX_OUTPUTS]) {
    int entries[6];
    const int follows = b->exact;
    b->exact = follows || b->dims == 3;
    const int count = bw_build_hessian_entries(b, entries);
    b->exact = follows;
    build_on_eigenvalues(b, &kind_frangi, entries, count, b->dims, out);
}

void bw_build_energy(bw_builder *b, int out[BW_MAX_OUTPUTS]) {
    int diagonal[3] = {0};
    for (int axis = 0; axis < b->dims; axis++)
        diagonal[axis] = bw_build_structure_entry(b, axis, axis);
    out[0] = bw_build_pointwise(b, b->dims == 3 ? &bw_kind_add3 : &bw_kind_add, diagonal, b->dims, 1);
}

void bw_build_determinant(bw_builder *b, int out[BW_MAX_OUTPUTS]) {
    int entries[6];
    const int count = bw_build_hessian_entries(b, entries);
    out[0] = bw_build_pointwise(b, &kind_determinant, entries, count, 1);
}
