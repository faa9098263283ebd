"""The engine's TIFF reader and writer against tifffile and against real ImageJ, in both directions.

BRUSHWOOD names the command line; `tiff_tool`, which the same build makes, lies beside it.
"""

import json
import os
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile

ROOT = Path(__file__).resolve().parents[3]
TOOL = Path(os.environ.get("BRUSHWOOD", ROOT / "build" / "bin" / "brushwood")).with_name("tiff_tool")
IJ_VERSION = "1.54p"
COMPRESSIONS = ("none", "lzw", "deflate", "zstd")
TYPES = {"uint8": "u1", "uint16": "<u2", "float32": "<f4"}


# ---- the engine ------------------------------------------------------------------------------------------------------

def tool(*arguments):
    return subprocess.run([TOOL, *map(str, arguments)], capture_output=True, text=True, timeout=300)


def read(path, scratch):
    """(description, pixels as T C Z Y X) as the engine reads the file."""
    raw = scratch / "pixels.raw"
    done = tool("dump", path, raw)
    assert done.returncode == 0, done.stderr
    info = json.loads(done.stdout)
    return info, np.fromfile(raw, TYPES[info["type"]]).reshape(info["shape"])


def copy(source, target, compression="none", big=False):
    done = tool("copy", source, target, COMPRESSIONS.index(compression), int(big))
    assert done.returncode == 0, done.stderr
    return target


def error(path):
    done = tool("dump", path, os.devnull)
    assert done.returncode == 1, "the file was read"
    assert done.stdout == ""
    assert str(path) in done.stderr
    return done.stderr


def tczyx(array, axes):
    """The array with all of T C Z Y X; the samples of a colour pixel are channels."""
    array = np.asarray(array)
    if "S" in axes:
        array, axes = np.moveaxis(array, axes.index("S"), 0), "S" + axes.replace("S", "")
        axes = axes.replace("S", "C")
    for axis in "TCZ":
        if axis not in axes:
            array, axes = array[None], axis + axes
    return np.moveaxis(array, [axes.index(a) for a in "TCZYX"], range(5))


def ramp(*shape, dtype, top=None):
    """Neighbours differ, every value of small types occurs; `top` limits the values."""
    flat = np.arange(np.prod(shape)) * 2654435761 % 4294967296
    if np.dtype(dtype).kind == "f":
        return (flat / 65536.0 - 30000).astype(dtype).reshape(shape)
    flat = flat % top if top else flat
    return flat.astype("u8").astype(f"u{np.dtype(dtype).itemsize}").view(dtype).reshape(shape)


# ---- files of tifffile ----------------------------------------------------------------------------------------------

def same(array):
    return array


def shifted(array):
    return (array.astype("i4") + 32768).astype("u2")


def as_float(array):
    return array.astype("f4")


def first_three(array):
    return array[..., :3]


