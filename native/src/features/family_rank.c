/* Median and entropy of a ball. Both only need the order of the values, so that a block of pixels goes into the
 * smallest type that tells its values apart: whole numbers minus the smallest of them, other values by their place in
 * the sorted list (the median), or as they are (entropy). The result is the same for each. */
#include <math.h>
#include <string.h>

#include "core/math.h"
#include "features/rows.h"
#include "features/window.h"

typedef struct rank_room {
    bw_block block;
    int64_t count, *offsets; /* the ball's pixels */
    double *table;           /* h log2 h, for entropy */
    float *source;
    void *values;             /* the pixels as the vector code sees them */
    uint64_t *sorted, *spare; /* for the median of values that are not whole numbers */
    void *found;              /* a row of results, as they come and as floats */
    float *out;
    /* How values are coded: value = base + code, or dictionary[code]. */
    bw_lane lane;
    int bits, listed;
    float base;
    float *dictionary;
} rank_room;

static int64_t lay_out(const bw_step *step, const bw_box *out, int median, rank_room *room, char *base) {
    bw_rooms rooms = {base, 0};
    room->block = bw_block_around(out, step->reach, step->reach);
    room->count = bw_ball_count(step);
    const int64_t pixels = room->block.count, row = bw_window_padded(bw_box_extent(out, 0));
    room->offsets = bw_room(&rooms, room->count, sizeof *room->offsets);
    room->table = bw_room(&rooms, median ? 0 : room->count + 1, sizeof *room->table);
    room->source = bw_room(&rooms, pixels, sizeof *room->source);
    room->values = bw_room(&rooms, pixels, median ? sizeof(int32_t) : sizeof(int16_t));
    room->sorted = bw_room(&rooms, median ? pixels : 0, sizeof *room->sorted);
    room->spare = bw_room(&rooms, median ? pixels : 0, sizeof *room->spare);
    room->found = bw_room(&rooms, row, sizeof(int32_t));
    room->out = bw_room(&rooms, row, sizeof *room->out);
    return rooms.used;
}

static bw_status begin(bw_context *ctx, const bw_step_call *call, int median, rank_room *room) {
    lay_out(call->step, &call->out[0].box, median, room, call->scratch);
    bw_ball_offsets(call->step, &room->block, room->offsets, NULL);
    return bw_block_fill(ctx, call, 0, &room->block, room->source, BW_SINGLE);
}

/* ---- coding ----------------------------------------------------------------------------------------------------- */

/* Runs over the pixels of a block, without the padding of its rows: `row` is the first element of each. */
#define FOR_ROWS(block, row) for (int64_t row = 0; row < (block).count; row += (block).row)

static void find_range(const rank_room *room, float *low, float *high) {
    *low = INFINITY;
    *high = -INFINITY;
    FOR_ROWS(room->block, row) {
        const float *v = room->source + row;
        float least = *low, most = *high;
        for (int64_t i = 0; i < room->block.extent[0]; i++) {
            least = v[i] < least ? v[i] : least;
            most = v[i] > most ? v[i] : most;
        }
        *low = least;
        *high = most;
    }
}

/* Whether all values are whole numbers of a range that fits into 16 bits; then sets their base and bits. */
static int find_whole(rank_room *room) {
    float low, high;
    find_range(room, &low, &high);
    if (!(low >= -0x1p23f && high <= 0x1p23f && high - low < 0x1p16f)) return 0;
    FOR_ROWS(room->block, row) {
        const float *v = room->source + row;
        int32_t broken = 0;
        for (int64_t i = 0; i < room->block.extent[0]; i++)
            broken |= (float)(int32_t)v[i] != v[i];
        if (broken) return 0;
    }
    room->base = low;
    room->bits = 0;
    while ((float)((int32_t)1 << room->bits) <= high - low)
        room->bits++;
    return 1;
}

/* The smallest type for codes of so many bits and counts of so many pixels. */
static bw_lane lane_for(int bits, int64_t count) {
    return bits <= 8 && count < 256 ? BW_LANE_8 : bits <= 16 && count < 65536 ? BW_LANE_16 : BW_LANE_32;
}

