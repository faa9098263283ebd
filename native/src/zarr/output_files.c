#include "zarr/output_files.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/system.h"
#include "zarr/describe.h"
#include "zarr/path.h"

const bw_zarr_files_row *bw_zarr_files(bw_zarr_version version) {
    static const bw_zarr_files_row rows[] = {
        {"0.4", ".zattrs", ".zgroup", "{\"zarr_format\": 2}\n", ".zarray", {"brushwood", NULL}},
        {"0.5", "zarr.json", NULL, NULL, "zarr.json", {"attributes", "brushwood", NULL}},
    };
    return &rows[version == BW_OME_ZARR_05];
}

bw_status bw_zarr_file_of(bw_context *ctx, const char *root, const char *folder, const char *name, char **out) {
    char *in;
    *out = NULL;
    BW_TRY(bw_zarr_join(ctx, root, folder, &in));
    const bw_status status = bw_zarr_join(ctx, in, name, out);
    bw_free(in);
    return status;
}

bw_status bw_zarr_own_path(bw_context *ctx, const char *path, char **own, const char **name) {
    *own = NULL;
    *name = NULL;
    if (!*path) return bw_fail(ctx, BW_ERROR_ARGUMENT, "The name of the OME-Zarr folder is empty.");
    BW_TRY(bw_zarr_trim(ctx, path, own));
    *name = bw_zarr_last(*own);
    return BW_OK;
}

/* ---- folders that are there ---------------------------------------------------------------------------------- */

/* What a folder holds while an image is begun in it: levels, descriptions of the group, and files that are not
 * finished. Whoever asks found no such description; one that is there now is another process's, or empty. */
static int is_ours(const char *name) {
    static const char *const files[] = {".zgroup", ".zattrs", "zarr.json"};
    const size_t length = strlen(name);
    int described = 0;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        described |= !strcmp(name, files[i]);
    return described || strspn(name, "0123456789") == length || (length > 5 && !strcmp(name + length - 5, ".part"));
}

typedef struct stranger {
    char name[256]; /* "" = there is none */
} stranger;

static int look_for_stranger(void *user, const char *name) {
    stranger *s = user;
    if (!is_ours(name)) snprintf(s->name, sizeof s->name, "%s", name);
    return *s->name != 0;
}

bw_status bw_zarr_check_folder(bw_context *ctx, const char *path) {
    const bw_path_kind kind = bw_system_kind(path);
    stranger s = {""};
    if (kind == BW_PATH_ABSENT) return BW_OK;
    if (kind != BW_PATH_FOLDER)
        return bw_fail(ctx, BW_ERROR_MISMATCH, "%s is a file; OME-Zarr is a folder. Name another result.", path);
    bw_system_list(path, look_for_stranger, &s);
    if (!*s.name) return BW_OK;
    return bw_fail(ctx, BW_ERROR_MISMATCH,
                   "%s is there already, and this program did not begin it as a result: it holds \"%s\". Name another "
                   "result, or remove it first.",
                   path, s.name);
}

/* ---- files --------------------------------------------------------------------------------------------------- */

bw_status bw_zarr_settle(bw_context *ctx, const char *root, const char *folder, const char *name, const char *text,
                         const char *const *first) {
    char *file;
    BW_TRY(bw_zarr_file_of(ctx, root, folder, name, &file));
    bw_status status = BW_OK;
    const bw_path_facts facts = bw_system_look(file);
    if (facts.kind == BW_PATH_ABSENT)
        status = bw_file_store_new(ctx, root, file, text, strlen(text));
    else if (facts.bytes < 1) /* what a loss of power leaves */
        status = bw_file_store(ctx, root, file, text, strlen(text));
    if (status == BW_OK) status = bw_zarr_compare_text(ctx, file, text, first);
    bw_free(file);
    return status;
}
