"""Training sets and trainings on the page: what goes in, watching, stopping, going on."""

import fcntl
import json
import re
import tarfile

import pytest
from playwright.sync_api import expect

from test_models import app, bring, cells, models  # noqa: F401


def annotate(app, title="Membrane", dy=0):
    """A feature with a painted band in four slices and six boxes on it, as a script makes it. Returns its number."""
    with app.ask(f"/api/projects/{app.project}/edits", {"id": f"feature-{title}", "edits": [{"kind": "create-feature", "title": title, "colour": {"red": 0.4, "green": 0.8, "blue": 1}, "boxSize": 32}]}):
        pass
    feature = next(f["id"] for f in app.features() if f["title"] == title)
    app.until(f"state.registers.get('feature', {feature}) !== null")
    for slice_ in (30, 32):
        with app.ask(f"/api/projects/{app.project}/edits", {"id": f"boxes-{title}-{slice_}", "edits": [
                {"kind": "place-box", "dataset": 1, "feature": feature, "slice": slice_, "y": 50 + dy, "x": 40 + 40 * n} for n in range(4)]}):
            pass
    app.page.evaluate(f"async () => (await import('/app/features.js')).choose({feature})")
    app.page.locator(".pic").focus()
    for slice_ in (30, 32):
        app.page.evaluate(f"async () => (await import('/app/datasets.js')).goToSlice({slice_})")
        app.wait_shown()
        app.drag([(50 + dy, 20), (50 + dy, 180)], steps=8)
    app.eventually(lambda: len(app.annotations()["slices"]) >= 2)
    return feature


def sets(app):
    return app.snapshot()["trainingSets"]


def lines(app, colour):
    """Pixels of about one colour among the lines over the picture."""
    app.frames()
    return app.page.evaluate("""([red, green, blue]) => {
      const c = document.querySelector('.pic .over'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
      let n = 0;
      for (let i = 0; i < d.length; i += 4) if (d[i + 3] > 150 && Math.abs(d[i] - red) + Math.abs(d[i + 1] - green) + Math.abs(d[i + 2] - blue) < 60) n += 1;
      return n;
    }""", colour)


def test_features_get_roles_and_the_set_counts_and_shows_its_boxes(app):
    membrane, other = annotate(app), annotate(app, "FAS", dy=90)
    app.press("2")
    roles = app.page.get_by_label("Membrane in the training set")
    roles.get_by_role("radio", name="positive").click()
    app.eventually(lambda: sets(app)[0]["roles"] == {str(membrane): "positive"})
    assert sets(app)[0]["title"] == "Membrane", "the set is of the feature that was pressed, whichever is painted"
    app.page.get_by_label("FAS in the training set").get_by_role("radio", name="unused").focus()
    app.page.keyboard.press("ArrowLeft")
    app.eventually(lambda: sets(app)[0]["roles"] == {str(membrane): "positive", str(other): "negative"})
    expect(app.page.locator(".setfacts")).to_contain_text("8 with the feature, 8 negative")
    app.move(190, 190)
    app.eventually(lambda: lines(app, [0xcd, 0xff, 0x86]) > 200 and lines(app, [0xfd, 0x6a, 0x4a]) > 100, "boxes in lime and coral")
    app.page.get_by_label("Boxes of the set on the slice").click()
    app.eventually(lambda: lines(app, [0xcd, 0xff, 0x86]) == 0, "no boxes of the set")
    app.page.get_by_label("FAS in the training set").get_by_role("radio", name="unused").click()
    expect(app.page.locator(".setfacts > span").first).to_have_text("8 with the feature")
    app.page.locator(".pic").focus()
    app.press("Control+z")
    app.eventually(lambda: str(other) in sets(app)[0]["roles"], "undone")
    # What is annotated afterwards is counted at once.
    app.page.evaluate(f"async () => (await import('/app/features.js')).choose({membrane})")
    app.page.locator(".pic").focus()
    app.press("g")
    app.click(140, 60)
    expect(app.page.locator(".setfacts")).to_contain_text("8 with the feature, 1 without")
    # A dab in it, and it is not empty any more.
    app.press("b")
    app.click(140, 60)
    expect(app.page.locator(".setfacts")).to_contain_text("9 with the feature, 8 negative")


