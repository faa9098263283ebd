/*
 * Brushwood: pixel classification by example. The engine's only public header.
 *
 * Contexts. Every call that can fail takes a bw_context: it carries the thread count, the memory budget, progress, the
 * cancel flag and the first error. A context serves one job on one thread at a time; only bw_context_cancel and
 * bw_context_progress may be called from other threads (and from signal handlers). The first error wins and stays:
 * after a failure create a new context. Different contexts are independent and may run at the same time.
 *
 * Ownership. xyz_create/parse/read hand an object to the caller, who calls xyz_free; xyz_free(NULL) does nothing. A
 * function that fails sets its output pointers to NULL. Strings returned by const char * getters belong to the object;
 * strings returned through char ** are freed with bw_string_free.
 *
 * Thread safety. Images, recipes and models are immutable once built and may be shared by any number of threads.
 *
 * Arrays. x runs fastest, then y, then z; channels and then frames (time) are outermost. Sigmas are in pixels of the
 * x axis (see bw_recipe_options). Nothing in this header ends the process or writes to a terminal.
 */
#ifndef BRUSHWOOD_H
#define BRUSHWOOD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BW_VERSION "0.1.0"
#define BW_MAX_CLASSES 255
#define BW_MAX_CHANNELS 64
#define BW_MAX_TREES 1000
#define BW_MIN_SIGMA 0.3
#define BW_MAX_SIGMA 100.0

typedef enum bw_status {
    BW_OK = 0,
    BW_ERROR_ARGUMENT,  /* a value the caller passed is out of range or inconsistent */
    BW_ERROR_MEMORY,    /* allocation failed or the memory budget is too small */
    BW_ERROR_IO,        /* a file could not be opened, read, written or renamed */
    BW_ERROR_FORMAT,    /* a file's content is damaged or of an unsupported kind */
    BW_ERROR_MISMATCH,  /* image, labels and model do not fit together */
    BW_ERROR_CANCELLED, /* bw_context_cancel or the progress function asked to stop */
    BW_ERROR_INTERNAL   /* a defect of the engine */
} bw_status;

/* ---- context ------------------------------------------------------------------------------------------------- */

typedef struct bw_context bw_context;

/* Called on the thread that entered the engine; fraction in [0,1]. Return non-zero to cancel. */
typedef int (*bw_progress_fn)(void *user, double fraction);

/* NULL when memory is exhausted. Defaults: threads as bw_default_threads, budget half of the free memory, no progress
 * function. */
bw_context *bw_context_create(void);
void bw_context_free(bw_context *ctx);
const char *bw_context_error(const bw_context *ctx); /* "" when nothing failed */
bw_status bw_context_status(const bw_context *ctx);
bw_status bw_context_set_threads(bw_context *ctx, int threads); /* 1..1024; 0 = default */
int bw_context_threads(const bw_context *ctx);
bw_status bw_context_set_memory_budget(bw_context *ctx, uint64_t bytes); /* 0 = default */
uint64_t bw_context_memory_budget(const bw_context *ctx);
void bw_context_set_progress(bw_context *ctx, bw_progress_fn fn, void *user);
double bw_context_progress(const bw_context *ctx); /* any thread */
void bw_context_cancel(bw_context *ctx);           /* any thread, async-signal-safe */

const char *bw_version(void);
/* Instruction set in use: "scalar", "sse2", "neon", "avx2" or "avx512". BRUSHWOOD_SIMD forces a lower one. */
const char *bw_simd_name(void);
/* Processors that the process may use by its affinity and its container's quota, or fewer when OMP_NUM_THREADS or
 * OMP_THREAD_LIMIT says so. */
int bw_default_threads(void);
void bw_string_free(char *text);
/* Bytes the engine holds right now, over all contexts: 0 when every object has been freed. */
uint64_t bw_memory_in_use(void);
uint64_t bw_memory_peak(void); /* highest value since the last bw_memory_reset_peak */
void bw_memory_reset_peak(void);

/* ---- images -------------------------------------------------------------------------------------------------- */

typedef enum bw_pixel_type { BW_UINT8 = 1, BW_UINT16 = 2, BW_FLOAT32 = 3 } bw_pixel_type;

typedef struct bw_image_info {
    bw_pixel_type type;
    int64_t width, height, depth; /* >= 1, pixels */
    int channels, frames;         /* >= 1 */
    int rgb;                      /* the three uint8 channels are red, green and blue of one colour image */
    int calibrated;               /* spacing comes from the file or caller; else it is 1, 1, 1 */
    double spacing[3];            /* size of a voxel along x, y, z in `unit`; > 0 */
    char unit[32];                /* "um", "pixel", ... UTF-8 */
    double frame_interval;        /* seconds; 0 = unknown */
} bw_image_info;

