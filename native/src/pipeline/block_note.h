/* What a result that grows block by block says about itself: how it was begun, so that all jobs go on alike. */
#ifndef BW_PIPELINE_BLOCK_NOTE_H
#define BW_PIPELINE_BLOCK_NOTE_H

#include "model/model.h"
#include "pipeline/pipeline.h"

/* What a job takes from it. */
typedef struct bw_block_note {
    int64_t block[3];   /* x, y, z */
    float *low;         /* of a float image: smallest finite value per frame and channel; NULL = none are noted */
    int64_t non_finite; /* pixels */
    int extreme;
} bw_block_note;

/* JSON without line breaks; free with bw_string_free. source: open, of the image that is predicted. */
bw_status bw_block_note_write(bw_context *ctx, const bw_model *model, const bw_source *source,
                              const bw_block_options *options, int output, const int64_t block[3], char **out);
/* path: of the result, for errors; count: of the numbers in `low`. */
bw_status bw_block_note_read(bw_context *ctx, const char *path, const char *text, int64_t count, bw_block_note *out);
void bw_block_note_free(bw_block_note *note);

#endif
