#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/terminal.h"

static bw_context *_Atomic running; /* for the signal handler */

/* The first interrupt ends the job tidily, a second one the process. */
static void on_interrupt(int signal_number) {
    bw_context *ctx = running;
    signal(signal_number, SIG_DFL);
    if (ctx)
        bw_context_cancel(ctx);
    else
        raise(signal_number);
}

static int progress_shown;

static void clear_progress(void) {
    if (progress_shown) fputs("\r     \r", stderr);
    progress_shown = 0;
}

/* A line that rewrites itself, at most ten times a second, and only for people. */
static int show_progress(void *user, double fraction) {
    static double last;
    struct timespec time;
    (void)user;
    if (fraction >= 1) {
        clear_progress();
        return 0;
    }
    timespec_get(&time, TIME_UTC);
    const double now = (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
    if (now - last < 0.1 && now >= last) return 0;
    last = now;
    progress_shown = 1;
    fprintf(stderr, "\r%3.0f %%", fraction * 100);
    return 0;
}

static const bw_cli_command *find_command(const char *name) {
    for (const bw_cli_command *c = bw_cli_commands; c->name; c++)
        if (!strcmp(c->name, name)) return c;
    return NULL;
}

static int run(const bw_cli_command *command, int argc, char **argv) {
    bw_cli_call call = {.command = command, .ctx = bw_context_create()};
    int help = 0;
    if (!call.ctx) {
        fprintf(stderr, "brushwood: not enough memory.\n");
        return BW_EXIT_FAILED;
    }
    int code = bw_cli_parse(argc, argv, &call, &help);
    if (code == BW_EXIT_DONE && help) {
        bw_cli_print_help(command);
    } else if (code == BW_EXIT_DONE) {
        running = call.ctx;
        if (bw_terminal_watched()) bw_context_set_progress(call.ctx, show_progress, NULL);
        code = command->run(&call);
        running = NULL;
        clear_progress();
    }
    if (code == BW_EXIT_FAILED) fprintf(stderr, "brushwood %s: %s\n", command->name, bw_context_error(call.ctx));
    bw_cli_release(&call);
    bw_context_free(call.ctx);
    return code;
}

/* Output that cannot be written (a full disk, a closed pipe) is a failure too. */
static int finish(int code) {
    if (!fflush(stdout) && !ferror(stdout)) return code;
    fprintf(stderr, "brushwood: cannot write to the standard output.\n");
    return code ? code : BW_EXIT_FAILED;
}

static int run_arguments(int argc, char **argv) {
    if (argc < 2) {
        bw_cli_print_overview();
        return BW_EXIT_USAGE;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
        bw_cli_print_overview();
        return finish(BW_EXIT_DONE);
    }
    if (!strcmp(argv[1], "--version")) {
        printf("brushwood %s (%s, %d threads)\n", bw_version(), bw_simd_name(), bw_default_threads());
        return finish(BW_EXIT_DONE);
    }
    const bw_cli_command *command = find_command(argv[1]);
    if (!command) {
        fprintf(stderr, "brushwood: unknown command \"%s\". See 'brushwood --help'.\n", argv[1]);
        return BW_EXIT_USAGE;
    }
    return finish(run(command, argc - 1, argv + 1));
}

int main(int argc, char **argv) {
    signal(SIGINT, on_interrupt);
    signal(SIGTERM, on_interrupt);
#ifdef SIGBREAK /* Ctrl-Break on Windows */
    signal(SIGBREAK, on_interrupt);
#endif
    if (!bw_terminal_begin(&argc, &argv)) {
        fprintf(stderr, "brushwood: not enough memory.\n");
        return BW_EXIT_FAILED;
    }
    const int code = run_arguments(argc, argv);
    bw_terminal_end();
    return code;
}
