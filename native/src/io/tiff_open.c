#include "io/tiff.h"
#include "io/tiff_file.h"

enum { MOST_WHOLE = 32 << 20, MOST_KEPT = 32 << 20 };

static bw_status on_part(bw_context *ctx, void *user, const bw_part *part, void *to) {
    bw_tiff_file *f = user;
    f->ctx = f->source.ctx = ctx;
    f->source.io_error = 0;
    return bw_tiff_file_read(f, part, to);
}

static void on_close(void *user) {
    bw_tiff_file_close(user);
}

static bw_status open_image(bw_context *ctx, bw_tiff_file *f, bw_image **out) {
    const bw_image_reader reader = {on_part, on_close, f};
    BW_TRY(bw_image_create_streamed(ctx, &f->info, &reader, out));
    const bw_status status = bw_tiff_file_name(f, *out);
    if (status == BW_OK) return BW_OK;
    bw_image_free(*out);
    *out = NULL;
    return status;
}

static bw_status open_file(bw_context *ctx, const char *path, const uint8_t *data, uint64_t size, uint64_t most_whole,
                           bw_image **out) {
    bw_tiff_file *file;
    BW_TRY(bw_tiff_file_open(ctx, path, data, size, &file));
    file->most_whole = most_whole;
    file->most_kept = MOST_KEPT;
    return open_image(ctx, file, out);
}

bw_status bw_tiff_open_memory(bw_context *ctx, const uint8_t *data, uint64_t size, const char *name,
                              uint64_t most_whole, bw_image **out) {
    static const uint8_t none[1];
    *out = NULL;
    return open_file(ctx, name, data ? data : none, size, most_whole ? most_whole : MOST_WHOLE, out);
}

bw_status bw_tiff_open(bw_context *ctx, const char *path, bw_image **out) {
    *out = NULL;
    if (!path) return bw_fail(ctx, BW_ERROR_ARGUMENT, "Opening a TIFF file needs a path.");
    return open_file(ctx, path, NULL, 0, MOST_WHOLE, out);
}
