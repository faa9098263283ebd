/* What the commands share: options, checks, reading. */
#ifndef BW_CLI_COMMON_H
#define BW_CLI_COMMON_H

#include "cli/cli.h"

/* Leaves the command with its exit code on failure or wrong usage. */
#define RUN(expr)                                                                                                      \
    do {                                                                                                               \
        int run_code = (expr);                                                                                         \
        if (run_code) return run_code;                                                                                 \
    } while (0)

#define OPTION_THREADS                                                                                                 \
    { "threads", "N", "number of threads; default: OMP_NUM_THREADS or all this process may use", 0, 0 }
#define OPTION_MEMORY                                                                                                  \
    { "memory", "MB", "memory for tiles, in megabytes; default: half of what is free", 0, 0 }
#define OPTION_SPACING                                                                                                 \
    { "spacing", "Z,Y,X", "voxel size, replaces the file's calibration; only the ratios count", 0, 0 }
#define OPTION_FEATURES                                                                                                \
    { "features", "LIST", "preset or feature list; default balanced ('brushwood --help' lists both)", 0, 0 }
#define OPTIONS_END                                                                                                    \
    { NULL, NULL, NULL, 0, 0 }

/* A context for a part of the work, with the threads and memory of `ctx`, as an error stays on a context. NULL after a
 * failure that `ctx` keeps. */
bw_context *bw_cli_child(bw_context *ctx);
/* The exit code of a status. */
int bw_cli_code(bw_status status);
/* Applies --threads and --memory. */
int bw_cli_set_resources(const bw_cli_call *call);
/* What can be told about --features and --spacing before any image is read. */
int bw_cli_check_values(const bw_cli_call *call);
/* Reads an image and applies --spacing. */
int bw_cli_read_image(const bw_cli_call *call, const char *path, bw_image **out);
/* Objects of a label image or the connected parts of a mask, with a note which are told as the latter. */
bw_status bw_cli_find_objects(const bw_cli_call *call, const bw_image *labels, bw_objects **out);
/* A recipe for images like this one: a stack gets 3D features, calibration gives the spacing. */
int bw_cli_make_recipe(const bw_cli_call *call, const bw_image *image, bw_recipe **out);
/* Options that go in pairs, as --image with --labels: as many of the one as of the other. */
int bw_cli_check_pairs(const bw_cli_call *call, const char *first, const char *second);
/* NAME or NAME#RRGGBB, a value of --class. Leaves the colour alone without one. */
int bw_cli_class(const bw_cli_call *call, const char *text, bw_class_info *out);
/* Prints a text of the engine and frees it. */
int bw_cli_print(bw_status status, char *const *text);
/* Written beside `path` and renamed. */
int bw_cli_write_text(const bw_cli_call *call, const char *path, const char *text);

#endif
