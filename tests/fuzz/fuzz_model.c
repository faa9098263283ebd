/* Any bytes are either a model that describes itself and predicts, or an error with a message; nothing leaks. The
 * length and checksum fields are mended first, so that mutations get past them to the parser. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/alloc.h"
#include "core/bytes.h"
#include "model/model.h"

enum { HEADER = 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void mend(uint8_t *copy, size_t size) {
    if (size < HEADER) return;
    const uint32_t crc = bw_crc32(0, copy + HEADER, size - HEADER);
    for (int i = 0; i < 4; i++)
        copy[12 + i] = (uint8_t)(crc >> (8 * i));
    for (int i = 0; i < 8; i++)
        copy[16 + i] = (uint8_t)((uint64_t)(size - HEADER) >> (8 * i));
}

/* A small image of the model's kind; what the model's recipe makes too dear is left out. */
static void predict(bw_context *ctx, const bw_model *model) {
    const bw_recipe_options *options = bw_recipe_get_options(bw_model_recipe(model));
    bw_image_info info = {.type = BW_UINT8,
                          .width = 9,
                          .height = 7,
                          .depth = options->dims == 3 ? 3 : 1,
                          .channels = options->channels,
                          .frames = 1};
    const int all = BW_OUTPUT_PROBABILITIES | BW_OUTPUT_LABELS | BW_OUTPUT_UNCERTAINTY | BW_OUTPUT_ENTROPY;
    bw_image *image;
    bw_prediction prediction;
    if (bw_model_feature_count(model) > 200 || bw_image_create(ctx, &info, &image) != BW_OK) return;
    if (bw_predict(ctx, model, image, NULL, all, &prediction, NULL) == BW_OK) {
        bw_image_hash(prediction.probabilities);
        bw_image_hash(prediction.labels);
        bw_prediction_free(&prediction);
    }
    bw_image_free(image);
}

/* What was read can be written, and read again. */
static void write_again(bw_context *ctx, const bw_model *model) {
    bw_model *again = NULL;
    bw_writer w;
    bw_writer_init(&w, ctx);
    if (bw_model_put(&w, model) != BW_OK || bw_model_read_memory(ctx, w.data, w.size, "again", &again) != BW_OK)
        __builtin_trap();
    bw_writer_free(&w);
    bw_model_free(again);
}

static void use(bw_context *ctx, bw_model *model) {
    char *text;
    for (int format = 0; format < 3; format++)
        if (bw_model_describe(ctx, model, (bw_describe_format)format, &text) == BW_OK) bw_string_free(text);
    write_again(ctx, model);
    predict(ctx, model);
    bw_model_free(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bw_context *ctx = bw_context_create();
    uint8_t *copy = ctx ? bw_alloc(ctx, size, 1, "input") : NULL;
    bw_model *model = NULL;
    if (copy) {
        memcpy(copy, data, size);
        mend(copy, size);
        bw_context_set_threads(ctx, 1);
        bw_status status = bw_model_read_memory(ctx, copy, size, "fuzz.brushwood", &model);
        if ((status == BW_OK) != (model != NULL) || (status != BW_OK && !bw_context_error(ctx)[0])) __builtin_trap();
        if (model) use(ctx, model);
    }
    bw_free(copy);
    bw_context_free(ctx);
    if (bw_memory_in_use()) __builtin_trap();
    return 0;
}
