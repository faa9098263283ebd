"""What tells how far a model can be trusted: held-out checks, validation, uncertainty, calibration, selection; and the
options of training, each of which must do what it says."""

import csv
import hashlib
import json
import re

import numpy as np
import pytest
import tifffile
from conftest import SMALL, predict, run, train, write
from test_main_job import read_probabilities


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def info(model):
    return json.loads(run("info", model, "--json").stdout)


def trained(task, tmp_path, *options, features=SMALL):
    model = tmp_path / "trained.brushwood"
    train(task, model, "--trees", 20, *options, features=features)
    return model, info(model)


def validation(model, task, *options):
    pairs = [a for i in task.test for a in ("--image", i, "--truth", task.beside(i, "truth"))]
    return run("validate", "--model", model, *pairs, *options).stdout


# ---- assessment ------------------------------------------------------------------------------------------------------

def scored_pixels(model, task, tmp_path):
    """(truth, labels, probabilities[class]) of all scored pixels of the test images"""
    columns = []
    for image in task.test:
        predict(model, image, tmp_path / "p.tif", "probabilities")
        predict(model, image, tmp_path / "l.tif", "labels")
        p = read_probabilities(tmp_path / "p.tif", len(task.classes))
        labels = tifffile.imread(tmp_path / "l.tif").reshape(p.shape[1:])
        truth = tifffile.imread(task.beside(image, "truth")).reshape(p.shape[1:])
        scored = truth > 0
        columns.append((truth[scored], labels[scored], p[:, scored].astype(np.float64)))
    return (np.concatenate([c[0] for c in columns]), np.concatenate([c[1] for c in columns]),
            np.concatenate([c[2] for c in columns], axis=1))


@pytest.mark.parametrize("name", ["nuclei", "cells3d_2ch"])
def test_validate_matches_definitions(tasks, models, tmp_path, name):
    task = tasks[name]
    got = json.loads(validation(models[name], task, "--json"))
    truth, labels, p = scored_pixels(models[name], task, tmp_path)
    classes = len(task.classes)
    confusion = np.array([[((truth == i + 1) & (labels == j + 1)).sum() for j in range(classes)]
                          for i in range(classes)])
    hits, wanted, given = np.diag(confusion), confusion.sum(1), confusion.sum(0)
    assert got["confusion"] == confusion.tolist()
    assert got["pixels"] == truth.size == got["pixels_with_probability"]
    iou, f1 = hits / (wanted + given - hits), 2 * hits / (wanted + given)
    expected = hits.sum() / truth.size
    chance = (wanted * given).sum() / truth.size ** 2
    one_hot = truth[None] == np.arange(1, classes + 1)[:, None]
    for key, value in {"accuracy": expected, "mean_iou": iou.mean(), "mean_f1": f1.mean(),
                       "balanced_accuracy": (hits / wanted).mean(), "kappa": (expected - chance) / (1 - chance),
                       "brier": ((p - one_hot) ** 2).sum(0).mean()}.items():
        assert got[key] == pytest.approx(value, abs=1e-6), key
    for k, row in enumerate(got["classes"]):
        assert row["name"] == task.classes[k]
        assert row["iou"] == pytest.approx(iou[k], abs=1e-9) and row["f1"] == pytest.approx(f1[k], abs=1e-9)
        assert row["precision"] == pytest.approx(hits[k] / given[k], abs=1e-9)
        assert row["recall"] == pytest.approx(hits[k] / wanted[k], abs=1e-9)
        check_reliability(row["reliability"], p[k], one_hot[k])
    check_reliability(got["reliability"], p.ravel(), one_hot.ravel())
    gaps = [abs(b["observed"] - b["predicted"]) * b["pixels"] for row in got["classes"] for b in row["reliability"]
            if b["pixels"]]
    assert got["calibration_error"] == pytest.approx(sum(gaps) / p.size, abs=1e-6)


def check_reliability(bins, p, is_class):
    """20 bins of equal width; values on an edge may fall on either side."""
    assert len(bins) == 20 and sum(b["pixels"] for b in bins) == p.size
    for i, b in enumerate(bins):
        surely = (p > i / 20 + 1e-6) & (p < (i + 1) / 20 - 1e-6)
        perhaps = (p > i / 20 - 1e-6) & (p < (i + 1) / 20 + 1e-6)
        assert surely.sum() <= b["pixels"] <= perhaps.sum()
        if surely.sum() == perhaps.sum() > 0:
            assert b["predicted"] == pytest.approx(p[surely].mean(), abs=1e-5)
            assert b["observed"] == pytest.approx(is_class[surely].mean(), abs=1e-9)