typedef struct bw_image bw_image;

/* Zero-filled. */
bw_status bw_image_create(bw_context *ctx, const bw_image_info *info, bw_image **out);
void bw_image_free(bw_image *image);
const bw_image_info *bw_image_get_info(const bw_image *image);
/* width * height pixels of one plane, tightly packed; NULL when an index is out of range or a sparse image's
 * plane is absent. */
void *bw_image_plane(bw_image *image, int frame, int channel, int64_t z);
const void *bw_image_plane_const(const bw_image *image, int frame, int channel, int64_t z);
/* Name for messages and provenance (usually the file's name); "" when unset. */
bw_status bw_image_set_name(bw_context *ctx, bw_image *image, const char *name);
const char *bw_image_name(const bw_image *image);
/* Replaces the calibration: x, y, z, all positive. */
bw_status bw_image_set_spacing(bw_context *ctx, bw_image *image, const double spacing[3]);
/* Label of a plane (ImageJ's slice label), NULL when it has none. */
bw_status bw_image_set_plane_label(bw_context *ctx, bw_image *image, int frame, int channel, int64_t z,
                                   const char *label);
const char *bw_image_plane_label(const bw_image *image, int frame, int channel, int64_t z);
/* 64-bit hash of size, type and pixels (provenance; not cryptographic). */
uint64_t bw_image_hash(const bw_image *image);

/* Sparse images, for images larger than memory: planes are there only while someone has put them in. Trainers and
 * previews take them and fail with BW_ERROR_ARGUMENT when a plane that they need is not there; nothing else takes them.
 * Statistics of the whole image (hash, spread, smallest value) come from its survey slices alone: these have to be
 * there when a trainer adds the image or a preview is made. bw_image_hash of a sparse image is its fingerprint, which
 * is no whole image's hash; 0 when a survey slice is absent. No call may use the image while planes come or go. */
bw_status bw_image_create_sparse(bw_context *ctx, const bw_image_info *info, bw_image **out);
int bw_image_is_sparse(const bw_image *image);
/* Room for an absent plane, zero-filled; or the plane that is there. The pixels put into it must be those of the image:
 * unlike bw_image_plane this does not count as a change. BW_ERROR_ARGUMENT for images not sparse. */
bw_status bw_image_put_plane(bw_context *ctx, bw_image *image, int frame, int channel, int64_t z, void **out);
/* Nothing happens when the plane is absent or the image is not sparse. */
void bw_image_drop_plane(bw_image *image, int frame, int channel, int64_t z);
int bw_image_has_plane(const bw_image *image, int frame, int channel, int64_t z); /* always in images not sparse */
enum { BW_MAX_SURVEY = 16 };
/* Slices that stand for the image, evenly spread over frames and z: frame * depth + z, ascending; -> their number. */
int bw_image_survey(const bw_image_info *info, int64_t slices[BW_MAX_SURVEY]);
/* 64-bit hash of size, type and the pixels of all channels of the survey slices: knows a file again wherever it lies,
 * whatever its name and calibration. The same for a sparse image, whose survey slices have to be there, and one that is
 * not. */
bw_status bw_image_fingerprint(bw_context *ctx, const bw_image *image, uint64_t *out);

/* Name of a channel (a class, a dye), "" when it has none. */
bw_status bw_image_set_channel_name(bw_context *ctx, bw_image *image, int channel, const char *name);
const char *bw_image_channel_name(const bw_image *image, int channel);

/* ---- images that are not in memory --------------------------------------------------------------------------- */

/* A box of a frame: lo <= position < hi; x, y, z. */
typedef struct bw_part {
    int frame;
    int64_t lo[3], hi[3];
} bw_part;

/* Where the pixels of a streamed image come from. Both functions are called on the thread that entered the engine. */
typedef struct bw_image_reader {
    /* All channels of a part that lies within the image, in the image's type: to[channel][z][y][x], tightly packed. A
     * failure tells why with bw_context_fail. */
    bw_status (*read)(bw_context *ctx, void *user, const bw_part *part, void *to);
    void (*close)(void *user); /* by bw_image_free; NULL = nothing to do */
    void *user;
} bw_image_reader;

/* For readers, sinks and visitors: keeps `message` (a sentence for people) unless there is an error already, and
 * returns the status of the context, which is not BW_OK any more. */
bw_status bw_context_fail(bw_context *ctx, bw_status status, const char *message);

/* A streamed image: its pixels are read when somebody needs them and never stay. bw_predict_streamed and bw_image_read
 * take it, nothing else does; one call at a time. Takes over the reader: when this fails, too, it closes it. */
