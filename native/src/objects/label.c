/* From probabilities to objects: mask, holes, hysteresis, splitting, sizes, numbers. */
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/image.h"
#include "core/parallel.h"
#include "objects/channels.h"
#include "objects/divide.h"
#include "objects/mask.h"
#include "objects/objects.h"

void bw_objects_options_init(bw_objects_options *options) {
    memset(options, 0, sizeof *options);
    bw_objects_options_choose(options, BW_THRESHOLD_AUTO);
    options->boundary = -1;
    options->threshold = 0.5;
    options->sigma = 0.6;
    options->fill_holes = 1;
    options->min_size = 16;
    options->min_share = 0.2;
    options->split = BW_SPLIT_DISTANCE;
    options->depth = 0.1;
}

void bw_objects_options_choose(bw_objects_options *options, bw_threshold method) {
    const int chosen = method == BW_THRESHOLD_AUTO;
    options->method = method;
    options->core_threshold = chosen ? BW_CORE_THRESHOLD : 0;
    options->edge = chosen ? 0.65 : 0;
}

/* A run of bw_objects_label. */
typedef struct bw_labelling {
    const bw_image *image;
    bw_objects_options options;
    bw_objects *objects;
    bw_objects_report report;
    bw_mixture foreground, core, boundary;
    double spacing[3];
    int connectivity;
} bw_labelling;

/* ---- options ----------------------------------------------------------------------------------------------------- */

static bw_status check_share(bw_context *ctx, const char *what, double value) {
    if (value >= 0 && value <= 1) return BW_OK;
    return bw_fail(ctx, BW_ERROR_ARGUMENT, "The %s must be from 0 to 1, not %g.", what, value);
}

static bw_status check_numbers(bw_context *ctx, const bw_objects_options *o) {
    BW_TRY(check_share(ctx, "threshold", o->threshold));
    BW_TRY(check_share(ctx, "core threshold", o->core_threshold));
    BW_TRY(check_share(ctx, "depth of splitting", o->depth));
    BW_TRY(check_share(ctx, "share of the median size", o->min_share));
    BW_TRY(check_share(ctx, "share at the edge", o->edge));
    if (o->method < BW_THRESHOLD_FIXED || o->method > BW_THRESHOLD_AUTO)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "There is no way %d of finding a threshold.", (int)o->method);
    if (o->method != BW_THRESHOLD_OTSU && !(o->threshold > 0))
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "A threshold of 0 makes everything one object; it must be above 0.");
    if (!(o->sigma >= 0 && o->sigma < 1e4))
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "The sigma of the smoothing must be 0 or more, not %g.", o->sigma);
    if (o->min_size < 0 || o->max_size < 0 || (o->max_size && o->max_size < o->min_size))
        return bw_fail(ctx, BW_ERROR_ARGUMENT,
                       "Sizes from %lld to %lld voxels are not possible; 0 as the largest means any.",
                       (long long)o->min_size, (long long)o->max_size);
    return BW_OK;
}

static bw_status check_channel(bw_context *ctx, const bw_image *image, int channel) {
    const int channels = bw_image_get_info(image)->channels;
    if (channel < channels) return BW_OK;
    return bw_fail(ctx, BW_ERROR_ARGUMENT, "There is no channel %d among the %d of the probabilities.", channel + 1,
                   channels);
}

static bw_status check_splitting(bw_context *ctx, const bw_image *image, const bw_objects_options *o) {
    if (o->split < BW_SPLIT_NONE || o->split > BW_SPLIT_CORE)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "There is no way %d of splitting objects.", (int)o->split);
    if (o->split == BW_SPLIT_CORE && !(o->core_threshold > 0))
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "Splitting by cores needs a core threshold above 0.");
    if (o->split != BW_SPLIT_BOUNDARY) return BW_OK;
    if (o->boundary < 0)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "Splitting at a boundary class needs that class: which one is it?");
    return check_channel(ctx, image, o->boundary);
}

static bw_status check_options(bw_context *ctx, const bw_image *image, const bw_objects_options *o) {
    BW_TRY(bw_channels_check(ctx, image));
    BW_TRY(check_numbers(ctx, o));
    for (int c = 0; c < BW_MAX_CLASSES; c++)
        if (o->foreground[c] || o->core[c]) BW_TRY(check_channel(ctx, image, c));
    return check_splitting(ctx, image, o);
}

