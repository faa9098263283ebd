/* One-dimensional kernels, elementary functions, and the arithmetic of every SIMD level. */
#include "feature_support.h"
#include "os.h"

#include "core/math.h"
#include "features/kernel.h"

/* ---- kernels --------------------------------------------------------------------------------------------------- */

static double tap(const bw_kernel *kernel, int x) {
    if (abs(x) > kernel->radius) return 0;
    return x < 0 && kernel->order == 1 ? -kernel->taps[-x] : kernel->taps[abs(x)];
}

static double moment(const bw_kernel *kernel, int power) {
    double sum = 0;
    for (int x = -kernel->radius; x <= kernel->radius; x++)
        sum += tap(kernel, x) * pow(x, power);
    return sum;
}

static bw_kernel sample(double sigma, int order) {
    bw_context *ctx = test_context(1);
    bw_kernel kernel;
    assert_ok(ctx, bw_kernel_sample(ctx, sigma, order, &kernel));
    for (int x = 0; x <= kernel.radius; x++)
        assert_true(kernel.single[x] == (float)kernel.taps[x]);
    bw_context_free(ctx);
    return kernel;
}

/* Constants, ramps and parabolas have exactly the derivatives that they have. */
static void check_moments(const bw_kernel *kernel) {
    const double scale = kernel->radius + 1;
    if (kernel->order == 0) assert_float_equal(moment(kernel, 0), 1, 1e-14);
    if (kernel->order == 1) {
        assert_float_equal(kernel->taps[0], 0, 1e-15);
        assert_float_equal(moment(kernel, 1), 1, 1e-13);
    }
    if (kernel->order == 2) {
        assert_float_equal(moment(kernel, 0), 0, 1e-13);
        assert_float_equal(moment(kernel, 2) / 2, 1, 1e-13 * scale * scale);
    }
}

static void sampled_kernels_have_exact_moments(void **state) {
    (void)state;
    static const double sigmas[] = {0.3, 0.35, 0.5, 0.7, 1, 1.4, 1.6, 2, 3.5, 5, 10, 33.3, 100, 1000};
    for (size_t s = 0; s < sizeof sigmas / sizeof *sigmas; s++)
        for (int order = 0; order <= 2; order++) {
            bw_kernel kernel = sample(sigmas[s], order);
            assert_int_equal(kernel.order, order);
            assert_int_equal(kernel.radius, (int)ceil(4 * sigmas[s]) + order);
            check_moments(&kernel);
            bw_kernel_free(&kernel);
        }
}

/* Taps are the sampled functions, with the C library's exponential. */
static void sampled_kernels_are_gaussians(void **state) {
    (void)state;
    for (double sigma = 0.3; sigma < 30; sigma *= 1.37) {
        bw_kernel smooth = sample(sigma, 0), slope = sample(sigma, 1), bend = sample(sigma, 2);
        const double s2 = sigma * sigma, base = tap(&bend, 1) - tap(&bend, bend.radius);
        for (int x = 1; x <= smooth.radius; x++) {
            const double ratio = exp(-x * x / (2 * s2));
            assert_float_equal(smooth.taps[x] / smooth.taps[0], ratio, 1e-14);
            assert_float_equal(slope.taps[x] / slope.taps[1], x * exp((1 - x * x) / (2 * s2)), 1e-13 * x);
        }
        /* The second derivative up to a constant and a factor. */
        const double far = (bend.radius * bend.radius / s2 - 1) * exp(-bend.radius * bend.radius / (2 * s2));
        const double near = (1 / s2 - 1) * exp(-1 / (2 * s2));
        for (int x = 0; x <= bend.radius; x++) {
            const double wanted = ((x * x / s2 - 1) * exp(-x * x / (2 * s2)) - far) / (near - far);
            assert_float_equal((tap(&bend, x) - tap(&bend, bend.radius)) / base, wanted, 1e-10 * (1 + fabs(wanted)));
        }
        bw_kernel_free(&smooth);
        bw_kernel_free(&slope);
        bw_kernel_free(&bend);
    }
}