bw_status bw_image_create_streamed(bw_context *ctx, const bw_image_info *info, const bw_image_reader *reader,
                                   bw_image **out);
int bw_image_is_streamed(const bw_image *image);
/* Pixels of a part of any image, laid out as a reader does. BW_ERROR_ARGUMENT when the part does not lie within it, or
 * when a plane of a sparse image is absent. */
bw_status bw_image_read(bw_context *ctx, const bw_image *image, const bw_part *part, void *to);

/* Takes an image part by part: parts that do not overlap and together are the image, in any order. */
typedef struct bw_sink bw_sink;

/* What a sink does with the parts. All functions are called on the thread that entered the engine. */
typedef struct bw_sink_writer {
    int64_t step[3]; /* parts begin at multiples of these and end at others or at the image's end; 0 = anywhere */
    /* Work on a part's pixels before they are written, for which all threads of ctx are free; NULL = none. */
    bw_status (*encode)(bw_context *ctx, void *user, const bw_part *part, const bw_image *pixels);
    /* Follows `encode` of the same part, other threads computing at the same time. pixels: an image of the part's
     * extent, one frame; it stays from `encode` to the end of `write`. */
    bw_status (*write)(bw_context *ctx, void *user, const bw_part *part, const bw_image *pixels);
    bw_status (*finish)(bw_context *ctx, void *user); /* all parts are there */
    void (*close)(void *user); /* by bw_sink_free; not finished before: what was written has to vanish */
    void *user;
} bw_sink_writer;

/* outline: an image, perhaps a sparse one without planes, whose size and type the sink takes; not kept. Takes over the
 * writer as bw_image_create_streamed does the reader. */
bw_status bw_sink_create(bw_context *ctx, const bw_image *outline, const bw_sink_writer *writer, bw_sink **out);
const bw_image_info *bw_sink_get_info(const bw_sink *sink);
/* Encodes and writes a part; pixels: an image of its extent, one frame. */
bw_status bw_sink_write(bw_context *ctx, bw_sink *sink, const bw_part *part, const bw_image *pixels);
/* The result is there under its name when this succeeds. */
bw_status bw_sink_finish(bw_context *ctx, bw_sink *sink);
void bw_sink_free(bw_sink *sink);

/* ---- TIFF ---------------------------------------------------------------------------------------------------- */

typedef enum bw_compression {
    BW_COMPRESSION_NONE = 0,
    BW_COMPRESSION_LZW,
    BW_COMPRESSION_DEFLATE,
    BW_COMPRESSION_ZSTD
} bw_compression;

/* Path: UTF-8. Reads 1..16-bit, 32-bit and float greyscale, palette indices and RGB; strips or tiles; multi-page;
 * BigTIFF; ImageJ hyperstacks (description, slice labels, > 4 GiB single-directory files). Several pages without a
 * description are a z stack. Pixel values as ImageJ shows them: signed 16-bit is shifted by 32768, 32-bit integers and
 * doubles become float32. `name` becomes the file's name without folders. */
bw_status bw_tiff_read(bw_context *ctx, const char *path, bw_image **out);
/* Writes an ImageJ-readable (hyper)stack beside `path` and renames it when whole. BigTIFF when classic TIFF would
 * overflow. Existing files are replaced. rgb images become RGB pages. */
bw_status bw_tiff_write(bw_context *ctx, const char *path, const bw_image *image, bw_compression compression);
/* A streamed image of the same files with the same pixels, for files of any size: memory holds a strip or tile. The
 * file stays open until bw_image_free and must not change. */
bw_status bw_tiff_open(bw_context *ctx, const char *path, bw_image **out);

typedef enum bw_tiff_layout {
    BW_LAYOUT_AUTO = 0, /* strips for what plain ImageJ opens: results below 4 GiB, compressed ones below 256 MiB and a
                           quarter of the memory budget */
    BW_LAYOUT_STRIPS,   /* as bw_tiff_write; compressed results are kept in memory until they are whole */
    BW_LAYOUT_TILES     /* tiled BigTIFF; Bio-Formats, tifffile, QuPath and libtiff read it, plain ImageJ does not */
} bw_tiff_layout;

typedef struct bw_tiff_options {
    bw_compression compression;
    bw_tiff_layout layout;
    int pyramid; /* smaller copies in SubIFDs and OME-XML as description, for viewers such as QuPath; needs tiles:
                    BW_LAYOUT_AUTO becomes these */
} bw_tiff_options;

