/* The object, its columns, and what applying it is. */
#include "pipeline/object_model.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"

/* ---- the object -------------------------------------------------------------------------------------------------- */

bw_status bw_object_model_create(bw_context *ctx, int classes, int columns, bw_object_model **out) {
    static const char what[] = "a model of objects";
    *out = NULL;
    bw_object_model *model = bw_calloc(ctx, 1, sizeof *model, what);
    if (!model) return BW_ERROR_MEMORY;
    bw_utf8_copy(model->engine, sizeof model->engine, BW_VERSION);
    model->classes = classes;
    model->columns = columns;
    model->class_info = bw_calloc(ctx, (uint64_t)classes, sizeof *model->class_info, what);
    model->examples = bw_calloc(ctx, (uint64_t)classes, sizeof *model->examples, what);
    model->column = bw_calloc(ctx, (uint64_t)columns, sizeof *model->column, what);
    if (!model->class_info || !model->examples || !model->column) {
        bw_object_model_free(model);
        return BW_ERROR_MEMORY;
    }
    *out = model;
    return BW_OK;
}

void bw_object_model_free(bw_object_model *model) {
    if (!model) return;
    bw_forest_free(model->forest);
    bw_assessment_free(model->out_of_bag);
    bw_free(model->measures);
    bw_free(model->column);
    bw_free(model->examples);
    bw_free(model->class_info);
    bw_free(model);
}

int bw_object_model_class_count(const bw_object_model *model) {
    return model->classes;
}

const bw_class_info *bw_object_model_class(const bw_object_model *model, int index) {
    return index >= 0 && index < model->classes ? &model->class_info[index] : NULL;
}

const char *bw_object_model_measures(const bw_object_model *model) {
    return model->measures;
}

const bw_assessment *bw_object_model_out_of_bag(const bw_object_model *model) {
    bw_summary summary;
    bw_assessment_summary(model->out_of_bag, &summary);
    return summary.pixels ? model->out_of_bag : NULL;
}

/* ---- columns ----------------------------------------------------------------------------------------------------- */

/* Characters of an id without the channel. */
static size_t row_length(const char *id) {
    return strcspn(id, ":");
}

static int same_row(const char *a, const char *b) {
    const size_t length = row_length(a);
    return length == row_length(b) && !strncmp(a, b, length);
}

static int is_listed(const bw_object_model *model, int column) {
    for (int i = 0; i < column; i++)
        if (same_row(model->column[i].id, model->column[column].id)) return 1;
    return 0;
}

bw_status bw_object_model_list(bw_context *ctx, bw_object_model *model) {
    bw_text text;
    bw_status status = BW_OK;
    bw_text_init(&text, ctx);
    for (int i = 0; i < model->columns && status == BW_OK; i++) {
        const char *id = model->column[i].id;
        if (!is_listed(model, i)) status = bw_text_add(&text, "%s%.*s", i ? "," : "", (int)row_length(id), id);
    }
    if (status == BW_OK) status = bw_text_take(&text, &model->measures);
    bw_text_free(&text);
    return status;
}

/* Ways to write a micrometre. */
static size_t micron_length(const char *unit) {
    static const char *const names[] = {"\xc2\xb5m", "\xce\xbcm", "microns", "micron", "um"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strncmp(unit, names[i], strlen(names[i]))) return strlen(names[i]);
    return 0;
}

static int same_unit(const char *a, const char *b) {
    const size_t i = micron_length(a), j = micron_length(b);
    return !i == !j && !strcmp(a + i, b + j);
}

static int find_column(const bw_measurements *table, const char *id) {
    for (int c = 0; c < bw_measurements_columns(table); c++)
        if (!strcmp(bw_measurements_id(table, c), id)) return c;
    return -1;
}

static const char *in_words(const char *unit) {
    return *unit ? unit : "no unit";
}

static bw_status check_unit(bw_context *ctx, const bw_object_column *column, const char *unit) {
    if (same_unit(column->unit, unit)) return BW_OK;
    return bw_fail(ctx, BW_ERROR_MISMATCH,
                   "%s has %s here, but %s in the model or in the examples before. Calibrate all images, in the same "
                   "unit, or none of them.",
                   column->id, in_words(unit), in_words(column->unit));
}

static bw_status fail_missing(bw_context *ctx, const bw_object_column *columns, int count, const int *places) {
    enum { MOST_NAMED = 12 };
    bw_text text;
    int missing = 0;
    bw_status status = BW_OK;
    bw_text_init(&text, ctx);
    for (int i = 0; i < count && status == BW_OK; i++)
        if (places[i] < 0 && ++missing <= MOST_NAMED)
            status = bw_text_add(&text, "%s%s", missing > 1 ? ", " : "", columns[i].id);
    if (status == BW_OK)
        status = bw_fail(ctx, BW_ERROR_MISMATCH,
                         "The table of objects has no %s%s. Measure them as for the examples: with an image and "
                         "probabilities of as many channels, if there were any.",
                         text.data, missing > MOST_NAMED ? " and others" : "");
    bw_text_free(&text);
    return status;
}

bw_status bw_object_columns_find(bw_context *ctx, const bw_object_column *columns, int count,
                                 const bw_measurements *table, int *places) {
    int missing = 0;
    for (int i = 0; i < count; i++) {
        places[i] = find_column(table, columns[i].id);
        missing += places[i] < 0;
    }
    if (missing) return fail_missing(ctx, columns, count, places);
    for (int i = 0; i < count; i++)
        BW_TRY(check_unit(ctx, &columns[i], bw_measurements_unit(table, places[i])));
    return BW_OK;
}

float bw_object_value(double value) {
    if (!isfinite(value)) return NAN;
    if (fabs(value) > (double)FLT_MAX) return value < 0 ? -FLT_MAX : FLT_MAX;
    return (float)value;
}

