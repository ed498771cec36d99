"""Projects of the app as a whole: tomograms that come in, versions that are none, copies under another name, and the log."""

import json
import os
import threading
import time

import pytest
from app_server import Refused, stroke
from test_app_work import masks, start, tomogram  # noqa: F401


def test_a_file_taken_for_a_version_becomes_a_tomogram_of_its_own(start, tmp_path):  # noqa: F811
    folder = tmp_path / "rec"
    folder.mkdir()
    tomogram(folder / "TS_01.mrc")
    tomogram(folder / "TS_01_denoised.mrc", 1)
    app = start(folder)
    [dataset] = app.snapshot()["datasets"]
    feature = app.feature()
    app.edit(stroke(feature, 0, 1, 1))
    entry = app.edit({"kind": "separate-version", "version": dataset["versions"][1]["id"]}, label="not the same")
    first, second = app.snapshot()["datasets"]
    assert [(d["name"], [v["path"] for v in d["versions"]]) for d in (first, second)] == [
        ("TS_01", [str(folder / "TS_01.mrc")]), ("TS_01_denoised", [str(folder / "TS_01_denoised.mrc")])]
    assert second["voxelSizeAngstrom"] == first["voxelSizeAngstrom"]
    assert first["versions"][0]["state"] == second["versions"][0]["state"] == "ok"
    assert sum(app.mask(feature, 0)[0]) == 12
    # One step of undo.
    app.post(f"{app.at}/undo", {"id": "u"})
    assert [len(d["versions"]) for d in app.snapshot()["datasets"]] == [2]
    app.post(f"{app.at}/redo", {"id": "r"})
    with pytest.raises(Refused) as error:
        app.edit({"kind": "separate-version", "version": first["versions"][0]["id"]})
    assert "only version" in error.value.message and entry["label"] == "not the same"
    with pytest.raises(Refused) as error:
        app.edit({"kind": "separate-version", "version": 99})
    assert error.value.status == 404


def test_a_project_is_saved_under_another_name_and_opened(start, tmp_path):  # noqa: F811
    app = start(tomogram(tmp_path / "T.mrc"), arguments=["--root", tmp_path])
    feature = app.feature()
    app.edit(stroke(feature, 0, 1, 1))
    copy = app.post(f"{app.at}/copy", {"path": str(tmp_path / "Second")})["path"]
    assert copy == str(tmp_path / "Second.ais")
    # Edits go on in the first one, and do not reach the second.
    app.edit(stroke(feature, 5, 1, 1))
    first, app.project = app.project, app.post("/api/open", {"paths": [copy]})["project"]
    assert app.project != first
    found = masks(app, feature)
    assert found[0].sum() == 12 and not found[5].any()
    app.post(f"{app.at}/undo", {"id": "u"})
    assert not masks(app, feature).any()
    with pytest.raises(Refused) as error:
        app.post(f"{app.at}/copy", {"path": copy})
    assert "is there already" in error.value.message
    for path in ("/proc/Third.ais", str(tmp_path / "no" / "Third.ais"), "Third.ais"):
        with pytest.raises(Refused):
            app.post(f"{app.at}/copy", {"path": path})
    assert not list(tmp_path.glob("*.part"))


def test_the_log_of_a_session_is_named_by_the_server_and_by_the_project(start, tmp_path, ais):  # noqa: F811
    app = start(tomogram(tmp_path / "T.mrc"))
    log = app.get("/api/session")["log"]
    with pytest.raises(Refused):
        app.get(f"{app.at}/datasets/99/annotations")
    lines = [json.loads(line) for line in open(log).read().splitlines()]
    assert all({"time", "level", "event", "run"} <= line.keys() for line in lines)
    assert any(line["event"] == "refused" and line["code"] == "not-found" and "annotations" in line["path"] for line in lines)
    project = app.snapshot()["path"]
    assert app.stop() == 0
    # Another start, which has nothing to do with this project.
    other = start(tomogram(tmp_path / "home" / "S.mrc"))
    assert other.get("/api/session")["log"] != log
    other.stop()
    environment = {**os.environ, "XDG_STATE_HOME": app.environment["XDG_STATE_HOME"]}
    assert f"log of the app: {log}" in ais("project", "info", project, env=environment)
    assert json.loads(ais("project", "info", "--json", project, env=environment))["log"] == log
    assert "log of the app" not in ais("project", "info", project, env={**environment, "XDG_STATE_HOME": str(tmp_path)})


def test_a_thousand_tomograms_are_added_while_the_page_is_there_already(start, tmp_path):  # noqa: F811
    folder = tmp_path / "rec"
    folder.mkdir()
    for number in range(130):
        tomogram(folder / f"TS_{number:03}.mrc", number, (2, 8, 8))
    tomogram(folder / "TS_000_denoised.mrc", 999, (2, 8, 8))
    (folder / "TS_bad.mrc").write_bytes(b"no tomogram")
    app = start(folder)
    job = app.get(f"{app.at}/jobs")["jobs"][0]
    assert job["kind"] == "add-tomograms"
    end = time.monotonic() + 120
    while app.get(f"{app.at}/jobs")["jobs"][0]["state"] in ("waiting", "running"):
        assert time.monotonic() < end
        threading.Event().wait(0.02)
    job = app.get(f"{app.at}/jobs")["jobs"][0]
    assert job["state"] == "done" and job["message"].startswith("131 files added. 1 could not be read. The first: '") and "TS_bad.mrc" in job["message"], job
    datasets = app.snapshot()["datasets"]
    assert [dataset["name"] for dataset in datasets] == [f"TS_{number:03}" for number in range(130)]
    assert [len(dataset["versions"]) for dataset in datasets[:2]] == [2, 1]
    # Opened again, nothing is added.
    app.stop()
    (folder / "TS_bad.mrc").unlink()
    app.start()
    assert app.get(f"{app.at}/jobs")["jobs"] == [] and len(app.snapshot()["datasets"]) == 130
