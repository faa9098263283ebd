/* What describes an array: .zarray of Zarr 2, zarr.json of Zarr 3. */
#include <string.h>

#include "core/alloc.h"
#include "core/system.h"
#include "zarr/array.h"
#include "zarr/coding.h"
#include "zarr/coding_parts.h"
#include "zarr/path.h"
#include "zarr/values.h"

static const int64_t most_size = (int64_t)1 << 52;
static const uint64_t most_chunk_bytes = (uint64_t)1 << 30;

typedef struct description {
    bw_context *ctx;
    const char *file; /* for messages */
    const cJSON *json;
    bw_zarr_array *array;
} description;

static bw_status damaged(const description *d, const char *what) {
    return bw_fail(d->ctx, BW_ERROR_FORMAT, "%s is damaged: %s. Copy the file again.", d->file, what);
}

static bw_status unknown(const description *d, const char *what, const char *name) {
    return bw_fail(d->ctx, BW_ERROR_FORMAT,
                   "%s wants the %s \"%.60s\", which Brushwood does not read. Save the image in another way.", d->file,
                   what, name);
}

/* ---- size and chunks --------------------------------------------------------------------------------------------- */

static bw_status take_shape(const description *d, const cJSON *shape) {
    bw_zarr_array *array = d->array;
    const int axes = cJSON_IsArray(shape) ? cJSON_GetArraySize(shape) : 0;
    if (axes < 1 || axes > BW_ZARR_MAX_AXES)
        return bw_fail(d->ctx, BW_ERROR_FORMAT, "%s describes an array of %d axes; Brushwood reads 1 to %d.", d->file,
                       axes, BW_ZARR_MAX_AXES);
    for (const cJSON *at = shape->child; at; at = at->next)
        if (!bw_json_integer(at, 0, most_size, &array->size[array->axes++]))
            return damaged(d, "\"shape\" is no list of possible sizes");
    for (int axis = 0; axis < axes; axis++)
        if (!array->size[axis])
            return bw_fail(d->ctx, BW_ERROR_FORMAT, "%s describes an array without any values: axis %d has size 0.",
                           d->file, axis + 1);
    return BW_OK;
}

static bw_status take_chunks(const description *d, const cJSON *chunks) {
    bw_zarr_array *array = d->array;
    int axis = 0;
    for (const cJSON *at = cJSON_IsArray(chunks) ? chunks->child : NULL; at; at = at->next, axis++)
        if (axis == array->axes || !bw_json_integer(at, 1, INT32_MAX, &array->chunk[axis]))
            return damaged(d, "the shape of its chunks is no list of possible sizes");
    return axis == array->axes ? BW_OK : damaged(d, "its chunks have another number of axes than the array");
}

