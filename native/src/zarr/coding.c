#include "zarr/coding.h"

#include <string.h>

#include "core/alloc.h"
#include "zarr/coding_parts.h"

uint64_t bw_zarr_encoded_most(uint64_t chunk_bytes) {
    return chunk_bytes + chunk_bytes / 8 + 65536;
}

bw_status bw_zarr_damaged(bw_context *ctx, const char *name, const char *wrong) {
    return bw_fail(
        ctx, BW_ERROR_FORMAT,
        "The chunk %s is damaged: %s. Copy this file again from where it was made; if it is removed, its voxels "
        "are the fill value.",
        name, wrong);
}

/* ---- order of bytes and axes ------------------------------------------------------------------------------------- */

static int host_is_big(void) {
    const uint16_t one = 1;
    return !*(const uint8_t *)&one;
}

static void swap(uint8_t *data, uint64_t count, int bytes) {
    for (uint64_t i = 0; i < count; i++, data += bytes)
        for (int low = 0, high = bytes - 1; low < high; low++, high--) {
            const uint8_t kept = data[low];
            data[low] = data[high];
            data[high] = kept;
        }
}

static void to_host(const bw_zarr_coding *coding, uint8_t *data, uint64_t size) {
    if (coding->element > 1 && coding->big_endian != host_is_big())
        swap(data, size / (uint64_t)coding->element, coding->element);
}

#define GATHER(type)                                                                                                   \
    for (int64_t i = 0; i < count; i++)                                                                                \
    memcpy(to + i * (int64_t)sizeof(type), from + i * step * (int64_t)sizeof(type), sizeof(type))

/* Every step-th number. */
static void gather(const uint8_t *from, int64_t step, int64_t count, int bytes, uint8_t *to) {
    switch (bytes) {
    case 1: GATHER(uint8_t); break;
    case 2: GATHER(uint16_t); break;
    case 4: GATHER(uint32_t); break;
    default: GATHER(uint64_t); break;
    }
}

/* From the file's order of axes to the array's. */
static void permute(const bw_zarr_array *array, const bw_zarr_coding *coding, const uint8_t *from, uint8_t *to) {
    const int last = array->axes - 1;
    int64_t step[BW_ZARR_MAX_AXES], at[BW_ZARR_MAX_AXES] = {0}, place = 1;
    for (int i = last; i >= 0; i--) {
        step[coding->order[i]] = place;
        place *= array->chunk[coding->order[i]];
    }
    for (int axis = 0; axis >= 0; to += array->chunk[last] * array->bytes) {
        place = 0;
        for (int i = 0; i < last; i++)
            place += at[i] * step[i];
        gather(from + place * array->bytes, step[last], array->chunk[last], array->bytes, to);
        for (axis = last - 1; axis >= 0 && ++at[axis] == array->chunk[axis]; axis--)
            at[axis] = 0;
    }
}

/* ---- decoding ---------------------------------------------------------------------------------------------------- */

/* All steps but the writing into `to`, which is the chunk's: bytes of the file's numbers. */
static bw_status run_steps(bw_context *ctx, const bw_zarr_coding *coding, const char *name, const uint8_t *data,
                           uint64_t size, uint8_t *to, uint64_t want) {
    const uint64_t most = bw_zarr_encoded_most(want);
    uint8_t *held = NULL;
    const char *wrong = NULL;
    for (int i = coding->count - 1; i >= 0 && !wrong; i--) {
        uint8_t *made = i ? bw_alloc(ctx, most, 1, "a chunk") : to;
        uint64_t found = 0;
        wrong = made ? coding->steps[i].row->decode(ctx, data, size, made, i ? most : want, &found) : "no memory";
        bw_free(held);
        held = i ? made : NULL;
        data = made;
        size = found;
    }
    bw_free(held);
    if (!wrong && size != want) wrong = "it holds less than a chunk";
    return wrong ? bw_zarr_damaged(ctx, name, wrong) : BW_OK;
}

static bw_status fetch(bw_context *ctx, const bw_zarr_coding *coding, const char *name, const uint8_t *data,
                       uint64_t size, uint8_t *to, uint64_t want) {
    if (coding->count) return run_steps(ctx, coding, name, data, size, to, want);
    if (size != want)
        return bw_zarr_damaged(ctx, name, size < want ? "it is too short for a chunk" : "it is too long for a chunk");
    memcpy(to, data, (size_t)want);
    return BW_OK;
}

