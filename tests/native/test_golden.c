/* Results pinned on disk: a model of every format version, what it predicts, and what training and features give today,
 * byte for byte on every platform. `test_golden --write FOLDER` makes the models of the current version and all results
 * anew; do so only when the format's version or a definition changes on purpose, and say so in the changelog. */
#include "object_support.h"

#include "core/file.h"
#include "model/model.h"

typedef struct golden_case {
    const char *name, *features;
    bw_pixel_type type;
    int64_t depth;
    int channels;
    double z;
    void (*set)(bw_train_options *options); /* NULL = nothing special */
} golden_case;

static void calibrated(bw_train_options *o) {
    o->forest.balance = BW_BALANCE_CLASSES;
    o->forest.bootstrap = 0.5;
    o->forest.min_leaf = 2;
    o->forest.mtry = BW_MTRY_LOG2;
    o->holdout = (bw_holdout){BW_HOLDOUT_BLOCKS, 3, 8};
    o->calibrate = 1;
    o->importance = 2;
}

static void refined(bw_train_options *o) {
    o->calibrate = 1;
    o->refine = 3;
}

static void context(bw_train_options *o) {
    o->forest.balance = BW_BALANCE_CUSTOM;
    for (int k = 0; k < 3; k++)
        o->forest.class_weights[k] = 1 + (float)k / 2;
    o->forest.extra = 1;
    o->stroke_balance = 0.5;
    o->calibrate = 1;
    o->context_count = 2;
    o->context_sigmas[0] = 1;
    o->context_sigmas[1] = 3.5;
}

static const golden_case cases[] = {
    {"flat", "original;gaussian:0.3,1.6;laplacian:0.7;gradient:1.6;dog:1;structure:1.6;hessian:3.5", BW_UINT8, 1, 1, 1,
     NULL},
    {"deep", "gaussian:0.7,1.6;laplacian:1.6;gradient:1;dog:1.6@c2;structure:1;hessian:1.6;hessian:0.7@2d", BW_UINT16,
     12, 2, 2.5, NULL},
    /* Since version 2. */
    {"exact", "exact;gaussian:1.6,5;laplacian:0.7;dog:3.5;structure:1.6;hessian:3.5", BW_UINT8, 1, 1, 1, NULL},
    {"colour",
     "gaussian:5@c1;mean:2@c1;variance:2@c2;minimum:2@c3;maximum:2@c1;median:2@c2;normalised:3@c3;coherence:3.5@c1;"
     "energy:1.6@c2;determinant:1.6@c3;frangi:1.6@c1;membrane@c2;gabor:2@c3;entropy:2@c1;bilateral:1@c2;kuwahara:2@c3;"
     "perona_malik:1@c1;hsb;stain_he;stain_hdab",
     BW_UINT8, 1, 3, 1, NULL},
    {"stack",
     "gaussian:3.5;mean:2;variance:2;minimum:2;maximum:2;median:1.5;normalised:2;coherence:1.6;energy:1.6;"
     "determinant:1.6;frangi:1.6;gabor:1.2;entropy:1;bilateral:0.5;kuwahara:1;perona_malik:0.7",
     BW_UINT16, 6, 1, 2, NULL},
    /* Since version 3. */
    {"calibrated", "gaussian:0.7,1.6;hessian:1.6;structure:1", BW_UINT8, 1, 1, 1, calibrated},
    {"context", "gaussian:1;laplacian:1.6;hessian:1@2d", BW_UINT16, 5, 2, 1.5, context},
    {"refined", "gaussian:0.7;dog:1", BW_UINT16, 3, 2, 2, refined},
};
enum { CASES = sizeof cases / sizeof *cases };

/* Cases of a format version: the first ones. */
static int case_count(int version) {
    static const int counts[] = {0, 2, 5, CASES};
    return counts[version];
}

