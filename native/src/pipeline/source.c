#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "pipeline/pipeline.h"

/* Above this the products of the structure tensor and the eigenvalues may leave float's range. */
static const float extreme_value = 1e9f;
/* Pixels between two looks at cancel. */
enum { PIECE = 1 << 20 };

/* What one plane's scan found. */
typedef struct bw_plane_scan {
    float low; /* INFINITY = nothing is finite */
    int64_t non_finite;
    int extreme;
} bw_plane_scan;

typedef struct bw_scan {
    const bw_image *image;
    const bw_image_info *info;
    int64_t slices;        /* that are looked at */
    bw_plane_scan *planes; /* [slice][channel] */
} bw_scan;

static int is_finite(float v) {
    return v - v == 0;
}

static bw_status scan_plane(bw_context *ctx, void *user, int64_t index, int thread) {
    const bw_scan *scan = user;
    const bw_image_info *info = scan->info;
    const int64_t slice = bw_image_statistics_slice(scan->image, index / info->channels), z = slice % info->depth;
    const int frame = (int)(slice / info->depth), channel = (int)(index % info->channels);
    bw_plane_scan found = {INFINITY, 0, 0};
    (void)thread;
    BW_TRY(bw_image_need_plane(ctx, scan->image, frame, channel, z));
    const float *pixels = bw_image_plane_const(scan->image, frame, channel, z);
    for (int64_t i = 0; i < info->width * info->height; i++) {
        const float v = pixels[i];
        if (i % PIECE == 0) BW_TRY(bw_check(ctx));
        if (!is_finite(v)) {
            found.non_finite++;
            continue;
        }
        if (v < found.low) found.low = v;
        if (v > extreme_value || v < -extreme_value) found.extreme = 1;
    }
    scan->planes[index] = found;
    return BW_OK;
}

/* The smallest finite value of a channel in slices from, from + 1 ... of the scan, up to the end of their frame or to
 * the last one; 0 without any. -> the slice behind. */
static int64_t lowest(const bw_scan *scan, int channel, int64_t from, int whole, float *out) {
    const int64_t depth = scan->info->depth, frame = bw_image_statistics_slice(scan->image, from) / depth;
    float low = INFINITY;
    int64_t i = from;
    for (; i < scan->slices && (whole || bw_image_statistics_slice(scan->image, i) / depth == frame); i++) {
        const float found = scan->planes[i * scan->info->channels + channel].low;
        if (found < low) low = found;
    }
    *out = low < INFINITY ? low : 0;
    return i;
}

/* Frames that no slice of a survey is from have the value of all that are. */
static void merge(const bw_scan *scan, bw_source *source) {
    const bw_image_info *info = scan->info;
    for (int64_t i = 0; i < scan->slices * info->channels; i++) {
        source->non_finite += scan->planes[i].non_finite;
        source->extreme |= scan->planes[i].extreme;
    }
    for (int c = 0; c < info->channels; c++) {
        float low;
        lowest(scan, c, 0, 1, &low);
        for (int frame = 0; frame < info->frames; frame++)
            source->low[(int64_t)frame * info->channels + c] = low;
        for (int64_t i = 0; i < scan->slices;) {
            const int64_t frame = bw_image_statistics_slice(scan->image, i) / info->depth;
            i = lowest(scan, c, i, 0, &source->low[frame * info->channels + c]);
        }
    }
}

bw_status bw_source_open(bw_context *ctx, const bw_image *image, bw_source *out) {
    const bw_image_info *info = bw_image_get_info(image);
    *out = (bw_source){.image = image};
    if (info->type != BW_FLOAT32) return BW_OK;
    const int64_t blocks = (int64_t)info->frames * info->channels;
    const int64_t slices = bw_image_statistics_count(image);
    bw_scan scan = {image, info, slices, NULL};
    out->low = bw_alloc(ctx, (uint64_t)blocks, sizeof *out->low, "pixel minima");
    scan.planes = bw_alloc(ctx, (uint64_t)(slices * info->channels), sizeof *scan.planes, "pixel minima");
    bw_status status = out->low && scan.planes ? BW_OK : BW_ERROR_MEMORY;
    if (status == BW_OK) status = bw_parallel(ctx, slices * info->channels, scan_plane, &scan);
    if (status == BW_OK) merge(&scan, out);
    bw_free(scan.planes);
    if (status != BW_OK) bw_source_close(out);
    return status;
}

void bw_source_close(bw_source *source) {
    bw_free(source->low);
    source->low = NULL;
}

static void row_from_uint8(float *restrict out, const void *from, int64_t x, int64_t n) {
    const uint8_t *restrict pixels = (const uint8_t *)from + x;
    for (int64_t i = 0; i < n; i++)
        out[i] = pixels[i];
}

