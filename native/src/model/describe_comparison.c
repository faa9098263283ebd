/* A comparison of segmentations as tables for people, JSON or CSV. */
#include <math.h>
#include <stdio.h>

#include "core/alloc.h"
#include "core/csv.h"
#include "model/describe.h"

enum { LABEL_WIDTH = 28, MATRIX_CLASSES = 12 };

/* A score that the kind of comparison has, by its row. */
static const bw_comparison_score *score_at(const bw_comparison *c, int index) {
    const bw_comparison_score *score = bw_comparison_score_get(index);
    return score->kinds >> bw_comparison_get_kind(c) & 1 ? score : NULL;
}

static double *values_of(bw_context *ctx, const bw_comparison *c, int64_t image) {
    double *values = bw_alloc(ctx, (uint64_t)bw_comparison_score_count(), sizeof *values, "scores");
    if (values) bw_comparison_values(c, image, values);
    return values;
}

static const char *kind_name(const bw_comparison *c) {
    static const char *const names[] = {"labels", "masks", "classes"};
    return names[bw_comparison_get_kind(c)];
}

static const char *class_name(const bw_comparison *c, int k, char room[BW_NUMBER_ROOM]) {
    static const char *const names[] = {"background", "foreground"};
    if (bw_comparison_get_kind(c) != BW_COMPARE_CLASSES) return names[k];
    snprintf(room, BW_NUMBER_ROOM, "class %d", k);
    return room;
}

