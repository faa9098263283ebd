"""Feature values against the double-precision reference, on real images."""

import numpy as np
import pytest
import reference
import tifffile
from conftest import run, write

ALL_2D = "original;gaussian:0.3,0.7,1,1.6,3.5,5,10;laplacian:0.7,1.6,3.5;gradient:0.7,1.6,5;dog:0.7,1,3.5;" \
         "structure:0.7,1.6,3.5;hessian:0.7,1.6,3.5,10"
ALL_3D = "original;gaussian:0.3,0.7,1.6,3.5;laplacian:0.7,1.6,3.5;gradient:0.7,3.5;dog:0.7,1.6;structure:0.7,1.6;" \
         "hessian:0.7,1.6,3.5;gaussian:1@2d;hessian:1.6@2d;structure:1@2d"
TOLERANCE = 1e-5  # of the feature's standard deviation
ROUNDING = 4e-7   # a few roundings of float32, of the largest value that enters the last step


def channels_of(path):
    """[(z, y, x)] of an image of tests/data."""
    pixels = tifffile.imread(path)
    with tifffile.TiffFile(path) as file:
        axes = file.series[0].axes
    if axes == "YXS":
        return [pixels[None, ..., c] for c in range(3)]
    if axes == "ZCYX":
        return [pixels[:, c] for c in range(pixels.shape[1])]
    return [pixels.reshape(-1, *pixels.shape[-2:])]


def computed(path, out, features, *options):
    """(feature, z, y, x) as the program writes them."""
    run("features", "--image", path, "--out", out, "--features", features, *options)
    pages = tifffile.imread(out, key=slice(None))
    pages = pages[None] if pages.ndim == 2 else pages
    depth = channels_of(path)[0].shape[0]
    assert pages.dtype == np.float32
    return np.moveaxis(pages.reshape(depth, -1, *pages.shape[-2:]), 1, 0)


def expected(path, features, spacing):
    """(name, reference image, largest value that enters the last step) of each output, in canonical order.

    That value is the brightest pixel, for the linear filters and what is made of them; the structure tensor's
    eigenvalues are as large as the largest of them.
    """
    channels = channels_of(path)
    for row, sigma, modifier in reference.parse(features):
        for number, stack in enumerate(channels):
            if len(stack) == 1 or modifier == "2d":
                outputs = reference.compute_slices(row, stack, sigma, spacing)
            else:
                outputs = reference.compute(row, stack, sigma, spacing)
            size = np.abs(outputs if row == "structure" else stack.astype(np.float64)).max()
            for index, output in enumerate(outputs):
                yield f"{row} {sigma} {modifier} channel {number} output {index}", output, size


def compare(path, out, features, spacing=(1, 1, 1), *options):
    ours = computed(path, out, features, *options)
    wanted = list(expected(path, features, spacing))
    assert len(ours) == len(wanted)
    wrong = {}
    for value, (name, truth, size) in zip(ours, wanted):
        error, allowed = np.abs(value - truth).max(), TOLERANCE * truth.std() + ROUNDING * size
        if not error <= allowed:
            wrong[name] = (error, allowed)
    assert not wrong, wrong


def test_grey(tasks, tmp_path):
    compare(tasks["nuclei"].test[0], tmp_path / "f.tif", ALL_2D)


def test_rgb(tasks, tmp_path):
    compare(tasks["histology"].test[0], tmp_path / "f.tif", ALL_2D)


def test_stack(tasks, tmp_path):
    compare(tasks["embryo3d"].test[0], tmp_path / "f.tif", ALL_3D)


def test_two_channels_with_calibration(tasks, tmp_path):
    compare(tasks["cells3d_2ch"].test[0], tmp_path / "f.tif", ALL_3D, (0.1, 0.1, 0.3))


def test_spacing_option(tasks, tmp_path):
    compare(tasks["embryo3d"].test[0], tmp_path / "f.tif", "gaussian:1.6;hessian:1.6;structure:1;gradient:1;dog:1.6",
            (1, 1.5, 2.2), "--spacing", "2.2,1.5,1")


@pytest.mark.parametrize("shape", [(1, 40), (40, 1), (3, 5), (2, 2)])
def test_images_smaller_than_the_kernel(tmp_path, shape):
    pixels = np.random.default_rng(3).integers(0, 1000, shape).astype(np.uint16)
    path = write(tmp_path / "small.tif", pixels)
    compare(path, tmp_path / "f.tif",
            "gaussian:1,5;laplacian:3.5;gradient:3.5;dog:1;structure:1.6;hessian:1,3.5")


def test_float_image_with_large_offset(tmp_path):
    """Derivatives do not suffer from a large mean."""
    pixels = (10000 + np.random.default_rng(4).normal(0, 100, (60, 50))).astype(np.float32)
    compare(write(tmp_path / "offset.tif", pixels), tmp_path / "f.tif", "gaussian:1,3.5;hessian:1.6;gradient:1;dog:1")
