/* What a training run tells about itself: votes, Gini and permutation importance. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "core/random.h"
#include "forest/grow.h"

enum { CHUNK = 1024, NO_VOTE = 255 };

/* ---- voting on the samples --------------------------------------------------------------------------------------- */

/* What votes on samples need; opened once per call. */
typedef struct panel {
    const bw_growth *growth;
    bw_forest *forest; /* with all cuts: takes the binned bytes */
    bw_simd level;
    int threads;
    const uint8_t **columns; /* per feature */
    uint8_t *scratch;        /* per thread */
    uint64_t scratch_size;
} panel;

static bw_status fill_panel(bw_context *ctx, panel *p) {
    const bw_binned *b = &p->growth->binned;
    BW_TRY(bw_simd_level(ctx, &p->level));
    BW_TRY(bw_growth_assemble(ctx, p->growth, 1, &p->forest));
    p->scratch_size = (bw_forest_scratch_size(p->forest) + 63) / 64 * 64;
    p->columns = bw_alloc(ctx, (uint64_t)b->features, sizeof *p->columns, "voting on samples");
    p->scratch = bw_alloc(ctx, (uint64_t)p->threads, p->scratch_size, "voting on samples");
    if (!p->columns || !p->scratch) return BW_ERROR_MEMORY;
    for (int f = 0; f < b->features; f++)
        p->columns[f] = b->bytes + f * b->stride;
    return BW_OK;
}

static void close_panel(panel *p) {
    bw_forest_free(p->forest);
    bw_free(p->columns);
    bw_free(p->scratch);
}

static bw_status open_panel(bw_context *ctx, const bw_growth *growth, panel *p) {
    *p = (panel){.growth = growth, .level = BW_SIMD_SCALAR, .threads = bw_context_threads(ctx)};
    const bw_status status = fill_panel(ctx, p);
    if (status != BW_OK) close_panel(p);
    return status;
}

static int64_t chunk_size(const panel *p, int64_t first) {
    const int64_t left = p->growth->binned.count - first;
    return left < CHUNK ? left : CHUNK;
}

static void *scratch_of(const panel *p, int thread) {
    return p->scratch + (uint64_t)thread * p->scratch_size;
}

/* ---- votes ------------------------------------------------------------------------------------------------------- */

typedef struct vote_task {
    panel panel;
    const uint8_t *which;
    uint64_t *unwanted; /* bit of each sample, for every tree the same; NULL = none */
    int out_of_bag;
    uint32_t *votes;
} vote_task;

static void clear_unwanted(const vote_task *task, int64_t first, int64_t count) {
    const bw_binned *b = &task->panel.growth->binned;
    for (int k = 0; k < b->classes; k++) {
        uint32_t *votes = task->votes + k * b->count + first;
        for (int64_t i = 0; i < count; i++)
            votes[i] = task->which[first + i] ? votes[i] : 0;
    }
}

static bw_status vote_chunk(bw_context *ctx, void *user, int64_t index, int thread) {
    const vote_task *task = user;
    const panel *p = &task->panel;
    const bw_growth *growth = p->growth;
    const int64_t first = index * CHUNK, count = chunk_size(p, first);
    bw_vote_job job = {.forest = p->forest,
                       .columns = p->columns,
                       .seen = task->out_of_bag ? growth->seen : task->unwanted,
                       .seen_stride = task->out_of_bag ? growth->seen_stride : 0,
                       .first = first,
                       .count = count,
                       .votes = task->votes,
                       .stride = growth->binned.count,
                       .scratch = scratch_of(p, thread)};
    BW_TRY(bw_vote_run(ctx, p->level, &job));
    if (task->which && task->out_of_bag) clear_unwanted(task, first, count);
    return BW_OK;
}

static bw_status mark_unwanted(bw_context *ctx, vote_task *task) {
    const bw_growth *growth = task->panel.growth;
    if (!task->which || task->out_of_bag) return BW_OK;
    task->unwanted = bw_calloc(ctx, (uint64_t)growth->seen_stride, sizeof *task->unwanted, "voting on samples");
    if (!task->unwanted) return BW_ERROR_MEMORY;
    for (int64_t i = 0; i < growth->binned.count; i++)
        task->unwanted[i / BW_BLOCK] |= (uint64_t)!task->which[i] << i % BW_BLOCK;
    return BW_OK;
}

bw_status bw_growth_votes(bw_context *ctx, const bw_growth *growth, const uint8_t *which, int out_of_bag,
                          uint32_t *votes) {
    vote_task task = {.which = which, .out_of_bag = out_of_bag, .votes = votes};
    BW_TRY(open_panel(ctx, growth, &task.panel));
    const int64_t chunks = (growth->binned.count + CHUNK - 1) / CHUNK;
    bw_status status = mark_unwanted(ctx, &task);
    if (status == BW_OK) status = bw_parallel_threads(ctx, task.panel.threads, chunks, vote_chunk, &task);
    bw_free(task.unwanted);
    close_panel(&task.panel);
    return status;
}

/* ---- Gini importance --------------------------------------------------------------------------------------------- */