def test_what_goes_into_a_set_is_chosen_with_sensible_steps(app):
    annotate(app)
    app.press("2")
    app.page.get_by_label("Membrane in the training set").get_by_role("radio", name="positive").click()
    app.eventually(lambda: sets(app))
    app.page.get_by_label("What goes into it, and how it is trained").click()
    app.page.get_by_label("Box size", exact=True).select_option("96")
    app.page.get_by_label("Depth", exact=True).select_option("8")
    app.page.get_by_label("Pixel size", exact=True).fill("2 nm")
    app.page.keyboard.press("Enter")
    app.eventually(lambda: (sets(app)[0]["boxSize"], sets(app)[0]["depth"], sets(app)[0]["pixelSizeAngstrom"]) == (96, 8, 20))
    assert all(not text.startswith("0") for label in ("Box size", "Depth") for text in app.page.get_by_label(label, exact=True).locator("option").all_inner_texts())
    for nonsense in ("0", "-5", "much"):
        app.page.get_by_label("Pixel size", exact=True).fill(nonsense)
        app.page.keyboard.press("Enter")
        expect(app.page.get_by_label("Pixel size", exact=True)).to_have_value("20.00")
    # A network that cannot learn from such boxes says so, and what would do.
    app.page.get_by_label("Depth", exact=True).select_option("1")
    app.page.get_by_label("Network", exact=True).select_option("ezm-3d-M")
    app.page.get_by_role("dialog").get_by_role("button", name=re.compile(r"^Use \d+ slices$")).click()
    app.eventually(lambda: sets(app)[0]["depth"] == 8)
    expect(app.page.get_by_role("dialog").get_by_text(re.compile("learns from slabs"))).to_have_count(0)
    app.page.get_by_label("Network", exact=True).select_option("UNet S")
    app.page.get_by_role("checkbox", name="cell_c").click()
    app.eventually(lambda: sets(app)[0]["datasets"] == [])
    app.page.get_by_role("button", name="All", exact=True).click()
    app.eventually(lambda: sets(app)[0]["datasets"] is None)
    app.page.get_by_role("checkbox", name="Other versions too").click()
    app.eventually(lambda: sets(app)[0]["takesVersions"])
    app.press("Escape")
    app.page.get_by_label("Training sets").click()
    app.page.get_by_role("menuitem", name="New training set").click()
    app.eventually(lambda: len(sets(app)) == 2)
    app.page.get_by_label("Training sets").click()
    app.page.get_by_role("menuitem", name=re.compile("^Delete ")).click()
    app.eventually(lambda: len(sets(app)) == 1)
    app.page.get_by_role("button", name="Undo", exact=True).click()
    app.eventually(lambda: len(sets(app)) == 2)


def test_samples_are_looked_at_and_the_set_is_exported(app):
    annotate(app)
    app.press("2")
    app.page.get_by_label("Membrane in the training set").get_by_role("radio", name="positive").click()
    expect(app.page.locator(".setfacts")).to_contain_text("8 with the feature")
    app.page.get_by_role("button", name="Samples").click()
    strip = app.page.get_by_role("group", name="Samples of the training set")
    expect(strip.locator("figure").first).to_be_visible()

    def colours():
        return app.page.evaluate("""() => {
          const canvas = document.querySelector('.strip canvas'), d = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
          let grey = 0, coloured = 0;
          for (let i = 0; i < d.length; i += 4) Math.max(d[i], d[i + 1], d[i + 2]) - Math.min(d[i], d[i + 1], d[i + 2]) > 20 ? (coloured += 1) : (grey += 1);
          return [grey > 50, coloured > 20];
        }""")

    app.becomes(colours, [True, True], "the box with its label")
    app.page.get_by_label("Close the samples").click()
    expect(strip).to_have_count(0)
    app.page.get_by_label("Training sets").click()
    app.page.get_by_role("menuitem", name=re.compile("^Export")).click()
    with app.page.expect_download() as download:
        app.page.locator(".sheet a[href*='.scnt']").click()
    with tarfile.open(download.value.path()) as archive:
        names, about = archive.getnames(), json.load(archive.extractfile("metadata.json"))
    # As many boxes as were counted, each with its label.
    assert [sum(name.startswith(part) for name in names) for part in ("x_main/", "y/")] == [8, 8]
    assert [about[name] for name in ("n_samples", "box_size", "box_depth", "apix", "features")] == [8, 32, 1, 10, ["Membrane"]]


