/* How many threads the engine takes unless told otherwise, and how they go; what control groups grant the process. */
#include "os.h"
#include "support.h"

#include <inttypes.h>
#include <limits.h>

#include "core/host.h"
#include "core/parallel.h"

#ifdef TEST_OWN_PROCESS
#include <dirent.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#ifdef __linux__
/* ---- a machine's files in a folder */

enum { FILES = 6 };

typedef struct machine {
    const char *cgroup; /* /proc/self/cgroup */
    struct {
        const char *path, *text;
    } files[FILES];
    uint64_t granted;
} machine;

/* Calls `act` for each folder that leads to the file, outermost first or last. */
static void each_folder(const char *root, const char *path, int inwards, int (*act)(const char *)) {
    char folder[512];
    const size_t length = strlen(path);
    for (size_t i = 1; i < length; i++) {
        const size_t at = inwards ? i : length - i;
        if (path[at] != '/') continue;
        snprintf(folder, sizeof folder, "%s%.*s", root, (int)at, path);
        act(folder);
    }
}

static void put(const char *root, const char *path, const char *text) {
    char name[512];
    each_folder(root, path, 1, test_make_folder);
    snprintf(name, sizeof name, "%s%s", root, path);
    FILE *file = fopen(name, "wb");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void drop(const char *root, const char *path) {
    char name[512];
    snprintf(name, sizeof name, "%s%s", root, path);
    remove(name);
    each_folder(root, path, 0, test_remove_folder);
}

static uint64_t granted_by(const machine *m, uint64_t (*granted)(const char *root)) {
    char root[] = "brushwood-test-XXXXXX";
    assert_int_equal(test_make_own_folder(root), 0);
    if (m->cgroup) put(root, "/proc/self/cgroup", m->cgroup);
    for (int i = 0; i < FILES && m->files[i].path; i++)
        put(root, m->files[i].path, m->files[i].text);
    const uint64_t got = granted(root);
    for (int i = 0; i < FILES && m->files[i].path; i++)
        drop(root, m->files[i].path);
    drop(root, "/proc/self/cgroup");
    assert_int_equal(test_remove_folder(root), 0);
    return got;
}

static void assert_granted(const machine *machines, size_t count, uint64_t (*granted)(const char *root)) {
    for (size_t i = 0; i < count; i++) {
        const uint64_t got = granted_by(&machines[i], granted);
        if (got != machines[i].granted)
            fail_msg("machine %d: %" PRIu64 " instead of %" PRIu64, (int)i, got, machines[i].granted);
    }
}

static uint64_t quota(const char *root) {
    return (uint64_t)bw_host_quota(root);
}

#define V2 "/sys/fs/cgroup"
#define V1 "/sys/fs/cgroup/cpu,cpuacct"

static void containers_limit_processors(void **state) {
    static const machine machines[] = {
        {NULL, {{0}}, INT_MAX},
        {"", {{0}}, INT_MAX},
        {"no colons\n0:\n", {{V2 "/cpu.max", "100000 100000\n"}}, INT_MAX},
        {"0::/\n", {{V2 "/cpu.max", "max 100000\n"}}, INT_MAX},
        {"0::/\n", {{V2 "/cpu.max", "200000 100000\n"}}, 2},
        {"0::/\n", {{V2 "/cpu.max", "200001 100000\n"}}, 3},
        {"0::/\n", {{V2 "/cpu.max", "1000 100000\n"}}, 1},
        {"0::/\n", {{V2 "/cpu.max", "damaged"}}, INT_MAX},
        {"0::/\n", {{V2 "/cpu.max", "100000 0\n"}}, INT_MAX},
        {"0::/\n", {{V2 "/cpu.max", "9223372036854775807 1\n"}}, INT_MAX},
        /* its own group, or one above it */
        {"0::/a/b\n", {{V2 "/a/b/cpu.max", "300000 100000\n"}, {V2 "/a/cpu.max", "max 100000\n"}}, 3},
        {"0::/a/b\n", {{V2 "/a/b/cpu.max", "300000 100000\n"}, {V2 "/a/cpu.max", "150000 100000\n"}}, 2},
        {"0::/a/b\n", {{V2 "/a/c/cpu.max", "100000 100000\n"}}, INT_MAX},
        /* the host's name of a group that is the root here */
        {"0::/docker/12ab\n", {{V2 "/cpu.max", "400000 100000\n"}}, 4},
        /* version 1, mounted by each of its names */
        {"4:cpu,cpuacct:/\n", {{V1 "/cpu.cfs_quota_us", "-1\n"}, {V1 "/cpu.cfs_period_us", "100000\n"}}, INT_MAX},
        {"4:cpu,cpuacct:/\n", {{V1 "/cpu.cfs_quota_us", "250000\n"}, {V1 "/cpu.cfs_period_us", "100000\n"}}, 3},
        {"4:cpuacct,cpu:/\n", {{V1 "/cpu.cfs_quota_us", "50000\n"}, {V1 "/cpu.cfs_period_us", "100000\n"}}, 1},
        {"4:cpu:/x\n", {{V2 "/cpu/x/cpu.cfs_quota_us", "50000\n"}, {V2 "/cpu/x/cpu.cfs_period_us", "10000\n"}}, 5},
        {"4:cpuset:/\n", {{V1 "/cpu.cfs_quota_us", "250000\n"}, {V1 "/cpu.cfs_period_us", "100000\n"}}, INT_MAX},
        {"4:cpu:/\n", {{V1 "/cpu.cfs_quota_us", "250000\n"}}, INT_MAX},
        /* both versions at once */
        {"1:name=systemd:/\n2:cpu,cpuacct:/y\n0::/z\n",
         {{V2 "/unified/z/cpu.max", "600000 100000\n"},
          {V1 "/y/cpu.cfs_quota_us", "700000\n"},
          {V1 "/y/cpu.cfs_period_us", "100000\n"}},
         6},
    };
    (void)state;
    assert_granted(machines, sizeof machines / sizeof *machines, quota);
}

#define MEMORY_V1 "/sys/fs/cgroup/memory"

static void containers_limit_memory(void **state) {
    static const machine machines[] = {
        {NULL, {{V2 "/memory.max", "1000\n"}}, UINT64_MAX},
        {"no colons\n0:\n", {{V2 "/memory.max", "1000\n"}}, UINT64_MAX},
        {"0::/\n", {{0}}, UINT64_MAX},
        {"0::/\n", {{V2 "/memory.max", "max\n"}, {V2 "/memory.current", "700\n"}}, UINT64_MAX},
        {"0::/\n", {{V2 "/memory.max", "damaged"}}, UINT64_MAX},
        {"0::/\n", {{V2 "/memory.max", "5000000000\n"}}, 5000000000},
        {"0::/\n", {{V2 "/memory.max", "1000\n"}, {V2 "/memory.current", "700\n"}}, 300},
        {"0::/\n", {{V2 "/memory.max", "1000\n"}, {V2 "/memory.current", "1001\n"}}, 0},
        /* cached files make room, those in use do not */
        {"0::/\n",
         {{V2 "/memory.max", "1000\n"},
          {V2 "/memory.current", "700\n"},
          {V2 "/memory.stat", "file 600\nactive_file 400\ninactive_file 200\n"}},
         500},
        {"0::/\n",
         {{V2 "/memory.max", "1000\n"}, {V2 "/memory.current", "700\n"}, {V2 "/memory.stat", "inactive_file 900\n"}},
         1000},
        /* its own group, or one above it, whichever leaves less */
        {"0::/a/b\n",
         {{V2 "/a/b/memory.max", "1000\n"}, {V2 "/a/memory.max", "2000\n"}, {V2 "/a/memory.current", "100\n"}},
         1000},
        {"0::/a/b\n",
         {{V2 "/a/b/memory.max", "1000\n"}, {V2 "/a/memory.max", "2000\n"}, {V2 "/a/memory.current", "1900\n"}},
         100},
        {"0::/a/b\n", {{V2 "/a/c/memory.max", "1000\n"}}, UINT64_MAX},
        {"0::/docker/12ab\n", {{V2 "/memory.max", "1000\n"}}, 1000},
        /* version 1 */
        {"4:memory:/\n", {{MEMORY_V1 "/memory.limit_in_bytes", "9223372036854771712\n"}}, 9223372036854771712u},
        {"4:memory:/x\n",
         {{MEMORY_V1 "/x/memory.limit_in_bytes", "1000\n"},
          {MEMORY_V1 "/x/memory.usage_in_bytes", "700\n"},
          {MEMORY_V1 "/x/memory.stat", "inactive_file 1\ntotal_inactive_file 200\n"}},
         500},
        {"4:hugetlb,memory:/slurm/job\n", {{MEMORY_V1 "/slurm/memory.limit_in_bytes", "1000\n"}}, 1000},
        {"4:memory2,cpu:/\n", {{MEMORY_V1 "/memory.limit_in_bytes", "1000\n"}}, UINT64_MAX},
        /* both versions at once */
        {"2:memory:/y\n0::/z\n",
         {{MEMORY_V1 "/y/memory.limit_in_bytes", "2000\n"}, {V2 "/unified/z/memory.max", "1000\n"}},
         1000},
        {"0::/z\n2:memory:/y\n",
         {{MEMORY_V1 "/y/memory.limit_in_bytes", "1000\n"}, {V2 "/unified/z/memory.max", "2000\n"}},
         1000},
    };
    (void)state;
    assert_granted(machines, sizeof machines / sizeof *machines, bw_system_group_memory);
}

static void group_names_of_any_length_do_no_harm(void **state) {
    static char line[20000];
    (void)state;
    for (size_t length = 3990; length < sizeof line - 10; length += length < 4110 ? 1 : 5000) {
        memcpy(line, "0::/", 5);
        memset(line + 4, 'g', length);
        memcpy(line + 4 + length, "\n", 2);
        const machine m = {line, {{V2 "/cpu.max", "100 7\n"}, {V2 "/memory.max", "1000\n"}}, 0};
        assert_true(granted_by(&m, quota) >= 15);
        assert_true(granted_by(&m, bw_system_group_memory) >= 1000);
    }
}
#else
static void only_linux_has_control_groups(void **state) {
    (void)state;
    assert_int_equal(bw_host_quota(""), INT_MAX);
    assert_true(bw_system_group_memory("") == UINT64_MAX);
}
#endif

/* ---- this machine */

static void defaults_are_within_the_machine(void **state) {
    (void)state;
    const int quota = bw_host_quota("");
    assert_in_range(bw_default_threads(), 1, quota);
    bw_context *ctx = bw_context_create();
    assert_int_equal(bw_context_threads(ctx), bw_default_threads());
    assert_ok(ctx, bw_context_set_threads(ctx, 1000));
    assert_int_equal(bw_context_threads(ctx), 1000);
    assert_ok(ctx, bw_context_set_threads(ctx, 0));
    assert_int_equal(bw_context_threads(ctx), bw_default_threads());
    bw_context_free(ctx);
}

static bw_status add_task(bw_context *ctx, void *user, int64_t index, int thread) {
    int64_t *sums = user;
    assert_in_range(thread, 0, bw_context_threads(ctx) - 1);
    sums[thread] += index;
    return BW_OK;
}

static void assert_loop_runs(int threads) {
    int64_t sums[64] = {0}, sum = 0;
    bw_context *ctx = test_context(threads);
    assert_ok(ctx, bw_parallel(ctx, 1000, add_task, sums));
    for (int i = 0; i < threads; i++)
        sum += sums[i];
    assert_int_equal(sum, 499500);
    bw_context_free(ctx);
}

static void more_threads_than_processors_run(void **state) {
    (void)state;
    assert_loop_runs(bw_default_threads() < 32 ? 2 * bw_default_threads() : 64);
}

static void build_is_told(void **state) {
    (void)state;
    static const char *const platforms[] = {"linux-x86_64", "linux-aarch64", "windows-x86_64", "macos-x86_64",
                                            "macos-arm64"};
    int known = 0;
    for (size_t i = 0; i < sizeof platforms / sizeof *platforms; i++)
        known += !strcmp(bw_host_platform(), platforms[i]);
    assert_int_equal(known, 1);
    assert_non_null(strpbrk(bw_host_compiler(), "123456789"));
    assert_non_null(strstr(bw_parallel_runtime(), "OpenMP"));
#ifndef __APPLE__
    assert_int_equal(bw_host_translated(), 0);
#endif
}

#ifdef TEST_OWN_PROCESS
/* Exit status of this program, run anew with an argument. */
static int run_self(const char *argument) {
    char path[4096];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    assert_in_range(length, 1, sizeof path - 1);
    path[length] = 0;
    const pid_t child = fork();
    if (!child) {
        execl(path, path, argument, (char *)NULL);
        _exit(127);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* For the child: what it sees. */
static int print_threads(void) {
    return bw_default_threads() < 100 ? bw_default_threads() : 100;
}

/* First processor that this process may use, alone. */
static cpu_set_t one_processor(const cpu_set_t *all) {
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE && !CPU_COUNT(&one); i++)
        if (CPU_ISSET(i, all)) CPU_SET(i, &one);
    return one;
}

static void affinity_is_followed(void **state) {
    (void)state;
    cpu_set_t all;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    assert_in_range(run_self("threads"), 1, CPU_COUNT(&all));
    const cpu_set_t one = one_processor(&all);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    const int bound = run_self("threads");
    assert_int_equal(setenv("OMP_NUM_THREADS", "7", 1), 0);
    const int asked = run_self("threads");
    assert_int_equal(unsetenv("OMP_NUM_THREADS"), 0);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    assert_int_equal(bound, 1);
    assert_int_equal(asked, 1);
}

static void fewer_threads_may_be_asked_for(void **state) {
    (void)state;
    assert_int_equal(setenv("OMP_NUM_THREADS", "1", 1), 0);
    const int one = run_self("threads");
    assert_int_equal(unsetenv("OMP_NUM_THREADS"), 0);
    assert_int_equal(one, 1);
}

static int count_threads(void) {
    int count = 0;
    DIR *folder = opendir("/proc/self/task");
    for (const struct dirent *entry; folder && (entry = readdir(folder));)
        count += entry->d_name[0] != '.';
    if (folder) closedir(folder);
    return count;
}

/* For the child, as the engine does not work afterwards. */
static int end_threads(void) {
    assert_loop_runs(4);
    const int before = count_threads();
    bw_parallel_end();
    return before == 4 && count_threads() == 1 ? 0 : 1;
}

static void threads_end_before_an_unloading(void **state) {
    (void)state;
    assert_int_equal(run_self("end"), 0);
}
#endif

int main(int argc, char **argv) {
#ifdef TEST_OWN_PROCESS
    if (argc > 1) return !strcmp(argv[1], "threads") ? print_threads() : end_threads();
#else
    (void)argc, (void)argv;
#endif
    const struct CMUnitTest tests[] = {
#ifdef __linux__
        cmocka_unit_test(containers_limit_processors),
        cmocka_unit_test(containers_limit_memory),
        cmocka_unit_test(group_names_of_any_length_do_no_harm),
#else
        cmocka_unit_test(only_linux_has_control_groups),
#endif
        cmocka_unit_test(defaults_are_within_the_machine),
        cmocka_unit_test(more_threads_than_processors_run),
        cmocka_unit_test(build_is_told),
#ifdef TEST_OWN_PROCESS
        cmocka_unit_test(affinity_is_followed),
        cmocka_unit_test(fewer_threads_may_be_asked_for),
        cmocka_unit_test(threads_end_before_an_unloading),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
