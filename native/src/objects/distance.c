#include <math.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "objects/grid.h"
#include "objects/plain.h"

enum { CHUNK = 1 << 16 };

typedef struct chunked {
    int64_t count;
    const void *frame;
    bw_pixel_type type;
    uint8_t *mask;
    float *squares;
    double unit;
} chunked;

static int64_t chunk_of(const chunked *c, int64_t first) {
    return c->count - first < CHUNK ? c->count - first : CHUNK;
}

static bw_status make_mask(bw_context *ctx, void *user, int64_t index, int thread) {
    const chunked *c = user;
    (void)ctx, (void)thread;
    bw_plain_mask(c->frame, c->type, index * CHUNK, chunk_of(c, index * CHUNK), c->mask + index * CHUNK);
    return BW_OK;
}

static bw_status take_roots(bw_context *ctx, void *user, int64_t index, int thread) {
    const chunked *c = user;
    const int64_t count = chunk_of(c, index * CHUNK);
    float *values = c->squares + index * CHUNK;
    (void)ctx, (void)thread;
    for (int64_t i = 0; c->unit == 1 && i < count; i++)
        values[i] = sqrtf(values[i]);
    for (int64_t i = 0; c->unit != 1 && i < count; i++)
        values[i] = (float)(c->unit * sqrt((double)values[i]));
    return BW_OK;
}

/* bytes: room for a mask, NULL where the image has bytes. */
static bw_status measure_frame(bw_context *ctx, const bw_image *mask, int frame, uint8_t *bytes, bw_image *out) {
    const bw_image_info *info = bw_image_get_info(mask);
    const int64_t size[3] = {info->width, info->height, info->depth};
    const double unit = info->spacing[0], ratios[3] = {1, info->spacing[1] / unit, info->spacing[2] / unit};
    chunked c = {bw_plain_voxels(info), bw_plain_frame(mask, frame), info->type, bytes, NULL, unit};
    const int64_t chunks = (c.count + CHUNK - 1) / CHUNK;
    c.squares = bw_image_plane(out, frame, 0, 0);
    if (bytes) BW_TRY(bw_parallel(ctx, chunks, make_mask, &c));
    BW_TRY(bw_grid_distance(ctx, bw_context_threads(ctx), bytes ? bytes : c.frame, size, ratios, c.squares));
    return bw_parallel(ctx, chunks, take_roots, &c);
}

bw_status bw_distance(bw_context *ctx, const bw_image *mask, bw_image **out) {
    *out = NULL;
    BW_TRY(bw_plain_check(ctx, mask, "A distance transform", "mask"));
    const bw_image_info *info = bw_image_get_info(mask);
    uint8_t *bytes = NULL;
    if (info->type != BW_UINT8) {
        bytes = bw_alloc(ctx, (uint64_t)bw_plain_voxels(info), 1, "a mask");
        if (!bytes) return BW_ERROR_MEMORY;
    }
    bw_progress_begin(ctx, info->frames);
    bw_status status = bw_plain_create(ctx, mask, BW_FLOAT32, out);
    for (int f = 0; f < info->frames && status == BW_OK; f++) {
        status = measure_frame(ctx, mask, f, bytes, *out);
        bw_progress_add(ctx, 1);
    }
    bw_free(bytes);
    if (status == BW_OK) return BW_OK;
    bw_image_free(*out);
    *out = NULL;
    return status;
}