static bw_image *golden_image(const golden_case *c) {
    bw_image_info info = test_info(c->type, 64, 48, c->depth);
    info.channels = c->channels;
    info.calibrated = 1;
    info.spacing[0] = info.spacing[1] = 1;
    info.spacing[2] = c->z;
    bw_image *image = test_noise(&info);
    for (int64_t z = 0; z < c->depth; z++)
        for (int64_t i = 0; i < 64 * 48; i++)
            for (int k = 0; k < c->channels; k++) {
                const int bright = i % 64 > 20 && i % 64 < 40 && i / 64 > 15 ? 55 : 0;
                void *plane = bw_image_plane(image, 0, k, z);
                if (c->type == BW_UINT8)
                    ((uint8_t *)plane)[i] = (uint8_t)(((uint8_t *)plane)[i] / 4 + bright);
                else
                    ((uint16_t *)plane)[i] = (uint16_t)(((uint16_t *)plane)[i] / 4 + 50 * bright);
            }
    return image;
}

static bw_image *golden_labels(const golden_case *c) {
    bw_image_info info = test_info(BW_UINT8, 64, 48, c->depth);
    bw_image *labels = test_image(&info);
    for (int64_t z = 0; z < c->depth; z += 3)
        for (int64_t i = z; i < 64 * 48; i += 11)
            ((uint8_t *)bw_image_plane(labels, 0, 0, z))[i] =
                (uint8_t)(i / 64 < 10                                 ? 3
                          : i % 64 > 20 && i % 64 < 40 && i / 64 > 15 ? 2
                                                                      : 1);
    return labels;
}

static bw_recipe *golden_recipe(bw_context *ctx, const golden_case *c) {
    const bw_recipe_options options = {c->channels, c->depth > 1 ? 3 : 2, {1, 1, c->z}};
    bw_recipe *recipe;
    assert_ok(ctx, bw_recipe_parse(ctx, c->features, &options, &recipe));
    return recipe;
}

static bw_writer golden_model(bw_context *ctx, const golden_case *c) {
    bw_image *image = golden_image(c), *labels = golden_labels(c);
    bw_recipe *recipe = golden_recipe(ctx, c);
    bw_train_options options = {.forest = {.trees = 7, .min_leaf = 1, .bootstrap = 1, .seed = 1}};
    bw_trainer *trainer;
    bw_model *model;
    bw_writer w;
    if (c->set) c->set(&options);
    assert_ok(ctx, bw_image_set_name(ctx, image, c->name));
    assert_ok(ctx, bw_trainer_create(ctx, recipe, &trainer));
    assert_ok(ctx, bw_trainer_add(ctx, trainer, image, labels));
    if (options.context_count) {
        assert_ok(ctx, bw_trainer_prepare_context(ctx, trainer, &options));
        assert_ok(ctx, bw_trainer_add_context(ctx, trainer, 0, image));
    }
    assert_ok(ctx, bw_trainer_train(ctx, trainer, &options, &model));
    bw_writer_init(&w, ctx);
    assert_ok(ctx, bw_model_put(&w, model));
    bw_model_free(model);
    bw_trainer_free(trainer);
    bw_recipe_free(recipe);
    bw_image_free(image);
    bw_image_free(labels);
    return w;
}

static unsigned long long hash_of(const bw_image *image) {
    return (unsigned long long)bw_image_hash(image);
}

/* "features HASH probabilities HASH labels HASH" of a model on its image; since version 3 also uncertainty and entropy.
 */
static void golden_hashes(bw_context *ctx, const golden_case *c, int version, const bw_model *model, char *text,
                          size_t size) {
    const int all = BW_OUTPUT_PROBABILITIES | BW_OUTPUT_LABELS | BW_OUTPUT_UNCERTAINTY | BW_OUTPUT_ENTROPY;
    bw_image *image = golden_image(c), *features;
    bw_prediction p, labels;
    char more[80] = "";
    assert_ok(ctx, bw_features_compute(ctx, bw_model_recipe(model), image, &features));
    assert_ok(ctx, bw_predict(ctx, model, image, NULL, all, &p, NULL));
    assert_ok(ctx, bw_predict(ctx, model, image, NULL, BW_OUTPUT_LABELS, &labels, NULL)); /* another way to them */
    assert_int_equal(hash_of(labels.labels), hash_of(p.labels));
    if (version >= 3)
        snprintf(more, sizeof more, " uncertainty %016llx entropy %016llx", hash_of(p.uncertainty), hash_of(p.entropy));
    snprintf(text, size, "features %016llx probabilities %016llx labels %016llx%s\n", hash_of(features),
             hash_of(p.probabilities), hash_of(p.labels), more);
    bw_prediction_free(&p);
    bw_prediction_free(&labels);
    bw_image_free(features);
    bw_image_free(image);
}

