/*
 * TIFF files that ImageJ reads with its own reader (1.54p), which sets these limits:
 * - Uncompressed stacks: ImageJ takes `images` from the description and reads the planes one behind the other, looking
 * at no other directory. So all pixels come first, the directories last. Only such files show slice labels in ImageJ.
 * - LZW and deflate: it undoes predictor 2 for 8-bit, 16-bit and RGB; on floats it would add floats where TIFF adds
 *   integers, and it does not know predictor 3.
 * - It opens neither ZSTD nor BigTIFF (Bio-Formats in Fiji does).
 * - Strip offsets must be 32-bit entries, strips not tiles.
 * libtiff compresses the strips; the directories are written here, because libtiff would put them between the planes
 * and would round the resolution to float. Nothing depends on the clock or the number of threads: same image, same
 * bytes.
 */
#include "io/tiff_write.h"

#include <string.h>

#include "core/alloc.h"
#include "core/image.h"
#include "core/parallel.h"
#include "io/tiff.h"
#include "io/tiff_encode.h"
#include "io/tiff_samples.h"

enum { STRIP = 512 << 10, BATCH = 32, BLOCK = 4 << 20, PAGE_OVERHEAD = 512 };

typedef struct writer {
    bw_context *ctx;
    const bw_image *image;
    const bw_image_info *info;
    const bw_tiff_codec *codec;
    bw_strip_layout layout;
    bw_tiff_output *file;
    bw_strile *strips;
} writer;

static int64_t row_size(const bw_image_info *info) {
    return info->width * bw_tiff_samples(info) * bw_type_size(info->type);
}

int bw_tiff_needs_big(const bw_image_info *info, bw_compression compression, uint64_t extra) {
    const bw_tiff_codec *c = bw_tiff_codec_find(compression);
    double pages = (double)info->channels * (double)info->depth * info->frames;
    double bytes = pages * (double)info->width * (double)info->height * (double)bw_type_size(info->type);
    double strips = bytes / STRIP + pages * (double)info->height * 8 / STRIP;
    return bytes * (c ? c->worst : 1) + pages * PAGE_OVERHEAD + strips * 64 + (double)extra > 4294967295.0 - 65536;
}

/* Uncompressed pages are one strip each. */
bw_strip_layout bw_tiff_strip_layout(const bw_image_info *info, const bw_tiff_codec *codec) {
    const int plain = codec->compression == BW_COMPRESSION_NONE;
    bw_strip_layout l = {.rows = plain ? info->height : STRIP / row_size(info)};
    if (l.rows < 1) l.rows = 1;
    if (l.rows > info->height) l.rows = info->height;
    l.per_page = (info->height + l.rows - 1) / l.rows;
    return l;
}

/* ---- plain rows ---------------------------------------------------------------------------------------------- */

static const uint8_t *plane_of(const writer *w, int64_t page, int sample) {
    int frame, channel;
    int64_t z;
    bw_tiff_page_place(w->info, page, &frame, &channel, &z);
    return bw_image_plane_const(w->image, frame, channel + sample, z);
}

/* Rows of a page, samples interleaved; returns their size. */
static uint64_t gather(const writer *w, int64_t page, int64_t y, int64_t rows, uint8_t *to) {
    const int samples = bw_tiff_samples(w->info);
    const uint8_t *planes[BW_TIFF_MAX_SAMPLES];
    for (int s = 0; s < samples; s++)
        planes[s] = plane_of(w, page, s) + y * w->info->width * bw_type_size(w->info->type);
    bw_tiff_interleave(planes, samples, bw_type_size(w->info->type), rows * w->info->width, to);
    return (uint64_t)(rows * row_size(w->info));
}

static bw_status write_rows(writer *w, int64_t page, int64_t step, uint8_t *scratch) {
    for (int64_t y = 0; y < w->info->height; y += step) {
        int64_t rows = w->info->height - y < step ? w->info->height - y : step;
        BW_TRY(bw_tiff_output_put(w->ctx, w->file, scratch, gather(w, page, y, rows, scratch)));
    }
    return BW_OK;
}

