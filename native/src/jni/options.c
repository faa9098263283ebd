/* Training options between the engine's structure and the arrays of Java's TrainOptions. */
#include "jni/options.h"

#include <string.h>

/* Whole numbers of the options, in the order of TrainOptions.pack. */
enum {
    TREES,
    MTRY,
    MAX_DEPTH,
    MIN_LEAF,
    EXTRA,
    BALANCE,
    SEED,
    HOLDOUT,
    FOLDS,
    BLOCK,
    CALIBRATE,
    IMPORTANCE,
    CONTEXTS,
    REFINE,
    WHOLE_COUNT
};

/* Real numbers: the context's sigmas fill the rest. */
enum { BOOTSTRAP, STROKE_BALANCE, CONTEXT_SIGMAS, REAL_COUNT = CONTEXT_SIGMAS + BW_MAX_CONTEXT_SIGMAS };

static bool check_arrays(JNIEnv *env, jlongArray whole, jdoubleArray real, jfloatArray weights) {
    return bw_jni_check_array(env, whole, WHOLE_COUNT) && bw_jni_check_array(env, real, REAL_COUNT) &&
           bw_jni_check_array(env, weights, BW_MAX_CLASSES);
}

bool bw_jni_options_in(JNIEnv *env, jlongArray whole, jdoubleArray real, jfloatArray weights, bw_train_options *out) {
    if (!check_arrays(env, whole, real, weights)) return false;
    jlong n[WHOLE_COUNT];
    jdouble r[REAL_COUNT];
    (*env)->GetLongArrayRegion(env, whole, 0, WHOLE_COUNT, n);
    (*env)->GetDoubleArrayRegion(env, real, 0, REAL_COUNT, r);
    bw_train_options o = {.stroke_balance = r[STROKE_BALANCE],
                          .holdout = {(bw_holdout_kind)n[HOLDOUT], (int)n[FOLDS], n[BLOCK]},
                          .calibrate = n[CALIBRATE] != 0,
                          .importance = (int)n[IMPORTANCE],
                          .context_count = (int)n[CONTEXTS],
                          .refine = (int)n[REFINE]};
    o.forest.trees = (int)n[TREES];
    o.forest.mtry = (int)n[MTRY];
    o.forest.max_depth = (int)n[MAX_DEPTH];
    o.forest.min_leaf = (int)n[MIN_LEAF];
    o.forest.bootstrap = r[BOOTSTRAP];
    o.forest.extra = n[EXTRA] != 0;
    o.forest.balance = (bw_balance)n[BALANCE];
    o.forest.seed = (uint64_t)n[SEED];
    (*env)->GetFloatArrayRegion(env, weights, 0, BW_MAX_CLASSES, o.forest.class_weights);
    memcpy(o.context_sigmas, r + CONTEXT_SIGMAS, sizeof o.context_sigmas);
    *out = o;
    return true;
}

void bw_jni_options_out(JNIEnv *env, const bw_train_options *o, jlongArray whole, jdoubleArray real,
                        jfloatArray weights) {
    if (!check_arrays(env, whole, real, weights)) return;
    const bw_forest_options *f = &o->forest;
    const jlong n[WHOLE_COUNT] = {[TREES] = f->trees,
                                  [MTRY] = f->mtry,
                                  [MAX_DEPTH] = f->max_depth,
                                  [MIN_LEAF] = f->min_leaf,
                                  [EXTRA] = f->extra != 0,
                                  [BALANCE] = f->balance,
                                  [SEED] = (jlong)f->seed,
                                  [HOLDOUT] = o->holdout.kind,
                                  [FOLDS] = o->holdout.folds,
                                  [BLOCK] = o->holdout.block,
                                  [CALIBRATE] = o->calibrate != 0,
                                  [IMPORTANCE] = o->importance,
                                  [CONTEXTS] = o->context_count,
                                  [REFINE] = o->refine};
    jdouble r[REAL_COUNT] = {[BOOTSTRAP] = f->bootstrap, [STROKE_BALANCE] = o->stroke_balance};
    memcpy(r + CONTEXT_SIGMAS, o->context_sigmas, sizeof o->context_sigmas);
    (*env)->SetLongArrayRegion(env, whole, 0, WHOLE_COUNT, n);
    (*env)->SetDoubleArrayRegion(env, real, 0, REAL_COUNT, r);
    (*env)->SetFloatArrayRegion(env, weights, 0, BW_MAX_CLASSES, f->class_weights);
}
