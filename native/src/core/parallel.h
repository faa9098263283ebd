/* Data parallelism; parallel.c is the only file that knows OpenMP. */
#ifndef BW_CORE_PARALLEL_H
#define BW_CORE_PARALLEL_H

#include "core/status.h"

/* One unit of work. `thread` is in [0, bw_context_threads): use it to pick per-thread scratch. */
typedef bw_status (*bw_task_fn)(bw_context *ctx, void *user, int64_t index, int thread);

/* Runs tasks 0..count-1, each once, in unspecified order on the context's threads; stops handing out tasks after the
 * first error or cancel. Results must not depend on the order. */
bw_status bw_parallel(bw_context *ctx, int64_t count, bw_task_fn task, void *user);
/* The same on at most `threads` threads, when memory does not feed all of them; `thread` is below that. */
bw_status bw_parallel_threads(bw_context *ctx, int threads, int64_t count, bw_task_fn task, void *user);

/* The same; the thread that entered does `own` first and joins the others then. */
bw_status bw_parallel_beside(bw_context *ctx, int threads, int64_t count, bw_task_fn task, void *user,
                             bw_status (*own)(bw_context *ctx, void *user), void *own_user);

/* Name of the OpenMP runtime library in use. */
const char *bw_parallel_runtime(void);

/* Ends the waiting threads when nobody needs the library any more: of all pools with LLVM's runtime as it is linked
 * into released libraries, else of the calling thread's. No task may be running, and none may run afterwards. */
void bw_parallel_end(void);

#endif
