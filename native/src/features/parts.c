/* Plans in parts: see bw_feature_plan. */
#include <string.h>

#include "core/alloc.h"
#include "features/features.h"
#include "features/steps.h"

/* ---- which part makes what ------------------------------------------------------------------------------------- */

/* A whole plan being divided; all by step or node of the whole. */
typedef struct bw_division {
    const bw_feature_plan *whole;
    int *part;    /* of a step: the first one in which everything that it needs is there; a kept image is made then */
    int *slot;    /* of a kept node */
    int *feeds;   /* of a step: a kept image is made from it */
    int *wanted;  /* of a step: the part in work needs it */
    int *renamed; /* of a node: its number in the part in work; -1 = not there */
} bw_division;

static int kept(const bw_division *d, int node) {
    return d->whole->nodes[node].kept;
}

/* Steps come behind what they read. */
static int set_parts(const bw_division *d) {
    int last = 0;
    for (int s = 0; s < d->whole->step_count; s++) {
        const bw_step *step = &d->whole->steps[s];
        d->part[s] = 0;
        for (int i = 0; i < step->input_count; i++) {
            const int part = d->part[d->whole->nodes[step->inputs[i]].step] + kept(d, step->inputs[i]);
            if (part > d->part[s]) d->part[s] = part;
        }
        if (kept(d, step->first) && d->part[s] > last) last = d->part[s];
    }
    return last;
}

static void set_feeds(const bw_division *d) {
    for (int s = d->whole->step_count - 1; s >= 0; s--) {
        const bw_step *step = &d->whole->steps[s];
        for (int i = 0; i < step->input_count; i++)
            if (d->feeds[s] || kept(d, step->first)) d->feeds[d->whole->nodes[step->inputs[i]].step] = 1;
    }
}

/* Kept images that only features are made from come last of all: then those on the way to higher levels, which may take
 * as much memory, are no longer there. -> number of parts, with the features'. */
static int postpone(const bw_division *d, int last) {
    int postponed = 0;
    for (int n = 0; n < d->whole->node_count && last > 0; n++) {
        const int s = d->whole->nodes[n].step;
        if (!d->whole->nodes[n].kept || d->part[s] > 0 || d->feeds[s]) continue;
        d->part[s] = last + 1;
        postponed = 1;
    }
    return last + postponed + 2;
}

static void number_slots(const bw_division *d, bw_feature_plan *plan) {
    for (int n = 0; n < plan->node_count; n++) {
        d->slot[n] = -1;
        if (!plan->nodes[n].kept) continue;
        plan->slots[plan->slot_count] = (bw_slot){.made = d->part[plan->nodes[n].step]};
        d->slot[n] = plan->slot_count++;
    }
}

/* ---- a part ---------------------------------------------------------------------------------------------------- */

static int is_last(const bw_feature_plan *plan, const bw_feature_plan *part) {
    return part == &plan->parts[plan->part_count - 1];
}

/* Marks the steps that a part needs; stored images are marked by renamed = 0. */
static void mark_needed(const bw_division *d, const bw_feature_plan *plan, int index) {
    const int features = index == plan->part_count - 1;
    memset(d->wanted, 0, (size_t)plan->step_count * sizeof *d->wanted);
    for (int n = 0; n < plan->node_count; n++) {
        d->renamed[n] = -1;
        if (plan->nodes[n].kept && !features && plan->slots[d->slot[n]].made == index)
            d->wanted[plan->nodes[n].step] = 1;
    }
    for (int e = 0; e < plan->emission_count && features; e++)
        d->wanted[plan->nodes[plan->emissions[e].node].step] = 1;
    for (int s = plan->step_count - 1; s >= 0; s--)
        for (int i = 0; i < plan->steps[s].input_count && d->wanted[s]; i++) {
            const int in = plan->steps[s].inputs[i];
            if (plan->nodes[in].kept)
                d->renamed[in] = 0;
            else
                d->wanted[plan->nodes[in].step] = 1;
        }
}

