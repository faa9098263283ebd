/* The table of a batch as CSV: RFC 4180, UTF-8, \n at the end of lines. */
#ifndef BW_CLI_TABLE_H
#define BW_CLI_TABLE_H

#include "core/text.h"

typedef struct bw_table {
    bw_text text;
    int classes;
} bw_table;

/* The first line. */
bw_status bw_table_begin(bw_context *ctx, const bw_model *model, bw_table *table);
/* One row. report: what the fractions are from; NULL leaves them empty. */
bw_status bw_table_add(bw_table *table, const char *file, const char *status, double seconds,
                       const bw_predict_report *report, const char *message);
/* Written beside `path` and renamed. */
bw_status bw_table_write(bw_context *ctx, const bw_table *table, const char *path);
void bw_table_free(bw_table *table);

#endif
