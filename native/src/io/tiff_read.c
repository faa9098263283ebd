#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <tiffio.h>

#include "core/alloc.h"
#include "io/metadata.h"
#include "io/samples.h"
#include "io/tiff.h"
#include "io/tiff_source.h"

enum { TAG_COUNTS = 50838, TAG_DATA = 50839, BLOCK = 4 << 20 };

/* What all pages must share. */
typedef struct page_format {
    uint32_t width, height;
    uint16_t bits, samples, format, photometric;
} page_format;

typedef struct reader {
    bw_context *ctx;
    bw_tiff_source *source;
    uint64_t at; /* libtiff's place in the source */
    TIFF *tif;
    char message[200]; /* libtiff's first complaint since it was cleared */
    page_format format;
    const bw_sample_kind *kind;
    int channels, rgb; /* of one page */
    uint64_t *pages;   /* directory offsets */
    int64_t page_count, page_capacity;
    uint64_t raw_bytes; /* decoded size of all pages */
    uint64_t ratio;     /* the best any page's compression can do */
    int compressed;
    bw_metadata meta;
    int contiguous; /* planes follow one another behind the first page's data */
    uint8_t *scratch;
    uint64_t scratch_size;
    bw_image *image;
} reader;

/* ---- libtiff on a source ------------------------------------------------------------------------------------- */

static tmsize_t on_read(thandle_t handle, void *to, tmsize_t size) {
    reader *r = handle;
    uint64_t got = size > 0 ? bw_tiff_source_read(r->source, r->at, to, (uint64_t)size) : 0;
    r->at += got;
    return (tmsize_t)got;
}

static tmsize_t on_write(thandle_t handle, void *from, tmsize_t size) {
    (void)handle, (void)from, (void)size;
    return 0;
}

static toff_t on_seek(thandle_t handle, toff_t offset, int whence) {
    reader *r = handle;
    r->at = whence == SEEK_SET ? offset : whence == SEEK_CUR ? r->at + offset : r->source->size + offset;
    return r->at;
}

static int on_close(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t on_size(thandle_t handle) {
    return ((reader *)handle)->source->size;
}

static int on_error(TIFF *tif, void *user, const char *module, const char *format, va_list args) {
    reader *r = user;
    (void)tif, (void)module;
    if (!r->message[0]) vsnprintf(r->message, sizeof r->message, format, args);
    return 1;
}

static int on_warning(TIFF *tif, void *user, const char *module, const char *format, va_list args) {
    (void)tif, (void)user, (void)module, (void)format, (void)args;
    return 1;
}

/* More than `bytes` of compressed data can sensibly stand for; keeps a small file from asking for a lot of memory. */
static uint64_t plausible(uint64_t bytes, uint64_t ratio) {
    const uint64_t slack = (uint64_t)16 << 20;
    return bytes > (UINT64_MAX - slack) / ratio ? UINT64_MAX : bytes * ratio + slack;
}

/* Handlers belong to this handle: nothing of libtiff's process-wide state is touched. */
static TIFF *open_tiff(reader *r) {
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options) return NULL;
    uint64_t most = plausible(r->source->size, 2000), limit = (uint64_t)1 << 40;
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, r);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, NULL);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)(most < limit ? most : limit));
    /* m: no memory mapping; c: keep strips as they are */
    TIFF *tif = TIFFClientOpenExt(r->source->path, "rmc", r, on_read, on_write, on_seek, on_close, on_size, NULL, NULL,
                                  options);
    TIFFOpenOptionsFree(options);
    return tif;
}

/* The reason why something failed: cancel, the disk, or the file's content. */
static bw_status fail(reader *r, int64_t page, const char *what) {
    BW_TRY(bw_check(r->ctx));
    if (r->source->io_error)
        return bw_fail(r->ctx, BW_ERROR_IO, "Cannot read %s: %s.", r->source->path, strerror(r->source->io_error));
    return bw_fail(r->ctx, BW_ERROR_FORMAT, "%s, page %lld: %s%s%s. The file is damaged or incomplete; copy it again.",
                   r->source->path, (long long)page + 1, what, r->message[0] ? ": " : "", r->message);
}

