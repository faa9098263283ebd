#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "core/text.h"
#include "model/model.h"
#include "pipeline/pipeline.h"

enum { EDGE = BW_BLOCK_EDGE, BLOCK = BW_BLOCK };

/* Per thread: one row of a feature as bytes, all features' bytes in blocks, votes. */
typedef struct bw_predict_scratch {
    uint8_t *bytes, *blocks;
    const uint8_t **columns; /* of each recipe feature in blocks, NULL = unused */
    uint32_t *votes;
    void *forest;
} bw_predict_scratch;

typedef struct bw_predict_run {
    const bw_model *model;
    bw_feature_plan *plan;
    bw_source source;
    bw_grid grid;
    bw_simd level;
    int *column; /* of a recipe feature among the used ones; -1 = unused */
    int columns;
    int64_t block_pixels; /* of the largest tile, padded to whole blocks */
    bw_predict_scratch *scratch;
    void **features;                  /* scratch of each thread */
    bw_image *probabilities, *labels; /* either may be NULL */
    int64_t *class_pixels;            /* per thread and class */
} bw_predict_run;

typedef struct bw_predict_tile {
    const bw_predict_run *run;
    const bw_predict_scratch *scratch;
    bw_box tile;
    int frame;
} bw_predict_tile;

/* Where a row of a tile begins in block order; the next 8 pixels follow BLOCK further on. */
static int64_t row_in_blocks(const bw_box *tile, int64_t y, int64_t z) {
    int64_t row = z * bw_blocks_along(tile, 1) + y / EDGE;
    return row * bw_blocks_along(tile, 0) * BLOCK + y % EDGE * EDGE;
}

static void row_to_blocks(const uint8_t *row, int64_t width, uint8_t *to) {
    int64_t x = 0;
    for (; x + EDGE <= width; x += EDGE, to += BLOCK)
        memcpy(to, row + x, EDGE);
    memcpy(to, row + x, (size_t)(width - x));
}

static bw_status quantise(bw_context *ctx, void *user, int index, const bw_box *box, const float *values, int64_t row,
                          int64_t plane) {
    const bw_predict_tile *at = user;
    const bw_predict_run *run = at->run;
    const int64_t width = bw_box_extent(box, 0);
    uint8_t *blocks = at->scratch->blocks + run->column[index] * run->block_pixels;
    (void)ctx;
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++, values += plane)
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++) {
            bw_forest_quantise(run->model->forest, run->level, index, values + (y - box->lo[1]) * row, width,
                               at->scratch->bytes);
            row_to_blocks(at->scratch->bytes, width,
                          blocks + row_in_blocks(&at->tile, y - at->tile.lo[1], z - at->tile.lo[2]));
        }
    return BW_OK;
}

/* ---- votes to outputs ------------------------------------------------------------------------------------------ */

/* Ties go to the lower class. */
static int winner(const uint32_t *votes, int64_t stride, int classes) {
    int best = 0;
    for (int k = 1; k < classes; k++)
        if (votes[k * stride] > votes[best * stride]) best = k;
    return best;
}

static void write_probability_row(const bw_predict_tile *at, const uint32_t *votes, int64_t y, int64_t z) {
    const bw_predict_run *run = at->run;
    const int64_t width = bw_box_extent(&at->tile, 0), offset = y * run->grid.size[0] + at->tile.lo[0];
    const float total = (float)bw_forest_vote_total(run->model->forest);
    for (int k = 0; k < run->model->classes; k++, votes += run->block_pixels) {
        float *out = (float *)bw_image_plane(run->probabilities, at->frame, k, z) + offset;
        for (int64_t x = 0; x < width; x++)
            out[x] = (float)votes[x / EDGE * BLOCK + x % EDGE] / total;
    }
}

