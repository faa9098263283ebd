/* Files by UTF-8 path; whole-or-nothing output. */
#ifndef BW_CORE_FILE_H
#define BW_CORE_FILE_H

#include <stdio.h>

#include "core/status.h"

/* fopen with a UTF-8 path on every system; errors name the path and the reason. Directories are an error. */
bw_status bw_file_open(bw_context *ctx, const char *path, const char *mode, FILE **out);
/* Reads at most `limit` bytes; a longer file is BW_ERROR_FORMAT. */
bw_status bw_file_read_all(bw_context *ctx, const char *path, uint64_t limit, uint8_t **data, uint64_t *size);
/* Exactly `size` bytes of an open file; `path` is for errors: BW_ERROR_FORMAT when the file ends before. */
bw_status bw_file_read_at(bw_context *ctx, FILE *file, const char *path, uint64_t offset, void *to, uint64_t size);

/* folder/name, freed with bw_free; the separator only where one is needed, and name alone when folder is "". NULL
 * without memory. */
char *bw_path_join(bw_context *ctx, const char *folder, const char *name);

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
/* Removes from a folder the temporary files of all processes of all computers, whether they run or not. */
void bw_output_sweep_all(const char *folder);
/* The same for a folder with all that will be in it. commit replaces the folder at `path`, which is moved away before
 * and removed then; whether that may be is for the caller to know. */
bw_status bw_output_begin_folder(bw_context *ctx, const char *path, bw_output *out);
bw_status bw_output_commit_folder(bw_context *ctx, bw_output *out);

/* Writes a whole file by way of a temporary one in `folder`, which is there and on the same disk; makes the folders
 * that `path` is in. Any number of processes may do so with the same path at the same time: one of them comes last.
 * When somebody removes the temporary file meanwhile, it is written again. */
bw_status bw_file_store(bw_context *ctx, const char *folder, const char *path, const void *data, uint64_t size);
/* The same unless something is at `path` already, which stays as it is: of several processes one comes first. */
bw_status bw_file_store_new(bw_context *ctx, const char *folder, const char *path, const void *data, uint64_t size);
/* Removes a file, a link or a folder with all that is in it, following no links; 0 on success, also when nothing is
 * there, else errno. */
int bw_tree_remove(const char *path);

/* BW_ERROR_IO with a sentence on why `path` could not be written, and what to do; reason: errno. */
bw_status bw_output_failed(bw_context *ctx, const char *path, int reason);

#endif
