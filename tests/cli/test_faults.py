"""Batches that are killed, run out of disk or may not write: nothing by halves, and the next run does the rest."""

import os
import random
import resource
import signal
import subprocess
import time

import numpy as np
import pytest
from batches import batch, command, decode, make_images, make_model, parts, results, start, statuses, table
from conftest import PROGRAM, run, write

KINDS = ("--export", "probabilities,labels")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def undisturbed(model, tmp_path_factory):
    """(folder of the images, results of a run that nothing disturbs, seconds it takes)."""
    folder = tmp_path_factory.mktemp("undisturbed")
    images = make_images(folder / "in", [f"{name}.tif" for name in "abcdefgh"], height=800, width=800)
    before = time.monotonic()
    batch(model, folder / "out", *KINDS, "--threads", 1, images)
    return images, results(folder / "out"), time.monotonic() - before


def killed_after(arguments, seconds):
    """Whether the program was still at work then."""
    process = start(arguments)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
    process.communicate()
    return process.returncode == -signal.SIGKILL


def test_killed_at_random_moments(model, undisturbed, tmp_path):
    """Every file under a final name is whole at any time; the last run leaves exactly the results."""
    images, wanted, seconds = undisturbed
    out, moments, kills = tmp_path / "out", random.Random(7), 0
    for attempt in range(100):
        again = ("--overwrite",) if attempt % 2 else ()
        moment = moments.uniform(0, seconds)
        killed = killed_after([*command(model, out, *KINDS, "--threads", 1, *again, images)], moment)
        for name, content in results(out).items() if out.exists() else ():
            if not name.endswith(".part"):
                assert content == wanted[name], f"{name} after attempt {attempt}"
        kills += killed
        if kills == 20:
            break
        if not killed and again:
            seconds = min(seconds, moment)
    assert kills == 20, "the batch was over before it was killed"
    batch(model, out, *KINDS, images)
    assert results(out) == wanted and not parts(out)
    for path in out.glob("*.tif"):
        assert decode(path).size
    assert set(statuses(out / "brushwood_batch.csv").values()) <= {"done", "skipped"}


def test_killed_while_writing(model, undisturbed, tmp_path):
    """What was left of the file at work goes; what other computers and running processes write stays."""
    images, wanted, _ = undisturbed
    out, left = tmp_path / "out", []
    for _ in range(200):
        process = start([*command(model, out, *KINDS, "--threads", 1, "--overwrite", images)])
        while process.poll() is None and not (left := parts(out)):
            time.sleep(0.001)
        process.kill()
        process.communicate()
        if left := parts(out):
            break
    assert left, "never killed in the middle"
    name, owner, _ = left[0].rsplit(".", 2)
    host, pid, _ = owner.split("-")
    assert int(pid) == process.pid and len(host) == 8
    foreign = [f"{name}.{int(host, 16) ^ 1:08x}-{pid}-0.part", f"{name}.{host}-{os.getpid()}-0.part", f"{name}.part"]
    for other in foreign:
        (out / other).write_bytes(b"at work")
    batch(model, out, *KINDS, images)
    assert parts(out) == sorted(foreign)
    assert {n: c for n, c in results(out).items() if n not in foreign} == wanted


# ---- disks -----------------------------------------------------------------------------------------------------------

class SmallDisk:
    """A folder on a disk of so many kB; where nothing may be mounted, a limit on the size of files acts as one."""

    def __init__(self, folder, kilobytes, options=""):
        self.folder, self.kilobytes = folder, kilobytes
        folder.mkdir()
        self.mounted = self.mount(f"size={kilobytes}k{options}")

    def mount(self, options):
        return subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)],
                              capture_output=True, check=False).returncode == 0

    def limit(self):
        """For the program, in its process."""
        if not self.mounted:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.kilobytes << 9, resource.RLIM_INFINITY))

    def grow(self):
        if self.mounted:
            assert self.mount("remount,size=64m")

    def release(self):
        if self.mounted:
            subprocess.run(["umount", str(self.folder)], check=True)


