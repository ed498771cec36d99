"""Runs our program on the networks that keras_layouts.py made and reports how far it is from Keras.

    python compare_layouts.py --folder FOLDER [--program .build/release/ais] [--only NAME …]

Every case must agree within 1e-4 (in units of the output, a probability); networks that cannot be run must be refused
with a sentence that names the layer. The exit code is 1 if anything differs.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import mrcfile
import numpy as np

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
TOLERANCE = 1e-4


class Comparison:
    def __init__(self, program: pathlib.Path, folder: pathlib.Path):
        self.program, self.folder, self.failures, self.compared = program, folder, 0, 0
        self.largest = 0.0

    def report(self, name: str, verdict: str, failed: bool):
        self.failures += failed
        print(f"{'FAILED ' if failed else ''}{name:<32} {verdict}", flush=True)

    def run(self, model: pathlib.Path, source: pathlib.Path, output: pathlib.Path):
        command = [self.program, "models", "run", model, source, "-o", output]
        return subprocess.run([str(part) for part in command], capture_output=True, text=True)

    def compare(self, model: str, case: str):
        """One input through one model file; the recorded result is Keras'."""
        name = case if model.endswith(".scnm") else f"{case} ({pathlib.Path(model).name})"
        with tempfile.TemporaryDirectory() as folder:
            output = pathlib.Path(folder) / "output.mrc"
            started = time.monotonic()
            done = self.run(self.folder / model, self.folder / f"{case}_input.mrc", output)
            seconds = time.monotonic() - started
            if done.returncode != 0:
                return self.report(name, done.stderr.strip(), True)
            ours = mrcfile.read(output)
        theirs = mrcfile.read(self.folder / f"{case}_output.mrc")
        if ours.shape != theirs.shape:
            return self.report(name, f"shape {ours.shape}, Keras has {theirs.shape}", True)
        difference = float(np.abs(ours.astype(np.float64) - theirs).max())
        self.compared += 1
        self.largest = max(self.largest, difference)
        self.report(name, f"max |Δ| {difference:.1e}   {seconds:5.2f} s", not difference <= TOLERANCE)

    def expect_refusal(self, model: str):
        """A network with a layer that we do not run: exit code 1, the layer's kind named, nothing written."""
        depth = int(model.removesuffix(".scnm").rpartition("-d")[2])
        with tempfile.TemporaryDirectory() as folder:
            source, output = pathlib.Path(folder) / "input.mrc", pathlib.Path(folder) / "output.mrc"
            with mrcfile.new(source) as file:
                file.set_data(np.zeros((depth, 64, 64), np.float32))
            done = self.run(self.folder / model, source, output)
            refused = done.returncode == 1 and "lambda" in done.stderr.lower() and not output.exists()
        words = done.stderr.strip() or done.stdout.strip()
        self.report(model, f"refused: {words}" if refused else f"not refused as it should be: {words}", not refused)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--program", type=pathlib.Path, default=REPOSITORY / ".build" / "release" / "ais")
    parser.add_argument("--only", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    records = sorted(path for path in arguments.folder.glob("*.json") if path.stem != "variants")
    if not records:
        sys.exit(f"'{arguments.folder}' holds no layouts. Make them first: keras_layouts.py --output FOLDER")
    comparison = Comparison(arguments.program.resolve(), arguments.folder)
    for path in records:
        record = json.loads(path.read_text())
        if arguments.only and path.stem.rpartition("-d")[0] not in arguments.only:
            continue
        if record["refused"]:
            comparison.expect_refusal(record["model"])
        for case in record["cases"]:
            comparison.compare(record["model"], case)
        bare = f"{path.stem}.h5"
        if record["cases"] and (arguments.folder / bare).exists():
            comparison.compare(bare, record["cases"][0])
    variants = arguments.folder / "variants.json"
    if variants.exists() and not arguments.only:
        for case in json.loads(variants.read_text())["cases"]:
            comparison.compare(f"{case}.h5", case)
    print(f"{comparison.compared} outputs compared, largest |Δ| {comparison.largest:.1e} (allowed {TOLERANCE:.0e}), "
          f"{comparison.failures} failed")
    sys.exit(1 if comparison.failures else 0)


if __name__ == "__main__":
    main()
