/* convert: TIFF to OME-Zarr and back, and from one way to write either to another. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/common.h"
#include "cli/format.h"
#include "core/image.h"

const bw_cli_option bw_cli_convert_options[] = {
    {"input", "FILE", "image of any size (TIFF or OME-Zarr)", 1, 0},
    {"output", "FILE", "image to write: OME-Zarr when its name ends with .zarr, else TIFF", 1, 0},
    OPTION_COMPRESSION,
    OPTIONS_TIFF,
    OPTIONS_ZARR,
    {"labels", NULL,
     "the values are numbers of classes or objects: smaller resolutions of OME-Zarr take every second voxel, not means",
     0, 0},
    {"spacing", "Z,Y,X", "voxel size in the image's unit, replaces its calibration", 0, 0},
    OPTION_THREADS,
    OPTION_MEMORY,
    OPTIONS_END,
};

/* ImageJ's description says that values are signed; OME-XML and OME-Zarr do not. */
static void tell_offset(const bw_cli_format *format, const char *input, const char *output, const bw_image *image) {
    const int kept = !bw_cli_is_zarr(output) && !format->tiff.pyramid;
    if (bw_image_offset(image) == 0 || kept) return;
    fprintf(stderr, "note: %s holds signed 16-bit values; %s holds them as uint16, with %g added.\n", input, output,
            -bw_image_offset(image));
}

static bw_status convert(const bw_cli_call *call, const bw_cli_format *format, const double *spacing) {
    const char *input = bw_cli_text(call, "input"), *output = bw_cli_text(call, "output");
    char text[200];
    bw_image *image;
    BW_TRY(bw_image_open_file(call->ctx, input, &image));
    bw_cli_format how = *format;
    const int known = bw_image_is_labels(image) && bw_image_get_info(image)->channels == 1;
    const int labels = bw_cli_get(call, "labels")->count || known;
    how.zarr.content = labels ? BW_ZARR_CONTENT_LABELS : BW_ZARR_CONTENT_IMAGE;
    bw_status status = spacing ? bw_image_set_spacing(call->ctx, image, spacing) : BW_OK;
    if (status == BW_OK) status = bw_cli_write_image(call->ctx, &how, output, image);
    bw_image_describe(bw_image_get_info(image), text, sizeof text);
    if (status == BW_OK) tell_offset(format, input, output, image);
    if (status == BW_OK) printf("Wrote %s: %s\n", output, text);
    bw_image_free(image);
    return status;
}

int bw_cli_run_convert(bw_cli_call *call) {
    const char *output = bw_cli_text(call, "output");
    bw_cli_format format;
    double spacing[3];
    int given;
    RUN(bw_cli_get_format(call, &output, 1, &format));
    if (bw_cli_get(call, "labels")->count && !bw_cli_is_zarr(output))
        return bw_cli_usage(call, "--labels goes with results in OME-Zarr: their names end with .zarr.");
    RUN(bw_cli_spacing(call, spacing, &given));
    RUN(bw_cli_set_resources(call));
    RUN(bw_cli_output_image(call, "output", output, (const char *const[]){"input", NULL}));
    return bw_cli_code(convert(call, &format, given ? spacing : NULL));
}
