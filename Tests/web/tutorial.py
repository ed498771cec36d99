"""Goes through docs/getting-started/from-slices-to-particles.md on the page, as it says, and takes its pictures.

    "$(Scripts/python-env Tests/web/requirements.txt | tail -1)" Tests/web/tutorial.py docs/images

What a person draws by looking, membranes and complexes, is drawn here along the truth of the example. It needs what training needs, and ffmpeg.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import loop
import truth
import mrcfile
import numpy
import program
from conftest import App, CHROMIUM, FLAGS
from playwright.sync_api import expect, sync_playwright
from test_models import model, models
from test_training import trainings

EXAMPLES = program.ROOT / "Examples"
SLICES = (14, 22, 32)
WATCHED = 26


def strokes(mask, step=3, gap=8):
    """Lines along what is thin: points apart by a step, each joined to the nearest that is left, a new line where that is far."""
    left = numpy.argwhere(mask)
    chosen = []
    while len(left):
        chosen.append(left[0])
        left = left[numpy.hypot(*(left - left[0]).T) > step]
    lines, here = [], None
    while chosen:
        far = [0] if here is None else numpy.hypot(*(numpy.array(chosen) - here).T)
        nearest = int(numpy.argmin(far))
        point = chosen.pop(nearest)
        if here is None or far[nearest] > gap:
            lines.append([])
        lines[-1].append(point.tolist())
        here = point
    return [line if len(line) > 1 else [*line, line[0]] for line in lines]


def pieces(mask):
    """Connected parts, each as a mask."""
    left = mask.copy()
    while left.any():
        part = numpy.zeros_like(left)
        part[tuple(numpy.argwhere(left)[0])] = True
        while True:
            grown = truth.near(part, 1) & left
            if (grown == part).all():
                break
            part = grown
        left &= ~part
        yield part


def outline(part):
    """A line around a round piece: as far out as it reaches in each direction, smoothed as a hand does."""
    points = numpy.argwhere(part)
    middle = points.mean(0)
    away = points - middle
    bins = ((numpy.arctan2(*away.T) + numpy.pi) / (2 * numpy.pi) * 16).astype(int) % 16
    far = numpy.array([numpy.hypot(*away[bins == one].T).max(initial=2) for one in range(16)])
    far = (numpy.roll(far, 1) + 2 * far + numpy.roll(far, -1)) / 4
    angles = (numpy.arange(16) + 0.5) / 16 * 2 * numpy.pi - numpy.pi
    line = [(middle + reach * numpy.array([numpy.sin(angle), numpy.cos(angle)])).clip(1, 198).tolist() for reach, angle in zip(far, angles)]
    return [*line, line[0]]


class Tutorial(loop.Loop):
    """The steps of the document, by their numbers."""

    def __init__(self, app, out):
        self.out, self.app, self.page, self.hand = out, app, app.page, loop.Hand(app)
        self.labels = mrcfile.read(EXAMPLES / "cell_c_labels.mrc.gz")
        self.truth = {"cell_c": self.labels}

    def picture(self, name):
        """Of the page as it is, without what is said in passing."""
        self.page.mouse.move(300, 860)
        close = self.page.locator(".toast").get_by_label("Close")
        # A wide sheet covers them.
        while close.count() and not self.page.locator(".sheet.wide").count():
            close.first.click()
            self.app.frames()
        self.app.frames()
        path = self.out / f"tutorial-{name}.png"
        self.page.screenshot(path=path)
        # Noise does not need all colours: as many as make a file for documents.
        whole = path.read_bytes()
        for colours in (128, 96, 64, 48, 32, 24):
            if path.stat().st_size <= 250_000:
                break
            palette = f"split[a][b];[a]palettegen=max_colors={colours}[p];[b][p]paletteuse=dither=none"
            subprocess.run(["ffmpeg", "-y", "-loglevel", "error", "-i", "pipe:0", "-vf", palette, path], input=whole, check=True)
        print(f"{path.name}: {path.stat().st_size >> 10} KiB", flush=True)

    def paint(self):
        """2: membranes with the brush, complexes with the lasso."""
        for title in ("Membrane", "FAS"):
            self.hand.press(self.page.get_by_label("New feature (N)"))
            self.hand.write(self.page.get_by_label("Name of the feature"), title)
        self.app.eventually(lambda: len(self.app.features()) == 2, "two features")
        self.choose("Membrane")
        self.hand.keys("b")
        self.hand.write(self.page.get_by_label("Brush size, value"), 4)
        for slice_ in SLICES:
            self.go_to(slice_)
            self.choose("Membrane")
            self.hand.keys("b")
            for line in strokes(self.labels[slice_] == truth.MEMBRANE):
                self.app.drag(line, steps=1)
            self.choose("FAS")
            self.hand.keys("l")
            for part in self.complexes_in(slice_):
                self.app.drag(outline(part), steps=2)
            if slice_ == 22:
                self.picture("paint")
        self.app.eventually(lambda: len([one for one in self.annotations("cell_c")["slices"] if one["pixels"]]) == 6, "six painted slices")

    def complexes_in(self, slice_):
        return [part for part in pieces(self.labels[slice_] == truth.COMPLEX) if part.sum() > 60]

    def box(self, slices=SLICES):
        """3: a box on each complex, and some five along membranes."""
        for slice_ in slices:
            self.go_to(slice_)
            self.hand.keys("g")
            self.choose("FAS")
            for part in self.complexes_in(slice_):
                self.hand.click(*numpy.argwhere(part).mean(0).tolist())
            self.choose("Membrane")
            there = numpy.argwhere(self.labels[slice_, 32:-32, 32:-32] == truth.MEMBRANE) + 32
            for y, x in there[numpy.linspace(0, len(there) - 1, 5).astype(int)].tolist():
                self.hand.click(y, x)
        self.app.rest()

    def learn(self):
        """4 and 5: what is to be learnt, and how it looks meanwhile."""
        self.task("Models")
        self.role("Membrane", "positive")
        self.role("FAS", "negative")
        self.settings(Epochs=20, Copies=4, Batch=8)
        self.start_training()
        self.go_to(WATCHED)
        self.watch_until(0.45)
        self.picture("overlay")
        self.watch_until(0.9)
        self.picture("curves")
        self.ended(1)

    def watch_until(self, share):
        def look():
            one = trainings(self.app)[0]
            return one["fraction"] >= share and self.overlay(models(self.app)[0]) is not None

        self.app.eventually(look, "a half-trained network's result", 1800)

    def ended(self, count):
        self.app.eventually(lambda: len(trainings(self.app)) == count and trainings(self.app)[0]["state"] == "done", "trained", 1800)
        self.app.eventually(lambda: all(one["state"] == "ready" for one in models(self.app)), "networks")
        self.shown()

    def improve(self):
        """6: with its own help."""
        self.task("Annotate")
        self.choose("Membrane")
        self.hand.keys("v")
        self.hand.press(self.page.get_by_role("button", name="Whole slice"))
        self.app.eventually(lambda: self.painted("cell_c", WATCHED).any(), "what it found")
        self.hand.keys("b")
        for part in pieces(self.painted("cell_c", WATCHED) & ~truth.near(self.labels[WATCHED] == truth.MEMBRANE, 3)):
            for line in strokes(part):
                self.app.drag(line, button="right", steps=1)
        self.choose("FAS")
        self.hand.keys("l")
        for part in self.complexes_in(WATCHED):
            self.app.drag(outline(part), steps=2)
        self.box([WATCHED])
        self.task("Models")
        expect(self.page.get_by_text("The boxes changed since this run began.")).to_be_visible()
        self.hand.press(self.page.get_by_role("button", name="Train further with them"))
        self.ended(2)

    def second(self):
        """7."""
        self.task("Models")
        self.hand.press(self.page.locator(".rolelist .lay", has_text="FAS").locator(".nm"))
        self.hand.press(self.page.get_by_label("Training sets"))
        self.hand.press(self.page.get_by_role("menuitem", name="New training set"))
        self.role("Membrane", "negative")
        self.start_training()
        self.ended(3)

    def rule(self):
        """8."""
        self.hand.press(self.page.locator(".lay.model", has_text="FAS"))
        self.hand.press(self.page.get_by_role("button", name=re.compile("^Rules")))
        self.hand.press(self.page.get_by_label("New rule"))
        self.app.eventually(lambda: self.app.get("/models")["rules"], "a rule")
        self.shown()
        self.picture("rule")

    def run_and_pick(self):
        """9 and 10."""
        self.task("Run")
        self.app.until("state.connection.waiting === 0 && state.runForecast?.found && !state.runForecast.error", 120)
        self.hand.press(self.page.get_by_role("button", name="Run on 1 tomogram"))
        self.app.eventually(lambda: self.app.get("/runs")["runs"] and self.app.get("/runs/1")["state"] == "done", "the run", 900)
        self.hand.press(self.page.get_by_role("complementary", name="Run").get_by_role("button", name="Results"))
        expect(self.page.locator(".resultgrid img")).to_have_count(1)
        self.app.eventually(lambda: self.page.evaluate("() => [...document.querySelectorAll('.resultgrid img')].every((image) => image.complete && image.naturalWidth > 0)"), "pictures")
        self.picture("results")
        self.hand.press(self.page.get_by_role("button", name="Pick particles…").last)
        self.hand.press(self.page.get_by_role("listbox", name="Features of the segmentations").get_by_role("option", name=re.compile("FAS")))
        for label, value in (("Spacing", 20), ("Smallest", 2000)):
            self.hand.write(self.page.get_by_label(f"{label}, value"), value)
        self.counted()
        self.hand.press(self.page.get_by_role("button", name="Pick in this tomogram"))
        expect(self.page.locator(".pickdone")).to_contain_text("read back and the same.", timeout=120_000)
        self.app.rest()
        self.picture("picks")
        job = next(job for job in self.app.get("/jobs")["jobs"] if job["kind"] == "pick")
        found, right = truth.coordinates(job["details"]["lists"][0]["path"]), truth.particles("cell_c", EXAMPLES)
        print(f"{len(found)} picks, F1 {truth.f1(found, right):.2f}")


def main():
    out = pathlib.Path(sys.argv[1])
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as name:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        folder = pathlib.Path(name) / "tutorial"
        folder.mkdir()
        shutil.copy(EXAMPLES / "cell_c.mrc", folder)
        server = program.Program(folder, [folder]).start()
        try:
            steps = Tutorial(App(browser, server).open(), out)
            for step in (steps.paint, steps.box, steps.learn, steps.improve, steps.second, steps.rule, steps.run_and_pick):
                step()
            print({one["title"]: one["network"]["architecture"] for one in (model(steps.app, title) for title in ("Membrane", "FAS"))})
        finally:
            server.stop()


if __name__ == "__main__":
    main()
