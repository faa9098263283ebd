/* Native methods of the engine itself: version, tables, defaults. */
#include "core/host.h"
#include "core/parallel.h"
#include "jni/bridge.h"
#include "jni/options.h"

static jbyteArray jni_version(JNIEnv *env, jclass self) {
    (void)self;
    return bw_jni_text_out(env, bw_version());
}

static jbyteArray jni_simd(JNIEnv *env, jclass self) {
    (void)self;
    return bw_jni_text_out(env, bw_simd_name());
}

static jobjectArray jni_hostTexts(JNIEnv *env, jclass self) {
    (void)self;
    const char *const texts[] = {bw_host_platform(), bw_host_compiler(), bw_parallel_runtime()};
    return bw_jni_texts_out(env, texts, sizeof texts / sizeof *texts);
}

static jboolean jni_translated(JNIEnv *env, jclass self) {
    (void)env, (void)self;
    return bw_host_translated() ? JNI_TRUE : JNI_FALSE;
}

static jint jni_defaultThreads(JNIEnv *env, jclass self) {
    (void)env, (void)self;
    return bw_default_threads();
}

static jlong jni_memoryInUse(JNIEnv *env, jclass self) {
    (void)env, (void)self;
    return (jlong)bw_memory_in_use();
}

static jint jni_maxClasses(JNIEnv *env, jclass self) {
    (void)env, (void)self;
    return BW_MAX_CLASSES;
}

static jint jni_classColour(JNIEnv *env, jclass self, jint index) {
    (void)self;
    if (index >= 0) return (jint)bw_class_colour(index);
    bw_jni_throw(env, BW_ERROR_ARGUMENT, "A class's index cannot be negative.");
    return 0;
}

static jint jni_featureCount(JNIEnv *env, jclass self) {
    (void)env, (void)self;
    return bw_feature_row_count();
}

static const bw_feature_row *feature_row(JNIEnv *env, jint index) {
    const bw_feature_row *row = bw_feature_row_get(index);
    if (!row) bw_jni_throw(env, BW_ERROR_ARGUMENT, "The feature's index is out of range.");
    return row;
}

static jobjectArray jni_featureTexts(JNIEnv *env, jclass self, jint index) {
    (void)self;
    const bw_feature_row *row = feature_row(env, index);
    if (!row) return NULL;
    const char *const texts[] = {row->id, row->label, row->doc, row->unit, row->source, row->parameter, row->names};
    return bw_jni_texts_out(env, texts, sizeof texts / sizeof *texts);
}

static jdoubleArray jni_featureNumbers(JNIEnv *env, jclass self, jint index) {
    (void)self;
    const bw_feature_row *row = feature_row(env, index);
    if (!row) return NULL;
    const double numbers[] = {row->has_sigma,  row->sigma_min,  row->sigma_max, row->sigma_default,
                              row->outputs_2d, row->outputs_3d, row->rgb};
    return bw_jni_doubles_out(env, numbers, sizeof numbers / sizeof *numbers);
}

static jint jni_presetCount(JNIEnv *env, jclass self) {
    (void)env, (void)self;
    return bw_preset_count();
}

static jobjectArray jni_presetTexts(JNIEnv *env, jclass self, jint index) {
    (void)self;
    const bw_preset *preset = bw_preset_get(index);
    if (!preset) {
        bw_jni_throw(env, BW_ERROR_ARGUMENT, "The preset's index is out of range.");
        return NULL;
    }
    const char *const texts[] = {preset->id, preset->label, preset->doc, preset->features};
    return bw_jni_texts_out(env, texts, 4);
}

static jbyteArray jni_defaultPreset(JNIEnv *env, jclass self) {
    (void)self;
    return bw_jni_text_out(env, bw_preset_default());
}

static jint jni_forestPresetCount(JNIEnv *env, jclass self) {
    (void)env, (void)self;
    return bw_forest_preset_count();
}

static const bw_forest_preset *forest_preset(JNIEnv *env, jint index) {
    const bw_forest_preset *preset = bw_forest_preset_get(index);
    if (!preset) bw_jni_throw(env, BW_ERROR_ARGUMENT, "The forest preset's index is out of range.");
    return preset;
}

static jobjectArray jni_forestPresetTexts(JNIEnv *env, jclass self, jint index) {
    (void)self;
    const bw_forest_preset *preset = forest_preset(env, index);
    if (!preset) return NULL;
    const char *const texts[] = {preset->id, preset->label, preset->doc};
    return bw_jni_texts_out(env, texts, 3);
}

static void jni_forestPresetOptions(JNIEnv *env, jclass self, jint index, jlongArray whole, jdoubleArray real,
                                    jfloatArray weights) {
    (void)self;
    const bw_forest_preset *preset = forest_preset(env, index);
    if (preset) bw_jni_options_out(env, &preset->options, whole, real, weights);
}

static void jni_trainDefaults(JNIEnv *env, jclass self, jlongArray whole, jdoubleArray real, jfloatArray weights) {
    (void)self;
    bw_train_options options;
    bw_train_options_init(&options);
    bw_jni_options_out(env, &options, whole, real, weights);
}

static const JNINativeMethod rows[] = {
    BW_NATIVE(version, "()[B"),
    BW_NATIVE(simd, "()[B"),
    BW_NATIVE(hostTexts, "()[[B"),
    BW_NATIVE(translated, "()Z"),
    BW_NATIVE(defaultThreads, "()I"),
    BW_NATIVE(memoryInUse, "()J"),
    BW_NATIVE(maxClasses, "()I"),
    BW_NATIVE(featureCount, "()I"),
    BW_NATIVE(classColour, "(I)I"),
    BW_NATIVE(featureTexts, "(I)[[B"),
    BW_NATIVE(featureNumbers, "(I)[D"),
    BW_NATIVE(presetCount, "()I"),
    BW_NATIVE(presetTexts, "(I)[[B"),
    BW_NATIVE(defaultPreset, "()[B"),
    BW_NATIVE(forestPresetCount, "()I"),
    BW_NATIVE(forestPresetTexts, "(I)[[B"),
    BW_NATIVE(forestPresetOptions, "(I[J[D[F)V"),
    BW_NATIVE(trainDefaults, "([J[D[F)V"),
};
const bw_jni_table bw_jni_engine_table = {rows, sizeof rows / sizeof *rows};
