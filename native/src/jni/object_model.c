/* Native methods of classes of objects by example: trainers and models. */
#include <string.h>

#include "core/alloc.h"
#include "jni/bridge.h"
#include "jni/options.h"

/* ---- training */

static jlong jni_objectTrainerCreate(JNIEnv *env, jclass self, jlong job) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_object_trainer *trainer = NULL;
    if (ctx) bw_jni_ok(env, ctx, bw_object_trainer_create(ctx, &trainer));
    return bw_jni_address(trainer);
}

static void jni_objectTrainerFree(JNIEnv *env, jclass self, jlong trainer) {
    (void)self;
    bw_object_trainer_free(bw_jni_object(env, trainer));
}

/* classes: one per row of the table, 0 = no example */
static void jni_objectTrainerAdd(JNIEnv *env, jclass self, jlong job, jlong address, jlong table_address,
                                 jbyteArray classes) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_object_trainer *trainer = ctx ? bw_jni_object(env, address) : NULL;
    const bw_measurements *table = trainer ? bw_jni_object(env, table_address) : NULL;
    const int64_t rows = table ? bw_measurements_rows(table) : 0;
    if (!table || !bw_jni_check_array(env, classes, rows)) return;
    uint8_t *numbers = bw_alloc(ctx, (uint64_t)rows + 1, 1, "examples of classes");
    if (bw_jni_ok(env, ctx, numbers ? BW_OK : BW_ERROR_MEMORY)) {
        (*env)->GetByteArrayRegion(env, classes, 0, (jsize)rows, (jbyte *)numbers);
        bw_jni_ok(env, ctx, bw_object_trainer_add(ctx, trainer, table, numbers));
    }
    bw_free(numbers);
}

static void jni_objectTrainerSetClass(JNIEnv *env, jclass self, jlong job, jlong address, jint index, jbyteArray name,
                                      jint rgb) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_object_trainer *trainer = ctx ? bw_jni_object(env, address) : NULL;
    bw_class_info info = {.colour = (uint32_t)rgb};
    char *text = trainer ? bw_jni_text_in(env, ctx, name, "a class's name") : NULL;
    if (!text) return;
    const size_t length = strlen(text);
    if (length < sizeof info.name) {
        memcpy(info.name, text, length + 1);
        bw_jni_ok(env, ctx, bw_object_trainer_set_class(ctx, trainer, index, &info));
    } else {
        bw_jni_throw(env, BW_ERROR_ARGUMENT, "A class's name is longer than 63 bytes.");
    }
    bw_free(text);
}

/* Of the options only those of the forest count; whole NULL = the defaults for objects. */
static jlong jni_objectTrainerTrain(JNIEnv *env, jclass self, jlong job, jlong address, jlongArray whole,
                                    jdoubleArray real, jfloatArray weights) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_object_trainer *trainer = ctx ? bw_jni_object(env, address) : NULL;
    bw_train_options options;
    if (!trainer || (whole && !bw_jni_options_in(env, whole, real, weights, &options))) return 0;
    bw_object_model *model = NULL;
    if (bw_jni_ok(env, ctx, bw_object_trainer_train(ctx, trainer, whole ? &options.forest : NULL, &model)))
        return bw_jni_address(model);
    bw_object_model_free(model);
    return 0;
}

/* ---- models */

static jlong jni_objectModelRead(JNIEnv *env, jclass self, jlong job, jbyteArray path) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    char *name = ctx ? bw_jni_text_in(env, ctx, path, "a path") : NULL;
    if (!name) return 0;
    bw_object_model *model = NULL;
    const bw_status status = bw_object_model_read(ctx, name, &model);
    bw_free(name);
    if (bw_jni_ok(env, ctx, status)) return bw_jni_address(model);
    bw_object_model_free(model);
    return 0;
}

static jboolean jni_objectModelIsFile(JNIEnv *env, jclass self, jlong job, jbyteArray path) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    char *name = ctx ? bw_jni_text_in(env, ctx, path, "a path") : NULL;
    if (!name) return JNI_FALSE;
    bw_model_kind kind = BW_MODEL_UNKNOWN;
    bw_jni_ok(env, ctx, bw_model_kind_of(ctx, name, &kind));
    bw_free(name);
    return kind == BW_MODEL_OBJECTS;
}

static void jni_objectModelWrite(JNIEnv *env, jclass self, jlong job, jlong address, jbyteArray path) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_object_model *model = ctx ? bw_jni_object(env, address) : NULL;
    char *name = model ? bw_jni_text_in(env, ctx, path, "a path") : NULL;
    if (!name) return;
    bw_jni_ok(env, ctx, bw_object_model_write(ctx, model, name));
    bw_free(name);
}

