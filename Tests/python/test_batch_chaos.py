"""A batch in a bad night: workers killed while they compute, one stopped beyond its lease and let go on, a disk full in
mid-write, listings that lag by three seconds as on a network file system. Nothing is lost, nothing is done twice, and no name
ever holds half a file."""

import ctypes
import errno
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import struct
import subprocess
import threading
import time

import mrcfile
import numpy as np
import pytest

HERE = pathlib.Path(__file__).resolve().parent
MODEL = HERE.parent / "Fixtures" / "segment" / "flat-global.scnm"
TASKS, WORKERS, KILLS, LEASE = 40, 4, 15, 4
FULL = "TS_17"
DATE = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?Z?")


@pytest.fixture(scope="module")
def libraries(tmp_path_factory) -> dict:
    compiler = shutil.which("clang") or shutil.which("cc")
    if not compiler:
        pytest.fail("neither 'clang' nor 'cc' was found; Swift's toolchain holds a 'clang': put its folder into PATH.")
    folder = tmp_path_factory.mktemp("libraries")
    for name in ("failing_calls", "delayed_listing"):
        source = HERE / f"{name}.c"
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", folder / f"{name}.so", source, "-ldl"], check=True)
    return {name: folder / f"{name}.so" for name in ("failing_calls", "delayed_listing")}


class NameWatch(threading.Thread):
    """Sees every event on final names of a folder: they may only be given by renaming, and are never written to."""

    CREATE, MODIFY, MOVED_TO = 0x100, 0x2, 0x80

    def __init__(self, folder: pathlib.Path):
        super().__init__(daemon=True)
        libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        mask = self.CREATE | self.MODIFY | self.MOVED_TO
        assert self.descriptor >= 0 and libc.inotify_add_watch(self.descriptor, os.fsencode(folder), mask) > 0
        self.wrong, self.given, self.isOver = [], {}, False

    def run(self):
        while not self.isOver:
            try:
                data = os.read(self.descriptor, 1 << 16)
            except BlockingIOError:
                time.sleep(0.01)
                continue
            while data:
                _, mask, _, length = struct.unpack_from("iIII", data)
                name = data[16:16 + length].rstrip(b"\0").decode()
                data = data[16 + length:]
                if name.startswith(".") or mask & 0x40000000:
                    continue
                if mask & self.MOVED_TO:
                    self.given[name] = self.given.get(name, 0) + 1
                else:
                    self.wrong.append((name, hex(mask)))

    def end(self):
        time.sleep(0.1)
        self.isOver = True
        self.join()
        os.close(self.descriptor)


class Journal:
    """The journal as it lies on the disk, read without the program."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder / "ais-batch" / "journal"

    def entries(self) -> dict:
        tasks = {}
        for path in sorted(self.folder.glob("*.json")):
            if not path.name.startswith("."):
                tasks.setdefault(path.name.split(".")[0], []).append(json.loads(path.read_text()))
        return tasks


def without_date(path: pathlib.Path) -> bytes:
    data = path.read_bytes()
    if path.suffix != ".json":
        return DATE.sub(b"DATE", data[:1024]) + data[1024:]
    return json.dumps(without_times(json.loads(data)), sort_keys=True).encode()


def without_times(value):
    """A document without its dates and durations, at any depth."""
    if isinstance(value, dict):
        return {k: without_times(v) for k, v in value.items() if k != "date" and not k.endswith("Seconds")}
    return [without_times(v) for v in value] if isinstance(value, list) else value


def contents(folder: pathlib.Path) -> dict:
    return {p.name: without_date(p) for p in sorted(folder.iterdir()) if p.is_file()}


class Night:
    """Keeps workers going and lets things happen to them."""

    def __init__(self, ais, libraries, place: pathlib.Path):
        self.ais, self.libraries, self.place = ais, libraries, place
        self.out = place / "seg"
        self.journal = Journal(self.out)
        self.workers, self.hits = {}, []
        self.random = random.Random(5)
        self.log = (place / "workers.log").open("w")

    def start(self, fills: bool = True):
        environment = {
            **os.environ, "SWIFT_BACKTRACE": "enable=no", "AIS_PAUSE_POINT": "mid-slab 2",
            "LD_PRELOAD": f"{self.libraries['failing_calls']}:{self.libraries['delayed_listing']}",
            "DELAY_SECONDS": "3", "DELAY_PATH": "/ais-batch"}
        if fills:
            environment |= {
                "FAIL_CALL": "pwrite", "FAIL_PATH": f"/{FULL}__flat-global.mrc", "FAIL_ERRNO": str(errno.ENOSPC),
                "FAIL_AFTER": "4"}
        command = [self.ais.path, "batch", "work", self.out, "--threads", "1", "--memory", "1GiB", "--lease", str(LEASE)]
        process = subprocess.Popen(command, env=environment, cwd="/", stdout=self.log, stderr=self.log)
        self.workers[process.pid] = process

    def running(self) -> list:
        """Tasks in hand, with their worker's process."""
        found = []
        for task, entries in self.journal.entries().items():
            if entries[-1]["kind"] in ("claimed", "renewed"):
                found.append((task, int(entries[-1]["worker"].split("-")[-2]), len(entries)))
        return found

    def is_done(self) -> bool:
        entries = self.journal.entries()
        return len(entries) == TASKS and all(e[-1]["kind"] in ("done", "failed") for e in entries.values())

    def kill_one(self, spared: int):
        victims = {}
        for task, process, number in self.running():
            losses = sum("takenFrom" in e for e in self.journal.entries()[task])
            if process in self.workers and process != spared and losses < 2:
                victims[process] = (task, number)
        if not victims:
            return
        process = self.random.choice(sorted(victims))
        os.kill(process, signal.SIGKILL)
        self.workers.pop(process).wait()
        task, number = victims[process]
        # It hit a running task if the dead worker's claim is the last word on it.
        last = self.journal.entries()[task][number - 1:][:2]
        if len(last) == 1 or last[1].get("takenFrom", "").split("-")[-2:-1] == [str(process)]:
            self.hits.append(task)

    def reap(self) -> int:
        for process in [p for p in self.workers.values() if p.poll() is not None]:
            del self.workers[process.pid]
        return len(self.workers)


