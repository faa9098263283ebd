/* Analytic oracles, an independent double-precision reference, and properties over every row of features.def. */
#include "support.h"

#include <float.h>
#include <math.h>

#include "core/alloc.h"
#include "core/tile.h"
#include "features/features.h"

static const char *const simd_levels[] = {"scalar", "sse2", "neon", "avx2", "avx512"};

static bw_image *compute(const char *features, const bw_image *image, int dims, const double spacing[3], int threads) {
    const bw_image_info *info = bw_image_get_info(image);
    bw_recipe_options options = {.channels = info->channels, .dims = dims, .spacing = {1, 1, 1}};
    if (spacing) memcpy(options.spacing, spacing, sizeof options.spacing);
    bw_context *ctx = test_context(threads);
    bw_recipe *recipe;
    bw_image *out;
    assert_ok(ctx, bw_recipe_parse(ctx, features, &options, &recipe));
    assert_ok(ctx, bw_features_compute(ctx, recipe, image, &out));
    bw_recipe_free(recipe);
    bw_context_free(ctx);
    return out;
}

static float value(const bw_image *image, int channel, int64_t x, int64_t y, int64_t z) {
    return ((const float *)bw_image_plane_const(image, 0, channel, z))[y * bw_image_get_info(image)->width + x];
}

/* Every row of the table at these sigmas. */
static void every_row(char *text, size_t size, const char *sigmas) {
    text[0] = 0;
    for (int row = 0; row < bw_feature_row_count(); row++) {
        const bw_feature_row *def = bw_feature_row_get(row);
        const size_t used = strlen(text);
        snprintf(text + used, size - used, "%s%s%s%s", used ? ";" : "", def->id, def->has_sigma ? ":" : "",
                 def->has_sigma ? sigmas : "");
    }
}

/* ---- oracles --------------------------------------------------------------------------------------------------- */

static void impulse_gives_the_sampled_gaussian(void **state) {
    (void)state;
    static const double sigmas[] = {0.3, 0.7, 1, 1.6, 3.5};
    bw_image_info info = test_info(BW_FLOAT32, 41, 41, 1);
    bw_image *image = test_image(&info);
    ((float *)bw_image_plane(image, 0, 0, 0))[20 * 41 + 20] = 1;
    bw_image *out = compute("gaussian:0.3,0.7,1,1.6,3.5", image, 2, NULL, 1);
    for (int s = 0; s < 5; s++) {
        double sum = 0;
        const int radius = (int)ceil(4 * sigmas[s]);
        for (int k = -radius; k <= radius; k++)
            sum += exp(-k * k / (2 * sigmas[s] * sigmas[s]));
        for (int y = -20; y <= 20; y++)
            for (int x = -20; x <= 20; x++) {
                double wanted = exp(-(x * x + y * y) / (2 * sigmas[s] * sigmas[s])) / (sum * sum);
                if (abs(x) > radius || abs(y) > radius) wanted = 0;
                assert_float_equal(value(out, s, 20 + x, 20 + y, 0), wanted, 1e-7);
            }
    }
    bw_image_free(out);
    bw_image_free(image);
}

/* 3 + 2 x - y + 0.5 z + 0.25 x^2 - 0.5 y^2 + x y / 8 in 3D: derivatives are exact away from the border. */
static void polynomials_have_exact_derivatives(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_FLOAT32, 48, 48, 40);
    bw_image *image = test_image(&info);
    for (int z = 0; z < 40; z++)
        for (int y = 0; y < 48; y++)
            for (int x = 0; x < 48; x++)
                ((float *)bw_image_plane(image, 0, 0, z))[y * 48 + x] =
                    (float)(3 + 2 * (x - 24) - (y - 24) + 0.5 * (z - 20) + 0.25 * (x - 24) * (x - 24) -
                            0.5 * (y - 24) * (y - 24) + 0.125 * (x - 24) * (y - 24));
    bw_image *out = compute("laplacian:0.7,1.6,3.5;gradient:0.7,1.6,3.5;hessian:0.7,1.6,3.5", image, 3, NULL, 1);
    const double mean = -0.25, half = 0.75, root = sqrt(half * half + 0.125 * 0.125);
    for (int s = 0; s < 3; s++) {
        assert_float_equal(value(out, s, 24, 24, 20), -0.5, 2e-5);
        assert_float_equal(value(out, 3 + s, 24, 24, 20), sqrt(4 + 1 + 0.25), 2e-5);
        assert_float_equal(value(out, 6 + 3 * s, 24, 24, 20), mean + root, 2e-5);
        assert_float_equal(value(out, 7 + 3 * s, 24, 24, 20), 0, 2e-5);
        assert_float_equal(value(out, 8 + 3 * s, 24, 24, 20), mean - root, 2e-5);
    }
    bw_image_free(out);
    bw_image_free(image);
}

