/* Image files of any kind. */
#include <string.h>

#include "core/alloc.h"
#include "core/image.h"

bw_status bw_image_open_file(bw_context *ctx, const char *path, bw_image **out) {
    return bw_path_is_zarr(path) ? bw_zarr_open(ctx, path, out) : bw_tiff_open(ctx, path, out);
}

/* Bytes that are read at once. */
static const int64_t most_bytes = 64 << 20;

static bw_status read_box(bw_context *ctx, const bw_image *from, bw_image *to, const bw_part *box, uint8_t *room) {
    const bw_image_info *info = bw_image_get_info(to);
    const int64_t pixel = bw_type_size(info->type), row = (box->hi[0] - box->lo[0]) * pixel;
    BW_TRY(bw_image_read(ctx, from, box, room));
    for (int c = 0; c < info->channels; c++)
        for (int64_t z = box->lo[2]; z < box->hi[2]; z++)
            for (int64_t y = box->lo[1]; y < box->hi[1]; y++, room += row) {
                uint8_t *plane = bw_image_plane(to, box->frame, c, z);
                memcpy(plane + (y * info->width + box->lo[0]) * pixel, room, (size_t)row);
            }
    bw_progress_add(ctx, (double)(row * (box->hi[1] - box->lo[1]) * (box->hi[2] - box->lo[2])));
    return bw_check(ctx);
}

static bw_status read_frame(bw_context *ctx, const bw_image *from, bw_image *to, int frame, const int64_t extent[3],
                            uint8_t *room) {
    const bw_image_info *info = bw_image_get_info(to);
    const int64_t size[3] = {info->width, info->height, info->depth};
    bw_part box = {.frame = frame};
    for (box.lo[2] = 0; box.lo[2] < size[2]; box.lo[2] = box.hi[2])
        for (box.lo[1] = 0; box.lo[1] < size[1]; box.lo[1] = box.hi[1])
            for (box.lo[0] = 0; box.lo[0] < size[0]; box.lo[0] = box.hi[0]) {
                for (int axis = 0; axis < 3; axis++) {
                    const int64_t end = box.lo[axis] + extent[axis];
                    box.hi[axis] = end < size[axis] ? end : size[axis];
                }
                BW_TRY(read_box(ctx, from, to, &box, room));
            }
    return BW_OK;
}

static bw_status load(bw_context *ctx, const bw_image *from, bw_image **out) {
    const bw_image_info *info = bw_image_get_info(from);
    const int64_t pixel = bw_type_size(info->type);
    int64_t extent[3];
    BW_TRY(bw_image_create(ctx, info, out));
    BW_TRY(bw_image_copy_names(ctx, *out, from));
    bw_image_set_offset(*out, bw_image_offset(from));
    bw_image_choose_box(from, most_bytes / pixel, extent);
    uint8_t *room = bw_alloc(ctx, (uint64_t)(extent[0] * extent[1] * extent[2] * info->channels), (uint64_t)pixel,
                             "a part of an image");
    bw_status status = room ? BW_OK : BW_ERROR_MEMORY;
    bw_progress_begin(ctx, (double)info->frames * (double)(info->width * info->height * info->depth * pixel));
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
