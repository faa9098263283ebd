"""Images of signed 16 bits, held as uint16 with 32768 added: wherever values count, they are those of the file."""

import csv
import json

import numpy as np
import pytest
import tifffile
from conftest import run, write

LABELS = np.zeros((40, 50), np.int16)
LABELS[3:12, 4:16] = 1
LABELS[20:30, 5:25] = 2
LABELS[15:36, 30:44] = 700
IMAGE = (np.arange(LABELS.size, dtype=np.int64).reshape(LABELS.shape) * 37 % 4001 - 2500).astype(np.int16)


def as_tiff(path, pixels):
    return write(path.with_suffix(".tif"), pixels)


def as_tiles(path, pixels):
    return write(path.with_suffix(".tif"), pixels, tile=(16, 16), compression="zlib", byteorder=">")


def as_zarr(path, pixels):
    """An array of Zarr 2 in one chunk."""
    path = path.with_suffix(".zarr")
    path.mkdir()
    pixels = pixels.astype(pixels.dtype.newbyteorder("<"))
    (path / ".zarray").write_text(json.dumps({
        "zarr_format": 2, "shape": pixels.shape, "chunks": pixels.shape, "dtype": pixels.dtype.str, "compressor": None,
        "filters": None, "fill_value": 0, "order": "C"}))
    (path / "0.0").write_bytes(pixels.tobytes())
    return path


def as_imagej_saves(path, pixels):
    """ImageJ writes uint16 and a calibration of values."""
    path = path.with_suffix(".tif")
    description = "ImageJ=1.54p\ncf=0\nc0=-32768.0\nc1=1.0\nvunit=Gray Value\nmin=0.0\nmax=65535.0\n"
    tifffile.imwrite(path, (pixels.astype(np.int32) + 32768).astype(np.uint16), description=description, metadata=None)
    return path


FORMS = [as_tiff, as_tiles, as_zarr, as_imagej_saves]


@pytest.fixture(params=FORMS)
def form(request):
    return request.param


