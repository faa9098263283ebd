#include "zarr/levels.h"

#include <stddef.h>

#include "core/image.h"

enum { SMALLEST = 64 }; /* pixels along x and y that need no smaller level */

static int64_t at_most(int64_t value, int64_t most) {
    return value < most ? value : most;
}

/* z follows x and y once its voxels are no longer than theirs. */
static int halves(const bw_image_info *info, const bw_zarr_level *level, int axis) {
    const double *spacing = info->spacing;
    const double x = spacing[0] * (double)level->scale[0], y = spacing[1] * (double)level->scale[1];
    return level->size[axis] > 1 && (axis < 2 || spacing[2] * (double)level->scale[2] <= (x > y ? x : y));
}

static bw_zarr_level next_level(const bw_image_info *info, const bw_zarr_level *level) {
    bw_zarr_level next;
    for (int axis = 0; axis < 3; axis++) {
        next.step[axis] = halves(info, level, axis) ? 2 : 1;
        next.scale[axis] = level->scale[axis] * next.step[axis];
        next.size[axis] = (level->size[axis] + next.step[axis] - 1) / next.step[axis];
        next.chunk[axis] = at_most(level->chunk[axis], next.size[axis]);
    }
    return next;
}

int bw_zarr_levels_make(const bw_image_info *info, const int64_t chunk[3], bw_zarr_level levels[BW_ZARR_MAX_LEVELS]) {
    int count = 1;
    levels[0] = (bw_zarr_level){.size = {info->width, info->height, info->depth},
                                .chunk = {chunk[0], chunk[1], chunk[2]},
                                .step = {1, 1, 1},
                                .scale = {1, 1, 1}};
    for (; count < BW_ZARR_MAX_LEVELS; count++) {
        const bw_zarr_level *last = &levels[count - 1];
        if (last->size[0] <= SMALLEST && last->size[1] <= SMALLEST) break;
        levels[count] = next_level(info, last);
    }
    return count;
}

/* ---- voxels -------------------------------------------------------------------------------------------------- */

/* Four rows of the larger image, two of each of two slices, to one of the smaller; the same row may stand for several.
 */
typedef void (*row_fn)(const void *const from[4], int64_t width, int64_t step, void *to);

/* a to h are the eight values; the order of their sum is fixed. */
#define MEANS(name, type, value)                                                                                       \
    static void name(const void *const from[4], int64_t width, int64_t step, void *to) {                               \
        const type *p = from[0], *q = from[1], *r = from[2], *s = from[3];                                             \
        type *out = to;                                                                                                \
        for (int64_t i = 0; i < width; i += step, out++) {                                                             \
            const int64_t j = step > 1 && i + 1 < width ? i + 1 : i;                                                   \
            const type a = p[i], b = p[j], c = q[i], d = q[j], e = r[i], f = r[j], g = s[i], h = s[j];                 \
            *out = value;                                                                                              \
        }                                                                                                              \
    }

MEANS(mean_uint8, uint8_t, (uint8_t)((a + b + c + d + e + f + g + h + 4) / 8))
MEANS(mean_uint16, uint16_t, (uint16_t)((a + b + c + d + e + f + g + h + 4) / 8))
MEANS(mean_float32, float, (((a + b) + (c + d)) + ((e + f) + (g + h))) * 0.125f)

#define FIRSTS(name, type)                                                                                             \
    static void name(const void *const from[4], int64_t width, int64_t step, void *to) {                               \
        const type *p = from[0];                                                                                       \
        type *out = to;                                                                                                \
        for (int64_t i = 0; i < width; i += step)                                                                      \
            *out++ = p[i];                                                                                             \
    }

FIRSTS(first_uint8, uint8_t)
FIRSTS(first_uint16, uint16_t)
FIRSTS(first_float32, float)

static row_fn find_row(bw_pixel_type type, int labels) {
    static const struct {
        bw_pixel_type type;
        row_fn mean, first;
    } table[] = {{BW_UINT8, mean_uint8, first_uint8},
                 {BW_UINT16, mean_uint16, first_uint16},
                 {BW_FLOAT32, mean_float32, first_float32}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].type == type) return labels ? table[i].first : table[i].mean;
    return mean_float32;
}

void bw_zarr_reduce(bw_pixel_type type, int labels, const void *from, const int64_t size[3], const int64_t step[3],
                    void *to, const int64_t to_size[3]) {
    const row_fn reduce = find_row(type, labels);
    const int64_t bytes = bw_type_size(type), row = size[0] * bytes, slice = size[1] * row;
    for (int64_t z = 0; z < size[2]; z += step[2]) {
        const uint8_t *upper = (const uint8_t *)from + z * slice;
        const uint8_t *lower = upper + (step[2] > 1 && z + 1 < size[2] ? slice : 0);
        for (int64_t y = 0; y < size[1]; y += step[1]) {
            const int64_t first = y * row, second = first + (step[1] > 1 && y + 1 < size[1] ? row : 0);
            const void *const rows[4] = {upper + first, upper + second, lower + first, lower + second};
            const int64_t place = (z / step[2] * to_size[1] + y / step[1]) * to_size[0];
            reduce(rows, size[0], step[0], (uint8_t *)to + place * bytes);
        }
    }
}