#define DEFINE_CODE(size)                                                                                              \
    static void code_##size(const rank_room *room) {                                                                   \
        const int64_t half = (int64_t)1 << (size - 1), base = (int64_t)room->base;                                     \
        int##size##_t *codes = room->values;                                                                           \
        for (int64_t i = 0; i < room->block.count; i++)                                                                \
            codes[i] = (int##size##_t)((int32_t)room->source[i] - base - half);                                        \
    }                                                                                                                  \
    static void list_##size(const rank_room *room, const uint64_t *sorted, int64_t count) {                            \
        int##size##_t *codes = room->values;                                                                           \
        int64_t code = -((int64_t)1 << (size - 1));                                                                    \
        memset(codes, 0, (size_t)room->block.count * sizeof *codes);                                                   \
        for (int64_t i = 0; i < count; i++) {                                                                          \
            code += i > 0 && sorted[i] >> 32 != sorted[i - 1] >> 32;                                                   \
            codes[sorted[i] & UINT32_MAX] = (int##size##_t)code;                                                       \
        }                                                                                                              \
    }                                                                                                                  \
    static void value_##size(const rank_room *room, int64_t n) {                                                       \
        const uint32_t half = (uint32_t)1 << (size - 1);                                                               \
        const int##size##_t *found = room->found;                                                                      \
        for (int64_t i = 0; i < n; i++) {                                                                              \
            const uint32_t code = (uint32_t)found[i] + half;                                                           \
            room->out[i] = room->listed ? room->dictionary[code] : room->base + (float)code;                           \
        }                                                                                                              \
    }

DEFINE_CODE(8)
DEFINE_CODE(16)
DEFINE_CODE(32)

static const struct {
    void (*code)(const rank_room *room);
    void (*list)(const rank_room *room, const uint64_t *sorted, int64_t count);
    void (*value)(const rank_room *room, int64_t n);
    int64_t size;
} coders[] = {[BW_LANE_8] = {code_8, list_8, value_8, 1},
              [BW_LANE_16] = {code_16, list_16, value_16, 2},
              [BW_LANE_32] = {code_32, list_32, value_32, 4}};

/* ---- sorting ---------------------------------------------------------------------------------------------------- */

/* Integers in the order of the floats. Both zeros are one value. */
static uint32_t order_of(float value) {
    uint32_t bits;
    value += 0.0f;
    memcpy(&bits, &value, sizeof bits);
    return bits >> 31 ? ~bits : bits | 0x80000000u;
}

static float value_of(uint32_t order) {
    const uint32_t bits = order >> 31 ? order & 0x7fffffffu : ~order;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, PASSES = 3 };

static void sort_by_digit(const uint64_t *from, uint64_t *to, int64_t count, int shift) {
    uint32_t place[DIGITS] = {0}, sum = 0;
    for (int64_t i = 0; i < count; i++)
        place[from[i] >> shift & (DIGITS - 1)]++;
    for (int d = 0; d < DIGITS; d++) {
        const uint32_t here = place[d];
        place[d] = sum;
        sum += here;
    }
    for (int64_t i = 0; i < count; i++)
        to[place[from[i] >> shift & (DIGITS - 1)]++] = from[i];
}

/* Order in the upper half, place in the block in the lower; ascending. Radix sort; the result is in room->spare. */
static bw_status sort_values(bw_context *ctx, rank_room *room, int64_t *count) {
    *count = 0;
    FOR_ROWS(room->block, row)
    for (int64_t i = 0; i < room->block.extent[0]; i++)
        room->sorted[(*count)++] = (uint64_t)order_of(room->source[row + i]) << 32 | (uint64_t)(row + i);
    for (int pass = 0; pass < PASSES; pass++) {
        BW_TRY(bw_check(ctx));
        sort_by_digit(pass % 2 ? room->spare : room->sorted, pass % 2 ? room->sorted : room->spare, *count,
                      32 + pass * DIGIT_BITS);
    }
    return BW_OK;
}

