"""A batch on a real Slurm: two nodes with two graphics cards each (files), arrays of five at most. A node goes down, a worker is
killed, and time limits strike; everything is done at the end, once, and equal to a run that nobody disturbed."""

import json
import os
import pathlib
import signal
import subprocess

import mrcfile
import numpy as np
import pytest

from slurm_cluster import Cluster, NoCluster, until

MODEL = pathlib.Path(__file__).resolve().parent.parent / "Fixtures" / "segment" / "flat-global.scnm"
TASKS, AT_ONCE = 20, 4


@pytest.fixture(scope="module")
def cluster():
    try:
        with Cluster() as cluster:
            yield cluster
    except NoCluster as reason:
        pytest.skip(f"no Slurm can be started here: {reason}")


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("a batch")
    (folder / "tomograms").mkdir()
    z, y, x = np.ogrid[:24, :48, :56]
    for number in range(TASKS):
        values = np.random.default_rng(number).normal(size=(24, 48, 56)).astype(np.float32)
        values[(z - 12) ** 2 + (y - 20 - number) ** 2 + (x - 25) ** 2 < 36] += 8
        with mrcfile.new(folder / f"tomograms/TS_{number:02}.mrc") as file:
            file.set_data(values)
            file.voxel_size = 10
    return folder


def line(out: str) -> list:
    return ["segment", "-m", MODEL, "-o", f"{out}/seg", "tomograms", "--then", "pick", "--spacing", "10nm", "-o", f"{out}/picks"]


