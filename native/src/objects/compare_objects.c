/* Scores of objects from the pairs of labels of a frame. */
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/math.h"
#include "objects/compare.h"

/* An object is cut into parts when two or more cover more than 1 / PART of it each. */
enum { PART = 10 };

double bw_compare_threshold(int index) {
    return (50 + 5 * index) / 100.0;
}

/* ---- sums of 128 bits -------------------------------------------------------------------------------------------- */

void bw_wide_add(bw_wide *sum, bw_wide other) {
    sum->low += other.low;
    sum->high += other.high + (sum->low < other.low);
}

void bw_wide_add_product(bw_wide *sum, uint64_t a, uint64_t b) {
    const uint64_t half = UINT32_MAX, a1 = a >> 32, a0 = a & half, b1 = b >> 32, b0 = b & half;
    const uint64_t cross = a1 * b0 + (a0 * b0 >> 32), other = a0 * b1 + (cross & half);
    bw_wide_add(sum, (bw_wide){a1 * b1 + (cross >> 32) + (other >> 32), a * b});
}

double bw_wide_value(bw_wide wide) {
    return (double)wide.high * 0x1p64 + (double)wide.low;
}

static void add_alike(bw_wide *sum, int64_t voxels) {
    if (voxels) bw_wide_add_product(sum, (uint64_t)voxels, (uint64_t)voxels - 1);
}

/* ---- segments ---------------------------------------------------------------------------------------------------- */

/* Segments of truth [0] and result [1]: 0 is the background, 1..count the objects in the order of their labels. */
typedef struct bw_overlaps {
    const bw_pairs *pairs;
    int64_t count[2];
    int64_t *sizes[2];
    int64_t *inside;   /* of the result's segments: voxels where the truth is not 0 */
    uint32_t *at[2];   /* segments of each pair */
    uint8_t *parts[2]; /* of each segment: 0, 1, or 2 and more */
    uint8_t *taken;    /* whether a segment of truth, then result, has its partner */
} bw_overlaps;

