/*
 * Streamed TIFF files for tests in other languages.
 *   tiff_parts boxes IN COUNT MOST_WHOLE       compares COUNT random parts of the streamed image with the image in
 *                                              memory, once as bw_tiff_open reads it, once with row by row decoding of
 *                                              compressed strips above MOST_WHOLE bytes
 *   tiff_parts part IN FRAME X0 X1 Y0 Y1 Z0 Z1 RAW    pixels of a part to RAW
 *   tiff_parts walk IN WIDTH HEIGHT DEPTH      reads the image in parts of that size; prints the sum of all bytes
 *   tiff_parts channels IN                     names of the channels, one per line
 * Also prints the most memory that the program had, as Linux counts it, to the standard error.
 * Ends with status 1 and a message on the standard error when that fails, with 2 on wrong usage.
 */
#include <stdio.h>

#include "../tiff_boxes.h"
#include "core/status.h"
#include "io/tiff.h"

static bw_status compare(bw_context *ctx, const bw_image *whole, const bw_image *streamed, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        const bw_part p = boxes_random(bw_image_get_info(whole), 1, i);
        if (boxes_agree(ctx, whole, streamed, &p) == BOXES_AGREE) continue;
        return bw_fail(ctx, BW_ERROR_INTERNAL, "part %d, frame %d from (%d, %d, %d) to (%d, %d, %d) differs", (int)i,
                       p.frame, (int)p.lo[0], (int)p.lo[1], (int)p.lo[2], (int)p.hi[0], (int)p.hi[1], (int)p.hi[2]);
    }
    return BW_OK;
}

static uint8_t *load(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    const long end = fseek(file, 0, SEEK_END) ? -1 : ftell(file);
    uint8_t *data = end >= 0 ? malloc((size_t)end + 1) : NULL;
    rewind(file);
    *size = data ? fread(data, 1, (size_t)end, file) : 0;
    fclose(file);
    return data;
}

static bw_status compare_rows(bw_context *ctx, const char *path, const bw_image *whole, uint64_t count,
                              uint64_t most_whole) {
    size_t size;
    uint8_t *data = load(path, &size);
    bw_image *rows;
    if (!data) return bw_fail(ctx, BW_ERROR_IO, "Cannot read %s.", path);
    bw_status status = bw_tiff_open_memory(ctx, data, size, path, most_whole, &rows);
    if (status == BW_OK) status = compare(ctx, whole, rows, count);
    bw_image_free(rows);
    free(data);
    return status;
}

static bw_status boxes(bw_context *ctx, char **arguments) {
    const uint64_t count = strtoull(arguments[1], NULL, 10), most_whole = strtoull(arguments[2], NULL, 10);
    bw_image *whole, *streamed = NULL;
    BW_TRY(bw_tiff_read(ctx, arguments[0], &whole));
    bw_status status = bw_tiff_open(ctx, arguments[0], &streamed);
    if (status == BW_OK) status = compare(ctx, whole, streamed, count);
    if (status == BW_OK) status = compare_rows(ctx, arguments[0], whole, count, most_whole);
    bw_image_free(streamed);
    bw_image_free(whole);
    return status;
}

static bw_status read_part(bw_context *ctx, const bw_image *image, const bw_part *part, uint8_t **out, size_t *bytes) {
    *bytes = boxes_bytes(bw_image_get_info(image), part);
    *out = malloc(*bytes);
    return *out ? bw_image_read(ctx, image, part, *out) : bw_fail(ctx, BW_ERROR_MEMORY, "No memory for the part.");
}

static bw_status write_part(bw_context *ctx, const bw_image *image, const bw_part *part, const char *path) {
    uint8_t *pixels;
    size_t bytes;
    bw_status status = read_part(ctx, image, part, &pixels, &bytes);
    FILE *file = status == BW_OK ? fopen(path, "wb") : NULL;
    if (status == BW_OK && (!file || fwrite(pixels, 1, bytes, file) != bytes))
        status = bw_fail(ctx, BW_ERROR_IO, "Cannot write %s.", path);
    if (file && fclose(file)) status = bw_fail(ctx, BW_ERROR_IO, "Cannot write %s.", path);
    free(pixels);
    return status;
}

