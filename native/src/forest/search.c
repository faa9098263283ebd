/* The search for the split of a node among mtry features that vary in it, by one thread or by a team. */
#include "core/parallel.h"
#include "core/random.h"
#include "forest/node.h"

enum { CHECK_EVERY = 65536 }; /* draws between two looks at the cancel flag */

static void swap(uint16_t *a, uint16_t *b) {
    const uint16_t kept = *a;
    *a = *b;
    *b = kept;
}

/* Where the drawn-th feature of a node comes from: a place from `drawn` on. */
static int pick(const bw_plan *plan, uint64_t key, int drawn) {
    const uint64_t random = bw_random(key, BW_KEY_FEATURES, (uint64_t)drawn);
    return drawn + (int)bw_random_below(random, (uint32_t)(plan->feature_count - drawn));
}

static int goes_on(const bw_plan *plan, const bw_search *s) {
    return s->drawn < plan->feature_count && s->tried < plan->options.mtry && s->best.score < s->perfect;
}

static uint16_t draw_feature(bw_grower *g, uint64_t key, int drawn) {
    swap(&g->order[drawn], &g->order[pick(g->plan, key, drawn)]);
    return g->order[drawn];
}

static int try_feature(bw_grower *g, const bw_search *s, int drawn, uint16_t feature, bw_split *best) {
    const uint64_t random = g->plan->options.extra ? bw_random(s->task->key, BW_KEY_CUTS, (uint64_t)drawn) : 0;
    return s->attempt(g, s->node, feature, random, best);
}

/* Features that a team tries at the same time. */
typedef struct round {
    const bw_team *team;
    const bw_search *search;
    const uint16_t *features;
    bw_slab *slab;
    bw_split *found; /* by place in the round */
    int *varied;
} round;

static bw_status try_in_team(bw_context *ctx, void *user, int64_t index, int thread) {
    const round *r = user;
    bw_grower *g = &r->team->growers[thread];
    const int drawn = r->search->drawn + (int)index;
    (void)ctx;
    g->slab = r->slab;
    r->found[index] = (bw_split){0, -1, 0, 0, 0};
    r->varied[index] = try_feature(g, r->search, drawn, r->features[index], &r->found[index]);
    return BW_OK;
}

enum { ROUND = 64 };

/* As many features at once as are sure to be tried; looked at in the order of their drawing, so that the result is that
 * of one thread. */
static bw_status try_round(bw_context *ctx, bw_grower *g, bw_search *s) {
    bw_split found[ROUND];
    int varied[ROUND], size = g->plan->options.mtry - s->tried;
    round r = {g->team, s, g->order + s->drawn, g->slab, found, varied};
    if (size > g->plan->feature_count - s->drawn) size = g->plan->feature_count - s->drawn;
    if (size > ROUND) size = ROUND;
    for (int i = 0; i < size; i++)
        draw_feature(g, s->task->key, s->drawn + i);
    BW_TRY(bw_parallel_threads(ctx, g->team->threads, size, try_in_team, &r));
    for (int i = 0; i < size; i++) {
        if (found[i].score > s->best.score && s->best.score < s->perfect) s->best = found[i];
        s->tried += varied[i];
    }
    s->drawn += size;
    return BW_OK;
}

bw_status bw_search_run(bw_context *ctx, bw_grower *g, bw_search *s) {
    bw_status status = bw_check(ctx);
    s->best.feature = -1;
    while (status == BW_OK && goes_on(g->plan, s)) {
        if (g->team) {
            status = try_round(ctx, g, s);
            continue;
        }
        if (s->task->end - s->task->begin >= CHECK_EVERY) status = bw_check(ctx);
        s->tried += try_feature(g, s, s->drawn, draw_feature(g, s->task->key, s->drawn), &s->best);
        s->drawn++;
    }
    while (s->drawn-- > 0) /* the next node draws from the same order */
        swap(&g->order[s->drawn], &g->order[pick(g->plan, s->task->key, s->drawn)]);
    return status;
}

int bw_random_cut(const bw_plan *plan, int feature, int low, int high, uint64_t random) {
    const float *centres = plan->binned->centres + (int64_t)feature * BW_BINS;
    const double from = (double)centres[low], to = (double)centres[high];
    const double x = from + (to - from) * ((double)(random >> 11) * 0x1p-53);
    while (low + 1 < high) { /* the value at `low` is at most x */
        const int middle = (low + high) / 2;
        if ((double)centres[middle] <= x) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

uint8_t bw_place_threshold(const bw_binned *b, const bw_split *s) {
    const float *centres = b->centres + (int64_t)s->feature * BW_BINS;
    const double middle = ((double)centres[s->low] + (double)centres[s->high]) * 0.5;
    int bin = s->low;
    while (bin + 1 < s->high && (double)centres[bin + 1] <= middle)
        bin++;
    return (uint8_t)bin;
}
