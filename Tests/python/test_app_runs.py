"""Runs of the app: a project's networks over its tomograms, in processes of their own that outlive page and server."""

import hashlib
import json
import os
import pathlib
import signal
import subprocess
import threading
import time

import mrcfile
import numpy
import pytest
from app_server import App, Events, Refused

HERE = pathlib.Path(__file__).resolve().parent
SEGMENT = HERE.parent / "Fixtures" / "segment"
GROUP = HERE.parent / "Fixtures" / "interactions" / "reference.scnmgroup"
LIVE = ("waiting", "planning", "running", "stopping")
# Every tomogram takes three seconds at least, so that a run is met in the middle on any machine.
SLOW = {"AIS_PAUSE_POINT": "mid-slab 3", "SWIFT_BACKTRACE": "enable=no"}


@pytest.fixture(scope="session")
def voxels(repository):
    with mrcfile.open(repository / "Examples" / "cell_c.mrc") as file:
        return numpy.array(file.data[20:40, 40:90, 30:98])


@pytest.fixture
def start(ais, tmp_path, voxels):
    """Starts servers on a project with some tomograms; ends those that still run, and their runs."""
    running = []

    def make(count=1, voxel_sizes=None, environment=None):
        folder = tmp_path / "rec"
        folder.mkdir()
        for number in range(count):
            with mrcfile.new(folder / f"TS_{number + 1:02}.mrc") as file:
                file.set_data(numpy.roll(voxels, 3 * number, axis=2))
                file.voxel_size = (voxel_sizes or {}).get(number + 1, 10.0)
        home = tmp_path / "home"
        home.mkdir()
        app = App(ais.path, home, "--root", SEGMENT.parent, "--root", tmp_path, paths=[folder], environment=environment)
        running.append(app)
        app.folder = folder
        until(lambda: len(app.snapshot()["datasets"]) == count)
        return app

    yield make
    for app in running:
        if app.process.poll() is None:
            for run in app.get(f"{app.at}/runs")["runs"]:
                if run["state"] in LIVE:
                    app.post(f"{app.at}/runs/{run['id']}/cancel")
                    until(lambda: look(app, run["id"])["state"] not in LIVE)
            app.kill()


def until(test, seconds=120):
    end = time.monotonic() + seconds
    while True:
        found = test()
        if found:
            return found
        assert time.monotonic() < end, "it did not come to pass"
        threading.Event().wait(0.05)


def add(app, path):
    return app.post(f"{app.at}/models", {"path": str(path)})["models"]


def look(app, run):
    return app.get(f"{app.at}/runs/{run}")


def begin(app, datasets=(1,), **more):
    tomograms = [entry if isinstance(entry, dict) else {"dataset": entry} for entry in datasets]
    return app.post(f"{app.at}/runs", {"tomograms": tomograms, **more})


def over(app, run, seconds=180):
    def ended():
        found = look(app, run)
        return found if found["state"] not in LIVE else None

    return until(ended, seconds)


def volumes(run):
    """What the files of a run hold, by tomogram and title, read by a reader that is not ours."""
    found = {}
    for row in run["tomograms"]:
        for output in row["outputs"]:
            path = pathlib.Path(output["path"])
            assert path.stat().st_size == output["bytes"] and hashlib.sha256(path.read_bytes()).hexdigest() == output["sha256"]
            with mrcfile.open(path) as file:
                found[row["dataset"], output["title"]] = numpy.array(file.data)
    return found


def live(app, model, z, layer="final", dataset=1, version=1):
    _, headers, content = app.request("GET", f"{app.at}/datasets/{dataset}/versions/{version}/predictions/{layer}/{model}/{z}")
    return numpy.frombuffer(content, "u1").reshape(int(headers["x-ais-height"]), int(headers["x-ais-width"]))