static void write_label_row(const bw_predict_tile *at, const uint32_t *votes, int64_t y, int64_t z, int64_t *pixels) {
    const bw_predict_run *run = at->run;
    const int64_t width = bw_box_extent(&at->tile, 0), offset = y * run->grid.size[0] + at->tile.lo[0];
    uint8_t *out = run->labels ? (uint8_t *)bw_image_plane(run->labels, at->frame, 0, z) + offset : NULL;
    for (int64_t x = 0; x < width; x++) {
        int best = winner(votes + x / EDGE * BLOCK + x % EDGE, run->block_pixels, run->model->classes);
        pixels[best]++;
        if (out) out[x] = (uint8_t)(best + 1);
    }
}

static bw_status write_tile(bw_context *ctx, const bw_predict_tile *at, int64_t *pixels) {
    const bw_box *tile = &at->tile;
    for (int64_t z = tile->lo[2]; z < tile->hi[2]; z++) {
        BW_TRY(bw_check(ctx));
        for (int64_t y = tile->lo[1]; y < tile->hi[1]; y++) {
            const uint32_t *votes = at->scratch->votes + row_in_blocks(tile, y - tile->lo[1], z - tile->lo[2]);
            if (at->run->probabilities) write_probability_row(at, votes, y, z);
            write_label_row(at, votes, y, z, pixels);
        }
    }
    return BW_OK;
}

/* ---- a tile ---------------------------------------------------------------------------------------------------- */

/* The pointers to the features' bytes move on by so many pixels. */
static void advance(const bw_predict_tile *at, int64_t pixels) {
    const uint8_t **columns = at->scratch->columns;
    for (int f = 0; f < bw_recipe_count(at->run->model->recipe); f++)
        if (columns[f]) columns[f] += pixels;
}

/* In parts, so that progress shows in large tiles. */
static bw_status vote(bw_context *ctx, const bw_predict_tile *at, double progress) {
    const bw_predict_run *run = at->run;
    const int64_t pixels = bw_block_pixels(&at->tile), most = (int64_t)BLOCK << 12;
    bw_status status = BW_OK;
    int64_t done = 0;
    while (done < pixels && status == BW_OK) {
        const int64_t n = pixels - done < most ? pixels - done : most;
        status = bw_forest_vote(ctx, run->model->forest, run->level, at->scratch->columns, n, at->scratch->votes + done,
                                run->block_pixels, at->scratch->forest);
        advance(at, n);
        done += n;
        bw_progress_add(ctx, progress * (double)n / (double)pixels);
    }
    advance(at, -done);
    return status;
}

static bw_status predict_tile(bw_context *ctx, void *user, int64_t index, int thread) {
    const bw_predict_run *run = user;
    const int64_t tiles = bw_grid_count(&run->grid);
    bw_predict_tile at = {run, &run->scratch[thread], bw_grid_box(&run->grid, index % tiles), (int)(index / tiles)};
    bw_tile_task task = {.plan = run->plan,
                         .level = run->level,
                         .tile = at.tile,
                         .frame = bw_source_frame(&run->source, at.frame),
                         .emit = quantise,
                         .user = &at,
                         .progress = 0.5 * (double)bw_box_count(&at.tile), /* the forest takes as long */
                         .scratch = run->features[thread]};
    memcpy(task.largest, run->grid.tile, sizeof task.largest);
    BW_TRY(bw_features_tile(ctx, &task));
    BW_TRY(vote(ctx, &at, 0.5 * (double)bw_box_count(&at.tile)));
    BW_TRY(write_tile(ctx, &at, run->class_pixels + thread * run->model->classes));
    return BW_OK;
}

/* ---- the run --------------------------------------------------------------------------------------------------- */

