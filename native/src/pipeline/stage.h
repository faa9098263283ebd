/* Autocontext: features of the class probabilities that a first forest gives, tile by tile. */
#ifndef BW_PIPELINE_STAGE_H
#define BW_PIPELINE_STAGE_H

#include "forest/forest.h"
#include "pipeline/pipeline.h"

typedef struct bw_stage bw_stage;

typedef struct bw_stage_spec {
    const bw_recipe *recipe; /* what the first forest sees */
    const bw_forest *first;
    const bw_recipe *context; /* features of an image whose channels are the classes' probabilities */
    const uint8_t *wanted;    /* of the context's features, 0 = left out; NULL = all */
} bw_stage_spec;

/* For tiles of at most these extents of the source's frames, on so many threads. */
bw_status bw_stage_create(bw_context *ctx, const bw_stage_spec *spec, const bw_source *source, const int64_t extent[3],
                          int threads, bw_stage **out);
void bw_stage_free(bw_stage *stage);
/* How far around a tile it reads the source. */
void bw_stage_halo(const bw_stage *stage, int64_t halo[3]);
/* Bytes that bw_stage_create takes per thread. */
bw_status bw_stage_size(bw_context *ctx, const bw_stage_spec *spec, const int64_t extent[3], const int64_t size[3],
                        int64_t *bytes);
/* The arithmetic of such a tile, as bw_feature_plan_cost counts it. */
bw_status bw_stage_cost(bw_context *ctx, const bw_stage_spec *spec, const int64_t extent[3], const int64_t size[3],
                        double *cost);
/* Emits the context's features of a tile as bw_features_tile does. The first forest votes on the tile and as many
 * pixels around it as the context's features reach, so that the values do not depend on tiles. */
bw_status bw_stage_tile(bw_context *ctx, bw_stage *stage, int thread, int frame, const bw_box *tile, bw_emit_fn emit,
                        void *user, double progress);

#endif
