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
    assert lines[-2].split() == ["64", "0.500", "0.333", "0.500", "0.500"]
    assert lines[-1].split() == ["128", "0.000", "0.000", "–", "0.000"]


def test_json_says_how_many_voxels_were_found(ais, pair):
    answer = json.loads(ais("evaluate", *pair, "--json", "-t", "64", "-t", "128"))
    assert answer["schema"] == "ais.evaluation/1"
    assert [row["segmentedVoxels"] for row in answer["thresholds"]] == [24, 0]
