/* Measuring objects: frame by frame, object by object on all threads, then the images' values. */
#include "objects/measure.h"

#include <string.h>

#include "core/alloc.h"
#include "core/image.h"
#include "core/parallel.h"
#include "objects/channels.h"

enum { BATCH = 16 }; /* objects of a task */

typedef struct bw_measure_job {
    bw_measure_grid grid;
    const bw_objects *objects;
    const bw_image *image[3]; /* by the rows' per_channel */
    int needs;
    bw_measurements *table;
    bw_measure_scratch *scratch; /* one per thread */
    /* of the frame at work */
    int frame;
    int64_t row; /* of its first object */
    bw_object_spans spans;
    bw_shape *shapes;
} bw_measure_job;

/* ---- shapes ------------------------------------------------------------------------------------------------------ */

static bw_status measure_shape(bw_context *ctx, const bw_measure_job *job, int64_t object,
                               bw_measure_scratch *scratch) {
    const int64_t from = job->spans.first[object], count = job->spans.first[object + 1] - from;
    const bw_span *span = job->spans.span + from;
    bw_shape *shape = job->shapes + object;
    bw_shape_extent(span, count, shape);
    if (job->needs & BW_NEED_MOMENTS) bw_shape_moments(&job->grid, span, count, shape);
    if (job->needs & BW_NEED_SURFACE) bw_shape_surface(&job->grid, span, count, shape);
    if (job->needs & BW_NEED_OUTLINE) BW_TRY(bw_shape_outline(ctx, scratch, &job->grid, span, count, shape));
    if (job->needs & BW_NEED_HULL) BW_TRY(bw_shape_hull(ctx, scratch, &job->grid, span, count, shape));
    if (job->needs & BW_NEED_NEIGHBOURS)
        BW_TRY(bw_shape_neighbours(ctx, scratch, &job->objects->frames[job->frame].runs, span, count,
                                   (uint32_t)object + 1, shape));
    bw_progress_add(ctx, (double)count);
    return BW_OK;
}

static bw_status measure_batch(bw_context *ctx, void *user, int64_t batch, int thread) {
    const bw_measure_job *job = user;
    for (int64_t i = batch * BATCH; i < job->spans.count && i < (batch + 1) * BATCH; i++)
        BW_TRY(measure_shape(ctx, job, i, job->scratch + thread));
    return BW_OK;
}

