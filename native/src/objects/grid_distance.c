/* Exact distance transform, one axis after the other (Meijster et al. 2000; Felzenszwalb and Huttenlocher 2012). Along
 * x distances are counted within stretches of the mask. Along y and z each voxel looks for the lowest of its
 * column's parabolas: at those nearby first, which is all it takes within small objects, else by the lower envelope.
 * Distances are in units of the spacing along x: whole numbers, exact in a float up to 2^24, when spacings are equal.
 */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "objects/distance_ops.h"
#include "objects/grid.h"

enum { LANES = BW_DISTANCE_LANES, BLOCK = 64, ROWS = 32 }; /* columns of a block in memory, rows of a task */

typedef struct transform {
    const bw_distance_ops *ops;
    const uint8_t *mask;
    int64_t size[3];
    double square[3]; /* of the spacing, as a multiple of that along x */
    float squares[3][BW_DISTANCE_REACH + 1];
    float *out;
    int64_t blocks;    /* of a row */
    float *columns;    /* per thread: a block along y or z */
    int64_t *envelope; /* per thread: room for a column's parabolas */
    double *begins;
    int64_t longest; /* of columns */
} transform;

/* ---- along x --------------------------------------------------------------------------------------------------- */

static int64_t skip_zeros(const uint8_t *mask, int64_t from, int64_t to) {
    for (uint64_t word; from + 8 <= to; from += 8) {
        memcpy(&word, mask + from, sizeof word);
        if (word) break;
    }
    while (from < to && !mask[from])
        from++;
    return from;
}

/* Squared distances within the stretch lo..hi-1 of a row of n. */
static void measure_stretch(int64_t lo, int64_t hi, int64_t n, float *row) {
    const float before = lo > 0 ? (float)(lo - 1) : -INFINITY, after = hi < n ? (float)hi : INFINITY;
    for (int64_t x = lo; x < hi; x++) {
        const float left = (float)(int32_t)x - before, right = after - (float)(int32_t)x;
        const float least = left < right ? left : right;
        row[x] = least * least;
    }
}

static void measure_row(const uint8_t *mask, int64_t n, float *row) {
    memset(row, 0, (size_t)n * sizeof *row);
    for (int64_t x = skip_zeros(mask, 0, n); x < n; x = skip_zeros(mask, x, n)) {
        const uint8_t *end = memchr(mask + x, 0, (size_t)(n - x));
        const int64_t hi = end ? end - mask : n;
        measure_stretch(x, hi, n, row);
        x = hi;
    }
}

/* A row of the mask, which may lie where the result will be. */
static const uint8_t *mask_row(const transform *t, int thread, int64_t first) {
    if (t->mask) return t->mask + first;
    uint8_t *copy = (uint8_t *)(t->columns + thread * t->longest * BLOCK);
    const uint32_t *from = (const uint32_t *)t->out + first;
    for (int64_t x = 0; x < t->size[0]; x++)
        copy[x] = from[x] != 0;
    return copy;
}

/* Rows first..last-1 of a slice. */
static void rows_along_x(const transform *t, int thread, int64_t z, int64_t first, int64_t last) {
    const int64_t width = t->size[0], height = t->size[1];
    for (int64_t y = first; y < (last < height ? last : height); y++) {
        const int64_t row = (z * height + y) * width;
        measure_row(mask_row(t, thread, row), width, t->out + row);
    }
}

/* ---- along y and z --------------------------------------------------------------------------------------------- */

/* Parabolas that make up the lower envelope of a column: their number; envelope: their rows, begins: from where on. */
static int64_t build_envelope(const float *in, int64_t stride, int64_t n, double square, int64_t *envelope,
                              double *begins) {
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) {
        const double own = (double)in[i * stride] + square * (double)i * (double)i;
        if (isinf(own)) continue;
        double begin = -INFINITY;
        for (; count; count--) {
            const int64_t q = envelope[count - 1];
            const double there = (double)in[q * stride] + square * (double)q * (double)q;
            begin = (own - there) / (2 * square * (double)(i - q));
            if (begin > begins[count - 1]) break;
            begin = -INFINITY;
        }
        envelope[count] = i, begins[count++] = begin;
    }
    return count;
}

static void lowest_of_column(const float *in, int64_t stride, int64_t n, double square, int64_t *envelope,
                             double *begins, float *out, int64_t out_stride) {
    const int64_t count = build_envelope(in, stride, n, square, envelope, begins);
    for (int64_t i = 0, k = 0; i < n; i++) {
        while (k + 1 < count && begins[k + 1] <= (double)i)
            k++;
        const double apart = count ? (double)(i - envelope[k]) : 0;
        out[i * out_stride] = count ? (float)((double)in[envelope[k] * stride] + square * apart * apart) : INFINITY;
    }
}

/* A block of `columns` columns of BLOCK in memory. */
static void lowest_of_block(const transform *t, int thread, const float *block, int64_t columns, int axis, float *out,
                            int64_t out_stride) {
    const int64_t n = t->size[axis];
    for (int64_t c = 0; c < columns; c += LANES) {
        const int64_t lanes = columns - c < LANES ? columns - c : LANES;
        if (t->ops->lowest(block + c, BLOCK, n, t->squares[axis], out + c, out_stride, lanes)) continue;
        for (int64_t l = c; l < c + lanes; l++)
            lowest_of_column(block + l, BLOCK, n, t->square[axis], t->envelope + thread * t->longest,
                             t->begins + thread * t->longest, out + l, out_stride);
    }
}

static int64_t columns_of(const transform *t, int64_t block) {
    return block + 1 < t->blocks ? BLOCK : t->size[0] - block * BLOCK;
}

