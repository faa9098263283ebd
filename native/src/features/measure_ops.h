/* Features that follow from a few numbers of the same pixel. Computed in double precision; images are of float or of
 * double. Outputs never overlap inputs. */
#ifndef BW_FEATURES_MEASURE_OPS_H
#define BW_FEATURES_MEASURE_OPS_H

#include "core/levels.h"
#include "features/ops.h"

enum { BW_MEASURE_INPUTS = 6, BW_MEASURE_OUTPUTS = 3 };

/* out[o][i] for i < n from in[..][i]. Unused pointers may be NULL. */
typedef void bw_measure_fn(void *const out[BW_MEASURE_OUTPUTS], const void *const in[BW_MEASURE_INPUTS],
                           const double *parameter, int64_t n);

/* For slices and for stacks. Eigenvalues come in descending order; entries of a symmetric matrix are xx xy yy or
 * xx xy xz yy yz zz. */
typedef enum bw_measure {
    BW_COHERENCE2, /* eigenvalues -> differences of neighbours over their sum */
    BW_COHERENCE3,
    BW_DETERMINANT2, /* entries -> determinant */
    BW_DETERMINANT3,
    BW_FRANGI2, /* eigenvalues -> vesselness, blobness */
    BW_FRANGI3, /* eigenvalues -> vesselness, sheetness, blobness */
    BW_HSB,     /* red, green, blue -> hue, saturation, brightness */
    BW_UNMIX,   /* red, green, blue -> optical densities, as a row, times the matrix in parameter[1..9] (by rows);
                   parameter[0] is log10(white + 1) */
    BW_MEASURE_COUNT
} bw_measure;

/* Indexed by measure and precision. */
typedef bw_measure_fn *bw_measure_table[BW_MEASURE_COUNT][2];

bw_measure_fn *bw_measure_get(bw_simd level, bw_precision precision, bw_measure measure);

#endif