/* sin(w x): a Gaussian damps it by exp(-w^2 sigma^2 / 2) (sampled at sigma >= 1.6 the error is far below the bound). */
static void sinusoids_are_damped_as_theory_says(void **state) {
    (void)state;
    const double w = 0.4, sigmas[2] = {1.6, 3.5};
    bw_image_info info = test_info(BW_FLOAT32, 160, 60, 1);
    bw_image *image = test_image(&info);
    for (int y = 0; y < 60; y++)
        for (int x = 0; x < 160; x++)
            ((float *)bw_image_plane(image, 0, 0, 0))[y * 160 + x] = (float)sin(w * x);
    bw_image *out = compute("gaussian:1.6,3.5;gradient:1.6,3.5;dog:1.6,3.5;structure:3.5", image, 2, NULL, 1);
    for (int s = 0; s < 2; s++) {
        const double damp = exp(-w * w * sigmas[s] * sigmas[s] / 2);
        const double narrow = exp(-w * w * 0.4356 * sigmas[s] * sigmas[s] / 2);
        for (int x = 60; x < 100; x++) {
            assert_float_equal(value(out, s, x, 30, 0), damp * sin(w * x), 1e-3);
            assert_float_equal(value(out, 2 + s, x, 30, 0), fabs(w * damp * cos(w * x)), 1e-3);
            assert_float_equal(value(out, 4 + s, x, 30, 0), (damp - narrow) * sin(w * x), 1e-3);
        }
    }
    /* Gradient at sigma / 2 squared, averaged at sigma: half its amplitude, plus the double frequency damped. */
    const double amplitude = w * exp(-w * w * 1.75 * 1.75 / 2);
    for (int x = 60; x < 100; x++) {
        const double wanted = amplitude * amplitude * 0.5 * (1 + exp(-4 * w * w * 3.5 * 3.5 / 2) * cos(2 * w * x));
        assert_float_equal(value(out, 6, x, 30, 0), wanted, 1e-4);
        assert_float_equal(value(out, 7, x, 30, 0), 0, 1e-6);
    }
    bw_image_free(out);
    bw_image_free(image);
}

/* At the centre of a bright Gaussian ball all Hessian eigenvalues equal -A s^3 / (s^2 + sigma^2)^(5/2). */
static void balls_have_equal_curvature(void **state) {
    (void)state;
    const double s = 4, sigma = 2;
    bw_image_info info = test_info(BW_FLOAT32, 49, 49, 49);
    bw_image *image = test_image(&info);
    for (int z = 0; z < 49; z++)
        for (int y = 0; y < 49; y++)
            for (int x = 0; x < 49; x++) {
                const int r2 = (x - 24) * (x - 24) + (y - 24) * (y - 24) + (z - 24) * (z - 24);
                ((float *)bw_image_plane(image, 0, 0, z))[y * 49 + x] = (float)(100 * exp(-r2 / (2 * s * s)));
            }
    bw_image *out = compute("hessian:2", image, 3, NULL, 2);
    const double wanted = -100 * pow(s, 3) / pow(s * s + sigma * sigma, 2.5);
    for (int k = 0; k < 3; k++)
        assert_float_equal(value(out, k, 24, 24, 24), wanted, 2e-3 * fabs(wanted));
    bw_image_free(out);
    bw_image_free(image);
}

/* ---- double-precision reference -------------------------------------------------------------------------------- */

typedef struct volume {
    int n[3];
    double *v;
} volume;

static volume volume_make(const int n[3]) {
    volume out = {{n[0], n[1], n[2]}, calloc((size_t)n[0] * (size_t)n[1] * (size_t)n[2], sizeof(double))};
    assert_non_null(out.v);
    return out;
}

