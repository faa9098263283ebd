/* Native methods of streamed images and of sinks: files, and sources and sinks of Java, which a Port stands for. */
#include <string.h>

#include "core/alloc.h"
#include "core/image.h"
#include "jni/bridge.h"

/* Boxes that are too large for a buffer go over in parts of at most so many bytes. */
#define PART_BYTES ((int64_t)64 << 20)

typedef struct port {
    JavaVM *vm;
    jobject object; /* global reference */
    bw_image_info info;
    int64_t most; /* bytes of a box that goes over at once */
} port;

/* ---- ports: the engine calls them on the thread that entered it, so the VM knows the thread */

static JNIEnv *env_of(const port *p) {
    JNIEnv *env = NULL;
    return (*p->vm)->GetEnv(p->vm, (void **)&env, JNI_VERSION_1_8) == JNI_OK ? env : NULL;
}

static bw_status foreign(bw_context *ctx) {
    return bw_context_fail(ctx, BW_ERROR_INTERNAL, "An image source or sink was called by a thread unknown to Java.");
}

/* After calls to Java: their exceptions stay pending and come out of the native method. */
static bw_status outcome(JNIEnv *env, bw_context *ctx) {
    if (!(*env)->ExceptionCheck(env)) return BW_OK;
    return bw_context_fail(ctx, BW_ERROR_IO, "An image source or sink failed earlier; use a new job.");
}

static bw_status move(bw_context *ctx, const port *p, const bw_part *part, void *pixels, int64_t size) {
    JNIEnv *env = env_of(p);
    if (!env) return foreign(ctx);
    BW_TRY(outcome(env, ctx));
    jobject buffer = (*env)->NewDirectByteBuffer(env, pixels, size);
    if (!buffer) return bw_context_fail(ctx, BW_ERROR_MEMORY, "There is no memory left for a buffer of Java.");
    bw_jni_port_move(env, p->object, part, buffer);
    (*env)->DeleteLocalRef(env, buffer);
    return outcome(env, ctx);
}

/* ---- boxes larger than a buffer: in parts of whole slices, else rows, else pixels, through memory between */

typedef struct parts {
    const port *port;
    bw_part box;
    int64_t step[3]; /* extent of the parts */
    uint8_t *between;
} parts;

static int64_t extent(const bw_part *part, int axis) {
    return part->hi[axis] - part->lo[axis];
}

static int64_t bytes_of(const port *p, const bw_part *part) {
    return extent(part, 0) * extent(part, 1) * extent(part, 2) * p->info.channels * bw_type_size(p->info.type);
}

