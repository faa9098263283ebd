#include "cli/terminal.h"

#include <stdio.h>
#include <string.h>

#include "core/system.h"

static int shown; /* bytes of the line */

void bw_terminal_line(const char *text) {
    static double last;
    const double now = bw_system_clock();
    const int length = (int)strlen(text);
    if (shown && now - last < 0.1) return;
    last = now;
    fprintf(stderr, "\r%s%*s", text, shown > length ? shown - length : 0, "");
    shown = length > 0 ? length : 1;
}

void bw_terminal_clear(void) {
    if (shown) fprintf(stderr, "\r%*s\r", shown, "");
    shown = 0;
}

#ifdef _WIN32

#include <fcntl.h>
#include <io.h>
#include <stdint.h>
#include <windows.h>

#include <shellapi.h>

#include "core/alloc.h"

static char **arguments;
static UINT code_page; /* of the console before; 0 = there is none */

static int copy_arguments(wchar_t **from, int count) {
    uint64_t bytes = 0;
    for (int i = 0; i < count; i++)
        bytes += (uint64_t)WideCharToMultiByte(CP_UTF8, 0, from[i], -1, NULL, 0, NULL, NULL);
    arguments = bw_alloc(NULL, ((uint64_t)count + 1) * sizeof *arguments + bytes, 1, "the arguments");
    if (!arguments) return 0;
    char *text = (char *)(arguments + count + 1);
    for (int i = 0; i < count; i++) {
        arguments[i] = text;
        text += WideCharToMultiByte(CP_UTF8, 0, from[i], -1, text, INT32_MAX, NULL, NULL);
    }
    arguments[count] = NULL;
    return 1;
}

int bw_terminal_begin(int *argc, char ***argv) {
    int count = 0;
    wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), &count);
    const int copied = wide && copy_arguments(wide, count);
    LocalFree(wide);
    if (!copied) return 0;
    *argc = count;
    *argv = arguments;
    code_page = GetConsoleOutputCP();
    if (code_page) SetConsoleOutputCP(CP_UTF8);
    _setmode(_fileno(stdout), _O_BINARY);
    _setmode(_fileno(stderr), _O_BINARY);
    return 1;
}

void bw_terminal_end(void) {
    fflush(stdout);
    if (code_page) SetConsoleOutputCP(code_page);
    bw_free(arguments);
}

int bw_terminal_watched(void) {
    return _isatty(_fileno(stderr));
}

#else

#include <unistd.h>

int bw_terminal_begin(int *argc, char ***argv) {
    (void)argc, (void)argv;
    return 1;
}

void bw_terminal_end(void) {
}

int bw_terminal_watched(void) {
    return isatty(STDERR_FILENO);
}

#endif
