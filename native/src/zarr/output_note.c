/* What an image that was begun says about itself. */
#include <string.h>

#include "core/alloc.h"
#include "core/system.h"
#include "zarr/describe.h"
#include "zarr/json.h"
#include "zarr/output_files.h"
#include "zarr/output_parts.h"

/* ---- how it is written --------------------------------------------------------------------------------------- */

static bw_status describe_codec(bw_context *ctx, bw_zarr_codec codec, int bytes, int version, cJSON **out) {
    bw_zarr_coding *coding;
    bw_text text;
    *out = NULL;
    BW_TRY(bw_zarr_coding_create(ctx, codec, bytes, &coding));
    bw_text_init(&text, ctx);
    bw_status status = bw_text_add(&text, "{\"as\": ");
    if (status == BW_OK) status = bw_zarr_coding_describe(&text, coding, version);
    if (status == BW_OK) status = bw_text_add(&text, "}");
    if (status == BW_OK) status = bw_json_parse_text(ctx, "A codec", text.data, out);
    bw_text_free(&text);
    bw_zarr_coding_free(coding);
    return status;
}

/* *out: -1 when nothing is written so. Of the codecs' texts depend on the type only the largest. */
static bw_status find_codec(bw_context *ctx, const cJSON *there, int bytes, int version, int *out) {
    *out = -1;
    for (int codec = BW_ZARR_BLOSC; codec <= BW_ZARR_RAW && *out < 0; codec++) {
        cJSON *text;
        BW_TRY(describe_codec(ctx, (bw_zarr_codec)codec, bytes, version, &text));
        const cJSON *here = cJSON_GetObjectItemCaseSensitive(text, "as");
        if (there && cJSON_Compare(there, here, 1)) *out = codec;
        bw_json_free(text);
    }
    return BW_OK;
}

static int read_chunk(const cJSON *list, int64_t chunk[3]) {
    if (cJSON_GetArraySize(list) != 5) return 0;
    for (int axis = 0; axis < 3; axis++)
        if (!bw_json_integer(cJSON_GetArrayItem(list, 4 - axis), 1, INT64_MAX >> 1, &chunk[axis])) return 0;
    return 1;
}

static int type_bytes(const char *type) {
    static const struct {
        const char *name;
        int bytes;
    } types[] = {{"|u1", 1}, {"uint8", 1}, {"<u2", 2}, {"uint16", 2}, {"<f4", 4}, {"float32", 4}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (type && !strcmp(types[i].name, type)) return types[i].bytes;
    return 0;
}

static bw_status read_array(bw_context *ctx, const char *file, const cJSON *array, bw_zarr_options *out) {
    const int old = out->version == BW_OME_ZARR_04;
    const cJSON *grid = bw_json_member(bw_json_member(array, "chunk_grid"), "configuration");
    const cJSON *codec = cJSON_GetObjectItemCaseSensitive(array, old ? "compressor" : "codecs");
    const int bytes = type_bytes(bw_json_text(array, old ? "dtype" : "data_type"));
    int found = -1;
    if (bytes) BW_TRY(find_codec(ctx, codec, bytes, old ? 2 : 3, &found));
    out->codec = (bw_zarr_codec)found;
    if (found >= 0 &&
        read_chunk(old ? bw_json_member(array, "chunks") : bw_json_member(grid, "chunk_shape"), out->chunk))
        return BW_OK;
    return bw_fail(ctx, BW_ERROR_MISMATCH,
                   "%s describes chunks that this program would not write. Name another result, or remove it first.",
                   file);
}

static bw_status read_options(bw_context *ctx, const char *path, bw_zarr_version version, bw_zarr_options *out) {
    cJSON *array;
    char *file;
    *out = (bw_zarr_options){.version = version};
    BW_TRY(bw_zarr_file_of(ctx, path, "0", bw_zarr_files(version)->array, &file));
    bw_status status = bw_json_read(ctx, file, &array);
    if (status == BW_OK) {
        status = read_array(ctx, file, array, out);
        bw_json_free(array);
    }
    bw_free(file);
    return status;
}

/* ---- the note ------------------------------------------------------------------------------------------------ */

static bw_status copy_note(bw_context *ctx, const char *file, const cJSON *note, char **out) {
    if (!cJSON_IsObject(note))
        return bw_fail(ctx, BW_ERROR_MISMATCH,
                       "%s is there already, and this program did not begin it as a result. Name another result, or "
                       "remove it first.",
                       file);
    char *text = cJSON_PrintUnformatted(note);
    *out = text ? bw_strdup(ctx, text) : NULL;
    cJSON_free(text);
    return *out ? BW_OK : bw_fail(ctx, BW_ERROR_MEMORY, "There is not enough memory for a text.");
}

static bw_status read_note(bw_context *ctx, const char *file, bw_zarr_version version, char **out) {
    cJSON *group;
    BW_TRY(bw_json_read(ctx, file, &group));
    const cJSON *attributes = version == BW_OME_ZARR_04 ? group : bw_json_member(group, "attributes");
    const bw_status status = copy_note(ctx, file, bw_json_member(attributes, "brushwood"), out);
    bw_json_free(group);
    return status;
}

bw_status bw_zarr_output_note(bw_context *ctx, const char *path, bw_zarr_options *options, char **note) {
    *note = NULL;
    for (int v = BW_OME_ZARR_04; v <= BW_OME_ZARR_05; v++) {
        char *file;
        BW_TRY(bw_zarr_file_of(ctx, path, "", bw_zarr_files((bw_zarr_version)v)->group, &file));
        const int there = bw_system_look(file).bytes > 0;
        bw_status status = there ? read_note(ctx, file, (bw_zarr_version)v, note) : BW_OK;
        bw_free(file);
        if (there && status == BW_OK && options) status = read_options(ctx, path, (bw_zarr_version)v, options);
        if (there || status != BW_OK) return status;
    }
    return bw_zarr_check_folder(ctx, path);
}
