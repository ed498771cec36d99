"""Lists that `ais coordinates convert` wrote, given to readers that we did not write, and theirs given to us."""

import json

import mrcfile
import numpy as np
import pytest

dynamotable = pytest.importorskip("dynamotable")
eulerangles = pytest.importorskip("eulerangles")
imodmodel = pytest.importorskip("imodmodel")
pd = pytest.importorskip("pandas")

VOXEL = 13.48


@pytest.fixture
def particles(tmp_path):
    """Forty particles with angles in a tomogram of odd and even sizes, as the program's own table."""
    rng = np.random.default_rng(7)
    size = np.array([201, 160, 75])
    points = rng.uniform(0, size - 1, (40, 3))
    angles = np.column_stack([rng.uniform(-180, 180, 40), rng.uniform(5, 175, 40), rng.uniform(-180, 180, 40)])
    with mrcfile.new(tmp_path / "TS_07.mrc") as file:
        file.set_data(np.zeros(tuple(size[::-1]), np.int8))
        file.voxel_size = VOXEL
    lines = ["data_particles", "", "loop_"] + [
        f"_{name}" for name in ["rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ", "rlnMicrographName", "rlnAngleRot",
                                "rlnAngleTilt", "rlnAnglePsi", "rlnClassNumber"]]
    for i, (p, a) in enumerate(zip(points, angles)):
        lines.append("\t".join([f"{v:.6f}" for v in p] + ["TS_07.mrc"] + [f"{v:.6f}" for v in a] + [str(i % 3 + 1)]))
    path = tmp_path / "picks.star"
    path.write_text("\n".join(lines) + "\n")
    return path, points, angles, size


def convert(ais, path, output, *arguments):
    ais("coordinates", "convert", path, "-t", path.parent / "TS_07.mrc", "-o", output, *arguments)
    return output


def ours(ais, path, *arguments):
    """The extent of a list as the program reads it."""
    return json.loads(ais("coordinates", "info", "--json", path, *arguments))["lists"][0]


def test_imodmodel_reads_our_model(ais, tmp_path, particles):
    path, points, angles, size = particles
    output = convert(ais, path, tmp_path / "TS_07.mod")
    frame = imodmodel.read(output)
    found = frame[["x", "y", "z"]].to_numpy() - [0.5, 0.5, 0]
    assert np.abs(found - points).max() * VOXEL < 1e-3
    model = imodmodel.ImodModel.from_file(output)
    assert (model.header.xmax, model.header.ymax, model.header.zmax) == tuple(size)
    assert model.header.pixelsize == pytest.approx(VOXEL / 10) and model.header.units == -9
    assert model.objects[0].header.flags.scattered
    # 3dmod's slicer turns the volume by z, then y, then x; its normal is the particle's z axis.
    slicer = imodmodel.read(output, annotation="slicer_angles")
    x, y, z = (np.radians(slicer[f"{axis}_rot"].to_numpy()) for axis in "xyz")
    normal = np.column_stack([
        -np.cos(z) * np.sin(y) * np.cos(x) + np.sin(z) * np.sin(x),
        np.sin(z) * np.sin(y) * np.cos(x) + np.cos(z) * np.sin(x),
        np.cos(y) * np.cos(x)])
    tilt, psi = np.radians(angles[:, 1]), np.radians(angles[:, 2])
    expected = np.column_stack([-np.sin(tilt) * np.cos(psi), np.sin(tilt) * np.sin(psi), np.cos(tilt)])
    assert np.abs(normal - expected).max() < 1e-5


def test_a_model_of_imodmodels_is_read(ais, tmp_path):
    points = np.array([[0.5, 0.5, 0], [10.25, 20.5, 30], [5, 6, 7]])
    frame = pd.DataFrame(points, columns=["x", "y", "z"])
    frame["object_id"], frame["contour_id"] = 0, 0
    imodmodel.write(frame, tmp_path / "a.mod")
    tomogram = ours(ais, tmp_path / "a.mod")["tomograms"][0]
    assert tomogram["lowestXYZ"] == [0, 0, 0]
    assert tomogram["highestXYZ"] == [9.75, 20, 30]


def test_dynamotable_reads_our_table_and_its_volumes(ais, tmp_path, particles):
    path, points, angles, _ = particles
    output = convert(ais, path, tmp_path / "list.tbl")
    table = dynamotable.read(output, output.with_suffix(".doc"))
    found = table[["x", "y", "z"]].to_numpy() + table[["dx", "dy", "dz"]].to_numpy() - 1
    assert np.abs(found - points).max() * VOXEL < 1e-3
    assert (table[["x", "y", "z"]].to_numpy() % 1 == 0).all()
    assert list(table["tomo"]) == [7] * 40
    assert list(table["class"]) == [i % 3 + 1 for i in range(40)]
    assert table["tomo_file"].iloc[0].endswith("TS_07.mrc")
    expected = eulerangles.convert_eulers(angles, source_meta="relion", target_meta="dynamo")
    theirs = table[["tdrot", "tilt", "narot"]].to_numpy()
    assert np.abs(matrices(theirs, "zxz") - matrices(expected, "zxz")).max() < 1e-5


