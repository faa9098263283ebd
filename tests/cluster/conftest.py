"""Helpers for tests of OME-Zarr and of prediction in pieces.

BRUSHWOOD names the program (default: build/bin/brushwood of this tree).
"""

import json
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import tifffile
import zarr

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("BRUSHWOOD", str(ROOT / "build" / "bin" / "brushwood"))
FEATURES = "gaussian:1;gradient:1.6;hessian:1"
SHAPE = (2, 40, 150, 170)  # c, z, y, x
SPACING = (2.0, 0.5, 0.5)  # z, y, x; micrometres
# Results with many small chunks and blocks: 3 x 3 x 3 chunks in 2 x 2 x 2 blocks.
SMALL = ("--zarr-chunk", "16,64,64", "--block", "32,128,128")


def environment(**changes):
    """The tests' own with changes, for a process with two threads unless the test says otherwise."""
    return {"OMP_NUM_THREADS": "2", **os.environ, **changes}


def run(*arguments, code=0, env=None, cwd=None):
    """Runs the program, expects the exit status and returns the finished process (text output)."""
    command = [PROGRAM, *map(str, arguments)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, cwd=cwd,
                          env=environment(**(env or {})))
    assert done.returncode == code, f"{command}: status {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def tree(folder):
    """Files below a folder, hidden ones too: relative name to bytes; empty folders: name to None."""
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir():
            if not any(path.iterdir()):
                found[name] = None
        else:
            found[name] = path.read_bytes()
    return found


def assert_same_tree(one, other):
    """Two folders have the same files with the same bytes, and no more."""
    first, second = tree(one), tree(other)
    assert sorted(first.keys() ^ second.keys()) == []
    assert [name for name in first if first[name] != second[name]] == []


class Volume(NamedTuple):
    """An OME-Zarr image of two channels, and the same as a TIFF with strokes."""

    path: Path
    pixels: np.ndarray  # uint16: c, z, y, x
    tiff: Path
    labels: Path


def make_pixels(shape=SHAPE, seed=5):
    """Balls in noise; the second channel has every other one. Returns pixels and every voxel's ball (0 = none)."""
    random = np.random.default_rng(seed)
    z, y, x = np.ogrid[tuple(slice(n) for n in shape[1:])]
    balls = np.zeros(shape[1:], np.uint8)
    for k in range(1, 41):
        at = random.uniform(0, shape[1:])
        inside = (4 * (z - at[0])) ** 2 + (y - at[1]) ** 2 + (x - at[2]) ** 2 < random.uniform(10, 18) ** 2
        balls[inside] = k
    signal = np.stack([np.where(balls > 0, 900, 300), np.where(balls % 2 == 1, 1500, 200)][:shape[0]])
    return random.poisson(signal).astype(np.uint16), balls


def describe(folder, scale, axes="czyx"):
    """Makes a folder with the array "0" an image of OME-Zarr 0.4."""
    kinds = {"t": "time", "c": "channel"}
    units = {"z": "micrometer", "y": "micrometer", "x": "micrometer"}
    described = [{"name": a, "type": kinds.get(a, "space"), **({"unit": units[a]} if a in units else {})} for a in axes]
    datasets = [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": list(scale)}]}]
    attributes = {"multiscales": [{"version": "0.4", "name": "volume", "axes": described, "datasets": datasets}]}
    (folder / ".zattrs").write_text(json.dumps(attributes))
    (folder / ".zgroup").write_text('{"zarr_format": 2}')


@pytest.fixture(scope="session")
def volume(tmp_path_factory):
    folder = tmp_path_factory.mktemp("volume")
    pixels, balls = make_pixels()
    path = folder / "cells 細胞.zarr"
    array = zarr.create_array(path / "0", shape=pixels.shape, chunks=(1, 16, 64, 64), dtype=pixels.dtype, zarr_format=2,
                              chunk_key_encoding={"name": "v2", "separator": "/"})
    array[:] = pixels
    describe(path, (1.0, *SPACING))
    tiff, labels = folder / "cells.tif", folder / "strokes.tif"
    stack = np.ascontiguousarray(pixels.swapaxes(0, 1))
    tifffile.imwrite(tiff, stack, imagej=True, resolution=(1 / SPACING[2], 1 / SPACING[1]),
                     metadata={"axes": "ZCYX", "spacing": SPACING[0], "unit": "micron"})
    strokes = np.zeros(SHAPE[1:], np.uint8)
    strokes[5:35:10, 20:130:6] = 1 + (balls[5:35:10, 20:130:6] > 0)
    tifffile.imwrite(labels, strokes, metadata=None, photometric="minisblack")
    return Volume(path, pixels, tiff, labels)


@pytest.fixture(scope="session")
def model(volume, tmp_path_factory):
    """A small model of two classes on two channels in 3D."""
    path = tmp_path_factory.mktemp("model") / "cells.brushwood"
    run("train", "--image", volume.tiff, "--labels", volume.labels, "--class", "background", "--class", "cell",
        "--features", FEATURES, "--trees", 12, "--out", path)
    return path


@pytest.fixture(scope="session")
def whole(volume, model, tmp_path_factory):
    """The probabilities of the volume, made in one go."""
    path = tmp_path_factory.mktemp("whole") / "cells_probabilities.zarr"
    run("predict", "--model", model, "--input", volume.path, "--output", path, *SMALL)
    return path
