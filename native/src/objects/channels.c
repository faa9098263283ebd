#include "objects/channels.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"

enum { NAME = 256 };

void bw_channels_name(const bw_image *image, int channel, char *text, size_t size) {
    const char *name = bw_image_channel_name(image, channel);
    const char *label = bw_image_plane_label(image, 0, channel, 0);
    const char *end = label ? strstr(label, ": ") : NULL;
    if (*name)
        snprintf(text, size, "%s", name);
    else if (label && *label)
        snprintf(text, size, "%.*s", (int)(end ? (size_t)(end - label) : strlen(label)), label);
    else
        snprintf(text, size, "class %d", channel + 1);
}

bw_status bw_channels_check(bw_context *ctx, const bw_image *image) {
    const char *name = bw_image_name(image);
    const int channels = bw_image_get_info(image)->channels;
    if (channels <= BW_MAX_CLASSES) return BW_OK;
    return bw_fail(ctx, BW_ERROR_MISMATCH, "%s has %d channels; at most %d can be told apart. Choose fewer.",
                   *name ? name : "The image", channels, BW_MAX_CLASSES);
}

/* ---- the foreground unless the user says otherwise --------------------------------------------------------------- */

static int is_background(const char *name) {
    const char *word = "background";
    while (*word && (*name | 32) == *word)
        name++, word++;
    return !*word && !*name;
}

void bw_channels_foreground(const bw_image *image, uint8_t channels[BW_MAX_CLASSES]) {
    const int count = bw_image_get_info(image)->channels;
    int background = count > 1 ? 0 : -1;
    for (int c = count - 1; c >= 0 && count > 1; c--) {
        char name[NAME];
        bw_channels_name(image, c, name, sizeof name);
        if (is_background(name)) background = c;
    }
    for (int c = 0; c < BW_MAX_CLASSES; c++)
        channels[c] = c < count && c != background;
}

/* ---- lists ------------------------------------------------------------------------------------------------------- */

/* -1 when there is none. */
static int find_channel(const bw_image *image, const char *text, size_t length) {
    const int count = bw_image_get_info(image)->channels;
    const char *end;
    double number;
    for (int c = 0; c < count; c++) {
        char name[NAME];
        bw_channels_name(image, c, name, sizeof name);
        if (strlen(name) == length && !strncmp(name, text, length)) return c;
    }
    const int whole = bw_number_parse(text, &end, &number) && end == text + length;
    return whole && number >= 1 && number <= count && number == (int)number ? (int)number - 1 : -1;
}

static bw_status refuse(bw_context *ctx, const bw_image *image, const char *text, size_t length) {
    bw_text names;
    bw_text_init(&names, ctx);
    for (int c = 0; c < bw_image_get_info(image)->channels; c++) {
        char name[NAME];
        bw_channels_name(image, c, name, sizeof name);
        if (bw_text_add(&names, "%s%d \"%s\"", c ? ", " : "", c + 1, name) != BW_OK) break;
    }
    const bw_status status = bw_fail(ctx, BW_ERROR_ARGUMENT, "There is no class \"%.*s\". The classes are: %s.",
                                     (int)length, text, names.data ? names.data : "none");
    bw_text_free(&names);
    return status;
}

bw_status bw_objects_channels(bw_context *ctx, const bw_image *probabilities, const char *list,
                              uint8_t channels[BW_MAX_CLASSES]) {
    memset(channels, 0, BW_MAX_CLASSES);
    BW_TRY(bw_channels_check(ctx, probabilities));
    if (!*list) return refuse(ctx, probabilities, list, 0);
    const int whole = find_channel(probabilities, list, strlen(list));
    if (whole >= 0) channels[whole] = 1;
    for (const char *at = list; whole < 0 && *at; at += *at != 0) {
        at += strspn(at, " ");
        size_t length = strcspn(at, ";,"), next = length;
        while (length && at[length - 1] == ' ')
            length--;
        const int found = find_channel(probabilities, at, length);
        if (found < 0) return refuse(ctx, probabilities, at, length);
        channels[found] = 1;
        at += next;
    }
    return BW_OK;
}
