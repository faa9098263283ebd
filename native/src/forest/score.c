/* Scores of an assessment. Means and sums run over classes and bins in their order. */
#include <math.h>

#include "forest/assess.h"

static double ratio(double part, double whole) {
    return whole > 0 ? part / whole : (double)NAN;
}

int64_t bw_assessment_count(const bw_assessment *assessment, int truth, int predicted) {
    return assessment->confusion[truth * assessment->classes + predicted];
}

void bw_assessment_class(const bw_assessment *assessment, int index, bw_class_score *out) {
    *out = (bw_class_score){.hits = bw_assessment_count(assessment, index, index)};
    for (int k = 0; k < assessment->classes; k++) {
        out->truth += bw_assessment_count(assessment, index, k);
        out->predicted += bw_assessment_count(assessment, k, index);
    }
    const double hits = (double)out->hits, both = (double)(out->truth + out->predicted);
    out->precision = ratio(hits, (double)out->predicted);
    out->recall = ratio(hits, (double)out->truth);
    out->f1 = ratio(2 * hits, both);
    out->iou = ratio(hits, both - hits);
}

double bw_assessment_error(const bw_assessment *assessment) {
    int64_t wrong = assessment->pixels;
    for (int k = 0; k < assessment->classes; k++)
        wrong -= bw_assessment_count(assessment, k, k);
    return ratio((double)wrong, (double)assessment->pixels);
}

/* Cohen's: agreement beyond what the marginal frequencies give by chance. */
static double kappa(double pixels, double hits, double chance) {
    const double expected = chance / pixels;
    return ratio(hits - expected, pixels - expected);
}

static void summarise_classes(const bw_assessment *a, bw_summary *out) {
    double hits = 0, recall = 0, iou = 0, f1 = 0, chance = 0;
    int labelled = 0, seen = 0;
    for (int k = 0; k < a->classes; k++) {
        bw_class_score score;
        bw_assessment_class(a, k, &score);
        hits += (double)score.hits;
        chance += (double)score.truth * (double)score.predicted;
        if (score.truth) {
            labelled++;
            recall += score.recall;
        }
        if (score.truth + score.predicted) {
            seen++;
            iou += score.iou;
            f1 += score.f1;
        }
    }
    out->accuracy = ratio(hits, (double)a->pixels);
    out->balanced_accuracy = ratio(recall, labelled);
    out->mean_iou = ratio(iou, seen);
    out->mean_f1 = ratio(f1, seen);
    out->kappa = a->pixels ? kappa((double)a->pixels, hits, chance) : (double)NAN;
}

static double calibration_error(const bw_assessment *a) {
    double sum = 0;
    for (int i = 0; i < a->classes * BW_RELIABILITY_BINS; i++) {
        const bw_score_bin *b = &a->bins[i];
        sum += fabs((double)b->hits * (double)BW_SCORE_ONE - (double)b->predicted);
    }
    return ratio(sum, (double)a->with_probability * a->classes * (double)BW_SCORE_ONE);
}

void bw_assessment_summary(const bw_assessment *assessment, bw_summary *out) {
    *out = (bw_summary){.pixels = assessment->pixels, .with_probability = assessment->with_probability};
    summarise_classes(assessment, out);
    out->brier = ratio((double)assessment->brier, (double)assessment->with_probability * (double)BW_SCORE_ONE);
    out->calibration_error = calibration_error(assessment);
}

void bw_assessment_reliability(const bw_assessment *assessment, int class_index, int bin, bw_reliability *out) {
    const int first = class_index < 0 ? 0 : class_index, last = class_index < 0 ? assessment->classes - 1 : class_index;
    double predicted = 0, hits = 0;
    *out = (bw_reliability){0};
    for (int k = first; k <= last; k++) {
        const bw_score_bin *b = &assessment->bins[k * BW_RELIABILITY_BINS + bin];
        out->count += b->count;
        predicted += (double)b->predicted;
        hits += (double)b->hits;
    }
    out->predicted = ratio(predicted, (double)out->count * (double)BW_SCORE_ONE);
    out->observed = ratio(hits, (double)out->count);
}
