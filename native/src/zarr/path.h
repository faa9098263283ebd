/* Paths of folders and what is in them; UTF-8. Results are freed with bw_free. */
#ifndef BW_ZARR_PATH_H
#define BW_ZARR_PATH_H

#include "core/status.h"

/* "folder/name", without a second separator. */
bw_status bw_zarr_join(bw_context *ctx, const char *folder, const char *name, char **out);
/* Without separators at the end. */
bw_status bw_zarr_trim(bw_context *ctx, const char *path, char **out);
/* Bytes of a path without separators at its end that come before the last name and its separators. */
size_t bw_zarr_parent(const char *path);
/* The last name of such a path. */
const char *bw_zarr_last(const char *path);
/* Whether folder/name is a file. */
int bw_zarr_holds(const char *folder, const char *name);
/* Whether names in JSON stay below their folder: "0", "a/b", neither "../x" nor "/x". */
int bw_zarr_stays_below(const char *name);

#endif
