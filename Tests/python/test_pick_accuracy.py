"""Particles in blurred and noised ground truth, beside the picks of the reference program's method on the same volumes.

The truth is the centroid of each component of the ground truth. Both classes are picked with one setting, on one tomogram; points
are matched one to one within half a particle's radius.
"""

import mrcfile
import numpy as np
import pytest
import scipy.ndimage as ndi
from scipy.optimize import linear_sum_assignment

# Label: radius in voxels (fatty acid synthase, a hollow barrel; ClpB).
CLASSES = {3: 14.0, 4: 8.0}
SETTING = ["--spacing", "16nm", "--min-volume", "200nm3"]


def prediction(labels: np.ndarray, label: int, rng) -> np.ndarray:
    """What a network might say: the label blurred, with smooth noise, and specks that belong to nothing."""
    values = ndi.gaussian_filter((labels == label).astype(np.float32), 2)
    noise = ndi.gaussian_filter(rng.normal(size=labels.shape).astype(np.float32), 1.2)
    specks = ndi.gaussian_filter((rng.random(labels.shape) < 2e-5).astype(np.float32), 1.5)
    values += 0.12 * noise / noise.std() + 0.9 * specks / specks.max()
    return np.clip(values * 255, 0, 255).round().astype(np.uint16)


def read(path) -> np.ndarray:
    columns, found = [], []
    for line in path.read_text().splitlines():
        if line.startswith("_"):
            columns.append(line.split()[0][1:])
        elif line.strip() and not line.startswith(("#", "data_", "loop_")):
            row = dict(zip(columns, line.split()))
            found.append([float(row[f"rlnCoordinate{axis}"]) for axis in "ZYX"])
    return np.array(found).reshape(-1, 3)


def matched(truth: np.ndarray, points: np.ndarray, reach: float) -> np.ndarray:
    """Distances of the pairs."""
    distance = np.linalg.norm(truth[:, None] - points[None], axis=2)
    pairs = linear_sum_assignment(np.where(distance <= reach, distance, 1e6))
    return distance[pairs][distance[pairs] <= reach]


def score(ais, folder, volumes, truths, *options):
    """F1 over both classes and of each, the median error over all and of each."""
    ais("pick", "-o", folder, "--force", "--no-contact-sheet", *SETTING, *options, *volumes.values())
    scores, medians, errors, count = {}, {}, [], 0
    for label, path in volumes.items():
        points = read(folder / f"{path.stem}_coords.star")
        pairs = matched(truths[label], points, CLASSES[label] / 2)
        scores[label] = 2 * len(pairs) / (len(points) + len(truths[label]))
        medians[label] = np.median(pairs)
        errors += list(pairs)
        count += len(points) + len(truths[label])
    return 2 * len(errors) / count, scores, np.median(errors), medians


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6, 7, 8])
def test_f1_and_centres_beside_the_references_method(ais, shared, tmp_path, seed):
    labels = np.array(mrcfile.read(shared / "synthetic" / "cell_d_labels.mrc.gz"))
    rng = np.random.default_rng(seed)
    volumes, truths = {}, {}
    for label in CLASSES:
        pieces, count = ndi.label(labels == label, np.ones((3, 3, 3)))
        truths[label] = np.array(ndi.center_of_mass(labels == label, pieces, range(1, count + 1)))
        volumes[label] = tmp_path / f"cell_d__class{label}.mrc"
        with mrcfile.new(volumes[label]) as file:
            file.set_data(prediction(labels, label, rng))
            file.voxel_size = 10.0
    ours, classes, error, errors = score(ais, tmp_path / "ours", volumes, truths)
    theirs, their_classes, their_error, their_errors = score(ais, tmp_path / "theirs", volumes, truths, "--method", "reference-peaks")
    print(f"F1 {ours:.3f} {classes}, median error {error:.2f} {errors} voxels; "
          f"the reference's method: {theirs:.3f} {their_classes}, {their_error:.2f} {their_errors}")
    assert ours >= max(theirs, 0.9)
    assert error <= 1.0
    for label in CLASSES:
        assert classes[label] >= max(their_classes[label], 0.9), label
        assert errors[label] <= 1.0, label
