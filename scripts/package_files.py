"""Puts a release together from the jar, the native libraries and the programs; scripts/package runs it.

Same input, same bytes: names are sorted, times are the release's, owners are 0, modes are 644 and 755.
"""

import argparse
import gzip
import hashlib
import io
import tarfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PLATFORMS = ROOT / "native" / "platforms" / "platforms.txt"
PLAIN, PROGRAM = 0o644, 0o755
UNIX = 3  # system that made an entry, so that its mode is read

IMAGEJ_README = """\
Brushwood {version} for ImageJ: pixel classification by example.

Copy plugins/Brushwood_-{version}.jar into the plugins folder of ImageJ or Fiji, remove an older Brushwood_ jar
there, and restart. The commands are in the menu Plugins > Brushwood; Brushwood Help there lists them.

It needs 64-bit Java 8 or newer on Linux (x86-64, ARM64), Windows (x86-64) or macOS (Intel, Apple silicon). The
jar holds the native library of each; nothing else has to be installed.

LICENSE is the licence of Brushwood; NOTICE names what it contains besides, licences has the licences of that.
"""


class Platform(NamedTuple):
    """A row of platforms.txt."""

    name: str
    target: str
    system: str
    processor: str
    jar_folder: str
    fiji_folder: str
    library: str
    program: str


class File(NamedTuple):
    """What an archive holds under one name."""

    data: bytes
    mode: int = PLAIN


def platforms():
    lines = PLATFORMS.read_text(encoding="utf-8").splitlines()
    return [Platform(*line.split()) for line in lines if line.strip() and not line.startswith("#")]


def zip_info(name, mode, time):
    info = zipfile.ZipInfo(name, time.timetuple()[:6])
    info.create_system = UNIX
    info.external_attr = (0o100000 | mode) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def write_zip(path, files, time):
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(files):
            archive.writestr(zip_info(name, files[name].mode, time), files[name].data, compresslevel=9)


def tar_info(name, file, time):
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = len(file.data), file.mode, int(time.timestamp())
    return info  # owner and group are 0 and have no name


def write_tar_gz(path, files, time):
    with (open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=int(time.timestamp())) as packed,
          tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive):
        for name in sorted(files):
            archive.addfile(tar_info(name, files[name], time), io.BytesIO(files[name].data))


def below(folder, files):
    return {f"{folder}/{name}": file for name, file in files.items()}


def papers(licences):
    """Licence and notice of ours, and the licences of others: name to text."""
    files = {name: File((ROOT / name).read_bytes()) for name in ("LICENSE", "NOTICE")}
    return files | {f"licences/{name}": File(text) for name, text in licences.items()}


def licences_in(jar):
    prefix = "META-INF/licences/"
    with zipfile.ZipFile(jar) as archive:
        return {name[len(prefix):]: archive.read(name) for name in archive.namelist()
                if name.startswith(prefix) and not name.endswith("/")}


def imagej_files(jar, version):
    readme = {"README.txt": File(IMAGEJ_README.format(version=version).encode())}
    return readme | papers(licences_in(jar)) | {f"plugins/{jar.name}": File(jar.read_bytes())}


def program_files(platform, programs, natives):
    licences = {path.name: path.read_bytes() for path in (natives / "licences").glob("*.txt")}
    program = programs / platform.name / "bin" / platform.program
    return papers(licences) | {platform.program: File(program.read_bytes(), PROGRAM)}


def without_natives(jar):
    """The jar's bytes but for the native libraries; the other entries keep order and times."""
    made = io.BytesIO()
    with zipfile.ZipFile(jar) as old, zipfile.ZipFile(made, "w") as new:
        for entry in old.infolist():
            if not entry.filename.startswith("natives/"):
                new.writestr(entry, old.read(entry), compresslevel=9)
    return made.getvalue()


def update_site(jar, natives, split):
    """Files as Fiji's updater wants them. Those in lib are not executable: the updater takes such for launchers."""
    if not split:
        return {f"plugins/{jar.name}": File(jar.read_bytes())}
    libraries = {f"lib/{p.fiji_folder}/{p.library}": File((natives / p.jar_folder / p.library).read_bytes())
                 for p in platforms()}
    return libraries | {f"plugins/{jar.name}": File(without_natives(jar))}


def write_tree(folder, files):
    for name, file in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)
        path.chmod(file.mode)


def write_sums(folder, names):
    sums = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in sorted(names)]
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="ascii")


def write_archive(folder, name, files, time, zipped):
    """A zip, or a tar.gz, which keeps modes everywhere; all its files are below one folder. Returns the file's name."""
    suffix, write = (".zip", write_zip) if zipped else (".tar.gz", write_tar_gz)
    write(folder / (name + suffix), below(name, files), time)
    return name + suffix


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", required=True)
    parser.add_argument("--time", required=True, help="of every entry, such as 2026-01-01T00:00:00Z")
    parser.add_argument("--natives", type=Path, required=True, help="<jar folder>/<library> and licences")
    parser.add_argument("--programs", type=Path, required=True, help="<platform>/bin/<program>")
    parser.add_argument("--output", type=Path, required=True, help="has the two jars, gets all else")
    parser.add_argument("--split-natives", action="store_true", help="libraries beside the jar in the update site")
    return parser.parse_args()


def main():
    args = arguments()
    time = datetime.strptime(args.time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    jar = args.output / f"Brushwood_-{args.version}.jar"
    site = update_site(jar, args.natives, args.split_natives)
    write_tree(args.output / "fiji-update-site", site)
    made = [jar.name, f"brushwood-spark-{args.version}.jar", *(f"fiji-update-site/{name}" for name in site)]
    made.append(write_archive(args.output, f"brushwood-{args.version}-imagej", imagej_files(jar, args.version), time,
                              zipped=True))
    for platform in platforms():
        made.append(write_archive(args.output, f"brushwood-{args.version}-{platform.name}",
                                  program_files(platform, args.programs, args.natives), time,
                                  zipped=platform.system == "Windows"))
    write_sums(args.output, made)


if __name__ == "__main__":
    main()