/* A sink that writes beside `path` and renames when finished. outline: also gives calibration, plane labels and channel
 * names. options may be NULL. The file depends on the pixels and, with tiles, on the order and extent of parts, which
 * decide where tiles lie; not on threads. Display ranges are bw_tiff_write's, from the values of all parts.
 *
 * Tiles are 512 x 512, less for smaller images. A level of a pyramid is half of the one before, rounded up, until it
 * has at most 512 x 512 pixels: means of 2 x 2 pixels, but every second pixel of class numbers, which are uint8 of one
 * channel without a name. Memory: with tiles a part's, compressed; with a pyramid also the tiles of smaller levels that
 * parts have begun and not filled. For parts row by row that is at most twice the width times 512 pixels for each plane
 * of a slab of parts. */
bw_status bw_tiff_create(bw_context *ctx, const char *path, const bw_image *outline, const bw_tiff_options *options,
                         bw_sink **out);

/* ---- features ------------------------------------------------------------------------------------------------ */

/* One row of features.def. */
typedef struct bw_feature_row {
    const char *id;        /* stable: model files, macros, command line */
    const char *label;     /* for people; may change */
    const char *doc;       /* one-line definition */
    const char *unit;      /* of the values: i = the image's intensity, px = pixel */
    const char *source;    /* where the definition is from */
    const char *parameter; /* "sigma" or "radius", in x pixels; "" = none */
    int has_sigma;         /* or a radius */
    double sigma_min, sigma_max, sigma_default;
    int outputs_2d, outputs_3d; /* outputs_3d 0: stacks are done slice by slice */
    const char *names;          /* of the outputs, "a,b"; "a,b|a,c,d" when 3D has others; "" when there is one */
    int rgb;                    /* reads the colours: the first three channels */
} bw_feature_row;

int bw_feature_row_count(void);
const bw_feature_row *bw_feature_row_get(int index); /* NULL when out of range */

typedef struct bw_preset {
    const char *id, *label, *doc, *features;
} bw_preset;

int bw_preset_count(void);
const bw_preset *bw_preset_get(int index);
const char *bw_preset_default(void); /* "balanced" */

/* The full list of feature images a forest sees, in canonical order: rows as in features.def, sigma ascending, 2D
 * before 3D, channel, output. */
typedef struct bw_recipe bw_recipe;

typedef struct bw_recipe_options {
    int channels;      /* of the images it is for, 1..BW_MAX_CHANNELS */
    int dims;          /* 2 or 3: what items without @2d or @3d become */
    double spacing[3]; /* x, y, z; only the ratios count: sigma along an axis is sigma * spacing[0] / spacing[axis] */
} bw_recipe_options;

/* text: items separated by ';', each a preset's id or "id[:sigma,sigma,...]", with modifiers behind "@". Modifiers: 2d,
 * 3d, and c1+3 (only channels 1 and 3). The item "exact" makes every value exact: full kernels in double precision
 * instead of the fast ways (native/DESIGN.md), at several times the cost. Examples: "balanced@2d",
 * "gaussian:0.3,0.7,1;hessian:1.6,3.5@2d@c1", "exact;balanced". Errors name the offending item. */
bw_status bw_recipe_parse(bw_context *ctx, const char *text, const bw_recipe_options *options, bw_recipe **out);
void bw_recipe_free(bw_recipe *recipe);
/* Canonical text that parses to the same recipe. */
bw_status bw_recipe_format(bw_context *ctx, const bw_recipe *recipe, char **out);
const bw_recipe_options *bw_recipe_get_options(const bw_recipe *recipe);

typedef struct bw_feature_info {
    int row;      /* index into features.def */
    double sigma; /* 0 when the row has none */
    int dims;     /* 2 or 3 */
    int channel;  /* 0-based */
    int output;   /* 0-based, e.g. which eigenvalue (descending) */
} bw_feature_info;

int bw_recipe_count(const bw_recipe *recipe);
const bw_feature_info *bw_recipe_get(const bw_recipe *recipe, int index);
/* E.g. "hessian 1.6 3D eigenvalue 2 (channel 1)"; 0-terminated, cut to size. */
void bw_recipe_name(const bw_recipe *recipe, int index, char *text, size_t size);

/* float32, one channel per feature, same depth, frames and calibration, plane labels = feature names. */
bw_status bw_features_compute(bw_context *ctx, const bw_recipe *recipe, const bw_image *image, bw_image **out);

/* A tile of one feature image; x fastest. */
typedef struct bw_feature_tile {
    int frame, feature;
    int64_t lo[3], hi[3]; /* lo <= position < hi; x, y, z */
    const float *values;  /* of the pixel at lo; valid during the call */
    int64_t row, plane;   /* strides in floats */
    int thread;           /* 0..threads - 1: which of the threads calls */
} bw_feature_tile;

