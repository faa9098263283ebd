/* Pieces of descriptions that models and assessments share. */
#ifndef BW_MODEL_DESCRIBE_H
#define BW_MODEL_DESCRIBE_H

#include "core/text.h"
#include "model/model.h"

enum { BW_NUMBER_ROOM = 32 };

/* Decimals without the locale, rounded half up; "-" for NAN. */
const char *bw_describe_fixed(char text[BW_NUMBER_ROOM], double value, int decimals);
/* "97.31 %"; "-" for NAN. */
const char *bw_describe_percent(char text[BW_NUMBER_ROOM], double fraction);
/* Adds the text and spaces up to `width` characters (not bytes), at least one. */
bw_status bw_describe_padded(bw_text *t, const char *utf8, int width);

/* A separator, the key in quotes and a colon. */
bw_status bw_json_key(bw_text *t, const char *separator, const char *key);
bw_status bw_json_int(bw_text *t, const char *separator, const char *key, int64_t value);
bw_status bw_json_string(bw_text *t, const char *separator, const char *key, const char *value);
bw_status bw_json_bool(bw_text *t, const char *separator, const char *key, int value);
/* null for NAN. */
bw_status bw_json_number(bw_text *t, const char *separator, const char *key, double value);
bw_status bw_json_counts(bw_text *t, const int64_t *counts, int n);

/* A cell, quoted where it must be (RFC 4180), behind a comma. */
bw_status bw_csv_text(bw_text *t, const char *utf8);
/* An empty cell for NAN. */
bw_status bw_csv_number(bw_text *t, double value);

/* The cells labelled, predicted, hits, precision, recall, f1, iou, and the end of the row. */
bw_status bw_csv_class_score(bw_text *t, const bw_class_score *score);

/* Where class names come from; model NULL = "class N". */
const char *bw_describe_class(const bw_model *names, int index, char room[BW_NUMBER_ROOM]);
/* Tables of classes and confusions. */
bw_status bw_assessment_tables(bw_text *t, const bw_assessment *assessment, const bw_model *names);
bw_status bw_assessment_json(bw_text *t, const bw_assessment *assessment, const bw_model *names);
/* prefix: before the names of the tables. */
bw_status bw_assessment_csv(bw_text *t, const bw_assessment *assessment, const bw_model *names, const char *prefix);

/* "strokes" and so on; NULL for BW_HOLDOUT_NONE. */
const char *bw_describe_holdout(bw_holdout_kind kind);
const char *bw_describe_balance(bw_balance balance);

bw_status bw_model_json(bw_text *t, const bw_model *model);
bw_status bw_model_csv(bw_text *t, const bw_model *model);

#endif
