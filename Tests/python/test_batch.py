"""`ais batch`: plans, workers, states and reports, and what people read when something is wrong, word for word."""

import csv
import errno
import html.parser
import json
import os
import pathlib
import re
import shutil
import subprocess

import mrcfile
import numpy as np
import pytest

from test_failing_disk import disk, library  # noqa: F401  (fixtures)

MODEL = pathlib.Path(__file__).resolve().parent.parent / "Fixtures" / "segment" / "flat-global.scnm"
FEATURE = "flat-global"


@pytest.fixture(scope="session")
def voxels(repository) -> np.ndarray:
    with mrcfile.open(repository / "Examples" / "cell_c.mrc") as file:
        return np.array(file.data[20:28, 40:100, 30:110])


@pytest.fixture
def place(tmp_path, voxels) -> pathlib.Path:
    """Three tomograms; the second has another voxel size."""
    (tmp_path / "tomograms").mkdir()
    for i, size in enumerate([10, 12, 10], 1):
        with mrcfile.new(tmp_path / "tomograms" / f"TS_0{i}.mrc") as file:
            file.set_data(voxels)
            file.voxel_size = size
    return tmp_path


SEGMENT = ["segment", "-m", MODEL, "-o", "seg", "tomograms"]


def entries(place, folder="seg") -> dict:
    tasks = {}
    for path in sorted((place / folder / "ais-batch" / "journal").glob("*.json")):
        tasks.setdefault(path.name.split(".")[0], []).append(json.loads(path.read_text()))
    return tasks


def kinds(place) -> list:
    return sorted(" ".join(e["kind"] for e in task) for task in entries(place).values())


def test_a_batch_of_three_steps_is_done_by_two_workers(ais, place):
    out = ais("batch", "run", "--workers", "2", *SEGMENT, "--then", "pick", "--spacing", "20nm", "-o", "picks",
              "--then", "measure", "-o", "measures", cwd=place)
    assert "10 tasks (segment 3, pick 3, measure 4), 2 workers" in out
    assert "10 of 10 tasks done" in out
    assert kinds(place) == ["claimed done"] * 10
    assert sorted(p.name for p in (place / "picks").glob("*.star")) == [
        f"TS_0{i}__{FEATURE}_coords.star" for i in (1, 2, 3)]
    with (place / "measures" / "summary.csv").open() as file:
        assert [row["tomogram"] for row in csv.DictReader(file)] == ["TS_01", "TS_02", "TS_03"]
    status = json.loads(ais("batch", "status", "seg", "--json", cwd=place))
    assert (status["schema"], status["done"], status["failed"], status["open"]) == ("ais.batch-status/1", 10, 0, 0)


def test_the_same_line_again_does_nothing_and_takes_new_tomograms(ais, place, voxels):
    ais("batch", "run", *SEGMENT, cwd=place)
    assert "0 new tasks, 3 known" in ais("batch", "run", *SEGMENT, cwd=place)
    assert kinds(place) == ["claimed done"] * 3
    shutil.copy(place / "tomograms/TS_01.mrc", place / "tomograms/TS_04.mrc")
    assert "1 new task, 3 known" in ais("batch", "run", *SEGMENT, cwd=place)
    assert kinds(place) == ["claimed done"] * 4


def test_a_deleted_output_is_made_again_and_what_is_there_is_only_looked_at(ais, place):
    ais("segment", *SEGMENT[1:], cwd=place)
    out = ais("batch", "run", *SEGMENT, cwd=place)
    assert "3 of them made with the same settings: they will only be looked at" in out
    assert all(task[-1]["wasThere"] for task in entries(place).values())
    (place / "seg" / f"TS_02__{FEATURE}.mrc").unlink()
    assert "3 known, 1 of them once more" in ais("batch", "run", *SEGMENT, cwd=place)
    assert kinds(place) == ["claimed done", "claimed done", "claimed done reopened claimed done"]


def test_force_makes_everything_again(ais, place):
    ais("batch", "run", *SEGMENT, cwd=place)
    before = (place / "seg" / f"TS_01__{FEATURE}.json").stat().st_mtime_ns
    ais("batch", "run", *SEGMENT, "--force", cwd=place)
    assert kinds(place) == ["claimed done reopened claimed done"] * 3
    assert (place / "seg" / f"TS_01__{FEATURE}.json").stat().st_mtime_ns > before


