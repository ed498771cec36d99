#!/usr/bin/env python3
"""What running several networks together costs: time, memory, and bytes read, whole processes.

    "$(Scripts/python-env)" Benchmarks/groups.py [--program FILE] [--networks A.scnm B.scnm C.scnm] [--pairs 3]

A tomogram of 64 × 512 × 512 voxels of noise. Three networks in one pass, with and without steps (R = 30 nm, in 2 and in 3
dimensions), in turns; then ten small networks and one. Wall time is compared with what the networks themselves took, which the accounts
beside the outputs tell. Nothing else should run meanwhile.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
NETWORKS = ROOT / "Tests" / "Fixtures" / "interactions"


def make_tomogram(path: pathlib.Path) -> None:
    import mrcfile
    import numpy

    with mrcfile.new(path) as file:
        file.set_data(numpy.random.default_rng(3).normal(0, 1000, (64, 512, 512)).astype(numpy.int16))
        file.voxel_size = 10


def run(command: list) -> dict:
    started = time.monotonic()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"'{' '.join(map(str, command))}' failed")
    return {"wall": time.monotonic() - started, "cpu": usage.ru_utime + usage.ru_stime, "memory": usage.ru_maxrss / 1024}


def group(program, folder: pathlib.Path, name: str, networks: list, *options) -> pathlib.Path:
    """A recipe, with titles of its own, since one network may be in it several times."""
    path = folder / f"{name}.json"
    models = [{"title": f"{network.stem}{i}", "file": str(network)} for i, network in enumerate(networks)]
    for model in models:
        model |= {"emit": "compete" in options, "absorb": "compete" in options}
    titles = [model["title"] for model in models]
    steps = []
    if "compete" in options:
        steps = [{"type": kind, "child": titles[c], "parent": titles[p], "radiusNanometer": 30, "threshold": 0.5}
                 for kind, c, p in (("avoid", 0, 2), ("avoid", 1, 2), ("colocalize", 1, 0))]
    path.write_text(json.dumps({
        "schema": "ais.group/1", "title": name, "dimension": 3 if "deep" in options else 2, "models": models,
        "interactions": steps}))
    return path


def segment(program, folder: pathlib.Path, recipe: pathlib.Path, tomogram: pathlib.Path) -> dict:
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    result = run([program, "segment", "-q", "--group", recipe, "-o", out, tomogram])
    accounts = [json.loads(path.read_text()) for path in out.glob("*.json")]
    result["networks"] = sum(account["processing"]["networkSeconds"] for account in accounts)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / ".build/release/ais")
    parser.add_argument("--networks", type=pathlib.Path, nargs=3,
                        default=[NETWORKS / f"{name}.scnm" for name in ("Membrane", "Platform", "Film")])
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--skip-ten", action="store_true", help="only the three networks")
    parser.add_argument("--make", type=pathlib.Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        return make_tomogram(options.make)
    networks = [path.resolve() for path in options.networks]
    with tempfile.TemporaryDirectory(prefix="ais-groups-") as name:
        folder = pathlib.Path(name)
        tomogram = folder / "T.mrc"
        # In a process of its own: a child's peak memory starts from that of the process it was forked from.
        subprocess.run([sys.executable, __file__, "--make", tomogram], check=True)
        cases = {
            "no steps": group(options.program, folder, "plain", networks),
            "competition, 3 interactions, 2D": group(options.program, folder, "steps", networks, "compete"),
            "competition, 3 interactions, 3D": group(options.program, folder, "deep", networks, "compete", "deep"),
        }
        runs = {case: [] for case in cases}
        for _ in range(options.pairs):
            for case, recipe in cases.items():
                runs[case].append(segment(options.program, folder, recipe, tomogram))
        print("| three networks, 64 × 512 × 512 | wall | networks' own time | ratio | CPU | peak memory |")
        print("|---|--:|--:|--:|--:|--:|")
        for case, results in runs.items():
            middle = {key: statistics.median(r[key] for r in results) for key in results[0]}
            ratio = statistics.median(r["wall"] / r["networks"] for r in results)
            print(f"| {case} | {middle['wall']:.2f} s | {middle['networks']:.2f} s | {ratio:.3f} | {middle['cpu']:.2f} s "
                  f"| {middle['memory']:.0f} MB |")
        for case in list(cases)[1:]:
            extra = statistics.median(
                100 * (a["cpu"] - b["cpu"]) / b["cpu"] for a, b in zip(runs[case], runs["no steps"]))
            print(f"{case}: {extra:+.1f} % CPU time beside no steps (paired)")
        if not options.skip_ten:
            one = segment(options.program, folder, group(options.program, folder, "one", networks[:1]), tomogram)
            ten = segment(options.program, folder, group(options.program, folder, "ten", networks[:1] * 10), tomogram)
            print(f"ten networks: {ten['memory']:.0f} MB, one: {one['memory']:.0f} MB, ratio {ten['memory'] / one['memory']:.2f}; "
                  f"wall {ten['wall']:.2f} s, networks {ten['networks']:.2f} s, ratio {ten['wall'] / ten['networks']:.3f}")
        counted = subprocess.run(
            ["strace", "-f", "-q", "-e", "trace=read,pread64", "-P", str(tomogram), "-o", str(folder / "calls"),
             str(options.program), "segment", "-q", "--group", str(cases["no steps"]), "-o", str(folder / "traced"),
             str(tomogram)], check=False) if shutil.which("strace") else None
        if counted and counted.returncode == 0:
            lines = (folder / "calls").read_text().splitlines()
            total = sum(int(line.rsplit(" = ", 1)[1].split()[0]) for line in lines if " = " in line)
            print(f"read from the tomogram: {total} bytes, {total / tomogram.stat().st_size:.3f} times its size")


main()