MIN = dict(photometric="minisblack")
RGB = dict(photometric="rgb")
# name: (pixels, axes, writer options, what the engine must give)
READS = {
    "u1": (ramp(33, 21, dtype="u1"), "YX", {}, same),
    "u1_row": (ramp(1, 301, dtype="u1"), "YX", {}, same),
    "u1_column": (ramp(301, 1, dtype="u1"), "YX", dict(rowsperstrip=7), same),
    "i1_keeps_its_bits": (ramp(33, 21, dtype="i1"), "YX", {}, lambda a: a.view("u1")),
    "u2": (ramp(33, 21, dtype="u2"), "YX", {}, same),
    "u2_strips": (ramp(33, 21, dtype="u2"), "YX", dict(rowsperstrip=4), same),
    "u2_big_endian": (ramp(33, 21, dtype="u2"), "YX", dict(byteorder=">"), same),
    "i2": (ramp(33, 21, dtype="i2"), "YX", {}, shifted),
    "i2_big_endian": (ramp(33, 21, dtype="i2"), "YX", dict(byteorder=">", rowsperstrip=5), shifted),
    "u4": (ramp(33, 21, dtype="u4"), "YX", {}, as_float),
    "i4": (ramp(33, 21, dtype="i4"), "YX", {}, as_float),
    "u8": (ramp(33, 21, dtype="u8"), "YX", {}, as_float),
    "i8_big_endian": (ramp(33, 21, dtype="i8") - 2**31, "YX", dict(byteorder=">"), as_float),
    "f2": (ramp(33, 21, dtype="f2"), "YX", {}, as_float),
    "f2_big_endian": (ramp(33, 21, dtype="f2"), "YX", dict(byteorder=">"), as_float),
    "f4": (ramp(33, 21, dtype="f4"), "YX", {}, same),
    "f4_big_endian": (ramp(33, 21, dtype="f4"), "YX", dict(byteorder=">"), same),
    "f8": (ramp(33, 21, dtype="f8"), "YX", {}, as_float),
    "f8_big_endian": (ramp(33, 21, dtype="f8"), "YX", dict(byteorder=">"), as_float),
    "bits": (ramp(33, 21, dtype="u1") > 99, "YX", MIN, lambda a: a.astype("u1") * 255),
    "bits_white_is_zero": (ramp(33, 21, dtype="u1") > 99, "YX", dict(photometric="miniswhite"),
                           lambda a: a.astype("u1") * 255),
    "bits_zip": (ramp(33, 21, dtype="u1") > 99, "YX", dict(compression="zlib", **MIN),
                 lambda a: a.astype("u1") * 255),
    "bits4": (ramp(33, 21, dtype="u1", top=16), "YX", dict(bitspersample=4), same),
    "bits10": (ramp(33, 21, dtype="u2", top=1024), "YX", dict(bitspersample=10), same),
    "bits12": (ramp(33, 21, dtype="u2", top=4096), "YX", dict(bitspersample=12), same),
    "white_is_zero": (ramp(33, 21, dtype="u1"), "YX", dict(photometric="miniswhite"), same),
    "palette": (ramp(33, 21, dtype="u1"), "YX", dict(photometric="palette", colormap=ramp(3, 256, dtype="u2")), same),
    "lzw": (ramp(33, 21, dtype="u1"), "YX", dict(compression="lzw"), same),
    "lzw_predictor": (ramp(33, 21, dtype="u2"), "YX", dict(compression="lzw", predictor=True), same),
    "zip_predictor_big_endian": (ramp(33, 21, dtype="u2"), "YX",
                                 dict(compression="zlib", predictor=True, byteorder=">"), same),
    "zip_predictor3": (ramp(33, 21, dtype="f4"), "YX", dict(compression="zlib", predictor=3), same),
    "zip_predictor3_f8": (ramp(33, 21, dtype="f8"), "YX", dict(compression="zlib", predictor=3), as_float),
    "zip_predictor3_f2": (ramp(33, 21, dtype="f2"), "YX", dict(compression="zlib", predictor=3), as_float),
    "packbits": (ramp(33, 21, dtype="u2"), "YX", dict(compression="packbits"), same),
    "zstd": (ramp(33, 21, dtype="u2"), "YX", dict(compression="zstd", predictor=True), same),
    "lzma": (ramp(33, 21, dtype="f4"), "YX", dict(compression="lzma"), same),
    "tiles": (ramp(50, 70, dtype="u2"), "YX", dict(tile=(16, 32)), same),
    "tiles_lzw": (ramp(50, 70, dtype="f4"), "YX", dict(tile=(32, 16), compression="lzw"), same),
    "tiles_stack": (ramp(3, 50, 70, dtype="u1"), "ZYX", dict(tile=(16, 16), compression="zlib", **MIN), same),
    "rgb": (ramp(33, 21, 3, dtype="u1"), "YXS", RGB, same),
    "rgb_big_endian_strips": (ramp(33, 21, 3, dtype="u1"), "YXS", dict(byteorder=">", rowsperstrip=3, **RGB), same),
    "rgb_planar": (ramp(3, 33, 21, dtype="u1"), "SYX", dict(planarconfig="separate", rowsperstrip=9, **RGB), same),
    "rgb_planar_tiles": (ramp(3, 33, 21, dtype="u1"), "SYX", dict(planarconfig="separate", tile=(16, 16), **RGB), same),
    "rgb_lzw_predictor": (ramp(33, 21, 3, dtype="u1"), "YXS", dict(compression="lzw", predictor=True, **RGB), same),
    "rgb_stack": (ramp(4, 33, 21, 3, dtype="u1"), "ZYXS", RGB, same),
    "rgb_as_grey": (ramp(33, 21, 3, dtype="u1"), "YXS", dict(planarconfig="contig", **MIN), same),
    "rgba": (ramp(33, 21, 4, dtype="u1"), "YXS", dict(extrasamples=["unassalpha"], **RGB), first_three),
    "rgba_tiles": (ramp(33, 21, 4, dtype="u1"), "YXS", dict(tile=(16, 16), compression="zlib", **RGB), first_three),
    "rgb16": (ramp(33, 21, 3, dtype="u2"), "YXS", RGB, same),
    "rgb16_planar": (ramp(3, 33, 21, dtype="u2"), "SYX", dict(planarconfig="separate", **RGB), same),
    "rgb_float": (ramp(33, 21, 3, dtype="f4"), "YXS", RGB, same),
    "samples5": (ramp(33, 21, 5, dtype="u2"), "YXS", dict(planarconfig="contig", **MIN), same),
    "samples2_planar_tiles": (ramp(2, 33, 21, dtype="f4"), "SYX", dict(planarconfig="separate", tile=(16, 16), **MIN),
                              same),
    "pages": (ramp(6, 33, 21, dtype="u2"), "ZYX", MIN, same),
    "pages_big_tiff": (ramp(6, 33, 21, dtype="f4"), "ZYX", dict(bigtiff=True, **MIN), same),
    "big_tiff_big_endian": (ramp(33, 21, dtype="u2"), "YX", dict(bigtiff=True, byteorder=">"), same),
}
COLOURS = {n for n, (a, axes, _, _) in READS.items() if "S" in axes and a.dtype == np.uint8}


