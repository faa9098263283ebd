/* Arrays of Zarr 2 and 3 in a local folder: what describes them, and their chunks. Everything in a file is checked
 * before it is used: a damaged or hostile folder gives an error that names the file. */
#ifndef BW_ZARR_ARRAY_H
#define BW_ZARR_ARRAY_H

#include "core/status.h"

enum { BW_ZARR_MAX_AXES = 8 };

/* What the numbers are; bytes 1, 2, 4 or 8, of floats 2 to 8. bool is an unsigned number of 1
 * byte. */
typedef enum bw_zarr_kind { BW_ZARR_UNSIGNED, BW_ZARR_SIGNED, BW_ZARR_FLOAT } bw_zarr_kind;

typedef struct bw_zarr_coding bw_zarr_coding; /* how chunks become bytes; coding.h */

typedef struct bw_zarr_array {
    char *path;  /* folder, UTF-8 */
    int version; /* of Zarr: 2 or 3 */
    int axes;
    int64_t size[BW_ZARR_MAX_AXES];  /* slowest axis first, as in the file */
    int64_t chunk[BW_ZARR_MAX_AXES]; /* of what is read and decoded at once: of shards, the chunks within */
    bw_zarr_kind kind;
    int bytes;
    int truth;                     /* bool: 0 is false, 1 is true */
    uint8_t fill[8];               /* an element in this machine's byte order */
    char *names[BW_ZARR_MAX_AXES]; /* dimension_names; NULL = none */
    char separator;                /* between the numbers of a chunk's name */
    int prefixed;                  /* names of chunks begin with "c" and the separator */
    bw_zarr_coding *coding;
} bw_zarr_array;

/* Whether a folder holds an array; a group. */
int bw_zarr_has_array(const char *path);
int bw_zarr_has_group(const char *path);

bw_status bw_zarr_array_read(bw_context *ctx, const char *path, bw_zarr_array **out);
void bw_zarr_array_free(bw_zarr_array *array);

/* Chunks along an axis; bytes of a decoded chunk, at most 1 GiB (arrays of larger ones are refused). */
int64_t bw_zarr_chunk_count(const bw_zarr_array *array, int axis);
uint64_t bw_zarr_chunk_bytes(const bw_zarr_array *array);
/* The file of a chunk (of a shard, the shard's); to be freed with bw_free. */
bw_status bw_zarr_chunk_path(bw_context *ctx, const bw_zarr_array *array, const int64_t *at, char **out);
/* A whole chunk in this machine's byte order, last axis fastest, also beyond the image's end. A missing chunk is the
 * fill value; a damaged one is BW_ERROR_FORMAT that names its file. Threads may read different chunks of an array at
 * the same time. */
bw_status bw_zarr_chunk_read(bw_context *ctx, const bw_zarr_array *array, const int64_t *at, void *to);

#endif
