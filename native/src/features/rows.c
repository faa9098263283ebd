#include "features/rows.h"

#include <float.h>

#include "core/levels.h"
#include "features/features.h"

enum { RGB = 2, MIXED = 3 }; /* in the level column */
#define NONE "", 0, 0, 0, 0
#define SIGMA(low, high, usual) "sigma", 1, low, high, usual
#define RADIUS(low, high, usual) "radius", 1, low, high, usual
#define BW_FEATURE(id, label, doc, unit, source, parameter, out2, out3, names, factor, constant, level, build)         \
    {{id, label, doc, unit, source, parameter, out2, out3, names, (level) == RGB}, factor, constant, level, build},

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

/* Sets of features for the usual cases, and those of other programs, for carrying settings over (docs/features.md). */
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
    {"labkit", "As Labkit",
     "Labkit's default filters at its scales; its pairs of Gaussians become differences of Gaussians.",
     "original;gaussian:1,2,4,8;dog:1,2,4,8;gradient:1,2,4,8;laplacian:1,2,4,8;hessian:0.3,1,2,4,8"},
    {"tws", "As TWS",
     "Trainable Weka Segmentation's default 2D filters, with its sigma 1 to 16 as the scales they really have.",
     "original;gaussian:0.4,0.8,1.6,3.2,6.4;dog:0.8,1.6,3.2,6.4;gradient:0.7,1,1.7,3.3,6.4;"
     "laplacian:1,1.2,1.8,3.3,6.5;hessian:1,1.2,1.8,3.3,6.5;determinant:1,1.2,1.8,3.3,6.5;membrane"},
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

typedef const bw_ops *bw_ops_pair[2]; /* by precision */
BW_LEVELS_DECLARE(bw_ops_pair, bw_ops);
static const bw_ops_pair *const levels[BW_SIMD_COUNT] = BW_LEVELS(bw_ops);

const bw_ops *bw_ops_get(bw_simd level, bw_precision precision) {
    return (*levels[level])[precision];
}

void bw_make_finite(float *values, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        float v = values[i];
        v = v > FLT_MAX ? FLT_MAX : v;
        v = v < -FLT_MAX ? -FLT_MAX : v;
        values[i] = v == v ? v : 0;
    }
}
