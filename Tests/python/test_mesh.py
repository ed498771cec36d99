"""`ais mesh`, and what trimesh, which we did not write, makes of its files."""

import json
import os
import pathlib
import signal
import subprocess
import time

import mrcfile
import numpy as np
import pytest
import trimesh

VOXEL = np.array([10.0, 10.0, 10.0])
ORIGIN = np.array([-1234.5, 60.0, 4000.0])
# x, y, z throughout, unless an array is indexed.
SPHERE = {"centre": np.array([49.6, 48.1, 47.3]), "radius": 40.3, "shape": (96, 98, 101), "euler": 2}
TORUS = {"centre": np.array([76.7, 77.4, 29.2]), "radius": 48.0, "tube": 24.5, "shape": (60, 155, 154), "euler": 0}


def shares(solid: dict) -> np.ndarray:
    """The share of each voxel (z, y, x) that lies inside, by its distance from the surface."""
    z, y, x = (axis - c for axis, c in zip(np.indices(solid["shape"]), solid["centre"][::-1]))
    if "tube" in solid:
        distance = np.hypot(np.hypot(x, y) - solid["radius"], z) - solid["tube"]
    else:
        distance = np.sqrt(x * x + y * y + z * z) - solid["radius"]
    return np.clip(0.5 - distance, 0, 1).astype(np.float32)


def measures(solid: dict):
    """Area and volume in voxels, by formula."""
    r = solid["radius"]
    if "tube" in solid:
        return 4 * np.pi**2 * r * solid["tube"], 2 * np.pi**2 * r * solid["tube"] ** 2
    return 4 * np.pi * r * r, 4 / 3 * np.pi * r**3


def write(path: pathlib.Path, values: np.ndarray, voxel=10.0, origin=(0, 0, 0)) -> pathlib.Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(values)
        file.voxel_size = tuple(voxel) if np.ndim(voxel) else voxel
        file.header.origin.x, file.header.origin.y, file.header.origin.z = origin
    return path


def load(path: pathlib.Path) -> trimesh.Trimesh:
    return trimesh.load(path, force="mesh")


@pytest.fixture(scope="module")
def solids(tmp_path_factory):
    folder = tmp_path_factory.mktemp("solids")
    return {
        name: (solid, write(folder / f"T__{name}.mrc", shares(solid), VOXEL, ORIGIN))
        for name, solid in {"sphere": SPHERE, "torus": TORUS}.items()
    }


@pytest.fixture
def balls(tmp_path) -> pathlib.Path:
    """Three balls of radius 9, 6 and 4 voxels, and one lone voxel."""
    values = np.zeros((40, 50, 60), np.float32)
    z, y, x = np.indices(values.shape)
    for (cz, cy, cx), r in [((12, 12, 12), 9), ((25, 30, 40), 6), ((30, 10, 50), 4)]:
        values += np.clip(r + 0.5 - np.sqrt((z - cz) ** 2 + (y - cy) ** 2 + (x - cx) ** 2), 0, 1)
    values[35, 45, 5] = 1
    return write(tmp_path / "in" / "T__Ball.mrc", values)


@pytest.mark.parametrize("binning", [1, 2, 4])
@pytest.mark.parametrize("name", ["sphere", "torus"])
def test_sphere_and_torus_are_closed_outward_and_as_large_as_they_should_be(ais, tmp_path, solids, name, binning):
    solid, path = solids[name]
    output = tmp_path / "mesh.ply"
    ais("mesh", "-o", output, path, "--binning", binning)
    mesh = load(output)
    area, volume = measures(solid)
    assert mesh.is_watertight and mesh.is_winding_consistent
    assert mesh.euler_number == solid["euler"] and mesh.body_count == 1
    assert mesh.area / 100 == pytest.approx(area, rel=0.01)
    assert mesh.volume / 1000 == pytest.approx(volume, rel=0.01), "positive: triangles face outwards"
    centre = (mesh.center_mass - ORIGIN) / VOXEL
    assert np.abs(centre - solid["centre"]).max() < 0.05
    # Normals of the vertices point outwards too.
    assert (mesh.vertex_normals[mesh.faces[:, 0]] * mesh.face_normals).sum(1).min() > 0


@pytest.mark.parametrize("ending", ["obj", "stl", "ply", "glb"])
def test_every_format_holds_the_same_surface(ais, tmp_path, solids, ending):
    solid, path = solids["torus"]
    ais("mesh", "-o", tmp_path / f"mesh.{ending}", path, "--frame", "file", "--unit", "A", "--binning", 2)
    ais("mesh", "-o", tmp_path / "reference.ply", path, "--binning", 2)
    mesh, reference = load(tmp_path / f"mesh.{ending}"), load(tmp_path / "reference.ply")
    assert mesh.is_watertight and mesh.euler_number == 0
    assert len(mesh.faces) == len(reference.faces)
    assert np.abs(mesh.bounds - reference.bounds).max() < 1e-3
    assert mesh.volume == pytest.approx(reference.volume, rel=1e-6)


