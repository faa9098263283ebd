/* Steps whose arithmetic is in measure_ops.h (family_measure.c, family_colour.c). */
#ifndef BW_FEATURES_MEASURES_H
#define BW_FEATURES_MEASURES_H

#include "features/measure_ops.h"
#include "features/plan.h"

/* Runs a measure on every pixel of the step's images; `parameter` as the measure says. */
bw_status bw_run_measure(bw_context *ctx, const bw_step_call *call, bw_measure measure, const double *parameter);

#endif
