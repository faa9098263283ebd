"""train-objects and classify-objects: classes of objects by example, from label images made here."""

import csv
import json
import shlex

import numpy as np
import pytest
import tifffile
from conftest import ROOT, predict, run

CELL, ACROSS, DOWN = 32, 6, 4
SUFFIX = ".brushwood-objects"


class Scene:
    """Discs (class 1) and rods (class 2), each bright or dark, one per cell of a grid; labels in shuffled order."""

    def __init__(self, seed, frames=1):
        random = np.random.default_rng(seed)
        count = ACROSS * DOWN
        self.labels = np.zeros((frames, DOWN * CELL, ACROSS * CELL), np.uint16)
        self.image = random.integers(0, 60, self.labels.shape).astype(np.uint16)
        self.rod = random.permuted(np.arange(frames * count).reshape(frames, count) % 2, axis=1)
        self.bright = random.permuted(self.rod, axis=1)
        self.ids = np.array([random.permutation(count) + 1 for _ in range(frames)])
        for t in range(frames):
            for i in range(count):
                self.draw(random, t, i)

    def draw(self, random, t, i):
        y, x = np.mgrid[0:CELL, 0:CELL] - CELL // 2
        size = random.integers(0, 4)
        if self.rod[t, i]:
            along, across = (x, y) if random.integers(2) else (y, x)
            inside = (abs(along) <= 9 + size) & (abs(across) <= 2)
        else:
            inside = x * x + y * y <= (5 + size) ** 2
        rows, columns = (slice(at * CELL, (at + 1) * CELL) for at in divmod(i, ACROSS))
        self.labels[t, rows, columns][inside] = self.ids[t, i]
        self.image[t, rows, columns][inside] += 900 if self.bright[t, i] else 300

    def points(self, kind, each):
        """An image of examples: the middle pixel of the first objects of each kind."""
        paint = np.zeros(self.labels.shape, np.uint8)
        for value in (0, 1):
            for t, i in np.argwhere(kind == value)[:each]:
                row, column = divmod(i, ACROSS)
                paint[t, row * CELL + CELL // 2, column * CELL + CELL // 2] = value + 1
        return paint

    def truth(self, kind):
        """The class image that is right."""
        classes = np.zeros(self.labels.shape, np.uint8)
        for t, i in np.ndindex(kind.shape):
            classes[t][self.labels[t] == self.ids[t, i]] = kind[t, i] + 1
        return classes


def write(path, pixels, unit=None):
    """(t, y, x) as ImageJ writes it, with pixels of 0.5 when there is a unit."""
    metadata = {"axes": "TYX"} | ({"unit": unit} if unit else {})
    tifffile.imwrite(path, pixels, imagej=True, metadata=metadata, resolution=(2, 2) if unit else None)
    return path


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def scene(tmp_path):
    """Files of a scene, and the scene: call it with a name, a seed and options."""
    def make(name, seed, each=5, kind="rod", unit="um", frames=1):
        s = Scene(seed, frames)
        s.kind = getattr(s, kind)
        s.labels_file = write(tmp_path / f"{name}.tif", s.labels, unit)
        s.image_file = write(tmp_path / f"{name}_raw.tif", s.image, unit)
        s.examples_file = write(tmp_path / f"{name}_points.tif", s.points(s.kind, each))
        return s
    return make


def train(out, *scenes, options=(), image=False, **keywords):
    arguments = [part for s in scenes for part in ("--labels", s.labels_file, "--examples", s.examples_file)]
    if image:
        arguments += [part for s in scenes for part in ("--image", s.image_file)]
    return run("train-objects", *arguments, "--class", "disc", "--class", "rod", "--out", out, *options, **keywords)


# ---- what it is for --------------------------------------------------------------------------------------------------

def test_shapes(scene, tmp_path):
    seen, new = scene("seen", 1), scene("new", 2)
    model, output, table = tmp_path / f"m{SUFFIX}", tmp_path / "classes.tif", tmp_path / "table.csv"
    text = train(model, seen).stdout
    assert "Out-of-bag error: 0.00 % of 10 examples" in text and "circularity" in text
    text = run("classify-objects", "--model", model, "--labels", new.labels_file, "--output", output, "--csv",
               table).stdout
    assert f"{new.labels_file}: 24 objects" in text
    with tifffile.TiffFile(output) as tif:
        assert tif.imagej_metadata["unit"] in ("um", "\\u00B5m", "µm")
        assert tif.pages[0].dtype == np.uint8
        np.testing.assert_array_equal(tif.asarray(), new.truth(new.rod)[0])
    rows = rows_of(table)
    names = {new.ids[0, i]: ("disc", "rod")[new.rod[0, i]] for i in range(24)}
    assert {int(row["label"]): row["class"] for row in rows} == names
    assert any(key.startswith("centroid_x") for key in rows[0]), "the table holds all measures"


def test_intensities_of_time_series_and_several_images(scene, tmp_path):
    first, second = scene("first", 3, kind="bright", frames=2), scene("second", 4, kind="bright")
    new, other = scene("new", 5, kind="bright", frames=3), scene("other", 6, kind="bright")
    model = tmp_path / f"m{SUFFIX}"
    train(model, first, second, image=True)
    outputs = [tmp_path / "new_classes.tif", tmp_path / "other_classes.tif"]
    arguments = [part for s, out in zip((new, other), outputs, strict=True)
                 for part in ("--labels", s.labels_file, "--image", s.image_file, "--output", out)]
    run("classify-objects", "--model", model, *arguments)
    for s, out in zip((new, other), outputs, strict=True):
        np.testing.assert_array_equal(tifffile.imread(out).reshape(s.labels.shape), s.truth(s.bright))


def test_probabilities(scene, tmp_path):
    """Two channels: how sure a pixel is, by brightness."""
    seen, new = scene("seen", 7, kind="bright"), scene("new", 8, kind="bright")
    model, output = tmp_path / f"m{SUFFIX}", tmp_path / "classes.tif"
    paths = []
    for s in (seen, new):
        p = np.clip(s.image[0] / 1000, 0, 1).astype(np.float32)
        paths.append(tmp_path / f"p{len(paths)}.tif")
        tifffile.imwrite(paths[-1], np.stack([p, 1 - p]), imagej=True, metadata={"axes": "CYX"})
    train(model, seen, options=("--probabilities", paths[0], "--measures", "probability,area"))
    assert json.loads(run("info", model, "--json").stdout)["measures"] == "area,probability"
    run("classify-objects", "--model", model, "--labels", new.labels_file, "--probabilities", paths[1], "--output",
        output)
    np.testing.assert_array_equal(tifffile.imread(output), new.truth(new.bright)[0])


def test_masks_are_taken_apart(scene, tmp_path):
    seen, new = scene("seen", 31, frames=2), scene("new", 32, frames=2)
    models = [tmp_path / f"{name}{SUFFIX}" for name in ("labels", "mask")]
    classes = [tmp_path / f"{name}.tif" for name in ("of_labels", "of_mask")]
    train(models[0], seen)
    classify(models[0], new, classes[0])
    for s in (seen, new):
        mask = np.where(s.labels, 255, 0).astype(np.uint8)
        s.labels_file = write(tmp_path / f"{s.labels_file.stem}_mask.tif", mask, "um")
    done = train(models[1], seen)
    assert "of 10 examples" in done.stdout and "connected parts" in done.stderr
    done = classify(models[1], new, classes[1])
    assert ": 48 objects" in done.stdout and "connected parts" in done.stderr
    np.testing.assert_array_equal(*map(tifffile.imread, classes))


def test_3d(tmp_path):
    """Balls and plates."""
    labels, examples = np.zeros((20, 60, 120), np.uint16), np.zeros((20, 60, 120), np.uint8)
    truth = np.zeros(labels.shape, np.uint8)
    z, y, x = np.mgrid[0:20, 0:30, 0:30] - np.array([10, 15, 15]).reshape(3, 1, 1, 1)
    for i in range(8):
        size, flat = 5 + i // 2 % 3, i % 2
        inside = (x * x + y * y < 1.5 * size * size) & (abs(z) < 3) if flat else x * x + y * y + z * z < size * size
        block = (slice(None), *(slice(at * 30, at * 30 + 30) for at in divmod(i, 4)))
        labels[block][inside], truth[block][inside] = i + 1, flat + 1
        if i < 4:
            examples[block][10, 15, 13:17] = flat + 1
    for name, pixels in (("labels", labels), ("examples", examples)):
        tifffile.imwrite(tmp_path / f"{name}.tif", pixels, imagej=True,
                         metadata={"axes": "ZYX", "spacing": 0.5, "unit": "um"}, resolution=(2, 2))
    model, output = tmp_path / f"m{SUFFIX}", tmp_path / "classes.tif"
    run("train-objects", "--labels", tmp_path / "labels.tif", "--examples", tmp_path / "examples.tif", "--out", model)
    run("classify-objects", "--model", model, "--labels", tmp_path / "labels.tif", "--output", output)
    np.testing.assert_array_equal(tifffile.imread(output), truth)


def test_same_bytes_for_any_number_of_threads(scene, tmp_path):
    seen = scene("seen", 9)
    files = []
    for threads in (1, 3):
        model, output, table = (tmp_path / f"{threads}{end}" for end in (SUFFIX, ".tif", ".csv"))
        train(model, seen, image=True, options=("--threads", threads))
        run("classify-objects", "--model", model, "--labels", seen.labels_file, "--image", seen.image_file,
            "--output", output, "--csv", table, "--threads", threads)
        files.append([path.read_bytes() for path in (model, output, table)])
    assert files[0] == files[1]
    train(tmp_path / f"other{SUFFIX}", seen, image=True, options=("--seed", 2))
    assert (tmp_path / f"other{SUFFIX}").read_bytes() != files[0][0]


def test_info(scene, tmp_path):
    model = tmp_path / f"m{SUFFIX}"
    train(model, scene("seen", 10), options=("--trees", 30))
    assert "Forest: 30 trees" in run("info", model).stdout
    told = json.loads(run("info", model, "--json").stdout)
    assert [(c["name"], c["examples"]) for c in told["classes"]] == [("disc", 5), ("rod", 5)]
    assert {c["id"]: c["unit"] for c in told["columns"]}["area"] == "um^2"
    assert not [c for c in told["columns"] if c["id"].startswith(("centroid", "box", "mass"))]
    assert told["out_of_bag"]["accuracy"] == 1
    assert run("info", model, "--csv").stdout.startswith("table,measure,unit,median,gini\nimportance,")


def test_the_page_does_what_it_says(scene, tmp_path):
    """The commands of docs/objects-classes.md."""
    a, b = scene("a", 20), scene("b", 21)
    page = (ROOT / "docs" / "objects-classes.md").read_text(encoding="utf-8")
    commands = page.split("```sh\n")[1].split("```")[0].replace("\\\n", " ").strip().splitlines()
    assert len(commands) == 2
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "brushwood"
        text = run(*arguments, cwd=tmp_path).stdout
    assert "  1 round                           12\n  2 rod                             12\n" in text
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "b_classes.tif"), b.truth(b.rod)[0])
    assert {row["class"] for row in rows_of(tmp_path / "b.csv")} == {"round", "rod"}
    assert "disc" not in run("info", tmp_path / f"shapes{SUFFIX}").stdout
    assert a.labels_file.exists()


