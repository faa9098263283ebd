/* Training: checks, binning, trees in parallel, removal of unused thresholds, out-of-bag report. */
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "forest/grow.h"

enum { OOB_CHUNK = 1024, NO_VOTE = 255 };

typedef struct training {
    bw_binned binned;
    bw_plan plan;
    bw_grower *growers;
    int threads;
    bw_forest *forest;
    uint8_t *ranks; /* [feature * 256 + i]: how many of the feature's cuts before cut i are used */
} training;

/* ---- checks ------------------------------------------------------------------------------------------------------ */

static bw_status check_options(bw_context *ctx, const bw_forest_options *o, int features) {
    const struct {
        const char *name;
        int value, low, high;
    } ranges[] = {
        {"trees", o->trees, 1, BW_MAX_TREES},
        {"mtry", o->mtry, 0, features},
        {"max_depth", o->max_depth, 0, INT32_MAX},
        {"min_leaf", o->min_leaf, 1, INT32_MAX},
        {"balance", (int)o->balance, BW_BALANCE_NONE, BW_BALANCE_CLASSES},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        if (ranges[i].value >= ranges[i].low && ranges[i].value <= ranges[i].high) continue;
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "The forest option %s is %d; it must be from %d to %d%s.",
                       ranges[i].name, ranges[i].value, ranges[i].low, ranges[i].high,
                       strcmp(ranges[i].name, "mtry") ? "" : " (the number of features)");
    }
    return BW_OK;
}

static bw_status check_sizes(bw_context *ctx, const bw_samples *s) {
    if (s->features < 1 || s->features > BW_MAX_FEATURES) {
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "A forest needs 1 to %d features, not %d.", BW_MAX_FEATURES,
                       s->features);
    }
    if (s->classes < 1 || s->classes > BW_MAX_CLASSES) {
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "A forest needs 2 to %d classes, not %d.", BW_MAX_CLASSES, s->classes);
    }
    if (s->count > INT32_MAX) {
        return bw_fail(ctx, BW_ERROR_ARGUMENT,
                       "%lld labelled samples are too many; at most %d can be used for training.", (long long)s->count,
                       INT32_MAX);
    }
    if (s->count < 1) {
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "Nothing is labelled. Label some pixels of at least two classes.");
    }
    return BW_OK;
}

/* Counts the classes and refuses labels out of range or of one class only. */
static bw_status count_classes(bw_context *ctx, const bw_samples *s, int64_t *counts) {
    int present = 0;
    memset(counts, 0, BW_MAX_CLASSES * sizeof *counts);
    for (int64_t i = 0; i < s->count; i++) {
        if (s->labels[i] >= s->classes) {
            return bw_fail(ctx, BW_ERROR_ARGUMENT, "Sample %lld has class index %d, but there are %d classes.",
                           (long long)i, s->labels[i], s->classes);
        }
        counts[s->labels[i]]++;
    }
    for (int k = 0; k < s->classes; k++)
        present += counts[k] > 0;
    if (present < 2) {
        return bw_fail(ctx, BW_ERROR_ARGUMENT,
                       "Only one class is labelled (class %d, %lld samples). Label pixels of at least two classes.",
                       s->labels[0] + 1, (long long)s->count);
    }
    return BW_OK;
}

/* ---- the plan ---------------------------------------------------------------------------------------------------- */

/* floor(sqrt(n) + 0.5) in integers: the r with r * r - r < n <= r * r + r. */
static int default_mtry(int features) {
    int r = 1;
    while (r * r + r < features)
        r++;
    return r;
}

/* Lists the samples of each class for balanced drawing. */
static bw_status group_samples(bw_context *ctx, const bw_samples *s, const int64_t *counts, bw_plan *plan) {
    int64_t next[BW_MAX_CLASSES];
    for (int k = 0; k < s->classes; k++) {
        next[k] = plan->class_start[k];
        plan->class_start[k + 1] = plan->class_start[k] + counts[k];
        if (counts[k]) plan->present[plan->present_count++] = (uint8_t)k;
    }
    if (plan->options.balance != BW_BALANCE_CLASSES) return BW_OK;
    plan->by_class = bw_alloc(ctx, (uint64_t)s->count, sizeof *plan->by_class, "drawing samples");
    if (!plan->by_class) return BW_ERROR_MEMORY;
    for (int64_t i = 0; i < s->count; i++)
        plan->by_class[next[s->labels[i]]++] = (uint32_t)i;
    return BW_OK;
}

