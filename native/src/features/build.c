/* Builds plans: features ask for Gaussian derivatives and smoothed images; this file decides from which images and by
 * which kernels they are made. The decision depends on sigma alone, never on what else is wanted: a feature has the
 * same bytes in every plan.
 *
 * In exact mode every derivative comes from the image itself by full kernels in double precision. Otherwise:
 *  - sigma of less than 1.5 pixels: full kernels from the image itself;
 *  - larger: one smoothed image, derivatives from it by the short kernels that lead there (bw_kernel_match);
 *  - from 1.6 on the smoothed image comes from one of sigma 1.4, which all share (semigroup property);
 *  - from 3.5 on it lies on a pyramid, whose level l has every 2^l-th pixel of the image smoothed with 2^l; l is as
 *    large as sigma stays at least 1.75 pixels of the level; results are interpolated.
 * Axes are independent: each follows its own sigma. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "features/features.h"
#include "features/steps.h"

static const double presmoothed = 1.4, presmoothed_from = 1.6, derived_from = 1.5;
static const double coarsest = 1.75, coarsest_for_products = 3.5; /* sigma, in pixels of the level */
static const double smoothing_tolerance = 1e-4, derivative_tolerance = 5e-4;

static void fail(bw_builder *b, bw_status status) {
    if (b->status == BW_OK) b->status = status;
}

void bw_build_refuse(bw_builder *b, const char *format, ...) {
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (b->status == BW_OK) b->status = bw_fail(b->ctx, BW_ERROR_ARGUMENT, "%s", text);
}

/* A larger array for one more element. */
static void *grow(bw_builder *b, void *array, int count, size_t size) {
    if (count & (count - 1)) return array; /* capacities are powers of two */
    void *grown = bw_realloc(b->ctx, array, count ? 2 * (uint64_t)count : 1, size, "a feature plan");
    if (!grown) fail(b, BW_ERROR_MEMORY);
    return grown;
}

#define APPEND(b, array, count)                                                                                        \
    do {                                                                                                               \
        void *grown_ = grow(b, (b)->plan->array, (b)->plan->count, sizeof *(b)->plan->array);                          \
        if (grown_) (b)->plan->array = grown_;                                                                         \
    } while (0)

void bw_build_axes(const bw_builder *b, double value, double along[3]) {
    for (int axis = 0; axis < 3; axis++)
        along[axis] = value * b->ratio[axis];
}

bw_precision bw_build_precision(const bw_builder *b) {
    return b->exact ? BW_DOUBLE : BW_SINGLE;
}

/* ---- steps ----------------------------------------------------------------------------------------------------- */

static int same_step(const bw_feature_plan *plan, const bw_step *a, const bw_step *b, bw_precision precision,
                     int outputs) {
    return a->kind == b->kind && a->input_count == b->input_count && a->outputs == outputs && a->dims == b->dims &&
           !memcmp(a->inputs, b->inputs, sizeof a->inputs) && a->scaling == b->scaling && a->axis == b->axis &&
           a->kernel == b->kernel && !memcmp(a->reach, b->reach, sizeof a->reach) && a->channel == b->channel &&
           a->raw == b->raw && !memcmp(a->parameter, b->parameter, sizeof a->parameter) &&
           plan->nodes[a->first].precision == precision;
}

/* An output lies on the grid of the first input, as the step scales it. */
static bw_node new_node(const bw_builder *b, const bw_step *step, bw_precision precision) {
    bw_node node = {.step = b->plan->step_count, .precision = precision, .response = {-1, -1, -1}, .slot = -1};
    if (step->input_count) memcpy(node.level, b->plan->nodes[step->inputs[0]].level, sizeof node.level);
    if (step->input_count) memcpy(node.odd, b->plan->nodes[step->inputs[0]].odd, sizeof node.odd);
    if (step->kernel >= 0 && b->plan->kernels[step->kernel].order == 1) node.odd[step->axis] = 1;
    if (step->scaling == BW_HALVE) node.level[step->axis]++;
    if (step->scaling == BW_TWICE) node.level[step->axis]--;
    for (int axis = 0; axis < 3; axis++)
        node.cut[axis] = node.level[axis] == 0 || (node.level[axis] == 1 && !node.odd[axis]);
    if (step->kind == &bw_kind_load && step->raw) memset(node.cut, 0, sizeof node.cut);
    return node;
}

