#include <string.h>

#include "io/metadata.h"
#include "io/utf.h"

/* Text of an attribute; what XML 1.0 does not allow becomes '?'. */
static bw_status add_escaped(bw_text *text, const char *value) {
    static const struct {
        uint32_t code;
        const char *name;
    } entities[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}};
    while (*value) {
        const char *name = NULL;
        char utf8[8] = "";
        size_t length = 0;
        uint32_t code = bw_utf8_next(&value);
        if (code < 0x20 || code == 0xfffe || code == 0xffff || (code >= 0xd800 && code < 0xe000)) code = '?';
        for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
            if (entities[i].code == code) name = entities[i].name;
        bw_utf8_append(utf8, sizeof utf8, &length, code);
        BW_TRY(bw_text_add(text, "%s", name ? name : utf8));
    }
    return BW_OK;
}

static bw_status add_attribute(bw_text *text, const char *name, const char *value) {
    BW_TRY(bw_text_add(text, " %s=\"", name));
    BW_TRY(add_escaped(text, value));
    return bw_text_add(text, "\"");
}

static bw_status add_number(bw_text *text, const char *name, double value) {
    BW_TRY(bw_text_add(text, " %s=\"", name));
    BW_TRY(bw_text_number(text, value));
    return bw_text_add(text, "\"");
}

/* How OME calls units that people write; others have no size there, only a ratio. */
static const struct unit {
    const char *name, *ome;
    double factor;
} units[] = {
    {"um", "\xc2\xb5m", 1},
    {"micron", "\xc2\xb5m", 1},
    {"microns", "\xc2\xb5m", 1},
    {"micrometer", "\xc2\xb5m", 1},
    {"micrometre", "\xc2\xb5m", 1},
    {"nm", "nm", 1},
    {"pm", "pm", 1},
    {"mm", "mm", 1},
    {"cm", "cm", 1},
    {"m", "m", 1},
    {"inch", "\xc2\xb5m", 25400},
    {"in", "\xc2\xb5m", 25400},
    {"pixel", "pixel", 1},
};

static const struct unit *find_unit(const char *name) {
    static const struct unit other = {"", "reference frame", 1};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (!strcmp(units[i].name, name)) return &units[i];
    return &other;
}

static bw_status add_calibration(bw_text *text, const bw_image_info *info) {
    static const char *const names[3][2] = {{"PhysicalSizeX", "PhysicalSizeXUnit"},
                                            {"PhysicalSizeY", "PhysicalSizeYUnit"},
                                            {"PhysicalSizeZ", "PhysicalSizeZUnit"}};
    const struct unit *unit = find_unit(info->unit);
    for (int axis = 0; axis < 3 && info->calibrated; axis++) {
        BW_TRY(add_number(text, names[axis][0], info->spacing[axis] * unit->factor));
        BW_TRY(add_attribute(text, names[axis][1], unit->ome));
    }
    if (info->frame_interval <= 0) return BW_OK;
    BW_TRY(add_number(text, "TimeIncrement", info->frame_interval));
    return add_attribute(text, "TimeIncrementUnit", "s");
}

static const char *type_name(bw_pixel_type type) {
    return type == BW_UINT8 ? "uint8" : type == BW_UINT16 ? "uint16" : "float";
}

static bw_status add_channels(bw_text *text, const bw_image *image) {
    const bw_image_info *info = bw_image_get_info(image);
    const int samples = info->rgb ? 3 : 1;
    for (int c = 0; c < info->channels / samples; c++) {
        const char *name = info->rgb ? "" : bw_image_channel_name(image, c);
        BW_TRY(bw_text_add(text, "<Channel ID=\"Channel:0:%d\"", c));
        if (*name) BW_TRY(add_attribute(text, "Name", name));
        BW_TRY(bw_text_add(text, " SamplesPerPixel=\"%d\"/>", samples));
    }
    return BW_OK;
}

static bw_status add_pixels(bw_text *text, const bw_image *image) {
    const bw_image_info *info = bw_image_get_info(image);
    const int64_t planes = (int64_t)(info->rgb ? 1 : info->channels) * info->depth * info->frames;
    BW_TRY(bw_text_add(text,
                       "<Pixels ID=\"Pixels:0\" DimensionOrder=\"XYCZT\" Type=\"%s\" BigEndian=\"false\" "
                       "SizeX=\"%lld\" SizeY=\"%lld\" SizeC=\"%d\" SizeZ=\"%lld\" SizeT=\"%d\"",
                       type_name(info->type), (long long)info->width, (long long)info->height, info->channels,
                       (long long)info->depth, info->frames));
    BW_TRY(add_calibration(text, info));
    BW_TRY(bw_text_add(text, ">"));
    BW_TRY(add_channels(text, image));
    return bw_text_add(text, "<TiffData IFD=\"0\" PlaneCount=\"%lld\"/></Pixels>", (long long)planes);
}

bw_status bw_ome_describe(bw_text *text, const bw_image *image) {
    static const char schema[] = "http://www.openmicroscopy.org/Schemas/OME/2016-06";
    BW_TRY(bw_text_add(text,
                       "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                       "<OME xmlns=\"%s\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
                       "xsi:schemaLocation=\"%s %s/ome.xsd\" Creator=\"Brushwood " BW_VERSION
                       "\"><Image ID=\"Image:0\"",
                       schema, schema, schema));
    if (*bw_image_name(image)) BW_TRY(add_attribute(text, "Name", bw_image_name(image)));
    BW_TRY(bw_text_add(text, ">"));
    BW_TRY(add_pixels(text, image));
    return bw_text_add(text, "</Image></OME>");
}
