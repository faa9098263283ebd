/* The images of a batch: files and OME-Zarr, given or found in folders. */
#ifndef BW_CLI_INPUTS_H
#define BW_CLI_INPUTS_H

#include "cli/names.h"

typedef struct bw_input {
    char *path;
    size_t shown, mirrored; /* where in path begins what tables show, and what the output folder mirrors */
    char *problem;          /* why it is no image; NULL when it may be one */
    int64_t bytes;
    int64_t twin; /* an earlier input that gets the same results, -1 = none */
    uint64_t id[2];
} bw_input;

typedef struct bw_inputs {
    bw_input *items;
    int64_t count, room;
    uint64_t (*ids)[2]; /* of the files, sorted */
    int64_t id_count;
} bw_inputs;

typedef struct bw_input_search {
    const char *files; /* patterns */
    int recursive;
    const bw_naming *naming; /* tells results from images */
} bw_input_search;

/* In the order given; what is in a folder in the order of its paths. What is missing becomes an input that fails. */
bw_status bw_inputs_find(bw_context *ctx, const bw_input_search *search, const char *const *paths, int count,
                         bw_inputs *out);
void bw_inputs_free(bw_inputs *inputs);
/* Whether a path leads to one of the inputs. */
int bw_inputs_hold(const bw_inputs *inputs, const char *path);

#endif
