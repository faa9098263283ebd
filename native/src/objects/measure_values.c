/* Values of an image over objects: read once, band by band, whatever the image's size. Each object's spans are added in
 * raster order by one thread, so that sums do not depend on threads or bands. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/image.h"
#include "core/parallel.h"
#include "objects/measure.h"

enum { BAND_VALUES = 1 << 21, STREAMED_ROWS = 512, SMALL = 24 };

/* An object that the band holds a part of. */
typedef struct bw_reached {
    int64_t object, next; /* next: its first span that is still to come */
    float *values;        /* [channel][voxels] for the median; NULL = none */
    int64_t *filled;      /* of each channel */
} bw_reached;

typedef struct bw_value_scan {
    const bw_object_spans *spans;
    const bw_shape *shapes;
    int channels, median;
    bw_part part;
    float *pixels;
    bw_reached *reached; /* in no certain order */
    int64_t reached_count, reached_room;
    bw_values *out;
} bw_value_scan;

/* ---- one span ---------------------------------------------------------------------------------------------------- */

/* Differences to the span's first value keep the digits of what varies. */
static void add_values(const float *from, const bw_span *span, const int64_t corner[3], bw_values *total) {
    const double pivot = from[0] - from[0] == 0 ? from[0] : 0;
    double sum = 0, offset = 0, squares = 0, weighted = 0, low = INFINITY, high = -INFINITY;
    int64_t count = 0;
    for (int64_t i = 0; i < span->x1 - span->x0; i++) {
        const double value = from[i], d = value - pivot;
        if (!(d - d == 0)) continue;
        sum += value;
        offset += d;
        squares += d * d;
        weighted += value * (double)i;
        low = value < low ? value : low;
        high = value > high ? value : high;
        count++;
    }
    if (!count) return;
    const double n = (double)count, own = squares - offset * offset / n;
    if (total->count) { /* two sets become one (Chan, Golub and LeVeque 1979) */
        const double m = (double)total->count, difference = sum / n - total->sum / m;
        total->squares += difference * difference * (m * n / (m + n));
    }
    total->squares += own > 0 ? own : 0;
    total->sum += sum;
    total->weighted[0] += weighted + sum * (double)(span->x0 - corner[0]);
    total->weighted[1] += sum * (double)(span->y - corner[1]);
    total->weighted[2] += sum * (double)(span->z - corner[2]);
    total->min = low < total->min ? low : total->min;
    total->max = high > total->max ? high : total->max;
    total->count += count;
}

/* ---- median ------------------------------------------------------------------------------------------------------ */

