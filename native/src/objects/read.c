/* Objects of label images and masks. */
#include <string.h>

#include "core/alloc.h"
#include "core/image.h"
#include "objects/objects.h"

enum { BAND_VOXELS = 1 << 21 };

/* ---- pixels as floats -------------------------------------------------------------------------------------------- */

/* In place: the bytes lie at the buffer's end and are overtaken by the floats only after they were read. */
static void spread_bytes(float *to, int64_t count) {
    const uint8_t *from = (const uint8_t *)to + 3 * count;
    for (int64_t i = 0; i < count; i++) {
        const float value = from[i];
        memcpy(to + i, &value, sizeof value);
    }
}

static void spread_words(float *to, int64_t count) {
    const uint8_t *from = (const uint8_t *)to + 2 * count;
    for (int64_t i = 0; i < count; i++) {
        uint16_t word;
        memcpy(&word, from + 2 * i, sizeof word);
        const float value = word;
        memcpy(to + i, &value, sizeof value);
    }
}

static void add_offset(float *to, int64_t count, float offset) {
    for (int64_t i = 0; i < count; i++)
        to[i] += offset;
}

bw_status bw_objects_read_floats(bw_context *ctx, const bw_image *image, const bw_part *part, float *to) {
    const bw_image_info *info = bw_image_get_info(image);
    int64_t count = info->channels;
    for (int axis = 0; axis < 3; axis++)
        count *= part->hi[axis] - part->lo[axis];
    BW_TRY(bw_image_read(ctx, image, part, (uint8_t *)to + (4 - bw_type_size(info->type)) * count));
    if (info->type == BW_UINT8) spread_bytes(to, count);
    if (info->type == BW_UINT16) spread_words(to, count);
    if (bw_image_offset(image) != 0) add_offset(to, count, (float)bw_image_offset(image));
    return BW_OK;
}

int bw_objects_next_band(const bw_image_info *info, int64_t voxels, bw_part *part) {
    const int64_t plane = info->width * info->height;
    int64_t y = part->hi[1], z = part->hi[2] ? part->lo[2] : 0;
    if (part->hi[2] && y == info->height) {
        z = part->hi[2];
        y = 0;
    }
    if (z == info->depth) return 0;
    const int64_t rows = voxels / info->width > 1 ? voxels / info->width : 1;
    const int64_t planes = voxels / plane > 1 ? voxels / plane : 1;
    part->lo[0] = 0;
    part->hi[0] = info->width;
    part->lo[1] = y;
    part->hi[1] = y + rows < info->height ? y + rows : info->height;
    part->lo[2] = z;
    part->hi[2] = y || part->hi[1] < info->height ? z + 1 : z + planes < info->depth ? z + planes : info->depth;
    return 1;
}

/* ---- bands of rows ----------------------------------------------------------------------------------------------- */

typedef struct bw_band {
    const bw_image *image;
    int64_t width;
    int any; /* every value that is not 0 is the same object */
    float *pixels;
} bw_band;

static bw_status refuse(bw_context *ctx, const bw_image *image, float value) {
    const char *name = *bw_image_name(image) ? bw_image_name(image) : "The image";
    if (value >= (float)BW_MAX_LABEL && value - value == 0)
        return bw_fail(ctx, BW_ERROR_MISMATCH,
                       "%s holds the label %.0f. Labels above %u are not read: as 32-bit floats, neighbouring ones are "
                       "the same number, and their objects would become one. Number the objects anew, from 1.",
                       name, (double)value, (unsigned)BW_MAX_READ_LABEL);
    return bw_fail(ctx, BW_ERROR_MISMATCH,
                   "%s is no label image: it holds the value %g. Labels are whole numbers from 0 to %u.", name,
                   (double)value, (unsigned)BW_MAX_READ_LABEL);
}

