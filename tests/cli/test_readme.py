"""The README's examples run as they stand."""

import os
import re
import subprocess

import pytest
from conftest import PROGRAM, ROOT


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.S)


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
    learn, trust = blocks("sh")
    assert float(re.search(r"pixel accuracy ([\d.]+)", run_block(folder, learn)).group(1)) > 0.93
    told = run_block(folder, trust)
    assert percent("Out-of-bag error:", told) < 1, "the README promises it"
    assert 6 < percent(r"Held-out error \(strokes, 5 folds\):", told) < 10, "the README promises about 8 %"
    assert percent("^Accuracy", told) > 93
    assert (folder / "scores.csv").stat().st_size and (folder / "unsure.tif").stat().st_size
    assert re.search(r'^--features ".+"$', told, re.M)


def test_macro(folder):
    assert len(blocks("ijm")) == 1
    for block in blocks("ijm"):
        macro = folder / "readme.ijm"
        macro.write_text(block)
        done = subprocess.run([ROOT / "scripts" / "imagej", "--headless", macro], cwd=folder, capture_output=True,
                              text=True, timeout=300)
        assert done.returncode == 0, done
        count = int(re.search(r"^nuclei: (\d+)$", done.stdout, flags=re.M).group(1))
        assert 41 <= count <= 50, "the README promises about 45"