static bw_status find_used(bw_context *ctx, bw_predict_run *run) {
    const int features = bw_forest_features(run->model->forest);
    uint8_t *used = bw_calloc(ctx, (uint64_t)features, 1, "a feature list");
    run->column = bw_alloc(ctx, (uint64_t)features, sizeof *run->column, "a feature list");
    bw_status status = used && run->column ? BW_OK : BW_ERROR_MEMORY;
    for (int f = 0; f < features && status == BW_OK; f++) {
        used[f] = (uint8_t)bw_forest_uses(run->model->forest, f);
        run->column[f] = used[f] ? run->columns++ : -1;
    }
    if (status == BW_OK) status = bw_feature_plan_create(ctx, run->model->recipe, used, &run->plan);
    bw_free(used);
    return status;
}

static bw_status make_scratch(bw_context *ctx, bw_predict_run *run) {
    const uint64_t pixels = (uint64_t)run->block_pixels, classes = (uint64_t)run->model->classes;
    const uint64_t threads = (uint64_t)run->grid.threads;
    const int features = bw_forest_features(run->model->forest);
    run->scratch = bw_calloc(ctx, threads, sizeof *run->scratch, "scratch");
    run->class_pixels = bw_calloc(ctx, threads * classes, sizeof *run->class_pixels, "class counts");
    if (!run->scratch || !run->class_pixels) return BW_ERROR_MEMORY;
    for (int t = 0; t < run->grid.threads; t++) {
        bw_predict_scratch *s = &run->scratch[t];
        s->bytes = bw_alloc(ctx, (uint64_t)run->grid.tile[0], 1, "feature bytes");
        s->blocks = bw_calloc(ctx, pixels * (uint64_t)run->columns, 1, "feature bytes");
        s->votes = bw_alloc(ctx, pixels * classes, sizeof *s->votes, "votes");
        s->forest = bw_alloc(ctx, bw_forest_scratch_size(run->model->forest), 1, "forest scratch");
        s->columns = bw_calloc(ctx, (uint64_t)features, sizeof *s->columns, "a feature list");
        if (!s->bytes || !s->blocks || !s->votes || !s->forest || !s->columns) return BW_ERROR_MEMORY;
        for (int f = 0; f < features; f++)
            if (run->column[f] >= 0) s->columns[f] = s->blocks + run->column[f] * run->block_pixels;
    }
    return BW_OK;
}

static void close_run(bw_predict_run *run) {
    for (int t = 0; run->scratch && t < run->grid.threads; t++) {
        bw_free(run->scratch[t].bytes);
        bw_free(run->scratch[t].blocks);
        bw_free(run->scratch[t].columns);
        bw_free(run->scratch[t].votes);
        bw_free(run->scratch[t].forest);
    }
    bw_free(run->scratch);
    bw_grid_free_scratch(&run->grid, run->features);
    bw_free(run->class_pixels);
    bw_free(run->column);
    bw_feature_plan_free(run->plan);
    bw_source_close(&run->source);
}

/* The input's slice label for a class image: "class: label", or the class alone. */
static bw_status label_planes(bw_context *ctx, const bw_predict_run *run, bw_image *out) {
    const bw_image_info *info = bw_image_get_info(out);
    const int per_class = info->channels > 1 || out == run->probabilities;
    bw_status status = BW_OK;
    bw_text text;
    bw_text_init(&text, ctx);
    for (int64_t k = 0; k < info->depth * info->channels * info->frames && status == BW_OK; k++) {
        const int64_t z = k % info->depth;
        const int channel = (int)(k / info->depth % info->channels), frame = (int)(k / info->depth / info->channels);
        const char *kept = bw_image_plane_label(run->source.image, frame, 0, z);
        const char *name = per_class ? run->model->class_info[channel].name : "";
        if (!kept && !*name) continue;
        text.size = 0;
        status = bw_text_add(&text, "%s%s%s", name, kept && *name ? ": " : "", kept ? kept : "");
        if (status == BW_OK) status = bw_image_set_plane_label(ctx, out, frame, channel, z, text.data);
    }
    bw_text_free(&text);
    return status;
}

