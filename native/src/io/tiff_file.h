/* An open TIFF whose pages, dimensions and metadata are known, and libtiff's handles on its pages. */
#ifndef BW_IO_TIFF_FILE_H
#define BW_IO_TIFF_FILE_H

#include <tiffio.h>

#include "core/image.h"
#include "io/metadata.h"
#include "io/samples.h"
#include "io/tiff_source.h"

/* What all pages must share. */
typedef struct bw_tiff_format {
    uint32_t width, height;
    uint16_t bits, samples, format, photometric;
} bw_tiff_format;

/* How a page is cut: strips and tiles in one, a strip is a tile as wide as the image. */
typedef struct bw_tiff_grid {
    int tiled, reversed; /* reversed: bytes hold their bits the other way round */
    int compression;
    int64_t width, height; /* of a strip or tile */
    uint64_t row_bytes;
    int planes, samples; /* planes of separate samples, interleaved samples in each */
} bw_tiff_grid;

struct bw_tiff_file;

/* A libtiff handle: stands on one page, and where rows are decoded one by one, within a strip. */
typedef struct bw_tiff_lane {
    struct bw_tiff_file *file;
    TIFF *tif;    /* NULL = not open */
    uint64_t at;  /* libtiff's place in the source */
    int64_t page; /* -1 = none */
    int plane;    /* whose strips it decodes row by row */
    bw_tiff_grid grid;
    int64_t strip, row; /* row: the next of the strip; strip -1 = none begun */
    uint64_t used;
} bw_tiff_lane;

/* A decoded strip or tile. */
typedef struct bw_tiff_slot {
    int64_t page; /* -1 = empty */
    uint32_t index;
    uint8_t *data;
    uint64_t bytes, room, used; /* bytes: of the strip or tile, at most the room at `data` */
} bw_tiff_slot;

enum { BW_TIFF_LANES = 4, BW_TIFF_SLOTS = 64 };

typedef struct bw_tiff_file {
    bw_context *ctx; /* of the running call */
    bw_tiff_source source;
    char *path;
    char message[200]; /* libtiff's first complaint since it was cleared */
    bw_tiff_format format;
    const bw_sample_kind *kind;
    int channels, rgb; /* of one page */
    uint64_t *pages;   /* directory offsets */
    int64_t page_count, page_capacity;
    uint64_t raw_bytes; /* decoded size of all pages */
    uint64_t ratio;     /* the best any page's compression can do */
    int compressed, swapped;
    bw_metadata meta;
    int sized;        /* the description's sizes account for all pages */
    uint64_t data_at; /* planes follow one another from here, whatever directories say; 0 = they do not */
    bw_image_info info;
    bw_tiff_lane lanes[BW_TIFF_LANES];
    uint64_t tick;       /* counts uses of lanes and slots */
    uint64_t most_whole; /* compressed strips above this are decoded row by row where their codec can */
    uint64_t most_kept;  /* bytes of decoded strips or tiles that stay for later; one of them always does */
    bw_tiff_slot slots[BW_TIFF_SLOTS];
    uint8_t *scratch;
    uint64_t scratch_size;
} bw_tiff_file;

/* Opens `path`, or `size` bytes at `data` (not NULL) that `path` names in messages; they have to stay until the file is
 * closed. Finds pages, dimensions and metadata: `info` is what the image will be. */
bw_status bw_tiff_file_open(bw_context *ctx, const char *path, const uint8_t *data, uint64_t size, bw_tiff_file **out);
void bw_tiff_file_close(bw_tiff_file *file);
/* Name, slice labels, channel names and the offset of values. */
bw_status bw_tiff_file_name(bw_tiff_file *file, bw_image *image);
/* Pixels of a part within the image: to[channel][z][y][x]. */
bw_status bw_tiff_file_read(bw_tiff_file *file, const bw_part *part, void *to);

/* ---- between the files of the reader -------------------------------------------------------------------------- */

/* Finds pages, dimensions and metadata of a file that is open. */
bw_status bw_tiff_file_scan(bw_tiff_file *file);
/* Opens the first lane: it stands on the first directory. */
bw_status bw_tiff_file_begin(bw_tiff_file *file);
/* A lane on the page; for strips that are decoded row by row, the one that decoded the plane's last. */
bw_status bw_tiff_file_lane(bw_tiff_file *file, int64_t page, int plane, bw_tiff_lane **out);
/* For lanes in a state that nobody knows: the next use opens them afresh. */
void bw_tiff_lane_close(bw_tiff_lane *lane);
/* Format and compression of the page that the lane stands on. */
bw_status bw_tiff_file_format(bw_tiff_file *file, bw_tiff_lane *lane, int64_t page, bw_tiff_format *format);
/* What all pages of an image have in common. */
int bw_tiff_same_format(const bw_tiff_format *a, const bw_tiff_format *b);
/* Records why something failed: cancel, the disk, or the file's content. */
bw_status bw_tiff_file_fail(bw_tiff_file *file, int64_t page, const char *what);
/* Scratch of at least `size` bytes, which have to be plausible for a file of this size. */
bw_status bw_tiff_file_reserve(bw_tiff_file *file, int64_t page, uint64_t size);
/* More than `bytes` of compressed data can sensibly stand for; keeps a small file from asking for a lot of memory. */
uint64_t bw_tiff_plausible(uint64_t bytes, uint64_t ratio);
/* Of a row of all samples. At most 2^31 * 2^16 * 2^6 bits: no overflow. */
uint64_t bw_tiff_row_bytes(const bw_tiff_format *format);
/* Page of a plane; channel: of those that pages stand for. */
int64_t bw_tiff_file_page(const bw_tiff_file *file, int64_t channel, int64_t z, int64_t frame);

#endif
