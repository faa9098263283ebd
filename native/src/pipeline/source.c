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

static bw_status scan_pixels(bw_context *ctx, const float *pixels, int64_t count, bw_plane_scan *found) {
    for (int64_t i = 0; i < count; i++) {
        const float v = pixels[i];
        if (i % PIECE == 0) BW_TRY(bw_check(ctx));
        if (!is_finite(v)) {
            found->non_finite++;
            continue;
        }
        if (v < found->low) found->low = v;
        if (v > extreme_value || v < -extreme_value) found->extreme = 1;
    }
    return BW_OK;
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
    BW_TRY(scan_pixels(ctx, pixels, info->width * info->height, &found));
    scan->planes[index] = found;
    return BW_OK;
}

/* ---- pixels that may be damaged ---------------------------------------------------------------------------------- */

static bw_context *make_trial(const bw_context *ctx) {
    bw_context *trial = bw_context_create();
    if (!trial) return NULL;
    bw_context_set_threads(trial, bw_context_threads(ctx));
    bw_context_set_memory_budget(trial, bw_context_memory_budget(ctx));
    return trial;
}

/* Reads a part; *there = 0 when a chunk of it is damaged, which must not cost those who do not need its pixels. *trial
 * serves the next call, too, and is freed by the caller. */
static bw_status try_read(bw_context *ctx, const bw_image *image, const bw_part *part, void *to, bw_context **trial,
                          int *there) {
    *there = 1;
    if (!bw_image_chunks(image)) return bw_image_read(ctx, image, part, to);
    if (!*trial) *trial = make_trial(ctx);
    if (!*trial) return bw_fail(ctx, BW_ERROR_MEMORY, "There is no memory left to read the image.");
    const bw_status status = bw_image_read(*trial, image, part, to);
    if (status == BW_OK) return bw_check(ctx);
    *there = 0;
    if (status != BW_ERROR_FORMAT) return bw_fail(ctx, status, "%s", bw_context_error(*trial));
    bw_context_free(*trial);
    *trial = NULL;
    return bw_check(ctx);
}

/* ---- float images ------------------------------------------------------------------------------------------------ */

typedef struct bw_box_scan {
    const bw_scan *scan;
    bw_context *trial;
    float *room; /* pixels of a box */
} bw_box_scan;

static int64_t up_to(int64_t value, int64_t most) {
    return value < most ? value : most;
}

/* *there = 0 when a chunk is damaged. */
static bw_status scan_box(bw_context *ctx, bw_box_scan *s, const bw_part *box, int *there) {
    const bw_image_info *info = s->scan->info;
    const int64_t count = (box->hi[1] - box->lo[1]) * (box->hi[0] - box->lo[0]);
    const float *pixels = s->room;
    BW_TRY(try_read(ctx, s->scan->image, box, s->room, &s->trial, there));
    for (int c = 0; c < info->channels && *there; c++)
        for (int64_t z = box->lo[2]; z < box->hi[2]; z++, pixels += count) {
            bw_plane_scan *found = s->scan->planes + ((int64_t)box->frame * info->depth + z) * info->channels + c;
            BW_TRY(scan_pixels(ctx, pixels, count, found));
        }
    return BW_OK;
}

/* A part in boxes; again: of a box with a damaged chunk, the other chunks. */
static bw_status scan_part(bw_context *ctx, bw_box_scan *s, const bw_part *all, const int64_t extent[3], int again) {
    bw_part box = *all;
    for (box.lo[2] = all->lo[2]; box.lo[2] < all->hi[2]; box.lo[2] = box.hi[2])
        for (box.lo[1] = all->lo[1]; box.lo[1] < all->hi[1]; box.lo[1] = box.hi[1])
            for (box.lo[0] = all->lo[0]; box.lo[0] < all->hi[0]; box.lo[0] = box.hi[0]) {
                int there;
                for (int axis = 0; axis < 3; axis++)
                    box.hi[axis] = up_to((box.lo[axis] / extent[axis] + 1) * extent[axis], all->hi[axis]);
                BW_TRY(scan_box(ctx, s, &box, &there));
                if (!there && again) BW_TRY(scan_part(ctx, s, &box, bw_image_chunks(s->scan->image), 0));
            }
    return BW_OK;
}

