"""How quality grows while a user corrects: strokes are added round by round, at places chosen in three ways."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import tifffile
from common import RESULTS, Confusion, brushwood, print_table, read_zcyx, write_csv
from scipy import ndimage
from strokes import line, paint

LENGTH = 20  # of a stroke in pixels
SMOOTHING = 4  # sigma in pixels: the guide points at doubtful places, not at doubtful pixels
PLACES = {"error": "largest wrong region", "guide": "most uncertain place", "random": "random place"}


class Picture:
    """A training image with its truth, and the probabilities of the latest model."""

    def __init__(self, image, strokes):
        self.image, self.strokes = image, read_zcyx(strokes)[:, 0]
        self.truth = read_zcyx(image.with_name(f"{image.stem}_truth.tif"))[:, 0]
        self.probabilities = None  # (z, class, y, x)

    def wrong(self, label):
        return (self.truth == label) & (self.probabilities.argmax(axis=1) + 1 != label)

    def uncertainty(self):
        """1 - margin of the two best classes, smoothed within each plane."""
        best = np.sort(self.probabilities, axis=1)
        return ndimage.gaussian_filter(1 - (best[:, -1] - best[:, -2]), (0, SMOOTHING, SMOOTHING))


# ---- where the next stroke goes: (index of the picture, plane, weights of the plane for `line`, start), or None ------

def along_middle(region):
    """Distance to the region's edge: a line keeps to its middle."""
    return ndimage.distance_transform_edt(np.pad(region, 1))[1:-1, 1:-1]


def at_error(pictures, free, label, random):
    """Along the middle of the largest wrong region of a plane; where the region ends, the line goes on in its class."""
    best = (0, None)
    for index, picture in enumerate(pictures):
        wrong = picture.wrong(label) & free[index]
        for plane in np.flatnonzero(wrong.any(axis=(1, 2))):
            parts, _ = ndimage.label(wrong[plane])
            sizes = np.bincount(parts.ravel())
            sizes[0] = 0
            if sizes.max() > best[0]:
                best = (sizes.max(), (index, plane, parts == sizes.argmax()))
    if best[1] is None:  # nothing to correct
        return at_random(pictures, free, label, random)
    index, plane, region = best[1]
    depth = along_middle(region)
    start = np.unravel_index(depth.argmax(), depth.shape)
    return index, plane, depth, start


def at_guide(pictures, free, label, random):
    """The most uncertain place of the class."""
    del random
    doubts = [np.where(mask, picture.uncertainty(), -1) for picture, mask in zip(pictures, free)]
    index = int(np.argmax([doubt.max() for doubt in doubts]))
    plane, *start = np.unravel_index(doubts[index].argmax(), doubts[index].shape)
    return index, plane, doubts[index][plane], start


def at_random(pictures, free, label, random):
    counts = np.array([np.count_nonzero(mask) for mask in free])
    index = int(random.choice(len(counts), p=counts / counts.sum()))
    plane, *start = np.unravel_index(random.choice(np.flatnonzero(free[index])), free[index].shape)
    return index, plane, random.uniform(size=free[index][plane].shape), start


PLACERS = {"error": at_error, "guide": at_guide, "random": at_random}


def add_stroke(pictures, labels, label, placer, random):
    free = [(picture.truth == label) & (marks == 0) for picture, marks in zip(pictures, labels)]
    if not any(mask.any() for mask in free):
        return
    index, plane, weights, start = placer(pictures, free, label, random)
    mine = pictures[index].truth[plane] == label
    labels[index][plane][paint(line(mine, weights, [int(n) for n in start], LENGTH), mine)] = label


def first_strokes(pictures, random):
    """One of the task's own strokes per class and image."""
    labels = [np.zeros_like(picture.strokes) for picture in pictures]
    for picture, marks in zip(pictures, labels):
        for label in np.unique(picture.strokes[picture.strokes > 0]):
            parts, count = ndimage.label(picture.strokes == label, np.ones((3, 3, 3)))
            marks[parts == random.integers(1, count + 1)] = label
    return labels


# ---- a course of rounds ----------------------------------------------------------------------------------------------

