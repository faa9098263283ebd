#include <stdio.h>

#include "pipeline/pipeline.h"

static const double spacing_tolerance = 0.01; /* of a ratio; calibrations are rarely known better */

void bw_fit_image_name(const bw_image *image, char *text, size_t size) {
    const char *name = bw_image_name(image);
    if (*name)
        snprintf(text, size, "\"%s\"", name);
    else
        snprintf(text, size, "The image");
}

static int same_ratio(double a, double b) {
    double ratio = a / b;
    return ratio > 1 - spacing_tolerance && ratio < 1 + spacing_tolerance;
}

static bw_status check_spacing(bw_context *ctx, const bw_recipe *recipe, const char *name, const double *spacing) {
    const double *made = bw_recipe_get_options(recipe)->spacing;
    for (int axis = 1; axis < (bw_recipe_is_3d(recipe) ? 3 : 2); axis++)
        if (!same_ratio(spacing[axis] / spacing[0], made[axis] / made[0]))
            return bw_fail(ctx, BW_ERROR_MISMATCH,
                           "%s has voxels of %g x %g x %g (x, y, z), but the features were made for the ratio %g : %g "
                           ": %g. Correct the image's calibration or give the spacing explicitly.",
                           name, spacing[0], spacing[1], spacing[2], made[0], made[1], made[2]);
    return BW_OK;
}

bw_status bw_fit_check(bw_context *ctx, const bw_recipe *recipe, const bw_image *image, const double *spacing,
                       int *assumed) {
    const bw_image_info *info = bw_image_get_info(image);
    const bw_recipe_options *options = bw_recipe_get_options(recipe);
    char name[300];
    bw_fit_image_name(image, name, sizeof name);
    *assumed = 0;
    if (info->channels != options->channels)
        return bw_fail(ctx, BW_ERROR_MISMATCH, "%s has %d channel%s; the model is for images of %d channel%s.", name,
                       info->channels, info->channels == 1 ? "" : "s", options->channels,
                       options->channels == 1 ? "" : "s");
    if (bw_recipe_is_3d(recipe) && info->depth == 1)
        return bw_fail(ctx, BW_ERROR_MISMATCH,
                       "%s has a single slice, but the model has 3D features. Train a 2D model for it (features with "
                       "@2d).",
                       name);
    if (!spacing && !info->calibrated) {
        *assumed = bw_recipe_is_3d(recipe) || options->spacing[0] != options->spacing[1];
        return BW_OK;
    }
    return check_spacing(ctx, recipe, name, spacing ? spacing : info->spacing);
}
