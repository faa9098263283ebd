#include "objects/foreground.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/math.h"
#include "core/parallel.h"
#include "core/tile.h"
#include "objects/objects.h"

enum { BAND_LEAST = 1 << 16, BAND_MOST = 1 << 21, REACH = 4, MAX_RADIUS = 400 };

/* ---- creation ---------------------------------------------------------------------------------------------------- */

/* Sampled Gaussian of sum 1: kernel[d] for a distance of d. */
static bw_status make_kernel(bw_context *ctx, double sigma, int radius, float **out) {
    double sum = 0;
    *out = bw_alloc(ctx, (uint64_t)radius + 1, sizeof **out, "a kernel");
    if (!*out) return BW_ERROR_MEMORY;
    for (int d = 0; d <= radius; d++)
        sum += (d ? 2 : 1) * (sigma ? bw_exp(-0.5 * d * d / (sigma * sigma)) : 1);
    for (int d = 0; d <= radius; d++)
        (*out)[d] = (float)((sigma ? bw_exp(-0.5 * d * d / (sigma * sigma)) : 1) / sum);
    return BW_OK;
}

static bw_status make_kernels(bw_context *ctx, bw_foreground *f) {
    for (int axis = 0; axis < 3; axis++) {
        const double radius = ceil(REACH * f->sigma[axis]);
        if (radius > MAX_RADIUS)
            return bw_fail(ctx, BW_ERROR_ARGUMENT, "Smoothing with a sigma of %g voxels is too much; the most is %d.",
                           f->sigma[axis], MAX_RADIUS / REACH);
        f->radius[axis] = (int)radius;
        BW_TRY(make_kernel(ctx, f->sigma[axis], f->radius[axis], &f->kernel[axis]));
    }
    return BW_OK;
}

static void grow_band(const bw_foreground *f, const bw_part *part, bw_part *grown) {
    const bw_image_info *info = bw_image_get_info(f->image);
    const int64_t size[3] = {info->width, info->height, info->depth};
    *grown = *part;
    for (int axis = 1; axis < 3; axis++) {
        const int64_t lo = part->lo[axis] - f->radius[axis], hi = part->hi[axis] + f->radius[axis];
        grown->lo[axis] = lo > 0 ? lo : 0;
        grown->hi[axis] = hi < size[axis] ? hi : size[axis];
    }
}

static int64_t voxels_of(const bw_part *part) {
    return (part->hi[0] - part->lo[0]) * (part->hi[1] - part->lo[1]) * (part->hi[2] - part->lo[2]);
}

/* A band's voxels take several times the memory of the image's: few of a small image, in stacks more for the sake of
 * their margins. */
static int next_band(const bw_image *image, bw_part *part) {
    const bw_image_info *info = bw_image_get_info(image);
    const int64_t share = info->width * info->height * info->depth / (info->depth > 1 ? 4 : 8);
    return bw_objects_next_band(info, share < BAND_LEAST ? BAND_LEAST : share < BAND_MOST ? share : BAND_MOST, part);
}

/* Of all bands, the most voxels. */
static void largest_band(const bw_foreground *f, int64_t *band, int64_t *grown) {
    bw_part part = {.frame = 0}, around;
    *band = *grown = 0;
    while (next_band(f->image, &part)) {
        grow_band(f, &part, &around);
        if (voxels_of(&part) > *band) *band = voxels_of(&part);
        if (voxels_of(&around) > *grown) *grown = voxels_of(&around);
    }
}

static bw_status make_buffers(bw_context *ctx, bw_foreground *f) {
    const uint64_t channels = (uint64_t)bw_image_get_info(f->image)->channels;
    int64_t band, grown;
    largest_band(f, &band, &grown);
    f->pixels = bw_alloc(ctx, (uint64_t)grown * channels, sizeof *f->pixels, "rows of probabilities");
    f->work = bw_alloc(ctx, 2 * (uint64_t)grown, sizeof *f->work, "rows of probabilities");
    if (!f->pixels || !f->work) return BW_ERROR_MEMORY;
    for (int m = 0; m < f->count; m++)
        if (!(f->values[m] = bw_alloc(ctx, (uint64_t)band, sizeof(float), "rows of probabilities")))
            return BW_ERROR_MEMORY;
    return BW_OK;
}

/* One over the largest integer of the image's type; 1 of floats. */
static float scale_of(const bw_image *image) {
    const bw_pixel_type type = bw_image_get_info(image)->type;
    if (type == BW_FLOAT32) return 1;
    const float white = (type == BW_UINT8 ? 255.0f : 65535.0f) + (float)bw_image_offset(image);
    return white > 0 ? 1 / white : 1;
}

