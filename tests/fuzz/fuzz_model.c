/* Any bytes are either a model that describes itself and predicts, or an error with a message; nothing leaks. The
 * length and checksum fields are mended first, so that mutations get past them to the parser. */
#include "model_file.h"

#include "model/model.h"

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

static void read_and_use(bw_context *ctx, const uint8_t *data, size_t size) {
    bw_model *model = NULL;
    const bw_status status = bw_model_read_memory(ctx, data, size, "fuzz.brushwood", &model);
    check_result(ctx, status, model);
    if (model) use(ctx, model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return try_mended(data, size, read_and_use);
}
