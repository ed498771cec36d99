"""`ais batch submit|status|cancel` with small programs in the place of Slurm's: what is submitted, and what a user reads when
something is wrong, word for word."""

import json
import os
import pathlib
import subprocess

import mrcfile
import numpy as np
import pytest

MODEL = pathlib.Path(__file__).resolve().parent.parent / "Fixtures" / "segment" / "flat-global.scnm"
CONFIGURATION = "MaxArraySize            = 1001"
ALL_SEGMENTED = ["--then", "pick", "--spacing", "10nm", "-o", "picks"]


class Slurm:
    """Programs called sbatch, squeue, … that say what a test wants to hear, and note how they were called."""

    def __init__(self, folder: pathlib.Path):
        self.tools, self.calls = folder / "tools", folder / "calls"
        self.tools.mkdir()
        self.says("sbatch", f"n=$(cat {folder}/n 2>/dev/null || echo 11); n=$((n + 1)); echo $n > {folder}/n; echo $n", version=True)
        self.says("scontrol", f"echo '{CONFIGURATION}'")
        self.says("sinfo", "echo cpu; echo gpu")
        self.says("squeue", "")
        self.says("sacct", "echo 'Slurm accounting storage is disabled' >&2; exit 1")
        self.says("scancel", "")

    def says(self, name: str, script: str, version: bool = False):
        path = self.tools / name
        known = '[ "$1" = --version ] && { echo slurm 22; exit 0; }\n' if name == "sbatch" else ""
        path.write_text(f'#!/bin/sh\n{known}echo {name} "$@" >> {self.calls}\n{script}\n')
        path.chmod(0o755)

    @property
    def called(self) -> list:
        return self.calls.read_text().splitlines() if self.calls.exists() else []

    def environment(self, **more) -> dict:
        """As on a compute node: no home folder that could be written."""
        return {"PATH": f"{self.tools}:/usr/bin:/bin", "HOME": "/nonexistent", **more}


@pytest.fixture
def slurm(tmp_path) -> Slurm:
    return Slurm(tmp_path)


@pytest.fixture
def place(tmp_path) -> pathlib.Path:
    """A folder with three tomograms."""
    folder = tmp_path / "work"
    folder.mkdir()
    for number in (1, 2, 3):
        with mrcfile.new(folder / f"TS_{number}.mrc") as file:
            file.set_data(np.random.default_rng(number).normal(size=(8, 40, 48)).astype(np.float32))
            file.voxel_size = 10
    return folder


@pytest.fixture
def submit(ais, slurm, place):
    def run(*arguments, **environment):
        return ais.run("batch", "submit", "--slurm", *arguments, cwd=place, env=slurm.environment(**environment))
    return run


def line(*more):
    return ["segment", "-m", MODEL, "-o", "seg", ".", *more]


def good(done: subprocess.CompletedProcess) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_two_arrays_and_a_job_that_looks_after_them(ais, slurm, place, submit):
    text = good(submit("--gpus", "1", "--workers", "9", "--at-once", "2", *line(*ALL_SEGMENTED)))
    scripts = place / "seg/ais-batch/slurm"
    assert slurm.called == [
        "scontrol show config", f"sbatch --parsable {scripts}/round-1-segment.sh",
        f"sbatch --parsable {scripts}/round-1-pick.sh", f"sbatch --parsable {scripts}/round-1-next.sh"]
    assert "segment: 3 tasks, an array of 3 workers, at most 2 at a time; each 4 processors, 16 GiB, graphics cards 1, 04:00:00" in text
    assert "pick: 3 tasks, an array of 3 workers, at most 2 at a time; each 4 processors, 16 GiB, 04:00:00" in text
    assert "submitted array 12 (segment)\nsubmitted array 13 (pick)\nsubmitted job 14, which submits again what is left when they have ended" in text
    assert "#SBATCH --gres=gpu:1" in (scripts / "round-1-segment.sh").read_text()
    assert "#SBATCH --dependency=afterany:12\n" in (scripts / "round-1-pick.sh").read_text()
    program = str(ais.path)
    assert program.startswith("/") and f"\nais='{program}'\n" in (scripts / "round-1-segment.sh").read_text()