bw_status bw_foreground_create(bw_context *ctx, const bw_image *image, double sigma, const double spacing[3],
                               const bw_mixture *mixtures, int count, bw_foreground *out) {
    const bw_image_info *info = bw_image_get_info(image);
    memset(out, 0, sizeof *out);
    out->image = image;
    out->count = count;
    out->scale = scale_of(image);
    memcpy(out->mixtures, mixtures, (size_t)count * sizeof *mixtures);
    for (int axis = 0; axis < 3; axis++)
        out->sigma[axis] = axis == 2 && info->depth == 1 ? 0 : sigma * spacing[0] / spacing[axis];
    bw_status status = make_kernels(ctx, out);
    if (status == BW_OK) status = make_buffers(ctx, out);
    if (status != BW_OK) bw_foreground_free(out);
    return status;
}

void bw_foreground_free(bw_foreground *f) {
    for (int axis = 0; axis < 3; axis++)
        bw_free(f->kernel[axis]);
    for (int m = 0; m < BW_MAX_MIXTURES; m++)
        bw_free(f->values[m]);
    bw_free(f->pixels);
    bw_free(f->work);
    memset(f, 0, sizeof *f);
}

/* ---- sums of channels -------------------------------------------------------------------------------------------- */

typedef struct bw_smoothing {
    bw_foreground *f;
    const bw_mixture *mixture;
    int64_t size[3]; /* of the grown band */
    const float *from;
    float *to;
} bw_smoothing;

static int is_probability(float value) {
    return value >= -1e-3f && value <= 1.001f; /* not-a-number is none */
}

static bw_status refuse(bw_context *ctx, const bw_foreground *f, float value, int channel) {
    const char *name = bw_image_name(f->image);
    return bw_fail(ctx, BW_ERROR_MISMATCH,
                   "%s: channel %d holds the value %g, which is no probability (0 to 1). Take the probabilities that a "
                   "model makes, or give the model.",
                   *name ? name : "The image", channel + 1, (double)value);
}

static bw_status sum_row(bw_context *ctx, void *user, int64_t row, int thread) {
    const bw_smoothing *s = user;
    const int64_t width = s->size[0], rows = s->size[1] * s->size[2];
    float *to = s->to + row * width;
    (void)thread;
    memset(to, 0, (size_t)width * sizeof *to);
    for (int c = 0; c < bw_image_get_info(s->f->image)->channels; c++) {
        const float *from = s->f->pixels + (c * rows + row) * width;
        int fine = 1;
        if (!s->mixture->channels[c]) continue;
        for (int64_t x = 0; x < width; x++)
            fine &= is_probability(from[x] * s->f->scale);
        for (int64_t x = 0; !fine && x < width; x++)
            if (!is_probability(from[x] * s->f->scale)) return refuse(ctx, s->f, from[x], c);
        for (int64_t x = 0; x < width; x++)
            to[x] += from[x] * s->f->scale;
    }
    return BW_OK;
}

/* ---- smoothing --------------------------------------------------------------------------------------------------- */

/* Mirrored at both ends where the row leaves the image; the middle reads its neighbours directly. */
static float smooth_edge(const float *from, const float *kernel, int radius, int64_t x, int64_t width) {
    float sum = kernel[0] * from[x];
    for (int d = 1; d <= radius; d++)
        sum += kernel[d] * (from[bw_mirror(x - d, width)] + from[bw_mirror(x + d, width)]);
    return sum;
}

static bw_status smooth_x(bw_context *ctx, void *user, int64_t row, int thread) {
    const bw_smoothing *s = user;
    const int64_t width = s->size[0], radius = s->f->radius[0];
    const float *from = s->from + row * width, *kernel = s->f->kernel[0];
    float *to = s->to + row * width;
    (void)ctx, (void)thread;
    const int64_t lo = radius < width ? radius : width, hi = width - radius > lo ? width - radius : lo;
    for (int64_t x = 0; x < lo; x++)
        to[x] = smooth_edge(from, kernel, (int)radius, x, width);
    for (int64_t x = lo; x < hi; x++)
        to[x] = kernel[0] * from[x];
    for (int64_t d = 1; d <= radius; d++)
        for (int64_t x = lo; x < hi; x++)
            to[x] += kernel[d] * (from[x - d] + from[x + d]);
    for (int64_t x = hi; x < width; x++)
        to[x] = smooth_edge(from, kernel, (int)radius, x, width);
    return BW_OK;
}

