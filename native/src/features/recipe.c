#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/image.h"
#include "core/text.h"
#include "features/features.h"

enum { MAX_FEATURES = 65535 };

struct bw_recipe {
    bw_recipe_options options;
    int exact;
    int default_dims; /* while parsing: what items without modifiers get */
    uint64_t default_channels;
    bw_feature_info *features;
    int count, capacity;
};

/* One parsed item: every channel and sigma of a row. */
typedef struct bw_recipe_item {
    int row, dims;
    uint64_t channels; /* bit per channel */
    double sigmas[64];
    int sigma_count;
    const char *text; /* for messages */
    int length;
} bw_recipe_item;

static const char exact_item[] = "exact";

static bw_status complain(bw_context *ctx, const bw_recipe_item *item, const char *what) {
    return bw_fail(ctx, BW_ERROR_ARGUMENT,
                   "Feature list, item \"%.*s\": %s. Write e.g. gaussian:0.7,1.6;hessian:1.6,3.5@2d.", item->length,
                   item->text, what);
}

static bw_status complain_parameter(bw_context *ctx, const bw_recipe_item *item, const char *what) {
    char text[96];
    snprintf(text, sizeof text, "%s %s", what, bw_feature_row_get(item->row)->parameter);
    return complain(ctx, item, text);
}

static bw_status complain_id(bw_context *ctx, const bw_recipe_item *item, int length) {
    char known[1024] = "";
    for (int i = 0; i < bw_feature_row_count() + bw_preset_count(); i++) {
        int rows = bw_feature_row_count();
        const char *id = i < rows ? bw_feature_row_get(i)->id : bw_preset_get(i - rows)->id;
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i == 0 ? "" : i == rows ? "; presets: " : ", ", id);
    }
    return bw_fail(ctx, BW_ERROR_ARGUMENT, "Unknown feature or preset \"%.*s\". Features: %s; and the item %s.", length,
                   item->text, known, exact_item);
}

static int find_row(const char *id, size_t length) {
    for (int row = 0; row < bw_feature_row_count(); row++) {
        const char *known = bw_feature_row_get(row)->id;
        if (strlen(known) == length && !memcmp(known, id, length)) return row;
    }
    return -1;
}

static bw_status parse_sigmas(bw_context *ctx, const char **at, bw_recipe_item *item) {
    const bw_feature_row *row = bw_feature_row_get(item->row);
    if (**at != ':')
        return row->has_sigma ? complain_parameter(ctx, item, "it needs \":number,number,...\", each a") : BW_OK;
    if (!row->has_sigma) return complain(ctx, item, "this feature takes no number");
    do {
        double sigma = 0;
        (*at)++;
        if (!bw_number_parse(*at, at, &sigma))
            return complain_parameter(ctx, item, "there is no number where it needs a");
        if (sigma < row->sigma_min || sigma > row->sigma_max) {
            char range[64];
            snprintf(range, sizeof range, "%s must be %g to %g", row->parameter, row->sigma_min, row->sigma_max);
            return complain(ctx, item, range);
        }
        if (item->sigma_count == (int)(sizeof item->sigmas / sizeof *item->sigmas))
            return complain(ctx, item, "too many numbers");
        item->sigmas[item->sigma_count++] = sigma;
    } while (**at == ',');
    return BW_OK;
}

static bw_status parse_channels(bw_context *ctx, const char **at, int channels, bw_recipe_item *item) {
    item->channels = 0;
    do {
        long channel = 0;
        for ((*at)++; **at >= '0' && **at <= '9' && channel < 1000; (*at)++)
            channel = channel * 10 + (**at - '0');
        if (channel < 1 || channel > channels) {
            char range[80];
            snprintf(range, sizeof range, "the image's channels are 1 to %d", channels);
            return complain(ctx, item, range);
        }
        item->channels |= (uint64_t)1 << (channel - 1);
    } while (**at == '+');
    return BW_OK;
}

static bw_status parse_modifiers(bw_context *ctx, const char **at, const bw_recipe_options *options,
                                 bw_recipe_item *item) {
    while (**at == '@') {
        (*at)++;
        if (((*at)[0] == '2' || (*at)[0] == '3') && ((*at)[1] | 32) == 'd') {
            item->dims = (*at)[0] - '0';
            *at += 2;
        } else if (((*at)[0] | 32) == 'c') {
            BW_TRY(parse_channels(ctx, at, options->channels, item));
        } else {
            return complain(ctx, item, "after @ comes 2d, 3d or channels as in c1+3");
        }
    }
    return BW_OK;
}

