/* The engine's part of the benchmark `objects`: one step on images in memory, several times. Prints one line of JSON:
 * seconds of the fastest run (wall clock, CPU) and bytes that were held at the peak beyond input and output.
 *
 *   objects_engine STEP width=N height=N depth=N threads=N repeats=N image=FILE [labels=FILE] [mask=FILE]
 *                  [measures=LIST] [split=N] [lines=N] [connectivity=N] out=FILE
 *
 * STEP  components  image: bytes, not 0 = mask; all neighbours; out: uint16 labels, or float32 beyond 65535
 *       distance    image: bytes; out: float32
 *       watershed   image: float32 landscape; labels: uint16 markers; mask: bytes; all neighbours; out: uint16
 *       measure     image: float32 intensities; labels: uint16; out: float64 [column][object]
 *       objects     image: float32 probabilities; all above 1e-6 is foreground; split: as in bw_splitting; out:
 * nothing; bytes are all that were held at the peak beyond the image
 *
 * Files hold pixels alone, [z][y][x]. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "brushwood.h"

typedef struct settings {
    const char *step, *image, *labels, *mask, *measures, *out;
    int64_t width, height, depth, threads, repeats, split, lines, connectivity;
} settings;

static const struct {
    const char *name;
    size_t offset;
    int is_text;
} keys[] = {
    {"image", offsetof(settings, image), 1},
    {"labels", offsetof(settings, labels), 1},
    {"mask", offsetof(settings, mask), 1},
    {"measures", offsetof(settings, measures), 1},
    {"out", offsetof(settings, out), 1},
    {"width", offsetof(settings, width), 0},
    {"height", offsetof(settings, height), 0},
    {"depth", offsetof(settings, depth), 0},
    {"threads", offsetof(settings, threads), 0},
    {"repeats", offsetof(settings, repeats), 0},
    {"split", offsetof(settings, split), 0},
    {"lines", offsetof(settings, lines), 0},
    {"connectivity", offsetof(settings, connectivity), 0},
};

static void stop(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static void set(settings *s, const char *argument) {
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        const size_t length = strlen(keys[k].name);
        char *field = (char *)s + keys[k].offset;
        if (strncmp(argument, keys[k].name, length) != 0 || argument[length] != '=') continue;
        const char *value = argument + length + 1;
        const int64_t number = strtoll(value, NULL, 10);
        if (keys[k].is_text)
            memcpy(field, &value, sizeof value);
        else
            memcpy(field, &number, sizeof number);
        return;
    }
    stop(argument, "unknown argument");
}

static double wall_seconds(void) {
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static bw_image *load(bw_context *ctx, const settings *s, const char *path, bw_pixel_type type) {
    const bw_image_info info = {
        .type = type, .width = s->width, .height = s->height, .depth = s->depth, .channels = 1, .frames = 1};
    const size_t bytes = (size_t)(s->width * s->height) * (type == BW_UINT8 ? 1 : type == BW_UINT16 ? 2 : 4);
    bw_image *image;
    if (!path) stop(s->step, "an image is missing");
    if (bw_image_create(ctx, &info, &image) != BW_OK) stop(path, bw_context_error(ctx));
    FILE *file = fopen(path, "rb");
    for (int64_t z = 0; file && z < s->depth; z++)
        if (fread(bw_image_plane(image, 0, 0, z), 1, bytes, file) != bytes) stop(path, "too short");
    if (!file) stop(path, "cannot be opened");
    fclose(file);
    return image;
}

static size_t size_of(const bw_image *image) {
    const bw_image_info *info = bw_image_get_info(image);
    return (size_t)(info->width * info->height * info->depth) * (info->type == BW_UINT8    ? 1
                                                                 : info->type == BW_UINT16 ? 2
                                                                                           : 4);
}

static void store(const char *path, const void *data, size_t bytes) {
    FILE *file = fopen(path, "ab");
    if (!file || fwrite(data, 1, bytes, file) != bytes || fclose(file) != 0) stop(path, "cannot be written");
}

typedef struct inputs {
    bw_image *image, *labels, *mask;
    const settings *settings;
} inputs;

/* What a step makes. */
typedef struct result {
    bw_image *image;
    bw_measurements *table;
    bw_objects *objects;
} result;

static bw_status find_components(bw_context *ctx, const inputs *in, result *out) {
    return bw_components(ctx, in->image, 0, &out->image);
}

