/* Distance transforms, watersheds and components by themselves, against plain ways to compute the same. */
#include "support.h"

#include <math.h>
#include <time.h>

#include "objects/grid.h"

typedef struct grid {
    int64_t size[3], count;
    uint8_t *mask;
    float *level;
    uint32_t *labels;
} grid;

static grid make_grid(int64_t x, int64_t y, int64_t z) {
    grid g = {.size = {x, y, z}, .count = x * y * z};
    g.mask = test_malloc((size_t)g.count);
    g.level = test_malloc((size_t)g.count * sizeof *g.level);
    g.labels = test_malloc((size_t)g.count * sizeof *g.labels);
    memset(g.mask, 1, (size_t)g.count);
    memset(g.level, 0, (size_t)g.count * sizeof *g.level);
    memset(g.labels, 0, (size_t)g.count * sizeof *g.labels);
    return g;
}

static void free_grid(grid *g) {
    test_free(g->mask);
    test_free(g->level);
    test_free(g->labels);
}

/* share: of voxels in the mask. */
static void random_mask(grid *g, double share, uint64_t seed) {
    for (int64_t i = 0; i < g->count; i++)
        g->mask[i] = test_uniform(seed, (uint64_t)i) < share ? 255 : 0;
}

static int64_t at(const grid *g, int64_t x, int64_t y, int64_t z) {
    return (z * g->size[1] + y) * g->size[0] + x;
}

/* The voxel one step from `i`, -1 when that is outside. k: 0..26, 13 is none. */
static int64_t neighbour(const grid *g, int64_t i, int k, int connectivity) {
    const int dx = k % 3 - 1, dy = k / 3 % 3 - 1, dz = k / 9 - 1, axes = (dx != 0) + (dy != 0) + (dz != 0);
    const int64_t x = i % g->size[0] + dx, y = i / g->size[0] % g->size[1] + dy, z = i / (g->size[0] * g->size[1]) + dz;
    if ((connectivity == 4 || connectivity == 8) && dz) return -1;
    if (axes == 0 || axes > (connectivity == 8 ? 2 : connectivity == 26 ? 3 : 1)) return -1;
    return x < 0 || y < 0 || z < 0 || x >= g->size[0] || y >= g->size[1] || z >= g->size[2] ? -1 : at(g, x, y, z);
}

/* ---- distance -------------------------------------------------------------------------------------------------- */

static double nearest_zero(const grid *g, int64_t i, const double spacing[3]) {
    const int64_t plane = g->size[0] * g->size[1];
    double best = INFINITY;
    for (int64_t j = 0; j < g->count; j++) {
        if (g->mask[j]) continue;
        const double x = (double)(i % g->size[0] - j % g->size[0]) * spacing[0];
        const double y = (double)(i % plane / g->size[0] - j % plane / g->size[0]) * spacing[1];
        const double z = (double)(i / plane - j / plane) * spacing[2];
        const double square = x * x + y * y + z * z;
        best = square < best ? square : best;
    }
    return best;
}

/* Twice as exact as single steps in float32 would leave it; equal where squares are whole numbers. */
static void check_distances(const grid *g, const double spacing[3]) {
    const int whole = spacing[0] == 1 && spacing[1] == 1 && spacing[2] == 1;
    bw_context *ctx = test_context(2);
    float *out = test_malloc((size_t)g->count * sizeof *out);
    assert_ok(ctx, bw_grid_distance(ctx, 2, g->mask, g->size, spacing, out));
    for (int64_t i = 0; i < g->count; i++) {
        const double exact = nearest_zero(g, i, spacing);
        if (isinf(exact) || whole)
            assert_true((double)out[i] == exact);
        else
            assert_true(fabs((double)out[i] - exact) <= 3e-7 * exact);
    }
    test_free(out);
    bw_context_free(ctx);
}

static void distance_is_that_of_brute_force(void **state) {
    (void)state;
    static const int64_t sizes[][3] = {{70, 33, 1}, {1, 90, 1}, {130, 1, 1}, {19, 13, 11}, {3, 5, 90}, {1, 1, 1}};
    static const double spacings[][3] = {{1, 1, 1}, {0.65, 0.65, 2}, {1.7, 0.3, 0.9}};
    static const double shares[] = {0.3, 0.9, 0.995, 1.1};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t k = 0; k < 12; k++) {
            grid g = make_grid(sizes[s][0], sizes[s][1], sizes[s][2]);
            random_mask(&g, shares[k % 4], k);
            check_distances(&g, spacings[k / 4]);
            free_grid(&g);
        }
}