/* A block of the result along y or z, in place. */
static void block_along(const transform *t, int thread, int axis, int64_t block, float *out) {
    const int64_t columns = columns_of(t, block), stride = axis == 1 ? t->size[0] : t->size[0] * t->size[1];
    float *copy = t->columns + thread * t->longest * BLOCK;
    for (int64_t i = 0; i < t->size[axis]; i++) {
        memcpy(copy + i * BLOCK, out + i * stride, (size_t)columns * sizeof *out);
        memset(copy + i * BLOCK + columns, 0, (size_t)(BLOCK - columns) * sizeof *out);
    }
    lowest_of_block(t, thread, copy, columns, axis, out, stride);
}

static void block_along_y(const transform *t, int thread, int64_t z, int64_t block) {
    block_along(t, thread, 1, block, t->out + z * t->size[0] * t->size[1] + block * BLOCK);
}

static bw_status along_z(bw_context *ctx, void *user, int64_t index, int thread) {
    (void)ctx;
    const transform *t = user;
    const int64_t y = index / t->blocks, block = index % t->blocks;
    block_along(t, thread, 2, block, t->out + y * t->size[0] + block * BLOCK);
    return BW_OK;
}

/* ---- all ------------------------------------------------------------------------------------------------------- */

typedef struct scaling {
    float *values;
    int64_t count;
    float factor;
} scaling;

enum { SCALED = 1 << 16 };

static bw_status scale(bw_context *ctx, void *user, int64_t index, int thread) {
    (void)ctx, (void)thread;
    const scaling *s = user;
    const int64_t end = (index + 1) * SCALED < s->count ? (index + 1) * SCALED : s->count;
    for (int64_t i = index * SCALED; i < end; i++)
        s->values[i] *= s->factor;
    return BW_OK;
}

static int64_t row_groups(const transform *t) {
    return (t->size[1] + ROWS - 1) / ROWS;
}

static bw_status some_rows(bw_context *ctx, void *user, int64_t index, int thread) {
    (void)ctx;
    const transform *t = user;
    const int64_t first = index % row_groups(t) * ROWS;
    rows_along_x(t, thread, index / row_groups(t), first, first + ROWS);
    return BW_OK;
}

static bw_status one_block(bw_context *ctx, void *user, int64_t index, int thread) {
    (void)ctx;
    const transform *t = user;
    block_along_y(t, thread, index / t->blocks, index % t->blocks);
    return BW_OK;
}

static bw_status one_slice(bw_context *ctx, void *user, int64_t index, int thread) {
    (void)ctx;
    const transform *t = user;
    rows_along_x(t, thread, index, 0, t->size[1]);
    for (int64_t block = 0; block < t->blocks; block++)
        block_along_y(t, thread, index, block);
    return BW_OK;
}

/* Few slices are shared by the threads, of many each takes its own. */
static int few_slices(const transform *t, int threads) {
    return t->size[2] < 2 * (int64_t)threads;
}

static bw_status transform_all(bw_context *ctx, transform *t, int threads) {
    const int64_t depth = t->size[2];
    if (few_slices(t, threads)) {
        BW_TRY(bw_parallel_threads(ctx, threads, depth * row_groups(t), some_rows, t));
        BW_TRY(bw_parallel_threads(ctx, threads, depth * t->blocks, one_block, t));
    } else {
        BW_TRY(bw_parallel_threads(ctx, threads, depth, one_slice, t));
    }
    if (depth > 1) BW_TRY(bw_parallel_threads(ctx, threads, t->size[1] * t->blocks, along_z, t));
    return bw_check(ctx);
}

static bw_status prepare(bw_context *ctx, transform *t, const double spacing[3]) {
    static const bw_distance_ops *const ops[BW_SIMD_COUNT] = BW_LEVELS(bw_distance_ops);
    bw_simd simd;
    BW_TRY(bw_simd_level(ctx, &simd));
    t->ops = ops[simd];
    t->blocks = (t->size[0] + BLOCK - 1) / BLOCK;
    for (int axis = 0; axis < 3; axis++) {
        const double ratio = spacing[axis] / spacing[0];
        t->square[axis] = ratio * ratio;
        for (int k = 0; k <= BW_DISTANCE_REACH; k++)
            t->squares[axis][k] = (float)(t->square[axis] * k * k);
    }
    t->longest = t->size[1] > t->size[2] ? t->size[1] : t->size[2];
    if (t->longest < t->blocks) t->longest = t->blocks; /* a row of the mask goes where columns go */
    return BW_OK;
}

bw_status bw_grid_distance(bw_context *ctx, int threads, const uint8_t *mask, const int64_t size[3],
                           const double spacing[3], float *out) {
    transform t = {.mask = mask, .size = {size[0], size[1], size[2]}, .out = out};
    BW_TRY(prepare(ctx, &t, spacing));
    const uint64_t room = (uint64_t)threads * (uint64_t)t.longest;
    const char *what = "a distance transform";
    t.columns = bw_alloc(ctx, room * BLOCK, sizeof *t.columns, what);
    t.envelope = bw_alloc(ctx, room, sizeof *t.envelope, what);
    t.begins = bw_alloc(ctx, room, sizeof *t.begins, what);
    bw_status status = bw_context_status(ctx);
    if (status == BW_OK) status = transform_all(ctx, &t, threads);
    scaling s = {out, size[0] * size[1] * size[2], (float)(spacing[0] * spacing[0])};
    if (status == BW_OK && s.factor != 1)
        status = bw_parallel_threads(ctx, threads, (s.count + SCALED - 1) / SCALED, scale, &s);
    bw_free(t.columns);
    bw_free(t.envelope);
    bw_free(t.begins);
    return status;
}
