#include "pipeline/refine.h"

#include <float.h>
#include <string.h>

#include "core/alloc.h"
#include "features/features.h"
#include "forest/forest.h"
#include "pipeline/refine_ops.h"

/* The guide is smoothed a little, so that it does not bring its own noise: Gaussian of sigma 1, radius 4, sum 1. */
enum { SMOOTH = 4 };
static const float smoothing[2 * SMOOTH + 1] = {0x1.18a9c4p-13f, 0x1.22724cp-8f, 0x1.ba4b9ap-5f,
                                                0x1.ef8ebap-3f,  0x1.9884a4p-2f, 0x1.ef8ebap-3f,
                                                0x1.ba4b9ap-5f,  0x1.22724cp-8f, 0x1.18a9c4p-13f};

/* Planes of a slice, by how many pixels more than the tile they hold on every side: `smooth` + SMOOTH, wide 2 * radius,
 * fitted radius, tile 0. */
struct bw_refine_room {
    bw_refine_spec spec;
    const bw_refine_ops *ops;
    int64_t width, height;       /* of the tile in work */
    float *loaded, *padded;      /* guide: as read, and mirrored at the frame's borders */
    float *rows;                 /* of a window's first pass */
    float *guide, *product;      /* wide */
    float *probabilities;        /* wide, per class */
    float *mean, *inverse;       /* fitted */
    float *p_mean, *gp_mean;     /* fitted */
    float *pp_mean;              /* fitted */
    float *slope, *offset, *own; /* tile */
    float *seen, *seen_p;        /* tile: the guide and the probabilities there */
    float *sums;                 /* tile, per class */
    uint32_t *result;            /* tile, per class */
    uint32_t *votes;             /* of a row, per class */
    int32_t *columns;            /* of a row */
};

int bw_refine_wanted(const bw_refine_spec *spec) {
    int guides = 0;
    for (int c = 0; c < spec->channels && spec->radius && spec->spread; c++)
        guides += spec->spread[c] > 0;
    return guides > 0;
}

int64_t bw_refine_guide_reach(const bw_refine_spec *spec) {
    return spec->radius ? SMOOTH : 0;
}

/* ---- room -------------------------------------------------------------------------------------------------------- */

/* What a room holds: which plane, of which margin, how often per class. */
typedef struct plane {
    void **at;
    int64_t margin;
    int per_class;
} plane;

enum { PLANES = 18 };

static void list_planes(bw_refine_room *room, plane list[PLANES]) {
    const int64_t r = room->spec.radius, wide = 2 * r, smooth = wide + SMOOTH;
    const plane all[PLANES] = {
        {(void **)&room->loaded, smooth, 0}, {(void **)&room->padded, smooth, 0},
        {(void **)&room->rows, smooth, 0},   {(void **)&room->guide, wide, 0},
        {(void **)&room->product, wide, 0},  {(void **)&room->probabilities, wide, 1},
        {(void **)&room->mean, r, 0},        {(void **)&room->inverse, r, 0},
        {(void **)&room->p_mean, r, 0},      {(void **)&room->gp_mean, r, 0},
        {(void **)&room->slope, 0, 0},       {(void **)&room->offset, 0, 0},
        {(void **)&room->pp_mean, r, 0},     {(void **)&room->own, 0, 0},
        {(void **)&room->seen_p, 0, 0},      {(void **)&room->seen, 0, 0},
        {(void **)&room->sums, 0, 1},        {(void **)&room->result, 0, 1},
    };
    memcpy(list, all, sizeof all);
}

static uint64_t plane_values(const plane *p, const int64_t extent[3], int classes) {
    return (uint64_t)((extent[0] + 2 * p->margin) * (extent[1] + 2 * p->margin) * (p->per_class ? classes : 1));
}

static int64_t row_values(const bw_refine_spec *spec, const int64_t extent[3]) {
    return extent[0] + 2 * (bw_refine_reach(spec) + SMOOTH);
}

