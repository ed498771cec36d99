#!/usr/bin/env python3
"""Held-out Dice of networks trained by Ais and by the reference program on the same boxes, as a Markdown table.

    "$(Scripts/python-env Tools/reference/requirements.txt | tail -1)" Benchmarks/quality.py --work FOLDER --set BOXES.scnt \\
        --tomogram T.mrc --labels T_labels.mrc.gz [--label 1] [--program FILE] [--architecture NAME …] [--seeds 3] [--equal-time 3]
        [--epochs 50]

Both train with the reference's defaults (batches of 32, 8 copies, Adam at 1e-3, quarter turns and mirrors, nothing held out). The
reference goes first; ours with the same number of epochs, and with as many as take the CPU time that the reference took, start
included, each from the same training. `ais segment` applies all networks to the tomogram, `ais evaluate` compares with the labels. The
reference has no seed: its runs are simply repeated. Every run is kept in FOLDER, so that an interrupted table, or one
that is now to have more of `--equal-time`, goes on where it was; `--table` only prints what there is.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Tools" / "reference"))
from reference_program import reference_program  # noqa: E402

BATCH, COPIES, RATE = 32, 8, 0.001
# Epochs after which the cost of one is known.
PROBE = 2


def run(command, folder: pathlib.Path, last_words: str | None = None) -> float:
    """CPU seconds of the process and its children. One that has said its last words may fail after them."""
    environment = dict(os.environ, HOME=str(folder), TF_CPP_MIN_LOG_LEVEL="3")
    log = folder / "last-run.txt"
    with open(log, "w") as output:
        process = subprocess.Popen([str(word) for word in command], stdout=output, stderr=output, env=environment, cwd=folder)
        _, status, usage = os.wait4(process.pid, 0)
    if status and not (last_words and last_words in log.read_text()):
        sys.exit(f"'{' '.join(map(str, command))}' failed:\n{log.read_text()[-3000:]}")
    return usage.ru_utime + usage.ru_stime


class Trainings:
    def __init__(self, options):
        self.options = options
        self.work = options.work.resolve()
        self.work.mkdir(parents=True, exist_ok=True)
        self.program = options.program.resolve()
        self.tomogram, self.labels, self.set = (path.resolve() for path in (options.tomogram, options.labels, options.set))

    def scores(self, model: pathlib.Path) -> dict:
        """Of a network on the tomogram that nobody trained on."""
        out = model.parent / f"{model.stem}-segmented"
        run([self.program, "segment", "-q", "--force", "-m", model, "-o", out, self.tomogram], model.parent)
        (segmentation,) = out.glob("*.mrc")
        text = subprocess.run(
            [str(self.program), "evaluate", str(segmentation), str(self.labels), "--label", str(self.options.label), "--json"],
            capture_output=True, text=True, check=True).stdout
        shutil.rmtree(out)
        answer = json.loads(text)
        middle = next(row for row in answer["thresholds"] if row["threshold"] == 128)
        return {"dice": middle["dice"], "best": answer["best"]["dice"], "threshold": answer["best"]["threshold"]}

    def kept(self, name: str) -> pathlib.Path:
        return self.work / f"{name}.json"

    def reference(self, architecture: str, seed: int) -> list[dict]:
        record = self.kept(f"{architecture}-reference-{seed}")
        if record.exists():
            return json.loads(record.read_text())
        folder = self.work / f"reference-{architecture}-{seed}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        epochs = self.options.epochs
        seconds = run(
            [reference_program(), "train", "-t", self.set, "-a", architecture, "-ou", folder, "-name", "N", "-e", epochs, "-b",
             BATCH, "-c", COPIES, "-r", RATE, "-gpu", "0"], folder, last_words="Done training")
        return self.keep(record, [{"epochs": epochs, "seconds": seconds} | self.scores(folder / "N.scnm")])

    def ours(self, architecture: str, precision: str, seed: int, limit: float) -> list[dict]:
        """After the reference's number of epochs, and after the last one that ends within `limit` CPU seconds."""
        record = self.kept(f"{architecture}-{precision}-{seed}")
        rows = json.loads(record.read_text()) if record.exists() else []
        folder = self.work / f"{precision}-{architecture}-{seed}"
        if not rows:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()

        def train(epochs) -> float:
            return run(
                [self.program, "train", self.set, "-a", architecture, "-o", folder, "--name", "N", "--epochs", epochs, "--batch",
                 BATCH, "--copies", COPIES, "--rate", RATE, "--precision", precision, "--seed", seed, "--threads",
                 self.options.threads, "--resume", "--keep-checkpoint", "-q"], folder)

        done, spent = (rows[-1]["epochs"], rows[-1]["seconds"]) if rows else (PROBE, train(PROBE))
        start = min(spent / 2, 4.0)
        epochs = self.options.epochs
        same_time = min(2 * epochs, max(PROBE, int((limit - start) / ((spent - start) / done))))
        stops = {epochs, same_time} if seed <= self.options.equal_time else {epochs}
        for stop in sorted(stop for stop in stops if stop >= done and all(row["epochs"] != stop for row in rows)):
            if stop > done:
                spent += train(stop)
            copy = folder / f"after{stop}.scnm"
            shutil.copy(folder / "N.scnm", copy)
            rows.append({"epochs": stop, "seconds": spent, "isSameTime": stop == same_time} | self.scores(copy))
            self.keep(record, rows)
        return rows

    def keep(self, record: pathlib.Path, rows: list[dict]) -> list[dict]:
        record.write_text(json.dumps(rows))
        print(f"{record.stem}: {rows}", file=sys.stderr, flush=True)
        return rows


