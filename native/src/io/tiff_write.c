/*
 * TIFF files that ImageJ reads with its own reader (1.54p), which sets these limits:
 * - Uncompressed stacks: ImageJ takes `images` from the description and reads the planes one behind the other, looking
 * at no other directory. So all pixels come first, the directories last. Only such files show slice labels in ImageJ.
 * - LZW and deflate: it undoes predictor 2 for 8-bit, 16-bit and RGB; on floats it would add floats where TIFF adds
 *   integers, and it does not know predictor 3. So floats have no predictor there.
 * - It opens neither ZSTD nor BigTIFF (Bio-Formats in Fiji does); ZSTD floats may thus use predictor 3.
 * - Strip offsets must be 32-bit entries, strips not tiles.
 * libtiff compresses the strips; the directories are written here, because libtiff would put them between the planes
 * and would round the resolution to float. Nothing depends on the clock or the number of threads: same image, same
 * bytes.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <tiffio.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/image.h"
#include "core/parallel.h"
#include "core/system.h"
#include "io/metadata.h"
#include "io/tiff.h"
#include "io/tiff_encode.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "pixels are written as they lie in memory, into a little-endian file"
#endif

enum { STRIP = 512 << 10, BATCH = 32, BLOCK = 4 << 20, DATA_START = 16, PAGE_OVERHEAD = 512 };

typedef struct codec {
    bw_compression compression;
    const char *name;
    int code, predictor_int, predictor_float;
    double worst; /* bytes out per byte in */
} codec;

static const codec codecs[] = {
    {BW_COMPRESSION_NONE, "none", COMPRESSION_NONE, PREDICTOR_NONE, PREDICTOR_NONE, 1.0},
    {BW_COMPRESSION_LZW, "LZW", COMPRESSION_LZW, PREDICTOR_HORIZONTAL, PREDICTOR_NONE, 1.55},
    {BW_COMPRESSION_DEFLATE, "deflate", COMPRESSION_ADOBE_DEFLATE, PREDICTOR_HORIZONTAL, PREDICTOR_NONE, 1.01},
    {BW_COMPRESSION_ZSTD, "ZSTD", COMPRESSION_ZSTD, PREDICTOR_HORIZONTAL, PREDICTOR_FLOATINGPOINT, 1.01},
};

typedef struct strip {
    uint64_t offset, size;
} strip;

typedef struct writer {
    bw_context *ctx;
    const char *path;
    const bw_image *image;
    const bw_image_info *info;
    const codec *codec;
    int big, samples;                     /* samples interleaved in a page */
    int64_t pages, rows, strips_per_page; /* rows of a strip */
    FILE *file;
    uint64_t at; /* bytes of pixels written, header included */
    strip *strips;
    bw_text description;
    bw_writer label_counts, label_data;
    bw_writer tail;      /* directories and their values, to be written at `at` */
    bw_writer directory; /* entries of the current one */
    int entries;
    uint64_t link; /* where in the tail the offset of the next directory goes */
} writer;

static const codec *find_codec(bw_compression compression) {
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (codecs[i].compression == compression) return &codecs[i];
    return NULL;
}

static int64_t sample_size(const writer *w) {
    return bw_type_size(w->info->type);
}

static int64_t row_size(const writer *w) {
    return w->info->width * w->samples * sample_size(w);
}

int bw_tiff_needs_big(const bw_image_info *info, bw_compression compression, uint64_t extra) {
    const codec *c = find_codec(compression);
    double pages = (double)info->channels * (double)info->depth * info->frames;
    double bytes = pages * (double)info->width * (double)info->height * (double)bw_type_size(info->type);
    double strips = bytes / STRIP + pages * (double)info->height * 8 / STRIP;
    return bytes * (c ? c->worst : 1) + pages * PAGE_OVERHEAD + strips * 64 + (double)extra > 4294967295.0 - 65536;
}

/* ---- bytes out ----------------------------------------------------------------------------------------------- */

