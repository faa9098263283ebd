/*
 * Pixels of a TIFF, part by part. Three ways, by what a page's strips or tiles allow:
 * - direct: whole bytes that are not compressed are read where they lie;
 * - row by row: large compressed strips, often a whole plane, go on where the last part ended;
 * - whole: all others are decoded whole and stay for a while, as neighbouring parts share them.
 */
#include <string.h>

#include "core/alloc.h"
#include "io/tiff.h"
#include "io/tiff_file.h"

enum { BLOCK = 1 << 20, GAP = 16 << 10 };

/* Pixels of a page that are wanted: lo <= position < hi. */
typedef struct window {
    int64_t page;
    int64_t lo[2], hi[2];
    uint8_t *to;           /* of the page's first channel */
    uint64_t channel_step; /* bytes from one channel to the next */
    uint64_t row_step;
} window;

/* A strip or tile: rows of `samples` interleaved samples, of which the first is the page's sample `sample`. */
typedef struct chunk {
    int64_t x, y, width, height; /* height: rows that are stored; width may go beyond the image */
    uint64_t row_bytes;
    int sample, samples;
} chunk;

/* Rows of a chunk in memory, from (x, y) on. */
typedef struct band {
    const uint8_t *data;
    uint64_t row_bytes;
    int64_t x, y, height;
} band;

