"""What scripts/package made: both jars, the archives, the update site's tree; and that jar and program work here.

scripts/package runs it. BRUSHWOOD_PACKAGE names the folder (default: build/package of this tree).
"""

import collections
import hashlib
import os
import platform
import re
import struct
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import tifffile

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from package_files import platforms

PACKAGE = Path(os.environ.get("BRUSHWOOD_PACKAGE", ROOT / "build" / "package"))
POM = (ROOT / "pom.xml").read_text(encoding="utf-8")
VERSION = re.search(r'#define BW_VERSION "([^"]+)"', (ROOT / "native/include/brushwood.h").read_text()).group(1)
JAR = PACKAGE / f"Brushwood_-{VERSION}.jar"
SPARK_JAR = PACKAGE / f"brushwood-spark-{VERSION}.jar"
LARGEST_JAR = 12_000_000  # bytes
LONGEST_LOAD = 300  # milliseconds
JAVA_8 = 52
PLATFORMS = platforms()
NUCLEI = ROOT / "tests" / "data" / "nuclei"


def sources():
    """Rows of native/third_party/sources.txt of what is linked in: name, version."""
    lines = (ROOT / "native/third_party/sources.txt").read_text().splitlines()
    rows = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    return {row[0]: re.search(r"\d+(\.\d+)+", row[4]).group() for row in rows if row[5] != "-"}


LICENCES = {"Apache-2.0.txt", "zig.txt", "mingw-w64.txt", *(f"{name}.txt" for name in sources())}