static void tiny_sigmas_become_differences(void **state) {
    (void)state;
    for (double sigma = 1e-6; sigma < 0.3; sigma *= 1.5) {
        bw_kernel slope = sample(sigma, 1), bend = sample(sigma, 2), smooth = sample(sigma, 0);
        assert_true(slope.radius == 1 && slope.taps[0] == 0 && slope.taps[1] == 0.5);
        assert_true(bend.radius == 1 && bend.taps[0] == -2 && bend.taps[1] == 1);
        check_moments(&smooth);
        bw_kernel_free(&slope);
        bw_kernel_free(&bend);
        bw_kernel_free(&smooth);
    }
    bw_kernel none = sample(0, 0);
    assert_true(none.radius == 0 && none.taps[0] == 1);
    bw_kernel_free(&none);
}

/* What a kernel does to x^2 / 2 tells its variance; a Gaussian's is close to sigma^2. */
static void variances_are_those_of_gaussians(void **state) {
    (void)state;
    for (double sigma = 0.3; sigma < 20; sigma *= 1.3) {
        bw_kernel kernel = sample(sigma, 0);
        assert_float_equal(bw_kernel_variance(&kernel), moment(&kernel, 2), 1e-12 * sigma * sigma);
        if (sigma > 0.8) assert_float_equal(sqrt(bw_kernel_variance(&kernel)), sigma, 2e-3 * sigma);
        bw_kernel_free(&kernel);
    }
}

/* base[x] then kernel at every step-th sample, by definition. */
static double composite(const bw_kernel *base, const bw_kernel *kernel, int step, int x) {
    double sum = 0;
    for (int k = -kernel->radius; k <= kernel->radius; k++)
        sum += tap(kernel, k) * tap(base, x - step * k);
    return sum;
}

static void kernels_compose(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    for (int step = 1; step <= 8; step *= 2)
        for (int order = 0; order <= 2; order++) {
            bw_kernel base = sample(1.3 * step, 0), kernel = sample(0.9, order), whole;
            assert_ok(ctx, bw_kernel_compose(ctx, &base, &kernel, step, &whole));
            assert_int_equal(whole.order, order);
            assert_int_equal(whole.radius, base.radius + step * kernel.radius);
            for (int x = -whole.radius; x <= whole.radius; x++)
                assert_float_equal(tap(&whole, x), composite(&base, &kernel, step, x), 1e-15);
            for (int x = 0; x <= whole.radius; x++)
                assert_true(whole.single[x] == (float)whole.taps[x]);
            if (!order)
                assert_float_equal(bw_kernel_variance(&whole),
                                   bw_kernel_variance(&base) + step * step * bw_kernel_variance(&kernel), 1e-10);
            bw_kernel_free(&base);
            bw_kernel_free(&kernel);
            bw_kernel_free(&whole);
        }
    bw_context_free(ctx);
}

/* Root mean square on white noise of what is missing, relative to the target. */
static double mismatch(const bw_kernel *base, const bw_kernel *kernel, int step, const bw_kernel *target) {
    const int reach = base->radius + step * kernel->radius, extent = reach > target->radius ? reach : target->radius;
    double missing = 0, whole = 0;
    for (int x = -extent; x <= extent; x++) {
        missing += pow(composite(base, kernel, step, x) - tap(target, x), 2);
        whole += pow(tap(target, x), 2);
    }
    return sqrt(missing / whole);
}

static void check_match(double from, double sigma, int order, int step, int min_radius, int max_radius,
                        double tolerance) {
    bw_context *ctx = test_context(1);
    bw_kernel base = sample(from, 0), target = sample(sigma, order), found, whole;
    const bw_match match = {&base, &target, step, tolerance, min_radius, max_radius};
    assert_ok(ctx, bw_kernel_match(ctx, &match, &found));
    assert_true(found.radius >= min_radius && found.radius <= max_radius);
    assert_int_equal(found.order, order);
    const double error = mismatch(&base, &found, step, &target);
    if (!(error <= tolerance))
        fail_msg("order %d, from %g to %g at every %d. sample, radius %d: misses by %g", order, from, sigma, step,
                 found.radius, error);
    assert_ok(ctx, bw_kernel_compose(ctx, &base, &found, step, &whole));
    check_moments(&whole);
    for (int x = 0; x <= found.radius; x++)
        assert_true(found.single[x] == (float)found.taps[x]);
    bw_kernel_free(&whole);
    bw_kernel_free(&found);
    bw_kernel_free(&base);
    bw_kernel_free(&target);
    bw_context_free(ctx);
}

