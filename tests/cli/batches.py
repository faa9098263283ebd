"""Helpers for tests of `predict` with many images."""

import csv
import subprocess

import numpy as np
import tifffile
from conftest import PROGRAM, run, write

CLASSES = ("=back, ground", 'nuc"leus')


def pixels(height=40, width=50, seed=1):
    """A noisy disc on a darker ground, uint8."""
    y, x = np.mgrid[0:height, 0:width]
    disc = (y - height / 2) ** 2 + (x - width / 2) ** 2 < min(height, width) ** 2 / 9
    return (np.where(disc, 150, 60) + np.random.default_rng(seed).integers(-20, 20, disc.shape)).astype(np.uint8)


def make_model(folder):
    """A model of three small trees."""
    strokes = np.zeros((40, 50), np.uint8)
    strokes[3:5, 3:47] = 1
    strokes[19:22, 20:30] = 2
    image, labels, model = (folder / name for name in ("train.tif", "strokes.tif", "m.brushwood"))
    write(image, pixels())
    write(labels, strokes)
    run("train", "--image", image, "--labels", labels, "--features", "gaussian:1", "--trees", 3, "--class", CLASSES[0],
        "--class", CLASSES[1], "--out", model)
    return model


def make_images(folder, names, **size):
    """Images that differ from one another."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write(folder / name, pixels(seed=i, **size))
    return folder


def command(model, out, *inputs):
    return [PROGRAM, "predict", "--model", str(model), "--output-folder", str(out), *map(str, inputs)]


def batch(model, out, *inputs, code=0, **keywords):
    return run("predict", "--model", model, "--output-folder", out, *inputs, code=code, **keywords)


def table(path):
    """Rows of a table as dictionaries, keyed by file; lines end with \\n alone."""
    text = path.read_bytes().decode("utf-8")
    assert "\r" not in text and text.endswith("\n")
    with path.open(encoding="utf-8", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file, strict=True)}


def statuses(path):
    return {name: row["status"] for name, row in table(path).items()}


def results(folder):
    """Relative path -> bytes of all files but tables."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*"))
            if p.is_file() and p.suffix != ".csv"}


def parts(folder):
    return sorted(p.name for p in folder.rglob("*.part"))


def decode(path):
    return tifffile.imread(path, key=slice(None))


def start(arguments, **keywords):
    return subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, **keywords)
