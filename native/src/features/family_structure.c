/* Structure tensor (Foerstner and Guelch 1987; Bigun and Granlund 1987): the gradient's outer product, averaged. */
#include "features/features.h"

static int entry_count(int dims) {
    return dims == 3 ? 6 : 3;
}

int64_t bw_window_scratch(int dims, const bw_box *box, const bw_box *margin_box) {
    int64_t product = (bw_box_count(margin_box) + 15) / 16 * 16, entry = (bw_box_count(box) + 15) / 16 * 16;
    return product + entry_count(dims) * entry;
}

bw_status bw_compute_structure(bw_context *ctx, const bw_feature_call *call) {
    static const uint8_t pairs2[3][2] = {{BW_DX, BW_DX}, {BW_DX, BW_DY}, {BW_DY, BW_DY}};
    static const uint8_t pairs3[6][2] = {{BW_DX, BW_DX}, {BW_DX, BW_DY}, {BW_DX, BW_DZ},
                                         {BW_DY, BW_DY}, {BW_DY, BW_DZ}, {BW_DZ, BW_DZ}};
    const uint8_t(*pairs)[2] = call->dims == 3 ? pairs3 : pairs2;
    int64_t stride = (bw_box_count(&call->box) + 15) / 16 * 16, margin_count = bw_box_count(&call->margin_box);
    float *product = call->scratch, *entries = product + (margin_count + 15) / 16 * 16;
    for (int e = 0; e < entry_count(call->dims); e++) {
        call->ops->multiply(product, call->image[0][pairs[e][0]], call->image[0][pairs[e][1]], margin_count);
        BW_TRY(bw_call_smooth(ctx, call, product, entries + e * stride));
    }
    const float *matrix[6] = {NULL};
    for (int e = 0; e < entry_count(call->dims); e++)
        matrix[e] = entries + e * stride;
    return bw_call_eigenvalues(ctx, call, matrix);
}