/* From the image that all share, from level to level, and within a level. */
static void matched_smoothings_reach_their_tolerance(void **state) {
    (void)state;
    for (double sigma = 1.6; sigma < 4; sigma += 0.1)
        check_match(1.4, sigma, 0, 1, 1, (int)ceil(4 * sigma) + 2, 1e-4);
    for (int level = 1; level <= 5; level++)
        for (double sigma = 1.75 * (1 << level); sigma < 3.5 * (1 << level); sigma += 0.17 * (1 << level))
            check_match(1 << level, sigma, 0, 1 << level, 1, 14, 5e-4);
    for (int level = 1; level <= 5; level++)
        check_match(1 << level, 2 << level, 0, 1 << level, 1, 14, 5e-4);
}

/* Derivatives of an image smoothed with the same sigma: short differences. */
static void matched_derivatives_reach_their_tolerance(void **state) {
    (void)state;
    for (int order = 1; order <= 2; order++) {
        for (double sigma = 1.5; sigma < 3.5; sigma += 0.1)
            check_match(sigma, sigma, order, 1, 2, 6, 5e-3);
        for (int level = 1; level <= 4; level++)
            for (double sigma = 1.75 * (1 << level); sigma < 3.5 * (1 << level); sigma += 0.23 * (1 << level))
                check_match(sigma, sigma, order, 1 << level, 2, 6, 5e-3);
    }
}

/* The kernels of real plans: what leads from the pixels to an image is what its feature asks for. */
static void kernels_of_plans_lead_to_gaussians(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_recipe *recipe = test_recipe("gaussian:1,1.6,2.2,3.4,3.5,5,7,9.9,10,14,20,40,70,100;"
                                    "hessian:1,1.6,2.2,3.4,3.5,5,7,9.9,10,14,20,40,70,100",
                                    1, 2, NULL);
    bw_feature_plan *plan;
    assert_ok(ctx, bw_feature_plan_create(ctx, recipe, NULL, &plan));
    int matched = 0;
    for (int d = 0; d < plan->design_count; d++) {
        const bw_design *design = &plan->designs[d];
        if (design->base < 0) continue;
        bw_kernel target = sample(design->sigma, design->order);
        const bw_kernel *base = &plan->kernels[design->base], *kernel = &plan->kernels[design->kernel];
        const double error = mismatch(base, kernel, design->step, &target);
        if (!(error <= 4e-3))
            fail_msg("order %d at sigma %g, every %d. sample: misses by %g", design->order, design->sigma, design->step,
                     error);
        if (!design->order)
            for (int x = 0; x <= plan->kernels[design->response].radius; x++)
                assert_float_equal(tap(&plan->kernels[design->response], x), composite(base, kernel, design->step, x),
                                   1e-15);
        bw_kernel_free(&target);
        matched++;
    }
    assert_true(matched > 30);
    bw_feature_plan_free(plan);
    bw_recipe_free(recipe);
    bw_context_free(ctx);
}

/* A tolerance that no kernel reaches gives the best one within the radius; more room is never worse. */
static void hopeless_matches_do_their_best(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    double before = INFINITY;
    bw_kernel base = sample(2, 0), target = sample(3.6, 0);
    for (int most = 1; most <= 8; most++) {
        bw_kernel found;
        const bw_match match = {&base, &target, 2, 0, 1, most};
        assert_ok(ctx, bw_kernel_match(ctx, &match, &found));
        const double error = mismatch(&base, &found, 2, &target);
        if (!(error <= before)) fail_msg("radius %d misses by %g, a smaller one by %g", most, error, before);
        before = error;
        bw_kernel_free(&found);
    }
    assert_true(before < 1e-2);
    bw_kernel_free(&base);
    bw_kernel_free(&target);
    bw_context_free(ctx);
}

/* ---- elementary functions -------------------------------------------------------------------------------------- */

/* Distance in units of the last place of the true value. */
static double ulps(double got, long double wanted) {
    int exponent;
    if (got == (double)wanted) return 0;
    (void)frexp((double)wanted, &exponent);
    const double unit = ldexp(1, exponent - 53 < -1074 ? -1074 : exponent - 53);
    return fabs((double)((long double)got - wanted)) / unit;
}

