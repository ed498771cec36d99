"""From segmentations to coordinates over the page's addresses: what is counted live is what `ais pick` writes, and what is written is
what a reader of others finds."""

import json
import pathlib
import shutil
import time

import mrcfile
import numpy
import pytest
import starfile
from app_server import App, Events, Refused
from scipy import ndimage

VOXEL = 10.0
RULES = {"threshold": 100, "spacingNanometer": 20, "minimumVolumeNanometer3": 300}
WORDS = ["-t", "100", "--spacing", "20nm", "--min-volume", "300nm3"]


@pytest.fixture(scope="module")
def volumes(repository):
    """A tomogram, and how certain something is of its large complexes: no two voxels alike by chance."""
    with mrcfile.open(repository / "Examples" / "cell_c.mrc") as file:
        tomogram = numpy.array(file.data)
    with mrcfile.open(repository / "Examples" / "cell_c_labels.mrc.gz") as file:
        labels = numpy.array(file.data)
    certain = ndimage.gaussian_filter((labels == 3).astype("f4") * 255, 1.2)
    certain += numpy.random.default_rng(5).uniform(0, 40, certain.shape)
    return tomogram, numpy.clip(certain, 0, 255).astype("u1")


def write(path, data, voxel=VOXEL):
    path.parent.mkdir(parents=True, exist_ok=True)
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(data)
        file.voxel_size = voxel
    return path


@pytest.fixture
def app(ais, tmp_path, volumes):
    """A project with two tomograms, and segmentations of both in a folder of their own."""
    tomogram, certain = volumes
    for name, turn in (("TS_01", slice(None)), ("TS_02", slice(None, None, -1))):
        write(tmp_path / "rec" / f"{name}.mrc", tomogram[:, :, turn])
        # Bytes with a sign, as this program writes them, and fractions.
        write(tmp_path / "seg" / f"{name}__FAS.mrc", (certain[:, :, turn] / 2).astype("i1"))
        write(tmp_path / "seg" / f"{name}__Other.mrc", (certain[:, :, turn] / 255).astype("f4"))
    home = tmp_path / "home"
    home.mkdir()
    app = App(ais.path, home, "--root", tmp_path, paths=[tmp_path / "rec"])
    app.seg, app.out = tmp_path / "seg", tmp_path
    yield app
    if app.process.poll() is None:
        app.kill()


def preview(app, path, **rules):
    return app.post(f"{app.at}/picks/preview", {"path": str(path), **RULES, **rules})


def picked(ais, app, *words, name="TS_01__FAS", seg=None):
    """What the program itself writes."""
    out = app.out / f"picked{len(list(app.out.iterdir()))}"
    ais("pick", "-o", out, *words, "--no-contact-sheet", seg or app.seg / f"{name}.mrc")
    return starfile.read(out / f"{name}_coords.star")


def zyx(table):
    return table[["rlnCoordinateZ", "rlnCoordinateY", "rlnCoordinateX"]].to_numpy()


def test_segmentations_are_listed_with_feature_and_tomogram(app):
    assert app.get(f"{app.at}/segmentations")["segmentations"] == []  # none beside the tomograms
    found = app.get(f"{app.at}/segmentations?folder={app.seg}")["segmentations"]
    assert [(one["feature"], one["tomogram"]) for one in found] == [("FAS", "TS_01"), ("FAS", "TS_02"), ("Other", "TS_01"), ("Other", "TS_02")]
    names = {dataset["id"]: dataset["name"] for dataset in app.snapshot()["datasets"]}
    assert [names[one["dataset"]] for one in found] == ["TS_01", "TS_02", "TS_01", "TS_02"]
    # Where runs write to, it is found without being named.
    (app.out / "rec" / "segmentations" / "run-1").mkdir(parents=True)
    shutil.copy(app.seg / "TS_01__FAS.mrc", app.out / "rec" / "segmentations" / "run-1")
    assert [one["tomogram"] for one in app.get(f"{app.at}/segmentations")["segmentations"]] == ["TS_01"]
    assert all(pathlib.Path(one["path"]).stat().st_size == one["byteCount"] for one in found)


