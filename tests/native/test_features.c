/* Analytic oracles, an independent double-precision reference, and properties over every row of features.def. */
#include "feature_support.h"
#include "os.h"

#include <float.h>

static const char *const simd_levels[] = {"scalar", "sse2", "neon", "avx2", "avx512"};
static const double pi = 3.14159265358979323846;

/* ---- oracles --------------------------------------------------------------------------------------------------- */

/* Values of a function of the position relative to the frame's middle pixel. */
typedef double scene_fn(const double at[3]);

static bw_image *scene(int64_t w, int64_t h, int64_t d, scene_fn *fn) {
    bw_image_info info = test_info(BW_FLOAT32, w, h, d);
    bw_image *image = test_image(&info);
    for (int64_t z = 0; z < d; z++)
        for (int64_t y = 0; y < h; y++)
            for (int64_t x = 0; x < w; x++) {
                const double at[3] = {(double)(x - w / 2), (double)(y - h / 2), (double)(z - d / 2)};
                ((float *)bw_image_plane(image, 0, 0, z))[y * w + x] = (float)fn(at);
            }
    return image;
}

static double impulse(const double at[3]) {
    return at[0] == 0 && at[1] == 0 && at[2] == 0;
}

static double edge(const double at[3]) {
    return at[0] < 0 ? 3 : 8;
}

static double ramp(const double at[3]) {
    return 5 + 2 * at[0] - at[1] + 0.5 * at[2];
}

/* Derivatives are exact away from the border. */
static double polynomial(const double at[3]) {
    return 3 + 2 * at[0] - at[1] + 0.5 * at[2] + 0.25 * at[0] * at[0] - 0.5 * at[1] * at[1] + 0.125 * at[0] * at[1];
}

static double ridge(const double at[3]) {
    return -1.5 * at[0] * at[0];
}

static double hump(const double at[3]) {
    return -0.75 * (at[0] * at[0] + at[1] * at[1] + at[2] * at[2]);
}

static double ball(const double at[3]) {
    return 100 * exp(-(at[0] * at[0] + at[1] * at[1] + at[2] * at[2]) / 32);
}

static const double frequency = 0.4;

static double wave(const double at[3]) {
    return sin(frequency * at[0]);
}

/* A row of one parameter on a scene of `n` pixels along every axis; value at an offset from the middle. */
typedef struct probe {
    bw_image *out;
    int64_t middle[3];
} probe;

static probe look(const char *list, scene_fn *fn, int64_t n, int dims) {
    bw_image *image = scene(n, n, dims == 3 ? n : 1, fn);
    const probe p = {test_compute(list, image, dims, NULL, 1), {n / 2, n / 2, dims == 3 ? n / 2 : 0}};
    bw_image_free(image);
    return p;
}

static double at(const probe *p, int output, int64_t x, int64_t y, int64_t z) {
    return test_value(p->out, output, p->middle[0] + x, p->middle[1] + y, p->middle[2] + z);
}

static double sampled_gaussian(double sigma, int x) {
    const int radius = (int)ceil(4 * sigma);
    double sum = 0;
    for (int k = -radius; k <= radius; k++)
        sum += exp(-k * k / (2 * sigma * sigma));
    return abs(x) > radius ? 0 : exp(-x * x / (2 * sigma * sigma)) / sum;
}

static void oracle_original(const char *mode) {
    char list[40];
    snprintf(list, sizeof list, "%soriginal", mode);
    const probe p = look(list, polynomial, 21, 3);
    for (int64_t k = -10; k <= 10; k++)
        assert_true(at(&p, 0, k, -k, k / 2) ==
                    (float)polynomial((const double[3]){(double)k, (double)-k, (double)(k / 2)}));
    bw_image_free(p.out);
}

/* Exact mode to float's digits; fast mode to 0.5 % of the standard deviation. */
static void oracle_gaussian(const char *mode) {
    static const double sigmas[] = {0.3, 0.7, 1, 1.6, 3.5, 5};
    char list[80];
    snprintf(list, sizeof list, "%sgaussian:0.3,0.7,1,1.6,3.5,5", mode);
    const probe p = look(list, impulse, 49, 2);
    for (int s = 0; s < 6; s++) {
        double missing = 0;
        for (int y = -24; y <= 24; y++)
            for (int x = -24; x <= 24; x++) {
                const double wanted = sampled_gaussian(sigmas[s], x) * sampled_gaussian(sigmas[s], y);
                const double off = at(&p, s, x, y, 0) - wanted;
                if (mode[0]) assert_float_equal(off, 0, 6e-8 * wanted + 1e-12);
                missing += off * off;
            }
        assert_true(sqrt(missing) / 49 <= 5e-3 * test_spread(p.out, s));
    }
    bw_image_free(p.out);
}

static void check_polynomial(const char *row, const char *mode, const double wanted[3], int outputs) {
    static const double sigmas[] = {0.7, 1.6, 3.5, 4.4};
    char list[80];
    snprintf(list, sizeof list, "%s%s:0.7,1.6,3.5,4.4", mode, row);
    const probe p = look(list, polynomial, 61, 3);
    for (int s = 0; s < 4; s++)
        for (int k = 0; k < outputs; k++)
            if (!(fabs(at(&p, outputs * s + k, 0, 0, 0) - wanted[k]) <= (mode[0] ? 1e-6 : 1e-4)))
                fail_msg("%s%s:%g of a polynomial is %.9g, not %.9g", mode, row, sigmas[s],
                         at(&p, outputs * s + k, 0, 0, 0), wanted[k]);
    bw_image_free(p.out);
}

static const double curve_mean = -0.25, curve_root = 0.76034531628727738; /* sqrt(0.75^2 + 0.125^2) */

static void oracle_laplacian(const char *mode) {
    check_polynomial("laplacian", mode, (const double[3]){-0.5}, 1);
}

static void oracle_gradient(const char *mode) {
    check_polynomial("gradient", mode, (const double[3]){sqrt(4 + 1 + 0.25)}, 1);
}

/* At the centre of a bright Gaussian ball all eigenvalues are -A s^3 / (s^2 + sigma^2)^(5/2). */
static void oracle_hessian(const char *mode) {
    char list[40];
    check_polynomial("hessian", mode, (const double[3]){curve_mean + curve_root, 0, curve_mean - curve_root}, 3);
    snprintf(list, sizeof list, "%shessian:2", mode);
    const probe p = look(list, ball, 49, 3);
    const double wanted = -100 * pow(4, 3) / pow(4 * 4 + 2 * 2, 2.5);
    for (int k = 0; k < 3; k++)
        assert_float_equal(at(&p, k, 0, 0, 0), wanted, 2e-3 * fabs(wanted));
    bw_image_free(p.out);
}

static void oracle_determinant(const char *mode) {
    char list[40];
    snprintf(list, sizeof list, "%sdeterminant:1.6,2.5", mode);
    const probe flat = look(list, polynomial, 49, 2), deep = look(list, hump, 49, 3);
    for (int s = 0; s < 2; s++) {
        assert_float_equal(at(&flat, s, 0, 0, 0), -0.5 - 0.125 * 0.125, mode[0] ? 1e-6 : 1e-4);
        assert_float_equal(at(&deep, s, 0, 0, 0), -1.5 * 1.5 * 1.5, mode[0] ? 1e-6 : 5e-3);
    }
    bw_image_free(flat.out);
    bw_image_free(deep.out);
}

/* A Gaussian damps sin(w x) by exp(-w^2 sigma^2 / 2); sampled at sigma >= 1.6 the error is far below the bounds. */
static void oracle_dog(const char *mode) {
    static const double sigmas[2] = {1.6, 3.5};
    char list[40];
    snprintf(list, sizeof list, "%sdog:1.6,3.5", mode);
    const probe p = look(list, wave, 121, 2);
    for (int s = 0; s < 2; s++) {
        const double w2 = frequency * frequency * sigmas[s] * sigmas[s] / 2, wanted = exp(-w2) - exp(-0.4356 * w2);
        for (int x = -20; x < 20; x++)
            assert_float_equal(at(&p, s, x, 3, 0), wanted * sin(frequency * x), 1e-3);
    }
    bw_image_free(p.out);
}

