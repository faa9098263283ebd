#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "objects/objects.h"
#include "objects/plain.h"

enum { WORD = 64, ROWS = 64 }; /* voxels looked at together, rows of a task */

typedef struct row_source {
    const void *frame;
    bw_pixel_type type;
    int64_t width;
} row_source;

/* Bit x is set where byte x of 64 is not 0; bytes are 0 or 1. */
static uint64_t bits_of(const uint8_t bytes[WORD]) {
    uint64_t bits = 0;
    for (int k = 0; k < WORD / 8; k++) {
        uint64_t eight;
        memcpy(&eight, bytes + 8 * k, sizeof eight);
        bits |= (eight * 0x0102040810204080u >> 56) << 8 * k;
    }
    return bits;
}

static int64_t row_of_mask(bw_context *ctx, void *user, int64_t row, bw_run *runs) {
    const row_source *source = user;
    uint8_t bytes[WORD];
    uint64_t before = 0; /* the last voxel */
    int64_t edges = 0;
    (void)ctx;
    for (int64_t x = 0; x <= source->width; x += WORD) {
        const int64_t left = source->width - x, count = left < WORD ? left : WORD;
        if (count < WORD) memset(bytes, 0, sizeof bytes);
        bw_plain_mask(source->frame, source->type, row * source->width + x, count, bytes);
        const uint64_t bits = bits_of(bytes);
        for (uint64_t changes = bits ^ (bits << 1 | before); changes; changes &= changes - 1, edges++) {
            if (!runs) continue;
            const int32_t at = (int32_t)(x + __builtin_ctzll(changes));
            if (edges % 2)
                runs[edges / 2].hi = at;
            else
                runs[edges / 2] = (bw_run){at, 0, 0};
        }
        before = bits >> (WORD - 1);
    }
    return edges / 2;
}

typedef struct painting {
    const bw_runs *runs;
    void *frame;
    bw_pixel_type type;
} painting;

static bw_status paint_rows(bw_context *ctx, void *user, int64_t index, int thread) {
    const painting *p = user;
    const int64_t rows = bw_runs_rows(p->runs), end = (index + 1) * ROWS < rows ? (index + 1) * ROWS : rows;
    (void)ctx, (void)thread;
    for (int64_t row = index * ROWS; row < end; row++)
        for (int64_t i = p->runs->row[row]; i < p->runs->row[row + 1]; i++) {
            const bw_run *run = p->runs->run + i;
            const int64_t first = row * p->runs->size[0];
            for (int64_t x = run->lo; p->type == BW_UINT16 && x < run->hi; x++)
                ((uint16_t *)p->frame)[first + x] = (uint16_t)run->label;
            for (int64_t x = run->lo; p->type == BW_FLOAT32 && x < run->hi; x++)
                ((float *)p->frame)[first + x] = (float)run->label;
        }
    return BW_OK;
}

static bw_status find_components(bw_context *ctx, const bw_image *mask, int connectivity, bw_runs *frames,
                                 uint32_t *most) {
    const bw_image_info *info = bw_image_get_info(mask);
    const int64_t size[3] = {info->width, info->height, info->depth};
    BW_TRY(bw_connectivity_check(ctx, connectivity, size, &connectivity));
    bw_progress_begin(ctx, info->frames);
    for (int f = 0; f < info->frames; f++) {
        row_source source = {bw_plain_frame(mask, f), info->type, info->width};
        uint32_t count;
        BW_TRY(bw_runs_build(ctx, size, row_of_mask, &source, frames + f));
        BW_TRY(bw_runs_components(ctx, frames + f, connectivity, &count));
        *most = count > *most ? count : *most;
        bw_progress_add(ctx, 1);
    }
    if (*most <= BW_MAX_LABEL) return BW_OK;
    return bw_fail(ctx, BW_ERROR_MISMATCH,
                   "The mask has %lld components; a label image holds at most %u. Remove noise or divide the image.",
                   (long long)*most, (unsigned)BW_MAX_LABEL);
}

static bw_status paint_components(bw_context *ctx, const bw_image *mask, const bw_runs *frames, uint32_t most,
                                  bw_image **out) {
    painting p = {.type = most <= UINT16_MAX ? BW_UINT16 : BW_FLOAT32};
    bw_status status = bw_plain_create(ctx, mask, p.type, out);
    for (int f = 0; f < bw_image_get_info(mask)->frames && status == BW_OK; f++) {
        p.runs = frames + f;
        p.frame = bw_image_plane(*out, f, 0, 0);
        status = bw_parallel(ctx, (bw_runs_rows(p.runs) + ROWS - 1) / ROWS, paint_rows, &p);
    }
    return status;
}

bw_status bw_components(bw_context *ctx, const bw_image *mask, int connectivity, bw_image **out) {
    *out = NULL;
    BW_TRY(bw_plain_check(ctx, mask, "Finding components", "mask"));
    const int count = bw_image_get_info(mask)->frames;
    bw_runs *frames = bw_calloc(ctx, (uint64_t)count, sizeof *frames, "runs of pixels");
    if (!frames) return BW_ERROR_MEMORY;
    uint32_t most = 0;
    bw_status status = find_components(ctx, mask, connectivity, frames, &most);
    if (status == BW_OK) status = paint_components(ctx, mask, frames, most, out);
    for (int f = 0; f < count; f++)
        bw_runs_free(frames + f);
    bw_free(frames);
    if (status == BW_OK) return BW_OK;
    bw_image_free(*out);
    *out = NULL;
    return status;
}
