"""`brushwood compare` against scikit-image, scikit-learn and the published definition of StarDist's matching.

Frames are images of their own: the references get them one by one.
"""

import csv
import json
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile
from conftest import run, write
from scipy import ndimage
from scipy.optimize import linear_sum_assignment
from skimage.metrics import adapted_rand_error, variation_of_information
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, jaccard_score

THRESHOLDS = [0.5 + 0.05 * k for k in range(10)]
SHARES = ("precision", "recall", "f1", "accuracy", "mean_matched_score", "mean_true_score", "panoptic_quality")
COUNTS = ("n_true", "n_pred", "tp", "fp", "fn")


# ---- definitions -----------------------------------------------------------------------------------------------------

def overlaps(truth, result):
    """Pixels that pairs of objects share; sizes of the objects."""
    a, a_sizes = np.unique(truth[truth > 0], return_counts=True)
    b, b_sizes = np.unique(result[result > 0], return_counts=True)
    both = np.array([[np.count_nonzero((truth == i) & (result == j)) for j in b] for i in a]).reshape(len(a), len(b))
    return both, a_sizes, b_sizes


def from_counts(n_true, n_pred, tp, matched_iou):
    """The scores of stardist.matching; 0 where there is nothing to divide by."""
    fp, fn = n_pred - tp, n_true - tp

    def share(part, whole):
        return part / whole if whole > 0 else 0

    return {"n_true": n_true, "n_pred": n_pred, "tp": tp, "fp": fp, "fn": fn, "precision": share(tp, n_pred),
            "recall": share(tp, n_true), "f1": share(2 * tp, n_true + n_pred), "accuracy": share(tp, tp + fp + fn),
            "mean_matched_score": share(matched_iou, tp), "mean_true_score": share(matched_iou, n_true),
            "panoptic_quality": share(matched_iou, tp + fp / 2 + fn / 2)}


def match(truth, result, threshold):
    """(objects of truth and result, hits, their summed IoU) by optimal assignment."""
    both, a, b = overlaps(truth, result)
    if not both.size:
        return len(a), len(b), 0, 0
    iou = both / (a[:, None] + b[None] - both)
    fits = iou >= threshold - 1e-12  # thresholds such as 0.55 are not exact
    rows, columns = linear_sum_assignment(-fits.astype(float) - iou / (2 * min(iou.shape)))
    hit = fits[rows, columns]
    return len(a), len(b), int(hit.sum()), float(iou[rows, columns][hit].sum())


def parted(both, sizes):
    return int(((both > 0.1 * sizes[:, None]).sum(axis=1) >= 2).sum())


def planes(image, frames):
    return list(image) if frames else [image]


# ---- images ----------------------------------------------------------------------------------------------------------

