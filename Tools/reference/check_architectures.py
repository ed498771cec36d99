"""Gives a network of every architecture to Keras 2.15 and to the reference program, takes theirs, and compares predictions.

    $python Tools/reference/check_architectures.py AIS [--only "UNet S" …] [--segment]

AIS is this program. Of each architecture of `ais architectures --all` and each depth:

* from us: `ais train` makes a network of it (one step), Keras gives it random weights of a size that lets every layer matter, and
  `ais models convert` writes the file that is tried. Keras and the reference's `SEModel.load` must count as many weights as the
  architecture has, and answer as `ais models run` does. With `--segment`, the segmentations of both programs are compared too.
* to us: the reference makes a network of the same name, with random weights of the same kind, and saves it; `ais models run` must answer
  as the reference does. Architectures that the reference no longer has are made by Keras, from network_layouts.py.

Prints a row of a Markdown table for each. The exit code is 1 if anything differs by more than 1e-4 (segmentations: by more than 1 of 255).
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import zlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import mrcfile
import numpy as np
import tensorflow as tf

from keras_layouts import build, save, write_volume
from model_files import picture, randomise
from network_layouts import LAYOUTS
from reference_program import reference_program

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "Examples"
TOLERANCE = 1e-4
DEPTHS = {"slices": (1, 5), "slabs": (16,)}


def layout_of(title: str):
    """The layout of network_layouts.py; those that differ only in how they are trained share one."""
    plain = title.removesuffix("-bxe").removesuffix("-dice").removesuffix("-comb")
    return next(layout for layout in LAYOUTS if layout.title.lower() == plain.lower())


def network_in(scnm: pathlib.Path, folder: pathlib.Path):
    """The Keras model of a model file."""
    path = folder / "weights.h5"
    with tarfile.open(scnm) as archive:
        member = next(member for member in archive.getmembers() if member.name.endswith("_weights.h5"))
        path.write_bytes(archive.extractfile(member).read())
    return tf.keras.models.load_model(path, compile=False)


def answer(model, volume: np.ndarray) -> np.ndarray:
    """What a Keras model says of a volume (z, y, x): slices are its channels, or those of a slab."""
    values = volume.transpose(1, 2, 0)[None]
    found = model(tf.constant(values[..., None] if len(model.input_shape) == 5 else values), training=False).numpy()[0, ..., 0]
    return found.transpose(2, 0, 1) if found.ndim == 3 else found[None]


class Check:
    def __init__(self, ais: pathlib.Path, reference: pathlib.Path, folder: pathlib.Path, segment: bool):
        self.ais, self.reference, self.folder, self.segment = ais, reference, folder, segment
        self.failures = 0
        self.sets = {}

    def run(self, *arguments) -> str:
        done = subprocess.run([str(part) for part in (self.ais, *arguments)], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"ais {' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}")
        return done.stdout

    def training_set(self, depth: int) -> pathlib.Path:
        if depth not in self.sets:
            folder = self.folder / f"set-{depth}"
            self.run("extract", EXAMPLES / "cell_c.mrc", "--labels", EXAMPLES / "cell_c_labels.mrc.gz", "-f", "Membrane", "--label", "1",
                     "--random", "1", "--random-negatives", "1", "--box", "64", "--depth", depth, "-o", folder, "-q")
            (self.sets[depth],) = folder.glob("*.scnt")
        return self.sets[depth]

    def written(self, title: str, depth: int, rng) -> pathlib.Path:
        """A model file of ours with random weights."""
        trained = self.folder / "Trained.scnm"
        self.run("train", self.training_set(depth), "-a", title, "-o", trained, "--name", "Trained", "--epochs", "1", "--copies", "1",
                 "--batch", "2", "--force", "-q")
        model = network_in(trained, self.folder)
        randomise(model, rng, tf)
        save(layout_of(title), model, depth, self.folder, "Random", bare=False)
        result = self.folder / "Written.scnm"
        self.run("models", "convert", self.folder / "Random.scnm", "-o", result, "--name", "Written", "--force")
        return result

    def theirs(self, title: str, depth: int, rng):
        """A model file with random weights that is not ours: its maker, the network, the file."""
        from Ais.core.se_model import SEModel

        layout = layout_of(title)
        if title not in SEModel.AVAILABLE_MODELS:
            sides = (64, 64) if layout.fixed_size else (None, None)
            network = build(layout, depth, None, sides)
            randomise(network, rng, tf)
            save(layout, network, depth, self.folder, "theirs", bare=False)
            return "Keras", network, self.folder / "theirs.scnm"
        model = SEModel(no_glfw=True)
        model.model_enum = SEModel.AVAILABLE_MODELS.index(title)
        model.title, model.box_size, model.model_depth, model.apix = "Theirs", 64, depth, 10.0
        model.compile(64, depth)
        randomise(getattr(model.model, "generator", model.model), rng, tf)
        model.toggle_inference()
        path = self.folder / "Theirs.scnm"
        path.unlink(missing_ok=True)
        model.save(str(path))
        return "reference", getattr(model.model, "generator", model.model), path

    def greatest(self, file: pathlib.Path, networks, volumes) -> list:
        """For each Keras network the largest difference from what `ais models run` makes of the file."""
        found = [0.0] * len(networks)
        source, output = self.folder / "input.mrc", self.folder / "output.mrc"
        for volume in volumes:
            write_volume(source, volume)
            output.unlink(missing_ok=True)
            self.run("models", "run", file, source, "-o", output)
            ours = mrcfile.read(output)
            if ours.std() < 0.05:
                raise SystemExit(f"the network of '{file}' says nearly the same everywhere: a poor test. Mend randomise().")
            for place, network in enumerate(networks):
                theirs = answer(network, volume).reshape(ours.shape)
                found[place] = max(found[place], float(np.abs(ours.astype(np.float64) - theirs).max()))
        return found

    def segmentations(self, file: pathlib.Path, depth: int) -> int:
        """The largest difference of what both programs make of a piece of a tomogram, of 255."""
        source, ours, theirs = self.folder / "piece.mrc", self.folder / "ours", self.folder / "theirs"
        write_volume(source, mrcfile.read(EXAMPLES / "cell_c.mrc")[20:44 if depth == 16 else 28, 40:104, 40:136])
        self.run("segment", "-m", file, "-o", ours, source, "--force", "-q")
        environment = os.environ | {"HOME": str(self.folder)}
        command = [self.reference, "segment", "-m", file, "-d", source, "-ou", theirs, "-gpu", "0", "-overwrite", "1"]
        done = subprocess.run([str(part) for part in command], env=environment, capture_output=True, text=True)
        (result,) = theirs.glob("*.mrc")
        expected, found = mrcfile.read(result), mrcfile.read(next(ours.glob("*.mrc")))
        if expected.shape != found.shape:
            raise SystemExit(f"the reference made no segmentation with '{file}':\n{done.stdout}{done.stderr}")
        return int(np.abs(expected.astype(int) - found.astype(np.uint8).astype(int)).max())

    def compare(self, entry: dict, depth: int):
        from Ais.core.se_model import SEModel

        title, layout = entry["name"], layout_of(entry["name"])
        rng = np.random.default_rng(zlib.crc32(f"{title}-{depth}".encode()))
        sides = [(64, 64)] if layout.fixed_size else [(64, 64), (96, 64)]
        volumes = [picture(rng, *side, depth).transpose(2, 0, 1) for side in sides]
        expected = layout.parameters[layout.depths.index(depth)]
        file = self.written(title, depth, rng)
        model = SEModel(no_glfw=True)
        model.load(str(file))
        loaded = getattr(model.model, "generator", model.model)
        network = network_in(file, self.folder)
        described = json.loads(self.run("models", "info", file, "--json"))["models"][0]["parameters"]
        counts = {expected, network.count_params(), loaded.count_params(), described}
        counts |= {entry["parameters"]} if depth == layout.depths[0] else set()
        to_keras, to_reference = self.greatest(file, [network, loaded], volumes)
        # Whole tomograms do not fit a network that was made for one size.
        whole = self.segmentations(file, depth) if self.segment and not layout.fixed_size else 0
        maker, made, back = self.theirs(title, depth, rng)
        counts.add(made.count_params())
        (from_theirs,) = self.greatest(back, [made], volumes)
        fine = len(counts) == 1 and max(to_keras, to_reference, from_theirs) <= TOLERANCE and whole <= 1
        self.failures += not fine
        words = [title, depth, f"{expected:,}" if len(counts) == 1 else f"{sorted(counts)}", f"{to_keras:.1e}", f"{to_reference:.1e}"]
        words += ["–" if layout.fixed_size else whole] if self.segment else []
        words += [f"{from_theirs:.1e}" + ("" if maker == "reference" else " (Keras)")]
        print("| " + " | ".join(map(str, words)) + " |" + ("" if fine else "  WRONG"), flush=True)
        tf.keras.backend.clear_session()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ais", type=pathlib.Path)
    parser.add_argument("--only", nargs="*", metavar="NAME")
    parser.add_argument("--segment", action="store_true", help="compare segmentations too (a quarter of a minute each)")
    arguments = parser.parse_args()
    reference = reference_program()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        check = Check(arguments.ais.resolve(), reference, pathlib.Path(folder), arguments.segment)
        entries = json.loads(check.run("architectures", "--all", "--json"))["architectures"]
        print("| architecture | slices | weights | ours → Keras | ours → reference |" + (" segmentation |" if arguments.segment else "")
              + " theirs → ours |", flush=True)
        for entry in entries:
            if entry["isUsers"] or (arguments.only and entry["name"] not in arguments.only):
                continue
            for depth in DEPTHS[entry["form"]]:
                check.compare(entry, depth)
    sys.exit(1 if check.failures else 0)


if __name__ == "__main__":
    main()
