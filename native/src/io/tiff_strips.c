/* Sinks of strips. Uncompressed pixels have their places in the file from the beginning; compressed images are kept. */
#include <string.h>

#include "core/alloc.h"
#include "core/image.h"
#include "io/tiff_samples.h"
#include "io/tiff_target.h"
#include "io/tiff_write.h"

static void close_target(void *user) {
    bw_tiff_target_close(user);
    bw_free(user);
}

/* ---- uncompressed -------------------------------------------------------------------------------------------- */

static bw_status survey(bw_context *ctx, void *user, const bw_part *part, const bw_image *pixels) {
    return bw_tiff_target_survey(ctx, user, part, pixels);
}

static int64_t page_bytes(const bw_image_info *info) {
    return info->width * info->height * bw_tiff_samples(info) * bw_type_size(info->type);
}

/* Rows of a plane to their places: those of full width at once. */
static bw_status put_rows(bw_context *ctx, bw_tiff_target *t, const bw_part *part, int64_t page, const uint8_t *rows) {
    const bw_image_info *info = bw_image_get_info(t->image);
    const int64_t pixel = bw_tiff_samples(info) * bw_type_size(info->type), width = part->hi[0] - part->lo[0];
    const int64_t height = part->hi[1] - part->lo[1], step = width == info->width ? height : 1;
    for (int64_t y = 0; y < height; y += step) {
        const int64_t at = ((part->lo[1] + y) * info->width + part->lo[0]) * pixel;
        BW_TRY(bw_tiff_output_seek(ctx, &t->file, (uint64_t)(BW_TIFF_START + page * page_bytes(info) + at)));
        BW_TRY(bw_tiff_output_put(ctx, &t->file, rows + y * width * pixel, (uint64_t)(step * width * pixel)));
    }
    return BW_OK;
}

static bw_status put_colours(bw_context *ctx, bw_tiff_target *t, const bw_part *part, const bw_image *pixels) {
    const bw_image_info *info = bw_image_get_info(pixels);
    const int64_t count = info->width * info->height;
    uint8_t *mixed = bw_alloc(ctx, (uint64_t)count, BW_TIFF_MAX_SAMPLES, "colours of a TIFF file");
    bw_status status = mixed ? BW_OK : BW_ERROR_MEMORY;
    for (int64_t z = 0; z < info->depth && status == BW_OK; z++) {
        const uint8_t *planes[BW_TIFF_MAX_SAMPLES];
        for (int s = 0; s < BW_TIFF_MAX_SAMPLES; s++)
            planes[s] = bw_image_plane_const(pixels, 0, s, z);
        bw_tiff_interleave(planes, BW_TIFF_MAX_SAMPLES, 1, count, mixed);
        status = put_rows(ctx, t, part,
                          bw_tiff_page_index(bw_image_get_info(t->image), part->frame, 0, part->lo[2] + z), mixed);
    }
    bw_free(mixed);
    return status;
}

static bw_status write_places(bw_context *ctx, void *user, const bw_part *part, const bw_image *pixels) {
    bw_tiff_target *t = user;
    const bw_image_info *info = bw_image_get_info(t->image);
    bw_tiff_target_count(t, part);
    if (info->rgb) return put_colours(ctx, t, part, pixels);
    for (int64_t z = part->lo[2]; z < part->hi[2]; z++)
        for (int c = 0; c < info->channels; c++)
            BW_TRY(put_rows(ctx, t, part, bw_tiff_page_index(info, part->frame, c, z),
                            bw_image_plane_const(pixels, 0, c, z - part->lo[2])));
    return BW_OK;
}

static bw_status finish_file(bw_context *ctx, bw_tiff_target *t, bw_strile *strips, bw_tiff_meta *meta) {
    const bw_image_info *info = bw_image_get_info(t->image);
    const int64_t pages = bw_tiff_page_count(info), size = page_bytes(info);
    for (int64_t page = 0; page < pages; page++)
        strips[page] = (bw_strile){(uint64_t)(BW_TIFF_START + page * size), (uint64_t)size};
    BW_TRY(bw_tiff_meta_make(meta, t->image, t->ranges, 0));
    BW_TRY(bw_tiff_output_seek(ctx, &t->file, (uint64_t)(BW_TIFF_START + pages * size)));
    return bw_tiff_finish_strips(ctx, &t->file, info, t->codec, meta, strips, 0);
}