void bw_growth_gini(const bw_growth *growth, double *importance) {
    const int features = growth->binned.features;
    int64_t total = 0;
    for (int f = 0; f < features; f++)
        total += growth->importance[f];
    for (int f = 0; f < features; f++)
        importance[f] = total > 0 ? (double)growth->importance[f] / (double)total : 0;
}

/* ---- permutation importance -------------------------------------------------------------------------------------- */

/* A permutation of 0..count-1, each place computed by itself: steps that are one to one on `bits` bits, repeated until
 * the result is in range. */
typedef struct shuffle {
    uint64_t count, mask, key[6];
    int shift;
} shuffle;

static shuffle make_shuffle(uint64_t seed, int64_t count, uint64_t counter) {
    shuffle s = {.count = (uint64_t)count, .mask = 1};
    int bits = 1;
    for (; s.mask + 1 < s.count; bits++)
        s.mask = 2 * s.mask + 1;
    s.shift = bits / 2 + 1;
    for (int i = 0; i < 6; i++)
        s.key[i] = bw_random(bw_random(seed, BW_STREAM_SHUFFLE, counter), 0, (uint64_t)i);
    return s;
}

static int64_t shuffled(const shuffle *s, int64_t place) {
    uint64_t x = (uint64_t)place;
    do {
        for (int i = 0; i < 6; i += 2) {
            x = (x * (s->key[i] | 1) + s->key[i + 1]) & s->mask;
            x ^= x >> s->shift;
        }
    } while (x >= s->count);
    return (int64_t)x;
}

/* One thread's counts and room. */
typedef struct juror {
    const uint8_t **columns; /* of the chunk, per feature */
    uint8_t *bytes;          /* [rank of the feature in its group * CHUNK + sample]: permuted */
    uint32_t *votes;         /* [class * CHUNK + sample] */
    int64_t *hits;           /* per group: right winners; behind the last group those without permutation */
    int64_t assessed;
} juror;

typedef struct trial {
    panel panel;
    const int *group_of;
    int groups, repeats;
    int *live; /* groups with a feature that the forest uses */
    int live_count, largest;
    int64_t chunks;
    juror *jurors;
} trial;

static bw_status open_juror(bw_context *ctx, const trial *t, juror *j) {
    const bw_binned *b = &t->panel.growth->binned;
    j->columns = bw_alloc(ctx, (uint64_t)b->features, sizeof *j->columns, "permuting features");
    j->bytes = bw_calloc(ctx, (uint64_t)t->largest + 1, CHUNK, "permuting features");
    j->votes = bw_alloc(ctx, (uint64_t)b->classes, CHUNK * sizeof *j->votes, "permuting features");
    j->hits = bw_calloc(ctx, (uint64_t)t->groups + 1, sizeof *j->hits, "permuting features");
    return j->columns && j->bytes && j->votes && j->hits ? BW_OK : BW_ERROR_MEMORY;
}

static bw_status find_live_groups(bw_context *ctx, trial *t) {
    const bw_forest *forest = t->panel.forest;
    int *sizes = bw_calloc(ctx, (uint64_t)t->groups, sizeof *sizes, "permuting features");
    t->live = bw_alloc(ctx, (uint64_t)t->groups, sizeof *t->live, "permuting features");
    for (int f = 0; sizes && t->live && f < forest->features; f++) {
        if (t->group_of[f] >= 0 && bw_forest_uses(forest, f)) sizes[t->group_of[f]]++;
    }
    for (int g = 0; sizes && t->live && g < t->groups; g++) {
        if (sizes[g]) t->live[t->live_count++] = g;
        if (sizes[g] > t->largest) t->largest = sizes[g];
    }
    const int complete = sizes && t->live;
    bw_free(sizes);
    return complete ? BW_OK : BW_ERROR_MEMORY;
}

/* Points the columns to the chunk's bytes, those of the group (-1 = none) to bytes of other samples. */
static void permute_group(const trial *t, juror *j, int group, const shuffle *s, int64_t first, int64_t count) {
    const bw_growth *growth = t->panel.growth;
    const bw_urn *urn = &growth->plan.urn;
    uint8_t *to = j->bytes;
    for (int f = 0; f < growth->binned.features; f++) {
        const uint8_t *column = t->panel.columns[f];
        j->columns[f] = column + first;
        if (group < 0 || t->group_of[f] != group || !bw_forest_uses(t->panel.forest, f)) continue;
        int64_t rank = bw_urn_rank(urn, first);
        for (int64_t i = 0; i < count && rank < urn->count; i++) {
            if (bw_urn_sample(urn, rank) == first + i) to[i] = column[bw_urn_sample(urn, shuffled(s, rank++))];
        }
        j->columns[f] = to;
        to += CHUNK;
    }
}

static int winner_of(const uint32_t *votes, int classes) {
    int best = 0;
    for (int k = 1; k < classes; k++) {
        if (votes[(int64_t)k * CHUNK] > votes[(int64_t)best * CHUNK]) best = k;
    }
    return votes[(int64_t)best * CHUNK] ? best : NO_VOTE;
}

