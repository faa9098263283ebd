/* Native methods of objects: labelling, what they are, their images. */
#include "core/alloc.h"
#include "jni/bridge.h"

/* Numbers of the options, in the order of ObjectOptions.Packed. */
enum { BOUNDARY, METHOD, FILL, MIN_SIZE, MAX_SIZE, SPLIT, LINES, BORDER, CONNECTIVITY, WHOLE_COUNT };
enum { THRESHOLD, CORE_THRESHOLD, SIGMA, DEPTH, EDGE, MIN_SHARE, SPACING, REAL_COUNT = SPACING + 3 };

/* ---- options */

static bool check_options(JNIEnv *env, jbyteArray foreground, jbyteArray core, jlongArray whole, jdoubleArray real) {
    return bw_jni_check_array(env, foreground, BW_MAX_CLASSES) && bw_jni_check_array(env, core, BW_MAX_CLASSES) &&
           bw_jni_check_array(env, whole, WHOLE_COUNT) && bw_jni_check_array(env, real, REAL_COUNT);
}

static bool options_in(JNIEnv *env, jbyteArray foreground, jbyteArray core, jlongArray whole, jdoubleArray real,
                       bw_objects_options *out) {
    if (!check_options(env, foreground, core, whole, real)) return false;
    jlong n[WHOLE_COUNT];
    jdouble r[REAL_COUNT];
    (*env)->GetLongArrayRegion(env, whole, 0, WHOLE_COUNT, n);
    (*env)->GetDoubleArrayRegion(env, real, 0, REAL_COUNT, r);
    *out = (bw_objects_options){.boundary = (int)n[BOUNDARY],
                                .method = (bw_threshold)n[METHOD],
                                .threshold = r[THRESHOLD],
                                .core_threshold = r[CORE_THRESHOLD],
                                .sigma = r[SIGMA],
                                .fill_holes = (int)n[FILL],
                                .min_size = n[MIN_SIZE],
                                .max_size = n[MAX_SIZE],
                                .min_share = r[MIN_SHARE],
                                .edge = r[EDGE],
                                .split = (bw_splitting)n[SPLIT],
                                .depth = r[DEPTH],
                                .lines = (int)n[LINES],
                                .exclude_border = (int)n[BORDER],
                                .connectivity = (int)n[CONNECTIVITY],
                                .spacing = {r[SPACING], r[SPACING + 1], r[SPACING + 2]}};
    (*env)->GetByteArrayRegion(env, foreground, 0, BW_MAX_CLASSES, (jbyte *)out->foreground);
    (*env)->GetByteArrayRegion(env, core, 0, BW_MAX_CLASSES, (jbyte *)out->core);
    return true;
}

static void jni_objectsDefaults(JNIEnv *env, jclass self, jint method, jbyteArray foreground, jbyteArray core,
                                jlongArray whole, jdoubleArray real) {
    (void)self;
    if (!check_options(env, foreground, core, whole, real)) return;
    bw_objects_options o;
    bw_objects_options_init(&o);
    bw_objects_options_choose(&o, (bw_threshold)method);
    const jlong n[WHOLE_COUNT] = {
        [BOUNDARY] = o.boundary, [METHOD] = o.method,         [FILL] = o.fill_holes,
        [MIN_SIZE] = o.min_size, [MAX_SIZE] = o.max_size,     [SPLIT] = o.split,
        [LINES] = o.lines,       [BORDER] = o.exclude_border, [CONNECTIVITY] = o.connectivity};
    const jdouble r[REAL_COUNT] = {[THRESHOLD] = o.threshold,
                                   [CORE_THRESHOLD] = o.core_threshold,
                                   [SIGMA] = o.sigma,
                                   [DEPTH] = o.depth,
                                   [EDGE] = o.edge,
                                   [MIN_SHARE] = o.min_share,
                                   [SPACING] = o.spacing[0],
                                   [SPACING + 1] = o.spacing[1],
                                   [SPACING + 2] = o.spacing[2]};
    (*env)->SetByteArrayRegion(env, foreground, 0, BW_MAX_CLASSES, (const jbyte *)o.foreground);
    (*env)->SetByteArrayRegion(env, core, 0, BW_MAX_CLASSES, (const jbyte *)o.core);
    (*env)->SetLongArrayRegion(env, whole, 0, WHOLE_COUNT, n);
    (*env)->SetDoubleArrayRegion(env, real, 0, REAL_COUNT, r);
}

