#include "core/alloc.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#ifdef __linux__
#include <sys/mman.h>
#endif
#ifdef __GLIBC__
#include <malloc.h>
#endif

/* Each block is preceded by one 64-byte line that holds its base address and size. */
enum { BW_LINE = 64 };

typedef struct bw_block {
    void *base;
    uint64_t size;
} bw_block;

static _Atomic uint64_t memory_in_use;
static _Atomic uint64_t memory_peak;

uint64_t bw_memory_in_use(void) {
    return atomic_load(&memory_in_use);
}

uint64_t bw_memory_peak(void) {
    return atomic_load(&memory_peak);
}

void bw_memory_reset_peak(void) {
    atomic_store(&memory_peak, atomic_load(&memory_in_use));
}

static void count(uint64_t size) {
    uint64_t now = atomic_fetch_add(&memory_in_use, size) + size;
    uint64_t peak = atomic_load(&memory_peak);
    while (now > peak && !atomic_compare_exchange_weak(&memory_peak, &peak, now)) {
    }
}

static bw_block *block_of(void *payload) {
    return (bw_block *)(void *)((unsigned char *)payload - BW_LINE);
}

static int byte_count(uint64_t count, uint64_t size, uint64_t *bytes) {
    if (size && count > (UINT64_MAX - 2 * BW_LINE) / size) return 0;
    *bytes = count * size;
    return *bytes + 2 * BW_LINE <= (uint64_t)(SIZE_MAX / 2);
}

static void *out_of_memory(bw_context *ctx, uint64_t bytes, const char *what) {
    bw_fail(ctx, BW_ERROR_MEMORY, "Not enough memory for %s (%.1f MB). Close other images or lower the memory budget.",
            what, (double)bytes / 1e6);
    return NULL;
}

/* Images are written once from end to end: with small pages, a third of that time goes into page faults. */
static void ask_for_large_pages(void *base, uint64_t bytes) {
#ifdef __linux__
    const uint64_t page = (uint64_t)2 << 20, from = ((uintptr_t)base + page - 1) / page * page;
    const uint64_t to = ((uintptr_t)base + bytes) / page * page;
    if (from + 4 * page <= to) madvise((void *)(uintptr_t)from, (size_t)(to - from), MADV_HUGEPAGE);
#else
    (void)base, (void)bytes;
#endif
}

static void *alloc_any(bw_context *ctx, uint64_t count_, uint64_t size, const char *what, int zero) {
    uint64_t bytes = 0;
    if (!byte_count(count_, size, &bytes)) {
        bw_fail(ctx, BW_ERROR_MEMORY, "The size of %s overflows the address space.", what);
        return NULL;
    }
    void *base = zero ? calloc(1, (size_t)(bytes + 2 * BW_LINE)) : malloc((size_t)(bytes + 2 * BW_LINE));
    if (!base) return out_of_memory(ctx, bytes, what);
    ask_for_large_pages(base, bytes);
    uintptr_t payload = ((uintptr_t)base + 2 * BW_LINE - 1) & ~(uintptr_t)(BW_LINE - 1);
    bw_block *block = block_of((void *)payload);
    block->base = base;
    block->size = bytes;
    count(bytes);
    return (void *)payload;
}

void *bw_alloc(bw_context *ctx, uint64_t count_, uint64_t size, const char *what) {
    return alloc_any(ctx, count_, size, what, 0);
}

void *bw_calloc(bw_context *ctx, uint64_t count_, uint64_t size, const char *what) {
    return alloc_any(ctx, count_, size, what, 1);
}

void *bw_realloc(bw_context *ctx, void *block, uint64_t count_, uint64_t size, const char *what) {
    void *fresh = bw_alloc(ctx, count_, size, what);
    if (!fresh || !block) return fresh;
    uint64_t old = block_of(block)->size, bytes = count_ * size;
    memcpy(fresh, block, (size_t)(old < bytes ? old : bytes));
    bw_free(block);
    return fresh;
}

void bw_free(void *block) {
    if (!block) return;
    bw_block *header = block_of(block);
    atomic_fetch_sub(&memory_in_use, header->size);
    free(header->base);
}

void bw_give_back(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

void bw_retire(void *block) {
#ifdef __GLIBC__
    static const uint64_t retired_most = (uint64_t)128 << 20; /* looking through the heap takes milliseconds */
    static _Atomic uint64_t retired;
    const uint64_t size = block ? block_of(block)->size : 0, before = atomic_fetch_add(&retired, size);
    bw_free(block);
    if (before < retired_most && before + size >= retired_most) {
        bw_give_back();
        atomic_store(&retired, 0);
    }
#else
    bw_free(block);
#endif
}

char *bw_strdup(bw_context *ctx, const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = bw_alloc(ctx, size, 1, "a string");
    if (copy) memcpy(copy, text, size);
    return copy;
}

void bw_string_free(char *text) {
    bw_free(text);
}