static bw_status write_failed(writer *w) {
    int reason = errno;
    BW_TRY(bw_check(w->ctx));
    return bw_fail(w->ctx, BW_ERROR_IO, "Cannot write %s: %s. Free some space or choose another folder.", w->path,
                   strerror(reason));
}

static bw_status put_bytes(writer *w, const void *data, uint64_t size) {
    const uint8_t *from = data;
    for (uint64_t done = 0; done < size;) {
        BW_TRY(bw_check(w->ctx));
        uint64_t part = size - done < BLOCK ? size - done : BLOCK;
        if (fwrite(from + done, 1, (size_t)part, w->file) != part) return write_failed(w);
        done += part;
    }
    w->at += size;
    return BW_OK;
}

/* Planes in ImageJ's order: channel fastest, then z, then frame. */
static const uint8_t *plane_of(const writer *w, int64_t page, int sample) {
    int channels = w->info->channels / w->samples;
    int64_t c = page % channels, z = page / channels % w->info->depth, t = page / channels / w->info->depth;
    return bw_image_plane_const(w->image, (int)t, (int)c * w->samples + sample, z);
}

/* Rows of a page, samples interleaved; returns their size. */
static uint64_t gather(const writer *w, int64_t page, int64_t y, int64_t rows, uint8_t *to) {
    int64_t count = rows * w->info->width, size = sample_size(w);
    for (int s = 0; s < w->samples; s++) {
        const uint8_t *from = plane_of(w, page, s) + y * w->info->width * size;
        if (w->samples == 1)
            memcpy(to, from, (size_t)(count * size));
        else
            for (int64_t i = 0; i < count; i++)
                to[i * w->samples + s] = from[i];
    }
    return (uint64_t)(count * w->samples * size);
}

static bw_status write_rows(writer *w, int64_t page, int64_t step, uint8_t *scratch) {
    for (int64_t y = 0; y < w->info->height; y += step) {
        int64_t rows = w->info->height - y < step ? w->info->height - y : step;
        BW_TRY(put_bytes(w, scratch, gather(w, page, y, rows, scratch)));
    }
    return BW_OK;
}

static bw_status write_plain(writer *w) {
    uint64_t size = (uint64_t)(row_size(w) * w->info->height);
    int64_t step = BLOCK / row_size(w) > 1 ? BLOCK / row_size(w) : 1;
    uint8_t *scratch = bw_alloc(w->ctx, (uint64_t)step, (uint64_t)row_size(w), "rows of a TIFF file");
    bw_status status = scratch ? BW_OK : BW_ERROR_MEMORY;
    for (int64_t page = 0; page < w->pages && status == BW_OK; page++) {
        w->strips[page] = (strip){w->at, size};
        status = w->samples == 1 ? put_bytes(w, plane_of(w, page, 0), size) : write_rows(w, page, step, scratch);
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
    strip found[BATCH]; /* within `out` */
} batch;

static bw_status encode_strip(bw_context *ctx, void *user, int64_t index, int thread) {
    batch *b = user;
    const writer *w = b->w;
    (void)thread;
    int64_t number = b->first + index, page = number / w->strips_per_page;
    int64_t y = number % w->strips_per_page * w->rows;
    int is_float = w->info->type == BW_FLOAT32;
    bw_strip_format format = {.width = w->info->width,
                              .rows = w->info->height - y < w->rows ? w->info->height - y : w->rows,
                              .samples = w->samples,
                              .bits = (int)sample_size(w) * 8,
                              .is_float = is_float,
                              .compression = w->codec->code,
                              .predictor = is_float ? w->codec->predictor_float : w->codec->predictor_int};
    uint8_t *rows = bw_alloc(ctx, (uint64_t)format.rows, (uint64_t)row_size(w), "a strip of a TIFF file");
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
        w->strips[first + i] = (strip){w->at, b.found[i].size};
        status = put_bytes(w, b.out[i].data + b.found[i].offset, b.found[i].size);
    }
    for (int64_t i = 0; i < count; i++)
        bw_writer_free(&b.out[i]);
    return status;
}