@pytest.mark.parametrize("name, rules, words", [
    ("TS_01__FAS", {}, []),
    ("TS_01__FAS", {"threshold": "auto"}, ["-t", "auto"]),
    ("TS_01__Other", {"threshold": 127.5, "spacingNanometer": 12}, ["-t", "0.5", "--spacing", "12nm"]),
    ("TS_01__FAS", {"binning": 2, "threshold": 90}, ["--binning", "2", "-t", "90"]),
    ("TS_01__FAS", {"marginNanometer": 8, "limit": 4, "orientation": "long-axis"}, ["--margin", "8nm", "--limit", "4", "--orient", "long-axis"]),
    ("TS_01__FAS", {"seeds": "all", "spacingNanometer": 5}, ["--seeds", "all", "--spacing", "5nm"]),
    ("TS_01__FAS", {"region": {"x": [0, 120], "z": [4, 60]}}, ["--region", "0:120,:,4:60"]),
    ("TS_01__FAS", {"method": "surface", "spacingNanometer": 9}, ["--on-surface", "--every", "9nm"]),
    ("TS_01__FAS", {"method": "reference-centroids"}, ["--method", "reference-centroids"]),
])
def test_what_is_counted_live_is_what_the_program_writes(ais, app, name, rules, words):
    found = preview(app, app.seg / f"{name}.mrc", **rules)
    kept = WORDS if not {"--on-surface"} & set(words) else ["-t", "100"]
    if rules.get("method") == "surface":
        found = app.post(f"{app.at}/picks/preview", {"path": str(app.seg / f"{name}.mrc"), "threshold": 100, **rules})
    mine = [word for pair in zip(kept[::2], kept[1::2], strict=True) if pair[0] not in words for word in pair]
    table = picked(ais, app, *mine, *words, name=name)
    assert found["count"] == len(table) > 0
    numpy.testing.assert_allclose(numpy.array(found["points"]), zyx(table), atol=1e-6, rtol=0)  # row by row, to the last digit of the file
    assert f"{found['count']} {found['noun']}" in found["lines"][0]


def test_every_place_of_a_slider_gives_the_same(ais, app):
    """From one analysis: rising and falling thresholds, spacings and sizes."""
    path = app.seg / "TS_02__FAS.mrc"
    for threshold, spacing, smallest in ((60, 20, 300), (200, 20, 300), (60, 8, 300), (130, 8, 20), (130, 8, 3000), (30, 20, 300)):
        found = preview(app, path, threshold=threshold, spacingNanometer=spacing, minimumVolumeNanometer3=smallest)
        table = picked(ais, app, "-t", threshold, "--spacing", f"{spacing}nm", "--min-volume", f"{smallest}nm3", name="TS_02__FAS")
        assert found["count"] == len(table)
        if found["count"]:
            numpy.testing.assert_allclose(numpy.array(found["points"]), zyx(table).reshape(-1, 3), atol=1e-6, rtol=0)


def test_an_analysis_tells_size_spread_and_the_lowest_threshold(app, volumes):
    found = app.post(f"{app.at}/picks/analysis", {"path": str(app.seg / "TS_01__FAS.mrc")})
    shape = volumes[1].shape
    assert (found["shape"]["z"], found["shape"]["y"], found["shape"]["x"]) == shape
    assert sum(found["histogram"]) == volumes[1].size and len(found["histogram"]) == 256
    assert found["floor"] <= 8 and found["voxelSizeAngstrom"]["x"] == pytest.approx(VOXEL)


def test_planes_and_projection_are_the_segmentation(app, volumes):
    certain = (volumes[1] / 2).astype("i1")
    expected = numpy.ceil(certain.astype(float) / 127 * 255 - 1e-3).clip(0, 255)
    path = str(app.seg / "TS_01__FAS.mrc")
    floor = app.post(f"{app.at}/picks/analysis", {"path": path})["floor"]
    expected[expected <= floor] = 0

    def plane(**body):
        status, headers, content = app.request("POST", f"{app.at}/picks/planes", json.dumps({"path": path, **body}))
        assert status == 200, content
        return numpy.frombuffer(content, "u1").reshape(int(headers["x-ais-height"]), int(headers["x-ais-width"]))

    assert numpy.array_equal(plane(plane="xy", index=31), expected[31])
    assert numpy.array_equal(plane(plane="xz", index=77), expected[:, 77])
    assert numpy.array_equal(plane(plane="yz", index=90), expected[:, :, 90])
    assert numpy.array_equal(plane(plane="xy"), expected.max(axis=0))
    with pytest.raises(Refused, match="expected 0 to 63"):
        app.post(f"{app.at}/picks/planes", {"path": path, "plane": "xy", "index": 64})


def test_crops_are_cut_out_of_the_tomogram_and_the_segmentation(app, volumes):
    path = str(app.seg / "TS_01__Other.mrc")
    points = preview(app, path)["points"][:3] + [[0, 0, 0]]
    body = json.dumps({"path": path, "points": points, "side": 24})
    status, headers, content = app.request("POST", f"{app.at}/picks/crops", body)
    assert status == 200 and int(headers["x-ais-height"]) == 24
    pictures = numpy.frombuffer(content, "u1").reshape(len(points), 2, 24, 24)
    tomogram, certain = volumes[0], (volumes[1] / 255).astype("f4")
    for (z, y, x), (grey, value) in zip(numpy.round(points[:3]).astype(int), pictures[:3], strict=True):
        around = numpy.s_[z, y - 12 : y + 12, x - 12 : x + 12]
        numpy.testing.assert_allclose(value, numpy.ceil(certain[around] * 255 - 1e-3), atol=1)
        # The same picture in other grey values.
        assert numpy.corrcoef(grey.ravel(), tomogram[around].ravel())[0, 1] > 0.99
    # Around the corner three quarters lie outside of the volume.
    assert not pictures[3, :, :12].any() and not pictures[3, :, :, :12].any()


