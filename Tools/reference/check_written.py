"""Gives networks that Ais wrote to Keras 2.15 and to the reference program, and compares predictions.

    python check_written.py --folder FOLDER [--program .build/release/ais] [--only NAME …]

FOLDER is that of keras_layouts.py: every layout with random weights, inputs, and what Keras answered. Each model is written anew by
`ais models convert`, loaded by Keras and by the reference's own `SEModel.load`, and must answer as before within 1e-4. The exit
code is 1 if anything differs.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import mrcfile
import numpy as np
import tensorflow as tf

TOLERANCE = 1e-4


def keras_model(scnm: pathlib.Path, folder: pathlib.Path):
    with tarfile.open(scnm) as archive:
        member = next(member for member in archive.getmembers() if member.name.endswith("_weights.h5"))
        path = folder / "weights.h5"
        path.write_bytes(archive.extractfile(member).read())
    return tf.keras.models.load_model(path, compile=False)


def answer(model, volume: np.ndarray) -> np.ndarray:
    """Ours (z, y, x) to Keras' (y, x, z) and back."""
    values = volume.transpose(1, 2, 0)
    if len(model.input_shape) == 5:
        found = model.predict(values[None, ..., None], verbose=0)[0, ..., 0]
        return found.transpose(2, 0, 1) if found.ndim == 3 else found[None]
    return model.predict(values[None], verbose=0)[0].transpose(2, 0, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--program", type=pathlib.Path, default=pathlib.Path(".build/release/ais"))
    parser.add_argument("--only", nargs="*", metavar="NAME")
    parser.add_argument("--reference", action="store_true", help="load with the reference program too")
    arguments = parser.parse_args()
    if arguments.reference:
        from Ais.core.se_model import SEModel
    failures = compared = 0
    largest = 0.0
    for path in sorted(arguments.folder.glob("*.json")):
        record = json.loads(path.read_text())
        if path.stem == "variants" or record["refused"] or not record["cases"]:
            continue
        if arguments.only and path.stem.rpartition("-d")[0] not in arguments.only:
            continue
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary)
            written = folder / "written.scnm"
            subprocess.run(
                [arguments.program, "models", "convert", arguments.folder / record["model"], "-o", written], check=True)
            model = keras_model(written, folder)
            words = []
            for case in record["cases"]:
                source = mrcfile.read(arguments.folder / f"{case}_input.mrc")
                expected = mrcfile.read(arguments.folder / f"{case}_output.mrc")
                difference = float(np.abs(answer(model, source).reshape(expected.shape) - expected).max())
                largest = max(largest, difference)
                compared += 1
                failures += not difference <= TOLERANCE
                words.append(f"{case} {difference:.1e}")
            if arguments.reference:
                theirs = SEModel(no_glfw=True)
                theirs.load(str(written))
                loaded = theirs.model is not None and theirs.model.count_params() == model.count_params()
                failures += not loaded
                words.append("loaded by the reference" if loaded else "NOT LOADED by the reference")
            print(f"{path.stem:<24} {model.count_params():>10}  {'; '.join(words)}", flush=True)
            tf.keras.backend.clear_session()
    print(f"{compared} outputs compared, largest |Δ| {largest:.1e} (allowed {TOLERANCE:.0e}), {failures} failed")
    sys.exit(1 if failures or not compared else 0)


if __name__ == "__main__":
    main()
