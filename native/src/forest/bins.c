/* Turns columns of floats into bytes: at most 256 bins per feature with about equally many samples each. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "forest/grow.h"

/* Scratch of one thread: the column's values as sortable integers; with weights, these in the upper halves of `pairs`
 * and the weights in the lower ones. */
typedef struct bin_scratch {
    uint32_t *keys, *spare;
    uint64_t *pairs, *spare_pairs;
    uint32_t counts[3][2048];
} bin_scratch;

typedef struct bin_job {
    const bw_samples *samples;
    bw_binned *binned;
    bin_scratch *scratch;
    const bw_vote_kernels *kernels;
} bin_job;

/* Order of the unsigned keys = order of the floats. */
static uint32_t key_of(float value) {
    uint32_t bits;
    value += 0.0f; /* -0 becomes 0 */
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static float value_of(uint32_t key) {
    const uint32_t bits = key & 0x80000000u ? key & 0x7fffffffu : ~key;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* ---- sorting ----------------------------------------------------------------------------------------------------- */

static void start_pass(uint32_t *starts) {
    uint32_t sum = 0;
    for (int i = 0; i < 2048; i++) {
        const uint32_t n = starts[i];
        starts[i] = sum;
        sum += n;
    }
}

static void sort_keys(bin_scratch *s, int64_t count, int pass) {
    uint32_t *from = s->keys, *to = s->spare, *starts = s->counts[pass];
    for (int64_t i = 0; i < count; i++)
        to[starts[from[i] >> (11 * pass) & 2047]++] = from[i];
    s->keys = to;
    s->spare = from;
}

static void sort_pairs(bin_scratch *s, int64_t count, int pass) {
    uint64_t *from = s->pairs, *to = s->spare_pairs;
    uint32_t *starts = s->counts[pass];
    for (int64_t i = 0; i < count; i++)
        to[starts[from[i] >> (32 + 11 * pass) & 2047]++] = from[i];
    s->pairs = to;
    s->spare_pairs = from;
}

/* Reads the column, part by part. */
static bw_status read_column(bw_context *ctx, const bin_job *job, bin_scratch *s, int feature) {
    const uint32_t *weights = job->binned->weights;
    int64_t at = 0;
    memset(s->counts, 0, sizeof s->counts);
    for (int p = 0; p < job->samples->part_count; p++) {
        const bw_sample_part *part = &job->samples->parts[p];
        const float *values = part->count ? part->columns[feature] : NULL;
        BW_TRY(bw_check(ctx));
        for (int64_t i = 0; i < part->count; i++, at++) {
            if (!isfinite(values[i])) {
                return bw_fail(ctx, BW_ERROR_ARGUMENT,
                               "Feature %d of sample %lld is not a finite number. Exclude such samples from training.",
                               feature, (long long)at);
            }
            const uint32_t key = key_of(values[i]);
            s->counts[0][key & 2047]++;
            s->counts[1][key >> 11 & 2047]++;
            s->counts[2][key >> 22]++;
            if (weights) {
                s->pairs[at] = (uint64_t)key << 32 | weights[at];
            } else {
                s->keys[at] = key;
            }
        }
    }
    return BW_OK;
}

/* Leaves the sorted keys in s->keys; with weights, the sorted pairs in s->pairs. */
static bw_status sort_column(bw_context *ctx, const bin_job *job, bin_scratch *s, int feature) {
    const int64_t count = job->binned->count;
    BW_TRY(read_column(ctx, job, s, feature));
    for (int pass = 0; pass < 3; pass++) {
        BW_TRY(bw_check(ctx));
        start_pass(s->counts[pass]);
        if (job->binned->weights) {
            sort_pairs(s, count, pass);
        } else {
            sort_keys(s, count, pass);
        }
    }
    return BW_OK;
}

/* ---- cuts -------------------------------------------------------------------------------------------------------- */

/* A sorted column. Samples are measured by weight: a sample of weight 2 counts as two. */
typedef struct sorted {
    const uint32_t *keys;  /* without weights */
    const uint64_t *pairs; /* with weights */
    int64_t count;
} sorted;

/* A run of equal values. */
typedef struct run {
    int64_t at, end, weight;
    uint32_t key;
} run;

/* The next run of positive weight, from `at` on; `at` = count behind the last. */
static run next_run(const sorted *s, int64_t at) {
    run r = {.at = at, .end = at};
    if (s->keys) {
        if (at == s->count) return r;
        r.key = s->keys[at];
        while (r.end < s->count && s->keys[r.end] == r.key)
            r.end++;
        r.weight = r.end - at;
        return r;
    }
    while (r.end < s->count && !(uint32_t)s->pairs[r.end])
        r.end++;
    r.at = r.end;
    if (r.end == s->count) return r;
    r.key = (uint32_t)(s->pairs[r.end] >> 32);
    for (; r.end < s->count && s->pairs[r.end] >> 32 == r.key; r.end++)
        r.weight += (uint32_t)s->pairs[r.end];
    return r;
}

/* The value that half of the weight from sample `start` on is not above, `weight` being that of a whole bin. */
static float middle_value(const sorted *s, int64_t start, int64_t weight) {
    if (s->keys) return value_of(s->keys[start + weight / 2]);
    for (int64_t sum = (uint32_t)s->pairs[start]; sum <= weight / 2; sum += (uint32_t)s->pairs[start])
        start++;
    return value_of((uint32_t)(s->pairs[start] >> 32));
}

/* A float t with lower <= t < upper, as near to the middle as there is. */
static float between(float lower, float upper) {
    const float middle = (float)(((double)lower + (double)upper) * 0.5);
    return middle >= lower && middle < upper ? middle : lower;
}

/* How bins are filled. Values with more weight than an average bin get bins of their own, the others share what is
 * left evenly: one cut at the widest gap within half a bin of each ideal end, so that bins bridge no wide gaps. */
typedef struct filling {
    int64_t heavy; /* runs of this weight get their own bin */
    double share;  /* weight per bin of the others */
} filling;

static filling plan_bins(const sorted *s, int64_t weight) {
    const int64_t heavy = weight / (BW_MAX_CUTS + 1) + 1;
    int64_t distinct = 0, light = weight, bins = BW_MAX_CUTS - 1;
    for (run r = next_run(s, 0); r.at < s->count; r = next_run(s, r.end), distinct++) {
        if (r.weight < heavy) continue;
        light -= r.weight;
        bins -= 3; /* cuts on both sides, and one window becomes two */
    }
    if (distinct <= BW_MAX_CUTS + 1) return (filling){1, 1};
    return (filling){heavy, (double)light / (double)(bins > 1 ? bins : 1)};
}

/* A place between two runs. */
typedef struct gap {
    int64_t at, weight; /* first sample behind it; weight of all samples before it */
    uint32_t below, above;
} gap;

/* The cuts found so far and the best one of the current window. */
typedef struct cutter {
    const sorted *sorted;
    float *cuts, *centres;
    int64_t start, weight; /* first sample of the open bin, and the weight before it */
    int count, pending;
    gap best;
    int64_t window;
} cutter;

static void close_bin(cutter *c, int64_t weight) {
    c->centres[c->count] = middle_value(c->sorted, c->start, weight - c->weight);
}

static void cut_at(cutter *c, gap g) {
    c->pending = 0;
    if (c->count == BW_MAX_CUTS) return;
    c->cuts[c->count] = between(value_of(g.below), value_of(g.above));
    close_bin(c, g.weight);
    c->count++;
    c->start = g.at;
    c->weight = g.weight;
}

static double width(gap g) {
    return (double)value_of(g.above) - (double)value_of(g.below);
}

static void consider_cut(cutter *c, gap g, int64_t window) {
    if (c->pending && window != c->window) cut_at(c, c->best);
    if (c->pending && width(g) <= width(c->best)) return;
    c->pending = 1;
    c->window = window;
    c->best = g;
}

/* Cuts between runs of equal values, and a value in the middle of each bin. Returns the number of cuts. */
static int place_cuts(const sorted *s, int64_t weight, float *cuts, float *centres) {
    const filling f = plan_bins(s, weight);
    run r = next_run(s, 0);
    cutter c = {.sorted = s, .cuts = cuts, .centres = centres, .start = r.at};
    int64_t before = 0, light = 0;
    for (run after = next_run(s, r.end); after.at < s->count; r = after, after = next_run(s, r.end)) {
        before += r.weight;
        if (r.weight < f.heavy) light += r.weight;
        const gap g = {after.at, before, r.key, after.key};
        if (r.weight >= f.heavy || after.weight >= f.heavy) {
            if (c.pending) cut_at(&c, c.best);
            cut_at(&c, g);
        } else {
            consider_cut(&c, g, (int64_t)((double)light / f.share + 0.5));
        }
    }
    if (c.pending) cut_at(&c, c.best);
    close_bin(&c, weight);
    return c.count;
}

/* ---- bytes ------------------------------------------------------------------------------------------------------- */

static bw_status bin_feature(bw_context *ctx, void *user, int64_t index, int thread) {
    bin_job *job = user;
    bw_binned *b = job->binned;
    bin_scratch *s = &job->scratch[thread];
    float *cuts = b->cuts + index * BW_MAX_CUTS;
    float table[BW_MAX_CUTS + 1 + BW_TABLE_SLACK] = {0};
    BW_TRY(bw_check(ctx));
    BW_TRY(sort_column(ctx, job, s, (int)index));
    const sorted column = {b->weights ? NULL : s->keys, s->pairs, b->count};
    const int count = place_cuts(&column, b->weight, cuts, b->centres + index * (BW_MAX_CUTS + 1));
    b->cut_count[index] = (uint16_t)count;
    bw_cuts_tabulate(cuts, count, table);
    uint8_t *bytes = b->bytes + index * b->stride;
    for (int p = 0; p < job->samples->part_count; p++) {
        const bw_sample_part *part = &job->samples->parts[p];
        if (!part->count) continue;
        job->kernels->quantise(table, bw_cuts_steps(count), part->columns[index], part->count, bytes);
        bytes += part->count;
    }
    memset(bytes, 0, (size_t)(b->stride - b->count));
    return BW_OK;
}

static bw_status open_scratch(bw_context *ctx, const bw_binned *b, bin_scratch *s) {
    const uint64_t count = (uint64_t)b->count;
    if (b->weights) {
        s->pairs = bw_alloc(ctx, count, sizeof *s->pairs, "sorting a feature");
        s->spare_pairs = bw_alloc(ctx, count, sizeof *s->spare_pairs, "sorting a feature");
        return s->pairs && s->spare_pairs ? BW_OK : BW_ERROR_MEMORY;
    }
    s->keys = bw_alloc(ctx, count, sizeof *s->keys, "sorting a feature");
    s->spare = bw_alloc(ctx, count, sizeof *s->spare, "sorting a feature");
    return s->keys && s->spare ? BW_OK : BW_ERROR_MEMORY;
}

uint64_t bw_binned_size(const bw_binned *b) {
    const uint64_t per_feature = (uint64_t)b->stride + (2 * BW_MAX_CUTS + 1) * sizeof(float) + sizeof *b->cut_count;
    const uint64_t per_sample = sizeof *b->labels + (b->weights ? sizeof *b->weights : 0);
    return (uint64_t)b->features * per_feature + (uint64_t)b->count * per_sample;
}

int bw_affordable_threads(const bw_context *ctx, uint64_t held, uint64_t each) {
    const uint64_t budget = bw_context_memory_budget(ctx), affordable = budget > held ? (budget - held) / each : 0;
    const uint64_t threads = (uint64_t)bw_context_threads(ctx);
    return affordable >= threads ? (int)threads : affordable > 1 ? (int)affordable : 1;
}

static bw_status bin_all(bw_context *ctx, bin_job *job) {
    const uint64_t each =
        (uint64_t)job->binned->count * 2 * (job->binned->weights ? sizeof(uint64_t) : sizeof(uint32_t));
    const int threads = bw_affordable_threads(ctx, bw_binned_size(job->binned), each);
    bw_status status = BW_OK;
    job->scratch = bw_calloc(ctx, (uint64_t)threads, sizeof *job->scratch, "sorting a feature");
    if (!job->scratch) return BW_ERROR_MEMORY;
    for (int t = 0; t < threads && status == BW_OK; t++)
        status = open_scratch(ctx, job->binned, &job->scratch[t]);
    if (status == BW_OK) status = bw_parallel_threads(ctx, threads, job->samples->features, bin_feature, job);
    for (int t = 0; t < threads; t++) {
        bw_free(job->scratch[t].keys);
        bw_free(job->scratch[t].spare);
        bw_free(job->scratch[t].pairs);
        bw_free(job->scratch[t].spare_pairs);
    }
    bw_free(job->scratch);
    return status;
}

/* ---- labels and weights ------------------------------------------------------------------------------------------ */

static bw_status copy_labels(bw_context *ctx, const bw_samples *samples, bw_binned *b) {
    int64_t at = 0;
    for (int p = 0; p < samples->part_count; p++) {
        const bw_sample_part *part = &samples->parts[p];
        for (int64_t i = 0; i < part->count; i++, at++) {
            if (part->labels[i] >= samples->classes) {
                return bw_fail(ctx, BW_ERROR_ARGUMENT, "Sample %lld has class index %d, but there are %d classes.",
                               (long long)at, part->labels[i], samples->classes);
            }
            b->labels[at] = part->labels[i];
        }
    }
    return BW_OK;
}

/* In units of 1 / BW_WEIGHT_ONE; what is above 0 stays above 0. */
static uint32_t fixed_weight(float weight) {
    const uint32_t w = (uint32_t)((double)weight * BW_WEIGHT_ONE + 0.5);
    return w || weight <= 0 ? w : 1;
}

/* Whether any sample's weight is not 1. */
static bw_status check_weights(bw_context *ctx, const bw_samples *samples, int *weighted) {
    int64_t at = 0;
    *weighted = 0;
    for (int p = 0; p < samples->part_count; p++) {
        const bw_sample_part *part = &samples->parts[p];
        for (int64_t i = 0; part->weights && i < part->count; i++) {
            const float w = part->weights[i];
            if (!(w >= 0 && w <= BW_MAX_WEIGHT)) {
                return bw_fail(ctx, BW_ERROR_ARGUMENT, "The weight of sample %lld is %g; it must be from 0 to %d.",
                               (long long)(at + i), (double)w, BW_MAX_WEIGHT);
            }
            *weighted |= w != 1;
        }
        at += part->count;
    }
    return BW_OK;
}

static bw_status copy_weights(bw_context *ctx, const bw_samples *samples, bw_binned *b) {
    int weighted;
    int64_t at = 0;
    b->weight = b->count;
    BW_TRY(check_weights(ctx, samples, &weighted));
    if (!weighted) return BW_OK;
    b->weights = bw_alloc(ctx, (uint64_t)b->count, sizeof *b->weights, "the samples' weights");
    if (!b->weights) return BW_ERROR_MEMORY;
    b->weight = 0;
    for (int p = 0; p < samples->part_count; p++) {
        const bw_sample_part *part = &samples->parts[p];
        for (int64_t i = 0; i < part->count; i++, at++) {
            b->weights[at] = part->weights ? fixed_weight(part->weights[i]) : BW_WEIGHT_ONE;
            b->weight += b->weights[at];
        }
    }
    if (!b->weight)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "All samples have weight 0. Give some of them a larger one.");
    if (b->weight > (int64_t)BW_MAX_SAMPLES * BW_WEIGHT_ONE) {
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "The samples' weights sum to %.0f; they may sum to %d at most.",
                       (double)b->weight / BW_WEIGHT_ONE, BW_MAX_SAMPLES);
    }
    return BW_OK;
}

