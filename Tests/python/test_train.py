"""`ais train` as a process: it learns, goes on after being killed or stopped, and its files are read by others.

What needs libtorch is skipped where 'make torch' has not set it up."""

import hashlib
import io
import json
import os
import pathlib
import signal
import subprocess
import tarfile

import h5py
import mrcfile
import numpy as np
import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PLUGIN = REPOSITORY / ".build" / "release" / "libAisTorch.so"
needs_torch = pytest.mark.skipif(not PLUGIN.exists(), reason="libtorch is not set up: 'make torch'")
SIDE = 16


def mrc_bytes(values: np.ndarray, folder: pathlib.Path) -> bytes:
    path = folder / "box.mrc"
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(values.astype(np.float32))
        file.voxel_size = 10.0
    return path.read_bytes()


def training_set(path: pathlib.Path, boxes: int = 12, damage=None, side: int = SIDE) -> pathlib.Path:
    """Rings in noise, every third box without one."""
    random = np.random.default_rng(4)
    y, x = np.mgrid[:side, :side]
    members, sources = {}, {}
    for index in range(boxes):
        identifier = hashlib.md5(f"tomo_Ring_{index}_0_0".encode()).hexdigest()[:16]
        centre = random.uniform(5, side - 5, 2)
        ring = np.abs(np.hypot(y - centre[0], x - centre[1]) - 3) < 1.1
        label = ring.astype(np.float32) if index % 3 else np.zeros((side, side), np.float32)
        image = random.normal(0, 0.4, (1, side, side)) + label
        members[f"x_main/{identifier}.mrc"] = mrc_bytes(image, path.parent)
        members[f"y/{identifier}.mrc"] = mrc_bytes(label, path.parent)
        sources[identifier] = {
            "aisTomogramName": "tomo", "aisTomogramPath": "/data/tomo.mrc", "aisBoxCoordinateZ": index,
            "aisBoxCoordinateY": 0, "aisBoxCoordinateX": 0, "aisBoxSizeAnnotate": side, "aisBoxSizeExtracted": side,
            "aisFeatureName": "Ring"}
    members["metadata.json"] = json.dumps({
        "format_version": 1, "apix": 10.0, "box_size": side, "box_depth": 1, "z_jitter": 0, "features": ["Ring"],
        "n_samples": boxes, "input_flavours": ["x_main"], "annotated_flavour": "x_main", "normalization": "global_mad"}).encode()
    members["sources.json"] = json.dumps(sources).encode()
    if damage:
        damage(members)
    with tarfile.open(path, "w") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


@pytest.fixture(scope="module")
def rings(tmp_path_factory) -> pathlib.Path:
    return training_set(tmp_path_factory.mktemp("sets") / "rings.scnt")


def options(rings, output, *more):
    return ["train", rings, "-a", "UNet lite", "-o", output, "--batch", "6", "--copies", "2", "--rate", "0.002", "--seed", "7",
            "--threads", "2", "--precision", "float32", "--json", *more]


