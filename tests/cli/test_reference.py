"""Exact feature values against the double-precision reference: files, channels, slices, calibration, small images.

test_accuracy.py measures every row on images of one kind; here the ways that images come in are what differs.
"""

import numpy as np
import pytest
import reference
import tifffile
from conftest import run, write

EXACT = "exact;"
SCALE_SPACE_2D = "original;gaussian:0.3,0.7,1,1.6,3.5,5,10;laplacian:0.7,1.6,3.5;gradient:0.7,1.6,5;dog:0.7,1,3.5;" \
                 "structure:0.7,1.6,3.5;hessian:0.7,1.6,3.5,10"
SCALE_SPACE_3D = "original;gaussian:0.3,0.7,1.6,3.5;laplacian:0.7,1.6,3.5;gradient:0.7,3.5;dog:0.7,1.6;" \
                 "structure:0.7,1.6;hessian:0.7,1.6,3.5;gaussian:1@2d;hessian:1.6@2d;structure:1@2d"
OTHERS = "mean:2;variance:2;minimum:2;maximum:2;median:2;normalised:2;coherence:1.6;energy:1.6;determinant:1.6;" \
         "frangi:1.6;membrane;gabor:1.6;entropy:2;bilateral:1;kuwahara:2;perona_malik:1"
SLICES = "mean:2@2d;median:1@2d;normalised:1.6@2d;frangi:1@2d;gabor:2@2d;entropy:3@2d;kuwahara:1@2d"
COLOURS = "hsb;stain_he;stain_hdab"
TOLERANCE = 1e-5       # of the feature's standard deviation
ROUNDING = 2.0 ** -24  # of float32, of the value itself


def channels_of(path):
    """[(z, y, x)] of an image of tests/data."""
    pixels = tifffile.imread(path)
    with tifffile.TiffFile(path) as file:
        axes = file.series[0].axes
    if axes == "YXS":
        return [pixels[None, ..., c] for c in range(3)]
    if axes == "CYX":
        return list(pixels[:, None])
    if axes == "ZCYX":
        return [pixels[:, c] for c in range(pixels.shape[1])]
    return [pixels.reshape(-1, *pixels.shape[-2:])]


def computed(path, out, features, *options):
    """(feature, z, y, x) as the program writes them in exact mode."""
    run("features", "--image", path, "--out", out, "--features", EXACT + features, *options)
    pages = tifffile.imread(out, key=slice(None))
    pages = pages[None] if pages.ndim == 2 else pages
    depth = channels_of(path)[0].shape[0]
    assert pages.dtype == np.float32
    return np.moveaxis(pages.reshape(depth, -1, *pages.shape[-2:]), 1, 0)


def outputs_of(row, stack, parameter, modifier, spacing):
    """Outputs of a row, each (z, y, x), on a (z, y, x) stack; (3, z, y, x) for rows of colours."""
    if stack.shape[-3] == 1 or modifier == "2d":
        return reference.compute_slices(row, stack, parameter, spacing)
    return reference.compute(row, stack, parameter, spacing)


def expected(path, features, spacing):
    """(name, reference image) of each output, in canonical order."""
    channels = channels_of(path)
    for row, parameter, modifier in reference.parse(EXACT + features):
        for number, stack in enumerate([np.stack(channels[:3])] if row in reference.RGB_ROWS else channels):
            for index, output in enumerate(outputs_of(row, stack, parameter, modifier, spacing)):
                yield f"{row} {parameter} {modifier} channel {number} output {index}", output


def compare(path, out, features, spacing=(1, 1, 1), *options):
    ours = computed(path, out, features, *options)
    wanted = list(expected(path, features, spacing))
    assert len(ours) == len(wanted)
    wrong = {}
    for value, (name, truth) in zip(ours, wanted):
        excess = np.abs(value - truth) - ROUNDING * np.abs(truth)
        if not excess.max() <= TOLERANCE * truth.std():
            wrong[name] = (excess.max(), truth.std())
    assert not wrong, wrong


def part(source, target, *slices, **options):
    """A part of an image as another file."""
    return write(target, np.ascontiguousarray(tifffile.imread(source)[slices]), **options)


def test_every_row_is_compared():
    rows = {row for row, _, _ in reference.parse(";".join((SCALE_SPACE_2D, OTHERS, COLOURS)))}
    assert rows == set(reference.ROWS)


def test_grey(tasks, tmp_path):
    compare(tasks["nuclei"].test[0], tmp_path / "f.tif", SCALE_SPACE_2D)


def test_rgb(tasks, tmp_path):
    compare(tasks["histology"].test[0], tmp_path / "f.tif", SCALE_SPACE_2D + ";" + COLOURS)


def test_other_rows(tasks, tmp_path):
    path = part(tasks["histology"].test[0], tmp_path / "part.tif", slice(40, 115), slice(30, 120), photometric="rgb")
    compare(path, tmp_path / "f.tif", OTHERS + ";" + COLOURS)


def test_stack(tasks, tmp_path):
    compare(tasks["embryo3d"].test[0], tmp_path / "f.tif", SCALE_SPACE_3D)


def test_two_channels_with_calibration(tasks, tmp_path):
    compare(tasks["cells3d_2ch"].test[0], tmp_path / "f.tif", SCALE_SPACE_3D, (0.1, 0.1, 0.3))


def test_other_rows_of_a_stack(tasks, tmp_path):
    path = part(tasks["embryo3d"].test[0], tmp_path / "part.tif", slice(3, 14), slice(30, 58), slice(20, 52))
    compare(path, tmp_path / "f.tif", OTHERS + ";" + SLICES, (1, 1.25, 1.6), "--spacing", "1.6,1.25,1")


def test_16_bit_colours(tmp_path):
    pixels = np.random.default_rng(5).integers(0, 65536, (3, 30, 40)).astype(np.uint16)
    path = tmp_path / "colours.tif"
    tifffile.imwrite(path, pixels[None], imagej=True, metadata={"axes": "ZCYX"})
    compare(path, tmp_path / "f.tif", COLOURS)


def test_spacing_option(tasks, tmp_path):
    compare(tasks["embryo3d"].test[0], tmp_path / "f.tif", "gaussian:1.6;hessian:1.6;structure:1;gradient:1;dog:1.6",
            (1, 1.5, 2.2), "--spacing", "2.2,1.5,1")


@pytest.mark.parametrize("shape", [(1, 40), (40, 1), (3, 5), (2, 2)])
def test_images_smaller_than_the_kernel(tmp_path, shape):
    pixels = np.random.default_rng(3).integers(0, 1000, shape).astype(np.uint16)
    path = write(tmp_path / "small.tif", pixels)
    compare(path, tmp_path / "f.tif",
            "gaussian:1,5;laplacian:3.5;gradient:3.5;dog:1;structure:1.6;hessian:1,3.5;mean:4;median:3;normalised:2;"
            "membrane;gabor:2;entropy:3;bilateral:2;kuwahara:3;perona_malik:1.6")


def test_float_image_with_large_offset(tmp_path):
    """No row suffers from a large mean, but for float32's rounding of its values."""
    pixels = (10000 + np.random.default_rng(4).normal(0, 100, (60, 50))).astype(np.float32)
    compare(write(tmp_path / "offset.tif", pixels), tmp_path / "f.tif",
            "gaussian:1,3.5;hessian:1.6;gradient:1;dog:1;structure:1.6;" + OTHERS)