static void row_from_uint16(float *restrict out, const void *from, int64_t x, int64_t n) {
    const uint16_t *restrict pixels = (const uint16_t *)from + x;
    for (int64_t i = 0; i < n; i++)
        out[i] = pixels[i];
}

static void row_from_float(float *restrict out, const void *from, int64_t x, int64_t n) {
    memcpy(out, (const float *)from + x, (size_t)n * sizeof *out);
}

static void replace(float *out, int64_t n, float low) {
    for (int64_t i = 0; i < n; i++)
        if (!is_finite(out[i])) out[i] = low;
}

/* A plane of an image whose rows are wanted as finite floats. */
typedef struct bw_plane {
    const uint8_t *pixels;
    int64_t step; /* bytes per row */
    bw_pixel_type type;
    const float *low; /* takes the place of what is not finite; NULL = all is */
} bw_plane;

/* What was not looked at may hold anything. */
static int is_guessed(const bw_source *source) {
    return source->low && bw_image_is_sparse(source->image);
}

static bw_status open_plane(bw_context *ctx, const bw_source *source, int frame, int channel, int64_t z,
                            bw_plane *out) {
    const bw_image_info *info = bw_image_get_info(source->image);
    const int replaces = source->non_finite || is_guessed(source);
    BW_TRY(bw_image_need_plane(ctx, source->image, frame, channel, z));
    *out = (bw_plane){bw_image_plane_const(source->image, frame, channel, z), info->width * bw_type_size(info->type),
                      info->type, replaces ? &source->low[(int64_t)frame * info->channels + channel] : NULL};
    return BW_OK;
}

static void load_row(const bw_plane *plane, int64_t x, int64_t y, int64_t n, float *out) {
    static void (*const convert[])(float *, const void *, int64_t, int64_t) = {
        [BW_UINT8] = row_from_uint8, [BW_UINT16] = row_from_uint16, [BW_FLOAT32] = row_from_float};
    convert[plane->type](out, plane->pixels + y * plane->step, x, n);
    if (plane->low) replace(out, n, *plane->low);
}

static bw_status load(bw_context *ctx, const bw_frame *frame, int channel, const bw_box *box, float *out, int64_t row,
                      int64_t plane) {
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++) {
        bw_plane from;
        float *to = out + (z - box->lo[2]) * plane;
        BW_TRY(bw_check(ctx));
        BW_TRY(open_plane(ctx, frame->source, frame->index, channel, z, &from));
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++, to += row)
            load_row(&from, box->lo[0], y, bw_box_extent(box, 0), to);
    }
    return BW_OK;
}

static void insert_sorted(float *sorted, int count, float value) {
    for (; count > 0 && sorted[count - 1] > value; count--)
        sorted[count] = sorted[count - 1];
    sorted[count] = value;
}

/* Symmetric, so that a mirrored image has the same typical value. */
int64_t bw_typical_position(int64_t size, int step) {
    const int64_t near = size * (step % 2 ? 3 : 1) / 8;
    return step < 2 ? near : size - 1 - near;
}

static bw_status typical(bw_context *ctx, const bw_frame *frame, int channel, int64_t z, float *out) {
    enum { STEPS = BW_TYPICAL_STEPS };
    const bw_source *source = frame->source;
    float sorted[STEPS * STEPS * STEPS];
    int count = 0;
    *out = 0;
    if (source->extreme) return BW_OK;
    for (int i = 0; i < (z < 0 ? STEPS * STEPS * STEPS : STEPS * STEPS); i++) {
        const int step[3] = {i % STEPS, i / STEPS % STEPS, i / STEPS / STEPS};
        int64_t at[3];
        for (int axis = 0; axis < 3; axis++)
            at[axis] = bw_typical_position(frame->size[axis], step[axis]);
        bw_plane plane;
        float value;
        BW_TRY(open_plane(ctx, source, frame->index, channel, z < 0 ? at[2] : z, &plane));
        load_row(&plane, at[0], at[1], 1, &value);
        insert_sorted(sorted, count++, value);
    }
    *out = sorted[(count - 1) / 2];
    return BW_OK;
}

bw_frame bw_source_frame(const bw_source *source, int index) {
    const bw_image_info *info = bw_image_get_info(source->image);
    return (bw_frame){.load = load,
                      .typical = typical,
                      .source = source,
                      .index = index,
                      .size = {info->width, info->height, info->depth},
                      .white = info->type == BW_UINT16 ? 65535 : 255,
                      .extreme = source->extreme || is_guessed(source)};
}
