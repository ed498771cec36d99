"""What SciPy and scikit-image say of small volumes: components, distances, peaks, basins, binning.

    python="$(Scripts/python-env Tools/reference/requirements.txt)"
    "$python" Tools/reference/volume_goldens.py

writes Tests/Fixtures/imaging/volumes.json in a few seconds. Volumes come from a generator that the tests have too, so only results are
stored: CRC-32 sums of whole arrays where the answer is exact, some numbers where it is rounded. Volumes of the folder of
other people's files ($AIS_SHARED_DATA, or ../shared/data) are looked at where they lie; nothing of them is stored.
"""

import json
import os
import zlib
from pathlib import Path

import numpy as np
import scipy
import skimage
from scipy import ndimage
from skimage.feature import peak_local_max
from skimage.segmentation import watershed

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("AIS_SHARED_DATA", ROOT.parent / "shared" / "data")) / "segmentations"
STRUCTURES = {6: 1, 18: 2, 26: 3}


def random_numbers(seed, count):
    """The first numbers of SplitMix64, as `SeededGenerator` gives them."""
    state = np.uint64(seed) + np.uint64(0x9E3779B97F4A7C15) * np.arange(1, count + 1, dtype=np.uint64)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def noise(shape, seed):
    """Numbers from 0 to 1, multiples of 2^-24."""
    numbers = random_numbers(seed, int(np.prod(shape))) >> np.uint64(40)
    return (numbers.astype(np.float64) / 2**24).astype(np.float32).reshape(shape)


def balls(shape, count, seed):
    """1 inside any of some balls of radius 3 to 8."""
    numbers = [int(n) for n in random_numbers(seed, 4 * count)]
    z, y, x = np.ogrid[: shape[0], : shape[1], : shape[2]]
    mask = np.zeros(shape, dtype=np.uint8)
    for i in range(count):
        a, b, c, d = numbers[4 * i : 4 * i + 4]
        radius = 3 + d % 6
        mask[(z - a % shape[0]) ** 2 + (y - b % shape[1]) ** 2 + (x - c % shape[2]) ** 2 <= radius**2] = 1
    return mask


def read_bytes(path):
    """The signed bytes of an MRC file of mode 0."""
    data = path.read_bytes()
    header = np.frombuffer(data[:1024], dtype="<i4")
    nx, ny, nz = (int(n) for n in header[:3])
    return np.frombuffer(data, dtype=np.int8, offset=1024 + int(header[23]), count=nx * ny * nz).reshape(nz, ny, nx)


def crc(array, kind):
    return zlib.crc32(np.ascontiguousarray(array).astype(kind).tobytes())


def components(volume, threshold, connectivity):
    labels, count = ndimage.label(volume > threshold, ndimage.generate_binary_structure(3, STRUCTURES[connectivity]))
    # The largest ones: theirs are the numbers that are hardest to get right.
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    largest = [int(i) for i in np.argsort(-sizes, kind="stable")[:3]]
    measured = []
    for i in largest:
        inside = labels == i + 1
        places = np.argwhere(inside)
        box = ndimage.find_objects(labels == i + 1)[0]
        measured.append({
            "index": i,
            "voxels": int(sizes[i]),
            "box": [[axis.start, axis.stop] for axis in box],
            "sum": float(volume[inside].astype(np.float64).sum()),
            "centroid": [float(v) for v in ndimage.center_of_mass(inside)],
            "weighted": [float(v) for v in ndimage.center_of_mass(volume.astype(np.float64), labels, i + 1)],
            "covariance": [float(v) for v in np.cov(places.T, ddof=0).reshape(3, 3)[np.triu_indices(3)]] if len(places) > 1 else [0.0] * 6,
        })
    return {"threshold": threshold, "connectivity": connectivity, "count": count, "labels": crc(labels, "<i4"), "measured": measured}


def distances(mask):
    return np.rint(ndimage.distance_transform_edt(mask) ** 2).astype(np.int64)


