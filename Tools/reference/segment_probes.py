"""What the reference program does around a network: one-layer networks run by the real `ais segment`.

A network of one linear convolution shows how slices are normalised, rescaled, padded, turned, cut into tiles and
slabs, averaged and written. Each case runs `ais segment` of Ais-cryoET on a small phantom and keeps the result.

    python Tools/reference/segment_probes.py --ais AIS_COMMAND

with the Python of an environment that has `ais-cryoet` (and so TensorFlow 2.15 and mrcfile), and AIS_COMMAND its `ais`.
Writes Tests/Fixtures/segment/probes/: `cases.json`, inputs as little-endian float32, results as bytes; z, y, x.
"""

import argparse
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import mrcfile
import numpy as np
from scipy.ndimage import gaussian_filter
from tensorflow.keras import Input, Model, layers

OUT = Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "segment" / "probes"

METADATA = {
    "colour": [0.2, 0.8, 0.6], "apix": 10.0, "compiled": True, "box_size": 64, "filament_diameter": None,
    "model_enum": 8, "arch": "UNet S", "epochs": 3, "batch_size": 16, "active": True, "blend": False, "show": True,
    "alpha": 0.75, "threshold": 0.5, "overlap": 0.2, "active_tab": 0, "n_parameters": 10, "n_copies": 3, "info": "x",
    "info_short": "x", "excess_negative": -100, "emit": False, "absorb": False, "loss": 0.1, "tta": 1,
}


def taps(shape, **values):
    """A kernel (z, y, x, channel) with taps named `z_y_x_c`."""
    kernel = np.zeros(shape, np.float32)
    for name, value in values.items():
        kernel[tuple(int(v) for v in name[1:].split("_"))] = value
    return kernel


one = taps((1, 1, 1, 1), t0_0_0_0=0.15)
turned = taps((1, 3, 3, 1), t0_0_1_0=0.15, t0_1_0_0=0.05)
window = taps((1, 1, 1, 5), **{f"t0_0_0_{c}": 0.05 * (c + 1) for c in range(5)})
even = taps((1, 1, 1, 4), **{f"t0_0_0_{c}": 0.05 * (c + 1) for c in range(4)})
ahead = taps((5, 1, 1, 1), t4_0_0_0=0.15)
profile = np.full((9, 1, 1, 1), 1 / 9, np.float32)
wide = np.full((1, 1, 81, 1), 1 / 81, np.float32)
corner = taps((3, 3, 3, 1), t1_0_1_0=0.1, t1_1_0_0=0.05, t0_1_1_0=0.07)

CASES = [
    dict(name="plain", input="small", kernel=one),
    dict(name="each-slice", input="small", kernel=one, normalization=None),
    dict(name="window-5", input="small", kernel=window),
    dict(name="window-5-each-slice", input="small", kernel=window, normalization=None),
    dict(name="window-4", input="small", kernel=even),
    dict(name="coarse", input="small", voxel=13.0, kernel=one),
    dict(name="fine", input="small", voxel=7.3, kernel=one),
    dict(name="fine-each-slice", input="small", voxel=7.3, kernel=one, normalization=None),
    dict(name="nearly-equal", input="small", voxel=10.3, kernel=one),
    dict(name="processing-size", input="small", kernel=one, settings=dict(apix=14.0)),
    dict(name="turns-2", input="small", kernel=turned, settings=dict(tta=2)),
    dict(name="turns-6", input="small", kernel=turned, settings=dict(tta=6)),
    dict(name="turns-8", input="small", kernel=turned, settings=dict(tta=8)),
    dict(name="centre", input="small", kernel=window, settings=dict(center=35)),
    dict(name="blur", input="small", kernel=one, settings=dict(sigma=[12, 12, 12])),
    dict(name="blur-centre", input="small", kernel=one, settings=dict(sigma=[12, 0, 25], center=50)),
    dict(name="slab-ahead", input="deep", kernel=ahead, depth=16, settings=dict(tile=96, overlap=32)),
    dict(name="slab-thin", input="small", kernel=ahead, depth=16, settings=dict(tile=96, overlap=32)),
    dict(name="slab-thinner", input="thin", kernel=ahead, depth=16, settings=dict(tile=96, overlap=32)),
    dict(name="slab-profile", input="deep", kernel=profile, ones=True, depth=16, settings=dict(tile=96, overlap=32)),
    dict(name="slab-jitter", input="deep", kernel=profile, ones=True, depth=16, z_jitter=8, settings=dict(tile=96, overlap=32)),
    dict(name="slab-stride", input="deep", kernel=profile, ones=True, depth=16, z_jitter=8, settings=dict(tile=96, overlap=32, stride=5)),
    dict(name="slab-centre", input="deep", kernel=profile, ones=True, depth=16, settings=dict(tile=96, overlap=32, center=60)),
    dict(name="slab-centre-narrow", input="deep", kernel=profile, ones=True, depth=16, settings=dict(tile=96, overlap=32, center=20)),
    dict(name="tiles", input="broad", kernel=wide, ones=True, depth=8, settings=dict(tile=128, overlap=16)),
    dict(name="tiles-odd", input="broad", kernel=wide, ones=True, depth=8, settings=dict(tile=100, overlap=64)),
    dict(name="tiles-plane", input="broad", kernel=wide, ones=True, depth=8, settings=dict(tile=-1)),
    dict(name="slab-turns-6", input="broad", kernel=corner, depth=8, settings=dict(tile=96, overlap=32, tta=6)),
]

