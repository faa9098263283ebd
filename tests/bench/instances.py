"""Objects scored against true nuclei: Brushwood's default objects beside Otsu and a watershed of the distance."""

import csv
import itertools
import json
import tempfile
from pathlib import Path

import numpy as np
import tifffile
from common import brushwood, print_table, read_zcyx, write_csv
from scipy import ndimage
from skimage import feature, filters, segmentation
from skimage import io as pictures
from strokes import random_strokes

IOU = 0.5
SOURCES = {  # folder of data: (images, file name of an image's objects)
    "dsb2018/images": ("*.png", lambda path: path.parents[1] / "labels" / path.name),
    "s_biad634": ("*_[0-9].png", lambda path: path.with_name(f"{path.stem}_labels.png")),
    "gonuclear": ("*_raw.tif", lambda path: path.with_name(path.name.replace("_raw", "_labels"))),
    "bbbc050_qcanet": ("*_raw.tif", lambda path: path.with_name(path.name.replace("_raw", "_mask"))),
}
NUCLEI = ("fluo_nuclei", "histology_white", "brightfield", "tissue_nuclei", "embryo3d", "nuclei3d")
TRAIN_EVERY = 4  # of the images of a kind, beginning with the first; the others are scored
STROKES = (1200, 40)  # labelled pixels per training image, length of a stroke
MIN_DISTANCES, MIN_SIZES = (5, 7, 10, 15), (30, 64)  # of the baseline, in pixels; the best pair on the whole counts


# ---- true objects ----------------------------------------------------------------------------------------------------

def neighbours(dims):
    return np.ones((3,) * dims)


def components(mask):
    return ndimage.label(mask, neighbours(mask.ndim))[0]


def place(part, whole):
    """Slices of `whole` that equal `part` pixel by pixel, None without; both (..., z, y, x, channel) alike."""
    room = np.array(whole.shape) - part.shape if whole.ndim == part.ndim else np.array([-1])
    if (room < 0).any():
        return None
    random = np.random.default_rng(0)
    starts = np.indices(room + 1).reshape(part.ndim, -1)
    for probe in random.integers(0, part.shape, (64, part.ndim)):
        starts = starts[:, whole[tuple(starts + probe[:, None])] == part[tuple(probe)]]
    for start in starts.T:
        window = tuple(slice(a, a + n) for a, n in zip(start, part.shape))
        if np.array_equal(whole[window], part):
            return window
    return None


class Originals:
    """Images with true objects that tasks were cut from."""

    def __init__(self, folder):
        self.known = []  # (pixels, objects' path, source)
        for source, (pattern, labels_of) in SOURCES.items():
            for path in sorted((Path(folder) / source).glob(pattern)):
                self.known.append((pictures.imread(path), labels_of(path), source.split("/")[0]))

    def objects(self, image, nuclei):
        """(objects, source) of the part of an original that the image is, None where there is none. nuclei: mask
        (z, y, x) that the objects must cover."""
        pixels = tifffile.imread(image)
        for original, labels, source in self.known:
            window = place(pixels, original)
            if window is None:
                continue
            found = pictures.imread(labels)
            found = found[window[:found.ndim]]
            if len(np.unique(found)) == 2:  # a mask
                found = components(found > 0)
            found = found.reshape(nuclei.shape).astype(np.int64)
            if np.array_equal(found > 0, nuclei):
                return found, source
        return None


def true_objects(image, truth, label, originals):
    """(objects (z, y, x), where they are from)"""
    companion = image.with_name(f"{image.stem}_nuclei.tif")
    if companion.exists():
        return read_zcyx(companion)[:, 0].astype(np.int64), "instances beside the image"
    nuclei = read_zcyx(truth)[:, 0] == label
    return originals.objects(image, nuclei) or (components(nuclei), "components of the true class")


# ---- scores ----------------------------------------------------------------------------------------------------------

