#include "os.h"

#ifdef _WIN32
#include <windows.h>

#include <process.h>

enum { TEST_PATH = 1400 };

/* Absolute, so that it may be long. */
static void to_wide(const char *path, wchar_t wide[TEST_PATH]) {
    wchar_t relative[TEST_PATH];
    assert_true(MultiByteToWideChar(CP_UTF8, 0, path, -1, relative, TEST_PATH) > 0);
    wcscpy(wide, L"\\\\?\\");
    assert_in_range(GetFullPathNameW(relative, TEST_PATH - 4, wide + 4, NULL), 1, TEST_PATH - 5);
}

int test_make_folder(const char *path) {
    wchar_t wide[TEST_PATH];
    to_wide(path, wide);
    return CreateDirectoryW(wide, NULL) ? 0 : -1;
}

int test_remove_folder(const char *path) {
    wchar_t wide[TEST_PATH];
    to_wide(path, wide);
    return RemoveDirectoryW(wide) ? 0 : -1;
}

int test_make_own_folder(char *pattern) {
    char *end = pattern + strlen(pattern) - 6;
    for (unsigned attempt = 0; attempt < 1000; attempt++) {
        snprintf(end, 7, "%06x", (unsigned)(bw_system_process() * 1009 + attempt) & 0xffffff);
        if (!test_make_folder(pattern)) return 0;
    }
    return -1;
}

int test_walk(const char *folder, int remove_them) {
    char path[TEST_PATH];
    wchar_t wide[TEST_PATH];
    WIN32_FIND_DATAW found;
    int count = 0;
    snprintf(path, sizeof path, "%s/*", folder);
    to_wide(path, wide);
    HANDLE search = FindFirstFileW(wide, &found);
    assert_true(search != INVALID_HANDLE_VALUE);
    do {
        if (found.cFileName[0] == '.') continue;
        count++;
        const int name = snprintf(path, sizeof path, "%s/", folder);
        assert_true(WideCharToMultiByte(CP_UTF8, 0, found.cFileName, -1, path + name, TEST_PATH - name, NULL, NULL));
        if (remove_them) bw_system_remove(path);
    } while (FindNextFileW(search, &found));
    FindClose(search);
    return count;
}

static FILE *held;

void test_begin_failing(const char *path) {
    held = bw_system_open(path, "rb");
    assert_non_null(held);
}

void test_end_failing(void) {
    fclose(held);
}

void test_set_variable(const char *name, const char *value) {
    assert_int_equal(_putenv_s(name, value ? value : ""), 0);
}

struct test_thread {
    HANDLE handle;
    void (*function)(void *user);
    void *user;
};

static unsigned __stdcall run(void *thread) {
    test_thread *t = thread;
    t->function(t->user);
    return 0;
}

test_thread *test_start(void (*function)(void *user), void *user) {
    test_thread *thread = malloc(sizeof *thread);
    assert_non_null(thread);
    *thread = (test_thread){.function = function, .user = user};
    thread->handle = (HANDLE)_beginthreadex(NULL, 0, run, thread, 0, NULL);
    assert_non_null(thread->handle);
    return thread;
}

void test_join(test_thread *thread) {
    assert_int_equal(WaitForSingleObject(thread->handle, INFINITE), WAIT_OBJECT_0);
    CloseHandle(thread->handle);
    free(thread);
}

void test_sleep_ms(int ms) {
    Sleep((DWORD)ms);
}

#else
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

int test_make_folder(const char *path) {
    return mkdir(path, 0700);
}

int test_remove_folder(const char *path) {
    return rmdir(path);
}

int test_make_own_folder(char *pattern) {
    return mkdtemp(pattern) ? 0 : -1;
}

int test_walk(const char *folder, int remove_them) {
    char path[1400];
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    int count = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        if (e->d_name[0] == '.') continue;
        count++;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (remove_them) bw_system_remove(path);
    }
    closedir(dir);
    return count;
}

void test_limit_files(uint64_t bytes) {
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes == UINT64_MAX ? limit.rlim_max : (rlim_t)bytes;
    signal(SIGXFSZ, bytes == UINT64_MAX ? SIG_DFL : SIG_IGN); /* which would end the process */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

void test_limit_memory(uint64_t bytes) {
    const struct rlimit limit = {(rlim_t)bytes, (rlim_t)bytes};
    assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}

void test_begin_failing(const char *path) {
    (void)path;
    test_limit_files(100);
}

void test_end_failing(void) {
    test_limit_files(UINT64_MAX);
}

void test_set_variable(const char *name, const char *value) {
    assert_int_equal(value ? setenv(name, value, 1) : unsetenv(name), 0);
}

struct test_thread {
    pthread_t handle;
    void (*function)(void *user);
    void *user;
};

static void *run(void *thread) {
    test_thread *t = thread;
    t->function(t->user);
    return NULL;
}

test_thread *test_start(void (*function)(void *user), void *user) {
    test_thread *thread = malloc(sizeof *thread);
    assert_non_null(thread);
    *thread = (test_thread){.function = function, .user = user};
    assert_int_equal(pthread_create(&thread->handle, NULL, run, thread), 0);
    return thread;
}

void test_join(test_thread *thread) {
    assert_int_equal(pthread_join(thread->handle, NULL), 0);
    free(thread);
}

void test_sleep_ms(int ms) {
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

#endif
