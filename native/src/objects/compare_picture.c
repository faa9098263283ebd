/* A picture of what differs between two segmentations. */
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/image.h"
#include "core/parallel.h"
#include "core/sink.h"
#include "objects/compare.h"
#include "objects/objects.h"

enum { PART_VOXELS = 1 << 21 };

/* ---- colours ----------------------------------------------------------------------------------------------------- */

/* Rows of the table below. */
typedef enum bw_look { LOOK_NOTHING, LOOK_AGREE, LOOK_MISSED, LOOK_EXTRA, LOOK_SPLIT, LOOK_MERGED, LOOK_OTHER } bw_look;

#define LABELS (1 << BW_COMPARE_LABELS)
#define CLASSES (1 << BW_COMPARE_CLASSES)
#define ALL (LABELS | CLASSES | 1 << BW_COMPARE_MASKS)

static const bw_comparison_colour colours[] = {
    [LOOK_NOTHING] = {"nothing", "background in both, or not counted", 0x000000, ALL},
    [LOOK_AGREE] = {"agree", "the same: foreground, class, or objects with an IoU of 0.5 and more", 0x404040, ALL},
    [LOOK_MISSED] = {"missed", "in the truth alone", 0xd55e00, ALL},
    [LOOK_EXTRA] = {"extra", "in the result alone", 0x0072b2, ALL},
    [LOOK_SPLIT] = {"split", "another part of an object of the truth that the result cuts up", 0xf0e442, LABELS},
    [LOOK_MERGED] = {"merged", "another object of the truth that the result joins to one", 0xcc79a7, LABELS},
    [LOOK_OTHER] = {"differs", "other classes, or objects with an IoU below 0.5", 0xffffff, LABELS | CLASSES},
};

int bw_comparison_colour_count(void) {
    return sizeof colours / sizeof *colours;
}

const bw_comparison_colour *bw_comparison_colour_get(int index) {
    return index >= 0 && index < bw_comparison_colour_count() ? &colours[index] : NULL;
}

/* ---- drawing ----------------------------------------------------------------------------------------------------- */

typedef struct bw_drawing {
    const bw_compared *compared;
    bw_pairs pairs; /* of the frame, for labels */
    uint8_t *kinds; /* of the pairs */
    float *pixels[2];
    bw_part part;
    bw_image *picture; /* of the part */
} bw_drawing;

static bw_look look_of_overlap(const bw_drawing *d, uint32_t truth, uint32_t result) {
    static const bw_look looks[] = {LOOK_AGREE, LOOK_SPLIT, LOOK_MERGED, LOOK_OTHER};
    const bw_pair key = {truth, result, 0};
    const bw_pair *found = bsearch(&key, d->pairs.items, (size_t)d->pairs.count, sizeof key, bw_pair_order);
    return found ? looks[d->kinds[found - d->pairs.items]] : LOOK_OTHER;
}

static bw_look look_of(const bw_drawing *d, float a, float b) {
    const uint32_t truth = (uint32_t)a, result = (uint32_t)b;
    if (!truth && (!result || d->compared->ignore_zero)) return LOOK_NOTHING;
    if (!truth) return LOOK_EXTRA;
    if (!result) return LOOK_MISSED;
    if (d->compared->kind == BW_COMPARE_LABELS) return look_of_overlap(d, truth, result);
    return d->compared->kind == BW_COMPARE_MASKS || truth == result ? LOOK_AGREE : LOOK_OTHER;
}

static void draw_row(const bw_drawing *d, const float *a, const float *b, int64_t width, uint8_t *const to[3]) {
    for (int64_t x = 0; x < width;) {
        const int64_t from = x;
        const float truth = a[x], result = b[x];
        for (x++; x < width && a[x] == truth && b[x] == result; x++) {
        }
        const uint32_t colour = colours[look_of(d, truth, result)].colour;
        for (int c = 0; c < 3; c++)
            memset(to[c] + from, (int)(colour >> (16 - 8 * c) & 255), (size_t)(x - from));
    }
}

static bw_status draw_slice(bw_context *ctx, void *user, int64_t index, int thread) {
    const bw_drawing *d = user;
    const int64_t width = d->part.hi[0] - d->part.lo[0], rows = d->part.hi[1] - d->part.lo[1];
    const int64_t z = index / rows, y = index % rows, at = index * width;
    uint8_t *to[3];
    (void)ctx, (void)thread;
    for (int c = 0; c < 3; c++)
        to[c] = (uint8_t *)bw_image_plane(d->picture, 0, c, z) + y * width;
    draw_row(d, d->pixels[0] + at, d->pixels[1] + at, width, to);
    return BW_OK;
}

static bw_status create_part(bw_context *ctx, bw_drawing *d) {
    bw_image_info info = {.type = BW_UINT8, .channels = 3, .frames = 1, .rgb = 1};
    info.width = d->part.hi[0] - d->part.lo[0];
    info.height = d->part.hi[1] - d->part.lo[1];
    info.depth = d->part.hi[2] - d->part.lo[2];
    return bw_image_create(ctx, &info, &d->picture);
}

