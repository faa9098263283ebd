/* Channels of probabilities by name. */
#ifndef BW_OBJECTS_CHANNELS_H
#define BW_OBJECTS_CHANNELS_H

#include "core/status.h"

/* Its name, else what its first slice's label says before a colon, as in the results of predictions; else "class N".
 */
void bw_channels_name(const bw_image *image, int channel, char *text, size_t size);
/* Whether there are as few as classes can be. */
bw_status bw_channels_check(bw_context *ctx, const bw_image *image);
/* The only channel, else all but the one named "background", else all but the first. */
void bw_channels_foreground(const bw_image *image, uint8_t channels[BW_MAX_CLASSES]);

#endif