def can_train(app):
    """Skips the test where this machine cannot train."""
    with app.ask("/api/architectures") as answer:
        training = json.load(answer)["training"]
    if not training["isPossible"]:
        pytest.skip(f"no training here: {training['reason']}")


def give_up(app):
    """Gives up what still learns: a process of its own, which would outlive the test."""
    for one in trainings(app):
        if one["state"] in ("waiting", "extracting", "starting", "running"):
            with app.ask(f"/api/projects/{app.project}/trainings/{one['id']}/stop", {"keep": False}):
                pass


@pytest.fixture
def trainer(app):
    """The page, with a set that a network can learn from, where this machine can train. What still learns at the end is given up."""
    can_train(app)
    annotate(app)
    app.press("2")
    app.page.get_by_label("Membrane in the training set").get_by_role("radio", name="positive").click()
    expect(app.page.locator(".setfacts")).to_contain_text("8 with the feature")
    yield app
    give_up(app)


# More than any machine is through with before the test stops it.
ENDLESS = 9000


def trainings(app):
    return app.get("/trainings")["trainings"]


def few(app, epochs):
    """As many epochs of a small network, each soon done."""
    app.page.get_by_label("What goes into it, and how it is trained").click()
    for label, value in (("Epochs", epochs), ("Copies", 1), ("Batch", 8)):
        app.page.get_by_label(label, exact=True).fill(str(value))
        app.page.keyboard.press("Enter")
    app.page.get_by_label("Network", exact=True).select_option("UNet S")
    app.press("Escape")


def test_one_button_trains_and_the_half_trained_network_is_seen(trainer):
    app = trainer
    few(app, ENDLESS)
    app.page.get_by_role("button", name="Train", exact=True).click()
    expect(app.page.locator(".lay.model")).to_have_count(1)
    app.eventually(lambda: trainings(app)[0]["epoch"] >= 2, "two epochs", 240)
    expect(app.page.get_by_text(re.compile(rf"^Epoch \d+ of {ENDLESS}$"))).to_be_visible(timeout=60_000)
    expect(app.page.locator(".activity")).to_be_visible()
    # What it says of the slice in view, again as it learns.
    app.eventually(lambda: app.state("[...state.predicted.values()].some(({ pixels }) => pixels !== null)"), "its result", 120)
    version = models(app)[0]["version"]
    app.eventually(lambda: models(app)[0]["version"] not in ("", version), "a newer network", 120)
    expect(app.page.locator(".plot canvas")).to_be_visible()
    expect(app.page.locator(".plot")).to_have_attribute("aria-label", re.compile(r"^Loss went from .* over \d+ epochs"))
    app.page.get_by_role("button", name="Stop and keep best").click()
    app.eventually(lambda: trainings(app)[0]["state"] == "stopped", "stopped", 120)
    app.eventually(lambda: models(app)[0]["state"] == "ready" and models(app)[0]["network"])
    expect(app.page.get_by_text(re.compile(rf"^Stopped after epoch \d+ of {ENDLESS}$"))).to_be_visible()
    # Going on, and found again by a page that is opened anew, after the program itself was killed.
    app.page.get_by_role("button", name="Continue").click()
    app.eventually(lambda: trainings(app)[0]["state"] == "running", "going on", 120)
    app.server.cut()
    app.server.mend()
    app.page.reload()
    app.page.wait_for_selector(".pic canvas")
    expect(app.page.get_by_text(re.compile(rf"^Epoch \d+ of {ENDLESS}$"))).to_be_visible(timeout=60_000)
    known = trainings(app)[0]["epoch"]
    app.eventually(lambda: trainings(app)[0]["epoch"] > known, "learning goes on", 120)
    app.page.get_by_role("button", name="Stop and keep best").click()
    app.eventually(lambda: trainings(app)[0]["state"] == "stopped", "stopped", 120)
    assert [line["epoch"] for line in app.get(f"/trainings/{trainings(app)[0]['id']}")["history"]] == list(range(1, trainings(app)[0]["epoch"] + 1))


