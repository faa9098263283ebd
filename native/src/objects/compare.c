/* Comparisons of segmentations: what images add, and the scores from it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "objects/compare.h"

enum { MOST_CLASSES = 256, MOST_SCORES = 24 };

/* A frame. Pairs of classes that it has; labels and masks have the classes 0 and 1. */
typedef struct bw_frame_scores {
    char *name;
    int frame;
    bw_pairs classes;
    bw_object_scores objects;
} bw_frame_scores;

struct bw_comparison {
    bw_comparison_kind kind;
    int flags;
    int classes;
    int64_t taken_apart[2]; /* images of truth and result */
    int64_t *confusion;     /* MOST_CLASSES * MOST_CLASSES, truth first */
    bw_frame_scores *images;
    int64_t count, room;
};

/* ---- the table of scores ----------------------------------------------------------------------------------------- */

#define LABELS (1 << BW_COMPARE_LABELS)
#define CLASSES (1 << BW_COMPARE_CLASSES)
#define FOREGROUND (LABELS | 1 << BW_COMPARE_MASKS)
#define ALL (FOREGROUND | CLASSES)

/* In the order of fill_values. */
static const bw_comparison_score scores[] = {
    {"images", "Images", "Compared images; every frame is one.", ALL, 1},
    {"pixels", "Pixels", "Pixels that count.", ALL, 1},
    {"accuracy", "Pixel accuracy",
     "Share of pixels with the same class: of objects and masks, the same of background "
     "and foreground.",
     ALL, 0},
    {"mean_iou", "Mean IoU", "Mean intersection over union of the classes that occur.", ALL, 0},
    {"mean_dice", "Mean Dice", "Mean Dice coefficient of the classes that occur.", ALL, 0},
    {"iou", "IoU of the foreground", "Intersection over union (Jaccard index) of what is not 0.", FOREGROUND, 0},
    {"dice", "Dice of the foreground", "Twice the intersection over the sum of sizes of what is not 0.", FOREGROUND, 0},
    {"truth_objects", "Objects of the truth", "Values that are not 0, in all images.", LABELS, 1},
    {"result_objects", "Objects of the result", "Values that are not 0, in all images.", LABELS, 1},
    {"empty_images", "Images without objects",
     "Images that are 0 everywhere in truth and result; their object scores "
     "count as 0 in means.",
     LABELS, 1},
    {"average_precision", "Average precision 0.5..0.95",
     "Mean of tp / (tp + fp + fn) at IoU 0.5, 0.55 .. 0.95 (Data "
     "Science Bowl 2018).",
     LABELS, 0},
    {"ap_50", "Average precision at 0.5", "tp / (tp + fp + fn) at IoU 0.5 (Cellpose; accuracy of StarDist).", LABELS,
     0},
    {"ap_75", "Average precision at 0.75", "The same at IoU 0.75.", LABELS, 0},
    {"f1_50", "F1 of objects at 0.5", "2 tp / (2 tp + fp + fn) at IoU 0.5.", LABELS, 0},
    {"precision_50", "Precision at 0.5", "tp / (tp + fp) at IoU 0.5.", LABELS, 0},
    {"recall_50", "Recall at 0.5", "tp / (tp + fn) at IoU 0.5.", LABELS, 0},
    {"panoptic_quality_50", "Panoptic quality at 0.5", "Sum of the IoU of hits / (tp + fp / 2 + fn / 2) at IoU 0.5.",
     LABELS, 0},
    {"split", "Split objects", "Objects of the truth of which two or more of the result cover more than a tenth each.",
     LABELS, 1},
    {"merged", "Merged objects",
     "Objects of the result of which two or more of the truth cover more than a tenth "
     "each.",
     LABELS, 1},
    {"rand_error", "Adapted Rand error",
     "1 - harmonic mean of the two next, over pixels that are not 0 in the truth "
     "(Arganda-Carreras et al. 2015).",
     LABELS, 0},
    {"rand_precision", "Rand precision",
     "Share of the pairs of pixels in one object of the truth that are in one of "
     "the result (precision of scikit-image).",
     LABELS, 0},
    {"rand_recall", "Rand recall",
     "Share of the pairs of pixels in one object of the result that are in one of the "
     "truth (recall of scikit-image).",
     LABELS, 0},
    {"voi_split", "Information lost to splits",
     "Conditional entropy of the result given the truth in bits, all pixels "
     "(Meila 2007).",
     LABELS, 0},
    {"voi_merge", "Information lost to merges",
     "Conditional entropy of the truth given the result in bits, all "
     "pixels.",
     LABELS, 0},
};

