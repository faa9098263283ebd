#include "core/image.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/bytes.h"

struct bw_image {
    bw_image_info info;
    uint8_t *pixels;  /* all planes; NULL in sparse and streamed images */
    uint8_t **planes; /* of a sparse image, each on its own, NULL = absent; NULL in others */
    char *name;
    char **labels;          /* per plane, NULL until one is set */
    char **channels;        /* names, NULL until one is set */
    double offset;          /* the value that the pixel value 0 stands for */
    bw_image_reader reader; /* of a streamed image */
    int64_t chunks[3];      /* their extent; 0 = there are none */
    uint64_t chunk_bytes;
    int is_labels;
    _Atomic uint64_t stamp;
};

static const struct {
    bw_pixel_type type;
    const char *name;
} types[] = {{BW_UINT8, "uint8"}, {BW_UINT16, "uint16"}, {BW_FLOAT32, "float32"}};

const char *bw_type_name(bw_pixel_type type) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].type == type) return types[i].name;
    return "unknown";
}

void bw_image_describe(const bw_image_info *info, char *text, size_t size) {
    char deep[24] = "", channels[32] = "", frames[32] = "";
    if (info->depth > 1) snprintf(deep, sizeof deep, " x %lld", (long long)info->depth);
    if (info->channels > 1) snprintf(channels, sizeof channels, ", %d channels", info->channels);
    if (info->frames > 1) snprintf(frames, sizeof frames, ", %d frames", info->frames);
    snprintf(text, size, "%lld x %lld%s%s%s, %s", (long long)info->width, (long long)info->height, deep, channels,
             frames, info->rgb ? "RGB" : bw_type_name(info->type));
}

bw_status bw_spacing_check(bw_context *ctx, const double spacing[3]) {
    for (int axis = 0; axis < 3; axis++) {
        const char name = "xyz"[axis];
        if (!(spacing[axis] > 0 && spacing[axis] < 1e30))
            return bw_fail(ctx, BW_ERROR_ARGUMENT, "The voxel spacing along %c must be a positive number, not %g.",
                           name, spacing[axis]);
    }
    return BW_OK;
}

static bw_status check_sizes(bw_context *ctx, const bw_image_info *info) {
    const int64_t most = (int64_t)1 << 31;
    if (info->width < 1 || info->height < 1 || info->depth < 1 || info->width >= most || info->height >= most ||
        info->depth >= most)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "An image of %lld x %lld x %lld pixels is not possible.",
                       (long long)info->width, (long long)info->height, (long long)info->depth);
    if (info->channels < 1 || info->frames < 1)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "An image needs at least one channel and one frame, not %d and %d.",
                       info->channels, info->frames);
    double bytes = (double)info->width * (double)info->height * (double)info->depth * info->channels * info->frames *
                   (double)bw_type_size(info->type);
    if (bytes > 9e15) return bw_fail(ctx, BW_ERROR_MEMORY, "An image of %.0f GB is not possible.", bytes / 1e9);
    return BW_OK;
}

bw_status bw_image_info_check(bw_context *ctx, bw_image_info *info) {
    if (info->type < BW_UINT8 || info->type > BW_FLOAT32)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "Unknown pixel type %d.", (int)info->type);
    BW_TRY(check_sizes(ctx, info));
    if (info->rgb && (info->channels != 3 || info->type != BW_UINT8))
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "A colour image has three uint8 channels.");
    for (int axis = 0; axis < 3; axis++)
        if (!info->spacing[axis]) info->spacing[axis] = 1;
    BW_TRY(bw_spacing_check(ctx, info->spacing));
    if (!(info->frame_interval >= 0 && info->frame_interval < 1e30)) info->frame_interval = 0;
    info->unit[sizeof info->unit - 1] = 0;
    if (!info->unit[0]) snprintf(info->unit, sizeof info->unit, "pixel");
    return BW_OK;
}

static int64_t plane_count(const bw_image_info *info) {
    return info->depth * info->channels * info->frames;
}

static int64_t plane_bytes(const bw_image_info *info) {
    return info->width * info->height * bw_type_size(info->type);
}

