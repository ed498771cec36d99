"""Measures `ais mesh` beside marching cubes per component by scikit-image, as the reference program makes surfaces.

    python mesh_speed.py [--case NAME …] [--rounds 3] [--program .build/release/ais]
    python mesh_speed.py --growth

The other side is written from the description of the reference's procedure, with the libraries that it uses: components of
faces by SciPy; for each its box and two voxels more, everything outside the component dilated twice set to zero,
`skimage.measure.marching_cubes` (Lewiner) at the level, faces and normals. Components below the dust limit are passed over
before that. Its time begins when the volume is in memory and ends when the last surface is, without Python's start,
imports, reading and writing. Ours is given twice: for the same work, reading included, as the program's log says; and as
the whole process, with start and writing a file. They take turns; the table holds medians. Peak memory is that of a process.

`--growth` measures ours alone, the whole process, on volumes of 13 to 105 million voxels that are alike.
"""

import argparse
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

import mrcfile
import numpy as np
from scipy import ndimage

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
DUST = 30
# Shape, number of balls, their radius in voxels, amplitude of the noise.
CASES = {
    "many": ((200, 512, 512), 2500, (3, 9), 40),
    "membranes": ((128, 512, 512), 0, None, 25),
    "clean": ((150, 768, 768), 50, (20, 45), 0),
}


# Slices of 512 × 512 voxels, as crowded as "many".
DEPTHS = (50, 100, 200, 400)


def make_volume(name: str, depth: int | None = None) -> np.ndarray:
    """A prediction from 0 to 255, from a seed; of another depth with as many more or fewer balls."""
    shape, count, radii, noise = CASES[name]
    if depth:
        shape, count = (depth, *shape[1:]), count * depth // shape[0]
    rng = np.random.default_rng(20)
    values = np.zeros(shape, np.float32)
    if count == 0:
        # Folded sheets: where a sum of waves crosses zero.
        z, y, x = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in shape), indexing="ij", sparse=True)
        wave = np.sin(x / 31 + z / 47) + np.sin(y / 37 - z / 53) + np.sin((x + y) / 61)
        values[:] = np.clip(255 * (1.6 - 14 * np.abs(wave)), 0, 255)
    for _ in range(count):
        radius = rng.uniform(*radii)
        centre = [rng.uniform(0, n) for n in shape]
        box = tuple(slice(max(0, int(c - radius - 2)), int(c + radius + 3)) for c in centre)
        z, y, x = (np.arange(s.start, min(s.stop, n)) - c for s, n, c in zip(box, shape, centre))
        distance = np.sqrt(z[:, None, None] ** 2 + y[:, None] ** 2 + x**2)
        values[box] = np.maximum(values[box], np.clip(128 + 128 * (radius - distance), 0, 255))
    if noise:
        values += rng.normal(0, noise, shape).astype(np.float32)
    return values.clip(0, 255).astype(np.uint8)


def by_components(volume: np.ndarray, level: float = 128) -> tuple[int, int]:
    """How the reference program makes surfaces. Returns the numbers of components and triangles."""
    from skimage.measure import marching_cubes

    for axis in range(3):
        edge = [slice(None)] * 3
        for end in (0, -1):
            edge[axis] = end
            volume[tuple(edge)] = 0
    labels, _ = ndimage.label(volume >= level)
    sizes = np.bincount(labels.ravel())
    components = triangles = 0
    for index, box in enumerate(ndimage.find_objects(labels), 1):
        if sizes[index] < DUST:
            continue
        box = tuple(slice(max(0, s.start - 2), s.stop + 2) for s in box)
        near = ndimage.binary_dilation(labels[box] == index, iterations=2)
        _, faces, _, _ = marching_cubes(np.where(near, volume[box], 0), level)
        components += 1
        triangles += len(faces)
    return components, triangles


def theirs(name: str):
    """Runs in a process of its own; prints seconds, seconds of CPU, components, triangles, peak memory in MiB."""
    from skimage.measure import marching_cubes  # noqa: F401 - its import is not measured

    volume = make_volume(name).astype(np.float32)
    begin, busy = time.perf_counter(), time.process_time()
    components, triangles = by_components(volume)
    print(time.perf_counter() - begin, time.process_time() - busy, components, triangles, peak_memory())


