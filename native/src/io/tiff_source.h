/* Bytes of a file or of memory, read at any offset; libtiff reads through it too. */
#ifndef BW_IO_TIFF_SOURCE_H
#define BW_IO_TIFF_SOURCE_H

#include <stdio.h>

#include "core/status.h"

typedef struct bw_tiff_source {
    bw_context *ctx;
    const char *path;    /* for messages */
    FILE *file;          /* NULL: memory */
    const uint8_t *data; /* NULL: file */
    uint64_t size;
    uint64_t file_at; /* where the file stands */
    int io_error;     /* errno of a read that failed, not of a file that ended */
} bw_tiff_source;

/* UTF-8 path; it must be a regular file that holds at least one byte. */
bw_status bw_tiff_source_open_file(bw_tiff_source *source, bw_context *ctx, const char *path);
void bw_tiff_source_open_memory(bw_tiff_source *source, bw_context *ctx, const uint8_t *data, uint64_t size,
                                const char *name);
void bw_tiff_source_close(bw_tiff_source *source);
/* How many of the `size` bytes at `offset` could be read: fewer at the end of the file, after an error or a cancel. */
uint64_t bw_tiff_source_read(bw_tiff_source *source, uint64_t offset, void *to, uint64_t size);
/* BW_OK when the source starts like a TIFF; else an error that says what it is and what to do. */
bw_status bw_tiff_source_check_tiff(bw_tiff_source *source);

/* One entry of a TIFF directory: what libtiff cannot give exactly (rationals become float there). */
typedef struct bw_tiff_entry {
    int type;
    uint64_t count;
    uint64_t offset; /* of the value in the source */
} bw_tiff_entry;

/* Returns 0 when the directory at `directory` has no such tag. */
int bw_tiff_source_find_entry(bw_tiff_source *source, uint64_t directory, int tag, bw_tiff_entry *entry);
/* Whether the directory's link to the next one lies within the source: libtiff takes a file cut before it for whole. */
int bw_tiff_source_has_link(bw_tiff_source *source, uint64_t directory);
/* Value of a RATIONAL, 0 when there is none or its denominator is 0. */
double bw_tiff_source_rational(bw_tiff_source *source, uint64_t directory, int tag);
/* Value of a SHORT, 0 when there is none. */
int bw_tiff_source_short(bw_tiff_source *source, uint64_t directory, int tag);

#endif
