/* The guided filter on probabilities: against its definition in double precision, tiles, levels, limits. */
#include "pipeline/refine.h"

#include <math.h>
#include <stdlib.h>

#include "core/random.h"
#include "forest/forest.h"
#include "support.h"

enum { MOST_CLASSES = 3, MOST_CHANNELS = 2 };

typedef struct scene {
    int64_t width, height;
    int classes, channels, radius;
    float spread[MOST_CHANNELS];
    float *pixels;   /* [channel][y][x] */
    uint32_t *votes; /* [class][y][x], sums to 1000 */
    bw_box grown;    /* of the tile in work */
} scene;

static bw_status load(bw_context *ctx, const bw_frame *frame, int channel, const bw_box *box, float *out, int64_t row,
                      int64_t plane) {
    const scene *s = frame->source;
    (void)ctx, (void)plane;
    for (int64_t y = box->lo[1]; y < box->hi[1]; y++)
        for (int64_t x = box->lo[0]; x < box->hi[0]; x++)
            out[(y - box->lo[1]) * row + x - box->lo[0]] = s->pixels[(channel * s->height + y) * s->width + x];
    return BW_OK;
}

static bw_status typical(bw_context *ctx, const bw_frame *frame, int channel, int64_t z, float *out) {
    (void)ctx, (void)frame, (void)z;
    *out = channel ? 3 : 100;
    return BW_OK;
}

static bw_frame frame_of(const scene *s) {
    return (bw_frame){.load = load, .typical = typical, .source = s, .size = {s->width, s->height, 1}};
}

static void read_votes(const void *user, int64_t y, int64_t z, uint32_t *votes) {
    const scene *s = user;
    const int64_t width = bw_box_extent(&s->grown, 0);
    (void)z;
    assert_true(y >= s->grown.lo[1] && y < s->grown.hi[1]);
    for (int k = 0; k < s->classes; k++)
        for (int64_t x = 0; x < width; x++)
            votes[k * width + x] = s->votes[(k * s->height + y) * s->width + s->grown.lo[0] + x];
}

/* A bright disc under noise, and votes that follow it with noise of their own. */
static scene make_scene(int64_t width, int64_t height, int classes, int channels, int radius) {
    scene s = {.width = width, .height = height, .classes = classes, .channels = channels, .radius = radius};
    s.pixels = malloc((size_t)(width * height * channels) * sizeof *s.pixels);
    s.votes = malloc((size_t)(width * height * classes) * sizeof *s.votes);
    assert_non_null(s.pixels);
    assert_non_null(s.votes);
    for (int c = 0; c < channels; c++)
        s.spread[c] = 20;
    for (int64_t i = 0; i < width * height; i++) {
        const int64_t x = i % width - width / 2, y = i / width - height / 2, inside = x * x + y * y < width * width / 9;
        uint32_t left = 1000;
        for (int c = 0; c < channels; c++)
            s.pixels[c * width * height + i] =
                (float)(100 + 40 * inside + (int64_t)(bw_random(1, (uint64_t)c, (uint64_t)i) % 21));
        for (int k = 0; k < classes; k++) {
            const uint32_t most =
                k + 1 < classes ? (uint32_t)(bw_random(2, (uint64_t)k, (uint64_t)i) % (left + 1)) : left;
            const uint32_t given = k + 1 < classes && inside ? most / 4 : most;
            s.votes[k * width * height + i] = given;
            left -= given;
        }
    }
    return s;
}

static void free_scene(scene *s) {
    free(s->pixels);
    free(s->votes);
}

