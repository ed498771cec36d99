"""Golden values for AisImaging, made with NumPy, SciPy and scikit-image.

    python3 -m venv /tmp/goldens && /tmp/goldens/bin/pip install numpy scipy scikit-image
    /tmp/goldens/bin/python Tools/reference/imaging_goldens.py

writes Tests/Fixtures/imaging/goldens.json. Inputs are stored beside the results: small float32 arrays, row by row.
"""

import json
from pathlib import Path

import numpy as np
import scipy
import skimage
from scipy import ndimage
from skimage.transform import resize

rng = np.random.default_rng(20)


def numbers(array):
    return [float(v) for v in np.asarray(array, dtype=np.float32).ravel()]


def picture(*shape):
    return (rng.standard_normal(shape) * 40 + 100).astype(np.float32)


resizes = []
for source, target in [((12, 16), (9, 11)), ((9, 11), (14, 20)), ((20, 13), (7, 13)), ((5, 31), (12, 6)), ((1, 8), (3, 5)), ((17, 24), (3, 4))]:
    image = picture(*source)
    volume = np.stack([image, image * 2])
    result = resize(volume, (2, *target), order=1, anti_aliasing=True, preserve_range=True)[0]
    resizes.append({"source": source, "target": target, "input": numbers(image), "output": numbers(result)})

splines = []
for source, target in [((9, 11), (12, 16)), ((14, 20), (9, 11)), ((13, 7), (20, 13)), ((6, 6), (6, 9))]:
    image = picture(*source)
    factors = [t / s for s, t in zip(source, target)]
    result = ndimage.zoom(image, factors, order=1, prefilter=False, mode="nearest")
    assert result.shape == target
    splines.append({"source": source, "target": target, "input": numbers(image), "output": numbers(result)})

blurs = []
for shape, sigma in [((6, 9, 10), (1.0, 1.0, 1.0)), ((3, 8, 5), (2.0, 0.0, 1.3)), ((1, 7, 12), (0.0, 3.5, 0.4)), ((5, 4, 4), (0.6, 2.5, 4.0))]:
    volume = picture(*shape)
    for mode in ("reflect", "mirror"):
        result = ndimage.gaussian_filter(volume, sigma, mode=mode)
        blurs.append({"shape": shape, "sigma": sigma, "border": mode, "input": numbers(volume), "output": numbers(result)})

paddings = []
for count, before, after in [(5, 3, 4), (4, 9, 13), (2, 5, 5), (1, 2, 3)]:
    paddings.append({"count": count, "before": before, "after": after,
                     "sources": [int(v) for v in np.pad(np.arange(count), (before, after), mode="reflect")]})

turns = []
ramp = np.arange(12, dtype=np.float32).reshape(3, 4)
for k in range(8):
    turned = np.rot90(ramp, k % 4)
    if k >= 4:
        turned = turned[:, ::-1]
    turns.append({"index": k, "shape": turned.shape, "output": numbers(turned)})

statistics = []
for shape in [(1, 10, 12), (5, 21, 17), (33, 8, 400), (70, 6, 5)]:
    volume = picture(*shape)
    if shape[0] == 5:
        volume = np.round(volume / 20).astype(np.float32)
    indices = np.linspace(0, shape[0] - 1, min(32, shape[0])).astype(int)
    margins = [min(int(0.2 * n), 64) for n in shape[1:]]
    sample = volume[indices, margins[0]:shape[1] - margins[0], margins[1]:shape[2] - margins[1]].astype(np.float64)
    median = np.median(sample)
    statistics.append({"shape": shape, "seeded": numbers(volume) if volume.size < 3000 else None,
                       "indices": [int(i) for i in indices], "margins": margins,
                       "centre": float(sample.mean()),
                       "scale": float(1.4826 * np.median(np.abs(sample - median)) + 1e-7)})

out = Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "imaging" / "goldens.json"
out.parent.mkdir(parents=True, exist_ok=True)
out.write_text(json.dumps({
    "versions": {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-image": skimage.__version__},
    "resizes": resizes, "splines": splines, "blurs": blurs, "paddings": paddings, "turns": turns,
    "statistics": [s for s in statistics if s["seeded"] is not None] ,
    "samples": [{k: s[k] for k in ("shape", "indices", "margins")} for s in statistics],
}) + "\n")
print(f"{out}: {out.stat().st_size} bytes")
