"""`ais pick` as people and programs use it: what is found where, formats, resuming, odd and hostile segmentations."""

import json
import os
import pathlib

import mrcfile
import numpy as np
import pytest
import tifffile


def write(path: pathlib.Path, values: np.ndarray, voxel_size: float = 10.0) -> pathlib.Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(values)
        file.voxel_size = voxel_size
    return path


def balls(shape, bodies, dtype=np.uint16, top=255) -> np.ndarray:
    """Balls (z, y, x, radius) of `top` in zeros."""
    z, y, x = np.ogrid[:shape[0], :shape[1], :shape[2]]
    values = np.zeros(shape, dtype)
    for bz, by, bx, radius in bodies:
        values[(z - bz) ** 2 + (y - by) ** 2 + (x - bx) ** 2 < radius**2] = top
    return values


def rows(path: pathlib.Path) -> list[dict]:
    columns, found = [], []
    for line in path.read_text().splitlines():
        if line.startswith("_"):
            columns.append(line.split()[0][1:])
        elif line.strip() and not line.startswith(("#", "data_", "loop_")):
            found.append(dict(zip(columns, line.split())))
    return found


def points(path: pathlib.Path) -> list[tuple]:
    return [tuple(float(row[f"rlnCoordinate{axis}"]) for axis in "XYZ") for row in rows(path)]


BODIES = [(20, 30, 41, 7), (22, 60, 20, 5.5), (33, 28, 80, 5)]


@pytest.fixture
def segmentation(tmp_path) -> pathlib.Path:
    return write(tmp_path / "TS_01__Ribosome.mrc", balls((48, 80, 100), BODIES))


def list_of(folder: pathlib.Path, stem: str = "TS_01__Ribosome") -> pathlib.Path:
    return folder / f"{stem}_coords.star"


def test_a_script_opens_all_in_chimerax(ais, tmp_path, segmentation):
    ais("pick", "-o", tmp_path / "out", "--chimerax", segmentation)
    lines = (tmp_path / "out" / "TS_01__Ribosome_coords.star.cxc").read_text().splitlines()
    assert f'open "{segmentation}" id 2' in lines  # no tomogram beside it: the segmentation alone
    markers = [tuple(float(number) / 10 for number in line.split()[3].split(",")) for line in lines if line.startswith("marker #3")]
    np.testing.assert_allclose(markers, points(list_of(tmp_path / "out")), atol=1e-3)
    account = json.loads((tmp_path / "out" / "TS_01__Ribosome_coords.star.json").read_text())
    assert {output["file"] for output in account["outputs"]} == {"TS_01__Ribosome_coords.star", "TS_01__Ribosome_coords.star.png", "TS_01__Ribosome_coords.star.cxc"}


