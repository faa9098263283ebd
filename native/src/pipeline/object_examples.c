/* Examples of objects from paint. */
#include <math.h>

#include "core/alloc.h"
#include "objects/objects.h"
#include "pipeline/pipeline.h"

enum { BAND = 1 << 20 }; /* voxels that are looked at at once */

typedef struct bw_painted {
    const bw_object_frame *frame;
    const bw_image *paint;
    uint8_t *classes; /* of the frame's objects */
} bw_painted;

static bw_status check_paint(bw_context *ctx, const bw_objects *objects, const bw_image *paint) {
    const bw_image_info *a = bw_objects_get_info(objects), *b = bw_image_get_info(paint);
    char name[300];
    bw_fit_image_name(paint, name, sizeof name);
    if (b->channels != 1)
        return bw_fail(ctx, BW_ERROR_MISMATCH,
                       "%s has %d channels; an image of examples has one, whose values are the classes.", name,
                       b->channels);
    if (a->width == b->width && a->height == b->height && a->depth == b->depth && a->frames == b->frames) return BW_OK;
    return bw_fail(ctx, BW_ERROR_MISMATCH,
                   "%s is %lld x %lld x %lld in %d frames, but the objects' image is %lld x %lld x %lld in %d. Paint "
                   "examples on an image of the same size.",
                   name, (long long)b->width, (long long)b->height, (long long)b->depth, b->frames, (long long)a->width,
                   (long long)a->height, (long long)a->depth, a->frames);
}

static uint32_t label_of(const bw_object_frame *frame, uint32_t number) {
    return frame->ids ? frame->ids[number - 1] : number;
}

/* number: of the object in the frame, from 1. */
static bw_status note(bw_context *ctx, const bw_painted *p, const bw_part *part, uint32_t number, float value) {
    uint8_t *to = &p->classes[number - 1];
    char name[300];
    if (value == 0 || value == (float)*to) return BW_OK;
    bw_fit_image_name(p->paint, name, sizeof name);
    if (!(value > 0 && value <= BW_MAX_CLASSES && floorf(value) == value))
        return bw_fail(
            ctx, BW_ERROR_MISMATCH,
            "%s holds the value %g on object %u of frame %d. Classes are whole numbers from 1 to %d, 0 is no "
            "example.",
            name, (double)value, (unsigned)label_of(p->frame, number), part->frame + 1, BW_MAX_CLASSES);
    if (*to)
        return bw_fail(ctx, BW_ERROR_MISMATCH,
                       "%s has paint of class %d and of class %d on object %u of frame %d. An object has one class: "
                       "erase one of them.",
                       name, *to, (int)value, (unsigned)label_of(p->frame, number), part->frame + 1);
    *to = (uint8_t)value;
    return BW_OK;
}

/* values: of all rows of the part. */
static bw_status look_at(bw_context *ctx, const bw_painted *p, const bw_part *part, const float *values) {
    const bw_runs *runs = &p->frame->runs;
    const int64_t first = part->lo[2] * runs->size[1] + part->lo[1];
    const int64_t rows = (part->hi[2] - part->lo[2]) * (part->hi[1] - part->lo[1]);
    for (int64_t row = 0; row < rows; row++, values += runs->size[0])
        for (int64_t i = runs->row[first + row]; i < runs->row[first + row + 1]; i++)
            for (int32_t x = runs->run[i].lo; x < runs->run[i].hi; x++)
                BW_TRY(note(ctx, p, part, runs->run[i].label, values[x]));
    return BW_OK;
}

static bw_status look_at_frame(bw_context *ctx, const bw_painted *p, int frame, float *values) {
    const bw_image_info *info = bw_image_get_info(p->paint);
    bw_part part = {.frame = frame};
    while (bw_objects_next_band(info, BAND, &part)) {
        BW_TRY(bw_check(ctx));
        BW_TRY(bw_objects_read_floats(ctx, p->paint, &part, values));
        BW_TRY(look_at(ctx, p, &part, values));
    }
    return BW_OK;
}

bw_status bw_objects_examples(bw_context *ctx, const bw_objects *objects, const bw_image *paint, uint8_t *classes) {
    BW_TRY(bw_check(ctx));
    BW_TRY(check_paint(ctx, objects, paint));
    const bw_image_info *info = bw_objects_get_info(objects);
    const int64_t band = info->width > BAND ? info->width : BAND;
    float *values = bw_alloc(ctx, (uint64_t)band, sizeof *values, "examples of objects");
    bw_status status = values ? BW_OK : BW_ERROR_MEMORY;
    bw_painted painted = {.paint = paint, .classes = classes};
    for (int f = 0; f < info->frames && status == BW_OK; f++) {
        painted.frame = &objects->frames[f];
        for (int64_t i = 0; i < painted.frame->count; i++)
            painted.classes[i] = 0;
        status = look_at_frame(ctx, &painted, f, values);
        painted.classes += painted.frame->count;
    }
    bw_free(values);
    return status;
}
