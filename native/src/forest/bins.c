/* Turns columns of floats into bytes: at most 256 bins per feature with about equally many samples each. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "forest/grow.h"

/* Scratch of one thread: the column's values as sortable integers. */
typedef struct bin_scratch {
    uint32_t *keys, *spare;
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

static void sort_pass(const uint32_t *from, uint32_t *to, int64_t count, int shift, uint32_t *starts) {
    uint32_t sum = 0;
    for (int i = 0; i < 2048; i++) {
        const uint32_t n = starts[i];
        starts[i] = sum;
        sum += n;
    }
    for (int64_t i = 0; i < count; i++)
        to[starts[from[i] >> shift & 2047]++] = from[i];
}

/* Leaves the sorted keys in s->keys. */
static bw_status sort_column(bw_context *ctx, bin_scratch *s, const float *values, int64_t count, int feature) {
    memset(s->counts, 0, sizeof s->counts);
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) {
            return bw_fail(ctx, BW_ERROR_ARGUMENT,
                           "Feature %d of sample %lld is not a finite number. Exclude such "
                           "samples from training.",
                           feature, (long long)i);
        }
        const uint32_t key = key_of(values[i]);
        s->keys[i] = key;
        s->counts[0][key & 2047]++;
        s->counts[1][key >> 11 & 2047]++;
        s->counts[2][key >> 22]++;
    }
    for (int pass = 0; pass < 3; pass++) {
        BW_TRY(bw_check(ctx));
        sort_pass(s->keys, s->spare, count, 11 * pass, s->counts[pass]);
        uint32_t *sorted = s->spare;
        s->spare = s->keys;
        s->keys = sorted;
    }
    return BW_OK;
}

/* A float t with lower <= t < upper, as near to the middle as there is. */
static float between(float lower, float upper) {
    const float middle = (float)(((double)lower + (double)upper) * 0.5);
    return middle >= lower && middle < upper ? middle : lower;
}

/* The next run of equal keys, from `at` on. */
static int64_t run_end(const uint32_t *keys, int64_t at, int64_t count) {
    const uint32_t key = keys[at];
    while (at < count && keys[at] == key)
        at++;
    return at;
}

/* How bins are filled. Values with more samples than an average bin get bins of their own, the others share what is
 * left evenly: one cut at the widest gap within half a bin of each ideal end, so that bins bridge no wide gaps. */
typedef struct filling {
    int64_t heavy; /* runs of this length get their own bin */
    double share;  /* samples per bin of the others */
} filling;

static filling plan_bins(const uint32_t *keys, int64_t count) {
    const int64_t heavy = count / (BW_MAX_CUTS + 1) + 1;
    int64_t distinct = 0, light = count, bins = BW_MAX_CUTS - 1;
    for (int64_t at = 0, end; at < count; at = end, distinct++) {
        end = run_end(keys, at, count);
        if (end - at < heavy) continue;
        light -= end - at;
        bins -= 3; /* cuts on both sides, and one window becomes two */
    }
    if (distinct <= BW_MAX_CUTS + 1) return (filling){1, 1};
    return (filling){heavy, (double)light / (double)(bins > 1 ? bins : 1)};
}

/* The cuts found so far and the best one of the current window. */
typedef struct cutter {
    const uint32_t *keys;
    float *cuts, *centres;
    int64_t start; /* first sample of the open bin */
    int count;
    int64_t pending, window; /* 0 = none */
    double gap;
} cutter;

static void cut_before(cutter *c, int64_t at) {
    c->pending = 0;
    if (c->count == BW_MAX_CUTS) return;
    c->cuts[c->count] = between(value_of(c->keys[at - 1]), value_of(c->keys[at]));
    c->centres[c->count++] = value_of(c->keys[c->start + (at - c->start) / 2]);
    c->start = at;
}

static void consider_cut(cutter *c, int64_t at, int64_t window) {
    const double gap = (double)value_of(c->keys[at]) - (double)value_of(c->keys[at - 1]);
    if (c->pending && window != c->window) cut_before(c, c->pending);
    if (c->pending && gap <= c->gap) return;
    c->pending = at;
    c->window = window;
    c->gap = gap;
}