/* The gradient at sigma / 2 squared, averaged at sigma: half its amplitude, plus the double frequency damped. */
static double wave_energy(double sigma, double x) {
    const double w2 = frequency * frequency, amplitude = frequency * exp(-w2 * sigma * sigma / 8);
    return amplitude * amplitude * 0.5 * (1 + exp(-2 * w2 * sigma * sigma) * cos(2 * frequency * x));
}

static void oracle_structure(const char *mode) {
    char list[80];
    snprintf(list, sizeof list, "%sstructure:3.5;coherence:3.5;energy:3.5", mode);
    const probe p = look(list, wave, 121, 2);
    for (int x = -20; x < 20; x++) {
        assert_float_equal(at(&p, 0, x, 3, 0), wave_energy(3.5, x), 1e-4);
        assert_float_equal(at(&p, 1, x, 3, 0), 0, 1e-6);
        assert_float_equal(at(&p, 2, x, 3, 0), 1, 1e-6);                   /* coherence: one direction only */
        assert_float_equal(at(&p, 3, x, 3, 0), wave_energy(3.5, x), 1e-4); /* energy: the sum */
    }
    bw_image_free(p.out);
    snprintf(list, sizeof list, "%scoherence:1.2;energy:1.2", mode);
    const probe deep = look(list, ramp, 31, 3);
    assert_float_equal(at(&deep, 0, 0, 0, 0), 1, 1e-6);
    assert_float_equal(at(&deep, 1, 0, 0, 0), 0, 1e-6);
    assert_float_equal(at(&deep, 2, 0, 0, 0), 4 + 1 + 0.25, 1e-4);
    bw_image_free(deep.out);
}

/* A ridge is a line in 2D and a sheet in 3D, a hump is a blob. */
static void oracle_frangi(const char *mode) {
    char list[40];
    const double e2 = exp(-2);
    snprintf(list, sizeof list, "%sfrangi:1.6", mode);
    const probe line = look(list, ridge, 41, 2), spot = look(list, hump, 41, 2);
    assert_float_equal(at(&line, 0, 0, 0, 0), 3, 1e-3);
    assert_float_equal(at(&line, 1, 0, 0, 0), 0, 1e-3);
    assert_float_equal(at(&spot, 0, 0, 0, 0), 1.5 * sqrt(2) * e2, 1e-3);
    assert_float_equal(at(&spot, 1, 0, 0, 0), 1.5 * sqrt(2) * (1 - e2), 1e-3);
    const probe sheet = look(list, ridge, 41, 3), blob = look(list, hump, 41, 3);
    const double wanted[2][3] = {{0, 3, 0},
                                 {1.5 * sqrt(3) * (1 - e2) * e2, 1.5 * sqrt(3) * e2, 1.5 * sqrt(3) * (1 - e2)}};
    for (int k = 0; k < 3; k++) {
        assert_float_equal(at(&sheet, k, 0, 0, 0), wanted[0][k], 1e-3);
        assert_float_equal(at(&blob, k, 0, 0, 0), wanted[1][k], 1e-3);
    }
    bw_image_free(line.out);
    bw_image_free(spot.out);
    bw_image_free(sheet.out);
    bw_image_free(blob.out);
}

static int in_ball(double x, double y, double z, double radius) {
    return x * x + y * y + z * z <= radius * radius * (1 + 1e-9);
}

/* Pixels of a ball, from the definition. */
static int ball_count(double radius, int dims) {
    int count = 0, r = (int)radius + 1;
    for (int z = dims == 3 ? -r : 0; z <= (dims == 3 ? r : 0); z++)
        for (int y = -r; y <= r; y++)
            for (int x = -r; x <= r; x++)
                count += in_ball(x, y, z, radius);
    return count;
}

/* One pixel of 1: what the ball's rows are where it is inside and where it is not. */
static void oracle_ball(const char *mode) {
    char list[160];
    for (int dims = 2; dims <= 3; dims++)
        for (int k = 0; k < 3; k++) {
            static const double radii[] = {1, 2.5, 4};
            const double radius = radii[k], n = ball_count(radius, dims);
            snprintf(list, sizeof list, "%smean:%g;variance:%g;minimum:%g;maximum:%g;median:%g;entropy:%g", mode,
                     radius, radius, radius, radius, radius, radius);
            const probe p = look(list, impulse, 13, dims);
            const double bits = -(log2(1 / n) / n + (n - 1) / n * log2((n - 1) / n));
            for (int64_t y = -6; y <= 6; y++)
                for (int64_t x = -6; x <= 6; x++) {
                    const int64_t z = dims == 3 ? x / 2 - y / 3 : 0;
                    const int in = in_ball((double)x, (double)y, (double)z, radius);
                    assert_float_equal(at(&p, 0, x, y, z), in / n, 1e-7 / n);
                    assert_float_equal(at(&p, 1, x, y, z), in * (1 / n - 1 / (n * n)), 1e-7 / n);
                    assert_true(at(&p, 2, x, y, z) == 0);
                    assert_true(at(&p, 3, x, y, z) == in);
                    assert_true(at(&p, 4, x, y, z) == 0);
                    assert_float_equal(at(&p, 5, x, y, z), in * bits, 1e-6);
                }
            bw_image_free(p.out);
        }
    /* A straight edge stays where it is. */
    snprintf(list, sizeof list, "%smedian:3", mode);
    const probe p = look(list, edge, 21, 2);
    for (int64_t x = -10; x <= 10; x++)
        assert_true(at(&p, 0, x, 4, 0) == edge((const double[3]){(double)x}));
    bw_image_free(p.out);
}

/* m = G * I, s^2 = G * I^2 - m^2; I^2 = I for one pixel of 1. */
static void oracle_normalised(const char *mode) {
    char list[40];
    snprintf(list, sizeof list, "%snormalised:1.5", mode);
    const probe p = look(list, impulse, 21, 2);
    for (int y = -6; y <= 6; y++)
        for (int x = -6; x <= 6; x++) {
            const double g = sampled_gaussian(1.5, x) * sampled_gaussian(1.5, y);
            assert_float_equal(at(&p, 0, x, y, 0), ((x == 0 && y == 0) - g) / sqrt(g - g * g), 1e-5);
        }
    bw_image_free(p.out);
}