static bw_status add(bw_context *ctx, bw_recipe *recipe, const bw_feature_info *info) {
    if (recipe->count == MAX_FEATURES) return bw_fail(ctx, BW_ERROR_ARGUMENT, "Too many features in one list.");
    if (recipe->count == recipe->capacity) {
        int capacity = recipe->capacity ? 2 * recipe->capacity : 64;
        bw_feature_info *grown = bw_realloc(ctx, recipe->features, (uint64_t)capacity, sizeof *grown, "a feature list");
        if (!grown) return BW_ERROR_MEMORY;
        recipe->features = grown;
        recipe->capacity = capacity;
    }
    recipe->features[recipe->count++] = *info;
    return BW_OK;
}

static bw_status expand(bw_context *ctx, bw_recipe *recipe, const bw_recipe_item *item) {
    const bw_feature_row *row = bw_feature_row_get(item->row);
    for (int channel = 0; channel < recipe->options.channels; channel++) {
        if (!(item->channels >> channel & 1)) continue;
        for (int s = 0; s < (row->has_sigma ? item->sigma_count : 1); s++)
            for (int output = 0; output < (item->dims == 3 ? row->outputs_3d : row->outputs_2d); output++) {
                const bw_feature_info info = {item->row, row->has_sigma ? item->sigmas[s] : 0, item->dims, channel,
                                              output};
                BW_TRY(add(ctx, recipe, &info));
            }
    }
    return BW_OK;
}

static const bw_preset *find_preset(const char *id, size_t length) {
    for (int p = 0; p < bw_preset_count(); p++) {
        const bw_preset *preset = bw_preset_get(p);
        if (strlen(preset->id) == length && !memcmp(preset->id, id, length)) return preset;
    }
    return NULL;
}

static bw_status parse_list(bw_context *ctx, const char *text, bw_recipe *recipe);

/* The preset's items, with the modifiers behind its name as their defaults. */
static bw_status parse_preset(bw_context *ctx, const bw_preset *preset, const char *at, bw_recipe_item *item,
                              const char *end, bw_recipe *recipe) {
    const int dims = recipe->default_dims;
    const uint64_t channels = recipe->default_channels;
    BW_TRY(parse_modifiers(ctx, &at, &recipe->options, item));
    if (at != end) return complain(ctx, item, "after a preset's name only @ modifiers may follow");
    recipe->default_dims = item->dims;
    recipe->default_channels = item->channels;
    bw_status status = parse_list(ctx, preset->features, recipe);
    recipe->default_dims = dims;
    recipe->default_channels = channels;
    return status;
}

/* Whether the modifiers at `at` have one that begins with this letter. */
static int has_modifier(const char *at, const char *end, char letter) {
    for (; at < end; at++)
        if (at[0] == '@' && at + 1 < end && (at[1] | 32) == letter) return 1;
    return 0;
}

/* A row that reads the colours belongs to the first channel. */
static bw_status bind_colours(bw_context *ctx, const bw_recipe *recipe, bw_recipe_item *item) {
    if (recipe->options.channels < 3)
        return complain(ctx, item, "it needs an RGB image (three channels: red, green, blue)");
    item->channels = 1;
    return BW_OK;
}

static bw_status parse_item(bw_context *ctx, const char *text, size_t length, bw_recipe *recipe) {
    bw_recipe_item item = {.dims = recipe->default_dims,
                           .channels = recipe->default_channels,
                           .text = text,
                           .length = (int)(length < 80 ? length : 80)};
    size_t id = 0;
    while (id < length && text[id] != ':' && text[id] != '@')
        id++;
    const bw_preset *preset = find_preset(text, id);
    if (preset) return parse_preset(ctx, preset, text + id, &item, text + length, recipe);
    if (id == length && id == strlen(exact_item) && !memcmp(text, exact_item, id)) {
        recipe->exact = 1;
        return BW_OK;
    }
    item.row = find_row(text, id);
    if (item.row < 0) return complain_id(ctx, &item, (int)(id < 80 ? id : 80));
    const bw_feature_row *row = bw_feature_row_get(item.row);
    const char *at = text + id;
    BW_TRY(parse_sigmas(ctx, &at, &item));
    const char *modifiers = at;
    BW_TRY(parse_modifiers(ctx, &at, &recipe->options, &item));
    if (at != text + length) return complain(ctx, &item, "it does not end where it should");
    if (!row->has_sigma) item.dims = recipe->options.dims; /* a pixel's value has no dimension to choose */
    if (!row->outputs_3d && has_modifier(modifiers, at, '3'))
        return complain(ctx, &item, "it has no 3D form; without @3d it works slice by slice");
    if (row->rgb && has_modifier(modifiers, at, 'c'))
        return complain(ctx, &item, "it reads the three colours together and takes no channels");
    if (!row->outputs_3d) item.dims = 2;
    if (row->rgb) BW_TRY(bind_colours(ctx, recipe, &item));
    return expand(ctx, recipe, &item);
}

