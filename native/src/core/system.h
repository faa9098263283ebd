/* What differs between operating systems. Paths are UTF-8; a call that fails sets errno. */
#ifndef BW_CORE_SYSTEM_H
#define BW_CORE_SYSTEM_H

#include <stdint.h>
#include <stdio.h>

typedef enum bw_path_kind { BW_PATH_ABSENT, BW_PATH_FILE, BW_PATH_FOLDER, BW_PATH_DEVICE } bw_path_kind;

/* What is known of a path. The same file has the same id under all its names, links followed. */
typedef struct bw_path_facts {
    bw_path_kind kind;
    int64_t bytes; /* of a file */
    uint64_t id[2];
} bw_path_facts;

bw_path_kind bw_system_kind(const char *path);
bw_path_facts bw_system_look(const char *path); /* all 0 when nothing is there */
int bw_system_is_link(const char *path);        /* a symbolic link or junction, wherever it leads */
int bw_system_separates(char c);                /* between folders and names */
int bw_system_folds_case(void);                 /* whether names that differ in case alone are usually one file */
FILE *bw_system_open(const char *path, const char *mode);
FILE *bw_system_create(const char *path); /* for writing; fails when something is there */
/* These return 0 on success. A rename replaces a file that is there. */
int bw_system_remove(const char *path); /* a file, a link or an empty folder */
int bw_system_rename(const char *from, const char *to);
/* Renames a file unless something is at `to`: then errno is EEXIST. */
int bw_system_rename_new(const char *from, const char *to);
int bw_system_make_folder(const char *path); /* its parent has to be there */
int bw_system_flush(FILE *file);             /* to the disk */
/* Visits the names in a folder, in no order, without "." and "..", until `visit` returns other than 0. Not 0 when the
 * folder could not be listed to its end. */
int bw_system_list(const char *folder, int (*visit)(void *user, const char *name), void *user);
int bw_system_seek(FILE *file, uint64_t offset);
/* Of an open file, which stands at its end then; -1 when it has none. */
int64_t bw_system_length(FILE *file);
/* Whether both paths lead to one existing file, links followed. */
int bw_system_same(const char *a, const char *b);

unsigned long bw_system_process(void);
/* Whether a process of this computer (container) runs; 1 when that cannot be told. */
int bw_system_runs(unsigned long process);
/* Hash of what tells this computer from others, and on Linux this container from others: process numbers mean something
 * only where it is the same. */
uint32_t bw_system_host(void);
/* Seconds since some moment; never goes back. */
double bw_system_clock(void);
/* Seconds that all threads of this process computed for. */
double bw_system_cpu_time(void);
/* Bytes that the process can have without others being swapped out: what the system calls available, on Linux also
 * within the control groups, on Windows also within what may be promised (memory and page file). Other limits, such as
 * those of a job on Windows or of ulimit, are not read. */
uint64_t bw_system_free_memory(void);
/* Bytes that Linux' control groups leave the process, 0 when they are used up; UINT64_MAX without a limit and on other
 * systems. `root` is put before the paths of the files read: "" for this machine. */
uint64_t bw_system_group_memory(const char *root);

#endif
