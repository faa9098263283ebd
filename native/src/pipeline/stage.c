#include "pipeline/stage.h"

#include <string.h>

#include "core/alloc.h"
#include "pipeline/ballot.h"

/* The first forest votes on the tile and the margin that the context's features read. What it finds is an image of its
 * own, whose pixels exist where a tile asks for them. */

typedef struct bw_stage_plans {
    bw_feature_plan *first, *context; /* of the first forest's features, of the wanted ones of the context */
    int64_t size[3];                  /* of a frame */
    int64_t halo[3];                  /* around a tile, of the context */
    int64_t extent[3], grown[3];      /* of the largest tile, and with its halo */
    int64_t scratch;                  /* bytes for either plan: one runs after the other */
} bw_stage_plans;

/* Of one thread. */
typedef struct bw_stage_room {
    bw_ballot ballot;
    float *probabilities; /* [class * count of `box` + pixel], x fastest */
    uint32_t *row;        /* votes of a row */
    void *scratch;
    bw_box box; /* that the probabilities cover */
} bw_stage_room;

struct bw_stage {
    const bw_source *source;
    bw_stage_plans plans;
    int classes;
    bw_simd level;
    bw_stage_room *rooms;
    int threads;
};

/* ---- plans ------------------------------------------------------------------------------------------------------- */

static bw_status plan_first(bw_context *ctx, const bw_stage_spec *spec, bw_stage_plans *plans) {
    const int features = bw_forest_features(spec->first);
    uint8_t *used = bw_alloc(ctx, (uint64_t)features, 1, "a feature list");
    if (!used) return BW_ERROR_MEMORY;
    for (int f = 0; f < features; f++)
        used[f] = (uint8_t)bw_forest_uses(spec->first, f);
    const bw_status status = bw_feature_plan_create(ctx, spec->recipe, used, &plans->first);
    bw_free(used);
    return status;
}

static int64_t cut(int64_t extent, int64_t size) {
    return extent < size ? extent : size;
}

