/* A forest's work on a tile: features become bytes in blocks of 8 x 8 pixels, these become votes or winners. */
#ifndef BW_PIPELINE_BALLOT_H
#define BW_PIPELINE_BALLOT_H

#include "forest/forest.h"
#include "pipeline/pipeline.h"

/* Of one thread. */
typedef struct bw_ballot {
    const bw_forest *forest;
    bw_simd level;
    int64_t stride;          /* pixels of the largest box in whole blocks */
    bw_box box;              /* in work */
    uint8_t *row;            /* a feature's bytes of a row, before they go into blocks */
    uint8_t *bytes;          /* of the used features in blocks */
    const uint8_t **columns; /* where each feature's begin, NULL = unused */
    uint32_t *votes;         /* [class * stride + pixel in blocks]; NULL = winners only */
    uint8_t *winners;        /* [pixel in blocks]; NULL = votes */
    void *scratch;
} bw_ballot;

typedef enum bw_ballot_kind { BW_BALLOT_VOTES, BW_BALLOT_WINNERS } bw_ballot_kind;

/* Bytes per pixel of the largest box, counted in whole blocks. */
double bw_ballot_pixel_bytes(const bw_forest *forest, bw_ballot_kind kind);
/* For boxes of at most these extents. close takes a ballot that was only zeroed, too. */
bw_status bw_ballot_open(bw_context *ctx, const bw_forest *forest, bw_ballot_kind kind, bw_simd level,
                         const int64_t extent[3], bw_ballot *out);
void bw_ballot_close(bw_ballot *ballot);
/* A bw_emit_fn, user = the ballot: takes feature `index` of the forest, which must use it, for a part of the box. */
bw_status bw_ballot_take(bw_context *ctx, void *ballot, int index, const bw_box *part, const float *values, int64_t row,
                         int64_t plane);
/* Fills votes or winners of the box. calibration: of the votes; NULL = none. */
bw_status bw_ballot_count(bw_context *ctx, bw_ballot *ballot, const bw_calibration *calibration, double progress);
/* Pixels of a row of the box, from its first one on: votes[class * width + x], or winners[x]. */
void bw_ballot_row_votes(const bw_ballot *ballot, int64_t y, int64_t z, uint32_t *votes);
void bw_ballot_row_winners(const bw_ballot *ballot, int64_t y, int64_t z, uint8_t *winners);

#endif