def test_what_learning_takes_is_told_beside_the_button(trainer):
    app = trainer
    facts = app.page.locator(".trainfacts")
    expect(facts).to_have_text(re.compile(r"^VGGNet M, 50 epochs of about .+: .+ in all · 10 % held out · a slice takes .+"))
    few(app, 3)
    expect(facts).to_have_text(re.compile(r"^UNet S, 3 epochs of about .+: .+ in all · 10 % held out · a slice takes .+"))
    app.page.get_by_label("What goes into it, and how it is trained").click()
    app.page.get_by_label("Negatives", exact=True).get_by_role("radio", name="2", exact=True).click()
    app.page.get_by_label("Held out", exact=True).get_by_role("radio", name="None").click()
    app.page.get_by_label("Learning rate", exact=True).select_option("0.0003")
    app.page.get_by_label("Learning rate", exact=True).select_option("Another…")
    rate = app.page.get_by_label("Learning rate, a number")
    rate.fill("0.3.1")
    rate.press("Enter")
    expect(app.page.get_by_role("alert")).to_contain_text("'0.3.1' is no learning rate")
    rate.fill("0.00045")
    rate.press("Enter")
    app.page.get_by_label("Patience", exact=True).fill("7")
    app.page.keyboard.press("Enter")
    app.page.get_by_role("dialog").get_by_role("button", name="Train", exact=True).click()
    app.eventually(lambda: trainings(app), "a training")
    settings = trainings(app)[0]["settings"]
    assert [settings[name] for name in ("batch", "copies", "validation", "learningRate", "patience", "negativesPerPositive")] == [8, 1, 0, 0.00045, 7, 2]
    assert trainings(app)[0]["architecture"] == "UNet S" and trainings(app)[0]["epochs"] == 3


def test_boxes_in_a_file_are_trained_on(trainer, cells):
    app = trainer
    few(app, 1)
    app.page.get_by_label("Training sets").click()
    app.page.get_by_role("menuitem", name=re.compile("^Export")).click()
    with app.page.expect_download() as download:
        app.page.locator(".sheet a[href*='.scnt']").click()
    download.value.save_as(cells.project.parent / "brought.scnt")
    app.press("Escape")
    app.page.get_by_label("Training sets").click()
    app.page.get_by_role("menuitem", name="Train on a file…").click()
    app.page.get_by_role("option", name=re.compile("^brought.scnt")).click()
    app.page.get_by_role("dialog").get_by_role("button", name="Train", exact=True).click()
    app.eventually(lambda: [one["state"] for one in trainings(app)] == ["done"], "trained", 240)
    [done] = trainings(app)
    assert done["file"].endswith("/brought.scnt") and done["epochs"] == 1 and done["architecture"] == "UNet S"
    assert [done["settings"][name] for name in ("positives", "boxSize", "depth")] == [8, 32, 1]
    expect(app.page.get_by_role("option", name=re.compile("^Membrane, 0.50"))).to_have_attribute("aria-selected", "true")


def test_trainings_wait_for_each_other_and_are_given_up(trainer):
    app = trainer
    few(app, ENDLESS)
    app.page.get_by_role("button", name="Train", exact=True).click()
    app.page.get_by_role("button", name="Train another").click()
    app.eventually(lambda: [one["state"] for one in trainings(app)] == ["waiting", "running"], "one runs, one waits", 120)
    assert [one["title"] for one in models(app)] == ["Membrane", "Membrane v2"]
    expect(app.page.get_by_text("Waiting for another training", exact=True)).to_be_visible()
    expect(app.page.locator(".lay.model").filter(has_text="Membrane v2")).to_contain_text("waits")
    app.page.locator(".trainbuttons").get_by_role("button", name="Stop", exact=True).click()
    app.eventually(lambda: len(models(app)) == 1, "its row is gone")
    expect(app.page.get_by_role("status").filter(has_text="Membrane v2: given up; it had no network yet, so its row is gone")).to_be_visible()
    # The server said so first: the page follows, and shows what is left.
    expect(app.page.locator(".lay.model")).to_have_count(1)
    app.page.locator(".lay.model").click()
    expect(app.page.get_by_text(re.compile(rf"^Epoch \d+ of {ENDLESS}$"))).to_be_visible()
    expect(app.page.locator(".runtable")).not_to_contain_text("Membrane v2")
    app.page.locator(".trainbuttons").get_by_role("button", name="Stop", exact=True).click()
    app.eventually(lambda: [one["state"] for one in trainings(app)] == ["stopped", "stopped"], "given up", 120)
    app.eventually(lambda: models(app) == [], "its row is gone, too")
    expect(app.page.locator(".lay.model")).to_have_count(0)


