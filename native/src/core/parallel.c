#include "core/parallel.h"

#include <omp.h>

typedef struct bw_loop {
    bw_context *ctx;
    int64_t count;
    bw_task_fn task;
    void *user;
} bw_loop;

int bw_default_threads(void) {
    int limit = omp_get_thread_limit(), threads = omp_get_max_threads();
    return threads < limit ? threads : limit;
}

static void run_one(const bw_loop *loop, int64_t index, int thread) {
    if (bw_check(loop->ctx) != BW_OK) return;
    bw_status status = loop->task(loop->ctx, loop->user, index, thread);
    if (status != BW_OK) bw_fail(loop->ctx, status, "An operation failed without telling why (%d).", (int)status);
}

bw_status bw_parallel_threads(bw_context *ctx, int threads, int64_t count, bw_task_fn task, void *user) {
    const bw_loop loop = {ctx, count, task, user};
    if (threads > count) threads = count > 1 ? (int)count : 1;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (int64_t index = 0; index < loop.count; index++)
        run_one(&loop, index, omp_get_thread_num());
    return bw_check(ctx);
}

bw_status bw_parallel(bw_context *ctx, int64_t count, bw_task_fn task, void *user) {
    return bw_parallel_threads(ctx, bw_context_threads(ctx), count, task, user);
}