/* One zero in a corner: further away than neighbours are looked at one by one. */
static void distance_is_exact_far_away(void **state) {
    (void)state;
    static const double spacing[] = {1, 1, 1};
    grid g = make_grid(150, 140, 3);
    g.mask[at(&g, 149, 0, 2)] = 0;
    check_distances(&g, spacing);
    free_grid(&g);
}

static void distance_does_not_depend_on_threads(void **state) {
    (void)state;
    static const double spacing[] = {0.5, 0.7, 1.1};
    grid g = make_grid(201, 99, 21);
    random_mask(&g, 0.97, 3);
    float *first = test_malloc((size_t)g.count * sizeof *first), *other = test_malloc((size_t)g.count * sizeof *other);
    bw_context *ctx = test_context(5);
    assert_ok(ctx, bw_grid_distance(ctx, 1, g.mask, g.size, spacing, first));
    for (int threads = 2; threads <= 5; threads++) {
        assert_ok(ctx, bw_grid_distance(ctx, threads, g.mask, g.size, spacing, other));
        assert_memory_equal(first, other, (size_t)g.count * sizeof *first);
    }
    test_free(first);
    test_free(other);
    bw_context_free(ctx);
    free_grid(&g);
}

/* ---- watersheds on a grid -------------------------------------------------------------------------------------- */

static uint32_t split(grid *g, int connectivity, double depth) {
    uint32_t count;
    bw_context *ctx = test_context(1);
    assert_ok(ctx, bw_grid_split(ctx, g->level, g->mask, g->size, connectivity, depth, g->labels, &count));
    bw_context_free(ctx);
    return count;
}

/* Along x: peaks of 100, 60 and 80 with saddles of 30 and 60; a plateau on the highest. */
static grid three_peaks(void) {
    static const float levels[] = {10, 100, 100, 90, 30, 50, 60, 60, 70, 80, 20};
    grid g = make_grid(11, 1, 1);
    memcpy(g.level, levels, sizeof levels);
    return g;
}

static void maxima_merge_by_their_depth(void **state) {
    (void)state;
    /* The last two are one as the plateau of 60 is no maximum; 80 stands 50 above the saddle to 100: 62.5 %. */
    static const struct {
        double depth;
        uint32_t count;
    } cases[] = {{0, 2}, {0.3, 2}, {0.62, 2}, {0.63, 1}, {1, 1}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        grid g = three_peaks();
        assert_int_equal(split(&g, 4, cases[k].depth), cases[k].count);
        assert_int_equal(g.labels[0], 1);
        assert_int_equal(g.labels[10], cases[k].count);
        free_grid(&g);
    }
}

/* The lower one of two maxima decides: 20 stands 5 above its saddle to 22, which stands 12 above that to 100. */
static void depth_is_a_share_of_the_lower_peak(void **state) {
    (void)state;
    static const float levels[] = {100, 10, 22, 15, 20};
    static const struct {
        double depth;
        uint32_t count;
    } cases[] = {{0.2, 3}, {0.26, 2}, {0.54, 2}, {0.56, 1}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        grid g = make_grid(5, 1, 1);
        memcpy(g.level, levels, sizeof levels);
        assert_int_equal(split(&g, 8, cases[k].depth), cases[k].count);
        free_grid(&g);
    }
}

static void labels_are_numbered_by_first_voxels(void **state) {
    (void)state;
    grid g = make_grid(40, 40, 6);
    random_mask(&g, 0.8, 1);
    for (int64_t i = 0; i < g.count; i++)
        g.level[i] = (float)test_uniform(2, (uint64_t)i);
    const uint32_t count = split(&g, 26, 0.1);
    uint32_t seen = 0;
    for (int64_t i = 0; i < g.count; i++) {
        assert_true((g.labels[i] != 0) == (g.mask[i] != 0));
        assert_true(g.labels[i] <= seen + 1);
        seen = g.labels[i] > seen ? g.labels[i] : seen;
    }
    assert_true(count > 10);
    assert_int_equal(seen, count);
    free_grid(&g);
}

