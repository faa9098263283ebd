#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/image.h"
#include "io/metadata.h"
#include "io/utf.h"

/* ---- description: java.util.Properties ----------------------------------------------------------------------- */

static int is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\f';
}

static int is_end(char c) {
    return !c || c == '\n' || c == '\r';
}

static uint32_t hex4(const char *text) {
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        char c = text[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) return UINT32_MAX;
        value = value << 4 | (uint32_t)digit;
    }
    return value;
}

/* One character of a value; backslash escapes as java.util.Properties reads them. */
static uint32_t next_char(const char **at) {
    if (**at != '\\' || is_end((*at)[1])) return bw_utf8_next(at);
    char c = (*at)[1];
    uint32_t code = c == 'u' ? hex4(*at + 2) : UINT32_MAX;
    if (code != UINT32_MAX) {
        *at += 6;
        uint32_t low = (*at)[0] == '\\' && (*at)[1] == 'u' ? hex4(*at + 2) : 0;
        uint32_t joined = low == UINT32_MAX ? 0 : bw_utf16_join(code, low);
        if (joined) *at += 6;
        return joined ? joined : code;
    }
    *at += 2;
    return c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c == 'f' ? '\f' : (unsigned char)c;
}

static const char *value_of_line(const char *line, const char *key) {
    size_t length = strlen(key);
    while (is_blank(*line))
        line++;
    if (strncmp(line, key, length)) return NULL;
    line += length;
    int blank = is_blank(*line);
    while (is_blank(*line))
        line++;
    if (*line == '=' || *line == ':')
        line++;
    else if (!blank)
        return NULL;
    while (is_blank(*line))
        line++;
    return line;
}

/* Raw text behind the last `key` (later lines win), NULL when there is none. */
static const char *find(const char *description, const char *key) {
    const char *found = NULL, *line = description;
    while (*line) {
        const char *value = value_of_line(line, key);
        if (value) found = value;
        while (!is_end(*line))
            line++;
        while (*line && is_end(*line))
            line++;
    }
    return found;
}

/* Correctly rounded like Java's parser, so that 17-digit sizes agree with ImageJ's to the last bit; bw_number_parse has
 * found where the number ends. strtod wants the locale's decimal point. */
static double exact_number(const char *text, const char *end, double approximate) {
    char copy[64];
    const char *point = memchr(text, '.', (size_t)(end - text)), *local = localeconv()->decimal_point;
    int before = (int)((point ? point : end) - text), after = point ? (int)(end - point) - 1 : 0;
    int size =
        snprintf(copy, sizeof copy, "%.*s%s%.*s", before, text, point ? local : "", after, point ? point + 1 : "");
    return size > 0 && size < (int)sizeof copy ? strtod(copy, NULL) : approximate;
}

static int find_number(const char *description, const char *key, double *value) {
    const char *text = find(description, key), *end;
    double number;
    if (!text || !bw_number_parse(text, &end, &number)) return 0;
    const char *rest = end;
    while (is_blank(*rest))
        rest++;
    if (!is_end(*rest)) return 0;
    *value = exact_number(text, end, number);
    return 1;
}

static int64_t find_count(const char *description, const char *key) {
    double value = 0;
    return find_number(description, key, &value) && value >= 1 && value < 2147483648.0 ? (int64_t)value : 0;
}

static void find_text(const char *description, const char *key, char *text, size_t size) {
    const char *at = find(description, key);
    size_t length = 0;
    text[0] = 0;
    while (at && !is_end(*at))
        if (!bw_utf8_append(text, size, &length, next_char(&at))) break;
}

/* ---- calibration --------------------------------------------------------------------------------------------- */

static double seconds(const char *description, double interval) {
    static const struct {
        const char *name;
        double factor;
    } units[] = {{"ms", 1e-3}, {"msec", 1e-3}, {"millisecond", 1e-3}, {"milliseconds", 1e-3},
                 {"us", 1e-6}, {"min", 60},    {"minute", 60},        {"minutes", 60},
                 {"h", 3600},  {"hour", 3600}, {"hours", 3600},       {"hr", 3600},
                 {"hrs", 3600}};
    char unit[32];
    find_text(description, "tunit", unit, sizeof unit);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (!strcmp(unit, units[i].name)) return interval * units[i].factor;
    return interval;
}

