/* Any bytes are either an image or an error with a message, and nothing leaks; what can be read whole has the same
 * pixels part by part, whatever was read before. */
#include <stddef.h>
#include <stdint.h>

#include "../native/tiff_boxes.h"
#include "io/tiff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int condition) {
    if (!condition) __builtin_trap();
}

static bw_context *new_context(void) {
    bw_context *ctx = bw_context_create();
    demand(ctx != NULL);
    return ctx;
}

/* Small parts only: a few bytes can make a large image. */
static bw_part choose(const bw_image_info *info, uint64_t seed, uint64_t number) {
    bw_part part = boxes_random(info, seed, number);
    for (int axis = 2; axis >= 0 && boxes_bytes(info, &part) > 1 << 22; axis--)
        part.hi[axis] = part.lo[axis] + 1;
    return part;
}

static bw_image *open_image(bw_context *ctx, const uint8_t *data, size_t size, uint64_t most_whole) {
    bw_image *image;
    const bw_status status = bw_tiff_open_memory(ctx, data, size, "fuzz.tif", most_whole, &image);
    demand((status == BW_OK) == (image != NULL) && (status == BW_OK || bw_context_error(ctx)[0]));
    return image;
}

/* An image that has read other parts before gives what one gives that is fresh; 0 when neither can read the part. */
static int same_as_fresh(bw_context *ctx, const uint8_t *data, size_t size, uint64_t most_whole, bw_image *used,
                         const bw_part *part) {
    bw_image *fresh = open_image(ctx, data, size, most_whole);
    const int found = boxes_agree(ctx, fresh, used, part);
    demand(found != BOXES_DIFFER);
    if (found == BOXES_FAILED) {
        bw_context *again = new_context();
        demand(bw_context_error(ctx)[0] && boxes_agree(again, used, fresh, part) == BOXES_FAILED);
        demand(bw_context_error(again)[0]);
        bw_context_free(again);
    }
    bw_image_free(fresh);
    return found == BOXES_AGREE;
}

static void stream(const uint8_t *data, size_t size, const bw_image *whole, uint64_t most_whole) {
    bw_context *ctx = new_context();
    bw_image *image = open_image(ctx, data, size, most_whole);
    demand(image || !whole);
    for (uint64_t i = 0; i < 4 && image; i++) {
        const bw_part part = choose(bw_image_get_info(image), size + most_whole, i);
        if (boxes_bytes(bw_image_get_info(image), &part) > 1 << 26) break;
        if (!same_as_fresh(ctx, data, size, most_whole, image, &part)) {
            demand(most_whole || !whole);
            break;
        }
        /* libdeflate takes more damaged strips than zlib does, which decodes rows. */
        demand(!whole || most_whole || boxes_agree(ctx, whole, image, &part) == BOXES_AGREE);
    }
    bw_image_free(image);
    bw_context_free(ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bw_context *ctx = new_context();
    bw_image *image;
    bw_status status = bw_tiff_read_memory(ctx, data, size, "fuzz.tif", &image);
    demand((status == BW_OK) == (image != NULL) && (status == BW_OK || bw_context_error(ctx)[0]));
    if (image) bw_image_hash(image); /* touches every pixel */
    stream(data, size, image, 0);
    stream(data, size, image, 1);
    bw_image_free(image);
    bw_context_free(ctx);
    demand(!bw_memory_in_use());
    return 0;
}
