#include "model/container.h"

#include <string.h>

#include "core/file.h"
#include "model/format.h"

static const uint64_t largest_file = (uint64_t)1 << 32;

typedef struct bw_container_kind {
    uint8_t magic[8];
    int version;
    const char *wanted; /* completes "x is not ..." */
    const char *found;  /* what to say of a file of this kind where another one is wanted */
} bw_container_kind;

static const bw_container_kind kinds[] = {
    {{0x89, 'B', 'R', 'U', 'S', 'H', '\r', '\n'},
     BW_MODEL_VERSION,
     "a Brushwood model",
     "is a model for pixels, not for objects: it segments images. Choose a model that was trained on objects "
     "(.brushwood-objects)."},
    {{0x89, 'B', 'R', 'U', 'S', 'O', '\r', '\n'},
     BW_OBJECT_MODEL_VERSION,
     "a Brushwood model for objects",
     "is a model for objects, not for pixels: it classifies the objects of a label image. Choose a model that was "
     "trained on pixels (.brushwood)."},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

bw_status bw_container_damaged(bw_context *ctx, const char *name, const char *part) {
    return bw_fail(ctx, BW_ERROR_FORMAT, "%s is damaged (%s). Use a backup copy, or train the model again.", name,
                   part);
}

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

int64_t bw_get_within(bw_reader *r, int64_t value, int64_t low, int64_t high) {
    if (value < low || value > high) r->failed = 1;
    return r->failed ? low : value;
}

double bw_get_number(bw_reader *r, double low, double high) {
    const double value = bw_get_f64(r);
    if (!(value >= low && value <= high)) r->failed = 1;
    return r->failed ? low : value;
}

int bw_get_flag(bw_reader *r) {
    return (int)bw_get_within(r, bw_get_u8(r), 0, 1);
}

int64_t bw_get_counts(bw_reader *r, int64_t *counts, int n) {
    int64_t sum = 0;
    for (int i = 0; i < n; i++) {
        counts[i] = bw_get_within(r, (int64_t)bw_get_u64(r), 0, INT64_MAX / 4);
        sum = bw_get_within(r, sum + counts[i], 0, INT64_MAX / 4);
    }
    return sum;
}

bw_status bw_put_counts(bw_writer *w, const int64_t *counts, int n) {
    for (int i = 0; i < n; i++)
        BW_TRY(bw_put_u64(w, (uint64_t)counts[i]));
    return BW_OK;
}

/* ---- the frame --------------------------------------------------------------------------------------------------- */

static int has_magic(const uint8_t *bytes, const bw_container_kind *kind) {
    return bytes && !memcmp(bytes, kind->magic, sizeof kind->magic);
}

static bw_status get_magic(bw_context *ctx, bw_reader *r, const bw_container_kind *kind, const char *name) {
    const uint8_t *magic = bw_get(r, sizeof kind->magic);
    if (has_magic(magic, kind)) return BW_OK;
    for (int i = 0; i < KINDS; i++)
        if (has_magic(magic, &kinds[i])) return bw_fail(ctx, BW_ERROR_FORMAT, "%s %s", name, kinds[i].found);
    return bw_fail(ctx, BW_ERROR_FORMAT, "%s is not %s.", name, kind->wanted);
}

static bw_status get_version(bw_context *ctx, bw_reader *r, const bw_container_kind *kind, const char *name,
                             int *version) {
    const uint32_t number = bw_get_u32(r);
    if (r->failed) return bw_container_damaged(ctx, name, "cut short");
    if (number < 1 || number > (uint32_t)kind->version)
        return bw_fail(
            ctx, BW_ERROR_FORMAT,
            "%s has model format %u, this version (%s) reads 1 to %d. Use the Brushwood version that wrote it, or a "
            "newer one.",
            name, (unsigned)number, BW_VERSION, kind->version);
    *version = (int)number;
    return BW_OK;
}

bw_status bw_container_open(bw_context *ctx, bw_reader *r, bw_container kind, const char *name, int *version) {
    BW_TRY(get_magic(ctx, r, &kinds[kind], name));
    BW_TRY(get_version(ctx, r, &kinds[kind], name, version));
    const uint32_t crc = bw_get_u32(r);
    const uint64_t length = bw_get_u64(r);
    if (r->failed || length != bw_reader_left(r))
        return bw_container_damaged(ctx, name, "wrong length, the file was cut short");
    if (bw_crc32(0, r->data + r->at, length) != crc) return bw_container_damaged(ctx, name, "wrong checksum");
    return BW_OK;
}

bw_status bw_container_put(bw_writer *w, bw_container kind, const bw_writer *payload) {
    BW_TRY(bw_put(w, kinds[kind].magic, sizeof kinds[kind].magic));
    BW_TRY(bw_put_u32(w, (uint32_t)kinds[kind].version));
    BW_TRY(bw_put_u32(w, bw_crc32(0, payload->data, payload->size)));
    BW_TRY(bw_put_u64(w, payload->size));
    return bw_put(w, payload->data, payload->size);
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

bw_status bw_container_load(bw_context *ctx, const char *path, uint8_t **data, uint64_t *size) {
    BW_TRY(bw_check(ctx));
    return bw_file_read_all(ctx, path, largest_file, data, size);
}

bw_status bw_model_kind_of(bw_context *ctx, const char *path, bw_model_kind *out) {
    static const bw_model_kind public_kinds[KINDS] = {
        [BW_CONTAINER_PIXELS] = BW_MODEL_PIXELS, [BW_CONTAINER_OBJECTS] = BW_MODEL_OBJECTS};
    uint8_t magic[sizeof kinds->magic] = {0};
    FILE *file;
    *out = BW_MODEL_UNKNOWN;
    BW_TRY(bw_check(ctx));
    BW_TRY(bw_file_open(ctx, path, "rb", &file));
    const int whole = fread(magic, 1, sizeof magic, file) == sizeof magic;
    fclose(file);
    for (int i = 0; whole && i < KINDS; i++)
        if (has_magic(magic, &kinds[i])) *out = public_kinds[i];
    return BW_OK;
}

static bw_status write_bytes(bw_context *ctx, const bw_output *output, const bw_writer *w) {
    FILE *file;
    BW_TRY(bw_file_open(ctx, output->temporary, "wb", &file));
    int whole = fwrite(w->data, 1, (size_t)w->size, file) == w->size;
    if (fclose(file) || !whole) return bw_fail(ctx, BW_ERROR_IO, "Cannot write %s: is the disk full?", output->path);
    return BW_OK;
}

bw_status bw_container_store(bw_context *ctx, const char *path, const bw_writer *w) {
    bw_output output;
    BW_TRY(bw_output_begin(ctx, path, &output));
    const bw_status status = write_bytes(ctx, &output, w);
    if (status == BW_OK) return bw_output_commit(ctx, &output);
    bw_output_abandon(&output);
    return status;
}
