"""Train, predict, score and describe on the bundled images."""

import hashlib
import json
import re

import numpy as np
import pytest
import tifffile
from conftest import SMALL, TASKS, predict, run, train, write

# Pixel accuracy that a working classifier exceeds on each task's test images with the default features.
LEAST_ACCURACY = {"nuclei": 0.93, "histology": 0.80, "embryo3d": 0.93, "cells3d_2ch": 0.75}


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def image_shape(task, image):
    """(z, y, x) of an image of a task."""
    with tifffile.TiffFile(image) as file:
        series = file.series[0]
        sizes = dict(zip(series.axes, series.shape))
        return (sizes.get("Z", sizes.get("I", 1)), sizes["Y"], sizes["X"])


def read_probabilities(path, classes):
    """(class, z, y, x) from a written file, whose pages run class first, then z."""
    pages = tifffile.imread(path, key=slice(None))
    pages = pages[None] if pages.ndim == 2 else pages
    return np.moveaxis(pages.reshape(-1, classes, *pages.shape[-2:]), 1, 0)


@pytest.mark.parametrize("name", TASKS)
def test_job(tasks, tmp_path, name):
    task = tasks[name]
    model, seen = tmp_path / "m.brushwood", []
    train(task, model, features="balanced")
    for image in task.test:
        probabilities, labels = tmp_path / f"{image.stem}_p.tif", tmp_path / f"{image.stem}_l.tif"
        predict(model, image, probabilities, "probabilities")
        predict(model, image, labels, "labels")
        p = read_probabilities(probabilities, len(task.classes))
        won = tifffile.imread(labels).reshape(p.shape[1:])
        assert p.dtype == np.float32 and won.dtype == np.uint8
        assert p.shape[1:] == image_shape(task, image)
        assert p.min() >= 0 and p.max() <= 1
        np.testing.assert_allclose(p.sum(axis=0), 1, atol=1e-5)
        assert (won == p.argmax(axis=0) + 1).all(), "labels are the argmax, ties to the lower class"
        truth = tifffile.imread(task.beside(image, "truth")).reshape(won.shape)
        scored = truth > 0
        accuracy = (won == truth)[scored].mean()
        seen.append(accuracy)
        printed = run("score", "--labels", labels, "--truth", task.beside(image, "truth")).stdout
        assert abs(float(re.search(r"pixel accuracy\D*([\d.]+)", printed).group(1)) - accuracy) < 1e-3
    assert min(seen) > LEAST_ACCURACY[name], seen


def test_score_matches_definition(tasks, models, tmp_path):
    task = tasks["cells3d_2ch"]
    labels, truth = tmp_path / "l.tif", task.beside(task.test[0], "truth")
    predict(models["cells3d_2ch"], task.test[0], labels, "labels")
    holes = tifffile.imread(truth)
    holes[:, :20] = 0
    truth = write(tmp_path / "truth.tif", holes)
    printed = run("score", "--labels", labels, "--truth", truth).stdout
    won = tifffile.imread(labels)
    ious = []
    for k in (1, 2, 3):
        a, b = (won == k) & (holes > 0), holes == k
        ious.append((a & b).sum() / (a | b).sum())
    numbers = [float(n) for n in re.findall(r"\b[01]\.\d+", printed)]
    for value in (*ious, np.mean(ious), (won == holes)[holes > 0].mean()):
        assert min(abs(n - value) for n in numbers) < 1e-3, (value, printed)


@pytest.mark.parametrize("name", TASKS)
def test_same_bytes_for_threads_and_tiles(tasks, models, tmp_path, name):
    image = tasks[name].test[0]
    for kind in ("probabilities", "labels"):
        seen = {}
        for threads, tile in ((1, None), (2, None), (3, None), (4, None), (8, None), (1, 32), (2, 32), (2, 50), (3, 64),
                              (2, 100), (1, 4096)):
            out = tmp_path / f"{threads}_{tile}.tif"
            predict(models[name], image, out, kind, "--threads", threads, *(("--tile", tile) if tile else ()))
            seen[threads, tile] = digest(out)
        assert len(set(seen.values())) == 1, seen


def test_same_bytes_for_memory_and_simd(tasks, models, tmp_path):
    image = tasks["nuclei"].test[0]
    first = tmp_path / "first.tif"
    predict(models["nuclei"], image, first, "probabilities")
    second = tmp_path / "second.tif"
    predict(models["nuclei"], image, second, "probabilities", "--memory", 64)
    assert digest(first) == digest(second)
    for level in ("scalar", "sse2", "avx2", "avx512"):
        out = tmp_path / f"{level}.tif"
        predict(models["nuclei"], image, out, "probabilities", env={"BRUSHWOOD_SIMD": level})
        assert digest(out) == digest(first), level