/* Called by several threads at once, in no fixed order; an error stops the run. */
typedef bw_status (*bw_feature_visitor)(bw_context *ctx, void *user, const bw_feature_tile *tile);

/* The same values tile by tile, without storing them: every pixel of every feature once. */
bw_status bw_features_visit(bw_context *ctx, const bw_recipe *recipe, const bw_image *image, bw_feature_visitor visitor,
                            void *user);

/* How the features are computed: one line per step, in order, with the images that it makes, their buffers and margins.
 * Free with bw_string_free. */
bw_status bw_recipe_describe_plan(bw_context *ctx, const bw_recipe *recipe, char **out);

/* ---- training ------------------------------------------------------------------------------------------------ */

typedef struct bw_class_info {
    char name[64];   /* UTF-8 */
    uint32_t colour; /* 0xRRGGBB */
} bw_class_info;

typedef enum bw_balance { BW_BALANCE_NONE = 0, BW_BALANCE_CLASSES, BW_BALANCE_CUSTOM } bw_balance;

/* Special numbers of candidate features per split, of n features. */
enum {
    BW_MTRY_SQRT = 0,  /* floor(sqrt(n) + 0.5) */
    BW_MTRY_LOG2 = -1, /* floor(log2(n)) + 1 */
    BW_MTRY_ALL = -2
};

typedef struct bw_forest_options {
    int trees;        /* 1..BW_MAX_TREES */
    int mtry;         /* candidate features per split, at least 1, or one of BW_MTRY_ */
    int max_depth;    /* 0 = grow to purity */
    int min_leaf;     /* smallest number of drawn samples in a leaf, >= 1 */
    double bootstrap; /* samples drawn per tree, with replacement, as a fraction of all: 0 < f <= 1; 0 = every tree
                         sees all samples once, and none is out of bag */
    int extra;        /* extremely randomised trees: one random threshold per candidate feature (Geurts et al. 2006) */
    bw_balance balance; /* CLASSES: every class has the same share of the drawn samples; CUSTOM: class_weights */
    float class_weights[BW_MAX_CLASSES]; /* CUSTOM: share of a class's samples in the drawing, relative; 0..4096 */
    uint64_t seed;                       /* same seed and samples = same bytes, for any number of threads */
} bw_forest_options;

/* How labelled samples are divided to assess a model on samples that it has not seen. */
typedef enum bw_holdout_kind {
    BW_HOLDOUT_NONE = 0,
    BW_HOLDOUT_SAMPLES, /* single pixels, at random: flatters, as neighbouring pixels are alike */
    BW_HOLDOUT_STROKES, /* whole strokes: connected labelled pixels of one class */
    BW_HOLDOUT_BLOCKS,  /* squares or cubes of an image */
    BW_HOLDOUT_IMAGES   /* whole images */
} bw_holdout_kind;

typedef struct bw_holdout {
    bw_holdout_kind kind;
    int folds;     /* 2..100; IMAGES: at most, one per image otherwise */
    int64_t block; /* BLOCKS: edge in x pixels, >= 1 */
} bw_holdout;

enum { BW_MAX_CONTEXT_SIGMAS = 8, BW_MAX_REFINE = 32 };

typedef struct bw_train_options {
    bw_forest_options forest;
    double stroke_balance; /* 0..1: a sample weighs (size of its stroke)^-stroke_balance; 1 = all strokes count alike */
    bw_holdout holdout;    /* the model is assessed so, and keeps the result */
    int calibrate;         /* probabilities become frequencies by isotonic regression on held-out samples (out-of-bag
                              samples with BW_HOLDOUT_NONE) */
    int importance;        /* permutations per feature for the permutation importance; 0 = none, at most 100 */
    int context_count;     /* autocontext: a second forest also sees the first one's probabilities smoothed with these
                              sigmas (Tu and Bai 2010); 0 = none */
    double context_sigmas[BW_MAX_CONTEXT_SIGMAS]; /* ascending, in x pixels */
    int refine; /* prediction smooths probabilities along the image's structures (guided filter, He et al. 2013) in
                   square windows of this radius in pixels, slice by slice; 0 = not, at most BW_MAX_REFINE */
} bw_train_options;

/* The preset "brushwood" of bw_forest_preset_get. */
void bw_train_options_init(bw_train_options *options);

/* Ways to grow forests: our default and those of other programs, as far as they exist here. */
typedef struct bw_forest_preset {
    const char *id, *label, *doc;
    bw_train_options options;
} bw_forest_preset;

int bw_forest_preset_count(void);
const bw_forest_preset *bw_forest_preset_get(int index); /* NULL when out of range; 0 = the default */

/* Colour of class `index` (0-based) unless another is chosen; repeats after eight. */
uint32_t bw_class_colour(int index);

