/* Hands an image to a sink in parts of random extents and in random order. */
#ifndef BW_TEST_PARTS_H
#define BW_TEST_PARTS_H

#include <stdlib.h>
#include <string.h>

#include "brushwood.h"
#include "core/image.h"
#include "core/random.h"
#include "core/sink.h"

typedef struct parts_state {
    uint64_t seed, drawn;
} parts_state;

static inline int64_t parts_draw(parts_state *s, int64_t below) {
    return (int64_t)(bw_random(s->seed, 99, s->drawn++) % (uint64_t)below);
}

/* Where a random interval that begins at lo ends: at a step or at the end. Seed 0: the whole. */
static inline int64_t parts_end(parts_state *s, int64_t lo, int64_t size, int64_t step) {
    const int64_t steps = (size - lo + step - 1) / step;
    const int64_t hi = lo + step * (s->seed ? 1 + parts_draw(s, steps < 400 ? steps : 400) : steps);
    return hi < size ? hi : size;
}

enum { PARTS_MOST = 4096 };

/* Slabs of each frame, cut into bands, cut into boxes. */
static inline int parts_make(parts_state *s, const bw_image_info *info, const int64_t step[3], bw_part *parts) {
    int count = 0;
    bw_part p;
    for (p.frame = 0; p.frame < info->frames; p.frame++)
        for (p.lo[2] = 0; p.lo[2] < info->depth; p.lo[2] = p.hi[2]) {
            p.hi[2] = parts_end(s, p.lo[2], info->depth, step[2]);
            for (p.lo[1] = 0; p.lo[1] < info->height; p.lo[1] = p.hi[1]) {
                p.hi[1] = parts_end(s, p.lo[1], info->height, step[1]);
                for (p.lo[0] = 0; p.lo[0] < info->width; p.lo[0] = p.hi[0]) {
                    p.hi[0] = parts_end(s, p.lo[0], info->width, step[0]);
                    if (count < PARTS_MOST) parts[count] = p;
                    count++;
                }
            }
        }
    for (int i = count - 1; s->seed && i > 0 && count <= PARTS_MOST; i--) {
        const int other = (int)parts_draw(s, i + 1);
        const bw_part swap = parts[i];
        parts[i] = parts[other];
        parts[other] = swap;
    }
    return count;
}

static inline bw_status parts_write_one(bw_context *ctx, bw_sink *sink, const bw_image *image, const bw_part *part) {
    bw_image_info info = *bw_image_get_info(image);
    info.frames = 1;
    info.width = part->hi[0] - part->lo[0];
    info.height = part->hi[1] - part->lo[1];
    info.depth = part->hi[2] - part->lo[2];
    bw_image *pixels;
    bw_status status = bw_image_create(ctx, &info, &pixels);
    /* the planes of an image lie one behind the other */
    if (status == BW_OK) status = bw_image_read(ctx, image, part, bw_image_plane(pixels, 0, 0, 0));
    if (status == BW_OK) status = bw_sink_write(ctx, sink, part, pixels);
    bw_image_free(pixels);
    return status;
}

/* seed 0: each frame is one part; -> the status of the first failure, or how many parts there were. */
static inline bw_status parts_write(bw_context *ctx, bw_sink *sink, const bw_image *image, uint64_t seed,
                                    int *written) {
    static bw_part parts[PARTS_MOST];
    parts_state s = {seed, 0};
    int64_t step[3];
    bw_sink_step(sink, step);
    const int count = parts_make(&s, bw_image_get_info(image), step, parts);
    if (count > PARTS_MOST) return bw_context_fail(ctx, BW_ERROR_INTERNAL, "too many parts");
    for (int i = 0; i < count; i++) {
        const bw_status status = parts_write_one(ctx, sink, image, &parts[i]);
        if (status != BW_OK) return status;
    }
    if (written) *written = count;
    return BW_OK;
}

#endif