def matrices(angles, axes):
    return eulerangles.euler2matrix(np.asarray(angles, float), axes=axes, intrinsic=False, right_handed_rotation=True)


def test_a_table_of_dynamotables_is_read(ais, tmp_path):
    frame = pd.DataFrame({"x": [11.0, 21.0], "y": [1.0, 2.0], "z": [5.0, 6.0], "dx": [0.5, 0.0], "tomo": [3, 3]})
    dynamotable.write(frame, tmp_path / "b.tbl")
    tomogram = ours(ais, tmp_path / "b.tbl")["tomograms"][0]
    assert tomogram["lowestXYZ"] == [10.5, 0, 4]
    assert tomogram["highestXYZ"] == [20, 1, 5]


@pytest.mark.parametrize("target", ["a.mod", "a.tbl", "a_info.json", "a.cbox", "stopgap.star", "a.csv"])
def test_the_way_there_and_back_moves_nothing(ais, tmp_path, particles, target):
    path, points, _, _ = particles
    options = ["--box", "31"] if target.endswith("cbox") else []
    if target == "stopgap.star":
        options += ["--to", "stopgap"]
    if target == "a_info.json":
        options += ["--to", "eman2"]
    there = convert(ais, path, tmp_path / target, *options)
    back = convert(ais, there, tmp_path / "back.txt", "--decimals", "6", "--to", "txt")
    found = np.loadtxt(back)[:, :3]
    assert np.abs(found - points).max() * VOXEL < 1e-3


def test_emans_boxes_count_from_the_centre(ais, tmp_path, particles):
    path, points, _, size = particles
    output = convert(ais, path, tmp_path / "TS_07_info.json", "--to", "eman2")
    document = json.loads(output.read_text())
    found = np.array([box[:3] for box in document["boxes_3d"]]) + size // 2
    assert document["apix_unbin"] == pytest.approx(VOXEL)
    assert np.abs(found - points).max() * VOXEL < 1e-3


def test_what_changes_positions_is_asked_for(ais, tmp_path, particles):
    path = particles[0]
    done = ais.run("coordinates", "convert", path, "-o", tmp_path / "x.json", "--to", "eman2")
    assert done.returncode == 1
    assert "the size and voxel size of 'TS_07' are needed" in done.stderr
    assert "'--size' and '--voxel-size'" in done.stderr
    assert not (tmp_path / "x.json").exists()


@pytest.mark.parametrize("command", ["convert", "merge", "filter"])
def test_what_is_known_of_the_tomogram_belongs_to_the_settings(ais, tmp_path, command):
    """Another voxel size gives other numbers: what is there is not taken for them."""
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("10\t20\t30\n")
    lists = [tmp_path / "a.txt"] + ([tmp_path / "b.txt"] if command == "merge" else [])
    words = ["coordinates", command, *lists, "-o", tmp_path / "x.json", "--to", "copick", "--tomogram-name", "T", "--voxel-size"]
    ais(*words, "10A")
    assert "already" in ais(*words, "10A")
    other = ais.run(*words, "5A")
    assert other.returncode == 1 and "--force" in other.stderr
    ais(*words, "5A", "--force")
    assert json.loads((tmp_path / "x.json").read_text())["points"][0]["location"]["x"] == 50


def test_columns_survive_the_way_through_imod(ais, tmp_path):
    (tmp_path / "a.txt").write_text("1\t2\t3\n4\t5\t6\n")
    ais("coordinates", "convert", tmp_path / "a.txt", "-o", tmp_path / "a.mod")
    ais("coordinates", "convert", tmp_path / "a.mod", "-o", tmp_path / "a.star")
    text = (tmp_path / "a.star").read_text()
    assert "imodObject" in text and "imodContour" in text


def test_several_tomograms_become_several_models(ais, tmp_path):
    rows = ["TS_01.mrc\t1\t2\t3", "TS_02.mrc\t4\t5\t6"]
    head = "data_\n\nloop_\n_rlnMicrographName\n_rlnCoordinateX\n_rlnCoordinateY\n_rlnCoordinateZ\n"
    (tmp_path / "all.star").write_text(head + "\n".join(rows) + "\n")
    refused = ais.run("coordinates", "convert", tmp_path / "all.star", "-o", tmp_path / "all.mod")
    assert refused.returncode == 1 and "give a folder" in refused.stderr
    ais("coordinates", "convert", tmp_path / "all.star", "-o", tmp_path / "models/", "--to", "imod")
    assert sorted(p.name for p in (tmp_path / "models").glob("*.mod")) == ["TS_01.mod", "TS_02.mod"]
    again = ais("coordinates", "convert", tmp_path / "all.star", "-o", tmp_path / "models/", "--to", "imod")
    assert "was there already" in again