static bw_status find_distances(bw_context *ctx, const inputs *in, result *out) {
    return bw_distance(ctx, in->image, &out->image);
}

static bw_status flood(bw_context *ctx, const inputs *in, result *out) {
    return bw_watershed(ctx, in->image, in->labels, in->mask, 0, 0, &out->image);
}

static bw_status measure(bw_context *ctx, const inputs *in, result *out) {
    bw_objects *objects;
    bw_status status = bw_objects_from_labels(ctx, in->labels, &objects);
    if (status == BW_OK)
        status = bw_objects_measure(ctx, objects, in->image, NULL, in->settings->measures, NULL, &out->table);
    bw_objects_free(objects);
    return status;
}

static bw_status label(bw_context *ctx, const inputs *in, result *out) {
    bw_objects_options options;
    bw_objects_options_init(&options);
    options.method = BW_THRESHOLD_FIXED;
    options.threshold = 1e-6;
    options.core_threshold = 0.5;
    options.split = (bw_splitting)in->settings->split;
    options.boundary = 0;
    options.lines = (int)in->settings->lines;
    options.connectivity = (int)in->settings->connectivity;
    return bw_objects_label(ctx, in->image, &options, &out->objects, NULL);
}

static const struct {
    const char *name;
    bw_pixel_type type; /* of the image */
    bw_status (*run)(bw_context *ctx, const inputs *in, result *out);
} steps[] = {{"components", BW_UINT8, find_components},
             {"distance", BW_UINT8, find_distances},
             {"watershed", BW_FLOAT32, flood},
             {"measure", BW_FLOAT32, measure},
             {"objects", BW_FLOAT32, label}};

static void write_result(const char *path, const result *r) {
    remove(path);
    if (r->image) store(path, bw_image_plane_const(r->image, 0, 0, 0), size_of(r->image));
    for (int c = 0; r->table && c < bw_measurements_columns(r->table); c++)
        store(path, bw_measurements_values(r->table, c), (size_t)bw_measurements_rows(r->table) * sizeof(double));
}

static void run(const settings *s, size_t step) {
    bw_context *ctx = bw_context_create();
    if (!ctx || bw_context_set_threads(ctx, (int)s->threads) != BW_OK) stop(s->step, "no context");
    const inputs in = {load(ctx, s, s->image, steps[step].type), s->labels ? load(ctx, s, s->labels, BW_UINT16) : NULL,
                       s->mask ? load(ctx, s, s->mask, BW_UINT8) : NULL, s};
    double wall = 1e9, cpu = 1e9;
    uint64_t beyond = 0;
    for (int64_t k = 0; k < s->repeats; k++) {
        result made = {NULL, NULL, NULL};
        const uint64_t before = bw_memory_in_use();
        bw_memory_reset_peak();
        const double wall_start = wall_seconds(), cpu_start = cpu_seconds();
        if (steps[step].run(ctx, &in, &made) != BW_OK) stop(s->step, bw_context_error(ctx));
        const double wall_took = wall_seconds() - wall_start, cpu_took = cpu_seconds() - cpu_start;
        wall = wall_took < wall ? wall_took : wall;
        cpu = cpu_took < cpu ? cpu_took : cpu;
        beyond = bw_memory_peak() - before - (made.image ? size_of(made.image) : 0);
        if (k == 0) write_result(s->out, &made);
        bw_image_free(made.image);
        bw_measurements_free(made.table);
        bw_objects_free(made.objects);
    }
    printf("{\"wall\": %.6f, \"cpu\": %.6f, \"beyond\": %" PRIu64 ", \"simd\": \"%s\"}\n", wall, cpu, beyond,
           bw_simd_name());
    bw_image_free(in.image);
    bw_image_free(in.labels);
    bw_image_free(in.mask);
    bw_context_free(ctx);
}

int main(int argc, char **argv) {
    settings s = {.depth = 1, .threads = 1, .repeats = 1};
    if (argc < 2) stop("objects_engine", "name a step");
    s.step = argv[1];
    for (int k = 2; k < argc; k++)
        set(&s, argv[k]);
    if (!s.out || s.width < 1 || s.height < 1 || s.depth < 1 || s.repeats < 1) stop(s.step, "an argument is missing");
    for (size_t k = 0; k < sizeof steps / sizeof *steps; k++)
        if (!strcmp(s.step, steps[k].name)) {
            run(&s, k);
            return 0;
        }
    stop(s.step, "no such step");
}
