/* Edge-aware smoothing of probabilities: the guided filter (He, Sun, Tang: Guided image filtering, PAMI 2013). In every
 * window the probabilities become a linear function of the image, so that noise goes and borders stay where the image
 * has them. Where the image does not explain them, as at structures thinner than the window, a share of the
 * probabilities stays as it is. */
#ifndef BW_PIPELINE_REFINE_H
#define BW_PIPELINE_REFINE_H

#include "pipeline/pipeline.h"

typedef struct bw_refine_spec {
    int radius; /* of the square windows of a slice, 0..BW_MAX_REFINE pixels */
    int classes, channels;
    const float *spread; /* of each channel: its values count in units of this; 0 = the channel is no guide */
} bw_refine_spec;

/* Whether there is anything to do: a radius, and a channel to go by. */
int bw_refine_wanted(const bw_refine_spec *spec);

/* How far around a tile its refined probabilities read probabilities, along x and y. */
static inline int64_t bw_refine_reach(const bw_refine_spec *spec) {
    return 2 * (int64_t)spec->radius;
}

/* How far around a region and its reach refining reads the image; 0 without refining. */
int64_t bw_refine_guide_reach(const bw_refine_spec *spec);

/* Room of one thread for a slice of a tile. */
typedef struct bw_refine_room bw_refine_room;

/* Bytes per pixel of a tile's slice, margins included; for tiles of these extents. */
int64_t bw_refine_bytes(const bw_refine_spec *spec, const int64_t extent[3]);
bw_status bw_refine_open(bw_context *ctx, const bw_refine_spec *spec, bw_simd level, const int64_t extent[3],
                         bw_refine_room **out);
void bw_refine_close(bw_refine_room *room);

/* Row y of slice z of the grown tile: votes[class * width + x], width that of the grown tile. */
typedef void (*bw_refine_read_fn)(const void *user, int64_t y, int64_t z, uint32_t *votes);

/* Refines slice z of a tile. `grown` is the tile and its reach, cut at the frame; `read` gives its rows, whose votes
 * sum to `total`. Values beyond the frame are mirrored. */
bw_status bw_refine_slice(bw_context *ctx, bw_refine_room *room, const bw_frame *frame, const bw_box *tile,
                          const bw_box *grown, int64_t z, bw_refine_read_fn read, const void *user, uint32_t total);
/* A row of the tile's refined votes, which sum to BW_CALIBRATED_TOTAL: votes[class * width + x]. */
void bw_refine_row(const bw_refine_room *room, int64_t y, uint32_t *votes);

#endif