/* Tiles of these edges over the whole frame into votes[class][y][x]. */
static void refine(const scene *original, int64_t wide, int64_t high, bw_simd level, uint32_t *votes) {
    scene s = *original;
    const bw_refine_spec spec = {s.radius, s.classes, s.channels, s.spread};
    const int64_t extent[3] = {wide < s.width ? wide : s.width, high < s.height ? high : s.height, 1};
    const int64_t reach[3] = {bw_refine_reach(&spec), bw_refine_reach(&spec), 0};
    const bw_frame frame = frame_of(&s);
    bw_context *ctx = bw_context_create();
    bw_refine_room *room;
    uint32_t *row = malloc((size_t)(extent[0] * s.classes) * sizeof *row);
    assert_true(bw_refine_wanted(&spec));
    assert_int_equal(bw_refine_open(ctx, &spec, level, extent, &room), BW_OK);
    for (int64_t y0 = 0; y0 < s.height; y0 += high)
        for (int64_t x0 = 0; x0 < s.width; x0 += wide) {
            const bw_box tile = {
                {x0, y0, 0},
                {x0 + wide < s.width ? x0 + wide : s.width, y0 + high < s.height ? y0 + high : s.height, 1}};
            s.grown = bw_box_grow(&tile, reach, frame.size);
            assert_int_equal(bw_refine_slice(ctx, room, &frame, &tile, &s.grown, 0, read_votes, &s, 1000), BW_OK);
            const int64_t n = bw_box_extent(&tile, 0);
            for (int64_t y = y0; y < tile.hi[1]; y++) {
                bw_refine_row(room, y - y0, row);
                for (int k = 0; k < s.classes; k++)
                    memcpy(votes + (k * s.height + y) * s.width + x0, row + k * n, (size_t)n * sizeof *row);
            }
        }
    bw_refine_close(room);
    bw_context_free(ctx);
    free(row);
}

static uint32_t *room_for(const scene *s) {
    uint32_t *votes = malloc((size_t)(s->width * s->height * s->classes) * sizeof *votes);
    assert_non_null(votes);
    return votes;
}

/* ---- the definition in double precision -------------------------------------------------------------------------- */

static double mean_around(const scene *s, const double *plane, int64_t x, int64_t y) {
    double sum = 0;
    for (int64_t dy = -s->radius; dy <= s->radius; dy++)
        for (int64_t dx = -s->radius; dx <= s->radius; dx++)
            sum += plane[bw_mirror(y + dy, s->height) * s->width + bw_mirror(x + dx, s->width)];
    return sum / ((2 * s->radius + 1) * (2 * s->radius + 1));
}

static double *window(const scene *s, const double *a, const double *b) {
    const int64_t n = s->width * s->height;
    double *product = malloc((size_t)n * sizeof *product), *out = malloc((size_t)n * sizeof *out);
    for (int64_t i = 0; i < n; i++)
        product[i] = b ? a[i] * b[i] : a[i];
    for (int64_t i = 0; i < n; i++)
        out[i] = mean_around(s, product, i % s->width, i / s->width);
    free(product);
    return out;
}

static double *guide_of(const scene *s, int channel) {
    double *out = calloc((size_t)(s->width * s->height), sizeof *out), total = 0;
    for (int64_t d = -4; d <= 4; d++)
        total += exp(-0.5 * (double)(d * d));
    for (int64_t i = 0; i < s->width * s->height; i++)
        for (int64_t dy = -4; dy <= 4; dy++)
            for (int64_t dx = -4; dx <= 4; dx++) {
                const int64_t x = bw_mirror(i % s->width + dx, s->width), y = bw_mirror(i / s->width + dy, s->height);
                const double weight = exp(-0.5 * (double)(dx * dx + dy * dy)) / total / total;
                out[i] +=
                    weight * (double)s->pixels[(channel * s->height + y) * s->width + x] / (double)s->spread[channel];
            }
    return out;
}

