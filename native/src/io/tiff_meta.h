/* What a written TIFF says about its image besides the pixels: order of pages, description, labels, display ranges. */
#ifndef BW_IO_TIFF_META_H
#define BW_IO_TIFF_META_H

#include "core/bytes.h"
#include "core/text.h"

/* Pages in ImageJ's order: channel fastest, then z, then frame. A colour image has three samples in a page. */
int bw_tiff_samples(const bw_image_info *info);
int64_t bw_tiff_page_count(const bw_image_info *info);
/* channel: the first of the page. */
int64_t bw_tiff_page_index(const bw_image_info *info, int frame, int channel, int64_t z);
void bw_tiff_page_place(const bw_image_info *info, int64_t page, int *frame, int *channel, int64_t *z);

/* Smallest and largest finite value; min > max = none yet. */
typedef struct bw_range {
    double min, max;
} bw_range;

bw_range bw_range_empty(void);
/* type: uint16 or float32. */
void bw_range_add(bw_range *range, bw_pixel_type type, const void *values, int64_t count);

/* For the first page. */
typedef struct bw_tiff_meta {
    bw_text description;
    bw_writer label_counts, label_data; /* ImageJ's tags, empty when there is nothing to say */
} bw_tiff_meta;

void bw_tiff_meta_init(bw_tiff_meta *meta, bw_context *ctx);
void bw_tiff_meta_free(bw_tiff_meta *meta);
/* outline: calibration, labels and channel names; needs no pixels. pages: the range of each page's values, NULL for
 * uint8. ome: OME-XML instead of ImageJ's description. */
bw_status bw_tiff_meta_make(bw_tiff_meta *meta, const bw_image *outline, const bw_range *pages, int ome);

#endif
