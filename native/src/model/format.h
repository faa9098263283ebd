/* Constants of FORMAT.md that reader and writer share. */
#ifndef BW_MODEL_FORMAT_H
#define BW_MODEL_FORMAT_H

#include <stdint.h>

enum { BW_LONGEST_RECIPE = 65536 }; /* bytes of its text, terminator included */

static const uint8_t bw_model_magic[8] = {0x89, 'B', 'R', 'U', 'S', 'H', '\r', '\n'};

#endif