/* With all fields set; -> the first output. */
static int add_step(bw_builder *b, const bw_step *step, bw_precision precision, int outputs) {
    if (b->status != BW_OK) return 0;
    for (int s = b->first_step; s < b->plan->step_count; s++)
        if (same_step(b->plan, &b->plan->steps[s], step, precision, outputs)) return b->plan->steps[s].first;
    APPEND(b, steps, step_count);
    for (int o = 0; o < outputs && b->status == BW_OK; o++) {
        APPEND(b, nodes, node_count);
        if (b->status == BW_OK) b->plan->nodes[b->plan->node_count++] = new_node(b, step, precision);
    }
    if (b->status != BW_OK) return 0;
    bw_step *added = &b->plan->steps[b->plan->step_count++];
    *added = *step;
    added->first = b->plan->node_count - outputs;
    added->outputs = outputs;
    return added->first;
}

int bw_build_step(bw_builder *b, const bw_step *step, bw_precision precision, int outputs) {
    bw_step complete = *step;
    complete.kernel = -1;
    complete.dims = b->dims;
    return add_step(b, &complete, precision, outputs);
}

int bw_build_pointwise(bw_builder *b, const bw_step_kind *kind, const int *inputs, int count, int outputs) {
    bw_step step = {.kind = kind, .input_count = count};
    if (b->status != BW_OK) return 0;
    memcpy(step.inputs, inputs, (size_t)count * sizeof *inputs);
    return bw_build_step(b, &step, b->plan->nodes[inputs[0]].precision, outputs);
}

int bw_build_source(bw_builder *b, int channel, bw_source_kind kind, bw_precision precision) {
    const bw_step step = {.kind = &bw_kind_load, .channel = channel, .raw = kind == BW_SOURCE_RAW};
    b->plan->channels |= (uint64_t)1 << channel;
    return bw_build_step(b, &step, precision, 1);
}

/* ---- kernels --------------------------------------------------------------------------------------------------- */

static int new_kernel(bw_builder *b, const bw_kernel *kernel) {
    APPEND(b, kernels, kernel_count);
    if (b->status != BW_OK) return 0;
    b->plan->kernels[b->plan->kernel_count] = *kernel;
    return b->plan->kernel_count++;
}

static int sampled(bw_builder *b, double sigma, int order) {
    bw_kernel kernel = {0, 0, NULL, NULL};
    fail(b, bw_kernel_sample(b->ctx, sigma, order, &kernel));
    return b->status == BW_OK ? new_kernel(b, &kernel) : 0;
}

/* Radii to try: what is left of a smoothing has this standard deviation in samples; a derivative of a smoothed image is
 * a short difference. */
static void set_radii(bw_match *match) {
    const double rest = bw_kernel_variance(match->target) - bw_kernel_variance(match->base);
    const double sigma = sqrt(rest > 0 ? rest : 0) / match->step;
    match->min_radius = match->target->order ? 2 : (int)ceil(3 * sigma);
    match->max_radius = match->target->order ? 6 : (int)ceil(4 * sigma) + 2;
}

static bw_status match_design(bw_builder *b, const bw_design *wish, const bw_kernel *target, bw_kernel *out) {
    bw_match match = {.base = &b->plan->kernels[wish->base], .target = target, .step = wish->step};
    match.tolerance = wish->order ? derivative_tolerance : smoothing_tolerance;
    set_radii(&match);
    return bw_kernel_match(b->ctx, &match, out);
}

static int matched(bw_builder *b, const bw_design *wish) {
    bw_kernel target = {0, 0, NULL, NULL}, kernel = {0, 0, NULL, NULL};
    fail(b, bw_kernel_sample(b->ctx, wish->sigma, wish->order, &target));
    if (b->status == BW_OK) fail(b, match_design(b, wish, &target, &kernel));
    bw_kernel_free(&target);
    return b->status == BW_OK ? new_kernel(b, &kernel) : 0;
}

/* Kernel of the image that results when design's kernel follows its base. */
static int composed(bw_builder *b, const bw_design *design) {
    bw_kernel whole;
    if (design->base < 0 || b->status != BW_OK) return design->kernel;
    const bw_kernel *base = &b->plan->kernels[design->base], *kernel = &b->plan->kernels[design->kernel];
    fail(b, bw_kernel_compose(b->ctx, base, kernel, design->step, &whole));
    return b->status == BW_OK ? new_kernel(b, &whole) : 0;
}

/* The kernel that turns an image made by kernel `base` (-1 = none), of which every step-th sample is there, into the
 * Gaussian derivative at sigma. */
