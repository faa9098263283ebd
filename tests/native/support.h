/* Shared by the native tests: cmocka, synthetic images, contexts that must not fail. */
#ifndef BW_TEST_SUPPORT_H
#define BW_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "brushwood.h"
#include "core/random.h"
#include "os.h"

/* Fails the test with the engine's message. */
#define assert_ok(ctx, expr)                                                                                           \
    do {                                                                                                               \
        bw_status assert_ok_status = (expr);                                                                           \
        if (assert_ok_status != BW_OK)                                                                                 \
            fail_msg("%s: status %d, %s", #expr, (int)assert_ok_status, bw_context_error(ctx));                        \
    } while (0)

/* Fails unless the call fails with this status and a message that holds `words`. */
#define assert_refused(ctx, expr, status, words)                                                                       \
    do {                                                                                                               \
        bw_status assert_refused_status = (expr);                                                                      \
        if (assert_refused_status != (status) || !strstr(bw_context_error(ctx), words))                                \
            fail_msg("%s: status %d, message \"%s\"", #expr, (int)assert_refused_status, bw_context_error(ctx));       \
    } while (0)

/* Milliseconds within which a cancel must be answered; instrumented code is several times slower. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TEST_SLOW 1
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TEST_SLOW 1
#endif
#ifdef TEST_SLOW
enum { TEST_CANCEL_MS = 2000 };
#else
enum { TEST_CANCEL_MS = 100 };
#endif

static inline int test_cancel_ms(void) {
    return test_quick() ? 20 * TEST_CANCEL_MS : TEST_CANCEL_MS;
}

/* Setup and teardown of tests after which the engine holds as many bytes as before. */
static inline uint64_t *test_held(void) {
    static uint64_t held;
    return &held;
}

static inline int test_look_at_memory(void **state) {
    (void)state;
    *test_held() = bw_memory_in_use();
    return 0;
}

static inline int test_nothing_is_left(void **state) {
    (void)state;
    return bw_memory_in_use() != *test_held();
}

/* Whole files, by UTF-8 path. */
static inline void test_store(const char *path, const void *data, size_t size) {
    FILE *file = bw_system_open(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* For test_free. */
static inline uint8_t *test_load(const char *path, size_t *size) {
    FILE *file = bw_system_open(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *data = test_malloc(*size + 1);
    assert_int_equal(fread(data, 1, *size, file), *size);
    fclose(file);
    return data;
}

static inline bw_context *test_context(int threads) {
    bw_context *ctx = bw_context_create();
    assert_non_null(ctx);
    assert_ok(ctx, bw_context_set_threads(ctx, threads));
    return ctx;
}

static inline bw_image_info test_info(bw_pixel_type type, int64_t width, int64_t height, int64_t depth) {
    return (bw_image_info){.type = type, .width = width, .height = height, .depth = depth, .channels = 1, .frames = 1};
}

static inline bw_image *test_image(const bw_image_info *info) {
    bw_context *ctx = test_context(1);
    bw_image *image;
    assert_ok(ctx, bw_image_create(ctx, info, &image));
    bw_context_free(ctx);
    return image;
}

static inline double test_uniform(uint64_t stream, uint64_t counter) {
    return (double)(bw_random(7, stream, counter) >> 11) / 9007199254740992.0;
}

/* Noise in [0, 200) of any type, different in every plane. */
static inline bw_image *test_noise(const bw_image_info *info) {
    bw_image *image = test_image(info);
    const bw_image_info *made = bw_image_get_info(image);
    for (int t = 0; t < made->frames; t++)
        for (int c = 0; c < made->channels; c++)
            for (int64_t z = 0; z < made->depth; z++) {
                void *plane = bw_image_plane(image, t, c, z);
                const uint64_t stream = (uint64_t)((t * made->channels + c) * made->depth + z);
                for (int64_t i = 0; i < made->width * made->height; i++) {
                    const double v = 200 * test_uniform(stream, (uint64_t)i);
                    if (made->type == BW_UINT8) ((uint8_t *)plane)[i] = (uint8_t)v;
                    if (made->type == BW_UINT16) ((uint16_t *)plane)[i] = (uint16_t)(v * 50);
                    if (made->type == BW_FLOAT32) ((float *)plane)[i] = (float)v;
                }
            }
    return image;
}

static inline int64_t test_bytes_per_plane(const bw_image_info *info) {
    return info->width * info->height * (info->type == BW_UINT8 ? 1 : info->type == BW_UINT16 ? 2 : 4);
}

static inline void assert_same_pixels(const bw_image *a, const bw_image *b) {
    const bw_image_info *x = bw_image_get_info(a), *y = bw_image_get_info(b);
    assert_int_equal(x->type, y->type);
    assert_true(x->width == y->width && x->height == y->height && x->depth == y->depth);
    assert_true(x->channels == y->channels && x->frames == y->frames);
    for (int t = 0; t < x->frames; t++)
        for (int c = 0; c < x->channels; c++)
            for (int64_t z = 0; z < x->depth; z++)
                assert_memory_equal(bw_image_plane_const(a, t, c, z), bw_image_plane_const(b, t, c, z),
                                    (size_t)test_bytes_per_plane(x));
}

#endif
