/* Shared by the targets for model files. */
#ifndef BW_FUZZ_MODEL_FILE_H
#define BW_FUZZ_MODEL_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../native/model_frame.h"
#include "core/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads and uses a file, and frees what was read. */
typedef void (*file_fn)(bw_context *ctx, const uint8_t *data, size_t size);

/* A result or an error with a message. */
static inline void check_result(const bw_context *ctx, bw_status status, const void *result) {
    if ((status == BW_OK) != (result != NULL) || (status != BW_OK && !bw_context_error(ctx)[0])) __builtin_trap();
}

/* The length and checksum fields are mended first, so that mutations get past them to the parser. Nothing may leak. */
static inline int try_mended(const uint8_t *data, size_t size, file_fn fn) {
    bw_context *ctx = bw_context_create();
    uint8_t *copy = ctx ? bw_alloc(ctx, size, 1, "input") : NULL;
    if (copy) {
        memcpy(copy, data, size);
        if (size >= FRAME_SIZE) mend_frame(copy, size);
        bw_context_set_threads(ctx, 1);
        fn(ctx, copy, size);
    }
    bw_free(copy);
    bw_context_free(ctx);
    if (bw_memory_in_use()) __builtin_trap();
    return 0;
}

#endif
