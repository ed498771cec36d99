"""Makes the reference segmentations of Tests/Fixtures/segment with the reference program's `ais segment`.

    python segment_goldens.py [--only CASE …]

Inputs are cut out of the synthetic tomogram of Examples/; networks are Examples/MembraneC.scnm and small ones with
random weights, which answer to every detail of their input. `cases.json`, written last, says for each case what was
run and what it must be compared with; Tests/python/test_segment.py runs our program on the same cases.
"""

import argparse
import gzip
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import mrcfile
import numpy as np

from reference_program import reference_program

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "Tests" / "Fixtures" / "segment"
EXAMPLES = REPOSITORY / "Examples"

# IMOD's mark in the header, and its flag "bytes are signed" in the word that follows.
IMOD_STAMP, IMOD_OFFSET = 1146047817, 152


def write_packed(name: str, values, voxel_size=10.0, signed_bytes=None, folder=FOLDER):
    """Writes `values` as folder/name (a gzipped MRC), the same bytes at every run. `signed_bytes` marks mode 0."""
    with tempfile.TemporaryDirectory() as temporary:
        plain = pathlib.Path(temporary) / "volume.mrc"
        with mrcfile.new(plain) as file:
            file.set_data(values)
            file.voxel_size = voxel_size
            file.header.nlabl = 0  # the library's label holds the date
            file.header.label[:] = b""
        data = bytearray(plain.read_bytes())
    if signed_bytes is not None:
        words = np.array([IMOD_STAMP, 1 if signed_bytes else 0], dtype="<i4")
        data[IMOD_OFFSET:IMOD_OFFSET + 8] = words.tobytes()
    (folder / name).write_bytes(gzip.compress(bytes(data), 9, mtime=0))


def make_inputs(scratch: pathlib.Path):
    """The tomograms: odd sizes, so that padding and rescaling meet remainders."""
    cell = mrcfile.read(EXAMPLES / "cell_c.mrc")
    crop = cell[20:44, 40:91, 50:109]
    write_packed("tomogram.mrc.gz", crop)
    # Flat enough to be small, wide enough for more than one of the default tiles of 512.
    write_packed("wide.mrc.gz", np.concatenate([cell[12:28, 60:84, :]] * 3, axis=2)[:, :, :590])
    # The same grey levels as bytes counted from -128, as bytes counted from 0, and as 16-bit numbers.
    grey = np.round((crop - crop.mean()) / crop.std() * 32).clip(-128, 127).astype(np.int16)
    write_packed("bytes-signed.mrc.gz", grey.astype(np.int8), signed_bytes=True)
    write_packed("bytes-unsigned.mrc.gz", (grey + 128).astype(np.uint8).view(np.int8), signed_bytes=False)
    write_packed("words-unsigned.mrc.gz", grey + 128, folder=scratch)
    write_packed("words-signed.mrc.gz", grey, folder=scratch)


def make_models():
    """Small networks with random weights, their normalisation tag and jitter as the cases need them."""
    import tensorflow as tf
    from tensorflow import keras

    from model_files import metadata, randomise, write_scnm
    from network_layouts import Builder, u_net

    def flat(n, x):
        return u_net(n, x, [(6, 6), (8,)], (12,), [(8,), (6,)], 0)

    def slab(n, x):
        pools, steps = ({"padding": "same"}, {"size": (2, 2, 1)}), ((2, 2, 1), 2)
        return u_net(n, x, [(6, 6), (8,)], (12,), [(8,), (6,)], 0, pools=pools, steps=steps)

    models = [
        ("flat-global", flat, 1, 2, {"normalization": "global_mad"}),
        ("flat-legacy", flat, 1, 2, {}),
        ("stack-global", flat, 5, 2, {"normalization": "global_mad"}),
        ("stack-legacy", flat, 5, 2, {}),
        ("slab-global", slab, 16, 3, {"normalization": "global_mad", "z_jitter": 8}),
        ("slab-legacy", slab, 16, 3, {}),
    ]
    for seed, (name, build, depth, rank, changes) in enumerate(models):
        keras.backend.clear_session()
        shape = (None, None, depth, 1) if rank == 3 else (None, None, depth)
        entry = keras.Input(shape, batch_size=None)
        model = keras.Model(entry, build(Builder(keras, rank), entry))
        randomise(model, np.random.default_rng(seed), tf)
        with tempfile.TemporaryDirectory() as folder:
            weights = pathlib.Path(folder) / "weights.h5"
            model.save(weights, save_format="h5")
            write_scnm(FOLDER / f"{name}.scnm", weights, metadata(name, name, model.count_params(), depth, **changes))


BOTH = ["standard", "reference"]


def case(name, model, tomogram="tomogram", compatibility=BOTH, compare=None, **settings):
    """One run of the reference. `compatibility`: the modes in which we must make the same of the file; `compare`: our
    input, where it is another file than the reference's."""
    return {
        "name": name, "model": model, "tomogram": f"{compare or tomogram}.mrc.gz", "reference": f"{tomogram}.mrc.gz",
        "compatibility": compatibility, "settings": settings,
    }


