/*
 * The engine's TIFF reader and writer for tests in other languages.
 *   tiff_tool dump IN RAW                      JSON about the image to the standard output, pixels to RAW
 *   tiff_tool copy IN OUT COMPRESSION BIG      COMPRESSION: 0 none, 1 LZW, 2 deflate, 3 ZSTD; BIG: 1 forces BigTIFF
 *   tiff_tool stream IN OUT COMPRESSION LAYOUT PYRAMID SEED [CHANNEL...]
 *                                              part by part, as SEED says; with these names of channels
 * Ends with status 1 and the engine's message on the standard error when that fails, with 2 on wrong usage.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "io/tiff.h"
#include "parts.h"

static bw_status add_labels(bw_text *t, const bw_image *image) {
    const bw_image_info *i = bw_image_get_info(image);
    const char *comma = "";
    for (int frame = 0; frame < i->frames; frame++)
        for (int64_t z = 0; z < i->depth; z++)
            for (int c = 0; c < i->channels; c++) {
                const char *label = bw_image_plane_label(image, frame, c, z);
                BW_TRY(bw_text_add(t, "%s", comma));
                BW_TRY(label ? bw_text_json_string(t, label) : bw_text_add(t, "null"));
                comma = ", ";
            }
    return BW_OK;
}

static bw_status describe(bw_text *t, const bw_image *image) {
    const bw_image_info *i = bw_image_get_info(image);
    BW_TRY(bw_text_add(t, "{\"type\": \"%s\", \"shape\": [%d, %d, %lld, %lld, %lld], \"rgb\": %d, \"calibrated\": %d, ",
                       bw_type_name(i->type), i->frames, i->channels, (long long)i->depth, (long long)i->height,
                       (long long)i->width, i->rgb, i->calibrated));
    BW_TRY(
        bw_text_add(t, "\"spacing\": [%.17g, %.17g, %.17g], \"unit\": ", i->spacing[0], i->spacing[1], i->spacing[2]));
    BW_TRY(bw_text_json_string(t, i->unit));
    BW_TRY(bw_text_add(t, ", \"interval\": %.17g, \"name\": ", i->frame_interval));
    BW_TRY(bw_text_json_string(t, bw_image_name(image)));
    BW_TRY(bw_text_add(t, ", \"labels\": ["));
    BW_TRY(add_labels(t, image));
    return bw_text_add(t, "]}");
}

static int write_pixels(const bw_image *image, const char *path) {
    const bw_image_info *i = bw_image_get_info(image);
    FILE *file = fopen(path, "wb");
    if (!file) return 0;
    size_t size = (size_t)(i->width * i->height * bw_type_size(i->type));
    int ok = 1;
    for (int frame = 0; frame < i->frames; frame++)
        for (int c = 0; c < i->channels; c++)
            for (int64_t z = 0; z < i->depth; z++)
                ok = ok && fwrite(bw_image_plane_const(image, frame, c, z), 1, size, file) == size;
    return !fclose(file) && ok;
}

static bw_status dump(bw_context *ctx, const bw_image *image, const char *raw) {
    bw_text text;
    bw_text_init(&text, ctx);
    bw_status status = describe(&text, image);
    if (status == BW_OK && !write_pixels(image, raw)) status = bw_fail(ctx, BW_ERROR_IO, "Cannot write %s.", raw);
    if (status == BW_OK) puts(text.data);
    bw_text_free(&text);
    return status;
}

static int number(const char *text) {
    return (int)strtol(text, NULL, 10);
}

static bw_status copy(bw_context *ctx, bw_image *image, char **arguments, int count) {
    (void)count;
    return bw_tiff_write_as(ctx, arguments[0], image, (bw_compression)number(arguments[1]), number(arguments[2]));
}

static bw_status stream(bw_context *ctx, bw_image *image, char **arguments, int count) {
    const bw_tiff_options options = {(bw_compression)number(arguments[1]), (bw_tiff_layout)number(arguments[2]),
                                     number(arguments[3])};
    bw_sink *sink;
    for (int c = 5; c < count; c++)
        BW_TRY(bw_image_set_channel_name(ctx, image, c - 5, arguments[c]));
    BW_TRY(bw_tiff_create(ctx, arguments[0], image, &options, &sink));
    bw_status status = parts_write(ctx, sink, image, (uint64_t)number(arguments[4]), NULL);
    if (status == BW_OK) status = bw_sink_finish(ctx, sink);
    bw_sink_free(sink);
    return status;
}

static bw_status dump_to(bw_context *ctx, bw_image *image, char **arguments, int count) {
    (void)count;
    return dump(ctx, image, arguments[0]);
}

static const struct {
    const char *name;
    int least, most; /* arguments behind IN */
    bw_status (*run)(bw_context *ctx, bw_image *image, char **arguments, int count);
} verbs[] = {{"dump", 1, 1, dump_to}, {"copy", 3, 3, copy}, {"stream", 5, 5 + BW_MAX_CHANNELS, stream}};

int main(int count, char **arguments) {
    int verb = -1;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (count > 2 && !strcmp(arguments[1], verbs[i].name) && count - 3 >= verbs[i].least &&
            count - 3 <= verbs[i].most)
            verb = (int)i;
    if (verb < 0) {
        fputs("usage: tiff_tool dump IN RAW | copy IN OUT COMPRESSION BIG | "
              "stream IN OUT COMPRESSION LAYOUT PYRAMID SEED [CHANNEL...]\n",
              stderr);
        return 2;
    }
    bw_context *ctx = bw_context_create();
    bw_image *image = NULL;
    bw_status status = bw_tiff_read(ctx, arguments[2], &image);
    if (status == BW_OK) status = verbs[verb].run(ctx, image, arguments + 3, count - 3);
    if (status != BW_OK) fprintf(stderr, "%d %s\n", (int)status, bw_context_error(ctx));
    bw_image_free(image);
    bw_context_free(ctx);
    return status == BW_OK ? 0 : 1;
}