static int volume_count(const volume *v) {
    return v->n[0] * v->n[1] * v->n[2];
}

static double reference_tap(double sigma, int order, int x) {
    const double g = exp(-x * x / (2 * sigma * sigma));
    return order == 0 ? g : order == 1 ? x * g : (x * x / (sigma * sigma) - 1) * g;
}

/* Correlation with the normalised sampled derivative along one axis. */
static volume along(const volume *in, int axis, double sigma, int order) {
    volume out = volume_make(in->n);
    const int radius = (int)ceil(4 * sigma - 1e-12) + order, n = in->n[axis];
    const int step = axis == 0 ? 1 : axis == 1 ? in->n[0] : in->n[0] * in->n[1];
    double mean = 0, norm = 0;
    for (int k = -radius; k <= radius; k++)
        mean += reference_tap(sigma, order, k) / (2 * radius + 1);
    if (order < 2) mean = 0;
    for (int k = -radius; k <= radius; k++) {
        const double tap = reference_tap(sigma, order, k) - mean;
        norm += order == 0 ? tap : order == 1 ? k * tap : 0.5 * k * k * tap;
    }
    for (int i = 0; i < volume_count(in); i++) {
        const int at = i / step % n;
        for (int k = -radius; k <= radius; k++) {
            const int from = i + ((int)bw_mirror(at + k, n) - at) * step;
            out.v[i] += (reference_tap(sigma, order, k) - mean) / norm * in->v[from];
        }
    }
    return out;
}

static volume derive(const volume *in, int dims, const double sigma[3], const int order[3]) {
    volume now = volume_make(in->n);
    memcpy(now.v, in->v, (size_t)volume_count(in) * sizeof(double));
    for (int axis = 0; axis < dims; axis++) {
        volume next = along(&now, axis, sigma[axis], order[axis]);
        free(now.v);
        now = next;
    }
    return now;
}

/* Cyclic Jacobi: slow, simple and independent of the engine's closed form. */
static void jacobi(double a[3][3], int n, double *eigen) {
    for (int sweep = 0; sweep < 60; sweep++)
        for (int p = 0; p < n; p++)
            for (int q = p + 1; q < n; q++) {
                if (a[p][q] == 0) continue;
                const double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
                const double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1));
                const double c = 1 / sqrt(t * t + 1), s = t * c;
                for (int k = 0; k < n; k++) {
                    const double x = a[k][p], y = a[k][q];
                    a[k][p] = c * x - s * y;
                    a[k][q] = s * x + c * y;
                }
                for (int k = 0; k < n; k++) {
                    const double x = a[p][k], y = a[q][k];
                    a[p][k] = c * x - s * y;
                    a[q][k] = s * x + c * y;
                }
            }
    for (int i = 0; i < n; i++)
        eigen[i] = a[i][i];
    for (int i = 0; i < n; i++)
        for (int k = i + 1; k < n; k++)
            if (eigen[k] > eigen[i]) {
                const double swap = eigen[i];
                eigen[i] = eigen[k];
                eigen[k] = swap;
            }
}

static void scale(double out[3], double factor, double sigma, const double spacing[3]) {
    for (int axis = 0; axis < 3; axis++)
        out[axis] = factor * sigma * spacing[0] / spacing[axis];
}

/* The matrix of second derivatives, or of the smoothed gradient products, as images [i][j]. */
static void matrix_images(const volume *in, int dims, double sigma, const double spacing[3], int structure,
                          volume m[3][3]) {
    double whole[3], halves[3];
    volume gradient[3];
    scale(whole, 1, sigma, spacing);
    scale(halves, 0.5, sigma, spacing);
    for (int i = 0; i < dims && structure; i++)
        gradient[i] = derive(in, dims, halves, (const int[3]){i == 0, i == 1, i == 2});
    for (int i = 0; i < dims; i++)
        for (int j = i; j < dims; j++) {
            if (structure) {
                volume product = volume_make(in->n);
                for (int k = 0; k < volume_count(in); k++)
                    product.v[k] = gradient[i].v[k] * gradient[j].v[k];
                m[i][j] = derive(&product, dims, whole, (const int[3]){0, 0, 0});
                free(product.v);
            } else {
                const int order[3] = {(i == 0) + (j == 0), (i == 1) + (j == 1), (i == 2) + (j == 2)};
                m[i][j] = derive(in, dims, whole, order);
            }
        }
    for (int i = 0; i < dims && structure; i++)
        free(gradient[i].v);
}