enum { SCORES = sizeof scores / sizeof *scores };

int bw_comparison_score_count(void) {
    return SCORES;
}

const bw_comparison_score *bw_comparison_score_get(int index) {
    return index >= 0 && index < SCORES ? &scores[index] : NULL;
}

/* ---- adding ------------------------------------------------------------------------------------------------------ */

bw_status bw_comparison_create(bw_context *ctx, bw_comparison_kind kind, int flags, bw_comparison **out) {
    bw_compared check;
    *out = NULL;
    BW_TRY(bw_compared_begin(ctx, NULL, NULL, kind, flags, &check));
    bw_comparison *made = bw_calloc(ctx, 1, sizeof *made, "a comparison");
    if (!made) return BW_ERROR_MEMORY;
    made->confusion = bw_calloc(ctx, MOST_CLASSES * MOST_CLASSES, sizeof *made->confusion, "a comparison");
    if (!made->confusion) {
        bw_free(made);
        return BW_ERROR_MEMORY;
    }
    made->kind = kind;
    made->flags = flags;
    made->classes = kind == BW_COMPARE_CLASSES ? 1 : 2;
    *out = made;
    return BW_OK;
}

static void free_frame(bw_frame_scores *frame) {
    bw_free(frame->name);
    bw_free(frame->classes.items);
}

void bw_comparison_free(bw_comparison *comparison) {
    if (!comparison) return;
    for (int64_t i = 0; i < comparison->count; i++)
        free_frame(comparison->images + i);
    bw_free(comparison->images);
    bw_free(comparison->confusion);
    bw_free(comparison);
}

/* Labels become 0 and 1; classes stay. pairs: consumed or kept as they are. */
static bw_status take_classes(bw_context *ctx, const bw_comparison *c, bw_pairs *pairs, bw_pairs *classes) {
    if (c->kind != BW_COMPARE_LABELS) {
        *classes = *pairs;
        *pairs = (bw_pairs){NULL, 0};
        return BW_OK;
    }
    classes->items = bw_alloc(ctx, 4, sizeof *classes->items, "a comparison");
    if (!classes->items) return BW_ERROR_MEMORY;
    int64_t counts[4] = {0, 0, 0, 0};
    for (int64_t i = 0; i < pairs->count; i++)
        counts[2 * (pairs->items[i].truth != 0) + (pairs->items[i].result != 0)] += pairs->items[i].voxels;
    for (uint32_t k = 0; k < 4; k++)
        if (counts[k]) classes->items[classes->count++] = (bw_pair){k / 2, k % 2, counts[k]};
    return BW_OK;
}

static bw_status score_frame(bw_context *ctx, const bw_comparison *c, const bw_compared *compared, int frame,
                             bw_frame_scores *out) {
    bw_pairs pairs;
    out->frame = frame;
    out->name = bw_strdup(ctx, bw_image_name(compared->images[0]));
    bw_status status = out->name ? bw_compared_pairs(ctx, compared, frame, &pairs) : BW_ERROR_MEMORY;
    if (status != BW_OK) return status;
    if (c->kind == BW_COMPARE_LABELS) status = bw_compare_objects(ctx, &pairs, &out->objects, NULL);
    if (status == BW_OK) status = take_classes(ctx, c, &pairs, &out->classes);
    bw_free(pairs.items);
    return status;
}

static bw_status make_room(bw_context *ctx, bw_comparison *c, int frames) {
    if (c->count + frames <= c->room) return BW_OK;
    const int64_t room = 2 * c->room + frames;
    bw_frame_scores *images = bw_realloc(ctx, c->images, (uint64_t)room, sizeof *images, "a comparison");
    if (!images) return BW_ERROR_MEMORY;
    c->images = images;
    c->room = room;
    return BW_OK;
}

static void add_confusion(bw_comparison *c, const bw_pairs *classes) {
    for (int64_t i = 0; i < classes->count; i++) {
        const bw_pair *p = classes->items + i;
        const uint32_t highest = p->truth > p->result ? p->truth : p->result;
        c->confusion[p->truth * MOST_CLASSES + p->result] += p->voxels;
        if ((int)highest >= c->classes) c->classes = (int)highest + 1;
    }
}

