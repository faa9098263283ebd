/* Included by sources that are compiled once per instruction set: BW_SIMD_NAME(f) is f_scalar, f_base, f_avx2,
 * f_avx512. BW_VECTOR_BYTES is the size of a register, 0 = no vectors. */
#ifndef BW_CORE_SIMD_H
#define BW_CORE_SIMD_H

#if defined(BW_SIMD_LEVEL_SCALAR)
#define BW_SIMD_NAME(f) f##_scalar
#define BW_VECTOR_BYTES 0
#elif defined(BW_SIMD_LEVEL_BASE)
#define BW_SIMD_NAME(f) f##_base
#define BW_VECTOR_BYTES 16
#elif defined(BW_SIMD_LEVEL_AVX2)
#define BW_SIMD_NAME(f) f##_avx2
#define BW_VECTOR_BYTES 32
#elif defined(BW_SIMD_LEVEL_AVX512)
#define BW_SIMD_NAME(f) f##_avx512
#define BW_VECTOR_BYTES 64
#else
#error "compile through bw_simd_level in native/CMakeLists.txt"
#endif

/* Vector types of GCC and clang: `typedef float vec BW_VECTOR;` has BW_LANES(float) elements. Their arithmetic is
 * element-wise IEEE, so a wider register changes no bit. Without vectors, the type itself. */
#if BW_VECTOR_BYTES
#define BW_VECTOR __attribute__((vector_size(BW_VECTOR_BYTES)))
#define BW_LANES(type) ((int)(BW_VECTOR_BYTES / sizeof(type)))
#else
#define BW_VECTOR
#define BW_LANES(type) 1
#endif

#endif
