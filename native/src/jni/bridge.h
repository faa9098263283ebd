/* What the tables of native methods share: handles, errors, texts. Every native method checks its arguments, makes one
 * engine call and returns; whatever fails leaves a Java exception pending. */
#ifndef BW_JNI_BRIDGE_H
#define BW_JNI_BRIDGE_H

#include <jni.h>
#include <stdbool.h>

#include "brushwood.h"

/* A row of a registration table. */
#define BW_NATIVE(name, signature)                                                                                     \
    { #name, signature, __extension__(void *) jni_##name }

typedef struct bw_jni_table {
    const JNINativeMethod *rows;
    jint count;
} bw_jni_table;

extern const bw_jni_table bw_jni_engine_table;
extern const bw_jni_table bw_jni_job_table;
extern const bw_jni_table bw_jni_image_table;
extern const bw_jni_table bw_jni_recipe_table;
extern const bw_jni_table bw_jni_train_table;
extern const bw_jni_table bw_jni_assess_table;
extern const bw_jni_table bw_jni_model_table;
extern const bw_jni_table bw_jni_block_table;
extern const bw_jni_table bw_jni_preview_table;
extern const bw_jni_table bw_jni_stream_table;
extern const bw_jni_table bw_jni_objects_table;
extern const bw_jni_table bw_jni_measure_table;
extern const bw_jni_table bw_jni_compare_table;
extern const bw_jni_table bw_jni_object_model_table;

/* ---- errors */

void bw_jni_throw(JNIEnv *env, bw_status status, const char *message);
/* True when the call succeeded and no listener threw; else an exception is pending. */
bool bw_jni_ok(JNIEnv *env, const bw_context *ctx, bw_status status);

/* ---- handles */

/* The object at an address; NULL with an exception pending for 0. */
void *bw_jni_object(JNIEnv *env, jlong address);
static inline jlong bw_jni_address(const void *object) {
    return (jlong)(intptr_t)object;
}
/* The context of a job that can still serve a call; NULL with an exception pending. */
bw_context *bw_jni_context(JNIEnv *env, jlong job);

/* Runs the listener from the engine's progress function; true to go on. */
bool bw_jni_progress(JNIEnv *env, jobject listener, double fraction);

/* ---- texts and arrays */

/* A 0-terminated copy for bw_free; NULL with an exception pending. `what` names it in messages. */
char *bw_jni_text_in(JNIEnv *env, bw_context *ctx, jbyteArray utf8, const char *what);
/* NULL for NULL, and with an exception pending when memory is exhausted. */
jbyteArray bw_jni_text_out(JNIEnv *env, const char *text);
jobjectArray bw_jni_texts_out(JNIEnv *env, const char *const *texts, int count);
jlongArray bw_jni_longs_out(JNIEnv *env, const jlong *values, int count);
jdoubleArray bw_jni_doubles_out(JNIEnv *env, const double *values, int count);
/* Copies and frees the text of a call that returned `status`; NULL with an exception pending when it failed. */
jbyteArray bw_jni_owned_text_out(JNIEnv *env, const bw_context *ctx, bw_status status, char *text);
/* Whether the array is there and at least `count` long; else an exception is pending. */
bool bw_jni_check_array(JNIEnv *env, jarray array, int64_t count);
/* The bw_pixel_type that the array holds; 0 when it is no byte[], short[] or float[]. */
int bw_jni_pixel_type(JNIEnv *env, jobject array);

/* A box from arrays of x, y, z; false with an exception pending when one is too short. */
bool bw_jni_part_in(JNIEnv *env, jint frame, jlongArray lo, jlongArray hi, bw_part *part);

/* ---- sources and sinks of Java: what they throw stays pending */

/* Hands over the pixels of a box, to be read or written. */
void bw_jni_port_move(JNIEnv *env, jobject port, const bw_part *part, jobject pixels);
void bw_jni_port_finish(JNIEnv *env, jobject port);
/* Even while an exception is pending, which then wins. */
void bw_jni_port_close(JNIEnv *env, jobject port);

/* ---- reports of predictions */

enum { BW_JNI_REPORT_HEAD = 3 };

/* Non-finite pixels, spacing assumed, slice-wise, then the pixels of each of `count` classes, into an array that is
 * long enough. */
void bw_jni_report_out(JNIEnv *env, jlongArray array, const bw_predict_report *report, int count);

/* ---- what recipes and models share */

jbyteArray bw_jni_recipe_text(JNIEnv *env, bw_context *ctx, const bw_recipe *recipe);
/* channels, dims, spacing along x, y, z */
jdoubleArray bw_jni_recipe_options(JNIEnv *env, const bw_recipe *recipe);

#endif