/* Voxels that a plain flood fill from the labels reaches within the mask. */
static void fill_plainly(grid *g, int connectivity, uint8_t *reached) {
    int changed = 1;
    for (int64_t i = 0; i < g->count; i++)
        reached[i] = g->labels[i] && g->mask[i];
    while (changed) {
        changed = 0;
        for (int64_t i = 0; i < g->count; i++)
            for (int k = 0; k < 27 && g->mask[i] && !reached[i]; k++) {
                const int64_t n = neighbour(g, i, k, connectivity);
                if (n >= 0 && reached[n]) reached[i] = 1, changed = 1;
            }
    }
}

static void growing_reaches_what_is_connected(void **state) {
    (void)state;
    static const int connectivities[] = {4, 8, 6, 26};
    for (int c = 0; c < 4; c++) {
        grid g = make_grid(31, 29, 7);
        uint8_t *reached = test_malloc((size_t)g.count);
        random_mask(&g, c == 3 ? 0.3 : 0.6, 4);
        for (int64_t i = 0; i < g.count; i++) {
            g.level[i] = (float)(int)(5 * test_uniform(5, (uint64_t)i));
            g.labels[i] = i % 401 == 7 ? (uint32_t)(i + 1) : 0;
        }
        fill_plainly(&g, connectivities[c], reached);
        bw_context *ctx = test_context(1);
        assert_ok(ctx, bw_grid_grow(ctx, g.level, g.mask, g.size, connectivities[c], g.labels));
        for (int64_t i = 0; i < g.count; i++) {
            assert_true((g.labels[i] != 0) == reached[i]);
            if (i % 401 == 7 && g.mask[i]) assert_int_equal(g.labels[i], i + 1);
        }
        bw_context_free(ctx);
        test_free(reached);
        free_grid(&g);
    }
}

/* Voxels of equal level go to the nearest seed, the middle to who comes first in the order of positions. */
static void plateaus_are_shared_by_distance(void **state) {
    (void)state;
    grid g = make_grid(9, 1, 1);
    for (int64_t i = 0; i < g.count; i++)
        g.level[i] = i == 0 || i == 8 ? 2 : 1;
    assert_int_equal(split(&g, 4, 0.1), 2);
    for (int64_t i = 0; i < g.count; i++)
        assert_int_equal(g.labels[i], i <= 4 ? 1 : 2);
    free_grid(&g);
}

static int labels_touch(const grid *g, int connectivity) {
    for (int64_t i = 0; i < g->count; i++)
        for (int k = 0; k < 27 && g->labels[i]; k++) {
            const int64_t n = neighbour(g, i, k, connectivity);
            if (n >= 0 && g->labels[n] && g->labels[n] != g->labels[i]) return 1;
        }
    return 0;
}

static void lines_keep_labels_apart(void **state) {
    (void)state;
    static const int connectivities[] = {4, 8, 6, 26};
    for (int c = 0; c < 4; c++) {
        grid g = make_grid(33, 17, 9);
        for (int64_t i = 0; i < g.count; i++)
            g.level[i] = (float)test_uniform(6, (uint64_t)i);
        const uint32_t count = split(&g, connectivities[c], 0.4);
        assert_true(count > 1);
        assert_true(labels_touch(&g, connectivities[c]));
        int64_t before = 0, after = 0;
        for (int64_t i = 0; i < g.count; i++)
            before += g.labels[i] == 1;
        bw_grid_lines(g.size, connectivities[c], g.labels);
        assert_false(labels_touch(&g, connectivities[c]));
        for (int64_t i = 0; i < g.count; i++)
            after += g.labels[i] == 1;
        assert_int_equal(before, after); /* the lowest label gives nothing away */
        free_grid(&g);
    }
}

static void empty_and_full_grids_split(void **state) {
    (void)state;
    grid g = make_grid(20, 10, 4);
    assert_int_equal(split(&g, 6, 0.2), 1); /* all levels are 0: one plateau */
    for (int64_t i = 0; i < g.count; i++)
        assert_int_equal(g.labels[i], 1);
    memset(g.mask, 0, (size_t)g.count);
    assert_int_equal(split(&g, 6, 0.2), 0);
    for (int64_t i = 0; i < g.count; i++)
        assert_int_equal(g.labels[i], 0);
    free_grid(&g);
}

