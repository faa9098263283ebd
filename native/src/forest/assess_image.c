/* Assessment of segmented images against labelled ones. */
#include <math.h>
#include <stdio.h>

#include "core/image.h"
#include "forest/assess.h"

/* What is compared, and how messages call it. */
typedef struct bw_compared_images {
    const bw_image *truth, *labels, *probabilities;
    char truth_name[300], labels_name[300], probabilities_name[300];
} bw_compared_images;

static void name_image(char *text, size_t size, const bw_image *image, const char *what) {
    const char *name = image ? bw_image_name(image) : "";
    if (name[0])
        snprintf(text, size, "The %s %s", what, name);
    else
        snprintf(text, size, "The %s", what);
}

/* ---- checks ------------------------------------------------------------------------------------------------------ */

static bw_status check_size(bw_context *ctx, const bw_compared_images *c, const bw_image *image, const char *name,
                            int channels) {
    const bw_image_info *a = bw_image_get_info(c->truth), *b = bw_image_get_info(image);
    char truth[160], other[160];
    BW_TRY(bw_image_need_whole(ctx, image, "Assessment"));
    bw_image_describe(a, truth, sizeof truth);
    bw_image_describe(b, other, sizeof other);
    if (a->width != b->width || a->height != b->height || a->depth != b->depth || a->frames != b->frames) {
        return bw_fail(ctx, BW_ERROR_MISMATCH, "%s has %s, but %s has %s. Give images of the same size.", name, other,
                       c->truth_name, truth);
    }
    if (b->channels == channels) return BW_OK;
    return bw_fail(ctx, BW_ERROR_MISMATCH, "%s has %d channels where %d %s needed (%s).", name, b->channels, channels,
                   channels == 1 ? "is" : "are, one per class,", other);
}

static bw_status check_labels_type(bw_context *ctx, const bw_image *image, const char *name) {
    const bw_pixel_type type = bw_image_get_info(image)->type;
    if (type == BW_UINT8 || type == BW_UINT16) return BW_OK;
    return bw_fail(ctx, BW_ERROR_MISMATCH,
                   "%s has pixels of type %s. Labels are whole numbers: give an 8-bit or 16-bit image.", name,
                   bw_type_name(type));
}

static bw_status check_images(bw_context *ctx, const bw_compared_images *c, int classes) {
    const bw_image_info *info = bw_image_get_info(c->truth);
    if (!c->labels && !c->probabilities) {
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "%s needs labels or probabilities to be compared with.", c->truth_name);
    }
    BW_TRY(check_labels_type(ctx, c->truth, c->truth_name));
    BW_TRY(check_size(ctx, c, c->truth, c->truth_name, 1));
    if ((double)info->width * (double)info->height * (double)info->depth * info->frames >
        (double)(BW_MOST_ASSESSED / 2)) {
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "%s has more pixels than an assessment can count.", c->truth_name);
    }
    if (c->labels) {
        BW_TRY(check_labels_type(ctx, c->labels, c->labels_name));
        BW_TRY(check_size(ctx, c, c->labels, c->labels_name, 1));
    }
    if (!c->probabilities) return BW_OK;
    if (bw_image_get_info(c->probabilities)->type != BW_FLOAT32) {
        return bw_fail(ctx, BW_ERROR_MISMATCH,
                       "%s has pixels of type %s. Probabilities are 32-bit numbers from 0 to 1.", c->probabilities_name,
                       bw_type_name(bw_image_get_info(c->probabilities)->type));
    }
    return check_size(ctx, c, c->probabilities, c->probabilities_name, classes);
}

/* ---- planes ------------------------------------------------------------------------------------------------------ */

/* One plane of all images. */
typedef struct bw_compared_plane {
    const bw_compared_images *comparison;
    bw_assessment *assessment;
    int frame;
    int64_t z;
    const void *truth, *labels; /* labels may be NULL */
    const float *probabilities[BW_MAX_CLASSES];
} bw_compared_plane;

static int value_at(const bw_image *image, const void *plane, int64_t i) {
    const int pixel =
        bw_image_get_info(image)->type == BW_UINT8 ? ((const uint8_t *)plane)[i] : ((const uint16_t *)plane)[i];
    return pixel + (int)bw_image_offset(image);
}

/* "x 3, y 4, z 5, frame 2", counted from 0 and 1 as in ImageJ. */
static void place(const bw_compared_plane *p, int64_t i, char *text, size_t size) {
    const int64_t width = bw_image_get_info(p->comparison->truth)->width;
    snprintf(text, size, "x %lld, y %lld, slice %lld, frame %d", (long long)(i % width), (long long)(i / width),
             (long long)p->z + 1, p->frame + 1);
}

