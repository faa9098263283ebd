/* Native methods of comparisons of segmentations. */
#include "core/alloc.h"
#include "jni/bridge.h"

static int flags_of(jboolean ignore_zero, jboolean take_apart) {
    return (ignore_zero ? BW_COMPARE_IGNORE_ZERO : 0) | (take_apart ? BW_COMPARE_TAKE_APART : 0);
}

static jlong jni_comparisonCreate(JNIEnv *env, jclass self, jlong job, jint kind, jboolean ignore_zero,
                                  jboolean take_apart) {
    (void)self;
    const int flags = flags_of(ignore_zero, take_apart);
    bw_context *ctx = bw_jni_context(env, job);
    bw_comparison *comparison = NULL;
    if (ctx) bw_jni_ok(env, ctx, bw_comparison_create(ctx, (bw_comparison_kind)kind, flags, &comparison));
    return bw_jni_address(comparison);
}

static void jni_comparisonFree(JNIEnv *env, jclass self, jlong comparison) {
    (void)self;
    bw_comparison_free(bw_jni_object(env, comparison));
}

static void jni_comparisonAdd(JNIEnv *env, jclass self, jlong job, jlong address, jlong truth_address,
                              jlong result_address) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_comparison *comparison = ctx ? bw_jni_object(env, address) : NULL;
    const bw_image *truth = comparison ? bw_jni_object(env, truth_address) : NULL;
    const bw_image *result = truth ? bw_jni_object(env, result_address) : NULL;
    if (result) bw_jni_ok(env, ctx, bw_comparison_add(ctx, comparison, truth, result));
}

/* Masks that were taken apart: of the truth, of the result. */
static jlongArray jni_comparisonTakenApart(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_comparison *comparison = bw_jni_object(env, address);
    if (!comparison) return NULL;
    const jlong numbers[] = {bw_comparison_taken_apart(comparison, 0), bw_comparison_taken_apart(comparison, 1)};
    return bw_jni_longs_out(env, numbers, sizeof numbers / sizeof *numbers);
}

/* What an image can be, a sum of bits. */
static jint jni_comparisonKinds(JNIEnv *env, jclass self, jlong job, jlong address) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_image *image = ctx ? bw_jni_object(env, address) : NULL;
    int kinds = 0;
    if (image) bw_jni_ok(env, ctx, bw_comparison_kinds(ctx, image, &kinds));
    return kinds;
}

/* ---- the images that were compared */

static jlong jni_comparisonImages(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_comparison *comparison = bw_jni_object(env, address);
    return comparison ? bw_comparison_images(comparison) : 0;
}

/* image: an index, or where `all` says so all images pooled or the means over them. */
static const bw_comparison *image_in(JNIEnv *env, jlong address, jlong image, bool all) {
    const bw_comparison *comparison = bw_jni_object(env, address);
    if (!comparison) return NULL;
    if (image >= (all ? BW_COMPARE_MEAN : 0) && image < bw_comparison_images(comparison)) return comparison;
    bw_jni_throw(env, BW_ERROR_ARGUMENT, "The image's index is out of range.");
    return NULL;
}

static jbyteArray jni_comparisonImageName(JNIEnv *env, jclass self, jlong address, jlong image) {
    (void)self;
    const bw_comparison *comparison = image_in(env, address, image, false);
    return comparison ? bw_jni_text_out(env, bw_comparison_image_name(comparison, image)) : NULL;
}

static jint jni_comparisonImageFrame(JNIEnv *env, jclass self, jlong address, jlong image) {
    (void)self;
    const bw_comparison *comparison = image_in(env, address, image, false);
    return comparison ? bw_comparison_image_frame(comparison, image) : 0;
}

/* ---- scores */

static jint jni_scoreCount(JNIEnv *env, jclass self) {
    (void)env;
    (void)self;
    return bw_comparison_score_count();
}

static jobjectArray jni_scoreTexts(JNIEnv *env, jclass self, jint index) {
    (void)self;
    const bw_comparison_score *score = bw_comparison_score_get(index);
    if (!score) {
        bw_jni_throw(env, BW_ERROR_ARGUMENT, "The score's index is out of range.");
        return NULL;
    }
    const char *const texts[] = {score->id, score->label, score->definition};
    return bw_jni_texts_out(env, texts, sizeof texts / sizeof *texts);
}