def peaks(mask, half_width):
    found = peak_local_max(ndimage.distance_transform_edt(mask), min_distance=half_width)
    return {"halfWidth": half_width, "points": [[int(v) for v in p] for p in found]}


def basins(mask, half_width):
    distance = ndimage.distance_transform_edt(mask)
    found = peak_local_max(distance, min_distance=half_width, exclude_border=False)
    markers = np.zeros(mask.shape, dtype=np.int32)
    for number, point in enumerate(found, 1):
        markers[tuple(point)] = number
    # Squared distances: whole numbers, the same in both programs.
    labels = watershed(-distances(mask).astype(np.float32), markers, mask=mask != 0)
    values, starts = [], []
    flat = labels.ravel()
    for start in np.flatnonzero(np.diff(flat, prepend=-1)):
        starts.append(int(start))
        values.append(int(flat[start]))
    return {"halfWidth": half_width, "seeds": [[int(v) for v in p] for p in found], "starts": starts, "labels": values}


noises = []
for seed, shape in enumerate([(7, 9, 11), (20, 33, 47), (1, 64, 64), (16, 1, 40), (5, 6, 1), (24, 40, 70), (17, 5, 200)], 1):
    volume = noise(shape, seed)
    case = {"seed": seed, "shape": shape, "components": [], "distances": [], "bins": []}
    for connectivity in STRUCTURES:
        for threshold in (0.25, 0.5, 0.75, 0.9):
            case["components"].append(components(volume, threshold, connectivity))
    for threshold in (0.5, 0.05, 0.002):
        mask = volume > threshold
        # Without any 0 SciPy's answer means nothing.
        if mask.all():
            continue
        spaced = ndimage.distance_transform_edt(mask, sampling=(2.5, 1.0, 1.3)) ** 2
        step = max(1, spaced.size // 60)
        case["distances"].append({"threshold": threshold, "squared": crc(distances(mask), "<i4"),
                                  "step": step, "spaced": [float(v) for v in spaced.ravel()[::step]]})
    for factor in (2, 3, 4):
        binned_shape = [n // factor for n in shape]
        if 0 in binned_shape:
            continue
        cut = volume[tuple(slice(n * factor) for n in binned_shape)].astype(np.float64)
        blocks = cut.reshape([v for n in binned_shape for v in (n, factor)])
        binned = (blocks.sum(axis=(1, 3, 5)) / factor**3).astype(np.float32)
        case["bins"].append({"factor": factor, "voxels": crc(binned, "<f4")})
    noises.append(case)

particles = []
for seed, shape, count in [(101, (40, 48, 56), 12), (102, (30, 64, 64), 40), (103, (12, 90, 70), 25), (104, (64, 20, 33), 14)]:
    mask = balls(shape, count, seed)
    particles.append({"seed": seed, "shape": shape, "count": count, "squared": crc(distances(mask), "<i4"),
                      "peaks": [peaks(mask, d) for d in (1, 3, 5, 9)], "basins": basins(mask, 3)})

files = []
for name in ["synaptic_vesicle_seg.mrc", "vesicle_membrane_labels.mrc", "er_peakplus_filled.mrc", "er_peak_filled.mrc"]:
    volume = read_bytes(SHARED / name)
    mask = volume > 0
    # Inside and outside are both worth looking at.
    files.append({"name": name, "shape": volume.shape, "voxels": crc(volume, "<i1"),
                  "components": [components(volume.astype(np.float32), t, c) for t in (0, 1) for c in STRUCTURES],
                  "outside": [components((volume <= 0).astype(np.float32), 0.5, c) for c in STRUCTURES],
                  "inside": crc(distances(mask), "<i4"), "around": crc(distances(~mask), "<i4"),
                  "peaks": [peaks(mask, d) for d in (3, 6)]})

out = ROOT / "Tests" / "Fixtures" / "imaging" / "volumes.json"
out.write_text(json.dumps({
    "versions": {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-image": skimage.__version__},
    "noises": noises, "particles": particles, "files": files}) + "\n")
print(f"{out}: {out.stat().st_size} bytes")