typedef struct bw_trainer bw_trainer; /* recipe + labelled samples of any number of images; not thread-safe */
typedef struct bw_model bw_model;
typedef struct bw_assessment bw_assessment;

bw_status bw_trainer_create(bw_context *ctx, const bw_recipe *recipe, bw_trainer **out);
void bw_trainer_free(bw_trainer *trainer);
/* labels: uint8 or uint16, one channel, the image's width, height, depth and frames; 0 = unlabelled, 1..K = class. */
bw_status bw_trainer_add(bw_context *ctx, bw_trainer *trainer, const bw_image *image, const bw_image *labels);
/* Other labels for image `index` (in the order of adding; the same pixels, checked by hash): features are computed at
 * newly labelled pixels only, erased samples go. Afterwards the trainer is as if the image had been added with these
 * labels. They may be empty. */
bw_status bw_trainer_update(bw_context *ctx, bw_trainer *trainer, int index, const bw_image *image,
                            const bw_image *labels);
/* The same with the labelled pixels alone, for labels that change while someone paints. positions:
 * ((frame * depth + z) * height + y) * width + x, strictly ascending; labels: 1..K. Both may be empty. The cost of an
 * update depends on the labelled pixels, not on the image. A sparse image needs the slices that new pixels are in and
 * what bw_preview_slices names for them; where these are in several slices, what it names for each run of slices that
 * follow each other. */
bw_status bw_trainer_add_pixels(bw_context *ctx, bw_trainer *trainer, const bw_image *image, int64_t count,
                                const int64_t *positions, const uint8_t *labels);
bw_status bw_trainer_update_pixels(bw_context *ctx, bw_trainer *trainer, int index, const bw_image *image,
                                   int64_t count, const int64_t *positions, const uint8_t *labels);
int bw_trainer_image_count(const bw_trainer *trainer);
int64_t bw_trainer_sample_count(const bw_trainer *trainer);
/* Samples whose features the last add or update computed. */
int64_t bw_trainer_computed_count(const bw_trainer *trainer);
/* Strokes over all images: connected labelled pixels of one class (8 neighbours in 2D, 26 in 3D). */
int64_t bw_trainer_stroke_count(const bw_trainer *trainer);
/* Highest class among the labels. */
int bw_trainer_class_count(const bw_trainer *trainer);
/* Name and colour of class `index` (0-based); classes without one are called "class N". */
bw_status bw_trainer_set_class(bw_context *ctx, bw_trainer *trainer, int index, const bw_class_info *info);

/* Autocontext, before training with options that ask for it: prepare once, when all images have been added, then add
 * the context of each image again by its index. The samples of a fold get the probabilities of forests that were grown
 * without them. add and update undo it. Training wants the same options then. At most BW_MAX_CHANNELS classes. */
bw_status bw_trainer_prepare_context(bw_context *ctx, bw_trainer *trainer, const bw_train_options *options);
bw_status bw_trainer_add_context(bw_context *ctx, bw_trainer *trainer, int index, const bw_image *image);

/* options NULL = bw_train_options_init. */
bw_status bw_trainer_train(bw_context *ctx, const bw_trainer *trainer, const bw_train_options *options, bw_model **out);

/* Training in steps, for a first answer from a few trees. The trainer must outlive it unchanged. The model of all trees
 * has the same bytes as bw_trainer_train's; models of fewer trees have no held-out check and no calibration. */
typedef struct bw_training bw_training;

bw_status bw_training_begin(bw_context *ctx, const bw_trainer *trainer, const bw_train_options *options,
                            bw_training **out);
/* Grows until there are so many trees, at most options.forest.trees. */
bw_status bw_training_grow(bw_context *ctx, bw_training *training, int trees);
bw_status bw_training_model(bw_context *ctx, const bw_training *training, bw_model **out);
void bw_training_free(bw_training *training);

/* Forests grown without each fold in turn, assessed on the fold. options.holdout must not be NONE. */
bw_status bw_trainer_cross_validate(bw_context *ctx, const bw_trainer *trainer, const bw_train_options *options,
                                    bw_assessment **out);

/* A step of the search for few features: how many of them and the error that their forest makes. */
typedef struct bw_selection_step {
    int features;
    double error; /* fraction of wrong samples: held-out as options.holdout says, out-of-bag with NONE */
    int chosen;   /* the smallest set within the tolerance of the best */
} bw_selection_step;

/* Recursive elimination by permutation importance (Guyon et al. 2002) of items (a row at a sigma on a channel, all
 * outputs). features: list of the chosen set; free with bw_string_free. steps: from all features downwards, at most
 * `capacity` of them. Leaves autocontext out; wants a bootstrap. */