/* `what` ends in the number that is not supported. */
static bw_status unsupported(reader *r, int64_t page, const char *what, int value) {
    return bw_fail(r->ctx, BW_ERROR_FORMAT,
                   "%s, page %lld: %s %d cannot be read. Open the file in Fiji (Bio-Formats) and save it as TIFF.",
                   r->source->path, (long long)page + 1, what, value);
}

/* ---- pages --------------------------------------------------------------------------------------------------- */

/* Decoded bytes per stored byte at best. */
static uint64_t ratio_of(int compression) {
    static const struct {
        int compression, ratio;
    } ratios[] = {{COMPRESSION_NONE, 1},       {COMPRESSION_PACKBITS, 128},
                  {COMPRESSION_LZW, 2000},     {COMPRESSION_ADOBE_DEFLATE, 1100},
                  {COMPRESSION_DEFLATE, 1100}, {COMPRESSION_JPEG, 2000},
                  {COMPRESSION_LZMA, 10000}};
    for (size_t i = 0; i < sizeof ratios / sizeof *ratios; i++)
        if (ratios[i].compression == compression) return (uint64_t)ratios[i].ratio;
    return 65536;
}

static bw_status check_compression(reader *r, int64_t page, int compression) {
    static const struct {
        int compression;
        const char *name;
    } others[] = {{33003, "JPEG 2000"}, {33005, "JPEG 2000"}, {34712, "JPEG 2000"},
                  {22610, "JPEG XR"},   {34933, "PNG"},       {50002, "JPEG XL"}};
    if (TIFFIsCODECConfigured((uint16_t)compression)) return BW_OK;
    const TIFFCodec *codec = TIFFFindCODEC((uint16_t)compression);
    const char *name = codec ? codec->name : "unknown";
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (others[i].compression == compression) name = others[i].name;
    return bw_fail(r->ctx, BW_ERROR_FORMAT,
                   "%s, page %lld: the compression %s (%d) is not supported. Save the file with LZW, deflate or none.",
                   r->source->path, (long long)page + 1, name, compression);
}

