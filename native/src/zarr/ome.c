/* Which image a path leads to. */
#include "zarr/ome.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/system.h"
#include "core/text.h"
#include "zarr/ome_parts.h"
#include "zarr/path.h"

void bw_zarr_picture_free(bw_zarr_picture *picture) {
    if (!picture) return;
    for (int c = 0; picture->channels && c < picture->info.channels; c++)
        bw_free(picture->channels[c]);
    bw_free(picture->channels);
    bw_free(picture->name);
    bw_zarr_array_free(picture->array);
    bw_free(picture);
}

/* ---- groups ------------------------------------------------------------------------------------------------------ */

static bw_status read_attributes(bw_context *ctx, const char *path, const char *name, cJSON **out) {
    char *file;
    *out = NULL;
    BW_TRY(bw_zarr_join(ctx, path, name, &file));
    const bw_status status = bw_json_read(ctx, file, out);
    bw_free(file);
    return status;
}

static bw_status check_images(bw_context *ctx, const char *path, const bw_zarr_group *group) {
    const cJSON *images = bw_json_member(group->ome, "multiscales");
    if (!images || bw_zarr_group_image(group) || (cJSON_IsArray(images) && !images->child)) return BW_OK;
    return bw_fail(ctx, BW_ERROR_FORMAT, "%s/%s is damaged: \"multiscales\" is no list of images. Copy the file again.",
                   path, group->file);
}

bw_status bw_zarr_group_read(bw_context *ctx, const char *path, bw_zarr_group *out) {
    *out = (bw_zarr_group){NULL, NULL, NULL, NULL};
    const int is_new = bw_zarr_holds(path, "zarr.json");
    if (!is_new && !bw_zarr_holds(path, ".zattrs")) return BW_OK;
    out->file = is_new ? "zarr.json" : ".zattrs";
    BW_TRY(read_attributes(ctx, path, out->file, &out->json));
    out->attributes = is_new ? bw_json_member(out->json, "attributes") : out->json;
    const cJSON *ome = bw_json_member(out->attributes, "ome");
    out->ome = ome ? ome : out->attributes;
    const bw_status status = check_images(ctx, path, out);
    if (status != BW_OK) bw_zarr_group_free(out);
    return status;
}

void bw_zarr_group_free(bw_zarr_group *group) {
    bw_json_free(group->json);
    *group = (bw_zarr_group){NULL, NULL, NULL, NULL};
}

const cJSON *bw_zarr_group_image(const bw_zarr_group *group) {
    const cJSON *images = bw_json_member(group->ome, "multiscales");
    return cJSON_IsArray(images) && cJSON_IsObject(images->child) ? images->child : NULL;
}

/* ---- one array of an image --------------------------------------------------------------------------------------- */

/* Of a group's image; group, image and dataset NULL: an array that stands alone. */
typedef struct target {
    const char *path, *name; /* of the array; of the image */
    const bw_zarr_group *group;
    const cJSON *image, *dataset;
} target;

static bw_status fill_picture(bw_context *ctx, const target *t, bw_zarr_picture *picture) {
    BW_TRY(bw_zarr_array_read(ctx, t->path, &picture->array));
    BW_TRY(bw_zarr_describe_axes(ctx, t->image, t->dataset, picture));
    picture->name = bw_strdup(ctx, t->name);
    if (!picture->name) return BW_ERROR_MEMORY;
    picture->labels = t->group && bw_json_member(t->group->ome, "image-label") != NULL;
    return t->group ? bw_zarr_describe_channels(ctx, t->group->ome, picture) : BW_OK;
}

static bw_status make_picture(bw_context *ctx, const target *t, bw_zarr_picture **out) {
    *out = bw_calloc(ctx, 1, sizeof **out, "a description of an image");
    if (!*out) return BW_ERROR_MEMORY;
    const bw_status status = fill_picture(ctx, t, *out);
    if (status == BW_OK) return BW_OK;
    bw_zarr_picture_free(*out);
    *out = NULL;
    return status;
}

/* The largest resolution comes first. */
static bw_status open_image(bw_context *ctx, const char *path, const bw_zarr_group *group, bw_zarr_picture **out) {
    const cJSON *image = bw_zarr_group_image(group), *datasets = bw_json_member(image, "datasets");
    const cJSON *dataset = cJSON_IsArray(datasets) ? datasets->child : NULL;
    const char *name = bw_json_text(dataset, "path");
    char *array;
    if (!name || !bw_zarr_stays_below(name))
        return bw_fail(
            ctx, BW_ERROR_FORMAT,
            "The image %s names no array in its folder (\"multiscales\", \"datasets\", \"path\"). Save it again.",
            path);
    BW_TRY(bw_zarr_join(ctx, path, name, &array));
    const target t = {array, bw_zarr_last(path), group, image, dataset};
    const bw_status status = make_picture(ctx, &t, out);
    bw_free(array);
    return status;
}

/* ---- arrays that the path names ---------------------------------------------------------------------------------- */