def test_validation_tables(tasks, models, tmp_path):
    path = tmp_path / "scores.csv"
    printed = validation(models["cells3d_2ch"], tasks["cells3d_2ch"], "--csv", path)
    got = json.loads(validation(models["cells3d_2ch"], tasks["cells3d_2ch"], "--json"))
    assert f"Wrote {path}" in printed and "Mean IoU" in printed
    tables = {}
    for row in csv.reader(path.open(encoding="utf-8")):
        tables.setdefault("head" if row[0] == "table" else row[0], []).append(row[1:])
    assert len(tables["head"]) == 4
    assert float(dict(tables["summary"])["mean_iou"]) == got["mean_iou"]
    assert [[int(n) for n in row] for row in tables["confusion"]] == [
        [i + 1, j + 1, got["confusion"][i][j]] for i in range(3) for j in range(3)]
    assert [float(row[-1]) for row in tables["classes"]] == [c["iou"] for c in got["classes"]]
    assert len(tables["reliability"]) == 20 * 4


def test_truth_that_does_not_fit(tasks, models, blob, tmp_path):
    image, _, pixels, labels = blob
    model = models["nuclei"]
    small = write(tmp_path / "small.tif", labels[:-1])
    assert "small.tif" in run("validate", "--model", model, "--image", image, "--truth", small, code=1).stderr
    strange = write(tmp_path / "strange.tif", np.full(labels.shape, 9, np.uint8))
    failed = run("validate", "--model", model, "--image", image, "--truth", strange, code=1).stderr
    assert "strange.tif" in failed and "9" in failed
    assert "pairs" in run("validate", "--model", model, "--image", image, "--image", image, "--truth", small,
                          code=2).stderr


# ---- outputs ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["nuclei", "cells3d_2ch"])
def test_uncertainty_and_entropy(tasks, models, tmp_path, name):
    task, image = tasks[name], tasks[name].test[0]
    found = {}
    for kind in ("probabilities", "uncertainty", "entropy"):
        predict(models[name], image, tmp_path / f"{kind}.tif", kind)
        found[kind] = tmp_path / f"{kind}.tif"
    p = read_probabilities(found["probabilities"], len(task.classes)).astype(np.float64)
    two = np.sort(p, axis=0)[-2:]
    uncertainty, entropy = (tifffile.imread(found[k]).reshape(p.shape[1:]) for k in ("uncertainty", "entropy"))
    assert uncertainty.dtype == entropy.dtype == np.float32
    np.testing.assert_allclose(uncertainty, 1 - (two[1] - two[0]), atol=1e-6)
    logs = np.log(np.where(p > 0, p, 1))
    np.testing.assert_allclose(entropy, -(p * logs).sum(0) / np.log(len(task.classes)), atol=1e-6)


@pytest.mark.parametrize("kind", ["labels", "uncertainty", "entropy"])
def test_same_bytes_of_every_output(tasks, models, tmp_path, kind):
    seen = set()
    for threads, tile, level in ((1, 4096, "scalar"), (3, 40, "avx2"), (2, 64, "sse2"), (4, 100, "avx512")):
        predict(models["histology"], tasks["histology"].test[0], tmp_path / "o.tif", kind, "--threads", threads,
                "--tile", tile, env={"BRUSHWOOD_SIMD": level})
        seen.add(digest(tmp_path / "o.tif"))
    assert len(seen) == 1


# ---- what training reports -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", ["samples", "strokes", "blocks", "images"])
def test_held_out(tasks, tmp_path, kind):
    model, told = trained(tasks["nuclei"], tmp_path, "--held-out", kind, "--folds", 4, "--block", 16)
    held, labelled = told["held_out"], sum(c["labelled_pixels"] for c in told["classes"])
    assert told["training"]["holdout"]["kind"] == kind
    assert 0 < held["pixels"] <= labelled
    assert sum(map(sum, held["confusion"])) == held["pixels"]
    assert 0.5 < held["accuracy"] <= 1
    assert "Held-out error" in run("info", model).stdout
    assert trained(tasks["nuclei"], tmp_path)[1].get("held_out") is None


def test_neighbours_flatter(tasks, tmp_path):
    """Out-of-bag and random pixels tell less error than whole strokes."""
    errors = {k: trained(tasks["nuclei"], tmp_path, "--held-out", k)[1] for k in ("samples", "strokes")}
    assert errors["samples"]["held_out"]["error"] < errors["strokes"]["held_out"]["error"]
    assert errors["strokes"]["out_of_bag"]["error"] < errors["strokes"]["held_out"]["error"]