static bw_design design(bw_builder *b, double sigma, int order, int base, int step) {
    bw_design wish = {sigma, order, base, step, 0, 0};
    for (int d = 0; d < b->plan->design_count; d++) {
        const bw_design *known = &b->plan->designs[d];
        if (known->sigma == sigma && known->order == order && known->base == base && known->step == step) return *known;
    }
    if (b->status == BW_OK) wish.kernel = base < 0 ? sampled(b, sigma, order) : matched(b, &wish);
    if (!order) wish.response = composed(b, &wish);
    if (b->status == BW_OK) APPEND(b, designs, design_count);
    if (b->status == BW_OK) b->plan->designs[b->plan->design_count++] = wish;
    return wish;
}

/* ---- passes ---------------------------------------------------------------------------------------------------- */

/* A pass along an axis; parameter 0 repeats the radius, for the room that the step needs. */
static int pass(bw_builder *b, int image, int axis, int kernel, bw_scaling scaling) {
    if (b->status != BW_OK) return 0;
    const bw_step step = {.kind = &bw_kind_pass,
                          .inputs = {image},
                          .input_count = 1,
                          .dims = b->dims,
                          .scaling = scaling,
                          .axis = axis,
                          .kernel = kernel,
                          .parameter = {b->plan->kernels[kernel].radius}};
    const bw_node from = b->plan->nodes[image];
    const int out = add_step(b, &step, from.precision, 1);
    if (b->status == BW_OK) memcpy(b->plan->nodes[out].response, from.response, sizeof from.response);
    return out;
}

/* Smooths or derives along one axis, to what the root at sigma would be. */
static int pass_to(bw_builder *b, int image, int axis, double sigma, int order, bw_scaling scaling) {
    if (b->status != BW_OK) return 0;
    const bw_node from = b->plan->nodes[image];
    const bw_design made = design(b, sigma, order, from.response[axis], 1 << from.level[axis]);
    const int out = pass(b, image, axis, made.kernel, scaling);
    if (b->status == BW_OK && !order) b->plan->nodes[out].response[axis] = made.response;
    return out;
}

/* Full kernels, orders per axis. */
static int filter_full(bw_builder *b, int image, const double sigma[3], const int order[3]) {
    for (int axis = 2; axis >= 0; axis--)
        if (sigma[axis] > 0) image = pass_to(b, image, axis, sigma[axis], order[axis], BW_SAME);
    return image;
}

enum { MAX_STAGES = BW_MAX_LEVEL + 4 };

/* The highest level at which sigma is at least `least` pixels. */
static int pyramid_level(double sigma, double least) {
    int level = 0;
    while (level < BW_MAX_LEVEL && sigma >= 2 * least * (1 << level))
        level++;
    return level;
}

/* The smoothed images on the way to sigma: each one's sigma and whether its pass halves. */
typedef struct bw_chain {
    int count;
    double sigma[MAX_STAGES];
    bw_scaling scaling[MAX_STAGES];
} bw_chain;

static void add_stage(bw_chain *chain, double sigma, bw_scaling scaling) {
    chain->sigma[chain->count] = sigma;
    chain->scaling[chain->count++] = scaling;
}

static bw_chain chain_to(double sigma, int shared, double least) {
    bw_chain chain = {.count = 0};
    if (!(sigma > 0)) return chain;
    if (shared && sigma >= presmoothed_from) add_stage(&chain, presmoothed, BW_SAME);
    for (int level = 1; level <= pyramid_level(sigma, least); level++)
        add_stage(&chain, 1 << level, BW_HALVE);
    add_stage(&chain, sigma, BW_SAME);
    return chain;
}

static int upsample(bw_builder *b, int image, int axis) {
    const bw_step step = {.kind = &bw_kind_upsample,
                          .inputs = {image},
                          .input_count = 1,
                          .dims = b->dims,
                          .scaling = BW_TWICE,
                          .axis = axis,
                          .kernel = -1};
    return add_step(b, &step, b->plan->nodes[image].precision, 1);
}

/* Slices first, rows last: the pass that writes most goes along rows. */
static int to_pixel_grid(bw_builder *b, int image) {
    for (int axis = 2; axis >= 0; axis--)
        while (b->status == BW_OK && b->plan->nodes[image].level[axis] > 0)
            image = upsample(b, image, axis);
    return image;
}

/* Which images a plan in parts keeps, of those with `to_go` smoothings to come: every level's first one, as long as it
 * leads to the next level or is on the only one; from two levels on the smoothed image instead of the last level's
 * first: its readers look less far, and it takes little memory. */
