"""The whole way from slices to particles on the page, step by step as a person goes it, on two synthetic tomograms whose truth is known.

`Loop` has a method for each step. It does everything through a `Hand`, which a test lets work at once, and a video at the pace of a person
who explains what is done.
"""

import contextlib
import pathlib
import re
import shutil

import numpy
import program
from playwright.sync_api import expect
from test_models import model, models, said
from test_training import trainings
from truth import MEMBRANE, SHARED, labels, near, particles

FILES = ("synthetic/cell_c.mrc", "synthetic/cell_d.mrc", "ais/MembraneC.scnm")
ANNOTATIONS = "ais/cell_c.scns"
BOXED = (14, 20, 26, 32, 38)
"""Slices in which complexes get boxes."""
EPOCHS = 8
"""After so many the first network is good enough to go on with."""
LEARNING = {"Membrane": {"Copies": 2, "Batch": 8}, "FAS": {"Copies": 4, "Batch": 8, "Epochs": 5}, "Membrane again": {"Copies": 2, "Batch": 8, "Epochs": 2}}
RADIUS_NM = 1
SPACING_NM, SMALLEST_NM3, LEVEL = 20, 3000, 0.55
"""Of the complexes: a little less than their width, and less than half of their volume."""


def start(folder: pathlib.Path) -> program.Program:
    """The program with a folder that was never opened before: two tomograms, and a network of the earlier program."""
    folder.mkdir(parents=True)
    for file in FILES:
        shutil.copy(SHARED / file, folder)
    return program.Program(folder, [folder]).start()


class Hand:
    """What a person does with mouse and keyboard."""

    def __init__(self, app):
        self.app, self.page = app, app.page

    def say(self, words):
        """What is done now, for those who look on."""

    def look(self, seconds=2):
        """Time to see what happened, for those who look on."""

    def passing(self):
        """What takes long, or is done again and again: those who look on see it quicker."""
        return contextlib.nullcontext()

    def press(self, target, **options):
        target.click(**options)

    def click(self, y, x):
        self.app.click(y, x)

    def drag(self, path, button="left"):
        self.app.drag(path, button=button, steps=8)

    def keys(self, *keys):
        self.app.press(*keys)

    def write(self, field, text):
        """Types into a field, again if the words went elsewhere, and Enter."""
        def typed():
            field.fill(str(text))
            return field.input_value() == str(text)

        self.app.eventually(typed, f"'{text}' in the field")
        field.press("Enter")


