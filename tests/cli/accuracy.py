"""How far the program's feature values are from the double-precision reference: measuring, limits and the table.

    accuracy.py                           prints the table
    accuracy.py --write docs/accuracy.md  writes the document

It needs the packages of tests/requirements.txt. From the root of the tree:

    bash -c '. scripts/common.sh; "$(python_env tests/requirements.txt)" -B tests/cli/accuracy.py'
"""

import argparse
import tempfile
from collections import namedtuple
from pathlib import Path

import numpy as np
import tifffile
from conftest import DATA, run

import reference  # conftest puts its folder on the path

SCALES = ((0.7, 1.6, 3.5, 5, 10), (0.7, 1.6, 3.5, 5))
RADII = ((1, 3, 8), (1, 2, 4))
NONE = ((0,), (0,))
PARAMETERS = {  # row -> parameters in 2D, in 3D: fine, middle and large, within the row's range
    "original": NONE, "gaussian": SCALES, "laplacian": SCALES, "gradient": SCALES, "dog": SCALES, "structure": SCALES,
    "hessian": SCALES, "mean": RADII, "variance": RADII, "minimum": RADII, "maximum": RADII, "median": RADII,
    "normalised": ((1.6, 5, 10), (1.6, 5)), "coherence": SCALES, "energy": SCALES, "determinant": SCALES,
    "frangi": SCALES, "membrane": NONE, "gabor": ((1.6, 3.5, 10), (1.6, 3.5)), "entropy": RADII,
    "bilateral": ((0.7, 1.6, 5), (0.7, 1.6)), "kuwahara": RADII, "perona_malik": ((0.7, 1.6, 3.5), (0.7, 1.6)),
    "hsb": NONE, "stain_he": NONE, "stain_hdab": NONE,
}
# Power of the image's unit that a row has, where it is not 1; None: as many as the image has dimensions.
POWERS = {"structure": 2, "variance": 2, "normalised": 0, "coherence": 0, "energy": 2, "determinant": None,
          "entropy": 0}
MODES = {"exact": "exact;", "default": ""}
EXACT_MAXIMUM, DEFAULT_RMS = 1e-5, 5e-3  # of the feature's standard deviation
FLAT_MAXIMUM = 1e-5  # of the image's standard deviation, for features that are constant
KINDS = ("closed forms", "real images")

# kind: one of KINDS; channels: arrays (y, x) or (z, y, x), one or three; spacing: x, y, z.
Picture = namedtuple("Picture", "name kind channels spacing")
# maximum, rms: of the feature's standard deviation, or of the image's when the feature is constant (flat).
Deviation = namedtuple("Deviation", "row parameter output picture kind mode maximum rms flat")


# ---- images ----------------------------------------------------------------------------------------------------------

def quantised(pixels):
    """Multiples of 1/64: sums of squares are exact, so that Kuwahara's boxes tie here as in the definition."""
    return (np.rint(pixels * 64) / 64).astype(np.float32)