static bw_status check_chunk_bytes(const description *d) {
    const bw_zarr_array *array = d->array;
    uint64_t bytes = (uint64_t)array->bytes;
    for (int axis = 0; axis < array->axes; axis++) {
        if ((uint64_t)array->chunk[axis] > most_chunk_bytes / bytes)
            return bw_fail(
                d->ctx, BW_ERROR_FORMAT,
                "%s has chunks of more than 1 GiB, which Brushwood does not read. Save the image with smaller "
                "chunks.",
                d->file);
        bytes *= (uint64_t)array->chunk[axis];
    }
    return BW_OK;
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

static const struct {
    const char *v2, *v3; /* v2: without the sign of the byte order */
    bw_zarr_kind kind;
    int bytes, truth;
} types[] = {
    {"b1", "bool", BW_ZARR_UNSIGNED, 1, 1}, {"u1", "uint8", BW_ZARR_UNSIGNED, 1, 0},
    {"i1", "int8", BW_ZARR_SIGNED, 1, 0},   {"u2", "uint16", BW_ZARR_UNSIGNED, 2, 0},
    {"i2", "int16", BW_ZARR_SIGNED, 2, 0},  {"u4", "uint32", BW_ZARR_UNSIGNED, 4, 0},
    {"i4", "int32", BW_ZARR_SIGNED, 4, 0},  {"u8", "uint64", BW_ZARR_UNSIGNED, 8, 0},
    {"i8", "int64", BW_ZARR_SIGNED, 8, 0},  {"f2", "float16", BW_ZARR_FLOAT, 2, 0},
    {"f4", "float32", BW_ZARR_FLOAT, 4, 0}, {"f8", "float64", BW_ZARR_FLOAT, 8, 0},
};

static bw_status take_type(const description *d, const char *name, int version) {
    for (size_t i = 0; name && i < sizeof types / sizeof *types; i++) {
        if (strcmp(name, version == 2 ? types[i].v2 : types[i].v3)) continue;
        d->array->kind = types[i].kind;
        d->array->bytes = types[i].bytes;
        d->array->truth = types[i].truth;
        return BW_OK;
    }
    return unknown(d, "data type", name ? name : "of structures");
}

static bw_status take_fill(const description *d, const cJSON *value) {
    if (bw_zarr_fill_parse(value, d->array)) return BW_OK;
    return damaged(d, "\"fill_value\" is no value of its data type");
}

/* ---- version 2 --------------------------------------------------------------------------------------------------- */

static bw_status take_dtype(const description *d, int *big_endian) {
    const cJSON *value = bw_json_member(d->json, "dtype");
    const char *name = cJSON_GetStringValue(value);
    if (!value) return damaged(d, "it has no \"dtype\"");
    if (!name || !*name) return unknown(d, "data type", name ? name : "of structures");
    *big_endian = *name == '>';
    if (!strchr("<>|", *name)) return unknown(d, "data type", name);
    BW_TRY(take_type(d, name + 1, 2));
    return *name == '|' && d->array->bytes > 1 ? unknown(d, "data type", name) : BW_OK;
}

static bw_status take_separator(const description *d, const char *separator, char otherwise) {
    d->array->separator = otherwise;
    if (!separator) return BW_OK;
    if (strcmp(separator, ".") && strcmp(separator, "/"))
        return damaged(d, "what separates the numbers of chunks is neither \".\" nor \"/\"");
    d->array->separator = *separator;
    return BW_OK;
}

static bw_status parse_v2(const description *d) {
    int64_t format;
    int big_endian = 0;
    if (!bw_json_integer(bw_json_member(d->json, "zarr_format"), 2, 2, &format))
        return damaged(d, "\"zarr_format\" is not 2");
    d->array->version = 2;
    BW_TRY(take_shape(d, bw_json_member(d->json, "shape")));
    BW_TRY(take_chunks(d, bw_json_member(d->json, "chunks")));
    BW_TRY(take_dtype(d, &big_endian));
    BW_TRY(check_chunk_bytes(d));
    BW_TRY(take_fill(d, bw_json_member(d->json, "fill_value")));
    BW_TRY(take_separator(d, bw_json_text(d->json, "dimension_separator"), '.'));
    return bw_zarr_coding_read_v2(d->ctx, d->file, d->json, big_endian, d->array);
}

/* ---- version 3 --------------------------------------------------------------------------------------------------- */

/* What is not known has to say that it need not be. */
static bw_status check_members(const description *d) {
    static const char *const known[] = {"zarr_format", "node_type",          "shape",      "data_type",
                                        "chunk_grid",  "chunk_key_encoding", "fill_value", "codecs",
                                        "attributes",  "dimension_names",    "extensions", "storage_transformers"};
    for (const cJSON *at = d->json->child; at; at = at->next) {
        size_t i = 0;
        while (i < sizeof known / sizeof *known && strcmp(at->string, known[i]))
            i++;
        if (i == sizeof known / sizeof *known && !cJSON_IsFalse(bw_json_member(at, "must_understand")))
            return unknown(d, "extension", at->string);
    }
    for (size_t i = sizeof known / sizeof *known - 2; i < sizeof known / sizeof *known; i++) {
        const cJSON *list = bw_json_member(d->json, known[i]);
        const char *name = bw_json_text(list ? list->child : NULL, "name");
        if (list && (!cJSON_IsArray(list) || list->child)) return unknown(d, "extension", name ? name : known[i]);
    }
    return BW_OK;
}

static const char *name_of(const cJSON *value) {
    const char *name = cJSON_GetStringValue(value);
    return name ? name : bw_json_text(value, "name");
}

static bw_status take_grid(const description *d) {
    const cJSON *grid = bw_json_member(d->json, "chunk_grid");
    const char *name = name_of(grid);
    if (!name) return damaged(d, "it has no \"chunk_grid\"");
    if (strcmp(name, "regular")) return unknown(d, "chunk grid", name);
    return take_chunks(d, bw_json_member(bw_json_member(grid, "configuration"), "chunk_shape"));
}

static bw_status take_keys(const description *d) {
    const cJSON *keys = bw_json_member(d->json, "chunk_key_encoding");
    const char *name = name_of(keys);
    if (!name) return damaged(d, "it has no \"chunk_key_encoding\"");
    d->array->prefixed = !strcmp(name, "default");
    if (!d->array->prefixed && strcmp(name, "v2")) return unknown(d, "chunk key encoding", name);
    const char *separator = bw_json_text(bw_json_member(keys, "configuration"), "separator");
    return take_separator(d, separator, d->array->prefixed ? '/' : '.');
}

static bw_status take_names(const description *d) {
    const cJSON *names = bw_json_member(d->json, "dimension_names");
    int axis = 0;
    if (!names) return BW_OK;
    if (!cJSON_IsArray(names) || cJSON_GetArraySize(names) != d->array->axes)
        return damaged(d, "\"dimension_names\" does not name every axis");
    for (const cJSON *at = names->child; at; at = at->next, axis++) {
        const char *name = cJSON_GetStringValue(at);
        d->array->names[axis] = name ? bw_strdup(d->ctx, name) : NULL;
        if (name && !d->array->names[axis]) return BW_ERROR_MEMORY;
    }
    return BW_OK;
}

static bw_status parse_v3(const description *d) {
    int64_t format;
    const char *node = bw_json_text(d->json, "node_type");
    if (!bw_json_integer(bw_json_member(d->json, "zarr_format"), 3, 3, &format))
        return damaged(d, "\"zarr_format\" is not 3");
    if (!node || strcmp(node, "array")) return damaged(d, "\"node_type\" is not \"array\"");
    d->array->version = 3;
    BW_TRY(check_members(d));
    BW_TRY(take_shape(d, bw_json_member(d->json, "shape")));
    BW_TRY(take_grid(d));
    BW_TRY(take_type(d, name_of(bw_json_member(d->json, "data_type")), 3));
    BW_TRY(take_fill(d, bw_json_member(d->json, "fill_value")));
    BW_TRY(take_keys(d));
    BW_TRY(take_names(d));
    BW_TRY(bw_zarr_coding_read_v3(d->ctx, d->file, d->json, d->array));
    return check_chunk_bytes(d);
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static const char file_v2[] = ".zarray", file_v3[] = "zarr.json";

static int node_is(const char *path, const char *type) {
    cJSON *json = NULL;
    char *file = NULL;
    if (!bw_zarr_holds(path, file_v3) || bw_zarr_join(NULL, path, file_v3, &file) != BW_OK) return 0;
    bw_json_read(NULL, file, &json); /* an error is nobody's */
    const char *node = bw_json_text(json, "node_type");
    const int found = node && !strcmp(node, type);
    bw_json_free(json);
    bw_free(file);
    return found;
}

int bw_zarr_has_array(const char *path) {
    return bw_zarr_holds(path, file_v2) || node_is(path, "array");
}

int bw_zarr_has_group(const char *path) {
    return bw_zarr_holds(path, ".zgroup") || (bw_zarr_holds(path, ".zattrs") && !bw_zarr_holds(path, file_v2)) ||
           node_is(path, "group");
}

static bw_status parse_file(bw_context *ctx, const char *file, int version, bw_zarr_array *array) {
    cJSON *json;
    BW_TRY(bw_json_read(ctx, file, &json));
    const description d = {ctx, file, json, array};
    const bw_status status = version == 2 ? parse_v2(&d) : parse_v3(&d);
    bw_json_free(json);
    return status;
}

static bw_status read_array(bw_context *ctx, const char *path, bw_zarr_array *array) {
    const int version = bw_zarr_holds(path, file_v3) ? 3 : 2;
    char *file;
    array->path = bw_strdup(ctx, path);
    if (!array->path) return BW_ERROR_MEMORY;
    BW_TRY(bw_zarr_join(ctx, path, version == 2 ? file_v2 : file_v3, &file));
    const bw_status status = parse_file(ctx, file, version, array);
    bw_free(file);
    return status;
}

bw_status bw_zarr_array_read(bw_context *ctx, const char *path, bw_zarr_array **out) {
    *out = bw_calloc(ctx, 1, sizeof **out, "a description of an array");
    if (!*out) return BW_ERROR_MEMORY;
    const bw_status status = read_array(ctx, path, *out);
    if (status == BW_OK) return BW_OK;
    bw_zarr_array_free(*out);
    *out = NULL;
    return status;
}
