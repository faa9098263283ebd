/* Shared by tests of models of objects: discs and rods, bright and dark. */
#ifndef BW_TEST_OBJECT_SUPPORT_H
#define BW_TEST_OBJECT_SUPPORT_H

#include "support.h"

#include "core/alloc.h"
#include "pipeline/object_model.h"

enum { CELL = 32, ACROSS = 8, DOWN = 6, SCENE_OBJECTS = ACROSS * DOWN };

/* Objects of one frame, an object in each cell of a grid, and what they are. */
typedef struct object_scene {
    bw_image *labels, *image;
    int rod[SCENE_OBJECTS], bright[SCENE_OBJECTS]; /* by index */
    bw_objects *objects;
    bw_measurements *table;
    uint8_t classes[SCENE_OBJECTS];
} object_scene;

static inline int scene_random(uint64_t seed, uint64_t object, uint64_t what, int n) {
    return (int)bw_random_below(bw_random(seed, object, what), (uint32_t)n);
}

static inline int in_disc(int x, int y, int radius) {
    return x * x + y * y <= radius * radius;
}

static inline int in_rod(int x, int y, int length, int turned) {
    const int along = turned ? y : x, across = turned ? x : y;
    return along >= -length && along <= length && across >= -2 && across <= 2;
}

static inline void paint_object(object_scene *s, uint64_t seed, int object) {
    const uint64_t id = (uint64_t)object;
    const int turned = scene_random(seed, id, 2, 2), size = scene_random(seed, id, 3, 4);
    uint8_t *labels = bw_image_plane(s->labels, 0, 0, 0);
    uint16_t *image = bw_image_plane(s->image, 0, 0, 0);
    s->rod[object] = scene_random(seed, id, 0, 2);
    s->bright[object] = scene_random(seed, id, 1, 2);
    for (int y = 0; y < CELL; y++)
        for (int x = 0; x < CELL; x++) {
            const int dx = x - CELL / 2, dy = y - CELL / 2;
            const int64_t at = (object / ACROSS * CELL + y) * (int64_t)(ACROSS * CELL) + object % ACROSS * CELL + x;
            if (!(s->rod[object] ? in_rod(dx, dy, 9 + size, turned) : in_disc(dx, dy, 5 + size))) continue;
            labels[at] = (uint8_t)(object + 1);
            image[at] = (uint16_t)((s->bright[object] ? 900 : 300) + scene_random(seed, (uint64_t)at, 4, 200));
        }
}

static inline void measure_scene(bw_context *ctx, object_scene *s, const bw_image *image, const char *measures) {
    bw_objects_free(s->objects);
    bw_measurements_free(s->table);
    assert_ok(ctx, bw_objects_from_labels(ctx, s->labels, &s->objects));
    assert_ok(ctx, bw_objects_measure(ctx, s->objects, image, NULL, measures, NULL, &s->table));
    assert_int_equal(bw_measurements_rows(s->table), SCENE_OBJECTS);
}

/* unit: of pixels of 0.5; NULL = not calibrated. Measured with the image. */
static inline object_scene *open_scene(bw_context *ctx, uint64_t seed, const char *unit) {
    object_scene *s = bw_calloc(NULL, 1, sizeof *s, "a scene");
    bw_image_info info = test_info(BW_UINT8, ACROSS * CELL, DOWN * CELL, 1);
    if (unit) {
        info.calibrated = 1;
        info.spacing[0] = info.spacing[1] = info.spacing[2] = 0.5;
        snprintf(info.unit, sizeof info.unit, "%s", unit);
    }
    s->labels = test_image(&info);
    info.type = BW_UINT16;
    s->image = test_image(&info);
    for (int i = 0; i < SCENE_OBJECTS; i++)
        paint_object(s, seed, i);
    measure_scene(ctx, s, s->image, NULL);
    return s;
}

static inline void close_scene(object_scene *s) {
    bw_measurements_free(s->table);
    bw_objects_free(s->objects);
    bw_image_free(s->labels);
    bw_image_free(s->image);
    bw_free(s);
}

/* Classes 1 and 2 of the first objects of each kind, `each` of them; 0 for the others. kind: rod or bright. */
static inline void give_examples(object_scene *s, const int *kind, int each) {
    int given[2] = {0, 0};
    for (int i = 0; i < SCENE_OBJECTS; i++)
        s->classes[i] = (uint8_t)(given[kind[i]]++ < each ? kind[i] + 1 : 0);
}

static inline bw_object_model *train_scene(bw_context *ctx, const object_scene *s, const bw_forest_options *options) {
    bw_object_trainer *trainer;
    bw_object_model *model;
    assert_ok(ctx, bw_object_trainer_create(ctx, &trainer));
    assert_ok(ctx, bw_object_trainer_set_class(ctx, trainer, 0, &(bw_class_info){"disc, \"round\"", 0x123456}));
    assert_ok(ctx, bw_object_trainer_add(ctx, trainer, s->table, s->classes));
    assert_ok(ctx, bw_object_trainer_train(ctx, trainer, options, &model));
    bw_object_trainer_free(trainer);
    return model;
}

#endif