static void renew_stamp(bw_image *image) {
    static _Atomic uint64_t last;
    atomic_store_explicit(&image->stamp, atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

uint64_t bw_image_stamp(const bw_image *image) {
    return atomic_load_explicit(&image->stamp, memory_order_relaxed);
}

typedef enum storage { WHOLE, SPARSE, STREAMED } storage;

static bw_status create(bw_context *ctx, const bw_image_info *info, storage kind, bw_image **out) {
    *out = NULL;
    bw_image_info checked = *info;
    BW_TRY(bw_image_info_check(ctx, &checked));
    char what[160] = "an image of ";
    bw_image_describe(&checked, what + strlen(what), sizeof what - strlen(what));
    bw_image *image = bw_calloc(ctx, 1, sizeof *image, "an image");
    if (!image) return BW_ERROR_MEMORY;
    const uint64_t count = (uint64_t)plane_count(&checked);
    image->info = checked;
    renew_stamp(image);
    if (kind == SPARSE) image->planes = bw_calloc(ctx, count, sizeof *image->planes, what);
    if (kind == WHOLE) image->pixels = bw_calloc(ctx, count, (uint64_t)plane_bytes(&checked), what);
    if (!image->pixels && !image->planes && kind != STREAMED) {
        bw_image_free(image);
        return BW_ERROR_MEMORY;
    }
    *out = image;
    return BW_OK;
}

bw_status bw_image_create(bw_context *ctx, const bw_image_info *info, bw_image **out) {
    return create(ctx, info, WHOLE, out);
}

bw_status bw_image_create_sparse(bw_context *ctx, const bw_image_info *info, bw_image **out) {
    return create(ctx, info, SPARSE, out);
}

void bw_image_free(bw_image *image) {
    if (!image) return;
    if (image->reader.close) image->reader.close(image->reader.user);
    for (int c = 0; image->channels && c < image->info.channels; c++)
        bw_free(image->channels[c]);
    bw_free(image->channels);
    for (int64_t i = 0; image->labels && i < plane_count(&image->info); i++)
        bw_free(image->labels[i]);
    for (int64_t i = 0; image->planes && i < plane_count(&image->info); i++)
        bw_free(image->planes[i]);
    bw_free(image->planes);
    bw_free(image->labels);
    bw_free(image->name);
    bw_free(image->pixels);
    bw_free(image);
}

const bw_image_info *bw_image_get_info(const bw_image *image) {
    return &image->info;
}

bw_status bw_image_set_spacing(bw_context *ctx, bw_image *image, const double spacing[3]) {
    bw_image_info info = image->info;
    for (int axis = 0; axis < 3; axis++)
        info.spacing[axis] = spacing[axis] == 0 ? -1 : spacing[axis];
    BW_TRY(bw_image_info_check(ctx, &info));
    info.calibrated = 1;
    image->info = info;
    return BW_OK;
}

/* -1 when an index is out of range. */
static int64_t plane_index(const bw_image_info *info, int frame, int channel, int64_t z) {
    if (frame < 0 || frame >= info->frames || channel < 0 || channel >= info->channels || z < 0 || z >= info->depth)
        return -1;
    return ((int64_t)frame * info->channels + channel) * info->depth + z;
}

static uint8_t *plane_at(const bw_image *image, int frame, int channel, int64_t z) {
    int64_t index = plane_index(&image->info, frame, channel, z);
    if (index < 0) return NULL;
    if (image->planes) return image->planes[index];
    return image->pixels ? image->pixels + index * plane_bytes(&image->info) : NULL;
}

void *bw_image_plane(bw_image *image, int frame, int channel, int64_t z) {
    renew_stamp(image);
    return plane_at(image, frame, channel, z);
}

const void *bw_image_plane_const(const bw_image *image, int frame, int channel, int64_t z) {
    return plane_at(image, frame, channel, z);
}

bw_status bw_image_set_name(bw_context *ctx, bw_image *image, const char *name) {
    char *copy = bw_strdup(ctx, name);
    if (!copy) return BW_ERROR_MEMORY;
    bw_free(image->name);
    image->name = copy;
    return BW_OK;
}

void bw_image_set_offset(bw_image *image, double offset) {
    image->offset = offset;
}

double bw_image_offset(const bw_image *image) {
    return image->offset;
}

const char *bw_image_name(const bw_image *image) {
    return image->name ? image->name : "";
}

bw_status bw_image_set_plane_label(bw_context *ctx, bw_image *image, int frame, int channel, int64_t z,
                                   const char *label) {
    int64_t index = plane_index(&image->info, frame, channel, z);
    if (index < 0) return bw_fail(ctx, BW_ERROR_ARGUMENT, "The image has no such plane to label.");
    if (!image->labels)
        image->labels = bw_calloc(ctx, (uint64_t)plane_count(&image->info), sizeof *image->labels, "slice labels");
    char *copy = image->labels ? bw_strdup(ctx, label) : NULL;
    if (!copy) return BW_ERROR_MEMORY;
    bw_free(image->labels[index]);
    image->labels[index] = copy;
    return BW_OK;
}

const char *bw_image_plane_label(const bw_image *image, int frame, int channel, int64_t z) {
    int64_t index = plane_index(&image->info, frame, channel, z);
    return index < 0 || !image->labels ? NULL : image->labels[index];
}

bw_status bw_image_set_channel_name(bw_context *ctx, bw_image *image, int channel, const char *name) {
    if (channel < 0 || channel >= image->info.channels)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "The image has no channel %d to name.", channel + 1);
    if (!image->channels)
        image->channels = bw_calloc(ctx, (uint64_t)image->info.channels, sizeof *image->channels, "channel names");
    char *copy = image->channels ? bw_strdup(ctx, name) : NULL;
    if (!copy) return BW_ERROR_MEMORY;
    bw_free(image->channels[channel]);
    image->channels[channel] = copy;
    return BW_OK;
}

const char *bw_image_channel_name(const bw_image *image, int channel) {
    const int named = image->channels && channel >= 0 && channel < image->info.channels && image->channels[channel];
    return named ? image->channels[channel] : "";
}

bw_status bw_image_copy_names(bw_context *ctx, bw_image *image, const bw_image *from) {
    const bw_image_info *info = &image->info;
    BW_TRY(bw_image_set_name(ctx, image, bw_image_name(from)));
    for (int c = 0; c < info->channels; c++)
        if (*bw_image_channel_name(from, c))
            BW_TRY(bw_image_set_channel_name(ctx, image, c, bw_image_channel_name(from, c)));
    for (int64_t p = 0; p < plane_count(info); p++) {
        const int frame = (int)(p / info->depth / info->channels), channel = (int)(p / info->depth % info->channels);
        const char *label = bw_image_plane_label(from, frame, channel, p % info->depth);
        if (label) BW_TRY(bw_image_set_plane_label(ctx, image, frame, channel, p % info->depth, label));
    }
    return BW_OK;
}

/* ---- sparse images ----------------------------------------------------------------------------------------------- */

int bw_image_is_sparse(const bw_image *image) {
    return image->planes != NULL;
}

int bw_image_has_plane(const bw_image *image, int frame, int channel, int64_t z) {
    return plane_at(image, frame, channel, z) != NULL;
}

static void name_image(const bw_image *image, char *text, size_t size) {
    const char *name = bw_image_name(image);
    snprintf(text, size, *name ? "\"%s\"" : "the image%s", name);
}

bw_status bw_image_put_plane(bw_context *ctx, bw_image *image, int frame, int channel, int64_t z, void **out) {
    const int64_t index = plane_index(&image->info, frame, channel, z);
    char name[300];
    *out = NULL;
    name_image(image, name, sizeof name);
    if (!image->planes)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "Planes can be put into sparse images only; %s has all of its planes.",
                       name);
    if (index < 0)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "There is no slice %lld of frame %d, channel %d in %s.",
                       (long long)z + 1, frame + 1, channel + 1, name);
    if (!image->planes[index])
        image->planes[index] = bw_calloc(ctx, 1, (uint64_t)plane_bytes(&image->info), "a plane of an image");
    *out = image->planes[index];
    return *out ? BW_OK : BW_ERROR_MEMORY;
}

