/*
 * Sinks of tiles. A part's tiles are compressed by all threads and appended to the file in the order of pages, rows and
 * columns. With a pyramid, every tile also fills a quarter of a tile of the next level; those that become whole are
 * compressed and appended behind, and fill in turn a quarter of theirs. So memory holds a part's tiles, and of each
 * level the tiles that are neither empty nor whole.
 */
#include <string.h>

#include "core/alloc.h"
#include "core/image.h"
#include "core/parallel.h"
#include "io/tiff_reduce.h"
#include "io/tiff_samples.h"
#include "io/tiff_target.h"

/* Parts of stacks begin and end at tiles, and with large ones they would be thin: filters read far around them. */
enum { TILE = 512, STACK_TILE = 256, TILE_UNIT = 16, MAX_LEVELS = 24 };

typedef struct level {
    int64_t width, height; /* pixels */
    int64_t across, down;  /* tiles */
    int64_t first;         /* index of its first tile among those of a page */
} level;

/* A tile of a smaller level while its quarters come in. */
typedef struct pending {
    uint8_t *pixels; /* NULL = none is there */
    int quarters;    /* a bit for each that is */
} pending;

typedef struct job {
    int64_t page, x, y; /* place of the tile in its level */
    int level;
    bw_writer out;
    bw_strile found; /* within `out` */
} job;

typedef struct tiles {
    bw_tiff_target target; /* first: what is freed is this */
    int64_t tile[2];
    int levels, ome;
    level level[MAX_LEVELS];
    int64_t per_page; /* tiles of all levels */
    bw_strip_format format;
    bw_reduce_fn reduce;
    bw_strile *striles; /* [page][tile] */
    pending *pending;   /* the same; NULL without a pyramid */
    job *jobs;          /* of the part between encode and write */
    int64_t job_count, job_capacity;
} tiles;

static int64_t at_most(int64_t value, int64_t most) {
    return value < most ? value : most;
}

static int64_t index_of(const tiles *t, int64_t page, int l, int64_t x, int64_t y) {
    return page * t->per_page + t->level[l].first + y * t->level[l].across + x;
}

/* ---- jobs ---------------------------------------------------------------------------------------------------- */

static void drop_jobs(tiles *t) {
    for (int64_t i = 0; i < t->job_count; i++)
        bw_writer_free(&t->jobs[i].out);
    t->job_count = 0;
}

static bw_status add_job(bw_context *ctx, tiles *t, int64_t page, int l, int64_t x, int64_t y) {
    if (t->job_count == t->job_capacity) {
        const int64_t capacity = t->job_capacity ? 2 * t->job_capacity : 64;
        job *jobs = bw_realloc(ctx, t->jobs, (uint64_t)capacity, sizeof *jobs, "a list of tiles");
        if (!jobs) return BW_ERROR_MEMORY;
        t->jobs = jobs;
        t->job_capacity = capacity;
    }
    job *j = &t->jobs[t->job_count++];
    *j = (job){.page = page, .x = x, .y = y, .level = l};
    bw_writer_init(&j->out, ctx);
    return BW_OK;
}

static bw_status add_part(bw_context *ctx, tiles *t, const bw_part *part) {
    const bw_image_info *info = bw_image_get_info(t->target.image);
    const int64_t across = (part->hi[0] + t->tile[0] - 1) / t->tile[0],
                  down = (part->hi[1] + t->tile[1] - 1) / t->tile[1];
    for (int64_t z = part->lo[2]; z < part->hi[2]; z++)
        for (int c = 0; c < info->channels; c += bw_tiff_samples(info))
            for (int64_t y = part->lo[1] / t->tile[1]; y < down; y++)
                for (int64_t x = part->lo[0] / t->tile[0]; x < across; x++)
                    BW_TRY(add_job(ctx, t, bw_tiff_page_index(info, part->frame, c, z), 0, x, y));
    return BW_OK;
}

/* ---- pixels of tiles ----------------------------------------------------------------------------------------- */

static uint64_t tile_bytes(const tiles *t) {
    return (uint64_t)(t->tile[0] * t->tile[1] * t->format.samples * (t->format.bits / 8));
}

static bw_tiff_tile tile_of(const tiles *t, const job *j, uint8_t *pixels) {
    const level *l = &t->level[j->level];
    return (bw_tiff_tile){.pixels = pixels,
                          .width = at_most(l->width - j->x * t->tile[0], t->tile[0]),
                          .height = at_most(l->height - j->y * t->tile[1], t->tile[1]),
                          .stride = t->tile[0],
                          .samples = t->format.samples};
}

