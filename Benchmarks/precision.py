#!/usr/bin/env python3
"""What half precision does to segmentations: differences from 32-bit numbers, and time.

    "$(Scripts/python-env)" Benchmarks/precision.py --tomograms T.mrc … --networks N.scnm … [--device torch-cpu|gpu] [--program FILE]

Each network segments each tomogram once with our own kernels (float32), and with libtorch in float32, bfloat16 and float16. The
mean difference is of values from 0 to 255; Dice is between the voxels above each threshold, with how many there are in 32-bit numbers.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import time

import mrcfile
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
THRESHOLDS = (64, 128, 192)


def segment(program: pathlib.Path, network: pathlib.Path, tomogram: pathlib.Path, out: pathlib.Path, *options) -> tuple:
    command = [program, "segment", "-q", "--force", "-m", network, "-o", out, *options, tomogram]
    started = time.monotonic()
    done = subprocess.run([str(word) for word in command])
    wall = time.monotonic() - started
    if done.returncode:
        sys.exit(f"'{' '.join(map(str, command))}' ended with {done.returncode}")
    return mrcfile.read(next(out.glob("*.mrc"))).astype(np.int32), wall


def dice(found: np.ndarray, expected: np.ndarray) -> str:
    total = int(found.sum()) + int(expected.sum())
    score = f"{2 * int((found & expected).sum()) / total:.4f}" if total else "none"
    return f"{score} ({expected.sum():,})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / ".build/release/ais")
    parser.add_argument("--tomograms", type=pathlib.Path, nargs="+", required=True)
    parser.add_argument("--networks", type=pathlib.Path, nargs="+", required=True)
    parser.add_argument("--device", default="torch-cpu")
    parser.add_argument("--precisions", nargs="+", default=["float32", "bfloat16", "float16"])
    options = parser.parse_args()
    print("| network | tomogram | numbers | mean difference | largest | Dice at " + ", ".join(map(str, THRESHOLDS)) + " | wall |")
    print("|---|---|---|--:|--:|---|--:|")
    with tempfile.TemporaryDirectory(prefix="ais-precision-") as name:
        for network in options.networks:
            for tomogram in options.tomograms:
                folder = pathlib.Path(name) / f"{network.stem}-{tomogram.stem}"
                expected, wall = segment(options.program, network, tomogram, folder / "own", "--device", "cpu")
                rows = [("our kernels", expected, wall)]
                for precision in options.precisions:
                    rows.append((precision, *segment(
                        options.program, network, tomogram, folder / precision, "--device", options.device, "--precision", precision)))
                for what, values, wall in rows:
                    difference = np.abs(values - expected)
                    scores = ", ".join(dice(values >= t, expected >= t) for t in THRESHOLDS)
                    print(f"| {network.stem} | {tomogram.stem} | {what} | {difference.mean():.3f} | {difference.max()} | {scores} "
                          f"| {wall:.1f} s |", flush=True)


main()
