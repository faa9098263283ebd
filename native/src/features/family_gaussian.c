/* Rows that combine Gaussian derivatives pixel by pixel. */
#include "features/features.h"
#include "features/rows.h"
#include "features/steps.h"

void bw_build_original(bw_builder *b, int out[BW_MAX_OUTPUTS]) {
    out[0] = bw_build_source(b, b->channel, BW_SOURCE_RAW, BW_SINGLE);
}

void bw_build_gaussian(bw_builder *b, int out[BW_MAX_OUTPUTS]) {
    out[0] = bw_build_relevel(b, bw_build_derivative(b, b->value, 0, 0, 0));
}

/* One derivative of `order` along every axis, summed up by the kind for this number. */
static int along_axes(bw_builder *b, int order, const bw_step_kind *two, const bw_step_kind *three) {
    int terms[3] = {0};
    for (int axis = 0; axis < b->dims; axis++)
        terms[axis] =
            bw_build_derivative(b, b->value, axis == 0 ? order : 0, axis == 1 ? order : 0, axis == 2 ? order : 0);
    return bw_build_pointwise(b, b->dims == 3 ? three : two, terms, b->dims, 1);
}

void bw_build_laplacian(bw_builder *b, int out[BW_MAX_OUTPUTS]) {
    out[0] = along_axes(b, 2, &bw_kind_add, &bw_kind_add3);
}

void bw_build_gradient(bw_builder *b, int out[BW_MAX_OUTPUTS]) {
    out[0] = along_axes(b, 1, &bw_kind_length2, &bw_kind_length3);
}

void bw_build_dog(bw_builder *b, int out[BW_MAX_OUTPUTS]) {
    const int terms[2] = {bw_build_derivative(b, b->value, 0, 0, 0), bw_build_derivative(b, 0.66 * b->value, 0, 0, 0)};
    out[0] = bw_build_pointwise(b, &bw_kind_subtract, terms, 2, 1);
}

/* Structure tensor (Foerstner and Guelch 1987; Bigun and Granlund 1987): the gradient's outer product, averaged. */
void bw_build_structure(bw_builder *b, int out[BW_MAX_OUTPUTS]) {
    int entries[6];
    const int count = bw_build_structure_entries(b, entries);
    bw_number_images(bw_build_eigenvalues(b, entries, count), b->dims, out);
}

void bw_build_hessian(bw_builder *b, int out[BW_MAX_OUTPUTS]) {
    int entries[6];
    const int count = bw_build_hessian_entries(b, entries);
    bw_number_images(bw_build_eigenvalues(b, entries, count), b->dims, out);
}
