#include "core/parallel.h"

#include <omp.h>
#include <stdlib.h>

#include "core/host.h"

#ifdef KMP_VERSION_MAJOR
#define BW_LLVM_RUNTIME 1
#endif

typedef struct bw_loop {
    bw_context *ctx;
    int64_t count;
    bw_task_fn task;
    void *user;
} bw_loop;

static int smaller(int a, int b) {
    return a < b ? a : b;
}

int bw_default_threads(void) {
    const int threads = smaller(omp_get_num_procs(), bw_host_quota(""));
    return smaller(threads, smaller(omp_get_max_threads(), omp_get_thread_limit()));
}

#ifdef BW_LLVM_RUNTIME
/* Milliseconds that threads wait for the next loop before they sleep. LLVM's default of 200 keeps processors from the
 * windows of the program; loops of one job follow one another within microseconds. */
enum { SPIN_MS = 1 };

/* For every thread that begins loops, unless the user has chosen. */
static void limit_spinning(void) {
    static _Thread_local int limited;
    if (limited) return;
    limited = 1;
    if (!getenv("KMP_BLOCKTIME") && !getenv("OMP_WAIT_POLICY")) kmp_set_blocktime(SPIN_MS);
}

const char *bw_parallel_runtime(void) {
    return "LLVM OpenMP";
}
#else
static void limit_spinning(void) {
}

const char *bw_parallel_runtime(void) {
    return "GNU OpenMP";
}
#endif

void bw_parallel_end(void) {
    omp_pause_resource(omp_pause_hard, omp_get_initial_device());
}

static void run_one(const bw_loop *loop, int64_t index, int thread) {
    if (bw_check(loop->ctx) != BW_OK) return;
    bw_status status = loop->task(loop->ctx, loop->user, index, thread);
    if (status != BW_OK) bw_fail(loop->ctx, status, "An operation failed without telling why (%d).", (int)status);
}

bw_status bw_parallel_threads(bw_context *ctx, int threads, int64_t count, bw_task_fn task, void *user) {
    const bw_loop loop = {ctx, count, task, user};
    if (threads > count) threads = count > 1 ? (int)count : 1;
    limit_spinning();
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (int64_t index = 0; index < loop.count; index++)
        run_one(&loop, index, omp_get_thread_num());
    return bw_check(ctx);
}

bw_status bw_parallel_beside(bw_context *ctx, int threads, int64_t count, bw_task_fn task, void *user,
                             bw_status (*own)(bw_context *ctx, void *user), void *own_user) {
    const bw_loop loop = {ctx, count, task, user};
    limit_spinning();
#pragma omp parallel num_threads(threads)
    {
#pragma omp master
        own(ctx, own_user); /* its error is the context's */
#pragma omp for schedule(dynamic, 1)
        for (int64_t index = 0; index < loop.count; index++)
            run_one(&loop, index, omp_get_thread_num());
    }
    return bw_check(ctx);
}

bw_status bw_parallel(bw_context *ctx, int64_t count, bw_task_fn task, void *user) {
    return bw_parallel_threads(ctx, bw_context_threads(ctx), count, task, user);
}
