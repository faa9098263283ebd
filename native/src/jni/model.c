/* Native methods of models: files, description, prediction. */
#include "core/alloc.h"
#include "jni/bridge.h"
#include "jni/options.h"

static jlong jni_modelRead(JNIEnv *env, jclass self, jlong job, jbyteArray path) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    char *name = ctx ? bw_jni_text_in(env, ctx, path, "a path") : NULL;
    if (!name) return 0;
    bw_model *model = NULL;
    bw_status status = bw_model_read(ctx, name, &model);
    bw_free(name);
    if (bw_jni_ok(env, ctx, status)) return bw_jni_address(model);
    bw_model_free(model);
    return 0;
}

static void jni_modelWrite(JNIEnv *env, jclass self, jlong job, jlong address, jbyteArray path) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_model *model = ctx ? bw_jni_object(env, address) : NULL;
    char *name = model ? bw_jni_text_in(env, ctx, path, "a path") : NULL;
    if (!name) return;
    bw_jni_ok(env, ctx, bw_model_write(ctx, model, name));
    bw_free(name);
}

static void jni_modelFree(JNIEnv *env, jclass self, jlong model) {
    (void)self;
    bw_model_free(bw_jni_object(env, model));
}

static jbyteArray jni_modelDescribe(JNIEnv *env, jclass self, jlong job, jlong address, jint format) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_model *model = ctx ? bw_jni_object(env, address) : NULL;
    if (!model) return NULL;
    char *text = NULL;
    bw_status status = bw_model_describe(ctx, model, (bw_describe_format)format, &text);
    return bw_jni_owned_text_out(env, ctx, status, text);
}

static jbyteArray jni_modelRecipeText(JNIEnv *env, jclass self, jlong job, jlong address) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_model *model = ctx ? bw_jni_object(env, address) : NULL;
    return model ? bw_jni_recipe_text(env, ctx, bw_model_recipe(model)) : NULL;
}

static jdoubleArray jni_modelOptions(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_model *model = bw_jni_object(env, address);
    return model ? bw_jni_recipe_options(env, bw_model_recipe(model)) : NULL;
}

static jint jni_modelClassCount(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_model *model = bw_jni_object(env, address);
    return model ? bw_model_class_count(model) : 0;
}

static const bw_class_info *class_info(JNIEnv *env, jlong address, jint index) {
    const bw_model *model = bw_jni_object(env, address);
    if (!model) return NULL;
    if (index >= 0 && index < bw_model_class_count(model)) return bw_model_class(model, index);
    bw_jni_throw(env, BW_ERROR_ARGUMENT, "The class's index is out of range.");
    return NULL;
}

static jbyteArray jni_modelClassName(JNIEnv *env, jclass self, jlong address, jint index) {
    (void)self;
    const bw_class_info *info = class_info(env, address, index);
    return info ? bw_jni_text_out(env, info->name) : NULL;
}

static jint jni_modelClassColour(JNIEnv *env, jclass self, jlong address, jint index) {
    (void)self;
    const bw_class_info *info = class_info(env, address, index);
    return info ? (jint)info->colour : 0;
}

static void jni_modelTrainOptions(JNIEnv *env, jclass self, jlong address, jlongArray whole, jdoubleArray real,
                                  jfloatArray weights) {
    (void)self;
    const bw_model *model = bw_jni_object(env, address);
    if (model) bw_jni_options_out(env, bw_model_options(model), whole, real, weights);
}

/* An assessment that belongs to the model: out of bag, or held out; 0 when there is none. */
static jlong jni_modelAssessment(JNIEnv *env, jclass self, jlong address, jboolean held_out) {
    (void)self;
    const bw_model *model = bw_jni_object(env, address);
    if (!model) return 0;
    return bw_jni_address(held_out ? bw_model_held_out(model) : bw_model_out_of_bag(model));
}

static jint jni_modelFeatureCount(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_model *model = bw_jni_object(env, address);
    return model ? bw_model_feature_count(model) : 0;
}

