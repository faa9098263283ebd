/* A training run: checks, binning, trees in parallel, forests of the trees so far. */
#include <string.h>

#include "core/alloc.h"
#include "core/levels.h"
#include "core/parallel.h"
#include "forest/grow.h"

enum {
    BLOCK_BYTES = 384 << 10, /* of a block of samples: fits the cache of a core beside the rest */
    MOST_SUBTRACTED = 2048   /* features; their histograms take 4 MB */
};

/* ---- checks ------------------------------------------------------------------------------------------------------ */

static bw_status check_numbers(bw_context *ctx, const bw_forest_options *o) {
    const struct {
        const char *name;
        int value, low, high;
        const char *note;
    } ranges[] = {
        {"trees", o->trees, 1, BW_MAX_TREES, ""},
        {"max_depth", o->max_depth, 0, INT32_MAX, " (0 = no limit)"},
        {"min_leaf", o->min_leaf, 1, INT32_MAX, ""},
        {"extra", o->extra, 0, 1, ""},
        {"balance", (int)o->balance, BW_BALANCE_NONE, BW_BALANCE_CUSTOM, " (none, by class, custom)"},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        if (ranges[i].value >= ranges[i].low && ranges[i].value <= ranges[i].high) continue;
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "The forest option %s is %d; it must be from %d to %d%s.",
                       ranges[i].name, ranges[i].value, ranges[i].low, ranges[i].high, ranges[i].note);
    }
    return BW_OK;
}

static bw_status check_options(bw_context *ctx, const bw_forest_options *o, int features, int classes) {
    BW_TRY(check_numbers(ctx, o));
    if (o->mtry < BW_MTRY_ALL || o->mtry > features) {
        return bw_fail(
            ctx, BW_ERROR_ARGUMENT,
            "The forest option mtry is %d; it must be from 1 to %d (the number of features), %d (square root), "
            "%d (logarithm) or %d (all).",
            o->mtry, features, BW_MTRY_SQRT, BW_MTRY_LOG2, BW_MTRY_ALL);
    }
    if (!(o->bootstrap >= 0 && o->bootstrap <= 1)) {
        return bw_fail(ctx, BW_ERROR_ARGUMENT,
                       "The forest option bootstrap is %g; it must be above 0 and at most 1, or 0 (every sample once).",
                       o->bootstrap);
    }
    for (int k = 0; o->balance == BW_BALANCE_CUSTOM && k < classes; k++) {
        if (o->class_weights[k] >= 0 && o->class_weights[k] <= BW_MAX_WEIGHT) continue;
        return bw_fail(ctx, BW_ERROR_ARGUMENT,
                       "The forest option class_weights is %g for class %d; it must be from 0 to %d.",
                       (double)o->class_weights[k], k + 1, BW_MAX_WEIGHT);
    }
    return BW_OK;
}

static bw_status check_sizes(bw_context *ctx, const bw_samples *s) {
    int64_t count = 0;
    if (s->features < 1 || s->features > BW_MAX_FEATURES) {
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "A forest needs 1 to %d features, not %d.", BW_MAX_FEATURES,
                       s->features);
    }
    if (s->classes < 1 || s->classes > BW_MAX_CLASSES) {
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "A forest needs 2 to %d classes, not %d.", BW_MAX_CLASSES, s->classes);
    }
    for (int p = 0; p < s->part_count; p++)
        count += s->parts[p].count;
    if (count != s->count) {
        return bw_fail(ctx, BW_ERROR_INTERNAL, "The parts hold %lld samples instead of %lld.", (long long)count,
                       (long long)s->count);
    }
    if (s->count > BW_MAX_SAMPLES) {
        return bw_fail(ctx, BW_ERROR_ARGUMENT,
                       "%lld labelled samples are too many; at most %d can be used for training.", (long long)s->count,
                       BW_MAX_SAMPLES);
    }
    if (s->count < 1) {
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "Nothing is labelled. Label some pixels of at least two classes.");
    }
    return BW_OK;
}

BW_LEVELS_DECLARE(bw_split_kernels, bw_split_kernels);

const bw_split_kernels *bw_split_kernels_for(bw_simd level) {
    static const bw_split_kernels *const kernels[BW_SIMD_COUNT] = BW_LEVELS(bw_split_kernels);
    return kernels[level];
}

/* ---- the plan ---------------------------------------------------------------------------------------------------- */