/* ---- making */

/* report: thresholds used, components, objects, without core, too small, too large, at the border, voxels of holes. */
enum { REPORT_COUNT = 9 };

static jlong jni_objectsLabel(JNIEnv *env, jclass self, jlong job, jlong address, jbyteArray foreground,
                              jbyteArray core, jlongArray whole, jdoubleArray real, jdoubleArray report) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_image *image = ctx ? bw_jni_object(env, address) : NULL;
    bw_objects_options options;
    if (!image || !options_in(env, foreground, core, whole, real, &options)) return 0;
    if (!bw_jni_check_array(env, report, REPORT_COUNT)) return 0;
    bw_objects *objects = NULL;
    bw_objects_report r = {0};
    if (!bw_jni_ok(env, ctx, bw_objects_label(ctx, image, &options, &objects, &r))) {
        bw_objects_free(objects);
        return 0;
    }
    const jdouble numbers[REPORT_COUNT] = {r.threshold,         r.core_threshold,       (double)r.components,
                                           (double)r.objects,   (double)r.without_core, (double)r.too_small,
                                           (double)r.too_large, (double)r.at_border,    (double)r.filled};
    (*env)->SetDoubleArrayRegion(env, report, 0, REPORT_COUNT, numbers);
    return bw_jni_address(objects);
}

/* The objects of a call that returned `status`; 0 with an exception pending when it failed. */
static jlong made(JNIEnv *env, const bw_context *ctx, bw_status status, bw_objects *objects) {
    if (bw_jni_ok(env, ctx, status)) return bw_jni_address(objects);
    bw_objects_free(objects);
    return 0;
}

/* mask: receives whether it was one. */
static jlong jni_objectsFromImage(JNIEnv *env, jclass self, jlong job, jlong address, jbooleanArray mask) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_image *image = ctx ? bw_jni_object(env, address) : NULL;
    if (!image || !bw_jni_check_array(env, mask, 1)) return 0;
    bw_objects *objects = NULL;
    int found = 0;
    const bw_status status = bw_objects_from_image(ctx, image, 0, &objects, &found);
    const jboolean value = (jboolean)(found != 0);
    const jlong result = made(env, ctx, status, objects);
    if (result) (*env)->SetBooleanArrayRegion(env, mask, 0, 1, &value);
    return result;
}

static void jni_objectsFree(JNIEnv *env, jclass self, jlong objects) {
    (void)self;
    bw_objects_free(bw_jni_object(env, objects));
}

/* ---- what they are */

/* Objects of a frame as the length of an array; -1 with an exception pending. */
static jsize frame_count(JNIEnv *env, const bw_objects *objects, jint frame) {
    if (frame < 0 || frame >= bw_objects_get_info(objects)->frames) {
        bw_jni_throw(env, BW_ERROR_ARGUMENT, "The frame is out of range.");
        return -1;
    }
    const int64_t count = bw_objects_count(objects, frame);
    if (count <= INT32_MAX) return (jsize)count;
    bw_jni_throw(env, BW_ERROR_MISMATCH, "There are more objects in a frame than an array of Java holds.");
    return -1;
}

static jlongArray jni_objectsCounts(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_objects *objects = bw_jni_object(env, address);
    if (!objects) return NULL;
    const jsize frames = bw_objects_get_info(objects)->frames;
    jlongArray out = (*env)->NewLongArray(env, frames);
    for (jsize t = 0; out && t < frames; t++) {
        const jlong count = bw_objects_count(objects, t);
        (*env)->SetLongArrayRegion(env, out, t, 1, &count);
    }
    return out;
}

enum { CHUNK = 1024 };

