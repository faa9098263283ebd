/* Choosing among the tables that a source compiled per SIMD level (core/simd.h) defines: a table of type T called NAME
 * is declared by BW_LEVELS_DECLARE(T, NAME), and BW_LEVELS(NAME) initialises an array indexed by bw_simd. Levels of
 * other processor families do not exist in the build. */
#ifndef BW_CORE_LEVELS_H
#define BW_CORE_LEVELS_H

#include "core/cpu.h"

#if defined(__x86_64__) || defined(_M_X64)
#define BW_LEVELS_DECLARE(type, name) extern const type name##_scalar, name##_base, name##_avx2, name##_avx512
#define BW_LEVELS(name)                                                                                                \
    { &name##_scalar, &name##_base, &name##_avx2, &name##_avx512 }
#else
#define BW_LEVELS_DECLARE(type, name) extern const type name##_scalar, name##_base
#define BW_LEVELS(name)                                                                                                \
    { &name##_scalar, &name##_base, &name##_base, &name##_base }
#endif

#endif
