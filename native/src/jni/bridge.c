/* Loading, unloading, errors and conversions of the JNI bridge. */
#include "jni/bridge.h"

#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"

#define PACKAGE "io/github/brushwood/engine/"

/* Classes the bridge needs after loading, as weak references: a strong one would keep the class loader, and with it the
 * library, for ever; while a native method runs its class is alive. */
enum { CLASS_NATIVE, CLASS_EXCEPTION, CLASS_BYTES, CLASS_SHORTS, CLASS_FLOATS, CLASS_COUNT };

static const char *const class_names[CLASS_COUNT] = {
    PACKAGE "Native", PACKAGE "EngineException", "[B", "[S", "[F",
};

static jclass classes[CLASS_COUNT];
static jmethodID exception_of; /* EngineException.of(int, byte[]) */

/* Static methods of Native. */
enum { METHOD_PROGRESS, METHOD_MOVE, METHOD_FINISH, METHOD_CLOSE, METHOD_COUNT };

static const char *const method_names[METHOD_COUNT][2] = {
    {"progress", "(L" PACKAGE "ProgressListener;D)Z"},
    {"move", "(L" PACKAGE "Port;IJJJJJJLjava/nio/ByteBuffer;)V"},
    {"finish", "(L" PACKAGE "Port;)V"},
    {"close", "(L" PACKAGE "Port;)V"},
};

static jmethodID methods[METHOD_COUNT];

/* ---- errors */

void bw_jni_throw(JNIEnv *env, bw_status status, const char *message) {
    if ((*env)->ExceptionCheck(env)) return; /* the first one wins, such as a listener's */
    jbyteArray text = bw_jni_text_out(env, message);
    if (!text) return;
    jobject exception = (*env)->CallStaticObjectMethod(env, classes[CLASS_EXCEPTION], exception_of, (jint)status, text);
    if (!(*env)->ExceptionCheck(env)) (*env)->Throw(env, exception);
}

bool bw_jni_ok(JNIEnv *env, const bw_context *ctx, bw_status status) {
    if ((*env)->ExceptionCheck(env)) return false;
    if (status == BW_OK) return true;
    bw_jni_throw(env, status, bw_context_error(ctx));
    return false;
}

/* ---- handles */

void *bw_jni_object(JNIEnv *env, jlong address) {
    if (!address) bw_jni_throw(env, BW_ERROR_ARGUMENT, "The native object is missing.");
    return (void *)(intptr_t)address;
}

bool bw_jni_progress(JNIEnv *env, jobject listener, double fraction) {
    if ((*env)->ExceptionCheck(env)) return false;
    jboolean go_on =
        (*env)->CallStaticBooleanMethod(env, classes[CLASS_NATIVE], methods[METHOD_PROGRESS], listener, fraction);
    return !(*env)->ExceptionCheck(env) && go_on;
}

/* ---- sources and sinks */

void bw_jni_port_move(JNIEnv *env, jobject port, const bw_part *part, jobject pixels) {
    const int64_t *lo = part->lo, *hi = part->hi;
    (*env)->CallStaticVoidMethod(env, classes[CLASS_NATIVE], methods[METHOD_MOVE], port, (jint)part->frame,
                                 (jlong)lo[0], (jlong)lo[1], (jlong)lo[2], (jlong)hi[0], (jlong)hi[1], (jlong)hi[2],
                                 pixels);
}

void bw_jni_port_finish(JNIEnv *env, jobject port) {
    (*env)->CallStaticVoidMethod(env, classes[CLASS_NATIVE], methods[METHOD_FINISH], port);
}

void bw_jni_port_close(JNIEnv *env, jobject port) {
    jthrowable earlier = (*env)->ExceptionOccurred(env);
    if (earlier) (*env)->ExceptionClear(env);
    (*env)->CallStaticVoidMethod(env, classes[CLASS_NATIVE], methods[METHOD_CLOSE], port);
    if (!earlier) return;
    (*env)->ExceptionClear(env);
    (*env)->Throw(env, earlier);
    (*env)->DeleteLocalRef(env, earlier);
}

/* ---- texts and arrays */

