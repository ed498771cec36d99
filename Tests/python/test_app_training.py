"""Training from a project: boxes are counted and cut, and a process of its own learns from them, whatever becomes of the server."""

import json
import os
import pathlib
import shutil
import signal
import threading
import time

import mrcfile
import numpy
import pytest
from app_server import App, Events, Refused, stroke

SHAPE = (12, 96, 128)


@pytest.fixture(scope="session")
def can_train(ais):
    done = ais.run("doctor", "--json")
    if "libtorch is not" in done.stdout + done.stderr:
        pytest.skip("training needs libtorch: 'make deps-torch torch'")


@pytest.fixture
def start(ais, tmp_path):
    """Starts servers on a project whose tomogram has bright bars, some of them painted and boxed."""
    running = []
    folder = tmp_path / "rec"
    folder.mkdir()
    voxels = numpy.random.default_rng(1).normal(0, 1, SHAPE).astype("f4")
    voxels[:, 40:50, 30:60] += 4
    with mrcfile.new(folder / "TS_01.mrc") as file:
        file.set_data(voxels)
        file.voxel_size = 10

    def make():
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        app = App(ais.path, home, "--threads", "2", paths=[folder])
        running.append(app)
        return app

    yield make
    for app in running:
        if app.process.poll() is None:
            for training in app.get(f"{app.at}/trainings")["trainings"]:
                if training["state"] in ("waiting", "extracting", "running"):
                    app.post(f"{app.at}/trainings/{training['id']}/stop", {"keep": False})
            app.kill()


def annotated(app):
    """A feature with boxes where it is painted, another without paint, and a set of both."""
    bars, nothing = app.feature("Bar"), app.feature("Nothing")
    edits = []
    for z in (2, 5, 8):
        edits += [stroke(bars, z, 40, 30, 10, 30), {"kind": "place-box", "dataset": 1, "feature": bars, "slice": z, "y": 45, "x": 45},
                  {"kind": "place-box", "dataset": 1, "feature": nothing, "slice": z, "y": 70, "x": 90}]
    app.edit(*edits)
    app.edit({"kind": "create-training-set", "title": "Bars", "boxSize": 32, "roles": {str(bars): "positive", str(nothing): "negative"}})
    return app.snapshot()["trainingSets"][0]["id"], bars, nothing


def training(app, id):
    return app.get(f"{app.at}/trainings/{id}")


def until(app, id, *states, seconds=240):
    end = time.monotonic() + seconds
    while True:
        found = training(app, id)
        if found["state"] in states:
            return found
        assert found["state"] not in ("failed", "done", "stopped"), found
        assert time.monotonic() < end, found
        threading.Event().wait(0.1)


def learnt(app, id, seconds=240):
    """Waits until an epoch is finished."""
    end = time.monotonic() + seconds
    while (found := training(app, id))["epoch"] < 1:
        assert time.monotonic() < end, found
        threading.Event().wait(0.05)


def test_a_set_is_counted_shown_and_exported(ais, start):
    app = start()
    set_, bars, nothing = annotated(app)
    counts = app.get(f"{app.at}/training-sets/{set_}/counts")
    assert (counts["positives"], counts["emptyPositives"], counts["negatives"], counts["problems"]) == (3, 0, 3, [])
    assert {line["feature"]: line["boxes"] for line in counts["features"]} == {bars: 3, nothing: 3}
    samples = app.get(f"{app.at}/training-sets/{set_}/samples?count=4")["samples"]
    assert len(samples) == 4 and all(sample["size"] == 32 for sample in samples)
    job = app.job(f"training-sets/{set_}/export", {})
    assert job["state"] == "done" and job["files"][0].endswith(".scnt")
    assert "6" in ais("info", job["files"][0])
    # What is annotated changes the set at once.
    app.edit({"kind": "place-box", "dataset": 1, "feature": bars, "slice": 9, "y": 45, "x": 40})
    after = app.get(f"{app.at}/training-sets/{set_}/counts")
    assert after["positives"] == 4 and after["digest"] != counts["digest"]
    assert after["emptyPositives"] == 1, "nothing is painted in the new one"
    app.edit({"kind": "change-training-set", "set": set_, "roles": {str(nothing): "negative"}})
    assert "No feature is positive" in app.get(f"{app.at}/training-sets/{set_}/counts")["problems"][0]
    with pytest.raises(Refused) as refused:
        app.post(f"{app.at}/trainings", {"set": set_})
    assert refused.value.status == 409