static int usable(double size) {
    return size > 0 && size < 1e30;
}

/* "pixel", "" and " " are ImageJ's ways to say that the size is unknown. */
static int is_real_unit(const char *unit) {
    return unit[0] && strcmp(unit, " ") && strcmp(unit, "pixel") && strcmp(unit, "pixels");
}

/* ImageJ shows "um" as the micro sign; here both are "um". */
static void set_unit(bw_metadata *m, const char *unit) {
    int micro = !strcmp(unit, "\xc2\xb5m") || !strcmp(unit, "\xce\xbcm");
    snprintf(m->unit, sizeof m->unit, "%s", micro ? "um" : is_real_unit(unit) ? unit : "pixel");
}

/* Follows TiffDecoder and FileOpener.setCalibration of ImageJ 1.54p step by step, so that a file has the same voxel
 * size here and in the plugin: depth is 1 when no spacing is given. */
static void calibrate(bw_metadata *m, const char *description, const bw_resolution *r) {
    static const char *const units[] = {NULL, " ", "inch", "cm"};
    double width = r->x > 0 ? 1.0 / r->x : 1.0, height = r->y > 0 ? 1.0 / r->y : 1.0, depth = 1.0;
    const char *unit = r->unit >= 1 && r->unit <= 3 ? units[r->unit] : NULL;
    char own[sizeof m->unit];
    if (r->unit == 2 && width == 1.0 / 72.0) {
        width = height = 1.0;
        unit = NULL;
    }
    if (m->imagej) {
        find_text(description, "unit", own, sizeof own);
        if (unit && !strcmp(unit, "cm") && !strcmp(own, "um")) {
            width *= 10000;
            height *= 10000;
        }
        unit = own;
        if (find_number(description, "spacing", &depth) && depth < 0) depth = -depth;
    }
    if (!unit) return;
    if (!strcmp(unit, "cm") && width <= (m->imagej ? 0.0001 : 0.001)) {
        width *= 10000.0;
        height *= 10000.0;
        if (depth != 1.0) depth *= 10000.0;
        unit = "um";
    }
    if (!usable(depth)) depth = 1.0;
    if (!usable(width) || !usable(height)) return;
    int given = m->imagej || r->x > 0 || r->y > 0;
    m->calibrated = width != 1 || height != 1 || depth != 1 || (given && is_real_unit(unit));
    m->spacing[0] = width;
    m->spacing[1] = height;
    m->spacing[2] = depth;
    set_unit(m, unit);
}

static int64_t at_least_one(int64_t value) {
    return value > 0 ? value : 1;
}

/* Calibration.isSigned16Bit() of what FileOpener makes of the description: the straight line -32768 + 1 * pixel. */
static int is_signed_16(const char *description) {
    double function, offset, slope;
    return find_number(description, "cf", &function) && find_number(description, "c0", &offset) &&
           find_number(description, "c1", &slope) && find(description, "vunit") && function == 0 &&
           offset == BW_SIGNED_OFFSET && slope == 1;
}

static void parse_imagej(bw_metadata *m, const char *description) {
    double interval = 0;
    m->imagej = 1;
    m->images = find_count(description, "images");
    m->channels = at_least_one(find_count(description, "channels"));
    m->slices = at_least_one(find_count(description, "slices"));
    m->frames = at_least_one(find_count(description, "frames"));
    m->has_sizes = 1;
    m->signed_16 = is_signed_16(description);
    const char *order = find(description, "order");
    if (order && !strncmp(order, "zct", 3)) memcpy(m->order, "ZCT", 4);
    if (find_number(description, "finterval", &interval) && usable(interval))
        m->frame_interval = seconds(description, interval);
}

