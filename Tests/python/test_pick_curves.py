"""`ais pick --filaments` and `--on-surface` as whole processes, their lists read without our reader."""

import gzip
import json
import math
import shutil

import mrcfile
import numpy as np
import pytest


def write_volume(path, voxels, voxel_size=None):
    with mrcfile.new(path) as file:
        file.set_data(voxels)
        if voxel_size:
            file.voxel_size = voxel_size
    return path


def read_star(path):
    """The columns of a file with one loop."""
    labels, rows = [], []
    for line in path.read_text().splitlines():
        if line.startswith("_"):
            labels.append(line.split()[0][1:])
        elif labels and line.strip() and not line.startswith("#"):
            rows.append(line.split())
    return {label: [row[i] for row in rows] for i, label in enumerate(labels)}


def numbers(table, *labels):
    return np.array([[float(v) for v in table[label]] for label in labels]).T


def tube(shape, curve, radius):
    grid = np.indices(shape).reshape(3, -1).T
    distance = np.full(len(grid), np.inf)
    for point in curve:
        distance = np.minimum(distance, ((grid - point) ** 2).sum(axis=1))
    return (distance <= radius**2).reshape(shape)


@pytest.fixture(scope="module")
def arc(tmp_path_factory):
    """An arc of radius 32 voxels in the plane z = 9, and a short straight piece."""
    t = np.linspace(0, 3, 120)[:, None]
    mask = tube((20, 80, 80), np.hstack([9 + 0 * t, 40 + 32 * np.sin(t), 40 + 32 * np.cos(t)]), 3)
    mask |= tube((20, 80, 80), np.stack([[9, 8, x] for x in range(10, 22)]), 3)
    folder = tmp_path_factory.mktemp("arc")
    return write_volume(folder / "T__Actin.mrc", (mask * 255).astype(np.uint16), 10)


def test_filaments_have_the_reference_columns_and_lie_on_the_curve(ais, arc, tmp_path):
    ais("pick", "--filaments", "--every", "5nm", "--twist", "-30", "-o", tmp_path, arc)
    text = (tmp_path / "T__Actin_coords.star").read_text()
    labels = [line.split()[0][1:] for line in text.splitlines() if line.startswith("_")]
    assert labels[:12] == [
        "rlnCoordinateZ", "rlnCoordinateY", "rlnCoordinateX", "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi",
        "aisRadiusOfCurvature", "aisLog10RadiusOfCurvature", "aisFilamentID", "aisFilamentConnectivity",
        "rlnMicrographName", "aisParticleID"]
    table = read_star(tmp_path / "T__Actin_coords.star")
    points = numbers(table, "rlnCoordinateZ", "rlnCoordinateY", "rlnCoordinateX")
    # The short piece, of 12 nm, is below the minimum length of 50 nm.
    assert set(table["aisFilamentID"]) == {"0"} and set(table["rlnMicrographName"]) == {"T.mrc"}
    assert np.abs(np.hypot(points[:, 1] - 40, points[:, 2] - 40) - 32).max() < 1 and np.abs(points[:, 0] - 9).max() < 0.7
    gaps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    assert np.abs(gaps - 5).max() < 0.1
    radius = numbers(table, "aisRadiusOfCurvature")[3:-3, 0]
    assert abs((1 / radius).mean() * 320 - 1) < 0.03
    assert table["aisFilamentConnectivity"][0] == "1" and table["aisFilamentConnectivity"][-1] == "1"
    assert set(table["aisFilamentConnectivity"][1:-1]) == {"0"}
    tilt, psi = np.radians(numbers(table, "rlnAngleTilt", "rlnAnglePsi").T)
    axis = np.stack([np.cos(tilt), np.sin(tilt) * np.sin(psi), -np.sin(tilt) * np.cos(psi)], axis=1)
    along = np.gradient(points, axis=0)
    assert ((axis * along).sum(axis=1) / np.linalg.norm(along, axis=1) > 0.99).all()


