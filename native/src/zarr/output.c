/* Beginning an image: folders and what describes them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/system.h"
#include "zarr/describe.h"
#include "zarr/output_files.h"
#include "zarr/output_parts.h"

/* ---- chunks and levels --------------------------------------------------------------------------------------- */

void bw_zarr_output_chunk(const bw_image *outline, const bw_zarr_options *options, int64_t chunk[3]) {
    static const int64_t of_stacks[3] = {128, 128, 32}, of_slices[3] = {512, 512, 1};
    const bw_image_info *info = bw_image_get_info(outline);
    const int64_t size[3] = {info->width, info->height, info->depth};
    for (int axis = 0; axis < 3; axis++) {
        const int64_t usual = info->depth > 1 ? of_stacks[axis] : of_slices[axis];
        const int64_t asked = options && options->chunk[axis] > 0 ? options->chunk[axis] : usual;
        chunk[axis] = asked < size[axis] ? asked : size[axis];
    }
}

static bw_status check_chunk(bw_context *ctx, const bw_image *outline, const bw_zarr_options *options,
                             int64_t chunk[3]) {
    const double most = 1 << 30;
    for (int axis = 0; axis < 3; axis++)
        if (options->chunk[axis] < 0)
            return bw_fail(ctx, BW_ERROR_ARGUMENT, "Chunks of %lld voxels along %c are not possible.",
                           (long long)options->chunk[axis], "xyz"[axis]);
    bw_zarr_output_chunk(outline, options, chunk);
    const double bytes =
        (double)chunk[0] * (double)chunk[1] * (double)chunk[2] * (double)bw_type_size(bw_image_get_info(outline)->type);
    if (bytes <= most) return BW_OK;
    return bw_fail(ctx, BW_ERROR_ARGUMENT,
                   "Chunks of %lld x %lld x %lld voxels are larger than 1 GiB. Ask for smaller ones.",
                   (long long)chunk[0], (long long)chunk[1], (long long)chunk[2]);
}

static bw_status check_options(bw_context *ctx, const bw_zarr_options *options) {
    if (options->version < BW_OME_ZARR_04 || options->version > BW_OME_ZARR_05)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "Unknown version %d of OME-Zarr.", (int)options->version);
    if (options->codec < BW_ZARR_BLOSC || options->codec > BW_ZARR_RAW)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "Unknown codec %d of Zarr.", (int)options->codec);
    if (options->content < BW_ZARR_CONTENT_AUTO || options->content > BW_ZARR_CONTENT_LABELS)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "Unknown content %d of Zarr.", (int)options->content);
    return BW_OK;
}

/* Whether the image holds numbers of classes or objects. */
static bw_status find_labels(bw_context *ctx, const bw_image *outline, bw_zarr_content content, int *out) {
    const bw_image_info *info = bw_image_get_info(outline);
    const int single = info->channels == 1, whole = info->type != BW_FLOAT32;
    *out = content == BW_ZARR_CONTENT_LABELS ||
           (content == BW_ZARR_CONTENT_AUTO && single && whole && !*bw_image_channel_name(outline, 0));
    if (!*out || single) return BW_OK;
    return bw_fail(ctx, BW_ERROR_ARGUMENT, "Labels have one channel, not %d.", info->channels);
}

static char *name_level(bw_context *ctx, const char *root, int level) {
    char name[16], *path = NULL;
    snprintf(name, sizeof name, "%d", level);
    bw_zarr_file_of(ctx, root, "", name, &path);
    return path;
}

static bw_status make_array(bw_context *ctx, bw_zarr_output *o, int level, const bw_zarr_options *options) {
    const bw_zarr_level *l = &o->levels[level];
    const int is_float = o->info.type == BW_FLOAT32, bytes = (int)bw_type_size(o->info.type);
    const float nan = (float)NAN;
    bw_zarr_array *array = o->arrays[level] = bw_calloc(ctx, 1, sizeof *array, "an array of Zarr");
    if (!array) return BW_ERROR_MEMORY;
    *array = (bw_zarr_array){.path = name_level(ctx, o->path, level),
                             .version = options->version == BW_OME_ZARR_04 ? 2 : 3,
                             .axes = 5,
                             .size = {o->info.frames, o->info.channels, l->size[2], l->size[1], l->size[0]},
                             .chunk = {1, 1, l->chunk[2], l->chunk[1], l->chunk[0]},
                             .kind = is_float ? BW_ZARR_FLOAT : BW_ZARR_UNSIGNED,
                             .bytes = bytes,
                             .separator = '/',
                             .prefixed = options->version == BW_OME_ZARR_05};
    if (!array->path) return BW_ERROR_MEMORY;
    if (is_float) memcpy(array->fill, &nan, sizeof nan);
    return bw_zarr_coding_create(ctx, options->codec, bytes, &array->coding);
}

/* ---- descriptions -------------------------------------------------------------------------------------------- */

static bw_status settle_array(bw_context *ctx, const bw_zarr_output *o, int level, const char *name) {
    char folder[16];
    bw_text text;
    snprintf(folder, sizeof folder, "%d", level);
    bw_text_init(&text, ctx);
    bw_status status = bw_zarr_describe_array(&text, o->arrays[level]);
    if (status == BW_OK) status = bw_zarr_settle(ctx, o->path, folder, name, text.data, NULL);
    bw_text_free(&text);
    return status;
}