def drivers(folder):
    """Processes that carry out runs below a folder, or work for them."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if "batch" in words and any(str(folder) in word for word in words):
                found.append((int(entry.name), words))
    return found


def test_a_run_writes_what_is_seen_on_the_page_with_competition_rules_and_settings(start):
    app = start()
    models = add(app, GROUP)
    titles = {model["id"]: model["title"] for model in app.get(f"{app.at}/models")["models"]}
    # Each model in a way of its own: more orientations, another voxel size.
    app.edit({"kind": "change-model", "model": models[0], "augmentations": 4})
    app.edit({"kind": "change-model", "model": models[1], "processingVoxelSizeAngstrom": 13})
    run = over(app, begin(app)["id"])
    assert run["state"] == "done" and run["counts"] == {"all": 1, "done": 1, "failed": 0, "running": 0, "waiting": 0}, run
    found = volumes(run)
    assert set(found) == {(1, title) for title in titles.values()}
    for model, title in titles.items():
        for z in (0, 10, 19):
            numpy.testing.assert_array_equal(found[1, title][z], live(app, model, z), err_msg=f"{title} {z}")
            # The page gets it by slices, too.
            _, headers, content = app.request("GET", f"{app.at}/runs/{run['id']}/tasks/{run['tomograms'][0]['task']}/results/{model}/{z}")
            assert (headers["x-ais-height"], headers["x-ais-width"]) == ("50", "68") and content == live(app, model, z).tobytes()
    # Without the others nothing gives way.
    alone = over(app, begin(app, combines=False, augmentations=1)["id"])
    assert alone["rules"] == 0 and not alone["competes"] and alone["output"] != run["output"]
    app.edit({"kind": "change-model", "model": models[0], "augmentations": 1})
    numpy.testing.assert_array_equal(volumes(alone)[1, titles[models[0]]][9], live(app, models[0], 9, "raw"))


@pytest.mark.parametrize("file, settings", [
    ("flat-global.scnm", {"augmentations": 4}), ("stack-legacy.scnm", {"processingVoxelSizeAngstrom": 14}), ("slab-global.scnm", {}), ("slab-legacy.scnm", {"augmentations": 4}),
])
def test_a_part_of_a_tomogram_is_what_the_whole_has_there_and_0_elsewhere(start, file, settings):
    app = start()
    (model,) = add(app, SEGMENT / file)
    if settings:
        app.edit({"kind": "change-model", "model": model, **settings})
    run = over(app, begin(app, [{"dataset": 1, "slices": {"first": 5, "last": 13}, "crop": {"y": 8, "x": 20, "height": 25, "width": 30}}])["id"])
    (values,) = volumes(run).values()
    assert values.shape == (20, 50, 68) and run["tomograms"][0]["slices"] == {"first": 5, "end": 14}
    outside = numpy.ones(values.shape, bool)
    outside[5:14, 8:33, 20:50] = False
    assert not values[outside].any() and values.any()
    for z in (5, 9, 13):
        numpy.testing.assert_array_equal(values[z, 8:33, 20:50], live(app, model, z, "raw")[8:33, 20:50])


@pytest.mark.parametrize("dimension", [2, 3])
def test_networks_of_slices_stacks_and_slabs_together_are_written_as_they_are_seen(start, dimension):
    """Each with four orientations and at a voxel size of its own, with competition and rules, over a whole tomogram and a part of one."""
    app = start(2)
    titles = {}
    for file, size in (("flat-global.scnm", 14), ("stack-legacy.scnm", 12), ("slab-global.scnm", 13)):
        (model,) = add(app, SEGMENT / file)
        titles[model] = file.partition("-")[0]
        app.edit({"kind": "change-model", "model": model, "title": titles[model], "augmentations": 4, "processingVoxelSizeAngstrom": size, "emits": True, "absorbs": True})
    flat, stack, slab = titles
    app.edit({"kind": "create-rule", "manner": "avoid", "child": flat, "parent": stack, "radiusNanometer": 2, "threshold": 0.5},
             {"kind": "create-rule", "manner": "colocalize", "child": slab, "parent": flat, "radiusNanometer": 5, "threshold": 0.4},
             {"kind": "set-setting", "name": "rules.dimension", "value": json.dumps(dimension), "isPersonal": False})
    run = over(app, begin(app, [1, {"dataset": 2, "slices": {"first": 0, "last": 19}, "crop": {"y": 8, "x": 20, "height": 25, "width": 30}}])["id"])
    assert run["state"] == "done", run
    found, changed = volumes(run), set()
    for model, title in titles.items():
        for z in (0, 10, 19):
            whole = live(app, model, z)
            numpy.testing.assert_array_equal(found[1, title][z], whole, err_msg=f"{title} {z}")
            numpy.testing.assert_array_equal(found[2, title][z, 8:33, 20:50], live(app, model, z, dataset=2, version=2)[8:33, 20:50], err_msg=f"part of {title} {z}")
            if (whole != live(app, model, z, "raw")).any():
                changed.add(title)
    # Every network gives way somewhere: else nothing of all this was put to the test.
    assert changed == set(titles.values())


@pytest.mark.parametrize("dimension", [2, 3])
def test_rules_reach_into_a_part_from_around_it(start, dimension):
    app = start()
    models = add(app, GROUP)
    app.edit({"kind": "set-setting", "name": "rules.dimension", "value": json.dumps(dimension), "isPersonal": False})
    run = over(app, begin(app, [{"dataset": 1, "slices": {"first": 8, "last": 11}, "crop": {"y": 20, "x": 30, "height": 12, "width": 14}}])["id"])
    titles = {model["id"]: model["title"] for model in app.get(f"{app.at}/models")["models"]}
    found = volumes(run)
    for model in models:
        for z in (8, 11):
            numpy.testing.assert_array_equal(found[1, titles[model]][z, 20:32, 30:44], live(app, model, z)[20:32, 30:44])
        assert not found[1, titles[model]][7].any()


def test_the_forecast_says_what_is_needed_and_what_stands_in_the_way(start):
    app = start(3, voxel_sizes={2: 0})
    add(app, SEGMENT / "flat-global.scnm")
    add(app, SEGMENT / "stack-legacy.scnm")
    (app.folder / "TS_03.mrc").unlink()
    # Nobody has looked at the files since.
    wanted = {"tomograms": [{"dataset": number} for number in (1, 2, 3)]}
    forecast = app.post(f"{app.at}/runs/forecast", wanted)
    assert forecast["tasks"] == 1 and forecast["seconds"] > 0 and forecast["memoryBytes"] > 1 << 20
    assert forecast["diskBytes"] == 2 * (1024 + 20 * 50 * 68 * 2) and forecast["freeBytes"] > forecast["diskBytes"]
    problems = {row["dataset"]: row["problem"] for row in forecast["tomograms"]}
    assert problems[1] is None
    assert problems[2]["code"] == "needs-decision" and problems[2]["remedy"] == {"kind": "voxel-size", "dataset": 2}
    assert problems[3]["code"] == "not-found" and problems[3]["remedy"]["kind"] == "find"
    # It takes the others, and takes the answer when it comes.
    run = over(app, begin(app, (1, 2, 3))["id"])
    assert run["state"] == "failed" and [row["state"] for row in run["tomograms"]] == ["done", "failed"]
    assert run["tomograms"][1]["code"] == "needs-decision" and "TS_02" in run["tomograms"][1]["reason"]
    before = run["tomograms"][0]
    app.edit({"kind": "change-dataset", "dataset": 2, "voxelSizeAngstrom": 10})
    app.post(f"{app.at}/runs/{run['id']}/retry")
    run = over(app, run["id"])
    assert run["state"] == "done" and all(row["outputs"] for row in run["tomograms"])
    assert run["tomograms"][0]["attempts"] == before["attempts"] == 1, "what was done is not done again"
    with mrcfile.open(run["tomograms"][1]["outputs"][0]["path"]) as file:
        assert abs(float(file.voxel_size.x) - 10) < 1e-4


@pytest.mark.parametrize("body, sentence", [
    ({}, "needs a tomogram"), ({"tomograms": []}, "needs a tomogram"), ({"tomograms": [{"dataset": 99}]}, "no dataset 99"), ({"tomograms": [{"dataset": 1}], "models": [77]}, "no model 77"),
    ({"tomograms": [{"dataset": 1}], "models": []}, "needs a model"), ({"tomograms": [{"dataset": 1, "slices": {"first": 9, "last": 3}}]}, "slices"),
    ({"tomograms": [{"dataset": 1, "crop": {"y": 0, "x": 0, "height": 0, "width": 5}}]}, "crop"), ({"tomograms": [{"dataset": 1}], "place": {"kind": "moon"}}, "moon"),
    ({"tomograms": [{"dataset": 1}], "place": {"workers": 0}}, "workers"), ({"tomograms": [{"dataset": 1}], "augmentations": 9}, "8 orientations"), ({"recipe": {"schema": "x"}}, "recipe"),
    ({"tomograms": [{"dataset": 1}], "output": "/etc/ais-nowhere"}, "outside"), ({"tomograms": [{"dataset": 1}], "outputType": "uint7"}, "uint7"),
])
def test_what_cannot_be_run_is_refused_with_a_sentence(start, body, sentence):
    app = start()
    add(app, SEGMENT / "flat-global.scnm")
    with pytest.raises(Refused) as refused:
        app.post(f"{app.at}/runs", body)
    assert 400 <= refused.value.status < 500 and sentence in refused.value.message
    assert app.get(f"{app.at}/runs")["runs"] == []
    for path in ("7", "7/log", "7/recipe"):
        with pytest.raises(Refused) as refused:
            app.get(f"{app.at}/runs/{path}")
        assert refused.value.status == 404


def test_a_run_goes_on_when_the_server_is_killed_and_is_found_again(start):
    app = start(3, environment=SLOW)
    add(app, SEGMENT / "flat-global.scnm")
    run = begin(app, (1, 2, 3))
    until(lambda: look(app, run["id"])["counts"]["running"] == 1)
    app.kill()
    # The server is gone; its run is not.
    assert drivers(app.home.parent), "the run ended with the server"
    app.start()
    found = look(app, run["id"])
    assert found["state"] in ("running", "done") and found["started"] == run["started"]
    found = over(app, run["id"])
    assert found["state"] == "done" and found["counts"]["done"] == 3
    assert [row["attempts"] for row in found["tomograms"]] == [1, 1, 1], "nothing was begun twice"
    journal = pathlib.Path(found["output"]) / "ais-batch" / "journal"
    kinds = [json.loads(path.read_text())["kind"] for path in journal.glob("*.json")]
    assert sorted(kinds) == ["claimed"] * 3 + ["done"] * 3


def test_a_run_whose_process_is_killed_is_interrupted_and_goes_on_when_asked(start):
    app = start(3, environment=SLOW)
    add(app, SEGMENT / "flat-global.scnm")
    run = begin(app, (1, 2, 3))
    until(lambda: look(app, run["id"])["counts"]["running"] == 1)
    for process, words in drivers(app.home.parent):
        if "recipe" in words:
            os.kill(process, signal.SIGKILL)
    found = until(lambda: (lambda now: now if now["state"] == "interrupted" else None)(look(app, run["id"])))
    assert "kept" in found["reason"]
    # Workers notice that nobody waits for them any more.
    until(lambda: not drivers(app.home.parent))
    assert app.post(f"{app.at}/runs/{run['id']}/resume")["state"] in LIVE
    # Twice does no harm.
    app.post(f"{app.at}/runs/{run['id']}/resume")
    found = over(app, run["id"])
    assert found["state"] == "done" and found["counts"]["done"] == 3


def test_a_run_is_paused_goes_on_and_is_cancelled(start):
    app = start(3, environment=SLOW)
    add(app, SEGMENT / "flat-global.scnm")
    events = Events(app)
    run = begin(app, (1, 2, 3))
    until(lambda: look(app, run["id"])["counts"]["running"] == 1)
    assert app.post(f"{app.at}/runs/{run['id']}/pause")["state"] in ("stopping", "paused")
    paused = over(app, run["id"])
    assert paused["state"] == "paused" and not drivers(app.home.parent)
    until(lambda: events.next("run")[2]["state"] == "paused")
    app.post(f"{app.at}/runs/{run['id']}/resume")
    until(lambda: look(app, run["id"])["counts"]["running"] == 1)
    app.post(f"{app.at}/runs/{run['id']}/cancel")
    cancelled = over(app, run["id"])
    assert cancelled["state"] == "cancelled" and cancelled["counts"]["done"] < 3
    until(lambda: events.next("run")[2]["state"] == "cancelled")
    events.close()
    # Whole or not at all.
    names = sorted(path.name for path in pathlib.Path(cancelled["output"]).glob("*.mrc"))
    assert names == sorted(pathlib.Path(output["path"]).name for row in cancelled["tomograms"] for output in row["outputs"])


def test_a_run_leaves_the_list_and_comes_back_with_all_its_files(start):
    app = start(2, environment=SLOW)
    add(app, SEGMENT / "flat-global.scnm")
    run = begin(app, (1, 2))
    until(lambda: look(app, run["id"])["counts"]["running"] == 1)
    with pytest.raises(Refused) as error:
        app.json("DELETE", f"{app.at}/runs/{run['id']}")
    assert error.value.status == 409 and "pause or cancel it first" in error.value.message
    done = over(app, run["id"])
    events = Events(app, client="other")
    app.json("DELETE", f"{app.at}/runs/{run['id']}")
    assert until(lambda: events.next("run")[2]) == {"id": run["id"], "isAside": True}
    assert app.get(f"{app.at}/runs")["runs"] == []
    assert all(pathlib.Path(output["path"]).is_file() for row in done["tomograms"] for output in row["outputs"])
    # It stays out when the program starts anew, and its number is not given to another.
    assert app.stop() == 0
    app.start()
    assert app.get(f"{app.at}/runs")["runs"] == []
    second = begin(app, (1,))
    assert second["id"] == run["id"] + 1
    over(app, second["id"])
    events = Events(app, client="other")
    back = app.post(f"{app.at}/runs/{run['id']}/restore")
    assert (back["id"], back["state"], back["counts"]["done"]) == (run["id"], "done", 2)
    assert [one["id"] for one in app.get(f"{app.at}/runs")["runs"]] == [second["id"], run["id"]]
    assert until(lambda: events.next("run")[2])["state"] == "done"
    events.close()
    with pytest.raises(Refused) as error:
        app.json("DELETE", f"{app.at}/runs/99")
    assert error.value.status == 404


def test_work_that_is_done_from_a_terminal_is_seen(ais, start):
    app = start(2, environment=SLOW)
    add(app, SEGMENT / "flat-global.scnm")
    run = begin(app, (1, 2))
    until(lambda: look(app, run["id"])["counts"]["running"] == 1)
    app.post(f"{app.at}/runs/{run['id']}/pause")
    paused = over(app, run["id"])
    assert paused["state"] == "paused" and paused["counts"]["done"] < 2
    helper = subprocess.Popen([ais.path, "batch", "run", "-q", paused["output"]], env={**os.environ, **SLOW})
    try:
        until(lambda: look(app, run["id"])["state"] == "running")
        assert over(app, run["id"])["state"] == "done" and look(app, run["id"])["counts"]["done"] == 2
    finally:
        assert helper.wait(60) == 0


def test_runs_wait_for_one_another_and_a_waiting_one_can_be_cancelled(start):
    app = start(4, environment=SLOW)
    add(app, SEGMENT / "flat-global.scnm")
    first = begin(app, (1, 2, 3, 4))
    until(lambda: look(app, first["id"])["counts"]["running"] == 1)
    second, third = begin(app, (1,)), begin(app, (2,))
    for run in (second, third):
        until(lambda: look(app, run["id"])["state"] == "waiting")
    app.post(f"{app.at}/runs/{second['id']}/cancel")
    assert over(app, second["id"])["state"] == "cancelled"
    assert look(app, third["id"])["state"] == "waiting"
    app.post(f"{app.at}/runs/{first['id']}/cancel")
    assert over(app, third["id"])["state"] == "done"
    assert [run["id"] for run in app.get(f"{app.at}/runs")["runs"]] == [3, 2, 1]


def test_a_run_is_made_again_from_its_recipe_and_by_its_script(ais, start, tmp_path):
    app = start()
    add(app, GROUP)
    run = over(app, begin(app, [{"dataset": 1, "slices": {"first": 2, "last": 9}}])["id"])
    expected = volumes(run)
    again = over(app, app.post(f"{app.at}/runs/{run['id']}/again")["id"])
    assert again["output"] != run["output"]
    recipe = app.get(f"{app.at}/runs/{run['id']}/recipe")
    assert recipe["schema"] == "ais.run/1" and recipe["tomograms"][0]["slices"] == {"first": 2, "end": 10}
    from_file = over(app, app.post(f"{app.at}/runs", {"recipe": recipe, "output": str(tmp_path / "mine")})["id"])
    assert from_file["output"] == str(tmp_path / "mine")
    for other in (again, from_file):
        found = volumes(other)
        assert set(found) == set(expected)
        for key in expected:
            numpy.testing.assert_array_equal(found[key], expected[key])
    # The script finds everything there.
    _, _, script = app.request("GET", f"{app.at}/runs/{run['id']}/script")
    (tmp_path / "ais").symlink_to(ais.path)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["sh"], input=script, env=environment, cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr
    for key, values in volumes(look(app, run["id"])).items():
        numpy.testing.assert_array_equal(values, expected[key])
    # A recipe from elsewhere opens nothing.
    recipe["tomograms"][0]["path"] = "/etc/hostname"
    with pytest.raises(Refused) as refused:
        app.post(f"{app.at}/runs", {"recipe": recipe})
    assert refused.value.status == 403
    recipe["models"][0]["file"] = "../../../etc/passwd"
    with pytest.raises(Refused):
        app.post(f"{app.at}/runs", {"recipe": recipe})


def test_logs_and_pictures_tell_of_each_tomogram(start):
    app = start()
    add(app, SEGMENT / "flat-global.scnm")
    run = over(app, begin(app)["id"])
    (row,) = run["tomograms"]
    _, _, log = app.request("GET", f"{app.at}/runs/{run['id']}/tasks/{row['task']}/log")
    assert b"claimed" in log and b"done" in log and row["outputs"][0]["path"].encode() in log
    _, _, log = app.request("GET", f"{app.at}/runs/{run['id']}/log")
    assert b"TS_01" in log
    for _ in range(2):
        status, headers, picture = app.request("GET", f"{app.at}/runs/{run['id']}/tasks/{row['task']}/picture?size=128")
        assert status == 200 and headers["content-type"] == "image/png" and picture.startswith(b"\x89PNG")
    assert app.request("GET", f"{app.at}/runs/{run['id']}/tasks/nothing/picture")[0] == 404


def test_three_slices_of_every_tomogram_are_looked_at_before_a_run(start):
    app = start(3)
    add(app, SEGMENT / "flat-global.scnm")
    with mrcfile.open(app.folder / "TS_02.mrc", "r+") as file:
        file.data[:] = 0
    job = app.job("runs/preview", {"tomograms": [{"dataset": number} for number in (1, 2, 3)]})
    assert job["state"] == "done", job
    picture, document = [app.request("GET", f"/api/download?path={path}")[2] for path in job["files"]]
    assert picture.startswith(b"\x89PNG")
    found = json.loads(document)["tomograms"]
    assert sorted(one["dataset"] for one in found) == [1, 2, 3]
    assert found[0]["dataset"] == 2 and found[0]["score"] >= 20 and found[0]["reasons"]


def test_what_there_is_to_compute_on_is_told(start):
    app = start()
    places = app.get(f"{app.at}/runs/places")
    assert places["devices"][0]["device"] == "cpu" and places["devices"][0]["isUsable"]
    assert places["slurm"] is None or places["slurm"]["version"]
