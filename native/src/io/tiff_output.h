/* A TIFF file on its way: written beside its path and renamed when whole. */
#ifndef BW_IO_TIFF_OUTPUT_H
#define BW_IO_TIFF_OUTPUT_H

#include "core/file.h"
#include "io/tiff_directory.h"

typedef struct bw_tiff_output {
    bw_output output;
    FILE *file;
    uint64_t at; /* where the next byte goes; the file stands there */
} bw_tiff_output;

/* Begins with room for the header: the file stands at BW_TIFF_START. */
bw_status bw_tiff_output_begin(bw_context *ctx, bw_tiff_output *f, const char *path);
bw_status bw_tiff_output_put(bw_context *ctx, bw_tiff_output *f, const void *data, uint64_t size);
/* Also beyond the end: what lies between is zero. */
bw_status bw_tiff_output_seek(bw_context *ctx, bw_tiff_output *f, uint64_t offset);
/* Writes the directories, which begin at tail->base, and the header, and gives the file its name. */
bw_status bw_tiff_output_finish(bw_context *ctx, bw_tiff_output *f, const bw_tiff_tail *tail);
/* Removes what was written; does nothing after a success. */
void bw_tiff_output_abandon(bw_tiff_output *f);

#endif
