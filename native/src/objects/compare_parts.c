/* Masks in a comparison of labels: their connected components take the place of their pixels. */
#include <string.h>

#include "core/image.h"
#include "objects/compare.h"
#include "objects/objects.h"

static bw_status check_count(bw_context *ctx, const bw_objects *parts, const char *name) {
    for (int f = 0; f < bw_objects_get_info(parts)->frames; f++)
        if (bw_objects_count(parts, f) > BW_MAX_READ_LABEL)
            return bw_fail(ctx, BW_ERROR_MISMATCH,
                           "%s is a mask of %lld connected parts; %u at most can be compared as objects. Remove noise, "
                           "or compare masks.",
                           name, (long long)bw_objects_count(parts, f), (unsigned)BW_MAX_READ_LABEL);
    return BW_OK;
}

bw_status bw_compared_take_apart(bw_context *ctx, bw_compared *compared) {
    for (int i = 0; i < 2; i++) {
        int kinds;
        BW_TRY(bw_comparison_kinds(ctx, compared->images[i], &kinds));
        if (kinds != 1 << BW_COMPARE_MASKS) continue;
        BW_TRY(bw_objects_from_mask(ctx, compared->images[i], 0, &compared->parts[i]));
        BW_TRY(check_count(ctx, compared->parts[i], compared->names[i]));
    }
    return BW_OK;
}

static void paint_row(const bw_runs *runs, int64_t row, float *to) {
    memset(to, 0, (size_t)runs->size[0] * sizeof *to);
    for (int64_t i = runs->row[row]; i < runs->row[row + 1]; i++)
        for (int64_t x = runs->run[i].lo; x < runs->run[i].hi; x++)
            to[x] = (float)runs->run[i].label;
}

bw_status bw_compared_read(bw_context *ctx, const bw_compared *compared, int side, const bw_part *part, float *to) {
    if (!compared->parts[side]) return bw_objects_read_floats(ctx, compared->images[side], part, to);
    const bw_runs *runs = &compared->parts[side]->frames[part->frame].runs;
    for (int64_t z = part->lo[2]; z < part->hi[2]; z++)
        for (int64_t y = part->lo[1]; y < part->hi[1]; y++, to += runs->size[0])
            paint_row(runs, z * runs->size[1] + y, to);
    return bw_check(ctx);
}

void bw_compared_end(bw_compared *compared) {
    bw_objects_free(compared->parts[0]);
    bw_objects_free(compared->parts[1]);
}