def test_minimum_length_binning_and_unknown_voxel_size(ais, arc, tmp_path):
    short = ["pick", "--filaments", "--every", "4px", "--min-length", "5px", "--min-volume", "50px"]
    ais(*short, "-o", tmp_path / "all", arc)
    table = read_star(tmp_path / "all" / "T__Actin_coords.star")
    assert set(table["aisFilamentID"]) == {"0", "1"}
    ais(*short, "--binning", "2", "-o", tmp_path / "binned", arc)
    binned = read_star(tmp_path / "binned" / "T__Actin_coords.star")
    points = numbers(binned, "rlnCoordinateZ", "rlnCoordinateY", "rlnCoordinateX")
    # Half a block of the bin: blocks that the tube fills half are not above the threshold.
    assert abs(points[:, 0].mean() - 9) < 0.6

    nameless = write_volume(tmp_path / "U__Actin.mrc", mrcfile.read(arc))
    refused = ais.run("pick", "--filaments", "--every", "5nm", "-o", tmp_path / "u", nameless)
    assert refused.returncode == 1 and "--voxel-size" in refused.stderr
    ais("pick", "--filaments", "--every", "5px", "--min-length", "20px", "--min-volume", "50px", "-o", tmp_path / "u", nameless)
    assert "aisFilamentLengthVoxels" in read_star(tmp_path / "u" / "U__Actin_coords.star")


def test_a_second_run_skips_and_other_rules_are_not_mixed_up(ais, arc, tmp_path):
    command = ["pick", "--filaments", "--every", "5nm", "-o", tmp_path, arc]
    ais(*command)
    before = (tmp_path / "T__Actin_coords.star").read_bytes()
    assert "skipped" in ais(*command)
    other = ais.run(*command, "--junctions", "split")
    assert other.returncode == 1 and "--force" in other.stderr
    assert (tmp_path / "T__Actin_coords.star").read_bytes() == before
    account = json.loads((tmp_path / "T__Actin_coords.star.json").read_text())
    assert account["settings"]["method"] == "filaments" and "twist" not in account["settings"]["curves"]


@pytest.mark.parametrize("words", [
    ["--filaments", "--on-surface"], ["--twist", "3"], ["--on-surface", "--min-length", "5nm"],
    ["--filaments", "--normals", "z"], ["--filaments", "--max-bend", "100"], ["--filaments", "--every", "0nm"],
    ["--filaments", "--every", "50"], ["--filaments", "--orient", "normal"], ["--filaments", "--method", "reference-peaks"]])
def test_contradictions_are_wrong_usage(ais, arc, tmp_path, words):
    refused = ais.run("pick", "-o", tmp_path, arc, *words)
    assert refused.returncode == 2 and "--" in refused.stderr
    assert not list(tmp_path.iterdir())


def test_points_on_a_vesicle_are_even_and_look_outward(ais, tmp_path):
    grid = np.indices((60, 60, 60))
    radius = np.sqrt(((grid - 29.5) ** 2).sum(axis=0))
    mask = np.abs(radius - 22) <= 2
    path = write_volume(tmp_path / "T__Membrane.mrc", mask.astype(np.float32), 10)
    said = ais("pick", "--on-surface", "--every", "80A", "-o", tmp_path, path)
    assert "points" in said and "outward" in said
    table = read_star(tmp_path / "T__Membrane_coords.star")
    points = numbers(table, "rlnCoordinateZ", "rlnCoordinateY", "rlnCoordinateX") - 29.5
    assert np.abs(np.linalg.norm(points, axis=1) - 22).max() < 0.5
    tilt, psi = np.radians(numbers(table, "rlnAngleTilt", "rlnAnglePsi").T)
    normal = np.stack([np.cos(tilt), np.sin(tilt) * np.sin(psi), -np.sin(tilt) * np.cos(psi)], axis=1)
    cosine = (normal * points).sum(axis=1) / np.linalg.norm(points, axis=1)
    assert cosine.min() > math.cos(math.radians(6))
    gaps = [np.sort(np.linalg.norm(points - p, axis=1))[1] for p in points]
    assert abs(np.mean(gaps) / 8 - 1) < 0.15 and min(gaps) > 5.5