/* The r with r * r - r < n <= r * r + r. */
static int rounded_root(int n) {
    int r = 1;
    while (r * r + r < n)
        r++;
    return r;
}

/* floor(log2(n)) + 1 */
static int bits_of(int n) {
    int bits = 0;
    for (; n > 0; n >>= 1)
        bits++;
    return bits;
}

/* Candidate features per split, of n features in use, constant ones included. */
static int resolve_mtry(int mtry, int n) {
    switch (mtry) {
    case BW_MTRY_SQRT: return rounded_root(n);
    case BW_MTRY_LOG2: return bits_of(n);
    case BW_MTRY_ALL: return n;
    default: return mtry < n ? mtry : n;
    }
}

/* Lists the features in use that have a cut. */
static bw_status choose_features(bw_context *ctx, const bw_growth *growth, const uint8_t *mask, bw_plan *plan) {
    const bw_binned *b = &growth->binned;
    int used = 0;
    plan->features = bw_alloc(ctx, (uint64_t)b->features, sizeof *plan->features, "the features");
    plan->rank_of = bw_calloc(ctx, (uint64_t)b->features, sizeof *plan->rank_of, "the features");
    if (!plan->features || !plan->rank_of) return BW_ERROR_MEMORY;
    for (int f = 0; f < b->features; f++) {
        if (mask && !mask[f]) continue;
        used++;
        if (!b->cut_count[f]) continue;
        plan->rank_of[f] = (uint16_t)plan->feature_count;
        plan->features[plan->feature_count++] = (uint16_t)f;
    }
    if (!used) return bw_fail(ctx, BW_ERROR_ARGUMENT, "No features are left to train on.");
    plan->options.mtry = resolve_mtry(growth->options.mtry, used);
    return BW_OK;
}

/* Nodes of large data are scattered over more bytes than the cache holds. Copying the bytes of a smaller node together
 * pays when its subtree reads more of them than there are. */
static int64_t block_size(const bw_plan *plan) {
    const int64_t size = BLOCK_BYTES / plan->binned->features;
    const int64_t reads = (int64_t)plan->options.mtry * bits_of((int)size);
    if (plan->feature_count * plan->binned->count < 2 * BLOCK_BYTES || reads < plan->feature_count) return 0;
    return size;
}

/* Subtracting pays when a child tries most of the features that its parent tried, and the histograms of a node are not
 * out of proportion. */
static int subtracts(const bw_plan *plan) {
    const int most = 4 * (int64_t)plan->options.mtry >= 3 * (int64_t)plan->feature_count;
    return most && !plan->options.extra && plan->feature_count <= MOST_SUBTRACTED;
}

static bw_status make_plan(bw_context *ctx, const bw_growth *growth, const uint8_t *samples, const uint8_t *features,
                           bw_plan *plan) {
    *plan = (bw_plan){.binned = &growth->binned, .options = growth->options};
    bw_simd level;
    BW_TRY(bw_simd_level(ctx, &level));
    plan->kernels = bw_split_kernels_for(level);
    BW_TRY(choose_features(ctx, growth, features, plan));
    BW_TRY(bw_urn_create(ctx, &growth->binned, &growth->options, samples, &plan->urn));
    plan->block_size = block_size(plan);
    plan->subtract = subtracts(plan);
    plan->min_leaf = (int64_t)growth->options.min_leaf << plan->urn.unit_bits;
    return BW_OK;
}

static void free_plan(bw_plan *plan) {
    bw_urn_free(&plan->urn);
    bw_free(plan->features);
    bw_free(plan->rank_of);
    memset(plan, 0, sizeof *plan);
}

/* ---- the run ----------------------------------------------------------------------------------------------------- */

static void free_tree(bw_tree *tree) {
    bw_free(tree->nodes);
    bw_free(tree->votes);
    memset(tree, 0, sizeof *tree);
}

static void free_trees(bw_growth *growth, int from, int to) {
    for (int t = from; growth->trees && t < to; t++)
        free_tree(&growth->trees[t]);
}

bw_status bw_growth_restrict(bw_context *ctx, bw_growth *growth, const uint8_t *samples, const uint8_t *features) {
    bw_plan plan;
    bw_status status = bw_check(ctx);
    if (status == BW_OK) {
        status = make_plan(ctx, growth, samples, features, &plan);
        if (status != BW_OK) free_plan(&plan);
    }
    if (status != BW_OK) return status;
    free_plan(&growth->plan);
    free_trees(growth, 0, growth->tree_count);
    growth->plan = plan;
    growth->tree_count = 0;
    memset(growth->importance, 0, (size_t)growth->binned.features * sizeof *growth->importance);
    return BW_OK;
}

