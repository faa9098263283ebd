"""The driver for Apache Spark: same bytes as the command line in one go, whatever dies on the way.

BRUSHWOOD_SPARK_JAR names the jar (default: the one that scripts/build makes). pyspark brings the distribution of Spark;
everything listens on the loopback address alone, on ports that the system chooses.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pyspark
import pytest
from conftest import ROOT, SMALL, assert_same_tree, environment, run, tree

VERSION = re.search(r'#define BW_VERSION "([^"]+)"', (ROOT / "native/include/brushwood.h").read_text()).group(1)
JAR = Path(os.environ.get("BRUSHWOOD_SPARK_JAR", ROOT / "build" / f"brushwood-spark-{VERSION}.jar"))
SPARK = Path(pyspark.__file__).parent
DRIVER = "io.github.brushwood.spark.PredictDriver"
ADDRESS = "127.0.0.1"
PATIENCE = 120  # seconds
SUMMARY = r"(\d+) blocks made, (\d+) found made by others, (\d+) failed; (\d+) tasks lost"
WANTED = r"(\d+) of (\d+) blocks have to be made"
BLOCKS = 27
TINY = ("--zarr-chunk", "16,64,64", "--block", "16,64,64")  # 3 x 3 x 3 blocks
# No task begins before there are three executors.
ALL_THREE = {"spark.cores.max": 3, "spark.scheduler.minRegisteredResourcesRatio": 1,
             "spark.scheduler.maxRegisteredResourcesWaitingTime": f"{PATIENCE}s"}
# What Java 17 needs where spark-submit does not say it.
OPENED = [f"--add-opens=java.base/{package}=ALL-UNNAMED"
          for package in ("java.lang", "java.lang.invoke", "java.util", "java.nio", "sun.nio.ch")]


def spark_environment():
    """Of drivers, master and workers; paths are UTF-8."""
    return environment(SPARK_HOME=str(SPARK), SPARK_LOCAL_IP=ADDRESS, LC_ALL="C.UTF-8",
                       JAVA_TOOL_OPTIONS="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")  # they only live for seconds


def settings(scratch, **more):
    """Of Spark: nothing outside of the folder, no pages for browsers."""
    temporary = scratch / "temporary"
    temporary.mkdir(exist_ok=True)
    java = f'"-Djava.io.tmpdir={temporary}"'  # options are split at spaces
    return {"spark.ui.enabled": "false", "spark.driver.host": ADDRESS, "spark.driver.bindAddress": ADDRESS,
            "spark.local.dir": scratch / "spark", "spark.driver.extraJavaOptions": java,
            "spark.executor.extraJavaOptions": java, "spark.driver.memory": "512m", **more}


def submit(master, scratch, *arguments, **more):
    """The command that starts the driver."""
    conf = [word for key, value in settings(scratch, **more).items() for word in ("--conf", f"{key}={value}")]
    return [SPARK / "bin" / "spark-submit", "--master", master, *conf, "--class", DRIVER, JAR, *arguments]


@contextlib.contextmanager
def launched(command, log, **changes):
    """The process of a command in a session of its own, which ends with the context together with all its children."""
    with open(log, "wb") as out:
        process = subprocess.Popen([*map(str, command)], stdin=subprocess.DEVNULL, stdout=out,
                                   stderr=subprocess.STDOUT, env={**spark_environment(), **changes},
                                   start_new_session=True)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def text(log):
    return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""


def finished(command, log, code=0):
    """Runs a driver to its end; returns what it said."""
    with launched(command, log) as process:
        assert process.wait(PATIENCE) == code, text(log)
    return text(log)


def wait_for(condition, process, log):
    """The first value of the condition that is true, while the process runs."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        assert process.poll() is None, text(log)
        time.sleep(0.02)
    raise AssertionError(f"waited for {PATIENCE} seconds\n{text(log)}")


def chunks(folder):
    """Chunks of the largest resolution that are there."""
    return [path for path in folder.glob("0/**/*") if path.is_file() and not path.name.startswith((".", "zarr.json"))]


def assert_clean(scratch, result):
    """Nothing is left of temporary files in the result, of Spark and of the unpacked library."""
    assert [path for path in (scratch / "temporary").rglob("*") if "brushwood" in path.name.lower()] == []
    assert [name for name in tree(result) if name.endswith((".part", ".tmp"))] == []


def said(output, pattern):
    """The numbers of a line that the driver printed."""
    found = re.search(pattern, output)
    assert found, output
    return [int(number) for number in found.groups()]


@pytest.fixture(scope="module")
def slow(volume, tmp_path_factory):
    """A model that takes its time for a block, so that there is somebody to kill."""
    path = tmp_path_factory.mktemp("slow") / "slow.brushwood"
    run("train", "--image", volume.tiff, "--labels", volume.labels, "--features", "exact;hessian:2.5;structure:2.5",
        "--trees", 50, "--out", path)
    return path


