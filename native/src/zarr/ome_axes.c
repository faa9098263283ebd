/* Axes of an image: which are which, sizes, units. */
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/bytes.h"
#include "zarr/ome_parts.h"
#include "zarr/values.h"

enum { X, Y, Z, CHANNEL, TIME, KINDS };

/* Of an axis of the array. */
typedef struct axis {
    const char *name, *unit; /* NULL = none */
    double scale;
} axis;

static int *place_of(bw_zarr_axes *axes, int kind) {
    int *const places[] = {&axes->x, &axes->y, &axes->z, &axes->channel, &axes->time};
    return places[kind];
}

/* ---- names ------------------------------------------------------------------------------------------------------- */

static int same_word(const char *a, const char *b) {
    for (; *a && *b; a++, b++)
        if ((*a >= 'A' && *a <= 'Z' ? *a + 'a' - 'A' : *a) != *b) return 0;
    return *a == *b;
}

/* -1 when the name is none that is known. */
static int kind_of(const char *name) {
    static const struct {
        const char *name;
        int kind;
    } names[] = {{"x", X},    {"y", Y},       {"z", Z},       {"c", CHANNEL}, {"channel", CHANNEL},
                 {"t", TIME}, {"time", TIME}, {"ch", CHANNEL}};
    for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
        if (same_word(name, names[i].name)) return names[i].kind;
    return -1;
}

/* Without any words the last axes are those of t, c, z, y, x. */
static void assume_names(const bw_zarr_array *array, axis *axes) {
    static const char *const usual[] = {"t", "c", "z", "y", "x"};
    for (int i = 0; i < array->axes && i < 5; i++)
        axes[array->axes - 1 - i].name = usual[4 - i];
}

static int are_known(const bw_zarr_array *array, char *const *names) {
    for (int i = 0; i < array->axes; i++)
        if (kind_of(names[i]) < 0) return 0;
    return 1;
}

/* Versions 0.4 and 0.5 have objects, 0.3 names, those before nothing. */
static bw_status read_names(bw_context *ctx, const bw_zarr_array *array, const cJSON *list, axis *axes) {
    int i = 0;
    if (!list && are_known(array, array->names)) {
        for (; i < array->axes; i++)
            axes[i].name = array->names[i];
        return BW_OK;
    }
    if (!list) {
        assume_names(array, axes);
        return BW_OK;
    }
    if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) != array->axes)
        return bw_fail(ctx, BW_ERROR_FORMAT,
                       "The axes that OME-Zarr names for %s are not the %d that the array has. Save the image again.",
                       array->path, array->axes);
    for (const cJSON *at = list->child; at; at = at->next, i++) {
        const char *name = cJSON_GetStringValue(at), *type = bw_json_text(at, "type");
        axes[i].name = name ? name : bw_json_text(at, "name");
        axes[i].unit = bw_json_text(at, "unit");
        if (kind_of(axes[i].name) < 0 && kind_of(type) >= 0) axes[i].name = type;
    }
    return BW_OK;
}

/* Axes that are not known may have one place. */
static bw_status place_axes(bw_context *ctx, const axis *axes, bw_zarr_picture *picture) {
    const bw_zarr_array *array = picture->array;
    picture->axes = (bw_zarr_axes){-1, -1, -1, -1, -1};
    for (int i = 0; i < array->axes; i++) {
        const int kind = kind_of(axes[i].name);
        char name[40];
        bw_utf8_copy(name, sizeof name, axes[i].name ? axes[i].name : "");
        if (kind < 0 && array->size[i] > 1)
            return bw_fail(ctx, BW_ERROR_FORMAT,
                           "%s has an axis \"%s\" of size %lld, which is none of t, c, z, y, x. Save one place of it.",
                           array->path, name, (long long)array->size[i]);
        if (kind < 0) continue;
        if (*place_of(&picture->axes, kind) >= 0)
            return bw_fail(ctx, BW_ERROR_FORMAT, "%s has two axes \"%s\". Save the image again.", array->path, name);
        *place_of(&picture->axes, kind) = i;
    }
    if (picture->axes.x >= 0 && picture->axes.y >= 0) return BW_OK;
    return bw_fail(ctx, BW_ERROR_FORMAT,
                   "%s has no axes x and y, so it is no image. Name an array with two axes or more.", array->path);
}

/* ---- sizes ------------------------------------------------------------------------------------------------------- */

static int64_t size_of(const bw_zarr_picture *picture, int place) {
    return place < 0 ? 1 : picture->array->size[place];
}

static bw_status take_sizes(bw_context *ctx, bw_zarr_picture *picture) {
    const bw_zarr_axes *axes = &picture->axes;
    const int64_t channels = size_of(picture, axes->channel), frames = size_of(picture, axes->time);
    bw_zarr_convert_fn convert;
    if (channels > INT32_MAX || frames > INT32_MAX)
        return bw_fail(ctx, BW_ERROR_FORMAT, "%s has %lld channels and %lld frames, which is not possible.",
                       picture->array->path, (long long)channels, (long long)frames);
    picture->info.type = bw_zarr_pixel_type(picture->array, &convert);
    picture->info.width = size_of(picture, axes->x);
    picture->info.height = size_of(picture, axes->y);
    picture->info.depth = size_of(picture, axes->z);
    picture->info.channels = (int)channels;
    picture->info.frames = (int)frames;
    return BW_OK;
}

/* ---- calibration ------------------------------------------------------------------------------------------------- */

