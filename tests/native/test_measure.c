/* Measures of objects: shapes whose measures are known, laws of scaling and turning, threads, streams, bad values. */
#include <math.h>

#include "core/math.h"
#include "support.h"

static const double circle = 3.14159265358979323846;

/* ---- elementary functions ---------------------------------------------------------------------------------------- */

static double ulps(double value, long double exact) {
    int exponent;
    frexpl(exact, &exponent);
    return (double)(fabsl((long double)value - exact) / ldexpl(1, exponent - 53));
}

static void functions_are_the_librarys(void **state) {
    (void)state;
    for (int i = 0; i < 200000; i++) {
        const double u = test_uniform(1, (uint64_t)i), v = test_uniform(2, (uint64_t)i),
                     w = test_uniform(3, (uint64_t)i);
        const double x = i % 3 == 0   ? ldexp(1 + u, (int)(2000 * v) - 1000)
                         : i % 3 == 1 ? 1 + (u - 0.5) * pow(10, -10 * v)
                                      : ldexp(u + 1e-3, -1060);
        const double a = (u - 0.5) * pow(10, 8 * v - 4), b = (w - 0.5) * pow(10, 8 * test_uniform(4, (uint64_t)i) - 4);
        const int up = x < 0x1p-1000 ? 300 : 0; /* not every library knows the logarithm of denormal numbers */
        const long double large = ldexpl(x, up), log_two = 0.693147180559945309417232121458176568L;
        if (!(ulps(bw_log(x), logl(large) - up * log_two) <= 2.5)) fail_msg("log(%.17g) = %.17g", x, bw_log(x));
        if (!(ulps(bw_cbrt(x), ldexpl(cbrtl(large), -up / 3)) <= 2)) fail_msg("cbrt(%.17g) = %.17g", x, bw_cbrt(x));
        if (!(ulps(bw_atan2(a, b), atan2l(a, b)) <= 3.2)) fail_msg("atan2(%.17g, %.17g) = %.17g", a, b, bw_atan2(a, b));
        assert_true(bw_cbrt(-x) == -bw_cbrt(x));
        assert_true(bw_atan2(-a, b) == -bw_atan2(a, b));
    }
}

static void functions_have_their_special_values(void **state) {
    (void)state;
    assert_true(bw_log(1) == 0);
    assert_true(bw_cbrt(0) == 0 && bw_cbrt(27) == 3 && bw_cbrt(-8) == -2 && bw_cbrt(1e300) == 1e100);
    assert_true(fabs(bw_cbrt(1.7e308) / cbrt(1.7e308) - 1) < 1e-15 && fabs(bw_cbrt(5e-324) / cbrt(5e-324) - 1) < 1e-15);
    assert_true(bw_atan2(0, 0) == 0 && bw_atan2(0, 1) == 0 && bw_atan2(0, -1) == circle);
    assert_true(bw_atan2(1, 0) == circle / 2 && bw_atan2(-1, 0) == -circle / 2 && bw_atan2(1, 1) == circle / 4);
}

/* ---- scenes ------------------------------------------------------------------------------------------------------ */

/* Label of a voxel. */
typedef int (*label_fn)(const double *setting, int64_t x, int64_t y, int64_t z);

static bw_image *paint(int64_t width, int64_t height, int64_t depth, label_fn label, const double *setting) {
    const bw_image_info info = test_info(BW_UINT16, width, height, depth);
    bw_image *image = test_image(&info);
    for (int64_t z = 0; z < depth; z++) {
        uint16_t *plane = bw_image_plane(image, 0, 0, z);
        for (int64_t y = 0; y < height; y++)
            for (int64_t x = 0; x < width; x++)
                plane[y * width + x] = (uint16_t)label(setting, x, y, z);
    }
    return image;
}

/* Labels, an image and probabilities; the last two may be NULL. spacing x, y, z; NULL = pixels. */
static bw_measurements *measure_on(int threads, const bw_image *labels, const bw_image *image, const bw_image *likely,
                                   const char *measures, const double *spacing) {
    bw_context *ctx = test_context(threads);
    bw_objects *objects;
    bw_measurements *table;
    assert_ok(ctx, bw_objects_from_labels(ctx, labels, &objects));
    assert_ok(ctx, bw_objects_measure(ctx, objects, image, likely, measures, spacing, &table));
    bw_objects_free(objects);
    bw_context_free(ctx);
    return table;
}

static bw_measurements *measure(const bw_image *labels, const double *spacing) {
    return measure_on(2, labels, NULL, NULL, NULL, spacing);
}

