/* Examples from tables, and a forest of them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "pipeline/object_model.h"

struct bw_object_trainer {
    bw_object_column *column; /* of the first table; NULL before */
    int columns;
    float *values;   /* [example * columns + column], NAN where not defined */
    uint8_t *labels; /* 0-based */
    int64_t count, room;
    bw_class_info class_info[BW_MAX_CLASSES];
};

bw_status bw_object_trainer_create(bw_context *ctx, bw_object_trainer **out) {
    *out = NULL;
    BW_TRY(bw_check(ctx));
    *out = bw_calloc(ctx, 1, sizeof **out, "examples of objects");
    return *out ? BW_OK : BW_ERROR_MEMORY;
}

void bw_object_trainer_free(bw_object_trainer *trainer) {
    if (!trainer) return;
    bw_free(trainer->column);
    bw_free(trainer->values);
    bw_free(trainer->labels);
    bw_free(trainer);
}

bw_status bw_object_trainer_set_class(bw_context *ctx, bw_object_trainer *trainer, int index,
                                      const bw_class_info *info) {
    if (index < 0 || index >= BW_MAX_CLASSES)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "Classes are numbered 1 to %d, not %d.", BW_MAX_CLASSES, index + 1);
    bw_utf8_copy(trainer->class_info[index].name, sizeof trainer->class_info[index].name, info->name);
    trainer->class_info[index].colour = info->colour & 0xffffff;
    return BW_OK;
}

/* ---- examples ---------------------------------------------------------------------------------------------------- */

/* Where an object lies says nothing of what it is, and how many voxels it has is a question of the image's grid. */
static int is_left_out(const char *id) {
    static const char *const groups[] = {"centroid", "box", "mass"};
    const size_t length = strcspn(id, ":");
    if (!strcmp(id, "voxels")) return 1;
    for (int i = 0; i < bw_measure_row_count(); i++) {
        const bw_measure_row *row = bw_measure_row_get(i);
        if (strlen(row->id) != length || strncmp(row->id, id, length)) continue;
        for (size_t g = 0; g < sizeof groups / sizeof *groups; g++)
            if (!strcmp(row->group, groups[g])) return 1;
    }
    return 0;
}

/* The columns that this and further tables have to have. */
static bw_status choose_columns(bw_context *ctx, const bw_measurements *table, bw_object_column **out, int *count) {
    const int all = bw_measurements_columns(table);
    *count = 0;
    *out = bw_calloc(ctx, (uint64_t)all, sizeof **out, "examples of objects");
    if (!*out) return BW_ERROR_MEMORY;
    for (int c = 0; c < all; c++) {
        const char *id = bw_measurements_id(table, c);
        if (is_left_out(id)) continue;
        bw_object_column *column = &(*out)[(*count)++];
        bw_utf8_copy(column->id, sizeof column->id, id);
        bw_utf8_copy(column->unit, sizeof column->unit, bw_measurements_unit(table, c));
    }
    if (*count && *count <= BW_MOST_COLUMNS) return BW_OK;
    bw_free(*out);
    *out = NULL;
    return bw_fail(
        ctx, BW_ERROR_ARGUMENT,
        "The table of objects has %d measures to learn from beside positions and numbers of voxels; it can be "
        "1 to %d. Choose others.",
        *count, BW_MOST_COLUMNS);
}

static bw_status make_room(bw_context *ctx, bw_object_trainer *trainer, int64_t more) {
    const int64_t needed = trainer->count + more;
    if (needed <= trainer->room) return BW_OK;
    const int64_t room = needed > 2 * trainer->room ? needed : 2 * trainer->room;
    const uint64_t row = (uint64_t)trainer->columns * sizeof *trainer->values;
    float *values = bw_realloc(ctx, trainer->values, (uint64_t)room, row, "examples of objects");
    if (!values) return BW_ERROR_MEMORY;
    trainer->values = values;
    uint8_t *labels = bw_realloc(ctx, trainer->labels, (uint64_t)room, 1, "examples of objects");
    if (!labels) return BW_ERROR_MEMORY;
    trainer->labels = labels;
    trainer->room = room;
    return BW_OK;
}