static double membrane_tap(int k, int dx, int dy) {
    const double t = 6 * k * pi / 180, across = fabs(dx * cos(t) + dy * sin(t)),
                 along = fabs(dy * cos(t) - dx * sin(t));
    if (across >= 1 || along >= 10 || abs(dx) > 9 || abs(dy) > 9) return 0;
    return (1 - across) * fmin(1, 10 - along);
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* One pixel of 1: the thirty lines' weights there. */
static void oracle_membrane(const char *mode) {
    char list[40];
    double sums[30] = {0};
    snprintf(list, sizeof list, "%smembrane", mode);
    const probe p = look(list, impulse, 25, 2);
    for (int k = 0; k < 30; k++)
        for (int dy = -9; dy <= 9; dy++)
            for (int dx = -9; dx <= 9; dx++)
                sums[k] += membrane_tap(k, dx, dy);
    for (int y = -10; y <= 10; y++)
        for (int x = -10; x <= 10; x++) {
            double v[30], sum = 0, squares = 0;
            for (int k = 0; k < 30; k++) {
                v[k] = membrane_tap(k, x, y) / sums[k];
                sum += v[k];
            }
            for (int k = 0; k < 30; k++)
                squares += (v[k] - sum / 30) * (v[k] - sum / 30);
            qsort(v, 30, sizeof *v, ascending);
            const double wanted[] = {sum / 30, v[29], v[0], sqrt(squares / 30), (v[14] + v[15]) / 2, sum};
            for (int o = 0; o < 6; o++)
                assert_float_equal(at(&p, o, x, y, 0), wanted[o], 1e-6 * (1 + wanted[o]));
        }
    bw_image_free(p.out);
}

static const double gabor_sigma = 2.4;

static double gabor_wave(const double at[3]) {
    return 10 * cos(2 * pi * 0.56 / gabor_sigma * at[0] + 0.3);
}

/* A wave of its own length along one of the directions: half of the amplitude passes, whatever the phase. */
static void oracle_gabor(const char *mode) {
    char list[40];
    snprintf(list, sizeof list, "%sgabor:%g", mode, gabor_sigma);
    const probe p = look(list, gabor_wave, 61, 2);
    for (int x = -8; x <= 8; x++) {
        assert_float_equal(at(&p, 0, x, 2, 0), 5, 0.06);
        assert_true(at(&p, 1, x, 2, 0) > 0.1 * 5 && at(&p, 1, x, 2, 0) < 0.5 * 5);
    }
    bw_image_free(p.out);
}

/* One pixel of 1: its own weight is 1, that of the others spatial weight times exp(-1 / (2 s^2)). */
static void oracle_bilateral(const char *mode) {
    char list[40];
    const double sigma = 1.25, g = pow(sampled_gaussian(sigma, 0), 2), s2 = g - g * g;
    double others = 0;
    for (int y = -3; y <= 3; y++)
        for (int x = -3; x <= 3; x++)
            if ((x || y) && in_ball(x, y, 0, 2 * sigma))
                others += exp(-(x * x + y * y) / (2 * sigma * sigma)) * exp(-1 / (2 * s2));
    snprintf(list, sizeof list, "%sbilateral:%g", mode, sigma);
    const probe p = look(list, impulse, 21, 2);
    assert_float_equal(at(&p, 0, 0, 0, 0), 1 / (1 + others), 1e-6);
    assert_true(at(&p, 0, 9, 9, 0) == 0);
    bw_image_free(p.out);
}

/* Boxes on the pixel's own side of an edge do not vary. */
static void oracle_kuwahara(const char *mode) {
    char list[40];
    snprintf(list, sizeof list, "%skuwahara:1,3,5", mode);
    for (int dims = 2; dims <= 3; dims++) {
        const probe p = look(list, edge, 21, dims);
        for (int k = 0; k < 3; k++)
            for (int64_t x = -10; x <= 10; x++)
                assert_true(at(&p, k, x, 4, 0) == edge((const double[3]){(double)x}));
        bw_image_free(p.out);
    }
}

/* One step (sigma 0.5 in 2D) on one pixel of 1; K^2 = G_1 * q with q = 1 there and 1/4 at its four neighbours. */
static void oracle_perona_malik(const char *mode) {
    char list[40];
    const double g0 = sampled_gaussian(1, 0), g1 = sampled_gaussian(1, 1), g2 = sampled_gaussian(1, 2);
    const double own = g0 * g0 + 0.25 * 4 * g0 * g1;
    const double beside = g0 * g1 + 0.25 * (g0 * g0 + g2 * g0 + 2 * g1 * g1);
    const double k2 = (own + beside) / 2, flux = 0.125 / (1 + 1 / k2);
    snprintf(list, sizeof list, "%sperona_malik:0.5,2", mode);
    const probe p = look(list, impulse, 21, 2), sloped = look(list, ramp, 41, 2);
    assert_float_equal(at(&p, 0, 0, 0, 0), 1 - 4 * flux, 1e-6);
    assert_float_equal(at(&p, 0, 1, 0, 0), flux, 1e-6);
    assert_float_equal(at(&p, 0, 0, -1, 0), flux, 1e-6);
    assert_true(at(&p, 0, 1, 1, 0) == 0);
    /* Nothing flows together on a ramp. */
    assert_float_equal(at(&sloped, 1, 0, 0, 0), 5, 1e-5);
    bw_image_free(p.out);
    bw_image_free(sloped.out);
}

/* A row of colours as an image of three channels. */
static bw_image *colours(const double (*rgb)[3], int count, bw_pixel_type type) {
    bw_image_info info = test_info(type, count, 1, 1);
    info.channels = 3;
    bw_image *image = test_image(&info);
    for (int i = 0; i < count; i++)
        for (int c = 0; c < 3; c++) {
            void *plane = bw_image_plane(image, 0, c, 0);
            if (type == BW_FLOAT32)
                ((float *)plane)[i] = (float)rgb[i][c];
            else if (type == BW_UINT16)
                ((uint16_t *)plane)[i] = (uint16_t)(rgb[i][c] + 0.5);
            else
                ((uint8_t *)plane)[i] = (uint8_t)rgb[i][c];
        }
    return image;
}

static void oracle_hsb(const char *mode) {
    static const double rgb[][3] = {{0, 0, 0},   {77, 77, 77}, {200, 0, 0},   {0, 100, 0},
                                    {0, 0, 255}, {90, 90, 0},  {0, 120, 120}, {60, 0, 120}};
    static const double wanted[][3] = {{0, 0, 0},         {0, 0, 77},       {0, 1, 200},   {1.0 / 3, 1, 100},
                                       {2.0 / 3, 1, 255}, {1.0 / 6, 1, 90}, {0.5, 1, 120}, {0.75, 1, 120}};
    char list[40];
    snprintf(list, sizeof list, "%shsb", mode);
    bw_image *image = colours(rgb, 8, BW_UINT8), *out = test_compute(list, image, 2, NULL, 1);
    for (int i = 0; i < 8; i++)
        for (int o = 0; o < 3; o++)
            assert_float_equal(test_value(out, o, i, 0, 0), wanted[i][o], 1e-6);
    bw_image_free(out);
    bw_image_free(image);
}

/* Light that went through amounts of two stains: I = (W + 1) 10^(-OD) - 1. */
static void check_stain(const char *mode, const char *row, const double stains[2][3]) {
    static const double amounts[][2] = {{0, 0}, {0.3, 0}, {0, 0.5}, {0.4, 0.2}, {0.15, 0.6}};
    static const struct {
        bw_pixel_type type;
        double white, tolerance;
    } kinds[] = {{BW_FLOAT32, 255, 1e-5}, {BW_UINT16, 65535, 1e-3}};
    for (int kind = 0; kind < 2; kind++) {
        double rgb[5][3];
        char list[40];
        for (int i = 0; i < 5; i++)
            for (int c = 0; c < 3; c++) {
                double density = 0;
                for (int s = 0; s < 2; s++)
                    density +=
                        amounts[i][s] * stains[s][c] /
                        sqrt(stains[s][0] * stains[s][0] + stains[s][1] * stains[s][1] + stains[s][2] * stains[s][2]);
                rgb[i][c] = (kinds[kind].white + 1) * pow(10, -density) - 1;
            }
        snprintf(list, sizeof list, "%s%s", mode, row);
        bw_image *image = colours((const double(*)[3])rgb, 5, kinds[kind].type);
        bw_image *out = test_compute(list, image, 2, NULL, 1);
        for (int i = 0; i < 5; i++) {
            assert_float_equal(test_value(out, 0, i, 0, 0), amounts[i][0], kinds[kind].tolerance);
            assert_float_equal(test_value(out, 1, i, 0, 0), amounts[i][1], kinds[kind].tolerance);
            assert_float_equal(test_value(out, 2, i, 0, 0), 0, kinds[kind].tolerance);
        }
        bw_image_free(out);
        bw_image_free(image);
    }
}

static void oracle_stain_he(const char *mode) {
    check_stain(mode, "stain_he", (const double[2][3]){{0.650, 0.704, 0.286}, {0.072, 0.990, 0.105}});
}

static void oracle_stain_hdab(const char *mode) {
    check_stain(mode, "stain_hdab", (const double[2][3]){{0.650, 0.704, 0.286}, {0.268, 0.570, 0.776}});
}

static const struct {
    const char *id;
    void (*check)(const char *mode);
} oracles[] = {{"original", oracle_original},
               {"gaussian", oracle_gaussian},
               {"laplacian", oracle_laplacian},
               {"gradient", oracle_gradient},
               {"dog", oracle_dog},
               {"structure", oracle_structure},
               {"hessian", oracle_hessian},
               {"mean", oracle_ball},
               {"variance", oracle_ball},
               {"minimum", oracle_ball},
               {"maximum", oracle_ball},
               {"median", oracle_ball},
               {"normalised", oracle_normalised},
               {"coherence", oracle_structure},
               {"energy", oracle_structure},
               {"determinant", oracle_determinant},
               {"frangi", oracle_frangi},
               {"membrane", oracle_membrane},
               {"gabor", oracle_gabor},
               {"entropy", oracle_ball},
               {"bilateral", oracle_bilateral},
               {"kuwahara", oracle_kuwahara},
               {"perona_malik", oracle_perona_malik},
               {"hsb", oracle_hsb},
               {"stain_he", oracle_stain_he},
               {"stain_hdab", oracle_stain_hdab}};

/* A row without a closed form here fails. */
static void every_row_has_an_analytic_oracle(void **state) {
    (void)state;
    for (int row = 0; row < bw_feature_row_count(); row++) {
        int found = 0;
        for (size_t o = 0; o < sizeof oracles / sizeof *oracles; o++)
            found += !strcmp(oracles[o].id, bw_feature_row_get(row)->id);
        if (found != 1) fail_msg("%s has %d oracles", bw_feature_row_get(row)->id, found);
    }
    for (size_t o = 0; o < sizeof oracles / sizeof *oracles; o++)
        if (!o || oracles[o].check != oracles[o - 1].check)
            for (int mode = 0; mode < TEST_MODES; mode++)
                oracles[o].check(test_modes[mode]);
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

/* Definitions by id; 0 for rows that are not of the scale space. */
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

/* Largest difference beyond float's rounding of the value itself, and root mean square, both in standard deviations. */
typedef struct distance {
    double largest, rms;
} distance;

static distance distance_of(const bw_image *image, int channel, const volume *wanted) {
    double sum = 0, spread = 0, missing = 0;
    distance d = {0, 0};
    const int count = volume_count(wanted);
    for (int i = 0; i < count; i++)
        sum += wanted->v[i] / count;
    for (int i = 0; i < count; i++) {
        const double v = wanted->v[i];
        const double off = test_value(image, channel, i % wanted->n[0], i / wanted->n[0] % wanted->n[1],
                                      i / wanted->n[0] / wanted->n[1]) -
                           v;
        spread += (v - sum) * (v - sum) / count;
        missing += off * off / count;
        if (!(fabs(off) - FLT_EPSILON / 2 * fabs(v) <= d.largest)) d.largest = fabs(off) - FLT_EPSILON / 2 * fabs(v);
    }
    d.largest /= sqrt(spread);
    d.rms = sqrt(missing / spread);
    return d;
}

static volume volume_of(const bw_image *image) {
    const bw_image_info *info = bw_image_get_info(image);
    const int n[3] = {(int)info->width, (int)info->height, (int)info->depth};
    volume in = volume_make(n);
    for (int i = 0; i < volume_count(&in); i++) {
        const int64_t x = i % n[0], y = i / n[0] % n[1], z = i / n[0] / n[1];
        const void *plane = bw_image_plane_const(image, 0, 0, z);
        in.v[i] =
            info->type == BW_UINT16 ? ((const uint16_t *)plane)[y * n[0] + x] : ((const float *)plane)[y * n[0] + x];
    }
    return in;
}

static void check_row(const char *id, const bw_image *image, const volume *in, int dims, const double spacing[3],
                      double sigma, int mode) {
    char list[80];
    volume wanted[3];
    const int outputs = reference(id, in, dims, sigma, spacing, wanted);
    assert_true(outputs > 0);
    snprintf(list, sizeof list, strcmp(id, "original") ? "%s%s:%.17g" : "%s%s", test_modes[mode], id, sigma);
    bw_image *out = test_compute(list, image, dims, spacing, 2);
    assert_int_equal(outputs, bw_image_get_info(out)->channels);
    for (int k = 0; k < outputs; k++) {
        const distance d = distance_of(out, k, &wanted[k]);
        if (!(d.rms <= 5e-3) || (mode == TEST_EXACT && !(d.largest <= 1e-5)))
            fail_msg("%s, output %d, %dD: deviates by %g of its standard deviation at most, by %g in the mean", list, k,
                     dims, d.largest, d.rms);
        free(wanted[k].v);
    }
    bw_image_free(out);
}

static const char *const scale_space[] = {"original", "gaussian",  "laplacian", "gradient",
                                          "dog",      "structure", "hessian"};
enum { SCALE_SPACE = sizeof scale_space / sizeof *scale_space };

static void check_reference(int64_t w, int64_t h, int64_t d, int dims, const double spacing[3], double sigma) {
    bw_image_info info = test_info(BW_FLOAT32, w, h, d);
    bw_image *image = test_noise(&info);
    volume in = volume_of(image);
    for (int mode = 0; mode < TEST_MODES; mode++)
        for (int row = 0; row < SCALE_SPACE; row++)
            check_row(scale_space[row], image, &in, dims, spacing, sigma, mode);
    free(in.v);
    bw_image_free(image);
}

static void scale_space_rows_match_their_definition(void **state) {
    (void)state;
    const double even[3] = {1, 1, 1}, flat[3] = {0.2, 0.2, 0.5}, skewed[3] = {1, 1.5, 1}, tall[3] = {1, 1, 0.4};
    check_reference(37, 23, 1, 2, even, 0.3);
    check_reference(37, 23, 1, 2, even, 0.7);
    check_reference(64, 41, 1, 2, even, 1.4);
    check_reference(64, 41, 1, 2, skewed, 1.6);
    check_reference(90, 75, 1, 2, even, 3.5);
    check_reference(90, 75, 1, 2, skewed, 5);
    check_reference(120, 131, 1, 2, even, 10);
    check_reference(64, 41, 1, 2, even, 10); /* kernels wider than the image */
    check_reference(24, 19, 15, 3, even, 1);
    check_reference(24, 19, 15, 3, flat, 1.6);
    check_reference(24, 19, 5, 3, flat, 3.5);
    const int64_t part = test_quick() ? 2 : 1;
    check_reference(36 / part, 31 / part, 27 / part, 3, even, 4);
    check_reference(30 / part, 31 / part, 40 / part, 3, tall, 2); /* a level of the pyramid along z only */
}

/* A camera's offset costs no digits: structure of +-100 on a level of 10000 is as exact as without it. */
static void offsets_cost_no_accuracy(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT16, 61, 47, 1);
    bw_image *image = test_noise(&info);
    for (int i = 0; i < 61 * 47; i++) {
        uint16_t *pixel = (uint16_t *)bw_image_plane(image, 0, 0, 0) + i;
        *pixel = (uint16_t)(10000 + *pixel / 50);
    }
    volume in = volume_of(image);
    for (int mode = 0; mode < TEST_MODES; mode++)
        for (int row = 2; row < SCALE_SPACE; row++)
            for (int s = 0; s < 2; s++)
                check_row(scale_space[row], image, &in, 2, (const double[3]){1, 1, 1}, s ? 10 : 1, mode);
    free(in.v);
    bw_image_free(image);
}

/* ---- the table ------------------------------------------------------------------------------------------------- */

/* Names in a list such as "a,b"; -1 when one is empty. */
static int count_names(const char *names, size_t length) {
    int count = 0;
    for (size_t begin = 0; length && begin <= length; count++) {
        size_t end = begin;
        while (end < length && names[end] != ',')
            end++;
        if (end == begin) return -1;
        begin = end + 1;
    }
    return count;
}

static void check_names(const bw_feature_row *row) {
    const char *deep = strchr(row->names, '|');
    const size_t length = strlen(row->names), flat = deep ? (size_t)(deep - row->names) : length;
    const int in_2d = count_names(row->names, flat);
    const int in_3d = deep ? count_names(deep + 1, length - flat - 1) : in_2d;
    assert_true(in_2d == 0 ? row->outputs_2d == 1 : in_2d >= row->outputs_2d);
    assert_true(in_3d == 0 ? row->outputs_3d <= 1 : in_3d >= row->outputs_3d);
    /* As many as the form with most outputs, but no more. */
    const int most = row->outputs_3d > row->outputs_2d ? row->outputs_3d : row->outputs_2d;
    assert_true(in_2d <= most && in_3d <= most);
}

static void every_row_is_complete(void **state) {
    (void)state;
    for (int r = 0; r < bw_feature_row_count(); r++) {
        const bw_feature_def *def = bw_feature_def_get(r);
        const bw_feature_row *row = &def->row;
        assert_true(strlen(row->id) > 2 && strspn(row->id, "abcdefghijklmnopqrstuvwxyz_0123456789") == strlen(row->id));
        for (int other = 0; other < r; other++)
            assert_string_not_equal(row->id, bw_feature_row_get(other)->id);
        assert_true(strlen(row->label) > 3 && strlen(row->unit) > 0 && row->source);
        assert_true(strlen(row->doc) > 10 && row->doc[strlen(row->doc) - 1] == '.');
        if (row->has_sigma) {
            assert_true(!strcmp(row->parameter, "sigma") || !strcmp(row->parameter, "radius"));
            assert_true(row->sigma_min > 0 && row->sigma_min < row->sigma_max);
            assert_true(row->sigma_min <= row->sigma_default && row->sigma_default <= row->sigma_max);
            assert_true(row->sigma_max <= BW_MAX_SIGMA && def->reach_factor > 0);
        } else {
            assert_string_equal(row->parameter, "");
            assert_true(def->reach_factor == 0);
        }
        assert_in_range(row->outputs_2d, 1, BW_MAX_OUTPUTS);
        assert_in_range(row->outputs_3d, 0, BW_MAX_OUTPUTS);
        check_names(row);
        assert_true(def->reach_constant >= 0 && isfinite(def->reach_factor) && isfinite(def->reach_constant));
        assert_in_range(def->level, 0, 3);
        assert_int_equal(row->rgb, def->level == 2);
        assert_non_null(def->build);
    }
    assert_null(bw_feature_def_get(-1));
    assert_null(bw_feature_def_get(bw_feature_row_count()));
}

/* ---- images for properties ------------------------------------------------------------------------------------- */

/* All rows at a parameter, of the first of three channels. */
static void whole_table(char list[TEST_LIST], int mode, double value, const char *modifiers) {
    list[0] = 0;
    strcat(list, test_modes[mode]);
    test_every_row(list, TEST_LIST, value, 1, modifiers);
}

static bw_image *noise(bw_pixel_type type, int64_t w, int64_t h, int64_t d) {
    bw_image_info info = test_info(type, w, h, d);
    info.channels = 3;
    return test_noise(&info);
}

static const bw_feature_def *row_of(const bw_recipe *recipe, int feature) {
    return bw_feature_def_get(bw_recipe_get(recipe, feature)->row);
}

static const float *plane_of(const bw_image *image, int feature, int64_t z) {
    return bw_image_plane_const(image, 0, feature, z);
}

/* ---- levels ---------------------------------------------------------------------------------------------------- */

enum { LEAVES, KEEPS, COLOURS, MIXED };

/* How many times a constant goes into an output of a row; features.def says it of the whole row. */
static double share_of_level(const bw_feature_def *def, int output) {
    static const double membrane[] = {1, 1, 1, 0, 1, 30};
    if (def->level != MIXED) return def->level == KEEPS;
    assert_string_equal(def->row.id, "membrane"); /* another mixed row needs its shares here */
    return membrane[output];
}

static void check_constant(const bw_recipe *recipe, const bw_image *out, float level) {
    for (int f = 0; f < bw_image_get_info(out)->channels; f++) {
        const bw_feature_def *def = row_of(recipe, f);
        const double wanted = level * share_of_level(def, bw_recipe_get(recipe, f)->output);
        for (int64_t z = 0; z < bw_image_get_info(out)->depth; z++)
            for (int64_t i = 0; i < bw_image_get_info(out)->width * bw_image_get_info(out)->height; i++) {
                const float v = plane_of(out, f, z)[i];
                const int ok = def->level == COLOURS ? v == plane_of(out, f, 0)[0]
                               : def->level == MIXED ? fabs(v - wanted) <= 4e-6 * level * (1 + wanted / level)
                                                     : v == (float)wanted;
                if (!ok) fail_msg("%s is %.9g on a constant image of %g", bw_image_plane_label(out, 0, f, 0), v, level);
            }
    }
}

static void constants_have_no_structure(void **state) {
    (void)state;
    static const int64_t sizes[][3] = {{1, 1, 1}, {1, 17, 1}, {17, 1, 1}, {2, 2, 1}, {40, 30, 1}, {9, 7, 2}, {1, 1, 5}};
    static const double values[] = {0.3, 1.6, 10};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t v = 0; v < sizeof values / sizeof *values; v++)
            for (int mode = 0; mode < TEST_MODES; mode++) {
                char list[TEST_LIST];
                const int dims = sizes[s][2] > 1 ? 3 : 2;
                whole_table(list, mode, dims == 3 && values[v] > 5 ? 4 : values[v], "@c1");
                bw_image *image = noise(BW_UINT16, sizes[s][0], sizes[s][1], sizes[s][2]);
                for (int c = 0; c < 3; c++)
                    for (int64_t z = 0; z < sizes[s][2]; z++)
                        for (int64_t i = 0; i < sizes[s][0] * sizes[s][1]; i++)
                            ((uint16_t *)bw_image_plane(image, 0, c, z))[i] = 777;
                bw_recipe *recipe = test_recipe(list, 3, dims, NULL);
                bw_image *out = test_compute(list, image, dims, NULL, 2);
                check_constant(recipe, out, 777);
                bw_recipe_free(recipe);
                bw_image_free(out);
                bw_image_free(image);
            }
}

