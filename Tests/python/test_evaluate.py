"""`ais evaluate` as people read it."""

import json

import mrcfile
import numpy as np
import pytest


@pytest.fixture
def pair(tmp_path):
    """A segmentation that finds half of the truth and as much beside it, with values of 100."""
    found, truth = np.zeros((2, 4, 6), np.uint16), np.zeros((2, 4, 6), np.int8)
    found[0], truth[:, :, :3] = 100, 1
    for name, values in {"S__Membrane.mrc": found, "truth.mrc": truth}.items():
        with mrcfile.new(tmp_path / name) as file:
            file.set_data(values)
    return tmp_path / "S__Membrane.mrc", tmp_path / "truth.mrc"


def test_a_threshold_that_nothing_exceeds_has_no_precision(ais, pair):
    lines = ais("evaluate", *pair, "--label", "1", "-t", "64", "-t", "128").splitlines()
    assert lines[-2].split()[:5] == ["64", "0.500", "0.333", "0.500", "0.500"]
    assert lines[-1].split()[:5] == ["128", "0.000", "0.000", "–", "0.000"]


def test_json_says_how_many_voxels_were_found(ais, pair):
    answer = json.loads(ais("evaluate", *pair, "--json", "-t", "64", "-t", "128"))
    assert answer["schema"] == "ais.evaluation/1"
    assert [row["segmentedVoxels"] for row in answer["thresholds"]] == [24, 0]


def test_a_membrane_found_a_voxel_too_thick_has_the_right_surface(ais, tmp_path):
    truth, found = np.zeros((6, 20, 20), np.int8), np.zeros((6, 20, 20), np.uint16)
    truth[:, 9:11], found[:, 8:11] = 1, 255
    for name, values in {"S__Membrane.mrc": found, "truth.mrc": truth}.items():
        with mrcfile.new(tmp_path / name) as file:
            file.set_data(values)
            file.voxel_size = 10
    arguments = ("evaluate", tmp_path / "S__Membrane.mrc", tmp_path / "truth.mrc", "--json", "-t", "128")
    row = json.loads(ais(*arguments))["thresholds"][0]
    assert row["dice"] == pytest.approx(0.8) and row["surfaceDice"] == 1
    answer = json.loads(ais(*arguments, "--tolerance", "5A"))
    assert answer["surfaceTolerance"] == 5 and answer["surfaceToleranceUnit"] == "Å"
    # Of four surfaces (two a mask), the outer one of each differs.
    assert answer["thresholds"][0]["surfaceDice"] == pytest.approx(0.5)


def test_the_sweep_is_written_as_a_table_and_a_plot_once(ais, pair, tmp_path):
    folder = tmp_path / "scores"
    ais("evaluate", *pair, "-o", folder)
    table = (folder / "evaluation_sweep.csv").read_text().splitlines()
    assert table[0] == "threshold,dice,intersection_over_union,precision,recall,surface_dice,segmented_voxels"
    assert table[65].startswith("64,0.500000,0.333333,0.500000,0.500000,0.")
    assert (folder / "evaluation_sweep.png").read_bytes()[:4] == b"\x89PNG"
    assert json.loads((folder / "evaluation_sweep.csv.json").read_text())["schema"] == "ais.mask-evaluation/1"
    before = (folder / "evaluation_sweep.csv").stat().st_mtime_ns
    assert "there already" in ais("evaluate", *pair, "-o", folder)
    assert (folder / "evaluation_sweep.csv").stat().st_mtime_ns == before
    (folder / "evaluation_sweep.csv").write_text("mine")
    assert ais.run("evaluate", *pair, "-o", folder).returncode == 1
    ais("evaluate", *pair, "-o", folder, "--force")


def test_particles_are_compared_with_labels_that_say_how_large_their_voxels_are(ais, tmp_path):
    labels = np.zeros((20, 20, 20), np.int8)
    labels[4:7, 9:12, 14:17] = 1
    with mrcfile.new(tmp_path / "T.mrc") as file:
        file.set_data(labels)
        file.voxel_size = 10
    (tmp_path / "T.txt").write_text("15 10 5\n")
    answer = json.loads(
        ais("evaluate", tmp_path / "T.txt", tmp_path / "T.mrc", "--label", "1", "--distance", "20A", "--json"))
    assert answer["total"]["truePositives"] == 1