def test_training_is_reproducible(tasks, tmp_path):
    seen = set()
    for threads in (1, 2, 3, 4):
        model = tmp_path / f"{threads}.brushwood"
        train(tasks["nuclei"], model, "--threads", threads, "--seed", 7)
        seen.add(digest(model))
    assert len(seen) == 1
    other = tmp_path / "other.brushwood"
    train(tasks["nuclei"], other, "--seed", 8)
    assert digest(other) not in seen


def test_saved_model_predicts_as_trained_twice(tasks, tmp_path):
    outputs = []
    for turn in range(2):
        model, out = tmp_path / f"{turn}.brushwood", tmp_path / f"{turn}.tif"
        train(tasks["histology"], model, "--trees", 10)
        predict(model, tasks["histology"].test[0], out, "probabilities")
        outputs.append(out.read_bytes())
    assert outputs[0] == outputs[1]


def test_forest_options_matter(tasks, tmp_path):
    sizes = {}
    for name, options in {"plain": (), "few": ("--trees", 5), "shallow": ("--max-depth", 2), "wide": ("--min-leaf", 50),
                          "narrow": ("--mtry", 1), "balanced": ("--balance",)}.items():
        model = tmp_path / f"{name}.brushwood"
        train(tasks["nuclei"], model, *options)
        sizes[name] = model.stat().st_size
        assert digest(model) != digest(tmp_path / "plain.brushwood") or name == "plain"
    assert sizes["few"] < sizes["plain"] and sizes["shallow"] < sizes["plain"] and sizes["wide"] < sizes["plain"]


def test_info(tasks, models):
    for name in TASKS:
        text = run("info", models[name]).stdout
        description = json.loads(run("info", models[name], "--json").stdout)
        flat = json.dumps(description)
        for word in (*tasks[name].classes, *(p.name for p in tasks[name].train)):
            assert word in text and word in flat
        for row in ("gaussian", "gradient", "hessian"):
            assert row in text and row in flat


def test_class_names_and_colours(blob, tmp_path):
    image, labels, _, _ = blob
    model = tmp_path / "m.brushwood"
    run("train", "--image", image, "--labels", labels, "--features", SMALL, "--trees", 3, "--out", model,
        "--class", "far \u00e9 \"quoted\"#102030", "--class", "near#FFee00")
    description = run("info", model, "--json").stdout
    names = json.dumps(json.loads(description), ensure_ascii=False)
    assert "far \u00e9 \\\"quoted\\\"" in names and "near" in names
    assert "102030" in names and "ffee00" in names.lower()


@pytest.mark.parametrize("compression", ["none", "lzw", "deflate", "zstd"])
def test_compression(tasks, models, tmp_path, compression):
    image = tasks["nuclei"].test[0]
    plain, packed = tmp_path / "plain.tif", tmp_path / "packed.tif"
    predict(models["nuclei"], image, plain, "probabilities")
    predict(models["nuclei"], image, packed, "probabilities", "--compression", compression)
    assert (tifffile.imread(plain, key=slice(None)) == tifffile.imread(packed, key=slice(None))).all()
    wanted = {"none": ("NONE",), "lzw": ("LZW",), "deflate": ("ADOBE_DEFLATE", "DEFLATE"), "zstd": ("ZSTD",)}
    with tifffile.TiffFile(packed) as file:
        assert file.pages[0].compression.name in wanted[compression]


def test_calibration_is_kept(tasks, models, tmp_path):
    out = tmp_path / "p.tif"
    predict(models["cells3d_2ch"], tasks["cells3d_2ch"].test[0], out, "probabilities")
    with tifffile.TiffFile(out) as file:
        assert file.is_imagej
        metadata = file.imagej_metadata
        assert metadata["channels"] == 3 and metadata["slices"] == 14
        assert metadata["unit"] in ("um", "micron", "\u00b5m") and abs(metadata["spacing"] - 0.3) < 1e-6
        top, bottom = file.pages[0].tags["XResolution"].value
        assert abs(top / bottom - 10) < 1e-3