int64_t bw_refine_bytes(const bw_refine_spec *spec, const int64_t extent[3]) {
    bw_refine_room room = {.spec = *spec};
    plane planes[PLANES];
    uint64_t values = (uint64_t)(row_values(spec, extent) * (spec->classes + 1));
    list_planes(&room, planes);
    for (int i = 0; i < PLANES; i++)
        values += plane_values(&planes[i], extent, spec->classes);
    return (int64_t)(values * sizeof(float));
}

static bw_status allocate(bw_context *ctx, const int64_t extent[3], bw_refine_room *room) {
    const int classes = room->spec.classes;
    plane planes[PLANES];
    list_planes(room, planes);
    for (int i = 0; i < PLANES; i++) {
        *planes[i].at = bw_alloc(ctx, plane_values(&planes[i], extent, classes), sizeof(float), "refining");
        if (!*planes[i].at) return BW_ERROR_MEMORY;
    }
    const uint64_t row = (uint64_t)row_values(&room->spec, extent);
    room->votes = bw_alloc(ctx, row * (uint64_t)classes, sizeof *room->votes, "refining");
    room->columns = bw_alloc(ctx, row, sizeof *room->columns, "refining");
    return room->votes && room->columns ? BW_OK : BW_ERROR_MEMORY;
}

bw_status bw_refine_open(bw_context *ctx, const bw_refine_spec *spec, bw_simd level, const int64_t extent[3],
                         bw_refine_room **out) {
    static const bw_refine_ops *const ops[BW_SIMD_COUNT] = BW_LEVELS(bw_refine_ops);
    *out = bw_calloc(ctx, 1, sizeof **out, "refining");
    if (!*out) return BW_ERROR_MEMORY;
    (*out)->spec = *spec;
    (*out)->ops = ops[level];
    const bw_status status = allocate(ctx, extent, *out);
    if (status == BW_OK) return BW_OK;
    bw_refine_close(*out);
    *out = NULL;
    return status;
}

void bw_refine_close(bw_refine_room *room) {
    if (!room) return;
    plane planes[PLANES];
    list_planes(room, planes);
    for (int i = 0; i < PLANES; i++)
        bw_free(*planes[i].at);
    bw_free(room->votes);
    bw_free(room->columns);
    bw_free(room);
}

/* ---- the guide --------------------------------------------------------------------------------------------------- */

/* Where the pixels of a line of a tile and `margin` pixels around it lie in a box that holds those of the frame. */
static void place(int64_t lo, int64_t count, int64_t margin, int64_t size, int64_t box_lo, int32_t *at) {
    for (int64_t i = 0; i < count; i++)
        at[i] = (int32_t)(bw_mirror(lo + i - margin, size) - box_lo);
}

/* Spreads a box of the frame over the tile and `margin` pixels around it. */
static void mirror(bw_refine_room *room, const bw_frame *frame, const bw_box *tile, const bw_box *box, int64_t margin) {
    const int64_t width = room->width + 2 * margin, height = room->height + 2 * margin;
    place(tile->lo[0], width, margin, frame->size[0], box->lo[0], room->columns);
    for (int64_t y = 0; y < height; y++) {
        const int64_t row = bw_mirror(tile->lo[1] + y - margin, frame->size[1]) - box->lo[1];
        const float *from = room->loaded + row * bw_box_extent(box, 0);
        for (int64_t x = 0; x < width; x++)
            room->padded[y * width + x] = from[room->columns[x]];
    }
}

