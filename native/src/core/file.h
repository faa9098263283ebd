/* Files by UTF-8 path; whole-or-nothing output. */
#ifndef BW_CORE_FILE_H
#define BW_CORE_FILE_H

#include <stdio.h>

#include "core/status.h"

/* fopen with a UTF-8 path on every system; errors name the path and the reason. Directories are an error. */
bw_status bw_file_open(bw_context *ctx, const char *path, const char *mode, FILE **out);
/* Reads at most `limit` bytes; a longer file is BW_ERROR_FORMAT. */
bw_status bw_file_read_all(bw_context *ctx, const char *path, uint64_t limit, uint8_t **data, uint64_t *size);

/* Output goes to a temporary file beside `path`; commit flushes and renames it, abandon removes it. */
typedef struct bw_output {
    char *path, *temporary;
} bw_output;

bw_status bw_output_begin(bw_context *ctx, const char *path, bw_output *out);
bw_status bw_output_commit(bw_context *ctx, bw_output *out);
void bw_output_abandon(bw_output *out); /* does nothing after commit */
/* Whether `path` can be written, told before the work rather than after it; leaves nothing behind. */
bw_status bw_output_check(bw_context *ctx, const char *path);

#endif