def table(folder, labels, image):
    run("measure", "--labels", labels, "--image", image, "--csv", folder / "table.csv")
    with open(folder / "table.csv", encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_measures_are_those_of_wider_integers(form, tmp_path):
    wide = table(tmp_path, as_tiff(tmp_path / "labels32", LABELS.astype(np.int32)),
                 as_tiff(tmp_path / "image32", IMAGE.astype(np.int32)))
    assert table(tmp_path, form(tmp_path / "labels", LABELS), form(tmp_path / "image", IMAGE)) == wide
    assert [row[wide[0].index("label")] for row in wide[1:]] == ["1", "2", "700"]
    means = [float(row[wide[0].index("mean")]) for row in wide[1:]]
    np.testing.assert_allclose(means, [IMAGE[label == LABELS].mean() for label in (1, 2, 700)], rtol=1e-12)


def test_a_mean_below_zero(form, tmp_path):
    image = np.where(np.indices(LABELS.shape).sum(0) % 2, -21, 0).astype(np.int16)
    rows = table(tmp_path, form(tmp_path / "labels", (LABELS == 2).astype(np.int16)), form(tmp_path / "image", image))
    assert len(rows) == 2
    assert [float(rows[1][rows[0].index(name)]) for name in ("mean", "min", "max", "sum")] == [-10.5, -21, 0, -2100]


def test_comparison(form, tmp_path):
    truth, result = as_tiff(tmp_path / "truth", LABELS.astype(np.uint16)), form(tmp_path / "result", LABELS)
    picture = tmp_path / "picture.tif"
    for pair in ((truth, result), (result, truth), (result, result)):
        run("compare", "--truth", pair[0], "--result", pair[1], "--csv", tmp_path / "t.csv", "--picture", picture)
        with open(tmp_path / "t.csv", encoding="utf-8", newline="") as file:
            row = next(csv.DictReader(file))
        assert [float(row[name]) for name in ("accuracy", "ap_50", "truth_objects", "result_objects")] == [1, 1, 3, 3]
        assert set(np.unique(tifffile.imread(picture))) == {0, 0x40}, "background and agreement alone"
    for kind in ("masks", "classes"):
        small = LABELS % 600
        pair = as_tiff(tmp_path / "a", small.astype(np.uint8)), form(tmp_path / f"b_{kind}", small)
        text = run("compare", "--truth", pair[0], "--result", pair[1], "--kind", kind, "--json").stdout
        assert '"accuracy": 1,' in text


def test_classes_of_objects(form, tmp_path):
    points = np.zeros(LABELS.shape, np.int16)
    points[4, 5], points[21, 6] = 1, 2
    made = []
    for name, write_as, dtype in (("signed", form, np.int16), ("wide", as_tiff, np.int32)):
        folder = tmp_path / name
        folder.mkdir()
        labels, image = write_as(folder / "l", LABELS.astype(dtype)), write_as(folder / "i", IMAGE.astype(dtype))
        examples = write_as(folder / "p", points.astype(dtype))
        model = folder / "m.brushwood-objects"
        run("train-objects", "--labels", labels, "--image", image, "--examples", examples, "--class", "a", "--class",
            "b", "--measures", "area,mean", "--out", model)
        run("classify-objects", "--model", model, "--labels", labels, "--image", image, "--output", folder / "out.tif",
            "--csv", folder / "out.csv")
        made.append((tifffile.imread(folder / "out.tif"), (folder / "out.csv").read_text(encoding="utf-8")))
    assert np.array_equal(made[0][0], made[1][0])
    assert made[0][1].splitlines()[1:] == made[1][1].splitlines()[1:]
    assert not made[0][0][LABELS == 0].any()


def test_objects_of_a_mask(form, tmp_path):
    """White is the largest value, and what is below 0 is as black as 0."""
    mask = np.where(LABELS > 0, 32767, np.where(np.indices(LABELS.shape)[0] % 2, -32768, 0)).astype(np.int16)
    expected = as_tiff(tmp_path / "bytes", ((LABELS > 0) * 255).astype(np.uint8))
    options = ("--min-size", 0, "--split", "none")
    for source, name in ((expected, "a.tif"), (form(tmp_path / "mask", mask), "b.tif")):
        run("objects", "--probabilities", source, "--output", tmp_path / name, *options)
    found = tifffile.imread(tmp_path / "b.tif")
    assert np.array_equal(found, tifffile.imread(tmp_path / "a.tif"))
    assert found.dtype == np.uint16
    assert found.max() == 3
    again = table(tmp_path, tmp_path / "b.tif", tmp_path / "b.tif")
    assert [float(row[again[0].index("mean")]) for row in again[1:]] == [1, 2, 3], "results have no offset"


def test_training_labels(form, tmp_path):
    strokes = np.zeros(LABELS.shape, np.int16)
    strokes[5, 5:15], strokes[1, 2:40] = 1, 2
    image = as_tiff(tmp_path / "image", (IMAGE.astype(np.int32) + 5000).astype(np.uint16))
    models = []
    for labels in (as_tiff(tmp_path / "plain", strokes.astype(np.uint8)), form(tmp_path / "signed", strokes)):
        models.append(tmp_path / f"{len(models)}.brushwood")
        done = run("train", "--image", image, "--labels", labels, "--features", "gaussian:1", "--out", models[-1])
        assert "32768" not in done.stdout
    run("predict", "--model", models[0], "--input", image, "--output", tmp_path / "a.tif", "--export", "labels")
    run("predict", "--model", models[1], "--input", image, "--output", tmp_path / "b.tif", "--export", "labels")
    assert np.array_equal(tifffile.imread(tmp_path / "a.tif"), tifffile.imread(tmp_path / "b.tif"))
    strokes[0, 0] = -3
    done = run("train", "--image", image, "--labels", form(tmp_path / "negative", strokes), "--features", "gaussian:1",
               "--out", tmp_path / "no.brushwood", code=1)
    assert "class -3" in done.stderr


def test_scores_of_classes(form, tmp_path):
    truth = form(tmp_path / "truth", LABELS % 600)
    labels = as_tiff(tmp_path / "labels", (LABELS % 600).astype(np.uint8))
    text = run("score", "--labels", labels, "--truth", truth).stdout
    assert "class 1: IoU 1.0000" in text
    assert "class 100: IoU 1.0000" in text


def test_negative_labels_are_refused(form, tmp_path):
    done = run("measure", "--labels", form(tmp_path / "labels", LABELS - 5), "--csv", tmp_path / "t.csv", code=1)
    assert "-5" in done.stderr
    assert "no label image" in done.stderr


def test_pixels_of_images_stay_as_they_were(form, tmp_path):
    """Training and prediction see 32768 more, as in ImageJ: the same model and the same result as of such uint16."""
    strokes = np.zeros(LABELS.shape, np.uint8)
    strokes[5, 5:15], strokes[1, 2:40] = 1, 2
    labels = as_tiff(tmp_path / "strokes", strokes)
    shifted = as_tiff(tmp_path / "image", (IMAGE.astype(np.int32) + 32768).astype(np.uint16))
    (tmp_path / "signed").mkdir()
    outputs = []
    for image in (shifted, form(tmp_path / "signed" / "image", IMAGE)):
        outputs.append(tmp_path / f"{len(outputs)}.tif")
        model = tmp_path / "m.brushwood"
        run("train", "--image", image, "--labels", labels, "--features", "gaussian:1", "--out", model)
        run("predict", "--model", model, "--input", image, "--output", outputs[-1], "--export", "probabilities")
    assert np.array_equal(*map(tifffile.imread, outputs))


def test_conversion_says_what_becomes_of_values(form, tmp_path):
    source = form(tmp_path / "image", IMAGE)
    done = run("convert", "--input", source, "--output", tmp_path / "out.zarr")
    assert "uint16, with 32768 added" in done.stderr
    copy = tmp_path / "copy.tif"
    assert "32768" not in run("convert", "--input", source, "--output", copy).stderr
    labels = as_tiff(tmp_path / "labels", LABELS)
    assert table(tmp_path, labels, copy) == table(tmp_path, labels, source), "ImageJ's description keeps them"


@pytest.mark.parametrize("dtype", [np.uint32, np.int32, np.float32, np.float64])
def test_numbers_of_objects_that_floats_do_not_tell_apart(dtype, tmp_path):
    labels = LABELS.astype(dtype)
    labels[LABELS == 700] = 2**24 - 1
    path = as_tiff(tmp_path / "labels", labels)
    rows = table(tmp_path, path, path)
    assert float(rows[3][rows[0].index("label")]) == 2**24 - 1
    for low in (2**24, 2**24 + 1):
        labels[LABELS == 2], labels[LABELS == 1] = low, low + 1
        path = as_tiff(tmp_path / "labels", labels)
        done = run("measure", "--labels", path, "--csv", tmp_path / "t.csv", code=1)
        assert "labels.tif holds the label 1677721" in done.stderr
        assert "16777215" in done.stderr
        done = run("compare", "--truth", path, "--result", path, code=1)
        assert "16777215" in done.stderr
