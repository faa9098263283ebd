"""Shared by the benchmarks: tasks on disk, running the command line, scoring, tables."""

import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import tifffile

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("BRUSHWOOD", str(ROOT / "build" / "bin" / "brushwood"))
RESULTS = ROOT / "build" / "bench"
SHARED = ROOT.parent / "shared"
DATA = SHARED / "quality" if (SHARED / "quality").is_dir() else ROOT / "tests" / "data"  # folder of tasks
DEBIAN = "/usr/bin/python3"  # python3-vigra works with Debian's own Python only
# All measure work, not page faults: large pages where the system has them, and a heap that keeps what it was given.
TUNABLES = {"hugetlb": 1, "mmap_max": 0, "trim_threshold": 1 << 40}
ENVIRONMENT = {**os.environ, "GLIBC_TUNABLES": ":".join(f"glibc.malloc.{k}={v}" for k, v in TUNABLES.items())}


class Task:
    """A folder with train/NN.tif + NN_strokes.tif and test/NN.tif + NN_truth.tif."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.name = self.folder.name
        description = json.loads((self.folder / "task.json").read_text())
        self.spacing = description.get("spacing_um_zyx")
        self.train = self.images("train", "strokes")
        self.test = self.images("test", "truth")

    def images(self, part, suffix):
        """[(image, labels or truth)]"""
        return [(p.with_name(p.name.replace(f"_{suffix}", "")), p)
                for p in sorted(self.folder.glob(f"{part}/*_{suffix}.tif"))]

    def spacing_options(self):
        return ["--spacing", ",".join(map(str, self.spacing))] if self.spacing else []


def tasks_of(folder):
    return [Task(p.parent) for p in sorted(Path(folder).glob("*/task.json"))]


def brushwood(*arguments):
    """Runs the program; returns the CPU seconds it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"brushwood {' '.join(map(str, arguments))}\nended with status {done.returncode}: {done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def interpreter(module):
    return DEBIAN if module == "vigra" else sys.executable


def check_installed(peer, module, benchmark):
    python = interpreter(module)
    done = subprocess.run([python, "-c", f"import {module}"], capture_output=True, text=True)
    if done.returncode:
        how = ("apt-get install python3-vigra" if module == "vigra" else
               f"{python} -m pip install -r {Path(__file__).with_name('requirements.txt')}")
        sys.exit(f"The peer {peer} cannot run: {python} cannot import {module}.\n{done.stderr}Install it with: {how}\n"
                 f"(scripts/bench {benchmark} does that), or leave it out with --peers.")


def output_of(command, watch=lambda process: None, environment=ENVIRONMENT):
    """What the command prints to its standard output; `watch` gets the process while it runs."""
    command = [str(word) for word in command]
    with tempfile.TemporaryFile("w+") as messages:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=messages,
                                   text=True, env=environment)
        watch(process)
        output = process.communicate()[0]
        messages.seek(0)
        if process.returncode:
            sys.exit(f"{' '.join(command)}\nended with status {process.returncode}: {messages.read()}{output}")
    return output


def cpu_seconds():
    """CPU seconds of this process and of children that it has waited for."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def read_zcyx(path):
    """(z, channel, y, x) of a TIFF without time."""
    with tifffile.TiffFile(path) as file:
        series = file.series[0]
        pixels, axes = series.asarray(), series.axes.replace("I", "Z").replace("Q", "Z").replace("S", "C")
    for axis in "ZC":
        if axis not in axes:
            pixels, axes = pixels[None], axis + axes
    return pixels.transpose([axes.index(a) for a in "ZCYX"])


class Confusion:
    """Counts of (truth, prediction) over any number of images; truth 0 is not scored."""

    def __init__(self):
        self.counts = np.zeros((256, 256), np.int64)

    def add(self, truth, predicted):
        scored = truth > 0
        pairs = truth[scored].astype(np.int64) * 256 + predicted[scored]
        self.counts += np.bincount(pairs.ravel(), minlength=65536).reshape(256, 256)

    def accuracy(self):
        return np.trace(self.counts) / self.counts.sum()

    def mean_iou(self):
        """Mean over the classes that occur in the truth."""
        hit = np.diag(self.counts)
        union = self.counts.sum(0) + self.counts.sum(1) - hit
        present = self.counts.sum(1) > 0
        return (hit[present] / union[present]).mean()


def write_csv(name, rows):
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    print(f"written: {path}")


def print_table(rows):
    """Rows are dicts with the same keys; floats are shown with 4 digits."""
    cells = [[f"{v:.4f}" if isinstance(v, float) else str(v) for v in row.values()] for row in rows]
    heads = list(rows[0])
    widths = [max(len(h), *(len(c[i]) for c in cells)) for i, h in enumerate(heads)]
    for line in (heads, *cells):
        print("  ".join(text.ljust(w) if i == 0 else text.rjust(w)
                        for i, (text, w) in enumerate(zip(line, widths))), flush=True)