static void keep_coarse(bw_builder *b, int image, int levels, int to_go) {
    const int last_first = to_go == 1, only = levels == 1;
    if (b->status == BW_OK && to_go <= levels && last_first == only) b->plan->nodes[image].kept = 1;
}

/* By presmoothing and pyramid; orders per axis. Derivatives that need a full kernel are the last stage of their axis,
 * others come after all smoothing. */
static int filter_fast(bw_builder *b, int root, const double sigma[3], const int order[3], int shared, double least) {
    bw_chain chain[3];
    int image = root, stages = 0, levels = 0;
    for (int axis = 0; axis < 3; axis++) {
        chain[axis] = chain_to(sigma[axis], shared, least);
        if (chain[axis].count > stages) stages = chain[axis].count;
        if (pyramid_level(sigma[axis], least) > levels) levels = pyramid_level(sigma[axis], least);
    }
    for (int stage = 0; stage < stages; stage++) {
        for (int axis = 2; axis >= 0; axis--) {
            const bw_chain *c = &chain[axis];
            const int at = stage - (stages - c->count); /* shorter chains begin later */
            if (at < 0) continue;
            const int full = sigma[axis] < derived_from;
            image = pass_to(b, image, axis, c->sigma[at], full ? order[axis] : 0, c->scaling[at]);
        }
        if (levels) keep_coarse(b, image, levels, stages - 1 - stage);
    }
    for (int axis = 2; axis >= 0; axis--)
        if (order[axis] && sigma[axis] >= derived_from)
            image = pass_to(b, image, axis, sigma[axis], order[axis], BW_SAME);
    return to_pixel_grid(b, image);
}

/* ---- what features ask for ------------------------------------------------------------------------------------- */

static int derivative(bw_builder *b, double sigma, const int order[3], double least) {
    double along[3];
    bw_build_axes(b, sigma, along);
    const int source = bw_build_source(b, b->channel, BW_SOURCE_LEVELLED, bw_build_precision(b));
    return b->exact ? filter_full(b, source, along, order) : filter_fast(b, source, along, order, 1, least);
}

int bw_build_derivative(bw_builder *b, double sigma, int x, int y, int z) {
    return derivative(b, sigma, (const int[3]){x, y, z}, coarsest);
}

int bw_build_smooth(bw_builder *b, int image, double sigma, int exact) {
    static const int none[3] = {0, 0, 0};
    double along[3];
    bw_build_axes(b, sigma, along);
    return exact ? filter_full(b, image, along, none) : filter_fast(b, image, along, none, 0, coarsest);
}

int bw_build_relevel(bw_builder *b, int image) {
    const bw_step step = {.kind = &bw_kind_relevel, .inputs = {image}, .input_count = 1, .channel = b->channel};
    return b->status == BW_OK ? bw_build_step(b, &step, b->plan->nodes[image].precision, 1) : 0;
}

/* Axes of the entries of a symmetric matrix, in their order. */
static int entry_axes(const bw_builder *b, int axes[6][2]) {
    int count = 0;
    for (int i = 0; i < b->dims; i++)
        for (int j = i; j < b->dims; j++, count++) {
            axes[count][0] = i;
            axes[count][1] = j;
        }
    return count;
}

int bw_build_hessian_entries(bw_builder *b, int entries[6]) {
    int axes[6][2];
    const int count = entry_axes(b, axes);
    for (int e = 0; e < count; e++) {
        int order[3] = {0, 0, 0};
        order[axes[e][0]]++;
        order[axes[e][1]]++;
        entries[e] = bw_build_derivative(b, b->value, order[0], order[1], order[2]);
    }
    return count;
}

/* Products are made on the pixel grid: mirrored at the frame's borders they have kinks there, which a coarse grid would
 * miss. Their gradients come from finer levels than others: interpolation errors do not average out in squares. */
int bw_build_structure_entry(bw_builder *b, int i, int j) {
    const int axes[2] = {i, j};
    int factors[2];
    for (int k = 0; k < 2; k++) {
        const int order[3] = {axes[k] == 0, axes[k] == 1, axes[k] == 2};
        factors[k] = derivative(b, 0.5 * b->value, order, coarsest_for_products);
    }
    return bw_build_smooth(b, bw_build_pointwise(b, &bw_kind_product, factors, 2, 1), b->value, b->exact);
}