def test_importance_finds_the_informative_item(tmp_path):
    """Classes differ in fine texture alone: smoothing widely loses it."""
    rng = np.random.default_rng(3)
    texture = rng.integers(0, 2, (120, 120)) * 100
    texture[:, :60] = np.repeat(np.repeat(rng.integers(0, 2, (15, 8)) * 100, 8, 0), 8, 1)[:120, :60]
    image, labels = write(tmp_path / "i.tif", texture.astype(np.uint8)), np.zeros((120, 120), np.uint8)
    labels[10:110:7, 5:55], labels[10:110:7, 65:115] = 1, 2
    strokes, model = write(tmp_path / "l.tif", labels), tmp_path / "m.brushwood"
    run("train", "--image", image, "--labels", strokes, "--features", "gaussian:20;gradient:0.7", "--importance", 5,
        "--out", model)
    told = {f["id"]: f["permutation_importance"] for f in info(model)["feature_images"]}
    assert told["gradient"] > 0.05
    assert "permuted" in run("info", model).stdout


def test_calibration(tasks, tmp_path):
    """On the held-out samples that it was learnt from, frequencies replace overconfidence on new images."""
    task = tasks["nuclei"]
    plain, _ = trained(task, tmp_path, "--held-out", "strokes")
    before = json.loads(validation(plain, task, "--json"))
    model, told = trained(task, tmp_path, "--held-out", "strokes", "--calibrate")
    assert told["calibrated"] and told["training"]["calibrate"]
    truth, labels, p = scored_pixels(model, task, tmp_path)
    np.testing.assert_allclose(p.sum(0), 1, atol=1e-6)
    assert (labels == p.argmax(0) + 1).all()
    assert json.loads(validation(model, task, "--json"))["brier"] != before["brier"]


def test_select_finds_few_features(tasks, tmp_path):
    task = tasks["nuclei"]
    pairs = [a for i in task.train for a in ("--image", i, "--labels", task.beside(i, "strokes"))]
    out = run("select", *pairs, "--features", SMALL, "--trees", 20, "--held-out", "strokes").stdout
    steps = [(int(n), float(e), bool(c)) for n, e, c in re.findall(r"^ +(\d+) +([\d.]+) %(  chosen)?$", out, re.M)]
    chosen = [s for s in steps if s[2]]
    assert steps[0][0] == 5 and [s[0] for s in steps] == sorted((s[0] for s in steps), reverse=True)
    assert len(chosen) == 1
    assert chosen[0][1] <= min(s[1] for s in steps) + 0.5 + 0.01
    assert all(s[1] > min(e for _, e, _ in steps) + 0.5 - 0.01 for s in steps if s[0] < chosen[0][0])
    features = re.search(r'--features "(.*)"', out).group(1)
    _, told = trained(task, tmp_path, features=features)
    assert told["features"] == features and len(told["feature_images"]) == chosen[0][0]


# ---- how forests grow ------------------------------------------------------------------------------------------------

OPTIONS = [("--bootstrap", 0.3), ("--extra",), ("--mtry", "log2"), ("--mtry", "all"), ("--mtry", 1),
           ("--class-weights", "1,3"), ("--balance",), ("--stroke-balance", 1), ("--min-leaf", 20), ("--max-depth", 2)]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: " ".join(map(str, o)))
def test_every_option_changes_the_forest(tasks, models, tmp_path, options):
    model, told = trained(tasks["nuclei"], tmp_path, *options)
    usual = info(models["nuclei"])
    assert digest(model) != digest(models["nuclei"])
    name = options[0].strip("-").replace("-", "_")
    name = {"class_weights": "balance"}.get(name, name)
    section = "training" if name == "stroke_balance" else "forest"
    assert told[section][name] != usual[section][name]


@pytest.mark.parametrize("preset, options", [
    ("ilastik", ["--mtry", "sqrt", "--bootstrap", 1, "--no-balance"]),
    ("labkit", ["--mtry", "log2"]),
    ("tws", ["--mtry", 2]),
    ("qupath", ["--max-depth", 25, "--min-leaf", 5]),
])
def test_presets_are_names_for_options(tasks, tmp_path, preset, options):
    a, told = trained(tasks["nuclei"], tmp_path, "--forest", preset)
    first = digest(a)
    b, same = trained(tasks["nuclei"], tmp_path, "--forest", "ilastik", *options)
    assert digest(b) == first and told == same
    assert preset in run("--help").stdout


def test_no_bootstrap_leaves_nothing_out_of_bag(tasks, tmp_path):
    model, told = trained(tasks["nuclei"], tmp_path, "--bootstrap", 0)
    assert told["out_of_bag"]["pixels"] == 0
    assert "ut-of-bag error: not known" in run("info", model).stdout