def match(truth, found):
    """(hits, found too many, missed) of two label images; a hit overlaps with IoU of at least IOU, one to one."""
    rows, truth = np.unique(truth, return_inverse=True)
    columns, found = np.unique(found, return_inverse=True)
    pairs = np.bincount((truth.astype(np.int64) * len(columns) + found).ravel(), minlength=len(rows) * len(columns))
    pairs = pairs.reshape(len(rows), len(columns))
    iou = pairs / (pairs.sum(1, keepdims=True) + pairs.sum(0, keepdims=True) - pairs)
    iou = iou[rows > 0][:, columns > 0]
    hits, taken = 0, set()
    for row in iou:  # above a half there is one candidate, at a half two take turns
        for column in np.flatnonzero(row >= IOU):
            if column not in taken:
                taken.add(column)
                hits += 1
                break
    return np.array((hits, iou.shape[1] - hits, iou.shape[0] - hits))


def average_precision(counts):
    return float(counts[0] / max(1, counts.sum()))


class Score:
    """Of the images of a task, given as `match` counts them."""

    def __init__(self, counts):
        total = np.sum(counts, axis=0)
        self.pooled = average_precision(total)
        self.mean = float(np.mean([average_precision(c) for c in counts]))
        self.f1 = float(2 * total[0] / max(1, 2 * total[0] + total[1] + total[2]))

    def columns(self, who):
        return {f"{who} AP50": self.pooled, f"{who} mean AP50": self.mean, f"{who} F1": self.f1}


# ---- what is scored --------------------------------------------------------------------------------------------------

class Case:
    """A task: images with strokes to learn from, images with true objects to score on."""

    def __init__(self, name, train, test, spacing=None, label=2, classes=2, channel=None):
        self.name, self.train, self.spacing = name, train, spacing
        self.label, self.classes, self.channel = label, classes, channel
        self.test = test  # [(image, objects, where these are from)]

    def spacing_options(self):
        return ["--spacing", ",".join(map(str, self.spacing))] if self.spacing else []


def nucleus_of(names):
    """Place of the name that speaks of nuclei, None without."""
    return next((place for place, name in enumerate(names or []) if "nucle" in name.lower()), None)


def is_about_nuclei(task):
    return task.name in NUCLEI or "nuclei" in task.name or any(task.folder.glob("test/*_nuclei.tif"))


def case_of(task, originals):
    description = json.loads((task.folder / "task.json").read_text())
    classes = description.get("classes", ["background", "nucleus"])
    label = (nucleus_of(classes) or 1) + 1
    test = [(image, *true_objects(image, truth, label, originals)) for image, truth in task.test]
    return Case(task.name, task.train, test, task.spacing, label, len(classes),
                nucleus_of(description.get("channels")))


def as_tiff(path, folder):
    pixels = pictures.imread(path)
    out = folder / f"{path.stem}.tif"
    tifffile.imwrite(out, pixels, photometric="rgb" if pixels.ndim == 3 else "minisblack")
    return out


def cases_of_kinds(data, scratch):
    """A case for each kind of image in dsb2018, trained on simulated strokes."""
    with open(data / "index.csv", newline="", encoding="utf-8") as file:
        kinds = {row["id"]: row["type"] for row in csv.DictReader(file)}
    for kind in dict.fromkeys(kinds.values()):
        names = [name for name in kinds if kinds[name] == kind]
        labels = {name: pictures.imread(data / "labels" / f"{name}.png") for name in names}
        images = {name: as_tiff(data / "images" / f"{name}.png", scratch) for name in names}
        train = []
        for seed, name in enumerate(names[::TRAIN_EVERY]):
            drawn = random_strokes((1 + (labels[name] > 0)).astype(np.uint8)[None], *STROKES, seed)[0]
            train.append((images[name], scratch / f"{name}_strokes.tif"))
            tifffile.imwrite(train[-1][1], drawn)
        yield Case(f"dsb2018 {kind}", train,
                   [(images[name], labels[name][None].astype(np.int64), "dsb2018")
                    for place, name in enumerate(names) if place % TRAIN_EVERY])


# ---- ours and the baseline -------------------------------------------------------------------------------------------

def run_ours(case, features, scratch):
    """[counts] of the images, with the defaults of `brushwood objects`"""
    model, out = scratch / "m.brushwood", scratch / "objects.tif"
    pairs = [a for image, strokes in case.train for a in ("--image", image, "--labels", strokes)]
    brushwood("train", *pairs, "--features", features, "--out", model, "--threads", 1, *case.spacing_options())
    which = ["--classes", case.label] if case.classes > 2 else []
    counts = []
    for image, truth, _ in case.test:
        brushwood("objects", "--model", model, "--input", image, "--output", out, "--threads", 1, *which,
                  *case.spacing_options())
        counts.append(match(truth, read_zcyx(out)[:, 0]))
    return counts