def test_a_dry_run_plans_and_leaves_nothing(ais, place):
    out = ais("batch", "run", "--dry-run", "--workers", "2", *SEGMENT, cwd=place)
    assert out.startswith("3 tasks (segment 3), 2 workers\nsegment needs ")
    assert not (place / "seg").exists()


def test_what_cannot_fit_is_refused_before_it_starts(ais, place):
    done = ais.run("batch", "run", "--memory", "20MiB", *SEGMENT, cwd=place)
    assert done.returncode == 1
    # The same sentence is said once, whatever the number of tomograms.
    assert re.fullmatch(
        r"ais: 'tomograms/TS_01\.mrc' and 2 others: the work needs at least \d+ MiB, 20 MiB are allowed: give more with "
        r"'--memory', run fewer models at once, or \(3D networks\) choose smaller tiles with '--tile'\n", done.stderr)
    assert not (place / "seg").exists()


def spoil(place):
    path = place / "tomograms" / "TS_02.mrc"
    whole = path.read_bytes()
    path.write_bytes(whole[:-500])
    return path, whole


def test_an_unreadable_input_fails_and_is_tried_again_when_asked(ais, place):
    path, whole = spoil(place)
    done = ais.run("batch", "run", *SEGMENT, "--then", "pick", "-o", "picks", "--spacing", "20nm", cwd=place)
    assert done.returncode == 1
    assert "ais: 1 of 6 tasks failed: 'tomograms/TS_02.mrc'. Once what is wrong is mended:  ais batch retry " in done.stderr
    assert "ais: 1 task could not begin, for what they need failed" in done.stderr
    status = ais.run("batch", "status", "seg", cwd=place)
    assert status.returncode == 1
    assert status.stdout.splitlines()[0] == "seg: 4 done, 1 failed, 1 waiting for what failed of 6 tasks"
    assert "'tomograms/TS_02.mrc' is truncated" in status.stdout
    path.write_bytes(whole)
    assert "6 of 6 tasks done" in ais("batch", "retry", "seg", cwd=place)
    assert "claimed failed reopened claimed done" in kinds(place)


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self.sources = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.sources += [v for k, v in attributes if k in ("src", "href")]

    def handle_data(self, data):
        self.words.append(data)


