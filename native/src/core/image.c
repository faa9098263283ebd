#include "core/image.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/bytes.h"

struct bw_image {
    bw_image_info info;
    uint8_t *pixels;
    char *name;
    char **labels; /* per plane, NULL until one is set */
    _Atomic uint64_t stamp;
};

static const struct {
    bw_pixel_type type;
    const char *name;
} types[] = {{BW_UINT8, "uint8"}, {BW_UINT16, "uint16"}, {BW_FLOAT32, "float32"}};

const char *bw_type_name(bw_pixel_type type) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].type == type) return types[i].name;
    return "unknown";
}

void bw_image_describe(const bw_image_info *info, char *text, size_t size) {
    char deep[24] = "", channels[32] = "", frames[32] = "";
    if (info->depth > 1) snprintf(deep, sizeof deep, " x %lld", (long long)info->depth);
    if (info->channels > 1) snprintf(channels, sizeof channels, ", %d channels", info->channels);
    if (info->frames > 1) snprintf(frames, sizeof frames, ", %d frames", info->frames);
    snprintf(text, size, "%lld x %lld%s%s%s, %s", (long long)info->width, (long long)info->height, deep, channels,
             frames, info->rgb ? "RGB" : bw_type_name(info->type));
}

bw_status bw_spacing_check(bw_context *ctx, const double spacing[3]) {
    for (int axis = 0; axis < 3; axis++) {
        const char name = "xyz"[axis];
        if (!(spacing[axis] > 0 && spacing[axis] < 1e30))
            return bw_fail(ctx, BW_ERROR_ARGUMENT, "The voxel spacing along %c must be a positive number, not %g.",
                           name, spacing[axis]);
    }
    return BW_OK;
}

static bw_status check_sizes(bw_context *ctx, const bw_image_info *info) {
    const int64_t most = (int64_t)1 << 31;
    if (info->width < 1 || info->height < 1 || info->depth < 1 || info->width >= most || info->height >= most ||
        info->depth >= most)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "An image of %lld x %lld x %lld pixels is not possible.",
                       (long long)info->width, (long long)info->height, (long long)info->depth);
    if (info->channels < 1 || info->frames < 1)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "An image needs at least one channel and one frame, not %d and %d.",
                       info->channels, info->frames);
    double bytes = (double)info->width * (double)info->height * (double)info->depth * info->channels * info->frames *
                   (double)bw_type_size(info->type);
    if (bytes > 9e15) return bw_fail(ctx, BW_ERROR_MEMORY, "An image of %.0f GB is not possible.", bytes / 1e9);
    return BW_OK;
}

bw_status bw_image_info_check(bw_context *ctx, bw_image_info *info) {
    if (info->type < BW_UINT8 || info->type > BW_FLOAT32)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "Unknown pixel type %d.", (int)info->type);
    BW_TRY(check_sizes(ctx, info));
    if (info->rgb && (info->channels != 3 || info->type != BW_UINT8))
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "A colour image has three uint8 channels.");
    for (int axis = 0; axis < 3; axis++)
        if (!info->spacing[axis]) info->spacing[axis] = 1;
    BW_TRY(bw_spacing_check(ctx, info->spacing));
    if (!(info->frame_interval >= 0 && info->frame_interval < 1e30)) info->frame_interval = 0;
    info->unit[sizeof info->unit - 1] = 0;
    if (!info->unit[0]) snprintf(info->unit, sizeof info->unit, "pixel");
    return BW_OK;
}

static int64_t plane_count(const bw_image_info *info) {
    return info->depth * info->channels * info->frames;
}

static int64_t plane_bytes(const bw_image_info *info) {
    return info->width * info->height * bw_type_size(info->type);
}

