/* The training side's inside: labelled samples of images, strokes, folds, and what is made of them. */
#ifndef BW_PIPELINE_TRAINER_H
#define BW_PIPELINE_TRAINER_H

#include "forest/forest.h"
#include "model/model.h"
#include "pipeline/pipeline.h"

enum { BW_MAX_FOLDS = 100 };

/* ---- samples of one image ---------------------------------------------------------------------------------------- */

/* Labelled pixels in raster order, so that nothing depends on tiles, threads or the order of strokes. */
typedef struct bw_sample_block {
    int64_t count;
    int64_t *positions; /* ((frame * depth + z) * height + y) * width + x, ascending */
    uint8_t *labels;    /* class, from 0 */
    int64_t *strokes;   /* of each sample: number within the image, in the order of first pixels */
    int64_t stroke_count;
    float *values;           /* [feature][sample] */
    float *context;          /* [feature of the context][sample]; NULL = none */
    bw_training_image image; /* its labels: BW_MAX_CLASSES counts */
    bw_source source;        /* what the scan for non-finite pixels found; its image is set while it is in use */
    double *spread;          /* of each channel */
    uint64_t stamp;          /* of the image object that was checked last */
} bw_sample_block;

typedef struct bw_stages bw_stages;

struct bw_trainer {
    bw_recipe *recipe; /* own copy */
    bw_feature_plan *plan;
    int64_t fitted[3]; /* the frame size that the plan's buffers are shared out for */
    int features, classes;
    int64_t count, computed;
    bw_sample_block *blocks;
    int block_count;
    bw_class_info class_info[BW_MAX_CLASSES];
    bw_stages *stages; /* autocontext; NULL = not prepared */
};

bw_status bw_recipe_copy(bw_context *ctx, const bw_recipe *recipe, bw_recipe **out);
/* Whether it is the image that was added as number `index` (from 0). The object itself is known by its stamp, which
 * changes when someone may write to its pixels; another one's pixels are hashed. */
bw_status bw_trainer_check_image(bw_context *ctx, bw_trainer *trainer, int index, const bw_image *image);

/* ---- labels (labels.c) ------------------------------------------------------------------------------------------- */

/* Labels as the caller gives them: an image of class numbers, or the labelled pixels alone. */
typedef struct bw_labels {
    const bw_image *image; /* NULL: the others */
    int64_t count;
    const int64_t *positions; /* as those of a block */
    const uint8_t *classes;   /* from 1 */
} bw_labels;

/* Fills the block's count, positions, labels and label counts; what it made so far is the block's, also when it fails.
 */
bw_status bw_labels_read(bw_context *ctx, const bw_image *image, const bw_labels *given, bw_sample_block *block);

/* ---- statistics (spread.c) --------------------------------------------------------------------------------------- */

/* Standard deviation of each of the image's channels, over frames and slices; of a sparse image over its survey. */
bw_status bw_spread_measure(bw_context *ctx, const bw_source *source, double **out);

/* ---- values at positions (collect.c) ----------------------------------------------------------------------------- */

typedef struct bw_collect_job {
    const bw_source *source;
    int64_t count;
    const int64_t *positions; /* ascending */
    const int64_t *targets;   /* where in a column they go; NULL = in order */
    float *values;            /* value f of target t goes to values[f * stride + t] */
    int64_t stride;
} bw_collect_job;

/* What computes a tile. */
typedef struct bw_tiler {
    int64_t most[3]; /* extents of the largest tile */
    int threads;
    void *self;
    double (*cost)(const void *self, const int64_t extent[3], const int64_t size[3]);
    bw_status (*run)(bw_context *ctx, void *self, int thread, int frame, const bw_box *tile, bw_emit_fn emit,
                     void *user, double progress);
} bw_tiler;

/* Only tiles around the positions are computed, shrunk to them. Adds `count` to the progress. */
bw_status bw_collect(bw_context *ctx, const bw_tiler *tiler, const bw_collect_job *job);
/* The same for the trainer's features. */
bw_status bw_collect_features(bw_context *ctx, bw_trainer *trainer, const bw_collect_job *job);

/* ---- strokes (strokes.c) ----------------------------------------------------------------------------------------- */