/* ---- images ------------------------------------------------------------------------------------------------------ */

static void set_pixel(bw_image *image, int frame, int64_t i, double value) {
    const bw_pixel_type type = bw_image_get_info(image)->type;
    void *pixels = bw_image_plane(image, frame, 0, 0); /* slices follow one another */
    if (type == BW_UINT8) ((uint8_t *)pixels)[i] = (uint8_t)value;
    if (type == BW_UINT16) ((uint16_t *)pixels)[i] = (uint16_t)value;
    if (type == BW_FLOAT32) ((float *)pixels)[i] = (float)value;
}

static double pixel(const bw_image *image, int frame, int64_t i) {
    const bw_pixel_type type = bw_image_get_info(image)->type;
    const void *pixels = bw_image_plane_const(image, frame, 0, 0);
    if (type == BW_UINT8) return ((const uint8_t *)pixels)[i];
    return type == BW_UINT16 ? ((const uint16_t *)pixels)[i] : (double)((const float *)pixels)[i];
}

static bw_image *sized_image(const grid *g, bw_pixel_type type, int frames) {
    bw_image_info info = test_info(type, g->size[0], g->size[1], g->size[2]);
    info.frames = frames;
    return test_image(&info);
}

static bw_image *mask_image(const grid *g, bw_pixel_type type) {
    bw_image *image = sized_image(g, type, 1);
    for (int64_t i = 0; i < g->count; i++)
        set_pixel(image, 0, i, g->mask[i]);
    return image;
}

/* ---- components ------------------------------------------------------------------------------------------------ */

/* By flood fill from one voxel after the other. */
static uint32_t label_plainly(grid *g, int connectivity) {
    int64_t *stack = test_malloc((size_t)g->count * sizeof *stack);
    uint32_t count = 0;
    memset(g->labels, 0, (size_t)g->count * sizeof *g->labels);
    for (int64_t i = 0; i < g->count; i++) {
        if (!g->mask[i] || g->labels[i]) continue;
        int64_t depth = 1;
        stack[0] = i;
        g->labels[i] = ++count;
        while (depth) {
            const int64_t from = stack[--depth];
            for (int k = 0; k < 27; k++) {
                const int64_t n = neighbour(g, from, k, connectivity);
                if (n < 0 || !g->mask[n] || g->labels[n]) continue;
                g->labels[n] = count;
                stack[depth++] = n;
            }
        }
    }
    test_free(stack);
    return count;
}

static void check_components(grid *g, bw_pixel_type type, int connectivity, int threads) {
    bw_context *ctx = test_context(threads);
    bw_image *mask = mask_image(g, type), *out;
    assert_ok(ctx, bw_components(ctx, mask, connectivity, &out));
    const uint32_t count = label_plainly(g, connectivity);
    assert_int_equal(bw_image_get_info(out)->type, count > UINT16_MAX ? BW_FLOAT32 : BW_UINT16);
    for (int64_t i = 0; i < g->count; i++)
        assert_true(pixel(out, 0, i) == g->labels[i]);
    bw_image_free(mask);
    bw_image_free(out);
    bw_context_free(ctx);
}

static void components_are_those_of_a_flood_fill(void **state) {
    (void)state;
    static const int connectivities[] = {4, 8, 6, 26};
    static const bw_pixel_type types[] = {BW_UINT8, BW_UINT16, BW_FLOAT32};
    static const double shares[] = {-1, 0.15, 0.35, 0.6, 2};
    static const int64_t sizes[][3] = {{67, 31, 5}, {64, 64, 2}, {128, 3, 4}, {1, 40, 7}, {5, 1, 9}};
    for (int c = 0; c < 4; c++)
        for (int s = 0; s < 5; s++)
            for (int k = 0; k < 5; k++) {
                grid g = make_grid(sizes[k][0], sizes[k][1], sizes[k][2]);
                random_mask(&g, shares[s], (uint64_t)(10 * s + k));
                check_components(&g, types[(c + s + k) % 3], connectivities[c], 1 + k % 3);
                free_grid(&g);
            }
}

static void many_components_become_floats(void **state) {
    (void)state;
    grid g = make_grid(400, 400, 1);
    for (int64_t i = 0; i < g.count; i++)
        g.mask[i] = (i + i / 400) % 2 == 0;
    check_components(&g, BW_UINT8, 4, 2);
    free_grid(&g);
}