static int64_t larger(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static bw_status make_plans(bw_context *ctx, const bw_stage_spec *spec, const int64_t extent[3], const int64_t size[3],
                            bw_stage_plans *plans) {
    *plans = (bw_stage_plans){0};
    BW_TRY(plan_first(ctx, spec, plans));
    BW_TRY(bw_feature_plan_create(ctx, spec->context, spec->wanted, &plans->context));
    BW_TRY(bw_feature_plan_fit(ctx, plans->first, size));
    BW_TRY(bw_feature_plan_fit(ctx, plans->context, size));
    bw_feature_plan_halo(plans->context, plans->halo);
    for (int axis = 0; axis < 3; axis++) {
        plans->size[axis] = size[axis];
        plans->extent[axis] = cut(extent[axis], size[axis]);
        plans->grown[axis] = cut(extent[axis] + 2 * plans->halo[axis], size[axis]);
    }
    plans->scratch = larger(bw_feature_plan_scratch(plans->first, plans->grown, size),
                            bw_feature_plan_scratch(plans->context, plans->extent, size));
    return BW_OK;
}

static void free_plans(bw_stage_plans *plans) {
    bw_feature_plan_free(plans->first);
    bw_feature_plan_free(plans->context);
}

/* ---- room -------------------------------------------------------------------------------------------------------- */

static int64_t probability_count(const bw_stage_plans *plans, int classes) {
    return classes * plans->grown[0] * plans->grown[1] * plans->grown[2];
}

bw_status bw_stage_size(bw_context *ctx, const bw_stage_spec *spec, const int64_t extent[3], const int64_t size[3],
                        int64_t *bytes) {
    const int classes = bw_forest_classes(spec->first);
    bw_stage_plans plans;
    const bw_status status = make_plans(ctx, spec, extent, size, &plans);
    if (status == BW_OK) {
        const bw_box grown = {{0, 0, 0}, {plans.grown[0], plans.grown[1], plans.grown[2]}};
        const double ballot = bw_ballot_pixel_bytes(spec->first, BW_BALLOT_VOTES) * (double)bw_block_pixels(&grown);
        *bytes = plans.scratch + (int64_t)ballot + (int64_t)bw_forest_scratch_size(spec->first) +
                 (probability_count(&plans, classes) + classes * plans.grown[0]) * 4 + plans.grown[0];
    }
    free_plans(&plans);
    return status;
}

bw_status bw_stage_cost(bw_context *ctx, const bw_stage_spec *spec, const int64_t extent[3], const int64_t size[3],
                        double *cost) {
    const double vote = 8; /* of a tree for a pixel, in multiply-adds: as measured beside features of usual size */
    bw_stage_plans plans;
    const bw_status status = make_plans(ctx, spec, extent, size, &plans);
    if (status == BW_OK) {
        const double grown = (double)(plans.grown[0] * plans.grown[1] * plans.grown[2]);
        *cost = bw_feature_plan_cost(plans.first, plans.grown, size) +
                bw_feature_plan_cost(plans.context, plans.extent, size) + grown * vote * bw_forest_trees(spec->first);
    }
    free_plans(&plans);
    return status;
}

static bw_status make_room(bw_context *ctx, const bw_stage *stage, const bw_forest *first, bw_stage_room *room) {
    const bw_stage_plans *plans = &stage->plans;
    const uint64_t probabilities = (uint64_t)probability_count(plans, stage->classes);
    BW_TRY(bw_ballot_open(ctx, first, BW_BALLOT_VOTES, stage->level, plans->grown, &room->ballot));
    room->probabilities = bw_alloc(ctx, probabilities, sizeof *room->probabilities, "probabilities");
    room->row = bw_alloc(ctx, (uint64_t)(stage->classes * plans->grown[0]), sizeof *room->row, "votes");
    room->scratch = bw_alloc(ctx, (uint64_t)plans->scratch, 1, "feature scratch");
    return room->probabilities && room->row && room->scratch ? BW_OK : BW_ERROR_MEMORY;
}

static bw_status fill(bw_context *ctx, const bw_stage_spec *spec, const bw_source *source, const int64_t extent[3],
                      int threads, bw_stage *stage) {
    const bw_image_info *info = bw_image_get_info(source->image);
    const int64_t size[3] = {info->width, info->height, info->depth};
    stage->source = source;
    stage->classes = bw_forest_classes(spec->first);
    BW_TRY(bw_simd_level(ctx, &stage->level));
    BW_TRY(make_plans(ctx, spec, extent, size, &stage->plans));
    stage->rooms = bw_calloc(ctx, (uint64_t)threads, sizeof *stage->rooms, "scratch");
    if (!stage->rooms) return BW_ERROR_MEMORY;
    stage->threads = threads;
    for (int t = 0; t < threads; t++)
        BW_TRY(make_room(ctx, stage, spec->first, &stage->rooms[t]));
    return BW_OK;
}

bw_status bw_stage_create(bw_context *ctx, const bw_stage_spec *spec, const bw_source *source, const int64_t extent[3],
                          int threads, bw_stage **out) {
    *out = NULL;
    bw_stage *stage = bw_calloc(ctx, 1, sizeof *stage, "an autocontext stage");
    if (!stage) return BW_ERROR_MEMORY;
    const bw_status status = fill(ctx, spec, source, extent, threads, stage);
    if (status == BW_OK)
        *out = stage;
    else
        bw_stage_free(stage);
    return status;
}

void bw_stage_free(bw_stage *stage) {
    if (!stage) return;
    for (int t = 0; t < stage->threads; t++) {
        bw_ballot_close(&stage->rooms[t].ballot);
        bw_free(stage->rooms[t].probabilities);
        bw_free(stage->rooms[t].row);
        bw_free(stage->rooms[t].scratch);
    }
    bw_free(stage->rooms);
    free_plans(&stage->plans);
    bw_free(stage);
}

void bw_stage_halo(const bw_stage *stage, int64_t halo[3]) {
    bw_feature_plan_halo(stage->plans.first, halo);
    for (int axis = 0; axis < 3; axis++)
        halo[axis] += stage->plans.halo[axis];
}

/* ---- probabilities as an image ----------------------------------------------------------------------------------- */

static bw_status load(bw_context *ctx, const bw_frame *frame, int channel, const bw_box *box, float *out, int64_t row,
                      int64_t plane) {
    const bw_stage_room *room = frame->source;
    const bw_box *held = &room->box;
    const int64_t width = bw_box_extent(held, 0), height = bw_box_extent(held, 1);
    const float *from = room->probabilities + channel * bw_box_count(held) + (box->lo[0] - held->lo[0]);
    const size_t bytes = (size_t)bw_box_extent(box, 0) * sizeof *out;
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++, out += plane) {
        BW_TRY(bw_check(ctx));
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++)
            memcpy(out + (y - box->lo[1]) * row, from + ((z - held->lo[2]) * height + (y - held->lo[1])) * width,
                   bytes);
    }
    return BW_OK;
}

