#include "io/tiff_output.h"

#include "core/system.h"
#include <errno.h>

enum { BLOCK = 4 << 20 }; /* bytes between two looks at the cancel flag */

static bw_status write_failed(bw_context *ctx, const bw_tiff_output *f) {
    const int reason = errno;
    BW_TRY(bw_check(ctx));
    return bw_output_failed(ctx, f->output.path, reason);
}

bw_status bw_tiff_output_put(bw_context *ctx, bw_tiff_output *f, const void *data, uint64_t size) {
    const uint8_t *from = data;
    for (uint64_t done = 0; done < size;) {
        BW_TRY(bw_check(ctx));
        uint64_t part = size - done < BLOCK ? size - done : BLOCK;
        if (fwrite(from + done, 1, (size_t)part, f->file) != part) return write_failed(ctx, f);
        done += part;
        f->at += part;
    }
    return BW_OK;
}

bw_status bw_tiff_output_seek(bw_context *ctx, bw_tiff_output *f, uint64_t offset) {
    if (offset == f->at) return BW_OK;
    if (bw_system_seek(f->file, offset)) return write_failed(ctx, f);
    f->at = offset;
    return BW_OK;
}

bw_status bw_tiff_output_begin(bw_context *ctx, bw_tiff_output *f, const char *path) {
    static const uint8_t room[BW_TIFF_START];
    *f = (bw_tiff_output){.file = NULL};
    BW_TRY(bw_output_begin(ctx, path, &f->output));
    bw_status status = bw_file_open(ctx, f->output.temporary, "wb", &f->file);
    if (status == BW_OK) status = bw_tiff_output_put(ctx, f, room, sizeof room);
    if (status != BW_OK) bw_tiff_output_abandon(f);
    return status;
}

static bw_status write_ends(bw_context *ctx, bw_tiff_output *f, const bw_tiff_tail *tail) {
    uint8_t head[BW_TIFF_START];
    bw_tiff_header(tail, head);
    BW_TRY(bw_tiff_output_seek(ctx, f, tail->base));
    BW_TRY(bw_tiff_output_put(ctx, f, tail->bytes.data, tail->bytes.size));
    BW_TRY(bw_tiff_output_seek(ctx, f, 0));
    return bw_tiff_output_put(ctx, f, head, sizeof head);
}

bw_status bw_tiff_output_finish(bw_context *ctx, bw_tiff_output *f, const bw_tiff_tail *tail) {
    BW_TRY(write_ends(ctx, f, tail));
    FILE *file = f->file;
    f->file = NULL;
    errno = 0;
    if (fclose(file)) return write_failed(ctx, f);
    return bw_output_commit(ctx, &f->output);
}

void bw_tiff_output_abandon(bw_tiff_output *f) {
    if (f->file) fclose(f->file);
    f->file = NULL;
    bw_output_abandon(&f->output);
}
