/* The operations that more than one feature uses. */
#ifndef BW_FEATURES_STEPS_H
#define BW_FEATURES_STEPS_H

#include "features/plan.h"

/* Pixels of the coarse grid around the fine pixel that interpolation reads. */
enum { BW_UPSAMPLING_REACH = 4 };

/* passes.c */
extern const bw_step_kind bw_kind_load, bw_kind_relevel, bw_kind_pass, bw_kind_upsample;

/* parts.c: what an earlier part of the plan kept; never runs */
extern const bw_step_kind bw_kind_stored;

/* pointwise.c */
extern const bw_step_kind bw_kind_add, bw_kind_add3, bw_kind_subtract, bw_kind_product, bw_kind_length2,
    bw_kind_length3, bw_kind_eigen2, bw_kind_eigen3;

/* Work since the last look at cancel, for steps that go row by row. */
typedef struct bw_pace {
    bw_context *ctx;
    double work;
} bw_pace;

/* Counts multiply-adds; looks at cancel after every million. */
bw_status bw_pace_add(bw_pace *pace, double work);

#endif
