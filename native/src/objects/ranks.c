#include "objects/ranks.h"

#include <string.h>

#include "core/alloc.h"

/* Keys of 32 bits are sorted by three digits. */
enum { DIGIT = 11, DIGITS = 1 << DIGIT, PASSES = 3, CHECK = 1 << 16 };

/* Unsigned integers in the order of floats; both zeros are one. */
static uint32_t key_of(const float *values, int64_t at) {
    const float value = values[at] + 0.0f;
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static bw_status check_numbers(bw_context *ctx, const float *values, const uint8_t *mask, int64_t voxels) {
    for (int64_t i = 0; i < voxels; i++)
        if (values[i] != values[i] && (!mask || mask[i]))
            return bw_fail(
                ctx, BW_ERROR_MISMATCH,
                "The landscape has values that are not numbers (the first is voxel %lld of its frame), which "
                "have no place in an order; replace them or leave them out by a mask.",
                (long long)i);
    return bw_check(ctx);
}

/* How often each digit of the keys has each value, in one pass over memory as it lies. */
static bw_status count_digits(bw_context *ctx, const float *values, const uint32_t *list, int64_t count,
                              int64_t (*counts)[DIGITS]) {
    for (int64_t i = 0; i < count; i++) {
        if (i % CHECK == 0) BW_TRY(bw_check(ctx));
        const uint32_t key = key_of(values, list[i]);
        for (int digit = 0; digit < PASSES; digit++)
            counts[digit][key >> digit * DIGIT & (DIGITS - 1)]++;
    }
    return BW_OK;
}

/* Stable sort of positions by one digit of their keys. */
static bw_status sort_digit(bw_context *ctx, const float *values, const uint32_t *from, int64_t count, int digit,
                            int64_t next[DIGITS], uint32_t *to) {
    int64_t sum = 0;
    for (int d = 0; d < DIGITS; d++) {
        const int64_t many = next[d];
        next[d] = sum;
        sum += many;
    }
    for (int64_t i = 0; i < count; i++) {
        if (i % CHECK == 0) BW_TRY(bw_check(ctx));
        to[next[key_of(values, from[i]) >> digit * DIGIT & (DIGITS - 1)]++] = from[i];
    }
    return BW_OK;
}

static int64_t list_mask(const uint8_t *mask, int64_t voxels, uint32_t *list) {
    int64_t count = 0;
    for (int64_t i = 0; i < voxels; i++) {
        list[count] = (uint32_t)i;
        count += !mask || mask[i];
    }
    return count;
}

/* other: room for as many positions; the sorted ones end up there. */
static bw_status sort_positions(bw_context *ctx, const float *values, int64_t count, uint32_t *list, uint32_t *other) {
    int64_t counts[PASSES][DIGITS] = {{0}};
    BW_TRY(count_digits(ctx, values, list, count, counts));
    BW_TRY(sort_digit(ctx, values, list, count, 0, counts[0], other));
    BW_TRY(sort_digit(ctx, values, other, count, 1, counts[1], list));
    return sort_digit(ctx, values, list, count, 2, counts[2], other);
}

static bw_status rank_floats(bw_context *ctx, const float *values, const uint8_t *mask, int64_t voxels, uint32_t none,
                             uint32_t *ranks, uint32_t *count) {
    BW_TRY(check_numbers(ctx, values, mask, voxels));
    uint32_t *sorted = bw_alloc(ctx, (uint64_t)voxels, sizeof *sorted, "ranks of a landscape");
    if (!sorted) return BW_ERROR_MEMORY;
    const int64_t many = list_mask(mask, voxels, ranks);
    const bw_status status = sort_positions(ctx, values, many, ranks, sorted);
    for (int64_t i = 0; i < voxels; i++)
        ranks[i] = none;
    uint32_t rank = 0;
    for (int64_t i = 0; i < many && status == BW_OK; i++) {
        rank += i && key_of(values, sorted[i]) != key_of(values, sorted[i - 1]);
        ranks[sorted[i]] = rank;
    }
    bw_free(sorted);
    *count = many ? rank + 1 : 0;
    return status;
}

bw_status bw_ranks(bw_context *ctx, const void *values, bw_pixel_type type, const uint8_t *mask, int64_t voxels,
                   uint32_t none, uint32_t *ranks, uint32_t *count) {
    const uint8_t *bytes = values;
    const uint16_t *words = values;
    if (type == BW_FLOAT32) return rank_floats(ctx, values, mask, voxels, none, ranks, count);
    *count = (uint32_t)(type == BW_UINT8 ? UINT8_MAX : UINT16_MAX) + 1;
    for (int64_t i = 0; i < voxels; i++)
        ranks[i] = mask && !mask[i] ? none : type == BW_UINT8 ? bytes[i] : words[i];
    return bw_check(ctx);
}
