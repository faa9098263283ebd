/* Native methods of trainers and of training in steps. */
#include <string.h>

#include "core/alloc.h"
#include "jni/bridge.h"
#include "jni/options.h"

static jlong jni_trainerCreate(JNIEnv *env, jclass self, jlong job, jlong address) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_recipe *recipe = ctx ? bw_jni_object(env, address) : NULL;
    bw_trainer *trainer = NULL;
    if (recipe) bw_jni_ok(env, ctx, bw_trainer_create(ctx, recipe, &trainer));
    return bw_jni_address(trainer);
}

static void jni_trainerFree(JNIEnv *env, jclass self, jlong trainer) {
    (void)self;
    bw_trainer_free(bw_jni_object(env, trainer));
}

static void jni_trainerAdd(JNIEnv *env, jclass self, jlong job, jlong address, jlong image_address,
                           jlong labels_address) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_trainer *trainer = ctx ? bw_jni_object(env, address) : NULL;
    const bw_image *image = trainer ? bw_jni_object(env, image_address) : NULL;
    const bw_image *labels = image ? bw_jni_object(env, labels_address) : NULL;
    if (labels) bw_jni_ok(env, ctx, bw_trainer_add(ctx, trainer, image, labels));
}

static void jni_trainerUpdate(JNIEnv *env, jclass self, jlong job, jlong address, jint index, jlong image_address,
                              jlong labels_address) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_trainer *trainer = ctx ? bw_jni_object(env, address) : NULL;
    const bw_image *image = trainer ? bw_jni_object(env, image_address) : NULL;
    const bw_image *labels = image ? bw_jni_object(env, labels_address) : NULL;
    if (labels) bw_jni_ok(env, ctx, bw_trainer_update(ctx, trainer, index, image, labels));
}

/* ---- labelled pixels alone */

/* Copies for bw_free: the engine works on them for longer than arrays may be held. */
typedef struct bw_pixels {
    int64_t count, *positions;
    uint8_t *labels;
} bw_pixels;

static bool pixels_in(JNIEnv *env, bw_context *ctx, jlongArray positions, jbyteArray labels, bw_pixels *out) {
    *out = (bw_pixels){0};
    if (!bw_jni_check_array(env, positions, 0)) return false;
    const jsize count = (*env)->GetArrayLength(env, positions);
    if (!bw_jni_check_array(env, labels, count)) return false;
    out->count = count;
    out->positions = bw_alloc(ctx, (uint64_t)count, sizeof *out->positions, "labelled pixels");
    out->labels = bw_alloc(ctx, (uint64_t)count, 1, "labelled pixels");
    if (!out->positions || !out->labels) return bw_jni_ok(env, ctx, BW_ERROR_MEMORY);
    (*env)->GetLongArrayRegion(env, positions, 0, count, (jlong *)out->positions);
    (*env)->GetByteArrayRegion(env, labels, 0, count, (jbyte *)out->labels);
    return true;
}

static void pixels_free(bw_pixels *pixels) {
    bw_free(pixels->positions);
    bw_free(pixels->labels);
}

static void jni_trainerAddPixels(JNIEnv *env, jclass self, jlong job, jlong address, jlong image_address,
                                 jlongArray positions, jbyteArray labels) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_trainer *trainer = ctx ? bw_jni_object(env, address) : NULL;
    const bw_image *image = trainer ? bw_jni_object(env, image_address) : NULL;
    bw_pixels pixels;
    if (!image) return;
    if (pixels_in(env, ctx, positions, labels, &pixels))
        bw_jni_ok(env, ctx, bw_trainer_add_pixels(ctx, trainer, image, pixels.count, pixels.positions, pixels.labels));
    pixels_free(&pixels);
}

static void jni_trainerUpdatePixels(JNIEnv *env, jclass self, jlong job, jlong address, jint index, jlong image_address,
                                    jlongArray positions, jbyteArray labels) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_trainer *trainer = ctx ? bw_jni_object(env, address) : NULL;
    const bw_image *image = trainer ? bw_jni_object(env, image_address) : NULL;
    bw_pixels pixels;
    if (!image) return;
    if (pixels_in(env, ctx, positions, labels, &pixels))
        bw_jni_ok(env, ctx,
                  bw_trainer_update_pixels(ctx, trainer, index, image, pixels.count, pixels.positions, pixels.labels));
    pixels_free(&pixels);
}

