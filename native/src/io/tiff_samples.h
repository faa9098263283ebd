/* Samples of a pixel side by side. */
#ifndef BW_IO_TIFF_SAMPLES_H
#define BW_IO_TIFF_SAMPLES_H

#include <stdint.h>
#include <string.h>

enum { BW_TIFF_MAX_SAMPLES = 3 };

/* count values of each plane; several samples are bytes. */
static inline void bw_tiff_interleave(const uint8_t *const *planes, int samples, int64_t size, int64_t count,
                                      uint8_t *to) {
    if (samples == 1) {
        memcpy(to, planes[0], (size_t)(count * size));
        return;
    }
    for (int s = 0; s < samples; s++)
        for (int64_t i = 0; i < count; i++)
            to[i * samples + s] = planes[s][i];
}

#endif