static bw_status make_plan(bw_context *ctx, const bw_samples *s, const bw_forest_options *options,
                           const int64_t *counts, training *t) {
    bw_plan *plan = &t->plan;
    plan->binned = &t->binned;
    plan->options = *options;
    if (!plan->options.mtry) plan->options.mtry = default_mtry(s->features);
    BW_TRY(group_samples(ctx, s, counts, plan));
    BW_TRY(bw_binned_create(ctx, s, &t->binned));
    plan->varying = bw_alloc(ctx, (uint64_t)s->features, sizeof *plan->varying, "the features");
    plan->seen_stride = t->binned.stride / BW_BLOCK;
    plan->seen = bw_alloc(ctx, (uint64_t)plan->seen_stride * (uint64_t)options->trees, sizeof *plan->seen,
                          "the out-of-bag samples");
    if (!plan->varying || !plan->seen) return BW_ERROR_MEMORY;
    for (int f = 0; f < s->features; f++) {
        if (t->binned.cut_count[f]) plan->varying[plan->varying_count++] = (uint16_t)f;
    }
    return BW_OK;
}

static void free_training(training *t) {
    for (int i = 0; t->growers && i < t->threads; i++)
        bw_grower_close(&t->growers[i]);
    bw_free(t->growers);
    bw_free(t->plan.by_class);
    bw_free(t->plan.varying);
    bw_free(t->plan.seen);
    bw_free(t->ranks);
    bw_binned_free(&t->binned);
    bw_forest_free(t->forest);
}

/* ---- trees ------------------------------------------------------------------------------------------------------- */

static bw_status grow_task(bw_context *ctx, void *user, int64_t index, int thread) {
    training *t = user;
    bw_grower *grower = &t->growers[thread];
    if (!grower->plan) BW_TRY(bw_grower_open(ctx, &t->plan, grower));
    BW_TRY(bw_grow_tree(ctx, grower, (int)index, &t->forest->tree[index]));
    bw_progress_add(ctx, 1);
    return BW_OK;
}

static bw_status grow_forest(bw_context *ctx, training *t) {
    t->threads = bw_context_threads(ctx);
    t->growers = bw_calloc(ctx, (uint64_t)t->threads, sizeof *t->growers, "growing trees");
    if (!t->growers) return BW_ERROR_MEMORY;
    bw_progress_begin(ctx, t->forest->trees);
    return bw_parallel(ctx, t->forest->trees, grow_task, t);
}

/* ---- thresholds that no split uses ------------------------------------------------------------------------------- */

/* Turns marks (1 = used) into the number of used cuts before each cut; returns how many are used in all. */
static int rank_cuts(uint8_t *ranks) {
    int used = 0;
    for (int i = 0; i <= BW_MAX_CUTS; i++) {
        const int mark = ranks[i];
        ranks[i] = (uint8_t)used;
        used += mark;
    }
    return used;
}

static void copy_cuts(const training *t, int feature) {
    const uint8_t *ranks = t->ranks + (int64_t)feature * (BW_MAX_CUTS + 1);
    const float *from = t->binned.cuts + (int64_t)feature * BW_MAX_CUTS;
    float *to = t->forest->cuts + t->forest->by_feature[feature].first;
    for (int i = 0; i < BW_MAX_CUTS; i++) {
        if (ranks[i + 1] > ranks[i]) to[ranks[i]] = from[i];
    }
}

static bw_status renumber_tree(bw_context *ctx, void *user, int64_t index, int thread) {
    const training *t = user;
    const bw_tree *tree = &t->forest->tree[index];
    (void)thread;
    for (uint32_t i = 0; i < tree->node_count; i++) {
        bw_node *n = &tree->nodes[i];
        if (bw_node_is_leaf(n)) continue;
        n->threshold = t->ranks[(int64_t)n->feature * (BW_MAX_CUTS + 1) + n->threshold];
        n->feature = (uint16_t)t->forest->by_feature[n->feature].slot;
    }
    return bw_check(ctx);
}

