#include "support.h"

#include <math.h>

#include "features/features.h"

static const bw_recipe_options usual = {.channels = 1, .dims = 2, .spacing = {1, 1, 1}};

static bw_recipe *parse(const char *text, const bw_recipe_options *options) {
    bw_context *ctx = test_context(1);
    bw_recipe *recipe;
    assert_ok(ctx, bw_recipe_parse(ctx, text, options, &recipe));
    bw_context_free(ctx);
    return recipe;
}

static void check_format(const char *text, const bw_recipe_options *options, const char *wanted) {
    bw_context *ctx = test_context(1);
    bw_recipe *recipe = parse(text, options);
    char *formatted, *again;
    assert_ok(ctx, bw_recipe_format(ctx, recipe, &formatted));
    assert_string_equal(formatted, wanted);
    bw_recipe *second = parse(formatted, options);
    assert_ok(ctx, bw_recipe_format(ctx, second, &again));
    assert_string_equal(again, wanted);
    assert_int_equal(bw_recipe_count(recipe), bw_recipe_count(second));
    for (int i = 0; i < bw_recipe_count(recipe); i++) {
        const bw_feature_info *a = bw_recipe_get(recipe, i), *b = bw_recipe_get(second, i);
        assert_true(a->row == b->row && a->sigma == b->sigma && a->dims == b->dims && a->channel == b->channel &&
                    a->output == b->output);
    }
    bw_string_free(formatted);
    bw_string_free(again);
    bw_recipe_free(recipe);
    bw_recipe_free(second);
    bw_context_free(ctx);
}

static void lists_have_one_canonical_form(void **state) {
    (void)state;
    const bw_recipe_options stack = {.channels = 3, .dims = 3, .spacing = {1, 1, 2}};
    check_format("gaussian:0.3,0.7,1;hessian:1.6,3.5", &usual, "gaussian:0.3,0.7,1;hessian:1.6,3.5");
    check_format(" hessian:3.5 ; gaussian:1,0.7,1 ;; gaussian:0.3;hessian:1.6", &usual,
                 "gaussian:0.3,0.7,1;hessian:1.6,3.5");
    check_format("hessian:1.6,3.5@2d;hessian:5", &stack, "hessian:1.6,3.5@2d;hessian:5");
    check_format("hessian:1.6@3D", &stack, "hessian:1.6");
    check_format("gaussian:1@c3+1;original@c2;gaussian:2", &stack, "original@c2;gaussian:1@c1+3;gaussian:2");
    check_format("gaussian:1@c1;gaussian:1@c2+3", &stack, "gaussian:1");
    check_format("gaussian:1@2d@c1;gaussian:1@c1", &stack, "gaussian:1@2d@c1;gaussian:1@c1");
    /* Rows stay in the table's order, behind the mode of precision. */
    check_format("exact;median:2;gaussian:1", &usual, "exact;gaussian:1;median:2");
    check_format("gaussian:1; exact ;exact", &usual, "exact;gaussian:1");
    /* Slice-wise rows have one form, rows of colours no channel. */
    check_format("membrane@2d@c2;membrane@c2", &stack, "membrane@c2");
    check_format("hsb;hsb@2d;stain_he;gaussian:1@c3", &stack, "gaussian:1@c3;hsb;stain_he");
    check_format("entropy:3@2d;entropy:3,2", &stack, "entropy:2,3;entropy:3@2d");
}

static void precision_belongs_to_the_whole_list(void **state) {
    (void)state;
    const bw_recipe_options stack = {.channels = 3, .dims = 3, .spacing = {1, 1, 1}};
    bw_recipe *fast = parse("gaussian:1", &usual), *exact = parse("balanced;exact", &usual);
    bw_recipe *slices = parse("membrane;hsb;original;gaussian:1@2d", &stack), *deep = parse("median:1;hsb", &stack);
    assert_int_equal(bw_recipe_is_exact(fast), 0);
    assert_int_equal(bw_recipe_is_exact(exact), 1);
    /* What looks along z makes a list 3D. */
    assert_int_equal(bw_recipe_is_3d(slices), 0);
    assert_int_equal(bw_recipe_is_3d(deep), 1);
    assert_int_equal(bw_recipe_is_3d(fast), 0);
    bw_recipe_free(fast);
    bw_recipe_free(exact);
    bw_recipe_free(slices);
    bw_recipe_free(deep);
}

