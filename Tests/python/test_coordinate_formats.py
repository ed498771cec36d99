"""Lists of particles that Ais wrote (Tests/Fixtures/coordinates, see CoordinateGoldenTests.swift), read by others.

Every place is worked out anew by the rule of the program that the format belongs to, and compared in ångström.
"""

import csv
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import pathlib
import sys
import types
from unittest.mock import MagicMock

import numpy as np
import pytest
import starfile
from scipy.spatial.transform import Rotation

FILES = pathlib.Path(__file__).resolve().parents[1] / "Fixtures" / "coordinates"
TRUTH = json.loads((FILES / "truth.json").read_text())
VOXEL = TRUTH["voxelSizeAngstrom"]
PIXEL = TRUTH["unbinnedPixelAngstrom"]
# Closer than any reconstruction can tell.
TOLERANCE = 1e-3


def expected(key="points"):
    """Ångström from the centre of the first voxel, x, y, z."""
    return np.array([[point[axis] for axis in "xyz"] for point in TRUTH[key]]) * VOXEL


def particles(name):
    """The table of particles and, where there is one, the optics group of each row."""
    blocks = starfile.read(FILES / name, always_dict=True)
    table = blocks.get("particles", next(iter(blocks.values())))
    optics = blocks.get("optics")
    if optics is not None and not isinstance(optics, dict):
        optics = optics.set_index("rlnOpticsGroup").loc[table["rlnOpticsGroup"]].reset_index()
    return table, optics


def coordinates(table, name="rlnCoordinate{}"):
    return table[[name.format(axis) for axis in "XYZ"]].to_numpy(float)


def assert_places(found, key="points"):
    assert np.abs(found - expected(key)).max() < TOLERANCE


def assert_turned(table):
    angles = np.array([[point[name] for name in ("rot", "tilt", "psi")] for point in TRUTH["points"]])
    found = table[["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"]].to_numpy(float)
    assert np.abs(found - angles).max() < 1e-5


@pytest.mark.parametrize("name", ["ais.star", "relion3.star", "relion3.1.star", "warp.star"])
def test_starfile_reads_pixels_of_the_tomogram(name):
    table, _ = particles(name)
    assert_places(coordinates(table) * VOXEL)
    assert_turned(table)
    names = [str(value).removesuffix(".mrc").removesuffix(".tomostar") for value in table["rlnMicrographName"]]
    assert names == [point["tomogram"] for point in TRUTH["points"]]
    assert list(table["other"]) == ["two words"] * len(table)


def test_the_columns_that_give_the_pixel_size_are_right():
    three, _ = particles("relion3.star")
    assert np.allclose(three["rlnDetectorPixelSize"] * 1e4 / three["rlnMagnification"], VOXEL)
    _, optics = particles("relion3.1.star")
    assert np.allclose(optics["rlnImagePixelSize"], VOXEL)
    assert np.allclose(particles("warp.star")[0]["rlnPixelSize"], VOXEL)


def test_relion_4_counts_in_unbinned_pixels():
    table, optics = particles("relion4.star")
    assert np.allclose(optics["rlnTomoTiltSeriesPixelSize"], PIXEL)
    assert_places(coordinates(table) * PIXEL)
    assert list(table["rlnTomoName"]) == [point["tomogram"] for point in TRUTH["points"]]


def test_relion_5_counts_from_half_the_unbinned_size():
    table, _ = particles("relion5.star")
    centre = np.array(TRUTH["unbinnedSizeXYZ"]) / 2
    unbinned = coordinates(table, "rlnCenteredCoordinate{}Angst") / PIXEL + centre
    assert_places(unbinned * PIXEL)
    assert_turned(table)
    assert len(set(table["rlnTomoParticleName"])) == len(table)


@pytest.mark.parametrize("name, delimiter", [("csv.csv", ","), ("tsv.tsv", "\t")])
def test_tables_separated_by_commas_or_tabs(name, delimiter):
    with open(FILES / name, newline="") as file:
        rows = list(csv.DictReader(file, delimiter=delimiter))
    assert_places(np.array([[float(row[axis]) for axis in "xyz"] for row in rows]) * VOXEL)
    assert [row["tomogram"] for row in rows] == [point["tomogram"] for point in TRUTH["points"]]


def test_text_has_three_columns_between_tabs():
    assert_places(np.loadtxt(FILES / "txt.txt", delimiter="\t") * VOXEL, "pointsOfOneTomogram")


def test_the_portals_points_are_in_voxels():
    points = [json.loads(line) for line in (FILES / "portal.ndjson").read_text().splitlines()]
    assert {point["type"] for point in points} == {"orientedPoint"}
    found = np.array([[point["location"][axis] for axis in "xyz"] for point in points]) * VOXEL
    assert_places(found, "pointsOfOneTomogram")
    matrices = np.array([point["xyz_rotation_matrix"] for point in points])
    assert np.abs(matrices - relion_matrices(points)).max() < 1e-6


def relion_matrices(points):
    """RELION's convention as scipy has it: intrinsic z, y, z turn the tomogram to the particle; the inverse is wanted."""
    angles = [[point[name] for name in ("rot", "tilt", "psi")] for point in TRUTH["points"]]
    matrices = Rotation.from_euler("ZYZ", angles, degrees=True).inv().as_matrix()
    kept = np.array(TRUTH["matricesOfOneTomogram"]).reshape(-1, 3, 3)
    # The list of one tomogram has the same angles, particle by particle.
    assert len(points) == len(kept) and np.abs(kept - matrices).max() < 1e-9
    return matrices


class AbsentLibraries(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stands in for the libraries that copick's storage needs and its models of files do not."""

    names = ("zarr", "ome_zarr", "psutil", "numcodecs", "fsspec", "skimage", "trimesh", "rich")

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in self.names:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        module = MagicMock(name=spec.name)
        module.__path__, module.__spec__ = [], spec
        return module

    def exec_module(self, module):
        pass


@pytest.fixture
def copick_models(monkeypatch):
    """copick's own description of its files, without the rest of the package."""
    folder = importlib.util.find_spec("copick").submodule_search_locations[0]
    package = types.ModuleType("copick")
    package.__path__ = [folder]
    before = set(sys.modules)
    monkeypatch.setitem(sys.modules, "copick", package)
    finder = AbsentLibraries()
    sys.meta_path.append(finder)
    try:
        yield importlib.import_module("copick.models")
    finally:
        sys.meta_path.remove(finder)
        for name in set(sys.modules) - before:
            del sys.modules[name]


def test_copicks_own_model_takes_the_picks(copick_models):
    picks = copick_models.CopickPicksFile(**json.loads((FILES / "copick.json").read_text()))
    assert (picks.unit, picks.run_name, picks.voxel_spacing) == ("angstrom", "TS_01", VOXEL)
    found = np.array([[point.location.x, point.location.y, point.location.z] for point in picks.points])
    assert_places(found, "pointsOfOneTomogram")
    matrices = np.array([point.transformation for point in picks.points])
    assert np.abs(matrices[:, :3, :3] - relion_matrices(picks.points)).max() < 1e-6
    assert np.abs(matrices[:, :3, 3]).max() == 0
