/* An image that appears under its name when it is whole. */
#include "core/alloc.h"
#include "core/file.h"
#include "core/sink.h"
#include "core/system.h"
#include "zarr/output_files.h"
#include "zarr/output_parts.h"

typedef struct creation {
    bw_output folder;
    bw_zarr_output *output; /* in the temporary folder */
    bw_sink *chunks;
    int64_t missing; /* voxels of one channel that have not been written */
} creation;

static int stop_at_once(void *user, const char *name) {
    (void)name;
    *(int *)user = 1;
    return 1;
}

/* What is replaced is lost: only Zarr may be, or an empty folder. */
static bw_status check_replaceable(bw_context *ctx, const char *path) {
    const bw_path_kind kind = bw_system_kind(path);
    int filled = 0;
    if (kind == BW_PATH_ABSENT || bw_zarr_has_group(path) || bw_zarr_has_array(path)) return BW_OK;
    if (kind != BW_PATH_FOLDER)
        return bw_fail(ctx, BW_ERROR_IO, "Cannot write %s: it is a file, and OME-Zarr is a folder. Name another one.",
                       path);
    if (!bw_system_list(path, stop_at_once, &filled) && !filled) return BW_OK;
    return bw_fail(
        ctx, BW_ERROR_IO,
        "Cannot write %s: it is a folder that holds something else than Zarr. Name another one, or remove it "
        "first.",
        path);
}

/* ---- the sink ------------------------------------------------------------------------------------------------ */

static bw_status encode(bw_context *ctx, void *user, const bw_part *part, const bw_image *pixels) {
    creation *c = user;
    return bw_sink_encode(ctx, c->chunks, part, pixels);
}

static bw_status write_part(bw_context *ctx, void *user, const bw_part *part, const bw_image *pixels) {
    creation *c = user;
    BW_TRY(bw_sink_put(ctx, c->chunks, part, pixels));
    c->missing -= (part->hi[0] - part->lo[0]) * (part->hi[1] - part->lo[1]) * (part->hi[2] - part->lo[2]);
    return BW_OK;
}

static bw_status finish(bw_context *ctx, void *user) {
    creation *c = user;
    if (c->missing)
        return bw_fail(
            ctx, BW_ERROR_ARGUMENT,
            "%s cannot be finished: the parts written differ from the image by %lld pixels. Write every part "
            "once.",
            c->folder.path, (long long)c->missing);
    bw_progress_begin(ctx, bw_zarr_output_raised(c->output));
    BW_TRY(bw_zarr_output_raise_all(ctx, c->output, 1));
    BW_TRY(check_replaceable(ctx, c->folder.path));
    return bw_output_commit_folder(ctx, &c->folder);
}

static void close_creation(void *user) {
    creation *c = user;
    bw_sink_free(c->chunks);
    bw_zarr_output_free(c->output);
    bw_output_abandon(&c->folder);
    bw_free(c);
}

/* ---- making -------------------------------------------------------------------------------------------------- */

static bw_status prepare(bw_context *ctx, creation *c, const char *path, const char *name, const bw_image *outline,
                         const bw_zarr_options *options) {
    const bw_image_info *info = bw_image_get_info(outline);
    c->missing = info->width * info->height * info->depth * info->frames;
    BW_TRY(check_replaceable(ctx, path));
    BW_TRY(bw_output_begin_folder(ctx, path, &c->folder));
    BW_TRY(bw_zarr_output_begin(ctx, c->folder.temporary, name, outline, options, NULL, &c->output));
    return bw_zarr_output_sink(ctx, c->output, &c->chunks);
}

static bw_status create(bw_context *ctx, const char *path, const char *name, const bw_image *outline,
                        const bw_zarr_options *options, bw_sink **out) {
    creation *c = bw_calloc(ctx, 1, sizeof *c, "an OME-Zarr image");
    if (!c) return BW_ERROR_MEMORY;
    const bw_status status = prepare(ctx, c, path, name, outline, options);
    if (status != BW_OK) {
        close_creation(c);
        return status;
    }
    bw_sink_writer writer = {
        .encode = encode, .write = write_part, .finish = finish, .close = close_creation, .user = c};
    bw_sink_step(c->chunks, writer.step);
    return bw_sink_create(ctx, outline, &writer, out);
}

bw_status bw_zarr_create(bw_context *ctx, const char *path, const bw_image *outline, const bw_zarr_options *options,
                         bw_sink **out) {
    char *own;
    const char *name;
    *out = NULL;
    if (!path || !outline) return bw_fail(ctx, BW_ERROR_ARGUMENT, "Writing OME-Zarr needs a path and an outline.");
    BW_TRY(bw_zarr_own_path(ctx, path, &own, &name));
    const bw_status status = create(ctx, own, name, outline, options, out);
    bw_free(own);
    return status;
}
