"""libtorch in a process of its own: same answers, nothing lost when that process dies, clear words when it cannot be used.

What needs libtorch is skipped where 'make torch' has not set it up."""

import json
import os
import pathlib
import random
import signal
import stat
import subprocess
import sys
import time

import mrcfile
import numpy as np
import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
MODELS = REPOSITORY / "Tests" / "Fixtures" / "networks"
PLUGIN = REPOSITORY / ".build" / "release" / "libAisTorch.so"
needs_torch = pytest.mark.skipif(not PLUGIN.exists(), reason="libtorch is not set up: 'make torch'")


def children(parent: int) -> list[int]:
    """The processes 'ais engine' of a process."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            text = (entry / "stat").read_text()
            command = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if int(text.rpartition(")")[2].split()[1]) == parent and b"engine" in command[1:2]:
            found.append(int(entry.name))
    return found


@pytest.fixture(scope="module")
def model() -> pathlib.Path:
    return sorted(MODELS.glob("unet*.scnm"))[0] if sorted(MODELS.glob("unet*.scnm")) else sorted(MODELS.glob("*.scnm"))[0]


@pytest.fixture
def tomogram(tmp_path) -> pathlib.Path:
    path = tmp_path / "tomogram.mrc"
    values = np.random.default_rng(5).normal(size=(24, 96, 128)).astype(np.float32)
    with mrcfile.new(path) as file:
        file.set_data(values)
        file.voxel_size = 10.0
    return path


def segment(ais, model, tomogram, output, *options, **more):
    return ais.run("segment", "-m", model, "-o", output, "--output-type", "float32", *options, tomogram, **more)


def result(folder: pathlib.Path) -> np.ndarray:
    (path,) = folder.glob("*.mrc")
    return mrcfile.read(path)


@needs_torch
def test_the_bare_plugin_works(tmp_path):
    libtorch = json.loads(PLUGIN.with_suffix(".json").read_text())["libtorch"]
    program = tmp_path / "smoke"
    sources = [REPOSITORY / "Tests" / "python" / "torch_smoke.c", REPOSITORY / "Sources" / "CTorch" / "ctorch.c"]
    include = REPOSITORY / "Sources" / "CTorch" / "include"
    subprocess.run(["clang", "-I", include, "-o", program, *sources, "-ldl"], check=True)
    done = subprocess.run([program, f"{libtorch}/lib", PLUGIN], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "works" in done.stdout


@needs_torch
def test_libtorch_and_our_kernels_segment_alike(ais, model, tomogram, tmp_path):
    for device in ["cpu", "torch-cpu"]:
        done = segment(ais, model, tomogram, tmp_path / device, "--device", device)
        assert done.returncode == 0, done.stderr
    assert np.abs(result(tmp_path / "cpu") - result(tmp_path / "torch-cpu")).max() <= 1e-4
    (note,) = (tmp_path / "torch-cpu").glob("*.json")
    assert "libtorch" in note.read_text()


@needs_torch
@pytest.mark.parametrize("options", [["--gpu-memory", "3MiB"], ["--gpu-batch", "5"], ["--device", "torch-cpu,torch-cpu"]], ids=str)
def test_pieces_batches_and_several_devices_segment_alike(ais, model, tomogram, tmp_path, options):
    device = [] if "--device" in options else ["--device", "torch-cpu"]
    for name, how in {"cpu": ["--device", "cpu"], "other": [*device, *options]}.items():
        done = segment(ais, model, tomogram, tmp_path / name, *how)
        assert done.returncode == 0, done.stderr
    assert np.abs(result(tmp_path / "cpu") - result(tmp_path / "other")).max() <= 1e-4


@needs_torch
def test_half_precision_is_tried_and_the_finding_told(ais, model, tomogram, tmp_path):
    for name, how in {"exact": ["--device", "cpu"], "tried": ["--device", "torch-cpu", "--precision", "auto"]}.items():
        done = segment(ais, model, tomogram, tmp_path / name, *how)
        assert done.returncode == 0, done.stderr
    (note,) = (tmp_path / "tried").glob("*.json")
    engine = json.loads(note.read_text())["engine"]
    assert engine["precision"] in ("float32", "float16", "bfloat16")
    assert engine["precisionTrial"].startswith(engine["precision"] + ": ")
    assert "float16" in engine["precisionTrial"] and "bfloat16" in engine["precisionTrial"]
    # Whatever was quicker: no further off than half precision may be.
    assert np.abs(result(tmp_path / "exact") - result(tmp_path / "tried")).mean() * 255 <= 1


@pytest.mark.parametrize("options", [
    ["--device", "cpu", "--gpu-memory", "1GiB"], ["--device", "cpu", "--precision", "float16"], ["--device", "gpu:0,gpu:0"],
    ["--device", "gpu:0,cpu"], ["--device", "gpu:0,"], ["--device", "torch-cpu", "--gpu-batch", "0"]], ids=" ".join)
def test_options_that_mean_nothing_are_refused(ais, model, tomogram, tmp_path, options):
    assert segment(ais, model, tomogram, tmp_path / "out", *options).returncode == 2


@needs_torch
def test_an_engine_process_that_dies_costs_nothing(ais, model, tmp_path):
    tomogram = tmp_path / "tomogram.mrc"
    with mrcfile.new(tomogram) as file:
        file.set_data(np.random.default_rng(5).normal(size=(80, 256, 256)).astype(np.float32))
        file.voxel_size = 10.0
    options = ["--device", "torch-cpu", "--threads", "1", "--tta", "8"]
    calm = segment(ais, model, tomogram, tmp_path / "calm", *options)
    assert calm.returncode == 0, calm.stderr
    command = ["segment", "-m", model, "-o", tmp_path / "shaken", "--output-type", "float32", "-q", *options, tomogram]
    process = subprocess.Popen([ais.path, *map(str, command)], stderr=subprocess.PIPE, text=True)
    choices = random.Random(3)
    killed = set()
    while process.poll() is None and len(killed) < 10:
        for engine in set(children(process.pid)) - killed:
            # Somewhere between the start of the process and its first answers.
            time.sleep(choices.uniform(0, 1.5))
            os.kill(engine, signal.SIGKILL)
            killed.add(engine)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert len(killed) == 10, "the work was over before ten processes could be killed"
    assert np.array_equal(result(tmp_path / "calm"), result(tmp_path / "shaken"))


@needs_torch
def test_the_engine_process_ends_with_the_program(ais, model, tomogram, tmp_path):
    command = [str(ais.path), "segment", "-m", str(model), "-o", str(tmp_path / "out"), "--device", "torch-cpu", "-q"]
    process = subprocess.Popen([*command, "--tta", "8", str(tomogram)])
    while not (engines := children(process.pid)):
        assert process.poll() is None
    process.kill()
    process.wait()
    deadline = time.monotonic() + 20
    while any(pathlib.Path(f"/proc/{engine}").exists() for engine in engines):
        assert time.monotonic() < deadline, "an engine process stayed behind"
        time.sleep(0.05)


@needs_torch
def test_threads_are_those_that_were_allowed(ais, model, tomogram, tmp_path):
    command = [str(ais.path), "segment", "-m", str(model), "-o", str(tmp_path / "out"), "--device", "torch-cpu", "--threads", "1"]
    process = subprocess.Popen([*command, "--tta", "4", "-q", str(tomogram)])
    ticks: dict[str, int] = {}
    while process.poll() is None:
        for engine in children(process.pid):
            try:
                for task in pathlib.Path(f"/proc/{engine}/task").iterdir():
                    fields = (task / "stat").read_text().rpartition(")")[2].split()
                    ticks[task.name] = int(fields[11]) + int(fields[12])
            except OSError:
                continue
    assert process.returncode == 0
    # One thread computes; whatever else the libraries start sleeps.
    *others, busiest = sorted(ticks.values())
    assert busiest > 10
    assert sum(others) <= 2, f"clock ticks of the other threads: {others}, of the busiest: {busiest}"


@needs_torch
def test_what_does_not_fit_is_refused_and_what_fits_keeps_to_it(ais, model, tomogram, tmp_path):
    done = segment(ais, model, tomogram, tmp_path / "small", "--device", "torch-cpu", "--memory", "100MiB")
    assert done.returncode != 0
    assert "memory" in done.stderr
    peak = ais.peak_memory("segment", "-m", model, "-o", tmp_path / "fits", "--device", "torch-cpu", "--memory", "600MiB", "-q", tomogram)
    assert peak <= 600 << 20


@needs_torch
def test_commands_that_need_no_libtorch_do_not_open_it(ais):
    done = subprocess.run([str(ais.path), "--version"], env={**os.environ, "LD_DEBUG": "libs"}, capture_output=True, text=True)
    assert done.returncode == 0
    assert "libtorch" not in done.stderr and "libAisTorch" not in done.stderr


def test_without_libtorch_the_error_says_how_to_get_it(ais, model, tomogram, tmp_path):
    environment = {**os.environ, "AIS_TORCH_PLUGIN": str(tmp_path / "libAisTorch.so")}
    done = segment(ais, model, tomogram, tmp_path / "out", "--device", "gpu", env=environment)
    assert done.returncode == 1
    assert f"'{tmp_path}/libAisTorch.so' is not there" in done.stderr and "make deps-torch torch" in done.stderr


@pytest.mark.skipif(not PLUGIN.exists(), reason="libtorch is not set up: 'make torch'")
def test_a_libtorch_that_went_away_is_named(ais, model, tomogram, tmp_path):
    done = segment(ais, model, tomogram, tmp_path / "out", "--device", "torch-cpu", env={**os.environ, "AIS_LIBTORCH": str(tmp_path)})
    assert done.returncode == 1
    assert f"no 'lib/libtorch_cpu.so' in '{tmp_path}'" in done.stderr


def test_a_library_that_is_no_plugin_is_refused(ais, model, tomogram, tmp_path):
    library = tmp_path / "libAisTorch.so"
    (tmp_path / "empty.c").write_text("int nothing;\n")
    for folder in ["torch/lib"]:
        (tmp_path / folder).mkdir(parents=True)
    for name in ["torch/lib/libc10.so", "torch/lib/libtorch_cpu.so", "libAisTorch.so"]:
        subprocess.run(["clang", "-shared", "-fPIC", "-o", tmp_path / name, tmp_path / "empty.c"], check=True)
    environment = {**os.environ, "AIS_TORCH_PLUGIN": str(library), "AIS_LIBTORCH": str(tmp_path / "torch")}
    done = segment(ais, model, tomogram, tmp_path / "out", "--device", "torch-cpu", env=environment)
    assert done.returncode == 1
    assert "is no plugin of Ais" in done.stderr
    (tmp_path / "other.c").write_text("const void *ais_torch_api(unsigned abi) { return 0; }\n")
    subprocess.run(["clang", "-shared", "-fPIC", "-o", library, tmp_path / "other.c"], check=True)
    done = segment(ais, model, tomogram, tmp_path / "out", "--device", "torch-cpu", env=environment)
    assert done.returncode == 1
    assert "was built for another version of Ais" in done.stderr


def test_nobody_starts_an_engine_by_hand(ais):
    done = ais.run("engine", stdin=subprocess.DEVNULL)
    assert done.returncode != 0
    assert "started by the program itself" in done.stderr


CARDS = {
    "an old driver": ("0, NVIDIA A40, 470.57.02, 8.6, 46068, 45000", "the driver 470.57.02 is too old"),
    "too old a card": ("0, Tesla K80, 530.10, 3.7, 11441, 11000", "compute capability 3.7 is too old"),
}


def fake_smi(folder: pathlib.Path, body: str) -> dict:
    path = folder / "nvidia-smi"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


def gpus(ais, environment) -> list[dict]:
    document = json.loads(ais("doctor", "--json", env=environment))
    assert document["schema"] == "ais.devices/1"
    return [finding for finding in document["findings"] if finding["device"].startswith("gpu")]


@pytest.mark.parametrize("case", CARDS)
def test_doctor_says_why_a_card_cannot_be_used(ais, tmp_path, case):
    line, reason = CARDS[case]
    (card,) = gpus(ais, fake_smi(tmp_path, f"echo '{line}'"))
    assert not card["isUsable"] and reason in card["details"]


def test_doctor_tells_a_driver_that_fails_from_none(ais, tmp_path):
    (none,) = gpus(ais, fake_smi(tmp_path, "echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18"))
    assert "Driver/library version mismatch" in none["details"] and "restart" in none["remedy"]
    empty = tmp_path / "empty"
    empty.mkdir()
    (none,) = gpus(ais, {**os.environ, "PATH": str(empty)})
    assert "there is no NVIDIA driver" in none["details"]


def test_doctor_says_what_a_good_card_still_needs(ais, tmp_path):
    environment = fake_smi(tmp_path, "echo '0, NVIDIA H200, 580.65.06, 9.0, 143771, 143000'; echo '1, NVIDIA H200, 580.65.06, 9.0, 143771, 12'")
    first, second = gpus(ais, {**environment, "AIS_TORCH_PLUGIN": str(tmp_path / "none.so")})
    assert (first["device"], second["device"]) == ("gpu:0", "gpu:1")
    assert "make deps-torch torch" in first["remedy"]
    if PLUGIN.exists():
        # This machine's libtorch has no CUDA libraries, or there is no such card in truth.
        first, _ = gpus(ais, environment)
        assert not first["isUsable"] and "make deps-torch" in first["remedy"]


def test_info_lists_the_devices_too(ais):
    assert ais("info", "--devices").splitlines()[0].startswith("threads")
    assert "cpu" in ais("info", "--devices")