def grey(image, channel):
    """(z, y, x) for the baseline: luminance of colours, else the channel of nuclei, else the first."""
    pixels = read_zcyx(image).astype(np.float64)
    if pixels.shape[1] == 3 and channel is None:
        return np.tensordot(pixels, (0.2125, 0.7154, 0.0721), (1, 0))
    return pixels[:, channel or 0]


def baseline_masks(case):
    """[[mask of each polarity: bright, dark]] per image: Otsu on the smoothed image"""
    masks = []
    for image, _, _ in case.test:
        pixels = grey(image, case.channel)
        sigma = [0 if len(pixels) == 1 else 1 / (case.spacing[0] / case.spacing[2] if case.spacing else 1), 1, 1]
        smooth = ndimage.gaussian_filter(pixels, sigma)
        bright = smooth > filters.threshold_otsu(smooth)
        masks.append([bright, ~bright])
    return masks


def split(mask, spacing, min_distance, min_size):
    """Objects of a mask: small ones removed, watershed of the distance from its peaks."""
    mask = np.squeeze(mask, 0) if len(mask) == 1 else mask
    parts, _ = ndimage.label(mask)
    mask = (np.bincount(parts.ravel()) >= min_size)[parts] & mask
    distance = ndimage.distance_transform_edt(mask, spacing if spacing and mask.ndim == 3 else None)
    peaks = feature.peak_local_max(distance, min_distance=min_distance, labels=ndimage.label(mask)[0],
                                   exclude_border=False)
    seeds = np.zeros(mask.shape, np.int32)
    seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    return segmentation.watershed(-distance, seeds, mask=mask)


def run_baseline(case):
    """{(min distance, min size): [counts]}, each with the polarity that suits it better"""
    masks, scores = baseline_masks(case), {}
    for setting in itertools.product(MIN_DISTANCES, MIN_SIZES):
        tried = [[match(truth, split(both[polarity], case.spacing, *setting).reshape(truth.shape))
                  for both, (_, truth, _) in zip(masks, case.test)] for polarity in (0, 1)]
        scores[setting] = max(tried, key=lambda counts: Score(counts).pooled)
    return scores


def run(tasks, options):
    """Tasks that are not about nuclei are left out. Prints a table; writes build/bench/quality-objects.csv."""
    data = options.data or options.folder.resolve().parent / "data"
    originals, measured = Originals(data), []
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        cases = [case_of(task, originals) for task in tasks if is_about_nuclei(task)]
        if (data / "dsb2018" / "index.csv").exists() and not options.tasks:
            cases += cases_of_kinds(data / "dsb2018", scratch)
        if not cases:
            raise SystemExit(f"no tasks about nuclei in {options.folder}, and no dsb2018 in {data}")
        for case in cases:
            ideal = [match(truth, components(truth > 0)) for _, truth, _ in case.test]
            measured.append((case, Score(run_ours(case, options.features, scratch)), run_baseline(case), Score(ideal)))
            print(f"{case.name} done", flush=True)
    report(measured)


def report(measured):
    settings = list(itertools.product(MIN_DISTANCES, MIN_SIZES))
    best = max(settings, key=lambda s: np.mean([Score(baseline[s]).pooled for _, _, baseline, _ in measured]))
    rows = []
    for case, ours, baseline, ideal in measured:
        other = Score(baseline[best])
        rows.append({"task": case.name} | ours.columns("ours") | other.columns("baseline") |
                    {"AP50 gain": ours.pooled - other.pooled, "ideal mask AP50": ideal.pooled,
                     "truth": "; ".join(dict.fromkeys(source for *_, source in case.test))})
    mean = {key: float(np.mean([row[key] for row in rows])) for key in rows[0] if key not in ("task", "truth")}
    above = sum(row["AP50 gain"] > 0 for row in rows)
    tail = {"task": "mean"} | mean | {"truth": ""}
    print_table([*rows, tail])
    print(f"baseline: Otsu, at least {best[1]} pixels, peaks {best[0]} apart; better polarity of each task. "
          f"ideal: components of the true mask.\nours is above it on {above} of {len(rows)} tasks, "
          f"on average by {mean['AP50 gain']:+.4f}")
    write_csv("quality-objects", [*rows, tail])