/* YCbCr is left to the JPEG codec, which gives RGB; nothing else converts colours. */
static bw_status check_photometric(reader *r, int64_t page, page_format *f, int compression) {
    if (f->photometric == PHOTOMETRIC_YCBCR && compression == COMPRESSION_JPEG) {
        TIFFSetField(r->tif, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        f->photometric = PHOTOMETRIC_RGB;
    }
    if (f->photometric == PHOTOMETRIC_YCBCR || f->photometric == PHOTOMETRIC_LOGL ||
        f->photometric == PHOTOMETRIC_LOGLUV)
        return unsupported(r, page, "colour model (PhotometricInterpretation)", f->photometric);
    return BW_OK;
}

static bw_status read_format(reader *r, int64_t page, page_format *f) {
    uint16_t compression = COMPRESSION_NONE;
    *f = (page_format){0};
    TIFFGetField(r->tif, TIFFTAG_IMAGEWIDTH, &f->width);
    TIFFGetField(r->tif, TIFFTAG_IMAGELENGTH, &f->height);
    TIFFGetFieldDefaulted(r->tif, TIFFTAG_BITSPERSAMPLE, &f->bits);
    TIFFGetFieldDefaulted(r->tif, TIFFTAG_SAMPLESPERPIXEL, &f->samples);
    TIFFGetFieldDefaulted(r->tif, TIFFTAG_SAMPLEFORMAT, &f->format);
    TIFFGetFieldDefaulted(r->tif, TIFFTAG_COMPRESSION, &compression);
    if (!TIFFGetField(r->tif, TIFFTAG_PHOTOMETRIC, &f->photometric)) f->photometric = PHOTOMETRIC_MINISBLACK;
    BW_TRY(check_compression(r, page, compression));
    BW_TRY(check_photometric(r, page, f, compression));
    if (!f->width || !f->height || f->width > INT32_MAX || f->height > INT32_MAX || !f->samples)
        return fail(r, page, "the image size is impossible");
    if (!bw_sample_kind_find(f->bits, f->format)) {
        if (bw_sample_kind_find(f->bits, SAMPLEFORMAT_UINT)) return unsupported(r, page, "SampleFormat", f->format);
        return unsupported(r, page, "BitsPerSample", f->bits);
    }
    if (ratio_of(compression) > r->ratio) r->ratio = ratio_of(compression);
    r->compressed |= compression != COMPRESSION_NONE;
    return BW_OK;
}

static int same_format(const page_format *a, const page_format *b) {
    return a->width == b->width && a->height == b->height && a->bits == b->bits && a->samples == b->samples &&
           a->format == b->format && (a->photometric == PHOTOMETRIC_RGB) == (b->photometric == PHOTOMETRIC_RGB);
}

static bw_status check_same(reader *r, int64_t page, const page_format *f) {
    const page_format *g = &r->format;
    if (same_format(f, g)) return BW_OK;
    return bw_fail(r->ctx, BW_ERROR_FORMAT,
                   "%s: page %lld (%u x %u, %d samples of %d bits) differs from the first (%u x %u, %d samples of %d "
                   "bits). Save pages that belong together as one stack.",
                   r->source->path, (long long)page + 1, (unsigned)f->width, (unsigned)f->height, f->samples, f->bits,
                   (unsigned)g->width, (unsigned)g->height, g->samples, g->bits);
}

static bw_status add_page(reader *r, uint64_t offset) {
    if (r->page_count == r->page_capacity) {
        int64_t capacity = r->page_capacity ? 2 * r->page_capacity : 64;
        uint64_t *pages = bw_realloc(r->ctx, r->pages, (uint64_t)capacity, sizeof *pages, "a list of pages");
        if (!pages) return BW_ERROR_MEMORY;
        r->pages = pages;
        r->page_capacity = capacity;
    }
    r->pages[r->page_count++] = offset;
    return BW_OK;
}

/* At most 2^31 * 2^16 * 2^6 bits: no overflow. */
static uint64_t row_bytes(const page_format *f) {
    return ((uint64_t)f->width * f->samples * f->bits + 7) / 8;
}

static bw_status count_bytes(reader *r, int64_t page, const page_format *f) {
    uint64_t most = plausible(r->source->size, r->ratio), row = row_bytes(f);
    if (row <= most / f->height && row * f->height <= most - r->raw_bytes) {
        r->raw_bytes += row * f->height;
        return BW_OK;
    }
    return fail(r, page, "the file is far too short for the image size it claims");
}

static int is_full_image(TIFF *tif) {
    uint32_t kind = 0;
    TIFFGetField(tif, TIFFTAG_SUBFILETYPE, &kind);
    return !(kind & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK));
}

static bw_status scan_page(reader *r, int64_t number) {
    page_format f;
    BW_TRY(read_format(r, number, &f));
    if (!r->page_count) r->format = f;
    BW_TRY(check_same(r, number, &f));
    BW_TRY(count_bytes(r, number, &f));
    return add_page(r, TIFFCurrentDirOffset(r->tif));
}

/* Thumbnails and masks are left out, unless there is nothing else. */
static bw_status scan_pages(reader *r) {
    int64_t number = 0;
    int more = 1;
    for (; more; number++) {
        BW_TRY(bw_check(r->ctx));
        if (is_full_image(r->tif)) BW_TRY(scan_page(r, number));
        r->message[0] = 0;
        if (!bw_tiff_source_has_link(r->source, TIFFCurrentDirOffset(r->tif)))
            return fail(r, number, "the file ends within the page's directory");
        more = TIFFReadDirectory(r->tif);
        if (!more && r->message[0]) return fail(r, number + 1, "the page's directory cannot be read");
    }
    BW_TRY(bw_check(r->ctx));
    if (r->page_count) return BW_OK;
    if (!TIFFSetDirectory(r->tif, 0)) return fail(r, 0, "the page's directory cannot be read");
    return scan_page(r, 0);
}