static void reference_eigen(const volume *in, int dims, double sigma, const double spacing[3], int structure,
                            volume out[3]) {
    volume m[3][3];
    matrix_images(in, dims, sigma, spacing, structure, m);
    for (int k = 0; k < dims; k++)
        out[k] = volume_make(in->n);
    for (int p = 0; p < volume_count(in); p++) {
        double a[3][3], eigen[3];
        for (int i = 0; i < dims; i++)
            for (int j = i; j < dims; j++)
                a[i][j] = a[j][i] = m[i][j].v[p];
        jacobi(a, dims, eigen);
        for (int k = 0; k < dims; k++)
            out[k].v[p] = eigen[k];
    }
    for (int i = 0; i < dims; i++)
        for (int j = i; j < dims; j++)
            free(m[i][j].v);
}

static void add_square(volume *sum, volume term) {
    for (int k = 0; k < volume_count(sum); k++)
        sum->v[k] += term.v[k] * term.v[k];
    free(term.v);
}

static void add_scaled(volume *sum, double factor, volume term) {
    for (int k = 0; k < volume_count(sum); k++)
        sum->v[k] += factor * term.v[k];
    free(term.v);
}

/* Definitions by id; a row that is missing here fails the test. */
static int reference(const char *id, const volume *in, int dims, double sigma, const double spacing[3], volume out[3]) {
    double whole[3], narrow[3];
    const int zero[3] = {0, 0, 0};
    scale(whole, 1, sigma, spacing);
    scale(narrow, 0.66, sigma, spacing);
    if (!strcmp(id, "structure") || !strcmp(id, "hessian")) {
        reference_eigen(in, dims, sigma, spacing, id[0] == 's', out);
        return dims;
    }
    out[0] = volume_make(in->n);
    if (!strcmp(id, "original"))
        memcpy(out[0].v, in->v, (size_t)volume_count(in) * sizeof(double));
    else if (!strcmp(id, "gaussian"))
        add_scaled(&out[0], 1, derive(in, dims, whole, zero));
    else if (!strcmp(id, "dog")) {
        add_scaled(&out[0], 1, derive(in, dims, whole, zero));
        add_scaled(&out[0], -1, derive(in, dims, narrow, zero));
    } else if (!strcmp(id, "laplacian")) {
        for (int i = 0; i < dims; i++)
            add_scaled(&out[0], 1, derive(in, dims, whole, (const int[3]){2 * (i == 0), 2 * (i == 1), 2 * (i == 2)}));
    } else if (!strcmp(id, "gradient")) {
        for (int i = 0; i < dims; i++)
            add_square(&out[0], derive(in, dims, whole, (const int[3]){i == 0, i == 1, i == 2}));
        for (int k = 0; k < volume_count(in); k++)
            out[0].v[k] = sqrt(out[0].v[k]);
    } else {
        free(out[0].v);
        return 0;
    }
    return 1;
}

/* The largest difference; *spread becomes the standard deviation of the wanted values. */
static double deviation(const bw_image *image, int channel, const volume *wanted, double *spread) {
    double sum = 0, sum2 = 0, worst = 0;
    const int count = volume_count(wanted);
    for (int i = 0; i < count; i++) {
        const double v = wanted->v[i];
        const double got =
            value(image, channel, i % wanted->n[0], i / wanted->n[0] % wanted->n[1], i / wanted->n[0] / wanted->n[1]);
        sum += v;
        sum2 += v * v;
        if (!(fabs(got - v) <= worst)) worst = fabs(got - v);
    }
    *spread = sqrt(sum2 / count - sum / count * (sum / count));
    return worst;
}

/* Intermediate images are stored as float32: a difference of them (a difference of Gaussians, a small eigenvalue)
 * cannot be better than a few units in the last place of what it is a difference of. */
