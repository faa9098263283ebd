/* Native methods of images: create, files, planes. */
#include <string.h>

#include "core/alloc.h"
#include "core/image.h"
#include "jni/bridge.h"

/* A critical section stops the garbage collector: copy at most this many pixels in one, well under a millisecond. */
#define COPY_PIXELS ((int64_t)1 << 19)

static jlong jni_imageCreate(JNIEnv *env, jclass self, jlong job, jint type, jlong width, jlong height, jlong depth,
                             jint channels, jint frames, jboolean rgb, jboolean calibrated, jdouble spacing_x,
                             jdouble spacing_y, jdouble spacing_z, jbyteArray unit, jdouble frame_interval,
                             jboolean sparse) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    if (!ctx) return 0;
    if (type < BW_UINT8 || type > BW_FLOAT32) {
        bw_jni_throw(env, BW_ERROR_ARGUMENT, "The pixel type is unknown.");
        return 0;
    }
    bw_image_info info = {.type = (bw_pixel_type)type,
                          .width = width,
                          .height = height,
                          .depth = depth,
                          .channels = channels,
                          .frames = frames,
                          .rgb = rgb,
                          .calibrated = calibrated,
                          .spacing = {spacing_x, spacing_y, spacing_z},
                          .frame_interval = frame_interval};
    char *text = bw_jni_text_in(env, ctx, unit, "a unit");
    if (!text) return 0;
    size_t length = strlen(text);
    if (length < sizeof info.unit)
        memcpy(info.unit, text, length + 1);
    else
        bw_jni_throw(env, BW_ERROR_ARGUMENT, "The unit of length is longer than 31 bytes; use one such as um.");
    bw_free(text);
    bw_image *image = NULL;
    if (!(*env)->ExceptionCheck(env))
        bw_jni_ok(env, ctx, (sparse ? bw_image_create_sparse : bw_image_create)(ctx, &info, &image));
    return bw_jni_address(image);
}

static void jni_imageFree(JNIEnv *env, jclass self, jlong image) {
    (void)self;
    bw_image_free(bw_jni_object(env, image));
}

static jlong jni_imageRead(JNIEnv *env, jclass self, jlong job, jbyteArray path) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    char *name = ctx ? bw_jni_text_in(env, ctx, path, "a path") : NULL;
    if (!name) return 0;
    bw_image *image = NULL;
    bw_status status = bw_image_read_file(ctx, name, &image);
    bw_free(name);
    if (bw_jni_ok(env, ctx, status)) return bw_jni_address(image);
    bw_image_free(image);
    return 0;
}

static void jni_imageWrite(JNIEnv *env, jclass self, jlong job, jlong address, jbyteArray path, jint compression) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_image *image = ctx ? bw_jni_object(env, address) : NULL;
    char *name = image ? bw_jni_text_in(env, ctx, path, "a path") : NULL;
    if (!name) return;
    bw_jni_ok(env, ctx, bw_tiff_write(ctx, name, image, (bw_compression)compression));
    bw_free(name);
}

static jlongArray jni_imageNumbers(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_image *image = bw_jni_object(env, address);
    if (!image) return NULL;
    const bw_image_info *i = bw_image_get_info(image);
    const jlong numbers[] = {i->type,
                             i->width,
                             i->height,
                             i->depth,
                             i->channels,
                             i->frames,
                             i->rgb != 0,
                             i->calibrated != 0,
                             bw_image_is_sparse(image),
                             bw_image_is_streamed(image)};
    return bw_jni_longs_out(env, numbers, sizeof numbers / sizeof *numbers);
}

static jdoubleArray jni_imageSpacing(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_image *image = bw_jni_object(env, address);
    if (!image) return NULL;
    const bw_image_info *i = bw_image_get_info(image);
    const double numbers[] = {i->spacing[0], i->spacing[1], i->spacing[2], i->frame_interval};
    return bw_jni_doubles_out(env, numbers, 4);
}

static jbyteArray jni_imageUnit(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_image *image = bw_jni_object(env, address);
    return image ? bw_jni_text_out(env, bw_image_get_info(image)->unit) : NULL;
}

static jbyteArray jni_imageName(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_image *image = bw_jni_object(env, address);
    return image ? bw_jni_text_out(env, bw_image_name(image)) : NULL;
}

static void jni_imageSetName(JNIEnv *env, jclass self, jlong job, jlong address, jbyteArray name) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_image *image = ctx ? bw_jni_object(env, address) : NULL;
    char *text = image ? bw_jni_text_in(env, ctx, name, "a name") : NULL;
    if (!text) return;
    bw_jni_ok(env, ctx, bw_image_set_name(ctx, image, text));
    bw_free(text);
}