/* No two features have one name. */
static void check_names(const bw_recipe *recipe) {
    for (int f = 0; f < bw_recipe_count(recipe); f++)
        for (int other = 0; other < f; other++) {
            char a[160], b[160];
            bw_recipe_name(recipe, f, a, sizeof a);
            bw_recipe_name(recipe, other, b, sizeof b);
            assert_string_not_equal(a, b);
        }
}

static void every_preset_and_row_parses(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    for (int dims = 2; dims <= 3; dims++) {
        const bw_recipe_options options = {.channels = 3, .dims = dims, .spacing = {1, 1, 1}};
        for (int p = 0; p < bw_preset_count(); p++) {
            bw_recipe *whole = parse(bw_preset_get(p)->id, &options),
                      *list = parse(bw_preset_get(p)->features, &options);
            assert_true(bw_recipe_count(whole) > 10);
            assert_int_equal(bw_recipe_count(whole), bw_recipe_count(list));
            bw_recipe_free(whole);
            bw_recipe_free(list);
        }
        for (int row = 0; row < bw_feature_row_count(); row++) {
            const bw_feature_row *def = bw_feature_row_get(row);
            char text[80];
            const int deep = dims == 3 && def->outputs_3d;
            snprintf(text, sizeof text, def->has_sigma ? "%s:%g" : "%s", def->id, def->sigma_default);
            bw_recipe *recipe = parse(text, &options);
            assert_int_equal(bw_recipe_count(recipe), (def->rgb ? 1 : 3) * (deep ? def->outputs_3d : def->outputs_2d));
            for (int f = 0; f < bw_recipe_count(recipe); f++) {
                const bw_feature_info *info = bw_recipe_get(recipe, f);
                assert_true(info->row == row && info->sigma == def->sigma_default && info->dims == (deep ? 3 : 2));
                assert_true(!def->rgb || info->channel == 0);
            }
            check_names(recipe);
            bw_recipe_free(recipe);
        }
    }
    assert_null(bw_feature_row_get(-1));
    assert_null(bw_feature_row_get(bw_feature_row_count()));
    assert_null(bw_preset_get(bw_preset_count()));
    bw_context_free(ctx);
}

static void ilastik_preset_counts_as_ilastik(void **state) {
    (void)state;
    const bw_recipe_options stack = {.channels = 1, .dims = 3, .spacing = {1, 1, 1}};
    bw_recipe *flat = parse("ilastik", &usual), *deep = parse("ilastik", &stack), *slices = parse("ilastik@2d", &stack);
    assert_int_equal(bw_recipe_count(flat), 49);
    assert_int_equal(bw_recipe_count(deep), 61);
    assert_int_equal(bw_recipe_count(slices), 49);
    assert_int_equal(bw_recipe_get(slices, 48)->dims, 2);
    bw_recipe_free(flat);
    bw_recipe_free(deep);
    bw_recipe_free(slices);
}

