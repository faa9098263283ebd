#include "zarr/describe.h"

#include <string.h>

#include "core/alloc.h"
#include "core/bytes.h"
#include "core/image.h"
#include "zarr/coding.h"

/* How OME-Zarr calls lengths; other units have no name there. */
static const struct unit {
    const char *name, *ome;
} units[] = {
    {"um", "micrometer"},
    {"\xc2\xb5m", "micrometer"},
    {"\xce\xbcm", "micrometer"},
    {"micron", "micrometer"},
    {"microns", "micrometer"},
    {"micrometre", "micrometer"},
    {"pm", "picometer"},
    {"nm", "nanometer"},
    {"mm", "millimeter"},
    {"cm", "centimeter"},
    {"m", "meter"},
    {"km", "kilometer"},
    {"inch", "inch"},
    {"in", "inch"},
    {"ft", "foot"},
    {"angstrom", "angstrom"},
};

/* NULL = it has none. */
static const char *find_unit(const bw_image_info *info) {
    for (size_t i = 0; i < sizeof units / sizeof *units && info->calibrated; i++)
        if (!strcmp(units[i].name, info->unit) || !strcmp(units[i].ome, info->unit)) return units[i].ome;
    return NULL;
}

/* ---- group --------------------------------------------------------------------------------------------------- */

static bw_status add_axes(bw_text *text, const bw_image_info *info) {
    static const struct {
        const char *name, *type;
    } axes[] = {{"t", "time"}, {"c", "channel"}, {"z", "space"}, {"y", "space"}, {"x", "space"}};
    BW_TRY(bw_text_add(text, "\"axes\": ["));
    for (int i = 0; i < 5; i++) {
        const char *unit = i > 1 ? find_unit(info) : !i && info->frame_interval > 0 ? "second" : NULL;
        BW_TRY(bw_text_add(text, "%s{\"name\": \"%s\", \"type\": \"%s\"", i ? ", " : "", axes[i].name, axes[i].type));
        if (unit) BW_TRY(bw_text_add(text, ", \"unit\": \"%s\"", unit));
        BW_TRY(bw_text_add(text, "}"));
    }
    return bw_text_add(text, "],\n");
}

/* Numbers of x, y, z in the order of the axes. */
static bw_status add_transformation(bw_text *text, const char *type, double time, double channel, const double v[3]) {
    const double values[5] = {time, channel, v[2], v[1], v[0]};
    BW_TRY(bw_text_add(text, "{\"type\": \"%s\", \"%s\": [", type, type));
    for (int i = 0; i < 5; i++) {
        BW_TRY(bw_text_add(text, i ? ", " : ""));
        BW_TRY(bw_text_number(text, values[i]));
    }
    return bw_text_add(text, "]}");
}

/* A voxel of a smaller level lies in the middle of those that it stands for. */
static bw_status add_dataset(bw_text *text, const bw_image_info *info, const bw_zarr_level *level, int index) {
    double scale[3], place[3];
    for (int axis = 0; axis < 3; axis++) {
        scale[axis] = info->spacing[axis] * (double)level->scale[axis];
        place[axis] = info->spacing[axis] * (double)(level->scale[axis] - 1) / 2;
    }
    BW_TRY(bw_text_add(text, "%s\n      {\"path\": \"%d\", \"coordinateTransformations\": [", index ? "," : "", index));
    BW_TRY(add_transformation(text, "scale", info->frame_interval > 0 ? info->frame_interval : 1, 1, scale));
    if (index) {
        BW_TRY(bw_text_add(text, ", "));
        BW_TRY(add_transformation(text, "translation", 0, 0, place));
    }
    return bw_text_add(text, "]}");
}

/* Text for people that JSON takes. */
static bw_status add_name(bw_text *text, const char *name) {
    char clean[1024];
    bw_utf8_copy(clean, sizeof clean, name);
    return bw_text_json_string(text, clean);
}

static bw_status add_multiscale(bw_text *text, const bw_zarr_group *group) {
    const bw_image_info *info = bw_image_get_info(group->outline);
    BW_TRY(bw_text_add(text, "\"multiscales\": [{\n    "));
    if (group->version == BW_OME_ZARR_04) BW_TRY(bw_text_add(text, "\"version\": \"0.4\", "));
    BW_TRY(bw_text_add(text, "\"name\": "));
    BW_TRY(add_name(text, group->name));
    BW_TRY(bw_text_add(text, ",\n    "));
    BW_TRY(add_axes(text, info));
    BW_TRY(bw_text_add(text, "    \"datasets\": ["));
    for (int l = 0; l < group->count; l++)
        BW_TRY(add_dataset(text, info, &group->levels[l], l));
    return bw_text_add(text,
                       "],\n    \"type\": \"%s\",\n    \"metadata\": {\"method\": \"brushwood\", \"description\": "
                       "\"%s\"}}]",
                       group->labels ? "sample" : "mean",
                       group->labels ? "Every second voxel of the level before."
                                     : "Means over two voxels along every axis that is halved.");
}