@pytest.mark.parametrize("name", READS)
def test_reads_tifffile(name, tmp_path):
    array, axes, options, convert = READS[name]
    path = tmp_path / "file.tif"
    tifffile.imwrite(path, array, **{"metadata": None, **options})
    info, pixels = read(path, tmp_path)
    expected = tczyx(convert(array), axes)
    assert pixels.dtype == expected.dtype
    np.testing.assert_array_equal(pixels, expected)
    assert info["rgb"] == (name in COLOURS)
    assert info["calibrated"] == 0 and info["spacing"] == [1, 1, 1] and info["unit"] == "pixel"
    assert info["name"] == "file.tif"


IMAGEJ = {
    "zcyx": ((3, 2, 15, 17), "ZCYX"),
    "tyx": ((4, 15, 17), "TYX"),
    "cyx": ((5, 15, 17), "CYX"),
    "zyx": ((6, 15, 17), "ZYX"),
    "tzcyx": ((2, 3, 4, 15, 17), "TZCYX"),
    "yx": ((15, 17), "YX"),
}


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("name", IMAGEJ)
def test_reads_imagej_hyperstacks(name, order, dtype, tmp_path):
    shape, axes = IMAGEJ[name]
    array, path = ramp(*shape, dtype=dtype), tmp_path / "file.tif"
    planes = int(np.prod(shape[:-2]))
    labels = [f"slice {i} äµ" for i in range(planes)]
    tifffile.imwrite(path, array, imagej=True, byteorder=order, resolution=(1 / 0.25, 1 / 0.5),
                     metadata={"axes": axes, "unit": "um", "spacing": 0.75, "finterval": 12.5, "Labels": labels})
    info, pixels = read(path, tmp_path)
    np.testing.assert_array_equal(pixels, tczyx(array, axes))
    assert info["spacing"] == [0.25, 0.5, 0.75] and info["unit"] == "um" and info["calibrated"] == 1
    assert info["interval"] == 12.5
    assert info["labels"] == labels


def test_reads_compressed_imagej_hyperstack(tmp_path):
    array, path = ramp(2, 3, 4, 15, 17, dtype="u2"), tmp_path / "file.tif"
    tifffile.imwrite(path, array, imagej=True, compression="zlib", metadata={"axes": "TZCYX"})
    np.testing.assert_array_equal(read(path, tmp_path)[1], tczyx(array, "TZCYX"))


def test_reads_imagej_rgb_stack(tmp_path):
    array, path = ramp(2, 3, 15, 17, 3, dtype="u1"), tmp_path / "file.tif"
    tifffile.imwrite(path, array, imagej=True, metadata={"axes": "TZYXS"})
    info, pixels = read(path, tmp_path)
    assert info["rgb"] == 1
    np.testing.assert_array_equal(pixels, tczyx(array, "TZYXS"))


