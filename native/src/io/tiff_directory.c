#include "io/tiff_directory.h"

#include <math.h>
#include <string.h>
#include <tiffio.h>

#include "core/image.h"

/* Types of entries. */
enum { ASCII = 2, SHORT = 3, LONG = 4, RATIONAL = 5, BYTE = 1, SUBIFD = 13, LONG8 = 16, SUBIFD8 = 18 };

void bw_tiff_tail_init(bw_tiff_tail *tail, bw_context *ctx, int big, uint64_t base) {
    *tail = (bw_tiff_tail){.big = big, .base = base};
    bw_writer_init(&tail->bytes, ctx);
    bw_writer_init(&tail->entries, ctx);
}

void bw_tiff_tail_free(bw_tiff_tail *tail) {
    bw_writer_free(&tail->bytes);
    bw_writer_free(&tail->entries);
}

static bw_status put_offset(const bw_tiff_tail *tail, bw_writer *to, uint64_t value) {
    return tail->big ? bw_put_u64(to, value) : bw_put_u32(to, (uint32_t)value);
}

static bw_status pad(bw_tiff_tail *tail, uint64_t multiple) {
    while ((tail->base + tail->bytes.size) % multiple)
        BW_TRY(bw_put_u8(&tail->bytes, 0));
    return BW_OK;
}

/* Entries come in ascending order of tags. Values that do not fit go in front of the directory. */
static bw_status add_entry(bw_tiff_tail *tail, int tag, int type, uint64_t count, const void *value, uint64_t size) {
    const uint64_t room = tail->big ? 8 : 4;
    tail->count++;
    BW_TRY(bw_put_u16(&tail->entries, (uint16_t)tag));
    BW_TRY(bw_put_u16(&tail->entries, (uint16_t)type));
    BW_TRY(put_offset(tail, &tail->entries, count));
    if (size <= room) {
        BW_TRY(bw_put(&tail->entries, value, size));
        for (; size < room; size++)
            BW_TRY(bw_put_u8(&tail->entries, 0));
        return BW_OK;
    }
    BW_TRY(pad(tail, 2));
    BW_TRY(put_offset(tail, &tail->entries, tail->base + tail->bytes.size));
    return bw_put(&tail->bytes, value, size);
}

static bw_status add_short(bw_tiff_tail *tail, int tag, int value) {
    const uint16_t v = (uint16_t)value;
    return add_entry(tail, tag, SHORT, 1, &v, sizeof v);
}

static bw_status add_long(bw_tiff_tail *tail, int tag, int64_t value) {
    const uint32_t v = (uint32_t)value;
    return add_entry(tail, tag, LONG, 1, &v, sizeof v);
}