static bw_status list_values(bw_context *ctx, rank_room *room) {
    int64_t count;
    BW_TRY(sort_values(ctx, room, &count));
    int64_t distinct = 0;
    room->dictionary = (float *)room->sorted;
    for (int64_t i = 0; i < count; i++)
        if (i == 0 || room->spare[i] >> 32 != room->spare[i - 1] >> 32)
            room->dictionary[distinct++] = value_of((uint32_t)(room->spare[i] >> 32));
    room->listed = 1;
    room->bits = 0;
    while ((int64_t)1 << room->bits < distinct)
        room->bits++;
    room->lane = lane_for(room->bits, room->count);
    coders[room->lane].list(room, room->spare, count);
    return BW_OK;
}

/* ---- median ----------------------------------------------------------------------------------------------------- */

static bw_window window_at(const bw_step_call *call, const rank_room *room, const void *values, int64_t size, int64_t y,
                           int64_t z) {
    const int64_t at = bw_block_at(&room->block, call->out[0].box.lo[0], y, z);
    return (bw_window){(const char *)values + at * size, room->offsets, room->count};
}

static void median_row(const bw_step_call *call, const void *user, int64_t y, int64_t z) {
    const rank_room *room = user;
    const int64_t n = bw_box_extent(&call->out[0].box, 0);
    const bw_window window = window_at(call, room, room->values, coders[room->lane].size, y, z);
    bw_window_ops_get(call->level)->select[room->lane](room->found, &window, (room->count - 1) / 2, room->bits, n);
    coders[room->lane].value(room, n);
    bw_window_store(call, y, z, room->out);
}

static bw_status run_median(bw_context *ctx, const bw_step_call *call) {
    rank_room room;
    BW_TRY(begin(ctx, call, 1, &room));
    if (find_whole(&room)) {
        room.listed = 0;
        room.lane = lane_for(room.bits, room.count);
        coders[room.lane].code(&room);
    } else {
        BW_TRY(list_values(ctx, &room));
    }
    return bw_window_rows(ctx, call, &room, median_row);
}

static int64_t median_scratch(const bw_step *step, const bw_box *out) {
    rank_room room;
    return lay_out(step, out, 1, &room, NULL);
}

static double median_cost(const bw_step *step, const bw_kernel *kernel) {
    (void)kernel;
    return 3 * (double)bw_ball_count(step) + 100;
}

static const bw_step_kind median_kind = {"median", run_median, median_scratch, median_cost};

void bw_build_median(bw_builder *b, int out[BW_MAX_OUTPUTS]) {
    out[0] = bw_ball_step(b, &median_kind, bw_window_source(b));
}

/* ---- entropy ---------------------------------------------------------------------------------------------------- */

static void entropy_row(const bw_step_call *call, const void *user, int64_t y, int64_t z) {
    const rank_room *room = user;
    const int floats = room->lane == BW_LANE_FLOAT;
    const bw_window window = floats ? window_at(call, room, room->source, (int64_t)sizeof(float), y, z)
                                    : window_at(call, room, room->values, coders[room->lane].size, y, z);
    bw_window_ops_get(call->level)
        ->entropy[room->lane](room->out, &window, room->table, bw_box_extent(&call->out[0].box, 0));
    bw_window_store(call, y, z, room->out);
}

static bw_status run_entropy(bw_context *ctx, const bw_step_call *call) {
    rank_room room;
    BW_TRY(begin(ctx, call, 0, &room));
    room.table[0] = 0;
    for (int64_t h = 1; h <= room.count; h++)
        room.table[h] = (double)h * bw_log2((double)h);
    room.lane = find_whole(&room) ? lane_for(room.bits, room.count) : BW_LANE_FLOAT;
    if (room.lane == BW_LANE_32) room.lane = BW_LANE_FLOAT;
    if (room.lane != BW_LANE_FLOAT) coders[room.lane].code(&room);
    return bw_window_rows(ctx, call, &room, entropy_row);
}

static int64_t entropy_scratch(const bw_step *step, const bw_box *out) {
    rank_room room;
    return lay_out(step, out, 0, &room, NULL);
}

static double entropy_cost(const bw_step *step, const bw_kernel *kernel) {
    (void)kernel;
    return 15 * (double)bw_ball_count(step) + 200;
}

static const bw_step_kind entropy_kind = {"entropy", run_entropy, entropy_scratch, entropy_cost};

void bw_build_entropy(bw_builder *b, int out[BW_MAX_OUTPUTS]) {
    out[0] = bw_ball_step(b, &entropy_kind, bw_window_source(b));
}