static int by_label(const void *left, const void *right) {
    const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/* Sorts the labels and drops copies and 0; -> how many are left. */
static int64_t unique_labels(uint32_t *labels, int64_t count) {
    int64_t kept = 0;
    if (count) qsort(labels, (size_t)count, sizeof *labels, by_label);
    for (int64_t i = 0; i < count; i++)
        if (labels[i] && (!kept || labels[i] != labels[kept - 1])) labels[kept++] = labels[i];
    return kept;
}

static uint32_t label_of(const bw_pair *pair, int side) {
    return side ? pair->result : pair->truth;
}

/* 1 + the place of the label among those sorted, 0 for the background. */
static uint32_t segment_of(uint32_t label, const uint32_t *labels, int64_t count) {
    const uint32_t *found = label && count ? bsearch(&label, labels, (size_t)count, sizeof *labels, by_label) : NULL;
    return found ? (uint32_t)(found - labels) + 1 : 0;
}

static bw_status find_segments(bw_context *ctx, bw_overlaps *o, int side) {
    const int64_t pairs = o->pairs->count;
    uint32_t *labels = bw_alloc(ctx, (uint64_t)pairs, sizeof *labels, "objects that are compared");
    o->at[side] = bw_alloc(ctx, (uint64_t)pairs, sizeof *o->at[side], "objects that are compared");
    if (labels && o->at[side]) {
        for (int64_t i = 0; i < pairs; i++)
            labels[i] = label_of(o->pairs->items + i, side);
        o->count[side] = unique_labels(labels, pairs);
        for (int64_t i = 0; i < pairs; i++)
            o->at[side][i] = segment_of(label_of(o->pairs->items + i, side), labels, o->count[side]);
    }
    bw_free(labels);
    const uint64_t segments = (uint64_t)o->count[side] + 1;
    o->sizes[side] = bw_calloc(ctx, segments, sizeof *o->sizes[side], "objects that are compared");
    o->parts[side] = bw_calloc(ctx, segments, 1, "objects that are compared");
    return bw_context_status(ctx);
}

static bw_status find_overlaps(bw_context *ctx, const bw_pairs *pairs, bw_overlaps *o) {
    o->pairs = pairs;
    for (int side = 0; side < 2; side++)
        BW_TRY(find_segments(ctx, o, side));
    o->inside = bw_calloc(ctx, (uint64_t)o->count[1] + 1, sizeof *o->inside, "objects that are compared");
    o->taken = bw_alloc(ctx, (uint64_t)(o->count[0] + o->count[1] + 2), 1, "objects that are compared");
    if (!o->inside || !o->taken) return BW_ERROR_MEMORY;
    for (int64_t i = 0; i < pairs->count; i++) {
        o->sizes[0][o->at[0][i]] += pairs->items[i].voxels;
        o->sizes[1][o->at[1][i]] += pairs->items[i].voxels;
        if (o->at[0][i]) o->inside[o->at[1][i]] += pairs->items[i].voxels;
    }
    return BW_OK;
}

static void free_overlaps(bw_overlaps *o) {
    for (int side = 0; side < 2; side++) {
        bw_free(o->sizes[side]);
        bw_free(o->at[side]);
        bw_free(o->parts[side]);
    }
    bw_free(o->inside);
    bw_free(o->taken);
}

static int is_overlap(const bw_overlaps *o, int64_t i) {
    return o->at[0][i] && o->at[1][i];
}

/* ---- objects that fit each other --------------------------------------------------------------------------------- */

static double iou_of(const bw_overlaps *o, int64_t i) {
    const int64_t both = o->pairs->items[i].voxels;
    return (double)both / (double)(o->sizes[0][o->at[0][i]] + o->sizes[1][o->at[1][i]] - both);
}

/* The assignment of most pairs, and among these of the highest sum. From an IoU of 1/2 on a pair shares at least half
 * of both objects, and more than half above it. So an object has one candidate, or two at exactly 1/2; both of these
 * lie within it then and have no other candidate. Whoever comes first takes nothing from anybody else. */
static void match(bw_overlaps *o, int threshold, bw_object_scores *scores, uint8_t *kinds) {
    uint8_t *truth_taken = o->taken, *result_taken = o->taken + o->count[0] + 1;
    memset(o->taken, 0, (size_t)(o->count[0] + o->count[1] + 2));
    for (int64_t i = 0; i < o->pairs->count; i++) {
        const uint32_t truth = o->at[0][i], result = o->at[1][i];
        if (!is_overlap(o, i) || truth_taken[truth] || result_taken[result]) continue;
        const double iou = iou_of(o, i);
        if (iou < bw_compare_threshold(threshold)) continue;
        truth_taken[truth] = result_taken[result] = 1;
        scores->hits[threshold]++;
        scores->iou[threshold] += iou;
        if (kinds) kinds[i] = BW_OVERLAP_MATCHED;
    }
}

/* Whether an overlap is a part of its object. */
static int is_part(const bw_overlaps *o, int64_t i, int side) {
    return o->pairs->items[i].voxels > o->sizes[side][o->at[side][i]] / PART;
}

static int64_t count_parted(bw_overlaps *o, int side) {
    int64_t parted = 0;
    for (int64_t i = 0; i < o->pairs->count; i++) {
        uint8_t *parts = o->parts[side] + o->at[side][i];
        if (!is_overlap(o, i) || !is_part(o, i, side) || *parts == 2) continue;
        parted += ++*parts == 2;
    }
    return parted;
}

static uint8_t kind_of(const bw_overlaps *o, int64_t i) {
    for (int side = 0; side < 2; side++)
        if (o->parts[side][o->at[side][i]] == 2 && is_part(o, i, side))
            return (uint8_t)(side ? BW_OVERLAP_MERGED : BW_OVERLAP_SPLIT);
    return BW_OVERLAP_OTHER;
}

/* ---- segments as partitions -------------------------------------------------------------------------------------- */

static void add_rand(const bw_overlaps *o, bw_object_scores *scores) {
    for (int64_t i = 0; i < o->pairs->count; i++)
        if (o->at[0][i]) add_alike(&scores->alike_both, o->pairs->items[i].voxels);
    for (int64_t k = 1; k <= o->count[0]; k++)
        add_alike(&scores->alike_truth, o->sizes[0][k]);
    for (int64_t k = 0; k <= o->count[1]; k++)
        add_alike(&scores->alike_result, o->inside[k]);
}

static void add_information(const bw_overlaps *o, bw_object_scores *scores) {
    for (int64_t i = 0; i < o->pairs->count; i++) {
        const double voxels = (double)o->pairs->items[i].voxels;
        scores->split_bits += voxels * bw_log2((double)o->sizes[0][o->at[0][i]] / voxels);
        scores->merge_bits += voxels * bw_log2((double)o->sizes[1][o->at[1][i]] / voxels);
    }
}

static bw_status score_overlaps(bw_context *ctx, bw_overlaps *o, bw_object_scores *out, uint8_t *kinds) {
    out->objects[0] = o->count[0];
    out->objects[1] = o->count[1];
    out->empty = !o->count[0] && !o->count[1];
    out->split = count_parted(o, 0);
    out->merged = count_parted(o, 1);
    for (int64_t i = 0; kinds && i < o->pairs->count; i++)
        kinds[i] = kind_of(o, i);
    for (int t = 0; t < BW_COMPARE_THRESHOLDS; t++) {
        match(o, t, out, t ? NULL : kinds);
        BW_TRY(bw_check(ctx));
    }
    add_rand(o, out);
    add_information(o, out);
    return BW_OK;
}

bw_status bw_compare_objects(bw_context *ctx, const bw_pairs *pairs, bw_object_scores *out, uint8_t *kinds) {
    bw_overlaps overlaps = {.pairs = NULL};
    memset(out, 0, sizeof *out);
    bw_status status = find_overlaps(ctx, pairs, &overlaps);
    if (status == BW_OK) status = score_overlaps(ctx, &overlaps, out, kinds);
    free_overlaps(&overlaps);
    return status;
}
