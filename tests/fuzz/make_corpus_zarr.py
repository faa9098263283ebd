#!/usr/bin/env python3
"""Writes the seeds of fuzz_zarr to corpus/zarr: one small array per codec and kind of description.

Needs numpy and zarr 3. Run it again after adding a kind; the files are kept in the repository.
"""

import json
import tempfile
from pathlib import Path

import numcodecs
import numpy as np
import zarr
from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec, GzipCodec, ShardingCodec, TransposeCodec, ZstdCodec

FOLDER = Path(__file__).parent / "corpus" / "zarr"
SIZE, CHUNK = (3, 7, 9), (2, 4, 6)

OLD = {
    "raw": dict(compressors=None),
    "raw_be_f": dict(dtype=">f4", order="F", fill_value=float("nan"), compressors=None),
    "blosc": dict(compressors=numcodecs.Blosc("lz4", 5, numcodecs.Blosc.BITSHUFFLE)),
    "blosc_zstd": dict(dtype="<i2", compressors=numcodecs.Blosc("zstd", 3)),
    "zlib": dict(dtype="|b1", compressors=numcodecs.Zlib(1)),
    "gzip": dict(dtype="<f8", compressors=numcodecs.GZip(1)),
    "zstd": dict(dtype="<i8", compressors=numcodecs.Zstd(1)),
    "lz4": dict(dtype="<f2", compressors=numcodecs.LZ4()),
}
LITTLE = BytesCodec(endian="little")
NEW = {
    "raw": dict(compressors=None, dimension_names=("c", "y", "x")),
    "big_gzip": dict(dtype="float32", serializer=BytesCodec(endian="big"), compressors=GzipCodec(level=1)),
    "transpose_zstd": dict(filters=[TransposeCodec(order=(2, 0, 1))], compressors=ZstdCodec(level=1, checksum=True)),
    "blosc_crc": dict(compressors=[BloscCodec(cname="zstd", clevel=1), Crc32cCodec()]),
    "shards": dict(compressors=None, serializer=ShardingCodec(chunk_shape=(1, 2, 6), codecs=[LITTLE, ZstdCodec()])),
    "shards_start": dict(
        compressors=None,
        serializer=ShardingCodec(chunk_shape=(2, 2, 3), codecs=[LITTLE], index_codecs=[LITTLE], index_location="start"),
    ),
}
IMAGE = {
    "multiscales": [
        {
            "axes": [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"],
            "datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [2, 0.5, 0.5]}]}],
        }
    ],
    "omero": {"channels": [{"label": "DAPI"}]},
}


def pack(version, options, path):
    """Description, attributes and the first chunk of an array, as fuzz_zarr takes them."""
    options = dict(dtype="uint16") | options
    if version == 2:
        options |= dict(filters=None, chunk_key_encoding={"name": "v2", "separator": "/"})
    array = zarr.create_array(path, shape=SIZE, chunks=CHUNK, zarr_format=version, **options)
    array[...] = (np.arange(np.prod(SIZE)) % 200).reshape(SIZE)
    description = json.loads((path / (".zarray" if version == 2 else "zarr.json")).read_text())
    new = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"version": "0.5"} | IMAGE}}
    parts = [json.dumps(description, separators=(",", ":")), json.dumps(IMAGE if version == 2 else new)]
    chunk = (path / ("0/0/0" if version == 2 else "c/0/0/0")).read_bytes()
    return str(version).encode() + b"".join(part.encode() + b"\0" for part in parts) + chunk


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for version, seeds in ((2, OLD), (3, NEW)):
        for name, options in seeds.items():
            with tempfile.TemporaryDirectory() as scratch:
                (FOLDER / f"v{version}_{name}").write_bytes(pack(version, options, Path(scratch) / "a"))


if __name__ == "__main__":
    main()