static bw_status add_frames(bw_context *ctx, bw_comparison *comparison, const bw_compared *compared) {
    const int frames = bw_image_get_info(compared->images[0])->frames;
    bw_frame_scores *first;
    int scored = 0;
    BW_TRY(make_room(ctx, comparison, frames));
    first = comparison->images + comparison->count;
    memset(first, 0, (size_t)frames * sizeof *first);
    bw_progress_begin(ctx, bw_compared_voxels(compared));
    bw_status status = BW_OK;
    for (; scored < frames && status == BW_OK; scored++)
        status = score_frame(ctx, comparison, compared, scored, first + scored);
    for (int f = 0; f < scored; f++)
        if (status == BW_OK)
            add_confusion(comparison, &first[f].classes);
        else
            free_frame(first + f);
    if (status == BW_OK) comparison->count += frames;
    return status;
}

bw_status bw_comparison_add(bw_context *ctx, bw_comparison *comparison, const bw_image *truth, const bw_image *result) {
    bw_compared compared;
    bw_status status = bw_compared_begin(ctx, truth, result, comparison->kind, comparison->flags, &compared);
    if (status == BW_OK) status = add_frames(ctx, comparison, &compared);
    for (int i = 0; i < 2 && status == BW_OK; i++)
        comparison->taken_apart[i] += compared.parts[i] != NULL;
    bw_compared_end(&compared);
    return status;
}

/* ---- what was compared ------------------------------------------------------------------------------------------- */

bw_comparison_kind bw_comparison_get_kind(const bw_comparison *comparison) {
    return comparison->kind;
}

int64_t bw_comparison_taken_apart(const bw_comparison *comparison, int side) {
    return side == 0 || side == 1 ? comparison->taken_apart[side] : 0;
}

int64_t bw_comparison_images(const bw_comparison *comparison) {
    return comparison->count;
}

static int is_image(const bw_comparison *c, int64_t image) {
    return image >= 0 && image < c->count;
}

const char *bw_comparison_image_name(const bw_comparison *comparison, int64_t image) {
    return is_image(comparison, image) ? comparison->images[image].name : "";
}

int bw_comparison_image_frame(const bw_comparison *comparison, int64_t image) {
    return is_image(comparison, image) ? comparison->images[image].frame : 0;
}

int bw_comparison_classes(const bw_comparison *comparison) {
    return comparison->classes;
}

int64_t bw_comparison_count(const bw_comparison *comparison, int truth, int predicted) {
    if (truth < 0 || predicted < 0 || truth >= MOST_CLASSES || predicted >= MOST_CLASSES) return 0;
    return comparison->confusion[truth * MOST_CLASSES + predicted];
}

/* ---- pixels ------------------------------------------------------------------------------------------------------ */

static double share(double part, double whole) {
    return whole > 0 ? part / whole : (double)NAN;
}

/* Pixels of the classes in the truth, in the result and in both. */
typedef struct bw_class_counts {
    int64_t truth[MOST_CLASSES], predicted[MOST_CLASSES], hits[MOST_CLASSES];
} bw_class_counts;

static void count_pair(bw_class_counts *counts, uint32_t truth, uint32_t predicted, int64_t pixels) {
    counts->truth[truth] += pixels;
    counts->predicted[predicted] += pixels;
    if (truth == predicted) counts->hits[truth] += pixels;
}

static void count_classes(const bw_comparison *c, int64_t image, bw_class_counts *counts) {
    memset(counts, 0, sizeof *counts);
    if (is_image(c, image)) {
        const bw_pairs *classes = &c->images[image].classes;
        for (int64_t i = 0; i < classes->count; i++)
            count_pair(counts, classes->items[i].truth, classes->items[i].result, classes->items[i].voxels);
        return;
    }
    for (uint32_t t = 0; t < (uint32_t)c->classes; t++)
        for (uint32_t p = 0; p < (uint32_t)c->classes; p++)
            count_pair(counts, t, p, c->confusion[t * MOST_CLASSES + p]);
}

static void score_class(const bw_class_counts *counts, int k, bw_class_score *out) {
    const int64_t truth = counts->truth[k], predicted = counts->predicted[k], hits = counts->hits[k];
    *out = (bw_class_score){truth,
                            predicted,
                            hits,
                            share((double)hits, (double)predicted),
                            share((double)hits, (double)truth),
                            share(2 * (double)hits, (double)(truth + predicted)),
                            share((double)hits, (double)(truth + predicted - hits))};
}

