/* Random parts of a streamed image against the same image in memory: for the tests of three programs. */
#ifndef BW_TEST_TIFF_BOXES_H
#define BW_TEST_TIFF_BOXES_H

#include <stdlib.h>
#include <string.h>

#include "core/image.h"
#include "core/random.h"

/* Along every axis a quarter of the parts have all pixels, and a quarter one. */
static inline bw_part boxes_random(const bw_image_info *info, uint64_t seed, uint64_t number) {
    const int64_t size[3] = {info->width, info->height, info->depth};
    bw_part part = {(int)bw_random_below(bw_random(seed, number, 0), (uint32_t)info->frames), {0, 0, 0}, {0, 0, 0}};
    for (int axis = 0; axis < 3; axis++) {
        const uint32_t n = (uint32_t)size[axis];
        const int64_t a = bw_random_below(bw_random(seed, number, 1 + 3 * (uint64_t)axis), n);
        const int64_t b = bw_random_below(bw_random(seed, number, 2 + 3 * (uint64_t)axis), n);
        const uint64_t kind = bw_random(seed, number, 3 + 3 * (uint64_t)axis) >> 32 & 3;
        part.lo[axis] = kind == 0 ? 0 : kind == 1 || a < b ? a : b;
        part.hi[axis] = kind == 0 ? size[axis] : kind == 1 || a > b ? a + 1 : b + 1;
    }
    return part;
}

static inline size_t boxes_bytes(const bw_image_info *info, const bw_part *part) {
    size_t bytes = (size_t)info->channels * (size_t)bw_type_size(info->type);
    for (int axis = 0; axis < 3; axis++)
        bytes *= (size_t)(part->hi[axis] - part->lo[axis]);
    return bytes;
}

enum { BOXES_FAILED = -1, BOXES_DIFFER = 0, BOXES_AGREE = 1 };

/* BOXES_FAILED: an image cannot be read, or memory is exhausted; ctx may know why. */
static inline int boxes_agree(bw_context *ctx, const bw_image *a, const bw_image *b, const bw_part *part) {
    const size_t bytes = boxes_bytes(bw_image_get_info(a), part);
    uint8_t *x = (malloc)(bytes), *y = (malloc)(bytes);
    int result = BOXES_FAILED;
    if (x && y && bw_image_read(ctx, a, part, x) == BW_OK) {
        memset(y, 0xa5, bytes); /* what is left out shows */
        if (bw_image_read(ctx, b, part, y) == BW_OK) result = memcmp(x, y, bytes) ? BOXES_DIFFER : BOXES_AGREE;
    }
    (free)(x);
    (free)(y);
    return result;
}

#endif