static bw_status open_growth(bw_context *ctx, const bw_samples *samples, const bw_forest_options *options,
                             bw_growth *growth) {
    BW_TRY(bw_check(ctx));
    BW_TRY(check_sizes(ctx, samples));
    BW_TRY(check_options(ctx, options, samples->features, samples->classes));
    growth->options = *options;
    BW_TRY(bw_binned_create(ctx, samples, &growth->binned));
    growth->seen_stride = growth->binned.stride / BW_BLOCK;
    growth->trees = bw_calloc(ctx, (uint64_t)options->trees, sizeof *growth->trees, "a forest's trees");
    growth->importance =
        bw_calloc(ctx, (uint64_t)samples->features, sizeof *growth->importance, "the features' importance");
    if (!growth->trees || !growth->importance) return BW_ERROR_MEMORY;
    return bw_growth_restrict(ctx, growth, NULL, NULL);
}

bw_status bw_growth_create(bw_context *ctx, const bw_samples *samples, const bw_forest_options *options,
                           bw_growth **out) {
    bw_growth *growth = bw_calloc(ctx, 1, sizeof *growth, "training");
    *out = NULL;
    if (!growth) return BW_ERROR_MEMORY;
    const bw_status status = open_growth(ctx, samples, options, growth);
    if (status != BW_OK) {
        bw_growth_free(growth);
        return status;
    }
    *out = growth;
    return BW_OK;
}

void bw_growth_free(bw_growth *growth) {
    if (!growth) return;
    free_trees(growth, 0, growth->tree_count);
    free_plan(&growth->plan);
    bw_binned_free(&growth->binned);
    bw_free(growth->trees);
    bw_free(growth->seen);
    bw_free(growth->importance);
    bw_free(growth);
}

int bw_growth_tree_count(const bw_growth *growth) {
    return growth->tree_count;
}

/* ---- trees ------------------------------------------------------------------------------------------------------- */

static bw_status grow_up_to(bw_context *ctx, bw_growth *growth, int last) {
    const uint64_t masks = (uint64_t)last * (uint64_t)growth->seen_stride;
    uint64_t *seen = bw_realloc(ctx, growth->seen, masks, sizeof *seen, "the out-of-bag samples");
    if (!seen) return BW_ERROR_MEMORY;
    growth->seen = seen;
    return bw_plant(ctx, growth, growth->tree_count, last);
}

bw_status bw_growth_trees(bw_context *ctx, bw_growth *growth, int trees) {
    const int last = trees < growth->options.trees ? trees : growth->options.trees;
    BW_TRY(bw_check(ctx));
    if (last <= growth->tree_count) return BW_OK;
    const bw_status status = grow_up_to(ctx, growth, last);
    if (status == BW_OK) {
        growth->tree_count = last;
    } else {
        free_trees(growth, growth->tree_count, last);
    }
    return status;
}

/* ---- forests ----------------------------------------------------------------------------------------------------- */

typedef struct assembly {
    const bw_growth *growth;
    bw_forest *forest;
    uint8_t *ranks; /* [feature * 256 + i]: how many of the feature's cuts before cut i are kept */
} assembly;

/* Marks the cuts that splits use: 1 at [feature * 256 + cut]. */
static void mark_cuts(const assembly *a, const bw_tree *tree) {
    for (uint32_t i = 0; i < tree->node_count; i++) {
        const bw_node *n = &tree->nodes[i];
        if (!bw_node_is_leaf(n)) a->ranks[(int64_t)n->feature * (BW_MAX_CUTS + 1) + n->threshold] = 1;
    }
}

/* Extends the marks of a used feature to all of its cuts. */
static void keep_all(const assembly *a, int feature) {
    uint8_t *marks = a->ranks + (int64_t)feature * (BW_MAX_CUTS + 1);
    if (memchr(marks, 1, BW_MAX_CUTS)) memset(marks, 1, a->growth->binned.cut_count[feature]);
}

