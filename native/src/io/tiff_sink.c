#include "core/image.h"
#include "io/tiff.h"
#include "io/tiff_target.h"

/* Above these a plain ImageJ could not open the strips, or they would take too much memory until they are written. */
enum { KEPT_MOST = 256 << 20, LABELS_PER_PAGE = 256 };

static bw_tiff_layout choose_layout(const bw_context *ctx, const bw_image_info *info, const bw_tiff_options *o) {
    const double pixels = (double)info->width * (double)info->height, pages = (double)bw_tiff_page_count(info);
    const double bytes = pixels * pages * bw_tiff_samples(info) * (double)bw_type_size(info->type);
    if (o->layout != BW_LAYOUT_AUTO) return o->layout;
    if (o->pyramid || pixels > INT32_MAX) return BW_LAYOUT_TILES;
    const int small = o->compression == BW_COMPRESSION_NONE
                          ? !bw_tiff_needs_big(info, o->compression, (uint64_t)pages * LABELS_PER_PAGE)
                          : bytes < KEPT_MOST && bytes <= (double)bw_context_memory_budget(ctx) / 4;
    return small ? BW_LAYOUT_STRIPS : BW_LAYOUT_TILES;
}

static bw_status check_options(bw_context *ctx, const bw_tiff_options *o) {
    if (o->layout < BW_LAYOUT_AUTO || o->layout > BW_LAYOUT_TILES)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "Unknown TIFF layout %d.", (int)o->layout);
    if (o->pyramid && o->layout == BW_LAYOUT_STRIPS)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "A TIFF file with a pyramid needs tiles, not strips.");
    return BW_OK;
}

bw_status bw_tiff_create(bw_context *ctx, const char *path, const bw_image *outline, const bw_tiff_options *options,
                         bw_sink **out) {
    static const bw_tiff_options defaults = {BW_COMPRESSION_NONE, BW_LAYOUT_AUTO, 0};
    const bw_tiff_options *o = options ? options : &defaults;
    const bw_tiff_codec *codec;
    *out = NULL;
    if (!path || !outline) return bw_fail(ctx, BW_ERROR_ARGUMENT, "Writing a TIFF file needs a path and an outline.");
    BW_TRY(check_options(ctx, o));
    BW_TRY(bw_tiff_codec_get(ctx, o->compression, &codec));
    if (choose_layout(ctx, bw_image_get_info(outline), o) == BW_LAYOUT_STRIPS)
        return bw_tiff_create_strips(ctx, path, outline, codec, out);
    return bw_tiff_create_tiles(ctx, path, outline, codec, o->pyramid, out);
}
