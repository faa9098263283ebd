/* TIFF directories, collected in memory and written behind the pixels. */
#ifndef BW_IO_TIFF_DIRECTORY_H
#define BW_IO_TIFF_DIRECTORY_H

#include "core/bytes.h"
#include "io/tiff_meta.h"

enum { BW_TIFF_START = 16 }; /* where pixels begin, in classic TIFF and BigTIFF */

/* Where a strip or tile lies in the file. */
typedef struct bw_strile {
    uint64_t offset, size;
} bw_strile;

/* What a directory says. */
typedef struct bw_tiff_page {
    int reduced; /* a smaller copy of another page */
    int64_t width, height;
    int samples; /* interleaved in a pixel */
    bw_pixel_type type;
    int compression, predictor; /* TIFF's codes */
    int64_t rows;               /* of a strip */
    int64_t tile[2];            /* width and height; 0 = strips */
    int64_t count;
    const bw_strile *striles;
    const bw_image_info *calibration; /* NULL = none */
    const bw_tiff_meta *meta;         /* NULL = none; for the first page */
    const uint64_t *smaller;          /* offsets of the directories of smaller copies */
    int smaller_count;
} bw_tiff_page;

typedef struct bw_tiff_tail {
    int big;
    uint64_t base;   /* where in the file the bytes go */
    bw_writer bytes; /* directories and their values */
    bw_writer entries;
    int count;            /* entries of the directory in work */
    uint64_t first, link; /* offset of the first page; where in `bytes` the next one's offset goes */
} bw_tiff_tail;

void bw_tiff_tail_init(bw_tiff_tail *tail, bw_context *ctx, int big, uint64_t base);
void bw_tiff_tail_free(bw_tiff_tail *tail);
/* A page behind the last one; a reduced one stands alone, for the page that names its offset. */
bw_status bw_tiff_add_page(bw_tiff_tail *tail, const bw_tiff_page *page, uint64_t *offset);
/* The file's first bytes once all pages are there. */
void bw_tiff_header(const bw_tiff_tail *tail, uint8_t head[BW_TIFF_START]);

#endif