static void jni_objectModelFree(JNIEnv *env, jclass self, jlong model) {
    (void)self;
    bw_object_model_free(bw_jni_object(env, model));
}

static jobjectArray jni_objectModelClassNames(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_object_model *model = bw_jni_object(env, address);
    if (!model) return NULL;
    const char *names[BW_MAX_CLASSES];
    const int count = bw_object_model_class_count(model);
    for (int k = 0; k < count; k++)
        names[k] = bw_object_model_class(model, k)->name;
    return bw_jni_texts_out(env, names, count);
}

/* 0xRRGGBB of each class */
static jlongArray jni_objectModelColours(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_object_model *model = bw_jni_object(env, address);
    if (!model) return NULL;
    jlong colours[BW_MAX_CLASSES];
    const int count = bw_object_model_class_count(model);
    for (int k = 0; k < count; k++)
        colours[k] = bw_object_model_class(model, k)->colour;
    return bw_jni_longs_out(env, colours, count);
}

static jbyteArray jni_objectModelMeasures(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_object_model *model = bw_jni_object(env, address);
    return model ? bw_jni_text_out(env, bw_object_model_measures(model)) : NULL;
}

/* The assessment belongs to the model; 0 when there is none. */
static jlong jni_objectModelOutOfBag(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_object_model *model = bw_jni_object(env, address);
    return model ? bw_jni_address(bw_object_model_out_of_bag(model)) : 0;
}

static jbyteArray jni_objectModelDescribe(JNIEnv *env, jclass self, jlong job, jlong address, jint format) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_object_model *model = ctx ? bw_jni_object(env, address) : NULL;
    if (!model) return NULL;
    char *text = NULL;
    const bw_status status = bw_object_model_describe(ctx, model, (bw_describe_format)format, &text);
    return bw_jni_owned_text_out(env, ctx, status, text);
}

/* classes: receives 1..K of each row; probabilities: row after row, one per class. */
static void jni_objectModelApply(JNIEnv *env, jclass self, jlong job, jlong address, jlong table_address,
                                 jbyteArray classes, jfloatArray probabilities) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_object_model *model = ctx ? bw_jni_object(env, address) : NULL;
    const bw_measurements *table = model ? bw_jni_object(env, table_address) : NULL;
    if (!table) return;
    const int64_t rows = bw_measurements_rows(table), shares = rows * bw_object_model_class_count(model);
    if (!bw_jni_check_array(env, classes, rows) || !bw_jni_check_array(env, probabilities, shares)) return;
    uint8_t *numbers = bw_alloc(ctx, (uint64_t)rows + 1, 1, "classes of objects");
    float *values = numbers ? bw_alloc(ctx, (uint64_t)shares + 1, sizeof *values, "probabilities of objects") : NULL;
    if (bw_jni_ok(env, ctx, values ? bw_object_model_apply(ctx, model, table, numbers, values) : BW_ERROR_MEMORY)) {
        (*env)->SetByteArrayRegion(env, classes, 0, (jsize)rows, (const jbyte *)numbers);
        (*env)->SetFloatArrayRegion(env, probabilities, 0, (jsize)shares, values);
    }
    bw_free(values);
    bw_free(numbers);
}

static const JNINativeMethod rows[] = {
    BW_NATIVE(objectTrainerCreate, "(J)J"),       BW_NATIVE(objectTrainerFree, "(J)V"),
    BW_NATIVE(objectTrainerAdd, "(JJJ[B)V"),      BW_NATIVE(objectTrainerSetClass, "(JJI[BI)V"),
    BW_NATIVE(objectTrainerTrain, "(JJ[J[D[F)J"), BW_NATIVE(objectModelRead, "(J[B)J"),
    BW_NATIVE(objectModelIsFile, "(J[B)Z"),       BW_NATIVE(objectModelWrite, "(JJ[B)V"),
    BW_NATIVE(objectModelFree, "(J)V"),           BW_NATIVE(objectModelClassNames, "(J)[[B"),
    BW_NATIVE(objectModelColours, "(J)[J"),       BW_NATIVE(objectModelMeasures, "(J)[B"),
    BW_NATIVE(objectModelOutOfBag, "(J)J"),       BW_NATIVE(objectModelDescribe, "(JJI)[B"),
    BW_NATIVE(objectModelApply, "(JJJ[B[F)V"),
};
const bw_jni_table bw_jni_object_model_table = {rows, sizeof rows / sizeof *rows};