@pytest.fixture(scope="module")
def night(ais, libraries, repository, tmp_path_factory):
    place = tmp_path_factory.mktemp("night")
    (place / "tomograms").mkdir()
    with mrcfile.open(repository / "Examples" / "cell_c.mrc") as file:
        voxels = np.array(file.data[20:26, 40:80, 30:80])
    for i in range(TASKS):
        with mrcfile.new(place / "tomograms" / f"TS_{i:02}.mrc") as file:
            file.set_data(voxels + np.int8(i % 3) if voxels.dtype == np.int8 else voxels + i)
            file.voxel_size = 10
    words = ["segment", "-m", MODEL, "--threads", "1", "tomograms", "-o"]
    ais(*words, "undisturbed", cwd=place)
    night = Night(ais, libraries, place)
    ais("batch", "run", "--no-start", *words, "seg", cwd=place)
    watch = NameWatch(night.out)
    watch.start()

    began = time.monotonic()
    stopped, nextKill, takeover = None, began + 1.5, None
    while not night.is_done():
        now = time.monotonic()
        assert now - began < 240, "the night does not end:\n" + (place / "workers.log").read_text()[-3000:]
        while night.reap() < WORKERS + (1 if stopped and takeover is None else 0):
            night.start()
        if stopped is None and len(night.hits) >= 2 and night.running():
            task, process, number = night.running()[0]
            if process in night.workers:
                os.kill(process, signal.SIGSTOP)
                stopped = (task, process, number)
        if stopped and takeover is None:
            task, process, number = stopped
            entries = night.journal.entries()[task]
            if len(entries) > number:
                takeover = entries[number]
                # The other one is at work on it: now the first wakes.
                time.sleep(0.5)
                os.kill(process, signal.SIGCONT)
        if len(night.hits) < KILLS + 2 and now >= nextKill:
            night.kill_one(spared=stopped[1] if stopped else -1)
            nextKill = now + 0.9
        time.sleep(0.05)
    night.seconds = time.monotonic() - began
    for process in night.workers.values():
        process.wait(timeout=60)
    night.before, night.stopped, night.takeover = night.journal.entries(), stopped, takeover

    # The disk has room again.
    ais("batch", "retry", night.out, "--no-start")
    night.workers = {}
    night.start(fills=False)
    for process in night.workers.values():
        assert process.wait(timeout=60) == 0
    watch.end()
    night.watch, night.after = watch, night.journal.entries()
    print(f"{night.seconds:.0f} s, {len(night.hits)} kills that hit a task")
    return night


def test_enough_happened(night):
    assert len(night.hits) >= KILLS
    assert night.takeover and night.takeover["takenFrom"].split("-")[-2] == str(night.stopped[1])
    assert "gave no sign of life for" in night.takeover["reason"]
    full = [e[-1] for e in night.before.values() if e[-1]["kind"] == "failed"]
    assert len(full) == 1 and full[0]["task"].startswith(FULL)


def test_the_full_disk_is_said_and_the_others_went_on(night):
    failed = next(e[-1] for e in night.before.values() if e[-1]["kind"] == "failed")
    assert failed["code"] == "disk-full"
    assert failed["reason"] == (
        f"'tomograms/{FULL}.mrc': cannot write 'seg/{FULL}__flat-global.mrc': the disk is full. Free some space or choose "
        "another output folder.")


def test_every_output_is_whole_and_as_in_an_undisturbed_run(night):
    whole = contents(night.place / "undisturbed")
    assert len(whole) == 2 * TASKS
    assert contents(night.out) == whole


def test_no_final_name_ever_held_a_part_of_a_file(night):
    assert night.watch.wrong == []
    assert len(night.watch.given) == 2 * TASKS


def test_no_task_was_taken_again_after_it_was_done(night):
    for task, entries in night.after.items():
        assert [e["number"] for e in entries] == list(range(1, len(entries) + 1)), task
        done = False
        for entry in entries:
            if entry["kind"] == "claimed":
                assert not done, f"{task} was claimed after it was done"
            done = entry["kind"] == "done" or done and entry["kind"] != "reopened"


def test_the_worker_that_woke_up_left_its_task_alone(night):
    task, process, number = night.stopped
    later = [e for e in night.after[task][number:] if e.get("worker", "").split("-")[-2:-1] == [str(process)]]
    assert later == []


def test_the_journal_agrees_with_the_folder(night):
    assert len(night.after) == TASKS
    for entries in night.after.values():
        assert entries[-1]["kind"] == "done"
        for output in entries[-1]["outputs"]:
            data = (night.place / output["path"]).read_bytes()
            assert (len(data), hashlib.sha256(data).hexdigest()) == (output["bytes"], output["sha256"])


def test_nothing_is_left_behind(night, ais):
    # Files of killed workers have no final name; the next run in the folder clears them away.
    ais("segment", "-m", MODEL, "--threads", "1", "tomograms", "-o", "seg", cwd=night.place)
    assert [p.name for p in night.out.iterdir() if p.name.startswith(".")] == []
    assert json.loads(ais("batch", "status", night.out, "--json"))["done"] == TASKS
