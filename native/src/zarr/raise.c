/* Smaller resolutions: a chunk is made of those of the level before once all of them are there. */
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "zarr/output_parts.h"

typedef struct raise {
    const bw_zarr_output *output;
    int level, frame;
    bw_zarr_range3 range; /* chunks of the level */
    int again, counted;
} raise;

/* What a chunk shows of the level before, and the chunks that this lies in. */
typedef struct below {
    int64_t lo[3], hi[3]; /* voxels */
    bw_zarr_range3 chunks;
} below;

static below look_below(const bw_zarr_output *o, const bw_zarr_spot *spot) {
    const bw_zarr_level *own = &o->levels[spot->level], *before = own - 1;
    below b;
    for (int axis = 0; axis < 3; axis++) {
        const int64_t extent = own->chunk[axis] * own->step[axis];
        b.lo[axis] = spot->at[axis] * extent;
        b.hi[axis] = b.lo[axis] + extent < before->size[axis] ? b.lo[axis] + extent : before->size[axis];
        b.chunks.lo[axis] = b.lo[axis] / before->chunk[axis];
        b.chunks.hi[axis] = (b.hi[axis] - 1) / before->chunk[axis] + 1;
    }
    return b;
}

/* The chunks of a level that stand for some of those of the level before. */
static bw_zarr_range3 look_above(const bw_zarr_output *o, int level, const bw_zarr_range3 *chunks) {
    const bw_zarr_level *own = &o->levels[level], *before = own - 1;
    bw_zarr_range3 range;
    for (int axis = 0; axis < 3; axis++) {
        const int64_t end = chunks->hi[axis] * before->chunk[axis], extent = own->chunk[axis] * own->step[axis];
        range.lo[axis] = chunks->lo[axis] * before->chunk[axis] / extent;
        range.hi[axis] = ((end < before->size[axis] ? end : before->size[axis]) - 1) / extent + 1;
    }
    return range;
}

static bw_zarr_spot spot_below(const below *b, const bw_zarr_spot *spot, int64_t index) {
    bw_zarr_spot child = bw_zarr_spot_of(&b->chunks, spot->level - 1, spot->frame, index);
    child.channel = spot->channel;
    return child;
}

static bw_status all_below(bw_context *ctx, const bw_zarr_output *o, const bw_zarr_spot *spot, const below *b,
                           int *out) {
    const int64_t count = bw_zarr_range_count(&b->chunks, 1);
    *out = 1;
    for (int64_t i = 0; i < count && *out; i++) {
        const bw_zarr_spot child = spot_below(b, spot, i);
        BW_TRY(bw_zarr_spot_exists(ctx, o, &child, out));
    }
    return BW_OK;
}

/* ---- pixels -------------------------------------------------------------------------------------------------- */

/* The voxels of a chunk that lie in the box, to their places there. */
static void copy_chunk(const bw_zarr_output *o, const bw_zarr_spot *child, const below *b, const uint8_t *from,
                       uint8_t *to) {
    const int64_t *chunk = o->levels[child->level].chunk, size = bw_type_size(o->info.type);
    int64_t lo[3], hi[3], first[3], extent[3];
    for (int axis = 0; axis < 3; axis++) {
        first[axis] = child->at[axis] * chunk[axis];
        lo[axis] = first[axis] > b->lo[axis] ? first[axis] : b->lo[axis];
        hi[axis] = first[axis] + chunk[axis] < b->hi[axis] ? first[axis] + chunk[axis] : b->hi[axis];
        extent[axis] = b->hi[axis] - b->lo[axis];
    }
    for (int64_t z = lo[2]; z < hi[2]; z++)
        for (int64_t y = lo[1]; y < hi[1]; y++) {
            const int64_t source = ((z - first[2]) * chunk[1] + y - first[1]) * chunk[0] + lo[0] - first[0];
            const int64_t target = ((z - b->lo[2]) * extent[1] + y - b->lo[1]) * extent[0] + lo[0] - b->lo[0];
            memcpy(to + target * size, from + source * size, (size_t)((hi[0] - lo[0]) * size));
        }
}

static bw_status read_below(bw_context *ctx, const bw_zarr_output *o, const bw_zarr_spot *spot, const below *b,
                            uint8_t *to) {
    const bw_zarr_array *before = o->arrays[spot->level - 1];
    const int64_t count = bw_zarr_range_count(&b->chunks, 1);
    uint8_t *room = bw_alloc(ctx, bw_zarr_chunk_bytes(before), 1, "a chunk");
    bw_status status = room ? BW_OK : BW_ERROR_MEMORY;
    for (int64_t i = 0; i < count && status == BW_OK; i++) {
        const bw_zarr_spot child = spot_below(b, spot, i);
        status = bw_zarr_spot_read(ctx, o, &child, room);
        if (status == BW_OK) copy_chunk(o, &child, b, room, to);
    }
    bw_free(room);
    return status;
}