def events(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def weights(model: pathlib.Path) -> dict[str, np.ndarray]:
    with tarfile.open(model) as archive:
        name = next(name for name in archive.getnames() if name.endswith("_weights.h5"))
        with h5py.File(io.BytesIO(archive.extractfile(name).read())) as file:
            found = {}
            file["model_weights"].visititems(
                lambda path, item: found.__setitem__(path, item[()]) if isinstance(item, h5py.Dataset) else None)
            return found


def start(ais, arguments, folder) -> subprocess.Popen:
    return subprocess.Popen(
        [str(ais.path), *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder)


def wait_for(process, predicate) -> dict:
    for line in process.stdout:
        event = json.loads(line)
        if predicate(event):
            return event
    pytest.fail(f"the training ended first: {process.stderr.read()}")


@needs_torch
@pytest.mark.parametrize("device", ["cpu", "torch-cpu,torch-cpu"])
def test_a_killed_training_goes_on_as_if_nothing_had_happened(ais, rings, tmp_path, device):
    more = ["--epochs", "6", "--device", device]
    whole = events(ais(*options(rings, tmp_path / "whole", *more)))
    killed = start(ais, options(rings, tmp_path / "killed", *more), tmp_path)
    wait_for(killed, lambda event: event["event"] == "step" and event["epoch"] == 3)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    # It may have come further before the signal came: what it had told of epochs counts.
    rest = events(ais(*options(rings, tmp_path / "killed", *more, "--resume")))
    assert rest[0]["device"] == device
    steps = [event for event in rest if event["event"] == "step"]
    per_epoch = steps[0]["stepsPerEpoch"]
    assert steps[0]["step"] == 1 and steps[0]["epoch"] >= 3
    assert len(steps) == (7 - steps[0]["epoch"]) * per_epoch
    assert len([event for event in whole if event["event"] == "step"]) == 6 * per_epoch
    ours, theirs = weights(tmp_path / "killed" / "Ring.scnm"), weights(tmp_path / "whole" / "Ring.scnm")
    assert ours.keys() == theirs.keys() and len(ours) == 8
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
    assert not (tmp_path / "killed" / "Ring.training").exists()


@needs_torch
def test_ctrl_c_keeps_the_best_network_and_goes_on_from_the_batch(ais, rings, tmp_path):
    whole = events(ais(*options(rings, tmp_path / "whole", "--epochs", "3")))
    stopped = start(ais, options(rings, tmp_path / "part", "--epochs", "3"), tmp_path)
    wait_for(stopped, lambda event: event["event"] == "step" and event["epoch"] == 2)
    stopped.send_signal(signal.SIGINT)
    left = events(stopped.stdout.read())
    assert stopped.wait() == 130, stopped.stderr.read()
    assert left[-1]["event"] == "end" and left[-1]["ending"] == "stopped"
    assert (tmp_path / "part" / "Ring.training").exists()
    assert "Ring" in ais("models", "info", tmp_path / "part" / "Ring.scnm")
    refused = ais.run(*options(rings, tmp_path / "part", "--epochs", "3"))
    assert refused.returncode == 1 and "--resume" in refused.stderr
    other = ais.run(*options(rings, tmp_path / "part", "--epochs", "3", "--resume", "--copies", "3"))
    assert other.returncode == 1 and "copies was 2 and is 3" in other.stderr
    rest = events(ais(*options(rings, tmp_path / "part", "--epochs", "3", "--resume")))
    ours, theirs = weights(tmp_path / "part" / "Ring.scnm"), weights(tmp_path / "whole" / "Ring.scnm")
    assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)
    assert rest[-1]["bestEpoch"] == whole[-1]["bestEpoch"]


@needs_torch
def test_what_comes_out_says_how_it_was_made(ais, rings, tmp_path):
    ais(*options(rings, tmp_path, "--epochs", "2", "--validation", "0.25", "--name", "Small ring"))
    model = tmp_path / "Small ring.scnm"
    assert {path.name for path in tmp_path.iterdir()} == {"Small ring.scnm", "Small ring.png", "Small ring.scnm.json"}
    with tarfile.open(model) as archive:
        names = archive.getnames()
        metadata = json.loads(archive.extractfile("Small ring_metadata.json").read())
        history = archive.extractfile("Small ring_history.csv").read().decode().splitlines()
    assert {"Small ring_weights.h5", "Small ring_metadata.json", "Small ring_history.csv"} == set(names)
    for key in ["title", "colour", "apix", "compiled", "box_size", "model_enum", "epochs", "batch_size", "active", "blend",
                "show", "alpha", "threshold", "overlap", "active_tab", "n_parameters", "n_copies", "info", "info_short",
                "excess_negative", "emit", "absorb", "loss"]:
        assert key in metadata
    assert metadata["title"] == "Small ring" and metadata["apix"] == 10 and metadata["box_size"] == SIDE
    assert metadata["n_parameters"] == 185217 and metadata["normalization"] == "global_mad"
    assert len(history) == 3 and history[0].startswith("epoch,") and history[1].split(",")[6] != ""
    account = json.loads((tmp_path / "Small ring.scnm.json").read_text())
    assert account["settings"]["training"]["seed"] == 7 and account["results"]["ending"] == "finished"


@needs_torch
def test_a_network_goes_on_learning_from_a_model_file(ais, rings, tmp_path):
    ais(*options(rings, tmp_path / "first", "--epochs", "4"))
    text = ais("train", rings, "--from", tmp_path / "first" / "Ring.scnm", "-o", tmp_path / "second", "--batch", "6", "--copies",
               "2", "--epochs", "1", "--rate", "0.001", "--threads", "2", "--json")
    end = events(text)[-1]
    first = json.loads((tmp_path / "first" / "Ring.scnm.json").read_text())["results"]["epochs"]
    assert end["training"]["loss"] < first[0]["training"]["loss"] / 2
    # What was learnt is not undone by the first steps of a new optimiser.
    assert end["training"]["loss"] < 1.1 * first[-1]["training"]["loss"]


def drop(name):
    return lambda members: members.pop(next(member for member in members if member.startswith(name)))


def cut(name):
    def change(members):
        member = next(member for member in members if member.startswith(name))
        members[member] = members[member][:1100]

    return change


@needs_torch
@pytest.mark.parametrize("damage", [drop("x_main/"), cut("x_main/"), cut("y/"), drop("y/")])
def test_a_damaged_set_is_named_or_what_is_whole_is_used(ais, tmp_path, damage):
    path = training_set(tmp_path / "broken.scnt", damage=damage)
    done = ais.run(*options(path, tmp_path / "out", "--epochs", "1"))
    if done.returncode != 0:
        assert done.returncode == 1 and "broken.scnt" in done.stderr
        assert not (tmp_path / "out" / "Ring.scnm").exists()


@needs_torch
def test_what_does_not_fit_is_said_before_work_starts(ais, rings, tmp_path):
    done = ais.run("train", rings, "-a", "VGGNet X", "-o", tmp_path)
    assert done.returncode == 1 and "multiples of 32" in done.stderr and "16 pixels" in done.stderr
    done = ais.run("train", rings, "-a", "ezm-3d-M", "-o", tmp_path)
    assert done.returncode == 1 and "slabs" in done.stderr
    done = ais.run("train", rings, "-a", "No such", "-o", tmp_path)
    assert done.returncode in (1, 2) and "VGGNet M" in done.stderr
    done = ais.run("train", tmp_path / "nothing.scnt", "-o", tmp_path)
    assert done.returncode == 1 and "nothing.scnt" in done.stderr
    assert not list(tmp_path.glob("*"))


def test_senseless_numbers_are_refused_as_usage(ais, rings, tmp_path):
    for option, value in [("--rate", "0"), ("--epochs", "0"), ("--batch", "0"), ("--validation", "1"), ("--clip", "-1")]:
        done = ais.run("train", rings, "-o", tmp_path, f"{option}={value}")
        assert done.returncode == 2 and option in done.stderr


@needs_torch
def test_a_dry_run_says_what_it_would_do_and_writes_nothing(ais, rings, tmp_path):
    text = ais("train", rings, "-a", "UNet lite", "-o", tmp_path / "out", "--dry-run")
    assert "UNet lite" in text and "12 boxes" in text and not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", sorted(path.name for path in (REPOSITORY / "Tests/Fixtures/networks").glob("*.scnm")))
def test_a_converted_model_holds_the_same_weights(ais, repository, tmp_path, name):
    source, output = repository / "Tests/Fixtures/networks" / name, tmp_path / "converted.scnm"
    ais("models", "convert", source, "-o", output)
    first, second = (json.loads(ais("models", "info", "--json", path))["models"][0] for path in [source, output])
    for key in ["parameters", "title", "kind"]:
        assert first[key] == second[key]
    assert sum(value.size for value in weights(output).values()) == first["parameters"]


@needs_torch
def test_half_trained_networks_are_whole_whenever_they_are_read(ais, rings, tmp_path):
    live = tmp_path / "now.scnm"
    training = start(ais, options(rings, tmp_path / "out", "--epochs", "12", "--live", live, "--live-every", "0"), tmp_path)
    wait_for(training, lambda event: event["event"] == "step")
    seen = []
    while training.poll() is None:
        if live.exists():
            seen.append(weights(live))
    assert training.returncode == 0, training.stderr.read()
    seen.append(weights(live))
    assert len(seen) > 1 and all(found.keys() == seen[0].keys() for found in seen)
    assert any(not np.array_equal(seen[0][name], seen[-1][name]) for name in seen[0])
    # What is left is the network of the last step, and says how many epochs it saw.
    assert json.loads(ais("models", "info", live, "--json"))["models"][0]["epochs"] == 12


def without_driver(folder: pathlib.Path) -> dict:
    """An environment in which no driver of a card is found."""
    empty = folder / "empty"
    empty.mkdir()
    return {**os.environ, "PATH": str(empty)}


def with_driver(folder: pathlib.Path, *cards: str) -> dict:
    """An environment in which a driver reports these cards."""
    tools = folder / "tools"
    tools.mkdir()
    program = tools / "nvidia-smi"
    program.write_text("#!/bin/sh\n" + "".join(f"echo '{card}'\n" for card in cards))
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}


