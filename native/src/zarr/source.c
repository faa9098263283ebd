/*
 * Images whose pixels are the chunks of an array. A part is read by decoding the chunks that it touches, as many at the
 * same time as there are threads and room for, and copying what lies within. Decoded chunks stay for a while; so do the
 * columns through single pixels, which prediction asks for slice by slice before it reads anything else.
 */
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "zarr/cache.h"
#include "zarr/ome.h"
#include "zarr/values.h"

enum { COLUMNS = 128, MOST_COLUMN_BYTES = 1 << 16 };

/* All channels of the pixels (x, y, lo) to (x, y, hi - 1) of a frame, tightly packed. */
typedef struct column {
    int64_t x, y, lo, hi;
    int frame;
    uint8_t *pixels; /* NULL = none */
} column;

typedef struct source {
    bw_zarr_picture *picture;
    bw_zarr_convert_fn convert;
    bw_zarr_cache *cache;
    int64_t step[BW_ZARR_MAX_AXES]; /* numbers between neighbours in a chunk */
    column columns[COLUMNS];
    int next_column;
} source;

/* Where the axes of images are among those of the array. */
enum { X, Y, Z, CHANNEL, AXES };

/* A chunk of a part. */
typedef struct piece {
    int64_t at[BW_ZARR_MAX_AXES];
    uint64_t key;
    uint8_t *chunk;
    int fresh, whole; /* it has to be decoded; it has been */
} piece;

/* A part that is being read, and the chunks that it touches. */
typedef struct request {
    const source *s;
    const bw_part *part;
    uint8_t *to;
    int64_t lo[AXES], hi[AXES];                               /* of pixels */
    int64_t first[BW_ZARR_MAX_AXES], count[BW_ZARR_MAX_AXES]; /* of chunks */
    piece *pieces;
} request;

static int array_axis(const source *s, int axis) {
    const bw_zarr_axes *axes = &s->picture->axes;
    return axis == X ? axes->x : axis == Y ? axes->y : axis == Z ? axes->z : axes->channel;
}

/* Of chunks, along an axis of images. */
static int64_t extent_of(const source *s, int axis) {
    const int own = array_axis(s, axis);
    return own < 0 ? 1 : s->picture->array->chunk[own];
}

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b) {
    return a > b ? a : b;
}

/* ---- pixels of a chunk ------------------------------------------------------------------------------------------- */

/* Where a chunk begins along an axis of images, and how many pixels it and the part have in common. */
static int64_t overlap(const request *r, const piece *p, int axis, int64_t *from) {
    const int own = array_axis(r->s, axis);
    const int64_t extent = extent_of(r->s, axis), begin = own < 0 ? 0 : p->at[own] * extent;
    *from = larger(begin, r->lo[axis]);
    return smaller(begin + extent, r->hi[axis]) - *from;
}

static int64_t step_of(const request *r, int axis) {
    const int own = array_axis(r->s, axis);
    return own < 0 ? 0 : r->s->step[own];
}

static int64_t place_in_chunk(const request *r, const piece *p, const int64_t at[AXES]) {
    const bw_zarr_array *array = r->s->picture->array;
    int64_t place = 0;
    for (int axis = 0; axis < AXES; axis++) {
        const int own = array_axis(r->s, axis);
        if (own >= 0) place += (at[axis] - p->at[own] * array->chunk[own]) * r->s->step[own];
    }
    const int time = r->s->picture->axes.time;
    return time < 0 ? place : place + r->part->frame % array->chunk[time] * r->s->step[time];
}

static int64_t place_in_part(const request *r, const int64_t at[AXES]) {
    int64_t place = at[CHANNEL] - r->lo[CHANNEL];
    for (int axis = Z; axis >= X; axis--)
        place = place * (r->hi[axis] - r->lo[axis]) + at[axis] - r->lo[axis];
    return place;
}

static void copy_pixels(const request *r, const piece *p) {
    const int64_t pixel = bw_type_size(r->s->picture->info.type), number = r->s->picture->array->bytes;
    int64_t from[AXES], count[AXES];
    for (int axis = 0; axis < AXES; axis++)
        count[axis] = overlap(r, p, axis, &from[axis]);
    for (int64_t row = 0; row < count[Y] * count[Z] * count[CHANNEL]; row++) {
        const int64_t at[AXES] = {from[X], from[Y] + row % count[Y], from[Z] + row / count[Y] % count[Z],
                                  from[CHANNEL] + row / count[Y] / count[Z]};
        r->s->convert(p->chunk + place_in_chunk(r, p, at) * number, step_of(r, X), count[X],
                      r->to + place_in_part(r, at) * pixel);
    }
}

