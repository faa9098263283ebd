/* The inside of bw_object_model and its trainer, for the object_*.c files of this folder. */
#ifndef BW_PIPELINE_OBJECT_MODEL_H
#define BW_PIPELINE_OBJECT_MODEL_H

#include "core/bytes.h"
#include "core/text.h"
#include "forest/forest.h"

enum { BW_MOST_COLUMNS = 4096, BW_LONGEST_COLUMN = 64, BW_LONGEST_UNIT = 64 };

/* A column of tables that the forest sees as a feature. */
typedef struct bw_object_column {
    char id[BW_LONGEST_COLUMN], unit[BW_LONGEST_UNIT]; /* as bw_measurements_id and bw_measurements_unit give them */
    float median; /* of the examples: stands for values that are not defined; 0 when none was */
    double gini;
} bw_object_column;

struct bw_object_model {
    char engine[32]; /* version that trained it */
    int classes, columns;
    bw_class_info *class_info;
    int64_t *examples; /* per class */
    bw_object_column *column;
    char *measures; /* of the columns, each once, separated by commas */
    bw_forest_options options;
    bw_assessment *out_of_bag;
    bw_forest *forest;
};

/* Everything else is filled in by the caller. */
bw_status bw_object_model_create(bw_context *ctx, int classes, int columns, bw_object_model **out);
/* Works out `measures` when all columns have their ids. */
bw_status bw_object_model_list(bw_context *ctx, bw_object_model *model);

/* Where the columns are in a table: BW_ERROR_MISMATCH, naming them, for those that are missing or have another unit. */
bw_status bw_object_columns_find(bw_context *ctx, const bw_object_column *columns, int count,
                                 const bw_measurements *table, int *places);
/* A value as the forest takes it: NAN when it is not finite, cut to what float32 holds. */
float bw_object_value(double value);

/* For tests and fuzzing: the file's bytes. */
bw_status bw_object_model_read_memory(bw_context *ctx, const uint8_t *data, uint64_t size, const char *name,
                                      bw_object_model **out);
bw_status bw_object_model_put(bw_writer *w, const bw_object_model *model);

#endif
