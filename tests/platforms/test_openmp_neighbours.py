"""The released library beside other OpenMP runtimes in one JVM: PyTorch on GNU's, a library on Intel's, a second copy.

The library is that of scripts/build-natives for this machine, below BRUSHWOOD_NATIVES (default:
build/platforms/natives).
"""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent / "openmp"
NATIVES = Path(os.environ.get("BRUSHWOOD_NATIVES", ROOT / "build" / "platforms" / "natives"))
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"


def run(*command, **options):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def jars(tmp_path_factory):
    folder = tmp_path_factory.mktemp("jars")
    for row in (HERE / "artifacts.txt").read_text().splitlines():
        if row.startswith("#"):
            continue
        expected, artifact = row.split()
        group, name, version, kind, *classifier = artifact.split(":")
        run("mvn", "-B", "-q", "-f", ROOT / "pom.xml", COPY, f"-Dartifact={artifact}", f"-DoutputDirectory={folder}")
        jar = folder / ("-".join([name, version, *classifier]) + "." + kind)
        assert hashlib.sha256(jar.read_bytes()).hexdigest() == expected, f"{artifact} is not what was pinned"
    return folder


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """Classes of the engine and of its tests' workload, with the released library."""
    folder = tmp_path_factory.mktemp("engine")
    package = Path("io/github/brushwood/engine")
    sources = list((ROOT / "java/src/main/java" / package).glob("*.java"))
    sources += [ROOT / "java/src/test/java" / package / f"{name}.java" for name in ("Workload", "Scene")]
    run("javac", "--release", "8", "-Xlint:-options", "-d", folder, *sources)
    version = re.search(r'#define BW_VERSION "(.*)"', (ROOT / "native/include/brushwood.h").read_text())[1]
    (folder / package / "brushwood.properties").write_text(f"version={version}\n")
    library = folder / "natives" / "linux_64"
    library.mkdir(parents=True)
    shutil.copy(NATIVES / "linux_64" / "libbrushwood_jni.so", library)
    return folder


@pytest.fixture(scope="module")
def neighbour(tmp_path_factory, jars):
    """neighbour.c compiled for GNU's interface, which Intel's runtime has too, and linked to the latter alone."""
    folder = tmp_path_factory.mktemp("neighbour")
    pytorch = next(jars.glob("pytorch-*-linux-x86_64.jar"))
    shutil.unpack_archive(pytorch, folder / "pytorch", "zip")
    intel = next((folder / "pytorch").rglob("libiomp5.so"))
    include = Path(os.path.realpath(shutil.which("javac"))).parents[1] / "include"
    run("cc", "-fopenmp", "-fPIC", "-O1", "-I", include, "-I", include / "linux", "-c", HERE / "neighbour.c", "-o",
        folder / "neighbour.o")
    library = folder / "libneighbour.so"
    run("cc", "-shared", "-o", library, folder / "neighbour.o", intel)
    shutil.rmtree(folder / "pytorch")
    assert "libgomp" not in run("readelf", "-d", library)
    return library


@pytest.mark.parametrize("first", ["engine", "neighbours"])
def test_runtimes_do_not_disturb_one_another(tmp_path, jars, engine, neighbour, first):
    class_path = os.pathsep.join([str(tmp_path), *(str(jar) for jar in jars.glob("*.jar"))])
    run("javac", "-cp", class_path, "-d", tmp_path, HERE / "Neighbours.java")
    cache = f"-Dorg.bytedeco.javacpp.cachedir={tmp_path / 'cache'}"
    output = run("java", cache, "-cp", class_path, "Neighbours", engine, neighbour, first, timeout=300)
    assert "all agree" in output
    assert "OMP:" not in output, output
