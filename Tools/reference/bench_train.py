"""Training speed of both programs, taken in turns, as a Markdown table.

    python bench_train.py [--program .build/release/ais] [--architecture NAME …] [--epochs 3] [--copies 2] [--precision P …] [--threads N]

Boxes of 64 × 64 with rings in noise, batches of 32. Each run is made with one epoch and with more: the difference is what epochs cost
without the start. Wall time, CPU time and peak memory are the operating system's. Both programs get the first N processors and no more;
with more than one, threads that wait for each other use CPU time, too.
"""

import argparse
import hashlib
import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import time

import mrcfile
import numpy as np

from reference_program import reference_program

SIDE, BOXES, BATCH = 64, 96, 32
# Starts a command from a small process, whose peak memory is the command's and not this script's.
RUNNER = """
import json, os, sys, time
started = time.monotonic()
_, status, usage = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ), 0)
print(json.dumps([time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024,
                  os.waitstatus_to_exitcode(status)]))
"""


def make_set(path: pathlib.Path):
    random = np.random.default_rng(1)
    y, x = np.mgrid[:SIDE, :SIDE]
    members, sources = {}, {}

    def mrc(values):
        scratch = path.parent / "box.mrc"
        with mrcfile.new(scratch, overwrite=True) as file:
            file.set_data(values.astype(np.float32))
            file.voxel_size = 10.0
        return scratch.read_bytes()

    for index in range(BOXES):
        identifier = hashlib.md5(f"tomo_Ring_{index}_0_0".encode()).hexdigest()[:16]
        centre = random.uniform(16, 48, 2)
        label = (np.abs(np.hypot(y - centre[0], x - centre[1]) - 10) < 2).astype(np.float32)
        members[f"x_main/{identifier}.mrc"] = mrc(random.normal(0, 1, (1, SIDE, SIDE)) + label)
        members[f"y/{identifier}.mrc"] = mrc(label)
        sources[identifier] = {"aisTomogramName": "tomo", "aisTomogramPath": "/tomo.mrc", "aisBoxCoordinateZ": index,
                               "aisBoxCoordinateY": 0, "aisBoxCoordinateX": 0, "aisBoxSizeAnnotate": SIDE,
                               "aisBoxSizeExtracted": SIDE, "aisFeatureName": "Ring"}
    members["metadata.json"] = json.dumps({
        "format_version": 1, "apix": 10.0, "box_size": SIDE, "box_depth": 1, "z_jitter": 0, "features": ["Ring"],
        "n_samples": BOXES, "input_flavours": ["x_main"], "annotated_flavour": "x_main",
        "normalization": "global_mad"}).encode()
    members["sources.json"] = json.dumps(sources).encode()
    with tarfile.open(path, "w") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


def measure(command, folder: pathlib.Path):
    environment = dict(os.environ, HOME=str(folder), TF_CPP_MIN_LOG_LEVEL="3")
    done = subprocess.run(
        [sys.executable, "-S", "-c", RUNNER, *map(str, command)], capture_output=True, text=True, env=environment, cwd=folder)
    numbers = json.loads(done.stdout.splitlines()[-1])
    if numbers[3] != 0:
        sys.exit(f"'{' '.join(map(str, command))}' failed:\n{done.stdout}{done.stderr}")
    return numbers[:3]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=pathlib.Path(".build/release/ais"))
    parser.add_argument("--architecture", nargs="*", default=["UNet S", "VGGNet S"])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--copies", type=int, default=2)
    parser.add_argument("--precision", nargs="*", default=["float32", "bfloat16"])
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--without-reference", action="store_true")
    arguments = parser.parse_args()
    # Inherited by everything that is started.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:arguments.threads])
    theirs = None if arguments.without_reference else reference_program()
    print(f"{arguments.threads} threads")
    images = BOXES // BATCH * BATCH * arguments.copies * (arguments.epochs - 1)
    print("| network | program | images/s | images per CPU-s | peak memory, MB |\n|---|---|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        path = folder / "rings.scnt"
        make_set(path)
        for name in arguments.architecture:

            def ours(precision, epochs):
                return [arguments.program.resolve(), "train", path, "-a", name, "-o", folder / "ours", "--name", "Ring", "--batch",
                        BATCH, "--copies", arguments.copies, "--epochs", epochs, "--precision", precision, "--threads", arguments.threads, "--force",
                        "--quiet"]

            def reference(epochs):
                return [theirs, "train", "-t", path, "-a", name, "-ou", folder, "-name", "Theirs", "-b", BATCH, "-c",
                        arguments.copies, "-e", epochs, "-gpu", "0"]

            rows = [(f"Ais, {precision}", lambda epochs, p=precision: ours(p, epochs)) for precision in arguments.precision]
            if theirs:
                rows.append(("reference", reference))
            short = [measure(command(1), folder) for _, command in rows]
            long = [measure(command(arguments.epochs), folder) for _, command in rows]
            for (title, _), a, b in zip(rows, short, long):
                print(f"| {name} | {title} | {images / (b[0] - a[0]):.1f} | {images / (b[1] - a[1]):.1f} | {b[2]:.0f} |", flush=True)


if __name__ == "__main__":
    main()
