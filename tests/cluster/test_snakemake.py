"""The examples of docs/cluster: Snakemake with four jobs, its profile for Slurm, and the jobs of Slurm."""

import os
import random
import shlex
import signal
import subprocess
import sys
import time

import pytest

from conftest import PROGRAM, ROOT, SMALL, assert_same_tree, environment, tree

EXAMPLES = ROOT / "docs" / "cluster"
PIECES = 5

# Stands for the program: fails once in every piece that it is told, then does what it is asked.
STUMBLE = """#!/usr/bin/env bash
for argument; do
    case "$argument" in
    {pieces})
        mark="{folder}/${{argument//\\//_}}"
        [ -e "$mark" ] || {{ touch "$mark"; {way}; }}
        ;;
    esac
done
exec "{program}" "$@"
"""


def write_program(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def task(volume, model, tmp_path):
    """Folders of a job; `begin` starts Snakemake on it, `snakemake` waits for its end."""

    class Task:
        output = tmp_path / "result folder" / "cells ü.zarr"
        work = tmp_path / "work"

        def config(self, **changes):
            keys = {"model": model, "input": volume.path, "output": self.output, "pieces": PIECES,
                    "brushwood": PROGRAM, "options": " ".join(SMALL), **changes}
            return [f"{key}={value}" for key, value in keys.items()]

        def begin(self, *options, env=None, **changes):
            self.work.mkdir(exist_ok=True)
            command = [sys.executable, "-m", "snakemake", "--snakefile", EXAMPLES / "Snakefile", *options, "--config",
                       *self.config(**changes)]
            settings = environment(HOME=str(tmp_path), XDG_CACHE_HOME=str(tmp_path / "cache"),
                                   OMP_NUM_THREADS="1", **(env or {}))
            return subprocess.Popen([*map(str, command)], cwd=self.work, env=settings, stdin=subprocess.DEVNULL,
                                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)

        def snakemake(self, *options, code=0, **changes):
            process = self.begin(*options, **changes)
            said, _ = process.communicate(timeout=300)
            assert process.returncode == code, said
            return said

        def stumbling(self, pieces, way):
            """A program that fails once in each of these pieces."""
            folder = tmp_path / "stumbled"
            folder.mkdir(exist_ok=True)
            names = "|".join(f"{i}/{PIECES}" for i in pieces)
            return write_program(tmp_path / "stumble",
                                 STUMBLE.format(pieces=names, folder=folder, way=way, program=PROGRAM))

        def check(self, whole, pieces=PIECES):
            """The bytes of one run, and beside them only Snakemake's marks."""
            assert_same_tree(self.output, whole)
            folder = self.output.parent
            marks = f"{self.output.name}.pieces"
            assert sorted(p.name for p in folder.iterdir()) == [self.output.name, marks]
            names = ["finished", "prepared", *map(str, range(pieces))]
            assert tree(folder / marks) == {name: b"" for name in names}

    Task.output.parent.mkdir()
    return Task()


FOUR = ("--cores", "4", "--jobs", "4")


def test_four_jobs(task, whole):
    task.snakemake(*FOUR)
    task.check(whole)
    assert "Nothing to be done" in task.snakemake(*FOUR)


def test_failed_pieces_are_tried_again(task, whole):
    said = task.snakemake(*FOUR, brushwood=task.stumbling((0, 3), "kill -9 $$"))
    assert said.count("Error in rule piece") == 2
    task.check(whole)


def test_started_again_after_a_failure(task, whole):
    program = task.stumbling((2,), "exit 1")
    task.snakemake(*FOUR, "--keep-going", brushwood=program, retries=0, code=1)
    assert not (task.output.parent / f"{task.output.name}.pieces" / "finished").exists()
    before = {p: p.stat().st_mtime_ns for p in task.output.rglob("*") if p.is_file()}
    said = task.snakemake(*FOUR, brushwood=program, retries=0)
    assert said.count("rule piece:") == 1
    assert [p for p, time_of in before.items() if p.stat().st_mtime_ns != time_of] == []
    task.check(whole)


def test_snakemake_killed_in_the_middle(task, whole):
    process = task.begin(*FOUR)
    deadline = time.monotonic() + 120
    while not any((task.output / "0").rglob("[0-9]")) and time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    task.snakemake(*FOUR, "--unlock")
    task.snakemake(*FOUR, "--rerun-incomplete")
    task.check(whole)


def test_what_is_missing_is_named(task):
    assert "--config model=... is missing" in task.snakemake(*FOUR, code=1, model="")


# ---- Slurm -----------------------------------------------------------------------------------------------------------

# Stands for sbatch: runs the job at once and prints its number. Knows what the examples use.
SBATCH = """#!/usr/bin/env bash
set -euo pipefail
folder={folder}
number=$(($(ls "$folder"/*.command | wc -l) + 1))
printf '%s\\n' "$*" >"$folder/$number.command"
array= cpus=$(sed -n 's/^#SBATCH --cpus-per-task=//p' "${{@: -1}}" 2>/dev/null || true)
while [[ "${{1:-}}" == --* ]]; do
    case "$1" in
    --array=*) array=${{1#*=}} ;;
    --cpus-per-task=*) cpus=${{1#*=}} ;;
    --dependency=afterok:*) [ -e "$folder/${{1##*:}}.succeeded" ] ;;
    esac
    shift
done
export SLURM_CPUS_PER_TASK=${{cpus:-2}} SLURM_MEM_PER_NODE=4096
tasks=(0)
[ -z "$array" ] || mapfile -t tasks < <(seq "${{array%-*}}" "${{array#*-}}" | sort -R)
for task in "${{tasks[@]}}"; do
    [ -z "$array" ] || export SLURM_ARRAY_TASK_ID=$task SLURM_ARRAY_TASK_COUNT=${{#tasks[@]}}
    "$@" >>"$folder/$number.log" 2>&1
done
touch "$folder/$number.succeeded"
printf '%s\\n' "$number"
"""


@pytest.fixture
def slurm(tmp_path):
    """Environment with a stand-in for sbatch; the folder where it notes its jobs."""
    folder, programs = tmp_path / "jobs", tmp_path / "programs"
    folder.mkdir()
    programs.mkdir()
    (folder / "0.command").write_text("")
    write_program(programs / "sbatch", SBATCH.format(folder=shlex.quote(str(folder))))
    return folder, {"PATH": f"{programs}:{os.environ['PATH']}", "BRUSHWOOD": PROGRAM}


def script(name, *arguments, env, code=0):
    done = subprocess.run([*map(str, (EXAMPLES / name, *arguments))], env=environment(**env), capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, timeout=300)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def test_every_task_of_the_array(volume, model, whole, tmp_path):
    """As sbatch --array=1-5 starts them, in any order, one twice."""
    names = (model, volume.path, tmp_path / whole.name, *SMALL)
    env = {"BRUSHWOOD": PROGRAM, "SLURM_CPUS_PER_TASK": "2", "SLURM_MEM_PER_CPU": "1000"}
    script("predict.slurm", "prepare", *names, env=env)
    tasks = [*range(1, PIECES + 1), 3]
    random.Random(3).shuffle(tasks)
    for task in tasks:
        more = {"SLURM_ARRAY_TASK_ID": str(task), "SLURM_ARRAY_TASK_COUNT": str(PIECES)}
        script("predict.slurm", "piece", *names, env={**env, **more})
    script("predict.slurm", "finish", *names, env=env)
    assert_same_tree(tmp_path / whole.name, whole)
    assert [p.name for p in tmp_path.iterdir()] == [whole.name]


def test_some_tasks_again(volume, model, whole, tmp_path):
    """PIECES says how many there were when the array is of fewer."""
    names = (model, volume.path, tmp_path / whole.name, *SMALL)
    env = {"BRUSHWOOD": PROGRAM, "SLURM_ARRAY_TASK_COUNT": str(PIECES)}
    for task in (0, 1, 4):
        script("predict.slurm", "piece", *names, env={**env, "SLURM_ARRAY_TASK_ID": str(task)})
    again = {**env, "SLURM_ARRAY_TASK_COUNT": "2", "PIECES": str(PIECES)}
    for task in (2, 3):
        said = script("predict.slurm", "piece", *names, env={**again, "SLURM_ARRAY_TASK_ID": str(task)}).stdout
        assert " 0 were there" in said
    script("predict.slurm", "finish", *names, env=env)
    assert_same_tree(tmp_path / whole.name, whole)


def test_resources_of_a_job(tmp_path):
    """Threads and three quarters of the memory are the job's, however Slurm says it."""
    shown = write_program(tmp_path / "show", '#!/bin/sh\necho "$@"\n')
    env = {"BRUSHWOOD": str(shown), "SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_COUNT": "9"}
    names = ("m", "i.zarr", "o.zarr", "--export", "labels")
    begin = "predict --model m --input i.zarr --output o.zarr --threads"
    for memory, given in (({}, ""), ({"SLURM_MEM_PER_NODE": "8000"}, " --memory 6000"),
                          ({"SLURM_MEM_PER_CPU": "1000"}, " --memory 3000")):
        said = script("predict.slurm", "piece", *names, env={**env, **memory, "SLURM_CPUS_PER_TASK": "4"}).stdout
        assert said == f"{begin} 4{given} --chunk 7/9 --export labels\n"
    assert script("predict.slurm", "finish", *names, env=env).stdout == f"{begin} 1 --finish --export labels\n"
    assert "step" in script("predict.slurm", "begin", *names, env=env, code=2).stderr
    assert "usage" in script("predict.slurm", "piece", "m", env=env, code=2).stderr


def test_submit(volume, model, whole, tmp_path, slurm):
    folder, env = slurm
    output = tmp_path / "results" / whole.name
    output.parent.mkdir()
    said = script("submit", PIECES, model, volume.path, output, *SMALL, env=env).stdout
    assert said == "prepare 2, pieces 3, finish 4\n"
    assert "--dependency=afterok:2 --array=0-4 " in (folder / "3.command").read_text()
    assert "--dependency=afterok:3 " in (folder / "4.command").read_text()
    assert_same_tree(output, whole)
    assert [p.name for p in output.parent.iterdir()] == [whole.name]


def test_profile_for_slurm(task, whole, slurm):
    folder, env = slurm
    task.snakemake("--profile", EXAMPLES / "slurm", "--seconds-between-status-checks", "1", env=env, threads=2,
                   mem_mb=3000, pieces=2)
    commands = [p.read_text() for p in folder.glob("*.command")]
    pieces = [c for c in commands if "--job-name=brushwood-piece" in c]
    assert len(pieces) == 2 and all("--cpus-per-task=2 --mem=3000 " in c for c in pieces)
    task.check(whole, 2)