static int64_t band_row(bw_context *ctx, void *user, int64_t row, bw_run *runs) {
    const bw_band *band = user;
    const float *at = band->pixels + row * band->width;
    int64_t count = 0;
    for (int64_t x = 0; x < band->width;) {
        const int64_t lo = x;
        const float value = at[x];
        if (!band->any && !bw_is_label(value)) return refuse(ctx, band->image, value), -1;
        for (x++; x < band->width && (band->any ? (at[x] != 0) == (value != 0) : at[x] == value); x++) {
        }
        if (value == 0) continue;
        if (runs) runs[count] = (bw_run){(int32_t)lo, (int32_t)x, band->any ? 1 : (uint32_t)value};
        count++;
    }
    return count;
}

static bw_status read_bands(bw_context *ctx, bw_band *band, int frame, bw_runs *runs) {
    const bw_image_info *info = bw_image_get_info(band->image);
    bw_part part = {.frame = frame};
    while (bw_objects_next_band(info, BAND_VOXELS, &part)) {
        BW_TRY(bw_objects_read_floats(ctx, band->image, &part, band->pixels));
        const int64_t rows = (part.hi[1] - part.lo[1]) * (part.hi[2] - part.lo[2]);
        BW_TRY(bw_runs_append(ctx, runs, rows, band_row, band));
        bw_progress_add(ctx, (double)(rows * info->width));
    }
    return BW_OK;
}

static bw_status read_runs(bw_context *ctx, const bw_image *image, int frame, int any, bw_runs *out) {
    const bw_image_info *info = bw_image_get_info(image);
    const int64_t size[3] = {info->width, info->height, info->depth};
    const int64_t voxels = info->width * info->height * info->depth;
    const int64_t most = voxels < BAND_VOXELS ? voxels : info->width > BAND_VOXELS ? info->width : BAND_VOXELS;
    bw_band band = {image, info->width, any, bw_alloc(ctx, (uint64_t)most, sizeof(float), "rows of an image")};
    bw_status status = band.pixels ? bw_runs_begin(ctx, size, out) : BW_ERROR_MEMORY;
    if (status == BW_OK) status = read_bands(ctx, &band, frame, out);
    bw_free(band.pixels);
    return status;
}

/* ---- label images ------------------------------------------------------------------------------------------------ */

static uint32_t highest_label(const bw_runs *runs) {
    uint32_t highest = 0;
    for (int64_t i = 0; i < runs->count; i++)
        if (runs->run[i].label > highest) highest = runs->run[i].label;
    return highest;
}

/* Values become indices + 1; index_of: zeroed, one for each value up to the highest. */
static bw_status index_ids(bw_context *ctx, bw_object_frame *frame, uint32_t highest, uint32_t *index_of) {
    for (int64_t i = 0; i < frame->runs.count; i++)
        index_of[frame->runs.run[i].label] = 1;
    for (uint32_t id = 1; id <= highest; id++)
        if (index_of[id]) index_of[id] = (uint32_t)++frame->count;
    if (frame->count == highest) return BW_OK;
    frame->ids = bw_alloc(ctx, (uint64_t)frame->count, sizeof *frame->ids, "ids of objects");
    if (!frame->ids) return BW_ERROR_MEMORY;
    for (uint32_t id = 1; id <= highest; id++)
        if (index_of[id]) frame->ids[index_of[id] - 1] = id;
    for (int64_t i = 0; i < frame->runs.count; i++)
        frame->runs.run[i].label = index_of[frame->runs.run[i].label];
    return BW_OK;
}

static bw_status frame_from_labels(bw_context *ctx, const bw_image *labels, int index, bw_object_frame *frame) {
    BW_TRY(read_runs(ctx, labels, index, 0, &frame->runs));
    const uint32_t highest = highest_label(&frame->runs);
    uint32_t *index_of = bw_calloc(ctx, (uint64_t)highest + 1, sizeof *index_of, "ids of objects");
    const bw_status status = index_of ? index_ids(ctx, frame, highest, index_of) : BW_ERROR_MEMORY;
    bw_free(index_of);
    return status;
}

static bw_status frame_from_mask(bw_context *ctx, const bw_image *mask, int index, int connectivity,
                                 bw_object_frame *frame) {
    uint32_t count = 0;
    BW_TRY(read_runs(ctx, mask, index, 1, &frame->runs));
    BW_TRY(bw_runs_components(ctx, &frame->runs, connectivity, &count));
    frame->count = count;
    return BW_OK;
}

