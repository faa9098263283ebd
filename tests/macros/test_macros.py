"""The examples of this folder in ImageJ, without a display and with one (Xvfb), beside the command line.

JUnit tests the commands one by one; here plugin and command line have to give the same bytes.
"""

import re
import subprocess
import sys
from csv import reader
from pathlib import Path

import numpy as np
import pytest
import tifffile

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))

from conftest import ROOT, SMALL, TASKS, models, predict, run, tasks, train  # tasks and models are fixtures

EXAMPLES = Path(__file__).resolve().parent
MODES = {"headless": [str(ROOT / "scripts" / "imagej"), "--headless"],
         "display": ["xvfb-run", "-a", str(ROOT / "scripts" / "imagej"), "--display"]}


def imagej(mode, macro, *arguments):
    """Runs a macro, whose arguments are lines, and returns what it printed."""
    done = subprocess.run([*MODES[mode], str(macro), "\n".join(map(str, arguments))], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done
    return done.stdout


def same_pixels(first, second):
    a, b = np.squeeze(tifffile.imread(first)), np.squeeze(tifffile.imread(second))
    assert a.dtype == b.dtype and a.shape == b.shape
    assert a.tobytes() == b.tobytes()


@pytest.mark.parametrize("name, mode", [*((name, "headless") for name in TASKS), ("nuclei", "display"),
                                        ("cells3d_2ch", "display")])
def test_plugin_and_command_line_give_the_same_bytes(tasks, models, tmp_path, name, mode):
    folder = tmp_path / "with spaces"
    folder.mkdir()
    image = tasks[name].test[0]
    made = {kind: folder / f"{kind}.tif" for kind in ("probabilities", "labels")}
    imagej(mode, EXAMPLES / "apply.ijm", image, models[name], made["probabilities"], made["labels"])
    for kind, path in made.items():
        own = tmp_path / f"own_{kind}.tif"
        predict(models[name], image, own, kind)
        same_pixels(path, own)


@pytest.mark.parametrize("name, features, exact", [*((name, SMALL, False) for name in TASKS),
                                                   ("histology", "gaussian:3.5;median:2;hsb;stain_he", False),
                                                   ("histology", "gaussian:3.5;median:2;hsb;stain_he", True),
                                                   ("embryo3d", "frangi:1.6;membrane", True)])
def test_plugin_trains_the_model_of_the_command_line(tasks, tmp_path, name, features, exact):
    task = tasks[name]
    strokes = [task.beside(image, "strokes") for image in task.train]
    macro, own, made = tmp_path / "train.ijm", tmp_path / "own.brushwood", tmp_path / "made.brushwood"
    train(task, own, "--trees", 12, "--seed", 5, features=f"exact;{features}" if exact else features)
    macro.write_text(f'''run("Brushwood Train Model...", "model=[{made}] features=[{features}] trees=12 seed=5 " +
    "images=[{';'.join(map(str, task.train))}] labels=[{';'.join(map(str, strokes))}] " +
    "classes=[{';'.join(task.classes)}]{' exact' if exact else ''}");
print("done");
''')
    imagej("headless", macro)
    assert made.read_bytes() == own.read_bytes()


@pytest.mark.parametrize("keys, options", [
    ("forest=ilastik held_out=strokes folds=3 balance=none",
     "--forest ilastik --held-out strokes --folds 3 --no-balance"),
    ("mtry=log2 max_depth=8 min_leaf=3 bootstrap=0.7 extra balance", "--mtry log2 --max-depth 8 --min-leaf 3 "
     "--bootstrap 0.7 --extra --balance"),
    ("balance=custom class_weights=1,2.5 stroke_balance=0.5 calibrate importance=2", "--class-weights 1,2.5 "
     "--stroke-balance 0.5 --calibrate --importance 2"),
    ("held_out=blocks block=50 autocontext context_sigmas=1.6,4 refine=3", "--held-out blocks --block 50 --autocontext "
     "--context-sigmas 1.6,4 --refine 3"),
])
def test_every_option_of_the_forest_is_that_of_the_command_line(tasks, tmp_path, keys, options):
    task, macro = tasks["nuclei"], tmp_path / "train.ijm"
    own, made = tmp_path / "own.brushwood", tmp_path / "made.brushwood"
    strokes = [task.beside(image, "strokes") for image in task.train]
    train(task, own, "--trees", 10, *options.split(), features="gaussian:1,3.5")
    macro.write_text(f'''run("Brushwood Train Model...", "model=[{made}] features=gaussian:1,3.5 trees=10 {keys} " +
    "images=[{';'.join(map(str, task.train))}] labels=[{';'.join(map(str, strokes))}] " +
    "classes=[{';'.join(task.classes)}]");
print("done");
''')
    imagej("headless", macro)
    assert made.read_bytes() == own.read_bytes()


@pytest.mark.parametrize("mode", MODES)
def test_count(tasks, tmp_path, mode):
    """Threshold, watershed and particles of ImageJ on the plugin's result: within 10 % of the ground truth."""
    task, model = tasks["nuclei"], tmp_path / "m.brushwood"
    train(task, model, features="balanced")
    wanted = int(tifffile.imread(task.beside(task.test[0], "instances")).max())
    count = int(re.search(r"^count (\d+)$", imagej(mode, EXAMPLES / "count_nuclei.ijm", task.test[0], model),
                          flags=re.M).group(1))
    print(f"{count} counted, {wanted} in the ground truth")
    assert abs(count - wanted) <= 0.1 * wanted


@pytest.mark.parametrize("mode", MODES)
def test_validate(tasks, models, tmp_path, mode):
    """The scores of the plugin's CSV are those counted from the command line's labels."""
    image, csv = tasks["nuclei"].test[0], tmp_path / "scores.csv"
    truth = tasks["nuclei"].beside(image, "truth")
    printed = imagej(mode, EXAMPLES / "validate.ijm", models["nuclei"], image, truth, csv)
    labels = tmp_path / "labels.tif"
    predict(models["nuclei"], image, labels, "labels")
    wanted, found = tifffile.imread(truth), tifffile.imread(labels)
    accuracy = (wanted == found)[wanted > 0].mean()
    assert f"{np.count_nonzero(wanted)} pixels, accuracy {accuracy:.4f}" in printed
    assert re.search(r"^active Validation of .*: reliability$", printed, flags=re.M)
    overlap = [np.sum((wanted == k) & (found == k)) for k in (1, 2)]
    rows = [line.split(",") for line in csv.read_text().splitlines()]
    for count in overlap:
        assert any(str(count) in row for row in rows), rows


def rows(csv):
    """The table of a batch without its seconds and messages."""
    with csv.open(newline="", encoding="utf-8") as file:
        return [[cell for i, cell in enumerate(row[:-1]) if i != 2] for row in reader(file)]


@pytest.mark.parametrize("mode", MODES)
def test_batch_is_that_of_the_command_line(tasks, models, tmp_path, mode):
    """Same files, same pixels and the same table, with a damaged image among them."""
    model, images, made, own = models["nuclei"], tmp_path / "in", tmp_path / "made", tmp_path / "own"
    (images / "sub = x").mkdir(parents=True)
    for name, image in zip(("a.tif", "=b, \"c\".TIF", "sub = x/d.tif"), tasks["nuclei"].test * 3, strict=False):
        (images / name).write_bytes(image.read_bytes())
    if mode == "headless":  # with windows a message would wait for somebody
        (images / "bad.tif").write_bytes(b"II*\0 no image")
    macro = tmp_path / "batch.ijm"
    macro.write_text(f'''run("Brushwood Apply Model to Folder...", "model=[{model}] input=[{images}] output=[{made}] " +
    "export=both recursive compression=deflate names=[{{kind}} of {{name}}.tif]");
print("done");
''')
    if mode == "headless":
        subprocess.run([*MODES[mode], str(macro), ""], stdin=subprocess.DEVNULL, capture_output=True, timeout=200,
                       check=False)
    else:
        imagej(mode, macro)
    run("predict", "--model", model, "--output-folder", own, "--export", "probabilities,labels", "--recursive",
        "--compression", "deflate", "--name", "{kind} of {name}.tif", images, code=1 if mode == "headless" else 0)
    files = {path.relative_to(own): path for path in own.rglob("*.*")}
    assert set(files) == {path.relative_to(made) for path in made.rglob("*.*")}
    assert len(files) == 7  # two results of each good image and the table
    for name, path in files.items():
        if path.suffix == ".csv":
            assert rows(path) == rows(made / name)
        else:
            same_pixels(path, made / name)
