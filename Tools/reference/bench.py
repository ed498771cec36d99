"""Measures our `ais segment` and the reference's side by side, and prints a Markdown table.

    python bench.py --networks FOLDER --results FILE [--case NAME …] [--rounds 3] [--list] [--table]

Whole processes, from start to exit, on tomograms made from a seed; the programs take turns (reference, ours, reference,
ours …), and the table holds medians. CPU time is user plus system of the process and all its children. Peak memory is
that of the largest single process: ours is one, the reference computes in one child. Cases whose name ends in `-avx2`
hold both programs to that instruction set. After each pair the two segmentations are compared.

Every run is appended to FILE, with the hash of our program: an interrupted measurement goes on where it stopped, and a
new build starts anew. `--table` only prints what FILE holds.
"""

import argparse
import hashlib
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import mrcfile
import numpy as np

from reference_program import reference_program

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
TOMOGRAMS = {"64x256x256": (64, 256, 256), "24x1024x1024": (24, 1024, 1024)}
NETWORKS = {"unet_s": "unet_s-d1", "vggnet_m": "vggnet_m-d1", "ezm_3d_m": "ezm_3d_m-d16"}
TITLES = {"unet_s": "UNet S", "vggnet_m": "VGGNet M", "ezm_3d_m": "ezm-3d-M"}
SETS = {"": "best", "-avx2": "AVX2"}
CASES = {
    f"{network}-{tomogram}{suffix}": (network, tomogram, suffix)
    for suffix in SETS for tomogram in TOMOGRAMS for network in NETWORKS
}
PROGRAMS = ("reference", "ours")


def make_tomogram(path: pathlib.Path, shape):
    """Noise over a few smooth waves, 16-bit, 10 Å: what it shows does not matter to the time."""
    rng = np.random.default_rng(sum(shape))
    values = rng.normal(0, 300, shape)
    values += 200 * np.sin(np.arange(shape[1]) / 17)[None, :, None] * np.sin(np.arange(shape[2]) / 23)
    with mrcfile.new(path) as file:
        file.set_data(values.clip(-32768, 32767).astype(np.int16))
        file.voxel_size = 10.0


def environment_of(suffix: str, home: str) -> dict:
    environment = os.environ | {"HOME": home, "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
    for name in ("AIS_INSTRUCTION_SET", "ONEDNN_MAX_CPU_ISA"):
        environment.pop(name, None)
    if suffix == "-avx2":
        environment |= {"AIS_INSTRUCTION_SET": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}
    return environment


def check_instruction_set():
    """Stops unless TensorFlow's kernels obey ONEDNN_MAX_CPU_ISA: they say themselves which code they choose."""
    program = (
        "import tensorflow as tf, numpy as np\n"
        "layers = tf.keras.layers\n"
        "m = tf.keras.Sequential([tf.keras.Input((None, None, 1)), layers.Conv2D(64, 3), layers.Conv2D(64, 3)])\n"
        "m.predict(np.zeros((1, 64, 64, 1), 'f'), verbose=0)\n")
    with tempfile.TemporaryDirectory() as home:
        environment = environment_of("-avx2", home) | {"ONEDNN_VERBOSE": "1"}
        done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    executed = [line for line in done.stdout.splitlines() if ",exec,cpu,convolution," in line]
    if not executed or any("avx512" in line for line in executed):
        sys.exit(f"TensorFlow does not stay within AVX2: {executed[:2] or done.stderr[-500:]}")


def measure(command, environment) -> dict:
    """Runs one process to its end. wait4's resources cover the process and the children it waited for."""
    started = time.monotonic()
    with tempfile.TemporaryFile("w+") as words:
        process = subprocess.Popen([str(part) for part in command], env=environment, stdout=words, stderr=words)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - started
        words.seek(0)
        if process.returncode != 0:
            sys.exit(f"'{' '.join(map(str, command))}' ended with {process.returncode}:\n{words.read()[-3000:]}")
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "memory": usage.ru_maxrss / 1024}


