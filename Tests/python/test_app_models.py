"""Networks of a project: they come in and go out as files, and what they say of a slice is what `ais segment` writes."""

import io
import json
import pathlib
import tarfile
import urllib.parse

import mrcfile
import numpy
import pytest
import tifffile
from app_server import App, Events, Refused
from test_model_preview import pixels

HERE = pathlib.Path(__file__).resolve().parent
SEGMENT = HERE.parent / "Fixtures" / "segment"
GROUP = HERE.parent / "Fixtures" / "interactions" / "reference.scnmgroup"


@pytest.fixture(scope="session")
def voxels(repository):
    with mrcfile.open(repository / "Examples" / "cell_c.mrc") as file:
        return numpy.array(file.data[20:40, 40:90, 30:98])


@pytest.fixture
def start(ais, tmp_path, voxels):
    """Starts servers on a project with one tomogram, and ends those that still run."""
    running = []

    def make(voxel_size=10.0):
        path = tmp_path / "rec" / "TS_01.mrc"
        if not path.exists():
            path.parent.mkdir()
            with mrcfile.new(path) as file:
                file.set_data(voxels)
                file.voxel_size = voxel_size
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        app = App(ais.path, home, "--root", SEGMENT.parent, paths=[path.parent])
        running.append(app)
        app.tomogram = path
        return app

    yield make
    for app in running:
        if app.process.poll() is None:
            app.kill()


def add(app, path, **more):
    return app.post(f"{app.at}/models", {"path": str(path), **more})


def models(app):
    return app.get(f"{app.at}/models")["models"]


def prediction(app, model, z, layer="raw", query="", headers=None):
    path = f"{app.at}/datasets/1/versions/1/predictions/{layer}/{model}/{z}{query}"
    status, found, content = app.request("GET", path, headers=headers)
    if status >= 400:
        raise Refused(status, content)
    if status == 304:
        return status, found, None
    shape = int(found["x-ais-height"]), int(found["x-ais-width"])
    return status, found, numpy.frombuffer(content, "u1").reshape(shape)


def segmented(ais, app, tmp_path, *arguments):
    """What the program writes for the whole tomogram, by title."""
    out = tmp_path / "out"
    ais("segment", *arguments, "-o", out, app.tomogram)
    found = {}
    for path in out.glob("*.mrc"):
        with mrcfile.open(path) as file:
            found[path.stem.split("__")[1]] = numpy.array(file.data)
    return found


def test_a_model_is_added_changed_copied_deleted_and_brought_back(start):
    app = start()
    answer = add(app, SEGMENT / "flat-global.scnm")
    (model,) = answer["models"]
    (found,) = models(app)
    assert found["id"] == model and found["state"] == "ready" and found["network"]["kind"] == "2D"
    assert found["source"]["kind"] == "file" and found["source"]["by"] == "Anna" and found["isActive"]
    app.edit({"kind": "change-model", "model": model, "title": "Membrane", "threshold": 0.25, "colour": {"red": 1, "green": 0, "blue": 0}})
    app.edit({"kind": "duplicate-model", "model": model})
    assert [other["title"] for other in models(app)] == ["Membrane", "Membrane 2"]
    assert models(app)[0]["version"] == models(app)[1]["version"]
    app.edit({"kind": "delete-model", "model": model})
    assert [other["title"] for other in models(app)] == ["Membrane 2"]
    app.post(f"{app.at}/undo")
    assert app.snapshot()["models"] == models(app)
    # Another process finds the same.
    before = models(app)
    assert app.stop() == 0
    app.start()
    assert models(app) == before


