/* From the directories of a TIFF to the dimensions of an image. */
#include <string.h>

#include "core/alloc.h"
#include "io/tiff.h"
#include "io/tiff_file.h"

enum { TAG_COUNTS = 50838, TAG_DATA = 50839 };

/* ---- pages --------------------------------------------------------------------------------------------------- */

int bw_tiff_same_format(const bw_tiff_format *a, const bw_tiff_format *b) {
    return a->width == b->width && a->height == b->height && a->bits == b->bits && a->samples == b->samples &&
           a->format == b->format && (a->photometric == PHOTOMETRIC_RGB) == (b->photometric == PHOTOMETRIC_RGB);
}

static bw_status check_same(bw_tiff_file *f, int64_t page, const bw_tiff_format *a) {
    const bw_tiff_format *b = &f->format;
    if (bw_tiff_same_format(a, b)) return BW_OK;
    return bw_fail(f->ctx, BW_ERROR_FORMAT,
                   "%s: page %lld (%u x %u, %d samples of %d bits) differs from the first (%u x %u, %d samples of %d "
                   "bits). Save pages that belong together as one stack.",
                   f->path, (long long)page + 1, (unsigned)a->width, (unsigned)a->height, a->samples, a->bits,
                   (unsigned)b->width, (unsigned)b->height, b->samples, b->bits);
}

static bw_status add_page(bw_tiff_file *f, uint64_t offset) {
    if (f->page_count == f->page_capacity) {
        int64_t capacity = f->page_capacity ? 2 * f->page_capacity : 64;
        uint64_t *pages = bw_realloc(f->ctx, f->pages, (uint64_t)capacity, sizeof *pages, "a list of pages");
        if (!pages) return BW_ERROR_MEMORY;
        f->pages = pages;
        f->page_capacity = capacity;
    }
    f->pages[f->page_count++] = offset;
    return BW_OK;
}

static bw_status count_bytes(bw_tiff_file *f, int64_t page, const bw_tiff_format *format) {
    uint64_t most = bw_tiff_plausible(f->source.size, f->ratio), row = bw_tiff_row_bytes(format);
    if (row <= most / format->height && row * format->height <= most - f->raw_bytes) {
        f->raw_bytes += row * format->height;
        return BW_OK;
    }
    return bw_tiff_file_fail(f, page, "the file is far too short for the image size it claims");
}

static int is_full_image(TIFF *tif) {
    uint32_t kind = 0;
    TIFFGetField(tif, TIFFTAG_SUBFILETYPE, &kind);
    return !(kind & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK));
}

static bw_status scan_page(bw_tiff_file *f, bw_tiff_lane *lane, int64_t number) {
    bw_tiff_format format;
    BW_TRY(bw_tiff_file_format(f, lane, number, &format));
    if (!f->page_count) f->format = format;
    BW_TRY(check_same(f, number, &format));
    BW_TRY(count_bytes(f, number, &format));
    return add_page(f, TIFFCurrentDirOffset(lane->tif));
}

/* Thumbnails and masks are left out, unless there is nothing else. */
static bw_status scan_pages(bw_tiff_file *f) {
    bw_tiff_lane *lane = &f->lanes[0];
    int64_t number = 0;
    int more = 1;
    for (; more; number++) {
        BW_TRY(bw_check(f->ctx));
        if (is_full_image(lane->tif)) BW_TRY(scan_page(f, lane, number));
        f->message[0] = 0;
        if (!bw_tiff_source_has_link(&f->source, TIFFCurrentDirOffset(lane->tif)))
            return bw_tiff_file_fail(f, number, "the file ends within the page's directory");
        more = TIFFReadDirectory(lane->tif);
        if (!more && f->message[0]) return bw_tiff_file_fail(f, number + 1, "the page's directory cannot be read");
    }
    BW_TRY(bw_check(f->ctx));
    if (f->page_count) return BW_OK;
    if (!TIFFSetDirectory(lane->tif, 0)) return bw_tiff_file_fail(f, 0, "the page's directory cannot be read");
    return scan_page(f, lane, 0);
}

/* ---- dimensions ---------------------------------------------------------------------------------------------- */

/* 8-bit colour becomes one RGB image without its alpha, as in ImageJ; all other samples are channels. */
static void choose_layout(bw_tiff_file *f) {
    const bw_tiff_format *format = &f->format;
    f->kind = bw_sample_kind_find(format->bits, format->format);
    f->rgb =
        format->bits == 8 && (format->samples == 3 || (format->samples > 3 && format->photometric == PHOTOMETRIC_RGB));
    f->channels = f->rgb ? 3 : format->samples;
}

