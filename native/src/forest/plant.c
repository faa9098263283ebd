/* The trees of a run in parallel: one per thread, or, when there are fewer trees than threads, by parts of trees. */
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "core/random.h"
#include "forest/grow.h"

enum {
    SHOOTS_PER_THREAD = 4, /* parts per thread, so that unequal ones even out */
    SMALLEST_SHOOT = 1024  /* draws below which a part is not worth a task of its own */
};

typedef struct plot {
    bw_growth *growth;
    int first, trees, threads;
    bw_grower *growers; /* per thread */
    bw_bag *bags;       /* per thread, or per tree when trees are grown in parts */
    bw_sprout *sprouts; /* beside the bags */
    bw_bud *buds;       /* parts of trees, of all trees */
    int *tree_of;       /* bud -> tree */
    bw_sprout *shoots;  /* bud -> what grew from it */
    int64_t bud_count;
} plot;

/* ---- steps ------------------------------------------------------------------------------------------------------- */

static bw_status open_grower(bw_context *ctx, const plot *p, int thread, bw_grower **g) {
    *g = &p->growers[thread];
    return (*g)->plan ? BW_OK : bw_grower_open(ctx, &p->growth->plan, *g);
}

static bw_status draw(bw_context *ctx, const plot *p, int64_t tree, bw_bag *bag) {
    const bw_growth *growth = p->growth;
    const uint64_t key = bw_random(growth->options.seed, BW_STREAM_DRAWS, (uint64_t)tree);
    return bw_urn_draw(ctx, &growth->plan.urn, key, bag, growth->seen + tree * growth->seen_stride);
}

/* A whole tree that is yet to be grown. */
static bw_bud seed(const plot *p, int64_t tree, const bw_bag *bag) {
    const uint64_t key = bw_random(p->growth->options.seed, BW_STREAM_NODES, (uint64_t)tree);
    return (bw_bud){.task = {.end = bag->size, .key = key}};
}

/* Integer shares: their sum does not depend on the order of the trees. */
static void share_importance(bw_grower *g, const bw_sprout *sprout) {
    const int features = g->plan->binned->features;
    double total = 0;
    memset(g->decrease, 0, (size_t)features * sizeof *g->decrease);
    for (uint32_t i = 0; i < sprout->node_count; i++) {
        const bw_green_node *n = &sprout->nodes[i];
        if (!bw_node_is_leaf(&n->node)) g->decrease[n->node.feature] += n->gain;
    }
    for (int f = 0; f < features; f++)
        total += (double)g->decrease[f];
    for (int f = 0; total > 0 && f < features; f++)
        g->importance[f] += (int64_t)((double)g->decrease[f] / total * 0x1p40);
}

static bw_status finish(bw_context *ctx, const plot *p, bw_grower *g, int64_t tree, const bw_sprout *sprout) {
    BW_TRY(bw_sprout_store(ctx, sprout, &p->growth->trees[tree]));
    share_importance(g, sprout);
    return BW_OK;
}

/* ---- one tree per thread ----------------------------------------------------------------------------------------- */

static bw_status grow_tree(bw_context *ctx, void *user, int64_t index, int thread) {
    const plot *p = user;
    const int64_t tree = p->first + index;
    bw_bag *bag = &p->bags[thread];
    bw_sprout *sprout = &p->sprouts[thread];
    bw_grower *g;
    BW_TRY(open_grower(ctx, p, thread, &g));
    BW_TRY(draw(ctx, p, tree, bag));
    const bw_bud bud = seed(p, tree, bag);
    sprout->node_count = sprout->vote_count = 0;
    BW_TRY(bw_grow(ctx, g, bag, &bud, 0, sprout));
    BW_TRY(finish(ctx, p, g, tree, sprout));
    bw_progress_add(ctx, 1);
    return BW_OK;
}

/* ---- trees in parts ---------------------------------------------------------------------------------------------- */

/* The upper nodes of a tree. */
static bw_status grow_top(bw_context *ctx, void *user, int64_t index, int thread) {
    const plot *p = user;
    const bw_bag *bag = &p->bags[index];
    bw_grower *g;
    BW_TRY(open_grower(ctx, p, thread, &g));
    const bw_bud bud = seed(p, p->first + index, bag);
    int64_t put_off = bag->size * p->trees / ((int64_t)SHOOTS_PER_THREAD * p->threads);
    if (put_off < SMALLEST_SHOOT) put_off = SMALLEST_SHOOT;
    BW_TRY(bw_grow(ctx, g, &p->bags[index], &bud, put_off, &p->sprouts[index]));
    bw_progress_add(ctx, 0.5);
    return BW_OK;
}

static bw_status draw_for_top(bw_context *ctx, void *user, int64_t index, int thread) {
    const plot *p = user;
    (void)thread;
    return draw(ctx, p, p->first + index, &p->bags[index]);
}

/* One tree after the other, the features of a node in parallel. */
static bw_status grow_tops_in_team(bw_context *ctx, plot *p) {
    const bw_team team = {p->growers, p->threads};
    bw_grower *g;
    for (int thread = 0; thread < p->threads; thread++) {
        BW_TRY(open_grower(ctx, p, thread, &g));
        for (int tree = 0; tree < p->trees; tree++)
            BW_TRY(bw_grower_reserve(ctx, g, p->bags[tree].size));
    }
    p->growers[0].team = &team;
    bw_status status = BW_OK;
    for (int tree = 0; tree < p->trees && status == BW_OK; tree++)
        status = grow_top(ctx, p, tree, 0);
    p->growers[0].team = NULL;
    return status;
}

