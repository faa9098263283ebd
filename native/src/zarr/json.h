/* What folders of Zarr say in JSON. Nothing in it is believed: sizes and depth have limits, numbers are checked. */
#ifndef BW_ZARR_JSON_H
#define BW_ZARR_JSON_H

#include <cJSON.h>

#include "core/status.h"

/* Parses an object; `name` is the file, for errors. Takes over data, which bw_alloc made. */
bw_status bw_json_parse(bw_context *ctx, const char *name, uint8_t *data, uint64_t size, cJSON **out);
/* The same of a text, which stays. */
bw_status bw_json_parse_text(bw_context *ctx, const char *name, const char *text, cJSON **out);
/* The object that a file of at most 16 MiB holds. */
bw_status bw_json_read(bw_context *ctx, const char *path, cJSON **out);
void bw_json_free(cJSON *json);

/* A member of an object; NULL when it is not there, null or when `object` is none. */
const cJSON *bw_json_member(const cJSON *object, const char *name);
/* NULL when there is no such string. */
const char *bw_json_text(const cJSON *object, const char *name);
/* Whether a value is a whole number from lo to hi. */
int bw_json_integer(const cJSON *value, int64_t lo, int64_t hi, int64_t *out);

#endif