def test_a_solid_body_is_named_beside_a_membrane(ais, tmp_path):
    z, y, x = np.indices((40, 120, 60))
    body = ((z - 20) / 14) ** 2 + ((y - 31) / 26) ** 2 + ((x - 30) / 26) ** 2 <= 1
    vesicle = np.abs(np.sqrt((z - 20) ** 2 + (y - 90) ** 2 + (x - 30) ** 2) - 14) <= 2
    path = write_volume(tmp_path / "T__Membrane.mrc", (body | vesicle).astype(np.float32), 10)
    done = ais.run("pick", "--on-surface", "--every", "50A", "-o", tmp_path, path)
    said = done.stderr
    assert done.returncode == 0 and "1 of 2 pieces is a solid body" in said and "nm thick" in said and "aisThicknessAngst" in said
    thick = [float(t) for t in read_star(tmp_path / "T__Membrane_coords.star")["aisThicknessAngst"]]
    assert min(thick) < 60 and max(thick) > 120


def test_real_segmentations(ais, shared, tmp_path):
    """A vesicle's membrane, and microtubules traced by people: every point lies on what was segmented."""
    with gzip.open(shared / "tomograms" / "tardis_mt_patch_b_mask.mrc.gz") as packed, open(tmp_path / "MT.mrc", "wb") as raw:
        shutil.copyfileobj(packed, raw)
    ais("pick", "--filaments", "--every", "4px", "--min-length", "20px", "--min-volume", "100px", "--scale", "labels",
        "-o", tmp_path, tmp_path / "MT.mrc")
    mask = mrcfile.read(tmp_path / "MT.mrc")
    table = read_star(tmp_path / "MT_coords.star")
    points = numbers(table, "rlnCoordinateZ", "rlnCoordinateY", "rlnCoordinateX")
    inside = [mask[tuple(np.round(p).astype(int))] > 0 for p in points]
    assert len(points) > 100 and np.mean(inside) > 0.98

    vesicle = shared / "segmentations" / "vesicle_membrane_labels.mrc"
    ais("pick", "--on-surface", "--every", "6px", "--min-volume", "200px", "--scale", "labels", "-o", tmp_path, vesicle)
    with mrcfile.open(vesicle, permissive=True) as file:
        voxels = file.data.copy()
    points = numbers(read_star(tmp_path / "vesicle_membrane_labels_coords.star"), "rlnCoordinateZ", "rlnCoordinateY", "rlnCoordinateX")
    inside = [voxels[tuple(np.round(p).astype(int))] > 0 for p in points]
    assert len(points) > 20 and np.mean(inside) > 0.9


HOSTILE = {
    "empty": np.zeros((12, 14, 16), np.float32),
    "ones": np.ones((12, 14, 16), np.float32),
    "one_voxel": np.pad(np.ones((1, 1, 1), np.float32), 6),
    "nan": np.full((12, 14, 16), np.nan, np.float32),
    "one_slice": np.pad(np.ones((1, 3, 60), np.float32), ((0, 0), (9, 9), (9, 9))),
    "one_row": np.ones((1, 1, 40), np.float32),
    "thread": np.pad(np.ones((1, 1, 60), np.float32), 4),
    "noise": np.random.default_rng(5).random((20, 30, 30), np.float32),
}


@pytest.mark.parametrize("mode", [["--filaments", "--min-length", "10px"], ["--on-surface"]])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_volumes_give_a_list_and_a_reason(ais, tmp_path, name, mode):
    voxels = HOSTILE[name]
    path = write_volume(tmp_path / f"{name}__F.mrc", voxels, 10)
    said = ais.run("pick", *mode, "--every", "4px", "--min-volume", "1px", "--scale", "0-1", "-o", tmp_path, path)
    assert said.returncode == 0, said.stderr
    table = read_star(tmp_path / f"{name}__F_coords.star")
    points = numbers(table, "rlnCoordinateZ", "rlnCoordinateY", "rlnCoordinateX")
    if len(points) == 0:
        assert "point" in said.stderr
        return
    assert np.isfinite(points).all() and (points >= 0).all() and (points <= np.array(voxels.shape) - 1).all()
    assert np.isfinite(numbers(table, "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi")).all()


