#include "pipeline/outputs.h"

#include <stddef.h>

#include "core/image.h"
#include "core/math.h"
#include "core/text.h"

/* ---- rows -------------------------------------------------------------------------------------------------------- */

typedef void (*write_fn)(const bw_outputs *outputs, const bw_output_row *row, bw_image *to);

static void *row_of(const bw_outputs *outputs, const bw_output_row *row, bw_image *to, int channel,
                    int64_t pixel_bytes) {
    const bw_part *part = &outputs->part;
    const int frame = part->frame < 0 ? row->frame : 0;
    const int64_t offset = (row->y - part->lo[1]) * bw_image_get_info(to)->width + row->x - part->lo[0];
    return (char *)bw_image_plane(to, frame, channel, row->z - part->lo[2]) + offset * pixel_bytes;
}

static void write_probabilities(const bw_outputs *outputs, const bw_output_row *row, bw_image *to) {
    const float total = (float)outputs->total;
    const uint32_t *votes = row->votes;
    for (int k = 0; k < outputs->classes; k++, votes += row->width) {
        float *out = row_of(outputs, row, to, k, sizeof *out);
        for (int64_t i = 0; i < row->width; i++)
            out[i] = (float)votes[i] / total;
    }
}

static void write_labels(const bw_outputs *outputs, const bw_output_row *row, bw_image *to) {
    uint8_t *out = row_of(outputs, row, to, 0, 1);
    for (int64_t i = 0; i < row->width; i++)
        out[i] = (uint8_t)(row->winners[i] + 1);
}

/* Votes that the second of the classes got. */
static uint32_t runner_up(const uint32_t *votes, int64_t stride, int classes, int winner) {
    uint32_t most = 0;
    for (int k = 0; k < classes; k++)
        if (k != winner && votes[k * stride] > most) most = votes[k * stride];
    return most;
}

static void write_uncertainty(const bw_outputs *outputs, const bw_output_row *row, bw_image *to) {
    float *out = row_of(outputs, row, to, 0, sizeof *out);
    for (int64_t i = 0; i < row->width; i++) {
        const uint32_t best = row->votes[row->winners[i] * row->width + i];
        const uint32_t second = runner_up(row->votes + i, row->width, outputs->classes, row->winners[i]);
        out[i] = (float)(outputs->total - (best - second)) / (float)outputs->total;
    }
}

/* The base of the logarithm does not matter to the ratio. */
static void write_entropy(const bw_outputs *outputs, const bw_output_row *row, bw_image *to) {
    float *out = row_of(outputs, row, to, 0, sizeof *out);
    const double most = outputs->classes > 1 ? bw_log2(outputs->classes) : 1;
    for (int64_t i = 0; i < row->width; i++) {
        double sum = 0;
        for (int k = 0; k < outputs->classes; k++) {
            const double p = (double)row->votes[k * row->width + i] / (double)outputs->total;
            if (p > 0) sum -= p * bw_log2(p);
        }
        out[i] = (float)(sum / most);
    }
}