@pytest.mark.parametrize("options", [
    ("--bootstrap", 1.5), ("--mtry", "many"), ("--class-weights", "1;2"), ("--stroke-balance", 2),
    ("--held-out", "pixels"), ("--folds", 1), ("--forest", "oak"), ("--context-sigmas", "1,2"),
    ("--balance", "--class-weights", "1,2"), ("--importance", 101), ("--refine", 99),
])
def test_wrong_values_are_named(tasks, tmp_path, options):
    failed = train(tasks["nuclei"], tmp_path / "m.brushwood", *options, code=2)
    assert options[0] in failed.stderr
    assert not (tmp_path / "m.brushwood").exists()


# ---- autocontext and refining ----------------------------------------------------------------------------------------

def test_autocontext(tasks, tmp_path):
    for name in ("nuclei", "cells3d_2ch"):
        model, told = trained(tasks[name], tmp_path, "--autocontext", "--context-sigmas", "1,3.5")
        names = [f["name"] for f in told["feature_images"]]
        assert told["training"]["context_sigmas"] == [1, 3.5]
        assert sum("context" in n for n in names) == 2 * len(tasks[name].classes)
        seen = set()
        for threads, tile in ((1, 4096), (2, 40), (3, 64)):
            predict(model, tasks[name].test[0], tmp_path / "o.tif", "probabilities", "--threads", threads, "--tile",
                    tile)
            seen.add(digest(tmp_path / "o.tif"))
        assert len(seen) == 1
        assert json.loads(validation(model, tasks[name], "--json"))["accuracy"] > 0.75


def test_autocontext_is_reproducible(tasks, tmp_path):
    seen = set()
    for threads in (1, 2, 4):
        model, _ = trained(tasks["embryo3d"], tmp_path, "--autocontext", "--threads", threads)
        seen.add(digest(model))
    assert len(seen) == 1


def mirrored(plane, radius):
    return np.pad(plane, radius, mode="reflect")


def window_mean(plane, radius):
    """Mean over squares, mirrored at the borders."""
    wide, size = mirrored(plane, radius), 2 * radius + 1
    return np.lib.stride_tricks.sliding_window_view(wide, (size, size)).mean(axis=(-1, -2))


def test_refined_probabilities_are_the_guided_filter(tasks, tmp_path):
    """He, Sun, Tang 2013, from the definition, on the forest's own probabilities, with a share of these kept."""
    task, radius = tasks["nuclei"], 4
    image = task.test[0]
    model, told = trained(task, tmp_path, "--refine", radius)
    predict(model, image, tmp_path / "raw.tif", "probabilities", "--unrefined")
    predict(model, image, tmp_path / "refined.tif", "probabilities")
    raw, refined = (read_probabilities(tmp_path / f"{n}.tif", 2)[:, 0] for n in ("raw", "refined"))
    spread = np.mean([tifffile.imread(i).astype(float).std() for i in task.train])
    assert told["training"]["refine"] == radius
    assert told["spread"] == pytest.approx([spread], rel=1e-5)
    taps = np.exp(-0.5 * np.arange(-4, 5) ** 2)
    guide = tifffile.imread(image).astype(float) / spread
    for axis in (0, 1):
        pad = [(4, 4) if a == axis else (0, 0) for a in (0, 1)]
        guide = np.apply_along_axis(np.convolve, axis, np.pad(guide, pad, mode="reflect"), taps / taps.sum(), "valid")
    mean = window_mean(guide, radius)
    inverse = 1 / (window_mean(guide * guide, radius) - mean ** 2 + 0.01)
    wanted = []
    for p in raw.astype(float):
        p_mean = window_mean(p, radius)
        covariance = window_mean(guide * p, radius) - mean * p_mean
        slope = covariance * inverse
        rest = np.clip(window_mean(p * p, radius) - p_mean ** 2 - slope * covariance, 0, None)
        own = rest / (rest + 0.05)
        wanted.append(window_mean((1 - own) * slope, radius) * guide + window_mean(own, radius) * p +
                      window_mean((1 - own) * (p_mean - slope * mean), radius))
    wanted = np.clip(wanted, 0, None)
    np.testing.assert_allclose(refined, wanted / wanted.sum(0), atol=1e-4)
    assert np.abs(refined - raw).max() > 0.1


@pytest.mark.parametrize("name", ["histology", "cells3d_2ch"])
def test_refining_does_not_depend_on_tiles(tasks, tmp_path, name):
    model, _ = trained(tasks[name], tmp_path, "--refine", 5)
    seen = set()
    for threads, tile, level in ((1, 4096, "scalar"), (3, 40, "avx2"), (2, 64, "sse2"), (4, 23, "avx512")):
        predict(model, tasks[name].test[0], tmp_path / "o.tif", "probabilities", "--threads", threads, "--tile", tile,
                env={"BRUSHWOOD_SIMD": level})
        seen.add(digest(tmp_path / "o.tif"))
    assert len(seen) == 1