static void exponentials_are_the_librarys(void **state) {
    (void)state;
    for (int i = 0; i < 200000; i++) {
        const double range = i % 4 == 0 ? 745 : i % 4 == 1 ? 40 : i % 4 == 2 ? 1 : 1e-6;
        double x = range * (2 * test_uniform(1, (uint64_t)i) - 1);
        if (x > 709.7) x = 709.7;
        const double off = ulps(bw_exp(x), expl(x));
        if (!(off <= 2)) fail_msg("exp(%.17g) = %.17g is off by %g ulp", x, bw_exp(x), off);
    }
    assert_true(bw_exp(0) == 1 && bw_exp(-0.0) == 1);
    assert_true(isinf(bw_exp(710)) && isinf(bw_exp(1e300)) && isinf(bw_exp(INFINITY)));
    assert_true(bw_exp(-746) == 0 && bw_exp(-1e300) == 0 && bw_exp(-INFINITY) == 0);
    assert_true(bw_exp(NAN) != bw_exp(NAN));
}

static const long double ln2 = 0.693147180559945309417232121458176568L, ln10 = 2.302585092994045684017991454684364208L;

/* fraction * 2^power = x with its natural logarithm by the series of artanh: some libraries' logl is only as exact as
 * double's log. */
static long double log_of_fraction(double x, int *power) {
    double fraction = frexp(x, power);
    if (fraction < 0.7071) {
        fraction *= 2;
        --*power;
    }
    const long double s = ((long double)fraction - 1) / ((long double)fraction + 1), z = s * s;
    long double sum = 0;
    for (int k = 24; k >= 0; k--)
        sum = sum * z + 2.0L / (2 * k + 1);
    return s * sum;
}

static void logarithms_are_exact(void **state) {
    (void)state;
    for (int i = 0; i < 200000; i++) {
        const double u = test_uniform(2, (uint64_t)i), v = test_uniform(3, (uint64_t)i);
        const double x = i % 4 == 0   ? ldexp(1 + u, (int)(2000 * v) - 1000)
                         : i % 4 == 1 ? 1 + (u - 0.5) * pow(10, -10 * v)
                         : i % 4 == 2 ? ldexp(u + 1e-3, -1060)
                                      : 1 + 255 * u;
        int power;
        const long double rest = log_of_fraction(x, &power);
        const double two = ulps(bw_log2(x), rest / ln2 + power), ten = ulps(bw_log10(x), (rest + power * ln2) / ln10);
        if (!(two <= 2)) fail_msg("log2(%.17g) = %.17g is off by %g ulp", x, bw_log2(x), two);
        if (!(ten <= 2)) fail_msg("log10(%.17g) = %.17g is off by %g ulp", x, bw_log10(x), ten);
    }
    for (int n = -1074; n <= 1023; n++)
        assert_true(bw_log2(ldexp(1, n)) == n);
    assert_true(bw_log2(1) == 0 && bw_log10(1) == 0);
}

static void sines_are_the_librarys(void **state) {
    (void)state;
    for (int i = 0; i < 200000; i++) {
        const double range = i % 3 == 0 ? 1e5 : i % 3 == 1 ? 10 : 1, x = range * (2 * test_uniform(4, (uint64_t)i) - 1);
        double sine, cosine;
        bw_sin_cos(x, &sine, &cosine);
        assert_true(fabsl(sine - sinl(x)) <= 2.3e-16L && fabsl(cosine - cosl(x)) <= 2.3e-16L);
        assert_true(fabs(sine) <= 1 && fabs(cosine) <= 1);
    }
    double sine, cosine;
    bw_sin_cos(0, &sine, &cosine);
    assert_true(sine == 0 && cosine == 1);
}

static void powers_of_two_are_exact(void **state) {
    (void)state;
    for (int n = -1022; n <= 1023; n++)
        assert_true(bw_power_of_two(n + BW_ROUNDER) == ldexp(1, n));
    for (int i = 0; i < 10000; i++) {
        const double x = ldexp(1 + test_uniform(5, (uint64_t)i), (int)(2000 * test_uniform(6, (uint64_t)i)) - 1000);
        double fraction;
        const double power = bw_split_power(x, &fraction);
        assert_true(1 + fraction >= 0.7071067 && 1 + fraction < 1.4142136);
        assert_true(ldexp(1 + fraction, (int)power) == x);
    }
}