/* ---- channels ---------------------------------------------------------------------------------------------------- */

static int chosen(const uint8_t channels[BW_MAX_CLASSES]) {
    int count = 0;
    for (int c = 0; c < BW_MAX_CLASSES; c++)
        count += channels[c] != 0;
    return count;
}

static void choose_channels(bw_labelling *l) {
    const bw_objects_options *o = &l->options;
    memcpy(l->foreground.channels, o->foreground, sizeof o->foreground);
    if (!chosen(o->foreground)) bw_channels_foreground(l->image, l->foreground.channels);
    memcpy(l->core.channels, chosen(o->core) ? o->core : l->foreground.channels, sizeof o->core);
    if (o->split == BW_SPLIT_BOUNDARY) l->boundary.channels[o->boundary] = 1;
}

/* ---- the mask ---------------------------------------------------------------------------------------------------- */

static int has_core(const bw_labelling *l) {
    return l->options.core_threshold > 0;
}

static bw_status open_mask(bw_context *ctx, const bw_labelling *l, bw_foreground *out) {
    const bw_mixture mixtures[2] = {l->foreground, l->core};
    const int own = has_core(l) && memcmp(&l->core, &l->foreground, sizeof l->core);
    return bw_foreground_create(ctx, l->image, l->options.sigma, l->spacing, mixtures, own ? 2 : 1, out);
}

static bw_status find_threshold(bw_context *ctx, bw_labelling *l) {
    bw_foreground f;
    l->report.threshold = l->options.threshold;
    l->report.core_threshold = l->options.core_threshold;
    if (l->options.method == BW_THRESHOLD_FIXED) return BW_OK;
    BW_TRY(bw_foreground_create(ctx, l->image, l->options.sigma, l->spacing, &l->foreground, 1, &f));
    const bw_status status = l->options.method == BW_THRESHOLD_OTSU
                                 ? bw_mask_otsu(ctx, &f, &l->report.threshold)
                                 : bw_mask_auto(ctx, &f, l->options.threshold, &l->report.threshold);
    bw_foreground_free(&f);
    return status;
}

/* For the report of an image without any component. */
static bw_status find_highest(bw_context *ctx, bw_labelling *l) {
    bw_foreground f;
    if (l->report.components) return BW_OK;
    BW_TRY(bw_foreground_create(ctx, l->image, l->options.sigma, l->spacing, &l->foreground, 1, &f));
    const bw_status status = bw_mask_highest(ctx, &f, &l->report.highest);
    bw_foreground_free(&f);
    return status;
}

/* What is known of a frame. */
typedef struct bw_planes {
    bw_runs objects; /* the mask, then its components, then the objects */
    bw_runs core;    /* where the foreground is and the core; empty without a core threshold */
} bw_planes;

static void free_planes(bw_planes *planes) {
    bw_runs_free(&planes->objects);
    bw_runs_free(&planes->core);
}

static bw_status build_mask(bw_context *ctx, bw_labelling *l, int frame, bw_planes *planes) {
    const bw_cut cuts[] = {{.threshold = l->report.threshold, .to = &planes->objects},
                           {l->report.threshold, 1, l->report.core_threshold, &planes->core}};
    int64_t filled = 0;
    bw_foreground f;
    BW_TRY(open_mask(ctx, l, &f));
    bw_status status = bw_mask_build(ctx, &f, frame, cuts, 1 + has_core(l));
    bw_foreground_free(&f);
    if (status == BW_OK && l->options.fill_holes)
        status = bw_mask_fill(ctx, &planes->objects, l->connectivity, &filled);
    l->report.filled += filled;
    return status;
}

/* ---- which components stay --------------------------------------------------------------------------------------- */

/* map[l] = 1 for labels that a core run lies in. */
static void find_cored(const bw_runs *runs, const bw_runs *core, uint32_t *map) {
    for (int64_t row = 0; row < bw_runs_rows(runs); row++) {
        int64_t c = core->row[row];
        for (int64_t i = runs->row[row]; i < runs->row[row + 1]; i++) {
            while (c < core->row[row + 1] && core->run[c].hi <= runs->run[i].lo)
                c++;
            if (c < core->row[row + 1] && core->run[c].lo < runs->run[i].hi) map[runs->run[i].label] = 1;
        }
    }
}