/* ---- classes, context, training */

static void jni_trainerSetClass(JNIEnv *env, jclass self, jlong job, jlong address, jint index, jbyteArray name,
                                jint rgb) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_trainer *trainer = ctx ? bw_jni_object(env, address) : NULL;
    char *text = trainer ? bw_jni_text_in(env, ctx, name, "a class name") : NULL;
    if (!text) return;
    bw_class_info info = {"", (uint32_t)rgb};
    size_t length = strlen(text);
    if (length < sizeof info.name) {
        memcpy(info.name, text, length);
        bw_jni_ok(env, ctx, bw_trainer_set_class(ctx, trainer, index, &info));
    } else {
        bw_jni_throw(env, BW_ERROR_ARGUMENT, "The class name is longer than 63 bytes; choose a shorter one.");
    }
    bw_free(text);
}

/* samples, classes, images, samples computed by the last add or update, strokes */
static jlongArray jni_trainerNumbers(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_trainer *trainer = bw_jni_object(env, address);
    if (!trainer) return NULL;
    const jlong numbers[] = {bw_trainer_sample_count(trainer), bw_trainer_class_count(trainer),
                             bw_trainer_image_count(trainer), bw_trainer_computed_count(trainer),
                             bw_trainer_stroke_count(trainer)};
    return bw_jni_longs_out(env, numbers, sizeof numbers / sizeof *numbers);
}

static void jni_trainerPrepareContext(JNIEnv *env, jclass self, jlong job, jlong address, jlongArray whole,
                                      jdoubleArray real, jfloatArray weights) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_trainer *trainer = ctx ? bw_jni_object(env, address) : NULL;
    bw_train_options options;
    if (trainer && bw_jni_options_in(env, whole, real, weights, &options))
        bw_jni_ok(env, ctx, bw_trainer_prepare_context(ctx, trainer, &options));
}

static void jni_trainerAddContext(JNIEnv *env, jclass self, jlong job, jlong address, jint index, jlong image_address) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_trainer *trainer = ctx ? bw_jni_object(env, address) : NULL;
    const bw_image *image = trainer ? bw_jni_object(env, image_address) : NULL;
    if (image) bw_jni_ok(env, ctx, bw_trainer_add_context(ctx, trainer, index, image));
}

/* The trainer, with the caller's options; NULL when either is refused. */
static const bw_trainer *trainer_with(JNIEnv *env, jlong address, jlongArray whole, jdoubleArray real,
                                      jfloatArray weights, bw_train_options *options) {
    const bw_trainer *trainer = bw_jni_object(env, address);
    return trainer && bw_jni_options_in(env, whole, real, weights, options) ? trainer : NULL;
}

static jlong jni_trainerTrain(JNIEnv *env, jclass self, jlong job, jlong address, jlongArray whole, jdoubleArray real,
                              jfloatArray weights) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_train_options options;
    const bw_trainer *trainer = ctx ? trainer_with(env, address, whole, real, weights, &options) : NULL;
    if (!trainer) return 0;
    bw_model *model = NULL;
    if (bw_jni_ok(env, ctx, bw_trainer_train(ctx, trainer, &options, &model))) return bw_jni_address(model);
    bw_model_free(model);
    return 0;
}

static jlong jni_trainerCrossValidate(JNIEnv *env, jclass self, jlong job, jlong address, jlongArray whole,
                                      jdoubleArray real, jfloatArray weights) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_train_options options;
    const bw_trainer *trainer = ctx ? trainer_with(env, address, whole, real, weights, &options) : NULL;
    if (!trainer) return 0;
    bw_assessment *assessment = NULL;
    if (bw_jni_ok(env, ctx, bw_trainer_cross_validate(ctx, trainer, &options, &assessment)))
        return bw_jni_address(assessment);
    bw_assessment_free(assessment);
    return 0;
}

/* ---- feature selection */

/* Features, error, chosen of every step. */
static jdoubleArray steps_out(JNIEnv *env, const bw_selection_step *steps, int count) {
    jdoubleArray out = (*env)->NewDoubleArray(env, 3 * count);
    for (int i = 0; out && i < count; i++) {
        const double numbers[] = {steps[i].features, steps[i].error, steps[i].chosen};
        (*env)->SetDoubleArrayRegion(env, out, 3 * i, 3, numbers);
    }
    return out;
}