def test_a_file_that_is_sent_is_a_model_and_comes_back_with_what_was_changed(start):
    app = start()
    content = (SEGMENT / "stack-legacy.scnm").read_bytes()
    answer = app.json("POST", f"{app.at}/models/upload?name=mine.scnm", content)
    (model,) = answer["models"]
    assert models(app)[0]["source"] == {**models(app)[0]["source"], "kind": "upload", "name": "mine.scnm", "path": None}
    app.edit({"kind": "change-model", "model": model, "title": "Actin / thin", "threshold": 0.75, "augmentations": 3, "emits": True})
    status, headers, exported = app.request("GET", f"{app.at}/models/{model}/file")
    assert status == 200 and "Actin" in urllib.parse.unquote(headers["content-disposition"])
    with tarfile.open(fileobj=io.BytesIO(exported)) as archive:
        metadata = json.load(archive.extractfile(next(name for name in archive.getnames() if name.endswith("_metadata.json"))))
    assert (metadata["title"], metadata["threshold"], metadata["tta"], metadata["emit"]) == ("Actin / thin", 0.75, 3, True)
    again = app.json("POST", f"{app.at}/models/upload?name=again.scnm", exported)
    assert models(app)[1]["id"] == again["models"][0] and models(app)[1]["threshold"] == 0.75
    assert models(app)[1]["network"]["contentHash"] == models(app)[0]["network"]["contentHash"]


def test_a_model_leaves_with_a_picture_of_what_it_finds_in_a_slice(start):
    app = start()
    add(app, SEGMENT / "stack-legacy.scnm")
    app.edit({"kind": "change-model", "model": 1, "title": "Actin", "threshold": 0.02, "colour": {"red": 1, "green": 0, "blue": 0}})

    def parts(query=""):
        status, _, content = app.request("GET", f"{app.at}/models/1/file{query}")
        assert status == 200
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            return {name: archive.extractfile(name).read() for name in archive.getnames()}

    plain = parts()
    shown = parts("?dataset=1&version=1&slice=7")
    assert set(shown) - set(plain) <= {"Actin_preview.png", "Actin_slice.tiff"} <= set(shown)
    assert all(shown[name] == content for name, content in plain.items() if not name.endswith((".png", ".tiff")))
    size, rows = pixels(shown["Actin_preview.png"])
    assert size == (512, 512)
    grey, red = rows[:, 1:].reshape(512, 512, 3).min(axis=2), rows[:, 1:].reshape(512, 512, 3)[..., 0]
    assert (red > grey).mean() > 0.001, "what it finds is in the model's colour"
    with tifffile.TiffFile(io.BytesIO(shown["Actin_slice.tiff"])) as file:
        assert file.pages[0].shape[-2:] == (50, 68) or len(file.pages) > 0
    other = parts("?dataset=1&version=1&slice=12")
    assert other["Actin_slice.tiff"] != shown["Actin_slice.tiff"]
    # Where there is no picture to be had, the file comes as it is; what makes no sense is refused.
    assert parts("?dataset=1&version=1&slice=999") == plain
    status, _, _ = app.request("GET", f"{app.at}/models/1/file?dataset=9&slice=1")
    assert status == 404


@pytest.mark.parametrize("content", [b"", b"no model", (SEGMENT / "flat-global.scnm").read_bytes()[:9000]])
def test_files_that_are_no_models_are_refused_and_leave_nothing(start, content):
    app = start()
    with pytest.raises(Refused) as refused:
        app.json("POST", f"{app.at}/models/upload?name=bad.scnm", content)
    assert refused.value.status in (400, 500) and "bad.scnm" in refused.value.message
    for name in ("../x.scnm", ".x", "a/b.scnm", ""):
        with pytest.raises(Refused):
            app.json("POST", f"{app.at}/models/upload?name={urllib.parse.quote(name, safe='')}", content)
    assert models(app) == []
    folder = pathlib.Path(app.snapshot()["path"])
    assert not list(folder.glob("**/.upload-*")) and not list(folder.glob("models/*"))