static void add_defined(double *sum, int64_t *count, double value) {
    if (isnan(value)) return;
    *sum += value;
    ++*count;
}

/* The same, but shares are means over the images that have them. */
static void mean_class(const bw_comparison *c, int k, bw_class_score *out) {
    double sums[4] = {0, 0, 0, 0};
    int64_t counts[4] = {0, 0, 0, 0};
    for (int64_t i = 0; i < c->count; i++) {
        bw_class_counts pixels;
        bw_class_score s;
        count_classes(c, i, &pixels);
        score_class(&pixels, k, &s);
        add_defined(&sums[0], &counts[0], s.precision);
        add_defined(&sums[1], &counts[1], s.recall);
        add_defined(&sums[2], &counts[2], s.f1);
        add_defined(&sums[3], &counts[3], s.iou);
    }
    out->precision = share(sums[0], (double)counts[0]);
    out->recall = share(sums[1], (double)counts[1]);
    out->f1 = share(sums[2], (double)counts[2]);
    out->iou = share(sums[3], (double)counts[3]);
}

void bw_comparison_class(const bw_comparison *comparison, int64_t image, int class_number, bw_class_score *out) {
    bw_class_counts counts;
    const int known = class_number >= 0 && class_number < comparison->classes;
    count_classes(comparison, image, &counts);
    if (!known) memset(&counts, 0, sizeof counts);
    score_class(&counts, known ? class_number : 0, out);
    if (known && image == BW_COMPARE_MEAN) mean_class(comparison, class_number, out);
}

/* Pixels, accuracy, means over the classes that occur; without class 0 where it does not count. */
static void fill_pixels(const bw_comparison *c, int64_t image, double *to) {
    bw_class_counts counts;
    int64_t pixels = 0, hits = 0, occurring[2] = {0, 0};
    double sums[2] = {0, 0};
    bw_class_score s;
    count_classes(c, image, &counts);
    for (int k = 0; k < c->classes; k++) {
        pixels += counts.truth[k];
        hits += counts.hits[k];
        score_class(&counts, k, &s);
        if ((c->flags & BW_COMPARE_IGNORE_ZERO) && !k) continue;
        add_defined(&sums[0], &occurring[0], s.iou);
        add_defined(&sums[1], &occurring[1], s.f1);
    }
    score_class(&counts, 1, &s);
    to[0] = (double)pixels;
    to[1] = share((double)hits, (double)pixels);
    to[2] = share(sums[0], (double)occurring[0]);
    to[3] = share(sums[1], (double)occurring[1]);
    to[4] = c->kind == BW_COMPARE_CLASSES ? (double)NAN : s.iou;
    to[5] = c->kind == BW_COMPARE_CLASSES ? (double)NAN : s.f1;
}

/* ---- objects ----------------------------------------------------------------------------------------------------- */

static void add_objects(bw_object_scores *sum, const bw_object_scores *s) {
    for (int side = 0; side < 2; side++)
        sum->objects[side] += s->objects[side];
    sum->empty += s->empty;
    sum->split += s->split;
    sum->merged += s->merged;
    for (int t = 0; t < BW_COMPARE_THRESHOLDS; t++) {
        sum->hits[t] += s->hits[t];
        sum->iou[t] += s->iou[t];
    }
    bw_wide_add(&sum->alike_both, s->alike_both);
    bw_wide_add(&sum->alike_truth, s->alike_truth);
    bw_wide_add(&sum->alike_result, s->alike_result);
    sum->split_bits += s->split_bits;
    sum->merge_bits += s->merge_bits;
}

static bw_object_scores objects_of(const bw_comparison *c, int64_t image) {
    bw_object_scores sum = {.objects = {0, 0}};
    if (is_image(c, image)) return c->images[image].objects;
    for (int64_t i = 0; i < c->count; i++)
        add_objects(&sum, &c->images[i].objects);
    return sum;
}

/* 0 where there is nothing to divide by. */
static double share_or_0(double part, double whole) {
    return whole > 0 ? part / whole : 0;
}

