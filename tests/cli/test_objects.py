"""`brushwood objects` on real and made images, beside scipy's steps."""

import csv
import re

import numpy as np
import pytest
import tifffile
from conftest import predict, run, train, write
from scipy import ndimage

ALL = ("--threshold", 0.5, "--core-threshold", 0, "--min-size", 0, "--min-share", 0,
       "--edge", 0)
PLAIN = (*ALL, "--method", "fixed", "--smooth", 0, "--keep-holes", "--split", "none")


@pytest.fixture(scope="module")
def model(tasks, tmp_path_factory):
    path = tmp_path_factory.mktemp("objects") / "nuclei.brushwood"
    train(tasks["nuclei"], path)
    return path


@pytest.fixture(scope="module")
def stack_model(tasks, tmp_path_factory):
    path = tmp_path_factory.mktemp("objects") / "embryo.brushwood"
    train(tasks["embryo3d"], path)
    return path


def label(source, folder, *options, name="objects.tif", code=0):
    """(label image, standard output)"""
    path = folder / name
    done = run("objects", *source, "--output", path, *options, code=code)
    return tifffile.imread(path) if code == 0 else None, done.stdout + done.stderr


def probabilities(model, image, folder):
    path = folder / "probabilities.tif"
    predict(model, image, path, "probabilities")
    return path


def foreground(path):
    """Probability of the nucleus, the last channel: (y, x) or (z, y, x)"""
    pixels = tifffile.imread(path)
    return pixels[-1] if pixels.ndim == 3 else pixels[:, -1]


def in_order(labels):
    """Numbers in the order of first pixels, as ours are."""
    _, first, inverse = np.unique(labels.ravel(), return_index=True, return_inverse=True)
    ranks = np.zeros(len(first), int)
    present = np.unique(labels.ravel())
    order = [k for k in np.argsort(first) if present[k]]
    for number, k in enumerate(order, 1):
        ranks[k] = number
    return ranks[inverse].reshape(labels.shape)


@pytest.mark.parametrize("connectivity", (4, 8))
def test_components_as_scipys(model, tasks, tmp_path, connectivity):
    source = probabilities(model, tasks["nuclei"].test[0], tmp_path)
    ours, _ = label(("--probabilities", source), tmp_path, *PLAIN, "--connectivity", connectivity)
    structure = ndimage.generate_binary_structure(2, 1 if connectivity == 4 else 2)
    theirs, count = ndimage.label(foreground(source) >= 0.5, structure)
    assert count > 20
    np.testing.assert_array_equal(ours, in_order(theirs))


@pytest.mark.parametrize(("method", "outline", "threshold"), (
    ("auto", 0.4, 0.25), ("fixed", 0.4, 0.5), ("auto", 0.9, 0.5), ("otsu", 0.4, None)))
def test_threshold_at_the_outline(tmp_path, method, outline, threshold):
    """An object that begins with a step and rises slowly to 1."""
    y, x = np.mgrid[:60, :60]
    inside = np.clip(20 - np.hypot(y - 30, x - 30), 0, None) / 20
    tifffile.imwrite(tmp_path / "p.tif", np.where(inside > 0, outline + (1 - outline) * inside, 0).astype(np.float32))
    labels, said = label(("--probabilities", tmp_path / "p.tif"), tmp_path, "--method", method, "--edge", 0)
    used = float(re.search(r"threshold ([0-9.]+)", said).group(1))
    assert used == threshold if threshold else 0 < used < 1
    assert labels.max() == 1
    if method == "auto":
        assert abs(np.count_nonzero(labels) - np.count_nonzero(inside)) < 0.05 * np.count_nonzero(inside)


@pytest.mark.parametrize("connectivity", (6, 26))
def test_components_of_a_stack_as_scipys(stack_model, tasks, tmp_path, connectivity):
    source = probabilities(stack_model, tasks["embryo3d"].test[0], tmp_path)
    ours, _ = label(("--probabilities", source), tmp_path, *PLAIN, "--connectivity", connectivity)
    structure = ndimage.generate_binary_structure(3, 1 if connectivity == 6 else 3)
    theirs, count = ndimage.label(foreground(source) >= 0.5, structure)
    assert count > 2
    np.testing.assert_array_equal(ours, in_order(theirs))