@pytest.mark.parametrize("file, settings, arguments", [
    ("flat-global.scnm", {}, []),
    ("flat-global.scnm", {"augmentations": 4}, ["--tta", "4"]),
    ("flat-global.scnm", {"processingVoxelSizeAngstrom": 14}, ["--processing-voxel-size", "14A"]),
    ("stack-legacy.scnm", {}, []),
    ("stack-legacy.scnm", {"augmentations": 4, "processingVoxelSizeAngstrom": 14}, ["--tta", "4", "--processing-voxel-size", "14A"]),
    ("stack-global.scnm", {"processingVoxelSizeAngstrom": 0}, ["--processing-voxel-size", "native"]),
    ("slab-legacy.scnm", {}, []),
    ("slab-legacy.scnm", {"augmentations": 4, "processingVoxelSizeAngstrom": 8}, ["--tta", "4", "--processing-voxel-size", "8A"]),
    ("slab-global.scnm", {"augmentations": 4, "tiling": "exact"}, ["--tta", "4", "--tiling", "exact"]),
])
def test_predictions_are_what_segment_writes(ais, start, tmp_path, file, settings, arguments):
    app = start()
    (model,) = add(app, SEGMENT / file)["models"]
    if settings:
        app.edit({"kind": "change-model", "model": model, **settings})
    (expected,) = segmented(ais, app, tmp_path, "-m", SEGMENT / file, *arguments).values()
    for z in (0, 9, 19):
        _, headers, found = prediction(app, model, z)
        assert headers["x-ais-version"] == models(app)[0]["version"]
        numpy.testing.assert_array_equal(found, expected[z])
    # A part of a slice is that part, or the headers say that it is the whole.
    _, headers, part = prediction(app, model, 5, query="?region=7,11,20,30")
    y, x = int(headers["x-ais-y"]), int(headers["x-ais-x"])
    numpy.testing.assert_array_equal(part, expected[5][y : y + part.shape[0], x : x + part.shape[1]])


def test_predictions_are_kept_until_the_model_changes(start):
    app = start()
    (model,) = add(app, SEGMENT / "flat-global.scnm")["models"]
    _, first, values = prediction(app, model, 3)
    assert float(first["x-ais-seconds"]) >= 0 and first["cache-control"] == "private, no-cache"
    _, second, same = prediction(app, model, 3)
    assert float(second["x-ais-seconds"]) == 0 and second["etag"] == first["etag"]
    numpy.testing.assert_array_equal(values, same)
    assert prediction(app, model, 3, headers={"If-None-Match": first["etag"]})[0] == 304
    app.edit({"kind": "change-model", "model": model, "opacity": 0.1, "threshold": 0.9})
    assert prediction(app, model, 3, headers={"If-None-Match": first["etag"]})[0] == 304
    app.edit({"kind": "change-model", "model": model, "augmentations": 2})
    assert prediction(app, model, 3, headers={"If-None-Match": first["etag"]})[0] == 200
    about = app.get(f"{app.at}/datasets/1/versions/1/predictions")
    assert about["cached"] == [3] and about["models"][0]["seconds"] > 0 and about["models"][0]["measuredSeconds"] > 0


def test_competition_and_rules_are_those_of_segment(ais, start, tmp_path):
    app = start()
    answer = add(app, GROUP)
    assert len(answer["models"]) > 1 and answer["rules"]
    titles = {model["id"]: model["title"] for model in models(app)}
    expected = segmented(ais, app, tmp_path, "--group", GROUP)
    for model, title in titles.items():
        for z in (0, 10, 19):
            numpy.testing.assert_array_equal(prediction(app, model, z, "final")[2], expected[title][z], err_msg=f"{title} {z}")
    # What goes out is the same group.
    status, headers, content = app.request("GET", f"{app.at}/models/group?title=Again")
    assert status == 200 and "Again.scnmgroup" in headers["content-disposition"]
    (tmp_path / "Again.scnmgroup").write_bytes(content)
    again = segmented(ais, app, tmp_path / "second", "--group", tmp_path / "Again.scnmgroup")
    assert set(again) == set(expected)
    for title in expected:
        numpy.testing.assert_array_equal(again[title], expected[title])