/* Along y or z; position: of the row in the grown band, along the axis; stride: rows between neighbours. */
static void smooth_rows(const bw_smoothing *s, int axis, int64_t row, int64_t position, int64_t stride) {
    const bw_foreground *f = s->f;
    const bw_image_info *info = bw_image_get_info(f->image);
    const int64_t width = s->size[0], whole = axis == 1 ? info->height : info->depth;
    const int64_t at = f->grown.lo[axis] + position;
    float *to = s->to + row * width;
    for (int64_t x = 0; x < width; x++)
        to[x] = f->kernel[axis][0] * s->from[row * width + x];
    for (int d = 1; d <= f->radius[axis]; d++) {
        const float weight = f->kernel[axis][d];
        const float *a = s->from + (row + (bw_mirror(at - d, whole) - at) * stride) * width;
        const float *b = s->from + (row + (bw_mirror(at + d, whole) - at) * stride) * width;
        for (int64_t x = 0; x < width; x++)
            to[x] += weight * (a[x] + b[x]);
    }
}

/* Rows beyond the band are needed by the other axis only. */
static int in_band(const bw_foreground *f, int axis, int64_t position) {
    const int64_t at = f->grown.lo[axis] + position;
    return at >= f->part.lo[axis] && at < f->part.hi[axis];
}

static bw_status smooth_y(bw_context *ctx, void *user, int64_t row, int thread) {
    const bw_smoothing *s = user;
    (void)ctx, (void)thread;
    const int64_t y = row % s->size[1];
    if (in_band(s->f, 1, y)) smooth_rows(s, 1, row, y, 1);
    return BW_OK;
}

static bw_status smooth_z(bw_context *ctx, void *user, int64_t row, int thread) {
    const bw_smoothing *s = user;
    (void)ctx, (void)thread;
    const int64_t y = row % s->size[1], z = row / s->size[1];
    if (in_band(s->f, 1, y) && in_band(s->f, 2, z)) smooth_rows(s, 2, row, z, s->size[1]);
    return BW_OK;
}

/* ---- bands ------------------------------------------------------------------------------------------------------- */

static void cut_band(const bw_smoothing *s, float *to) {
    const bw_foreground *f = s->f;
    const int64_t width = s->size[0], rows = f->part.hi[1] - f->part.lo[1];
    const int64_t y = f->part.lo[1] - f->grown.lo[1], above = f->part.lo[2] - f->grown.lo[2];
    for (int64_t z = 0; z < f->part.hi[2] - f->part.lo[2]; z++)
        memcpy(to + z * rows * width, s->from + ((above + z) * s->size[1] + y) * width,
               (size_t)(rows * width) * sizeof *to);
}

static bw_status mix(bw_context *ctx, bw_foreground *f, int index) {
    static const bw_task_fn smooth[3] = {smooth_x, smooth_y, smooth_z};
    bw_smoothing s = {.f = f, .mixture = f->mixtures + index};
    for (int axis = 0; axis < 3; axis++)
        s.size[axis] = f->grown.hi[axis] - f->grown.lo[axis];
    const int64_t rows = s.size[1] * s.size[2];
    float *const buffers[2] = {f->work, f->work + rows * s.size[0]};
    int last = 0;
    s.to = buffers[0];
    BW_TRY(bw_parallel(ctx, rows, sum_row, &s));
    for (int axis = 0; axis < 3; axis++) {
        if (!f->radius[axis]) continue;
        s.from = buffers[last];
        s.to = buffers[last = !last];
        BW_TRY(bw_parallel(ctx, rows, smooth[axis], &s));
    }
    s.from = buffers[last];
    cut_band(&s, f->values[index]);
    return BW_OK;
}

/* Signed integers below 0 are no foreground. */
static void cut_negative(const bw_foreground *f) {
    const int64_t count = voxels_of(&f->grown) * bw_image_get_info(f->image)->channels;
    for (int64_t i = 0; i < count; i++)
        f->pixels[i] = f->pixels[i] > 0 ? f->pixels[i] : 0;
}

void bw_foreground_begin(bw_foreground *f, int frame) {
    memset(&f->part, 0, sizeof f->part);
    f->part.frame = frame;
}

bw_status bw_foreground_next(bw_context *ctx, bw_foreground *f, int *more) {
    *more = next_band(f->image, &f->part);
    if (!*more) return BW_OK;
    grow_band(f, &f->part, &f->grown);
    f->rows = (f->part.hi[1] - f->part.lo[1]) * (f->part.hi[2] - f->part.lo[2]);
    BW_TRY(bw_objects_read_floats(ctx, f->image, &f->grown, f->pixels));
    if (bw_image_get_info(f->image)->type == BW_UINT16 && bw_image_offset(f->image) < 0) cut_negative(f);
    for (int m = 0; m < f->count; m++)
        BW_TRY(mix(ctx, f, m));
    bw_progress_add(ctx, (double)voxels_of(&f->part));
    return BW_OK;
}
