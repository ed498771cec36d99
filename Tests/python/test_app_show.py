"""Shown from outside: `ais open` and `POST /api/show` find the server, the project and the page."""

import json
import os
import shutil
import subprocess

import pytest
from app_server import Events, Refused
from test_app_work import start, tomogram  # noqa: F401


@pytest.fixture
def rec(tmp_path):
    folder = tmp_path / "rec"
    folder.mkdir()
    for number in (1, 2):
        tomogram(folder / f"TS_0{number}.mrc", number)
    return folder


def used(app, client, project=None):
    app.post(f"/api/projects/{project or app.project}/presence", {"isUsed": True}, client=client)


def opened(app, *arguments, code=0):
    """What `ais open` says on both streams."""
    done = subprocess.run([app.program, "open", *map(str, arguments)], env=app.environment, cwd=app.home, capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


def test_the_page_that_was_used_last_is_told_to_go_there(start, rec):  # noqa: F811
    app = start(rec)
    first, second = Events(app, client="first"), Events(app, client="second")
    for watcher in (first, second):
        watcher.next("presence")
    used(app, "second")
    used(app, "first")
    # What is there already is no use of a page.
    app.post(f"{app.at}/presence", {"slice": 3}, client="second")
    answer = app.post("/api/show", {"path": str(rec / "TS_02.mrc"), "slice": 7})
    assert (answer["dataset"], answer["slice"], answer["isShown"], answer["project"]) == (2, 7, True, app.project)
    assert answer["address"] == f"/p/{app.project}/annotate?d=2&z=7"
    told = [watcher.next("show")[2] for watcher in (first, second)]
    assert told[0] == told[1]
    assert (told[0]["client"], told[0]["name"], told[0]["dataset"], told[0]["slice"], told[0]["author"]) == ("first", "TS_02", 2, 7, "Anna")
    used(app, "second")
    app.post("/api/show", {"project": app.project, "dataset": 1})
    again = first.next("show")[2]
    assert (again["client"], again["dataset"], again["slice"]) == ("second", 1, None) and again["number"] > told[0]["number"]
    second.close()


def test_what_cannot_be_shown_is_refused(start, rec, tmp_path):  # noqa: F811
    app = start(rec)
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere"
    elsewhere.mkdir()
    other = tomogram(elsewhere / "TS_09.mrc")
    for body, status, words in (
        ({}, 400, "either a 'path', or a 'project'"), ({"dataset": 1}, 400, "no 'project'"), ({"path": str(rec / "TS_02.mrc"), "slice": 12}, 400, "0 to 11"),
        ({"path": str(rec), "slice": 1}, 400, "is a project"), ({"path": str(rec / "TS_07.mrc")}, 404, "is not there"), ({"path": str(other), "known": True}, 404, "no project that is open"),
        ({"path": str(other)}, 403, "lies outside"), ({"project": app.project, "dataset": 9}, 404, "no dataset 9"), ({"project": "none"}, 404, "no project 'none'")):
        with pytest.raises(Refused) as error:
            app.post("/api/show", body)
        assert (error.value.status, words in error.value.message) == (status, True), (body, error.value.message)
    shutil.rmtree(elsewhere)
    status, _, _ = app.request("POST", "/api/show", json.dumps({"path": str(rec / "TS_02.mrc")}), headers={"Authorization": "Bearer wrong"})
    assert status == 401


def test_a_page_that_sleeps_hears_it_when_it_comes_back(start, rec):  # noqa: F811
    app = start(rec)
    page = Events(app, client="sleeper")
    page.next("presence")
    page.close()
    answer = {"isShown": True}
    while answer["isShown"]:
        # The server notices a moment later that it is gone.
        answer = app.post("/api/show", {"path": str(rec / "TS_02.mrc"), "slice": 3})
    stranger = Events(app, client="stranger")
    stranger.next("presence")
    back = Events(app, client="sleeper")
    app.feature("Mark")
    assert back.next("show", "entry")[0] == "entry", "a page that was opened meanwhile took its place"
    for watcher in (back, stranger):
        watcher.close()
    while app.post("/api/show", {"path": str(rec / "TS_02.mrc"), "slice": 5})["isShown"]:
        pass
    back = Events(app, client="sleeper")
    name, _, told = back.next("show", "entry")
    assert (name, told["slice"], told["client"]) == ("show", 5, "sleeper")
    back.close()


def test_ais_open_shows_a_tomogram_in_the_page(start, rec):  # noqa: F811
    app = start(rec)
    page = Events(app, client="page")
    page.next("presence")
    said, _ = opened(app, rec / "TS_02.mrc", "--slice", "4")
    assert "'TS_02' is shown in the page at http://127.0.0.1" in said
    told = page.next("show")[2]
    assert (told["client"], told["name"], told["slice"]) == ("page", "TS_02", 4)
    # By its name in the folder where one is, and through a link.
    (app.home / "link.mrc").symlink_to(rec / "TS_01.mrc")
    document = json.loads(opened(app, "link.mrc", "--json")[0])
    assert (document["schema"], document["isShown"], document["dataset"], document.get("slice")) == ("ais.open/1", True, 1, None)
    assert page.next("show")[2]["dataset"] == 1
    assert "0 to 11, counted from 0" in opened(app, rec / "TS_02.mrc", "--slice", "12", code=1)[1]
    assert "is not there" in opened(app, rec / "TS_03.mrc", code=1)[1]
    # One that no project has comes into that of its folder, outside of what the page could see until now.
    other = rec.parent / "other"
    other.mkdir()
    tomogram(other / "TS_08.mrc", 8)
    said, note = opened(app, other / "TS_08.mrc", "--slice", "2")
    assert "'TS_08' is shown" in said
    told = page.next("show")[2]
    assert (told["name"], told["slice"]) == ("TS_08", 2) and told["project"] != app.project
    assert (other / "other.ais").is_dir()
    # And into another when that is named.
    opened(app, other / "TS_08.mrc", "--project", rec / "rec.ais")
    told = page.next("show")[2]
    assert (told["project"], told["name"]) == (app.project, "TS_08")
    assert [dataset["name"] for dataset in app.snapshot()["datasets"]] == ["TS_01", "TS_02", "TS_08"]
    opened(app, other / "other.ais")
    told = page.next("show")[2]
    assert (told["name"], told["dataset"]) == ("other", None)
    page.close()


def test_ais_open_prints_the_address_where_no_page_is_open(start, rec):  # noqa: F811
    app = start(rec)
    said, note = opened(app, rec / "TS_02.mrc", "--slice", "4", "--no-open")
    assert said.strip() == f"{app.about['address']}/p/{app.project}/annotate?d=2&z=4&token={app.token}"
    assert "no page is open" in note
    status, headers, _ = app.request("GET", said.strip()[len(app.about["address"]):], headers={"Authorization": None})
    assert (status, headers["location"]) == (303, f"/p/{app.project}/annotate?d=2&z=4") or (status, headers["location"]) == (303, f"/p/{app.project}/annotate?z=4&d=2")


def test_ais_open_trusts_no_address_that_others_could_have_written(start, rec):  # noqa: F811
    app = start(rec)
    servers = app.home / "state" / "ais" / "servers"
    [record] = servers.glob("*.json")
    assert record.stat().st_mode & 0o777 == 0o600 and servers.stat().st_mode & 0o777 == 0o700
    # Of a server that died; its file goes.
    gone = subprocess.Popen(["true"])
    gone.wait()
    dead = servers / f"{record.name.rsplit('-', 1)[0]}-{gone.pid}.json"
    dead.write_text(json.dumps({**json.loads(record.read_text()), "process": gone.pid, "started": 4e9, "address": "http://127.0.0.1:9"}))
    dead.chmod(0o600)
    opened(app, rec / "TS_02.mrc", "--no-open")
    assert not dead.exists()
    record.chmod(0o644)
    _, note = opened(app, rec / "TS_02.mrc", code=1)
    assert "no 'ais' of yours runs on this machine" in note
    record.chmod(0o600)
    assert app.stop() == 0
    _, note = opened(app, rec / "TS_02.mrc", code=1)
    assert f"Start one that shows it: ais {rec / 'TS_02.mrc'}" in note
    assert os.listdir(servers) == []