class Course:
    """Trains on labels and scores on the test images, in a folder of its own."""

    def __init__(self, task, options, seed, folder):
        self.task, self.options, self.seed, self.folder = task, options, seed, Path(folder)
        self.model, self.out = self.folder / "m.brushwood", self.folder / "out.tif"

    def predict(self, image, kind):
        brushwood("predict", "--model", self.model, "--input", image, "--output", self.out, "--export", kind,
                  "--threads", 1, *self.task.spacing_options())
        return read_zcyx(self.out)

    def train(self, pictures, labels):
        pairs = []
        for index, (picture, marks) in enumerate(zip(pictures, labels)):
            path = self.folder / f"labels_{index}.tif"
            tifffile.imwrite(path, marks[0] if len(marks) == 1 else marks, imagej=True,
                             metadata={"axes": "YX" if len(marks) == 1 else "ZYX"})
            if marks.any():
                pairs += ["--image", picture.image, "--labels", path]
        brushwood("train", *pairs, "--features", self.options.features, "--seed", self.seed, "--threads", 1,
                  "--out", self.model, *self.task.spacing_options())

    def score(self):
        score = Confusion()
        for image, truth in self.task.test:
            score.add(read_zcyx(truth)[:, 0], self.predict(image, "labels")[:, 0])
        return score.mean_iou()

    def look(self, pictures):
        for picture in pictures:
            picture.probabilities = self.predict(picture.image, "probabilities")

    def run(self, place, labels):
        """[{round, labelled, mIoU}] from the first strokes on."""
        pictures, labels = [Picture(*pair) for pair in self.task.train], [marks.copy() for marks in labels]
        classes = [int(c) for c in np.unique(np.concatenate([p.strokes.ravel() for p in pictures])) if c]
        random = np.random.default_rng((self.seed, list(PLACES).index(place)))
        found = []
        for number in range(self.options.rounds + 1):
            if number:
                self.look(pictures)
                for label in classes:
                    add_stroke(pictures, labels, label, PLACERS[place], random)
            self.train(pictures, labels)
            found.append({"round": number, "labelled": sum(int(np.count_nonzero(m)) for m in labels),
                          "mIoU": float(self.score())})
        return found


def run_task(task, seed, options):
    first = first_strokes([Picture(*pair) for pair in task.train], np.random.default_rng(seed))
    rows = []
    for place in PLACES:
        with TemporaryDirectory() as folder:
            found = Course(task, options, seed, folder).run(place, first)
        rows += [{"task": task.name, "seed": seed, "place": place} | row for row in found]
    print(f"{task.name}, seed {seed}: done", flush=True)
    return rows


# ---- results ---------------------------------------------------------------------------------------------------------

def means(rows, place, value, rounds):
    """Over tasks and seeds, of each round."""
    return [float(np.mean([row[value] for row in rows if row["place"] == place and row["round"] == number]))
            for number in range(rounds + 1)]


def change_errors(rows, place, rounds):
    """Standard error over tasks and seeds of the change of mean IoU since round 0, of each round."""
    courses = np.array([[row["mIoU"] for row in rows if row["place"] == place and row["round"] == number]
                        for number in range(rounds + 1)])
    changes = courses - courses[0]
    return changes.std(axis=1, ddof=1) / np.sqrt(changes.shape[1]) if changes.shape[1] > 1 else np.zeros(rounds + 1)


def plot(rows, rounds, path):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(figsize=(9, 5), dpi=100)
    numbers = np.arange(rounds + 1)
    for shift, place, colour, marker in zip((-0.05, 0, 0.05), PLACES, ("#0072b2", "#e69f00", "#767676"), "osD"):
        axes.errorbar(numbers + shift, means(rows, place, "mIoU", rounds), change_errors(rows, place, rounds),
                      color=colour, marker=marker, linewidth=2, elinewidth=1, capsize=4, label=PLACES[place])
    axes.set_xlabel("rounds of correction: one more stroke per class each")
    axes.set_ylabel("mean IoU on the test images")
    tasks, seeds = (len({row[key] for row in rows}) for key in ("task", "seed"))
    axes.set_title(f"Mean IoU as strokes are added (tasks: {tasks}, seeds: {seeds})\n"
                   "bars: standard error of the change since round 0", fontsize="medium")
    axes.set_xticks(numbers)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, title="next stroke at the")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    print(f"written: {path}")


def run(tasks, options):
    with ThreadPoolExecutor(2) as pool:  # each starts programs of one thread
        jobs = [pool.submit(run_task, task, seed, options) for seed in range(options.seeds) for task in tasks]
        rows = [row for job in jobs for row in job.result()]
    heads = [f"round {number}" for number in range(options.rounds + 1)]
    print("\nmean IoU on the test images, mean over tasks and seeds:")
    print_table([{"next stroke at the": PLACES[place]} | dict(zip(heads, means(rows, place, "mIoU", options.rounds)))
                 for place in PLACES])
    print("\nstandard error of its change since round 0:")
    print_table([{"next stroke at the": PLACES[place]} |
                 dict(zip(heads, map(float, change_errors(rows, place, options.rounds)))) for place in PLACES])
    print("\nlabelled pixels:")
    print_table([{"next stroke at the": PLACES[place]} |
                 {head: round(n) for head, n in zip(heads, means(rows, place, "labelled", options.rounds))}
                 for place in PLACES])
    write_csv("quality-rounds", rows)
    plot(rows, options.rounds, options.plot or RESULTS / "quality-rounds.png")
