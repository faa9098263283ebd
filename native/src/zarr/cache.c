#include "zarr/cache.h"

#include "core/alloc.h"

enum { NONE = -1, MOST_ENTRIES = 1 << 16 };

typedef struct entry {
    uint64_t key;
    uint8_t *chunk; /* NULL = nothing is here */
    int64_t next;   /* of the same bucket */
    int64_t older, newer;
} entry;

struct bw_zarr_cache {
    uint64_t bytes;
    int64_t room, used; /* entries; those that were ever used come first */
    int64_t oldest, newest;
    entry *entries;
    int64_t *buckets; /* as many; heads of lists */
};

bw_status bw_zarr_cache_create(bw_context *ctx, uint64_t budget, uint64_t bytes, bw_zarr_cache **out) {
    bw_zarr_cache *cache = *out = bw_calloc(ctx, 1, sizeof **out, "a store of chunks");
    if (!cache) return BW_ERROR_MEMORY;
    const uint64_t fit = budget / bytes;
    *cache = (bw_zarr_cache){.bytes = bytes, .oldest = NONE, .newest = NONE};
    cache->room = fit < 1 ? 1 : fit < MOST_ENTRIES ? (int64_t)fit : MOST_ENTRIES;
    cache->entries = bw_calloc(ctx, (uint64_t)cache->room, sizeof *cache->entries, "a store of chunks");
    cache->buckets = bw_alloc(ctx, (uint64_t)cache->room, sizeof *cache->buckets, "a store of chunks");
    if (!cache->entries || !cache->buckets) {
        bw_zarr_cache_free(cache);
        *out = NULL;
        return BW_ERROR_MEMORY;
    }
    for (int64_t i = 0; i < cache->room; i++)
        cache->buckets[i] = NONE;
    return BW_OK;
}

void bw_zarr_cache_free(bw_zarr_cache *cache) {
    if (!cache) return;
    for (int64_t i = 0; i < cache->used; i++)
        bw_retire(cache->entries[i].chunk);
    bw_free(cache->entries);
    bw_free(cache->buckets);
    bw_free(cache);
}

int64_t bw_zarr_cache_room(const bw_zarr_cache *cache) {
    return cache->room;
}

/* ---- lists ------------------------------------------------------------------------------------------------------- */

static int64_t *bucket_of(bw_zarr_cache *cache, uint64_t key) {
    return &cache->buckets[(key * 0x9e3779b97f4a7c15u >> 20) % (uint64_t)cache->room];
}

static int64_t find(bw_zarr_cache *cache, uint64_t key) {
    int64_t at = *bucket_of(cache, key);
    while (at != NONE && cache->entries[at].key != key)
        at = cache->entries[at].next;
    return at;
}

static void unlink_age(bw_zarr_cache *cache, int64_t at) {
    const entry *e = &cache->entries[at];
    *(e->older == NONE ? &cache->oldest : &cache->entries[e->older].newer) = e->newer;
    *(e->newer == NONE ? &cache->newest : &cache->entries[e->newer].older) = e->older;
}

static void link_newest(bw_zarr_cache *cache, int64_t at) {
    cache->entries[at].older = cache->newest;
    cache->entries[at].newer = NONE;
    *(cache->newest == NONE ? &cache->oldest : &cache->entries[cache->newest].newer) = at;
    cache->newest = at;
}

static void link_oldest(bw_zarr_cache *cache, int64_t at) {
    cache->entries[at].newer = cache->oldest;
    cache->entries[at].older = NONE;
    *(cache->oldest == NONE ? &cache->newest : &cache->entries[cache->oldest].older) = at;
    cache->oldest = at;
}

static void unlink_bucket(bw_zarr_cache *cache, int64_t at) {
    int64_t *from = bucket_of(cache, cache->entries[at].key);
    while (*from != NONE && *from != at)
        from = &cache->entries[*from].next;
    if (*from == at) *from = cache->entries[at].next;
}

/* ---- use --------------------------------------------------------------------------------------------------------- */

/* Room for a chunk: a new entry, or the one that was not used for longest, whose memory stays. NONE when there is no
 * memory. */
static int64_t take_entry(bw_context *ctx, bw_zarr_cache *cache) {
    int64_t at = cache->oldest;
    if (cache->used == cache->room || (at != NONE && cache->entries[at].key == UINT64_MAX)) {
        unlink_age(cache, at);
        unlink_bucket(cache, at);
        return at;
    }
    at = cache->used;
    cache->entries[at].chunk = bw_alloc(ctx, cache->bytes, 1, "a chunk");
    if (!cache->entries[at].chunk) return NONE;
    cache->used++;
    return at;
}

bw_status bw_zarr_cache_get(bw_context *ctx, bw_zarr_cache *cache, uint64_t key, uint8_t **chunk, int *fresh) {
    int64_t at = find(cache, key);
    *fresh = at == NONE;
    if (*fresh) {
        at = take_entry(ctx, cache);
        if (at == NONE) return BW_ERROR_MEMORY;
        int64_t *bucket = bucket_of(cache, key);
        cache->entries[at].key = key;
        cache->entries[at].next = *bucket;
        *bucket = at;
    } else {
        unlink_age(cache, at);
    }
    link_newest(cache, at);
    *chunk = cache->entries[at].chunk;
    return BW_OK;
}

/* Its memory is the next to be used again; no chunk has this key. */
void bw_zarr_cache_drop(bw_zarr_cache *cache, uint64_t key) {
    const int64_t at = find(cache, key);
    if (at == NONE) return;
    unlink_age(cache, at);
    unlink_bucket(cache, at);
    cache->entries[at].key = UINT64_MAX;
    link_oldest(cache, at);
}
