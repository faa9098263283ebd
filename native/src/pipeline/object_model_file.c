/* .brushwood-objects files (model/FORMAT.md). */
#include <float.h>
#include <string.h>

#include "core/alloc.h"
#include "model/container.h"
#include "model/model.h"
#include "pipeline/object_model.h"

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static bw_status put_classes(bw_writer *w, const bw_object_model *model) {
    for (int k = 0; k < model->classes; k++) {
        BW_TRY(bw_put_string(w, model->class_info[k].name));
        BW_TRY(bw_put_u32(w, model->class_info[k].colour));
    }
    return bw_put_counts(w, model->examples, model->classes);
}

static bw_status put_columns(bw_writer *w, const bw_object_model *model) {
    for (int c = 0; c < model->columns; c++) {
        BW_TRY(bw_put_string(w, model->column[c].id));
        BW_TRY(bw_put_string(w, model->column[c].unit));
        BW_TRY(bw_put_f32(w, model->column[c].median));
        BW_TRY(bw_put_f64(w, model->column[c].gini));
    }
    return BW_OK;
}

static bw_status put_payload(bw_writer *w, const bw_object_model *model) {
    BW_TRY(bw_put_string(w, model->engine));
    BW_TRY(bw_put_u16(w, (uint16_t)model->classes));
    BW_TRY(bw_put_u32(w, (uint32_t)model->columns));
    BW_TRY(put_classes(w, model));
    BW_TRY(put_columns(w, model));
    BW_TRY(bw_forest_options_put(w, &model->options, model->classes));
    BW_TRY(bw_assessment_put(w, model->out_of_bag));
    return bw_forest_put(w, model->forest);
}

bw_status bw_object_model_put(bw_writer *w, const bw_object_model *model) {
    bw_writer payload;
    bw_writer_init(&payload, w->ctx);
    bw_status status = put_payload(&payload, model);
    if (status == BW_OK) status = bw_container_put(w, BW_CONTAINER_OBJECTS, &payload);
    bw_writer_free(&payload);
    return status;
}

bw_status bw_object_model_write(bw_context *ctx, const bw_object_model *model, const char *path) {
    bw_writer w;
    BW_TRY(bw_check(ctx));
    bw_writer_init(&w, ctx);
    bw_status status = bw_object_model_put(&w, model);
    if (status == BW_OK) status = bw_container_store(ctx, path, &w);
    bw_writer_free(&w);
    return status;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static void get_classes(bw_reader *r, bw_object_model *model) {
    for (int k = 0; k < model->classes; k++) {
        bw_get_string(r, model->class_info[k].name, sizeof model->class_info[k].name);
        model->class_info[k].colour = (uint32_t)bw_get_within(r, bw_get_u32(r), 0, 0xffffff);
    }
    bw_get_counts(r, model->examples, model->classes);
}

/* Letters, digits and "_", and behind a colon the channel: ids end up in lists separated by commas. */
static int is_id(const char *id) {
    static const char row[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    const size_t length = strspn(id, row);
    if (!length || !id[length]) return length > 0;
    const size_t channel = strspn(id + length + 1, "0123456789");
    return id[length] == ':' && channel && !id[length + 1 + channel];
}

static int is_known(const bw_object_model *model, int column) {
    for (int i = 0; i < column; i++)
        if (!strcmp(model->column[i].id, model->column[column].id)) return 1;
    return 0;
}

static void get_columns(bw_reader *r, bw_object_model *model) {
    for (int c = 0; c < model->columns && !r->failed; c++) {
        bw_object_column *column = &model->column[c];
        bw_get_string(r, column->id, sizeof column->id);
        bw_get_string(r, column->unit, sizeof column->unit);
        column->median = bw_get_f32(r);
        column->gini = bw_get_number(r, 0, 1 + 1e-9);
        if (!(column->median >= -FLT_MAX && column->median <= FLT_MAX)) r->failed = 1;
        if (!is_id(column->id) || is_known(model, c)) r->failed = 1;
    }
}

static bw_status get_forest(bw_context *ctx, bw_reader *r, const char *name, bw_object_model *model) {
    BW_TRY(bw_assessment_get(ctx, r, &model->out_of_bag));
    if (bw_assessment_classes(model->out_of_bag) != model->classes)
        return bw_container_damaged(ctx, name, "the assessment does not belong to the classes");
    BW_TRY(bw_forest_get(ctx, r, &model->forest));
    if (bw_forest_classes(model->forest) != model->classes || bw_forest_features(model->forest) != model->columns ||
        bw_forest_trees(model->forest) != model->options.trees)
        return bw_container_damaged(ctx, name, "the forest does not belong to the measures");
    return bw_reader_left(r) ? bw_container_damaged(ctx, name, "bytes after the end") : BW_OK;
}

static bw_status get_body(bw_context *ctx, bw_reader *r, const char *name, bw_object_model *model) {
    get_classes(r, model);
    if (r->failed) return bw_container_damaged(ctx, name, "classes");
    get_columns(r, model);
    if (r->failed) return bw_container_damaged(ctx, name, "measures");
    BW_TRY(bw_object_model_list(ctx, model));
    bw_forest_options_get(r, BW_MODEL_VERSION, model->classes, &model->options);
    if (r->failed) return bw_container_damaged(ctx, name, "options");
    return get_forest(ctx, r, name, model);
}

static bw_status get_model(bw_context *ctx, bw_reader *r, const char *name, bw_object_model **out) {
    enum { CLASS_BYTES = 16, COLUMN_BYTES = 20 }; /* at least */
    char engine[32];
    bw_get_string(r, engine, sizeof engine);
    const int classes = (int)bw_get_within(r, bw_get_u16(r), 2, BW_MAX_CLASSES);
    const int columns = (int)bw_get_within(r, bw_get_u32(r), 1, BW_MOST_COLUMNS);
    if (r->failed || bw_reader_left(r) < (uint64_t)(classes * CLASS_BYTES + columns * COLUMN_BYTES))
        return bw_container_damaged(ctx, name, "classes");
    BW_TRY(bw_object_model_create(ctx, classes, columns, out));
    memcpy((*out)->engine, engine, sizeof engine);
    const bw_status status = get_body(ctx, r, name, *out);
    if (status == BW_OK) return BW_OK;
    bw_object_model_free(*out);
    *out = NULL;
    return status;
}

bw_status bw_object_model_read_memory(bw_context *ctx, const uint8_t *data, uint64_t size, const char *name,
                                      bw_object_model **out) {
    bw_reader r;
    int version;
    *out = NULL;
    bw_reader_init(&r, data, size);
    BW_TRY(bw_container_open(ctx, &r, BW_CONTAINER_OBJECTS, name, &version));
    return get_model(ctx, &r, name, out);
}

bw_status bw_object_model_read(bw_context *ctx, const char *path, bw_object_model **out) {
    uint8_t *data;
    uint64_t size;
    *out = NULL;
    BW_TRY(bw_container_load(ctx, path, &data, &size));
    bw_status status = bw_object_model_read_memory(ctx, data, size, path, out);
    bw_free(data);
    return status;
}