def test_the_report_is_a_page_a_table_and_json(ais, place):
    evil = place / "tomograms" / "TS_<script>alert(1)</script>&.mrc".replace("/", "")
    shutil.copy(place / "tomograms/TS_01.mrc", evil)
    spoil(place)
    ais.run("batch", "run", *SEGMENT, cwd=place)
    out = ais("batch", "report", "seg", "-o", "r.html", "-o", "r.csv", "-o", "r.json", "-o", "r.txt", cwd=place)
    assert out.splitlines()[0].startswith("seg: 3 done, 1 failed of 4 tasks, ")
    text = (place / "r.html").read_text()
    page = Page(text)
    assert "script" not in page.tags and evil.name in "".join(page.words)
    assert page.sources and all(s.startswith("data:image/png;base64,") for s in page.sources)
    assert "truncated" in text and "--output-type" not in text
    with (place / "r.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert sorted(r["state"] for r in rows) == ["done", "done", "done", "failed"]
    report = json.loads((place / "r.json").read_text())
    assert report["schema"] == "ais.batch-report/1" and len(report["rows"]) == 4
    assert [r["input"] for r in report["rows"]] == [r["input"] for r in rows]
    ais("batch", "report", "seg", cwd=place)
    assert (place / "seg/ais-batch/report.html").is_file()


def plan(ais, place):
    ais("batch", "run", "--no-start", *SEGMENT, cwd=place)


WORK = ["batch", "work", "seg", "--threads", "1", "--memory", "1GiB", "--quiet"]


@pytest.mark.parametrize(
    "number, words", [(errno.ENOSPC, "the disk is full"), (errno.EDQUOT, "the quota is used up")])
def test_a_journal_that_cannot_be_kept(ais, place, disk, number, words):
    plan(ais, place)
    task = next(p["id"] for p in json.loads((place / "seg/ais-batch/plans/000001.json").read_text())["tasks"])
    name = f"/{task}.0001.json"
    done = disk.run(*WORK, call="pwrite", path=name, number=number, cwd=place)
    assert done.returncode == 1
    folder = place / "seg"
    assert done.stderr == (
        f"ais: the journal of the batch in '{folder}' cannot be kept: cannot write '{folder}/ais-batch/journal{name}': {words}. "
        "Free some space or choose another output folder. What is done is kept; when there is room again, go on with  ais batch "
        f"run '{folder}'\n")
    # Space is there again.
    ais(*WORK, cwd=place)
    assert kinds(place) == ["claimed done"] * 3


def test_a_task_in_the_hands_of_a_dead_host_is_taken_over(ais, place):
    plan(ais, place)
    batch = place / "seg/ais-batch"
    task = next(p["id"] for p in json.loads((batch / "plans/000001.json").read_text())["tasks"])
    worker = "gpu7-4711-00c0ffee"
    (batch / "workers" / f"{worker}.json").write_text(json.dumps({
        "schema": "ais.batch-worker/1", "id": worker, "host": "gpu7", "version": "0.1.0", "date": "2026-01-01T00:00:00Z",
        "process": {"number": 4711, "start": "1", "boot": "another", "namespace": "pid:[1]"}, "signSeconds": 1,
        "leaseSeconds": 2, "threads": 1, "memoryBytes": 1}))
    (batch / "workers" / f"{worker}.life").write_text('{"count": 17, "task": "' + task + '", "fraction": 0.5}')
    (batch / "journal" / f"{task}.0001.json").write_text(json.dumps({
        "schema": "ais.batch-entry/1", "task": task, "number": 1, "kind": "claimed", "worker": worker, "host": "gpu7",
        "date": "2026-01-01T00:00:00Z", "memoryShare": 1}))
    status = ais("batch", "status", "seg", cwd=place)
    assert "  segment tomograms/TS_01.mrc  50 %  on gpu7" in status
    ais(*WORK, cwd=place)
    taken = entries(place)[task][1]
    assert (taken["kind"], taken["takenFrom"], taken["memoryShare"]) == ("claimed", worker, 0.5)
    assert taken["reason"] in [
        f"worker '{worker}' gave no sign of life for {n} s. It is tried again with half the memory" for n in (2, 3, 4, 5)]
    assert entries(place)[task][-1]["kind"] == "done"


def test_a_folder_that_cannot_be_listed(ais, place):
    plan(ais, place)
    journal = place / "seg/ais-batch/journal"
    journal.rmdir()
    journal.write_text("not a folder")
    done = ais.run(*WORK, cwd=place)
    folder = place / "seg"
    assert done.returncode == 1
    assert done.stderr == (
        f"ais: the batch in '{folder}' cannot be read: cannot list '{journal}': Not a directory. Everybody who works on a batch "
        f"must read and write its folder: run as the user who started it, or ask for  chmod -R g+rwX '{folder}'\n")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission(ais, place):
    plan(ais, place)
    (place / "seg/ais-batch/journal").chmod(0)
    done = ais.run("batch", "status", "seg", cwd=place)
    (place / "seg/ais-batch/journal").chmod(0o755)
    assert done.returncode == 1 and "Permission denied" in done.stderr and "chmod -R g+rwX 'seg'" in done.stderr


def test_a_batch_of_another_version(ais, place):
    plan(ais, place)
    path = place / "seg/ais-batch/plans/000001.json"
    document = json.loads(path.read_text())
    version = document["program"]["version"]
    document["program"]["version"] = "9.9.9"
    path.write_text(json.dumps(document))
    done = ais.run(*WORK, cwd=place)
    assert done.returncode == 1
    assert done.stderr == (
        f"ais: 3 tasks of the batch in '{place}/seg' were planned by Ais 9.9.9, and this is Ais {version}: one batch should not "
        "mix results of two versions. Finish it with Ais 9.9.9, or plan what is left anew: type the line again with which it was "
        "started.\n")


@pytest.mark.parametrize(
    "words, sentence",
    [
        (["info", "x.mrc"],
         "'info' does not run in batches: expected segment, pick, mesh or measure, or the output folder of a batch"),
        (SEGMENT + ["--workers", "4"],
         "'--workers' belongs in front of the command: ais batch … --workers … segment …"),
        (SEGMENT + ["--then", "pick", "--feature", "Ribosome", "-o", "picks"],
         f"no model of this batch makes 'Ribosome', which 'pick' asks for: they make '{FEATURE}'"),
        (SEGMENT + ["--then"], "'--then' stands between two commands, as in: segment … --then pick …"),
    ])
def test_lines_that_cannot_be_planned(ais, place, words, sentence):
    done = ais.run("batch", "run", *words, cwd=place)
    assert done.returncode in (1, 2)
    assert sentence in done.stderr
    assert not (place / "seg").exists()


@pytest.mark.parametrize("words,command", [
    (["run", "--help"], "batch run"), (["run", "--workers", "2", "-h"], "batch run"), (["submit", "--help"], "batch submit"),
    (["run", "segment", "--help"], "segment")])
def test_help_is_given_wherever_it_is_asked_for(ais, words, command):
    assert f"USAGE: ais {command} " in ais("batch", *words)


def test_ctrl_c_gives_the_task_back(ais, place):
    environment = {**os.environ, "AIS_PAUSE_POINT": "mid-slab 30", "SWIFT_BACKTRACE": "enable=no"}
    plan(ais, place)
    process = subprocess.Popen(
        [ais.path, *WORK], env=environment, cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not entries(place):
        assert process.poll() is None
    process.send_signal(2)
    assert process.wait(timeout=20) == 130
    assert kinds(place) == ["claimed released"]
    assert [p.name for p in (place / "seg").iterdir()] == ["ais-batch"]


def test_a_lost_worker_is_replaced_while_another_process_watches(ais, place):
    environment = {**os.environ, "AIS_PAUSE_POINT": "mid-slab 2", "SWIFT_BACKTRACE": "enable=no"}
    run = subprocess.Popen(
        [ais.path, "batch", "run", *SEGMENT], env=environment, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True)
    while not (place / "seg/ais-batch/journal").is_dir() or not entries(place):
        assert run.poll() is None
    watch = subprocess.Popen(
        [ais.path, "batch", "status", "seg", "--watch"], cwd=place, stdout=subprocess.PIPE, text=True)
    first = next(iter(entries(place).values()))[0]["worker"]
    os.kill(int(first.split("-")[-2]), 9)
    out, error = run.communicate(timeout=120)
    assert run.returncode == 0, error
    assert error.startswith("ais: a worker was ended by signal 9, perhaps for want of memory; its log is '")
    assert out.endswith("3 of 3 tasks done\n")
    seen = watch.communicate(timeout=30)[0]
    assert watch.returncode == 0 and f"seg/TS_02__{FEATURE}.mrc" in seen and seen.endswith("3 of 3 tasks done\n")
    assert kinds(place) == ["claimed claimed done", "claimed done", "claimed done"]


def test_each_worker_sees_a_device_of_its_own(ais, place):
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "3,5", "AIS_PAUSE_POINT": "mid-slab 0.5"}
    ais("batch", "run", "--workers", "2", *SEGMENT, cwd=place, env=environment)
    records = [json.loads(p.read_text()) for p in (place / "seg/ais-batch/workers").glob("*.json")]
    assert sorted(r["device"] for r in records) == ["3", "5"]


def test_a_preview_shows_the_most_suspicious_first(ais, place, voxels):
    for i in (4, 5, 6):
        with mrcfile.new(place / "tomograms" / f"TS_0{i}.mrc") as file:
            file.set_data(np.zeros_like(voxels) if i == 5 else voxels)
            file.voxel_size = 10
    spoil(place)
    lines = ais("batch", "run", "--preview", "--json", *SEGMENT, cwd=place).splitlines()
    subjects = [json.loads(line) for line in lines]
    assert [s["event"] for s in subjects] == ["preview"] * 6
    assert [s["tomogram"] for s in subjects[:2]] == ["tomograms/TS_02.mrc", "tomograms/TS_05.mrc"]
    scores = [s["results"]["score"] for s in subjects]
    assert scores == sorted(scores, reverse=True)
    assert (place / "seg/preview.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert [p.name for p in (place / "seg").iterdir()] == ["preview.png"]