def blobs(shape, objects, seed, highest=None):
    """Labels of nearest random points, with a background; some ids are left out."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(0, 1, (objects, len(shape))) * shape
    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1)
    distance = ((grid[..., None, :] - points) ** 2).sum(-1)
    ids = rng.permutation(np.arange(1, (highest or 3 * objects) + 1))[:objects]
    labels = ids[distance.argmin(-1)]
    return np.where(distance.min(-1) < np.prod(shape) ** (2 / len(shape)) / objects / 4, labels, 0)


def disturbed(labels, seed):
    """Shifted, with objects merged, split, lost and added."""
    rng = np.random.default_rng(seed)
    result = np.roll(labels, 1, -1)
    ids = [i for i in np.unique(labels) if i]
    if len(ids) > 6:
        result[result == ids[0]] = ids[1]
        half = (result == ids[2]) & (np.arange(labels.shape[-1]) % 2 == 0)
        result[half] = labels.max() + 1
        result[result == ids[3]] = 0
        result[..., :3, :3] = labels.max() + 2
    noise = rng.random(labels.shape) < 0.02
    return np.where(noise, 0, result)


def with_errors(labels, seed):
    return labels, disturbed(labels, seed)


def tied():
    """IoU of exactly 1/2: halves of an object, both ways, and 0.6 and 0.75 besides."""
    truth, result = np.zeros((30, 40), int), np.zeros((30, 40), int)
    truth[2:6, 2:10] = 4
    result[2:6, 2:6] = 1
    result[2:6, 6:10] = 2
    truth[10:14, 2:6], truth[10:14, 6:10] = 5, 6
    result[10:14, 2:10] = 9
    truth[20:25, 2:6], result[20:23, 2:6] = 7, 3
    truth[20:24, 12:16], result[20:23, 12:16] = 8, 4
    return truth, result


EMPTY = np.zeros((20, 30), int)
CASES = {
    "random": with_errors(blobs((90, 110), 30, 1), 2),
    "other": (blobs((70, 80), 25, 3), blobs((70, 80), 20, 4)),
    "ties": tied(),
    "solid": (blobs((40, 50), 12, 5) + 1, blobs((40, 50), 12, 6) + 1),
    "stack": with_errors(blobs((9, 30, 40), 20, 7), 8),
    "many": with_errors(blobs((64, 64), 300, 9), 10),
    "no truth": (EMPTY, np.pad(np.ones((4, 5), int), ((3, 13), (5, 20)))),
    "no result": (np.pad(np.ones((4, 5), int), ((3, 13), (5, 20))), EMPTY),
    "nothing": (EMPTY, EMPTY),
    "single pixels": (np.eye(12, dtype=int) * np.arange(1, 13), np.eye(12, dtype=int)),
}


def stored(folder, name, labels, dtype=np.uint16, axes=None):
    path = folder / name
    if axes:
        tifffile.imwrite(path, labels.astype(dtype), imagej=True, metadata={"axes": axes})
        return path
    return write(path, labels.astype(dtype))


def compare(truth, result, *options):
    done = run("compare", "--truth", truth, "--result", result, "--json", *options)
    return json.loads(done.stdout)


def tables(path):
    """Rows of the CSV by the table's name; a heading line begins each."""
    found, heading = {}, []
    for row in csv.reader(path.read_text().splitlines()):
        if row[0] == "table":
            heading = row
        else:
            found.setdefault(row[0], []).append(dict(zip(heading, row)))
    return found


# ---- objects ---------------------------------------------------------------------------------------------------------

def same(got, wanted):
    assert (got is None) == bool(np.isnan(wanted)), (got, wanted)
    assert got is None or got == pytest.approx(wanted, abs=1e-6)


def check_matching(rows, wanted):
    assert [row["threshold"] for row in rows] == pytest.approx(THRESHOLDS)
    for row, scores in zip(rows, wanted):
        assert [row[k] for k in COUNTS] == [scores[k] for k in COUNTS]
        assert [row[k] for k in SHARES] == pytest.approx([scores[k] for k in SHARES], abs=1e-6)


@pytest.mark.filterwarnings("ignore:invalid value")  # scikit-image divides 0 by 0
@pytest.mark.parametrize("name", CASES)
def test_objects_agree_with_the_references(name, tmp_path):
    truth, result = CASES[name]
    got = compare(stored(tmp_path, "t.tif", truth), stored(tmp_path, "r.tif", result, np.float32), "--kind", "labels")
    one = got["images"][0]
    check_matching(one["matching"], [from_counts(*match(truth, result, t)) for t in THRESHOLDS])
    for key, wanted in zip(("rand_error", "rand_precision", "rand_recall"), adapted_rand_error(truth, result)):
        same(one[key], wanted)
    for key, wanted in zip(("voi_split", "voi_merge"), variation_of_information(truth, result)):
        same(one[key], wanted)
    both, a, b = overlaps(truth, result)
    assert (one["split"], one["merged"]) == (parted(both, a), parted(both.T, b))
    assert (one["truth_objects"], one["result_objects"]) == (len(a), len(b))
    assert one["empty_images"] == int(len(a) + len(b) == 0)
    same(one["average_precision"], np.mean([from_counts(*match(truth, result, t))["accuracy"] for t in THRESHOLDS]))
    same(one["ap_75"], from_counts(*match(truth, result, 0.75))["accuracy"])
    same(one["accuracy"], accuracy_score((truth > 0).ravel(), (result > 0).ravel()))
    assert got["confusion"] == confusion_matrix((truth > 0).ravel(), (result > 0).ravel(), labels=[0, 1]).tolist()


