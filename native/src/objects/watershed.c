#include <string.h>

#include "core/alloc.h"
#include "core/image.h"
#include "objects/flood.h"
#include "objects/objects.h"
#include "objects/plain.h"
#include "objects/ranks.h"

enum { CHECK = 16384 };

typedef struct job {
    const bw_image *landscape, *markers, *mask;
    int connectivity, lines;
    bw_image *out;
} job;

/* ---- labels of any type, as bits that are 0 for no label ------------------------------------------------------- */

static inline uint32_t label_at(const void *labels, int bytes, int64_t at) {
    if (bytes == 1) return ((const uint8_t *)labels)[at];
    if (bytes == 2) return ((const uint16_t *)labels)[at];
    uint32_t bits;
    memcpy(&bits, (const uint8_t *)labels + 4 * at, sizeof bits);
    return bits;
}

static inline void set_label(void *labels, int bytes, int64_t at, uint32_t label) {
    if (bytes == 1) ((uint8_t *)labels)[at] = (uint8_t)label;
    if (bytes == 2) ((uint16_t *)labels)[at] = (uint16_t)label;
    if (bytes == 4) memcpy((uint8_t *)labels + 4 * at, &label, sizeof label);
}

static bw_status check_labels(bw_context *ctx, const bw_image_info *info, const float *labels, int frame) {
    for (int64_t i = 0; i < bw_plain_voxels(info); i++)
        if (!bw_is_label(labels[i]))
            return bw_fail(
                ctx, BW_ERROR_MISMATCH,
                "The markers are no label image: pixel %lld, %lld of slice %lld in frame %d is %g, where whole "
                "numbers from 0 to %u were expected.",
                (long long)(i % info->width), (long long)(i / info->width % info->height),
                (long long)(i / (info->width * info->height) + 1), frame + 1, (double)labels[i],
                (unsigned)BW_MAX_READ_LABEL);
    return BW_OK;
}

/* ---- flood ------------------------------------------------------------------------------------------------------- */

/* The one label next to a voxel; 0 when there are two. */
static inline uint32_t only_label(const void *labels, int bytes, const uint32_t *list, int count) {
    uint32_t found = 0;
    for (int k = 0; k < count; k++) {
        const uint32_t label = label_at(labels, bytes, list[k]);
        if (!label) continue;
        if (found && label != found) return 0;
        found = label;
    }
    return found;
}

/* With lines, voxels get their label when they are served, else when they begin to wait. */
static inline bw_status flood_labels(bw_context *ctx, bw_flood *flood, void *labels, const int bytes, const int lines) {
    uint32_t voxel, list[BW_MAX_NEIGHBOURS];
    for (uint32_t served = 0; bw_flood_pop(flood, &voxel); served++) {
        if (served % CHECK == 0) BW_TRY(bw_check(ctx));
        const int count = bw_flood_list(flood, voxel, list);
        uint32_t label = label_at(labels, bytes, voxel);
        if (lines && !label) {
            label = only_label(labels, bytes, list, count);
            if (!label) continue;
            set_label(labels, bytes, voxel, label);
        }
        for (int k = 0; k < count; k++) {
            if (flood->slot[list[k]] >= BW_FLOOD_WAITS) continue;
            if (!lines) set_label(labels, bytes, list[k], label);
            bw_flood_push(flood, list[k]);
        }
    }
    return bw_check(ctx);
}

static bw_status flood_by_type(bw_context *ctx, bw_flood *flood, void *labels, int64_t bytes, int lines) {
    if (bytes == 1) return lines ? flood_labels(ctx, flood, labels, 1, 1) : flood_labels(ctx, flood, labels, 1, 0);
    if (bytes == 2) return lines ? flood_labels(ctx, flood, labels, 2, 1) : flood_labels(ctx, flood, labels, 2, 0);
    return lines ? flood_labels(ctx, flood, labels, 4, 1) : flood_labels(ctx, flood, labels, 4, 0);
}