static double rounding(const volume *in, const volume *wanted) {
    double largest = 0;
    for (int i = 0; i < volume_count(in); i++) {
        if (fabs(in->v[i]) > largest) largest = fabs(in->v[i]);
        if (fabs(wanted->v[i]) > largest) largest = fabs(wanted->v[i]);
    }
    return 4 * FLT_EPSILON / 2 * largest;
}

static void check_reference(int64_t w, int64_t h, int64_t d, int dims, const double spacing[3], const char *sigmas,
                            double sigma) {
    bw_image_info info = test_info(BW_FLOAT32, w, h, d);
    bw_image *image = test_noise(&info);
    const int n[3] = {(int)w, (int)h, (int)d};
    volume in = volume_make(n);
    for (int i = 0; i < volume_count(&in); i++)
        in.v[i] = value(image, 0, i % n[0], i / n[0] % n[1], i / n[0] / n[1]);
    char list[400];
    every_row(list, sizeof list, sigmas);
    bw_image *out = compute(list, image, dims, spacing, 2);
    int channel = 0;
    for (int row = 0; row < bw_feature_row_count(); row++) {
        volume wanted[3];
        const int outputs = reference(bw_feature_row_get(row)->id, &in, dims, sigma, spacing, wanted);
        assert_int_equal(outputs,
                         dims == 3 ? bw_feature_row_get(row)->outputs_3d : bw_feature_row_get(row)->outputs_2d);
        for (int k = 0; k < outputs; k++) {
            double spread;
            const double worst = deviation(out, channel++, &wanted[k], &spread);
            if (!(worst < 1e-5 * spread + rounding(&in, &wanted[0])))
                fail_msg("%s %g, output %d, %dD: deviates by %g, its standard deviation is %g",
                         bw_feature_row_get(row)->id, sigma, k, dims, worst, spread);
        }
        for (int k = 0; k < outputs; k++)
            free(wanted[k].v);
    }
    assert_int_equal(channel, bw_image_get_info(out)->channels);
    free(in.v);
    bw_image_free(out);
    bw_image_free(image);
}

static void every_row_matches_its_definition(void **state) {
    (void)state;
    const double even[3] = {1, 1, 1}, flat[3] = {0.2, 0.2, 0.5}, skewed[3] = {1, 1.5, 1};
    check_reference(37, 23, 1, 2, even, "0.3", 0.3);
    check_reference(37, 23, 1, 2, even, "0.7", 0.7);
    check_reference(64, 41, 1, 2, skewed, "1.6", 1.6);
    check_reference(64, 41, 1, 2, even, "10", 10); /* kernels wider than the image */
    check_reference(24, 19, 15, 3, even, "1", 1);
    check_reference(24, 19, 15, 3, flat, "1.6", 1.6);
    check_reference(24, 19, 5, 3, flat, "3.5", 3.5);
}

/* A camera's offset costs no digits: structure of +-100 on a level of 10000 is as exact as without it. */
static void offsets_cost_no_accuracy(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT16, 61, 47, 1);
    bw_image *image = test_noise(&info);
    const int n[3] = {61, 47, 1};
    volume in = volume_make(n);
    for (int i = 0; i < volume_count(&in); i++) {
        uint16_t *pixel = (uint16_t *)bw_image_plane(image, 0, 0, 0) + i;
        *pixel = (uint16_t)(10000 + *pixel / 50);
        in.v[i] = *pixel;
    }
    bw_image *out = compute("laplacian:1,10;gradient:1,10;dog:1,10;structure:1,10;hessian:1,10", image, 2, NULL, 1);
    static const char *const ids[] = {"laplacian", "gradient", "dog", "structure", "hessian"};
    int channel = 0;
    for (int f = 0; f < 5; f++)
        for (int s = 0; s < 2; s++) {
            volume wanted[3];
            const int outputs = reference(ids[f], &in, 2, s ? 10 : 1, (const double[3]){1, 1, 1}, wanted);
            for (int k = 0; k < outputs; k++) {
                double spread;
                const double worst = deviation(out, channel++, &wanted[k], &spread);
                if (!(worst < 1e-5 * spread)) fail_msg("%s deviates by %g of %g", ids[f], worst, spread);
                free(wanted[k].v);
            }
        }
    free(in.v);
    bw_image_free(out);
    bw_image_free(image);
}

