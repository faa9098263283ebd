/* Shared by tests of model files: what damage must not do. */
#ifndef BW_TEST_DAMAGE_SUPPORT_H
#define BW_TEST_DAMAGE_SUPPORT_H

#include "model_frame.h"
#include "support.h"

/* Reads a file and tells the message. */
typedef bw_status (*read_fn)(const uint8_t *data, uint64_t size, char *message, size_t room);
/* Reads a file and uses what was read. -> whether it was accepted */
typedef int (*use_fn)(const uint8_t *data, uint64_t size, const void *user);

/* A flipped bit is caught by the checksum; with the checksum mended, the reader's own checks must hold: it may accept
 * (a class name's letter changed) or refuse, but never crash; what it accepts must be of use. */
static inline void assert_flips_are_survived(const bw_writer *w, read_fn read, use_fn use, const void *user) {
    const uint64_t flips = test_quick() ? 600 : 1500;
    char message[300];
    int accepted = 0;
    for (uint64_t i = 0; i < flips; i++) {
        const uint64_t at = i < flips / 2 ? i % w->size : bw_random(3, 1, i) % w->size;
        const uint8_t bit = (uint8_t)(1u << (bw_random(3, 2, i) % 8));
        uint8_t crc[4];
        memcpy(crc, w->data + FRAME_CHECKSUM, 4);
        w->data[at] ^= bit;
        assert_int_equal(read(w->data, w->size, message, sizeof message), BW_ERROR_FORMAT);
        if (at >= FRAME_SIZE) {
            mend_frame(w->data, w->size);
            accepted += use(w->data, w->size, user);
        }
        memcpy(w->data + FRAME_CHECKSUM, crc, 4);
        if (at < FRAME_CHECKSUM || at >= FRAME_LENGTH) w->data[at] ^= bit;
    }
    assert_in_range(accepted, 10, flips - 100); /* both ways were taken */
}

#endif