static const double *values_of(const bw_measurements *table, const char *id) {
    for (int c = 0; c < bw_measurements_columns(table); c++)
        if (!strcmp(bw_measurements_id(table, c), id)) return bw_measurements_values(table, c);
    fail_msg("There is no column %s.", id);
    return NULL;
}

static double value(const bw_measurements *table, const char *id) {
    return values_of(table, id)[0];
}

static void assert_near(const bw_measurements *table, const char *id, double expected, double tolerance) {
    const double found = value(table, id);
    if (!(fabs(found - expected) <= tolerance * fmax(1, fabs(expected))))
        fail_msg("%s is %.17g, not %.17g (tolerance %g)", id, found, expected, tolerance);
}

static void assert_same_tables(const bw_measurements *a, const bw_measurements *b) {
    assert_int_equal(bw_measurements_rows(a), bw_measurements_rows(b));
    assert_int_equal(bw_measurements_columns(a), bw_measurements_columns(b));
    for (int c = 0; c < bw_measurements_columns(a); c++) {
        assert_string_equal(bw_measurements_id(a, c), bw_measurements_id(b, c));
        assert_memory_equal(bw_measurements_values(a, c), bw_measurements_values(b, c),
                            (size_t)bw_measurements_rows(a) * sizeof(double));
    }
}

/* ---- shapes that are known --------------------------------------------------------------------------------------- */

/* lo and hi of x, y, z */
static int box_label(const double *s, int64_t x, int64_t y, int64_t z) {
    const double at[3] = {(double)x, (double)y, (double)z};
    for (int k = 0; k < 3; k++)
        if (at[k] < s[2 * k] || at[k] >= s[2 * k + 1]) return 0;
    return 1;
}

/* centre, then half axes, in voxels */
static int ellipsoid_label(const double *s, int64_t x, int64_t y, int64_t z) {
    const double at[3] = {(double)x, (double)y, (double)z};
    double sum = 0;
    for (int k = 0; k < 3; k++)
        sum += (at[k] - s[k]) * (at[k] - s[k]) / (s[3 + k] * s[3 + k]);
    return sum <= 1;
}

static void rectangles_are_exact(void **state) {
    (void)state;
    const double w = 7, h = 4, setting[] = {3, 3 + w, 5, 5 + h, 0, 1}, spacing[] = {0.5, 0.5, 9};
    bw_image *labels = paint(20, 20, 1, box_label, setting);
    for (int k = 0; k < 2; k++) {
        bw_measurements *table = measure(labels, k ? spacing : NULL);
        const double p = k ? 0.5 : 1;
        assert_int_equal(bw_measurements_rows(table), 1);
        assert_near(table, "voxels", w * h, 0);
        assert_near(table, "area", w * h * p * p, 1e-15);
        assert_near(table, "centroid_x", (3 + w / 2) * p, 1e-15);
        assert_near(table, "centroid_y", (5 + h / 2) * p, 1e-15);
        assert_near(table, "box_x", 3, 0);
        assert_near(table, "box_height", h, 0);
        assert_near(table, "perimeter", p * (2 * (w + h) - 4 * (2 - sqrt(2))), 1e-15);
        assert_near(table, "feret_max", p * sqrt(w * w + h * h), 1e-15);
        assert_near(table, "feret_min", p * h, 1e-15);
        assert_near(table, "feret_angle", 180 - atan2(h, w) * 180 / circle, 1e-14);
        assert_near(table, "major", p * 2 * w / sqrt(circle), 1e-14);
        assert_near(table, "minor", p * 2 * h / sqrt(circle), 1e-14);
        assert_near(table, "angle", 0, 0);
        assert_near(table, "aspect_ratio", w / h, 1e-14);
        assert_near(table, "roundness", h / w, 1e-14);
        assert_near(table, "solidity", 1, 0);
        assert_near(table, "equivalent_diameter", p * sqrt(4 * w * h / circle), 1e-15);
        assert_near(table, "border", 0, 0);
        assert_near(table, "neighbours", 0, 0);
        bw_measurements_free(table);
    }
    bw_image_free(labels);
}