static void renew_stamp(bw_image *image) {
    static _Atomic uint64_t last;
    atomic_store_explicit(&image->stamp, atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

uint64_t bw_image_stamp(const bw_image *image) {
    return atomic_load_explicit(&image->stamp, memory_order_relaxed);
}

bw_status bw_image_create(bw_context *ctx, const bw_image_info *info, bw_image **out) {
    *out = NULL;
    bw_image_info checked = *info;
    BW_TRY(bw_image_info_check(ctx, &checked));
    char what[160] = "an image of ";
    bw_image_describe(&checked, what + strlen(what), sizeof what - strlen(what));
    bw_image *image = bw_calloc(ctx, 1, sizeof *image, "an image");
    if (!image) return BW_ERROR_MEMORY;
    image->info = checked;
    renew_stamp(image);
    image->pixels = bw_calloc(ctx, (uint64_t)plane_count(&checked), (uint64_t)plane_bytes(&checked), what);
    if (!image->pixels) {
        bw_image_free(image);
        return BW_ERROR_MEMORY;
    }
    *out = image;
    return BW_OK;
}

void bw_image_free(bw_image *image) {
    if (!image) return;
    for (int64_t i = 0; image->labels && i < plane_count(&image->info); i++)
        bw_free(image->labels[i]);
    bw_free(image->labels);
    bw_free(image->name);
    bw_free(image->pixels);
    bw_free(image);
}

const bw_image_info *bw_image_get_info(const bw_image *image) {
    return &image->info;
}

bw_status bw_image_set_spacing(bw_context *ctx, bw_image *image, const double spacing[3]) {
    bw_image_info info = image->info;
    for (int axis = 0; axis < 3; axis++)
        info.spacing[axis] = spacing[axis] == 0 ? -1 : spacing[axis];
    BW_TRY(bw_image_info_check(ctx, &info));
    info.calibrated = 1;
    image->info = info;
    return BW_OK;
}

/* -1 when an index is out of range. */
static int64_t plane_index(const bw_image_info *info, int frame, int channel, int64_t z) {
    if (frame < 0 || frame >= info->frames || channel < 0 || channel >= info->channels || z < 0 || z >= info->depth)
        return -1;
    return ((int64_t)frame * info->channels + channel) * info->depth + z;
}

void *bw_image_plane(bw_image *image, int frame, int channel, int64_t z) {
    int64_t index = plane_index(&image->info, frame, channel, z);
    renew_stamp(image);
    return index < 0 ? NULL : image->pixels + index * plane_bytes(&image->info);
}

const void *bw_image_plane_const(const bw_image *image, int frame, int channel, int64_t z) {
    int64_t index = plane_index(&image->info, frame, channel, z);
    return index < 0 ? NULL : image->pixels + index * plane_bytes(&image->info);
}

bw_status bw_image_set_name(bw_context *ctx, bw_image *image, const char *name) {
    char *copy = bw_strdup(ctx, name);
    if (!copy) return BW_ERROR_MEMORY;
    bw_free(image->name);
    image->name = copy;
    return BW_OK;
}

const char *bw_image_name(const bw_image *image) {
    return image->name ? image->name : "";
}

bw_status bw_image_set_plane_label(bw_context *ctx, bw_image *image, int frame, int channel, int64_t z,
                                   const char *label) {
    int64_t index = plane_index(&image->info, frame, channel, z);
    if (index < 0) return bw_fail(ctx, BW_ERROR_ARGUMENT, "The image has no such plane to label.");
    if (!image->labels)
        image->labels = bw_calloc(ctx, (uint64_t)plane_count(&image->info), sizeof *image->labels, "slice labels");
    char *copy = image->labels ? bw_strdup(ctx, label) : NULL;
    if (!copy) return BW_ERROR_MEMORY;
    bw_free(image->labels[index]);
    image->labels[index] = copy;
    return BW_OK;
}

const char *bw_image_plane_label(const bw_image *image, int frame, int channel, int64_t z) {
    int64_t index = plane_index(&image->info, frame, channel, z);
    return index < 0 || !image->labels ? NULL : image->labels[index];
}

/* In pieces short enough for a prompt cancel. */
bw_status bw_image_hash_checked(bw_context *ctx, const bw_image *image, uint64_t *out) {
    const uint64_t piece = (uint64_t)1 << 23;
    const bw_image_info *info = &image->info;
    const int64_t head[6] = {(int64_t)info->type,     info->width,          info->height, info->depth,
                             (int64_t)info->channels, (int64_t)info->frames};
    uint64_t hash = bw_hash_begin(bw_hash64(0, head, sizeof head));
    const uint8_t *at = image->pixels;
    for (uint64_t left = (uint64_t)(plane_count(info) * plane_bytes(info)), n; left; left -= n, at += n) {
        if (ctx) BW_TRY(bw_check(ctx));
        n = left < piece ? left : piece;
        hash = bw_hash_add(hash, at, n);
    }
    *out = bw_hash_end(hash);
    return BW_OK;
}

uint64_t bw_image_hash(const bw_image *image) {
    uint64_t hash = 0;
    bw_image_hash_checked(NULL, image, &hash);
    return hash;
}
