/* The engine's part of the benchmark `big`: applies a model to an image that is held in memory as a whole, which the
 * command line no longer does. Prints one line of JSON: wall and CPU seconds of reading, predicting and writing.
 *
 *   memory_engine MODEL IMAGE OUTPUT [THREADS] */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "brushwood.h"

typedef struct clocks {
    double wall, cpu;
} clocks;

static clocks now(void) {
    struct timespec wall;
    struct rusage usage;
    clock_gettime(CLOCK_MONOTONIC, &wall);
    getrusage(RUSAGE_SELF, &usage);
    return (clocks){(double)wall.tv_sec + 1e-9 * (double)wall.tv_nsec,
                    (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                        1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)};
}

static clocks since(clocks start) {
    const clocks end = now();
    return (clocks){end.wall - start.wall, end.cpu - start.cpu};
}

static void check(const bw_context *ctx, bw_status status) {
    if (status == BW_OK) return;
    fprintf(stderr, "%s\n", bw_context_error(ctx));
    exit(1);
}

int main(int argc, char **argv) {
    if (argc < 4 || argc > 5) {
        fprintf(stderr, "usage: memory_engine MODEL IMAGE OUTPUT [THREADS]\n");
        return 2;
    }
    bw_context *ctx = bw_context_create();
    bw_model *model;
    bw_image *image;
    bw_prediction made;
    check(ctx, bw_context_set_threads(ctx, argc > 4 ? atoi(argv[4]) : 0));
    check(ctx, bw_model_read(ctx, argv[1], &model));
    clocks start = now();
    check(ctx, bw_tiff_read(ctx, argv[2], &image));
    const clocks read = since(start);
    start = now();
    check(ctx, bw_predict(ctx, model, image, NULL, BW_OUTPUT_PROBABILITIES, &made, NULL));
    const clocks predict = since(start);
    start = now();
    check(ctx, bw_tiff_write(ctx, argv[3], made.probabilities, BW_COMPRESSION_NONE));
    const clocks write = since(start);
    printf("{\"read\": [%.4f, %.4f], \"predict\": [%.4f, %.4f], \"write\": [%.4f, %.4f]}\n", read.wall, read.cpu,
           predict.wall, predict.cpu, write.wall, write.cpu);
    bw_prediction_free(&made);
    bw_image_free(image);
    bw_model_free(model);
    bw_context_free(ctx);
    return 0;
}