/* ---- properties of every row ----------------------------------------------------------------------------------- */

static void constants_have_no_structure(void **state) {
    (void)state;
    static const int64_t sizes[][3] = {{1, 1, 1}, {1, 17, 1}, {17, 1, 1}, {2, 2, 1}, {40, 30, 1}, {9, 7, 2}, {1, 1, 5}};
    char list[400];
    every_row(list, sizeof list, "0.3,1.6,10");
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const int dims = sizes[s][2] > 1 ? 3 : 2;
        bw_image_info info = test_info(BW_UINT16, sizes[s][0], sizes[s][1], sizes[s][2]);
        bw_image *image = test_image(&info);
        for (int64_t z = 0; z < info.depth; z++)
            for (int64_t i = 0; i < info.width * info.height; i++)
                ((uint16_t *)bw_image_plane(image, 0, 0, z))[i] = 777;
        bw_image *out = compute(list, image, dims, NULL, 2);
        for (int f = 0; f < bw_image_get_info(out)->channels; f++) {
            const char *name = bw_image_plane_label(out, 0, f, 0);
            const int keeps = !strncmp(name, "original", 8) || !strncmp(name, "gaussian", 8);
            for (int64_t z = 0; z < info.depth; z++)
                for (int64_t i = 0; i < info.width * info.height; i++) {
                    const float v = ((const float *)bw_image_plane_const(out, 0, f, z))[i];
                    if (v != (keeps ? 777 : 0)) fail_msg("%s is %g on a constant image", name, v);
                }
        }
        bw_image_free(out);
        bw_image_free(image);
    }
}

/* features.def says of every row whether a constant added to the image shows in the feature. */
static void the_level_column_is_true(void **state) {
    (void)state;
    char list[400];
    every_row(list, sizeof list, "1.6");
    bw_image_info info = test_info(BW_UINT16, 40, 30, 1);
    bw_image *image = test_noise(&info), *raised = test_noise(&info);
    for (int i = 0; i < 1200; i++)
        ((uint16_t *)bw_image_plane(raised, 0, 0, 0))[i] += 4096;
    bw_image *a = compute(list, image, 2, NULL, 1), *b = compute(list, raised, 2, NULL, 1);
    bw_context *ctx = test_context(1);
    const bw_recipe_options options = {1, 2, {1, 1, 1}};
    bw_recipe *recipe;
    assert_ok(ctx, bw_recipe_parse(ctx, list, &options, &recipe));
    for (int f = 0; f < bw_recipe_count(recipe); f++) {
        const int level = bw_feature_def_get(bw_recipe_get(recipe, f)->row)->level;
        for (int i = 0; i < 1200; i++) {
            const float x = ((const float *)bw_image_plane_const(a, 0, f, 0))[i];
            const float y = ((const float *)bw_image_plane_const(b, 0, f, 0))[i];
            if (level)
                assert_float_equal(y, x + 4096, 2e-3);
            else
                assert_true(x == y);
        }
    }
    bw_recipe_free(recipe);
    bw_context_free(ctx);
    bw_image_free(a);
    bw_image_free(b);
    bw_image_free(image);
    bw_image_free(raised);
}

static void threads_and_simd_levels_agree(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 133, 71, 9);
    info.channels = 2;
    info.frames = 2;
    bw_image *image = test_noise(&info);
    char list[400];
    every_row(list, sizeof list, "0.3,1.6@2d");
    size_t used = strlen(list);
    snprintf(list + used, sizeof list - used, ";hessian:3.5;structure:1.6;dog:1@c2");
    bw_image *wanted = compute(list, image, 3, NULL, 1);
    for (int threads = 2; threads <= 8; threads += 3) {
        bw_image *out = compute(list, image, 3, NULL, threads);
        assert_same_pixels(wanted, out);
        bw_image_free(out);
    }
    int levels = 0;
    for (size_t level = 0; level < sizeof simd_levels / sizeof *simd_levels; level++) {
        setenv("BRUSHWOOD_SIMD", simd_levels[level], 1);
        if (strcmp(bw_simd_name(), simd_levels[level])) continue; /* not on this processor */
        bw_image *out = compute(list, image, 3, NULL, 2);
        assert_same_pixels(wanted, out);
        bw_image_free(out);
        levels++;
    }
    unsetenv("BRUSHWOOD_SIMD");
    assert_in_range(levels, 2, 4);
    bw_image_free(wanted);
    bw_image_free(image);
}

