/* Native methods of measurements: the table of measures, tables of objects. */
#include "core/alloc.h"
#include "jni/bridge.h"

/* ---- measures.def */

static jint jni_measureCount(JNIEnv *env, jclass self) {
    (void)env;
    (void)self;
    return bw_measure_row_count();
}

static const bw_measure_row *measure_row(JNIEnv *env, jint index) {
    const bw_measure_row *row = bw_measure_row_get(index);
    if (!row) bw_jni_throw(env, BW_ERROR_ARGUMENT, "The measure's index is out of range.");
    return row;
}

static jobjectArray jni_measureTexts(JNIEnv *env, jclass self, jint index) {
    (void)self;
    const bw_measure_row *row = measure_row(env, index);
    if (!row) return NULL;
    const char *const texts[] = {row->id, row->group, row->label, row->unit, row->definition};
    return bw_jni_texts_out(env, texts, sizeof texts / sizeof *texts);
}

static jlongArray jni_measureNumbers(JNIEnv *env, jclass self, jint index) {
    (void)self;
    const bw_measure_row *row = measure_row(env, index);
    if (!row) return NULL;
    const jlong numbers[] = {row->in_2d, row->in_3d, row->per_channel};
    return bw_jni_longs_out(env, numbers, sizeof numbers / sizeof *numbers);
}

/* ---- tables */

/* Images may be 0, spacing NULL. */
static jlong jni_objectsMeasure(JNIEnv *env, jclass self, jlong job, jlong address, jlong image_address,
                                jlong probabilities_address, jbyteArray measures, jdoubleArray spacing) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_objects *objects = ctx ? bw_jni_object(env, address) : NULL;
    if (!objects || (spacing && !bw_jni_check_array(env, spacing, 3))) return 0;
    double voxel[3];
    if (spacing) (*env)->GetDoubleArrayRegion(env, spacing, 0, 3, voxel);
    const bw_image *image = image_address ? bw_jni_object(env, image_address) : NULL;
    const bw_image *probabilities = probabilities_address ? bw_jni_object(env, probabilities_address) : NULL;
    char *list = bw_jni_text_in(env, ctx, measures, "a list of measures");
    if (!list) return 0;
    bw_measurements *table = NULL;
    const bw_status status =
        bw_objects_measure(ctx, objects, image, probabilities, list, spacing ? voxel : NULL, &table);
    bw_free(list);
    if (bw_jni_ok(env, ctx, status)) return bw_jni_address(table);
    bw_measurements_free(table);
    return 0;
}

static void jni_measurementsFree(JNIEnv *env, jclass self, jlong table) {
    (void)self;
    bw_measurements_free(bw_jni_object(env, table));
}

static jlongArray jni_measurementsNumbers(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_measurements *table = bw_jni_object(env, address);
    if (!table) return NULL;
    const jlong numbers[] = {bw_measurements_rows(table), bw_measurements_columns(table)};
    return bw_jni_longs_out(env, numbers, sizeof numbers / sizeof *numbers);
}

/* The table, of which Java can hold every column; NULL with an exception pending. */
static const bw_measurements *table_in(JNIEnv *env, jlong address) {
    const bw_measurements *table = bw_jni_object(env, address);
    if (!table || bw_measurements_rows(table) <= INT32_MAX) return table;
    bw_jni_throw(env, BW_ERROR_MISMATCH, "The table has more rows than an array of Java holds.");
    return NULL;
}

static const bw_measurements *column_in(JNIEnv *env, jlong address, jint column) {
    const bw_measurements *table = table_in(env, address);
    if (!table || (column >= 0 && column < bw_measurements_columns(table))) return table;
    bw_jni_throw(env, BW_ERROR_ARGUMENT, "The column's index is out of range.");
    return NULL;
}

static jobjectArray jni_measurementsColumn(JNIEnv *env, jclass self, jlong address, jint column) {
    (void)self;
    const bw_measurements *table = column_in(env, address, column);
    if (!table) return NULL;
    const char *const texts[] = {bw_measurements_id(table, column), bw_measurements_heading(table, column),
                                 bw_measurements_unit(table, column)};
    return bw_jni_texts_out(env, texts, sizeof texts / sizeof *texts);
}

static jdoubleArray jni_measurementsValues(JNIEnv *env, jclass self, jlong address, jint column) {
    (void)self;
    const bw_measurements *table = column_in(env, address, column);
    if (!table) return NULL;
    return bw_jni_doubles_out(env, bw_measurements_values(table, column), (int)bw_measurements_rows(table));
}

typedef jint (*row_fn)(const bw_measurements *table, int64_t row);

static jint frame_of(const bw_measurements *table, int64_t row) {
    return bw_measurements_frame(table, row);
}

static jint object_of(const bw_measurements *table, int64_t row) {
    return (jint)bw_measurements_object(table, row);
}

static jintArray of_rows(JNIEnv *env, jlong address, row_fn fn) {
    enum { CHUNK = 1024 };
    const bw_measurements *table = table_in(env, address);
    if (!table) return NULL;
    const jsize count = (jsize)bw_measurements_rows(table);
    jintArray out = (*env)->NewIntArray(env, count);
    for (jsize from = 0; out && from < count; from += CHUNK) {
        jint values[CHUNK];
        const jsize n = count - from < CHUNK ? count - from : CHUNK;
        for (jsize i = 0; i < n; i++)
            values[i] = fn(table, from + i);
        (*env)->SetIntArrayRegion(env, out, from, n, values);
    }
    return out;
}

static jintArray jni_measurementsFrames(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    return of_rows(env, address, frame_of);
}

static jintArray jni_measurementsObjects(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    return of_rows(env, address, object_of);
}

static void jni_measurementsWrite(JNIEnv *env, jclass self, jlong job, jlong address, jbyteArray path) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_measurements *table = ctx ? bw_jni_object(env, address) : NULL;
    char *name = table ? bw_jni_text_in(env, ctx, path, "a path") : NULL;
    if (!name) return;
    bw_jni_ok(env, ctx, bw_measurements_write(ctx, table, name));
    bw_free(name);
}

static const JNINativeMethod rows[] = {
    BW_NATIVE(measureCount, "()I"),           BW_NATIVE(measureTexts, "(I)[[B"),
    BW_NATIVE(measureNumbers, "(I)[J"),       BW_NATIVE(objectsMeasure, "(JJJJ[B[D)J"),
    BW_NATIVE(measurementsFree, "(J)V"),      BW_NATIVE(measurementsNumbers, "(J)[J"),
    BW_NATIVE(measurementsColumn, "(JI)[[B"), BW_NATIVE(measurementsValues, "(JI)[D"),
    BW_NATIVE(measurementsFrames, "(J)[I"),   BW_NATIVE(measurementsObjects, "(J)[I"),
    BW_NATIVE(measurementsWrite, "(JJ[B)V"),
};
const bw_jni_table bw_jni_measure_table = {rows, sizeof rows / sizeof *rows};
