"""Training from a project: boxes are counted and cut, and a process of its own learns from them, whatever becomes of the server."""

import fcntl
import json
import os
import pathlib
import shutil
import signal
import subprocess
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
                if training["state"] in ("waiting", "extracting", "running") and not training["host"]:
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


def test_a_network_learns_from_a_file_of_boxes(can_train, shared, start, tmp_path):
    app = start()
    boxes = tmp_path / "rec" / "Membranes.scnt"
    shutil.copy(shared / "ais" / "64x64x1_10.00Apx_Membrane.scnt", boxes)
    order = {"file": str(boxes), "architecture": "UNet S", "epochs": 1, "copies": 1}
    id = app.post(f"{app.at}/trainings", order)["id"]
    # It is copied: what becomes of the file does not matter to a training that goes on later.
    until(app, id, "running", "done")
    boxes.write_bytes(b"something else")
    found = until(app, id, "done")
    assert found["set"] is None and found["file"] == str(boxes) and found["title"] == "Membrane"
    assert [found["settings"][name] for name in ("positives", "negatives", "boxSize", "depth", "pixelSizeAngstrom")] == [70, 0, 64, 1, 10]
    app.post(f"{app.at}/trainings/{id}/resume", {"epochs": 2})
    assert until(app, id, "done")["epoch"] == 2
    [model] = app.snapshot()["models"]
    assert model["title"] == "Membrane" and model["network"]["architecture"] == "UNet S"
    # Nothing that cannot be learnt from makes a row.
    (tmp_path / "rec" / "empty.scnt").write_bytes(b"")
    for path, code in ((boxes, "malformed"), (tmp_path / "rec" / "empty.scnt", "truncated"), (tmp_path / "rec" / "none.scnt", "not-found"), ("/etc/passwd", "outside-roots")):
        with pytest.raises(Refused) as refusal:
            app.post(f"{app.at}/trainings", order | {"file": str(path)})
        assert refusal.value.code == code, path
    with pytest.raises(Refused) as refusal:
        app.post(f"{app.at}/trainings", {"architecture": "UNet S"})
    assert refusal.value.code == "usage"
    assert len(app.snapshot()["models"]) == 1
    # A second one has a name of its own, as its segmentations will.
    shutil.copy(shared / "ais" / "64x64x1_10.00Apx_Membrane.scnt", boxes)
    assert app.post(f"{app.at}/trainings", order)["title"] == "Membrane v2"


def stopped_in_terminal(app):
    """What is said at a start and a stop with Ctrl-C."""
    command = [str(app.program), "app", "--no-open", "--port", str(app.port), *app.arguments, *app.paths]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=app.environment, cwd=app.home)
    said = ""
    while "Ctrl-C stops the program" not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    process.send_signal(signal.SIGINT)
    said += process.communicate(timeout=60)[1]
    assert process.returncode == 0
    return said


def test_trainings_go_on_without_the_server_and_are_found_again(can_train, start):
    app = start()
    set_, *_ = annotated(app)
    order = {"set": set_, "architecture": "UNet S", "epochs": 12, "copies": 10, "batch": 4, "validation": 0}
    begun = app.post(f"{app.at}/trainings", {**order, "title": "First"})
    waiting = app.post(f"{app.at}/trainings", {**order, "epochs": 2, "title": "Second"})
    until(app, begun["id"], "running", "done")
    app.kill()
    # Who stops the program from its terminal is told what goes on without it.
    assert "ais: 1 training goes on without this program" in stopped_in_terminal(app)
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
    given_up = until(app, waiting["id"], "stopped")
    assert given_up["isGivenUp"] and given_up["reason"] == "given up; it had no network yet, so its row is gone"
    assert [model["title"] for model in app.snapshot()["models"]] == ["Bar"]
    app.json("DELETE", f"{app.at}/trainings/{waiting['id']}")
    assert [line["id"] for line in app.get(f"{app.at}/trainings")["trainings"]] == [begun["id"]]


def line(**members):
    return json.dumps({"schema": "ais.train/1", **members}) + "\n"


SCORES = {"loss": 0.4, "precision": 0.5, "recall": 0.6, "dice": 0.55}


