/* Classes of objects by example: what is learnt, files of it, and what is refused. */
#include "damage_support.h"
#include "object_support.h"

#include <math.h>

#include "core/alloc.h"

static bw_writer bytes_of(bw_context *ctx, const bw_object_model *model) {
    bw_writer w;
    bw_writer_init(&w, ctx);
    assert_ok(ctx, bw_object_model_put(&w, model));
    return w;
}

/* How many objects of the scene get the other class. */
static int errors_of(bw_context *ctx, const bw_object_model *model, const object_scene *s, const int *kind) {
    uint8_t classes[SCENE_OBJECTS];
    int wrong = 0;
    assert_ok(ctx, bw_object_model_apply(ctx, model, s->table, classes, NULL));
    for (int i = 0; i < SCENE_OBJECTS; i++)
        wrong += classes[i] != kind[i] + 1;
    return wrong;
}

/* ---- learning ---------------------------------------------------------------------------------------------------- */

static void shapes_are_told_apart(void **state) {
    (void)state;
    bw_context *ctx = test_context(2);
    object_scene *seen = open_scene(ctx, 1, "um"), *new_one = open_scene(ctx, 2, "um");
    give_examples(seen, seen->rod, 8);
    bw_object_model *model = train_scene(ctx, seen, NULL);
    assert_int_equal(errors_of(ctx, model, new_one, new_one->rod), 0);
    bw_summary summary;
    bw_assessment_summary(bw_object_model_out_of_bag(model), &summary);
    assert_int_equal(summary.pixels, 16);
    assert_true(summary.accuracy == 1);
    assert_int_equal(bw_object_model_class_count(model), 2);
    assert_string_equal(bw_object_model_class(model, 0)->name, "disc, \"round\"");
    assert_int_equal(bw_object_model_class(model, 0)->colour, 0x123456);
    assert_string_equal(bw_object_model_class(model, 1)->name, "class 2");
    assert_null(bw_object_model_class(model, 2));
    bw_object_model_free(model);
    close_scene(seen);
    close_scene(new_one);
    bw_context_free(ctx);
}

static void intensities_are_told_apart(void **state) {
    (void)state;
    bw_context *ctx = test_context(2);
    object_scene *seen = open_scene(ctx, 3, NULL), *new_one = open_scene(ctx, 4, NULL);
    give_examples(seen, seen->bright, 8);
    bw_object_model *model = train_scene(ctx, seen, NULL);
    assert_int_equal(errors_of(ctx, model, new_one, new_one->bright), 0);
    bw_object_model_free(model);
    close_scene(seen);
    close_scene(new_one);
    bw_context_free(ctx);
}

/* The fewest examples: of all measures many tell them apart; of those that are asked for, one. */
static void two_examples_of_each_are_enough(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    object_scene *s = open_scene(ctx, 5, NULL);
    give_examples(s, s->rod, 2);
    bw_object_model *model = train_scene(ctx, s, NULL);
    uint8_t classes[SCENE_OBJECTS];
    assert_ok(ctx, bw_object_model_apply(ctx, model, s->table, classes, NULL));
    for (int i = 0; i < SCENE_OBJECTS; i++)
        if (s->classes[i]) assert_int_equal(classes[i], s->classes[i]);
    bw_object_model_free(model);
    measure_scene(ctx, s, NULL, "circularity");
    model = train_scene(ctx, s, NULL);
    assert_string_equal(bw_object_model_measures(model), "circularity");
    assert_int_equal(errors_of(ctx, model, s, s->rod), 0);
    bw_object_model_free(model);
    close_scene(s);
    bw_context_free(ctx);
}

/* Half of the examples each from two tables, the second of which has its columns in another order and others beside. */
static void examples_come_from_several_tables(void **state) {
    (void)state;
    bw_context *ctx = test_context(2);
    object_scene *a = open_scene(ctx, 6, "um"), *b = open_scene(ctx, 7, "\xc2\xb5m"), *c = open_scene(ctx, 8, "micron");
    bw_object_trainer *trainer;
    bw_object_model *model;
    measure_scene(ctx, a, a->image, "mean,circularity,area");
    give_examples(a, a->bright, 3);
    give_examples(b, b->bright, 3);
    assert_ok(ctx, bw_object_trainer_create(ctx, &trainer));
    assert_ok(ctx, bw_object_trainer_add(ctx, trainer, a->table, a->classes));
    assert_ok(ctx, bw_object_trainer_add(ctx, trainer, b->table, b->classes));
    assert_ok(ctx, bw_object_trainer_train(ctx, trainer, NULL, &model));
    assert_int_equal(model->examples[0] + model->examples[1], 12);
    assert_int_equal(model->columns, 3);
    assert_int_equal(errors_of(ctx, model, c, c->bright), 0);
    bw_object_model_free(model);
    bw_object_trainer_free(trainer);
    close_scene(a);
    close_scene(b);
    close_scene(c);
    bw_context_free(ctx);
}

