#include <stdio.h>
#include <string.h>

#include "io/metadata.h"
#include "io/utf.h"

/* The text between the first <Pixels (any namespace prefix) and its closing bracket is scanned for attributes, and so
 * are the <Channel> elements behind it; nothing else of the XML is looked at, so that no document can do more than give
 * odd numbers and names. */
typedef struct element {
    const char *begin, *end;
} element;

static int is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *end_of_tag(const char *at) {
    char quote = 0;
    for (; *at; at++) {
        if (quote)
            quote = *at == quote ? 0 : quote;
        else if (*at == '"' || *at == '\'')
            quote = *at;
        else if (*at == '>')
            return at;
    }
    return NULL;
}

/* The first element of that name with attributes. */
static int find_element(const char *xml, const char *name, element *e) {
    const size_t length = strlen(name);
    for (const char *at = strstr(xml, name); at; at = strstr(at + length, name)) {
        if (at == xml || (at[-1] != '<' && at[-1] != ':') || !is_space(at[length])) continue;
        e->begin = at + length;
        e->end = end_of_tag(at + length);
        return e->end != NULL;
    }
    return 0;
}

/* Value of the attribute, cut to size; 0 when there is none. */
static int attribute(const element *e, const char *name, char *value, size_t size) {
    size_t length = strlen(name);
    for (const char *at = e->begin; at < e->end;) {
        while (at < e->end && is_space(*at))
            at++;
        const char *key = at;
        while (at < e->end && *at != '=' && !is_space(*at))
            at++;
        size_t key_length = (size_t)(at - key);
        while (at < e->end && *at != '"' && *at != '\'')
            at++;
        if (at >= e->end) return 0;
        const char *open = at, *close = memchr(at + 1, *open, (size_t)(e->end - at - 1));
        if (!close) return 0;
        at = close + 1;
        if (key_length != length || strncmp(key, name, length)) continue;
        const size_t given = (size_t)(close - open - 1);
        snprintf(value, size, "%.*s", (int)(given < size ? given : size), open + 1);
        return 1;
    }
    return 0;
}

static double attribute_number(const element *e, const char *name) {
    char text[80];
    const char *end;
    double value;
    if (!attribute(e, name, text, sizeof text) || !bw_number_parse(text, &end, &value) || *end) return 0;
    return value > 0 && value < 1e30 ? value : 0;
}

typedef struct scale {
    const char *name;
    double factor;
} scale;

/* -1 for a unit that is not in the list. */
static double factor_of(const scale *scales, const char *name) {
    for (; scales->name; scales++)
        if (!strcmp(scales->name, name)) return scales->factor;
    return -1;
}

/* Sizes in micrometres; a unit without a length (pixel, reference frame) leaves the axis uncalibrated. */
static double physical_size(const element *e, const char *name) {
    static const scale lengths[] = {{"\xc2\xb5m", 1}, {"\xce\xbcm", 1}, {"um", 1},    {"nm", 1e-3}, {"mm", 1e3},
                                    {"cm", 1e4},      {"m", 1e6},       {"pm", 1e-6}, {NULL, 0}};
    char key[32], unit[80];
    double size = attribute_number(e, name);
    snprintf(key, sizeof key, "%sUnit", name);
    if (!attribute(e, key, unit, sizeof unit)) return size;
    double factor = factor_of(lengths, unit);
    return factor > 0 ? size * factor : 0;
}

static double time_increment(const element *e) {
    static const scale times[] = {{"s", 1},    {"ms", 1e-3}, {"\xc2\xb5s", 1e-6}, {"ns", 1e-9},
                                  {"min", 60}, {"h", 3600},  {"d", 86400},        {NULL, 0}};
    char unit[80];
    double value = attribute_number(e, "TimeIncrement");
    if (!attribute(e, "TimeIncrementUnit", unit, sizeof unit)) return value;
    double factor = factor_of(times, unit);
    return factor > 0 ? value * factor : 0;
}

static int64_t count_of(const element *e, const char *name) {
    double value = attribute_number(e, name);
    return value >= 1 && value < 2147483648.0 ? (int64_t)value : 0;
}

/* "XYCZT" and the like: the last three letters, each once. */
static int take_order(bw_metadata *m, const char *order) {
    if (strlen(order) != 5 || strncmp(order, "XY", 2) || !strchr(order, 'C') || !strchr(order, 'Z') ||
        !strchr(order, 'T'))
        return 0;
    memcpy(m->order, order + 2, 4);
    return 1;
}

int bw_ome_parse(bw_metadata *m, const char *description) {
    element e;
    char order[80] = "";
    if (!strstr(description, "OME") || !find_element(description, "Pixels", &e)) return 0;
    int64_t c = count_of(&e, "SizeC"), z = count_of(&e, "SizeZ"), t = count_of(&e, "SizeT");
    if (c && z && t && attribute(&e, "DimensionOrder", order, sizeof order) && take_order(m, order)) {
        m->channels = c;
        m->slices = z;
        m->frames = t;
        m->has_sizes = 1;
    }
    double x = physical_size(&e, "PhysicalSizeX"), y = physical_size(&e, "PhysicalSizeY");
    double depth = physical_size(&e, "PhysicalSizeZ");
    if (x > 0 && y > 0) {
        m->spacing[0] = x;
        m->spacing[1] = y;
        m->spacing[2] = depth > 0 ? depth : 1;
        m->calibrated = 1;
        snprintf(m->unit, sizeof m->unit, "um");
    }
    m->frame_interval = time_increment(&e);
    return 1;
}

/* ---- channels ------------------------------------------------------------------------------------------------ */

/* A character of an attribute's value. */
static uint32_t next_char(const char **at) {
    static const struct {
        const char *text;
        char code;
    } entities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
    for (size_t i = 0; **at == '&' && i < sizeof entities / sizeof *entities; i++) {
        const size_t length = strlen(entities[i].text);
        if (strncmp(*at, entities[i].text, length)) continue;
        *at += length;
        return (uint32_t)entities[i].code;
    }
    return bw_utf8_next(at);
}

static void channel_name(const element *e, char *name, size_t size) {
    char raw[400] = "";
    size_t length = 0;
    name[0] = 0;
    attribute(e, "Name", raw, sizeof raw);
    for (const char *at = raw; *at;)
        if (!bw_utf8_append(name, size, &length, next_char(&at))) return;
}

bw_status bw_ome_channels(const char *description, bw_label_fn found, void *user) {
    element e;
    int64_t index = 0;
    if (!strstr(description, "OME") || !find_element(description, "Pixels", &e)) return BW_OK;
    const char *end = strstr(e.end, "Pixels>");
    while (find_element(e.end, "Channel", &e) && (!end || e.begin < end)) {
        char name[200];
        const int64_t samples = count_of(&e, "SamplesPerPixel");
        channel_name(&e, name, sizeof name);
        if (name[0] && samples <= 1) BW_TRY(found(user, index, name));
        index += samples > 1 ? samples : 1;
    }
    return BW_OK;
}