class Batch:
    """What lies in the batch's folder, read without the program."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder / "ais-batch"

    def entries(self, command: str) -> dict:
        """The journal of each task of a command."""
        [plan] = [json.loads(path.read_text()) for path in (self.folder / "plans").glob("*.json")]
        tasks = [t["id"] for t in plan["tasks"] if plan["stages"][t["stage"]]["command"] == command]
        journal = self.folder / "journal"
        return {t: [json.loads(p.read_text()) for p in sorted(journal.glob(f"{t}.*.json"))] for t in tasks}

    def all(self, command: str, kind: str) -> list:
        return [entry for entries in self.entries(command).values() for entry in entries if entry["kind"] == kind]

    def workers(self) -> dict:
        found = [json.loads(path.read_text()) for path in (self.folder / "workers").glob("[!.]*.json")]
        return {worker["id"]: worker for worker in found}

    def rounds(self) -> list:
        return [json.loads(path.read_text()) for path in sorted((self.folder / "slurm").glob("entry-*.json"))]

    def owner(self, element: str):
        """The worker of this array task that has a task in hand, with its process number."""
        for entries in self.entries("segment").values():
            if entries and entries[-1]["kind"] == "claimed":
                worker = self.workers().get(entries[-1]["worker"])
                if worker and worker["job"] == f"slurm {element}":
                    return worker["process"]["number"]
        return None


def test_a_night_on_a_cluster(ais, cluster, place):
    # As seldom as possible on a compute node: no home folder that is there, and a task that takes seconds.
    environment = {**cluster.environment, "HOME": "/nonexistent", "AIS_PAUSE_POINT": "mid-slab 5", "SWIFT_BACKTRACE": "enable=no"}

    def run(*arguments, **options):
        done = ais.run("batch", *arguments, cwd=place, env=environment, **options)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    text = run(
        "submit", "--slurm", "--gpus", "1", "--cpus", "1", "--memory", "512MiB", "--time", "1min", "--workers", TASKS,
        "--at-once", AT_ONCE, *line("night"))
    assert "this cluster allows arrays of 5: 5 workers instead of 20; each takes tasks until none is left" in text
    batch = Batch(place / "night/seg")
    [first] = batch.rounds()
    array, later, closing = (job["number"] for job in first["jobs"])
    most = 0

    def look() -> dict:
        nonlocal most
        states = cluster.states()
        most = max(most, sum(state == "RUNNING" for name, state in states.items() if name.startswith(f"{array}_")))
        return states

    def report() -> str:
        logs = "".join(f"--- {path.name}\n{path.read_text()}" for path in sorted((batch.folder / "slurm").glob("*.log")))
        return f"{look()}\n{ais.run('batch', 'status', 'night/seg', cwd=place, env=environment).stdout}{logs}"

    # Four workers at a time, each with a card of its own.
    until(lambda: list(look().values()).count("RUNNING") == AT_ONCE, 20, report)
    status = run("status", "night/seg")
    assert f"  Slurm: array {array} (segment): 4 running, 1 waiting (JobArrayTaskLimit) of 5 workers\n" in status
    assert f"  Slurm: array {later} (pick): 5 waiting (Dependency) of 5 workers\n" in status
    until(lambda: len(batch.workers()) >= AT_ONCE, 20, report)
    assert sorted(worker["device"] for worker in batch.workers().values()) == ["0", "0", "1", "1"]

    # A worker is killed with a task in hand.
    nodes = dict(pair.split("|") for pair in cluster("squeue", "-h", "-r", "-t", "RUNNING", "-o", "%i|%N").split())
    victim = next(name for name, node in nodes.items() if node == "n1")
    os.kill(until(lambda: batch.owner(victim), 20, report), signal.SIGKILL)
    until(lambda: look()[victim] == "FAILED", 20, report)

    # A node goes down with two tasks in hand, and comes back.
    cut = [name for name, node in nodes.items() if node == "n2"]
    until(lambda: all(batch.owner(name) for name in cut), 20, report)
    cluster("scontrol", "update", "NodeName=n2", "State=DOWN", "Reason=test")
    until(lambda: all(look()[name] != "RUNNING" for name in cut), 20, report)
    cluster("scontrol", "update", "NodeName=n2", "State=RESUME")

    # The time limit is near before the end of the batch: workers leave what would not end, and the array goes on by itself.
    until(lambda: "ais: the time that is left is too short for another task" in report(), 60, report)

    def is_over() -> bool:
        states = look()
        assert "stopped" not in {entry["kind"] for entry in batch.rounds()}, report()
        watchers = [job["number"] for entry in batch.rounds() for job in entry["jobs"] if job["purpose"] == "close"]
        return len(batch.all("pick", "done")) == TASKS and states[str(watchers[-1])] == "COMPLETED"

    until(is_over, 120, report)

    assert most <= AT_ONCE
    assert f"{2 * TASKS} done of {2 * TASKS} tasks" in run("status", "night/seg")
    for command in ("segment", "pick"):
        for task, entries in batch.entries(command).items():
            assert [entry["kind"] for entry in entries].count("done") == 1, (task, entries)
    # Each worker saw one card of its own, and none when particles were picked.
    workers = batch.workers()
    segmenting = {entry["worker"] for entry in batch.all("segment", "claimed")}
    picking = {entry["worker"] for entry in batch.all("pick", "claimed")}
    assert {workers[name]["device"] for name in segmenting} == {"0", "1"}
    assert {workers[name].get("device") or None for name in picking} <= {None, "NoDevFiles"}
    assert {workers[name]["threads"] for name in workers} == {1}
    assert max(workers[name]["memoryBytes"] for name in workers) <= 512 << 20
    # Some array task has lived more than once.
    lives = [worker["job"] for worker in workers.values()]
    assert len(set(lives)) < len(lives)
    # Nothing was picked before everything was segmented.
    assert min(entry["date"] for entry in batch.all("pick", "claimed")) >= max(
        entry["date"] for entry in batch.all("segment", "done"))
    check_outputs(ais, place)


def test_a_time_limit_that_nobody_saw_coming(ais, cluster, place, tmp_path):
    """The template has a time of its own, so that workers are told only shortly before."""
    template = tmp_path / "template"
    template.write_text(
        "#!/bin/bash\n{{job}}\n#SBATCH --nodes=1 --ntasks=1 --time=1 --cpus-per-task={{cpus}} --mem={{memory}}\n{{command}}\n")
    # Slurm tells them 10 to 40 seconds before the minute is over: after the first task, and before the last of more than a minute's work.
    environment = {**cluster.environment, "AIS_PAUSE_POINT": "mid-slab 6"}
    inputs = [f"tomograms/TS_{number:02}.mrc" for number in range(10)]
    ais("batch", "submit", "--slurm", "--memory", "512MiB", "--cpus", "1", "--workers", "1", "--time", "1min", "--notice", "10",
        "--template", template, "segment", "-m", MODEL, "-o", "limit/seg", *inputs, cwd=place, env=environment)
    batch = Batch(place / "limit/seg")

    def report() -> str:
        return f"{cluster.states()} {batch.entries('segment')}"

    until(lambda: len(batch.all("segment", "done")) == len(inputs), 240, report)
    released = batch.all("segment", "released")
    assert released and {entry["code"] for entry in released} == {"time-limit"}, report()
    assert len({worker["id"] for worker in batch.workers().values()}) > 1
    until(lambda: not cluster("squeue", "-h").strip(), 60, "an empty queue")


def check_outputs(ais, place):
    """All outputs are whole and hold what an undisturbed run gives."""
    done = ais.run("batch", "run", *line("quiet"), cwd=place)
    assert done.returncode == 0, done.stderr
    for number in range(TASKS):
        name = f"TS_{number:02}__flat-global"
        assert mrcfile.validate(place / f"night/seg/{name}.mrc")
        with mrcfile.open(place / f"night/seg/{name}.mrc") as found, mrcfile.open(place / f"quiet/seg/{name}.mrc") as expected:
            assert np.array_equal(found.data, expected.data)
        lists = [place / f"{run}/picks/{name}_coords.star" for run in ("night", "quiet")]
        found, expected = ([row for row in path.read_text().splitlines() if row and not row.startswith("#")] for path in lists)
        assert found == expected
    hidden = [p for p in (place / "night").rglob(".*") if p.name.endswith(".part") and "ais-batch" not in p.parts]
    assert not [p for p in hidden if p.parent == place / "night/picks"], hidden


def test_what_a_real_slurm_refuses(ais, cluster, place):
    def refused(*options) -> str:
        done = ais.run("batch", "submit", "--slurm", "--memory", "512MiB", "--cpus", "1", *options, *line("no"), cwd=place,
                       env=cluster.environment)
        assert done.returncode == 1
        return done.stderr

    assert "'--partition nowhere' was given. There are: main. Name one that you may use." in refused("--partition", "nowhere")
    assert "No node has 1 processor and 512 MiB of memory, graphics cards '9' for one worker" in refused("--gpus", "9")
    assert not cluster.run("squeue", "-h").stdout, "a refused batch left jobs in the queue"


def test_cancel_ends_workers_and_gives_their_tasks_back(ais, cluster, place):
    environment = {**cluster.environment, "AIS_PAUSE_POINT": "mid-slab 3"}
    ais("batch", "submit", "--slurm", "--memory", "512MiB", "--cpus", "1", "--workers", "2", *line("cancel"), cwd=place, env=environment)
    batch = Batch(place / "cancel/seg")
    until(lambda: len(batch.all("segment", "claimed")) >= 2, 20, "two claimed tasks")
    text = ais("batch", "cancel", "cancel/seg", cwd=place, env=environment)
    assert text.startswith("cancelled array ")
    until(lambda: not cluster("squeue", "-h").strip(), 20, "an empty queue")
    last = [entries[-1] for entries in batch.entries("segment").values() if entries]
    assert {entry["kind"] for entry in last} <= {"released", "done"}
    assert {entry["reason"] for entry in last if entry["kind"] == "released"} == {"the worker was asked to stop"}
    assert "no worker of the batch in " in ais("batch", "cancel", "cancel/seg", cwd=place, env=environment)
    # The journal knows what is done, and another machine can go on.
    subprocess.run([ais.path, "batch", "run", "--quiet", "cancel/seg"], cwd=place, check=True, timeout=120)
    assert len(batch.all("pick", "done")) == TASKS