@needs_torch
def test_without_a_card_the_processor_learns_and_the_plan_says_why(ais, rings, tmp_path):
    environment = without_driver(tmp_path)
    plan = ais("train", rings, "-a", "UNet lite", "-o", tmp_path / "out", "--dry-run", env=environment)
    assert "on the processor, as there is no NVIDIA driver" in plan
    (told,) = events(ais(*options(rings, tmp_path / "out", "--dry-run"), env=environment))
    assert told["device"] == "cpu" and "no NVIDIA driver" in told["deviceReason"]
    (told,) = events(ais(*options(rings, tmp_path / "out", "--dry-run", "--device", "cpu"), env=environment))
    assert told["device"] == "cpu" and "deviceReason" not in told


@needs_torch
def test_a_card_that_is_not_there_is_named_in_one_sentence(ais, rings, tmp_path):
    done = ais.run("train", rings, "-o", tmp_path / "out", "--device", "gpu:7", env=without_driver(tmp_path))
    assert done.returncode == 1 and done.stdout == ""
    assert "GPU 7 cannot be used: there is no NVIDIA driver" in done.stderr and len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@needs_torch
def test_a_card_that_libtorch_cannot_use_is_not_taken(ais, rings, tmp_path):
    # No machine has so many cards: libtorch cannot use what the driver reports.
    environment = with_driver(tmp_path, "61, NVIDIA H200, 580.65.06, 9.0, 143771, 143000", "62, NVIDIA H200, 580.65.06, 9.0, 143771, 9")
    (told,) = events(ais(*options(rings, tmp_path / "out", "--dry-run"), env=environment))
    assert told["device"] == "cpu" and "GPU 61 cannot be used" in told["deviceReason"]
    done = ais.run("train", rings, "-o", tmp_path / "out", "--device", "gpu:61,gpu:62", env=environment)
    assert done.returncode == 1 and "GPU 61 cannot be used" in done.stderr
    done = ais.run("train", rings, "-o", tmp_path / "out", "--device", "gpu:63", env=environment)
    assert done.returncode == 1 and "this machine has GPU 61 and GPU 62" in done.stderr
    assert not (tmp_path / "out").exists()


