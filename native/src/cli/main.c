#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/terminal.h"

static bw_context *_Atomic running; /* for the signal handler */
static atomic_int interrupted, handling;

/* The first interrupt ends the job tidily, a second one the process. It may come on any thread. */
static void on_interrupt(int signal_number) {
    signal(signal_number, SIG_DFL);
    atomic_fetch_add(&handling, 1);
    bw_context *ctx = running;
    interrupted = 1;
    if (ctx) bw_context_cancel(ctx);
    atomic_fetch_sub(&handling, 1);
    if (!ctx) raise(signal_number);
}

bw_context *bw_cli_watch(bw_context *ctx) {
    bw_context *before = running;
    running = ctx;
    while (handling) { /* it may still hold the one before */
    }
    if (interrupted && ctx) bw_context_cancel(ctx);
    return before;
}

/* Only for people. */
static int show_progress(void *user, double fraction) {
    char text[16];
    (void)user;
    snprintf(text, sizeof text, "%3.0f %%", fraction * 100);
    if (fraction >= 1)
        bw_terminal_clear();
    else
        bw_terminal_line(text);
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
        bw_cli_watch(call.ctx);
        if (bw_terminal_watched()) bw_context_set_progress(call.ctx, show_progress, NULL);
        code = command->run(&call);
        bw_cli_watch(NULL);
        bw_terminal_clear();
    }
    if (code == BW_EXIT_FAILED && bw_context_status(call.ctx) == BW_ERROR_CANCELLED) code = BW_EXIT_CANCELLED;
    if (code == BW_EXIT_FAILED || code == BW_EXIT_CANCELLED)
        fprintf(stderr, "brushwood %s: %s\n", command->name, bw_context_error(call.ctx));
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
