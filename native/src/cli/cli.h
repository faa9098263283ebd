/* Command line: tables of commands and options; parsing and --help come from them. */
#ifndef BW_CLI_CLI_H
#define BW_CLI_CLI_H

#include "brushwood.h"

enum {
    BW_EXIT_DONE = 0,
    BW_EXIT_FAILED = 1,
    BW_EXIT_USAGE = 2,
    BW_EXIT_CANCELLED = 130, /* as shells say it of a program that an interrupt ended */
    BW_CLI_MAX_OPTIONS = 40
};

typedef struct bw_cli_option {
    const char *name, *value; /* value: what --help calls it; NULL = flag */
    const char *help;
    int required, repeats;
} bw_cli_option;

/* What the user gave for one option. */
typedef struct bw_cli_values {
    const char **text;
    int count;
} bw_cli_values;

typedef struct bw_cli_call bw_cli_call;

typedef struct bw_cli_command {
    const char *name, *summary, *example;
    const char *positional;       /* name of the one argument without "--"; NULL = none */
    const bw_cli_option *options; /* ends with a NULL name */
    int (*run)(bw_cli_call *call);
    const char *arguments; /* option whose further values may be given without it; NULL = none */
} bw_cli_command;

struct bw_cli_call {
    const bw_cli_command *command;
    bw_cli_values values[BW_CLI_MAX_OPTIONS];
    const char *argument;
    bw_context *ctx;
};

extern const bw_cli_command bw_cli_commands[]; /* ends with a NULL name */

/* BW_EXIT_DONE, or BW_EXIT_USAGE after a message. *help is set for --help. */
int bw_cli_parse(int argc, char **argv, bw_cli_call *call, int *help);
void bw_cli_release(bw_cli_call *call);
void bw_cli_print_overview(void);
void bw_cli_print_help(const bw_cli_command *command);

/* From here on an interrupt cancels `ctx`, also one that has come before; -> the context that it cancelled until now.
 */
bw_context *bw_cli_watch(bw_context *ctx);

/* Values of the running command's option by name; NULL or 0 when not given. */
const bw_cli_values *bw_cli_get(const bw_cli_call *call, const char *name);
const char *bw_cli_text(const bw_cli_call *call, const char *name);
/* Leaves *out alone when the option was not given. BW_EXIT_USAGE with a message when it is not a number in range. */
int bw_cli_integer(const bw_cli_call *call, const char *name, int64_t low, int64_t high, int64_t *out);
int bw_cli_number(const bw_cli_call *call, const char *name, double low, double high, double *out);
/* Numbers separated by commas, at most `most` of them. */
int bw_cli_numbers(const bw_cli_call *call, const char *name, double low, double high, int most, double *out,
                   int *count);
/* "z,y,x", three positive numbers, into x, y, z; *given tells whether there was one. */
int bw_cli_spacing(const bw_cli_call *call, double spacing[3], int *given);
/* Checks that an option's output can be written and that it replaces none of the inputs, given as option names that end
 * with NULL. */
int bw_cli_output(const bw_cli_call *call, const char *name, const char *const *inputs);
/* The same for a path that comes from an option. */
int bw_cli_output_path(const bw_cli_call *call, const char *name, const char *path, const char *const *inputs);
int bw_cli_usage(const bw_cli_call *call, const char *format, ...);

#endif