static void score_match(const bw_object_scores *s, int index, bw_match_score *out) {
    const int64_t truth = s->objects[0], predicted = s->objects[1], hits = s->hits[index];
    const double all = (double)(truth + predicted), tp = (double)hits, iou = s->iou[index];
    *out = (bw_match_score){.threshold = bw_compare_threshold(index),
                            .truth = truth,
                            .predicted = predicted,
                            .hits = hits,
                            .extra = predicted - hits,
                            .missed = truth - hits,
                            .precision = share_or_0(tp, (double)predicted),
                            .recall = share_or_0(tp, (double)truth),
                            .f1 = share_or_0(2 * tp, all),
                            .accuracy = share_or_0(tp, all - tp),
                            .mean_matched_iou = share_or_0(iou, tp),
                            .mean_true_iou = share_or_0(iou, (double)truth),
                            .panoptic_quality = share_or_0(2 * iou, all)};
}

static void mean_match(const bw_comparison *c, int index, bw_match_score *out) {
    double *const to[] = {&out->precision,        &out->recall,          &out->f1, &out->accuracy, &out->mean_true_iou,
                          &out->mean_matched_iou, &out->panoptic_quality};
    double sums[7] = {0};
    for (int64_t i = 0; i < c->count; i++) {
        bw_match_score s;
        score_match(&c->images[i].objects, index, &s);
        const double values[] = {s.precision,        s.recall,          s.f1, s.accuracy, s.mean_true_iou,
                                 s.mean_matched_iou, s.panoptic_quality};
        for (int v = 0; v < 7; v++)
            sums[v] += values[v];
    }
    for (int v = 0; v < 7; v++)
        *to[v] = share_or_0(sums[v], (double)c->count);
}

void bw_comparison_match(const bw_comparison *comparison, int64_t image, int index, bw_match_score *out) {
    memset(out, 0, sizeof *out);
    if (index < 0 || index >= BW_COMPARE_THRESHOLDS || comparison->kind != BW_COMPARE_LABELS) return;
    const bw_object_scores objects = objects_of(comparison, image);
    score_match(&objects, index, out);
    if (image == BW_COMPARE_MEAN) mean_match(comparison, index, out);
}

static double mean_precision(const bw_object_scores *objects) {
    double sum = 0;
    for (int t = 0; t < BW_COMPARE_THRESHOLDS; t++) {
        bw_match_score s;
        score_match(objects, t, &s);
        sum += s.accuracy;
    }
    return sum / BW_COMPARE_THRESHOLDS;
}

static void fill_objects(const bw_object_scores *s, double pixels, double *to) {
    const double both = bw_wide_value(s->alike_both), truth = bw_wide_value(s->alike_truth);
    const double result = bw_wide_value(s->alike_result);
    bw_match_score half, three_quarters;
    score_match(s, 0, &half);
    score_match(s, 5, &three_quarters);
    const double values[] = {(double)s->objects[0],
                             (double)s->objects[1],
                             (double)s->empty,
                             mean_precision(s),
                             half.accuracy,
                             three_quarters.accuracy,
                             half.f1,
                             half.precision,
                             half.recall,
                             half.panoptic_quality,
                             (double)s->split,
                             (double)s->merged,
                             1 - share(2 * both, truth + result),
                             share(both, truth),
                             share(both, result),
                             share(s->split_bits, pixels),
                             share(s->merge_bits, pixels)};
    memcpy(to, values, sizeof values);
}

/* ---- all scores -------------------------------------------------------------------------------------------------- */

static void fill_values(const bw_comparison *c, int64_t image, double *to) {
    const bw_object_scores objects = objects_of(c, image);
    to[0] = is_image(c, image) ? 1 : (double)c->count;
    fill_pixels(c, image, to + 1);
    fill_objects(&objects, to[1], to + 7);
    for (int i = 0; i < SCORES; i++)
        if (!(scores[i].kinds >> c->kind & 1)) to[i] = (double)NAN;
}

static void mean_values(const bw_comparison *c, double *to) {
    double values[MOST_SCORES], sums[MOST_SCORES] = {0};
    int64_t counts[MOST_SCORES] = {0};
    for (int64_t i = 0; i < c->count; i++) {
        fill_values(c, i, values);
        for (int v = 0; v < SCORES; v++)
            add_defined(&sums[v], &counts[v], values[v]);
    }
    for (int v = 0; v < SCORES; v++)
        if (!scores[v].whole) to[v] = share(sums[v], (double)counts[v]);
}

void bw_comparison_values(const bw_comparison *comparison, int64_t image, double *values) {
    _Static_assert((int)SCORES <= (int)MOST_SCORES, "room for all scores");
    fill_values(comparison, image, values);
    if (image == BW_COMPARE_MEAN) mean_values(comparison, values);
}