/* features: receives the chosen list. Returns the steps, at most `capacity`. */
static jdoubleArray jni_trainerSelect(JNIEnv *env, jclass self, jlong job, jlong address, jlongArray whole,
                                      jdoubleArray real, jfloatArray weights, jdouble tolerance, jint capacity,
                                      jobjectArray features) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_trainer *trainer = ctx ? bw_jni_object(env, address) : NULL;
    bw_train_options options;
    if (!trainer || !bw_jni_check_array(env, features, 1) || !bw_jni_options_in(env, whole, real, weights, &options))
        return NULL;
    bw_selection_step *steps = bw_alloc(ctx, (uint64_t)(capacity > 1 ? capacity : 1), sizeof *steps, "selection steps");
    char *list = NULL;
    int count = 0;
    bw_status status = BW_ERROR_MEMORY;
    if (steps) status = bw_trainer_select_features(ctx, trainer, &options, tolerance, &list, steps, capacity, &count);
    jbyteArray text = bw_jni_owned_text_out(env, ctx, status, list);
    jdoubleArray out = text ? steps_out(env, steps, count < capacity ? count : capacity) : NULL;
    if (out) (*env)->SetObjectArrayElement(env, features, 0, text);
    bw_free(steps);
    return out;
}

/* ---- training in steps */

static jlong jni_trainingBegin(JNIEnv *env, jclass self, jlong job, jlong address, jlongArray whole, jdoubleArray real,
                               jfloatArray weights) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_train_options options;
    const bw_trainer *trainer = ctx ? trainer_with(env, address, whole, real, weights, &options) : NULL;
    if (!trainer) return 0;
    bw_training *training = NULL;
    if (bw_jni_ok(env, ctx, bw_training_begin(ctx, trainer, &options, &training))) return bw_jni_address(training);
    bw_training_free(training);
    return 0;
}

static void jni_trainingFree(JNIEnv *env, jclass self, jlong training) {
    (void)self;
    bw_training_free(bw_jni_object(env, training));
}

static void jni_trainingGrow(JNIEnv *env, jclass self, jlong job, jlong address, jint trees) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_training *training = ctx ? bw_jni_object(env, address) : NULL;
    if (training) bw_jni_ok(env, ctx, bw_training_grow(ctx, training, trees));
}

static jlong jni_trainingModel(JNIEnv *env, jclass self, jlong job, jlong address) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_training *training = ctx ? bw_jni_object(env, address) : NULL;
    if (!training) return 0;
    bw_model *model = NULL;
    if (bw_jni_ok(env, ctx, bw_training_model(ctx, training, &model))) return bw_jni_address(model);
    bw_model_free(model);
    return 0;
}

static const JNINativeMethod rows[] = {
    BW_NATIVE(trainerCreate, "(JJ)J"),
    BW_NATIVE(trainerFree, "(J)V"),
    BW_NATIVE(trainerAdd, "(JJJJ)V"),
    BW_NATIVE(trainerUpdate, "(JJIJJ)V"),
    BW_NATIVE(trainerAddPixels, "(JJJ[J[B)V"),
    BW_NATIVE(trainerUpdatePixels, "(JJIJ[J[B)V"),
    BW_NATIVE(trainerSetClass, "(JJI[BI)V"),
    BW_NATIVE(trainerNumbers, "(J)[J"),
    BW_NATIVE(trainerPrepareContext, "(JJ[J[D[F)V"),
    BW_NATIVE(trainerAddContext, "(JJIJ)V"),
    BW_NATIVE(trainerTrain, "(JJ[J[D[F)J"),
    BW_NATIVE(trainerCrossValidate, "(JJ[J[D[F)J"),
    BW_NATIVE(trainerSelect, "(JJ[J[D[FDI[[B)[D"),
    BW_NATIVE(trainingBegin, "(JJ[J[D[F)J"),
    BW_NATIVE(trainingFree, "(J)V"),
    BW_NATIVE(trainingGrow, "(JJI)V"),
    BW_NATIVE(trainingModel, "(JJ)J"),
};
const bw_jni_table bw_jni_train_table = {rows, sizeof rows / sizeof *rows};