static const bw_model *model_feature(JNIEnv *env, jlong address, jint index) {
    const bw_model *model = bw_jni_object(env, address);
    if (!model || (index >= 0 && index < bw_model_feature_count(model))) return model;
    bw_jni_throw(env, BW_ERROR_ARGUMENT, "The feature's index is out of range.");
    return NULL;
}

static jbyteArray jni_modelFeatureName(JNIEnv *env, jclass self, jlong address, jint index) {
    (void)self;
    const bw_model *model = model_feature(env, address, index);
    if (!model) return NULL;
    char name[256];
    bw_model_feature_name(model, index, name, sizeof name);
    return bw_jni_text_out(env, name);
}

/* Gini and permutation importance. */
static jdoubleArray jni_modelImportance(JNIEnv *env, jclass self, jlong address, jint index) {
    (void)self;
    const bw_model *model = model_feature(env, address, index);
    if (!model) return NULL;
    double numbers[2];
    bw_model_importance(model, index, &numbers[0], &numbers[1]);
    return bw_jni_doubles_out(env, numbers, 2);
}

/* ---- prediction */

enum { OUTPUTS = 4 };

/* Arrays of the caller: addresses of images or sinks, the report, and (may be NULL) the spacing. */
static bool check_arrays(JNIEnv *env, int classes, jlongArray images, jlongArray report, jdoubleArray spacing) {
    return bw_jni_check_array(env, images, OUTPUTS) &&
           bw_jni_check_array(env, report, BW_JNI_REPORT_HEAD + (int64_t)classes) &&
           (!spacing || bw_jni_check_array(env, spacing, 3));
}

/* What a prediction works on. */
typedef struct prediction {
    bw_context *ctx;
    const bw_model *model;
    const bw_image *image;
    int classes;
    double voxel[3]; /* only when a spacing is given */
} prediction;

/* False with an exception pending. images: addresses of images or sinks. */
static bool begin_prediction(JNIEnv *env, jlong job, jlong model, jlong image, jlongArray images, jlongArray report,
                             jdoubleArray spacing, prediction *call) {
    *call = (prediction){.ctx = bw_jni_context(env, job)};
    call->model = call->ctx ? bw_jni_object(env, model) : NULL;
    call->image = call->model ? bw_jni_object(env, image) : NULL;
    if (!call->image) return false;
    call->classes = bw_model_class_count(call->model);
    if (!check_arrays(env, call->classes, images, report, spacing)) return false;
    if (spacing) (*env)->GetDoubleArrayRegion(env, spacing, 0, 3, call->voxel);
    return true;
}

static void jni_predict(JNIEnv *env, jclass self, jlong job, jlong model_address, jlong image_address, jlong tile,
                        jdoubleArray spacing, jboolean unrefined, jint outputs, jlongArray images,
                        jlongArray report_array) {
    (void)self;
    prediction call;
    if (!begin_prediction(env, job, model_address, image_address, images, report_array, spacing, &call)) return;
    const bw_predict_options options = {tile, spacing ? call.voxel : NULL, unrefined};
    bw_predict_report report = {0};
    bw_prediction made = {0};
    if (bw_jni_ok(env, call.ctx, bw_predict(call.ctx, call.model, call.image, &options, outputs, &made, &report))) {
        const jlong addresses[OUTPUTS] = {bw_jni_address(made.probabilities), bw_jni_address(made.labels),
                                          bw_jni_address(made.uncertainty), bw_jni_address(made.entropy)};
        (*env)->SetLongArrayRegion(env, images, 0, OUTPUTS, addresses);
        bw_jni_report_out(env, report_array, &report, call.classes);
        return;
    }
    bw_prediction_free(&made);
}

/* output: its bit. */
static jlong jni_predictOutline(JNIEnv *env, jclass self, jlong job, jlong model_address, jlong image_address,
                                jint output) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_model *model = ctx ? bw_jni_object(env, model_address) : NULL;
    const bw_image *image = model ? bw_jni_object(env, image_address) : NULL;
    if (!image) return 0;
    bw_image *outline = NULL;
    bw_jni_ok(env, ctx, bw_predict_outline(ctx, model, image, output, &outline));
    return bw_jni_address(outline);
}