MEMBRANE = "Examples/MembraneC.scnm"
CASES = [
    case("plain", MEMBRANE),
    case("tta4", MEMBRANE, tta=4),
    case("tta8", "flat-global.scnm", tta=8),
    # Another voxel size than the 10 Å of the model: written into the header of the reference's input.
    case("voxel-14A", MEMBRANE, voxel=14.0),
    case("voxel-7A", MEMBRANE, voxel=7.0),
    case("voxel-14A-flat", "flat-global.scnm", voxel=14.0),
    case("voxel-7A-legacy", "flat-legacy.scnm", voxel=7.0),
    case("voxel-10.4A", "flat-global.scnm", voxel=10.4),
    case("voxel-7A-slab", "slab-global.scnm", voxel=7.0),
    # The reference takes bytes as unsigned for tagged models and as signed for others, whatever the file says …
    case("bytes-signed-legacy", "flat-legacy.scnm", "bytes-signed"),
    case("bytes-unsigned-global", "flat-global.scnm", "bytes-unsigned"),
    case("bytes-signed-global-wrapped", "flat-global.scnm", "bytes-signed", ["reference"]),
    case("bytes-unsigned-legacy-wrapped", "flat-legacy.scnm", "bytes-unsigned", ["reference"]),
    # … and what it makes of the same numbers in 16 bits is what the bytes mean.
    case("bytes-signed-global", "flat-global.scnm", "words-signed", ["standard"], "bytes-signed"),
    case("bytes-unsigned-legacy", "flat-legacy.scnm", "words-unsigned", ["standard"], "bytes-unsigned"),
    case("stack-global", "stack-global.scnm"),
    case("stack-legacy", "stack-legacy.scnm"),
    case("stack-tta4", "stack-global.scnm", tta=4),
    case("slab-global", "slab-global.scnm"),
    case("slab-legacy", "slab-legacy.scnm"),
    case("slab-tta4", "slab-global.scnm", tta=4),
    case("slab-wide", "slab-global.scnm", "wide"),
    case("slab-tiles", "slab-global.scnm", tile=32, overlap=4),
    case("slab-stride", "slab-global.scnm", stride=3),
    case("slab-thin", "slab-global.scnm", planes=10),
    case("slab-center", "slab-global.scnm", center=50),
    case("center50", MEMBRANE, center=50),
    case("center50-stack", "stack-global.scnm", center=50),
    case("blur20", "flat-global.scnm", blur=[20.0]),
    case("blur-anisotropic", "flat-global.scnm", blur=[10.0, 20.0, 30.0]),
]
FLAGS = {"tta": "-tta", "center": "--center", "blur": "-sigma", "tile": "--tile", "overlap": "--overlap",
         "stride": "--stride"}


def reference_arguments(settings: dict) -> list:
    arguments = []
    for key, value in settings.items():
        if key in FLAGS:
            arguments += [FLAGS[key], *[str(part) for part in (value if isinstance(value, list) else [value])]]
    return arguments


def run(program: pathlib.Path, entry: dict, scratch: pathlib.Path) -> str:
    """Runs the reference on one case, stores its output, and returns the command as a person would type it."""
    model = pathlib.Path(entry["model"])
    model = REPOSITORY / model if model.parts[0] == "Examples" else FOLDER / model
    settings = entry["settings"]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        tomogram = folder / entry["reference"].removesuffix(".gz")
        packed = next(place / entry["reference"] for place in (FOLDER, scratch) if (place / entry["reference"]).exists())
        tomogram.write_bytes(gzip.decompress(packed.read_bytes()))
        if "planes" in settings:
            values = mrcfile.read(tomogram)[: settings["planes"]]
            with mrcfile.new(tomogram, overwrite=True) as file:
                file.set_data(values)
                file.voxel_size = 10.0
        if "voxel" in settings:
            with mrcfile.open(tomogram, "r+") as file:
                file.voxel_size = settings["voxel"]
        arguments = reference_arguments(settings)
        # Its settings folder goes into the temporary home; no graphics card is used.
        environment = os.environ | {"HOME": str(folder), "CUDA_VISIBLE_DEVICES": ""}
        command = [program, "segment", "-m", model, "-d", tomogram, "-ou", folder / "out", "-gpu", "0", *arguments]
        done = subprocess.run([str(part) for part in command], env=environment, capture_output=True, text=True)
        title = "MembraneC" if model.stem == "MembraneC" else model.stem
        output = folder / "out" / f"{tomogram.stem}__{title}.mrc"
        if done.returncode != 0 or not output.exists() or output.stat().st_size < 8192:
            sys.exit(f"'{entry['name']}': the reference made no segmentation.\n{done.stdout}{done.stderr}")
        values = mrcfile.read(output)
    write_packed(f"{entry['name']}.expected.mrc.gz", values, settings.get("voxel", 10.0))
    print(f"{entry['name']}: mean {values.mean():.1f}, between 5 and 250: {np.mean((values > 5) & (values < 250)):.0%}",
          flush=True)
    return " ".join(["ais", "segment", "-m", model.name, "-d", tomogram.name, "-ou", "out", "-gpu", "0", *arguments])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", metavar="CASE")
    arguments = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    program = reference_program()
    known = {}
    if arguments.only:
        known = {entry["name"]: entry for entry in json.loads((FOLDER / "cases.json").read_text())["cases"]}
    else:
        for path in [*FOLDER.glob("*.gz"), *FOLDER.glob("*.scnm"), *FOLDER.glob("cases.json")]:
            path.unlink()
        make_models()
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        make_inputs(scratch)
        for entry in CASES:
            if not arguments.only or entry["name"] in arguments.only:
                entry["command"] = run(program, entry, scratch)
            else:
                entry["command"] = known[entry["name"]]["command"]
    hashes = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(FOLDER.iterdir()) if path.suffix in {".gz", ".scnm"}
    }
    text = json.dumps({"reference": "ais-cryoet 1.2.40, TensorFlow 2.15.1", "cases": CASES, "sha256": hashes}, indent=1)
    (FOLDER / "cases.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