/* From a part's pixels; beyond the image's end zero. */
static bw_status gather(bw_context *ctx, const tiles *t, const job *j, const bw_part *part, const bw_image *pixels,
                        uint8_t **out) {
    const bw_image_info *info = bw_image_get_info(pixels);
    const int64_t size = bw_type_size(info->type);
    int frame, channel;
    int64_t z;
    *out = bw_calloc(ctx, tile_bytes(t), 1, "a tile of a TIFF file");
    if (!*out) return BW_ERROR_MEMORY;
    const bw_tiff_tile tile = tile_of(t, j, *out);
    bw_tiff_page_place(bw_image_get_info(t->target.image), j->page, &frame, &channel, &z);
    for (int64_t y = 0; y < tile.height; y++) {
        const int64_t row = j->y * t->tile[1] + y - part->lo[1], column = j->x * t->tile[0] - part->lo[0];
        const uint8_t *planes[BW_TIFF_MAX_SAMPLES];
        for (int s = 0; s < tile.samples; s++)
            planes[s] = (const uint8_t *)bw_image_plane_const(pixels, 0, channel + s, z - part->lo[2]) +
                        (row * info->width + column) * size;
        bw_tiff_interleave(planes, tile.samples, size, tile.width, *out + y * tile.stride * tile.samples * size);
    }
    return BW_OK;
}

/* ---- pyramid ------------------------------------------------------------------------------------------------- */

static pending *parent_of(const tiles *t, const job *j) {
    return &t->pending[index_of(t, j->page, j->level + 1, j->x / 2, j->y / 2)];
}

static int has_parent(const tiles *t, const job *j) {
    return j->level + 1 < t->levels;
}

/* Quarters that a tile's parent has within the image. */
static int wanted_quarters(const tiles *t, const job *j) {
    const level *l = &t->level[j->level];
    const int right = (j->x | 1) < l->across, below = (j->y | 1) < l->down;
    return 1 | right << 1 | below << 2 | (right && below) << 3;
}

static bw_status prepare_parents(bw_context *ctx, tiles *t, int64_t first) {
    for (int64_t i = first; i < t->job_count; i++) {
        if (!has_parent(t, &t->jobs[i])) continue;
        pending *p = parent_of(t, &t->jobs[i]);
        if (!p->pixels) p->pixels = bw_calloc(ctx, tile_bytes(t), 1, "a tile of a smaller image");
        if (!p->pixels) return BW_ERROR_MEMORY;
    }
    return BW_OK;
}

/* Tiles that became whole are the next jobs. */
static bw_status collect_parents(bw_context *ctx, tiles *t, int64_t first) {
    const int64_t end = t->job_count;
    for (int64_t i = first; i < end; i++) {
        const job j = t->jobs[i];
        if (!has_parent(t, &j)) continue;
        pending *p = parent_of(t, &j);
        p->quarters |= 1 << (j.x % 2 + 2 * (j.y % 2));
        if (p->quarters != wanted_quarters(t, &j)) continue;
        p->quarters = 0;
        BW_TRY(add_job(ctx, t, j.page, j.level + 1, j.x / 2, j.y / 2));
    }
    return BW_OK;
}

static void reduce(const tiles *t, const job *j, uint8_t *pixels) {
    const bw_tiff_tile tile = tile_of(t, j, pixels);
    const int64_t x = j->x % 2 * (t->tile[0] / 2), y = j->y % 2 * (t->tile[1] / 2);
    uint8_t *to = parent_of(t, j)->pixels + (y * t->tile[0] + x) * t->format.samples * (t->format.bits / 8);
    t->reduce(&tile, to, t->tile[0]);
}

/* ---- encode -------------------------------------------------------------------------------------------------- */

typedef struct batch {
    tiles *t;
    int64_t first;
    const bw_part *part;
    const bw_image *pixels;
} batch;

/* Takes the pixels over. */
static bw_status compress(bw_context *ctx, const tiles *t, job *j, uint8_t *pixels) {
    if (t->target.codec->compression == BW_COMPRESSION_NONE) {
        j->out = (bw_writer){.ctx = ctx, .data = pixels, .size = tile_bytes(t), .capacity = tile_bytes(t)};
        j->found = (bw_strile){0, tile_bytes(t)};
        return BW_OK;
    }
    const bw_status status = bw_tiff_encode(ctx, &t->format, pixels, &j->out, &j->found.offset, &j->found.size);
    bw_free(pixels);
    return status;
}