static void golden_path(char *path, size_t size, const char *folder, int version, const golden_case *c,
                        const char *ending) {
    snprintf(path, size, "%s/v%d_%s.%s", folder, version, c->name, ending);
}

static const char *golden_folder(void) {
    const char *folder = getenv("BRUSHWOOD_TEST_GOLDEN");
    if (!folder) fail_msg("BRUSHWOOD_TEST_GOLDEN must name tests/golden");
    return folder;
}

static void read_text(bw_context *ctx, const char *path, char *text, size_t size) {
    uint8_t *data;
    uint64_t length;
    assert_ok(ctx, bw_file_read_all(ctx, path, size - 1, &data, &length));
    memcpy(text, data, (size_t)length);
    text[length] = 0;
    bw_free(data);
}

static void models_of_every_version_predict_as_ever(void **state) {
    (void)state;
    for (int version = 1; version <= BW_MODEL_VERSION; version++)
        for (int i = 0; i < case_count(version); i++) {
            char path[600], wanted[200], got[200];
            bw_context *ctx = test_context(2);
            bw_model *model;
            golden_path(path, sizeof path, golden_folder(), version, &cases[i], "brushwood");
            assert_ok(ctx, bw_model_read(ctx, path, &model));
            golden_path(path, sizeof path, golden_folder(), version, &cases[i], "txt");
            read_text(ctx, path, wanted, sizeof wanted);
            golden_hashes(ctx, &cases[i], version, model, got, sizeof got);
            assert_string_equal(got, wanted);
            bw_model_free(model);
            bw_context_free(ctx);
        }
}

static void training_gives_the_same_bytes_as_ever(void **state) {
    (void)state;
    for (int i = 0; i < CASES; i++) {
        char path[600];
        uint8_t *wanted;
        uint64_t size;
        bw_context *ctx = test_context(2);
        bw_writer w = golden_model(ctx, &cases[i]);
        golden_path(path, sizeof path, golden_folder(), BW_MODEL_VERSION, &cases[i], "brushwood");
        assert_ok(ctx, bw_file_read_all(ctx, path, 1 << 24, &wanted, &size));
        assert_int_equal(w.size, size);
        assert_memory_equal(w.data, wanted, (size_t)size);
        bw_free(wanted);
        bw_writer_free(&w);
        bw_context_free(ctx);
    }
}

/* ---- models of objects ------------------------------------------------------------------------------------------- */

static void object_path(char *path, size_t size, const char *folder, int version, const char *ending) {
    snprintf(path, size, "%s/o%d_shapes.%s", folder, version, ending);
}

static bw_writer golden_object_model(bw_context *ctx) {
    bw_forest_options options;
    bw_writer w;
    object_scene *s = open_scene(ctx, 20, "um");
    bw_object_options_init(&options);
    options.trees = 7;
    measure_scene(ctx, s, s->image, "area,feret_max,major,minor,angle,circularity,solidity,sd");
    give_examples(s, s->bright, 12); /* that these do not tell: all probabilities there are */
    bw_object_model *model = train_scene(ctx, s, &options);
    bw_writer_init(&w, ctx);
    assert_ok(ctx, bw_object_model_put(&w, model));
    bw_object_model_free(model);
    close_scene(s);
    return w;
}

/* The class of every object of another scene, and a hash of all probabilities. */
static void object_classes(bw_context *ctx, const bw_object_model *model, char *text, size_t size) {
    object_scene *s = open_scene(ctx, 21, "um");
    float probabilities[2 * SCENE_OBJECTS];
    char digits[SCENE_OBJECTS + 1] = "";
    assert_int_equal(bw_object_model_class_count(model), 2);
    measure_scene(ctx, s, s->image, bw_object_model_measures(model));
    assert_ok(ctx, bw_object_model_apply(ctx, model, s->table, s->classes, probabilities));
    for (int i = 0; i < SCENE_OBJECTS; i++)
        digits[i] = (char)('0' + s->classes[i]);
    snprintf(text, size, "classes %s probabilities %016llx\n", digits,
             (unsigned long long)bw_hash64(0, probabilities, sizeof probabilities));
    close_scene(s);
}

