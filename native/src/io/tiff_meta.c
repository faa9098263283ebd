#include "io/tiff_meta.h"

#include <math.h>

#include "core/alloc.h"
#include "core/image.h"
#include "io/metadata.h"

int bw_tiff_samples(const bw_image_info *info) {
    return info->rgb ? 3 : 1;
}

int64_t bw_tiff_page_count(const bw_image_info *info) {
    return info->channels / bw_tiff_samples(info) * info->depth * info->frames;
}

int64_t bw_tiff_page_index(const bw_image_info *info, int frame, int channel, int64_t z) {
    const int samples = bw_tiff_samples(info);
    return (frame * info->depth + z) * (info->channels / samples) + channel / samples;
}

void bw_tiff_page_place(const bw_image_info *info, int64_t page, int *frame, int *channel, int64_t *z) {
    const int samples = bw_tiff_samples(info), channels = info->channels / samples;
    *channel = (int)(page % channels) * samples;
    *z = page / channels % info->depth;
    *frame = (int)(page / channels / info->depth);
}

/* ---- display ranges ------------------------------------------------------------------------------------------ */

bw_range bw_range_empty(void) {
    return (bw_range){INFINITY, -INFINITY};
}

void bw_range_add(bw_range *range, bw_pixel_type type, const void *values, int64_t count) {
    bw_range r = *range;
    for (int64_t i = 0; i < count; i++) {
        /* + 0: of 0 and -0 the same one wins in any order */
        const double v = type == BW_FLOAT32 ? ((const float *)values)[i] + 0.0 : ((const uint16_t *)values)[i];
        if (v - v != 0) continue; /* infinite or NaN */
        if (v < r.min) r.min = v;
        if (v > r.max) r.max = v;
    }
    *range = r;
}

/* Of each channel: 0 to 1 when all values lie there (probabilities), else smallest to largest. */
static void display_ranges(const bw_image_info *info, const bw_range *pages, bw_range *channels) {
    int count = info->channels, unit = info->type == BW_FLOAT32;
    for (int c = 0; c < count; c++)
        channels[c] = bw_range_empty();
    for (int64_t page = 0; page < bw_tiff_page_count(info); page++) {
        bw_range *r = &channels[page % count];
        if (pages[page].min < r->min) r->min = pages[page].min;
        if (pages[page].max > r->max) r->max = pages[page].max;
    }
    for (int c = 0; c < count; c++)
        unit = unit && channels[c].min >= 0 && channels[c].max <= 1;
    for (int c = 0; c < count; c++) {
        if (unit || channels[c].min > channels[c].max) channels[c] = (bw_range){0, 1};
        if (channels[c].min == channels[c].max) channels[c].max += 1;
    }
}

/* ---- description and labels ---------------------------------------------------------------------------------- */

void bw_tiff_meta_init(bw_tiff_meta *meta, bw_context *ctx) {
    bw_text_init(&meta->description, ctx);
    bw_writer_init(&meta->label_counts, ctx);
    bw_writer_init(&meta->label_data, ctx);
}

void bw_tiff_meta_free(bw_tiff_meta *meta) {
    bw_text_free(&meta->description);
    bw_writer_free(&meta->label_counts);
    bw_writer_free(&meta->label_data);
}

/* Whether there is any. */
static int collect_labels(const bw_image *outline, const char **labels) {
    const bw_image_info *info = bw_image_get_info(outline);
    int any = 0;
    for (int64_t page = 0; page < bw_tiff_page_count(info); page++) {
        int frame, channel;
        int64_t z;
        bw_tiff_page_place(info, page, &frame, &channel, &z);
        labels[page] = bw_image_plane_label(outline, frame, channel, z);
        any |= labels[page] != NULL;
    }
    return any;
}

static bw_status describe(bw_tiff_meta *meta, const bw_image *outline, const bw_range *pages, int ome,
                          bw_range *channels, const char **labels) {
    const bw_image_info *info = bw_image_get_info(outline);
    const int any = collect_labels(outline, labels), many = pages && info->channels > 1;
    if (pages) display_ranges(info, pages, channels);
    BW_TRY(bw_imagej_blocks(&meta->label_counts, &meta->label_data, any ? labels : NULL, bw_tiff_page_count(info),
                            &channels[0].min, many ? info->channels : 0));
    if (ome) return bw_ome_describe(&meta->description, outline);
    const int signed_16 = info->type == BW_UINT16 && bw_image_offset(outline) == BW_SIGNED_OFFSET;
    return bw_imagej_describe(&meta->description, info, signed_16, pages ? channels[0].min : 1,
                              pages ? channels[0].max : 0);
}

bw_status bw_tiff_meta_make(bw_tiff_meta *meta, const bw_image *outline, const bw_range *pages, int ome) {
    const bw_image_info *info = bw_image_get_info(outline);
    bw_context *ctx = meta->description.ctx;
    bw_range *channels = bw_calloc(ctx, (uint64_t)info->channels, sizeof *channels, "display ranges");
    const char **labels = bw_alloc(ctx, (uint64_t)bw_tiff_page_count(info), sizeof *labels, "slice labels");
    bw_status status = channels && labels ? describe(meta, outline, pages, ome, channels, labels) : BW_ERROR_MEMORY;
    bw_free(channels);
    bw_free(labels);
    return status;
}
