"""Golden values for thinning and smoothing splines, made with NumPy, SciPy and scikit-image.

    python3 -m venv /tmp/goldens && /tmp/goldens/bin/pip install numpy scipy scikit-image
    /tmp/goldens/bin/python Tools/reference/curve_goldens.py

writes Tests/Fixtures/imaging/curves.json: small masks as lists of voxels (z, y, x) with scikit-image's skeleton and its
counts of pieces, and points along curves with what SciPy's splprep makes of them.
"""

import json
from pathlib import Path

import numpy as np
import scipy
import skimage
from scipy import ndimage
from scipy.interpolate import splev, splprep
from skimage.measure import euler_number
from skimage.morphology import skeletonize

rng = np.random.default_rng(11)


def tube(shape, curve, radius):
    """Voxels within a radius of a curve, given as many points."""
    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1).astype(float)
    distance = np.full(shape, np.inf)
    for point in curve:
        distance = np.minimum(distance, np.linalg.norm(grid - point, axis=-1))
    return distance <= radius


def line(start, end):
    t = np.linspace(0, 1, 200)[:, None]
    return np.array(start) * (1 - t) + np.array(end) * t


t = np.linspace(0, 1, 400)
helix = np.stack([4 + 24 * t, 16 + 8 * np.sin(4 * np.pi * t), 16 + 8 * np.cos(4 * np.pi * t)], axis=1)
ring = np.stack([8 + 0 * t, 20 + 12 * np.sin(2 * np.pi * t), 20 + 12 * np.cos(2 * np.pi * t)], axis=1)
masks = {
    "straight": tube((17, 17, 48), line((8, 8, 6), (8, 8, 41)), 4),
    "oblique": tube((32, 32, 32), line((6, 7, 5), (25, 22, 26)), 3.5),
    "helix": tube((32, 34, 34), helix, 2.5),
    "ring": tube((17, 40, 40), ring, 3),
    "branched": tube((15, 40, 40), line((7, 5, 20), (7, 35, 20)), 3) | tube((15, 40, 40), line((7, 20, 20), (7, 34, 34)), 3),
    "crossing": tube((15, 40, 40), line((7, 5, 20), (7, 35, 20)), 3) | tube((15, 40, 40), line((7, 20, 5), (7, 20, 35)), 3),
    "even": np.pad(np.ones((4, 4, 24), bool), 3),
    "blocks": ndimage.gaussian_filter(rng.standard_normal((20, 22, 24)), 1.5) > 0.05,
}
skeletons = []
for name, mask in masks.items():
    skeleton = skeletonize(mask)
    skeletons.append({
        "name": name, "shape": mask.shape, "mask": np.argwhere(mask).ravel().tolist(),
        "skeleton": np.argwhere(skeleton).ravel().tolist(),
        "euler": int(euler_number(mask, connectivity=3)),
        "pieces": int(ndimage.label(mask, np.ones((3, 3, 3)))[1]),
        "cavities": int(ndimage.label(np.pad(~mask, 1, constant_values=True))[1]) - 1,
    })

splines = []
curves = {
    "arc": (np.stack([10 + 0 * t, 50 * np.sin(2 * t), 50 * np.cos(2 * t)], axis=1)[::5], 0.4),
    "helix": (helix[::4], 0.3),
    "wave": (np.stack([5 * np.sin(9 * t), 80 * t, 9 * np.cos(5 * t)], axis=1)[::3], 0.5),
    "straight": (line((0, 0, 0), (30, 40, 50))[::5], 0.4),
    "few": (line((0, 0, 0), (3, 4, 5))[::50], 0.2),
}
for name, (points, noise) in curves.items():
    points = np.round(points + rng.standard_normal(points.shape) * noise, 3)
    for factor in (0, 0.3, 1, 3):
        s = round(factor * 3 * noise**2 * len(points), 4)
        (tck, u), error, _, _ = splprep(points.T, s=s, full_output=True)[0:4]
        at = np.linspace(0, 1, 41)
        splines.append({
            "name": name, "points": points.ravel().tolist(), "sum": s, "error": float(error), "knots": tck[0].tolist(),
            "curve": np.array(splev(at, tck)).T.ravel().tolist(),
            "derivative": np.array(splev(at, tck, der=1)).T.ravel().tolist(),
        })

out = Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "imaging" / "curves.json"
out.write_text(json.dumps({
    "versions": {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-image": skimage.__version__},
    "skeletons": skeletons, "splines": splines,
}, separators=(",", ":")) + "\n")
print(f"{out}: {out.stat().st_size} bytes")