static bw_status finish_places(bw_context *ctx, void *user) {
    bw_tiff_target *t = user;
    bw_tiff_meta meta;
    BW_TRY(bw_tiff_target_check(ctx, t));
    const uint64_t pages = (uint64_t)bw_tiff_page_count(bw_image_get_info(t->image));
    bw_strile *strips = bw_alloc(ctx, pages, sizeof *strips, "a list of strips");
    bw_tiff_meta_init(&meta, ctx);
    bw_status status = strips ? finish_file(ctx, t, strips, &meta) : BW_ERROR_MEMORY;
    bw_tiff_meta_free(&meta);
    bw_free(strips);
    return status;
}

/* ---- compressed ---------------------------------------------------------------------------------------------- */

static void keep_plane(bw_tiff_target *t, const bw_part *part, const bw_image *pixels, int channel, int64_t z) {
    const bw_image_info *info = bw_image_get_info(t->image);
    const int64_t size = bw_type_size(info->type), width = part->hi[0] - part->lo[0];
    const uint8_t *from = bw_image_plane_const(pixels, 0, channel, z - part->lo[2]);
    uint8_t *to = bw_image_plane(t->image, part->frame, channel, z);
    for (int64_t y = part->lo[1]; y < part->hi[1]; y++, from += width * size)
        memcpy(to + (y * info->width + part->lo[0]) * size, from, (size_t)(width * size));
}

static bw_status keep(bw_context *ctx, void *user, const bw_part *part, const bw_image *pixels) {
    bw_tiff_target *t = user;
    bw_tiff_target_count(t, part);
    for (int c = 0; c < bw_image_get_info(t->image)->channels; c++)
        for (int64_t z = part->lo[2]; z < part->hi[2]; z++)
            keep_plane(t, part, pixels, c, z);
    return bw_check(ctx);
}

static bw_status finish_kept(bw_context *ctx, void *user) {
    bw_tiff_target *t = user;
    BW_TRY(bw_tiff_target_check(ctx, t));
    return bw_tiff_write_strips(ctx, &t->file, t->image, t->codec, 0);
}

static bw_status check_memory(bw_context *ctx, const char *path, const bw_image_info *info) {
    const double bytes = (double)page_bytes(info) * (double)bw_tiff_page_count(info);
    const double budget = (double)bw_context_memory_budget(ctx);
    if (bytes <= budget) return BW_OK;
    return bw_fail(
        ctx, BW_ERROR_MEMORY,
        "%s: a TIFF file with compressed strips stays in memory until it is whole. Its %.1f GB are more than "
        "the memory budget of %.1f GB; choose tiles or no compression.",
        path, bytes / 1e9, budget / 1e9);
}

bw_status bw_tiff_create_strips(bw_context *ctx, const char *path, const bw_image *outline, const bw_tiff_codec *codec,
                                bw_sink **out) {
    const int plain = codec->compression == BW_COMPRESSION_NONE;
    if (!plain) BW_TRY(check_memory(ctx, path, bw_image_get_info(outline)));
    bw_tiff_target *t = bw_calloc(ctx, 1, sizeof *t, "a TIFF file");
    bw_status status = t ? bw_tiff_target_begin(ctx, t, path, outline, codec, !plain) : BW_ERROR_MEMORY;
    if (status != BW_OK) {
        bw_free(t);
        return status;
    }
    const bw_sink_writer writer = {.encode = plain ? survey : NULL,
                                   .write = plain ? write_places : keep,
                                   .finish = plain ? finish_places : finish_kept,
                                   .close = close_target,
                                   .user = t};
    return bw_sink_create(ctx, outline, &writer, out);
}
