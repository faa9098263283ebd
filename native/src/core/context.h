/* The context's inside, shared by core's own sources only. */
#ifndef BW_CORE_CONTEXT_H
#define BW_CORE_CONTEXT_H

#include <stdatomic.h>
#include <time.h>

#include "core/status.h"

struct bw_context {
    _Atomic int failed; /* the status that won; set before the message is written */
    _Atomic int told;   /* the message is complete */
    _Atomic int cancel;
    _Atomic uint64_t done; /* progress in 1/2^20 units */
    _Atomic double total;
    int threads;
    uint64_t memory_budget;
    bw_progress_fn progress;
    void *progress_user;
    _Atomic uintptr_t progress_thread;
    unsigned checks;           /* since the clock was last read; progress thread only */
    struct timespec last_call; /* of the progress function */
    char message[1024];
};

#endif
