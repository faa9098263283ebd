/* How images are written: TIFF, or OME-Zarr where a result's name ends with .zarr. */
#ifndef BW_CLI_FORMAT_H
#define BW_CLI_FORMAT_H

#include "cli/cli.h"

#define OPTION_COMPRESSION                                                                                             \
    {                                                                                                                  \
        "compression", "KIND",                                                                                         \
            "TIFF: none, lzw, deflate or zstd; default none, as ImageJ writes. OME-Zarr: none, gzip, zstd or blosc; "  \
            "default blosc",                                                                                           \
            0, 0                                                                                                       \
    }
#define OPTIONS_TIFF                                                                                                   \
    {"layout", "KIND", "TIFF: auto (strips for what plain ImageJ opens, else tiles), strips or tiles; default auto",   \
     0, 0},                                                                                                            \
    {                                                                                                                  \
        "pyramid", NULL, "TIFF: add smaller copies for viewers such as QuPath; the results are tiled", 0, 0            \
    }
#define OPTIONS_ZARR                                                                                                   \
    {"zarr-version", "V", "version of OME-Zarr: 0.4, which most programs read, or 0.5; default 0.4", 0, 0}, {          \
        "zarr-chunk", "Z,Y,X", "voxels of its chunks; default 32,128,128, of single slices 1,512,512", 0, 0            \
    }

typedef struct bw_cli_format {
    bw_tiff_options tiff;
    bw_zarr_options zarr;
    int zarr_said; /* as in bw_block_options */
} bw_cli_format;

/* Whether a result of this name is OME-Zarr; separators at its end do not count. */
int bw_cli_is_zarr(const char *path);
/* Options of the command that say how to write. paths: names of all images that it makes, NULL among them are none. */
int bw_cli_get_format(const bw_cli_call *call, const char *const *paths, int count, bw_cli_format *out);
/* "z,y,x", three whole numbers from 1, into x, y, z; leaves them alone when the option was not given. */
int bw_cli_voxels(const bw_cli_call *call, const char *name, int64_t voxels[3]);

/* Whether a path or a folder that it lies in is `folder`, which is there. */
int bw_cli_lies_in(bw_context *ctx, const char *path, const char *folder);
/* As bw_cli_output_path, for images. */
int bw_cli_output_image(const bw_cli_call *call, const char *name, const char *path, const char *const *inputs);
/* bw_tiff_create or bw_zarr_create. */
bw_status bw_cli_create(bw_context *ctx, const bw_cli_format *format, const char *path, const bw_image *outline,
                        bw_sink **out);
/* Hands an image, whole or streamed, to a sink part by part; does not finish it. Memory: a part, an eighth of the
 * budget at most but for sinks whose smallest parts are larger. */
bw_status bw_cli_copy(bw_context *ctx, const bw_image *image, bw_sink *sink);
/* Writes an image, whole or streamed. */
bw_status bw_cli_write_image(bw_context *ctx, const bw_cli_format *format, const char *path, const bw_image *image);

#endif