static void discs_are_round(void **state) {
    (void)state;
    for (double r = 5; r <= 60; r *= 1.7) {
        const double setting[] = {64.3, 63.8, 0, r, r, 1};
        bw_image *labels = paint(130, 130, 1, ellipsoid_label, setting);
        bw_measurements *table = measure(labels, NULL);
        assert_near(table, "centroid_x", 64.8, 0.02);
        assert_near(table, "equivalent_diameter", 2 * r, 0.02);
        assert_near(table, "perimeter", 2 * circle * r, 0.06);
        assert_near(table, "feret_max", 2 * r, 1.5 / (2 * r));
        assert_near(table, "feret_min", 2 * r, 1.5 / (2 * r));
        assert_near(table, "major", 2 * r, 0.03);
        assert_near(table, "minor", 2 * r, 0.03);
        assert_true(value(table, "circularity") > 0.88 && value(table, "circularity") <= 1);
        assert_true(value(table, "solidity") > 0.9 && value(table, "solidity") < 1);
        bw_measurements_free(table);
        bw_image_free(labels);
    }
}

static void spheres_are_round(void **state) {
    (void)state;
    const double spacings[][3] = {{1, 1, 1}, {0.5, 0.5, 0.5}, {1, 1, 2.5}, {0.6, 0.8, 1.1}};
    for (int s = 0; s < 4; s++)
        for (double r = 5.5; r <= 15; r *= 1.6) {
            const double *p = spacings[s], setting[] = {24.3, 24.7, 24.1, r / p[0], r / p[1], r / p[2]};
            const double scale = p[0] == 0.5 ? 0.5 : 1, half = scale * r;
            double half_axes[6];
            memcpy(half_axes, setting, sizeof half_axes);
            for (int k = 3; k < 6; k++)
                half_axes[k] *= scale;
            bw_image *labels = paint(50, 50, 50, ellipsoid_label, half_axes);
            bw_measurements *table = measure(labels, p);
            assert_near(table, "volume", 4 * circle / 3 * half * half * half, 0.03);
            assert_near(table, "equivalent_diameter", 2 * half, 0.02);
            if (!(fabs(value(table, "surface") / (4 * circle * half * half) - 1) < (s == 2 ? 0.03 : 0.02)))
                fail_msg("surface %g of %g", value(table, "surface"), 4 * circle * half * half);
            for (int k = 1; k <= 3; k++) {
                const char id[] = {'a', 'x', 'i', 's', '_', (char)('0' + k), 0};
                assert_near(table, id, 2 * half, 0.05);
            }
            assert_true(value(table, "sphericity") > 0.95);
            assert_true(value(table, "solidity") > 0.7 && value(table, "solidity") < 1);
            assert_near(table, "feret_max", 2 * half, 0.25);
            bw_measurements_free(table);
            bw_image_free(labels);
        }
}

static void boxes_in_space_are_exact(void **state) {
    (void)state;
    const double w = 9, h = 5, d = 4, p[] = {0.5, 2, 3}, setting[] = {2, 2 + w, 3, 3 + h, 1, 1 + d};
    bw_image *labels = paint(14, 12, 7, box_label, setting);
    bw_measurements *table = measure(labels, p);
    assert_near(table, "volume", w * h * d * 3, 1e-15);
    assert_near(table, "centroid_x", 0.5 * (2 + w / 2), 1e-15);
    assert_near(table, "centroid_z", 3 * (1 + d / 2), 1e-15);
    assert_near(table, "box_depth", d, 0);
    assert_near(table, "feret_max", sqrt(w * w / 4 + h * h * 4 + d * d * 9), 1e-15);
    assert_near(table, "solidity", 1, 0);
    /* a solid box of side a has the variance a^2 / 12 */
    assert_near(table, "axis_1", sqrt(5.0 / 3) * 3 * d, 1e-14);
    assert_near(table, "axis_2", sqrt(5.0 / 3) * 2 * h, 1e-14);
    assert_near(table, "axis_3", sqrt(5.0 / 3) * 0.5 * w, 1e-14);
    assert_near(table, "elevation", 90, 1e-14);
    bw_measurements_free(table);
    table = measure(labels, NULL);
    assert_near(table, "azimuth", 0, 0);
    assert_near(table, "elevation", 0, 0);
    bw_measurements_free(table);
    bw_image_free(labels);
}

/* As 13 directions see a large box: 0.9266 of what it has (its surface times the mean of |dx| + |dy| + |dz|). */
static void boxes_lose_their_edges(void **state) {
    (void)state;
    const double setting[] = {1, 61, 1, 51, 1, 71};
    bw_image *labels = paint(62, 52, 72, box_label, setting);
    bw_measurements *table = measure(labels, NULL);
    assert_near(table, "surface", 0.9266 * 2 * (60 * 50 + 60 * 70 + 50 * 70), 0.01);
    bw_measurements_free(table);
    bw_image_free(labels);
}

