/* An assessment as tables for people, JSON or CSV. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "model/describe.h"

enum {
    MATRIX_CLASSES = 12, /* more do not fit a line: then the largest confusions are listed */
    LARGEST_CONFUSIONS = 20,
    NAME_WIDTH = 24
};

typedef struct bw_score_row {
    const char *key, *label;
    double value;
} bw_score_row;

enum { SCORES = 7 };

static void score_rows(const bw_summary *s, bw_score_row rows[SCORES]) {
    const bw_score_row all[SCORES] = {
        {"accuracy", "Accuracy", s->accuracy},
        {"balanced_accuracy", "Balanced accuracy", s->balanced_accuracy},
        {"mean_iou", "Mean IoU", s->mean_iou},
        {"mean_f1", "Mean F1", s->mean_f1},
        {"kappa", "Cohen's kappa", s->kappa},
        {"brier", "Brier score", s->brier},
        {"calibration_error", "Calibration error", s->calibration_error},
    };
    memcpy(rows, all, sizeof all);
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

static bw_status text_scores(bw_text *t, const bw_assessment *a) {
    bw_summary summary;
    bw_score_row rows[SCORES];
    char number[BW_NUMBER_ROOM];
    bw_assessment_summary(a, &summary);
    score_rows(&summary, rows);
    BW_TRY(bw_text_add(t, "Pixels             %lld\n", (long long)summary.pixels));
    for (int i = 0; i < SCORES; i++) {
        const int share = i < 4;
        if (isnan(rows[i].value)) continue;
        BW_TRY(bw_describe_padded(t, rows[i].label, 19));
        BW_TRY(bw_text_add(t, "%s\n",
                           share ? bw_describe_percent(number, rows[i].value)
                                 : bw_describe_fixed(number, rows[i].value, 4)));
    }
    return bw_text_add(t, "\n");
}

static bw_status text_classes(bw_text *t, const bw_assessment *a, const bw_model *names) {
    BW_TRY(bw_text_add(
        t, "    Class                   precision    recall        F1       IoU     labelled    predicted\n"));
    for (int k = 0; k < bw_assessment_classes(a); k++) {
        char room[BW_NUMBER_ROOM], number[4][BW_NUMBER_ROOM];
        bw_class_score s;
        bw_assessment_class(a, k, &s);
        BW_TRY(bw_text_add(t, "%3d ", k + 1));
        BW_TRY(bw_describe_padded(t, bw_describe_class(names, k, room), NAME_WIDTH));
        BW_TRY(bw_text_add(t, "%9s %9s %9s %9s %12lld %12lld\n", bw_describe_percent(number[0], s.precision),
                           bw_describe_percent(number[1], s.recall), bw_describe_percent(number[2], s.f1),
                           bw_describe_percent(number[3], s.iou), (long long)s.truth, (long long)s.predicted));
    }
    return BW_OK;
}

static double share_of_row(const bw_assessment *a, int truth, int predicted) {
    bw_class_score s;
    bw_assessment_class(a, truth, &s);
    return s.truth ? (double)bw_assessment_count(a, truth, predicted) / (double)s.truth : (double)NAN;
}

static bw_status text_matrix(bw_text *t, const bw_assessment *a, const bw_model *names) {
    const int classes = bw_assessment_classes(a);
    BW_TRY(bw_text_add(t, "\nConfusion (rows: label, columns: forest; pixels and share of the row)\n%28s", ""));
    for (int k = 0; k < classes; k++)
        BW_TRY(bw_text_add(t, " %19d", k + 1));
    for (int row = 0; row < classes; row++) {
        char room[BW_NUMBER_ROOM];
        BW_TRY(bw_text_add(t, "\n%3d ", row + 1));
        BW_TRY(bw_describe_padded(t, bw_describe_class(names, row, room), NAME_WIDTH));
        for (int column = 0; column < classes; column++)
            BW_TRY(bw_text_add(t, " %10lld%9s", (long long)bw_assessment_count(a, row, column),
                               bw_describe_percent(room, share_of_row(a, row, column))));
    }
    return bw_text_add(t, "\n");
}

typedef struct bw_confusion {
    int truth, predicted;
    int64_t pixels;
} bw_confusion;

static int by_pixels(const void *left, const void *right) {
    const bw_confusion *a = left, *b = right;
    if (a->pixels != b->pixels) return a->pixels < b->pixels ? 1 : -1;
    return a->truth != b->truth ? a->truth - b->truth : a->predicted - b->predicted;
}

static bw_status text_largest(bw_text *t, const bw_assessment *a, const bw_model *names) {
    const int classes = bw_assessment_classes(a);
    int count = 0;
    bw_confusion *all = bw_alloc(t->ctx, (uint64_t)(classes * classes), sizeof *all, "a report");
    if (!all) return BW_ERROR_MEMORY;
    for (int i = 0; i < classes * classes; i++) {
        const bw_confusion c = {i / classes, i % classes, bw_assessment_count(a, i / classes, i % classes)};
        if (c.truth != c.predicted && c.pixels) all[count++] = c;
    }
    qsort(all, (size_t)count, sizeof *all, by_pixels);
    bw_status status =
        bw_text_add(t, "\nMost frequent confusions (label -> forest; pixels and share of the label's)\n");
    for (int i = 0; i < count && i < LARGEST_CONFUSIONS && status == BW_OK; i++) {
        char from[BW_NUMBER_ROOM], to[BW_NUMBER_ROOM], share[BW_NUMBER_ROOM];
        status =
            bw_text_add(t, "%10lld%9s  %s -> %s\n", (long long)all[i].pixels,
                        bw_describe_percent(share, share_of_row(a, all[i].truth, all[i].predicted)),
                        bw_describe_class(names, all[i].truth, from), bw_describe_class(names, all[i].predicted, to));
    }
    bw_free(all);
    return status;
}

bw_status bw_assessment_tables(bw_text *t, const bw_assessment *assessment, const bw_model *names) {
    BW_TRY(text_classes(t, assessment, names));
    return bw_assessment_classes(assessment) <= MATRIX_CLASSES ? text_matrix(t, assessment, names)
                                                               : text_largest(t, assessment, names);
}

static bw_status text_reliability(bw_text *t, const bw_assessment *a) {
    bw_summary summary;
    bw_assessment_summary(a, &summary);
    if (!summary.with_probability) return BW_OK;
    BW_TRY(bw_text_add(t, "\nReliability over all classes (where the forest says so, how often it is so)\n"
                          "probability        forest says  observed       pixels\n"));
    for (int bin = 0; bin < BW_RELIABILITY_BINS; bin++) {
        char low[BW_NUMBER_ROOM], high[BW_NUMBER_ROOM], predicted[BW_NUMBER_ROOM], observed[BW_NUMBER_ROOM];
        bw_reliability r;
        bw_assessment_reliability(a, -1, bin, &r);
        BW_TRY(bw_text_add(t, "%s to %s %16s %9s %12lld\n",
                           bw_describe_fixed(low, bin / (double)BW_RELIABILITY_BINS, 2),
                           bw_describe_fixed(high, (bin + 1) / (double)BW_RELIABILITY_BINS, 2),
                           bw_describe_percent(predicted, r.predicted), bw_describe_percent(observed, r.observed),
                           (long long)r.count));
    }
    return BW_OK;
}

static bw_status assessment_text(bw_text *t, const bw_assessment *a, const bw_model *names) {
    BW_TRY(text_scores(t, a));
    BW_TRY(bw_assessment_tables(t, a, names));
    return text_reliability(t, a);
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

static bw_status json_summary(bw_text *t, const bw_assessment *a) {
    bw_summary summary;
    bw_score_row rows[SCORES];
    bw_assessment_summary(a, &summary);
    score_rows(&summary, rows);
    BW_TRY(bw_json_int(t, "{", "pixels", summary.pixels));
    BW_TRY(bw_json_number(t, ", ", "error", bw_assessment_error(a)));
    for (int i = 0; i < SCORES; i++)
        BW_TRY(bw_json_number(t, ", ", rows[i].key, rows[i].value));
    return bw_json_int(t, ", ", "pixels_with_probability", summary.with_probability);
}

static bw_status json_reliability(bw_text *t, const bw_assessment *a, int class_index) {
    BW_TRY(bw_json_key(t, ", ", "reliability"));
    for (int bin = 0; bin < BW_RELIABILITY_BINS; bin++) {
        bw_reliability r;
        bw_assessment_reliability(a, class_index, bin, &r);
        BW_TRY(bw_json_int(t, bin ? ", {" : "[{", "pixels", r.count));
        BW_TRY(bw_json_number(t, ", ", "predicted", r.predicted));
        BW_TRY(bw_json_number(t, ", ", "observed", r.observed));
        BW_TRY(bw_text_add(t, "}"));
    }
    return bw_text_add(t, "]");
}

static bw_status json_class(bw_text *t, const bw_assessment *a, const bw_model *names, int index) {
    char room[BW_NUMBER_ROOM];
    bw_class_score s;
    bw_assessment_class(a, index, &s);
    BW_TRY(bw_json_string(t, index ? ",\n    {" : "\n    {", "name", bw_describe_class(names, index, room)));
    BW_TRY(bw_json_int(t, ", ", "labelled", s.truth));
    BW_TRY(bw_json_int(t, ", ", "predicted", s.predicted));
    BW_TRY(bw_json_int(t, ", ", "hits", s.hits));
    BW_TRY(bw_json_number(t, ", ", "precision", s.precision));
    BW_TRY(bw_json_number(t, ", ", "recall", s.recall));
    BW_TRY(bw_json_number(t, ", ", "f1", s.f1));
    BW_TRY(bw_json_number(t, ", ", "iou", s.iou));
    BW_TRY(json_reliability(t, a, index));
    return bw_text_add(t, "}");
}

bw_status bw_assessment_json(bw_text *t, const bw_assessment *assessment, const bw_model *names) {
    const int classes = bw_assessment_classes(assessment);
    BW_TRY(json_summary(t, assessment));
    BW_TRY(bw_json_key(t, ",\n   ", "classes"));
    for (int k = 0; k < classes; k++) {
        BW_TRY(bw_text_add(t, k ? "" : "["));
        BW_TRY(json_class(t, assessment, names, k));
    }
    BW_TRY(bw_text_add(t, "]"));
    BW_TRY(bw_json_key(t, ",\n   ", "confusion"));
    for (int i = 0; i < classes * classes; i++) {
        const char *separator = i == 0 ? "[[" : i % classes ? ", " : "], [";
        BW_TRY(
            bw_text_add(t, "%s%lld", separator, (long long)bw_assessment_count(assessment, i / classes, i % classes)));
    }
    BW_TRY(bw_text_add(t, "]]"));
    BW_TRY(json_reliability(t, assessment, -1));
    return bw_text_add(t, "}");
}

/* ---- CSV --------------------------------------------------------------------------------------------------------- */

static bw_status csv_summary(bw_text *t, const bw_assessment *a, const char *prefix) {
    bw_summary summary;
    bw_score_row rows[SCORES];
    bw_assessment_summary(a, &summary);
    score_rows(&summary, rows);
    BW_TRY(bw_text_add(t, "table,score,value\n%ssummary,pixels,%lld\n%ssummary,pixels_with_probability,%lld\n", prefix,
                       (long long)summary.pixels, prefix, (long long)summary.with_probability));
    for (int i = 0; i < SCORES; i++) {
        BW_TRY(bw_text_add(t, "%ssummary,%s", prefix, rows[i].key));
        BW_TRY(bw_csv_number(t, rows[i].value));
        BW_TRY(bw_text_add(t, "\n"));
    }
    return BW_OK;
}

bw_status bw_csv_class_score(bw_text *t, const bw_class_score *score) {
    BW_TRY(bw_text_add(t, ",%lld,%lld,%lld", (long long)score->truth, (long long)score->predicted,
                       (long long)score->hits));
    BW_TRY(bw_csv_number(t, score->precision));
    BW_TRY(bw_csv_number(t, score->recall));
    BW_TRY(bw_csv_number(t, score->f1));
    BW_TRY(bw_csv_number(t, score->iou));
    return bw_text_add(t, "\n");
}

static bw_status csv_classes(bw_text *t, const bw_assessment *a, const bw_model *names, const char *prefix) {
    BW_TRY(bw_text_add(t, "table,class,name,labelled,predicted,hits,precision,recall,f1,iou\n"));
    for (int k = 0; k < bw_assessment_classes(a); k++) {
        char room[BW_NUMBER_ROOM];
        bw_class_score s;
        bw_assessment_class(a, k, &s);
        BW_TRY(bw_text_add(t, "%sclasses,%d", prefix, k + 1));
        BW_TRY(bw_csv_text(t, bw_describe_class(names, k, room)));
        BW_TRY(bw_csv_class_score(t, &s));
    }
    return BW_OK;
}

static bw_status csv_confusion(bw_text *t, const bw_assessment *a, const char *prefix) {
    const int classes = bw_assessment_classes(a);
    BW_TRY(bw_text_add(t, "table,label,forest,pixels\n"));
    for (int i = 0; i < classes * classes; i++)
        BW_TRY(bw_text_add(t, "%sconfusion,%d,%d,%lld\n", prefix, i / classes + 1, i % classes + 1,
                           (long long)bw_assessment_count(a, i / classes, i % classes)));
    return BW_OK;
}

/* class "all" is the sum over classes. */
static bw_status csv_reliability(bw_text *t, const bw_assessment *a, const char *prefix) {
    BW_TRY(bw_text_add(t, "table,class,from,to,pixels,predicted,observed\n"));
    for (int k = -1; k < bw_assessment_classes(a); k++)
        for (int bin = 0; bin < BW_RELIABILITY_BINS; bin++) {
            char low[BW_NUMBER_ROOM], high[BW_NUMBER_ROOM], name[BW_NUMBER_ROOM] = "all";
            bw_reliability r;
            bw_assessment_reliability(a, k, bin, &r);
            if (k >= 0) snprintf(name, sizeof name, "%d", k + 1);
            BW_TRY(bw_text_add(t, "%sreliability,%s,%s,%s,%lld", prefix, name,
                               bw_describe_fixed(low, bin / (double)BW_RELIABILITY_BINS, 2),
                               bw_describe_fixed(high, (bin + 1) / (double)BW_RELIABILITY_BINS, 2),
                               (long long)r.count));
            BW_TRY(bw_csv_number(t, r.predicted));
            BW_TRY(bw_csv_number(t, r.observed));
            BW_TRY(bw_text_add(t, "\n"));
        }
    return BW_OK;
}

bw_status bw_assessment_csv(bw_text *t, const bw_assessment *assessment, const bw_model *names, const char *prefix) {
    BW_TRY(csv_summary(t, assessment, prefix));
    BW_TRY(csv_classes(t, assessment, names, prefix));
    BW_TRY(csv_confusion(t, assessment, prefix));
    return csv_reliability(t, assessment, prefix);
}

/* ------------------------------------------------------------------------------------------------------------------ */

static bw_status describe(bw_text *t, const bw_assessment *a, const bw_model *names, bw_describe_format format) {
    if (format == BW_DESCRIBE_CSV) return bw_assessment_csv(t, a, names, "");
    if (format == BW_DESCRIBE_TEXT) return assessment_text(t, a, names);
    BW_TRY(bw_assessment_json(t, a, names));
    return bw_text_add(t, "\n");
}

bw_status bw_assessment_describe(bw_context *ctx, const bw_assessment *assessment, const bw_model *names,
                                 bw_describe_format format, char **out) {
    bw_text text;
    *out = NULL;
    BW_TRY(bw_check(ctx));
    bw_text_init(&text, ctx);
    bw_status status = describe(&text, assessment, names, format);
    if (status == BW_OK) status = bw_text_take(&text, out);
    bw_text_free(&text);
    return status;
}