@pytest.fixture
def small_disk(tmp_path):
    disks = []

    def make(*arguments):
        disks.append(SmallDisk(tmp_path / "disk", *arguments))
        return disks[-1]

    yield make
    for disk in disks:
        disk.release()


def full(arguments, limit):
    return subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
                          preexec_fn=limit)


def check_full(done, out, small, large):
    """Those that had room are whole, the others failed with a sentence."""
    assert done.returncode == 1, done
    rows = table(out / "brushwood_batch.csv")
    assert rows[small]["status"] == "done"
    assert rows[large]["status"] == "failed" and large.replace(".tif", "_prob") in rows[large]["message"]
    for words in ("No space left", "File too large"):
        if words in rows[large]["message"]:
            break
    else:
        pytest.fail(rows[large]["message"])
    assert not parts(out)
    assert {p.name.split("_")[0] + ".tif" for p in out.glob("*.tif")} == {
        n for n, r in rows.items() if r["status"] == "done"}


@pytest.mark.parametrize("layout", ["strips", "tiles"])
def test_full_disk(model, tmp_path, small_disk, layout):
    disk = small_disk(2000)
    images = make_images(tmp_path / "in", ["a.tif", "c.tif"], height=100, width=100)
    make_images(images, ["b.tif"], height=800, width=800)
    arguments = command(model, disk.folder / "out", "--layout", layout, images)
    check_full(full(arguments, disk.limit), disk.folder / "out", "c.tif", "b.tif")
    disk.grow()
    batch(model, disk.folder / "out", "--layout", layout, images)
    assert statuses(disk.folder / "out" / "brushwood_batch.csv") == {"a.tif": "skipped", "b.tif": "done",
                                                                     "c.tif": "skipped"}
    batch(model, tmp_path / "whole", "--layout", layout, images)
    assert results(disk.folder / "out") == results(tmp_path / "whole")


def test_limit_on_the_size_of_files(model, tmp_path):
    images = make_images(tmp_path / "in", ["a.tif", "c.tif"], height=100, width=100)
    make_images(images, ["b.tif"], height=800, width=800)

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))

    check_full(full(command(model, tmp_path / "out", images), limit), tmp_path / "out", "c.tif", "b.tif")
    batch(model, tmp_path / "out", images)
    batch(model, tmp_path / "whole", images)
    assert results(tmp_path / "out") == results(tmp_path / "whole")


def test_no_room_for_the_table(model, tmp_path):
    """An error of its own: the results are there."""
    images = make_images(tmp_path / "in", ["a" * 100 + f"{i}.tif" for i in range(60)], height=8, width=8)

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))

    done = full(command(model, tmp_path / "out", "--export", "labels", images), limit)
    assert done.returncode == 1 and "brushwood_batch.csv" in done.stderr and "60 done" in done.stdout, done
    assert len(results(tmp_path / "out")) == 60


def closed_folder(tmp_path, small_disk):
    """A folder that this user cannot write to: rights do not bind root, a read-only disk does."""
    if os.geteuid() == 0:
        disk = small_disk(100, ",ro")
        return disk.folder if disk.mounted else "/proc"
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    return folder


def test_folder_that_is_closed(model, tmp_path, small_disk):
    """Told at once, not once per image."""
    images = make_images(tmp_path / "in", ["a.tif", "b.tif"])
    out = closed_folder(tmp_path, small_disk)
    for folder in (out, os.path.join(out, "deeper")):
        done = batch(model, folder, images, code=1)
        assert str(folder) in done.stderr and len(done.stderr.splitlines()) == 1 and not done.stdout, done.stderr
        assert done.stderr.rstrip().endswith(".")


@pytest.mark.parametrize("place", ["file", "file/deeper"])
def test_file_where_a_folder_should_be(model, tmp_path, place):
    images = make_images(tmp_path / "in", ["a.tif"])
    (tmp_path / "file").write_text("text")
    done = batch(model, tmp_path / place, images, code=1)
    assert str(tmp_path / place) in done.stderr and (tmp_path / "file").read_text() == "text"