/* Rods along a direction: angles as people see them. */
static int rod_label(const double *s, int64_t x, int64_t y, int64_t z) {
    const double d[3] = {(double)x - 20, (double)y - 20, (double)z - s[3]};
    const double along = d[0] * s[0] + d[1] * s[1] + d[2] * s[2];
    return fabs(along) < 15 && d[0] * d[0] + d[1] * d[1] + d[2] * d[2] - along * along < 30;
}

static void rods_show_where_they_point(void **state) {
    (void)state;
    for (double angle = 5; angle < 180; angle += 23) {
        const double a = angle * circle / 180, setting[] = {cos(a), -sin(a), 0, 0};
        bw_image *labels = paint(41, 41, 1, rod_label, setting);
        bw_measurements *table = measure(labels, NULL);
        assert_true(fabs(value(table, "angle") - angle) < 1);
        assert_true(fabs(fmod(value(table, "feret_angle") - angle + 270, 180) - 90) < 22);
        bw_measurements_free(table);
        bw_image_free(labels);
        for (double up = -70; up < 90; up += 50) {
            const double e = up * circle / 180, tilted[] = {cos(a) * cos(e), -sin(a) * cos(e), sin(e), 20};
            labels = paint(41, 41, 41, rod_label, tilted);
            table = measure(labels, NULL);
            assert_true(fabs(value(table, "azimuth") - angle) < 2);
            assert_true(fabs(value(table, "elevation") - up) < 1);
            assert_true(value(table, "elongation") > 1.5);
            bw_measurements_free(table);
            bw_image_free(labels);
        }
    }
}

static void single_voxels_have_all_measures(void **state) {
    (void)state;
    const double setting[] = {2, 3, 1, 2, 0, 1};
    for (int64_t depth = 1; depth <= 3; depth += 2) {
        bw_image *labels = paint(5, 4, depth, box_label, setting);
        bw_measurements *table = measure_on(1, labels, labels, NULL, NULL, NULL);
        for (int c = 0; c < bw_measurements_columns(table); c++)
            assert_true(isfinite(bw_measurements_values(table, c)[0]));
        assert_near(table, "sd", 0, 0);
        assert_near(table, "median", 1, 0);
        assert_near(table, "solidity", 1, 0);
        assert_near(table, "feret_max", sqrt(depth > 1 ? 3 : 2), 1e-15);
        assert_near(table, "border", depth > 1, 0);
        if (depth == 1) assert_near(table, "perimeter", 2 * sqrt(2), 1e-15);
        bw_measurements_free(table);
        bw_image_free(labels);
    }
}

/* A corner cut off a cube, which its hull has not; and a plus, whose hull is an octagon. */
static int notch_label(const double *s, int64_t x, int64_t y, int64_t z) {
    (void)s;
    return x >= 2 && x < 6 && y >= 2 && y < 6 && z >= 1 && z < 5 && !(x > 2 && x < 5 && y > 2 && y < 5 && z < 3);
}

static int plus_label(const double *s, int64_t x, int64_t y, int64_t z) {
    (void)s, (void)z;
    return (x >= 3 && x < 6) != (y >= 3 && y < 6) ? x < 9 && y < 9 : x < 6 && y < 6 && x >= 3 && y >= 3;
}

static void hulls_are_exact(void **state) {
    (void)state;
    bw_image *labels = paint(8, 8, 6, notch_label, NULL);
    bw_measurements *table = measure(labels, NULL);
    assert_near(table, "solidity", 56.0 / 64, 0);
    bw_measurements_free(table);
    bw_image_free(labels);
    labels = paint(11, 11, 1, plus_label, NULL);
    table = measure(labels, NULL);
    assert_near(table, "voxels", 45, 0);
    assert_near(table, "solidity", 45.0 / (81 - 4 * 4.5), 1e-15);
    assert_near(table, "feret_min", sqrt(72), 1e-15);
    assert_near(table, "feret_max", sqrt(90), 1e-15);
    bw_measurements_free(table);
    bw_image_free(labels);
}

/* ---- laws -------------------------------------------------------------------------------------------------------- */

/* Blobs of many shapes: cells of 12 with noise about their centres. */
static int blob_label(const double *s, int64_t x, int64_t y, int64_t z) {
    const double dx = (double)(x % 12) - 6, dy = (double)(y % 12) - 6, dz = s[0] > 1 ? (double)(z % 12) - 6 : 0;
    const double noise = test_uniform(11, (uint64_t)(x + 1000 * y + 1000000 * z)), r2 = dx * dx + dy * dy + dz * dz;
    return r2 < 12 + 24 * noise ? (int)(1 + x / 12 + 126 * (y / 12) + 425 * (z / 12)) : 0;
}

