/* Native methods of predictions block by block. */
#include "core/alloc.h"
#include "jni/bridge.h"

enum { OUTPUTS = 4 };

/* Whole numbers of the options, in the order of BlockOptions.pack; the last three are of three each: x, y, z. */
enum { TILE, UNREFINED, VERSION, CODEC, SAID, OVERWRITE, CHUNK, BLOCK = CHUNK + 3, WHOLE_COUNT = BLOCK + 3 };

/* spacing: its three numbers, or NULL for the image's own. */
static bw_block_options options_of(const jlong n[WHOLE_COUNT], const double *spacing) {
    bw_block_options o = {.predict = {.tile = n[TILE], .spacing = spacing, .unrefined = n[UNREFINED] != 0},
                          .zarr = {.version = (bw_zarr_version)n[VERSION], .codec = (bw_zarr_codec)n[CODEC]},
                          .said = (int)n[SAID],
                          .overwrite = n[OVERWRITE] != 0};
    for (int axis = 0; axis < 3; axis++) {
        o.zarr.chunk[axis] = n[CHUNK + axis];
        o.block[axis] = n[BLOCK + axis];
    }
    return o;
}

static void free_paths(char *paths[OUTPUTS]) {
    for (int i = 0; i < OUTPUTS; i++)
        bw_free(paths[i]);
}

/* Copies of the paths, NULL for NULL; false with an exception pending. */
static bool paths_in(JNIEnv *env, bw_context *ctx, jobjectArray array, char *paths[OUTPUTS]) {
    if (!bw_jni_check_array(env, array, OUTPUTS)) return false;
    for (int i = 0; i < OUTPUTS; i++) {
        jbyteArray text = (*env)->GetObjectArrayElement(env, array, i);
        if (!text) continue;
        paths[i] = bw_jni_text_in(env, ctx, text, "a path");
        (*env)->DeleteLocalRef(env, text);
        if (!paths[i]) return false;
    }
    return true;
}

static jlong jni_blockJobOpen(JNIEnv *env, jclass self, jlong job, jlong model_address, jlong image_address,
                              jobjectArray path_array, jlongArray whole, jdoubleArray spacing) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_model *model = ctx ? bw_jni_object(env, model_address) : NULL;
    const bw_image *image = model ? bw_jni_object(env, image_address) : NULL;
    if (!image || !bw_jni_check_array(env, whole, WHOLE_COUNT)) return 0;
    if (spacing && !bw_jni_check_array(env, spacing, 3)) return 0;
    jlong numbers[WHOLE_COUNT];
    double voxel[3];
    (*env)->GetLongArrayRegion(env, whole, 0, WHOLE_COUNT, numbers);
    if (spacing) (*env)->GetDoubleArrayRegion(env, spacing, 0, 3, voxel);
    const bw_block_options options = options_of(numbers, spacing ? voxel : NULL);
    char *paths[OUTPUTS] = {NULL};
    bw_block_job *made = NULL;
    if (paths_in(env, ctx, path_array, paths))
        bw_jni_ok(env, ctx, bw_block_job_open(ctx, model, image, (const char *const *)paths, &options, &made));
    free_paths(paths);
    if (!(*env)->ExceptionCheck(env)) return bw_jni_address(made);
    bw_block_job_free(made);
    return 0;
}

static void jni_blockJobFree(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    bw_block_job_free(bw_jni_object(env, address));
}

/* Blocks; count, size, margin and chunk along x, y, z; bytes. */
static jlongArray jni_blockJobInfo(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_block_job *blocks = bw_jni_object(env, address);
    if (!blocks) return NULL;
    const bw_block_info *info = bw_block_job_get_info(blocks);
    const int64_t *const triples[] = {info->count, info->size, info->margin, info->chunk};
    jlong out[14] = {info->blocks};
    for (int i = 0; i < 12; i++)
        out[1 + i] = triples[i / 3][i % 3];
    out[13] = (jlong)info->bytes;
    return bw_jni_longs_out(env, out, 14);
}

/* Frame; from and to along x, y, z. */
static jlongArray jni_blockJobPart(JNIEnv *env, jclass self, jlong job, jlong address, jlong index) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_block_job *blocks = ctx ? bw_jni_object(env, address) : NULL;
    bw_part part;
    if (!blocks || !bw_jni_ok(env, ctx, bw_block_job_part(ctx, blocks, index, &part))) return NULL;
    const jlong out[7] = {part.frame, part.lo[0], part.lo[1], part.lo[2], part.hi[0], part.hi[1], part.hi[2]};
    return bw_jni_longs_out(env, out, 7);
}

static jboolean jni_blockJobHas(JNIEnv *env, jclass self, jlong job, jlong address, jlong index) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_block_job *blocks = ctx ? bw_jni_object(env, address) : NULL;
    int there = 0;
    if (blocks) bw_jni_ok(env, ctx, bw_block_job_has(ctx, blocks, index, &there));
    return there != 0;
}

/* The report is filled when the block was made. */
static jboolean jni_blockJobRun(JNIEnv *env, jclass self, jlong job, jlong address, jlong index, jint classes,
                                jlongArray report_array) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_block_job *blocks = ctx ? bw_jni_object(env, address) : NULL;
    if (!blocks || !bw_jni_check_array(env, report_array, BW_JNI_REPORT_HEAD + (int64_t)classes)) return JNI_FALSE;
    int made = 0;
    bw_predict_report report = {0};
    if (!bw_jni_ok(env, ctx, bw_block_job_run(ctx, blocks, index, &made, &report))) return JNI_FALSE;
    if (made) bw_jni_report_out(env, report_array, &report, classes);
    return made != 0;
}

/* First and last + 1. */
static jlongArray jni_blockJobPiece(JNIEnv *env, jclass self, jlong job, jlong address, jlong piece, jlong pieces) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_block_job *blocks = ctx ? bw_jni_object(env, address) : NULL;
    int64_t first = 0, last = 0;
    if (!blocks || !bw_jni_ok(env, ctx, bw_block_job_piece(ctx, blocks, piece, pieces, &first, &last))) return NULL;
    const jlong out[2] = {first, last};
    return bw_jni_longs_out(env, out, 2);
}

/* Blocks that are missing. */
static jlong jni_blockJobFinish(JNIEnv *env, jclass self, jlong job, jlong address) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_block_job *blocks = ctx ? bw_jni_object(env, address) : NULL;
    int64_t missing = 0;
    if (blocks) bw_jni_ok(env, ctx, bw_block_job_finish(ctx, blocks, &missing));
    return missing;
}

static const JNINativeMethod rows[] = {
    BW_NATIVE(blockJobOpen, "(JJJ[[B[J[D)J"), BW_NATIVE(blockJobFree, "(J)V"),    BW_NATIVE(blockJobInfo, "(J)[J"),
    BW_NATIVE(blockJobPart, "(JJJ)[J"),       BW_NATIVE(blockJobHas, "(JJJ)Z"),   BW_NATIVE(blockJobRun, "(JJJI[J)Z"),
    BW_NATIVE(blockJobPiece, "(JJJJ)[J"),     BW_NATIVE(blockJobFinish, "(JJ)J"),
};
const bw_jni_table bw_jni_block_table = {rows, sizeof rows / sizeof *rows};
