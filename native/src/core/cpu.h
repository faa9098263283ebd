/* Which instruction set the SIMD sources run on. */
#ifndef BW_CORE_CPU_H
#define BW_CORE_CPU_H

#include "core/status.h"

typedef enum bw_simd { BW_SIMD_SCALAR = 0, BW_SIMD_BASE, BW_SIMD_AVX2, BW_SIMD_AVX512, BW_SIMD_COUNT } bw_simd;

/* The best level this processor has, or the one BRUSHWOOD_SIMD names (scalar, sse2/neon, avx2, avx512; read at every
 * call so that tests can switch). Unknown or unavailable names are an error. */
bw_status bw_simd_level(bw_context *ctx, bw_simd *out);

#endif
