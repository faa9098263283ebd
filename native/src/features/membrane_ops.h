/* Responses of an image to thirty lines through each pixel, and what they have in common. */
#ifndef BW_FEATURES_MEMBRANE_OPS_H
#define BW_FEATURES_MEMBRANE_OPS_H

#include "core/levels.h"

enum {
    BW_MEMBRANE_REACH = 9,
    BW_MEMBRANE_ROWS = 2 * BW_MEMBRANE_REACH + 1,
    BW_MEMBRANE_LINES = 30,
    BW_MEMBRANE_OUTPUTS = 6, /* mean, maximum, minimum, standard deviation, median, sum */
    BW_MEMBRANE_PAIRS = BW_MEMBRANE_ROWS * BW_MEMBRANE_ROWS / 2,
    BW_MEMBRANE_TAPS = 32, /* room for the pairs of one line: all lines have fewer */
    BW_MEMBRANE_BLOCK = 32 /* pixels that are worked on together */
};

/* Lines are symmetric about the pixel: a tap is a pair of opposite pixels. */
typedef struct bw_membrane_line {
    int count;
    uint8_t pair[BW_MEMBRANE_TAPS];
    float weight[BW_MEMBRANE_TAPS]; /* of each of the two pixels */
} bw_membrane_line;

typedef struct bw_membrane_lines {
    int pairs; /* that some line uses */
    int8_t dx[BW_MEMBRANE_PAIRS], dy[BW_MEMBRANE_PAIRS];
    bw_membrane_line line[BW_MEMBRANE_LINES];
} bw_membrane_lines;

/* Private memory of the operation. */
typedef struct bw_membrane_room {
    float pair[BW_MEMBRANE_PAIRS][BW_MEMBRANE_BLOCK];
    float response[BW_MEMBRANE_LINES][BW_MEMBRANE_BLOCK];
    float result[BW_MEMBRANE_OUTPUTS][BW_MEMBRANE_BLOCK];
    float edge[BW_MEMBRANE_ROWS][BW_MEMBRANE_BLOCK + 2 * BW_MEMBRANE_REACH];
} bw_membrane_room;

typedef struct bw_membrane_ops {
    /* out[o][i] for i < n; rows[0..18] are the image's rows at y - 9 .. y + 9, each readable from -9 to n + 8. */
    void (*project)(float *const out[BW_MEMBRANE_OUTPUTS], const float *const rows[BW_MEMBRANE_ROWS],
                    const bw_membrane_lines *lines, bw_membrane_room *room, int64_t n);
} bw_membrane_ops;

const bw_membrane_ops *bw_membrane_ops_get(bw_simd level);

#endif
