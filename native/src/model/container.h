/* The frame around what is kept in files: magic, version, checksum and length, then the payload (FORMAT.md). */
#ifndef BW_MODEL_CONTAINER_H
#define BW_MODEL_CONTAINER_H

#include "core/bytes.h"

typedef enum bw_container { BW_CONTAINER_PIXELS = 0, BW_CONTAINER_OBJECTS } bw_container;

/* Both sections of the newest version. */
bw_status bw_container_put(bw_writer *w, bw_container kind, const bw_writer *payload);
/* Checks everything but the payload, at whose first byte `r` stands afterwards. name: of the file, for messages. */
bw_status bw_container_open(bw_context *ctx, bw_reader *r, bw_container kind, const char *name, int *version);

/* The whole file; bw_free(*data). */
bw_status bw_container_load(bw_context *ctx, const char *path, uint8_t **data, uint64_t *size);
/* Beside `path`, renamed when whole. */
bw_status bw_container_store(bw_context *ctx, const char *path, const bw_writer *w);

/* BW_ERROR_FORMAT; part: what is wrong. */
bw_status bw_container_damaged(bw_context *ctx, const char *name, const char *part);
/* A count or size that must lie in low..high, else the reader has failed and it is low. */
int64_t bw_get_within(bw_reader *r, int64_t value, int64_t low, int64_t high);
double bw_get_number(bw_reader *r, double low, double high);
int bw_get_flag(bw_reader *r);
/* Counts that are not negative; -> their sum, at most INT64_MAX / 4. */
int64_t bw_get_counts(bw_reader *r, int64_t *counts, int n);
bw_status bw_put_counts(bw_writer *w, const int64_t *counts, int n);

#endif