static bw_status write_compressed(writer *w) {
    int64_t total = w->pages * w->strips_per_page;
    for (int64_t first = 0; first < total; first += BATCH)
        BW_TRY(write_batch(w, first, total - first < BATCH ? total - first : BATCH));
    return BW_OK;
}

/* ---- directories --------------------------------------------------------------------------------------------- */

enum { ASCII = 2, SHORT = 3, LONG = 4, RATIONAL = 5, BYTE = 1, LONG8 = 16 };

static bw_status put_offset(const writer *w, bw_writer *to, uint64_t value) {
    return w->big ? bw_put_u64(to, value) : bw_put_u32(to, (uint32_t)value);
}

static bw_status pad(bw_writer *to, uint64_t base, uint64_t multiple) {
    while ((base + to->size) % multiple)
        BW_TRY(bw_put_u8(to, 0));
    return BW_OK;
}

/* Entries come in ascending order of tags. Values that do not fit go to the tail, in front of the directory. */
static bw_status add_entry(writer *w, int tag, int type, uint64_t count, const void *value, uint64_t size) {
    uint64_t room = w->big ? 8 : 4;
    w->entries++;
    BW_TRY(bw_put_u16(&w->directory, (uint16_t)tag));
    BW_TRY(bw_put_u16(&w->directory, (uint16_t)type));
    BW_TRY(put_offset(w, &w->directory, count));
    if (size <= room) {
        BW_TRY(bw_put(&w->directory, value, size));
        for (; size < room; size++)
            BW_TRY(bw_put_u8(&w->directory, 0));
        return BW_OK;
    }
    BW_TRY(pad(&w->tail, w->at, 2));
    BW_TRY(put_offset(w, &w->directory, w->at + w->tail.size));
    return bw_put(&w->tail, value, size);
}

static bw_status add_short(writer *w, int tag, int value) {
    uint16_t v = (uint16_t)value;
    return add_entry(w, tag, SHORT, 1, &v, sizeof v);
}

static bw_status add_long(writer *w, int tag, int64_t value) {
    uint32_t v = (uint32_t)value;
    return add_entry(w, tag, LONG, 1, &v, sizeof v);
}

static bw_status add_bits(writer *w) {
    uint16_t bits[3];
    for (int s = 0; s < w->samples; s++)
        bits[s] = (uint16_t)(8 * sample_size(w));
    return add_entry(w, TIFFTAG_BITSPERSAMPLE, SHORT, (uint64_t)w->samples, bits, sizeof *bits * (uint64_t)w->samples);
}

typedef struct fraction {
    uint32_t over, under;
} fraction;

/* 1 / size as the fraction with the smallest terms that reads back as `size`, else as the nearest one of 32 bits, which
 * is at most two units in the last place off unless size is far from 1 (continued fraction; fmod is exact). */
static fraction resolution(double size) {
    fraction f = size <= 1 ? (fraction){UINT32_MAX, 1} : (fraction){1, UINT32_MAX};
    uint64_t n0 = 0, n1 = 1, d0 = 1, d1 = 0;
    for (double a = 1.0 / size, b = 1; b > 0 && a / b < 4294967296.0;) {
        double rest = fmod(a, b);
        uint64_t whole = (uint64_t)((a - rest) / b), n2 = whole * n1 + n0, d2 = whole * d1 + d0;
        if (n2 > UINT32_MAX || d2 > UINT32_MAX) break;
        n0 = n1, n1 = n2, d0 = d1, d1 = d2;
        if (n1) f = (fraction){(uint32_t)n1, (uint32_t)d1};
        if (n1 && 1.0 / ((double)n1 / (double)d1) == size) break;
        a = b;
        b = rest;
    }
    return f;
}

static bw_status add_resolution(writer *w) {
    enum { NO_UNIT = 1 }; /* the description names the unit */
    for (int axis = 0; axis < 2; axis++) {
        fraction f = resolution(w->info->spacing[axis]);
        BW_TRY(add_entry(w, axis ? TIFFTAG_YRESOLUTION : TIFFTAG_XRESOLUTION, RATIONAL, 1, &f, sizeof f));
    }
    return add_short(w, TIFFTAG_RESOLUTIONUNIT, NO_UNIT);
}

