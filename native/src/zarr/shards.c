/* Shards: files that hold many chunks and an index of where these lie. */
#include <stdatomic.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "zarr/coding_parts.h"

enum { ENTRY = 16, CHECKSUM = 4, MOST_SLOTS = 16, MOST_KEPT = 1 << 20 /* entries, of all slots */ };

typedef struct slot {
    int64_t at[BW_ZARR_MAX_AXES]; /* of the shard */
    bw_zarr_range *index;         /* NULL = nothing is kept here */
    uint64_t used;
} slot;

/* Threads that find the slots taken for a moment read the index themselves, so that nobody waits. */
struct bw_zarr_shards {
    bw_zarr_shard_grid grid;
    atomic_flag taken;
    int slots;
    uint64_t tick;
    slot slot[MOST_SLOTS];
};

bw_status bw_zarr_shards_create(bw_context *ctx, const bw_zarr_shard_grid *grid, bw_zarr_shards **out) {
    *out = bw_calloc(ctx, 1, sizeof **out, "an index of shards");
    if (!*out) return BW_ERROR_MEMORY;
    (*out)->grid = *grid;
    atomic_flag_clear(&(*out)->taken);
    (*out)->slots = grid->entries * MOST_SLOTS < MOST_KEPT ? MOST_SLOTS : (int)(MOST_KEPT / grid->entries);
    return BW_OK;
}

void bw_zarr_shards_free(bw_zarr_shards *shards) {
    if (!shards) return;
    for (int i = 0; i < MOST_SLOTS; i++)
        bw_free(shards->slot[i].index);
    bw_free(shards);
}

const bw_zarr_shard_grid *bw_zarr_shards_grid(const bw_zarr_shards *shards) {
    return &shards->grid;
}

/* ---- indices that are kept --------------------------------------------------------------------------------------- */

static int find_kept(bw_zarr_shards *shards, const int64_t *shard, int axes, int64_t entry, bw_zarr_range *out) {
    int found = 0;
    if (atomic_flag_test_and_set(&shards->taken)) return 0;
    for (int i = 0; i < shards->slots && !found; i++) {
        slot *s = &shards->slot[i];
        found = s->index && !memcmp(s->at, shard, (size_t)axes * sizeof *shard);
        if (!found) continue;
        s->used = ++shards->tick;
        *out = s->index[entry];
    }
    atomic_flag_clear(&shards->taken);
    return found;
}

/* Takes the index over. */
static void keep(bw_zarr_shards *shards, const int64_t *shard, int axes, bw_zarr_range *index) {
    bw_zarr_range *old = index;
    if (shards->slots && !atomic_flag_test_and_set(&shards->taken)) {
        slot *oldest = &shards->slot[0];
        for (int i = 1; i < shards->slots; i++)
            if (shards->slot[i].used < oldest->used) oldest = &shards->slot[i];
        old = oldest->index;
        oldest->index = index;
        oldest->used = ++shards->tick;
        memcpy(oldest->at, shard, (size_t)axes * sizeof *shard);
        atomic_flag_clear(&shards->taken);
    }
    bw_free(old);
}

/* ---- reading an index -------------------------------------------------------------------------------------------- */

static void parse(const bw_zarr_shard_grid *grid, const uint8_t *bytes, bw_zarr_range *index) {
    for (int64_t i = 0; i < grid->entries; i++, bytes += ENTRY)
        index[i] = (bw_zarr_range){bw_zarr_u64(bytes, grid->big_endian), bw_zarr_u64(bytes + 8, grid->big_endian)};
}

static bw_status read_bytes(bw_context *ctx, const bw_zarr_shard_grid *grid, const char *name, FILE *file,
                            uint64_t file_size, uint64_t size, uint8_t *bytes) {
    const uint64_t body = size - (grid->checked ? CHECKSUM : 0);
    if (file_size < size) return bw_zarr_damaged(ctx, name, "it is too short for the index of a shard");
    BW_TRY(bw_file_read_at(ctx, file, name, grid->at_start ? 0 : file_size - size, bytes, size));
    if (grid->checked && bw_zarr_crc32c(bytes, body) != bw_zarr_u32(bytes + body))
        return bw_zarr_damaged(ctx, name, "the checksum of its index is wrong");
    return BW_OK;
}

static bw_status read_index(bw_context *ctx, const bw_zarr_shard_grid *grid, const char *name, FILE *file,
                            uint64_t file_size, bw_zarr_range **out) {
    const uint64_t size = (uint64_t)grid->entries * ENTRY + (grid->checked ? CHECKSUM : 0);
    uint8_t *bytes = bw_alloc(ctx, size, 1, "the index of a shard");
    *out = bw_alloc(ctx, (uint64_t)grid->entries, sizeof **out, "the index of a shard");
    bw_status status = bytes && *out ? BW_OK : BW_ERROR_MEMORY;
    if (status == BW_OK) status = read_bytes(ctx, grid, name, file, file_size, size, bytes);
    if (status == BW_OK) parse(grid, bytes, *out);
    bw_free(bytes);
    if (status == BW_OK) return BW_OK;
    bw_free(*out);
    *out = NULL;
    return status;
}

bw_status bw_zarr_shards_find(bw_context *ctx, const bw_zarr_array *array, const int64_t *at, const char *name,
                              FILE *file, uint64_t file_size, bw_zarr_range *out) {
    bw_zarr_shards *shards = array->coding->shards;
    const bw_zarr_shard_grid *grid = &shards->grid;
    int64_t shard[BW_ZARR_MAX_AXES], entry = 0;
    for (int axis = 0; axis < array->axes; axis++) {
        shard[axis] = at[axis] / grid->per[axis];
        entry = entry * grid->per[axis] + at[axis] % grid->per[axis];
    }
    if (!find_kept(shards, shard, array->axes, entry, out)) {
        bw_zarr_range *index;
        BW_TRY(read_index(ctx, grid, name, file, file_size, &index));
        *out = index[entry];
        keep(shards, shard, array->axes, index);
    }
    if (out->offset == UINT64_MAX && out->size == UINT64_MAX) {
        *out = (bw_zarr_range){UINT64_MAX, 0};
        return BW_OK;
    }
    if (out->offset > file_size || out->size > file_size - out->offset)
        return bw_zarr_damaged(ctx, name, "its index leads beyond its end");
    return BW_OK;
}
