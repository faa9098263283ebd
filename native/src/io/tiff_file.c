#include "io/tiff_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"

enum { MANY_PAGES = 64 };

/* ---- libtiff on a source ------------------------------------------------------------------------------------- */

static tmsize_t on_read(thandle_t handle, void *to, tmsize_t size) {
    bw_tiff_lane *lane = handle;
    uint64_t got = size > 0 ? bw_tiff_source_read(&lane->file->source, lane->at, to, (uint64_t)size) : 0;
    lane->at += got;
    return (tmsize_t)got;
}

static tmsize_t on_write(thandle_t handle, void *from, tmsize_t size) {
    (void)handle, (void)from, (void)size;
    return 0;
}

static toff_t on_seek(thandle_t handle, toff_t offset, int whence) {
    bw_tiff_lane *lane = handle;
    lane->at = whence == SEEK_SET ? offset : whence == SEEK_CUR ? lane->at + offset : lane->file->source.size + offset;
    return lane->at;
}

static int on_close(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t on_size(thandle_t handle) {
    return ((bw_tiff_lane *)handle)->file->source.size;
}

static int on_error(TIFF *tif, void *user, const char *module, const char *format, va_list args) {
    bw_tiff_file *f = user;
    (void)tif, (void)module;
    if (!f->message[0]) vsnprintf(f->message, sizeof f->message, format, args);
    return 1;
}

static int on_warning(TIFF *tif, void *user, const char *module, const char *format, va_list args) {
    (void)tif, (void)user, (void)module, (void)format, (void)args;
    return 1;
}

uint64_t bw_tiff_plausible(uint64_t bytes, uint64_t ratio) {
    const uint64_t slack = (uint64_t)16 << 20;
    return bytes > (UINT64_MAX - slack) / ratio ? UINT64_MAX : bytes * ratio + slack;
}

/* Handlers belong to this handle: nothing of libtiff's process-wide state is touched. */
static bw_status open_lane(bw_tiff_file *f, bw_tiff_lane *lane, int64_t page) {
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options) return bw_fail(f->ctx, BW_ERROR_MEMORY, "Not enough memory to read %s.", f->path);
    uint64_t most = bw_tiff_plausible(f->source.size, 2000), limit = (uint64_t)1 << 40;
    *lane = (bw_tiff_lane){.file = f, .page = -1, .strip = -1};
    f->message[0] = 0;
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, f);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, NULL);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)(most < limit ? most : limit));
    /* m: no memory mapping; c: keep strips as they are; O: look a strip's place up when it is needed, since a page may
     * have a million of them */
    lane->tif =
        TIFFClientOpenExt(f->path, "rmcO", lane, on_read, on_write, on_seek, on_close, on_size, NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    return lane->tif ? BW_OK : bw_tiff_file_fail(f, page, "the page's directory cannot be read");
}

bw_status bw_tiff_file_begin(bw_tiff_file *f) {
    return open_lane(f, &f->lanes[0], 0);
}

void bw_tiff_lane_close(bw_tiff_lane *lane) {
    if (lane->tif) TIFFClose(lane->tif);
    lane->tif = NULL;
    lane->page = -1;
}

bw_status bw_tiff_file_fail(bw_tiff_file *f, int64_t page, const char *what) {
    BW_TRY(bw_check(f->ctx));
    if (f->source.io_error)
        return bw_fail(f->ctx, BW_ERROR_IO, "Cannot read %s: %s.", f->path, strerror(f->source.io_error));
    return bw_fail(f->ctx, BW_ERROR_FORMAT, "%s, page %lld: %s%s%s. The file is damaged or incomplete; copy it again.",
                   f->path, (long long)page + 1, what, f->message[0] ? ": " : "", f->message);
}

bw_status bw_tiff_file_reserve(bw_tiff_file *f, int64_t page, uint64_t size) {
    if (size <= f->scratch_size) return BW_OK;
    if (size > bw_tiff_plausible(f->source.size, f->ratio))
        return bw_tiff_file_fail(f, page, "a strip or tile is far too large");
    bw_free(f->scratch);
    f->scratch_size = 0;
    f->scratch = bw_alloc(f->ctx, size, 1, "a strip of a TIFF file");
    if (!f->scratch) return BW_ERROR_MEMORY;
    f->scratch_size = size;
    return BW_OK;
}

/* ---- format of a page ---------------------------------------------------------------------------------------- */