/* The same scene with axes a and b exchanged, and turned around along axis a. */
static bw_image *turned(const bw_image *labels, int a, int b) {
    const bw_image_info *from = bw_image_get_info(labels);
    const int64_t size[3] = {from->width, from->height, from->depth};
    int order[3] = {0, 1, 2};
    order[a] = b;
    order[b] = a;
    const bw_image_info info = test_info(BW_UINT16, size[order[0]], size[order[1]], size[order[2]]);
    bw_image *out = test_image(&info);
    int64_t at[3], to[3];
    for (at[2] = 0; at[2] < size[2]; at[2]++)
        for (at[1] = 0; at[1] < size[1]; at[1]++)
            for (at[0] = 0; at[0] < size[0]; at[0]++) {
                for (int k = 0; k < 3; k++)
                    to[k] = at[order[k]];
                to[a] = size[b] - 1 - to[a];
                ((uint16_t *)bw_image_plane(out, 0, 0, to[2]))[to[1] * info.width + to[0]] =
                    ((const uint16_t *)bw_image_plane_const(labels, 0, 0, at[2]))[at[1] * size[0] + at[0]];
            }
    return out;
}

static void assert_invariant(const bw_image *labels, int a, int b, const char *const *ids) {
    bw_image *other = turned(labels, a, b);
    const double there[] = {0.5, 0.7, 1.3};
    double back[] = {0.5, 0.7, 1.3};
    back[a] = there[b];
    back[b] = there[a];
    bw_measurements *one = measure(labels, there), *two = measure(other, back);
    for (; *ids; ids++)
        for (int64_t i = 0; i < bw_measurements_rows(one); i++)
            if (!(fabs(values_of(one, *ids)[i] / values_of(two, *ids)[i] - 1) < 1e-10))
                fail_msg("%s of object %d: %.17g, turned %.17g", *ids, (int)i, values_of(one, *ids)[i],
                         values_of(two, *ids)[i]);
    bw_measurements_free(one);
    bw_measurements_free(two);
    bw_image_free(other);
}

static void turned_objects_measure_the_same(void **state) {
    (void)state;
    static const char *const plane[] = {"voxels", "area", "major", "minor", "feret_max", "feret_min", "solidity", NULL};
    static const char *const space[] = {"voxels",  "volume",    "axis_1",   "axis_2",     "axis_3",
                                        "surface", "feret_max", "solidity", "sphericity", NULL};
    const double flat[] = {1}, deep[] = {3};
    bw_image *labels = paint(48, 36, 1, blob_label, flat);
    assert_invariant(labels, 0, 1, plane);
    bw_image_free(labels);
    labels = paint(48, 36, 24, blob_label, deep);
    assert_invariant(labels, 0, 1, space);
    assert_invariant(labels, 1, 2, space);
    assert_invariant(labels, 0, 2, space);
    bw_image_free(labels);
}

static double power_of(const char *unit) {
    return strstr(unit, "^3") ? 8 : strstr(unit, "^2") ? 4 : !strcmp(unit, "unit") ? 2 : 1;
}

static void measures_scale_with_their_units(void **state) {
    (void)state;
    const double deep[] = {3}, small[] = {0.5, 0.75, 1.25}, large[] = {1, 1.5, 2.5};
    for (int64_t depth = 1; depth <= 24; depth += 23) {
        bw_image *labels = paint(48, 36, depth, blob_label, deep);
        bw_measurements *a = measure(labels, small), *b = measure(labels, large);
        for (int c = 0; c < bw_measurements_columns(a); c++) {
            const double factor = power_of(bw_measurements_unit(a, c));
            for (int64_t i = 0; i < bw_measurements_rows(a); i++) {
                const double x = factor * bw_measurements_values(a, c)[i], y = bw_measurements_values(b, c)[i];
                if (!(fabs(x - y) <= 1e-12 * fabs(x))) fail_msg("%s: %.17g, %.17g", bw_measurements_id(a, c), x, y);
            }
        }
        bw_measurements_free(a);
        bw_measurements_free(b);
        bw_image_free(labels);
    }
}