static bw_status write_plain(writer *w) {
    const int64_t row = row_size(w->info), step = BLOCK / row > 1 ? BLOCK / row : 1;
    const uint64_t size = (uint64_t)(row * w->info->height);
    uint8_t *scratch = bw_alloc(w->ctx, (uint64_t)step, (uint64_t)row, "rows of a TIFF file");
    bw_status status = scratch ? BW_OK : BW_ERROR_MEMORY;
    for (int64_t page = 0; page < bw_tiff_page_count(w->info) && status == BW_OK; page++) {
        w->strips[page] = (bw_strile){w->file->at, size};
        status = bw_tiff_samples(w->info) == 1 ? bw_tiff_output_put(w->ctx, w->file, plane_of(w, page, 0), size)
                                               : write_rows(w, page, step, scratch);
    }
    bw_free(scratch);
    return status;
}

/* ---- compressed strips --------------------------------------------------------------------------------------- */

/* Strips are encoded a batch at a time by all threads and written in order by one. */
typedef struct batch {
    writer *w;
    int64_t first; /* strip number */
    bw_writer out[BATCH];
    bw_strile found[BATCH]; /* within `out` */
} batch;

static bw_status encode_strip(bw_context *ctx, void *user, int64_t index, int thread) {
    batch *b = user;
    const writer *w = b->w;
    (void)thread;
    int64_t number = b->first + index, page = number / w->layout.per_page;
    int64_t y = number % w->layout.per_page * w->layout.rows, left = w->info->height - y;
    bw_strip_format format = {.width = w->info->width,
                              .rows = left < w->layout.rows ? left : w->layout.rows,
                              .samples = bw_tiff_samples(w->info),
                              .bits = (int)bw_type_size(w->info->type) * 8,
                              .is_float = w->info->type == BW_FLOAT32,
                              .compression = w->codec->code,
                              .predictor = bw_tiff_codec_predictor(w->codec, w->info->type)};
    uint8_t *rows = bw_alloc(ctx, (uint64_t)format.rows, (uint64_t)row_size(w->info), "a strip of a TIFF file");
    if (!rows) return BW_ERROR_MEMORY;
    gather(w, page, y, format.rows, rows);
    bw_writer_init(&b->out[index], ctx);
    bw_status status =
        bw_tiff_encode(ctx, &format, rows, &b->out[index], &b->found[index].offset, &b->found[index].size);
    bw_free(rows);
    return status;
}

static bw_status write_batch(writer *w, int64_t first, int64_t count) {
    batch b = {.w = w, .first = first};
    bw_status status = bw_parallel(w->ctx, count, encode_strip, &b);
    for (int64_t i = 0; i < count && status == BW_OK; i++) {
        w->strips[first + i] = (bw_strile){w->file->at, b.found[i].size};
        status = bw_tiff_output_put(w->ctx, w->file, b.out[i].data + b.found[i].offset, b.found[i].size);
    }
    for (int64_t i = 0; i < count; i++)
        bw_writer_free(&b.out[i]);
    return status;
}

static bw_status write_compressed(writer *w) {
    int64_t total = bw_tiff_page_count(w->info) * w->layout.per_page;
    for (int64_t first = 0; first < total; first += BATCH)
        BW_TRY(write_batch(w, first, total - first < BATCH ? total - first : BATCH));
    return BW_OK;
}

/* ---- directories --------------------------------------------------------------------------------------------- */

static bw_status add_pages(bw_tiff_tail *tail, const bw_image_info *info, const bw_tiff_codec *codec,
                           const bw_tiff_meta *meta, const bw_strile *strips) {
    const bw_strip_layout l = bw_tiff_strip_layout(info, codec);
    bw_tiff_page page = {.width = info->width,
                         .height = info->height,
                         .samples = bw_tiff_samples(info),
                         .type = info->type,
                         .compression = codec->code,
                         .predictor = bw_tiff_codec_predictor(codec, info->type),
                         .rows = l.rows,
                         .count = l.per_page,
                         .calibration = info};
    for (int64_t i = 0; i < bw_tiff_page_count(info); i++) {
        uint64_t offset;
        page.meta = i ? NULL : meta;
        page.striles = strips + i * l.per_page;
        BW_TRY(bw_tiff_add_page(tail, &page, &offset));
    }
    return BW_OK;
}