static bw_status do_piece(bw_context *ctx, void *user, int64_t index, int thread) {
    const request *r = user;
    piece *p = &r->pieces[index];
    (void)thread;
    if (p->fresh) BW_TRY(bw_zarr_chunk_read(ctx, r->s->picture->array, p->at, p->chunk));
    p->whole = 1;
    copy_pixels(r, p);
    return BW_OK;
}

/* ---- chunks of a part -------------------------------------------------------------------------------------------- */

static void place_request(request *r) {
    const bw_zarr_array *array = r->s->picture->array;
    for (int axis = 0; axis < array->axes; axis++) {
        r->first[axis] = 0;
        r->count[axis] = 1;
    }
    for (int axis = 0; axis < AXES; axis++) {
        const int own = array_axis(r->s, axis);
        r->lo[axis] = axis == CHANNEL ? 0 : r->part->lo[axis];
        r->hi[axis] = axis == CHANNEL ? r->s->picture->info.channels : r->part->hi[axis];
        if (own < 0) continue;
        r->first[own] = r->lo[axis] / array->chunk[own];
        r->count[own] = (r->hi[axis] - 1) / array->chunk[own] + 1 - r->first[own];
    }
    const int time = r->s->picture->axes.time;
    if (time >= 0) r->first[time] = r->part->frame / array->chunk[time];
}

static piece find_piece(const request *r, int64_t index) {
    const bw_zarr_array *array = r->s->picture->array;
    piece p = {.key = 0};
    for (int axis = array->axes - 1; axis >= 0; axis--) {
        p.at[axis] = r->first[axis] + index % r->count[axis];
        index /= r->count[axis];
    }
    for (int axis = 0; axis < array->axes; axis++)
        p.key = p.key * (uint64_t)bw_zarr_chunk_count(array, axis) + (uint64_t)p.at[axis];
    return p;
}

/* `count` chunks from `first` on, all of which have room in the store. */
static bw_status read_batch(bw_context *ctx, bw_zarr_cache *cache, request *r, int64_t first, int64_t count) {
    bw_status status = BW_OK;
    int64_t found = 0;
    for (; found < count && status == BW_OK; found += status == BW_OK) {
        piece *p = &r->pieces[found];
        *p = find_piece(r, first + found);
        status = bw_zarr_cache_get(ctx, cache, p->key, &p->chunk, &p->fresh);
    }
    if (status == BW_OK) status = bw_parallel(ctx, count, do_piece, r);
    for (int64_t i = 0; i < found; i++)
        if (r->pieces[i].fresh && !r->pieces[i].whole) bw_zarr_cache_drop(cache, r->pieces[i].key);
    return status;
}

static bw_status read_box(bw_context *ctx, source *s, const bw_part *part, uint8_t *to) {
    enum { MOST_PIECES = 4096 };
    request r = {.s = s, .part = part, .to = to};
    int64_t all = 1;
    place_request(&r);
    for (int axis = 0; axis < s->picture->array->axes; axis++)
        all *= r.count[axis];
    const int64_t most = smaller(smaller(bw_zarr_cache_room(s->cache), MOST_PIECES), all);
    r.pieces = bw_alloc(ctx, (uint64_t)most, sizeof *r.pieces, "a list of chunks");
    bw_status status = r.pieces ? BW_OK : BW_ERROR_MEMORY;
    for (int64_t first = 0; first < all && status == BW_OK; first += most)
        status = read_batch(ctx, s->cache, &r, first, smaller(most, all - first));
    bw_free(r.pieces);
    return status;
}

/* ---- single pixels ----------------------------------------------------------------------------------------------- */

static int64_t column_bytes(const source *s, int64_t depth) {
    return s->picture->info.channels * depth * bw_type_size(s->picture->info.type);
}

static const column *find_column(const source *s, const bw_part *part) {
    for (int i = 0; i < COLUMNS; i++) {
        const column *c = &s->columns[i];
        if (c->pixels && c->x == part->lo[0] && c->y == part->lo[1] && c->frame == part->frame &&
            c->lo <= part->lo[2] && part->lo[2] < c->hi)
            return c;
    }
    return NULL;
}

