/* Mean, variance, minimum and maximum over a ball. A ball is a stack of rows; the runs of every half width around a
 * source row's pixels grow from one another, and each joins the output rows whose ball has that run there. An output
 * pixel meets its rows in a fixed order, wherever its tile lies. */
#include <math.h>
#include <string.h>

#include "features/rows.h"
#include "features/window.h"

/* What distinguishes the four: which runs, and what a finished row becomes. */
typedef struct reduction {
    bw_precision precision;
    int sums; /* images that are gathered: 1, or 2 with the squares */
    float start;
    bw_run_kind run;
    void (*finish)(const bw_window_ops *ops, float *out, const void *const *sums, double count, int64_t n);
} reduction;

typedef struct scan_room {
    bw_ball_row *rows;
    void **targets;
    int64_t *end;
    void *source, *squares; /* rows with the ball's reach at both ends */
    char *sums[2];          /* dense over the output box, rows padded to blocks */
    float *out;
    int64_t row_count, row_bytes, image_bytes; /* of a sum */
} scan_room;

static int64_t lay_out(const reduction *what, const bw_step *step, const bw_box *out, scan_room *room, char *base) {
    bw_rooms rooms = {base, 0};
    const int64_t size = bw_element_size(what->precision);
    const int64_t padded = bw_window_padded(bw_box_extent(out, 0)), most = bw_ball_rows_most(step);
    room->row_bytes = padded * size;
    room->image_bytes = room->row_bytes * bw_box_extent(out, 1) * bw_box_extent(out, 2);
    room->rows = bw_room(&rooms, most, sizeof *room->rows);
    room->targets = bw_room(&rooms, most, sizeof *room->targets);
    room->end = bw_room(&rooms, step->reach[0] + 1, sizeof *room->end);
    room->source = bw_room(&rooms, padded + 2 * step->reach[0], size);
    room->squares = bw_room(&rooms, what->sums > 1 ? padded + 2 * step->reach[0] : 0, size);
    for (int s = 0; s < 2; s++)
        room->sums[s] = bw_room(&rooms, s < what->sums ? room->image_bytes : 0, 1);
    room->out = bw_room(&rooms, padded, sizeof(float));
    return rooms.used;
}

static void set_start(const reduction *what, const scan_room *room) {
    for (int s = 0; s < what->sums; s++)
        if (what->precision == BW_DOUBLE)
            memset(room->sums[s], 0, (size_t)room->image_bytes);
        else
            for (int64_t i = 0; i < room->image_bytes / (int64_t)sizeof(float); i++)
                ((float *)room->sums[s])[i] = what->start;
}

/* Where the runs of source row (y, z) go. */
static void set_targets(const bw_step_call *call, const scan_room *room, int64_t y, int64_t z, char *sums,
                        bw_scan *scan) {
    const bw_box *box = &call->out[0].box;
    int64_t count = 0, k = 0;
    scan->halves = 0;
    for (int64_t half = 0; half <= call->step->reach[0]; half++) {
        for (; k < room->row_count && room->rows[k].half == half; k++) {
            const int64_t to_y = y - room->rows[k].y - box->lo[1], to_z = z - room->rows[k].z - box->lo[2];
            if (to_y < 0 || to_y >= bw_box_extent(box, 1) || to_z < 0 || to_z >= bw_box_extent(box, 2)) continue;
            room->targets[count++] = sums + (to_z * bw_box_extent(box, 1) + to_y) * room->row_bytes;
            scan->halves = half + 1;
        }
        room->end[half] = count;
    }
    scan->end = room->end;
    scan->targets = room->targets;
}

static void scan_row(const bw_step_call *call, const reduction *what, const scan_room *room, int64_t y, int64_t z) {
    const bw_window_ops *ops = bw_window_ops_get(call->level);
    const bw_box *box = &call->out[0].box;
    const int64_t reach = call->step->reach[0], n = bw_box_extent(box, 0), wide = n + 2 * reach;
    const int64_t size = bw_element_size(what->precision);
    const int64_t at[3] = {box->lo[0] - reach, y, z};
    void *const rows[2] = {room->source, room->squares};
    bw_scan scan;
    bw_window_row(call, 0, at, wide, room->source, what->precision);
    if (what->sums > 1) ops->square(room->squares, room->source, wide);
    for (int s = 0; s < what->sums; s++) {
        set_targets(call, room, y, z, room->sums[s], &scan);
        ops->scan[what->run]((char *)rows[s] + reach * size, &scan, n);
    }
}