void bw_metadata_parse(bw_metadata *m, const char *description, const bw_resolution *resolution) {
    *m = (bw_metadata){.channels = 1, .slices = 1, .frames = 1, .order = "CZT", .spacing = {1, 1, 1}, .unit = "pixel"};
    if (description && !strncmp(description, "ImageJ", 6)) parse_imagej(m, description);
    calibrate(m, description, resolution);
    if (description && !m->imagej) bw_ome_parse(m, description);
}

/* ---- writing the description --------------------------------------------------------------------------------- */

static bw_status add_escaped(bw_text *text, const char *value) {
    while (*value) {
        uint32_t code = bw_utf8_next(&value);
        if (code >= 0x20 && code < 0x7f && code != '\\')
            BW_TRY(bw_text_add(text, "%c", (int)code));
        else if (code < 0x10000)
            BW_TRY(bw_text_add(text, "\\u%04x", (unsigned)code));
        else
            BW_TRY(bw_text_add(text, "\\u%04x\\u%04x", 0xd800 + (unsigned)((code - 0x10000) >> 10),
                               0xdc00 + (unsigned)(code & 0x3ff)));
    }
    return BW_OK;
}

static bw_status add_count(bw_text *text, const char *key, int64_t value) {
    return value > 1 ? bw_text_add(text, "%s=%lld\n", key, (long long)value) : BW_OK;
}

static bw_status add_number(bw_text *text, const char *key, double value) {
    BW_TRY(bw_text_add(text, "%s=", key));
    BW_TRY(bw_text_number(text, value));
    return bw_text_add(text, "\n");
}

static bw_status add_calibration(bw_text *text, const bw_image_info *info) {
    if (info->calibrated) {
        BW_TRY(bw_text_add(text, "unit="));
        BW_TRY(add_escaped(text, info->unit));
        BW_TRY(bw_text_add(text, "\n"));
    }
    if (info->frame_interval > 0) BW_TRY(add_number(text, "finterval", info->frame_interval));
    if (info->calibrated && info->spacing[2] != 1) BW_TRY(add_number(text, "spacing", info->spacing[2]));
    return BW_OK;
}

bw_status bw_imagej_describe(bw_text *text, const bw_image_info *info, int signed_16, double min, double max) {
    enum { COMPOSITE_MOST = 7 }; /* ImageJ's composite mode shows no more channels than that */
    int channels = info->rgb ? 1 : info->channels;
    int64_t images = (int64_t)channels * info->depth * info->frames;
    BW_TRY(bw_text_add(text, "ImageJ=1.54p\n"));
    BW_TRY(add_count(text, "images", images));
    BW_TRY(add_count(text, "channels", channels));
    BW_TRY(add_count(text, "slices", info->depth));
    BW_TRY(add_count(text, "frames", info->frames));
    if (channels > 1 || info->frames > 1) BW_TRY(bw_text_add(text, "hyperstack=true\n"));
    if (channels > 1) BW_TRY(bw_text_add(text, "mode=%s\n", channels <= COMPOSITE_MOST ? "composite" : "grayscale"));
    BW_TRY(add_calibration(text, info));
    if (signed_16) BW_TRY(bw_text_add(text, "cf=0\nc0=-32768.0\nc1=1.0\nvunit=Gray Value\n"));
    if (images > 1) BW_TRY(bw_text_add(text, "loop=false\n"));
    if (min > max) return BW_OK;
    BW_TRY(add_number(text, "min", min));
    return add_number(text, "max", max);
}

/* ---- slice labels and display ranges (tags 50838 and 50839) -------------------------------------------------- */

enum { MAGIC = 0x494a494a, LABELS = 0x6c61626c, RANGES = 0x72616e67, HEAD_ENTRY = 8, HEAD_MOST = 804 };

static uint32_t word(const uint8_t *b, int big_endian) {
    return big_endian ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]
                      : (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
}

static uint32_t unit16(const uint8_t *b, int big_endian) {
    return big_endian ? (uint32_t)b[0] << 8 | b[1] : (uint32_t)b[1] << 8 | b[0];
}

