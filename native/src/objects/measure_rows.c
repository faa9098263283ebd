/* The table of measures, and which of them make the columns of a table. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/math.h"
#include "core/text.h"
#include "objects/measure.h"

/* ---- what the rows' expressions call ------------------------------------------------------------------------------
 */

/* Of one slice, the area. */
static double bw_volume(const bw_shape *s, const bw_measure_grid *g) {
    return (double)s->voxels * g->spacing[0] * g->spacing[1] * (g->flat ? 1 : g->spacing[2]);
}

static double bw_at_most_one(double value) {
    return value > 1 ? 1 : value;
}

/* axis 0 = major, 1 = minor. */
static double bw_ellipse(const bw_shape *s, const bw_measure_grid *g, int axis) {
    return sqrt(4 / BW_PI * bw_volume(s, g) * sqrt(s->variance[axis] / s->variance[1 - axis]));
}

static double bw_touches_border(const bw_shape *s, const bw_measure_grid *g) {
    int touches = 0;
    for (int axis = 0; axis < (g->flat ? 2 : 3); axis++)
        touches |= s->lo[axis] == 0 || s->hi[axis] == g->size[axis];
    return touches;
}

static double bw_deviation(const bw_values *v) {
    if (!v->count) return NAN;
    return v->count > 1 ? sqrt(v->squares / (double)(v->count - 1)) : 0;
}

static double bw_mass_centre(const bw_shape *s, const bw_values *v, const bw_measure_grid *g, int axis) {
    if (v->sum == 0) return NAN;
    return (v->weighted[axis] / v->sum + (double)s->lo[axis] + 0.5) * g->spacing[axis];
}

/* ---- the rows ---------------------------------------------------------------------------------------------------- */

enum { IMAGE = 1, PROBABILITIES = 2 };

#define BW_MEASURE(id, group, label, unit, definition, in_2d, in_3d, per_channel, needs, value)                        \
    static double value_of_##id(const bw_shape *s, const bw_values *v, const bw_measure_grid *g) {                     \
        (void)s, (void)v, (void)g;                                                                                     \
        return value;                                                                                                  \
    }
#include "objects/measures.def"
#undef BW_MEASURE

#define BW_MEASURE(id, group, label, unit, definition, in_2d, in_3d, per_channel, needs, value)                        \
    {{#id, group, label, unit, definition, in_2d, in_3d, per_channel}, needs, value_of_##id},
static const bw_measure_def defs[] = {
#include "objects/measures.def"
};
#undef BW_MEASURE

enum { DEFS = sizeof defs / sizeof *defs };

const bw_measure_def *bw_measure_def_get(int index) {
    return index >= 0 && index < DEFS ? &defs[index] : NULL;
}

int bw_measure_row_count(void) {
    return DEFS;
}

const bw_measure_row *bw_measure_row_get(int index) {
    const bw_measure_def *def = bw_measure_def_get(index);
    return def ? &def->row : NULL;
}

/* ---- the columns of a table -------------------------------------------------------------------------------------- */

typedef struct bw_selection {
    bw_context *ctx;
    const bw_measure_grid *grid;
    const bw_image *image[3]; /* by per_channel; [0] is NULL */
    uint8_t chosen[DEFS][BW_MAX_CLASSES];
} bw_selection;

/* Columns that a row has, 0 = it cannot be measured here. */
static int column_count(const bw_selection *selection, const bw_measure_row *row) {
    if (!(selection->grid->flat ? row->in_2d : row->in_3d)) return 0;
    if (!row->per_channel) return 1;
    const bw_image *image = selection->image[row->per_channel];
    return image ? bw_image_get_info(image)->channels : 0;
}

static void choose(bw_selection *selection, int index, int channel) {
    const int columns = column_count(selection, &defs[index].row);
    for (int k = 0; k < columns; k++)
        if (channel < 0 || channel == k) selection->chosen[index][k] = 1;
}

/* Why none of the rows that have this name can be measured. */
static bw_status refuse(const bw_selection *selection, const bw_measure_row *row, const char *name, int channel) {
    bw_context *ctx = selection->ctx;
    const int flat = selection->grid->flat;
    if (!row)
        return bw_fail(ctx, BW_ERROR_ARGUMENT,
                       "There is no measure and no group of measures \"%s\". Groups are size, centroid, box, boundary, "
                       "feret, ellipse, shape, surroundings, intensity, mass and probability.",
                       name);
    if (!(flat ? row->in_2d : row->in_3d))
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "The measure %s is there for %s alone, and this image is %s.", name,
                       flat ? "stacks" : "single slices", flat ? "a single slice" : "a stack");
    if (row->per_channel && !selection->image[row->per_channel])
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "The measure %s needs %s, which were not given.", name,
                       row->per_channel == IMAGE ? "an image's pixels" : "the probabilities of the classes");
    return bw_fail(ctx, BW_ERROR_ARGUMENT, "There is no channel %d for the measure %s; there are %d.", channel + 1,
                   name, column_count(selection, row));
}