def run_case(name: str, arguments, folder: pathlib.Path, known: list, key: str, log):
    network, tomogram, suffix = CASES[name]
    volume = folder / f"{tomogram}.mrc"
    if not volume.exists():
        make_tomogram(volume, TOMOGRAMS[tomogram])
    model = arguments.networks / f"{NETWORKS[network]}.scnm"
    if not model.exists():
        sys.exit(f"'{model}' is missing. Make it first: keras_layouts.py --output {arguments.networks} --only {network}")
    environment = environment_of(suffix, str(folder))
    for turn in range(arguments.rounds):
        outputs = {}
        for program in PROGRAMS:
            done = any((run["case"], run["program"], run["round"], run["key"]) == (name, program, turn, key) for run in known)
            if done:
                continue
            out = folder / f"{name}-{program}"
            if program == "reference":
                command = [arguments.reference, "segment", "-m", model, "-d", volume, "-ou", out, "-gpu", "0", "-overwrite", "1"]
            else:
                command = [arguments.program, "segment", "-m", model, "-o", out, volume, "--force"]
            run = {"case": name, "program": program, "round": turn, "key": key, **measure(command, environment)}
            outputs[program] = next(out.glob("*.mrc"))
            known.append(run)
            log.write(json.dumps(run) + "\n")
            log.flush()
            print(f"{name} {turn + 1}/{arguments.rounds} {program:<9} {run['wall']:7.1f} s wall, {run['cpu']:7.1f} CPU-s, "
                  f"{run['memory']:6.0f} MB", file=sys.stderr, flush=True)
        if len(outputs) == 2:
            theirs, ours = (mrcfile.read(outputs[program]).astype(int) for program in PROGRAMS)
            difference = int(np.abs(theirs - ours).max())
            print(f"{name} largest difference of the segmentations: {difference} of 255", file=sys.stderr, flush=True)
            if difference > 1:
                sys.exit(f"'{name}': the segmentations differ by {difference} of 255, at most 1 is allowed.")


def table(known: list, key: str) -> str:
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    lines = [
        f"{len(os.sched_getaffinity(0))} cores of {model}, {platform.platform()}; reference: ais-cryoet 1.2.40 with "
        "TensorFlow 2.15.1; medians of paired runs of whole processes; memory of the largest process.", "",
        "| network | tomogram | instructions | runs | wall, reference | ours | ratio | CPU, reference | ours | ratio "
        "| memory, reference | ours | ratio |",
        "|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, (network, tomogram, suffix) in CASES.items():
        runs = {p: [r for r in known if (r["case"], r["program"], r["key"]) == (name, p, key)] for p in PROGRAMS}
        if not all(runs.values()):
            continue
        cells = []
        for what, unit, digits in (("wall", "s", 1), ("cpu", "s", 1), ("memory", "MB", 0)):
            theirs, ours = (statistics.median(run[what] for run in runs[p]) for p in PROGRAMS)
            cells += [f"{theirs:.{digits}f} {unit}", f"{ours:.{digits}f} {unit}", f"{ours / theirs:.2f}×"]
        count = min(len(runs[p]) for p in PROGRAMS)
        row = [TITLES[network], tomogram.replace("x", " × "), SETS[suffix], str(count), *cells]
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=pathlib.Path, help="what keras_layouts.py made")
    parser.add_argument("--results", type=pathlib.Path, help="the file that runs are appended to")
    parser.add_argument("--program", type=pathlib.Path, default=REPOSITORY / ".build" / "release" / "ais")
    parser.add_argument("--case", nargs="*", choices=list(CASES), metavar="NAME")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--list", action="store_true", help="name the cases and stop")
    parser.add_argument("--table", action="store_true", help="print the table of what was measured and stop")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(CASES))
        return
    if not arguments.networks or not arguments.results:
        parser.error("--networks and --results are needed")
    if not arguments.program.exists():
        sys.exit(f"'{arguments.program}' does not exist. Run 'make build' first.")
    arguments.program = arguments.program.resolve()
    key = hashlib.sha256(arguments.program.read_bytes()).hexdigest()[:16]
    known = [json.loads(line) for line in arguments.results.read_text().splitlines()] if arguments.results.exists() else []
    if not arguments.table:
        arguments.reference = reference_program()
        chosen = arguments.case or list(CASES)
        if os.getloadavg()[0] > 0.5:
            print(f"note: the machine is busy (load {os.getloadavg()[0]:.1f}); times will be too long.", file=sys.stderr)
        if any(name.endswith("-avx2") for name in chosen):
            check_instruction_set()
        with tempfile.TemporaryDirectory() as folder, arguments.results.open("a") as log:
            for name in chosen:
                run_case(name, arguments, pathlib.Path(folder), known, key, log)
    print(table(known, key))


if __name__ == "__main__":
    main()