/* Cuts between runs of equal values, and a value in the middle of each bin. Returns the number of cuts. */
static int place_cuts(const uint32_t *keys, int64_t count, float *cuts, float *centres) {
    const filling f = plan_bins(keys, count);
    cutter c = {.keys = keys, .cuts = cuts, .centres = centres};
    int64_t at = 0, end = run_end(keys, 0, count), light = 0;
    while (end < count) {
        const int64_t run = end - at, after = run_end(keys, end, count);
        if (run < f.heavy) light += run;
        const int64_t window = (int64_t)((double)light / f.share + 0.5);
        if (run >= f.heavy || after - end >= f.heavy) {
            if (c.pending) cut_before(&c, c.pending);
            cut_before(&c, end);
        } else {
            consider_cut(&c, end, window);
        }
        at = end;
        end = after;
    }
    if (c.pending) cut_before(&c, c.pending);
    centres[c.count] = value_of(keys[c.start + (count - c.start) / 2]);
    return c.count;
}

static bw_status bin_feature(bw_context *ctx, void *user, int64_t index, int thread) {
    bin_job *job = user;
    bw_binned *b = job->binned;
    bin_scratch *s = &job->scratch[thread];
    float *cuts = b->cuts + index * BW_MAX_CUTS;
    float table[BW_MAX_CUTS + 1 + BW_TABLE_SLACK] = {0};
    BW_TRY(bw_check(ctx));
    BW_TRY(sort_column(ctx, s, job->samples->values[index], b->count, (int)index));
    const int count = place_cuts(s->keys, b->count, cuts, b->centres + index * (BW_MAX_CUTS + 1));
    b->cut_count[index] = (uint16_t)count;
    bw_cuts_tabulate(cuts, count, table);
    uint8_t *bytes = b->bytes + index * b->stride;
    job->kernels->quantise(table, bw_cuts_steps(count), job->samples->values[index], b->count, bytes);
    memset(bytes + b->count, 0, (size_t)(b->stride - b->count));
    return BW_OK;
}

static bw_status bin_all(bw_context *ctx, bin_job *job, int threads) {
    const uint64_t count = (uint64_t)job->samples->count;
    for (int t = 0; t < threads; t++) {
        job->scratch[t].keys = bw_alloc(ctx, count, sizeof(uint32_t), "sorting a feature");
        job->scratch[t].spare = bw_alloc(ctx, count, sizeof(uint32_t), "sorting a feature");
        if (!job->scratch[t].keys || !job->scratch[t].spare) return BW_ERROR_MEMORY;
    }
    return bw_parallel(ctx, job->samples->features, bin_feature, job);
}

static bw_status allocate(bw_context *ctx, const bw_samples *samples, bw_binned *b) {
    const uint64_t features = (uint64_t)samples->features;
    b->count = samples->count;
    b->stride = (samples->count + BW_BLOCK - 1) / BW_BLOCK * BW_BLOCK;
    b->features = samples->features;
    b->classes = samples->classes;
    b->labels = samples->labels;
    b->bytes = bw_alloc(ctx, (uint64_t)b->stride, features, "the samples");
    b->cuts = bw_alloc(ctx, features, BW_MAX_CUTS * sizeof *b->cuts, "thresholds");
    b->centres = bw_alloc(ctx, features, (BW_MAX_CUTS + 1) * sizeof *b->centres, "thresholds");
    b->cut_count = bw_alloc(ctx, features, sizeof *b->cut_count, "thresholds");
    return b->bytes && b->cuts && b->centres && b->cut_count ? BW_OK : BW_ERROR_MEMORY;
}

bw_status bw_binned_create(bw_context *ctx, const bw_samples *samples, bw_binned *out) {
    const int threads = bw_context_threads(ctx);
    bin_job job = {.samples = samples, .binned = out};
    bw_simd level;
    memset(out, 0, sizeof *out);
    BW_TRY(bw_simd_level(ctx, &level));
    job.kernels = bw_vote_kernels_for(level);
    bw_status status = allocate(ctx, samples, out);
    if (status == BW_OK) {
        job.scratch = bw_calloc(ctx, (uint64_t)threads, sizeof *job.scratch, "sorting a feature");
        status = job.scratch ? bin_all(ctx, &job, threads) : BW_ERROR_MEMORY;
    }
    for (int t = 0; job.scratch && t < threads; t++) {
        bw_free(job.scratch[t].keys);
        bw_free(job.scratch[t].spare);
    }
    bw_free(job.scratch);
    if (status != BW_OK) bw_binned_free(out);
    return status;
}

void bw_binned_free(bw_binned *binned) {
    bw_free(binned->bytes);
    bw_free(binned->cuts);
    bw_free(binned->centres);
    bw_free(binned->cut_count);
    memset(binned, 0, sizeof *binned);
}
