/* The inside of a coding, shared by the sources that read and use it. */
#ifndef BW_ZARR_CODING_PARTS_H
#define BW_ZARR_CODING_PARTS_H

#include <stdio.h>

#include "zarr/array.h"
#include "zarr/codecs.h"
#include "zarr/json.h"

enum { BW_ZARR_MAX_STEPS = 8 };

typedef struct bw_zarr_step {
    const bw_zarr_codec_row *row;
    bw_zarr_setting setting;
} bw_zarr_step;

typedef struct bw_zarr_shards bw_zarr_shards;

struct bw_zarr_coding {
    int transposed;
    int order[BW_ZARR_MAX_AXES]; /* of the array's axes in the file, slowest first; when transposed */
    int big_endian;
    int element; /* bytes of a number */
    int count;
    bw_zarr_step steps[BW_ZARR_MAX_STEPS]; /* in the order of writing */
    bw_zarr_shards *shards;                /* NULL = every chunk has a file */
};

/* Takes "compressor", "filters" and "order" of a .zarray; "codecs" of a zarr.json. `array` has its type, axes and
 * chunks; of shards the chunks become those within. */
bw_status bw_zarr_coding_read_v2(bw_context *ctx, const char *file, const cJSON *json, int big_endian,
                                 bw_zarr_array *array);
bw_status bw_zarr_coding_read_v3(bw_context *ctx, const char *file, const cJSON *json, bw_zarr_array *array);

/* At most so many bytes are taken for a chunk's. */
uint64_t bw_zarr_encoded_most(uint64_t chunk_bytes);

/* BW_ERROR_FORMAT that names a chunk's file and says what is wrong and what to do. */
bw_status bw_zarr_damaged(bw_context *ctx, const char *name, const char *wrong);

/* Places of shards, whose files hold many chunks. */
typedef struct bw_zarr_shard_grid {
    int64_t per[BW_ZARR_MAX_AXES];     /* chunks of a shard along the axes */
    int64_t entries;                   /* all of them */
    int big_endian, checked, at_start; /* the index: numbers, with a checksum, before the chunks */
} bw_zarr_shard_grid;

bw_status bw_zarr_shards_create(bw_context *ctx, const bw_zarr_shard_grid *grid, bw_zarr_shards **out);
void bw_zarr_shards_free(bw_zarr_shards *shards);
const bw_zarr_shard_grid *bw_zarr_shards_grid(const bw_zarr_shards *shards);
/* Where a chunk lies in its shard's file, which is open; 0 bytes at UINT64_MAX when it is missing. */
typedef struct bw_zarr_range {
    uint64_t offset, size;
} bw_zarr_range;
bw_status bw_zarr_shards_find(bw_context *ctx, const bw_zarr_array *array, const int64_t *at, const char *name,
                              FILE *file, uint64_t file_size, bw_zarr_range *out);

#endif