void bw_image_drop_plane(bw_image *image, int frame, int channel, int64_t z) {
    const int64_t index = plane_index(&image->info, frame, channel, z);
    if (index < 0 || !image->planes) return;
    bw_retire(image->planes[index]);
    image->planes[index] = NULL;
}

bw_status bw_image_need_plane(bw_context *ctx, const bw_image *image, int frame, int channel, int64_t z) {
    char name[300];
    if (plane_at(image, frame, channel, z)) return BW_OK;
    name_image(image, name, sizeof name);
    return bw_fail(ctx, BW_ERROR_ARGUMENT,
                   "Slice %lld of frame %d, channel %d of %s is needed but absent; put it into the sparse image first.",
                   (long long)z + 1, frame + 1, channel + 1, name);
}

bw_status bw_image_need_whole(bw_context *ctx, const bw_image *image, const char *what) {
    char name[300];
    if (image->pixels) return BW_OK;
    name_image(image, name, sizeof name);
    return bw_fail(ctx, BW_ERROR_ARGUMENT, "%s needs all planes of %s at once, but that is a %s image.", what, name,
                   image->planes ? "sparse" : "streamed");
}

bw_status bw_image_need_pixels(bw_context *ctx, const bw_image *image, const char *what) {
    return image->planes ? bw_image_need_whole(ctx, image, what) : BW_OK;
}