/* Turns marks (1 = kept) into the number of kept cuts before each cut; returns how many are kept in all. */
static int rank_cuts(uint8_t *ranks) {
    int kept = 0;
    for (int i = 0; i <= BW_MAX_CUTS; i++) {
        const int mark = ranks[i];
        ranks[i] = (uint8_t)kept;
        kept += mark;
    }
    return kept;
}

static void copy_cuts(const assembly *a, int feature) {
    const uint8_t *ranks = a->ranks + (int64_t)feature * (BW_MAX_CUTS + 1);
    const float *from = a->growth->binned.cuts + (int64_t)feature * BW_MAX_CUTS;
    float *to = a->forest->cuts + a->forest->by_feature[feature].first;
    for (int i = 0; i < BW_MAX_CUTS; i++) {
        if (ranks[i + 1] > ranks[i]) to[ranks[i]] = from[i];
    }
}

static bw_status copy_tree(bw_context *ctx, void *user, int64_t index, int thread) {
    const assembly *a = user;
    const bw_tree *from = &a->growth->trees[index];
    bw_tree *to = &a->forest->tree[index];
    (void)thread;
    to->nodes = bw_alloc(ctx, from->node_count, sizeof *to->nodes, "a tree");
    to->votes = bw_alloc(ctx, from->vote_count, sizeof *to->votes, "the leaves of a tree");
    if (!to->nodes || !to->votes) return BW_ERROR_MEMORY;
    to->node_count = from->node_count;
    to->vote_count = from->vote_count;
    if (from->vote_count) memcpy(to->votes, from->votes, from->vote_count * sizeof *to->votes);
    for (uint32_t i = 0; i < from->node_count; i++) {
        bw_node n = from->nodes[i];
        if (!bw_node_is_leaf(&n)) {
            n.threshold = a->ranks[(int64_t)n.feature * (BW_MAX_CUTS + 1) + n.threshold];
            n.feature = (uint16_t)a->forest->by_feature[n.feature].slot;
        }
        to->nodes[i] = n;
    }
    return BW_OK;
}

static bw_status assemble(bw_context *ctx, assembly *a, int all_cuts) {
    const bw_growth *growth = a->growth;
    bw_forest *forest = a->forest;
    a->ranks = bw_calloc(ctx, (uint64_t)forest->features, BW_MAX_CUTS + 1, "thresholds");
    if (!a->ranks) return BW_ERROR_MEMORY;
    for (int t = 0; t < growth->tree_count; t++) {
        BW_TRY(bw_check(ctx));
        mark_cuts(a, &growth->trees[t]);
    }
    for (int f = 0; f < forest->features; f++) {
        if (all_cuts) keep_all(a, f);
        forest->by_feature[f].count = (uint16_t)rank_cuts(a->ranks + (int64_t)f * (BW_MAX_CUTS + 1));
    }
    BW_TRY(bw_forest_layout(ctx, forest));
    for (int f = 0; f < forest->features; f++)
        copy_cuts(a, f);
    bw_forest_tabulate(forest);
    return bw_parallel(ctx, forest->trees, copy_tree, a);
}

bw_status bw_growth_assemble(bw_context *ctx, const bw_growth *growth, int all_cuts, bw_forest **out) {
    assembly a = {.growth = growth};
    *out = NULL;
    if (!growth->tree_count) return bw_fail(ctx, BW_ERROR_ARGUMENT, "No tree has been grown yet. Grow at least one.");
    BW_TRY(bw_forest_create(ctx, growth->binned.classes, growth->binned.features, growth->tree_count, &a.forest));
    const bw_status status = assemble(ctx, &a, all_cuts);
    bw_free(a.ranks);
    if (status == BW_OK) {
        *out = a.forest;
    } else {
        bw_forest_free(a.forest);
    }
    return status;
}

bw_status bw_growth_forest(bw_context *ctx, const bw_growth *growth, bw_forest **out) {
    return bw_growth_assemble(ctx, growth, 0, out);
}

bw_status bw_forest_train(bw_context *ctx, const bw_samples *samples, const bw_forest_options *options,
                          bw_forest **out) {
    bw_growth *growth;
    *out = NULL;
    BW_TRY(bw_growth_create(ctx, samples, options, &growth));
    bw_progress_begin(ctx, options->trees);
    bw_status status = bw_growth_trees(ctx, growth, options->trees);
    if (status == BW_OK) status = bw_growth_forest(ctx, growth, out);
    bw_growth_free(growth);
    return status;
}