static bw_status add_note(bw_text *text, const char *note) {
    return note ? bw_text_add(text, ",\n  \"brushwood\": %s", note) : BW_OK;
}

static bw_status describe_04(bw_text *text, const bw_zarr_group *group) {
    BW_TRY(bw_text_add(text, "{\n  "));
    BW_TRY(add_multiscale(text, group));
    BW_TRY(bw_zarr_describe_display(text, group));
    BW_TRY(add_note(text, group->note));
    return bw_text_add(text, "\n}\n");
}

static bw_status describe_05(bw_text *text, const bw_zarr_group *group) {
    BW_TRY(bw_text_add(text, "{\"zarr_format\": 3, \"node_type\": \"group\", \"attributes\": {\n"
                             "  \"ome\": {\"version\": \"0.5\",\n  "));
    BW_TRY(add_multiscale(text, group));
    BW_TRY(bw_zarr_describe_display(text, group));
    BW_TRY(bw_text_add(text, "}"));
    BW_TRY(add_note(text, group->note));
    return bw_text_add(text, "\n}}\n");
}

bw_status bw_zarr_describe_group(bw_text *text, const bw_zarr_group *group) {
    return group->version == BW_OME_ZARR_04 ? describe_04(text, group) : describe_05(text, group);
}

/* ---- array --------------------------------------------------------------------------------------------------- */

static const struct type {
    bw_zarr_kind kind;
    int bytes;
    const char *v2, *v3, *fill;
} types[] = {{BW_ZARR_UNSIGNED, 1, "|u1", "uint8", "0"},
             {BW_ZARR_UNSIGNED, 2, "<u2", "uint16", "0"},
             {BW_ZARR_FLOAT, 4, "<f4", "float32", "\"NaN\""}};

/* NULL = results are not written so. */
static const struct type *find_type(const bw_zarr_array *array) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].kind == array->kind && types[i].bytes == array->bytes) return &types[i];
    return NULL;
}

static bw_status add_extents(bw_text *text, const char *before, const int64_t *extents, int axes) {
    BW_TRY(bw_text_add(text, "%s[", before));
    for (int i = 0; i < axes; i++)
        BW_TRY(bw_text_add(text, "%s%lld", i ? ", " : "", (long long)extents[i]));
    return bw_text_add(text, "]");
}

static bw_status describe_v2(bw_text *text, const bw_zarr_array *array, const struct type *type) {
    BW_TRY(bw_text_add(text, "{\"zarr_format\": 2,\n"));
    BW_TRY(add_extents(text, " \"shape\": ", array->size, array->axes));
    BW_TRY(add_extents(text, ",\n \"chunks\": ", array->chunk, array->axes));
    BW_TRY(bw_text_add(text, ",\n \"dtype\": \"%s\",\n \"compressor\": ", type->v2));
    BW_TRY(bw_zarr_coding_describe(text, array->coding, 2));
    return bw_text_add(text,
                       ",\n \"fill_value\": %s, \"order\": \"C\", \"filters\": null, \"dimension_separator\": "
                       "\"%c\"}\n",
                       type->fill, array->separator);
}

static bw_status describe_v3(bw_text *text, const bw_zarr_array *array, const struct type *type) {
    BW_TRY(bw_text_add(text, "{\"zarr_format\": 3, \"node_type\": \"array\",\n"));
    BW_TRY(add_extents(text, " \"shape\": ", array->size, array->axes));
    BW_TRY(bw_text_add(text, ",\n \"data_type\": \"%s\", \"fill_value\": %s,\n", type->v3, type->fill));
    BW_TRY(add_extents(text, " \"chunk_grid\": {\"name\": \"regular\", \"configuration\": {\"chunk_shape\": ",
                       array->chunk, array->axes));
    BW_TRY(bw_text_add(text,
                       "}},\n \"chunk_key_encoding\": {\"name\": \"default\", \"configuration\": {\"separator\": "
                       "\"%c\"}},\n \"codecs\": ",
                       array->separator));
    BW_TRY(bw_zarr_coding_describe(text, array->coding, 3));
    return bw_text_add(text, ",\n \"dimension_names\": [\"t\", \"c\", \"z\", \"y\", \"x\"], \"attributes\": {}}\n");
}

bw_status bw_zarr_describe_array(bw_text *text, const bw_zarr_array *array) {
    const struct type *type = find_type(array);
    if (!type)
        return bw_fail(text->ctx, BW_ERROR_INTERNAL, "%s: results are not written as numbers of %d bytes.", array->path,
                       array->bytes);
    return array->version == 2 ? describe_v2(text, array, type) : describe_v3(text, array, type);
}