static void add_rows(bw_object_trainer *trainer, const bw_measurements *table, const uint8_t *classes,
                     const int *places) {
    for (int64_t row = 0; row < bw_measurements_rows(table); row++) {
        if (!classes[row]) continue;
        float *to = trainer->values + trainer->count * trainer->columns;
        for (int c = 0; c < trainer->columns; c++)
            to[c] = bw_object_value(bw_measurements_values(table, places[c])[row]);
        trainer->labels[trainer->count++] = (uint8_t)(classes[row] - 1);
    }
}

static bw_status add_table(bw_context *ctx, bw_object_trainer *trainer, const bw_measurements *table,
                           const uint8_t *classes, int *places) {
    int64_t more = 0;
    for (int64_t row = 0; row < bw_measurements_rows(table); row++)
        more += classes[row] != 0;
    BW_TRY(bw_object_columns_find(ctx, trainer->column, trainer->columns, table, places));
    BW_TRY(make_room(ctx, trainer, more));
    add_rows(trainer, table, classes, places);
    return BW_OK;
}

bw_status bw_object_trainer_add(bw_context *ctx, bw_object_trainer *trainer, const bw_measurements *table,
                                const uint8_t *classes) {
    BW_TRY(bw_check(ctx));
    if (!trainer->column) BW_TRY(choose_columns(ctx, table, &trainer->column, &trainer->columns));
    int *places = bw_alloc(ctx, (uint64_t)trainer->columns, sizeof *places, "examples of objects");
    if (!places) return BW_ERROR_MEMORY;
    const bw_status status = add_table(ctx, trainer, table, classes, places);
    bw_free(places);
    return status;
}

/* ---- training ---------------------------------------------------------------------------------------------------- */

void bw_object_options_init(bw_forest_options *options) {
    *options = (bw_forest_options){
        .trees = 200, .mtry = BW_MTRY_SQRT, .min_leaf = 1, .bootstrap = 1, .balance = BW_BALANCE_CLASSES, .seed = 1};
}

static int compare_floats(const void *left, const void *right) {
    const float a = *(const float *)left, b = *(const float *)right;
    return (a > b) - (a < b);
}

/* 0 without values; sorts them. */
static float median_of(float *values, int64_t count) {
    if (!count) return 0;
    qsort(values, (size_t)count, sizeof *values, compare_floats);
    return (float)(((double)values[(count - 1) / 2] + (double)values[count / 2]) / 2);
}

/* A column of the examples, whose median takes the place of what is not defined. */
static float fill_column(const bw_object_trainer *trainer, int column, float *sorted, float *out) {
    int64_t defined = 0;
    for (int64_t i = 0; i < trainer->count; i++) {
        out[i] = trainer->values[i * trainer->columns + column] + 0.0f;
        if (!isnan(out[i])) sorted[defined++] = out[i];
    }
    const float median = median_of(sorted, defined);
    for (int64_t i = 0; i < trainer->count; i++)
        if (isnan(out[i])) out[i] = median;
    return median;
}

static int class_count(const bw_object_trainer *trainer) {
    int classes = 0;
    for (int64_t i = 0; i < trainer->count; i++)
        if (trainer->labels[i] >= classes) classes = trainer->labels[i] + 1;
    return classes;
}

static bw_status check_examples(bw_context *ctx, const bw_object_trainer *trainer) {
    int different = 0;
    for (int64_t i = 1; i < trainer->count; i++)
        different |= trainer->labels[i] != trainer->labels[0];
    if (different) return BW_OK;
    if (!trainer->count)
        return bw_fail(ctx, BW_ERROR_ARGUMENT,
                       "There are no examples of objects. Mark some objects of at least two classes.");
    return bw_fail(ctx, BW_ERROR_ARGUMENT, "All examples of objects are of class %d. Mark some objects of another one.",
                   trainer->labels[0] + 1);
}

static void describe_classes(const bw_object_trainer *trainer, bw_object_model *model) {
    for (int k = 0; k < model->classes; k++) {
        bw_class_info *info = &model->class_info[k];
        *info = trainer->class_info[k];
        if (info->name[0]) continue;
        snprintf(info->name, sizeof info->name, "class %d", k + 1);
        info->colour = bw_class_colour(k);
    }
    for (int64_t i = 0; i < trainer->count; i++)
        model->examples[trainer->labels[i]]++;
}

