"""Every kind of bad input ends with a clear message, the right exit status and no output file."""

import os
import signal
import stat
import subprocess
import time

import numpy as np
import pytest
import tifffile
from conftest import DATA, PROGRAM, SMALL, predict, run, train, write


def refuse(done, *words):
    """The message names what is wrong; nothing but the message is printed."""
    text = done.stderr
    assert text.strip(), "no message"
    for word in words:
        assert str(word).lower() in text.lower(), (word, text)
    assert "segmentation fault" not in text.lower()


def only(folder, *names):
    assert sorted(p.name for p in folder.iterdir()) == sorted(names)


def bytes_of(source, start=0, stop=None):
    return source.read_bytes()[start:stop]


COMMANDS = ("train", "predict", "objects", "measure", "compare", "train-objects", "classify-objects", "validate",
            "select", "info", "features", "score", "bench")

# ---- the command line itself -----------------------------------------------------------------------------------------

def test_help_and_version():
    text = run("--help").stdout
    for word in COMMANDS:
        assert word in text
    version = run("--version").stdout
    header = open(os.path.join(os.path.dirname(__file__), "..", "..", "native", "include", "brushwood.h")).read()
    assert header.split('BW_VERSION "')[1].split('"')[0] in version


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(command):
    assert command in run(command, "--help").stdout


def test_help_names_every_feature_and_preset():
    text = run("--help").stdout + run("features", "--help").stdout
    for word in ("original", "gaussian", "laplacian", "gradient", "dog", "structure", "hessian", "fast", "balanced",
                 "thorough", "ilastik"):
        assert word in text, word


PREDICT = ("predict", "--model", "m", "--input", "i", "--output", "o")


@pytest.mark.parametrize("arguments, words", [
    (("paint",), ("paint",)),
    (("train", "--colour", "red"), ("--colour",)),
    (("predict", "--model"), ("--model",)),
    (("predict", "--model", "m"), ("--input",)),
    (("train", "--out", "m"), ("--image",)),
    (("info",), ("model",)),
    (("info", "a", "b"), ("b",)),
    ((*PREDICT, "--export", "masks"), ("masks",)),
    ((*PREDICT, "--export", "labels", "--tile", "x"), ("x", "--tile")),
    ((*PREDICT, "--export", "labels", "--threads", "-1"), ("-1", "--threads")),
    ((*PREDICT, "--export", "labels", "--compression", "rar"), ("rar",)),
    (("train", "--image", "a", "--labels", "b", "--out", "m", "--trees", "0"), ("0", "--trees")),
    (("train", "--image", "a", "--labels", "b", "--out", "m", "--trees", "12x"), ("12x", "--trees")),
    (("train", "--image", "a", "--image", "c", "--labels", "b", "--out", "m"), ("--labels",)),
    (("train", "--image", "a", "--labels", "b", "--out", "m", "--class", "A#0x12ab"), ("A#0x12ab",)),
    (("train", "--image", "a", "--labels", "b", "--out="), ("--out",)),
    ((*PREDICT, "--spacing", "1,2"), ("--spacing",)),
    (("train", "--image", "a", "--labels", "b", "--out", "m", "--features", "gausian:1"), ("gausian",)),
    (("info", "m", "--json=3"), ("--json",)),
    (("info", "-x", "m"), ("-x",)),
])
def test_wrong_usage(arguments, words, tmp_path):
    refuse(run(*arguments, code=2, cwd=tmp_path), *words)
    only(tmp_path)


@pytest.mark.parametrize("spacing", ["1,2", "1,2,3,4", "1,2,x", "0,1,1", "-1,1,1", "nan,1,1"])
def test_wrong_spacing(tasks, models, tmp_path, spacing):
    done = predict(models["embryo3d"], tasks["embryo3d"].test[0], tmp_path / "p.tif", "labels", "--spacing", spacing,
                   code=2)
    refuse(done, spacing, "--spacing")
    only(tmp_path)


def test_no_command(tmp_path):
    done = run(code=2, cwd=tmp_path)
    assert "usage" in done.stdout + done.stderr


