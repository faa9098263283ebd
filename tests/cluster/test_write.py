"""What is written as OME-Zarr, as the validators and readers of others see it."""

import itertools
import json
import os
import signal
import subprocess
import time

import numpy as np
import ome_zarr.io
import ome_zarr.reader
import ome_zarr_models.v04
import ome_zarr_models.v05
import pytest
import tifffile
import zarr
from conftest import PROGRAM, SMALL, assert_same_tree, environment, run, tree

VERSIONS = ["0.4", "0.5"]
CODECS = ["blosc", "zstd", "gzip", "none"]
IMAGES = {"0.4": ome_zarr_models.v04.Image, "0.5": ome_zarr_models.v05.Image}
LABELS = {"0.4": ome_zarr_models.v04.ImageLabel, "0.5": ome_zarr_models.v05.ImageLabel}


def make(dtype, shape, seed=3):
    random = np.random.default_rng(seed)
    if dtype == "float32":
        return random.normal(0, 100, shape).astype(dtype)
    return random.integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


# Images in t, c, z, y, x with odd extents, several chunks and levels; spacing of z, y, x.
SHAPES = {
    "slice": ("uint8", (1, 2, 1, 531, 615), (1, 0.5, 0.5)),
    "stack": ("uint16", (1, 2, 37, 131, 257), (2.0, 0.5, 0.5)),
    "cube": ("float32", (1, 1, 35, 70, 129), (0.5, 0.5, 0.5)),
    "film": ("uint16", (3, 2, 5, 66, 135), (1.0, 0.25, 0.25)),
}


def source(folder, kind):
    """A TIFF of a kind, and its pixels."""
    dtype, shape, spacing = SHAPES[kind]
    pixels, path = make(dtype, shape), folder / "source.tif"
    tifffile.imwrite(path, pixels.swapaxes(1, 2), imagej=True, resolution=(1 / spacing[2], 1 / spacing[1]),
                     metadata={"axes": "TZCYX", "spacing": spacing[0], "unit": "micron", "finterval": 1.5})
    return path, pixels


def attributes(path, version):
    """What the group says in OME's words, and the note of the program."""
    if version == "0.4":
        said = json.loads((path / ".zattrs").read_text())
        return said, said.get("brushwood")
    said = json.loads((path / "zarr.json").read_text())["attributes"]
    assert said["ome"]["version"] == "0.5"
    return said["ome"], said.get("brushwood")