/* A frame alone, a channel alone: nothing leaks from one into the other. */
static void frames_and_channels_are_independent(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT16, 40, 30, 4);
    info.channels = 2;
    info.frames = 3;
    bw_image *image = test_noise(&info);
    bw_image *all = compute("gaussian:1;hessian:1.6", image, 3, NULL, 2);
    for (int t = 0; t < 3; t++)
        for (int c = 0; c < 2; c++) {
            bw_image_info one = test_info(BW_UINT16, 40, 30, 4);
            bw_image *part = test_image(&one);
            for (int64_t z = 0; z < 4; z++)
                memcpy(bw_image_plane(part, 0, 0, z), bw_image_plane_const(image, t, c, z), 40 * 30 * 2);
            bw_image *out = compute("gaussian:1;hessian:1.6", part, 3, NULL, 1);
            /* canonical order: gaussian c1, c2, then hessian c1 (3), c2 (3) */
            for (int f = 0; f < 4; f++)
                for (int64_t z = 0; z < 4; z++)
                    assert_memory_equal(bw_image_plane_const(out, 0, f, z),
                                        bw_image_plane_const(all, t, f == 0 ? c : 2 + 3 * c + f - 1, z), 40 * 30 * 4);
            bw_image_free(out);
            bw_image_free(part);
        }
    bw_image_free(all);
    bw_image_free(image);
}

static void slices_in_2d_equal_single_images(void **state) {
    (void)state;
    char list[400];
    every_row(list, sizeof list, "1.6");
    bw_image_info info = test_info(BW_FLOAT32, 50, 33, 3), one = test_info(BW_FLOAT32, 50, 33, 1);
    bw_image *image = test_noise(&info), *slice = test_image(&one);
    bw_image *all = compute(list, image, 2, NULL, 2);
    for (int64_t z = 0; z < 3; z++) {
        memcpy(bw_image_plane(slice, 0, 0, 0), bw_image_plane_const(image, 0, 0, z), 50 * 33 * 4);
        bw_image *out = compute(list, slice, 2, NULL, 1);
        for (int f = 0; f < bw_image_get_info(out)->channels; f++)
            assert_memory_equal(bw_image_plane_const(out, 0, f, 0), bw_image_plane_const(all, 0, f, z), 50 * 33 * 4);
        bw_image_free(out);
    }
    bw_image_free(all);
    bw_image_free(slice);
    bw_image_free(image);
}

/* Mirroring the image mirrors every feature: to the bit along x, where taps are folded symmetrically. */
static void mirrored_images_give_mirrored_features(void **state) {
    (void)state;
    char list[400];
    every_row(list, sizeof list, "0.7,3.5");
    bw_image_info info = test_info(BW_UINT8, 51, 38, 1);
    bw_image *image = test_noise(&info), *mirrored = test_image(&info);
    for (int y = 0; y < 38; y++)
        for (int x = 0; x < 51; x++)
            ((uint8_t *)bw_image_plane(mirrored, 0, 0, 0))[y * 51 + x] =
                ((uint8_t *)bw_image_plane(image, 0, 0, 0))[y * 51 + 50 - x];
    bw_image *a = compute(list, image, 2, NULL, 1), *b = compute(list, mirrored, 2, NULL, 1);
    for (int f = 0; f < bw_image_get_info(a)->channels; f++)
        for (int y = 0; y < 38; y++)
            for (int x = 0; x < 51; x++)
                assert_true(value(a, f, x, y, 0) == value(b, f, 50 - x, y, 0));
    bw_image_free(a);
    bw_image_free(b);
    bw_image_free(image);
    bw_image_free(mirrored);
}