def test_what_was_annotated_since_is_told(trainer):
    app = trainer
    few(app, 1)
    app.page.get_by_role("button", name="Train", exact=True).click()
    app.eventually(lambda: trainings(app)[0]["state"] == "done", "trained", 240)
    app.page.locator(".pic").focus()
    app.press("g")
    app.click(140, 60)
    expect(app.page.get_by_text("The boxes changed since this run began.")).to_be_visible()
    # Another set in view: the model learns from its own all the same, and choosing it shows that.
    own = trainings(app)[0]["set"]

    def another():
        app.page.get_by_label("Training sets").click()
        app.page.get_by_role("menuitem", name="New training set").click()
        app.until(f"state.set !== {own}")

    another()
    app.page.locator(".lay.model").click()
    app.until(f"state.set === {own}")
    another()
    app.page.get_by_role("button", name="Train further with them").click()
    app.eventually(lambda: [one["state"] for one in trainings(app)] == ["done", "done"], "trained further", 240)
    first, second = trainings(app)[1], trainings(app)[0]
    boxes = [one["settings"]["positives"] + one["settings"]["negatives"] for one in (first, second)]
    assert (second["model"], second["set"]) == (first["model"], own) and boxes == [8, 9]
    assert len(models(app)) == 1


def test_a_second_run_is_compared_with_the_first(trainer):
    app = trainer
    few(app, 2)
    app.page.get_by_role("button", name="Train", exact=True).click()
    app.eventually(lambda: trainings(app)[0]["state"] == "done", "trained", 240)
    expect(app.page.get_by_role("button", name="Train", exact=True)).to_be_visible()
    app.page.get_by_label(re.compile("^More for Membrane")).last.click()
    app.page.get_by_role("menuitem", name="Train it further…").click()
    app.page.get_by_role("button", name=re.compile("further$")).click()
    app.eventually(lambda: len(trainings(app)) == 2 and trainings(app)[0]["state"] == "done", "trained further", 240)
    expect(app.page.locator(".runtable tbody tr")).to_have_count(2)
    # An epoch that is pressed keeps its figures in view.
    box = app.page.locator(".plot .u-over").bounding_box()
    app.page.mouse.move(box["x"] + 2, box["y"] + box["height"] / 2)
    expect(app.page.locator(".readout")).to_contain_text("Epoch 1")
    app.page.mouse.click(box["x"] + 2, box["y"] + box["height"] / 2)
    app.page.mouse.move(box["x"] + 2, box["y"] + box["height"] + 200)
    app.rest()
    expect(app.page.locator(".readout")).to_contain_text(re.compile("^Epoch 1.*: loss .*Dice .*precision .*recall"))
    # The run is marked whose network the model has, also after an undo.
    marked = app.page.locator(".runtable tbody tr.on")
    expect(marked).to_have_count(1)
    expect(app.page.locator(".runtable tbody tr").first).to_have_class("on")
    app.page.locator(".pic").focus()
    app.press("Control+z")
    expect(app.page.locator(".runtable tbody tr").last).to_have_class("on")
    expect(marked).to_have_count(1)
    expect(marked).to_have_attribute("title", re.compile("; the model has its network$"))


def test_a_network_that_was_brought_in_is_trained_further(trainer):
    app = trainer
    id_ = bring(app)
    expect(app.page.locator(".lay.model")).to_have_count(1)
    few(app, 1)
    before = models(app)[0]
    app.page.get_by_role("button", name="Train it further", exact=True).click()
    app.eventually(lambda: trainings(app)[0]["state"] == "done", "trained further", 240)
    assert (trainings(app)[0]["model"], trainings(app)[0]["architecture"]) == (id_, before["network"]["architecture"])
    # The row that it was, with what it learnt: further runs are begun beside its curves.
    app.eventually(lambda: [one["id"] for one in models(app)] == [id_] and models(app)[0]["version"] not in ("", before["version"]), "a newer network of the same model")
    expect(app.page.locator(".lay.model .nm")).to_have_text(["MembraneC"])
    expect(app.page.locator(".runtable tbody tr")).to_have_count(1)
    expect(app.page.get_by_role("button", name="Train it further", exact=True)).to_have_count(0)
    # What came of it may be worse.
    expect(app.page.get_by_role("status").filter(has_text="Undo brings the network of before back")).to_be_visible()
    app.page.locator(".pic").focus()
    app.press("Control+z")
    app.eventually(lambda: models(app)[0]["version"] == before["version"], "the network of before")


