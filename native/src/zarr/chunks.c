/* Chunks of an image that is written: their places, files and pixels. */
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/parallel.h"
#include "core/system.h"
#include "zarr/output_parts.h"

/* ---- places -------------------------------------------------------------------------------------------------- */

int64_t bw_zarr_range_count(const bw_zarr_range3 *range, int channels) {
    int64_t count = channels;
    for (int axis = 0; axis < 3; axis++)
        count *= range->hi[axis] - range->lo[axis];
    return count;
}

bw_zarr_spot bw_zarr_spot_of(const bw_zarr_range3 *range, int level, int frame, int64_t index) {
    bw_zarr_spot spot = {.level = level, .frame = frame};
    for (int axis = 0; axis < 3; axis++) {
        const int64_t extent = range->hi[axis] - range->lo[axis];
        spot.at[axis] = range->lo[axis] + index % extent;
        index /= extent;
    }
    spot.channel = (int)index;
    return spot;
}

static bw_zarr_range3 chunks_of(const bw_zarr_output *o, const bw_part *part) {
    bw_zarr_range3 range;
    for (int axis = 0; axis < 3; axis++) {
        const int64_t chunk = o->levels[0].chunk[axis];
        range.lo[axis] = part->lo[axis] / chunk;
        range.hi[axis] = (part->hi[axis] + chunk - 1) / chunk;
    }
    return range;
}

/* ---- files --------------------------------------------------------------------------------------------------- */

static bw_status path_of(bw_context *ctx, const bw_zarr_output *o, const bw_zarr_spot *spot, char **out) {
    const int64_t at[5] = {spot->frame, spot->channel, spot->at[2], spot->at[1], spot->at[0]};
    return bw_zarr_chunk_path(ctx, o->arrays[spot->level], at, out);
}

/* Empty files are what a loss of power leaves. */
bw_status bw_zarr_spot_exists(bw_context *ctx, const bw_zarr_output *output, const bw_zarr_spot *spot, int *out) {
    char *path;
    BW_TRY(path_of(ctx, output, spot, &path));
    const bw_path_facts facts = bw_system_look(path);
    *out = facts.kind == BW_PATH_FILE && facts.bytes > 0;
    bw_free(path);
    return BW_OK;
}

bw_status bw_zarr_spot_read(bw_context *ctx, const bw_zarr_output *output, const bw_zarr_spot *spot, void *to) {
    const int64_t at[5] = {spot->frame, spot->channel, spot->at[2], spot->at[1], spot->at[0]};
    return bw_zarr_chunk_read(ctx, output->arrays[spot->level], at, to);
}

bw_status bw_zarr_spot_store(bw_context *ctx, const bw_zarr_output *output, const bw_zarr_spot *spot,
                             const bw_zarr_bytes *bytes) {
    char *path;
    BW_TRY(path_of(ctx, output, spot, &path));
    const bw_status status = bw_file_store(ctx, output->path, path, bytes->data, bytes->size);
    bw_free(path);
    return status;
}

bw_status bw_zarr_output_has(bw_context *ctx, const bw_zarr_output *output, const bw_part *part, int *out) {
    const bw_zarr_range3 range = chunks_of(output, part);
    const int64_t count = bw_zarr_range_count(&range, output->info.channels);
    *out = 1;
    for (int64_t i = 0; i < count && *out; i++) {
        const bw_zarr_spot spot = bw_zarr_spot_of(&range, 0, part->frame, i);
        BW_TRY(bw_zarr_spot_exists(ctx, output, &spot, out));
    }
    return BW_OK;
}

/* ---- pixels -------------------------------------------------------------------------------------------------- */

void *bw_zarr_chunk_room(bw_context *ctx, const bw_zarr_array *array) {
    const uint64_t bytes = bw_zarr_chunk_bytes(array);
    uint8_t *room = bw_alloc(ctx, bytes, 1, "a chunk");
    for (uint64_t at = 0; room && at < bytes; at += (uint64_t)array->bytes)
        memcpy(room + at, array->fill, (size_t)array->bytes);
    return room;
}

