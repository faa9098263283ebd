/* What descriptions of arrays say about their chunks' bytes. */
#include <string.h>

#include "core/alloc.h"
#include "zarr/coding.h"
#include "zarr/coding_parts.h"

static bw_status refuse(bw_context *ctx, const char *file, const char *what, const char *name) {
    return bw_fail(ctx, BW_ERROR_FORMAT,
                   "%s wants the %s \"%.60s\", which Brushwood does not know. Save the image with zstd, blosc, gzip or "
                   "without compression.",
                   file, what, name);
}

static bw_status wrong(bw_context *ctx, const char *file, const char *what) {
    return bw_fail(ctx, BW_ERROR_FORMAT, "%s is damaged: %s. Copy the file again.", file, what);
}

static bw_status new_coding(bw_context *ctx, bw_zarr_array *array) {
    array->coding = bw_calloc(ctx, 1, sizeof *array->coding, "a description of chunks");
    if (!array->coding) return BW_ERROR_MEMORY;
    array->coding->element = array->bytes;
    for (int i = 0; i < array->axes; i++)
        array->coding->order[i] = i;
    return BW_OK;
}

static bw_status add_step(bw_context *ctx, const char *file, const char *name, int version, bw_zarr_coding *coding) {
    const bw_zarr_codec_row *row = bw_zarr_codec_find(name, version);
    if (!row) return refuse(ctx, file, "codec", name);
    if (coding->count == BW_ZARR_MAX_STEPS) return wrong(ctx, file, "it has too many codecs");
    coding->steps[coding->count++] = (bw_zarr_step){row, {row->level, coding->element}};
    return BW_OK;
}

/* ---- version 2 --------------------------------------------------------------------------------------------------- */

static bw_status check_filters(bw_context *ctx, const char *file, const cJSON *filters) {
    if (!filters) return BW_OK;
    if (!cJSON_IsArray(filters)) return wrong(ctx, file, "\"filters\" is no list");
    const char *name = bw_json_text(filters->child, "id");
    return filters->child ? refuse(ctx, file, "filter", name ? name : "?") : BW_OK;
}

static bw_status take_order(bw_context *ctx, const char *file, const char *order, bw_zarr_array *array) {
    bw_zarr_coding *coding = array->coding;
    if (order && !strcmp(order, "C")) return BW_OK;
    if (!order || strcmp(order, "F")) return wrong(ctx, file, "\"order\" is neither \"C\" nor \"F\"");
    for (int i = 0; i < array->axes; i++)
        coding->order[i] = array->axes - 1 - i;
    coding->transposed = array->axes > 1;
    return BW_OK;
}

bw_status bw_zarr_coding_read_v2(bw_context *ctx, const char *file, const cJSON *json, int big_endian,
                                 bw_zarr_array *array) {
    const cJSON *compressor = bw_json_member(json, "compressor");
    BW_TRY(new_coding(ctx, array));
    array->coding->big_endian = big_endian;
    BW_TRY(check_filters(ctx, file, bw_json_member(json, "filters")));
    BW_TRY(take_order(ctx, file, bw_json_text(json, "order"), array));
    if (!compressor) return BW_OK;
    const char *name = bw_json_text(compressor, "id");
    return name ? add_step(ctx, file, name, 2, array->coding) : wrong(ctx, file, "its \"compressor\" has no \"id\"");
}

/* ---- version 3 --------------------------------------------------------------------------------------------------- */

typedef struct chain {
    bw_context *ctx;
    const char *file;
    bw_zarr_array *array;
    int stage; /* what came last: 0 = transposing at most, 1 = the numbers' bytes, 2 = shards */
    int nested;
} chain;

static const char *named(const cJSON *item) {
    const char *name = cJSON_GetStringValue(item);
    return name ? name : bw_json_text(item, "name");
}

/* order[i]: the array's axis that comes at place i. */
static bw_status take_permutation(const chain *c, const cJSON *order, int *out) {
    int seen = 0, count = 0;
    const char *word = cJSON_GetStringValue(order);
    const int axes = c->array->axes;
    if (word && (!strcmp(word, "C") || !strcmp(word, "F"))) {
        for (int i = 0; i < axes; i++)
            out[i] = *word == 'C' ? i : axes - 1 - i;
        return BW_OK;
    }
    for (const cJSON *at = cJSON_IsArray(order) ? order->child : NULL; at && count < axes; at = at->next) {
        int64_t axis = 0;
        if (!bw_json_integer(at, 0, axes - 1, &axis)) break;
        out[count++] = (int)axis;
        seen |= 1 << axis;
    }
    if (count == axes && seen == (1 << axes) - 1 && cJSON_GetArraySize(order) == axes) return BW_OK;
    return wrong(c->ctx, c->file, "the \"order\" of its codec \"transpose\" does not name every axis once");
}

static bw_status take_transpose(chain *c, const cJSON *configuration) {
    bw_zarr_coding *coding = c->array->coding;
    int order[BW_ZARR_MAX_AXES], before[BW_ZARR_MAX_AXES];
    if (c->stage) return wrong(c->ctx, c->file, "its codec \"transpose\" stands behind \"bytes\"");
    BW_TRY(take_permutation(c, bw_json_member(configuration, "order"), order));
    memcpy(before, coding->order, sizeof before);
    coding->transposed = 0;
    for (int i = 0; i < c->array->axes; i++) {
        coding->order[i] = before[order[i]];
        coding->transposed |= coding->order[i] != i;
    }
    return BW_OK;
}

