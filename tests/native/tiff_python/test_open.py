"""Streamed TIFF files: random parts against the whole image, and files larger than memory should be.

BRUSHWOOD names the command line; `tiff_parts`, which the same build makes, lies beside it.
"""

import os
import re
import struct
import subprocess

import numpy as np
import pytest
import tifffile
from test_interchange import IMAGEJ, MIN, READS, RGB, TOOL, ramp, read, tczyx

PARTS = TOOL.with_name("tiff_parts")
COUNT = 40


def run(*arguments):
    """Standard output and the most memory in MiB that the program had."""
    done = subprocess.run([PARTS, *map(str, arguments)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout, int(re.search(r"VmHWM:\s*(\d+) kB", done.stderr)[1]) / 1024


def compare(path):
    run("boxes", path, COUNT, 1)


def part(path, scratch, dtype, frame, x, y, z=(0, 1), channels=1):
    """(pixels as C Z Y X, MiB)"""
    raw = scratch / "part.raw"
    _, memory = run("part", path, frame, *x, *y, *z, raw)
    shape = channels, z[1] - z[0], y[1] - y[0], x[1] - x[0]
    return np.fromfile(raw, dtype).reshape(shape), memory


class Tag:
    """A tag of the first page; `data` is the whole file."""

    def __init__(self, path, code):
        self.data = bytearray(path.read_bytes())
        with tifffile.TiffFile(path) as file:
            tag = file.pages[0].tags[code]
            self.offset, self.valueoffset, self.format = tag.offset, tag.valueoffset, {3: "<H", 4: "<I"}[int(tag.dtype)]


def patch(path, code, change):
    tag = Tag(path, code)
    change(tag)
    path.write_bytes(tag.data)


# ---- parts of small files --------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", READS)
def test_parts(name, tmp_path):
    array, _, options, _ = READS[name]
    path = tmp_path / "file.tif"
    tifffile.imwrite(path, array, **{"metadata": None, **options})
    compare(path)


CODECS = {
    "lzw": dict(compression="lzw"),
    "lzw_predictor": dict(compression="lzw", predictor=True),
    "zlib": dict(compression="zlib"),
    "zlib_predictor": dict(compression="zlib", predictor=True),
    "zstd": dict(compression="zstd"),
    "lzma": dict(compression="lzma"),
    "packbits": dict(compression="packbits"),
    "none": {},
}
LAYOUTS = {
    "strip": dict(rowsperstrip=157),
    "strips": dict(rowsperstrip=13),
    "tiles": dict(tile=(48, 32)),
}


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("codec", CODECS)
def test_parts_of_layouts(codec, layout, dtype, order, tmp_path):
    """Channels as pages, interleaved and separate samples."""
    if "predictor" in codec and dtype == "f4":
        options = {**CODECS[codec], "predictor": 3}
    else:
        options = CODECS[codec]
    path = tmp_path / "file.tif"
    samples = dict(byteorder=order, metadata=None, **options, **LAYOUTS[layout])
    tifffile.imwrite(path, ramp(3, 157, 111, dtype=dtype), **MIN, **samples)
    compare(path)
    tifffile.imwrite(path, ramp(157, 111, 4, dtype=dtype), planarconfig="contig", **RGB, **samples)
    compare(path)
    tifffile.imwrite(path, ramp(5, 157, 111, dtype=dtype), planarconfig="separate", **MIN, **samples)
    compare(path)


@pytest.mark.parametrize("layout", [{}, dict(rowsperstrip=64), dict(tile=(32, 32))])
def test_parts_of_jpeg(layout, tmp_path):
    path = tmp_path / "file.tif"
    y, x = np.mgrid[:64, :96]
    array = np.stack([x, y, 255 - x], -1).astype("u1")
    for options in (dict(subsampling=(2, 2)), dict(subsampling=(1, 1))):
        tifffile.imwrite(path, array, photometric="rgb", compression="jpeg", metadata=None, **options, **layout)
        compare(path)


@pytest.mark.parametrize("dtype", ["u1", "u2"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_bits_the_other_way_round(layout, dtype, tmp_path):
    array, path = ramp(157, 111, dtype=dtype), tmp_path / "file.tif"
    tifffile.imwrite(path, array, metadata=None, extratags=[(269, "H", 1, 2, True)], **LAYOUTS[layout])
    patch(path, 269, lambda tag: struct.pack_into("<H", tag.data, tag.offset, 266))
    reversed_bits = np.array([int(f"{i:08b}"[::-1], 2) for i in range(256)], "u1")
    expected = reversed_bits[array.view("u1")].view(array.dtype)
    np.testing.assert_array_equal(read(path, tmp_path)[1], tczyx(expected, "YX"))
    compare(path)


@pytest.mark.parametrize("options", [{}, dict(compression="zlib")], ids=["plain", "zlib"])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("name", IMAGEJ)
def test_parts_of_imagej_hyperstacks(name, order, options, tmp_path):
    shape, axes = IMAGEJ[name]
    path = tmp_path / "file.tif"
    tifffile.imwrite(path, ramp(*shape, dtype="u2"), imagej=True, byteorder=order, metadata={"axes": axes}, **options)
    compare(path)


@pytest.mark.parametrize("axes", ["TZCYX", "CZTYX", "ZCTYX", "TCZYX"])
def test_parts_of_ome(axes, tmp_path):
    sizes = {"T": 2, "Z": 3, "C": 4}
    array, path = ramp(*(sizes[a] for a in axes[:3]), 15, 17, dtype="u2"), tmp_path / "file.ome.tif"
    names = ["DAPI", "a < b & c", "µ 樹", "last"]
    tifffile.imwrite(path, array, ome=True, metadata={"axes": axes, "Channel": {"Name": names}})
    compare(path)
    assert run("channels", path)[0].splitlines() == names


def test_parts_of_one_directory_for_many_images(tmp_path):
    for order in "<>":
        array, path = ramp(2, 5, 3, 15, 17, dtype=order + "u2"), tmp_path / "file.tif"
        write_imagej(path, array, 3, 5, 2, order)
        with open(path, "ab") as file:
            file.write(array.tobytes())
        np.testing.assert_array_equal(read(path, tmp_path)[1], tczyx(array, "TZCYX"))
        compare(path)


def test_last_strip_with_the_rows_of_a_whole_one(tmp_path):
    """Some writers fill the last strip up: what is behind the image's rows does no harm."""
    array, path = ramp(40, 33, dtype="u2"), tmp_path / "file.tif"
    tifffile.imwrite(path, array, compression="zlib", rowsperstrip=20, metadata=None)
    patch(path, 257, lambda tag: struct.pack_into(tag.format, tag.data, tag.valueoffset, 27))
    np.testing.assert_array_equal(read(path, tmp_path)[1], tczyx(array[:27], "YX"))
    compare(path)


@pytest.mark.parametrize("options", [{}, dict(compression="zlib")], ids=["plain", "zlib"])
def test_a_tile_without_a_place_is_an_error(options, tmp_path):
    array, path = ramp(64, 64, dtype="u1"), tmp_path / "file.tif"
    tifffile.imwrite(path, array, tile=(32, 32), metadata=None, **options)
    with tifffile.TiffFile(path) as file:
        offsets = struct.pack("<4I", *file.pages[0].dataoffsets)
    path.write_bytes(path.read_bytes().replace(offsets, offsets[:12] + bytes(4)))
    pixels, _ = part(path, tmp_path, "u1", 0, (0, 32), (10, 64))
    np.testing.assert_array_equal(pixels[0, 0], array[10:, :32])
    done = subprocess.run([PARTS, "walk", path, "64", "64", "1"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "page 1" in done.stderr and "no place in the file" in done.stderr
    assert str(path) in done.stderr


# ---- large files: holes and tiles that many places share keep them small on disk -------------------------------------

MOST_MEMORY = 64  # MiB for the whole program and the part


def write_imagej(path, array, channels, slices, frames, order="<"):
    """A directory for the first plane, as ImageJ writes it above 4 GiB; the file ends where the planes begin."""
    text = f"ImageJ=1.54p\nimages={channels * slices * frames}\nchannels={channels}\nslices={slices}\nframes={frames}\n"
    plane = array.reshape(-1, *array.shape[-2:])[0]
    tifffile.imwrite(path, plane, byteorder=order, description=text, metadata=None, software=False)
    with tifffile.TiffFile(path) as file:
        start = file.pages[0].dataoffsets[0]
    os.truncate(path, start)
    return start


def test_large_imagej_stack(tmp_path):
    """2048 x 2048 x 1000, 16 bit, 8 GiB."""
    edge, depth, path = 2048, 1000, tmp_path / "stack.tif"
    start = write_imagej(path, np.zeros((edge, edge), ">u2"), 1, depth, 1, ">")
    os.truncate(path, start + 2 * edge * edge * depth)
    rows = ramp(depth, edge, dtype="u2")
    with open(path, "r+b") as file:
        for z in range(490, 1000, 3):
            file.seek(start + 2 * edge * (edge * z + 777))
            file.write(rows[z].astype(">u2").tobytes())
    pixels, memory = part(path, tmp_path, "<u2", 0, (300, 900), (770, 780), (400, 1000))
    expected = np.zeros_like(pixels)
    expected[0, 90::3, 7] = rows[490:1000:3, 300:900]
    np.testing.assert_array_equal(pixels, expected)
    assert memory < MOST_MEMORY


def write_tiled(path, edge, tile, compression, tile_bytes, offsets):
    """A BigTIFF of square 8-bit tiles that begin at `offsets`, counted from the first byte behind the directory."""
    across = -(-edge // tile)
    counts = np.full(across * across, tile_bytes, "<u4")
    entries = [(256, 4, 1, edge), (257, 4, 1, edge), (258, 3, 1, 8), (259, 3, 1, compression), (262, 3, 1, 1),
               (322, 3, 1, tile), (323, 3, 1, tile), (324, 16, counts.size, 256),
               (325, 4, counts.size, 256 + 8 * counts.size)]
    head = struct.pack("<2sHHHQQ", b"II", 43, 8, 0, 16, len(entries))
    head += b"".join(struct.pack("<HHQQ", *entry) for entry in entries) + bytes(8)
    first = 256 + 12 * counts.size
    with open(path, "wb") as file:
        file.write(head.ljust(256, b"\0"))
        file.write((np.asarray(offsets, "<u8") + first).tobytes())
        file.write(counts.tobytes())
    return first


def test_large_tiles_with_holes(tmp_path):
    """60000 x 60000, 8 bit, not compressed."""
    edge, tile, path = 60000, 256, tmp_path / "tiles.tif"
    across = -(-edge // tile)
    first = write_tiled(path, edge, tile, 1, tile * tile, np.arange(across * across) * tile * tile)
    os.truncate(path, first + across * across * tile * tile)
    corner = ramp(tile, tile, dtype="u1")
    with open(path, "r+b") as file:
        for y in (0, 100, across - 1):
            file.seek(first + (y * across + across - 1) * tile * tile)
            file.write(corner.tobytes())
    pixels, memory = part(path, tmp_path, "u1", 0, (58000, 60000), (25500, 27500))
    expected = np.zeros_like(pixels)
    left, top = (across - 1) * tile - 58000, 100 * tile - 25500
    expected[0, 0, top:top + tile, left:] = corner[:, :2000 - left]
    np.testing.assert_array_equal(pixels, expected)
    assert memory < MOST_MEMORY


@pytest.mark.parametrize("compression", [5, 8, 50000])
def test_large_compressed_tiles(compression, tmp_path):
    """60000 x 60000, 8 bit, a quarter of a million tiles."""
    edge, tile, path = 60000, 112, tmp_path / "tiles.tif"
    across = -(-edge // tile)
    array, small = ramp(tile, tile, dtype="u1"), tmp_path / "small.tif"
    tifffile.imwrite(small, array, tile=(tile, tile), compression=compression, metadata=None)
    with tifffile.TiffFile(small) as file:
        page = file.pages[0]
        file.filehandle.seek(page.dataoffsets[0])
        data = file.filehandle.read(page.databytecounts[0])
    write_tiled(path, edge, tile, compression, len(data), np.zeros(across * across, "u8"))
    with open(path, "ab") as file:
        file.write(data)
    pixels, memory = part(path, tmp_path, "u1", 0, (57000, 60000), (58000, 60000))
    y, x = np.mgrid[58000:60000, 57000:60000]
    np.testing.assert_array_equal(pixels[0, 0], array[y % tile, x % tile])
    assert memory < MOST_MEMORY


@pytest.mark.parametrize("options", [dict(compression="zlib"), dict(compression="lzw", predictor=True)],
                         ids=["zlib", "lzw"])
def test_large_plane_in_one_strip(options, tmp_path):
    """12000 x 12000, 8 bit: read from top to bottom, it is decoded once, in the memory of rows."""
    edge, path = 12000, tmp_path / "strip.tif"
    array = np.repeat(ramp(edge, edge // 100, dtype="u1"), 100, 1)
    tifffile.imwrite(path, array, rowsperstrip=edge, metadata=None, **options)
    total, memory = run("walk", path, edge, 500, 1)
    assert int(total) == array.sum(dtype="u8")
    assert memory < MOST_MEMORY