/* features.def says of every row whether a constant added to the image shows in the feature. A camera's large offset
 * costs no digits but those of the value. */
static void the_level_column_is_true(void **state) {
    (void)state;
    for (int mode = 0; mode < TEST_MODES; mode++) {
        char list[TEST_LIST];
        whole_table(list, mode, 1.6, "@c1");
        bw_image *image = noise(BW_UINT16, 40, 30, 1), *raised = noise(BW_UINT16, 40, 30, 1);
        for (int i = 0; i < 1200; i++) {
            uint16_t *low = bw_image_plane(image, 0, 0, 0), *high = bw_image_plane(raised, 0, 0, 0);
            low[i] = low[i] / 50;
            high[i] = (uint16_t)(low[i] + 20000);
        }
        bw_image *a = test_compute(list, image, 2, NULL, 1), *b = test_compute(list, raised, 2, NULL, 1);
        bw_recipe *recipe = test_recipe(list, 3, 2, NULL);
        for (int f = 0; f < bw_recipe_count(recipe); f++) {
            const bw_feature_def *def = row_of(recipe, f);
            if (def->level == COLOURS) continue;
            const double share = share_of_level(def, bw_recipe_get(recipe, f)->output), spread = test_spread(a, f);
            for (int i = 0; i < 1200; i++) {
                const double x = plane_of(a, f, 0)[i], y = plane_of(b, f, 0)[i];
                const double off = fabs(y - x - 20000 * share);
                const double allowed = def->level == LEAVES ? 0 : 1e-5 * spread + FLT_EPSILON * fabs(y);
                if (!(off <= allowed))
                    fail_msg("%s%s goes from %.9g to %.9g when the image is raised by 20000, off by %g SD",
                             test_modes[mode], bw_image_plane_label(a, 0, f, 0), x, y, off / spread);
            }
        }
        bw_recipe_free(recipe);
        bw_image_free(a);
        bw_image_free(b);
        bw_image_free(image);
        bw_image_free(raised);
    }
}