def test_spacing_option(tasks, tmp_path):
    """--spacing z,y,x gives an uncalibrated stack the shape that its calibration would."""
    task = tasks["embryo3d"]
    model, plain = tmp_path / "m.brushwood", tmp_path / "plain.brushwood"
    train(task, model, "--spacing", "2,1,1", "--trees", 5)
    train(task, plain, "--trees", 5)
    a, b, c = (tmp_path / f"{n}.tif" for n in "abc")
    predict(model, task.test[0], a, "probabilities")
    predict(model, task.test[0], b, "probabilities", "--spacing", "4,2,2")
    predict(plain, task.test[0], c, "probabilities")
    assert (tifffile.imread(a, key=slice(None)) == tifffile.imread(b, key=slice(None))).all()
    assert (tifffile.imread(a, key=slice(None)) != tifffile.imread(c, key=slice(None))).any()
    predict(model, task.test[0], tmp_path / "d.tif", "probabilities", "--spacing", "5,1,1", code=1)
    assert not (tmp_path / "d.tif").exists()


def test_2d_model_works_slice_by_slice(tasks, tmp_path):
    task = tasks["embryo3d"]
    model = tmp_path / "m.brushwood"
    train(task, model, "--trees", 10, features="gaussian:1@2d;hessian:1.6@2d;structure:1@2d")
    whole = tmp_path / "whole.tif"
    predict(model, task.test[0], whole, "probabilities")
    stack = tifffile.imread(task.test[0])
    p = read_probabilities(whole, 2)
    for z in (0, 7, len(stack) - 1):
        plane, out = write(tmp_path / "slice.tif", stack[z]), tmp_path / "slice_p.tif"
        predict(model, plane, out, "probabilities")
        assert (read_probabilities(out, 2)[:, 0] == p[:, z]).all(), z


def test_2d_image_model_on_a_stack(blob, tmp_path):
    """A model trained on a single 2D image runs on a stack, slice by slice."""
    image, labels, pixels, _ = blob
    model = tmp_path / "m.brushwood"
    run("train", "--image", image, "--labels", labels, "--features", SMALL, "--trees", 10, "--out", model)
    stack = write(tmp_path / "stack.tif", np.stack([pixels, pixels[::-1], pixels.T[:60, :60].repeat(2, 1)[:, :70]]))
    predict(model, stack, tmp_path / "stack_l.tif", "labels")
    whole = tifffile.imread(tmp_path / "stack_l.tif")
    predict(model, image, tmp_path / "one.tif", "labels")
    assert (whole[0] == tifffile.imread(tmp_path / "one.tif")).all()
    assert whole.shape == (3, 60, 70)


def test_label_stack_types_give_the_same_training_set(blob, tmp_path):
    image, labels, _, pixels = blob
    wide = write(tmp_path / "wide.tif", pixels.astype(np.uint16))
    made = []
    for number, path in enumerate((labels, wide)):
        folder = tmp_path / str(number)
        folder.mkdir()
        target = folder / "strokes.tif"
        target.write_bytes(path.read_bytes())
        run("train", "--image", image, "--labels", target, "--features", SMALL, "--trees", 5, "--out", folder / "m")
        predict(folder / "m", image, folder / "p.tif", "probabilities")
        made.append(digest(folder / "p.tif"))
    assert made[0] == made[1]


def test_bench_command():
    printed = run("bench", "--size", 256, "--samples", 500).stdout
    for stage in ("features", "training", "predict"):
        assert re.search(stage + r".*\d\.\d+ s wall", printed), printed


def test_names_with_spaces_and_accents(blob, tmp_path):
    image, labels, _, _ = blob
    folder = tmp_path / "a folder \u00e9 'q'"
    folder.mkdir()
    for source, name in ((image, "an image.tif"), (labels, "its labels.tif")):
        (folder / name).write_bytes(source.read_bytes())
    run("train", "--image", folder / "an image.tif", "--labels", folder / "its labels.tif", "--features", SMALL,
        "--trees", 3, "--out", folder / "the model")
    predict(folder / "the model", folder / "an image.tif", folder / "its result.tif", "labels")
    assert sorted(p.name for p in folder.iterdir()) == ["an image.tif", "its labels.tif", "its result.tif", "the model"]


def test_relative_paths(blob, tmp_path):
    image, labels, _, _ = blob
    (tmp_path / "a.tif").write_bytes(image.read_bytes())
    (tmp_path / "l.tif").write_bytes(labels.read_bytes())
    run("train", "--image", "a.tif", "--labels", "l.tif", "--features", SMALL, "--trees", 3, "--out", "m", cwd=tmp_path)
    predict("m", "a.tif", "p.tif", "labels", cwd=tmp_path)
    assert (tmp_path / "p.tif").exists()