@pytest.mark.parametrize("axes", ["TZCYX", "CZTYX", "ZCTYX", "TCZYX"])
def test_reads_ome(axes, tmp_path):
    sizes = {"T": 2, "Z": 3, "C": 4}
    array, path = ramp(*(sizes[a] for a in axes[:3]), 15, 17, dtype="u2"), tmp_path / "file.ome.tif"
    metadata = {"axes": axes, "PhysicalSizeX": 200.0, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 0.3,
                "PhysicalSizeYUnit": "µm", "PhysicalSizeZ": 1.5, "TimeIncrement": 250.0, "TimeIncrementUnit": "ms"}
    tifffile.imwrite(path, array, ome=True, metadata=metadata)
    info, pixels = read(path, tmp_path)
    np.testing.assert_array_equal(pixels, tczyx(array, axes))
    assert info["spacing"] == [200.0 * 1e-3, 0.3, 1.5] and info["unit"] == "um" and info["interval"] == 0.25


def test_reads_ome_rgb(tmp_path):
    array, path = ramp(3, 15, 17, 3, dtype="u1"), tmp_path / "file.ome.tif"
    tifffile.imwrite(path, array, ome=True, photometric="rgb", metadata={"axes": "TYXS"})
    info, pixels = read(path, tmp_path)
    assert info["rgb"] == 1 and info["shape"] == [3, 3, 1, 15, 17]
    np.testing.assert_array_equal(pixels, tczyx(array, "TYXS"))


def test_reads_jpeg_as_rgb(tmp_path):
    y, x = np.mgrid[:64, :96]
    array, path = np.stack([x, y, 255 - x], -1).astype("u1"), tmp_path / "file.tif"
    for options in ({}, {"tile": (32, 32)}):
        tifffile.imwrite(path, array, photometric="rgb", compression="jpeg", compressionargs={"level": 95},
                         subsampling=(2, 2), metadata=None, **options)
        with tifffile.TiffFile(path) as file:
            assert file.pages[0].photometric == tifffile.PHOTOMETRIC.YCBCR
        info, pixels = read(path, tmp_path)
        assert info["rgb"] == 1 and pixels.shape == (1, 3, 1, 64, 96)
        assert np.abs(pixels[0, :, 0].astype(int) - np.moveaxis(array, -1, 0)).max() < 12


def test_leaves_thumbnails_out(tmp_path):
    array, path = ramp(3, 32, 48, dtype="u2"), tmp_path / "file.tif"
    with tifffile.TiffWriter(path) as file:
        for page in array:
            file.write(page, metadata=None)
            file.write(page[::4, ::4], subfiletype=1, metadata=None)
    np.testing.assert_array_equal(read(path, tmp_path)[1], tczyx(array, "ZYX"))


def test_one_directory_for_many_images(tmp_path):
    """ImageJ's layout above 4 GiB, at a small size."""
    for order in "<>":
        array, path = ramp(2, 5, 3, 15, 17, dtype=order + "u2"), tmp_path / "file.tif"
        text = "ImageJ=1.54p\nimages=30\nchannels=3\nslices=5\nframes=2\nhyperstack=true\n"
        tifffile.imwrite(path, array[0, 0, 0], byteorder=order, description=text, metadata=None, software=False)
        size = tifffile.TiffFile(path).pages[0].dataoffsets[0]
        path.write_bytes(path.read_bytes()[:size] + array.tobytes())
        np.testing.assert_array_equal(read(path, tmp_path)[1], tczyx(array, "TZCYX"))
        path.write_bytes(path.read_bytes()[:-100])
        assert "30 images" in error(path)


def test_bundled_images(tmp_path):
    files = sorted((ROOT / "tests" / "data").glob("**/*.tif"))
    assert files
    for path in files:
        with tifffile.TiffFile(path) as file:
            expected, axes = file.asarray(), file.series[0].axes.replace("I", "Z").replace("Q", "Z")
        np.testing.assert_array_equal(read(path, tmp_path)[1], tczyx(expected, axes))


# ---- files of the engine, read by tifffile ---------------------------------------------------------------------------

