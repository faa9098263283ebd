/* Native methods of the engine itself: version, tables, defaults. */
#include "jni/bridge.h"

static jbyteArray jni_version(JNIEnv *env, jclass self) {
    (void)self;
    return bw_jni_text_out(env, bw_version());
}

static jbyteArray jni_simd(JNIEnv *env, jclass self) {
    (void)self;
    return bw_jni_text_out(env, bw_simd_name());
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

static jlongArray jni_forestDefaults(JNIEnv *env, jclass self) {
    (void)self;
    bw_forest_options o;
    bw_forest_options_init(&o);
    const jlong numbers[] = {o.trees, o.mtry, o.max_depth, o.min_leaf, o.balance == BW_BALANCE_CLASSES, (jlong)o.seed};
    return bw_jni_longs_out(env, numbers, 6);
}

static const JNINativeMethod rows[] = {
    BW_NATIVE(version, "()[B"),        BW_NATIVE(simd, "()[B"),           BW_NATIVE(defaultThreads, "()I"),
    BW_NATIVE(memoryInUse, "()J"),     BW_NATIVE(maxClasses, "()I"),      BW_NATIVE(featureCount, "()I"),
    BW_NATIVE(classColour, "(I)I"),    BW_NATIVE(featureTexts, "(I)[[B"), BW_NATIVE(featureNumbers, "(I)[D"),
    BW_NATIVE(presetCount, "()I"),     BW_NATIVE(presetTexts, "(I)[[B"),  BW_NATIVE(defaultPreset, "()[B"),
    BW_NATIVE(forestDefaults, "()[J"),
};
const bw_jni_table bw_jni_engine_table = {rows, sizeof rows / sizeof *rows};
