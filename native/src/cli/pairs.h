/* Files of two folders that belong together by their names. */
#ifndef BW_CLI_PAIRS_H
#define BW_CLI_PAIRS_H

#include "brushwood.h"

typedef struct bw_file_pair {
    char *name; /* what both have in common, without ending and suffix */
    char *truth, *result;
} bw_file_pair;

typedef struct bw_file_pairs {
    bw_file_pair *items;
    int64_t count;
} bw_file_pairs;

/* Images of both folders (TIFF, OME-Zarr) whose names are the same without .tif or .zarr and without one of the usual
 * endings for segmentations (_masks, _labels and so on), in the order of names. Where a folder has a name with and
 * without such an ending, the file without is the image and left out. BW_ERROR_MISMATCH names files that are alone or
 * ambiguous. */
bw_status bw_file_pairs_find(bw_context *ctx, const char *truth, const char *result, bw_file_pairs *out);
/* Two files. */
bw_status bw_file_pairs_single(bw_context *ctx, const char *truth, const char *result, bw_file_pairs *out);
void bw_file_pairs_free(bw_file_pairs *pairs);

#endif
