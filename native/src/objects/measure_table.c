/* Tables of measures: what they hold, and as CSV. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/csv.h"
#include "core/file.h"
#include "objects/measure.h"

enum { PIECE = 1 << 20, DIGITS = 15 };

static void free_classes(bw_measurements *table) {
    for (int k = 0; k < table->class_count && table->class_names; k++)
        bw_free(table->class_names[k]);
    bw_free(table->class_names);
    bw_free(table->classes);
    table->class_names = NULL;
    table->classes = NULL;
    table->class_count = 0;
}

void bw_measurements_free(bw_measurements *table) {
    if (!table) return;
    for (int c = 0; c < table->columns; c++) {
        bw_free(table->column[c].id);
        bw_free(table->column[c].heading);
        bw_free(table->column[c].values);
    }
    free_classes(table);
    bw_free(table->column);
    bw_free(table->frame);
    bw_free(table->object);
    bw_free(table);
}

/* ---- what they hold ---------------------------------------------------------------------------------------------- */

static const bw_measure_column *column_at(const bw_measurements *table, int column) {
    return column >= 0 && column < table->columns ? table->column + column : NULL;
}

int64_t bw_measurements_rows(const bw_measurements *table) {
    return table->rows;
}

int bw_measurements_columns(const bw_measurements *table) {
    return table->columns;
}

const char *bw_measurements_id(const bw_measurements *table, int column) {
    const bw_measure_column *at = column_at(table, column);
    return at ? at->id : NULL;
}

const char *bw_measurements_heading(const bw_measurements *table, int column) {
    const bw_measure_column *at = column_at(table, column);
    return at ? at->heading : NULL;
}

const char *bw_measurements_unit(const bw_measurements *table, int column) {
    const bw_measure_column *at = column_at(table, column);
    return at ? at->unit : NULL;
}

const double *bw_measurements_values(const bw_measurements *table, int column) {
    const bw_measure_column *at = column_at(table, column);
    return at ? at->values : NULL;
}

int bw_measurements_frame(const bw_measurements *table, int64_t row) {
    return row >= 0 && row < table->rows ? table->frame[row] : 0;
}

uint32_t bw_measurements_object(const bw_measurements *table, int64_t row) {
    return row >= 0 && row < table->rows ? table->object[row] : 0;
}

int bw_measurements_class_count(const bw_measurements *table) {
    return table->class_count;
}

const char *bw_measurements_class_name(const bw_measurements *table, int class_number) {
    return class_number >= 1 && class_number <= table->class_count ? table->class_names[class_number - 1] : "";
}

int bw_measurements_class(const bw_measurements *table, int64_t row) {
    return table->classes && row >= 0 && row < table->rows ? table->classes[row] : 0;
}

bw_status bw_measurements_set_classes(bw_context *ctx, bw_measurements *table, int count, const char *const *names,
                                      const uint8_t *classes) {
    if (count < 1 || count > BW_MAX_CLASSES)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "Objects have 1 to %d classes, not %d.", BW_MAX_CLASSES, count);
    for (int64_t row = 0; row < table->rows; row++)
        if (classes[row] > count)
            return bw_fail(ctx, BW_ERROR_ARGUMENT, "Row %lld of the table has class %d, but there are %d.",
                           (long long)row + 1, classes[row], count);
    free_classes(table);
    table->class_names = bw_calloc(ctx, (uint64_t)count, sizeof *table->class_names, "names of classes");
    table->classes = bw_alloc(ctx, (uint64_t)table->rows, 1, "classes of objects");
    if (!table->class_names || !table->classes) return BW_ERROR_MEMORY;
    table->class_count = count;
    memcpy(table->classes, classes, (size_t)table->rows);
    for (int k = 0; k < count; k++)
        if (!(table->class_names[k] = bw_strdup(ctx, names[k]))) return BW_ERROR_MEMORY;
    return BW_OK;
}

/* ---- CSV --------------------------------------------------------------------------------------------------------- */

static bw_status add_head(bw_text *t, const bw_measurements *table) {
    BW_TRY(bw_text_add(t, "label,frame%s", table->classes ? ",class" : ""));
    for (int c = 0; c < table->columns; c++) {
        const bw_measure_column *column = table->column + c;
        bw_text name;
        bw_text_init(&name, t->ctx);
        bw_status status = bw_text_add(&name, *column->unit ? "%s [%s]" : "%s", column->id, column->unit);
        if (status == BW_OK) status = bw_text_add(t, ",");
        if (status == BW_OK) status = bw_csv_cell(t, name.data, "");
        bw_text_free(&name);
        BW_TRY(status);
    }
    return bw_text_add(t, "\n");
}

static bw_status add_number(bw_text *t, double value) {
    if (value != value) return bw_text_add(t, ",NaN");
    BW_TRY(bw_text_add(t, ","));
    return bw_text_digits(t, value, DIGITS);
}

static bw_status add_row(bw_text *t, const bw_measurements *table, int64_t row) {
    BW_TRY(bw_text_add(t, "%u,%d", (unsigned)table->object[row], table->frame[row] + 1));
    if (table->classes) {
        BW_TRY(bw_text_add(t, ","));
        BW_TRY(bw_csv_cell(t, bw_measurements_class_name(table, table->classes[row]), ""));
    }
    for (int c = 0; c < table->columns; c++)
        BW_TRY(add_number(t, table->column[c].values[row]));
    return bw_text_add(t, "\n");
}

static bw_status write_piece(bw_text *t, FILE *file, const bw_output *output) {
    const size_t size = t->size;
    t->size = 0;
    if (fwrite(t->data, 1, size, file) == size) return bw_check(t->ctx);
    return bw_output_failed(t->ctx, output->path, errno);
}

static bw_status write_rows(bw_text *t, const bw_measurements *table, FILE *file, const bw_output *output) {
    BW_TRY(add_head(t, table));
    for (int64_t row = 0; row < table->rows; row++) {
        BW_TRY(add_row(t, table, row));
        if (t->size >= PIECE) BW_TRY(write_piece(t, file, output));
    }
    return write_piece(t, file, output);
}

static bw_status write_whole(bw_context *ctx, const bw_measurements *table, const bw_output *output) {
    FILE *file;
    bw_text text;
    BW_TRY(bw_file_open(ctx, output->temporary, "wb", &file));
    bw_text_init(&text, ctx);
    const bw_status status = write_rows(&text, table, file, output);
    bw_text_free(&text);
    if (fclose(file) && status == BW_OK) return bw_output_failed(ctx, output->path, errno);
    return status;
}

bw_status bw_measurements_write(bw_context *ctx, const bw_measurements *table, const char *path) {
    bw_output output;
    BW_TRY(bw_output_begin(ctx, path, &output));
    const bw_status status = write_whole(ctx, table, &output);
    if (status == BW_OK) return bw_output_commit(ctx, &output);
    bw_output_abandon(&output);
    return status;
}