def run(*command, **keywords):
    done = subprocess.run([*map(str, command)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
                          check=False, **keywords)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def jar():
    assert JAR.is_file(), f"{JAR} is missing; run scripts/package"
    with zipfile.ZipFile(JAR) as opened:
        yield opened


def archive_of(p):
    return PACKAGE / f"brushwood-{VERSION}-{p.name}{'.zip' if p.system == 'Windows' else '.tar.gz'}"


def zip_modes(path):
    """Names with modes, of an archive whose entries are sorted and of one time."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    assert len({entry.date_time for entry in entries}) == 1
    return {entry.filename: entry.external_attr >> 16 & 0o7777 for entry in sorted_once(entries, "filename")}


def tar_modes(path):
    with tarfile.open(path) as archive:
        entries = archive.getmembers()
    assert {(entry.uid, entry.gid, entry.uname, entry.gname) for entry in entries} == {(0, 0, "", "")}
    assert len({entry.mtime for entry in entries}) == 1
    return {entry.name: entry.mode for entry in sorted_once(entries, "name")}


def sorted_once(entries, key):
    names = [getattr(entry, key) for entry in entries]
    assert names == sorted(set(names))
    return entries


def test_jar_is_small_enough(jar):
    assert JAR.stat().st_size <= LARGEST_JAR


def test_spark_stays_outside(jar):
    """Neither Spark nor what only the driver for it needs is in the plugin."""
    names = [name for name in jar.namelist() if re.search(r"spark|picocli|scala", name, re.IGNORECASE)]
    assert names == []
    classes = [jar.read(name) for name in jar.namelist() if name.endswith(".class")]
    assert not [data for data in classes if re.search(rb"org/apache/spark|scala/|picocli", data)]


@pytest.fixture(scope="module")
def spark_jar():
    with zipfile.ZipFile(SPARK_JAR) as opened:
        yield opened


def test_spark_jar_holds_engine_and_driver(spark_jar, jar):
    """The same engine, libraries and licences as the plugin's, picocli, and nothing else: no ImageJ, no Spark."""
    files = {name for name in spark_jar.namelist() if not name.endswith("/")}
    plugin = {name for name in jar.namelist() if not name.endswith("/")}
    same = {name for name in plugin if re.match(r"io/github/brushwood/engine/|natives/|META-INF/(?!MANIFEST)", name)}
    ours = {name for name in files if name.startswith("io/github/brushwood/spark/")}
    picocli = {name for name in files if name.startswith("io/github/brushwood/shaded/picocli/")}
    assert files == same | ours | picocli | {"META-INF/MANIFEST.MF"}
    assert all(spark_jar.read(name) == jar.read(name) for name in same)
    assert "io/github/brushwood/spark/PredictDriver.class" in ours and picocli
    assert SPARK_JAR.stat().st_size <= LARGEST_JAR


def test_spark_jar_names_its_driver(spark_jar):
    manifest = spark_jar.read("META-INF/MANIFEST.MF").decode()
    assert "Main-Class: io.github.brushwood.spark.PredictDriver\r\n" in manifest
    assert f"Implementation-Version: {VERSION}\r\n" in manifest
    classes = {name: spark_jar.read(name) for name in spark_jar.namelist() if name.endswith(".class")}
    assert {name for name, data in classes.items() if struct.unpack(">IHH", data[:8])[2] > JAVA_8} == set()
    assert not [name for name, data in classes.items() if re.search(rb"\bij/|java/awt/|javax/swing/", data)]


def test_no_entry_twice_and_one_time(jar):
    counts = collections.Counter(jar.namelist())
    assert [name for name, count in counts.items() if count > 1] == []
    ours = [entry for entry in jar.infolist() if "/shaded/" not in entry.filename]  # Gson's keep those of its release
    assert len({entry.date_time for entry in ours}) == 1


def test_jar_holds_ours_and_nothing_else(jar):
    """Another jar's description of commands, module or services would be taken for ours."""
    files = [name for name in jar.namelist() if not name.endswith("/")]
    strange = [name for name in files if not re.fullmatch(
        r"plugins\.config|natives/.*|io/github/brushwood/.*\.(class|properties|html)|"
        r"META-INF/(MANIFEST\.MF|LICENSE|NOTICE|licences/[\w.-]+\.txt|maven/io\.github\.brushwood/Brushwood_/pom\.\w+)",
        name)]
    assert strange == []
    assert files.count("plugins.config") == 1
    assert jar.read("plugins.config") == (ROOT / "plugin-config" / "plugins.config").read_bytes()


def test_manifest_has_the_version(jar):
    manifest = jar.read("META-INF/MANIFEST.MF").decode()
    assert f"Implementation-Title: Brushwood\r\nImplementation-Version: {VERSION}\r\n" in manifest


def test_every_class_runs_on_java_8(jar):
    names = [name for name in jar.namelist() if name.endswith(".class")]
    majors = {name: struct.unpack(">IHH", jar.read(name)[:8])[2] for name in names}
    assert {name for name, major in majors.items() if major > JAVA_8} == set()
    assert any("/shaded/gson/" in name for name in names) and "io/github/brushwood/engine/Engine.class" in names
    assert "<maven.compiler.release>8</maven.compiler.release>" in POM  # no newer API either


def test_every_command_is_in_the_jar(jar):
    commands = re.findall(r'(?m)^[^#\n]*, "Brushwood[^"]*", ([\w.]+)', jar.read("plugins.config").decode())
    assert len(commands) > 10
    assert {command.replace(".", "/") + ".class" for command in commands} <= set(jar.namelist())


def test_jar_has_the_libraries_that_were_checked(jar):
    found = {name for name in jar.namelist() if name.startswith("natives/") and not name.endswith("/")}
    assert found == {f"natives/{p.jar_folder}/{p.library}" for p in PLATFORMS}
    for p in PLATFORMS:
        built = PACKAGE / "natives" / p.jar_folder / p.library
        assert jar.read(f"natives/{p.jar_folder}/{p.library}") == built.read_bytes()


def test_jar_has_every_licence(jar):
    prefix = "META-INF/licences/"
    found = {name[len(prefix):] for name in jar.namelist() if name.startswith(prefix)} - {""}
    assert found == LICENCES
    assert all(len(jar.read(prefix + name)) > 500 for name in found)
    assert jar.read("META-INF/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert jar.read("META-INF/NOTICE") == (ROOT / "NOTICE").read_bytes()


def test_notice_names_all_that_is_linked_in():
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    for name in LICENCES:
        assert f"licences/{name}" in notice
    for name, version in sources().items():
        paragraph = next(part for part in notice.split("\n\n") if f"licences/{name}.txt" in part)
        assert f" {version}" in paragraph, name
    zig = re.search(r"ziglang==(\S+)", (ROOT / "native/platforms/requirements.txt").read_text()).group(1)
    assert f"Zig {zig}" in notice
    gson = re.search(r"<artifactId>gson</artifactId>\s*<version>([^<]+)<", POM).group(1)
    assert f"Gson {gson}" in notice
    picocli = re.search(r"<artifactId>picocli</artifactId>\s*<version>([^<]+)<", POM).group(1)
    assert f"picocli {picocli}" in notice
    # parts with owners of their own, whose terms ask to be repeated
    assert "Even Rouault" in notice and "NONINFRINGEMENT" in notice
    assert "Lucent Technologies" in notice and "LUCENT DISCLAIMS" in notice


@pytest.mark.parametrize("p", PLATFORMS, ids=lambda p: p.name)
def test_archive_of_the_command_line(p):
    modes = (zip_modes if p.system == "Windows" else tar_modes)(archive_of(p))
    licences = {f"licences/{name}" for name in LICENCES if name != "Apache-2.0.txt"}
    folder = f"brushwood-{VERSION}-{p.name}"
    assert modes == {f"{folder}/{p.program}": 0o755,
                     **{f"{folder}/{name}": 0o644 for name in {"LICENSE", "NOTICE", *licences}}}


def test_archive_for_imagej():
    folder = f"brushwood-{VERSION}-imagej"
    path = PACKAGE / f"{folder}.zip"
    names = {"README.txt", "LICENSE", "NOTICE", f"plugins/{JAR.name}", *(f"licences/{name}" for name in LICENCES)}
    assert zip_modes(path) == {f"{folder}/{name}": 0o644 for name in names}
    with zipfile.ZipFile(path) as archive:
        assert archive.read(f"{folder}/plugins/{JAR.name}") == JAR.read_bytes()
        assert JAR.name in archive.read(f"{folder}/README.txt").decode()


def test_sums():
    lines = (PACKAGE / "SHA256SUMS").read_text().splitlines()
    sums = {line[66:]: line[:64] for line in lines}
    made = {str(path.relative_to(PACKAGE)) for path in [*PACKAGE.glob("*"), *PACKAGE.glob("fiji-update-site/**/*")]
            if path.is_file()}
    assert set(sums) == made - {"SHA256SUMS"}
    for name, digest in sums.items():
        assert hashlib.sha256((PACKAGE / name).read_bytes()).hexdigest() == digest, name


def test_update_site():
    """One jar with all, or a jar without libraries and these beside it, none of them executable."""
    site = PACKAGE / "fiji-update-site"
    files = {str(path.relative_to(site)): path for path in site.rglob("*") if path.is_file()}
    plugin = files.pop(f"plugins/{JAR.name}")
    assert all(path.stat().st_mode & 0o777 == 0o644 for path in [plugin, *files.values()])
    if not files:
        assert plugin.read_bytes() == JAR.read_bytes()
        return
    check_split(plugin, files)


def check_split(plugin, files):
    assert set(files) == {f"lib/{p.fiji_folder}/{p.library}" for p in PLATFORMS}
    for p in PLATFORMS:
        built = PACKAGE / "natives" / p.jar_folder / p.library
        assert files[f"lib/{p.fiji_folder}/{p.library}"].read_bytes() == built.read_bytes()
    with zipfile.ZipFile(plugin) as small, zipfile.ZipFile(JAR) as whole:
        kept = [name for name in whole.namelist() if not name.startswith("natives/")]
        assert small.namelist() == kept
        assert all(small.read(name) == whole.read(name) for name in kept)


def elsewhere(*command):
    """Runs it in another time zone, its new files for the user alone."""
    run(*command, umask=0o077, env={**os.environ, "TZ": "Asia/Tokyo"})


def package_files(output, *options):
    time = re.search(r"<project.build.outputTimestamp>(.*?)<", POM).group(1)
    elsewhere(sys.executable, "-B", ROOT / "scripts" / "package_files.py", "--version", VERSION, "--time", time,
              "--natives", PACKAGE / "natives", "--programs", ROOT / "build" / "platforms", "--output", output,
              *options)


def test_same_bytes_twice(tmp_path):
    """Jar and archives made again in another folder."""
    output = tmp_path / "with spaces"
    output.mkdir()
    elsewhere("mvn", "-B", "-ntp", "-q", "-f", ROOT / "pom.xml", "package", "-Prelease", "-Dmaven.test.skip=true",
              f"-Dbrushwood.natives={PACKAGE / 'natives'}", f"-Dbrushwood.jarFolder={output}",
              f"-Dbrushwood.mavenFolder={output / 'maven'}")
    assert (output / JAR.name).read_bytes() == JAR.read_bytes()
    split = any((PACKAGE / "fiji-update-site").glob("lib"))
    package_files(output, *(["--split-natives"] if split else []))
    assert (output / "SHA256SUMS").read_text() == (PACKAGE / "SHA256SUMS").read_text()


def test_split_update_site(tmp_path):
    for path in (JAR, SPARK_JAR):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    package_files(tmp_path, "--split-natives")
    site = tmp_path / "fiji-update-site"
    files = {str(path.relative_to(site)): path for path in site.rglob("*") if path.is_file()}
    check_split(files.pop(f"plugins/{JAR.name}"), files)
    assert all(path.stat().st_mode & 0o777 == 0o644 for path in files.values())


# ---- on this machine -------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def here():
    return next(p for p in PLATFORMS if (p.system, p.processor) == (platform.system(), platform.machine()))


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """ImageJ's folder with the jar out of the zip, so that nothing of the build is near."""
    folder = tmp_path_factory.mktemp("my programs")
    with zipfile.ZipFile(PACKAGE / f"brushwood-{VERSION}-imagej.zip") as archive:
        archive.extractall(folder)
    return folder / f"brushwood-{VERSION}-imagej"


@pytest.fixture(scope="module")
def program(here, tmp_path_factory):
    folder = tmp_path_factory.mktemp("my tools")
    run("tar", "-xzf", archive_of(here), "-C", folder)
    return folder / f"brushwood-{VERSION}-{here.name}" / here.program


def test_engine_loads_from_the_jar(installed, tmp_path):
    """Fast, without a word on standard error, and without a trace in the folder for temporary files."""
    command = ["java", f"-Djava.io.tmpdir={tmp_path}", "-cp", installed / "plugins" / JAR.name,
               ROOT / "tests" / "package" / "LoadTime.java"]
    done = [run(*command).split() for _ in range(5)]
    best = min(int(milliseconds) for _, _, milliseconds in done)
    print(f"\nloaded: {best} ms, SIMD level {done[0][1]}, jar of {JAR.stat().st_size / 1e6:.1f} MB")
    assert {version for version, _, _ in done} == {VERSION}
    assert best < LONGEST_LOAD
    assert not list(tmp_path.glob("brushwood*"))


def test_program_runs(program):
    assert run(program, "--version").split()[:2] == ["brushwood", VERSION]


@pytest.fixture(scope="module")
def classpath(tmp_path_factory):
    """The libraries that ImageJ needs without a display."""
    listed = tmp_path_factory.mktemp("classpath") / "list"
    run("mvn", "-B", "-ntp", "-q", "-f", ROOT / "pom.xml",
        "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath", f"-Dmdep.outputFile={listed}",
        "-Dmdep.includeScope=test")
    return [name for name in listed.read_text().split(":") if "gson" not in name]  # the jar has its own


def imagej(installed, classpath, macro, text):
    macro.write_text(f'{text}print("done");\n')
    agent = next(name for name in classpath if "/ij1-patcher-" in name)
    jar = installed / "plugins" / JAR.name
    # ij1-patcher needs the opening, Brushwood does not.
    printed = run("java", f"-javaagent:{agent}=init", "--add-opens=java.base/java.lang=ALL-UNNAMED",
                  "-Djava.awt.headless=true", f"-Dplugins.dir={installed}", "-cp", ":".join([*classpath, str(jar)]),
                  "ij.ImageJ", "-batch", macro)
    assert printed.strip().endswith("done"), printed


def test_plugin_and_program_of_the_package_agree(installed, program, classpath, tmp_path):
    """Model and labels of the bundled images, byte for byte."""
    images = [NUCLEI / "train" / "00.tif", NUCLEI / "train" / "01.tif"]
    labels = [NUCLEI / "train" / "00_strokes.tif", NUCLEI / "train" / "01_strokes.tif"]
    test = NUCLEI / "test" / "00.tif"
    model, own = tmp_path / "plugin.brushwood", tmp_path / "program.brushwood"
    paired = [option for pair in zip(images, labels) for option in ("--image", pair[0], "--labels", pair[1])]
    run(program, "train", *paired, "--class", "background", "--class", "nucleus", "--features", "fast", "--out", own)
    imagej(installed, classpath, tmp_path / "train.ijm", f'''
run("Brushwood Train Model...", "model=[{model}] features=fast images=[{';'.join(map(str, images))}] " +
    "labels=[{';'.join(map(str, labels))}] classes=[background;nucleus]");
open("{test}");
run("Brushwood Apply Model...", "model=[{model}] output=labels");
saveAs("Raw Data", "{tmp_path / 'plugin.raw'}");
''')
    assert model.read_bytes() == own.read_bytes()
    run(program, "predict", "--model", own, "--input", test, "--output", tmp_path / "program.tif", "--export", "labels")
    assert (tmp_path / "plugin.raw").read_bytes() == tifffile.imread(tmp_path / "program.tif").tobytes()