static bw_status make_room(bw_context *ctx, const bw_division *d, const bw_feature_plan *plan, bw_feature_plan *part) {
    uint64_t steps = 1, nodes = 1;
    for (int n = 0; n < plan->node_count; n++) {
        const int made = d->wanted[plan->nodes[n].step], read = d->renamed[n] >= 0;
        steps += (uint64_t)(read + (made && plan->steps[plan->nodes[n].step].first == n));
        nodes += (uint64_t)(read + made);
    }
    part->is_part = 1;
    part->kernels = plan->kernels;
    part->kernel_count = plan->kernel_count;
    part->steps = bw_calloc(ctx, steps, sizeof *part->steps, "a feature plan");
    part->nodes = bw_calloc(ctx, nodes, sizeof *part->nodes, "a feature plan");
    if (!part->steps || !part->nodes) return BW_ERROR_MEMORY;
    if (!is_last(plan, part)) return BW_OK;
    part->emissions = bw_calloc(ctx, (uint64_t)plan->emission_count, sizeof *part->emissions, "a feature plan");
    return part->emissions ? BW_OK : BW_ERROR_MEMORY;
}

/* Images of the whole, as they begin in a part. */
static int copy_nodes(const bw_division *d, bw_feature_plan *part, int first, int count) {
    const int renamed = part->node_count;
    for (int n = first; n < first + count; n++) {
        bw_node *node = &part->nodes[part->node_count];
        *node = d->whole->nodes[n];
        memset(node->margin, 0, sizeof node->margin);
        memset(node->edge, 0, sizeof node->edge);
        memset(node->inner, 0, sizeof node->inner);
        node->step = part->step_count;
        node->slot = d->slot[n];
        node->buffer = -1;
        d->renamed[n] = part->node_count++;
    }
    return renamed;
}

static void add_stored(const bw_division *d, bw_feature_plan *plan, bw_feature_plan *part, int index) {
    for (int n = 0; n < plan->node_count; n++) {
        if (d->renamed[n] < 0) continue;
        const bw_step step = {.kind = &bw_kind_stored,
                              .first = copy_nodes(d, part, n, 1),
                              .outputs = 1,
                              .dims = plan->steps[plan->nodes[n].step].dims,
                              .kernel = -1};
        part->steps[part->step_count++] = step;
        part->stored++;
        plan->slots[d->slot[n]].last = index;
    }
}

static void add_step(const bw_division *d, bw_feature_plan *plan, bw_feature_plan *part, int s) {
    const bw_step *from = &plan->steps[s];
    bw_step step = *from;
    for (int i = 0; i < step.input_count; i++)
        step.inputs[i] = d->renamed[from->inputs[i]];
    step.first = copy_nodes(d, part, from->first, from->outputs);
    if (kept(d, from->first)) plan->slots[d->slot[from->first]].node = step.first;
    part->steps[part->step_count++] = step;
}

/* Batch by batch, as the whole was put into order. */
static bw_status add_steps(bw_context *ctx, const bw_division *d, bw_feature_plan *plan, bw_feature_plan *part) {
    for (int s = 0, first = part->step_count; s < plan->step_count; s++) {
        if (d->wanted[s]) add_step(d, plan, part, s);
        if (s + 1 < plan->step_count && plan->steps[s + 1].batch == plan->steps[s].batch) continue;
        if (part->step_count > first) BW_TRY(bw_plan_schedule(ctx, part, first));
        first = part->step_count;
    }
    return BW_OK;
}

static bw_status make_part(bw_context *ctx, const bw_division *d, bw_feature_plan *plan, int index) {
    bw_feature_plan *part = &plan->parts[index];
    mark_needed(d, plan, index);
    BW_TRY(make_room(ctx, d, plan, part));
    add_stored(d, plan, part, index);
    BW_TRY(add_steps(ctx, d, plan, part));
    for (int e = 0; e < plan->emission_count && is_last(plan, part); e++)
        part->emissions[part->emission_count++] =
            (bw_emission){d->renamed[plan->emissions[e].node], plan->emissions[e].index};
    return BW_OK;
}

