/* Any bytes are either an image or an error with a message; nothing leaks. */
#include <stddef.h>
#include <stdint.h>

#include "io/tiff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bw_context *ctx = bw_context_create();
    if (!ctx) return 0;
    bw_image *image;
    bw_status status = bw_tiff_read_memory(ctx, data, size, "fuzz.tif", &image);
    if ((status == BW_OK) != (image != NULL) || (status != BW_OK && !bw_context_error(ctx)[0])) __builtin_trap();
    if (image) bw_image_hash(image); /* touches every pixel */
    bw_image_free(image);
    bw_context_free(ctx);
    if (bw_memory_in_use()) __builtin_trap();
    return 0;
}
