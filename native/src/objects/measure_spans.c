/* Objects by themselves, their neighbours, and room to work. */
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "objects/measure.h"

/* ---- room -------------------------------------------------------------------------------------------------------- */

static void *make_room(bw_context *ctx, bw_measure_scratch *scratch, int block, int64_t count, size_t size, int keep) {
    const uint64_t wanted = (uint64_t)count * size;
    if (scratch->block[block] && scratch->bytes[block] >= wanted) return scratch->block[block];
    const uint64_t bytes = wanted + wanted / 2 + 1024;
    void *grown;
    if (keep) {
        grown = bw_realloc(ctx, scratch->block[block], bytes, 1, "room to measure objects");
    } else {
        bw_free(scratch->block[block]);
        scratch->block[block] = NULL;
        grown = bw_alloc(ctx, bytes, 1, "room to measure objects");
    }
    if (!grown) return NULL;
    scratch->block[block] = grown;
    scratch->bytes[block] = bytes;
    return grown;
}

void *bw_scratch_room(bw_context *ctx, bw_measure_scratch *scratch, int block, int64_t count, size_t size) {
    return make_room(ctx, scratch, block, count, size, 0);
}

void *bw_scratch_grow(bw_context *ctx, bw_measure_scratch *scratch, int block, int64_t count, size_t size) {
    return make_room(ctx, scratch, block, count, size, 1);
}

void bw_scratch_free(bw_measure_scratch *scratch) {
    for (size_t i = 0; i < sizeof scratch->block / sizeof *scratch->block; i++)
        bw_free(scratch->block[i]);
}

/* ---- spans ------------------------------------------------------------------------------------------------------- */

static void count_spans(const bw_object_frame *frame, bw_object_spans *out) {
    for (int64_t i = 0; i < frame->runs.count; i++)
        out->first[frame->runs.run[i].label]++;
    for (int64_t k = 0; k < frame->count; k++)
        out->first[k + 1] += out->first[k];
}

/* first[k] moves to the end of object k, which is where object k + 1 begins. */
static void sort_spans(const bw_object_frame *frame, bw_object_spans *out) {
    const bw_runs *runs = &frame->runs;
    for (int64_t row = 0; row < runs->size[1] * runs->size[2]; row++)
        for (int64_t i = runs->row[row]; i < runs->row[row + 1]; i++) {
            const bw_run *run = runs->run + i;
            out->span[out->first[run->label - 1]++] =
                (bw_span){run->lo, run->hi, (int32_t)(row % runs->size[1]), (int32_t)(row / runs->size[1])};
        }
    memmove(out->first + 1, out->first, (size_t)frame->count * sizeof *out->first);
    out->first[0] = 0;
}

bw_status bw_object_spans_build(bw_context *ctx, const bw_object_frame *frame, bw_object_spans *out) {
    *out = (bw_object_spans){.count = frame->count};
    out->first = bw_calloc(ctx, (uint64_t)frame->count + 1, sizeof *out->first, "runs of objects");
    out->span = bw_alloc(ctx, (uint64_t)frame->runs.count, sizeof *out->span, "runs of objects");
    if (!out->first || !out->span) return BW_ERROR_MEMORY;
    count_spans(frame, out);
    sort_spans(frame, out);
    return bw_check(ctx);
}

void bw_object_spans_free(bw_object_spans *spans) {
    bw_free(spans->first);
    bw_free(spans->span);
}

/* ---- neighbours -------------------------------------------------------------------------------------------------- */

enum { LABELS = 0 };

typedef struct bw_meetings {
    bw_context *ctx;
    bw_measure_scratch *scratch;
    uint32_t own, *label;
    int64_t count;
} bw_meetings;

static bw_status meet(bw_meetings *meetings, uint32_t label) {
    if (label == meetings->own || (meetings->count && meetings->label[meetings->count - 1] == label)) return BW_OK;
    uint32_t *grown = bw_scratch_grow(meetings->ctx, meetings->scratch, LABELS, meetings->count + 1, sizeof *grown);
    if (!grown) return BW_ERROR_MEMORY;
    meetings->label = grown;
    grown[meetings->count++] = label;
    return BW_OK;
}

/* Runs of a row that touch the span from the side or across a corner. */
static bw_status meet_row(bw_meetings *meetings, const bw_runs *runs, int64_t row, const bw_span *span) {
    int64_t lo = runs->row[row], hi = runs->row[row + 1];
    const int64_t end = hi;
    while (lo < hi) {
        const int64_t middle = lo + (hi - lo) / 2;
        if (runs->run[middle].hi < span->x0)
            lo = middle + 1;
        else
            hi = middle;
    }
    for (; lo < end && runs->run[lo].lo <= span->x1; lo++)
        BW_TRY(meet(meetings, runs->run[lo].label));
    return BW_OK;
}

static int by_number(const void *a, const void *b) {
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static int64_t count_different(bw_meetings *meetings) {
    int64_t different = 0;
    if (meetings->count) qsort(meetings->label, (size_t)meetings->count, sizeof *meetings->label, by_number);
    for (int64_t i = 0; i < meetings->count; i++)
        different += i == 0 || meetings->label[i] != meetings->label[i - 1];
    return different;
}

bw_status bw_shape_neighbours(bw_context *ctx, bw_measure_scratch *scratch, const bw_runs *runs, const bw_span *span,
                              int64_t count, uint32_t label, bw_shape *out) {
    bw_meetings meetings = {.ctx = ctx, .scratch = scratch, .own = label};
    for (int64_t i = 0; i < count; i++) {
        const bw_span *at = span + i;
        if ((i & 1023) == 0) BW_TRY(bw_check(ctx));
        for (int64_t z = at->z ? at->z - 1 : 0; z <= at->z + 1 && z < runs->size[2]; z++)
            for (int64_t y = at->y ? at->y - 1 : 0; y <= at->y + 1 && y < runs->size[1]; y++)
                BW_TRY(meet_row(&meetings, runs, z * runs->size[1] + y, at));
    }
    out->neighbours = count_different(&meetings);
    return BW_OK;
}
