/* The only place that touches the heap. Blocks are aligned to 64 bytes. */
#ifndef BW_CORE_ALLOC_H
#define BW_CORE_ALLOC_H

#include "core/status.h"

/* count * size bytes, not initialised; NULL (error recorded, naming `what`) on overflow or exhaustion. A zero-byte
 * request returns a valid block. */
void *bw_alloc(bw_context *ctx, uint64_t count, uint64_t size, const char *what);
void *bw_calloc(bw_context *ctx, uint64_t count, uint64_t size, const char *what);
/* Grows or shrinks; on failure the old block stays valid and NULL is returned. */
void *bw_realloc(bw_context *ctx, void *block, uint64_t count, uint64_t size, const char *what);
void bw_free(void *block);
/* bw_free for large blocks that come and go in a long-lived program: from time to time their memory goes back to the
 * system, where the C library would keep it. */
void bw_retire(void *block);
/* Memory that was freed goes back to the system, before much of other sizes is needed; takes milliseconds. */
void bw_give_back(void);
char *bw_strdup(bw_context *ctx, const char *text);

#endif