static bw_status encode_tile(bw_context *ctx, void *user, int64_t index, int thread) {
    const batch *b = user;
    tiles *t = b->t;
    job *j = &t->jobs[b->first + index];
    uint8_t *pixels;
    (void)thread;
    if (j->level) {
        pending *p = &t->pending[index_of(t, j->page, j->level, j->x, j->y)];
        pixels = p->pixels;
        p->pixels = NULL;
    } else {
        BW_TRY(gather(ctx, t, j, b->part, b->pixels, &pixels));
    }
    if (has_parent(t, j)) reduce(t, j, pixels);
    return compress(ctx, t, j, pixels);
}

static bw_status encode(bw_context *ctx, void *user, const bw_part *part, const bw_image *pixels) {
    tiles *t = user;
    drop_jobs(t);
    BW_TRY(bw_tiff_target_survey(ctx, &t->target, part, pixels));
    BW_TRY(add_part(ctx, t, part));
    for (int64_t first = 0; first < t->job_count;) {
        const int64_t end = t->job_count;
        batch b = {t, first, part, pixels};
        BW_TRY(prepare_parents(ctx, t, first));
        BW_TRY(bw_parallel(ctx, end - first, encode_tile, &b));
        BW_TRY(collect_parents(ctx, t, first));
        first = end;
    }
    return BW_OK;
}

static bw_status write_jobs(bw_context *ctx, void *user, const bw_part *part, const bw_image *pixels) {
    tiles *t = user;
    (void)pixels;
    for (int64_t i = 0; i < t->job_count; i++) {
        job *j = &t->jobs[i];
        t->striles[index_of(t, j->page, j->level, j->x, j->y)] = (bw_strile){t->target.file.at, j->found.size};
        BW_TRY(bw_tiff_output_put(ctx, &t->target.file, j->out.data + j->found.offset, j->found.size));
        bw_writer_free(&j->out);
    }
    drop_jobs(t);
    bw_tiff_target_count(&t->target, part);
    return BW_OK;
}

/* ---- directories --------------------------------------------------------------------------------------------- */

static bw_status add_directories(bw_tiff_tail *tail, const tiles *t, int64_t page, const bw_tiff_meta *meta) {
    uint64_t offsets[MAX_LEVELS];
    for (int l = t->levels - 1; l >= 0; l--) {
        const level *size = &t->level[l];
        const bw_tiff_page directory = {.reduced = l > 0,
                                        .width = size->width,
                                        .height = size->height,
                                        .samples = t->format.samples,
                                        .type = bw_image_get_info(t->target.image)->type,
                                        .compression = t->format.compression,
                                        .predictor = t->format.predictor,
                                        .tile = {t->tile[0], t->tile[1]},
                                        .count = size->across * size->down,
                                        .striles = t->striles + index_of(t, page, l, 0, 0),
                                        .calibration = l ? NULL : bw_image_get_info(t->target.image),
                                        .meta = l || page ? NULL : meta,
                                        .smaller = offsets + 1,
                                        .smaller_count = l ? 0 : t->levels - 1};
        BW_TRY(bw_tiff_add_page(tail, &directory, &offsets[l]));
    }
    return BW_OK;
}

static bw_status finish_file(bw_context *ctx, tiles *t, bw_tiff_tail *tail, bw_tiff_meta *meta) {
    BW_TRY(bw_tiff_meta_make(meta, t->target.image, t->target.ranges, t->ome));
    for (int64_t page = 0; page < bw_tiff_page_count(bw_image_get_info(t->target.image)); page++) {
        BW_TRY(bw_check(ctx));
        BW_TRY(add_directories(tail, t, page, meta));
    }
    return bw_tiff_output_finish(ctx, &t->target.file, tail);
}

static bw_status finish(bw_context *ctx, void *user) {
    tiles *t = user;
    bw_tiff_meta meta;
    bw_tiff_tail tail;
    BW_TRY(bw_tiff_target_check(ctx, &t->target));
    bw_tiff_meta_init(&meta, ctx);
    bw_tiff_tail_init(&tail, ctx, 1, t->target.file.at);
    bw_status status = finish_file(ctx, t, &tail, &meta);
    bw_tiff_tail_free(&tail);
    bw_tiff_meta_free(&meta);
    return status;
}