static void names_tell_feature_and_sigma(void **state) {
    (void)state;
    const bw_recipe_options stack = {.channels = 2, .dims = 3, .spacing = {1, 1, 1}};
    bw_recipe *recipe = parse("hessian:1.6@c2;original@c1", &stack);
    char name[64];
    bw_recipe_name(recipe, 0, name, sizeof name);
    assert_string_equal(name, "original (channel 1)");
    bw_recipe_name(recipe, 2, name, sizeof name);
    assert_string_equal(name, "hessian 1.6 3D eigenvalue 2 (channel 2)");
    bw_recipe_name(recipe, 2, name, 8);
    assert_string_equal(name, "hessian");
    bw_recipe_name(recipe, 99, name, sizeof name);
    assert_string_equal(name, "");
    bw_recipe_free(recipe);
    /* The names of outputs may differ between 2D and 3D. */
    static const char *const wanted[] = {"frangi 2 2D vesselness (channel 2)",
                                         "frangi 2 2D blobness (channel 2)",
                                         "frangi 2 3D vesselness (channel 2)",
                                         "frangi 2 3D sheetness (channel 2)",
                                         "frangi 2 3D blobness (channel 2)",
                                         "membrane mean (channel 2)",
                                         "membrane maximum (channel 2)",
                                         "membrane minimum (channel 2)",
                                         "membrane standard deviation (channel 2)",
                                         "membrane median (channel 2)",
                                         "membrane sum (channel 2)",
                                         "entropy 3 3D (channel 2)",
                                         "stain_hdab hematoxylin",
                                         "stain_hdab DAB",
                                         "stain_hdab residual"};
    const bw_recipe_options colours = {.channels = 3, .dims = 3, .spacing = {1, 1, 1}};
    recipe = parse("frangi:2@2d@c2;frangi:2@c2;membrane@c2;entropy:3@c2;stain_hdab", &colours);
    assert_int_equal(bw_recipe_count(recipe), 15);
    for (int f = 0; f < 15; f++) {
        bw_recipe_name(recipe, f, name, sizeof name);
        assert_string_equal(name, wanted[f]);
    }
    bw_recipe_free(recipe);
}