static uint32_t key_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static float value_of_key(uint32_t key) {
    const uint32_t bits = key & 0x80000000u ? key & 0x7fffffffu : ~key;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The value that `rank` others lie before: its key, 11 bits at a time. */
static float select_large(bw_context *ctx, const float *values, int64_t count, int64_t rank) {
    static const int shift[3] = {21, 10, 0}, bits[3] = {11, 11, 10};
    uint32_t key = 0, known = 0;
    for (int pass = 0; pass < 3; pass++) {
        const uint32_t mask = (1u << bits[pass]) - 1;
        int64_t bins[1 << 11] = {0};
        for (int64_t i = 0; i < count; i++) {
            const uint32_t at = key_of(values[i]);
            if ((i & 0xfffff) == 0 && bw_check(ctx) != BW_OK) return 0;
            if ((at & known) == key) bins[at >> shift[pass] & mask]++;
        }
        uint32_t bin = 0;
        while (rank >= bins[bin])
            rank -= bins[bin++];
        key |= bin << shift[pass];
        known |= mask << shift[pass];
    }
    return value_of_key(key);
}

static void sort_small(float *values, int64_t count) {
    for (int64_t i = 1; i < count; i++) {
        const float value = values[i];
        int64_t k = i;
        for (; k > 0 && values[k - 1] > value; k--)
            values[k] = values[k - 1];
        values[k] = value;
    }
}

static double median_of(bw_context *ctx, float *values, int64_t count) {
    if (!count) return NAN;
    const int64_t high = count / 2, low = (count - 1) / 2;
    if (count > SMALL) {
        const double above = select_large(ctx, values, count, high);
        return low == high ? above : 0.5 * (select_large(ctx, values, count, low) + above);
    }
    sort_small(values, count);
    return 0.5 * ((double)values[low] + values[high]);
}

static void keep_values(const float *from, int64_t count, float *to, int64_t *filled) {
    for (int64_t i = 0; i < count; i++)
        if (from[i] - from[i] == 0) to[(*filled)++] = from[i];
}

static void forget(bw_reached *at) {
    bw_free(at->values);
    bw_free(at->filled);
    at->values = NULL;
    at->filled = NULL;
}

static void finish(bw_context *ctx, const bw_value_scan *scan, bw_reached *at) {
    bw_values *out = scan->out + at->object * scan->channels;
    const int64_t voxels = scan->shapes[at->object].voxels;
    for (int c = 0; c < scan->channels && at->values; c++)
        out[c].median = median_of(ctx, at->values + c * voxels, at->filled[c]);
    forget(at);
}

/* ---- one band ---------------------------------------------------------------------------------------------------- */

static int in_band(const bw_value_scan *scan, const bw_span *span) {
    const bw_part *part = &scan->part;
    return span->z < part->hi[2] - 1 || (span->z == part->hi[2] - 1 && span->y < part->hi[1]);
}

static void scan_span(const bw_value_scan *scan, const bw_span *span, bw_reached *at) {
    const bw_part *part = &scan->part;
    const int64_t width = part->hi[0], height = part->hi[1] - part->lo[1], depth = part->hi[2] - part->lo[2];
    const int64_t corner = ((span->z - part->lo[2]) * height + span->y - part->lo[1]) * width + span->x0;
    const bw_shape *shape = scan->shapes + at->object;
    bw_values *out = scan->out + at->object * scan->channels;
    for (int c = 0; c < scan->channels; c++) {
        const float *from = scan->pixels + c * width * height * depth + corner;
        add_values(from, span, shape->lo, out + c);
        if (at->values) keep_values(from, span->x1 - span->x0, at->values + c * shape->voxels, at->filled + c);
    }
}

static bw_status scan_object(bw_context *ctx, void *user, int64_t index, int thread) {
    const bw_value_scan *scan = user;
    bw_reached *at = scan->reached + index;
    const int64_t end = scan->spans->first[at->object + 1];
    (void)thread;
    for (; at->next < end && in_band(scan, scan->spans->span + at->next); at->next++) {
        if ((at->next & 255) == 0) BW_TRY(bw_check(ctx));
        scan_span(scan, scan->spans->span + at->next, at);
    }
    if (at->next == end) finish(ctx, scan, at);
    return BW_OK;
}

static bw_status reach(bw_context *ctx, bw_value_scan *scan, int64_t object) {
    if (scan->reached_count == scan->reached_room) {
        const int64_t room = 2 * scan->reached_room + 64;
        bw_reached *grown =
            bw_realloc(ctx, scan->reached, (uint64_t)room, sizeof *grown, "objects that values are read for");
        if (!grown) return BW_ERROR_MEMORY;
        scan->reached = grown;
        scan->reached_room = room;
    }
    bw_reached *at = scan->reached + scan->reached_count++;
    *at = (bw_reached){.object = object, .next = scan->spans->first[object]};
    if (!scan->median) return BW_OK;
    const uint64_t values = (uint64_t)scan->shapes[object].voxels * (uint64_t)scan->channels;
    at->values = bw_alloc(ctx, values, sizeof(float), "values of an object");
    at->filled = bw_calloc(ctx, (uint64_t)scan->channels, sizeof *at->filled, "values of an object");
    return at->values && at->filled ? BW_OK : BW_ERROR_MEMORY;
}

/* Objects that are through leave; those whose first span the band has come. */
static bw_status change_objects(bw_context *ctx, bw_value_scan *scan, const int64_t *order, int64_t *begun) {
    int64_t kept = 0;
    for (int64_t i = 0; i < scan->reached_count; i++) {
        const bw_reached at = scan->reached[i];
        if (at.next < scan->spans->first[at.object + 1]) scan->reached[kept++] = at;
    }
    scan->reached_count = kept;
    for (; *begun < scan->spans->count; ++*begun) {
        const int64_t object = order[*begun];
        if (!in_band(scan, scan->spans->span + scan->spans->first[object])) break;
        BW_TRY(reach(ctx, scan, object));
    }
    return BW_OK;
}

static bw_status scan_bands(bw_context *ctx, const bw_image *image, int64_t voxels, const int64_t *order,
                            bw_value_scan *scan) {
    const bw_image_info *info = bw_image_get_info(image);
    int64_t begun = 0;
    while (bw_objects_next_band(info, voxels, &scan->part)) {
        const int64_t rows = (scan->part.hi[1] - scan->part.lo[1]) * (scan->part.hi[2] - scan->part.lo[2]);
        BW_TRY(change_objects(ctx, scan, order, &begun));
        if (scan->reached_count) {
            BW_TRY(bw_objects_read_floats(ctx, image, &scan->part, scan->pixels));
            BW_TRY(bw_parallel(ctx, scan->reached_count, scan_object, scan));
        }
        bw_progress_add(ctx, (double)(rows * info->width));
    }
    return BW_OK;
}

/* ---- all --------------------------------------------------------------------------------------------------------- */

/* Objects in the order of their first rows: a counting sort. */
static bw_status order_objects(bw_context *ctx, const bw_image_info *info, const bw_object_spans *spans,
                               int64_t **out) {
    const int64_t rows = info->height * info->depth;
    int64_t *order = *out = bw_alloc(ctx, (uint64_t)spans->count, sizeof *order, "an order of objects");
    int64_t *begin = bw_calloc(ctx, (uint64_t)rows + 1, sizeof *begin, "an order of objects");
    for (int64_t i = 0; order && begin && i < spans->count; i++)
        begin[spans->span[spans->first[i]].z * info->height + spans->span[spans->first[i]].y + 1]++;
    for (int64_t row = 0; begin && row < rows; row++)
        begin[row + 1] += begin[row];
    for (int64_t i = 0; order && begin && i < spans->count; i++)
        order[begin[spans->span[spans->first[i]].z * info->height + spans->span[spans->first[i]].y]++] = i;
    bw_free(begin);
    return bw_context_status(ctx);
}

/* Voxels of a band. Tiles of a file are read again for every band that they reach into: streamed images come in bands
 * as high as usual tiles, when there is memory for them. */
static int64_t band_voxels(bw_context *ctx, const bw_image *image) {
    const bw_image_info *info = bw_image_get_info(image);
    const int64_t usual = BAND_VALUES / info->channels, high = STREAMED_ROWS * info->width;
    const int64_t most = (int64_t)(bw_context_memory_budget(ctx) / 4 / sizeof(float)) / info->channels;
    const int64_t wanted = bw_image_is_streamed(image) && high > usual ? high < most ? high : most : usual;
    const int64_t whole = info->width * info->height * info->depth;
    const int64_t some = wanted > info->width ? wanted : info->width;
    return some < whole ? some : whole;
}

bw_status bw_values_measure(bw_context *ctx, const bw_image *image, int frame, const bw_object_spans *spans,
                            const bw_shape *shapes, int median, bw_values *out) {
    const bw_image_info *info = bw_image_get_info(image);
    const int64_t voxels = band_voxels(ctx, image);
    bw_value_scan scan = {spans, shapes, info->channels, median, {.frame = frame}, NULL, NULL, 0, 0, out};
    int64_t *order = NULL;
    for (int64_t i = 0; i < spans->count * info->channels; i++)
        out[i] = (bw_values){.min = INFINITY, .max = -INFINITY, .median = NAN};
    scan.pixels = bw_alloc(ctx, (uint64_t)voxels * (uint64_t)info->channels, sizeof(float), "rows of an image");
    bw_status status = scan.pixels ? order_objects(ctx, info, spans, &order) : BW_ERROR_MEMORY;
    if (status == BW_OK) status = scan_bands(ctx, image, voxels, order, &scan);
    for (int64_t i = 0; i < scan.reached_count; i++)
        forget(scan.reached + i);
    bw_free(scan.reached);
    bw_free(scan.pixels);
    bw_free(order);
    return status;
}