/* ---- distance of images ---------------------------------------------------------------------------------------- */

static void distances_are_in_units_of_the_image(void **state) {
    (void)state;
    static const double spacing[] = {0.65, 0.4, 2};
    grid g = make_grid(40, 30, 5);
    random_mask(&g, 0.97, 5);
    bw_context *ctx = test_context(3);
    for (int t = 0; t < 3; t++) {
        bw_image *mask = mask_image(&g, (bw_pixel_type[]){BW_UINT8, BW_UINT16, BW_FLOAT32}[t]), *out;
        assert_ok(ctx, bw_image_set_spacing(ctx, mask, spacing));
        assert_ok(ctx, bw_distance(ctx, mask, &out));
        assert_true(bw_image_get_info(out)->spacing[2] == 2);
        for (int64_t i = 0; i < g.count; i++) {
            const double exact = sqrt(nearest_zero(&g, i, spacing));
            assert_true(fabs(pixel(out, 0, i) - exact) <= 2e-7 * exact);
        }
        bw_image_free(mask);
        bw_image_free(out);
    }
    bw_context_free(ctx);
    free_grid(&g);
}

static void frames_are_measured_one_by_one(void **state) {
    (void)state;
    grid g = make_grid(9, 4, 2);
    bw_context *ctx = test_context(2);
    bw_image *mask = sized_image(&g, BW_UINT8, 3), *out;
    for (int64_t i = 0; i < g.count; i++)
        set_pixel(mask, 0, i, 7), set_pixel(mask, 2, i, i > 0);
    assert_ok(ctx, bw_distance(ctx, mask, &out));
    for (int64_t i = 0; i < g.count; i++) {
        assert_true(isinf(pixel(out, 0, i)));
        assert_true(pixel(out, 1, i) == 0);
        assert_true(pixel(out, 2, i) == (float)sqrt((double)(i % 9 * (i % 9) + i / 9 % 4 * (i / 9 % 4) + i / 36)));
    }
    bw_image_free(out);
    assert_ok(ctx, bw_components(ctx, mask, 0, &out));
    for (int64_t i = 0; i < g.count; i++)
        assert_true(pixel(out, 0, i) == 1 && pixel(out, 1, i) == 0 && pixel(out, 2, i) == (i > 0));
    bw_image_free(out);
    bw_image_free(mask);
    bw_context_free(ctx);
    free_grid(&g);
}

/* ---- watershed of images --------------------------------------------------------------------------------------- */

typedef struct waiting {
    float value;
    int64_t age, voxel;
} waiting;

/* The definition, literally: of all that wait, the lowest is served, among equals who came first. Neighbours come
 * nearest first. */
static void flood_plainly(grid *g, int connectivity, int lines) {
    waiting *queue = test_malloc((size_t)g->count * sizeof *queue);
    uint8_t *known = test_malloc((size_t)g->count);
    int64_t count = 0, age = 0;
    memset(known, 0, (size_t)g->count);
    for (int64_t i = 0; i < g->count; i++) {
        if (!g->mask[i]) g->labels[i] = 0;
        if (!g->labels[i]) continue;
        queue[count++] = (waiting){g->level[i], age++, i};
        known[i] = 1;
    }
    while (count) {
        int64_t first = 0;
        for (int64_t q = 1; q < count; q++)
            if (queue[q].value < queue[first].value ||
                (queue[q].value == queue[first].value && queue[q].age < queue[first].age))
                first = q;
        const int64_t voxel = queue[first].voxel;
        queue[first] = queue[--count];
        uint32_t label = g->labels[voxel], others = 0;
        for (int k = 0; k < 27 && lines && !g->labels[voxel]; k++) {
            const int64_t n = neighbour(g, voxel, k, connectivity);
            if (n < 0 || !g->labels[n]) continue;
            others |= label && g->labels[n] != label;
            label = g->labels[n];
        }
        if (others) continue;
        g->labels[voxel] = label;
        for (int axes = 1; axes <= 3; axes++)
            for (int k = 0; k < 27; k++) {
                const int64_t n = neighbour(g, voxel, k, connectivity);
                if (n < 0 || (k % 3 != 1) + (k / 3 % 3 != 1) + (k / 9 != 1) != axes || known[n] || !g->mask[n])
                    continue;
                known[n] = 1;
                if (!lines) g->labels[n] = label;
                queue[count++] = (waiting){g->level[n], age++, n};
            }
    }
    test_free(queue);
    test_free(known);
}

