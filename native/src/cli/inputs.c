#include "cli/inputs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/status.h"
#include "core/system.h"

/* ---- names in a folder ----------------------------------------------------------------------------------------- */

typedef struct bw_names {
    bw_context *ctx;
    char **items;
    int64_t count, room;
} bw_names;

/* Room for one more item. */
static void *grown(bw_context *ctx, void *items, int64_t count, int64_t *room, uint64_t size) {
    if (count < *room) return items;
    const int64_t wanted = *room ? 2 * *room : 64;
    void *larger = bw_realloc(ctx, items, (uint64_t)wanted, size, "the list of images");
    if (larger) *room = wanted;
    return larger;
}

/* Hidden files are nobody's images. */
static int keep_name(void *user, const char *name) {
    bw_names *names = user;
    if (*name == '.') return 0;
    char **items = grown(names->ctx, names->items, names->count, &names->room, sizeof *items);
    if (items) names->items = items;
    char *own = items ? bw_strdup(names->ctx, name) : NULL;
    if (own) names->items[names->count++] = own;
    return !own;
}

static void free_names(bw_names *names) {
    for (int64_t i = 0; i < names->count; i++)
        bw_free(names->items[i]);
    bw_free(names->items);
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int by_text_found(const void *name, const void *item) {
    return strcmp(name, *(char *const *)item);
}

/* ---- the list -------------------------------------------------------------------------------------------------- */

/* Takes over `path`. */
static bw_status add_input(bw_context *ctx, bw_inputs *inputs, char *path, const bw_input *like) {
    bw_input *items = path ? grown(ctx, inputs->items, inputs->count, &inputs->room, sizeof *items) : NULL;
    if (!items) {
        bw_free(path);
        return BW_ERROR_MEMORY;
    }
    inputs->items = items;
    items[inputs->count] = *like;
    items[inputs->count++].path = path;
    return BW_OK;
}

/* Takes over `problem`; NULL is a lack of memory. */
static bw_status add_problem(bw_context *ctx, bw_inputs *inputs, const char *path, char *problem) {
    const bw_input input = {.problem = problem, .twin = -1};
    const bw_status status = problem ? add_input(ctx, inputs, bw_strdup(ctx, path), &input) : BW_ERROR_MEMORY;
    if (status != BW_OK) bw_free(problem);
    return status;
}

static char *sentence(bw_context *ctx, const char *before, const char *path, const char *after) {
    const size_t size = strlen(before) + strlen(path) + strlen(after) + 1;
    char *text = bw_alloc(ctx, size, 1, "a message");
    if (text) snprintf(text, size, "%s%s%s", before, path, after);
    return text;
}

/* ---- folders --------------------------------------------------------------------------------------------------- */

typedef struct bw_walk {
    bw_context *ctx;
    const bw_input_search *search;
    bw_inputs *out;
    size_t root;          /* bytes of a path before what is mirrored */
    bw_path_facts output; /* the output folder, which is not searched */
} bw_walk;

static char *joined(bw_context *ctx, const char *folder, const char *name) {
    const size_t length = strlen(folder);
    return sentence(ctx, folder, length && bw_system_separates(folder[length - 1]) ? "" : "/", name);
}

static int same_file(const bw_path_facts *a, const bw_path_facts *b) {
    return a->kind != BW_PATH_ABSENT && b->kind != BW_PATH_ABSENT && !memcmp(a->id, b->id, sizeof a->id);
}

/* Marks the names that are results of the image `from` in the same folder. */
static bw_status mark_results(const bw_walk *walk, const bw_names *names, int64_t from, char *made) {
    for (int kind = 0; kind < BW_KINDS; kind++) {
        char *path;
        BW_TRY(bw_naming_path(walk->ctx, walk->search->naming, names->items[from], kind, &path));
        char **found = bsearch(bw_name_of(path), names->items, (size_t)names->count, sizeof *found, by_text_found);
        if (found && found - names->items != from) made[found - names->items] = 1;
        bw_free(path);
    }
    return BW_OK;
}

/* Whether the results of a folder's images go to the folder itself. */
static bw_status goes_to_itself(const bw_walk *walk, const char *folder, int *itself) {
    const size_t length = strlen(folder);
    char *output = joined(walk->ctx, walk->search->naming->folder, length > walk->root ? folder + walk->root : "");
    if (!output) return BW_ERROR_MEMORY;
    *itself = bw_system_same(folder, output);
    bw_free(output);
    return BW_OK;
}

/* A folder that is one image. */
static int is_zarr(const char *path, const bw_path_facts *facts) {
    return facts->kind == BW_PATH_FOLDER && bw_path_is_zarr(path);
}

static bw_status walk_folder(bw_walk *walk, const char *folder);

static bw_status take_path(bw_walk *walk, char *path, const char *name, int is_result) {
    const bw_path_facts facts = bw_system_look(path);
    bw_status status = BW_OK;
    const int is_image = facts.kind == BW_PATH_FILE || is_zarr(path, &facts);
    if (is_image && !is_result && bw_name_fits(name, walk->search->files)) {
        const bw_input input = {.shown = walk->root,
                                .mirrored = walk->root,
                                .bytes = facts.bytes,
                                .twin = -1,
                                .id = {facts.id[0], facts.id[1]}};
        return add_input(walk->ctx, walk->out, path, &input);
    }
    if (facts.kind == BW_PATH_FOLDER && !is_image && walk->search->recursive && !bw_system_is_link(path) &&
        !same_file(&facts, &walk->output))
        status = walk_folder(walk, path);
    bw_free(path);
    return status;
}

static bw_status take_names(bw_walk *walk, const char *folder, bw_names *names) {
    char *made = bw_calloc(walk->ctx, (uint64_t)names->count, 1, "the list of images");
    int itself = 0;
    bw_status status = made ? goes_to_itself(walk, folder, &itself) : BW_ERROR_MEMORY;
    if (names->count) qsort(names->items, (size_t)names->count, sizeof *names->items, by_text);
    for (int64_t i = 0; i < names->count && itself && status == BW_OK; i++)
        if (bw_name_fits(names->items[i], walk->search->files)) status = mark_results(walk, names, i, made);
    for (int64_t i = 0; i < names->count && status == BW_OK; i++) {
        char *path = joined(walk->ctx, folder, names->items[i]);
        status = path ? take_path(walk, path, names->items[i], made[i]) : BW_ERROR_MEMORY;
        if (status == BW_OK) status = bw_check(walk->ctx);
    }
    bw_free(made);
    return status;
}

static bw_status walk_folder(bw_walk *walk, const char *folder) {
    bw_names names = {.ctx = walk->ctx};
    const int failed = bw_system_list(folder, keep_name, &names), reason = errno;
    bw_status status = bw_context_status(walk->ctx);
    if (status == BW_OK && failed)
        status = add_problem(walk->ctx, walk->out, folder,
                             sentence(walk->ctx, "The folder cannot be listed: ", strerror(reason), "."));
    if (status == BW_OK) status = take_names(walk, folder, &names);
    free_names(&names);
    return status;
}

static int by_path(const void *a, const void *b) {
    return strcmp(((const bw_input *)a)->path, ((const bw_input *)b)->path);
}

static bw_status add_folder(bw_context *ctx, const bw_input_search *search, const char *folder, bw_inputs *out) {
    const size_t length = strlen(folder);
    const int64_t first = out->count;
    bw_walk walk = {ctx, search, out, length + !bw_system_separates(folder[length - 1]),
                    bw_system_look(search->naming->folder)};
    BW_TRY(walk_folder(&walk, folder));
    if (out->count == first)
        return add_problem(ctx, out, folder,
                           sentence(ctx, "No image in it fits ", search->files,
                                    search->recursive ? "." : " (its subfolders are not searched)."));
    qsort(out->items + first, (size_t)(out->count - first), sizeof *out->items, by_path);
    return BW_OK;
}

/* ---- all inputs ------------------------------------------------------------------------------------------------ */

static bw_status add_file(bw_context *ctx, const char *path, const bw_path_facts *facts, bw_inputs *out) {
    char *own = bw_strdup(ctx, path);
    size_t length = own ? strlen(own) : 0;
    while (length > 1 && facts->kind == BW_PATH_FOLDER && bw_system_separates(own[length - 1]))
        own[--length] = 0;
    const bw_input input = {.mirrored = own ? (size_t)(bw_name_of(own) - own) : 0,
                            .bytes = facts->bytes,
                            .twin = -1,
                            .id = {facts->id[0], facts->id[1]}};
    return add_input(ctx, out, own, &input);
}

static int by_id(const void *a, const void *b) {
    const uint64_t *x = a, *y = b;
    const int i = x[0] == y[0];
    return (x[i] > y[i]) - (x[i] < y[i]);
}

static bw_status collect_ids(bw_context *ctx, bw_inputs *inputs) {
    inputs->ids = bw_alloc(ctx, (uint64_t)inputs->count, sizeof *inputs->ids, "the list of images");
    if (!inputs->ids) return BW_ERROR_MEMORY;
    for (int64_t i = 0; i < inputs->count; i++)
        if (!inputs->items[i].problem)
            memcpy(inputs->ids[inputs->id_count++], inputs->items[i].id, sizeof *inputs->ids);
    qsort(inputs->ids, (size_t)inputs->id_count, sizeof *inputs->ids, by_id);
    return BW_OK;
}

/* What all results of an image begin with, without its suffix. */
static int compare_results(const bw_input *a, const bw_input *b) {
    const char *x = a->path + a->mirrored, *y = b->path + b->mirrored;
    const size_t n = (size_t)(bw_name_of(x) - x) + bw_name_stem(bw_name_of(x));
    const size_t m = (size_t)(bw_name_of(y) - y) + bw_name_stem(bw_name_of(y));
    const int fold = bw_system_folds_case();
    for (size_t i = 0; i < n && i < m; i++) {
        const int p = bw_name_letter(x[i], fold), q = bw_name_letter(y[i], fold);
        if (p != q) return p < q ? -1 : 1;
    }
    return (n > m) - (n < m);
}

/* Pointers into the list: earlier inputs come first among those with the same results. */
static int by_results(const void *a, const void *b) {
    const bw_input *x = *(bw_input *const *)a, *y = *(bw_input *const *)b;
    const int order = compare_results(x, y);
    return order ? order : (x > y) - (x < y);
}

static bw_status find_twins(bw_context *ctx, bw_inputs *inputs) {
    bw_input **sorted = bw_alloc(ctx, (uint64_t)inputs->count, sizeof *sorted, "the list of images"), *first = NULL;
    int64_t count = 0;
    if (!sorted) return BW_ERROR_MEMORY;
    for (int64_t i = 0; i < inputs->count; i++)
        if (!inputs->items[i].problem) sorted[count++] = &inputs->items[i];
    qsort(sorted, (size_t)count, sizeof *sorted, by_results);
    for (int64_t i = 0; i < count; i++)
        if (first && !compare_results(first, sorted[i]))
            sorted[i]->twin = first - inputs->items;
        else
            first = sorted[i];
    bw_free(sorted);
    return BW_OK;
}

/* A name with * or ?, which shells of Windows leave to programs: as a folder with patterns. */
static bw_status add_pattern(bw_context *ctx, const bw_input_search *search, const char *path, bw_inputs *out) {
    const char *name = bw_name_of(path);
    bw_input_search own = *search;
    char *folder = bw_strdup(ctx, name == path ? "." : path);
    if (!folder) return BW_ERROR_MEMORY;
    own.files = name;
    if (name != path) folder[name - path] = 0;
    const bw_status status = add_folder(ctx, &own, folder, out);
    bw_free(folder);
    return status;
}

static bw_status add_path(bw_context *ctx, const bw_input_search *search, const char *path, bw_inputs *out) {
    const bw_path_facts facts = bw_system_look(path);
    if (facts.kind == BW_PATH_FOLDER && !is_zarr(path, &facts)) return add_folder(ctx, search, path, out);
    if (facts.kind == BW_PATH_ABSENT && strpbrk(bw_name_of(path), "*?")) return add_pattern(ctx, search, path, out);
    return add_file(ctx, path, &facts, out);
}

bw_status bw_inputs_find(bw_context *ctx, const bw_input_search *search, const char *const *paths, int count,
                         bw_inputs *out) {
    bw_status status = BW_OK;
    *out = (bw_inputs){NULL, 0, 0, NULL, 0};
    for (int i = 0; i < count && status == BW_OK; i++)
        status = add_path(ctx, search, paths[i], out);
    if (status == BW_OK) status = collect_ids(ctx, out);
    if (status == BW_OK) status = find_twins(ctx, out);
    if (status != BW_OK) bw_inputs_free(out);
    return status;
}

void bw_inputs_free(bw_inputs *inputs) {
    for (int64_t i = 0; i < inputs->count; i++) {
        bw_free(inputs->items[i].path);
        bw_free(inputs->items[i].problem);
    }
    bw_free(inputs->items);
    bw_free(inputs->ids);
    *inputs = (bw_inputs){NULL, 0, 0, NULL, 0};
}

int bw_inputs_hold(const bw_inputs *inputs, const char *path) {
    const bw_path_facts facts = bw_system_look(path);
    return (facts.kind == BW_PATH_FILE || is_zarr(path, &facts)) &&
           bsearch(facts.id, inputs->ids, (size_t)inputs->id_count, sizeof *inputs->ids, by_id) != NULL;
}
