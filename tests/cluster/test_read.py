"""Volumes that other programs wrote on Zarr, opened and compared with numpy."""

import json
import warnings

import numcodecs
import numpy as np
import ome_zarr.format
import ome_zarr.writer
import pytest
import tifffile
import zarr
from conftest import describe, run
from zarr import codecs

AXES = "tczyx"


def pixels(shape, dtype="uint16", seed=1):
    """Values of the whole range of a type."""
    dtype, random = np.dtype(dtype), np.random.default_rng(seed)
    if dtype.kind == "b":
        return random.random(shape) < 0.4
    if dtype.kind == "f":
        return random.normal(0, 1000, shape).astype(dtype)
    limits = np.iinfo(dtype)
    return random.integers(limits.min, limits.max, shape, dtype=dtype.newbyteorder("="), endpoint=True).astype(dtype)


def as_image(values):
    """What images hold: truth as 0 and 255, signed 16 bits shifted to unsigned ones, signed 8 bits, larger integers,
    halves and doubles as float32."""
    kind, size = values.dtype.kind, values.dtype.itemsize
    if kind == "b":
        return values.astype(np.uint8) * np.uint8(255)
    if kind == "i" and size == 2:
        return (values.astype(np.int32) + 32768).astype(np.uint16)
    if kind in "fi" or size > 2:
        return values.astype(np.float32)
    return values.astype(values.dtype.newbyteorder("="))


def five(values, axes):
    """The same with all axes, in the order t, c, z, y, x."""
    order = [axes.index(a) for a in AXES if a in axes]
    sizes = {a: n for a, n in zip(axes, values.shape, strict=True)}
    return values.transpose(order).reshape([sizes.get(a, 1) for a in AXES])


def opened(path, folder, like):
    """The image that a path leads to, in all axes; `like` gives their sizes, which TIFF does not have to tell apart."""
    out = folder / "opened.tif"
    run("convert", "--input", path, "--output", out)
    with tifffile.TiffFile(out) as file:
        series = file.series[0]
        found = five(series.asarray(), series.axes.lower().replace("s", "c").replace("q", "z").replace("i", "z"))
    assert found.shape == like.shape
    return found


def check(path, folder, values, axes=AXES):
    expected = as_image(five(values, axes))
    found = opened(path, folder, expected)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