def test_ties_take_one_partner(tmp_path):
    truth, result = CASES["ties"]
    got = compare(stored(tmp_path, "t.tif", truth), stored(tmp_path, "r.tif", result))
    assert [row["tp"] for row in got["pooled"]["matching"]] == [4, 2, 2, 1, 1, 1, 0, 0, 0, 0]
    assert (got["pooled"]["split"], got["pooled"]["merged"]) == (1, 1)


@pytest.mark.parametrize("axes", ["TYX", "TZYX"])
def test_frames_are_images_of_their_own(axes, tmp_path):
    shape = (50, 60) if axes == "TYX" else (6, 24, 30)
    truth = np.stack([blobs(shape, 12, seed) for seed in range(3)] + [np.zeros(shape, int)])
    result = np.stack([disturbed(f, 5) for f in truth[:2]] + [blobs(shape, 9, 11), np.zeros(shape, int)])
    paths = stored(tmp_path, "t.tif", truth, axes=axes), stored(tmp_path, "r.tif", result, axes=axes)
    got = compare(*paths)
    assert [i["frame"] for i in got["images"]] == [1, 2, 3, 4]
    counts = [[match(t, r, threshold) for t, r in zip(truth, result)] for threshold in THRESHOLDS]
    check_matching(got["pooled"]["matching"], [from_counts(*np.sum(c, axis=0)) for c in counts])
    each = [[from_counts(*f) for f in c] for c in counts]
    wanted = [{**from_counts(*np.sum(c, axis=0)), **{k: np.mean([f[k] for f in e]) for k in SHARES}}
              for c, e in zip(counts, each)]
    check_matching(got["mean"]["matching"], wanted)
    rand = [adapted_rand_error(t, r)[0] for t, r in zip(truth[:3], result[:3])]
    same(got["mean"]["rand_error"], np.mean(rand))  # the empty frame has none
    same(got["mean"]["voi_split"], np.mean([variation_of_information(t, r)[0] for t, r in zip(truth, result)]))
    # Pooled: one image in which no id comes twice.
    far = 1000 * np.arange(4).reshape(4, *[1] * len(shape))
    same(got["pooled"]["voi_merge"], variation_of_information(truth + far, result + far)[1])
    apart = np.where(truth > 0, truth + far, 0), result + far
    same(got["pooled"]["rand_error"], adapted_rand_error(*apart)[0])
    assert got["pooled"]["images"] == 4 and got["pooled"]["empty_images"] == 1


def test_symmetry_relabelling_and_threads(tmp_path):
    truth, result = CASES["random"]
    a, b = stored(tmp_path, "a.tif", truth), stored(tmp_path, "b.tif", result)
    there, back = compare(a, b)["pooled"], compare(b, a)["pooled"]
    for key in ("accuracy", "mean_iou", "mean_dice", "average_precision", "f1_50", "panoptic_quality_50"):
        assert there[key] == pytest.approx(back[key], abs=1e-12)
    swapped = [("precision_50", "recall_50"), ("split", "merged"), ("voi_split", "voi_merge")]
    for key, other in swapped:
        assert there[key] == pytest.approx(back[other], abs=1e-12)
    renumbered = np.where(truth > 0, 60000 - 7 * truth, 0)
    again = compare(stored(tmp_path, "c.tif", renumbered), b)["pooled"]
    assert [again[k] for k in there if k not in ("kind", "matching")] == pytest.approx(
        [there[k] for k in there if k not in ("kind", "matching")], abs=1e-12)
    one, four = (run("compare", "--truth", a, "--result", b, "--json", "--threads", n).stdout for n in (1, 4))
    assert one == four
    itself = compare(a, a)["pooled"]
    assert itself["average_precision"] == itself["accuracy"] == itself["panoptic_quality_50"] == 1
    assert itself["rand_error"] == itself["voi_split"] == itself["voi_merge"] == itself["split"] == 0