static bw_status parts_begin(bw_context *ctx, parts *all) {
    const int64_t most = all->port->most < PART_BYTES ? all->port->most : PART_BYTES;
    bw_part part = all->box;
    for (int axis = 2; axis >= 0 && bytes_of(all->port, &part) > most; axis--) {
        const int64_t fit = most / (bytes_of(all->port, &part) / extent(&part, axis));
        part.hi[axis] = part.lo[axis] + (fit > 1 ? fit : 1);
    }
    for (int axis = 0; axis < 3; axis++)
        all->step[axis] = extent(&part, axis);
    all->between = bw_alloc(ctx, (uint64_t)bytes_of(all->port, &part), 1, "a part of an image");
    return all->between ? BW_OK : BW_ERROR_MEMORY;
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

typedef bw_status (*part_fn)(bw_context *ctx, const parts *all, const bw_part *part, void *user);

static bw_status for_each_part(bw_context *ctx, const port *p, const bw_part *box, part_fn fn, void *user) {
    parts all = {.port = p, .box = *box};
    BW_TRY(parts_begin(ctx, &all));
    bw_part part = *box;
    bw_status status = BW_OK;
    for (int64_t z = box->lo[2]; z < box->hi[2]; z += all.step[2])
        for (int64_t y = box->lo[1]; y < box->hi[1]; y += all.step[1])
            for (int64_t x = box->lo[0]; x < box->hi[0] && status == BW_OK; x += all.step[0]) {
                const int64_t lo[3] = {x, y, z};
                for (int axis = 0; axis < 3; axis++) {
                    part.lo[axis] = lo[axis];
                    part.hi[axis] = least(lo[axis] + all.step[axis], box->hi[axis]);
                }
                status = fn(ctx, &all, &part, user);
            }
    bw_free(all.between);
    return status;
}

/* ---- sources */

/* Spreads a part over the box that it belongs to. */
static bw_status read_part(bw_context *ctx, const parts *all, const bw_part *part, void *to) {
    const bw_part *box = &all->box;
    const int64_t size = bw_type_size(all->port->info.type), row = extent(part, 0) * size;
    const uint8_t *from = all->between;
    BW_TRY(move(ctx, all->port, part, all->between, bytes_of(all->port, part)));
    for (int c = 0; c < all->port->info.channels; c++)
        for (int64_t z = part->lo[2] - box->lo[2]; z < part->hi[2] - box->lo[2]; z++)
            for (int64_t y = part->lo[1] - box->lo[1]; y < part->hi[1] - box->lo[1]; y++, from += row) {
                const int64_t line = (c * extent(box, 2) + z) * extent(box, 1) + y;
                uint8_t *out = (uint8_t *)to + (line * extent(box, 0) + part->lo[0] - box->lo[0]) * size;
                memcpy(out, from, (size_t)row);
            }
    return BW_OK;
}

static bw_status read_port(bw_context *ctx, void *user, const bw_part *part, void *to) {
    const port *p = user;
    const int64_t size = bytes_of(p, part);
    return size > p->most ? for_each_part(ctx, p, part, read_part, to) : move(ctx, p, part, to, size);
}

/* ---- sinks */

/* user: the box's pixels. */
static bw_status write_part(bw_context *ctx, const parts *all, const bw_part *part, void *user) {
    const bw_image *pixels = user;
    bw_part within = {0};
    for (int axis = 0; axis < 3; axis++) {
        within.lo[axis] = part->lo[axis] - all->box.lo[axis];
        within.hi[axis] = part->hi[axis] - all->box.lo[axis];
    }
    BW_TRY(bw_image_read(ctx, pixels, &within, all->between));
    return move(ctx, all->port, part, all->between, bytes_of(all->port, part));
}

static bw_status write_port(bw_context *ctx, void *user, const bw_part *part, const bw_image *pixels) {
    const port *p = user;
    const int64_t size = bytes_of(p, part);
    void *all = (void *)(intptr_t)bw_image_plane_const(pixels, 0, 0, 0); /* Java gets it for reading only */
    if (size <= p->most && !bw_image_is_sparse(pixels)) return move(ctx, p, part, all, size);
    return for_each_part(ctx, p, part, write_part, (void *)(intptr_t)pixels);
}

static bw_status finish_port(bw_context *ctx, void *user) {
    const port *p = user;
    JNIEnv *env = env_of(p);
    if (!env) return foreign(ctx);
    BW_TRY(outcome(env, ctx));
    bw_jni_port_finish(env, p->object);
    return outcome(env, ctx);
}

/* ---- life */

static void close_port(void *user) {
    port *p = user;
    JNIEnv *env = env_of(p);
    if (env) {
        bw_jni_port_close(env, p->object);
        (*env)->DeleteGlobalRef(env, p->object);
    }
    bw_free(p);
}

/* NULL with an exception pending. */
static port *port_in(JNIEnv *env, bw_context *ctx, const bw_image *outline, jobject object, jint most) {
    port *p = bw_calloc(ctx, 1, sizeof *p, "an image source or sink");
    jobject global = p && object ? (*env)->NewGlobalRef(env, object) : NULL;
    if (!global || most < 1 || (*env)->GetJavaVM(env, &p->vm) != JNI_OK) {
        bw_jni_throw(env, BW_ERROR_MEMORY, "There is no memory left for an image source or sink.");
        if (global) (*env)->DeleteGlobalRef(env, global);
        bw_free(p);
        return NULL;
    }
    p->object = global;
    p->info = *bw_image_get_info(outline);
    p->most = most;
    return p;
}

static jlong jni_imageOf(JNIEnv *env, jclass self, jlong job, jlong outline_address, jobject source, jint most) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_image *outline = ctx ? bw_jni_object(env, outline_address) : NULL;
    port *p = outline ? port_in(env, ctx, outline, source, most) : NULL;
    if (!p) return 0;
    const bw_image_reader reader = {read_port, close_port, p};
    bw_image *image = NULL;
    bw_jni_ok(env, ctx, bw_image_create_streamed(ctx, &p->info, &reader, &image));
    return bw_jni_address(image);
}

