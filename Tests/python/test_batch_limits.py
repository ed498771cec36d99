"""A batch at the limits of its machine, with the real thing wherever the system lets us: memory that the kernel ends processes
over, a disk that fills up, a time limit that is near."""

import contextlib
import csv
import errno
import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time

import mrcfile
import numpy as np
import pytest

from test_failing_disk import disk, library  # noqa: F401  (fixtures)

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "Fixtures"
QUICK = FIXTURES / "segment" / "flat-global.scnm"
MEMBRANE = FIXTURES / "interactions" / "Membrane.scnm"
MEMORY = 600 << 20


def write(path: pathlib.Path, shape: tuple) -> pathlib.Path:
    path.parent.mkdir(exist_ok=True)
    with mrcfile.new(path) as file:
        file.set_data(np.random.default_rng(1).normal(0, 1000, shape).astype(np.int16))
        file.voxel_size = 10
    return path


def entries(folder: pathlib.Path) -> dict:
    """The journal of each task, by the first word of its name."""
    tasks = {}
    for path in sorted((folder / "ais-batch/journal").glob("*.json")):
        tasks.setdefault(path.name.split("__")[0], []).append(json.loads(path.read_text()))
    return tasks


# Memory

class ControlGroup:
    """A group of processes whose memory the kernel limits: it ends the largest with SIGKILL when they take more."""

    def __init__(self):
        root = pathlib.Path("/sys/fs/cgroup")
        first = root / "memory" if (root / "memory").is_dir() else root
        self.folder = first / f"ais-test-{os.getpid()}"
        limit = "memory.limit_in_bytes" if first != root else "memory.max"
        try:
            self.folder.mkdir()
            (self.folder / limit).write_text(str(MEMORY))
        except OSError as reason:
            with contextlib.suppress(OSError):
                self.folder.rmdir()
            pytest.skip(f"no control group can be made here: {reason}")

    def start(self, command, **options) -> subprocess.Popen:
        # The shell joins the group and then becomes the program.
        join = f'echo $$ > "{self.folder}/cgroup.procs" && exec "$0" "$@"'
        return subprocess.Popen(["sh", "-c", join, *map(str, command)], **options)

    def close(self):
        self.folder.rmdir()


class Warden(threading.Thread):
    """Ends workers that take too much, as the kernel does: where no control group can be made."""

    def __init__(self):
        super().__init__(daemon=True)
        self.folder, self.is_over = None, False

    def start(self, command, cwd, **options) -> subprocess.Popen:
        self.folder = cwd / "seg/ais-batch/workers"
        process = subprocess.Popen([str(word) for word in command], cwd=cwd, **options)
        super().start()
        return process

    def run(self):
        while not self.is_over:
            for path in self.folder.glob("[!.]*.json"):
                # A worker that has ended has no such file.
                with contextlib.suppress(OSError):
                    number = json.loads(path.read_text())["process"]["number"]
                    pages = int(pathlib.Path(f"/proc/{number}/statm").read_text().split()[1])
                    if pages * os.sysconf("SC_PAGE_SIZE") > MEMORY:
                        os.kill(number, signal.SIGKILL)
            time.sleep(0.002)

    def close(self):
        self.is_over = True
        self.join()


