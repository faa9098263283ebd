/* First-error-wins reporting, cancellation and progress on a context. */
#ifndef BW_CORE_STATUS_H
#define BW_CORE_STATUS_H

#include "brushwood.h"

#if defined(__GNUC__)
#define BW_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define BW_PRINTF(fmt, args)
#endif

/* Records the error unless one is recorded already; safe from worker threads. Returns `code`. */
bw_status bw_fail(bw_context *ctx, bw_status code, const char *format, ...) BW_PRINTF(3, 4);

/* The state an operation continues with: the recorded error, or BW_ERROR_CANCELLED once cancel was asked for. Call it
 * at least every few milliseconds of work; it is cheap. On the thread that called bw_progress_begin it also calls the
 * progress function when that has not been called for a while. */
bw_status bw_check(bw_context *ctx);

/* Leaves the function on error. */
#define BW_TRY(expr)                                                                                                   \
    do {                                                                                                               \
        bw_status bw_try_status = (expr);                                                                              \
        if (bw_try_status != BW_OK) return bw_try_status;                                                              \
    } while (0)

/* Progress of the running operation: `total` units of work; done units are added from any thread. The progress function
 * runs only on the thread that called bw_progress_begin. */
void bw_progress_begin(bw_context *ctx, double total);
void bw_progress_add(bw_context *ctx, double units);

#endif