@pytest.fixture(scope="module")
def slow_whole(volume, slow, tmp_path_factory):
    path = tmp_path_factory.mktemp("slow whole") / "whole.zarr"
    run("predict", "--model", slow, "--input", volume.path, "--output", path, *TINY)
    return path


# ---- this computer alone ---------------------------------------------------------------------------------------------

def test_same_bytes_as_the_command_line(volume, model, tmp_path):
    """Two kinds in a folder whose name is not ASCII, on two threads."""
    folder = tmp_path / "r\u00e9sultats \u7d50\u679c"
    ours, theirs = folder / "spark_{kind}.zarr", folder / "one_{kind}.zarr"
    same = ("--model", model, "--input", volume.path, "--export", "probabilities,labels", *SMALL)
    folder.mkdir()
    run("predict", *same, "--output", theirs)
    command = submit("local[2]", tmp_path, *same, "--output", ours, **{"spark.executor.memoryOverhead": "800m"})
    output = finished(command, tmp_path / "log")
    assert "A task has 1 threads and 629 MB;" in output  # three quarters of 800 MiB
    assert said(output, WANTED) == [8, 8]
    assert said(output, SUMMARY) == [8, 0, 0, 0]
    for kind in ("probabilities", "segmentation"):
        assert f"Wrote {folder}/spark_{kind}.zarr" in output
        assert_same_tree(folder / f"one_{kind}.zarr", folder / f"spark_{kind}.zarr")
        assert_clean(tmp_path, folder / f"spark_{kind}.zarr")


def test_a_killed_driver_goes_on(volume, slow, slow_whole, tmp_path):
    result = tmp_path / "result.zarr"
    command = submit("local[1]", tmp_path, "--model", slow, "--input", volume.path, "--output", result, *TINY)
    with launched(command, tmp_path / "first") as process:
        wait_for(lambda: len(chunks(result)) >= 6, process, tmp_path / "first")
        os.killpg(process.pid, signal.SIGKILL)
    before = {path: path.stat().st_mtime_ns for path in chunks(result)}
    assert before and len(before) < 2 * BLOCKS, "it was killed too late"
    output = finished(command, tmp_path / "second")
    missing, of = said(output, WANTED)
    assert of == BLOCKS and missing == BLOCKS - len(complete(before))
    assert said(output, r"(\d+) blocks made, (\d+) found") == [missing, 0]
    kept = {path: path.stat().st_mtime_ns for path in complete(before)}
    assert {path: before[path] for path in kept} == kept
    assert_same_tree(slow_whole, result)
    again = finished(command, tmp_path / "third")
    assert said(again, WANTED) == [0, BLOCKS]


def complete(paths):
    """The chunks of the first class whose block is there: that of the second class, too."""
    first = [path for path in paths if path.parts[-4] == "0"]
    return [path for path in first if Path(*path.parts[:-4], "1", *path.parts[-3:]) in paths]


