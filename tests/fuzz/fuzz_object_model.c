/* Any bytes are either a model of objects that describes itself and classifies, or an error with a message; nothing
 * leaks. The length and checksum fields are mended first, so that mutations get past them to the parser. */
#include "model_file.h"

#include "pipeline/object_model.h"

/* Two objects, one of which touches the border. */
static bw_objects *make_objects(bw_context *ctx) {
    const bw_image_info info = {.type = BW_UINT8, .width = 9, .height = 7, .depth = 1, .channels = 1, .frames = 1};
    bw_objects *objects = NULL;
    bw_image *labels;
    if (bw_image_create(ctx, &info, &labels) != BW_OK) return NULL;
    uint8_t *plane = bw_image_plane(labels, 0, 0, 0);
    memset(plane, 1, 12);
    memset(plane + 4 * 9 + 2, 2, 3);
    memset(plane + 5 * 9 + 3, 2, 4);
    bw_objects_from_labels(ctx, labels, &objects);
    bw_image_free(labels);
    return objects;
}

/* Measures of the file's own choice: known ones are measured, others are an error. */
static void classify(bw_context *ctx, const bw_object_model *model) {
    bw_objects *objects = make_objects(ctx);
    bw_measurements *table = NULL;
    uint8_t classes[2] = {0};
    float probabilities[2 * BW_MAX_CLASSES];
    if (objects) bw_objects_measure(ctx, objects, NULL, NULL, bw_object_model_measures(model), NULL, &table);
    if (table && bw_object_model_apply(ctx, model, table, classes, probabilities) == BW_OK)
        for (int i = 0; i < 2; i++)
            if (!classes[i] || classes[i] > bw_object_model_class_count(model)) __builtin_trap();
    bw_measurements_free(table);
    bw_objects_free(objects);
}

/* What was read can be written, and read again. */
static void write_again(bw_context *ctx, const bw_object_model *model) {
    bw_object_model *again = NULL;
    bw_writer w;
    bw_writer_init(&w, ctx);
    if (bw_object_model_put(&w, model) != BW_OK ||
        bw_object_model_read_memory(ctx, w.data, w.size, "again", &again) != BW_OK)
        __builtin_trap();
    bw_writer_free(&w);
    bw_object_model_free(again);
}

static void use(bw_context *ctx, bw_object_model *model) {
    char *text;
    for (int format = 0; format < 3; format++)
        if (bw_object_model_describe(ctx, model, (bw_describe_format)format, &text) == BW_OK) bw_string_free(text);
    write_again(ctx, model);
    classify(ctx, model);
    bw_object_model_free(model);
}

static void read_and_use(bw_context *ctx, const uint8_t *data, size_t size) {
    bw_object_model *model = NULL;
    const bw_status status = bw_object_model_read_memory(ctx, data, size, "fuzz.brushwood-objects", &model);
    check_result(ctx, status, model);
    if (model) use(ctx, model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return try_mended(data, size, read_and_use);
}