static int same_path(const char *a, const char *b) {
    for (; *a && *b; a++, b++)
        if (*a != *b && !(bw_system_separates(*a) && bw_system_separates(*b))) return 0;
    return *a == *b;
}

static const cJSON *find_dataset(const cJSON *image, const char *name) {
    const cJSON *datasets = bw_json_member(image, "datasets");
    for (const cJSON *at = cJSON_IsArray(datasets) ? datasets->child : NULL; at; at = at->next) {
        const char *path = bw_json_text(at, "path");
        if (path && same_path(path, name)) return at;
    }
    return NULL;
}

/* As the resolution of an image in `folder`, if it is one. */
static bw_status open_within(bw_context *ctx, const char *folder, const char *path, const char *rest,
                             bw_zarr_picture **out) {
    bw_zarr_group group = {NULL, NULL, NULL, NULL};
    bw_status status = bw_zarr_group_read(ctx, folder, &group);
    const cJSON *image = bw_zarr_group_image(&group), *dataset = find_dataset(image, rest);
    const char *name = bw_zarr_last(folder);
    const target t = {path, strcmp(name, ".") ? name : bw_zarr_last(path), &group, image, dataset};
    if (status == BW_OK && dataset) status = make_picture(ctx, &t, out);
    bw_zarr_group_free(&group);
    return status;
}

static bw_status open_array(bw_context *ctx, const char *path, bw_zarr_picture **out) {
    enum { MOST_FOLDERS = 4 }; /* between an image and its arrays */
    char *folder = bw_strdup(ctx, path);
    bw_status status = folder ? BW_OK : BW_ERROR_MEMORY;
    for (int i = 0; i < MOST_FOLDERS && status == BW_OK && !*out && *bw_zarr_last(folder); i++) {
        const char *rest = path + (bw_zarr_last(folder) - folder);
        folder[bw_zarr_parent(folder)] = 0;
        const char *parent = *folder ? folder : ".";
        if (bw_zarr_has_group(parent)) status = open_within(ctx, parent, path, rest, out);
    }
    bw_free(folder);
    const target alone = {path, bw_zarr_last(path), NULL, NULL, NULL};
    return status == BW_OK && !*out ? make_picture(ctx, &alone, out) : status;
}

/* ---- groups of images -------------------------------------------------------------------------------------------- */

typedef struct listing {
    bw_context *ctx;
    const char *folder;
    char **names;
    int count, room;
    bw_status status;
} listing;

/* Whether a folder is an image by itself. */
static int is_image(const char *path) {
    bw_zarr_group group = {NULL, NULL, NULL, NULL};
    if (bw_zarr_has_array(path)) return 1;
    /* An error is nobody's. */
    const int found = bw_zarr_has_group(path) && bw_zarr_group_read(NULL, path, &group) == BW_OK &&
                      bw_zarr_group_image(&group) != NULL;
    bw_zarr_group_free(&group);
    return found;
}

static bw_status add_name(listing *l, const char *name) {
    if (l->count == l->room) {
        const int room = l->room ? 2 * l->room : 16;
        char **names = bw_realloc(l->ctx, l->names, (uint64_t)room, sizeof *names, "a list of images");
        if (!names) return BW_ERROR_MEMORY;
        l->names = names;
        l->room = room;
    }
    l->names[l->count] = bw_strdup(l->ctx, name);
    if (!l->names[l->count]) return BW_ERROR_MEMORY;
    l->count++;
    return BW_OK;
}

static int visit(void *user, const char *name) {
    listing *l = user;
    char *path;
    l->status = bw_check(l->ctx);
    if (l->status == BW_OK) l->status = bw_zarr_join(l->ctx, l->folder, name, &path);
    if (l->status != BW_OK) return 1;
    if (bw_system_kind(path) == BW_PATH_FOLDER && is_image(path)) l->status = add_name(l, name);
    bw_free(path);
    return l->status != BW_OK;
}

/* Numbers by their value. */
static int compare_names(const void *a, const void *b) {
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    const size_t m = strlen(x), n = strlen(y);
    if (strspn(x, "0123456789") == m && strspn(y, "0123456789") == n && m != n) return m < n ? -1 : 1;
    return strcmp(x, y);
}

static bw_status many_images(bw_context *ctx, const listing *l) {
    enum { MOST_TOLD = 8 };
    bw_text text;
    bw_text_init(&text, ctx);
    bw_status status = BW_OK;
    for (int i = 0; i < l->count && i < MOST_TOLD && status == BW_OK; i++)
        status = bw_text_add(&text, "%s%s", i ? ", " : "", l->names[i]);
    if (status == BW_OK)
        bw_fail(ctx, BW_ERROR_FORMAT, "%s holds %d images: %s%s. Name one of them, such as %s/%s.", l->folder, l->count,
                text.data, l->count > MOST_TOLD ? " and others" : "", l->folder, l->names[0]);
    bw_text_free(&text);
    return bw_context_status(ctx);
}