static bw_status check_version(bw_context *ctx, const bw_zarr_output *o, bw_zarr_version version) {
    const bw_zarr_files_row *own = bw_zarr_files(version);
    const bw_zarr_files_row *other = bw_zarr_files(version == BW_OME_ZARR_04 ? BW_OME_ZARR_05 : BW_OME_ZARR_04);
    char *file;
    BW_TRY(bw_zarr_file_of(ctx, o->path, "", other->group, &file));
    const int there = bw_system_look(file).bytes > 0;
    bw_free(file);
    if (!there) return BW_OK;
    return bw_fail(ctx, BW_ERROR_MISMATCH,
                   "%s was begun as OME-Zarr %s and would be %s now. Go on as it was begun, name another result, or "
                   "remove it first.",
                   o->path, other->name, own->name);
}

/* Before anything is written: what is there must be the same image, or nothing. */
static bw_status check_there(bw_context *ctx, const bw_zarr_output *o, bw_zarr_version version, const char *text) {
    const bw_zarr_files_row *files = bw_zarr_files(version);
    char *file;
    BW_TRY(check_version(ctx, o, version));
    BW_TRY(bw_zarr_file_of(ctx, o->path, "", files->group, &file));
    const int there = bw_system_look(file).bytes > 0;
    const bw_status status =
        there ? bw_zarr_compare_text(ctx, file, text, files->note) : bw_zarr_check_folder(ctx, o->path);
    bw_free(file);
    return status;
}

/* The group comes last: where it is, all is there. Of two versions that are begun at the same moment neither may go
 * on without having looked for the other behind its own. */
static bw_status settle(bw_context *ctx, const bw_zarr_output *o, bw_zarr_version version, const char *text) {
    const bw_zarr_files_row *files = bw_zarr_files(version);
    BW_TRY(check_there(ctx, o, version, text));
    BW_TRY(bw_folder_make(ctx, o->path));
    if (files->mark) BW_TRY(bw_zarr_settle(ctx, o->path, "", files->mark, files->marks, NULL));
    for (int l = 0; l < o->count; l++)
        BW_TRY(settle_array(ctx, o, l, files->array));
    BW_TRY(bw_zarr_settle(ctx, o->path, "", files->group, text, files->note));
    return check_version(ctx, o, version);
}

static bw_status describe(bw_context *ctx, const bw_zarr_output *o, const char *name, const bw_image *outline,
                          const bw_zarr_options *options, const char *note) {
    const bw_zarr_group group = {.outline = outline,
                                 .name = *bw_image_name(outline) ? bw_image_name(outline) : name,
                                 .note = note,
                                 .version = options->version,
                                 .labels = o->labels,
                                 .levels = o->levels,
                                 .count = o->count};
    bw_text text;
    bw_text_init(&text, ctx);
    bw_status status = bw_zarr_describe_group(&text, &group);
    if (status == BW_OK) status = settle(ctx, o, options->version, text.data);
    bw_text_free(&text);
    return status;
}

/* ---- beginning ----------------------------------------------------------------------------------------------- */

static bw_status prepare(bw_context *ctx, bw_zarr_output *o, const char *path, const bw_image *outline,
                         const bw_zarr_options *options) {
    int64_t chunk[3];
    BW_TRY(check_options(ctx, options));
    BW_TRY(check_chunk(ctx, outline, options, chunk));
    o->info = *bw_image_get_info(outline);
    BW_TRY(find_labels(ctx, outline, options->content, &o->labels));
    o->count = bw_zarr_levels_make(&o->info, chunk, o->levels);
    o->path = bw_strdup(ctx, path);
    if (!o->path) return BW_ERROR_MEMORY;
    for (int l = 0; l < o->count; l++)
        BW_TRY(make_array(ctx, o, l, options));
    return BW_OK;
}

bw_status bw_zarr_output_begin(bw_context *ctx, const char *path, const char *name, const bw_image *outline,
                               const bw_zarr_options *options, const char *note, bw_zarr_output **out) {
    static const bw_zarr_options defaults = {.version = BW_OME_ZARR_04};
    const bw_zarr_options *used = options ? options : &defaults;
    *out = NULL;
    bw_zarr_output *o = bw_calloc(ctx, 1, sizeof *o, "an OME-Zarr image");
    if (!o) return BW_ERROR_MEMORY;
    bw_status status = prepare(ctx, o, path, outline, used);
    if (status == BW_OK) status = describe(ctx, o, name, outline, used, note);
    if (status == BW_OK)
        *out = o;
    else
        bw_zarr_output_free(o);
    return status;
}

bw_status bw_zarr_output_open(bw_context *ctx, const char *path, const bw_image *outline,
                              const bw_zarr_options *options, const char *note, bw_zarr_output **out) {
    char *own;
    const char *name;
    *out = NULL;
    BW_TRY(bw_zarr_own_path(ctx, path, &own, &name));
    const bw_status status = bw_zarr_output_begin(ctx, own, name, outline, options, note, out);
    bw_free(own);
    return status;
}

void bw_zarr_output_free(bw_zarr_output *output) {
    if (!output) return;
    for (int l = 0; l < output->count; l++)
        bw_zarr_array_free(output->arrays[l]);
    bw_free(output->path);
    bw_free(output);
}

bw_status bw_zarr_output_sweep(bw_context *ctx, bw_zarr_output *output) {
    BW_TRY(bw_check(ctx));
    bw_output_sweep_all(output->path);
    return BW_OK;
}
