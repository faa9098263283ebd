/* Layout helpers over bw_image. */
#ifndef BW_CORE_IMAGE_H
#define BW_CORE_IMAGE_H

#include "core/status.h"

static inline int64_t bw_type_size(bw_pixel_type type) {
    return type == BW_UINT8 ? 1 : type == BW_UINT16 ? 2 : 4;
}

const char *bw_type_name(bw_pixel_type type);
/* bw_image_offset of images of signed 16-bit values. */
#define BW_SIGNED_OFFSET (-32768.0)
/* "640 x 480 x 12, 2 channels, 5 frames, uint16" for messages. */
void bw_image_describe(const bw_image_info *info, char *text, size_t size);
/* x, y, z: positive and finite. */
bw_status bw_spacing_check(bw_context *ctx, const double spacing[3]);
/* Checks sizes, type and spacing; fills defaults (spacing 1, unit "pixel") where the fields are 0. */
bw_status bw_image_info_check(bw_context *ctx, bw_image_info *info);
/* Differs between image objects, and from before the last bw_image_plane: the same stamp means the same pixels. */
uint64_t bw_image_stamp(const bw_image *image);
/* bw_image_hash that can be cancelled and tells of absent planes; ctx may be NULL. */
bw_status bw_image_hash_checked(bw_context *ctx, const bw_image *image, uint64_t *out);

/* BW_ERROR_ARGUMENT when a plane is absent, naming it; counted from 0. */
bw_status bw_image_need_plane(bw_context *ctx, const bw_image *image, int frame, int channel, int64_t z);
/* BW_ERROR_ARGUMENT for images that are not in memory; `what` needs a whole one and begins the message: "Writing a TIFF
 * file". */
bw_status bw_image_need_whole(bw_context *ctx, const bw_image *image, const char *what);
/* The same for sparse images alone: streamed ones will do. */
bw_status bw_image_need_pixels(bw_context *ctx, const bw_image *image, const char *what);
/* Whether the file says that the values are numbers of classes or objects. */
void bw_image_set_labels(bw_image *image, int labels);
int bw_image_is_labels(const bw_image *image);
/* The pixels of a streamed image are in chunks of such an extent along x, y and z and of so many bytes, which are best
 * read whole. Chunks may be damaged (BW_ERROR_FORMAT) where others are not. */
void bw_image_set_chunks(bw_image *image, const int64_t extent[3], uint64_t bytes);
/* Their extent, at least 1; NULL when there are none. */
const int64_t *bw_image_chunks(const bw_image *image);
uint64_t bw_image_chunk_bytes(const bw_image *image); /* 0 = there are none */
/* The extent of boxes in which a streamed image is best read from one end to the other, x fastest: rows, slices, or
 * whole chunks, which with all channels are at most `most` values, and at least one pixel. */
void bw_image_choose_box(const bw_image *image, int64_t most, int64_t extent[3]);
/* Slices that statistics of the image come from: all, or the survey of a sparse one. frame * depth + z, ascending. */
int64_t bw_image_statistics_count(const bw_image *image);
int64_t bw_image_statistics_slice(const bw_image *image, int64_t index);

/* Takes over the name, and the names of channels and the plane labels of an image of as many planes. */
bw_status bw_image_copy_names(bw_context *ctx, bw_image *image, const bw_image *from);

#endif
