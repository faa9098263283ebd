/* The engine's part of the benchmark `forest`: trains and predicts on feature values that it is given (forest), or does
 * a whole job on an image in memory (end2end). One thread. Prints one line of JSON; times are CPU seconds.
 *
 *   forest_engine forest train=FILE labels=FILE samples=N features=N classes=N [trees=N] [seed=N]
 *                        [pixels=FILE offset=BYTES width=N height=N out=FILE]
 *   forest_engine end2end image=FILE labels=FILE recipe=LIST [trees=N] [seed=N]
 *
 * train: float32 [feature][sample]; labels: bytes 0..classes-1, for end2end a label image as for `brushwood train`;
 * pixels: float32 [feature][y][x] from `offset` on; out: bytes 0..classes-1 [y][x], the winners. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/alloc.h"
#include "core/cpu.h"
#include "forest/forest.h"

enum { TILE = 256, EDGE = 8, BLOCK = EDGE * EDGE, CLOCK_STEPS = 20000000, COUNT_EVERY = 8 };

typedef struct parameters {
    const char *train, *labels, *pixels, *out, *image, *recipe;
    int64_t samples, features, classes, trees, seed, offset, width, height;
} parameters;

typedef struct key {
    const char *name;
    size_t text, number; /* offset in parameters; SIZE_MAX = is not one */
} key;