static bw_status reduce(bw_context *ctx, const bw_step_call *call, const reduction *what) {
    const bw_box *box = &call->out[0].box;
    const bw_window_ops *ops = bw_window_ops_get(call->level);
    const int64_t n = bw_box_extent(box, 0), *reach = call->step->reach;
    const double count = (double)bw_ball_count(call->step);
    scan_room room;
    const int64_t used = lay_out(what, call->step, box, &room, call->scratch);
    memset(room.source, 0, (size_t)((char *)call->scratch + used - (char *)room.source));
    room.row_count = bw_ball_rows(call->step, room.rows);
    set_start(what, &room);
    for (int64_t z = box->lo[2] - reach[2]; z < box->hi[2] + reach[2]; z++)
        for (int64_t y = box->lo[1] - reach[1]; y < box->hi[1] + reach[1]; y++) {
            BW_TRY(bw_check(ctx));
            scan_row(call, what, &room, y, z);
        }
    int64_t at = 0;
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++)
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++, at += room.row_bytes) {
            const void *const sums[2] = {room.sums[0] + at, room.sums[1] + at};
            what->finish(ops, bw_view_at(&call->out[0], box->lo[0], y, z), sums, count, n);
        }
    return BW_OK;
}

static void finish_mean(const bw_window_ops *ops, float *out, const void *const *sums, double count, int64_t n) {
    ops->mean(out, sums[0], count, n);
}

static void finish_variance(const bw_window_ops *ops, float *out, const void *const *sums, double count, int64_t n) {
    ops->variance(out, sums[0], sums[1], count, n);
}

static void finish_extreme(const bw_window_ops *ops, float *out, const void *const *sums, double count, int64_t n) {
    (void)ops;
    (void)count;
    memcpy(out, sums[0], (size_t)n * sizeof(float));
}

static double scan_cost(const bw_step *step, const bw_kernel *kernel) {
    (void)kernel;
    return 2 * (double)bw_ball_rows_most(step) * 0.8 + 4 * (double)step->reach[0] + 4;
}

static double variance_cost(const bw_step *step, const bw_kernel *kernel) {
    return 2 * scan_cost(step, kernel);
}

#define DEFINE_REDUCTION(name, precision, sums, start, run, finish, cost)                                              \
    static const reduction name##_reduction = {precision, sums, start, run, finish};                                   \
    static bw_status run_##name(bw_context *ctx, const bw_step_call *call) {                                           \
        return reduce(ctx, call, &name##_reduction);                                                                   \
    }                                                                                                                  \
    static int64_t name##_scratch(const bw_step *step, const bw_box *out) {                                            \
        scan_room room;                                                                                                \
        return lay_out(&name##_reduction, step, out, &room, NULL);                                                     \
    }                                                                                                                  \
    static const bw_step_kind name##_kind = {#name, run_##name, name##_scratch, cost};

DEFINE_REDUCTION(mean, BW_DOUBLE, 1, 0, BW_RUN_SUM, finish_mean, scan_cost)
DEFINE_REDUCTION(variance, BW_DOUBLE, 2, 0, BW_RUN_SUM, finish_variance, variance_cost)
DEFINE_REDUCTION(minimum, BW_SINGLE, 1, INFINITY, BW_RUN_MINIMUM, finish_extreme, scan_cost)
DEFINE_REDUCTION(maximum, BW_SINGLE, 1, -INFINITY, BW_RUN_MAXIMUM, finish_extreme, scan_cost)

void bw_build_mean(bw_builder *b, int out[BW_MAX_OUTPUTS]) {
    out[0] = bw_ball_step(b, &mean_kind, bw_window_source(b));
}

/* From the levelled image: the difference of two sums would lose the structure on a large offset. */
void bw_build_variance(bw_builder *b, int out[BW_MAX_OUTPUTS]) {
    out[0] = bw_ball_step(b, &variance_kind, bw_build_source(b, b->channel, BW_SOURCE_LEVELLED, BW_DOUBLE));
}

void bw_build_minimum(bw_builder *b, int out[BW_MAX_OUTPUTS]) {
    out[0] = bw_ball_step(b, &minimum_kind, bw_window_source(b));
}

void bw_build_maximum(bw_builder *b, int out[BW_MAX_OUTPUTS]) {
    out[0] = bw_ball_step(b, &maximum_kind, bw_window_source(b));
}