static bw_status bad_label(bw_context *ctx, const bw_compared_plane *p, const char *name, int value, int64_t i) {
    char at[120];
    place(p, i, at, sizeof at);
    return bw_fail(ctx, BW_ERROR_MISMATCH,
                   "%s has the label %d at %s, but there are %d classes: give labels from 1 to %d.", name, value, at,
                   p->assessment->classes, p->assessment->classes);
}

static bw_status bad_probability(bw_context *ctx, const bw_compared_plane *p, const char *what, double value,
                                 int64_t i) {
    char at[120];
    place(p, i, at, sizeof at);
    return bw_fail(ctx, BW_ERROR_MISMATCH,
                   "%s has %s of %g at %s. Probabilities lie between 0 and 1 and those of a pixel sum to 1.",
                   p->comparison->probabilities_name, what, value, at);
}

static bw_status get_probabilities(bw_context *ctx, const bw_compared_plane *p, int64_t i, float *out) {
    double sum = 0;
    for (int k = 0; k < p->assessment->classes; k++) {
        out[k] = p->probabilities[k][i];
        if (!(out[k] >= 0 && out[k] <= 1)) return bad_probability(ctx, p, "a probability", (double)out[k], i);
        sum += (double)out[k];
    }
    return fabs(sum - 1) <= 1e-3 ? BW_OK : bad_probability(ctx, p, "a sum of probabilities", sum, i);
}

static bw_status add_pixel(bw_context *ctx, const bw_compared_plane *p, int64_t i, int truth) {
    const int classes = p->assessment->classes;
    float probabilities[BW_MAX_CLASSES];
    int predicted = 0;
    if (truth < 1 || truth > classes) return bad_label(ctx, p, p->comparison->truth_name, truth, i);
    if (p->comparison->probabilities) {
        BW_TRY(get_probabilities(ctx, p, i, probabilities));
        bw_assessment_note(p->assessment, truth - 1, probabilities, 1);
        predicted = bw_assessment_winner(classes, probabilities, 1) + 1;
    }
    if (p->labels) {
        predicted = value_at(p->comparison->labels, p->labels, i);
        if (predicted < 1 || predicted > classes) return bad_label(ctx, p, p->comparison->labels_name, predicted, i);
    }
    bw_assessment_add_pair(p->assessment, truth - 1, predicted - 1, 1);
    return BW_OK;
}

static bw_status add_plane(bw_context *ctx, bw_assessment *assessment, const bw_compared_images *c, int frame,
                           int64_t z) {
    const bw_image_info *info = bw_image_get_info(c->truth);
    bw_compared_plane p = {.comparison = c, .assessment = assessment, .frame = frame, .z = z};
    p.truth = bw_image_plane_const(c->truth, frame, 0, z);
    if (c->labels) p.labels = bw_image_plane_const(c->labels, frame, 0, z);
    for (int k = 0; c->probabilities && k < assessment->classes; k++)
        p.probabilities[k] = bw_image_plane_const(c->probabilities, frame, k, z);
    for (int64_t i = 0; i < info->width * info->height; i++) {
        const int truth = value_at(c->truth, p.truth, i);
        if (i % 65536 == 0) BW_TRY(bw_check(ctx));
        if (truth) BW_TRY(add_pixel(ctx, &p, i, truth));
    }
    return BW_OK;
}

static bw_status add_planes(bw_context *ctx, bw_assessment *assessment, const bw_compared_images *c) {
    const bw_image_info *info = bw_image_get_info(c->truth);
    for (int frame = 0; frame < info->frames; frame++)
        for (int64_t z = 0; z < info->depth; z++)
            BW_TRY(add_plane(ctx, assessment, c, frame, z));
    return BW_OK;
}

bw_status bw_assessment_add(bw_context *ctx, bw_assessment *assessment, const bw_image *truth, const bw_image *labels,
                            const bw_image *probabilities) {
    bw_compared_images c = {.truth = truth, .labels = labels, .probabilities = probabilities};
    bw_assessment *added;
    BW_TRY(bw_check(ctx));
    name_image(c.truth_name, sizeof c.truth_name, truth, "truth");
    name_image(c.labels_name, sizeof c.labels_name, labels, "label image");
    name_image(c.probabilities_name, sizeof c.probabilities_name, probabilities, "probability image");
    BW_TRY(check_images(ctx, &c, assessment->classes));
    BW_TRY(bw_assessment_create(ctx, assessment->classes, &added));
    bw_status status = add_planes(ctx, added, &c);
    if (status == BW_OK && assessment->pixels + added->pixels > BW_MOST_ASSESSED)
        status = bw_fail(ctx, BW_ERROR_ARGUMENT, "The images have more labelled pixels than an assessment can count.");
    if (status == BW_OK) bw_assessment_merge(assessment, added);
    bw_assessment_free(added);
    return status;
}
