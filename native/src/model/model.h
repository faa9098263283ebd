/* A trained model: recipe, classes, forest and where they come from. */
#ifndef BW_MODEL_MODEL_H
#define BW_MODEL_MODEL_H

#include "core/bytes.h"
#include "forest/forest.h"
#include "model/format.h"

/* One training image. */
typedef struct bw_training_image {
    char name[256];
    uint64_t hash;
    int64_t width, height, depth;
    int channels, frames;
    int64_t *labels; /* labelled pixels per class, model->classes of them */
} bw_training_image;

struct bw_model {
    char engine[32]; /* version that trained it */
    bw_recipe *recipe;
    int classes;
    bw_class_info *class_info;
    bw_train_options options;
    bw_forest *forest;           /* sees the recipe's features and behind them those of `context` */
    bw_forest *first;            /* autocontext: the forest on the recipe's features alone; else NULL */
    bw_recipe *context;          /* autocontext: features of an image whose channels are the first forest's class
                                    probabilities, same dimensions and spacing as `recipe`; else NULL */
    float *spread;               /* standard deviation of each channel of the image, mean over the training images: what
                                    options.refine goes by; finite, >= 0 */
    bw_calibration *calibration; /* of the votes; NULL = none */
    int64_t *class_counts;       /* labelled samples per class */
    double *gini;                /* per feature of the forest */
    double *permutation;         /* per feature of the forest, the same for all of an item; NULL = not measured */
    bw_assessment *out_of_bag;
    bw_assessment *held_out; /* as options.holdout says; NULL with BW_HOLDOUT_NONE */
    int image_count;
    bw_training_image *images;
};

/* An empty model of so many classes; parts are filled in by the caller. */
bw_status bw_model_create(bw_context *ctx, int classes, bw_model **out);
/* Room for so many training images; once per model. */
bw_status bw_model_make_images(bw_context *ctx, bw_model *model, int images);
double bw_model_oob_error(const bw_model *model); /* fraction; -1 when no sample was out of bag */

/* For tests and fuzzing: the file's bytes. */
bw_status bw_model_read_memory(bw_context *ctx, const uint8_t *data, uint64_t size, const char *name, bw_model **out);
bw_status bw_model_put(bw_writer *w, const bw_model *model);

/* The options of a forest, as part of a payload; version: of the model's format. */
bw_status bw_forest_options_put(bw_writer *w, const bw_forest_options *options, int classes);
void bw_forest_options_get(bw_reader *r, int version, int classes, bw_forest_options *options);

#endif