static bw_status part(bw_context *ctx, char **arguments) {
    bw_part p = {(int)strtol(arguments[1], NULL, 10), {0, 0, 0}, {0, 0, 0}};
    bw_image *image;
    for (int axis = 0; axis < 3; axis++) {
        p.lo[axis] = strtoll(arguments[2 + 2 * axis], NULL, 10);
        p.hi[axis] = strtoll(arguments[3 + 2 * axis], NULL, 10);
    }
    BW_TRY(bw_tiff_open(ctx, arguments[0], &image));
    const bw_status status = write_part(ctx, image, &p, arguments[8]);
    bw_image_free(image);
    return status;
}

static bw_status add_part(bw_context *ctx, const bw_image *image, const bw_part *p, uint64_t *sum) {
    uint8_t *pixels;
    size_t bytes;
    const bw_status status = read_part(ctx, image, p, &pixels, &bytes);
    for (size_t i = 0; status == BW_OK && i < bytes; i++)
        *sum += pixels[i];
    free(pixels);
    return status;
}

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static bw_status add_frame(bw_context *ctx, const bw_image *image, int frame, const int64_t step[3], uint64_t *sum) {
    const bw_image_info *i = bw_image_get_info(image);
    for (int64_t z = 0; z < i->depth; z += step[2])
        for (int64_t y = 0; y < i->height; y += step[1])
            for (int64_t x = 0; x < i->width; x += step[0]) {
                const bw_part p = {
                    frame,
                    {x, y, z},
                    {smaller(x + step[0], i->width), smaller(y + step[1], i->height), smaller(z + step[2], i->depth)}};
                BW_TRY(add_part(ctx, image, &p, sum));
            }
    return BW_OK;
}

static bw_status walk(bw_context *ctx, char **arguments) {
    bw_image *image;
    int64_t step[3];
    uint64_t sum = 0;
    bw_status status = BW_OK;
    for (int axis = 0; axis < 3; axis++)
        step[axis] = strtoll(arguments[1 + axis], NULL, 10);
    BW_TRY(bw_tiff_open(ctx, arguments[0], &image));
    for (int frame = 0; status == BW_OK && frame < bw_image_get_info(image)->frames; frame++)
        status = add_frame(ctx, image, frame, step, &sum);
    if (status == BW_OK) printf("%llu\n", (unsigned long long)sum);
    bw_image_free(image);
    return status;
}

static bw_status channels(bw_context *ctx, char **arguments) {
    bw_image *image;
    BW_TRY(bw_tiff_open(ctx, arguments[0], &image));
    for (int c = 0; c < bw_image_get_info(image)->channels; c++)
        puts(bw_image_channel_name(image, c));
    bw_image_free(image);
    return BW_OK;
}

static const struct {
    const char *name;
    int count;
    bw_status (*run)(bw_context *ctx, char **arguments);
} commands[] = {{"boxes", 3, boxes}, {"part", 9, part}, {"walk", 4, walk}, {"channels", 1, channels}};

static void print_memory(void) {
    char line[200];
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, "VmHWM:", 6)) fputs(line, stderr);
    if (file) fclose(file);
}

static int run(bw_status (*command)(bw_context *ctx, char **arguments), char **arguments) {
    bw_context *ctx = bw_context_create();
    const bw_status status = command(ctx, arguments);
    if (status != BW_OK) fprintf(stderr, "%d %s\n", (int)status, bw_context_error(ctx));
    print_memory();
    bw_context_free(ctx);
    return status == BW_OK ? 0 : 1;
}

int main(int count, char **arguments) {
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (count == commands[i].count + 2 && !strcmp(arguments[1], commands[i].name))
            return run(commands[i].run, arguments + 2);
    fputs("usage: tiff_parts boxes IN COUNT MOST_WHOLE | part IN FRAME X0 X1 Y0 Y1 Z0 Z1 RAW | walk IN WIDTH HEIGHT "
          "DEPTH "
          "| channels IN\n",
          stderr);
    return 2;
}