static void positions_are_left_out(void **state) {
    (void)state;
    bw_context *ctx = test_context(2);
    object_scene *s = open_scene(ctx, 1, "um");
    give_examples(s, s->rod, 3);
    bw_object_model *model = train_scene(ctx, s, NULL);
    int seen = 0;
    for (int c = 0; c < bw_measurements_columns(s->table); c++) {
        const char *id = bw_measurements_id(s->table, c);
        const int left_out = !strncmp(id, "centroid_", 9) || !strncmp(id, "box_", 4) || !strncmp(id, "mass_", 5) ||
                             !strcmp(id, "voxels");
        int found = 0;
        for (int i = 0; i < model->columns; i++)
            found += !strcmp(model->column[i].id, id);
        assert_int_equal(found, !left_out);
        seen += left_out;
    }
    assert_int_equal(seen, 9); /* two of centroid, four of box, two of mass, voxels */
    assert_int_equal(model->columns + seen, bw_measurements_columns(s->table));
    bw_object_model_free(model);
    close_scene(s);
    bw_context_free(ctx);
}

/* Objects without a finite pixel have no intensity: the shape is still there. */
static void undefined_values_are_no_obstacle(void **state) {
    (void)state;
    bw_context *ctx = test_context(2);
    object_scene *s = open_scene(ctx, 9, NULL);
    bw_image_info info = *bw_image_get_info(s->image);
    info.type = BW_FLOAT32;
    bw_image *image = test_image(&info);
    const uint16_t *from = bw_image_plane_const(s->image, 0, 0, 0);
    const uint8_t *labels = bw_image_plane_const(s->labels, 0, 0, 0);
    float *to = bw_image_plane(image, 0, 0, 0);
    for (int64_t i = 0; i < info.width * info.height; i++)
        to[i] = labels[i] % 2 ? NAN : (float)from[i];
    measure_scene(ctx, s, image, "solidity,circularity,mean");
    assert_true(isnan(bw_measurements_values(s->table, 2)[0]) != isnan(bw_measurements_values(s->table, 2)[1]));
    give_examples(s, s->rod, 10);
    bw_object_model *model = train_scene(ctx, s, NULL);
    assert_true(model->column[2].median >= 300 && model->column[2].median <= 1100);
    assert_int_equal(errors_of(ctx, model, s, s->rod), 0);
    bw_object_model_free(model);
    for (int64_t i = 0; i < info.width * info.height; i++)
        to[i] = INFINITY;
    measure_scene(ctx, s, image, "circularity,mean");
    model = train_scene(ctx, s, NULL);
    assert_true(model->column[1].median == 0 && model->column[1].gini == 0);
    assert_int_equal(errors_of(ctx, model, s, s->rod), 0);
    bw_object_model_free(model);
    bw_image_free(image);
    close_scene(s);
    bw_context_free(ctx);
}

/* Pixels of objects whose label is odd; the others keep theirs. */
static void measure_with(bw_context *ctx, object_scene *s, bw_image *image, float odd, float even) {
    const bw_image_info *info = bw_image_get_info(image);
    const uint16_t *from = bw_image_plane_const(s->image, 0, 0, 0);
    const uint8_t *labels = bw_image_plane_const(s->labels, 0, 0, 0);
    float *to = bw_image_plane(image, 0, 0, 0);
    for (int64_t i = 0; i < info->width * info->height; i++)
        to[i] = labels[i] % 2 ? odd : even != 0 ? even : (float)from[i];
    measure_scene(ctx, s, image, "mean,circularity");
}

/* In training and when applied a value that is not defined is the median: the same bytes. */
static void medians_stand_for_undefined_values(void **state) {
    (void)state;
    bw_context *ctx = test_context(2);
    object_scene *s = open_scene(ctx, 9, NULL);
    bw_image_info info = *bw_image_get_info(s->image);
    info.type = BW_FLOAT32;
    bw_image *image = test_image(&info);
    float p[2][2 * SCENE_OBJECTS];
    uint8_t classes[SCENE_OBJECTS];
    measure_with(ctx, s, image, NAN, 0);
    give_examples(s, s->bright, 11);
    bw_object_model *model = train_scene(ctx, s, NULL);
    const int mean = !strcmp(model->column[1].id, "mean");
    const float median = model->column[mean].median;
    assert_true(median > 300);
    assert_ok(ctx, bw_object_model_apply(ctx, model, s->table, classes, p[0]));
    measure_with(ctx, s, image, median, 0);
    assert_ok(ctx, bw_object_model_apply(ctx, model, s->table, classes, p[1]));
    assert_memory_equal(p[0], p[1], sizeof p[0]);
    bw_object_model *filled = train_scene(ctx, s, NULL);
    bw_writer a = bytes_of(ctx, model), b = bytes_of(ctx, filled);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, (size_t)a.size);
    measure_with(ctx, s, image, 1, 1); /* which is not what others give */
    assert_ok(ctx, bw_object_model_apply(ctx, model, s->table, classes, p[1]));
    assert_true(memcmp(p[0], p[1], sizeof p[0]) != 0);
    bw_writer_free(&a);
    bw_writer_free(&b);
    bw_object_model_free(filled);
    bw_object_model_free(model);
    bw_image_free(image);
    close_scene(s);
    bw_context_free(ctx);
}

