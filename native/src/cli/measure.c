/* measure: the objects of a label image, as a table. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/common.h"
#include "core/status.h"

const bw_cli_option bw_cli_measure_options[] = {
    {"labels", "FILE",
     "label image (TIFF or OME-Zarr), 0 is background; a mask of 0 and 255 is taken apart into its parts", 0, 0},
    {"image", "FILE", "image of the same size, for intensities", 0, 0},
    {"probabilities", "FILE", "probabilities of the same size, for mean probabilities", 0, 0},
    {"measures", "LIST", "measures and groups of them, separated by commas; default all ('--list' tells)", 0, 0},
    {"csv", "FILE", "table to write", 0, 0},
    {"list", NULL, "tell which measures there are, with their units and definitions", 0, 0},
    {"spacing", "Z,Y,X", "voxel size in the file's unit, replaces its calibration", 0, 0},
    OPTION_THREADS,
    OPTION_MEMORY,
    OPTIONS_END,
};

/* ---- the list ---------------------------------------------------------------------------------------------------- */

static const char *images_of(const bw_measure_row *row) {
    return row->in_2d && row->in_3d ? "2D, 3D" : row->in_2d ? "2D" : "3D";
}

/* The definition in lines of at most 118 characters, indented. */
static void print_definition(const char *text) {
    enum { WIDTH = 110 };
    while (*text) {
        size_t length = strlen(text);
        if (length > WIDTH)
            for (length = WIDTH; length > 1 && text[length] != ' ';)
                length--;
        printf("        %.*s\n", (int)length, text);
        text += length;
        while (*text == ' ')
            text++;
    }
}

static int print_list(void) {
    static const char *const sources[] = {"", ", per channel of --image", ", per channel of --probabilities"};
    const char *group = "";
    for (int i = 0; i < bw_measure_row_count(); i++) {
        const bw_measure_row *row = bw_measure_row_get(i);
        if (strcmp(group, row->group) != 0) printf("%s%s:\n", i ? "\n" : "", row->group);
        group = row->group;
        printf("    %s%s%s%s (%s%s)\n", row->id, *row->unit ? " [" : "", row->unit, *row->unit ? "]" : "",
               images_of(row), sources[row->per_channel]);
        print_definition(row->definition);
    }
    return BW_EXIT_DONE;
}

/* ---- measuring --------------------------------------------------------------------------------------------------- */

typedef struct bw_measuring {
    bw_image *labels, *image, *probabilities;
    bw_objects *objects;
    bw_measurements *table;
} bw_measuring;

static bw_status open_image(const bw_cli_call *call, const char *option, bw_image **out) {
    const char *path = bw_cli_text(call, option);
    return path ? bw_image_open_file(call->ctx, path, out) : BW_OK;
}

static bw_status measure(const bw_cli_call *call, const double *spacing, bw_measuring *m) {
    bw_context *ctx = call->ctx;
    BW_TRY(open_image(call, "labels", &m->labels));
    BW_TRY(open_image(call, "image", &m->image));
    BW_TRY(open_image(call, "probabilities", &m->probabilities));
    BW_TRY(bw_cli_find_objects(call, m->labels, &m->objects));
    BW_TRY(bw_objects_measure(ctx, m->objects, m->image, m->probabilities, bw_cli_text(call, "measures"), spacing,
                              &m->table));
    BW_TRY(bw_measurements_write(ctx, m->table, bw_cli_text(call, "csv")));
    printf("Wrote %" PRId64 " objects with %d measures to %s\n", bw_measurements_rows(m->table),
           bw_measurements_columns(m->table), bw_cli_text(call, "csv"));
    return BW_OK;
}

int bw_cli_run_measure(bw_cli_call *call) {
    double spacing[3];
    int given;
    bw_measuring m = {NULL, NULL, NULL, NULL, NULL};
    if (bw_cli_get(call, "list")->count) return print_list();
    if (!bw_cli_text(call, "labels") || !bw_cli_text(call, "csv"))
        return bw_cli_usage(call, "Give --labels and --csv, or --list.");
    RUN(bw_cli_spacing(call, spacing, &given));
    RUN(bw_cli_set_resources(call));
    RUN(bw_cli_output(call, "csv", (const char *const[]){"labels", "image", "probabilities", NULL}));
    const bw_status status = measure(call, given ? spacing : NULL, &m);
    bw_measurements_free(m.table);
    bw_objects_free(m.objects);
    bw_image_free(m.probabilities);
    bw_image_free(m.image);
    bw_image_free(m.labels);
    return bw_cli_code(status);
}
