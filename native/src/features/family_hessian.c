#include "features/features.h"

bw_status bw_compute_hessian(bw_context *ctx, const bw_feature_call *call) {
    (void)ctx;
    const float *const *d = call->image[0];
    if (call->dims == 3) {
        const float *const matrix[6] = {d[BW_DXX], d[BW_DXY], d[BW_DXZ], d[BW_DYY], d[BW_DYZ], d[BW_DZZ]};
        call->ops->eigen3(call->out, matrix, call->count);
    } else {
        call->ops->eigen2(call->out, d[BW_DXX], d[BW_DXY], d[BW_DYY], call->count);
    }
    return BW_OK;
}
