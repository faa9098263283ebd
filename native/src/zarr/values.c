#include "zarr/values.h"

#include <math.h>
#include <string.h>

#include "core/image.h"

/* ---- half precision ---------------------------------------------------------------------------------------------- */

/* Exactly; infinities and NaN stay what they are. */
static float from_half(uint16_t h) {
    const uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, mantissa = h & 0x3ff;
    if (!exponent) {
        const float small = (float)mantissa * 0x1p-24f;
        return sign ? -small : small;
    }
    const uint32_t bits = sign | (exponent == 31 ? 255 : exponent + 112) << 23 | mantissa << 13;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

enum { HALF_INFINITY = 0x7c00, HALF_NAN = 0x7e00, HALF_SIGN = 0x8000 };

/* The nearest one, of ties the smaller; they ascend with their bits. */
static uint16_t to_half(double value) {
    const uint16_t sign = value < 0 ? HALF_SIGN : 0;
    const double size = fabs(value);
    uint16_t bits = 0;
    if (isnan(value)) return HALF_NAN;
    while (bits < HALF_INFINITY && from_half(bits) < size)
        bits++;
    if (bits == HALF_INFINITY && size < 65520) bits--; /* half a step beyond the largest */
    if (bits && bits < HALF_INFINITY && size - from_half((uint16_t)(bits - 1)) <= from_half(bits) - size) bits--;
    return sign | bits;
}

/* ---- fill values ------------------------------------------------------------------------------------------------- */

static void put_bits(bw_zarr_array *array, uint64_t bits) {
    const uint8_t u8 = (uint8_t)bits;
    const uint16_t u16 = (uint16_t)bits;
    const uint32_t u32 = (uint32_t)bits;
    memcpy(array->fill,
           array->bytes == 1   ? (const void *)&u8
           : array->bytes == 2 ? (const void *)&u16
           : array->bytes == 4 ? (const void *)&u32
                               : (const void *)&bits,
           (size_t)array->bytes);
}

static void put_float(bw_zarr_array *array, double value) {
    uint64_t bits = 0;
    uint32_t narrow_bits;
    if (array->bytes == 8) {
        memcpy(&bits, &value, sizeof bits);
    } else if (array->bytes == 4) {
        const float narrow = (float)value;
        memcpy(&narrow_bits, &narrow, sizeof narrow_bits);
        bits = narrow_bits;
    } else {
        bits = to_half(value);
    }
    put_bits(array, bits);
}

/* Numbers beyond 2^53 come as doubles: the largest of 64 bits is one too large then. */
static int put_whole(bw_zarr_array *array, double value) {
    const int bits = 8 * array->bytes;
    const double above = ldexp(1, array->kind == BW_ZARR_SIGNED ? bits - 1 : bits);
    const double least = array->kind == BW_ZARR_SIGNED ? -above : 0;
    if (!(value >= least && (value < above || (bits == 64 && value == above))) || value != floor(value)) return 0;
    if (value == above)
        put_bits(array, array->kind == BW_ZARR_SIGNED ? (uint64_t)INT64_MAX : UINT64_MAX);
    else
        put_bits(array, value < 0 ? (uint64_t)(int64_t)value : (uint64_t)value);
    return 1;
}

static int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int put_hexadecimal(bw_zarr_array *array, const char *text) {
    uint64_t bits = 0;
    if (strlen(text) != 2 + 2 * (size_t)array->bytes) return 0;
    for (const char *at = text + 2; *at; at++) {
        if (digit(*at) < 0) return 0;
        bits = bits << 4 | (uint64_t)digit(*at);
    }
    put_bits(array, bits);
    return 1;
}

static int put_word(bw_zarr_array *array, const char *word) {
    static const struct {
        const char *word;
        double value;
    } words[] = {{"NaN", NAN}, {"Infinity", INFINITY}, {"-Infinity", -INFINITY}};
    if (array->kind != BW_ZARR_FLOAT) return 0;
    if (!strncmp(word, "0x", 2)) return put_hexadecimal(array, word);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(word, words[i].word)) continue;
        put_float(array, words[i].value);
        return 1;
    }
    return 0;
}

