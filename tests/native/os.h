/* What the tests want of the operating system: folders, environment, threads, limits. Paths are UTF-8. */
#ifndef BW_TEST_OS_H
#define BW_TEST_OS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/system.h"

/* Set where another processor or system is emulated, several times slower: what would take minutes looks at fewer or
 * smaller cases of the same kind. */
static inline int test_quick(void) {
    const char *quick = getenv("BRUSHWOOD_TEST_QUICK");
    return quick && *quick;
}

#ifdef _WIN32
#define TEST_DEVICE "NUL"
#define TEST_FILE_AS_FOLDER "No such file or directory"
#else
#define TEST_DEVICE "/dev/null"
#define TEST_FILE_AS_FOLDER "Not a directory"
/* Windows has neither limit. */
#define TEST_LIMITS_FILES 1
#define TEST_LIMITS_MEMORY 1

/* Files of this process cannot grow beyond it, and writing fails then; UINT64_MAX ends the limit. */
void test_limit_files(uint64_t bytes);
/* Of the address space; a program in an emulator keeps the emulator's. */
void test_limit_memory(uint64_t bytes);
#endif

/* 0 on success. */
int test_make_folder(const char *path);
int test_remove_folder(const char *path);
/* Replaces the XXXXXX at the end. */
int test_make_own_folder(char *pattern);
/* Number of files in a folder, which are removed when asked for. */
int test_walk(const char *folder, int remove_them);

/* From here on writing the file, which is there, fails at the end: the disk is full, or on Windows another program has
 * the file open. */
void test_begin_failing(const char *path);
void test_end_failing(void);

/* NULL takes the variable away. */
void test_set_variable(const char *name, const char *value);

typedef struct test_thread test_thread;
test_thread *test_start(void (*function)(void *user), void *user);
void test_join(test_thread *thread);
void test_sleep_ms(int ms);

#endif
