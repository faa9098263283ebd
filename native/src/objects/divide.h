/* Splitting of components that are several objects. */
#ifndef BW_OBJECTS_DIVIDE_H
#define BW_OBJECTS_DIVIDE_H

#include "objects/runs.h"

/* What the runs of a frame are split by. */
typedef struct bw_division {
    bw_splitting split; /* not BW_SPLIT_NONE */
    double depth, spacing[3];
    int connectivity, lines;
    const uint16_t *levels; /* of every voxel of the runs, one run after the other; 0..65535 stands for 0..1 */
    double threshold;       /* that the runs were made with */
    int fill_holes;         /* holes in masks at higher thresholds do not count */
    double edge;            /* an object ends where the level falls below this share of its highest one; 0 = not */
    const bw_runs *core;    /* seeds for BW_SPLIT_CORE, within the runs */
} bw_division;

/* runs: labels 1..*count are components. Afterwards labels are the parts, 1..*count in no particular order. Memory: 10
 * bytes per voxel of a component's box; components larger than the context's budget has room for are BW_ERROR_MEMORY.
 */
bw_status bw_runs_divide(bw_context *ctx, bw_runs *runs, const bw_division *division, uint32_t *count);

#endif