static bw_status select_page(reader *r, int64_t page) {
    r->message[0] = 0;
    if (TIFFCurrentDirOffset(r->tif) != r->pages[page] && !TIFFSetSubDirectory(r->tif, r->pages[page]))
        return fail(r, page, "the page's directory cannot be read");
    page_format f;
    return read_format(r, page, &f);
}

/* ---- dimensions ---------------------------------------------------------------------------------------------- */

/* 8-bit colour becomes one RGB image without its alpha, as in ImageJ; all other samples are channels. */
static void choose_layout(reader *r) {
    const page_format *f = &r->format;
    r->kind = bw_sample_kind_find(f->bits, f->format);
    r->rgb = f->bits == 8 && (f->samples == 3 || (f->samples > 3 && f->photometric == PHOTOMETRIC_RGB));
    r->channels = r->rgb ? 3 : f->samples;
}

static void read_metadata(reader *r) {
    char *description = NULL;
    uint64_t directory = r->pages[0];
    bw_resolution resolution = {bw_tiff_source_rational(r->source, directory, TIFFTAG_XRESOLUTION),
                                bw_tiff_source_rational(r->source, directory, TIFFTAG_YRESOLUTION),
                                bw_tiff_source_short(r->source, directory, TIFFTAG_RESOLUTIONUNIT)};
    TIFFGetField(r->tif, TIFFTAG_IMAGEDESCRIPTION, &description);
    bw_metadata_parse(&r->meta, description, &resolution);
}

/* The sizes are believed when they account for every page; else pages are a z stack. ImageJ counts the samples of a
 * page as channels, except those of an RGB page; OME counts these too. */
