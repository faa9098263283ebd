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
    int64_t pieces; /* of a plane */
    bw_moments *moments;
} bw_spread;

static void load_piece(const bw_spread *s, int64_t plane, int64_t from, int64_t count, double *out) {
    const int64_t above = plane / s->info->depth;
    const int frame = (int)(above / s->info->channels), channel = (int)(above % s->info->channels);
    const void *pixels = bw_image_plane_const(s->source->image, frame, channel, plane % s->info->depth);
    for (int64_t i = 0; i < count; i++) {
        if (s->info->type == BW_UINT8) {
            out[i] = ((const uint8_t *)pixels)[from + i];
        } else if (s->info->type == BW_UINT16) {
            out[i] = ((const uint16_t *)pixels)[from + i];
        } else {
            const float v = ((const float *)pixels)[from + i];
            out[i] = v - v == 0 ? v : s->source->low[above];
        }
    }
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
    load_piece(s, index / s->pieces, from, count, values);
    s->moments[index] = measure(values, count);
    bw_free(values);
    return BW_OK;
}

static void combine(bw_moments *a, const bw_moments *b) {
    const double count = a->count + b->count, step = b->mean - a->mean;
    a->squares += b->squares + step * step * (a->count * b->count / count);
    a->mean += step * (b->count / count);
    a->count = count;
}

static double deviation(const bw_spread *s, int channel) {
    const int64_t pieces = s->info->depth * s->pieces;
    bw_moments all = {0, 0, 0};
    for (int frame = 0; frame < s->info->frames; frame++)
        for (int64_t p = 0; p < pieces; p++)
            combine(&all, &s->moments[((int64_t)frame * s->info->channels + channel) * pieces + p]);
    const double found = sqrt(all.squares / all.count);
    return found < (double)FLT_MAX ? found : (double)FLT_MAX;
}

bw_status bw_spread_measure(bw_context *ctx, const bw_source *source, double **out) {
    const bw_image_info *info = bw_image_get_info(source->image);
    bw_spread s = {source, info, (info->width * info->height + PIECE - 1) / PIECE, NULL};
    const int64_t tasks = info->depth * info->channels * info->frames * s.pieces;
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