/* ---- applying ---------------------------------------------------------------------------------------------------- */

enum { ROWS = 1024 }; /* that a task classifies; a multiple of 64 */

/* What one thread works on. */
typedef struct bw_object_scratch {
    float *values;
    uint8_t *bytes;  /* [column * ROWS + row] */
    uint32_t *votes; /* [class * ROWS + row] */
    void *forest;
} bw_object_scratch;

typedef struct bw_object_run {
    const bw_object_model *model;
    const bw_measurements *table;
    const int *places;
    const uint8_t **columns; /* of a thread: [thread * columns] */
    bw_object_scratch *scratch;
    bw_simd level;
    uint8_t *classes;
    float *probabilities;
} bw_object_run;

/* Bytes of a column for rows from `first` on. */
static void quantise(const bw_object_run *run, const bw_object_scratch *s, int column, int64_t first, int64_t count) {
    const bw_object_model *model = run->model;
    const double *values = bw_measurements_values(run->table, run->places[column]) + first;
    for (int64_t i = 0; i < count; i++) {
        const float value = bw_object_value(values[i]);
        s->values[i] = isnan(value) ? model->column[column].median : value;
    }
    bw_forest_quantise(model->forest, run->level, column, s->values, count, s->bytes + (int64_t)column * ROWS);
}

static void hand_out(const bw_object_run *run, const uint32_t *votes, int64_t row, int64_t i) {
    const int classes = run->model->classes;
    const double total = bw_forest_vote_total(run->model->forest);
    int best = 0;
    for (int k = 0; k < classes; k++) {
        const uint32_t own = votes[k * ROWS + i];
        if (own > votes[best * ROWS + i]) best = k;
        if (run->probabilities) run->probabilities[row * classes + k] = (float)(own / total);
    }
    run->classes[row] = (uint8_t)(best + 1);
}

static bw_status classify_rows(bw_context *ctx, void *user, int64_t index, int thread) {
    const bw_object_run *run = user;
    const bw_object_model *model = run->model;
    const bw_object_scratch *s = &run->scratch[thread];
    const uint8_t **columns = run->columns + (int64_t)thread * model->columns;
    const int64_t first = index * ROWS, left = bw_measurements_rows(run->table) - first;
    const int64_t count = left < ROWS ? left : ROWS;
    for (int c = 0; c < model->columns; c++) {
        const int used = bw_forest_uses(model->forest, c);
        columns[c] = used ? s->bytes + (int64_t)c * ROWS : NULL;
        if (used) quantise(run, s, c, first, count);
    }
    BW_TRY(bw_forest_vote(ctx, model->forest, run->level, columns, count, s->votes, ROWS, s->forest));
    for (int64_t i = 0; i < count; i++)
        hand_out(run, s->votes, first + i, i);
    bw_progress_add(ctx, (double)count);
    return BW_OK;
}

static bw_status open_scratch(bw_context *ctx, const bw_object_model *model, bw_object_scratch *s) {
    static const char what[] = "classifying objects";
    s->values = bw_alloc(ctx, ROWS, sizeof *s->values, what);
    s->bytes = bw_calloc(ctx, (uint64_t)model->columns, ROWS, what);
    s->votes = bw_alloc(ctx, (uint64_t)model->classes, ROWS * sizeof *s->votes, what);
    s->forest = bw_alloc(ctx, bw_forest_scratch_size(model->forest), 1, what);
    return s->values && s->bytes && s->votes && s->forest ? BW_OK : BW_ERROR_MEMORY;
}

static void close_scratch(bw_object_scratch *s) {
    bw_free(s->values);
    bw_free(s->bytes);
    bw_free(s->votes);
    bw_free(s->forest);
}

static bw_status run_tasks(bw_context *ctx, bw_object_run *run) {
    const bw_object_model *model = run->model;
    const int64_t rows = bw_measurements_rows(run->table), tasks = (rows + ROWS - 1) / ROWS;
    const int most = bw_context_threads(ctx), threads = tasks < most ? (int)tasks : most;
    bw_status status = BW_OK;
    if (!rows) return BW_OK;
    run->columns = bw_alloc(ctx, (uint64_t)threads * (uint64_t)model->columns, sizeof *run->columns, "columns");
    run->scratch = bw_calloc(ctx, (uint64_t)threads, sizeof *run->scratch, "columns");
    if (!run->columns || !run->scratch) status = BW_ERROR_MEMORY;
    for (int t = 0; t < threads && status == BW_OK; t++)
        status = open_scratch(ctx, model, &run->scratch[t]);
    bw_progress_begin(ctx, (double)rows);
    if (status == BW_OK) status = bw_parallel_threads(ctx, threads, tasks, classify_rows, run);
    for (int t = 0; run->scratch && t < threads; t++)
        close_scratch(&run->scratch[t]);
    bw_free(run->scratch);
    bw_free(run->columns);
    return status;
}

bw_status bw_object_model_apply(bw_context *ctx, const bw_object_model *model, const bw_measurements *table,
                                uint8_t *classes, float *probabilities) {
    BW_TRY(bw_check(ctx));
    int *places = bw_alloc(ctx, (uint64_t)model->columns, sizeof *places, "columns");
    if (!places) return BW_ERROR_MEMORY;
    bw_object_run run = {
        .model = model, .table = table, .places = places, .classes = classes, .probabilities = probabilities};
    bw_status status = bw_object_columns_find(ctx, model->column, model->columns, table, places);
    if (status == BW_OK) status = bw_simd_level(ctx, &run.level);
    if (status == BW_OK) status = run_tasks(ctx, &run);
    bw_free(places);
    return status;
}
