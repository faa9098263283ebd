/* Steps that look at one pixel of each of their images. */
#include "features/features.h"
#include "features/steps.h"

bw_status bw_pace_add(bw_pace *pace, double work) {
    pace->work += work;
    if (pace->work < 1 << 20) return BW_OK;
    pace->work = 0;
    return bw_check(pace->ctx);
}

enum { EIGEN_COST = 60 };

/* Calls `row` with the rows of all inputs and outputs. */
typedef void (*bw_row_fn)(const bw_step_call *call, void *const *out, const void *const *in, int64_t n);

static bw_status each_row(bw_context *ctx, const bw_step_call *call, bw_row_fn row) {
    const bw_box *box = &call->out[0].box;
    const double work = (double)bw_box_extent(box, 0) * (call->step->kind->cost ? EIGEN_COST : 2);
    bw_pace pace = {ctx, 0};
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++)
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++) {
            void *out[BW_MAX_OUTPUTS];
            const void *in[BW_MAX_INPUTS];
            for (int i = 0; i < call->step->input_count; i++)
                in[i] = bw_view_at(&call->in[i], box->lo[0], y, z);
            for (int o = 0; o < call->step->outputs; o++)
                out[o] = bw_view_at(&call->out[o], box->lo[0], y, z);
            row(call, out, in, bw_box_extent(box, 0));
            BW_TRY(bw_pace_add(&pace, work));
        }
    return BW_OK;
}

static double eigen_cost(const bw_step *step, const bw_kernel *kernel) {
    (void)kernel;
    return step->outputs == 3 ? EIGEN_COST : 12;
}

#define DEFINE_STEP(name, cost, operation)                                                                             \
    static void row_##name(const bw_step_call *call, void *const *out, const void *const *in, int64_t n) {             \
        operation;                                                                                                     \
    }                                                                                                                  \
    static bw_status run_##name(bw_context *ctx, const bw_step_call *call) {                                           \
        return each_row(ctx, call, row_##name);                                                                        \
    }                                                                                                                  \
    const bw_step_kind bw_kind_##name = {#name, run_##name, NULL, cost};

DEFINE_STEP(add, NULL, call->ops->add(out[0], in[0], in[1], n))
DEFINE_STEP(add3, NULL, call->ops->add3(out[0], in[0], in[1], in[2], n))
DEFINE_STEP(subtract, NULL, call->ops->subtract(out[0], in[0], in[1], n))
DEFINE_STEP(product, NULL, call->ops->multiply(out[0], in[0], in[1], n))
DEFINE_STEP(length2, NULL, call->ops->length2(out[0], in[0], in[1], n))
DEFINE_STEP(length3, NULL, call->ops->length3(out[0], in[0], in[1], in[2], n))
DEFINE_STEP(eigen2, eigen_cost, call->ops->eigen2(out, in, n))
DEFINE_STEP(eigen3, eigen_cost, call->ops->eigen3(out, in, n))
