/* What results of a batch are called, and how names are shown. */
#ifndef BW_CLI_NAMES_H
#define BW_CLI_NAMES_H

#include "brushwood.h"

enum {
    BW_KINDS = 5,
    BW_OUTPUT_OBJECTS = 16 /* beside the BW_OUTPUT_ of predictions: the label image of `brushwood objects` */
};

/* A kind of result: as --export calls it (NULL: not predict's), as {kind} in names of files, and its BW_OUTPUT_. */
typedef struct bw_kind {
    const char *option, *word;
    int output;
} bw_kind;

extern const bw_kind bw_kinds[BW_KINDS];

/* Where a path's last name begins, and how long it is without its last suffix; .ome.zarr is one. */
const char *bw_name_of(const char *path);
size_t bw_name_stem(const char *name);
int bw_name_letter(char c, int fold);                   /* to compare by; fold: small for a capital one */
int bw_name_ends(const char *name, const char *suffix); /* case does not matter */
/* Whether a name says that it is HDF5. */
int bw_name_is_hdf5(const char *name);
/* Whether a name fits one of the patterns, separated by ';'. Case does not matter. */
int bw_name_fits(const char *name, const char *patterns);

/* Where the results of an image go. */
typedef struct bw_naming {
    const char *folder;  /* NULL: `pattern` is a path */
    const char *pattern; /* {name} and {kind} */
    int kinds;           /* sum of BW_OUTPUT_ */
} bw_naming;

/* Path of a result, freed with bw_free. mirrored: path of the image within the input folder. */
bw_status bw_naming_path(bw_context *ctx, const bw_naming *naming, const char *mirrored, int kind, char **out);

/* A name as one line of a terminal, at most size - 1 bytes, the front left out of one that is longer. */
void bw_name_show(const char *name, char *text, size_t size);

#endif