char *bw_jni_text_in(JNIEnv *env, bw_context *ctx, jbyteArray utf8, const char *what) {
    if (!bw_jni_check_array(env, utf8, 0)) return NULL;
    jsize length = (*env)->GetArrayLength(env, utf8);
    char *text = bw_alloc(ctx, (uint64_t)length + 1, 1, what);
    if (!text) {
        bw_jni_ok(env, ctx, BW_ERROR_MEMORY);
        return NULL;
    }
    (*env)->GetByteArrayRegion(env, utf8, 0, length, (jbyte *)text);
    text[length] = 0;
    if (memchr(text, 0, (size_t)length)) {
        bw_jni_throw(env, BW_ERROR_ARGUMENT, "A text must not contain the character with code zero.");
        bw_free(text);
        return NULL;
    }
    return text;
}

jbyteArray bw_jni_text_out(JNIEnv *env, const char *text) {
    if (!text) return NULL;
    size_t length = strlen(text);
    if (length > INT32_MAX) length = INT32_MAX;
    jbyteArray out = (*env)->NewByteArray(env, (jsize)length);
    if (out) (*env)->SetByteArrayRegion(env, out, 0, (jsize)length, (const jbyte *)text);
    return out;
}

jobjectArray bw_jni_texts_out(JNIEnv *env, const char *const *texts, int count) {
    jobjectArray out = (*env)->NewObjectArray(env, count, classes[CLASS_BYTES], NULL);
    for (int i = 0; out && i < count; i++) {
        jbyteArray text = bw_jni_text_out(env, texts[i]);
        if (!text) return NULL;
        (*env)->SetObjectArrayElement(env, out, i, text);
        (*env)->DeleteLocalRef(env, text);
    }
    return out;
}

jlongArray bw_jni_longs_out(JNIEnv *env, const jlong *values, int count) {
    jlongArray out = (*env)->NewLongArray(env, count);
    if (out) (*env)->SetLongArrayRegion(env, out, 0, count, values);
    return out;
}

jdoubleArray bw_jni_doubles_out(JNIEnv *env, const double *values, int count) {
    jdoubleArray out = (*env)->NewDoubleArray(env, count);
    if (out) (*env)->SetDoubleArrayRegion(env, out, 0, count, values);
    return out;
}

jbyteArray bw_jni_owned_text_out(JNIEnv *env, const bw_context *ctx, bw_status status, char *text) {
    jbyteArray out = bw_jni_ok(env, ctx, status) ? bw_jni_text_out(env, text) : NULL;
    bw_string_free(text);
    return out;
}

bool bw_jni_check_array(JNIEnv *env, jarray array, int64_t count) {
    if (array && (*env)->GetArrayLength(env, array) >= count) return true;
    bw_jni_throw(env, BW_ERROR_ARGUMENT, array ? "An array is too short." : "An array or a text is missing.");
    return false;
}

bool bw_jni_part_in(JNIEnv *env, jint frame, jlongArray lo, jlongArray hi, bw_part *part) {
    jlong from[3], to[3];
    if (!bw_jni_check_array(env, lo, 3) || !bw_jni_check_array(env, hi, 3)) return false;
    (*env)->GetLongArrayRegion(env, lo, 0, 3, from);
    (*env)->GetLongArrayRegion(env, hi, 0, 3, to);
    *part = (bw_part){frame, {from[0], from[1], from[2]}, {to[0], to[1], to[2]}};
    return true;
}

int bw_jni_pixel_type(JNIEnv *env, jobject array) {
    static const bw_pixel_type types[] = {BW_UINT8, BW_UINT16, BW_FLOAT32};
    for (int i = CLASS_BYTES; array && i <= CLASS_FLOATS; i++) {
        if ((*env)->IsInstanceOf(env, array, classes[i])) return types[i - CLASS_BYTES];
    }
    return 0;
}

/* ---- reports of predictions */

void bw_jni_report_out(JNIEnv *env, jlongArray array, const bw_predict_report *report, int count) {
    const jlong head[BW_JNI_REPORT_HEAD] = {report->non_finite, report->spacing_assumed, report->slice_wise};
    (*env)->SetLongArrayRegion(env, array, 0, BW_JNI_REPORT_HEAD, head);
    for (int i = 0; i < count; i++) {
        const jlong pixels = report->class_pixels[i];
        (*env)->SetLongArrayRegion(env, array, BW_JNI_REPORT_HEAD + i, 1, &pixels);
    }
}