static bw_status store_reduced(bw_context *ctx, const bw_zarr_output *o, const bw_zarr_spot *spot, const below *b,
                               const uint8_t *box) {
    const bw_zarr_level *level = &o->levels[spot->level];
    const int64_t extent[3] = {b->hi[0] - b->lo[0], b->hi[1] - b->lo[1], b->hi[2] - b->lo[2]};
    bw_zarr_bytes bytes = {NULL, 0};
    void *room = bw_zarr_chunk_room(ctx, o->arrays[spot->level]);
    if (!room) return BW_ERROR_MEMORY;
    bw_zarr_reduce(o->info.type, o->labels, box, extent, level->step, room, level->chunk);
    bw_status status = bw_zarr_encode(ctx, o->arrays[spot->level], room, &bytes);
    bw_free(room);
    if (status == BW_OK) status = bw_zarr_spot_store(ctx, o, spot, &bytes);
    bw_free(bytes.data);
    return status;
}

static bw_status make_chunk(bw_context *ctx, const bw_zarr_output *o, const bw_zarr_spot *spot, const below *b) {
    uint64_t bytes = (uint64_t)bw_type_size(o->info.type);
    for (int axis = 0; axis < 3; axis++)
        bytes *= (uint64_t)(b->hi[axis] - b->lo[axis]);
    uint8_t *box = bw_alloc(ctx, bytes, 1, "chunks of an image");
    bw_status status = box ? read_below(ctx, o, spot, b, box) : BW_ERROR_MEMORY;
    if (status == BW_OK) status = store_reduced(ctx, o, spot, b, box);
    bw_free(box);
    return status;
}

/* ---- levels -------------------------------------------------------------------------------------------------- */

static bw_status raise_chunk(bw_context *ctx, void *user, int64_t index, int thread) {
    const raise *r = user;
    const bw_zarr_spot spot = bw_zarr_spot_of(&r->range, r->level, r->frame, index);
    const below b = look_below(r->output, &spot);
    int there = 0, complete = 0;
    (void)thread;
    if (!r->again) BW_TRY(bw_zarr_spot_exists(ctx, r->output, &spot, &there));
    if (!there) BW_TRY(all_below(ctx, r->output, &spot, &b, &complete));
    if (complete) BW_TRY(make_chunk(ctx, r->output, &spot, &b));
    if (r->counted) bw_progress_add(ctx, 1);
    return BW_OK;
}

/* As many as a quarter of the budget feeds: up to 8 chunks, one that is decoded, one that is made and its bytes. */
static int threads_for(const bw_context *ctx, const bw_zarr_output *o) {
    const uint64_t each = 11 * bw_zarr_chunk_bytes(o->arrays[0]), room = bw_context_memory_budget(ctx) / 4;
    const uint64_t fed = room / each > 1 ? room / each : 1;
    return fed < (uint64_t)bw_context_threads(ctx) ? (int)fed : bw_context_threads(ctx);
}

static bw_status raise_range(bw_context *ctx, raise *r) {
    for (r->level = 1; r->level < r->output->count; r->level++) {
        r->range = look_above(r->output, r->level, &r->range);
        const int64_t count = bw_zarr_range_count(&r->range, r->output->info.channels);
        BW_TRY(bw_parallel_threads(ctx, threads_for(ctx, r->output), count, raise_chunk, r));
    }
    return BW_OK;
}

bw_status bw_zarr_output_raise(bw_context *ctx, bw_zarr_output *output, const bw_part *part, int again) {
    raise r = {.output = output, .frame = part->frame, .again = again};
    for (int axis = 0; axis < 3; axis++) {
        const int64_t chunk = output->levels[0].chunk[axis];
        r.range.lo[axis] = part->lo[axis] / chunk;
        r.range.hi[axis] = (part->hi[axis] + chunk - 1) / chunk;
    }
    return raise_range(ctx, &r);
}

static bw_zarr_range3 whole_level(const bw_zarr_level *level) {
    bw_zarr_range3 range = {.lo = {0}};
    for (int axis = 0; axis < 3; axis++)
        range.hi[axis] = bw_zarr_level_count(level, axis);
    return range;
}

double bw_zarr_output_raised(const bw_zarr_output *output) {
    double count = 0;
    for (int l = 1; l < output->count; l++) {
        const bw_zarr_range3 range = whole_level(&output->levels[l]);
        count += (double)bw_zarr_range_count(&range, output->info.channels) * output->info.frames;
    }
    return count;
}

bw_status bw_zarr_output_raise_all(bw_context *ctx, bw_zarr_output *output, int counted) {
    for (int frame = 0; frame < output->info.frames; frame++) {
        raise r = {.output = output, .frame = frame, .again = 1, .counted = counted};
        r.range = whole_level(&output->levels[0]);
        BW_TRY(raise_range(ctx, &r));
    }
    return BW_OK;
}
