/* libtiff lives behind this file. The public functions are in brushwood.h. */
#ifndef BW_IO_TIFF_H
#define BW_IO_TIFF_H

#include "core/image.h"

/* For fuzzing and tests: reads a TIFF that lies in memory. Same checks as bw_tiff_read. */
bw_status bw_tiff_read_memory(bw_context *ctx, const uint8_t *data, uint64_t size, const char *name, bw_image **out);

/* For fuzzing and tests: as bw_tiff_open, of bytes that stay until the image is freed. Compressed strips above
 * `most_whole` decoded bytes are decoded row by row; 0 = as bw_tiff_open does. */
bw_status bw_tiff_open_memory(bw_context *ctx, const uint8_t *data, uint64_t size, const char *name,
                              uint64_t most_whole, bw_image **out);

/* For tests: as bw_tiff_write, but BigTIFF when `big` is set. */
bw_status bw_tiff_write_as(bw_context *ctx, const char *path, const bw_image *image, bw_compression compression,
                           int big);
/* Whether the file could outgrow classic TIFF's 32-bit offsets in the worst case of the compression; `extra` bytes of
 * metadata come on top. */
int bw_tiff_needs_big(const bw_image_info *info, bw_compression compression, uint64_t extra);

/* Offset of plane `index` of `planes` that lie one behind the other from `first` on; 0 when they do not all lie within
 * `size` bytes. */
int bw_tiff_plane_offset(uint64_t first, uint64_t plane_bytes, int64_t planes, uint64_t size, int64_t index,
                         uint64_t *offset);

#endif
