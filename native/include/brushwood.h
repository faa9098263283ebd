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
/* The value that the pixel value 0 stands for: what a value means is pixel + offset. 0 unless set; -32768 for images of
 * signed 16-bit values, which are held as uint16 with 32768 added, as ImageJ does. Whoever reads values adds it:
 * labels, masks, classes, probabilities and measured intensities. Features, training and prediction take pixels as they
 * are. Hashes do not depend on it, and results computed from an image do not have it. offset: finite. */
void bw_image_set_offset(bw_image *image, double offset);
double bw_image_offset(const bw_image *image);
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
 * description are a z stack. Pixel values as ImageJ shows them: signed 16-bit is shifted by 32768 (bw_image_offset is
 * -32768; so it is for uint16 that ImageJ's description calls signed), 32-bit integers and doubles become float32.
 * `name` becomes the file's name without folders. */
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

/* ---- OME-Zarr ------------------------------------------------------------------------------------------------- */

typedef enum bw_zarr_codec {
    BW_ZARR_BLOSC = 0, /* zstd behind a byte shuffle */
    BW_ZARR_ZSTD,
    BW_ZARR_GZIP,
    BW_ZARR_RAW
} bw_zarr_codec;

typedef enum bw_zarr_version {
    BW_OME_ZARR_04 = 0, /* in Zarr version 2: what most programs read */
    BW_OME_ZARR_05      /* in Zarr version 3 */
} bw_zarr_version;

/* What the numbers are: brightness is averaged in smaller resolutions, numbers of classes and objects are not. */
typedef enum bw_zarr_content {
    BW_ZARR_CONTENT_AUTO = 0, /* labels when they are uint8 or uint16 of one channel without a name */
    BW_ZARR_CONTENT_IMAGE,
    BW_ZARR_CONTENT_LABELS /* one channel; float32 is not said to be labels, which OME-Zarr has as integers */
} bw_zarr_content;

typedef struct bw_zarr_options {
    bw_zarr_version version;
    bw_zarr_codec codec;
    int64_t chunk[3]; /* x, y, z; 0 = chosen: 128 x 128 x 32 of stacks, 512 x 512 of single slices */
    bw_zarr_content content;
} bw_zarr_options;

/* Whether a path means Zarr: a folder that says so, or a name with the ending .zarr, perhaps with names of groups and
 * arrays behind it. Nothing has to be there. */
int bw_path_is_zarr(const char *path);

/* A streamed image of a folder in OME-Zarr 0.1 to 0.5 (its largest resolution), or of one array in or outside of such,
 * on Zarr 2 or 3: axes t, c, z, y, x as far as they are there, in any order (an array that says nothing has the last of
 * these). Chunks in raw, gzip, zlib, zstd, lz4 or blosc, shards, either byte order; missing chunks are the fill value.
 * Values become what bw_tiff_read makes of the same type, but signed bytes floats. Where the folder holds several
 * images the path has to name one. Errors name the folder or the chunk's file. Some chunks stay in memory, a quarter of
 * the budget of `ctx` at most. */
bw_status bw_zarr_open(bw_context *ctx, const char *path, bw_image **out);

/* A sink that writes an image as OME-Zarr with smaller resolutions beside `path`, and renames it when finished; what
 * was there is replaced. outline as for bw_tiff_create. Chunks hold one channel and one frame. Every level halves x and
 * y, and z once its voxels are the longest of the three no more, until neither x nor y has more than 64 pixels: means
 * of the voxels, but every second voxel of labels. */
bw_status bw_zarr_create(bw_context *ctx, const char *path, const bw_image *outline, const bw_zarr_options *options,
                         bw_sink **out);

/* ---- image files of any kind -------------------------------------------------------------------------------- */

/* bw_tiff_open or bw_zarr_open, as the path says. */
bw_status bw_image_open_file(bw_context *ctx, const char *path, bw_image **out);
/* The whole image in memory: bw_tiff_read, or what bw_zarr_open gives. */
bw_status bw_image_read_file(bw_context *ctx, const char *path, bw_image **out);

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

/* Probabilities of an image of any size, with the values of bw_predict: in memory while they fit a quarter of the
 * context's budget, else a streamed image over a temporary file beside `beside`, which bw_image_free removes. */
bw_status bw_predict_probabilities(bw_context *ctx, const bw_model *model, const bw_image *image,
                                   const bw_predict_options *options, const char *beside, bw_image **out,
                                   bw_predict_report *report);

/* ---- prediction block by block ------------------------------------------------------------------------------- */

/* Results in OME-Zarr that grow block by block: by one process or by any number of them on any number of computers that
 * share the folders, in any order, twice, at the same time. Blocks, bytes and files are the same however they come
 * about, and those of bw_predict. The results say with which model, input and blocks they were begun; a job that would
 * do otherwise is refused (BW_ERROR_MISMATCH). A block's chunks appear whole or not at all; until then they read as the
 * fill value: NaN, in class numbers 0. */
typedef struct bw_block_job bw_block_job; /* one call at a time */

enum { BW_SAID_VERSION = 1, BW_SAID_CODEC = 2 };

typedef struct bw_block_options {
    bw_predict_options predict;
    bw_zarr_options zarr; /* of results that are not there yet; those that are there must have the chunks, if given */
    int said;             /* BW_SAID: what else of zarr they must have */
    int64_t block[3];     /* x, y, z; rounded up to whole chunks. 0 = as the results say, else chosen: about 256 x 256 x
                             128 of stacks, 2048 x 2048 of single slices */
    int overwrite;        /* blocks that are there are made again */
    int plan; /* nothing is written and no float image is looked through: the job tells of its blocks alone; with
                 overwrite as if no results were there */
} bw_block_options;

typedef struct bw_block_info {
    int64_t blocks;            /* over all frames */
    int64_t count[3], size[3]; /* along x, y, z: blocks of a frame, voxels of a block */
    int64_t margin[3];         /* voxels around a block that it reads, too */
    int64_t chunk[3];          /* voxels of the results' chunks */
    uint64_t bytes;            /* memory that a block takes at most beside the model, with the context's threads */
} bw_block_info;

/* paths: of the results in the order of the BW_OUTPUT_ bits, NULL = not wanted; at least one. Makes the folders and
 * what describes them unless they are there. A float32 image is read once as a whole for the values that replace NaN,
 * unless the results know them from an earlier job. Image and model have to outlive the job. options may be NULL. */
bw_status bw_block_job_open(bw_context *ctx, const bw_model *model, const bw_image *image, const char *const paths[4],
                            const bw_block_options *options, bw_block_job **out);
void bw_block_job_free(bw_block_job *job);
const bw_block_info *bw_block_job_get_info(const bw_block_job *job);
/* The voxels of a block, and whether its chunks are all there. */
bw_status bw_block_job_part(bw_context *ctx, const bw_block_job *job, int64_t index, bw_part *out);
bw_status bw_block_job_has(bw_context *ctx, const bw_block_job *job, int64_t index, int *out);
/* Makes a block unless it is there, and what becomes complete by it in the smaller resolutions. Fails for this block
 * alone: the job goes on with another context. report (may be NULL): of this block alone. made (may be NULL): whether
 * it was not there. */
bw_status bw_block_job_run(bw_context *ctx, bw_block_job *job, int64_t index, int *made, bw_predict_report *report);
/* Blocks of piece `piece` of `pieces`: from *first to *last - 1. */
bw_status bw_block_job_piece(bw_context *ctx, const bw_block_job *job, int64_t piece, int64_t pieces, int64_t *first,
                             int64_t *last);
/* Fills up what is missing in the smaller resolutions where the blocks are there, and removes what ended processes
 * left. *missing: blocks that are not there. Other jobs may run meanwhile; their unfinished files have to be begun
 * again. */
bw_status bw_block_job_finish(bw_context *ctx, bw_block_job *job, int64_t *missing);

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

/* ---- objects ------------------------------------------------------------------------------------------------- */

/* The objects of an image, frame by frame. An object has an id, unique in its frame, and an index 0..count-1 in the
 * order of ids. Kept as runs of voxels along x (12 bytes each), whatever the image's size. Immutable but for the
 * classes. */
typedef struct bw_objects bw_objects;

typedef enum bw_threshold {
    BW_THRESHOLD_FIXED = 0,
    BW_THRESHOLD_OTSU, /* of the smoothed foreground, all frames together (Otsu 1979; 256 bins over 0..1) */
    BW_THRESHOLD_AUTO  /* the one given, or half of it: if at that half the foreground is more than 1.5 times as steep
                          as half-way between the one given and 1; steepness at a level is the mean difference of
                          neighbours along x on both sides of it, of all frames */
} bw_threshold;

typedef enum bw_splitting {
    BW_SPLIT_NONE = 0,
    BW_SPLIT_DISTANCE,    /* watershed of the distance to the background, summed over the masks at four thresholds
                             from the chosen one to the level that a tenth of the connected piece exceeds */
    BW_SPLIT_PROBABILITY, /* watershed of the smoothed foreground */
    BW_SPLIT_BOUNDARY,    /* watershed of 1 - the smoothed probability of the boundary channel */
    BW_SPLIT_CORE         /* every connected part of the core is a seed: what "don't merge objects" is in ilastik */
} bw_splitting;

typedef struct bw_objects_options {
    uint8_t foreground[BW_MAX_CLASSES]; /* not 0: the channel counts as foreground (their sum); all 0: the only channel,
                                           else all but the one named "background", else all but the first */
    uint8_t core[BW_MAX_CLASSES];       /* the same for the core; all 0 = as the foreground */
    int boundary;                       /* channel for BW_SPLIT_BOUNDARY; -1 = none */
    bw_threshold method;
    double threshold;           /* foreground is where the smoothed sum is at least this; > 0, <= 1 */
    double core_threshold;      /* hysteresis: objects stay when the core reaches this somewhere; 0 = no core */
    double sigma;               /* of the smoothing, pixels of the x axis; 0 = none */
    int fill_holes;             /* background that does not touch the frame's border becomes foreground */
    int64_t min_size, max_size; /* voxels an object has; 0 = any */
    double min_share;           /* of the median size of the frame's objects: smaller ones are left out; 0 = any */
    bw_splitting split;
    double depth; /* how far a seed stands out above the saddle to a higher one, else they are one object:
                     a share of its own height, 0..1 (h-maxima, relative) */
    double edge;  /* with a split other than NONE and BOUNDARY, an object ends where the foreground falls below this
                     share of the level that a tenth of the object exceeds; 0..1, 0 = at the threshold */
    int lines;    /* a line of background, one voxel wide, between parts of what was split */
    int exclude_border; /* no objects that touch the frame's border (in x and y; with 2, in stacks, in z as well) */
    int connectivity;   /* 4, 8: slice by slice; 6, 26: in 3D, on single slices as 4 and 8; 0 = 26 */
    double spacing[3];  /* x, y, z in place of the image's; 0 = the image's */
} bw_objects_options;

typedef struct bw_objects_report {
    double threshold, core_threshold;                      /* used */
    int64_t components;                                    /* of the mask, holes filled, before sizes count */
    int64_t objects;                                       /* of all frames */
    int64_t without_core, too_small, too_large, at_border; /* that were left out */
    int64_t filled;                                        /* voxels of holes */
    double highest; /* foreground there is, smoothed, when there are no components; else 0 */
} bw_objects_report;

/* What BW_THRESHOLD_AUTO has, and who wants a core without saying how sure it is. */
#define BW_CORE_THRESHOLD 0.77

/* As for BW_THRESHOLD_AUTO, at 0.5. */
void bw_objects_options_init(bw_objects_options *options);
/* Sets the method and what it goes with: AUTO has a core and an edge, which suit a threshold that may be low; with the
 * others the threshold alone decides (core_threshold and edge 0). */
void bw_objects_options_choose(bw_objects_options *options, bw_threshold method);
/* Names or numbers (from 1) of channels of probabilities, separated by ';' or ','; names as they are in the file or
 * else in its slice labels before a colon. Sets channels[c] to 1 for each, others to 0. BW_ERROR_ARGUMENT names those
 * that there are. */
bw_status bw_objects_channels(bw_context *ctx, const bw_image *probabilities, const char *list,
                              uint8_t channels[BW_MAX_CLASSES]);
/* probabilities: one channel per class, float32 in 0..1 or integers of which the largest of the type is 1 (32767 of
 * signed 16 bits, where negative ones are 0); whole or streamed. Ids are 1..n in the order of the objects' first voxels
 * (x fastest, then y, z). The class of an object is the foreground channel of highest mean; a single channel makes no
 * classes. Memory: a band of the image, runs, and where components are split 2 bytes per foreground voxel of the frame
 * and 10 (with connectivity 4 and 6 up to 12) per voxel of the boxes of those at work (BW_ERROR_MEMORY beyond the
 * budget). options and report may be NULL. Errors: values outside 0..1 or not finite, more than BW_MAX_CLASSES channels
 * (BW_ERROR_MISMATCH), no such channel, options out of range. */
bw_status bw_objects_label(bw_context *ctx, const bw_image *probabilities, const bw_objects_options *options,
                           bw_objects **out, bw_objects_report *report);
/* Objects of a label image: one channel, integers or whole numbers in float32, 0 = background, below 2^24 as ids.
 * BW_ERROR_MISMATCH for others, telling the first value that is no label. */
bw_status bw_objects_from_labels(bw_context *ctx, const bw_image *labels, bw_objects **out);
/* Connected components of the voxels that are not 0. connectivity as in the options. */
bw_status bw_objects_from_mask(bw_context *ctx, const bw_image *mask, int connectivity, bw_objects **out);
/* Objects of an image of either kind: uint8 with no values but 0 and 255 and one 255 at least is a mask, anything else
 * a label image. connectivity: of masks. mask (may be NULL): which it was. */
bw_status bw_objects_from_image(bw_context *ctx, const bw_image *image, int connectivity, bw_objects **out, int *mask);
void bw_objects_free(bw_objects *objects);

/* Of the label image: uint16 while the highest id fits, else float32. */
const bw_image_info *bw_objects_get_info(const bw_objects *objects);
int64_t bw_objects_count(const bw_objects *objects, int frame);
uint32_t bw_objects_id(const bw_objects *objects, int frame, int64_t index);
/* Classes 1..K, 0 = none. */
int bw_objects_class_count(const bw_objects *objects);
const char *bw_objects_class_name(const bw_objects *objects, int class_number);
int bw_objects_class(const bw_objects *objects, int frame, int64_t index);
/* names: of classes 1..count; classes: one per object, frame after frame. */
bw_status bw_objects_set_classes(bw_context *ctx, bw_objects *objects, int count, const char *const *names,
                                 const uint8_t *classes);

typedef enum bw_objects_output {
    BW_OBJECTS_LABELS = 0, /* ids; BW_ERROR_MISMATCH beyond 2^24, which float32 does not hold exactly */
    BW_OBJECTS_MASK,       /* uint8, 0 and 255 */
    BW_OBJECTS_CLASSES     /* uint8, 0 and the class */
} bw_objects_output;

/* As bw_predict_outline: what a sink for the output is created with. */
bw_status bw_objects_outline(bw_context *ctx, const bw_objects *objects, bw_objects_output output, bw_image **out);
/* Hands the image to a sink part by part; does not finish it. */
bw_status bw_objects_write(bw_context *ctx, const bw_objects *objects, bw_objects_output output, bw_sink *sink);
bw_status bw_objects_image(bw_context *ctx, const bw_objects *objects, bw_objects_output output, bw_image **out);

/* The steps by themselves, on images in memory, frame by frame; one channel. Each makes the same bytes for any number
 * of threads, and takes pixels without bw_image_offset. */

/* Components of the voxels that are not 0, numbered from 1 in the order of their first voxels in every frame: uint16
 * while the numbers fit, else float32. */
bw_status bw_components(bw_context *ctx, const bw_image *mask, int connectivity, bw_image **out);
/* float32: distance of every voxel that is not 0 to the nearest one that is, between centres, in units of the image's
 * spacing if it is calibrated, else pixels; INFINITY where a frame has none. Exact (Felzenszwalb and Huttenlocher 2012,
 * Meijster et al. 2000). */
bw_status bw_distance(bw_context *ctx, const bw_image *mask, bw_image **out);
/* Grows markers (a label image) over the landscape from low to high values (Meyer 1991; among equals first come, first
 * served, then in the order of positions), within the voxels of mask that are not 0 (NULL = everywhere). lines: voxels
 * where parts meet stay 0. The result has the markers' type. Memory: up to 10 bytes per voxel; at most 2^31 - 2 voxels
 * per frame. BW_ERROR_MISMATCH: images of different size, markers that are no labels, a landscape that is not numbers.
 */
bw_status bw_watershed(bw_context *ctx, const bw_image *landscape, const bw_image *markers, const bw_image *mask,
                       int connectivity, int lines, bw_image **out);

/* ---- measuring objects --------------------------------------------------------------------------------------- */

/* One row of measures.def. */
typedef struct bw_measure_row {
    const char *id;         /* stable: macro keys, command line, column of tables */
    const char *group;      /* names several rows at once: "centroid" for centroid_x, centroid_y, centroid_z */
    const char *label;      /* heading */
    const char *unit;       /* "", "pixel", "unit" (of length), "unit^2", "unit^3", "degrees", "value" (the image's) */
    const char *definition; /* a sentence or two, with the source */
    int in_2d, in_3d;       /* measured in images of single slices, in stacks */
    int per_channel;        /* one column per channel of the image (1), of the probabilities (2) */
} bw_measure_row;

int bw_measure_row_count(void);
const bw_measure_row *bw_measure_row_get(int index); /* NULL when out of range */

/* A table: one row per object, frame after frame, in the order of ids. */
typedef struct bw_measurements bw_measurements;

/* measures: ids, groups and ids with a channel ("mean:2", from 1) separated by commas; NULL or "" = all that can be
 * measured. Columns come in the order of measures.def. image, probabilities: for intensities and mean probabilities, as
 * large as the objects' image, whole or streamed; either may be NULL. spacing: x, y, z in place of the objects'; NULL =
 * theirs. The same bits for any number of threads. Memory: 16 bytes a run; the table; one band of the image; for
 * medians 4 bytes for each voxel and channel of objects that the band cuts. Errors: BW_ERROR_ARGUMENT for names that
 * are no measures or cannot be measured here, BW_ERROR_MISMATCH for images of another size or of more than
 * BW_MAX_CLASSES channels. */
bw_status bw_objects_measure(bw_context *ctx, const bw_objects *objects, const bw_image *image,
                             const bw_image *probabilities, const char *measures, const double *spacing,
                             bw_measurements **out);
void bw_measurements_free(bw_measurements *table);
int64_t bw_measurements_rows(const bw_measurements *table);
int bw_measurements_columns(const bw_measurements *table);
/* Stable name, heading and unit of a column, NULL when there is none; they belong to the table. The name is the row's
 * id, followed by ":1", ":2"... where there are several channels. */
const char *bw_measurements_id(const bw_measurements *table, int column);
const char *bw_measurements_heading(const bw_measurements *table, int column);
const char *bw_measurements_unit(const bw_measurements *table, int column);
/* The values of a column, one per row; NAN where undefined. */
const double *bw_measurements_values(const bw_measurements *table, int column);
int bw_measurements_frame(const bw_measurements *table, int64_t row); /* 0-based */
uint32_t bw_measurements_object(const bw_measurements *table, int64_t row);
/* Classes 1..K, 0 = none: those that the objects had when they were measured, until others are set. */
int bw_measurements_class_count(const bw_measurements *table);
const char *bw_measurements_class_name(const bw_measurements *table, int class_number); /* "" when there is none */
int bw_measurements_class(const bw_measurements *table, int64_t row);
/* names: of classes 1..count; classes: one per row. */
bw_status bw_measurements_set_classes(bw_context *ctx, bw_measurements *table, int count, const char *const *names,
                                      const uint8_t *classes);
/* RFC 4180, UTF-8: columns label, frame (from 1), class (its name) when there are classes, then the measures by id with
 * the unit in brackets: "area [um^2]". 15 digits; NaN where undefined. */
bw_status bw_measurements_write(bw_context *ctx, const bw_measurements *table, const char *path);

/* ---- comparing segmentations --------------------------------------------------------------------------------- */

typedef enum bw_comparison_kind {
    BW_COMPARE_LABELS = 0, /* 0 is background, every other value an object of its frame */
    BW_COMPARE_MASKS,      /* 0 against everything else */
    BW_COMPARE_CLASSES     /* class numbers 0..255 */
} bw_comparison_kind;

enum {
    BW_COMPARE_THRESHOLDS = 10, /* of the IoU of objects: 0.5, 0.55 .. 0.95 */
    BW_COMPARE_POOLED = -1,     /* in place of an image's index: all images as if they were one, objects apart */
    BW_COMPARE_MEAN = -2        /* means over the images that have the score; sums of counts */
};

/* Scores of segmentations against their truth, of any number of images. Every frame is an image of its own: ids need
 * not agree between frames, and never between truth and result. */
typedef struct bw_comparison bw_comparison;

/* How images are read; a sum of these. */
enum {
    BW_COMPARE_IGNORE_ZERO = 1, /* pixels that are 0 in the truth do not count; for classes alone */
    BW_COMPARE_TAKE_APART = 2   /* the connected components (8 on single slices, else 26) of masks, as
                                   bw_comparison_kinds tells them, are their objects; for labels alone */
};

/* BW_ERROR_ARGUMENT for flags that do not go with the kind. */
bw_status bw_comparison_create(bw_context *ctx, bw_comparison_kind kind, int flags, bw_comparison **out);
void bw_comparison_free(bw_comparison *comparison);
/* Adds an image and its frames. Both images: one channel of the same size, whole numbers of any type from 0 (classes to
 * 255, others below 2^24), whole or streamed. Memory: 16 bytes per pair of labels that overlap and thread, times 2 to
 * 4; the runs of masks that are taken apart. BW_ERROR_MISMATCH names the image and the first value that does not fit;
 * nothing is added then. */
bw_status bw_comparison_add(bw_context *ctx, bw_comparison *comparison, const bw_image *truth, const bw_image *result);
/* What an image can be, a sum of 1 << bw_comparison_kind: masks when it is uint8 with no values but 0 and 255 and one
 * 255 at least, classes when it is uint8 without a 0, anything when it is uint8 and empty, else labels. Images that
 * have nothing in common are best compared as labels. */
bw_status bw_comparison_kinds(bw_context *ctx, const bw_image *image, int *kinds);

bw_comparison_kind bw_comparison_get_kind(const bw_comparison *comparison);
/* How many of the images that were added as truth (side 0) or as result (1) were masks and taken apart. */
int64_t bw_comparison_taken_apart(const bw_comparison *comparison, int side);
int64_t bw_comparison_images(const bw_comparison *comparison);
const char *bw_comparison_image_name(const bw_comparison *comparison, int64_t image); /* of the truth */
int bw_comparison_image_frame(const bw_comparison *comparison, int64_t image);        /* 0-based */

/* One row of the scores. */
typedef struct bw_comparison_score {
    const char *id; /* stable: columns of tables, JSON */
    const char *label, *definition;
    int kinds; /* that have it: a sum of 1 << bw_comparison_kind */
    int whole; /* a count */
} bw_comparison_score;

int bw_comparison_score_count(void);
const bw_comparison_score *bw_comparison_score_get(int index); /* NULL when out of range */
/* values[bw_comparison_score_count()], NAN where undefined. image: index, BW_COMPARE_POOLED or BW_COMPARE_MEAN. */
void bw_comparison_values(const bw_comparison *comparison, int64_t image, double *values);

/* Objects of truth and result that fit each other at one IoU, as defined by stardist.matching: pairs of an IoU of at
 * least `threshold`, as many as possible without using an object twice. Shares without anything found are 0, as
 * there; so an image that is empty in both counts as 0 in means. */
typedef struct bw_match_score {
    double threshold;
    int64_t truth, predicted, hits, extra, missed; /* objects: n_true, n_pred, tp, fp, fn */
    double precision, recall, f1;
    double accuracy;         /* tp / (tp + fp + fn): the average precision of Cellpose and of Data Science Bowl 2018 */
    double mean_matched_iou; /* over hits */
    double mean_true_iou;    /* the same sum over all objects of the truth */
    double panoptic_quality; /* the same sum / (tp + fp / 2 + fn / 2) (Kirillov et al. 2019) */
} bw_match_score;

/* index: of the threshold; labels only, else all 0. */
void bw_comparison_match(const bw_comparison *comparison, int64_t image, int index, bw_match_score *out);

/* Classes 0..n-1: of labels and masks 0 (background) and 1 (anything else), else up to the highest number found. */
int bw_comparison_classes(const bw_comparison *comparison);
/* Pixels and shares of a class; f1 is the Dice coefficient. image as above. */
void bw_comparison_class(const bw_comparison *comparison, int64_t image, int class_number, bw_class_score *out);
/* Pixels of all images that are `truth` in the truth and `predicted` in the result. */
int64_t bw_comparison_count(const bw_comparison *comparison, int truth, int predicted);

/* As bw_assessment_describe. CSV: tables images (one row per image, then "pooled" and "mean"), classes, confusion and
 * matching. */
bw_status bw_comparison_describe(bw_context *ctx, const bw_comparison *comparison, bw_describe_format format,
                                 char **out);

/* What a picture of the differences shows in a colour. */
typedef struct bw_comparison_colour {
    const char *id, *meaning;
    uint32_t colour; /* 0xRRGGBB; people who are colour-blind can tell them apart */
    int kinds;       /* that have it: a sum of 1 << bw_comparison_kind */
} bw_comparison_colour;

int bw_comparison_colour_count(void);
const bw_comparison_colour *bw_comparison_colour_get(int index); /* NULL when out of range */

/* Size and type of the picture of a truth: an RGB image, to create a sink with. */
bw_status bw_comparison_outline(bw_context *ctx, const bw_image *truth, bw_image **out);
/* Hands the picture to a sink part by part; does not finish it. Images as bw_comparison_add takes them. */
bw_status bw_comparison_draw(bw_context *ctx, const bw_image *truth, const bw_image *result, bw_comparison_kind kind,
                             int flags, bw_sink *sink);
bw_status bw_comparison_picture(bw_context *ctx, const bw_image *truth, const bw_image *result, bw_comparison_kind kind,
                                int flags, bw_image **out);

/* ---- classes of objects by example ----------------------------------------------------------------------------- */

/* A forest over measures of objects. */
typedef struct bw_object_model bw_object_model;

/* Classes of the objects under paint, for bw_object_trainer_add: classes[i] of object i, frame after frame; 0 = not
 * painted. paint: one channel of the objects' size, 0 or the class 1..255, whole or streamed; beside objects anything
 * may be painted. BW_ERROR_MISMATCH for other values and other sizes, and naming the object that has two classes. */
bw_status bw_objects_examples(bw_context *ctx, const bw_objects *objects, const bw_image *paint, uint8_t *classes);

/* Collects examples from any number of tables. Their measures are what a forest learns from, but for those that are no
 * properties of an object: positions (groups "centroid", "box" and "mass") and, as the grid decides it, the number of
 * voxels ("voxels"). */
typedef struct bw_object_trainer bw_object_trainer;

bw_status bw_object_trainer_create(bw_context *ctx, bw_object_trainer **out);
void bw_object_trainer_free(bw_object_trainer *trainer);
/* classes: one per row of the table, 0 = no example. Tables after the first need its columns, in the same units
 * (BW_ERROR_MISMATCH, naming them); what else they have is left out. Values that are not finite count as not defined:
 * the median of the column's examples takes their place, in training and when the model is applied. */
bw_status bw_object_trainer_add(bw_context *ctx, bw_object_trainer *trainer, const bw_measurements *table,
                                const uint8_t *classes);
bw_status bw_object_trainer_set_class(bw_context *ctx, bw_object_trainer *trainer, int index,
                                      const bw_class_info *info);
/* 200 trees to purity on bootstrap samples, square root of the columns per split, classes of equal weight. */
void bw_object_options_init(bw_forest_options *options);
/* options NULL = bw_object_options_init. At least two classes need examples; two of each are enough to train. The same
 * examples in the same order give the same bytes for any number of threads. */
bw_status bw_object_trainer_train(bw_context *ctx, const bw_object_trainer *trainer, const bw_forest_options *options,
                                  bw_object_model **out);

/* Files end with .brushwood-objects. A file of bw_model_write is refused with a message that says what it is, as
 * bw_model_read refuses these. */
bw_status bw_object_model_read(bw_context *ctx, const char *path, bw_object_model **out);

/* What a file is, by its first bytes; the rest may be damaged. */
typedef enum bw_model_kind { BW_MODEL_UNKNOWN = 0, BW_MODEL_PIXELS, BW_MODEL_OBJECTS } bw_model_kind;
bw_status bw_model_kind_of(bw_context *ctx, const char *path, bw_model_kind *out);
bw_status bw_object_model_write(bw_context *ctx, const bw_object_model *model, const char *path);
void bw_object_model_free(bw_object_model *model);
int bw_object_model_class_count(const bw_object_model *model);
const bw_class_info *bw_object_model_class(const bw_object_model *model, int index);
/* The measures that a table needs, as bw_objects_measure takes them. */
const char *bw_object_model_measures(const bw_object_model *model);
/* Out-of-bag, NULL when there is none. */
const bw_assessment *bw_object_model_out_of_bag(const bw_object_model *model);
bw_status bw_object_model_describe(bw_context *ctx, const bw_object_model *model, bw_describe_format format,
                                   char **out);
/* classes[row]: 1..K, ties to the lower class; probabilities[row * K + k], may be NULL. BW_ERROR_MISMATCH, naming them,
 * when the table lacks columns of the model or has them in other units (pixels in place of micrometres). */
bw_status bw_object_model_apply(bw_context *ctx, const bw_object_model *model, const bw_measurements *table,
                                uint8_t *classes, float *probabilities);

#ifdef __cplusplus
}
#endif
#endif
