/* What one image and many have in common when a model is applied. */
#ifndef BW_CLI_PREDICT_H
#define BW_CLI_PREDICT_H

#include "cli/cli.h"
#include "cli/names.h"
#include "core/text.h"

/* How to predict, the same for all images. */
typedef struct bw_cli_job {
    bw_predict_options options;
    bw_tiff_options tiff;
    bw_naming naming;
    double spacing[3]; /* replaces the images' own when spacing_given */
    int spacing_given;
} bw_cli_job;

/* Reads, predicts and writes an image, any size. outputs: paths of the kinds of job->naming.kinds, others NULL. */
bw_status bw_cli_apply(bw_context *ctx, const bw_model *model, const bw_cli_job *job, const char *input,
                       char *const outputs[BW_KINDS], bw_predict_report *report);
/* The paths of an image's results, to be freed with bw_cli_free_paths, also after failure. mirrored: as bw_naming_path
 * takes it. */
bw_status bw_cli_paths(bw_context *ctx, const bw_cli_job *job, const char *mirrored, char *paths[BW_KINDS]);
void bw_cli_free_paths(char *paths[BW_KINDS]);
/* Adds sentences on what was assumed or replaced, each between `before` and `after`. */
bw_status bw_cli_notes(bw_text *text, const bw_predict_report *report, const char *name, const char *before,
                       const char *after);

/* Many images: finds them, predicts them and writes the table. An exit code. */
int bw_cli_run_batch(bw_cli_call *call, const bw_cli_job *job);

#endif