/* kinds that have it as a sum of bits, whether it is a count */
static jlongArray jni_scoreNumbers(JNIEnv *env, jclass self, jint index) {
    (void)self;
    const bw_comparison_score *score = bw_comparison_score_get(index);
    if (!score) {
        bw_jni_throw(env, BW_ERROR_ARGUMENT, "The score's index is out of range.");
        return NULL;
    }
    const jlong numbers[] = {score->kinds, score->whole};
    return bw_jni_longs_out(env, numbers, sizeof numbers / sizeof *numbers);
}

static jdoubleArray jni_comparisonValues(JNIEnv *env, jclass self, jlong job, jlong address, jlong image) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_comparison *comparison = ctx ? image_in(env, address, image, true) : NULL;
    if (!comparison) return NULL;
    const int count = bw_comparison_score_count();
    double *values = bw_calloc(ctx, (uint64_t)count, sizeof *values, "scores");
    jdoubleArray out = NULL;
    if (bw_jni_ok(env, ctx, values ? BW_OK : BW_ERROR_MEMORY)) {
        bw_comparison_values(comparison, image, values);
        out = bw_jni_doubles_out(env, values, count);
    }
    bw_free(values);
    return out;
}

/* The structure's numbers in their order. */
static jdoubleArray jni_comparisonMatch(JNIEnv *env, jclass self, jlong address, jlong image, jint index) {
    (void)self;
    const bw_comparison *comparison = image_in(env, address, image, true);
    if (!comparison) return NULL;
    if (index < 0 || index >= BW_COMPARE_THRESHOLDS) {
        bw_jni_throw(env, BW_ERROR_ARGUMENT, "The threshold's index is out of range.");
        return NULL;
    }
    bw_match_score s = {0};
    bw_comparison_match(comparison, image, index, &s);
    const double numbers[] = {s.threshold,       (double)s.truth,    (double)s.predicted,
                              (double)s.hits,    (double)s.extra,    (double)s.missed,
                              s.precision,       s.recall,           s.f1,
                              s.accuracy,        s.mean_matched_iou, s.mean_true_iou,
                              s.panoptic_quality};
    return bw_jni_doubles_out(env, numbers, sizeof numbers / sizeof *numbers);
}

static jint jni_comparisonClasses(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_comparison *comparison = bw_jni_object(env, address);
    return comparison ? bw_comparison_classes(comparison) : 0;
}

/* truth, predicted, hits, precision, recall, F1, IoU of all images pooled */
static jdoubleArray jni_comparisonClass(JNIEnv *env, jclass self, jlong address, jint index) {
    (void)self;
    const bw_comparison *comparison = bw_jni_object(env, address);
    if (!comparison) return NULL;
    bw_class_score s = {0};
    bw_comparison_class(comparison, BW_COMPARE_POOLED, index, &s);
    const double numbers[] = {(double)s.truth, (double)s.predicted, (double)s.hits, s.precision, s.recall, s.f1, s.iou};
    return bw_jni_doubles_out(env, numbers, sizeof numbers / sizeof *numbers);
}

/* Row by row: truth, then predicted. */
static jlongArray jni_comparisonCounts(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_comparison *comparison = bw_jni_object(env, address);
    if (!comparison) return NULL;
    const int classes = bw_comparison_classes(comparison);
    jlongArray out = (*env)->NewLongArray(env, classes * classes);
    for (int truth = 0; out && truth < classes; truth++) {
        for (int k = 0; k < classes; k++) {
            const jlong count = bw_comparison_count(comparison, truth, k);
            (*env)->SetLongArrayRegion(env, out, truth * classes + k, 1, &count);
        }
    }
    return out;
}

static jbyteArray jni_comparisonDescribe(JNIEnv *env, jclass self, jlong job, jlong address, jint format) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_comparison *comparison = ctx ? bw_jni_object(env, address) : NULL;
    if (!comparison) return NULL;
    char *text = NULL;
    const bw_status status = bw_comparison_describe(ctx, comparison, (bw_describe_format)format, &text);
    return bw_jni_owned_text_out(env, ctx, status, text);
}