static void values_fit_float32(void **state) {
    (void)state;
    assert_true(isnan(bw_object_value(NAN)) && isnan(bw_object_value(INFINITY)) && isnan(bw_object_value(-INFINITY)));
    assert_true(isfinite(bw_object_value(1e300)) && bw_object_value(1e300) > 1e38f);
    assert_true(isfinite(bw_object_value(-1e300)) && bw_object_value(-1e300) < -1e38f);
    assert_true(bw_object_value(0.1) == 0.1f);
}

/* ---- the same everywhere ----------------------------------------------------------------------------------------- */

/* More rows than a task takes: the scene's, many times over, as frames. */
static bw_objects *many_objects(bw_context *ctx, const object_scene *s, int frames) {
    bw_image_info info = *bw_image_get_info(s->labels);
    bw_objects *objects;
    info.frames = frames;
    bw_image *all = test_image(&info);
    for (int f = 0; f < frames; f++)
        memcpy(bw_image_plane(all, f, 0, 0), bw_image_plane_const(s->labels, 0, 0, 0),
               (size_t)(info.width * info.height));
    assert_ok(ctx, bw_objects_from_labels(ctx, all, &objects));
    bw_image_free(all);
    return objects;
}

static void threads_do_not_matter(void **state) {
    (void)state;
    enum { FRAMES = 50, ROWS = FRAMES * SCENE_OBJECTS };
    bw_writer w[2];
    uint8_t *classes[2];
    float *probabilities[2];
    for (int i = 0; i < 2; i++) {
        bw_context *ctx = test_context(i ? 4 : 1);
        bw_measurements *table;
        object_scene *s = open_scene(ctx, 10, NULL);
        measure_scene(ctx, s, NULL, NULL);
        give_examples(s, s->bright, 20); /* that shapes do not tell: all probabilities there are */
        bw_object_model *model = train_scene(ctx, s, NULL);
        bw_objects *objects = many_objects(ctx, s, FRAMES);
        assert_ok(ctx, bw_objects_measure(ctx, objects, NULL, NULL, bw_object_model_measures(model), NULL, &table));
        classes[i] = test_malloc(ROWS);
        probabilities[i] = test_malloc(ROWS * 2 * sizeof(float));
        assert_ok(ctx, bw_object_model_apply(ctx, model, table, classes[i], probabilities[i]));
        w[i] = bytes_of(ctx, model);
        bw_measurements_free(table);
        bw_objects_free(objects);
        bw_object_model_free(model);
        close_scene(s);
        bw_context_free(ctx);
    }
    assert_int_equal(w[0].size, w[1].size);
    assert_memory_equal(w[0].data, w[1].data, (size_t)w[0].size);
    assert_memory_equal(classes[0], classes[1], ROWS);
    assert_memory_equal(probabilities[0], probabilities[1], ROWS * 2 * sizeof(float));
    for (int i = 0; i < ROWS; i++) {
        const float *p = probabilities[0] + (int64_t)2 * i;
        assert_int_equal(classes[0][i], p[1] > p[0] ? 2 : 1);
        assert_true(fabs((double)p[0] + (double)p[1] - 1) < 1e-6);
    }
    for (int i = 0; i < 2; i++) {
        bw_writer_free(&w[i]);
        test_free(classes[i]);
        test_free(probabilities[i]);
    }
}