static void voxels_add_up_to_the_mask(void **state) {
    (void)state;
    const double deep[] = {3};
    bw_image *labels = paint(50, 40, 24, blob_label, deep);
    bw_measurements *table = measure_on(2, labels, NULL, NULL, "voxels", NULL);
    int64_t mask = 0;
    double sum = 0;
    for (int64_t z = 0; z < 24; z++)
        for (int64_t i = 0; i < 50 * 40; i++)
            mask += ((const uint16_t *)bw_image_plane_const(labels, 0, 0, z))[i] != 0;
    for (int64_t i = 0; i < bw_measurements_rows(table); i++)
        sum += bw_measurements_values(table, 0)[i];
    assert_true(sum == (double)mask);
    bw_measurements_free(table);
    bw_image_free(labels);
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

static bw_status read_part(bw_context *ctx, void *user, const bw_part *part, void *to) {
    return bw_image_read(ctx, user, part, to);
}

static bw_image *streamed(bw_image *image) {
    bw_context *ctx = test_context(1);
    bw_image *out;
    const bw_image_reader reader = {read_part, NULL, image};
    assert_ok(ctx, bw_image_create_streamed(ctx, bw_image_get_info(image), &reader, &out));
    bw_context_free(ctx);
    return out;
}

/* Several bands of the image, of all types: threads and streaming change nothing. */
static void threads_and_streams_change_nothing(void **state) {
    (void)state;
    const double deep[] = {3};
    const int64_t size[][3] = {{1500, 1600, 1}, {300, 200, 60}};
    for (int k = 0; k < 2; k++) {
        bw_image *labels = paint(size[k][0], size[k][1], size[k][2], blob_label, deep);
        bw_image_info info = test_info(k ? BW_FLOAT32 : BW_UINT16, size[k][0], size[k][1], size[k][2]);
        info.channels = 2;
        bw_image *image = test_noise(&info), *far = streamed(image), *far_labels = streamed(labels);
        bw_measurements *one = measure_on(1, labels, image, NULL, NULL, NULL);
        bw_measurements *two = measure_on(4, labels, image, NULL, NULL, NULL);
        bw_measurements *three = measure_on(3, far_labels, far, NULL, NULL, NULL);
        assert_same_tables(one, two);
        assert_same_tables(one, three);
        bw_measurements_free(one);
        bw_measurements_free(two);
        bw_measurements_free(three);
        bw_image_free(far_labels);
        bw_image_free(far);
        bw_image_free(image);
        bw_image_free(labels);
    }
}

static int stripe_label(const double *s, int64_t x, int64_t y, int64_t z) {
    (void)x, (void)s, (void)z;
    return (int)y / 2 + 1;
}

static void values_that_are_not_finite_are_left_out(void **state) {
    (void)state;
    bw_image *labels = paint(6, 6, 1, stripe_label, NULL);
    const bw_image_info info = test_info(BW_FLOAT32, 6, 6, 1);
    bw_image *image = test_image(&info);
    float *pixels = bw_image_plane(image, 0, 0, 0);
    for (int i = 0; i < 36; i++)
        pixels[i] = i < 24 ? (float)(i % 12 + 1) : NAN;
    pixels[0] = NAN;
    pixels[11] = INFINITY;
    bw_measurements *table = measure_on(1, labels, image, NULL, "intensity,mass", NULL);
    const double *mean = values_of(table, "mean");
    assert_true(mean[0] == 6.5 && mean[1] == 6.5 && isnan(mean[2]));
    assert_true(values_of(table, "sum")[0] == 65 && values_of(table, "median")[0] == 6.5);
    assert_true(values_of(table, "min")[0] == 2 && values_of(table, "max")[0] == 11);
    assert_true(fabs(values_of(table, "sd")[1] - sqrt(13)) < 1e-14);
    for (int c = 0; c < bw_measurements_columns(table); c++)
        assert_true(isnan(bw_measurements_values(table, c)[2]));
    bw_measurements_free(table);
    bw_image_free(image);
    bw_image_free(labels);
}

static int by_value(const void *a, const void *b) {
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void medians_are_those_of_sorted_values(void **state) {
    (void)state;
    for (int64_t n = 1; n < 3000; n = n * 3 / 2 + 1) {
        const double setting[] = {0, (double)n, 0, 1, 0, 1};
        bw_image *labels = paint(n, 1, 1, box_label, setting);
        const bw_image_info info = test_info(BW_FLOAT32, n, 1, 1);
        bw_image *image = test_image(&info);
        float *pixels = bw_image_plane(image, 0, 0, 0);
        for (int64_t i = 0; i < n; i++)
            pixels[i] = (float)((test_uniform(5, (uint64_t)(i + n)) - 0.4) * (i % 7 ? 1e3 : 1e-30));
        bw_measurements *table = measure_on(1, labels, image, NULL, "median", NULL);
        qsort(pixels, (size_t)n, sizeof *pixels, by_value);
        assert_true(value(table, "median") == 0.5 * ((double)pixels[n / 2] + pixels[(n - 1) / 2]));
        bw_measurements_free(table);
        bw_image_free(image);
        bw_image_free(labels);
    }
}

/* A small deviation on a large offset. */
static void deviations_keep_their_digits(void **state) {
    (void)state;
    const double setting[] = {0, 100, 0, 100, 0, 1};
    bw_image *labels = paint(100, 100, 1, box_label, setting);
    const bw_image_info info = test_info(BW_UINT16, 100, 100, 1);
    bw_image *image = test_image(&info);
    uint16_t *pixels = bw_image_plane(image, 0, 0, 0);
    for (int i = 0; i < 10000; i++)
        pixels[i] = (uint16_t)(65000 + i % 2);
    bw_measurements *table = measure_on(1, labels, image, NULL, "sd,sum", NULL);
    assert_near(table, "sd", sqrt(0.25 * 10000 / 9999), 1e-14);
    assert_near(table, "sum", 650005000, 0);
    bw_measurements_free(table);
    bw_image_free(image);
    bw_image_free(labels);
}

/* Signed 16-bit values, as uint16 with an offset and as floats. */
static void offsets_are_added(void **state) {
    (void)state;
    const double setting[] = {5, 90, 3, 80, 0, 1};
    bw_image *labels = paint(100, 100, 1, box_label, setting);
    const bw_image_info shifted = test_info(BW_UINT16, 100, 100, 1), wide = test_info(BW_FLOAT32, 100, 100, 1);
    bw_image *a = test_noise(&shifted), *b = test_image(&wide);
    const uint16_t *from = bw_image_plane_const(a, 0, 0, 0);
    float *to = bw_image_plane(b, 0, 0, 0);
    const uint64_t hash = bw_image_hash(a);
    for (int i = 0; i < 10000; i++)
        to[i] = (float)(from[i] - 32768);
    assert_true(bw_image_offset(a) == 0);
    bw_image_set_offset(a, -32768);
    assert_true(bw_image_offset(a) == -32768 && bw_image_hash(a) == hash);
    bw_measurements *of_a = measure_on(2, labels, a, NULL, NULL, NULL);
    bw_measurements *of_b = measure_on(2, labels, b, NULL, NULL, NULL);
    assert_true(value(of_b, "min") < 0);
    assert_same_tables(of_a, of_b);
    bw_measurements_free(of_a);
    bw_measurements_free(of_b);
    bw_image_free(a);
    bw_image_free(b);
    bw_image_free(labels);
}

/* ---- tables ------------------------------------------------------------------------------------------------------ */

static void classes_go_into_the_table(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_image *labels = paint(4, 6, 1, stripe_label, NULL);
    bw_measurements *table = measure_on(1, labels, NULL, NULL, "voxels,area", NULL);
    const char *const names[] = {"round, \"small\"", "=long"};
    size_t size;
    assert_int_equal(bw_measurements_class_count(table), 0);
    assert_ok(ctx, bw_measurements_set_classes(ctx, table, 2, names, (const uint8_t[]){2, 0, 1}));
    assert_int_equal(bw_measurements_class(table, 0), 2);
    assert_string_equal(bw_measurements_class_name(table, 1), names[0]);
    assert_ok(ctx, bw_measurements_write(ctx, table, "test_measure.csv"));
    uint8_t *text = test_load("test_measure.csv", &size);
    text[size] = 0;
    assert_string_equal((char *)text, "label,frame,class,voxels,area [pixel^2]\n1,1,'=long,8,8\n2,1,,8,8\n"
                                      "3,1,\"round, \"\"small\"\"\",8,8\n");
    test_free(text);
    remove("test_measure.csv");
    assert_refused(ctx, bw_measurements_set_classes(ctx, table, 1, names, (const uint8_t[]){2, 0, 1}),
                   BW_ERROR_ARGUMENT, "has class 2");
    assert_null(bw_measurements_id(table, 2));
    assert_int_equal(bw_measurements_object(table, 2), 3);
    bw_measurements_free(table);
    bw_image_free(labels);
    bw_context_free(ctx);
}

static void refuse_measures(const bw_objects *objects, const bw_image *image, const char *measures,
                            const double *spacing, bw_status status, const char *words) {
    bw_context *ctx = test_context(1);
    bw_measurements *table;
    assert_refused(ctx, bw_objects_measure(ctx, objects, image, NULL, measures, spacing, &table), status, words);
    assert_null(table);
    bw_context_free(ctx);
}

static void what_cannot_be_measured_is_refused(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_image *labels = paint(4, 6, 1, stripe_label, NULL);
    const bw_image_info info = test_info(BW_UINT8, 4, 7, 1);
    bw_image_info many_info = test_info(BW_UINT8, 4, 6, 1);
    many_info.channels = BW_MAX_CLASSES + 1;
    bw_image *other = test_image(&info), *many = test_image(&many_info);
    bw_objects *objects;
    assert_ok(ctx, bw_objects_from_labels(ctx, labels, &objects));
    refuse_measures(objects, many, NULL, NULL, BW_ERROR_MISMATCH, "256 channels");
    refuse_measures(objects, NULL, "area,", NULL, BW_ERROR_ARGUMENT, "no measure");
    refuse_measures(objects, NULL, "surface", NULL, BW_ERROR_ARGUMENT, "single slice");
    refuse_measures(objects, labels, "mean:2", NULL, BW_ERROR_ARGUMENT, "no channel 2");
    refuse_measures(objects, labels, "mean:0", NULL, BW_ERROR_ARGUMENT, "number of a channel");
    refuse_measures(objects, other, NULL, NULL, BW_ERROR_MISMATCH, "another size");
    refuse_measures(objects, NULL, NULL, (const double[]){1, 0, 1}, BW_ERROR_ARGUMENT, "spacing along y");
    bw_objects_free(objects);
    bw_image_free(many);
    bw_image_free(other);
    bw_image_free(labels);
    bw_context_free(ctx);
}

static void rows_are_whole(void **state) {
    (void)state;
    for (int i = 0; i < bw_measure_row_count(); i++) {
        const bw_measure_row *row = bw_measure_row_get(i);
        assert_true(*row->id && *row->group && *row->label && strlen(row->definition) > 10);
        assert_true(row->definition[strlen(row->definition) - 1] == '.');
        assert_true(row->in_2d || row->in_3d);
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(row->id, bw_measure_row_get(k)->id);
            if (strcmp(row->id, row->group) != 0) assert_string_not_equal(row->id, bw_measure_row_get(k)->group);
        }
    }
    assert_null(bw_measure_row_get(-1));
    assert_null(bw_measure_row_get(bw_measure_row_count()));
}

static int cancel_now(void *user, double fraction) {
    (void)fraction;
    return ++*(int *)user > 1;
}

static void measuring_can_be_cancelled(void **state) {
    (void)state;
    const double deep[] = {3};
    bw_image *labels = paint(600, 600, 12, blob_label, deep);
    bw_context *ctx = test_context(2);
    bw_objects *objects;
    bw_measurements *table;
    int calls = 0;
    assert_ok(ctx, bw_objects_from_labels(ctx, labels, &objects));
    bw_context_set_progress(ctx, cancel_now, &calls);
    assert_int_equal(bw_objects_measure(ctx, objects, labels, NULL, NULL, NULL, &table), BW_ERROR_CANCELLED);
    assert_null(table);
    bw_objects_free(objects);
    bw_image_free(labels);
    bw_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_are_the_librarys),
        cmocka_unit_test(functions_have_their_special_values),
        cmocka_unit_test(rectangles_are_exact),
        cmocka_unit_test(discs_are_round),
        cmocka_unit_test(spheres_are_round),
        cmocka_unit_test(boxes_in_space_are_exact),
        cmocka_unit_test(boxes_lose_their_edges),
        cmocka_unit_test(rods_show_where_they_point),
        cmocka_unit_test(single_voxels_have_all_measures),
        cmocka_unit_test(hulls_are_exact),
        cmocka_unit_test(turned_objects_measure_the_same),
        cmocka_unit_test(measures_scale_with_their_units),
        cmocka_unit_test(voxels_add_up_to_the_mask),
        cmocka_unit_test(threads_and_streams_change_nothing),
        cmocka_unit_test(values_that_are_not_finite_are_left_out),
        cmocka_unit_test(medians_are_those_of_sorted_values),
        cmocka_unit_test(deviations_keep_their_digits),
        cmocka_unit_test(offsets_are_added),
        cmocka_unit_test(classes_go_into_the_table),
        cmocka_unit_test(what_cannot_be_measured_is_refused),
        cmocka_unit_test(rows_are_whole),
        cmocka_unit_test(measuring_can_be_cancelled),
    };
    return cmocka_run_group_tests(tests, test_look_at_memory, test_nothing_is_left);
}