/* UTF-16 to UTF-8; the buffer holds 3 bytes per unit and the terminating zero. */
static void label_text(const uint8_t *data, uint64_t units, int big_endian, char *text, size_t size) {
    size_t at = 0;
    text[0] = 0;
    for (uint64_t i = 0; i < units; i++) {
        uint32_t code = unit16(data + 2 * i, big_endian);
        uint32_t joined = i + 1 < units ? bw_utf16_join(code, unit16(data + 2 * i + 2, big_endian)) : 0;
        if (joined) i++;
        if (!(joined ? joined : code)) break;
        bw_utf8_append(text, size, &at, joined ? joined : code);
    }
}

static bw_status report_label(bw_context *ctx, int64_t index, const uint8_t *data, uint32_t bytes, int big_endian,
                              bw_label_fn found, void *user) {
    uint64_t units = bytes / 2;
    if (!units) return BW_OK;
    char *text = bw_alloc(ctx, units * 3 + 1, 1, "a slice label");
    if (!text) return BW_ERROR_MEMORY;
    label_text(data, units, big_endian, text, (size_t)(units * 3 + 1));
    bw_status status = text[0] ? found(user, index, text) : BW_OK;
    bw_free(text);
    return status;
}

/* Damaged metadata hides labels but never the pixels: what does not fit ends the walk without an error. */
bw_status bw_imagej_labels(bw_context *ctx, const uint32_t *counts, uint64_t count, const uint8_t *data, uint64_t size,
                           int big_endian, bw_label_fn found, void *user) {
    if (count < 2 || counts[0] < 12 || counts[0] > HEAD_MOST || counts[0] > size || word(data, big_endian) != MAGIC)
        return BW_OK;
    uint64_t at = counts[0], next = 1;
    for (uint64_t head = 4; head + HEAD_ENTRY <= counts[0]; head += HEAD_ENTRY) {
        uint32_t type = word(data + head, big_endian), entries = word(data + head + 4, big_endian);
        for (uint32_t i = 0; i < entries; i++, next++) {
            if (next >= count || counts[next] > size - at) return BW_OK;
            if (type == LABELS) BW_TRY(report_label(ctx, i, data + at, counts[next], big_endian, found, user));
            at += counts[next];
        }
    }
    return BW_OK;
}

static bw_status put_label(bw_writer *counts, bw_writer *data, const char *label) {
    uint64_t before = data->size;
    while (label && *label) {
        uint32_t code = bw_utf8_next(&label);
        if (code >= 0x10000) BW_TRY(bw_put_u16(data, (uint16_t)(0xd800 + ((code - 0x10000) >> 10))));
        BW_TRY(bw_put_u16(data, (uint16_t)(code >= 0x10000 ? 0xdc00 + (code & 0x3ff) : code)));
    }
    return bw_put_u32(counts, (uint32_t)(data->size - before));
}

static bw_status put_head(bw_writer *data, uint32_t type, uint32_t entries) {
    BW_TRY(bw_put_u32(data, type));
    return bw_put_u32(data, entries);
}

bw_status bw_imagej_blocks(bw_writer *counts, bw_writer *data, const char *const *labels, int64_t planes,
                           const double *limits, int ranges) {
    uint32_t types = (labels != NULL) + (ranges > 0);
    if (!types) return BW_OK;
    BW_TRY(bw_put_u32(counts, 4 + HEAD_ENTRY * types));
    BW_TRY(bw_put_u32(data, MAGIC));
    if (labels) BW_TRY(put_head(data, LABELS, (uint32_t)planes));
    if (ranges > 0) BW_TRY(put_head(data, RANGES, 1));
    for (int64_t i = 0; labels && i < planes; i++)
        BW_TRY(put_label(counts, data, labels[i]));
    if (ranges <= 0) return BW_OK;
    for (int i = 0; i < 2 * ranges; i++)
        BW_TRY(bw_put_f64(data, limits[i]));
    return bw_put_u32(counts, (uint32_t)ranges * 16);
}