def test_curves_are_drawn_when_the_server_is_back(app):
    """What draws them is loaded with the first chart: not to be had then, it is asked for again, and nothing else breaks."""
    app.page.route("**/vendor/uplot.js", lambda route: route.abort())
    app.page.evaluate("""async () => {
      const { html, render } = await import('/views/ui.js');
      const { Chart } = await import('/views/chart.js');
      const root = Object.assign(document.createElement('div'), { id: 'alone' });
      document.body.append(root);
      const line = (epoch, loss) => ({ epoch, loss, dice: 0.5, precision: 0.5, recall: 0.5, learningRate: 0.001, seconds: 1, isBest: epoch === 2, heldOut: null });
      render(html`<${Chart} history=${[line(1, 0.5), line(2, 0.4)]} others=${[]} epochs=${2} colour="#ffffff" />`, root);
    }""")
    late = app.page.get_by_text("The curves are drawn as soon as the server answers.")
    expect(late).to_be_visible()
    app.page.unroute("**/vendor/uplot.js")
    expect(app.page.locator("#alone .plot canvas")).to_be_visible()
    expect(late).to_have_count(0)


def test_a_training_on_another_machine_is_seen_with_its_progress(cells, people):
    """Somebody began it there, and this server has the project now: the test is that machine."""
    app = people(server=cells).open("?z=32")
    model = bring(app)
    app.server.process.terminate()
    app.server.process.wait()
    folder = cells.project / "trainings" / "far-1"
    folder.mkdir(parents=True)
    order = {
        "schema": "ais.training/1", "id": "far-1", "title": "MembraneC", "model": model, "set": 1, "architecture": "UNet S", "epochs": 4, "batch": 4, "copies": 1, "validation": 0, "seed": 1,
        "boxSize": 32, "depth": 1, "pixelSizeAngstrom": 10, "positives": 3, "negatives": 3, "setDigest": "x", "author": "Anna", "started": 1e12, "boxes": "set.scnt", "givesUp": False}
    (folder / "order.json").write_text(json.dumps(order))
    (folder / "process.json").write_text(json.dumps({"host": "gpu02", "process": 4242, "boot": "another", "namespace": "pid:[1]", "started": "77"}))
    scores = {"loss": 0.4, "precision": 0.5, "recall": 0.6, "dice": 0.55}

    def line(**members):
        told.write(json.dumps({"schema": "ais.train/1", **members}) + "\n")
        told.flush()

    with open(folder / "progress.jsonl", "a") as told:
        fcntl.flock(told, fcntl.LOCK_EX)
        line(event="plan", stepsPerEpoch=2, epochs=4, parameters=10, architecture="UNet S")
        line(event="epoch", epoch=1, learningRate=0.001, training=scores, seconds=3, isBest=True)
        app.server.mend()
        app.page.reload()
        app.page.wait_for_selector(".pic canvas")
        app.press("2")
        expect(app.page.get_by_text("Epoch 2 of 4 on gpu02", exact=True)).to_be_visible()
        expect(app.page.get_by_text("can only be stopped there")).to_be_visible()
        expect(app.page.locator(".trainbuttons").get_by_role("button", name="Stop", exact=True)).to_have_count(0)
        line(event="epoch", epoch=2, learningRate=0.001, training=scores, seconds=3, isBest=True)
        expect(app.page.get_by_text("Epoch 3 of 4 on gpu02", exact=True)).to_be_visible()
    expect(app.page.get_by_role("alert").filter(has_text="interrupted after epoch 2")).to_be_visible()
    expect(app.page.get_by_role("button", name="Continue")).to_be_visible()
