/* What differs between operating systems. Paths are UTF-8; a call that fails sets errno. */
#ifndef BW_CORE_SYSTEM_H
#define BW_CORE_SYSTEM_H

#include <stdint.h>
#include <stdio.h>

typedef enum bw_path_kind { BW_PATH_ABSENT, BW_PATH_FILE, BW_PATH_FOLDER, BW_PATH_DEVICE } bw_path_kind;

bw_path_kind bw_system_kind(const char *path);
FILE *bw_system_open(const char *path, const char *mode);
/* These return 0 on success. A rename replaces what is there. */
int bw_system_remove(const char *path);
int bw_system_rename(const char *from, const char *to);
int bw_system_flush(FILE *file); /* to the disk */
int bw_system_seek(FILE *file, uint64_t offset);
/* Of an open file, which stands at its end then; -1 when it has none. */
int64_t bw_system_length(FILE *file);
/* Whether both paths lead to one existing file, links followed. */
int bw_system_same(const char *a, const char *b);

unsigned long bw_system_process(void);
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