/* ---- arithmetic of every level --------------------------------------------------------------------------------- */

enum { MOST = 300, ROWS = 13, SLACK = 16, RADIUS = 6 };

/* Memory for one run of an operation; rows begin `shift` elements off a 64-byte line. */
typedef struct bench {
    char *block;
    const void *rows[ROWS];
    void *out[3];
    int64_t bytes;
} bench;

static bench bench_make(bw_context *ctx, bw_precision precision, int shift) {
    const int64_t size = precision == BW_DOUBLE ? 8 : 4, row = (MOST + 4 * SLACK) * size;
    bench b = {.bytes = (ROWS + 3) * row};
    b.block = bw_calloc(ctx, (uint64_t)b.bytes, 1, "rows");
    assert_non_null(b.block);
    for (int r = 0; r < ROWS + 3; r++) {
        char *at = b.block + r * row + (SLACK + (shift + 3 * r) % SLACK) * size;
        for (int64_t i = 0; i < MOST && r < ROWS; i++) {
            const double v = 2000 * test_uniform((uint64_t)r, (uint64_t)i) - 1000;
            if (precision == BW_DOUBLE)
                ((double *)at)[i] = v;
            else
                ((float *)at)[i] = (float)v;
        }
        if (r < ROWS)
            b.rows[r] = at;
        else
            b.out[r - ROWS] = at;
    }
    return b;
}

static const double taps[RADIUS + 1] = {0.31, -0.77, 0.123, 3.1e-3, -0.2, 0.77, 1.0 / 3};
static const float single_taps[RADIUS + 1] = {0.31f, -0.77f, 0.123f, 3.1e-3f, -0.2f, 0.77f, 1.0f / 3};

typedef void operation(const bw_ops *ops, bw_precision precision, const bench *b, int64_t n);

static const void *taps_of(bw_precision precision) {
    return precision == BW_DOUBLE ? (const void *)taps : (const void *)single_taps;
}

static void do_even(const bw_ops *ops, bw_precision p, const bench *b, int64_t n) {
    ops->even(b->out[0], b->rows + RADIUS, taps_of(p), (int)(n % (RADIUS + 1)), n);
}

static void do_odd(const bw_ops *ops, bw_precision p, const bench *b, int64_t n) {
    ops->odd(b->out[0], b->rows + RADIUS, taps_of(p), 1 + (int)(n % RADIUS), n);
}

static void do_half(const bw_ops *ops, bw_precision p, const bench *b, int64_t n) {
    ops->half(b->out[0], b->rows + RADIUS, taps_of(p), 4, n);
}

static void do_interleave(const bw_ops *ops, bw_precision p, const bench *b, int64_t n) {
    (void)p;
    ops->interleave(b->out[0], b->rows[0], b->rows[1], n);
}

static void do_part(const bw_ops *ops, bw_precision p, const bench *b, int64_t n) {
    (void)p;
    ops->part(b->out[0], b->out[1], b->rows[0], n);
}

static void do_sums(const bw_ops *ops, bw_precision p, const bench *b, int64_t n) {
    (void)p;
    ops->add(b->out[0], b->rows[0], b->rows[1], n);
    ops->add3(b->out[1], b->rows[0], b->rows[1], b->rows[2], n);
    ops->subtract(b->out[2], b->rows[0], b->rows[1], n);
}

static void do_products(const bw_ops *ops, bw_precision p, const bench *b, int64_t n) {
    (void)p;
    ops->multiply(b->out[0], b->rows[0], b->rows[1], n);
    ops->multiply(b->out[1], b->rows[0], b->rows[0], n);
    ops->shift(b->out[2], b->rows[0], -431.7, n);
}

static void do_lengths(const bw_ops *ops, bw_precision p, const bench *b, int64_t n) {
    (void)p;
    ops->length2(b->out[0], b->rows[0], b->rows[1], n);
    ops->length3(b->out[1], b->rows[0], b->rows[1], b->rows[2], n);
}

