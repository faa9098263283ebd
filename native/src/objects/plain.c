#include "objects/plain.h"

#include "core/image.h"

static const char *name_of(const bw_image *image, const char *otherwise) {
    const char *name = bw_image_name(image);
    return *name ? name : otherwise;
}

bw_status bw_plain_check(bw_context *ctx, const bw_image *image, const char *step, const char *role) {
    const int channels = bw_image_get_info(image)->channels;
    BW_TRY(bw_image_need_whole(ctx, image, step));
    if (channels == 1) return BW_OK;
    return bw_fail(ctx, BW_ERROR_MISMATCH, "%s takes a %s of one channel, but %s has %d; choose one of them.", step,
                   role, name_of(image, "the image"), channels);
}

bw_status bw_plain_match(bw_context *ctx, const bw_image *image, const char *role, const bw_image *other,
                         const char *other_role) {
    const bw_image_info *a = bw_image_get_info(image), *b = bw_image_get_info(other);
    char one[128], two[128];
    if (a->width == b->width && a->height == b->height && a->depth == b->depth && a->frames == b->frames) return BW_OK;
    bw_image_describe(a, one, sizeof one);
    bw_image_describe(b, two, sizeof two);
    return bw_fail(ctx, BW_ERROR_MISMATCH,
                   "The %s (%s) is %s, but the %s (%s) is %s; both need the same width, height, slices and frames.",
                   role, name_of(image, "no name"), one, other_role, name_of(other, "no name"), two);
}

bw_status bw_plain_create(bw_context *ctx, const bw_image *like, bw_pixel_type type, bw_image **out) {
    bw_image_info info = *bw_image_get_info(like);
    info.type = type;
    info.rgb = 0;
    BW_TRY(bw_image_create(ctx, &info, out));
    const bw_status status = bw_image_set_name(ctx, *out, bw_image_name(like));
    if (status == BW_OK) return BW_OK;
    bw_image_free(*out);
    *out = NULL;
    return status;
}

void bw_plain_mask(const void *frame, bw_pixel_type type, int64_t first, int64_t count, uint8_t *out) {
    const uint8_t *bytes = (const uint8_t *)frame + first;
    const uint16_t *words = (const uint16_t *)frame + first;
    const float *floats = (const float *)frame + first;
    for (int64_t i = 0; type == BW_UINT8 && i < count; i++)
        out[i] = bytes[i] != 0;
    for (int64_t i = 0; type == BW_UINT16 && i < count; i++)
        out[i] = words[i] != 0;
    for (int64_t i = 0; type == BW_FLOAT32 && i < count; i++)
        out[i] = floats[i] != 0;
}