static jbyteArray jni_imageChannelName(JNIEnv *env, jclass self, jlong address, jint channel) {
    (void)self;
    const bw_image *image = bw_jni_object(env, address);
    return image ? bw_jni_text_out(env, bw_image_channel_name(image, channel)) : NULL;
}

static void jni_imageSetChannelName(JNIEnv *env, jclass self, jlong job, jlong address, jint channel, jbyteArray name) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_image *image = ctx ? bw_jni_object(env, address) : NULL;
    char *text = image ? bw_jni_text_in(env, ctx, name, "a channel's name") : NULL;
    if (!text) return;
    bw_jni_ok(env, ctx, bw_image_set_channel_name(ctx, image, channel, text));
    bw_free(text);
}

static void jni_imageSetSpacing(JNIEnv *env, jclass self, jlong job, jlong address, jdouble x, jdouble y, jdouble z) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_image *image = ctx ? bw_jni_object(env, address) : NULL;
    const double spacing[3] = {x, y, z};
    if (image) bw_jni_ok(env, ctx, bw_image_set_spacing(ctx, image, spacing));
}

static jdouble jni_imageOffset(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_image *image = bw_jni_object(env, address);
    return image ? bw_image_offset(image) : 0;
}

static void jni_imageSetOffset(JNIEnv *env, jclass self, jlong address, jdouble offset) {
    (void)self;
    bw_image *image = bw_jni_object(env, address);
    if (image) bw_image_set_offset(image, offset);
}

static jlong jni_imageHash(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_image *image = bw_jni_object(env, address);
    return image ? (jlong)bw_image_hash(image) : 0;
}

static jlong jni_imageFingerprint(JNIEnv *env, jclass self, jlong job, jlong address) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_image *image = ctx ? bw_jni_object(env, address) : NULL;
    uint64_t found = 0;
    if (image) bw_jni_ok(env, ctx, bw_image_fingerprint(ctx, image, &found));
    return (jlong)found;
}

static jlongArray jni_imageSurvey(JNIEnv *env, jclass self, jlong address) {
    (void)self;
    const bw_image *image = bw_jni_object(env, address);
    if (!image) return NULL;
    int64_t slices[BW_MAX_SURVEY];
    jlong out[BW_MAX_SURVEY];
    const int count = bw_image_survey(bw_image_get_info(image), slices);
    for (int i = 0; i < count; i++)
        out[i] = slices[i];
    return bw_jni_longs_out(env, out, count);
}

static jbyteArray jni_imagePlaneLabel(JNIEnv *env, jclass self, jlong address, jint frame, jint channel, jlong z) {
    (void)self;
    const bw_image *image = bw_jni_object(env, address);
    return image ? bw_jni_text_out(env, bw_image_plane_label(image, frame, channel, z)) : NULL;
}

static void jni_imageSetPlaneLabel(JNIEnv *env, jclass self, jlong job, jlong address, jint frame, jint channel,
                                   jlong z, jbyteArray label) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_image *image = ctx ? bw_jni_object(env, address) : NULL;
    char *text = image ? bw_jni_text_in(env, ctx, label, "a label") : NULL;
    if (!text) return;
    bw_jni_ok(env, ctx, bw_image_set_plane_label(ctx, image, frame, channel, z, text));
    bw_free(text);
}

/* ---- planes */

/* Pixels of a plane, to be read when `out`; NULL with an exception pending when the index or the array does not fit. */
static void *plane(JNIEnv *env, bw_image *image, jint frame, jint channel, jlong z, jarray array, bool out) {
    const bw_image_info *info = bw_image_get_info(image);
    void *pixels = out ? (void *)(intptr_t)bw_image_plane_const(image, frame, channel, z)
                       : bw_image_plane(image, frame, channel, z);
    if (!pixels) {
        bw_jni_throw(env, BW_ERROR_ARGUMENT, "The image has no plane at this frame, channel and slice.");
        return NULL;
    }
    return bw_jni_check_array(env, array, info->width * info->height) ? pixels : NULL;
}

/* Copies `count` bytes from (or to, when `out`) the array. */
static bool copy_bytes(JNIEnv *env, char *pixels, int64_t count, jarray array, bool out) {
    const int64_t step = COPY_PIXELS * 4;
    for (int64_t at = 0; at < count; at += step) {
        size_t size = (size_t)(count - at < step ? count - at : step);
        char *java = (*env)->GetPrimitiveArrayCritical(env, array, NULL);
        if (!java) return false;
        if (out)
            memcpy(java + at, pixels + at, size);
        else
            memcpy(pixels + at, java + at, size);
        (*env)->ReleasePrimitiveArrayCritical(env, array, java, out ? 0 : JNI_ABORT);
    }
    return true;
}