void bw_outputs_winners(const uint32_t *votes, int classes, int64_t width, uint8_t *winners) {
    for (int64_t i = 0; i < width; i++) {
        int best = 0;
        for (int k = 1; k < classes; k++)
            if (votes[k * width + i] > votes[best * width + i]) best = k;
        winners[i] = (uint8_t)best;
    }
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

static const struct {
    int id;
    bw_pixel_type type;
    int per_class, of_votes;
    write_fn write;
    size_t place; /* in bw_prediction */
} table[BW_OUTPUT_COUNT] = {
    {BW_OUTPUT_PROBABILITIES, BW_FLOAT32, 1, 1, write_probabilities, offsetof(bw_prediction, probabilities)},
    {BW_OUTPUT_LABELS, BW_UINT8, 0, 0, write_labels, offsetof(bw_prediction, labels)},
    {BW_OUTPUT_UNCERTAINTY, BW_FLOAT32, 0, 1, write_uncertainty, offsetof(bw_prediction, uncertainty)},
    {BW_OUTPUT_ENTROPY, BW_FLOAT32, 0, 1, write_entropy, offsetof(bw_prediction, entropy)},
};

void bw_outputs_write(const bw_outputs *outputs, const bw_output_row *row) {
    for (int o = 0; o < BW_OUTPUT_COUNT; o++)
        if (outputs->images[o]) table[o].write(outputs, row, outputs->images[o]);
}

int bw_outputs_need_votes(int wanted) {
    for (int o = 0; o < BW_OUTPUT_COUNT; o++)
        if (wanted & table[o].id && table[o].of_votes) return 1;
    return 0;
}

double bw_outputs_pixel_bytes(int wanted, int classes) {
    double bytes = 0;
    for (int o = 0; o < BW_OUTPUT_COUNT; o++)
        if (wanted & table[o].id) bytes += (double)bw_type_size(table[o].type) * (table[o].per_class ? classes : 1);
    return bytes;
}

static bw_image **place_in(bw_prediction *prediction, int output) {
    return (bw_image **)(void *)((char *)prediction + table[output].place);
}

void bw_outputs_take(bw_outputs *outputs, bw_prediction *out) {
    for (int o = 0; o < BW_OUTPUT_COUNT; o++) {
        *place_in(out, o) = outputs->images[o];
        outputs->images[o] = NULL;
    }
}

void bw_outputs_free(bw_outputs *outputs) {
    for (int o = 0; o < BW_OUTPUT_COUNT; o++) {
        bw_image_free(outputs->images[o]);
        outputs->images[o] = NULL;
    }
}

void bw_prediction_free(bw_prediction *prediction) {
    if (!prediction) return;
    for (int o = 0; o < BW_OUTPUT_COUNT; o++) {
        bw_image_free(*place_in(prediction, o));
        *place_in(prediction, o) = NULL;
    }
}

/* ---- making the images ------------------------------------------------------------------------------------------- */

/* The input's slice label, behind the class's name where there is one: "class: label". */
static bw_status label_planes(bw_context *ctx, const bw_model *model, const bw_image *source, const bw_part *part,
                              int per_class, bw_image *out) {
    const bw_image_info *info = bw_image_get_info(out);
    bw_status status = BW_OK;
    bw_text text;
    bw_text_init(&text, ctx);
    for (int64_t k = 0; k < info->depth * info->channels * info->frames && status == BW_OK; k++) {
        const int64_t z = k % info->depth;
        const int channel = (int)(k / info->depth % info->channels), frame = (int)(k / info->depth / info->channels);
        const char *kept = bw_image_plane_label(source, part->frame < 0 ? frame : part->frame, 0, part->lo[2] + z);
        const char *name = per_class ? model->class_info[channel].name : "";
        if (!kept && !*name) continue;
        text.size = 0;
        status = bw_text_add(&text, "%s%s%s", name, kept && *name ? ": " : "", kept ? kept : "");
        if (status == BW_OK) status = bw_image_set_plane_label(ctx, out, frame, channel, z, text.data);
    }
    bw_text_free(&text);
    return status;
}

static bw_status name_channels(bw_context *ctx, const bw_model *model, bw_image *out) {
    for (int k = 0; k < model->classes; k++)
        BW_TRY(bw_image_set_channel_name(ctx, out, k, model->class_info[k].name));
    return BW_OK;
}

typedef bw_status (*create_fn)(bw_context *ctx, const bw_image_info *info, bw_image **out);

static bw_status make_image(bw_context *ctx, const bw_model *model, const bw_image *source, const bw_part *part,
                            int output, create_fn create, bw_image **out) {
    bw_image_info info = *bw_image_get_info(source);
    info.width = part->hi[0] - part->lo[0];
    info.height = part->hi[1] - part->lo[1];
    info.depth = part->hi[2] - part->lo[2];
    if (part->frame >= 0) info.frames = 1;
    info.type = table[output].type;
    info.channels = table[output].per_class ? model->classes : 1;
    info.rgb = 0;
    BW_TRY(create(ctx, &info, out));
    BW_TRY(bw_image_set_name(ctx, *out, bw_image_name(source)));
    if (table[output].per_class) BW_TRY(name_channels(ctx, model, *out));
    return label_planes(ctx, model, source, part, table[output].per_class, *out);
}

static bw_part whole(const bw_image *source) {
    const bw_image_info *info = bw_image_get_info(source);
    return (bw_part){.frame = -1, .hi = {info->width, info->height, info->depth}};
}

bw_status bw_outputs_create(bw_context *ctx, const bw_model *model, const bw_image *source, const bw_part *part,
                            int wanted, uint32_t total, bw_outputs *out) {
    const bw_part all = whole(source);
    *out = (bw_outputs){.classes = model->classes, .total = total, .part = part ? *part : all};
    bw_status status = BW_OK;
    for (int o = 0; o < BW_OUTPUT_COUNT && status == BW_OK; o++)
        if (wanted & table[o].id)
            status = make_image(ctx, model, source, &out->part, o, bw_image_create, &out->images[o]);
    if (status != BW_OK) bw_outputs_free(out);
    return status;
}

bw_status bw_predict_outline(bw_context *ctx, const bw_model *model, const bw_image *image, int output,
                             bw_image **out) {
    const bw_part all = whole(image);
    *out = NULL;
    for (int o = 0; o < BW_OUTPUT_COUNT; o++) {
        if (table[o].id != output) continue;
        const bw_status status = make_image(ctx, model, image, &all, o, bw_image_create_sparse, out);
        if (status == BW_OK) return BW_OK;
        bw_image_free(*out);
        *out = NULL;
        return status;
    }
    return bw_fail(ctx, BW_ERROR_ARGUMENT, "There is no output %d to predict.", output);
}