def table(trainings: Trainings):
    options = trainings.options
    print("| network | program | runs | epochs | CPU time | Dice at 0.5: median | all | best threshold: median | all |")
    print("|---|---|--:|--:|--:|--:|---|--:|---|")

    def line(architecture, title, rows):
        if not rows:
            return

        def values(key):
            return f"{statistics.median(row[key] for row in rows):.3f} | {', '.join(f'{row[key]:.3f}' for row in rows)}"

        epochs, seconds = (statistics.median(row[key] for row in rows) for key in ("epochs", "seconds"))
        print(f"| {architecture} | {title} | {len(rows)} | {epochs:g} | {seconds:.0f} s | {values('dice')} | {values('best')} |")

    for architecture in options.architecture:
        def kept(kind):
            paths = [trainings.kept(f"{architecture}-{kind}-{seed}") for seed in range(1, options.seeds + 1)]
            return [json.loads(path.read_text()) for path in paths if path.exists()]

        line(architecture, "reference", [rows[0] for rows in kept("reference")])
        for precision in options.precision:
            runs = kept(precision)
            line(architecture, f"Ais, {precision}, equal epochs",
                 [row for rows in runs for row in rows if row["epochs"] == options.epochs])
            line(architecture, f"Ais, {precision}, equal CPU time", [row for rows in runs for row in rows if row["isSameTime"]])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--set", type=pathlib.Path, required=True)
    parser.add_argument("--tomogram", type=pathlib.Path, required=True)
    parser.add_argument("--labels", type=pathlib.Path, required=True)
    parser.add_argument("--label", type=int, default=1)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / ".build/release/ais")
    parser.add_argument("--architecture", nargs="*", default=["UNet S", "VGGNet S"])
    parser.add_argument("--precision", nargs="*", default=["bfloat16", "float32"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--equal-time", type=int, default=3, help="so many of them go on until they took the reference's CPU time")
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--table", action="store_true", help="print what there is, and train nothing")
    options = parser.parse_args()
    trainings = Trainings(options)
    if not options.table:
        for seed in range(1, options.seeds + 1):
            for architecture in options.architecture:
                limit = trainings.reference(architecture, seed)[0]["seconds"]
                for precision in options.precision:
                    trainings.ours(architecture, precision, seed, limit)
    table(trainings)


if __name__ == "__main__":
    main()