static bw_status assess(bw_context *ctx, const bw_object_trainer *trainer, const bw_growth *growth,
                        bw_object_model *model) {
    uint32_t *votes = bw_alloc(ctx, (uint64_t)trainer->count, (uint64_t)model->classes * sizeof *votes, "votes");
    if (!votes) return BW_ERROR_MEMORY;
    bw_status status = bw_growth_votes(ctx, growth, NULL, BW_OUT_OF_BAG, votes);
    if (status == BW_OK) status = bw_assessment_create(ctx, model->classes, &model->out_of_bag);
    if (status == BW_OK)
        bw_assessment_add_votes(model->out_of_bag, trainer->count, votes, trainer->count, trainer->labels);
    bw_free(votes);
    return status;
}

static bw_status keep_importance(bw_context *ctx, const bw_growth *growth, bw_object_model *model) {
    double *gini = bw_alloc(ctx, (uint64_t)model->columns, sizeof *gini, "importance");
    if (!gini) return BW_ERROR_MEMORY;
    bw_growth_gini(growth, gini);
    for (int c = 0; c < model->columns; c++)
        model->column[c].gini = gini[c];
    bw_free(gini);
    return BW_OK;
}

static bw_status grow(bw_context *ctx, const bw_object_trainer *trainer, const float *const *columns,
                      bw_object_model *model) {
    const bw_sample_part part = {.count = trainer->count, .columns = columns, .labels = trainer->labels};
    const bw_samples samples = {trainer->count, model->columns, model->classes, 1, &part};
    bw_growth *growth;
    BW_TRY(bw_growth_create(ctx, &samples, &model->options, &growth));
    bw_progress_begin(ctx, model->options.trees);
    bw_status status = bw_growth_trees(ctx, growth, model->options.trees);
    if (status == BW_OK) status = bw_growth_forest(ctx, growth, &model->forest);
    if (status == BW_OK) status = keep_importance(ctx, growth, model);
    if (status == BW_OK) status = assess(ctx, trainer, growth, model);
    bw_growth_free(growth);
    return status;
}

/* values: of all columns and, behind them, room for one more. */
static void fill_columns(const bw_object_trainer *trainer, bw_object_model *model, float *values,
                         const float **columns) {
    float *sorted = values + trainer->count * trainer->columns;
    for (int c = 0; c < trainer->columns; c++) {
        columns[c] = values + trainer->count * c;
        model->column[c] = trainer->column[c];
        model->column[c].median = fill_column(trainer, c, sorted, values + trainer->count * c);
    }
}

static bw_status fill_model(bw_context *ctx, const bw_object_trainer *trainer, bw_object_model *model) {
    const uint64_t width = (uint64_t)trainer->columns;
    float *values = bw_alloc(ctx, (uint64_t)trainer->count, (width + 1) * sizeof *values, "examples of objects");
    const float **columns = bw_alloc(ctx, width, sizeof *columns, "examples of objects");
    bw_status status = values && columns ? BW_OK : BW_ERROR_MEMORY;
    if (status == BW_OK) {
        fill_columns(trainer, model, values, columns);
        describe_classes(trainer, model);
        status = bw_object_model_list(ctx, model);
    }
    if (status == BW_OK) status = grow(ctx, trainer, columns, model);
    bw_free(columns);
    bw_free(values);
    return status;
}

bw_status bw_object_trainer_train(bw_context *ctx, const bw_object_trainer *trainer, const bw_forest_options *options,
                                  bw_object_model **out) {
    *out = NULL;
    BW_TRY(bw_check(ctx));
    BW_TRY(check_examples(ctx, trainer));
    bw_object_model *model;
    BW_TRY(bw_object_model_create(ctx, class_count(trainer), trainer->columns, &model));
    bw_object_options_init(&model->options);
    if (options) model->options = *options;
    const bw_status status = fill_model(ctx, trainer, model);
    if (status == BW_OK)
        *out = model;
    else
        bw_object_model_free(model);
    return status;
}