static bw_status open_image_folder(bw_context *ctx, const char *path, bw_zarr_picture **out) {
    bw_zarr_group group = {NULL, NULL, NULL, NULL};
    if (bw_zarr_has_array(path)) return open_array(ctx, path, out);
    bw_status status = bw_zarr_group_read(ctx, path, &group);
    if (status == BW_OK) status = open_image(ctx, path, &group, out);
    bw_zarr_group_free(&group);
    return status;
}

static bw_status open_only(bw_context *ctx, const listing *l, bw_zarr_picture **out) {
    char *path;
    if (!l->count)
        return bw_fail(
            ctx, BW_ERROR_FORMAT,
            "%s is a group of Zarr without an image: neither it nor a folder in it has \"multiscales\" or is "
            "an array. Name the folder of an image.",
            l->folder);
    if (l->count > 1) return many_images(ctx, l);
    BW_TRY(bw_zarr_join(ctx, l->folder, l->names[0], &path));
    const bw_status status = open_image_folder(ctx, path, out);
    bw_free(path);
    return status;
}

/* What is given the name of the group: "x.zarr" rather than "0". */
static bw_status rename_picture(bw_context *ctx, const char *path, bw_zarr_picture *picture) {
    char *name = bw_strdup(ctx, bw_zarr_last(path));
    if (!name) return BW_ERROR_MEMORY;
    bw_free(picture->name);
    picture->name = name;
    return BW_OK;
}

static bw_status open_group_of_images(bw_context *ctx, const char *path, bw_zarr_picture **out) {
    listing l = {.ctx = ctx, .folder = path};
    if (bw_system_list(path, visit, &l) && l.status == BW_OK)
        l.status = bw_fail(ctx, BW_ERROR_IO, "Cannot list the folder %s. Check its rights.", path);
    if (l.status == BW_OK && l.count) qsort(l.names, (size_t)l.count, sizeof *l.names, compare_names);
    if (l.status == BW_OK) l.status = open_only(ctx, &l, out);
    if (l.status == BW_OK) l.status = rename_picture(ctx, path, *out);
    for (int i = 0; i < l.count; i++)
        bw_free(l.names[i]);
    bw_free(l.names);
    return l.status;
}

static bw_status open_plate(bw_context *ctx, const char *path, const cJSON *plate) {
    const cJSON *wells = bw_json_member(plate, "wells");
    const char *well = bw_json_text(cJSON_IsArray(wells) ? wells->child : NULL, "path");
    return bw_fail(ctx, BW_ERROR_FORMAT,
                   "%s is a plate with many images. Name a field of a well: %s/%.100s/0 is the first one's first.",
                   path, path, well ? well : "A/1");
}

static bw_status open_group(bw_context *ctx, const char *path, bw_zarr_picture **out) {
    bw_zarr_group group;
    BW_TRY(bw_zarr_group_read(ctx, path, &group));
    const cJSON *plate = bw_json_member(group.ome, "plate");
    const bw_status status = bw_zarr_group_image(&group) ? open_image(ctx, path, &group, out)
                             : plate                     ? open_plate(ctx, path, plate)
                                                         : open_group_of_images(ctx, path, out);
    bw_zarr_group_free(&group);
    return status;
}

/* ---- any path ---------------------------------------------------------------------------------------------------- */

/* A zarr.json that tells of neither an array nor a group. */
static bw_status no_node(bw_context *ctx, const char *path) {
    cJSON *json;
    BW_TRY(read_attributes(ctx, path, "zarr.json", &json));
    bw_json_free(json);
    return bw_fail(ctx, BW_ERROR_FORMAT,
                   "%s/zarr.json describes neither a group nor an array (\"node_type\"). Copy the file again.", path);
}

static bw_status no_zarr(bw_context *ctx, const char *path) {
    const bw_path_kind kind = bw_system_kind(path);
    if (bw_zarr_holds(path, "zarr.json")) return no_node(ctx, path);
    if (kind == BW_PATH_ABSENT) return bw_fail(ctx, BW_ERROR_IO, "There is no folder %s. Check its name.", path);
    if (kind == BW_PATH_FOLDER)
        return bw_fail(
            ctx, BW_ERROR_FORMAT,
            "%s is no folder of Zarr: it has neither zarr.json nor .zarray nor .zgroup. Name the image's own "
            "folder.",
            path);
    return bw_fail(ctx, BW_ERROR_FORMAT, "%s is a file; OME-Zarr is a folder. Unpack it if it is an archive.", path);
}

static bw_status open_path(bw_context *ctx, const char *path, bw_zarr_picture **out) {
    if (bw_zarr_has_array(path)) return open_array(ctx, path, out);
    return bw_zarr_has_group(path) ? open_group(ctx, path, out) : no_zarr(ctx, path);
}

bw_status bw_zarr_picture_read(bw_context *ctx, const char *path, bw_zarr_picture **out) {
    char *trimmed;
    *out = NULL;
    BW_TRY(bw_zarr_trim(ctx, path, &trimmed));
    const bw_status status = open_path(ctx, trimmed, out);
    bw_free(trimmed);
    if (status == BW_OK) return BW_OK;
    bw_zarr_picture_free(*out);
    *out = NULL;
    return status;
}