static void read_metadata(bw_tiff_file *f, bw_tiff_lane *lane) {
    char *description = NULL;
    uint64_t directory = f->pages[0];
    bw_resolution resolution = {bw_tiff_source_rational(&f->source, directory, TIFFTAG_XRESOLUTION),
                                bw_tiff_source_rational(&f->source, directory, TIFFTAG_YRESOLUTION),
                                bw_tiff_source_short(&f->source, directory, TIFFTAG_RESOLUTIONUNIT)};
    TIFFGetField(lane->tif, TIFFTAG_IMAGEDESCRIPTION, &description);
    bw_metadata_parse(&f->meta, description, &resolution);
}

/* The sizes are believed when they account for every page; else pages are a z stack. ImageJ counts the samples of a
 * page as channels, except those of an RGB page; OME counts these too. */
static void settle_sizes(bw_tiff_file *f) {
    bw_metadata *m = &f->meta;
    int64_t per_page = m->imagej && f->rgb ? 1 : f->channels, pages = f->page_count;
    int fits = m->has_sizes && m->channels % per_page == 0 && m->channels / per_page <= pages &&
               pages % (m->channels / per_page) == 0;
    int64_t rest = fits ? pages / (m->channels / per_page) : 0;
    fits = fits && m->slices <= rest && rest % m->slices == 0 && rest / m->slices == m->frames;
    f->sized = fits;
    if (fits) {
        m->channels /= per_page;
        return;
    }
    m->channels = m->frames = 1;
    m->slices = pages;
    memcpy(m->order, "CZT", 4);
}

int bw_tiff_plane_offset(uint64_t first, uint64_t plane_bytes, int64_t planes, uint64_t size, int64_t index,
                         uint64_t *offset) {
    if (first > size || planes < 1 || index < 0 || index >= planes) return 0;
    if (plane_bytes > (size - first) / (uint64_t)planes) return 0;
    *offset = first + plane_bytes * (uint64_t)index;
    return 1;
}

/* Offset of the first page's data when its strips lie one behind the other, as ImageJ assumes; 0 when they do not. */
static uint64_t data_offset(bw_tiff_file *f, bw_tiff_lane *lane) {
    const bw_tiff_grid *g = &lane->grid;
    if (g->tiled || f->format.bits % 8 || g->planes > 1) return 0;
    uint64_t first = TIFFGetStrileOffset(lane->tif, 0), next = first;
    for (uint32_t i = 0; i < TIFFNumberOfStrips(lane->tif); i++) {
        if (TIFFGetStrileOffset(lane->tif, i) != next) return 0;
        next += TIFFGetStrileByteCount(lane->tif, i);
    }
    return first;
}

/* ImageJ reads `images` planes from where the first begins and looks at no other directory; files above 4 GiB and those
 * of its virtual stack writers have only one. */
static bw_status apply_images(bw_tiff_file *f, bw_tiff_lane *lane) {
    int64_t images = f->meta.images;
    if (!f->meta.imagej || f->compressed || images <= 1 || images == f->page_count) return BW_OK;
    if (images < f->page_count) {
        f->page_count = images;
        return BW_OK;
    }
    uint64_t offset = 0, bytes = bw_tiff_row_bytes(&f->format) * f->format.height, first = data_offset(f, lane);
    if (!first || !bw_tiff_plane_offset(first, bytes, images, f->source.size, 0, &offset))
        return bw_fail(f->ctx, BW_ERROR_FORMAT,
                       "%s says that it holds %lld images of %llu bytes, but it has %lld page%s and %llu bytes in all: "
                       "it is cut off, or its description belongs to another file. Copy or save it again.",
                       f->path, (long long)images, (unsigned long long)bytes, (long long)f->page_count,
                       f->page_count == 1 ? "" : "s", (unsigned long long)f->source.size);
    f->data_at = first;
    f->page_count = images;
    return BW_OK;
}

static bw_status describe(bw_tiff_file *f) {
    const bw_metadata *m = &f->meta;
    f->info = (bw_image_info){.type = f->kind->type,
                              .width = f->format.width,
                              .height = f->format.height,
                              .depth = m->slices,
                              .frames = (int)m->frames,
                              .calibrated = m->calibrated,
                              .frame_interval = m->frame_interval};
    if (m->channels > INT32_MAX / f->channels) return bw_tiff_file_fail(f, 0, "too many channels");
    f->info.channels = (int)m->channels * f->channels;
    f->info.rgb = f->rgb && m->channels == 1;
    memcpy(f->info.spacing, m->spacing, sizeof f->info.spacing);
    memcpy(f->info.unit, m->unit, sizeof f->info.unit);
    return BW_OK;
}

bw_status bw_tiff_file_scan(bw_tiff_file *f) {
    bw_tiff_lane *lane;
    BW_TRY(bw_tiff_source_check_tiff(&f->source));
    BW_TRY(bw_tiff_file_begin(f));
    BW_TRY(scan_pages(f));
    choose_layout(f);
    BW_TRY(bw_tiff_file_lane(f, 0, 0, &lane));
    f->swapped = TIFFIsByteSwapped(lane->tif);
    read_metadata(f, lane);
    BW_TRY(apply_images(f, lane));
    settle_sizes(f);
    return describe(f);
}