static bw_status scan_streamed(bw_context *ctx, const bw_scan *scan) {
    const bw_image_info *info = scan->info;
    bw_part frame = {0, {0, 0, 0}, {info->width, info->height, info->depth}};
    bw_box_scan s = {.scan = scan};
    int64_t extent[3];
    bw_status status = BW_OK;
    bw_image_choose_box(scan->image, 4 * PIECE, extent);
    s.room = bw_alloc(ctx, (uint64_t)(extent[0] * extent[1] * extent[2] * info->channels), sizeof *s.room,
                      "pixels of an image");
    if (!s.room) return BW_ERROR_MEMORY;
    for (int64_t i = 0; i < scan->slices * info->channels; i++)
        scan->planes[i] = (bw_plane_scan){INFINITY, 0, 0};
    for (; frame.frame < info->frames && status == BW_OK; frame.frame++)
        status = scan_part(ctx, &s, &frame, extent, 1);
    bw_context_free(s.trial);
    bw_free(s.room);
    return status;
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

static bw_status scan_image(bw_context *ctx, bw_source *source) {
    const bw_image *image = source->image;
    const bw_image_info *info = bw_image_get_info(image);
    const int64_t slices = bw_image_statistics_count(image), planes = slices * info->channels;
    bw_scan scan = {image, info, slices, NULL};
    source->low =
        bw_alloc(ctx, (uint64_t)((int64_t)info->frames * info->channels), sizeof *source->low, "pixel minima");
    scan.planes = bw_alloc(ctx, (uint64_t)planes, sizeof *scan.planes, "pixel minima");
    bw_status status = source->low && scan.planes ? BW_OK : BW_ERROR_MEMORY;
    if (status == BW_OK)
        status = bw_image_is_streamed(image) ? scan_streamed(ctx, &scan) : bw_parallel(ctx, planes, scan_plane, &scan);
    if (status == BW_OK) merge(&scan, source);
    bw_free(scan.planes);
    return status;
}

static bw_status open_typical(bw_context *ctx, bw_source *source) {
    const bw_image_info *info = bw_image_get_info(source->image);
    const uint64_t slices = (uint64_t)(info->frames * (info->depth + 1)), channels = (uint64_t)info->channels;
    source->typical = bw_alloc(ctx, slices * channels, sizeof *source->typical, "typical values");
    source->known = bw_calloc(ctx, slices, sizeof *source->known, "typical values");
    return source->typical && source->known ? BW_OK : BW_ERROR_MEMORY;
}

bw_status bw_source_open(bw_context *ctx, const bw_image *image, bw_source *out) {
    bw_status status = BW_OK;
    *out = (bw_source){.image = image};
    if (bw_image_is_streamed(image)) status = open_typical(ctx, out);
    if (status == BW_OK && bw_image_get_info(image)->type == BW_FLOAT32) status = scan_image(ctx, out);
    if (status != BW_OK) bw_source_close(out);
    return status;
}

bw_status bw_source_open_known(bw_context *ctx, const bw_image *image, const float *low, int64_t non_finite,
                               int extreme, bw_source *out) {
    const bw_image_info *info = bw_image_get_info(image);
    const uint64_t count = (uint64_t)((int64_t)info->frames * info->channels);
    bw_status status = BW_OK;
    *out = (bw_source){.image = image, .non_finite = non_finite, .extreme = extreme};
    if (bw_image_is_streamed(image)) status = open_typical(ctx, out);
    if (status == BW_OK) out->low = bw_alloc(ctx, count, sizeof *low, "pixel minima");
    if (status == BW_OK && !out->low) status = BW_ERROR_MEMORY;
    if (status == BW_OK) memcpy(out->low, low, count * sizeof *low);
    if (status != BW_OK) bw_source_close(out);
    return status;
}

void bw_source_close(bw_source *source) {
    bw_free(source->low);
    bw_free(source->typical);
    bw_free(source->known);
    source->low = NULL;
    source->typical = NULL;
    source->known = NULL;
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

/* A plane of an image, or what is there of it, whose rows are wanted as finite floats. */
typedef struct bw_plane {
    const uint8_t *pixels; /* from x, y on */
    int64_t x, y;
    int64_t step; /* bytes per row */
    bw_pixel_type type;
    const float *low; /* takes the place of what is not finite; NULL = all is */
} bw_plane;

/* What was not looked at may hold anything. */
static int is_guessed(const bw_source *source) {
    return source->low && bw_image_is_sparse(source->image);
}

/* What replaces values of a channel that are not finite; NULL when all are. */
static const float *lowest_of(const bw_source *source, int frame, int channel) {
    const int replaces = source->non_finite || is_guessed(source);
    return replaces ? &source->low[(int64_t)frame * bw_image_get_info(source->image)->channels + channel] : NULL;
}

static int covers(const bw_window *window, int frame, const bw_box *box) {
    for (int axis = 0; axis < 3; axis++)
        if (box->lo[axis] < window->box.lo[axis] || box->hi[axis] > window->box.hi[axis]) return 0;
    return window->frame == frame;
}

static bw_status open_window(bw_context *ctx, const bw_window *window, const bw_frame *frame, int channel,
                             const bw_box *box, int64_t z, bw_plane *out) {
    if (!window || !covers(window, frame->index, box))
        return bw_fail(ctx, BW_ERROR_INTERNAL, "A tile reads pixels that were not loaded.");
    const bw_box *all = &window->box;
    const int64_t plane = channel * bw_box_extent(all, 2) + z - all->lo[2];
    out->x = all->lo[0];
    out->y = all->lo[1];
    out->step = bw_box_extent(all, 0) * bw_type_size(out->type);
    out->pixels = window->pixels + plane * bw_box_extent(all, 1) * out->step;
    return BW_OK;
}

/* Slice z of what tiles read of a box. */
static bw_status open_plane(bw_context *ctx, const bw_frame *frame, int channel, const bw_box *box, int64_t z,
                            bw_plane *out) {
    const bw_source *source = frame->source;
    const bw_image_info *info = bw_image_get_info(source->image);
    *out = (bw_plane){.step = info->width * bw_type_size(info->type),
                      .type = info->type,
                      .low = lowest_of(source, frame->index, channel)};
    if (bw_image_is_streamed(source->image)) return open_window(ctx, source->window, frame, channel, box, z, out);
    BW_TRY(bw_image_need_plane(ctx, source->image, frame->index, channel, z));
    out->pixels = bw_image_plane_const(source->image, frame->index, channel, z);
    return BW_OK;
}

static void (*const convert[])(float *, const void *, int64_t, int64_t) = {
    [BW_UINT8] = row_from_uint8, [BW_UINT16] = row_from_uint16, [BW_FLOAT32] = row_from_float};

static void load_row(const bw_plane *plane, int64_t x, int64_t y, int64_t n, float *out) {
    convert[plane->type](out, plane->pixels + (y - plane->y) * plane->step, x - plane->x, n);
    if (plane->low) replace(out, n, *plane->low);
}

static bw_status load(bw_context *ctx, const bw_frame *frame, int channel, const bw_box *box, float *out, int64_t row,
                      int64_t plane) {
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++) {
        bw_plane from;
        float *to = out + (z - box->lo[2]) * plane;
        BW_TRY(bw_check(ctx));
        BW_TRY(open_plane(ctx, frame, channel, box, z, &from));
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

enum { STEPS = BW_TYPICAL_STEPS, MOST_LOOKS = STEPS * STEPS * STEPS };

/* How many pixels give the typical value of slice z, or of the frame when z < 0. */
static int looks(int64_t z) {
    return z < 0 ? MOST_LOOKS : STEPS * STEPS;
}

static void look_at(const int64_t size[3], int64_t z, int look, int64_t at[3]) {
    const int step[3] = {look % STEPS, look / STEPS % STEPS, look / STEPS / STEPS};
    for (int axis = 0; axis < 3; axis++)
        at[axis] = bw_typical_position(size[axis], step[axis]);
    if (z >= 0) at[2] = z;
}

static float median(const float *sorted, int count) {
    return sorted[(count - 1) / 2];
}

static bw_status typical(bw_context *ctx, const bw_frame *frame, int channel, int64_t z, float *out) {
    const bw_source *source = frame->source;
    float sorted[MOST_LOOKS];
    *out = 0;
    if (source->extreme) return BW_OK;
    if (source->typical) {
        const bw_image_info *info = bw_image_get_info(source->image);
        const int64_t slice = frame->index * (info->depth + 1) + (z < 0 ? 0 : z + 1);
        *out = source->typical[slice * info->channels + channel];
        return BW_OK;
    }
    for (int i = 0; i < looks(z); i++) {
        int64_t at[3];
        bw_plane plane;
        float value;
        look_at(frame->size, z, i, at);
        const bw_box pixel = {{at[0], at[1], at[2]}, {at[0] + 1, at[1] + 1, at[2] + 1}};
        BW_TRY(open_plane(ctx, frame, channel, &pixel, at[2], &plane));
        load_row(&plane, at[0], at[1], 1, &value);
        insert_sorted(sorted, i, value);
    }
    *out = median(sorted, looks(z));
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

/* ---- windows ----------------------------------------------------------------------------------------------------- */

/* Room for the pixels that typical values come from. */
typedef struct bw_looks {
    uint8_t *pixel; /* all channels */
    float *sorted;  /* MOST_LOOKS values per channel */
    bw_context *trial;
} bw_looks;

static bw_status open_looks(bw_context *ctx, const bw_image_info *info, bw_looks *out) {
    const uint64_t channels = (uint64_t)info->channels;
    out->trial = NULL;
    out->pixel = bw_alloc(ctx, channels, (uint64_t)bw_type_size(info->type), "a pixel");
    out->sorted = bw_alloc(ctx, channels * MOST_LOOKS, sizeof *out->sorted, "pixels");
    return out->pixel && out->sorted ? BW_OK : BW_ERROR_MEMORY;
}

static void close_looks(bw_looks *looks_at) {
    bw_context_free(looks_at->trial);
    bw_free(looks_at->pixel);
    bw_free(looks_at->sorted);
}

/* The pixel as the i-th smallest or larger one of each channel. */
static void add_look(const bw_source *source, int frame, int i, const bw_looks *from) {
    const bw_image_info *info = bw_image_get_info(source->image);
    for (int c = 0; c < info->channels; c++) {
        const bw_plane plane = {.pixels = from->pixel + c * bw_type_size(info->type),
                                .type = info->type,
                                .low = lowest_of(source, frame, c)};
        float value;
        load_row(&plane, 0, 0, 1, &value);
        insert_sorted(from->sorted + (int64_t)c * MOST_LOOKS, i, value);
    }
}

static bw_status look_pixel(bw_context *ctx, const bw_source *source, int frame, const int64_t at[3], bw_looks *room,
                            int *there) {
    const bw_part pixel = {frame, {at[0], at[1], at[2]}, {at[0] + 1, at[1] + 1, at[2] + 1}};
    return try_read(ctx, source->image, &pixel, room->pixel, &room->trial, there);
}

/* A pixel, or in place of a damaged one a near one outside of its chunk, of the same slice if there is any: then the
 * median is seldom another. */
static bw_status look_near(bw_context *ctx, const bw_source *source, int frame, const int64_t at[3], bw_looks *room,
                           int *there) {
    const bw_image_info *info = bw_image_get_info(source->image);
    const int64_t size[3] = {info->width, info->height, info->depth};
    BW_TRY(look_pixel(ctx, source, frame, at, room, there));
    for (int plane = 1; plane >= 0 && !*there; plane--)
        for (int64_t step = 1; step < size[0] + size[1] + size[2] && !*there; step *= 2)
            for (int way = plane ? 0 : 4; way < (plane ? 4 : 6) && !*there; way++) {
                int64_t near[3] = {at[0], at[1], at[2]};
                near[way / 2] += way % 2 ? step : -step;
                if (near[way / 2] < 0 || near[way / 2] >= size[way / 2]) continue;
                BW_TRY(look_pixel(ctx, source, frame, near, room, there));
            }
    return BW_OK;
}

/* The typical values of all channels; 0 when no pixel can be read. */
static bw_status find_typical(bw_context *ctx, const bw_source *source, int frame, int64_t z, bw_looks *room,
                              float *out) {
    const bw_image_info *info = bw_image_get_info(source->image);
    const int64_t size[3] = {info->width, info->height, info->depth};
    int found = 0;
    for (int i = 0; i < looks(z); i++) {
        int64_t at[3];
        int there;
        look_at(size, z, i, at);
        BW_TRY(look_near(ctx, source, frame, at, room, &there));
        if (there) add_look(source, frame, found++, room);
    }
    for (int c = 0; c < info->channels; c++)
        out[c] = found ? median(room->sorted + (int64_t)c * MOST_LOOKS, found) : 0;
    return BW_OK;
}

/* Of the frame and of the slices from lo to hi - 1, as far as they are not there. */
static bw_status find_typicals(bw_context *ctx, bw_source *source, int frame, int64_t lo, int64_t hi) {
    const bw_image_info *info = bw_image_get_info(source->image);
    bw_looks room;
    bw_status status = open_looks(ctx, info, &room);
    for (int64_t z = -1; z < hi && status == BW_OK; z = z < 0 ? lo : z + 1) {
        const int64_t slice = frame * (info->depth + 1) + z + 1;
        float *out = source->typical + slice * info->channels;
        if (source->known[slice]) continue;
        if (info->depth == 1 && z == 0) /* the frame's are the same, each pixel counted STEPS times */
            memcpy(out, out - info->channels, (size_t)info->channels * sizeof *out);
        else
            status = find_typical(ctx, source, frame, info->depth == 1 ? 0 : z, &room, out);
        source->known[slice] = status == BW_OK;
    }
    close_looks(&room);
    return status;
}

static bw_status make_room(bw_context *ctx, uint64_t bytes, bw_window *window) {
    if (bytes <= window->room) return BW_OK;
    bw_window_free(window);
    window->pixels = bw_alloc(ctx, bytes, 1, "a part of an image");
    window->room = window->pixels ? bytes : 0;
    return window->pixels ? BW_OK : BW_ERROR_MEMORY;
}

bw_status bw_source_load(bw_context *ctx, bw_source *source, int frame, const bw_box *box, bw_window *window) {
    const bw_image_info *info = bw_image_get_info(source->image);
    const bw_part part = {frame, {box->lo[0], box->lo[1], box->lo[2]}, {box->hi[0], box->hi[1], box->hi[2]}};
    const int64_t bytes = bw_box_count(box) * info->channels * bw_type_size(info->type);
    if (!source->extreme) BW_TRY(find_typicals(ctx, source, frame, box->lo[2], box->hi[2]));
    BW_TRY(make_room(ctx, (uint64_t)bytes, window));
    window->frame = frame;
    window->box = *box;
    return bw_image_read(ctx, source->image, &part, window->pixels);
}

void bw_window_free(bw_window *window) {
    bw_free(window->pixels);
    *window = (bw_window){.pixels = NULL};
}