/* levels: different values; 0 = as many as there are voxels. */
static void check_watershed(int64_t z, int connectivity, int lines, int levels, bw_pixel_type landscape_type,
                            bw_pixel_type marker_type) {
    grid g = make_grid(23, 19, z);
    random_mask(&g, 0.8, 11);
    bw_image *landscape = sized_image(&g, landscape_type, 1), *markers = sized_image(&g, marker_type, 1), *out;
    bw_image *mask = mask_image(&g, marker_type);
    for (int64_t i = 0; i < g.count; i++) {
        const double value = 200 * test_uniform(12, (uint64_t)i);
        g.level[i] = levels ? (float)((int)value % levels) : (float)(value - 100);
        g.labels[i] = i % 97 == 5 ? (uint32_t)(i % 200 + 1) : 0;
        set_pixel(landscape, 0, i, g.level[i]);
        set_pixel(markers, 0, i, g.labels[i]);
    }
    flood_plainly(&g, connectivity, lines);
    for (int threads = 1; threads <= 3; threads += 2) {
        bw_context *ctx = test_context(threads);
        assert_ok(ctx, bw_watershed(ctx, landscape, markers, mask, connectivity, lines, &out));
        assert_int_equal(bw_image_get_info(out)->type, marker_type);
        for (int64_t i = 0; i < g.count; i++)
            assert_true(pixel(out, 0, i) == g.labels[i]);
        bw_image_free(out);
        bw_context_free(ctx);
    }
    bw_image_free(landscape);
    bw_image_free(markers);
    bw_image_free(mask);
    free_grid(&g);
}

static void watershed_follows_its_definition(void **state) {
    (void)state;
    static const bw_pixel_type types[] = {BW_UINT8, BW_UINT16, BW_FLOAT32};
    static const int connectivities[] = {4, 8, 6, 26};
    for (int lines = 0; lines < 2; lines++)
        for (int c = 0; c < 4; c++)
            for (int k = 0; k < 3; k++) {
                check_watershed(4, connectivities[c], lines, 5, types[k], types[(k + c) % 3]);
                check_watershed(c < 2 ? 1 : 3, connectivities[c], lines, 0, BW_FLOAT32, types[k]);
            }
}

static void lines_lie_between_labels(void **state) {
    (void)state;
    grid g = make_grid(41, 1, 1);
    bw_image *landscape = sized_image(&g, BW_UINT8, 1), *markers = sized_image(&g, BW_UINT8, 1), *out;
    bw_context *ctx = test_context(1);
    set_pixel(markers, 0, 0, 3);
    set_pixel(markers, 0, 40, 9);
    assert_ok(ctx, bw_watershed(ctx, landscape, markers, NULL, 0, 1, &out));
    for (int64_t i = 0; i < g.count; i++)
        assert_true(pixel(out, 0, i) == (i < 20 ? 3 : i == 20 ? 0 : 9));
    bw_image_free(out);
    bw_image_free(landscape);
    bw_image_free(markers);
    bw_context_free(ctx);
    free_grid(&g);
}

/* Signs of zero and the order of negative and infinite values. */
static void all_floats_have_their_order(void **state) {
    (void)state;
    static const float values[] = {-1, -INFINITY, -0.0f, 0, 1e-40f, 3, INFINITY, -2, -1};
    grid g = make_grid(9, 1, 1);
    memcpy(g.level, values, sizeof values);
    bw_image *landscape = sized_image(&g, BW_FLOAT32, 1), *markers = sized_image(&g, BW_FLOAT32, 1), *out;
    bw_context *ctx = test_context(1);
    for (int64_t i = 0; i < g.count; i++)
        set_pixel(landscape, 0, i, (double)values[i]);
    g.labels[0] = 1, g.labels[8] = 2;
    set_pixel(markers, 0, 0, 1), set_pixel(markers, 0, 8, 2), set_pixel(markers, 0, 4, -0.0);
    flood_plainly(&g, 4, 0);
    assert_ok(ctx, bw_watershed(ctx, landscape, markers, NULL, 4, 0, &out));
    for (int64_t i = 0; i < g.count; i++)
        assert_true(pixel(out, 0, i) == g.labels[i]);
    bw_image_free(out);
    bw_image_free(landscape);
    bw_image_free(markers);
    bw_context_free(ctx);
    free_grid(&g);
}

