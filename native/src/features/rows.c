#include "features/features.h"

#define D0 (1u << BW_D0)
#define DX (1u << BW_DX)
#define DY (1u << BW_DY)
#define DZ (1u << BW_DZ)
#define DXX (1u << BW_DXX)
#define DXY (1u << BW_DXY)
#define DXZ (1u << BW_DXZ)
#define DYY (1u << BW_DYY)
#define DYZ (1u << BW_DYZ)
#define DZZ (1u << BW_DZZ)
#define NEED(factor, in_2d, in_3d)                                                                                     \
    {                                                                                                                  \
        (factor), {                                                                                                    \
            (in_2d), (in_3d)                                                                                           \
        }                                                                                                              \
    }
#define NO_NEED NEED(0, 0, 0)
#define BW_FEATURE(id, label, doc, low, high, usual, out2, out3, need1, need2, window, level, compute)                 \
    {{id, label, doc, (high) > 0, low, high, usual, out2, out3}, {need1, need2}, window, level, compute},

static const bw_feature_def defs[] = {
#include "features/features.def"
};

enum { DEFS = sizeof defs / sizeof *defs };

const bw_feature_def *bw_feature_def_get(int row) {
    return row >= 0 && row < DEFS ? &defs[row] : NULL;
}

int bw_feature_row_count(void) {
    return DEFS;
}

const bw_feature_row *bw_feature_row_get(int index) {
    const bw_feature_def *def = bw_feature_def_get(index);
    return def ? &def->row : NULL;
}

/* Sets of features for the usual cases; ilastik's is its default selection, for carrying settings over. */
static const bw_preset presets[] = {
    {"fast", "Fast", "Few scales, no structure tensor: for a first look and for large images.",
     "gaussian:0.7,1.6,3.5;gradient:1.6;laplacian:1,3.5;hessian:1.6"},
    {"balanced", "Balanced (default)", "Every family at fine and middle scales.",
     "gaussian:0.3,0.7,1,1.6,3.5,5;laplacian:0.7,1.6,3.5,5;gradient:0.7,1.6,3.5,5;dog:1,1.6,3.5,5;"
     "structure:1,1.6,3.5,5;hessian:0.7,1.6,3.5,5"},
    {"thorough", "Thorough", "Every family at every preset scale, and one scale beyond.",
     "original;gaussian:0.3,0.7,1,1.6,3.5,5,10,15;laplacian:0.7,1,1.6,3.5,5,10,15;gradient:0.7,1,1.6,3.5,5,10,15;"
     "dog:0.7,1,1.6,3.5,5,10,15;structure:0.7,1,1.6,3.5,5,10,15;hessian:0.7,1,1.6,3.5,5,10,15"},
    {"ilastik", "As ilastik", "What ilastik computes with all of its features selected (49 images in 2D, 61 in 3D).",
     "gaussian:0.3,0.7,1,1.6,3.5,5,10;laplacian:0.7,1,1.6,3.5,5,10;gradient:0.7,1,1.6,3.5,5,10;"
     "dog:0.7,1,1.6,3.5,5,10;structure:0.7,1,1.6,3.5,5,10;hessian:0.7,1,1.6,3.5,5,10"},
};

int bw_preset_count(void) {
    return (int)(sizeof presets / sizeof *presets);
}

const bw_preset *bw_preset_get(int index) {
    return index >= 0 && index < bw_preset_count() ? &presets[index] : NULL;
}

const char *bw_preset_default(void) {
    return "balanced";
}

/* One list of SIMD levels for the dispatch; levels of other processor families do not exist in the build. */
extern const bw_ops bw_ops_scalar, bw_ops_base;
#if defined(__x86_64__) || defined(_M_X64)
extern const bw_ops bw_ops_avx2, bw_ops_avx512;
static const bw_ops *const levels[BW_SIMD_COUNT] = {&bw_ops_scalar, &bw_ops_base, &bw_ops_avx2, &bw_ops_avx512};
#else
static const bw_ops *const levels[BW_SIMD_COUNT] = {&bw_ops_scalar, &bw_ops_base, &bw_ops_base, &bw_ops_base};
#endif

const bw_ops *bw_ops_get(bw_simd level) {
    return levels[level];
}