/* ---- what recipes and models share */

jbyteArray bw_jni_recipe_text(JNIEnv *env, bw_context *ctx, const bw_recipe *recipe) {
    char *text = NULL;
    bw_status status = bw_recipe_format(ctx, recipe, &text);
    return bw_jni_owned_text_out(env, ctx, status, text);
}

jdoubleArray bw_jni_recipe_options(JNIEnv *env, const bw_recipe *recipe) {
    const bw_recipe_options *o = bw_recipe_get_options(recipe);
    const double numbers[] = {o->channels, o->dims, o->spacing[0], o->spacing[1], o->spacing[2]};
    return bw_jni_doubles_out(env, numbers, 5);
}

/* ---- loading */

static const bw_jni_table *const tables[] = {
    &bw_jni_engine_table,       &bw_jni_job_table,     &bw_jni_image_table,   &bw_jni_recipe_table,
    &bw_jni_train_table,        &bw_jni_assess_table,  &bw_jni_model_table,   &bw_jni_preview_table,
    &bw_jni_stream_table,       &bw_jni_objects_table, &bw_jni_measure_table, &bw_jni_compare_table,
    &bw_jni_object_model_table, &bw_jni_block_table,
};

static void forget_classes(JNIEnv *env) {
    for (int i = 0; i < CLASS_COUNT; i++) {
        if (classes[i]) (*env)->DeleteWeakGlobalRef(env, classes[i]);
        classes[i] = NULL;
    }
}

static bool find_classes(JNIEnv *env) {
    for (int i = 0; i < CLASS_COUNT; i++) {
        jclass found = (*env)->FindClass(env, class_names[i]);
        if (!found) return false;
        classes[i] = (*env)->NewWeakGlobalRef(env, found);
        (*env)->DeleteLocalRef(env, found);
        if (!classes[i]) return false;
    }
    return true;
}

/* The jar's side refuses another version before anything else that may have changed between versions is touched. */
static bool check_version(JNIEnv *env) {
    jmethodID accept = (*env)->GetStaticMethodID(env, classes[CLASS_NATIVE], "accept", "([B)V");
    if (!accept) return false;
    jbyteArray version = bw_jni_text_out(env, bw_version());
    if (!version) return false;
    (*env)->CallStaticVoidMethod(env, classes[CLASS_NATIVE], accept, version);
    return !(*env)->ExceptionCheck(env);
}

static bool find_methods(JNIEnv *env) {
    exception_of = (*env)->GetStaticMethodID(env, classes[CLASS_EXCEPTION], "of", "(I[B)L" PACKAGE "EngineException;");
    if (!exception_of) return false;
    for (int i = 0; i < METHOD_COUNT; i++) {
        methods[i] = (*env)->GetStaticMethodID(env, classes[CLASS_NATIVE], method_names[i][0], method_names[i][1]);
        if (!methods[i]) return false;
    }
    return true;
}

static bool register_tables(JNIEnv *env) {
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        const bw_jni_table *table = tables[i];
        if ((*env)->RegisterNatives(env, classes[CLASS_NATIVE], table->rows, table->count) != JNI_OK) return false;
    }
    return true;
}

JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *vm, void *reserved) {
    (void)reserved;
    JNIEnv *env = NULL;
    if ((*vm)->GetEnv(vm, (void **)&env, JNI_VERSION_1_8) != JNI_OK) return JNI_ERR;
    if (find_classes(env) && check_version(env) && find_methods(env) && register_tables(env)) return JNI_VERSION_1_8;
    forget_classes(env); /* the pending exception reaches the caller of System.load */
    return JNI_ERR;
}

JNIEXPORT void JNICALL JNI_OnUnload(JavaVM *vm, void *reserved) {
    (void)reserved;
    JNIEnv *env = NULL;
    if ((*vm)->GetEnv(vm, (void **)&env, JNI_VERSION_1_8) == JNI_OK) forget_classes(env);
    bw_parallel_end(); /* or they would wait for ever, on Windows in code that goes away */
}