/* `what` ends in the number that is not supported. */
static bw_status unsupported(bw_tiff_file *f, int64_t page, const char *what, int value) {
    return bw_fail(f->ctx, BW_ERROR_FORMAT,
                   "%s, page %lld: %s %d cannot be read. Open the file in Fiji (Bio-Formats) and save it as TIFF.",
                   f->path, (long long)page + 1, what, value);
}

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

static bw_status check_compression(bw_tiff_file *f, int64_t page, int compression) {
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
    return bw_fail(f->ctx, BW_ERROR_FORMAT,
                   "%s, page %lld: the compression %s (%d) is not supported. Save the file with LZW, deflate or none.",
                   f->path, (long long)page + 1, name, compression);
}

/* YCbCr is left to the JPEG codec, which gives RGB; nothing else converts colours. */
static bw_status check_photometric(bw_tiff_file *f, bw_tiff_lane *lane, int64_t page, bw_tiff_format *format,
                                   int compression) {
    if (format->photometric == PHOTOMETRIC_YCBCR && compression == COMPRESSION_JPEG) {
        TIFFSetField(lane->tif, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        format->photometric = PHOTOMETRIC_RGB;
    }
    if (format->photometric == PHOTOMETRIC_YCBCR || format->photometric == PHOTOMETRIC_LOGL ||
        format->photometric == PHOTOMETRIC_LOGLUV)
        return unsupported(f, page, "colour model (PhotometricInterpretation)", format->photometric);
    return BW_OK;
}

static int compression_of(const bw_tiff_lane *lane) {
    uint16_t compression = COMPRESSION_NONE;
    TIFFGetFieldDefaulted(lane->tif, TIFFTAG_COMPRESSION, &compression);
    return compression;
}

bw_status bw_tiff_file_format(bw_tiff_file *f, bw_tiff_lane *lane, int64_t page, bw_tiff_format *format) {
    const int compression = compression_of(lane);
    *format = (bw_tiff_format){0};
    TIFFGetField(lane->tif, TIFFTAG_IMAGEWIDTH, &format->width);
    TIFFGetField(lane->tif, TIFFTAG_IMAGELENGTH, &format->height);
    TIFFGetFieldDefaulted(lane->tif, TIFFTAG_BITSPERSAMPLE, &format->bits);
    TIFFGetFieldDefaulted(lane->tif, TIFFTAG_SAMPLESPERPIXEL, &format->samples);
    TIFFGetFieldDefaulted(lane->tif, TIFFTAG_SAMPLEFORMAT, &format->format);
    if (!TIFFGetField(lane->tif, TIFFTAG_PHOTOMETRIC, &format->photometric))
        format->photometric = PHOTOMETRIC_MINISBLACK;
    BW_TRY(check_compression(f, page, compression));
    BW_TRY(check_photometric(f, lane, page, format, compression));
    if (!format->width || !format->height || format->width > INT32_MAX || format->height > INT32_MAX ||
        !format->samples)
        return bw_tiff_file_fail(f, page, "the image size is impossible");
    if (!bw_sample_kind_find(format->bits, format->format)) {
        if (bw_sample_kind_find(format->bits, SAMPLEFORMAT_UINT))
            return unsupported(f, page, "SampleFormat", format->format);
        return unsupported(f, page, "BitsPerSample", format->bits);
    }
    if (ratio_of(compression) > f->ratio) f->ratio = ratio_of(compression);
    f->compressed |= compression != COMPRESSION_NONE;
    return BW_OK;
}

uint64_t bw_tiff_row_bytes(const bw_tiff_format *format) {
    return ((uint64_t)format->width * format->samples * format->bits + 7) / 8;
}

/* ---- lanes --------------------------------------------------------------------------------------------------- */

static bw_status read_grid(bw_tiff_file *f, bw_tiff_lane *lane, int64_t page) {
    uint16_t planar = PLANARCONFIG_CONTIG, order = FILLORDER_MSB2LSB;
    uint32_t width = f->format.width, height = 0;
    bw_tiff_grid *g = &lane->grid;
    TIFFGetFieldDefaulted(lane->tif, TIFFTAG_PLANARCONFIG, &planar);
    TIFFGetFieldDefaulted(lane->tif, TIFFTAG_FILLORDER, &order);
    const int separate = planar == PLANARCONFIG_SEPARATE && f->format.samples > 1;
    *g = (bw_tiff_grid){.tiled = TIFFIsTiled(lane->tif),
                        .reversed = order == FILLORDER_LSB2MSB,
                        .compression = compression_of(lane),
                        .planes = separate ? f->channels : 1,
                        .samples = separate ? 1 : f->format.samples};
    if (g->tiled) {
        TIFFGetField(lane->tif, TIFFTAG_TILEWIDTH, &width);
        TIFFGetField(lane->tif, TIFFTAG_TILELENGTH, &height);
        g->row_bytes = (uint64_t)TIFFTileRowSize(lane->tif);
    } else {
        TIFFGetFieldDefaulted(lane->tif, TIFFTAG_ROWSPERSTRIP, &height);
        if (height > f->format.height) height = f->format.height;
        g->row_bytes = (uint64_t)TIFFScanlineSize(lane->tif);
    }
    g->width = width;
    g->height = height;
    const uint64_t least = ((uint64_t)width * (uint64_t)g->samples * f->format.bits + 7) / 8;
    if (!width || !height || g->row_bytes != least || height > UINT64_MAX / g->row_bytes)
        return bw_tiff_file_fail(f, page, "the strips or tiles have an impossible size");
    return BW_OK;
}

static bw_status put_on_page(bw_tiff_file *f, bw_tiff_lane *lane, int64_t page) {
    bw_tiff_format format;
    f->message[0] = 0;
    lane->page = lane->strip = -1;
    if (TIFFCurrentDirOffset(lane->tif) != f->pages[page] && !TIFFSetSubDirectory(lane->tif, f->pages[page]))
        return bw_tiff_file_fail(f, page, "the page's directory cannot be read");
    BW_TRY(bw_tiff_file_format(f, lane, page, &format));
    if (!bw_tiff_same_format(&format, &f->format))
        return bw_tiff_file_fail(f, page, "the page has changed since the file was opened");
    BW_TRY(read_grid(f, lane, page));
    lane->page = page;
    return BW_OK;
}

/* The lane that stands there, else the one that was not used for longest. A new lane walks through all directories
 * first: where these are many, one lane has to do. */
static bw_tiff_lane *choose_lane(bw_tiff_file *f, int64_t page, int plane) {
    bw_tiff_lane *oldest = &f->lanes[0];
    const int lanes = f->page_count > MANY_PAGES ? 1 : BW_TIFF_LANES;
    for (int i = 0; i < lanes; i++) {
        bw_tiff_lane *lane = &f->lanes[i];
        if (lane->tif && lane->page == page && lane->plane == plane) return lane;
        if (lane->used < oldest->used) oldest = lane;
    }
    return oldest;
}

bw_status bw_tiff_file_lane(bw_tiff_file *f, int64_t page, int plane, bw_tiff_lane **out) {
    bw_tiff_lane *lane = choose_lane(f, page, plane);
    *out = lane;
    if (!lane->tif) BW_TRY(open_lane(f, lane, page));
    lane->used = ++f->tick;
    lane->plane = plane;
    if (lane->page == page) return BW_OK;
    const bw_status status = put_on_page(f, lane, page);
    if (status != BW_OK) bw_tiff_lane_close(lane);
    return status;
}

/* ---- opening and closing ------------------------------------------------------------------------------------- */

void bw_tiff_file_close(bw_tiff_file *f) {
    if (!f) return;
    for (int i = 0; i < BW_TIFF_LANES; i++)
        bw_tiff_lane_close(&f->lanes[i]);
    for (int i = 0; i < BW_TIFF_SLOTS; i++)
        bw_retire(f->slots[i].data);
    bw_tiff_source_close(&f->source);
    bw_free(f->scratch);
    bw_free(f->pages);
    bw_free(f->path);
    bw_free(f);
}

static bw_status open_source(bw_tiff_file *f, const char *path, const uint8_t *data, uint64_t size) {
    f->path = bw_strdup(f->ctx, path);
    if (!f->path) return BW_ERROR_MEMORY;
    if (!data) return bw_tiff_source_open_file(&f->source, f->ctx, f->path);
    bw_tiff_source_open_memory(&f->source, f->ctx, data, size, f->path);
    return BW_OK;
}

bw_status bw_tiff_file_open(bw_context *ctx, const char *path, const uint8_t *data, uint64_t size, bw_tiff_file **out) {
    *out = NULL;
    bw_tiff_file *f = bw_calloc(ctx, 1, sizeof *f, "an open TIFF file");
    if (!f) return BW_ERROR_MEMORY;
    f->ctx = ctx;
    f->ratio = 1;
    for (int i = 0; i < BW_TIFF_SLOTS; i++)
        f->slots[i].page = -1;
    bw_status status = open_source(f, path, data, size);
    if (status == BW_OK) status = bw_tiff_file_scan(f);
    if (status == BW_OK)
        *out = f;
    else
        bw_tiff_file_close(f);
    return status;
}