def test_a_corrupt_chunk_costs_its_block(volume, model, whole, tmp_path):
    """The chunk in the corner, which no other block reads. Whole again, it is made, here without spark-submit."""
    damaged, result = tmp_path / volume.path.name, tmp_path / "result.zarr"
    shutil.copytree(volume.path, damaged)
    chunk = damaged / "0" / "0" / "0" / "0" / "0"
    data = chunk.read_bytes()
    chunk.write_bytes(data[:len(data) // 2])
    options = ("--model", model, "--input", damaged, "--output", result, *SMALL)
    output = finished(submit("local[2]", tmp_path, *options), tmp_path / "log", code=1)
    lines = [line for line in output.splitlines() if line.startswith("Block ")]
    assert len(lines) == 1 and lines[0].startswith("Block 0, ") and str(chunk) in lines[0], output
    assert said(output, SUMMARY) == [7, 0, 1, 0]
    assert "1 block is missing." in output
    there, wanted = tree(result), tree(whole)
    lacking = [name for name in wanted if name not in there]
    assert len([name for name in lacking if name.startswith("0/")]) == 16 and "0/0/0/0/0/0" in lacking
    assert [name for name in there if name not in wanted] == []
    chunk.write_bytes(data)
    conf = [f"-D{key}={value}" for key, value in settings(tmp_path).items()]
    java = ["java", *OPENED, *conf, "-Dspark.master=local[1]", "-cp", f"{JAR}:{SPARK}/jars/*", DRIVER, *options]
    assert said(finished(java, tmp_path / "again"), WANTED) == [1, 8]
    # What was made beside the damaged chunk may differ in the last digit (test_chunks.py).
    finished([*java, "--overwrite"], tmp_path / "overwritten")
    assert_same_tree(whole, result)
    assert_clean(tmp_path, result)


def test_refusals(volume, model, whole, tmp_path):
    options = ("--model", model, "--input", volume.path)
    wrong = finished(submit("local[1]", tmp_path, *options, "--output", tmp_path / "x.zarr", "--block", "1,2"),
                     tmp_path / "usage", code=2)
    assert "'--block'" in wrong and 'not "1,2"' in wrong
    other = finished(submit("local[1]", tmp_path, *options, "--output", whole, "--block", "16,64,64"),
                     tmp_path / "other", code=1)
    assert "error: " in other and str(whole) in other
    assert not (tmp_path / "x.zarr").exists()


# ---- a cluster -------------------------------------------------------------------------------------------------------

@contextlib.contextmanager
def cluster(folder, workers):
    """A master and workers of one core each. Yields the master's address."""
    spark_class = SPARK / "bin" / "spark-class"
    log = folder / "master.log"
    with contextlib.ExitStack() as stack:
        master = stack.enter_context(launched(
            [spark_class, "org.apache.spark.deploy.master.Master", "--host", ADDRESS, "--port", 0, "--webui-port", 0],
            log))
        url = wait_for(lambda: re.search(r"Starting Spark master at (spark://\S+)", text(log)), master, log).group(1)
        for number in range(workers):
            command = [spark_class, "org.apache.spark.deploy.worker.Worker", "--host", ADDRESS, "--port", 0,
                       "--webui-port", 0, "--cores", 1, "--memory", "512m", "--work-dir", folder / f"work{number}", url]
            # Paths reach executors whatever their locale.
            stack.enter_context(launched(command, folder / f"worker{number}.log", LC_ALL="C"))
        wait_for(lambda: text(log).count("Registering worker") == workers, master, log)
        yield url


def executors(folder):
    """Processes that work for the driver: executor's number to process id."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            ours = os.readlink(process / "cwd").startswith(f"{folder}/work")
            if ours and any(word.endswith(b".CoarseGrainedExecutorBackend") for word in words):
                found[words[words.index(b"--executor-id") + 1].decode()] = int(process.name)
    return found


def busy(log):
    """Executors that have a task, as the driver knows: executor's number to the task's."""
    tasks = {}
    for line in text(log).splitlines():
        started = re.search(r"Starting task \d+\.\d+ in stage \S+ \(TID (\d+)\) \(\S+ executor (\d+),", line)
        ended = re.search(r"Finished task \d+\.\d+ in stage \S+ \(TID (\d+)\)", line)
        if started:
            tasks[started.group(1)] = started.group(2)
        elif ended:
            tasks.pop(ended.group(1), None)
    return {executor: task for task, executor in tasks.items()}


def kill_a_busy_one(folder, result, driver, log):
    """Kills an executor in the middle of a task. It is stopped before: what it has not told then, it never tells."""
    wait_for(lambda: len(chunks(result)) >= 6, driver, log)
    processes = executors(folder)
    assert len(processes) == 3, processes
    for executor in sorted(processes, key=lambda executor: executor not in busy(log)):
        os.kill(processes[executor], signal.SIGSTOP)
        time.sleep(0.5)  # for what it has told already
        if executor in busy(log):
            os.kill(processes[executor], signal.SIGKILL)
            return
        os.kill(processes[executor], signal.SIGCONT)
    raise AssertionError(f"no executor has a task\n{text(log)}")


def test_a_lost_executor_costs_its_task(volume, slow, slow_whole, tmp_path):
    """kill -9 of one of three executors at work: its task runs again, the bytes are the same, nothing is left."""
    result, log = tmp_path / "r\u00e9sultats" / "\u7d50\u679c.zarr", tmp_path / "log"
    result.parent.mkdir()
    with cluster(tmp_path, 3) as url:
        command = submit(url, tmp_path, "--model", slow, "--input", volume.path, "--output", result, *TINY,
                         **{"spark.executor.memory": "512m", "spark.executor.cores": 1, **ALL_THREE})
        with launched(command, log) as driver:
            kill_a_busy_one(tmp_path, result, driver, log)
            made = len(chunks(result))
            assert made < 2 * BLOCKS, "it was killed too late"
            assert driver.wait(PATIENCE) == 0, text(log)
    output = text(log)
    # Spark says the one when the worker told it why the executor ended, the other when it had not yet.
    lost = re.search(r": (?:Lost )?task (\d+)\.0 in stage (\S+) \(TID \d+\) (?:failed because|\()", output)
    assert lost and f"Starting task {lost.group(1)}.1 in stage {lost.group(2)}" in output, output
    made, found, failed, lost = said(output, SUMMARY)
    assert made + found == BLOCKS and failed == 0 and lost >= 1
    assert_same_tree(slow_whole, result)
    assert_clean(tmp_path, result)