static void options_count(void **state) {
    (void)state;
    bw_context *ctx = test_context(2);
    object_scene *s = open_scene(ctx, 11, NULL);
    bw_forest_options options;
    bw_object_options_init(&options);
    options.trees = 7;
    options.seed = 5;
    options.bootstrap = 0;
    give_examples(s, s->rod, 5);
    bw_object_model *model = train_scene(ctx, s, &options), *usual = train_scene(ctx, s, NULL);
    assert_int_equal(bw_forest_trees(model->forest), 7);
    assert_int_equal(bw_forest_trees(usual->forest), 200);
    assert_null(bw_object_model_out_of_bag(model));
    assert_non_null(bw_object_model_out_of_bag(usual));
    bw_object_model_free(model);
    bw_object_model_free(usual);
    close_scene(s);
    bw_context_free(ctx);
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

static bw_object_model *some_model(bw_context *ctx, const bw_forest_options *options) {
    object_scene *s = open_scene(ctx, 12, "um");
    give_examples(s, s->rod, 6);
    bw_object_model *model = train_scene(ctx, s, options);
    close_scene(s);
    return model;
}

static void files_round_trip(void **state) {
    (void)state;
    bw_context *ctx = test_context(2);
    char folder[] = "object_model_XXXXXX", path[64];
    bw_object_model *model = some_model(ctx, NULL), *again;
    object_scene *s = open_scene(ctx, 13, "um");
    assert_int_equal(test_make_own_folder(folder), 0);
    snprintf(path, sizeof path, "%s/shapes.brushwood-objects", folder);
    assert_ok(ctx, bw_object_model_write(ctx, model, path));
    assert_ok(ctx, bw_object_model_read(ctx, path, &again));
    bw_writer a = bytes_of(ctx, model), b = bytes_of(ctx, again);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, (size_t)a.size);
    float p[2][2 * SCENE_OBJECTS];
    uint8_t classes[2][SCENE_OBJECTS];
    assert_ok(ctx, bw_object_model_apply(ctx, model, s->table, classes[0], p[0]));
    assert_ok(ctx, bw_object_model_apply(ctx, again, s->table, classes[1], p[1]));
    assert_memory_equal(p[0], p[1], sizeof p[0]);
    assert_memory_equal(classes[0], classes[1], sizeof classes[0]);
    assert_string_equal(bw_object_model_measures(again), bw_object_model_measures(model));
    bw_writer_free(&a);
    bw_writer_free(&b);
    bw_object_model_free(model);
    bw_object_model_free(again);
    close_scene(s);
    assert_int_equal(test_walk(folder, 1), 1); /* nothing beside it */
    assert_int_equal(test_remove_folder(folder), 0);
    bw_context_free(ctx);
}

static bw_status try_read(const uint8_t *data, uint64_t size, char *message, size_t room) {
    bw_context *ctx = test_context(1);
    bw_object_model *model;
    const bw_status status = bw_object_model_read_memory(ctx, data, size, "x.brushwood-objects", &model);
    if (status == BW_OK) bw_object_model_free(model);
    if (status != BW_OK) assert_null(model);
    snprintf(message, room, "%s", bw_context_error(ctx));
    bw_context_free(ctx);
    return status;
}

/* Cut anywhere, also with length and checksum put right. */
static void truncations_are_refused(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_forest_options options;
    bw_object_options_init(&options);
    options.trees = 5;
    bw_object_model *model = some_model(ctx, &options);
    bw_writer w = bytes_of(ctx, model);
    uint8_t *copy = test_malloc((size_t)w.size);
    char message[300];
    for (uint64_t size = 0; size < w.size; size++) {
        memcpy(copy, w.data, (size_t)size);
        assert_int_equal(try_read(copy, size, message, sizeof message), BW_ERROR_FORMAT);
        if (size < FRAME_SIZE) continue;
        mend_frame(copy, size);
        assert_int_equal(try_read(copy, size, message, sizeof message), BW_ERROR_FORMAT);
        assert_true(strstr(message, "damaged") || strstr(message, "version"));
    }
    test_free(copy);
    bw_writer_free(&w);
    bw_object_model_free(model);
    bw_context_free(ctx);
}

/* What is read although it was changed has to classify and describe itself. */
static int read_and_use(const uint8_t *data, uint64_t size, const void *user) {
    const object_scene *s = user;
    bw_context *ctx = test_context(1);
    bw_object_model *odd;
    uint8_t classes[SCENE_OBJECTS];
    char *text;
    const int accepted = bw_object_model_read_memory(ctx, data, size, "x", &odd) == BW_OK;
    if (accepted) {
        for (int format = 0; format < 3; format++)
            if (bw_object_model_describe(ctx, odd, (bw_describe_format)format, &text) == BW_OK) bw_string_free(text);
        if (bw_object_model_apply(ctx, odd, s->table, classes, NULL) == BW_OK)
            for (int i = 0; i < SCENE_OBJECTS; i++)
                assert_in_range(classes[i], 1, bw_object_model_class_count(odd));
        bw_object_model_free(odd);
    }
    bw_context_free(ctx);
    return accepted;
}