/* ---- margins across parts -------------------------------------------------------------------------------------- */

/* What a part reads of kept images beyond the frame, the part that makes them computes at the frame's ends. */
static void want_edges(bw_feature_plan *plan, const bw_feature_plan *part) {
    for (int s = 0; s < part->stored; s++) {
        const bw_node *node = &part->nodes[part->steps[s].first];
        const bw_slot *slot = &plan->slots[node->slot];
        bw_node *made = &plan->parts[slot->made].nodes[slot->node];
        for (int axis = 0; axis < 3; axis++)
            if (!node->cut[axis] && node->edge[axis] > made->edge[axis]) made->edge[axis] = node->edge[axis];
    }
}

static bw_status divide(bw_context *ctx, const bw_division *d, bw_feature_plan *plan) {
    set_feeds(d);
    plan->part_count = postpone(d, set_parts(d));
    plan->parts = bw_calloc(ctx, (uint64_t)plan->part_count, sizeof *plan->parts, "a feature plan");
    plan->slots = bw_calloc(ctx, (uint64_t)plan->node_count, sizeof *plan->slots, "a feature plan");
    if (!plan->parts || !plan->slots) {
        plan->part_count = 0;
        return BW_ERROR_MEMORY;
    }
    number_slots(d, plan);
    for (int p = 0; p < plan->part_count; p++)
        BW_TRY(make_part(ctx, d, plan, p));
    for (int p = plan->part_count - 1; p >= 0; p--) {
        BW_TRY(bw_plan_finish(ctx, &plan->parts[p]));
        want_edges(plan, &plan->parts[p]);
    }
    return BW_OK;
}

bw_status bw_plan_divide(bw_context *ctx, bw_feature_plan *plan) {
    const uint64_t steps = (uint64_t)plan->step_count + 1, nodes = (uint64_t)plan->node_count + 1;
    int any = 0;
    for (int n = 0; n < plan->node_count; n++)
        any |= plan->nodes[n].kept;
    if (!any) return BW_OK;
    const bw_division d = {.whole = plan,
                           .part = bw_calloc(ctx, steps, sizeof(int), "a feature plan"),
                           .slot = bw_calloc(ctx, nodes, sizeof(int), "a feature plan"),
                           .feeds = bw_calloc(ctx, steps, sizeof(int), "a feature plan"),
                           .wanted = bw_calloc(ctx, steps, sizeof(int), "a feature plan"),
                           .renamed = bw_calloc(ctx, nodes, sizeof(int), "a feature plan")};
    bw_status status = d.part && d.slot && d.feeds && d.wanted && d.renamed ? BW_OK : BW_ERROR_MEMORY;
    if (status == BW_OK) status = divide(ctx, &d, plan);
    bw_free(d.part);
    bw_free(d.slot);
    bw_free(d.feeds);
    bw_free(d.wanted);
    bw_free(d.renamed);
    return status;
}

const bw_step_kind bw_kind_stored = {"stored", NULL, NULL, NULL};

/* ---- the store ------------------------------------------------------------------------------------------------- */

int bw_feature_plan_part_count(const bw_feature_plan *plan) {
    return plan->part_count;
}

const bw_feature_plan *bw_feature_plan_part(const bw_feature_plan *plan, int part) {
    return &plan->parts[part];
}

static const bw_box nowhere = {{INT64_MAX, INT64_MAX, INT64_MAX}, {INT64_MIN, INT64_MIN, INT64_MIN}};

/* The pixels of the frame in which a box of a grid lies. */
static bw_box on_pixels(const bw_box *box, const bw_node *node, const int64_t size[3]) {
    bw_box pixels;
    for (int axis = 0; axis < 3; axis++) {
        const int64_t step = (int64_t)1 << node->level[axis];
        pixels.lo[axis] = box->lo[axis] > 0 ? box->lo[axis] * step : 0;
        pixels.hi[axis] = box->hi[axis] * step < size[axis] ? box->hi[axis] * step : size[axis];
    }
    return pixels;
}