/* Offsets (sizes == 0) or byte counts of a page's strips. */
static bw_status add_strips(writer *w, int64_t page, int sizes) {
    bw_writer list;
    bw_writer_init(&list, w->ctx);
    bw_status status = BW_OK;
    const strip *strips = w->strips + page * w->strips_per_page;
    for (int64_t i = 0; i < w->strips_per_page && status == BW_OK; i++)
        status = put_offset(w, &list, sizes ? strips[i].size : strips[i].offset);
    if (status == BW_OK)
        status = add_entry(w, sizes ? TIFFTAG_STRIPBYTECOUNTS : TIFFTAG_STRIPOFFSETS, w->big ? LONG8 : LONG,
                           (uint64_t)w->strips_per_page, list.data, list.size);
    bw_writer_free(&list);
    return status;
}

static bw_status add_entries(writer *w, int64_t page) {
    enum { TAG_COUNTS = 50838, TAG_DATA = 50839 };
    int is_float = w->info->type == BW_FLOAT32;
    int predictor = is_float ? w->codec->predictor_float : w->codec->predictor_int;
    BW_TRY(add_long(w, TIFFTAG_SUBFILETYPE, 0));
    BW_TRY(add_long(w, TIFFTAG_IMAGEWIDTH, w->info->width));
    BW_TRY(add_long(w, TIFFTAG_IMAGELENGTH, w->info->height));
    BW_TRY(add_bits(w));
    BW_TRY(add_short(w, TIFFTAG_COMPRESSION, w->codec->code));
    BW_TRY(add_short(w, TIFFTAG_PHOTOMETRIC, w->samples == 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK));
    if (!page)
        BW_TRY(add_entry(w, TIFFTAG_IMAGEDESCRIPTION, ASCII, w->description.size + 1, w->description.data,
                         w->description.size + 1));
    BW_TRY(add_strips(w, page, 0));
    BW_TRY(add_short(w, TIFFTAG_SAMPLESPERPIXEL, w->samples));
    BW_TRY(add_long(w, TIFFTAG_ROWSPERSTRIP, w->rows));
    BW_TRY(add_strips(w, page, 1));
    if (w->info->calibrated) BW_TRY(add_resolution(w));
    if (predictor != PREDICTOR_NONE) BW_TRY(add_short(w, TIFFTAG_PREDICTOR, predictor));
    if (is_float) BW_TRY(add_short(w, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_IEEEFP));
    if (page || !w->label_data.size) return BW_OK;
    BW_TRY(add_entry(w, TAG_COUNTS, LONG, w->label_counts.size / 4, w->label_counts.data, w->label_counts.size));
    return add_entry(w, TAG_DATA, BYTE, w->label_data.size, w->label_data.data, w->label_data.size);
}

static void patch(const writer *w, uint64_t value) {
    for (int i = 0; i < (w->big ? 8 : 4); i++)
        w->tail.data[w->link + (uint64_t)i] = (uint8_t)(value >> (8 * i));
}

static bw_status add_directory(writer *w, int64_t page, uint64_t *offset) {
    w->directory.size = 0;
    w->entries = 0;
    BW_TRY(add_entries(w, page));
    BW_TRY(pad(&w->tail, w->at, 8));
    *offset = w->at + w->tail.size;
    if (page) patch(w, *offset);
    BW_TRY(w->big ? bw_put_u64(&w->tail, (uint64_t)w->entries) : bw_put_u16(&w->tail, (uint16_t)w->entries));
    BW_TRY(bw_put(&w->tail, w->directory.data, w->directory.size));
    w->link = w->tail.size;
    return put_offset(w, &w->tail, 0);
}