# ---- classes and masks -----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("ignore_zero", [False, True])
def test_classes_agree_with_scikit_learn(ignore_zero, tmp_path):
    rng = np.random.default_rng(4)
    truth = rng.integers(0, 6, (2, 40, 50))
    result = np.where(rng.random(truth.shape) < 0.6, truth, rng.integers(0, 5, truth.shape))
    truth[truth == 4] = 7
    paths = stored(tmp_path, "t.tif", truth, np.uint8), stored(tmp_path, "r.tif", result, np.uint8)
    options = ["--ignore-zero"] if ignore_zero else ["--kind", "classes"]
    got = compare(*paths, *options)
    counts = truth > 0 if ignore_zero else np.ones_like(truth, bool)
    a, b = truth[counts], result[counts]
    assert got["confusion"] == confusion_matrix(a, b, labels=range(8)).tolist()
    present = [k for k in np.union1d(a, b) if k or not ignore_zero]
    pooled = got["pooled"]
    assert pooled["pixels"] == a.size
    same(pooled["accuracy"], accuracy_score(a, b))
    same(pooled["mean_iou"], jaccard_score(a, b, labels=present, average="macro", zero_division=0))
    same(pooled["mean_dice"], f1_score(a, b, labels=present, average="macro", zero_division=0))
    for k, iou in zip(present, jaccard_score(a, b, labels=present, average=None, zero_division=0)):
        same(got["classes"][k]["iou"], iou)
    assert got["classes"][6]["iou"] is None
    assert "rand_error" not in pooled and "matching" not in pooled


def test_masks(tmp_path):
    rng = np.random.default_rng(5)
    truth, result = rng.random((2, 60, 70)) < 0.4
    got = compare(stored(tmp_path, "t.tif", truth * 255, np.uint8), stored(tmp_path, "r.tif", result * 3),
                  "--kind", "masks")["pooled"]
    same(got["iou"], jaccard_score(truth.ravel(), result.ravel()))
    same(got["dice"], f1_score(truth.ravel(), result.ravel()))
    same(got["mean_iou"], jaccard_score(truth.ravel(), result.ravel(), average="macro"))


# ---- what is taken for what ------------------------------------------------------------------------------------------

MASK = np.where(blobs((20, 30), 5, 1) > 0, 255, 0)
LABELS = blobs((20, 30), 5, 1)
CLASSES = 1 + (LABELS % 3)


@pytest.mark.parametrize(("truth", "result", "dtype", "kind"), [
    (MASK, MASK.T.reshape(20, 30), np.uint8, "masks"),
    (MASK, np.zeros_like(MASK), np.uint8, "masks"),
    (MASK, MASK, np.uint16, "labels"),
    (MASK, LABELS, np.uint8, "labels"),
    (LABELS, LABELS, np.uint8, "labels"),
    (LABELS > 0, LABELS > 0, np.uint8, "labels"),
    (CLASSES, CLASSES, np.uint8, "classes"),
    (CLASSES, LABELS, np.uint8, "labels"),
    (CLASSES, CLASSES, np.float32, "labels"),
    (np.zeros_like(MASK), np.zeros_like(MASK), np.uint8, "labels"),
])
def test_kind_is_chosen_and_told(truth, result, dtype, kind, tmp_path):
    paths = stored(tmp_path, "t.tif", truth, dtype), stored(tmp_path, "r.tif", result, dtype)
    done = run("compare", "--truth", paths[0], "--result", paths[1])
    assert f"taken for {kind}" in done.stderr
    assert f"Compared as {kind}" in done.stdout
    told = run("compare", "--truth", paths[0], "--result", paths[1], "--kind", "labels")
    assert "taken for" not in told.stderr


# ---- folders and tables ----------------------------------------------------------------------------------------------

@pytest.fixture
def folders(tmp_path):
    made = SimpleNamespace(truth=tmp_path / "truth", result=tmp_path / "the result", data={})
    made.truth.mkdir()
    made.result.mkdir()
    for i, name in enumerate(("b", "a", "c d")):
        truth = blobs((30, 40), 8, 20 + i)
        made.data[name] = truth, disturbed(truth, i)
        stored(made.truth, f"{name}_masks.tif", truth)
        stored(made.result, f"{name}_cp_masks.tiff", made.data[name][1])
    return made


