/* Model files: round trip, and no damaged file is ever believed. */
#include "support.h"

#include "core/alloc.h"
#include "model/model.h"

static bw_model *train(const char *features, int classes, uint64_t seed) {
    bw_context *ctx = test_context(2);
    bw_image_info info = test_info(BW_UINT8, 60, 50, 1);
    bw_image *image = test_noise(&info), *labels = test_image(&info);
    for (int i = 0; i < 3000; i += 7)
        ((uint8_t *)bw_image_plane(labels, 0, 0, 0))[i] =
            (uint8_t)(1 + ((uint8_t *)bw_image_plane(image, 0, 0, 0))[i] * classes / 200);
    assert_ok(ctx, bw_image_set_name(ctx, image, "na\xc3\xafve \"name\".tif"));
    const bw_recipe_options options = {1, 2, {1, 1, 1}};
    bw_forest_options forest;
    bw_recipe *recipe;
    bw_trainer *trainer;
    bw_model *model;
    bw_forest_options_init(&forest);
    forest.trees = 5;
    forest.seed = seed;
    assert_ok(ctx, bw_recipe_parse(ctx, features, &options, &recipe));
    assert_ok(ctx, bw_trainer_create(ctx, recipe, &trainer));
    assert_ok(ctx, bw_trainer_set_class(ctx, trainer, 0, &(bw_class_info){"back\"ground\"", 0x123456}));
    assert_ok(ctx, bw_trainer_add(ctx, trainer, image, labels));
    assert_ok(ctx, bw_trainer_train(ctx, trainer, &forest, &model));
    bw_trainer_free(trainer);
    bw_recipe_free(recipe);
    bw_image_free(image);
    bw_image_free(labels);
    bw_context_free(ctx);
    return model;
}

static bw_writer bytes_of(bw_context *ctx, const bw_model *model) {
    bw_writer w;
    bw_writer_init(&w, ctx);
    assert_ok(ctx, bw_model_put(&w, model));
    return w;
}

static void files_round_trip(void **state) {
    (void)state;
    static const char *const recipes[] = {"gaussian:0.7,1.6;hessian:1.6", "original", "structure:1;dog:2.5"};
    for (int i = 0; i < 3; i++) {
        bw_context *ctx = test_context(1);
        bw_model *model = train(recipes[i], 2 + i, 1), *again;
        bw_writer first = bytes_of(ctx, model);
        assert_ok(ctx, bw_model_read_memory(ctx, first.data, first.size, "memory", &again));
        bw_writer second = bytes_of(ctx, again);
        assert_int_equal(first.size, second.size);
        assert_memory_equal(first.data, second.data, (size_t)first.size);
        assert_string_equal(bw_model_class(again, 0)->name, "back\"ground\"");
        assert_string_equal(bw_model_class(again, 1)->name, "class 2");
        assert_int_equal(bw_model_class(again, 0)->colour, 0x123456);
        assert_int_equal(bw_model_class_count(again), 2 + i);
        bw_writer_free(&first);
        bw_writer_free(&second);
        bw_model_free(model);
        bw_model_free(again);
        bw_context_free(ctx);
    }
}

static void seeds_decide(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_model *a = train("gaussian:1", 3, 1), *b = train("gaussian:1", 3, 1), *c = train("gaussian:1", 3, 2);
    bw_writer x = bytes_of(ctx, a), y = bytes_of(ctx, b), z = bytes_of(ctx, c);
    assert_true(x.size == y.size && !memcmp(x.data, y.data, (size_t)x.size));
    assert_true(x.size != z.size || memcmp(x.data, z.data, (size_t)x.size));
    bw_writer_free(&x);
    bw_writer_free(&y);
    bw_writer_free(&z);
    bw_model_free(a);
    bw_model_free(b);
    bw_model_free(c);
    bw_context_free(ctx);
}

static bw_status try_read(const uint8_t *data, uint64_t size, char *message, size_t room) {
    bw_context *ctx = test_context(1);
    bw_model *model;
    bw_status status = bw_model_read_memory(ctx, data, size, "x.brushwood", &model);
    if (status == BW_OK)
        bw_model_free(model);
    else
        assert_null(model);
    snprintf(message, room, "%s", bw_context_error(ctx));
    bw_context_free(ctx);
    return status;
}

static void refresh_checksum(uint8_t *data, uint64_t size) {
    const uint32_t crc = bw_crc32(0, data + 24, size - 24);
    for (int i = 0; i < 4; i++)
        data[12 + i] = (uint8_t)(crc >> (8 * i));
}

static void every_truncation_is_refused(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_model *model = train("gaussian:1", 2, 1);
    bw_writer w = bytes_of(ctx, model);
    char message[300];
    for (uint64_t cut = 0; cut < w.size; cut += cut < 2000 ? 1 : 37) {
        assert_int_equal(try_read(w.data, cut, message, sizeof message), BW_ERROR_FORMAT);
        assert_non_null(strstr(message, "x.brushwood"));
    }
    bw_writer_free(&w);
    bw_model_free(model);
    bw_context_free(ctx);
}