static void fill_columns(const bw_measure_job *job, int per_channel, const bw_values *values, int channels) {
    for (int c = 0; c < job->table->columns; c++) {
        const bw_measure_column *column = job->table->column + c;
        if (column->def->row.per_channel != per_channel) continue;
        for (int64_t i = 0; i < job->spans.count; i++)
            column->values[job->row + i] = column->def->value(
                job->shapes + i, values ? values + i * channels + column->channel : NULL, &job->grid);
    }
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

static int needs_of(const bw_measurements *table, int per_channel) {
    int needs = 0;
    for (int c = 0; c < table->columns; c++)
        if (table->column[c].def->row.per_channel == per_channel) needs |= table->column[c].def->needs;
    return needs;
}

/* Whether a table has columns of an image's channels (1) or of probabilities (2). */
static int is_asked_for(const bw_measurements *table, int per_channel) {
    for (int c = 0; c < table->columns; c++)
        if (table->column[c].def->row.per_channel == per_channel) return 1;
    return 0;
}

static bw_status measure_values(bw_context *ctx, bw_measure_job *job, int per_channel) {
    const bw_image *image = job->image[per_channel];
    if (!image || !is_asked_for(job->table, per_channel)) return BW_OK;
    const int channels = bw_image_get_info(image)->channels,
              median = needs_of(job->table, per_channel) & BW_NEED_MEDIAN;
    const bw_pixel_type type = bw_image_get_info(image)->type;
    bw_values *values =
        bw_alloc(ctx, (uint64_t)job->spans.count * (uint64_t)channels, sizeof *values, "measured values");
    if (!values) return BW_ERROR_MEMORY;
    job->grid.scale = type == BW_UINT8 ? 1.0 / UINT8_MAX : type == BW_UINT16 ? 1.0 / UINT16_MAX : 1;
    const bw_status status = bw_values_measure(ctx, image, job->frame, &job->spans, job->shapes, median, values);
    if (status == BW_OK) fill_columns(job, per_channel, values, channels);
    bw_free(values);
    return status;
}

/* ---- frames ------------------------------------------------------------------------------------------------------ */

static void name_rows(const bw_measure_job *job) {
    for (int64_t i = 0; i < job->spans.count; i++) {
        job->table->frame[job->row + i] = job->frame;
        job->table->object[job->row + i] = bw_objects_id(job->objects, job->frame, i);
        if (job->table->classes)
            job->table->classes[job->row + i] = (uint8_t)bw_objects_class(job->objects, job->frame, i);
    }
}

static bw_status measure_objects(bw_context *ctx, bw_measure_job *job) {
    job->shapes = bw_alloc(ctx, (uint64_t)job->spans.count, sizeof *job->shapes, "measured shapes");
    if (!job->shapes) return BW_ERROR_MEMORY;
    BW_TRY(bw_parallel(ctx, (job->spans.count + BATCH - 1) / BATCH, measure_batch, job));
    fill_columns(job, 0, NULL, 0);
    BW_TRY(measure_values(ctx, job, 1));
    return measure_values(ctx, job, 2);
}

static bw_status measure_frame(bw_context *ctx, bw_measure_job *job) {
    bw_status status = bw_object_spans_build(ctx, job->objects->frames + job->frame, &job->spans);
    job->shapes = NULL;
    if (status == BW_OK) status = measure_objects(ctx, job);
    if (status == BW_OK) name_rows(job);
    job->row += job->spans.count;
    bw_free(job->shapes);
    bw_object_spans_free(&job->spans);
    return status;
}

static bw_status measure_frames(bw_context *ctx, bw_measure_job *job) {
    const bw_image_info *info = bw_objects_get_info(job->objects);
    const int threads = bw_context_threads(ctx);
    double work = 0;
    bw_status status = BW_OK;
    for (int f = 0; f < info->frames; f++)
        work += (double)job->objects->frames[f].runs.count;
    for (int k = 1; k < 3; k++)
        if (job->image[k] && is_asked_for(job->table, k))
            work += (double)info->width * (double)info->height * (double)info->depth * info->frames;
    bw_progress_begin(ctx, work);
    job->scratch = bw_calloc(ctx, (uint64_t)threads, sizeof *job->scratch, "room to measure objects");
    if (!job->scratch) return BW_ERROR_MEMORY;
    for (job->frame = 0; job->frame < info->frames && status == BW_OK; job->frame++)
        status = measure_frame(ctx, job);
    for (int i = 0; i < threads; i++)
        bw_scratch_free(job->scratch + i);
    bw_free(job->scratch);
    return status;
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

static bw_status copy_classes(bw_context *ctx, const bw_objects *objects, bw_measurements *table) {
    table->class_count = objects->class_count;
    if (!objects->class_count) return BW_OK;
    table->classes = bw_calloc(ctx, (uint64_t)table->rows, 1, "classes of objects");
    table->class_names = bw_calloc(ctx, (uint64_t)objects->class_count, sizeof(char *), "names of classes");
    if (!table->classes || !table->class_names) return BW_ERROR_MEMORY;
    for (int k = 0; k < objects->class_count; k++)
        if (!(table->class_names[k] = bw_strdup(ctx, objects->class_names[k]))) return BW_ERROR_MEMORY;
    return BW_OK;
}

static bw_status make_rows(bw_context *ctx, const bw_objects *objects, bw_measurements *table) {
    for (int f = 0; f < bw_objects_get_info(objects)->frames; f++)
        table->rows += objects->frames[f].count;
    table->frame = bw_alloc(ctx, (uint64_t)table->rows, sizeof *table->frame, "rows of measures");
    table->object = bw_alloc(ctx, (uint64_t)table->rows, sizeof *table->object, "rows of measures");
    if (!table->frame || !table->object) return BW_ERROR_MEMORY;
    for (int c = 0; c < table->columns; c++) {
        table->column[c].values = bw_alloc(ctx, (uint64_t)table->rows, sizeof(double), "rows of measures");
        if (!table->column[c].values) return BW_ERROR_MEMORY;
    }
    return copy_classes(ctx, objects, table);
}

static bw_status check_image(bw_context *ctx, const bw_objects *objects, const bw_image *image, const char *what) {
    if (!image) return BW_OK;
    const bw_image_info *own = bw_objects_get_info(objects), *info = bw_image_get_info(image);
    char one[96], other[96];
    BW_TRY(bw_image_need_pixels(ctx, image, "Measuring objects"));
    BW_TRY(bw_channels_check(ctx, image));
    if (own->width == info->width && own->height == info->height && own->depth == info->depth &&
        own->frames == info->frames)
        return BW_OK;
    bw_image_describe(info, one, sizeof one);
    bw_image_describe(own, other, sizeof other);
    const char *name = bw_image_name(image);
    return bw_fail(ctx, BW_ERROR_MISMATCH,
                   "%s%s%s (%s) has another size than the objects (%s): measure it with objects of its own.", what,
                   *name ? " " : "", name, one, other);
}

/* Lengths of spacings that no unit is known for are in "unit"s. */
static bw_status make_grid(bw_context *ctx, const bw_image_info *info, const double *spacing, bw_measure_grid *grid,
                           const char **unit) {
    *grid = (bw_measure_grid){.size = {info->width, info->height, info->depth}, .flat = info->depth == 1, .scale = 1};
    int pixels = 1;
    if (spacing) BW_TRY(bw_spacing_check(ctx, spacing));
    for (int axis = 0; axis < 3; axis++) {
        grid->spacing[axis] = spacing ? spacing[axis] : info->calibrated ? info->spacing[axis] : 1;
        pixels &= grid->spacing[axis] == 1;
    }
    const int known = *info->unit && strncmp(info->unit, "pixel", 5) != 0;
    *unit = known && (info->calibrated || spacing) ? info->unit : pixels ? "pixel" : "unit";
    return BW_OK;
}

static bw_status measure(bw_context *ctx, bw_measure_job *job, const char *measures, const double *spacing) {
    const char *unit;
    BW_TRY(make_grid(ctx, bw_objects_get_info(job->objects), spacing, &job->grid, &unit));
    BW_TRY(bw_measure_select(ctx, measures, &job->grid, job->image[1], job->image[2], unit, job->table));
    job->needs = needs_of(job->table, 0);
    if (job->needs & BW_NEED_SURFACE) bw_crofton_weights(&job->grid);
    BW_TRY(make_rows(ctx, job->objects, job->table));
    return measure_frames(ctx, job);
}

bw_status bw_objects_measure(bw_context *ctx, const bw_objects *objects, const bw_image *image,
                             const bw_image *probabilities, const char *measures, const double *spacing,
                             bw_measurements **out) {
    bw_measure_job job = {.objects = objects, .image = {NULL, image, probabilities}};
    *out = NULL;
    BW_TRY(check_image(ctx, objects, image, "The image"));
    BW_TRY(check_image(ctx, objects, probabilities, "The probability image"));
    job.table = bw_calloc(ctx, 1, sizeof *job.table, "a table of measures");
    if (!job.table) return BW_ERROR_MEMORY;
    const bw_status status = measure(ctx, &job, measures, spacing);
    if (status == BW_OK)
        *out = job.table;
    else
        bw_measurements_free(job.table);
    return status;
}