@pytest.mark.parametrize("features, words", [
    ("gausian:1", ("gausian",)),
    ("gaussian:0.1", ("0.1",)),
    ("gaussian:1e9", ("1e9",)),
    ("gaussian:abc", ("abc",)),
    ("gaussian", ("gaussian",)),
    ("original:1", ("original",)),
    ("gaussian:1@4d", ("4d",)),
    ("gaussian:1@c5", ("channel", "5")),
    ("", ("feature",)),
])
def test_wrong_features(blob, tmp_path, features, words):
    image, labels, _, _ = blob
    done = subprocess.run([PROGRAM, "train", "--image", image, "--labels", labels, "--features", features, "--out",
                           tmp_path / "m"], capture_output=True, text=True, timeout=60)
    assert done.returncode == (1 if "@c" in features else 2), done  # channels are known once the image is read
    refuse(done, *words)
    only(tmp_path)


# ---- files that cannot be used ---------------------------------------------------------------------------------------

def damaged_tiffs(source):
    """name -> bytes of broken versions of a TIFF file."""
    whole = source.read_bytes()
    return {"empty.tif": b"", "header.tif": whole[:4], "cut.tif": whole[:len(whole) // 2],
            "text.tif": b"not an image\n", "zeros.tif": bytes(len(whole)),
            "loop.tif": whole[:4] + b"\xff\xff\xff\xff" + whole[8:]}


@pytest.mark.parametrize("name", ["empty.tif", "header.tif", "cut.tif", "text.tif", "zeros.tif", "loop.tif"])
def test_damaged_image(tasks, models, tmp_path, name):
    bad = tmp_path / name
    bad.write_bytes(damaged_tiffs(tasks["nuclei"].test[0])[name])
    refuse(predict(models["nuclei"], bad, tmp_path / "p.tif", "labels", code=1), name)
    good, strokes = tasks["nuclei"].train[0], tasks["nuclei"].beside(tasks["nuclei"].train[0], "strokes")
    for image, labels in ((bad, strokes), (good, bad)):
        refuse(run("train", "--image", image, "--labels", labels, "--features", SMALL, "--out", tmp_path / "m", code=1),
               name)
    refuse(run("features", "--image", bad, "--features", SMALL, "--out", tmp_path / "f.tif", code=1), name)
    only(tmp_path, name)


@pytest.mark.parametrize("share", [0, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_truncated_model(tasks, models, tmp_path, share):
    whole = models["nuclei"].read_bytes()
    bad = tmp_path / "cut.brushwood"
    bad.write_bytes(whole[:min(int(len(whole) * share), len(whole) - 1)])
    refuse(predict(bad, tasks["nuclei"].test[0], tmp_path / "p.tif", "labels", code=1), "cut.brushwood")
    refuse(run("info", bad, code=1), "cut.brushwood")
    only(tmp_path, "cut.brushwood")


def test_corrupt_model(tasks, models, tmp_path):
    whole = bytearray(models["nuclei"].read_bytes())
    bad = tmp_path / "bad.brushwood"
    for position in np.linspace(0, len(whole) - 1, 40).astype(int):
        broken = whole.copy()
        broken[position] ^= 0x10
        bad.write_bytes(broken)
        refuse(predict(bad, tasks["nuclei"].test[0], tmp_path / "p.tif", "labels", code=1), "bad.brushwood")
    bad.write_bytes(whole + b"more")
    refuse(run("info", bad, code=1), "bad.brushwood")
    only(tmp_path, "bad.brushwood")


def test_model_is_an_image_and_the_reverse(tasks, models, tmp_path):
    image = tasks["nuclei"].test[0]
    refuse(predict(image, image, tmp_path / "p.tif", "labels", code=1), image.name)
    refuse(predict(models["nuclei"], models["nuclei"], tmp_path / "p.tif", "labels", code=1), "nuclei.brushwood")
    only(tmp_path)


def test_missing_files(tasks, models, tmp_path):
    image, gone = tasks["nuclei"].test[0], tmp_path / "gone"
    refuse(predict(gone, image, tmp_path / "p.tif", "labels", code=1), gone)
    refuse(predict(models["nuclei"], gone, tmp_path / "p.tif", "labels", code=1), gone)
    refuse(run("info", gone, code=1), gone)
    refuse(run("train", "--image", image, "--labels", gone, "--features", SMALL, "--out", tmp_path / "m", code=1), gone)
    refuse(run("score", "--labels", gone, "--truth", image, code=1), gone)
    only(tmp_path)


@pytest.mark.parametrize(("name", "words"), [
    ("cells_cp_masks.png", ("PNG", "Save As > Tiff", "Compare Segmentations")),
    ("cells_rois.zip", ("ROIs", "Import Objects")),
    ("cells_seg.npy", ("Cellpose", "Save masks as PNG/tif")),
])
def test_files_of_other_programs_are_told_apart(tmp_path, name, words):
    path = DATA / "interchange" / name
    refuse(run("measure", "--labels", path, "--csv", tmp_path / "t.csv", code=1), name, *words)
    array = tmp_path / "array.npy"
    array.write_bytes(path.read_bytes())
    done = run("measure", "--labels", array, "--csv", tmp_path / "t.csv", code=1)
    assert ("tifffile.imwrite" in done.stderr) == name.endswith(".npy")


def test_directory_instead_of_file(tasks, models, tmp_path):
    image, folder = tasks["nuclei"].test[0], tmp_path / "folder"
    folder.mkdir()
    refuse(predict(folder, image, tmp_path / "p.tif", "labels", code=1), folder)
    refuse(predict(models["nuclei"], folder, tmp_path / "p.tif", "labels", code=1), folder)
    refuse(predict(models["nuclei"], image, folder, "labels", code=1), folder)
    refuse(run("info", folder, code=1), folder)
    refuse(train(tasks["nuclei"], folder, code=1), folder)
    only(tmp_path, "folder")
    only(folder)


def test_output_folder_missing(tasks, models, tmp_path):
    out = tmp_path / "no" / "p.tif"
    refuse(predict(models["nuclei"], tasks["nuclei"].test[0], out, "labels", code=1), out)
    refuse(train(tasks["nuclei"], tmp_path / "no" / "m", "--trees", 2, code=1), tmp_path / "no" / "m")
    only(tmp_path)


def test_output_not_writable(tasks, models, tmp_path):
    """Nobody can create files in /proc, and no plain user in a read-only folder."""
    out = "/proc/brushwood_result.tif"
    refuse(predict(models["nuclei"], tasks["nuclei"].test[0], out, "labels", code=1), out)
    refuse(train(tasks["nuclei"], "/proc/brushwood_model", "--trees", 2, code=1), "/proc/brushwood_model")
    if os.geteuid() != 0:
        closed = tmp_path / "closed"
        closed.mkdir()
        closed.chmod(stat.S_IRUSR | stat.S_IXUSR)
        refuse(predict(models["nuclei"], tasks["nuclei"].test[0], closed / "p.tif", "labels", code=1), "p.tif")
        only(closed)


def test_disk_full(tasks, models, tmp_path):
    """A file size limit ends the write as a full disk does: an older result stays whole."""
    out = tmp_path / "p.tif"
    out.write_bytes(b"older result")
    limited = ["bash", "-c", 'trap "" XFSZ; ulimit -f 8; exec "$@"', "-", PROGRAM, "predict", "--model",
               models["nuclei"], "--input", tasks["nuclei"].test[0], "--output", out, "--export", "probabilities"]
    done = subprocess.run(limited, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done
    refuse(done, "p.tif")
    only(tmp_path, "p.tif")
    assert out.read_bytes() == b"older result"


def test_failure_keeps_older_output(tasks, models, tmp_path):
    out, bad = tmp_path / "p.tif", tmp_path / "bad.tif"
    out.write_bytes(b"older result")
    bad.write_bytes(bytes_of(tasks["nuclei"].test[0], 0, 5000))
    predict(models["nuclei"], bad, out, "labels", code=1)
    assert out.read_bytes() == b"older result"
    only(tmp_path, "p.tif", "bad.tif")


def test_output_equal_to_an_input(tasks, models, tmp_path):
    """Refused before anything is written: the input stays."""
    image = tmp_path / "a.tif"
    image.write_bytes(bytes_of(tasks["nuclei"].test[0]))
    refuse(predict(models["nuclei"], image, image, "labels", code=2), "a.tif")
    refuse(run("features", "--image", image, "--out", image, code=2), "a.tif")
    assert image.read_bytes() == bytes_of(tasks["nuclei"].test[0])


def test_image_as_its_own_labels(blob, tmp_path):
    image = blob[0]
    refuse(run("train", "--image", image, "--labels", image, "--out", tmp_path / "m", code=1), image.name)
    only(tmp_path)


def test_interrupt_leaves_nothing(models, tmp_path):
    """Ctrl-C in the middle: status 130, no output, no temporary."""
    big = write(tmp_path / "big.tif", np.random.default_rng(0).integers(0, 255, (10000, 10000), dtype=np.uint8))
    arguments = [PROGRAM, "predict", "--model", models["nuclei"], "--input", big, "--output", tmp_path / "p.tif",
                 "--threads", "1"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, text = process.communicate(timeout=60)
    assert process.returncode == 130, text
    assert "cancelled" in text.lower()
    only(tmp_path, "big.tif")


def test_score_needs_class_images(tasks, models, tmp_path):
    task = tasks["nuclei"]
    predict(models["nuclei"], task.test[0], tmp_path / "p.tif", "probabilities")
    refuse(run("score", "--labels", tmp_path / "p.tif", "--truth", task.beside(task.test[0], "truth"), code=1), "p.tif")


# ---- images and labels that do not fit -------------------------------------------------------------------------------

def test_labels_of_another_size(blob, tmp_path):
    image, _, _, labels = blob
    other = write(tmp_path / "other.tif", labels[:-1])
    refuse(run("train", "--image", image, "--labels", other, "--features", SMALL, "--out", tmp_path / "m", code=1),
           "other.tif", "59", "60")
    only(tmp_path, "other.tif")


def test_labels_of_another_depth(tasks, blob, tmp_path):
    image, _, _, labels = blob
    other = write(tmp_path / "deep.tif", np.stack([labels] * 3))
    refuse(run("train", "--image", image, "--labels", other, "--features", SMALL, "--out", tmp_path / "m", code=1),
           "deep.tif")
    only(tmp_path, "deep.tif")


@pytest.mark.parametrize("kind, word", [("one", "class"), ("none", "label"), ("float", "label"), ("rgb", "label")])
def test_unusable_labels(blob, tmp_path, kind, word):
    image, _, pixels, labels = blob
    made = {"one": (labels > 0).astype(np.uint8), "none": np.zeros_like(labels),
            "float": labels.astype(np.float32), "rgb": np.stack([labels] * 3, axis=-1)}[kind]
    bad = write(tmp_path / "bad.tif", made, photometric="rgb" if kind == "rgb" else "minisblack")
    refuse(run("train", "--image", image, "--labels", bad, "--features", SMALL, "--out", tmp_path / "m", code=1), word)
    only(tmp_path, "bad.tif")


def test_class_number_too_high(blob, tmp_path):
    image, _, _, labels = blob
    high = labels.astype(np.uint16)
    high[0, 0] = 300
    bad = write(tmp_path / "high.tif", high)
    refuse(run("train", "--image", image, "--labels", bad, "--features", SMALL, "--out", tmp_path / "m", code=1), "300")
    only(tmp_path, "high.tif")


def test_other_channel_count(tasks, models, tmp_path):
    out = tmp_path / "p.tif"
    refuse(predict(models["nuclei"], tasks["histology"].test[0], out, "labels", code=1), "channel", "3", "1")
    refuse(predict(models["histology"], tasks["nuclei"].test[0], out, "labels", code=1), "channel")
    refuse(run("train", *[a for t in ("nuclei", "histology") for a in tasks[t].training_options()
                          if a not in ("--class", "background", "nucleus")], "--features", SMALL, "--out",
               tmp_path / "m", code=1), "channel")
    only(tmp_path)


def test_3d_model_on_a_single_slice(tasks, models, tmp_path):
    plane = write(tmp_path / "plane.tif", tifffile.imread(tasks["embryo3d"].test[0])[3])
    refuse(predict(models["embryo3d"], plane, tmp_path / "p.tif", "labels", code=1), "3D", "plane.tif")
    only(tmp_path, "plane.tif")


def test_memory_budget_too_small(tasks, tmp_path):
    rng = np.random.default_rng(2)
    big = write(tmp_path / "big.tif", rng.integers(0, 60000, (20, 60, 60)).astype(np.uint16))
    refuse(run("features", "--image", big, "--features", "exact;hessian:10", "--out", tmp_path / "f.tif", "--memory", 1,
               code=1), "memory")
    only(tmp_path, "big.tif")


# ---- unusual images that work ----------------------------------------------------------------------------------------

def test_non_finite_pixels(blob, tmp_path):
    """NaN and infinities count as the smallest finite value, and are reported."""
    image, labels, pixels, _ = blob
    dirty, clean = pixels.astype(np.float32), pixels.astype(np.float32)
    dirty[3, 4], dirty[30, 35], dirty[50, 60] = np.nan, np.inf, -np.inf
    for place in ((3, 4), (30, 35), (50, 60)):
        clean[place] = np.nanmin(np.where(np.isfinite(dirty), dirty, np.nan))
    a, b = write(tmp_path / "dirty.tif", dirty), write(tmp_path / "clean.tif", clean)
    model = tmp_path / "m"
    run("train", "--image", image, "--labels", labels, "--features", "original;" + SMALL, "--trees", 10, "--out", model)
    done = predict(model, a, tmp_path / "a.tif", "probabilities")
    predict(model, b, tmp_path / "b.tif", "probabilities")
    assert "3" in done.stdout + done.stderr and "finite" in done.stdout + done.stderr
    pa, pb = (tifffile.imread(tmp_path / f"{n}.tif", key=slice(None)) for n in "ab")
    assert np.isfinite(pa).all() and (pa == pb).all()


def test_all_pixels_not_finite(blob, tmp_path):
    image, labels, pixels, _ = blob
    model = tmp_path / "m"
    run("train", "--image", image, "--labels", labels, "--features", SMALL, "--trees", 3, "--out", model)
    bad = write(tmp_path / "nan.tif", np.full(pixels.shape, np.nan, np.float32))
    predict(model, bad, tmp_path / "p.tif", "probabilities")
    assert np.isfinite(tifffile.imread(tmp_path / "p.tif", key=slice(None))).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (2, 3)])
def test_tiny_images(blob, tmp_path, shape):
    image, labels, _, _ = blob
    pixels = np.arange(shape[0] * shape[1], dtype=np.uint8).reshape(shape)
    model, tiny = tmp_path / "m", write(tmp_path / "tiny.tif", pixels)
    run("train", "--image", image, "--labels", labels, "--features", "balanced", "--trees", 3, "--out", model)
    predict(model, tiny, tmp_path / "l.tif", "labels")
    won = tifffile.imread(tmp_path / "l.tif")
    assert won.size == shape[0] * shape[1] and set(np.unique(won)) <= {1, 2}
    run("features", "--image", tiny, "--features", "thorough", "--out", tmp_path / "f.tif")
    assert np.isfinite(tifffile.imread(tmp_path / "f.tif", key=slice(None))).all()


@pytest.mark.parametrize("value, kind", [(0, np.uint8), (255, np.uint8), (65535, np.uint16), (-1.5, np.float32)])
def test_constant_image(blob, tmp_path, value, kind):
    _, labels, pixels, _ = blob
    flat, model = write(tmp_path / "flat.tif", np.full(pixels.shape, value, kind)), tmp_path / "m"
    run("train", "--image", flat, "--labels", labels, "--features", "balanced", "--trees", 5, "--out", model)
    predict(model, flat, tmp_path / "p.tif", "probabilities")
    p = tifffile.imread(tmp_path / "p.tif", key=slice(None))
    assert np.isfinite(p).all() and np.ptp(p.reshape(len(p), -1), axis=1).max() == 0


def test_single_slice_stack_file(blob, tmp_path):
    """A stack of one slice is a 2D image."""
    image, labels, pixels, _ = blob
    one = tmp_path / "one.tif"
    tifffile.imwrite(one, pixels[None], imagej=True, metadata={"axes": "ZYX"})
    run("train", "--image", one, "--labels", labels, "--features", SMALL, "--trees", 3, "--out", tmp_path / "m")
    predict(tmp_path / "m", one, tmp_path / "a.tif", "labels")
    predict(tmp_path / "m", image, tmp_path / "b.tif", "labels")
    assert (tifffile.imread(tmp_path / "a.tif") == tifffile.imread(tmp_path / "b.tif")).all()


def test_environment_threads(blob, tmp_path):
    """OMP_NUM_THREADS is followed, and nonsense in it does not stop the job."""
    image, labels, _, _ = blob
    seen = set()
    for value in ("1", "3", "nonsense"):
        out = tmp_path / f"{value}.brushwood"
        run("train", "--image", image, "--labels", labels, "--features", SMALL, "--trees", 5, "--out", out,
            env={"OMP_NUM_THREADS": value})
        seen.add(out.read_bytes())
    assert len(seen) == 1
