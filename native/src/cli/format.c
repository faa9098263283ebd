#include "cli/format.h"

#include <string.h>

#include "cli/common.h"
#include "cli/names.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/image.h"
#include "core/sink.h"
#include "core/system.h"
#include "core/text.h"

/* ---- options --------------------------------------------------------------------------------------------------- */

enum { NOT_THERE = -1 };

static const struct {
    const char *name;
    int tiff, zarr; /* bw_compression, bw_zarr_codec */
} compressions[] = {
    {"none", BW_COMPRESSION_NONE, BW_ZARR_RAW},     {"lzw", BW_COMPRESSION_LZW, NOT_THERE},
    {"deflate", BW_COMPRESSION_DEFLATE, NOT_THERE}, {"gzip", NOT_THERE, BW_ZARR_GZIP},
    {"zstd", BW_COMPRESSION_ZSTD, BW_ZARR_ZSTD},    {"blosc", NOT_THERE, BW_ZARR_BLOSC},
};

int bw_cli_is_zarr(const char *path) {
    static const char suffix[] = ".zarr";
    size_t length = strlen(path), end = strlen(suffix);
    while (length && bw_system_separates(path[length - 1]))
        length--;
    for (size_t i = 0; i < end && length >= end; i++)
        if (bw_name_letter(path[length - end + i], 1) != suffix[i]) return 0;
    return length >= end;
}

static int get_compression(const bw_cli_call *call, int tiff, int zarr, bw_cli_format *out) {
    const char *text = bw_cli_text(call, "compression");
    int found = NOT_THERE;
    if (!text) return BW_EXIT_DONE;
    for (size_t i = 0; i < sizeof compressions / sizeof *compressions; i++)
        if (!strcmp(text, compressions[i].name)) found = (int)i;
    if (found < 0 || (tiff && compressions[found].tiff < 0) || (zarr && compressions[found].zarr < 0))
        return bw_cli_usage(call, "--compression must be %s, not \"%s\".",
                            tiff && zarr ? "none or zstd, which both TIFF and OME-Zarr have"
                            : zarr       ? "none, gzip, zstd or blosc for OME-Zarr"
                                         : "none, lzw, deflate or zstd for TIFF",
                            text);
    if (tiff) out->tiff.compression = (bw_compression)compressions[found].tiff;
    if (!zarr) return BW_EXIT_DONE;
    out->zarr.codec = (bw_zarr_codec)compressions[found].zarr;
    out->zarr_said |= BW_SAID_CODEC;
    return BW_EXIT_DONE;
}

static int get_layout(const bw_cli_call *call, bw_tiff_options *tiff) {
    static const char *const names[] = {"auto", "strips", "tiles"};
    const char *text = bw_cli_text(call, "layout");
    int found = text ? -1 : BW_LAYOUT_AUTO;
    for (int i = 0; text && i < 3; i++)
        if (!strcmp(text, names[i])) found = i;
    if (found < 0) return bw_cli_usage(call, "--layout must be auto, strips or tiles, not \"%s\".", text);
    tiff->layout = (bw_tiff_layout)found;
    tiff->pyramid = bw_cli_get(call, "pyramid") && bw_cli_get(call, "pyramid")->count;
    if (tiff->pyramid && tiff->layout == BW_LAYOUT_STRIPS)
        return bw_cli_usage(call, "--pyramid needs tiles: leave out --layout strips.");
    return BW_EXIT_DONE;
}

static int get_zarr(const bw_cli_call *call, bw_cli_format *out) {
    static const char *const versions[] = {"0.4", "0.5"};
    const char *text = bw_cli_text(call, "zarr-version");
    int found = text ? -1 : BW_OME_ZARR_04;
    for (int i = 0; text && i < 2; i++)
        if (!strcmp(text, versions[i])) found = i;
    if (found < 0) return bw_cli_usage(call, "--zarr-version must be 0.4 or 0.5, not \"%s\".", text);
    out->zarr.version = (bw_zarr_version)found;
    if (text) out->zarr_said |= BW_SAID_VERSION;
    return bw_cli_voxels(call, "zarr-chunk", out->zarr.chunk);
}

