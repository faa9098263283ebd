/* Rows that read Gaussian derivative images pixel by pixel. */
#include <string.h>

#include "features/features.h"

bw_status bw_compute_copy(bw_context *ctx, const bw_feature_call *call) {
    (void)ctx;
    memcpy(call->out[0], call->image[0][BW_D0], (size_t)call->count * sizeof(float));
    return BW_OK;
}

bw_status bw_compute_laplacian(bw_context *ctx, const bw_feature_call *call) {
    (void)ctx;
    const float *const *d = call->image[0];
    if (call->dims == 3)
        call->ops->add3(call->out[0], d[BW_DXX], d[BW_DYY], d[BW_DZZ], call->count);
    else
        call->ops->add(call->out[0], d[BW_DXX], d[BW_DYY], call->count);
    return BW_OK;
}

bw_status bw_compute_gradient(bw_context *ctx, const bw_feature_call *call) {
    (void)ctx;
    const float *const *d = call->image[0];
    if (call->dims == 3)
        call->ops->length3(call->out[0], d[BW_DX], d[BW_DY], d[BW_DZ], call->count);
    else
        call->ops->length2(call->out[0], d[BW_DX], d[BW_DY], call->count);
    return BW_OK;
}

bw_status bw_compute_difference(bw_context *ctx, const bw_feature_call *call) {
    (void)ctx;
    call->ops->subtract(call->out[0], call->image[0][BW_D0], call->image[1][BW_D0], call->count);
    return BW_OK;
}
