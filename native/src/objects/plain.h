/* What the steps on whole images have in common: images of one channel, frame by frame. */
#ifndef BW_OBJECTS_PLAIN_H
#define BW_OBJECTS_PLAIN_H

#include "core/status.h"

/* Pixels of a frame, one slice after the other. */
static inline const void *bw_plain_frame(const bw_image *image, int frame) {
    return bw_image_plane_const(image, frame, 0, 0);
}

static inline int64_t bw_plain_voxels(const bw_image_info *info) {
    return info->width * info->height * info->depth;
}

/* In memory and of one channel. step begins the message: "A distance transform"; role: "mask". */
bw_status bw_plain_check(bw_context *ctx, const bw_image *image, const char *step, const char *role);
/* Of the same size as another one. */
bw_status bw_plain_match(bw_context *ctx, const bw_image *image, const char *role, const bw_image *other,
                         const char *other_role);
/* Zeros of the size, calibration and name of `like`. */
bw_status bw_plain_create(bw_context *ctx, const bw_image *like, bw_pixel_type type, bw_image **out);
/* out[i] = 1 where pixel first + i of a frame is not 0, else 0. */
void bw_plain_mask(const void *frame, bw_pixel_type type, int64_t first, int64_t count, uint8_t *out);

#endif
