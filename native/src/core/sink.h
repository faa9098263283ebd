/* The two halves of bw_sink_write, for callers that compute while the second one runs. */
#ifndef BW_CORE_SINK_H
#define BW_CORE_SINK_H

#include "core/status.h"

/* What parts begin and end at, besides the image's end; at least 1. */
void bw_sink_step(const bw_sink *sink, int64_t step[3]);
/* Checks the part and lets the sink work on it with all threads. */
bw_status bw_sink_encode(bw_context *ctx, bw_sink *sink, const bw_part *part, const bw_image *pixels);
/* Writes a part that was encoded, on the thread that entered the engine. */
bw_status bw_sink_put(bw_context *ctx, bw_sink *sink, const bw_part *part, const bw_image *pixels);

#endif