/* Numbers the block's strokes: connected labelled pixels of one class within a frame, 8 neighbours in images of a
 * single slice and 26 in stacks, whatever the recipe's dimensions. Linear in the samples. */
bw_status bw_strokes_number(bw_context *ctx, bw_sample_block *block);
/* Weights of all samples in the order of blocks: (pixels of the stroke)^-balance, times a factor per class so that a
 * class weighs what its samples would without; at most BW_MAX_WEIGHT. *out is NULL with balance 0. */
bw_status bw_strokes_weigh(bw_context *ctx, const bw_trainer *trainer, double balance, float **out);

/* ---- samples for a forest (samples.c) ---------------------------------------------------------------------------- */

/* All samples in the order of blocks; points into the trainer. */
typedef struct bw_sample_set {
    bw_samples samples;
    bw_sample_part *parts;
    const float **columns;
    float *weights; /* NULL = 1 each */
    uint8_t *labels;
} bw_sample_set;

/* with_context: the context's columns behind the recipe's. */
bw_status bw_sample_set_open(bw_context *ctx, const bw_trainer *trainer, double stroke_balance, int with_context,
                             bw_sample_set *out);
void bw_sample_set_close(bw_sample_set *set);
/* group[f] = number of the item (row, sigma, dimensions, channel) of the recipe's feature f, from `first`; -> the
 * number after the last. */
int bw_recipe_items(const bw_recipe *recipe, int first, int *group);
int bw_recipe_item_count(const bw_recipe *recipe);

/* ---- folds (folds.c) --------------------------------------------------------------------------------------------- */

/* Samples divided into folds. Groups (strokes, blocks, images) are never split. They are dealt largest first, each to
 * the fold that has least of its classes, equal sizes in random order; so the strokes of a class go to different folds
 * as long as there are folds without it. */
typedef struct bw_folds {
    int count, classes;
    uint8_t *of;    /* fold of each sample, in the order of blocks */
    int64_t *in;    /* [fold][class] samples */
    uint8_t *known; /* [fold][class] whether a forest grown without the fold knows the class; all 0 for a fold without
                       which fewer than two classes are left to grow from */
} bw_folds;

/* Blocks are cells of an image, the same in all frames. split_single: a class of one stroke is cut into pieces of
 * samples that follow each other in raster order, one per fold (STROKES only). */
bw_status bw_folds_make(bw_context *ctx, const bw_trainer *trainer, const bw_holdout *holdout, uint64_t seed,
                        int split_single, bw_folds *out);
void bw_folds_close(bw_folds *folds);
/* ---- assessment on held-out samples (cross.c) -------------------------------------------------------------------- */

/* votes[k * count + i]: of a forest of `trees` trees grown without the fold of sample i, on those features whose byte
 * in `features` is not 0 (NULL = all). Samples of a class that no other fold has get no votes and are not assessed. An
 * error when that leaves none. The growth has lost its trees afterwards. Adds folds * trees to the progress. */
bw_status bw_hold_out(bw_context *ctx, bw_growth *growth, const bw_sample_set *set, const bw_folds *folds, int trees,
                      const uint8_t *features, uint32_t *votes);
/* An assessment of all samples that have votes. */
bw_status bw_assess_votes(bw_context *ctx, const bw_sample_set *set, const uint32_t *votes, bw_assessment **out);
/* Room for the votes of all samples. */
uint32_t *bw_alloc_votes(bw_context *ctx, const bw_sample_set *set);

/* ---- autocontext (context_train.c) ------------------------------------------------------------------------------- */

void bw_stages_free(bw_stages *stages);
const bw_recipe *bw_stages_recipe(const bw_stages *stages);
const bw_forest *bw_stages_first(const bw_stages *stages);
/* Whether the trainer is ready to train with these options: prepared with them, and every image's context added. */
bw_status bw_stages_check(bw_context *ctx, const bw_trainer *trainer, const bw_train_options *options);
/* Drops what was prepared and added. */
void bw_trainer_drop_context(bw_trainer *trainer);

/* ---- options (options.c) ----------------------------------------------------------------------------------------- */

/* Copies `options` (NULL = the usual ones) when they are in range; those of the forest are checked when it grows. */
bw_status bw_train_options_take(bw_context *ctx, const bw_train_options *options, bw_train_options *out);

#endif