class Loop:
    """The steps, in their order."""

    def __init__(self, app, hand=None):
        self.app, self.page = app, app.page
        self.hand = hand or Hand(app)
        self.truth = {name: labels(name) for name in ("cell_c", "cell_d")}
        self.complexes = {name: particles(name) for name in ("cell_c", "cell_d")}

    # --- where things are

    def go_to(self, slice_, tomogram=None):
        if tomogram and self.app.state("state.dataset") != self.dataset(tomogram)["id"]:
            self.hand.press(self.page.locator(".tomo", has_text=tomogram))
            self.app.until(f"state.dataset === {self.dataset(tomogram)['id']}")
            self.app.wait_shown()
        def arrived():
            if self.app.state("state.slice") == slice_:
                return True
            self.hand.write(self.page.get_by_label("Slice number"), slice_)
            return self.app.state("state.slice") == slice_

        self.app.eventually(arrived, f"slice {slice_}", 60)
        self.app.wait_shown()

    def dataset(self, name):
        return next(one for one in self.app.snapshot()["datasets"] if one["name"] == name)

    def annotations(self, tomogram):
        return self.app.annotations(self.dataset(tomogram)["id"])

    def feature(self, title):
        return next(one["id"] for one in self.app.features() if one["title"] == title)

    def choose(self, title):
        """The feature that is painted, in the list of Annotate."""
        row = self.page.get_by_role("listbox", name="Features").get_by_role("option", name=re.compile(title))
        self.hand.press(row)
        self.app.until(f"state.feature === {self.feature(title)}")

    def task(self, name):
        self.hand.press(self.page.get_by_role("navigation", name="Tasks").get_by_role("link", name=name))
        expect(self.page.get_by_role("link", name=name)).to_have_attribute("aria-current", "page")

    # --- annotating

    def import_annotations(self):
        """Those of the earlier program, beside their tomogram as it leaves them. A folder in which they lie when it is opened has them at once."""
        shutil.copy(SHARED / ANNOTATIONS, self.app.server.project)
        self.hand.say("Annotations of the earlier program are taken as they are: membranes in five slices, 70 boxes")
        self.hand.press(self.page.get_by_label(re.compile("^Project ")))
        self.hand.press(self.page.get_by_role("menuitem", name=re.compile("^Import annotations")))
        self.hand.press(self.page.get_by_role("option", name=re.compile("^cell_c.scns")))
        self.hand.press(self.page.get_by_role("button", name="Import", exact=True))
        self.app.eventually(lambda: [one["title"] for one in self.app.features()] == ["Membrane"], "the feature")
        self.app.eventually(lambda: {one["slice"] for one in self.annotations("cell_c")["slices"]} == {12, 22, 32, 42, 52}, "the painted slices")
        self.app.eventually(lambda: len(self.annotations("cell_c")["boxes"]) == 70, "the boxes")
        self.go_to(22, "cell_c")
        self.hand.look()

    def paint_complexes(self):
        """A ball for each of the large complexes, and boxes on them in some slices."""
        self.hand.say("A second feature: the sphere brush paints each large complex (FAS) in all of its slices")
        self.hand.press(self.page.get_by_label("New feature (N)"))
        self.hand.write(self.page.get_by_label("Name of the feature"), "FAS")
        self.app.eventually(lambda: [one["title"] for one in self.app.features()] == ["Membrane", "FAS"], "a second feature")
        self.hand.press(self.page.get_by_label(re.compile("^Sphere brush")))
        self.hand.write(self.page.get_by_label("Brush size, value"), 24)
        self.hand.write(self.page.get_by_label("Box size, value"), 32)
        middles = sorted(self.complexes["cell_c"].tolist())
        with self.hand.passing():
            for z, y, x in middles:
                self.go_to(round(z))
                self.hand.click(y, x)
        self.hand.say("Boxes say where the network looks when it learns")
        self.hand.press(self.page.get_by_label(re.compile("^Box .Shift")))
        boxed = [(slice_, y, x) for slice_ in BOXED for z, y, x in middles if abs(z - slice_) < 8]
        with self.hand.passing():
            for slice_, y, x in boxed:
                self.go_to(slice_)
                self.hand.click(y, x)
        self.app.eventually(lambda: sum(one["feature"] == self.feature("FAS") for one in self.annotations("cell_c")["boxes"]) == len(boxed) == 16, "the boxes")
        self.hand.look()

    # --- training

    def role(self, title, name):
        self.hand.press(self.page.get_by_label(f"{title} in the training set").get_by_role("radio", name=name))

    def settings(self, **fields):
        """What the next training is like."""
        self.hand.press(self.page.get_by_label("What goes into it, and how it is trained"))
        sheet = self.page.get_by_role("dialog")
        sheet.get_by_label("Network", exact=True).select_option("UNet S")
        for label, value in {name.replace("_", " "): value for name, value in fields.items()}.items():
            if label in ("Negatives", "Held out"):
                self.hand.press(sheet.get_by_label(label, exact=True).get_by_role("radio", name=str(value), exact=True))
            else:
                self.hand.write(sheet.get_by_label(label, exact=True), value)
        self.hand.look()
        self.page.keyboard.press("Escape")
        expect(sheet).to_have_count(0)

    def start_training(self):
        self.hand.press(self.page.get_by_role("button", name="Train", exact=True))

    def make_set(self):
        self.hand.say("Models: membranes are to be found")
        self.task("Models")
        self.role("Membrane", "positive")
        expect(self.page.locator(".setfacts")).to_contain_text("68 with the feature, 2 without")

    def train(self):
        self.hand.say("A small network learns; everything has a default")
        self.settings(**LEARNING["Membrane"])
        self.go_to(26, "cell_c")
        self.start_training()
        expect(self.page.locator(".lay.model .nm")).to_have_text("Membrane")

    def watch(self):
        """Looks at a slice that nobody painted until it was seen half-trained in two states and the epochs are done. Returns what was drawn of each."""
        self.hand.say("Its half-trained network is shown on a slice that nobody painted, again and again")
        seen = {}

        def look():
            one = models(self.app)[0]
            if one["version"] not in seen and (drawn := self.overlay(one)):
                seen[one["version"]] = drawn
            return len(set(seen.values())) >= 2 and trainings(self.app)[0]["epoch"] >= EPOCHS

        with self.hand.passing():
            self.app.eventually(look, "two states of the overlay", 900)
        return list(seen.values())

    def overlay(self, one):
        """The places in colour on the screen; none before the picture shows this version of the model, and as long as it finds nothing."""
        isShown = self.page.evaluate("""async ([id, version]) => {
          const { state, models } = await import('/app/state.js');
          const { isQuiet } = await import('/app/predictions.js');
          return isQuiet() && models().some((model) => model.id === id && model.version === version) && state.predicted.get(id)?.pixels > 0;
        }""", [one["id"], one["version"]])
        if not one["version"] or not isShown:
            return None
        self.app.frames()
        return self.page.evaluate("""() => {
          const canvas = document.querySelector('.pic .slice'), gl = canvas.getContext('webgl2'), all = new Uint8Array(4 * canvas.width * canvas.height), found = [];
          gl.readPixels(0, 0, canvas.width, canvas.height, gl.RGBA, gl.UNSIGNED_BYTE, all);
          for (let y = 0; y < canvas.height; y += 4) for (let x = 0; x < canvas.width; x += 4) {
            const [red, green, blue] = all.subarray(4 * (y * canvas.width + x));
            if (Math.max(red, green, blue) - Math.min(red, green, blue) > 25) found.push(`${y},${x}`);
          }
          return found.join(' ');
        }""") or None

    def stop(self):
        self.hand.say("Stopped when it is good enough; the best epoch is kept")
        self.hand.press(self.page.get_by_role("button", name="Stop and keep best"))
        self.app.eventually(lambda: trainings(self.app)[0]["state"] == "stopped", "stopped", 120)
        self.app.eventually(lambda: models(self.app)[0]["state"] == "ready" and models(self.app)[0]["network"], "a network")
        self.hand.look()

    def train_second(self):
        """A network for the complexes, of a set of its own, with membranes as what it must not be confused with."""
        self.hand.say("A second network, for the complexes; membranes show it what is none")
        self.hand.press(self.page.locator(".rolelist .lay", has_text="FAS").locator(".nm"))
        self.hand.press(self.page.get_by_label("Training sets"))
        self.hand.press(self.page.get_by_role("menuitem", name="New training set"))
        self.role("Membrane", "negative")
        expect(self.page.locator(".setfacts")).to_contain_text("16 with the feature, 70 negative")
        self.settings(**LEARNING["FAS"])
        self.start_training()
        with self.hand.passing():
            self.app.eventually(lambda: len(trainings(self.app)) == 2 and trainings(self.app)[0]["state"] == "done", "trained", 900)
            self.app.eventually(lambda: model(self.app, "FAS")["state"] == "ready" and model(self.app, "FAS")["network"], "a network")

    # --- what they find

    def shown(self):
        """Waits until the picture shows what all models say of the slice in view."""
        self.app.eventually(lambda: self.page.evaluate("""async () => {
          const { state, models } = await import('/app/state.js');
          const { isQuiet } = await import('/app/predictions.js');
          return models().every(({ id, version }) => version !== '' && state.predicted.get(id)?.pixels >= 0) && isQuiet();
        }"""), "results", 120)
        self.app.frames()

    def found(self, title, tomogram, slice_, layer="raw"):
        """Where a model finds something in a slice, as the server gives it out."""
        one, dataset = model(self.app, title), self.dataset(tomogram)
        values = numpy.frombuffer(said(self.app, one["id"], slice_, layer, dataset["id"], dataset["versions"][0]["id"]), numpy.uint8)
        return values.reshape(self.truth[tomogram].shape[1:]) > int(255 * one["threshold"])

    def model_row(self, title):
        return self.page.locator(".lay.model", has=self.page.get_by_text(title, exact=True))

    def bring_another(self):
        """A network that the earlier program trained, which takes many complexes for membranes."""
        self.hand.say("A network of the earlier program comes as a file. It takes complexes for membranes")
        self.hand.press(self.page.get_by_label("Import models from a file"))
        self.hand.press(self.page.get_by_role("option", name=re.compile("^MembraneC.scnm")))
        self.hand.press(self.page.get_by_role("button", name="Import", exact=True))
        expect(self.model_row("MembraneC")).to_have_count(1)
        self.shown()
        self.hand.look()

    def add_rule(self):
        self.hand.say("A rule: where the network for complexes sees one, the other finds no membrane")
        self.hand.press(self.model_row("MembraneC"))
        self.hand.press(self.page.get_by_role("button", name=re.compile("^Rules")))
        self.hand.press(self.page.get_by_label("New rule"))
        self.app.eventually(lambda: self.app.get("/models")["rules"], "a rule")
        self.page.get_by_label("The model that it is changed by").select_option(label="FAS")
        self.hand.write(self.page.get_by_label("Radius, value"), RADIUS_NM)
        ends = [model(self.app, title)["id"] for title in ("MembraneC", "FAS")]
        self.app.eventually(lambda: [self.app.get("/models")["rules"][0][name] for name in ("child", "parent", "radiusNanometer")] == [*ends, RADIUS_NM], "the rule")
        self.shown()
        self.hand.look(3)

    # --- annotating with a model's help

    def take_from_model(self, tomogram, slice_):
        """All that the membrane's network found in a slice is painted, and what is far from the truth erased. Returns the place that was."""
        self.hand.say("What it found in the other tomogram is painted, and corrected by hand")
        self.go_to(slice_, tomogram)
        self.task("Annotate")
        self.choose("Membrane")
        self.hand.press(self.model_row("Membrane"))
        self.shown()
        self.hand.press(self.page.get_by_label(re.compile("^From a model")).first)
        self.hand.press(self.page.get_by_role("button", name="Whole slice"))
        self.app.eventually(lambda: self.painted(tomogram, slice_).any(), "what the network found")
        self.hand.look()

    def painted(self, tomogram, slice_):
        return numpy.array(self.app.mask(slice_, self.feature("Membrane"), self.dataset(tomogram)["id"]))

    def wrong_place(self, tomogram, slice_):
        """The painted pixel that is farthest from any membrane."""
        painted, right = self.painted(tomogram, slice_), self.truth[tomogram][slice_] == MEMBRANE
        for reach in range(12, 0, -1):
            wrong = numpy.argwhere(painted & ~near(right, reach))
            if len(wrong):
                return wrong[0].tolist()
        raise AssertionError("nothing was painted beside a membrane")

    def correct(self, tomogram, slice_):
        """Rubs out what is wrong, with the right button. Returns where."""
        self.hand.press(self.page.get_by_label(re.compile("^Brush .B")))
        y, x = self.wrong_place(tomogram, slice_)
        self.hand.drag([(y, x), (y, x + 2), (y + 1, x)], button="right")
        self.app.eventually(lambda: not self.painted(tomogram, slice_)[y, x], "rubbed out")
        return y, x

    def box_membranes(self, tomogram, slice_, count=6):
        """Boxes on membranes, apart from each other."""
        self.hand.press(self.page.get_by_label(re.compile("^Box .Shift")))
        there, before = numpy.argwhere(self.truth[tomogram][slice_, 32:-32, 32:-32] == MEMBRANE) + 32, len(self.annotations(tomogram)["boxes"])
        with self.hand.passing():
            for y, x in there[numpy.linspace(0, len(there) - 1, count).astype(int)].tolist():
                self.hand.click(y, x)
        self.app.eventually(lambda: len(self.annotations(tomogram)["boxes"]) == before + count, "the boxes")

    def train_further(self):
        self.hand.say("The page says that the boxes changed; the network goes on learning with them")
        self.task("Models")
        self.hand.press(self.page.get_by_label("Training sets"))
        self.hand.press(self.page.get_by_role("menuitemradio", name="Membrane"))
        self.settings(**LEARNING["Membrane again"])
        self.hand.press(self.model_row("Membrane"))
        expect(self.page.get_by_text("The boxes changed since this run began.")).to_be_visible()
        before = model(self.app, "Membrane")["version"]
        self.hand.press(self.page.get_by_role("button", name="Train further with them"))
        with self.hand.passing():
            self.app.eventually(lambda: len(trainings(self.app)) == 3 and trainings(self.app)[0]["state"] == "done", "trained further", 900)
            self.app.eventually(lambda: model(self.app, "Membrane")["state"] == "ready" and model(self.app, "Membrane")["version"] != before, "another network")
            self.shown()

    # --- running and picking

    def run(self):
        """Both networks and the rule over both tomograms. Returns the run as the server tells it."""
        self.hand.say("Run: both networks with their rule, over all tomograms")
        self.task("Run")
        self.app.until("state.connection.waiting === 0 && state.runForecast?.found && !state.runForecast.error", 120)
        self.hand.look()
        self.hand.press(self.page.get_by_role("button", name="Run on 2 tomograms"))
        with self.hand.passing():
            self.app.eventually(lambda: self.app.get("/runs")["runs"] and self.app.get("/runs/1")["state"] == "done", "the run", 600)
        return self.app.get("/runs/1")

    def pick(self):
        """Picks the complexes in both tomograms. Returns the job, done."""
        self.hand.say("Pick: level, spacing and smallest size change count and circles at once")
        self.hand.press(self.page.get_by_role("complementary", name="Run").get_by_role("button", name="Results"))
        expect(self.page.locator(".resultgrid img")).to_have_count(2)
        self.hand.look()
        self.hand.press(self.page.get_by_role("button", name="Pick particles…").last)
        self.hand.press(self.page.get_by_role("listbox", name="Features of the segmentations").get_by_role("option", name=re.compile("FAS")))
        for label, value in (("Level", LEVEL), ("Spacing", SPACING_NM), ("Smallest", SMALLEST_NM3)):
            self.hand.write(self.page.get_by_label(f"{label}, value"), value)
        self.counted()
        self.hand.look(3)
        self.hand.press(self.page.get_by_role("button", name="Pick in all 2"))
        expect(self.page.locator(".pickdone")).to_contain_text("read back and the same.", timeout=120_000)
        self.hand.look(3)
        return next(job for job in self.app.get("/jobs")["jobs"] if job["kind"] == "pick")

    def counted(self):
        """Waits until the sheet says what would be picked with the rules as they are."""
        self.page.evaluate("""async () => {
          const { picks } = await import('/app/picks.js');
          while (picks.isStale || !picks.found) await new Promise((go) => requestAnimationFrame(go));
        }""")