static void models_of_objects_classify_as_ever(void **state) {
    (void)state;
    for (int version = 1; version <= BW_OBJECT_MODEL_VERSION; version++) {
        char path[600], wanted[200], got[200];
        bw_context *ctx = test_context(2);
        bw_object_model *model;
        object_path(path, sizeof path, golden_folder(), version, "brushwood-objects");
        assert_ok(ctx, bw_object_model_read(ctx, path, &model));
        object_path(path, sizeof path, golden_folder(), version, "txt");
        read_text(ctx, path, wanted, sizeof wanted);
        object_classes(ctx, model, got, sizeof got);
        assert_string_equal(got, wanted);
        bw_object_model_free(model);
        bw_context_free(ctx);
    }
}

static void examples_of_objects_give_the_same_bytes_as_ever(void **state) {
    (void)state;
    char path[600];
    uint8_t *wanted;
    uint64_t size;
    bw_context *ctx = test_context(2);
    bw_writer w = golden_object_model(ctx);
    object_path(path, sizeof path, golden_folder(), BW_OBJECT_MODEL_VERSION, "brushwood-objects");
    assert_ok(ctx, bw_file_read_all(ctx, path, 1 << 24, &wanted, &size));
    assert_int_equal(w.size, size);
    assert_memory_equal(w.data, wanted, (size_t)size);
    bw_free(wanted);
    bw_writer_free(&w);
    bw_context_free(ctx);
}

/* ---- making them anew -------------------------------------------------------------------------------------------- */

static void write_file(const char *path, const void *data, size_t size) {
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file)) {
        perror(path);
        exit(1);
    }
}

static void write_model(const char *folder, const golden_case *c) {
    char path[600];
    bw_context *ctx = bw_context_create();
    bw_writer w = golden_model(ctx, c);
    golden_path(path, sizeof path, folder, BW_MODEL_VERSION, c, "brushwood");
    write_file(path, w.data, (size_t)w.size);
    bw_writer_free(&w);
    bw_context_free(ctx);
}

/* What a model on disk gives, also one of an older version. */
static void write_hashes(const char *folder, int version, const golden_case *c) {
    char path[600], text[200];
    bw_context *ctx = bw_context_create();
    bw_model *model;
    golden_path(path, sizeof path, folder, version, c, "brushwood");
    if (bw_model_read(ctx, path, &model) != BW_OK) exit(1);
    golden_hashes(ctx, c, version, model, text, sizeof text);
    golden_path(path, sizeof path, folder, version, c, "txt");
    write_file(path, text, strlen(text));
    bw_model_free(model);
    bw_context_free(ctx);
}

static void write_object_model(const char *folder) {
    char path[600], text[200];
    bw_context *ctx = bw_context_create();
    bw_writer w = golden_object_model(ctx);
    bw_object_model *model;
    object_path(path, sizeof path, folder, BW_OBJECT_MODEL_VERSION, "brushwood-objects");
    write_file(path, w.data, (size_t)w.size);
    if (bw_object_model_read_memory(ctx, w.data, w.size, path, &model) != BW_OK) exit(1);
    object_classes(ctx, model, text, sizeof text);
    object_path(path, sizeof path, folder, BW_OBJECT_MODEL_VERSION, "txt");
    write_file(path, text, strlen(text));
    bw_object_model_free(model);
    bw_writer_free(&w);
    bw_context_free(ctx);
}

static void write_all(const char *folder) {
    for (int i = 0; i < CASES; i++)
        write_model(folder, &cases[i]);
    for (int version = 1; version <= BW_MODEL_VERSION; version++)
        for (int i = 0; i < case_count(version); i++)
            write_hashes(folder, version, &cases[i]);
    write_object_model(folder);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_of_every_version_predict_as_ever),
        cmocka_unit_test(training_gives_the_same_bytes_as_ever),
        cmocka_unit_test(models_of_objects_classify_as_ever),
        cmocka_unit_test(examples_of_objects_give_the_same_bytes_as_ever),
    };
    if (argc == 3 && !strcmp(argv[1], "--write")) {
        write_all(argv[2]);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
