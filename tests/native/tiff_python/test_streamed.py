"""TIFF files that the engine writes part by part, as tifffile and libtiff's tools read them."""

import re
import subprocess
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import tifffile
from test_interchange import COMPRESSIONS, ramp, read, tczyx, tool

LAYOUTS = ("auto", "strips", "tiles")
OME = "{http://www.openmicroscopy.org/Schemas/OME/2016-06}"
CODES = {"none": 1, "lzw": 5, "deflate": 8, "zstd": 50000}


def unit_floats(*shape):
    return (ramp(*shape, dtype="u2") / 65535).astype("f4")


# name: (pixels, axes)
IMAGES = {
    "one_pixel": (ramp(1, 1, dtype="u1"), "YX"),
    "small": (unit_floats(2, 17, 15), "CYX"),
    "one_tile": (ramp(512, 512, dtype="u2"), "YX"),
    "odd": (unit_floats(2, 1025, 513), "CYX"),
    "classes": (ramp(1300, 700, dtype="u1", top=5), "YX"),
    "grey": (ramp(2, 1, 2, 600, 1030, dtype="u1"), "TZCYX"),
    "colour": (ramp(2, 3, 530, 700, 3, dtype="u1"), "TZYXS"),
    "all": (ramp(2, 3, 2, 520, 77, dtype="u2"), "TZCYX"),
    "wide": (ramp(5, 2300, dtype="u2"), "YX"),
}
NAMES = ("cell & <wall>", 'a "quoted" µ')


def source_of(name, folder):
    """(file with calibration and labels, pixels as T C Z Y X)"""
    array, axes = IMAGES[name]
    path = folder / "source.tif"
    planes = int(np.prod([n for n, a in zip(array.shape, axes) if a in "TZC"]))
    tifffile.imwrite(path, array, imagej=True, resolution=(1 / 0.25, 1 / 0.5),
                     metadata={"axes": axes, "unit": "um", "spacing": 0.75, "finterval": 12.5,
                               "Labels": [f"plane {i}" for i in range(planes)]})
    return path, tczyx(array, axes)


def stream(source, target, compression="none", layout="tiles", pyramid=False, seed=0, names=()):
    done = tool("stream", source, target, COMPRESSIONS.index(compression), LAYOUTS.index(layout), int(pyramid), seed,
                *names)
    assert done.returncode == 0, done.stderr
    return target


def make(name, folder, compression="none", layout="tiles", pyramid=False, seed=3):
    source, pixels = source_of(name, folder)
    names = NAMES[:pixels.shape[1]] if pixels.dtype == np.float32 else ()
    return stream(source, folder / "out.tif", compression, layout, pyramid, seed, names), pixels


def check_libtiff(path):
    """libtiff's tool decodes every page and complains of nothing but ImageJ's own tags; -> what it says."""
    done = subprocess.run(["tiffinfo", "-D", path], capture_output=True, text=True, timeout=300)
    complaints = [line for line in done.stderr.splitlines() if not re.search("Unknown field with tag 5083[89] ", line)]
    assert done.returncode == 0 and not complaints, done.stderr
    return done.stdout