static bw_status renumber_bytes(bw_context *ctx, void *user, int64_t index, int thread) {
    const training *t = user;
    const uint8_t *ranks = t->ranks + index * (BW_MAX_CUTS + 1);
    uint8_t *bytes = t->binned.bytes + index * t->binned.stride;
    (void)thread;
    for (int64_t i = 0; i < t->binned.stride; i++)
        bytes[i] = ranks[bytes[i]];
    return bw_check(ctx);
}

static void mark_cuts(const training *t, const bw_tree *tree) {
    for (uint32_t i = 0; i < tree->node_count; i++) {
        const bw_node *n = &tree->nodes[i];
        if (!bw_node_is_leaf(n)) t->ranks[(int64_t)n->feature * (BW_MAX_CUTS + 1) + n->threshold] = 1;
    }
}

/* Afterwards the forest is complete and binned.bytes are what bw_forest_quantise gives for the samples. */
static bw_status drop_unused_cuts(bw_context *ctx, training *t) {
    bw_forest *forest = t->forest;
    t->ranks = bw_calloc(ctx, (uint64_t)forest->features, BW_MAX_CUTS + 1, "thresholds");
    if (!t->ranks) return BW_ERROR_MEMORY;
    for (int i = 0; i < forest->trees; i++) {
        BW_TRY(bw_check(ctx));
        mark_cuts(t, &forest->tree[i]);
    }
    for (int f = 0; f < forest->features; f++) {
        forest->by_feature[f].count = (uint16_t)rank_cuts(t->ranks + (int64_t)f * (BW_MAX_CUTS + 1));
    }
    BW_TRY(bw_forest_layout(ctx, forest));
    for (int f = 0; f < forest->features; f++)
        copy_cuts(t, f);
    bw_forest_tabulate(forest);
    BW_TRY(bw_parallel(ctx, forest->trees, renumber_tree, t));
    return bw_parallel(ctx, forest->features, renumber_bytes, t);
}

/* ---- report ------------------------------------------------------------------------------------------------------ */

typedef struct oob_job {
    const training *training;
    bw_simd level;
    const uint8_t **columns;
    uint8_t *winners; /* per sample; NO_VOTE when every tree drew it */
    uint32_t *votes;  /* per thread, [class * OOB_CHUNK + sample] */
    uint8_t *scratch; /* per thread */
    uint64_t scratch_size;
} oob_job;

static uint8_t winner_of(const uint32_t *votes, int classes) {
    int best = 0;
    for (int k = 1; k < classes; k++) {
        if (votes[(int64_t)k * OOB_CHUNK] > votes[(int64_t)best * OOB_CHUNK]) best = k;
    }
    return votes[(int64_t)best * OOB_CHUNK] ? (uint8_t)best : NO_VOTE;
}

static bw_status oob_task(bw_context *ctx, void *user, int64_t index, int thread) {
    const oob_job *job = user;
    const training *t = job->training;
    const int64_t first = index * OOB_CHUNK, left = t->binned.count - first;
    uint32_t *votes = job->votes + (int64_t)thread * OOB_CHUNK * t->forest->classes;
    bw_vote_job vote = {.forest = t->forest,
                        .columns = job->columns,
                        .seen = t->plan.seen,
                        .seen_stride = t->plan.seen_stride,
                        .first = first,
                        .votes = votes,
                        .stride = OOB_CHUNK,
                        .origin = first,
                        .scratch = job->scratch + (uint64_t)thread * job->scratch_size};
    const int64_t count = left < OOB_CHUNK ? left : OOB_CHUNK;
    vote.count = count;
    BW_TRY(bw_vote_run(ctx, job->level, &vote));
    for (int64_t i = 0; i < count; i++)
        job->winners[first + i] = winner_of(votes + i, t->forest->classes);
    return BW_OK;
}

static bw_status vote_oob(bw_context *ctx, const training *t, oob_job *job) {
    const bw_binned *b = &t->binned;
    job->training = t;
    job->scratch_size = (bw_forest_scratch_size(t->forest) + 63) / 64 * 64;
    job->columns = bw_alloc(ctx, (uint64_t)b->features, sizeof *job->columns, "the out-of-bag samples");
    job->winners = bw_alloc(ctx, (uint64_t)b->count, 1, "the out-of-bag samples");
    job->votes = bw_alloc(ctx, (uint64_t)t->threads * (uint64_t)b->classes, OOB_CHUNK * sizeof *job->votes,
                          "the out-of-bag samples");
    job->scratch = bw_alloc(ctx, (uint64_t)t->threads, job->scratch_size, "the out-of-bag samples");
    if (!job->columns || !job->winners || !job->votes || !job->scratch) return BW_ERROR_MEMORY;
    for (int f = 0; f < b->features; f++)
        job->columns[f] = b->bytes + f * b->stride;
    BW_TRY(bw_simd_level(ctx, &job->level));
    return bw_parallel(ctx, (b->count + OOB_CHUNK - 1) / OOB_CHUNK, oob_task, job);
}