static void mistakes_name_the_item(void **state) {
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {{"", "empty"},
                 {" ; ;", "empty"},
                 {"gausian:1", "gausian"},
                 {"gaussian", "gaussian"},
                 {"gaussian:", "gaussian:"},
                 {"gaussian:1,", "no number where it needs a sigma"},
                 {"gaussian:0.2", "0.3 to 100"},
                 {"gaussian:101", "0.3 to 100"},
                 {"gaussian:nan", "no number where it needs a sigma"},
                 {"gaussian:1e999", "0.3 to 100"},
                 {"original:1", "takes no number"},
                 {"median", "each a radius"},
                 {"median:0.5", "radius must be 1 to 10"},
                 {"median:10.5", "radius must be 1 to 10"},
                 {"median:x", "no number where it needs a radius"},
                 {"hsb", "RGB image"},
                 {"stain_he", "RGB image"},
                 {"hsb@c1", "takes no channels"},
                 {"membrane@3d", "no 3D form"},
                 {"exact", "empty"},
                 {"exact;", "empty"},
                 {"exact:1;gaussian:1", "exact"},
                 {"exact@2d;gaussian:1", "exact"},
                 {"Exact;gaussian:1", "Exact"},
                 {"gaussian:1@4d", "@"},
                 {"gaussian:1@c0", "1 to 1"},
                 {"gaussian:1@c2", "1 to 1"},
                 {"gaussian:1 x", "end"},
                 {"balanced:1", "modifiers"},
                 {"balanced@9", "@"},
                 {"gaussian:1;hessian:x", "hessian:x"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bw_context *ctx = test_context(1);
        bw_recipe *recipe;
        assert_refused(ctx, bw_recipe_parse(ctx, cases[i].text, &usual, &recipe), BW_ERROR_ARGUMENT, cases[i].words);
        assert_null(recipe);
        bw_context_free(ctx);
    }
}

/* Every row refuses values just outside of its range, and an unknown name is answered with all known ones. */
static void ranges_and_names_are_told(void **state) {
    (void)state;
    const bw_recipe_options colours = {.channels = 3, .dims = 2, .spacing = {1, 1, 1}};
    for (int row = 0; row < bw_feature_row_count(); row++) {
        const bw_feature_row *def = bw_feature_row_get(row);
        const double values[] = {def->sigma_min, def->sigma_max, def->sigma_min * 0.999, def->sigma_max * 1.001};
        for (int v = 0; v < 4 && def->has_sigma; v++) {
            bw_context *ctx = test_context(1);
            bw_recipe *recipe;
            char text[80], words[80];
            snprintf(text, sizeof text, "%s:%.17g", def->id, values[v]);
            snprintf(words, sizeof words, "%s must be %g to %g", def->parameter, def->sigma_min, def->sigma_max);
            if (v < 2)
                assert_ok(ctx, bw_recipe_parse(ctx, text, &colours, &recipe));
            else
                assert_refused(ctx, bw_recipe_parse(ctx, text, &colours, &recipe), BW_ERROR_ARGUMENT, words);
            bw_recipe_free(recipe);
            bw_context_free(ctx);
        }
    }
    bw_context *ctx = test_context(1);
    bw_recipe *recipe;
    for (int row = 0; row < bw_feature_row_count(); row++)
        assert_refused(ctx, bw_recipe_parse(ctx, "nonsense:1", &colours, &recipe), BW_ERROR_ARGUMENT,
                       bw_feature_row_get(row)->id);
    for (int p = 0; p < bw_preset_count(); p++)
        assert_non_null(strstr(bw_context_error(ctx), bw_preset_get(p)->id));
    bw_context_free(ctx);
}

static void impossible_options_are_refused(void **state) {
    (void)state;
    static const bw_recipe_options wrong[] = {{0, 2, {1, 1, 1}},
                                              {BW_MAX_CHANNELS + 1, 2, {1, 1, 1}},
                                              {1, 4, {1, 1, 1}},
                                              {1, 3, {1, 0, 1}},
                                              {1, 3, {1, 1, -1}}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        bw_context *ctx = test_context(1);
        bw_recipe *recipe;
        assert_int_equal(bw_recipe_parse(ctx, "fast", &wrong[i], &recipe), BW_ERROR_ARGUMENT);
        bw_context_free(ctx);
    }
}

static void check_spacing(const char *list, double x, double y, double z, const char *words) {
    const bw_recipe_options options = {.channels = 1, .dims = 3, .spacing = {x, y, z}};
    bw_context *ctx = test_context(1);
    bw_recipe *recipe;
    if (words)
        assert_refused(ctx, bw_recipe_parse(ctx, list, &options, &recipe), BW_ERROR_ARGUMENT, words);
    else
        assert_ok(ctx, bw_recipe_parse(ctx, list, &options, &recipe));
    bw_recipe_free(recipe);
    bw_context_free(ctx);
}

static void only_ratios_of_spacing_count(void **state) {
    (void)state;
    check_spacing("gaussian:1", 4e-9, 4e-9, 4e-8, NULL); /* metres */
    check_spacing("gaussian:1", 1e9, 1e9, 1e9, NULL);
    check_spacing("gaussian:1", 1, 1, 1000, NULL);
    check_spacing("gaussian:1", 1, 1000, 1, NULL);
    check_spacing("gaussian:1", 1, 1, 1001, "1000-fold");
    check_spacing("gaussian:100", 1e6, 1, 1, "1000-fold"); /* kernels of 400 million taps */
    check_spacing("gaussian:100", 1e25, 1, 1, "1000-fold");
    check_spacing("gaussian:1@2d", 1e-4, 1e-4, 1, NULL); /* z is not looked at */
    check_spacing("gaussian:1@2d", 1e-4, 1, 1, "1000-fold");
    check_spacing("gaussian:1", 1, 0, 1, "positive");
    check_spacing("gaussian:1", 1, 1, NAN, "positive");
    check_spacing("gaussian:1", 1, 1, INFINITY, "positive");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_have_one_canonical_form),    cmocka_unit_test(every_preset_and_row_parses),
        cmocka_unit_test(ilastik_preset_counts_as_ilastik), cmocka_unit_test(names_tell_feature_and_sigma),
        cmocka_unit_test(mistakes_name_the_item),           cmocka_unit_test(impossible_options_are_refused),
        cmocka_unit_test(only_ratios_of_spacing_count),     cmocka_unit_test(precision_belongs_to_the_whole_list),
        cmocka_unit_test(ranges_and_names_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