/* map: 1 = stays, becomes its number among those that stay. */
static uint32_t number_map(uint32_t *map, uint32_t count) {
    uint32_t next = 0;
    for (uint32_t l = 1; l <= count; l++)
        if (map[l]) map[l] = ++next;
    return next;
}

/* Components without core or below the least size go before anything is split. */
static bw_status keep_components(bw_context *ctx, bw_labelling *l, bw_planes *planes, uint32_t *count) {
    bw_runs *runs = &planes->objects;
    bw_extent *extents = bw_alloc(ctx, *count, sizeof *extents, "components");
    uint32_t *map = bw_calloc(ctx, (uint64_t)*count + 1, sizeof *map, "components");
    if (extents && map) {
        bw_runs_extents(runs, *count, extents);
        if (has_core(l)) find_cored(runs, &planes->core, map);
        for (uint32_t c = 1; c <= *count; c++) {
            const int cored = !has_core(l) || map[c], small = extents[c - 1].voxels < l->options.min_size;
            map[c] = cored && !small;
            l->report.without_core += !cored;
            l->report.too_small += cored && small;
        }
        *count = number_map(map, *count);
        bw_runs_relabel(runs, map);
    }
    bw_free(extents);
    bw_free(map);
    return bw_context_status(ctx);
}

/* ---- splitting --------------------------------------------------------------------------------------------------- */

typedef struct bw_levels {
    const bw_foreground *f;
    const bw_runs *runs;
    int64_t first, rows;  /* row that the band begins with; how many it has */
    const int64_t *voxel; /* of each row: where its levels begin */
    int inverted;
    uint16_t *levels;
} bw_levels;

static bw_status take_levels(bw_context *ctx, void *user, int64_t index, int thread) {
    const bw_levels *t = user;
    const int64_t row = t->first + index;
    const float *values = t->f->values[0] + index * t->runs->size[0];
    uint16_t *to = t->levels + t->voxel[row];
    (void)ctx, (void)thread;
    for (int64_t i = t->runs->row[row]; i < t->runs->row[row + 1]; i++)
        for (int64_t x = t->runs->run[i].lo; x < t->runs->run[i].hi; x++) {
            const float value = t->inverted ? 1 - values[x] : values[x];
            *to++ = (uint16_t)(value <= 0 ? 0 : value >= 1 ? UINT16_MAX : value * UINT16_MAX + 0.5f);
        }
    return BW_OK;
}

static bw_status read_levels(bw_context *ctx, bw_foreground *f, int frame, bw_levels *t) {
    int more;
    bw_foreground_begin(f, frame);
    BW_TRY(bw_foreground_next(ctx, f, &more));
    for (t->first = 0; more; t->first += t->rows) {
        t->rows = f->rows;
        BW_TRY(bw_parallel(ctx, f->rows, take_levels, t));
        BW_TRY(bw_foreground_next(ctx, f, &more));
    }
    return BW_OK;
}

/* Of every voxel of the runs, one after the other. */
static bw_status make_levels(bw_context *ctx, const bw_labelling *l, int frame, const bw_runs *runs, uint16_t **out) {
    const int at_boundary = l->options.split == BW_SPLIT_BOUNDARY;
    const int64_t rows = bw_runs_rows(runs);
    int64_t *voxel = bw_alloc(ctx, (uint64_t)rows, sizeof *voxel, "rows of levels"), count = 0;
    if (!voxel) return BW_ERROR_MEMORY;
    for (int64_t row = 0; row < rows; row++) {
        voxel[row] = count;
        for (int64_t i = runs->row[row]; i < runs->row[row + 1]; i++)
            count += runs->run[i].hi - runs->run[i].lo;
    }
    bw_foreground f;
    bw_levels levels = {&f, runs, 0, 0, voxel, at_boundary, NULL};
    bw_status status = bw_foreground_create(ctx, l->image, l->options.sigma, l->spacing,
                                            at_boundary ? &l->boundary : &l->foreground, 1, &f);
    if (status == BW_OK)
        *out = levels.levels = bw_alloc(ctx, (uint64_t)count, sizeof **out, "levels of the foreground");
    if (status == BW_OK) status = levels.levels ? read_levels(ctx, &f, frame, &levels) : BW_ERROR_MEMORY;
    bw_foreground_free(&f);
    bw_free(voxel);
    return status;
}