void bw_feature_plan_alignment(const bw_feature_plan *plan, int part, int64_t pixels[3]) {
    for (int axis = 0; axis < 3; axis++) {
        int level = 0;
        for (int k = 0; k < plan->slot_count; k++) {
            const bw_slot *slot = &plan->slots[k];
            const int own = plan->parts[slot->made].nodes[slot->node].level[axis];
            if (slot->made == part && own > level) level = own;
        }
        pixels[axis] = (int64_t)1 << level;
    }
}

/* Where a part's tiles must lie so that they make what later parts read; boxes[k]: what these read of slot k. */
static bw_box part_region(const bw_feature_plan *plan, int part, const bw_box *boxes, const int64_t size[3]) {
    bw_box region = nowhere;
    int64_t step[3];
    for (int k = 0; k < plan->slot_count; k++) {
        if (plan->slots[k].made != part) continue;
        const bw_box pixels = on_pixels(&boxes[k], &plan->parts[part].nodes[plan->slots[k].node], size);
        bw_box_hull(&region, &pixels);
    }
    bw_feature_plan_alignment(plan, part, step);
    for (int axis = 0; axis < 3; axis++)
        region.lo[axis] -= region.lo[axis] % step[axis];
    return region;
}

void bw_feature_plan_regions(const bw_feature_plan *plan, const bw_box *region, const int64_t size[3], bw_box *parts,
                             bw_box *slots) {
    for (int k = 0; k < plan->slot_count; k++)
        slots[k] = nowhere;
    for (int p = plan->part_count - 1; p >= 0; p--) {
        const bw_feature_plan *part = &plan->parts[p];
        parts[p] = is_last(plan, part) ? *region : part_region(plan, p, slots, size);
        for (int k = 0; k < plan->slot_count; k++)
            if (plan->slots[k].made == p && !is_last(plan, part))
                slots[k] = bw_node_box(&part->nodes[plan->slots[k].node], &parts[p], size);
        for (int s = 0; s < part->stored; s++) {
            const bw_node *node = &part->nodes[part->steps[s].first];
            const bw_box read = bw_node_box(node, &parts[p], size);
            bw_box_hull(&slots[node->slot], &read);
        }
    }
}

static int64_t slot_bytes(const bw_feature_plan *plan, int slot, const bw_box *box) {
    const bw_node *node = &plan->parts[plan->slots[slot].made].nodes[plan->slots[slot].node];
    const bw_view view = bw_view_padded(NULL, node->precision, box);
    return bw_line_up(bw_view_bytes(&view));
}

int64_t bw_feature_plan_store(const bw_feature_plan *plan, const bw_box *slots) {
    int64_t most = 0;
    for (int p = 0; p < plan->part_count; p++) {
        int64_t bytes = 0;
        for (int k = 0; k < plan->slot_count; k++)
            if (plan->slots[k].made <= p && plan->slots[k].last >= p) bytes += slot_bytes(plan, k, &slots[k]);
        if (bytes > most) most = bytes;
    }
    return most;
}

bw_status bw_store_begin(bw_context *ctx, const bw_feature_plan *plan, int part, const bw_box *slots, bw_view *store) {
    for (int k = 0; k < plan->slot_count; k++)
        if (plan->slots[k].last < part) {
            bw_free(store[k].data);
            store[k].data = NULL;
        }
    for (int k = 0; k < plan->slot_count; k++) {
        const bw_slot *slot = &plan->slots[k];
        if (slot->made != part) continue;
        const bw_precision precision = plan->parts[part].nodes[slot->node].precision;
        store[k] = bw_view_padded(NULL, precision, &slots[k]);
        store[k].data = bw_alloc(ctx, (uint64_t)bw_view_bytes(&store[k]), 1, "images of large sigmas");
        if (!store[k].data) return BW_ERROR_MEMORY;
    }
    return BW_OK;
}

void bw_store_end(const bw_feature_plan *plan, bw_view *store) {
    for (int k = 0; k < plan->slot_count; k++) {
        bw_free(store[k].data);
        store[k].data = NULL;
    }
}