def test_particles_are_where_they_are_the_heaviest_first(ais, tmp_path, segmentation):
    out = tmp_path / "out"
    text = ais("pick", "-o", out, segmentation)
    assert sorted(os.listdir(out)) == [
        "TS_01__Ribosome_coords.star", "TS_01__Ribosome_coords.star.json", "TS_01__Ribosome_coords.star.png"]
    assert points(list_of(out)) == [(41, 30, 20), (20, 60, 22), (80, 28, 33)]
    assert "3 particles" in text and "nm³" in text
    assert {row["rlnMicrographName"] for row in rows(list_of(out))} == {"TS_01"}
    record = json.loads((out / "TS_01__Ribosome_coords.star.json").read_text())
    assert record["schema"] == "ais.particles/1" and record["results"]["particles"] == 3
    assert record["settings"]["spacing"] == "10 nm" and record["inputs"][0]["path"] == str(segmentation)
    comments = [line for line in list_of(out).read_text().splitlines() if line.startswith("#")]
    assert any(record["fingerprint"] in line for line in comments)
    assert (out / "TS_01__Ribosome_coords.star.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("dtype,top", [(np.uint16, 255), (np.int8, 127), (np.float32, 1.0), (np.float32, 255.0), (np.int8, 1)])
def test_values_are_understood_by_their_type(ais, tmp_path, dtype, top):
    """Of each kind, a half that is just above the threshold and one that is just below."""
    values = balls((30, 60, 60), [(15, 15, 15, 6)], np.float64, top * 0.55) + balls((30, 60, 60), [(15, 40, 40, 6)], np.float64, top * 0.45)
    if top == 1 and dtype == np.int8:
        values = balls((30, 60, 60), [(15, 15, 15, 6)], np.float64, 1)
    elif np.issubdtype(dtype, np.floating):
        # What is certain somewhere tells the scale.
        values[0, 0, 0] = top
    write(tmp_path / "T__A.mrc", values.astype(dtype))
    ais("pick", "-o", tmp_path, "--min-volume", "5px", tmp_path / "T__A.mrc")
    assert points(list_of(tmp_path, "T__A")) == [(15, 15, 15)]


@pytest.mark.parametrize("binning", [1, 2, 3, 4])
def test_binning_does_not_shift_coordinates(ais, tmp_path, binning):
    """Blocks of 12 voxels on the grid of every bin: their centres are exact at all of them."""
    values = np.zeros((50, 73, 98), np.uint16)
    values[12:24, 24:36, 36:48] = 255
    write(tmp_path / "T__A.mrc", values)
    ais("pick", "-o", tmp_path, "--binning", binning, "--spacing", "30nm", "--min-volume", "9px", tmp_path / "T__A.mrc")
    assert points(list_of(tmp_path, "T__A")) == [(41.5, 29.5, 17.5)]


def test_thresholds_in_parts_and_automatic(ais, tmp_path):
    values = balls((40, 60, 60), [(20, 20, 20, 6)], top=110) + balls((40, 60, 60), [(20, 45, 45, 6)], top=90)
    write(tmp_path / "T__A.mrc", values)
    for threshold, count in [("100", 1), ("0.38", 1), ("0.3", 2), ("120", 0), ("auto", 2)]:
        out = tmp_path / threshold
        text = ais("pick", "-o", out, "--threshold", threshold, tmp_path / "T__A.mrc")
        assert len(points(list_of(out, "T__A"))) == count, threshold
        if threshold == "auto":
            assert "Otsu" in text
    for threshold in ("-1", "255", "nan", "half"):
        done = ais.run("pick", "-o", tmp_path / "no", "--threshold", threshold, tmp_path / "T__A.mrc")
        assert done.returncode == 2, threshold


def test_margin_region_mask_and_limit_drop_points_and_move_none(ais, tmp_path, segmentation):
    everything = [(41, 30, 20), (20, 60, 22), (80, 28, 33)]
    mask = np.zeros((48, 80, 100), np.int8)
    mask[:, 29:, :] = 1
    write(tmp_path / "mask.mrc", mask)
    for options, expected in [
        (["--margin", "20px"], [everything[0]]), (["--margin", "14nm"], everything),
        (["--region", "0:60,:,:"], everything[:2]), (["--region", ":,:,33:"], everything[2:]),
        (["--mask", tmp_path / "mask.mrc"], everything[:2]), (["--limit", "1"], everything[:1]),
    ]:
        ais("pick", "-o", tmp_path / "out", "--force", *options, segmentation)
        assert points(list_of(tmp_path / "out")) == expected, options
    done = ais.run("pick", "-o", tmp_path / "out", "--force", "--mask", write(tmp_path / "small.mrc", mask[:3]), segmentation)
    assert done.returncode == 1 and "small.mrc" in done.stderr


def test_the_same_line_again_goes_on_where_it_stopped(ais, tmp_path, segmentation):
    out = tmp_path / "out"
    ais("pick", "-o", out, segmentation)
    first = list_of(out).stat().st_mtime_ns
    assert "skipped" in ais("pick", "-o", out, segmentation)
    assert list_of(out).stat().st_mtime_ns == first
    other = ais.run("pick", "-o", out, "--spacing", "20nm", segmentation)
    assert other.returncode == 1 and "--force" in other.stderr
    list_of(out).write_text(list_of(out).read_text() + "# mine\n")
    changed = ais.run("pick", "-o", out, segmentation)
    assert changed.returncode == 1 and "changed" in changed.stderr
    assert list_of(out).read_text().endswith("# mine\n")
    ais("pick", "-o", out, "--force", segmentation)
    assert not list_of(out).read_text().endswith("# mine\n")


def test_a_second_list_in_another_format_lies_beside_the_first(ais, tmp_path, segmentation):
    out = tmp_path / "out"
    for extension, options in ("star", []), ("txt", ["--format", "txt"]):
        ais("pick", "-o", out, segmentation, *options)
        made = {f"TS_01__Ribosome_coords.{extension}{end}" for end in ("", ".json", ".png")}
        assert made <= set(os.listdir(out))


def test_one_bad_file_of_many_does_not_stop_the_others(ais, tmp_path):
    folder = tmp_path / "seg"
    for index in range(3):
        write(folder / f"T{index}__A.mrc", balls((30, 40, 40), [(15, 20, 20, 5 + index)]))
    write(folder / "T0__B.mrc", balls((30, 40, 40), [(15, 20, 20, 5)]))
    (folder / "T1__A.mrc").write_bytes((folder / "T1__A.mrc").read_bytes()[:5000])
    done = ais.run("pick", "-o", tmp_path / "out", "--feature", "A", folder)
    assert done.returncode == 1 and "T1__A.mrc" in done.stderr
    assert sorted(p.name for p in (tmp_path / "out").glob("*.star")) == ["T0__A_coords.star", "T2__A_coords.star"]
    assert "2 particles in 2 segmentations" in done.stdout
    lines = [json.loads(line) for line in ais.run(
        "pick", "-o", tmp_path / "json", "--json", folder / "T0__A.mrc", folder / "T2__A.mrc").stdout.splitlines()]
    assert [line["event"] for line in lines if line["event"] != "progress"] == ["plan", "start", "done", "start", "done", "end"]
    assert [line["results"]["particles"] for line in lines if line["event"] == "done"] == [1, 1]


def test_a_dry_run_says_what_would_be_done_and_does_nothing(ais, tmp_path, segmentation):
    text = ais("pick", "-o", tmp_path / "out", "--dry-run", segmentation)
    assert str(list_of(tmp_path / "out")) in text and not (tmp_path / "out").exists()


def test_two_inputs_of_one_name_are_refused_before_work(ais, tmp_path):
    for folder in ("a", "b"):
        write(tmp_path / folder / "T__A.mrc", balls((20, 20, 20), [(10, 10, 10, 5)]))
    done = ais.run("pick", "-o", tmp_path / "out", tmp_path / "a" / "T__A.mrc", tmp_path / "b" / "T__A.mrc")
    assert done.returncode == 1 and "both give" in done.stderr and not (tmp_path / "out").exists()


@pytest.mark.parametrize("voxel_size", [0.0, 1.0])
def test_an_unknown_voxel_size_is_asked_for_and_never_guessed(ais, tmp_path, voxel_size):
    path = write(tmp_path / "T__A.mrc", balls((30, 40, 40), [(15, 20, 20, 6)]), voxel_size)
    done = ais.run("pick", "-o", tmp_path / "out", path)
    assert done.returncode == 1 and "--voxel-size" in done.stderr and "--spacing 12px" in done.stderr
    assert not list_of(tmp_path / "out", "T__A").exists()
    ais("pick", "-o", tmp_path / "px", "--spacing", "10px", path)
    ais("pick", "-o", tmp_path / "size", "--voxel-size", "10A", path)
    assert points(list_of(tmp_path / "px", "T__A")) == points(list_of(tmp_path / "size", "T__A")) == [(20, 20, 15)]


@pytest.mark.parametrize("name", ["empty", "full", "one voxel", "nan", "one slice", "one row", "large labels"])
def test_odd_segmentations(ais, tmp_path, name):
    shape = {"one slice": (1, 30, 30), "one row": (1, 1, 30)}.get(name, (20, 24, 28))
    values = np.zeros(shape, np.float32)
    expected = 0
    if name == "full":
        values[:], expected = 1, 1
    elif name == "one voxel":
        values[3, 4, 5], expected = 1, 1
    elif name == "nan":
        values[:] = np.nan
        values[2:6, 2:6, 2:6], expected = 1, 1
    elif name in ("one slice", "one row"):
        values[..., 10:14], expected = 1, 1
    elif name == "large labels":
        values[2:5, 2:5, 2:5], values[12:15, 12:15, 12:15], expected = 2.0**32, 7, 1
    path = write(tmp_path / "T__A.mrc", values)
    options = ["--label", "7"] if name == "large labels" else []
    done = ais.run("pick", "-o", tmp_path, "--spacing", "60nm", "--min-volume", "1px", *options, path)
    assert done.returncode == 0, done.stderr
    assert len(points(list_of(tmp_path, "T__A"))) == expected
    if expected == 0:
        assert "no particle" in done.stderr


@pytest.mark.parametrize("command", ["pick", "mesh", "measure", "evaluate"])
def test_labels_of_32_bits_are_told_apart(ais, tmp_path, command):
    """Neighbours that single precision takes for one number."""
    values = np.zeros((20, 24, 28), np.uint32)
    values[2:5, 2:5, 2:5], values[12:15, 12:15, 12:17], values[12:15, 2:5, 2:5] = 2**32 - 1, 2**32 - 2, 2**24 + 1
    path = tmp_path / "T__L.tif"
    tifffile.imwrite(path, values)
    out = tmp_path / "out"
    sizes = {}
    for label in (2**32 - 1, 2**32 - 2, 2**24 + 1, 2**24):
        common = [path, "-o", out, "--label", label, "--force", "--voxel-size", "10A"]
        if command == "pick":
            ais.run("pick", *common, "--spacing", "6px", "--min-volume", "1px")
            sizes[label] = [float(row["aisParticleSize"]) for row in rows(list_of(out, "T__L"))]
        elif command == "mesh":
            text = ais.run("mesh", *common).stdout
            sizes[label] = [v["voxels"] for v in json.loads((out / "T__L.obj.json").read_text())["results"]["components"]] if "triangles" in text else []
        elif command == "measure":
            ais.run("measure", *common)
            sizes[label] = [int(line.split(",")[1]) for line in (out / "T__L_measures.csv").read_text().splitlines()[1:]]
        else:
            mask = write(tmp_path / "mask.mrc", (values == label).astype(np.uint16) * 255)
            done = ais.run("evaluate", mask, path, "--label", label, "--json")
            sizes[label] = json.loads(done.stdout)["best"]["dice"] if done.returncode == 0 else None
    if command == "evaluate":
        assert sizes == {2**32 - 1: 1, 2**32 - 2: 1, 2**24 + 1: 1, 2**24: None}
    else:
        assert sizes == {2**32 - 1: [27], 2**32 - 2: [45], 2**24 + 1: [27], 2**24: []}


def test_a_mask_in_sixteen_bits_is_explained(ais, tmp_path):
    path = write(tmp_path / "T__A.mrc", balls((30, 40, 40), [(15, 20, 20, 6)], top=1))
    done = ais.run("pick", "-o", tmp_path / "out", path)
    assert done.returncode == 0 and "--scale labels" in done.stderr
    ais("pick", "-o", tmp_path / "labels", "--scale", "labels", path)
    assert len(points(list_of(tmp_path / "labels", "T__A"))) == 1


def test_text_formats_and_orientations(ais, tmp_path):
    values = np.zeros((40, 50, 60), np.uint16)
    values[18:23, 23:28, 10:50] = 255
    path = write(tmp_path / "T__A.mrc", values)
    ais("pick", "-o", tmp_path / "txt", "--format", "txt", "--spacing", "60nm", "--min-volume", "100px", path)
    assert (tmp_path / "txt" / "T__A_coords.txt").read_text().split() == ["30", "25", "20"]
    ais("pick", "-o", tmp_path / "star", "--spacing", "60nm", "--min-volume", "100px", "--orient", "long-axis", "--no-contact-sheet", path)
    row = rows(list_of(tmp_path / "star", "T__A"))[0]
    tilt, psi = np.radians(float(row["rlnAngleTilt"])), np.radians(float(row["rlnAnglePsi"]))
    assert abs(np.sin(tilt) * np.cos(psi)) > 0.999 and float(row["rlnAngleRot"]) == 0
    assert not list((tmp_path / "star").glob("*.png"))


TOMOGRAMS = """data_global

loop_
_rlnTomoName #1
_rlnTomoTiltSeriesPixelSize #2
_rlnTomoSizeX #3
_rlnTomoSizeY #4
_rlnTomoSizeZ #5
T 2.5 240 200 160
"""


def test_formats_that_need_more_than_the_tomogram_ask_before_the_search(ais, tmp_path):
    path = write(tmp_path / "T__A.mrc", balls((40, 50, 60), [(20, 25, 30, 6)]))
    command = ["pick", "-o", tmp_path / "out", "--spacing", "10nm", path, "--format"]
    for format, option in [("relion5", "--tomograms"), ("relion4", "--tomograms"), ("cryolo", "--box"), ("m", "warp")]:
        done = ais.run(*command, format)
        assert done.returncode == 1 and option in done.stderr, (format, done.stderr)
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())
    (tmp_path / "tomograms.star").write_text(TOMOGRAMS)
    relion = [*command, "relion5", "--tomograms", tmp_path / "tomograms.star"]
    ais(*relion)
    row = rows(list_of(tmp_path / "out", "T__A"))[0]
    # Voxels of 10 Å; half of 240 pixels of 2.5 Å lies before the middle.
    assert float(row["rlnCenteredCoordinateXAngst"]) == 30 * 10 - 240 / 2 * 2.5
    other = ais.run(*relion, "--center", "n/2-1")
    assert other.returncode == 1 and "--force" in other.stderr
    ais(*relion, "--center", "n/2-1", "--force")
    assert float(rows(list_of(tmp_path / "out", "T__A"))[0]["rlnCenteredCoordinateXAngst"]) == 2.5
    ais(*command, "cryolo", "--box", "12", "--no-contact-sheet")
    assert (tmp_path / "out" / "T__A_coords.cbox").exists()


