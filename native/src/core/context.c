#include "core/context.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "core/system.h"

enum { MAX_THREADS = 1024 };
static const double progress_unit = 1048576.0;

/* Address of a thread-local variable: a cheap identity of the running thread. */
static uintptr_t thread_identity(void) {
    static _Thread_local char mark;
    return (uintptr_t)&mark;
}

static uint64_t default_budget(void) {
    uint64_t half = bw_system_free_memory() / 2, least = (uint64_t)64 << 20;
    return half > least ? half : least;
}

bw_context *bw_context_create(void) {
    bw_context *ctx = bw_calloc(NULL, 1, sizeof *ctx, "a context");
    if (!ctx) return NULL;
    ctx->threads = bw_default_threads();
    ctx->memory_budget = default_budget();
    return ctx;
}

void bw_context_free(bw_context *ctx) {
    bw_free(ctx);
}

const char *bw_context_error(const bw_context *ctx) {
    return atomic_load(&ctx->told) ? ctx->message : "";
}

bw_status bw_context_status(const bw_context *ctx) {
    return (bw_status)atomic_load(&ctx->failed);
}

bw_status bw_context_set_threads(bw_context *ctx, int threads) {
    if (threads < 0 || threads > MAX_THREADS)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "The number of threads must be 1 to %d (0 = all), not %d.", MAX_THREADS,
                       threads);
    ctx->threads = threads ? threads : bw_default_threads();
    return BW_OK;
}

int bw_context_threads(const bw_context *ctx) {
    return ctx->threads;
}

bw_status bw_context_set_memory_budget(bw_context *ctx, uint64_t bytes) {
    ctx->memory_budget = bytes ? bytes : default_budget();
    return BW_OK;
}

uint64_t bw_context_memory_budget(const bw_context *ctx) {
    return ctx->memory_budget;
}

void bw_context_set_progress(bw_context *ctx, bw_progress_fn fn, void *user) {
    ctx->progress = fn;
    ctx->progress_user = user;
}

double bw_context_progress(const bw_context *ctx) {
    double total = atomic_load(&ctx->total);
    double fraction = total > 0 ? (double)atomic_load(&ctx->done) / (progress_unit * total) : 0;
    return fraction < 1 ? fraction : 1;
}

void bw_context_cancel(bw_context *ctx) {
    atomic_store(&ctx->cancel, 1);
}

bw_status bw_fail(bw_context *ctx, bw_status code, const char *format, ...) {
    if (!ctx) return code;
    int none = BW_OK;
    if (!atomic_compare_exchange_strong(&ctx->failed, &none, (int)code)) return code;
    va_list args;
    va_start(args, format);
    vsnprintf(ctx->message, sizeof ctx->message, format, args);
    va_end(args);
    atomic_store(&ctx->told, 1);
    return code;
}

bw_status bw_context_fail(bw_context *ctx, bw_status status, const char *message) {
    return bw_fail(ctx, status == BW_OK ? BW_ERROR_INTERNAL : status, "%s", message);
}

static double seconds_between(const struct timespec *from, const struct timespec *to) {
    return (double)(to->tv_sec - from->tv_sec) + 1e-9 * (double)(to->tv_nsec - from->tv_nsec);
}

static void call_progress(bw_context *ctx) {
    timespec_get(&ctx->last_call, TIME_UTC);
    if (ctx->progress(ctx->progress_user, bw_context_progress(ctx))) bw_context_cancel(ctx);
}

/* Long units of work would leave the progress function, and with it an Esc key, unheard. */
static void call_progress_when_due(bw_context *ctx) {
    struct timespec now;
    if (++ctx->checks % 4) return;
    timespec_get(&now, TIME_UTC);
    double since = seconds_between(&ctx->last_call, &now);
    if (since > 0.04 || since < 0) call_progress(ctx);
}

bw_status bw_check(bw_context *ctx) {
    int failed = atomic_load_explicit(&ctx->failed, memory_order_relaxed);
    if (failed) return (bw_status)failed;
    if (ctx->progress && atomic_load_explicit(&ctx->progress_thread, memory_order_relaxed) == thread_identity())
        call_progress_when_due(ctx);
    if (atomic_load_explicit(&ctx->cancel, memory_order_relaxed)) return bw_fail(ctx, BW_ERROR_CANCELLED, "Cancelled.");
    return BW_OK;
}

void bw_progress_begin(bw_context *ctx, double total) {
    atomic_store(&ctx->done, 0);
    atomic_store(&ctx->total, total);
    atomic_store(&ctx->progress_thread, thread_identity());
}

void bw_progress_add(bw_context *ctx, double units) {
    atomic_fetch_add(&ctx->done, (uint64_t)(units * progress_unit));
    if (ctx->progress && atomic_load(&ctx->progress_thread) == thread_identity()) call_progress(ctx);
}

const char *bw_version(void) {
    return BW_VERSION;
}