/* ---- symmetries ------------------------------------------------------------------------------------------------ */

/* Axis k of the new image is axis from[k] of the old one, backwards where flip[k]. */
typedef struct symmetry {
    int from[3], flip[3];
} symmetry;

static void source_of(const symmetry *s, const int64_t size[3], const int64_t to[3], int64_t out[3]) {
    for (int k = 0; k < 3; k++)
        out[s->from[k]] = s->flip[k] ? size[s->from[k]] - 1 - to[k] : to[k];
}

static bw_image *moved(const bw_image *image, const symmetry *s) {
    const bw_image_info *info = bw_image_get_info(image);
    const int64_t size[3] = {info->width, info->height, info->depth};
    bw_image_info turned = *info;
    turned.width = size[s->from[0]];
    turned.height = size[s->from[1]];
    turned.depth = size[s->from[2]];
    bw_image *out = test_image(&turned);
    for (int c = 0; c < info->channels; c++)
        for (int64_t z = 0; z < turned.depth; z++)
            for (int64_t y = 0; y < turned.height; y++)
                for (int64_t x = 0; x < turned.width; x++) {
                    int64_t old[3];
                    source_of(s, size, (const int64_t[3]){x, y, z}, old);
                    ((float *)bw_image_plane(out, 0, c, z))[y * turned.width + x] =
                        test_value(image, c, old[0], old[1], old[2]);
                }
    return out;
}