/* Markers within the mask wait at their own levels. */
static void push_markers(bw_flood *flood, const void *markers, int bytes, void *labels) {
    for (int64_t i = 0; i < flood->voxels; i++) {
        const uint32_t label = label_at(markers, bytes, i) & 0x7fffffffu; /* -0 is 0 */
        if (!label || flood->slot[i] == BW_FLOOD_GONE) continue;
        set_label(labels, bytes, i, label);
        bw_flood_push(flood, (uint32_t)i);
    }
}

static bw_status flood_frame(bw_context *ctx, const job *j, int frame, const uint8_t *mask, bw_flood *flood) {
    const bw_image_info *info = bw_image_get_info(j->markers);
    const int64_t size[3] = {info->width, info->height, info->depth}, bytes = bw_type_size(info->type);
    uint32_t buckets;
    BW_TRY(bw_flood_open(ctx, size, j->connectivity, NULL, flood));
    BW_TRY(bw_ranks(ctx, bw_plain_frame(j->landscape, frame), bw_image_get_info(j->landscape)->type, mask,
                    flood->voxels, BW_FLOOD_GONE, flood->slot, &buckets));
    BW_TRY(bw_flood_set_buckets(ctx, flood, buckets));
    void *labels = bw_image_plane(j->out, frame, 0, 0);
    push_markers(flood, bw_plain_frame(j->markers, frame), (int)bytes, labels);
    return flood_by_type(ctx, flood, labels, bytes, j->lines);
}

/* bytes: room for a mask where there is one that is not of bytes. */
static bw_status flood_masked(bw_context *ctx, const job *j, int frame, uint8_t *bytes) {
    const bw_image_info *info = bw_image_get_info(j->markers);
    const uint8_t *mask = j->mask && !bytes ? bw_plain_frame(j->mask, frame) : bytes;
    if (info->type == BW_FLOAT32) BW_TRY(check_labels(ctx, info, bw_plain_frame(j->markers, frame), frame));
    if (bytes)
        bw_plain_mask(bw_plain_frame(j->mask, frame), bw_image_get_info(j->mask)->type, 0, bw_plain_voxels(info),
                      bytes);
    bw_flood flood = {0};
    const bw_status status = flood_frame(ctx, j, frame, mask, &flood);
    bw_flood_close(&flood);
    return status;
}

static bw_status check_images(bw_context *ctx, job *j) {
    static const char *const step = "A watershed";
    const bw_image_info *info = bw_image_get_info(j->markers);
    BW_TRY(bw_plain_check(ctx, j->landscape, step, "landscape"));
    BW_TRY(bw_plain_check(ctx, j->markers, step, "label image as markers"));
    BW_TRY(bw_plain_match(ctx, j->markers, "image of markers", j->landscape, "landscape"));
    if (j->mask) {
        BW_TRY(bw_plain_check(ctx, j->mask, step, "mask"));
        BW_TRY(bw_plain_match(ctx, j->mask, "mask", j->landscape, "landscape"));
    }
    const int64_t size[3] = {info->width, info->height, info->depth};
    return bw_connectivity_check(ctx, j->connectivity, size, &j->connectivity);
}

bw_status bw_watershed(bw_context *ctx, const bw_image *landscape, const bw_image *markers, const bw_image *mask,
                       int connectivity, int lines, bw_image **out) {
    job j = {landscape, markers, mask, connectivity, lines, NULL};
    const bw_image_info *info = bw_image_get_info(markers);
    uint8_t *bytes = NULL;
    *out = NULL;
    BW_TRY(check_images(ctx, &j));
    if (mask && bw_image_get_info(mask)->type != BW_UINT8) {
        bytes = bw_alloc(ctx, (uint64_t)bw_plain_voxels(info), 1, "a mask");
        if (!bytes) return BW_ERROR_MEMORY;
    }
    bw_progress_begin(ctx, info->frames);
    bw_status status = bw_plain_create(ctx, markers, info->type, &j.out);
    for (int f = 0; f < info->frames && status == BW_OK; f++) {
        status = flood_masked(ctx, &j, f, bytes);
        bw_progress_add(ctx, 1);
    }
    bw_free(bytes);
    if (status == BW_OK) {
        *out = j.out;
        return BW_OK;
    }
    bw_image_free(j.out);
    return status;
}
