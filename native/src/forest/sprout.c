/* Trees while they grow: nodes, leaves, parts that are grown apart, and the final order. */
#include <string.h>

#include "core/alloc.h"
#include "forest/node.h"

/* Room for `more` entries behind the first `count`. */
static bw_status reserve(bw_context *ctx, void **list, uint32_t count, uint32_t *capacity, uint32_t more, size_t size) {
    if (*capacity - count >= more) return BW_OK;
    const uint64_t wanted = 2 * (uint64_t)*capacity + (more > 1024 ? more : 1024);
    if (wanted > UINT32_MAX) return bw_fail(ctx, BW_ERROR_MEMORY, "A tree is too large; set a larger min_leaf.");
    void *larger = bw_realloc(ctx, *list, wanted, size, "a tree");
    if (!larger) return BW_ERROR_MEMORY;
    *list = larger;
    *capacity = (uint32_t)wanted;
    return BW_OK;
}

bw_status bw_sprout_add_nodes(bw_context *ctx, bw_sprout *s, uint32_t more, uint32_t *first) {
    void *nodes = s->nodes;
    BW_TRY(reserve(ctx, &nodes, s->node_count, &s->node_capacity, more, sizeof *s->nodes));
    s->nodes = nodes;
    *first = s->node_count;
    s->node_count += more;
    return BW_OK;
}

bw_status bw_sprout_add_bud(bw_context *ctx, bw_sprout *s, const bw_task *task, const bw_lanes *lanes) {
    void *buds = s->buds;
    BW_TRY(reserve(ctx, &buds, s->bud_count, &s->bud_capacity, 1, sizeof *s->buds));
    s->buds = buds;
    s->buds[s->bud_count] = (bw_bud){.task = *task};
    if (lanes) s->buds[s->bud_count].lanes = *lanes;
    s->bud_count++;
    return BW_OK;
}

/* Votes in proportion to the class weights, rounded by largest remainder, ties to the lower class. */
static void share_votes(const bw_tally *t, uint16_t *votes) {
    int64_t rest[BW_MAX_CLASSES];
    int left = BW_LEAF_VOTES;
    for (int c = 0; c < t->classes; c++) {
        votes[c] = (uint16_t)(t->counts[c] * BW_LEAF_VOTES / t->weight);
        rest[c] = t->counts[c] * BW_LEAF_VOTES % t->weight;
        left -= votes[c];
    }
    for (; left > 0; left--) {
        int most = 0;
        for (int c = 1; c < t->classes; c++)
            most = rest[c] > rest[most] ? c : most;
        votes[most]++;
        rest[most] = -1;
    }
}

bw_status bw_sprout_leaf(bw_context *ctx, bw_sprout *s, const bw_tally *t, uint32_t node) {
    uint16_t votes[BW_MAX_CLASSES];
    void *list = s->votes;
    share_votes(t, votes);
    for (int c = 0; c < t->classes; c++) {
        if (votes[c] < BW_LEAF_VOTES) continue;
        s->nodes[node].node = (bw_node){0, 0, t->label_of[c], BW_NODE_PURE};
        return BW_OK;
    }
    BW_TRY(reserve(ctx, &list, s->vote_count, &s->vote_capacity, (uint32_t)t->classes, sizeof *s->votes));
    s->votes = list;
    bw_node leaf = {s->vote_count, 0, 0, BW_NODE_MIXED};
    for (int c = 0; c < t->classes; c++) {
        if (!votes[c]) continue;
        s->votes[s->vote_count++] = (bw_leaf_vote){votes[c], t->label_of[c]};
        leaf.feature++;
    }
    s->nodes[node].node = leaf;
    return BW_OK;
}

bw_status bw_sprout_split(bw_context *ctx, bw_sprout *s, const bw_task *t, const bw_split *split, uint8_t threshold,
                          double gain, bw_task child[2]) {
    uint32_t first = 0;
    BW_TRY(bw_sprout_add_nodes(ctx, s, 2, &first));
    s->nodes[t->node].node = (bw_node){first, (uint16_t)split->feature, threshold, 0};
    s->nodes[t->node].gain = (int64_t)(gain * 0x1p30);
    child[0] = (bw_task){.node = first, .depth = t->depth + 1};
    child[1] = (bw_task){.node = first + 1, .depth = t->depth + 1};
    return BW_OK;
}

/* ---- whole trees ------------------------------------------------------------------------------------------------- */

void bw_sprout_free(bw_sprout *s) {
    bw_free(s->nodes);
    bw_free(s->votes);
    bw_free(s->buds);
    memset(s, 0, sizeof *s);
}

/* Nodes and votes of the shoot go behind those of the sprout, but for its root, which takes the bud's place. */
bw_status bw_sprout_graft(bw_context *ctx, bw_sprout *s, const bw_bud *bud, const bw_sprout *shoot) {
    const uint32_t votes_before = s->vote_count;
    uint32_t first = 0;
    void *votes = s->votes;
    BW_TRY(bw_sprout_add_nodes(ctx, s, shoot->node_count - 1, &first));
    BW_TRY(reserve(ctx, &votes, s->vote_count, &s->vote_capacity, shoot->vote_count, sizeof *s->votes));
    s->votes = votes;
    s->vote_count += shoot->vote_count;
    if (shoot->vote_count) memcpy(s->votes + votes_before, shoot->votes, shoot->vote_count * sizeof *s->votes);
    for (uint32_t i = 0; i < shoot->node_count; i++) {
        bw_green_node n = shoot->nodes[i];
        if (n.node.flags & BW_NODE_MIXED) n.node.next += votes_before;
        if (!bw_node_is_leaf(&n.node)) n.node.next += first - 1;
        s->nodes[i ? first + i - 1 : bud->task.node] = n;
    }
    return BW_OK;
}

static bw_status copy_nodes(bw_context *ctx, const bw_sprout *s, uint32_t *order, bw_tree *out) {
    uint32_t tail = 1;
    order[0] = 0;
    for (uint32_t i = 0; i < s->node_count; i++) {
        bw_node n = s->nodes[order[i]].node;
        if (n.flags & BW_NODE_MIXED) {
            memcpy(out->votes + out->vote_count, s->votes + n.next, n.feature * sizeof *out->votes);
            n.next = out->vote_count;
            out->vote_count += n.feature;
        } else if (!bw_node_is_leaf(&n)) {
            n.flags = (uint8_t)((bw_node_is_leaf(&s->nodes[n.next].node) ? BW_NODE_LEFT_LEAF : 0) |
                                (bw_node_is_leaf(&s->nodes[n.next + 1].node) ? BW_NODE_RIGHT_LEAF : 0));
            order[tail] = n.next;
            order[tail + 1] = n.next + 1;
            n.next = tail;
            tail += 2;
        }
        out->nodes[i] = n;
    }
    out->node_count = s->node_count;
    return bw_check(ctx);
}

/* Breadth first, with flags that tell which children are leaves. */
bw_status bw_sprout_store(bw_context *ctx, const bw_sprout *s, bw_tree *out) {
    uint32_t *order = bw_alloc(ctx, s->node_count, sizeof *order, "a tree");
    out->nodes = bw_alloc(ctx, s->node_count, sizeof *out->nodes, "a tree");
    out->votes = bw_alloc(ctx, s->vote_count, sizeof *out->votes, "the leaves of a tree");
    const bw_status status = order && out->nodes && out->votes ? copy_nodes(ctx, s, order, out) : BW_ERROR_MEMORY;
    bw_free(order);
    return status;
}
