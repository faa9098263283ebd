"""HDF5 files that the jar writes, as h5py (and so ilastik) reads them; the jar reads what h5py wrote.

BRUSHWOOD_JAR names the jar (default: the one that scripts/package made).
"""

import json
import os
import re
import subprocess
from pathlib import Path

import h5py
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
VERSION = re.search(r'#define BW_VERSION "([^"]+)"', (ROOT / "native/include/brushwood.h").read_text()).group(1)
PACKAGE = Path(os.environ.get("BRUSHWOOD_PACKAGE", ROOT / "build" / "package"))
JAR = Path(os.environ.get("BRUSHWOOD_JAR", PACKAGE / f"Brushwood_-{VERSION}.jar"))
LAYOUTS = ROOT / "tests" / "data" / "hdf5" / "layouts.h5"
TYPES = {"UINT8": ("<u1", 1), "UINT16": ("<u2", 100), "FLOAT32": ("<f4", 0.25)}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Folder of the files, and what the program said."""
    folder = tmp_path_factory.mktemp("hdf5")
    done = subprocess.run(["java", "-cp", JAR, ROOT / "tests" / "package" / "Hdf5Files.java", folder, LAYOUTS],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return folder, done


def counted(shape, kind, factor):
    """Pixels that count in the order t, c, z, y, x, as tzyxc."""
    t, z, y, x, c = shape
    numbers = (np.arange(np.prod(shape)) * factor).astype(kind)
    return numbers.reshape(t, c, z, y, x).transpose(0, 2, 3, 4, 1)


@pytest.mark.parametrize("name", TYPES)
def test_h5py_reads_what_was_written(written, name):
    kind, factor = TYPES[name]
    with h5py.File(written[0] / f"{name}.h5") as file:
        assert list(file) == ["exported_data"]
        data = file["exported_data"]
        assert (data.shape, data.dtype, data.chunks, data.compression) == ((2, 3, 5, 7, 2), kind, None, None)
        assert data.id.get_create_plist().get_layout() == h5py.h5d.CONTIGUOUS
        np.testing.assert_array_equal(data[()], counted(data.shape, kind, factor))
        np.testing.assert_array_equal(data.attrs["element_size_um"], [2, 0.5, 0.25])


def test_axistags_are_as_vigra_writes_them(written):
    """Text of variable length, the same entries as ilastik's, of the same kinds."""
    with h5py.File(ROOT / "tests" / "data" / "hdf5" / "probabilities.h5") as file:
        ilastik = {tag["key"]: tag for tag in json.loads(file["exported_data"].attrs["axistags"])["axes"]}
    with h5py.File(written[0] / "FLOAT32.h5") as file:
        text = file["exported_data"].attrs["axistags"]
    assert isinstance(text, str)
    tags = json.loads(text)
    assert list(tags) == ["axes"] and "".join(tag["key"] for tag in tags["axes"]) == "tzyxc"
    for tag in tags["axes"]:
        assert list(tag) == ["key", "typeFlags", "resolution", "description"]
        assert tag["typeFlags"] == ilastik.get(tag["key"], {"typeFlags": {"t": 8, "z": 2}.get(tag["key"])})["typeFlags"]
        assert isinstance(tag["typeFlags"], int) and isinstance(tag["description"], str)
    assert [tag["resolution"] for tag in tags["axes"]] == [1.5, 2, 0.5, 0.25, 0]


def test_datasets_in_groups_without_calibration(written):
    with h5py.File(written[0] / "plain.hdf5") as file:
        data = file["volume"]["r\u00e4w"]["data"]
        np.testing.assert_array_equal(data[()].ravel(), np.arange(12))
        assert data.shape == (1, 1, 3, 4, 1)
        assert list(data.attrs) == ["axistags"]
        assert {tag["resolution"] for tag in json.loads(data.attrs["axistags"])["axes"]} == {0}


def test_files_can_be_extended(written):
    """The description is one that HDF5 itself can go on with."""
    path = written[0] / "plain.hdf5"
    with h5py.File(path, "r+") as file:
        file["volume/more"] = np.arange(5)
        file["volume/r\u00e4w/data"].attrs["note"] = "changed"
        file["volume/r\u00e4w/data"][0, 0, 1, 1, 0] = 99
    with h5py.File(path) as file:
        assert file["volume/more"][3] == 3
        assert file["volume/r\u00e4w/data"].attrs["note"] == "changed"
        assert file["volume/r\u00e4w/data"][()].ravel().tolist() == [*range(5), 99, *range(6, 12)]


def test_the_jar_has_what_lzf_needs_and_logs_nothing(written):
    with h5py.File(LAYOUTS) as file:
        assert int(written[1].stdout) == int(file["lzf"][()].astype(np.int64).sum())
    assert "SLF4J" not in written[1].stderr and "WARN" not in written[1].stderr
