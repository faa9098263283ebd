"""The examples of the README and of docs/live.md run as they stand."""

import os
import re
import subprocess

import pytest
from conftest import PROGRAM, ROOT


def blocks(language, page="README.md"):
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), flags=re.S)


@pytest.fixture
def folder(tmp_path):
    """An empty folder in which tests/data can be reached by its path in the tree, and the program by its name."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "data").symlink_to(ROOT / "tests" / "data")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "brushwood").symlink_to(PROGRAM)
    return tmp_path


def run_block(folder, block):
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=folder, capture_output=True, text=True,
                          timeout=300, env={**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"})
    assert done.returncode == 0, done
    return done.stdout


def percent(pattern, text):
    return float(re.search(rf"{pattern} +([\d.]+) %", text, re.M).group(1))


def test_commands(folder):
    learn, objects, cluster, trust = blocks("sh")
    assert float(re.search(r"pixel accuracy ([\d.]+)", run_block(folder, learn)).group(1)) > 0.93
    told = run_block(folder, objects)
    assert float(re.search(r"Average precision at 0.5 +([\d.]+)", told).group(1)) > 0.7
    assert (folder / "objects.csv").stat().st_size and (folder / "differences.tif").stat().st_size
    told = run_block(folder, cluster)
    made = [int(n) for n in re.findall(r"(\d+) made, 0 were there, 0 failed", told)]
    assert len(made) == 3 and sum(made) == int(re.search(r"^blocks +(\d+)", told, re.M).group(1)) > 3
    told = run_block(folder, trust)
    assert percent("Out-of-bag error:", told) < 1, "the README promises it"
    assert 6 < percent(r"Held-out error \(strokes, 5 folds\):", told) < 10, "the README promises about 8 %"
    assert percent("^Accuracy", told) > 93
    assert (folder / "scores.csv").stat().st_size and (folder / "unsure.tif").stat().st_size
    assert re.search(r'^--features ".+"$', told, re.M)


def run_macro(folder, text):
    macro = folder / "example.ijm"
    macro.write_text(text)
    done = subprocess.run([ROOT / "scripts" / "imagej", "--headless", macro], cwd=folder, capture_output=True,
                          text=True, timeout=300)
    assert done.returncode == 0, done
    return done.stdout


def test_macro(folder):
    (block,) = blocks("ijm")
    count = int(re.search(r"^nuclei: (\d+)$", run_macro(folder, block), flags=re.M).group(1))
    assert 41 <= count <= 50, "the README promises about 45"


def test_page_of_objects(folder):
    run_block(folder, blocks("sh")[0])
    (command,), (macro,) = blocks("sh", "docs/objects.md"), blocks("ijm", "docs/objects.md")
    counted = int(re.search(r"^(\d+) objects", run_block(folder, command), re.M).group(1))
    told = run_macro(folder, macro + 'print("rows: " + nResults + ", active: " + getTitle());\nprint("done");\n')
    assert f"rows: {counted}, active: Objects of 00.tif" in told


def test_macro_of_the_live_window(folder):
    (block,) = blocks("ijm", "docs/live.md")
    shown = 'print("active: " + getTitle());\ncall("io.github.brushwood.Session.close");\n'
    told = run_macro(folder, block.replace('call("io.github.brushwood.Session.close");\n', shown))
    assert "active: Segmentation of 00.tif" in told
    info = subprocess.run([PROGRAM, "info", folder / "nuclei.brushwood"], capture_output=True, text=True, check=True)
    assert "background" in info.stdout and "nucleus" in info.stdout