def test_what_learning_takes_is_foretold_and_orders_that_cannot_be_are_refused(start):
    app = start()
    set_, bars, _ = annotated(app)
    small = app.get(f"{app.at}/training-sets/{set_}/forecast?architecture=UNet%20S&dataset=1")
    large = app.get(f"{app.at}/training-sets/{set_}/forecast?architecture=VGGNet%20M&dataset=1")
    assert 0 < small["secondsPerSlice"] < large["secondsPerSlice"] and 0 < small["secondsPerBox"] < large["secondsPerBox"]
    for wrong, status, word in [
        ({"epochs": 0}, 400, "epochs"), ({"batch": 0}, 400, "batch"), ({"validation": 1}, 400, "validation"), ({"learningRate": 0}, 400, "learningRate"),
        ({"negativesPerPositive": -1}, 400, "negativesPerPositive"), ({"architecture": "No such"}, 400, "No such"), ({"from": 12345}, 404, "12345"), ({"set": 99}, 404, "99"),
    ]:
        with pytest.raises(Refused) as refused:
            app.post(f"{app.at}/trainings", {"set": set_, **wrong})
        assert refused.value.status == status and word in refused.value.message, refused.value
    assert app.snapshot()["models"] == [] and app.get(f"{app.at}/trainings")["trainings"] == []


def test_boxes_that_do_not_fit_the_network_are_refused_at_once(can_train, start):
    app = start()
    set_, *_ = annotated(app)
    app.edit({"kind": "change-training-set", "set": set_, "boxSize": 42})
    with pytest.raises(Refused) as refused:
        app.post(f"{app.at}/trainings", {"set": set_, "architecture": "UNet S"})
    assert "multiples of" in refused.value.message and app.snapshot()["models"] == []


def networks_told(stream, id):
    """The versions of half-trained networks that pages heard of until a training was done."""
    versions = []
    while True:
        kind, _, data = stream.next("models", "training")
        if kind == "models":
            versions.append(data["version"])
        elif data["id"] == id and data["state"] == "done":
            return versions


def test_a_network_learns_and_is_a_model(can_train, start):
    app = start()
    set_, bars, _ = annotated(app)
    stream = Events(app, after=app.snapshot()["sequence"])
    begun = app.post(f"{app.at}/trainings", {"set": set_, "architecture": "UNet S", "epochs": 2, "copies": 2, "batch": 4, "validation": 0})
    (model,) = app.snapshot()["models"]
    assert model["id"] == begun["model"] and model["title"] == "Bar" and model["feature"] == bars
    done = until(app, begun["id"], "done")
    assert [line["epoch"] for line in done["history"]] == [1, 2] and done["best"]["dice"] >= 0
    (model,) = app.snapshot()["models"]
    assert model["state"] == "ready" and model["source"]["kind"] == "training"
    status, headers, content = app.request("GET", f"{app.at}/datasets/1/versions/1/predictions/raw/{model['id']}/5")
    assert status == 200 and len(content) == SHAPE[1] * SHAPE[2]
    # Pages hear of a network when there is another one, not with every step of the training.
    told = networks_told(stream, begun["id"])
    stream.close()
    assert told[:1] != [""] and all(one != other for one, other in zip(told, told[1:])), told
    # More epochs are added to what was learnt.
    app.post(f"{app.at}/trainings/{begun['id']}/resume", {"epochs": 3})
    more = until(app, begun["id"], "done")
    assert [line["epoch"] for line in more["history"]] == [1, 2, 3]
    assert more["history"][:2] == done["history"]