# ---- what does not fit -----------------------------------------------------------------------------------------------

def classify(model, s, out, *options, **keywords):
    return run("classify-objects", "--model", model, "--labels", s.labels_file, "--output", out, *options, **keywords)


def test_units_have_to_agree(scene, tmp_path):
    model, out = tmp_path / f"m{SUFFIX}", tmp_path / "classes.tif"
    train(model, scene("seen", 11))
    plain = scene("plain", 12, unit=None)
    text = classify(model, plain, out, code=1).stderr
    assert "area has pixel^2 here, but um^2" in text and "Calibrate" in text
    assert not out.exists()
    train(model, plain)
    assert "area has um^2 here, but pixel^2" in classify(model, scene("seen", 11), out, code=1).stderr
    text = train(model, plain, scene("seen", 11), code=1).stderr
    assert "seen.tif" in text and "um^2 here" in text


def test_missing_measures_are_named(scene, tmp_path):
    model, out = tmp_path / f"m{SUFFIX}", tmp_path / "classes.tif"
    seen = scene("seen", 13)
    train(model, seen, image=True, options=("--measures", "intensity"))
    text = classify(model, seen, out, code=1).stderr
    assert "mean" in text and "image" in text
    assert not out.exists()


def test_models_of_another_kind_are_named(scene, tmp_path, blob, models):
    model, out = tmp_path / f"m{SUFFIX}", tmp_path / "classes.tif"
    seen = scene("seen", 14)
    train(model, seen)
    text = predict(model, blob[0], out, "labels", code=1).stderr
    assert "is a model for objects, not for pixels" in text
    text = classify(models["nuclei"], seen, out, code=1).stderr
    assert "is a model for pixels, not for objects" in text
    text = classify(seen.labels_file, seen, out, code=1).stderr
    assert "is not a Brushwood model for objects" in text
    model.write_bytes(model.read_bytes()[:-7])
    for text in (classify(model, seen, out, code=1).stderr, run("info", model, code=1).stderr):
        assert "damaged (wrong length" in text
    assert not out.exists()


