/* Native methods of recipes and trainers. */
#include <string.h>

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

/* ---- trainer */

static jlong jni_trainerCreate(JNIEnv *env, jclass self, jlong job, jlong address) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_recipe *recipe = ctx ? bw_jni_object(env, address) : NULL;
    bw_trainer *trainer = NULL;
    if (recipe) bw_jni_ok(env, ctx, bw_trainer_create(ctx, recipe, &trainer));
    return bw_jni_address(trainer);
}

static void jni_trainerFree(JNIEnv *env, jclass self, jlong trainer) {
    (void)self;
    bw_trainer_free(bw_jni_object(env, trainer));
}

static void jni_trainerAdd(JNIEnv *env, jclass self, jlong job, jlong address, jlong image_address,
                           jlong labels_address) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_trainer *trainer = ctx ? bw_jni_object(env, address) : NULL;
    const bw_image *image = trainer ? bw_jni_object(env, image_address) : NULL;
    const bw_image *labels = image ? bw_jni_object(env, labels_address) : NULL;
    if (labels) bw_jni_ok(env, ctx, bw_trainer_add(ctx, trainer, image, labels));
}

static void jni_trainerSetClass(JNIEnv *env, jclass self, jlong job, jlong address, jint index, jbyteArray name,
                                jint rgb) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_trainer *trainer = ctx ? bw_jni_object(env, address) : NULL;
    char *text = trainer ? bw_jni_text_in(env, ctx, name, "a class name") : NULL;
    if (!text) return;
    bw_class_info info = {"", (uint32_t)rgb};
    size_t length = strlen(text);
    if (length < sizeof info.name) {
        memcpy(info.name, text, length);
        bw_jni_ok(env, ctx, bw_trainer_set_class(ctx, trainer, index, &info));
    } else {
        bw_jni_throw(env, BW_ERROR_ARGUMENT, "The class name is longer than 63 bytes; choose a shorter one.");
    }
    bw_free(text);
}

static jlong jni_trainerSamples(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_trainer *trainer = bw_jni_object(env, address);
    return trainer ? bw_trainer_sample_count(trainer) : 0;
}

static jint jni_trainerClasses(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_trainer *trainer = bw_jni_object(env, address);
    return trainer ? bw_trainer_class_count(trainer) : 0;
}

static jlong jni_trainerTrain(JNIEnv *env, jclass self, jlong job, jlong address, jint trees, jint mtry, jint max_depth,
                              jint min_leaf, jboolean balance, jlong seed) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_trainer *trainer = ctx ? bw_jni_object(env, address) : NULL;
    if (!trainer) return 0;
    const bw_forest_options options = {
        trees, mtry, max_depth, min_leaf, balance ? BW_BALANCE_CLASSES : BW_BALANCE_NONE, (uint64_t)seed,
    };
    bw_model *model = NULL;
    if (bw_jni_ok(env, ctx, bw_trainer_train(ctx, trainer, &options, &model))) return bw_jni_address(model);
    bw_model_free(model);
    return 0;
}

static const JNINativeMethod rows[] = {
    BW_NATIVE(recipeParse, "(J[BIIDDD)J"), BW_NATIVE(recipeFree, "(J)V"),           BW_NATIVE(recipeText, "(JJ)[B"),
    BW_NATIVE(recipeCount, "(J)I"),        BW_NATIVE(recipeName, "(JI)[B"),         BW_NATIVE(recipeOptions, "(J)[D"),
    BW_NATIVE(recipeCompute, "(JJJ)J"),    BW_NATIVE(trainerCreate, "(JJ)J"),       BW_NATIVE(trainerFree, "(J)V"),
    BW_NATIVE(trainerAdd, "(JJJJ)V"),      BW_NATIVE(trainerSetClass, "(JJI[BI)V"), BW_NATIVE(trainerSamples, "(J)J"),
    BW_NATIVE(trainerClasses, "(J)I"),     BW_NATIVE(trainerTrain, "(JJIIIIZJ)J"),
};
const bw_jni_table bw_jni_learn_table = {rows, sizeof rows / sizeof *rows};