WRITES = {
    "uint8": (ramp(301, 21, dtype="u1"), "YX"),
    "uint8_noise_rows": (np.random.default_rng(1).integers(0, 256, (3, 700, 900), "u1"), "ZYX"),
    "uint16_hyperstack": (ramp(2, 3, 4, 33, 21, dtype="u2"), "TZCYX"),
    "float32_stack": (ramp(5, 33, 21, dtype="f4"), "ZYX"),
    "float32_channels": (np.linspace(0, 1, 9 * 33 * 21, dtype="f4").reshape(9, 33, 21), "CYX"),
    "rgb": (ramp(33, 21, 3, dtype="u1"), "YXS"),
    "rgb_stack": (ramp(4, 33, 21, 3, dtype="u1"), "ZYXS"),
}
CALIBRATION = {"unit": "um", "spacing": 2.5, "finterval": 4.0}


def made_by_engine(name, folder, compression, big=False, letter="樹"):
    """(path, pixels, axes): the engine's copy of a calibrated file with labels that end in the letter."""
    array, axes = WRITES[name]
    planes = int(np.prod([n for n, a in zip(array.shape, axes) if a in "TCZ"]))
    source = folder / "source.tif"
    tifffile.imwrite(source, array, imagej=True, resolution=(4, 2),
                     metadata={"axes": axes, "Labels": [f"p{i} {letter}" for i in range(planes)], **CALIBRATION})
    return copy(source, folder / f"{name}_{compression}{'_big' if big else ''}.tif", compression, big), array, axes


@pytest.mark.parametrize("big", [False, True], ids=["classic", "big"])
@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("name", WRITES)
def test_tifffile_reads_ours(name, compression, big, tmp_path):
    path, array, axes = made_by_engine(name, tmp_path, compression, big)
    with tifffile.TiffFile(path) as file:
        np.testing.assert_array_equal(file.asarray(), array)
        page, metadata = file.pages[0], file.imagej_metadata
        assert file.is_bigtiff == big and file.is_imagej
        assert page.compression == {"none": 1, "lzw": 5, "deflate": 8, "zstd": 50000}[compression]
        assert page.predictor == expected_predictor(array.dtype, compression)
        assert 306 not in page.tags, "a date would make equal images differ"
        assert metadata["unit"] == "um" and metadata["spacing"] == 2.5 and metadata["finterval"] == 4.0
        assert page.tags["XResolution"].value == (4, 1) and page.tags["YResolution"].value == (2, 1)
        labels = metadata["Labels"]
        assert (labels if isinstance(labels, list) else [labels])[-1].endswith("樹")


def expected_predictor(dtype, compression):
    return 1 if compression == "none" or dtype.kind == "f" else 2


def test_display_range_of_probabilities(tmp_path):
    path, _, _ = made_by_engine("float32_channels", tmp_path, "none")
    with tifffile.TiffFile(path) as file:
        assert file.imagej_metadata["min"] == 0.0 and file.imagej_metadata["max"] == 1.0
        assert list(file.imagej_metadata["Ranges"]) == [0.0, 1.0] * 9
        assert file.imagej_metadata["mode"] == "grayscale"


# ---- errors ----------------------------------------------------------------------------------------------------------

def test_names_the_codec_it_lacks(tmp_path):
    array, path = ramp(64, 64, dtype="u1"), tmp_path / "file.tif"
    tifffile.imwrite(path, array, compression="jpeg2000", metadata=None)
    assert "JPEG 2000" in error(path)
    tifffile.imwrite(path, array, compression="jpegxl", metadata=None)
    assert "JPEG XL" in error(path)


def test_names_the_page_that_differs(tmp_path):
    path = tmp_path / "file.tif"
    with tifffile.TiffWriter(path) as file:
        for width in (20, 20, 21):
            file.write(ramp(10, width, dtype="u1"), metadata=None)
    assert "page 3 (21 x 10" in error(path)


def test_names_the_page_that_is_damaged(tmp_path):
    path = tmp_path / "file.tif"
    tifffile.imwrite(path, ramp(3, 40, 40, dtype="u2"), compression="zlib", metadata=None, photometric="minisblack")
    with tifffile.TiffFile(path) as file:
        offset = file.pages[1].dataoffsets[0]
    data = bytearray(path.read_bytes())
    data[offset:offset + 40] = bytes(40)
    path.write_bytes(data)
    assert "page 2" in error(path)


def test_refuses_what_it_cannot_mean(tmp_path):
    path = tmp_path / "file.tif"
    tifffile.imwrite(path, ramp(8, 8, dtype="f4").astype("c8"), metadata=None)
    assert "SampleFormat" in error(path) or "BitsPerSample" in error(path)