def reduced(values, steps, labels):
    """The next level by the definition: means over those that are there, or every second voxel."""
    if labels:
        return values[tuple(slice(None, None, step) for step in steps)]
    count = int(np.prod(steps))
    sums = values if values.dtype == np.float32 else values.astype(np.int64)
    for axis in (4, 3, 2):
        if steps[axis] == 1:
            continue
        odd = sums.shape[axis] % 2
        sums = np.pad(sums, [(0, odd if a == axis else 0) for a in range(5)], mode="edge")
        even = [slice(None)] * 5
        even[axis] = slice(0, None, 2)
        other = [slice(None)] * 5
        other[axis] = slice(1, None, 2)
        sums = sums[tuple(even)] + sums[tuple(other)]
    if values.dtype == np.float32:
        return sums / np.float32(count)
    return ((sums + count // 2) // count).astype(values.dtype)


def check_levels(path, version, pixels, spacing, labels):
    """Level 0 is the image; every other one follows from the one before, and lies where its voxels' centres do."""
    group, datasets = zarr.open_group(path, mode="r"), attributes(path, version)[0]["multiscales"][0]["datasets"]
    last, scale = None, None
    for dataset in datasets:
        values = group[dataset["path"]][:]
        transform = {t["type"]: t[t["type"]] for t in dataset["coordinateTransformations"]}
        if last is None:
            assert np.array_equal(values, pixels)
            assert transform["scale"][2:] == pytest.approx(spacing)
            first = transform["scale"]
        else:
            steps = [round(new / old) for new, old in zip(transform["scale"], scale)]
            assert steps[:2] == [1, 1] and set(steps[2:]) <= {1, 2}
            assert steps[3:] == [min(2, n) for n in last.shape[3:]]
            assert np.array_equal(values, reduced(last, steps, labels))
            centres = [(new - old) / 2 for new, old in zip(transform["scale"], first)]
            assert transform["translation"] == pytest.approx(centres)
        last, scale = values, transform["scale"]
    assert max(last.shape[3:]) <= 64
    return len(datasets)


def expected_files(path, version):
    """Names of all files of a whole image."""
    group = zarr.open_group(path, mode="r")
    names = {".zgroup", ".zattrs"} if version == "0.4" else {"zarr.json"}
    for level, array in group.arrays():
        prefix = f"{level}/" if version == "0.4" else f"{level}/c/"
        names.add(f"{level}/.zarray" if version == "0.4" else f"{level}/zarr.json")
        counts = [range(-(-n // chunk)) for n, chunk in zip(array.shape, array.chunks)]
        names |= {prefix + "/".join(map(str, at)) for at in itertools.product(*counts)}
    return names


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", SHAPES)
def test_images_are_valid_and_read_alike(tmp_path, kind, version):
    tiff, pixels = source(tmp_path, kind)
    path = tmp_path / "out ünï.ome.zarr"
    run("convert", "--input", tiff, "--output", path, "--zarr-version", version)
    IMAGES[version].from_zarr(zarr.open_group(path, mode="r"))
    said = attributes(path, version)[0]
    assert "image-label" not in said
    assert check_levels(path, version, pixels, SHAPES[kind][2], False) > 1
    assert set(tree(path)) == expected_files(path, version)
    axes = said["multiscales"][0]["axes"]
    assert [axis["name"] for axis in axes] == list("tczyx")
    assert {axis.get("unit") for axis in axes[2:]} == {"micrometer"}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("codec", CODECS)
def test_codecs_are_those_of_others(tmp_path, codec, version):
    tiff, pixels = source(tmp_path, "stack")
    path = tmp_path / "out.zarr"
    run("convert", "--input", tiff, "--output", path, "--zarr-version", version, "--compression", codec,
        "--zarr-chunk", "16,64,50")
    array = zarr.open_group(path, mode="r")["0"]
    assert array.chunks == (1, 1, 16, 64, 50)
    assert np.array_equal(array[:], pixels)
    used = {"blosc": "Blosc", "zstd": "Zstd", "gzip": "Gzip", "none": ""}[codec]
    assert [type(c).__name__.lower().replace("codec", "") for c in array.compressors] == [used.lower()] * bool(used)
    smallest = tmp_path / "again.zarr"
    run("convert", "--input", path, "--output", smallest, "--zarr-version", version, "--compression", codec,
        "--zarr-chunk", "16,64,50")
    assert np.array_equal(zarr.open_group(smallest, mode="r")["0"][:], pixels)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_reader_of_ome_zarr_finds_all_levels(tmp_path, version):
    tiff, pixels = source(tmp_path, "film")
    path = tmp_path / "out.zarr"
    run("convert", "--input", tiff, "--output", path, "--zarr-version", version)
    nodes = list(ome_zarr.reader.Reader(ome_zarr.io.parse_url(path))())
    assert len(nodes) == 1
    assert nodes[0].metadata["name"] == "source.tif"
    assert np.array_equal(nodes[0].data[0].compute(), pixels)
    assert len(nodes[0].data) == len(attributes(path, version)[0]["multiscales"][0]["datasets"])


@pytest.mark.parametrize("version", VERSIONS)
def test_results_are_valid(volume, model, tmp_path, version):
    for kind in ("probabilities", "labels", "uncertainty", "entropy"):
        path, tiff = tmp_path / f"{kind}.zarr", tmp_path / f"{kind}.tif"
        run("predict", "--model", model, "--input", volume.path, "--output", path, "--export", kind, *SMALL,
            "--zarr-version", version)
        run("predict", "--model", model, "--input", volume.path, "--output", tiff, "--export", kind)
        pixels = tifffile.imread(tiff)
        pixels = (pixels if pixels.ndim == 4 else pixels[:, None]).swapaxes(0, 1)[None]
        group, labels = zarr.open_group(path, mode="r"), kind == "labels"
        (LABELS if labels else IMAGES)[version].from_zarr(group)
        check_levels(path, version, pixels, (2.0, 0.5, 0.5), labels)
        assert set(tree(path)) == expected_files(path, version)
        said, note = attributes(path, version)
        assert note["result"] == kind
        assert ("image-label" in said) == labels
        assert ("omero" in said) == (kind == "probabilities")
        fill = group["0"].fill_value
        assert fill == 0 if labels else np.isnan(fill)
        if kind != "probabilities":
            continue
        assert [channel["label"] for channel in said["omero"]["channels"]] == ["background", "cell"]
        for channel in said["omero"]["channels"]:
            assert channel["window"] == {"min": 0, "max": 1, "start": 0, "end": 1}
            assert len(channel["color"]) == 6


def test_another_image_replaces_zarr_and_nothing_else(tmp_path):
    first, pixels = source(tmp_path, "cube")
    path = tmp_path / "out.zarr"
    run("convert", "--input", first, "--output", path, "--zarr-version", "0.5")
    second, other = source(tmp_path, "film")
    run("convert", "--input", second, "--output", path)
    assert np.array_equal(zarr.open_group(path, mode="r")["0"][:], other)
    assert set(tree(path)) == expected_files(path, "0.4")
    kept = tmp_path / "kept.zarr"
    kept.mkdir()
    (kept / "thesis.txt").write_text("years of work")
    done = run("convert", "--input", second, "--output", kept, code=1)
    assert "something else than Zarr" in done.stderr
    assert tree(kept) == {"thesis.txt": b"years of work"}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["kept.zarr", "out.zarr", "source.tif"]
    assert pixels.shape != other.shape


@pytest.mark.skipif(os.name == "nt", reason="kills by signal")
def test_a_killed_conversion_leaves_no_image(tmp_path):
    """What it began has a temporary name, and goes with the next image that is written beside it."""
    path, whole = tmp_path / "out.zarr", tmp_path / "whole.zarr"
    tiff = tmp_path / "source.tif"
    pixels = make("uint16", (40, 700, 700))
    tifffile.imwrite(tiff, pixels, imagej=True, metadata={"axes": "ZYX"})
    begun = ["convert", "--input", tiff, "--output", path, "--zarr-chunk", "4,32,32", "--compression", "gzip"]
    killed = 0
    for wait in np.linspace(0.05, 0.5, 6):
        process = subprocess.Popen([PROGRAM, *map(str, begun)], env=environment(), stdout=subprocess.DEVNULL)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        if path.exists():
            assert np.array_equal(zarr.open_group(path, mode="r")["0"][0, 0], pixels)
    assert killed
    run(*begun)
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith(".part")] == []
    run(*begun[:4], whole, *begun[5:])
    assert_same_tree(path, whole)
