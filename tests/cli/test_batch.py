"""`predict` with many images: names, table, resuming, failures, interrupts."""

import os
import pty
import resource
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
from batches import (CLASSES, batch, command, decode, make_images, make_model, parts, pixels, results, start, statuses,
                     table)
from conftest import PROGRAM, ROOT, predict, run, write

NAMES = ("a.tif", "b c.tif", "q'u\"ote.tif", "zellkörper 細胞.TIF")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("model"))


@pytest.fixture
def images(tmp_path):
    return make_images(tmp_path / "in", NAMES)


def only(folder, *names):
    assert sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()) == sorted(names)


# ---- results and table -----------------------------------------------------------------------------------------------

def test_results_are_those_of_single_images(model, images, tmp_path):
    out = tmp_path / "made" / "out"
    done = batch(model, out, "--export", "labels,probabilities", images)
    assert "4 done, 0 skipped, 0 failed of 4 images" in done.stdout
    assert len(done.stderr.splitlines()) == 4  # a line per image
    stems = [name.rsplit(".", 1)[0] for name in NAMES]
    only(out, "brushwood_batch.csv", *(f"{s}_{kind}.tif" for s in stems for kind in ("probabilities", "segmentation")))
    for name, stem in zip(NAMES, stems):
        for kind, word in (("labels", "segmentation"), ("probabilities", "probabilities")):
            predict(model, images / name, tmp_path / "one.tif", kind)
            assert (out / f"{stem}_{word}.tif").read_bytes() == (tmp_path / "one.tif").read_bytes()


def test_table(model, images, tmp_path):
    out = tmp_path / "out"
    batch(model, out, "--export", "labels", images)
    rows = table(out / "brushwood_batch.csv")
    assert list(rows) == sorted(NAMES)
    columns = ["'" + CLASSES[0] + " fraction", CLASSES[1] + " fraction"]  # = in front would be a formula
    for name, row in rows.items():
        assert list(row) == ["file", "status", "seconds", *columns, "message"]
        assert row["status"] == "done" and row["message"] == "" and 0 <= float(row["seconds"]) < 60
        shares = [float(row[c]) for c in columns]
        assert abs(sum(shares) - 1) < 2e-6 and all(len(row[c].split(".")[1]) == 6 for c in columns)
        labels = decode(out / f"{name.rsplit('.', 1)[0]}_segmentation.tif")
        assert shares == pytest.approx([(labels == k).mean() for k in (1, 2)], abs=1e-6)


def test_table_elsewhere(model, images, tmp_path):
    done = batch(model, tmp_path / "out", images, "--csv", tmp_path / "t.csv")
    assert str(tmp_path / "t.csv") in done.stdout
    assert set(statuses(tmp_path / "t.csv").values()) == {"done"}
    assert not (tmp_path / "out" / "brushwood_batch.csv").exists()


def test_notes_are_messages(model, tmp_path):
    dirty = pixels().astype(np.float32)
    dirty[3, 4] = np.nan
    write(tmp_path / "in.tif", dirty)
    batch(model, tmp_path, tmp_path / "in.tif")
    assert "1 pixels of in.tif are not finite" in table(tmp_path / "brushwood_batch.csv")[str(tmp_path / "in.tif")][
        "message"]


def test_names_that_look_like_formulas(model, tmp_path):
    names = ("=1+1.tif", "+a.tif", "@b.tif", "-c.tif", "d,\"e\".tif", "f\ng.tif")
    folder = make_images(tmp_path / "in", names)
    batch(model, tmp_path / "out", folder)
    wanted = {name if name[0] in "df" else "'" + name for name in names}
    assert set(table(tmp_path / "out" / "brushwood_batch.csv")) == wanted
    assert len(results(tmp_path / "out")) == len(names)