def test_a_filament_in_one_slice_is_followed(ais, tmp_path):
    path = write_volume(tmp_path / "flat__F.mrc", HOSTILE["one_slice"], 10)
    ais("pick", "--filaments", "--min-length", "20px", "--every", "4px", "--min-volume", "1px", "--scale", "0-1", "-o", tmp_path, path)
    points = numbers(read_star(tmp_path / "flat__F_coords.star"), "rlnCoordinateZ", "rlnCoordinateY", "rlnCoordinateX")
    assert len(points) > 12 and (points[:, 0] == 0).all() and np.abs(points[:, 1] - 10).max() < 0.2


def test_both_modes_ask_for_an_unknown_voxel_size(ais, tmp_path):
    path = write_volume(tmp_path / "U__F.mrc", HOSTILE["ones"])
    for mode in (["--filaments", "--every", "5px"], ["--on-surface", "--every", "120A"], ["--on-surface", "--every", "5px", "--patch", "6nm"]):
        refused = ais.run("pick", *mode, "-o", tmp_path / "out", path)
        assert refused.returncode == 1 and "--voxel-size" in refused.stderr and "'" in refused.stderr
    assert not list(tmp_path.rglob("*.star"))


def test_many_files_go_on_past_a_broken_one_and_are_resumed(ais, arc, tmp_path):
    folder = tmp_path / "seg"
    folder.mkdir()
    for name in "ABC":
        shutil.copy(arc, folder / f"{name}__Actin.mrc")
    whole = (folder / "B__Actin.mrc").read_bytes()
    (folder / "B__Actin.mrc").write_bytes(whole[: len(whole) // 2])
    command = ["pick", "--filaments", "--every", "5nm", "-o", tmp_path / "out", folder]
    first = ais.run(*command)
    assert first.returncode == 1 and "B__Actin.mrc" in first.stderr
    made = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "out").glob("*.star")}
    assert sorted(made) == ["A__Actin_coords.star", "C__Actin_coords.star"]
    (folder / "B__Actin.mrc").write_bytes(whole)
    second = ais.run(*command)
    assert second.returncode == 0, second.stderr
    after = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "out").glob("*.star")}
    assert len(after) == 3 and all(after[name] == made[name] for name in made)


def test_the_orientation_in_the_list_is_relions(ais, tmp_path):
    """The matrix that RELION makes of rot, tilt and psi takes the particle's axes to the tomogram's: z goes along the filament."""
    direction = np.array([0.4, 0.5, 0.768])
    direction /= np.linalg.norm(direction)
    line = np.array([20, 30, 15]) + np.linspace(0, 60, 200)[:, None] * direction
    path = write_volume(tmp_path / "L__F.mrc", tube((60, 70, 70), line, 3).astype(np.float32), 10)
    ais("pick", "--filaments", "--every", "5px", "--twist", "40", "-o", tmp_path, path)
    table = read_star(tmp_path / "L__F_coords.star")
    points = numbers(table, "rlnCoordinateZ", "rlnCoordinateY", "rlnCoordinateX")
    assert len(points) > 10 and (np.diff(points[:, 0]) > 0).all(), "from the end of smaller z"
    previous = None
    for rot, tilt, psi in np.radians(numbers(table, "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi")):
        def about_z(angle):
            return np.array([[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
        about_y = np.array([[np.cos(tilt), 0, -np.sin(tilt)], [0, 1, 0], [np.sin(tilt), 0, np.cos(tilt)]])
        matrix = about_z(psi) @ about_y @ about_z(rot)
        assert matrix[:, 2] @ direction[::-1] > math.cos(math.radians(1.5))
        if previous is not None:
            # From point to point the particle's x axis turns by the twist about the filament.
            assert abs(matrix[:, 0] @ previous[:, 0] - math.cos(math.radians(40))) < 0.03
            assert abs(math.degrees(rot - last) % 360 - 40) < 1.5
        previous, last = matrix, rot