def create(path, values, version, chunks, **options):
    """Writes a whole array; returns it."""
    if version == 2:
        options.setdefault("chunk_key_encoding", {"name": "v2", "separator": "/"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of codecs that version 3 does not name
        array = zarr.create_array(path, shape=values.shape, chunks=chunks, dtype=values.dtype, zarr_format=version,
                                  **options)
        array[...] = values
    return array


# ---- codecs ----------------------------------------------------------------------------------------------------------

CODECS_2 = {
    "raw": None,
    "gzip": numcodecs.GZip(6),
    "zlib": numcodecs.Zlib(9),
    "zstd": numcodecs.Zstd(3),
    "zstd-checksum": numcodecs.Zstd(1, checksum=True),
    "lz4": numcodecs.LZ4(),
    **{f"blosc-{name}-{shuffle}": numcodecs.Blosc(name, 5, shuffle)
       for name in ("blosclz", "lz4", "lz4hc", "zlib", "zstd") for shuffle in (0, 1, 2)},
}
CODECS_3 = {
    "raw": None,
    "gzip": codecs.GzipCodec(level=6),
    "zstd": codecs.ZstdCodec(level=3),
    "zstd-checksum": codecs.ZstdCodec(level=1, checksum=True),
    "crc32c": [codecs.Crc32cCodec()],
    "zstd-crc32c": [codecs.ZstdCodec(level=3), codecs.Crc32cCodec()],
    **{f"blosc-{name}-{shuffle}": codecs.BloscCodec(cname=name, clevel=5, shuffle=shuffle)
       for name in ("blosclz", "lz4", "lz4hc", "zlib", "zstd") for shuffle in ("noshuffle", "shuffle", "bitshuffle")},
}


@pytest.mark.parametrize("version, name", [(2, name) for name in CODECS_2] + [(3, name) for name in CODECS_3])
@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_codecs(version, name, dtype, tmp_path):
    values = pixels((2, 9, 40, 50), dtype).cumsum(-1).astype(dtype)  # compressible in part
    values[:, 3:6] = 7
    path = tmp_path / "v.zarr"
    create(path, values, version, (1, 4, 32, 32), compressors=(CODECS_2 if version == 2 else CODECS_3)[name])
    check(path, tmp_path, values, "czyx")


def test_blosc_with_blocks_of_its_own(tmp_path):
    values = pixels((16, 64, 65)).cumsum(-1).astype(np.uint16)
    path = tmp_path / "v.zarr"
    create(path, values, 2, (16, 64, 65), compressors=numcodecs.Blosc("zstd", 3, 1, blocksize=4096))
    check(path, tmp_path, values, "zyx")


# ---- types, byte order, order of axes --------------------------------------------------------------------------------

TYPES = ("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float16", "float32",
         "float64")


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("end", ["<", ">"])
@pytest.mark.parametrize("dtype", TYPES)
def test_version_2(dtype, end, order, tmp_path):
    dtype = np.dtype(dtype)
    values = pixels((3, 7, 30, 41), dtype if dtype.itemsize == 1 else dtype.newbyteorder(end))
    path = tmp_path / "v.zarr"
    create(path, values, 2, (2, 3, 16, 20), order=order, compressors=numcodecs.Zstd(1))
    stored = json.loads((path / ".zarray").read_text())
    assert stored["order"] == order and (dtype.itemsize == 1 or stored["dtype"][0] == end)
    check(path, tmp_path, values, "czyx")


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("end", ["little", "big"])
@pytest.mark.parametrize("dtype", TYPES)
def test_version_3(dtype, end, transposed, tmp_path):
    values = pixels((3, 7, 30, 41), dtype)
    path = tmp_path / "v.zarr"
    create(path, values, 3, (2, 3, 16, 20), serializer=codecs.BytesCodec(endian=end if values.itemsize > 1 else None),
           filters=[codecs.TransposeCodec(order=(2, 0, 3, 1))] if transposed else [],
           compressors=codecs.ZstdCodec(level=1))
    check(path, tmp_path, values, "czyx")


# ---- chunks and shards -----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("separator", [".", "/"])
@pytest.mark.parametrize("version", [2, 3])
def test_names_of_chunks(version, separator, tmp_path):
    values = pixels((5, 30, 41))
    path = tmp_path / "v.zarr"
    encoding = {"name": "v2" if version == 2 else "default", "separator": separator}
    create(path, values, version, (2, 16, 20), chunk_key_encoding=encoding)
    check(path, tmp_path, values, "zyx")


def test_version_3_with_names_of_version_2(tmp_path):
    values = pixels((5, 30, 41))
    create(tmp_path / "v.zarr", values, 3, (2, 16, 20), chunk_key_encoding={"name": "v2", "separator": "."})
    check(tmp_path / "v.zarr", tmp_path, values, "zyx")


@pytest.mark.parametrize("inner", ["raw", "gzip", "zstd", "blosc-zstd-shuffle", "crc32c"])
@pytest.mark.parametrize("place", ["start", "end"])
@pytest.mark.parametrize("end", ["little", "big"])
def test_shards(place, inner, end, tmp_path):
    values = pixels((2, 9, 40, 50))
    values[:, :4, :16, :20] = 3  # a chunk that is not there
    values[1, 4:] = 3            # a shard that is not there
    path = tmp_path / "v.zarr"
    inner_codecs = CODECS_3[inner] if isinstance(CODECS_3[inner], list) else [c for c in (CODECS_3[inner],) if c]
    sharding = codecs.ShardingCodec(chunk_shape=(1, 2, 16, 20), index_location=place,
                                    codecs=[codecs.BytesCodec(endian=end), *inner_codecs])
    create(path, values, 3, (1, 4, 32, 40), serializer=sharding, compressors=None, fill_value=3)
    assert not (path / "c" / "1" / "1").exists()
    check(path, tmp_path, values, "czyx")


@pytest.mark.parametrize("version, dtype, fill", [
    (2, "uint16", 0), (2, "uint16", 65535), (2, "uint16", None), (2, "int16", -5), (2, "bool", True), (2, "uint8", 255),
    (2, "float32", float("nan")), (2, "float32", float("-inf")), (2, "float64", float("inf")), (2, "float32", 0.1),
    (3, "uint16", 0), (3, "uint16", 65535), (3, "int16", -5), (3, "bool", True), (3, "uint8", 255),
    (3, "float32", float("nan")), (3, "float32", float("-inf")), (3, "float64", float("inf")), (3, "float32", 0.1),
])
def test_missing_chunks(version, dtype, fill, tmp_path):
    path = tmp_path / "v.zarr"
    values = pixels((6, 30, 41), dtype)
    array = create(path, values, version, (2, 16, 20), fill_value=fill)
    gone = path / (("c/" if version == 3 else "") + "1/0/2")
    gone.unlink()
    expected = array[...]
    assert fill is None or np.array_equal(expected[2, 0, 40], np.array(fill, dtype), equal_nan=dtype[0] == "f")
    check(path, tmp_path, expected, "zyx")


# ---- axes and descriptions -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("axes", ["yx", "zyx", "cyx", "tyx", "czyx", "tzyx", "tcyx", "tczyx"])
@pytest.mark.parametrize("version", [2, 3])
def test_axes(axes, version, tmp_path):
    sizes = dict(zip(AXES, (3, 2, 5, 20, 31), strict=True))
    values = pixels([sizes[a] for a in axes])
    group = zarr.open_group(tmp_path / "v.zarr", mode="w", zarr_format=version)
    write_ome(group, values, axes, version)
    check(tmp_path / "v.zarr", tmp_path, values, axes)


def write_ome(group, values, axes, version, **options):
    """By ome-zarr's own writer; OME-Zarr 0.4 in version 2, 0.5 in version 3."""
    kind = ome_zarr.format.FormatV04() if version == 2 else ome_zarr.format.FormatV05()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that it will change
        ome_zarr.writer.write_image(values, group, axes=axes, fmt=kind, **options)


@pytest.mark.parametrize("axes", ["xyz", "zyxc", "yxc", "xyczt"])
def test_axes_in_any_order(axes, tmp_path):
    sizes = dict(zip(AXES, (3, 2, 5, 20, 31), strict=True))
    values = pixels([sizes[a] for a in axes])
    path = tmp_path / "v.zarr"
    create(path / "0", values, 2, tuple(max(1, n // 2) for n in values.shape))
    describe(path, [1.0] * len(axes), axes)
    check(path, tmp_path, values, axes)


@pytest.mark.parametrize("dims", range(2, 6))
def test_arrays_without_description(dims, tmp_path):
    values = pixels((2, 3, 4, 20, 31)[-dims:])
    create(tmp_path / "v.zarr", values, 3, values.shape)
    check(tmp_path / "v.zarr", tmp_path, values, AXES[-dims:])


def test_names_of_dimensions(tmp_path):
    values = pixels((4, 20, 31))
    create(tmp_path / "v.zarr", values, 3, values.shape, dimension_names=("c", "y", "x"))
    check(tmp_path / "v.zarr", tmp_path, values, "cyx")


@pytest.mark.parametrize("version", [2, 3])
def test_resolutions_of_ome_zarr(version, tmp_path):
    values = pixels((2, 8, 160, 200))
    path = tmp_path / "v.zarr"
    write_ome(zarr.open_group(path, mode="w", zarr_format=version), values, "czyx", version)
    check(path, tmp_path, values, "czyx")
    names = sorted(p.name for p in path.iterdir() if p.is_dir())
    levels = [zarr.open_array(path / name, mode="r") for name in names if (path / name).is_dir()]
    assert len(levels) > 1 and levels[0].shape == values.shape and levels[1].shape[-1] == 100
    check(path / names[1], tmp_path, levels[1][...], "czyx")


@pytest.mark.parametrize("version", [2, 3])
def test_calibration(version, tmp_path):
    values = pixels((2, 5, 20, 30))
    group = zarr.open_group(tmp_path / "v.zarr", mode="w", zarr_format=version)
    write_ome(group, values, "czyx", version, scale_factors=[], scale={"z": 2.5, "y": 0.25, "x": 0.25},
              axes_units={a: "micrometer" for a in "zyx"})
    out = tmp_path / "v.tif"
    run("convert", "--input", tmp_path / "v.zarr", "--output", out)
    with tifffile.TiffFile(out) as file:
        described = file.imagej_metadata
        resolution = file.pages[0].tags["XResolution"].value
    assert described["spacing"] == pytest.approx(2.5) and described["unit"] in ("micron", "um", "\\u00B5m", "µm")
    assert resolution[0] / resolution[1] == pytest.approx(4)


@pytest.mark.parametrize("name", ["plain.zarr", "Bild 1/zellkörper 細胞.zarr", "no_ending", "a'b \"c\".ome.zarr"])
def test_paths(name, tmp_path):
    values = pixels((2, 5, 20, 30))
    path = tmp_path / name
    create(path / "0", values, 2, (1, 2, 16, 16))
    describe(path, [1.0] * 4)
    for given in (path, path / "0", f"{path}/"):
        check(given, tmp_path, values, "czyx")


def test_one_image_of_several(tmp_path):
    """As bioformats2raw lays them out."""
    path = tmp_path / "slide.zarr"
    values = [pixels((1, 1, 1, 20, 30), seed=k) for k in range(2)]
    (path / "OME").mkdir(parents=True)
    (path / ".zgroup").write_text('{"zarr_format": 2}')
    (path / ".zattrs").write_text('{"bioformats2raw.layout": 3}')
    create(path / "0" / "0", values[0], 2, (1, 1, 1, 16, 16))
    describe(path / "0", [1.0] * 5, AXES)
    check(path, tmp_path, values[0])
    create(path / "1" / "0", values[1], 2, (1, 1, 1, 16, 16))
    describe(path / "1", [1.0] * 5, AXES)
    message = run("convert", "--input", path, "--output", tmp_path / "no.tif", code=1).stderr
    assert str(path) in message and "0" in message and "1" in message
    check(path / "1", tmp_path, values[1])


# ---- what is damaged or not understood -------------------------------------------------------------------------------

def refused(path, folder, *named):
    """The status says so, the message names all of `named`, and no result is left."""
    out = folder / "refused.tif"
    message = run("convert", "--input", path, "--output", out, code=1).stderr
    assert [str(n) for n in named if str(n) not in message] == [], message
    assert [p.name for p in folder.iterdir() if p.name.startswith("refused")] == []


def overwrite(path, data, at=0):
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(data)


DAMAGED = [(2, name) for name in ("gzip", "zlib", "zstd", "lz4", "blosc-zstd-1", "blosc-lz4-1", "blosc-blosclz-0")]
DAMAGED += [(3, name) for name in ("gzip", "zstd", "crc32c", "zstd-crc32c", "blosc-zstd-shuffle")]


@pytest.mark.parametrize("version, name", DAMAGED)
def test_corrupt_chunk(version, name, tmp_path):
    values = pixels((6, 30, 41)) // 64
    path = tmp_path / "v.zarr"
    create(path, values, version, (2, 16, 20), compressors=(CODECS_2 if version == 2 else CODECS_3)[name])
    chunk = path / (("c/" if version == 3 else "") + "1/0/1")
    overwrite(chunk, b"\xff\x00\xff" * 12)
    refused(path, tmp_path, chunk)


# Checksums see any change of the bytes.
@pytest.mark.parametrize("version, name", [(2, "gzip"), (2, "zlib"), (2, "zstd-checksum"), (3, "zstd-checksum"),
                                           (3, "crc32c"), (3, "zstd-crc32c")])
def test_one_wrong_bit(version, name, tmp_path):
    path = tmp_path / "v.zarr"
    create(path, pixels((6, 30, 41)), version, (2, 16, 20), compressors=(CODECS_2 if version == 2 else CODECS_3)[name])
    chunk = path / (("c/" if version == 3 else "") + "2/1/1")
    data = chunk.read_bytes()
    middle = len(data) // 2
    overwrite(chunk, bytes([data[middle] ^ 4]), middle)
    refused(path, tmp_path, chunk)


@pytest.mark.parametrize("keep", [0, 1, 0.5, -1])
@pytest.mark.parametrize("version, name", [(2, "raw"), (3, "raw"), *DAMAGED])
def test_truncated_chunk(version, name, keep, tmp_path):
    path = tmp_path / "v.zarr"
    create(path, pixels((6, 30, 41)), version, (2, 16, 20), compressors=(CODECS_2 if version == 2 else CODECS_3)[name])
    chunk = path / (("c/" if version == 3 else "") + "0/1/2")
    size = chunk.stat().st_size
    with open(chunk, "r+b") as file:
        file.truncate(size // 2 if keep == 0.5 else keep % size)
    refused(path, tmp_path, chunk)


@pytest.mark.parametrize("damage", ["index", "chunk", "end"])
def test_damaged_shard(damage, tmp_path):
    path = tmp_path / "v.zarr"
    create(path, pixels((8, 32, 40)), 3, (2, 16, 20), shards=(4, 32, 40), compressors=codecs.GzipCodec())
    shard = path / "c/1/0/0"
    size = shard.stat().st_size
    if damage == "end":
        with open(shard, "r+b") as file:
            file.truncate(size - 40)
    else:
        overwrite(shard, b"\xff\x00\xff" * 12, 0 if damage == "chunk" else size - 60)
    refused(path, tmp_path, shard)


def test_chunk_that_is_too_long(tmp_path):
    path = tmp_path / "v.zarr"
    create(path, pixels((6, 30, 41)), 2, (2, 16, 20), compressors=None)
    with open(path / "0/0/0", "ab") as file:
        file.write(b"\0")
    refused(path, tmp_path, path / "0/0/0")


def test_codec_that_is_not_known(tmp_path):
    path = tmp_path / "v.zarr"
    create(path, pixels((6, 30, 41)), 2, (2, 16, 20), compressors=numcodecs.BZ2())
    refused(path, tmp_path, path, "bz2")


def test_filter_that_is_not_known(tmp_path):
    path = tmp_path / "v.zarr"
    create(path, pixels((6, 30, 41)), 2, (2, 16, 20), filters=[numcodecs.Delta("<u2")])
    refused(path, tmp_path, path, "delta")


@pytest.mark.parametrize("dtype", ["complex64", "U4"])
def test_type_that_is_no_number(dtype, tmp_path):
    path = tmp_path / "v.zarr"
    create(path, np.zeros((6, 30, 41), dtype), 2, (2, 16, 20))
    refused(path, tmp_path, path)


@pytest.mark.parametrize("file, text", [("0/.zarray", "{"), ("0/.zarray", "[]"), ("0/.zarray", '{"zarr_format": 2}'),
                                        ("0/.zarray", "\xff\xfe"), (".zattrs", '{"multiscales": [{"datasets": 3}]}'),
                                        (".zattrs", "{")])
def test_damaged_description(file, text, tmp_path):
    path = tmp_path / "v.zarr"
    create(path / "0", pixels((2, 6, 30, 41)), 2, (1, 2, 16, 20))
    describe(path, [1.0] * 4)
    (path / file).write_text(text, encoding="latin-1")
    refused(path, tmp_path, (path / file).parent)


def test_what_is_not_there(tmp_path):
    refused(tmp_path / "nothing.zarr", tmp_path, tmp_path / "nothing.zarr")
    (tmp_path / "empty.zarr").mkdir()
    refused(tmp_path / "empty.zarr", tmp_path, tmp_path / "empty.zarr")


@pytest.mark.parametrize("dtype", ["uint16", "int32", "int64"])
def test_labels_stay_labels(dtype, tmp_path):
    """Of any integers: their smaller resolutions have no number that is between two."""
    path, copy = tmp_path / "v.zarr", tmp_path / "copy.zarr"
    values = pixels((6, 150, 141), "uint16").astype(dtype)
    create(path / "0", values, 2, (6, 50, 60))
    describe(path, [1.0] * 3, "zyx")
    attributes = json.loads((path / ".zattrs").read_text())
    (path / ".zattrs").write_text(json.dumps({**attributes, "image-label": {"version": "0.4"}}))
    run("convert", "--input", path, "--output", copy)
    levels = zarr.open_group(copy, mode="r")
    np.testing.assert_array_equal(levels["0"][0, 0], values)
    half = levels["1"][0, 0]
    steps = [-(-whole // part) for whole, part in zip(values.shape, half.shape, strict=True)]
    np.testing.assert_array_equal(half, values[::steps[0], ::steps[1], ::steps[2]])
    # OME-Zarr has labels of integers alone.
    assert ("image-label" in levels.attrs) == (dtype == "uint16")
