/* Native methods of assessments. */
#include "core/alloc.h"
#include "jni/bridge.h"

static jlong jni_assessmentCreate(JNIEnv *env, jclass self, jlong job, jint classes) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_assessment *assessment = NULL;
    if (ctx) bw_jni_ok(env, ctx, bw_assessment_create(ctx, classes, &assessment));
    return bw_jni_address(assessment);
}

static void jni_assessmentFree(JNIEnv *env, jclass self, jlong assessment) {
    (void)self;
    bw_assessment_free(bw_jni_object(env, assessment));
}

/* Labels and probabilities may be 0. */
static void jni_assessmentAdd(JNIEnv *env, jclass self, jlong job, jlong address, jlong truth_address, jlong labels,
                              jlong probabilities) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_assessment *assessment = ctx ? bw_jni_object(env, address) : NULL;
    const bw_image *truth = assessment ? bw_jni_object(env, truth_address) : NULL;
    if (!truth) return;
    const bw_image *winners = labels ? bw_jni_object(env, labels) : NULL;
    const bw_image *shares = probabilities ? bw_jni_object(env, probabilities) : NULL;
    bw_jni_ok(env, ctx, bw_assessment_add(ctx, assessment, truth, winners, shares));
}

static jint jni_assessmentClasses(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_assessment *assessment = bw_jni_object(env, address);
    return assessment ? bw_assessment_classes(assessment) : 0;
}

/* Row by row: truth, then predicted. */
static jlongArray jni_assessmentCounts(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_assessment *assessment = bw_jni_object(env, address);
    if (!assessment) return NULL;
    const int classes = bw_assessment_classes(assessment);
    jlongArray out = (*env)->NewLongArray(env, classes * classes);
    for (int truth = 0; out && truth < classes; truth++) {
        jlong row[BW_MAX_CLASSES];
        for (int k = 0; k < classes; k++)
            row[k] = bw_assessment_count(assessment, truth, k);
        (*env)->SetLongArrayRegion(env, out, truth * classes, classes, row);
    }
    return out;
}

static jdoubleArray jni_assessmentClass(JNIEnv *env, jclass self, jlong address, jint index) {
    (void)self;
    const bw_assessment *assessment = bw_jni_object(env, address);
    if (!assessment) return NULL;
    bw_class_score s;
    bw_assessment_class(assessment, index, &s);
    const double numbers[] = {(double)s.truth, (double)s.predicted, (double)s.hits, s.precision, s.recall, s.f1, s.iou};
    return bw_jni_doubles_out(env, numbers, sizeof numbers / sizeof *numbers);
}

static jdoubleArray jni_assessmentSummary(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_assessment *assessment = bw_jni_object(env, address);
    if (!assessment) return NULL;
    bw_summary s;
    bw_assessment_summary(assessment, &s);
    const double numbers[] = {(double)s.pixels, s.accuracy,          s.balanced_accuracy,
                              s.mean_iou,       s.mean_f1,           s.kappa,
                              s.brier,          s.calibration_error, (double)s.with_probability};
    return bw_jni_doubles_out(env, numbers, sizeof numbers / sizeof *numbers);
}

/* Count, predicted and observed of every bin; index -1 = all classes together. */
static jdoubleArray jni_assessmentReliability(JNIEnv *env, jclass self, jlong address, jint index) {
    (void)self;
    const bw_assessment *assessment = bw_jni_object(env, address);
    if (!assessment) return NULL;
    double numbers[3 * BW_RELIABILITY_BINS];
    for (int bin = 0; bin < BW_RELIABILITY_BINS; bin++) {
        bw_reliability r;
        bw_assessment_reliability(assessment, index, bin, &r);
        numbers[3 * bin] = (double)r.count;
        numbers[3 * bin + 1] = r.predicted;
        numbers[3 * bin + 2] = r.observed;
    }
    return bw_jni_doubles_out(env, numbers, 3 * BW_RELIABILITY_BINS);
}

/* The model gives the classes' names; 0 = none. */
static jbyteArray jni_assessmentDescribe(JNIEnv *env, jclass self, jlong job, jlong address, jlong model, jint format) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_assessment *assessment = ctx ? bw_jni_object(env, address) : NULL;
    if (!assessment) return NULL;
    const bw_model *names = model ? bw_jni_object(env, model) : NULL;
    char *text = NULL;
    bw_status status = bw_assessment_describe(ctx, assessment, names, (bw_describe_format)format, &text);
    return bw_jni_owned_text_out(env, ctx, status, text);
}

static const JNINativeMethod rows[] = {
    BW_NATIVE(assessmentCreate, "(JI)J"),      BW_NATIVE(assessmentFree, "(J)V"),
    BW_NATIVE(assessmentAdd, "(JJJJJ)V"),      BW_NATIVE(assessmentClasses, "(J)I"),
    BW_NATIVE(assessmentCounts, "(J)[J"),      BW_NATIVE(assessmentClass, "(JI)[D"),
    BW_NATIVE(assessmentSummary, "(J)[D"),     BW_NATIVE(assessmentReliability, "(JI)[D"),
    BW_NATIVE(assessmentDescribe, "(JJJI)[B"),
};
const bw_jni_table bw_jni_assess_table = {rows, sizeof rows / sizeof *rows};
