/* Files by UTF-8 path; whole-or-nothing output. */
#ifndef BW_CORE_FILE_H
#define BW_CORE_FILE_H

#include <stdio.h>

#include "core/status.h"

/* fopen with a UTF-8 path on every system; errors name the path and the reason. Directories are an error. */
bw_status bw_file_open(bw_context *ctx, const char *path, const char *mode, FILE **out);
/* Reads at most `limit` bytes; a longer file is BW_ERROR_FORMAT. */
bw_status bw_file_read_all(bw_context *ctx, const char *path, uint64_t limit, uint8_t **data, uint64_t *size);

/* Makes a folder, and those it is in, unless it is there. */
bw_status bw_folder_make(bw_context *ctx, const char *path);

/* Output goes to a temporary file beside `path`; commit renames it, abandon removes it. The temporary name is unique
 * among the processes of all computers that share the folder, and tells whose it is: those that dead processes of this
 * computer left in the folder are removed by begin, which looks for them every ten seconds at most.
 *
 * What commit has named is whole, whenever this process ends. It is on the disk before when it has 1 MiB or more;
 * smaller files are only as far as waiting for the disk stays below a tenth of the time, as thousands of them would
 * take many times longer: should the computer lose its power then, the file may be empty. */
typedef struct bw_output {
    char *path, *temporary;
} bw_output;

bw_status bw_output_begin(bw_context *ctx, const char *path, bw_output *out);
bw_status bw_output_commit(bw_context *ctx, bw_output *out);
void bw_output_abandon(bw_output *out); /* does nothing after commit */
/* Whether `path` can be written, told before the work rather than after it; leaves nothing behind. */
bw_status bw_output_check(bw_context *ctx, const char *path);
/* Removes from a folder what dead processes of this computer left, as begin does. */
void bw_output_sweep(const char *folder);
/* BW_ERROR_IO with a sentence on why `path` could not be written, and what to do; reason: errno. */
bw_status bw_output_failed(bw_context *ctx, const char *path, int reason);

#endif