def test_obj_is_in_nanometres_from_the_middle_as_the_reference_writes_it(ais, tmp_path, solids):
    solid, path = solids["sphere"]
    ais("mesh", "-o", tmp_path / "out", path)
    text = (tmp_path / "out" / "T__sphere.obj").read_text().splitlines()
    assert text[0].startswith("# colour ") and len(text[0].split()) == 5
    assert "unit nanometre" in text[1] and "middle of the volume" in text[1]
    mesh = load(tmp_path / "out" / "T__sphere.obj")
    wanted = (solid["centre"] - np.array(solid["shape"][::-1]) / 2) * VOXEL / 10
    assert np.abs(mesh.center_mass - wanted).max() < 0.05
    assert mesh.volume == pytest.approx(measures(solid)[1], rel=0.01)


def test_voxels_that_are_no_cubes_and_a_numbered_first_voxel(ais, tmp_path):
    path = write(tmp_path / "T__box.mrc", np.ones((4, 5, 6), np.float32), (10, 20, 40))
    with mrcfile.open(path, "r+") as file:
        file.header.nxstart, file.header.nystart, file.header.nzstart = 3, -2, 1
    ais("mesh", "-o", tmp_path / "box.stl", path)
    mesh = load(tmp_path / "box.stl")
    assert np.allclose(mesh.bounds, [[25, -50, 20], [85, 50, 180]])


def test_each_component_is_an_object_with_name_colour_and_number(ais, tmp_path, balls):
    ais("mesh", "-o", tmp_path / "out", balls, "--format", "glb", "--colour", "component", "--min-volume", "5px")
    scene = trimesh.load(tmp_path / "out" / "T__Ball.glb")
    assert list(scene.geometry) == ["Ball 1", "Ball 2", "Ball 3"]
    volumes = [mesh.volume for mesh in scene.geometry.values()]
    assert volumes == sorted(volumes, reverse=True)
    assert all(mesh.is_watertight for mesh in scene.geometry.values())
    assert len({tuple(mesh.visual.material.baseColorFactor) for mesh in scene.geometry.values()}) == 3
    ais("mesh", "-o", tmp_path / "out", balls, "--format", "ply", "--dust", "0px", "--limit", "2", "--colour", "#102030")
    mesh = load(tmp_path / "out" / "T__Ball.ply")
    assert set(mesh.metadata["_ply_raw"]["vertex"]["data"]["component"]) == {1, 2}
    assert (mesh.visual.vertex_colors == [0x10, 0x20, 0x30, 255]).all()
    # Everything, the lone voxel too.
    ais("mesh", "-o", tmp_path / "all.stl", balls, "--dust", "0px")
    assert load(tmp_path / "all.stl").body_count == 4


def test_files_for_each_component_resume_and_are_taken_away_when_there_are_fewer(ais, tmp_path, balls):
    out = tmp_path / "out"
    command = ["mesh", "-o", out, balls, "--split", "--format", "stl"]
    ais(*command, "--dust", "5px")
    files = [f"T__Ball_000{n}.stl" for n in (1, 2, 3)]
    assert sorted(os.listdir(out)) == sorted([*files, "T__Ball_0001.stl.json"])
    record = json.loads((out / "T__Ball_0001.stl.json").read_text())
    assert record["schema"] == "ais.mesh/1" and len(record["fingerprint"]) == 32
    pieces = record["results"]["components"]
    assert [piece["file"] for piece in pieces] == files
    for piece in pieces:
        mesh = load(out / piece["file"])
        assert mesh.area / 100 == pytest.approx(piece["areaSquareNanometer"], rel=1e-4)
        assert mesh.volume / 1000 == pytest.approx(piece["volumeCubicNanometer"], rel=0.05)
    times = {name: (out / name).stat().st_mtime_ns for name in files}
    assert "skipped" in ais(*command, "--dust", "5px")
    assert times == {name: (out / name).stat().st_mtime_ns for name in files}
    (out / files[1]).unlink()
    ais(*command, "--dust", "5px")
    assert sorted(os.listdir(out)) == sorted([*files, "T__Ball_0001.stl.json"])
    refused = ais.run(*command, "--dust", "600px")
    assert refused.returncode == 1 and "--force" in refused.stderr
    ais(*command, "--dust", "600px", "--force")
    assert sorted(os.listdir(out)) == ["T__Ball_0001.stl", "T__Ball_0001.stl.json", "T__Ball_0002.stl"]


