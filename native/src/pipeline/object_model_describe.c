/* A model of objects as a text for people, JSON or CSV. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "model/describe.h"
#include "pipeline/object_model.h"

enum { NAME_WIDTH = 24, MOST_IMPORTANT = 10, MOST_CONFUSIONS = 20, COLUMNS = 96 };

/* What assessments take the names of classes from. */
static bw_model names_of(const bw_object_model *model) {
    return (bw_model){.classes = model->classes, .class_info = model->class_info};
}

static int64_t example_count(const bw_object_model *model) {
    int64_t sum = 0;
    for (int k = 0; k < model->classes; k++)
        sum += model->examples[k];
    return sum;
}

/* Columns by falling importance, equal ones in their order; bw_free. */
typedef struct bw_ranked_column {
    int column;
    double gini;
} bw_ranked_column;

static int by_gini(const void *left, const void *right) {
    const bw_ranked_column *a = left, *b = right;
    if (a->gini != b->gini) return a->gini < b->gini ? 1 : -1;
    return a->column - b->column;
}

static bw_ranked_column *rank(bw_context *ctx, const bw_object_model *model) {
    bw_ranked_column *ranked = bw_alloc(ctx, (uint64_t)model->columns, sizeof *ranked, "a report");
    if (!ranked) return NULL;
    for (int c = 0; c < model->columns; c++)
        ranked[c] = (bw_ranked_column){c, model->column[c].gini};
    qsort(ranked, (size_t)model->columns, sizeof *ranked, by_gini);
    return ranked;
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

/* In lines. */
static bw_status text_measures(bw_text *t, const char *measures) {
    size_t column = strlen("Measures:");
    BW_TRY(bw_text_add(t, "Measures:"));
    while (*measures) {
        const size_t length = strcspn(measures, ","), more = measures[length] == ',';
        const int wraps = column + 1 + length + more > COLUMNS;
        BW_TRY(bw_text_add(t, "%s%.*s%s", wraps ? "\n  " : " ", (int)length, measures, more ? "," : ""));
        column = (wraps ? 2 : column + 1) + length + more;
        measures += length + more;
    }
    return bw_text_add(t, "\n\n");
}

static bw_status text_model(bw_text *t, const bw_object_model *model) {
    const bw_forest_options *o = &model->options;
    BW_TRY(bw_text_add(t, "Brushwood model for objects (engine %s)\n", model->engine));
    BW_TRY(bw_text_add(t, "Forest: %d trees, %lld nodes, minimum leaf %d, balance %s, seed %llu\n", o->trees,
                       (long long)bw_forest_nodes(model->forest), o->min_leaf, bw_describe_balance(o->balance),
                       (unsigned long long)o->seed));
    return text_measures(t, model->measures);
}

static bw_status text_classes(bw_text *t, const bw_object_model *model) {
    const bw_assessment *a = bw_object_model_out_of_bag(model);
    BW_TRY(bw_text_add(t, "    Class                   colour   examples%s\n",
                       a ? "  precision    recall        F1" : ""));
    for (int k = 0; k < model->classes; k++) {
        char number[3][BW_NUMBER_ROOM];
        bw_class_score s;
        BW_TRY(bw_text_add(t, "%3d ", k + 1));
        BW_TRY(bw_describe_padded(t, model->class_info[k].name, NAME_WIDTH));
        BW_TRY(bw_text_add(t, "#%06x %10lld", (unsigned)model->class_info[k].colour, (long long)model->examples[k]));
        if (a) {
            bw_assessment_class(a, k, &s);
            BW_TRY(bw_text_add(t, "  %9s %9s %9s", bw_describe_percent(number[0], s.precision),
                               bw_describe_percent(number[1], s.recall), bw_describe_percent(number[2], s.f1)));
        }
        BW_TRY(bw_text_add(t, "\n"));
    }
    return BW_OK;
}

static bw_status text_confusions(bw_text *t, const bw_object_model *model, const bw_assessment *a) {
    int listed = 0;
    for (int i = 0; i < model->classes * model->classes && listed < MOST_CONFUSIONS; i++) {
        const int truth = i / model->classes, predicted = i % model->classes;
        const int64_t n = bw_assessment_count(a, truth, predicted);
        if (truth == predicted || !n) continue;
        BW_TRY(bw_text_add(t, "%s%10lld  %s -> %s\n", listed++ ? "" : "Confused (example -> forest)\n", (long long)n,
                           model->class_info[truth].name, model->class_info[predicted].name));
    }
    return BW_OK;
}

static bw_status text_out_of_bag(bw_text *t, const bw_object_model *model) {
    const bw_assessment *a = bw_object_model_out_of_bag(model);
    char number[BW_NUMBER_ROOM];
    bw_summary s;
    if (!a)
        return bw_text_add(t, "\nOut-of-bag error: not known (%s)\n",
                           model->options.bootstrap > 0 ? "too few examples" : "every tree saw all examples");
    bw_assessment_summary(a, &s);
    BW_TRY(bw_text_add(t, "\nOut-of-bag error: %s of %lld examples\n",
                       bw_describe_percent(number, bw_assessment_error(a)), (long long)s.pixels));
    return text_confusions(t, model, a);
}

static bw_status text_importance(bw_text *t, const bw_object_model *model) {
    bw_ranked_column *ranked = rank(t->ctx, model);
    bw_status status = ranked ? BW_OK : BW_ERROR_MEMORY;
    if (status == BW_OK) status = bw_text_add(t, "\nMost important measures (share of the forest's Gini decrease)\n");
    for (int i = 0; i < model->columns && i < MOST_IMPORTANT && status == BW_OK; i++) {
        const bw_object_column *column = &model->column[ranked[i].column];
        char number[BW_NUMBER_ROOM];
        status = bw_text_add(t, "%9s  %s%s%s%s\n", bw_describe_percent(number, column->gini), column->id,
                             *column->unit ? " (" : "", column->unit, *column->unit ? ")" : "");
    }
    bw_free(ranked);
    return status;
}

static bw_status describe_text(bw_text *t, const bw_object_model *model) {
    BW_TRY(text_model(t, model));
    BW_TRY(text_classes(t, model));
    BW_TRY(text_out_of_bag(t, model));
    return text_importance(t, model);
}

/* ---- JSON and CSV ------------------------------------------------------------------------------------------------ */

static bw_status json_classes(bw_text *t, const bw_object_model *model) {
    BW_TRY(bw_json_key(t, ",\n  ", "classes"));
    for (int k = 0; k < model->classes; k++) {
        char colour[8];
        snprintf(colour, sizeof colour, "#%06x", (unsigned)(model->class_info[k].colour & 0xffffff));
        BW_TRY(bw_json_string(t, k ? ",\n    {" : "[\n    {", "name", model->class_info[k].name));
        BW_TRY(bw_json_string(t, ", ", "colour", colour));
        BW_TRY(bw_json_int(t, ", ", "examples", model->examples[k]));
        BW_TRY(bw_text_add(t, "}"));
    }
    return bw_text_add(t, "]");
}

static bw_status json_columns(bw_text *t, const bw_object_model *model) {
    BW_TRY(bw_json_key(t, ",\n  ", "columns"));
    for (int c = 0; c < model->columns; c++) {
        const bw_object_column *column = &model->column[c];
        BW_TRY(bw_json_string(t, c ? ",\n    {" : "[\n    {", "id", column->id));
        BW_TRY(bw_json_string(t, ", ", "unit", column->unit));
        BW_TRY(bw_json_number(t, ", ", "median", (double)column->median));
        BW_TRY(bw_json_number(t, ", ", "importance", column->gini));
        BW_TRY(bw_text_add(t, "}"));
    }
    return bw_text_add(t, "]");
}

static bw_status json_forest(bw_text *t, const bw_object_model *model) {
    const bw_forest_options *o = &model->options;
    BW_TRY(bw_json_key(t, ",\n  ", "forest"));
    BW_TRY(bw_json_int(t, "{", "trees", o->trees));
    BW_TRY(bw_json_int(t, ", ", "nodes", bw_forest_nodes(model->forest)));
    BW_TRY(bw_json_int(t, ", ", "mtry", o->mtry));
    BW_TRY(bw_json_int(t, ", ", "max_depth", o->max_depth));
    BW_TRY(bw_json_int(t, ", ", "min_leaf", o->min_leaf));
    BW_TRY(bw_json_number(t, ", ", "bootstrap", o->bootstrap));
    BW_TRY(bw_json_bool(t, ", ", "extra", o->extra));
    BW_TRY(bw_json_string(t, ", ", "balance", bw_describe_balance(o->balance)));
    return bw_text_add(t, ", \"seed\": %llu}", (unsigned long long)o->seed);
}

static bw_status describe_json(bw_text *t, const bw_object_model *model) {
    const bw_model names = names_of(model);
    BW_TRY(bw_json_string(t, "{\n  ", "engine", model->engine));
    BW_TRY(bw_json_int(t, ",\n  ", "format", BW_OBJECT_MODEL_VERSION));
    BW_TRY(bw_json_string(t, ",\n  ", "measures", model->measures));
    BW_TRY(json_classes(t, model));
    BW_TRY(json_columns(t, model));
    BW_TRY(json_forest(t, model));
    BW_TRY(bw_json_int(t, ",\n  ", "examples", example_count(model)));
    BW_TRY(bw_json_key(t, ",\n  ", "out_of_bag"));
    BW_TRY(bw_assessment_json(t, model->out_of_bag, &names));
    return bw_text_add(t, "\n}\n");
}

static bw_status describe_csv(bw_text *t, const bw_object_model *model) {
    const bw_model names = names_of(model);
    BW_TRY(bw_text_add(t, "table,measure,unit,median,gini\n"));
    for (int c = 0; c < model->columns; c++) {
        BW_TRY(bw_text_add(t, "importance"));
        BW_TRY(bw_csv_text(t, model->column[c].id));
        BW_TRY(bw_csv_text(t, model->column[c].unit));
        BW_TRY(bw_csv_number(t, (double)model->column[c].median));
        BW_TRY(bw_csv_number(t, model->column[c].gini));
        BW_TRY(bw_text_add(t, "\n"));
    }
    return bw_assessment_csv(t, model->out_of_bag, &names, "out_of_bag_");
}

bw_status bw_object_model_describe(bw_context *ctx, const bw_object_model *model, bw_describe_format format,
                                   char **out) {
    bw_text text;
    *out = NULL;
    BW_TRY(bw_check(ctx));
    bw_text_init(&text, ctx);
    bw_status status = format == BW_DESCRIBE_JSON  ? describe_json(&text, model)
                       : format == BW_DESCRIBE_CSV ? describe_csv(&text, model)
                                                   : describe_text(&text, model);
    if (status == BW_OK) status = bw_text_take(&text, out);
    bw_text_free(&text);
    return status;
}