def test_picking_in_all_writes_what_the_program_writes_and_reads_it_back(ais, app):
    paths = [str(app.seg / f"TS_0{n}__FAS.mrc") for n in (1, 2)]
    job = app.job("picks", {"paths": paths, **RULES})
    assert job["state"] == "done", job
    details = job["details"]
    assert [one["tomogram"] for one in details["lists"]] == ["TS_01", "TS_02"]
    for one, path in zip(details["lists"], paths, strict=True):
        table = starfile.read(one["path"])
        theirs = picked(ais, app, *WORDS, name=pathlib.Path(path).stem, seg=path)
        assert table.equals(theirs)  # every column and row
        assert len(table) == one["particles"]
    assert details["particles"] == sum(one["particles"] for one in details["lists"])
    # It says where the files are, what their numbers mean, and that they were read again.
    assert f"{details['particles']} particles in 2 segmentations, read back and the same." in job["message"]
    assert "voxels" in details["frame"] and details["frame"].lower() in job["message"].lower()
    assert all(pathlib.Path(file).is_file() for file in job["files"])
    assert {pathlib.Path(file).suffix for file in job["files"]} == {".star", ".png", ".cxc"}
    status, _, content = app.request("GET", f"/api/download?path={details['lists'][0]['path']}")
    assert status == 200 and content == pathlib.Path(details["lists"][0]["path"]).read_bytes()


def test_the_script_for_chimerax_puts_everything_on_each_other(app):
    job = app.job("picks", {"paths": [str(app.seg / "TS_01__FAS.mrc")], **RULES})
    one = job["details"]["lists"][0]
    lines = pathlib.Path(one["script"]).read_text().splitlines()
    assert f'open "{app.out / "rec" / "TS_01.mrc"}" id 1' in lines
    assert f'open "{app.seg / "TS_01__FAS.mrc"}" id 2' in lines
    # Both volumes count from the first voxel in ångström, whatever their headers say.
    assert [f"volume #{n} voxelSize 10,10,10 originIndex 0,0,0" in lines for n in (1, 2)] == [True, True]
    table = starfile.read(one["path"])
    places = [[float(number) for number in line.split()[3].split(",")] for line in lines if line.startswith("marker #3 position ")]
    numpy.testing.assert_allclose(places, table[["rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ"]].to_numpy() * VOXEL, atol=2e-3)
    level = next(line for line in lines if " style surface " in line).split(" level ")[1].split()[0]
    assert float(level) == pytest.approx(100 / 255 * 127, abs=1e-2)  # of the file, which has bytes with a sign


def tomograms_star(path, names, size=(800, 800, 256), pixel=2.5):
    rows = "\n".join(f"{name} {pixel} {size[0]} {size[1]} {size[2]}" for name in names)
    path.write_text("data_global\n\nloop_\n_rlnTomoName\n_rlnTomoTiltSeriesPixelSize\n_rlnTomoSizeX\n_rlnTomoSizeY\n_rlnTomoSizeZ\n" + rows + "\n")
    return path


def test_for_relion_5_there_is_an_index_and_the_line_that_imports_it(app):
    table = tomograms_star(app.out / "tomograms.star", ["TS_01", "TS_02"])
    paths = [str(app.seg / f"TS_0{n}__FAS.mrc") for n in (1, 2)]
    with pytest.raises(Refused, match="tomograms.star"):
        app.post(f"{app.at}/picks", {"paths": paths, "format": "relion5", **RULES})
    job = app.job("picks", {"paths": paths, "format": "relion5", "tomogramsStar": str(table), **RULES})
    assert job["state"] == "done", job
    relion = job["details"]["relion"]
    assert relion["command"].startswith(f"relion_tomo_import_coordinates --i {relion['path']} --o ")
    index = starfile.read(relion["path"])
    assert list(index["rlnTomoName"]) == ["TS_01", "TS_02"]
    for name, file in zip(index["rlnTomoName"], index["rlnTomoImportParticleFile"], strict=True):
        listed = starfile.read(file)
        found = preview(app, app.seg / f"{name}__FAS.mrc")["points"]
        # The centre of the first binned voxel lies on that of the first unbinned one, as RELION reconstructs.
        expected = [[(x * 4 - 400) * 2.5, (y * 4 - 400) * 2.5, (z * 4 - 128) * 2.5] for z, y, x in found]
        numpy.testing.assert_allclose(listed[[f"rlnCenteredCoordinate{axis}Angst" for axis in "XYZ"]].to_numpy(), expected, atol=1e-3)
        assert set(listed["rlnTomoName"]) == {name}
    assert "ångström from the middle of the unbinned volume" in job["message"]