/* ---- streamed images --------------------------------------------------------------------------------------------- */

bw_status bw_image_create_streamed(bw_context *ctx, const bw_image_info *info, const bw_image_reader *reader,
                                   bw_image **out) {
    const bw_status status = create(ctx, info, STREAMED, out);
    if (status == BW_OK)
        (*out)->reader = *reader;
    else if (reader->close)
        reader->close(reader->user);
    return status;
}

void bw_image_set_labels(bw_image *image, int labels) {
    image->is_labels = labels;
}

int bw_image_is_labels(const bw_image *image) {
    return image->is_labels;
}

void bw_image_set_chunks(bw_image *image, const int64_t extent[3], uint64_t bytes) {
    image->chunk_bytes = bytes;
    memcpy(image->chunks, extent, sizeof image->chunks);
}

const int64_t *bw_image_chunks(const bw_image *image) {
    return image->chunks[0] ? image->chunks : NULL;
}

static int64_t up_to(int64_t value, int64_t most) {
    return value < most ? value : most;
}

uint64_t bw_image_chunk_bytes(const bw_image *image) {
    return image->chunk_bytes;
}

void bw_image_choose_box(const bw_image *image, int64_t most, int64_t extent[3]) {
    const bw_image_info *info = &image->info;
    const int64_t size[3] = {info->width, info->height, info->depth};
    int64_t room = most / info->channels, whole = 1; /* pixels that fit; the next axis is looked at */
    for (int axis = 2; axis >= 0; axis--) {
        /* What is too large is cut along x, so that the parts of a chunk come one after the other. */
        extent[axis] = image->chunks[axis] ? up_to(image->chunks[axis], size[axis]) : 1;
        extent[axis] = extent[axis] < room ? extent[axis] : room > 1 ? room : 1;
        room /= extent[axis];
    }
    for (int axis = 0; axis < 3 && whole && room > 1; axis++) {
        const int64_t times = up_to(room, (size[axis] - 1) / extent[axis] + 1);
        extent[axis] = up_to(extent[axis] * times, size[axis]);
        whole = extent[axis] == size[axis];
        room /= times;
    }
}

int bw_image_is_streamed(const bw_image *image) {
    return !image->planes && !image->pixels;
}

static bw_status check_part(bw_context *ctx, const bw_image *image, const bw_part *part) {
    const bw_image_info *info = &image->info;
    const int64_t size[3] = {info->width, info->height, info->depth};
    int fits = part->frame >= 0 && part->frame < info->frames;
    for (int axis = 0; axis < 3; axis++)
        fits &= part->lo[axis] >= 0 && part->lo[axis] < part->hi[axis] && part->hi[axis] <= size[axis];
    if (fits) return BW_OK;
    char name[300];
    name_image(image, name, sizeof name);
    return bw_fail(ctx, BW_ERROR_ARGUMENT,
                   "There is no part from (%lld, %lld, %lld) to (%lld, %lld, %lld) of frame %d in %s.",
                   (long long)part->lo[0], (long long)part->lo[1], (long long)part->lo[2], (long long)part->hi[0],
                   (long long)part->hi[1], (long long)part->hi[2], part->frame + 1, name);
}

