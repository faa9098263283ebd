/*
 * The engine's TIFF reader and writer for tests in other languages.
 *   tiff_tool dump IN RAW                      JSON about the image to the standard output, pixels to RAW
 *   tiff_tool copy IN OUT COMPRESSION BIG      COMPRESSION: 0 none, 1 LZW, 2 deflate, 3 ZSTD; BIG: 1 forces BigTIFF
 * Ends with status 1 and the engine's message on the standard error when that fails, with 2 on wrong usage.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "io/tiff.h"

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

int main(int count, char **arguments) {
    int dumps = count == 4 && !strcmp(arguments[1], "dump"), copies = count == 6 && !strcmp(arguments[1], "copy");
    if (!dumps && !copies) {
        fputs("usage: tiff_tool dump IN RAW | copy IN OUT COMPRESSION BIG\n", stderr);
        return 2;
    }
    bw_context *ctx = bw_context_create();
    bw_image *image = NULL;
    bw_status status = bw_tiff_read(ctx, arguments[2], &image);
    if (status == BW_OK && dumps) status = dump(ctx, image, arguments[3]);
    if (status == BW_OK && copies)
        status = bw_tiff_write_as(ctx, arguments[3], image, (bw_compression)strtol(arguments[4], NULL, 10),
                                  (int)strtol(arguments[5], NULL, 10));
    if (status != BW_OK) fprintf(stderr, "%d %s\n", (int)status, bw_context_error(ctx));
    bw_image_free(image);
    bw_context_free(ctx);
    return status == BW_OK ? 0 : 1;
}