def test_trainings_go_on_without_the_server_and_are_found_again(can_train, start):
    app = start()
    set_, *_ = annotated(app)
    order = {"set": set_, "architecture": "UNet S", "epochs": 12, "copies": 10, "batch": 4, "validation": 0}
    begun = app.post(f"{app.at}/trainings", {**order, "title": "First"})
    waiting = app.post(f"{app.at}/trainings", {**order, "epochs": 2, "title": "Second"})
    until(app, begun["id"], "running", "done")
    app.kill()
    app.start()
    # Nobody has to ask: what runs is found, and what waited has its turn.
    done = until(app, begun["id"], "done")
    assert [line["epoch"] for line in done["history"]] == list(range(1, 13))
    second = until(app, waiting["id"], "done")
    assert [line["epoch"] for line in second["history"]] == [1, 2]
    labels = [line.get("label") for line in app.get(f"{app.at}/history")["entries"]]
    # The row, and its network: each once.
    assert (labels.count("train First"), labels.count("train Second")) == (2, 2)
    assert [model["state"] for model in app.snapshot()["models"]] == ["ready", "ready"]
    # Each was begun by one process only.
    for one in (begun, waiting):
        told = (pathlib.Path(app.snapshot()["path"]) / "trainings" / one["id"] / "progress.jsonl").read_text().splitlines()
        assert [json.loads(line)["event"] for line in told].count("plan") == 1


def test_a_training_that_was_killed_goes_on_from_its_last_epoch(can_train, start):
    app = start()
    set_, *_ = annotated(app)
    begun = app.post(f"{app.at}/trainings", {"set": set_, "architecture": "UNet S", "epochs": 500, "copies": 4, "batch": 4, "validation": 0})
    learnt(app, begun["id"])
    folder = pathlib.Path(app.snapshot()["path"]) / "trainings" / begun["id"]
    process = json.loads((folder / "process.json").read_text())["process"]
    # It gives way to the page, also where the kernel ranks sessions instead of processes.
    assert os.getpriority(os.PRIO_PROCESS, process) == 5
    group = pathlib.Path(f"/proc/{process}/autogroup")
    if group.exists() and pathlib.Path("/proc/sys/kernel/sched_autogroup_enabled").read_text().strip() == "1":
        assert group.read_text().split()[-1] == "5"
    os.kill(process, signal.SIGKILL)
    lost = until(app, begun["id"], "interrupted")
    # It may have kept one epoch more than it had time to tell of.
    app.post(f"{app.at}/trainings/{begun['id']}/resume", {"epochs": lost["epoch"] + 2})
    done = until(app, begun["id"], "done")
    assert done["epoch"] == lost["epoch"] + 2


def test_a_training_is_stopped_with_what_it_learnt_or_given_up(can_train, start):
    app = start()
    set_, *_ = annotated(app)
    order = {"set": set_, "architecture": "UNet S", "epochs": 5000, "copies": 2, "batch": 4, "validation": 0}
    begun = app.post(f"{app.at}/trainings", order)
    learnt(app, begun["id"])
    waiting = app.post(f"{app.at}/trainings", {**order, "title": "Second"})
    assert waiting["state"] == "waiting"
    app.post(f"{app.at}/trainings/{begun['id']}/stop", {"keep": True})
    stopped = until(app, begun["id"], "stopped")
    assert "kept" in stopped["reason"]
    until(app, waiting["id"], "running")
    app.post(f"{app.at}/trainings/{waiting['id']}/stop", {"keep": False})
    until(app, waiting["id"], "stopped")
    assert [model["title"] for model in app.snapshot()["models"]] == ["Bar"]
    app.json("DELETE", f"{app.at}/trainings/{waiting['id']}")
    assert [line["id"] for line in app.get(f"{app.at}/trainings")["trainings"]] == [begun["id"]]