/* Lists the parts that are left. */
static bw_status list_buds(bw_context *ctx, plot *p) {
    for (int t = 0; t < p->trees; t++)
        p->bud_count += p->sprouts[t].bud_count;
    const uint64_t count = (uint64_t)p->bud_count;
    p->buds = bw_alloc(ctx, count, sizeof *p->buds, "growing trees");
    p->tree_of = bw_alloc(ctx, count, sizeof *p->tree_of, "growing trees");
    p->shoots = bw_calloc(ctx, count, sizeof *p->shoots, "growing trees");
    if (!p->buds || !p->tree_of || !p->shoots) return BW_ERROR_MEMORY;
    int64_t n = 0;
    for (int t = 0; t < p->trees; t++) {
        for (uint32_t b = 0; b < p->sprouts[t].bud_count; b++, n++) {
            p->buds[n] = p->sprouts[t].buds[b];
            p->tree_of[n] = t;
        }
    }
    return BW_OK;
}

static bw_status grow_shoot(bw_context *ctx, void *user, int64_t index, int thread) {
    const plot *p = user;
    bw_bud bud = p->buds[index];
    bw_grower *g;
    BW_TRY(open_grower(ctx, p, thread, &g));
    bud.task.node = 0;
    return bw_grow(ctx, g, &p->bags[p->tree_of[index]], &bud, 0, &p->shoots[index]);
}

static bw_status graft(bw_context *ctx, void *user, int64_t index, int thread) {
    const plot *p = user;
    bw_sprout *sprout = &p->sprouts[index];
    bw_grower *g;
    BW_TRY(open_grower(ctx, p, thread, &g));
    for (int64_t b = 0; b < p->bud_count; b++) {
        if (p->tree_of[b] == index) BW_TRY(bw_sprout_graft(ctx, sprout, &p->buds[b], &p->shoots[b]));
    }
    BW_TRY(finish(ctx, p, g, p->first + index, sprout));
    bw_progress_add(ctx, 0.5);
    return BW_OK;
}

static bw_status grow_in_parts(bw_context *ctx, plot *p) {
    BW_TRY(bw_parallel_threads(ctx, p->threads, p->trees, draw_for_top, p));
    if (2 * p->trees <= p->threads) {
        BW_TRY(grow_tops_in_team(ctx, p));
    } else {
        BW_TRY(bw_parallel_threads(ctx, p->threads, p->trees, grow_top, p));
    }
    BW_TRY(list_buds(ctx, p));
    BW_TRY(bw_parallel_threads(ctx, p->threads, p->bud_count, grow_shoot, p));
    return bw_parallel_threads(ctx, p->threads, p->trees, graft, p);
}

/* ---- all together ------------------------------------------------------------------------------------------------ */

static bw_status grow_all(bw_context *ctx, plot *p) {
    const int sprouts = p->trees < p->threads ? p->trees : p->threads;
    p->growers = bw_calloc(ctx, (uint64_t)p->threads, sizeof *p->growers, "growing trees");
    p->bags = bw_calloc(ctx, (uint64_t)sprouts, sizeof *p->bags, "growing trees");
    p->sprouts = bw_calloc(ctx, (uint64_t)sprouts, sizeof *p->sprouts, "growing trees");
    if (!p->growers || !p->bags || !p->sprouts) return BW_ERROR_MEMORY;
    if (p->trees < p->threads) return grow_in_parts(ctx, p);
    return bw_parallel_threads(ctx, p->threads, p->trees, grow_tree, p);
}

static void add_importance(const plot *p) {
    for (int t = 0; t < p->threads; t++) {
        for (int f = 0; p->growers[t].plan && f < p->growth->binned.features; f++)
            p->growth->importance[f] += p->growers[t].importance[f];
    }
}

static void clear(plot *p) {
    for (int t = 0; p->growers && t < p->threads; t++)
        bw_grower_close(&p->growers[t]);
    for (int t = 0; t < p->trees && t < p->threads; t++) {
        if (p->bags) bw_bag_free(&p->bags[t]);
        if (p->sprouts) bw_sprout_free(&p->sprouts[t]);
    }
    for (int64_t b = 0; p->shoots && b < p->bud_count; b++)
        bw_sprout_free(&p->shoots[b]);
    bw_free(p->growers);
    bw_free(p->bags);
    bw_free(p->sprouts);
    bw_free(p->buds);
    bw_free(p->tree_of);
    bw_free(p->shoots);
}

bw_status bw_plant(bw_context *ctx, bw_growth *growth, int first, int last) {
    const uint64_t masks = (uint64_t)last * (uint64_t)growth->seen_stride * sizeof *growth->seen;
    const uint64_t held = bw_binned_size(&growth->binned) + masks, each = bw_grower_size(&growth->plan);
    plot p = {.growth = growth, .first = first, .trees = last - first};
    p.threads = bw_affordable_threads(ctx, held, each);
    const bw_status status = grow_all(ctx, &p);
    if (status == BW_OK) add_importance(&p);
    clear(&p);
    return status;
}