static void do_eigen2(const bw_ops *ops, bw_precision p, const bench *b, int64_t n) {
    (void)p;
    ops->eigen2(b->out, b->rows, n);
}

static void do_eigen3(const bw_ops *ops, bw_precision p, const bench *b, int64_t n) {
    (void)p;
    ops->eigen3(b->out, b->rows, n);
}

static void do_conversions(const bw_ops *ops, bw_precision p, const bench *b, int64_t n) {
    float *odd = (float *)b->out[1] + 1;
    for (int64_t i = 0; i < n; i++)
        odd[i] = (float)(i * i) - 77;
    ops->from_float(b->out[0], odd, n);
    ops->to_float(b->out[2], b->rows[p == BW_DOUBLE ? 3 : 4], n);
}

static operation *const operations[] = {do_even,     do_odd,     do_half,   do_interleave, do_part,       do_sums,
                                        do_products, do_lengths, do_eigen2, do_eigen3,     do_conversions};

/* Every length around the widths of vectors, every alignment: the scalar code's bytes, and none beside them. */
static void levels_agree_on_every_length_and_alignment(void **state) {
    (void)state;
    static const char *const names[] = {"sse2", "neon", "avx2", "avx512"};
    bw_context *ctx = test_context(1);
    int compared = 0;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        bw_simd level;
        test_set_variable("BRUSHWOOD_SIMD", names[k]);
        if (strcmp(bw_simd_name(), names[k])) continue; /* not on this processor */
        assert_ok(ctx, bw_simd_level(ctx, &level));
        for (int precision = BW_SINGLE; precision <= BW_DOUBLE; precision++)
            for (int shift = 0; shift < SLACK; shift += 5)
                for (size_t o = 0; o < sizeof operations / sizeof *operations; o++)
                    for (int64_t n = 1; n <= MOST; n += n < 70 ? 1 : 37) {
                        const bw_precision p = (bw_precision)precision;
                        bench a = bench_make(ctx, p, shift), b = bench_make(ctx, p, shift);
                        operations[o](bw_ops_get(BW_SIMD_SCALAR, p), p, &a, n);
                        operations[o](bw_ops_get(level, p), p, &b, n);
                        if (memcmp(a.block, b.block, (size_t)a.bytes))
                            fail_msg("%s differs from scalar: operation %d, precision %d, %d pixels, shift %d",
                                     names[k], (int)o, precision, (int)n, shift);
                        bw_free(a.block);
                        bw_free(b.block);
                        compared++;
                    }
    }
    test_set_variable("BRUSHWOOD_SIMD", NULL);
    assert_true(compared > 1000);
    bw_context_free(ctx);
}

static void overflow_becomes_the_largest_number(void **state) {
    (void)state;
    float values[] = {INFINITY, -INFINITY, NAN, 1.5f, 3.4028235e38f, -1e-45f};
    static const float wanted[] = {3.4028235e38f, -3.4028235e38f, 0, 1.5f, 3.4028235e38f, -1e-45f};
    bw_make_finite(values, 6);
    assert_memory_equal(values, wanted, sizeof values);
}

static void nothing_leaks(void **state) {
    (void)state;
    assert_int_equal(bw_memory_in_use(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sampled_kernels_have_exact_moments),
        cmocka_unit_test(sampled_kernels_are_gaussians),
        cmocka_unit_test(tiny_sigmas_become_differences),
        cmocka_unit_test(variances_are_those_of_gaussians),
        cmocka_unit_test(kernels_compose),
        cmocka_unit_test(matched_smoothings_reach_their_tolerance),
        cmocka_unit_test(matched_derivatives_reach_their_tolerance),
        cmocka_unit_test(kernels_of_plans_lead_to_gaussians),
        cmocka_unit_test(hopeless_matches_do_their_best),
        cmocka_unit_test(exponentials_are_the_librarys),
        cmocka_unit_test(logarithms_are_exact),
        cmocka_unit_test(sines_are_the_librarys),
        cmocka_unit_test(powers_of_two_are_exact),
        cmocka_unit_test(levels_agree_on_every_length_and_alignment),
        cmocka_unit_test(overflow_becomes_the_largest_number),
        cmocka_unit_test(nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