/* Where an object ends is a matter of the foreground, which the levels of a boundary class are not. */
static double edge_of(const bw_labelling *l) {
    return l->options.split == BW_SPLIT_BOUNDARY ? 0 : l->options.edge;
}

static bw_status divide(bw_context *ctx, const bw_labelling *l, int frame, bw_planes *planes, uint32_t *count) {
    const bw_splitting split = l->options.split;
    uint16_t *levels = NULL;
    uint32_t seeds;
    if (split == BW_SPLIT_NONE) return BW_OK;
    if (split == BW_SPLIT_CORE) BW_TRY(bw_runs_components(ctx, &planes->core, l->connectivity, &seeds));
    bw_status status = make_levels(ctx, l, frame, &planes->objects, &levels);
    const bw_division division = {.split = split,
                                  .depth = l->options.depth,
                                  .spacing = {l->spacing[0], l->spacing[1], l->spacing[2]},
                                  .connectivity = l->connectivity,
                                  .lines = l->options.lines,
                                  .levels = levels,
                                  .threshold = l->report.threshold,
                                  .fill_holes = l->options.fill_holes,
                                  .edge = edge_of(l),
                                  .core = &planes->core};
    if (status == BW_OK) status = bw_runs_divide(ctx, &planes->objects, &division, count);
    bw_free(levels);
    if (status == BW_OK && edge_of(l) > 0) status = bw_runs_largest(ctx, &planes->objects, l->connectivity, *count);
    return status;
}

/* ---- which objects stay ------------------------------------------------------------------------------------------ */

static int at_border(const bw_labelling *l, const bw_extent *extent, const int64_t size[3]) {
    int touching = 0;
    const int deep = l->options.exclude_border > 1 && size[2] > 1;
    for (int axis = 0; axis < (deep ? 3 : 2); axis++)
        touching |= extent->lo[axis] == 0 || extent->hi[axis] == size[axis];
    return touching;
}

/* Why an object does not stay; NULL = it does. Parts that a line has eaten up have no voxels and do not count. */
static int64_t *reason(bw_labelling *l, const bw_extent *extent, const int64_t size[3], int cored) {
    const bw_objects_options *o = &l->options;
    if (!cored) return &l->report.without_core;
    if (extent->voxels < o->min_size) return &l->report.too_small;
    if (o->max_size && extent->voxels > o->max_size) return &l->report.too_large;
    return o->exclude_border && at_border(l, extent, size) ? &l->report.at_border : NULL;
}

static void judge_all(bw_labelling *l, bw_extent *extents, uint32_t count, const int64_t size[3],
                      const uint32_t *cored) {
    for (uint32_t i = 0; i < count; i++) {
        int64_t *why = extents[i].voxels ? reason(l, extents + i, size, !has_core(l) || cored[i + 1]) : NULL;
        if (!why) continue;
        (*why)++;
        extents[i].voxels = 0;
    }
}