bw_status bw_zarr_decode(bw_context *ctx, const bw_zarr_array *array, const char *name, const uint8_t *data,
                         uint64_t size, void *to) {
    const bw_zarr_coding *coding = array->coding;
    const uint64_t want = bw_zarr_chunk_bytes(array);
    uint8_t *room = coding->transposed ? bw_alloc(ctx, want, 1, "a chunk") : to;
    if (!room) return BW_ERROR_MEMORY;
    bw_status status = fetch(ctx, coding, name, data, size, room, want);
    if (status != BW_OK && bw_context_status(ctx) != BW_OK) status = bw_context_status(ctx);
    if (status == BW_OK && coding->transposed) permute(array, coding, room, to);
    if (status == BW_OK) to_host(coding, to, want);
    if (coding->transposed) bw_free(room);
    return status;
}

/* ---- encoding ---------------------------------------------------------------------------------------------------- */

/* Takes `in` over, also when it fails. */
static bw_status encode_step(bw_context *ctx, const bw_zarr_step *step, bw_zarr_bytes in, bw_zarr_bytes *out) {
    const uint64_t room = step->row->bound(in.size);
    *out = (bw_zarr_bytes){bw_alloc(ctx, room, 1, "a compressed chunk"), 0};
    if (out->data) out->size = step->row->encode(&step->setting, in.data, in.size, out->data, room);
    bw_free(in.data);
    if (out->size) return BW_OK;
    const int failed = out->data != NULL;
    bw_free(out->data);
    *out = (bw_zarr_bytes){NULL, 0};
    return failed ? bw_fail(ctx, BW_ERROR_MEMORY, "Not enough memory to compress a chunk. Close other images.")
                  : BW_ERROR_MEMORY;
}

bw_status bw_zarr_encode(bw_context *ctx, const bw_zarr_array *array, const void *pixels, bw_zarr_bytes *out) {
    const bw_zarr_coding *coding = array->coding;
    const uint64_t size = bw_zarr_chunk_bytes(array);
    *out = (bw_zarr_bytes){NULL, 0};
    if (coding->transposed || coding->shards)
        return bw_fail(ctx, BW_ERROR_INTERNAL, "Chunks are written in C order and one to a file only.");
    bw_zarr_bytes made = {bw_alloc(ctx, size, 1, "a chunk"), size};
    if (!made.data) return BW_ERROR_MEMORY;
    memcpy(made.data, pixels, (size_t)size);
    to_host(coding, made.data, size); /* and from it */
    for (int i = 0; i < coding->count; i++)
        BW_TRY(encode_step(ctx, &coding->steps[i], made, &made));
    *out = made;
    return BW_OK;
}

/* ---- codings of results ------------------------------------------------------------------------------------------ */

bw_status bw_zarr_coding_create(bw_context *ctx, bw_zarr_codec codec, int element_bytes, bw_zarr_coding **out) {
    static const char *const names[] = {[BW_ZARR_BLOSC] = "blosc", [BW_ZARR_ZSTD] = "zstd", [BW_ZARR_GZIP] = "gzip"};
    *out = NULL;
    if ((int)codec < BW_ZARR_BLOSC || codec > BW_ZARR_RAW)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "Unknown compression %d of OME-Zarr.", (int)codec);
    bw_zarr_coding *coding = bw_calloc(ctx, 1, sizeof *coding, "a description of chunks");
    if (!coding) return BW_ERROR_MEMORY;
    coding->element = element_bytes;
    if (codec != BW_ZARR_RAW) {
        const bw_zarr_codec_row *row = bw_zarr_codec_find(names[codec], 2);
        coding->steps[coding->count++] = (bw_zarr_step){row, {row->level, element_bytes}};
    }
    *out = coding;
    return BW_OK;
}

void bw_zarr_coding_free(bw_zarr_coding *coding) {
    if (!coding) return;
    bw_zarr_shards_free(coding->shards);
    bw_free(coding);
}

static bw_status describe_v2(bw_text *text, const bw_zarr_coding *coding) {
    if (!coding->count) return bw_text_add(text, "null");
    const bw_zarr_step *step = &coding->steps[0];
    BW_TRY(bw_text_add(text, "{\"id\": \"%s\", ", step->row->v2));
    BW_TRY(step->row->describe(text, &step->setting, 2));
    return bw_text_add(text, "}");
}

static bw_status describe_v3(bw_text *text, const bw_zarr_coding *coding) {
    BW_TRY(bw_text_add(text, "[{\"name\": \"bytes\", \"configuration\": {\"endian\": \"little\"}}"));
    for (int i = 0; i < coding->count; i++) {
        const bw_zarr_step *step = &coding->steps[i];
        BW_TRY(bw_text_add(text, ", {\"name\": \"%s\", \"configuration\": {", step->row->v3));
        BW_TRY(step->row->describe(text, &step->setting, 3));
        BW_TRY(bw_text_add(text, "}}"));
    }
    return bw_text_add(text, "]");
}

bw_status bw_zarr_coding_describe(bw_text *text, const bw_zarr_coding *coding, int version) {
    return version == 2 ? describe_v2(text, coding) : describe_v3(text, coding);
}