static bw_status make_output(bw_context *ctx, const bw_predict_run *run, bw_pixel_type type, int channels,
                             bw_image **out) {
    bw_image_info info = *bw_image_get_info(run->source.image);
    info.type = type;
    info.channels = channels;
    info.rgb = 0;
    BW_TRY(bw_image_create(ctx, &info, out));
    return bw_image_set_name(ctx, *out, bw_image_name(run->source.image));
}

static bw_status prepare(bw_context *ctx, const bw_image *image, int64_t edge, bw_predict_run *run) {
    const bw_image_info *info = bw_image_get_info(image);
    const int64_t size[3] = {info->width, info->height, info->depth};
    bw_progress_begin(ctx, 1); /* the scan below listens to the progress function too */
    BW_TRY(bw_simd_level(ctx, &run->level));
    BW_TRY(find_used(ctx, run));
    BW_TRY(bw_source_open(ctx, image, &run->source));
    const double bytes = run->columns + 4.0 * run->model->classes;
    BW_TRY(bw_feature_plan_fit(ctx, run->plan, size));
    BW_TRY(bw_grid_choose(ctx, run->plan, size, info->frames, bytes, edge, &run->grid));
    const bw_box largest = {{0, 0, 0}, {run->grid.tile[0], run->grid.tile[1], run->grid.tile[2]}};
    run->block_pixels = bw_block_pixels(&largest);
    BW_TRY(bw_grid_make_scratch(ctx, &run->grid, &run->features));
    return make_scratch(ctx, run);
}

static void report_run(const bw_predict_run *run, bw_predict_report *report) {
    const bw_image_info *info = bw_image_get_info(run->source.image);
    report->non_finite = run->source.non_finite;
    report->slice_wise = info->depth > 1 && !bw_recipe_is_3d(run->model->recipe);
    for (int t = 0; t < run->grid.threads; t++)
        for (int k = 0; k < run->model->classes; k++)
            report->class_pixels[k] += run->class_pixels[t * run->model->classes + k];
}

static bw_status run_all(bw_context *ctx, const bw_image *image, const bw_predict_options *options, int probabilities,
                         int labels, bw_predict_run *run) {
    BW_TRY(prepare(ctx, image, options ? options->tile : 0, run));
    if (probabilities) {
        BW_TRY(make_output(ctx, run, BW_FLOAT32, run->model->classes, &run->probabilities));
        BW_TRY(label_planes(ctx, run, run->probabilities));
    }
    if (labels) {
        BW_TRY(make_output(ctx, run, BW_UINT8, 1, &run->labels));
        BW_TRY(label_planes(ctx, run, run->labels));
    }
    const bw_image_info *info = bw_image_get_info(image);
    bw_progress_begin(ctx, (double)info->width * (double)info->height * (double)info->depth * info->frames);
    return bw_parallel_threads(ctx, run->grid.threads, bw_grid_count(&run->grid) * info->frames, predict_tile, run);
}

bw_status bw_predict(bw_context *ctx, const bw_model *model, const bw_image *image, const bw_predict_options *options,
                     bw_image **probabilities, bw_image **labels, bw_predict_report *report) {
    bw_predict_report own = {0};
    bw_predict_run run = {.model = model, .source = {.image = image}};
    if (probabilities) *probabilities = NULL;
    if (labels) *labels = NULL;
    BW_TRY(bw_check(ctx));
    BW_TRY(bw_fit_check(ctx, model->recipe, image, options ? options->spacing : NULL, &own.spacing_assumed));
    bw_status status = run_all(ctx, image, options, probabilities != NULL, labels != NULL, &run);
    if (status == BW_OK) {
        report_run(&run, &own);
        if (report) *report = own;
        if (probabilities) *probabilities = run.probabilities;
        if (labels) *labels = run.labels;
    } else {
        bw_image_free(run.probabilities);
        bw_image_free(run.labels);
    }
    close_run(&run);
    return status;
}