/* Whether a row has this symmetry in 3D: slice-wise rows do not know z. */
static int has_symmetry(const bw_feature_row *row, int dims, const symmetry *s) {
    return dims == 2 || row->outputs_3d || s->from[2] == 2;
}

static int is_one_of(const bw_feature_row *row, const char *const *ids, int count) {
    int found = 0;
    for (int i = 0; i < count; i++)
        found |= !strcmp(row->id, ids[i]);
    return found;
}

/* Allowed difference in standard deviations, beside float's rounding of the value; 0: to the bit. */
static double symmetry_tolerance(const bw_feature_row *row, int mode, int mirrors) {
    static const char *const one_way[] = {"membrane", "bilateral", "gabor"}; /* float sums from one end to the other */
    static const char *const single[] = {"membrane", "bilateral"};           /* in exact mode too */
    if (is_one_of(row, single, 2) || (mode == TEST_FAST && mirrors && is_one_of(row, one_way, 3))) return 5e-6;
    if (mirrors) return is_one_of(row, one_way, 3) ? 1e-6 : 0;
    return mode == TEST_EXACT ? 1e-6 : 1e-4;
}

static void check_symmetry(const symmetry *s, int dims, int mode, double value) {
    const int mirrors = s->from[0] == 0 && s->from[1] == 1;
    char list[TEST_LIST];
    whole_table(list, mode, value, "@c1");
    bw_image *image = noise(BW_FLOAT32, 49, 33, dims == 3 ? 17 : 1), *turned = moved(image, s);
    bw_image *a = test_compute(list, image, dims, NULL, 1), *b = test_compute(list, turned, dims, NULL, 1);
    bw_image *back = moved(a, s);
    bw_recipe *recipe = test_recipe(list, 3, dims, NULL);
    const bw_image_info *info = bw_image_get_info(b);
    for (int f = 0; f < info->channels; f++) {
        const double spread = test_spread(a, f);
        const double tolerance = symmetry_tolerance(&row_of(recipe, f)->row, mode, mirrors);
        if (!has_symmetry(&row_of(recipe, f)->row, dims, s)) continue;
        for (int64_t z = 0; z < info->depth; z++)
            for (int64_t i = 0; i < info->width * info->height; i++) {
                const double x = plane_of(back, f, z)[i], y = plane_of(b, f, z)[i];
                const double allowed = tolerance > 0 ? tolerance * spread + FLT_EPSILON * fabs(x) : 0;
                if (!(fabs(x - y) <= allowed))
                    fail_msg("%s%s %dD (axes %d%d%d, flips %d%d%d): %.9g becomes %.9g, off by %g SD", test_modes[mode],
                             bw_image_plane_label(a, 0, f, 0), dims, s->from[0], s->from[1], s->from[2], s->flip[0],
                             s->flip[1], s->flip[2], x, y, fabs(x - y) / spread);
            }
    }
    bw_recipe_free(recipe);
    bw_image_free(a);
    bw_image_free(b);
    bw_image_free(back);
    bw_image_free(image);
    bw_image_free(turned);
}

/* Taps are folded symmetrically, so that nothing is rounded in another way. Grids of the pyramid are symmetric because
 * the image's extents are a multiple of 16 and one. */
static void mirrored_images_give_mirrored_features(void **state) {
    (void)state;
    static const symmetry mirrors[] = {{{0, 1, 2}, {1, 0, 0}}, {{0, 1, 2}, {0, 1, 0}}, {{0, 1, 2}, {0, 0, 1}}};
    for (int mode = 0; mode < TEST_MODES; mode++)
        for (int axis = 0; axis < 3; axis++) {
            if (axis < 2) check_symmetry(&mirrors[axis], 2, mode, 1.6);
            if (axis < 2) check_symmetry(&mirrors[axis], 2, mode, 5);
            check_symmetry(&mirrors[axis], 3, mode, 1.6);
        }
}

static void turned_images_give_turned_features(void **state) {
    (void)state;
    static const symmetry quarter = {{1, 0, 2}, {1, 0, 0}}, swap = {{2, 1, 0}, {0, 0, 0}},
                          cycle = {{1, 2, 0}, {0, 0, 0}};
    for (int mode = 0; mode < TEST_MODES; mode++) {
        check_symmetry(&quarter, 2, mode, 1.6);
        check_symmetry(&quarter, 2, mode, 5);
        check_symmetry(&quarter, 3, mode, 1.6);
        check_symmetry(&swap, 3, mode, 1.6);
        check_symmetry(&cycle, 3, mode, 1.6);
    }
}

/* ---- sameness -------------------------------------------------------------------------------------------------- */

static void threads_and_simd_levels_agree(void **state) {
    (void)state;
    for (int mode = 0; mode < TEST_MODES; mode++) {
        bw_image_info info = test_info(BW_UINT8, 103, 41, 5);
        info.channels = 3;
        info.frames = 2;
        bw_image *image = test_noise(&info);
        char list[TEST_LIST];
        whole_table(list, mode, 1.2, "@c1");
        strcat(list, ";hessian:3.5@2d@c2;structure:1.6@c2;dog:5@2d@c3;frangi:0.3@2d@c3;median:2.5@2d@c2;gabor:2@2d@c3");
        bw_image *wanted = test_compute(list, image, 3, NULL, 1);
        for (int threads = 2; threads <= 5; threads += 3) {
            bw_image *out = test_compute(list, image, 3, NULL, threads);
            assert_same_pixels(wanted, out);
            bw_image_free(out);
        }
        int levels = 0;
        for (size_t level = 0; level < sizeof simd_levels / sizeof *simd_levels; level++) {
            test_set_variable("BRUSHWOOD_SIMD", simd_levels[level]);
            if (strcmp(bw_simd_name(), simd_levels[level])) continue; /* not on this processor */
            bw_image *out = test_compute(list, image, 3, NULL, 2);
            assert_same_pixels(wanted, out);
            bw_image_free(out);
            levels++;
        }
        test_set_variable("BRUSHWOOD_SIMD", NULL);
        assert_in_range(levels, 2, 4);
        bw_image_free(wanted);
        bw_image_free(image);
    }
}

/* Every row alone gives the bytes that it has among all others. */
static void company_does_not_change_a_row(void **state) {
    (void)state;
    for (int mode = 0; mode < TEST_MODES; mode++)
        for (int dims = 2; dims <= 3; dims++) {
            char list[TEST_LIST];
            whole_table(list, mode, 2, "@c1");
            strcat(list, ";gaussian:0.7,3,4,8@c1;hessian:4@c1;dog:3@c2;structure:4@c2");
            bw_image *image = noise(BW_UINT8, 37, 31, dims == 3 ? 7 : 1),
                     *all = test_compute(list, image, dims, NULL, 1);
            bw_recipe *recipe = test_recipe(list, 3, dims, NULL);
            for (int f = 0, outputs; f < bw_recipe_count(recipe); f += outputs) {
                const bw_feature_info *info = bw_recipe_get(recipe, f);
                char one[200] = "", channel[16];
                snprintf(channel, sizeof channel, "@c%d", info->channel + 1);
                strcat(one, test_modes[mode]);
                test_item(one + strlen(one), sizeof one - strlen(one), bw_feature_row_get(info->row), info->sigma,
                          channel);
                bw_image *out = test_compute(one, image, dims, NULL, 1);
                outputs = bw_image_get_info(out)->channels;
                for (int k = 0; k < outputs; k++)
                    for (int64_t z = 0; z < (dims == 3 ? 7 : 1); z++)
                        if (memcmp(plane_of(out, k, z), plane_of(all, f + k, z), 37 * 31 * 4))
                            fail_msg("%s has other values alone", one);
                bw_image_free(out);
            }
            bw_recipe_free(recipe);
            bw_image_free(all);
            bw_image_free(image);
        }
}

