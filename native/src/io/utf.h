/* Unicode text in TIFF tags: UTF-8, UTF-16, and Java's escapes. */
#ifndef BW_IO_UTF_H
#define BW_IO_UTF_H

#include <stddef.h>
#include <stdint.h>

/* Code point at *text, which moves behind it. A byte that starts no valid UTF-8 sequence counts as Latin-1. */
uint32_t bw_utf8_next(const char **text);
/* Writes 1 to 4 bytes and returns how many; code points outside Unicode become U+FFFD. */
int bw_utf8_put(uint32_t code, char out[4]);
/* Appends at *at if it fits with a terminating zero into text[size]; returns 0 when it does not. */
int bw_utf8_append(char *text, size_t size, size_t *at, uint32_t code);
/* Joins two UTF-16 units; returns 0 when they are no surrogate pair. */
uint32_t bw_utf16_join(uint32_t high, uint32_t low);

#endif
