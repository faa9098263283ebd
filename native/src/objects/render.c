/* Images of objects, part by part. */
#include <string.h>

#include "core/alloc.h"
#include "core/image.h"
#include "core/parallel.h"
#include "core/sink.h"
#include "objects/objects.h"

enum { PART_VOXELS = 1 << 22 };

typedef struct bw_rendering {
    const bw_objects *objects;
    bw_objects_output output;
    bw_part part;    /* of full width */
    bw_image *image; /* of its extent */
} bw_rendering;

static float value_of(const bw_rendering *r, const bw_object_frame *frame, uint32_t label) {
    if (r->output == BW_OBJECTS_MASK) return 255;
    if (r->output == BW_OBJECTS_CLASSES) return frame->classes ? frame->classes[label - 1] : 0;
    return (float)(frame->ids ? frame->ids[label - 1] : label);
}

static void fill(void *row, bw_pixel_type type, const bw_run *run, float value) {
    if (type == BW_UINT8) memset((uint8_t *)row + run->lo, (int)value, (size_t)(run->hi - run->lo));
    for (int64_t x = run->lo; type == BW_UINT16 && x < run->hi; x++)
        ((uint16_t *)row)[x] = (uint16_t)value;
    for (int64_t x = run->lo; type == BW_FLOAT32 && x < run->hi; x++)
        ((float *)row)[x] = value;
}

/* Rows y..y + count - 1 of slice z of a frame into zeroed pixels. */
static void render(const bw_rendering *r, int frame, int64_t z, int64_t y, int64_t count, void *pixels) {
    const bw_object_frame *at = r->objects->frames + frame;
    const bw_image_info *info = bw_image_get_info(r->image);
    const int64_t first = z * at->runs.size[1] + y, stride = info->width * bw_type_size(info->type);
    for (int64_t row = 0; row < count; row++)
        for (int64_t i = at->runs.row[first + row]; i < at->runs.row[first + row + 1]; i++) {
            const bw_run *run = at->runs.run + i;
            fill((uint8_t *)pixels + row * stride, info->type, run, value_of(r, at, run->label));
        }
}

static bw_status render_part(bw_context *ctx, void *user, int64_t index, int thread) {
    const bw_rendering *r = user;
    const bw_part *part = &r->part;
    (void)ctx, (void)thread;
    render(r, part->frame, part->lo[2] + index, part->lo[1], part->hi[1] - part->lo[1],
           bw_image_plane(r->image, 0, 0, index));
    return BW_OK;
}

static bw_status write_part(bw_context *ctx, bw_rendering *r, const bw_image_info *whole, bw_sink *sink) {
    bw_image_info info = *whole;
    info.height = r->part.hi[1] - r->part.lo[1];
    info.depth = r->part.hi[2] - r->part.lo[2];
    info.frames = 1;
    BW_TRY(bw_image_create(ctx, &info, &r->image));
    bw_status status = bw_parallel(ctx, info.depth, render_part, r);
    if (status == BW_OK) status = bw_sink_write(ctx, sink, &r->part, r->image);
    bw_progress_add(ctx, (double)(info.width * info.height * info.depth));
    bw_image_free(r->image);
    return status;
}

static int64_t steps(int64_t wanted, int64_t step, int64_t size) {
    const int64_t count = wanted / step > 1 ? wanted / step * step : step;
    return count < size ? count : size;
}

/* Extent of parts along y and z, as the sink wants them. */
static void choose_extent(const bw_image_info *info, const int64_t step[3], int64_t extent[3]) {
    extent[1] = steps(PART_VOXELS / info->width, step[1], info->height);
    extent[2] = steps(PART_VOXELS / (info->width * extent[1]), step[2], info->depth);
}

static bw_status write_frame(bw_context *ctx, bw_rendering *r, const bw_image_info *info, int frame, bw_sink *sink) {
    int64_t step[3], extent[3];
    bw_sink_step(sink, step);
    choose_extent(info, step, extent);
    for (int64_t z = 0; z < info->depth; z += extent[2])
        for (int64_t y = 0; y < info->height; y += extent[1]) {
            const int64_t below = y + extent[1], behind = z + extent[2];
            r->part = (bw_part){frame,
                                {0, y, z},
                                {info->width, below < info->height ? below : info->height,
                                 behind < info->depth ? behind : info->depth}};
            BW_TRY(write_part(ctx, r, info, sink));
        }
    return BW_OK;
}

static bw_status check_ids(bw_context *ctx, const bw_objects *objects) {
    for (int f = 0; f < bw_objects_get_info(objects)->frames; f++) {
        const int64_t count = bw_objects_count(objects, f);
        if (count && bw_objects_id(objects, f, count - 1) > BW_MAX_LABEL)
            return bw_fail(ctx, BW_ERROR_MISMATCH,
                           "Frame %d has %lld objects; a label image holds at most %u. Ask for larger objects (minimum "
                           "size) or divide the image.",
                           f + 1, (long long)count, (unsigned)BW_MAX_LABEL);
    }
    return BW_OK;
}

static bw_status write_all(bw_context *ctx, const bw_objects *objects, bw_objects_output output,
                           const bw_image_info *info, bw_sink *sink) {
    bw_rendering rendering = {.objects = objects, .output = output};
    if (output == BW_OBJECTS_LABELS) BW_TRY(check_ids(ctx, objects));
    bw_progress_begin(ctx, (double)info->width * (double)info->height * (double)info->depth * info->frames);
    for (int f = 0; f < info->frames; f++)
        BW_TRY(write_frame(ctx, &rendering, info, f, sink));
    return BW_OK;
}

bw_status bw_objects_write(bw_context *ctx, const bw_objects *objects, bw_objects_output output, bw_sink *sink) {
    bw_image *outline;
    BW_TRY(bw_objects_outline(ctx, objects, output, &outline));
    const bw_status status = write_all(ctx, objects, output, bw_image_get_info(outline), sink);
    bw_image_free(outline);
    return status;
}

/* ---- images in memory -------------------------------------------------------------------------------------------- */

static bw_status render_slice(bw_context *ctx, void *user, int64_t index, int thread) {
    const bw_rendering *r = user;
    const bw_image_info *info = bw_image_get_info(r->image);
    const int frame = (int)(index / info->depth);
    (void)ctx, (void)thread;
    render(r, frame, index % info->depth, 0, info->height, bw_image_plane(r->image, frame, 0, index % info->depth));
    return BW_OK;
}

bw_status bw_objects_image(bw_context *ctx, const bw_objects *objects, bw_objects_output output, bw_image **out) {
    bw_rendering rendering = {.objects = objects, .output = output};
    bw_image *outline;
    *out = NULL;
    if (output == BW_OBJECTS_LABELS) BW_TRY(check_ids(ctx, objects));
    BW_TRY(bw_objects_outline(ctx, objects, output, &outline));
    const bw_image_info *info = bw_image_get_info(outline);
    bw_status status = bw_image_create(ctx, info, &rendering.image);
    if (status == BW_OK) status = bw_image_copy_names(ctx, rendering.image, outline);
    if (status == BW_OK) status = bw_parallel(ctx, info->depth * info->frames, render_slice, &rendering);
    bw_image_free(outline);
    if (status == BW_OK)
        *out = rendering.image;
    else
        bw_image_free(rendering.image);
    return status;
}