@pytest.mark.parametrize("keeper", [ControlGroup, Warden])
def test_a_worker_that_the_kernel_ends_for_its_memory_is_followed_by_one_with_smaller_tiles(ais, tmp_path, keeper):
    for name, shape in (("TS_1", (4, 64, 64)), ("TS_2", (2, 2880, 4096)), ("TS_3", (4, 64, 64))):
        write(tmp_path / f"in/{name}.mrc", shape)
    machine = keeper()
    try:
        # More is promised than there is: a whole slice is given to the network in too large tiles.
        run = machine.start(
            [ais.path, "batch", "run", "--memory", "1GiB", "segment", "-m", MEMBRANE, "-o", "seg", "in"], cwd=tmp_path,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        out, error = run.communicate(timeout=120)
    finally:
        machine.close()
    assert run.returncode == 0, error
    assert error.startswith("ais: a worker was ended by signal 9, perhaps for want of memory; its log is '")
    assert out.endswith("3 of 3 tasks done\n")
    found = entries(tmp_path / "seg")
    assert [entry["kind"] for entry in found["TS_2"]] == ["claimed", "claimed", "done"]
    first, second, _ = found["TS_2"]
    assert (first["memoryShare"], second["memoryShare"]) == (1, 0.5)
    assert second["reason"] == f"worker '{first['worker']}' is no longer running. It is tried again with half the memory"
    for name in ("TS_1", "TS_3"):
        assert [entry["kind"] for entry in found[name]] == ["claimed", "done"]
    ais("batch", "report", "seg", "-o", "r.csv", cwd=tmp_path)
    with (tmp_path / "r.csv").open() as file:
        [row] = [row for row in csv.DictReader(file) if "TS_2" in row["input"]]
    assert (row["attempts"], row["interruptions"]) == ("2", second["reason"])
    # Smaller tiles, and not a bit of difference.
    ais("segment", "-m", MEMBRANE, "-o", "undisturbed", "in", cwd=tmp_path)
    for path in (tmp_path / "undisturbed").glob("*.mrc"):
        with mrcfile.open(path) as expected, mrcfile.open(tmp_path / "seg" / path.name) as made:
            assert np.array_equal(made.data, expected.data)


# Disk

class SmallDisk:
    """A file system of its own in memory, of a few MiB, that only processes see which are started in it."""

    def __init__(self, folder: pathlib.Path, size: str):
        folder.mkdir()
        script = f'mount -t tmpfs -o size={size} none "{folder}" && echo ready && cat'
        self.keeper = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self.keeper.stdout.readline() != "ready\n":
            self.keeper.wait()
            pytest.skip(f"no small disk can be made here: {self.keeper.stderr.read().strip()}")
        # The same folder, seen from outside.
        self.folder = pathlib.Path(f"/proc/{self.keeper.pid}/root") / folder.relative_to("/")
        self.inside = folder

    def run(self, *command) -> subprocess.CompletedProcess:
        enter = ["nsenter", "--user", "--mount", "--preserve-credentials", "--target", str(self.keeper.pid)]
        words = [*enter, "sh", "-c", f'cd "{self.inside}" && exec "$0" "$@"', *map(str, command)]
        return subprocess.run(words, capture_output=True, text=True, timeout=120)

    def fill(self, spare: int):
        """Leaves so many bytes free, as if others had taken the rest."""
        status = os.statvfs(self.folder)
        (self.folder / "others").write_bytes(bytes(status.f_bavail * status.f_frsize - spare))

    def close(self):
        self.keeper.communicate("", timeout=10)


def test_a_disk_that_others_fill_up_fails_what_no_longer_fits_and_nothing_else(ais, tmp_path):
    for name, slices in (("TS_1", 4), ("TS_2", 40), ("TS_3", 4)):
        write(tmp_path / f"in/{name}.mrc", (slices, 128, 128))
    disk = SmallDisk(tmp_path / "small", "6m")
    try:
        planned = disk.run(ais.path, "batch", "run", "--no-start", "segment", "-m", QUICK, "-o", "seg", tmp_path / "in")
        assert planned.returncode == 0, planned.stderr
        # Room for the small ones and the journal.
        disk.fill(600 << 10)
        done = disk.run(ais.path, "batch", "run", "seg")
        assert done.returncode == 1
        found = entries(disk.folder / "seg")
        assert {task: log[-1]["kind"] for task, log in found.items()} == {"TS_1": "done", "TS_2": "failed", "TS_3": "done"}
        last = found["TS_2"][-1]
        assert last["code"] == "disk-full"
        assert re.fullmatch(
            re.escape(f"'{tmp_path}/in/TS_2.mrc': ") + r"the outputs need 1\.3 MiB in 'seg', \d+(\.\d)? KiB are free\. '--output-type int8' would need 640\.5 KiB\. Or free "
            r"some space, or choose another '-o'", last["reason"])
        assert done.stderr == (
            f"ais: {last['reason']}\nais: 1 of 3 tasks failed: '{tmp_path}/in/TS_2.mrc'. Once what is wrong is mended:  ais batch "
            "retry seg\n")
        assert f"  failed: segment {tmp_path}/in/TS_2.mrc: {last['reason']}\n" in disk.run(ais.path, "batch", "status", "seg").stdout
        assert not list((disk.folder / "seg").glob(".*"))
        (disk.folder / "others").unlink()
        again = disk.run(ais.path, "batch", "retry", "seg")
        assert again.returncode == 0 and again.stdout.endswith("3 of 3 tasks done\n"), again.stderr
        assert mrcfile.validate(disk.folder / "seg/TS_2__flat-global.mrc")
    finally:
        disk.close()


def test_a_quota_that_is_used_up_in_mid_write_fails_the_task_and_the_others_go_on(ais, tmp_path, disk):  # noqa: F811
    for number in (1, 2, 3):
        write(tmp_path / f"in/TS_{number}.mrc", (8, 128, 128))
    ais("batch", "run", "--no-start", "segment", "-m", QUICK, "-o", "seg", "in", cwd=tmp_path)
    name = "TS_2__flat-global.mrc"
    done = disk.run(
        "batch", "work", "seg", "--quiet", call="pwrite", path=f"/{name}", number=errno.EDQUOT, after=1, cwd=tmp_path)
    reason = f"'in/TS_2.mrc': cannot write 'seg/{name}': the quota is used up. Free some space or choose another output folder."
    assert (done.returncode, done.stderr) == (1, f"ais: {reason}\n")
    found = entries(tmp_path / "seg")
    assert {task: log[-1]["kind"] for task, log in found.items()} == {"TS_1": "done", "TS_2": "failed", "TS_3": "done"}
    assert (found["TS_2"][-1]["code"], found["TS_2"][-1]["reason"]) == ("disk-full", reason)
    assert not [path for path in (tmp_path / "seg").iterdir() if "TS_2" in path.name or path.name.startswith(".")]
    assert ais("batch", "retry", "seg", cwd=tmp_path).endswith("3 of 3 tasks done\n")


# Time

def test_a_worker_leaves_in_time_what_would_not_end_and_the_next_one_does_it(ais, tmp_path):
    for number in range(4):
        write(tmp_path / f"in/TS_{number}.mrc", (4, 64, 64))
    ais("batch", "run", "--no-start", "segment", "-m", QUICK, "-o", "seg", "in", cwd=tmp_path)
    environment = {**os.environ, "AIS_PAUSE_POINT": "mid-slab 3"}
    # A task takes three seconds and more: of four, at most three end within ten.
    work = ["batch", "work", "seg", "--threads", "1", "--time", "1min", "--notice", "50"]
    done = ais.run(*work, cwd=tmp_path, env=environment)
    assert (done.returncode, done.stderr) == (75, "ais: the time that is left is too short for another task\n")
    found = [[entry["kind"] for entry in log] for log in entries(tmp_path / "seg").values()]
    assert 1 <= len(found) <= 3 and found == [["claimed", "done"]] * len(found)
    # The next one, whose time is longer, is not kept from anything.
    ais("batch", "work", "seg", "--time", "1h", cwd=tmp_path)
    found = [[entry["kind"] for entry in log] for log in entries(tmp_path / "seg").values()]
    assert found == [["claimed", "done"]] * 4


def test_a_worker_whose_first_task_is_too_long_gives_it_back_at_the_end_of_its_time(ais, tmp_path):
    write(tmp_path / "in/TS_0.mrc", (4, 64, 64))
    ais("batch", "run", "--no-start", "segment", "-m", QUICK, "-o", "seg", "in", cwd=tmp_path)
    environment = {**os.environ, "AIS_PAUSE_POINT": "mid-slab 30"}
    done = ais.run(
        "batch", "work", "seg", "--threads", "1", "--time", "1min", "--notice", "58", cwd=tmp_path, env=environment)
    assert (done.returncode, done.stderr) == (1, (
        "ais: the time was up before the end of the first task, which was given back: give workers more time, or more processors\n"))
    [log] = entries(tmp_path / "seg").values()
    assert [(entry["kind"], entry.get("code")) for entry in log] == [("claimed", None), ("released", "time-limit")]
    assert [path.name for path in (tmp_path / "seg").iterdir()] == ["ais-batch"]
    done = ais.run("batch", "work", "seg", "--time", "1min", "--notice", "60", cwd=tmp_path)
    assert done.returncode == 2 and "--notice 60: expected 0 to 59 seconds, less than '--time'" in done.stderr
