#include <string.h>

#include "core/alloc.h"
#include "core/image.h"
#include "pipeline/trainer.h"

/* Bytes between two looks at cancel; even, so that no 16-bit pixel is cut. */
enum { PIECE = 1 << 20 };

typedef struct bw_label_reader {
    const bw_image *labels;
    const char *name; /* of the image that they are for */
    bw_sample_block *block;
    int64_t at; /* samples listed so far */
} bw_label_reader;

typedef bw_status (*bw_label_fn)(bw_context *ctx, bw_label_reader *r, int label, int64_t position);

static bw_status check_fit(bw_context *ctx, const bw_image *image, const bw_image *labels, const char *name) {
    BW_TRY(bw_image_need_whole(ctx, labels, "Reading labels"));
    const bw_image_info *info = bw_image_get_info(image), *given = bw_image_get_info(labels);
    char a[160], b[160], label_name[300];
    bw_image_describe(info, a, sizeof a);
    bw_image_describe(given, b, sizeof b);
    bw_fit_image_name(labels, label_name, sizeof label_name);
    if (given->type == BW_FLOAT32 || given->rgb)
        return bw_fail(ctx, BW_ERROR_MISMATCH,
                       "Labels %s for %s must be an 8- or 16-bit image of class numbers (0 = unlabelled), not %s.",
                       label_name, name, given->rgb ? "RGB" : "32-bit");
    if (given->channels != 1 || given->width != info->width || given->height != info->height ||
        given->depth != info->depth || given->frames != info->frames)
        return bw_fail(
            ctx, BW_ERROR_MISMATCH,
            "Labels %s (%s) do not fit %s (%s): width, height, slices and frames must agree, and labels have "
            "one channel.",
            label_name, b, name, a);
    return BW_OK;
}

/* The first byte at or behind `at` that is not 0. */
static int64_t skip_zeros(const uint8_t *bytes, int64_t at, int64_t end) {
    for (uint64_t word; at + 8 <= end; at += 8) {
        memcpy(&word, bytes + at, sizeof word);
        if (word) break;
    }
    while (at < end && !bytes[at])
        at++;
    return at;
}

/* Visits the labelled pixels of a plane whose first pixel is at `position`. */
static bw_status visit_plane(bw_context *ctx, bw_label_reader *r, const uint8_t *plane, int64_t position,
                             bw_label_fn visit) {
    const bw_image_info *info = bw_image_get_info(r->labels);
    const int64_t size = bw_type_size(info->type), bytes = info->width * info->height * size;
    const int offset = (int)bw_image_offset(r->labels); /* where there is one, labels of 0 are no zeros */
    for (int64_t start = 0; start < bytes; start += PIECE) {
        const int64_t end = start + PIECE < bytes ? start + PIECE : bytes;
        BW_TRY(bw_check(ctx));
        for (int64_t at = offset ? start : skip_zeros(plane, start, end); at < end;) {
            const int64_t pixel = at / size, next = (pixel + 1) * size;
            const int label = offset + (size == 1 ? plane[pixel] : ((const uint16_t *)(const void *)plane)[pixel]);
            if (label) BW_TRY(visit(ctx, r, label, position + pixel));
            at = offset ? next : skip_zeros(plane, next, end);
        }
    }
    return BW_OK;
}

static bw_status visit_labels(bw_context *ctx, bw_label_reader *r, bw_label_fn visit) {
    const bw_image_info *info = bw_image_get_info(r->labels);
    for (int64_t plane = 0; plane < info->depth * info->frames; plane++) {
        const void *pixels = bw_image_plane_const(r->labels, (int)(plane / info->depth), 0, plane % info->depth);
        BW_TRY(visit_plane(ctx, r, pixels, plane * info->width * info->height, visit));
    }
    return BW_OK;
}