bw_status bw_trainer_select_features(bw_context *ctx, const bw_trainer *trainer, const bw_train_options *options,
                                     double tolerance, char **features, bw_selection_step *steps, int capacity,
                                     int *step_count);

/* ---- assessment ---------------------------------------------------------------------------------------------- */

/* Confusion matrix, and for a reliability diagram how often classes occur where they are given a probability. */
enum { BW_RELIABILITY_BINS = 20 };

typedef struct bw_class_score {
    int64_t truth, predicted, hits;    /* pixels */
    double precision, recall, f1, iou; /* NAN where undefined */
} bw_class_score;

typedef struct bw_summary {
    int64_t pixels;
    double accuracy, balanced_accuracy, mean_iou, mean_f1; /* means over classes that occur in truth or prediction */
    double kappa;                                          /* Cohen's */
    int64_t with_probability;                              /* pixels behind the next two; NAN without */
    double brier; /* mean over pixels of the sum over classes of (p - truth)^2 */
    double
        calibration_error; /* mean |observed - predicted| over bins and classes, weighted by pixels (classwise ECE) */
} bw_summary;

typedef struct bw_reliability {
    int64_t count;              /* pixels whose probability for the class lies in the bin */
    double predicted, observed; /* mean probability, share of pixels of the class; NAN without pixels */
} bw_reliability;

bw_status bw_assessment_create(bw_context *ctx, int classes, bw_assessment **out);
void bw_assessment_free(bw_assessment *assessment);
/* Adds the pixels of an image whose truth is not 0. truth, labels: uint8 or uint16, 1..classes; probabilities: float32,
 * one channel per class, may be NULL. labels may be NULL with probabilities: then the class of the highest one. */
bw_status bw_assessment_add(bw_context *ctx, bw_assessment *assessment, const bw_image *truth, const bw_image *labels,
                            const bw_image *probabilities);
int bw_assessment_classes(const bw_assessment *assessment);
int64_t bw_assessment_count(const bw_assessment *assessment, int truth, int predicted); /* 0-based */
void bw_assessment_class(const bw_assessment *assessment, int index, bw_class_score *out);
void bw_assessment_summary(const bw_assessment *assessment, bw_summary *out);
/* Bin b holds probabilities from b / BINS up to (b + 1) / BINS. class -1 = all classes together. */
void bw_assessment_reliability(const bw_assessment *assessment, int class_index, int bin, bw_reliability *out);

/* ---- models -------------------------------------------------------------------------------------------------- */

bw_status bw_model_read(bw_context *ctx, const char *path, bw_model **out);
bw_status bw_model_write(bw_context *ctx, const bw_model *model, const char *path);
void bw_model_free(bw_model *model);
const bw_recipe *bw_model_recipe(const bw_model *model);
int bw_model_class_count(const bw_model *model);
const bw_class_info *bw_model_class(const bw_model *model, int index);
const bw_train_options *bw_model_options(const bw_model *model);
/* What training found on samples that trees had not seen: out-of-bag (without any: no pixels), and held out as
 * bw_model_options says (NULL without); of the forest's own probabilities, neither calibrated nor refined. The objects
 * belong to the model. */
const bw_assessment *bw_model_out_of_bag(const bw_model *model);
const bw_assessment *bw_model_held_out(const bw_model *model);
/* Features as the forest sees them: the recipe's, then with autocontext smoothed probabilities. */
int bw_model_feature_count(const bw_model *model);
void bw_model_feature_name(const bw_model *model, int index, char *text, size_t size);
/* Importance of a feature: share of the Gini decrease, 0..1, and decrease of the out-of-bag accuracy when its item (a
 * row at a sigma on a channel, all outputs) is permuted, NAN where it was not measured. */
void bw_model_importance(const bw_model *model, int index, double *gini, double *permutation);

/* The whole recipe, options, provenance and training report, for people or as JSON. */
typedef enum bw_describe_format { BW_DESCRIBE_TEXT = 0, BW_DESCRIBE_JSON, BW_DESCRIBE_CSV } bw_describe_format;
bw_status bw_model_describe(bw_context *ctx, const bw_model *model, bw_describe_format format, char **out);
/* Scores, confusion matrix and reliability as a text for people, JSON, or CSV (one table behind the other, each with a
 * heading line and a first column that names it). Class names are the model's; NULL = "class N". */
bw_status bw_assessment_describe(bw_context *ctx, const bw_assessment *assessment, const bw_model *names,
                                 bw_describe_format format, char **out);

/* ---- prediction ---------------------------------------------------------------------------------------------- */

