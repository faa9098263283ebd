/* Results in OME-Zarr, block by block: all of an image, or a piece of the blocks of a job that many processes share. */
#ifndef BW_CLI_BLOCKS_H
#define BW_CLI_BLOCKS_H

#include "cli/predict.h"

/* What became of blocks. */
typedef struct bw_cli_block_counts {
    int64_t made, there, failed;
    bw_predict_report report; /* sums over the blocks that were made */
} bw_cli_block_counts;

/* How blocks are run. */
typedef struct bw_cli_block_run {
    bw_block_job *job;
    const char *name;    /* of the image, for people */
    int64_t first, last; /* from block `first` to `last` - 1 */
    int shown, logged;   /* a line on the terminal; lines in a log */
} bw_cli_block_run;

/* What the job's options mean for results in the order of the BW_OUTPUT_ bits. */
bw_block_options bw_cli_block_options(const bw_cli_job *job);
/* Runs the blocks in order, each on a context of its own, so that one that fails leaves the others alone: it is told on
 * stderr at once. Fails only when it was cancelled or there is no memory to begin with. */
bw_status bw_cli_run_blocks(bw_context *ctx, const bw_cli_block_run *run, bw_cli_block_counts *counts);
/* BW_ERROR_IO that counts the blocks that failed, if there are any. */
bw_status bw_cli_check_blocks(bw_context *ctx, const bw_cli_block_counts *counts);
/* "(x 0-255, y 0-255, z 0-63, frame 1)": counted as voxels are in ImageJ, x, y from 0, frames from 1. */
void bw_cli_describe_part(const bw_part *part, char *text, size_t size);

/* An image in one go: what is there of the results is kept, or with job->overwrite removed before. outputs as for
 * bw_cli_apply. */
bw_status bw_cli_apply_blocks(bw_context *ctx, const bw_model *model, const bw_cli_job *job, const char *input,
                              char *const outputs[BW_KINDS], int shown, bw_cli_block_counts *counts);

/* --chunk, --prepare, --finish and --plan, of which at most one is given. */
typedef enum bw_cli_part_of_job {
    BW_CLI_WHOLE,
    BW_CLI_CHUNK,
    BW_CLI_PREPARE,
    BW_CLI_FINISH,
    BW_CLI_PLAN
} bw_cli_part_of_job;

typedef struct bw_cli_cluster {
    bw_cli_part_of_job part;
    int64_t piece, pieces; /* --chunk */
    int json;              /* --plan */
} bw_cli_cluster;

int bw_cli_get_cluster(const bw_cli_call *call, bw_cli_cluster *out);
/* One image; an exit code. */
int bw_cli_run_cluster(const bw_cli_call *call, const bw_cli_cluster *cluster, const bw_cli_job *job,
                       const bw_model *model, char *const outputs[BW_KINDS]);

#endif