def test_smoothing_filling_and_sizes_as_scipys(model, tasks, tmp_path):
    source = probabilities(model, tasks["nuclei"].test[0], tmp_path)
    ours, _ = label(("--probabilities", source), tmp_path, *ALL[:4], *ALL[6:], "--smooth", 2, "--min-size", 30,
                    "--split", "none")
    smooth = ndimage.gaussian_filter(foreground(source).astype(np.float64), 2, mode="mirror", truncate=4)
    mask = smooth >= 0.5
    unsure = np.abs(smooth - 0.5) < 1e-5
    filled = ndimage.binary_fill_holes(mask)
    theirs, count = ndimage.label(filled, np.ones((3, 3)))
    sizes = ndimage.sum_labels(filled, theirs, np.arange(count + 1))
    kept = (sizes >= 30)[theirs] & filled
    assert not ((ours > 0) != kept)[~unsure].any()
    assert ours.max() == (sizes[1:] >= 30).sum()


def test_one_go_equals_two_steps(model, tasks, tmp_path):
    image = tasks["nuclei"].test[0]
    two, _ = label(("--probabilities", probabilities(model, image, tmp_path)), tmp_path, name="two.tif")
    one, _ = label(("--model", model, "--input", image), tmp_path, name="one.tif")
    np.testing.assert_array_equal(one, two)
    assert one.dtype == np.uint16


def test_little_memory_and_threads_change_nothing(stack_model, tasks, tmp_path):
    stack = np.tile(tifffile.imread(tasks["embryo3d"].test[0]), (1, 4, 4))
    source = ("--model", stack_model, "--input", write(tmp_path / "large.tif", stack))
    wanted, _ = label(source, tmp_path, "--threads", 3)
    little, _ = label(source, tmp_path, "--threads", 1, "--memory", 32, name="little.tif")
    assert wanted.max() > 5
    np.testing.assert_array_equal(wanted, little)
    assert not list(tmp_path.glob("*.part*")), "the probabilities' temporary file stays behind"


@pytest.mark.parametrize("split", ("none", "distance", "probability", "core"))
def test_splitting_loses_no_pixel(model, tasks, tmp_path, split):
    source = ("--probabilities", probabilities(model, tasks["nuclei"].test[1], tmp_path))
    common = ("--threshold", 0.5, "--core-threshold", 0.8 if split == "core" else 0, "--min-size", 0, "--min-share", 0,
              "--edge", 0)
    parts, _ = label(source, tmp_path, *common, "--split", split, name="parts.tif")
    whole, _ = label(source, tmp_path, *common, "--split", "none", name="whole.tif")
    np.testing.assert_array_equal(whole > 0, parts > 0)
    assert split == "none" or parts.max() >= whole.max()
    np.testing.assert_array_equal(parts, in_order(parts))
    for number in range(1, parts.max() + 1):
        _, pieces = ndimage.label(parts == number, np.ones((3, 3)))
        assert pieces == 1


