/* A model applied to all of an image: what runs in memory and streamed runs share. */
#ifndef BW_PIPELINE_PREDICT_IMAGE_H
#define BW_PIPELINE_PREDICT_IMAGE_H

#include "pipeline/predict_run.h"
#include "pipeline/stage.h"

typedef struct bw_image_run {
    bw_predict_run run;    /* first: bw_predict_run_begin and _finish get the whole */
    bw_feature_plan *plan; /* of the recipe's features that the forest uses */
    uint8_t *context;      /* which of the context's features it uses; NULL = none */
    bw_stage *stage;       /* makes these; NULL = none */
    bw_source source;
    bw_grid grid;
    int streamed;               /* region by region: set before it is opened, like the next three */
    int64_t step[3];            /* that regions begin and end at */
    const bw_part *part;        /* of the image that is wanted; NULL = all */
    int shared;                 /* the source is open already, and stays so */
    const struct bw_grid *like; /* own use */
} bw_image_run;

/* Checks image, model and outputs; the source's image is set. Makes nothing. */
bw_status bw_image_run_check(bw_context *ctx, const bw_model *model, const bw_predict_options *options, int outputs,
                             bw_image_run *self, bw_predict_report *report);
/* Chooses tiles and makes room for them; edge of a tile or 0. Progress counts the wanted pixels from here on. */
bw_status bw_image_run_open(bw_context *ctx, int64_t edge, bw_image_run *self);
/* What is wanted of a frame. */
bw_box bw_image_run_box(const bw_image_run *self);
/* bw_tile_fn, user = the run. */
bw_status bw_image_run_tile(bw_context *ctx, void *user, bw_tile_task *task, int frame, int thread);
/* The bytes that a run takes at most, without the model and what image and sinks keep; after it was opened. */
bw_status bw_image_run_bytes(bw_context *ctx, const bw_image_run *self, uint64_t *out);
void bw_image_run_report(const bw_image_run *self, bw_predict_report *report);
/* Also after a failure. */
void bw_image_run_close(bw_image_run *self);

/* bw_predict_streamed for a part of the image, which its sinks can take, with a source that is open. */
bw_status bw_predict_part(bw_context *ctx, const bw_model *model, const bw_source *source,
                          const bw_predict_options *options, const bw_part *part, const bw_prediction_sinks *sinks,
                          bw_predict_report *report);
/* Checks what bw_predict_part does, and tells which pixels such a part reads and what bw_image_run_bytes of it are.
 * step: as a sink's. */
bw_status bw_predict_part_survey(bw_context *ctx, const bw_model *model, const bw_source *source,
                                 const bw_predict_options *options, int outputs, const bw_part *part,
                                 const int64_t step[3], bw_box *reads, uint64_t *bytes);

#endif