/* A flipped bit is caught by the checksum; with the checksum mended, the reader's own checks must hold: it may accept
 * (a class name's letter changed) or refuse, but never crash; what it accepts must predict. */
static void flipped_bits_never_crash(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_model *model = train("gaussian:1;hessian:1.6", 3, 1);
    bw_writer w = bytes_of(ctx, model);
    bw_image_info info = test_info(BW_UINT8, 20, 20, 1);
    bw_image *image = test_noise(&info);
    char message[300];
    int accepted = 0;
    for (uint64_t i = 0; i < 6000; i++) {
        const uint64_t at = i < 2000 ? i % w.size : bw_random(3, 1, i) % w.size;
        const uint8_t bit = (uint8_t)(1u << (bw_random(3, 2, i) % 8));
        w.data[at] ^= bit;
        assert_int_equal(try_read(w.data, w.size, message, sizeof message), BW_ERROR_FORMAT);
        uint8_t crc[4];
        memcpy(crc, w.data + 12, 4);
        if (at >= 24) {
            bw_context *own = test_context(1);
            bw_model *odd;
            bw_image *labels;
            refresh_checksum(w.data, w.size);
            if (bw_model_read_memory(own, w.data, w.size, "x", &odd) == BW_OK) {
                if (bw_predict(own, odd, image, NULL, NULL, &labels, NULL) == BW_OK) bw_image_free(labels);
                bw_model_free(odd);
                accepted++;
            }
            bw_context_free(own);
        }
        memcpy(w.data + 12, crc, 4);
        w.data[at] ^= bit;
    }
    assert_in_range(accepted, 10, 5900); /* both ways were taken */
    bw_image_free(image);
    bw_writer_free(&w);
    bw_model_free(model);
    bw_context_free(ctx);
}

static void strangers_are_named(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_model *model = train("gaussian:1", 2, 1);
    bw_writer w = bytes_of(ctx, model);
    char message[300];
    assert_int_equal(try_read((const uint8_t *)"II*\0 a TIFF file", 16, message, sizeof message), BW_ERROR_FORMAT);
    assert_non_null(strstr(message, "not a Brushwood model"));
    w.data[8] = 99;
    assert_int_equal(try_read(w.data, w.size, message, sizeof message), BW_ERROR_FORMAT);
    assert_non_null(strstr(message, "format 99"));
    bw_writer_free(&w);
    bw_model_free(model);
    bw_context_free(ctx);
}

static void files_on_disk(void **state) {
    (void)state;
    char folder[] = "brushwood-test-XXXXXX", path[128];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path,
             "%s/m\xc3\xb6"
             "del 1.brushwood",
             folder);
    bw_context *ctx = test_context(1);
    bw_model *model = train("gaussian:1", 2, 1), *again;
    assert_ok(ctx, bw_model_write(ctx, model, path));
    assert_ok(ctx, bw_model_read(ctx, path, &again));
    bw_model_free(again);
    assert_refused(ctx, bw_model_write(ctx, model, folder), BW_ERROR_IO, "folder");
    bw_context_free(ctx);
    ctx = test_context(1);
    assert_refused(ctx, bw_model_write(ctx, model, "/nonexistent/m.brushwood"), BW_ERROR_IO, "/nonexistent");
    bw_context_free(ctx);
    ctx = test_context(1);
    assert_refused(ctx, bw_model_read(ctx, "/nonexistent.brushwood", &again), BW_ERROR_IO, "/nonexistent.brushwood");
    bw_context_free(ctx);
    bw_model_free(model);
    remove(path);
    assert_int_equal(remove(folder), 0);
}

static void descriptions_are_complete(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_model *model = train("gaussian:0.7,1.6;hessian:1.6", 3, 1);
    char *text, *json;
    assert_ok(ctx, bw_model_describe(ctx, model, BW_DESCRIBE_TEXT, &text));
    assert_ok(ctx, bw_model_describe(ctx, model, BW_DESCRIBE_JSON, &json));
    static const char *const both[] = {"gaussian:0.7,1.6;hessian:1.6", BW_VERSION, "class 2", "#123456"};
    for (int i = 0; i < 4; i++) {
        assert_non_null(strstr(text, both[i]));
        assert_non_null(strstr(json, both[i]));
    }
    assert_non_null(strstr(text, "Out-of-bag error"));
    assert_non_null(strstr(json, "\"na\xc3\xafve \\\"name\\\".tif\""));
    assert_non_null(strstr(json, "\"trees\": 5"));
    bw_string_free(text);
    bw_string_free(json);
    bw_model_free(model);
    bw_context_free(ctx);
}

static void nothing_leaks(void **state) {
    (void)state;
    assert_int_equal(bw_memory_in_use(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_round_trip),
        cmocka_unit_test(seeds_decide),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(flipped_bits_never_crash),
        cmocka_unit_test(strangers_are_named),
        cmocka_unit_test(files_on_disk),
        cmocka_unit_test(descriptions_are_complete),
        cmocka_unit_test(nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