static bw_status load_guide(bw_context *ctx, bw_refine_room *room, const bw_frame *frame, const bw_box *tile, int64_t z,
                            int channel) {
    const int64_t margin = bw_refine_reach(&room->spec) + SMOOTH, around[3] = {margin, margin, 0};
    const bw_box slice = {{tile->lo[0], tile->lo[1], z}, {tile->hi[0], tile->hi[1], z + 1}};
    const bw_box box = bw_box_grow(&slice, around, frame->size);
    const float scale = 1.0f / room->spec.spread[channel];
    const int64_t row = bw_box_extent(&box, 0), width = room->width + 2 * margin, height = room->height + 2 * margin;
    float offset;
    BW_TRY(frame->typical(ctx, frame, channel, z, &offset));
    BW_TRY(frame->load(ctx, frame, channel, &box, room->loaded, row, bw_box_count(&box)));
    for (int64_t i = 0; i < bw_box_count(&box); i++)
        room->loaded[i] = (room->loaded[i] - offset) * scale;
    mirror(room, frame, tile, &box, margin);
    room->ops->window(room->padded, width, height, SMOOTH, smoothing, room->rows, room->guide);
    return BW_OK;
}

/* ---- probabilities ----------------------------------------------------------------------------------------------- */

/* Shares of the votes, mirrored at the frame's borders. */
static void load_probabilities(bw_refine_room *room, const bw_frame *frame, const bw_box *tile, const bw_box *grown,
                               int64_t z, bw_refine_read_fn read, const void *user, uint32_t total) {
    const int64_t margin = bw_refine_reach(&room->spec), row = bw_box_extent(grown, 0);
    const int64_t width = room->width + 2 * margin, height = room->height + 2 * margin;
    const float share = 1.0f / (float)total;
    place(tile->lo[0], width, margin, frame->size[0], grown->lo[0], room->columns);
    for (int64_t y = 0; y < height; y++) {
        read(user, bw_mirror(tile->lo[1] + y - margin, frame->size[1]), z, room->votes);
        for (int k = 0; k < room->spec.classes; k++) {
            float *to = room->probabilities + (k * height + y) * width;
            const uint32_t *from = room->votes + k * row;
            for (int64_t x = 0; x < width; x++)
                to[x] = (float)from[room->columns[x]] * share;
        }
    }
}

/* The tile's part of a wide plane. */
static void cut_tile(const bw_refine_room *room, const float *wide, float *tile) {
    const int64_t margin = bw_refine_reach(&room->spec), width = room->width + 2 * margin;
    for (int64_t y = 0; y < room->height; y++)
        memcpy(tile + y * room->width, wide + (y + margin) * width + margin, (size_t)room->width * sizeof *tile);
}

/* Means over windows of a * b, or of a. */
static void window_mean(bw_refine_room *room, const float *a, const float *b, float *out) {
    const int r = room->spec.radius;
    const int64_t width = room->width + 4 * r, height = room->height + 4 * r;
    if (b) room->ops->multiply(a, b, width * height, room->product);
    room->ops->window(b ? room->product : a, width, height, r, NULL, room->rows, out);
}

/* What each pixel gets from the windows that it lies in. */
static void window_again(bw_refine_room *room, const float *fitted, float *out) {
    const int r = room->spec.radius;
    room->ops->window(fitted, room->width + 2 * r, room->height + 2 * r, r, NULL, room->rows, out);
}

static void filter_class(bw_refine_room *room, const float *p, float *sum) {
    const int64_t fitted = (room->width + 2 * room->spec.radius) * (room->height + 2 * room->spec.radius);
    window_mean(room, p, NULL, room->p_mean);
    window_mean(room, room->guide, p, room->gp_mean);
    window_mean(room, p, p, room->pp_mean);
    room->ops->fit(room->mean, room->inverse, room->p_mean, room->gp_mean, room->pp_mean, fitted);
    window_again(room, room->gp_mean, room->slope);
    window_again(room, room->p_mean, room->offset);
    window_again(room, room->pp_mean, room->own);
    cut_tile(room, p, room->seen_p);
    room->ops->apply(room->slope, room->seen, room->offset, room->own, room->seen_p, room->width * room->height, sum);
}

/* Adds to each class what this guide makes of its probabilities. Of two classes one is enough. */
static void filter(bw_refine_room *room) {
    const int r = room->spec.radius, classes = room->spec.classes == 2 ? 1 : room->spec.classes;
    const int64_t wide = (room->width + 4 * r) * (room->height + 4 * r), pixels = room->width * room->height;
    cut_tile(room, room->guide, room->seen);
    window_mean(room, room->guide, NULL, room->mean);
    window_mean(room, room->guide, room->guide, room->inverse);
    room->ops->precision(room->mean, room->inverse, (room->width + 2 * r) * (room->height + 2 * r));
    for (int k = 0; k < classes; k++)
        filter_class(room, room->probabilities + k * wide, room->sums + k * pixels);
}

