#!/usr/bin/env python3
"""Held-out Dice of a network trained by the page beside the reference program's, with the same boxes and the same CPU time, as a Markdown table.

    "$(Scripts/python-env Tools/reference/requirements.txt | tail -1)" Benchmarks/loop.py --work FOLDER [--program FILE] [--epochs 16] [--seeds 1]

A person's way in the browser (`Tests/web/loop.py`): the annotations of `cell_c` are imported, a training set is made of them and exported, and the
reference trains UNet S on those boxes for so many epochs, with its defaults. Then the page trains UNet S on the same set, batches of 32, 8 copies,
nothing held out, and is told to stop and keep the best network when its process has taken the CPU time that the reference took, start included. The network is
exported and, like the reference's, held against the membranes of `cell_d`. One thread each. What there is in FOLDER already is not done again.

It needs the tomograms of `../shared/data`, libtorch, chromium, and the reference program.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

import quality

ROOT = quality.ROOT
SYNTHETIC = ROOT.parent / "shared" / "data" / "synthetic"
ARCHITECTURE = "UNet S"
ENDLESS = 9000
THREADS = 1


# --- on the page, in an interpreter that has Playwright


def cpu_seconds(process):
    """Of a process that runs."""
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def page(out: pathlib.Path, limit: float | None):
    """Exports the set of the page; or with a limit trains on it, and exports the network."""
    sys.path.insert(0, str(ROOT / "Tests" / "web"))
    import shutil
    import tempfile
    import time

    import loop
    from conftest import App, CHROMIUM, FLAGS
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as name:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        folder = pathlib.Path(name) / "cells"
        server = loop.start(folder)
        app = App(browser, server).open()
        steps = loop.Loop(app)
        try:
            steps.import_annotations()
            steps.make_set()
            if limit is None:
                app.page.get_by_label("Training sets").click()
                app.page.get_by_role("menuitem", name="Export").click()
                app.page.locator(".sheet a[href*='.scnt']").wait_for()
                [path] = next(job["files"] for job in app.get("/jobs")["jobs"] if job["files"] and job["files"][0].endswith(".scnt"))
                shutil.copy(path, out)
                return
            steps.settings(Epochs=ENDLESS, Copies=quality.COPIES, Batch=quality.BATCH, Held_out="None")
            begin = time.monotonic()
            steps.start_training()
            training = app.eventually(lambda: loop.trainings(app)[0], "a training")
            path = app.eventually(lambda: next(folder.rglob(f"{training['id']}/process.json"), None), "its process", 120)
            process = json.loads(path.read_text())["process"]
            app.eventually(lambda: cpu_seconds(process) >= limit, "so much CPU time", 7200)
            spent, wall = cpu_seconds(process), time.monotonic() - begin
            steps.stop()
            with app.page.expect_download() as download:
                app.page.get_by_label("More for Membrane").last.click()
                app.page.get_by_role("menuitem", name="Export").click()
            download.value.save_as(out)
            ended = loop.trainings(app)[0]
            out.with_suffix(".json").write_text(json.dumps({"epochs": ended["epoch"], "seconds": spent, "wall": wall}))
        finally:
            server.stop()


def on_the_page(options, out: pathlib.Path, limit: float | None = None):
    """The same in a process of its own."""
    python = subprocess.run([ROOT / "Scripts" / "python-env", ROOT / "Tests" / "web" / "requirements.txt"], capture_output=True, text=True, check=True).stdout.strip()
    environment = dict(os.environ, AIS_PROGRAM=str(options.program.resolve()))
    subprocess.run([python, __file__, "--work", options.work, "--page", out, *(["--limit", str(limit)] if limit else [])], check=True, env=environment)


# --- beside the reference


def table(rows):
    print("| program | runs | epochs | CPU time | Dice at 0.5 | best threshold |")
    print("|---|--:|--:|--:|---|---|")
    for title, found in rows:
        def median(key, found=found):
            return statistics.median(row[key] for row in found)

        def all_of(key, found=found):
            return ", ".join(f"{row[key]:.3f}" for row in found)

        print(f"| {title} | {len(found)} | {median('epochs'):g} | {median('seconds'):.0f} s | {all_of('dice')} | {all_of('best')} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / ".build/release/ais")
    parser.add_argument("--epochs", type=int, default=16, help="of the reference")
    parser.add_argument("--seeds", type=int, default=1, help="runs of each program")
    parser.add_argument("--page", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--limit", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.page:
        page(options.page, options.limit)
        return
    options.work.mkdir(parents=True, exist_ok=True)
    options.work = options.work.resolve()
    # The one thread that either program then takes by itself.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-THREADS:])
    options.set = options.work / "membranes.scnt"
    if not options.set.exists():
        on_the_page(options, options.set)
    options.tomogram, options.labels, options.label = SYNTHETIC / "cell_d.mrc", SYNTHETIC / "cell_d_labels.mrc.gz", 1
    trainings = quality.Trainings(options)
    theirs, ours = [], []
    for seed in range(1, options.seeds + 1):
        theirs += trainings.reference(ARCHITECTURE, seed)
        record = trainings.kept(f"page-{seed}")
        if not record.exists():
            model = options.work / f"page-{seed}.scnm"
            on_the_page(options, model, theirs[-1]["seconds"])
            facts = json.loads(model.with_suffix(".json").read_text())
            trainings.keep(record, [facts | trainings.scores(model)])
        ours += json.loads(record.read_text())
    table([("reference", theirs), ("Ais, trained on the page", ours)])


if __name__ == "__main__":
    main()