/* ---- memory, cancelling, refusals ------------------------------------------------------------------------------ */

static void steps_hold_twelve_bytes_per_voxel(void **state) {
    (void)state;
    grid g = make_grid(600, 500, 1);
    bw_image *markers = sized_image(&g, BW_UINT16, 1), *landscape = test_noise(bw_image_get_info(markers)), *out;
    bw_image_info info = *bw_image_get_info(markers);
    info.type = BW_FLOAT32;
    bw_image *floats = test_noise(&info);
    bw_context *ctx = test_context(2);
    set_pixel(markers, 0, 0, 1);
    for (int k = 0; k < 4; k++) {
        const uint64_t before = bw_memory_in_use();
        bw_memory_reset_peak();
        if (k == 0) assert_ok(ctx, bw_components(ctx, landscape, 4, &out));
        if (k == 1) assert_ok(ctx, bw_distance(ctx, floats, &out));
        if (k == 2) assert_ok(ctx, bw_watershed(ctx, floats, markers, NULL, 8, 1, &out));
        if (k == 3) assert_ok(ctx, bw_watershed(ctx, landscape, markers, NULL, 8, 0, &out));
        assert_true(bw_memory_peak() - before < 12 * (uint64_t)g.count + (uint64_t)test_bytes_per_plane(&info));
        bw_image_free(out);
    }
    bw_image_free(landscape);
    bw_image_free(markers);
    bw_image_free(floats);
    bw_context_free(ctx);
    free_grid(&g);
}

static void splitting_holds_twelve_bytes_per_voxel(void **state) {
    (void)state;
    grid g = make_grid(160, 130, 40);
    for (int64_t i = 0; i < g.count; i++)
        g.level[i] = (float)test_uniform(9, (uint64_t)i);
    const uint64_t before = bw_memory_in_use();
    bw_memory_reset_peak();
    assert_true(split(&g, 6, 0) > 1000);
    assert_true(bw_memory_peak() - before + 4 * (uint64_t)g.count <= 12 * (uint64_t)g.count);
    free_grid(&g);
}

static int64_t now_ms(void) {
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int cancel_at_once(void *user, double fraction) {
    int64_t *when = user;
    (void)fraction;
    if (!*when) *when = now_ms();
    return 1;
}

static void a_watershed_can_be_cancelled(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_FLOAT32, 1200, 1200, 1);
    bw_image *landscape = test_noise(&info), *markers = test_image(&info), *out;
    int64_t when = 0;
    bw_context *ctx = test_context(1);
    set_pixel(markers, 0, 0, 1);
    bw_context_set_progress(ctx, cancel_at_once, &when);
    assert_refused(ctx, bw_watershed(ctx, landscape, markers, NULL, 8, 0, &out), BW_ERROR_CANCELLED, "Cancelled");
    assert_true(when && now_ms() - when < test_cancel_ms());
    assert_null(out);
    bw_image_free(landscape);
    bw_image_free(markers);
    bw_context_free(ctx);
}

static void cancelled_steps_leave_nothing(void **state) {
    (void)state;
    grid g = make_grid(50, 50, 3);
    bw_image *mask = mask_image(&g, BW_UINT8), *out;
    uint32_t count;
    for (int k = 0; k < 6; k++) {
        bw_context *ctx = test_context(2);
        bw_context_cancel(ctx);
        bw_status status = BW_OK;
        if (k == 0) status = bw_components(ctx, mask, 0, &out);
        if (k == 1) status = bw_distance(ctx, mask, &out);
        if (k == 2) status = bw_watershed(ctx, mask, mask, NULL, 0, 0, &out);
        if (k == 3) status = bw_grid_split(ctx, g.level, g.mask, g.size, 26, 0.1, g.labels, &count);
        if (k == 4) status = bw_grid_grow(ctx, g.level, g.mask, g.size, 26, g.labels);
        if (k == 5) status = bw_grid_distance(ctx, 1, g.mask, g.size, (double[]){1, 1, 1}, g.level);
        assert_int_equal(status, BW_ERROR_CANCELLED);
        if (k < 3) assert_null(out);
        bw_context_free(ctx);
    }
    bw_image_free(mask);
    free_grid(&g);
}

