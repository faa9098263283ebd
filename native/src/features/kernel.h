/* One-dimensional kernels: sampled Gaussian derivatives, and the shortest kernels that lead from one Gaussian to
 * another or to its derivative. Everything here is symmetric (order 0 and 2) or antisymmetric (order 1). */
#ifndef BW_FEATURES_KERNEL_H
#define BW_FEATURES_KERNEL_H

#include "core/context.h"
#include "features/ops.h"

/* taps[0..radius] for offsets 0..radius, as correlation weights; the other half mirrors with sign (-1)^order. */
typedef struct bw_kernel {
    int radius, order;
    double *taps;
    float *single; /* the same, rounded */
} bw_kernel;

/* Sampled Gaussian derivative of order 0, 1 or 2 with radius ceil(4 sigma) + order, normalised as native/DESIGN.md
 * says. sigma 0 gives the identity (order 0). Below sigma 0.3 (reached along a coarse axis only) derivatives are
 * central differences: the sampled function no longer resembles a Gaussian's. */
bw_status bw_kernel_sample(bw_context *ctx, double sigma, int order, bw_kernel *out);

/* The shortest kernel `out` (of `order`) on a grid of every `step`-th sample such that `base` followed by it equals
 * `target` up to `tolerance`, as root mean square on white noise relative to target's own; beyond max_radius the best
 * there is. base and target are at step 1, base of order 0. The moments are exact: constants, ramps (order 1) and
 * parabolas (order 2) give what target gives. */
typedef struct bw_match {
    const bw_kernel *base, *target;
    int step;
    double tolerance;
    int min_radius, max_radius;
} bw_match;

bw_status bw_kernel_match(bw_context *ctx, const bw_match *match, bw_kernel *out);

/* `kernel` at every step-th sample after `base` (order 0), as one kernel at step 1. */
bw_status bw_kernel_compose(bw_context *ctx, const bw_kernel *base, const bw_kernel *kernel, int step, bw_kernel *out);

/* Sum of x^2 times the taps; for order 0. */
double bw_kernel_variance(const bw_kernel *kernel);

void bw_kernel_free(bw_kernel *kernel);

/* The taps in a precision, for bw_ops. */
static inline const void *bw_kernel_taps(const bw_kernel *kernel, bw_precision precision) {
    return precision == BW_DOUBLE ? (const void *)kernel->taps : (const void *)kernel->single;
}

#endif
