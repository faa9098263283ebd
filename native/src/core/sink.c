#include "core/sink.h"

#include "core/alloc.h"
#include "core/image.h"

struct bw_sink {
    bw_image_info info;
    bw_sink_writer writer;
};

bw_status bw_sink_create(bw_context *ctx, const bw_image *outline, const bw_sink_writer *writer, bw_sink **out) {
    *out = bw_calloc(ctx, 1, sizeof **out, "a sink");
    if (!*out) {
        if (writer->close) writer->close(writer->user);
        return BW_ERROR_MEMORY;
    }
    (*out)->info = *bw_image_get_info(outline);
    (*out)->writer = *writer;
    for (int axis = 0; axis < 3; axis++)
        if ((*out)->writer.step[axis] < 1) (*out)->writer.step[axis] = 1;
    return BW_OK;
}

const bw_image_info *bw_sink_get_info(const bw_sink *sink) {
    return &sink->info;
}

void bw_sink_step(const bw_sink *sink, int64_t step[3]) {
    for (int axis = 0; axis < 3; axis++)
        step[axis] = sink->writer.step[axis];
}

/* Whether a part ends where the sink's parts may: at a step or at the image's end. */
static int fits_steps(const bw_sink *sink, const bw_part *part) {
    const int64_t size[3] = {sink->info.width, sink->info.height, sink->info.depth};
    int fits = part->frame >= 0 && part->frame < sink->info.frames;
    for (int axis = 0; axis < 3; axis++) {
        const int64_t lo = part->lo[axis], hi = part->hi[axis], step = sink->writer.step[axis];
        fits &= lo >= 0 && lo < hi && hi <= size[axis] && lo % step == 0 && (hi % step == 0 || hi == size[axis]);
    }
    return fits;
}

static bw_status check_part(bw_context *ctx, const bw_sink *sink, const bw_part *part, const bw_image *pixels) {
    const bw_image_info *has = bw_image_get_info(pixels), *needs = &sink->info;
    if (fits_steps(sink, part) && has->width == part->hi[0] - part->lo[0] && has->height == part->hi[1] - part->lo[1] &&
        has->depth == part->hi[2] - part->lo[2] && has->channels == needs->channels && has->type == needs->type &&
        has->frames == 1)
        return BW_OK;
    return bw_fail(ctx, BW_ERROR_ARGUMENT,
                   "The part from (%lld, %lld, %lld) to (%lld, %lld, %lld) of frame %d does not fit the image that is "
                   "written.",
                   (long long)part->lo[0], (long long)part->lo[1], (long long)part->lo[2], (long long)part->hi[0],
                   (long long)part->hi[1], (long long)part->hi[2], part->frame + 1);
}

bw_status bw_sink_encode(bw_context *ctx, bw_sink *sink, const bw_part *part, const bw_image *pixels) {
    BW_TRY(bw_check(ctx));
    BW_TRY(check_part(ctx, sink, part, pixels));
    return sink->writer.encode ? sink->writer.encode(ctx, sink->writer.user, part, pixels) : BW_OK;
}

bw_status bw_sink_put(bw_context *ctx, bw_sink *sink, const bw_part *part, const bw_image *pixels) {
    BW_TRY(bw_check(ctx));
    return sink->writer.write(ctx, sink->writer.user, part, pixels);
}

bw_status bw_sink_write(bw_context *ctx, bw_sink *sink, const bw_part *part, const bw_image *pixels) {
    BW_TRY(bw_sink_encode(ctx, sink, part, pixels));
    return bw_sink_put(ctx, sink, part, pixels);
}

bw_status bw_sink_finish(bw_context *ctx, bw_sink *sink) {
    BW_TRY(bw_check(ctx));
    return sink->writer.finish(ctx, sink->writer.user);
}

void bw_sink_free(bw_sink *sink) {
    if (!sink) return;
    if (sink->writer.close) sink->writer.close(sink->writer.user);
    bw_free(sink);
}