static void outliers_stay_finite(void **state) {
    (void)state;
    char list[400];
    every_row(list, sizeof list, "0.7,3.5");
    bw_image_info info = test_info(BW_FLOAT32, 40, 30, 1);
    for (int kind = 0; kind < 3; kind++) {
        bw_image *image = test_noise(&info);
        float *pixels = bw_image_plane(image, 0, 0, 0);
        static const float odd[3][3] = {{NAN, INFINITY, -INFINITY}, {1e30f, -1e30f, 3e38f}, {1e-40f, -1e-45f, 0}};
        for (int k = 0; k < 3; k++)
            pixels[417 + 130 * k] = odd[kind][k];
        bw_image *out = compute(list, image, 2, NULL, 1);
        for (int f = 0; f < bw_image_get_info(out)->channels; f++)
            for (int i = 0; i < 1200; i++) {
                const float v = ((const float *)bw_image_plane_const(out, 0, f, 0))[i];
                assert_true(v - v == 0);
            }
        bw_image_free(out);
        bw_image_free(image);
    }
}

/* NaN and infinities count as the smallest finite value. */
static void non_finite_pixels_become_the_minimum(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_FLOAT32, 40, 30, 1);
    bw_image *odd = test_noise(&info), *plain = test_noise(&info);
    float low = FLT_MAX;
    for (int i = 0; i < 1200; i++) {
        float *a = bw_image_plane(odd, 0, 0, 0), *b = bw_image_plane(plain, 0, 0, 0);
        if (i % 97 == 3)
            a[i] = i % 2 ? NAN : INFINITY;
        else if (b[i] < low)
            low = b[i];
    }
    for (int i = 0; i < 1200; i++)
        if (i % 97 == 3) ((float *)bw_image_plane(plain, 0, 0, 0))[i] = low;
    bw_image *a = compute("original;gaussian:1.6;hessian:1", odd, 2, NULL, 1);
    bw_image *b = compute("original;gaussian:1.6;hessian:1", plain, 2, NULL, 1);
    assert_same_pixels(a, b);
    bw_image_free(a);
    bw_image_free(b);
    bw_image_free(odd);
    bw_image_free(plain);
}

static void misfits_are_refused(void **state) {
    (void)state;
    const bw_recipe_options stack = {.channels = 1, .dims = 3, .spacing = {1, 1, 2}};
    bw_context *ctx = test_context(1);
    bw_recipe *recipe;
    bw_image *out;
    assert_ok(ctx, bw_recipe_parse(ctx, "gaussian:1", &stack, &recipe));
    bw_image_info info = test_info(BW_UINT8, 9, 9, 1);
    bw_image *flat = test_noise(&info);
    assert_refused(ctx, bw_features_compute(ctx, recipe, flat, &out), BW_ERROR_MISMATCH, "single slice");
    assert_null(out);
    bw_context_free(ctx);
    info.depth = 4;
    info.calibrated = 1;
    bw_image *other = test_noise(&info);
    ctx = test_context(1);
    assert_refused(ctx, bw_features_compute(ctx, recipe, other, &out), BW_ERROR_MISMATCH, "ratio");
    bw_context_free(ctx);
    info.channels = 2;
    bw_image *two = test_noise(&info);
    ctx = test_context(1);
    assert_refused(ctx, bw_features_compute(ctx, recipe, two, &out), BW_ERROR_MISMATCH, "2 channels");
    bw_context_free(ctx);
    bw_recipe_free(recipe);
    bw_image_free(flat);
    bw_image_free(other);
    bw_image_free(two);
}

static void nothing_leaks(void **state) {
    (void)state;
    assert_int_equal(bw_memory_in_use(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(impulse_gives_the_sampled_gaussian),
        cmocka_unit_test(polynomials_have_exact_derivatives),
        cmocka_unit_test(sinusoids_are_damped_as_theory_says),
        cmocka_unit_test(balls_have_equal_curvature),
        cmocka_unit_test(every_row_matches_its_definition),
        cmocka_unit_test(offsets_cost_no_accuracy),
        cmocka_unit_test(constants_have_no_structure),
        cmocka_unit_test(the_level_column_is_true),
        cmocka_unit_test(threads_and_simd_levels_agree),
        cmocka_unit_test(frames_and_channels_are_independent),
        cmocka_unit_test(slices_in_2d_equal_single_images),
        cmocka_unit_test(mirrored_images_give_mirrored_features),
        cmocka_unit_test(outliers_stay_finite),
        cmocka_unit_test(non_finite_pixels_become_the_minimum),
        cmocka_unit_test(misfits_are_refused),
        cmocka_unit_test(nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