static bw_status write_header(writer *w, uint64_t first) {
    bw_writer head;
    bw_writer_init(&head, w->ctx);
    bw_status status = bw_put(&head, w->big ? "II+\0\10\0\0\0" : "II*\0", w->big ? 8 : 4);
    if (status == BW_OK) status = put_offset(w, &head, first);
    if (status == BW_OK) status = pad(&head, 0, DATA_START);
    if (status == BW_OK && fwrite(head.data, 1, (size_t)head.size, w->file) != head.size) status = write_failed(w);
    bw_writer_free(&head);
    return status;
}

static bw_status write_directories(writer *w) {
    uint64_t first = 0, offset = 0;
    for (int64_t page = 0; page < w->pages; page++)
        BW_TRY(add_directory(w, page, page ? &offset : &first));
    BW_TRY(put_bytes(w, w->tail.data, w->tail.size));
    if (bw_system_seek(w->file, 0)) return write_failed(w);
    return write_header(w, first);
}

/* ---- metadata ------------------------------------------------------------------------------------------------ */

typedef struct limits {
    double min, max;
} limits;

typedef struct survey {
    const writer *w;
    limits *planes;
} survey;

static bw_status survey_plane(bw_context *ctx, void *user, int64_t index, int thread) {
    const survey *s = user;
    const bw_image_info *info = s->w->info;
    int64_t count = info->width * info->height;
    const void *plane = plane_of(s->w, index, 0);
    limits l = {INFINITY, -INFINITY};
    (void)thread;
    for (int64_t i = 0; i < count; i++) {
        double v = info->type == BW_FLOAT32 ? ((const float *)plane)[i] : ((const uint16_t *)plane)[i];
        if (v - v != 0) continue; /* infinite or NaN */
        if (v < l.min) l.min = v;
        if (v > l.max) l.max = v;
    }
    s->planes[index] = l;
    return bw_check(ctx);
}

/* Display range of each channel: 0 to 1 when all values lie there (probabilities), else smallest to largest. */
static void display_ranges(const writer *w, const limits *planes, limits *channels) {
    int count = w->info->channels, unit = w->info->type == BW_FLOAT32;
    for (int c = 0; c < count; c++)
        channels[c] = (limits){INFINITY, -INFINITY};
    for (int64_t page = 0; page < w->pages; page++) {
        limits *l = &channels[page % count];
        if (planes[page].min < l->min) l->min = planes[page].min;
        if (planes[page].max > l->max) l->max = planes[page].max;
    }
    for (int c = 0; c < count; c++)
        unit = unit && channels[c].min >= 0 && channels[c].max <= 1;
    for (int c = 0; c < count; c++) {
        if (unit || channels[c].min > channels[c].max) channels[c] = (limits){0, 1};
        if (channels[c].min == channels[c].max) channels[c].max += 1;
    }
}

static bw_status collect_labels(const writer *w, const char **labels, int *any) {
    *any = 0;
    for (int64_t page = 0; page < w->pages; page++) {
        int channels = w->info->channels / w->samples;
        labels[page] = bw_image_plane_label(w->image, (int)(page / channels / w->info->depth),
                                            (int)(page % channels) * w->samples, page / channels % w->info->depth);
        *any |= labels[page] != NULL;
    }
    return BW_OK;
}

static bw_status describe(writer *w, limits *planes, limits *channels, const char **labels) {
    int any, ranged = w->info->type != BW_UINT8, many = ranged && w->info->channels > 1;
    survey s = {w, planes};
    if (ranged) {
        BW_TRY(bw_parallel(w->ctx, w->pages, survey_plane, &s));
        display_ranges(w, planes, channels);
    }
    BW_TRY(collect_labels(w, labels, &any));
    BW_TRY(bw_imagej_blocks(&w->label_counts, &w->label_data, any ? labels : NULL, w->pages, &channels[0].min,
                            many ? w->info->channels : 0));
    return bw_imagej_describe(&w->description, w->info, ranged ? channels[0].min : 1, ranged ? channels[0].max : 0);
}