/* ---- planes -------------------------------------------------------------------------------------------------- */

/* Values of a page's place in the order of the pages, fastest first. */
typedef struct place {
    int64_t c, z, t;
} place;

static int64_t *axis_of(place *p, char axis) {
    return axis == 'C' ? &p->c : axis == 'Z' ? &p->z : &p->t;
}

static place sizes_of(const bw_tiff_file *f) {
    return (place){f->meta.channels, f->meta.slices, f->meta.frames};
}

static place place_of(const bw_tiff_file *f, int64_t page) {
    place at = {0, 0, 0}, sizes = sizes_of(f);
    for (int i = 0; i < 3; i++) {
        const int64_t size = *axis_of(&sizes, f->meta.order[i]);
        *axis_of(&at, f->meta.order[i]) = page % size;
        page /= size;
    }
    return at;
}

int64_t bw_tiff_file_page(const bw_tiff_file *f, int64_t channel, int64_t z, int64_t frame) {
    place at = {channel, z, frame}, sizes = sizes_of(f);
    int64_t page = 0, step = 1;
    for (int i = 0; i < 3; i++) {
        page += step * *axis_of(&at, f->meta.order[i]);
        step *= *axis_of(&sizes, f->meta.order[i]);
    }
    return page;
}

/* ---- names --------------------------------------------------------------------------------------------------- */

typedef struct names {
    bw_tiff_file *file;
    bw_image *image;
} names;

/* Labels count planes; the samples of an RGB page are one plane. */
static bw_status on_label(void *user, int64_t index, const char *label) {
    names *n = user;
    const bw_tiff_file *f = n->file;
    const int per_page = f->rgb ? 1 : f->channels;
    if (index / per_page >= f->page_count) return BW_OK;
    const place at = place_of(f, index / per_page);
    return bw_image_set_plane_label(f->ctx, n->image, (int)at.t, (int)at.c * f->channels + (int)(index % per_page),
                                    at.z, label);
}

static bw_status on_channel(void *user, int64_t index, const char *name) {
    names *n = user;
    if (index >= n->file->info.channels) return BW_OK;
    return bw_image_set_channel_name(n->file->ctx, n->image, (int)index, name);
}

static int has_type(TIFF *tif, uint32_t tag, TIFFDataType a, TIFFDataType b) {
    const TIFFField *field = TIFFFindField(tif, tag, TIFF_ANY);
    return field && TIFFFieldPassCount(field) && TIFFFieldReadCount(field) == TIFF_VARIABLE2 &&
           (TIFFFieldDataType(field) == a || TIFFFieldDataType(field) == b);
}

static bw_status read_labels(names *n, TIFF *tif) {
    uint32_t count = 0, size = 0;
    void *counts = NULL, *data = NULL;
    if (!has_type(tif, TAG_COUNTS, TIFF_LONG, TIFF_LONG) || !has_type(tif, TAG_DATA, TIFF_BYTE, TIFF_UNDEFINED) ||
        !TIFFGetField(tif, TAG_COUNTS, &count, &counts) || !TIFFGetField(tif, TAG_DATA, &size, &data))
        return BW_OK;
    return bw_imagej_labels(n->file->ctx, counts, count, data, size, TIFFIsBigEndian(tif), on_label, n);
}

static bw_status read_channels(names *n, TIFF *tif) {
    const bw_tiff_file *f = n->file;
    char *description = NULL;
    if (f->meta.imagej || !f->sized || !TIFFGetField(tif, TIFFTAG_IMAGEDESCRIPTION, &description)) return BW_OK;
    return bw_ome_channels(description, on_channel, n);
}

static const char *without_folders(const char *path) {
    const char *name = path;
    for (const char *c = path; *c; c++)
        if ((*c == '/' || *c == '\\') && c[1]) name = c + 1;
    return name;
}

static double value_offset(const bw_tiff_file *f) {
    const int is_signed = f->kind->format == SAMPLEFORMAT_INT || f->meta.signed_16;
    return is_signed && f->kind->type == BW_UINT16 ? BW_SIGNED_OFFSET : 0;
}

bw_status bw_tiff_file_name(bw_tiff_file *f, bw_image *image) {
    bw_tiff_lane *lane;
    names n = {f, image};
    bw_image_set_offset(image, value_offset(f));
    BW_TRY(bw_image_set_name(f->ctx, image, without_folders(f->path)));
    BW_TRY(bw_tiff_file_lane(f, 0, 0, &lane));
    BW_TRY(read_labels(&n, lane->tif));
    return read_channels(&n, lane->tif);
}
