/* Eigenvalues of an image of symmetric matrices, in pieces small enough for a prompt cancel. */
#include "features/features.h"

enum { PIECE = 1 << 15 };

bw_status bw_call_eigenvalues(bw_context *ctx, const bw_feature_call *call, const float *const entries[6]) {
    for (int64_t at = 0; at < call->count; at += PIECE) {
        const int64_t n = call->count - at < PIECE ? call->count - at : PIECE;
        float *out[BW_MAX_OUTPUTS];
        const float *piece[6];
        BW_TRY(bw_check(ctx));
        for (int o = 0; o < call->dims; o++)
            out[o] = call->out[o] + at;
        for (int e = 0; e < (call->dims == 3 ? 6 : 3); e++)
            piece[e] = entries[e] + at;
        if (call->dims == 3)
            call->ops->eigen3(out, piece, n);
        else
            call->ops->eigen2(out, piece[0], piece[1], piece[2], n);
    }
    return BW_OK;
}