/* The pixels above and below that lie in the same chunk; NULL when that is too much. */
static bw_status read_column(bw_context *ctx, source *s, const bw_part *part, const column **out) {
    const int64_t extent = extent_of(s, Z), lo = part->lo[2] / extent * extent;
    const int64_t hi = smaller(lo + extent, s->picture->info.depth);
    *out = NULL;
    if (column_bytes(s, hi - lo) > MOST_COLUMN_BYTES) return BW_OK;
    uint8_t *pixels = bw_alloc(ctx, (uint64_t)column_bytes(s, hi - lo), 1, "pixels");
    const bw_part whole = {part->frame, {part->lo[0], part->lo[1], lo}, {part->hi[0], part->hi[1], hi}};
    const bw_status status = pixels ? read_box(ctx, s, &whole, pixels) : BW_ERROR_MEMORY;
    if (status != BW_OK) {
        bw_free(pixels);
        return status;
    }
    column *c = &s->columns[s->next_column];
    s->next_column = (s->next_column + 1) % COLUMNS;
    bw_free(c->pixels);
    *c = (column){part->lo[0], part->lo[1], lo, hi, part->frame, pixels};
    *out = c;
    return BW_OK;
}

static bw_status read_pixel(bw_context *ctx, source *s, const bw_part *part, uint8_t *to) {
    const column *c = find_column(s, part);
    const size_t pixel = (size_t)bw_type_size(s->picture->info.type);
    if (!c) BW_TRY(read_column(ctx, s, part, &c));
    if (!c) return read_box(ctx, s, part, to);
    for (int64_t i = 0; i < s->picture->info.channels; i++)
        memcpy(to + (size_t)i * pixel, c->pixels + (size_t)(i * (c->hi - c->lo) + part->lo[2] - c->lo) * pixel, pixel);
    return BW_OK;
}

/* ---- the image --------------------------------------------------------------------------------------------------- */

static bw_status on_part(bw_context *ctx, void *user, const bw_part *part, void *to) {
    int single = 1;
    for (int axis = 0; axis < 3; axis++)
        single &= part->hi[axis] - part->lo[axis] == 1;
    return single ? read_pixel(ctx, user, part, to) : read_box(ctx, user, part, to);
}

uint64_t bw_zarr_cache_limit(const bw_context *ctx) {
    const uint64_t quarter = bw_context_memory_budget(ctx) / 4, most = (uint64_t)256 << 20;
    return quarter < most ? quarter : most;
}

static void on_close(void *user) {
    source *s = user;
    for (int i = 0; i < COLUMNS; i++)
        bw_free(s->columns[i].pixels);
    bw_zarr_cache_free(s->cache);
    bw_zarr_picture_free(s->picture);
    bw_free(s);
}

/* Takes the picture over. */
static bw_status open_source(bw_context *ctx, bw_zarr_picture *picture, source **out) {
    source *s = *out = bw_calloc(ctx, 1, sizeof **out, "an image");
    if (!s) {
        bw_zarr_picture_free(picture);
        return BW_ERROR_MEMORY;
    }
    int64_t step = 1;
    s->picture = picture;
    bw_zarr_pixel_type(picture->array, &s->convert);
    for (int axis = picture->array->axes - 1; axis >= 0; axis--) {
        s->step[axis] = step;
        step *= picture->array->chunk[axis];
    }
    const bw_status status =
        bw_zarr_cache_create(ctx, bw_zarr_cache_limit(ctx), bw_zarr_chunk_bytes(picture->array), &s->cache);
    if (status == BW_OK) return BW_OK;
    on_close(s);
    *out = NULL;
    return status;
}

static bw_status name_image(bw_context *ctx, const bw_zarr_picture *picture, bw_image *image) {
    BW_TRY(bw_image_set_name(ctx, image, picture->name));
    for (int c = 0; picture->channels && c < picture->info.channels; c++)
        if (picture->channels[c]) BW_TRY(bw_image_set_channel_name(ctx, image, c, picture->channels[c]));
    return BW_OK;
}

bw_status bw_zarr_open(bw_context *ctx, const char *path, bw_image **out) {
    bw_zarr_picture *picture;
    source *s;
    *out = NULL;
    if (!path) return bw_fail(ctx, BW_ERROR_ARGUMENT, "Opening a Zarr folder needs a path.");
    BW_TRY(bw_zarr_picture_read(ctx, path, &picture));
    BW_TRY(open_source(ctx, picture, &s));
    const bw_image_reader reader = {on_part, on_close, s};
    BW_TRY(bw_image_create_streamed(ctx, &picture->info, &reader, out));
    bw_image_set_offset(*out, bw_zarr_value_offset(picture->array));
    bw_image_set_chunks(*out, (int64_t[3]){extent_of(s, X), extent_of(s, Y), extent_of(s, Z)},
                        bw_zarr_chunk_bytes(picture->array));
    bw_image_set_labels(*out, picture->labels);
    const bw_status status = name_image(ctx, picture, *out);
    if (status == BW_OK) return BW_OK;
    bw_image_free(*out);
    *out = NULL;
    return status;
}
