"""The examples of this folder in ImageJ, without a display and with one (Xvfb), beside the command line.

JUnit tests the commands one by one; here plugin and command line have to give the same bytes.
"""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))

from conftest import ROOT, SMALL, TASKS, models, predict, tasks, train  # tasks and models are fixtures

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


@pytest.mark.parametrize("mode", MODES)
def test_count(tasks, tmp_path, mode):
    """Threshold, watershed and particles of ImageJ on the plugin's result: within 10 % of the ground truth."""
    task, model = tasks["nuclei"], tmp_path / "m.brushwood"
    train(task, model, features="balanced")
    wanted = tifffile.imread(task.beside(task.test[0], "instances")).max()
    count = int(re.search(r"^count (\d+)$", imagej(mode, EXAMPLES / "count_nuclei.ijm", task.test[0], model),
                          flags=re.M).group(1))
    print(f"{count} counted, {wanted} in the ground truth")
    assert abs(count - wanted) <= 0.1 * wanted