/* Probabilities lie around no camera's offset. */
static bw_status typical(bw_context *ctx, const bw_frame *frame, int channel, int64_t z, float *out) {
    (void)ctx, (void)frame, (void)channel, (void)z;
    *out = 0;
    return BW_OK;
}

static bw_status keep_probabilities(bw_context *ctx, const bw_stage *stage, bw_stage_room *room) {
    const bw_box *box = &room->box;
    const int64_t width = bw_box_extent(box, 0), count = bw_box_count(box);
    const float total = (float)bw_forest_vote_total(room->ballot.forest);
    float *to = room->probabilities;
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++) {
        BW_TRY(bw_check(ctx));
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++, to += width) {
            bw_ballot_row_votes(&room->ballot, y, z, room->row);
            for (int k = 0; k < stage->classes; k++)
                for (int64_t x = 0; x < width; x++)
                    to[k * count + x] = (float)room->row[k * width + x] / total;
        }
    }
    return BW_OK;
}

/* ---- a tile ------------------------------------------------------------------------------------------------------ */

static bw_status compute(bw_context *ctx, const bw_stage *stage, const bw_feature_plan *plan, bw_tile_task *task) {
    const int64_t *largest = plan == stage->plans.first ? stage->plans.grown : stage->plans.extent;
    task->plan = plan;
    task->level = stage->level;
    memcpy(task->largest, largest, sizeof task->largest);
    return bw_features_tile(ctx, task);
}

static bw_status vote_first(bw_context *ctx, bw_stage *stage, int thread, int frame, double progress) {
    bw_stage_room *room = &stage->rooms[thread];
    bw_tile_task task = {.tile = room->box,
                         .frame = bw_source_frame(stage->source, frame),
                         .emit = bw_ballot_take,
                         .user = &room->ballot,
                         .progress = 0.5 * progress,
                         .scratch = room->scratch};
    room->ballot.box = room->box;
    BW_TRY(compute(ctx, stage, stage->plans.first, &task));
    BW_TRY(bw_ballot_count(ctx, &room->ballot, NULL, 0.5 * progress));
    return keep_probabilities(ctx, stage, room);
}

bw_status bw_stage_tile(bw_context *ctx, bw_stage *stage, int thread, int frame, const bw_box *tile, bw_emit_fn emit,
                        void *user, double progress) {
    bw_stage_room *room = &stage->rooms[thread];
    const int64_t *size = stage->plans.size;
    room->box = bw_box_grow(tile, stage->plans.halo, size);
    BW_TRY(vote_first(ctx, stage, thread, frame, 0.8 * progress));
    bw_tile_task task = {.tile = *tile,
                         .frame = {.load = load,
                                   .typical = typical,
                                   .source = room,
                                   .index = frame,
                                   .size = {size[0], size[1], size[2]},
                                   .white = 1},
                         .emit = emit,
                         .user = user,
                         .progress = 0.2 * progress,
                         .scratch = room->scratch};
    return compute(ctx, stage, stage->plans.context, &task);
}