/* Options that nothing that is written understands. */
static int refuse_others(const bw_cli_call *call, const char *const *names, const char *what) {
    for (; *names; names++)
        if (bw_cli_get(call, *names) && bw_cli_get(call, *names)->count)
            return bw_cli_usage(call, "--%s goes with results in %s.", *names, what);
    return BW_EXIT_DONE;
}

int bw_cli_get_format(const bw_cli_call *call, const char *const *paths, int count, bw_cli_format *out) {
    static const char *const for_tiff[] = {"layout", "pyramid", NULL};
    static const char *const for_zarr[] = {"zarr-version", "zarr-chunk", "block", NULL};
    int tiff = 0, zarr = 0;
    *out = (bw_cli_format){.tiff = {.compression = BW_COMPRESSION_NONE}, .zarr = {.codec = BW_ZARR_BLOSC}};
    for (int i = 0; i < count; i++) {
        if (!paths[i]) continue;
        if (bw_cli_is_zarr(paths[i]))
            zarr = 1;
        else
            tiff = 1;
    }
    if (!zarr) RUN(refuse_others(call, for_zarr, "OME-Zarr: their names end with .zarr"));
    if (!tiff && zarr) RUN(refuse_others(call, for_tiff, "TIFF"));
    RUN(get_compression(call, tiff || !zarr, zarr, out));
    RUN(get_layout(call, &out->tiff));
    return get_zarr(call, out);
}

int bw_cli_voxels(const bw_cli_call *call, const char *name, int64_t voxels[3]) {
    const char *text = bw_cli_text(call, name), *at = text;
    for (int axis = 2; text && axis >= 0; axis--) {
        double value;
        if (!bw_number_parse(at, &at, &value) || !(value >= 1 && value <= 1 << 30) || value != (double)(int64_t)value ||
            *at != (axis ? ',' : 0))
            return bw_cli_usage(call, "--%s must be three whole numbers z,y,x from 1, not \"%s\".", name, text);
        voxels[axis] = (int64_t)value;
        at++;
    }
    return BW_EXIT_DONE;
}

/* ---- checks ---------------------------------------------------------------------------------------------------- */

/* Whether a path is relative and does not lead upwards at once. */
static int begins_here(const char *path) {
    const int drive = *path && path[1] == ':',
              up = !strncmp(path, "..", 2) && (!path[2] || bw_system_separates(path[2]));
    return !bw_system_separates(*path) && !drive && !up;
}

int bw_cli_lies_in(bw_context *ctx, const char *path, const char *folder) {
    char *rest = bw_strdup(ctx, path);
    int found = begins_here(path) && bw_system_same(".", folder);
    for (size_t length = rest ? strlen(rest) : 0; length && !found; length--) {
        if (rest[length] && !bw_system_separates(rest[length])) continue;
        rest[length] = 0;
        found = bw_system_same(rest, folder);
    }
    bw_free(rest);
    return found;
}

/* Whether a folder can be written, which may be there: others begin results at the same moment. */
static bw_status check_folder(bw_context *ctx, const char *path) {
    bw_output output;
    if (bw_system_kind(path) == BW_PATH_FOLDER) return bw_check(ctx);
    BW_TRY(bw_output_begin_folder(ctx, path, &output));
    bw_output_abandon(&output);
    return bw_check(ctx);
}

