/* Image files of any kind. */
#include <string.h>

#include "core/alloc.h"
#include "core/image.h"

bw_status bw_image_open_file(bw_context *ctx, const char *path, bw_image **out) {
    return bw_path_is_zarr(path) ? bw_zarr_open(ctx, path, out) : bw_tiff_open(ctx, path, out);
}

/* Bytes that are read at once. */
static const int64_t most_bytes = 64 << 20;

/* Some rows of some slices of a frame. */
static bw_status read_part(bw_context *ctx, const bw_image *from, bw_image *to, const bw_part *part, uint8_t *room) {
    const bw_image_info *info = bw_image_get_info(to);
    const int64_t row = info->width * bw_type_size(info->type), bytes = (part->hi[1] - part->lo[1]) * row;
    BW_TRY(bw_image_read(ctx, from, part, room));
    for (int c = 0; c < info->channels; c++)
        for (int64_t z = part->lo[2]; z < part->hi[2]; z++, room += bytes)
            memcpy((uint8_t *)bw_image_plane(to, part->frame, c, z) + part->lo[1] * row, room, (size_t)bytes);
    bw_progress_add(ctx, (double)((part->hi[1] - part->lo[1]) * (part->hi[2] - part->lo[2])));
    return bw_check(ctx);
}

static bw_status read_frame(bw_context *ctx, const bw_image *from, bw_image *to, int frame, const int64_t extent[2],
                            uint8_t *room) {
    const bw_image_info *info = bw_image_get_info(to);
    bw_part part = {frame, {0, 0, 0}, {info->width, 0, 0}};
    for (int64_t z = 0; z < info->depth; z += extent[0])
        for (int64_t y = 0; y < info->height; y += extent[1]) {
            part.lo[1] = y;
            part.lo[2] = z;
            part.hi[1] = y + extent[1] < info->height ? y + extent[1] : info->height;
            part.hi[2] = z + extent[0] < info->depth ? z + extent[0] : info->depth;
            BW_TRY(read_part(ctx, from, to, &part, room));
        }
    return BW_OK;
}

static bw_status load(bw_context *ctx, const bw_image *from, bw_image **out) {
    const bw_image_info *info = bw_image_get_info(from);
    const int64_t pixel = bw_type_size(info->type);
    int64_t extent[2]; /* slices, rows */
    BW_TRY(bw_image_create(ctx, info, out));
    BW_TRY(bw_image_copy_names(ctx, *out, from));
    bw_image_choose_slab(from, most_bytes / pixel, &extent[0], &extent[1]);
    uint8_t *room = bw_alloc(ctx, (uint64_t)(extent[0] * extent[1] * info->width * info->channels), (uint64_t)pixel,
                             "a part of an image");
    bw_status status = room ? BW_OK : BW_ERROR_MEMORY;
    bw_progress_begin(ctx, (double)info->frames * (double)info->depth * (double)info->height);
    for (int frame = 0; frame < info->frames && status == BW_OK; frame++)
        status = read_frame(ctx, from, *out, frame, extent, room);
    bw_free(room);
    return status;
}

bw_status bw_image_read_file(bw_context *ctx, const char *path, bw_image **out) {
    bw_image *streamed;
    *out = NULL;
    if (!bw_path_is_zarr(path)) return bw_tiff_read(ctx, path, out);
    BW_TRY(bw_zarr_open(ctx, path, &streamed));
    const bw_status status = load(ctx, streamed, out);
    bw_image_free(streamed);
    if (status == BW_OK) return BW_OK;
    bw_image_free(*out);
    *out = NULL;
    return status;
}
