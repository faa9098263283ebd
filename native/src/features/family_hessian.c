#include "features/features.h"

bw_status bw_compute_hessian(bw_context *ctx, const bw_feature_call *call) {
    const float *const *d = call->image[0];
    const float *const flat[6] = {d[BW_DXX], d[BW_DXY], d[BW_DYY]};
    const float *const deep[6] = {d[BW_DXX], d[BW_DXY], d[BW_DXZ], d[BW_DYY], d[BW_DYZ], d[BW_DZZ]};
    return bw_call_eigenvalues(ctx, call, call->dims == 3 ? deep : flat);
}