static void settle_sizes(reader *r) {
    bw_metadata *m = &r->meta;
    int64_t per_page = m->imagej && r->rgb ? 1 : r->channels, pages = r->page_count;
    int fits = m->has_sizes && m->channels % per_page == 0 && m->channels / per_page <= pages &&
               pages % (m->channels / per_page) == 0;
    int64_t rest = fits ? pages / (m->channels / per_page) : 0;
    fits = fits && m->slices <= rest && rest % m->slices == 0 && rest / m->slices == m->frames;
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
static uint64_t data_offset(reader *r) {
    uint16_t planar = PLANARCONFIG_CONTIG;
    TIFFGetFieldDefaulted(r->tif, TIFFTAG_PLANARCONFIG, &planar);
    if (TIFFIsTiled(r->tif) || r->format.bits % 8 || (planar != PLANARCONFIG_CONTIG && r->format.samples > 1)) return 0;
    uint64_t first = TIFFGetStrileOffset(r->tif, 0), next = first;
    for (uint32_t i = 0; i < TIFFNumberOfStrips(r->tif); i++) {
        if (TIFFGetStrileOffset(r->tif, i) != next) return 0;
        next += TIFFGetStrileByteCount(r->tif, i);
    }
    return first;
}

/* ImageJ reads `images` planes from where the first begins and looks at no other directory; files above 4 GiB and those
 * of its virtual stack writers have only one. */
static bw_status apply_images(reader *r) {
    int64_t images = r->meta.images;
    if (!r->meta.imagej || r->compressed || images <= 1 || images == r->page_count) return BW_OK;
    if (images < r->page_count) {
        r->page_count = images;
        return BW_OK;
    }
    uint64_t offset = 0, bytes = row_bytes(&r->format) * r->format.height, first = data_offset(r);
    if (!first || !bw_tiff_plane_offset(first, bytes, images, r->source->size, 0, &offset))
        return bw_fail(r->ctx, BW_ERROR_FORMAT,
                       "%s says that it holds %lld images of %llu bytes, but it has %lld page%s and %llu bytes in all: "
                       "it is cut off, or its description belongs to another file. Copy or save it again.",
                       r->source->path, (long long)images, (unsigned long long)bytes, (long long)r->page_count,
                       r->page_count == 1 ? "" : "s", (unsigned long long)r->source->size);
    r->contiguous = 1;
    r->page_count = images;
    return BW_OK;
}

static bw_status create_image(reader *r) {
    const bw_metadata *m = &r->meta;
    bw_image_info info = {.type = r->kind->type,
                          .width = r->format.width,
                          .height = r->format.height,
                          .depth = m->slices,
                          .frames = (int)m->frames,
                          .calibrated = m->calibrated,
                          .frame_interval = m->frame_interval};
    if (m->channels > INT32_MAX / r->channels) return fail(r, 0, "too many channels");
    info.channels = (int)m->channels * r->channels;
    info.rgb = r->rgb && m->channels == 1;
    memcpy(info.spacing, m->spacing, sizeof info.spacing);
    memcpy(info.unit, m->unit, sizeof info.unit);
    BW_TRY(bw_image_create(r->ctx, &info, &r->image));
    const char *name = r->source->path;
    for (const char *c = name; *c; c++)
        if ((*c == '/' || *c == '\\') && c[1]) name = c + 1;
    return bw_image_set_name(r->ctx, r->image, name);
}

typedef struct place {
    int frame, channel; /* first channel of the page */
    int64_t z;
} place;

static place place_of(const reader *r, int64_t page) {
    const bw_metadata *m = &r->meta;
    int64_t c = 0, z = 0, t = 0;
    for (int i = 0; i < 3; i++) {
        int64_t size = m->order[i] == 'C' ? m->channels : m->order[i] == 'Z' ? m->slices : m->frames;
        *(m->order[i] == 'C' ? &c : m->order[i] == 'Z' ? &z : &t) = page % size;
        page /= size;
    }
    return (place){(int)t, (int)c * r->channels, z};
}

/* ---- pixels -------------------------------------------------------------------------------------------------- */

/* A decoded strip or tile: rows of `samples` interleaved samples, of which the first is the image's sample `sample`. */
typedef struct piece {
    uint32_t x, y, width, height; /* the part inside the image */
    uint64_t row_bytes;
    int sample, samples;
} piece;

static uint8_t *target(const reader *r, place at, int sample, uint32_t x, uint32_t y) {
    uint8_t *plane = bw_image_plane(r->image, at.frame, at.channel + sample, at.z);
    return plane + ((uint64_t)y * r->format.width + x) * (uint64_t)bw_type_size(r->kind->type);
}

static void scatter(const reader *r, place at, const piece *p) {
    for (uint32_t y = 0; y < p->height; y++)
        for (int s = 0; s < p->samples && p->sample + s < r->channels; s++)
            r->kind->convert(r->scratch + y * p->row_bytes, s, p->samples, p->width, r->format.bits,
                             target(r, at, p->sample + s, p->x, p->y + y));
}

static bw_status reserve(reader *r, int64_t page, uint64_t size) {
    if (size <= r->scratch_size) return BW_OK;
    if (size > plausible(r->source->size, r->ratio)) return fail(r, page, "a strip or tile is far too large");
    bw_free(r->scratch);
    r->scratch_size = 0;
    r->scratch = bw_alloc(r->ctx, size, 1, "a strip of a TIFF file");
    if (!r->scratch) return BW_ERROR_MEMORY;
    r->scratch_size = size;
    return BW_OK;
}

/* Strips and tiles in one: a strip is a tile as wide as the image. */
typedef struct grid {
    int tiled;
    uint32_t width, height; /* of a piece */
    uint64_t row_bytes;
    int planes, samples; /* planes of separate samples, interleaved samples in each */
} grid;

static bw_status read_grid(reader *r, int64_t page, grid *g) {
    uint16_t planar = PLANARCONFIG_CONTIG;
    TIFFGetFieldDefaulted(r->tif, TIFFTAG_PLANARCONFIG, &planar);
    int separate = planar == PLANARCONFIG_SEPARATE && r->format.samples > 1;
    *g = (grid){.tiled = TIFFIsTiled(r->tif), .width = r->format.width};
    g->planes = separate ? r->channels : 1;
    g->samples = separate ? 1 : r->format.samples;
    if (g->tiled) {
        TIFFGetField(r->tif, TIFFTAG_TILEWIDTH, &g->width);
        TIFFGetField(r->tif, TIFFTAG_TILELENGTH, &g->height);
        g->row_bytes = (uint64_t)TIFFTileRowSize(r->tif);
    } else {
        TIFFGetFieldDefaulted(r->tif, TIFFTAG_ROWSPERSTRIP, &g->height);
        if (g->height > r->format.height) g->height = r->format.height;
        g->row_bytes = (uint64_t)TIFFScanlineSize(r->tif);
    }
    uint64_t least = ((uint64_t)g->width * (uint64_t)g->samples * r->format.bits + 7) / 8;
    if (!g->width || !g->height || g->row_bytes != least || g->height > UINT64_MAX / g->row_bytes)
        return fail(r, page, "the strips or tiles have an impossible size");
    return BW_OK;
}

static bw_status decode(reader *r, int64_t page, const grid *g, const piece *p, void *to) {
    uint64_t size = g->row_bytes * (g->tiled ? g->height : p->height);
    r->message[0] = 0;
    tmsize_t got;
    if (g->tiled)
        got = TIFFReadEncodedTile(r->tif, TIFFComputeTile(r->tif, p->x, p->y, 0, (uint16_t)p->sample), to,
                                  (tmsize_t)size);
    else
        got = TIFFReadEncodedStrip(r->tif, TIFFComputeStrip(r->tif, p->y, (uint16_t)p->sample), to, (tmsize_t)size);
    return got >= 0 && (uint64_t)got == size ? BW_OK : fail(r, page, "the pixels cannot be decoded");
}

static bw_status read_piece(reader *r, int64_t page, const grid *g, const piece *p, place at) {
    BW_TRY(bw_check(r->ctx));
    if (!g->tiled && g->samples == 1 && r->kind->same) return decode(r, page, g, p, target(r, at, p->sample, 0, p->y));
    BW_TRY(reserve(r, page, g->row_bytes * g->height));
    BW_TRY(decode(r, page, g, p, r->scratch));
    scatter(r, at, p);
    return BW_OK;
}

static uint32_t smaller(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

static bw_status read_page(reader *r, int64_t page) {
    grid g;
    BW_TRY(select_page(r, page));
    BW_TRY(read_grid(r, page, &g));
    const page_format *f = &r->format;
    for (int plane = 0; plane < g.planes; plane++)
        for (uint64_t y = 0; y < f->height; y += g.height)
            for (uint64_t x = 0; x < f->width; x += g.width) {
                piece p = {(uint32_t)x,
                           (uint32_t)y,
                           smaller(g.width, f->width - (uint32_t)x),
                           smaller(g.height, f->height - (uint32_t)y),
                           g.row_bytes,
                           plane,
                           g.samples};
                BW_TRY(read_piece(r, page, &g, &p, place_of(r, page)));
            }
    return BW_OK;
}

static void to_host_order(const reader *r, void *data, uint64_t bytes) {
    if (!TIFFIsByteSwapped(r->tif)) return;
    if (r->format.bits == 16) TIFFSwabArrayOfShort(data, (tmsize_t)(bytes / 2));
    if (r->format.bits == 32) TIFFSwabArrayOfLong(data, (tmsize_t)(bytes / 4));
    if (r->format.bits == 64) TIFFSwabArrayOfLong8(data, (tmsize_t)(bytes / 8));
}

/* A plane behind the first one: plain bytes, read in blocks of rows. */
static bw_status read_contiguous(reader *r, uint64_t first, int64_t page) {
    const page_format *f = &r->format;
    uint64_t row = row_bytes(f), offset = 0;
    uint32_t rows = row > BLOCK ? 1 : smaller((uint32_t)(BLOCK / row), f->height);
    if (!bw_tiff_plane_offset(first, row * f->height, r->page_count, r->source->size, page, &offset))
        return fail(r, page, "the plane lies outside the file");
    BW_TRY(reserve(r, page, row * rows));
    for (uint64_t y = 0; y < f->height; y += rows) {
        BW_TRY(bw_check(r->ctx));
        piece p = {0, (uint32_t)y, f->width, smaller(rows, f->height - (uint32_t)y), row, 0, f->samples};
        if (bw_tiff_source_read(r->source, offset + y * row, r->scratch, row * p.height) < row * p.height)
            return fail(r, page, "the plane cannot be read");
        to_host_order(r, r->scratch, row * p.height);
        scatter(r, place_of(r, page), &p);
    }
    return BW_OK;
}

static bw_status read_pixels(reader *r) {
    BW_TRY(select_page(r, 0));
    uint64_t first = r->contiguous ? data_offset(r) : 0;
    for (int64_t page = 0; page < r->page_count; page++)
        BW_TRY(r->contiguous ? read_contiguous(r, first, page) : read_page(r, page));
    return BW_OK;
}

/* ---- slice labels -------------------------------------------------------------------------------------------- */

/* Labels count planes; the samples of an RGB page are one plane. */
static bw_status on_label(void *user, int64_t index, const char *label) {
    reader *r = user;
    int per_page = r->rgb ? 1 : r->channels;
    if (index / per_page >= r->page_count) return BW_OK;
    place at = place_of(r, index / per_page);
    return bw_image_set_plane_label(r->ctx, r->image, at.frame, at.channel + (int)(index % per_page), at.z, label);
}

static int has_type(TIFF *tif, uint32_t tag, TIFFDataType a, TIFFDataType b) {
    const TIFFField *field = TIFFFindField(tif, tag, TIFF_ANY);
    return field && TIFFFieldPassCount(field) && TIFFFieldReadCount(field) == TIFF_VARIABLE2 &&
           (TIFFFieldDataType(field) == a || TIFFFieldDataType(field) == b);
}

static bw_status read_labels(reader *r) {
    uint32_t count = 0, size = 0;
    void *counts = NULL, *data = NULL;
    BW_TRY(select_page(r, 0));
    if (!has_type(r->tif, TAG_COUNTS, TIFF_LONG, TIFF_LONG) || !has_type(r->tif, TAG_DATA, TIFF_BYTE, TIFF_UNDEFINED) ||
        !TIFFGetField(r->tif, TAG_COUNTS, &count, &counts) || !TIFFGetField(r->tif, TAG_DATA, &size, &data))
        return BW_OK;
    return bw_imagej_labels(r->ctx, counts, count, data, size, TIFFIsBigEndian(r->tif), on_label, r);
}

/* ---- entry points -------------------------------------------------------------------------------------------- */

static bw_status read_all(reader *r) {
    BW_TRY(bw_tiff_source_check_tiff(r->source));
    r->tif = open_tiff(r);
    if (!r->tif) return fail(r, 0, "the page's directory cannot be read");
    BW_TRY(scan_pages(r));
    BW_TRY(select_page(r, 0));
    choose_layout(r);
    read_metadata(r);
    BW_TRY(apply_images(r));
    settle_sizes(r);
    BW_TRY(create_image(r));
    BW_TRY(read_pixels(r));
    return read_labels(r);
}

static bw_status read_source(bw_context *ctx, bw_tiff_source *source, bw_image **out) {
    reader r = {.ctx = ctx, .source = source, .ratio = 1};
    bw_status status = read_all(&r);
    if (r.tif) TIFFClose(r.tif);
    bw_free(r.pages);
    bw_free(r.scratch);
    if (status == BW_OK)
        *out = r.image;
    else
        bw_image_free(r.image);
    return status;
}

bw_status bw_tiff_read_memory(bw_context *ctx, const uint8_t *data, uint64_t size, const char *name, bw_image **out) {
    bw_tiff_source source;
    *out = NULL;
    bw_tiff_source_open_memory(&source, ctx, data, size, name);
    return read_source(ctx, &source, out);
}

bw_status bw_tiff_read(bw_context *ctx, const char *path, bw_image **out) {
    bw_tiff_source source;
    *out = NULL;
    if (!path) return bw_fail(ctx, BW_ERROR_ARGUMENT, "Reading a TIFF file needs a path.");
    BW_TRY(bw_tiff_source_open_file(&source, ctx, path));
    bw_status status = read_source(ctx, &source, out);
    bw_tiff_source_close(&source);
    return status;
}