def closed_forms(shape):
    """Impulse, ramp, plane wave and Gaussian profile. The impulse stands on a ramp: there every ratio is defined."""
    where = np.meshgrid(*(np.arange(n, dtype=float) for n in shape), indexing="ij")[::-1]
    ramp = sum(slope * x for slope, x in zip((3, 2, 1), where))
    impulse = ramp.copy()
    impulse[tuple(n // 2 for n in shape)] += 1000
    wave = 100 * np.cos(sum(w * x for w, x in zip((0.37, 0.23, 0.1), where)) + 0.4)
    square = sum((x - n / 2 + 0.2) ** 2 for x, n in zip(where, shape[::-1]))
    ball = 1000 * np.exp(-square / (2 * (0.2 * shape[-1]) ** 2))
    ends = " 2D" if len(shape) == 2 else " 3D"
    named = {"impulse": impulse, "ramp": ramp, "wave": wave, "disc" if len(shape) == 2 else "sphere": ball}
    return [Picture(name + ends, KINDS[0], [quantised(image)], (1, 1, 1)) for name, image in named.items()]


def real_images():
    nuclei = tifffile.imread(DATA / "nuclei" / "test" / "00.tif")
    tissue = tifffile.imread(DATA / "histology" / "test" / "00.tif")
    embryo = tifffile.imread(DATA / "embryo3d" / "test" / "00.tif")[:, 16:80, 12:84]
    return [Picture("nuclei", KINDS[1], [nuclei], (1, 1, 1)),
            Picture("tissue, RGB", KINDS[1], list(np.moveaxis(tissue, -1, 0)), (1, 1, 1)),
            Picture("embryo 3D", KINDS[1], [embryo], (1, 1, 2))]


def pictures():
    return closed_forms((200, 180)) + closed_forms((26, 42, 48)) + real_images()


# ---- measuring -------------------------------------------------------------------------------------------------------

def features_of(picture, rows):
    """[(row, parameter)] that the picture is measured with, in canonical order."""
    dims = picture.channels[0].ndim
    return [(row, parameter) for row in reference.ROWS if row in rows
            if row not in reference.RGB_ROWS or len(picture.channels) == 3 for parameter in PARAMETERS[row][dims - 2]]


def recipe(features):
    """Feature list in the program's notation."""
    return ";".join(f"{row}:{parameter:g}" if parameter else row for row, parameter in features)


def expected(picture, features):
    """(row, parameter, output, values) in the order of the program's channels."""
    for row, parameter in features:
        inputs = [np.stack(picture.channels)] if row in reference.RGB_ROWS else picture.channels
        for channel in inputs:
            for number, values in enumerate(reference.compute(row, channel, parameter, picture.spacing)):
                yield row, parameter, number, values


def computed(picture, text, folder):
    """(feature, [z,] y, x) that the program computes."""
    source, target = folder / "image.tif", folder / "features.tif"
    rgb = len(picture.channels) == 3
    pixels = np.stack(picture.channels, axis=-1) if rgb else picture.channels[0]
    tifffile.imwrite(source, pixels, metadata=None, photometric="rgb" if rgb else "minisblack")
    run("features", "--image", source, "--out", target, "--features", text,
        "--spacing", ",".join(map(str, picture.spacing[::-1])))
    shape = picture.channels[0].shape
    pages = tifffile.imread(target, key=slice(None))
    pages = pages.reshape(shape[0] if len(shape) == 3 else 1, -1, *shape[-2:])
    return np.moveaxis(pages, 1, 0).reshape(-1, *shape).astype(np.float64)


def deviation(picture, mode, row, parameter, output, ours, truth):
    dims = truth.ndim
    power = POWERS.get(row, 1)
    unit = max(channel.std(dtype=np.float64) for channel in picture.channels) ** (dims if power is None else power)
    flat = bool(truth.std() <= 1e-13 * unit)
    scale = unit if flat else truth.std()
    error = np.abs(ours - truth) / scale
    # Not a number compares as too far.
    maximum, rms = (float(np.nan_to_num(e, nan=np.inf)) for e in (error.max(), np.sqrt((error**2).mean())))
    return Deviation(row, parameter, output, picture.name, picture.kind, mode, maximum, rms, flat)


def measure(rows=reference.ROWS, modes=tuple(MODES)):
    """Deviations of every row, parameter and output on every picture."""
    found = []
    for picture in pictures():
        features = features_of(picture, rows)
        truths = list(expected(picture, features))
        for mode in modes:
            with tempfile.TemporaryDirectory() as folder:
                ours = computed(picture, MODES[mode] + recipe(features), Path(folder))
            assert len(ours) == len(truths), f"{picture.name}: {len(ours)} features, not {len(truths)}"
            for values, (row, parameter, output, truth) in zip(ours, truths):
                found.append(deviation(picture, mode, row, parameter, output, values, truth))
    return found


def too_far(found):
    """Those beyond their limit."""
    def within(d):
        if d.flat:
            return d.maximum <= FLAT_MAXIMUM
        return d.maximum <= EXACT_MAXIMUM if d.mode == "exact" else d.rms <= DEFAULT_RMS
    return [d for d in found if not within(d)]


# ---- the document ----------------------------------------------------------------------------------------------------

TEXT = """# Accuracy of the features

How far feature values are from their definition in double precision (`tests/peers/reference.py`).
`tests/cli/test_accuracy.py` measures this and holds it to the limits. A deviation is given in standard deviations (SD)
of the feature image that it belongs to; each figure is the worst of all parameters, outputs and images.

- *exact* is a feature list with the item `exact`: no value is further than 1e-5 SD from its definition.
- *default* is a list without it: the root mean square (RMS) of a feature's deviation is at most 0.5 % of its SD.
- Closed forms: impulse on a ramp, ramp, plane wave and Gaussian profile (disc, sphere), in 2D and 3D.
- Real images: `nuclei/test/00.tif`, `histology/test/00.tif` (RGB) and a part of `embryo3d/test/00.tif` (3D, taken as if
  its voxels were twice as high as wide), all below `tests/data`.
- An output that the definition makes constant, such as the Hessian determinant of a ramp, has no SD. Its values are
  within 1e-5 of the image's SD; the table leaves it out.
- Values are 32-bit floats in the end; that alone is up to 6e-8 of the largest value.

`tests/cli/accuracy.py --write docs/accuracy.md` writes this document.

"""
HEADINGS = ["row", "parameters 2D", "3D"] + [f"{mode} {measure}, {kind}" for mode in MODES for measure in ("max", "RMS")
                                             for kind in KINDS]


def worst(found, row):
    """{(mode, measure, kind): largest deviation} of a row, None where it was not measured."""
    out = {}
    for mode in MODES:
        for field in ("maximum", "rms"):
            for kind in KINDS:
                out[mode, field, kind] = max((getattr(d, field) for d in found if not d.flat and
                                              (d.row, d.mode, d.kind) == (row, mode, kind)), default=None)
    return out


def number(value):
    return "-" if value is None else "0" if value == 0 else f"{value:.1e}"


def listed(parameters):
    return ", ".join(f"{p:g}" for p in parameters) if parameters != (0,) else "-"


def table(found):
    lines = ["| " + " | ".join(HEADINGS) + " |", "|" + "---|" * len(HEADINGS)]
    for row in reference.ROWS:
        flat, solid = PARAMETERS[row]
        cells = [f"`{row}`", listed(flat), listed(solid), *map(number, worst(found, row).values())]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def documented(text):
    """{row: [figures]} of a document's table, None where it has a dash."""
    rows = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == len(HEADINGS) and cells[0].startswith("`"):
            rows[cells[0].strip("`")] = [None if cell == "-" else float(cell) for cell in cells[3:]]
    return rows


def main():
    parser = argparse.ArgumentParser(description="Accuracy of the features.")
    parser.add_argument("--write", metavar="FILE", type=Path,
                        help="document to write; without it, the table is printed")
    target = parser.parse_args().write
    found = measure()
    for d in too_far(found):
        print(f"beyond its limit: {d}")
    if target:
        target.write_text(TEXT + table(found), encoding="utf-8")
    else:
        print(table(found), end="")
    return 1 if too_far(found) else 0


if __name__ == "__main__":
    raise SystemExit(main())