int bw_zarr_fill_parse(const cJSON *value, bw_zarr_array *array) {
    memset(array->fill, 0, sizeof array->fill);
    if (!value) return 1;
    if (cJSON_IsBool(value)) return array->truth && put_whole(array, cJSON_IsTrue(value));
    if (cJSON_IsString(value)) return put_word(array, value->valuestring);
    if (!cJSON_IsNumber(value)) return 0;
    if (array->kind != BW_ZARR_FLOAT) return put_whole(array, value->valuedouble);
    put_float(array, value->valuedouble);
    return 1;
}

/* ---- pixels ------------------------------------------------------------------------------------------------------ */

/* CONVERT(name, source type, target type, expression of v): loops per pair of types; neighbours are the usual case. */
#define CONVERT(name, source, target, expression)                                                                      \
    static void name(const void *from, int64_t step, int64_t count, void *to) {                                        \
        const source *in = from;                                                                                       \
        target *out = to;                                                                                              \
        for (int64_t i = 0; step == 1 && i < count; i++) {                                                             \
            const source v = in[i];                                                                                    \
            out[i] = (target)(expression);                                                                             \
        }                                                                                                              \
        for (int64_t i = 0; step != 1 && i < count; i++) {                                                             \
            const source v = in[i * step];                                                                             \
            out[i] = (target)(expression);                                                                             \
        }                                                                                                              \
    }

CONVERT(truth_to_u8, uint8_t, uint8_t, v ? 255 : 0)
CONVERT(u8_to_u8, uint8_t, uint8_t, v)
CONVERT(i8_to_f32, int8_t, float, v)
CONVERT(u16_to_u16, uint16_t, uint16_t, v)
CONVERT(i16_to_u16, uint16_t, uint16_t, v ^ 0x8000u)
CONVERT(u32_to_f32, uint32_t, float, v)
CONVERT(i32_to_f32, int32_t, float, v)
CONVERT(u64_to_f32, uint64_t, float, v)
CONVERT(i64_to_f32, int64_t, float, v)
CONVERT(f16_to_f32, uint16_t, float, from_half(v))
CONVERT(f32_to_f32, float, float, v)
CONVERT(f64_to_f32, double, float, v)

static const struct {
    bw_zarr_kind kind;
    int bytes, truth;
    bw_pixel_type type;
    bw_zarr_convert_fn convert;
} pixels[] = {
    {BW_ZARR_UNSIGNED, 1, 1, BW_UINT8, truth_to_u8}, {BW_ZARR_UNSIGNED, 1, 0, BW_UINT8, u8_to_u8},
    {BW_ZARR_SIGNED, 1, 0, BW_FLOAT32, i8_to_f32},   {BW_ZARR_UNSIGNED, 2, 0, BW_UINT16, u16_to_u16},
    {BW_ZARR_SIGNED, 2, 0, BW_UINT16, i16_to_u16},   {BW_ZARR_UNSIGNED, 4, 0, BW_FLOAT32, u32_to_f32},
    {BW_ZARR_SIGNED, 4, 0, BW_FLOAT32, i32_to_f32},  {BW_ZARR_UNSIGNED, 8, 0, BW_FLOAT32, u64_to_f32},
    {BW_ZARR_SIGNED, 8, 0, BW_FLOAT32, i64_to_f32},  {BW_ZARR_FLOAT, 2, 0, BW_FLOAT32, f16_to_f32},
    {BW_ZARR_FLOAT, 4, 0, BW_FLOAT32, f32_to_f32},   {BW_ZARR_FLOAT, 8, 0, BW_FLOAT32, f64_to_f32},
};

bw_pixel_type bw_zarr_pixel_type(const bw_zarr_array *array, bw_zarr_convert_fn *convert) {
    size_t i = 0;
    while (pixels[i].kind != array->kind || pixels[i].bytes != array->bytes || pixels[i].truth != array->truth)
        i++;
    *convert = pixels[i].convert;
    return pixels[i].type;
}

double bw_zarr_value_offset(const bw_zarr_array *array) {
    return array->kind == BW_ZARR_SIGNED && array->bytes == 2 ? BW_SIGNED_OFFSET : 0;
}