static bw_status open_report(bw_context *ctx, const bw_samples *s, const int64_t *counts, bw_forest_report *report) {
    const uint64_t classes = (uint64_t)s->classes;
    report->classes = s->classes;
    report->features = s->features;
    report->class_counts = bw_alloc(ctx, classes, sizeof *report->class_counts, "the training report");
    report->confusion = bw_calloc(ctx, classes * classes, sizeof *report->confusion, "the training report");
    report->importance = bw_calloc(ctx, (uint64_t)s->features, sizeof *report->importance, "the training report");
    if (!report->class_counts || !report->confusion || !report->importance) return BW_ERROR_MEMORY;
    memcpy(report->class_counts, counts, classes * sizeof *counts);
    return BW_OK;
}

static void report_importance(const training *t, bw_forest_report *report) {
    int64_t total = 0;
    for (int f = 0; f < report->features; f++) {
        int64_t sum = 0;
        for (int i = 0; i < t->threads; i++) {
            if (t->growers[i].plan) sum += t->growers[i].importance[f];
        }
        report->importance[f] = (double)sum;
        total += sum;
    }
    for (int f = 0; total > 0 && f < report->features; f++)
        report->importance[f] /= (double)total;
}

static bw_status fill_report(bw_context *ctx, const training *t, const bw_samples *s, const int64_t *counts,
                             bw_forest_report *report) {
    oob_job job = {.level = BW_SIMD_SCALAR};
    BW_TRY(open_report(ctx, s, counts, report));
    report_importance(t, report);
    const bw_status status = vote_oob(ctx, t, &job);
    for (int64_t i = 0; status == BW_OK && i < s->count; i++) {
        if (job.winners[i] == NO_VOTE) continue;
        report->oob_samples++;
        report->confusion[(int64_t)s->labels[i] * s->classes + job.winners[i]]++;
    }
    bw_free(job.columns);
    bw_free(job.winners);
    bw_free(job.votes);
    bw_free(job.scratch);
    return status;
}

void bw_forest_report_free(bw_forest_report *report) {
    if (!report) return;
    bw_free(report->class_counts);
    bw_free(report->confusion);
    bw_free(report->importance);
    memset(report, 0, sizeof *report);
}

/* ---- all together ------------------------------------------------------------------------------------------------ */

static bw_status train(bw_context *ctx, const bw_samples *s, const bw_forest_options *options, training *t,
                       bw_forest_report *report) {
    int64_t counts[BW_MAX_CLASSES];
    BW_TRY(bw_check(ctx));
    BW_TRY(check_sizes(ctx, s));
    BW_TRY(check_options(ctx, options, s->features));
    BW_TRY(count_classes(ctx, s, counts));
    BW_TRY(make_plan(ctx, s, options, counts, t));
    BW_TRY(bw_forest_create(ctx, s->classes, s->features, options->trees, &t->forest));
    BW_TRY(grow_forest(ctx, t));
    BW_TRY(drop_unused_cuts(ctx, t));
    return report ? fill_report(ctx, t, s, counts, report) : BW_OK;
}

bw_status bw_forest_train(bw_context *ctx, const bw_samples *samples, const bw_forest_options *options, bw_forest **out,
                          bw_forest_report *report) {
    training *t = bw_calloc(ctx, 1, sizeof *t, "training");
    *out = NULL;
    if (report) memset(report, 0, sizeof *report);
    if (!t) return BW_ERROR_MEMORY;
    const bw_status status = train(ctx, samples, options, t, report);
    if (status == BW_OK) {
        *out = t->forest;
        t->forest = NULL;
    } else {
        bw_forest_report_free(report);
    }
    free_training(t);
    bw_free(t);
    return status;
}