static bool no_memory(JNIEnv *env) {
    bw_jni_throw(env, BW_ERROR_MEMORY, "There is no memory left to copy a plane.");
    return false;
}

static bool check_type(JNIEnv *env, const bw_image *image, jobject array) {
    if (bw_jni_pixel_type(env, array) == (int)bw_image_get_info(image)->type) return true;
    bw_jni_throw(env, BW_ERROR_ARGUMENT, "The array's type is not the type of the image's pixels.");
    return false;
}

/* A plane's pixels from or to an array of its type. */
static bool copy_pixels(JNIEnv *env, const bw_image *image, void *pixels, jobject array, bool out) {
    const bw_image_info *info = bw_image_get_info(image);
    return copy_bytes(env, pixels, info->width * info->height * bw_type_size(info->type), array, out) || no_memory(env);
}

static void copy_plane(JNIEnv *env, jlong address, jint frame, jint channel, jlong z, jobject array, bool out) {
    bw_image *image = bw_jni_object(env, address);
    if (!image || !check_type(env, image, array)) return;
    void *pixels = plane(env, image, frame, channel, z, array, out);
    if (pixels) copy_pixels(env, image, pixels, array, out);
}

static void jni_imageSetPlane(JNIEnv *env, jclass self, jlong image, jint frame, jint channel, jlong z, jobject array) {
    (void)self;
    copy_plane(env, image, frame, channel, z, array, false);
}

static void jni_imageGetPlane(JNIEnv *env, jclass self, jlong image, jint frame, jint channel, jlong z, jobject array) {
    (void)self;
    copy_plane(env, image, frame, channel, z, array, true);
}

static void split(uint8_t *const planes[3], int64_t at, const jint *packed, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        planes[0][at + i] = (uint8_t)(packed[i] >> 16 & 255);
        planes[1][at + i] = (uint8_t)(packed[i] >> 8 & 255);
        planes[2][at + i] = (uint8_t)(packed[i] & 255);
    }
}

static void join(uint8_t *const planes[3], int64_t at, jint *packed, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        uint32_t rgb = (uint32_t)planes[0][at + i] << 16 | (uint32_t)planes[1][at + i] << 8 | planes[2][at + i];
        packed[i] = (jint)(0xFF000000u | rgb);
    }
}

static bool copy_packed(JNIEnv *env, uint8_t *const planes[3], int64_t count, jintArray array, bool out) {
    for (int64_t at = 0; at < count; at += COPY_PIXELS) {
        int64_t size = count - at < COPY_PIXELS ? count - at : COPY_PIXELS;
        jint *java = (*env)->GetPrimitiveArrayCritical(env, array, NULL);
        if (!java) return false;
        if (out)
            join(planes, at, java + at, size);
        else
            split(planes, at, java + at, size);
        (*env)->ReleasePrimitiveArrayCritical(env, array, java, out ? 0 : JNI_ABORT);
    }
    return true;
}

static bool check_colour(JNIEnv *env, const bw_image *image) {
    const bw_image_info *info = bw_image_get_info(image);
    if (info->type == BW_UINT8 && info->channels == 3) return true;
    bw_jni_throw(env, BW_ERROR_ARGUMENT, "A colour plane needs an image of three 8-bit channels.");
    return false;
}

/* Three planes' pixels from or to packed ones. */
static bool copy_colours(JNIEnv *env, const bw_image *image, uint8_t *const planes[3], jintArray array, bool out) {
    const bw_image_info *info = bw_image_get_info(image);
    return copy_packed(env, planes, info->width * info->height, array, out) || no_memory(env);
}

static void copy_rgb(JNIEnv *env, jlong address, jint frame, jlong z, jintArray array, bool out) {
    bw_image *image = bw_jni_object(env, address);
    if (!image || !check_colour(env, image)) return;
    uint8_t *planes[3];
    for (int c = 0; c < 3; c++) {
        planes[c] = plane(env, image, frame, c, z, array, out);
        if (!planes[c]) return;
    }
    copy_colours(env, image, planes, array, out);
}

static void jni_imageSetRgb(JNIEnv *env, jclass self, jlong image, jint frame, jlong z, jintArray argb) {
    (void)self;
    copy_rgb(env, image, frame, z, argb, false);
}