def test_all_outputs_agree(model, tasks, tmp_path):
    image = tasks["nuclei"].test[0]
    labels, out = label(("--model", model, "--input", image), tmp_path, "--mask", tmp_path / "mask.tif",
                        "--class-image", tmp_path / "classes.tif", "--table", tmp_path / "table.csv")
    assert f"{labels.max()} objects" in out
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "mask.tif"), np.where(labels > 0, 255, 0))
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "classes.tif"), np.where(labels > 0, 2, 0))
    with open(tmp_path / "table.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == labels.max()
    assert {r["class"] for r in rows} == {"nucleus"}
    voxels = np.bincount(labels.ravel())[1:]
    np.testing.assert_array_equal([float(r["voxels"]) for r in rows], voxels)


def test_time_series_have_objects_per_frame(tmp_path):
    frames = np.zeros((3, 20, 30), np.float32)
    frames[0, 3:8, 3:8] = frames[0, 12:18, 12:18] = frames[1, 3:8, 20:26] = 1
    path = tmp_path / "series.tif"
    tifffile.imwrite(path, frames, imagej=True, metadata={"axes": "TYX"})
    labels, _ = label(("--probabilities", path), tmp_path)
    assert [int(f.max()) for f in labels] == [2, 1, 0]


def test_calibrated_spacing_splits_as_if_it_were_isotropic(tmp_path):
    z, y, x = np.mgrid[:60, :60, :100]
    fine = np.zeros(z.shape, bool)
    for middle in (30, 66):
        fine |= (x - middle) ** 2 + (y - 30) ** 2 + (z - 30) ** 2 <= 400
    path = tmp_path / "flat.tif"
    tifffile.imwrite(path, fine[::4].astype(np.float32), imagej=True, resolution=(1, 1),
                     metadata={"axes": "ZYX", "spacing": 4.0, "unit": "um"})
    labels, _ = label(("--probabilities", path), tmp_path)
    assert labels.max() == 2


def test_many_images_and_again(model, tasks, tmp_path):
    images = [p for p in tasks["nuclei"].test]
    first = run("objects", "--model", model, *images, "--output-folder", tmp_path / "out", "--tables")
    assert f"{len(images)} done, 0 skipped, 0 failed" in first.stdout
    for image in images:
        alone, _ = label(("--model", model, "--input", image), tmp_path)
        np.testing.assert_array_equal(tifffile.imread(tmp_path / "out" / f"{image.stem}_objects.tif"), alone)
        assert (tmp_path / "out" / f"{image.stem}_objects.csv").stat().st_size > 0
    again = run("objects", "--model", model, *images, "--output-folder", tmp_path / "out")
    assert f"0 done, {len(images)} skipped" in again.stdout


@pytest.mark.parametrize("options, words", [
    ((), "Give either --probabilities or --model"),
    (("--model", "m"), "--model needs --input"),
    (("--probabilities", "p"), "Name what to make"),
    (("--probabilities", "p", "--output", "o", "--split", "cut"), "--split must be none, distance"),
    (("--probabilities", "p", "--output", "o", "--split", "boundary"), "needs --boundary"),
    (("--probabilities", "p", "--output", "o", "--split", "core", "--core-threshold", "0"), "needs a --core-threshold"),
    (("--probabilities", "p", "--output", "o", "--tables"), "goes with --output-folder"),
    (("--probabilities", "p", "--output-folder", "o"), "--output-folder goes with --model"),
    (("--model", "m", "--input", "i", "--output-folder", "o", "--mask", "k"), "not both"),
    (("--probabilities", "p", "--output", "o", "--mask", "o"), "--output and --mask are both o"),
    (("--probabilities", "p", "--output", "o", "--threshold", "2"), "threshold"),
    (("--probabilities", "p", "--output", "o", "--exclude-border", "z"), "none, xy or xyz"),
])
def test_wrong_usage(options, words):
    assert words in run("objects", *options, code=2).stderr


def test_bad_images_and_classes(model, tasks, tmp_path):
    raw = tasks["nuclei"].test[0]
    floats = write(tmp_path / "raw.tif", tifffile.imread(raw).astype(np.float32))
    _, message = label(("--probabilities", floats), tmp_path, code=1)
    assert "raw.tif" in message and "no probability" in message
    source = probabilities(model, raw, tmp_path)
    _, message = label(("--probabilities", source), tmp_path, "--classes", "nukleus", code=1)
    assert '"nukleus"' in message and '2 "nucleus"' in message
    _, message = label(("--probabilities", tmp_path / "absent.tif"), tmp_path, code=1)
    assert "absent.tif" in message


def test_nothing_found_is_an_answer(tmp_path):
    path = write(tmp_path / "empty.tif", np.zeros((30, 40), np.float32))
    labels, out = label(("--probabilities", path), tmp_path)
    assert labels.max() == 0 and "0 objects" in out
    path = write(tmp_path / "full.tif", np.ones((30, 40), np.float32))
    labels, out = label(("--probabilities", path), tmp_path)
    assert labels.min() == labels.max() == 1


def test_help_tells_the_defaults(model, tasks, tmp_path):
    """Given by hand, what the help says changes nothing."""
    help_text = " ".join(run("objects", "--help").stdout.split())
    options = []
    for name in ("core-threshold", "smooth", "min-size", "min-share", "split", "depth", "edge", "method"):
        options += [f"--{name}", re.search(rf"--{name} [A-Z]+ .*?default (\w+(?:\.\d+)?)", help_text).group(1)]
    source = ("--probabilities", probabilities(model, tasks["nuclei"].test[0], tmp_path))
    wanted, _ = label(source, tmp_path)
    given, _ = label(source, tmp_path, *options)
    np.testing.assert_array_equal(wanted, given)
    other, _ = label(source, tmp_path, "--depth", 0)
    assert (other != wanted).any()


@pytest.mark.parametrize("given", (("--threshold", 0.4), ("--method", "auto", "--threshold", 0.4),
                                   ("--method", "fixed", "--threshold", 0.4)))
@pytest.mark.parametrize("split", ("none", "distance", "probability"))
def test_a_given_threshold_decides(tmp_path, given, split):
    """Lone objects, of which some have no core and all end softly, are what is above the threshold."""
    y, x = np.mgrid[:90, :60]
    pixels = np.maximum(0.5 - np.hypot(y - 20, x - 30) / 40, 1 - np.hypot(y - 60, x - 30) / 40).clip(0, 1)
    path = write(tmp_path / "p.tif", pixels.astype(np.float32))
    labels, said = label(("--probabilities", path), tmp_path, *given, "--smooth", 0, "--min-share", 0, "--split", split,
                         "--depth", 0.9)
    theirs, count = ndimage.label(tifffile.imread(path) >= np.float32(0.4))
    assert count == 2 and "threshold 0.4" in said and "core" not in said
    np.testing.assert_array_equal(labels, in_order(theirs))


def test_otsu_of_a_dark_image(tmp_path):
    """No level but the one that is found matters."""
    pixels = np.full((60, 80), 10, np.uint8)
    pixels[10:25, 10:30], pixels[35:50, 40:70] = 110, 120
    labels, said = label(("--probabilities", write(tmp_path / "dark.tif", pixels)), tmp_path, "--method", "otsu")
    assert labels.max() == 2, said


def test_the_border_in_z_is_of_stacks(tmp_path):
    pixels = np.zeros((6, 40, 40), np.uint8)
    pixels[2:4, 5:15, 5:15] = pixels[0:3, 5:15, 22:32] = pixels[2:4, 20:40, 10:20] = 255
    options = ("--threshold", 0.5, "--smooth", 0)
    stack = write(tmp_path / "stack.tif", pixels)
    flat = write(tmp_path / "flat.tif", pixels[2])
    for axes, left in (("xy", 2), ("xyz", 1)):
        labels, _ = label(("--probabilities", stack), tmp_path, *options, "--exclude-border", axes)
        assert labels.max() == left
        labels, _ = label(("--probabilities", flat), tmp_path, *options, "--exclude-border", axes)
        assert labels.max() == 2


@pytest.mark.parametrize(("value", "options", "words"), [
    (1, (), "reaches the threshold of 0.5, the highest foreground is 0.00392"),
    (0, (), "the foreground is 0 everywhere"),
    (255, ("--min-size", 500), "all pieces are left out"),
])
def test_no_objects_have_a_reason(tmp_path, value, options, words):
    mask = np.zeros((30, 40), np.uint8)
    mask[5:25, 5:25] = value
    path = write(tmp_path / "mask.tif", mask)
    labels, text = label(("--probabilities", path), tmp_path, "--smooth", 0, "--method", "fixed", *options)
    assert not labels.any()
    assert words in text and text.count("note:") == 1, text