/* connectivity 0: a label image. */
static bw_status read_objects(bw_context *ctx, const bw_image *image, int connectivity, bw_objects *objects) {
    const bw_image_info *info = bw_image_get_info(image);
    bw_progress_begin(ctx, (double)info->width * (double)info->height * (double)info->depth * info->frames);
    for (int f = 0; f < info->frames; f++)
        BW_TRY(connectivity ? frame_from_mask(ctx, image, f, connectivity, objects->frames + f)
                            : frame_from_labels(ctx, image, f, objects->frames + f));
    return bw_objects_settle(ctx, objects);
}

/* ---- either ------------------------------------------------------------------------------------------------------ */

enum { MASK_VALUE = 255 };

/* Read as labels, a mask has one object in a frame, or none. */
static int are_of_mask(const bw_objects *objects) {
    int64_t all = 0;
    for (int f = 0; f < bw_image_get_info(objects->outline)->frames; f++) {
        const int64_t count = bw_objects_count(objects, f);
        if (count > 1 || (count && bw_objects_id(objects, f, 0) != MASK_VALUE)) return 0;
        all += count;
    }
    return all > 0;
}

static bw_status take_apart(bw_context *ctx, int connectivity, bw_objects *objects) {
    for (int f = 0; f < bw_image_get_info(objects->outline)->frames; f++) {
        bw_object_frame *frame = objects->frames + f;
        uint32_t count = 0;
        BW_TRY(bw_runs_components(ctx, &frame->runs, connectivity, &count));
        bw_free(frame->ids);
        frame->ids = NULL;
        frame->count = count;
    }
    return bw_objects_settle(ctx, objects);
}

/* ---- whole images ------------------------------------------------------------------------------------------------ */

static bw_status check_channels(bw_context *ctx, const bw_image *image, const char *what) {
    const bw_image_info *info = bw_image_get_info(image);
    const char *name = bw_image_name(image);
    if (info->channels == 1) return BW_OK;
    return bw_fail(ctx, BW_ERROR_MISMATCH, "%s is no %s: it has %d channels, not one.", *name ? name : "The image",
                   what, info->channels);
}

static bw_status create_from(bw_context *ctx, const bw_image *image, int connectivity, bw_objects **out) {
    BW_TRY(bw_objects_create(ctx, image, out));
    const bw_status status = read_objects(ctx, image, connectivity, *out);
    if (status == BW_OK) return BW_OK;
    bw_objects_free(*out);
    *out = NULL;
    return status;
}

bw_status bw_objects_from_labels(bw_context *ctx, const bw_image *labels, bw_objects **out) {
    *out = NULL;
    BW_TRY(check_channels(ctx, labels, "label image"));
    return create_from(ctx, labels, 0, out);
}

bw_status bw_objects_from_mask(bw_context *ctx, const bw_image *mask, int connectivity, bw_objects **out) {
    const bw_image_info *info = bw_image_get_info(mask);
    *out = NULL;
    BW_TRY(check_channels(ctx, mask, "mask"));
    BW_TRY(
        bw_connectivity_check(ctx, connectivity, (int64_t[3]){info->width, info->height, info->depth}, &connectivity));
    return create_from(ctx, mask, connectivity, out);
}

bw_status bw_objects_from_image(bw_context *ctx, const bw_image *image, int connectivity, bw_objects **out, int *mask) {
    const bw_image_info *info = bw_image_get_info(image);
    *out = NULL;
    BW_TRY(
        bw_connectivity_check(ctx, connectivity, (int64_t[3]){info->width, info->height, info->depth}, &connectivity));
    BW_TRY(bw_objects_from_labels(ctx, image, out));
    const int found = info->type == BW_UINT8 && are_of_mask(*out);
    if (mask) *mask = found;
    const bw_status status = found ? take_apart(ctx, connectivity, *out) : BW_OK;
    if (status == BW_OK) return BW_OK;
    bw_objects_free(*out);
    *out = NULL;
    return status;
}
