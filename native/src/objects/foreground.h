/* Sums of channels of probabilities, smoothed, band by band. */
#ifndef BW_OBJECTS_FOREGROUND_H
#define BW_OBJECTS_FOREGROUND_H

#include "objects/runs.h"

/* A sum of channels; unused without any. */
typedef struct bw_mixture {
    uint8_t channels[BW_MAX_CLASSES];
} bw_mixture;

enum { BW_MAX_MIXTURES = 2 };

/* The bands of a frame, and the values of mixtures in the band that was read last. */
typedef struct bw_foreground {
    const bw_image *image;
    double sigma[3]; /* along x, y, z, in voxels; 0 = not smoothed along it */
    int radius[3];
    float *kernel[3];
    float scale; /* of the image's values */
    int count;   /* of mixtures */
    bw_mixture mixtures[BW_MAX_MIXTURES];
    float *pixels, *work;           /* of all channels; two buffers, each of the grown band */
    float *values[BW_MAX_MIXTURES]; /* of the band, row after row */
    bw_part part, grown;            /* the band; with what smoothing reads around it */
    int64_t rows;                   /* of the band */
} bw_foreground;

/* sigma: in pixels along x. */
bw_status bw_foreground_create(bw_context *ctx, const bw_image *image, double sigma, const double spacing[3],
                               const bw_mixture *mixtures, int count, bw_foreground *out);
void bw_foreground_free(bw_foreground *foreground);
void bw_foreground_begin(bw_foreground *foreground, int frame);
/* Reads the next band; *more 0 when there is none. Adds its voxels to the progress. */
bw_status bw_foreground_next(bw_context *ctx, bw_foreground *foreground, int *more);

#endif