def test_rules_take_effect_at_once_and_do_nothing_without_their_partner(start):
    app = start()
    (child,) = add(app, SEGMENT / "flat-global.scnm")["models"]
    (parent,) = add(app, SEGMENT / "flat-legacy.scnm")["models"]
    raw = prediction(app, child, 8)[2]
    other = prediction(app, parent, 8)[2]
    numpy.testing.assert_array_equal(prediction(app, child, 8, "final")[2], raw)
    entry = app.edit({"kind": "create-rule", "manner": "avoid", "child": child, "parent": parent, "radiusNanometer": 0, "threshold": 0.5})
    (rule,) = app.snapshot()["rules"]
    assert rule["kind"] == "avoid" and entry["kind"] == "create-rule"
    final = prediction(app, child, 8, "final")[2]
    sure = other > 128
    assert sure.any() and not final[sure].any()
    numpy.testing.assert_array_equal(final[other < 127], raw[other < 127])
    numpy.testing.assert_array_equal(prediction(app, child, 8, "competed")[2], raw)
    app.edit({"kind": "change-model", "model": parent, "isActive": False})
    numpy.testing.assert_array_equal(prediction(app, child, 8, "final")[2], raw)
    app.edit({"kind": "change-model", "model": parent, "isActive": True}, {"kind": "change-rule", "rule": rule["id"], "manner": "colocalize"})
    kept = prediction(app, child, 8, "final")[2]
    numpy.testing.assert_array_equal(kept[sure], raw[sure])
    app.edit({"kind": "set-setting", "name": "rules.dimension", "value": "\"3\""})
    numpy.testing.assert_array_equal(prediction(app, child, 8, "final")[2], kept)


def test_what_cannot_be_predicted_says_why(start):
    app = start()
    (model,) = add(app, SEGMENT / "flat-global.scnm")["models"]
    for z, layer in ((20, "raw"), (-1, "raw"), (3, "cooked")):
        with pytest.raises(Refused) as refused:
            prediction(app, model, z, layer)
        assert refused.value.status == 400
    with pytest.raises(Refused) as refused:
        prediction(app, 99, 0)
    assert refused.value.status == 404
    for region in ("1,2,3", "0,0,0,5", "0,0,51,5", "a,b,c,d"):
        with pytest.raises(Refused) as refused:
            prediction(app, model, 0, query=f"?region={region}")
        assert refused.value.status == 400
    app.edit({"kind": "change-dataset", "dataset": 1, "voxelSizeAngstrom": None})
    app.edit({"kind": "change-model", "model": model, "processingVoxelSizeAngstrom": 12})
    with pytest.raises(Refused) as refused:
        prediction(app, model, 0)
    assert refused.value.status == 409 and refused.value.remedy == {"kind": "voxel-size", "dataset": 1}
    assert app.get(f"{app.at}/datasets/1/versions/1/predictions")["models"][0]["error"]["code"] == "needs-decision"
    app.edit({"kind": "change-dataset", "dataset": 1, "voxelSizeAngstrom": 10})
    prediction(app, model, 0)
    # A file that is gone is told, and nothing else suffers.
    folder = pathlib.Path(app.snapshot()["path"]) / "models"
    (file,) = folder.glob("*.scnm")
    file.rename(folder / "elsewhere")
    assert models(app)[0]["state"] == "missing"
    with pytest.raises(Refused) as refused:
        prediction(app, model, 1)
    assert refused.value.status == 404 and "Put the file back" in refused.value.message


def test_a_copy_of_a_project_has_its_networks(start, tmp_path):
    app = start()
    (model,) = add(app, SEGMENT / "flat-global.scnm")["models"]
    values = prediction(app, model, 4)[2]
    copy = app.post(f"{app.at}/copy", {"path": str(tmp_path / "rec" / "Copy.ais")})
    app.project = app.post("/api/open", {"paths": [copy["path"]]})["project"]
    numpy.testing.assert_array_equal(prediction(app, model, 4)[2], values)