def test_devices_that_mean_nothing_are_refused_as_usage(ais, rings, tmp_path):
    for device in ["gpu:0,gpu:0", "gpu:0,cpu", "gpu:", "card"]:
        done = ais.run("train", rings, "-o", tmp_path, "--device", device)
        assert done.returncode in (2, 64) and "--device" in done.stderr, done.stderr


@needs_torch
def test_what_two_devices_began_goes_on_with_one(ais, rings, tmp_path):
    text = ais(*options(rings, tmp_path, "--epochs", "2", "--keep-checkpoint", "--device", "torch-cpu,torch-cpu"))
    assert events(text)[0]["device"] == "torch-cpu,torch-cpu"
    account = tmp_path / "Ring.scnm.json"
    assert json.loads(account.read_text())["results"]["device"] == "torch-cpu,torch-cpu"
    text = ais(*options(rings, tmp_path, "--epochs", "3", "--resume", "--device", "cpu"))
    steps = [event for event in events(text) if event["event"] == "step"]
    assert steps[0]["epoch"] == 3
    results = json.loads(account.read_text())["results"]
    assert results["device"] == "cpu" and len(results["epochs"]) == 3
    # Alone from the start, it comes to the same but for roundings: the network normalises no batches.
    ais(*options(rings, tmp_path / "alone", "--epochs", "3"))
    alone = json.loads((tmp_path / "alone" / "Ring.scnm.json").read_text())["results"]["epochs"]
    for ours, theirs in zip(results["epochs"], alone, strict=True):
        assert abs(ours["training"]["loss"] - theirs["training"]["loss"]) < 1e-2


@needs_torch
def test_a_training_goes_on_with_the_precision_that_it_began_with(ais, rings, tmp_path):
    words = options(rings, tmp_path, "--epochs", "1", "--keep-checkpoint")
    words[words.index("--precision") + 1] = "bfloat16"
    ais(*words)
    words = options(rings, tmp_path, "--epochs", "2", "--resume")
    at = words.index("--precision")
    text = ais(*words[:at], *words[at + 2:])
    assert events(text)[0]["precision"] == "bfloat16"


@needs_torch
@pytest.mark.parametrize("device", ["cpu", "torch-cpu,torch-cpu"])
def test_too_large_a_batch_is_said_with_what_to_do(ais, tmp_path, device):
    large = training_set(tmp_path / "large.scnt", boxes=24, side=128)
    done = ais.run("train", large, "-a", "VGGNet M", "-o", tmp_path / "out", "--batch", "24", "--copies", "1", "--epochs", "1",
                   "--memory", "300MiB", "--threads", "2", "--precision", "float32", "--device", device)
    assert done.returncode == 1
    assert "to learn from 24 boxes at once: a smaller '--batch'" in done.stderr and "--memory" in done.stderr
    assert not (tmp_path / "out" / "Ring.scnm").exists()
