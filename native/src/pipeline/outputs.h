/* The images that prediction makes of votes. */
#ifndef BW_PIPELINE_OUTPUTS_H
#define BW_PIPELINE_OUTPUTS_H

#include "model/model.h"

enum {
    BW_OUTPUT_COUNT = 4,
    BW_OUTPUT_ALL = BW_OUTPUT_PROBABILITIES | BW_OUTPUT_LABELS | BW_OUTPUT_UNCERTAINTY | BW_OUTPUT_ENTROPY
};

typedef struct bw_outputs {
    int classes;
    uint32_t total;                    /* votes per pixel */
    bw_part part;                      /* what the images show; frame -1 = all frames */
    bw_image *images[BW_OUTPUT_COUNT]; /* in the order of outputs.c's table; NULL = not asked for */
} bw_outputs;

/* Whether these outputs need votes; labels alone need winners. */
int bw_outputs_need_votes(int wanted);
/* Bytes of these outputs per pixel of the image. */
double bw_outputs_pixel_bytes(int wanted, int classes);
/* total: votes per pixel. Images like `source` or a part of it (NULL = all), with its plane labels, behind the class
 * names where there is a channel per class. */
bw_status bw_outputs_create(bw_context *ctx, const bw_model *model, const bw_image *source, const bw_part *part,
                            int wanted, uint32_t total, bw_outputs *out);
void bw_outputs_free(bw_outputs *outputs);
/* Hands the images over. The order of the table is that of the BW_OUTPUT_ bits. */
void bw_outputs_take(bw_outputs *outputs, bw_prediction *out);

/* Part of a row of the frame, `width` pixels from x on. */
typedef struct bw_output_row {
    int frame;
    int64_t x, y, z, width;
    const uint32_t *votes;  /* [class * width + i]; NULL when no output needs them */
    const uint8_t *winners; /* 0-based */
} bw_output_row;

void bw_outputs_write(const bw_outputs *outputs, const bw_output_row *row);
/* Classes with most votes, ties to the lower one. */
void bw_outputs_winners(const uint32_t *votes, int classes, int64_t width, uint8_t *winners);

#endif