/* Samples that are not in the urn do not count. */
static void count_hits(const trial *t, juror *j, int group, int64_t first, int64_t count) {
    const bw_binned *b = &t->panel.growth->binned;
    const bw_urn *urn = &t->panel.growth->plan.urn;
    for (int64_t rank = bw_urn_rank(urn, first); rank < urn->count; rank++) {
        const int64_t i = bw_urn_sample(urn, rank) - first;
        if (i >= count) break;
        const int winner = winner_of(j->votes + i, b->classes);
        j->hits[group < 0 ? t->groups : group] += winner == b->labels[first + i];
        if (group < 0) j->assessed += winner != NO_VOTE;
    }
}

/* Tasks: the chunks without permutation, then those of each repeat of each live group. */
static bw_status try_chunk(bw_context *ctx, void *user, int64_t index, int thread) {
    const trial *t = user;
    const bw_growth *growth = t->panel.growth;
    juror *j = &t->jurors[thread];
    const int64_t pass = index / t->chunks - 1, first = index % t->chunks * CHUNK;
    const int group = pass < 0 ? -1 : t->live[pass / t->repeats];
    const int64_t count = chunk_size(&t->panel, first);
    const uint64_t counter = (uint64_t)group * BW_MAX_REPEATS + (uint64_t)(pass < 0 ? 0 : pass % t->repeats);
    const shuffle s = make_shuffle(growth->options.seed, growth->plan.urn.count, counter);
    permute_group(t, j, group, &s, first, count);
    bw_vote_job job = {.forest = t->panel.forest,
                       .columns = j->columns,
                       .seen = growth->seen + first / BW_BLOCK,
                       .seen_stride = growth->seen_stride,
                       .count = count,
                       .votes = j->votes,
                       .stride = CHUNK,
                       .scratch = scratch_of(&t->panel, thread)};
    BW_TRY(bw_vote_run(ctx, t->panel.level, &job));
    count_hits(t, j, group, first, count);
    bw_progress_add(ctx, (double)t->groups * t->repeats / ((double)t->live_count * t->repeats + 1) / (double)t->chunks);
    return BW_OK;
}

static int64_t sum_hits(const trial *t, int group) {
    int64_t sum = 0;
    for (int i = 0; i < t->panel.threads; i++)
        sum += t->jurors[i].hits[group];
    return sum;
}

static void fill_decrease(const trial *t, double *decrease) {
    int64_t assessed = 0;
    for (int i = 0; i < t->panel.threads; i++)
        assessed += t->jurors[i].assessed;
    for (int g = 0; g < t->groups; g++)
        decrease[g] = assessed ? 0 : NAN;
    for (int i = 0; assessed && i < t->live_count; i++) {
        const int64_t lost = sum_hits(t, t->groups) * t->repeats - sum_hits(t, t->live[i]);
        decrease[t->live[i]] = (double)lost / ((double)assessed * t->repeats);
    }
}

static bw_status run_trial(bw_context *ctx, trial *t, double *decrease) {
    BW_TRY(find_live_groups(ctx, t));
    t->jurors = bw_calloc(ctx, (uint64_t)t->panel.threads, sizeof *t->jurors, "permuting features");
    if (!t->jurors) return BW_ERROR_MEMORY;
    for (int i = 0; i < t->panel.threads; i++)
        BW_TRY(open_juror(ctx, t, &t->jurors[i]));
    t->chunks = (t->panel.growth->binned.count + CHUNK - 1) / CHUNK;
    const int64_t passes = 1 + (int64_t)t->live_count * t->repeats;
    BW_TRY(bw_parallel_threads(ctx, t->panel.threads, passes * t->chunks, try_chunk, t));
    fill_decrease(t, decrease);
    return BW_OK;
}

static bw_status check_groups(bw_context *ctx, const bw_growth *growth, const int *group_of, int groups, int repeats) {
    if (repeats < 1 || repeats > BW_MAX_REPEATS) {
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "The number of permutations is %d; it must be from 1 to %d.", repeats,
                       BW_MAX_REPEATS);
    }
    for (int f = 0; f < growth->binned.features; f++) {
        if (group_of[f] >= -1 && group_of[f] < groups) continue;
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "Feature %d belongs to group %d, but there are %d groups.", f,
                       group_of[f], groups);
    }
    return BW_OK;
}

bw_status bw_growth_importance(bw_context *ctx, const bw_growth *growth, const int *group_of, int groups, int repeats,
                               double *decrease) {
    trial t = {.group_of = group_of, .groups = groups, .repeats = repeats};
    BW_TRY(check_groups(ctx, growth, group_of, groups, repeats));
    BW_TRY(open_panel(ctx, growth, &t.panel));
    const bw_status status = run_trial(ctx, &t, decrease);
    for (int i = 0; t.jurors && i < t.panel.threads; i++) {
        bw_free(t.jurors[i].columns);
        bw_free(t.jurors[i].bytes);
        bw_free(t.jurors[i].votes);
        bw_free(t.jurors[i].hits);
    }
    bw_free(t.jurors);
    bw_free(t.live);
    close_panel(&t.panel);
    return status;
}
