#include "io/samples.h"

#include <string.h>
#include <tiffio.h>

static uint32_t packed(const uint8_t *row, int64_t index, int bits) {
    int64_t bit = index * bits;
    const uint8_t *at = row + bit / 8;
    int skip = (int)(bit % 8), have = 8 - skip;
    uint32_t value = *at & (0xffu >> skip);
    for (; have < bits; have += 8)
        value = value << 8 | *++at;
    return value >> (have - bits);
}

static void bit_to_u8(const void *row, int64_t first, int64_t step, int64_t count, int bits, void *to) {
    uint8_t *out = to;
    for (int64_t i = 0; i < count; i++)
        out[i] = packed(row, first + i * step, bits) ? 255 : 0;
}

static void packed_to_u8(const void *row, int64_t first, int64_t step, int64_t count, int bits, void *to) {
    uint8_t *out = to;
    for (int64_t i = 0; i < count; i++)
        out[i] = (uint8_t)packed(row, first + i * step, bits);
}

static void packed_to_u16(const void *row, int64_t first, int64_t step, int64_t count, int bits, void *to) {
    uint16_t *out = to;
    for (int64_t i = 0; i < count; i++)
        out[i] = (uint16_t)packed(row, first + i * step, bits);
}

/* Half precision, exactly; infinities and NaN stay what they are. */
static float half(uint16_t h) {
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, mantissa = h & 0x3ff;
    if (!exponent) {
        float small = (float)mantissa * 0x1p-24f;
        return sign ? -small : small;
    }
    uint32_t bits = sign | (exponent == 31 ? 255 : exponent + 112) << 23 | mantissa << 13;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* CONVERT(name, source type, target type, expression of v): one loop per pair of types. */
#define CONVERT(name, from, into, expression)                                                                          \
    static void name(const void *row, int64_t first, int64_t step, int64_t count, int bits, void *to) {                \
        const from *in = (const from *)row + first;                                                                    \
        into *out = to;                                                                                                \
        (void)bits;                                                                                                    \
        for (int64_t i = 0; i < count; i++) {                                                                          \
            from v = in[i * step];                                                                                     \
            out[i] = (into)(expression);                                                                               \
        }                                                                                                              \
    }

CONVERT(u8_to_u8, uint8_t, uint8_t, v)
CONVERT(u16_to_u16, uint16_t, uint16_t, v)
CONVERT(i16_to_u16, uint16_t, uint16_t, v ^ 0x8000u)
CONVERT(u32_to_f32, uint32_t, float, v)
CONVERT(i32_to_f32, int32_t, float, v)
CONVERT(u64_to_f32, uint64_t, float, v)
CONVERT(i64_to_f32, int64_t, float, v)
CONVERT(f16_to_f32, uint16_t, float, half(v))
CONVERT(f32_to_f32, float, float, v)
CONVERT(f64_to_f32, double, float, v)

/* Values as ImageJ 1.54p shows them: bits become 0 and 255, signed 8-bit keeps its bits (it reads them as unsigned),
 * signed 16-bit is shifted by 32768. */
static const bw_sample_kind kinds[] = {
    {1, 1, SAMPLEFORMAT_UINT, BW_UINT8, bit_to_u8, 0},        {2, 7, SAMPLEFORMAT_UINT, BW_UINT8, packed_to_u8, 0},
    {8, 8, SAMPLEFORMAT_UINT, BW_UINT8, u8_to_u8, 1},         {8, 8, SAMPLEFORMAT_INT, BW_UINT8, u8_to_u8, 1},
    {9, 15, SAMPLEFORMAT_UINT, BW_UINT16, packed_to_u16, 0},  {16, 16, SAMPLEFORMAT_UINT, BW_UINT16, u16_to_u16, 1},
    {16, 16, SAMPLEFORMAT_INT, BW_UINT16, i16_to_u16, 0},     {32, 32, SAMPLEFORMAT_UINT, BW_FLOAT32, u32_to_f32, 0},
    {32, 32, SAMPLEFORMAT_INT, BW_FLOAT32, i32_to_f32, 0},    {64, 64, SAMPLEFORMAT_UINT, BW_FLOAT32, u64_to_f32, 0},
    {64, 64, SAMPLEFORMAT_INT, BW_FLOAT32, i64_to_f32, 0},    {16, 16, SAMPLEFORMAT_IEEEFP, BW_FLOAT32, f16_to_f32, 0},
    {32, 32, SAMPLEFORMAT_IEEEFP, BW_FLOAT32, f32_to_f32, 1}, {64, 64, SAMPLEFORMAT_IEEEFP, BW_FLOAT32, f64_to_f32, 0},
};

const bw_sample_kind *bw_sample_kind_find(int bits, int format) {
    if (format == SAMPLEFORMAT_VOID) format = SAMPLEFORMAT_UINT;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (bits >= kinds[i].bits_min && bits <= kinds[i].bits_max && format == kinds[i].format) return &kinds[i];
    return NULL;
}