def test_memory_is_a_promise(ais, tmp_path):
    path = write(tmp_path / "T__A.mrc", np.full((120, 200, 200), 255, np.uint16))
    done = ais.run("pick", "-o", tmp_path / "out", "--memory", "120MiB", "--spacing", "100nm", path)
    assert done.returncode == 1 and "--memory" in done.stderr and "--binning" in done.stderr
    ais("pick", "-o", tmp_path / "out", "--memory", "400MiB", "--binning", "4", "--spacing", "100nm", path)
    # As the reference program does, which keeps the distances of the whole volume in memory.
    values = np.full((120, 200, 200), 255, np.uint16)
    values[60, 100, 100] = 0
    write(path, values)
    peaks = ["--method", "reference-peaks", "--spacing", "10nm", "--no-contact-sheet", "--force", path]
    done = ais.run("pick", "-o", tmp_path / "out", "--memory", "80MiB", *peaks)
    assert done.returncode == 1 and "--memory" in done.stderr and "--binning" in done.stderr
    assert ais.peak_memory("pick", "-o", tmp_path / "out", "--memory", "150MiB", *peaks) < 150 << 20


def test_wrong_options_are_wrong_usage(ais, tmp_path, segmentation):
    for options, word in [
        (["--spacing", "10"], "unit"), (["--min-volume", "30nm"], "volume"), (["--binning", "0"], "binning"),
        (["--region", "1:2"], "box"), (["--method", "reference-peaks", "--orient", "normal"], "orient"),
        (["--limit", "0"], "limit"), (["--label", "0"], "label"), (["--format", "docx"], "docx"),
    ]:
        done = ais.run("pick", "-o", tmp_path / "out", *options, segmentation)
        assert done.returncode == 2 and word in done.stderr, (options, done.stderr)