static int is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bw_status parse_list(bw_context *ctx, const char *text, bw_recipe *recipe) {
    for (const char *at = text; *at;) {
        while (is_space(*at) || *at == ';')
            at++;
        size_t length = strcspn(at, ";");
        size_t trimmed = length;
        while (trimmed && is_space(at[trimmed - 1]))
            trimmed--;
        if (trimmed) BW_TRY(parse_item(ctx, at, trimmed, recipe));
        at += length;
    }
    return BW_OK;
}

static int order(double a, double b) {
    return (a > b) - (a < b);
}

/* The canonical order; equal features compare equal. */
static int compare(const void *left, const void *right) {
    const bw_feature_info *a = left, *b = right;
    int difference = order(a->row, b->row);
    if (!difference) difference = order(a->sigma, b->sigma);
    if (!difference) difference = order(a->dims, b->dims);
    if (!difference) difference = order(a->channel, b->channel);
    return difference ? difference : order(a->output, b->output);
}

static void make_canonical(bw_recipe *recipe) {
    int kept = 0;
    qsort(recipe->features, (size_t)recipe->count, sizeof *recipe->features, compare);
    for (int i = 0; i < recipe->count; i++)
        if (!i || compare(&recipe->features[i], &recipe->features[kept - 1]))
            recipe->features[kept++] = recipe->features[i];
    recipe->count = kept;
}

static bw_status check_options(bw_context *ctx, const bw_recipe_options *options) {
    if (options->channels < 1 || options->channels > BW_MAX_CHANNELS)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "Images of 1 to %d channels can be used, not %d.", BW_MAX_CHANNELS,
                       options->channels);
    if (options->dims != 2 && options->dims != 3)
        return bw_fail(ctx, BW_ERROR_ARGUMENT, "Features are 2D or 3D, not %dD.", options->dims);
    return bw_spacing_check(ctx, options->spacing);
}

int bw_recipe_is_3d(const bw_recipe *recipe) {
    for (int f = 0; f < recipe->count; f++)
        if (recipe->features[f].dims == 3 && bw_feature_row_get(recipe->features[f].row)->has_sigma) return 1;
    return 0;
}

int bw_recipe_is_exact(const bw_recipe *recipe) {
    return recipe->exact;
}

/* Beyond this a kernel would span hundreds of thousands of pixels: the calibration must be wrong. z matters in 3D only.
 */
static bw_status check_ratios(bw_context *ctx, const bw_recipe *recipe) {
    const double *spacing = recipe->options.spacing, most = 1000;
    for (int axis = 1; axis < (bw_recipe_is_3d(recipe) ? 3 : 2); axis++)
        if (!(spacing[axis] / spacing[0] <= most && spacing[0] / spacing[axis] <= most))
            return bw_fail(ctx, BW_ERROR_ARGUMENT,
                           "Voxels of %g x %g x %g (x, y, z) differ more than %g-fold between axes. Correct the "
                           "calibration.",
                           spacing[0], spacing[1], spacing[2], most);
    return BW_OK;
}

bw_status bw_recipe_parse(bw_context *ctx, const char *text, const bw_recipe_options *options, bw_recipe **out) {
    *out = NULL;
    BW_TRY(check_options(ctx, options));
    bw_recipe *recipe = bw_calloc(ctx, 1, sizeof *recipe, "a feature list");
    if (!recipe) return BW_ERROR_MEMORY;
    recipe->options = *options;
    recipe->default_dims = options->dims;
    recipe->default_channels = ~(uint64_t)0;
    bw_status status = parse_list(ctx, text, recipe);
    if (status == BW_OK && !recipe->count)
        status = bw_fail(ctx, BW_ERROR_ARGUMENT, "The feature list is empty. Name a preset (such as %s) or features.",
                         bw_preset_default());
    if (status == BW_OK) status = check_ratios(ctx, recipe);
    if (status != BW_OK) {
        bw_recipe_free(recipe);
        return status;
    }
    make_canonical(recipe);
    *out = recipe;
    return BW_OK;
}

void bw_recipe_free(bw_recipe *recipe) {
    if (!recipe) return;
    bw_free(recipe->features);
    bw_free(recipe);
}

const bw_recipe_options *bw_recipe_get_options(const bw_recipe *recipe) {
    return &recipe->options;
}

int bw_recipe_count(const bw_recipe *recipe) {
    return recipe->count;
}

const bw_feature_info *bw_recipe_get(const bw_recipe *recipe, int index) {
    return index >= 0 && index < recipe->count ? &recipe->features[index] : NULL;
}

static uint64_t all_channels(const bw_recipe *recipe) {
    return recipe->options.channels == 64 ? ~(uint64_t)0 : ((uint64_t)1 << recipe->options.channels) - 1;
}

