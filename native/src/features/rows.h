/* Build functions of the rows of features.def. */
#ifndef BW_FEATURES_ROWS_H
#define BW_FEATURES_ROWS_H

#include "features/plan.h"

#define BW_FEATURE(id, label, doc, unit, source, parameter, out2, out3, names, factor, constant, level, build)         \
    void build(bw_builder *b, int out[BW_MAX_OUTPUTS]);
#include "features/features.def"
#undef BW_FEATURE

#endif