def test_what_a_person_changed_is_not_replaced_unasked(ais, tmp_path, balls):
    ais("mesh", "-o", tmp_path / "out", balls)
    path = tmp_path / "out" / "T__Ball.obj"
    path.write_text(path.read_text() + "# mine\n")
    refused = ais.run("mesh", "-o", tmp_path / "out", balls)
    assert refused.returncode == 1 and "changed" in refused.stderr and path.read_text().endswith("# mine\n")
    ais("mesh", "-o", tmp_path / "out", balls, "--force")
    assert not path.read_text().endswith("# mine\n")


def test_smoothing_and_decimation_keep_the_surface_closed_and_in_place(ais, tmp_path):
    solid = SPHERE
    mask = (shares(solid) > 0.5).astype(np.int8)
    path = write(tmp_path / "T__mask.mrc", mask)
    ais("mesh", "-o", tmp_path / "rough.stl", path)
    ais("mesh", "-o", tmp_path / "smooth.stl", path, "--smooth", 10)
    ais("mesh", "-o", tmp_path / "small.stl", path, "--smooth", 10, "--decimate", "10%")
    ais("mesh", "-o", tmp_path / "close.stl", path, "--smooth", 10, "--tolerance", "1A")
    rough, smooth, small, close = (load(tmp_path / f"{name}.stl") for name in ("rough", "smooth", "small", "close"))
    area, volume = measures(solid)
    assert rough.area / 100 > 1.05 * area, "the stairs of a mask have a larger surface"
    for mesh in (smooth, small, close):
        assert mesh.is_watertight and mesh.euler_number == 2
        assert mesh.area / 100 == pytest.approx(area, rel=0.015)
        assert mesh.volume / 1000 == pytest.approx(volume, rel=0.01)
        assert np.abs(mesh.center_mass / 10 - solid["centre"]).max() < 0.05
    assert len(small.faces) == pytest.approx(len(smooth.faces) / 10, rel=0.01)
    assert len(close.faces) < len(smooth.faces) / 2


def test_labels(ais, tmp_path):
    values = np.zeros((20, 20, 20), np.int16)
    values[2:8, 2:8, 2:8], values[12:15, 12:15, 12:15] = 3, 300
    path = write(tmp_path / "labels.mrc", values)
    ais("mesh", "-o", tmp_path / "three.stl", path, "--label", 3)
    assert load(tmp_path / "three.stl").bounds[1].max() == pytest.approx(75, abs=0.1)
    ais("mesh", "-o", tmp_path / "all.stl", path, "--scale", "labels")
    assert load(tmp_path / "all.stl").body_count == 2
    refused = ais.run("mesh", "-o", tmp_path / "x.stl", path, "--label", 2**32 + 1)
    assert refused.returncode == 2 and "4294967296" in refused.stderr
    nothing = ais.run("mesh", "-o", tmp_path / "none.stl", path, "--label", 7)
    assert nothing.returncode == 0 and "no surface" in nothing.stderr and not (tmp_path / "none.stl").exists()


@pytest.mark.parametrize(
    "name, values, bodies",
    [
        ("zeros", np.zeros((5, 6, 7), np.float32), 0),
        ("nan", np.full((5, 6, 7), np.nan, np.float32), 0),
        ("ones", np.ones((5, 6, 7), np.float32), 1),
        ("full", np.full((5, 6, 7), 255, np.uint16), 1),
        ("slice", np.ones((1, 30, 30), np.float32), 1),
        ("checkers", (np.indices((6, 7, 8)).sum(0) % 2).astype(np.float32), 168),
    ],
)
def test_odd_volumes(ais, tmp_path, name, values, bodies):
    path = write(tmp_path / f"T__{name}.mrc", values)
    done = ais.run("mesh", "-o", tmp_path / "mesh.stl", path, "--dust", "0px")
    assert done.returncode == 0, done.stderr
    if bodies == 0:
        assert "no surface was written" in done.stderr and not (tmp_path / "mesh.stl").exists()
    else:
        mesh = load(tmp_path / "mesh.stl")
        assert mesh.is_watertight and mesh.body_count == bodies and mesh.volume > 0


def test_one_voxel_among_what_is_no_number(ais, tmp_path):
    values = np.full((3, 3, 3), np.nan, np.float32)
    values[1, 1, 1] = 1
    ais("mesh", "-o", tmp_path / "mesh.stl", write(tmp_path / "T__one.mrc", values), "--dust", "1px")
    mesh = load(tmp_path / "mesh.stl")
    assert len(mesh.faces) == 8 and mesh.is_watertight and np.allclose(mesh.center_mass, [10, 10, 10])