/* A frame alone, a channel alone: nothing leaks from one into the other. */
static void frames_and_channels_are_independent(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT16, 40, 30, 4);
    info.channels = 2;
    info.frames = 3;
    bw_image *image = test_noise(&info);
    bw_image *all = test_compute("gaussian:1;hessian:1.6", image, 3, NULL, 2);
    for (int t = 0; t < 3; t++)
        for (int c = 0; c < 2; c++) {
            bw_image_info one = test_info(BW_UINT16, 40, 30, 4);
            bw_image *part = test_image(&one);
            for (int64_t z = 0; z < 4; z++)
                memcpy(bw_image_plane(part, 0, 0, z), bw_image_plane_const(image, t, c, z), 40 * 30 * 2);
            bw_image *out = test_compute("gaussian:1;hessian:1.6", part, 3, NULL, 1);
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
    for (int mode = 0; mode < TEST_MODES; mode++) {
        char list[TEST_LIST], slices[TEST_LIST];
        whole_table(list, mode, 1.6, "@c1");
        whole_table(slices, mode, 1.6, "@2d@c1");
        bw_image *image = noise(BW_FLOAT32, 50, 33, 3), *slice = noise(BW_FLOAT32, 50, 33, 1);
        bw_image *all = test_compute(list, image, 2, NULL, 2), *among = test_compute(slices, image, 3, NULL, 2);
        assert_same_pixels(all, among);
        for (int64_t z = 0; z < 3; z++) {
            for (int c = 0; c < 3; c++)
                memcpy(bw_image_plane(slice, 0, c, 0), bw_image_plane_const(image, 0, c, z), 50 * 33 * 4);
            bw_image *out = test_compute(list, slice, 2, NULL, 1);
            for (int f = 0; f < bw_image_get_info(out)->channels; f++)
                if (memcmp(plane_of(out, f, 0), plane_of(all, f, z), 50 * 33 * 4))
                    fail_msg("%s: slice %d differs", bw_image_plane_label(out, 0, f, 0), (int)z);
            bw_image_free(out);
        }
        bw_image_free(all);
        bw_image_free(among);
        bw_image_free(slice);
        bw_image_free(image);
    }
}

/* Tiles of odd extents, all over the frame, have the values of the whole frame as one tile. */
static void check_tiling(int dims, int mode, double value, const int64_t size[3], const int64_t edge_[3]) {
    char list[TEST_LIST];
    whole_table(list, mode, value, "@c1");
    bw_context *ctx = test_context(1);
    bw_image *image = noise(BW_UINT16, size[0], size[1], size[2]), *whole = test_compute(list, image, dims, NULL, 1);
    bw_recipe *recipe = test_recipe(list, 3, dims, NULL);
    bw_feature_plan *plan;
    assert_ok(ctx, bw_feature_plan_create(ctx, recipe, NULL, &plan));
    test_tiles all = test_tiles_open(plan, image, size), tiles = test_tiles_open(plan, image, edge_);
    const bw_box frame = {{0, 0, 0}, {size[0], size[1], size[2]}};
    all.wanted = tiles.wanted = whole;
    test_tiles_run(&all, &frame);
    for (int64_t z = 0; z < size[2]; z += edge_[2])
        for (int64_t y = 0; y < size[1]; y += edge_[1])
            for (int64_t x = 0; x < size[0]; x += edge_[0]) {
                bw_box tile = {{x, y, z}, {x + edge_[0], y + edge_[1], z + edge_[2]}};
                for (int axis = 0; axis < 3; axis++)
                    tile.hi[axis] = tile.hi[axis] < size[axis] ? tile.hi[axis] : size[axis];
                test_tiles_run(&tiles, &tile);
            }
    test_tiles_close(&all);
    test_tiles_close(&tiles);
    bw_feature_plan_free(plan);
    bw_recipe_free(recipe);
    bw_image_free(whole);
    bw_image_free(image);
    bw_context_free(ctx);
}

static void tiles_are_parts_of_the_whole(void **state) {
    (void)state;
    const int64_t flat[3] = {131, 97, 1}, wide[3] = {47, 29, 1}, deep[3] = {31, 27, 19}, block[3] = {17, 13, 7};
    for (int mode = 0; mode < TEST_MODES; mode++) {
        check_tiling(2, mode, 0.3, flat, wide);
        check_tiling(2, mode, 1.6, flat, wide);
        check_tiling(2, mode, 5, flat, wide);
        check_tiling(3, mode, 0.7, deep, block);
        check_tiling(3, mode, mode == TEST_FAST ? 3.6 : 1.6, deep, block);
    }
}

/* On every level, with rows that begin anywhere between vectors. */
static void tiles_are_parts_of_the_whole_on_every_level(void **state) {
    (void)state;
    const int64_t flat[3] = {67, 23, 1}, narrow[3] = {13, 11, 1};
    for (size_t level = 0; level < sizeof simd_levels / sizeof *simd_levels; level++) {
        test_set_variable("BRUSHWOOD_SIMD", simd_levels[level]);
        if (strcmp(bw_simd_name(), simd_levels[level])) continue; /* not on this processor */
        check_tiling(2, TEST_FAST, 2, flat, narrow);
        check_tiling(2, TEST_EXACT, 1.2, flat, narrow);
    }
    test_set_variable("BRUSHWOOD_SIMD", NULL);
}

/* ---- reach ----------------------------------------------------------------------------------------------------- */

/* How far from a changed pixel in the middle of a frame of 2 * half + 1 pixels outputs of one row change, per axis. */
static void measure_reach(const char *list, int dims, int64_t half, int64_t reach[3]) {
    const int64_t n = 2 * half + 1, depth = dims == 3 ? n : 1, middle[3] = {half, half, dims == 3 ? half : 0};
    bw_image *image = noise(BW_UINT8, n, n, depth), *other = noise(BW_UINT8, n, n, depth);
    ((uint8_t *)bw_image_plane(image, 0, 0, middle[2]))[half * n + half] = 0;
    ((uint8_t *)bw_image_plane(other, 0, 0, middle[2]))[half * n + half] = 255;
    bw_image *a = test_compute(list, image, dims, NULL, 1), *b = test_compute(list, other, dims, NULL, 1);
    memset(reach, 0, 3 * sizeof *reach);
    for (int f = 0; f < bw_image_get_info(a)->channels; f++)
        for (int64_t z = 0; z < depth; z++)
            for (int64_t i = 0; i < n * n; i++) {
                const int64_t where[3] = {i % n, i / n, z};
                if (plane_of(a, f, z)[i] == plane_of(b, f, z)[i]) continue;
                for (int axis = 0; axis < 3; axis++)
                    if (llabs(where[axis] - middle[axis]) > reach[axis])
                        reach[axis] = llabs(where[axis] - middle[axis]);
            }
    bw_image_free(a);
    bw_image_free(b);
    bw_image_free(image);
    bw_image_free(other);
}

static void plan_halo(const char *list, int dims, int64_t halo[3]) {
    bw_context *ctx = test_context(1);
    bw_recipe *recipe = test_recipe(list, 3, dims, NULL);
    bw_feature_plan *plan;
    assert_ok(ctx, bw_feature_plan_create(ctx, recipe, NULL, &plan));
    bw_feature_plan_halo(plan, halo);
    bw_feature_plan_free(plan);
    bw_recipe_free(recipe);
    bw_context_free(ctx);
}

/* Exact values depend on what features.def says, all values on the plan's halo; both leave some room in the frame, so
 * that more would show. */
