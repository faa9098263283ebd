"""The command lines of other platforms, as people use them, give the bytes of this one.

The programs are those of scripts/build-natives, below BRUSHWOOD_PROGRAMS (default: build/platforms).
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NUCLEI = ROOT / "tests" / "data" / "nuclei"
PROGRAMS = Path(os.environ.get("BRUSHWOOD_PROGRAMS", ROOT / "build" / "platforms"))
NAMES = {"image": "Bild \u03bc \u00e4 \u7ec6\u80de.tif", "labels": "Striche.tif", "out": "aus gabe \u03b1\u03b2"}
STARTERS = {
    "linux-x86_64": [PROGRAMS / "linux-x86_64" / "bin" / "brushwood"],
    "linux-aarch64": ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu", PROGRAMS / "linux-aarch64" / "bin" / "brushwood"],
    "windows-x86_64": [ROOT / "tests/platforms/wine", PROGRAMS / "windows-x86_64" / "bin" / "brushwood.exe"],
}
OTHERS = [name for name in STARTERS if name != "linux-x86_64"]


class Program:
    """One platform's program in a folder of its own, with the same files as every other's."""

    def __init__(self, name, folder):
        self.name = name
        self.folder = folder
        self.separator = "\\" if name.startswith("windows") else "/"
        (folder / NAMES["out"]).mkdir()
        shutil.copy(NUCLEI / "train/00.tif", folder / NAMES["image"])
        shutil.copy(NUCLEI / "train/00_strokes.tif", folder / NAMES["labels"])

    def inside(self, name):
        return NAMES["out"] + self.separator + name

    def run(self, *arguments):
        environment = dict(os.environ, LC_ALL="C.UTF-8")
        command = [*map(str, STARTERS[self.name]), *arguments]
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, timeout=600, check=False)
        texts = [t.decode().replace("\r\n", "\n").replace("\\", "/") for t in (done.stdout, done.stderr)]
        return done.returncode, *texts

    def files(self):
        return {path.name: path.read_bytes() for path in (self.folder / NAMES["out"]).iterdir()}


def main_job(program):
    """Everything that the program wrote and said."""
    model, labels = program.inside("Modell \u00fc.brushwood"), program.inside("labels \u00e9.tif")
    said = [program.run("train", "--image", NAMES["image"], "--labels", NAMES["labels"], "--out", model,
                        "--class", "Grund \u00f6", "--class", "\u6838#ff0000", "--trees", "20", "--features", "fast")]
    predict = ["predict", "--model", model, "--input", NAMES["image"], "--output"]
    said += [program.run(*predict, labels, "--export", "labels") for _ in range(2)]  # the second replaces the first
    said.append(program.run(*predict, program.inside("p.tif"), "--compression", "zstd"))
    said.append(program.run("score", "--labels", labels, "--truth", NAMES["labels"]))
    said.append(program.run("info", model))
    said.append(program.run("info", "--json", model))
    features = program.inside("f.tif")
    said.append(program.run("features", "--image", NAMES["image"], "--features", "ilastik", "--out", features))
    assert [code for code, _, _ in said] == [0] * len(said), said
    return said, program.files()


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    return main_job(Program("linux-x86_64", tmp_path_factory.mktemp("linux-x86_64")))


@pytest.mark.parametrize("name", OTHERS)
def test_main_job_gives_the_same_bytes(name, expected, tmp_path):
    said, files = main_job(Program(name, tmp_path))
    assert said == expected[0]
    assert sorted(files) == sorted(expected[1])
    assert [file for file in files if files[file] != expected[1][file]] == []


FAULTS = {
    "no such file": ["info", "no \u00fc.brushwood"],
    "no model": ["info", NAMES["image"]],
    "a folder": ["predict", "--model", NAMES["out"], "--input", NAMES["image"], "--output", "x.tif"],
    "unknown option": ["info", "--bogus", "x"],
    "no command": ["nonsense"],
}


@pytest.mark.parametrize("name", OTHERS)
def test_faults_are_told_alike(name, tmp_path):
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
    here, there = Program("linux-x86_64", tmp_path / "here"), Program(name, tmp_path / "there")
    for fault, arguments in FAULTS.items():
        code, out, err = there.run(*arguments)
        assert (code, out, err) == here.run(*arguments), fault
        assert code in (1, 2) and err, fault