def test_name_that_is_no_text(model, tmp_path):
    folder = make_images(tmp_path / "in", ["a.tif"])
    os.rename(folder / "a.tif", os.fsencode(folder) + b"/\xff\xfe.tif")
    batch(model, tmp_path / "out", folder)
    assert list(table(tmp_path / "out" / "brushwood_batch.csv")) == ["??.tif"]
    assert os.listdir(os.fsencode(tmp_path / "out")).count(b"\xff\xfe_probabilities.tif") == 1


def test_pattern(model, images, tmp_path):
    batch(model, tmp_path, "--name", "{kind} of {name}.tiff", "--export", "entropy,uncertainty", images / "a.tif",
          images / "b c.tif")
    only(tmp_path, *(f"{kind} of {name}.tiff" for kind in ("entropy", "uncertainty") for name in ("a", "b c")),
         "brushwood_batch.csv", *("in/" + name for name in NAMES))


def test_subfolders(model, tmp_path):
    folder = make_images(tmp_path / "in", ["a.tif", "s/b.tif", "s/t/c.tif", ".hidden.tif", "s/d.png.txt"])
    batch(model, tmp_path / "flat", folder)
    only(tmp_path / "flat", "a_probabilities.tif", "brushwood_batch.csv")
    (folder / "s" / "loop").symlink_to(folder)
    batch(model, folder / "out", "--recursive", str(folder) + "/")
    rows = statuses(folder / "out" / "brushwood_batch.csv")
    assert list(rows) == ["a.tif", "s/b.tif", "s/t/c.tif"]
    only(folder / "out", "a_probabilities.tif", "s/b_probabilities.tif", "s/t/c_probabilities.tif",
         "brushwood_batch.csv")
    batch(model, folder / "out", "--recursive", folder)  # what lies in the output folder is not taken
    assert statuses(folder / "out" / "brushwood_batch.csv") == dict.fromkeys(rows, "skipped")


def test_patterns_of_files(model, tmp_path):
    folder = make_images(tmp_path / "in", ["a1.tif", "A2.TIF", "aü.tif", "b1.tif", "a.ome.tif", "c.dat"])
    batch(model, tmp_path / "out", "--files", "a?.tif; *.dat;", folder)
    assert set(statuses(tmp_path / "out" / "brushwood_batch.csv")) == {"a1.tif", "A2.TIF", "aü.tif", "c.dat"}
    batch(model, tmp_path / "out", "--files", "*ome*", "--", folder)
    assert (tmp_path / "out" / "a.ome_probabilities.tif").exists()
    batch(model, tmp_path / "by_name", folder / "?1.tif", "[ab]*.tif", "A*", cwd=folder, code=1)  # no shell's work
    assert statuses(tmp_path / "by_name" / "brushwood_batch.csv") == {
        "a1.tif": "skipped", "b1.tif": "done", ".": "failed", "A2.TIF": "done", "a.ome.tif": "done", "aü.tif": "done"}
    done = batch(model, tmp_path / "none", "--files", "*.png", folder, code=1)
    assert "No image in it fits *.png" in done.stderr


def test_results_in_the_same_folder_are_no_images(model, tmp_path):
    folder = make_images(tmp_path / "in", ["a.tif", "s/b.tif", "s/b_other.tif"])
    for kinds, status in (("labels", "done"), ("labels,entropy", "done"), ("labels,entropy", "skipped")):
        batch(model, os.path.join(folder, "s", ".."), "--export", kinds, "--recursive", folder)
        rows = statuses(folder / "brushwood_batch.csv")
        assert rows == {"a.tif": status, "s/b.tif": status, "s/b_other.tif": status}


def test_arguments_follow_options_and_the_reverse(model, images, tmp_path):
    run("predict", images / "a.tif", "--model", model, "--input", images / "b c.tif", "--output-folder", tmp_path / "o",
        "--threads", 2, "--", "-x.tif", cwd=make_images(tmp_path / "d", ["-x.tif"]))
    only(tmp_path / "o", "a_probabilities.tif", "b c_probabilities.tif", "-x_probabilities.tif", "brushwood_batch.csv")
    assert set(statuses(tmp_path / "o" / "brushwood_batch.csv").values()) == {"done"}