static void check_reach(const bw_feature_def *def, int dims, int mode, double value) {
    char list[200] = "";
    int64_t halo[3], reach[3];
    strcat(list, test_modes[mode]);
    test_item(list + strlen(list), sizeof list - strlen(list), &def->row, value, "@c1");
    plan_halo(list, dims, halo);
    const double said = def->reach_factor * test_parameter(&def->row, value) + def->reach_constant;
    const int64_t most = halo[0] > (int64_t)said ? halo[0] : (int64_t)said;
    measure_reach(list, dims, (mode == TEST_EXACT ? (int64_t)said : most) + 3, reach);
    for (int axis = 0; axis < 3; axis++) {
        const int64_t allowed = axis == 2 && dims == 2 ? 0 : mode == TEST_EXACT ? (int64_t)said : halo[axis];
        if (reach[axis] > allowed || reach[axis] > halo[axis])
            fail_msg("%s %dD depends on pixels %d away along %c; the table says %g, the plan %d", list, dims,
                     (int)reach[axis], "xyz"[axis], said, (int)halo[axis]);
    }
    /* A row that looks around must show it, or the test sees nothing. */
    if (def->reach_factor > 0 && value > 2 && !(reach[0] && reach[1])) fail_msg("%s looks at nothing around", list);
}

static void values_depend_on_what_the_table_says(void **state) {
    (void)state;
    for (int r = 0; r < bw_feature_row_count(); r++) {
        const bw_feature_def *def = bw_feature_def_get(r);
        for (int mode = 0; mode < TEST_MODES; mode++) {
            check_reach(def, 2, mode, 0.3);
            check_reach(def, 2, mode, 2.5);
            /* On the pyramid; rows that say a reach of a hundred pixels do without. */
            if (mode == TEST_FAST && def->reach_factor < 10) check_reach(def, 2, mode, 4.5);
            check_reach(def, 3, mode, 0.3);
        }
    }
}

/* ---- odd values ------------------------------------------------------------------------------------------------ */

static void outliers_stay_finite(void **state) {
    (void)state;
    static const float odd[][3] = {{NAN, INFINITY, -INFINITY}, {1e30f, -1e30f, 3e38f}, {1e-40f, -1e-45f, 0}};
    for (int mode = 0; mode < TEST_MODES; mode++)
        for (int kind = 0; kind < 4; kind++)
            for (int dims = 2; dims <= 3; dims++) {
                char list[TEST_LIST];
                whole_table(list, mode, dims == 3 ? 1 : 2.5, "@c1");
                bw_image *image = noise(BW_FLOAT32, 30, 20, dims == 3 ? 6 : 1);
                for (int c = 0; c < 3; c++) {
                    float *pixels = bw_image_plane(image, 0, c, 0);
                    for (int i = 0; i < 600; i++)
                        if (kind == 3) pixels[i] *= 1e-42f; /* nothing but denormal numbers */
                    for (int k = 0; k < 3 && kind < 3; k++)
                        pixels[217 + 130 * k] = odd[kind][k];
                }
                bw_image *out = test_compute(list, image, dims, NULL, 1);
                for (int f = 0; f < bw_image_get_info(out)->channels; f++)
                    for (int64_t z = 0; z < bw_image_get_info(out)->depth; z++)
                        for (int i = 0; i < 600; i++)
                            if (!isfinite(plane_of(out, f, z)[i]))
                                fail_msg("%s is %g (outliers %d)", bw_image_plane_label(out, 0, f, 0),
                                         plane_of(out, f, z)[i], kind);
                bw_image_free(out);
                bw_image_free(image);
            }
}

/* NaN and infinities count as the smallest finite value of their channel. */
static void non_finite_pixels_become_the_minimum(void **state) {
    (void)state;
    for (int mode = 0; mode < TEST_MODES; mode++) {
        char list[TEST_LIST];
        whole_table(list, mode, 1.6, "@c1");
        bw_image *odd = noise(BW_FLOAT32, 40, 30, 1), *plain = noise(BW_FLOAT32, 40, 30, 1);
        for (int c = 0; c < 3; c++) {
            float *a = bw_image_plane(odd, 0, c, 0), *b = bw_image_plane(plain, 0, c, 0), low = FLT_MAX;
            for (int i = 0; i < 1200; i++) {
                if (i % 97 == 3)
                    a[i] = i % 3 == 0 ? NAN : i % 3 == 1 ? INFINITY : -INFINITY;
                else if (b[i] < low)
                    low = b[i];
            }
            for (int i = 3; i < 1200; i += 97)
                b[i] = low;
        }
        bw_image *x = test_compute(list, odd, 2, NULL, 1), *y = test_compute(list, plain, 2, NULL, 1);
        assert_same_pixels(x, y);
        bw_image_free(x);
        bw_image_free(y);
        bw_image_free(odd);
        bw_image_free(plain);
    }
}

/* Frames smaller than every kernel; every value is finite and the same from tiles of one pixel. */
static void tiny_images_have_features(void **state) {
    (void)state;
    static const int64_t sizes[][3] = {{1, 1, 1}, {1, 9, 1}, {9, 1, 1}, {2, 3, 1}, {1, 1, 4}, {3, 1, 2}, {2, 2, 2}};
    const int64_t one[3] = {1, 1, 1};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int mode = 0; mode < TEST_MODES; mode++) {
            const int dims = sizes[s][2] > 1 ? 3 : 2;
            check_tiling(dims, mode, dims == 3 ? 1.6 : 5, sizes[s], one);
        }
}

/* Colours are the first three channels, however many there are. */
static void colours_are_the_first_three_channels(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 21, 17, 1), more = info;
    info.channels = 3;
    more.channels = 5;
    bw_image *rgb = test_noise(&info), *five = test_noise(&more);
    char list[TEST_LIST] = "";
    for (int r = 0; r < bw_feature_row_count(); r++)
        if (bw_feature_row_get(r)->rgb) {
            if (list[0]) strcat(list, ";");
            strcat(list, bw_feature_row_get(r)->id);
        }
    bw_image *a = test_compute(list, rgb, 2, NULL, 1), *b = test_compute(list, five, 2, NULL, 1);
    assert_true(bw_image_get_info(a)->channels >= 3);
    assert_same_pixels(a, b);
    for (int c = 3; c < 5; c++)
        memset(bw_image_plane(five, 0, c, 0), 9, 21 * 17);
    bw_image *again = test_compute(list, five, 2, NULL, 1);
    assert_same_pixels(a, again);
    bw_image_free(again);
    bw_image_free(a);
    bw_image_free(b);
    bw_image_free(rgb);
    bw_image_free(five);
}

/* An axis that is finer by far asks for so many steps of the diffusion that the plan would never end. */
static void endless_diffusion_is_refused(void **state) {
    (void)state;
    const bw_recipe_options fine = {.channels = 1, .dims = 2, .spacing = {1, 0.01, 1}};
    bw_context *ctx = test_context(1);
    bw_recipe *recipe;
    bw_feature_plan *plan;
    assert_ok(ctx, bw_recipe_parse(ctx, "perona_malik:5", &fine, &recipe));
    assert_refused(ctx, bw_feature_plan_create(ctx, recipe, NULL, &plan), BW_ERROR_ARGUMENT, "250025 steps");
    assert_null(plan);
    bw_recipe_free(recipe);
    bw_context_free(ctx);
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
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(every_row_has_an_analytic_oracle),
        cmocka_unit_test(scale_space_rows_match_their_definition),
        cmocka_unit_test(offsets_cost_no_accuracy),
        cmocka_unit_test(constants_have_no_structure),
        cmocka_unit_test(the_level_column_is_true),
        cmocka_unit_test(mirrored_images_give_mirrored_features),
        cmocka_unit_test(turned_images_give_turned_features),
        cmocka_unit_test(threads_and_simd_levels_agree),
        cmocka_unit_test(company_does_not_change_a_row),
        cmocka_unit_test(frames_and_channels_are_independent),
        cmocka_unit_test(slices_in_2d_equal_single_images),
        cmocka_unit_test(tiles_are_parts_of_the_whole),
        cmocka_unit_test(tiles_are_parts_of_the_whole_on_every_level),
        cmocka_unit_test(values_depend_on_what_the_table_says),
        cmocka_unit_test(outliers_stay_finite),
        cmocka_unit_test(non_finite_pixels_become_the_minimum),
        cmocka_unit_test(tiny_images_have_features),
        cmocka_unit_test(colours_are_the_first_three_channels),
        cmocka_unit_test(endless_diffusion_is_refused),
        cmocka_unit_test(misfits_are_refused),
        cmocka_unit_test(nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
