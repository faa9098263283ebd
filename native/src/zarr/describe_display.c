/* How viewers show an image: the colours of channels, the names and colours of classes. */
#include <string.h>

#include "core/bytes.h"
#include "core/image.h"
#include "zarr/describe.h"
#include "zarr/json.h"

/* ---- channels ------------------------------------------------------------------------------------------------ */

/* Okabe and Ito's palette, told apart by colour-blind people; the colours that classes have by default. */
static unsigned channel_color(const bw_image_info *info, int channel) {
    static const unsigned palette[8] = {0x0072b2, 0xe69f00, 0x009e73, 0xcc79a7, 0xd55e00, 0x56b4e9, 0xf0e442, 0x999999};
    if (info->rgb) return 0xff0000u >> 8 * channel;
    return info->channels == 1 ? 0xffffff : palette[channel % 8];
}

static bw_status add_channel(bw_text *text, const bw_image *outline, int channel) {
    static const char *const primaries[3] = {"red", "green", "blue"};
    const bw_image_info *info = bw_image_get_info(outline);
    const char *name = bw_image_channel_name(outline, channel);
    const int most = info->type == BW_FLOAT32 ? 1 : info->type == BW_UINT16 ? 65535 : 255;
    char label[256];
    bw_utf8_copy(label, sizeof label, *name || !info->rgb ? name : primaries[channel]);
    BW_TRY(bw_text_add(text, "%s\n    {\"label\": ", channel ? "," : ""));
    BW_TRY(bw_text_json_string(text, label));
    return bw_text_add(text,
                       ", \"color\": \"%06X\", \"active\": true, \"window\": {\"min\": 0, \"max\": %d, \"start\": 0, "
                       "\"end\": %d}}",
                       channel_color(info, channel), most, most);
}

static int has_names(const bw_image *outline) {
    const bw_image_info *info = bw_image_get_info(outline);
    int any = info->rgb;
    for (int c = 0; c < info->channels; c++)
        any |= *bw_image_channel_name(outline, c) != 0;
    return any;
}

static bw_status add_channels(bw_text *text, const bw_image *outline) {
    const bw_image_info *info = bw_image_get_info(outline);
    BW_TRY(bw_text_add(text, ",\n  \"omero\": {\"rdefs\": {\"model\": \"color\"}, \"channels\": ["));
    for (int c = 0; c < info->channels; c++)
        BW_TRY(add_channel(text, outline, c));
    return bw_text_add(text, "]}");
}

/* ---- labels -------------------------------------------------------------------------------------------------- */

/* "#rrggbb"; 0 when it is none. */
static int parse_color(const char *color, unsigned rgb[3]) {
    static const char digits[] = "0123456789abcdefABCDEF";
    if (!color || strlen(color) != 7 || color[0] != '#' || strspn(color + 1, digits) != 6) return 0;
    for (int i = 0; i < 3; i++) {
        rgb[i] = 0;
        for (int k = 1; k < 3; k++) {
            const unsigned place = (unsigned)(strchr(digits, color[2 * i + k]) - digits);
            rgb[i] = 16 * rgb[i] + (place < 16 ? place : place - 6);
        }
    }
    return 1;
}

static bw_status add_colors(bw_text *text, const cJSON *classes) {
    BW_TRY(bw_text_add(text, "\"colors\": ["));
    for (int i = 0; i < cJSON_GetArraySize(classes); i++) {
        unsigned rgb[3] = {255, 255, 255};
        parse_color(bw_json_text(cJSON_GetArrayItem(classes, i), "color"), rgb);
        BW_TRY(bw_text_add(text, "%s{\"label-value\": %d, \"rgba\": [%u, %u, %u, 255]}", i ? ", " : "", i + 1, rgb[0],
                           rgb[1], rgb[2]));
    }
    return bw_text_add(text, "]");
}

static bw_status add_properties(bw_text *text, const cJSON *classes) {
    BW_TRY(bw_text_add(text, "\"properties\": ["));
    for (int i = 0; i < cJSON_GetArraySize(classes); i++) {
        const char *name = bw_json_text(cJSON_GetArrayItem(classes, i), "name");
        BW_TRY(bw_text_add(text, "%s{\"label-value\": %d, \"class\": ", i ? ", " : "", i + 1));
        BW_TRY(bw_text_json_string(text, name ? name : ""));
        BW_TRY(bw_text_add(text, "}"));
    }
    return bw_text_add(text, "]");
}

static bw_status add_classes(bw_text *text, const cJSON *classes) {
    if (cJSON_GetArraySize(classes) < 1) return BW_OK;
    BW_TRY(bw_text_add(text, ",\n    "));
    BW_TRY(add_colors(text, classes));
    BW_TRY(bw_text_add(text, ",\n    "));
    return add_properties(text, classes);
}

static bw_status add_label(bw_text *text, const bw_zarr_group *group) {
    cJSON *note = NULL;
    BW_TRY(bw_text_add(text, ",\n  \"image-label\": {\"version\": \"%s\"",
                       group->version == BW_OME_ZARR_04 ? "0.4" : "0.5"));
    if (group->note) BW_TRY(bw_json_parse_text(text->ctx, "The note", group->note, &note));
    const bw_status status = add_classes(text, bw_json_member(note, "classes"));
    bw_json_free(note);
    BW_TRY(status);
    return bw_text_add(text, "}");
}

bw_status bw_zarr_describe_display(bw_text *text, const bw_zarr_group *group) {
    /* OME-Zarr's label images are integers. */
    if (group->labels && bw_image_get_info(group->outline)->type != BW_FLOAT32) return add_label(text, group);
    return has_names(group->outline) ? add_channels(text, group->outline) : BW_OK;
}