static jintArray jni_objectsIds(JNIEnv *env, jclass self, jlong address, jint frame) {
    (void)self;
    const bw_objects *objects = bw_jni_object(env, address);
    const jsize count = objects ? frame_count(env, objects, frame) : -1;
    jintArray out = count < 0 ? NULL : (*env)->NewIntArray(env, count);
    for (jsize from = 0; out && from < count; from += CHUNK) {
        jint ids[CHUNK];
        const jsize n = count - from < CHUNK ? count - from : CHUNK;
        for (jsize i = 0; i < n; i++)
            ids[i] = (jint)bw_objects_id(objects, frame, from + i);
        (*env)->SetIntArrayRegion(env, out, from, n, ids);
    }
    return out;
}

static jbyteArray jni_objectsClasses(JNIEnv *env, jclass self, jlong address, jint frame) {
    (void)self;
    const bw_objects *objects = bw_jni_object(env, address);
    const jsize count = objects ? frame_count(env, objects, frame) : -1;
    jbyteArray out = count < 0 ? NULL : (*env)->NewByteArray(env, count);
    for (jsize from = 0; out && from < count; from += CHUNK) {
        jbyte numbers[CHUNK];
        const jsize n = count - from < CHUNK ? count - from : CHUNK;
        for (jsize i = 0; i < n; i++)
            numbers[i] = (jbyte)bw_objects_class(objects, frame, from + i);
        (*env)->SetByteArrayRegion(env, out, from, n, numbers);
    }
    return out;
}

static jobjectArray jni_objectsClassNames(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_objects *objects = bw_jni_object(env, address);
    if (!objects) return NULL;
    const char *names[BW_MAX_CLASSES];
    const int count = bw_objects_class_count(objects);
    for (int k = 0; k < count; k++)
        names[k] = bw_objects_class_name(objects, k + 1);
    return bw_jni_texts_out(env, names, count);
}

static void free_names(char **names, int count) {
    for (int k = 0; k < count; k++)
        bw_free(names[k]);
}

/* Copies for free_names; false with an exception pending. */
static bool names_in(JNIEnv *env, bw_context *ctx, jobjectArray array, char **names, int count) {
    for (int k = 0; k < count; k++) {
        jbyteArray text = (*env)->GetObjectArrayElement(env, array, k);
        names[k] = bw_jni_text_in(env, ctx, text, "a class's name");
        (*env)->DeleteLocalRef(env, text);
        if (!names[k]) return false;
    }
    return true;
}

static int64_t all_count(const bw_objects *objects) {
    int64_t count = 0;
    for (int t = 0; t < bw_objects_get_info(objects)->frames; t++)
        count += bw_objects_count(objects, t);
    return count;
}

typedef bw_status (*classes_fn)(bw_context *ctx, void *target, int count, const char *const *names,
                                const uint8_t *classes);

static bw_status of_objects(bw_context *ctx, void *objects, int count, const char *const *names,
                            const uint8_t *classes) {
    return bw_objects_set_classes(ctx, objects, count, names, classes);
}

static bw_status of_measurements(bw_context *ctx, void *table, int count, const char *const *names,
                                 const uint8_t *classes) {
    return bw_measurements_set_classes(ctx, table, count, names, classes);
}

/* classes: `total` of them */
static void set_classes(JNIEnv *env, bw_context *ctx, classes_fn set, void *target, int64_t total, jobjectArray names,
                        jbyteArray classes) {
    if (!bw_jni_check_array(env, names, 0) || !bw_jni_check_array(env, classes, total)) return;
    const jsize count = (*env)->GetArrayLength(env, names);
    char *texts[BW_MAX_CLASSES] = {0};
    if (count > BW_MAX_CLASSES) {
        bw_jni_throw(env, BW_ERROR_ARGUMENT, "There are at most 255 classes of objects.");
        return;
    }
    uint8_t *numbers = bw_alloc(ctx, (uint64_t)total + 1, 1, "classes of objects");
    if (bw_jni_ok(env, ctx, numbers ? BW_OK : BW_ERROR_MEMORY) && names_in(env, ctx, names, texts, count)) {
        (*env)->GetByteArrayRegion(env, classes, 0, (jsize)total, (jbyte *)numbers);
        bw_jni_ok(env, ctx, set(ctx, target, count, (const char *const *)texts, numbers));
    }
    free_names(texts, count);
    bw_free(numbers);
}

