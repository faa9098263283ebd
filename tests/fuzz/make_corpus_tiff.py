#!/usr/bin/env python3
"""Writes the seeds of fuzz_tiff to corpus/tiff: one small file per kind of TIFF that the reader knows.

Needs numpy, tifffile and imagecodecs. Run it again after adding a kind; the files are kept in the repository.
"""

from pathlib import Path

import numpy as np
import tifffile

FOLDER = Path(__file__).parent / "corpus" / "tiff"


def ramp(*shape, dtype):
    return (np.arange(np.prod(shape)) % 251).reshape(shape).astype(dtype)


IMAGEJ = {"axes": "TZCYX", "unit": "um", "spacing": 2.0, "finterval": 3.0, "Labels": ["a", "b", "c", "d"]}
OME = {"axes": "CZYX", "PhysicalSizeX": 0.2, "PhysicalSizeY": 0.2, "PhysicalSizeZ": 1.0}
SEEDS = {
    "u8": (ramp(5, 7, dtype="u1"), {}),
    "u16_be_lzw": (ramp(5, 7, dtype="u2"), dict(byteorder=">", compression="lzw", predictor=True)),
    "f32_zip_p3": (ramp(5, 7, dtype="f4"), dict(compression="zlib", predictor=True)),
    "f16": (ramp(5, 7, dtype="f2"), {}),
    "f64_zstd": (ramp(5, 7, dtype="f8"), dict(compression="zstd")),
    "i16_packbits": (ramp(5, 7, dtype="i2"), dict(compression="packbits")),
    "bits": (ramp(5, 17, dtype="u1") > 100, dict(photometric="minisblack")),
    "bits12": (ramp(5, 7, dtype="u2"), dict(bitspersample=12)),
    "rgb": (ramp(5, 7, 3, dtype="u1"), dict(photometric="rgb")),
    "rgb_planar": (ramp(3, 5, 7, dtype="u1"), dict(photometric="rgb", planarconfig="separate")),
    "rgba_tiles": (ramp(20, 17, 4, dtype="u1"), dict(photometric="rgb", tile=(16, 16), compression="lzw")),
    "palette": (ramp(5, 7, dtype="u1"), dict(photometric="palette", colormap=ramp(3, 256, dtype="u2"))),
    "jpeg": (ramp(16, 16, 3, dtype="u1"), dict(photometric="ycbcr", compression="jpeg", subsampling=(2, 2))),
    "big": (ramp(2, 5, 7, dtype="u1"), dict(bigtiff=True, photometric="minisblack")),
    "imagej": (ramp(1, 2, 2, 4, 5, dtype="u2"), dict(imagej=True, resolution=(5, 5), metadata=IMAGEJ)),
    "imagej_be": (ramp(1, 2, 2, 4, 5, dtype="u1"), dict(imagej=True, byteorder=">", metadata=IMAGEJ)),
    "ome": (ramp(2, 2, 4, 5, dtype="u1"), dict(ome=True, photometric="minisblack", metadata=OME)),
}


def one_directory(path):
    """ImageJ's layout above 4 GiB: the description counts the planes behind the first."""
    text = "ImageJ=1.54p\nimages=3\nslices=3\n"
    tifffile.imwrite(path, ramp(4, 5, dtype="u2"), description=text, metadata=None, software=False)
    with open(path, "ab") as file:
        file.write(ramp(2, 4, 5, dtype="u2").tobytes())


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, (array, options) in SEEDS.items():
        options = {"software": False, "metadata": None, **options}
        tifffile.imwrite(FOLDER / f"{name}.tif", array, **options)
    one_directory(FOLDER / "one_directory.tif")
    print(f"{len(list(FOLDER.glob('*.tif')))} seeds, {sum(p.stat().st_size for p in FOLDER.glob('*.tif'))} bytes")


if __name__ == "__main__":
    main()