@pytest.fixture
def elsewhere(start, repository):
    """A project in whose folder another machine trains: the test is that machine. The server, the training's number, its folder, and what it tells."""
    app = start()
    set_, *_ = annotated(app)
    app.post("/api/roots", {"path": str(repository / "Examples")})
    [added] = app.post(f"{app.at}/models", {"path": str(repository / "Examples" / "MembraneC.scnm")})["models"]
    assert app.stop() == 0
    folder = next(app.home.parent.glob("rec/*.ais")) / "trainings" / "far-1"
    folder.mkdir(parents=True)
    order = {
        "schema": "ais.training/1", "id": "far-1", "title": "Far", "model": added, "set": set_, "architecture": "UNet S", "epochs": 4, "batch": 4, "copies": 1, "validation": 0, "seed": 1,
        "boxSize": 32, "depth": 1, "pixelSizeAngstrom": 10, "positives": 3, "negatives": 3, "setDigest": "x", "author": "Anna", "started": 1e12, "boxes": "set.scnt", "givesUp": False}
    (folder / "order.json").write_text(json.dumps(order))
    (folder / "process.json").write_text(json.dumps({"host": "gpu02", "process": 4242, "boot": "another", "namespace": "pid:[1]", "started": "77"}))
    told = open(folder / "progress.jsonl", "a")
    told.write(line(event="plan", stepsPerEpoch=2, epochs=4, parameters=10, architecture="UNet S") + line(event="epoch", epoch=1, learningRate=0.001, training=SCORES, seconds=3, isBest=True))
    told.flush()
    yield app, "far-1", folder, told
    told.close()


def test_a_training_on_another_machine_is_followed_and_brought_home(elsewhere, repository):
    app, id, folder, told = elsewhere
    fcntl.flock(told, fcntl.LOCK_EX)
    app.start()
    found = training(app, id)
    assert (found["state"], found["host"], found["epoch"], found["reason"]) == ("running", "gpu02", 1, "")
    events = Events(app)
    told.write(line(event="step", epoch=2, epochs=4, step=1, stepsPerEpoch=2, training=SCORES, secondsLeft=9))
    told.flush()
    while (news := events.next("training")[2])["secondsLeft"] != 9:
        pass
    assert news["fraction"] == 0.375
    # Nobody here can stop it, or begin it a second time.
    for path, body in (("stop", {"keep": True}), ("resume", {})):
        with pytest.raises(Refused) as error:
            app.post(f"{app.at}/trainings/{id}/{path}", body)
        if path == "stop":
            assert error.value.status == 409 and "on 'gpu02'" in error.value.message and "kill -INT 4242" in error.value.message
    with pytest.raises(Refused):
        app.json("DELETE", f"{app.at}/trainings/{id}")
    shutil.copy(repository / "Tests" / "Fixtures" / "segment" / "flat-global.scnm", folder / "model.scnm")
    before = app.snapshot()["models"][0]["network"]["contentHash"]
    told.write(line(event="end", ending="finished"))
    told.close()
    done = until(app, id, "done")
    assert done["host"] is None
    model = next(one for one in app.snapshot()["models"] if one["id"] == done["model"])
    assert model["training"] == id and model["network"]["contentHash"] != before
    events.close()


def test_a_training_on_another_machine_that_is_killed_is_interrupted(elsewhere):
    app, id, folder, told = elsewhere
    fcntl.flock(told, fcntl.LOCK_EX)
    app.start()
    assert training(app, id)["state"] == "running"
    told.close()
    found = until(app, id, "interrupted")
    assert "on 'gpu02'" in found["reason"] and found["host"] is None


def test_a_training_is_followed_where_locks_are_not_seen(elsewhere):
    """As on file systems whose locks do not reach other machines: it is taken for interrupted until it tells more."""
    app, id, folder, told = elsewhere
    app.start()
    assert training(app, id)["state"] == "interrupted"
    told.write(line(event="epoch", epoch=2, learningRate=0.001, training=SCORES, seconds=3, isBest=True))
    told.flush()
    found = until(app, id, "running")
    assert (found["host"], found["epoch"]) == ("gpu02", 2)