/* classes: one per object, frame after frame */
static void jni_objectsSetClasses(JNIEnv *env, jclass self, jlong job, jlong address, jobjectArray names,
                                  jbyteArray classes) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_objects *objects = ctx ? bw_jni_object(env, address) : NULL;
    if (objects) set_classes(env, ctx, of_objects, objects, all_count(objects), names, classes);
}

/* classes: one per row */
static void jni_measurementsSetClasses(JNIEnv *env, jclass self, jlong job, jlong address, jobjectArray names,
                                       jbyteArray classes) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_measurements *table = ctx ? bw_jni_object(env, address) : NULL;
    if (table) set_classes(env, ctx, of_measurements, table, bw_measurements_rows(table), names, classes);
}

/* Classes of the objects under paint, one per object, frame after frame. */
static jbyteArray jni_objectsExamples(JNIEnv *env, jclass self, jlong job, jlong address, jlong paint_address) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_objects *objects = ctx ? bw_jni_object(env, address) : NULL;
    const bw_image *paint = objects ? bw_jni_object(env, paint_address) : NULL;
    if (!paint) return NULL;
    const int64_t total = all_count(objects);
    if (total > INT32_MAX) {
        bw_jni_throw(env, BW_ERROR_MISMATCH, "There are more objects than an array of Java holds.");
        return NULL;
    }
    jbyteArray out = NULL;
    uint8_t *numbers = bw_alloc(ctx, (uint64_t)total + 1, 1, "examples of classes");
    if (bw_jni_ok(env, ctx, numbers ? bw_objects_examples(ctx, objects, paint, numbers) : BW_ERROR_MEMORY))
        out = (*env)->NewByteArray(env, (jsize)total);
    if (out) (*env)->SetByteArrayRegion(env, out, 0, (jsize)total, (const jbyte *)numbers);
    bw_free(numbers);
    return out;
}

/* ---- images */

static jlong jni_objectsOutline(JNIEnv *env, jclass self, jlong job, jlong address, jint output) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_objects *objects = ctx ? bw_jni_object(env, address) : NULL;
    bw_image *outline = NULL;
    if (objects) bw_jni_ok(env, ctx, bw_objects_outline(ctx, objects, (bw_objects_output)output, &outline));
    return bw_jni_address(outline);
}

static void jni_objectsWrite(JNIEnv *env, jclass self, jlong job, jlong address, jint output, jlong sink_address) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_objects *objects = ctx ? bw_jni_object(env, address) : NULL;
    bw_sink *sink = objects ? bw_jni_object(env, sink_address) : NULL;
    if (sink) bw_jni_ok(env, ctx, bw_objects_write(ctx, objects, (bw_objects_output)output, sink));
}

static const JNINativeMethod rows[] = {
    BW_NATIVE(objectsDefaults, "(I[B[B[J[D)V"), BW_NATIVE(objectsLabel, "(JJ[B[B[J[D[D)J"),
    BW_NATIVE(objectsFromImage, "(JJ[Z)J"),     BW_NATIVE(objectsFree, "(J)V"),
    BW_NATIVE(objectsCounts, "(J)[J"),          BW_NATIVE(objectsIds, "(JI)[I"),
    BW_NATIVE(objectsClasses, "(JI)[B"),        BW_NATIVE(objectsClassNames, "(J)[[B"),
    BW_NATIVE(objectsSetClasses, "(JJ[[B[B)V"), BW_NATIVE(measurementsSetClasses, "(JJ[[B[B)V"),
    BW_NATIVE(objectsExamples, "(JJJ)[B"),      BW_NATIVE(objectsOutline, "(JJI)J"),
    BW_NATIVE(objectsWrite, "(JJIJ)V"),
};
const bw_jni_table bw_jni_objects_table = {rows, sizeof rows / sizeof *rows};
