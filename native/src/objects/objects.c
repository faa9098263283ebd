#include "objects/objects.h"

#include <string.h>

#include "core/alloc.h"

/* An image without planes of one channel; `like` gives everything else. */
static bw_status create_outline(bw_context *ctx, const bw_image *like, bw_pixel_type type, bw_image **out) {
    bw_image_info info = *bw_image_get_info(like);
    const int labelled = info.channels == 1;
    info.type = type;
    info.channels = 1;
    info.rgb = 0;
    BW_TRY(bw_image_create_sparse(ctx, &info, out));
    bw_status status = bw_image_set_name(ctx, *out, bw_image_name(like));
    for (int frame = 0; frame < info.frames && labelled; frame++)
        for (int64_t z = 0; z < info.depth && status == BW_OK; z++) {
            const char *label = bw_image_plane_label(like, frame, 0, z);
            if (label) status = bw_image_set_plane_label(ctx, *out, frame, 0, z, label);
        }
    if (status == BW_OK) return BW_OK;
    bw_image_free(*out);
    *out = NULL;
    return status;
}

bw_status bw_objects_create(bw_context *ctx, const bw_image *like, bw_objects **out) {
    bw_objects *objects = *out = bw_calloc(ctx, 1, sizeof *objects, "objects");
    if (!objects) return BW_ERROR_MEMORY;
    bw_status status = create_outline(ctx, like, BW_UINT16, &objects->outline);
    if (status == BW_OK) {
        objects->frames =
            bw_calloc(ctx, (uint64_t)bw_image_get_info(like)->frames, sizeof *objects->frames, "frames of objects");
        status = bw_context_status(ctx);
    }
    if (status == BW_OK) return BW_OK;
    bw_objects_free(objects);
    *out = NULL;
    return status;
}

static void free_class_names(bw_objects *objects) {
    for (int k = 0; k < objects->class_count && objects->class_names; k++)
        bw_free(objects->class_names[k]);
    bw_free(objects->class_names);
    objects->class_names = NULL;
    objects->class_count = 0;
}

void bw_objects_free(bw_objects *objects) {
    if (!objects) return;
    for (int f = 0; objects->frames && f < bw_image_get_info(objects->outline)->frames; f++) {
        bw_runs_free(&objects->frames[f].runs);
        bw_free(objects->frames[f].ids);
        bw_free(objects->frames[f].classes);
    }
    bw_free(objects->frames);
    free_class_names(objects);
    bw_image_free(objects->outline);
    bw_free(objects);
}

bw_status bw_objects_settle(bw_context *ctx, bw_objects *objects) {
    uint32_t highest = 0;
    for (int f = 0; f < bw_image_get_info(objects->outline)->frames; f++) {
        const int64_t count = objects->frames[f].count;
        const uint32_t last = count ? bw_objects_id(objects, f, count - 1) : 0;
        if (last > highest) highest = last;
    }
    if (highest <= UINT16_MAX) return BW_OK;
    bw_image *outline;
    BW_TRY(create_outline(ctx, objects->outline, BW_FLOAT32, &outline));
    bw_image_free(objects->outline);
    objects->outline = outline;
    return BW_OK;
}

/* ---- what they are ----------------------------------------------------------------------------------------------- */

const bw_image_info *bw_objects_get_info(const bw_objects *objects) {
    return bw_image_get_info(objects->outline);
}

static const bw_object_frame *frame_at(const bw_objects *objects, int frame) {
    return frame >= 0 && frame < bw_objects_get_info(objects)->frames ? objects->frames + frame : NULL;
}

int64_t bw_objects_count(const bw_objects *objects, int frame) {
    const bw_object_frame *at = frame_at(objects, frame);
    return at ? at->count : 0;
}

uint32_t bw_objects_id(const bw_objects *objects, int frame, int64_t index) {
    const bw_object_frame *at = frame_at(objects, frame);
    if (!at || index < 0 || index >= at->count) return 0;
    return at->ids ? at->ids[index] : (uint32_t)index + 1;
}

int bw_objects_class_count(const bw_objects *objects) {
    return objects->class_count;
}

const char *bw_objects_class_name(const bw_objects *objects, int class_number) {
    const int known = class_number >= 1 && class_number <= objects->class_count;
    return known ? objects->class_names[class_number - 1] : "";
}

int bw_objects_class(const bw_objects *objects, int frame, int64_t index) {
    const bw_object_frame *at = frame_at(objects, frame);
    return at && at->classes && index >= 0 && index < at->count ? at->classes[index] : 0;
}

static bw_status set_names(bw_context *ctx, bw_objects *objects, int count, const char *const *names) {
    free_class_names(objects);
    objects->class_names = bw_calloc(ctx, (uint64_t)count, sizeof *objects->class_names, "names of classes");
    if (!objects->class_names) return BW_ERROR_MEMORY;
    objects->class_count = count;
    for (int k = 0; k < count; k++)
        if (!(objects->class_names[k] = bw_strdup(ctx, names[k]))) return BW_ERROR_MEMORY;
    return BW_OK;
}

static bw_status check_classes(bw_context *ctx, const bw_objects *objects, int count, const uint8_t *classes) {
    if (count < 1 || count > BW_MAX_CLASSES)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "Objects have 1 to %d classes, not %d.", BW_MAX_CLASSES, count);
    for (int f = 0; f < bw_objects_get_info(objects)->frames; f++)
        for (int64_t i = 0; i < objects->frames[f].count; i++, classes++)
            if (*classes > count)
                return bw_fail(ctx, BW_ERROR_ARGUMENT, "Object %u of frame %d has class %d, but there are %d.",
                               (unsigned)bw_objects_id(objects, f, i), f + 1, *classes, count);
    return BW_OK;
}

bw_status bw_objects_set_classes(bw_context *ctx, bw_objects *objects, int count, const char *const *names,
                                 const uint8_t *classes) {
    BW_TRY(check_classes(ctx, objects, count, classes));
    BW_TRY(set_names(ctx, objects, count, names));
    for (int f = 0; f < bw_objects_get_info(objects)->frames; f++) {
        bw_object_frame *frame = objects->frames + f;
        if (!frame->classes) frame->classes = bw_alloc(ctx, (uint64_t)frame->count, 1, "classes of objects");
        if (!frame->classes) return BW_ERROR_MEMORY;
        memcpy(frame->classes, classes, (size_t)frame->count);
        classes += frame->count;
    }
    return BW_OK;
}

bw_status bw_objects_outline(bw_context *ctx, const bw_objects *objects, bw_objects_output output, bw_image **out) {
    const bw_pixel_type type = output == BW_OBJECTS_LABELS ? bw_objects_get_info(objects)->type : BW_UINT8;
    return create_outline(ctx, objects->outline, type, out);
}