#define TEXT(field)                                                                                                    \
    { #field, offsetof(parameters, field), SIZE_MAX }
#define NUMBER(field)                                                                                                  \
    { #field, SIZE_MAX, offsetof(parameters, field) }

static const key keys[] = {TEXT(train),  TEXT(labels),    TEXT(pixels),     TEXT(out),       TEXT(image),
                           TEXT(recipe), NUMBER(samples), NUMBER(features), NUMBER(classes), NUMBER(trees),
                           NUMBER(seed), NUMBER(offset),  NUMBER(width),    NUMBER(height)};

/* ---- time, clock, memory --------------------------------------------------------------------------------------- */

static double cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* CPU seconds since the last lap. */
static double lap(double *since) {
    const double now = cpu_seconds(), took = now - *since;
    *since = now;
    return took;
}

/* Cycles per second of this core, from a chain of six operations that each wait for the one before. */
static double clock_rate(void) {
    volatile uint64_t sink;
    double best = 1e9;
    for (int run = 0; run < 3; run++) {
        double since = cpu_seconds();
        uint64_t x = 88172645463325252u;
        for (int i = 0; i < CLOCK_STEPS; i++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
        }
        sink = x;
        (void)sink;
        const double took = lap(&since);
        if (took < best) best = took;
    }
    return 6.0 * CLOCK_STEPS / best;
}

/* A field of this process's memory in bytes. */
static int64_t resident(const char *field) {
    char line[256];
    int64_t kilobytes = -1;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && kilobytes < 0 && fgets(line, sizeof line, file))
        if (!strncmp(line, field, strlen(field))) kilobytes = strtoll(line + strlen(field), NULL, 10);
    if (file) fclose(file);
    return kilobytes * 1024;
}

/* Afterwards VmHWM tells the peak from here on. */
static void reset_resident_peak(void) {
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (!file) return;
    fputs("5", file);
    fclose(file);
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

static bw_status read_values(bw_context *ctx, const char *path, int64_t offset, uint64_t count, uint64_t size,
                             void **out) {
    FILE *file = path ? fopen(path, "rb") : NULL;
    if (!file) return bw_fail(ctx, BW_ERROR_IO, "%s cannot be opened.", path ? path : "A file that was not named");
    *out = bw_alloc(ctx, count, size, "a file's values");
    const int whole = *out && !fseeko(file, offset, SEEK_SET) && fread(*out, size, count, file) == count;
    fclose(file);
    if (!*out) return BW_ERROR_MEMORY;
    return whole ? BW_OK : bw_fail(ctx, BW_ERROR_IO, "%s does not hold %" PRIu64 " values.", path, count);
}

static bw_status write_bytes(bw_context *ctx, const char *path, const uint8_t *bytes, uint64_t count) {
    FILE *file = path ? fopen(path, "wb") : NULL;
    int whole = file && fwrite(bytes, 1, count, file) == count;
    if (file && fclose(file)) whole = 0;
    return whole ? BW_OK : bw_fail(ctx, BW_ERROR_IO, "%s cannot be written.", path ? path : "out=");
}

/* Pointers to the columns of `values`; free with bw_free. */
static const float **columns_of(bw_context *ctx, const float *values, int64_t features, int64_t count) {
    const float **columns = bw_alloc(ctx, (uint64_t)features, sizeof *columns, "columns");
    for (int64_t f = 0; columns && f < features; f++)
        columns[f] = values + f * count;
    return columns;
}

/* ---- training ---------------------------------------------------------------------------------------------------- */

/* As scikit-learn, vigra and the others are set: bootstrap of n from n, square root of the features, grown to purity.
 */
static bw_forest_options plain_options(const parameters *p) {
    bw_train_options options;
    bw_train_options_init(&options);
    options.forest.trees = (int)p->trees;
    options.forest.mtry = BW_MTRY_SQRT;
    options.forest.max_depth = 0;
    options.forest.min_leaf = 1;
    options.forest.bootstrap = 1;
    options.forest.extra = 0;
    options.forest.balance = BW_BALANCE_NONE;
    options.forest.seed = (uint64_t)p->seed;
    return options.forest;
}

/* Share of the samples outside some bag that the trees without them get wrong. */
static bw_status out_of_bag_error(bw_context *ctx, const parameters *p, const bw_growth *growth, const uint8_t *labels,
                                  double *error) {
    uint32_t *votes = bw_alloc(ctx, (uint64_t)(p->samples * p->classes), sizeof *votes, "votes");
    int64_t seen = 0, wrong = 0;
    if (!votes) return BW_ERROR_MEMORY;
    const bw_status status = bw_growth_votes(ctx, growth, NULL, BW_OUT_OF_BAG, votes);
    for (int64_t i = 0; i < p->samples && status == BW_OK; i++) {
        int64_t best = 0, sum = votes[i];
        for (int64_t k = 1; k < p->classes; k++) {
            sum += votes[k * p->samples + i];
            if (votes[k * p->samples + i] > votes[best * p->samples + i]) best = k;
        }
        seen += sum > 0;
        wrong += sum > 0 && best != labels[i];
    }
    *error = seen ? (double)wrong / (double)seen : 0;
    bw_free(votes);
    return status;
}

/* `single`: a forest of the first tree alone. */
static bw_status grow(bw_context *ctx, const parameters *p, const float *const *columns, const uint8_t *labels,
                      bw_forest **forest, bw_forest **single) {
    const bw_sample_part part = {.count = p->samples, .columns = columns, .labels = labels};
    const bw_samples samples = {p->samples, (int)p->features, (int)p->classes, 1, &part};
    const bw_forest_options options = plain_options(p);
    bw_growth *growth = NULL;
    double since = cpu_seconds(), bins = 0, trees = 0, join = 0, votes, error = 0;
    bw_status status = bw_growth_create(ctx, &samples, &options, &growth);
    if (status == BW_OK) bins = lap(&since), status = bw_growth_trees(ctx, growth, options.trees);
    if (status == BW_OK) trees = lap(&since), status = bw_growth_forest(ctx, growth, forest);
    if (status == BW_OK) join = lap(&since), status = out_of_bag_error(ctx, p, growth, labels, &error);
    votes = lap(&since);
    if (status == BW_OK) {
        printf(
            "\"bins\": %.6f, \"grow\": %.6f, \"train\": %.6f, \"oob\": %.6f, \"oob_error\": %.6f, \"nodes\": %" PRId64,
            bins, trees, bins + trees + join, votes, error, bw_forest_nodes(*forest));
        status = bw_growth_restrict(ctx, growth, NULL, NULL);
    }
    if (status == BW_OK) status = bw_growth_trees(ctx, growth, 1);
    if (status == BW_OK) status = bw_growth_forest(ctx, growth, single);
    bw_growth_free(growth);
    return status;
}

/* ---- prediction -------------------------------------------------------------------------------------------------- */

typedef struct prediction {
    const parameters *p;
    const bw_forest *forest, *single;
    const float *pixels;
    bw_simd level;
    uint8_t *bytes, *blocks, *winners, *out; /* of a row, of a tile in blocks, again, of the image */
    const uint8_t **columns;
    uint32_t *votes;
    float *probabilities; /* of the image, [class][y][x] */
    void *scratch;
    double quantise, vote, write, classify, vote_single;
    bw_forest_visits visits;
    int64_t tiles, counted, different;
} prediction;

typedef struct tile {
    int64_t x, y, width, height;
} tile;

static int64_t blocks_of(int64_t extent) {
    return (extent + EDGE - 1) / EDGE;
}

static int64_t pixels_of(const tile *t) {
    return blocks_of(t->width) * blocks_of(t->height) * BLOCK;
}

/* Where a pixel of the tile is in block order. */
static int64_t in_blocks(const tile *t, int64_t x, int64_t y) {
    return (y / EDGE * blocks_of(t->width) + x / EDGE) * BLOCK + y % EDGE * EDGE + x % EDGE;
}

static void row_to_blocks(const uint8_t *row, int64_t width, uint8_t *to) {
    for (; width >= EDGE; width -= EDGE, row += EDGE, to += BLOCK)
        memcpy(to, row, EDGE);
    memcpy(to, row, (size_t)width);
}

static void quantise_tile(prediction *run, const tile *t) {
    const parameters *p = run->p;
    for (int64_t f = 0; f < p->features; f++) {
        const float *plane = run->pixels + f * p->width * p->height;
        uint8_t *blocks = run->blocks + f * TILE * TILE;
        if (!bw_forest_uses(run->forest, (int)f)) continue;
        for (int64_t y = 0; y < t->height; y++) {
            bw_forest_quantise(run->forest, run->level, (int)f, plane + (t->y + y) * p->width + t->x, t->width,
                               run->bytes);
            row_to_blocks(run->bytes, t->width, blocks + in_blocks(t, 0, y));
        }
    }
}

static void write_tile(prediction *run, const tile *t) {
    const parameters *p = run->p;
    const float total = (float)bw_forest_vote_total(run->forest);
    for (int64_t k = 0; k < p->classes; k++)
        for (int64_t y = 0; y < t->height; y++) {
            float *to = run->probabilities + (k * p->height + t->y + y) * p->width + t->x;
            const uint32_t *votes = run->votes + k * TILE * TILE + in_blocks(t, 0, y);
            for (int64_t x = 0; x < t->width; x++)
                to[x] = (float)votes[x / EDGE * BLOCK + x % EDGE] / total;
        }
}

/* Compares the winners with the most votes, and keeps them. */
static void check_winners(prediction *run, const tile *t) {
    const parameters *p = run->p;
    for (int64_t y = 0; y < t->height; y++)
        for (int64_t x = 0; x < t->width; x++) {
            const int64_t at = in_blocks(t, x, y);
            int64_t best = 0;
            for (int64_t k = 1; k < p->classes; k++)
                if (run->votes[k * TILE * TILE + at] > run->votes[best * TILE * TILE + at]) best = k;
            run->different += best != run->winners[at];
            run->out[(t->y + y) * p->width + t->x + x] = run->winners[at];
        }
}

static bw_status count_tile(bw_context *ctx, prediction *run, const tile *t) {
    bw_forest_visits found;
    BW_TRY(bw_forest_count_visits(ctx, run->forest, run->columns, pixels_of(t), &found));
    run->visits.blocks += found.blocks;
    run->visits.splits += found.splits;
    run->visits.leaves += found.leaves;
    run->visits.depth += found.depth;
    run->counted++;
    return BW_OK;
}

static bw_status predict_tile(bw_context *ctx, prediction *run, const tile *t) {
    const int64_t count = pixels_of(t), stride = TILE * TILE;
    double since = cpu_seconds();
    quantise_tile(run, t);
    run->quantise += lap(&since);
    BW_TRY(bw_forest_vote(ctx, run->single, run->level, run->columns, count, run->votes, stride, run->scratch));
    run->vote_single += lap(&since);
    BW_TRY(bw_forest_vote(ctx, run->forest, run->level, run->columns, count, run->votes, stride, run->scratch));
    run->vote += lap(&since);
    write_tile(run, t);
    run->write += lap(&since);
    BW_TRY(bw_forest_classify(ctx, run->forest, run->level, run->columns, count, run->winners, run->scratch));
    run->classify += lap(&since);
    check_winners(run, t);
    return run->tiles++ % COUNT_EVERY ? BW_OK : count_tile(ctx, run, t);
}

static bw_status predict_tiles(bw_context *ctx, prediction *run) {
    const parameters *p = run->p;
    for (int64_t y = 0; y < p->height; y += TILE)
        for (int64_t x = 0; x < p->width; x += TILE) {
            const tile t = {x, y, p->width - x < TILE ? p->width - x : TILE,
                            p->height - y < TILE ? p->height - y : TILE};
            BW_TRY(predict_tile(ctx, run, &t));
        }
    return run->different
               ? bw_fail(ctx, BW_ERROR_INTERNAL, "%" PRId64 " winners differ from the votes.", run->different)
               : BW_OK;
}

static void print_prediction(const prediction *run) {
    const double all = (double)(run->p->width * run->p->height), trees = (double)run->p->trees;
    const double passes = (double)run->visits.blocks * trees,
                 fixed = (trees * run->vote_single - run->vote) / (trees - 1);
    const double splits = (double)run->visits.splits / passes, leaves = (double)run->visits.leaves / passes;
    const double rate = clock_rate(), blocks = (double)run->visits.blocks * (double)run->tiles / (double)run->counted;
    printf(", \"quantise\": %.6f, \"vote\": %.6f, \"write\": %.6f, \"predict\": %.6f, \"classify\": %.6f, "
           "\"vote_fixed\": %.6f",
           run->quantise, run->vote, run->write, run->quantise + run->vote + run->write, run->quantise + run->classify,
           fixed > 0 ? fixed : 0);
    printf(", \"splits_per_block\": %.4f, \"leaves_per_block\": %.4f, \"depth\": %.4f, \"visits_per_pixel\": %.5f",
           splits, leaves, (double)run->visits.depth / passes / BLOCK, (splits + leaves) / BLOCK);
    printf(", \"clock_ghz\": %.3f, \"cycles_per_visit\": %.3f, \"cycles_per_pixel\": %.2f", 1e-9 * rate,
           (run->vote - fixed) * rate / (blocks * trees * (splits + leaves)), run->vote * rate / all);
}

static bw_status predict(bw_context *ctx, const parameters *p, const bw_forest *forest, const bw_forest *single) {
    const uint64_t area = TILE * TILE, size = (uint64_t)(p->width * p->height);
    const uint64_t features = (uint64_t)p->features, classes = (uint64_t)p->classes;
    prediction run = {.p = p, .forest = forest, .single = single};
    void *pixels = NULL;
    BW_TRY(bw_simd_level(ctx, &run.level));
    bw_status status = read_values(ctx, p->pixels, p->offset, features * size, sizeof(float), &pixels);
    run.pixels = pixels;
    run.bytes = bw_alloc(ctx, TILE, 1, "a row");
    run.blocks = bw_calloc(ctx, features * area, 1, "feature bytes");
    run.winners = bw_alloc(ctx, area, 1, "winners");
    run.out = bw_alloc(ctx, size, 1, "winners");
    run.votes = bw_alloc(ctx, classes * area, sizeof *run.votes, "votes");
    run.probabilities = bw_calloc(ctx, classes * size, sizeof *run.probabilities, "probabilities");
    run.scratch = bw_alloc(ctx, bw_forest_scratch_size(forest), 1, "scratch");
    run.columns = bw_calloc(ctx, features, sizeof *run.columns, "columns");
    if (!run.bytes || !run.blocks || !run.winners || !run.out || !run.votes || !run.probabilities || !run.scratch ||
        !run.columns)
        status = BW_ERROR_MEMORY;
    for (uint64_t f = 0; status == BW_OK && f < features; f++)
        run.columns[f] = bw_forest_uses(forest, (int)f) ? run.blocks + f * area : NULL;
    if (status == BW_OK) status = predict_tiles(ctx, &run);
    if (status == BW_OK) status = write_bytes(ctx, p->out, run.out, size);
    if (status == BW_OK) print_prediction(&run);
    bw_free(run.columns);
    bw_free(run.scratch);
    bw_free(run.probabilities);
    bw_free(run.votes);
    bw_free(run.out);
    bw_free(run.winners);
    bw_free(run.blocks);
    bw_free(run.bytes);
    bw_free(pixels);
    return status;
}

static bw_status run_forest(bw_context *ctx, const parameters *p) {
    void *values = NULL, *labels = NULL;
    const float **columns = NULL;
    bw_forest *forest = NULL, *single = NULL;
    bw_status status = read_values(ctx, p->train, 0, (uint64_t)(p->samples * p->features), sizeof(float), &values);
    if (status == BW_OK) status = read_values(ctx, p->labels, 0, (uint64_t)p->samples, 1, &labels);
    if (status == BW_OK) columns = columns_of(ctx, values, p->features, p->samples);
    if (status == BW_OK) status = columns ? grow(ctx, p, columns, labels, &forest, &single) : BW_ERROR_MEMORY;
    if (status == BW_OK && p->pixels) status = predict(ctx, p, forest, single);
    bw_forest_free(single);
    bw_forest_free(forest);
    bw_free(columns);
    bw_free(labels);
    bw_free(values);
    return status;
}

/* ---- the whole job ----------------------------------------------------------------------------------------------- */

static bw_status make_trainer(bw_context *ctx, const parameters *p, const bw_image *image, bw_trainer **out) {
    const bw_image_info *info = bw_image_get_info(image);
    const bw_recipe_options options = {info->channels, info->depth > 1 ? 3 : 2, {1, 1, 1}};
    bw_recipe *recipe = NULL;
    BW_TRY(bw_recipe_parse(ctx, p->recipe ? p->recipe : bw_preset_default(), &options, &recipe));
    printf("\"features\": %d", bw_recipe_count(recipe));
    const bw_status status = bw_trainer_create(ctx, recipe, out);
    bw_recipe_free(recipe);
    return status;
}

static bw_status whole_job(bw_context *ctx, const parameters *p, const bw_image *image, const bw_image *labels) {
    const double spacing[3] = {1, 1, 1};
    const bw_predict_options how = {.spacing = spacing};
    const bw_train_options options = {.forest = plain_options(p)};
    bw_trainer *trainer = NULL;
    bw_model *model = NULL;
    bw_prediction result = {0};
    double sampling = 0, training = 0, predicting = 0;
    reset_resident_peak();
    const int64_t before = resident("VmRSS:");
    double since = cpu_seconds();
    bw_status status = make_trainer(ctx, p, image, &trainer);
    if (status == BW_OK) status = bw_trainer_add(ctx, trainer, image, labels);
    if (status == BW_OK) sampling = lap(&since), status = bw_trainer_train(ctx, trainer, &options, &model);
    if (status == BW_OK)
        training = lap(&since), status = bw_predict(ctx, model, image, &how, BW_OUTPUT_PROBABILITIES, &result, NULL);
    if (status == BW_OK) {
        predicting = lap(&since);
        const bw_image_info *info = bw_image_get_info(result.probabilities);
        const int64_t output = info->width * info->height * info->depth * info->channels * (int64_t)sizeof(float);
        printf(", \"sampling\": %.6f, \"train\": %.6f, \"predict\": %.6f, \"memory\": %" PRId64, sampling, training,
               predicting, resident("VmHWM:") - before - output);
    }
    bw_prediction_free(&result);
    bw_model_free(model);
    bw_trainer_free(trainer);
    return status;
}

static bw_status run_end2end(bw_context *ctx, const parameters *p) {
    bw_image *image = NULL, *labels = NULL;
    bw_status status = bw_tiff_read(ctx, p->image ? p->image : "", &image);
    if (status == BW_OK) status = bw_tiff_read(ctx, p->labels ? p->labels : "", &labels);
    if (status == BW_OK) status = whole_job(ctx, p, image, labels);
    bw_image_free(labels);
    bw_image_free(image);
    return status;
}

/* ---- command line ------------------------------------------------------------------------------------------------ */

/* Returns whether the word is KEY=VALUE with a known key and, for numbers, a value from 0 on. */
static int parse_word(const char *word, parameters *p) {
    const char *value = strchr(word, '=');
    for (size_t i = 0; value && i < sizeof keys / sizeof *keys; i++) {
        const size_t length = (size_t)(value - word);
        if (strlen(keys[i].name) != length || memcmp(keys[i].name, word, length)) continue;
        if (keys[i].text != SIZE_MAX) {
            *(const char **)((char *)p + keys[i].text) = value + 1;
            return 1;
        }
        char *end;
        errno = 0;
        const long long number = strtoll(value + 1, &end, 10);
        *(int64_t *)((char *)p + keys[i].number) = number;
        return !errno && !*end && end != value + 1 && number >= 0;
    }
    return 0;
}

int main(int argc, char **argv) {
    parameters p = {.trees = 100, .seed = 1};
    for (int i = 2; i < argc; i++)
        if (!parse_word(argv[i], &p)) {
            fprintf(stderr, "forest_engine: \"%s\" is not a known key=value.\n", argv[i]);
            return 2;
        }
    const int whole = argc > 1 && !strcmp(argv[1], "end2end");
    if (argc < 2 || (!whole && strcmp(argv[1], "forest")) || p.trees < 2) {
        fprintf(stderr, "usage: forest_engine forest | end2end KEY=VALUE... (see the head of its source)\n");
        return 2;
    }
    bw_context *ctx = bw_context_create();
    bw_status status = ctx ? bw_context_set_threads(ctx, 1) : BW_ERROR_MEMORY;
    printf("{");
    if (status == BW_OK) status = whole ? run_end2end(ctx, &p) : run_forest(ctx, &p);
    printf(", \"simd\": \"%s\"}\n", bw_simd_name());
    if (status != BW_OK) fprintf(stderr, "forest_engine: %s\n", ctx ? bw_context_error(ctx) : "no memory");
    bw_context_free(ctx);
    return status == BW_OK ? 0 : 1;
}