static int by_size(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Objects that are small beside the others. */
static bw_status drop_smallest(bw_context *ctx, bw_labelling *l, bw_extent *extents, uint32_t count) {
    int64_t *sizes = bw_alloc(ctx, count, sizeof *sizes, "sizes of objects"), kept = 0;
    if (!sizes) return BW_ERROR_MEMORY;
    for (uint32_t i = 0; i < count; i++)
        if (extents[i].voxels) sizes[kept++] = extents[i].voxels;
    qsort(sizes, (size_t)kept, sizeof *sizes, by_size);
    const double least = kept ? l->options.min_share * (double)sizes[kept / 2] : 0;
    for (uint32_t i = 0; i < count; i++)
        if (extents[i].voxels && (double)extents[i].voxels < least) {
            extents[i].voxels = 0;
            l->report.too_small++;
        }
    bw_free(sizes);
    return BW_OK;
}

/* Numbers in the order of first voxels. */
static uint32_t number_runs(const bw_runs *runs, const bw_extent *extents, uint32_t *map) {
    uint32_t next = 0;
    for (int64_t i = 0; i < runs->count; i++) {
        const uint32_t label = runs->run[i].label;
        if (extents[label - 1].voxels && !map[label]) map[label] = ++next;
    }
    return next;
}

static bw_status keep_objects(bw_context *ctx, bw_labelling *l, bw_planes *planes, uint32_t *count) {
    bw_runs *runs = &planes->objects;
    bw_extent *extents = bw_alloc(ctx, *count, sizeof *extents, "objects");
    uint32_t *map = bw_calloc(ctx, (uint64_t)*count + 1, sizeof *map, "objects");
    bw_status status = extents && map ? BW_OK : BW_ERROR_MEMORY;
    if (status == BW_OK) {
        bw_runs_extents(runs, *count, extents);
        if (has_core(l)) find_cored(runs, &planes->core, map);
        judge_all(l, extents, *count, runs->size, map);
        status = drop_smallest(ctx, l, extents, *count);
    }
    if (status == BW_OK) {
        memset(map, 0, ((size_t)*count + 1) * sizeof *map);
        *count = number_runs(runs, extents, map);
        bw_runs_relabel(runs, map);
    }
    bw_free(extents);
    bw_free(map);
    return status;
}

/* ---- classes ----------------------------------------------------------------------------------------------------- */

enum { BAND_VOXELS = 1 << 20 };

/* sums[channel * count + object], in the order of rows. pixels: of the part, all channels. */
static void add_band(const bw_labelling *l, const bw_object_frame *frame, const bw_part *part, const float *pixels,
                     double *sums) {
    const bw_runs *runs = &frame->runs;
    const int64_t width = runs->size[0], first = part->lo[2] * runs->size[1] + part->lo[1];
    const int64_t rows = (part->hi[1] - part->lo[1]) * (part->hi[2] - part->lo[2]);
    for (int c = 0; c < bw_image_get_info(l->image)->channels; c++)
        for (int64_t row = 0; l->foreground.channels[c] && row < rows; row++) {
            const float *values = pixels + (c * rows + row) * width;
            for (int64_t i = runs->row[first + row]; i < runs->row[first + row + 1]; i++)
                for (int64_t x = runs->run[i].lo; x < runs->run[i].hi; x++)
                    sums[c * frame->count + runs->run[i].label - 1] += (double)values[x];
        }
}

static bw_status sum_bands(bw_context *ctx, const bw_labelling *l, int index, double *sums) {
    const bw_image_info *info = bw_image_get_info(l->image);
    const int64_t voxels = info->width > BAND_VOXELS ? info->width : BAND_VOXELS;
    bw_part part = {.frame = index};
    float *pixels = bw_alloc(ctx, (uint64_t)(voxels * info->channels), sizeof *pixels, "rows of probabilities");
    bw_status status = pixels ? BW_OK : BW_ERROR_MEMORY;
    while (status == BW_OK && bw_objects_next_band(info, BAND_VOXELS, &part)) {
        status = bw_objects_read_floats(ctx, l->image, &part, pixels);
        if (status == BW_OK) add_band(l, l->objects->frames + index, &part, pixels, sums);
    }
    bw_free(pixels);
    return status;
}

/* The foreground channel with the largest sum; ties to the first. */
static void choose_classes(const bw_labelling *l, int64_t count, const double *sums, uint8_t *classes) {
    for (int64_t i = 0; i < count; i++) {
        int best = -1;
        for (int c = 0; c < bw_image_get_info(l->image)->channels; c++)
            if (l->foreground.channels[c] && (best < 0 || sums[c * count + i] > sums[best * count + i])) best = c;
        classes[i] = (uint8_t)(best + 1);
    }
}

static bw_status classify_frame(bw_context *ctx, const bw_labelling *l, int index, uint8_t *classes) {
    const int64_t count = l->objects->frames[index].count;
    const int channels = bw_image_get_info(l->image)->channels;
    double *sums = bw_calloc(ctx, (uint64_t)(count * channels), sizeof *sums, "classes of objects");
    if (!sums) return BW_ERROR_MEMORY;
    bw_status status = chosen(l->foreground.channels) > 1 ? sum_bands(ctx, l, index, sums) : BW_OK;
    if (status == BW_OK) choose_classes(l, count, sums, classes);
    bw_free(sums);
    return status;
}

static bw_status classify(bw_context *ctx, const bw_labelling *l) {
    const bw_image_info *info = bw_image_get_info(l->image);
    char text[BW_MAX_CLASSES][64];
    const char *names[BW_MAX_CLASSES];
    int64_t at = 0;
    if (info->channels == 1) return BW_OK;
    for (int c = 0; c < info->channels; c++) {
        bw_channels_name(l->image, c, text[c], sizeof text[c]);
        names[c] = text[c];
    }
    uint8_t *classes = bw_alloc(ctx, (uint64_t)l->report.objects, 1, "classes of objects");
    if (!classes) return BW_ERROR_MEMORY;
    bw_status status = BW_OK;
    for (int f = 0; f < info->frames && status == BW_OK; at += l->objects->frames[f++].count)
        status = classify_frame(ctx, l, f, classes + at);
    if (status == BW_OK) status = bw_objects_set_classes(ctx, l->objects, info->channels, names, classes);
    bw_free(classes);
    return status;
}

/* ---- frame by frame ---------------------------------------------------------------------------------------------- */

static bw_status label_planes(bw_context *ctx, bw_labelling *l, int frame, bw_planes *planes) {
    bw_object_frame *out = l->objects->frames + frame;
    uint32_t count = 0;
    BW_TRY(build_mask(ctx, l, frame, planes));
    BW_TRY(bw_runs_components(ctx, &planes->objects, l->connectivity, &count));
    l->report.components += count;
    BW_TRY(keep_components(ctx, l, planes, &count));
    BW_TRY(divide(ctx, l, frame, planes, &count));
    BW_TRY(keep_objects(ctx, l, planes, &count));
    out->count = count;
    l->report.objects += count;
    out->runs = planes->objects;
    memset(&planes->objects, 0, sizeof planes->objects);
    return BW_OK;
}

static bw_status label_frame(bw_context *ctx, bw_labelling *l, int frame) {
    bw_planes planes = {.core = {.count = 0}};
    const bw_status status = label_planes(ctx, l, frame, &planes);
    free_planes(&planes);
    return status;
}

/* Passes over the image: threshold, mask, levels. */
static int passes(const bw_objects_options *o) {
    return 1 + (o->method != BW_THRESHOLD_FIXED) + (o->split != BW_SPLIT_NONE);
}

static bw_status label_frames(bw_context *ctx, bw_labelling *l) {
    const bw_image_info *info = bw_image_get_info(l->image);
    bw_progress_begin(ctx, (double)info->width * (double)info->height * (double)info->depth * info->frames *
                               passes(&l->options));
    BW_TRY(find_threshold(ctx, l));
    for (int f = 0; f < info->frames; f++)
        BW_TRY(label_frame(ctx, l, f));
    BW_TRY(find_highest(ctx, l));
    BW_TRY(classify(ctx, l));
    return bw_objects_settle(ctx, l->objects);
}

static bw_status choose_spacing(bw_context *ctx, bw_labelling *l) {
    const bw_image_info *info = bw_image_get_info(l->image);
    const double *given = l->options.spacing;
    for (int axis = 0; axis < 3; axis++)
        l->spacing[axis] = given[0] || given[1] || given[2] ? given[axis] : info->spacing[axis];
    return bw_spacing_check(ctx, l->spacing);
}

bw_status bw_objects_label(bw_context *ctx, const bw_image *probabilities, const bw_objects_options *options,
                           bw_objects **out, bw_objects_report *report) {
    const bw_image_info *info = bw_image_get_info(probabilities);
    bw_labelling l = {.image = probabilities};
    *out = NULL;
    if (options)
        l.options = *options;
    else
        bw_objects_options_init(&l.options);
    BW_TRY(bw_image_need_pixels(ctx, probabilities, "Labelling"));
    BW_TRY(check_options(ctx, probabilities, &l.options));
    BW_TRY(choose_spacing(ctx, &l));
    BW_TRY(bw_connectivity_check(ctx, l.options.connectivity, (int64_t[3]){info->width, info->height, info->depth},
                                 &l.connectivity));
    choose_channels(&l);
    BW_TRY(bw_objects_create(ctx, probabilities, &l.objects));
    const bw_status status = label_frames(ctx, &l);
    if (report) *report = l.report;
    if (status == BW_OK)
        *out = l.objects;
    else
        bw_objects_free(l.objects);
    return status;
}
