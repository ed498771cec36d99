"""Annotated datasets with their tomogram inside, read by Python's own unpickler and by mrcfile."""

import gzip
import json
import shutil

import mrcfile
import pytest
import scns
from app_server import stroke
from test_app_work import start, tomogram  # noqa: F401


@pytest.fixture
def project(ais, tmp_path):
    """A project with a painted slice and a box, and its tomogram."""
    path = tomogram(tmp_path / "T.mrc")
    folder = tmp_path / "P.ais"
    ais("project", "new", folder, path)
    edits = [{"kind": "create-feature", "title": "Membrane"}, stroke(1, 2, 5, 6, 7, 8), {"kind": "place-box", "dataset": 1, "feature": 1, "slice": 2, "y": 8, "x": 9}]
    ais("project", "edit", folder, input="".join(json.dumps({"edits": [edit]}) + "\n" for edit in edits))
    return folder, path


def check(file, path):
    dataset, features = scns.read(file)
    assert dataset.state["includes_map"] is True and dataset.state["path" if "path" in dataset.state else "scns_path"]
    found = dataset.state["map"]
    with mrcfile.open(path) as original:
        assert found.data.dtype == original.data.dtype and (found.data == original.data).all()
        assert found.voxel_size == original.voxel_size and found.header.nx == original.header.nx
    [(title, masks, boxes, _)] = features
    assert title == "Membrane" and masks[2].sum() == 56 and boxes == {2: [(9, 8)]}


def test_the_tomogram_is_in_the_file_voxel_by_voxel(ais, tmp_path, project):
    folder, path = project
    ais("project", "export", folder, "-o", tmp_path / "out", "--as", "scns", "--with-tomogram")
    file = tmp_path / "out" / "T.scns"
    check(file, path)
    assert file.stat().st_size > path.stat().st_size
    # Ours again, and the annotation is the same.
    ais("project", "new", tmp_path / "Q.ais", path)
    ais("project", "import", tmp_path / "Q.ais", file)
    ais("project", "export", tmp_path / "Q.ais", "-o", tmp_path / "again", "--as", "scns")
    (_, first), (_, second) = scns.read(file), scns.read(tmp_path / "again" / "T.scns")
    assert (first[0][1][2] == second[0][1][2]).all() and first[0][2] == second[0][2]


def test_what_cannot_be_put_in_is_said(ais, tmp_path, project):
    folder, path = project
    done = ais.run("project", "export", folder, "-o", tmp_path / "out", "--as", "volumes", "--with-tomogram")
    assert done.returncode == 2 and "only .scns files hold tomograms" in done.stderr
    packed = tmp_path / "C.mrc.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    shutil.rmtree(folder)
    ais("project", "new", folder, packed)
    ais("project", "edit", folder, input='{"edits": [{"kind": "create-feature", "title": "M"}]}\n' + json.dumps({"edits": [stroke(1, 0, 1, 1)]}) + "\n")
    done = ais.run("project", "export", folder, "-o", tmp_path / "out", "--as", "scns", "--with-tomogram")
    assert done.returncode == 1 and "expected an MRC file that is not compressed" in done.stderr
    packed.unlink()
    done = ais.run("project", "export", folder, "-o", tmp_path / "out", "--as", "scns", "--with-tomogram")
    assert done.returncode == 1 and "is not where it was" in done.stderr
    assert not list((tmp_path / "out").iterdir())


def test_the_app_exports_it_as_a_job(start, tmp_path):  # noqa: F811
    app = start(tomogram(tmp_path / "T.mrc"))
    feature = app.feature()
    app.edit(stroke(feature, 2, 5, 6, 7, 8), {"kind": "place-box", "dataset": 1, "feature": feature, "slice": 2, "y": 8, "x": 9})
    done = app.job("exports", {"kind": "scns", "dataset": 1, "includesTomogram": True})
    assert done["state"] == "done", done
    check(done["files"][0], tmp_path / "T.mrc")
    small = app.job("exports", {"kind": "scns", "dataset": 1})
    assert "includes_map" not in scns.read(small["files"][0])[0].state


def test_a_file_with_a_tomogram_is_refused_when_it_was_cut_off(ais, tmp_path, project):
    folder, path = project
    ais("project", "export", folder, "-o", tmp_path / "out", "--as", "scns", "--with-tomogram")
    content = (tmp_path / "out" / "T.scns").read_bytes()
    ais("project", "new", tmp_path / "Q.ais", path)
    for count in (10, len(content) // 2, len(content) - 1):
        (tmp_path / "cut.scns").write_bytes(content[:count])
        done = ais.run("project", "import", tmp_path / "Q.ais", tmp_path / "cut.scns")
        assert done.returncode == 1 and "cut.scns" in done.stderr, count