/* ---- all together ------------------------------------------------------------------------------------------------ */

static bw_status allocate(bw_context *ctx, const bw_samples *samples, bw_binned *b) {
    const uint64_t features = (uint64_t)samples->features;
    b->count = samples->count;
    b->stride = (samples->count + BW_BLOCK - 1) / BW_BLOCK * BW_BLOCK;
    b->features = samples->features;
    b->classes = samples->classes;
    b->labels = bw_alloc(ctx, (uint64_t)b->count, sizeof *b->labels, "the samples");
    b->bytes = bw_alloc(ctx, (uint64_t)b->stride, features, "the samples");
    b->cuts = bw_alloc(ctx, features, BW_MAX_CUTS * sizeof *b->cuts, "thresholds");
    b->centres = bw_alloc(ctx, features, (BW_MAX_CUTS + 1) * sizeof *b->centres, "thresholds");
    b->cut_count = bw_alloc(ctx, features, sizeof *b->cut_count, "thresholds");
    return b->labels && b->bytes && b->cuts && b->centres && b->cut_count ? BW_OK : BW_ERROR_MEMORY;
}

static bw_status fill(bw_context *ctx, const bw_samples *samples, bw_binned *b) {
    bin_job job = {.samples = samples, .binned = b};
    bw_simd level;
    BW_TRY(bw_simd_level(ctx, &level));
    job.kernels = bw_vote_kernels_for(level);
    BW_TRY(allocate(ctx, samples, b));
    BW_TRY(copy_labels(ctx, samples, b));
    BW_TRY(copy_weights(ctx, samples, b));
    return bin_all(ctx, &job);
}

bw_status bw_binned_create(bw_context *ctx, const bw_samples *samples, bw_binned *out) {
    memset(out, 0, sizeof *out);
    const bw_status status = fill(ctx, samples, out);
    if (status != BW_OK) bw_binned_free(out);
    return status;
}

void bw_binned_free(bw_binned *binned) {
    bw_free(binned->labels);
    bw_free(binned->weights);
    bw_free(binned->bytes);
    bw_free(binned->cuts);
    bw_free(binned->centres);
    bw_free(binned->cut_count);
    memset(binned, 0, sizeof *binned);
}
