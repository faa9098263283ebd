#include <float.h>
#include <math.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "pipeline/trainer.h"

/* Standard deviations come from pieces of fixed size, combined in order, so that threads do not change them (Chan,
 * Golub, LeVeque 1983). */
enum { PIECE = 1 << 13 };

/* Pixels, their mean and the sum of squared distances to it. */
typedef struct bw_moments {
    double count, mean, squares;
} bw_moments;

typedef struct bw_spread {
    const bw_source *source;
    const bw_image_info *info;
    int64_t slices, pieces; /* that are measured; of a plane */
    bw_moments *moments;    /* [slice][channel][piece] */
} bw_spread;

static bw_status load_piece(bw_context *ctx, const bw_spread *s, int64_t plane, int64_t from, int64_t count,
                            double *out) {
    const int64_t slice = bw_image_statistics_slice(s->source->image, plane / s->info->channels);
    const int64_t z = slice % s->info->depth;
    const int frame = (int)(slice / s->info->depth), channel = (int)(plane % s->info->channels);
    BW_TRY(bw_image_need_plane(ctx, s->source->image, frame, channel, z));
    const void *pixels = bw_image_plane_const(s->source->image, frame, channel, z);
    for (int64_t i = 0; i < count; i++) {
        if (s->info->type == BW_UINT8) {
            out[i] = ((const uint8_t *)pixels)[from + i];
        } else if (s->info->type == BW_UINT16) {
            out[i] = ((const uint16_t *)pixels)[from + i];
        } else {
            const float v = ((const float *)pixels)[from + i];
            out[i] = v - v == 0 ? v : s->source->low[(int64_t)frame * s->info->channels + channel];
        }
    }
    return BW_OK;
}

static bw_moments measure(const double *values, int64_t count) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < count; i++)
        sum += values[i];
    const double mean = sum / (double)count;
    for (int64_t i = 0; i < count; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    return (bw_moments){(double)count, mean, squares};
}

static bw_status measure_piece(bw_context *ctx, void *user, int64_t index, int thread) {
    bw_spread *s = user;
    const int64_t pixels = s->info->width * s->info->height, from = index % s->pieces * PIECE;
    const int64_t count = pixels - from < PIECE ? pixels - from : PIECE;
    (void)thread;
    double *values = bw_alloc(ctx, PIECE, sizeof *values, "pixel statistics");
    if (!values) return BW_ERROR_MEMORY;
    const bw_status status = load_piece(ctx, s, index / s->pieces, from, count, values);
    if (status == BW_OK) s->moments[index] = measure(values, count);
    bw_free(values);
    return status;
}

static void combine(bw_moments *a, const bw_moments *b) {
    const double count = a->count + b->count, step = b->mean - a->mean;
    a->squares += b->squares + step * step * (a->count * b->count / count);
    a->mean += step * (b->count / count);
    a->count = count;
}

static double deviation(const bw_spread *s, int channel) {
    bw_moments all = {0, 0, 0};
    for (int64_t slice = 0; slice < s->slices; slice++)
        for (int64_t p = 0; p < s->pieces; p++)
            combine(&all, &s->moments[(slice * s->info->channels + channel) * s->pieces + p]);
    const double found = sqrt(all.squares / all.count);
    return found < (double)FLT_MAX ? found : (double)FLT_MAX;
}

bw_status bw_spread_measure(bw_context *ctx, const bw_source *source, double **out) {
    const bw_image_info *info = bw_image_get_info(source->image);
    bw_spread s = {source, info, bw_image_statistics_count(source->image),
                   (info->width * info->height + PIECE - 1) / PIECE, NULL};
    const int64_t tasks = s.slices * info->channels * s.pieces;
    double *found = bw_alloc(ctx, (uint64_t)info->channels, sizeof *found, "pixel statistics");
    s.moments = bw_alloc(ctx, (uint64_t)tasks, sizeof *s.moments, "pixel statistics");
    bw_status status = found && s.moments ? BW_OK : BW_ERROR_MEMORY;
    if (status == BW_OK) status = bw_parallel(ctx, tasks, measure_piece, &s);
    for (int c = 0; c < info->channels && status == BW_OK; c++)
        found[c] = deviation(&s, c);
    bw_free(s.moments);
    *out = status == BW_OK ? found : NULL;
    if (status != BW_OK) bw_free(found);
    return status;
}