/* Channels that have the feature at `index`'s row, sigma and dims; entries of one such set are adjacent. */
static uint64_t channel_set(const bw_recipe *recipe, int index, int *next) {
    const bw_feature_info *first = &recipe->features[index];
    uint64_t set = 0;
    int i = index;
    for (; i < recipe->count; i++) {
        const bw_feature_info *f = &recipe->features[i];
        if (f->row != first->row || f->sigma != first->sigma || f->dims != first->dims) break;
        set |= (uint64_t)1 << f->channel;
    }
    *next = i;
    return set;
}

static bw_status add_modifiers(bw_text *t, const bw_recipe *recipe, int row, int dims, uint64_t set) {
    const bw_feature_row *def = bw_feature_row_get(row);
    if (dims != recipe->options.dims && def->has_sigma && def->outputs_3d) BW_TRY(bw_text_add(t, "@%dd", dims));
    if (set == all_channels(recipe) || def->rgb) return BW_OK;
    const char *separator = "@c";
    for (int channel = 0; channel < recipe->options.channels; channel++)
        if (set >> channel & 1) {
            BW_TRY(bw_text_add(t, "%s%d", separator, channel + 1));
            separator = "+";
        }
    return BW_OK;
}

/* All sigmas of one row that share dims and channels become one item. */
static bw_status add_item(bw_text *t, const bw_recipe *recipe, int row, int dims, uint64_t set) {
    const char *separator = ":";
    BW_TRY(bw_text_add(t, "%s%s", t->size ? ";" : "", bw_feature_row_get(row)->id));
    for (int i = 0, next; i < recipe->count; i = next) {
        uint64_t here = channel_set(recipe, i, &next);
        const bw_feature_info *f = &recipe->features[i];
        if (f->row != row || f->dims != dims || here != set || !bw_feature_row_get(row)->has_sigma) continue;
        BW_TRY(bw_text_add(t, "%s", separator));
        BW_TRY(bw_text_number(t, f->sigma));
        separator = ",";
    }
    return add_modifiers(t, recipe, row, dims, set);
}

static int is_first_of_item(const bw_recipe *recipe, int index, uint64_t set) {
    for (int i = 0, next; i < index; i = next)
        if (channel_set(recipe, i, &next) == set && recipe->features[i].row == recipe->features[index].row &&
            recipe->features[i].dims == recipe->features[index].dims)
            return 0;
    return 1;
}

bw_status bw_recipe_format(bw_context *ctx, const bw_recipe *recipe, char **out) {
    bw_text text;
    bw_status status = BW_OK;
    *out = NULL;
    bw_text_init(&text, ctx);
    if (recipe->exact) status = bw_text_add(&text, "%s", exact_item);
    for (int i = 0, next; i < recipe->count && status == BW_OK; i = next) {
        uint64_t set = channel_set(recipe, i, &next);
        const bw_feature_info *f = &recipe->features[i];
        if (is_first_of_item(recipe, i, set)) status = add_item(&text, recipe, f->row, f->dims, set);
    }
    if (status == BW_OK) status = bw_text_take(&text, out);
    bw_text_free(&text);
    return status;
}

/* Name of an output from a row's list: "a,b" or "a,b|a,c,d" (2D | 3D). */
static void output_name(const bw_feature_info *f, char *text, size_t size) {
    const char *at = bw_feature_row_get(f->row)->names, *deep = strchr(at, '|');
    if (f->dims == 3 && deep) at = deep + 1;
    for (int k = 0; k < f->output; k++)
        at += strcspn(at, ",|") + 1;
    snprintf(text, size, "%s%.*s", *at ? " " : "", (int)strcspn(at, ",|"), at);
}

void bw_recipe_name(const bw_recipe *recipe, int index, char *text, size_t size) {
    const bw_feature_info *f = bw_recipe_get(recipe, index);
    if (!size) return;
    text[0] = 0;
    if (!f) return;
    const bw_feature_row *row = bw_feature_row_get(f->row);
    char sigma[32] = "", dims[8] = "", output[32] = "", channel[32] = "";
    if (row->has_sigma) {
        snprintf(sigma, sizeof sigma, " %g", f->sigma);
        for (char *c = sigma; *c; c++)
            if (*c == ',') *c = '.'; /* whatever the locale */
        snprintf(dims, sizeof dims, " %dD", f->dims);
    }
    output_name(f, output, sizeof output);
    if (recipe->options.channels > 1 && !row->rgb) snprintf(channel, sizeof channel, " (channel %d)", f->channel + 1);
    snprintf(text, size, "%s%s%s%s%s", row->id, sigma, dims, output, channel);
}