/* Adds the channel's filtered probabilities of a class to sum. */
static void add_filtered(const scene *s, const double *g, const double *p, double *sum) {
    const int64_t n = s->width * s->height;
    double *mg = window(s, g, NULL), *mgg = window(s, g, g), *mp = window(s, p, NULL), *mgp = window(s, g, p);
    double *mpp = window(s, p, p);
    for (int64_t i = 0; i < n; i++) {
        const double covariance = mgp[i] - mg[i] * mp[i], slope = covariance / (mgg[i] - mg[i] * mg[i] + 0.01);
        const double rest = fmax(0, mpp[i] - mp[i] * mp[i] - slope * covariance), own = rest / (rest + 0.05);
        mp[i] = (1 - own) * (mp[i] - slope * mg[i]);
        mgp[i] = (1 - own) * slope;
        mpp[i] = own;
    }
    double *slope = window(s, mgp, NULL), *offset = window(s, mp, NULL), *own = window(s, mpp, NULL);
    for (int64_t i = 0; i < n; i++)
        sum[i] += (slope[i] * g[i] + offset[i] + own[i] * p[i]) / s->channels;
    free(mg), free(mgg), free(mp), free(mgp), free(mpp), free(slope), free(offset), free(own);
}

static void expect_definition(const scene *s, const uint32_t *votes) {
    const int64_t n = s->width * s->height;
    double *expected = calloc((size_t)(n * s->classes), sizeof *expected), *p = malloc((size_t)n * sizeof *p);
    for (int c = 0; c < s->channels; c++) {
        double *g = guide_of(s, c);
        for (int k = 0; k < s->classes; k++) {
            for (int64_t i = 0; i < n; i++)
                p[i] = s->votes[k * n + i] / 1000.0;
            add_filtered(s, g, p, expected + k * n);
        }
        free(g);
    }
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int k = 0; k < s->classes; k++)
            sum += expected[k * n + i] > 0 ? expected[k * n + i] : 0;
        for (int k = 0; k < s->classes; k++) {
            const double wanted = expected[k * n + i] > 0 ? expected[k * n + i] / sum : 0;
            const double got = (double)votes[k * n + i] / BW_CALIBRATED_TOTAL;
            if (fabs(got - wanted) > 2e-5) fail_msg("class %d, pixel %d: %.8f, not %.8f", k, (int)i, got, wanted);
        }
    }
    free(expected);
    free(p);
}

static void test_definition(void **state) {
    static const struct {
        int64_t width, height;
        int classes, channels, radius;
    } cases[] = {{40, 33, 2, 1, 4}, {31, 40, 3, 2, 2}, {5, 40, 2, 1, 4},
                 {3, 1, 3, 1, 4},   {1, 1, 2, 2, 3},   {50, 20, 3, 1, 9}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scene s = make_scene(cases[i].width, cases[i].height, cases[i].classes, cases[i].channels, cases[i].radius);
        uint32_t *votes = room_for(&s);
        refine(&s, s.width, s.height, BW_SIMD_SCALAR, votes);
        expect_definition(&s, votes);
        free(votes);
        free_scene(&s);
    }
}

static void test_tiles_and_levels_give_the_same_votes(void **state) {
    static const int64_t edges[][2] = {{8, 8}, {16, 64}, {37, 5}, {64, 64}};
    scene s = make_scene(70, 61, 3, 2, 4);
    uint32_t *whole = room_for(&s), *tiled = room_for(&s);
    const size_t bytes = (size_t)(s.width * s.height * s.classes) * sizeof *whole;
    bw_context *ctx = bw_context_create();
    bw_simd best;
    (void)state;
    assert_int_equal(bw_simd_level(ctx, &best), BW_OK);
    bw_context_free(ctx);
    refine(&s, s.width, s.height, BW_SIMD_SCALAR, whole);
    for (size_t e = 0; e < sizeof edges / sizeof *edges; e++)
        for (int level = BW_SIMD_SCALAR; level <= (int)best; level++) {
            refine(&s, edges[e][0], edges[e][1], (bw_simd)level, tiled);
            assert_memory_equal(tiled, whole, bytes);
        }
    free(whole);
    free(tiled);
    free_scene(&s);
}