static void flipped_bits_never_crash(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_forest_options options;
    bw_object_options_init(&options);
    options.trees = 5;
    bw_object_model *model = some_model(ctx, &options);
    object_scene *s = open_scene(ctx, 12, "um");
    bw_writer w = bytes_of(ctx, model);
    assert_flips_are_survived(&w, try_read, read_and_use, s);
    bw_writer_free(&w);
    bw_object_model_free(model);
    close_scene(s);
    bw_context_free(ctx);
}

/* ---- parts that contradict one another --------------------------------------------------------------------------- */

static void no_trees(bw_object_model *m) {
    m->options.trees = 199;
}
static void odd_median(bw_object_model *m) {
    m->column[1].median = NAN;
}
static void odd_importance(bw_object_model *m) {
    m->column[0].gini = 1.5;
}
static void no_id(bw_object_model *m) {
    m->column[0].id[0] = 0;
}
static void list_as_id(bw_object_model *m) {
    m->column[0].id[1] = ',';
}
static void half_a_channel(bw_object_model *m) {
    strncpy(m->column[0].id, "mean:", sizeof m->column[0].id - 1);
}
static void twice_the_same(bw_object_model *m) {
    m->column[1] = m->column[0];
}
static void odd_colour(bw_object_model *m) {
    m->class_info[0].colour = 0x1000000;
}
static void odd_count(bw_object_model *m) {
    m->examples[1] = -1;
}

static void contradictions_are_refused(void **state) {
    (void)state;
    static void (*const spoil[])(bw_object_model *) = {no_trees,   odd_median,     odd_importance, no_id,    list_as_id,
                                                       odd_colour, half_a_channel, twice_the_same, odd_count};
    bw_context *ctx = test_context(2);
    char message[300];
    for (size_t i = 0; i < sizeof spoil / sizeof *spoil; i++) {
        bw_object_model *model = some_model(ctx, NULL);
        spoil[i](model);
        bw_writer w = bytes_of(ctx, model);
        assert_int_equal(try_read(w.data, w.size, message, sizeof message), BW_ERROR_FORMAT);
        assert_non_null(strstr(message, "x.brushwood-objects is damaged"));
        bw_writer_free(&w);
        bw_object_model_free(model);
    }
    bw_context_free(ctx);
}

static void strangers_are_named(void **state) {
    (void)state;
    bw_context *ctx = test_context(2);
    bw_object_model *model = some_model(ctx, NULL);
    bw_writer w = bytes_of(ctx, model);
    char message[300];
    assert_int_equal(try_read((const uint8_t *)"II*\0", 4, message, sizeof message), BW_ERROR_FORMAT);
    assert_string_equal(message, "x.brushwood-objects is not a Brushwood model for objects.");
    w.data[8] = 9;
    assert_int_equal(try_read(w.data, w.size, message, sizeof message), BW_ERROR_FORMAT);
    assert_non_null(strstr(message, "has model format 9, this version"));
    bw_writer_free(&w);
    bw_object_model_free(model);
    bw_context_free(ctx);
}

/* ---- what does not fit ------------------------------------------------------------------------------------------- */

static void other_tables_are_refused(void **state) {
    (void)state;
    bw_context *ctx = test_context(2);
    object_scene *plain = open_scene(ctx, 14, NULL);
    bw_object_model *model = some_model(ctx, NULL);
    uint8_t classes[SCENE_OBJECTS];
    assert_refused(ctx, bw_object_model_apply(ctx, model, plain->table, classes, NULL), BW_ERROR_MISMATCH,
                   "area has pixel^2 here, but um^2 in the model");
    bw_context_free(ctx);
    ctx = test_context(2);
    object_scene *s = open_scene(ctx, 14, "um");
    measure_scene(ctx, s, NULL, NULL);
    assert_refused(ctx, bw_object_model_apply(ctx, model, s->table, classes, NULL), BW_ERROR_MISMATCH,
                   "has no mean, sd, min, max, median, sum. Measure them");
    bw_context_free(ctx);
    ctx = test_context(2);
    give_examples(plain, plain->rod, 2);
    bw_object_trainer *trainer;
    assert_ok(ctx, bw_object_trainer_create(ctx, &trainer));
    assert_ok(ctx, bw_object_trainer_add(ctx, trainer, plain->table, plain->classes));
    assert_refused(ctx, bw_object_trainer_add(ctx, trainer, s->table, plain->classes), BW_ERROR_MISMATCH,
                   "has no mean, sd");
    bw_context_free(ctx);
    ctx = test_context(2);
    bw_object_model *unharmed;
    assert_ok(ctx, bw_object_trainer_train(ctx, trainer, NULL, &unharmed));
    assert_int_equal(unharmed->examples[0], 2);
    bw_object_model_free(unharmed);
    bw_object_trainer_free(trainer);
    bw_object_model_free(model);
    close_scene(s);
    close_scene(plain);
    bw_context_free(ctx);
}