def test_folders(folders, tmp_path):
    (folders.truth / "notes.txt").write_text("no image")
    stored(folders.truth, "a.tif", EMPTY)  # the image of a_masks.tif
    path, pictures = tmp_path / "s.csv", tmp_path / "new" / "pictures"
    done = run("compare", "--truth", folders.truth, "--result", folders.result, "--csv", path, "--picture", pictures)
    assert "a.tif is taken for the image of a_masks.tif" in done.stderr
    assert sorted(p.name for p in pictures.iterdir()) == [f"{n}_comparison.tif" for n in ("a", "b", "c d")]
    rows = tables(path)
    assert [r["image"] for r in rows["images"]] == ["a_masks.tif", "b_masks.tif", "c d_masks.tif", "pooled", "mean"]
    for row in rows["images"][:3]:
        truth, result = folders.data[row["image"].removesuffix("_masks.tif")]
        assert float(row["rand_error"]) == pytest.approx(adapted_rand_error(truth, result)[0], abs=1e-6)
    counts = np.sum([match(*pair, 0.5) for pair in folders.data.values()], axis=0)
    pooled = [r for r in rows["matching"] if r["image"] == "pooled"]
    assert len(pooled) == 10 and float(pooled[0]["f1"]) == pytest.approx(from_counts(*counts)["f1"], abs=1e-6)
    assert int(rows["images"][3]["truth_objects"]) == counts[0]
    assert len(rows["classes"]) == 10 and len(rows["confusion"]) == 4


def test_names_are_safe_in_tables(tmp_path):
    path = stored(tmp_path, "=1+2, so.tif", LABELS)
    run("compare", "--truth", path, "--result", path, "--csv", tmp_path / "s.csv")
    assert tables(tmp_path / "s.csv")["images"][0]["image"] == "'=1+2, so.tif"


def test_files_that_are_alone_are_named(folders):
    (folders.result / "b_cp_masks.tiff").unlink()
    stored(folders.result, "e.tif", EMPTY)
    done = run("compare", "--truth", folders.truth, "--result", folders.result, code=1)
    assert "b_masks.tif in" in done.stderr and "e.tif in" in done.stderr and "a_masks" not in done.stderr


def test_files_that_only_the_plugin_reads_are_counted(folders):
    for name in ("z.png", "b_seg.npy", "c_rois.zip", "notes.txt"):
        (folders.result / name).write_bytes(b"x")
    done = run("compare", "--truth", folders.truth, "--result", folders.result)
    assert done.stderr.count("b_seg.npy and 2 more in") == 1 and "Compare Segmentations" in done.stderr
    for path in list(folders.result.glob("*.tif")) + list(folders.result.glob("*.tiff")):
        path.unlink()
    done = run("compare", "--truth", folders.truth, "--result", folders.result, code=1)
    assert "no TIFF files" in done.stderr and "b_seg.npy and 2 more in" in done.stderr


def test_ambiguous_names_are_refused(folders):
    stored(folders.truth, "a_labels.tif", EMPTY)
    done = run("compare", "--truth", folders.truth, "--result", folders.result, code=1)
    assert "a_labels.tif" in done.stderr and "a_masks.tif" in done.stderr


# ---- masks beside labels ---------------------------------------------------------------------------------------------

def parts_of(mask, frames):
    """The connected components of each frame, corners count."""
    found = [ndimage.label(plane, np.ones((3,) * plane.ndim))[0] for plane in planes(mask, frames)]
    return np.stack(found) if frames else found[0]


@pytest.mark.parametrize("axes", [None, "TYX", "ZYX", "TZYX"])
@pytest.mark.parametrize("mask_is_truth", [False, True])
def test_masks_beside_labels_are_taken_apart(axes, mask_is_truth, tmp_path):
    shape = (9, 40, 50)[-(len(axes or "YX") - ("T" in (axes or ""))):]
    frames = [blobs(shape, 15, seed) for seed in range(2)]
    labels = np.stack(frames) if axes and "T" in axes else frames[0]
    mask = ndimage.binary_erosion(labels > 0, ndimage.generate_binary_structure(2, 1)[(None,) * (labels.ndim - 2)])
    parts = parts_of(mask, "T" in (axes or ""))
    assert parts.max() > 3
    paths = [stored(tmp_path, "l.tif", labels, axes=axes), stored(tmp_path, "m.tif", 255 * mask, np.uint8, axes)]
    same_names = [stored(tmp_path / name, "x.tif", p, d, axes)
                  for name, p, d in (("masks", 255 * mask, np.uint8), ("parts", parts, np.uint16))
                  if not (tmp_path / name).mkdir()]
    texts, pictures = [], []
    for other in same_names:
        pair = (other, paths[0]) if mask_is_truth else (paths[0], other)
        done = run("compare", "--truth", pair[0], "--result", pair[1], "--json", "--picture", tmp_path / "p.tif")
        texts.append(done.stdout)
        pictures.append(tifffile.imread(tmp_path / "p.tif"))
        noted = f"the {'truth' if mask_is_truth else 'result'} is a mask" in done.stderr
        assert noted == (other == same_names[0]) and "taken for labels" in done.stderr
    assert texts[0] == texts[1]
    assert np.array_equal(*pictures)
    whole = compare(*paths, "--kind", "labels")["pooled"]
    assert whole["result_objects"] == (2 if axes and "T" in axes else 1)