def test_the_script_works_without_home_and_with_nothing_but_what_slurm_gives(ais, slurm, place, submit):
    good(submit(*line()))
    script = place / "seg/ais-batch/slurm/round-1-segment.sh"
    done = subprocess.run(
        ["bash", script], env={"PATH": "/usr/bin:/bin", "SLURM_ARRAY_JOB_ID": "12", "SLURM_ARRAY_TASK_ID": "0",
                               "SLURM_CPUS_PER_TASK": "1", "SLURM_MEM_PER_NODE": "512", "CUDA_VISIBLE_DEVICES": "1"},
        cwd="/", capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert all((place / f"seg/TS_{number}__flat-global.mrc").is_file() for number in (1, 2, 3))
    [worker] = [json.loads(path.read_text()) for path in (place / "seg/ais-batch/workers").glob("*.json")]
    assert worker["job"] == "slurm 12_0" and worker["device"] == "1"
    assert worker["threads"] == 1 and worker["memoryBytes"] == 512 << 20
    # Then there is nothing left.
    slurm.says("squeue", "printf '12|%d|COMPLETED|None|n1\\n' 0; echo '13|N/A|COMPLETED|None|n1'")
    assert "nothing is left to do in " in good(submit("seg"))
    assert "3 of 3 tasks done, 0 failed" in good(submit("--after-round", "1", "seg"))


def test_print_shows_the_scripts_and_does_nothing(slurm, place, submit):
    text = good(submit("--print", "--partition", "gpu", "--module", "ais/1.0", "--directive", "--constraint=a100", *line()))
    assert text.startswith("### round-1-segment.sh\n#!/bin/bash\n#SBATCH --job-name=ais-seg\n")
    for wanted in ["#SBATCH --partition=gpu\n", "#SBATCH --constraint=a100\n", "\nmodule load ais/1.0\n", "#SBATCH --dependency=afterany:JOB\n"]:
        assert wanted in text
    assert not (place / "seg").exists() and not any(call.startswith("sbatch") for call in slurm.called)


def test_print_needs_no_cluster(ais, place):
    text = good(ais.run("batch", "submit", "--slurm", "--print", *line(), cwd=place, env={"PATH": "/usr/bin:/bin"}))
    assert "#SBATCH --array=0-" in text


def test_a_site_has_its_own_template(slurm, place, submit, tmp_path):
    template = tmp_path / "home/ais/slurm.template"
    template.parent.mkdir(parents=True)
    template.write_text("#!/bin/bash -l\n{{job}}\n#SBATCH -A {{account}} -R {{reservation}}\nmodule load site\n{{command}}\n")
    home = {"XDG_CONFIG_HOME": str(tmp_path / "home")}
    done = submit("--print", *line(), **home)
    assert (done.returncode, done.stderr) == (1, (
        f"ais: the template '{template}' has places that nothing fills: {{{{account}}}} (--account), {{{{reservation}}}} "
        "(--set reservation=…). Give what stands in brackets, or write '#SBATCH?' for a line that may be left out.\n"))
    text = good(submit("--print", "--account", "cryo", "--set", "reservation=night", *line(), **home))
    assert "#SBATCH -A cryo -R night\n" in text and "--mem" not in text
    done = submit("--print", "--account", "cryo", "--set", "reservation=night", "--gpus", "1", *line(), **home)
    assert done.stderr == (
        f"ais: the template '{template}' has no place for: {{{{gpus}}}} (--gpus). Add it to the template, or leave the option out.\n")
    # Another one by option or environment goes first.
    other = tmp_path / "other"
    other.write_text("#!/bin/sh\n{{job}}\n# mine\n{{command}}\n")
    assert "# mine" in good(submit("--print", "--template", other, *line(), **home))
    assert "# mine" in good(submit("--print", *line(), **home, AIS_SLURM_TEMPLATE=str(other)))


def test_no_sbatch(ais, place):
    done = ais.run("batch", "submit", "--slurm", *line(), cwd=place, env={"PATH": "/nowhere", "HOME": "/nonexistent"})
    assert (done.returncode, done.stderr) == (1, (
        "ais: 'sbatch' was not found in PATH: this machine cannot submit to Slurm. Log in to a submit host of the cluster, or load its "
        "Slurm module; without a cluster  ais batch run  does the same work here.\n"))
    assert not (place / "seg").exists()


def test_a_partition_that_there_is_not(slurm, place, submit):
    slurm.says("sbatch", "echo 'sbatch: error: invalid partition specified: gpux' >&2; exit 1")
    done = submit("--partition", "gpux", *line())
    script = f"{place}/seg/ais-batch/slurm/round-1-segment.sh"
    assert (done.returncode, done.stderr) == (1, (
        f"ais: Slurm refused '{script}': sbatch: error: invalid partition specified: gpux. '--partition gpux' was given. There are: cpu, "
        "gpu. Name one that you may use.\n"))
    # Mended and typed again, it goes on.
    slurm.says("sbatch", "echo 77")
    assert "submitted array 77 (segment)" in good(submit("--partition", "gpu", *line()))


def test_a_full_quota_of_jobs(slurm, place, submit):
    slurm.says("sbatch", "echo 'sbatch: error: QOSMaxSubmitJobPerUserLimit' >&2; exit 1")
    done = submit("--workers", "2", *line())
    assert done.stderr.endswith(
        "sbatch: error: QOSMaxSubmitJobPerUserLimit. You may not have that many jobs, or not such large ones: 2 workers with 4 processors, "
        "16 GiB and 04:00:00 each were asked for. Wait until others have ended, or ask for less with '--workers', '--cpus', '--memory' or "
        "'--time'.\n")


def test_a_full_quota_of_disk(ais, slurm, place, submit):
    """A folder that cannot be written stands for it: both are told by the same sentence."""
    good(submit("--workers", "1", *line()))
    (place / "seg/ais-batch/slurm/round-2-segment.sh").mkdir()
    slurm.says("squeue", "echo '12|0|FAILED|None|n1'; echo '13|N/A|COMPLETED|None|n1'")
    done = submit("seg")
    script = f"{place}/seg/ais-batch/slurm/round-2-segment.sh"
    assert (done.returncode, done.stderr) == (1, (
        f"ais: the journal of the batch in '{place}/seg' cannot be kept: '{script}' is a folder: give the name of a file to write. "
        f"Workers write there what they do. When it can be written again, go on with  ais batch run '{place}/seg'\n"))


def test_an_array_too_large_is_made_smaller_and_that_is_said(slurm, place, submit):
    slurm.says("scontrol", "echo 'MaxArraySize = 2'")
    text = good(submit("--workers", "3", *line()))
    assert "this cluster allows arrays of 2: 2 workers instead of 3; each takes tasks until none is left" in text
    assert "#SBATCH --array=0-1\n" in (place / "seg/ais-batch/slurm/round-1-segment.sh").read_text()


@pytest.mark.parametrize("answer,what", [
    ("echo Have a nice day", "its answer 'Have a nice day' names no job"), ("", "its answer '' names no job")])
def test_an_answer_that_nobody_understands(slurm, place, submit, answer, what):
    slurm.says("sbatch", answer)
    done = submit(*line())
    script = f"{place}/seg/ais-batch/slurm/round-1-segment.sh"
    assert (done.returncode, done.stderr) == (1, (
        f"ais: nobody knows whether Slurm took '{script}': {what}. Look with  squeue --me  ; if it is not there, submit again: workers "
        "share the tasks, and nothing is done twice.\n"))


def test_unknown_states_count_as_waiting(ais, slurm, place, submit):
    good(submit("--workers", "2", *line()))
    slurm.says("squeue", "echo 'squeue: error: Unable to contact slurm controller (connect failure)' >&2; exit 1")
    doubt = "squeue: squeue: error: Unable to contact slurm controller (connect failure)"
    done = submit("seg")
    assert (done.returncode, done.stderr) == (1, (
        f"ais: workers of the batch in '{place}/seg' are in Slurm already: array 12 (segment): 2 waiting (not known) of 2 workers; job 13: "
        f"waiting (not known) (taken as waiting, for {doubt}). They take up new tasks by themselves. Wait for them, end them with  ais batch "
        f"cancel '{place}/seg'  , or add more with '--force'.\n"))
    status = ais.run("batch", "status", "seg", cwd=place, env=slurm.environment())
    assert f"  Slurm: array 12 (segment): 2 waiting (not known) of 2 workers\n  Slurm: job 13: waiting (not known)\n  Slurm: not sure: {doubt}. What is not known counts as waiting" in status.stdout
    slurm.says("squeue", "printf '12|0|TELEPORTED|None|n1\\n12|1|COMPLETED|None|n1\\n13|N/A|COMPLETED|None|n1\\n'")
    status = ais.run("batch", "status", "seg", cwd=place, env=slurm.environment())
    assert "  Slurm: array 12 (segment): 1 waiting (not known), 1 ended (COMPLETED) of 2 workers\n" in status.stdout
    assert "  Slurm: not sure: squeue: 'TELEPORTED' is no state that Ais knows." in status.stdout
    assert "submitted array 14 (segment)" in good(submit("--force", "seg"))


def claim_on_a_dead_host(folder: pathlib.Path) -> str:
    """A task in the hands of a worker on a machine that no longer is, as it would lie there after a power cut."""
    [plan] = (folder / "ais-batch/plans").glob("*.json")
    task = json.loads(plan.read_text())["tasks"][0]["id"]
    worker = "n7-4711-0badc0de"
    (folder / f"ais-batch/workers/{worker}.json").write_text(json.dumps({
        "schema": "ais.batch-worker/1", "id": worker, "host": "n7", "version": "1", "date": "2026-01-01T00:00:00Z",
        "process": {"number": 4711, "start": "5", "boot": "another", "namespace": "pid:[1]"}, "signSeconds": 0.2,
        "leaseSeconds": 1, "threads": 1, "memoryBytes": 1 << 30, "job": "slurm 12_0"}))
    (folder / f"ais-batch/workers/{worker}.life").write_text(json.dumps({"count": 5, "task": task, "fraction": 0.4}))
    (folder / f"ais-batch/journal/{task}.0001.json").write_text(json.dumps({
        "schema": "ais.batch-entry/1", "task": task, "number": 1, "kind": "claimed", "worker": worker, "host": "n7",
        "date": "2026-01-01T00:00:00Z", "memoryShare": 1}))
    return task


def test_the_claim_of_a_dead_host_is_told_and_taken_over(ais, slurm, place, submit):
    good(submit("--workers", "1", *line()))
    task = claim_on_a_dead_host(place / "seg")
    slurm.says("squeue", "echo '12|0|NODE_FAIL|NodeDown|n7'; echo '13|N/A|COMPLETED|None|n1'")
    status = ais.run("batch", "status", "seg", cwd=place, env=slurm.environment())
    assert status.stdout == (
        "seg: 0 done, 1 running, 2 to do of 3 tasks\n"
        "  segment ./TS_1.mrc  40 %  on n7  its worker is gone (Slurm: NODE_FAIL): the next one takes it over\n"
        "  Slurm: array 12 (segment): 1 ended (NODE_FAIL) of 1 worker\n"
        "  Slurm: no worker is left there; go on with  ais batch submit --slurm seg\n")
    document = json.loads(ais.run("batch", "status", "--json", "seg", cwd=place, env=slurm.environment()).stdout)
    assert document["schema"] == "ais.batch-status/1" and document["running"][0]["goneBecause"] == "Slurm: NODE_FAIL"
    assert document["slurm"]["jobs"][0] == {
        "number": 12, "commands": ["segment"], "workers": 1, "running": 0, "waiting": {}, "ended": {"NODE_FAIL": 1}}
    # A worker that need not wait for others stays until it knows that this one will not come back.
    good(ais.run("batch", "work", "seg", "--when-idle", "leave", cwd=place, env=slurm.environment()))
    entries = [json.loads(p.read_text()) for p in sorted((place / "seg/ais-batch/journal").glob(f"{task}.*.json"))]
    assert [entry["kind"] for entry in entries] == ["claimed", "claimed", "done"]
    assert entries[1]["reason"].startswith("worker 'n7-4711-0badc0de' gave no sign of life for ")


def test_rounds_go_on_while_they_bring_something_and_stop_with_the_reason(ais, slurm, place, submit):
    good(submit("--workers", "2", "--partition", "gpu", "--time", "10min", *line()))
    slurm.says("squeue", "printf '12|0|FAILED|NonZeroExitCode|n1\\n12|1|TIMEOUT|TimeLimit|n1\\n'")
    done = submit("--after-round", "1", "seg")
    logs = f"{place}/seg/ais-batch/slurm"
    reason = (
        "3 tasks are left and none was finished in round 1; its workers ended so: 1 FAILED, 1 TIMEOUT. "
        f"The logs in '{logs}' say why")
    assert (done.returncode, done.stderr) == (1, f"ais: {reason}\n")
    status = ais.run("batch", "status", "seg", cwd=place, env=slurm.environment())
    assert f"  Slurm: no further round: {reason}\n" in status.stdout
    # Somebody submits once more; one task is done in it; the next round follows by itself, as the one before.
    assert "submitted array 14 (segment)" in good(submit("seg"))
    worker = subprocess.Popen(
        [ais.path, "batch", "work", "seg", "--threads", "1"], cwd=place, stdout=subprocess.PIPE, text=True,
        env=slurm.environment(AIS_PAUSE_POINT="mid-slab 0.5"))
    while "done" not in worker.stdout.readline():
        pass
    worker.terminate()
    worker.wait(30)
    slurm.says("squeue", "")
    text = good(submit("--after-round", "2", "seg"))
    assert "submitted array 16 (segment)" in text
    script = (place / "seg/ais-batch/slurm/round-3-segment.sh").read_text()
    assert "#SBATCH --partition=gpu\n" in script and "#SBATCH --time=00:10:00\n" in script
    assert "round 2 was followed by something else already" in good(submit("--after-round", "2", "seg"))


def test_a_time_limit_gives_the_task_back_and_asks_for_the_queue(ais, slurm, place, submit):
    good(submit("--workers", "1", *line()))

    def work(until):
        environment = slurm.environment(
            AIS_PAUSE_POINT="mid-slab 0.5", SLURM_ARRAY_JOB_ID="12", SLURM_ARRAY_TASK_ID="0", SLURM_JOB_ID="15")
        worker = subprocess.Popen(
            [ais.path, "batch", "work", "seg", "--threads", "1", "--when-idle", "leave"], cwd=place, env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        seen = ""
        while until not in seen:
            seen = worker.stdout.readline()
        worker.send_signal(10)
        return worker, worker.communicate(timeout=30)[1]

    worker, words = work("start")
    assert (worker.returncode, words) == (1, (
        "ais: the time was up before the end of the first task, which was given back: give workers more time, or more processors\n"))
    assert not any("requeue" in call for call in slurm.called)
    worker, words = work("done")
    assert (worker.returncode, words) == (75, "ais: the time is up; the task in hand was given back\n")
    assert slurm.called[-1] == "scontrol requeue 12_0"
    entries = [json.loads(p.read_text()) for p in (place / "seg/ais-batch/journal").glob("*.json")]
    released = [entry for entry in entries if entry["kind"] == "released"]
    assert {(entry["code"], entry["reason"]) for entry in released} == {("time-limit", "the time limit of the worker's job was near")}
    assert not [name for name in os.listdir(place / "seg") if name.startswith(".")]


def test_cancel_takes_the_watcher_first(ais, slurm, place, submit):
    assert "no worker of the batch" in good(ais.run("batch", "cancel", "seg", cwd=place, env=slurm.environment())) if (
        place / "seg").exists() else True
    good(submit("--workers", "2", *line()))
    slurm.says("squeue", "printf '12|0|RUNNING|None|n1\\n12|1|PENDING|Resources|\\n13|N/A|PENDING|Dependency|\\n'")
    text = good(ais.run("batch", "cancel", "seg", cwd=place, env=slurm.environment()))
    assert slurm.called[-2:] == ["scancel 13", "scancel 12"]
    assert text.startswith("cancelled array 12 (segment), job 13; 0 of 3 tasks are done. Go on with  ais batch submit --slurm ")
    assert "no worker of the batch in " in good(ais.run("batch", "cancel", "seg", cwd=place, env=slurm.environment()))
    slurm.says("squeue", "")
    assert "submitted array 14 (segment)" in good(submit("seg"))


def test_nothing_heavy_on_the_submit_host(ais, slurm, place, submit):
    """A tomogram that would take hours to read costs nothing: only its header is looked at."""
    header = (place / "TS_1.mrc").read_bytes()[:1024]
    shape = (512, 4096, 4096)
    with (place / "TS_9.mrc").open("wb") as file:
        head = bytearray(header)
        head[0:12] = np.array(shape[::-1], "<i4").tobytes()
        head[28:40] = np.array(shape[::-1], "<i4").tobytes()
        head[40:52] = (np.array(shape[::-1], "<f4") * 10).tobytes()
        file.write(head)
        file.truncate(1024 + 4 * 512 * 4096 * 4096)
    done = submit("--dry-run", *line())
    assert done.returncode == 0, done.stderr


def test_wrong_lines(submit, ais, place, slurm):
    done = ais.run("batch", "submit", *line(), cwd=place, env=slurm.environment())
    assert done.returncode == 2 and "which scheduler? '--slurm' is the one that there is" in done.stderr
    done = submit("--time", "soon", *line())
    assert done.returncode == 2 and "'soon' is no time limit: write it with a unit (90min, 4h, 2d) or as Slurm does" in done.stderr
    done = submit("--partition", "a b", *line())
    assert done.returncode == 1 and "--partition 'a b': expected letters, digits and" in done.stderr
    done = submit(*line("--gpus", "1"))
    assert done.returncode == 2 and "'--gpus' belongs in front of the command" in done.stderr