static bw_status draw_part(bw_context *ctx, bw_drawing *d, bw_sink *sink) {
    BW_TRY(create_part(ctx, d));
    const bw_image_info *info = bw_image_get_info(d->picture);
    const uint64_t voxels = (uint64_t)(info->width * info->height * info->depth);
    bw_status status = BW_OK;
    for (int i = 0; i < 2 && status == BW_OK; i++) {
        d->pixels[i] = bw_alloc(ctx, voxels, sizeof(float), "rows of an image");
        status = d->pixels[i] ? bw_compared_read(ctx, d->compared, i, &d->part, d->pixels[i]) : BW_ERROR_MEMORY;
    }
    if (status == BW_OK) status = bw_parallel(ctx, info->height * info->depth, draw_slice, d);
    if (status == BW_OK) status = bw_sink_write(ctx, sink, &d->part, d->picture);
    bw_free(d->pixels[0]);
    bw_free(d->pixels[1]);
    bw_image_free(d->picture);
    d->pixels[0] = d->pixels[1] = NULL;
    d->picture = NULL;
    bw_progress_add(ctx, (double)voxels);
    return status;
}

/* Extent of parts: full width, in steps of the sink. */
static int64_t extent(int64_t wanted, int64_t step, int64_t size) {
    const int64_t count = wanted > step ? wanted / step * step : step;
    return count < size ? count : size;
}

static bw_status draw_frame(bw_context *ctx, bw_drawing *d, int frame, bw_sink *sink) {
    const bw_image_info *info = bw_image_get_info(d->compared->images[0]);
    int64_t step[3];
    bw_sink_step(sink, step);
    const int64_t rows = extent(PART_VOXELS / info->width, step[1], info->height);
    const int64_t slices = extent(PART_VOXELS / (info->width * rows), step[2], info->depth);
    for (int64_t z = 0; z < info->depth; z += slices)
        for (int64_t y = 0; y < info->height; y += rows) {
            const int64_t below = y + rows, behind = z + slices;
            d->part = (bw_part){frame,
                                {0, y, z},
                                {info->width, below < info->height ? below : info->height,
                                 behind < info->depth ? behind : info->depth}};
            BW_TRY(draw_part(ctx, d, sink));
        }
    return BW_OK;
}

static bw_status find_kinds(bw_context *ctx, bw_drawing *d) {
    bw_object_scores scores;
    d->kinds = bw_alloc(ctx, (uint64_t)d->pairs.count, 1, "pairs of labels");
    if (!d->kinds) return BW_ERROR_MEMORY;
    return bw_compare_objects(ctx, &d->pairs, &scores, d->kinds);
}

static bw_status draw_frames(bw_context *ctx, const bw_compared *compared, bw_sink *sink) {
    bw_status status = BW_OK;
    bw_progress_begin(ctx, 2 * bw_compared_voxels(compared));
    for (int f = 0; f < bw_image_get_info(compared->images[0])->frames && status == BW_OK; f++) {
        bw_drawing drawing = {.compared = compared};
        status = bw_compared_pairs(ctx, compared, f, &drawing.pairs); /* checks all values, too */
        if (status == BW_OK && compared->kind == BW_COMPARE_LABELS) status = find_kinds(ctx, &drawing);
        if (status == BW_OK) status = draw_frame(ctx, &drawing, f, sink);
        bw_free(drawing.pairs.items);
        bw_free(drawing.kinds);
    }
    return status;
}

bw_status bw_comparison_draw(bw_context *ctx, const bw_image *truth, const bw_image *result, bw_comparison_kind kind,
                             int flags, bw_sink *sink) {
    bw_compared compared;
    bw_status status = bw_compared_begin(ctx, truth, result, kind, flags, &compared);
    if (status == BW_OK) status = draw_frames(ctx, &compared, sink);
    bw_compared_end(&compared);
    return status;
}

/* ---- images in memory -------------------------------------------------------------------------------------------- */

static bw_image_info picture_info(const bw_image *truth) {
    bw_image_info info = *bw_image_get_info(truth);
    info.type = BW_UINT8;
    info.channels = 3;
    info.rgb = 1;
    return info;
}

static bw_status like_truth(bw_context *ctx, const bw_image *truth, bw_status status, bw_image **out) {
    if (status == BW_OK) status = bw_image_set_name(ctx, *out, bw_image_name(truth));
    if (status == BW_OK) return BW_OK;
    bw_image_free(*out);
    *out = NULL;
    return status;
}

bw_status bw_comparison_outline(bw_context *ctx, const bw_image *truth, bw_image **out) {
    const bw_image_info info = picture_info(truth);
    *out = NULL;
    return like_truth(ctx, truth, bw_image_create_sparse(ctx, &info, out), out);
}

static bw_status keep_part(bw_context *ctx, void *user, const bw_part *part, const bw_image *pixels) {
    const bw_image_info *from = bw_image_get_info(pixels), *to = bw_image_get_info(user);
    (void)ctx;
    for (int c = 0; c < 3; c++)
        for (int64_t z = 0; z < from->depth; z++) {
            uint8_t *plane = bw_image_plane(user, part->frame, c, part->lo[2] + z);
            memcpy(plane + part->lo[1] * to->width, bw_image_plane_const(pixels, 0, c, z),
                   (size_t)(from->width * from->height));
        }
    return BW_OK;
}

bw_status bw_comparison_picture(bw_context *ctx, const bw_image *truth, const bw_image *result, bw_comparison_kind kind,
                                int flags, bw_image **out) {
    const bw_image_info info = picture_info(truth);
    bw_sink *sink = NULL;
    *out = NULL;
    bw_status status = bw_image_create(ctx, &info, out);
    const bw_sink_writer writer = {.write = keep_part, .user = *out};
    if (status == BW_OK) status = bw_sink_create(ctx, *out, &writer, &sink);
    if (status == BW_OK) status = bw_comparison_draw(ctx, truth, result, kind, flags, sink);
    bw_sink_free(sink);
    return like_truth(ctx, truth, status, out);
}
