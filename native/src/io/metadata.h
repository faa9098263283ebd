/* What the description and resolution of a TIFF say about dimensions and calibration. */
#ifndef BW_IO_METADATA_H
#define BW_IO_METADATA_H

#include "core/bytes.h"
#include "core/text.h"

typedef struct bw_resolution {
    double x, y; /* pixels per unit; 0 = not given */
    int unit;    /* TIFF's ResolutionUnit: 1 none, 2 inch, 3 cm; 0 = not given */
} bw_resolution;

typedef struct bw_metadata {
    int imagej;                       /* the description is ImageJ's */
    int64_t images;                   /* planes ImageJ reads from an uncompressed file; 0 = not given */
    int64_t channels, slices, frames; /* >= 1; count RGB planes as one channel in ImageJ's description */
    int has_sizes;
    char order[4]; /* fastest first, of "CZT" */
    int calibrated;
    double spacing[3];
    char unit[32];
    double frame_interval; /* seconds; 0 = unknown */
    int signed_16;         /* 16-bit pixels are signed values with 32768 added, by ImageJ's calibration of values */
} bw_metadata;

/* description may be NULL. Gives the calibration that ImageJ 1.54p computes from the same file; OME-XML, which plain
 * ImageJ ignores, is read too. */
void bw_metadata_parse(bw_metadata *m, const char *description, const bw_resolution *resolution);
/* ImageJ's description. min and max are the display range in pixel values; none is written when min > max. */
bw_status bw_imagej_describe(bw_text *text, const bw_image_info *info, int signed_16, double min, double max);

typedef bw_status (*bw_label_fn)(void *user, int64_t index, const char *label);

/* OME-XML; returns 0 when the description is none. */
int bw_ome_parse(bw_metadata *m, const char *description);
/* OME-XML of a file whose pages are in ImageJ's order; image: needs no pixels. */
bw_status bw_ome_describe(bw_text *text, const bw_image *image);
/* Calls `found` for every channel that has a name; channels of several samples, as RGB, have none. */
bw_status bw_ome_channels(const char *description, bw_label_fn found, void *user);

/* ImageJ's tags 50838 (byte counts) and 50839 (data). Calls `found` for every slice label. */
bw_status bw_imagej_labels(bw_context *ctx, const uint32_t *counts, uint64_t count, const uint8_t *data, uint64_t size,
                           int big_endian, bw_label_fn found, void *user);
/* The same tags for writing, little-endian: `planes` labels (NULL = none; the array may be NULL) and 2 * `ranges`
 * display limits. Both writers stay empty when there is nothing to say. */
bw_status bw_imagej_blocks(bw_writer *counts, bw_writer *data, const char *const *labels, int64_t planes,
                           const double *limits, int ranges);

#endif