static void examples_of_one_class_are_refused(void **state) {
    (void)state;
    bw_context *ctx = test_context(2);
    object_scene *s = open_scene(ctx, 15, NULL);
    bw_object_trainer *trainer;
    bw_object_model *model;
    assert_ok(ctx, bw_object_trainer_create(ctx, &trainer));
    assert_ok(ctx, bw_object_trainer_add(ctx, trainer, s->table, s->classes));
    assert_refused(ctx, bw_object_trainer_train(ctx, trainer, NULL, &model), BW_ERROR_ARGUMENT,
                   "There are no examples of objects. Mark some objects of at least two classes.");
    assert_null(model);
    bw_context_free(ctx);
    ctx = test_context(2);
    s->classes[3] = s->classes[5] = 4;
    assert_ok(ctx, bw_object_trainer_add(ctx, trainer, s->table, s->classes));
    assert_refused(ctx, bw_object_trainer_train(ctx, trainer, NULL, &model), BW_ERROR_ARGUMENT,
                   "All examples of objects are of class 4. Mark some objects of another one.");
    bw_context_free(ctx);
    ctx = test_context(2);
    assert_refused(ctx, bw_object_trainer_set_class(ctx, trainer, BW_MAX_CLASSES, &(bw_class_info){"x", 0}),
                   BW_ERROR_ARGUMENT, "Classes are numbered 1 to 255, not 256.");
    bw_context_free(ctx);
    ctx = test_context(2);
    bw_object_trainer_free(trainer);
    assert_ok(ctx, bw_object_trainer_create(ctx, &trainer));
    measure_scene(ctx, s, NULL, "centroid,voxels");
    assert_refused(ctx, bw_object_trainer_add(ctx, trainer, s->table, s->classes), BW_ERROR_ARGUMENT,
                   "has 0 measures to learn from");
    bw_object_trainer_free(trainer);
    close_scene(s);
    bw_context_free(ctx);
}

static void images_without_objects_are_fine(void **state) {
    (void)state;
    bw_context *ctx = test_context(2);
    const bw_image_info info = {.type = BW_UINT8,
                                .width = 20,
                                .height = 10,
                                .depth = 1,
                                .channels = 1,
                                .frames = 1,
                                .calibrated = 1,
                                .spacing = {1, 1, 1},
                                .unit = "um"};
    bw_object_model *model = some_model(ctx, NULL);
    bw_image *empty = test_image(&info);
    bw_objects *objects;
    bw_measurements *table;
    uint8_t none = 77;
    assert_ok(ctx, bw_objects_from_labels(ctx, empty, &objects));
    assert_ok(ctx, bw_objects_measure(ctx, objects, empty, NULL, bw_object_model_measures(model), NULL, &table));
    assert_ok(ctx, bw_object_model_apply(ctx, model, table, &none, NULL));
    assert_ok(ctx, bw_objects_examples(ctx, objects, empty, &none));
    assert_int_equal(none, 77);
    bw_measurements_free(table);
    bw_objects_free(objects);
    bw_image_free(empty);
    bw_object_model_free(model);
    bw_context_free(ctx);
}

static void cancelling_ends_it(void **state) {
    (void)state;
    bw_context *ctx = test_context(2), *cancelled = test_context(2);
    object_scene *s = open_scene(ctx, 16, NULL);
    bw_object_trainer *trainer;
    bw_object_model *model;
    give_examples(s, s->rod, 5);
    assert_ok(ctx, bw_object_trainer_create(ctx, &trainer));
    assert_ok(ctx, bw_object_trainer_add(ctx, trainer, s->table, s->classes));
    bw_context_cancel(cancelled);
    assert_int_equal(bw_object_trainer_train(cancelled, trainer, NULL, &model), BW_ERROR_CANCELLED);
    assert_null(model);
    bw_object_trainer_free(trainer);
    close_scene(s);
    bw_context_free(cancelled);
    bw_context_free(ctx);
}

/* ---- paint ------------------------------------------------------------------------------------------------------- */

/* Two frames and two slices; an object 7 in both slices of frame 0, objects 3 and 9 in frame 1. */
static bw_objects *painted_objects(bw_context *ctx, bw_image **paint) {
    bw_image_info info = test_info(BW_UINT16, 12, 5, 2);
    info.frames = 2;
    bw_image *labels = test_image(&info);
    bw_objects *objects;
    for (int x = 2; x < 8; x++)
        for (int z = 0; z < 2; z++)
            ((uint16_t *)bw_image_plane(labels, 0, 0, z))[2 * 12 + x] = 7;
    ((uint16_t *)bw_image_plane(labels, 1, 0, 0))[13] = 9;
    ((uint16_t *)bw_image_plane(labels, 1, 0, 1))[40] = 3;
    assert_ok(ctx, bw_objects_from_labels(ctx, labels, &objects));
    info.type = BW_FLOAT32;
    *paint = test_image(&info);
    bw_image_free(labels);
    return objects;
}