static void refuse(const bw_image *landscape, const bw_image *markers, const bw_image *mask, int connectivity,
                   bw_status status, const char *words) {
    bw_image *out;
    bw_context *ctx = test_context(1);
    assert_refused(ctx, bw_watershed(ctx, landscape, markers, mask, connectivity, 0, &out), status, words);
    assert_null(out);
    bw_context_free(ctx);
}

static void bad_images_are_refused(void **state) {
    (void)state;
    grid g = make_grid(6, 5, 1), wide = make_grid(7, 5, 1);
    bw_image *good = sized_image(&g, BW_FLOAT32, 1), *other = sized_image(&wide, BW_FLOAT32, 1);
    bw_image *frames = sized_image(&g, BW_FLOAT32, 2), *bad = sized_image(&g, BW_FLOAT32, 1);
    bw_image_info info = test_info(BW_UINT8, 6, 5, 1);
    info.channels = 2;
    bw_image *channels = test_image(&info), *out;
    refuse(good, other, NULL, 8, BW_ERROR_MISMATCH, "7 x 5");
    refuse(good, frames, NULL, 8, BW_ERROR_MISMATCH, "2 frames");
    refuse(good, good, other, 8, BW_ERROR_MISMATCH, "mask");
    refuse(channels, good, NULL, 8, BW_ERROR_MISMATCH, "one channel");
    refuse(good, good, NULL, 5, BW_ERROR_ARGUMENT, "not 5");
    static const double no_labels[] = {0.5, -1, 16777216.0, NAN, INFINITY};
    for (size_t k = 0; k < sizeof no_labels / sizeof *no_labels; k++) {
        set_pixel(bad, 0, 6 + 2, no_labels[k]);
        refuse(good, bad, NULL, 8, BW_ERROR_MISMATCH, "pixel 2, 1 of slice 1 in frame 1");
    }
    set_pixel(bad, 0, 8, NAN);
    refuse(bad, good, NULL, 8, BW_ERROR_MISMATCH, "not numbers");
    for (int k = 0; k < 2; k++) {
        bw_context *ctx = test_context(1);
        assert_refused(ctx, k ? bw_distance(ctx, channels, &out) : bw_components(ctx, channels, 0, &out),
                       BW_ERROR_MISMATCH, "has 2");
        assert_null(out);
        bw_context_free(ctx);
    }
    bw_image_free(good);
    bw_image_free(other);
    bw_image_free(frames);
    bw_image_free(bad);
    bw_image_free(channels);
    free_grid(&g);
    free_grid(&wide);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_is_that_of_brute_force),
        cmocka_unit_test(distance_is_exact_far_away),
        cmocka_unit_test(distance_does_not_depend_on_threads),
        cmocka_unit_test(maxima_merge_by_their_depth),
        cmocka_unit_test(depth_is_a_share_of_the_lower_peak),
        cmocka_unit_test(labels_are_numbered_by_first_voxels),
        cmocka_unit_test(growing_reaches_what_is_connected),
        cmocka_unit_test(plateaus_are_shared_by_distance),
        cmocka_unit_test(lines_keep_labels_apart),
        cmocka_unit_test(empty_and_full_grids_split),
        cmocka_unit_test(components_are_those_of_a_flood_fill),
        cmocka_unit_test(many_components_become_floats),
        cmocka_unit_test(distances_are_in_units_of_the_image),
        cmocka_unit_test(frames_are_measured_one_by_one),
        cmocka_unit_test(watershed_follows_its_definition),
        cmocka_unit_test(lines_lie_between_labels),
        cmocka_unit_test(all_floats_have_their_order),
        cmocka_unit_test(steps_hold_twelve_bytes_per_voxel),
        cmocka_unit_test(splitting_holds_twelve_bytes_per_voxel),
        cmocka_unit_test(a_watershed_can_be_cancelled),
        cmocka_unit_test(cancelled_steps_leave_nothing),
        cmocka_unit_test(bad_images_are_refused),
    };
    return cmocka_run_group_tests(tests, test_look_at_memory, test_nothing_is_left);
}
