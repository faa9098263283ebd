/* The frame of model files, of pixels as well as of objects: length and checksum before the contents. */
#ifndef BW_TEST_MODEL_FRAME_H
#define BW_TEST_MODEL_FRAME_H

#include "core/bytes.h"

enum { FRAME_CHECKSUM = 12, FRAME_LENGTH = 16, FRAME_SIZE = 24 };

/* Makes length and checksum fit the contents, so that the parser itself meets what is wrong with them. size: at least
 * FRAME_SIZE. */
static inline void mend_frame(uint8_t *data, uint64_t size) {
    const uint32_t crc = bw_crc32(0, data + FRAME_SIZE, size - FRAME_SIZE);
    for (int i = 0; i < 4; i++)
        data[FRAME_CHECKSUM + i] = (uint8_t)(crc >> (8 * i));
    for (int i = 0; i < 8; i++)
        data[FRAME_LENGTH + i] = (uint8_t)((size - FRAME_SIZE) >> (8 * i));
}

#endif