/* ---- the picture */

static jint jni_differenceCount(JNIEnv *env, jclass self) {
    (void)env;
    (void)self;
    return bw_comparison_colour_count();
}

static jobjectArray jni_differenceTexts(JNIEnv *env, jclass self, jint index) {
    (void)self;
    const bw_comparison_colour *colour = bw_comparison_colour_get(index);
    if (!colour) {
        bw_jni_throw(env, BW_ERROR_ARGUMENT, "The colour's index is out of range.");
        return NULL;
    }
    const char *const texts[] = {colour->id, colour->meaning};
    return bw_jni_texts_out(env, texts, sizeof texts / sizeof *texts);
}

/* 0xRRGGBB, kinds that have it as a sum of bits */
static jlongArray jni_differenceNumbers(JNIEnv *env, jclass self, jint index) {
    (void)self;
    const bw_comparison_colour *colour = bw_comparison_colour_get(index);
    if (!colour) {
        bw_jni_throw(env, BW_ERROR_ARGUMENT, "The colour's index is out of range.");
        return NULL;
    }
    const jlong numbers[] = {colour->colour, colour->kinds};
    return bw_jni_longs_out(env, numbers, sizeof numbers / sizeof *numbers);
}

static jlong jni_comparisonOutline(JNIEnv *env, jclass self, jlong job, jlong address) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_image *truth = ctx ? bw_jni_object(env, address) : NULL;
    bw_image *outline = NULL;
    if (truth) bw_jni_ok(env, ctx, bw_comparison_outline(ctx, truth, &outline));
    return bw_jni_address(outline);
}

static void jni_comparisonDraw(JNIEnv *env, jclass self, jlong job, jlong truth_address, jlong result_address,
                               jint kind, jboolean ignore_zero, jboolean take_apart, jlong sink_address) {
    (void)self;
    const int flags = flags_of(ignore_zero, take_apart);
    bw_context *ctx = bw_jni_context(env, job);
    const bw_image *truth = ctx ? bw_jni_object(env, truth_address) : NULL;
    const bw_image *result = truth ? bw_jni_object(env, result_address) : NULL;
    bw_sink *sink = result ? bw_jni_object(env, sink_address) : NULL;
    if (!sink) return;
    bw_jni_ok(env, ctx, bw_comparison_draw(ctx, truth, result, (bw_comparison_kind)kind, flags, sink));
}

static const JNINativeMethod rows[] = {
    BW_NATIVE(comparisonCreate, "(JIZZ)J"),   BW_NATIVE(comparisonFree, "(J)V"),
    BW_NATIVE(comparisonAdd, "(JJJJ)V"),      BW_NATIVE(comparisonKinds, "(JJ)I"),
    BW_NATIVE(comparisonImages, "(J)J"),      BW_NATIVE(comparisonImageName, "(JJ)[B"),
    BW_NATIVE(comparisonImageFrame, "(JJ)I"), BW_NATIVE(scoreCount, "()I"),
    BW_NATIVE(scoreTexts, "(I)[[B"),          BW_NATIVE(scoreNumbers, "(I)[J"),
    BW_NATIVE(comparisonValues, "(JJJ)[D"),   BW_NATIVE(comparisonMatch, "(JJI)[D"),
    BW_NATIVE(comparisonClasses, "(J)I"),     BW_NATIVE(comparisonClass, "(JI)[D"),
    BW_NATIVE(comparisonCounts, "(J)[J"),     BW_NATIVE(comparisonDescribe, "(JJI)[B"),
    BW_NATIVE(differenceCount, "()I"),        BW_NATIVE(differenceTexts, "(I)[[B"),
    BW_NATIVE(differenceNumbers, "(I)[J"),    BW_NATIVE(comparisonOutline, "(JJ)J"),
    BW_NATIVE(comparisonDraw, "(JJJIZZJ)V"),  BW_NATIVE(comparisonTakenApart, "(J)[J"),
};
const bw_jni_table bw_jni_compare_table = {rows, sizeof rows / sizeof *rows};