static bw_status prepare(writer *w) {
    limits *planes = bw_alloc(w->ctx, (uint64_t)w->pages, sizeof *planes, "display ranges");
    limits *channels = bw_calloc(w->ctx, (uint64_t)w->info->channels, sizeof *channels, "display ranges");
    const char **labels = bw_alloc(w->ctx, (uint64_t)w->pages, sizeof *labels, "slice labels");
    w->strips = bw_calloc(w->ctx, (uint64_t)(w->pages * w->strips_per_page), sizeof *w->strips, "a list of strips");
    bw_status status =
        planes && channels && labels && w->strips ? describe(w, planes, channels, labels) : BW_ERROR_MEMORY;
    bw_free(planes);
    bw_free(channels);
    bw_free(labels);
    return status;
}

/* ---- entry points -------------------------------------------------------------------------------------------- */

static void lay_out(writer *w) {
    int plain = w->codec->code == COMPRESSION_NONE;
    w->samples = w->info->rgb ? 3 : 1;
    w->pages = w->info->channels / w->samples * w->info->depth * w->info->frames;
    w->rows = plain ? w->info->height : STRIP / row_size(w);
    if (w->rows < 1) w->rows = 1;
    if (w->rows > w->info->height) w->rows = w->info->height;
    w->strips_per_page = (w->info->height + w->rows - 1) / w->rows;
}

static bw_status write_file(writer *w, const char *temporary) {
    BW_TRY(bw_file_open(w->ctx, temporary, "wb", &w->file));
    bw_status status = write_header(w, 0);
    w->at = DATA_START;
    if (status == BW_OK) status = w->codec->code == COMPRESSION_NONE ? write_plain(w) : write_compressed(w);
    if (status == BW_OK) status = write_directories(w);
    errno = 0;
    int closed = !fclose(w->file);
    return status == BW_OK && !closed ? write_failed(w) : status;
}

static bw_status write_output(writer *w) {
    bw_output output;
    BW_TRY(bw_output_begin(w->ctx, w->path, &output));
    bw_status status = write_file(w, output.temporary);
    if (status == BW_OK) return bw_output_commit(w->ctx, &output);
    bw_output_abandon(&output);
    return status;
}

static bw_status check_codec(bw_context *ctx, const codec *c, bw_compression compression) {
    if (!c) return bw_fail(ctx, BW_ERROR_ARGUMENT, "Unknown TIFF compression %d.", (int)compression);
    if (TIFFIsCODECConfigured((uint16_t)c->code)) return BW_OK;
    return bw_fail(ctx, BW_ERROR_ARGUMENT, "This libtiff cannot write %s compression; choose none or LZW.", c->name);
}

static void release(writer *w) {
    bw_free(w->strips);
    bw_text_free(&w->description);
    bw_writer_free(&w->label_counts);
    bw_writer_free(&w->label_data);
    bw_writer_free(&w->tail);
    bw_writer_free(&w->directory);
}

bw_status bw_tiff_write_as(bw_context *ctx, const char *path, const bw_image *image, bw_compression compression,
                           int big) {
    if (!path || !image) return bw_fail(ctx, BW_ERROR_ARGUMENT, "Writing a TIFF file needs a path and an image.");
    BW_TRY(bw_image_need_whole(ctx, image, "Writing a TIFF file"));
    writer w = {.ctx = ctx, .path = path, .image = image, .info = bw_image_get_info(image)};
    w.codec = find_codec(compression);
    BW_TRY(check_codec(ctx, w.codec, compression));
    bw_text_init(&w.description, ctx);
    bw_writer_init(&w.label_counts, ctx);
    bw_writer_init(&w.label_data, ctx);
    bw_writer_init(&w.tail, ctx);
    bw_writer_init(&w.directory, ctx);
    lay_out(&w);
    bw_status status = prepare(&w);
    w.big = big || bw_tiff_needs_big(w.info, compression, w.label_counts.size + w.label_data.size);
    if (status == BW_OK) status = write_output(&w);
    release(&w);
    return status;
}

bw_status bw_tiff_write(bw_context *ctx, const char *path, const bw_image *image, bw_compression compression) {
    return bw_tiff_write_as(ctx, path, image, compression, 0);
}
