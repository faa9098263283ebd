#include "io/tiff.h"
#include "io/tiff_file.h"

/* A frame's planes lie one behind the other: each frame is one part. */
static bw_status read_frames(bw_tiff_file *f, bw_image *image) {
    const bw_image_info *info = bw_image_get_info(image);
    for (int t = 0; t < info->frames; t++) {
        const bw_part all = {t, {0, 0, 0}, {info->width, info->height, info->depth}};
        BW_TRY(bw_tiff_file_read(f, &all, bw_image_plane(image, t, 0, 0)));
    }
    return BW_OK;
}

static bw_status read_all(bw_context *ctx, bw_tiff_file *f, bw_image **out) {
    f->most_whole = UINT64_MAX;
    BW_TRY(bw_image_create(ctx, &f->info, out));
    BW_TRY(read_frames(f, *out));
    return bw_tiff_file_name(f, *out);
}

static bw_status read_file(bw_context *ctx, const char *path, const uint8_t *data, uint64_t size, bw_image **out) {
    bw_tiff_file *file;
    BW_TRY(bw_tiff_file_open(ctx, path, data, size, &file));
    const bw_status status = read_all(ctx, file, out);
    bw_tiff_file_close(file);
    if (status == BW_OK) return BW_OK;
    bw_image_free(*out);
    *out = NULL;
    return status;
}

bw_status bw_tiff_read_memory(bw_context *ctx, const uint8_t *data, uint64_t size, const char *name, bw_image **out) {
    static const uint8_t none[1];
    *out = NULL;
    return read_file(ctx, name, data ? data : none, size, out);
}

bw_status bw_tiff_read(bw_context *ctx, const char *path, bw_image **out) {
    *out = NULL;
    if (!path) return bw_fail(ctx, BW_ERROR_ARGUMENT, "Reading a TIFF file needs a path.");
    return read_file(ctx, path, NULL, 0, out);
}