def peak_memory() -> float:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def ours(program: pathlib.Path, path: pathlib.Path, folder: str):
    """Seconds of the work; of the process seconds, seconds of CPU and peak memory in MiB."""
    # Started by a small process: the peak of a large one would count for its child too.
    script = (
        "import os, subprocess, sys, time; begin = time.perf_counter(); "
        "child = subprocess.Popen(sys.argv[1:], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True); "
        "log = child.stderr.read(); _, status, usage = os.wait4(child.pid, 0); "
        "print(time.perf_counter() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, "
        "os.waitstatus_to_exitcode(status)); print(log)")
    done = subprocess.run(
        [sys.executable, "-S", "-c", script, program, "mesh", "-o", f"{folder}/mesh.ply", path, "--threshold", "127.5",
         "--scale", "0-255", "--dust", f"{DUST}px", "--force", "--verbose"],
        check=True, capture_output=True, text=True)
    first, log = done.stdout.split("\n", 1)
    seconds, busy, mib, code = first.split()
    if code != "0":
        sys.exit(f"'{program}' ended with {code}:\n{log}")
    work = sum(int(n) for n in re.findall(r"(?:components found|surfaces made|put into place) in (\d+) ms", log)) / 1000
    return work, float(seconds), float(busy), float(mib)


def write(path: pathlib.Path, volume: np.ndarray):
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(volume.astype(np.uint16))
        file.voxel_size = 10.0


def growth(program: pathlib.Path, rounds: int):
    print("| volume | Mvoxel | triangles | wall | CPU | CPU a Mvoxel | peak memory |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "T__Case.mrc"
        for depth in DEPTHS:
            volume = make_volume("many", depth)
            write(path, volume)
            rows = [ours(program, path, folder) for _ in range(rounds)]
            wall, busy, mib = (statistics.median(row[i] for row in rows) for i in (1, 2, 3))
            voxels = volume.size / 1e6
            print(
                f"| {' × '.join(map(str, volume.shape))} | {voxels:.1f} | {triangles(folder) / 1e6:.2f} million | {wall:.2f} s "
                f"| {busy:.2f} s | {busy / voxels * 1000:.1f} ms | {mib:.0f} MiB |", flush=True)


def triangles(folder: str) -> int:
    """Of the mesh that ours wrote last."""
    return int((pathlib.Path(folder) / "mesh.ply").read_bytes()[:4096].split(b"element face ")[1].split()[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", action="append", choices=CASES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--program", type=pathlib.Path, default=REPOSITORY / ".build/release/ais")
    parser.add_argument("--growth", action="store_true", help="how our time and memory grow with the volume")
    parser.add_argument("--theirs", choices=CASES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.theirs:
        return theirs(options.theirs)

    if options.growth:
        return growth(options.program, options.rounds)

    print("| case | components | triangles, theirs / ours | wall, theirs | ours | ratio | our process | CPU, theirs | our process "
          "| memory, theirs | ours |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for name in options.case or CASES:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "T__Case.mrc"
            write(path, make_volume(name))
            rows, mine = [], []
            for _ in range(options.rounds):
                words = subprocess.run(
                    [sys.executable, __file__, "--theirs", name], check=True, capture_output=True, text=True).stdout.split()
                rows.append([float(word) for word in words])
                mine.append(ours(options.program, path, folder))
            seconds, busy, mib = (statistics.median(row[i] for row in rows) for i in (0, 1, 4))
            own, whole, own_busy, own_mib = (statistics.median(row[i] for row in mine) for i in range(4))
            shape = " × ".join(map(str, CASES[name][0]))
            print(
                f"| {name}, {shape} | {rows[0][2]:.0f} | {rows[0][3] / 1e6:.2f} / {triangles(folder) / 1e6:.2f} million "
                f"| {seconds:.2f} s | {own:.2f} s | {own / seconds:.3f}× | {whole:.2f} s | {busy:.2f} s | {own_busy:.2f} s "
                f"| {mib:.0f} MiB | {own_mib:.0f} MiB |", flush=True)


main()
