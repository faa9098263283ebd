/* The files that describe an image that is written. */
#ifndef BW_ZARR_OUTPUT_FILES_H
#define BW_ZARR_OUTPUT_FILES_H

#include "core/status.h"

typedef struct bw_zarr_files_row {
    const char *name;         /* of the version */
    const char *group;        /* comes last: where it is, all is there */
    const char *mark, *marks; /* a file before all others, and its content; NULL = none */
    const char *array;
    const char *note[3]; /* where the note is in the group's */
} bw_zarr_files_row;

const bw_zarr_files_row *bw_zarr_files(bw_zarr_version version);
/* root/folder/name, or root/name when folder is ""; to be freed with bw_free. */
bw_status bw_zarr_file_of(bw_context *ctx, const char *root, const char *folder, const char *name, char **out);
/* A path without separators at its end, to be freed with bw_free; *name: its last component, within it. */
bw_status bw_zarr_own_path(bw_context *ctx, const char *path, char **own, const char **name);
/* BW_ERROR_MISMATCH when something is at `path` that is no folder, or one with files of others. */
bw_status bw_zarr_check_folder(bw_context *ctx, const char *path);
/* Writes what is not there, and compares what is. first: as for bw_zarr_compare_text. */
bw_status bw_zarr_settle(bw_context *ctx, const char *root, const char *folder, const char *name, const char *text,
                         const char *const *first);

#endif
