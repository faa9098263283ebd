#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/format.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/system.h"
#include "core/text.h"

/* getopt's codes: above those of one-letter options, so that optopt tells an option of the table from an unknown one.
 */
enum { OPTION_FIRST = 256, OPTION_HELP = 1000, HELP_COLUMN = 28 };

static int option_count(const bw_cli_command *command) {
    int n = 0;
    while (command->options[n].name)
        n++;
    return n;
}

int bw_cli_usage(const bw_cli_call *call, const char *format, ...) {
    va_list args;
    fprintf(stderr, "brushwood %s: ", call->command->name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\nSee 'brushwood %s --help'.\n", call->command->name);
    return BW_EXIT_USAGE;
}

static int keep(bw_cli_call *call, int option, const char *text, int room) {
    bw_cli_values *values = &call->values[option];
    const bw_cli_option *row = &call->command->options[option];
    if (row->value && !*text) return bw_cli_usage(call, "--%s needs a value.", row->name);
    if (values->count && !row->repeats) return bw_cli_usage(call, "--%s was given twice.", row->name);
    if (!values->text) values->text = bw_calloc(call->ctx, (uint64_t)room, sizeof *values->text, "arguments");
    if (!values->text) return BW_EXIT_FAILED;
    values->text[values->count++] = text;
    return BW_EXIT_DONE;
}

static int check_required(const bw_cli_call *call) {
    const bw_cli_command *command = call->command;
    for (int i = 0; command->options[i].name; i++)
        if (command->options[i].required && !call->values[i].count)
            return bw_cli_usage(call, "--%s is missing.", command->options[i].name);
    if (command->positional && !call->argument) return bw_cli_usage(call, "%s is missing.", command->positional);
    return BW_EXIT_DONE;
}

static int option_index(const bw_cli_command *command, const char *name) {
    for (int i = 0; command->options[i].name; i++)
        if (!strcmp(command->options[i].name, name)) return i;
    return -1;
}

static int keep_arguments(bw_cli_call *call, int argc, char **argv) {
    const int more = call->command->arguments ? option_index(call->command, call->command->arguments) : -1;
    for (int i = optind; i < argc; i++) {
        if (more >= 0) {
            int bad = keep(call, more, argv[i], argc);
            if (bad) return bad;
            continue;
        }
        if (!call->command->positional || call->argument)
            return bw_cli_usage(call, "\"%s\" was not expected.", argv[i]);
        call->argument = argv[i];
    }
    return BW_EXIT_DONE;
}

/* What getopt rejected; its result does not tell alike on all systems whether a value is missing or too much. */
static int complain(const bw_cli_call *call, char **argv) {
    const bw_cli_option *options = call->command->options;
    if (optopt == OPTION_HELP) return bw_cli_usage(call, "--help takes no value.");
    if (optopt >= OPTION_FIRST) {
        const bw_cli_option *option = &options[optopt - OPTION_FIRST];
        return bw_cli_usage(call, "--%s %s.", option->name, option->value ? "needs a value" : "takes no value");
    }
    if (optopt) return bw_cli_usage(call, "unknown option -%c; options are words such as --help.", optopt);
    return bw_cli_usage(call, "unknown or ambiguous option %s.", argv[optind - 1]);
}

/* Shells end the names of folders with a separator when they complete them; OME-Zarr is named like a file. */
static void trim_folders(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (bw_cli_is_zarr(argv[i]))
            for (size_t length = strlen(argv[i]); bw_system_separates(argv[i][length - 1]);)
                argv[i][--length] = 0;
}

int bw_cli_parse(int argc, char **argv, bw_cli_call *call, int *help) {
    struct option known[BW_CLI_MAX_OPTIONS + 2] = {{0}};
    const bw_cli_option *options = call->command->options;
    const int n = option_count(call->command);
    for (int i = 0; i < n; i++)
        known[i] = (struct option){options[i].name, options[i].value ? required_argument : no_argument, NULL,
                                   OPTION_FIRST + i};
    known[n] = (struct option){"help", no_argument, NULL, OPTION_HELP};
    opterr = 0;
    trim_folders(argc, argv);
    for (int found; (found = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        if (found == OPTION_HELP || found == 'h') {
            *help = 1;
            return BW_EXIT_DONE;
        }
        if (found == '?' || found == ':') return complain(call, argv);
        int bad = keep(call, found - OPTION_FIRST, optarg ? optarg : "", argc);
        if (bad) return bad;
    }
    int bad = keep_arguments(call, argc, argv);
    return bad ? bad : check_required(call);
}

void bw_cli_release(bw_cli_call *call) {
    for (int i = 0; i < BW_CLI_MAX_OPTIONS; i++)
        bw_free(call->values[i].text);
}

static void print_option(const char *name, const char *value, const char *help, const char *note) {
    char left[80];
    snprintf(left, sizeof left, "  --%s%s%s", name, value ? " " : "", value ? value : "");
    printf("%-*s%s%s%s\n", HELP_COLUMN, left, strlen(left) < HELP_COLUMN ? "" : " ", help, note);
}

void bw_cli_print_help(const bw_cli_command *command) {
    static const char *const notes[2][2] = {{"", " (may repeat)"}, {" (required)", " (required; may repeat)"}};
    printf("brushwood %s%s%s [options]%s%s%s: %s\n\n", command->name, command->positional ? " " : "",
           command->positional ? command->positional : "", command->arguments ? " [" : "",
           command->arguments ? command->arguments : "", command->arguments ? "...]" : "", command->summary);
    for (const bw_cli_option *o = command->options; o->name; o++)
        print_option(o->name, o->value, o->help, notes[o->required][o->repeats]);
    print_option("help", NULL, "this text", "");
    printf("\nExample:\n  %s\n", command->example);
}

static void print_features(void) {
    printf(
        "\nFeatures (id:sigma,sigma,... in x pixels; modifiers @2d @3d @c1+3; \"exact\" in front makes all exact):\n");
    for (int i = 0; i < bw_feature_row_count(); i++) {
        const bw_feature_row *row = bw_feature_row_get(i);
        printf("  %-12s %s [%s", row->id, row->doc, row->unit);
        if (row->has_sigma) printf("; %s %g to %g", row->parameter, row->sigma_min, row->sigma_max);
        printf("]\n");
    }
    printf("\nPresets:\n");
    for (int i = 0; i < bw_preset_count(); i++)
        printf("  %-12s %s\n               %s\n", bw_preset_get(i)->id, bw_preset_get(i)->doc,
               bw_preset_get(i)->features);
}

static void print_forests(void) {
    printf("\nForests (--forest):\n");
    for (int i = 0; i < bw_forest_preset_count(); i++)
        printf("  %-12s %s\n", bw_forest_preset_get(i)->id, bw_forest_preset_get(i)->doc);
}

void bw_cli_print_overview(void) {
    printf("brushwood %s: pixel classification by example\n\nusage: brushwood COMMAND [options]\n\n", bw_version());
    for (const bw_cli_command *c = bw_cli_commands; c->name; c++)
        printf("  %-16s %s\n", c->name, c->summary);
    printf("\n'brushwood COMMAND --help' lists a command's options. Exit status: 0 done, 1 failed, 2 wrong usage, "
           "130 interrupted.\n");
    print_features();
    print_forests();
}

const bw_cli_values *bw_cli_get(const bw_cli_call *call, const char *name) {
    const int i = option_index(call->command, name);
    return i < 0 ? NULL : &call->values[i];
}

const char *bw_cli_text(const bw_cli_call *call, const char *name) {
    const bw_cli_values *values = bw_cli_get(call, name);
    return values && values->count ? values->text[0] : NULL;
}

int bw_cli_integer(const bw_cli_call *call, const char *name, int64_t low, int64_t high, int64_t *out) {
    const char *text = bw_cli_text(call, name), *end = text;
    double value = 0;
    if (!text) return BW_EXIT_DONE;
    if (!bw_number_parse(text, &end, &value) || *end || !(value >= (double)low && value <= (double)high) ||
        value != (double)(int64_t)value)
        return bw_cli_usage(call, "--%s must be a whole number from %" PRId64 " to %" PRId64 ", not \"%s\".", name, low,
                            high, text);
    *out = (int64_t)value;
    return BW_EXIT_DONE;
}

int bw_cli_number(const bw_cli_call *call, const char *name, double low, double high, double *out) {
    const char *text = bw_cli_text(call, name), *end = text;
    double value = 0;
    if (!text) return BW_EXIT_DONE;
    if (!bw_number_parse(text, &end, &value) || *end || !(value >= low && value <= high))
        return bw_cli_usage(call, "--%s must be a number from %g to %g, not \"%s\".", name, low, high, text);
    *out = value;
    return BW_EXIT_DONE;
}

int bw_cli_numbers(const bw_cli_call *call, const char *name, double low, double high, int most, double *out,
                   int *count) {
    const char *text = bw_cli_text(call, name), *at = text;
    if (!text) return BW_EXIT_DONE;
    for (*count = 0; *count < most; at++) {
        if (!bw_number_parse(at, &at, &out[*count]) || !(out[*count] >= low && out[*count] <= high)) break;
        ++*count;
        if (!*at) return BW_EXIT_DONE;
        if (*at != ',') break;
    }
    return bw_cli_usage(call, "--%s must be up to %d numbers from %g to %g, separated by commas, not \"%s\".", name,
                        most, low, high, text);
}

int bw_cli_spacing(const bw_cli_call *call, double spacing[3], int *given) {
    const char *text = bw_cli_text(call, "spacing"), *at = text;
    *given = text != NULL;
    for (int axis = 2; text && axis >= 0; axis--) {
        if (!bw_number_parse(at, &at, &spacing[axis]) || !(spacing[axis] > 0) || *at != (axis ? ',' : 0))
            return bw_cli_usage(call, "--spacing must be three positive numbers z,y,x, not \"%s\".", text);
        at++;
    }
    return BW_EXIT_DONE;
}

int bw_cli_output_path(const bw_cli_call *call, const char *name, const char *path, const char *const *inputs) {
    for (; *inputs; inputs++) {
        const bw_cli_values *values = bw_cli_get(call, *inputs);
        for (int i = 0; i < values->count; i++)
            if (bw_system_same(path, values->text[i]))
                return bw_cli_usage(call,
                                    "--%s and --%s are both %s; choose another output, or the input would be lost.",
                                    name, *inputs, path);
    }
    return bw_output_check(call->ctx, path) == BW_OK ? BW_EXIT_DONE : BW_EXIT_FAILED;
}

int bw_cli_output(const bw_cli_call *call, const char *name, const char *const *inputs) {
    return bw_cli_output_path(call, name, bw_cli_text(call, name), inputs);
}