def test_options_for_files(model, images, tmp_path):
    batch(model, tmp_path / "t", "--layout", "tiles", "--compression", "deflate", images / "a.tif")
    with tifffile.TiffFile(tmp_path / "t" / "a_probabilities.tif") as file:
        assert file.pages[0].is_tiled and file.pages[0].compression == 8
    write(tmp_path / "big.tif", pixels(700, 900))
    batch(model, tmp_path / "p", "--pyramid", "--export", "labels", tmp_path / "big.tif")
    with tifffile.TiffFile(tmp_path / "p" / "big_segmentation.tif") as file:
        assert file.pages[0].is_tiled and file.pages[0].subifds
    batch(model, tmp_path / "s", "--layout", "strips", "--unrefined", images / "a.tif")
    with tifffile.TiffFile(tmp_path / "s" / "a_probabilities.tif") as file:
        assert not file.pages[0].is_tiled
    plain = decode(tmp_path / "t" / "a_probabilities.tif")
    assert plain.shape == decode(tmp_path / "s" / "a_probabilities.tif").shape
    assert (plain != decode(tmp_path / "s" / "a_probabilities.tif")).any()  # smoothed or not


def test_several_kinds_of_one_image(model, images, tmp_path):
    out = tmp_path / "x {kind}.tif"
    done = predict(model, images / "a.tif", out, "labels,entropy")
    assert done.stdout.count("Wrote") == 2
    only(tmp_path, "x segmentation.tif", "x entropy.tif", *("in/" + name for name in NAMES))
    older = (tmp_path / "x entropy.tif").read_bytes()
    (tmp_path / "x entropy.tif").write_bytes(b"older")
    predict(model, images / "a.tif", out, "entropy")  # replaced without being asked
    assert (tmp_path / "x entropy.tif").read_bytes() == older


# ---- going on --------------------------------------------------------------------------------------------------------

def stamps(folder):
    return {p.name: p.stat().st_mtime_ns for p in folder.glob("*.tif")}


def test_resume(model, images, tmp_path):
    out = tmp_path / "out"
    batch(model, out, "--export", "labels,entropy", images)
    before, first = stamps(out), results(out)
    (out / "a_entropy.tif").unlink()
    (out / "b c_segmentation.tif").write_bytes(b"")  # as a loss of power may leave it
    batch(model, out, "--export", "labels,entropy", images)
    rows = table(out / "brushwood_batch.csv")
    assert [rows[n]["status"] for n in sorted(NAMES)] == ["done", "done", "skipped", "skipped"]
    assert rows[NAMES[2]]["message"] == "Its results exist." and rows[NAMES[2]]["seconds"]
    assert all(not rows[NAMES[2]][c] for c in rows[NAMES[2]] if c.endswith("fraction"))
    after = stamps(out)
    assert {n for n in after if after[n] == before.get(n)} == {n for n in before if n[0] in "qz"}
    assert results(out) == first
    batch(model, out, "--export", "labels,entropy", "--overwrite", images)
    assert set(statuses(out / "brushwood_batch.csv").values()) == {"done"} and results(out) == first
    assert all(stamps(out)[n] != after[n] for n in after)