int bw_build_structure_entries(bw_builder *b, int entries[6]) {
    int axes[6][2];
    const int count = entry_axes(b, axes);
    for (int e = 0; e < count; e++)
        entries[e] = bw_build_structure_entry(b, axes[e][0], axes[e][1]);
    return count;
}

int bw_build_eigenvalues(bw_builder *b, const int *entries, int count) {
    return bw_build_pointwise(b, count == 6 ? &bw_kind_eigen3 : &bw_kind_eigen2, entries, count, b->dims);
}

/* ---- features to plan ------------------------------------------------------------------------------------------ */

/* Features of one channel, dimensionality and value come together, so that what they share is short-lived. */
static int before(const bw_feature_info *a, const bw_feature_info *b) {
    if (a->channel != b->channel) return a->channel < b->channel;
    if (a->dims != b->dims) return a->dims < b->dims;
    if (a->sigma != b->sigma) return a->sigma < b->sigma;
    if (a->row != b->row) return a->row < b->row;
    return a->output < b->output;
}

static int same_value(const bw_feature_info *a, const bw_feature_info *b) {
    return a->channel == b->channel && a->dims == b->dims && a->sigma == b->sigma;
}

static void sort(const bw_recipe *recipe, int *order, int count) {
    for (int gap = count / 2; gap > 0; gap /= 2)
        for (int i = gap; i < count; i++)
            for (int k = i; k >= gap && before(bw_recipe_get(recipe, order[k]), bw_recipe_get(recipe, order[k - gap]));
                 k -= gap) {
                const int swap = order[k];
                order[k] = order[k - gap];
                order[k - gap] = swap;
            }
}

static void emit(bw_builder *b, int index, int node) {
    const bw_emission emission = {node, index};
    if (b->status == BW_OK) APPEND(b, emissions, emission_count);
    if (b->status == BW_OK) b->plan->emissions[b->plan->emission_count++] = emission;
}

static void add_feature(bw_builder *b, const bw_recipe *recipe, int index) {
    const bw_feature_info *info = bw_recipe_get(recipe, index);
    const bw_recipe_options *options = bw_recipe_get_options(recipe);
    int out[BW_MAX_OUTPUTS] = {0};
    if (info->channel != b->channel) b->first_step = b->plan->step_count;
    b->channel = info->channel;
    b->dims = info->dims;
    b->value = info->sigma;
    for (int axis = 0; axis < 3; axis++)
        b->ratio[axis] = axis < b->dims ? options->spacing[0] / options->spacing[axis] : 0;
    fail(b, bw_check(b->ctx));
    if (b->status == BW_OK) bw_feature_def_get(info->row)->build(b, out);
    emit(b, index, out[info->output]);
}

static bw_status add_features(bw_builder *b, const bw_recipe *recipe, const uint8_t *wanted) {
    const int all = bw_recipe_count(recipe);
    int count = 0, *order = bw_alloc(b->ctx, (uint64_t)all + 1, sizeof *order, "a feature plan");
    if (!order) return BW_ERROR_MEMORY;
    for (int f = 0; f < all; f++)
        if (!wanted || wanted[f]) order[count++] = f;
    sort(recipe, order, count);
    for (int k = 0, scheduled = 0; k < count && b->status == BW_OK; k++) {
        add_feature(b, recipe, order[k]);
        if (k + 1 < count && same_value(bw_recipe_get(recipe, order[k]), bw_recipe_get(recipe, order[k + 1]))) continue;
        if (b->status == BW_OK) fail(b, bw_plan_schedule(b->ctx, b->plan, scheduled));
        scheduled = b->plan->step_count;
    }
    bw_free(order);
    if (b->status == BW_OK) fail(b, bw_plan_finish(b->ctx, b->plan));
    return b->status == BW_OK ? bw_plan_divide(b->ctx, b->plan) : b->status;
}

bw_status bw_feature_plan_create(bw_context *ctx, const bw_recipe *recipe, const uint8_t *wanted,
                                 bw_feature_plan **out) {
    *out = NULL;
    bw_feature_plan *plan = bw_calloc(ctx, 1, sizeof *plan, "a feature plan");
    if (!plan) return BW_ERROR_MEMORY;
    bw_builder b = {.ctx = ctx, .plan = plan, .exact = bw_recipe_is_exact(recipe), .channel = -1};
    bw_status status = add_features(&b, recipe, wanted);
    if (status == BW_OK)
        *out = plan;
    else
        bw_feature_plan_free(plan);
    return status;
}
