/* Compiled once per SIMD level. */
#include "features/gabor_ops.h"

#include <math.h>
#include <string.h>

#include "core/simd.h"

#define INLINE static inline __attribute__((always_inline))

enum { MAX_KERNELS = 9, MAX_VECTORS = 4 };

#define REAL float
#define SQRT sqrtf
#define NAME(f) f##_single
#include "features/gabor_real.h"
#undef REAL
#undef SQRT
#undef NAME

#define REAL double
#define SQRT sqrt
#define NAME(f) f##_double
#include "features/gabor_real.h"

#define TABLE(precision)                                                                                               \
    {                                                                                                                  \
        {bank_1_0_##precision, bank_1_1_##precision, bank_2_1_##precision,                                             \
         bank_3_2_##precision, bank_4_3_##precision, bank_5_4_##precision},                                            \
            {fold_one_##precision, fold_two_##precision, fold_four_##precision}, scale_##precision                     \
    }

extern const bw_gabor_table BW_SIMD_NAME(bw_gabor_tables);
const bw_gabor_table BW_SIMD_NAME(bw_gabor_tables) = {TABLE(single), TABLE(double)};