/* Of the largest level, from a part's pixels. */
static void gather(const bw_zarr_output *o, const bw_zarr_spot *spot, const bw_part *part, const bw_image *pixels,
                   uint8_t *to) {
    const bw_image_info *info = bw_image_get_info(pixels);
    const int64_t size = bw_type_size(info->type), *chunk = o->levels[0].chunk;
    int64_t lo[3], extent[3];
    for (int axis = 0; axis < 3; axis++) {
        const int64_t left = o->levels[0].size[axis] - spot->at[axis] * chunk[axis];
        lo[axis] = spot->at[axis] * chunk[axis] - part->lo[axis];
        extent[axis] = left < chunk[axis] ? left : chunk[axis];
    }
    for (int64_t z = 0; z < extent[2]; z++) {
        const uint8_t *plane = bw_image_plane_const(pixels, 0, spot->channel, lo[2] + z);
        for (int64_t y = 0; y < extent[1]; y++)
            memcpy(to + (z * chunk[1] + y) * chunk[0] * size, plane + ((lo[1] + y) * info->width + lo[0]) * size,
                   (size_t)(extent[0] * size));
    }
}

/* ---- sink ---------------------------------------------------------------------------------------------------- */

typedef struct sink {
    bw_zarr_output *output;
    bw_zarr_range3 range; /* of the part between encode and write */
    bw_zarr_bytes *chunks;
    int64_t count;
} sink;

typedef struct batch {
    sink *sink;
    const bw_part *part;
    const bw_image *pixels;
} batch;

static void drop_chunks(sink *s) {
    for (int64_t i = 0; i < s->count; i++)
        bw_free(s->chunks[i].data);
    bw_free(s->chunks);
    s->chunks = NULL;
    s->count = 0;
}

static bw_status encode_chunk(bw_context *ctx, void *user, int64_t index, int thread) {
    const batch *b = user;
    const bw_zarr_output *o = b->sink->output;
    const bw_zarr_spot spot = bw_zarr_spot_of(&b->sink->range, 0, b->part->frame, index);
    (void)thread;
    void *room = bw_zarr_chunk_room(ctx, o->arrays[0]);
    if (!room) return BW_ERROR_MEMORY;
    gather(o, &spot, b->part, b->pixels, room);
    const bw_status status = bw_zarr_encode(ctx, o->arrays[0], room, &b->sink->chunks[index]);
    bw_free(room);
    return status;
}

static bw_status encode(bw_context *ctx, void *user, const bw_part *part, const bw_image *pixels) {
    sink *s = user;
    batch b = {s, part, pixels};
    drop_chunks(s);
    s->range = chunks_of(s->output, part);
    const int64_t count = bw_zarr_range_count(&s->range, s->output->info.channels);
    s->chunks = bw_calloc(ctx, (uint64_t)count, sizeof *s->chunks, "a list of chunks");
    if (!s->chunks) return BW_ERROR_MEMORY;
    s->count = count;
    return bw_parallel(ctx, count, encode_chunk, &b);
}

static bw_status write_chunks(bw_context *ctx, void *user, const bw_part *part, const bw_image *pixels) {
    sink *s = user;
    (void)pixels;
    for (int64_t i = 0; i < s->count; i++) {
        const bw_zarr_spot spot = bw_zarr_spot_of(&s->range, 0, part->frame, i);
        BW_TRY(bw_check(ctx));
        BW_TRY(bw_zarr_spot_store(ctx, s->output, &spot, &s->chunks[i]));
    }
    drop_chunks(s);
    return BW_OK;
}

static bw_status finish(bw_context *ctx, void *user) {
    (void)user;
    return bw_check(ctx);
}

static void close_sink(void *user) {
    drop_chunks(user);
    bw_free(user);
}

bw_status bw_zarr_output_sink(bw_context *ctx, bw_zarr_output *output, bw_sink **out) {
    const int64_t *chunk = output->levels[0].chunk;
    bw_image *outline;
    *out = NULL;
    BW_TRY(bw_image_create_sparse(ctx, &output->info, &outline));
    sink *s = bw_calloc(ctx, 1, sizeof *s, "an OME-Zarr image");
    bw_status status = s ? BW_OK : BW_ERROR_MEMORY;
    if (s) {
        s->output = output;
        const bw_sink_writer writer = {.step = {chunk[0], chunk[1], chunk[2]},
                                       .encode = encode,
                                       .write = write_chunks,
                                       .finish = finish,
                                       .close = close_sink,
                                       .user = s};
        status = bw_sink_create(ctx, outline, &writer, out);
    }
    bw_image_free(outline);
    return status;
}