/* The first scale of a list of transformations multiplies those before. */
static void take_scale(const cJSON *list, int count, axis *axes) {
    for (const cJSON *at = cJSON_IsArray(list) ? list->child : NULL; at; at = at->next) {
        const char *type = bw_json_text(at, "type");
        const cJSON *scale = bw_json_member(at, "scale");
        if (!type || strcmp(type, "scale") || !cJSON_IsArray(scale) || cJSON_GetArraySize(scale) != count) continue;
        int i = 0;
        for (const cJSON *factor = scale->child; factor; factor = factor->next, i++)
            axes[i].scale *= cJSON_IsNumber(factor) ? factor->valuedouble : 0;
        return;
    }
}

typedef struct unit {
    const char *name;
    double factor;
} unit;

/* In micrometres. */
static const unit lengths[] = {
    {"micrometer", 1},    {"um", 1},         {"\xc2\xb5m", 1},
    {"\xce\xbcm", 1},     {"micrometre", 1}, {"micron", 1},
    {"nanometer", 1e-3},  {"nm", 1e-3},      {"millimeter", 1e3},
    {"mm", 1e3},          {"meter", 1e6},    {"m", 1e6},
    {"centimeter", 1e4},  {"cm", 1e4},       {"decimeter", 1e5},
    {"picometer", 1e-6},  {"pm", 1e-6},      {"angstrom", 1e-4},
    {"kilometer", 1e9},   {"inch", 25400},   {"foot", 304800},
    {"femtometer", 1e-9},
};

/* In seconds. */
static const unit times[] = {
    {"second", 1},  {"s", 1},    {"millisecond", 1e-3}, {"ms", 1e-3}, {"microsecond", 1e-6}, {"nanosecond", 1e-9},
    {"minute", 60}, {"min", 60}, {"hour", 3600},        {"h", 3600},  {"day", 86400},        {"d", 86400},
};

/* 0 when there is no unit, -1 when it is none that is known. */
static double factor_of(const unit *units, size_t count, const char *name) {
    for (size_t i = 0; name && i < count; i++)
        if (!strcmp(units[i].name, name)) return units[i].factor;
    return name && *name ? -1 : 0;
}

static int is_positive(double value) {
    return value > 0 && value < 1e30;
}

static void take_interval(const bw_zarr_picture *picture, const axis *axes, bw_image_info *info) {
    const int at = picture->axes.time;
    if (at < 0) return;
    const double factor = factor_of(times, sizeof times / sizeof *times, axes[at].unit);
    const double interval = axes[at].scale * (factor == 0 ? 1 : factor);
    if ((factor != 0 || axes[at].scale != 1) && is_positive(interval)) info->frame_interval = interval;
}

/* Lengths become micrometres; an axis without a unit has that of the others. Sizes of 1 without any unit say nothing,
 * and neither do units that are no lengths. */
static void take_spacing(const bw_zarr_picture *picture, const axis *axes, bw_image_info *info) {
    const int places[] = {picture->axes.x, picture->axes.y, picture->axes.z};
    double size[3], factor[3], common = 0;
    int told = 0;
    for (int i = 0; i < 3; i++) {
        size[i] = places[i] < 0 ? 1 : axes[places[i]].scale;
        factor[i] = places[i] < 0 ? 0 : factor_of(lengths, sizeof lengths / sizeof *lengths, axes[places[i]].unit);
        if (!common && factor[i] > 0) common = factor[i];
        told |= size[i] != 1;
    }
    if (!common && !told) return;
    for (int i = 0; i < 3; i++)
        size[i] *= places[i] < 0 || (!common && !factor[i]) ? 1 : factor[i] ? factor[i] : common;
    if (!is_positive(size[0]) || !is_positive(size[1])) return;
    if (!is_positive(size[2])) size[2] = 1;
    memcpy(info->spacing, size, sizeof size);
    info->calibrated = 1;
    snprintf(info->unit, sizeof info->unit, common ? "um" : "pixel");
}

bw_status bw_zarr_describe_axes(bw_context *ctx, const cJSON *image, const cJSON *dataset, bw_zarr_picture *picture) {
    axis axes[BW_ZARR_MAX_AXES] = {{NULL, NULL, 0}};
    for (int i = 0; i < BW_ZARR_MAX_AXES; i++)
        axes[i].scale = 1;
    BW_TRY(read_names(ctx, picture->array, bw_json_member(image, "axes"), axes));
    BW_TRY(place_axes(ctx, axes, picture));
    BW_TRY(take_sizes(ctx, picture));
    take_scale(bw_json_member(dataset, "coordinateTransformations"), picture->array->axes, axes);
    take_scale(bw_json_member(image, "coordinateTransformations"), picture->array->axes, axes);
    take_spacing(picture, axes, &picture->info);
    take_interval(picture, axes, &picture->info);
    return bw_image_info_check(ctx, &picture->info);
}

/* ---- channels ---------------------------------------------------------------------------------------------------- */

bw_status bw_zarr_describe_channels(bw_context *ctx, const cJSON *ome, bw_zarr_picture *picture) {
    const cJSON *list = bw_json_member(bw_json_member(ome, "omero"), "channels");
    int channel = 0;
    if (!cJSON_IsArray(list)) return BW_OK;
    picture->channels = bw_calloc(ctx, (uint64_t)picture->info.channels, sizeof *picture->channels, "channel names");
    if (!picture->channels) return BW_ERROR_MEMORY;
    for (const cJSON *at = list->child; at && channel < picture->info.channels; at = at->next, channel++) {
        char name[200] = "";
        const char *label = bw_json_text(at, "label");
        if (label) bw_utf8_copy(name, sizeof name, label);
        picture->channels[channel] = *name ? bw_strdup(ctx, name) : NULL;
        if (*name && !picture->channels[channel]) return BW_ERROR_MEMORY;
    }
    return BW_OK;
}