static jlong jni_sinkOf(JNIEnv *env, jclass self, jlong job, jlong outline_address, jobject object, jint most) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_image *outline = ctx ? bw_jni_object(env, outline_address) : NULL;
    port *p = outline ? port_in(env, ctx, outline, object, most) : NULL;
    if (!p) return 0;
    const bw_sink_writer writer = {.write = write_port, .finish = finish_port, .close = close_port, .user = p};
    bw_sink *sink = NULL;
    bw_jni_ok(env, ctx, bw_sink_create(ctx, outline, &writer, &sink));
    return bw_jni_address(sink);
}

/* ---- files */

static jlong jni_imageOpen(JNIEnv *env, jclass self, jlong job, jbyteArray path) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    char *name = ctx ? bw_jni_text_in(env, ctx, path, "a path") : NULL;
    if (!name) return 0;
    bw_image *image = NULL;
    bw_status status = bw_image_open_file(ctx, name, &image);
    bw_free(name);
    if (bw_jni_ok(env, ctx, status)) return bw_jni_address(image);
    bw_image_free(image);
    return 0;
}

static jlong jni_sinkTiff(JNIEnv *env, jclass self, jlong job, jlong outline_address, jbyteArray path, jint compression,
                          jint layout, jboolean pyramid) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_image *outline = ctx ? bw_jni_object(env, outline_address) : NULL;
    char *name = outline ? bw_jni_text_in(env, ctx, path, "a path") : NULL;
    if (!name) return 0;
    const bw_tiff_options options = {(bw_compression)compression, (bw_tiff_layout)layout, pyramid};
    bw_sink *sink = NULL;
    bw_status status = bw_tiff_create(ctx, name, outline, &options, &sink);
    bw_free(name);
    if (bw_jni_ok(env, ctx, status)) return bw_jni_address(sink);
    bw_sink_free(sink);
    return 0;
}

/* chunk: x, y, z */
static jlong jni_sinkZarr(JNIEnv *env, jclass self, jlong job, jlong outline_address, jbyteArray path, jint version,
                          jint codec, jlongArray chunk) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_image *outline = ctx ? bw_jni_object(env, outline_address) : NULL;
    if (!outline || !bw_jni_check_array(env, chunk, 3)) return 0;
    jlong edges[3];
    (*env)->GetLongArrayRegion(env, chunk, 0, 3, edges);
    char *name = bw_jni_text_in(env, ctx, path, "a path");
    if (!name) return 0;
    const bw_zarr_options options = {
        (bw_zarr_version)version, (bw_zarr_codec)codec, {edges[0], edges[1], edges[2]}, BW_ZARR_CONTENT_AUTO};
    bw_sink *sink = NULL;
    bw_status status = bw_zarr_create(ctx, name, outline, &options, &sink);
    bw_free(name);
    if (bw_jni_ok(env, ctx, status)) return bw_jni_address(sink);
    bw_sink_free(sink);
    return 0;
}

static jboolean jni_pathIsZarr(JNIEnv *env, jclass self, jlong job, jbyteArray path) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    char *name = ctx ? bw_jni_text_in(env, ctx, path, "a path") : NULL;
    if (!name) return JNI_FALSE;
    const int zarr = bw_path_is_zarr(name);
    bw_free(name);
    return zarr != 0;
}

static void jni_sinkFree(JNIEnv *env, jclass self, jlong sink) {
    (void)self;
    bw_sink_free(bw_jni_object(env, sink));
}

static void jni_sinkFinish(JNIEnv *env, jclass self, jlong job, jlong address) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_sink *sink = ctx ? bw_jni_object(env, address) : NULL;
    if (sink) bw_jni_ok(env, ctx, bw_sink_finish(ctx, sink));
}

/* ---- boxes: in a direct buffer or an array */

/* Bytes of a box within an image; -1 with an exception pending when it does not lie within it. */
static int64_t box_bytes(JNIEnv *env, const bw_image_info *info, const bw_part *part) {
    const int64_t size[3] = {info->width, info->height, info->depth};
    double bytes = (double)info->channels * bw_type_size(info->type);
    bool fits = part->frame >= 0 && part->frame < info->frames;
    for (int axis = 0; axis < 3; axis++) {
        fits = fits && part->lo[axis] >= 0 && part->lo[axis] < part->hi[axis] && part->hi[axis] <= size[axis];
        bytes *= fits ? (double)extent(part, axis) : 0;
    }
    if (fits && bytes <= INT32_MAX) return (int64_t)bytes;
    bw_jni_throw(env, BW_ERROR_ARGUMENT, fits ? "The box is too large for a buffer." : "The box leaves the image.");
    return -1;
}

