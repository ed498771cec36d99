"""Gives model files with a picture and a slice to the reference program, and takes its own.

    $python Tools/reference/check_previews.py AIS

AIS is this program. `ais models convert --preview` and `ais train --preview` write models of one slice, of slices with their
neighbours and of slabs; the reference's `SEModel.load` must open each and answer as without slice and picture. The reference then saves each
model with a slice, and the two members must be of the same kind as ours: slices and their numbers' type, the size of the picture.
`ais models convert` must keep both.
"""

import argparse
import io
import os
import pathlib
import struct
import subprocess
import sys
import tarfile
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import numpy as np
import tifffile

from reference_program import reference_program

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
TOMOGRAM = REPOSITORY / "Examples" / "cell_c.mrc"
MODELS = ["Examples/MembraneC.scnm", "Tests/Fixtures/segment/stack-global.scnm", "Tests/Fixtures/segment/slab-global.scnm"]
TRAININGS = [("UNet S", 1), ("UNet S", 5), ("ezm-3d-M", 8)]


def shown(path):
    """The slice and the picture of a model file: bytes, and what kind they are."""
    with tarfile.open(path) as archive:
        members = {name.rpartition("_")[2]: archive.extractfile(name).read() for name in archive.getnames()}
    values = tifffile.imread(io.BytesIO(members["slice.tiff"]))
    # A PNG's first chunk: width, height, bits, colours.
    kind = (values.reshape(-1, *values.shape[-2:]).shape, values.dtype.kind, *struct.unpack(">IIBB", members["preview.png"][16:26]))
    return members["slice.tiff"], members["preview.png"], values, kind


def train(ais, architecture, depth, result, folder):
    """Trains one epoch on two boxes, with a picture."""
    sets = folder / f"set-{depth}"
    if not sets.exists():
        subprocess.run([ais, "extract", TOMOGRAM, "--labels", f"{TOMOGRAM.with_suffix('')}_labels.mrc.gz", "-f", "Membrane", "--label", "1",
                        "--random", "1", "--random-negatives", "1", "--box", "64", "--depth", str(depth), "-o", sets, "-q"], check=True)
    (boxes,) = sets.glob("*.scnt")
    subprocess.run([ais, "train", boxes, "-a", architecture, "-o", result, "--epochs", "1", "--copies", "1", "--batch", "2",
                    "--preview", f"{TOMOGRAM}:30", "-q"], check=True)


def strip(path, result):
    """Packs a model file again without slice and picture."""
    with tarfile.open(path) as source, tarfile.open(result, "w") as target:
        for member in source.getmembers():
            if not member.name.endswith(("_slice.tiff", "_preview.png")):
                target.addfile(member, source.extractfile(member))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ais", type=pathlib.Path)
    ais = parser.parse_args().ais.resolve()
    reference_program()
    from Ais.core.se_model import SEModel

    failures = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        ours, bare, theirs, back = (folder / f"{word}.scnm" for word in ("ours", "bare", "theirs", "back"))

        def check(what):
            nonlocal failures
            strip(ours, bare)
            without, model = SEModel(no_glfw=True), SEModel(no_glfw=True)
            without.load(str(bare))
            model.load(str(ours))
            *_, values, kind = shown(ours)
            stack = values.reshape(kind[0])
            answer = model.apply_to_slice(stack, 1.0)
            difference = np.abs(answer - without.apply_to_slice(stack, 1.0)).max()
            model.save(str(theirs), validation_slice=stack.astype(np.float64))
            *_, their_kind = shown(theirs)
            subprocess.run([ais, "models", "convert", theirs, "-o", back], check=True)
            kept = shown(theirs)[:2] == shown(back)[:2]
            fine = kind == their_kind and kept and difference < 1e-4 and np.isfinite(answer).all()
            failures += not fine
            print(f"{what}: opened, max |Δ| {difference:.1e}; ours {kind}, theirs {their_kind}; "
                  f"theirs {'kept' if kept else 'NOT kept'} by us{'' if fine else '  WRONG'}", flush=True)
            for file in (ours, bare, theirs, back):
                file.unlink()

        for path in MODELS:
            subprocess.run([ais, "models", "convert", REPOSITORY / path, "-o", ours, "--preview", f"{TOMOGRAM}:30"], check=True)
            check(f"{pathlib.Path(path).name}, converted")
        for architecture, depth in TRAININGS:
            train(ais, architecture, depth, ours, folder)
            check(f"{architecture} of {depth} slices, trained")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