def test_text_says_by_how_much_it_is_rounded(app):
    job = app.job("picks", {"paths": [str(app.seg / "TS_01__FAS.mrc")], "format": "txt", **RULES})
    assert 0 < job["details"]["deviationVoxels"] <= 0.87 and "rounded by" in job["message"]
    exact = app.job("picks", {"paths": [str(app.seg / "TS_01__FAS.mrc")], "format": "imod", **RULES})
    assert exact["details"]["deviationVoxels"] < 1e-3 and "read back and the same" in exact["message"]


def test_a_segmentation_that_cannot_be_searched_does_not_stop_the_others(app):
    broken = app.seg / "TS_03__FAS.mrc"
    broken.write_bytes((app.seg / "TS_01__FAS.mrc").read_bytes()[:4000])
    job = app.job("picks", {"paths": [str(broken), str(app.seg / "TS_01__FAS.mrc")], **RULES})
    assert job["state"] == "done" and "1 could not be searched" in job["message"]
    first, second = job["details"]["lists"]
    assert "TS_03__FAS.mrc" in first["failure"] and first["particles"] is None and second["particles"] > 0
    assert not pathlib.Path(first["path"]).exists()


def test_an_unknown_voxel_size_is_asked_for(app, volumes):
    bare = write(app.seg / "bare__FAS.mrc", volumes[1], voxel=0)
    with pytest.raises(Refused) as refusal:
        preview(app, bare)
    assert refusal.value.code == "needs-decision" and "voxel" in refusal.value.message
    in_voxels = {"path": str(bare), "threshold": 100, "spacingVoxels": 20, "minimumVolumeVoxels": 300}
    assert app.post(f"{app.at}/picks/preview", in_voxels)["count"] > 0


@pytest.mark.parametrize("body, code, words", [
    ({"threshold": 300}, "usage", "300"), ({"threshold": "much"}, "usage", "threshold"), ({"binning": 0}, "usage", "binning"),
    ({"spacingNanometer": -1}, "usage", "spacingNanometer"), ({"method": "magic"}, "usage", "magic"), ({"orientation": "up"}, "usage", "up"),
    ({"region": {"x": [5, 5]}}, "usage", "region"), ({"limit": 1.5}, "usage", "limit"), ({"path": "/etc/passwd"}, "outside-roots", "/etc/passwd"),
    ({"path": "gone__FAS.mrc"}, "usage", "gone"),
])
def test_what_makes_no_sense_is_refused(app, body, code, words):
    with pytest.raises(Refused) as refusal:
        app.post(f"{app.at}/picks/preview", {"path": str(app.seg / "TS_01__FAS.mrc"), **RULES, **body})
    assert refusal.value.code == code and words in refusal.value.message


def test_a_segmentation_that_was_written_anew_is_read_anew(app, volumes):
    path = app.seg / "TS_01__FAS.mrc"
    assert preview(app, path)["count"] > 0
    write(path, numpy.zeros(volumes[1].shape, "i1"))
    found = preview(app, path)
    assert found["count"] == 0 and "empty" in " ".join(found["warnings"])


def test_pages_hear_how_far_reading_is_and_a_job_is_cancelled(app):
    events = Events(app)
    preview(app, app.seg / "TS_02__Other.mrc")
    assert events.next("pick")[2]["path"].endswith("TS_02__Other.mrc")
    events.close()
    paths = [str(app.seg / f"TS_0{n}__{feature}.mrc") for n in (1, 2) for feature in ("FAS", "Other")]
    job = app.post(f"{app.at}/picks", {"paths": paths, **RULES})
    app.json("DELETE", f"{app.at}/jobs/{job['id']}")
    end = time.monotonic() + 60
    while True:
        found = next(one for one in app.get(f"{app.at}/jobs")["jobs"] if one["id"] == job["id"])
        if found["state"] not in ("waiting", "running"):
            break
        assert time.monotonic() < end
    # However far it was: what is there is whole.
    assert found["state"] in ("cancelled", "done")
    written = sorted((app.out / "rec").rglob("*_coords.star"))
    assert len(written) == 4 or found["state"] == "cancelled"
    for file in written:
        assert len(starfile.read(file)) > 0
