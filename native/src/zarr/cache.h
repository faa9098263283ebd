/* Decoded chunks that stay for a while: those used last, in a bounded number of bytes. One thread at a time. */
#ifndef BW_ZARR_CACHE_H
#define BW_ZARR_CACHE_H

#include "core/status.h"

typedef struct bw_zarr_cache bw_zarr_cache;

/* Room for chunks of `bytes` bytes in at most `budget` bytes, but for one at least. */
bw_status bw_zarr_cache_create(bw_context *ctx, uint64_t budget, uint64_t bytes, bw_zarr_cache **out);
void bw_zarr_cache_free(bw_zarr_cache *cache);
/* How many chunks stay at the same time. */
int64_t bw_zarr_cache_room(const bw_zarr_cache *cache);
/* A chunk; *fresh: it was not there and has to be filled. It stays until as many others as there is room for have been
 * asked for. */
bw_status bw_zarr_cache_get(bw_context *ctx, bw_zarr_cache *cache, uint64_t key, uint8_t **chunk, int *fresh);
/* A chunk that could not be filled goes. */
void bw_zarr_cache_drop(bw_zarr_cache *cache, uint64_t key);

#endif
