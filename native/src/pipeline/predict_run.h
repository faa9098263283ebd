/* What a prediction makes of the features of tiles: votes, perhaps refined, and of these the outputs. Shared by whole
 * images and previews, which differ in where tiles and features come from. */
#ifndef BW_PIPELINE_PREDICT_RUN_H
#define BW_PIPELINE_PREDICT_RUN_H

#include "model/model.h"
#include "pipeline/ballot.h"
#include "pipeline/outputs.h"
#include "pipeline/refine.h"

/* Per thread. */
typedef struct bw_predict_room {
    bw_ballot ballot;
    bw_refine_room *refine; /* NULL = votes stay as they are */
    uint32_t *votes;        /* of a row; NULL when nobody asks for them */
    uint8_t *winners;       /* of a row */
    int64_t *pixels;        /* that each class won */
} bw_predict_room;

typedef struct bw_predict_run {
    const bw_model *model;
    const bw_source *source; /* open before rooms are */
    bw_simd level;
    int wanted; /* outputs */
    bw_ballot_kind kind;
    bw_refine_spec refine; /* radius 0 = not */
    int64_t piece[3];      /* largest part of a slice that is refined at once */
    uint16_t *kept;        /* for refining: shares of a region's votes, [class][z][y][x] */
    int64_t kept_count;    /* that there is room for */
    bw_box region;         /* that they cover */
    bw_outputs outputs;
    bw_predict_room *rooms;
    int threads; /* as many rooms */
} bw_predict_run;

/* Decides what has to be made for these outputs; makes nothing yet. unrefined: as in bw_predict_options. */
bw_status bw_predict_run_plan(bw_context *ctx, const bw_model *model, const bw_source *source, int outputs,
                              int unrefined, bw_predict_run *out);
/* Pieces for refining boxes of at most these extents: they fit the cache, and the budget if it is small. */
void bw_predict_run_choose_piece(bw_context *ctx, bw_predict_run *run, const int64_t most[3]);
/* Bytes of a room per pixel of a tile, counted in whole blocks; and besides these. */
double bw_predict_run_pixel_bytes(const bw_predict_run *run);
double bw_predict_run_room_bytes(const bw_predict_run *run);
/* Bytes that a region takes per pixel, margin included. */
double bw_predict_run_region_bytes(const bw_predict_run *run);
/* How far around a region its outputs read votes. */
void bw_predict_run_margin(const bw_predict_run *run, int64_t margin[3]);
/* The outputs of a part (NULL = all). */
bw_status bw_predict_run_make_outputs(bw_context *ctx, bw_predict_run *run, const bw_part *part);
/* Rooms for tiles of at most these extents, in place of those that are there. */
bw_status bw_predict_run_open(bw_context *ctx, bw_predict_run *run, const int64_t tile[3], int threads);
/* Takes what bw_predict_run_plan made, too. */
void bw_predict_run_close(bw_predict_run *run);

/* Share of the progress that refining has. */
double bw_predict_run_refine_share(const bw_predict_run *run);
/* bw_region_fn, user = the run: around the tiles of a region and its margin. Nothing happens without refining. */
bw_status bw_predict_run_begin(bw_context *ctx, void *run, const bw_box *region, const bw_box *grown, int frame);
bw_status bw_predict_run_finish(bw_context *ctx, void *run, const bw_box *region, const bw_box *grown, int frame);
/* Votes on the tile that the thread's ballot has taken the features of, and writes its outputs or keeps its votes. */
bw_status bw_predict_run_tile(bw_context *ctx, const bw_predict_run *run, int frame, int thread, double progress);

#endif
