#include "cli/common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/status.h"

int bw_cli_code(bw_status status) {
    return status == BW_OK ? BW_EXIT_DONE : BW_EXIT_FAILED;
}

bw_context *bw_cli_child(bw_context *ctx) {
    bw_context *own = bw_context_create();
    if (!own) {
        bw_fail(ctx, BW_ERROR_MEMORY, "Not enough memory.");
        return NULL;
    }
    bw_context_set_threads(own, bw_context_threads(ctx));
    bw_context_set_memory_budget(own, bw_context_memory_budget(ctx));
    return own;
}

int bw_cli_set_resources(const bw_cli_call *call) {
    int64_t threads = 0, megabytes = 0;
    RUN(bw_cli_integer(call, "threads", 1, 1024, &threads));
    RUN(bw_cli_integer(call, "memory", 1, 1 << 24, &megabytes));
    RUN(bw_cli_code(bw_context_set_threads(call->ctx, (int)threads)));
    return bw_cli_code(bw_context_set_memory_budget(call->ctx, (uint64_t)megabytes * 1000000));
}

int bw_cli_check_values(const bw_cli_call *call) {
    const char *list = bw_cli_get(call, "features") ? bw_cli_text(call, "features") : NULL;
    const int names_channels = list && (strstr(list, "@c") || strstr(list, "@C"));
    const bw_recipe_options any = {.channels = names_channels ? BW_MAX_CHANNELS : 3, .dims = 3, .spacing = {1, 1, 1}};
    bw_context *trial = list ? bw_context_create() : NULL;
    bw_recipe *recipe = NULL;
    double spacing[3];
    int given, result = bw_cli_spacing(call, spacing, &given);
    if (!result && trial && bw_recipe_parse(trial, list, &any, &recipe) != BW_OK)
        result = bw_cli_usage(call, "%s", bw_context_error(trial));
    bw_recipe_free(recipe);
    bw_context_free(trial);
    return result;
}

int bw_cli_read_image(const bw_cli_call *call, const char *path, bw_image **out) {
    double spacing[3];
    int given;
    *out = NULL;
    RUN(bw_cli_spacing(call, spacing, &given));
    RUN(bw_cli_code(bw_image_read_file(call->ctx, path, out)));
    return given ? bw_cli_code(bw_image_set_spacing(call->ctx, *out, spacing)) : BW_EXIT_DONE;
}

bw_status bw_cli_find_objects(const bw_cli_call *call, const bw_image *labels, bw_objects **out) {
    int mask;
    BW_TRY(bw_objects_from_image(call->ctx, labels, 0, out, &mask));
    if (mask)
        fprintf(stderr, "note: %s holds nothing but 0 and 255: its connected parts are the objects.\n",
                bw_image_name(labels));
    return BW_OK;
}

int bw_cli_make_recipe(const bw_cli_call *call, const bw_image *image, bw_recipe **out) {
    const bw_image_info *info = bw_image_get_info(image);
    const char *list = bw_cli_text(call, "features");
    bw_recipe_options options = {.channels = info->channels, .dims = info->depth > 1 ? 3 : 2, .spacing = {1, 1, 1}};
    if (info->calibrated) memcpy(options.spacing, info->spacing, sizeof options.spacing);
    return bw_cli_code(bw_recipe_parse(call->ctx, list ? list : bw_preset_default(), &options, out));
}

int bw_cli_check_pairs(const bw_cli_call *call, const char *first, const char *second) {
    const int a = bw_cli_get(call, first)->count, b = bw_cli_get(call, second)->count;
    if (a == b) return BW_EXIT_DONE;
    return bw_cli_usage(call, "%d --%s but %d --%s were given; they go in pairs.", a, first, b, second);
}

int bw_cli_print(bw_status status, char *const *text) {
    if (status == BW_OK) fputs(*text, stdout);
    bw_string_free(*text);
    return bw_cli_code(status);
}

int bw_cli_class(const bw_cli_call *call, const char *text, bw_class_info *out) {
    const char *mark = strrchr(text, '#');
    const size_t length = mark ? (size_t)(mark - text) : strlen(text);
    if (!length || (mark && (strlen(mark) != 7 || strspn(mark + 1, "0123456789abcdefABCDEF") != 6)))
        return bw_cli_usage(call, "--class must be NAME or NAME#RRGGBB, not \"%s\".", text);
    if (length >= sizeof out->name)
        return bw_cli_usage(call, "--class \"%s\": a name has at most %d bytes.", text, (int)sizeof out->name - 1);
    memcpy(out->name, text, length);
    out->name[length] = 0;
    if (mark) out->colour = (uint32_t)strtoul(mark + 1, NULL, 16);
    return BW_EXIT_DONE;
}

int bw_cli_write_text(const bw_cli_call *call, const char *path, const char *text) {
    bw_output output;
    FILE *file;
    RUN(bw_cli_code(bw_output_begin(call->ctx, path, &output)));
    bw_status status = bw_file_open(call->ctx, output.temporary, "wb", &file);
    if (status == BW_OK) {
        const int whole = fputs(text, file) >= 0;
        if (fclose(file) || !whole)
            status = bw_fail(call->ctx, BW_ERROR_IO, "Cannot write %s: is the disk full?", path);
    }
    if (status == BW_OK) return bw_cli_code(bw_output_commit(call->ctx, &output));
    bw_output_abandon(&output);
    return bw_cli_code(status);
}