/* name: an id or a group; channel: -1 = all. */
static bw_status choose_name(bw_selection *selection, const char *name, int channel) {
    const bw_measure_row *last = NULL;
    int found = 0;
    for (int i = 0; i < DEFS; i++) {
        const bw_measure_row *row = &defs[i].row;
        if (strcmp(row->id, name) != 0 && strcmp(row->group, name) != 0) continue;
        const int columns = column_count(selection, row);
        const int there = channel < columns && (channel < 0 || row->per_channel);
        if (there) choose(selection, i, channel);
        found |= columns > 0 && there;
        last = row;
    }
    return found ? BW_OK : refuse(selection, last, name, channel);
}

/* One entry of the list, "mean" or "mean:2". */
static bw_status choose_entry(bw_selection *selection, const char *text, size_t size) {
    char name[64];
    int channel = -1;
    while (size && *text == ' ')
        text++, size--;
    while (size && text[size - 1] == ' ')
        size--;
    if (size >= sizeof name)
        return bw_fail(selection->ctx, BW_ERROR_ARGUMENT, "There is no measure with a name of %d letters.", (int)size);
    memcpy(name, text, size);
    name[size] = 0;
    char *colon = strchr(name, ':');
    if (colon) {
        const char *end;
        double number;
        *colon = 0;
        if (!bw_number_parse(colon + 1, &end, &number) || *end || !(number >= 1 && number <= BW_MAX_CLASSES) ||
            number != floor(number))
            return bw_fail(selection->ctx, BW_ERROR_ARGUMENT,
                           "What follows %s: must be the number of a channel, from 1, not \"%s\".", name, colon + 1);
        channel = (int)number - 1;
    }
    return choose_name(selection, name, channel);
}

static bw_status choose_list(bw_selection *selection, const char *measures) {
    if (!measures || !*measures) {
        for (int i = 0; i < DEFS; i++)
            choose(selection, i, -1);
        return BW_OK;
    }
    for (const char *at = measures;; at++) {
        const size_t size = strcspn(at, ",");
        BW_TRY(choose_entry(selection, at, size));
        at += size;
        if (!*at) return BW_OK;
    }
}

static void write_unit(char *out, size_t size, const char *kind, const char *unit) {
    const char *power = strchr(kind, '^');
    if (!strncmp(kind, "unit", 4))
        snprintf(out, size, "%s%s", unit, power ? power : "");
    else
        snprintf(out, size, "%s", strcmp(kind, "value") ? kind : "");
}

/* Channels are told apart where there are several. */
static bw_status name_column(const bw_selection *selection, bw_measure_column *column) {
    const bw_measure_row *row = &column->def->row;
    const bw_image *image = selection->image[row->per_channel];
    bw_text id, heading;
    bw_text_init(&id, selection->ctx);
    bw_text_init(&heading, selection->ctx);
    bw_text_add(&id, "%s", row->id);
    bw_text_add(&heading, "%s", row->label);
    if (image && bw_image_get_info(image)->channels > 1) {
        const char *name = bw_image_channel_name(image, column->channel);
        bw_text_add(&id, ":%d", column->channel + 1);
        if (*name)
            bw_text_add(&heading, ": %s", name);
        else
            bw_text_add(&heading, " (channel %d)", column->channel + 1);
    }
    bw_text_take(&id, &column->id);
    bw_text_take(&heading, &column->heading);
    bw_text_free(&id);
    bw_text_free(&heading);
    return bw_context_status(selection->ctx);
}

static bw_status make_columns(const bw_selection *selection, const char *unit, bw_measurements *table) {
    int columns = 0;
    for (int i = 0; i < DEFS; i++)
        for (int k = 0; k < BW_MAX_CLASSES; k++)
            columns += selection->chosen[i][k];
    table->column = bw_calloc(selection->ctx, (uint64_t)columns, sizeof *table->column, "columns of measures");
    if (!table->column) return BW_ERROR_MEMORY;
    for (int i = 0; i < DEFS; i++)
        for (int k = 0; k < BW_MAX_CLASSES; k++) {
            if (!selection->chosen[i][k]) continue;
            bw_measure_column *column = table->column + table->columns++;
            column->def = &defs[i];
            column->channel = k;
            write_unit(column->unit, sizeof column->unit, defs[i].row.unit, unit);
            BW_TRY(name_column(selection, column));
        }
    return BW_OK;
}

bw_status bw_measure_select(bw_context *ctx, const char *measures, const bw_measure_grid *grid, const bw_image *image,
                            const bw_image *probabilities, const char *unit, bw_measurements *table) {
    bw_selection *selection = bw_calloc(ctx, 1, sizeof *selection, "a choice of measures");
    if (!selection) return BW_ERROR_MEMORY;
    selection->ctx = ctx;
    selection->grid = grid;
    selection->image[IMAGE] = image;
    selection->image[PROBABILITIES] = probabilities;
    bw_status status = choose_list(selection, measures);
    if (status == BW_OK) status = make_columns(selection, unit, table);
    bw_free(selection);
    return status;
}
