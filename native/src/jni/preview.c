/* Native methods of previews. */
#include "jni/bridge.h"

enum { OUTPUTS = 4 };

static jlong jni_previewCreate(JNIEnv *env, jclass self, jlong job, jlong recipe_address, jlong image_address,
                               jlong cache) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_recipe *recipe = ctx ? bw_jni_object(env, recipe_address) : NULL;
    const bw_image *image = recipe ? bw_jni_object(env, image_address) : NULL;
    if (!image) return 0;
    if (cache < 0) {
        bw_jni_throw(env, BW_ERROR_ARGUMENT, "The cache of a preview cannot have a negative size.");
        return 0;
    }
    bw_preview *preview = NULL;
    bw_jni_ok(env, ctx, bw_preview_create(ctx, recipe, image, (uint64_t)cache, &preview));
    if (!(*env)->ExceptionCheck(env)) return bw_jni_address(preview);
    bw_preview_free(preview);
    return 0;
}

static void jni_previewFree(JNIEnv *env, jclass self, jlong preview) {
    (void)self;
    bw_preview_free(bw_jni_object(env, preview));
}

static void jni_previewPredict(JNIEnv *env, jclass self, jlong job, jlong address, jlong model_address, jint frame,
                               jlongArray lo, jlongArray hi, jint outputs, jlongArray images) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_preview *preview = ctx ? bw_jni_object(env, address) : NULL;
    const bw_model *model = preview ? bw_jni_object(env, model_address) : NULL;
    bw_part part;
    if (!model || !bw_jni_check_array(env, images, OUTPUTS) || !bw_jni_part_in(env, frame, lo, hi, &part)) return;
    bw_prediction made = {0};
    if (bw_jni_ok(env, ctx, bw_preview_predict(ctx, preview, model, &part, outputs, &made))) {
        const jlong addresses[OUTPUTS] = {bw_jni_address(made.probabilities), bw_jni_address(made.labels),
                                          bw_jni_address(made.uncertainty), bw_jni_address(made.entropy)};
        (*env)->SetLongArrayRegion(env, images, 0, OUTPUTS, addresses);
        return;
    }
    bw_prediction_free(&made);
}

static jlong jni_previewFeature(JNIEnv *env, jclass self, jlong job, jlong address, jint index, jint frame,
                                jlongArray lo, jlongArray hi) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_preview *preview = ctx ? bw_jni_object(env, address) : NULL;
    bw_part part;
    if (!preview || !bw_jni_part_in(env, frame, lo, hi, &part)) return 0;
    bw_image *image = NULL;
    if (bw_jni_ok(env, ctx, bw_preview_feature(ctx, preview, index, &part, &image))) return bw_jni_address(image);
    bw_image_free(image);
    return 0;
}

/* From, to (exclusive), others. */
static jlongArray jni_previewSlices(JNIEnv *env, jclass self, jlong address, jint frame, jlongArray lo, jlongArray hi) {
    (void)self;
    const bw_preview *preview = bw_jni_object(env, address);
    bw_part part;
    if (!preview || !bw_jni_part_in(env, frame, lo, hi, &part)) return NULL;
    int64_t from, to, others[BW_MAX_MORE_SLICES];
    int more;
    bw_preview_slices(preview, &part, &from, &to, others, &more);
    jlong out[2 + BW_MAX_MORE_SLICES] = {from, to};
    for (int i = 0; i < more; i++)
        out[2 + i] = others[i];
    return bw_jni_longs_out(env, out, 2 + more);
}

static jlong jni_previewCached(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_preview *preview = bw_jni_object(env, address);
    return preview ? (jlong)bw_preview_cached(preview) : 0;
}

static const JNINativeMethod rows[] = {
    BW_NATIVE(previewCreate, "(JJJJ)J"),         BW_NATIVE(previewFree, "(J)V"),
    BW_NATIVE(previewPredict, "(JJJI[J[JI[J)V"), BW_NATIVE(previewFeature, "(JJII[J[J)J"),
    BW_NATIVE(previewSlices, "(JI[J[J)[J"),      BW_NATIVE(previewCached, "(J)J"),
};
const bw_jni_table bw_jni_preview_table = {rows, sizeof rows / sizeof *rows};
