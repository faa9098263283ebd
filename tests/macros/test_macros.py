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

from conftest import DATA, ROOT, SMALL, TASKS, models, predict, run, tasks, train  # tasks and models are fixtures
from test_classify import Scene, write as write_scene

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


def printed(output, name):
    """The numbers that a macro printed behind a name."""
    return [int(number) for number in re.search(rf"^{name} ([\d ]+)$", output, flags=re.M).group(1).split()]


@pytest.fixture(scope="module")
def nuclei(tasks, tmp_path_factory):
    """A good model of the nuclei."""
    model = tmp_path_factory.mktemp("nuclei") / "nuclei.brushwood"
    train(tasks["nuclei"], model, features="balanced")
    return model


@pytest.mark.parametrize("mode", MODES)
def test_fiji_chain(tasks, nuclei, mode):
    """ImageJ's commands count what the plugin's label image, mask, probabilities and Rois hold."""
    image = tasks["nuclei"].test[0]
    wanted = int(tifffile.imread(tasks["nuclei"].beside(image, "instances")).max())
    output = imagej(mode, EXAMPLES / "fiji_chain.ijm", image, nuclei, *(["manager"] if mode == "display" else []))
    (objects,), (numbers,), (particles,) = (printed(output, name) for name in ("objects", "numbers", "particles"))
    assert objects == numbers
    assert abs(objects - wanted) <= 0.1 * wanted
    assert printed(output, "binary") == [1]
    assert 0.7 * objects <= particles <= objects  # touching ones are one
    for name in ("watershed", "maxima", "probabilities"):
        assert abs(printed(output, name)[0] - wanted) <= 0.15 * wanted, name
    if mode == "display":
        assert printed(output, "manager") == [objects, objects]


@pytest.mark.parametrize("mode", MODES)
def test_cellpose(tasks, tmp_path, mode):
    """Masks as Cellpose writes them become strokes and a model; its objects become pairs for Cellpose."""
    task = tasks["nuclei"]
    truth = tifffile.imread(task.beside(task.test[0], "instances")).astype(np.uint16)
    image = tmp_path / "some cells.tif"
    image.write_bytes(task.test[0].read_bytes())
    tifffile.imwrite(tmp_path / "some cells_cp_masks.tif", truth, compression="zlib")
    output = imagej(mode, EXAMPLES / "cellpose.ijm", image, tmp_path / "m.brushwood", tmp_path / "pairs")
    assert printed(output, "strokes") == [1 + len(np.unique(truth[truth > 0]))]
    names = sorted(path.name for path in (tmp_path / "pairs").iterdir())
    assert names == ["some cells.tif", "some cells_masks.tif"]
    masks = tifffile.imread(tmp_path / "pairs" / names[1])
    assert masks.dtype == np.uint16 and masks.dtype.isnative
    assert printed(output, "objects") == [masks.max()]
    assert abs(int(masks.max()) - int(truth.max())) <= 0.2 * truth.max()
    same_pixels(tmp_path / "pairs" / names[0], image)


@pytest.mark.parametrize("mode", MODES)
def test_stardist(tmp_path, nuclei, mode):
    """Rois that StarDist wrote become the label image that it drew; objects become pairs for StarDist."""
    stars = DATA / "interchange" / "stars.tif"
    image = tmp_path / "stars.tif"
    drawn = tifffile.imread(stars)
    tifffile.imwrite(image, (drawn > 0).astype(np.uint8) * 150 + 30, imagej=True, metadata={"axes": "ZYX"})
    made, model = tmp_path / "made.tif", tmp_path / "s.brushwood"
    strokes = np.where(drawn > 0, 2, 1).astype(np.uint8)
    tifffile.imwrite(tmp_path / "strokes.tif", strokes, imagej=True, metadata={"axes": "ZYX"})
    run("train", "--image", image, "--labels", tmp_path / "strokes.tif", "--class", "background", "--class", "star",
        "--features", "gaussian:0.7", "--trees", 5, "--out", model)
    output = imagej(mode, EXAMPLES / "stardist.ijm", image, stars.with_suffix(".zip"), made, model, tmp_path / "pairs")
    assert printed(output, "stars") == [12]
    found = tifffile.imread(made)
    numbered = np.where(drawn > 0, drawn + 6 * np.arange(2)[:, None, None], 0)  # StarDist counts from 1 in each slice
    assert np.array_equal(found, numbered)
    names = sorted(str(path.relative_to(tmp_path / "pairs")) for path in (tmp_path / "pairs").rglob("*.*"))
    assert names == ["images/stars_z001.tif", "images/stars_z002.tif", "masks/stars_z001.tif", "masks/stars_z002.tif",
                     "stars_rois.zip"]
    for z in (1, 2):
        masks = tifffile.imread(tmp_path / "pairs" / "masks" / f"stars_z{z:03d}.tif")
        assert masks.dtype == np.uint16 and masks.any()


@pytest.mark.parametrize("mode", MODES)
def test_classify_objects(tmp_path, mode):
    """Model and classes are those of the command line, for a folder of label images."""
    scenes = {name: Scene(seed) for name, seed in (("a.tif", 1), ("b.tif", 2), ("c d.tif", 3))}
    folders = [tmp_path / name for name in ("labels", "raw", "classes")]
    for folder in folders[:2]:
        folder.mkdir()
    for name, scene in scenes.items():
        write_scene(folders[0] / name, scene.labels, "um")
        write_scene(folders[1] / name, scene.image, "um")
    first, paint = scenes["a.tif"], tmp_path / "paint.tif"
    write_scene(paint, first.points(first.bright, 6), "um")
    examples = ";".join(f"{name}:{','.join(map(str, first.ids[first.bright == kind][:6]))}"
                        for kind, name in enumerate(("dim", "bright")))
    made, own = tmp_path / "made.brushwood-objects", tmp_path / "own.brushwood-objects"
    output = imagej(mode, EXAMPLES / "classify_objects.ijm", folders[0] / "a.tif", folders[1] / "a.tif", examples, made,
                    *folders)
    run("train-objects", "--labels", folders[0] / "a.tif", "--image", folders[1] / "a.tif", "--examples", paint,
        "--class", "dim", "--class", "bright", "--measures", "shape,intensity", "--out", own)
    assert made.read_bytes() == own.read_bytes()
    for name, scene in scenes.items():
        expected = tmp_path / "expected.tif"
        run("classify-objects", "--model", own, "--labels", folders[0] / name, "--image", folders[1] / name,
            "--output", expected, "--csv", tmp_path / "expected.csv")
        same_pixels(folders[2] / name, expected)
        assert np.array_equal(np.squeeze(tifffile.imread(expected)), np.squeeze(scene.truth(scene.bright)))
        assert (folders[2] / name.replace(".tif", ".csv")).read_bytes() == (tmp_path / "expected.csv").read_bytes()
        assert printed(output, name.replace(".", r"\.")) == [scene.ids.size, int(scene.bright.sum())]
