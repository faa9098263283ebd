/* Native methods of recipes. */
#include "core/alloc.h"
#include "jni/bridge.h"

static jlong jni_recipeParse(JNIEnv *env, jclass self, jlong job, jbyteArray text, jint channels, jint dims,
                             jdouble spacing_x, jdouble spacing_y, jdouble spacing_z) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    char *list = ctx ? bw_jni_text_in(env, ctx, text, "a feature list") : NULL;
    if (!list) return 0;
    const bw_recipe_options options = {channels, dims, {spacing_x, spacing_y, spacing_z}};
    bw_recipe *recipe = NULL;
    bw_jni_ok(env, ctx, bw_recipe_parse(ctx, list, &options, &recipe));
    bw_free(list);
    return bw_jni_address(recipe);
}

static void jni_recipeFree(JNIEnv *env, jclass self, jlong recipe) {
    (void)self;
    bw_recipe_free(bw_jni_object(env, recipe));
}

static jbyteArray jni_recipeText(JNIEnv *env, jclass self, jlong job, jlong address) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_recipe *recipe = ctx ? bw_jni_object(env, address) : NULL;
    return recipe ? bw_jni_recipe_text(env, ctx, recipe) : NULL;
}

static jint jni_recipeCount(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_recipe *recipe = bw_jni_object(env, address);
    return recipe ? bw_recipe_count(recipe) : 0;
}

static jbyteArray jni_recipeName(JNIEnv *env, jclass self, jlong address, jint index) {
    (void)self;
    const bw_recipe *recipe = bw_jni_object(env, address);
    if (!recipe) return NULL;
    if (index < 0 || index >= bw_recipe_count(recipe)) {
        bw_jni_throw(env, BW_ERROR_ARGUMENT, "The feature's index is out of range.");
        return NULL;
    }
    char name[256];
    bw_recipe_name(recipe, index, name, sizeof name);
    return bw_jni_text_out(env, name);
}

static jdoubleArray jni_recipeOptions(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_recipe *recipe = bw_jni_object(env, address);
    return recipe ? bw_jni_recipe_options(env, recipe) : NULL;
}

static jlong jni_recipeCompute(JNIEnv *env, jclass self, jlong job, jlong address, jlong image_address) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_recipe *recipe = ctx ? bw_jni_object(env, address) : NULL;
    const bw_image *image = recipe ? bw_jni_object(env, image_address) : NULL;
    if (!image) return 0;
    bw_image *out = NULL;
    if (bw_jni_ok(env, ctx, bw_features_compute(ctx, recipe, image, &out))) return bw_jni_address(out);
    bw_image_free(out);
    return 0;
}

static const JNINativeMethod rows[] = {
    BW_NATIVE(recipeParse, "(J[BIIDDD)J"), BW_NATIVE(recipeFree, "(J)V"),   BW_NATIVE(recipeText, "(JJ)[B"),
    BW_NATIVE(recipeCount, "(J)I"),        BW_NATIVE(recipeName, "(JI)[B"), BW_NATIVE(recipeOptions, "(J)[D"),
    BW_NATIVE(recipeCompute, "(JJJ)J"),
};
const bw_jni_table bw_jni_recipe_table = {rows, sizeof rows / sizeof *rows};