/* The second of two classes gets what the first leaves of the guides' sums. */
static void complement(bw_refine_room *room, int guides) {
    const int64_t pixels = room->width * room->height;
    for (int64_t i = 0; i < pixels && room->spec.classes == 2; i++)
        room->sums[pixels + i] = (float)guides - room->sums[i];
}

/* The pixel's own probabilities take the place of sums that are no numbers: those of an image beyond float's range. */
static void keep_own(bw_refine_room *room, int64_t pixel) {
    const int64_t margin = bw_refine_reach(&room->spec), width = room->width + 2 * margin;
    const int64_t wide = width * (room->height + 2 * margin), pixels = room->width * room->height;
    const float *own = room->probabilities + (pixel / room->width + margin) * width + pixel % room->width + margin;
    for (int k = 0; k < room->spec.classes; k++)
        room->sums[k * pixels + pixel] = own[k * wide];
}

/* What the classes have above 0; not finite when any of it is not. */
static float positive_sum(const bw_refine_room *room, int64_t pixel) {
    const int64_t pixels = room->width * room->height;
    float sum = 0;
    for (int k = 0; k < room->spec.classes; k++) {
        const float value = room->sums[k * pixels + pixel];
        sum += value < 0 ? 0 : value;
    }
    return sum;
}

/* Sums to votes that add up to BW_CALIBRATED_TOTAL: what is below 0 is cut off, the rest shared out. */
static void share_votes(bw_refine_room *room) {
    const int64_t pixels = room->width * room->height;
    const int classes = room->spec.classes;
    for (int64_t i = 0; i < pixels; i++) {
        float sum = positive_sum(room, i);
        int best = 0;
        int64_t given = 0;
        if (!(sum > 0 && sum <= FLT_MAX)) {
            keep_own(room, i);
            sum = positive_sum(room, i);
        }
        for (int k = 0; k < classes; k++) {
            const float value = room->sums[k * pixels + i];
            const uint32_t votes = value > 0 ? (uint32_t)(value / sum * (float)BW_CALIBRATED_TOTAL) : 0;
            if (value > room->sums[best * pixels + i]) best = k;
            room->result[k * pixels + i] = votes;
            given += votes;
        }
        room->result[best * pixels + i] = (uint32_t)(room->result[best * pixels + i] + (BW_CALIBRATED_TOTAL - given));
    }
}

bw_status bw_refine_slice(bw_context *ctx, bw_refine_room *room, const bw_frame *frame, const bw_box *tile,
                          const bw_box *grown, int64_t z, bw_refine_read_fn read, const void *user, uint32_t total) {
    room->width = bw_box_extent(tile, 0);
    room->height = bw_box_extent(tile, 1);
    const int64_t pixels = room->width * room->height;
    load_probabilities(room, frame, tile, grown, z, read, user, total);
    memset(room->sums, 0, (size_t)(pixels * room->spec.classes) * sizeof *room->sums);
    int guides = 0;
    for (int c = 0; c < room->spec.channels; c++) {
        if (!(room->spec.spread[c] > 0)) continue;
        BW_TRY(bw_check(ctx));
        BW_TRY(load_guide(ctx, room, frame, tile, z, c));
        filter(room);
        guides++;
    }
    complement(room, guides);
    share_votes(room);
    return BW_OK;
}

void bw_refine_row(const bw_refine_room *room, int64_t y, uint32_t *votes) {
    const int64_t pixels = room->width * room->height;
    for (int k = 0; k < room->spec.classes; k++)
        memcpy(votes + k * room->width, room->result + k * pixels + y * room->width,
               (size_t)room->width * sizeof *votes);
}
