/* Constants of FORMAT.md that reader and writer share. */
#ifndef BW_MODEL_FORMAT_H
#define BW_MODEL_FORMAT_H

enum {
    BW_MODEL_VERSION = 3,
    BW_OBJECT_MODEL_VERSION = 1,
    BW_LONGEST_RECIPE = 65536 /* bytes of its text, terminator included */
};

#endif