bw_status bw_image_read(bw_context *ctx, const bw_image *image, const bw_part *part, void *to) {
    const bw_image_info *info = &image->info;
    const int64_t size = bw_type_size(info->type), row = (part->hi[0] - part->lo[0]) * size;
    uint8_t *out = to;
    BW_TRY(bw_check(ctx));
    BW_TRY(check_part(ctx, image, part));
    if (bw_image_is_streamed(image)) return image->reader.read(ctx, image->reader.user, part, to);
    for (int c = 0; c < info->channels; c++)
        for (int64_t z = part->lo[2]; z < part->hi[2]; z++) {
            BW_TRY(bw_image_need_plane(ctx, image, part->frame, c, z));
            const uint8_t *from = plane_at(image, part->frame, c, z);
            for (int64_t y = part->lo[1]; y < part->hi[1]; y++, out += row)
                memcpy(out, from + (y * info->width + part->lo[0]) * size, (size_t)row);
        }
    return BW_OK;
}

/* ---- what stands for the image ----------------------------------------------------------------------------------- */

static int64_t slice_count(const bw_image_info *info) {
    return info->depth * info->frames;
}

static int survey_count(const bw_image_info *info) {
    return slice_count(info) < BW_MAX_SURVEY ? (int)slice_count(info) : BW_MAX_SURVEY;
}

static int64_t survey_slice(const bw_image_info *info, int64_t index) {
    const int64_t slices = slice_count(info);
    return slices <= BW_MAX_SURVEY ? index : (2 * index + 1) * slices / (2 * BW_MAX_SURVEY);
}

int bw_image_survey(const bw_image_info *info, int64_t slices[BW_MAX_SURVEY]) {
    for (int i = 0; i < survey_count(info); i++)
        slices[i] = survey_slice(info, i);
    return survey_count(info);
}

int64_t bw_image_statistics_count(const bw_image *image) {
    return image->planes ? survey_count(&image->info) : slice_count(&image->info);
}

int64_t bw_image_statistics_slice(const bw_image *image, int64_t index) {
    return image->planes ? survey_slice(&image->info, index) : index;
}

/* ---- hashes ------------------------------------------------------------------------------------------------------ */

/* Continues `hash`; in pieces short enough for a prompt cancel. ctx may be NULL. */
static bw_status hash_bytes(bw_context *ctx, const uint8_t *at, int64_t bytes, uint64_t *hash) {
    const int64_t piece = (int64_t)1 << 23;
    uint64_t found = bw_hash_begin(*hash);
    for (int64_t left = bytes, n; left; left -= n, at += n) {
        if (ctx) BW_TRY(bw_check(ctx));
        n = left < piece ? left : piece;
        found = bw_hash_add(found, at, (uint64_t)n);
    }
    *hash = bw_hash_end(found);
    return BW_OK;
}

/* Of size and type. `survey`: slices that it stands for, 0 = all. */
static uint64_t hash_head(const bw_image_info *info, int64_t survey) {
    const int64_t head[7] = {(int64_t)info->type,     info->width,           info->height, info->depth,
                             (int64_t)info->channels, (int64_t)info->frames, survey};
    return bw_hash64(0, head, (survey ? 7 : 6) * sizeof *head);
}

bw_status bw_image_fingerprint(bw_context *ctx, const bw_image *image, uint64_t *out) {
    const bw_image_info *info = &image->info;
    uint64_t hash = hash_head(info, survey_count(info));
    *out = 0;
    for (int i = 0; i < survey_count(info); i++)
        for (int c = 0; c < info->channels; c++) {
            const int64_t slice = survey_slice(info, i);
            const int frame = (int)(slice / info->depth);
            BW_TRY(bw_image_need_plane(ctx, image, frame, c, slice % info->depth));
            BW_TRY(hash_bytes(ctx, plane_at(image, frame, c, slice % info->depth), plane_bytes(info), &hash));
        }
    *out = hash;
    return BW_OK;
}

bw_status bw_image_hash_checked(bw_context *ctx, const bw_image *image, uint64_t *out) {
    const bw_image_info *info = &image->info;
    uint64_t hash = hash_head(info, 0);
    if (!image->pixels) return bw_image_fingerprint(ctx, image, out);
    BW_TRY(hash_bytes(ctx, image->pixels, plane_count(info) * plane_bytes(info), &hash));
    *out = hash;
    return BW_OK;
}

uint64_t bw_image_hash(const bw_image *image) {
    uint64_t hash = 0;
    bw_image_hash_checked(NULL, image, &hash);
    return hash;
}