static float *paint_at(bw_image *paint, int frame, int64_t z, int64_t x, int64_t y) {
    return (float *)bw_image_plane(paint, frame, 0, z) + y * 12 + x;
}

static void paint_gives_examples(void **state) {
    (void)state;
    bw_context *ctx = test_context(2);
    bw_image *paint;
    bw_objects *objects = painted_objects(ctx, &paint);
    uint8_t classes[3] = {9, 9, 9};
    assert_ok(ctx, bw_objects_examples(ctx, objects, paint, classes));
    assert_true(!classes[0] && !classes[1] && !classes[2]);
    *paint_at(paint, 0, 1, 7, 2) = 2;
    *paint_at(paint, 0, 0, 2, 2) = 2;     /* the same object */
    *paint_at(paint, 0, 0, 0, 0) = 55.5f; /* beside any */
    *paint_at(paint, 1, 0, 1, 1) = 255;
    assert_ok(ctx, bw_objects_examples(ctx, objects, paint, classes));
    assert_int_equal(classes[0], 2);
    assert_int_equal(classes[1], 0);
    assert_int_equal(classes[2], 255);
    bw_image_free(paint);
    bw_objects_free(objects);
    bw_context_free(ctx);
}

static void wrong_paint_is_refused(void **state) {
    (void)state;
    static const struct {
        float first, second;
        const char *words;
    } cases[] = {
        {1, 3, "has paint of class 1 and of class 3 on object 7 of frame 1. An object has one class"},
        {0, 2.5f, "holds the value 2.5 on object 7 of frame 1. Classes are whole numbers from 1 to 255"},
        {0, 256, "holds the value 256 on"},
        {0, -1, "holds the value -1 on"},
        {0, NAN, "nan on object 7"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bw_context *ctx = test_context(2);
        bw_image *paint;
        uint8_t classes[3];
        bw_objects *objects = painted_objects(ctx, &paint);
        assert_ok(ctx, bw_image_set_name(ctx, paint, "clicks.tif"));
        *paint_at(paint, 0, 0, 3, 2) = cases[i].first;
        *paint_at(paint, 0, 1, 4, 2) = cases[i].second;
        assert_refused(ctx, bw_objects_examples(ctx, objects, paint, classes), BW_ERROR_MISMATCH, cases[i].words);
        assert_non_null(strstr(bw_context_error(ctx), "\"clicks.tif\""));
        bw_image_free(paint);
        bw_objects_free(objects);
        bw_context_free(ctx);
    }
}

static void paint_of_another_size_is_refused(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) {
        bw_context *ctx = test_context(2);
        bw_image *paint;
        uint8_t classes[3];
        bw_objects *objects = painted_objects(ctx, &paint);
        bw_image_info info = *bw_image_get_info(paint);
        bw_image_free(paint);
        info.width += i == 0;
        info.frames -= i == 1;
        info.channels += i == 2;
        paint = test_image(&info);
        assert_refused(ctx, bw_objects_examples(ctx, objects, paint, classes), BW_ERROR_MISMATCH,
                       i == 2 ? "has 2 channels" : "on an image of the same size");
        bw_image_free(paint);
        bw_objects_free(objects);
        bw_context_free(ctx);
    }
}

/* ---- descriptions ------------------------------------------------------------------------------------------------ */

static void assert_words(bw_context *ctx, const bw_object_model *model, bw_describe_format format,
                         const char *const *words) {
    char *text;
    assert_ok(ctx, bw_object_model_describe(ctx, model, format, &text));
    for (; *words; words++)
        if (!strstr(text, *words)) fail_msg("\"%s\" is not in:\n%s", *words, text);
    bw_string_free(text);
}