static void test_sums_and_constants(void **state) {
    scene s = make_scene(48, 40, 3, 1, 4);
    const int64_t n = s.width * s.height;
    uint32_t *votes = room_for(&s);
    (void)state;
    refine(&s, 20, 20, BW_SIMD_SCALAR, votes);
    for (int64_t i = 0; i < n; i++)
        assert_int_equal(votes[i] + votes[n + i] + votes[2 * n + i], BW_CALIBRATED_TOTAL);
    for (int64_t i = 0; i < n; i++) {
        s.votes[i] = 600;
        s.votes[n + i] = 300;
        s.votes[2 * n + i] = 100;
    }
    refine(&s, 20, 20, BW_SIMD_SCALAR, votes);
    for (int64_t i = 0; i < n; i++) {
        assert_float_equal((double)votes[i] / BW_CALIBRATED_TOTAL, 0.6, 1e-5);
        assert_float_equal((double)votes[2 * n + i] / BW_CALIBRATED_TOTAL, 0.1, 1e-5);
    }
    free(votes);
    free_scene(&s);
}

/* Votes with noise around the disc: after refining, fewer pixels have the wrong winner. */
static void test_noise_goes_and_borders_stay(void **state) {
    scene s = make_scene(96, 96, 2, 1, 4);
    const int64_t n = s.width * s.height;
    uint32_t *votes = room_for(&s);
    int64_t before = 0, after = 0;
    (void)state;
    for (int64_t i = 0; i < n; i++) {
        const int inside = s.pixels[i] > 130, wrong = bw_random(5, 0, (uint64_t)i) % 10 < 2;
        s.votes[i] = inside == wrong ? 600 : 400;
        s.votes[n + i] = 1000 - s.votes[i];
    }
    refine(&s, 32, 32, BW_SIMD_SCALAR, votes);
    for (int64_t i = 0; i < n; i++) {
        const int inside = s.pixels[i] > 130;
        before += (s.votes[n + i] > s.votes[i]) != inside;
        after += (votes[n + i] > votes[i]) != inside;
    }
    assert_true(before > n / 6);
    assert_true(after < n / 50);
    free(votes);
    free_scene(&s);
}

/* An image of values near float's end: squares overflow, and the forest's own votes stay. */
static void test_values_beyond_range(void **state) {
    scene s = make_scene(30, 24, 3, 1, 2);
    const int64_t n = s.width * s.height;
    uint32_t *votes = room_for(&s);
    (void)state;
    for (int64_t i = 0; i < n; i++)
        s.pixels[i] = i % 2 ? 3e38f : -3e38f;
    refine(&s, 16, 16, BW_SIMD_SCALAR, votes);
    for (int64_t i = 0; i < 3 * n; i++)
        assert_float_equal((double)votes[i] / BW_CALIBRATED_TOTAL, s.votes[i] / 1000.0, 1e-5);
    free(votes);
    free_scene(&s);
}

static void test_nothing_to_do(void **state) {
    const float flat[2] = {0, 0}, one[2] = {0, 1};
    (void)state;
    assert_false(bw_refine_wanted(&(bw_refine_spec){4, 2, 2, flat}));
    assert_false(bw_refine_wanted(&(bw_refine_spec){0, 2, 2, one}));
    assert_true(bw_refine_wanted(&(bw_refine_spec){4, 2, 2, one}));
}

static void test_memory(void **state) {
    const float spread[1] = {1};
    const bw_refine_spec spec = {4, 3, 1, spread};
    const int64_t extent[3] = {100, 60, 7};
    bw_context *ctx = bw_context_create();
    bw_refine_room *room;
    const uint64_t before = bw_memory_in_use();
    (void)state;
    assert_int_equal(bw_refine_open(ctx, &spec, BW_SIMD_SCALAR, extent, &room), BW_OK);
    const uint64_t taken = bw_memory_in_use() - before;
    const uint64_t told = (uint64_t)bw_refine_bytes(&spec, extent);
    assert_true(taken >= told && taken <= told + told / 10 + 4096);
    bw_refine_close(room);
    assert_int_equal(bw_memory_in_use(), before);
    bw_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_definition),
        cmocka_unit_test(test_tiles_and_levels_give_the_same_votes),
        cmocka_unit_test(test_sums_and_constants),
        cmocka_unit_test(test_noise_goes_and_borders_stay),
        cmocka_unit_test(test_values_beyond_range),
        cmocka_unit_test(test_nothing_to_do),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
