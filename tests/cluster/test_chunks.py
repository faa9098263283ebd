"""`predict --chunk`: pieces in any order, twice, at the same time, killed, damaged: the bytes of one run."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tifffile
import zarr

from conftest import FEATURES, PROGRAM, SHAPE, SMALL, assert_same_tree, environment, run, tree

TINY = ("--zarr-chunk", "8,32,32", "--block", "8,32,32")  # 150 blocks


class Job:
    """What the processes of a job have in common."""

    def __init__(self, model, image, target, *options):
        self.target = target
        self.arguments = ["predict", "--model", model, "--input", image, "--output", target, *options]

    def run(self, *more, **keywords):
        return run(*self.arguments, *more, **keywords)

    def piece(self, i, n, *more, **keywords):
        return self.run("--chunk", f"{i}/{n}", *more, **keywords)

    def start(self, *more, **changes):
        return subprocess.Popen([PROGRAM, *map(str, (*self.arguments, *more))], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(**changes))


def chunk_files(image, level="0"):
    """Files of the chunks of a resolution."""
    return [p for p in (image / level).rglob("*") if p.is_file() and not p.name.startswith((".", "zarr.json"))]


def kill_in_the_middle(process, image, files, number):
    """Ends a process by a signal once there are so many chunks."""
    deadline = time.monotonic() + 120
    while not image.exists() or len(chunk_files(image)) < files:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.send_signal(number)
    said = process.communicate(timeout=60)
    return process.returncode, said


@pytest.fixture(scope="session")
def tiny(volume, model, tmp_path_factory):
    """The probabilities in many small blocks, made in one go."""
    path = tmp_path_factory.mktemp("tiny") / "tiny.zarr"
    run("predict", "--model", model, "--input", volume.path, "--output", path, *TINY)
    return path


# ---- order and number


def test_pieces_in_any_order_some_twice(volume, model, whole, tmp_path):
    job = Job(model, volume.path, tmp_path / whole.name, *SMALL)
    pieces = [*range(5), 3, 0]
    random.Random(7).shuffle(pieces)
    for i in pieces:
        job.piece(i, 5)
    assert_same_tree(job.target, whole)
    assert [p.name for p in tmp_path.iterdir()] == [whole.name]


@pytest.mark.parametrize("first", [0, 1])
def test_numbering_and_more_pieces_than_blocks(volume, model, whole, tmp_path, first):
    job = Job(model, volume.path, tmp_path / whole.name, *SMALL)
    blocks = [int(re.search(r": (\d+) blocks of 8;", job.piece(i, 11).stdout)[1]) for i in range(first, first + 11)]
    assert sorted(blocks) == [0] * 3 + [1] * 8
    assert_same_tree(job.target, whole)


def test_at_the_same_time(volume, model, tiny, tmp_path):
    job = Job(model, volume.path, tmp_path / tiny.name, *TINY)
    running = [job.start("--chunk", piece, OMP_NUM_THREADS="1") for piece in ("0/1", "1/2", "2/3", "1/1")]
    for process in running:
        said = process.communicate(timeout=300)
        assert process.returncode == 0, said
    assert_same_tree(job.target, tiny)
    assert [p.name for p in tmp_path.iterdir()] == [tiny.name]


def test_one_run_makes_what_pieces_left(volume, model, whole, tmp_path):
    job = Job(model, volume.path, tmp_path / whole.name, *SMALL)
    job.piece(1, 2)
    assert "4 of 8 blocks made, 4 were there, 0 failed" in job.run().stdout
    assert_same_tree(job.target, whole)


def test_several_kinds_of_results(volume, model, tmp_path):
    kinds = ("--export", "probabilities,labels,uncertainty,entropy")
    Job(model, volume.path, tmp_path / "a_{kind}.zarr", *SMALL, *kinds).run()
    job = Job(model, volume.path, tmp_path / "b_{kind}.zarr", *SMALL, *kinds)
    for i in (2, 0, 1):
        job.piece(i, 3)
    for kind in ("probabilities", "segmentation", "uncertainty", "entropy"):
        assert_same_tree(tmp_path / f"a_{kind}.zarr", tmp_path / f"b_{kind}.zarr")


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_folders_with_spaces_and_any_characters(volume, model, tmp_path, version):
    options = (*SMALL, "--zarr-version", version, "--export", "labels")
    folder = tmp_path / "Ordner ü" / "細胞 🔬"
    folder.mkdir(parents=True)
    Job(model, volume.path, tmp_path / "a.zarr", *options).run()
    job = Job(model, volume.path, folder / "a.zarr", *options)
    for i in range(3):
        job.piece(i, 3)
    assert_same_tree(job.target, tmp_path / "a.zarr")
    pixels = np.asarray(zarr.open_array(job.target / "0", mode="r")).squeeze()
    run("predict", "--model", model, "--input", volume.tiff, "--output", tmp_path / "a.tif", "--export", "labels")
    np.testing.assert_array_equal(pixels, tifffile.imread(tmp_path / "a.tif"))


# ---- other images


def float_volume(folder, pixels):
    """A float32 image with a few values that are no numbers, as OME-Zarr and as TIFF."""
    values = np.ascontiguousarray(pixels.swapaxes(0, 1)).astype(np.float32)  # z, c, y, x
    values[3, 0, 10:20, 30:35] = np.nan
    values[30, 1, 140, 160] = -np.inf
    tifffile.imwrite(folder / "f.tif", values, imagej=True, metadata={"axes": "ZCYX"})
    run("convert", "--input", folder / "f.tif", "--output", folder / "f.zarr", "--zarr-chunk", "16,64,64")
    return folder / "f.zarr", folder / "f.tif"


def train_on(image, labels, out):
    run("train", "--image", image, "--labels", labels, "--features", FEATURES, "--trees", 8, "--out", out)
    return out


def test_float_image_with_nan(volume, tmp_path):
    image, tiff = float_volume(tmp_path, volume.pixels)
    model = train_on(tiff, volume.labels, tmp_path / "f.brushwood")
    one = Job(model, image, tmp_path / "one.zarr", *SMALL)
    assert "51 pixels" in one.run().stderr
    job = Job(model, image, tmp_path / "two.zarr", *SMALL)
    job.run("--prepare")
    for i in (1, 3, 2, 0):
        job.piece(i, 4)
    assert_same_tree(job.target, one.target)
    run("predict", "--model", model, "--input", tiff, "--output", tmp_path / "p.tif")
    pixels = np.asarray(zarr.open_array(one.target / "0", mode="r"))[0].swapaxes(0, 1)
    np.testing.assert_array_equal(pixels, tifffile.imread(tmp_path / "p.tif"))


@pytest.mark.parametrize("axes", ["YX", "TYX", "TZYX"])
def test_single_slices_and_time(volume, tmp_path, axes):
    shape = {"YX": (1, 1), "TYX": (4, 1), "TZYX": (2, 20)}[axes]
    pixels = volume.pixels[0].reshape(-1, *SHAPE[2:])[:shape[0] * shape[1]].reshape(*shape, 1, *SHAPE[2:])
    labels = np.zeros(pixels.shape, np.uint8)
    labels[:, ::5, 0, 20:130:6] = 1 + (pixels[:, ::5, 0, 20:130:6] > 600)
    for name, values in (("image", pixels), ("labels", labels)):
        tifffile.imwrite(tmp_path / f"{name}.tif", values, imagej=True, metadata={"axes": "TZCYX"})
    model = train_on(tmp_path / "image.tif", tmp_path / "labels.tif", tmp_path / "m.brushwood")
    run("convert", "--input", tmp_path / "image.tif", "--output", tmp_path / "image.zarr")
    options = ("--zarr-chunk", "5,64,64", "--block", "10,128,64")
    one = Job(model, tmp_path / "image.zarr", tmp_path / "one.zarr", *options)
    one.run()
    job = Job(model, tmp_path / "image.zarr", tmp_path / "two.zarr", *options)
    for i in (2, 1, 0):
        job.piece(i, 3)
    assert_same_tree(job.target, one.target)
    run("predict", "--model", model, "--input", tmp_path / "image.tif", "--output", tmp_path / "p.tif")
    made = np.asarray(zarr.open_array(one.target / "0", mode="r")).swapaxes(1, 2)
    np.testing.assert_array_equal(made.squeeze(), tifffile.imread(tmp_path / "p.tif").squeeze())


# ---- before and after


def test_prepare_and_finish(volume, model, whole, tmp_path):
    job = Job(model, volume.path, tmp_path / whole.name, *SMALL)
    assert "8 blocks" in job.run("--prepare").stdout
    assert not chunk_files(job.target)
    assert "8 of 8 blocks" in job.run("--finish", code=1).stderr
    prepared = tree(job.target)
    job.run("--prepare")
    assert tree(job.target) == prepared
    job.piece(0, 2)
    said = job.run("--finish", code=1).stderr
    assert "4 of 8 blocks" in said and str(job.target) in said
    assert re.findall(r"(\d) \(x (\d+)-(\d+), y (\d+)-(\d+), z (\d+)-(\d+)", said)[0] == \
        ("4", "0", "127", "0", "127", "32", "39")
    job.piece(1, 2)
    assert "8 blocks" in job.run("--finish").stdout
    assert_same_tree(job.target, whole)


def test_finish_tidies_up(volume, model, whole, tmp_path):
    job = Job(model, volume.path, tmp_path / whole.name, *SMALL)
    job.piece(0, 1)
    (job.target / "0.0badcafe-4711-1.part").write_bytes(b"half a chunk")
    gone = [p for level in ("1", "2") if (job.target / level).exists() for p in chunk_files(job.target, level)[:2]]
    assert gone
    for path in gone:
        path.unlink()
    job.run("--finish")
    assert_same_tree(job.target, whole)


def test_overwrite_makes_blocks_again(volume, model, whole, tmp_path):
    job = Job(model, volume.path, tmp_path / whole.name, *SMALL)
    job.run()
    for path in chunk_files(job.target):
        path.write_bytes(b"old")
    assert "0 made, 8 were there" in job.piece(0, 1).stdout
    assert "4 made, 0 were there" in job.piece(0, 2, "--overwrite").stdout
    assert any(p.read_bytes() == b"old" for p in chunk_files(job.target))
    job.piece(1, 2, "--overwrite")
    assert_same_tree(job.target, whole)


def test_another_recipe_is_refused(volume, model, whole, tmp_path):
    target = tmp_path / whole.name
    shutil.copytree(whole, target)
    other = train_on(volume.tiff, volume.labels, tmp_path / "other.brushwood")
    for job in (Job(other, volume.path, target, *SMALL), Job(model, volume.path, target, *SMALL, "--export", "labels"),
                Job(model, volume.path, target, "--block", "16,64,64"), Job(model, volume.tiff, target, *SMALL)):
        for more in (("--chunk", "0/2"), ("--finish",), ("--prepare",), ()):
            assert str(target) in job.run(*more, code=1).stderr
    assert_same_tree(target, whole)


# ---- what goes wrong


def test_killed_and_started_again(volume, model, tiny, tmp_path):
    job = Job(model, volume.path, tmp_path / tiny.name, *TINY)
    for files in (20, 90):
        code, _ = kill_in_the_middle(job.start("--chunk", "0/1", OMP_NUM_THREADS="1"), job.target, files,
                                     signal.SIGKILL)
        assert code == -signal.SIGKILL
        assert "blocks of" in job.run("--finish", code=1).stderr
    whole_chunks = {p: p.read_bytes() for p in chunk_files(job.target)}
    assert len(whole_chunks) >= 90
    made, there = re.search(r"(\d+) made, (\d+) were there, 0 failed", job.piece(0, 1).stdout).groups()
    assert int(made) > 0 and int(there) >= 40 and int(made) + int(there) == 150
    assert all(p.read_bytes() == data for p, data in whole_chunks.items())
    job.run("--finish")
    assert_same_tree(job.target, tiny)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped(volume, model, tiny, tmp_path, number):
    job = Job(model, volume.path, tmp_path / tiny.name, *TINY)
    code, _ = kill_in_the_middle(job.start("--chunk", "1/1", OMP_NUM_THREADS="1"), job.target, 20, number)
    assert code == 130
    assert not list(tmp_path.rglob("*.part"))
    assert len(chunk_files(job.target)) < 300
    job.piece(1, 1)
    assert_same_tree(job.target, tiny)


def assert_like_whole(made, whole):
    """What is there is right. Its last digit may not be: values are summed relative to a median of a few pixels of the
    image, for which others stand in where chunks are damaged."""
    wanted = np.asarray(zarr.open_array(whole / "0", mode="r"))[0]
    there = ~np.isnan(made)
    assert np.abs(made - wanted)[there].max() < 1e-5


def test_damaged_chunk_of_the_image(volume, model, whole, tmp_path):
    image = tmp_path / volume.path.name
    shutil.copytree(volume.path, image)
    damaged = image / "0" / "1" / "0" / "0" / "0"
    good = damaged.read_bytes()
    damaged.write_bytes(good[:len(good) // 2])
    job = Job(model, image, tmp_path / whole.name, *SMALL)
    done = job.piece(0, 1, code=1)
    assert "block 0 (x 0-127, y 0-127, z 0-31, frame 1)" in done.stderr
    assert os.path.join("0", "1", "0", "0", "0") in done.stderr
    assert "7 made, 0 were there, 1 failed" in done.stdout
    missing = {p.relative_to(whole) for p in chunk_files(whole)} - \
        {p.relative_to(job.target) for p in chunk_files(job.target)}
    assert len(missing) == 2 * 2 * 2 * 2  # of a block and two classes
    made = np.asarray(zarr.open_array(job.target / "0", mode="r"))[0]
    first = (slice(None), slice(0, 32), slice(0, 128), slice(0, 128))
    assert np.isnan(made[first]).all() and np.isnan(made).sum() == made[first].size
    assert_like_whole(made, whole)
    assert "1 of 8 blocks" in job.run("--finish", code=1).stderr
    assert "0 of 8 blocks made, 7 were there, 1 failed" in job.run(code=1).stdout
    damaged.write_bytes(good)
    assert "1 made, 7 were there, 0 failed" in job.piece(0, 1).stdout
    assert_like_whole(np.asarray(zarr.open_array(job.target / "0", mode="r"))[0], whole)
    assert "8 made" in job.piece(0, 1, "--overwrite").stdout
    assert_same_tree(job.target, whole)


def test_a_log_tells_how_far_it_is(volume, model, tmp_path):
    job = Job(model, volume.path, tmp_path / "p.zarr", *TINY)
    lines = [line for line in job.piece(1, 3).stderr.splitlines() if line.startswith("[")]
    assert 8 <= len(lines) <= 12
    assert lines[-1].startswith("[50/50] block 99 of ") and "50 made, 0 were there, 0 failed" in lines[-1]


# ---- memory


MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def peak_memory(*arguments):
    """Bytes that a run of the program had in memory at most. A process counts what the one had that started it, so that
    is a small one."""
    done = subprocess.run([sys.executable, "-c", MEASURE, PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, check=True, timeout=300, env=environment())
    return int(done.stdout) * 1024


def test_memory_depends_on_the_block(volume, model, tmp_path):
    limits = ("--zarr-chunk", "32,64,64", "--block", "32,128,128", "--threads", 2, "--memory", 120)
    peaks, plans = [], []
    for name, repeats, piece in (("small", 2, "0/1"), ("large", 4, "8/20")):
        pixels = np.tile(volume.pixels.swapaxes(0, 1), (repeats, 1, repeats, repeats))
        image = tmp_path / f"{name}.zarr"
        tifffile.imwrite(tmp_path / f"{name}.tif", pixels, imagej=True,
                         resolution=(2, 2), metadata={"axes": "ZCYX", "spacing": 2.0, "unit": "micron"})
        run("convert", "--input", tmp_path / f"{name}.tif", "--output", image, "--zarr-chunk", "32,64,64")
        job = Job(model, image, tmp_path / f"{name}_p.zarr", *limits)
        plans.append(json.loads(job.run("--plan", "--json").stdout)["memory_bytes"])
        peaks.append(peak_memory(*job.arguments, "--chunk", piece))
    program = peak_memory("info", model)
    assert pixels.nbytes > 2.5 * peaks[1]
    assert peaks[1] < 1.4 * peaks[0]
    assert plans[1] < 1.1 * plans[0]
    for peak, plan in zip(peaks, plans):
        assert peak < plan + program, (peaks, plans, program)


def test_memory_knows_the_chunks_of_the_image(volume, model, tmp_path):
    """One chunk a channel, in another order than the image's, and noise, which stays as large when it is compressed."""
    image = tmp_path / "one chunk.zarr"
    shutil.copytree(volume.path, image)
    shutil.rmtree(image / "0")
    pixels = np.random.default_rng(3).integers(0, 1 << 16, (2, 96, 512, 512), np.uint16)
    zarr.create_array(image / "0", shape=pixels.shape, chunks=(1, *pixels.shape[1:]), dtype=pixels.dtype, zarr_format=2,
                      order="F", chunk_key_encoding={"name": "v2", "separator": "/"})[:] = pixels
    job = Job(model, image, tmp_path / "p.zarr", "--zarr-chunk", "16,64,64", "--block", "16,64,64", "--threads", 2,
              "--memory", 60)
    plan, program = json.loads(job.run("--plan", "--json").stdout)["memory_bytes"], peak_memory("info", model)
    peak = peak_memory(*job.arguments, "--chunk", "1/200")
    assert peak > pixels.nbytes
    assert peak < plan + program, (peak, plan, program)