# ---- real ImageJ -----------------------------------------------------------------------------------------------------

@pytest.fixture(scope="session")
def imagej(tmp_path_factory):
    """imagej("read", FILE...) or imagej("write", FOLDER): ImageJ's view of each file (None: it cannot open it)."""
    classes = tmp_path_factory.mktemp("classes")
    fetch = ["mvn", "-B", "-q", "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy",
             f"-Dartifact=net.imagej:ij:{IJ_VERSION}", f"-DoutputDirectory={classes}"]
    subprocess.run(fetch, check=True, timeout=600, cwd=classes)
    jar = classes / f"ij-{IJ_VERSION}.jar"
    source = ROOT / "tests" / "java" / "tiff" / "TiffCheck.java"
    subprocess.run(["javac", "--release", "8", "-encoding", "UTF-8", "-Xlint:-options", "-cp", jar, "-d", classes,
                    source], check=True, timeout=300)

    def run(*arguments):
        command = ["java", "-Djava.awt.headless=true", "-cp", f"{jar}{os.pathsep}{classes}", "TiffCheck",
                   *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, encoding="utf-8")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


def check_against_imagej(seen, info, pixels, labels):
    """The engine and ImageJ see the same image; `labels` are the ones to expect (None: any)."""
    frames, channels, depth, height, width = pixels.shape
    assert seen["size"] == [frames, depth, 1 if info["rgb"] else channels, height, width]
    assert seen["bits"] == (24 if info["rgb"] else pixels.dtype.itemsize * 8)
    order = (0, 2, 3, 4, 1) if info["rgb"] else (0, 2, 1, 3, 4)
    assert seen["crc"] == zlib.crc32(np.ascontiguousarray(pixels.transpose(order)).tobytes())
    assert seen["spacing"] == info["spacing"], "to the last bit"
    assert seen["unit"].replace("µ", "u").strip() in (info["unit"], "")
    assert seen["scaled"] == bool(info["calibrated"])
    assert seen["interval"] == info["interval"]
    if labels is not None:
        assert (info["labels"][::3] if info["rgb"] else info["labels"]) == [label or None for label in labels]


@pytest.mark.parametrize("compression", ["none", "lzw", "deflate"])
def test_imagej_reads_ours(compression, imagej, tmp_path):
    paths = []
    for name in WRITES:
        (tmp_path / name).mkdir()
        paths.append(made_by_engine(name, tmp_path / name, compression, letter="µ")[0])
    for path, seen in zip(paths, imagej("read", *paths), strict=True):
        assert seen, f"ImageJ cannot open {path}"
        info, pixels = read(path, tmp_path)
        # ImageJ forgets the labels of compressed stacks.
        check_against_imagej(seen, info, pixels, seen["labels"] if compression == "none" else None)
        assert seen["composite"] == (info["shape"][1] > 1 and not info["rgb"])
        if sum(n > 1 for n in seen["size"][:3]) > 1:
            assert seen["hyperstack"]
        if "channels" in path.name:
            assert seen["ranges"] == [[0.0, 1.0]] * 9


@pytest.mark.parametrize("compression,big", [("zstd", False), ("none", True)])
def test_imagej_refuses_what_we_say_it_refuses(compression, big, imagej, tmp_path):
    path, _, _ = made_by_engine("uint8", tmp_path, compression, big)
    assert imagej("read", path) == [None]


def test_we_read_imagej(imagej, tmp_path):
    written = imagej("write", tmp_path)
    assert len(written) == 24
    paths = [image["file"] for image in written]
    for before, seen in zip(written, imagej("read", *paths), strict=True):
        info, pixels = read(before["file"], tmp_path)
        # ImageJ misreads its own little-endian labels beyond Latin-1.
        # The file of a 48-bit colour image holds one label; ImageJ names the three channels itself.
        labels = ["Red", None, None] if "rgb48" in before["file"] else before["labels"]
        check_against_imagej(seen, info, pixels, labels)
        assert seen["crc"] == before["crc"], "ImageJ itself reads what it wrote"