static bw_status read_endian(bw_context *ctx, const char *file, const cJSON *configuration, int bytes, int *big) {
    const char *endian = bw_json_text(configuration, "endian");
    *big = endian && !strcmp(endian, "big");
    if (*big || bytes == 1 || (endian && !strcmp(endian, "little"))) return BW_OK;
    return wrong(ctx, file, "\"endian\" of its codec \"bytes\" is neither \"little\" nor \"big\"");
}

static bw_status take_bytes(chain *c, const cJSON *configuration) {
    bw_zarr_coding *coding = c->array->coding;
    if (c->stage) return wrong(c->ctx, c->file, "its codecs make bytes of the numbers twice");
    c->stage = 1;
    return read_endian(c->ctx, c->file, configuration, c->array->bytes, &coding->big_endian);
}

/* ---- shards */

/* The chunks within: whole numbers of them make a shard. */
static bw_status take_inner_chunks(const chain *c, const cJSON *shape, bw_zarr_shard_grid *grid) {
    bw_zarr_array *array = c->array;
    enum { MOST_ENTRIES = 1 << 22 };
    int axis = 0;
    grid->entries = 1;
    for (const cJSON *at = cJSON_IsArray(shape) ? shape->child : NULL; at && axis < array->axes;
         at = at->next, axis++) {
        int64_t chunk;
        if (!bw_json_integer(at, 1, array->chunk[axis], &chunk) || array->chunk[axis] % chunk)
            return wrong(c->ctx, c->file, "its shards are no whole number of chunks");
        grid->per[axis] = array->chunk[axis] / chunk;
        if (grid->per[axis] > MOST_ENTRIES / grid->entries)
            return bw_fail(c->ctx, BW_ERROR_FORMAT,
                           "%s has more than %d chunks in a shard, which Brushwood does not read. Save the image with "
                           "smaller shards.",
                           c->file, MOST_ENTRIES);
        grid->entries *= grid->per[axis];
        array->chunk[axis] = chunk;
    }
    if (axis == array->axes && cJSON_GetArraySize(shape) == axis) return BW_OK;
    return wrong(c->ctx, c->file, "the chunks in its shards have another number of axes");
}

static bw_status take_index(const chain *c, const cJSON *configuration, bw_zarr_shard_grid *grid) {
    const cJSON *codecs = bw_json_member(configuration, "index_codecs");
    const char *location = bw_json_text(configuration, "index_location");
    grid->at_start = location && !strcmp(location, "start");
    if (location && !grid->at_start && strcmp(location, "end"))
        return wrong(c->ctx, c->file, "\"index_location\" is neither \"start\" nor \"end\"");
    const cJSON *first = cJSON_IsArray(codecs) ? codecs->child : NULL, *second = first ? first->next : NULL;
    const char *name = named(first), *behind = named(second);
    if (!name || strcmp(name, "bytes")) return refuse(c->ctx, c->file, "index codec", name ? name : "none");
    grid->checked = behind && !strcmp(behind, "crc32c");
    if (second && (!grid->checked || second->next))
        return refuse(c->ctx, c->file, "index codec", behind && !grid->checked ? behind : "behind crc32c");
    return read_endian(c->ctx, c->file, bw_json_member(first, "configuration"), 8, &grid->big_endian);
}

static bw_status take_chain(chain *c, const cJSON *codecs);

static bw_status take_shards(chain *c, const cJSON *configuration) {
    bw_zarr_coding *coding = c->array->coding;
    bw_zarr_shard_grid grid = {.entries = 0};
    if (c->nested || c->stage || coding->transposed)
        return refuse(c->ctx, c->file, "nesting of codecs around", "sharding_indexed");
    chain inner = {.ctx = c->ctx, .file = c->file, .array = c->array, .nested = 1};
    c->stage = 2;
    BW_TRY(take_inner_chunks(c, bw_json_member(configuration, "chunk_shape"), &grid));
    BW_TRY(take_index(c, configuration, &grid));
    BW_TRY(take_chain(&inner, bw_json_member(configuration, "codecs")));
    return bw_zarr_shards_create(c->ctx, &grid, &coding->shards);
}

/* ---- any codec */

static bw_status take_codec(chain *c, const cJSON *item) {
    static const struct {
        const char *name;
        bw_status (*take)(chain *c, const cJSON *configuration);
    } known[] = {{"transpose", take_transpose}, {"bytes", take_bytes}, {"sharding_indexed", take_shards}};
    const char *name = named(item);
    if (!name) return wrong(c->ctx, c->file, "one of its codecs has no \"name\"");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(name, known[i].name)) return known[i].take(c, bw_json_member(item, "configuration"));
    if (c->stage == 2) return refuse(c->ctx, c->file, "codec behind shards", name);
    if (!c->stage && bw_zarr_codec_find(name, 3)) return wrong(c->ctx, c->file, "its codecs lack \"bytes\"");
    return add_step(c->ctx, c->file, name, 3, c->array->coding);
}

static bw_status take_chain(chain *c, const cJSON *codecs) {
    if (!cJSON_IsArray(codecs)) return wrong(c->ctx, c->file, "\"codecs\" is no list");
    for (const cJSON *item = codecs->child; item; item = item->next)
        BW_TRY(take_codec(c, item));
    return c->stage ? BW_OK : wrong(c->ctx, c->file, "its codecs lack \"bytes\"");
}

bw_status bw_zarr_coding_read_v3(bw_context *ctx, const char *file, const cJSON *json, bw_zarr_array *array) {
    chain c = {.ctx = ctx, .file = file, .array = array};
    BW_TRY(new_coding(ctx, array));
    return take_chain(&c, bw_json_member(json, "codecs"));
}
