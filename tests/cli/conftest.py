"""Helpers for black-box tests of the `brushwood` command line.

BRUSHWOOD names the program (default: build/bin/brushwood of this tree).
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"
PROGRAM = os.environ.get("BRUSHWOOD", str(ROOT / "build" / "bin" / "brushwood"))
SMALL = "gaussian:1,3.5;gradient:1.6;hessian:1"

sys.path.insert(0, str(ROOT / "tests" / "peers"))


def run(*arguments, code=0, env=None, cwd=None):
    """Runs the program, expects the exit status and returns the finished process (text output)."""
    command = [PROGRAM, *map(str, arguments)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, cwd=cwd,
                          env={**os.environ, **(env or {})})
    assert done.returncode == code, f"{command}: status {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


class Task:
    """One folder of tests/data."""

    def __init__(self, name):
        self.name = name
        self.folder = DATA / name
        self.description = json.loads((self.folder / "task.json").read_text())
        self.classes = self.description["classes"]
        self.train = self.images("train", "strokes")
        self.test = self.images("test", "truth")

    def images(self, part, suffix):
        """Paths of the images that have a companion with this suffix."""
        found = sorted(self.folder.glob(f"{part}/*_{suffix}.tif"))
        return [p.with_name(p.name.replace(f"_{suffix}", "")) for p in found]

    @staticmethod
    def beside(image, suffix):
        return image.with_name(f"{image.stem}_{suffix}.tif")

    def training_options(self):
        for image in self.train:
            yield from ("--image", image, "--labels", self.beside(image, "strokes"))
        for name in self.classes:
            yield from ("--class", name)


TASKS = ("nuclei", "histology", "embryo3d", "cells3d_2ch")


def train(task, out, *options, features=SMALL, **keywords):
    return run("train", *task.training_options(), "--features", features, "--out", out, *options, **keywords)


def predict(model, image, out, kind, *options, **keywords):
    return run("predict", "--model", model, "--input", image, "--output", out, "--export", kind, *options, **keywords)


def write(path, pixels, **options):
    """A plain TIFF; (z, y, x) becomes a page per slice."""
    tifffile.imwrite(path, pixels, metadata=None, photometric=options.pop("photometric", "minisblack"), **options)
    return path


@pytest.fixture(scope="session")
def tasks():
    return {name: Task(name) for name in TASKS}


@pytest.fixture(scope="session")
def models(tasks, tmp_path_factory):
    """A small model of every task, trained once."""
    folder = tmp_path_factory.mktemp("models")
    paths = {}
    for name, task in tasks.items():
        paths[name] = folder / f"{name}.brushwood"
        train(task, paths[name], "--trees", 20)
    return paths


@pytest.fixture(scope="session")
def blob(tmp_path_factory):
    """A noisy disc with strokes: (image path, labels path, pixels, labels)."""
    folder = tmp_path_factory.mktemp("blob")
    y, x = np.mgrid[0:60, 0:70]
    disc = (y - 30) ** 2 + (x - 35) ** 2 < 200
    pixels = np.where(disc, 150, 60).astype(np.int64) + np.random.default_rng(1).integers(-20, 20, disc.shape)
    labels = np.zeros(disc.shape, np.uint8)
    labels[5:8, 5:60] = 1
    labels[28:32, 28:42] = 2
    image, strokes = folder / "blob.tif", folder / "blob_strokes.tif"
    write(image, pixels.astype(np.uint8))
    write(strokes, labels)
    return image, strokes, pixels.astype(np.uint8), labels
