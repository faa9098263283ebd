#include "io/tiff_encode.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <tiffio.h>

static const bw_tiff_codec codecs[] = {
    {BW_COMPRESSION_NONE, "none", COMPRESSION_NONE, PREDICTOR_NONE, 1.0},
    {BW_COMPRESSION_LZW, "LZW", COMPRESSION_LZW, PREDICTOR_HORIZONTAL, 1.55},
    {BW_COMPRESSION_DEFLATE, "deflate", COMPRESSION_ADOBE_DEFLATE, PREDICTOR_HORIZONTAL, 1.01},
    {BW_COMPRESSION_ZSTD, "ZSTD", COMPRESSION_ZSTD, PREDICTOR_HORIZONTAL, 1.01},
};

const bw_tiff_codec *bw_tiff_codec_find(bw_compression compression) {
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (codecs[i].compression == compression) return &codecs[i];
    return NULL;
}

bw_status bw_tiff_codec_get(bw_context *ctx, bw_compression compression, const bw_tiff_codec **out) {
    const bw_tiff_codec *c = *out = bw_tiff_codec_find(compression);
    if (!c) return bw_fail(ctx, BW_ERROR_ARGUMENT, "Unknown TIFF compression %d.", (int)compression);
    if (TIFFIsCODECConfigured((uint16_t)c->code)) return BW_OK;
    return bw_fail(ctx, BW_ERROR_ARGUMENT, "This libtiff cannot write %s compression; choose none or LZW.", c->name);
}

int bw_tiff_codec_predictor(const bw_tiff_codec *codec, bw_pixel_type type) {
    return type == BW_FLOAT32 ? PREDICTOR_NONE : codec->predictor;
}

/* libtiff writes a whole file: header, strip, directory. The sink keeps what comes before the directory. */
typedef struct sink {
    bw_writer *out;
    uint64_t at;
    int closed;
    char message[160];
} sink;

static tmsize_t on_read(thandle_t handle, void *to, tmsize_t size) {
    sink *s = handle;
    uint64_t left = s->at < s->out->size ? s->out->size - s->at : 0,
             got = (uint64_t)size < left ? (uint64_t)size : left;
    if (got) memcpy(to, s->out->data + s->at, (size_t)got);
    s->at += got;
    return (tmsize_t)got;
}

static tmsize_t on_write(thandle_t handle, void *from, tmsize_t size) {
    sink *s = handle;
    if (s->closed) return size;
    while (s->out->size < s->at)
        if (bw_put_u8(s->out, 0) != BW_OK) return 0;
    uint64_t over = s->out->size - s->at, first = over < (uint64_t)size ? over : (uint64_t)size;
    if (first) memcpy(s->out->data + s->at, from, (size_t)first);
    if (bw_put(s->out, (const uint8_t *)from + first, (uint64_t)size - first) != BW_OK) return 0;
    s->at += (uint64_t)size;
    return size;
}

static toff_t on_seek(thandle_t handle, toff_t offset, int whence) {
    sink *s = handle;
    s->at = whence == SEEK_SET ? offset : whence == SEEK_CUR ? s->at + offset : s->out->size + offset;
    return s->at;
}

static int on_close(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t on_size(thandle_t handle) {
    return ((sink *)handle)->out->size;
}

static int on_error(TIFF *tif, void *user, const char *module, const char *format, va_list args) {
    sink *s = user;
    (void)tif, (void)module;
    if (!s->message[0]) vsnprintf(s->message, sizeof s->message, format, args);
    return 1;
}

static int on_warning(TIFF *tif, void *user, const char *module, const char *format, va_list args) {
    (void)tif, (void)user, (void)module, (void)format, (void)args;
    return 1;
}

static TIFF *open_sink(sink *s) {
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options) return NULL;
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, s);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, NULL);
    TIFF *tif =
        TIFFClientOpenExt("strip", "w8ml", s, on_read, on_write, on_seek, on_close, on_size, NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    return tif;
}

/* libtiff's own level of 9 takes longer than the prediction whose results it compresses, for a few per cent. */
enum { ZSTD_LEVEL = 3 };

static void set_fields(TIFF *tif, const bw_strip_format *f) {
    TIFFSetField(tif, TIFFTAG_IMAGEWIDTH, (uint32_t)f->width);
    TIFFSetField(tif, TIFFTAG_IMAGELENGTH, (uint32_t)f->rows);
    TIFFSetField(tif, TIFFTAG_ROWSPERSTRIP, (uint32_t)f->rows);
    TIFFSetField(tif, TIFFTAG_BITSPERSAMPLE, f->bits);
    TIFFSetField(tif, TIFFTAG_SAMPLESPERPIXEL, f->samples);
    TIFFSetField(tif, TIFFTAG_SAMPLEFORMAT, f->is_float ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT);
    TIFFSetField(tif, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(tif, TIFFTAG_PHOTOMETRIC, f->samples == 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
    TIFFSetField(tif, TIFFTAG_COMPRESSION, f->compression);
    if (f->compression == COMPRESSION_ZSTD) TIFFSetField(tif, TIFFTAG_ZSTD_LEVEL, ZSTD_LEVEL);
    if (f->predictor != PREDICTOR_NONE) TIFFSetField(tif, TIFFTAG_PREDICTOR, f->predictor);
}

bw_status bw_tiff_encode(bw_context *ctx, const bw_strip_format *format, void *data, bw_writer *out, uint64_t *first,
                         uint64_t *size) {
    sink s = {.out = out};
    TIFF *tif = open_sink(&s);
    if (!tif) return bw_fail(ctx, BW_ERROR_MEMORY, "Not enough memory to compress a strip of a TIFF file.");
    tmsize_t bytes = (tmsize_t)(format->rows * format->width * format->samples * (format->bits / 8));
    set_fields(tif, format);
    int ok = TIFFWriteEncodedStrip(tif, 0, data, bytes) == bytes;
    *first = TIFFGetStrileOffset(tif, 0);
    *size = TIFFGetStrileByteCount(tif, 0);
    s.closed = 1;
    TIFFClose(tif);
    if (ok && *first <= out->size && *size <= out->size - *first) return BW_OK;
    BW_TRY(bw_check(ctx));
    return bw_fail(ctx, BW_ERROR_INTERNAL, "Compressing a strip of a TIFF file failed: %s.", s.message);
}