@pytest.mark.parametrize("voxel", [0, 1])
def test_an_unknown_voxel_size_is_asked_for(ais, tmp_path, voxel):
    path = write(tmp_path / "T__x.mrc", np.ones((30, 40, 50), np.float32), voxel)
    refused = ais.run("mesh", "-o", tmp_path / "mesh.stl", path)
    assert refused.returncode == 1 and "--voxel-size" in refused.stderr and not (tmp_path / "mesh.stl").exists()
    ais("mesh", "-o", tmp_path / "mesh.stl", path, "--voxel-size", "2nm")
    assert load(tmp_path / "mesh.stl").extents == pytest.approx([1000, 800, 600], rel=1e-6)


def test_one_bad_file_does_not_stop_the_others(ais, tmp_path, balls):
    (balls.parent / "T__broken.mrc").write_bytes(balls.read_bytes()[:2000])
    write(balls.parent / "Empty__Ball.mrc", np.zeros((4, 4, 4), np.float32))
    done = ais.run("mesh", "-o", tmp_path / "out", balls.parent, "--json")
    assert done.returncode == 1 and "T__broken.mrc" in done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    ends = {pathlib.Path(line["input"]).name: line for line in lines if line["event"] == "done"}
    assert ends["T__broken.mrc"]["errors"] and not ends["T__Ball.mrc"]["errors"]
    assert ends["Empty__Ball.mrc"]["warnings"] and ends["T__Ball.mrc"]["results"]["components"]
    assert lines[-1]["event"] == "end" and lines[-1]["inputsFailed"] == 1
    assert (tmp_path / "out" / "T__Ball.obj").is_file()


@pytest.mark.parametrize(
    "options, words",
    [
        (["--format", "stl", "--colour", "component"], "STL files have no colours"),
        (["-o", "x.stl", "--split"], "give a folder"),
        (["--smooth", "-1"], "--smooth"),
        (["--decimate", "0%"], "no share"),
        (["--colour", "blue"], "no colour"),
        (["--min-volume", "5"], "no unit"),
        (["--threshold", "255"], "threshold"),
    ],
)
def test_wrong_options_are_named(ais, tmp_path, balls, options, words):
    output = [] if "-o" in options else ["-o", tmp_path / "out"]
    done = ais.run("mesh", *output, balls, *options, cwd=tmp_path)
    assert done.returncode == 2 and words in done.stderr


def test_two_segmentations_do_not_fit_one_file(ais, tmp_path, balls):
    other = write(tmp_path / "in" / "U__Ball.mrc", np.ones((4, 4, 4), np.float32))
    done = ais.run("mesh", "-o", tmp_path / "x.stl", balls, other)
    assert done.returncode == 1 and "give a folder" in done.stderr


def noisy(shape) -> np.ndarray:
    return np.random.default_rng(5).random(shape, np.float32)


def test_memory_is_kept_to_or_refused(ais, tmp_path):
    path = write(tmp_path / "T__noise.mrc", noisy((64, 256, 256)))
    refused = ais.run("mesh", "-o", tmp_path / "x.stl", path, "--dust", "0px", "--memory", "100MiB")
    assert refused.returncode == 1 and "--binning 2" in refused.stderr
    output = tmp_path / "x.stl"
    assert ais.peak_memory("mesh", "-o", output, path, "--dust", "0px", "--memory", "1100MiB", "--quiet") < 1100 << 20
    # Too large a mesh to be looked at whole: its triangles are those that its header promises.
    with output.open("rb") as file:
        count = int.from_bytes(file.read(84)[80:], "little")
    assert count > 1_000_000 and output.stat().st_size == 84 + 50 * count


def test_ctrl_c_leaves_nothing(ais, tmp_path):
    path = write(tmp_path / "T__noise.mrc", noisy((64, 256, 256)))
    out = tmp_path / "out"
    process = subprocess.Popen(
        [str(ais.path), "mesh", "-o", str(out), str(path), "--dust", "0px", "--decimate", "1%"], stderr=subprocess.PIPE)
    while not out.is_dir():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and b"stopped" in errors
    assert os.listdir(out) == []


@pytest.mark.parametrize("point", ["after-last-byte", "before-fsync", "before-rename", "in-provenance", "after-rename"])
def test_killed_at_any_moment_the_same_line_goes_on(ais, tmp_path, balls, point):
    command = ["mesh", "-o", tmp_path / "out", balls, "--split", "--dust", "5px"]
    environment = {**os.environ, "SWIFT_BACKTRACE": "enable=no", "AIS_CRASH_POINT": point}
    killed = ais.run(*command, env=environment)
    assert killed.returncode != 0
    ais(*command)
    names = sorted(os.listdir(tmp_path / "out"))
    assert names == ["T__Ball_0001.obj", "T__Ball_0001.obj.json", "T__Ball_0002.obj", "T__Ball_0003.obj"]
    assert all(load(tmp_path / "out" / name).is_watertight for name in names if name.endswith(".obj"))