def test_bad_images_cost_only_themselves(model, images, tmp_path):
    whole = (images / "a.tif").read_bytes()
    for name, content in (("0.tif", b""), ("cut.tif", whole[:len(whole) // 2]), ("text.tif", b"no image\n"),
                          ("v.h5", b"\x89HDF\r\n\x1a\n")):
        (images / name).write_bytes(content)
    (images / "x.tif").mkdir()
    write(images / "rgb.tif", np.zeros((9, 9, 3), np.uint8), photometric="rgb")
    done = batch(model, tmp_path / "out", "--files", "*.tif;*.h5", images, images / "x.tif", tmp_path / "gone.tif",
                 code=1)
    rows = table(tmp_path / "out" / "brushwood_batch.csv")
    bad = {"0.tif": "empty", "cut.tif": "damaged", "text.tif": "text.tif", "rgb.tif": "channel",
           "v.h5": "Apply Model to Folder", str(images / "x.tif"): "No image in it", str(tmp_path / "gone.tif"): "gone"}
    assert {n: r["status"] for n, r in rows.items()} == dict.fromkeys(NAMES, "done") | dict.fromkeys(bad, "failed")
    for name, words in bad.items():
        assert words in rows[name]["message"] and rows[name]["message"].endswith("."), rows[name]
        assert rows[name]["message"] in done.stderr
    assert f"{len(bad)} of {len(rows)} images failed." in done.stderr
    only(tmp_path / "out", "brushwood_batch.csv", *(n.rsplit(".", 1)[0] + "_probabilities.tif" for n in NAMES))


def test_pipe_is_not_waited_for(model, images, tmp_path):
    os.mkfifo(images / "pipe.tif")
    batch(model, tmp_path / "out", images / "pipe.tif", images / "a.tif", code=1)
    rows = table(tmp_path / "out" / "brushwood_batch.csv")
    assert rows[str(images / "pipe.tif")]["status"] == "failed" and "pipe, not a file" in str(rows)
    assert rows[str(images / "a.tif")]["status"] == "done"


def test_images_with_the_same_results(model, tmp_path):
    folder = make_images(tmp_path / "in", ["a.tif", "a.tiff"])
    batch(model, tmp_path / "out", folder, folder / "a.tif", code=1)
    rows = table(tmp_path / "out" / "brushwood_batch.csv")
    assert rows["a.tif"]["status"] == "done" and rows["a.tiff"]["status"] == "failed"
    assert "same names" in rows["a.tiff"]["message"] and "a.tif" in rows["a.tiff"]["message"]
    assert rows[str(folder / "a.tif")]["status"] == "skipped"  # the same file, found in the folder before


def test_results_replace_no_input(model, tmp_path):
    folder = make_images(tmp_path / "in", ["a.tif", "b.tif", "a_probabilities.tif"])
    before = results(folder)
    batch(model, folder, "--name", "{name}.tif", "--overwrite", folder / "a.tif", folder / "b.tif", code=1)
    rows = table(folder / "brushwood_batch.csv")
    assert all(r["status"] == "failed" and "also an input" in r["message"] for r in rows.values())
    batch(model, folder, "--overwrite", folder / "a.tif", folder / "a_probabilities.tif", code=1)
    assert results(folder).items() >= before.items()
    own = tmp_path / "m.tif"
    own.write_bytes(model.read_bytes())
    batch(own, tmp_path, "--name", "m.tif", folder / "a.tif", code=1)
    assert own.read_bytes() == model.read_bytes()


def test_model_that_cannot_be_read_ends_all(images, tmp_path):
    (tmp_path / "m").write_bytes(b"no model")
    done = batch(tmp_path / "m", tmp_path / "out", images, code=1)
    assert "m" in done.stderr and not (tmp_path / "out").exists() and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("options, words", [
    ((), ("--output", "--output-folder")),
    (("--output", "o.tif", "--output-folder", "o"), ("not both",)),
    (("--output", "o.tif", "b.tif"), ("--output-folder",)),
    (("--output", "o.tif", "--export", "labels,entropy"), ("{kind}",)),
    (("--output", "o.h5"), ("HDF5",)),
    (("--output", "o.tif", "--csv", "t.csv"), ("--csv",)),
    (("--output", "o.tif", "--overwrite"), ("--overwrite",)),
    (("--output", "o.tif", "--recursive"), ("--recursive",)),
    (("--output", "o.tif", "--name", "{name}.tif"), ("--name",)),
    (("--output", "o.tif", "--files", "*"), ("--files",)),
    (("--output-folder", "o", "--export", "labels,"), ("--export",)),
    (("--output-folder", "o", "--export", "labels,masks"), ("masks",)),
    (("--output-folder", "o", "--export", "labels,entropy", "--name", "{name}.tif"), ("{kind}",)),
    (("--output-folder", "o", "--name", "x_{kind}.tif", "b.tif"), ("{name}",)),
    (("--output-folder", "o", "--name", "x_{kind}.tif", "."), ("{name}",)),
    (("--output-folder", "o", "--name", "{title}.tif"), ("{title}",)),
    (("--output-folder", "o", "--name", "s/{name}.tif"), ("path",)),
    (("--output-folder", "o", "--name", "{name}.png"), (".tif",)),
    (("--output-folder", "o", "--layout", "rows"), ("rows",)),
    (("--output-folder", "o", "--layout", "strips", "--pyramid"), ("--pyramid",)),
    (("--output-folder", "o", "--tile", "0"), ("--tile",)),
    (("--output-folder", "o", "--csv", "a.tif"), ("a.tif",)),
    (("--output-folder", "o", "--csv", "m"), ("m",)),
])
def test_usage(model, tmp_path, options, words):
    (tmp_path / "m").write_bytes(model.read_bytes())
    make_images(tmp_path, ["a.tif", "b.tif"])
    before = results(tmp_path)
    done = run("predict", "--model", "m", "--input", "a.tif", *options, code=2, cwd=tmp_path)
    for word in words:
        assert word in done.stderr, (word, done.stderr)
    assert results(tmp_path) == before and not (tmp_path / "o").exists()


# ---- people ----------------------------------------------------------------------------------------------------------

def begun(out, count):
    """Waits until so many results are there."""
    end = time.monotonic() + 60
    while len(list(out.glob("*.tif"))) < count:
        assert time.monotonic() < end, "the batch does not get on"
        time.sleep(0.002)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt(model, tmp_path, number):
    """Stops within a second, nothing by halves, the table tells what was done; then the rest is done."""
    names = [f"{i:02d}.tif" for i in range(20)]
    folder, out = make_images(tmp_path / "in", names, height=600, width=600), tmp_path / "out"
    process = start([*command(model, out, folder), "--threads", "1"])
    begun(out, 2)
    process.send_signal(number)
    sent = time.monotonic()
    text = process.communicate(timeout=60)
    assert process.returncode == 130, text
    assert time.monotonic() - sent < 2 and "cancelled" in text[1].lower()
    rows = statuses(out / "brushwood_batch.csv")
    assert list(rows) == names[:len(rows)] and set(rows.values()) == {"done"} and 2 <= len(rows) < len(names)
    only(out, "brushwood_batch.csv", *(n.replace(".tif", "_probabilities.tif") for n in rows))
    batch(model, out, folder)
    again = statuses(out / "brushwood_batch.csv")
    assert [again[n] for n in names] == ["skipped"] * len(rows) + ["done"] * (len(names) - len(rows))


def watch(arguments):
    """What a terminal shows of stderr, and the exit status."""
    terminal, end = pty.openpty()
    process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=end)
    os.close(end)
    shown = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux' way to tell that nobody writes any more
            break
        if not piece:
            break
        shown += piece
    os.close(terminal)
    return shown.decode(), process.wait(timeout=60)


def test_progress_in_a_terminal(model, tmp_path):
    names = [f"{i}" + 60 * "ü" + ".tif" for i in range(8)]
    folder = make_images(tmp_path / "in", names, height=1200, width=1200)
    (folder / "bad.tif").write_bytes(b"bad")
    text, code = watch([*command(model, tmp_path / "out", folder), "--threads", "1"])
    lines = text.replace("\r\n", "\n").split("\n")
    kept = [line.split("\r")[-1] for line in lines if line.split("\r")[-1].strip()]
    assert code == 1 and len(kept) == 2 and "bad.tif: failed" in kept[0] and "1 of 9 images" in kept[1], kept
    live = [piece for piece in text.split("\r") if "/9 " in piece and "%" in piece]
    assert len(live) > 3 and all(len(piece.rstrip().encode()) <= 78 for piece in live), live
    shares = [int(piece.split(", ")[1].split(" %")[0]) for piece in live]
    assert shares == sorted(shares) and shares[-1] > 50


# ---- many ------------------------------------------------------------------------------------------------------------

def test_two_batches_at_once(model, tmp_path):
    folder = make_images(tmp_path / "in", [f"{i:02d}.tif" for i in range(25)], height=200, width=200)
    batch(model, tmp_path / "alone", "--export", "labels,probabilities", folder)
    together = tmp_path / "together"
    both = [start([*command(model, together, folder), "--export", "labels,probabilities", "--overwrite"])
            for _ in range(2)]
    for process in both:
        text = process.communicate(timeout=120)
        assert process.returncode == 0, text
    assert results(together) == results(tmp_path / "alone")
    assert set(statuses(together / "brushwood_batch.csv").values()) == {"done"}


def measured(arguments):
    """(peak memory in kB, most open files) of a process that ends well, looked at every few milliseconds: what the
    system tells of a process that has ended counts the memory of the one that started it."""
    process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    memory, files = 0, 0
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
            if f"{Path(PROGRAM).name[:15]}\n" in status and "VmHWM:" in status:
                memory = max(memory, int(status.split("VmHWM:")[1].split()[0]))
                files = max(files, len(os.listdir(f"/proc/{process.pid}/fd")))
        except OSError:  # it has just ended
            pass
        time.sleep(0.02)
    assert process.returncode == 0 and memory > 0 and files > 2
    return memory, files


def test_memory_is_flat(model, tmp_path):
    """Thirty times as many images: as much memory, but for the table."""
    folder = tmp_path / "in"
    first = make_images(folder / "few", ["0.tif"], height=16, width=16) / "0.tif"
    (folder / "many").mkdir()
    for i in range(3000):
        if 0 < i < 100:
            os.link(first, folder / "few" / f"{i}.tif")
        os.link(first, folder / "many" / f"{i}.tif")
    few, files = measured([*command(model, tmp_path / "few", folder / "few"), "--threads", "1"])
    many, more_files = measured([*command(model, tmp_path / "many", folder / "many"), "--threads", "1"])
    assert len(list((tmp_path / "many").glob("*.tif"))) == 3000
    assert many < few + 2500, f"{few} kB for 100 images, {many} kB for 3000"
    assert more_files <= max(files, 10), (files, more_files)


def test_many_arguments(model, tmp_path):
    """Ten thousand names are compared with one another in no time."""
    gone = [f"gone/{i}.tif" for i in range(10000)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = run("predict", "--model", model, "--output-folder", tmp_path / "out", *gone, code=1, cwd=tmp_path)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 10
    assert "10000 of 10000 images failed." in done.stderr
    assert len(statuses(tmp_path / "out" / "brushwood_batch.csv")) == 10000
    assert not parts(tmp_path)


# ---- the page about it -----------------------------------------------------------------------------------------------

def test_examples_of_the_page(model, tmp_path):
    text = (ROOT / "docs" / "batch.md").read_text(encoding="utf-8")
    examples = text.split("```sh\n")[1].split("```")[0]
    make_images(tmp_path / "images", ["a.tif", "s/b.tif"])
    (tmp_path / "nuclei.brushwood").write_bytes(model.read_bytes())
    (tmp_path / "brushwood").symlink_to(PROGRAM)
    done = subprocess.run(["bash", "-euc", examples], cwd=tmp_path, capture_output=True, text=True, timeout=60,
                          check=False, env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert done.returncode == 0, done
    only(tmp_path / "out", "a_probabilities.tif", "a_segmentation.tif", "s/b_probabilities.tif", "brushwood_batch.csv")


def test_page_names_every_option():
    page = (ROOT / "docs" / "batch.md").read_text(encoding="utf-8")
    for line in run("predict", "--help").stdout.splitlines():
        name = line.split()[0] if line.startswith("  --") else "predict"
        assert name in page or name in ("--help", "--model"), name