static int64_t larger(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* The part of the chunk that is wanted, as columns and rows of the image. */
static window cut(const window *w, const chunk *c) {
    window part = *w;
    part.lo[0] = larger(w->lo[0], c->x);
    part.lo[1] = larger(w->lo[1], c->y);
    part.hi[0] = smaller(w->hi[0], c->x + c->width);
    part.hi[1] = smaller(w->hi[1], c->y + c->height);
    return part;
}

static uint8_t *target(const bw_tiff_file *f, const window *w, int sample, int64_t x, int64_t y) {
    return w->to + (uint64_t)sample * w->channel_step + (uint64_t)(y - w->lo[1]) * w->row_step +
           (uint64_t)((x - w->lo[0]) * bw_type_size(f->kind->type));
}

/* Those of the rows that `w` wants; `part` is what it wants of the chunk. */
static void scatter(const bw_tiff_file *f, const window *w, const window *part, const chunk *c, const band *r) {
    const int64_t lo = larger(part->lo[1], r->y), hi = smaller(part->hi[1], r->y + r->height);
    const int samples = c->samples;
    for (int64_t y = lo; y < hi; y++)
        for (int s = 0; s < samples && c->sample + s < f->channels; s++)
            f->kind->convert(r->data + (uint64_t)(y - r->y) * r->row_bytes, (part->lo[0] - r->x) * samples + s, samples,
                             part->hi[0] - part->lo[0], f->format.bits, target(f, w, c->sample + s, part->lo[0], y));
}

/* ---- direct -------------------------------------------------------------------------------------------------- */

static void to_host_order(const bw_tiff_file *f, void *data, uint64_t bytes) {
    if (!f->swapped) return;
    if (f->format.bits == 16) TIFFSwabArrayOfShort(data, (tmsize_t)(bytes / 2));
    if (f->format.bits == 32) TIFFSwabArrayOfLong(data, (tmsize_t)(bytes / 4));
    if (f->format.bits == 64) TIFFSwabArrayOfLong8(data, (tmsize_t)(bytes / 8));
}

/* Wanted bytes of the rows of a chunk as they lie in the file. Several rows are read at once where little lies between
 * them: a seek costs more than some kilobytes. */
typedef struct run {
    uint64_t offset, row_step, bytes; /* bytes: wanted of a row */
    int64_t rows;                     /* that are read at once */
    int reversed;
} run;

static uint64_t run_bytes(const run *r, int64_t rows) {
    return (uint64_t)(rows - 1) * r->row_step + r->bytes;
}

static bw_status read_run(bw_tiff_file *f, int64_t page, const run *r, int64_t first, int64_t rows, void *to) {
    const uint64_t bytes = run_bytes(r, rows);
    BW_TRY(bw_check(f->ctx));
    f->message[0] = 0;
    if (bw_tiff_source_read(&f->source, r->offset + (uint64_t)first * r->row_step, to, bytes) < bytes)
        return bw_tiff_file_fail(f, page, "the pixels cannot be read");
    if (r->reversed) TIFFReverseBits(to, (tmsize_t)bytes);
    to_host_order(f, to, bytes);
    return BW_OK;
}

static run choose_run(const bw_tiff_file *f, const window *part, const chunk *c, uint64_t offset, int reversed) {
    const uint64_t pixel = (uint64_t)c->samples * f->format.bits / 8;
    run r = {.offset = offset + (uint64_t)(part->lo[1] - c->y) * c->row_bytes + (uint64_t)(part->lo[0] - c->x) * pixel,
             .row_step = c->row_bytes,
             .bytes = (uint64_t)(part->hi[0] - part->lo[0]) * pixel,
             .rows = 1,
             .reversed = reversed};
    if (r.row_step - r.bytes <= GAP) r.rows = larger(1, (int64_t)(BLOCK / r.row_step));
    r.rows = smaller(r.rows, part->hi[1] - part->lo[1]);
    return r;
}

/* offset: of the chunk in the file. */
static bw_status read_direct(bw_tiff_file *f, const window *w, const chunk *c, uint64_t offset, int reversed) {
    const window part = cut(w, c);
    const run r = choose_run(f, &part, c, offset, reversed);
    const int one_run = r.rows == 1 || (r.bytes == r.row_step && r.row_step == w->row_step);
    const int in_place = f->kind->same && c->samples == 1 && one_run;
    if (!in_place) BW_TRY(bw_tiff_file_reserve(f, w->page, run_bytes(&r, r.rows)));
    for (int64_t y = part.lo[1], count; y < part.hi[1]; y += count) {
        count = smaller(r.rows, part.hi[1] - y);
        void *to = in_place ? target(f, w, c->sample, part.lo[0], y) : f->scratch;
        BW_TRY(read_run(f, w->page, &r, y - part.lo[1], count, to));
        if (in_place) continue;
        const band block = {f->scratch, r.row_step, part.lo[0], y, count};
        scatter(f, w, &part, c, &block);
    }
    return BW_OK;
}

/* ---- row by row ---------------------------------------------------------------------------------------------- */

/* Codecs that keep their state from row to row and give the same rows as for a whole strip. */
static int goes_on(int compression) {
    static const int codecs[] = {COMPRESSION_LZW,  COMPRESSION_ADOBE_DEFLATE, COMPRESSION_DEFLATE,
                                 COMPRESSION_ZSTD, COMPRESSION_LZMA,          COMPRESSION_JPEG};
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (codecs[i] == compression) return 1;
    return 0;
}

static int is_row_wise(const bw_tiff_file *f, const bw_tiff_grid *g) {
    return !g->tiled && g->row_bytes * (uint64_t)g->height > f->most_whole && goes_on(g->compression);
}

static bw_status read_rows(bw_tiff_file *f, bw_tiff_lane *lane, const window *w, const chunk *c, uint32_t index) {
    const window part = cut(w, c);
    BW_TRY(bw_tiff_file_reserve(f, w->page, c->row_bytes));
    if (lane->strip != index || lane->row > part.lo[1]) {
        lane->strip = index;
        lane->row = c->y;
    }
    for (; lane->row < part.hi[1]; lane->row++) {
        BW_TRY(bw_check(f->ctx));
        f->message[0] = 0;
        if (TIFFReadScanline(lane->tif, f->scratch, (uint32_t)lane->row, (uint16_t)c->sample) != 1) {
            bw_tiff_lane_close(lane);
            return bw_tiff_file_fail(f, w->page, "the pixels cannot be decoded");
        }
        const band row = {f->scratch, c->row_bytes, c->x, lane->row, 1};
        scatter(f, w, &part, c, &row);
    }
    return BW_OK;
}

/* ---- whole --------------------------------------------------------------------------------------------------- */

/* libdeflate leaves the end of a strip open when the stream goes on behind it. The last strip of some writers does, as
 * it has all rows of the others: zlib decodes it. */
static void choose_inflater(const bw_tiff_lane *lane, uint64_t size) {
    const bw_tiff_grid *g = &lane->grid;
    if (g->compression != COMPRESSION_ADOBE_DEFLATE && g->compression != COMPRESSION_DEFLATE) return;
    const int shorter = size < g->row_bytes * (uint64_t)g->height;
    TIFFSetField(lane->tif, TIFFTAG_DEFLATE_SUBCODEC, shorter ? DEFLATE_SUBCODEC_ZLIB : DEFLATE_SUBCODEC_LIBDEFLATE);
}

/* Damaged chunks that a codec takes for whole give the same pixels each time: what it does not write is 0. */
static bw_status decode(bw_tiff_file *f, bw_tiff_lane *lane, int64_t page, uint32_t index, void *to, uint64_t size) {
    choose_inflater(lane, size);
    memset(to, 0, (size_t)size);
    f->message[0] = 0;
    const tmsize_t got = lane->grid.tiled ? TIFFReadEncodedTile(lane->tif, index, to, (tmsize_t)size)
                                          : TIFFReadEncodedStrip(lane->tif, index, to, (tmsize_t)size);
    if (got >= 0 && (uint64_t)got == size) return BW_OK;
    bw_tiff_lane_close(lane);
    return bw_tiff_file_fail(f, page, "the pixels cannot be decoded");
}

/* A file that is written to meanwhile may have other chunks under the same number. */
static int holds(const bw_tiff_slot *slot, int64_t page, uint32_t index, uint64_t size) {
    return slot->page == page && slot->index == index && slot->bytes == size;
}

/* The slot that holds the chunk, else the one to put it in: as many are in use as `most_kept` allows. */
static bw_tiff_slot *choose_slot(bw_tiff_file *f, int64_t page, uint32_t index, uint64_t size) {
    const uint64_t fit = f->most_kept / size;
    const int count = fit < 1 ? 1 : fit > BW_TIFF_SLOTS ? BW_TIFF_SLOTS : (int)fit;
    bw_tiff_slot *oldest = &f->slots[0];
    for (int i = 0; i < BW_TIFF_SLOTS; i++) {
        bw_tiff_slot *slot = &f->slots[i];
        if (holds(slot, page, index, size)) return slot;
        if (i < count && slot->used < oldest->used) oldest = slot;
    }
    return oldest;
}

static bw_status make_room(bw_tiff_file *f, int64_t page, bw_tiff_slot *slot, uint64_t size) {
    slot->page = -1;
    if (size <= slot->room) return BW_OK;
    if (size > bw_tiff_plausible(f->source.size, f->ratio))
        return bw_tiff_file_fail(f, page, "a strip or tile is far too large");
    bw_free(slot->data);
    slot->room = 0;
    slot->data = bw_alloc(f->ctx, size, 1, "a strip or tile of a TIFF file");
    if (!slot->data) return BW_ERROR_MEMORY;
    slot->room = size;
    return BW_OK;
}

/* Whether the chunk's bytes are what is wanted, in one run. */
static int fills_target(const bw_tiff_file *f, const window *part, const chunk *c) {
    return f->kind->same && c->samples == 1 && part->row_step == c->row_bytes &&
           part->hi[0] - part->lo[0] == c->width && part->hi[1] - part->lo[1] == c->height;
}

static bw_status read_whole(bw_tiff_file *f, bw_tiff_lane *lane, const window *w, const chunk *c, uint32_t index) {
    const uint64_t size = c->row_bytes * (uint64_t)c->height;
    const window part = cut(w, c);
    bw_tiff_slot *slot = choose_slot(f, w->page, index, size);
    const int kept = holds(slot, w->page, index, size);
    if (!kept && fills_target(f, &part, c))
        return decode(f, lane, w->page, index, target(f, w, c->sample, part.lo[0], part.lo[1]), size);
    if (!kept) {
        BW_TRY(make_room(f, w->page, slot, size));
        BW_TRY(decode(f, lane, w->page, index, slot->data, size));
        slot->page = w->page;
        slot->index = index;
        slot->bytes = size;
    }
    slot->used = ++f->tick;
    const band all = {slot->data, c->row_bytes, c->x, c->y, c->height};
    scatter(f, w, &part, c, &all);
    return BW_OK;
}

/* ---- pages and parts ----------------------------------------------------------------------------------------- */

/* Where the chunk's bytes begin; files may name a chunk without storing it. The old kind of JPEG may do without. */
static bw_status find_chunk(bw_tiff_file *f, bw_tiff_lane *lane, int64_t page, uint32_t index, uint64_t *offset) {
    int error = 0;
    f->message[0] = 0;
    *offset = TIFFGetStrileOffsetWithErr(lane->tif, index, &error);
    if ((!error && *offset) || lane->grid.compression == COMPRESSION_OJPEG) return BW_OK;
    bw_tiff_lane_close(lane);
    return bw_tiff_file_fail(f, page, "the pixels cannot be found: a strip or tile has no place in the file");
}

static bw_status read_chunk(bw_tiff_file *f, bw_tiff_lane *lane, const window *w, const chunk *c) {
    const bw_tiff_grid *g = &lane->grid;
    const uint16_t plane = (uint16_t)c->sample;
    const uint32_t x = (uint32_t)c->x, y = (uint32_t)c->y;
    const uint32_t index =
        g->tiled ? TIFFComputeTile(lane->tif, x, y, 0, plane) : TIFFComputeStrip(lane->tif, y, plane);
    uint64_t offset;
    BW_TRY(bw_check(f->ctx));
    BW_TRY(find_chunk(f, lane, w->page, index, &offset));
    if (g->compression == COMPRESSION_NONE && f->format.bits % 8 == 0) return read_direct(f, w, c, offset, g->reversed);
    if (is_row_wise(f, g)) return read_rows(f, lane, w, c, index);
    return read_whole(f, lane, w, c, index);
}

static bw_status read_plane(bw_tiff_file *f, bw_tiff_lane *lane, const window *w, int plane) {
    const bw_tiff_grid g = lane->grid;
    for (int64_t y = w->lo[1] / g.height * g.height; y < w->hi[1]; y += g.height)
        for (int64_t x = w->lo[0] / g.width * g.width; x < w->hi[0]; x += g.width) {
            const int64_t height = g.tiled ? g.height : smaller(g.height, f->format.height - y);
            const chunk c = {x, y, g.width, height, g.row_bytes, plane, g.samples};
            BW_TRY(read_chunk(f, lane, w, &c));
        }
    return BW_OK;
}

/* A plane of an ImageJ stack that no directory describes. */
static bw_status read_behind(bw_tiff_file *f, const window *w) {
    const uint64_t row = bw_tiff_row_bytes(&f->format);
    const chunk all = {0, 0, f->format.width, f->format.height, row, 0, f->format.samples};
    uint64_t offset = 0;
    if (!bw_tiff_plane_offset(f->data_at, row * f->format.height, f->page_count, f->source.size, w->page, &offset))
        return bw_tiff_file_fail(f, w->page, "the plane lies outside the file");
    return read_direct(f, w, &all, offset, 0);
}

static bw_status read_page(bw_tiff_file *f, const window *w) {
    bw_tiff_lane *lane;
    if (f->data_at) return read_behind(f, w);
    BW_TRY(bw_tiff_file_lane(f, w->page, 0, &lane));
    const int planes = lane->grid.planes, row_wise = is_row_wise(f, &lane->grid);
    for (int plane = 0; plane < planes; plane++) {
        if (row_wise && plane) BW_TRY(bw_tiff_file_lane(f, w->page, plane, &lane));
        BW_TRY(read_plane(f, lane, w, plane));
    }
    return BW_OK;
}

bw_status bw_tiff_file_read(bw_tiff_file *f, const bw_part *part, void *to) {
    const int64_t pixel = bw_type_size(f->kind->type), channels = f->meta.channels;
    const int64_t width = part->hi[0] - part->lo[0], height = part->hi[1] - part->lo[1];
    const int64_t depth = part->hi[2] - part->lo[2], plane = width * height * pixel;
    const int channels_first = strchr(f->meta.order, 'C') < strchr(f->meta.order, 'Z');
    for (int64_t i = 0; i < channels * depth; i++) { /* in the order of the file */
        const int64_t c = channels_first ? i % channels : i / depth, z = channels_first ? i / channels : i % depth;
        const window w = {.page = bw_tiff_file_page(f, c, part->lo[2] + z, part->frame),
                          .lo = {part->lo[0], part->lo[1]},
                          .hi = {part->hi[0], part->hi[1]},
                          .to = (uint8_t *)to + (c * f->channels * depth + z) * plane,
                          .channel_step = (uint64_t)(depth * plane),
                          .row_step = (uint64_t)(width * pixel)};
        BW_TRY(read_page(f, &w));
    }
    return BW_OK;
}