static bw_status count(bw_context *ctx, bw_label_reader *r, int label, int64_t position) {
    (void)position;
    if (label < 0 || label > BW_MAX_CLASSES)
        return bw_fail(ctx, BW_ERROR_MISMATCH,
                       "The labels for %s contain class %d; classes are 1 to %d, and 0 is no label.", r->name, label,
                       BW_MAX_CLASSES);
    r->block->image.labels[label - 1]++;
    r->block->count++;
    return BW_OK;
}

static bw_status list(bw_context *ctx, bw_label_reader *r, int label, int64_t position) {
    (void)ctx;
    r->block->positions[r->at] = position;
    r->block->labels[r->at++] = (uint8_t)(label - 1);
    return BW_OK;
}

static bw_status make_samples(bw_context *ctx, bw_sample_block *block) {
    block->positions = bw_alloc(ctx, (uint64_t)block->count, sizeof *block->positions, "training samples");
    block->labels = bw_alloc(ctx, (uint64_t)block->count, 1, "training samples");
    return block->positions && block->labels ? BW_OK : BW_ERROR_MEMORY;
}

static bw_status read_image(bw_context *ctx, const bw_image *image, const bw_image *labels, const char *name,
                            bw_sample_block *block) {
    bw_label_reader r = {.labels = labels, .name = name, .block = block};
    BW_TRY(check_fit(ctx, image, labels, name));
    BW_TRY(visit_labels(ctx, &r, count));
    BW_TRY(make_samples(ctx, block));
    return visit_labels(ctx, &r, list);
}

/* ---- pixels ------------------------------------------------------------------------------------------------------ */

static bw_status check_pixel(bw_context *ctx, const bw_labels *given, int64_t i, int64_t pixels, const char *name) {
    const int64_t position = given->positions[i], before = i ? given->positions[i - 1] : -1;
    if (position < 0 || position >= pixels)
        return bw_fail(ctx, BW_ERROR_ARGUMENT,
                       "Labelled pixel %lld for %s has the position %lld, but positions are 0 to %lld.",
                       (long long)i + 1, name, (long long)position, (long long)pixels - 1);
    if (position <= before)
        return bw_fail(ctx, BW_ERROR_ARGUMENT,
                       "Labelled pixels for %s must be in ascending order, each once; position %lld comes after %lld.",
                       name, (long long)position, (long long)before);
    if (!given->classes[i])
        return bw_fail(ctx, BW_ERROR_ARGUMENT,
                       "The labelled pixel at position %lld of %s has label 0; leave pixels without a class out.",
                       (long long)position, name);
    return BW_OK;
}

static bw_status read_pixels(bw_context *ctx, const bw_image *image, const bw_labels *given, const char *name,
                             bw_sample_block *block) {
    const bw_image_info *info = bw_image_get_info(image);
    const int64_t pixels = info->width * info->height * info->depth * info->frames;
    if (given->count < 0)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "The number of labelled pixels for %s cannot be %lld.", name,
                       (long long)given->count);
    block->count = given->count;
    BW_TRY(make_samples(ctx, block));
    for (int64_t i = 0; i < given->count; i++) {
        if (i % 65536 == 0) BW_TRY(bw_check(ctx));
        BW_TRY(check_pixel(ctx, given, i, pixels, name));
        block->positions[i] = given->positions[i];
        block->labels[i] = (uint8_t)(given->classes[i] - 1);
        block->image.labels[block->labels[i]]++;
    }
    return BW_OK;
}

bw_status bw_labels_read(bw_context *ctx, const bw_image *image, const bw_labels *given, bw_sample_block *block) {
    char name[300];
    bw_fit_image_name(image, name, sizeof name);
    block->image.labels = bw_calloc(ctx, BW_MAX_CLASSES, sizeof *block->image.labels, "label counts");
    if (!block->image.labels) return BW_ERROR_MEMORY;
    return given->image ? read_image(ctx, image, given->image, name, block)
                        : read_pixels(ctx, image, given, name, block);
}