def test_copies_of_imagej_files(imagej, tmp_path):
    """ImageJ -> engine -> ImageJ keeps pixels, dimensions and calibration."""
    (tmp_path / "in").mkdir()
    written = imagej("write", tmp_path / "in")
    copies = [copy(image["file"], tmp_path / Path(image["file"]).name) for image in written]
    for before, after in zip(imagej("read", *(i["file"] for i in written)), imagej("read", *copies), strict=True):
        for key in ("bits", "size", "crc", "interval"):
            assert before[key] == after[key], (before["file"], key)
        assert after["spacing"] == pytest.approx(before["spacing"], rel=1e-15)
        assert after["unit"].replace("µ", "u") == before["unit"].replace("µ", "u")


# What ImageJ's own reader opens of READS. It takes 32-bit unsigned for signed, which the values here would show.
OPENED = ("u1 u1_row u1_column i1_keeps_its_bits u2 u2_strips u2_big_endian i2 i2_big_endian i4 f4 f4_big_endian bits "
          "bits_white_is_zero white_is_zero palette lzw lzw_predictor zip_predictor_big_endian packbits rgb "
          "rgb_big_endian_strips rgb_planar rgb_lzw_predictor rgb_stack rgb_as_grey rgba rgb16 pages").split()


def test_same_pixels_as_imagej(imagej, tmp_path):
    paths = [tmp_path / f"{name}.tif" for name in OPENED]
    for name, path in zip(OPENED, paths):
        array, _, options, _ = READS[name]
        tifffile.imwrite(path, array, **{"metadata": None, **options})
    for path, seen in zip(paths, imagej("read", *paths), strict=True):
        info, pixels = read(path, tmp_path)
        assert seen, f"ImageJ cannot open {path.name}"
        order = (0, 2, 3, 4, 1) if info["rgb"] else (0, 2, 1, 3, 4)
        crc = zlib.crc32(np.ascontiguousarray(pixels.transpose(order)).tobytes())
        assert (seen["crc"], seen["bits"]) == (crc, 24 if info["rgb"] else pixels.dtype.itemsize * 8), path.name


RESOLUTIONS = {
    "none": {},
    "no_unit": dict(resolution=(4, 4), resolutionunit=1),
    "dpi": dict(resolution=(300, 150), resolutionunit=2),
    "screen": dict(resolution=(72, 72), resolutionunit=2),
    "fine_cm": dict(resolution=(23456.7, 23456.7), resolutionunit=3),
    "coarse_cm": dict(resolution=(118.11, 59), resolutionunit=3),
    "text_um_cm": dict(resolution=(20000, 20000), resolutionunit=3, description="ImageJ=1.54p\nunit=um\nspacing=0.3\n"),
    "text_cm": dict(resolution=(7, 7), resolutionunit=3, description="ImageJ=1.54p\nunit=cm\nspacing=5\n"),
    "text_tiny_cm": dict(resolution=(70000, 70000), resolutionunit=3,
                         description="ImageJ=1.54p\nunit=cm\nspacing=0.0001234567890123456\n"),
    "text_micron": dict(resolution=(6.0241, 6.0241), resolutionunit=1, description="ImageJ=1.54p\nunit=micron\n"),
    "text_escaped": dict(resolution=(1 / 0.07, 1 / 0.07), resolutionunit=1,
                         description="ImageJ=1.54p\nunit=\\u00B5m\nspacing=-0.30000000000000004\nfinterval=0.1\n"),
    "text_no_unit": dict(resolution=(3, 3), resolutionunit=1, description="ImageJ=1.54p\nspacing=2\n"),
    "text_only": dict(description="ImageJ=1.54p\nunit=nm\nspacing=1e2\n"),
}


def test_same_calibration_as_imagej(imagej, tmp_path):
    """The command line and the plugin must see the same voxel size, to the last bit."""
    paths = []
    for name, options in RESOLUTIONS.items():
        paths.append(tmp_path / f"{name}.tif")
        if options:
            tifffile.imwrite(paths[-1], ramp(8, 9, dtype="u1"), metadata=None, software=False, **options)
        else:
            tifffile.imwrite(paths[-1], ramp(8, 9, dtype="u1"), metadata=None, software=False)
    for path, seen in zip(paths, imagej("read", *paths), strict=True):
        info, _ = read(path, tmp_path)
        assert info["spacing"] == seen["spacing"], path.name
        assert info["interval"] == seen["interval"], path.name
        assert info["unit"] == (seen["unit"].replace("µ", "u").strip() or "pixel"), path.name