typedef struct bw_predict_options {
    int64_t tile; /* edge of a tile in pixels; 0 = chosen from image and memory budget. Never changes the result. */
    const double *spacing; /* x, y, z: replaces the image's calibration; NULL = the image's own */
    int unrefined;         /* 1 = the forest's own probabilities, without the smoothing that the model may ask for */
} bw_predict_options;

typedef struct bw_predict_report {
    int64_t non_finite;  /* NaN and infinite pixels that were replaced by the smallest finite value of their channel
                            and frame */
    int spacing_assumed; /* the image has no calibration: the model's spacing was used */
    int slice_wise;      /* a 2D model ran on a stack, slice by slice */
    int64_t class_pixels[BW_MAX_CLASSES]; /* how many pixels each class won */
} bw_predict_report;

/* What bw_predict can make, each 0 or more of: */
enum {
    BW_OUTPUT_PROBABILITIES = 1, /* float32, one channel per class, sums to 1 */
    BW_OUTPUT_LABELS = 2,        /* uint8, 1..K, ties to the lower class */
    BW_OUTPUT_UNCERTAINTY = 4,   /* float32: 1 - (largest - second largest probability), 0 = sure, 1 = a tie */
    BW_OUTPUT_ENTROPY = 8        /* float32: -sum p ln p / ln K, 0 = sure, 1 = all classes alike */
};

typedef struct bw_prediction {
    bw_image *probabilities, *labels, *uncertainty, *entropy; /* NULL = not asked for */
} bw_prediction;

void bw_prediction_free(bw_prediction *prediction); /* the images in it; NULL is fine */

/* outputs: sum of BW_OUTPUT_; none is allowed (the report alone). options and report may be NULL, out not. Outputs keep
 * depth, frames and calibration. Errors (BW_ERROR_MISMATCH): other channel count, a 3D model on a single slice, other
 * spacing ratio. */
bw_status bw_predict(bw_context *ctx, const bw_model *model, const bw_image *image, const bw_predict_options *options,
                     int outputs, bw_prediction *out, bw_predict_report *report);

/* What an output of a prediction will be: a sparse image without planes, with size, type, calibration, name, plane
 * labels and channel names. output: one of BW_OUTPUT_. */
bw_status bw_predict_outline(bw_context *ctx, const bw_model *model, const bw_image *image, int output, bw_image **out);

typedef struct bw_prediction_sinks {
    bw_sink *probabilities, *labels, *uncertainty, *entropy; /* NULL = not asked for */
} bw_prediction_sinks;

/* As bw_predict, for images of any size: reads the image part by part and hands every result to its sink, which was
 * created for the output's outline. Memory depends on tiles and parts, not on the image. The values are those of
 * bw_predict. Does not finish the sinks. */
bw_status bw_predict_streamed(bw_context *ctx, const bw_model *model, const bw_image *image,
                              const bw_predict_options *options, const bw_prediction_sinks *sinks,
                              bw_predict_report *report);

/* ---- preview ------------------------------------------------------------------------------------------------- */

/* Parts of an image classified again and again while the model changes: what is in view while someone paints. Feature
 * values stay in a cache, the least recently used go first. Results are the bytes of bw_predict's. */
typedef struct bw_preview bw_preview; /* not thread-safe */

/* The image has to outlive it unchanged (sparse images may gain and lose planes); the recipe has to fit it. cache:
 * bytes for feature values, 0 = none are kept. Beside it, calls use memory as the context's budget says. */
bw_status bw_preview_create(bw_context *ctx, const bw_recipe *recipe, const bw_image *image, uint64_t cache,
                            bw_preview **out);
void bw_preview_free(bw_preview *preview);
/* Images of the part's extent, one frame. The model's recipe has to be the preview's (BW_ERROR_MISMATCH), without
 * autocontext (BW_ERROR_ARGUMENT). The same parts asked for again find their features in the cache. */
bw_status bw_preview_predict(bw_context *ctx, bw_preview *preview, const bw_model *model, const bw_part *part,
                             int outputs, bw_prediction *out);
/* Values of feature `index` of the recipe in a part: float32, one channel, one frame. */
bw_status bw_preview_feature(bw_context *ctx, bw_preview *preview, int index, const bw_part *part, bw_image **out);
/* Slices of the part's frame that these two read, and a trainer for pixels in the part: z from lo to hi - 1, and
 * `more` others. */
enum { BW_MAX_MORE_SLICES = 4 };
void bw_preview_slices(const bw_preview *preview, const bw_part *part, int64_t *lo, int64_t *hi,
                       int64_t others[BW_MAX_MORE_SLICES], int *more);
/* Bytes of feature values in the cache. */
uint64_t bw_preview_cached(const bw_preview *preview);

#ifdef __cplusplus
}
#endif
#endif
