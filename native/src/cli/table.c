#include "cli/table.h"

#include <errno.h>

#include "core/csv.h"
#include "core/file.h"

bw_status bw_table_begin(bw_context *ctx, const bw_model *model, bw_table *table) {
    bw_text *t = &table->text;
    bw_text_init(t, ctx);
    table->classes = bw_model_class_count(model);
    BW_TRY(bw_text_add(t, "file,status,seconds,"));
    for (int k = 0; k < table->classes; k++) {
        BW_TRY(bw_csv_cell(t, bw_model_class(model, k)->name, " fraction"));
        BW_TRY(bw_text_add(t, ","));
    }
    return bw_text_add(t, "message\n");
}

bw_status bw_table_add(bw_table *table, const char *file, const char *status, double seconds,
                       const bw_predict_report *report, const char *message) {
    bw_text *t = &table->text;
    int64_t all = 0;
    for (int k = 0; report && k < table->classes; k++)
        all += report->class_pixels[k];
    BW_TRY(bw_csv_cell(t, file, ""));
    BW_TRY(bw_text_add(t, ",%s,%.3f,", status, seconds));
    for (int k = 0; k < table->classes; k++) {
        if (all) BW_TRY(bw_text_add(t, "%.6f", (double)report->class_pixels[k] / (double)all));
        BW_TRY(bw_text_add(t, ","));
    }
    BW_TRY(bw_csv_cell(t, message, ""));
    return bw_text_add(t, "\n");
}

static bw_status write_whole(bw_context *ctx, const bw_text *text, const bw_output *output) {
    FILE *file;
    BW_TRY(bw_file_open(ctx, output->temporary, "wb", &file));
    const int whole = fwrite(text->data, 1, text->size, file) == text->size, reason = errno;
    if (!fclose(file) && whole) return BW_OK;
    return bw_output_failed(ctx, output->path, whole ? errno : reason);
}

bw_status bw_table_write(bw_context *ctx, const bw_table *table, const char *path) {
    bw_output output;
    BW_TRY(bw_output_begin(ctx, path, &output));
    const bw_status status = write_whole(ctx, &table->text, &output);
    if (status == BW_OK) return bw_output_commit(ctx, &output);
    bw_output_abandon(&output);
    return status;
}

void bw_table_free(bw_table *table) {
    bw_text_free(&table->text);
}