int bw_cli_output_image(const bw_cli_call *call, const char *name, const char *path, const char *const *inputs) {
    for (const char *const *input = inputs; *input; input++) {
        const bw_cli_values *values = bw_cli_get(call, *input);
        for (int i = 0; i < values->count; i++)
            if (bw_cli_lies_in(call->ctx, values->text[i], path) ||
                (bw_path_is_zarr(values->text[i]) && bw_cli_lies_in(call->ctx, path, values->text[i])))
                return bw_cli_usage(call,
                                    "--%s %s and --%s %s are the same or one lies in the other; choose another output, "
                                    "or the input would be lost.",
                                    name, path, *input, values->text[i]);
    }
    return bw_cli_is_zarr(path) ? bw_cli_code(check_folder(call->ctx, path))
                                : bw_cli_output_path(call, name, path, inputs);
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

bw_status bw_cli_create(bw_context *ctx, const bw_cli_format *format, const char *path, const bw_image *outline,
                        bw_sink **out) {
    if (bw_cli_is_zarr(path)) return bw_zarr_create(ctx, path, outline, &format->zarr, out);
    return bw_tiff_create(ctx, path, outline, &format->tiff, out);
}

static int64_t up_to(int64_t value, int64_t step) {
    return (value + step - 1) / step * step;
}

/* Extent of parts: rows as long as the image, then as many of them and of slices as fit; where the image's rows are too
 * long, what fits of them. */
static void choose_extent(const bw_context *ctx, const bw_image_info *info, const int64_t step[3], int64_t extent[3]) {
    static const int64_t usual[3] = {512, 512, 32};
    const int64_t size[3] = {info->width, info->height, info->depth};
    const double voxel = (double)bw_type_size(info->type) * info->channels;
    const double budget = (double)(bw_context_memory_budget(ctx) / 8);
    const double most = (budget < 256e6 ? budget : 256e6) / voxel;
    for (int axis = 0; axis < 3; axis++)
        extent[axis] = up_to(usual[axis] < size[axis] ? usual[axis] : size[axis], step[axis]);
    for (int axis = 2; axis >= 0; axis--)
        while ((double)extent[0] * (double)extent[1] * (double)extent[2] > most && extent[axis] > step[axis])
            extent[axis] = up_to(extent[axis] / 2, step[axis]);
    const double more = most < 64e6 / voxel ? most : 64e6 / voxel;
    for (int axis = 0; axis < 3; axis++)
        while (extent[axis] < size[axis] && 2.0 * (double)extent[0] * (double)extent[1] * (double)extent[2] <= more)
            extent[axis] *= 2;
}

static bw_status copy_part(bw_context *ctx, const bw_image *image, bw_sink *sink, const bw_part *part) {
    const bw_image_info *all = bw_image_get_info(image);
    bw_image_info info = *all;
    bw_image *pixels;
    info.width = part->hi[0] - part->lo[0];
    info.height = part->hi[1] - part->lo[1];
    info.depth = part->hi[2] - part->lo[2];
    info.frames = 1;
    BW_TRY(bw_image_create(ctx, &info, &pixels));
    /* planes of an image in memory lie behind one another */
    bw_status status = bw_image_read(ctx, image, part, bw_image_plane(pixels, 0, 0, 0));
    if (status == BW_OK) status = bw_sink_write(ctx, sink, part, pixels);
    bw_image_free(pixels);
    return status;
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

bw_status bw_cli_copy(bw_context *ctx, const bw_image *image, bw_sink *sink) {
    const bw_image_info *info = bw_image_get_info(image);
    int64_t step[3], extent[3], count[3];
    bw_sink_step(sink, step);
    choose_extent(ctx, info, step, extent);
    count[0] = up_to(info->width, extent[0]) / extent[0];
    count[1] = up_to(info->height, extent[1]) / extent[1];
    count[2] = up_to(info->depth, extent[2]) / extent[2];
    const int64_t parts = count[0] * count[1] * count[2] * info->frames;
    bw_progress_begin(ctx, (double)parts);
    for (int64_t i = 0; i < parts; i++) {
        const int64_t x = i % count[0] * extent[0], y = i / count[0] % count[1] * extent[1];
        const int64_t z = i / (count[0] * count[1]) % count[2] * extent[2];
        const bw_part part = {
            (int)(i / (count[0] * count[1] * count[2])),
            {x, y, z},
            {least(x + extent[0], info->width), least(y + extent[1], info->height), least(z + extent[2], info->depth)}};
        BW_TRY(copy_part(ctx, image, sink, &part));
        bw_progress_add(ctx, 1);
    }
    return bw_check(ctx);
}

bw_status bw_cli_write_image(bw_context *ctx, const bw_cli_format *format, const char *path, const bw_image *image) {
    bw_sink *sink = NULL;
    bw_status status = bw_cli_create(ctx, format, path, image, &sink);
    if (status == BW_OK) status = bw_cli_copy(ctx, image, sink);
    if (status == BW_OK) status = bw_sink_finish(ctx, sink);
    bw_sink_free(sink);
    return status;
}
