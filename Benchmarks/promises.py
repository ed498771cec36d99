#!/usr/bin/env python3
"""Holds `ais segment` to what it says beforehand: memory under --memory, and the forecast of memory, time and disk.

    "$(Scripts/python-env)" Benchmarks/promises.py [--network FILE] [--folder DIR] [--memory 1GiB] [--threads N]

Segments two tomograms that are larger than the memory allowed, with a small network, and prints a table. Exit code 1 when a
promise is broken: peak resident memory beyond 1.1 times --memory, forecasts off by more than 20 % (time), 15 % (memory) or
2 % (disk). Takes a few minutes and 2 GB of disk; nothing else should run meanwhile.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
# x × y × z, as people write sizes.
SHAPES = [(4096, 5760, 8), (1024, 1024, 300)]
LIMITS = {"time": 0.20, "memory": 0.15, "disk": 0.02}


def byte_count(text: str) -> int:
    for unit, factor in UNITS.items():
        if text.endswith(unit):
            return int(float(text[: -len(unit)]) * factor)
    raise SystemExit(f"error: '{text}' is no amount of memory; expected for example 1GiB")


def make_tomogram(path: pathlib.Path, shape: tuple) -> None:
    """A tomogram of smooth noise in 16-bit integers, written slice by slice."""
    import mrcfile
    import numpy

    x, y, z = shape
    generator = numpy.random.default_rng(7)
    tile = generator.normal(0, 1000, (256, 256))
    slice_ = numpy.tile(tile, (y // 256 + 1, x // 256 + 1))[:y, :x].astype(numpy.int16)
    with mrcfile.new_mmap(path, shape=(z, y, x), mrc_mode=1) as file:
        for index in range(z):
            file.data[index] = numpy.roll(slice_, (17 * index, 29 * index), axis=(0, 1))
        file.voxel_size = 10


def run(command: list) -> tuple:
    """Runs a command; its standard output, wall and processor seconds, peak resident bytes, exit code."""
    with tempfile.TemporaryFile("w+") as output:
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=output)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        output.seek(0)
        return output.read(), seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, os.waitstatus_to_exitcode(status)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--network", type=pathlib.Path, default=ROOT / "Tests/Fixtures/networks/vgg_like.scnm")
    parser.add_argument("--folder", type=pathlib.Path, help="where to put the tomograms; kept there for the next time")
    parser.add_argument("--memory", default="1GiB")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / ".build/release/ais")
    arguments = parser.parse_args()
    allowed = byte_count(arguments.memory)
    folder = arguments.folder or pathlib.Path(tempfile.mkdtemp(prefix="ais-promises-"))
    folder.mkdir(parents=True, exist_ok=True)
    broken = []
    print(f"network {arguments.network.name}, --memory {arguments.memory}, --threads {arguments.threads}\n")
    print("tomogram              wall s (forecast)  CPU s a thread   peak MiB (forecast)   disk MiB (forecast)")
    try:
        for shape in SHAPES:
            name = "x".join(map(str, shape))
            tomogram = folder / f"{name}.mrc"
            if not tomogram.exists():
                # In a process of its own: a child's peak memory starts from that of the process it was forked from.
                subprocess.run([sys.executable, __file__, "--make", tomogram, *map(str, shape)], check=True)
            output = folder / f"out-{name}"
            shutil.rmtree(output, ignore_errors=True)
            text, seconds, processor, peak, code = run(
                [arguments.program, "segment", "-m", arguments.network, "-o", output, "--memory", arguments.memory,
                 "--threads", str(arguments.threads), "--json", tomogram])
            if code != 0:
                broken.append(f"{name}: exit code {code}")
                continue
            plan = next(e for e in map(json.loads, text.splitlines()) if e["event"] == "plan")
            disk = sum(f.stat().st_size for f in output.iterdir())
            forecast = {"time": plan["predictedSeconds"], "memory": plan["memoryBytes"], "disk": plan["diskBytes"]}
            found = {"time": seconds, "memory": peak, "disk": disk}
            print(f"{name:20} {seconds:9.1f} ({forecast['time']:7.1f}) {processor / arguments.threads:13.1f} {peak / 2**20:11.0f} "
                  f"({forecast['memory'] / 2**20:7.0f}) {disk / 2**20:11.1f} ({forecast['disk'] / 2**20:8.1f})")
            if peak > 1.1 * allowed:
                broken.append(f"{name}: {peak / 2**20:.0f} MiB of memory were used, {arguments.memory} were allowed")
            for what, limit in LIMITS.items():
                error = forecast[what] / found[what] - 1
                if abs(error) > limit:
                    broken.append(f"{name}: the forecast of {what} is off by {100 * error:+.0f} %, {100 * limit:.0f} % allowed")
            shutil.rmtree(output, ignore_errors=True)
    finally:
        if arguments.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    print()
    for what in broken:
        print(f"broken: {what}")
    print("every promise was kept" if not broken else f"{len(broken)} promises were broken")
    return 1 if broken else 0


if sys.argv[1:2] == ["--make"]:
    make_tomogram(pathlib.Path(sys.argv[2]), tuple(map(int, sys.argv[3:])))
else:
    sys.exit(main())