/* Memory of a direct buffer; NULL with an exception pending when that is too small. */
static void *direct_memory(JNIEnv *env, jobject buffer, int64_t bytes) {
    if ((*env)->GetDirectBufferCapacity(env, buffer) >= bytes) return (*env)->GetDirectBufferAddress(env, buffer);
    bw_jni_throw(env, BW_ERROR_ARGUMENT, "The buffer is too small for the box.");
    return NULL;
}

static void read_into_array(JNIEnv *env, bw_context *ctx, const bw_image *image, const bw_part *part, jbyteArray array,
                            int64_t bytes) {
    if (!bw_jni_check_array(env, array, bytes)) return;
    jbyte *pixels = bw_alloc(ctx, (uint64_t)bytes, 1, "a part of an image");
    if (bw_jni_ok(env, ctx, pixels ? bw_image_read(ctx, image, part, pixels) : BW_ERROR_MEMORY))
        (*env)->SetByteArrayRegion(env, array, 0, (jsize)bytes, pixels);
    bw_free(pixels);
}

static void jni_imageReadBox(JNIEnv *env, jclass self, jlong job, jlong address, jint frame, jlongArray lo,
                             jlongArray hi, jobject direct, jbyteArray array) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    const bw_image *image = ctx ? bw_jni_object(env, address) : NULL;
    bw_part part;
    if (!image || !bw_jni_part_in(env, frame, lo, hi, &part)) return;
    const int64_t bytes = box_bytes(env, bw_image_get_info(image), &part);
    if (bytes < 0) return;
    if (!direct) {
        read_into_array(env, ctx, image, &part, array, bytes);
        return;
    }
    void *to = direct_memory(env, direct, bytes);
    if (to) bw_jni_ok(env, ctx, bw_image_read(ctx, image, &part, to));
}

static bool fill(JNIEnv *env, bw_image *pixels, int64_t bytes, jobject direct, jbyteArray array) {
    void *to = bw_image_plane(pixels, 0, 0, 0);
    if (direct) {
        const void *from = direct_memory(env, direct, bytes);
        if (from) memcpy(to, from, (size_t)bytes);
        return from != NULL;
    }
    if (!bw_jni_check_array(env, array, bytes)) return false;
    (*env)->GetByteArrayRegion(env, array, 0, (jsize)bytes, to);
    return true;
}

static void jni_sinkWrite(JNIEnv *env, jclass self, jlong job, jlong address, jint frame, jlongArray lo, jlongArray hi,
                          jobject direct, jbyteArray array) {
    (void)self;
    bw_context *ctx = bw_jni_context(env, job);
    bw_sink *sink = ctx ? bw_jni_object(env, address) : NULL;
    bw_part part;
    if (!sink || !bw_jni_part_in(env, frame, lo, hi, &part)) return;
    bw_image_info info = *bw_sink_get_info(sink);
    const int64_t bytes = box_bytes(env, &info, &part);
    if (bytes < 0) return;
    info.width = extent(&part, 0);
    info.height = extent(&part, 1);
    info.depth = extent(&part, 2);
    info.frames = 1;
    bw_image *pixels = NULL;
    if (bw_jni_ok(env, ctx, bw_image_create(ctx, &info, &pixels)) && fill(env, pixels, bytes, direct, array))
        bw_jni_ok(env, ctx, bw_sink_write(ctx, sink, &part, pixels));
    bw_image_free(pixels);
}

#define PORT "Lio/github/brushwood/engine/Port;"
#define BUFFER "Ljava/nio/ByteBuffer;"

static const JNINativeMethod rows[] = {
    BW_NATIVE(imageOpen, "(J[B)J"),
    BW_NATIVE(pathIsZarr, "(J[B)Z"),
    BW_NATIVE(imageOf, "(JJ" PORT "I)J"),
    BW_NATIVE(imageReadBox, "(JJI[J[J" BUFFER "[B)V"),
    BW_NATIVE(sinkTiff, "(JJ[BIIZ)J"),
    BW_NATIVE(sinkZarr, "(JJ[BII[J)J"),
    BW_NATIVE(sinkOf, "(JJ" PORT "I)J"),
    BW_NATIVE(sinkFree, "(J)V"),
    BW_NATIVE(sinkWrite, "(JJI[J[J" BUFFER "[B)V"),
    BW_NATIVE(sinkFinish, "(JJ)V"),
};
const bw_jni_table bw_jni_stream_table = {rows, sizeof rows / sizeof *rows};