bw_status bw_tiff_finish_strips(bw_context *ctx, bw_tiff_output *file, const bw_image_info *info,
                                const bw_tiff_codec *codec, const bw_tiff_meta *meta, const bw_strile *strips,
                                int big) {
    const uint64_t extra = meta->label_counts.size + meta->label_data.size;
    bw_tiff_tail tail;
    bw_tiff_tail_init(&tail, ctx, big || bw_tiff_needs_big(info, codec->compression, extra), file->at);
    bw_status status = add_pages(&tail, info, codec, meta, strips);
    if (status == BW_OK) status = bw_tiff_output_finish(ctx, file, &tail);
    bw_tiff_tail_free(&tail);
    return status;
}

/* ---- metadata ------------------------------------------------------------------------------------------------ */

typedef struct survey {
    const writer *w;
    bw_range *pages;
} survey;

static bw_status survey_page(bw_context *ctx, void *user, int64_t page, int thread) {
    const survey *s = user;
    const bw_image_info *info = s->w->info;
    (void)thread;
    s->pages[page] = bw_range_empty();
    bw_range_add(&s->pages[page], info->type, plane_of(s->w, page, 0), info->width * info->height);
    return bw_check(ctx);
}

static bw_status make_meta(writer *w, bw_tiff_meta *meta) {
    const int64_t pages = bw_tiff_page_count(w->info);
    if (w->info->type == BW_UINT8) return bw_tiff_meta_make(meta, w->image, NULL, 0);
    survey s = {w, bw_alloc(w->ctx, (uint64_t)pages, sizeof *s.pages, "display ranges")};
    bw_status status = s.pages ? bw_parallel(w->ctx, pages, survey_page, &s) : BW_ERROR_MEMORY;
    if (status == BW_OK) status = bw_tiff_meta_make(meta, w->image, s.pages, 0);
    bw_free(s.pages);
    return status;
}

/* ---- entry points -------------------------------------------------------------------------------------------- */

static bw_status write_pixels(writer *w) {
    const int64_t count = bw_tiff_page_count(w->info) * w->layout.per_page;
    w->strips = bw_calloc(w->ctx, (uint64_t)count, sizeof *w->strips, "a list of strips");
    if (!w->strips) return BW_ERROR_MEMORY;
    return w->codec->compression == BW_COMPRESSION_NONE ? write_plain(w) : write_compressed(w);
}

bw_status bw_tiff_write_strips(bw_context *ctx, bw_tiff_output *file, const bw_image *image, const bw_tiff_codec *codec,
                               int big) {
    const bw_image_info *info = bw_image_get_info(image);
    writer w = {ctx, image, info, codec, bw_tiff_strip_layout(info, codec), file, NULL};
    bw_tiff_meta meta;
    bw_tiff_meta_init(&meta, ctx);
    bw_status status = make_meta(&w, &meta);
    if (status == BW_OK) status = write_pixels(&w);
    if (status == BW_OK) status = bw_tiff_finish_strips(ctx, file, info, codec, &meta, w.strips, big);
    bw_free(w.strips);
    bw_tiff_meta_free(&meta);
    return status;
}

bw_status bw_tiff_write_as(bw_context *ctx, const char *path, const bw_image *image, bw_compression compression,
                           int big) {
    const bw_tiff_codec *codec;
    bw_tiff_output file;
    if (!path || !image) return bw_fail(ctx, BW_ERROR_ARGUMENT, "Writing a TIFF file needs a path and an image.");
    BW_TRY(bw_image_need_whole(ctx, image, "Writing a TIFF file"));
    BW_TRY(bw_tiff_codec_get(ctx, compression, &codec));
    BW_TRY(bw_tiff_output_begin(ctx, &file, path));
    bw_status status = bw_tiff_write_strips(ctx, &file, image, codec, big);
    if (status != BW_OK) bw_tiff_output_abandon(&file);
    return status;
}

bw_status bw_tiff_write(bw_context *ctx, const char *path, const bw_image *image, bw_compression compression) {
    return bw_tiff_write_as(ctx, path, image, compression, 0);
}
