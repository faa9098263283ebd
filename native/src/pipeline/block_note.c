#include "pipeline/block_note.h"

#include <inttypes.h>
#include <string.h>

#include "core/alloc.h"
#include "core/text.h"
#include "zarr/json.h"

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static bw_status hash_model(bw_context *ctx, const bw_model *model, uint64_t *out) {
    bw_writer writer;
    bw_writer_init(&writer, ctx);
    const bw_status status = bw_model_put(&writer, model);
    if (status == BW_OK) *out = bw_hash64(0, writer.data, writer.size);
    bw_writer_free(&writer);
    return status;
}

/* Slowest axis first, as everything in these files. */
static bw_status add_axes(bw_text *text, const char *key, const double *xyz) {
    BW_TRY(bw_text_add(text, ", \"%s\": [", key));
    for (int axis = 2; axis >= 0; axis--) {
        BW_TRY(bw_text_number(text, xyz[axis]));
        BW_TRY(bw_text_add(text, axis ? ", " : "]"));
    }
    return BW_OK;
}

static bw_status add_statistics(bw_text *text, const bw_source *source) {
    const bw_image_info *info = bw_image_get_info(source->image);
    const int64_t count = (int64_t)info->frames * info->channels;
    BW_TRY(bw_text_add(text, ", \"statistics\": {\"non_finite\": %" PRId64 ", \"extreme\": %s, \"low\": [",
                       source->non_finite, source->extreme ? "true" : "false"));
    for (int64_t i = 0; i < count; i++) {
        if (i) BW_TRY(bw_text_add(text, ", "));
        BW_TRY(bw_text_number(text, source->low[i]));
    }
    return bw_text_add(text, "]}");
}

/* Names and colours for who shows class numbers. */
static bw_status add_classes(bw_text *text, const bw_model *model) {
    BW_TRY(bw_text_add(text, ", \"classes\": ["));
    for (int k = 0; k < model->classes; k++) {
        BW_TRY(bw_text_add(text, k ? ", {\"name\": " : "{\"name\": "));
        BW_TRY(bw_text_json_string(text, model->class_info[k].name));
        BW_TRY(bw_text_add(text, ", \"color\": \"#%06x\"}", (unsigned)(model->class_info[k].colour & 0xFFFFFF)));
    }
    return bw_text_add(text, "]");
}

static bw_status add_all(bw_text *text, const bw_model *model, const bw_source *source, const bw_block_options *options,
                         int output, const int64_t block[3]) {
    static const char *const results[] = {"probabilities", "labels", "uncertainty", "entropy"};
    const double extent[3] = {(double)block[0], (double)block[1], (double)block[2]};
    uint64_t hash = 0;
    int place = 0;
    while (output >> place > 1)
        place++;
    BW_TRY(hash_model(text->ctx, model, &hash));
    BW_TRY(bw_text_add(text, "{\"engine\": \"%s\", \"result\": \"%s\", \"model\": \"%016" PRIx64 "\", \"input\": ",
                       BW_VERSION, results[place], hash));
    BW_TRY(bw_text_json_string(text, bw_image_name(source->image)));
    BW_TRY(add_axes(text, "block", extent));
    if (options->predict.spacing) BW_TRY(add_axes(text, "spacing", options->predict.spacing));
    if (output == BW_OUTPUT_LABELS) BW_TRY(add_classes(text, model));
    if (options->predict.unrefined) BW_TRY(bw_text_add(text, ", \"unrefined\": true"));
    if (source->low) BW_TRY(add_statistics(text, source));
    return bw_text_add(text, "}");
}

bw_status bw_block_note_write(bw_context *ctx, const bw_model *model, const bw_source *source,
                              const bw_block_options *options, int output, const int64_t block[3], char **out) {
    bw_text text;
    *out = NULL;
    bw_text_init(&text, ctx);
    bw_status status = add_all(&text, model, source, options, output, block);
    if (status == BW_OK) status = bw_text_take(&text, out);
    bw_text_free(&text);
    return status;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

/* 0 when it is not what a job has written. */
static int read_block(const cJSON *note, int64_t block[3]) {
    const cJSON *list = bw_json_member(note, "block");
    if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) != 3) return 0;
    for (int axis = 0; axis < 3; axis++)
        if (!bw_json_integer(cJSON_GetArrayItem(list, 2 - axis), 1, INT64_MAX >> 10, &block[axis])) return 0;
    return 1;
}

static int read_statistics(const cJSON *statistics, bw_block_note *out, int64_t count) {
    const cJSON *low = bw_json_member(statistics, "low"), *extreme = bw_json_member(statistics, "extreme"), *item;
    int64_t i = 0;
    if (!cJSON_IsArray(low) || cJSON_GetArraySize(low) != count || !cJSON_IsBool(extreme) ||
        !bw_json_integer(bw_json_member(statistics, "non_finite"), 0, INT64_MAX >> 10, &out->non_finite))
        return 0;
    out->extreme = cJSON_IsTrue(extreme);
    cJSON_ArrayForEach(item, low) {
        if (!cJSON_IsNumber(item)) return 0;
        out->low[i++] = (float)cJSON_GetNumberValue(item);
    }
    return 1;
}

static bw_status read_note(bw_context *ctx, const char *path, const cJSON *note, int64_t count, bw_block_note *out) {
    const cJSON *statistics = bw_json_member(note, "statistics");
    int right = read_block(note, out->block);
    if (right && count && statistics) {
        out->low = bw_alloc(ctx, (uint64_t)count, sizeof *out->low, "pixel minima");
        if (!out->low) return BW_ERROR_MEMORY;
        right = read_statistics(statistics, out, count);
    }
    if (right) return BW_OK;
    return bw_fail(ctx, BW_ERROR_MISMATCH,
                   "%s is there already, and does not say how this program began it. Choose another name for the "
                   "result, or remove it.",
                   path);
}

bw_status bw_block_note_read(bw_context *ctx, const char *path, const char *text, int64_t count, bw_block_note *out) {
    cJSON *note;
    *out = (bw_block_note){.low = NULL};
    BW_TRY(bw_json_parse_text(ctx, path, text, &note));
    const bw_status status = read_note(ctx, path, note, count, out);
    bw_json_free(note);
    if (status != BW_OK) bw_block_note_free(out);
    return status;
}

void bw_block_note_free(bw_block_note *note) {
    bw_free(note->low);
    note->low = NULL;
}