static bw_status add_bits(bw_tiff_tail *tail, const bw_tiff_page *page) {
    uint16_t bits[3];
    for (int s = 0; s < page->samples; s++)
        bits[s] = (uint16_t)(8 * bw_type_size(page->type));
    return add_entry(tail, TIFFTAG_BITSPERSAMPLE, SHORT, (uint64_t)page->samples, bits,
                     sizeof *bits * (uint64_t)page->samples);
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

static bw_status add_resolution(bw_tiff_tail *tail, const bw_image_info *info) {
    enum { NO_UNIT = 1 }; /* the description names the unit */
    for (int axis = 0; axis < 2; axis++) {
        const fraction f = resolution(info->spacing[axis]);
        BW_TRY(add_entry(tail, axis ? TIFFTAG_YRESOLUTION : TIFFTAG_XRESOLUTION, RATIONAL, 1, &f, sizeof f));
    }
    return add_short(tail, TIFFTAG_RESOLUTIONUNIT, NO_UNIT);
}

static bw_status add_offsets(bw_tiff_tail *tail, int tag, int type, bw_writer *list) {
    return add_entry(tail, tag, type, list->size / (tail->big ? 8 : 4), list->data, list->size);
}

/* Offsets (sizes == 0) or byte counts of the strips or tiles. */
static bw_status add_striles(bw_tiff_tail *tail, const bw_tiff_page *page, int tag, int sizes) {
    bw_writer list;
    bw_writer_init(&list, tail->bytes.ctx);
    bw_status status = BW_OK;
    for (int64_t i = 0; i < page->count && status == BW_OK; i++)
        status = put_offset(tail, &list, sizes ? page->striles[i].size : page->striles[i].offset);
    if (status == BW_OK) status = add_offsets(tail, tag, tail->big ? LONG8 : LONG, &list);
    bw_writer_free(&list);
    return status;
}

static bw_status add_smaller(bw_tiff_tail *tail, const bw_tiff_page *page) {
    bw_writer list;
    bw_writer_init(&list, tail->bytes.ctx);
    bw_status status = BW_OK;
    for (int i = 0; i < page->smaller_count && status == BW_OK; i++)
        status = put_offset(tail, &list, page->smaller[i]);
    if (status == BW_OK) status = add_offsets(tail, TIFFTAG_SUBIFD, tail->big ? SUBIFD8 : SUBIFD, &list);
    bw_writer_free(&list);
    return status;
}

static bw_status add_tiles(bw_tiff_tail *tail, const bw_tiff_page *page) {
    BW_TRY(add_long(tail, TIFFTAG_TILEWIDTH, page->tile[0]));
    BW_TRY(add_long(tail, TIFFTAG_TILELENGTH, page->tile[1]));
    BW_TRY(add_striles(tail, page, TIFFTAG_TILEOFFSETS, 0));
    return add_striles(tail, page, TIFFTAG_TILEBYTECOUNTS, 1);
}

static bw_status add_labels(bw_tiff_tail *tail, const bw_tiff_meta *meta) {
    enum { TAG_COUNTS = 50838, TAG_DATA = 50839 };
    const bw_writer *counts = &meta->label_counts, *data = &meta->label_data;
    if (!data->size) return BW_OK;
    BW_TRY(add_entry(tail, TAG_COUNTS, LONG, counts->size / 4, counts->data, counts->size));
    return add_entry(tail, TAG_DATA, BYTE, data->size, data->data, data->size);
}

static bw_status add_entries(bw_tiff_tail *tail, const bw_tiff_page *page) {
    const int tiled = page->tile[0] > 0;
    const bw_text *text = page->meta ? &page->meta->description : NULL;
    BW_TRY(add_long(tail, TIFFTAG_SUBFILETYPE, page->reduced ? FILETYPE_REDUCEDIMAGE : 0));
    BW_TRY(add_long(tail, TIFFTAG_IMAGEWIDTH, page->width));
    BW_TRY(add_long(tail, TIFFTAG_IMAGELENGTH, page->height));
    BW_TRY(add_bits(tail, page));
    BW_TRY(add_short(tail, TIFFTAG_COMPRESSION, page->compression));
    BW_TRY(add_short(tail, TIFFTAG_PHOTOMETRIC, page->samples == 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK));
    if (text) BW_TRY(add_entry(tail, TIFFTAG_IMAGEDESCRIPTION, ASCII, text->size + 1, text->data, text->size + 1));
    if (!tiled) BW_TRY(add_striles(tail, page, TIFFTAG_STRIPOFFSETS, 0));
    BW_TRY(add_short(tail, TIFFTAG_SAMPLESPERPIXEL, page->samples));
    if (!tiled) BW_TRY(add_long(tail, TIFFTAG_ROWSPERSTRIP, page->rows));
    if (!tiled) BW_TRY(add_striles(tail, page, TIFFTAG_STRIPBYTECOUNTS, 1));
    if (page->calibration && page->calibration->calibrated) BW_TRY(add_resolution(tail, page->calibration));
    if (page->predictor != PREDICTOR_NONE) BW_TRY(add_short(tail, TIFFTAG_PREDICTOR, page->predictor));
    if (tiled) BW_TRY(add_tiles(tail, page));
    if (page->smaller_count) BW_TRY(add_smaller(tail, page));
    if (page->type == BW_FLOAT32) BW_TRY(add_short(tail, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_IEEEFP));
    return page->meta ? add_labels(tail, page->meta) : BW_OK;
}

/* Makes the page before this one, or the header, lead here. */
static void join(bw_tiff_tail *tail, uint64_t offset) {
    if (!tail->first) tail->first = offset;
    for (int i = 0; tail->link && i < (tail->big ? 8 : 4); i++)
        tail->bytes.data[tail->link + (uint64_t)i] = (uint8_t)(offset >> (8 * i));
}

bw_status bw_tiff_add_page(bw_tiff_tail *tail, const bw_tiff_page *page, uint64_t *offset) {
    bw_writer *bytes = &tail->bytes;
    tail->entries.size = 0;
    tail->count = 0;
    BW_TRY(add_entries(tail, page));
    BW_TRY(pad(tail, 8));
    *offset = tail->base + bytes->size;
    if (!page->reduced) join(tail, *offset);
    BW_TRY(tail->big ? bw_put_u64(bytes, (uint64_t)tail->count) : bw_put_u16(bytes, (uint16_t)tail->count));
    BW_TRY(bw_put(bytes, tail->entries.data, tail->entries.size));
    if (!page->reduced) tail->link = bytes->size;
    return put_offset(tail, bytes, 0);
}

void bw_tiff_header(const bw_tiff_tail *tail, uint8_t head[BW_TIFF_START]) {
    const int at = tail->big ? 8 : 4;
    memset(head, 0, BW_TIFF_START);
    memcpy(head, tail->big ? "II+\0\10\0\0\0" : "II*\0", (size_t)at);
    for (int i = 0; i < at; i++)
        head[at + i] = (uint8_t)(tail->first >> (8 * i));
}
