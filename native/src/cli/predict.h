/* What one image and many have in common when a model is applied. */
#ifndef BW_CLI_PREDICT_H
#define BW_CLI_PREDICT_H

#include "cli/format.h"
#include "cli/names.h"
#include "core/text.h"

/* What `objects` makes of probabilities; objects.c. */
typedef struct bw_cli_labelling bw_cli_labelling;

/* How to predict, the same for all images. */
typedef struct bw_cli_job {
    bw_predict_options options;
    bw_cli_format format;
    bw_naming naming;
    double spacing[3]; /* replaces the images' own when spacing_given */
    int spacing_given;
    int64_t block[3];                  /* of results in OME-Zarr: x, y, z; 0 = chosen */
    int overwrite;                     /* results that are there are made again */
    const bw_cli_labelling *labelling; /* NULL = predict */
} bw_cli_job;

/* A streamed image with the job's spacing. */
bw_status bw_cli_open_image(bw_context *ctx, const bw_cli_job *job, const char *input, bw_image **out);

/* Whether results grow block by block: predictions in OME-Zarr do. */
int bw_cli_is_blockwise(const bw_cli_job *job);
/* Reads, predicts and writes an image, any size, in one go. outputs: paths of the kinds of job->naming.kinds, others
 * NULL. */
bw_status bw_cli_apply(bw_context *ctx, const bw_model *model, const bw_cli_job *job, const char *input,
                       char *const outputs[BW_KINDS], bw_predict_report *report);
/* The same for a job with a labelling. */
bw_status bw_cli_label(bw_context *ctx, const bw_model *model, const bw_cli_job *job, const char *input,
                       char *const outputs[BW_KINDS], bw_predict_report *report);
/* The paths of an image's results, to be freed with bw_cli_free_paths, also after failure. mirrored: as bw_naming_path
 * takes it. */
bw_status bw_cli_paths(bw_context *ctx, const bw_cli_job *job, const char *mirrored, char *paths[BW_KINDS]);
void bw_cli_free_paths(char *paths[BW_KINDS]);
/* Adds sentences on what was assumed or replaced, each between `before` and `after`. */
bw_status bw_cli_notes(bw_text *text, const bw_predict_report *report, const char *name, const char *before,
                       const char *after);
/* Prints them; an exit code. */
int bw_cli_print_notes(const bw_cli_call *call, const char *input, const bw_predict_report *report);

/* Checks the pattern of names in a folder. */
int bw_cli_check_many(const bw_cli_call *call, const bw_naming *naming);
/* Many images: finds them, predicts them and writes the table. An exit code. */
int bw_cli_run_batch(bw_cli_call *call, const bw_cli_job *job);

#endif
