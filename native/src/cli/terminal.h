/* Arguments and terminals, which differ between operating systems. */
#ifndef BW_CLI_TERMINAL_H
#define BW_CLI_TERMINAL_H

/* From here on arguments are UTF-8, and so is what is printed, with '\n' at the end of lines; call it first. 0 when
 * there is no memory. */
int bw_terminal_begin(int *argc, char ***argv);
void bw_terminal_end(void); /* leaves the terminal as it was */
/* Whether people, not a file, see what goes to stderr. */
int bw_terminal_watched(void);
/* A line of at most 78 bytes on stderr that the next one replaces; ten in a second at most are shown. */
void bw_terminal_line(const char *text);
void bw_terminal_clear(void); /* takes the line away, if there is one */

#endif
