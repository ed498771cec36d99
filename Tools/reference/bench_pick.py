"""Measures `ais pick` of both programs side by side, and how its cost grows, and prints Markdown tables.

    python bench_pick.py [--case noisy clean sizes] [--rounds 3] [--program .build/release/ais]

Whole processes, from start to exit, in turns (reference, ours, reference, ours …); the table holds medians. The volumes are
made from seeds. `noisy`: 200 × 512 × 512 voxels, more than 2000 pieces with rough borders. `clean`: 300 × 1024 × 1024, 50
balls. `sizes`: ours alone, on four cut-outs of the noisy volume. Memory is that of the largest process.
"""

import argparse
import concurrent.futures
import pathlib
import statistics
import sys
import tempfile

import mrcfile
import numpy as np
import scipy.ndimage as ndi

from bench import environment_of, measure
from reference_program import reference_program

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SPACING, SIZE = 120, 100_000


def balls(shape, count, radii, rng):
    """Balls of certainty at random places, which may touch."""
    values = np.zeros(shape, np.float32)
    for _ in range(count):
        centre, radius = rng.uniform(0, shape), rng.uniform(*radii)
        box = tuple(slice(max(0, int(c - radius)), min(n, int(c + radius) + 2)) for c, n in zip(centre, shape))
        z, y, x = np.ogrid[box]
        inside = (z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2 < radius**2
        values[box] = np.maximum(values[box], inside)
    return values


def noisy(shape=(200, 512, 512)):
    rng = np.random.default_rng(2024)
    values = balls(shape, int(np.prod(shape) / 20_000), (5, 8), rng)
    values = ndi.gaussian_filter(values, 1) + 0.45 * ndi.gaussian_filter(rng.normal(size=shape).astype(np.float32), 0.7)
    return np.clip(values * 255, 0, 255).astype(np.uint16)


def clean():
    rng = np.random.default_rng(2025)
    return (balls((300, 1024, 1024), 50, (15, 40), rng) * 255).astype(np.uint16)


def write(path, make):
    """Makes a volume unless it is there."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with mrcfile.new(path.with_suffix(".part"), overwrite=True) as file:
        file.set_data(make())
        file.voxel_size = 10.0
    path.with_suffix(".part").rename(path)


def cut(whole, folder, shapes):
    """Writes corners of the noisy volume, which is made where it is missing."""
    write(whole, noisy)
    with mrcfile.mmap(whole) as file:
        for shape in shapes:
            write(folder / f"{shape}" / "T__A.mrc", lambda: file.data[:shape[0], :shape[1], :shape[2]])


def apart(work, *arguments):
    """Works in a process of its own: a new process counts the most that its parent ever held."""
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        pool.submit(work, *arguments).result()


def ours(program, volume, out):
    return [program, "pick", "-q", "--force", "-o", out, "--spacing", f"{SPACING}A", "--min-volume", f"{SIZE}A3",
            "--margin", "16px", volume]


def reference(program, volume, out):
    return [program, "pick", "-d", volume.parent, "-t", "A", "-ou", out, "-threshold", "128", "-spacing", str(SPACING),
            "-size", str(SIZE), "-m", "16"]


def rows(folder):
    return sum(line[:1].isdigit() for line in next(folder.glob("*.star")).read_text().splitlines())


def compare(name, make, arguments, folder, environment):
    volume = (arguments.volumes or folder) / name / "T__A.mrc"
    apart(write, volume, make)
    with mrcfile.mmap(volume) as file:
        shape = file.data.shape
    runs = {"reference": [], "ours": []}
    counts = {}
    for _ in range(arguments.rounds):
        for program in runs:
            out = folder / f"{name}-{program}"
            out.mkdir(exist_ok=True)
            command = reference(arguments.reference, volume, out) if program == "reference" else ours(arguments.program, volume, out)
            runs[program].append(measure(command, environment))
            counts[program] = rows(out)
            print(f"{name} {program}: {runs[program][-1]}, {counts[program]} points", file=sys.stderr, flush=True)
    cells = []
    for what, unit, digits in (("wall", "s", 2), ("cpu", "s", 2), ("memory", "MB", 0)):
        theirs, mine = (statistics.median(run[what] for run in runs[p]) for p in ("reference", "ours"))
        cells += [f"{theirs:.{digits}f} {unit}", f"{mine:.{digits}f} {unit}", f"{mine / theirs:.3f}×"]
    cpu = statistics.median(run["cpu"] for run in runs["ours"])
    print(f"| {name}, {' × '.join(map(str, shape))} | {counts['reference']} / {counts['ours']} | " + " | ".join(cells)
          + f" | {np.prod(shape) / 1e6 / cpu:.0f} Mvoxel/s a core |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=REPOSITORY / ".build" / "release" / "ais")
    parser.add_argument("--case", nargs="*", choices=["noisy", "clean", "sizes"], default=["noisy", "clean", "sizes"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--volumes", type=pathlib.Path, help="keep the volumes here, 0.8 GB")
    arguments = parser.parse_args()
    if not arguments.program.exists():
        sys.exit(f"'{arguments.program}' does not exist. Run 'make build' first.")
    arguments.program = arguments.program.resolve()
    if {"noisy", "clean"} & set(arguments.case):
        arguments.reference = reference_program()
        print("| volume | points | wall, reference | ours | ratio | CPU, reference | ours | ratio | memory, reference | ours "
              "| ratio | speed |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        environment = environment_of("", name)
        for case, make in (("noisy", noisy), ("clean", clean)):
            if case in arguments.case:
                compare(case, make, arguments, folder, environment)
        if "sizes" in arguments.case:
            whole = (arguments.volumes or folder) / "noisy" / "T__A.mrc"
            shapes = ((50, 256, 256), (100, 256, 512), (100, 512, 512), (200, 512, 512))
            apart(cut, whole, folder, shapes)
            print("\n| voxels | points | wall | CPU | CPU a Mvoxel | memory |\n|--:|--:|--:|--:|--:|--:|")
            for shape in shapes:
                out = folder / f"out{shape}"
                command = ours(arguments.program, folder / f"{shape}" / "T__A.mrc", out)
                runs = [measure(command, environment) for _ in range(arguments.rounds)]
                wall, cpu, memory = (statistics.median(run[what] for run in runs) for what in ("wall", "cpu", "memory"))
                size = np.prod(shape) / 1e6
                print(f"| {size:.1f} M | {rows(out)} | {wall:.2f} s | {cpu:.2f} s | {cpu / size * 1000:.1f} ms | {memory:.0f} MB |", flush=True)


if __name__ == "__main__":
    main()
