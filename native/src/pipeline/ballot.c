#include "pipeline/ballot.h"

#include <string.h>

#include "core/alloc.h"

enum { EDGE = BW_BLOCK_EDGE, BLOCK = BW_BLOCK };

static uint64_t used_features(const bw_forest *forest) {
    uint64_t used = 0;
    for (int f = 0; f < bw_forest_features(forest); f++)
        used += (uint64_t)bw_forest_uses(forest, f);
    return used;
}

double bw_ballot_pixel_bytes(const bw_forest *forest, bw_ballot_kind kind) {
    const double result = kind == BW_BALLOT_VOTES ? 4.0 * bw_forest_classes(forest) : 1;
    return (double)used_features(forest) + result;
}

static bw_status make_room(bw_context *ctx, bw_ballot_kind kind, int64_t width, bw_ballot *b) {
    const uint64_t pixels = (uint64_t)b->stride, features = (uint64_t)bw_forest_features(b->forest);
    b->row = bw_alloc(ctx, (uint64_t)width, 1, "feature bytes");
    b->bytes = bw_calloc(ctx, pixels * used_features(b->forest), 1, "feature bytes");
    b->columns = bw_calloc(ctx, features, sizeof *b->columns, "a feature list");
    b->scratch = bw_alloc(ctx, bw_forest_scratch_size(b->forest), 1, "forest scratch");
    if (!b->row || !b->bytes || !b->columns || !b->scratch) return BW_ERROR_MEMORY;
    if (kind == BW_BALLOT_WINNERS) {
        b->winners = bw_alloc(ctx, pixels, 1, "labels");
        return b->winners ? BW_OK : BW_ERROR_MEMORY;
    }
    b->votes = bw_alloc(ctx, pixels * (uint64_t)bw_forest_classes(b->forest), sizeof *b->votes, "votes");
    return b->votes ? BW_OK : BW_ERROR_MEMORY;
}

bw_status bw_ballot_open(bw_context *ctx, const bw_forest *forest, bw_ballot_kind kind, bw_simd level,
                         const int64_t extent[3], bw_ballot *out) {
    const bw_box largest = {{0, 0, 0}, {extent[0], extent[1], extent[2]}};
    *out = (bw_ballot){.forest = forest, .level = level, .stride = bw_block_pixels(&largest)};
    const bw_status status = make_room(ctx, kind, extent[0], out);
    if (status != BW_OK) {
        bw_ballot_close(out);
        return status;
    }
    const uint8_t *next = out->bytes;
    for (int f = 0; f < bw_forest_features(forest); f++) {
        if (!bw_forest_uses(forest, f)) continue;
        out->columns[f] = next;
        next += out->stride;
    }
    return BW_OK;
}

void bw_ballot_close(bw_ballot *b) {
    bw_free(b->row);
    bw_free(b->bytes);
    bw_free((void *)b->columns);
    bw_free(b->votes);
    bw_free(b->winners);
    bw_free(b->scratch);
    *b = (bw_ballot){0};
}

/* Where a row of the box begins in block order; the next 8 pixels follow BLOCK further on. */
static int64_t row_in_blocks(const bw_box *box, int64_t y, int64_t z) {
    const int64_t row = (z - box->lo[2]) * bw_blocks_along(box, 1) + (y - box->lo[1]) / EDGE;
    return row * bw_blocks_along(box, 0) * BLOCK + (y - box->lo[1]) % EDGE * EDGE;
}

static void row_to_blocks(const uint8_t *row, int64_t width, uint8_t *to) {
    int64_t x = 0;
    for (; x + EDGE <= width; x += EDGE, to += BLOCK)
        memcpy(to, row + x, EDGE);
    memcpy(to, row + x, (size_t)(width - x));
}

bw_status bw_ballot_take(bw_context *ctx, void *ballot, int index, const bw_box *part, const float *values, int64_t row,
                         int64_t plane) {
    const bw_ballot *b = ballot;
    const int64_t width = bw_box_extent(part, 0);
    uint8_t *column = b->bytes + (b->columns[index] - b->bytes);
    (void)ctx;
    for (int64_t z = part->lo[2]; z < part->hi[2]; z++, values += plane)
        for (int64_t y = part->lo[1]; y < part->hi[1]; y++) {
            bw_forest_quantise(b->forest, b->level, index, values + (y - part->lo[1]) * row, width, b->row);
            row_to_blocks(b->row, width, column + row_in_blocks(&b->box, y, z));
        }
    return BW_OK;
}

/* ---- votes ------------------------------------------------------------------------------------------------------- */

/* The pointers to the features' bytes move on by so many pixels. */
static void advance(const bw_ballot *b, int64_t pixels) {
    for (int f = 0; f < bw_forest_features(b->forest); f++)
        if (b->columns[f]) b->columns[f] += pixels;
}

static bw_status count_part(bw_context *ctx, const bw_ballot *b, const bw_calibration *calibration, int64_t first,
                            int64_t n) {
    if (b->winners) return bw_forest_classify(ctx, b->forest, b->level, b->columns, n, b->winners + first, b->scratch);
    BW_TRY(bw_forest_vote(ctx, b->forest, b->level, b->columns, n, b->votes + first, b->stride, b->scratch));
    if (calibration) bw_calibration_apply(calibration, n, b->votes + first, b->stride);
    return BW_OK;
}

/* In parts, so that progress shows in large tiles. */
bw_status bw_ballot_count(bw_context *ctx, bw_ballot *b, const bw_calibration *calibration, double progress) {
    const int64_t pixels = bw_block_pixels(&b->box), most = (int64_t)BLOCK << 12;
    bw_status status = BW_OK;
    int64_t done = 0;
    while (done < pixels && status == BW_OK) {
        const int64_t n = pixels - done < most ? pixels - done : most;
        status = count_part(ctx, b, calibration, done, n);
        advance(b, n);
        done += n;
        bw_progress_add(ctx, progress * (double)n / (double)pixels);
    }
    advance(b, -done);
    return status;
}

void bw_ballot_row_votes(const bw_ballot *b, int64_t y, int64_t z, uint32_t *votes) {
    const int64_t width = bw_box_extent(&b->box, 0);
    const uint32_t *from = b->votes + row_in_blocks(&b->box, y, z);
    for (int k = 0; k < bw_forest_classes(b->forest); k++, from += b->stride, votes += width)
        for (int64_t x = 0; x < width; x += EDGE)
            memcpy(votes + x, from + x * EDGE, (size_t)(width - x < EDGE ? width - x : EDGE) * sizeof *votes);
}

void bw_ballot_row_winners(const bw_ballot *b, int64_t y, int64_t z, uint8_t *winners) {
    const int64_t width = bw_box_extent(&b->box, 0);
    const uint8_t *from = b->winners + row_in_blocks(&b->box, y, z);
    for (int64_t x = 0; x < width; x += EDGE)
        memcpy(winners + x, from + x * EDGE, (size_t)(width - x < EDGE ? width - x : EDGE));
}
