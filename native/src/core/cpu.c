#include "core/cpu.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) || defined(_M_X64)
#define BW_X86 1
#include <cpuid.h>
#endif

#if defined(__aarch64__)
#define BW_BASE_NAME "neon"
#elif defined(BW_X86)
#define BW_BASE_NAME "sse2"
#else
#define BW_BASE_NAME "base"
#endif

static const char *const level_names[BW_SIMD_COUNT] = {"scalar", BW_BASE_NAME, "avx2", "avx512"};

#ifdef BW_X86
static uint64_t xcr0(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return ((uint64_t)high << 32) | low;
}

/* The processor must have the instructions and the system must save the registers. */
static bw_simd detect(void) {
    unsigned a, b, c, d;
    const unsigned popcnt_osxsave_avx = 1u << 23 | 1u << 27 | 1u << 28;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & popcnt_osxsave_avx) != popcnt_osxsave_avx) return BW_SIMD_BASE;
    uint64_t saved = xcr0();
    if ((saved & 0x6) != 0x6 || !__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & (1u << 5))) return BW_SIMD_BASE;
#ifndef __APPLE__ /* macOS switches ZMM state on at first use only, so XCR0 cannot be trusted there */
    const unsigned f_dq_bw_vl = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;
    if ((saved & 0xe6) == 0xe6 && (b & f_dq_bw_vl) == f_dq_bw_vl) return BW_SIMD_AVX512;
#endif
    return BW_SIMD_AVX2;
}
#else
static bw_simd detect(void) {
    return BW_SIMD_BASE;
}
#endif

bw_status bw_simd_level(bw_context *ctx, bw_simd *out) {
    bw_simd best = detect();
    *out = best;
    const char *wanted = getenv("BRUSHWOOD_SIMD");
    if (!wanted || !*wanted) return BW_OK;
    for (int level = 0; level < BW_SIMD_COUNT; level++) {
        if (strcmp(wanted, level_names[level])) continue;
        if (level > (int)best)
            return bw_fail(ctx, BW_ERROR_ARGUMENT, "BRUSHWOOD_SIMD=%s: this processor offers at most %s.", wanted,
                           level_names[best]);
        *out = (bw_simd)level;
        return BW_OK;
    }
    return bw_fail(ctx, BW_ERROR_ARGUMENT, "BRUSHWOOD_SIMD=%s is not a level; use scalar, %s, avx2 or avx512.", wanted,
                   BW_BASE_NAME);
}

const char *bw_simd_name(void) {
    bw_simd level;
    bw_simd_level(NULL, &level);
    return level_names[level];
}