def test_two_masks_stay_masks(tmp_path):
    mask = 255 * (LABELS > 0)
    paths = stored(tmp_path, "t.tif", mask, np.uint8), stored(tmp_path, "r.tif", mask, np.uint8)
    done = run("compare", "--truth", paths[0], "--result", paths[1])
    assert "taken for masks" in done.stderr and "connected parts" not in done.stderr


def test_masks_in_folders(tmp_path):
    for name in ("truth", "result"):
        (tmp_path / name).mkdir()
    for name in "abc":
        stored(tmp_path / "truth", f"{name}_labels.tif", LABELS)
        pixels = LABELS if name == "c" else 255 * (LABELS > 0)
        stored(tmp_path / "result", f"{name}_mask.tif", pixels, np.uint8)
    done = run("compare", "--truth", tmp_path / "truth", "--result", tmp_path / "result", "--json")
    assert "0 images of --truth and 2 of --result are masks" in done.stderr
    count = ndimage.label(LABELS > 0, np.ones((3, 3)))[1]
    found = [i["result_objects"] for i in json.loads(done.stdout)["images"]]
    assert found == [count, count, len(np.unique(LABELS)) - 1]


# ---- pictures --------------------------------------------------------------------------------------------------------

BLACK, GREY, ORANGE, BLUE = (0, 0, 0), (64, 64, 64), (213, 94, 0), (0, 114, 178)
YELLOW, PURPLE, WHITE = (240, 228, 66), (204, 121, 167), (255, 255, 255)


def picture(tmp_path, truth, result, *options):
    out = tmp_path / "d.tif"
    done = run("compare", "--truth", truth, "--result", result, "--picture", out, *options)
    return tifffile.imread(out), done.stdout


def test_picture_of_objects(tmp_path):
    truth, result = tied()
    truth[2:6, 20:30], result[4:8, 28:38] = 11, 12  # an overlap too small for anything
    shown, text = picture(tmp_path, stored(tmp_path, "t.tif", truth), stored(tmp_path, "r.tif", result))
    at = {(3, 3): GREY, (3, 8): YELLOW, (11, 3): GREY, (11, 8): PURPLE, (21, 3): GREY, (24, 3): ORANGE,
          (0, 0): BLACK, (2, 20): ORANGE, (7, 37): BLUE, (5, 29): WHITE}
    for place, colour in at.items():
        assert tuple(shown[place]) == colour, place
    assert "#f0e442 split" in text and "#cc79a7 merged" in text


def test_picture_of_classes_and_masks(tmp_path):
    a, b = np.array([[0, 0, 1, 1, 2, 2, 0]] * 4), np.array([[0, 1, 1, 2, 2, 0, 2]] * 4)
    paths = stored(tmp_path, "t.tif", a, np.uint8), stored(tmp_path, "r.tif", b, np.uint8)
    shown, text = picture(tmp_path, *paths, "--kind", "classes")
    assert [tuple(p) for p in shown[2]] == [BLACK, BLUE, GREY, WHITE, GREY, ORANGE, BLUE]
    assert "split" not in text
    shown, _ = picture(tmp_path, *paths, "--ignore-zero")
    assert [tuple(p) for p in shown[2]] == [BLACK, BLACK, GREY, WHITE, GREY, ORANGE, BLACK]
    shown, _ = picture(tmp_path, *paths, "--kind", "masks")
    assert [tuple(p) for p in shown[2]] == [BLACK, BLUE, GREY, GREY, GREY, ORANGE, BLUE]