def test_folder_where_a_result_should_be(model, tmp_path):
    images = make_images(tmp_path / "in", ["a.tif", "b.tif"])
    (tmp_path / "out" / "a_probabilities.tif").mkdir(parents=True)
    batch(model, tmp_path / "out", images, code=1)
    rows = table(tmp_path / "out" / "brushwood_batch.csv")
    assert rows["b.tif"]["status"] == "done" and "it is a folder" in rows["a.tif"]["message"]
    assert not parts(tmp_path)


def test_name_that_gets_too_long(model, tmp_path):
    images = make_images(tmp_path / "in", ["x" * 245 + ".tif", "y" * 200 + ".tif"])
    batch(model, tmp_path / "out", images, code=1)
    rows = list(table(tmp_path / "out" / "brushwood_batch.csv").values())
    assert [r["status"] for r in rows] == ["failed", "done"] and "shorter name" in rows[0]["message"]
    assert not parts(tmp_path)


# ---- objects ---------------------------------------------------------------------------------------------------------

def test_full_disk_for_objects(model, tmp_path, small_disk):
    """Neither half a label image nor the temporary file of probabilities stays behind; what had room is whole."""
    disk = small_disk(400)
    images = make_images(tmp_path / "in", ["a.tif", "c.tif"], height=100, width=100)
    make_images(images, ["b.tif"], height=800, width=800)
    make_images(images, ["d.tif"], height=1600, width=1600)
    out = disk.folder / "out"
    arguments = [PROGRAM, "objects", "--model", str(model), "--threads", "1", "--memory", "64", "--output-folder"]
    done = full([*arguments, str(out), str(images)], disk.limit)
    assert done.returncode == 1, done
    rows = table(out / "brushwood_batch.csv")
    assert {n: r["status"] for n, r in rows.items()} == {"a.tif": "done", "b.tif": "failed", "c.tif": "done",
                                                         "d.tif": "failed"}
    for name in ("b.tif", "d.tif"):
        assert name.replace(".tif", "_objects") in rows[name]["message"], rows[name]
        assert "No space left" in rows[name]["message"] or "File too large" in rows[name]["message"], rows[name]
    assert sorted(results(out)) == ["a_objects.tif", "c_objects.tif"]
    disk.grow()
    assert full([*arguments, str(out), str(images)], None).returncode == 0
    assert full([*arguments, str(tmp_path / "whole"), str(images)], None).returncode == 0
    assert results(out) == results(tmp_path / "whole")


@pytest.mark.parametrize("command", ["measure", "compare", "classify-objects", "train-objects"])
def test_no_room_for_what_objects_are_told(tmp_path, command):
    """The file under the name stays as it was, and nothing lies beside it."""
    labels, paint, out = (write(tmp_path / name, np.zeros((60, 60), np.uint16)) for name in ("l.tif", "p.tif", "o.tif"))
    marks = np.zeros((60, 60), np.uint8)
    ids = np.kron(np.arange(1, 226, dtype=np.uint16).reshape(15, 15), np.ones((4, 4), np.uint16))
    marks[:8], marks[-8:] = 1, 2
    write(labels, ids)
    write(paint, marks)
    model = tmp_path / "m.brushwood-objects"
    training = ("train-objects", "--labels", labels, "--examples", paint, "--out")
    if command == "classify-objects":
        run(*training, model)
    options = {"measure": ("measure", "--labels", labels, "--csv", out),
               "compare": ("compare", "--truth", labels, "--result", labels, "--kind", "labels", "--picture", out),
               "classify-objects": ("classify-objects", "--model", model, "--labels", labels, "--csv", out),
               "train-objects": (*training, out)}
    out.write_bytes(b"as it was")
    before = sorted(tmp_path.iterdir())

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))

    done = full([PROGRAM, *map(str, options[command])], limit)
    assert done.returncode == 1 and "o.tif" in done.stderr and done.stderr.rstrip().endswith((".", "?")), done
    assert out.read_bytes() == b"as it was" and sorted(tmp_path.iterdir()) == before