static void jni_imageGetRgb(JNIEnv *env, jclass self, jlong image, jint frame, jlong z, jintArray argb) {
    (void)self;
    copy_rgb(env, image, frame, z, argb, true);
}

/* ---- planes of sparse images: one that could not be filled is absent */

static bool check_plane_array(JNIEnv *env, const bw_image *image, jarray array) {
    const bw_image_info *info = bw_image_get_info(image);
    return bw_jni_check_array(env, array, info->width * info->height);
}

static void jni_imagePut(JNIEnv *env, jclass self, jlong job, jlong address, jint frame, jint channel, jlong z,
                         jobject array) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_image *image = ctx ? bw_jni_object(env, address) : NULL;
    void *pixels;
    if (!image || !check_type(env, image, array) || !check_plane_array(env, image, array)) return;
    if (!bw_jni_ok(env, ctx, bw_image_put_plane(ctx, image, frame, channel, z, &pixels))) return;
    if (!copy_pixels(env, image, pixels, array, false)) bw_image_drop_plane(image, frame, channel, z);
}

static void jni_imagePutRgb(JNIEnv *env, jclass self, jlong job, jlong address, jint frame, jlong z, jintArray array) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_image *image = ctx ? bw_jni_object(env, address) : NULL;
    uint8_t *planes[3];
    bool done = true;
    if (!image || !check_colour(env, image) || !check_plane_array(env, image, array)) return;
    for (int c = 0; c < 3 && done; c++) {
        void *pixels;
        done = bw_jni_ok(env, ctx, bw_image_put_plane(ctx, image, frame, c, z, &pixels));
        planes[c] = pixels;
    }
    if (done) done = copy_colours(env, image, planes, array, false);
    for (int c = 0; c < 3 && !done; c++)
        bw_image_drop_plane(image, frame, c, z);
}

static void jni_imageDrop(JNIEnv *env, jclass self, jlong address, jint frame, jint channel, jlong z) {
    (void)self;
    bw_image *image = bw_jni_object(env, address);
    if (image) bw_image_drop_plane(image, frame, channel, z);
}

static jboolean jni_imageHas(JNIEnv *env, jclass self, jlong address, jint frame, jint channel, jlong z) {
    (void)self;
    const bw_image *image = bw_jni_object(env, address);
    return image && bw_image_has_plane(image, frame, channel, z);
}

static const JNINativeMethod rows[] = {
    BW_NATIVE(imageCreate, "(JIJJJIIZZDDD[BDZ)J"),
    BW_NATIVE(imageFree, "(J)V"),
    BW_NATIVE(imageRead, "(J[B)J"),
    BW_NATIVE(imageWrite, "(JJ[BI)V"),
    BW_NATIVE(imageNumbers, "(J)[J"),
    BW_NATIVE(imageSpacing, "(J)[D"),
    BW_NATIVE(imageUnit, "(J)[B"),
    BW_NATIVE(imageName, "(J)[B"),
    BW_NATIVE(imageSetName, "(JJ[B)V"),
    BW_NATIVE(imageChannelName, "(JI)[B"),
    BW_NATIVE(imageSetChannelName, "(JJI[B)V"),
    BW_NATIVE(imageSetSpacing, "(JJDDD)V"),
    BW_NATIVE(imageOffset, "(J)D"),
    BW_NATIVE(imageSetOffset, "(JD)V"),
    BW_NATIVE(imageHash, "(J)J"),
    BW_NATIVE(imageFingerprint, "(JJ)J"),
    BW_NATIVE(imageSurvey, "(J)[J"),
    BW_NATIVE(imagePlaneLabel, "(JIIJ)[B"),
    BW_NATIVE(imageSetPlaneLabel, "(JJIIJ[B)V"),
    BW_NATIVE(imageSetPlane, "(JIIJLjava/lang/Object;)V"),
    BW_NATIVE(imageGetPlane, "(JIIJLjava/lang/Object;)V"),
    BW_NATIVE(imageSetRgb, "(JIJ[I)V"),
    BW_NATIVE(imageGetRgb, "(JIJ[I)V"),
    BW_NATIVE(imagePut, "(JJIIJLjava/lang/Object;)V"),
    BW_NATIVE(imagePutRgb, "(JJIJ[I)V"),
    BW_NATIVE(imageDrop, "(JIIJ)V"),
    BW_NATIVE(imageHas, "(JIIJ)Z"),
};
const bw_jni_table bw_jni_image_table = {rows, sizeof rows / sizeof *rows};