INPUTS = {"small": (10, 30, 38), "deep": (29, 20, 17), "thin": (6, 20, 26), "broad": (9, 26, 200)}


def network(case):
    kernel = case["kernel"]
    if "depth" not in case:  # 2D, slices as channels
        image = Input((None, None, kernel.shape[3]))
        last = layers.Conv2D(1, kernel.shape[1:3], padding="same", name="last")
        model = Model(image, last(image))
        last.set_weights([kernel[0][..., None], np.array([bias(case)], np.float32)])
        return model
    image = Input((None, None, case["depth"], 1))  # Keras order: y, x, z
    value = image
    if case.get("ones"):
        first = layers.Conv3D(1, 1, name="first")
        value = first(value)
        first.set_weights([np.zeros((1, 1, 1, 1, 1), np.float32), np.ones(1, np.float32)])
    k = np.transpose(kernel, (1, 2, 0, 3))[..., None]
    last = layers.Conv3D(1, k.shape[:3], padding="same", name="last")
    model = Model(image, last(value))
    last.set_weights([k, np.array([bias(case)], np.float32)])
    return model


def bias(case):
    return 0.0 if case.get("ones") else 0.5


def run(case, ais, folder):
    name = case["name"]
    depth = case.get("depth", case["kernel"].shape[3])
    model = network(case)
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.save(folder / f"{name}_weights.h5")
    metadata = METADATA | {
        "title": name, "model_depth": depth, "z_jitter": case.get("z_jitter", 0),
        "normalization": case.get("normalization", "global_mad")}
    (folder / f"{name}_metadata.json").write_text(json.dumps(metadata))
    with tarfile.open(folder / f"{name}.scnm", "w") as tar:
        for part in ("weights.h5", "metadata.json"):
            tar.add(folder / f"{name}_{part}", f"{name}_{part}")
    voxels = np.fromfile(OUT / f"{case['input']}.f32", "<f4").reshape(INPUTS[case["input"]])
    with mrcfile.new(folder / "input.mrc", overwrite=True) as file:
        file.set_data(voxels)
        file.voxel_size = case.get("voxel", 10.0)
    settings = case.get("settings", {})
    flags = []
    for key, flag in dict(tta="-tta", center="--center", sigma="-sigma", tile="--tile", overlap="--overlap", stride="--stride", apix="-apix").items():
        if key in settings:
            value = settings[key]
            flags += [flag] + [str(v) for v in (value if isinstance(value, list) else [value])]
    shutil.rmtree(folder / "out", ignore_errors=True)
    command = [ais, "segment", "-gpu", "0", "-m", str(folder / f"{name}.scnm"), "-d", str(folder / "input.mrc"),
               "-ou", str(folder / "out"), *flags]
    result = subprocess.run(command, capture_output=True, text=True)
    output = folder / "out" / f"input__{name}.mrc"
    with mrcfile.open(output) as file:
        data = np.array(file.data)
    assert data.shape == voxels.shape, (name, data.shape, result.stdout, result.stderr)
    data.astype(np.uint8).tofile(OUT / f"{name}.u8")
    print(name, data.min(), data.max(), flush=True)
    return {
        "name": name, "input": case["input"], "shape": INPUTS[case["input"]], "voxel": case.get("voxel", 10.0),
        "volumetric": "depth" in case, "depth": depth, "zJitter": case.get("z_jitter", 0),
        "global": case.get("normalization", "global_mad") is not None, "ones": bool(case.get("ones")),
        "kernelShape": case["kernel"].shape, "kernel": [float(v) for v in case["kernel"].ravel()],
        "bias": bias(case), "settings": settings}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--ais", default="ais", help="the reference's command")
    arguments = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(8)
    for name, shape in INPUTS.items():
        voxels = gaussian_filter(random.standard_normal(shape), 1.0) * 40 + 10
        voxels.astype("<f4").tofile(OUT / f"{name}.f32")
    with tempfile.TemporaryDirectory() as folder:
        cases = [run(case, arguments.ais, Path(folder)) for case in CASES]
    (OUT / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")


if __name__ == "__main__":
    main()