/* Addresses may be 0. */
static bw_prediction_sinks sinks_in(JNIEnv *env, jlongArray sinks) {
    jlong at[OUTPUTS];
    (*env)->GetLongArrayRegion(env, sinks, 0, OUTPUTS, at);
    return (bw_prediction_sinks){(bw_sink *)(intptr_t)at[0], (bw_sink *)(intptr_t)at[1], (bw_sink *)(intptr_t)at[2],
                                 (bw_sink *)(intptr_t)at[3]};
}

static void jni_predictStreamed(JNIEnv *env, jclass self, jlong job, jlong model_address, jlong image_address,
                                jlong tile, jdoubleArray spacing, jboolean unrefined, jlongArray sink_array,
                                jlongArray report_array) {
    (void)self;
    prediction call;
    if (!begin_prediction(env, job, model_address, image_address, sink_array, report_array, spacing, &call)) return;
    const bw_predict_options options = {tile, spacing ? call.voxel : NULL, unrefined};
    const bw_prediction_sinks sinks = sinks_in(env, sink_array);
    bw_predict_report report = {0};
    const bw_status status = bw_predict_streamed(call.ctx, call.model, call.image, &options, &sinks, &report);
    if (bw_jni_ok(env, call.ctx, status)) bw_jni_report_out(env, report_array, &report, call.classes);
}

static void jni_predictProbabilities(JNIEnv *env, jclass self, jlong job, jlong model_address, jlong image_address,
                                     jlong tile, jdoubleArray spacing, jboolean unrefined, jbyteArray beside,
                                     jlongArray images, jlongArray report_array) {
    (void)self;
    prediction call;
    if (!begin_prediction(env, job, model_address, image_address, images, report_array, spacing, &call)) return;
    char *path = bw_jni_text_in(env, call.ctx, beside, "a path");
    if (!path) return;
    const bw_predict_options options = {tile, spacing ? call.voxel : NULL, unrefined};
    bw_predict_report report = {0};
    bw_image *made = NULL;
    const bw_status status = bw_predict_probabilities(call.ctx, call.model, call.image, &options, path, &made, &report);
    bw_free(path);
    if (!bw_jni_ok(env, call.ctx, status)) return;
    const jlong address = bw_jni_address(made);
    (*env)->SetLongArrayRegion(env, images, 0, 1, &address);
    bw_jni_report_out(env, report_array, &report, call.classes);
}

static const JNINativeMethod rows[] = {
    BW_NATIVE(modelRead, "(J[B)J"),
    BW_NATIVE(modelWrite, "(JJ[B)V"),
    BW_NATIVE(modelFree, "(J)V"),
    BW_NATIVE(modelDescribe, "(JJI)[B"),
    BW_NATIVE(modelRecipeText, "(JJ)[B"),
    BW_NATIVE(modelOptions, "(J)[D"),
    BW_NATIVE(modelClassCount, "(J)I"),
    BW_NATIVE(modelClassName, "(JI)[B"),
    BW_NATIVE(modelClassColour, "(JI)I"),
    BW_NATIVE(modelTrainOptions, "(J[J[D[F)V"),
    BW_NATIVE(modelAssessment, "(JZ)J"),
    BW_NATIVE(modelFeatureCount, "(J)I"),
    BW_NATIVE(modelFeatureName, "(JI)[B"),
    BW_NATIVE(modelImportance, "(JI)[D"),
    BW_NATIVE(predict, "(JJJJ[DZI[J[J)V"),
    BW_NATIVE(predictOutline, "(JJJI)J"),
    BW_NATIVE(predictStreamed, "(JJJJ[DZ[J[J)V"),
    BW_NATIVE(predictProbabilities, "(JJJJ[DZ[B[J[J)V"),
};
const bw_jni_table bw_jni_model_table = {rows, sizeof rows / sizeof *rows};
