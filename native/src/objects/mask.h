/* From values to the runs of a mask, and what becomes of it before objects are split. */
#ifndef BW_OBJECTS_MASK_H
#define BW_OBJECTS_MASK_H

#include "objects/foreground.h"

/* Otsu's threshold of the first mixture over all frames: the lower end of the first of 256 bins over 0..1 that counts
 * as foreground. Adds the image's voxels to the progress. */
bw_status bw_mask_otsu(bw_context *ctx, bw_foreground *foreground, double *out);

/* The threshold given, or half of it, as BW_THRESHOLD_AUTO says, of the first mixture over all frames. Adds the image's
 * voxels to the progress. */
bw_status bw_mask_auto(bw_context *ctx, bw_foreground *foreground, double threshold, double *out);

/* The highest value of the first mixture over all frames. Adds the image's voxels to the progress. */
bw_status bw_mask_highest(bw_context *ctx, bw_foreground *foreground, double *out);

/* Where the first mixture reaches a threshold, and if `cored` the last one reaches another. */
typedef struct bw_cut {
    double threshold;
    int cored;
    double core_threshold;
    bw_runs *to; /* the result, labelled 1; zeroed before, and the caller's to free, after failure, too */
} bw_cut;

/* Makes the runs of a frame for each cut. Adds the frame's voxels to the progress. */
bw_status bw_mask_build(bw_context *ctx, bw_foreground *foreground, int frame, const bw_cut *cuts, int count);

/* Fills background that is cut off from the frame's border: from the slice's with planar connectivity. connectivity: of
 * the mask; holes have the other one. Labels become 1. */
bw_status bw_mask_fill(bw_context *ctx, bw_runs *runs, int connectivity, int64_t *filled);

#endif
