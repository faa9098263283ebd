/* The inside of bw_objects, for the sources of this folder. */
#ifndef BW_OBJECTS_OBJECTS_H
#define BW_OBJECTS_OBJECTS_H

#include "objects/runs.h"

typedef struct bw_object_frame {
    bw_runs runs; /* labels: index + 1 of the object */
    int64_t count;
    uint32_t *ids;    /* ascending; NULL = index + 1 */
    uint8_t *classes; /* NULL = none */
} bw_object_frame;

struct bw_objects {
    bw_image *outline; /* of the label image: size, calibration, name, plane labels */
    bw_object_frame *frames;
    int class_count;
    char **class_names;
};

/* Labels that float32 holds exactly, as label images of ImageJ do. */
#define BW_MAX_LABEL ((uint32_t)1 << 24)

/* The highest that is read: the one above may stand for other integers of a file, rounded. */
#define BW_MAX_READ_LABEL (BW_MAX_LABEL - 1)

/* A whole number from 0 to BW_MAX_READ_LABEL. */
static inline int bw_is_label(float value) {
    return value >= 0 && value <= (float)BW_MAX_READ_LABEL && value == (float)(uint32_t)value;
}

/* Without objects: frames, size and calibration as those of an image, of which it also takes the name and, where it has
 * one channel, the plane labels. */
bw_status bw_objects_create(bw_context *ctx, const bw_image *like, bw_objects **out);
/* Chooses the type of the label image by the highest id. Call it when all frames are there. */
bw_status bw_objects_settle(bw_context *ctx, bw_objects *objects);

/* All channels of a part as floats: the values that pixels stand for (bw_image_offset). Takes whole and streamed
 * images. to[channel][z][y][x], tightly packed. */
bw_status bw_objects_read_floats(bw_context *ctx, const bw_image *image, const bw_part *part, float *to);

/* Rows of a frame in bands: the next part of full width, in raster order, of at most about `voxels` voxels; 0 when
 * there is none. Begin with part->hi all 0 and the frame set. Parts are whole slices, or rows of one. */
int bw_objects_next_band(const bw_image_info *info, int64_t voxels, bw_part *part);

#endif
