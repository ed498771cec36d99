"""A user's architectures by the server: descriptions are read, programs are run only where the server was started for that."""

import json
import os
import sys

import pytest
from app_server import Refused
from test_app_work import start, tomogram  # noqa: F401
from test_architectures import PROGRAM


def description(title=None, filters=6):
    """A Keras model of two layers, as `to_json` gives it."""
    def layer(kind, name, settings, *sources):
        return {"class_name": kind, "name": name, "config": {"name": name, **settings}, "inbound_nodes": [[[source, 0, 0, {}] for source in sources]] if sources else []}
    model = {"class_name": "Functional", "config": {"name": "m", "input_layers": [["i", 0, 0]], "output_layers": [["b", 0, 0]], "layers": [
        layer("InputLayer", "i", {"batch_input_shape": [None, 64, 64, 1]}), layer("Conv2D", "a", {"filters": filters, "kernel_size": [5, 5], "padding": "same", "activation": "relu"}, "i"),
        layer("Conv2D", "b", {"filters": 1, "kernel_size": [1, 1], "padding": "same", "activation": "sigmoid"}, "a")]}}
    return json.dumps({"schema": "ais.architecture/1", "title": title, "summary": "two layers", "model": model} if title else model)


def own(app):
    return [one["name"] for one in app.get("/api/architectures")["architectures"] if one["isUsers"]]


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "rec"
    made.mkdir()
    tomogram(made / "TS_01.mrc")
    return made


def test_a_description_is_added_removed_and_brought_back(start, folder):  # noqa: F811
    app = start(folder)
    (folder / "thin.json").write_text(description())
    added = app.post("/api/architectures", {"path": str(folder / "thin.json")})
    assert added == {"name": "thin", "parameters": 25 * 6 + 6 + 6 + 1, "sideMultiple": 1} and own(app) == ["thin"]
    with pytest.raises(Refused) as error:
        app.post("/api/architectures", {"path": str(folder / "thin.json")})
    assert (error.value.status, error.value.code) == (409, "needs-decision")
    (folder / "thin.json").write_text(description(filters=8))
    assert app.post("/api/architectures", {"path": str(folder / "thin.json"), "replaces": True})["parameters"] == 25 * 8 + 8 + 8 + 1
    removed = app.post("/api/architectures/remove", {"name": "Thin"})
    assert removed["name"] == "thin" and own(app) == []
    app.post("/api/architectures/restore", {"restore": removed["restore"]})
    assert own(app) == ["thin"]
    for path, body, status in (
        ("restore", {"restore": removed["restore"]}, 404), ("restore", {"restore": "../../thin.json"}, 404), ("remove", {"name": "UNet S"}, 404), ("remove", {}, 400)):
        with pytest.raises(Refused) as error:
            app.post(f"/api/architectures/{path}", body)
        assert error.value.status == status
    # Of one that was removed and made anew, both are not mixed up.
    removed = app.post("/api/architectures/remove", {"name": "thin"})
    app.post("/api/architectures", {"path": str(folder / "thin.json")})
    with pytest.raises(Refused) as error:
        app.post("/api/architectures/restore", {"restore": removed["restore"]})
    assert error.value.code == "needs-decision" and own(app) == ["thin"]


def test_nothing_is_run_unless_the_server_was_started_for_it(start, folder):  # noqa: F811
    app = start(folder)
    (folder / "two.py").write_text(PROGRAM)
    # What `ais architectures add` keeps of a class: a program too, whatever its name.
    kept = {"schema": "ais.custom-model/1", "title": "Sly", "source": f"open({str(folder / 'ran')!r}, 'w')", "file": "sly.py", "parameters": 1, "multiple": 1, "dimensions": 2, "reach": 64, "patience": 60}
    (folder / "sly.json").write_text(json.dumps(kept))
    assert app.get("/api/architectures")["allowsPrograms"] is False
    for name in ("two.py", "sly.json"):
        with pytest.raises(Refused) as error:
            app.post("/api/architectures", {"path": str(folder / name)})
        assert (error.value.status, error.value.code) == (403, "not-allowed") and "--allow-programs" in error.value.message
    assert sorted(os.listdir(folder)) == ["TS_01.mrc", "rec.ais", "sly.json", "two.py"] and own(app) == []
    for path, status in ((str(folder / "none.json"), 404), ("/etc/hostname", 403)):
        with pytest.raises(Refused) as error:
            app.post("/api/architectures", {"path": path})
        assert error.value.status == status


def test_a_program_is_run_once_where_that_is_allowed(start, folder):  # noqa: F811
    app = start(folder, arguments=("--allow-programs", "--python", sys.executable))
    assert app.get("/api/architectures")["allowsPrograms"] is True
    (folder / "two.py").write_text(PROGRAM)
    assert app.post("/api/architectures", {"path": str(folder / "two.py")})["name"] == "Two layers"
    assert (folder / "runs").read_text() == "run " and own(app) == ["Two layers"]
    (folder / "broken.py").write_text("import nothing_of_that_name\n")
    with pytest.raises(Refused) as error:
        app.post("/api/architectures", {"path": str(folder / "broken.py")})
    assert "nothing_of_that_name" in error.value.message and own(app) == ["Two layers"]