/* ---- making -------------------------------------------------------------------------------------------------- */

static void close_tiles(void *user) {
    tiles *t = user;
    const int64_t count = t->pending ? bw_tiff_page_count(bw_image_get_info(t->target.image)) * t->per_page : 0;
    for (int64_t i = 0; i < count; i++)
        bw_free(t->pending[i].pixels);
    drop_jobs(t);
    bw_free(t->jobs);
    bw_free(t->pending);
    bw_free(t->striles);
    bw_tiff_target_close(&t->target);
    bw_free(t);
}

/* Every level is half of the one before, rounded up, until it is no larger than TILE. */
static void lay_out(tiles *t, const bw_image_info *info, int pyramid) {
    const int64_t most = info->depth > 1 ? STACK_TILE : TILE;
    int64_t size[2] = {info->width, info->height};
    for (int axis = 0; axis < 2; axis++)
        t->tile[axis] = at_most((size[axis] + TILE_UNIT - 1) / TILE_UNIT * TILE_UNIT, most);
    for (int more = 1; more && t->levels < MAX_LEVELS; t->levels++) {
        level *l = &t->level[t->levels];
        *l = (level){size[0], size[1], (size[0] + t->tile[0] - 1) / t->tile[0], (size[1] + t->tile[1] - 1) / t->tile[1],
                     t->per_page};
        t->per_page += l->across * l->down;
        more = pyramid && (size[0] > TILE || size[1] > TILE);
        size[0] = (size[0] + 1) / 2;
        size[1] = (size[1] + 1) / 2;
    }
}

/* Numbers of classes are bytes of one channel without a name. */
static int holds_classes(const bw_image *outline) {
    const bw_image_info *info = bw_image_get_info(outline);
    return info->type == BW_UINT8 && info->channels == 1 && !*bw_image_channel_name(outline, 0);
}

static bw_status prepare(bw_context *ctx, tiles *t, const char *path, const bw_image *outline,
                         const bw_tiff_codec *codec, int pyramid) {
    const bw_image_info *info = bw_image_get_info(outline);
    BW_TRY(bw_tiff_target_begin(ctx, &t->target, path, outline, codec, 0));
    lay_out(t, info, pyramid);
    t->ome = pyramid;
    t->reduce = bw_tiff_reducer(info->type, holds_classes(outline));
    t->format = (bw_strip_format){.width = t->tile[0],
                                  .rows = t->tile[1],
                                  .samples = bw_tiff_samples(info),
                                  .bits = (int)bw_type_size(info->type) * 8,
                                  .is_float = info->type == BW_FLOAT32,
                                  .compression = codec->code,
                                  .predictor = bw_tiff_codec_predictor(codec, info->type)};
    const uint64_t count = (uint64_t)(bw_tiff_page_count(info) * t->per_page);
    t->striles = bw_calloc(ctx, count, sizeof *t->striles, "a list of tiles");
    if (!t->striles) return BW_ERROR_MEMORY;
    if (t->levels > 1) t->pending = bw_calloc(ctx, count, sizeof *t->pending, "a list of tiles");
    return t->levels > 1 && !t->pending ? BW_ERROR_MEMORY : BW_OK;
}

bw_status bw_tiff_create_tiles(bw_context *ctx, const char *path, const bw_image *outline, const bw_tiff_codec *codec,
                               int pyramid, bw_sink **out) {
    tiles *t = bw_calloc(ctx, 1, sizeof *t, "a TIFF file");
    if (!t) return BW_ERROR_MEMORY;
    const bw_status status = prepare(ctx, t, path, outline, codec, pyramid);
    if (status != BW_OK) {
        close_tiles(t);
        return status;
    }
    /* A flat image's parts hold whole tiles of the second level, which then never wait. */
    const int64_t times = t->levels > 1 && bw_image_get_info(outline)->depth == 1 ? 2 : 1;
    const bw_sink_writer writer = {.step = {times * t->tile[0], times * t->tile[1], 1},
                                   .encode = encode,
                                   .write = write_jobs,
                                   .finish = finish,
                                   .close = close_tiles,
                                   .user = t};
    return bw_sink_create(ctx, outline, &writer, out);
}
