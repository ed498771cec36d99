"""Compares the training sets that `ais extract` makes with those of the reference program, box by box.

    $python Tools/reference/compare_extract.py AIS ANNOTATED.scns TOMOGRAM.mrc FEATURE [--train] [--only NAME]

AIS is this program. Both extract the same annotation with the same options: images must agree within 1e-4, labels and box names
exactly. With `--train` the reference then trains one short epoch on three sets of ours (of slices, of slices with their neighbours, of
slabs), and we on its own.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

import mrcfile
import numpy

from reference_program import reference_program

# name: (box, depth, Å per pixel)
CASES = {
    "plain": (64, 1, 10.0),
    "margin": (96, 1, 10.0),
    "smaller pixels": (64, 1, 8.0),
    "larger pixels": (64, 1, 13.48),
    "half": (48, 1, 20.0),
    "slab": (64, 8, 10.0),
    "slab of larger pixels": (64, 5, 13.48),
}
# What is trained on the sets of some cases.
TRAINED = {"plain": "UNet S", "slab": "ezm-3d-M", "slab of larger pixels": "UNet S"}


def read(path):
    """The images of a set by member name, and its two descriptions."""
    images, texts = {}, {}
    with tarfile.open(path) as archive, tempfile.TemporaryDirectory() as name:
        for member in archive.getmembers():
            content = archive.extractfile(member).read()
            if member.name.endswith(".json"):
                texts[member.name] = json.loads(content)
            elif member.name.endswith(".mrc"):
                file = pathlib.Path(name) / "member.mrc"
                file.write_bytes(content)
                with mrcfile.open(file) as image:
                    images[member.name] = numpy.array(image.data)
    return images, texts


def compare(name, theirs, ours):
    (their_images, their_texts), (our_images, our_texts) = read(theirs), read(ours)
    fine = set(their_images) == set(our_images)
    worst = {"x": 0.0, "y": 0.0}
    for member in set(their_images) & set(our_images):
        a, b = their_images[member], our_images[member]
        if a.shape != b.shape:
            fine, b = False, numpy.full(a.shape, numpy.inf)
        kind = member[0]
        worst[kind] = max(worst[kind], float(numpy.abs(a - b).max()))
    keys = [key for key in their_texts["metadata.json"] if key != "features"]
    differing = [k for k in keys if their_texts["metadata.json"][k] != our_texts["metadata.json"].get(k)]
    sources = their_texts["sources.json"]
    for box, source in sources.items():
        for key, value in source.items():
            if key != "aisTomogramPath" and our_texts["sources.json"][box].get(key) != value:
                differing.append(f"{box} {key}")
    fine = fine and worst["x"] < 1e-4 and worst["y"] == 0 and not differing
    print(
        f"{name}: {len(sources)} boxes, max |Δ| of images {worst['x']:.2e}, of labels {worst['y']:g}"
        + (f", different: {differing[:5]}" if differing else "") + ("" if fine else "  WRONG"), flush=True)
    return fine


def train(program, ais, case, theirs, ours, folder):
    """One epoch by each program on the other's set."""
    architecture, fine = TRAINED[case], True
    reference = [program, "train", "-t", ours, "-a", architecture, "-e", "1", "-b", "8", "-c", "1", "-ou", folder, "-name", "Theirs"]
    mine = [ais, "train", theirs, "-a", architecture, "-e", "1", "-b", "8", "-c", "1", "-o", folder / "Ours.scnm", "--force", "-q"]
    for words, command, made in (
            ("the reference trains on ours", reference, folder / "Theirs.scnm"), ("we train on the reference's", mine, folder / "Ours.scnm")):
        made.unlink(missing_ok=True)
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        print(f"{case}: {words} ({architecture})" if made.exists() else f"{case}: NOT so: {words}\n{done.stdout[-2000:]}{done.stderr[-2000:]}",
              flush=True)
        fine = fine and made.exists()
    return fine


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ais", type=pathlib.Path)
    parser.add_argument("annotated", type=pathlib.Path)
    parser.add_argument("tomogram", type=pathlib.Path)
    parser.add_argument("feature")
    parser.add_argument("--train", action="store_true", help="train on the sets, each program on the other's")
    parser.add_argument("--only", choices=CASES)
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for the reference's sets, used again when they are there")
    arguments = parser.parse_args()
    program, ais = reference_program(), arguments.ais.resolve()
    fine = True
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        annotated = folder / arguments.annotated.name
        shutil.copy(arguments.annotated, annotated)
        shutil.copy(arguments.tomogram, folder / arguments.tomogram.name)
        for case, (box, depth, pixel) in CASES.items():
            if arguments.only not in (None, case):
                continue
            kept = arguments.keep or folder
            theirs, ours = kept / f"theirs {case}", folder / f"ours {case}"
            if not list(theirs.glob("*.scnt")):
                theirs.mkdir(parents=True, exist_ok=True)
                subprocess.run(
                    [program, "extract", "-d", annotated, "-f", arguments.feature, "-ou", theirs, "-size", str(box),
                     "-depth", str(depth), "-a", str(pixel)], cwd=folder, check=True, capture_output=True)
            subprocess.run(
                [ais, "extract", annotated, "-f", arguments.feature, "-o", ours, "--box", str(box), "--depth", str(depth),
                 "--pixel-size", f"{pixel}A", "-q"], cwd=folder, check=True)
            (their_set,), (our_set,) = theirs.glob("*.scnt"), ours.glob("*.scnt")
            if their_set.name != our_set.name:
                print(f"{case}: '{our_set.name}' is called '{their_set.name}' by the reference  WRONG")
                fine = False
            fine = compare(case, their_set, our_set) and fine
            if arguments.train and case in TRAINED:
                fine = train(program, ais, case, their_set, our_set, folder) and fine
    sys.exit(not fine)


if __name__ == "__main__":
    main()
