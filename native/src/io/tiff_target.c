#include "io/tiff_target.h"

#include "core/alloc.h"
#include "core/image.h"
#include "core/parallel.h"

static bw_status copy_outline(bw_context *ctx, const bw_image *from, int keep, bw_image **out) {
    const bw_image_info *info = bw_image_get_info(from);
    BW_TRY(keep ? bw_image_create(ctx, info, out) : bw_image_create_sparse(ctx, info, out));
    bw_image_set_offset(*out, bw_image_offset(from));
    return bw_image_copy_names(ctx, *out, from);
}

static bw_status make_ranges(bw_context *ctx, bw_tiff_target *t) {
    const bw_image_info *info = bw_image_get_info(t->image);
    const int64_t pages = bw_tiff_page_count(info);
    if (info->type == BW_UINT8) return BW_OK;
    t->ranges = bw_alloc(ctx, (uint64_t)pages, sizeof *t->ranges, "display ranges");
    for (int64_t page = 0; t->ranges && page < pages; page++)
        t->ranges[page] = bw_range_empty();
    return t->ranges ? BW_OK : BW_ERROR_MEMORY;
}

bw_status bw_tiff_target_begin(bw_context *ctx, bw_tiff_target *t, const char *path, const bw_image *outline,
                               const bw_tiff_codec *codec, int keep) {
    const bw_image_info *info = bw_image_get_info(outline);
    *t = (bw_tiff_target){.codec = codec, .missing = info->width * info->height * info->depth * info->frames};
    bw_status status = copy_outline(ctx, outline, keep, &t->image);
    if (status == BW_OK) status = make_ranges(ctx, t);
    if (status == BW_OK) status = bw_tiff_output_begin(ctx, &t->file, path);
    if (status != BW_OK) bw_tiff_target_close(t);
    return status;
}

void bw_tiff_target_close(bw_tiff_target *t) {
    bw_tiff_output_abandon(&t->file);
    bw_image_free(t->image);
    bw_free(t->ranges);
    *t = (bw_tiff_target){.image = NULL};
}

/* ---- ranges -------------------------------------------------------------------------------------------------- */

typedef struct survey {
    bw_tiff_target *target;
    const bw_part *part;
    const bw_image *pixels;
} survey;

/* One plane of the part, which is the only one of its page. */
static bw_status survey_plane(bw_context *ctx, void *user, int64_t index, int thread) {
    const survey *s = user;
    const bw_image_info *info = bw_image_get_info(s->pixels);
    const int channel = (int)(index % info->channels);
    const int64_t z = index / info->channels;
    const int64_t page =
        bw_tiff_page_index(bw_image_get_info(s->target->image), s->part->frame, channel, s->part->lo[2] + z);
    (void)thread;
    bw_range_add(&s->target->ranges[page], info->type, bw_image_plane_const(s->pixels, 0, channel, z),
                 info->width * info->height);
    return bw_check(ctx);
}

bw_status bw_tiff_target_survey(bw_context *ctx, bw_tiff_target *t, const bw_part *part, const bw_image *pixels) {
    const bw_image_info *info = bw_image_get_info(pixels);
    survey s = {t, part, pixels};
    return t->ranges ? bw_parallel(ctx, info->channels * info->depth, survey_plane, &s) : BW_OK;
}

/* ---- completeness -------------------------------------------------------------------------------------------- */

void bw_tiff_target_count(bw_tiff_target *t, const bw_part *part) {
    t->missing -= (part->hi[0] - part->lo[0]) * (part->hi[1] - part->lo[1]) * (part->hi[2] - part->lo[2]);
}

bw_status bw_tiff_target_check(bw_context *ctx, const bw_tiff_target *t) {
    if (!t->missing) return BW_OK;
    return bw_fail(ctx, BW_ERROR_ARGUMENT,
                   "%s cannot be finished: the parts written differ from the image by %lld pixels. Write every part "
                   "once.",
                   t->file.output.path, (long long)t->missing);
}
