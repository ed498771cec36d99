"""`ais measure` on phantoms of known sizes and distances, and against SciPy."""

import csv
import json

import mrcfile
import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import cKDTree


def read_csv(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def write_volume(path, values, voxel_size=10.0):
    with mrcfile.new(path) as file:
        file.set_data(values)
        file.voxel_size = voxel_size
    return path


def ball(shape, centre, radius, soft=False):
    """1 inside a ball around (z, y, x), in voxels; with soft edges one voxel wide that cross one half at the radius."""
    grid = np.indices(shape) - np.array(centre)[:, None, None, None]
    distance = np.sqrt((grid**2).sum(0))
    return np.clip(radius - distance + 0.5, 0, 1) if soft else (distance <= radius).astype(float)


BALLS = [((20.3, 22.1, 24.6), 9.0), ((40.0, 60.7, 30.2), 12.0), ((30.4, 30.9, 75.5), 7.5)]
SHAPE = (60, 90, 100)


@pytest.fixture(params=["grey", "mask"])
def balls(request, tmp_path):
    soft = request.param == "grey"
    values = sum(ball(SHAPE, *b, soft=soft) for b in BALLS)
    data = (values * 255).astype(np.uint16) if soft else values.astype(np.int8)
    return write_volume(tmp_path / "TS_1__Vesicle.mrc", data), data, soft


def test_components_are_those_of_scipy_and_have_the_size_of_their_formula(ais, balls, tmp_path):
    path, data, soft = balls
    ais("measure", path, "-o", tmp_path / "out")
    rows = read_csv(tmp_path / "out" / "TS_1__Vesicle_measures.csv")
    parts, count = ndimage.label(data > (128 if soft else 0))
    assert len(rows) == count == 3
    centres = np.array(ndimage.center_of_mass(parts > 0, parts, range(1, count + 1)))
    radii = {tuple(np.round(c).astype(int)): r for c, r in BALLS}
    nearest = cKDTree(centres).query(centres, 2)[0][:, 1]
    for number, row in enumerate(rows):
        voxels = int((parts == number + 1).sum())
        assert int(row["voxels"]) == voxels and float(row["volume_nm3"]) == pytest.approx(voxels, abs=1e-3)
        assert [float(row[axis]) for axis in "zyx"] == pytest.approx(centres[number], abs=1e-3)
        radius = radii[tuple(np.round(centres[number]).astype(int))]
        assert float(row["area_nm2"]) == pytest.approx(4 * np.pi * radius**2, rel=0.01 if soft else 0.015)
        assert float(row["sphericity"]) == pytest.approx(1, abs=0.03)
        assert float(row["nearest_component_nm"]) == pytest.approx(nearest[number], abs=1e-3)
        assert row["touches_border"] == "0"
    (summary,) = read_csv(tmp_path / "out" / "summary.csv")
    assert (summary["tomogram"], summary["feature"], summary["count"]) == ("TS_1", "Vesicle", "3")
    assert float(summary["density_per_um3"]) == pytest.approx(3 / np.prod(SHAPE) * 1e9, rel=1e-6)


def test_distances_to_a_ball_are_those_of_the_formula(ais, tmp_path):
    centre, radius = np.array([30.2, 45.4, 50.1]), 20.0
    surface = write_volume(tmp_path / "TS_1__Ball.mrc", ball(SHAPE, centre, radius, soft=True).astype(np.float32))
    random = np.random.default_rng(1)
    points = random.uniform(0, 1, (200, 3)) * np.array(SHAPE)
    picks = tmp_path / "TS_1__Ribosome_coords.csv"
    picks.write_text("x,y,z\n" + "".join(f"{x},{y},{z}\n" for z, y, x in points))
    ais("measure", picks, "--to", surface, "--voxel-size", "10A", "-o", tmp_path / "out")
    rows = read_csv(tmp_path / "out" / "TS_1__Ribosome_coords_measures.csv")
    expected = np.linalg.norm(points - centre, axis=1) - radius
    found = np.array([float(row["Ball_nm"]) for row in rows])
    assert np.abs(found - expected).max() < 0.1
    nearest = cKDTree(points).query(points, 2)[0][:, 1]
    assert [float(row["nearest_particle_nm"]) for row in rows] == pytest.approx(nearest, abs=1e-3)


def test_dust_that_is_left_out_is_no_inside(ais, tmp_path):
    values = ball(SHAPE, (30, 45, 20), 10, soft=True) + ball(SHAPE, (30, 45, 70), 2, soft=True)
    surface = write_volume(tmp_path / "T__Ball.mrc", values.astype(np.float32))
    (tmp_path / "T__A_coords.csv").write_text("x,y,z\n70,45,30\n20,45,30\n")
    ais("measure", tmp_path / "T__A_coords.csv", "--to", surface, "--voxel-size", "10A", "-o", tmp_path / "out",
        "--min-volume", "500nm3")
    rows = read_csv(tmp_path / "out" / "T__A_coords_measures.csv")
    assert [float(row["Ball_nm"]) for row in rows] == pytest.approx([40, -10], abs=0.15)


def test_components_know_the_way_to_another_feature(ais, tmp_path):
    vesicle = ball(SHAPE, (30, 45, 20), 10, soft=True)
    membrane = np.zeros(SHAPE)
    membrane[:, :, 80:84] = 1
    paths = [
        write_volume(tmp_path / f"TS_1__{name}.mrc", values.astype(np.float32))
        for name, values in [("Vesicle", vesicle), ("Membrane", membrane)]
    ]
    ais("measure", paths[0], "--to", paths[1], "-o", tmp_path / "out", "--smooth", "0")
    (row,) = read_csv(tmp_path / "out" / "TS_1__Vesicle_measures.csv")
    # The membrane's surface lies half-way between voxels 79 and 80.
    assert float(row["Membrane_from_centre_nm"]) == pytest.approx(59.5, abs=0.05)
    assert float(row["Membrane_gap_nm"]) == pytest.approx(49.5, abs=0.1)


def test_voxels_that_are_no_cubes_count_with_their_edges(ais, tmp_path):
    grid = (np.indices((40, 60, 60)) - np.array([20.2, 30.4, 29.7])[:, None, None, None]) * np.array([2, 1, 1])[
        :, None, None, None
    ]
    values = np.clip(14 - np.sqrt((grid**2).sum(0)) + 0.5, 0, 1)
    path = write_volume(tmp_path / "T__Ball.mrc", values.astype(np.float32), (10, 10, 20))
    ais("measure", path, "-o", tmp_path / "out")
    (row,) = read_csv(tmp_path / "out" / "T__Ball_measures.csv")
    assert float(row["volume_nm3"]) == pytest.approx(4 / 3 * np.pi * 14**3, rel=0.01)
    assert float(row["area_nm2"]) == pytest.approx(4 * np.pi * 14**2, rel=0.02)
    assert float(row["extent_z_nm"]) == pytest.approx(28, abs=2)


@pytest.mark.parametrize("bin", [2, 4])
def test_binning_keeps_sizes_and_places(ais, tmp_path, bin):
    path = write_volume(tmp_path / "T__Ball.mrc", ball((80, 81, 83), (40, 39.5, 41.5), 25, soft=True).astype(np.float32))
    ais("measure", path, "-o", tmp_path / "out", "--bin", bin)
    (row,) = read_csv(tmp_path / "out" / "T__Ball_measures.csv")
    assert float(row["area_nm2"]) == pytest.approx(4 * np.pi * 25**2, rel=0.02)
    assert [float(row[axis]) for axis in "zyx"] == pytest.approx([40, 39.5, 41.5], abs=0.05 * bin)


def test_a_label_and_dust(ais, tmp_path):
    labels = np.zeros((20, 30, 30), np.int8)
    labels[2:6, 2:6, 2:6], labels[10:12, 10:12, 10:12], labels[15:18, 2:9, 20:25] = 2, 2, 1
    path = write_volume(tmp_path / "labels.mrc", labels)
    ais("measure", path, "--label", "2", "--min-volume", "20nm3", "-o", tmp_path / "out")
    (row,) = read_csv(tmp_path / "out" / "labels_measures.csv")
    assert row["voxels"] == "64"


def test_many_inputs_resume_and_one_that_fails_does_not_stop_the_others(ais, tmp_path):
    folder = tmp_path / "seg"
    folder.mkdir()
    for number in range(3):
        write_volume(folder / f"TS_{number}__Ball.mrc", ball((20, 30, 30), (10, 15, 15), 4 + number).astype(np.int8))
        (folder / f"TS_{number}__Ball.json").write_text("{}")
    write_volume(folder / "TS_0.mrc", np.ones((20, 30, 30), np.int8))
    (folder / "TS_9__Ball.mrc").write_bytes(b"no volume" * 300)
    done = ais.run("measure", folder, "-o", tmp_path / "out")
    assert done.returncode == 1 and "TS_9__Ball.mrc" in done.stderr
    assert [row["tomogram"] for row in read_csv(tmp_path / "out" / "summary.csv")] == ["TS_0", "TS_1", "TS_2"]
    (folder / "TS_9__Ball.mrc").unlink()
    before = (tmp_path / "out" / "TS_1__Ball_measures.csv").stat().st_mtime_ns
    lines = [json.loads(line) for line in ais("measure", folder, "-o", tmp_path / "out", "--json").splitlines()]
    assert (tmp_path / "out" / "TS_1__Ball_measures.csv").stat().st_mtime_ns == before
    ends = [line for line in lines if line["event"] == "done"]
    assert len(ends) == 3 and all(line["skipped"] and not line["written"] for line in ends)
    assert len(read_csv(tmp_path / "out" / "summary.csv")) == 3


def test_particles_have_a_density_where_the_size_of_their_tomogram_is_known(ais, tmp_path):
    """Given, from the tomogram's header, or from the segmentation that distances are measured to; else there is none."""
    (tmp_path / "T_coords.csv").write_text("x,y,z\n" + "".join(f"{i},{i},{i}\n" for i in range(6)))
    volume = write_volume(tmp_path / "T__X.mrc", np.ones((10, 20, 30), np.int8), 8.0)
    expected = 6 / (10 * 20 * 30 * 0.8**3) * 1e9
    cases = [
        ([], None), (["--size", "30,20,10"], expected), (["--tomogram", volume], expected), (["--to", volume], expected)]
    for number, (options, density) in enumerate(cases):
        folder = tmp_path / f"out{number}"
        ais("measure", tmp_path / "T_coords.csv", "--voxel-size", "8A", "-o", folder, *options)
        (row,) = read_csv(folder / "summary.csv")
        assert row["count"] == "6"
        if density is None:
            assert row["density_per_um3"] == ""
        else:
            assert float(row["density_per_um3"]) == pytest.approx(density, rel=1e-6)


def test_dust_is_given_in_any_unit(ais, balls, tmp_path):
    path, data, _ = balls
    counts = []
    for number, dust in enumerate(["2500nm3", "2500000A3", "2500px"]):
        ais("measure", path, "-o", tmp_path / f"out{number}", "--min-volume", dust)
        counts.append(len(read_csv(tmp_path / f"out{number}" / "TS_1__Vesicle_measures.csv")))
    assert counts == [2, 2, 2]


class TestOddInput:
    def one(self, ais, tmp_path, values, *options, voxel_size=10.0):
        path = write_volume(tmp_path / "T__X.mrc", values, voxel_size)
        ais("measure", path, "-o", tmp_path / "out", *options)
        return read_csv(tmp_path / "out" / "T__X_measures.csv")

    def test_nothing_at_all(self, ais, tmp_path):
        assert self.one(ais, tmp_path, np.zeros((4, 5, 6), np.int8)) == []
        assert (tmp_path / "out" / "T__X_measures.png").stat().st_size > 100

    def test_all_ones_and_one_slice(self, ais, tmp_path):
        (row,) = self.one(ais, tmp_path, np.ones((1, 5, 6), np.int8))
        assert row["voxels"] == "30" and row["touches_border"] == "1" and row["nearest_component_nm"] == ""

    def test_one_voxel(self, ais, tmp_path):
        values = np.zeros((5, 5, 5), np.int8)
        values[2, 2, 2] = 1
        (row,) = self.one(ais, tmp_path, values)
        assert row["voxels"] == "1" and float(row["area_nm2"]) > 1 and float(row["sphericity"]) < 1

    def test_what_is_no_number_is_outside(self, ais, tmp_path):
        values = np.full((5, 5, 5), np.nan, np.float32)
        values[1:4, 1:4, 1:4] = 1
        (row,) = self.one(ais, tmp_path, values)
        assert row["voxels"] == "27" and np.isfinite(float(row["area_nm2"]))

    def test_an_unknown_voxel_size_is_asked_for(self, ais, tmp_path):
        path = write_volume(tmp_path / "T__X.mrc", np.ones((3, 3, 3), np.int8), 0)
        done = ais.run("measure", path, "-o", tmp_path / "out")
        assert done.returncode == 1 and "--voxel-size" in done.stderr
        ais("measure", path, "-o", tmp_path / "out", "--voxel-size", "10A")

    def test_an_empty_list_and_an_empty_target(self, ais, tmp_path):
        (tmp_path / "T__A_coords.csv").write_text("x,y,z\n")
        (tmp_path / "T__B_coords.csv").write_text("x,y,z\n1,2,3\n")
        target = write_volume(tmp_path / "T__X.mrc", np.zeros((4, 5, 6), np.int8))
        ais("measure", tmp_path / "T__A_coords.csv", tmp_path / "T__B_coords.csv", "--to", target, "--voxel-size", "10A",
            "-o", tmp_path / "out")
        assert read_csv(tmp_path / "out" / "T__A_coords_measures.csv") == []
        (row,) = read_csv(tmp_path / "out" / "T__B_coords_measures.csv")
        assert row["nearest_particle_nm"] == "" and row["X_nm"] == ""

    @pytest.mark.parametrize("voxel_size", [1.0, 4000.0])
    def test_a_voxel_size_that_cannot_be_right_is_doubted(self, ais, tmp_path, voxel_size):
        path = write_volume(tmp_path / "T__X.mrc", np.ones((30, 40, 50), np.int8), voxel_size)
        done = ais.run("measure", path, "-o", tmp_path / "out")
        assert done.returncode == 1 and "--voxel-size" in done.stderr
        assert not (tmp_path / "out" / "T__X_measures.csv").exists()

    def test_numbers_of_unknown_meaning_are_not_taken_for_labels(self, ais, tmp_path):
        values = np.zeros((8, 9, 10), np.int16)
        values[2:4, 2:4, 2:4], values[5:7, 5:7, 5:7] = 1, 3
        path = write_volume(tmp_path / "T__X.mrc", values)
        done = ais.run("measure", path, "-o", tmp_path / "out")
        assert done.returncode == 0 and "--scale labels" in done.stderr
        assert read_csv(tmp_path / "out" / "T__X_measures.csv") == []
        ais("measure", path, "-o", tmp_path / "out", "--scale", "labels", "--force")
        assert [row["voxels"] for row in read_csv(tmp_path / "out" / "T__X_measures.csv")] == ["8", "8"]

    def test_numbers_that_are_no_labels_are_refused(self, ais, tmp_path):
        path = write_volume(tmp_path / "T__X.mrc", np.ones((3, 3, 3), np.int8))
        for label in (2**32 + 1, 0):
            done = ais.run("measure", path, "-o", tmp_path / "out", "--label", label)
            assert done.returncode == 2 and "4294967296" in done.stderr

    def test_outputs_that_would_replace_each_other_or_an_input(self, ais, tmp_path):
        paths = []
        for folder in "ab":
            (tmp_path / folder).mkdir()
            paths.append(write_volume(tmp_path / folder / "T__X.mrc", np.ones((3, 3, 3), np.int8)))
        done = ais.run("measure", *paths, "-o", tmp_path / "out")
        assert done.returncode == 1 and "T__X_measures.csv" in done.stderr and not (tmp_path / "out").exists()
        (tmp_path / "summary.csv").write_text("x,y,z\n1,2,3\n")
        done = ais.run("measure", tmp_path / "summary.csv", "-o", tmp_path, "--voxel-size", "10A", "--force")
        assert done.returncode == 1 and (tmp_path / "summary.csv").read_text() == "x,y,z\n1,2,3\n"

    def test_memory_is_kept_to_or_refused(self, ais, tmp_path):
        values = np.random.default_rng(5).random((48, 192, 192), np.float32)
        path = write_volume(tmp_path / "T__X.mrc", values)
        refused = ais.run("measure", path, "-o", tmp_path / "out", "--memory", "100MiB")
        assert refused.returncode == 1 and "--bin 2" in refused.stderr
        assert ais.peak_memory("measure", path, "-o", tmp_path / "out", "--memory", "900MiB", "--quiet") < 900 << 20

    def test_what_would_be_done_is_told_and_not_done(self, ais, tmp_path):
        path = write_volume(tmp_path / "T__X.mrc", np.ones((3, 3, 3), np.int8))
        assert "T__X_measures.csv" in ais("measure", path, "-o", tmp_path / "out", "--dry-run")
        assert not (tmp_path / "out").exists()

    def test_wrong_options(self, ais, tmp_path):
        assert ais.run("measure", "x.mrc", "-o", tmp_path, "--min-volume", "1000").returncode == 2
        assert ais.run("measure", "x.mrc", "-o", tmp_path, "--bin", "0").returncode == 2
        assert ais.run("measure", tmp_path / "x.mrc", "-o", tmp_path).returncode == 1