def test_picture_of_a_stack_with_frames(tmp_path):
    truth = np.stack([blobs((4, 20, 24), 6, seed) for seed in (1, 2)])
    result = np.stack([disturbed(f, 3) for f in truth])
    shown, _ = picture(tmp_path, stored(tmp_path, "t.tif", truth, axes="TZYX"),
                       stored(tmp_path, "r.tif", result, axes="TZYX"))
    assert shown.shape == (2, 4, 20, 24, 3)
    for frame in range(2):
        only, _ = picture(tmp_path, stored(tmp_path, "t1.tif", truth[frame]), stored(tmp_path, "r1.tif", result[frame]))
        assert np.array_equal(only, shown[frame])
    alone = (truth > 0) & (result == 0)
    assert (shown[alone] == ORANGE).all() and not (shown[~alone] == ORANGE).all(-1).any()


# Simulation of dichromats in linear light (Machado et al. 2009, severity 1).
DICHROMATS = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


@pytest.mark.parametrize("kind", [None, *DICHROMATS])
def test_colours_can_be_told_apart(kind):
    from skimage.color import rgb2lab

    colours = np.array([BLACK, GREY, ORANGE, BLUE, YELLOW, PURPLE, WHITE]) / 255
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(DICHROMATS[kind]).T if kind else linear, 0, 1)
    lab = rgb2lab(np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055))
    distance = np.sqrt(((lab[:, None] - lab[None]) ** 2).sum(-1)) + 1000 * np.eye(len(lab))
    assert distance.min() > 20


# ---- bad input -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("truth", "result", "options", "words"), [
    (np.zeros((5, 6)), np.zeros((5, 7)), [], ("t.tif", "r.tif", "same size")),
    (np.zeros((3, 5, 6)), np.zeros((2, 5, 6)), [], ("t.tif", "r.tif", "same size")),
    (np.zeros((5, 6)), np.full((5, 6), 1.5), [], ("result r.tif", "1.5", "x = 0, y = 0")),
    (np.full((5, 6), -2.0), np.zeros((5, 6)), [], ("truth t.tif", "-2")),
    (np.full((5, 6), np.nan), np.zeros((5, 6)), [], ("truth t.tif", "nan")),
    (np.full((5, 6), 2.0**25), np.zeros((5, 6)), [], ("truth t.tif", "33554432", "16777215")),
    (np.full((5, 6), 2.0**24), np.zeros((5, 6)), [], ("truth t.tif", "16777216", "16777215")),
    (np.zeros((5, 6)), np.full((5, 6), 300.0), ["--kind", "classes"], ("r.tif", "300", "255")),
    (np.zeros((5, 6)), np.full((5, 6), 0.25), ["--kind", "masks"], ("r.tif", "0.25", "threshold")),
])
def test_unfit_images_are_refused(truth, result, options, words, tmp_path):
    paths = stored(tmp_path, "t.tif", truth, np.float32), stored(tmp_path, "r.tif", result, np.float32)
    done = run("compare", "--truth", paths[0], "--result", paths[1], *options, code=1)
    assert all(word in done.stderr for word in words), done.stderr
    assert done.stdout == ""


def test_wrong_usage(tmp_path):
    a = stored(tmp_path, "t.tif", LABELS)
    colour = write(tmp_path / "rgb.tif", np.zeros((20, 30, 3), np.uint8), photometric="rgb")
    cases = [(["--truth", a, "--result", tmp_path], 2, "two files or two folders"),
             (["--truth", a, "--result", a, "--kind", "shapes"], 2, "shapes"),
             (["--truth", a, "--result", a, "--kind", "labels", "--ignore-zero"], 2, "--ignore-zero"),
             (["--truth", a, "--result", a, "--csv", a], 2, "input would be lost"),
             (["--truth", a, "--result", a, "--picture", a], 2, "replace"),
             (["--truth", a, "--result", tmp_path / "none.tif"], 1, "none.tif"),
             (["--truth", a, "--result", colour], 1, "channels")]
    before = a.read_bytes()
    for arguments, code, words in cases:
        assert words in run("compare", *arguments, code=code).stderr
    assert a.read_bytes() == before
