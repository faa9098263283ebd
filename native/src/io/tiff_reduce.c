#include "io/tiff_reduce.h"

/* a b / c d are the four values; the order of their sum is fixed. */
#define REDUCE(name, type, value)                                                                                      \
    static void name(const bw_tiff_tile *from, uint8_t *to, int64_t stride) {                                          \
        const int64_t n = from->samples;                                                                               \
        for (int64_t y = 0; y < from->height; y += 2) {                                                                \
            const type *p = (const type *)from->pixels + y * from->stride * n;                                         \
            const type *q = y + 1 < from->height ? p + from->stride * n : p;                                           \
            type *r = (type *)to + y / 2 * stride * n;                                                                 \
            for (int64_t x = 0; x < from->width; x += 2)                                                               \
                for (int64_t s = 0, next = x + 1 < from->width ? n : 0; s < n; s++) {                                  \
                    const int64_t i = x * n + s;                                                                       \
                    const type a = p[i], b = p[i + next], c = q[i], d = q[i + next];                                   \
                    r[x / 2 * n + s] = value;                                                                          \
                }                                                                                                      \
        }                                                                                                              \
    }

REDUCE(mean_uint8, uint8_t, (uint8_t)((a + b + c + d + 2) / 4))
REDUCE(mean_uint16, uint16_t, (uint16_t)((a + b + c + d + 2) / 4))
REDUCE(mean_float32, float, ((a + b) + (c + d)) * 0.25f)

static void nearest_uint8(const bw_tiff_tile *from, uint8_t *to, int64_t stride) {
    const int64_t n = from->samples;
    for (int64_t y = 0; y < from->height; y += 2)
        for (int64_t x = 0; x < from->width; x += 2)
            for (int64_t s = 0; s < n; s++)
                to[(y / 2 * stride + x / 2) * n + s] = from->pixels[(y * from->stride + x) * n + s];
}

bw_reduce_fn bw_tiff_reducer(bw_pixel_type type, int classes) {
    if (type == BW_FLOAT32) return mean_float32;
    if (type == BW_UINT16) return mean_uint16;
    return classes ? nearest_uint8 : mean_uint8;
}