def check_engine(path, pixels, folder):
    info, back = read(path, folder)
    np.testing.assert_array_equal(back, pixels)
    assert info["spacing"] == [0.25, 0.5, 0.75] and info["unit"] == "um" and info["interval"] == 12.5
    per_page = 3 if info["rgb"] else 1
    labels = [label for label in info["labels"] if label]
    assert labels == [f"plane {i}" for i in range(len(info["labels"]) // per_page)]


# ---- tiles -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("name", IMAGES)
def test_tiles(name, compression, tmp_path):
    path, pixels = make(name, tmp_path, compression)
    height, width = pixels.shape[-2:]
    with tifffile.TiffFile(path) as file:
        series = file.series[0]
        assert file.is_bigtiff and file.byteorder == "<" and file.is_imagej and len(file.series) == 1
        np.testing.assert_array_equal(tczyx(series.asarray(), series.axes), pixels)
        assert file.imagej_metadata["unit"] == "um" and file.imagej_metadata["spacing"] == 0.75
        edge = 256 if pixels.shape[-3] > 1 else 512
        for page in file.pages:
            assert (page.tilewidth, page.tilelength) == tuple(min(edge, -(-n // 16) * 16) for n in (width, height))
            assert page.compression == CODES[compression] and page.subfiletype == 0
            predictor = 1 if compression == "none" or pixels.dtype == np.float32 else 2
            assert page.predictor == predictor
        if pixels.dtype == np.float32:
            assert (file.imagej_metadata["min"], file.imagej_metadata["max"]) == (0, 1)
    check_engine(path, pixels, tmp_path)
    check_libtiff(path)


@pytest.mark.parametrize("name", IMAGES)
def test_order_of_parts_moves_tiles_only(name, tmp_path):
    source, pixels = source_of(name, tmp_path)
    for seed in range(5):
        path = stream(source, tmp_path / "out.tif", "deflate", pyramid=True, seed=seed)
        with tifffile.TiffFile(path) as file:
            levels = [level.asarray() for level in file.series[0].levels]
            axes = file.series[0].axes
        np.testing.assert_array_equal(tczyx(levels[0], axes), pixels)
        first = levels if not seed else first
        for one, other in zip(first, levels, strict=True):
            np.testing.assert_array_equal(one, other)


# ---- pyramid ---------------------------------------------------------------------------------------------------------

def halved(pixels, classes):
    """The next level of T C Z Y X: what the engine documents, in numpy."""
    if classes:
        return pixels[..., ::2, ::2]
    odd = [(0, 0)] * 3 + [(0, pixels.shape[-2] % 2), (0, pixels.shape[-1] % 2)]
    p = np.pad(pixels, odd, mode="edge")
    a, b, c, d = p[..., ::2, ::2], p[..., ::2, 1::2], p[..., 1::2, ::2], p[..., 1::2, 1::2]
    if pixels.dtype == np.float32:
        return ((a + b) + (c + d)) * np.float32(0.25)
    return ((a.astype("u4") + b + c + d + 2) // 4).astype(pixels.dtype)


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("name", IMAGES)
def test_pyramid(name, compression, tmp_path):
    path, pixels = make(name, tmp_path, compression, layout="auto", pyramid=True)
    classes = pixels.dtype == np.uint8 and pixels.shape[1] == 1
    with tifffile.TiffFile(path) as file:
        assert file.is_bigtiff and file.is_ome and len(file.series) == 1
        series = file.series[0]
        expected = pixels
        for level in series.levels:
            np.testing.assert_array_equal(tczyx(level.asarray(), level.axes), expected)
            more = max(expected.shape[-2:]) > 512
            expected = halved(expected, classes)
        assert not more, "the last level fits a tile"
    check_subdirectories(path, len(series.levels) - 1, compression)
    check_engine(path, pixels, tmp_path)
    said = check_libtiff(path)
    assert said.count("SubIFD Offsets") == (len(pages_of(pixels)) if len(series.levels) > 1 else 0)


def pages_of(pixels):
    frames, channels, depth = pixels.shape[:3]
    return range(frames * depth * (1 if channels == 3 else channels))


def check_subdirectories(path, count, compression):
    with tifffile.TiffFile(path) as file:
        for page in file.pages:
            assert page.subfiletype == 0 and len(page.subifds or ()) == count
            for small in page.pages if count else ():
                assert small.subfiletype == 1 and small.is_tiled and small.compression == CODES[compression]


@pytest.mark.parametrize("name", IMAGES)
def test_ome(name, tmp_path):
    path, pixels = make(name, tmp_path, "lzw", pyramid=True)
    frames, channels, depth, height, width = pixels.shape
    with tifffile.TiffFile(path) as file:
        xml = file.pages[0].description
    root = ElementTree.fromstring(xml.encode())
    assert root.tag == OME + "OME"
    assert [image.get("Name") for image in root] == ["source.tif"]
    element = root.find(f"{OME}Image/{OME}Pixels")
    sizes = {"X": width, "Y": height, "C": channels, "Z": depth, "T": frames}
    assert {axis: int(element.get("Size" + axis)) for axis in "XYCZT"} == sizes
    assert element.get("DimensionOrder") == "XYCZT" and element.get("BigEndian") == "false"
    assert element.get("Type") == {"f4": "float", "u1": "uint8", "u2": "uint16"}[pixels.dtype.str[1:]]
    for axis, size in zip("XYZ", (0.25, 0.5, 0.75)):
        assert (float(element.get("PhysicalSize" + axis)), element.get(f"PhysicalSize{axis}Unit")) == (size, "µm")
    assert (float(element.get("TimeIncrement")), element.get("TimeIncrementUnit")) == (12.5, "s")
    named = [channel.get("Name") for channel in element.findall(OME + "Channel")]
    samples = {channel.get("SamplesPerPixel") for channel in element.findall(OME + "Channel")}
    colour = name == "colour"
    assert named == (list(NAMES[:channels]) if pixels.dtype == np.float32 else [None] * (1 if colour else channels))
    assert samples == {"3" if colour else "1"}
    data = element.findall(OME + "TiffData")
    assert [(d.get("IFD"), int(d.get("PlaneCount"))) for d in data] == [("0", len(pages_of(pixels)))]


# A unit that OME does not know leaves the ratio of the sizes.
UNITS = {"um": (1, "µm"), "nm": (1, "nm"), "mm": (1, "mm"), "cm": (1, "cm"), "inch": (25400, "µm"),
         "furlong": (1, "reference frame")}


@pytest.mark.parametrize("unit", UNITS)
def test_units_in_ome(unit, tmp_path):
    source = tmp_path / "source.tif"
    tifffile.imwrite(source, ramp(3, 20, 30, dtype="u1"), imagej=True, resolution=(0.5, 0.25),
                     metadata={"axes": "ZYX", "unit": unit, "spacing": 8.0})
    path = stream(source, tmp_path / "out.tif", pyramid=True)
    with tifffile.TiffFile(path) as file:
        element = ElementTree.fromstring(file.pages[0].description.encode()).find(f"{OME}Image/{OME}Pixels")
    factor, name = UNITS[unit]
    for axis, size in zip("XYZ", (2, 4, 8)):
        assert float(element.get("PhysicalSize" + axis)) == size * factor
        assert element.get(f"PhysicalSize{axis}Unit") == name


# ---- strips ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("name", IMAGES)
def test_strips(name, compression, tmp_path):
    path, pixels = make(name, tmp_path, compression, layout="auto")
    with tifffile.TiffFile(path) as file:
        assert not file.is_bigtiff and not file.pages[0].is_tiled and file.is_imagej
        np.testing.assert_array_equal(tczyx(file.series[0].asarray(), file.series[0].axes), pixels)
    check_engine(path, pixels, tmp_path)
    check_libtiff(path)