static int has_objects(const bw_comparison *c) {
    return bw_comparison_get_kind(c) == BW_COMPARE_LABELS;
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

static bw_status text_score(bw_text *t, const bw_comparison_score *score, double pooled, const double *mean) {
    char number[BW_NUMBER_ROOM];
    const int decimals = score->whole ? 0 : 4;
    BW_TRY(bw_describe_padded(t, score->label, LABEL_WIDTH));
    BW_TRY(bw_text_add(t, "%12s", bw_describe_fixed(number, pooled, decimals)));
    if (mean && !score->whole) BW_TRY(bw_text_add(t, " %14s", bw_describe_fixed(number, *mean, decimals)));
    return bw_text_add(t, "\n");
}

/* The column of means only where it says more. */
static bw_status text_scores(bw_text *t, const bw_comparison *c) {
    const int many = bw_comparison_images(c) > 1;
    double *pooled = values_of(t->ctx, c, BW_COMPARE_POOLED), *mean = values_of(t->ctx, c, BW_COMPARE_MEAN);
    bw_status status = pooled && mean ? BW_OK : BW_ERROR_MEMORY;
    if (status == BW_OK) status = bw_text_add(t, "Compared as %s\n", kind_name(c));
    if (status == BW_OK && many)
        status = bw_text_add(t, "%*s%12s %14s\n", LABEL_WIDTH, "", "all pooled", "mean of images");
    for (int i = 0; i < bw_comparison_score_count() && status == BW_OK; i++)
        if (score_at(c, i)) status = text_score(t, score_at(c, i), pooled[i], many ? mean + i : NULL);
    bw_free(pooled);
    bw_free(mean);
    return status;
}

static bw_status text_matching(bw_text *t, const bw_comparison *c) {
    BW_TRY(bw_text_add(t, "\nObjects that fit each other, by the IoU that it takes (all pooled)\n"
                          " IoU     hits    extra   missed  precision   recall       F1       AP    mean IoU\n"));
    for (int i = 0; i < BW_COMPARE_THRESHOLDS; i++) {
        char number[6][BW_NUMBER_ROOM];
        bw_match_score s;
        bw_comparison_match(c, BW_COMPARE_POOLED, i, &s);
        BW_TRY(bw_text_add(
            t, "%s %8lld %8lld %8lld %10s %8s %8s %8s %11s\n", bw_describe_fixed(number[0], s.threshold, 2),
            (long long)s.hits, (long long)s.extra, (long long)s.missed, bw_describe_fixed(number[1], s.precision, 4),
            bw_describe_fixed(number[2], s.recall, 4), bw_describe_fixed(number[3], s.f1, 4),
            bw_describe_fixed(number[4], s.accuracy, 4), bw_describe_fixed(number[5], s.mean_matched_iou, 4)));
    }
    return BW_OK;
}

static bw_status text_classes(bw_text *t, const bw_comparison *c) {
    BW_TRY(bw_text_add(t, "\nClass           precision    recall      Dice       IoU        truth       result\n"));
    for (int k = 0; k < bw_comparison_classes(c); k++) {
        char room[BW_NUMBER_ROOM], number[4][BW_NUMBER_ROOM];
        bw_class_score s;
        bw_comparison_class(c, BW_COMPARE_POOLED, k, &s);
        if (!s.truth && !s.predicted) continue;
        BW_TRY(bw_describe_padded(t, class_name(c, k, room), 15));
        BW_TRY(bw_text_add(t, "%10s %9s %9s %9s %12lld %12lld\n", bw_describe_percent(number[0], s.precision),
                           bw_describe_percent(number[1], s.recall), bw_describe_percent(number[2], s.f1),
                           bw_describe_percent(number[3], s.iou), (long long)s.truth, (long long)s.predicted));
    }
    return BW_OK;
}

static bw_status text_matrix(bw_text *t, const bw_comparison *c) {
    const int classes = bw_comparison_classes(c);
    char room[BW_NUMBER_ROOM];
    if (classes > MATRIX_CLASSES) return BW_OK;
    BW_TRY(bw_text_add(t, "\nPixels (rows: truth, columns: result)\n%15s", ""));
    for (int k = 0; k < classes; k++)
        BW_TRY(bw_text_add(t, " %12s", class_name(c, k, room)));
    for (int truth = 0; truth < classes; truth++) {
        BW_TRY(bw_text_add(t, "\n"));
        BW_TRY(bw_describe_padded(t, class_name(c, truth, room), 15));
        for (int predicted = 0; predicted < classes; predicted++)
            BW_TRY(bw_text_add(t, " %12lld", (long long)bw_comparison_count(c, truth, predicted)));
    }
    return bw_text_add(t, "\n");
}

static bw_status describe_text(bw_text *t, const bw_comparison *c) {
    BW_TRY(text_scores(t, c));
    if (has_objects(c)) BW_TRY(text_matching(t, c));
    BW_TRY(text_classes(t, c));
    return text_matrix(t, c);
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

static bw_status json_value(bw_text *t, const bw_comparison_score *score, double value) {
    if (score->whole) return bw_json_int(t, ", ", score->id, (int64_t)value);
    return bw_json_number(t, ", ", score->id, value);
}

static bw_status json_scores(bw_text *t, const bw_comparison *c, int64_t image) {
    double *values = values_of(t->ctx, c, image);
    bw_status status = values ? BW_OK : BW_ERROR_MEMORY;
    for (int i = 0; i < bw_comparison_score_count() && status == BW_OK; i++)
        if (score_at(c, i)) status = json_value(t, score_at(c, i), values[i]);
    bw_free(values);
    return status;
}

static bw_status json_match(bw_text *t, const bw_comparison *c, int64_t image, int index) {
    bw_match_score s;
    bw_comparison_match(c, image, index, &s);
    BW_TRY(bw_json_number(t, index ? ",\n    {" : "[\n    {", "threshold", s.threshold));
    BW_TRY(bw_json_int(t, ", ", "n_true", s.truth));
    BW_TRY(bw_json_int(t, ", ", "n_pred", s.predicted));
    BW_TRY(bw_json_int(t, ", ", "tp", s.hits));
    BW_TRY(bw_json_int(t, ", ", "fp", s.extra));
    BW_TRY(bw_json_int(t, ", ", "fn", s.missed));
    BW_TRY(bw_json_number(t, ", ", "precision", s.precision));
    BW_TRY(bw_json_number(t, ", ", "recall", s.recall));
    BW_TRY(bw_json_number(t, ", ", "f1", s.f1));
    BW_TRY(bw_json_number(t, ", ", "accuracy", s.accuracy));
    BW_TRY(bw_json_number(t, ", ", "mean_matched_score", s.mean_matched_iou));
    BW_TRY(bw_json_number(t, ", ", "mean_true_score", s.mean_true_iou));
    BW_TRY(bw_json_number(t, ", ", "panoptic_quality", s.panoptic_quality));
    return bw_text_add(t, "}");
}

static bw_status json_matching(bw_text *t, const bw_comparison *c, int64_t image) {
    if (!has_objects(c)) return BW_OK;
    BW_TRY(bw_json_key(t, ",\n   ", "matching"));
    for (int i = 0; i < BW_COMPARE_THRESHOLDS; i++)
        BW_TRY(json_match(t, c, image, i));
    return bw_text_add(t, "]");
}

static bw_status json_class(bw_text *t, const bw_comparison *c, int k) {
    char room[BW_NUMBER_ROOM];
    bw_class_score s;
    bw_comparison_class(c, BW_COMPARE_POOLED, k, &s);
    BW_TRY(bw_json_string(t, k ? ",\n   {" : "[\n   {", "name", class_name(c, k, room)));
    BW_TRY(bw_json_int(t, ", ", "truth", s.truth));
    BW_TRY(bw_json_int(t, ", ", "result", s.predicted));
    BW_TRY(bw_json_int(t, ", ", "hits", s.hits));
    BW_TRY(bw_json_number(t, ", ", "precision", s.precision));
    BW_TRY(bw_json_number(t, ", ", "recall", s.recall));
    BW_TRY(bw_json_number(t, ", ", "dice", s.f1));
    BW_TRY(bw_json_number(t, ", ", "iou", s.iou));
    return bw_text_add(t, "}");
}

static bw_status json_confusion(bw_text *t, const bw_comparison *c) {
    const int classes = bw_comparison_classes(c);
    BW_TRY(bw_json_key(t, "],\n ", "confusion"));
    for (int i = 0; i < classes * classes; i++) {
        const char *separator = i == 0 ? "[[" : i % classes ? ", " : "], [";
        BW_TRY(bw_text_add(t, "%s%lld", separator, (long long)bw_comparison_count(c, i / classes, i % classes)));
    }
    return bw_text_add(t, "]]");
}

static bw_status json_image(bw_text *t, const bw_comparison *c, int64_t image) {
    BW_TRY(bw_json_string(t, image ? ",\n  {" : "[\n  {", "image", bw_comparison_image_name(c, image)));
    BW_TRY(bw_json_int(t, ", ", "frame", bw_comparison_image_frame(c, image) + 1));
    BW_TRY(json_scores(t, c, image));
    BW_TRY(json_matching(t, c, image));
    return bw_text_add(t, "}");
}

static bw_status json_whole(bw_text *t, const bw_comparison *c, const char *key, int64_t which) {
    BW_TRY(bw_json_key(t, ",\n ", key));
    BW_TRY(bw_json_string(t, "{", "kind", kind_name(c)));
    BW_TRY(json_scores(t, c, which));
    BW_TRY(json_matching(t, c, which));
    return bw_text_add(t, "}");
}

static bw_status describe_json(bw_text *t, const bw_comparison *c) {
    BW_TRY(bw_json_string(t, "{", "kind", kind_name(c)));
    BW_TRY(json_whole(t, c, "pooled", BW_COMPARE_POOLED));
    BW_TRY(json_whole(t, c, "mean", BW_COMPARE_MEAN));
    BW_TRY(bw_json_key(t, ",\n ", "classes"));
    for (int k = 0; k < bw_comparison_classes(c); k++)
        BW_TRY(json_class(t, c, k));
    BW_TRY(json_confusion(t, c));
    BW_TRY(bw_json_key(t, ",\n ", "images"));
    for (int64_t i = 0; i < bw_comparison_images(c); i++)
        BW_TRY(json_image(t, c, i));
    return bw_text_add(t, bw_comparison_images(c) ? "]}\n" : "[]}\n");
}

/* ---- CSV --------------------------------------------------------------------------------------------------------- */

/* First cells of a row: the table, the image or what stands for all, and its frame. */
static bw_status csv_begin(bw_text *t, const char *table, const bw_comparison *c, int64_t image) {
    BW_TRY(bw_text_add(t, "%s", table));
    if (image == BW_COMPARE_POOLED) return bw_text_add(t, ",pooled,");
    if (image == BW_COMPARE_MEAN) return bw_text_add(t, ",mean,");
    BW_TRY(bw_text_add(t, ","));
    BW_TRY(bw_csv_cell(t, bw_comparison_image_name(c, image), ""));
    return bw_text_add(t, ",%d", bw_comparison_image_frame(c, image) + 1);
}

static bw_status csv_value(bw_text *t, const bw_comparison_score *score, double value) {
    return score->whole ? bw_text_add(t, ",%lld", (long long)value) : bw_csv_number(t, value);
}

static bw_status csv_scores(bw_text *t, const bw_comparison *c, int64_t image) {
    double *values = values_of(t->ctx, c, image);
    bw_status status = values ? csv_begin(t, "images", c, image) : BW_ERROR_MEMORY;
    for (int i = 0; i < bw_comparison_score_count() && status == BW_OK; i++)
        if (score_at(c, i)) status = csv_value(t, score_at(c, i), values[i]);
    bw_free(values);
    return status == BW_OK ? bw_text_add(t, "\n") : status;
}

static bw_status csv_match(bw_text *t, const bw_comparison *c, int64_t image) {
    for (int i = 0; i < BW_COMPARE_THRESHOLDS; i++) {
        bw_match_score s;
        bw_comparison_match(c, image, i, &s);
        const double values[] = {s.precision,     s.recall,          s.f1, s.accuracy, s.mean_matched_iou,
                                 s.mean_true_iou, s.panoptic_quality};
        BW_TRY(csv_begin(t, "matching", c, image));
        BW_TRY(bw_csv_number(t, s.threshold));
        BW_TRY(bw_text_add(t, ",%lld,%lld,%lld,%lld,%lld", (long long)s.truth, (long long)s.predicted,
                           (long long)s.hits, (long long)s.extra, (long long)s.missed));
        for (size_t v = 0; v < sizeof values / sizeof *values; v++)
            BW_TRY(bw_csv_number(t, values[v]));
        BW_TRY(bw_text_add(t, "\n"));
    }
    return BW_OK;
}

static bw_status csv_class(bw_text *t, const bw_comparison *c, int64_t image) {
    for (int k = 0; k < bw_comparison_classes(c); k++) {
        char room[BW_NUMBER_ROOM];
        bw_class_score s;
        bw_comparison_class(c, image, k, &s);
        BW_TRY(csv_begin(t, "classes", c, image));
        BW_TRY(bw_csv_text(t, class_name(c, k, room)));
        BW_TRY(bw_csv_class_score(t, &s));
    }
    return BW_OK;
}

/* A row for each image, all pooled and the means. */
static bw_status csv_rows(bw_text *t, const bw_comparison *c,
                          bw_status (*row)(bw_text *t, const bw_comparison *c, int64_t image)) {
    for (int64_t i = 0; i < bw_comparison_images(c); i++)
        BW_TRY(row(t, c, i));
    BW_TRY(row(t, c, BW_COMPARE_POOLED));
    return row(t, c, BW_COMPARE_MEAN);
}

static bw_status csv_confusion(bw_text *t, const bw_comparison *c) {
    const int classes = bw_comparison_classes(c);
    BW_TRY(bw_text_add(t, "table,truth,result,pixels\n"));
    for (int i = 0; i < classes * classes; i++) {
        char truth[BW_NUMBER_ROOM], result[BW_NUMBER_ROOM];
        BW_TRY(bw_text_add(t, "confusion,%s,%s,%lld\n", class_name(c, i / classes, truth),
                           class_name(c, i % classes, result),
                           (long long)bw_comparison_count(c, i / classes, i % classes)));
    }
    return BW_OK;
}

static bw_status describe_csv(bw_text *t, const bw_comparison *c) {
    BW_TRY(bw_text_add(t, "table,image,frame"));
    for (int i = 0; i < bw_comparison_score_count(); i++)
        if (score_at(c, i)) BW_TRY(bw_text_add(t, ",%s", score_at(c, i)->id));
    BW_TRY(bw_text_add(t, "\n"));
    BW_TRY(csv_rows(t, c, csv_scores));
    if (has_objects(c)) {
        BW_TRY(bw_text_add(t, "table,image,frame,threshold,n_true,n_pred,tp,fp,fn,precision,recall,f1,accuracy,"
                              "mean_matched_score,mean_true_score,panoptic_quality\n"));
        BW_TRY(csv_rows(t, c, csv_match));
    }
    BW_TRY(bw_text_add(t, "table,image,frame,class,truth,result,hits,precision,recall,dice,iou\n"));
    BW_TRY(csv_rows(t, c, csv_class));
    return csv_confusion(t, c);
}

/* ------------------------------------------------------------------------------------------------------------------ */

bw_status bw_comparison_describe(bw_context *ctx, const bw_comparison *comparison, bw_describe_format format,
                                 char **out) {
    static bw_status (*const describe[])(bw_text *, const bw_comparison *) = {describe_text, describe_json,
                                                                              describe_csv};
    bw_text text;
    *out = NULL;
    BW_TRY(bw_check(ctx));
    bw_text_init(&text, ctx);
    bw_status status = describe[format](&text, comparison);
    if (status == BW_OK) status = bw_text_take(&text, out);
    bw_text_free(&text);
    return status;
}
