/* Native methods of jobs: a context and its progress listener. */
#include "core/alloc.h"
#include "jni/bridge.h"

typedef struct job {
    bw_context *ctx;
    JavaVM *vm;
    jobject listener; /* global reference, NULL for none */
} job;

bw_context *bw_jni_context(JNIEnv *env, jlong address) {
    job *j = bw_jni_object(env, address);
    return j && bw_jni_ok(env, j->ctx, bw_context_status(j->ctx)) ? j->ctx : NULL;
}

/* The engine calls this on the thread that entered it, so the VM knows the thread. */
static int on_progress(void *user, double fraction) {
    job *j = user;
    JNIEnv *env = NULL;
    if ((*j->vm)->GetEnv(j->vm, (void **)&env, JNI_VERSION_1_8) != JNI_OK) return 1;
    return !bw_jni_progress(env, j->listener, fraction);
}

static void set_listener(JNIEnv *env, job *j, jobject listener) {
    if (j->listener) (*env)->DeleteGlobalRef(env, j->listener);
    j->listener = listener;
    bw_context_set_progress(j->ctx, listener ? on_progress : NULL, j);
}

static jlong jni_jobCreate(JNIEnv *env, jclass self) {
    (void)self;
    bw_context *ctx = bw_context_create();
    job *j = ctx ? bw_calloc(ctx, 1, sizeof *j, "a job") : NULL;
    if (!j || (*env)->GetJavaVM(env, &j->vm) != JNI_OK) {
        bw_jni_throw(env, BW_ERROR_MEMORY, "There is no memory left for another job.");
        bw_free(j);
        bw_context_free(ctx);
        return 0;
    }
    j->ctx = ctx;
    return bw_jni_address(j);
}

static void jni_jobFree(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    job *j = bw_jni_object(env, address);
    if (!j) return;
    set_listener(env, j, NULL);
    bw_context_free(j->ctx);
    bw_free(j);
}

static void jni_jobSetThreads(JNIEnv *env, jclass self, jlong address, jint threads) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, address);
    if (ctx) bw_jni_ok(env, ctx, bw_context_set_threads(ctx, threads));
}

static void jni_jobSetMemoryBudget(JNIEnv *env, jclass self, jlong address, jlong bytes) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, address);
    if (!ctx) return;
    if (bytes < 0)
        bw_jni_throw(env, BW_ERROR_ARGUMENT, "The memory budget must not be negative.");
    else
        bw_jni_ok(env, ctx, bw_context_set_memory_budget(ctx, (uint64_t)bytes));
}

static void jni_jobSetProgress(JNIEnv *env, jclass self, jlong address, jobject listener) {
    (void)self;
    if (!bw_jni_context(env, address)) return;
    jobject global = listener ? (*env)->NewGlobalRef(env, listener) : NULL;
    if (listener && !global)
        bw_jni_throw(env, BW_ERROR_MEMORY, "There is no memory left for a progress listener.");
    else
        set_listener(env, bw_jni_object(env, address), global);
}

static void jni_jobCancel(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    job *j = bw_jni_object(env, address);
    if (j) bw_context_cancel(j->ctx);
}

static jdouble jni_jobProgress(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    job *j = bw_jni_object(env, address);
    return j ? bw_context_progress(j->ctx) : 0;
}

static const JNINativeMethod rows[] = {
    BW_NATIVE(jobCreate, "()J"),
    BW_NATIVE(jobFree, "(J)V"),
    BW_NATIVE(jobSetThreads, "(JI)V"),
    BW_NATIVE(jobSetMemoryBudget, "(JJ)V"),
    BW_NATIVE(jobSetProgress, "(JLio/github/brushwood/engine/ProgressListener;)V"),
    BW_NATIVE(jobCancel, "(J)V"),
    BW_NATIVE(jobProgress, "(J)D"),
};
const bw_jni_table bw_jni_job_table = {rows, sizeof rows / sizeof *rows};