def test_an_object_has_one_class(scene, tmp_path):
    seen = scene("seen", 15)
    paint = tifffile.imread(seen.examples_file)
    label = seen.ids[0, 0]
    paint[seen.labels[0] == label] = 1
    paint[CELL // 2, CELL // 2] = 2
    write(seen.examples_file, paint[None])
    text = train(tmp_path / f"m{SUFFIX}", seen, code=1).stderr
    assert f"class 1 and of class 2 on object {label} of frame 1" in text or \
        f"class 2 and of class 1 on object {label} of frame 1" in text
    assert "seen_points.tif" in text
    assert not (tmp_path / f"m{SUFFIX}").exists()


@pytest.mark.parametrize("change, words", [
    (lambda paint: paint * 0, "There are no examples of objects"),
    (lambda paint: paint * (paint == 1), "All examples of objects are of class 1"),
    (lambda paint: paint[:, :-1], "an image of the same size"),
    (lambda paint: paint * 0.5, "holds the value 0.5 on object"),
])
def test_bad_examples(scene, tmp_path, change, words):
    seen = scene("seen", 16)
    write(seen.examples_file, change(seen.points(seen.rod, 5)).astype(np.float32))
    assert words in train(tmp_path / f"m{SUFFIX}", seen, code=1).stderr


def test_wrong_usage(scene, tmp_path):
    seen = scene("seen", 17)
    model = tmp_path / f"m{SUFFIX}"
    labels = ("--labels", seen.labels_file)
    examples = ("--examples", seen.examples_file)
    for arguments, words in (
            (("train-objects", *labels, *labels, *examples, "--out", model), "in pairs"),
            (("train-objects", *labels, *labels, *examples, *examples, "--image", seen.image_file, "--out", model),
             "in pairs"),
            (("train-objects", *labels, *examples, "--out", seen.labels_file), "would be lost"),
            (("train-objects", *labels, *examples, "--out", model, "--class", "a#12"), "NAME#RRGGBB"),
            (("train-objects", *labels, *examples, "--out", model, "--trees", "0"), "--trees"),
            (("classify-objects", "--model", model, *labels), "--output FILE (image of classes) or --csv"),
            (("classify-objects", "--model", model, *labels, "--output", seen.labels_file), "would be lost"),
            (("classify-objects", "--model", model, *labels, *labels, "--csv", "a", "--csv", "a"), "Two --csv"),
            (("classify-objects", "--model", model, *labels, *labels, "--output", "a"), "in pairs")):
        assert words in run(*arguments, code=2, cwd=tmp_path).stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["seen.tif", "seen_points.tif", "seen_raw.tif"]


def test_more_names_than_classes(scene, tmp_path):
    text = train(tmp_path / f"m{SUFFIX}", scene("seen", 18), options=("--class", "third")).stderr
    assert "--class names 3 classes, but there are examples of 2" in text


def test_an_image_without_objects(scene, tmp_path):
    seen = scene("seen", 19)
    model, output, table = tmp_path / f"m{SUFFIX}", tmp_path / "classes.tif", tmp_path / "table.csv"
    train(model, seen)
    seen.labels[:] = 0
    write(seen.labels_file, seen.labels, "um")
    classify(model, seen, output, "--csv", table)
    assert not tifffile.imread(output).any()
    assert rows_of(table) == []
