#!/usr/bin/env python3
"""What half precision does to segmentations: differences from 32-bit numbers, and time.

    "$(Scripts/python-env)" Benchmarks/precision.py --tomograms T.mrc … --networks N.scnm … [--device torch-cpu|gpu] [--program FILE]

Each network segments each tomogram once with our own kernels (float32), and with libtorch in float32, bfloat16 and float16. The
mean difference is of values from 0 to 255; Dice is between the voxels above each threshold, with how many there are in 32-bit numbers.
Networks are held to a mean difference of 1 at most and Dice of 0.995 at least wherever there are voxels: the last column.

`--half-trained BOXES.scnt` adds a UNet S that was stopped after three epochs: its answers lie between 0 and 1, where digits count most.
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
LARGEST_MEAN, SMALLEST_DICE = 1.0, 0.995


def segment(program: pathlib.Path, network: pathlib.Path, tomogram: pathlib.Path, out: pathlib.Path, *options) -> tuple:
    command = [program, "segment", "-q", "--force", "-m", network, "-o", out, *options, tomogram]
    started = time.monotonic()
    done = subprocess.run([str(word) for word in command])
    wall = time.monotonic() - started
    if done.returncode:
        sys.exit(f"'{' '.join(map(str, command))}' ended with {done.returncode}")
    return mrcfile.read(next(out.glob("*.mrc"))).astype(np.int32), wall


def half_trained(program: pathlib.Path, boxes: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    command = [program, "train", "-q", "-a", "UNet S", "-e", "3", "--name", "HalfTrained", "--seed", "1", "-o", folder, boxes]
    subprocess.run([str(word) for word in command], check=True)
    return folder / "HalfTrained.scnm"


def dice(found: np.ndarray, expected: np.ndarray) -> float | None:
    total = int(found.sum()) + int(expected.sum())
    return 2 * int((found & expected).sum()) / total if total else None


def verdict(mean: float, scores: list) -> str:
    return "yes" if mean <= LARGEST_MEAN and all(score is None or score >= SMALLEST_DICE for score in scores) else "no"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / ".build/release/ais")
    parser.add_argument("--tomograms", type=pathlib.Path, nargs="+", required=True)
    parser.add_argument("--networks", type=pathlib.Path, nargs="+", default=[])
    parser.add_argument("--half-trained", type=pathlib.Path, metavar="BOXES")
    parser.add_argument("--device", default="torch-cpu")
    parser.add_argument("--precisions", nargs="+", default=["float32", "bfloat16", "float16"])
    options = parser.parse_args()
    print("| network | tomogram | numbers | mean difference | largest | Dice at " + ", ".join(map(str, THRESHOLDS)) + " | wall | kept |")
    print("|---|---|---|--:|--:|---|--:|---|")
    with tempfile.TemporaryDirectory(prefix="ais-precision-") as name:
        networks = list(options.networks)
        if options.half_trained:
            networks.append(half_trained(options.program, options.half_trained, pathlib.Path(name) / "training"))
        for network in networks:
            for tomogram in options.tomograms:
                folder = pathlib.Path(name) / f"{network.stem}-{tomogram.stem}"
                expected, wall = segment(options.program, network, tomogram, folder / "own", "--device", "cpu")
                rows = [("our kernels", expected, wall)]
                for precision in options.precisions:
                    rows.append((precision, *segment(
                        options.program, network, tomogram, folder / precision, "--device", options.device, "--precision", precision)))
                for what, values, wall in rows:
                    difference = np.abs(values - expected)
                    scores = [dice(values >= t, expected >= t) for t in THRESHOLDS]
                    shown = ", ".join(
                        f"{'none' if score is None else f'{score:.4f}'} ({int((expected >= t).sum()):,})" for score, t in zip(scores, THRESHOLDS))
                    print(f"| {network.stem} | {tomogram.stem} | {what} | {difference.mean():.3f} | {difference.max()} | {shown} "
                          f"| {wall:.1f} s | {verdict(difference.mean(), scores)} |", flush=True)


main()