static void descriptions_are_complete(void **state) {
    (void)state;
    bw_context *ctx = test_context(2);
    bw_object_model *model = some_model(ctx, NULL);
    assert_words(ctx, model, BW_DESCRIBE_TEXT,
                 (const char *const[]){"Brushwood model for objects (engine " BW_VERSION ")\nForest: 200 trees",
                                       "balance classes, seed 1\nMeasures: ", "  1 disc, \"round\"",
                                       "#123456          6", "Out-of-bag error: 0.00 % of 12 examples",
                                       "Most important measures", NULL});
    assert_words(
        ctx, model, BW_DESCRIBE_JSON,
        (const char *const[]){"\"measures\": \"",
                              "{\"name\": \"disc, \\\"round\\\"\", \"colour\": \"#123456\", "
                              "\"examples\": 6}",
                              "{\"id\": \"area\", \"unit\": \"um^2\", \"median\": ", "\"forest\": {\"trees\": 200, ",
                              "\"examples\": 12,", "\"out_of_bag\": {", NULL});
    assert_words(ctx, model, BW_DESCRIBE_CSV,
                 (const char *const[]){"table,measure,unit,median,gini\n", "\nimportance,area,um^2,",
                                       "\nout_of_bag_summary,accuracy,1\n", NULL});
    bw_object_model_free(model);
    bw_context_free(ctx);
}

/* ---- channels, and seeds for the fuzzer ---------------------------------------------------------------------------
 */

/* A second channel, so that ids have channels. */
static bw_image *two_channels(const object_scene *s) {
    bw_image_info info = *bw_image_get_info(s->image);
    info.channels = 2;
    bw_image *image = test_image(&info);
    const size_t size = (size_t)(info.width * info.height) * sizeof(uint16_t);
    memcpy(bw_image_plane(image, 0, 0, 0), bw_image_plane_const(s->image, 0, 0, 0), size);
    memset(bw_image_plane(image, 0, 1, 0), 7, size);
    return image;
}

static void channels_have_columns_of_their_own(void **state) {
    (void)state;
    bw_context *ctx = test_context(2);
    object_scene *s = open_scene(ctx, 22, NULL);
    bw_image *image = two_channels(s);
    uint8_t classes[SCENE_OBJECTS];
    measure_scene(ctx, s, image, "area,mean,max");
    give_examples(s, s->bright, 5);
    bw_object_model *model = train_scene(ctx, s, NULL);
    assert_string_equal(model->column[2].id, "mean:2");
    assert_string_equal(bw_object_model_measures(model), "area,mean,max");
    assert_int_equal(errors_of(ctx, model, s, s->bright), 0);
    measure_scene(ctx, s, s->image, "area,mean,max");
    assert_refused(ctx, bw_object_model_apply(ctx, model, s->table, classes, NULL), BW_ERROR_MISMATCH,
                   "has no mean:1, mean:2, max:1, max:2");
    bw_object_model_free(model);
    bw_image_free(image);
    close_scene(s);
    bw_context_free(ctx);
}

/* Two small files. */
static void write_seeds(const char *folder) {
    bw_context *ctx = test_context(1);
    bw_forest_options options;
    bw_object_options_init(&options);
    options.trees = 3;
    for (int channels = 0; channels < 2; channels++) {
        char path[600];
        object_scene *s = open_scene(ctx, 23, channels ? NULL : "um");
        bw_image *image = two_channels(s);
        measure_scene(ctx, s, image, channels ? "mean,sd" : "area,perimeter,circularity,border");
        give_examples(s, channels ? s->bright : s->rod, 4);
        bw_object_model *model = train_scene(ctx, s, &options);
        snprintf(path, sizeof path, "%s/%s", folder, channels ? "channels" : "shapes");
        assert_ok(ctx, bw_object_model_write(ctx, model, path));
        bw_object_model_free(model);
        bw_image_free(image);
        close_scene(s);
    }
    bw_context_free(ctx);
}

/* test_object_model --seeds FOLDER makes the corpus of the fuzzer anew. */
int main(int argc, char **argv) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, test_look_at_memory, test_nothing_is_left)
    const struct CMUnitTest tests[] = {
        TEST(shapes_are_told_apart),
        TEST(intensities_are_told_apart),
        TEST(two_examples_of_each_are_enough),
        TEST(examples_come_from_several_tables),
        TEST(positions_are_left_out),
        TEST(undefined_values_are_no_obstacle),
        TEST(medians_stand_for_undefined_values),
        TEST(values_fit_float32),
        TEST(threads_do_not_matter),
        TEST(options_count),
        TEST(files_round_trip),
        TEST(truncations_are_refused),
        TEST(flipped_bits_never_crash),
        TEST(contradictions_are_refused),
        TEST(strangers_are_named),
        TEST(other_tables_are_refused),
        TEST(examples_of_one_class_are_refused),
        TEST(images_without_objects_are_fine),
        TEST(cancelling_ends_it),
        TEST(paint_gives_examples),
        TEST(wrong_paint_is_refused),
        TEST(paint_of_another_size_is_refused),
        TEST(descriptions_are_complete),
        TEST(channels_have_columns_of_their_own),
    };
    if (argc == 3 && !strcmp(argv[1], "--seeds")) {
        write_seeds(argv[2]);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
